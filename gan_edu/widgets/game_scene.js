// GameExplorer's picture: in the plane a canvas with D's surface, points, lattice and arrows; on the line a plot.
// What does not belong here: controls and charts (game_panel.js), messages (game.js), where the arrays come from.

const gameScene = (() => {
  const LATTICE = 17;

  // ---- the plane ---------------------------------------------------------------------------------------------------
  // D = 0, 1/2, 1 is drawn from the colour of fakes over nothing to the colour of data.
  function surfaceOf(values, side, [fake, data]) {
    const image = new ImageData(side, side);
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const t = values[row * side + column] / 127.5 - 1, [r, g, b] = t > 0 ? data : fake;
        image.data.set([r, g, b, 110 * Math.abs(t)], 4 * ((side - 1 - row) * side + column));
      }
    return image;
  }
  const rgb = (text) => {
    const found = text.match(/^#(..)(..)(..)$/);
    return found ? found.slice(1).map((v) => parseInt(v, 16)) : text.match(/\d+/g).slice(0, 3).map(Number);
  };

  // The pieces of the line where the surface crosses one half, in grid units: marching squares.
  function crossing(values, side, level = 127.5) {
    const pieces = [], at = (i, j) => values[i * side + j] - level;
    for (let i = 0; i + 1 < side; i++)
      for (let j = 0; j + 1 < side; j++) {
        const corners = [[i, j], [i, j + 1], [i + 1, j + 1], [i + 1, j]], cut = [];
        for (let e = 0; e < 4; e++) {
          const [a, b] = [corners[e], corners[(e + 1) % 4]], va = at(...a), vb = at(...b);
          if (va > 0 !== vb > 0) cut.push([a[1] + ((b[1] - a[1]) * va) / (va - vb), a[0] + ((b[0] - a[0]) * va) / (va - vb)]);
        }
        for (let e = 0; e + 1 < cut.length; e += 2) pieces.push([cut[e], cut[e + 1]]);
      }
    return pieces;
  }

  function plane({ ui, strokes }) {
    const canvas = kit.h("canvas", { class: "gx-plane", role: "img", tabindex: 0 });
    const c = canvas.getContext("2d"), small = document.createElement("canvas");
    let size = 0, view = 3, cursor = null, sketch = null;
    const px = (x) => ((x + view) / (2 * view)) * size, py = (y) => size - px(y);
    const colors = () => Object.fromEntries(["data", "generated", "discriminator", "ink", "muted", "line", "accent"]
      .map((name) => [name, kit.color(ui.root, name)]));

    function fit(width) {
      size = Math.max(160, Math.floor(Math.min(width, 560)));
      const ratio = devicePixelRatio || 1;
      canvas.width = canvas.height = Math.round(size * ratio);
      canvas.style.width = canvas.style.height = `${size}px`;
      c.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    function surface(values, color) {
      const side = Math.round(Math.sqrt(values.length)), step = size / (side - 1);
      small.width = small.height = side;
      small.getContext("2d").putImageData(surfaceOf(values, side, [rgb(color.generated), rgb(color.data)]), 0, 0);
      c.drawImage(small, -step / 2, -step / 2, size + step, size + step);
      c.beginPath();
      for (const [a, b] of crossing(values, side)) {
        c.moveTo(a[0] * step, size - a[1] * step);
        c.lineTo(b[0] * step, size - b[1] * step);
      }
      stroke(color.discriminator, 2);
    }
    function stroke(style, width, alpha = 1) {
      c.strokeStyle = style;
      c.lineWidth = width;
      c.globalAlpha = alpha;
      c.stroke();
      c.globalAlpha = 1;
    }
    function dots(xy, style, r, shape, alpha = 0.8) {
      c.beginPath();
      for (let i = 0; i < xy.length; i += 2) {
        const x = px(xy[i]), y = py(xy[i + 1]);
        if (shape === "diamond") {
          c.moveTo(x, y - r); c.lineTo(x + r, y); c.lineTo(x, y + r); c.lineTo(x - r, y); c.closePath();
        } else {
          c.moveTo(x + r, y);
          c.arc(x, y, r, 0, 6.2832);
        }
      }
      if (shape === "ring") { stroke(style, 1.5); return; }
      c.fillStyle = style;
      c.globalAlpha = alpha;
      c.fill();
      c.globalAlpha = 1;
    }
    function lattice(xy, style) {
      const n = xy.length / 2, side = n === LATTICE * LATTICE ? LATTICE : n;
      c.beginPath();
      const go = (i, first) => c[first ? "moveTo" : "lineTo"](px(xy[2 * i]), py(xy[2 * i + 1]));
      for (let a = 0; a < side; a++) for (let b = 0; b < side; b++) go(a * side + b, b === 0);
      for (let b = 0; b < side; b++) for (let a = 0; a < side; a++) go(a * side + b, a === 0);
      stroke(style, 1, 0.65);
    }
    function arrows(xy, way, scale, style) {
      c.beginPath();
      for (let i = 0; i < way.length; i += 2) {
        const x0 = px(xy[i]), y0 = py(xy[i + 1]);
        const x1 = px(xy[i] + scale * way[i]), y1 = py(xy[i + 1] + scale * way[i + 1]), length = Math.hypot(x1 - x0, y1 - y0);
        if (!(length > 0.5)) continue;
        const head = Math.min(6, length / 2), ux = ((x1 - x0) / length) * head, uy = ((y1 - y0) / length) * head;
        c.moveTo(x0, y0);
        c.lineTo(x1, y1);
        c.moveTo(x1 - ux - 0.5 * uy, y1 - uy + 0.5 * ux);
        c.lineTo(x1, y1);
        c.lineTo(x1 - ux + 0.5 * uy, y1 - uy - 0.5 * ux);
      }
      stroke(style, 1.3);
    }
    function frame(color) {
      c.fillStyle = color.muted;
      c.font = "12px system-ui, sans-serif";
      const most = Math.floor(view * 0.9), step = most > 3 ? 2 : 1;
      for (let v = -Math.floor(most / step) * step; v <= most; v += step) {
        c.textAlign = "center";
        c.fillText(kit.fixed(v, 0), px(v), size - 5);
        c.textAlign = "left";
        if (v !== -Math.floor(most / step) * step || most < view - 0.5) c.fillText(kit.fixed(v, 0), 5, py(v) + 4);
      }
      c.strokeStyle = color.line;
      c.lineWidth = 1;
      c.strokeRect(0.5, 0.5, size - 1, size - 1);
    }
    function pen(color) {
      if (!strokes.on()) return;
      c.beginPath();
      for (const [i, [x, y]] of (sketch ?? []).entries()) c[i ? "lineTo" : "moveTo"](px(x), py(y));
      stroke(color.accent, 3);
      if (!cursor || document.activeElement !== canvas) return;
      c.beginPath();
      c.moveTo(px(cursor[0]) - 9, py(cursor[1])); c.lineTo(px(cursor[0]) + 9, py(cursor[1]));
      c.moveTo(px(cursor[0]), py(cursor[1]) - 9); c.lineTo(px(cursor[0]), py(cursor[1]) + 9);
      stroke(color.accent, 2);
    }

    let shown = null;
    function draw(now, arrays, { layers, surface: which, scale }) {
      shown = [now, arrays, { layers, surface: which, scale }];
      if (!size) return;
      const color = colors(), has = (name) => layers.includes(name);
      view = now.view;
      c.clearRect(0, 0, size, size);
      if (which !== "none") surface(arrays[which], color);
      if (has("manifold")) lattice(arrays.manifold, color.generated);
      if (has("data")) dots(arrays.real, color.data, 2, "dot", 0.7);
      if (has("fakes")) dots(arrays.fakes, color.generated, 2.8, "diamond", 0.85);
      dots(arrays.batch_real, color.data, 4, "ring");
      dots(arrays.batch_fake, color.generated, 4, "ring");
      if (has("arrows")) arrows(arrays.fakes, arrays.arrows, scale, color.ink);
      frame(color);
      pen(color);
    }
    const again = () => shown && draw(...shown);

    // ---- draw your own: strokes by mouse or touch, dots by the keyboard
    const where = (e) => {
      const box = canvas.getBoundingClientRect();
      const at = (v) => Math.round(1000 * ((2 * view * v) / size - view)) / 1000;
      return [at(e.clientX - box.left), -at(e.clientY - box.top)];
    };
    canvas.addEventListener("pointerdown", (e) => {
      if (!strokes.on() || e.button !== 0) return;
      e.preventDefault();
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(e.pointerId);
      sketch = [where(e)];
      again();
    });
    canvas.addEventListener("pointermove", (e) => {
      if (!sketch) return;
      const [x, y] = where(e), [a, b] = sketch.at(-1);
      if (Math.hypot(x - a, y - b) > 0.03 * view) { sketch.push([x, y]); again(); }
    });
    const drop = () => { if (sketch) { const done = sketch; sketch = null; strokes.add(done); } };
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, drop);
    const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    canvas.addEventListener("keydown", (e) => {
      if (!strokes.on()) return;
      const way = WAYS[e.key], step = (e.shiftKey ? 0.2 : 0.05) * view;
      if (way) cursor = way.map((w, i) => Math.min(view, Math.max(-view, (cursor?.[i] ?? 0) + step * w)));
      else if (e.key === " " || e.key === "Enter") strokes.add([(cursor ??= [0, 0])]);
      else if (e.key === "Backspace" || e.key === "Delete") strokes.clear();
      else return;
      e.preventDefault();
      ui.say(`pen at ${(cursor ?? [0, 0]).map((v) => kit.fixed(v, 1)).join(", ")}`);
      again();
    });
    for (const kind of ["focus", "blur"]) canvas.addEventListener(kind, again);
    kit.keepKeys(canvas);
    return { el: canvas, draw, fit: (width) => { fit(width); again(); }, label: (text) => canvas.setAttribute("aria-label", text) };
  }

  // ---- the line ----------------------------------------------------------------------------------------------------
  function line() {
    const p = plot({ label: "densities and D on the line", x: { domain: [-5, 5], label: "x" },
      y: { domain: [-0.2, 1.25], ticks: [0, 0.5, 1], label: "density; D(x)" }, height: 360 });
    const marks = {
      data: [p.area({ color: "data", opacity: 0.14 }), p.line({ color: "data", label: "data p, exact" })],
      fakes: [p.area({ color: "generated", opacity: 0.14 }), p.line({ color: "generated", dash: "dash", label: "fakes q, by kernels" })],
      surface: [p.line({ color: "discriminator", dash: "dot", width: 3, label: "D(x), or the best D" })],
      manifold: [p.points({ color: "generated", r: 1.6, label: "G of evenly spaced z" })],
      arrows: [p.arrows({ color: "ink", width: 1.4, label: "where fakes are sent" })],
    };
    const real = p.points({ color: "data", r: 2.5 }), fake = p.points({ color: "generated", r: 2.5 });
    function draw(now, arrays, { layers, surface, scale }) {
      const n = arrays.p.length, view = now.view;
      if (p.x.domain[1] !== view) p.domain({ x: [-view, view] });
      const xs = Array.from({ length: n }, (_, i) => -view + (2 * view * i) / (n - 1));
      for (const mark of marks.data) mark.set(xs, arrays.p);
      for (const mark of marks.fakes) mark.set(xs, arrays.q);
      if (surface !== "none") marks.surface[0].set(xs, arrays[surface]);
      const flat = (values, y) => Array.from(values, () => y), at = arrays.fakes.slice(0, arrays.arrows.length);
      marks.manifold[0].set(arrays.manifold, flat(arrays.manifold, -0.06));
      const spread = Array.from(at, (_, i) => -0.1 - (0.08 * i) / at.length);
      marks.arrows[0].set(at, spread, Array.from(arrays.arrows, (v) => scale * v), flat(at, 0));
      real.set(arrays.batch_real, flat(arrays.batch_real, -0.02));
      fake.set(arrays.batch_fake, flat(arrays.batch_fake, -0.04));
      for (const name of Object.keys(marks))
        for (const mark of marks[name]) mark.show(name === "surface" ? surface !== "none" : layers.includes(name));
    }
    return { el: p.el, draw, fit: () => {}, label: p.describe };
  }

  return { plane, line, crossing, surfaceOf };
})();
