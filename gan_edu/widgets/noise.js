// Points and paths in the space of z, as gan_edu.latent has them. No drawing, no networks: plain numbers.

const noise = (() => {
  const dot = (a, b) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  };
  const norm = (a) => Math.sqrt(dot(a, a));
  const along = (z, direction, amount) => Array.from(z, (v, i) => v + amount * direction[i]);
  const unit = (dim, i) => Float32Array.from({ length: dim }, (_, j) => (i === j ? 1 : 0));
  const lerp = (a, b, t) => Array.from(a, (v, i) => (1 - t) * v + t * b[i]);

  // The direction turns along the great circle, the length goes evenly from |a| to |b|. Opposite ends turn through the
  // axis that a leans on least; an end at 0 has no direction, so the line serves.
  function slerp(a, b, t) {
    const lengths = [norm(a), norm(b)];
    if (lengths[0] === 0 || lengths[1] === 0) return lerp(a, b, t);
    const u = Array.from(a, (v) => v / lengths[0]),
      w = Array.from(b, (v) => v / lengths[1]);
    const apart = along(w, u, -1),
      sum = norm(along(w, u, 1)),
      theta = 2 * Math.atan2(norm(apart), sum);
    let side = sum < 1e-4 ? unit(u.length, least(u)) : apart;
    for (let i = 0; i < 2; i++) side = along(side, u, -dot(side, u));
    const long = Math.max(norm(side), 1e-38),
      length = (1 - t) * lengths[0] + t * lengths[1];
    return u.map((v, i) => length * (Math.cos(t * theta) * v + (Math.sin(t * theta) * side[i]) / long));
  }
  const least = (u) => u.reduce((best, v, i) => (Math.abs(v) < Math.abs(u[best]) ? i : best), 0);

  const spread = (reach, steps) =>
    Array.from({ length: steps }, (_, i) => (steps === 1 ? 0 : -reach + (2 * reach * i) / (steps - 1)));

  // Rows go down, columns across; without `down` there is one row.
  function grid(z, across, down, offsets) {
    const rows = down ? offsets : [0];
    return rows.flatMap((v) => {
      const start = down ? along(z, down, v) : z;
      return offsets.map((u) => along(start, across, u));
    });
  }

  return { dot, norm, along, unit, lerp, slerp, spread, grid };
})();
