// The parts of the latent explorer: who computes a picture, and the panels "one z", "between two" and "sweep".
// What does not belong here: state and order of events (latent.js), controls as such (kit.js).
//
// A panel is {el, update()}. The common desk is {model, spec, ui, runner, axes, z(), move(z, sync), say(words)}.

// ---- who computes -----------------------------------------------------------------------------------------------------
// runner.each(topic, zs, each, done): each(i, {image, logit}) for every z, then done(). In the page at once (long work in
// slices of a frame, so the newest move is never late); else in Python, where only the newest question of a topic waits.
function makeRunner(ui, model, spec) {
  const G = spec.G && net.once(spec.G, model.get("weights_g"));
  const D = spec.D && net.once(spec.D, model.get("weights_d"));
  const turn = new Map();

  function here(topic, zs, each, done) {
    const mine = (turn.get(topic) ?? 0) + 1;
    turn.set(topic, mine);
    let i = 0;
    const slice = () => {
      if (turn.get(topic) !== mine) return;
      const until = performance.now() + 10;
      for (; i < zs.length; i++) {
        if (i > 0 && performance.now() > until) { requestAnimationFrame(slice); return; }
        const image = Float32Array.from(G.forward(zs[i]));
        each(i, { image, logit: D ? D.forward(image)[0] : null });
      }
      done?.();
    };
    slice();
  }

  function there(topic, zs, each, done) {
    const buffer = new Float32Array(zs.length * spec.latent_dim);
    zs.forEach((z, i) => buffer.set(z, i * spec.latent_dim));
    ui.ask("draw", { count: zs.length }, [buffer.buffer], topic).then((reply) => {
      if (!reply) return;
      const images = new Float32Array(kit.bytes(reply.buffers[0])), size = images.length / zs.length;
      const logits = reply.buffers[1] ? new Float32Array(kit.bytes(reply.buffers[1])) : null;
      zs.forEach((_, i) => each(i, { image: images.subarray(i * size, (i + 1) * size), logit: logits ? logits[i] : null }));
      done?.();
    }).catch(ui.fail);
  }
  return { each: G ? here : there, engine: G ? G.engine : "python" };
}

const probability = (logit) => (logit === null ? null : 1 / (1 + Math.exp(-logit)));

// ---- one z --------------------------------------------------------------------------------------------------------------
function onePanel(desk) {
  const { model, spec, axes } = desk, reach = spec.reach;
  const sliders = axes.map((direction, i) => kit.slider({
    label: `direction ${i + 1}`, min: -reach, max: reach, step: 0.05, origin: 0,
    hint: "where z stands along this direction, in standard deviations of the noise",
    onInput: (v) => desk.move(noise.along(desk.z(), direction, v - noise.dot(desk.z(), direction))),
    onChange: (v) => { desk.sync(); desk.say(`Direction ${i + 1} at ${kit.fixed(v)}.`); },
  }));
  const which = kit.number({
    label: "coordinate", min: 0, max: spec.latent_dim - 1, value: model.get("coordinate"),
    onChange: (v) => { kit.set(model, { coordinate: Math.round(v) }, true); desk.say(`Coordinate ${Math.round(v)} of z.`); },
  });
  const single = kit.slider({
    label: "its value", min: -spec.reach_z, max: spec.reach_z, step: 0.05, origin: 0,
    onInput: (v) => desk.move(desk.z().map((old, i) => (i === model.get("coordinate") ? v : old))),
    onChange: (v) => { desk.sync(); desk.say(`z[${model.get("coordinate")}] = ${kit.fixed(v)}.`); },
  });
  const keep = (end) => kit.button({
    label: `Keep as ${end.toUpperCase()}`, hint: "an end of the path in \u201cBetween two\u201d",
    onClick: () => { kit.set(model, { [`z_${end}`]: desk.z() }, true); desk.say(`Kept as ${end.toUpperCase()}.`); },
  }).el;
  const el = kit.h("div", { class: "gx-controls" },
    sliders.length ? kit.group("Directions that matter", ...sliders.map((s) => s.el)) : null,
    kit.group("One coordinate of z", kit.row(which.el), single.el), kit.row(keep("a"), keep("b")));
  return {
    el,
    update: () => {
      const z = desk.z();
      sliders.forEach((s, i) => s.set(noise.dot(z, axes[i])));
      which.set(model.get("coordinate"));
      single.set(z[model.get("coordinate")]);
    },
  };
}

// ---- between two --------------------------------------------------------------------------------------------------------
const PATHS = { line: noise.lerp, "great circle": noise.slerp };
const STOPS = 9;

function betweenPanel(desk) {
  const { model, spec } = desk, [channels, height, width] = spec.shape;
  const ends = { a: model.get("z_a"), b: model.get("z_b") };
  const at = (path, t) => PATHS[path](ends.a, ends.b, t);
  const walk = (sync) => desk.move(at(model.get("path"), model.get("t")), sync);

  const end = (name) => {
    const thumb = kit.pixels({ width, height, channels, label: `Picture ${name.toUpperCase()}` });
    const fresh = kit.button({
      label: `New ${name.toUpperCase()}`,
      onClick: () => { kit.set(model, { [`z_${name}`]: desk.nextSeed() }, true); walk(true); desk.say(`New ${name.toUpperCase()}.`); },
    });
    return { thumb, el: kit.h("div", { class: "gx-end-of" }, thumb.el, fresh.el) };
  };
  const a = end("a"), b = end("b");
  const slider = kit.slider({
    label: "from A to B", min: 0, max: 1, step: 0.01,
    onInput: (t) => { kit.set(model, { t }); walk(); },
    onChange: (t) => { desk.sync(); desk.say(`${kit.fixed(100 * t, 0)} % of the way by the ${model.get("path")}.`); },
  });
  const choice = kit.choice({
    label: "path", options: ["line", "great circle"], value: model.get("path"),
    onChange: (path) => { kit.set(model, { path }); walk(true); desk.say(`Path: ${path}.`); },
  });
  const strips = Object.keys(PATHS).map((path) => {
    const canvas = kit.pixels({ width: STOPS * width, height, channels, label: `${STOPS} pictures from A to B by the ${path}` });
    return { path, canvas, el: kit.h("div", { class: "gx-strip" }, kit.h("span", { text: path }), canvas.el) };
  });
  const figure = plot({ label: "Length of z along both paths", height: 150, x: { domain: [0, 1], label: "from A to B" }, y: { label: "length of z", ticks: 3 } });
  const lines = { line: figure.line({ color: "generated", dash: "dash", label: "line" }), "great circle": figure.line({ color: "generated", label: "great circle" }) };
  figure.rule({ y: true, dash: "dot", label: "typical" }).set(spec.typical);
  const grip = figure.handle({ label: "from A to B", color: "generated", min: 0, max: 1, step: 0.01, onInput: (t) => { kit.set(model, { t }); walk(); }, onChange: () => desk.sync() });

  const redrawEnds = () => {
    const stops = noise.spread(0.5, STOPS).map((v) => v + 0.5);
    desk.runner.each("ends", [ends.a, ends.b], (i, p) => [a, b][i].thumb.show(p.image));
    const zs = strips.flatMap(({ path }) => stops.map((t) => at(path, t)));
    desk.runner.each("strips", zs, (i, p) => strips[Math.floor(i / STOPS)].canvas.tile(p.image, (i % STOPS) * width, 0, width, height));
    const ts = noise.spread(0.5, 61).map((v) => v + 0.5);
    const lengths = Object.keys(PATHS).map((path) => ts.map((t) => noise.norm(at(path, t))));
    figure.domain({ y: [0, 1.25 * Math.max(spec.typical, ...lengths.flat())] });
    Object.keys(PATHS).forEach((path, i) => lines[path].set(ts, lengths[i]));
  };
  let drawn = false;
  const el = kit.h("div", { class: "gx-controls" }, kit.h("div", { class: "gx-ends" }, a.el, b.el),
    kit.group("The way from A to B", choice.el, slider.el), kit.group("Both ways", ...strips.map((s) => s.el)), figure.el);
  return {
    el,
    enter: () => walk(),
    update: () => {
      if (!drawn || ends.a !== model.get("z_a") || ends.b !== model.get("z_b")) {
        Object.assign(ends, { a: model.get("z_a"), b: model.get("z_b") });
        drawn = true;
        redrawEnds();
      }
      slider.set(model.get("t"));
      choice.set(model.get("path"));
      grip.set(model.get("t"), noise.norm(at(model.get("path"), model.get("t"))));
    },
  };
}

// ---- sweep --------------------------------------------------------------------------------------------------------------
const GAP = 2;

function sweepPanel(desk) {
  const { model, spec } = desk, [channels, height, width] = spec.shape;
  const names = [...desk.axes.map((_, i) => `direction ${i + 1}`), "coordinate"];
  const axis = (name) => (name === "nothing" ? null : name === "coordinate"
    ? noise.unit(spec.latent_dim, model.get("coordinate")) : desk.axes[names.indexOf(name)]);
  const words = (name) => (name === "coordinate" ? `z[${model.get("coordinate")}]` : name);
  const options = names.map((name) => [name, name === "coordinate" ? "the chosen coordinate" : name]);
  const changed = (traits) => { kit.set(model, traits, true); update(); };
  const across = kit.select({ label: "across", options, onChange: (v) => changed({ across: v }) });
  const down = kit.select({ label: "down", options: [...options, ["nothing", "nothing"]], onChange: (v) => changed({ down: v }) });
  const reach = kit.slider({ label: "reach", min: 0, max: spec.reach, step: 0.05, onInput: (v) => { kit.set(model, { reach: v }); update(); }, onChange: () => desk.sync() });
  const steps = kit.slider({ label: "pictures a side", min: 3, max: 11, step: 2, format: (v) => String(v), onInput: (v) => { kit.set(model, { steps: v }); update(); }, onChange: () => desk.sync() });
  const walk = kit.button({ label: "Walk there", main: true, hint: "makes the chosen picture the centre", onClick: () => go() });
  const home = kit.h("div", { class: "gx-pad" }), caption = kit.h("p", { class: "gx-caption" });
  const frame = kit.h("div", { class: "gx-pick" });
  let sheet = null, state = null, pick = 0;

  function go() {
    if (!state) return;
    const z = state.zs[pick];
    pick = state.centre;
    desk.move(z, true);
    desk.say("Walked there: this picture is the centre now.");
  }
  function choose(i, aloud = false) {
    pick = Math.min(Math.max(i, 0), state.zs.length - 1);
    const row = Math.floor(pick / state.columns), column = pick % state.columns;
    const share = (v, n) => `${(100 * v) / n}%`;
    Object.assign(frame.style, { left: share(column, state.columns), top: share(row, state.rows), width: share(1, state.columns), height: share(1, state.rows) });
    const p = state.pictures[pick];
    if (p) desk.present(p);
    if (!aloud) return;
    const place = [`${words(model.get("across"))} ${kit.fixed(state.offsets[column])}`];
    if (state.rows > 1) place.push(`${words(model.get("down"))} ${kit.fixed(state.offsets[row])}`);
    desk.say(`Picture at ${place.join(", ")} from the centre.`);
  }
  function keys(e) {
    const jump = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -state.columns, ArrowDown: state.columns, Home: -1e9, End: 1e9 }[e.key];
    if (e.key === "Enter") { go(); e.preventDefault(); }
    if (!jump) return;
    e.preventDefault();
    const next = pick + jump, side = Math.abs(jump) === 1 && Math.floor(next / state.columns) !== Math.floor(pick / state.columns);
    if (!side && (Math.abs(jump) > 1e6 || (next >= 0 && next < state.zs.length))) choose(next, true);
  }
  function newSheet(columns, rows) {
    sheet = kit.pixels({ width: columns * (width + GAP) - GAP, height: rows * (height + GAP) - GAP, channels });
    sheet.size = `${columns}x${rows}`;
    const el = sheet.el;
    for (const [name, value] of Object.entries({ role: "application", tabindex: 0, "aria-roledescription": "grid of pictures" })) el.setAttribute(name, value);
    el.addEventListener("pointerdown", (e) => choose(Math.floor((e.offsetX / el.clientWidth) * columns) + columns * Math.floor((e.offsetY / el.clientHeight) * rows), true));
    el.addEventListener("dblclick", go);
    el.addEventListener("keydown", keys);
    kit.keepKeys(el);
    home.replaceChildren(el, frame);
    desk.fit();
  }
  desk.sheet = () => sheet;

  function update() {
    const offsets = noise.spread(model.get("reach"), model.get("steps")), second = axis(model.get("down"));
    const columns = offsets.length, rows = second ? columns : 1;
    if (sheet?.size !== `${columns}x${rows}`) { newSheet(columns, rows); pick = Math.floor((rows * columns) / 2); }
    across.set(model.get("across")); down.set(model.get("down")); reach.set(model.get("reach")); steps.set(model.get("steps"));
    const zs = noise.grid(desk.z(), axis(model.get("across")), second, offsets);
    state = { zs, offsets, columns, rows, centre: Math.floor(zs.length / 2), pictures: [] };
    const now = state;
    const far = kit.fixed(model.get("reach"));
    caption.textContent = `Across: ${words(model.get("across"))} from \u2212${far} to ${far}.` + (second ? ` Down: ${words(model.get("down"))}, the same.` : "");
    sheet.label(`${caption.textContent} Arrow keys choose a picture, Enter walks there.`);
    desk.runner.each("sweep", zs, (i, p) => {
      if (state !== now) return;
      now.pictures[i] = p;
      sheet.tile(p.image, (i % columns) * (width + GAP), Math.floor(i / columns) * (height + GAP), width, height);
      if (i === pick) choose(pick);
    });
    choose(pick);
  }
  const el = kit.h("div", { class: "gx-controls" }, kit.group("Two axes through z", kit.row(across.el, down.el), reach.el, steps.el), kit.row(walk.el));
  return { el, stage: kit.h("div", { class: "gx-group" }, home, caption), update, values: () => state?.pictures.map((p) => p.image) };
}
