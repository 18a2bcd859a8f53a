"""KExplorer: what k buys. A finished sweep over k, learning rate and seed, read at equal steps and at equal budget.

Here are its state, its reference numbers and its static twin; the page computes the same from the same arrays (k.js).
"""

from typing import Any

import numpy as np
import traitlets

from gan_edu import plots, sweeps
from gan_edu.sweeps import ToySweep
from gan_edu.widgets.base import Explorer

UNITS = {"w1": ("W1", "units of x"), "js": ("JS", "nats")}


class KExplorer(Explorer, js=["k.js"], css=["k.css"]):
    """Show quality against steps of G and against gradient evaluations, and the map of k by learning rate.

    sweep: a `ToySweep`, or the name of a shipped one (`sweeps.shipped_names()`). k: the one in front, among the sweep's.
    lr: the learning rate of the curves; None: for each k the best one at the budget. budget: gradient evaluations at
    which the map is read, 0 to what every k has had; None: all of it. TraitError outside these.
    """

    axes = traitlets.Dict().tag(sync=True)
    quality = traitlets.Bytes().tag(sync=True)
    k = traitlets.Int().tag(sync=True)
    lr = traitlets.Float(None, allow_none=True).tag(sync=True)
    budget = traitlets.Int().tag(sync=True)

    def __init__(self, sweep: ToySweep | str = "mixture", *, k: int | None = None, lr: float | None = None,
                 budget: int | None = None) -> None:
        self.sweep = sweeps.shipped(sweep) if isinstance(sweep, str) else sweep
        self.most = int(self.sweep.evaluations[:, -1].min())
        name, unit = UNITS[self.sweep.meter]
        axes = {"ks": list(self.sweep.ks), "lrs": list(self.sweep.lrs), "seeds": len(self.sweep.seeds),
                "steps": self.sweep.steps.tolist(), "floor": [float(v) for v in self.sweep.floor], "name": name,
                "unit": unit, "toy": self.sweep.notes.get("toy", "a toy"), "most": self.most}
        super().__init__(axes=axes, quality=np.ascontiguousarray(self.sweep.quality, "<f4").tobytes(),
                         k=self.sweep.ks[0] if k is None else k, lr=lr, budget=self.most if budget is None else budget)

    @traitlets.validate("k", "lr", "budget")
    def _within_the_sweep(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        if name == "budget" and not 0 <= value <= self.most:
            raise traitlets.TraitError(f"budget must lie from 0 to {self.most}, got {value}")
        if name != "budget" and value is not None and value not in getattr(self.sweep, f"{name}s"):
            raise traitlets.TraitError(f"{name} must be one of {getattr(self.sweep, f'{name}s')}, got {value}")
        return value

    def rate(self, k: int) -> float:
        """Return the learning rate of k's curve."""
        return self.sweep.best_lr(k, self.budget) if self.lr is None else self.lr

    def readouts(self) -> dict[str, float]:
        """Return the numbers beside the figure: median, low, high (5 and 95 %), steps, evaluations, of k at the budget."""
        at, k = self.sweep.look(self.k, self.budget), self.sweep.ks.index(self.k)
        low, median, high = self.sweep.band(self.k, self.rate(self.k))[:, at]
        return {"median": float(median), "low": float(low), "high": float(high), "lr": self.rate(self.k),
                "steps": int(self.sweep.steps[k, at]), "evaluations": int(self.sweep.evaluations[k, at])}

    def figure(self) -> Any:
        """Return the static twin: both curves and the map."""
        fig, (left, middle, right) = plots.figure(11.0, 3.4, columns=3)
        name = f"{self.axes['name']} ({self.axes['unit']})"
        self._draw_curves(left, self.sweep.evaluations, "gradient evaluations (k + 1 a step)", name)
        self._draw_curves(middle, self.sweep.steps, "steps of G", name)
        left.axvline(self.budget, color=plots.MUTED, linewidth=0.8, linestyle="--")
        self._draw_map(right)
        return fig

    def _draw_curves(self, ax: Any, x: np.ndarray, xlabel: str, ylabel: str) -> None:
        plots.style(ax, xlabel=xlabel, ylabel=ylabel)
        ax.axhspan(*self.sweep.floor, color=plots.COLORS["data"], alpha=0.2, linewidth=0, label="real against real")
        for i, k in enumerate(self.sweep.ks):
            low, median, high = self.sweep.band(k, self.rate(k))
            front = k == self.k
            ax.plot(x[i], median, color=plots.COLORS["generated"] if front else plots.MUTED, label=f"k = {k}",
                    linewidth=2.4 if front else 1, linestyle="-" if front else (0, (1 + 2 * i, 2)), zorder=3 if front else 2)
            if front:
                ax.fill_between(x[i], low, high, color=plots.COLORS["generated"], alpha=0.15, linewidth=0)
        ax.set_ylim(0, 1.15 * max(self.sweep.band(k, self.rate(k))[1].max() for k in self.sweep.ks))
        ax.legend(fontsize=7, frameon=False)

    def _draw_map(self, ax: Any) -> None:
        table = self.sweep.map(self.budget)
        plots.style(ax, xlabel="learning rate", ylabel="k", title=f"median after {self.budget:,}")
        ax.grid(False)
        ax.imshow(table, cmap="Oranges", vmin=0, vmax=2 * table.max(), aspect="auto")
        ax.set_xticks(range(len(self.sweep.lrs)), [f"{lr:g}" for lr in self.sweep.lrs])
        ax.set_yticks(range(len(self.sweep.ks)), self.sweep.ks)
        for (row, column), value in np.ndenumerate(table):
            best = value == table[row].min()
            ax.text(column, row, f"{value:.2f}", ha="center", va="center", weight="bold" if best else "normal",
                    fontsize=9, color=plots.INK)

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return (f"Quality of {len(self.sweep.seeds)} seeds for k = {', '.join(map(str, self.sweep.ks))} on "
                f"{self.axes['toy']}. k = {self.k} at learning rate {r['lr']:g}, after {r['evaluations']:,} gradient "
                f"evaluations ({r['steps']:,} steps of G): median {self.axes['name']} {r['median']:.2f}, 5 to 95 % "
                f"{r['low']:.2f} to {r['high']:.2f}; real against real {self.sweep.floor[0]:.2f} to {self.sweep.floor[1]:.2f}.")

    def __repr__(self) -> str:
        rate = "best" if self.lr is None else f"{self.lr:g}"
        return f"KExplorer(k={self.k}, lr={rate}, budget={self.budget})"
