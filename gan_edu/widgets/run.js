// RunExplorer: training time under a slider, a choice of k, the sheet that the same z give, the scores of all runs.
// What does not belong here: where the pictures come from (run.py), how sheet, curve and film look (run_views.js).
// All pictures lie in the trait `sheets`; only "New z" asks Python.

const BEAT = 900; // milliseconds that a moment is shown when playing

// The runs and their moments: `all` has every step at which any run was kept, in order.
function timeline(model) {
  const runs = model.get("runs");
  const all = [...new Set(runs.flatMap((run) => run.steps))].sort((a, b) => a - b);
  const first = runs.map((_, r) => runs.slice(0, r).reduce((sum, run) => sum + run.steps.length, 0));
  const row = () => Math.max(0, runs.findIndex((run) => run.name === model.get("name")));
  const before = (run, step) => Math.max(0, run.steps.filter((s) => s <= step).length - 1);
  return {
    runs, all, row, before, // before: the last moment of a run that is not after the step
    run: () => runs[row()],
    moment: () => before(runs[row()], model.get("step")),
    sheet: (r, m) => first[r] + m, // where it lies in `sheets`
    near: (run, step) => {
      const off = (s) => Math.abs(Math.log1p(s) - Math.log1p(step));
      return run.steps.reduce((best, s) => (off(s) < off(best) ? s : best));
    },
  };
}

// pictures(r, m, i): the i-th picture of run r at its moment m, values in [-1, 1], as kit.pixels takes them.
function picturesOf(model, time) {
  const shape = model.get("shape"), size = shape[0] * shape[1] * shape[2], n = model.get("n");
  let source = null, bytes = null;
  return (r, m, i) => {
    if (source !== model.get("sheets")) {
      source = model.get("sheets");
      bytes = new Uint8Array(kit.bytes(source));
    }
    const start = (time.sheet(r, m) * n + i) * size;
    return Float32Array.from(bytes.subarray(start, start + size), (v) => v / 127.5 - 1);
  };
}

// "Play" walks through the moments of the chosen run; with reduced motion each press goes one moment on.
function player({ ui, time, go, done }) {
  let timer = null;
  const next = () => time.run().steps[time.moment() + 1];
  const name = () => { el.textContent = kit.still() ? "Next moment" : timer ? "Pause" : "Play"; };
  const stop = () => { clearInterval(timer); timer = null; name(); };
  const tick = () => {
    if (!kit.still() && next() !== undefined) go({ step: next() });
    if (kit.still() || next() === undefined) { stop(); done(); }
  };
  const press = () => {
    if (timer) { stop(); done(); return; }
    if (next() === undefined) go({ step: time.run().steps[0] });
    else if (kit.still()) go({ step: next() });
    if (kit.still()) { name(); done(); return; }
    timer = setInterval(ui.guard(tick), BEAT);
    ui.say("Playing: a moment at a time, up to the end of the run.");
    name();
  };
  const hint = "walks through the moments of this run";
  const { el } = kit.button({ label: "Play", main: true, hint, onClick: ui.guard(press) });
  const motion = matchMedia("(prefers-reduced-motion: reduce)");
  motion.addEventListener("change", name);
  ui.later(() => { clearInterval(timer); motion.removeEventListener("change", name); });
  name();
  return { el, stop: () => { if (timer) stop(); } };
}

function freshButton({ ui, model }) {
  let wanted = model.get("seed");
  const ask = () => {
    wanted = Math.max(wanted, model.get("seed")) + 1;
    const asked = wanted, old = `The picture is still that of seed ${model.get("seed")}.`;
    ui.say(`Asking Python for the pictures of seed ${asked}.`);
    const slow = setTimeout(() => ui.say(`No answer yet: new z need a running kernel. ${old}`), 2500);
    ui.ask("z", { seed: asked })
      .then((reply) => { if (reply) ui.say(`z of seed ${asked}, the same for every k and every moment.`); })
      .catch((error) => { wanted = model.get("seed"); ui.fail(`${error.message} ${old}`); })
      .finally(() => clearTimeout(slow));
  };
  const hint = "other z, the same for every run and moment; asks Python";
  return kit.button({ label: "New z", hint, onClick: ask }).el;
}

// What the page knows of the present moment, in words; run.py's readouts() has the same as numbers.
function wordsOf(time, each) {
  const run = time.run(), m = time.moment(), step = run.steps[m];
  return {
    label: run.label, step: runs.count(step), epochs: runs.inEpochs(step, each),
    seen: runs.count(run.k * step), score: runs.score(run.scores[m]),
  };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "The same z while G learns" });
  ui.root.classList.add("gx-run");
  const time = timeline(model), each = model.get("per_epoch"), shape = model.get("shape"), n = model.get("n");
  const pictures = picturesOf(model, time);

  const go = (changes, sync = false) => { kit.set(model, changes, sync); draw(); };
  const tell = (more = "") => {
    const w = wordsOf(time, each);
    ui.say(`${w.label}, step ${w.step} (${w.epochs}): Parzen score ${w.score}; `
      + `D has seen ${w.seen} minibatches.${more}`);
  };
  const done = () => { kit.set(model, {}, true); tell(); };
  const end = (run, step) => (step > run.steps.at(-1) ? " This run ends here." : "");
  const play = player({ ui, time, go, done });

  // The slider stands at the steps of all runs, so that equal places are equal steps; a run has its own moments only.
  const seek = (step) => {
    play.stop();
    const run = time.run(), later = step > run.steps[time.moment()];
    const own = later ? run.steps.find((s) => s >= step) ?? run.steps.at(-1) : run.steps[time.before(run, step)];
    go({ step: own });
    slider.set(time.all.indexOf(own)); // now, not with the next frame: the next key starts there
    tell(end(run, step));
  };
  const show = (run, step) => { // while playing, it goes on with the other run
    go({ name: run.name, step: run.steps[time.before(run, step)] }, true);
    tell(end(run, step));
  };
  const scrub = (step) => (step === null ? done() : seek(time.near(time.run(), Math.max(0, step))));
  const follow = (pick) => { go({ pick }, true); ui.say(`Picture ${pick + 1} of ${n} is followed through all runs.`); };

  const slider = kit.slider({
    label: "training time", min: 0, max: time.all.length - 1, step: 1, color: "generated",
    format: (i) => `step ${runs.count(time.all[i])}`,
    onInput: ui.guard((i) => seek(time.all[i])), onChange: ui.guard(() => kit.set(model, {}, true)),
  });
  const which = (time.runs.length > 5 ? kit.select : kit.choice)({
    label: "run", options: time.runs.map((run) => [run.name, run.label]), value: model.get("name"),
    onChange: ui.guard((name) => show(time.runs.find((run) => run.name === name), model.get("step"))),
  });
  const curve = runs.curve({ time, each, seek: ui.guard(scrub) });
  const film = runs.film({ time, shape, each, choose: ui.guard((run, step) => { play.stop(); show(run, step); }) });
  const sheet = runs.sheet({ n, shape, chosen: () => model.get("pick"), choose: ui.guard(follow) });
  const table = runs.table(time, each), seed = kit.h("span", { class: "gx-end" });

  const draw = kit.latest(ui.guard(() => {
    const r = time.row(), m = time.moment(), pick = model.get("pick"), w = wordsOf(time, each);
    const words = `${n} pictures by ${w.label} at step ${w.step}, Parzen score ${w.score}.`;
    sheet.draw((i) => pictures(r, m, i), pick, words);
    film.draw(pictures, pick, model.get("sheets"));
    curve.draw(r, m, `${w.label} at step ${w.step}: ${w.score}`);
    table.draw(r, m);
    slider.set(time.all.indexOf(time.run().steps[m]));
    which.set(time.run().name);
    seed.textContent = `${n} z of seed ${model.get("seed")}`;
  }));

  which.el.hidden = time.runs.length === 1;
  const stage = kit.h("div", { class: "gx-stage" }, sheet.el, slider.el, table.el);
  const side = kit.h("div", { class: "gx-controls" }, curve.el, film.el);
  ui.body.append(kit.row(which.el, play.el, freshButton({ ui, model }), seed),
    kit.h("div", { class: "gx-columns" }, stage, side));
  ui.onResize((px) => {
    ui.root.style.setProperty("--gx-sheet", `${sheet.fit(px < 600 ? px : Math.min(0.63 * px, 560))}px`);
    film.fit(side.clientWidth);
  });
  ui.watch(["name", "step", "seed", "pick", "sheets"], draw);
  draw();
  if (!model.get("error") && !model.get("status")) tell();
  return ui.close;
}

export default { render };
