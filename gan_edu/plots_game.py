"""Pictures of a toy game: data, fakes, D's surface, losses and meters with their floors. Arrays in, a Figure out.

A part of the room of pictures: the static twin of GameExplorer, which computes what is drawn here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from gan_edu import plots

DATA, FAKE, JUDGE, INK, MUTED = *plots.COLORS.values(), plots.INK, plots.MUTED
_VERDICT = LinearSegmentedColormap.from_list("verdict", [FAKE, "white", DATA])     # D = 0, 1/2, 1


def game(now: Mapping[str, Any], arrays: Mapping[str, np.ndarray], *, layers: Sequence[str], surface: str,
         arrow_scale: float, meters: Mapping[str, Sequence[str]]) -> Figure:
    """Return the picture of the game, its losses and its meters, side by side.

    now, arrays: what GameExplorer published last. layers, surface: what is shown of it. arrow_scale: times the
    gradient. meters: name -> (label, unit, which way is better).
    """
    figure = Figure(figsize=(10.5, 3.9), layout="constrained", facecolor="white")
    grid = figure.add_gridspec(len(meters), 3, width_ratios=(1.15, 1, 1))
    scene = figure.add_subplot(grid[:, 0])
    draw = plane if now["dim"] == 2 else line
    draw(scene, now, arrays, layers=layers, surface=surface, arrow_scale=arrow_scale)
    losses(figure.add_subplot(grid[:, 1]), arrays["losses"])
    for row, (name, (label, _, _)) in enumerate(meters.items()):
        ax = figure.add_subplot(grid[row, 2])
        gauge(ax, arrays["meters"][:, [0, 1 + row]], now["floors"][name], label, last=row == len(meters) - 1)
    return figure


def plane(ax: Axes, now: Mapping[str, Any], arrays: Mapping[str, np.ndarray], *, layers: Sequence[str], surface: str,
          arrow_scale: float) -> Axes:
    """Draw a game in the plane: a surface of D or of the best D, its line D = 1/2, and the chosen layers."""
    view = now["view"]
    plots.style(ax, title=f"step {now['ledger']['G_steps']:,}")
    ax.grid(False)
    if surface != "none":
        D, ticks = arrays[surface] / 255, np.linspace(-view, view, len(arrays[surface]))
        ax.imshow(D, extent=(-view, view) * 2, origin="lower", cmap=_VERDICT, vmin=0, vmax=1, alpha=0.45,
                  interpolation="bilinear")
        if D.min() < 0.5 < D.max():
            ax.contour(ticks, ticks, D, [0.5], colors=JUDGE, linewidths=1.2, linestyles="dotted")
    if "manifold" in layers:
        _lattice(ax, arrays["manifold"])
    if "data" in layers:
        ax.plot(*arrays["real"].T, "o", color=DATA, ms=2, alpha=0.6, mew=0, label="data")
    if "fakes" in layers:
        ax.plot(*arrays["fakes"].T, "D", color=FAKE, ms=2.2, alpha=0.8, mew=0, label="fakes")
    if "arrows" in layers:
        at, way = arrays["fakes"][:len(arrays["arrows"])], arrow_scale * arrays["arrows"]
        ax.quiver(*at.T, *way.T, angles="xy", scale_units="xy", scale=1, width=0.004, color=INK, minlength=0)
    ax.set(xlim=(-view, view), ylim=(-view, view), aspect="equal")
    return _named(ax)


def _lattice(ax: Axes, points: np.ndarray) -> None:
    side = round(len(points) ** 0.5)
    lines = points.reshape(side, side, 2)
    for path in (*lines, *lines.swapaxes(0, 1)):
        ax.plot(*path.T, color=FAKE, lw=0.5, alpha=0.7)


def line(ax: Axes, now: Mapping[str, Any], arrays: Mapping[str, np.ndarray], *, layers: Sequence[str], surface: str,
         arrow_scale: float) -> Axes:
    """Draw a game on the line: p exactly, q by kernels, D or the best D of the two, arrows below."""
    view = now["view"]
    x = np.linspace(-view, view, len(arrays["q"]))
    plots.style(ax, xlabel="x", ylabel="density; D(x)", title=f"step {now['ledger']['G_steps']:,}")
    for name, y, color, label in (("data", arrays["p"], "data", "data p"),
                                  ("fakes", arrays["q"], "generated", "fakes q")):
        if name in layers:
            ax.plot(x, y, color=plots.COLORS[color], ls=plots.DASHES[color], lw=1.6, label=label)
            ax.fill_between(x, 0, y, color=plots.COLORS[color], alpha=0.12, lw=0)
    if surface != "none":
        label = "D" if surface == "D" else "D* of p and q"
        ax.plot(x, arrays[surface], color=JUDGE, ls=plots.DASHES["discriminator"], lw=1.8, label=label)
    if "manifold" in layers:
        ax.plot(arrays["manifold"][:, 0], np.full(len(arrays["manifold"]), -0.06), "|", color=FAKE, ms=6)
    if "arrows" in layers:
        at, way = arrays["fakes"][:len(arrays["arrows"]), 0], arrow_scale * arrays["arrows"][:, 0]
        ax.quiver(at, np.full(len(at), -0.12), way, 0 * way, angles="xy", scale_units="xy", scale=1, width=0.004,
                  color=INK)
    ax.set(xlim=(-view, view), ylim=(-0.18, 1.25))
    return _named(ax)


def losses(ax: Axes, table: np.ndarray) -> Axes:
    """Draw both losses over the steps of G; table (n, 3): step, loss of D, loss of G."""
    plots.style(ax, xlabel="step of G", title="losses, each player's own")
    for column, (name, label) in enumerate((("discriminator", "loss of D"), ("generated", "loss of G"))):
        ax.plot(table[:, 0], table[:, 1 + column], color=plots.COLORS[name], ls=plots.DASHES[name], lw=1.3, label=label)
    return _named(ax)


def gauge(ax: Axes, table: np.ndarray, floor: Sequence[float], label: str, *, last: bool) -> Axes:
    """Draw one meter over the steps of G, above the band that as many real samples read; table (n, 2)."""
    plots.style(ax, xlabel="step of G" if last else None)
    ax.axhspan(*floor, color=DATA, alpha=0.25, lw=1)
    ax.plot(table[:, 0], table[:, 1], color=FAKE, lw=1.4, marker="." if len(table) < 3 else None)
    ax.set_title(f"{label} (band: real data)", fontsize=8, color=INK, loc="left", pad=2)
    ax.tick_params(labelsize=7, labelbottom=last)
    return ax


def _named(ax: Axes) -> Axes:
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize=8, loc="upper right", labelcolor=INK, markerscale=2.5)   # the points are small
    return ax
