// DiscriminatorExplorer: drag two densities, see the best judge, its value and the curve whose top it is.
// The numbers come from density.js, the densities' figure from bumps.js; discriminator.py computes the same numbers.

const READOUTS = [["V", "V(D)", "ink"], ["C", "C(G) = V(D*)", "discriminator"], ["JS", "JS", "ink"],
  ["TV", "TV", "ink"], ["KL_pq", "KL(p‖q)", "data"], ["KL_qp", "KL(q‖p)", "generated"],
  ["accuracy", "best share right", "ink"]];

function judgeFigure({ ui, near, write }) {
  const p = plot({ label: "the judge", x: { domain: bumps.VIEW, label: "x" },
    y: { domain: [0, 1], ticks: [0, 0.5, 1], label: "D(x)" }, height: 200 });
  p.rule({ y: true, dash: "dash" }).set(0.5);
  const best = p.line({ color: "discriminator", label: "D*, the best judge", width: 3 });
  const used = p.line({ color: "ink", dash: "dot", label: "the judge of V, at this confidence" });
  const probe = p.handle({ label: "the place x that is looked at", color: "discriminator", axis: "x", step: 0.1,
    onInput: ui.guard((x) => write({ x0: x })), onChange: ui.guard((x) => write({ x0: x }, true)) });
  return { el: p.el, draw: (lp, lq, confidence, x0, D) => {
    best.set(near, lp.map((l, i) => density.sigmoid(l - lq[i])));
    used.set(near, lp.map((l, i) => density.sigmoid(confidence * (l - lq[i])))).show(confidence !== 1);
    probe.set(x0, D);
  } };
}

function curveFigure() {
  const p = plot({ label: "the curve whose top is D*", x: { domain: [0, 1], label: "y, the answer given at this x" },
    y: { domain: [-1, 0], label: "p(x) log y + q(x) log(1 − y)" }, height: 220 });
  const ys = density.range(0.002, 0.998, 250);
  const line = p.line({ color: "ink", label: "value of the answer y" });
  const rule = p.rule({ x: true, color: "discriminator", dash: "dash", label: "its top, y = D*(x)" });
  const top = p.points({ color: "discriminator", r: 5 }), used = p.points({ color: "ink", r: 4 });
  return { el: p.el, draw: (a, b, best, given) => {
    const at = (y) => { const v = Math.min(Math.max(y, 1e-9), 1 - 1e-9); return a * Math.log(v) + b * Math.log1p(-v); };
    p.domain({ y: [Math.min(-0.05, 3 * at(best) - 0.02, -1.6 * density.LOG2 * (a + b)), 0] });
    line.set(ys, ys.map(at));
    rule.set(best);
    top.set([best], [at(best)]);
    used.set([given], [at(given)]).show(Math.abs(given - best) > 1e-9);
  } };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "The best judge of two densities" });
  const wide = density.range(...model.get("grid")), near = density.range(...bumps.VIEW, 321);
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const pair = bumps.figure({ model, ui, near, write });
  const judge = judgeFigure({ ui, near, write }), curve = curveFigure();
  const controls = bumps.sliders({ model, ui, write });
  const hint = "1 is D*, 0 says 1/2 everywhere";
  const confidence = controls.slide("confidence", "confidence", [0, 3], 0.05, "discriminator", hint);
  const presets = model.get("presets");
  const pick = kit.select({ label: "Start from", options: [["", "choose..."], ...Object.keys(presets)], value: "",
    onChange: ui.guard((name) => { if (name) write(presets[name], true); }) });
  const outs = Object.fromEntries(READOUTS.map(([key, label, color]) => [key, kit.readout({ label, color })]));

  const redraw = kit.latest(ui.guard(() => {
    const t = model.get("confidence"), x0 = model.get("x0"), [p, q] = ["p", "q"].map((who) => bumps.shape(model, who));
    const wp = density.logs(wide, p), wq = density.logs(wide, q);
    const m = density.measures(wide, wp, wq, wp.map((l, i) => t * (l - wq[i])));
    for (const key of Object.keys(outs)) outs[key].set(kit.fixed(m[key], 4));
    const a = density.logPdf(x0, p), b = density.logPdf(x0, q), best = density.sigmoid(a - b);
    judge.draw(...pair.draw(), t, x0, best);
    pair.mark(x0);
    curve.draw(Math.exp(a), Math.exp(b), best, density.sigmoid(t * (a - b)));
    controls.set();
    ui.say(`At x = ${kit.fixed(x0)}: p = ${kit.fixed(Math.exp(a), 3)}, q = ${kit.fixed(Math.exp(b), 3)}, `
      + `so the best answer is D* = ${kit.fixed(best, 3)}. V(D) lies ${kit.fixed(m.gap, 4)} below its bound.`);
  }));

  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, pair.el, judge.el, curve.el),
    kit.h("div", { class: "gx-controls" }, pick.el, ...controls.groups, kit.group("the judge of V", confidence))));
  ui.watch([...bumps.TRAITS, "x0", "confidence"], redraw);
  redraw();
  return ui.close;
}

export default { render };
