"""The traits and integrals that explorers of densities share: bumps p and q on one wide grid, and their readouts.

What does not belong here: drawing (density.js, plot.js), formulas (gan_edu.theory), anything about one explorer.
"""

import math
from typing import Any

import numpy as np
import traitlets

from gan_edu import theory
from gan_edu.widgets.base import Explorer

GRID = (-20.0, 20.0, 1601)  # wide enough for every density the sliders can make: its mass is 1 within 1e-6
STD, MEAN = (0.45, 3.0), (-5.0, 5.0)


class Number(traitlets.Float):
    """Hold a finite number between `low` and `high`; TraitError otherwise."""

    def __init__(self, default: float, low: float, high: float) -> None:
        super().__init__(default, min=low, max=high)
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> float:
        """Return the value as a float in the range."""
        value = super().validate(obj, value)
        if not math.isfinite(value):
            raise traitlets.TraitError(f"{self.name} must be a number from {self.min} to {self.max}, got {value}")
        return value


class DensityPair(Explorer):
    """Hold data p and generated q as mixtures of two bumps: (1 - weight) N(mean, std^2) + weight N(mean2, std^2)."""

    p_mean, q_mean = Number(0.0, *MEAN), Number(1.0, *MEAN)
    p_std, q_std = Number(1.0, *STD), Number(1.0, *STD)
    p_weight, q_weight = Number(0.0, 0.0, 0.9), Number(0.0, 0.0, 0.9)
    p_mean2, q_mean2 = Number(3.0, *MEAN), Number(-3.0, *MEAN)
    grid = traitlets.Tuple(GRID).tag(sync=True)

    @property
    def x(self) -> np.ndarray:
        """Return the grid of all integrals, shape (1601,)."""
        return np.linspace(*self.grid)

    def log_densities(self, x: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Return log p and log q at x."""
        return self._log(x, "p"), self._log(x, "q")

    def _log(self, x: np.ndarray | float, who: str) -> np.ndarray:
        mean, std, weight, mean2 = (getattr(self, f"{who}_{f}") for f in ("mean", "std", "weight", "mean2"))
        return theory.mixture_log(x, [mean, mean2], [std, std], [1 - weight, weight])

    def measures(self, logits: np.ndarray) -> dict[str, float]:
        """Return V of the judge with these logits (on `x`), its bound C, and the divergences of p and q."""
        x = self.x
        log_p, log_q = self.log_densities(x)
        p, q = np.exp(log_p), np.exp(log_q)
        V, C = theory.value_of_logits(logits, p, q, x), theory.criterion(p, q, x)
        return {"V": V, "C": C, "gap": C - V, "JS": theory.js(p, q, x), "TV": theory.total_variation(p, q, x),
                "KL_pq": theory.kl_of_logs(log_p, log_q, x), "KL_qp": theory.kl_of_logs(log_q, log_p, x),
                "accuracy": theory.best_accuracy(p, q, x)}

    def move(self, traits: dict[str, Any]) -> None:
        """Set several traits at once, so that the figure is drawn once."""
        with self.hold_sync():
            for name, value in traits.items():
                setattr(self, name, value)

    def words(self, who: str) -> str:
        """Return the density "p" or "q" as a formula in one line."""
        mean, std, weight, mean2 = (getattr(self, f"{who}_{f}") for f in ("mean", "std", "weight", "mean2"))
        first = f"N({mean:g}, {std:g}^2)"
        return first if weight == 0 else f"{1 - weight:g} {first} + {weight:g} N({mean2:g}, {std:g}^2)"
