"""The alarm: signs measured while a game is trained, and the rules that name a failure by them. It knows nothing of recipes.

Three failures, three signs that do not look alike. Vanishing gradient: D is sure and what reaches G is next to nothing.
Mode collapse: G moves, but its samples lie at a few of the data's modes. Non-convergence: the samples are as various as
the data, and their middle swings past the data again and again without coming to rest.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_edu import rng
from gan_edu.errors import whole
from gan_edu.metrics import modes_covered

FAILURES = ("mode collapse", "vanishing gradient", "non-convergence")
LASTING = 10          # looks that a sign must last: a game that is still finding its way shows any of them for a moment
WINDOW = 20           # looks in which swings are counted
FAINT = 0.02          # of the strongest gradient so far: less is next to nothing
SURE = 0.9            # mean D(x) - mean D(G(z)): more, and D is hardly ever wrong
FEW = 0.5             # of the modes that as many real draws reach: no more is a collapse
THERE = 0.05          # of the samples at a mode at one look at least: less, and G has not yet come to the data
SWING = 4.0           # rms distance from the middle of the swings, in standard deviations of the data
CROSSINGS = 3         # times that the samples' mean passes the middle of its swings: one and a half turns
DYING = 0.7           # a swing that has fallen to less of what it was is coming to rest


class Alarm:
    """Ring when a run shows one of `FAILURES`: give it to `train(..., on_step=Alarm(data))`.

    data: the toy that is learnt. every: steps of G between two looks. n: samples a look takes, always from the same
    noise, so that what moves is G.
    verdict: None or the first failure seen; step: when; says: one sentence with the numbers. signs: one list for each
    sign, an entry a look: "step"; "modes", the modes that hold samples, nearest first asked, as a share of what n real
    draws reach; "share", of samples at a mode; "spread", standard deviation in those of the data; "gradient", the mean
    norm of G's gradient since the last look, as a part of the greatest at any step so far; "sure", mean D(x) - mean D(G(z));
    "moved", how far the samples moved since the last look, in standard deviations of the data; "swing" and
    "crossings", rms size and number of the swings of the samples' mean in the last 20 looks.
    """

    def __init__(self, data: Any, *, every: int = 20, n: int = 256) -> None:
        self.every, self.n = whole("every", every), whole("n", n, 2)
        if not hasattr(data, "modes"):
            raise ValueError(f"data must be a toy, with sample and modes, got {type(data).__name__}; give one from toys")
        real = data.sample(max(2_000, n), generator=rng.generator(0, 1))
        self._modes = data.modes
        self._radius = torch.cdist(real, self._modes).amin(1).quantile(0.999).item()   # as far as real draws stray
        self._reached = self._held(real[:n])
        self._scale = real.std(0).norm().item()
        self._last, self._means = None, []
        self.signs: dict[str, list[float]] = {}
        self.verdict: str | None = None
        self.step: int | None = None
        self.says = "No sign of a failure so far."

    def __call__(self, run: Any) -> None:
        """Look, if it is time to; `run` is what `train` hands to its hooks."""
        if run.step % self.every:
            return
        x = run.game.sample(self.n, generator=torch.Generator(run.game.device).manual_seed(0)).cpu().flatten(1)
        grad_G, D_real, D_fake = (run.history[name] for name in ("grad_G", "D_real", "D_fake"))
        last = slice(-self.every, None)
        self.look(run.step, x, float(grad_G[last].mean() / max(grad_G.max(), 1e-30)),
                  float(D_real[last].mean() - D_fake[last].mean()))

    def look(self, step: int, x: Tensor, gradient: float, sure: float) -> None:
        """Take down the signs at one moment and judge: samples x (n, d), "gradient" and "sure" as in `signs`."""
        found = modes_covered(x, self._modes, self._radius)
        self._means.append(x.mean(0).numpy() / self._scale)
        moved = 0.0 if self._last is None else (x - self._last).square().sum(1).mean().sqrt().item() / self._scale
        self._last = x
        swing, crossings, _ = _swings(np.array(self._means[-WINDOW:]))
        now = {"step": step, "modes": self._held(x) / self._reached, "share": found.share,
               "spread": x.std(0).norm().item() / self._scale, "gradient": gradient,
               "sure": sure, "moved": moved, "swing": swing, "crossings": crossings}
        for name, value in now.items():
            self.signs.setdefault(name, []).append(value)
        if self.verdict is None:
            self._judge()

    def _held(self, x: Tensor) -> int:
        """How many modes have at least one sample in a hundred nearest to them."""
        counts = torch.bincount(torch.cdist(x, self._modes).argmin(1), minlength=len(self._modes))
        return int((counts >= max(1, len(x) // 100)).sum())

    def _judge(self) -> None:
        last = {name: np.array(values[-LASTING:]) for name, values in self.signs.items()}
        if len(last["step"]) < LASTING:
            return
        rules = {"vanishing gradient": self._vanished, "mode collapse": self._collapsed, "non-convergence": self._swings_on}
        for name, rule in rules.items():
            said = rule(last)
            if said:
                self.verdict, self.step, self.says = name, int(last["step"][-1]), said
                return

    def _vanished(self, last: dict[str, np.ndarray]) -> str | None:
        if (last["gradient"] < FAINT).all() and (last["sure"] > SURE).all():
            return (f"Vanishing gradient: for {LASTING * self.every} steps D has been sure (mean D(x) - mean D(G(z)) = "
                    f"{last['sure'][-1]:.3f}) and G's gradient is {last['gradient'][-1]:.1e} of what it was.")
        return None

    def _collapsed(self, last: dict[str, np.ndarray]) -> str | None:
        there, fooled = last["share"].max() > THERE, (last["sure"] < SURE).all()
        if self._reached > 1 and last["modes"].mean() <= FEW and there and fooled:
            return (f"Mode collapse: for {LASTING * self.every} steps the samples have lain at "
                    f"{last['modes'].mean() * self._reached:.1f} modes on average, of {self._reached}, and D is not sure of them "
                    f"({last['sure'][-1]:.2f}).")
        return None

    def _swings_on(self, last: dict[str, np.ndarray]) -> str | None:
        if len(self._means) < WINDOW:
            return None
        swing, crossings, kept = _swings(np.array(self._means[-WINDOW:]))
        if last["modes"].mean() > FEW and swing > SWING and crossings >= CROSSINGS and kept > DYING:
            return (f"Non-convergence: in the last {WINDOW * self.every} steps the samples' mean has swung {crossings} times "
                    f"past the middle, {swing:.1f} standard deviations of the data to each side, and does not come to rest.")
        return None


def _swings(means: np.ndarray) -> tuple[float, int, float]:
    """Return the rms size of the path of a mean (looks, d) around its middle, along its main axis, how often it crosses the
    middle, and its size in the second half as a part of that in the first.
    """
    if len(means) < 4:
        return 0.0, 0, 1.0
    centred = means - means.mean(0)
    main = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    size = float(np.sqrt((main**2).mean()))
    far = np.sign(main[np.abs(main) > 0.3 * size])          # small tremors around the middle are no crossings
    first, second = (np.sqrt((half**2).mean()) for half in np.array_split(main, 2))
    return size, int((far[1:] != far[:-1]).sum()), float(second / max(first, 1e-12))
