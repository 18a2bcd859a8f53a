"""ValueExplorer: two densities and a judge D that the reader bends, V(D) live under its bound.

Here are its state, its reference numbers and its static twin; the drawing is value.js.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets

from gan_edu import plots_theory, theory
from gan_edu.widgets.density import DensityPair

KNOTS = tuple(float(x) for x in range(-4, 5))
MOST = 6.0  # the handles stop at sigmoid(6) = 0.9975: V stays finite


def _best(mean: float, std: float) -> list[float]:
    """Return the logits of D* at the knots, for data N(0, 1) against generated N(mean, std^2)."""
    x = np.array(KNOTS)
    return np.clip(theory.gaussian_log(x) - theory.gaussian_log(x, mean, std), -MOST, MOST).round(3).tolist()


def _panel(mean: float, std: float, logits: Sequence[float]) -> dict[str, Any]:
    return {"p_mean": 0.0, "p_std": 1.0, "p_weight": 0.0, "q_mean": mean, "q_std": std, "q_weight": 0.0,
            "logits": list(logits)}


PANELS = {  # the four panels of Figure 1, as reachable states
    "(a) a rough judge": _panel(1.5, 0.8, [2.0, 2.0, 2.2, 1.0, 1.2, -0.3, -0.6, -1.8, -1.5]),
    "(b) D has converged": _panel(1.5, 0.8, _best(1.5, 0.8)),
    "(c) G has moved": _panel(0.7, 0.9, _best(1.5, 0.8)),
    "(d) p = q, D = 1/2": _panel(0.0, 1.0, [0.0] * len(KNOTS)),
}


class ValueExplorer(DensityPair, js=["density.js", "bumps.js", "value.js"]):
    """Show V(D) under its bound C(G) for two densities and a judge bent by nine handles.

    p_mean, p_std, p_weight, p_mean2 (and q_...): a bump and the share and place of a second one of the same width.
    logits: nine numbers in [-6, 6], the logit of D at x = -4, -3, ..., 4; straight lines between, level outside.
    Every trait may be set from Python; TraitError outside its range.
    """

    logits = traitlets.List(traitlets.Float(min=-MOST, max=MOST), minlen=len(KNOTS), maxlen=len(KNOTS)).tag(sync=True)
    knots = traitlets.List(list(KNOTS)).tag(sync=True)
    most = traitlets.Float(MOST).tag(sync=True)
    panels = traitlets.Dict(PANELS).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        """Start at panel (a), the rough judge, with `traits` on top."""
        super().__init__(**(PANELS["(a) a rough judge"] | traits))

    def D(self, x: np.ndarray) -> np.ndarray:
        """Return the reader's D at x, probabilities of the shape of x."""
        return 1 / (1 + np.exp(-self._logits(x)))

    def _logits(self, x: np.ndarray) -> np.ndarray:
        return np.interp(x, self.knots, self.logits)

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure, computed by `gan_edu.theory`: V, C, gap, JS, TV, KL_pq, KL_qp, accuracy,

        real (E_p log D) and fake (E_q log(1 - D)), which add up to V.
        """
        measured = self.measures(self._logits(self.x))
        log_p, log_q = self.log_densities(self.x)
        nothing = np.zeros_like(self.x)
        real = theory.value_of_logits(self._logits(self.x), np.exp(log_p), nothing, self.x)
        fake = theory.value_of_logits(self._logits(self.x), nothing, np.exp(log_q), self.x)
        return measured | {"real": real, "fake": fake}

    def show_panel(self, letter: str) -> "ValueExplorer":
        """Go to panel "a", "b", "c" or "d" of the paper's Figure 1 and return the explorer; ValueError otherwise."""
        found = [panel for name, panel in PANELS.items() if name[1] == letter]
        if not found:
            raise ValueError(f"panel must be 'a', 'b', 'c' or 'd', got {letter!r}")
        self.move(found[0])
        return self

    def bend_to_best(self) -> None:
        """Bend D to D* as far as nine handles can."""
        log_p, log_q = self.log_densities(np.array(self.knots))
        self.logits = np.clip(log_p - log_q, -MOST, MOST).tolist()

    def figure(self) -> Any:
        """Return the static twin: densities, your D beside D*, and what D loses place by place."""
        x = np.linspace(-8, 8, 641)
        p, q = (np.exp(v) for v in self.log_densities(x))
        knots = np.array(self.knots)
        r = self.readouts()
        return plots_theory.bent_judge(x, p, q, self.D(x), knots=(knots, self.D(knots)), value=r["V"], bound=r["C"])

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return (f"Two densities and a judge D bent by hand. V(D) = {r['V']:.4f}, of which the data give "
                f"{r['real']:.4f} and the generated {r['fake']:.4f}; the bound C(G) is {r['C']:.4f}.")

    def __repr__(self) -> str:
        return f"ValueExplorer(p={self.words('p')}, q={self.words('q')})"
