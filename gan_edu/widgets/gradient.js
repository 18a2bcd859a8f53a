// GradientExplorer: the same fakes under two losses, arrows at true length, the gradient at the logit on a log scale.
// The D's come trained from Python as weights; here they are run and differentiated. gradient.py computes the same by autograd.

const WATCHED = ["head_start", "judge", "confidence", "fake_mean", "least_squares"];
const BANDS = [["minimax", "log(1 − D)"], ["non_saturating", "−log D"], ["least_squares", "½(l − 1)²"]];

// dloss/dlogit of one fake: -D, -(1 - D), l - 1
const SLOPES = {
  minimax: (l) => -density.sigmoid(l), non_saturating: (l) => -density.sigmoid(-l), least_squares: (l) => l - 1,
};

// A network 1-w-w-1 with LeakyReLU(0.2) from its numbers, read from offset `at`: x -> [logit, dlogit/dx].
function network(numbers, at, w) {
  const take = (n) => numbers.subarray(at, (at += n));
  const [W1, b1, W2, b2, W3, b3] = [take(w), take(w), take(w * w), take(w), take(w), take(1)];
  const h = new Float64Array(w), dh = new Float64Array(w);
  return (x) => {
    for (let i = 0; i < w; i++) {
      const a = W1[i] * x + b1[i], slope = a > 0 ? 1 : 0.2;
      h[i] = slope * a;
      dh[i] = slope * W1[i];
    }
    let l = b3[0], dl = 0;
    for (let i = 0; i < w; i++) {
      let a = b2[i], da = 0;
      for (let j = 0; j < w; j++) { a += W2[i * w + j] * h[j]; da += W2[i * w + j] * dh[j]; }
      const slope = a > 0 ? 1 : 0.2;
      l += W3[i] * slope * a;
      dl += W3[i] * slope * da;
    }
    return [l, dl];
  };
}

const raised = (e) => `10${String(e).replace(/[-\d]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)])}`;
function power(v) {
  if (v === 0) return "0";
  const e = Math.floor(Math.log10(Math.abs(v)));
  return e >= -2 && e < 4 ? kit.fixed(v, Math.max(0, 2 - e)) : `${kit.fixed(v / 10 ** e, 1)}·${raised(e)}`;
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "The saturation microscope" });
  const { data_mean: dataMean, std, width, stride } = model.get("setting");
  const noise = model.get("noise"), starts = model.get("starts"), n = noise.length;
  const numbers = new Float32Array(kit.bytes(model.get("weights"))), size = numbers.length / starts.length;
  const trained = starts.map((_, i) => network(numbers, i * size, width));
  const xs = density.range(-6, 6, 361);
  const middle = (n - 1) / 2;

  function judgeNow() {
    const c = model.get("confidence"), m = model.get("fake_mean");
    const best = (x) => [((x - m) ** 2 - (x - dataMean) ** 2) / (2 * std * std), (dataMean - m) / (std * std)];
    const raw = model.get("judge") === "best" ? best : trained[starts.indexOf(model.get("head_start"))];
    return (x) => raw(x).map((v) => c * v);
  }

  // ---- figures
  const left = 84;
  const scene = plot({ label: "data, fakes and D", x: { domain: [-6, 6] }, y: { domain: [0, 1], ticks: [0, 0.5, 1], label: "density; D(x)" }, height: 190, left });
  const bump = (m) => xs.map((x) => Math.exp(density.logPdf(x, { mean: m, std })));
  scene.area({ color: "data", opacity: 0.14 }).set(xs, bump(dataMean));
  scene.line({ color: "data", label: "data" }).set(xs, bump(dataMean));
  const areaFake = scene.area({ color: "generated", opacity: 0.14 }), lineFake = scene.line({ color: "generated", dash: "dash", label: "generated" });
  const lineD = scene.line({ color: "discriminator", dash: "dot", label: "D(x)", width: 3 });
  const bands = plot({ label: "where each fake is sent", x: { domain: [-6, 6], label: "x" },
    y: { domain: [0, 10], ticks: BANDS.map((_, i) => -10 * i - 5), format: (v) => BANDS[Math.round((-v - 5) / 10)][1] }, height: 290, left });
  const dots = BANDS.map(() => bands.points({ color: "generated", r: 3 }));
  const arrows = BANDS.map(() => bands.arrows({ color: "ink", width: 1.6 }));
  const lens = plot({ label: "the gradient at the logit", x: { domain: [-20, 20], label: "logit of a fake" },
    y: { domain: [-9, 0.5], format: (e) => (e === 0 ? "1" : raised(e)), label: "|dloss/dlogit|, in powers of ten" }, height: 210 });
  const log10D = (l) => -density.softplus(-l) / Math.LN10;
  const lensD = lens.line({ color: "ink", label: "log(1 − D): D" });
  const lensRest = lens.line({ color: "discriminator", dash: "dash", label: "−log D: 1 − D" });
  const seen = [lens.points({ color: "generated", label: "the fakes", r: 3.5 }), lens.points({ color: "generated", r: 3.5 })];

  // ---- controls
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const both = (change) => ({ onInput: ui.guard((v) => write(change(v))), onChange: ui.guard((v) => write(change(v), true)) });
  const grip = scene.handle({ label: "mean of the fakes", color: "generated", axis: "x", step: 0.1, min: -5, max: 5, ...both((x) => ({ fake_mean: x })) });
  const judge = kit.choice({ label: "the judge", options: [["trained", "a trained D"], ["best", "D*, the best one"]], value: model.get("judge"),
    onChange: ui.guard((v) => write({ judge: v }, true)) });
  const start = kit.slider({ label: "head start", min: 0, max: starts.length - 1, step: 1, value: starts.indexOf(model.get("head_start")),
    format: (i) => `${starts[i]} steps`, color: "discriminator", hint: "steps that D was trained before G moves",
    ...both((i) => ({ head_start: starts[i] })) });
  const confidence = kit.slider({ label: "confidence", min: 0, max: 4, step: 0.05, value: model.get("confidence"), format: (v) => `× ${kit.fixed(v)}`,
    color: "discriminator", origin: 1, hint: "D's logit is multiplied by this", ...both((v) => ({ confidence: v })) });
  const place = kit.slider({ label: "fakes at", min: -5, max: 5, step: 0.1, value: model.get("fake_mean"), color: "generated", origin: 0,
    hint: "the mean of G(z)", ...both((v) => ({ fake_mean: v })) });
  const squares = kit.toggle({ label: "show least squares too", value: model.get("least_squares"), onChange: ui.guard((v) => write({ least_squares: v }, true)) });
  const outs = Object.fromEntries([["D", "mean D(G(z))", "discriminator"], ["arrow_minimax", "mean arrow, log(1 − D)", "ink"],
    ["arrow_non_saturating", "mean arrow, −log D", "ink"], ["ratio", "(1 − D)/D, middle fake", "ink"]]
    .map(([key, label, color]) => [key, kit.readout({ label, color })]));
  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, scene.el, bands.el),
    kit.h("div", { class: "gx-controls" }, kit.group("The judge", judge.el, start.el, confidence.el), kit.group("The fakes, G(z) = m + 0.7 z", place.el),
      lens.el, squares.el)));

  // ---- one drawing
  function drawArrows(x, l, dl) {
    const shown = model.get("least_squares") ? 3 : 2, mean = {};
    bands.domain({ y: [-10 * shown, 0] });
    BANDS.forEach(([loss], band) => {
      const y = x.map((_, i) => -10 * band - 1.2 - (7.6 * i) / (n - 1)), sent = l.map((v, i) => -SLOPES[loss](v) * dl[i]);
      dots[band].set(x, y).show(band < shown);
      arrows[band].set(x, y, sent.map((v) => stride * v), sent.map(() => 0)).show(band < shown);
      mean[loss] = sent.reduce((sum, v) => sum + Math.abs(v), 0) / n;
    });
    return mean;
  }
  function drawLens(l) {
    const reach = 20 * Math.max(1, Math.ceil(Math.max(...l.map(Math.abs)) / 20)), ls = density.range(-reach, reach, 161);
    lens.domain({ x: [-reach, reach], y: [-0.45 * reach, 0.025 * reach] });
    lensD.set(ls, ls.map(log10D));
    lensRest.set(ls, ls.map((v) => log10D(-v)));
    seen[0].set(l, l.map(log10D));
    seen[1].set(l, l.map((v) => log10D(-v)));
  }
  const redraw = kit.latest(ui.guard(() => {
    const D = judgeNow(), m = model.get("fake_mean"), x = noise.map((z) => m + std * z);
    const at = x.map(D), l = at.map((v) => v[0]), dl = at.map((v) => v[1]), q = bump(m);
    areaFake.set(xs, q);
    lineFake.set(xs, q);
    lineD.set(xs, xs.map((v) => density.sigmoid(D(v)[0])));
    grip.set(m, 0);
    const mean = drawArrows(x, l, dl);
    drawLens(l);
    const values = { D: l.reduce((sum, v) => sum + density.sigmoid(v), 0) / n, arrow_minimax: mean.minimax,
      arrow_non_saturating: mean.non_saturating, ratio: Math.exp(-l[middle]) };
    for (const key of Object.keys(outs)) outs[key].set(power(values[key]));
    const isTrained = model.get("judge") === "trained";
    judge.set(model.get("judge"));
    start.set(starts.indexOf(model.get("head_start")));
    start.input.disabled = !isTrained;
    confidence.set(model.get("confidence"));
    place.set(m);
    squares.set(model.get("least_squares"));
    ui.say(`Arrows are ${kit.fixed(stride)} times the gradient, for every loss alike. `
      + (isTrained ? "This D was trained against fakes at −2; if you move them, it does not learn." : "D* follows the fakes."));
  }));
  ui.watch(WATCHED, redraw);
  redraw();
  return ui.close;
}

export default { render };
