// The numbers of TransportExplorer: two bumps each, four distances, the plan's threads, the best critic. No drawing here.
// gan_edu/widgets/transport.py computes the same with gan_edu.theory; a test compares every number.

const transport = (() => {
  const SHIFTS = 81, REACH = 5, THREADS = 24, NUDGE = 0.01;

  const logsOf = (xs, middle, width, split) =>
    density.logs(xs, { mean: middle - split / 2, mean2: middle + split / 2, std: width, weight: 0.5 });

  // W1, JS, TV and KL(p||q) from log densities and densities on an even grid; from: where q's arrays begin, for a q moved
  // by whole steps of the grid (outside of its arrays q is 0).
  function distances(xs, lp, p, lq, q, from = 0) {
    const n = xs.length, h = xs[1] - xs[0];
    let js = 0, tv = 0, kl = 0, w1 = 0, passing = 0, before = 0;
    for (let i = 0; i < n; i++) {
      const j = i - from, b = j >= 0 && j < n ? q[j] : 0, lb = j >= 0 && j < n ? lq[j] : -1e4, a = p[i], end = i === 0 || i === n - 1 ? 0.5 : 1;
      if (a + b > 0) {
        const middle = Math.log(a + b) - density.LOG2;
        js += 0.5 * end * ((a > 0 ? a * (lp[i] - middle) : 0) + (b > 0 ? b * (lb - middle) : 0));
      }
      tv += 0.5 * end * Math.abs(a - b);
      if (a > 0) kl += end * a * (lp[i] - lb);
      const gap = a - b, next = i === 0 ? 0 : passing + 0.5 * h * (gap + before);
      if (i > 0) w1 += 0.5 * h * (Math.abs(passing) + Math.abs(next));
      passing = next;
      before = gap;
    }
    return { W1: w1, JS: h * js, TV: h * tv, KL: h * kl };
  }

  const pair = (set, xs, shift = set.shift) => {
    const lp = logsOf(xs, 0, set.p_width, set.p_split), lq = logsOf(xs, shift, set.q_width, set.q_split);
    return { lp, lq, p: lp.map(Math.exp), q: lq.map(Math.exp) };
  };

  function readouts(set, xs) {
    const at = (shift) => { const { lp, lq, p, q } = pair(set, xs, shift); return distances(xs, lp, p, lq, q); };
    const [here, right, left] = [0, NUDGE, -NUDGE].map((by) => at(set.shift + by));
    return { ...here, W1_slope: (right.W1 - left.W1) / (2 * NUDGE), JS_slope: (right.JS - left.JS) / (2 * NUDGE) };
  }

  // The four curves against the shift: q is computed once, and moved by whole steps of the grid.
  function curves(set, xs) {
    const { lp, p } = pair(set, xs), { lq, q } = pair(set, xs, 0), h = xs[1] - xs[0];
    const shifts = density.range(-REACH, REACH, SHIFTS), rows = Array.from(shifts, (s) => distances(xs, lp, p, lq, q, Math.round(s / h)));
    return { shifts: Array.from(shifts), ...Object.fromEntries(["W1", "JS", "TV", "KL"].map((name) => [name, rows.map((row) => row[name])])) };
  }

  const normed = (values) => { const sum = values.reduce((a, b) => a + b, 0); return values.map((v) => v / sum); };

  function quantiles(xs, mass) {
    const found = [];
    let sum = 0, i = 0;
    for (let t = 0; t < THREADS; t++) {
      const wanted = (t + 0.5) / THREADS;
      while (i < xs.length - 1 && sum + mass[i] < wanted) sum += mass[i++];
      found.push(i === 0 ? xs[0] : xs[i - 1] + ((wanted - sum) / mass[i]) * (xs[i] - xs[i - 1]));
    }
    return found;
  }

  // Slope +1 where mass of q must go right, -1 where it must go left, 0 where nothing passes.
  function critic(xs, p, q) {
    const f = new Float64Array(xs.length), [a, b] = [normed(p), normed(q)];
    let passing = 0, low = 0, high = 0;
    for (let i = 1; i < xs.length; i++) {
      passing += b[i - 1] - a[i - 1];
      f[i] = f[i - 1] + (Math.abs(passing) < 1e-9 ? 0 : Math.sign(passing)) * (xs[i] - xs[i - 1]);
      low = Math.min(low, f[i]);
      high = Math.max(high, f[i]);
    }
    return f.map((v) => v - (low + high) / 2);
  }

  const threads = (xs, p, q) => [quantiles(xs, normed(p)), quantiles(xs, normed(q))];

  return { pair, readouts, curves, critic, threads, THREADS };
})();
