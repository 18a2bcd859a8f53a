// The pictures of FeatureMapExplorer: a sheet of maps with a frame to choose one, and strips along the sweep.
// What does not belong here: state and the order of events (features.js), running the generator (convnet.js).
//
// views.sheet({count, shape, chosen, choose})   {el, draw(maps, channel, words)}; choose(i) on click or arrow key
// views.strip({count, shape})                   {el, draw(pictures, words)}

const views = (() => {
  const GAP = 2;

  // Small maps are drawn with each pixel several times, so that gaps are alike and strips stand under each other.
  function enlarged(values, [channels, height, width], times) {
    if (times === 1) return values;
    const out = new Float32Array(values.length * times * times), wide = width * times;
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height * times; y++)
        for (let x = 0; x < wide; x++)
          out[(c * height * times + y) * wide + x] = values[(c * height + Math.floor(y / times)) * width + Math.floor(x / times)];
    return out;
  }

  // Many pictures (C, H, W) of one size on one canvas, row by row.
  function tiles({ count, columns, shape }) {
    const times = Math.max(1, Math.floor(28 / shape[2])), [channels, height, width] = [shape[0], shape[1] * times, shape[2] * times];
    const rows = Math.ceil(count / columns), wide = columns * (width + GAP) - GAP, tall = rows * (height + GAP) - GAP;
    const canvas = kit.pixels({ width: wide, height: tall, channels });
    const left = (i) => (i % columns) * (width + GAP), top = (i) => Math.floor(i / columns) * (height + GAP);
    const set = (i, values) => canvas.tile(enlarged(values, shape, times), left(i), top(i), width, height);
    const share = (i) => ({ left: left(i) / wide, top: top(i) / tall, width: width / wide, height: height / tall });
    return { canvas, set, share };
  }

  function sheet({ count, shape: [, height, width], chosen, choose }) {
    const columns = Math.min(count, 8), all = tiles({ count, columns, shape: [1, height, width] }), el = all.canvas.el;
    const frame = kit.h("div", { class: "gx-pick" });
    kit.picking(el, { what: "sheet of maps", count, columns, chosen, choose });
    return {
      el: kit.h("div", { class: "gx-pad", style: "width: 100%; max-width: 480px" }, el, frame),
      draw: (maps, at, words) => {
        maps.forEach((values, i) => all.set(i, values));
        for (const [name, v] of Object.entries(all.share(at))) frame.style[name] = `${100 * v}%`;
        all.canvas.label(words);
      },
    };
  }

  function strip({ count, shape }) {
    const all = tiles({ count, columns: count, shape });
    return { el: all.canvas.el, draw: (pictures, words) => { pictures.forEach((values, i) => all.set(i, values)); all.canvas.label(words); } };
  }

  return { sheet, strip };
})();
