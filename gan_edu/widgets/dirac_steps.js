// The Dirac-GAN in numbers: its vector field, one update of both players, a path, the eigenvalues at rest.
// What does not belong here: drawing (dirac.js). dirac.py computes the same; a test compares the two.
//
// G's only fake is theta, D's logit is psi x, the only real point is 0. u = psi theta is the logit of the fake.

const dirac = (() => {
  const sigmoid = (l) => (l >= 0 ? 1 / (1 + Math.exp(-l)) : Math.exp(l) / (1 + Math.exp(l)));
  // how much of psi reaches G, and of -theta reaches D
  const WEIGHTS = {
    minimax: (u) => [sigmoid(u), sigmoid(u)], non_saturating: (u) => [sigmoid(-u), sigmoid(u)], wasserstein: () => [1, 1],
  };

  function field(theta, psi, { objective, gamma }) {
    const [g, d] = WEIGHTS[objective](psi * theta);
    return [g * psi, -d * theta - gamma * psi]; // R1 at x = 0 is gamma psi^2 / 2
  }

  function step([theta, psi], set) {
    const [dTheta, dPsi] = field(theta, psi, set), after = psi + set.h * dPsi;
    return [theta + set.h * (set.update === "alternating" ? field(theta, after, set)[0] : dTheta), after];
  }

  function path(set) { // stops early where it has left all bounds
    const points = [[set.theta, set.psi]];
    while (points.length <= set.steps && Math.hypot(...points.at(-1)) < 1e12) points.push(step(points.at(-1), set));
    return points;
  }

  // of the update map's linear part at (0, 0): [[re, im], [re, im]]
  function eigenvalues({ objective, gamma, h, update }) {
    const a = h * (objective === "wasserstein" ? 1 : 0.5), b = h * gamma;
    const [sum, product] = update === "alternating" ? [2 - a * a - b, 1 - b] : [2 - b, 1 - b + a * a];
    const quarter = (sum * sum) / 4 - product, root = Math.sqrt(Math.abs(quarter));
    return Math.abs(quarter) < 1e-12 ? [[sum / 2, 0], [sum / 2, 0]]
      : quarter > 0 ? [[sum / 2 + root, 0], [sum / 2 - root, 0]] : [[sum / 2, root], [sum / 2, -root]];
  }

  // what the eigenvalues say of the neighbourhood of the rest point
  function verdict(pair) {
    const radius = Math.max(...pair.map(([re, im]) => Math.hypot(re, im)));
    if (Math.abs(radius - 1) < 1e-9) return "circles";
    return radius < 1 ? "converges" : pair[0][1] > 0 ? "spirals out" : "overshoots";
  }

  function readouts(set) {
    const pair = eigenvalues(set), points = path(set), turn = Math.atan2(pair[0][1], pair[0][0]);
    const r = points.map((p) => Math.hypot(...p)), n = points.length - 1;
    return { pair, points, r, verdict: verdict(pair), radius: Math.max(...pair.map((l) => Math.hypot(...l))),
      turn: pair[0][1] > 0 ? (2 * Math.PI) / turn : null, ratio: r[0] > 0 ? r[n] / r[0] : null,
      growth: r[0] > 0 ? (r[n] / r[0]) ** (1 / n) : null };
  }

  return { field, step, path, eigenvalues, verdict, readouts };
})();
