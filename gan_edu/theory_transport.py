"""Moving mass along a line: the least work, a plan that does it, and the critic that proves it least. NumPy only.

A part of the room of theory. Here mass sits on points: p and q say how much lies on each point of x. Densities on a grid
have `theory.wasserstein1`. Source: Kantorovich 1942; Villani, "Optimal Transport" (2009), theorem 5.10; Arjovsky et al.,
"Wasserstein GAN" (2017), eq. (1) and (2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
_TOTAL = 1e-9          # by how much the masses of p and q may differ


def work(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> float:
    """Return W1(p, q) = sum_i |F_p(x_i) - F_q(x_i)| (x_{i+1} - x_i), the least work to turn p into q.

    p, q: masses (n,), finite, >= 0, of equal sum. x: where they lie, (n,), strictly increasing. In units of x times mass.
    ValueError otherwise, here and below.
    """
    p, q, x = _checked(p, q, x)
    return float(np.abs(np.cumsum(p - q)[:-1]) @ np.diff(x))


def plan(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> Array:
    """Return a plan (n, n) of least work: plan[i, j] is the mass that goes from x_i to x_j.

    Its rows sum to p and its columns to q. Mass keeps its order: the leftmost of p fills the leftmost of q.
    """
    p, q, x = _checked(p, q, x)
    ends_p, ends_q = (np.concatenate(([0.0], np.cumsum(mass))) for mass in (p, q))
    from_, to = np.minimum.outer(ends_p[1:], ends_q[1:]), np.maximum.outer(ends_p[:-1], ends_q[:-1])
    return np.maximum(from_ - to, 0.0)      # what the i-th stretch of p and the j-th of q have in common


def potential(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> Array:
    """Return the best critic f (n,): slope at most 1, and sum f (p - q) = W1; its highest and lowest value add to 0.

    Between two points it rises by their distance where mass of q must go right, falls where it must go left, and is
    level where nothing has to pass; less than 1e-9 counts as nothing.
    """
    p, q, x = _checked(p, q, x)
    passing = np.cumsum(q - p)[:-1]
    passing[np.abs(passing) < _TOTAL] = 0.0           # what rounding leaves of nothing has no direction
    f = np.concatenate(([0.0], np.cumsum(np.sign(passing) * np.diff(x))))
    return f - (f.max() + f.min()) / 2


def two_points_with_penalty(distance: float, weight: float) -> float:
    """Return what a penalised critic reads of two points: d + d^2 / (2 lambda), for W1 = d.

    A critic of slope s between them earns s d and pays lambda (s - 1)^2: best is s = 1 + d / (2 lambda). distance: d >= 0.
    weight: lambda > 0, that of the gradient penalty (Gulrajani et al. 2017, eq. (3)).
    """
    if not (distance >= 0 and weight > 0):
        raise ValueError(f"distance must be >= 0 and weight above 0, got {distance} and {weight}; the paper's weight is 10")
    return distance * (1 + distance / (2 * weight))


def _checked(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> tuple[Array, Array, Array]:
    p, q, x = (np.asarray(a, dtype=np.float64) for a in (p, q, x))
    if x.ndim != 1 or x.size < 2 or not p.shape == q.shape == x.shape or not np.all(np.diff(x) > 0):
        raise ValueError(f"x must be (n,), strictly increasing, n >= 2, with one mass of p and of q for each, got "
                         f"{p.shape}, {q.shape} and {x.shape}; sort the points first")
    if not np.all(np.isfinite([p, q, x])) or p.min() < 0 or q.min() < 0:
        raise ValueError("masses must be finite and >= 0, and points finite; got others")
    if abs(p.sum() - q.sum()) > _TOTAL * max(1.0, p.sum()):
        raise ValueError(f"p and q must have equal mass, got {p.sum():g} and {q.sum():g}; divide each by its sum")
    return p, q, x
