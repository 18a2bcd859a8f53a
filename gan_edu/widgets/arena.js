// Arena: one image at a time, real or forged? The reader's score beside D's, with intervals. State lives in `answers`.
// What does not belong here: where the images come from (arena.py), controls and figures in general (kit.js, plot.js).

const WORD = (real) => (real ? "real" : "forged");
const SHOWN = 6;

// Wilson's interval for `right` out of n; arena.py computes the same.
function wilson(right, n, z = 1.959963984540054) {
  if (n === 0) return [0, 1];
  const share = right / n, shrink = 1 + (z * z) / n;
  const middle = (share + (z * z) / (2 * n)) / shrink;
  const half = (z / shrink) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

function scoreFigure() {
  const p = plot({ label: "Both scores with their intervals", height: 150,
    x: { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1], label: "share of right answers" },
    y: { domain: [-0.6, 1.6], ticks: [0, 1], format: (v) => (v > 0.5 ? "you" : "D") } });
  p.rule({ x: true, dash: "dash", label: "a coin: 1/2" }).set(0.5);
  const marks = [["ink", 1], ["discriminator", 0]].map(([color, y]) => {
    const bar = p.line({ color, width: 2 }), dot = p.points({ color, r: 6 });
    return (right, n) => {
      for (const mark of [bar, dot]) mark.show(n > 0);
      if (n === 0) return;
      const ends = wilson(right, n);
      bar.set(ends, [y, y]);
      dot.set([right / n], [y]);
    };
  });
  return { el: p.el, set: (you, D, n) => { marks[0](you, n); marks[1](D, n); p.describe(`You ${you} of ${n} right, the discriminator ${D} of ${n}.`); } };
}

// The last images judged, newest first, each with what it was.
function memory(draw) {
  const el = kit.h("div", { class: "gx-arena-past" });
  return { el, set: (answers, truth) => {
    const last = answers.map((a, i) => i).slice(-SHOWN).reverse();
    el.replaceChildren(...last.map((i) => {
      const right = answers[i] === truth[i], word = WORD(truth[i]);
      const picture = draw(i, `Image ${i + 1}: ${word}, you were ${right ? "right" : "wrong"}`);
      return kit.h("figure", { "data-real": truth[i] || null }, picture, kit.h("figcaption", { text: `${right ? "\u2713" : "\u2717"} ${word}` }));
    }));
  } };
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "Real or forged?" });
  ui.root.classList.add("gx-arena");
  const [channels, height, width] = model.get("shape"), size = channels * height * width;
  const bytes = new Uint8Array(kit.bytes(model.get("pixels"))), truth = model.get("truth"), verdicts = model.get("verdicts");
  const values = (i) => Float32Array.from(bytes.subarray(i * size, (i + 1) * size), (v) => v / 127.5 - 1);
  const draw = (i, label) => { const p = kit.pixels({ width, height, channels, label }); p.show(values(i)); return p.el; };

  const picture = kit.pixels({ width, height, channels, label: "" });
  const forged = kit.button({ label: "\u2190 Forged", onClick: () => judge(false) });
  const real = kit.button({ label: "Real \u2192", onClick: () => judge(true) });
  const again = kit.button({ label: "Start again", onClick: () => { write([]); ui.say("Look at the picture and decide."); } });
  const counter = kit.h("p", { class: "gx-note-text" }), proof = kit.h("p", { class: "gx-note-text" });
  const you = kit.readout({ label: "you" }), D = kit.readout({ label: "discriminator", color: "discriminator" });
  const figure = scoreFigure(), past = memory(draw);

  const write = (answers) => { kit.set(model, { answers }, true); redraw(); };
  const judge = ui.guard((says) => {
    const answers = model.get("answers"), i = answers.length;
    if (i >= truth.length) return;
    const mark = (right) => (right ? "right" : "wrong");
    write([...answers, says]);
    ui.say(`It was ${WORD(truth[i])}: you were ${mark(says === truth[i])}. D gave ${kit.fixed(verdicts[i])} for real and was ${mark((verdicts[i] > 0.5) === truth[i])}.`);
  });

  const redraw = ui.guard(() => {
    const answers = model.get("answers"), n = answers.length, done = n >= truth.length;
    const mine = answers.filter((a, i) => a === truth[i]).length;
    const its = answers.filter((_, i) => (verdicts[i] > 0.5) === truth[i]).length;
    if (done && [forged.el, real.el].includes(again.el.getRootNode().activeElement)) again.el.focus();
    for (const { el: node } of [forged, real]) node.disabled = done;
    if (!done) picture.show(values(n));
    picture.label(done ? "No image is left" : `Image ${n + 1} of ${truth.length}: real or forged?`);
    counter.textContent = done ? "All images are judged." : `Image ${n + 1} of ${truth.length}. Keys: \u2190 forged, \u2192 real.`;
    for (const [out, right] of [[you, mine], [D, its]]) out.set(n ? `${right} of ${n}` : "\u2013");
    figure.set(mine, its, n);
    past.set(answers, truth);
    const low = Math.max(wilson(mine, n)[0], wilson(its, n)[0]), tv = Math.max(0, 2 * low - 1);
    proof.textContent = tv > 0
      ? `The best of all judges is right with 1/2 + TV/2. The scores so far say TV \u2265 ${kit.fixed(tv)} (95 %).`
      : "The best of all judges is right with 1/2 + TV/2. The scores so far say nothing about TV: a coin could have them.";
  });

  ui.root.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) judge(event.key === "ArrowRight"); // a key held down judges once
  }, true); // on the way down: buttons keep their keys to themselves
  picture.el.addEventListener("pointerdown", (event) => { event.preventDefault(); real.el.focus(); });
  ui.onResize((px) => picture.fit(Math.min(252, px)));

  ui.body.append(kit.h("div", { class: "gx-columns" },
    kit.h("div", { class: "gx-stage" }, picture.el, kit.row(forged.el, real.el), counter),
    kit.h("div", { class: "gx-controls" }, kit.row(you.el, D.el), figure.el, proof, past.el, kit.row(again.el))));
  ui.watch("answers", redraw);
  redraw();
  if (!model.get("answers").length) ui.say(`Look at the picture and decide. Real images: ${model.get("source")}.`);
  return ui.close;
}

export default { render };
