// Densities on one grid and what follows from them: the front end's half of gan_edu/theory.py, natural logs throughout.
// What does not belong here: drawing (plot.js), controls (kit.js). A browser test compares every number with Python.
//
// A density is {mean, std, mean2, weight}: (1 - weight) N(mean, std^2) + weight N(mean2, std^2).

const density = (() => {
  const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI), LOG2 = Math.log(2);
  const range = (a, b, n) => Float64Array.from({ length: n }, (_, i) => a + ((b - a) * i) / (n - 1));
  const softplus = (l) => Math.max(l, 0) + Math.log1p(Math.exp(-Math.abs(l)));
  const sigmoid = (l) => (l >= 0 ? 1 / (1 + Math.exp(-l)) : Math.exp(l) / (1 + Math.exp(l)));
  const logNormal = (x, mean, std) => -0.5 * ((x - mean) / std) ** 2 - Math.log(std) - HALF_LOG_2PI;

  function logPdf(x, { mean, std, mean2 = 0, weight = 0 }) {
    const a = weight < 1 ? Math.log1p(-weight) + logNormal(x, mean, std) : -Infinity;
    const b = weight > 0 ? Math.log(weight) + logNormal(x, mean2, std) : -Infinity;
    const top = Math.max(a, b);
    return top + Math.log(Math.exp(a - top) + Math.exp(b - top));
  }
  const logs = (xs, shape) => xs.map((x) => logPdf(x, shape));
  const height = (std, weight = 0) => (1 - weight) * Math.exp(-HALF_LOG_2PI) / std;

  // Trapezoids on an even grid: all points weigh the same but the two ends, which weigh half.
  function integral(xs, f) {
    let sum = 0;
    const n = xs.length;
    for (let i = 0; i < n; i++) sum += (i === 0 || i === n - 1 ? 0.5 : 1) * f(i);
    return sum * (xs[1] - xs[0]);
  }

  // lp, lq: log densities on xs. logits: of the judge whose value is asked for; D* has logits lp - lq.
  function measures(xs, lp, lq, logits) {
    const p = lp.map(Math.exp), q = lq.map(Math.exp);
    const real = integral(xs, (i) => -p[i] * softplus(-logits[i])); // E_p log D
    const fake = integral(xs, (i) => -q[i] * softplus(logits[i])); // E_q log(1 - D)
    const C = integral(xs, (i) => -p[i] * softplus(lq[i] - lp[i]) - q[i] * softplus(lp[i] - lq[i]));
    const TV = 0.5 * integral(xs, (i) => Math.abs(p[i] - q[i]));
    return {
      real, fake, V: real + fake, C, gap: C - real - fake, JS: 0.5 * C + LOG2, TV, accuracy: 0.5 + 0.5 * TV,
      KL_pq: integral(xs, (i) => p[i] * (lp[i] - lq[i])), KL_qp: integral(xs, (i) => q[i] * (lq[i] - lp[i])),
    };
  }

  return { range, softplus, sigmoid, logPdf, logs, height, integral, measures, LOG2, LOG4: 2 * LOG2 };
})();
