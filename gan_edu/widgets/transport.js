// TransportExplorer: p above, q below, threads of mass between them; the critic, D*, and four distances against the shift.
// What does not belong here: the mathematics (transport_steps.js, density.js).

const TRAITS = ["shift", "p_width", "p_split", "q_width", "q_split"];
const VIEW = [-8, 8], MOST = 5.2; // what is shown of x, and of the distances

function planFigure({ ui, write }) {
  const p = plot({ label: "mass on its way", height: 330, left: 20, x: { domain: VIEW, label: "x" }, y: { domain: [-1.1, 2.1], ticks: [] } });
  const threads = p.line({ color: "muted", width: 1, label: "each thread carries 1/24 of the mass" });
  const up = p.area({ color: "data", opacity: 0.5, label: "p, the data" }), down = p.area({ color: "generated", opacity: 0.5, label: "q, generated" });
  const grip = p.handle({ label: "q, generated: move it", color: "generated", axis: "x", step: 0.125, min: -5, max: 5,
    format: (x) => `shift ${kit.fixed(x)}`, onInput: ui.guard((x) => write({ shift: x })), onChange: ui.guard((x) => write({ shift: x }, true)) });
  return { el: p.el, draw: (xs, { p: above, q: below }, [from, to], { shift }, r) => {
    const top = Math.max(...above, ...below);
    up.set(xs, above.map((v) => 1 + v / top), 1);
    down.set(xs, below.map((v) => -v / top), 0);
    threads.set(from.flatMap((a, i) => [a, to[i], NaN]), from.flatMap(() => [1, 0, NaN]));
    grip.set(shift, 0);
    p.describe(`Data above, generated below, shifted by ${kit.fixed(shift)}. Moving the one into the other takes ${kit.fixed(r.W1, 3)}.`);
  } };
}

function criticFigure() {
  const axes = { x: { domain: VIEW }, y: { domain: [-4, 4], label: "critic f, slope at most 1" } };
  const p = plot({ label: "the best critic", height: 190, ...axes }), line = p.line({ color: "discriminator" });
  const d = plot({ label: "the best judge D*", height: 150, x: { domain: VIEW, label: "x" }, y: { domain: [0, 1], ticks: [0, 0.5, 1], label: "D*, a probability" } });
  const judge = d.line({ color: "ink", dash: "dot" }), fakes = [p.area({ color: "generated", opacity: 0.2 }), d.area({ color: "generated", opacity: 0.2, label: "where the fakes are" })];
  return { els: [p.el, d.el], draw: (xs, { lp, lq, q }, f) => {
    const half = Math.max(1, 1.1 * Math.max(...f)), top = Math.max(...q);
    p.domain({ y: [-half, half] });
    line.set(xs, f);
    judge.set(xs, lp.map((v, i) => density.sigmoid(v - lq[i])));
    fakes[0].set(xs, q.map((v) => -half + (0.8 * half * v) / top), -half);
    fakes[1].set(xs, q.map((v) => (0.4 * v) / top), 0);
  } };
}

function shiftFigure() {
  const p = plot({ label: "distances against the shift", height: 230, x: { domain: [-5, 5], label: "shift of q" }, y: { domain: [0, MOST], label: "units of x, nats, share" } });
  const lines = [["W1", "discriminator", "solid", "W1"], ["JS", "purple", "dash", "JS"], ["TV", "gold", "dot", "TV"], ["KL", "ink", "dashdot", "KL(p‖q)"]]
    .map(([key, color, dash, label]) => ({ key, line: p.line({ color, dash, label }), dot: p.points({ color, r: 4 }) }));
  const here = p.rule({ x: true, dash: "dash" });
  return { el: p.el, draw: (found, shift, r) => {
    for (const { key, line, dot } of lines) { line.set(found.shifts, found[key]); dot.set([shift], [Math.min(r[key], 2 * MOST)]); }
    here.set(shift);
  } };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "Moving mass: the least work, and who can see it" });
  const xs = density.range(...model.get("grid")), near = xs.filter((x) => x >= VIEW[0] && x <= VIEW[1]), first = xs.indexOf(near[0]);
  const cut = (values) => values.slice(first, first + near.length);
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const plan = planFigure({ ui, write }), critic = criticFigure(), shifts = shiftFigure();
  let kept = { key: "" };

  const slide = (name, label, [min, max], step, color, hint) => kit.slider({ label, min, max, step, value: model.get(name), color, hint, origin: min < 0 ? 0 : min,
    onInput: ui.guard((v) => write({ [name]: v })), onChange: ui.guard((v) => write({ [name]: v }, true)) });
  const controls = { shift: slide("shift", "shift of q", [-5, 5], 0.125, "generated", "how far the generated mass lies to the right"),
    p_width: slide("p_width", "width of p", [0.05, 1.5], 0.05, "data"), p_split: slide("p_split", "split of p", [0, 6], 0.25, "data", "how far its two halves lie apart"),
    q_width: slide("q_width", "width of q", [0.05, 1.5], 0.05, "generated"), q_split: slide("q_split", "split of q", [0, 6], 0.25, "generated", "how far its two halves lie apart") };
  const buttons = Object.entries(model.get("presets")).map(([label, values]) => kit.button({ label,
    onClick: ui.guard(() => write(Object.fromEntries(TRAITS.map((name, i) => [name, values[i]])), true)) }).el);
  const outs = Object.fromEntries([["W1", "W1", "discriminator", 3], ["W1_slope", "W1, its slope", "discriminator", 3], ["JS", "JS, nats", "purple", 4],
    ["JS_slope", "JS, its slope", "purple", 4], ["TV", "TV", "gold", 3], ["KL", "KL(p‖q), nats", "ink", 2]]
    .map(([key, label, color, digits]) => [key, { digits, ...kit.readout({ label, color }) }]));

  const redraw = kit.latest(ui.guard(() => {
    const set = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)])), key = TRAITS.slice(1).map((name) => set[name]).join();
    if (kept.key !== key) kept = { key, curves: transport.curves(set, xs) };
    const both = transport.pair(set, xs), r = transport.readouts(set, xs), f = transport.critic(xs, both.p, both.q);
    const seen = Object.fromEntries(Object.entries(both).map(([name, values]) => [name, cut(values)]));
    plan.draw(near, seen, transport.threads(xs, both.p, both.q), set, r);
    critic.draw(near, seen, cut(f));
    shifts.draw(kept.curves, set.shift, r);
    for (const [name, { set: show, digits }] of Object.entries(outs)) show(kit.fixed(r[name], digits));
    for (const [name, control] of Object.entries(controls)) control.set(set[name]);
    ui.say(wordsOf(r));
  }));

  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), kit.row(...buttons), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, plan.el, shifts.el),
    kit.h("div", { class: "gx-controls" }, kit.group("Two shapes", ...Object.values(controls).map((c) => c.el)), ...critic.els)));
  ui.watch(TRAITS, redraw);
  redraw();
  return ui.close;
}

function wordsOf({ JS, JS_slope, W1, W1_slope }) {
  if (W1 < 0.005) return "The two are the same: there is nothing to move.";
  if (JS > 0.693 && Math.abs(JS_slope) < 5e-5) return `JS stands at log 2 and does not change: it only says "apart". W1 says how far, and changes by ${kit.fixed(W1_slope)} a unit.`;
  return `A small shift changes W1 by ${kit.fixed(W1_slope)} and JS by ${kit.fixed(JS_slope, 4)} a unit.`;
}

export default { render };
