// EdgeExplorer: a board to draw an outline on, and the digit that two networks see in it.
// What does not belong here: running the networks and measuring their pictures (unet.js).

const CELLS = 14, SIDE = 28;
const WATCHED = ["cells", "mix", "noise"];

const toInput = (cells) => Float32Array.from({ length: SIDE * SIDE }, (_, i) => (cells[(i / SIDE >> 1) * CELLS + ((i % SIDE) >> 1)] === "1" ? 1 : -1));
const asCells = (cells) => Float32Array.from(cells, (sign) => (sign === "1" ? 1 : -1));

// All cells on a straight line between two cells, so that a quick hand leaves no gaps.
function between([r0, c0], [r1, c1]) {
  const n = Math.max(Math.abs(r1 - r0), Math.abs(c1 - c0), 1);
  return Array.from({ length: n + 1 }, (_, i) => [Math.round(r0 + ((r1 - r0) * i) / n), Math.round(c0 + ((c1 - c0) * i) / n)]);
}

function boardOf({ write, read, say }) {
  const canvas = kit.pixels({ width: CELLS, height: CELLS, label: "drawing board" }), el = canvas.el;
  const mark = kit.h("div", { class: "gx-cursor" });
  const at = [4, 6];
  let pen = null;
  el.setAttribute("tabindex", "0");
  el.setAttribute("role", "application");
  const place = () => { mark.style.top = `${(100 * at[0]) / CELLS}%`; mark.style.left = `${(100 * at[1]) / CELLS}%`; };
  const paint = (places, sign, sync) => {
    const cells = [...read()];
    for (const [r, c] of places) cells[r * CELLS + c] = sign;
    write({ cells: cells.join("") }, sync);
  };
  const cellAt = (e) => {
    const box = el.getBoundingClientRect();
    return [(e.clientY - box.top) / box.height, (e.clientX - box.left) / box.width].map((v) => Math.min(CELLS - 1, Math.max(0, Math.floor(v * CELLS))));
  };
  el.addEventListener("pointerdown", (e) => {
    if (e.button !== 0) return;
    const cell = cellAt(e);
    pen = { last: cell, sign: read()[cell[0] * CELLS + cell[1]] === "1" ? "0" : "1" };   // on a painted cell: rub out
    el.setPointerCapture(e.pointerId);
    paint([cell], pen.sign, false);
  });
  el.addEventListener("pointermove", (e) => {
    if (!pen) return;
    const cell = cellAt(e);
    paint(between(pen.last, cell), pen.sign, false);
    pen.last = cell;
  });
  const lift = () => { if (pen) { pen = null; write({}, true); } };
  el.addEventListener("pointerup", lift);
  el.addEventListener("pointercancel", lift);
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  el.addEventListener("keydown", (e) => {
    if (moves[e.key]) moves[e.key].forEach((d, i) => (at[i] = Math.min(CELLS - 1, Math.max(0, at[i] + d))));
    else if (e.key === " " || e.key === "Enter") paint([at], read()[at[0] * CELLS + at[1]] === "1" ? "0" : "1", true);
    else return;
    e.preventDefault();
    place();
    say(`Row ${at[0] + 1}, column ${at[1] + 1}: ${read()[at[0] * CELLS + at[1]] === "1" ? "outline" : "empty"}.`);
  });
  kit.keepKeys(el);
  place();
  return { el: kit.h("div", { class: "gx-board" }, el, mark), show: (cells) => {
    canvas.show(asCells(cells));
    canvas.label(`Drawing board of 14 by 14 cells, ${[...cells].filter((s) => s === "1").length} painted. Arrow keys move, space paints or rubs out.`);
  } };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "Draw an outline, get a digit" });
  const bytes = (name) => kit.bytes(model.get(name)), spec = model.get("spec");
  const networks = ["l1", "gan"].map((name) => unet.load(spec, bytes(`weights_${name}`), bytes(`scales_${name}`)));
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const read = () => model.get("cells");

  // ---- board and pictures
  const board = boardOf({ write: ui.guard(write), read, say: ui.say });
  const big = kit.pixels({ width: SIDE, height: SIDE, label: "the digit" });
  const small = ["L1", "GAN"].map((name) => kit.pixels({ width: SIDE, height: SIDE, label: `the digit of ${name}` }));
  const caption = (words, node) => kit.h("figure", {}, node, kit.h("figcaption", { text: words }));
  const boards = kit.h("div", { class: "gx-boards" }, caption("outline: press and draw, on a painted cell rub out", board.el), caption("the picture at this mix", big.el));

  // ---- controls
  const two = (name) => ({ onInput: ui.guard((v) => write({ [name]: v })), onChange: ui.guard((v) => write({ [name]: v }, true)) });
  const mix = kit.slider({ label: "from L1 to GAN", min: 0, max: 1, step: 0.01, value: model.get("mix"), color: "generated", hint: "the two pictures are mixed, not the weights", ...two("mix") });
  const noise = kit.number({ label: "dropout masks, no.", min: 0, max: 999, value: model.get("noise"), onChange: ui.guard((v) => write({ noise: Math.round(v) }, true)) });
  const again = kit.button({ label: "Other noise", hint: "draw other dropout masks", onClick: ui.guard(() => write({ noise: (model.get("noise") % 999) + 1 }, true)) });
  const none = kit.button({ label: "No noise", onClick: ui.guard(() => write({ noise: 0 }, true)) });
  const clear = kit.button({ label: "Clear", onClick: ui.guard(() => write({ cells: "0".repeat(CELLS * CELLS) }, true)) });
  const load = model.get("examples").map((cells, i) => kit.button({ label: String(i), hint: `load the outline of a ${i}`, onClick: ui.guard(() => write({ cells }, true)) }).el);
  const chart = plot({ label: "sharpness along the slider", height: 190, x: { domain: [0, 1], label: "from L1 to GAN" }, y: { domain: [0, 30], label: "energy above ¼ cycle a pixel, × 1,000" } });
  const line = chart.line({ color: "generated", label: "this picture" }), rule = chart.rule({ y: true, color: "data", dash: "dash", label: "real digits, mean" });
  const grip = chart.handle({ label: "mix", color: "generated", min: 0, max: 1, step: 0.01, onInput: ui.guard((v) => write({ mix: v })), onChange: ui.guard((v) => write({ mix: v }, true)) });
  const outs = Object.fromEntries([["L1", "L1 alone", "ink"], ["mix", "this picture", "generated"], ["GAN", "L1 + GAN", "ink"], ["real", "real digits", "data"]].map(([key, label, color]) => [key, kit.readout({ label, color })]));
  ui.body.append(kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, boards, kit.group("Load an outline", kit.h("div", { class: "gx-examples" }, ...load, clear.el))),
    kit.h("div", { class: "gx-controls" }, mix.el, kit.row(kit.h("div", { class: "gx-pairs" }, caption("L1 alone", small[0].el), caption("L1 + GAN", small[1].el))),
      chart.el, kit.row(...Object.values(outs).map((o) => o.el)), kit.group("Noise", kit.row(noise.el, again.el, none.el)))));

  // ---- one drawing; the networks run again only where the outline or the noise has changed
  let kept = { key: null };
  const redraw = kit.latest(ui.guard(() => {
    const [cells, t, seed] = WATCHED.map((name) => model.get(name)), key = `${cells} ${seed}`;
    if (kept.key !== key) {
      const input = toInput(cells), [a, b] = networks.map((run) => run(input, seed)), middle = a.map((v, i) => (v + b[i]) / 2);
      kept = { key, a, b, energies: [a, b, middle].map((x) => 1000 * unet.energy(x, SIDE)) };
    }
    const { a, b, energies: [ea, eb, em] } = kept, cross = 4 * em - ea - eb;       // of a mixture, energy is a square in t
    const at = (u) => (1 - u) ** 2 * ea + u * u * eb + u * (1 - u) * cross;
    const us = Array.from({ length: 41 }, (_, i) => i / 40), real = 1000 * model.get("real");
    board.show(cells);
    [a, b].forEach((x, i) => small[i].show(x));
    big.show(a.map((v, i) => (1 - t) * v + t * b[i]));
    chart.domain({ y: [0, 1.15 * Math.max(real, ea, eb, 1)] });
    line.set(us, us.map(at));
    rule.set(real);
    grip.set(t, at(t));
    const values = { L1: ea, GAN: eb, mix: at(t), real };
    for (const [name, out] of Object.entries(outs)) out.set(kit.fixed(values[name], 1));
    mix.set(t);
    noise.set(seed);
    big.label(`The picture at mix ${kit.fixed(t)}, energy in high frequencies ${kit.fixed(at(t), 1)}.`);
  }));
  ui.watch(WATCHED, redraw);
  redraw();
  return ui.close;
}

export default { render };
