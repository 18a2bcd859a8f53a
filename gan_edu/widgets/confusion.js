// ConfusionExplorer: the matrix of ordered against recognised as a table of buttons, the pictures of one cell, and for
// every ordered class the share that is recognised, with its interval. Counts and intervals are confusion.py's.

const percent = (p, digits = 1) => `${kit.fixed(100 * p, digits)} %`;

// The pictures of a cell lie one behind the other in one array of bytes, cell by cell.
function picturesOf(model) {
  const kept = model.get("kept").flat(), shape = model.get("shape"), n = model.get("counts").length;
  const size = shape.reduce((a, b) => a * b, 1), bytes = new Uint8Array(kit.bytes(model.get("pictures")));
  const starts = kept.map((_, i) => kept.slice(0, i).reduce((a, b) => a + b, 0));
  return (row, column) => {
    const cell = row * n + column;
    return Array.from({ length: kept[cell] }, (_, i) => {
      const at = (starts[cell] + i) * size;
      return Float32Array.from(bytes.subarray(at, at + size), (v) => v / 127.5 - 1);
    });
  };
}

// A table of buttons; Tab reaches the chosen cell, arrow keys go on from there.
function matrixOf({ counts, chosen, choose }) {
  const n = counts.length, head = (tag, c, scope) => kit.h(tag, { scope, text: String(c) });
  const sums = counts.map((row) => row.reduce((a, b) => a + b, 0));
  const cells = counts.map((row, i) => row.map((count, j) => {
    const share = sums[i] ? count / sums[i] : 0;
    const button = kit.h("button", { type: "button", text: String(count), "data-gx-empty": count === 0, "aria-label": `ordered ${i}, read as ${j}: ${count}`,
      style: `--share: ${Math.sqrt(share).toFixed(3)}; --c: var(--gx-${i === j ? "data" : "generated"})` });
    button.addEventListener("click", () => choose(i, j));
    return button;
  }));
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const el = kit.h("table", { class: "gx-matrix" }, kit.h("caption", { text: "a row for each order, a column for what it is read as" }),
    kit.h("thead", {}, kit.h("tr", {}, kit.h("td"), ...counts.map((_, c) => head("th", c, "col")))),
    kit.h("tbody", {}, ...cells.map((row, i) => kit.h("tr", {}, head("th", i, "row"), ...row.map((button) => kit.h("td", {}, button))))));
  el.addEventListener("keydown", (e) => {
    if (!moves[e.key]) return;
    e.preventDefault();
    const [i, j] = chosen().map((v, k) => Math.min(n - 1, Math.max(0, v + moves[e.key][k])));
    choose(i, j);
    cells[i][j].focus();
  });
  kit.keepKeys(el);
  return { el, set: (row, column) => {
    cells.forEach((line, i) => line.forEach((button, j) => {
      const here = i === row && j === column;
      button.setAttribute("aria-pressed", here);
      button.tabIndex = here ? 0 : -1;
    }));
  } };
}

function sharesFigure({ counts, intervals, total }) {
  const known = counts.map((row, i) => ({ i, share: row[i] / row.reduce((a, b) => a + b, 0), interval: intervals[i][i] })).filter((one) => one.interval);
  const low = Math.min(...known.map((one) => one.interval[0])), floor = Math.max(0, Math.floor(20 * low - 0.2) / 20);
  const p = plot({ label: "share recognised as ordered, by digit", height: 190, x: { domain: [-0.5, counts.length - 0.5], ticks: counts.map((_, c) => c), format: String, label: "ordered" },
    y: { domain: [floor, 1], label: "share recognised as ordered", format: (v) => percent(v, 1 - floor < 0.2 ? 1 : 0) } });
  const bars = known.map(({ i, interval }) => p.line({ color: "data", width: 2 }).set([i, i], interval));
  p.points({ color: "data", r: 4, label: "with its 95 % interval" }).set(known.map((one) => one.i), known.map((one) => one.share));
  p.rule({ y: true, dash: "dash", label: "all digits" }).set(total[0] / total[1]);
  p.describe(`Share recognised as ordered: ${known.map(({ i, share, interval }) => `${i}: ${percent(share)}, from ${percent(interval[0])} to ${percent(interval[1])}`).join("; ")}.`);
  return { el: p.el, set: (row) => bars.forEach((bar, k) => bar.node.setAttribute("stroke-width", known[k].i === row ? 5 : 2)) };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "Ordered and recognised" });
  ui.root.classList.add("gx-confusion");
  const counts = model.get("counts"), intervals = model.get("intervals"), total = model.get("total"), shape = model.get("shape");
  const pictures = picturesOf(model), sum = (values) => values.reduce((a, b) => a + b, 0);
  const choose = ui.guard((row, column) => { kit.set(model, { row, column }, true); draw(); });
  const matrix = matrixOf({ counts, chosen: () => [model.get("row"), model.get("column")], choose }), shares = sharesFigure({ counts, intervals, total });
  const outs = Object.fromEntries([["right", "recognised as ordered", "data"], ["cell", "this cell", "ink"], ["share", "share of its row", "ink"], ["strangers", "in its column, ordered otherwise", "generated"]]
    .map(([key, label, color]) => [key, kit.readout({ label, color })]));
  const heading = kit.h("div", { class: "gx-heading" }), gallery = kit.h("div", { class: "gx-gallery" });
  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" }, kit.h("div", { class: "gx-stage" }, matrix.el),
    kit.h("div", { class: "gx-controls" }, kit.h("div", { class: "gx-group", hidden: shape.length === 0 }, heading, gallery), shares.el)));
  outs.right.set(`${percent(total[0] / total[1], 2)} [${kit.fixed(100 * total[2], 2)}, ${kit.fixed(100 * total[3], 2)}]`);

  const draw = kit.latest(ui.guard(() => {
    const row = model.get("row"), column = model.get("column"), count = counts[row][column], ordered = sum(counts[row]);
    const seen = sum(counts.map((line) => line[column])), interval = intervals[row][column], shown = pictures(row, column);
    matrix.set(row, column);
    shares.set(row);
    outs.cell.set(`${count} of ${ordered}`);
    outs.share.set(interval ? `${percent(count / ordered)} [${kit.fixed(100 * interval[0], 1)}, ${kit.fixed(100 * interval[1], 1)}]` : "nothing ordered");
    outs.strangers.set(`${seen - counts[column][column]} of ${seen}`);
    heading.textContent = `Ordered ${row}, read as ${column}${shown.length < count && shown.length ? `: the first ${shown.length}` : ""}`;
    gallery.replaceChildren(...shown.map((values, i) => {
      const canvas = kit.pixels({ width: shape[2], height: shape[1], channels: shape[0], label: `picture ${i + 1}, ordered ${row}, read as ${column}` });
      canvas.show(values);
      return canvas.el;
    }));
    ui.say(row === column ? `${count} of ${ordered} ordered ${row} are read as ${row}.` : count ? `${count} of ${ordered} ordered ${row} are read as ${column}. Who is wrong here, G or the reader?`
      : `No ordered ${row} is read as ${column}.`);
  }));
  ui.watch(["row", "column"], draw);
  draw();
  return ui.close;
}

export default { render };
