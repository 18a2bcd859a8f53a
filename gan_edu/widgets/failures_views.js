// The figures of FailureExplorer: the samples over the data, and the signs over time with the alarm's limits.
// What does not belong here: state, play-back and words (failures.js).

const disasters = (() => {
  const raised = (e) => (e === 0 ? "1" : `10${String(e).replace(/[-\d]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)])}`);

  function scene() {
    const p = plot({ label: "samples over the data", aspect: 0.96, height: 430, left: 34, x: { ticks: 5 }, y: { ticks: 5 } });
    const real = p.points({ color: "data", r: 1.8, label: "data" }), fake = p.points({ color: "generated", r: 3.2, label: "generated" });
    let shown = null;
    return { el: p.el, draw: (run, data, samples, words) => {
      if (shown !== run) {
        p.domain({ x: run.window[0], y: run.window[1] });
        real.set(data.xs, data.ys);
        shown = run;
      }
      fake.set(samples.xs, samples.ys);
      p.describe(words);
    } };
  }

  // one chart of one or two signs over the steps of G; a dashed limit, a dotted now, a line where the alarm rang
  function chart({ label, y, signs, limit, log = false, height = 132 }) {
    const p = plot({ label, height, left: 46, x: { ticks: 5 }, y: { ...y, label, format: log ? raised : undefined } });
    const bound = limit === undefined ? null : p.rule({ y: true, color: "muted", dash: "dash", label: "the alarm's limit" });
    const now = p.rule({ x: true, color: "ink", dash: "dot" }), rang = p.rule({ x: true, color: "accent", dash: "dashdot", width: 1.5, label: "it rang" });
    const lines = signs.map(({ color, dash, name }) => p.line({ color, dash, label: name }));
    const place = (v) => (log ? Math.log10(Math.max(v, 1e-9)) : v);
    let shown = null;
    return { el: p.el, draw: (run, step) => {
      if (shown !== run) {
        const all = signs.flatMap(({ key }) => run.signs[key].map(place)), cut = limit === undefined ? [] : [place(limit)];
        const low = Math.min(...all, ...cut), high = Math.max(...all, ...cut), room = 0.08 * (high - low || 1);
        p.domain({ x: [0, run.steps.at(-1)], y: y.domain ?? [log ? Math.floor(low) : Math.min(0, low), high + room] });
        signs.forEach(({ key }, i) => lines[i].set(run.signs.step, run.signs[key].map(place)));
        bound?.set(place(limit));
        rang.show(Boolean(run.step));
        if (run.step) rang.set(run.step);
        shown = run;
      }
      now.set(step);
    } };
  }

  function charts(limits) {
    const all = [
      chart({ label: "shares", y: { domain: [-0.05, 1.1], ticks: [0, 0.5, 1] }, limit: limits.modes,
        signs: [{ key: "modes", name: "modes held", color: "generated" }, { key: "sure", name: "how sure D is", color: "discriminator", dash: "dash" }] }),
      chart({ label: "G's gradient, as a part of its greatest (log scale)", y: { ticks: 3 }, limit: limits.gradient, log: true,
        signs: [{ key: "gradient", name: "gradient", color: "generated" }] }),
      chart({ label: "swing of the samples' mean, in standard deviations of the data", y: { ticks: 3 }, limit: limits.swing,
        signs: [{ key: "swing", name: "swing", color: "generated" }] }),
    ];
    return { el: kit.h("div", { class: "gx-group" }, ...all.map((c) => c.el)), draw: (...args) => all.forEach((c) => c.draw(...args)) };
  }

  // runs' points from bytes: points(r, f) are the samples, data(r) the draws of the data
  function store({ runs, frames, data, layout }) {
    const numbers = { x: new Int16Array(kit.bytes(frames)), data: new Int16Array(kit.bytes(data)) }, { samples, unit } = layout;
    const first = runs.map((_, r) => runs.slice(0, r).reduce((sum, run) => sum + run.steps.length, 0));
    const cut = (from, start, n) => {
      const xs = new Float32Array(n), ys = new Float32Array(n);
      for (let i = 0; i < n; i++) { xs[i] = unit * from[2 * (start + i)]; ys[i] = unit * from[2 * (start + i) + 1]; }
      return { xs, ys };
    };
    return { points: (r, f) => cut(numbers.x, (first[r] + f) * samples, samples), data: (r) => cut(numbers.data, r * layout.data, layout.data) };
  }

  return { scene, charts, store };
})();
