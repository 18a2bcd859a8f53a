"""The two games that can be solved on paper: each player is one number, so a game is a point in the plane. They are played
by the same `train` as all the others; their gradients, Jacobians and eigenvalues stand here in closed form.

Both players minimise, here as everywhere in the package. v = (-d loss_G / d g, -d loss_D / d d) is the direction in which
both want to go, J its Jacobian, with the generator's number first.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from gan_edu.errors import real, whole
from gan_edu.games import Game
from gan_edu.networks import NETWORKS
from gan_edu.objectives import objective_named, r1_penalty


class Number(nn.Module):
    """Hold one number, `value`: the whole of a player."""

    shape = (1,)

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self.config = {"start": real("start", start)}
        self.value = nn.Parameter(torch.tensor(self.config["start"]))

    def forward(self, x: Tensor) -> Tensor:
        """Return value x: the discriminator D(x) = psi x of the Dirac-GAN."""
        return self.value * x


NETWORKS["Number"] = Number                    # so that a checkpoint can build it


class Origin:
    """Offer points at 0 without end: the data of the Dirac-GAN, and what the bilinear game leaves unread."""

    name = "origin"

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> Iterator[Tensor]:
        """Return an endless iterator of zeros (batch_size, 1); seed and start change nothing."""
        zeros = torch.zeros(whole("batch_size", batch_size), 1)
        return iter(lambda: zeros, None)


class _Analytic(Game):
    """What the two share: a place in the plane, and what follows from v and J of a subclass."""

    def __init__(self, G: "float | Number", D: "float | Number") -> None:
        super().__init__(*(player if isinstance(player, Number) else Number(player) for player in (G, D)))

    def _slopes(self, g: np.ndarray, d: np.ndarray) -> tuple[tuple, tuple]:
        """First and second derivatives of both losses: (G_g, G_gg, G_gd) and (D_d, D_dd, D_gd)."""
        raise NotImplementedError

    @property
    def place(self) -> tuple[float, float]:
        """Return where the players are now: (the generator's number, the discriminator's)."""
        return self.G.value.item(), self.D.value.item()

    def field(self, g: object, d: object) -> np.ndarray:
        """Return v at (g, d), numbers or arrays of one shape: an array (2, ...), the generator's part first."""
        (slope_g, _, _), (slope_d, _, _) = self._slopes(*_floats(g, d))
        return np.stack(np.broadcast_arrays(-slope_g, -slope_d))

    def jacobian(self, g: object, d: object) -> np.ndarray:
        """Return J at (g, d), numbers or arrays of one shape: (..., 2, 2), rows v, columns (g, d)."""
        (_, gg, gd), (_, dd, dg) = self._slopes(*_floats(g, d))
        return _matrix(-gg, -gd, -dg, -dd)

    def step_jacobian(self, g: float, d: float, h: float, *, simultaneous: bool = False) -> np.ndarray:
        """Return the Jacobian (2, 2) of one step of `train` with k = 1 and SGD of learning rate h > 0 for both players.

        simultaneous: I + h J. Else Algorithm 1: D moves first and G answers the D that has moved, so the step is a
        product, M_G(g, d') M_D(g, d). Its eigenvalues say what happens near an equilibrium: all inside the unit
        circle, it attracts; one outside, it repels. Source: Mescheder et al. 2018, Lemmas 2.4 and 2.5.
        """
        real("h", h, above=0)
        whole_step = np.eye(2) + h * self.jacobian(g, d)
        if simultaneous:
            return whole_step
        moved = d + h * self.field(g, d)[1]
        step_D, step_G = np.eye(2), np.eye(2)
        step_D[1], step_G[0] = whole_step[1], (np.eye(2) + h * self.jacobian(g, moved))[0]
        return step_G @ step_D

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return the generator's number n times, (n, 1): it has no noise."""
        G = self.G if self.G_ema is None else self.G_ema
        return G.value.detach().repeat(whole("n", n), 1)


class Bilinear(_Analytic):
    """Play V(x, y) = x y: G holds x and minimises V, D holds y and maximises it, so loss_G = x y and loss_D = -x y.

    G, D: where x and y start. v = (-y, x), a quarter turn of the place itself: the continuous game circles around its
    only equilibrium, (0, 0). Both at once with step h, the radius grows by sqrt(1 + h^2) a step. Alternating, with D
    first, x^2 + y^2 + h x y never changes, so that for h < 2 the orbit is an ellipse.
    Source: Goodfellow 2016, NIPS tutorial, section 7.2, where it is an exercise.
    """

    def __init__(self, G: float | Number = 1.0, D: float | Number = -1.0) -> None:
        super().__init__(G, D)

    def discriminator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return -self.G.value.detach() * self.D.value

    def generator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return self.G.value * self.D.value

    def _slopes(self, g: np.ndarray, d: np.ndarray) -> tuple[tuple, tuple]:
        none, one = 0 * (g + d), 1 + 0 * (g + d)
        return (d, none, one), (-g, none, -one)


class DiracGAN(_Analytic):
    """Play the smallest GAN: the data are one point at 0, G puts all its mass on theta, and D(x) = psi x is its logit.

    G, D: where theta and psi start. objective: a name in `objectives.OBJECTIVES`. gamma >= 0: weight of the R1 penalty
    gamma/2 E |grad_x D|^2 = gamma/2 psi^2 in D's loss. The only equilibrium is (0, 0).

    D's loss is real(0) + fake(psi theta) + gamma/2 psi^2, G's is generated(psi theta). For "minimax" and
    "non_saturating", where both losses have slope 1/2 at 0, J at (0, 0) is ((0, 1/2), (-1/2, -gamma)), with
    eigenvalues -gamma/2 +- sqrt(gamma^2/4 - 1/4): without R1 the players circle for ever, for gamma < 1 they spiral
    in, at gamma = 1 they come home fastest (both eigenvalues -1/2), beyond that they crawl. "wasserstein" and
    "hinge" have slope 1 there, and are critical at gamma = 2.

    Source: Mescheder et al. 2018, Definition 2.1, Lemma 3.3. Their f is -"fake" and their D is high on fakes: their psi
    is -psi here, and all eigenvalues are the same. Raises ValueError for an unknown objective or gamma < 0.
    """

    def __init__(self, G: float | Number = 1.0, D: float | Number = 1.0, *, objective: str = "non_saturating",
                 gamma: float = 0.0) -> None:
        super().__init__(G, D)
        self.objective, self.gamma = objective_named(objective), real("gamma", gamma, minimum=0)

    def discriminator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        x_fake = self.G.value.detach().expand(len(batch), 1)
        loss = self.objective.discriminator(self.D(batch), self.D(x_fake))
        return loss + self.gamma * r1_penalty(self.D, batch) if self.gamma else loss

    def generator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return self.objective.generator(self.D(self.G.value.expand(len(batch), 1)))

    def _slopes(self, g: np.ndarray, d: np.ndarray) -> tuple[tuple, tuple]:
        """By the chain rule, with l = psi theta: d/dtheta = psi d/dl, d/dpsi = theta d/dl."""
        fake, generated = (slopes(g * d) for slopes in _SLOPES[self.objective.name])
        return ((d * generated[0], d**2 * generated[1], generated[0] + g * d * generated[1]),
                (g * fake[0] + self.gamma * d, g**2 * fake[1] + self.gamma, fake[0] + g * d * fake[1]))

    @property
    def config(self) -> dict:
        return super().config | {"objective": self.objective.name, "gamma": self.gamma}


def _sigmoid(l: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(l / 2))          # exp would overflow


def _softplus(sign: int, factor: int = 1) -> Callable:
    """Derivatives of factor * softplus(sign * l)."""
    return lambda l: (factor * sign * _sigmoid(sign * l), factor * _sigmoid(l) * _sigmoid(-l))


def _square(target: float) -> Callable:
    return lambda l: (l - target, np.ones_like(l))


def _line(slope: float) -> Callable:
    return lambda l: (slope * np.ones_like(l), np.zeros_like(l))


# first and second derivative, with respect to the logit, of what D minimises on a fake and of what G minimises
_SLOPES: dict[str, tuple[Callable, Callable]] = {
    "minimax": (_softplus(1), _softplus(1, -1)),
    "non_saturating": (_softplus(1), _softplus(-1)),
    "least_squares": (_square(0), _square(1)),
    "hinge": (lambda l: (1.0 * (l > -1), np.zeros_like(l)), _line(-1)),
    "wasserstein": (_line(1), _line(-1)),
}


def _floats(g: object, d: object) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(g, dtype=np.float64), np.asarray(d, dtype=np.float64)


def _matrix(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    a, b, c, d = np.broadcast_arrays(a, b, c, d)
    return np.stack((np.stack((a, b), -1), np.stack((c, d), -1)), -2)
