"""PenaltyExplorer: critics whose slope was held by clipping or by a penalty, beside the W1 that they ought to read.

Here are its state, its reference numbers and its static twin; the critics are in penalty_store, the drawing is penalty.js.
"""

import base64
from typing import Any

import numpy as np
import traitlets

from gan_edu import plots
from gan_edu.widgets import penalty_store as store
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import Number

GOLDEN = 0.6180339887498949
REACH = 3.0


class PenaltyExplorer(Explorer, js=["penalty_steps.js", "penalty.js"]):
    """Show a shipped critic: level lines, slopes between real and fake points, weights, and what it reads for W1.

    situation: a key of `penalty_store.SITUATIONS`. way: "clip" or "penalty". at: which of the four values, 0 to 3, of
    `penalty_store.CLIPS` or `PENALTIES`. x, y: where the probe stands, -3 to 3. TraitError outside these.
    """

    situation = traitlets.Enum(list(store.SITUATIONS), default_value="shrunk to half").tag(sync=True)
    way = traitlets.Enum(("clip", "penalty"), default_value="penalty").tag(sync=True)
    at = traitlets.Int(2, min=0, max=3).tag(sync=True)
    x, y = Number(1.5, -REACH, REACH), Number(0.0, -REACH, REACH)
    values = traitlets.Dict({"clip": list(store.CLIPS), "penalty": list(store.PENALTIES)}).tag(sync=True)
    rows, truths = traitlets.List().tag(sync=True), traitlets.Dict().tag(sync=True)
    weights, points = traitlets.Bytes().tag(sync=True), traitlets.Bytes().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Take the shipped critics."""
        kept = store.critics()["critics"]
        super().__init__(rows=[{key: row[key] for key in ("situation", "way", "value", "scale")} for row in kept],
                         weights=b"".join(base64.b64decode(row["weights"]) for row in kept),
                         points=np.concatenate([store.points(s) for s in store.SITUATIONS]).astype("<f4").tobytes(),
                         truths={s: store.true_w1(s) for s in store.SITUATIONS}, **traits)

    # ---- numbers
    @property
    def value(self) -> float:
        """Return c or lambda, whichever holds the slope."""
        return self.values[self.way][self.at]

    def evaluate(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the critic's scores (n,) and their gradients (n, 2) at points x (n, 2)."""
        row = store.weights_of(store.critic(self.situation, self.way, self.value))
        h = store.HIDDEN[0]
        W1, b1, W2, b2, W3, b3 = np.split(row, np.cumsum([2 * h, h, h * h, h, h]))
        W1, W2 = W1.reshape(h, 2), W2.reshape(h, h)
        u = x @ W1.T + b1
        k1 = np.where(u > 0, 1, 0.2)
        v = (k1 * u) @ W2.T + b2
        k2 = np.where(v > 0, 1, 0.2) * W3
        return (k2 * v).sum(1) + b3, ((k2 @ W2) * k1) @ W1

    def slopes(self) -> np.ndarray:
        """Return the slope at 256 points between real and fake ones, evenly spread: what the penalty looks at."""
        real, fake = store.points(self.situation)
        i = np.arange(len(real))
        e = ((i * GOLDEN) % 1)[:, None]
        return np.hypot(*self.evaluate(e * real + (1 - e) * fake[(7 * i + 3) % len(real)])[1].T)

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure: truth (W1, exact), reads, factor (their ratio), slope (median), largest weight,

        edge (share of weights within a hundredth of it) and here (slope at the probe).
        """
        truth, (real, fake) = store.true_w1(self.situation), store.points(self.situation)
        reads = float(self.evaluate(real)[0].mean() - self.evaluate(fake)[0].mean())
        weights = np.abs(store.weights_of(store.critic(self.situation, self.way, self.value)))
        here = np.hypot(*self.evaluate(np.array([[self.x, self.y]]))[1][0])
        return {"truth": truth, "reads": reads, "factor": reads / truth, "slope": float(np.median(self.slopes())),
                "largest": float(weights.max()), "edge": float((weights > 0.99 * weights.max()).mean()), "here": float(here)}

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Return the static twin: level lines with both sets of points, slopes, weights."""
        fig, (plane, slopes, weights) = plots.figure(11.0, 3.6, columns=3)
        self._draw_plane(plane)
        plots.style(slopes, xlabel="slope |∇D| between real and fake", ylabel="share of 256 points", title=self._words())
        share = np.full(store.POINTS, 1 / store.POINTS)
        slopes.hist(np.clip(self.slopes(), 1e-4, 100), bins=np.logspace(-4, 2, 31), weights=share,
                    color=plots.COLORS["discriminator"])
        slopes.axvline(1, color=plots.INK, linestyle="--", linewidth=1)
        slopes.set(xscale="log", xlim=(1e-4, 100))
        row = store.weights_of(store.critic(self.situation, self.way, self.value))
        plots.style(weights, xlabel="weight", ylabel="share of the weights", title=f"{self.readouts()['edge']:.1%} at the edge")
        weights.hist(row, bins=np.linspace(-1.08, 1.08, 42) * np.abs(row).max(), weights=np.full(row.size, 1 / row.size),
                     color=plots.COLORS["discriminator"])
        return fig

    def _draw_plane(self, ax: Any) -> None:
        ticks = np.linspace(-REACH, REACH, 61)
        grid = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
        f, r = self.evaluate(grid)[0].reshape(61, 61), self.readouts()
        plots.style(ax, xlabel="x₁", ylabel="x₂", title=f"reads {r['reads']:.3g}, W1 is {r['truth']:.3g}")
        ax.contour(ticks, ticks, f, levels=12, colors=[plots.COLORS["discriminator"]], linewidths=0.9, linestyles="solid")
        for points, who, mark in zip(store.points(self.situation), ("data", "generated"), (".", "x"), strict=True):
            ax.plot(*points.T, mark, color=plots.COLORS[who], markersize=3, alpha=0.6)
        ax.set(aspect="equal")

    def _words(self) -> str:
        return f"clip, c = {self.value:g}" if self.way == "clip" else f"penalty, λ = {self.value:g}"

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return (f"Fakes: the data {self.situation}; {self._words()}. The exact W1 is {r['truth']:.3f} and the critic reads "
                f"{r['reads']:.3g}. Its slope between real and fake points has the median {r['slope']:.3g}; "
                f"{r['edge']:.1%} of its weights are at the edge of {r['largest']:.3g}.")

    def __repr__(self) -> str:
        return f"PenaltyExplorer({self.situation!r}, {self._words()})"
