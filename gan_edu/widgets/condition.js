// ConditionExplorer: ten digits of one z, the ordered one large with what the classifier reads, and the way to another order.
// What does not belong here: how the networks are run (places.js, net.js), points of z (noise.js), figures (plot.js).
// condition.py computes the same with torch.

const SIDE = 28, DIGITS = Array.from({ length: 10 }, (_, c) => c);
const rowsOf = (buffer, columns) => {
  const all = new Float32Array(kit.bytes(buffer));
  return Array.from({ length: all.length / columns }, (_, i) => all.subarray(i * columns, (i + 1) * columns));
};
const percent = (p) => `${kit.fixed(100 * p, p > 0.0995 && p < 0.9995 ? 0 : 1)} %`;
const best = (p) => p.reduce((top, v, c) => (v > p[top] ? c : top), 0);

// Both networks: image(z, y) for a row y of ten shares, read(image) for ten probabilities.
function players(model) {
  const spec = model.get("spec"), G = places.load(spec.G, kit.bytes(model.get("weights_g")));
  const C = places.load(spec.C, kit.bytes(model.get("weights_c"))), input = new Float32Array(spec.G.inputs);
  return {
    image: (z, y) => {
      input.set(z);
      input.set(y, spec.latent_dim);
      return G.forward(input);
    },
    read: (image) => {
      const logits = C.forward(image), top = Math.max(...logits), e = Array.from(logits, (v) => Math.exp(v - top));
      const sum = e.reduce((a, b) => a + b);
      return e.map((v) => v / sum);
    },
  };
}

// Work that may wait, in slices of a frame: step() does a piece and says whether there is more. Returns how to wake it.
function slices(ui, step) {
  let asleep = true, open = true;
  ui.later(() => { open = false; });
  const slice = ui.guard(() => {
    asleep = true;
    for (const until = performance.now() + 8; open && performance.now() < until; ) if (!step()) return;
    if (open) wake();
  });
  const wake = () => {
    if (asleep) requestAnimationFrame(slice);
    asleep = false;
  };
  return wake;
}

// Ten pictures to choose from: radio buttons, so that one Tab reaches them and arrow keys go from digit to digit.
function ordersOf({ ui, choose }) {
  const name = kit.unique("order");
  const tiles = DIGITS.map((c) => {
    const input = kit.h("input", { type: "radio", name, "aria-label": `order ${c}` });
    const canvas = kit.pixels({ width: SIDE, height: SIDE, label: `the ${c} of this z` }), words = kit.h("span", { text: String(c) });
    canvas.el.setAttribute("aria-hidden", "true");
    input.addEventListener("change", ui.guard(() => choose(c)));
    kit.keepKeys(input);
    return { input, canvas, words, el: kit.h("label", {}, input, canvas.el, words) };
  });
  return {
    el: kit.h("div", { class: "gx-orders", role: "radiogroup", "aria-label": "ordered digit" }, ...tiles.map((tile) => tile.el)),
    show: (c, image) => tiles[c].canvas.show(image),
    read: (c, found) => {
      const { input, words } = tiles[c], missed = found !== null && found !== c;
      words.textContent = missed ? `${c}, read as ${found}` : String(c);
      words.toggleAttribute("data-gx-missed", missed);
      input.setAttribute("aria-label", found === null ? `order ${c}` : `order ${c}; read as ${found}`);
    },
    set: (c) => { tiles[c].input.checked = true; },
  };
}

function readingFigure() {
  const p = plot({ label: "what the classifier reads", height: 170, left: 34, x: { domain: [-0.6, 9.6], ticks: DIGITS, format: String, label: "read as" },
    y: { domain: [0, 1], ticks: [0, 0.5, 1], label: "probability" } });
  const bars = p.bars({ color: "discriminator", opacity: 0.75 });
  return { el: p.el, draw: (p10) => {
    bars.set(DIGITS.flatMap((c) => [c - 0.38, c + 0.38]).concat(10), DIGITS.flatMap((c) => [p10[c], 0]));
    p.describe(`What the classifier reads: ${DIGITS.filter((c) => p10[c] >= 0.01).map((c) => `${c} with ${percent(p10[c])}`).join(", ")}.`);
  } };
}

function pathFigure({ ui, stops, move }) {
  const p = plot({ label: "readings from one order to the other", height: 190, x: { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], label: "t, share of the other order" },
    y: { domain: [0, 1], ticks: [0, 0.5, 1], label: "probability of being read as" } });
  const lines = [p.line({ color: "generated", label: "the digit" }), p.line({ color: "data", dash: "dash", label: "the other" }),
    p.line({ color: "muted", dash: "dot", label: "any third digit" })];
  const here = p.rule({ x: true, color: "ink" }), ts = Array.from({ length: stops }, (_, i) => i / (stops - 1));
  const strip = kit.pixels({ width: SIDE * ((stops + 1) / 2), height: SIDE, label: "pictures from one order to the other" });
  p.svg.addEventListener("pointerdown", (e) => {
    if (e.button === 0) move(Math.min(1, Math.max(0, p.ux(e.clientX - p.svg.getBoundingClientRect().left))));
  });
  return { el: kit.h("div", { class: "gx-group" }, p.el, kit.h("div", { class: "gx-strip" }, strip.el)), ts,
    tile: (i, image) => { if (i % 2 === 0) strip.tile(image, (i / 2) * SIDE, 0, SIDE, SIDE); },
    at: (t) => here.set(t),
    draw: (found, a, b) => {
      const third = found.map((q) => 1 - q[a] - (a === b ? 0 : q[b]));
      lines[0].set(ts, found.map((q) => q[a]));
      lines[1].set(ts, found.map((q) => q[b])).show(a !== b);
      lines[2].set(ts, third);
      p.describe(`From order ${a} to order ${b}: ${ts.map((t, i) => [t, best(found[i])]).filter(([, c], i, all) => i === 0 || c !== all[i - 1][1])
        .map(([t, c]) => `read as ${c} from ${kit.fixed(t)} on`).join(", ")}.`);
    } };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "One z, ten orders" });
  ui.root.classList.add("gx-condition");
  const spec = model.get("spec"), { image, read } = players(model);
  const axes = rowsOf(model.get("axes"), spec.latent_dim), bank = rowsOf(model.get("bank"), spec.latent_dim);
  const write = (changes, sync = false) => { kit.set(model, changes, sync); draw(); };
  const unit = (c) => DIGITS.map((d) => (d === c ? 1 : 0));
  const mixed = (t) => noise.lerp(unit(model.get("digit")), unit(model.get("other")), t);

  // ---- parts
  const orders = ordersOf({ ui, choose: (digit) => write({ digit, t: 0 }, true) });
  const large = kit.pixels({ width: SIDE, height: SIDE, label: "the ordered picture" }), reading = readingFigure();
  const path = pathFigure({ ui, stops: spec.stops, move: ui.guard((t) => write({ t: Math.round(100 * t) / 100 }, true)) });
  const outs = Object.fromEntries([["order", "ordered", "generated"], ["read", "read as", "discriminator"], ["obeyed", "of the ten, read as ordered", "ink"]]
    .map(([key, label, color]) => [key, kit.readout({ label, color })]));
  const sliders = axes.map((axis, i) => kit.slider({ label: `direction ${i + 1}`, min: -spec.reach, max: spec.reach, step: 0.05, origin: 0,
    hint: "where z stands along this direction, in standard deviations of the noise",
    onInput: ui.guard((v) => write({ z: noise.along(model.get("z"), axis, v - noise.dot(model.get("z"), axis)) })), onChange: ui.guard(() => write({}, true)) }));
  const fresh = kit.button({ label: "New z", hint: "another z, the same for all ten digits", onClick: ui.guard(() => {
    const seed = model.get("seed") + 1, i = (seed - spec.first_seed) % bank.length;
    write({ seed, z: Array.from(bank[(i + bank.length) % bank.length]) }, true);
  }) });
  const other = kit.select({ label: "towards", options: DIGITS.map((c) => [c, String(c)]), value: model.get("other"), onChange: ui.guard((v) => write({ other: v }, true)) });
  const t = kit.slider({ label: "t", min: 0, max: 1, step: 0.01, color: "data", hint: "y = (1 − t) · digit + t · other: an order that no training image had",
    onInput: ui.guard((v) => write({ t: v })), onChange: ui.guard((v) => write({ t: v }, true)) });
  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, kit.group("Order a digit", orders.el), kit.group("Move the z that all ten share", ...sliders.map((s) => s.el), kit.row(fresh.el))),
    kit.h("div", { class: "gx-controls" }, kit.h("div", { class: "gx-large" }, large.el, reading.el),
      kit.group("Between two orders", kit.row(other.el), t.el, path.el))));

  // ---- what follows the hand a little later: the ten in turn, each with the newest z, then their readings, then the way
  const made = DIGITS.map(() => null), shown = DIGITS.map(() => null);
  let at = {}, next = 0, reads = [], found = [];
  const later = slices(ui, () => {
    const c = DIGITS.map((i) => (next + i) % 10).find((i) => shown[i] !== at.z);
    if (c !== undefined) {
      [shown[c], made[c], next] = [at.z, image(at.z, unit(c)), c + 1];
      orders.show(c, made[c]);
    } else if (reads.length < DIGITS.length) {
      reads.push(best(read(made[reads.length])));
      orders.read(reads.length - 1, reads.at(-1));
    } else if (found.length < spec.stops) {
      const picture = image(at.z, mixed(path.ts[found.length]));
      path.tile(found.length, picture);
      found.push(read(picture));
    } else {
      outs.obeyed.set(`${reads.filter((digit, i) => digit === i).length} of 10`);
      path.draw(found, at.digit, at.other);
      ui.root.dataset.gxSettled = `${at.digit} ${at.other}`;
      return false;
    }
    return true;
  });
  const follow = (z, digit, towards) => {
    if (at.z === z && at.digit === digit && at.other === towards) return;
    if (at.z !== z) reads = [];
    [at, found] = [{ z, digit, other: towards }, []];
    ui.root.dataset.gxSettled = "";
    later();
  };

  const draw = kit.latest(ui.guard(() => {
    const z = model.get("z"), digit = model.get("digit"), share = model.get("t"), towards = model.get("other");
    const picture = image(z, mixed(share)), found = read(picture), top = best(found);
    large.show(picture);
    large.label(`Generated picture; the classifier reads ${top} with ${percent(found[top])}`);
    reading.draw(found);
    outs.order.set(share === 0 || digit === towards ? String(digit) : share === 1 ? String(towards) : `${percent(1 - share)} ${digit}, ${percent(share)} ${towards}`);
    outs.read.set(`${top} · ${percent(found[top])}`);
    orders.set(digit); other.set(towards); t.set(share); path.at(share);
    sliders.forEach((s, i) => s.set(noise.dot(z, axes[i])));
    follow(z, digit, towards);
    ui.say(share === 0 || digit === towards ? "Every picture on the left has the same z; only the order differs."
      : "An order between two digits: nobody showed G or D such a y. What comes out is what the layers make of it.");
    ui.root.gxValues = () => ({ picture: Array.from(picture), reading: found, digits: made.map((v) => Array.from(v ?? [])) });
  }));
  ui.watch(["z", "seed", "digit", "other", "t"], draw);
  draw();
  return ui.close;
}

export default { render };
