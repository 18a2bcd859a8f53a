"""DiracExplorer: the smallest GAN there is, two numbers that learn, with the eigenvalues of one update.

Here are its state, its reference numbers and its static twin; the drawing is dirac.js.
"""

from typing import Any

import numpy as np
import traitlets

from gan_edu import plots
from gan_edu.games_analytic import DiracGAN
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import Number

LOSSES = {"minimax": "log(1 - D)", "non_saturating": "-log D", "wasserstein": "Wasserstein"}
UPDATES = ("simultaneous", "alternating")
START = (-2.9, 2.9)
FAR = 1e12          # a path that comes here has left every bound, and ends


class DiracExplorer(Explorer, js=["dirac_steps.js", "dirac.js"]):
    """Show the path of (theta, psi): G's one fake is theta, D's logit is psi x, the one real point is 0.

    theta, psi: the start, -2.9 to 2.9. h: learning rate of both, .02 to 1. objective: a key of `LOSSES`. gamma: weight
    of R1, which here is gamma psi^2 / 2, 0 to 3. update: "simultaneous" or "alternating" (D first, then G, as in
    Algorithm 1 with k = 1). steps: 10 to 500. whole: draw the whole unit circle. TraitError outside these.
    Source: Mescheder et al. 2018, Definition 2.1 and eq. (9).
    """

    theta, psi = Number(1.0, *START), Number(1.0, *START)
    h = Number(0.3, 0.02, 1.0)
    objective = traitlets.Enum(list(LOSSES), default_value="minimax").tag(sync=True)
    gamma = Number(0.0, 0.0, 3.0)
    update = traitlets.Enum(UPDATES, default_value="simultaneous").tag(sync=True)
    steps = traitlets.Int(200, min=10, max=500).tag(sync=True)
    whole = traitlets.Bool(False).tag(sync=True)

    def game(self) -> DiracGAN:
        """Return the game that is shown, at its start; `train` can play it."""
        return DiracGAN(self.theta, self.psi, objective=self.objective, gamma=self.gamma)

    def path(self) -> np.ndarray:
        """Return (theta, psi) before and after each step, (steps + 1, 2); shorter if it leaves every bound."""
        field, points = self.game().field, [(self.theta, self.psi)]
        while len(points) <= self.steps and np.hypot(*points[-1]) < FAR:
            theta, psi = points[-1]
            after = psi + self.h * field(theta, psi)[1]
            seen = after if self.update == "alternating" else psi
            points.append((theta + self.h * field(theta, seen)[0], after))
        return np.array(points)

    def eigenvalues(self) -> np.ndarray:
        """Return the eigenvalues of one update's linear part at rest, complex (2,): a pair, or the larger one first.

        Source: Mescheder et al. 2018, Lemmas 2.4, 2.5 and 3.3.
        """
        map_ = self.game().step_jacobian(0.0, 0.0, self.h, simultaneous=self.update == "simultaneous")
        half, product = np.trace(map_) / 2, np.linalg.det(map_)
        root = np.sqrt(complex(half**2 - product)) if abs(half**2 - product) > 1e-12 else 0
        return np.array([half + root, half - root], dtype=complex)

    def verdict(self) -> str:
        """Return what the eigenvalues say of the neighbourhood of rest: converges, circles, spirals out, overshoots."""
        pair = self.eigenvalues()
        radius = np.abs(pair).max()
        if abs(radius - 1) < 1e-9:
            return "circles"
        return "converges" if radius < 1 else "spirals out" if pair[0].imag > 0 else "overshoots"

    def readouts(self) -> dict[str, float | None]:
        """Return the numbers on the figure: radius (max |lambda|), turn (steps for a whole turn, None: no turn),

        ratio (distance at the end by that at the start) and growth (its root: measured growth a step; None at rest).
        """
        pair, r = self.eigenvalues(), np.hypot(*self.path().T)
        turn = 2 * np.pi / np.angle(pair[0]) if pair[0].imag > 0 else None
        ratio = r[-1] / r[0] if r[0] > 0 else None
        return {"radius": float(np.abs(pair).max()), "turn": turn, "ratio": ratio,
                "growth": None if ratio is None else ratio ** (1 / (len(r) - 1))}

    def figure(self) -> Any:
        """Return the static twin: the plane with the path, the eigenvalues, the distance from rest."""
        fig, (left, middle, right) = plots.figure(11.0, 3.6, columns=3)
        self._draw_plane(left)
        pair, path = self.eigenvalues(), self.path()
        angle = np.linspace(0, 2 * np.pi, 721)
        plots.style(middle, xlabel="real part", ylabel="imaginary part", title="eigenvalues of one update")
        middle.plot(np.cos(angle), np.sin(angle), "--", color=plots.MUTED)
        middle.plot(pair.real, pair.imag, "o", color=plots.COLORS["generated"])
        far = 1.5 if self.whole else 1.35 * max(0.05, np.abs(pair - 1).max())
        centre = 0 if self.whole else 1
        middle.set(xlim=(centre - far, centre + far), ylim=(-far, far), aspect="equal")
        r = np.maximum(np.hypot(*path.T), 1e-12)
        plots.curves(np.arange(len(r)), {"this path": r, "max |λ|": r[0] * np.abs(pair).max() ** np.arange(len(r))},
                     colors={"this path": "generated", "max |λ|": plots.MUTED}, xlabel="step",
                     ylabel="distance from rest", title=self.verdict(), ax=right)
        right.set(yscale="log", ylim=(r.min() / 2, 2 * r.max()))
        return fig

    def _draw_plane(self, ax: Any) -> None:
        axis, path = np.linspace(-2.7, 2.7, 13), self.path()
        x, y = np.meshgrid(axis, axis)
        u, v = self.game().field(x, y)
        plots.style(ax, xlabel="θ, where G puts its fake", ylabel="ψ, D's slope", title=self._words())
        ax.quiver(x, y, u, v, color=plots.MUTED, width=0.003, angles="xy")
        near = path[np.hypot(*path.T) < 100]
        ax.plot(*near.T, ".-", color=plots.COLORS["generated"], linewidth=0.8, markersize=3)
        ax.plot(*path[0], "s", color=plots.COLORS["discriminator"])
        ax.plot(0, 0, "o", color=plots.COLORS["data"])
        ax.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal")

    def _words(self) -> str:
        return f"{LOSSES[self.objective]}, {self.update}, h = {self.h:g}, γ = {self.gamma:g}"

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        end = f"{self.steps} steps multiply the distance by {r['ratio']:.3g}" if r["ratio"] is not None \
            else "the path stays at rest"
        return (f"Plane of theta and psi with the path of both players: {self._words()}. Near rest it {self.verdict()}; "
                f"the largest eigenvalue of one update has absolute value {r['radius']:.4f}; {end}.")

    def __repr__(self) -> str:
        return (f"DiracExplorer(objective={self.objective!r}, update={self.update!r}, h={self.h:g}, "
                f"gamma={self.gamma:g}, theta={self.theta:g}, psi={self.psi:g}, steps={self.steps})")
