"""DiscriminatorExplorer: drag two densities and see the best judge, its value, and the curve whose top it is.

Here are its state, its reference numbers and its static twin; the drawing is discriminator.js.
"""

from typing import Any

import numpy as np
import traitlets

from gan_edu import plots_theory, theory
from gan_edu.widgets.density import DensityPair, Number

_ONE = {"std": 1.0, "weight": 0.0, "mean2": 3.0}


def _preset(p: dict[str, float], q: dict[str, float]) -> dict[str, float]:
    pairs = {"p": {"mean": 0.0} | _ONE | p, "q": {"mean": 1.0} | _ONE | q}
    traits = {f"{who}_{name}": value for who, shape in pairs.items() for name, value in shape.items()}
    return traits | {"confidence": 1.0}


PRESETS = {
    "N(0,1) against N(1,1)": _preset({}, {}),
    "equal: the end of the game": _preset({}, {"mean": 0.0}),
    "far apart: the judge is certain": _preset({"mean": -4.0, "std": 0.6}, {"mean": 4.0, "std": 0.6}),
    "a mode is missing": _preset({"mean": -2.0, "std": 0.6, "weight": 0.5, "mean2": 2.0}, {"mean": -2.0, "std": 0.6}),
    "one bump over two": _preset({"mean": -2.0, "std": 0.6, "weight": 0.5, "mean2": 2.0}, {"mean": 0.0, "std": 2.0}),
    "same place, other width": _preset({"std": 0.6}, {"mean": 0.0, "std": 1.8}),
}


class DiscriminatorExplorer(DensityPair, js=["density.js", "bumps.js", "discriminator.js"]):
    """Show D*, V, C(G), JS, TV and both KL of two densities that the reader drags.

    p_mean, p_std, p_weight, p_mean2 (and q_...): a bump and the share and place of a second one. x0: the place
    whose curve p(x0) log y + q(x0) log(1 - y) is drawn. confidence: V is that of sigmoid(confidence * logit D*), so
    that 1 is the best judge and 0 says 1/2 everywhere. Traits may be set from Python; TraitError outside their ranges.
    """

    x0 = Number(0.0, -8.0, 8.0)
    confidence = Number(1.0, 0.0, 3.0)
    presets = traitlets.Dict(PRESETS).tag(sync=True)

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure, computed by `gan_edu.theory`: V, C, gap, JS, TV, KL_pq, KL_qp, accuracy,

        and at x0: p, q, D (the best answer there) and top (the height of the pointwise curve at D).
        """
        log_p, log_q = self.log_densities(self.x)
        p, q = (float(np.exp(v)) for v in self.log_densities(self.x0))
        D = float(theory.optimal_discriminator(p, q))
        top = sum(w * np.log(y) for w, y in ((p, D), (q, 1 - D)) if w > 0 and y > 0)
        return self.measures(self.confidence * (log_p - log_q)) | {"p": p, "q": q, "D": D, "top": float(top)}

    def load(self, preset: str) -> "DiscriminatorExplorer":
        """Set the densities of a preset and return the explorer; ValueError lists the names there are."""
        if preset not in PRESETS:
            raise ValueError(f"preset must be one of {list(PRESETS)}, got {preset!r}")
        self.move(PRESETS[preset])
        return self

    def figure(self) -> Any:
        """Return the static twin: densities, judge, and the pointwise curve at x0."""
        x = np.linspace(-8, 8, 641)
        p, q = (np.exp(v) for v in self.log_densities(x))
        return plots_theory.best_judge(x, p, q, x0=self.x0, at_x0=self.readouts())

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return (f"Two densities and the best judge between them. At x = {self.x0:.2f} its answer is {r['D']:.3f}. "
                f"C(G) = {r['C']:.4f}, JS = {r['JS']:.4f}, TV = {r['TV']:.4f}, "
                f"KL(p||q) = {r['KL_pq']:.4f}, KL(q||p) = {r['KL_qp']:.4f}.")

    def __repr__(self) -> str:
        return f"DiscriminatorExplorer(p={self.words('p')}, q={self.words('q')})"
