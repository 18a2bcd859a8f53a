// The latent explorer's panels "one z" and "between two".
// What does not belong here: the sweep (latent_sweep.js), state and order of events (latent.js), controls as such.
//
// A panel is {el, update()}. The common desk is {model, spec, ui, runner, axes, z(), move(z, sync), sync(), say(words)}.

// ---- one z ----
function onePanel(desk) {
  const { model, spec, axes } = desk,
    reach = spec.reach;
  const sliders = axes.map((direction, i) =>
    kit.slider({
      label: `direction ${i + 1}`,
      min: -reach,
      max: reach,
      step: 0.05,
      origin: 0,
      hint: "where z stands along this direction, in standard deviations of the noise",
      onInput: (v) => desk.move(noise.along(desk.z(), direction, v - noise.dot(desk.z(), direction))),
      onChange: (v) => {
        desk.sync();
        desk.say(`Direction ${i + 1} at ${kit.fixed(v)}.`);
      },
    }),
  );
  const which = kit.number({
    label: "coordinate",
    min: 0,
    max: spec.latent_dim - 1,
    value: model.get("coordinate"),
    onChange: (v) => {
      kit.set(model, { coordinate: Math.round(v) }, true);
      desk.say(`Coordinate ${Math.round(v)} of z.`);
    },
  });
  const single = kit.slider({
    label: "its value",
    min: -spec.reach_z,
    max: spec.reach_z,
    step: 0.05,
    origin: 0,
    onInput: (v) => desk.move(desk.z().map((old, i) => (i === model.get("coordinate") ? v : old))),
    onChange: (v) => {
      desk.sync();
      desk.say(`z[${model.get("coordinate")}] = ${kit.fixed(v)}.`);
    },
  });
  const keep = (end) =>
    kit.button({
      label: `Keep as ${end.toUpperCase()}`,
      hint: "an end of the path in \u201cBetween two\u201d",
      onClick: () => {
        kit.set(model, { [`z_${end}`]: desk.z() }, true);
        desk.say(`Kept as ${end.toUpperCase()}.`);
      },
    }).el;
  const el = kit.h(
    "div",
    { class: "gx-controls" },
    sliders.length ? kit.group("Directions that matter", ...sliders.map((s) => s.el)) : null,
    kit.group("One coordinate of z", kit.row(which.el), single.el),
    kit.row(keep("a"), keep("b")),
  );
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

// ---- between two ----
const PATHS = { line: noise.lerp, "great circle": noise.slerp };
const STOPS = 9;

function betweenPanel(desk) {
  const { model, spec } = desk,
    [channels, height, width] = spec.shape;
  const ends = { a: null, b: null }; // as last drawn
  const at = (path, t) => PATHS[path](model.get("z_a"), model.get("z_b"), t);
  const walk = (sync) => desk.move(at(model.get("path"), model.get("t")), sync);

  const end = (name) => {
    const thumb = kit.pixels({ width, height, channels, label: `Picture ${name.toUpperCase()}` });
    const fresh = kit.button({
      label: `New ${name.toUpperCase()}`,
      onClick: () => {
        kit.set(model, { [`z_${name}`]: desk.nextSeed() }, true);
        walk(true);
        desk.say(`New ${name.toUpperCase()}.`);
      },
    });
    return { thumb, el: kit.h("div", { class: "gx-end-of" }, thumb.el, fresh.el) };
  };
  const a = end("a"),
    b = end("b");
  const slider = kit.slider({
    label: "from A to B",
    min: 0,
    max: 1,
    step: 0.01,
    onInput: (t) => {
      kit.set(model, { t });
      walk();
    },
    onChange: (t) => {
      desk.sync();
      desk.say(`${kit.fixed(100 * t, 0)} % of the way by the ${model.get("path")}.`);
    },
  });
  const choice = kit.choice({
    label: "path",
    options: ["line", "great circle"],
    value: model.get("path"),
    onChange: (path) => {
      kit.set(model, { path });
      walk(true);
      desk.say(`Path: ${path}.`);
    },
  });
  const strips = Object.keys(PATHS).map((path) => {
    const canvas = kit.pixels({
      width: STOPS * width,
      height,
      channels,
      label: `${STOPS} pictures from A to B by the ${path}`,
    });
    return { path, canvas, el: kit.h("div", { class: "gx-strip" }, kit.h("span", { text: path }), canvas.el) };
  });
  const figure = plot({
    label: "Length of z along both paths",
    height: 150,
    x: { domain: [0, 1], label: "from A to B" },
    y: { label: "length of z", ticks: 3 },
  });
  const lines = {
    line: figure.line({ color: "generated", dash: "dash", label: "line" }),
    "great circle": figure.line({ color: "generated", label: "great circle" }),
  };
  figure.rule({ y: true, dash: "dot", label: "typical" }).set(spec.typical);
  const grip = figure.handle({
    label: "from A to B",
    color: "generated",
    min: 0,
    max: 1,
    step: 0.01,
    onInput: (t) => {
      kit.set(model, { t });
      walk();
    },
    onChange: () => desk.sync(),
  });

  const redrawEnds = () => {
    const stops = noise.spread(0.5, STOPS).map((v) => v + 0.5);
    desk.runner.each("ends", [ends.a, ends.b], (i, p) => [a, b][i].thumb.show(p.image));
    const zs = strips.flatMap(({ path }) => stops.map((t) => at(path, t)));
    desk.runner.each("strips", zs, (i, p) =>
      strips[Math.floor(i / STOPS)].canvas.tile(p.image, (i % STOPS) * width, 0, width, height),
    );
    const ts = noise.spread(0.5, 61).map((v) => v + 0.5);
    const lengths = Object.keys(PATHS).map((path) => ts.map((t) => noise.norm(at(path, t))));
    figure.domain({ y: [0, 1.25 * Math.max(spec.typical, ...lengths.flat())] });
    Object.keys(PATHS).forEach((path, i) => lines[path].set(ts, lengths[i]));
  };
  const el = kit.h(
    "div",
    { class: "gx-controls" },
    kit.h("div", { class: "gx-ends" }, a.el, b.el),
    kit.group("The way from A to B", choice.el, slider.el),
    kit.group("Both ways", ...strips.map((s) => s.el)),
    figure.el,
  );
  return {
    el,
    enter: () => walk(),
    update: () => {
      if (ends.a !== model.get("z_a") || ends.b !== model.get("z_b")) {
        Object.assign(ends, { a: model.get("z_a"), b: model.get("z_b") });
        redrawEnds();
      }
      slider.set(model.get("t"));
      choice.set(model.get("path"));
      grip.set(model.get("t"), noise.norm(at(model.get("path"), model.get("t"))));
    },
  };
}
