// The figure of two densities that are dragged by their tops, shared by the explorers that have one, and its sliders.
// What does not belong here: integrals (density.js), what an explorer shows of the two densities (its own file).

const bumps = (() => {
  const FIELDS = ["mean", "std", "weight", "mean2"], STD = [0.45, 3], MEAN = [-5, 5], VIEW = [-8, 8];
  const WHO = [["p", "data", "p, the data", "solid"], ["q", "generated", "q, generated", "dash"]];
  const TRAITS = WHO.flatMap(([who]) => FIELDS.map((f) => `${who}_${f}`));
  const clamp = (v, [a, b]) => Math.min(Math.max(v, a), b);
  const shape = (model, who) => Object.fromEntries(FIELDS.map((f) => [f, model.get(`${who}_${f}`)]));

  // A bump is dragged by its top: sideways is the mean, upwards the width. The second one rises out of the axis.
  function moves(model, who) {
    return {
      first: (x, y) => ({ [`${who}_mean`]: x,
        [`${who}_std`]: clamp(density.height(1, model.get(`${who}_weight`)) / Math.max(y, 1e-3), STD) }),
      second: (x, y) => ({ [`${who}_mean2`]: x,
        [`${who}_weight`]: clamp(y / density.height(model.get(`${who}_std`)), [0, 0.9]) }),
    };
  }

  // write(changes, sync) must set the traits and draw. Gives {el, draw()}; draw returns the logs of p and q on `near`.
  function figure({ model, ui, near, write, height = 230 }) {
    const axes = { x: { domain: VIEW }, y: { domain: [0, 0.92], label: "density" } };
    const p = plot({ label: "two densities", ...axes, height });
    const parts = WHO.map(([who, color, label, dash]) => {
      const area = p.area({ color, opacity: 0.14 }), line = p.line({ color, label, dash });
      return { who, color, area, line };
    });
    const here = p.rule({ x: true, color: "muted", dash: "dot" });
    for (const part of parts) {
      const { first, second } = moves(model, part.who), name = part.who === "p" ? "p, the data" : "q, generated";
      const limits = { axis: "xy", step: [0.1, 0.01], min: [MEAN[0], 0], max: [MEAN[1], 0.9] };
      const grip = (label, move) => p.handle({ label, color: part.color, ...limits,
        onInput: ui.guard((x, y) => write(move(x, y))),
        onChange: ui.guard((x, y) => write(move(x, y), true)) });
      part.top = grip(`top of ${name}: sideways moves it, up makes it narrower`, first);
      part.second = grip(`second bump of ${name}: up makes it heavier`, second);
    }
    const draw = () => parts.map(({ who, area, line, top, second }) => {
      const s = shape(model, who), logs = density.logs(near, s), values = logs.map(Math.exp);
      area.set(near, values);
      line.set(near, values);
      top.set(s.mean, density.height(s.std, s.weight));
      second.set(s.mean2, s.weight * density.height(s.std));
      return logs;
    });
    return { el: p.el, draw, mark: (x) => here.set(x) };
  }

  // Two groups of sliders; set() makes them show the traits again.
  function sliders({ model, ui, write }) {
    const all = {};
    const slide = (trait, label, [min, max], step, color, hint) => {
      all[trait] = kit.slider({ label, min, max, step, value: model.get(trait), color, hint, origin: min < 0 ? 0 : min,
        onInput: ui.guard((v) => write({ [trait]: v })), onChange: ui.guard((v) => write({ [trait]: v }, true)) });
      return all[trait].el;
    };
    const groups = WHO.map(([who, color, title]) => kit.group(title, slide(`${who}_mean`, "mean", MEAN, 0.05, color),
      slide(`${who}_std`, "width", STD, 0.05, color),
      slide(`${who}_weight`, "2nd weight", [0, 0.9], 0.01, color, "share of a second bump of the same width"),
      slide(`${who}_mean2`, "2nd mean", MEAN, 0.05, color)));
    return { groups, slide, set: () => { for (const [trait, s] of Object.entries(all)) s.set(model.get(trait)); } };
  }

  return { TRAITS, VIEW, shape, figure, sliders };
})();
