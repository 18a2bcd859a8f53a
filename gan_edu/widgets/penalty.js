// PenaltyExplorer: a critic held by clipping or by a penalty: its level lines, its slopes, its weights, and what it reads.
// What does not belong here: the mathematics (penalty_steps.js).

const TRAITS = ["situation", "way", "at", "x", "y"];
const REACH = 3, SIDE = 41, LEVELS = 13, SLOPES = [-4, 2], BINS = 30, COARSE = 9;

function planeFigure({ ui, write }) {
  const axis = (label) => ({ domain: [-REACH, REACH], label });
  const p = plot({ label: "the critic over the plane", aspect: 0.98, height: 460, left: 34, x: axis("x₁"), y: axis("x₂") });
  const lines = p.line({ color: "discriminator", width: 1.2, label: "equal scores" });
  const arrows = p.arrows({ color: "muted", width: 1, label: "uphill; full length is slope 1" });
  const real = p.points({ color: "data", r: 2, label: "real" }), fake = p.points({ color: "generated", r: 2.4, label: "fake" });
  const keep = (v) => Math.round(100 * Math.min(REACH, Math.max(-REACH, v))) / 100, both = (sync) => ui.guard((x, y) => write({ x: keep(x), y: keep(y) }, sync));
  const probe = p.handle({ label: "probe: read the slope here", color: "discriminator", axis: "xy", step: [0.1, 0.1], min: [-REACH, -REACH], max: [REACH, REACH], onInput: both(false), onChange: both(true) });
  return { el: p.el, probe, draw: (net, points) => {
    const ticks = Array.from({ length: SIDE }, (_, i) => -REACH + (2 * REACH * i) / (SIDE - 1)), f = ticks.flatMap((y) => ticks.map((x) => net.at(x, y)[0]));
    const low = f.reduce((a, b) => Math.min(a, b)), high = f.reduce((a, b) => Math.max(a, b));
    lines.set(...penalty.contours(f, SIDE, REACH, Array.from({ length: LEVELS }, (_, i) => low + ((i + 0.5) / LEVELS) * (high - low))));
    const coarse = Array.from({ length: COARSE }, (_, i) => -2.7 + (5.4 * i) / (COARSE - 1)), grid = coarse.flatMap((y) => coarse.map((x) => [x, y]));
    const ups = grid.map(([x, y]) => { const [, gx, gy] = net.at(x, y), k = 0.5 / Math.max(1, Math.hypot(gx, gy)); return [k * gx, k * gy]; });
    arrows.set(grid.map((g) => g[0]), grid.map((g) => g[1]), ups.map((u) => u[0]), ups.map((u) => u[1]));
    for (const [dots, xy] of [[real, points.real], [fake, points.fake]]) dots.set(penalty.each(xy, (x) => x), penalty.each(xy, (_, y) => y));
    return [low, high];
  } };
}

function countFigures() {
  const slopes = plot({ label: "slopes between real and fake", height: 170, x: { domain: SLOPES, ticks: [-4, -3, -2, -1, 0, 1, 2], format: (e) => String(Number((10 ** e).toPrecision(1))), label: "slope |∇D| (log scale)" }, y: { domain: [0, 0.6], label: "share of 256 points" } });
  const one = slopes.rule({ x: true, color: "ink", dash: "dash", label: "slope 1" }), bars = slopes.bars({ color: "discriminator" });
  const weights = plot({ label: "weights", height: 170, x: { domain: [-1, 1], label: "weight" }, y: { domain: [0, 0.6], label: "share of the weights" } });
  const ends = [0, 1].map((i) => weights.rule({ x: true, color: "ink", dash: "dash", label: i ? undefined : "± c" })), heap = weights.bars({ color: "discriminator" });
  one.set(0);
  return { els: [slopes.el, weights.el], draw: (net, r, clip) => {
    const s = penalty.histogram(r.slopes.map((v) => Math.log10(Math.max(v, 1e-9))), SLOPES, BINS), wide = 1.08 * r.largest, w = penalty.histogram(Array.from(net.weights), [-wide, wide], 41);
    slopes.domain({ y: [0, 1.1 * Math.max(0.25, ...s.shares)] });
    bars.set(s.edges, s.shares);
    weights.domain({ x: [-wide, wide], y: [0, 1.1 * Math.max(0.1, ...w.shares)] });
    heap.set(w.edges, w.shares);
    ends.forEach((rule, i) => { rule.show(clip !== null); if (clip !== null) rule.set(i ? clip : -clip); });
  } };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "Clip or penalty: two ways to hold a slope" });
  const rows = model.get("rows"), values = model.get("values"), truths = model.get("truths"), situations = Object.keys(truths);
  const shorts = new Int16Array(kit.bytes(model.get("weights"))), floats = new Float32Array(kit.bytes(model.get("points"))), each = floats.length / situations.length / 2;
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const nets = {}, netOf = (i) => (nets[i] ??= penalty.critic(Float64Array.from(shorts.subarray(i * penalty.SIZE, (i + 1) * penalty.SIZE), (v) => v * rows[i].scale)));
  const pointsOf = (s) => { const from = 2 * each * situations.indexOf(s); return { real: floats.subarray(from, from + each), fake: floats.subarray(from + each, from + 2 * each) }; };
  const plane = planeFigure({ ui, write }), counts = countFigures();
  const small = (v) => (Math.abs(v) < 0.1 && v !== 0 ? v.toPrecision(2).replace("-", "−") : kit.fixed(v));

  const situation = kit.choice({ label: "the fakes are", options: situations, value: model.get("situation"), onChange: ui.guard((v) => write({ situation: v }, true)) });
  const way = kit.choice({ label: "held by", options: [["clip", "clipping"], ["penalty", "penalty"]], value: model.get("way"), onChange: ui.guard((v) => write({ way: v }, true)) });
  const at = kit.slider({ label: "how hard", min: 0, max: 3, step: 1, value: model.get("at"), color: "discriminator", format: (i) => `${model.get("way") === "clip" ? "c" : "λ"} = ${values[model.get("way")][i]}`,
    onInput: ui.guard((v) => write({ at: v })), onChange: ui.guard((v) => write({ at: v }, true)) });
  const outs = Object.fromEntries([["truth", "W1, exact", "ink"], ["reads", "the critic reads", "discriminator"], ["factor", "read / exact", "discriminator"], ["slope", "slope, median", "ink"],
    ["largest", "largest weight", "ink"], ["edge", "weights at the edge", "ink"], ["here", "slope at the probe", "discriminator"]].map(([key, label, color]) => [key, kit.readout({ label, color })]));
  let shown = "";

  const redraw = kit.latest(ui.guard(() => {
    const [s, w, i, x, y] = TRAITS.map((name) => model.get(name)), value = values[w][i];
    const k = rows.findIndex((row) => row.situation === s && row.way === w && row.value === value), net = netOf(k), points = pointsOf(s);
    plane.probe.set(x, y);
    outs.here.set(small(Math.hypot(...net.at(x, y).slice(1))));
    if (shown === String(k)) return;
    shown = String(k);
    const [low, high] = plane.draw(net, points), r = penalty.readouts(net, points.real, points.fake, truths[s]);
    counts.draw(net, r, w === "clip" ? value : null);
    for (const key of ["truth", "reads", "factor", "slope", "largest"]) outs[key].set(small(r[key]));
    outs.edge.set(`${kit.fixed(100 * r.edge, 1)} %`);
    situation.set(s); way.set(w); at.set(i);
    ui.say(`The scores in this window go from ${small(low)} to ${small(high)}. ${w === "clip" ? `${kit.fixed(100 * r.edge, 0)} % of all weights are at ±c.` : "No weight is pushed to an edge."}`);
  }));

  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" }, kit.h("div", { class: "gx-stage" }, plane.el),
    kit.h("div", { class: "gx-controls" }, kit.group("The fakes are the data ...", situation.el), kit.group("The critic's slope is held by", way.el, at.el), ...counts.els)));
  ui.watch(TRAITS, redraw);
  redraw();
  return ui.close;
}

export default { render };
