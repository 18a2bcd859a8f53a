// ValueExplorer: two densities, a judge D that is bent by its handles, V(D) under its bound, Figure 1's four panels.
// The numbers come from density.js, the densities' figure from bumps.js; value.py computes the same numbers.

const READOUTS = [["V", "V(D)", "discriminator"], ["C", "bound C(G)", "ink"], ["gap", "what D loses", "ink"],
  ["real", "E_p log D", "data"], ["fake", "E_q log(1 − D)", "generated"], ["JS", "JS", "ink"]];

// Straight lines between the handles in logits, level outside: what numpy.interp does.
function interpolate(knots, values, x) {
  if (x <= knots[0]) return values[0];
  for (let i = 1; i < knots.length; i++) {
    if (x > knots[i]) continue;
    const share = (x - knots[i - 1]) / (knots[i] - knots[i - 1]);
    return values[i - 1] + (values[i] - values[i - 1]) * share;
  }
  return values[values.length - 1];
}

function judgeFigure({ model, ui, near, knots, most, write }) {
  const p = plot({ label: "your judge", x: { domain: bumps.VIEW },
    y: { domain: [0, 1], ticks: [0, 0.5, 1], label: "D(x)" }, height: 210 });
  p.rule({ y: true, dash: "dash" }).set(0.5);
  const best = p.line({ color: "ink", dash: "dot", label: "D*, the best judge" });
  const used = p.line({ color: "discriminator", label: "your D: drag its handles, or Tab and arrow keys", width: 3 });
  const edge = density.sigmoid(-most), limits = { axis: "y", step: 0.01, min: edge, max: 1 - edge };
  const logit = (y) => Math.min(Math.max(Math.log(y / (1 - y)), -most), most);
  const bend = (k, y) => ({ logits: model.get("logits").map((l, i) => (i === k ? logit(y) : l)) });
  const grips = knots.map((x, k) => p.handle({ label: `D at x = ${kit.fixed(x, 1)}`, color: "discriminator", ...limits,
    onInput: ui.guard((_, y) => write(bend(k, y))),
    onChange: ui.guard((_, y) => write(bend(k, y), true)) }));
  return { el: p.el, draw: (lp, lq, logits) => {
    best.set(near, lp.map((l, i) => density.sigmoid(l - lq[i])));
    used.set(near, near.map((x) => density.sigmoid(interpolate(knots, logits, x))));
    grips.forEach((grip, k) => grip.set(knots[k], density.sigmoid(logits[k])));
  } };
}

function lossFigure(near) {
  const p = plot({ label: "what D loses, place by place", x: { domain: bumps.VIEW, label: "x" },
    y: { domain: [-1, 0], label: "p log D + q log(1 − D)" }, height: 200 });
  const area = p.area({ color: "muted", label: "what D loses", opacity: 0.3 });
  const best = p.line({ color: "ink", dash: "dot", label: "with D*: area C(G)" });
  const used = p.line({ color: "discriminator", label: "with your D: area V(D)" });
  const both = [...near, ...Array.from(near).reverse()];
  return { el: p.el, draw: (lp, lq, logits) => {
    const part = (l, i) => -Math.exp(lp[i]) * density.softplus(-l) - Math.exp(lq[i]) * density.softplus(l);
    const a = Array.from(lp, (l, i) => part(l - lq[i], i)), b = Array.from(logits, part);
    p.domain({ y: [Math.min(-0.3, 1.1 * Math.min(...b)), 0] });
    area.set(both, [...a, ...b.slice().reverse()], a[0]);
    best.set(near, a);
    used.set(near, b);
  } };
}

// Even steps of z go to the quantiles of q: where the arrows crowd, G's density is high (the lower half of Figure 1).
function flowFigure(wide) {
  const p = plot({ label: "where G sends an even row of z", height: 110,
    x: { domain: bumps.VIEW, label: "x = G(z), above; z in (0, 1), below" }, y: { domain: [0, 1], ticks: [] } });
  const arrows = p.arrows({ color: "generated", label: "G: even z below, x above", width: 1.5 });
  const zs = Array.from({ length: 15 }, (_, i) => (i + 0.5) / 15);
  return { el: p.el, draw: (wq) => {
    const h = wide[1] - wide[0], xs = [];
    let sum = 0, i = 0;
    for (const z of zs) {
      while (i < wide.length - 1 && sum + Math.exp(wq[i]) * h < z) sum += Math.exp(wq[i++]) * h;
      xs.push(wide[i]);
    }
    const from = zs.map((z) => -6 + 12 * z);
    arrows.set(from, zs.map(() => 0.02), xs.map((x, k) => x - from[k]), zs.map(() => 0.96));
  } };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "What the two players argue about" });
  const wide = density.range(...model.get("grid")), near = density.range(...bumps.VIEW, 321);
  const knots = model.get("knots"), most = model.get("most"), panels = model.get("panels");
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const pair = bumps.figure({ model, ui, near, write, height: 210 }), controls = bumps.sliders({ model, ui, write });
  const judge = judgeFigure({ model, ui, near, knots, most, write }), loss = lossFigure(near), flow = flowFigure(wide);
  const outs = Object.fromEntries(READOUTS.map(([key, label, color]) => [key, kit.readout({ label, color })]));
  const at = (x) => density.logPdf(x, bumps.shape(model, "p")) - density.logPdf(x, bumps.shape(model, "q"));
  const toBest = () => write({ logits: knots.map((x) => Math.min(Math.max(at(x), -most), most)) }, true);
  const buttons = kit.row(kit.button({ label: "Bend D to D*", main: true, onClick: ui.guard(toBest) }).el,
    kit.button({ label: "D = 1/2", onClick: ui.guard(() => write({ logits: knots.map(() => 0) }, true)) }).el);
  const panel = (name) => kit.button({ label: name, onClick: ui.guard(() => write(panels[name], true)) }).el;
  const figure1 = kit.row(...Object.keys(panels).map(panel));

  const redraw = kit.latest(ui.guard(() => {
    const logits = model.get("logits"), [wp, wq] = ["p", "q"].map((who) => density.logs(wide, bumps.shape(model, who)));
    const m = density.measures(wide, wp, wq, wide.map((x) => interpolate(knots, logits, x)));
    for (const key of Object.keys(outs)) outs[key].set(kit.fixed(m[key], 4));
    const [lp, lq] = pair.draw();
    judge.draw(lp, lq, logits);
    loss.draw(lp, lq, near.map((x) => interpolate(knots, logits, x)));
    flow.draw(wq);
    controls.set();
    ui.say(`V(D) = ${kit.fixed(m.V, 4)}. No D can do better than ${kit.fixed(m.C, 4)} against this generator; `
      + `no generator can push the best D below −log 4 = ${kit.fixed(-density.LOG4, 4)}.`);
  }));

  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, pair.el, judge.el, flow.el),
    kit.h("div", { class: "gx-controls" }, kit.group("Figure 1 of the paper", figure1), buttons, loss.el,
      ...controls.groups)));
  ui.watch([...bumps.TRAITS, "logits"], redraw);
  redraw();
  return ui.close;
}

export default { render };
