"""PrecisionRecallExplorer: two clouds in the plane, the balls around their points, and two shares that answer.

Here are its points, its reference numbers (gan_edu.metrics_features) and its static twin; the drawing is coverage.js.
"""

from functools import cache
from typing import Any

import numpy as np
import traitlets

from gan_edu import metrics_features, plots
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import Number

CENTRES = ((-2.0, -1.0), (2.0, -1.0), (0.0, 1.8))        # three modes of the data
WIDTH, EACH = 0.42, 24
PRESETS = {  # what a generator may do, as states of the explorer
    "covers all three": {"modes": 3, "x": 0.0, "y": 0.0, "spread": 1.0},
    "collapses to one mode": {"modes": 1, "x": 2.0, "y": -1.0, "spread": 1.0},
    "blurs over everything": {"modes": 1, "x": 0.0, "y": 0.0, "spread": 4.0},
    "stands aside": {"modes": 3, "x": 1.3, "y": 0.6, "spread": 1.0},
}


@cache
def draws(seed: int = 0) -> np.ndarray:
    """Return standard normal draws (2, 72, 2), float32: those of the data and those of the fakes."""
    return np.random.default_rng(seed).standard_normal((2, 3 * EACH, 2)).astype("<f4")


class PrecisionRecallExplorer(Explorer, js=["density.js", "coverage.js"]):
    """Show precision and recall of 72 fakes against 72 real points in three modes, with k-nearest-neighbour balls.

    k: 1 to 12. modes: 3 for fakes in three modes like the data, 1 for one cloud. x, y: where their middle is, -4 to 4
    and -3 to 3. spread: their width as a multiple of the data's, 0.1 to 6. balls: whose are drawn, "real" or "fake".
    Every trait may be set from Python; TraitError outside its range.
    """

    k = traitlets.Int(3, min=1, max=12).tag(sync=True)
    modes = traitlets.Enum([3, 1], default_value=3).tag(sync=True)
    x, y = Number(0.0, -4.0, 4.0), Number(0.0, -3.0, 3.0)
    spread = Number(1.0, 0.1, 6.0)
    balls = traitlets.Enum(["real", "fake"], default_value="real").tag(sync=True)
    setting = traitlets.Dict({"centres": CENTRES, "width": WIDTH, "each": EACH, "presets": PRESETS}).tag(sync=True)
    normals = traitlets.Bytes().tag(sync=True)

    @traitlets.default("normals")
    def _normals(self) -> bytes:
        return draws().tobytes()

    def load(self, preset: str) -> "PrecisionRecallExplorer":
        """Go to one of PRESETS and return the explorer; ValueError for another name."""
        if preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}")
        with self.hold_sync():
            for name, value in PRESETS[preset].items():
                setattr(self, name, value)
        return self

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (real, fakes), both float64 (72, 2)."""
        normals = draws().astype(np.float64)
        centres = np.repeat(CENTRES, EACH, axis=0)
        fakes = WIDTH * self.spread * normals[1] + [self.x, self.y] + (centres if self.modes == 3 else 0)
        return centres + WIDTH * normals[0], fakes

    def readouts(self) -> dict[str, float]:
        """Return precision and recall as `metrics_features.precision_recall` computes them."""
        found = metrics_features.precision_recall(*self.points(), k=self.k)
        return {"precision": found.precision, "recall": found.recall}

    def figure(self) -> Any:
        """Return the static twin: the place of the data with the fakes on it, the place of the fakes with the data."""
        fig, axes = plots.figure(9.6, 3.7, columns=2)
        real, fakes = self.points()
        r = self.readouts()
        for ax, home, guests, colors, title in [
                (axes[0], real, fakes, ("data", "generated"), f"precision {r['precision']:.2f}: fakes inside the blue"),
                (axes[1], fakes, real, ("generated", "data"), f"recall {r['recall']:.2f}: data inside the orange")]:
            inside = self._draw_balls(ax, home, guests, colors[0])
            ax.plot(*home.T, ".", color=plots.COLORS[colors[0]], markersize=3)
            ax.plot(*guests[inside].T, "o", color=plots.COLORS[colors[1]], markersize=4)
            ax.plot(*guests[~inside].T, "x", color=plots.COLORS[colors[1]], markersize=5)
            plots.style(ax, title=title)
            ax.set(xlim=(-4, 4), ylim=(-3, 3), aspect="equal")
        return fig

    def _draw_balls(self, ax: Any, home: np.ndarray, guests: np.ndarray, color: str) -> np.ndarray:
        """Draw the union of balls around `home`; return which of the guests are inside, (72,) bool."""
        radii = np.sort(np.linalg.norm(home[:, None] - home, axis=2), axis=1)[:, self.k]
        turn = np.linspace(0, 2 * np.pi, 41)
        for (x, y), radius in zip(home, radii):
            ax.fill(x + radius * np.cos(turn), y + radius * np.sin(turn), color=plots.COLORS[color], alpha=0.07, linewidth=0)
        return (np.linalg.norm(guests[:, None] - home, axis=2) <= radii).any(1)

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return (f"72 real points in three modes and 72 fakes. With balls to the neighbour number {self.k}, precision is "
                f"{r['precision']:.2f} (fakes among the data) and recall {r['recall']:.2f} (data among the fakes).")

    def __repr__(self) -> str:
        return f"PrecisionRecallExplorer(k={self.k}, modes={self.modes}, x={self.x:g}, y={self.y:g}, spread={self.spread:g})"
