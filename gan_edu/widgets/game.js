// GameExplorer: Algorithm 1 on a toy, trained in the kernel and drawn here. Pictures come as messages, the newest wins.
// What does not belong here: how the picture looks (game_scene.js) and the panels (game_panel.js); mathematics (game_*.py).

const TOY_WORDS = { ring: "ring of 8", grid: "grid of 25", spiral: "spiral", moons: "two moons", checkerboard: "checkerboard",
  gaussian: "Gaussian, 1-D", mixture: "mixture, 1-D", drawn: "draw your own", own: "your toy" };
const LAYER_WORDS = { data: "data", fakes: "fakes", manifold: "G of a grid of z", arrows: "arrows" };

// What a picture brings: its arrays by name, cut out of one run of bytes.
function unpack(now, buffer) {
  const found = {};
  let at = 0;
  for (const [name, type, length] of now.parts) {
    found[name] = type === "u1" ? new Uint8Array(buffer, at, length) : new Float32Array(buffer, at, length / 4);
    at += Math.ceil(length / 4) * 4;
  }
  return found;
}

const withIt = (list, value) => [...new Set([...list, value])].sort((a, b) => a - b);

function controlsOf({ ui, model, options }) {
  const set = (name) => ui.guard((value) => ui.tell({ [name]: value }));
  const named = (list, words) => list.map((key) => [key, words?.[key] ?? String(key).replace("_", "-")]);
  const select = (label, name, list, words) =>
    kit.select({ label, options: named(list, words), value: model.get(name), onChange: set(name) });
  const rate = (label, name, color) => kit.slider({ label, min: -5, max: -1, step: 0.1, value: Math.log10(model.get(name)), color,
    format: (v) => Number(10 ** v).toPrecision(2).replace(/e-0?/, "e−"), onChange: (v) => set(name)(Number((10 ** v).toPrecision(3))) });
  const parts = {
    toy: select("data", "toy", options.toys, TOY_WORDS), objective: select("losses", "objective", options.objectives),
    k: kit.slider({ label: "k", min: 1, max: 10, step: 1, value: model.get("k"), color: "discriminator", format: (v) => String(v),
      hint: "steps of D for each step of G", onChange: set("k") }),
    lr_D: rate("rate of D", "lr_D", "discriminator"), lr_G: rate("rate of G", "lr_G", "generated"),
    batch_size: select("m", "batch_size", withIt(options.batches, model.get("batch_size"))),
    latent_dim: select("noise", "latent_dim", withIt(options.noises, model.get("latent_dim"))),
    width: select("width", "width", withIt(options.widths, model.get("width"))),
  };
  const read = { lr_D: Math.log10, lr_G: Math.log10 };
  ui.watch(Object.keys(parts), (name) => parts[name].set((read[name] ?? ((v) => v))(model.get(name))));
  const clear = kit.button({ label: "Clear the drawing", onClick: () => set("strokes")([]) });
  const el = kit.group("The game", kit.row(parts.toy.el, parts.objective.el, clear.el), parts.k.el, parts.lr_D.el, parts.lr_G.el,
    kit.row(parts.batch_size.el, parts.latent_dim.el, parts.width.el));
  return { el, clear };
}

function layersOf({ ui, model, options, redraw }) {
  const set = (name) => ui.guard((value) => { kit.set(model, { [name]: value }, true); redraw(); });
  const toggles = options.layers.map((name) => [name, kit.toggle({ label: LAYER_WORDS[name], value: model.get("layers").includes(name),
    onChange: () => set("layers")(toggles.filter(([, t]) => t.value).map(([key]) => key)) })]);
  for (const [name, toggle] of toggles) toggle.el.classList.add(`gx-layer-${name}`);
  const surface = kit.choice({ label: "ground", options: [["D", "what D says"], ["best", "what the best D would say"], ["none", "nothing"]],
    value: model.get("surface"), onChange: set("surface") });
  const scale = kit.select({ label: "arrow = −∇loss ×", options: withIt([0.01, 0.1, 0.3, 1, 10], model.get("arrow_scale")),
    value: model.get("arrow_scale"), onChange: set("arrow_scale") });
  const note = kit.h("p", { class: "gx-note-text" });
  ui.watch(["layers", "surface", "arrow_scale"], () => {
    for (const [name, toggle] of toggles) toggle.set(model.get("layers").includes(name));
    surface.set(model.get("surface"));
    scale.set(model.get("arrow_scale"));
    redraw();
  });
  const el = kit.h("div", { class: "gx-group" }, kit.row(...toggles.map(([, t]) => t.el), scale.el), surface.el, note);
  return { el, draw: (now) => {
    scale.el.hidden = !model.get("layers").includes("arrows");
    const h = kit.fixed(now.smoothing, 2);
    const where = now.dim === 2 ? "Blue ground: taken for data; orange: for fakes; the green line: D = 1/2." : "";
    const best = now.dim === 2 ? `D* = p / (p + q) of p and q smoothed alike by ${h}; q from 1,000 fakes.`
      : `D* = p / (p + q), p exact, q from 1,000 fakes smoothed by ${h}.`;
    note.textContent = model.get("surface") === "best" ? `${best} ${where}` : model.get("surface") === "D" ? where : "";
  } };
}

function toolbar({ ui, model }) {
  const ask = (what) => ui.guard(() => ui.ask(what).catch(ui.fail));
  const pace = (value) => ui.tell({ pace: value });
  const play = kit.button({ label: "Play", main: true, hint: "train as fast as the kernel can", onClick: () => pace(model.get("pace") === "paused" ? "fast" : "paused") });
  const slow = kit.button({ label: "Slow motion", hint: "line by line through Algorithm 1", onClick: () => pace(model.get("pace") === "slow" ? "fast" : "slow") });
  const line = kit.button({ label: "Next line", hint: "one line of Algorithm 1", onClick: ask("line") });
  const step = kit.button({ label: "One step", hint: "k steps of D and one of G", onClick: ask("step") });
  const restart = kit.button({ label: "Restart", hint: "new networks, same seed", onClick: ask("restart") });
  const seed = kit.button({ label: "New seed", hint: "other networks, other draws", onClick: ask("new seed") });
  const name = () => {
    play.el.textContent = model.get("pace") === "paused" ? "Play" : "Pause";
    slow.el.textContent = model.get("pace") === "slow" ? "Full speed" : "Slow motion";
  };
  ui.watch("pace", name);
  name();
  return kit.row(...[play, slow, line, step, restart, seed].map((b) => b.el));
}

function sentence(now, meters) {
  const g = gamePanel, read = Object.entries(now.readings).map(([key, v]) => `${meters[key][0]} ${g.short(v)}`).join(", ");
  const words = now.words ? `${now.words} ` : "";
  return `${words}Step ${g.count(now.ledger.G_steps)}${now.line ? ", inside the next step" : ""}: ${read}.`;
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "Algorithm 1 under the microscope" });
  ui.root.classList.add("gx-game");
  const options = model.get("options");
  const strokes = { on: () => model.get("toy") === "drawn", clear: () => ui.tell({ strokes: [] }),
    add: (stroke) => ui.tell({ strokes: [...model.get("strokes"), stroke] }) };
  const scenes = { 2: gameScene.plane({ ui, strokes }), 1: gameScene.line() };
  const lines = gamePanel.algorithm(options.lines), tensors = gamePanel.tensors(), ledger = gamePanel.ledger();
  const losses = gamePanel.losses(), meters = gamePanel.meters(options.meters);
  const view = kit.unique("view"); // Python stops when the last one has left
  let now = model.get("now"), arrays = unpack(now, kit.bytes(model.get("picture"))), said = null;

  const drawCharts = () => { losses.draw(now, arrays.losses); meters.draw(now, arrays.meters); };
  const draw = kit.latest(ui.guard(() => {
    const look = { layers: model.get("layers"), surface: model.get("surface"), scale: model.get("arrow_scale") };
    for (const dim of [1, 2]) scenes[dim].el.hidden = dim !== now.dim;
    scenes[now.dim].draw(now, arrays, look);
    layers.draw(now);
    lines.draw(now.line, model.get("k"));
    tensors.draw(now.tensors);
    ledger.draw(now.ledger);
    if (now.charts) drawCharts();
    game.clear.el.hidden = !strokes.on();
    const text = sentence(now, options.meters);
    if (!model.get("error") && (now.pace === "paused" || now.words !== said)) {
      said = now.words;
      ui.say(strokes.on() && !model.get("strokes").length ? `Draw in the figure: what you draw becomes the data. ${text}` : text);
    }
    scenes[now.dim].label(`data and fakes ${now.dim === 2 ? "in the plane" : "on the line"}. ${text}`);
    try { model.send({ kind: "seen", number: now.number, view }); } catch { /* a page without a kernel */ }
  }));
  const take = (next, buffer) => { now = next; arrays = unpack(next, kit.bytes(buffer)); draw(); };
  const hear = ui.guard((message, buffers) => { if (message.kind === "picture") take(message.now, buffers[0]); });
  model.on("msg:custom", hear);
  ui.later(() => {
    model.off("msg:custom", hear);
    try { model.send({ kind: "left", view }); } catch { /* a page without a kernel */ }
  });

  const layers = layersOf({ ui, model, options, redraw: () => draw() }), game = controlsOf({ ui, model, options });
  const algorithm = kit.group("Algorithm 1", lines.el, tensors.el);
  const stage = kit.h("div", { class: "gx-stage" }, scenes[2].el, scenes[1].el, layers.el, ledger.el);
  const side = kit.h("div", { class: "gx-controls" }, game.el, algorithm);
  ui.body.append(toolbar({ ui, model }), kit.h("div", { class: "gx-columns" }, stage, side),
    kit.h("div", { class: "gx-columns" }, kit.group("The losses, each player's own", losses.el),
      kit.group("Meters, and what as many real points read", meters.el)));
  ui.onResize((width) => scenes[2].fit(width < 600 ? width - 8 : 0.5 * width - 20));
  ui.watch(["now", "picture"], () => { if (model.get("now").number > now.number) take(model.get("now"), model.get("picture")); });
  draw();
  drawCharts();
  ui.ask("picture").then((reply) => { if (reply && reply.content.number > now.number) take(reply.content, reply.buffers[0]); }).catch(() => {});
  return ui.close;
}

export default { render };
