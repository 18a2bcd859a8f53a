// CycleExplorer: A to B to A with noise on B, beside the way back from the true B, and how often the stripes come back.
// Every way back was computed in cycle.py; here pictures are chosen, noise is added to B, and differences are shown.

const SIDE = 28, PLANE = SIDE * SIDE, CHANCE = 1 / 8;

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "There and back: what does B carry?" });
  ui.root.classList.add("gx-cycle");
  const levels = model.get("levels"), all = new Uint8Array(kit.bytes(model.get("pictures")));
  const eps = new Float32Array(kit.bytes(model.get("noise"))), shown = eps.length / PLANE;
  const strip = (k, i) => Float32Array.from(all.subarray((k * shown + i) * PLANE, (k * shown + i + 1) * PLANE), (v) => v / 127.5 - 1);
  const noisy = (image, i, size) => image.map((v, p) => Math.min(1, Math.max(-1, v + size * eps[i * PLANE + p])));
  const apart = (x, y) => x.reduce((sum, v, p) => sum + Math.abs(v - y[p]) / 2, 0) / PLANE;
  const percent = (v) => `${kit.fixed(100 * v, v > 0 && v < 0.1 ? 1 : 0)} %`;

  // ---- pictures
  const panel = (caption, color) => {
    const canvas = kit.pixels({ width: SIDE, height: SIDE, label: caption }), words = kit.h("span", { text: caption });
    return { el: kit.h("div", { class: "gx-panel", "data-gx-color": color }, words, canvas.el), show: canvas.show,
      say: (text) => canvas.label(text), caption: (text) => { words.textContent = text; } };
  };
  const A = panel("A, striped"), B = panel("B = G(A)", "generated"), again = panel("back: F(B)", "generated");
  const more = panel("B − true B"), truth = panel("the true B", "data"), other = panel("back: F(true B)", "data");
  const chart = plot({ label: "patterns that come back, against noise", height: 250, x: { domain: [0, levels[levels.length - 1]], label: "noise on B, standard deviation" },
    y: { domain: [0, 1.02], ticks: [0, 0.25, 0.5, 0.75, 1], label: `share of ${model.get("counted")} digits whose stripes come back` } });
  const lines = [chart.line({ color: "generated", dash: "dash", label: "from B = G(A)" }), chart.line({ color: "data", label: "from the true B" })];
  const chance = chart.rule({ y: true, color: "ink", dash: "dot", label: "guessing one of eight" }), here = chart.rule({ x: true });
  const dots = ["generated", "data"].map((color) => chart.points({ color, r: 4.5 }));

  // ---- controls
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const two = (name) => ({ onInput: ui.guard((v) => write({ [name]: v })), onChange: ui.guard((v) => write({ [name]: v }, true)) });
  const image = kit.slider({ label: "digit", min: 0, max: shown - 1, step: 1, format: (i) => `${i + 1} of ${shown}`, ...two("image") });
  const at = kit.slider({ label: "noise on B", min: 0, max: levels.length - 1, step: 1, format: (i) => kit.fixed(levels[i]), color: "generated",
    hint: "standard deviation of what is added to both B before the way back; pixels lie in -1 to 1", ...two("at") });
  const hidden = kit.choice({ label: "B minus true B, shown", options: [[1, "as it is"], [8, "× 8"]], value: model.get("hidden"), onChange: ui.guard((v) => write({ hidden: v }, true)) });
  const outs = [["carried", "back from B", "generated"], ["true", "back from the true B", "data"], ["error", "difference from A, by B", "generated"],
    ["error true", "by the true B", "data"]].map(([key, label, color]) => [key, kit.readout({ label, color })]);
  const out = Object.fromEntries(outs);
  ui.body.append(kit.row(...outs.map(([, o]) => o.el)), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, kit.group("A to B to A", kit.h("div", { class: "gx-strip" }, A.el, B.el, again.el)),
      kit.group("The same, from the plain digit that A was made from", kit.h("div", { class: "gx-strip" }, more.el, truth.el, other.el))),
    kit.h("div", { class: "gx-controls" }, kit.group("Which digit, and how much noise", image.el, at.el,
      kit.row(kit.h("span", { class: "gx-name", text: "B minus true B" }), hidden.el)), chart.el)));

  // ---- one drawing
  const redraw = kit.latest(ui.guard(() => {
    const [i, l, times] = ["image", "at", "hidden"].map((name) => model.get(name)), size = levels[l];
    const [a, b, t] = [0, 1, 2].map((k) => strip(k, i)), [from, fromTrue] = [0, 1].map((way) => strip(3 + 2 * l + way, i));
    const shares = ["carried", "true"].map((name) => model.get("shares")[name]), right = model.get("found")[l].map((way) => way[i]);
    const words = (yes) => (yes ? "its own stripes are back" : "not its own stripes");
    A.show(a); B.show(noisy(b, i, size)); again.show(from); truth.show(noisy(t, i, size)); other.show(fromTrue);
    more.show(b.map((v, p) => Math.min(1, Math.max(-1, times * (v - t[p])))));
    more.caption(times === 1 ? "B − true B (grey is 0)" : `B − true B, × ${times}`);
    again.caption(`F(B): ${words(right[0])}`); other.caption(`F(true B): ${words(right[1])}`);
    again.say(`What comes back from B: ${words(right[0])}`); other.say(`What comes back from the true B: ${words(right[1])}`);
    lines.forEach((line, way) => line.set(levels, shares[way]));
    dots.forEach((dot, way) => dot.set([size], [shares[way][l]]));
    chance.set(CHANCE); here.set(size);
    out.carried.set(percent(shares[0][l])); out.true.set(percent(shares[1][l]));
    out.error.set(kit.fixed(apart(from, a), 3)); out["error true"].set(kit.fixed(apart(fromTrue, a), 3));
    image.set(i); at.set(l); hidden.set(times);
    chart.describe(`Of ${model.get("counted")} digits, with noise ${kit.fixed(size)}: the stripes come back for ${percent(shares[0][l])} from B and for ${percent(shares[1][l])} from the true B.`);
    ui.say(size === 0 ? "To the eye both B are plain digits. Only one of them brings the right stripes back."
      : `The same noise lies on both B. The way back from the true B has nothing to lose: it guesses, at about one in eight.`);
  }));
  ui.watch(["image", "at", "hidden"], redraw);
  redraw();
  return ui.close;
}

export default { render };
