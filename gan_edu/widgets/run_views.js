// The figures of RunExplorer: the sheet of all z, the curve of scores, the table at equal steps, the film of one z.
// What does not belong here: state and the order of events (run.js), figures in general (plot.js).
//
// | call                                   | gives
// | ---                                    | ---
// | runs.sheet({n, shape, chosen, choose}) | {el, draw(values, pick, words), fit(px)}; choose(i) on click or arrow key
// | runs.curve({time, each, seek})         | {el, draw(r, m, words)}; seek(step) while dragged, seek(null) when let go
// | runs.table(time, each)                 | {el, draw(r, m)}: every run at the same generator step
// | runs.film({time, shape, each, choose}) | {el, draw(pictures, pick, source), fit(px)}; choose(run, step) on click

const runs = (() => {
  const GAP = 2, COLUMNS = 6; // pixels between pictures, pictures in a row of the sheet
  const DASHES = ["solid", "dash", "dot", "dashdot"];

  const count = (v) => v.toLocaleString("en-US");
  const epochs = (steps, each) =>
    (steps % each === 0 ? String(steps / each) : kit.fixed(steps / each, steps < each ? 2 : 1));
  const inEpochs = (steps, each) => `${epochs(steps, each)} epoch${steps === each ? "" : "s"} at k = 1`;
  const score = (found) => (found ? `${kit.fixed(found[0], 1)} \u00b1 ${kit.fixed(found[1], 1)}` : "not measured");

  // ---- many small pictures on one canvas, with a frame around one of them; cells are counted row by row
  function tiles({ columns, rows, shape: [channels, height, width] }) {
    const wide = columns * (width + GAP) - GAP, tall = rows * (height + GAP) - GAP;
    const canvas = kit.pixels({ width: wide, height: tall, channels });
    const frame = kit.h("div", { class: "gx-pick" });
    const left = (i) => (i % columns) * (width + GAP), top = (i) => Math.floor(i / columns) * (height + GAP);
    return {
      el: kit.h("div", { class: "gx-tiles" }, canvas.el, frame), canvas, wide,
      set: (i, values) => canvas.tile(values, left(i), top(i), width, height),
      mark: (i) => {
        const share = { left: left(i) / wide, top: top(i) / tall, width: width / wide, height: height / tall };
        for (const [name, v] of Object.entries(share)) frame.style[name] = `${100 * v}%`;
      },
    };
  }

  // ---- all z at one moment; a click or the arrow keys choose the one that is followed
  function sheet({ n, shape, chosen, choose }) {
    const columns = Math.min(COLUMNS, n), all = tiles({ columns, rows: Math.ceil(n / columns), shape });
    kit.picking(all.canvas.el, { what: "sheet of pictures", count: n, columns, chosen, choose });
    return {
      el: all.el,
      fit: (most) => all.canvas.fit(Math.min(most, 4 * all.wide)),
      draw: (values, pick, words) => {
        for (let i = 0; i < n; i++) all.set(i, values(i));
        all.mark(pick);
        all.canvas.label(`${words} Arrow keys choose the picture that is followed.`);
      },
    };
  }

  // ---- the score over time; the horizontal scale gives the first epoch as much room as the second and third together
  function frameOf(list) {
    const values = list.flatMap((run) => run.curve.map(([, v]) => v));
    const low = Math.min(...values), high = Math.max(...values), room = 0.06 * (high - low || 1);
    return [low - room, high + room];
  }

  function ticksOf(all, place) {
    const kept = [], gap = 0.07 * place(all.at(-1));
    for (const step of [...all].reverse()) if (!kept.length || place(kept[0]) - place(step) > gap) kept.unshift(step);
    return kept.map(place);
  }

  function curve({ time, each, seek }) {
    const { runs: list, all } = time, frame = frameOf(list);
    const place = (step) => Math.log2(1 + step / each), back = (x) => each * (2 ** x - 1), right = place(all.at(-1));
    const p = plot({
      height: 230, y: { domain: frame, label: "Parzen score of the samples (nats)" },
      x: { domain: [-0.035 * right, 1.035 * right], ticks: ticksOf(all, place),
        format: (x) => epochs(Math.round(back(x)), each), label: `epochs at k = 1 (${each} generator steps each)` },
    });
    const now = p.rule({ x: true, dash: "dot" });
    const lines = list.map((run, i) => ["muted", "generated"].map((color, strong) => {
      const line = p.line({ color, dash: DASHES[i % 4], width: strong ? 3 : 1.5, label: run.label });
      return line.set(run.curve.map(([s]) => place(s)), run.curve.map(([, v]) => v));
    }));
    const dots = p.points({ color: "generated", r: 3.5 }), error = p.line({ width: 2 });
    const dot = p.points({ color: "generated", r: 7 });
    scrubbing(p, (x) => seek(back(x)), () => seek(null));
    p.el.hidden = list.every((run) => run.curve.length === 0);

    return { el: p.el, draw: (r, m, words) => {
      const run = list[r], found = run.scores[m], x = place(run.steps[m]);
      lines.forEach((pair, i) => pair.forEach((line, strong) => line.show((i === r) === Boolean(strong))));
      const known = run.steps.map((step, i) => [step, run.scores[i]]).filter(([, had]) => had);
      dots.set(known.map(([step]) => place(step)), known.map(([, [v]]) => v));
      now.set(x);
      for (const mark of [error, dot]) mark.show(Boolean(found));
      if (found) {
        error.set([x, x], [found[0] - found[1], found[0] + found[1]]);
        dot.set([x], [found[0]]);
      }
      p.describe(`Parzen score over training for ${list.map((one) => one.label).join(", ")}; now ${words}`);
    } };
  }

  // A press or a drag anywhere on a plot gives its x, for the mouse and for touch; keys have the slider.
  function scrubbing(p, move, drop) {
    let held = false;
    const at = (event) => move(p.ux(event.clientX - p.svg.getBoundingClientRect().left));
    p.svg.classList.add("gx-seek");
    p.svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      held = true;
      p.svg.setPointerCapture(event.pointerId);
      at(event);
    });
    p.svg.addEventListener("pointermove", (event) => { if (held) at(event); });
    const end = () => { if (held) { held = false; drop(); } };
    for (const kind of ["pointerup", "pointercancel"]) p.svg.addEventListener(kind, end);
  }

  // ---- every run at the same generator step
  function table(time, each) {
    const cells = (tag, words) => words.map((text) => kit.h(tag, tag === "th" ? { scope: "col", text } : { text }));
    const head = cells("th", ["", "minibatches D has seen", "Parzen score, nats"]);
    const rows = time.runs.map((run) => {
      const [seen, found] = cells("td", ["", ""]), name = kit.h("th", { scope: "row", text: run.label });
      return { run, seen, found, el: kit.h("tr", {}, name, seen, found) };
    });
    const title = kit.h("div", { class: "gx-heading" });
    const body = kit.h("table", { class: "gx-table" }, kit.h("thead", {}, kit.h("tr", {}, ...head)),
      kit.h("tbody", {}, ...rows.map((row) => row.el)));
    return { el: kit.h("div", { class: "gx-group" }, title, body), draw: (r, m) => {
      const step = time.runs[r].steps[m];
      title.textContent = `After ${count(step)} steps of G, ${inEpochs(step, each)}`;
      rows.forEach(({ run, seen, found, el }, i) => {
        const own = run.steps.indexOf(step);
        seen.textContent = own < 0 ? "\u2013" : count(run.k * step);
        found.textContent = own >= 0 ? score(run.scores[own])
          : step > run.steps.at(-1) ? `ended at step ${count(run.steps.at(-1))}` : "not kept";
        el.toggleAttribute("data-gx-now", i === r);
      });
    } };
  }

  // ---- one z: every run from top to bottom, every moment from left to right
  function film({ time, shape, each, choose }) {
    const { runs: list, all } = time, cells = tiles({ columns: all.length, rows: list.length, shape });
    const heading = kit.h("div", { class: "gx-heading" });
    const labels = (words, kind) =>
      kit.h("div", { class: kind, "aria-hidden": "true" }, ...words.map((text) => kit.h("span", { text })));
    const grid = kit.h("div", { class: "gx-film" }, labels(list.map((run) => run.label), "gx-film-rows"), cells.el,
      labels(all.map((step) => epochs(step, each)), "gx-film-columns"),
      kit.h("span", { class: "gx-end", text: "epochs at k = 1" }));
    const at = (r, step) => r * all.length + all.indexOf(step);
    cells.canvas.el.addEventListener("pointerdown", (event) => {
      const cell = kit.hit(event, all.length, list.length), run = list[Math.floor(cell / all.length)], step = all[cell % all.length];
      if (run.steps.includes(step)) choose(run, step);
    });
    let drawn = {};
    return {
      el: kit.h("div", { class: "gx-group" }, heading, grid),
      fit: (px) => { // twice its size and crisp where there is room, else as wide as there is
        const room = px - 64 >= 2 * cells.wide;
        grid.style.setProperty("--gx-film", `${2 * cells.wide}px`);
        cells.canvas.el.style.imageRendering = room ? "pixelated" : "auto";
      },
      draw: (pictures, pick, source) => {
        cells.mark(at(time.row(), time.run().steps[time.moment()]));
        if (drawn.source === source && drawn.pick === pick) return;
        drawn = { source, pick };
        heading.textContent = `Picture ${pick + 1} in all runs`;
        cells.canvas.label(`Picture ${pick + 1} of the sheet in all runs: ${list.map((run) => run.label).join(", ")} `
          + "from top to bottom, time from left to right");
        list.forEach((run, r) => run.steps.forEach((step, m) => cells.set(at(r, step), pictures(r, m, pick))));
      },
    };
  }

  return { sheet, curve, table, film, count, inEpochs, score };
})();
