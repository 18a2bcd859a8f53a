// The latent explorer: one picture, its z, and three ways to move it. State lives in traits; z is the one truth.
// What does not belong here: panels (latent_views.js, latent_sweep.js), numbers (noise.js, net.js), the common look (kit.js).

const VIEWS = { one: "One z", between: "Between two", sweep: "Sweep" };
const ENGINES = {
  simd: "The generator runs in this page: nothing is sent to Python while you move.",
  plain: "The generator runs in this page: nothing is sent to Python while you move.",
  python: "This generator runs in Python: every move asks the kernel, so it has to be running.",
};

const HINTS = {
  one: "A direction moves many coordinates of z at once, a coordinate only one.",
  between: "Half-way by the line, z is shorter than nearly every z that the generator was trained on.",
  sweep: "A click or the arrow keys choose a picture; Enter makes it the centre.",
};

function rowsOf(buffer, columns) {
  const all = new Float32Array(kit.bytes(buffer));
  return Array.from({ length: all.length / columns }, (_, i) => all.subarray(i * columns, (i + 1) * columns));
}

function makeDesk(ui, model, spec) {
  const bank = rowsOf(model.get("bank"), spec.latent_dim);
  const seedOf = (seed) => Array.from(bank[(((seed - spec.first_seed) % bank.length) + bank.length) % bank.length]);
  let newest = model.get("seed") + 1; // the second end of the path has had the next seed
  const desk = {
    ui,
    model,
    spec,
    seedOf,
    axes: rowsOf(model.get("axes"), spec.latent_dim),
    runner: makeRunner(ui, model, spec),
    z: () => model.get("z"),
    move: (z, sync = false) => kit.set(model, { z }, sync),
    sync: () => kit.set(model, {}, true),
    nextSeed: () => seedOf(++newest),
    say: (words) => (desk.runner.problem() ? ui.fail(desk.runner.problem()) : ui.say(words)),
  };
  return desk;
}

function makeStage(desk) {
  const { spec, ui, model } = desk,
    [channels, height, width] = spec.shape;
  const picture = kit.pixels({ width, height, channels, label: "Generated picture" });
  const gauge = kit.gauge({
    label: "The discriminator\u2019s verdict",
    low: "forged",
    high: "real",
    color: "discriminator",
  });
  const length = kit.readout({ label: "length of z" }),
    seed = kit.readout({ label: "seed" });
  const near = kit.h("div", { class: "gx-near" });
  const nearest = kit.h(
    "div",
    { class: "gx-group", hidden: !spec.has_images || ui.alone },
    kit.h("div", { class: "gx-heading", text: "Nearest training images" }),
    near,
  );
  const el = kit.h("div", { class: "gx-stage" }, picture.el, gauge.el, kit.row(seed.el, length.el), nearest);
  desk.fit = () => {
    // the picture's size rules the layout
    const narrow = ui.width < 600,
      view = model.get("view");
    const most =
      view === "sweep"
        ? narrow
          ? ui.width
          : Math.min(0.55 * ui.width, 560)
        : narrow
          ? Math.min(200, 0.45 * ui.width)
          : 340;
    const px = (view === "sweep" ? desk.sheet() : picture)?.fit(most);
    if (px) ui.root.style.setProperty("--gx-picture", `${px}px`);
  };
  ui.onResize(desk.fit);

  let shown = null,
    pause = null;
  desk.present = ({ image, logit }) => {
    shown = image;
    picture.show(image);
    const p = probability(logit);
    gauge.set(p);
    picture.label(
      p === null ? "Generated picture" : `Generated picture; the discriminator says ${kit.fixed(p)} that it is real`,
    );
    clearTimeout(pause);
    if (spec.has_images && !ui.alone) pause = setTimeout(lookNear, 150); // not while it moves
  };
  ui.later(() => clearTimeout(pause));
  const lookNear = () => {
    ui.ask("nearest", {}, [Float32Array.from(shown).buffer])
      .then((reply) => {
        if (!reply) return;
        const images = new Float32Array(kit.bytes(reply.buffers[0])),
          size = channels * height * width;
        near.replaceChildren(
          ...reply.content.distances.map((distance, i) => {
            const tile = kit.pixels({
              width,
              height,
              channels,
              label: `Training image at distance ${kit.fixed(distance)}`,
            });
            tile.show(images.subarray(i * size, (i + 1) * size));
            return kit.h("div", {}, tile.el, kit.h("span", { class: "gx-end", text: kit.fixed(distance) }));
          }),
        );
      })
      .catch(ui.fail);
  };
  return {
    el,
    picture,
    values: () => shown,
    update: () => {
      length.set(`${kit.fixed(noise.norm(desk.z()), 1)} \u00b7 typical ${kit.fixed(spec.typical, 1)}`);
      seed.set(String(model.get("seed")));
    },
  };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: model.get("spec").title });
  const spec = model.get("spec"),
    desk = makeDesk(ui, model, spec);
  ui.root.classList.add("gx-latent");
  const stage = makeStage(desk);
  const panels = { one: onePanel(desk), between: betweenPanel(desk), sweep: sweepPanel(desk) };
  const open = () => panels[model.get("view")];

  const draw = kit.latest(
    ui.guard(() => {
      const view = model.get("view");
      if (view !== "sweep") desk.runner.each("picture", [desk.z()], (_, p) => desk.present(p));
      stage.update();
      open().update();
    }),
  );
  const show = () => {
    ui.root.setAttribute("data-gx-view", model.get("view"));
    for (const [name, panel] of Object.entries(panels)) panel.el.hidden = name !== model.get("view");
    panels.sweep.stage.hidden = model.get("view") !== "sweep";
    stage.picture.el.hidden = model.get("view") === "sweep";
    fresh.el.hidden = model.get("view") === "between"; // there the two ends have their own
    tabs.set(model.get("view"));
    open().enter?.();
    draw();
    desk.fit();
  };
  const tabs = kit.choice({
    label: "view",
    options: Object.entries(VIEWS),
    value: model.get("view"),
    onChange: (view) => {
      kit.set(model, { view }, true);
      desk.say(HINTS[view]);
    },
  });
  const fresh = kit.button({
    label: "New z",
    main: true,
    hint: "z drawn with the next seed",
    onClick: () => {
      const seed = model.get("seed") + 1;
      kit.set(model, { seed, z: desk.seedOf(seed) }, true);
      desk.say(`z of seed ${seed}.`);
    },
  });
  const reset = kit.button({
    label: "Reset",
    hint: "back to the z of this seed",
    onClick: () => {
      const seed = model.get("seed");
      kit.set(model, { z: desk.seedOf(seed), z_a: desk.seedOf(seed), z_b: desk.seedOf(seed + 1), ...spec.start }, true);
      open().enter?.();
      desk.say("Back at the start.");
    },
  });

  stage.el.prepend(panels.sweep.stage);
  ui.body.append(
    kit.row(tabs.el, fresh.el, reset.el),
    kit.h(
      "div",
      { class: "gx-columns" },
      stage.el,
      kit.h("div", {}, ...Object.values(panels).map((panel) => panel.el)),
    ),
  );
  ui.watch(["z", "seed", "coordinate", "t", "path", "z_a", "z_b", "across", "down", "steps", "reach"], draw);
  ui.watch("view", show);
  if (!model.get("error") && !model.get("status")) ui.say(ENGINES[desk.runner.engine]);
  ui.root.gxValues = () => (model.get("view") === "sweep" ? panels.sweep.values() : [stage.values()]); // for tests
  show();
  return ui.close;
}

export default { render };
