// The latent explorer's panel "sweep": a sheet of pictures around z, one of them chosen by mouse or keyboard.
// What does not belong here: the other panels (latent_views.js), state and order of events (latent.js).

const GAP = 2;

function sweepPanel(desk) {
  const { model, spec } = desk,
    [channels, height, width] = spec.shape;
  const names = [...desk.axes.map((_, i) => `direction ${i + 1}`), "coordinate"];
  const axis = (name) =>
    name === "nothing"
      ? null
      : name === "coordinate"
        ? noise.unit(spec.latent_dim, model.get("coordinate"))
        : desk.axes[names.indexOf(name)];
  const words = (name) => (name === "coordinate" ? `z[${model.get("coordinate")}]` : name);
  const options = names.map((name) => [name, name === "coordinate" ? "the chosen coordinate" : name]);
  const changed = (traits) => {
    kit.set(model, traits, true);
    update();
  };
  const across = kit.select({ label: "across", options, onChange: (v) => changed({ across: v }) });
  const down = kit.select({
    label: "down",
    options: [...options, ["nothing", "nothing"]],
    onChange: (v) => changed({ down: v }),
  });
  const reach = kit.slider({
    label: "reach",
    min: 0,
    max: spec.reach,
    step: 0.05,
    onInput: (v) => {
      kit.set(model, { reach: v });
      update();
    },
    onChange: () => desk.sync(),
  });
  const steps = kit.slider({
    label: "grid size",
    min: 3,
    max: 11,
    step: 2,
    format: (v) => String(v),
    onInput: (v) => {
      kit.set(model, { steps: v });
      update();
    },
    onChange: () => desk.sync(),
  });
  const walk = kit.button({
    label: "Walk there",
    main: true,
    hint: "makes the chosen picture the centre",
    onClick: () => go(),
  });
  const home = kit.h("div", { class: "gx-pad" }),
    caption = kit.h("p", { class: "gx-caption" });
  const frame = kit.h("div", { class: "gx-pick" });
  let sheet = null,
    state = null,
    pick = 0;

  function go() {
    if (!state) return;
    const z = state.zs[pick];
    pick = state.centre;
    desk.move(z, true);
    update(); // now, not with the next frame: the next key is about the new grid
    desk.say("Walked there: this picture is the centre now.");
  }
  function choose(i, aloud = false) {
    pick = Math.min(Math.max(i, 0), state.zs.length - 1);
    const row = Math.floor(pick / state.columns),
      column = pick % state.columns;
    const share = (v, n) => `${(100 * v) / n}%`;
    Object.assign(frame.style, {
      left: share(column, state.columns),
      top: share(row, state.rows),
      width: share(1, state.columns),
      height: share(1, state.rows),
    });
    const p = state.pictures[pick];
    if (p) desk.present(p);
    if (!aloud) return;
    const place = [`${words(model.get("across"))} ${kit.fixed(state.offsets[column])}`];
    if (state.rows > 1) place.push(`${words(model.get("down"))} ${kit.fixed(state.offsets[row])}`);
    desk.say(`Picture at ${place.join(", ")} from the centre.`);
  }
  function keys(e) {
    const jump = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -state.columns,
      ArrowDown: state.columns,
      Home: -1e9,
      End: 1e9,
    }[e.key];
    if (e.key === "Enter") {
      go();
      e.preventDefault();
    }
    if (!jump) return;
    e.preventDefault();
    const next = pick + jump,
      side = Math.abs(jump) === 1 && Math.floor(next / state.columns) !== Math.floor(pick / state.columns);
    if (!side && (Math.abs(jump) > 1e6 || (next >= 0 && next < state.zs.length))) choose(next, true);
  }
  function newSheet(columns, rows) {
    sheet = kit.pixels({ width: columns * (width + GAP) - GAP, height: rows * (height + GAP) - GAP, channels });
    sheet.size = `${columns}x${rows}`;
    const el = sheet.el;
    for (const [name, value] of Object.entries({
      role: "application",
      tabindex: 0,
      "aria-roledescription": "grid of pictures",
    }))
      el.setAttribute(name, value);
    el.addEventListener("pointerdown", (e) =>
      choose(
        Math.floor((e.offsetX / el.clientWidth) * columns) + columns * Math.floor((e.offsetY / el.clientHeight) * rows),
        true,
      ),
    );
    el.addEventListener("dblclick", go);
    el.addEventListener("keydown", keys);
    kit.keepKeys(el);
    home.replaceChildren(el, frame);
    desk.fit();
  }
  desk.sheet = () => sheet;

  function update() {
    const offsets = noise.spread(model.get("reach"), model.get("steps")),
      second = axis(model.get("down"));
    const columns = offsets.length,
      rows = second ? columns : 1;
    if (sheet?.size !== `${columns}x${rows}`) {
      newSheet(columns, rows);
      pick = Math.floor((rows * columns) / 2);
    }
    across.set(model.get("across"));
    down.set(model.get("down"));
    reach.set(model.get("reach"));
    steps.set(model.get("steps"));
    const zs = noise.grid(desk.z(), axis(model.get("across")), second, offsets);
    state = { zs, offsets, columns, rows, centre: Math.floor(zs.length / 2), pictures: [] };
    const now = state;
    const far = kit.fixed(model.get("reach"));
    caption.textContent =
      `Across: ${words(model.get("across"))} from \u2212${far} to ${far}.` +
      (second ? ` Down: ${words(model.get("down"))}, the same.` : "");
    sheet.label(`${caption.textContent} Arrow keys choose a picture, Enter walks there.`);
    desk.runner.each("sweep", zs, (i, p) => {
      if (state !== now || model.get("view") !== "sweep") return;
      now.pictures[i] = p;
      sheet.tile(p.image, (i % columns) * (width + GAP), Math.floor(i / columns) * (height + GAP), width, height);
      if (i === pick) choose(pick);
    });
    choose(pick);
  }
  const el = kit.h(
    "div",
    { class: "gx-controls" },
    kit.group("Two axes through z", kit.row(across.el, down.el), reach.el, steps.el),
    kit.row(walk.el),
  );
  return {
    el,
    stage: kit.h("div", { class: "gx-group" }, home, caption),
    update,
    values: () => state?.pictures.map((p) => p.image),
  };
}
