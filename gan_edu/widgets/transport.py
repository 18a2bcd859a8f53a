"""TransportExplorer: move one density to another; the plan, the best critic, and four distances against the shift.

Here are its state, its reference numbers (gan_edu.theory, theory_transport) and its static twin; the drawing is transport.js.
"""

from typing import Any

import numpy as np
import traitlets

from gan_edu import plots, theory
from gan_edu import theory_transport as transport
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import Number

GRID = (-20.0, 20.0, 1601)                       # wide enough for every shape the sliders can make
SHIFTS = np.linspace(-5, 5, 81)                  # where the curves are computed: whole steps of the grid
THREADS, NUDGE = 24, 0.01
WIDTH, SPLIT = (0.05, 1.5), (0.0, 6.0)
SHAPES = ("p_width", "p_split", "q_width", "q_split")
PRESETS = {"two points": (2.0, 0.05, 0.0, 0.05, 0.0), "two bumps": (2.0, 0.7, 0.0, 0.7, 0.0),
           "two halves, one heap": (0.5, 0.3, 4.0, 0.3, 0.0), "one inside the other": (0.0, 1.5, 0.0, 0.3, 0.0)}
LINES = {"W1": ("W1", "discriminator", "-"), "JS": ("JS", plots.PLAIN[0], (0, (6, 2))), "TV": ("TV", plots.PLAIN[2], ":"),
         "KL": ("KL(p‖q)", plots.INK, "-.")}


class TransportExplorer(Explorer, js=["density.js", "transport_steps.js", "transport.js"]):
    """Show how mass moves from p to q, the critic that prices the move, and JS, TV, KL, W1 against the shift of q.

    p is two equal bumps of width p_width, p_split apart, around 0; q the same with q_width and q_split, around shift.
    widths: .05 to 1.5. splits: 0 to 6. shift: -5 to 5. TraitError outside these.
    """

    shift = Number(2.0, -5.0, 5.0)
    p_width, q_width = Number(0.7, *WIDTH), Number(0.7, *WIDTH)
    p_split, q_split = Number(0.0, *SPLIT), Number(0.0, *SPLIT)
    grid = traitlets.Tuple(GRID).tag(sync=True)
    presets = traitlets.Dict({name: list(values) for name, values in PRESETS.items()}).tag(sync=True)

    def load(self, name: str) -> "TransportExplorer":
        """Set one of `PRESETS` and return self; ValueError for another name."""
        if name not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}, got {name!r}")
        with self.hold_sync():
            for trait, value in zip(("shift", *SHAPES), PRESETS[name], strict=True):
                setattr(self, trait, value)
        return self

    # ---- numbers
    @property
    def x(self) -> np.ndarray:
        """Return the grid of all integrals, shape (1601,)."""
        return np.linspace(*self.grid)

    def logs(self, shift: float | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return log p and log q on the grid, with q at `shift` (None: where it is)."""
        at = self.shift if shift is None else shift
        bumps = [(0.0, self.p_width, self.p_split), (at, self.q_width, self.q_split)]
        return tuple(theory.mixture_log(self.x, [m - s / 2, m + s / 2], [w, w], [0.5, 0.5]) for m, w, s in bumps)

    def distances(self, shift: float | None = None) -> dict[str, float]:
        """Return W1 (units of x), JS and KL(p||q) (nats) and TV of p and q."""
        logs = self.logs(shift)
        p, q = np.exp(logs[0]), np.exp(logs[1])
        return {"W1": theory.wasserstein1(p, q, self.x), "JS": theory.js(p, q, self.x),
                "TV": theory.total_variation(p, q, self.x), "KL": theory.kl_of_logs(*logs, self.x)}

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure: the four distances, and the slopes of W1 and JS in the shift: what G feels."""
        right, left = (self.distances(self.shift + side * NUDGE) for side in (1, -1))
        slopes = {f"{name}_slope": (right[name] - left[name]) / (2 * NUDGE) for name in ("W1", "JS")}
        return self.distances() | slopes

    def masses(self) -> tuple[np.ndarray, np.ndarray]:
        """Return p and q as masses on the points of the grid, each of sum 1."""
        p, q = (np.exp(log) for log in self.logs())
        return p / p.sum(), q / q.sum()

    def threads(self) -> tuple[np.ndarray, np.ndarray]:
        """Return where 24 equal shares of the mass leave p and where they arrive in q, (24,) each: quantiles of both."""
        at = (np.arange(THREADS) + 0.5) / THREADS
        return tuple(np.interp(at, np.cumsum(mass), self.x) for mass in self.masses())

    def critic(self) -> np.ndarray:
        """Return the best critic of slope at most 1 on the grid; see `theory_transport.potential`."""
        return transport.potential(*self.masses(), self.x)

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Return the static twin: p above q with the plan between, the critic beside D*, the distances against the shift."""
        fig, axes = plots.figure(11.0, 3.4, columns=3)
        self._draw_plan(axes[0])
        self._draw_critic(axes[1])
        rows = [self.distances(s) for s in SHIFTS]
        plots.style(axes[2], xlabel="shift of q", ylabel="nats, share, or units of x", title="distances against the shift")
        for name, (label, color, dash) in LINES.items():
            axes[2].plot(SHIFTS, [row[name] for row in rows], color=plots.COLORS.get(color, color), linestyle=dash, label=label)
        axes[2].axvline(self.shift, color=plots.MUTED, linewidth=0.8)
        axes[2].set(ylim=(0, 5.2), xlim=(-5, 5))
        axes[2].legend(fontsize=9, frameon=False)
        return fig

    def _draw_plan(self, ax: Any) -> None:
        p, q = (np.exp(log) for log in self.logs())
        top = max(p.max(), q.max())
        plots.style(ax, xlabel="x", title=f"least work: W1 = {self.distances()['W1']:.3f}")
        ax.fill_between(self.x, 1 + p / top, 1, color=plots.COLORS["data"], alpha=0.5, linewidth=0)
        ax.fill_between(self.x, -q / top, 0, color=plots.COLORS["generated"], alpha=0.5, linewidth=0)
        ax.plot(np.stack(self.threads()), np.array([[1.0], [0.0]]) + np.zeros(THREADS), color=plots.MUTED, linewidth=0.8)
        ax.set(xlim=(-8, 8), ylim=(-1.05, 2.05))
        ax.set_yticks([1.5, -0.5], ["p, data", "q, generated"])

    def _draw_critic(self, ax: Any) -> None:
        log_p, log_q = self.logs()
        plots.style(ax, xlabel="x", ylabel="score, in units of x", title="the best critic, and D*")
        ax.plot(self.x, self.critic(), color=plots.COLORS["discriminator"], label="critic f, slope at most 1")
        judge = 1 / (1 + np.exp(np.clip(log_q - log_p, -60, 60)))
        ax.plot(self.x, judge, color=plots.INK, linestyle=":", label="D*, a probability")
        ax.set(xlim=(-8, 8))
        ax.legend(fontsize=9, frameon=False)

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return (f"Data p above, generated q below, shifted by {self.shift:g}, and threads that carry the mass. W1 is "
                f"{r['W1']:.3f} and changes by {r['W1_slope']:.2f} a unit of shift; JS is {r['JS']:.4f} and changes by "
                f"{r['JS_slope']:.4f}. "
                "The critic is piecewise straight with slope 1, 0 or -1; D* is nearly a step where p and q lie apart.")

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}={getattr(self, name):g}" for name in SHAPES)
        return f"TransportExplorer(shift={self.shift:g}, {shapes})"
