"""Calibrated meters for toys: how far samples are from a known density, each beside what fresh real data would read.

A part of the room of measures. No meter reads its ideal on real data: n draws of the data itself are not the density.
So every meter knows its floor, the band from the 5 % to the 95 % point of 64 sets of n fresh draws of the data.
Between two order statistics of 64 lies 0.9 * 63 / 65 = 0.87 of all further draws: a fresh real set reads inside its
floor seven times in eight. No networks and no training here.
"""

import math
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch import Tensor

from gan_edu import rng
from gan_edu.errors import whole
from gan_edu.metrics import modes_covered
from gan_edu.toys import Checkerboard, Toy

CELLS, DRAWS = 64, 64                      # cells of JS inside the dense region, sets of real data behind a floor
INSIDE, RARE = 0.99, 0.001                 # mass of the dense region, mass of the land far from all data
_REFERENCE, _QUANTILES, _DIRECTIONS = 2**15, 2**11, 16
_PLACE_REFERENCE, _PLACE_FLOOR = 2**31, 2**31 + 1        # streams of `rng` that no minibatch of a run reaches


class _Ground:
    """What the meters know of a toy, once: its dense region, cells of equal mass inside it, quantiles along lines."""

    def __init__(self, toy: Toy) -> None:
        self.toy = toy
        x = toy.sample(_REFERENCE, generator=rng.generator(0, _PLACE_REFERENCE)).double()
        log_p = toy.log_prob(x)
        # strictly below: where p is flat, as on the checkerboard, nothing that has any density is outside
        self.levels = torch.quantile(log_p, torch.tensor([RARE, 1 - INSIDE], dtype=torch.float64)) - 1e-9
        dense = log_p >= self.levels[1]
        rare, thin = float((log_p < self.levels[0]).double().mean()), 1 - float(dense.double().mean())
        self.p = np.append(np.full(CELLS, (1 - thin) / CELLS), (thin - rare, rare))
        self._grow(x[dense].numpy())
        angles = (np.arange(_DIRECTIONS) + 0.5) * math.pi / _DIRECTIONS
        self.directions = np.ones((1, 1)) if toy.dim == 1 else np.stack((np.cos(angles), np.sin(angles)))
        at = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
        self.quantiles = _quantiles_1d(toy, at) if toy.dim == 1 else np.quantile(x.numpy() @ self.directions, at, axis=0)

    def _grow(self, x: np.ndarray) -> None:
        """Halve the points again and again, along x and y in turn: the cells hold equal shares of the data."""
        self.cuts = np.empty(CELLS - 1)
        parts = [x]
        for node in range(CELLS - 1):              # as in a heap: the children of node i are 2i + 1 and 2i + 2
            part = parts[node]
            axis = int(math.log2(node + 1)) % self.toy.dim
            self.cuts[node] = np.median(part[:, axis])
            above = part[:, axis] > self.cuts[node]
            parts += [part[~above], part[above]]

    def cell(self, x: np.ndarray) -> np.ndarray:
        """Return the cell 0..CELLS-1 of each point (n, d)."""
        node = np.zeros(len(x), dtype=np.int64)
        for depth in range(int(math.log2(CELLS))):
            node = 2 * node + 1 + (x[:, depth % self.toy.dim] > self.cuts[node])
        return node - (CELLS - 1)

    def radius(self) -> float:
        """Return how far from its mode a point of the dense region may lie."""
        if isinstance(self.toy, Checkerboard):
            return self.toy.cell / math.sqrt(2)    # the corners of a square
        return 3.5 * max(_stds(self.toy))


class _Sample:
    """One set of points with what several meters need of it."""

    def __init__(self, toy: Toy, x: object) -> None:
        x = torch.as_tensor(x).detach().cpu()
        if x.ndim != 2 or x.shape[1] != toy.dim or len(x) == 0 or not torch.isfinite(x).all():
            raise ValueError(f"x must be finite numbers (n, {toy.dim}) with n >= 1, got {tuple(x.shape)}; draw them "
                             "with toy.sample or game.sample, and leave out rows with NaN")
        self.toy, self.x = toy, x.double()

    @cached_property
    def log_p(self) -> Tensor:
        return self.toy.log_prob(self.x)

    @property
    def dense(self) -> Tensor:
        return self.log_p >= _ground(self.toy).levels[1]

    def js(self) -> float:
        ground, n = _ground(self.toy), len(self.x)
        inside, rare = self.x[self.dense].numpy(), int((self.log_p < ground.levels[0]).sum())
        q = np.append(np.bincount(ground.cell(inside), minlength=CELLS), (n - len(inside) - rare, rare)) / n
        mean = (ground.p + q) / 2
        return 0.5 * (_kl(ground.p, mean) + _kl(q, mean))

    def modes(self) -> float:
        inside = self.x[self.dense]
        return float(modes_covered(inside, self.toy.modes, _ground(self.toy).radius()).covered) if len(inside) else 0.0

    def quality(self) -> float:
        return float(self.dense.double().mean())

    def w1(self) -> float:
        ground = _ground(self.toy)
        lines = np.sort(self.x.numpy() @ ground.directions, axis=0)
        return float(np.mean([wasserstein1(a, b) for a, b in zip(lines.T, ground.quantiles.T, strict=True)]))


class Meter:
    """Measure samples against a toy and know what n real samples would read.

    toy: a `Toy`. n: how many samples will be measured, >= 1; a floor holds for its n only. seed: of the floor's draws.
    `meter(x)` with x (n, d) gives a float, `meter.floor` the band (low, high). `METERS` has the kinds by name:

    js: Jensen-Shannon divergence in nats, 0 to log 2, of 66 cells: 64 of equal mass that tile the densest region with
        99 % of the data, the thin land around it, and the land that holds the last 0.1 %. Cells can only hide a
        difference (a lower bound of the true divergence); counting n samples adds about 65/(8 n) nats: see the floor.
    modes: how many of `toy.modes` a sample of the dense region lies at; for a curve, places along it.
    quality: share of the samples that lie in the dense region; real data: 0.99.
    w1: Wasserstein-1 distance in units of x; in the plane its mean over 16 fixed directions (sliced). In 1-D the data
        side is exact by quadrature. Of n real samples it is about 1/sqrt(n), never 0.

    Raises ValueError for x of another shape, another number of samples, or NaN.
    """

    name, unit, better = "", "", "low"

    def __init__(self, toy: Toy, n: int = 1000, *, seed: int = 0) -> None:
        if not isinstance(toy, Toy):
            raise ValueError(f"toy must be one of gan_edu.toys, got {type(toy).__name__}; try toys.Ring()")
        self.toy, self.n, self.seed = toy, whole("n", n), whole("seed", seed, 0)

    def __call__(self, x: object) -> float:
        sample = _Sample(self.toy, x)
        if len(sample.x) != self.n:
            raise ValueError(f"x must hold n = {self.n} samples, for which the floor is known, got {len(sample.x)}; "
                             f"give {self.n}, or make a meter with n={len(sample.x)}")
        return getattr(sample, self.name)()

    @property
    def floor(self) -> tuple[float, float]:
        """Return the 5 % and the 95 % point of 64 readings of n fresh real samples."""
        return floors(self.toy, self.n, seed=self.seed)[self.name]


class JS(Meter):
    """Measure the Jensen-Shannon divergence in nats; see `Meter`."""

    name, unit = "js", "nats"


class ModesCovered(Meter):
    """Count the modes that are reached; see `Meter`."""

    name, unit, better = "modes", "modes", "high"


class Quality(Meter):
    """Measure the share of samples in the dense region; see `Meter`."""

    name, unit, better = "quality", "share of samples", "high"


class W1(Meter):
    """Measure the (sliced) Wasserstein-1 distance in units of x; see `Meter`."""

    name, unit = "w1", "units of x"


METERS: dict[str, type[Meter]] = {kind.name: kind for kind in (JS, ModesCovered, Quality, W1)}


def readings(toy: Toy, x: object) -> dict[str, float]:
    """Return what all meters read on x (n, d), by name; cheaper than one meter after another."""
    sample = _Sample(toy, x)
    return {name: getattr(sample, name)() for name in METERS}


def floors(toy: Toy, n: int, *, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Return the floor of every meter for n samples, by name: (5 %, 95 %) of 64 fresh sets; kept by toy and n."""
    return dict(_floors(toy, whole("n", n), whole("seed", seed, 0)))


@lru_cache(maxsize=32)
def _floors(toy: Toy, n: int, seed: int) -> dict[str, tuple[float, float]]:
    generator = rng.generator(seed, _PLACE_FLOOR)
    rows = [readings(toy, toy.sample(n, generator=generator)) for _ in range(DRAWS)]
    bands = {name: np.quantile([row[name] for row in rows], (0.05, 0.95)) for name in METERS}
    return {name: (float(low), float(high)) for name, (low, high) in bands.items()}


def wasserstein1(a: np.ndarray, b: np.ndarray) -> float:
    """Return W1 of two sets of numbers (n,) and (m,), n and m free: the integral of |F_a - F_b|, in units of x."""
    a, b = np.sort(a), np.sort(b)
    both = np.sort(np.concatenate((a, b)), kind="stable")
    share = np.searchsorted(a, both[:-1], "right") / len(a) - np.searchsorted(b, both[:-1], "right") / len(b)
    return float(np.abs(share) @ np.diff(both))


@lru_cache(maxsize=32)
def _ground(toy: Toy) -> _Ground:
    return _Ground(toy)


def _stds(toy: Toy) -> tuple[float, ...]:
    return toy.stds if hasattr(toy, "stds") else (toy.std,)


def _quantiles_1d(toy: Toy, at: np.ndarray) -> np.ndarray:
    """Return the quantiles (m, 1) of a toy on the line, from its density by the trapezoid rule."""
    centres, reach = toy.modes.double().numpy().ravel(), 10 * max(_stds(toy))
    x = np.linspace(centres.min() - reach, centres.max() + reach, 40_001)
    p = np.exp(toy.log_prob(torch.tensor(x)[:, None]).numpy())
    F = np.concatenate(([0.0], np.cumsum(0.5 * np.diff(x) * (p[1:] + p[:-1]))))
    rising = np.concatenate(([True], np.diff(F) > 0))      # far out F stands still and has no inverse
    return np.interp(at, F[rising] / F[-1], x[rising])[:, None]


def _kl(p: np.ndarray, q: np.ndarray) -> float:
    some = p > 0
    return float(p[some] @ np.log(p[some] / q[some]))
