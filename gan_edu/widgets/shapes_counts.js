// Sizes and counts of a chain of convolutions along one axis; shapes.py has the same in Python. No drawing.

const chainOf = (() => {
  const MOST = 128;
  const sizeOf = (n, { kind, kernel, stride, padding }) =>
    kind === "conv" ? Math.floor((n + 2 * padding - kernel) / stride) + 1 : (n - 1) * stride - 2 * padding + kernel;

  // The side before and after each layer; null from where nothing is left, or more than can be drawn.
  function sides(side, layers) {
    const found = [side];
    for (const layer of layers) {
      const last = found[found.length - 1], n = last === null ? null : sizeOf(last, layer);
      found.push(n !== null && n >= 1 && n <= MOST ? n : null);
    }
    return found;
  }

  // For each output the inputs that feed it.
  function sources(n, layer) {
    const outputs = sides(n, [layer])[1] ?? 0, { kind, kernel, stride, padding } = layer;
    const found = Array.from({ length: outputs }, () => []);
    for (let i = 0; i < (kind === "conv" ? outputs : n); i++)
      for (let t = 0; t < kernel; t++) {
        const j = i * stride - padding + t;
        if (kind === "conv" && j >= 0 && j < n) found[i].push(j);
        if (kind !== "conv" && j >= 0 && j < outputs) found[j].push(i);
      }
    return found;
  }

  // For each stage, first to last, how many paths lead from each of its pixels to pixel `pick` of the last one.
  function paths(side, layers, pick) {
    const chain = sides(side, layers).filter((n) => n !== null), last = chain[chain.length - 1];
    const found = [Array.from({ length: last }, (_, i) => Number(i === Math.min(pick, last - 1)))];
    for (let l = chain.length - 2; l >= 0; l--) {
      const before = new Array(chain[l]).fill(0);
      sources(chain[l], layers[l]).forEach((inputs, o) => { for (const i of inputs) before[i] += found[0][o]; });
      found.unshift(before);
    }
    return found;
  }

  const overlaps = (n, layer) => sources(n, layer).map((inputs) => inputs.length);
  const extent = (counts) => {
    const first = counts.findIndex((v) => v > 0);
    return first < 0 ? 0 : counts.length - 1 - [...counts].reverse().findIndex((v) => v > 0) - first + 1;
  };

  return { sides, paths, overlaps, extent };
})();
