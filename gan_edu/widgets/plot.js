// Figures for explorers: thin axes, curves, areas, arrows, and handles that mouse, touch and keyboard can move. SVG.
// What does not belong here: what is drawn inside (marks.js), controls and theme (kit.js, controls.js), mathematics.
//
// const p = plot({label, x: {domain: [a, b], label, ticks, format}, y: {...}, height, aspect})
//   label: what a screen reader hears; p.describe(text) changes it. ticks: about how many (5), or an array of values.
//   height in px, or aspect = height / width (then height is the greatest height). p.el goes into ui.body.
//   p.domain({x: [a, b], y: [c, d]}) changes the axes.
//
// | mark                                              | set                                   | draws
// | ---                                               | ---                                   | ---
// | p.line({color, label, dash, width})               | .set(xs, ys)                          | a curve; nan leaves a gap
// | p.area({color, label, opacity})                   | .set(xs, ys, base = 0)                | the surface down to base
// | p.points({color, label, r})                       | .set(xs, ys)                          | dots
// | p.bars({color, label, opacity})                   | .set(edges, heights)                  | a histogram; edges has one more
// | p.rule({x: true} or {y: true}, color, dash, label)| .set(value)                           | a straight line across
// | p.arrows({color, label})                          | .set(xs, ys, dxs, dys)                | arrows, in units of the axes
// | p.text({color, anchor, dx, dy})                   | .set(x, y, words)                     | words at a place
// | p.handle({label, color, axis, step, min, max,     | .set(x, y)                            | a round grip; axis "x", "y",
// |   format, onInput, onChange})                     |   onInput(x, y), onChange(x, y)       | "xy"; arrows, page, home, end
//
// Every mark has .show(true or false). color: "data", "generated", "discriminator", "ink", "muted", "accent".
// dash: "solid", "dash", "dot", "dashdot" (so that colour is never the only difference). Marks with a label are in the
// legend above the figure. Handles keep within min and max: numbers for one axis, [x, y] for "xy"; default: the domain.

const plot = (() => {
  const { s, put, r1, clamp, MARKS } = marks;

  function ticksOf([a, b], wish) {
    if (Array.isArray(wish)) return wish.filter((v) => v >= Math.min(a, b) && v <= Math.max(a, b));
    const raw = Math.abs(b - a) / (wish ?? 5),
      power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 2.5, 5, 10].find((m) => m * power >= raw * 0.999);
    const first = Math.ceil(Math.min(a, b) / step - 1e-9),
      last = Math.floor(Math.max(a, b) / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  }
  function formatOf(ticks, given) {
    if (given) return given;
    const gap = ticks.length > 1 ? Math.abs(ticks[1] - ticks[0]) : 1;
    const digits = clamp(Math.ceil(-Math.log10(gap) - 1e-9) + (Math.abs(((gap * 4) % 10) - 1) < 1e-9 ? 1 : 0), 0, 6);
    return (v) => kit.fixed(v, digits);
  }

  function frame(p, layer) {
    const { box, x, y } = p;
    const xt = ticksOf(x.domain, x.ticks ?? (p.width < 420 ? 4 : 6)),
      yt = ticksOf(y.domain, y.ticks ?? 4);
    const fx = formatOf(xt, x.format),
      fy = formatOf(yt, y.format);
    const nodes = [];
    for (const v of yt) {
      nodes.push(s("line", { class: "gx-grid", x1: box.left, x2: box.right, y1: r1(p.py(v)), y2: r1(p.py(v)) }));
      nodes.push(s("text", { class: "gx-tick", x: box.left - 8, y: r1(p.py(v)) + 4, "text-anchor": "end" }, fy(v)));
    }
    nodes.push(s("line", { class: "gx-axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
    for (const v of xt) {
      nodes.push(s("line", { class: "gx-axis", x1: r1(p.px(v)), x2: r1(p.px(v)), y1: box.bottom, y2: box.bottom + 4 }));
      nodes.push(s("text", { class: "gx-tick", x: r1(p.px(v)), y: box.bottom + 17, "text-anchor": "middle" }, fx(v)));
    }
    if (x.label)
      nodes.push(
        s("text", { class: "gx-axis-label", x: box.right, y: box.bottom + 34, "text-anchor": "end" }, x.label),
      );
    if (y.label) nodes.push(s("text", { class: "gx-axis-label", x: 0, y: 11, "text-anchor": "start" }, y.label));
    layer.replaceChildren(...nodes);
  }

  function layout(p, width) {
    p.width = width;
    p.height = p.aspect ? Math.min(p.most, Math.round(width * p.aspect)) : p.most;
    p.box = { left: p.left, right: width - 14, top: p.y.label ? 24 : 10, bottom: p.height - (p.x.label ? 42 : 26) };
    put(p.svg, { width, height: p.height, viewBox: `0 0 ${width} ${p.height}` });
    put(p.hole, {
      x: p.box.left,
      y: p.box.top - 2,
      width: Math.max(0, p.box.right - p.box.left),
      height: p.box.bottom - p.box.top + 3,
    });
    p.ready = true;
    p.redraw();
  }

  return function plot({ label = "", x = {}, y = {}, height = 240, aspect, left = 46 }) {
    const clip = kit.unique("clip");
    const hole = s("rect"),
      under = s("g", { "aria-hidden": "true" }),
      over = s("g");
    const inside = s("g", { "clip-path": `url(#${clip})`, "aria-hidden": "true" });
    const svg = s(
      "svg",
      { class: "gx-plot", role: "group", "aria-label": label },
      s("clipPath", { id: clip }, hole),
      under,
      inside,
      over,
    );
    const legend = kit.h("div", { class: "gx-legend", "aria-hidden": "true" });
    const p = {
      el: kit.h("figure", { class: "gx-figure" }, legend, svg),
      svg,
      hole,
      inside,
      over,
      legend,
      aspect,
      left,
      most: height,
      x: { domain: [0, 1], ...x },
      y: { domain: [0, 1], ...y },
      marks: [],
      ready: false,
      px: (v) => p.box.left + ((v - p.x.domain[0]) / (p.x.domain[1] - p.x.domain[0])) * (p.box.right - p.box.left),
      py: (v) => p.box.bottom - ((v - p.y.domain[0]) / (p.y.domain[1] - p.y.domain[0])) * (p.box.bottom - p.box.top),
      ux: (v) => p.x.domain[0] + ((v - p.box.left) / (p.box.right - p.box.left)) * (p.x.domain[1] - p.x.domain[0]),
      uy: (v) => p.y.domain[0] + ((p.box.bottom - v) / (p.box.bottom - p.box.top)) * (p.y.domain[1] - p.y.domain[0]),
      redraw: () => {
        if (!p.ready) return;
        frame(p, under);
        for (const m of p.marks) m.draw();
      },
      domain: ({ x: dx, y: dy }) => {
        if (dx) p.x.domain = dx;
        if (dy) p.y.domain = dy;
        p.redraw();
      },
      describe: (text) => svg.setAttribute("aria-label", text),
    };
    for (const [name, make] of Object.entries(MARKS)) p[name] = (options) => make(p, options);
    new ResizeObserver(([entry]) => {
      if (entry.contentRect.width > 0) layout(p, Math.floor(entry.contentRect.width));
    }).observe(p.el);
    return p;
  };
})();
