// BatchNormExplorer: one z, four pictures; only the mean and variance that BatchNorm takes differ. All in this page.
// What does not belong here: running the generator (convnet.js), where the statistics of batches come from (batchnorm.py).

const WATCHED = ["z", "company", "others", "batches", "momentum"];
const WAYS = [
  ["alone", "batch, alone", "train mode: mean and variance of this one picture"],
  ["company", "batch, in company", "train mode: mean and variance of the whole batch"],
  ["kept", "kept averages", "eval mode: averages kept from training"],
  ["restarted", "averages restarted", "eval mode: averages from 0 and 1, moved by a few batches"],
];

function pointsOf(model, dim) {
  const all = new Float32Array(kit.bytes(model.get("bank")));
  return Array.from({ length: all.length / dim }, (_, i) => all.subarray(i * dim, (i + 1) * dim));
}

// The statistics of each batch, norm by norm: (batches, 2, C) of mean and variance.
function historyOf(model, norms, batches) {
  const all = new Float32Array(kit.bytes(model.get("history")));
  let at = 0;
  return norms.map(({ mean }) => {
    const channels = mean.length, seen = all.subarray(at, (at += batches * 2 * channels));
    return (batch, which) => seen.subarray((2 * batch + which) * channels, (2 * batch + which + 1) * channels);
  });
}

// Running averages from mean 0 and variance 1: each batch moves them by `momentum` of what is missing.
function restartedOf(history, norms, batches, momentum) {
  return norms.map(({ mean: kept }, i) => {
    const mean = new Float64Array(kept.length), variance = new Float64Array(kept.length).fill(1);
    for (let b = 0; b < batches; b++)
      [mean, variance].forEach((average, which) => history[i](b, which).forEach((v, c) => { average[c] += momentum * (v - average[c]); }));
    return { mean, variance };
  });
}

function render({ model, el }) {
  const spec = model.get("spec"), [channels, height, width] = spec.shape;
  const ui = kit.mount({ model, el, title: "The same z, other statistics" });
  ui.root.classList.add("gx-norms");
  const g = convnet.once(spec, model.get("weights"), model.get("norms"));
  const bank = pointsOf(model, spec.latent_dim), history = historyOf(model, g.running, spec.batches);
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };

  // ---- pictures
  const ways = Object.fromEntries(WAYS.map(([key, name, words]) => {
    const canvas = kit.pixels({ width, height, channels, label: name }), off = kit.h("span");
    return [key, { canvas, off, name, el: kit.h("figure", { class: "gx-way" }, canvas.el, kit.h("figcaption", {}, kit.h("b", { text: name }), words, kit.h("br"), off)) }];
  }));
  const crowd = kit.h("div", { class: "gx-crowd gx-group" }), heading = kit.h("div", { class: "gx-heading" });
  let sheet = null;
  const showCrowd = (pictures) => {
    const n = pictures.length, columns = 16, rows = Math.ceil(n / columns);
    if (sheet?.n !== n) {
      sheet = { n, canvas: kit.pixels({ width: columns * (width + 2) - 2, height: rows * (height + 2) - 2, channels }) };
      sheet.canvas.el.style.background = "transparent";
      crowd.replaceChildren(heading, sheet.canvas.el);
    }
    pictures.forEach((values, i) => sheet.canvas.tile(values, (i % columns) * (width + 2), Math.floor(i / columns) * (height + 2), width, height));
    heading.textContent = n === 1 ? "The batch: z by itself" : `The batch: z first, then ${n - 1} others`;
    sheet.canvas.label(`The ${n} pictures of the batch, z first`);
  };
  const scatter = plot({ label: "channel means", height: 250, x: { domain: [-1, 1], label: "kept average of the channel" }, y: { domain: [-1, 1], label: "mean of the channel, last BatchNorm" } });
  const diagonal = scatter.line({ color: "muted", width: 1, dash: "dash" });
  const dots = { alone: scatter.points({ color: "muted", r: 2.5, label: "alone" }), company: scatter.points({ color: "generated", r: 3, label: "in company" }), restarted: scatter.points({ color: "data", r: 2, label: "restarted" }) };

  // ---- controls
  const slide = (name, options) => kit.slider({ step: 1, format: String, ...options, onInput: ui.guard((v) => write({ [name]: v })), onChange: ui.guard((v) => write({ [name]: v }, true)) });
  const sliders = {
    z: slide("z", { label: "z, one of 64", min: 0, max: bank.length - 1, color: "generated" }),
    company: slide("company", { label: "companions", min: 0, max: spec.most }),
    batches: slide("batches", { label: "batches seen", min: 0, max: spec.batches, color: "data" }),
    momentum: slide("momentum", { label: "momentum", min: 0.01, max: 1, step: 0.01, format: kit.fixed, color: "data" }),
  };
  const another = kit.button({ label: "Other company", main: true, hint: "the same z among other pictures", onClick: ui.guard(() => write({ others: (model.get("others") + 5) % (spec.most + 1) }, true)) });
  const left = kit.readout({ label: "of the start left, (1 − momentum)^batches", color: "data" });

  const off = (a, b) => a.reduce((sum, v, i) => sum + Math.abs(v - b[i]), 0) / a.length / 2;
  const picture = (result) => result.stages[result.stages.length - 1];
  const redraw = kit.latest(ui.guard(() => {
    const [z, company, others, batches, momentum] = WATCHED.map((name) => model.get(name));
    const points = [z, ...Array.from({ length: company }, (_, i) => (z + 1 + others + i) % bank.length)].map((i) => bank[i]);
    const found = {
      alone: g.forward(points.slice(0, 1), { batch: true }), company: g.forward(points, { batch: true }),
      kept: g.forward(points.slice(0, 1)), restarted: g.forward(points.slice(0, 1), { running: restartedOf(history, g.running, batches, momentum) }),
    };
    const kept = picture(found.kept)[0], away = {};
    for (const [key, way] of Object.entries(ways)) {
      const values = picture(found[key])[0];
      way.canvas.show(values);
      away[key] = off(values, kept);
      way.off.textContent = key === "kept" ? "depends on z alone" : `off by ${kit.fixed(away[key], 3)} a pixel`;
      way.canvas.label(`Picture of z number ${z}, ${way.name}${key === "kept" ? "" : `; off by ${kit.fixed(away[key], 3)} a pixel from the kept averages`}`);
    }
    showCrowd(picture(found.company));
    const last = g.running.length - 1, meansOf = (key) => Array.from(found[key].statistics[last].mean);
    const averages = Array.from(g.running[last].mean), reach = 1.15 * Math.max(1e-6, ...[...averages, ...meansOf("alone"), ...meansOf("company")].map(Math.abs));
    scatter.domain({ x: [-reach, reach], y: [-reach, reach] });
    diagonal.set([-reach, reach], [-reach, reach]);
    for (const [key, mark] of Object.entries(dots)) mark.set(averages, meansOf(key));
    scatter.describe(`Mean of each of ${averages.length} channels against its kept average, in three ways; on the diagonal they agree`);
    left.set(kit.fixed((1 - momentum) ** batches, 3));
    for (const [name, slider] of Object.entries(sliders)) slider.set(model.get(name));
    ui.say(company === 0 ? "Alone and in company of nobody are the same." : `The same z, the same weights: in company of ${company} a pixel is off by ${kit.fixed(away.company, 3)} of the range, alone by ${kit.fixed(away.alone, 3)}.`);
  }));

  ui.body.append(kit.h("div", { class: "gx-ways" }, ...Object.values(ways).map((way) => way.el)), crowd, kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, scatter.el),
    kit.h("div", { class: "gx-controls" }, sliders.z.el, kit.group("The batch, train mode", sliders.company.el, kit.row(another.el)),
      kit.group("Averages restarted", sliders.batches.el, sliders.momentum.el, left.el))));
  ui.watch(WATCHED, redraw);
  redraw();
  return ui.close;
}

export default { render };
