// ParzenExplorer: the score of several sets of samples against the window's width, and the same window on a line.
// The curves come computed from Python (parzen.py); the density on the line and its score are computed here.

const LOG_2PI = Math.log(2 * Math.PI);

// Log of the mean of the Gaussian windows at x: the largest exponent is taken out first, so that nothing underflows.
function logWindow(x, samples, sigma) {
  const exponents = samples.map((s) => -0.5 * ((x - s) / sigma) ** 2), top = Math.max(...exponents);
  const sum = exponents.reduce((total, e) => total + Math.exp(e - top), 0);
  return top + Math.log(sum / samples.length) - Math.log(sigma) - 0.5 * LOG_2PI;
}
const top = (values) => values.indexOf(Math.max(...values));

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "The width of the window" });
  const sigmas = model.get("sigmas"), curves = model.get("curves"), looks = model.get("looks"), names = Object.keys(curves);
  const samples = model.get("samples"), test = model.get("test"), xs = density.range(-0.3, 1.3, 321);
  const logs = sigmas.map(Math.log), best = Object.fromEntries(names.map((name) => [name, top(curves[name].validation)]));
  const highest = Math.max(...names.map((name) => Math.max(...curves[name].test)));

  // ---- figures
  const scores = plot({ label: "score of each set against sigma", height: 300, left: 52,
    x: { domain: [logs[0], logs[logs.length - 1]], label: "width σ of the window", ticks: [0.07, 0.1, 0.15, 0.2, 0.3, 0.4].map(Math.log), format: (v) => String(Number(Math.exp(v).toFixed(2))) },
    y: { domain: [highest - 600, highest + 50], label: "mean log-likelihood of the test images (nats)" } });
  const here = scores.rule({ x: true, dash: "dash" });
  for (const name of names) {
    const [color, dash] = looks[name];
    scores.line({ color, dash, label: name }).set(logs, curves[name].test);
    scores.points({ color, r: 4 }).set([logs[best[name]]], [curves[name].test[best[name]]]);
  }
  const ring = scores.points({ color: "accent", r: 7 });
  ring.node.setAttribute("fill-opacity", 0.35);
  const line = plot({ label: "the window on a line", height: 210, x: { domain: [-0.3, 1.3], label: "x" }, y: { domain: [0, 3], label: "density" } });
  const bump = line.area({ color: "generated", opacity: 0.14 }), edge = line.line({ color: "generated", dash: "dash", label: "estimate from seven samples" });
  line.points({ color: "generated", r: 3.5, label: "samples" }).set(samples, samples.map(() => 0.06));
  const heights = line.points({ color: "data", r: 4.5, label: "test points, at their density" });

  // ---- controls
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const slide = kit.slider({ label: "σ", min: 0, max: sigmas.length - 1, step: 1, value: model.get("at"), color: "ink",
    format: (i) => kit.fixed(sigmas[i], 3), onInput: ui.guard((i) => write({ at: i })), onChange: ui.guard((i) => write({ at: i }, true)) });
  const pick = kit.select({ label: "choose σ for", options: names, value: model.get("chosen"),
    onChange: ui.guard((name) => write({ chosen: name, at: best[name] }, true)) });
  const go = kit.button({ label: "Its best σ on validation images", main: true, onClick: ui.guard(() => write({ at: best[model.get("chosen")] }, true)) });
  const outs = Object.fromEntries(names.map((name) => [name, kit.readout({ label: name, color: looks[name][0] })]));
  const onLine = kit.readout({ label: "mean log density, on the line", color: "data" });
  ui.body.append(kit.row(...names.map((name) => outs[name].el)), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, scores.el),
    kit.h("div", { class: "gx-controls" }, kit.group("The window", slide.el, pick.el, kit.row(go.el)), line.el, onLine.el)));

  // ---- one drawing
  const redraw = kit.latest(ui.guard(() => {
    const i = model.get("at"), sigma = sigmas[i], name = model.get("chosen"), curve = curves[name];
    const f = (x) => Math.exp(logWindow(x, samples, sigma)), ys = xs.map(f);
    here.set(logs[i]);
    ring.set([logs[best[name]]], [curve.test[best[name]]]);
    line.domain({ y: [0, Math.max(1.5, 1.08 * Math.max(...ys))] });
    bump.set(xs, ys);
    edge.set(xs, ys);
    heights.set(test, test.map(f));
    for (const key of names) outs[key].set(`${kit.fixed(curves[key].test[i], 1)} ± ${kit.fixed(curves[key].error[i], 1)}`);
    onLine.set(kit.fixed(test.reduce((sum, x) => sum + logWindow(x, samples, sigma), 0) / test.length, 3));
    slide.set(i);
    pick.set(name);
    const b = best[name], away = i === b ? "the width that the validation images choose" : `the validation images choose σ = ${kit.fixed(sigmas[b], 3)}`;
    ui.say(`${name} at σ = ${kit.fixed(sigma, 3)}: ${kit.fixed(curve.test[i], 1)} ± ${kit.fixed(curve.error[i], 1)} nats; ${away}. ${model.get("where")}`);
  }));
  ui.watch(["at", "chosen"], redraw);
  redraw();
  return ui.close;
}

export default { render };
