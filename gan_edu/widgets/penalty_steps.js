// The numbers of PenaltyExplorer: a critic 2-32-32-1 with leaky rectifiers, its slope, and what is counted of both. No drawing.
// gan_edu/widgets/penalty.py computes the same in NumPy; a test compares every number.

const penalty = (() => {
  const H = 32, LEAK = 0.2, GOLDEN = 0.6180339887498949;
  const PARTS = [["W1", 2 * H], ["b1", H], ["W2", H * H], ["b2", H], ["W3", H], ["b3", 1]], SIZE = PARTS.reduce((n, [, k]) => n + k, 0);

  // numbers: all weights in a row. Gives {weights, at(x, y) -> [score, slope by x, slope by y]}.
  function critic(numbers) {
    const part = {};
    let from = 0;
    for (const [name, size] of PARTS) part[name] = numbers.subarray(from, (from += size));
    const { W1, b1, W2, b2, W3, b3 } = part, h1 = new Float64Array(H), k1 = new Float64Array(H);
    const at = (x, y) => {
      let score = b3[0], gx = 0, gy = 0;
      for (let i = 0; i < H; i++) {
        const v = W1[2 * i] * x + W1[2 * i + 1] * y + b1[i];
        k1[i] = v > 0 ? 1 : LEAK;
        h1[i] = k1[i] * v;
      }
      for (let j = 0; j < H; j++) {
        let v = b2[j], vx = 0, vy = 0;
        for (let i = 0; i < H; i++) {
          const w = W2[j * H + i], kw = w * k1[i];
          v += w * h1[i];
          vx += kw * W1[2 * i];
          vy += kw * W1[2 * i + 1];
        }
        const k = (v > 0 ? 1 : LEAK) * W3[j];
        score += k * v;
        gx += k * vx;
        gy += k * vy;
      }
      return [score, gx, gy];
    };
    return { weights: numbers, at };
  }

  // Points between real and fake, as the penalty looks at them: shares and partners that are spread evenly, no chance.
  function between(real, fake) {
    const n = real.length / 2, points = new Float64Array(2 * n);
    for (let i = 0; i < n; i++) {
      const e = (i * GOLDEN) % 1, j = (7 * i + 3) % n;
      for (const k of [0, 1]) points[2 * i + k] = e * real[2 * i + k] + (1 - e) * fake[2 * j + k];
    }
    return points;
  }

  const each = (points, fn) => Array.from({ length: points.length / 2 }, (_, i) => fn(points[2 * i], points[2 * i + 1]));
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const median = (values) => { const s = [...values].sort((a, b) => a - b), m = s.length / 2; return (s[Math.ceil(m) - 1] + s[Math.floor(m)]) / 2; };

  function readouts(net, real, fake, truth) {
    const score = (x, y) => net.at(x, y)[0], reads = mean(each(real, score)) - mean(each(fake, score));
    const slopes = each(between(real, fake), (x, y) => Math.hypot(...net.at(x, y).slice(1)));
    const largest = net.weights.reduce((m, w) => Math.max(m, Math.abs(w)), 0);
    const edge = net.weights.reduce((n, w) => n + (Math.abs(w) > 0.99 * largest ? 1 : 0), 0) / net.weights.length;
    return { reads, truth, factor: reads / truth, slope: median(slopes), largest, edge, slopes };
  }

  function histogram(values, [low, high], bins) {
    const counts = new Array(bins).fill(0), width = (high - low) / bins;
    for (const v of values) counts[Math.min(bins - 1, Math.max(0, Math.floor((v - low) / width)))] += 1 / values.length;
    return { edges: Array.from({ length: bins + 1 }, (_, i) => low + i * width), shares: counts };
  }

  // Level lines of f, (side, side) on a square of half-width reach, as one row of points with NaN between the pieces.
  function contours(f, side, reach, levels) {
    const xs = [], ys = [], place = (i) => -reach + (2 * reach * i) / (side - 1);
    for (const level of levels) for (let j = 0; j < side - 1; j++) for (let i = 0; i < side - 1; i++) {
      const cut = [], corner = (a, b) => f[(j + b) * side + i + a] - level;
      for (const [a, b, c, d] of [[0, 0, 1, 0], [1, 0, 1, 1], [0, 1, 1, 1], [0, 0, 0, 1]]) {
        const u = corner(a, b), v = corner(c, d);
        if (u > 0 !== v > 0) cut.push([place(i + a + ((c - a) * u) / (u - v)), place(j + b + ((d - b) * u) / (u - v))]);
      }
      for (let k = 0; k + 1 < cut.length; k += 2) { xs.push(cut[k][0], cut[k + 1][0], NaN); ys.push(cut[k][1], cut[k + 1][1], NaN); }
    }
    return [xs, ys];
  }

  return { critic, between, readouts, histogram, contours, each, SIZE };
})();
