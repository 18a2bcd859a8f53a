// LensExplorer: the same small digit enlarged in several ways, a lens over all of them, PSNR against sharpness.
// PSNR and sharpness of the chosen digit are computed here; lens.py computes them with gan_edu.metrics_images.

const SIDE = 28, SMALL = 7;
const WATCHED = ["which", "x", "y"];
const COLORS = { nearest: "muted", bicubic: "ink", l2: "data", gan: "generated" };

const unitOf = (greys) => Float32Array.from(greys, (v) => v / 127.5 - 1);

function psnr(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return 10 * Math.log10(4 / (sum / a.length));
}

const crop = (image, x, y, n) => Float32Array.from({ length: n * n }, (_, i) => image[(y + Math.floor(i / n)) * SIDE + x + (i % n)]);

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "What is under the lens?" });
  const names = model.get("names"), keys = ["original", ...Object.keys(COLORS)], lens = model.get("lens"), known = model.get("known");
  const greys = new Uint8Array(kit.bytes(model.get("pixels"))), seeds = new Uint8Array(kit.bytes(model.get("small")));
  const count = seeds.length / (SMALL * SMALL), area = SIDE * SIDE;
  const imageOf = (i, k) => unitOf(greys.subarray((i * keys.length + k) * area, (i * keys.length + k + 1) * area));
  const most = SIDE - lens, inside = (v) => Math.min(most, Math.max(0, Math.round(v)));
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };

  // ---- pictures
  const input = kit.pixels({ width: SMALL, height: SMALL, label: "the input, 7 by 7 pixels" });
  const ways = keys.map((key) => {
    const whole = kit.pixels({ width: SIDE, height: SIDE, label: names[key] }), part = kit.pixels({ width: lens, height: lens, label: `${names[key]}, under the lens` });
    const frame = kit.h("div", { class: "gx-frame" }), box = kit.h("div", { class: "gx-lensed" }, whole.el, frame), caption = kit.h("figcaption");
    const look = (sync) => ui.guard((e) => {
      const r = box.getBoundingClientRect(), to = (at, from, size) => inside(((at - from) / size) * SIDE - lens / 2);
      write({ x: to(e.clientX, r.left, r.width), y: to(e.clientY, r.top, r.height) }, sync);
    });
    box.addEventListener("pointermove", look(false));
    box.addEventListener("pointerdown", look(true));
    return { key, whole, part, frame, caption, el: kit.h("figure", {}, box, part.el, caption) };
  });
  const first = kit.h("figure", {}, input.el, kit.h("figcaption", { text: "input: 7 × 7 means of 4 × 4 pixels" }));

  // ---- controls and figure
  const two = (name) => ({ onInput: ui.guard((v) => write({ [name]: v })), onChange: ui.guard((v) => write({ [name]: v }, true)) });
  const which = kit.slider({ label: "digit", min: 0, max: count - 1, step: 1, value: model.get("which"), format: (v) => `${v + 1} of ${count}`, ...two("which") });
  const across = kit.slider({ label: "lens, across", min: 0, max: most, step: 1, value: model.get("x"), format: (v) => String(v), ...two("x") });
  const down = kit.slider({ label: "lens, down", min: 0, max: most, step: 1, value: model.get("y"), format: (v) => String(v), ...two("y") });
  const chart = plot({ label: "PSNR against sharpness", height: 300, x: { domain: [0, 1.2], label: "sharpness: energy in high frequencies, real digits = 1" }, y: { domain: [12, 24], label: "PSNR, dB" } });
  const rule = chart.rule({ x: true, color: "muted", dash: "dot", label: "as sharp as real digits" });
  const all = Object.fromEntries(Object.keys(COLORS).map((key) => [key, { dot: chart.points({ color: COLORS[key], r: 6, label: names[key] }), text: chart.text({ color: COLORS[key], dx: 9, dy: 4 }), own: chart.points({ color: COLORS[key], r: 3 }) }]));
  ui.body.append(kit.h("div", { class: "gx-ways" }, first, ...ways.map((way) => way.el)), kit.h("div", { class: "gx-columns" }, kit.h("div", { class: "gx-stage" }, chart.el),
    kit.h("div", { class: "gx-controls" }, which.el, across.el, down.el,
      kit.h("p", { class: "gx-note-text", text: Object.keys(known).length ? "Large dots: means over MNIST's 10,000 test images. Small dots: the digit above." : "Dots: the digit above." }))));

  // ---- one drawing
  const redraw = kit.latest(ui.guard(() => {
    const [i, x, y] = WATCHED.map((name) => model.get(name)), images = keys.map((_, k) => imageOf(i, k)), right = images[0], energy = images.map((image) => unet.energy(image, SIDE));
    input.show(unitOf(seeds.subarray(i * SMALL * SMALL, (i + 1) * SMALL * SMALL)));
    const found = {};
    ways.forEach((way, k) => {
      way.whole.show(images[k]);
      way.part.show(crop(images[k], x, y, lens));
      Object.assign(way.frame.style, { left: `${(100 * x) / SIDE}%`, top: `${(100 * y) / SIDE}%`, width: `${(100 * lens) / SIDE}%`, height: `${(100 * lens) / SIDE}%` });
      found[way.key] = { psnr: psnr(images[k], right), lens: psnr(crop(images[k], x, y, lens), crop(right, x, y, lens)), sharpness: energy[k] / energy[0] };
      const words = (v) => (Number.isFinite(v) ? `${kit.fixed(v, 1)} dB` : "exact");
      way.caption.textContent = k ? `${names[way.key]}: ${words(found[way.key].psnr)}, under the lens ${words(found[way.key].lens)}` : names[way.key];
    });
    const own = Object.keys(all).map((key) => found[key]), shown = [...own, ...Object.values(known)], widest = Math.max(1, ...shown.map((v) => v.sharpness));
    chart.domain({ x: [-0.06 * widest, 1.3 * widest], y: [Math.min(12, ...shown.map((v) => v.psnr - 1)), Math.max(24, ...shown.map((v) => v.psnr + 1))] });
    rule.set(1);
    for (const [key, { dot, text, own: mine }] of Object.entries(all)) {
      mine.set([found[key].sharpness], [found[key].psnr]);
      const at = known[key] ?? found[key];
      dot.set([at.sharpness], [at.psnr]);
      text.set(at.sharpness, at.psnr, names[key]);
    }
    which.set(i);
    across.set(x);
    down.set(y);
    const best = Object.keys(all).reduce((a, b) => (found[a].psnr >= found[b].psnr ? a : b)), sharp = Object.keys(all).reduce((a, b) => (Math.abs(found[a].sharpness - 1) <= Math.abs(found[b].sharpness - 1) ? a : b));
    ui.say(`Digit ${i + 1}: highest PSNR ${names[best]} (${kit.fixed(found[best].psnr, 1)} dB); nearest to the sharpness of the original ${names[sharp]} (${kit.fixed(found[sharp].sharpness)}).`);
  }));
  ui.watch(WATCHED, redraw);
  redraw();
  return ui.close;
}

export default { render };
