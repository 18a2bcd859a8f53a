// Runs a packed convolutional network (places.py) in the page: net.js computes one layer's matrix at every place.
// What does not belong here: drawing, controls, the matrices themselves (net.js).
//
// const g = places.load(spec, buffer)   spec: {inputs, outputs, stages}; buffer: ArrayBuffer with every stage's numbers
// g.forward(x)                          outputs as a Float32Array of its own; x has spec.inputs numbers
// places.load(spec, buffer, {plain: true}) never uses WebAssembly
//
// An image in between is a Float32Array (side, side, channels): the numbers of one place lie side by side.

const places = (() => {
  // The transposed convolution, 4 x 4 places, stride 2, padding 1: place (y, x) adds to rows 2y-1 .. 2y+2.
  function spread(matrix, { side, channels, out, bias, act }, h) {
    const wide = 2 * side, made = new Float32Array(wide * wide * out);
    for (let p = 0; p < made.length; p++) made[p] = bias[p % out];
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const from = (y * side + x) * channels, patch = matrix.forward(h.subarray(from, from + channels));
        for (let i = 0; i < 4; i++) {
          const row = 2 * y - 1 + i;
          if (row < 0 || row >= wide) continue;
          for (let j = 0; j < 4; j++) {
            const column = 2 * x - 1 + j;
            if (column < 0 || column >= wide) continue;
            const to = (row * wide + column) * out, at = (4 * i + j) * out;
            for (let c = 0; c < out; c++) made[to + c] += patch[at + c];
          }
        }
      }
    if (act === "relu") for (let p = 0; p < made.length; p++) made[p] = Math.max(0, made[p]);
    if (act === "tanh") for (let p = 0; p < made.length; p++) made[p] = Math.tanh(made[p]);
    return made;
  }

  // The convolution, 3 x 3 places with zeros outside; pool: the largest of each 2 x 2, a last odd row left out.
  function gather(matrix, { side, channels, out, pool }, h) {
    const around = new Float32Array(9 * channels), size = pool ? side >> 1 : side;
    const made = new Float32Array(size * size * out).fill(-Infinity), used = pool ? 2 * size : side;
    for (let y = 0; y < used; y++)
      for (let x = 0; x < used; x++) {
        for (let i = 0; i < 9; i++) {
          const row = y - 1 + Math.floor(i / 3), column = x - 1 + (i % 3), at = i * channels, from = (row * side + column) * channels;
          if (row < 0 || row >= side || column < 0 || column >= side) around.fill(0, at, at + channels);
          else around.set(h.subarray(from, from + channels), at);
        }
        const seen = matrix.forward(around), to = (pool ? (y >> 1) * size + (x >> 1) : y * size + x) * out;
        for (let c = 0; c < out; c++) if (seen[c] > made[to + c]) made[to + c] = seen[c];
      }
    return made;
  }

  const KINDS = { spread, gather, dense: (matrix, _, h) => Float32Array.from(matrix.forward(h)) };

  function load({ inputs, outputs, stages }, buffer, options = {}) {
    const run = stages.map((stage) => {
      const matrix = net.load(stage.net, buffer.slice(stage.at, stage.at + stage.size), options);
      return { matrix, act: (h) => KINDS[stage.kind](matrix, stage, h) };
    });
    const forward = (x) => run.reduce((h, { act }) => act(h), x);
    return { forward, inputs, outputs, engine: run[0].matrix.engine };
  }

  return { load };
})();
