"""ParzenExplorer: the score of table 1 of the 2014 paper against the width of its window, for several sets of samples.

Here are its curves, its reference numbers and its static twin; the drawing is parzen.js.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np
import traitlets

from gan_edu import metrics, plots
from gan_edu.widgets.base import Explorer

SAMPLES = (0.05, 0.08, 0.12, 0.3, 0.36, 0.72, 0.95)      # on a line from 0 to 1, as a pixel has it
TEST = (0.1, 0.33, 0.5, 0.9)
LOOKS = {  # colour and dash of a set; a set of another name takes one in turn
    "training images": ("data", "solid"), "mnist-mlp": ("generated", "dash"), "mnist-2014": ("generated", "dashdot"),
    "k-means centres": ("ink", "dot")}
SPARE = (("discriminator", "dash"), ("ink", "dashdot"), ("generated", "dot"), ("data", "dash"), ("discriminator", "dot"))


def mnist_measures() -> dict[str, Any]:
    """Return what benchmarks/measure_curves.py measured on the real MNIST: command, sigmas, Parzen curves, the rest."""
    return json.loads(files(__package__).joinpath("mnist_measures.json").read_text(encoding="utf-8"))


def parzen_curves(sets: Mapping[str, object], validation: object, test: object,
                  sigmas: object = metrics.SIGMAS) -> dict[str, dict[str, list[float]]]:
    """Return for each set of samples (n, d) its mean log-likelihood of validation and test rows at each sigma.

    Lists as long as `sigmas`: "validation", "test", and "error", the standard error of the test mean. In nats.
    """
    found = {}
    for name, samples in sets.items():
        chosen_on = metrics.parzen_log_likelihoods(samples, validation, sigmas)
        scores = metrics.parzen_log_likelihoods(samples, test, sigmas)
        errors = scores.std(1, ddof=1) / np.sqrt(scores.shape[1])
        found[name] = {"validation": chosen_on.mean(1).tolist(), "test": scores.mean(1).tolist(), "error": errors.tolist()}
    return found


class ParzenExplorer(Explorer, js=["density.js", "parzen.js"]):
    """Show how the Parzen score of several sets of samples depends on the window's width sigma.

    curves: as `parzen_curves` returns them; left out, those of the real MNIST as shipped. sigmas: the widths of their
    points, rising. at: which of them the slider stands at, 0 to len(sigmas) - 1. chosen: the set whose choice of sigma
    is marked. where: words that say what was measured. TraitError outside these.
    """

    sigmas = traitlets.List(traitlets.Float()).tag(sync=True)
    curves = traitlets.Dict().tag(sync=True)
    looks = traitlets.Dict().tag(sync=True)
    where = traitlets.Unicode("").tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)
    chosen = traitlets.Unicode("").tag(sync=True)
    samples = traitlets.List(list(SAMPLES)).tag(sync=True)
    test = traitlets.List(list(TEST)).tag(sync=True)

    def __init__(self, curves: Mapping[str, dict] | None = None, sigmas: object = None, **traits: Any) -> None:
        """Take the shipped curves if none are given; start at the sigma that validation chooses for the first set."""
        if curves is None:
            shipped = mnist_measures()
            curves, sigmas = {name: found["parzen"] for name, found in shipped["sets"].items()}, shipped["sigmas"]
            traits = {"where": shipped["where"]} | traits
        sigmas = [float(sigma) for sigma in (metrics.SIGMAS if sigmas is None else sigmas)]
        if not curves or any(len(row) != len(sigmas) for curve in curves.values() for row in curve.values()):
            raise ValueError(f"curves must hold one number for each of the {len(sigmas)} sigmas, got others; give the sigmas "
                             "that they were computed at")
        spare = iter(SPARE * 3)
        looks = {name: LOOKS.get(name) or next(spare) for name in curves}
        chosen = traits.pop("chosen", next(iter(curves)))
        best = {"at": int(np.argmax(curves[chosen]["validation"]))} if chosen in curves else {}
        super().__init__(curves=dict(curves), sigmas=sigmas, looks=looks, chosen=chosen, **(best | traits))

    @traitlets.validate("at")
    def _a_point(self, proposal: dict[str, Any]) -> int:
        if not 0 <= proposal["value"] < max(1, len(self.sigmas)):
            raise traitlets.TraitError(f"at must be from 0 to {len(self.sigmas) - 1}, got {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("chosen")
    def _a_set(self, proposal: dict[str, Any]) -> str:
        if self.curves and proposal["value"] not in self.curves:
            raise traitlets.TraitError(f"chosen must be one of {', '.join(self.curves)}, got {proposal['value']!r}")
        return proposal["value"]

    def best(self, name: str) -> int:
        """Return which of `sigmas` the validation rows choose for a set."""
        return int(np.argmax(self.curves[name]["validation"]))

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure: sigma, `line` (mean log density of the four test points), and for each

        set its score at this sigma under its name and its standard error under "name error".
        """
        sigma = self.sigmas[self.at]
        column = lambda values: np.array(values)[:, None]  # noqa: E731
        found = {"sigma": sigma, "line": metrics.parzen_log_likelihood(column(self.samples), column(self.test), sigma)[0]}
        for name, curve in self.curves.items():
            found |= {name: curve["test"][self.at], f"{name} error": curve["error"][self.at]}
        return found

    def figure(self) -> Any:
        """Return the static twin: the windows on a line, and the score of each set against sigma."""
        fig, (left, right) = plots.figure(10.4, 3.5, columns=2)
        self._draw_line(left)
        for name, curve in self.curves.items():
            color, dash = self.looks[name]
            color = plots.COLORS.get(color, plots.INK)
            right.plot(self.sigmas, curve["test"], color=color, linewidth=1.8, label=name,
                       linestyle={"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}[dash])
            i = self.best(name)
            right.plot(self.sigmas[i], curve["test"][i], "o", color=color, markersize=5)
        top = max(max(curve["test"]) for curve in self.curves.values())
        plots.style(right, xlabel="width sigma of the window (pixels run from 0 to 1)", ylabel="mean log-likelihood (nats)",
                    title="dots: the sigma that validation chooses")
        right.set(xscale="log", ylim=(top - 600, top + 50))
        right.axvline(self.sigmas[self.at], color=plots.MUTED, linewidth=0.9, linestyle="--")
        ticks = [0.07, 0.1, 0.15, 0.2, 0.3, 0.4]
        right.set_xticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
        right.set_xticks([], minor=True)
        right.set_xlim(0.96 * self.sigmas[0], 1.04 * self.sigmas[-1])
        right.legend(fontsize=9, frameon=False, loc="lower right")
        return fig

    def _draw_line(self, ax: Any) -> None:
        x, sigma = np.linspace(-0.3, 1.3, 321), self.sigmas[self.at]
        density = np.exp(metrics.parzen_log_likelihoods(np.array(self.samples)[:, None], x[:, None], [sigma])[0])
        plots.curves(x, {"window estimate of the density": density}, colors={"window estimate of the density": "generated"},
                     xlabel="x", ylabel="density", title=f"the same on a line, sigma = {sigma:.3f}", ax=ax)
        ax.plot(self.samples, 0 * np.array(self.samples), "|", color=plots.COLORS["generated"], markersize=12, label="samples")
        ax.plot(self.test, 0 * np.array(self.test), "o", color=plots.COLORS["data"], markersize=5, label="test points")
        ax.legend(fontsize=9, frameon=False)

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        scores = "; ".join(f"{name} {r[name]:.1f} ± {r[f'{name} error']:.1f}" for name in self.curves)
        return f"Parzen score against the window's width sigma. At sigma = {r['sigma']:.3f}: {scores}. {self.where}"

    def __repr__(self) -> str:
        return f"ParzenExplorer({', '.join(self.curves)})"
