// Runs a packed U-Net (unet.py) in the page, with dropout as its noise. Measures what is sharp in a picture.
// What does not belong here: drawing, controls, where the input comes from.
//
// const g = unet.load(spec, weights, scales)      spec: {inputs, side, channels, ops}; two ArrayBuffers
// g(x, seed)                                      x: Float32Array (inputs, side, side); seed 0: no noise. (channels, side, side)
// unet.energy(x, side, cutoff)                    mean square of what lies above `cutoff` cycles a pixel, as metrics_images

const unet = (() => {
  function load(spec, weights, scales) {
    const shorts = new Int16Array(weights), numbers = new Float32Array(scales);
    let w = 0, s = 0;
    const ops = spec.ops.map((op) => {
      const row = op.inputs * op.kernel * op.kernel, W = new Float32Array(op.outputs * row);
      for (let o = 0; o < op.outputs; o++) for (let i = 0; i < row; i++) W[o * row + i] = shorts[w + o * row + i] * numbers[s + o];
      const bias = numbers.subarray(s + op.outputs, s + 2 * op.outputs);
      w += op.outputs * row;
      s += 2 * op.outputs;
      return { ...op, W, bias };
    });
    return (x, seed = 0) => {
      const seen = [], random = mulberry(seed);
      for (const op of ops) {
        if (op.push) seen.push(x);
        x = finish((op.up ? transposed : conv)(x, op), op, seed ? random : null);
        if (op.up && !op.join) seen.pop();
        if (op.join) x = joined(x, seen.pop());
      }
      return x;
    };
  }

  // Where a tap of the kernel stays inside: the outer index i reads or writes i * stride - padding + k, within 0..n - 1.
  const span = (k, { stride, padding }, n, most) => [Math.max(0, Math.ceil((padding - k) / stride)), Math.min(most - 1, Math.floor((n - 1 + padding - k) / stride))];

  function conv(x, op) {
    const { inputs, outputs, kernel, stride, padding, side, out: n, W, bias } = op, y = new Float32Array(outputs * n * n);
    for (let o = 0, tap = 0; o < outputs; o++) {
      const to = o * n * n;
      y.fill(bias[o], to, to + n * n);
      for (let c = 0; c < inputs; c++)
        for (let a = 0; a < kernel; a++) for (let b = 0; b < kernel; b++, tap++) {
          const v = W[tap], [r0, r1] = span(a, op, side, n), [s0, s1] = span(b, op, side, n);
          for (let r = r0; r <= r1; r++) {
            const from = (c * side + r * stride - padding + a) * side - padding + b, row = to + r * n;
            for (let s = s0; s <= s1; s++) y[row + s] += v * x[from + s * stride];
          }
        }
    }
    return y;
  }

  function transposed(x, op) {
    const { inputs, outputs, kernel, stride, padding, side, out: n, W, bias } = op, y = new Float32Array(outputs * n * n);
    for (let o = 0, tap = 0; o < outputs; o++) {
      const to = o * n * n;
      y.fill(bias[o], to, to + n * n);
      for (let c = 0; c < inputs; c++)
        for (let a = 0; a < kernel; a++) for (let b = 0; b < kernel; b++, tap++) {
          const v = W[tap], [r0, r1] = span(a, op, n, side), [s0, s1] = span(b, op, n, side);
          for (let r = r0; r <= r1; r++) {
            const from = (c * side + r) * side, row = to + (r * stride - padding + a) * n - padding + b;
            for (let s = s0; s <= s1; s++) y[row + s * stride] += v * x[from + s];
          }
        }
    }
    return y;
  }

  function finish(y, { act, drop }, random) {
    if (drop && random) for (let i = 0; i < y.length; i++) y[i] = random() < drop ? 0 : y[i] / (1 - drop);
    if (act === "tanh") return y.map(Math.tanh);
    const slope = act === "leaky" ? 0.2 : 0;
    for (let i = 0; i < y.length; i++) if (y[i] < 0) y[i] *= slope;
    return y;
  }

  function joined(x, skip) {
    const both = new Float32Array(x.length + skip.length);
    both.set(x);
    both.set(skip, x.length);
    return both;
  }

  // A small generator of random numbers (mulberry32), so that a seed gives the same masks each time.
  function mulberry(seed) {
    let a = seed >>> 0;
    return () => {
      a = (a + 0x6d2b79f5) >>> 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  // The discrete Fourier transform along rows, then along columns, and the squares of what is above the cutoff.
  function energy(x, n, cutoff = 0.25) {
    const cos = Float64Array.from({ length: n }, (_, i) => Math.cos((2 * Math.PI * i) / n)), sin = cos.map((_, i) => Math.sin((2 * Math.PI * i) / n));
    const re = new Float64Array(n * n), im = new Float64Array(n * n);
    for (let r = 0; r < n; r++) for (let k = 0; k < n; k++) for (let s = 0; s < n; s++) {
      re[r * n + k] += x[r * n + s] * cos[(k * s) % n];
      im[r * n + k] -= x[r * n + s] * sin[(k * s) % n];
    }
    let total = 0;
    for (let k = 0; k < n; k++) for (let m = 0; m < n; m++) {
      if (Math.hypot(Math.min(k, n - k), Math.min(m, n - m)) <= cutoff * n) continue;
      let a = 0, b = 0;
      for (let r = 0; r < n; r++) {
        const c = cos[(m * r) % n], s = sin[(m * r) % n];
        a += re[r * n + k] * c + im[r * n + k] * s;
        b += im[r * n + k] * c - re[r * n + k] * s;
      }
      total += (a * a + b * b) / (n * n) / (n * n);
    }
    return total;
  }

  return { load, energy };
})();
