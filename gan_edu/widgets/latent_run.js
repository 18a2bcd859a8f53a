// Who computes the latent explorer's pictures: the networks in this page, or Python where the page cannot.
// What does not belong here: panels (latent_views.js, latent_sweep.js), the networks themselves (net.js).
//
// runner.each(topic, zs, each, done): each(i, {image, logit}) for every z, then done(). In the page at once (long work in
// slices of a frame, so the newest move is never late); else in Python, where only the newest question of a topic waits.
function makeRunner(ui, model, spec) {
  const G = spec.G && net.once(spec.G, model.get("weights_g"));
  const D = spec.D && net.once(spec.D, model.get("weights_d"));
  const turn = new Map();
  let problem = null; // what Python said last, if it was no picture

  function here(topic, zs, each, done) {
    const mine = (turn.get(topic) ?? 0) + 1;
    turn.set(topic, mine);
    let i = 0;
    const slice = () => {
      if (turn.get(topic) !== mine) return;
      const until = performance.now() + 10;
      for (; i < zs.length; i++) {
        if (i > 0 && performance.now() > until) {
          requestAnimationFrame(slice);
          return;
        }
        const image = Float32Array.from(G.forward(zs[i]));
        each(i, { image, logit: D ? D.forward(image)[0] : null });
      }
      done?.();
    };
    slice();
  }

  function there(topic, zs, each, done) {
    const buffer = new Float32Array(zs.length * spec.latent_dim);
    zs.forEach((z, i) => buffer.set(z, i * spec.latent_dim));
    ui.ask("draw", { count: zs.length }, [buffer.buffer], topic)
      .then((reply) => {
        if (!reply) return;
        problem = null;
        const images = new Float32Array(kit.bytes(reply.buffers[0])),
          size = images.length / zs.length;
        const logits = reply.buffers[1] ? new Float32Array(kit.bytes(reply.buffers[1])) : null;
        zs.forEach((_, i) =>
          each(i, { image: images.subarray(i * size, (i + 1) * size), logit: logits ? logits[i] : null }),
        );
        done?.();
      })
      .catch((error) => ui.fail((problem = error)));
  }
  return { each: G ? here : there, engine: G ? G.engine : "python", problem: () => problem };
}

const probability = (logit) => (logit === null ? null : 1 / (1 + Math.exp(-logit)));
