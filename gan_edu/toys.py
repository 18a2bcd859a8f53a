"""Toy distributions with a known density: draw from them, ask for log p(x), train on them. No network, no picture, and
nothing that is only estimated; the densities in NumPy that check these are in `theory`.

Every toy but the checkerboard is a mixture of round Gaussians, so its density is exact. A curve is a row of them, one
standard deviation apart: away from its ends it differs from a smooth stroke by less than one part in 10^7.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from gan_edu import rng
from gan_edu.errors import real, whole

_CHUNK = 4_096  # points whose distances to all centres are held at once: memory stays flat for any n
_Parts = tuple[np.ndarray, np.ndarray, np.ndarray]  # centres (m, d), standard deviations (m,), weights (m,)


class Toy:
    """Offer what all toys share; a toy says only which Gaussians it is made of."""

    def _parts(self) -> _Parts:
        raise NotImplementedError("a toy made of Gaussians must say which: _parts() -> centres, stds, weights")

    @cached_property
    def _tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        return tuple(torch.as_tensor(part, dtype=torch.float64) for part in self._parts())

    @property
    def modes(self) -> Tensor:
        """Return the centres (m, d) that samples gather around, float32; for a curve, points along it."""
        return self._tensors[0].float()

    @property
    def dim(self) -> int:
        """Return d, the number of coordinates of a sample."""
        return self._tensors[0].shape[1]

    def sample(self, n: int, *, generator: torch.Generator) -> Tensor:
        """Return n independent draws (n, d), float32, on the generator's device."""
        whole("n", n)
        _require_generator(generator)
        centres, stds, weights = (part.to(generator.device, torch.float32) for part in self._tensors)
        which = torch.multinomial(weights, n, replacement=True, generator=generator)
        noise = torch.randn(n, self.dim, generator=generator, device=generator.device)
        return centres[which] + stds[which, None] * noise

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the exact log density (n,) at the points x (n, d); computed in float64, given in the type of x."""
        self._require_points(x)
        centres, stds, weights = (part.to(x.device) for part in self._tensors)
        scale = weights.log() - self.dim * (stds * math.sqrt(2 * math.pi)).log()
        return torch.cat([_log_mixture(some, centres, stds, scale) for some in x.double().split(_CHUNK)]).to(x.dtype)

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> Iterator[Tensor]:
        """Return an endless iterator of fresh draws (batch_size, d); minibatch i depends on (seed, i) alone.

        start: the minibatch to begin with, as a resumed run needs.
        """
        size, first = whole("batch_size", batch_size), whole("start", start, 0)
        rng.generator(seed, first)  # a bad seed is told here, not at the first minibatch
        return self._draws(size, seed, first)

    def _draws(self, size: int, seed: int, i: int) -> Iterator[Tensor]:
        while True:
            yield self.sample(size, generator=rng.generator(seed, i))
            i += 1

    def _require_points(self, x: Tensor) -> None:
        if x.ndim != 2 or x.shape[1] != self.dim or not x.is_floating_point():
            hint = "; write x[:, None]" if x.ndim == self.dim == 1 else ""
            raise ValueError(f"x must be floats (n, {self.dim}), got {x.dtype} {tuple(x.shape)}{hint}")


@dataclass(frozen=True)
class Gaussian1D(Toy):
    """Hold N(mean, std^2) on the line."""

    mean: float = 0.0
    std: float = 1.0

    def __post_init__(self) -> None:
        real("mean", self.mean)
        real("std", self.std, above=0)

    def _parts(self) -> _Parts:
        return np.array([[self.mean]]), np.array([self.std]), np.ones(1)


@dataclass(frozen=True)
class Mixture1D(Toy):
    """Hold sum_i weights[i] N(means[i], stds[i]^2) on the line; weights sum to 1, None means all equal."""

    means: Sequence[float] = (-2.0, 2.0)
    stds: Sequence[float] = (0.5, 0.5)
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        weights = self.weights if self.weights is not None else [1 / len(self.means) for _ in self.means]
        for name, values in (("means", self.means), ("stds", self.stds), ("weights", weights)):
            object.__setattr__(self, name, tuple(real(name, value) for value in values))  # frozen, so by this door
        if not len(self.means) == len(self.stds) == len(self.weights) > 0:
            raise ValueError(f"means, stds and weights must be of one length >= 1, got {len(self.means)}, "
                             f"{len(self.stds)} and {len(self.weights)}; give one of each per component")
        if min(self.stds) <= 0:
            raise ValueError(f"stds must be above 0, got {min(self.stds):g}; give each as a width > 0")
        if min(self.weights) < 0 or abs(sum(self.weights) - 1) > 1e-9:
            raise ValueError(f"weights must be >= 0 and sum to 1, got {self.weights}; divide them by their sum")

    def _parts(self) -> _Parts:
        return np.array(self.means)[:, None], np.array(self.stds), np.array(self.weights)


@dataclass(frozen=True, init=False, repr=False)  # by hand, because `modes` names a number here and points afterwards
class Ring(Toy):
    """Hold equal Gaussians on a circle around 0 in the plane, the first at (radius, 0), as many as `modes` says."""

    count: int
    radius: float
    std: float

    def __init__(self, modes: int = 8, radius: float = 2.0, std: float = 0.02) -> None:
        object.__setattr__(self, "count", whole("modes", modes))
        object.__setattr__(self, "radius", real("radius", radius, above=0))
        object.__setattr__(self, "std", real("std", std, above=0))

    def __repr__(self) -> str:
        return f"Ring(modes={self.count}, radius={self.radius}, std={self.std})"

    def _parts(self) -> _Parts:
        angle = 2 * np.pi * np.arange(self.count) / self.count
        return _equal(self.radius * np.stack((np.cos(angle), np.sin(angle)), 1), self.std)


@dataclass(frozen=True)
class Grid(Toy):
    """Hold side x side equal Gaussians on a square lattice around 0, `spacing` apart."""

    side: int = 5
    spacing: float = 1.0
    std: float = 0.05

    def __post_init__(self) -> None:
        whole("side", self.side)
        real("spacing", self.spacing, above=0)
        real("std", self.std, above=0)

    def _parts(self) -> _Parts:
        return _equal(_lattice(self.side, self.spacing), self.std)


@dataclass(frozen=True)
class Spiral(Toy):
    """Hold a stroke of width `std` along r = radius * angle / (2 pi turns), from 0 outwards, even along its length."""

    turns: float = 1.5
    radius: float = 2.0
    std: float = 0.05

    def __post_init__(self) -> None:
        for name in ("turns", "radius", "std"):
            real(name, getattr(self, name), above=0)

    def _parts(self) -> _Parts:
        s = np.linspace(0, 1, 1 + math.ceil(2_000 * self.turns))
        angle = 2 * np.pi * self.turns * s
        path = self.radius * s[:, None] * np.stack((np.cos(angle), np.sin(angle)), 1)
        return _equal(_along(path, self.std), self.std)


@dataclass(frozen=True)
class Moons(Toy):
    """Hold two half circles that reach into each other, strokes of width `std`; the middle of both is at 0."""

    radius: float = 1.0
    std: float = 0.05

    def __post_init__(self) -> None:
        real("radius", self.radius, above=0)
        real("std", self.std, above=0)

    def _parts(self) -> _Parts:
        angle = np.linspace(0, np.pi, 2_000)
        arch = np.stack((np.cos(angle) - 0.5, np.sin(angle) - 0.25), 1)
        return _equal(np.concatenate([_along(self.radius * side * arch, self.std) for side in (1, -1)]), self.std)


@dataclass(frozen=True)
class Drawn(Toy):
    """Hold strokes drawn by hand: each a list of (x, y), joined by straight lines, of width `std`; a point is a dot."""

    strokes: Sequence[Sequence[Sequence[float]]]
    std: float = 0.05

    def __post_init__(self) -> None:
        real("std", self.std, above=0)
        strokes = tuple(tuple(tuple(real("a coordinate", c) for c in point) for point in stroke)
                        for stroke in self.strokes)
        if not strokes or not all(strokes) or any(len(point) != 2 for stroke in strokes for point in stroke):
            raise ValueError("strokes must be a list of lists of (x, y), none of them empty; for one dot give "
                             "[[(0.0, 0.0)]]")
        object.__setattr__(self, "strokes", strokes)

    def _parts(self) -> _Parts:
        return _equal(np.concatenate([_along(np.array(stroke), self.std) for stroke in self.strokes]), self.std)


@dataclass(frozen=True)
class Checkerboard(Toy):
    """Hold the uniform density on the dark squares of a board with side x side squares of width `cell` around 0."""

    side: int = 4
    cell: float = 1.0

    def __post_init__(self) -> None:
        whole("side", self.side)
        real("cell", self.cell, above=0)

    def _parts(self) -> _Parts:
        squares = _lattice(self.side, self.cell)
        dark = np.add.outer(np.arange(self.side), np.arange(self.side)).ravel() % 2 == 0
        return _equal(squares[dark], self.cell / math.sqrt(12))  # the standard deviation of a uniform square

    def sample(self, n: int, *, generator: torch.Generator) -> Tensor:
        """Return n independent draws (n, 2), float32, on the generator's device."""
        whole("n", n)
        _require_generator(generator)
        device = generator.device
        which = torch.randint(len(self.modes), (n,), generator=generator, device=device)
        return self.modes.to(device)[which] + (torch.rand(n, 2, generator=generator, device=device) - 0.5) * self.cell

    def log_prob(self, x: Tensor) -> Tensor:
        """Return the exact log density (n,) at x (n, 2): -log(dark area) on dark squares and -inf elsewhere."""
        self._require_points(x)
        at = torch.floor(x.double() / self.cell + self.side / 2)
        dark = ((at >= 0) & (at < self.side)).all(1) & (at.sum(1) % 2 == 0)
        inside = -math.log(len(self.modes) * self.cell**2)
        return torch.where(dark, inside, -math.inf).to(x.dtype)


def _log_mixture(x: Tensor, centres: Tensor, stds: Tensor, scale: Tensor) -> Tensor:
    """log sum_i exp(scale_i - |x - c_i|^2 / (2 std_i^2)), with scale_i = log w_i - d log(std_i sqrt(2 pi))."""
    squares = sum((x[:, None, j] - centres[:, j]) ** 2 for j in range(centres.shape[1]))
    return torch.logsumexp(scale - squares / (2 * stds**2), 1)


def _equal(centres: np.ndarray, std: float) -> _Parts:
    return centres, np.full(len(centres), float(std)), np.full(len(centres), 1 / len(centres))


def _lattice(side: int, spacing: float) -> np.ndarray:
    ticks = spacing * (np.arange(side) - (side - 1) / 2)
    return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), -1).reshape(-1, 2)


def _along(path: np.ndarray, spacing: float) -> np.ndarray:
    """Return points (m, 2) evenly along a polygonal path (k, 2), at most `spacing` apart; at least one."""
    length = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))))
    m = max(1, math.ceil(length[-1] / spacing))
    at = (np.arange(m) + 0.5) / m * length[-1]
    return np.stack([np.interp(at, length, path[:, j]) for j in (0, 1)], 1)


def _require_generator(generator: object) -> None:
    if not isinstance(generator, torch.Generator):
        raise ValueError(f"generator must be a torch.Generator, got {type(generator).__name__}; "
                         "give torch.Generator().manual_seed(0)")
