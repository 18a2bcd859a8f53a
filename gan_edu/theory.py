"""The mathematics of the 2014 paper on one grid, as the independent check on everything above it.

Here belong optimal discriminators, values, divergences and the bounds that tie them together, for
densities given as NumPy arrays on one increasing grid. No torch, no sampling, no pictures, no networks.

Logarithms are natural. Integrals are trapezoid sums, so a grid should reach far enough into the
tails: `mass(p, x)` tells how much of a density it holds. Throughout, 0 log 0 = 0.
Source of the formulas: Goodfellow et al., "Generative Adversarial Nets" (2014), section 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
LOG2 = float(np.log(2.0))
LOG4 = float(np.log(4.0))


# ---------------------------------------------------------------- densities a reader can start from

def gaussian(x: ArrayLike, mean: float = 0.0, std: float = 1.0) -> Array:
    """Return the density of N(mean, std^2) at x (any shape); ValueError if std is not above 0."""
    return np.exp(gaussian_log(x, mean, std))


def gaussian_log(x: ArrayLike, mean: float = 0.0, std: float = 1.0) -> Array:
    """Return the log density of N(mean, std^2) at x: exact in tails where the density underflows to 0."""
    if not (np.isfinite(mean) and np.isfinite(std) and std > 0):
        raise ValueError(f"mean must be finite and std above 0, got mean={mean}, std={std}; give std as a width > 0")
    u = (np.asarray(x, dtype=np.float64) - mean) / std
    return -0.5 * u * u - np.log(std * np.sqrt(2 * np.pi))


def mixture(x: ArrayLike, means: ArrayLike, stds: ArrayLike, weights: ArrayLike) -> Array:
    """Return the density at x of a mixture of Gaussians, sum_i weights[i] N(means[i], stds[i]^2)."""
    return np.exp(mixture_log(x, means, stds, weights))


def mixture_log(x: ArrayLike, means: ArrayLike, stds: ArrayLike, weights: ArrayLike) -> Array:
    """Return the log density at x of a mixture of Gaussians.

    means, stds, weights: equally long lists; weights are >= 0 and sum to 1 (ValueError otherwise).
    """
    means, stds, weights = (np.atleast_1d(np.asarray(a, dtype=np.float64)) for a in (means, stds, weights))
    if means.ndim != 1 or not means.shape == stds.shape == weights.shape:
        raise ValueError(f"means, stds and weights must be lists of one length, got shapes {means.shape}, "
                         f"{stds.shape}, {weights.shape}; give one of each per component")
    if not np.all(weights >= 0) or abs(weights.sum() - 1) > 1e-9:
        raise ValueError(f"weights must be >= 0 and sum to 1, got {weights.tolist()}; divide them by their sum")
    parts = [np.log(w) + gaussian_log(x, m, s) for m, s, w in zip(means, stds, weights, strict=True) if w > 0]
    return np.logaddexp.reduce(np.stack(parts), axis=0)


# ---------------------------------------------------------------- the game on a grid

def optimal_discriminator(p: ArrayLike, q: ArrayLike) -> Array:
    """Return D*(x) = p / (p + q), the best judge of real p against generated q (Proposition 1, eq. 2).

    p, q: densities of one shape, finite and >= 0 (ValueError otherwise). Where both are 0 no D is better
    than another, and the answer is nan.
    """
    p, q = _density("p", p), _density("q", q)
    _same_shape(p, q)
    top = np.maximum(p, q)
    with np.errstate(invalid="ignore"):  # 0/0 is the nan that is documented
        share, rest = p / top, q / top   # scaled first: p + q may overflow or lose digits
        return (share / (share + rest))[()]


def value(D: ArrayLike, p: ArrayLike, q: ArrayLike, x: ArrayLike) -> float:
    """Return V(D, G) = E_p log D + E_q log(1 - D) by quadrature (eq. 1, with G seen through its density q).

    D: probabilities on the grid, or one number for a constant judge; in [0, 1], nan only where p = q = 0
    (ValueError otherwise). p, q, x: as in `criterion`. The result is -inf if D is 0 where p has mass or
    1 where q has mass. One exception: where D and D* both round to 1 in float64, D* is taken at full
    precision, so that value(optimal_discriminator(p, q), ...) equals criterion(p, q, x).
    """
    p, q, x = _checked(p, q, x)
    D = _probabilities(D, p + q > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_D, log_1mD = np.log(D), np.log1p(-D)
        rounded = (D == 1.0) & (optimal_discriminator(p, q) == 1.0)
        log_1mD = np.where(rounded, np.log(q) - np.log(p + q), log_1mD)
    return _integral(_times(p, log_D) + _times(q, log_1mD), x)


def value_of_logits(logits: ArrayLike, p: ArrayLike, q: ArrayLike, x: ArrayLike) -> float:
    """Return V for D = sigmoid(logits), exact however confident D is.

    log D = -log(1 + e^-l) and log(1 - D) = -log(1 + e^l) never round to log 0. logits: finite, shape of
    x or one number (ValueError otherwise); p, q, x as in `criterion`.
    """
    p, q, x = _checked(p, q, x)
    logits = _on_grid("logits", logits, x)
    return _integral(-p * np.logaddexp(0, -logits) - q * np.logaddexp(0, logits), x)


def criterion(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> float:
    """Return C(G) = max_D V(D, G) = V(D*, G) = -log 4 + 2 JS(p, q) (eq. 4 and Theorem 1).

    p, q: densities of data and generator on x, shape (n,), finite and >= 0. x: strictly increasing, n >= 2.
    ValueError otherwise. The result lies in [-log 4, 0] = [-1.3863, 0] for densities of mass 1.
    """
    p, q, x = _checked(p, q, x)
    return _integral(_log_ratio_term(p, p + q, p) + _log_ratio_term(q, p + q, q), x)


# ---------------------------------------------------------------- divergences

def kl(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> float:
    """Return KL(p || q) = integral of p log(p / q), in nats; inf if q is 0 somewhere where p is not.

    Arguments as in `criterion`. A Gaussian underflows to 0 beyond 38 widths: `kl_of_logs` has no such end.
    """
    p, q, x = _checked(p, q, x)
    return _integral(_log_ratio_term(p, q, p), x)


def kl_of_logs(log_p: ArrayLike, log_q: ArrayLike, x: ArrayLike) -> float:
    """Return KL(p || q) from log densities on x, finite wherever the true value is; -inf stands for density 0."""
    x = _grid(x)
    log_p, log_q = (np.asarray(a, dtype=np.float64) for a in (log_p, log_q))
    if not log_p.shape == log_q.shape == x.shape or not (np.stack([log_p, log_q]) < np.inf).all():     # nan is not below
        raise ValueError(f"log_p and log_q must have the shape of x, {x.shape}, and hold no nan or +inf, got "
                         f"{log_p.shape} and {log_q.shape}; compute them on the grid x")
    with np.errstate(invalid="ignore"):
        return _integral(_times(np.exp(log_p), log_p - log_q), x)


def js(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> float:
    """Return the Jensen-Shannon divergence (KL(p||m) + KL(q||m)) / 2 with m = (p + q)/2, in [0, log 2] nats."""
    p, q, x = _checked(p, q, x)
    mean = np.maximum(0.5 * (p + q), np.finfo(float).tiny)  # half of the least float rounds to 0
    return 0.5 * _integral(_log_ratio_term(p, mean, p) + _log_ratio_term(q, mean, q), x)


def total_variation(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> float:
    """Return TV(p, q) = half the integral of |p - q|, in [0, 1]."""
    p, q, x = _checked(p, q, x)
    return 0.5 * _integral(np.abs(p - q), x)


def wasserstein1(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> float:
    """Return W1(p, q) = integral of |F_p - F_q|, the least work to turn p into q, in units of x."""
    p, q, x = _checked(p, q, x)
    steps = 0.5 * np.diff(x) * ((p - q)[1:] + (p - q)[:-1])
    return _integral(np.abs(np.concatenate([[0.0], np.cumsum(steps)])), x)


# ---------------------------------------------------------------- what follows from D*

def best_accuracy(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> float:
    """Return 1/2 + TV/2, the share of right answers of the best judge when real and fake are equally many."""
    return 0.5 + 0.5 * total_variation(p, q, x)


def js_bounds(tv: float) -> tuple[float, float]:
    """Return (low, high) with low <= JS <= high for every pair of densities of total variation tv in [0, 1].

    high = TV log 2 (a judge who is seldom right learns little); low = log 2 - h((1 - TV)/2), h the entropy
    of a coin in nats (Fano's inequality for a judge who errs with probability (1 - TV)/2).
    """
    if not 0 <= tv <= 1:
        raise ValueError(f"tv must lie in [0, 1], got {tv}; total_variation(p, q, x) gives it")
    e = np.array([(1 - tv) / 2, (1 + tv) / 2])
    return float(LOG2 + _times(e, np.log(np.maximum(e, 1e-300))).sum()), float(tv * LOG2)


def smoothed_discriminator(p: ArrayLike, q: ArrayLike, *, real: float = 0.9, fake: float = 0.0) -> Array:
    """Return the optimal D for soft labels: (real p + fake q) / (p + q), nan where both are 0.

    real, fake: labels in [0, 1] given to real and generated examples (ValueError otherwise). 1 and 0 give
    D*. Salimans et al., "Improved Techniques for Training GANs" (2016), section 3.4.
    """
    if not (0 <= real <= 1 and 0 <= fake <= 1):
        raise ValueError(f"labels must lie in [0, 1], got real={real}, fake={fake}; they are probabilities")
    best = optimal_discriminator(p, q)
    return real * best + fake * (1 - best)


def mass(p: ArrayLike, x: ArrayLike) -> float:
    """Return the integral of p over the grid: near 1 if x reaches far enough and is fine enough."""
    p, _, x = _checked(p, p, x)
    return _integral(p, x)


# ---------------------------------------------------------------- pieces

def _integral(f: Array, x: Array) -> float:
    """Integrate f by the trapezoid rule; an infinite integrand gives an infinite integral."""
    return float(np.sum(0.5 * np.diff(x) * (f[1:] + f[:-1])))


def _times(weight: Array, term: Array) -> Array:
    """Multiply, with 0 * inf = 0 and 0 * nan = 0: what has no mass has no say."""
    return np.multiply(weight, term, out=np.zeros(np.shape(weight)), where=np.asarray(weight) > 0)


def _log_ratio_term(a: Array, b: Array, weight: Array) -> Array:
    """Return weight log(a / b), as a difference of logs so that a small ratio keeps its digits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _times(weight, np.log(a) - np.log(b))


def _density(name: str, p: ArrayLike) -> Array:
    p = np.asarray(p, dtype=np.float64)
    if not np.all(np.isfinite(p)) or np.any(p < 0):
        raise ValueError(f"{name} must be finite and >= 0 everywhere, got values from {np.min(p)} to {np.max(p)}; "
                         "pass densities, not log densities")
    return p


def _grid(x: ArrayLike) -> Array:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 1 or x.size < 2 or not np.all(np.isfinite(x)) or not np.all(np.diff(x) > 0):
        raise ValueError(f"x must be a 1-D grid of at least 2 strictly increasing finite numbers, got shape {x.shape}; "
                         "try np.linspace(-8, 8, 2001)")
    return x


def _same_shape(p: Array, q: Array) -> None:
    if p.shape != q.shape:
        raise ValueError(f"p and q must have one shape, got {p.shape} and {q.shape}; evaluate both on the same points")


def _checked(p: ArrayLike, q: ArrayLike, x: ArrayLike) -> tuple[Array, Array, Array]:
    p, q, x = _density("p", p), _density("q", q), _grid(x)
    _same_shape(p, q)
    if p.shape != x.shape:
        raise ValueError(f"p and q must have the shape of x, {x.shape}, got {p.shape}; evaluate them on the grid x")
    return p, q, x


def _on_grid(name: str, f: ArrayLike, x: Array) -> Array:
    f = np.asarray(f, dtype=np.float64)
    if f.shape not in ((), x.shape) or not np.all(np.isfinite(f)):
        raise ValueError(f"{name} must be one finite number or finite numbers of shape {x.shape}, got shape {f.shape}; "
                         f"evaluate {name} on the grid x")
    return np.broadcast_to(f, x.shape)


def _probabilities(D: ArrayLike, matters: NDArray[np.bool_]) -> Array:
    D = np.asarray(D, dtype=np.float64)
    if D.shape not in ((), matters.shape):
        raise ValueError(f"D must be one number or have the shape of x, {matters.shape}, got {D.shape}; "
                         "evaluate D on the grid x")
    D = np.broadcast_to(D, matters.shape)
    seen = D[matters]
    if not np.all((seen >= 0) & (seen <= 1)):
        raise ValueError(f"D must lie in [0, 1] wherever p or q has mass, got values from {np.min(seen)} to "
                         f"{np.max(seen)}; for logits use value_of_logits")
    return D
