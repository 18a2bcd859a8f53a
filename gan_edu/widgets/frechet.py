"""FrechetExplorer: the Fréchet distance of two clouds against the number of points, where the true distance is known.

Here are its draws, its reference numbers (gan_edu.metrics) and its static twin; the drawing is frechet.js.
"""

import warnings
from functools import cache
from typing import Any

import numpy as np
import traitlets

from gan_edu import metrics_features, plots
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import Number

SIZES = (2, 4, 8, 16, 32, 64, 128, 256, 512)      # points in each cloud
DIMENSIONS = (2, 4, 8, 16, 32)
REPEATS = 6


@cache
def draws(seed: int = 0) -> np.ndarray:
    """Return standard normal draws, float32 (REPEATS, 2, 512, 32): two clouds for each repeat, the first d columns."""
    shape = (REPEATS, 2, SIZES[-1], DIMENSIONS[-1])
    return np.random.default_rng(seed).standard_normal(shape).astype("<f4")


class FrechetExplorer(Explorer, js=["frechet.js"]):
    """Show the estimated Fréchet distance of N(0, I) and N(m, spread^2 I) from n points of each, for n = 2 to 512.

    dimension: d, one of `dimensions`. shift: the length of m, 0 to 4. spread: .25 to 2. at: which of `sizes` the slider
    stands at. The true distance is shift^2 + d (spread - 1)^2; the floor is that of two clouds of N(0, I), in truth 0.
    Every point is the mean of six repeats, the band is their range. TraitError outside these.
    """

    sizes = traitlets.Tuple(SIZES).tag(sync=True)
    dimensions = traitlets.Tuple(DIMENSIONS).tag(sync=True)
    dimension = traitlets.Enum(DIMENSIONS, default_value=16).tag(sync=True)
    shift, spread = Number(1.0, 0.0, 4.0), Number(1.0, 0.25, 2.0)
    at = traitlets.Int(4, min=0, max=len(SIZES) - 1).tag(sync=True)
    clouds = traitlets.Bytes().tag(sync=True)

    @traitlets.default("clouds")
    def _clouds(self) -> bytes:
        return draws().tobytes()

    @property
    def truth(self) -> float:
        """Return the true distance of the two laws: |m|^2 + tr (I^1/2 - (spread^2 I)^1/2)^2."""
        return self.shift ** 2 + self.dimension * (self.spread - 1) ** 2

    def estimates(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (distance, floor), each (REPEATS,): what `metrics_features.frechet_distance` says of n points of each."""
        pairs = draws()[:, :, :n, :self.dimension].astype(np.float64)
        mean = np.zeros(self.dimension)
        mean[0] = self.shift
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="frechet_distance got")   # n <= d is what there is to see
            found = [(metrics_features.frechet_distance(a, mean + self.spread * b), metrics_features.frechet_distance(a, b))
                     for a, b in pairs]
        return tuple(np.array(found).T)

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure at this n: n, truth, distance and floor (means of the repeats), and rank,

        how many directions the covariance of n points can have at most.
        """
        n = self.sizes[self.at]
        distance, floor = self.estimates(n)
        return {"n": n, "truth": self.truth, "distance": float(distance.mean()), "floor": float(floor.mean()),
                "rank": min(n - 1, self.dimension)}

    def figure(self) -> Any:
        """Return the static twin: estimate, floor and truth against n, with the region n <= d marked."""
        fig, ax = plots.figure(8.0, 3.5)
        rows = [self.estimates(n) for n in self.sizes]
        for k, (name, color) in enumerate({"estimate": "generated", "floor: real against real": "data"}.items()):
            every = np.array([row[k] for row in rows])
            ax.plot(self.sizes, every.mean(1), color=plots.COLORS[color], linestyle=plots.DASHES[color], linewidth=1.8,
                    label=name, marker="o", markersize=3.5)
            ax.fill_between(self.sizes, every.min(1), every.max(1), color=plots.COLORS[color], alpha=0.15, linewidth=0)
        ax.axhline(self.truth, color=plots.INK, linewidth=1, linestyle=":", label=f"true distance, {self.truth:.2f}")
        ax.axvspan(self.sizes[0], self.dimension, color=plots.MUTED, alpha=0.12, linewidth=0)
        plots.style(ax, xlabel=f"points in each cloud, n (grey: n <= d = {self.dimension})", ylabel="Fréchet distance",
                    title="two clouds whose distance is known")
        ax.set(xscale="log", xlim=(self.sizes[0], self.sizes[-1]), ylim=(0, None))
        ax.set_xticks(self.sizes, [str(n) for n in self.sizes])
        ax.set_xticks([], minor=True)
        ax.legend(fontsize=9, frameon=False)
        return fig

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return (f"Fréchet distance against the number of points in {self.dimension} dimensions. At n = {r['n']} the estimate "
                f"is {r['distance']:.2f}, real against real {r['floor']:.2f}; the true distance is {r['truth']:.2f}.")

    def __repr__(self) -> str:
        return f"FrechetExplorer(d={self.dimension}, shift={self.shift:g}, spread={self.spread:g})"
