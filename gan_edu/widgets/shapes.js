// ShapeExplorer: a chain of convolutions as squares of pixels. What feeds the chosen pixel is shaded by how many paths
// lead there; below, how many inputs reach each pixel of one layer. Counts: shapes_counts.js.

const WATCHED = ["side", "layers", "at", "row", "column"];
const SIDE = 118, NAMES = { conv: "convolution", transposed: "transposed" };
const LEVELS = 14;

// A square of n x n cells; draw(rows, columns) shades each cell by the product, in a few steps of opacity.
function cells({ size, color, label }) {
  const svg = marks.s("svg", { class: "gx-cells", width: size, height: size, role: "img", style: `--c: var(--gx-${color})` });
  const draw = (rows, columns, words) => {
    const n = rows.length, most = Math.max(...rows) * Math.max(...columns) || 1, shades = {};
    rows.forEach((u, r) => columns.forEach((v, c) => {
      if (u * v > 0) (shades[Math.ceil((LEVELS * u * v) / most)] ??= []).push(`M${c} ${r}h1v1h-1z`);
    }));
    marks.put(svg, { viewBox: `0 0 ${n} ${n}`, "aria-label": `${label}${words}` });
    const filled = Object.entries(shades).map(([level, d]) =>
      marks.s("path", { class: "gx-area", d: d.join(""), "fill-opacity": (0.12 + (0.88 * level) / LEVELS).toFixed(3) }));
    const lattice = n > 32 || n < 2 ? "" : Array.from({ length: n - 1 }, (_, i) => `M${i + 1} 0v${n}M0 ${i + 1}h${n}`).join("");
    svg.replaceChildren(...filled, marks.s("path", { class: "gx-lattice", d: lattice }));
  };
  // a frame around one cell, where cells are too small to be found
  const frame = (n, row, column) => {
    const pad = n / 16;
    if (n > 12) svg.append(marks.s("rect", { class: "gx-aim", x: column - pad, y: row - pad, width: 1 + 2 * pad, height: 1 + 2 * pad }));
  };
  return { svg, draw, frame };
}

const wordsOf = ({ kind, kernel, stride, padding }) => `${NAMES[kind]}\nk ${kernel}, s ${stride}, p ${padding}`;

function verdictOf(layer, least, most) {
  const { kind, kernel, stride } = layer;
  if (kind === "conv") return least === most ? "Every output pixel reads as many inputs." : "Pixels at the border read fewer inputs: the rest of the kernel lies on the zeros outside.";
  if (stride === 1) return "With stride 1 the inner pixels are all reached by as many inputs.";
  if (kernel % stride === 0) return `${kernel} is a multiple of the stride ${stride}: inside, each pixel is reached by ${kernel / stride} × ${kernel / stride} inputs.`;
  return `${kernel} is no multiple of the stride ${stride}: neighbours are reached by unequal numbers of inputs. That is the checkerboard.`;
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "Which pixel comes from where" });
  ui.root.classList.add("gx-shapes");
  const presets = model.get("presets"), limits = model.get("limits"), state = () => Object.fromEntries(WATCHED.map((name) => [name, model.get(name)]));
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const here = () => Math.min(model.get("at"), model.get("layers").length - 1);
  const change = (changes, sync) => write({ layers: model.get("layers").map((one, i) => (i === here() ? { ...one, ...changes } : one)) }, sync);

  // ---- controls
  const none = "choose an example";
  const preset = kit.select({ label: "example", options: [none, ...Object.keys(presets)], value: none, onChange: ui.guard((name) => {
    if (name === none) return;
    const [side, layers] = presets[name];
    write({ side, layers, at: Math.min(1, layers.length - 1) }, true);
  }) });
  const slide = (name, label, [min, max], set) => kit.slider({ label, min, max, step: 1, format: String, onInput: ui.guard((v) => set(v, false)), onChange: ui.guard((v) => set(v, true)) });
  const side = slide("side", "input side", [1, 64], (v, sync) => write({ side: v }, sync));
  const kind = kit.choice({ label: "kind of layer", options: [["conv", "convolution"], ["transposed", "transposed"]], onChange: ui.guard((v) => change({ kind: v }, true)) });
  const numbers = Object.fromEntries(Object.entries(limits).map(([name, range]) => [name, slide(name, name, range, (v, sync) => change({ [name]: v }, sync))]));
  const add = kit.button({ label: "Add a layer", onClick: ui.guard(() => {
    const layers = model.get("layers");
    write({ layers: [...layers, { ...layers[here()] }], at: layers.length }, true);
  }) });
  const drop = kit.button({ label: "Remove it", onClick: ui.guard(() => {
    const rest = model.get("layers").filter((_, i) => i !== here());
    write({ layers: rest, at: Math.max(0, Math.min(here(), rest.length - 1)) }, true);
  }) });
  const pick = ["row", "column"].map((name) => kit.number({ label: name, min: 0, max: 127, onChange: ui.guard((v) => write({ [name]: Math.round(v) }, true)) }));
  const outs = Object.fromEntries([["output", "output side"], ["field", "receptive field in the input, side"], ["counts", "inputs to a pixel"]].map(([key, label]) => [key, kit.readout({ label })]));
  const heading = kit.h("div", { class: "gx-heading" });

  // ---- figures
  const chain = kit.h("div", { class: "gx-chain" });
  const heat = cells({ size: 190, color: "generated", label: "Inputs that reach each pixel of the chosen layer's output" });
  const bars = plot({ label: "inputs that reach each output pixel, along one row", height: 190, left: 30, x: { domain: [0, 8], ticks: 4, format: (v) => String(Math.round(v)), label: "output pixel, along a row" }, y: { domain: [0, 4], ticks: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], format: String, label: "inputs along the row" } });
  const bar = bars.bars({ color: "generated", opacity: 0.45 }), edge = bars.line({ color: "generated", width: 1.5 });
  const below = kit.h("div", { class: "gx-row" }, heat.svg, kit.h("div", { style: "flex: 1 1 240px; min-width: 200px" }, bars.el));

  function choosing(svg, n) {
    marks.put(svg, { tabindex: 0, role: "application", "aria-roledescription": "square of pixels" });
    svg.addEventListener("click", ui.guard((e) => { // after the square has got the focus, which a new square then takes over
      const box = svg.getBoundingClientRect(), at = (v, start, length) => Math.min(n - 1, Math.max(0, Math.floor(((v - start) / length) * n)));
      write({ row: at(e.clientY, box.top, box.height), column: at(e.clientX, box.left, box.width) }, true);
    }));
    svg.addEventListener("keydown", ui.guard((e) => {
      const [name, by] = { ArrowUp: ["row", -1], ArrowDown: ["row", 1], ArrowLeft: ["column", -1], ArrowRight: ["column", 1] }[e.key] ?? [];
      if (!name) return;
      e.preventDefault();
      write({ [name]: Math.min(n - 1, Math.max(0, Math.min(model.get(name), n - 1) + by)) }, true);
    }));
    kit.keepKeys(svg);
  }

  function stage(n, rows, columns, i, last) {
    const square = cells({ size: SIDE, color: i === last ? "generated" : "data", label: i === 0 ? "Input, " : `After layer ${i}, ` });
    const reach = chainOf.extent(rows);
    square.draw(rows, columns, `${n} by ${n} pixels; ${i === last ? "the chosen pixel" : `${reach} by ${chainOf.extent(columns)} of them feed the chosen pixel`}`);
    if (i === last) {
      square.frame(n, rows.indexOf(1), columns.indexOf(1));
      choosing(square.svg, n);
    }
    return kit.h("figure", { class: "gx-stage-of" }, square.svg, kit.h("figcaption", { text: `${n} × ${n}` }));
  }

  function layerButton(layer, i) {
    const { el } = kit.button({ label: wordsOf(layer), hint: `layer ${i + 1}: choose it to change it`, onClick: ui.guard(() => write({ at: i }, true)) });
    el.setAttribute("aria-pressed", String(i === here()));
    el.setAttribute("aria-label", `layer ${i + 1}, ${wordsOf(layer).replace("\n", ", ")}`);
    return el;
  }

  const redraw = kit.latest(ui.guard(() => {
    const { side: start, layers, row, column } = state(), at = here(), all = chainOf.sides(start, layers);
    const known = all.filter((n) => n !== null), last = known.length - 1;
    const [rows, columns] = [row, column].map((v) => chainOf.paths(start, layers, v));
    const held = chain.getRootNode().activeElement, button = [...chain.querySelectorAll("button")].indexOf(held);
    const square = chain.contains(held) && held.matches("svg");
    chain.replaceChildren(...known.flatMap((n, i) => [...(i ? [layerButton(layers[i - 1], i - 1)] : []), stage(n, rows[i], columns[i], i, last)]),
      ...(last < layers.length ? layers.slice(last).map((layer, i) => layerButton(layer, last + i)) : []));
    (square ? chain.querySelector("svg[tabindex]") : chain.querySelectorAll("button")[button])?.focus(); // new nodes: the keys stay where they were
    const whole = all[layers.length] !== null, counts = all[at + 1] === null ? null : chainOf.overlaps(all[at], layers[at]);
    outs.output.set(whole ? String(all[layers.length]) : "none");
    outs.field.set(whole ? String(Math.max(chainOf.extent(rows[0]), chainOf.extent(columns[0]))) : "none");
    below.hidden = counts === null;
    const ends = counts && [Math.min(...counts) ** 2, Math.max(...counts) ** 2];
    outs.counts.set(!counts ? "none" : ends[0] === ends[1] ? String(ends[0]) : `${ends[0]} to ${ends[1]}`);
    if (counts) {
      heat.draw(counts, counts, `: ${ends[0]} to ${ends[1]}`);
      bars.domain({ x: [0, counts.length], y: [0, Math.max(...counts) + 0.5] });
      bar.set(Array.from({ length: counts.length + 1 }, (_, i) => i), counts);
      edge.set(counts.flatMap((_, i) => [i, i + 1]), counts.flatMap((v) => [v, v]));
      bars.describe(`Inputs that reach each of the ${counts.length} output pixels of layer ${at + 1} along a row: ${counts.slice(0, 12).join(", ")}${counts.length > 12 ? ", ..." : ""}`);
    }
    const one = layers[at];
    heading.textContent = `Layer ${at + 1} of ${layers.length}`;
    side.set(start); kind.set(one.kind);
    for (const [name, control] of Object.entries(numbers)) control.set(one[name]);
    pick.forEach((control, i) => { control.input.max = known[last] - 1; control.set(Math.min([row, column][i], known[last] - 1)); });
    preset.set(Object.keys(presets).find((name) => JSON.stringify(presets[name]) === JSON.stringify([start, layers])) ?? none);
    for (const [button, other, off] of [[add.el, drop.el, layers.length >= 6], [drop.el, add.el, layers.length <= 1]]) {
      if (off && button === chain.getRootNode().activeElement) other.focus();
      button.disabled = off;
    }
    ui.say(whole ? verdictOf(one, ...ends) : `Layer ${last + 1} leaves no picture that could be drawn (1 to 128 pixels a side): change its kernel, stride or padding.`);
  }));

  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), chain, kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, kit.group("How many inputs reach each pixel of this layer's output", below)),
    kit.h("div", { class: "gx-controls" }, preset.el, side.el, kit.h("div", { class: "gx-group", role: "group", "aria-label": "The chosen layer" }, heading, kind.el, ...Object.values(numbers).map((c) => c.el), kit.row(add.el, drop.el)),
      kit.group("The chosen pixel of the last square", kit.row(...pick.map((c) => c.el))))));
  ui.watch(WATCHED, redraw);
  redraw();
  return ui.close;
}

export default { render };
