// Runs a packed convolutional generator (convnet.py) in the page. Every product is one matrix of net.js on patches.
// What does not belong here: drawing, controls, anything about z.
//
// const g = convnet.load(spec, weights, norms)      spec: latent_dim, shape, ops, layers; two ArrayBuffers
// g.forward(zs, {batch, running, mute})             zs: points, all in one batch; gives {stages, statistics}
//   batch: true      BatchNorm takes mean and variance of this very batch (train), else of `running` (eval)
//   running          [{mean, variance}, ...], one for each BatchNorm; default: the averages that came with the weights
//   mute             [layer, channel]: a map set to 0 for all that lies behind it
//   stages           for each of spec.layers, for each z: Float32Array (C, H, W)
//   statistics       for each BatchNorm: {mean, variance}, that it took
// g.running, g.shape, g.layers

const convnet = (() => {
  function load(spec, weights, norms) {
    const numbers = new Float32Array(norms);
    const ops = spec.ops.map((op) => prepare(op, weights, numbers));
    const running = ops.filter((op) => op.op === "norm").map(({ mean, variance }) => ({ mean, variance }));
    const forward = (zs, { batch = false, running: given = running, mute = null } = {}) => {
      let xs = zs.map((z) => Float32Array.from(z));
      const stages = [], statistics = [];
      ops.forEach((op, i) => {
        if (op.op === "norm") {
          const taken = batch ? ofBatch(xs, op.channels) : given[statistics.length];
          statistics.push(taken);
          xs = xs.map((x) => normed(x, op, taken));
        } else xs = xs.map((x) => RUN[op.op](x, op));
        const layer = spec.layers.findIndex(({ after }) => after === i);
        if (layer < 0) return;
        if (mute && mute[0] === layer) for (const x of xs) silence(x, mute[1], spec.layers[layer].shape);
        stages.push(xs);
      });
      return { stages, statistics };
    };
    return { forward, running, shape: spec.shape, layers: spec.layers };
  }

  function prepare(op, weights, numbers) {
    if (op.layer) {
      const { rows, cols } = op.layer;
      return { ...op, product: net.load({ inputs: cols, outputs: rows, layers: [op.layer] }, weights) };
    }
    if (op.op !== "norm") return op;
    const part = (k) => numbers.subarray(op.at + k * op.channels, op.at + (k + 1) * op.channels);
    return { ...op, gain: part(0), shift: part(1), mean: part(2), variance: part(3) };
  }

  // Mean and variance of each channel over all images and pixels of the batch; the variance with 1/n, as BatchNorm has it.
  function ofBatch(xs, channels) {
    const area = xs[0].length / channels, n = xs.length * area;
    const mean = new Float64Array(channels), variance = new Float64Array(channels);
    for (let c = 0; c < channels; c++) {
      for (const x of xs) for (let i = c * area; i < (c + 1) * area; i++) mean[c] += x[i];
      mean[c] /= n;
      for (const x of xs) for (let i = c * area; i < (c + 1) * area; i++) variance[c] += (x[i] - mean[c]) ** 2;
      variance[c] /= n;
    }
    return { mean, variance };
  }

  function normed(x, { channels, eps, gain, shift }, { mean, variance }) {
    const area = x.length / channels, out = new Float32Array(x.length);
    for (let c = 0; c < channels; c++) {
      const a = gain[c] / Math.sqrt(variance[c] + eps), b = shift[c] - a * mean[c];
      for (let i = c * area; i < (c + 1) * area; i++) out[i] = a * x[i] + b;
    }
    return out;
  }

  function silence(x, channel, [, height, width]) {
    x.fill(0, channel * height * width, (channel + 1) * height * width);
  }

  // Each pixel of the input writes a patch of kernel x kernel into the output, `stride` apart; patches add up.
  function transposed(x, { product, kernel, stride, padding, shape: [channels, height, width], bias }) {
    const out = new Float32Array(channels * height * width), taps = kernel * kernel, inputs = product.inputs;
    const h = (height - kernel + 2 * padding) / stride + 1, w = (width - kernel + 2 * padding) / stride + 1, pixel = new Float32Array(inputs);
    for (let c = 0; c < channels; c++) out.fill(bias[c], c * height * width, (c + 1) * height * width);
    for (let y = 0; y < h; y++)
      for (let z = 0; z < w; z++) {
        for (let c = 0; c < inputs; c++) pixel[c] = x[(c * h + y) * w + z];
        const patch = product.forward(pixel);
        for (let k = 0; k < taps; k++) {
          const r = y * stride - padding + Math.floor(k / kernel), s = z * stride - padding + (k % kernel);
          if (r < 0 || s < 0 || r >= height || s >= width) continue;
          for (let c = 0; c < channels; c++) out[(c * height + r) * width + s] += patch[c * taps + k];
        }
      }
    return out;
  }

  // Each pixel of the output reads a patch of the input; outside of it there are zeros.
  function conv(x, { product, kernel, stride, padding, shape: [channels, height, width] }) {
    const taps = kernel * kernel, inputs = product.inputs / taps, side = Math.sqrt(x.length / inputs);
    const out = new Float32Array(channels * height * width), patch = new Float32Array(product.inputs);
    for (let y = 0; y < height; y++)
      for (let z = 0; z < width; z++) {
        for (let k = 0; k < taps; k++) {
          const r = y * stride - padding + Math.floor(k / kernel), s = z * stride - padding + (k % kernel);
          const inside = r >= 0 && s >= 0 && r < side && s < side;
          for (let c = 0; c < inputs; c++) patch[c * taps + k] = inside ? x[(c * side + r) * side + s] : 0;
        }
        const values = product.forward(patch);
        for (let c = 0; c < channels; c++) out[(c * height + y) * width + z] = values[c];
      }
    return out;
  }

  // Bilinear, corners on corners: the output pixel i lies at i (n - 1) / (2n - 1) of the input.
  function double(x, { shape: [channels, height, width] }) {
    const h = height / 2, w = width / 2, out = new Float32Array(channels * height * width);
    const place = (i, n) => {
      const at = (i * (n - 1)) / (2 * n - 1), low = Math.min(Math.floor(at), n - 1);
      return [low, Math.min(low + 1, n - 1), at - low];
    };
    const across = Array.from({ length: width }, (_, i) => place(i, w));
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++) {
        const [r0, r1, u] = place(y, h), top = (c * h + r0) * w, bottom = (c * h + r1) * w, to = (c * height + y) * width;
        for (let z = 0; z < width; z++) {
          const [s0, s1, v] = across[z];
          out[to + z] = (1 - u) * ((1 - v) * x[top + s0] + v * x[top + s1]) + u * ((1 - v) * x[bottom + s0] + v * x[bottom + s1]);
        }
      }
    return out;
  }

  const RUN = {
    matrix: (x, { product }) => product.forward(x).slice(),
    transposed, conv, double,
    leaky: (x, { slope }) => x.map((v) => (v > 0 ? v : slope * v)),
    tanh: (x) => x.map(Math.tanh),
    sigmoid: (x) => x.map((v) => 1 / (1 + Math.exp(-v))),
    "from unit": (x) => x.map((v) => 2 * v - 1),
    same: (x) => x,
  };

  const shared = new WeakMap(); // one decoded copy for all views of a widget
  function once(spec, weights, norms) {
    if (typeof weights !== "object") return load(spec, kit.bytes(weights), kit.bytes(norms));
    if (!shared.has(weights)) shared.set(weights, load(spec, kit.bytes(weights), kit.bytes(norms)));
    return shared.get(weights);
  }

  return { load, once };
})();
