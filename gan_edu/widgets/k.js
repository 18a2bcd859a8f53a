// KExplorer: a sweep's curves and its map of k by learning rate. Every number is computed here from the arrays that were
// sent once; k.py computes the same. What does not belong here: playing games (gan_edu.sweeps).

const sweepNumbers = (axes, quality) => {
  const { ks, lrs, seeds, steps } = axes, looks = steps[0].length;
  const evaluations = steps.map((row, i) => row.map((step) => step * (ks[i] + 1)));
  // linear between order statistics, as numpy.percentile
  const percentile = (sorted, share) => {
    const at = share * (sorted.length - 1), i = Math.floor(at);
    return sorted[i] + (at - i) * (sorted[Math.min(i + 1, sorted.length - 1)] - sorted[i]);
  };
  const cells = ks.map((_, k) => lrs.map((_, l) => steps[0].map((_, t) => {
    const row = Float64Array.from({ length: seeds }, (_, s) => quality[((k * lrs.length + l) * seeds + s) * looks + t]).sort();
    return [0.05, 0.5, 0.95].map((share) => percentile(row, share));
  })));
  const look = (k, budget) => evaluations[k].findLastIndex((v) => v <= budget);
  const map = (budget) => ks.map((_, k) => lrs.map((_, l) => cells[k][l][look(k, budget)][1]));
  const best = (row) => row.indexOf(Math.min(...row));
  return { evaluations, look, map, best, at: (k, l, t) => cells[k][l][t], curve: (k, l, which) => cells[k][l].map((c) => c[which]) };
};

const count = (v) => String(v).replace(/\B(?=(\d{3})+$)/g, ",");

// A table of buttons, one of them chosen; arrows, Home and End move the choice. onPick(k, l), onHover(k, l)
function mapOf({ ks, lrs, onPick, onHover }) {
  const pick = (k, l) => { onPick(k, l); buttons[k][l].focus(); };
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const onKey = (k, l) => (e) => {
    const last = lrs.length - 1, [dk, dl] = moves[e.key] ?? { Home: [0, -l], End: [0, last - l] }[e.key] ?? [0, 0];
    if (!dk && !dl) return;
    e.preventDefault();
    pick(marks.clamp(k + dk, 0, ks.length - 1), marks.clamp(l + dl, 0, last));
  };
  const buttons = ks.map((_, k) => lrs.map((_, l) => {
    const button = kit.h("button", { type: "button", role: "gridcell", onclick: () => pick(k, l), onkeydown: onKey(k, l),
      onpointerenter: () => onHover(k, l) });
    kit.keepKeys(button);
    return button;
  }));
  const head = kit.h("tr", { role: "row" }, kit.h("th", { text: "k" }), ...lrs.map((lr) => kit.h("th", { scope: "col", text: String(lr) })));
  const rows = ks.map((k, i) => kit.h("tr", { role: "row" }, kit.h("th", { scope: "row", text: String(k) }),
    ...buttons[i].map((button) => kit.h("td", { role: "presentation" }, button))));
  const el = kit.h("table", { class: "gx-map", role: "grid" }, head, ...rows);
  const set = (values, most, best, chosen, words) => buttons.forEach((row, k) => row.forEach((button, l) => {
    button.textContent = kit.fixed(values[k][l]);
    button.style.setProperty("--shade", `${(45 * Math.min(1, values[k][l] / most)).toFixed(1)}%`);
    button.toggleAttribute("data-best", best[k] === l);
    const on = chosen[0] === k && chosen[1] === l;
    button.setAttribute("aria-selected", on);
    button.tabIndex = on ? 0 : -1;
    button.setAttribute("aria-label", words(k, l));
  }));
  return { el, set };
}

function render({ model, el }) {
  const axes = model.get("axes"), { ks, lrs, floor, name, unit, most, seeds } = axes;
  const ui = kit.mount({ model, el, title: "What does k buy?" });
  const numbers = sweepNumbers(axes, new Float32Array(kit.bytes(model.get("quality"))));
  const dashes = ["dash", "dot", "dashdot", "solid"];

  // ---- figures: the same curves over two axes
  const figure = (x, label, end) => {
    const p = plot({ label: `${name} against ${label}`, x: { domain: [0, end], label, format: count }, y: { domain: [0, 1], label: `${name} (${unit}), less is better` }, height: 230 });
    const ground = p.area({ color: "data", opacity: 0.22, label: "real against real" });
    const band = p.area({ color: "generated", opacity: 0.16, label: `5 to 95 % of ${seeds} seeds` });
    const lines = ks.map((k, i) => p.line({ color: i < 4 ? "muted" : "ink", dash: dashes[i % 4], width: i < 4 ? 1.3 : 1, label: `k = ${k}` }));
    const front = ks.map((k) => p.line({ color: "generated", width: 3, label: `k = ${k}` }));
    const rule = p.rule({ x: true, color: "ink" });
    ground.set([0, end, end, 0], [floor[1], floor[1], floor[0], floor[0]], floor[0]);
    return { p, x, band, lines, front, rule };
  };
  const curves = [figure(numbers.evaluations, "gradient evaluations, k + 1 a step", Math.max(...numbers.evaluations.map((row) => row.at(-1)))),
    figure(axes.steps, "steps of G", Math.max(...axes.steps.map((row) => row.at(-1))))];

  // ---- controls
  const write = (changes, sync = true) => { kit.set(model, changes, sync); redraw(); };
  const kNow = () => ks.indexOf(model.get("k"));
  const rateOf = (k) => (model.get("lr") === null ? numbers.best(numbers.map(model.get("budget"))[k]) : lrs.indexOf(model.get("lr")));
  const words = (k, l, t) => {
    const [low, median, high] = numbers.at(k, l, t);
    return `k = ${ks[k]}, learning rate ${lrs[l]}, after ${count(numbers.evaluations[k][t])} gradient evaluations (${count(axes.steps[k][t])} steps of G): `
      + `median ${kit.fixed(median)}, 5 to 95 % ${kit.fixed(low)} to ${kit.fixed(high)}.`;
  };
  const inCell = (k, l) => words(k, l, numbers.look(k, model.get("budget")));
  const grid = mapOf({ ks, lrs, onPick: ui.guard((k, l) => write({ k: ks[k], lr: lrs[l] })), onHover: (k, l) => ui.say(inCell(k, l)) });
  const chooseK = kit.choice({ label: "k in front", options: ks.map((k) => [k, String(k)]), value: model.get("k"), onChange: ui.guard((k) => write({ k })) });
  const chooseRate = kit.select({ label: "learning rate", options: [[null, "the best for each k"], ...lrs.map((lr) => [lr, String(lr)])],
    value: model.get("lr"), onChange: ui.guard((lr) => write({ lr })) });
  const budget = kit.slider({ label: "budget", min: 0, max: most, step: Math.max(1, Math.round(most / (axes.steps[0].length - 1))), value: model.get("budget"), format: count,
    hint: "gradient evaluations at which the map is read",
    onInput: ui.guard((v) => write({ budget: v }, false)), onChange: ui.guard((v) => write({ budget: v })) });
  const outs = { median: kit.readout({ label: `median ${name}`, color: "generated" }), low: kit.readout({ label: "5 % of the seeds" }),
    high: kit.readout({ label: "95 % of the seeds" }), lr: kit.readout({ label: "learning rate" }), steps: kit.readout({ label: "steps of G" }) };
  const title = kit.h("div", { class: "gx-heading" });
  ui.body.append(kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, ...curves.map((c) => c.p.el)),
    kit.h("div", { class: "gx-controls" }, kit.row(kit.h("span", { class: "gx-name", text: "k in front" }), chooseK.el), kit.row(chooseRate.el), budget.el,
      kit.row(...Object.values(outs).map((out) => out.el)), title, grid.el,
      kit.h("p", { class: "gx-note-text", text: `Rows are k, columns learning rates. Underlined: the best for its k. Real against real reads ${kit.fixed(floor[0])} to ${kit.fixed(floor[1])}: `
        + "that is the floor, not 0." }))));

  // the pointer reads a curve wherever it is
  for (const { p, x } of curves)
    p.svg.addEventListener("pointermove", ui.guard((e) => {
      if (!p.ready) return;
      const at = p.ux(e.clientX - p.svg.getBoundingClientRect().left), row = x[kNow()];
      const t = row.reduce((found, v, i) => (Math.abs(v - at) < Math.abs(row[found] - at) ? i : found), 0);
      ui.say(words(kNow(), rateOf(kNow()), t));
    }));

  // ---- one drawing
  function drawCurves({ p, x, band, lines, front, rule }, k, rates, top) {
    p.domain({ y: [0, top] });
    ks.forEach((_, i) => {
      const median = numbers.curve(i, rates[i], 1);
      lines[i].set(x[i], median).show(i !== k);
      front[i].set(x[i], median).show(i === k);
    });
    const low = numbers.curve(k, rates[k], 0), high = numbers.curve(k, rates[k], 2);
    band.set([...x[k], ...[...x[k]].reverse()], [...high, ...[...low].reverse()], low[0]);
    rule.set(x[k][numbers.look(k, model.get("budget"))]);
  }
  const redraw = kit.latest(ui.guard(() => {
    const k = kNow(), at = model.get("budget"), table = numbers.map(at), rates = ks.map((_, i) => rateOf(i));
    const top = 1.15 * Math.max(...ks.map((_, i) => Math.max(...numbers.curve(i, rates[i], 1))));
    for (const c of curves) drawCurves(c, k, rates, top);
    const t = numbers.look(k, at), [low, median, high] = numbers.at(k, rates[k], t);
    const values = { median, low, high };
    for (const key of ["median", "low", "high"]) outs[key].set(kit.fixed(values[key], 3));
    outs.lr.set(String(lrs[rates[k]]));
    outs.steps.set(count(axes.steps[k][t]));
    title.textContent = `Median ${name} after ${count(at)} gradient evaluations`;
    grid.el.setAttribute("aria-label", title.textContent);
    grid.set(table, Math.max(...table.flat()), table.map(numbers.best), [k, rates[k]], inCell);
    chooseK.set(model.get("k"));
    chooseRate.set(model.get("lr"));
    budget.set(at);
    ui.say(words(k, rates[k], t));
  }));
  ui.watch(["k", "lr", "budget"], redraw);
  redraw();
  return ui.close;
}

export default { render };
