// DensityExplorer: two class densities and a prior under the hand; p(x|y) or p(x, y), p(x), and the posterior p(1|x).
// Closed forms here; two_classes.py computes the same through gan_edu.theory, by quadrature where there is an integral.

const TRAITS = ["mean0", "std0", "mean1", "std1", "prior", "x0", "selection"];
const STD = [0.45, 3], MEAN = [-5, 5], PRIOR = [0.02, 0.98];
const CLASSES = [["0", "generated"], ["1", "data"]];
const clamp = (v, [a, b]) => Math.min(Math.max(v, a), b);

// Two Gaussians and a prior: logs of p(x, 0) and p(x, 1) without underflow, p(x), p(1|x).
function worldOf({ mean0, std0, mean1, std1, prior }) {
  const log0 = (x) => density.logPdf(x, { mean: mean0, std: std0 }), log1 = (x) => density.logPdf(x, { mean: mean1, std: std1 });
  const odds = (x) => log1(x) - log0(x) + Math.log(prior / (1 - prior));
  return {
    classes: [(x) => Math.exp(log0(x)), (x) => Math.exp(log1(x))], shares: [1 - prior, prior],
    px: (x) => prior * Math.exp(log1(x)) + (1 - prior) * Math.exp(log0(x)), posterior: (x) => density.sigmoid(odds(x)),
  };
}

// Each example is kept with probability exp(-t (x - c)^2 / 2): Gaussians stay Gaussians, the prior moves.
function keptOf(state) {
  const { selection: t, x0: c } = state, next = { ...state }, masses = [];
  for (const [k] of CLASSES) {
    const m = state[`mean${k}`], v = state[`std${k}`] ** 2;
    next[`mean${k}`] = (m / v + t * c) / (1 / v + t);
    next[`std${k}`] = 1 / Math.sqrt(1 / v + t);
    masses.push(Math.exp((-0.5 * t * (m - c) ** 2) / (1 + t * v)) / Math.sqrt(1 + t * v));
  }
  const share = (1 - state.prior) * masses[0] + state.prior * masses[1];
  next.prior = (state.prior * masses[1]) / share;
  return { ...worldOf(next), share, prior: next.prior };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "Two classes, one x" });
  const wide = density.range(...model.get("grid")), near = density.range(-8, 8, 321);

  // ---- figures
  const left = 46;
  const bumps = plot({ label: "class densities and p(x)", x: { domain: [-8, 8] }, y: { domain: [0, 0.92], label: "density" }, height: 250, left });
  const areas = [], lines = [], ghosts = [];
  for (const [k, color] of CLASSES) {
    areas.push(bumps.area({ color, opacity: 0.14 }));
    lines.push(bumps.line({ color, dash: k === "0" ? "dash" : "solid", label: `class ${k}` }));
    ghosts.push(bumps.line({ color, dash: "dot", width: 1.2 }));
  }
  const linePx = bumps.line({ color: "ink", label: "p(x)", width: 2.4 }), ghostPx = bumps.line({ color: "ink", dash: "dot", label: "p(x) of what is kept" });
  const here = bumps.rule({ x: true, dash: "dot" });
  const post = plot({ label: "posterior", x: { domain: [-8, 8], label: "x" }, y: { domain: [0, 1], ticks: [0, 0.5, 1], label: "probability of class 1" }, height: 190, left });
  post.rule({ y: true, dash: "dash" }).set(0.5);
  const linePost = post.line({ color: "discriminator", label: "p(1|x)", width: 3.5 });
  const ghostPost = post.line({ color: "ink", dash: "dot", label: "p(1|x) of what is kept" });

  // ---- grips: a bump is dragged by its top, x0 along the posterior
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const both = (change) => ({ onInput: ui.guard((...v) => write(change(...v))), onChange: ui.guard((...v) => write(change(...v), true)) });
  const weight = (k) => (model.get("joint") ? (k === "1" ? model.get("prior") : 1 - model.get("prior")) : 1);
  const grips = CLASSES.map(([k, color]) => bumps.handle({ label: `top of class ${k}: sideways moves it, up makes it narrower`, color, axis: "xy",
    step: [0.1, 0.01], min: [MEAN[0], 0], max: [MEAN[1], 0.9],
    ...both((x, y) => ({ [`mean${k}`]: x, [`std${k}`]: clamp(density.height(1) * weight(k) / Math.max(y, 1e-3), STD) })) }));
  const probe = post.handle({ label: "the place x0 that is looked at", color: "discriminator", axis: "x", step: 0.1, ...both((x) => ({ x0: x })) });

  // ---- controls
  const sliders = {};
  const slide = (trait, label, [min, max], step, color, more = {}) => {
    sliders[trait] = kit.slider({ label, min, max, step, value: model.get(trait), color, ...more, ...both((v) => ({ [trait]: v })) });
    return sliders[trait].el;
  };
  const side = (k, color) => kit.group(`Class ${k}`, slide(`mean${k}`, "mean", MEAN, 0.05, color, { origin: 0 }), slide(`std${k}`, "width", STD, 0.05, color));
  const presets = model.get("presets");
  const pick = kit.select({ label: "Start from", options: [["", "choose..."], ...Object.keys(presets)], value: "",
    onChange: ui.guard((name) => { if (name) write(presets[name], true); }) });
  const view = kit.choice({ label: "what is drawn", options: [["each", "p(x|y)"], ["joint", "p(x, y)"]], value: model.get("joint") ? "joint" : "each",
    onChange: ui.guard((v) => write({ joint: v === "joint" }, true)) });
  const outs = Object.fromEntries([["p0", "p(x₀|0)", "generated"], ["p1", "p(x₀|1)", "data"], ["px", "p(x₀)", "ink"], ["posterior", "p(1|x₀)", "discriminator"],
    ["accuracy", "best share right", "ink"], ["kept_px", "p(x₀), kept", "ink"], ["kept_posterior", "p(1|x₀), kept", "discriminator"], ["kept_share", "share kept", "ink"]]
    .map(([key, label, color]) => [key, kit.readout({ label, color })]));
  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, bumps.el, post.el),
    kit.h("div", { class: "gx-controls" }, kit.row(view.el, pick.el), side("0", "generated"), side("1", "data"),
      kit.group("How often", slide("prior", "p(y = 1)", PRIOR, 0.01, "data")),
      kit.group("Look at x₀; keep only examples near it", slide("x0", "x₀", [-8, 8], 0.1, "discriminator", { origin: 0 }),
        slide("selection", "selection", [0, 4], 0.05, "ink", { hint: "an example is kept with probability exp(-selection (x - x0)^2 / 2)" })))));

  // ---- one drawing
  function drawWorld(world, kept, joint) {
    bumps.domain({ y: [0, kept ? 1.25 : 0.92] });
    CLASSES.forEach((_, k) => {
      const f = near.map((x) => (joint ? world.shares[k] : 1) * world.classes[k](x));
      areas[k].set(near, f);
      lines[k].set(near, f);
      if (kept) ghosts[k].set(near, near.map((x) => (joint ? kept.shares[k] : 1) * kept.classes[k](x)));
      ghosts[k].show(Boolean(kept));
    });
    linePx.set(near, near.map(world.px));
    linePost.set(near, near.map(world.posterior));
    if (kept) ghostPx.set(near, near.map(kept.px));
    if (kept) ghostPost.set(near, near.map(kept.posterior));
    for (const mark of [ghostPx, ghostPost]) mark.show(Boolean(kept));
  }
  function sentence({ x0, prior, std0, std1, mean0, mean1 }, v) {
    const f = (u) => kit.fixed(u, 3), w = (mean1 - mean0) / std0 ** 2;
    const b = (mean0 ** 2 - mean1 ** 2) / (2 * std0 ** 2) + Math.log(prior / (1 - prior));
    return `Bayes at x₀ = ${kit.fixed(x0)}: ${f(v.p1)} · ${kit.fixed(prior)} / (${f(v.p1)} · ${kit.fixed(prior)} + ${f(v.p0)} · ${kit.fixed(1 - prior)}) = ${f(v.posterior)}. `
      + (std0 === std1 ? `Equal widths: p(1|x) = sigmoid(${kit.fixed(w)} x ${b < 0 ? "−" : "+"} ${kit.fixed(Math.abs(b))}).` : "Unequal widths: the log odds are a parabola, not a line.");
  }
  const redraw = kit.latest(ui.guard(() => {
    const state = Object.fromEntries(TRAITS.map((t) => [t, model.get(t)])), { x0, selection } = state, joint = model.get("joint");
    const world = worldOf(state), kept = keptOf(state);
    drawWorld(world, selection > 0 ? kept : null, joint);
    CLASSES.forEach(([k], i) => grips[i].set(state[`mean${k}`], density.height(state[`std${k}`]) * weight(k)));
    probe.set(x0, world.posterior(x0));
    here.set(x0);
    const values = { p0: world.classes[0](x0), p1: world.classes[1](x0), px: world.px(x0), posterior: world.posterior(x0),
      accuracy: density.integral(wide, (i) => Math.max(world.shares[0] * world.classes[0](wide[i]), world.shares[1] * world.classes[1](wide[i]))),
      kept_px: kept.px(x0), kept_posterior: kept.posterior(x0), kept_share: kept.share };
    for (const key of Object.keys(outs)) {
      outs[key].set(kit.fixed(values[key], 4));
      if (key.startsWith("kept")) outs[key].el.hidden = selection === 0;
    }
    for (const trait of TRAITS) sliders[trait].set(model.get(trait));
    view.set(joint ? "joint" : "each");
    ui.say(sentence(state, values));
  }));
  ui.watch([...TRAITS, "joint"], redraw);
  redraw();
  return ui.close;
}

export default { render };
