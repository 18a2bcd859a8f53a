// FeatureMapExplorer: the maps of a generator while z moves; one map under a lens, and the picture without it.
// What does not belong here: sheets and strips (features_views.js), running the generator (convnet.js).

const WATCHED = ["start", "end", "t", "layer", "channel", "muted"];
const WHITE = 0.995;

function pointsOf(model, dim) {
  const all = new Float32Array(kit.bytes(model.get("bank")));
  return Array.from({ length: all.length / dim }, (_, i) => all.subarray(i * dim, (i + 1) * dim));
}

const channelOf = (map, c, [, height, width]) => map.subarray(c * height * width, (c + 1) * height * width);
const meanOf = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
const greatest = (values) => values.reduce((best, v) => Math.max(best, v), -Infinity);
// What is drawn white: of 200 values of the layer on the sweep all but one are below it. One scale for all maps.
function scaleOf(maps) {
  const all = new Float32Array(maps.length * maps[0].length);
  maps.forEach((values, i) => all.set(values, i * values.length));
  all.sort();
  return all[Math.floor(WHITE * (all.length - 1))] || 1;
}
const apart = (a, b) => a.reduce((sum, v, i) => sum + Math.abs(v - b[i]), 0) / a.length / 2;

function render({ model, el }) {
  const spec = model.get("spec"), layers = spec.layers.slice(0, -1), [channels, height, width] = spec.shape;
  const ui = kit.mount({ model, el, title: "What the maps draw while z moves" });
  ui.root.classList.add("gx-maps");
  const g = convnet.once(spec, model.get("weights"), model.get("norms")), bank = pointsOf(model, spec.latent_dim);
  const ts = Array.from({ length: spec.steps }, (_, i) => i / (spec.steps - 1));
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const pointAt = (t) => noise.slerp(bank[model.get("start")], bank[model.get("end")], t);
  const here = () => ({ layer: model.get("layer"), channel: Math.min(model.get("channel"), layers[model.get("layer")].shape[0] - 1) });

  // The sweep is run once for its two ends, and once more without the muted map.
  const kept = {};
  function sweep(mute) {
    const key = JSON.stringify([model.get("start"), model.get("end"), mute]);
    const slot = mute ? "without" : "with";
    if (kept[slot]?.key !== key) kept[slot] = { key, stages: g.forward(ts.map(pointAt), { mute }).stages };
    return kept[slot].stages;
  }

  // ---- strips
  const pictures = views.strip({ count: ts.length, shape: spec.shape });
  const rows = layers.map(({ shape: [, h, w] }) => views.strip({ count: ts.length, shape: [1, h, w] }));
  const t = kit.slider({ label: "along the sweep", min: 0, max: 1, step: 0.01, color: "generated", onInput: ui.guard((v) => write({ t: v })), onChange: ui.guard((v) => write({ t: v }, true)) });
  const mapName = kit.h("span");
  const strips = kit.h("div", { class: "gx-strip" }, kit.h("span", { text: "pictures" }), pictures.el, mapName, kit.h("div", {}, ...rows.map((row) => row.el)), kit.h("span", { text: "along the sweep" }), t.el);

  // ---- maps, lens, numbers
  const sheets = layers.map((layer) => views.sheet({ count: layer.shape[0], shape: layer.shape, chosen: () => here().channel, choose: ui.guard((i) => write({ channel: i }, true)) }));
  const lenses = layers.map(({ shape: [, h, w] }) => kit.pixels({ width: w, height: h, label: "the map under the lens" }));
  const withMap = kit.pixels({ width, height, channels, label: "the picture" }), without = kit.pixels({ width, height, channels, label: "the picture without the map" });
  const caption = (words, ...nodes) => kit.h("figure", {}, ...nodes, kit.h("figcaption", { text: words }));
  const pair = kit.h("div", { class: "gx-pair" }, caption("the map", ...lenses.map((lens) => lens.el)), caption("the picture", withMap.el), caption("without the map", without.el));
  const outs = Object.fromEntries([["mean", "mean of the map"], ["top", "its greatest value"], ["draws", "change of a pixel when muted"], ["scale", "white stands for"]].map(([key, label]) => [key, kit.readout({ label })]));
  const activity = plot({ label: "mean of the map along the sweep", height: 190, x: { domain: [0, 1], label: "along the sweep" }, y: { domain: [0, 1], label: "mean of the map" } });
  const line = activity.line({ color: "generated" }), dot = activity.points({ color: "generated", r: 5 });

  // ---- controls
  const layer = kit.choice({ label: "layer", options: layers.map((one, i) => [i, one.name]), value: model.get("layer"), onChange: ui.guard((i) => write({ layer: i }, true)) });
  const muted = kit.toggle({ label: "mute it in the strip too", onChange: ui.guard((v) => write({ muted: v }, true)) });
  const step = (name, label) => kit.button({ label, onClick: ui.guard(() => write({ [name]: (model.get(name) + 2) % bank.length }, true)) });
  const sheetHeading = kit.h("div", { class: "gx-heading" });

  const redraw = kit.latest(ui.guard(() => {
    const at = here(), shape = layers[at.layer].shape, mute = [at.layer, at.channel];
    const run = sweep(null), scale = scaleOf(run[at.layer]), grey = (values) => values.map((v) => (2 * v) / scale - 1);
    const z = [pointAt(model.get("t"))], now = g.forward(z).stages, silent = g.forward(z, { mute }).stages;
    const shown = model.get("muted") ? sweep(mute) : run, last = layers.length;
    pictures.draw(shown[last], `Pictures at ${ts.length} places of the sweep${model.get("muted") ? `, without map ${at.channel}` : ""}`);
    const along = run[at.layer].map((maps) => channelOf(maps, at.channel, shape));
    rows.forEach((row, i) => { row.el.hidden = i !== at.layer; });
    rows[at.layer].draw(along.map(grey), `Map ${at.channel} at the same places`);
    mapName.textContent = `map ${at.channel}`;
    sheets.forEach((sheet, i) => { sheet.el.hidden = i !== at.layer; });
    const maps = Array.from({ length: shape[0] }, (_, c) => channelOf(now[at.layer][0], c, shape)), map = maps[at.channel];
    sheets[at.layer].draw(maps.map(grey), at.channel, `${layers[at.layer].name}, one for each channel; map ${at.channel} is under the lens. Arrow keys choose.`);
    sheetHeading.textContent = `${layers[at.layer].name}, at ${kit.fixed(model.get("t"))} of the sweep`;
    lenses.forEach((lens, i) => { lens.el.hidden = i !== at.layer; });
    lenses[at.layer].show(grey(map));
    lenses[at.layer].label(`Map ${at.channel}, mean ${kit.fixed(meanOf(map), 3)}`);
    withMap.show(now[last][0]);
    without.show(silent[last][0]);
    const means = along.map(meanOf), change = apart(now[last][0], silent[last][0]);
    activity.domain({ y: [0, 1.1 * Math.max(...means, meanOf(map), 1e-6)] });
    line.set(ts, means);
    dot.set([model.get("t")], [meanOf(map)]);
    activity.describe(`Mean of map ${at.channel} along the sweep, from ${kit.fixed(means[0], 3)} to ${kit.fixed(means[means.length - 1], 3)}`);
    for (const [key, v] of Object.entries({ mean: meanOf(map), top: greatest(map), draws: change, scale })) outs[key].set(kit.fixed(v, 3));
    t.set(model.get("t")); layer.set(at.layer); muted.set(model.get("muted"));
    ui.say(greatest(map) <= 0 ? `Map ${at.channel} says nothing here: its rectifier is shut everywhere.`
      : `Map ${at.channel} of ${shape[0]}: without it a pixel changes by ${kit.fixed(change, 3)} of the range.`);
  }));

  ui.body.append(strips, kit.row(layer.el, step("start", "Other start").el, step("end", "Other end").el, muted.el), kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, kit.h("div", { class: "gx-group" }, sheetHeading, ...sheets.map((sheet) => sheet.el))),
    kit.h("div", { class: "gx-controls" }, kit.group("Under the lens", pair), kit.row(...Object.values(outs).map((o) => o.el)), activity.el)));
  ui.watch(WATCHED, redraw);
  redraw();
  return ui.close;
}

export default { render };
