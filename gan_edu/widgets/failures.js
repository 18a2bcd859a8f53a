// FailureExplorer: choose a disaster and a remedy, play it or move the time slider; the alarm speaks when it rings.
// What does not belong here: how the figures look (failures_views.js), where the runs come from (failures_store.py).

const BEAT = 140; // milliseconds that a frame is shown when playing

// "Play" walks through the frames; with reduced motion each press goes one frame on.
function player({ ui, frames, at, go, done }) {
  let timer = null;
  const name = () => { el.textContent = kit.still() ? "Next frame" : timer ? "Pause" : "Play"; };
  const stop = () => { clearInterval(timer); timer = null; name(); };
  const press = () => {
    if (timer) { stop(); done(); return; }
    const last = at() >= frames() - 1;
    go(last ? 0 : kit.still() ? at() + 1 : at());
    if (kit.still()) { done(); return; }
    timer = setInterval(ui.guard(() => {
      if (at() < frames() - 1) go(at() + 1);
      if (at() >= frames() - 1) { stop(); done(); }
    }), BEAT);
    name();
  };
  const { el } = kit.button({ label: "Play", main: true, hint: "plays the run, frame by frame", onClick: ui.guard(press) });
  const motion = matchMedia("(prefers-reduced-motion: reduce)");
  motion.addEventListener("change", name);
  ui.later(() => { clearInterval(timer); motion.removeEventListener("change", name); });
  name();
  return { el, stop: () => { if (timer) stop(); } };
}

function saying(run, step) {
  if (run.says === undefined) return "A blinded run: it has no alarm. Read the signs.";
  return run.step && step >= run.step ? `${run.says} (It rang at step ${run.step}.)` : "No sign of a failure so far.";
}

const signed = (v) => (v === undefined ? "–" : v !== 0 && Math.abs(v) < 0.01 ? v.toExponential(1).replaceAll("-", "−") : kit.fixed(v));

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "Disasters, played back" });
  const runs = model.get("runs"), limits = model.get("limits");
  const kept = disasters.store({ runs, frames: model.get("frames"), data: model.get("data"), layout: model.get("layout_of") });
  const names = [...new Set(runs.map((run) => run.name))], remedies = (name) => runs.filter((run) => run.name === name).map((run) => run.remedy);
  const row = () => Math.max(0, runs.findIndex((run) => run.name === model.get("name") && run.remedy === model.get("remedy")));
  const frame = () => Math.min(model.get("frame"), runs[row()].steps.length - 1);

  const go = (changes, sync = false) => { kit.set(model, changes, sync); draw(); };
  const done = () => kit.set(model, {}, true);
  const play = player({ ui, frames: () => runs[row()].steps.length, at: frame, go: (f) => go({ frame: f }), done });
  const change = (changes) => { play.stop(); kit.set(model, changes); go({ frame: frame() }, true); };
  const which = (names.length > 5 ? kit.select : kit.choice)({ label: "run", options: names, value: model.get("name"),
    onChange: ui.guard((name) => change({ name, remedy: remedies(name)[0] })) });
  let cure = null;
  const box = kit.h("div", { class: "gx-row" });
  function offer(name) { // the remedies of this disaster
    if (cure?.name === name) return;
    const list = remedies(name), options = list.map((remedy) => [remedy, remedy || "no remedy"]);
    cure = { name, ...kit.select({ label: "remedy", options, value: model.get("remedy"), onChange: ui.guard(() => change({ remedy: cure.input.selectedIndex < 0 ? "" : list[cure.input.selectedIndex] })) }) };
    box.replaceChildren(cure.el);
    box.hidden = list.length < 2;
  }
  const longest = Math.max(...runs.map((run) => run.steps.length)) - 1;
  const slider = kit.slider({ label: "time", min: 0, max: longest, step: 1, color: "generated", format: (f) => `step ${runs[row()].steps[Math.min(f, runs[row()].steps.length - 1)]}`,
    onInput: ui.guard((f) => { play.stop(); go({ frame: Math.min(f, runs[row()].steps.length - 1) }); }), onChange: ui.guard(done) });
  const outs = Object.fromEntries([["modes", "modes held", "generated"], ["sure", "how sure D is", "discriminator"], ["gradient", "G's gradient", "generated"],
    ["swing", "swing", "generated"], ["alarm", "the alarm", "ink"]].map(([key, label, color]) => [key, kit.readout({ label, color })]));
  const scene = disasters.scene(), charts = disasters.charts(limits), why = kit.h("p", { class: "gx-note-text" });
  let said = null;

  const draw = kit.latest(ui.guard(() => {
    const r = row(), run = runs[r], f = frame(), step = run.steps[f], seen = run.signs.step.filter((s) => s <= step).length;
    const title = run.name + (run.remedy ? `, remedy: ${run.remedy}` : "");
    scene.draw(run, kept.data(r), kept.points(r, f), `${title}, step ${step}: ${layoutWords(run, seen)}`);
    charts.draw(run, step);
    for (const key of Object.keys(outs)) if (key !== "alarm") outs[key].set(signed(run.signs[key][seen - 1]));
    outs.alarm.el.hidden = run.says === undefined;
    outs.alarm.set(run.step && step >= run.step ? run.verdict : "silent");
    which.set(run.name);
    offer(run.name);
    cure.input.selectedIndex = remedies(run.name).indexOf(run.remedy);
    slider.set(f);
    why.textContent = run.why ?? "";
    const words = saying(run, step);
    if (words !== said) ui.say(said = words);
  }));

  ui.body.append(
    kit.row(which.el, box, play.el), kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, scene.el, slider.el, why), kit.h("div", { class: "gx-controls" }, charts.el)));
  ui.watch(["name", "remedy", "frame"], draw);
  draw();
  return ui.close;
}

const layoutWords = (run, seen) => (seen ? `${kit.fixed(run.signs.modes[seen - 1])} of the modes held` : "not looked at yet");

export default { render };
