// MuseumExplorer: one exhibit at a time. Its code, the switch, and the meter's curve in both positions of the switch.
// Everything was computed by museum.py when the explorer was made; nothing is asked for here.

const WORDS = ["as published", "mended"], COLORS = ["generated", "data"], DASHES = ["dash", "solid"];

function meterFigure() {
  let log = false;
  const power = (e) => String(Number((10 ** e).toPrecision(2)));
  const p = plot({ label: "the meter's curve", height: 290, left: 56, x: { label: "x" }, y: { label: "y", format: (v) => (log ? power(v) : String(Number(v.toPrecision(3)))).replace("-", "\u2212") } });
  const lines = COLORS.map((color, i) => p.line({ color, dash: DASHES[i], label: WORDS[i] })), dots = COLORS.map((color) => p.points({ color, r: 3.5 }));
  return { el: p.el, draw: (one, mended, told) => {
    log = one.log;
    const scale = (v) => (log ? Math.log10(Math.max(v, 1e-12)) : v), ys = one.ys.map((line) => line.map(scale));
    const every = ys.flat(), wide = one.xs.flat(), low = Math.min(...every), high = Math.max(...every);
    const room = 0.08 * (high - low || Math.abs(high) || 1);
    p.x.label = one.axes[0];
    p.y.label = one.axes[1] + (log ? " (log scale)" : "");
    const [a, b] = [Math.min(...wide), Math.max(...wide)], side = 0.02 * (b - a || 1);
    p.domain({ x: [a - side, b + side], y: [low - room, high + room] });
    one.xs.forEach((xs, i) => {
      lines[i].set(xs, ys[i]);
      lines[i].node.setAttribute("stroke-width", i === Number(mended) ? 3 : 1.4);
      dots[i].set(xs.length < 40 ? xs : [], xs.length < 40 ? ys[i] : []);
    });
    [lines[1], dots[1]].forEach((one) => one.show(told));        // the answer to a prediction
    p.describe(`${one.title}. ${one.axes[1]} against ${one.axes[0]}. The meter, ${one.meter}: as published ${one.shown[0]}${told ? `, mended ${one.shown[1]}` : ""}.`);
  } };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "The bug museum" });
  ui.root.classList.add("gx-museum");
  const all = model.get("exhibits"), names = all.map((one) => one.name);
  const write = (changes) => { kit.set(model, changes, true); redraw(); };
  const go = (name) => write({ exhibit: name, mended: false, told: false });
  const pick = kit.select({ label: "exhibit", options: all.map((one, i) => [one.name, `${i + 1}. ${one.title}`]), value: model.get("exhibit"), onChange: ui.guard(go) });
  const step = (by) => ui.guard(() => go(names[(names.indexOf(model.get("exhibit")) + by + names.length) % names.length]));
  const back = kit.button({ label: "Previous", onClick: step(-1) }), on = kit.button({ label: "Next", onClick: step(1) });
  const flip = kit.choice({ label: "switch", options: [[false, WORDS[0]], [true, WORDS[1]]], value: model.get("mended"),
    onChange: ui.guard((mended) => write({ mended, told: model.get("told") || mended })) });
  const tell = kit.button({ label: "What is wrong?", onClick: ui.guard(() => { write({ told: true }); answer.focus(); }) }); // the button goes away
  const outs = [kit.readout({ label: WORDS[0], color: COLORS[0] }), kit.readout({ label: WORDS[1], color: COLORS[1] })];
  const meter = kit.h("p", { class: "gx-note-text" }), question = kit.h("p", { class: "gx-question" }), beside = kit.h("p", { class: "gx-note-text" });
  const code = kit.h("pre", { tabindex: 0, "aria-label": "code of the exhibit" }), answer = kit.h("p", { class: "gx-answer", tabindex: -1 }), where = kit.h("p", { class: "gx-note-text" });
  const curve = meterFigure();
  ui.body.append(kit.row(pick.el, back.el, on.el), question, kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, code, kit.group("The switch", flip.el, tell.el), answer, where),
    kit.h("div", { class: "gx-controls" }, meter, kit.row(...outs.map((o) => o.el)), curve.el, beside)));

  const redraw = kit.latest(ui.guard(() => {
    const one = all[names.indexOf(model.get("exhibit"))], mended = model.get("mended"), told = model.get("told"), i = Number(mended);
    question.textContent = one.question;
    code.textContent = one.code[i];
    meter.textContent = `The meter: ${one.meter}.${told && one.good !== null ? ` A sound program reads ${Number(one.good.toPrecision(3))}.` : ""}`;
    outs[0].set(one.shown[0]);
    outs[1].set(told ? one.shown[1] : "?");
    const further = Object.entries(one.beside[i]);
    beside.textContent = further.length ? `Beside it, ${WORDS[i]}: ${further.map(([name, value]) => `${name} ${value}`).join("; ")}.` : "";
    answer.textContent = told ? one.wrong : "";
    where.textContent = told ? `Found: ${one.where}` : "";
    tell.el.hidden = told;
    curve.draw(one, mended, told);
    pick.set(one.name);
    flip.set(mended);
    ui.say(told ? `${one.title}, ${WORDS[i]}. As published ${one.shown[0]}, mended ${one.shown[1]}.` : `Exhibit ${names.indexOf(one.name) + 1} of ${names.length}, ${one.hall}. Find the error first; then throw the switch.`);
  }));
  ui.onResize(() => requestAnimationFrame(redraw));
  ui.watch(["exhibit", "mended", "told"], redraw);
  redraw();
  return ui.close;
}

export default { render };
