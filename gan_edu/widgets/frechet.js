// FrechetExplorer: an estimate that is biased, against n, beside its own floor and the truth. Means and covariances of
// the draws, and their overlap, are computed here; frechet.py computes the same with gan_edu.metrics_features.

const WATCHED = ["dimension", "shift", "spread", "at"];

// Running sums over the rows of a cloud, noted at each size: mean (d) and covariance (d x d, flat).
function momentsOf(cloud, width, d, sizes) {
  const sum = new Float64Array(d), products = new Float64Array(d * d), found = [];
  for (let n = 1; n <= sizes[sizes.length - 1]; n++) {
    const row = cloud.subarray((n - 1) * width, (n - 1) * width + d);
    for (let i = 0; i < d; i++) {
      sum[i] += row[i];
      for (let j = 0; j <= i; j++) products[i * d + j] += row[i] * row[j];
    }
    if (!sizes.includes(n)) continue;
    const mean = sum.map((v) => v / n), covariance = new Float64Array(d * d);
    for (let i = 0; i < d; i++)
      for (let j = 0; j <= i; j++) covariance[i * d + j] = covariance[j * d + i] = (products[i * d + j] - n * mean[i] * mean[j]) / (n - 1);
    found.push({ mean, covariance, trace: mean.reduce((total, _, i) => total + covariance[i * d + i], 0) });
  }
  return found;
}

// L with L L' = A, for a symmetric A with no negative eigenvalue; where a direction is missing, its column is 0.
function cholesky(A, d, trace) {
  const L = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    let pivot = A[j * d + j];
    for (let k = 0; k < j; k++) pivot -= L[j * d + k] ** 2;
    if (pivot <= 1e-12 * trace) continue;
    L[j * d + j] = Math.sqrt(pivot);
    for (let i = j + 1; i < d; i++) {
      let v = A[i * d + j];
      for (let k = 0; k < j; k++) v -= L[i * d + k] * L[j * d + k];
      L[i * d + j] = v / L[j * d + j];
    }
  }
  return L;
}

// Eigenvalues of a symmetric matrix by Jacobi's rotations, until what is off the diagonal is nothing beside it.
function eigenvalues(M, d) {
  const A = Float64Array.from(M);
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0, all = 0;
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) { all += A[i * d + j] ** 2; if (i !== j) off += A[i * d + j] ** 2; }
    if (off <= 1e-22 * all) break;
    for (let p = 0; p < d; p++) for (let q = p + 1; q < d; q++) rotate(A, d, p, q);
  }
  return Array.from({ length: d }, (_, i) => A[i * d + i]);
}
function rotate(A, d, p, q) {
  const apq = A[p * d + q];
  if (apq === 0) return;
  const theta = (A[q * d + q] - A[p * d + p]) / (2 * apq), t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1), s = t * c;
  for (let k = 0; k < d; k++) { const a = A[k * d + p], b = A[k * d + q]; A[k * d + p] = c * a - s * b; A[k * d + q] = s * a + c * b; }
  for (let k = 0; k < d; k++) { const a = A[p * d + k], b = A[q * d + k]; A[p * d + k] = c * a - s * b; A[q * d + k] = s * a + c * b; }
}

// tr (A^1/2 B A^1/2)^1/2 = the sum of the roots of the eigenvalues of L' B L.
function overlapOf(a, b, d) {
  const L = cholesky(a.covariance, d, a.trace), BL = new Float64Array(d * d), M = new Float64Array(d * d);
  for (let i = 0; i < d; i++) for (let k = 0; k < d; k++) { const v = b.covariance[i * d + k]; for (let j = 0; j <= k; j++) BL[i * d + j] += v * L[k * d + j]; }
  for (let k = 0; k < d; k++) for (let i = 0; i <= k; i++) { const v = L[k * d + i]; for (let j = 0; j < d; j++) M[i * d + j] += v * BL[k * d + j]; }
  return eigenvalues(M, d).reduce((sum, v) => sum + Math.sqrt(Math.max(v, 0)), 0);
}

function render({ model, el }) {
  const ui = kit.mount({ model, el, title: "A distance that depends on how many you look at" });
  const sizes = model.get("sizes"), dimensions = model.get("dimensions"), widest = Math.max(...dimensions), most = sizes[sizes.length - 1];
  const numbers = new Float32Array(kit.bytes(model.get("clouds"))), size = most * widest, repeats = numbers.length / (2 * size);
  const cloud = (repeat, which) => numbers.subarray((2 * repeat + which) * size, (2 * repeat + which + 1) * size);
  const kept = {};

  // For each size and repeat what does not depend on shift and spread: both means, both traces, the overlap.
  const pairs = (d) => (kept[d] ??= Array.from({ length: repeats }, (_, r) => {
    const [a, b] = [0, 1].map((which) => momentsOf(cloud(r, which), widest, d, sizes));
    return sizes.map((_, i) => ({ a: a[i], b: b[i], overlap: overlapOf(a[i], b[i], d) }));
  }));
  const distance = ({ a, b, overlap }, shift, spread) => {
    let squared = 0;
    for (let i = 0; i < a.mean.length; i++) squared += (a.mean[i] - spread * b.mean[i] - (i === 0 ? shift : 0)) ** 2;
    return Math.max(0, squared + a.trace + spread * spread * b.trace - 2 * spread * overlap);
  };
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

  // ---- figure
  const logs = sizes.map(Math.log2), both = [...logs, ...logs.slice().reverse()];
  const chart = plot({ label: "Fréchet distance against n", height: 330, x: { domain: [logs[0], logs[logs.length - 1]], ticks: logs, format: (v) => String(2 ** Math.round(v)), label: "points in each cloud, n" },
    y: { domain: [0, 10], label: "Fréchet distance, six repeats" } });
  const short = chart.area({ color: "muted", label: "n ≤ d: covariances without full rank", opacity: 0.14 });
  const bands = ["generated", "data"].map((color) => chart.area({ color, opacity: 0.15 }));
  const lines = [chart.line({ color: "generated", dash: "dash", label: "estimate" }), chart.line({ color: "data", label: "floor: real against real" })];
  const truth = chart.rule({ y: true, color: "ink", dash: "dot", label: "true distance" }), here = chart.rule({ x: true, dash: "dash" });
  const dots = ["generated", "data"].map((color) => chart.points({ color, r: 4.5 }));

  // ---- controls
  const write = (changes, sync = false) => { kit.set(model, changes, sync); redraw(); };
  const two = (change) => ({ onInput: ui.guard((v) => write(change(v))), onChange: ui.guard((v) => write(change(v), true)) });
  const at = kit.slider({ label: "points, n", min: 0, max: sizes.length - 1, step: 1, value: model.get("at"), format: (i) => String(sizes[i]), ...two((i) => ({ at: i })) });
  const d = kit.choice({ label: "dimensions, d", options: dimensions.map((v) => [v, String(v)]), value: model.get("dimension"), onChange: ui.guard((v) => write({ dimension: v }, true)) });
  const shift = kit.slider({ label: "shift", min: 0, max: 4, step: 0.05, value: model.get("shift"), color: "generated", hint: "how far the mean of the generated cloud is moved", ...two((v) => ({ shift: v })) });
  const spread = kit.slider({ label: "spread", min: 0.25, max: 2, step: 0.05, value: model.get("spread"), origin: 1, color: "generated", hint: "the width of the generated cloud; the data have 1", ...two((v) => ({ spread: v })) });
  const outs = Object.fromEntries([["truth", "true distance", "ink"], ["distance", "estimate", "generated"], ["floor", "floor", "data"], ["rank", "rank of a covariance, at most", "ink"]]
    .map(([key, label, color]) => [key, kit.readout({ label, color })]));
  ui.body.append(kit.row(...Object.values(outs).map((o) => o.el)), kit.h("div", { class: "gx-columns" }, kit.h("div", { class: "gx-stage" }, chart.el),
    kit.h("div", { class: "gx-controls" }, kit.group("How much is looked at", at.el, kit.row(kit.h("span", { class: "gx-name", text: "dimensions, d" }), d.el)),
      kit.group("The generated cloud", shift.el, spread.el))));

  // ---- one drawing
  const redraw = kit.latest(ui.guard(() => {
    const [dim, s, w, i] = WATCHED.map((name) => model.get(name)), n = sizes[i], exact = s * s + dim * (w - 1) ** 2;
    const rows = sizes.map((_, k) => pairs(dim).map((repeat) => [distance(repeat[k], s, w), distance(repeat[k], 0, 1)]));
    const means = [0, 1].map((which) => rows.map((row) => mean(row.map((v) => v[which]))));
    chart.domain({ y: [0, 1.05 * Math.max(1, ...rows.flat(2))] });
    short.set([logs[0], Math.log2(dim)], [1e6, 1e6]);
    [0, 1].forEach((which) => {
      const ends = [Math.max, Math.min].map((pick) => rows.map((row) => pick(...row.map((v) => v[which]))));
      bands[which].set(both, [...ends[0], ...ends[1].reverse()], ends[0][0]);
      lines[which].set(logs, means[which]);
      dots[which].set([logs[i]], [means[which][i]]);
    });
    truth.set(exact);
    here.set(logs[i]);
    const values = { truth: exact, distance: means[0][i], floor: means[1][i] };
    for (const key of Object.keys(values)) outs[key].set(kit.fixed(values[key], 3));
    outs.rank.set(`${Math.min(n - 1, dim)} of ${dim}`);
    at.set(i); d.set(dim); shift.set(s); spread.set(w);
    ui.say(n <= dim ? `${n} points span at most ${n - 1} directions, of ${dim}: the rest of each covariance is 0, and the distance is mostly chance.`
      : `The floor is what ${n} points give when nothing is wrong. Compare at equal n only.`);
  }));
  ui.watch(WATCHED, redraw);
  redraw();
  return ui.close;
}

export default { render };
