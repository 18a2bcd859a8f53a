// Runs a packed fully connected network (mlp.py) in the page: a small SIMD kernel, or plain loops where it may not run.
// What does not belong here: drawing, controls, anything about z.
//
// const g = net.load(spec, buffer)      spec: {inputs, outputs, layers}; buffer: ArrayBuffer with scales, biases, weights
// g.forward(x)                          outputs as a Float32Array that the next call writes over; x has g.inputs numbers
// g.engine                              "simd" or "plain"
// net.load(spec, buffer, {plain: true}) never uses WebAssembly

const net = (() => {
  const KERNEL = "@DENSE_MODULE@"; // base64 of wasm.py's module, filled in when the explorer's text is put together
  const round8 = (n) => Math.ceil(n / 8) * 8;

  // Everything lies in one memory of 4-byte floats: per layer the rows (padded to 8 with zeros), then biases; two vectors.
  function plan(spec) {
    let at = 16;
    const take = (n) => {
      const here = at;
      at += round8(n);
      return here;
    };
    const layers = spec.layers.map((layer) => {
      const stride = round8(layer.cols);
      return { ...layer, stride, w: take(layer.rows * stride), b: take(layer.rows) };
    });
    const widest = Math.max(...layers.map((layer) => Math.max(layer.stride, layer.rows)));
    return { layers, vectors: [take(widest), take(widest)], floats: at };
  }

  function fill(memory, layers, buffer) {
    for (const { rows, cols, stride, w, b, scale, bias, weights } of layers) {
      const scales = new Float32Array(buffer, scale, rows),
        shorts = new Int16Array(buffer, weights, rows * cols);
      memory.set(new Float32Array(buffer, bias, rows), b);
      for (let r = 0; r < rows; r++) {
        const from = r * cols,
          to = w + r * stride,
          s = scales[r];
        for (let c = 0; c < cols; c++) memory[to + c] = shorts[from + c] * s;
      }
    }
  }

  function plainDense(memory) {
    return (w, x, y, b, rows, strideBytes, slope) => {
      const stride = strideBytes >> 2;
      for (let r = 0, i = w >> 2; r < rows; r++) {
        let s0 = 0,
          s1 = 0,
          s2 = 0,
          s3 = 0;
        for (let c = x >> 2, end = c + stride; c < end; c += 4, i += 4) {
          s0 += memory[i] * memory[c];
          s1 += memory[i + 1] * memory[c + 1];
          s2 += memory[i + 2] * memory[c + 2];
          s3 += memory[i + 3] * memory[c + 3];
        }
        const v = memory[(b >> 2) + r] + (s0 + s1 + s2 + s3);
        memory[(y >> 2) + r] = v > 0 ? v : v * slope;
      }
    };
  }

  function engine(floats, plain) {
    if (!plain)
      try {
        const bytes = Uint8Array.from(atob(KERNEL), (c) => c.charCodeAt(0));
        const memory = new WebAssembly.Memory({ initial: Math.ceil((floats * 4) / 65536) });
        const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
        return { name: "simd", memory: new Float32Array(memory.buffer), dense: exports.dense };
      } catch {
        /* a page may forbid WebAssembly, a browser may lack SIMD: plain loops give the same numbers */
      }
    const memory = new Float32Array(floats);
    return { name: "plain", memory, dense: plainDense(memory) };
  }

  // What is left of a layer after W x + b and a slope: returns how many outputs there are.
  function finish(memory, at, { rows, act, pieces, post }) {
    let n = rows;
    if (act === "tanh") for (let i = 0; i < n; i++) memory[at + i] = Math.tanh(memory[at + i]);
    if (act === "sigmoid") for (let i = 0; i < n; i++) memory[at + i] = 1 / (1 + Math.exp(-memory[at + i]));
    if (act === "maxout") {
      n = rows / pieces;
      for (let i = 0; i < n; i++) {
        let best = -Infinity;
        for (let j = 0; j < pieces; j++) best = Math.max(best, memory[at + i * pieces + j]);
        memory[at + i] = best;
      }
    }
    if (post && (post[0] !== 1 || post[1] !== 0))
      for (let i = 0; i < n; i++) memory[at + i] = post[0] * memory[at + i] + post[1];
    return n;
  }

  function load(spec, buffer, { plain = false } = {}) {
    const { layers, vectors, floats } = plan(spec);
    const { name, memory, dense } = engine(floats, plain);
    fill(memory, layers, buffer);
    const forward = (x) => {
      let [from, to] = vectors;
      memory.fill(0, from, from + layers[0].stride);
      memory.set(x, from);
      let n = 0;
      for (const layer of layers) {
        dense(
          4 * layer.w,
          4 * from,
          4 * to,
          4 * layer.b,
          layer.rows,
          4 * layer.stride,
          layer.act === "leaky" ? layer.slope : 1,
        );
        n = finish(memory, to, layer);
        memory.fill(0, to + n, to + round8(n)); // the next layer's padding
        [from, to] = [to, from];
      }
      return memory.subarray(from, from + n);
    };
    return { forward, engine: name, inputs: spec.inputs, outputs: spec.outputs };
  }

  const shared = new WeakMap(); // one decoded copy for all views of a widget
  function once(spec, value) {
    if (typeof value !== "object") return load(spec, kit.bytes(value));
    if (!shared.has(value)) shared.set(value, load(spec, kit.bytes(value)));
    return shared.get(value);
  }

  return { load, once };
})();
