// DiracExplorer: the plane of (theta, psi), the path of both players, the eigenvalues beside the unit circle.
// What does not belong here: the mathematics (dirac_steps.js).

const SETTINGS = ["theta", "psi", "h", "objective", "gamma", "update", "steps"];
const REACH = 3; // the plane shows -3 to 3 on both axes

function planeFigure({ ui, write }) {
  const p = plot({ label: "the plane of theta and psi", aspect: 0.94, height: 470, left: 34,
    x: { domain: [-REACH, REACH], label: "θ, where G puts its fake" }, y: { domain: [-REACH, REACH], label: "ψ, D's slope" } });
  const grid = [];
  for (let i = 0; i < 13; i++) for (let j = 0; j < 13; j++) grid.push([-2.7 + 0.45 * i, -2.7 + 0.45 * j]);
  const arrows = p.arrows({ color: "muted", width: 1, label: "where a small step leads" });
  const line = p.line({ color: "generated", width: 1.2 });
  const dots = p.points({ color: "generated", r: 2, label: "after each step" });
  const rest = p.points({ color: "data", r: 5, label: "rest: θ = ψ = 0" });
  rest.set([0], [0]);
  const clip = (v) => Math.round(100 * Math.min(2.9, Math.max(-2.9, v))) / 100;
  const both = (sync) => ui.guard((x, y) => write({ theta: clip(x), psi: clip(y) }, sync));
  const grip = p.handle({ label: "start", color: "discriminator", axis: "xy", step: [0.1, 0.1], min: [-2.9, -2.9], max: [2.9, 2.9],
    format: (x, y) => `theta ${kit.fixed(x)}, psi ${kit.fixed(y)}`, onInput: both(false), onChange: both(true) });
  p.svg.addEventListener("pointerdown", (e) => {
    if (e.button !== 0 || e.target.closest(".gx-handle")) return;
    const box = p.svg.getBoundingClientRect(), x = p.ux(e.clientX - box.left), y = p.uy(e.clientY - box.top);
    if (Math.abs(x) <= REACH && Math.abs(y) <= REACH) both(true)(x, y);
  });
  return { el: p.el, draw: (set, found) => {
    const v = grid.map(([x, y]) => dirac.field(x, y, set)), longest = Math.max(...v.map((w) => Math.hypot(...w)));
    arrows.set(grid.map((g) => g[0]), grid.map((g) => g[1]), v.map((w) => (0.6 * w[0]) / longest), v.map((w) => (0.6 * w[1]) / longest));
    const near = found.points.filter((q) => Math.hypot(...q) < 100), xs = near.map((q) => q[0]), ys = near.map((q) => q[1]);
    line.set(xs, ys);
    dots.set(xs, ys);
    grip.set(set.theta, set.psi);
    p.describe(`The plane of theta and psi: from ${kit.fixed(set.theta)}, ${kit.fixed(set.psi)} the path ends at distance `
      + `${digits(found.r.at(-1))} from rest. Near rest it ${found.verdict}.`);
  } };
}

function circleFigure() {
  const p = plot({ label: "eigenvalues and the unit circle", aspect: 0.8, height: 240, x: { label: "real part", ticks: 4 },
    y: { label: "imaginary part" } });
  const t = Array.from({ length: 721 }, (_, i) => (i * Math.PI) / 360);
  const circle = p.line({ color: "muted", dash: "dash", label: "unit circle" });
  const dots = p.points({ color: "generated", r: 5, label: "eigenvalues λ of one update" });
  return { el: p.el, draw: (pair, whole) => {
    // close up: a window round 1 that holds both; the ratio of the sides keeps the circle round
    const far = Math.max(0.05, ...pair.map(([re, im]) => Math.max(Math.abs(re - 1), Math.abs(im)))), half = whole ? 1.5 : 1.35 * far;
    const middle = whole ? 0 : 1, sides = p.ready ? (p.box.bottom - p.box.top) / (p.box.right - p.box.left) : 0.7;
    const wide = Math.max(half, half / sides);
    p.domain({ x: [middle - wide, middle + wide], y: [-wide * sides, wide * sides] });
    circle.set(t.map(Math.cos), t.map(Math.sin));
    dots.set(pair.map((l) => l[0]), pair.map((l) => l[1]));
  } };
}

function distanceFigure() {
  const p = plot({ label: "distance from rest", height: 170, x: { label: "step" },
    y: { label: "distance from rest (log scale)", format: (e) => String(Number((10 ** e).toPrecision(2))).replace("e+", "e") } });
  const line = p.line({ color: "generated", label: "this path" });
  const slope = p.line({ color: "muted", dash: "dash", label: "what max |λ| foretells" });
  return { el: p.el, draw: ({ r, radius }) => {
    const floor = Math.log10(Math.max(r[0], 1e-9)) - 9, logs = r.map((v) => Math.max(Math.log10(v), floor)), xs = r.map((_, i) => i);
    const said = xs.map((i) => logs[0] + i * Math.log10(Math.max(radius, 1e-9)));
    const low = Math.min(...logs), high = Math.max(...logs), room = Math.max(0.25, 0.1 * (high - low));
    p.domain({ x: [0, Math.max(1, r.length - 1)], y: [low - room, high + room] });
    line.set(xs, logs);
    slope.set(xs, said);
  } };
}

const digits = (v) => (v === null ? "–" : v !== 0 && (v >= 1e4 || v < 1e-3) ? v.toExponential(1).replace("e+", "e").replaceAll("-", "−")
  : kit.fixed(v, v >= 100 ? 0 : v >= 10 ? 2 : 4));
const complex = ([[a, b], [c]]) => (b > 0 ? `${kit.fixed(a, 3)} ± ${kit.fixed(b, 3)}i` : a === c ? `${kit.fixed(a, 3)}, twice` : `${kit.fixed(a, 3)}, ${kit.fixed(c, 3)}`);

function controlsOf({ model, ui, write }) {
  const slide = (name, more) => kit.slider({ ...more, value: model.get(name), onInput: ui.guard((v) => write({ [name]: v })),
    onChange: ui.guard((v) => write({ [name]: v }, true)) });
  const pick = (name, label, options) => kit.choice({ label, options, value: model.get(name), onChange: ui.guard((v) => write({ [name]: v }, true)) });
  return {
    objective: pick("objective", "loss", [["minimax", "log(1 − D)"], ["non_saturating", "−log D"], ["wasserstein", "Wasserstein"]]),
    update: pick("update", "updates", [["simultaneous", "simultaneous"], ["alternating", "D, then G"]]),
    h: slide("h", { label: "h", min: 0.02, max: 1, step: 0.02, hint: "the learning rate of both players" }),
    gamma: slide("gamma", { label: "γ", min: 0, max: 3, step: 0.05, color: "discriminator", hint: "the weight of R1, the penalty on D's slope" }),
    steps: slide("steps", { label: "steps", min: 10, max: 500, step: 10, format: String, color: "generated" }),
  };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "The Dirac-GAN: two players, two numbers" });
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const plane = planeFigure({ ui, write }), circle = circleFigure(), distance = distanceFigure();
  const controls = controlsOf({ model, ui, write });
  const whole = kit.toggle({ label: "show the whole circle", value: model.get("whole"), onChange: ui.guard((v) => write({ whole: v }, true)) });
  const outs = Object.fromEntries([["verdict", "near rest it", "generated"], ["pair", "eigenvalues λ", "ink"], ["radius", "max |λ|", "ink"],
    ["growth", "growth a step, measured", "ink"], ["ratio", "end / start", "ink"], ["turn", "steps a turn", "ink"]]
    .map(([key, label, color]) => [key, kit.readout({ label, color })]));

  const redraw = kit.latest(ui.guard(() => {
    const set = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)])), found = dirac.readouts(set);
    plane.draw(set, found);
    circle.draw(found.pair, model.get("whole"));
    distance.draw(found);
    outs.verdict.set(found.verdict);
    outs.pair.set(complex(found.pair));
    outs.radius.set(kit.fixed(found.radius, 4));
    outs.growth.set(digits(found.growth));
    outs.ratio.set(digits(found.ratio));
    outs.turn.set(found.turn === null ? "no turn" : kit.fixed(found.turn, 1));
    for (const [name, control] of Object.entries(controls)) control.set(set[name]);
    whole.set(model.get("whole"));
    ui.say(wordsOf(set, found));
  }));

  ui.body.append(
    kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, plane.el, distance.el),
    kit.h("div", { class: "gx-controls" }, kit.group("The game", controls.objective.el, controls.gamma.el),
      kit.group("The steps", controls.update.el, controls.h.el, controls.steps.el), circle.el, whole.el)));
  ui.onResize(() => requestAnimationFrame(redraw));
  ui.watch([...SETTINGS, "whole"], redraw);
  redraw();
  return ui.close;
}

function wordsOf(set, { points, r, verdict, ratio }) {
  if (points.length <= set.steps) return `After ${points.length - 1} steps the path has left every bound.`;
  const moved = ratio === null ? "It starts at rest and stays there." : `From distance ${kit.fixed(r[0])} it comes to ${digits(r.at(-1))} in ${set.steps} steps.`;
  return `Near rest it ${verdict}: the largest |λ| decides. ${moved} Click in the plane for another start.`;
}

export default { render };
