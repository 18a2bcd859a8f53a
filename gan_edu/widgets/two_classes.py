"""DensityExplorer: drag two class densities and the prior; see p(x|y), p(x) and p(y|x), and what the last one forgets.

Here are its state, its reference numbers and its static twin; the drawing is two_classes.js.
"""

from typing import Any

import numpy as np
import traitlets

from gan_edu import plots, theory
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import GRID, MEAN, STD, Number

_EVEN = {"mean0": -1.5, "std0": 1.0, "mean1": 1.5, "std1": 1.0, "prior": 0.5, "x0": 0.5, "selection": 0.0}
PRESETS = {
    "equal widths: a sigmoid": _EVEN,
    "equal widths, rare class 1": _EVEN | {"prior": 0.1},
    "another width: no sigmoid of a line": _EVEN | {"mean0": 0.0, "std0": 0.6, "mean1": 0.0, "std1": 2.0, "x0": 1.0},
    "the same density twice": _EVEN | {"mean0": 0.0, "mean1": 0.0},
    "keep what lies near x0": _EVEN | {"selection": 2.0},
}


class DensityExplorer(Explorer, js=["density.js", "two_classes.js"]):
    """Show the classes y = 0 and y = 1 with densities N(mean0, std0^2) and N(mean1, std1^2), and Bayes' rule at x0.

    prior: p(y = 1), .02 to .98. joint: draw p(x, y) = p(x|y) p(y) instead of p(x|y). selection: each example is kept
    with probability exp(-selection (x - x0)^2 / 2), whatever its class; 0 keeps all. What is left is another world with
    other densities and the same p(y|x). Every trait may be set from Python; TraitError outside its range.
    """

    mean0, mean1 = Number(-1.5, *MEAN), Number(1.5, *MEAN)
    std0, std1 = Number(1.0, *STD), Number(1.0, *STD)
    prior = Number(0.5, 0.02, 0.98)
    x0 = Number(0.5, -8.0, 8.0)
    selection = Number(0.0, 0.0, 4.0)
    joint = traitlets.Bool(False).tag(sync=True)
    grid = traitlets.Tuple(GRID).tag(sync=True)
    presets = traitlets.Dict(PRESETS).tag(sync=True)

    def load(self, preset: str) -> "DensityExplorer":
        """Set the state of a preset and return the explorer; ValueError lists the names there are."""
        if preset not in PRESETS:
            raise ValueError(f"preset must be one of {list(PRESETS)}, got {preset!r}")
        with self.hold_sync():
            for name, value in PRESETS[preset].items():
                setattr(self, name, value)
        return self

    def world(self, x: np.ndarray | float) -> dict[str, Any]:
        """Return, at x (any shape), p0 = p(x|0), p1 = p(x|1), px = p(x) and posterior = p(1|x)."""
        p0, p1 = theory.gaussian(x, self.mean0, self.std0), theory.gaussian(x, self.mean1, self.std1)
        a, b = self.prior * p1, (1 - self.prior) * p0
        return {"p0": p0, "p1": p1, "px": a + b, "posterior": theory.optimal_discriminator(a, b)}

    def kept(self, x: np.ndarray | float) -> dict[str, Any]:
        """Return the same for the examples that are kept, by quadrature, and share = how many, prior = p(1) of them."""
        wide = np.linspace(*self.grid)
        on_grid, at_x = self.world(wide), self.world(x)
        keep, keep_x = self._keep(wide), self._keep(np.asarray(x))
        m0, m1 = (theory.mass(on_grid[p] * keep, wide) for p in ("p0", "p1"))
        share = self.prior * m1 + (1 - self.prior) * m0
        prior = self.prior * m1 / share
        p0, p1 = at_x["p0"] * keep_x / m0, at_x["p1"] * keep_x / m1
        a, b = prior * p1, (1 - prior) * p0
        return {"p0": p0, "p1": p1, "px": a + b, "posterior": theory.optimal_discriminator(a, b), "share": share,
                "prior": prior}

    def _keep(self, x: np.ndarray) -> np.ndarray:
        return np.exp(-0.5 * self.selection * (x - self.x0) ** 2)

    def line(self) -> tuple[float, float] | None:
        """Return (w, b) with p(1|x) = sigmoid(w x + b), or None where the widths differ and no line does it."""
        if self.std0 != self.std1:
            return None
        w = (self.mean1 - self.mean0) / self.std0**2
        b = (self.mean0**2 - self.mean1**2) / (2 * self.std0**2) + np.log(self.prior / (1 - self.prior))
        return float(w), float(b)

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure, through `gan_edu.theory`: p0, p1, px, posterior at x0; accuracy of the

        best guess of y; kept_px, kept_posterior at x0, kept_prior and kept_share of the selected examples.
        """
        wide = np.linspace(*self.grid)
        on_grid, kept = self.world(wide), self.kept(self.x0)
        a, b = self.prior * on_grid["p1"], (1 - self.prior) * on_grid["p0"]
        accuracy = 0.5 + theory.total_variation(a, b, wide)         # max(a, b) = (a + b + |a - b|) / 2
        at_x0 = {name: float(value) for name, value in self.world(self.x0).items()}
        names = ("px", "posterior", "prior", "share")
        return at_x0 | {"accuracy": accuracy} | {f"kept_{name}": float(kept[name]) for name in names}

    def figure(self) -> Any:
        """Return the static twin: the class densities with p(x), and the posterior."""
        fig, (left, right) = plots.figure(9.0, 3.2, columns=2)
        x = np.linspace(-8, 8, 641)
        here, kept = self.world(x), self.kept(x)
        w0, w1 = (1 - self.prior, self.prior) if self.joint else (1, 1)
        names = ("p(x, 0)", "p(x, 1)") if self.joint else ("p(x|0)", "p(x|1)")
        colors = {names[0]: "generated", names[1]: "data", "p(x)": plots.INK, "p(x), kept": plots.MUTED}
        lines = {names[0]: w0 * here["p0"], names[1]: w1 * here["p1"], "p(x)": here["px"]}
        lines |= {"p(x), kept": kept["px"]} if self.selection else {}
        plots.curves(x, lines, xlabel="x", ylabel="density (per unit of x)", title="two classes", colors=colors,
                     ax=left)
        posteriors = {"p(1|x)": here["posterior"]} | ({"p(1|x), kept": kept["posterior"]} if self.selection else {})
        plots.curves(x, posteriors, xlabel="x", ylabel="probability", title="what a discriminative model learns",
                     colors={"p(1|x)": "discriminator", "p(1|x), kept": plots.INK}, ax=right)
        right.plot([self.x0], [self.readouts()["posterior"]], "o", color=plots.COLORS["discriminator"])
        right.set_ylim(-0.02, 1.02)
        return fig

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        words = (f"Two classes with densities N({self.mean0:g}, {self.std0:g}^2) and N({self.mean1:g}, "
                 f"{self.std1:g}^2), p(y=1) = {self.prior:g}. At x = {self.x0:g}: p(x|0) = {r['p0']:.4f}, "
                 f"p(x|1) = {r['p1']:.4f}, p(x) = {r['px']:.4f}, p(1|x) = {r['posterior']:.4f}.")
        return words if not self.selection else (
            f"{words} Kept by selection on x: {100 * r['kept_share']:.0f} % of the examples; among them p(x) = "
            f"{r['kept_px']:.4f} and p(1|x) = {r['kept_posterior']:.4f}.")

    def __repr__(self) -> str:
        return (f"DensityExplorer(N({self.mean0:g}, {self.std0:g}^2), N({self.mean1:g}, {self.std1:g}^2), "
                f"prior={self.prior:g})")
