// GameExplorer's panels: the lines of Algorithm 1 with the tensors that just changed, the ledger, losses and meters.
// What does not belong here: the picture (game_scene.js), the controls and the talk with Python (game.js).

const gamePanel = (() => {
  const count = (v) => Number(v).toLocaleString("en-US");
  const digits = (v) => (v >= 100 || Number.isInteger(v) ? 0 : v >= 10 ? 1 : v >= 0.1 ? 2 : v >= 0.01 ? 3 : 4);
  const short = (v) => (Number.isFinite(v) ? kit.fixed(v, digits(Math.abs(v))) : "–");

  function algorithm(lines) {
    const items = lines.map(([key, text]) => ({ key, el: kit.h("li", { text }) }));
    const part = (player) => items.filter(({ key }) => (player === "D") === (key === "x" || key.endsWith("_D")));
    const head = kit.h("span", { text: "k times:" });
    const el = kit.h("div", { class: "gx-lines" }, kit.h("div", { class: "gx-loop" }, head),
      kit.h("ol", {}, ...part("D").map(({ el: item }) => item)), kit.h("div", { class: "gx-loop", text: "then once:" }),
      kit.h("ol", { start: 5 }, ...part("G").map(({ el: item }) => item)));
    return { el, draw: (line, k) => {
      head.textContent = k === 1 ? "once (k = 1):" : `${k} times (k = ${k}):`;
      for (const item of items) {
        item.el.toggleAttribute("data-gx-now", item.key === line);
        if (item.key === line) item.el.setAttribute("aria-current", "step");
        else item.el.removeAttribute("aria-current");
      }
    } };
  }

  function tensors() {
    const body = kit.h("tbody");
    const head = ["tensor", "shape", "what it holds"].map((text) => kit.h("th", { scope: "col", text }));
    const el = kit.h("table", { class: "gx-tensors" }, kit.h("thead", {}, kit.h("tr", {}, ...head)), body);
    let rows = [];
    return { el, draw: (found) => {
      el.hidden = found.every(([, shape]) => shape === "");
      if (el.hidden) return;
      if (rows.length !== found.length) {
        rows = found.map(([name]) => kit.h("tr", {}, kit.h("th", { scope: "row", text: name }), kit.h("td"), kit.h("td")));
        body.replaceChildren(...rows);
      }
      found.forEach(([, shape, words, changed], i) => {
        rows[i].children[1].textContent = shape;
        rows[i].children[2].textContent = words;
        rows[i].toggleAttribute("data-gx-now", changed);
      });
    } };
  }

  function ledger() {
    const names = [["G_steps", "steps of G"], ["D_steps", "steps of D"], ["minibatches", "fresh real minibatches"],
      ["gradients", "gradient evaluations"]];
    const outs = names.map(([key, label]) => [key, kit.readout({ label })]);
    return { el: kit.row(...outs.map(([, out]) => out.el)), draw: (found) => {
      for (const [key, out] of outs) out.set(count(found[key]));
    } };
  }

  // Of a table (n rows of `width` numbers, row by row) one column.
  const column = (table, width, i) => Float32Array.from({ length: table.length / width }, (_, row) => table[row * width + i]);
  function around(values, low, high) {
    const seen = Array.from(values).filter(Number.isFinite);
    const a = Math.min(low, ...seen), b = Math.max(high, ...seen), pad = 0.06 * (b - a || 1);
    return [a - pad, b + pad];
  }

  function losses() {
    const p = plot({ label: "losses over training", x: { domain: [0, 10] }, y: { domain: [0, 2] }, height: 150 });
    const marks = [p.line({ color: "discriminator", dash: "dot", width: 2.5, label: "loss of D" }),
      p.line({ color: "generated", dash: "dash", label: "loss of G" })];
    return { el: p.el, draw: (now, table) => {
      const steps = column(table, 3, 0), values = [1, 2].map((i) => column(table, 3, i));
      p.x.domain = [0, Math.max(10, now.ledger.G_steps)];
      p.domain({ y: around([...values[0], ...values[1]], 0, 1) });
      marks.forEach((mark, i) => mark.set(steps, values[i]));
      p.describe(`losses over ${count(now.ledger.G_steps)} steps: of D ${short(now.losses.D)}, of G ${short(now.losses.G)}`);
    } };
  }

  function meters(names) {
    const each = Object.entries(names).map(([key, [label, unit, better]], i) => {
      const p = plot({ label, x: { domain: [0, 10], ticks: 3 }, y: { domain: [0, 1], ticks: 2 }, height: 96, left: 40 });
      const floor = p.area({ color: "data", opacity: 0.3 }), curve = p.line({ color: "generated", width: 1.8 });
      const dot = p.points({ color: "generated", r: 3.5 });
      const value = kit.h("b"), real = kit.h("span", { class: "gx-end" });
      const title = kit.h("div", { class: "gx-meter-title", title: `${unit}; ${better} is better` }, kit.h("span", { text: label }), value, real);
      return { key, i, p, floor, curve, dot, value, real, label, el: kit.h("div", { class: "gx-meter" }, title, p.el) };
    });
    const draw = (now, table) => {
      const width = each.length + 1, steps = column(table, width, 0), last = 1.02 * Math.max(10, now.ledger.G_steps);
      for (const { key, i, p, floor, curve, dot, value, real, label } of each) {
        const ys = column(table, width, i + 1), [low, high] = now.floors[key], reading = now.readings[key];
        value.textContent = short(reading);
        real.textContent = low === high ? `real data: ${short(low)}` : `real data: ${short(low)} to ${short(high)}`;
        p.x.domain = [0, last];
        const [a, b] = around(ys, Math.min(0, low), high), thin = 0.01 * (b - a); // a floor of no height is still seen
        p.domain({ y: [a, b] });
        floor.set([0, last], [high + thin, high + thin], low - thin);
        curve.set(steps, ys);
        dot.set(steps.slice(-1), ys.slice(-1));
        p.describe(`${label} now ${short(reading)}; ${real.textContent}`);
      }
    };
    return { el: kit.h("div", { class: "gx-meters" }, ...each.map(({ el }) => el)), draw };
  }

  return { algorithm, tensors, ledger, losses, meters, count, short };
})();
