// PrecisionRecallExplorer: balls around one cloud, the other cloud on it, two shares. The fakes are dragged by their middle.
// coverage.py computes the same shares with gan_edu.metrics_features.

const WATCHED = ["k", "modes", "x", "y", "spread", "balls"];
const TURN = density.range(0, 2 * Math.PI, 33), COS = TURN.map(Math.cos), SIN = TURN.map(Math.sin);

const squared = ([ax, ay], [bx, by]) => (ax - bx) ** 2 + (ay - by) ** 2;
// Squared radius of each ball: the distance to the k-th nearest of the others (number 0 is the point itself).
const radiiOf = (points, k) => points.map((p) => points.map((q) => squared(p, q)).sort((a, b) => a - b)[k]);
const insideOf = (guests, home, radii) => guests.map((g) => home.some((p, i) => squared(g, p) <= radii[i] * (1 + 1e-12)));
const share = (flags) => flags.filter(Boolean).length / flags.length;

// All circles as one path with gaps between them, so that their union is one even surface.
function circles(points, radii) {
  const xs = [], ys = [];
  points.forEach(([x, y], i) => {
    const r = Math.sqrt(radii[i]);
    COS.forEach((c, t) => { xs.push(x + r * c); ys.push(y + r * SIN[t]); });
    xs.push(NaN); ys.push(NaN);
  });
  return [xs, ys];
}
const crosses = (points, size) => {
  const xs = [], ys = [];
  for (const [x, y] of points) {
    xs.push(x - size, x + size, NaN, x - size, x + size, NaN);
    ys.push(y - size, y + size, NaN, y + size, y - size, NaN);
  }
  return [xs, ys];
};

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "What is covered, and by whom" });
  const { centres, width, each, presets } = model.get("setting");
  const numbers = new Float32Array(kit.bytes(model.get("normals"))), n = centres.length * each;
  const normal = (which, i) => [numbers[2 * (which * n + i)], numbers[2 * (which * n + i) + 1]];
  const index = Array.from({ length: n }, (_, i) => i), home = (i) => centres[Math.floor(i / each)];
  const real = index.map((i) => { const [a, b] = normal(0, i), [x, y] = home(i); return [x + width * a, y + width * b]; });
  const fakesNow = () => {
    const s = width * model.get("spread"), three = model.get("modes") === 3;
    return index.map((i) => { const [a, b] = normal(1, i), [x, y] = three ? home(i) : [0, 0]; return [model.get("x") + x + s * a, model.get("y") + y + s * b]; });
  };

  // ---- figure
  const scene = plot({ label: "two clouds in the plane", x: { domain: [-4, 4] }, y: { domain: [-3, 3] }, aspect: 0.76, height: 460 });
  const kinds = { real: "data", fake: "generated" }, layers = {};
  for (const [who, color] of Object.entries(kinds)) {
    const surface = scene.line({ color, width: 0.5 });
    surface.node.style.fill = "var(--c)";
    surface.node.setAttribute("fill-opacity", 0.13);
    surface.node.setAttribute("stroke-opacity", 0.35);
    layers[who] = { surface };
  }
  layers.real.dots = scene.points({ color: "data", r: 3, label: "real points" });
  layers.fake.dots = scene.points({ color: "generated", r: 3, label: "fakes" });
  const missed = { real: scene.line({ color: "data", width: 1.6 }), fake: scene.line({ color: "generated", width: 1.6 }) };

  // ---- controls
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const two = (change) => ({ onInput: ui.guard((...v) => write(change(...v))), onChange: ui.guard((...v) => write(change(...v), true)) });
  const grip = scene.handle({ label: "middle of the fakes", color: "generated", axis: "xy", step: [0.1, 0.1], ...two((x, y) => ({ x, y })) });
  const k = kit.slider({ label: "k", min: 1, max: 12, step: 1, value: model.get("k"), format: String, hint: "a ball reaches to the k-th nearest neighbour", ...two((v) => ({ k: v })) });
  const spread = kit.slider({ label: "spread", min: 0.1, max: 6, step: 0.1, value: model.get("spread"), origin: 1, color: "generated",
    format: (v) => `× ${kit.fixed(v, 1)}`, ...two((v) => ({ spread: v })) });
  const modes = kit.choice({ label: "the fakes", options: [[3, "three modes"], [1, "one cloud"]], value: model.get("modes"), onChange: ui.guard((v) => write({ modes: v }, true)) });
  const balls = kit.choice({ label: "balls around", options: [["real", "balls of the data: precision"], ["fake", "of the fakes: recall"]], value: model.get("balls"),
    onChange: ui.guard((v) => write({ balls: v }, true)) });
  const starts = Object.keys(presets).map((name) => kit.button({ label: name, onClick: ui.guard(() => write(presets[name], true)) }).el);
  const precision = kit.readout({ label: "precision: fakes among the data", color: "generated" });
  const recall = kit.readout({ label: "recall: data among the fakes", color: "data" });
  ui.body.append(kit.row(precision.el, recall.el), kit.h("div", { class: "gx-columns" }, kit.h("div", { class: "gx-stage" }, balls.el, scene.el),
    kit.h("div", { class: "gx-controls" }, kit.group("A generator that...", kit.row(...starts)),
      kit.group("The fakes: drag their middle, or Tab and arrow keys", modes.el, spread.el), kit.group("The balls", k.el))));

  // ---- one drawing
  const redraw = kit.latest(ui.guard(() => {
    const clouds = { real, fake: fakesNow() }, kNow = model.get("k"), host = model.get("balls"), guest = host === "real" ? "fake" : "real";
    const radii = { real: radiiOf(clouds.real, kNow), fake: radiiOf(clouds.fake, kNow) };
    const inside = { fake: insideOf(clouds.fake, clouds.real, radii.real), real: insideOf(clouds.real, clouds.fake, radii.fake) };
    for (const who of Object.keys(kinds)) {
      const shown = who === host ? clouds[who] : clouds[who].filter((_, i) => inside[who][i]);
      layers[who].surface.set(...circles(clouds[who], radii[who])).show(who === host);
      layers[who].dots.set(shown.map((p) => p[0]), shown.map((p) => p[1]));
      missed[who].set(...crosses(clouds[who].filter((_, i) => !inside[who][i]), 0.06)).show(who === guest);
    }
    grip.set(model.get("x"), model.get("y"));
    precision.set(kit.fixed(share(inside.fake), 3));
    recall.set(kit.fixed(share(inside.real), 3));
    k.set(kNow); spread.set(model.get("spread")); modes.set(model.get("modes")); balls.set(host);
    const out = inside[guest].filter((v) => !v).length, whose = guest === "fake" ? "fakes lie outside the balls of the data" : "real points lie outside the balls of the fakes";
    ui.say(`Crosses: ${out} of ${n} ${whose}. Each ball reaches to neighbour number ${kNow} of its own cloud.`);
  }));
  ui.watch(WATCHED, redraw);
  redraw();
  return ui.close;
}

export default { render };
