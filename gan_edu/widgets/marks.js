// What a figure can draw: curves, areas, dots, bars, rules, arrows, words, and handles for mouse, touch and keyboard.
// What does not belong here: axes, layout and the table of calls (plot.js).

const marks = (() => {
  const NS = "http://www.w3.org/2000/svg";
  const DASH = { solid: null, dash: "7 4", dot: "1.5 4", dashdot: "8 4 1.5 4" };

  function s(tag, attributes = {}, ...children) {
    const node = document.createElementNS(NS, tag);
    put(node, attributes);
    node.append(...children);
    return node;
  }
  function put(node, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined) node.removeAttribute(name);
      else node.setAttribute(name, value);
    }
  }
  const r1 = (v) => Math.round(v * 10) / 10;
  const ink = (name = "ink") => `--c: var(--gx-${name})`;
  const clamp = (v, a, b) => Math.min(Math.max(v, a), b);

  function path(p, xs, ys) {
    let d = "",
      pen = false;
    for (let i = 0; i < xs.length; i++) {
      const x = p.px(xs[i]),
        y = p.py(ys[i]);
      if (!Number.isFinite(x) || !Number.isFinite(y)) {
        pen = false;
        continue;
      }
      d += `${pen ? "L" : "M"}${r1(x)} ${r1(clamp(y, -1e4, 1e4))}`;
      pen = true;
    }
    return d;
  }

  // A mark is {node, draw()}; set keeps the data and draws, a resize draws again from the kept data.
  function mark(p, layer, node, draw, { label, swatch, style }) {
    node.setAttribute("style", style);
    layer.append(node);
    if (label) p.legend.append(kit.h("span", { class: "gx-key", style }, swatch(), kit.h("span", { text: label })));
    const key = label ? p.legend.lastChild : null;
    let data = null;
    const self = {
      node,
      set: (...args) => {
        data = args;
        self.draw();
        return self;
      },
      draw: () => {
        if (data && p.ready) draw(...data);
      },
      show: (on) => {
        node.style.display = on ? "" : "none";
        if (key) key.style.display = on ? "" : "none";
        return self;
      },
    };
    p.marks.push(self);
    return self;
  }
  const swatchLine = (dash, width) => () =>
    s(
      "svg",
      { width: 22, height: 10, "aria-hidden": "true" },
      s("line", {
        x1: 1,
        x2: 21,
        y1: 5,
        y2: 5,
        class: "gx-line",
        "stroke-dasharray": DASH[dash],
        "stroke-width": width,
      }),
    );
  const swatchBox = (opacity) => () =>
    s(
      "svg",
      { width: 14, height: 10, "aria-hidden": "true" },
      s("rect", { x: 0, y: 0, width: 14, height: 10, rx: 2, class: "gx-area", "fill-opacity": opacity }),
    );
  const swatchDot = () =>
    s("svg", { width: 10, height: 10, "aria-hidden": "true" }, s("circle", { cx: 5, cy: 5, r: 4, class: "gx-dot" }));

  const MARKS = {
    line: (p, { color, label, dash = "solid", width = 2 } = {}) => {
      const node = s("path", { class: "gx-line", "stroke-dasharray": DASH[dash], "stroke-width": width });
      return mark(p, p.inside, node, (xs, ys) => node.setAttribute("d", path(p, xs, ys)), {
        label,
        swatch: swatchLine(dash, width),
        style: ink(color),
      });
    },
    area: (p, { color, label, opacity = 0.18 } = {}) => {
      const node = s("path", { class: "gx-area", "fill-opacity": opacity });
      return mark(
        p,
        p.inside,
        node,
        (xs, ys, base = 0) => {
          const d = path(p, xs, ys.map ? Array.from(ys, (v) => (Number.isFinite(v) ? v : base)) : ys);
          node.setAttribute(
            "d",
            d && `${d}L${r1(p.px(xs[xs.length - 1]))} ${r1(p.py(base))}L${r1(p.px(xs[0]))} ${r1(p.py(base))}Z`,
          );
        },
        { label, swatch: swatchBox(opacity), style: ink(color) },
      );
    },
    points: (p, { color, label, r = 3 } = {}) => {
      const node = s("g");
      return mark(
        p,
        p.inside,
        node,
        (xs, ys) =>
          node.replaceChildren(
            ...Array.from(xs, (x, i) => s("circle", { class: "gx-dot", cx: r1(p.px(x)), cy: r1(p.py(ys[i])), r })),
          ),
        { label, swatch: swatchDot, style: ink(color) },
      );
    },
    bars: (p, { color, label, opacity = 0.45 } = {}) => {
      const node = s("path", { class: "gx-area", "fill-opacity": opacity });
      return mark(
        p,
        p.inside,
        node,
        (edges, heights) =>
          node.setAttribute(
            "d",
            Array.from(
              heights,
              (v, i) =>
                `M${r1(p.px(edges[i]) + 0.5)} ${r1(p.py(0))}V${r1(p.py(v))}H${r1(p.px(edges[i + 1]) - 0.5)}V${r1(p.py(0))}Z`,
            ).join(""),
          ),
        { label, swatch: swatchBox(opacity), style: ink(color) },
      );
    },
    rule: (p, { x, color = "muted", dash = "dash", label, width = 1 } = {}) => {
      const node = s("line", { class: "gx-line", "stroke-dasharray": DASH[dash], "stroke-width": width });
      return mark(
        p,
        p.inside,
        node,
        (v) =>
          put(
            node,
            x
              ? { x1: r1(p.px(v)), x2: r1(p.px(v)), y1: p.box.top, y2: p.box.bottom }
              : { y1: r1(p.py(v)), y2: r1(p.py(v)), x1: p.box.left, x2: p.box.right },
          ),
        { label, swatch: swatchLine(dash, width), style: ink(color) },
      );
    },
    arrows: (p, { color, label, width = 2 } = {}) => {
      const node = s("path", { class: "gx-line", "stroke-width": width });
      return mark(
        p,
        p.inside,
        node,
        (xs, ys, dxs, dys) =>
          node.setAttribute(
            "d",
            Array.from(xs, (x, i) => arrow(p.px(x), p.py(ys[i]), p.px(x + dxs[i]), p.py(ys[i] + dys[i]))).join(""),
          ),
        { label, swatch: swatchLine("solid", width), style: ink(color) },
      );
    },
    text: (p, { color = "muted", anchor = "start", dx = 0, dy = 0 } = {}) => {
      const node = s("text", { class: "gx-note", "text-anchor": anchor });
      return mark(
        p,
        p.over,
        node,
        (x, y, words) => {
          put(node, { x: r1(p.px(x) + dx), y: r1(p.py(y) + dy) });
          node.textContent = words;
        },
        { style: ink(color) },
      );
    },
    handle: (p, options) => handle(p, options),
  };

  function arrow(x0, y0, x1, y1) {
    const length = Math.hypot(x1 - x0, y1 - y0);
    if (!(length > 0.2)) return "";
    const head = Math.min(6, length / 2),
      ux = (x1 - x0) / length,
      uy = (y1 - y0) / length;
    const wing = (k) =>
      `M${r1(x1)} ${r1(y1)}L${r1(x1 - head * ux + k * head * 0.6 * uy)} ${r1(y1 - head * uy - k * head * 0.6 * ux)}`;
    return `M${r1(x0)} ${r1(y0)}L${r1(x1)} ${r1(y1)}${wing(1)}${wing(-1)}`;
  }

  function handle(p, { label, color, axis = "x", step, min, max, format, onInput = () => {}, onChange = () => {} }) {
    const node = s(
      "g",
      {
        class: `gx-handle gx-${axis}`,
        role: "slider",
        tabindex: 0,
        "aria-label": label,
        style: ink(color),
        "aria-orientation": axis === "y" ? "vertical" : "horizontal",
      },
      s("circle", { class: "gx-reach", r: 18 }),
      s("circle", { class: "gx-ring", r: 11 }),
      s("circle", { class: "gx-grip", r: 7 }),
    );
    p.over.append(node);
    const at = { x: 0, y: 0 };
    const bound = (which, side) => {
      const given = side === 0 ? min : max,
        end = p[which].domain[side];
      return (Array.isArray(given) ? given[which === "x" ? 0 : 1] : given) ?? end;
    };
    const stepOf = (which) =>
      (Array.isArray(step) ? step[which === "x" ? 0 : 1] : step) ??
      Math.abs(p[which].domain[1] - p[which].domain[0]) / 100;
    const words =
      format ??
      ((x, y) => (axis === "x" ? kit.fixed(x) : axis === "y" ? kit.fixed(y) : `${kit.fixed(x)}, ${kit.fixed(y)}`));
    const main = axis === "y" ? "y" : "x";
    const self = {
      node,
      get x() {
        return at.x;
      },
      get y() {
        return at.y;
      },
      set: (x, y) => {
        at.x = x;
        at.y = y;
        self.draw();
        return self;
      },
      show: (on) => {
        node.style.display = on ? "" : "none";
        return self;
      },
      draw: () => {
        put(node, {
          "aria-valuemin": bound(main, 0),
          "aria-valuemax": bound(main, 1),
          "aria-valuenow": at[main],
          "aria-valuetext": words(at.x, at.y),
        });
        if (p.ready) node.setAttribute("transform", `translate(${r1(p.px(at.x))} ${r1(p.py(at.y))})`);
      },
    };
    const move = (next) => {
      for (const which of axis)
        if (next[which] !== undefined) at[which] = clamp(next[which], bound(which, 0), bound(which, 1));
      self.draw();
      onInput(at.x, at.y);
    };
    byPointer(p, node, at, move, () => onChange(at.x, at.y));
    byKeys(node, { at, axis, main, bound, stepOf, move, done: () => onChange(at.x, at.y) });
    p.marks.push(self);
    return self;
  }

  function byPointer(p, node, at, move, done) {
    let grip = null;
    node.addEventListener("pointerdown", (e) => {
      if (e.button !== 0) return;
      const box = p.svg.getBoundingClientRect();
      grip = { x: e.clientX - box.left - p.px(at.x), y: e.clientY - box.top - p.py(at.y) };
      node.setPointerCapture(e.pointerId);
      node.focus({ preventScroll: true });
      e.preventDefault();
    });
    node.addEventListener("pointermove", (e) => {
      if (!grip) return;
      const box = p.svg.getBoundingClientRect();
      move({ x: p.ux(e.clientX - box.left - grip.x), y: p.uy(e.clientY - box.top - grip.y) });
    });
    const drop = () => {
      if (grip) {
        grip = null;
        done();
      }
    };
    node.addEventListener("pointerup", drop);
    node.addEventListener("pointercancel", drop);
  }

  function byKeys(node, { at, axis, main, bound, stepOf, move, done }) {
    const arrows = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowDown: ["y", -1], ArrowUp: ["y", 1] };
    const pages = { PageDown: -10, PageUp: 10 };
    node.addEventListener("keydown", (e) => {
      if (e.key === "Escape") return;
      e.stopPropagation();
      let which = main,
        target;
      if (arrows[e.key]) {
        which = axis === "xy" ? arrows[e.key][0] : main; // a handle with one axis listens to all four arrows
        target = at[which] + arrows[e.key][1] * stepOf(which) * (e.shiftKey ? 10 : 1);
      } else if (pages[e.key]) target = at[which] + pages[e.key] * stepOf(which);
      else if (e.key === "Home") target = bound(which, 0);
      else if (e.key === "End") target = bound(which, 1);
      else return;
      e.preventDefault();
      move({ [which]: target });
      done();
    });
  }

  return { s, put, r1, clamp, MARKS };
})();
