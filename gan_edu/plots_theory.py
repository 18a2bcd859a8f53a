"""Pictures of the theory: judges, the pointwise curve, the value's integrand. Arrays in, a Figure out.

A part of the room of pictures: style, colours, `densities`, `curves` and `show` are in plots.py. What is computed
belongs in gan_edu.theory.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gan_edu import plots

Array = NDArray[np.float64]
JUDGE, INK, MUTED = plots.COLORS["discriminator"], plots.INK, plots.MUTED


def _legend(ax: Axes) -> None:
    """Put the names above the axes, where they hide no curve."""
    ax.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0, labelcolor=INK)


def judges(x: Array, curves: Mapping[str, Array], ax: Axes) -> Axes:
    """Draw judges D(x) of shape (n,), by name: the first in the judge's colour, the others dotted and dashed."""
    plots.style(ax, xlabel="x", ylabel="D(x), a probability")
    ax.axhline(0.5, color=MUTED, lw=0.8, ls="--")
    styles = [("-", JUDGE), (":", INK), ("-.", MUTED), ("--", INK)]
    for (label, D), (dash, color) in zip(curves.items(), styles, strict=False):
        ax.plot(x, np.broadcast_to(D, x.shape), color=color, ls=dash, lw=1.8, label=label)
    ax.set(ylim=(-0.02, 1.02))
    _legend(ax)
    return ax


def pointwise(a: float, b: float, ax: Axes) -> Axes:
    """Draw a log y + b log(1 - y) over y and mark its top, for a, b >= 0 that are not both 0."""
    y, best = np.linspace(0.002, 0.998, 500), a / (a + b)
    top = sum(w * np.log(v) for w, v in ((a, best), (b, 1 - best)) if w > 0)
    plots.style(ax, xlabel="y, the answer given", ylabel="value of the answer")
    ax.plot(y, a * np.log(y) + b * np.log1p(-y), color=INK, lw=1.8, label=f"{a:.3f} log y + {b:.3f} log(1 − y)")
    ax.axvline(best, color=JUDGE, ls="--", lw=1, label=f"top at y = {best:.3f}")
    ax.plot([best], [top], "o", color=JUDGE)
    ax.set(xlim=(0, 1), ylim=(min(-0.05, 3 * top - 0.02, -1.6 * (a + b) * np.log(2)), 0.02))
    _legend(ax)
    return ax


def integrand(D: Array, p: Array, q: Array) -> Array:
    """Return p log D + q log(1 - D) at every x, with 0 log 0 = 0; all of shape (n,)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * np.log(D), 0) + np.where((q > 0) & (D < 1), q * np.log1p(-D), 0)


def loss_of_judge(x: Array, p: Array, q: Array, D: Array, ax: Axes, *, value: float, bound: float) -> Axes:
    """Draw the integrand of V(D) under that of V(D*); the area between them is what D loses."""
    used, top = integrand(D, p, q), integrand(p / (p + q), p, q)
    plots.style(ax, xlabel="x", ylabel="p log D + q log(1 − D)")
    ax.plot(x, top, color=INK, ls=":", lw=1.8, label=f"with D*: area C(G) = {bound:.4f}")
    ax.plot(x, used, color=JUDGE, lw=1.8, label=f"with your D: area V(D) = {value:.4f}")
    ax.fill_between(x, used, top, color=MUTED, alpha=0.3, lw=0, label=f"what D loses: {bound - value:.4f}")
    _legend(ax)
    return ax


def best_judge(x: Array, p: Array, q: Array, *, x0: float, at_x0: Mapping[str, float]) -> Figure:
    """Return three panels: the densities, D* with a mark at x0, and the pointwise curve there.

    x, p, q (n,) with p + q > 0; at_x0: the keys p, q, D of `DiscriminatorExplorer.readouts`.
    """
    figure, (left, middle, right) = plots.figure(9.6, 3.1, columns=3)
    plots.densities(x, p, q, ax=left)
    judges(x, {"D*, the best judge": p / (p + q)}, middle)
    middle.plot([x0], [at_x0["D"]], "o", color=JUDGE)
    for ax in (left, middle):
        ax.axvline(x0, color=MUTED, lw=0.8, ls=":")
    pointwise(at_x0["p"], at_x0["q"], right)
    return figure


def bent_judge(x: Array, p: Array, q: Array, D: Array, *, knots: tuple[Array, Array], value: float,
               bound: float) -> Figure:
    """Return three panels: the densities, the reader's D beside D*, and both integrands with the loss between them.

    x, p, q, D (n,) with p + q > 0 and 0 < D < 1; knots: x and D of the handles; value, bound: V(D) and C(G).
    """
    figure, (left, middle, right) = plots.figure(9.6, 3.1, columns=3)
    plots.densities(x, p, q, ax=left)
    judges(x, {"your D": D, "D*": p / (p + q)}, middle)
    middle.plot(*knots, "o", color=JUDGE, ms=5)
    loss_of_judge(x, p, q, D, right, value=value, bound=bound)
    return figure


def pair(x: Array, p: Array, q: Array, curves: Mapping[str, Array]) -> Figure:
    """Return two panels: the densities p and q (n,), and judges of them by name; a nan leaves a gap."""
    figure, (left, right) = plots.figure(8.6, 3.0, columns=2)
    plots.densities(x, p, q, ax=left)
    judges(x, curves, right)
    return figure


def errors_against_n(n: Array, errors: Array, line: Array) -> Figure:
    """Return errors over sample size n on logarithmic axes, with a straight line of slope -1/2; all (m,)."""
    figure, ax = plots.figure(5.6, 3.2)
    plots.style(ax, xlabel="n, samples of each kind", ylabel="root mean square error of V")
    ax.plot(n, errors, "o", color=JUDGE, label="measured")
    ax.plot(n, line, color=INK, ls=":", lw=1.8, label="slope −1/2")
    ax.set(xscale="log", yscale="log")
    _legend(ax)
    return figure
