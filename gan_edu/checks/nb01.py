"""Verdicts on the exercises of notebook 01: Bayes' rule, weights of the sigmoid, maximum likelihood, an implicit
sampler. How formulas are read belongs in formulas.py.
"""

import math

import numpy as np

from gan_edu.checks.core import NotYet, array, exercise, function, number
from gan_edu.checks.formulas import Points, at, evaluate, random_points, worst


@exercise("01-bayes", "this is Bayes' rule on 200 random cases: a share of p(x), so it lies between 0 and 1.")
def _bayes(answer: object) -> str | None:
    points = random_points(["p0", "p1"]) | {"prior": np.round(np.linspace(0.02, 0.98, 200), 2)}
    got = evaluate(answer, points, "your p(1|x)")
    joint0, joint1 = (1 - points["prior"]) * points["p0"], points["prior"] * points["p1"]
    i = worst(got, joint1 / (joint0 + joint1))
    if i is None:
        return None
    if worst(got, joint0 / (joint0 + joint1)) is None:
        return "this is p(0|x), the chance of the other class. The question is about class 1."
    if worst(got, points["p1"] / (points["p0"] + points["p1"])) is None:
        return "this would be right if both classes were equally common. Where does the prior enter?"
    if worst(got, joint1) is None:
        return "this is p(x, 1), the share of x that comes with class 1. Bayes' rule divides it by all of p(x)."
    return (f"counter-example: at {at(points, i)}, p(x, 1) = {joint1[i]:.4f} and p(x, 0) = {joint0[i]:.4f}, so class 1 "
            f"has {100 * joint1[i] / (joint0[i] + joint1[i]):.1f} % of x, and yours says {100 * got[i]:.1f} %.")


def _worlds() -> Points:
    """Return 200 seeded pairs of Gaussians of one width, with a prior."""
    rng = np.random.default_rng(1)
    means = np.round(rng.uniform(-3, 3, (2, 200)), 1)
    return {"m0": means[0], "m1": means[1], "s": np.round(rng.uniform(0.4, 2.5, 200), 1),
            "prior": np.round(rng.uniform(0.05, 0.95, 200), 2)}


def _log_odds(points: Points, x: np.ndarray) -> np.ndarray:
    """Return log p(1|x) - log p(0|x) from the densities themselves, with no formula for w or b."""
    m0, m1, s, prior = points.values()
    return ((x - m0) ** 2 - (x - m1) ** 2) / (2 * s**2) + np.log(prior / (1 - prior))


@exercise("01-sigmoid", "w x + b equals the log odds of 200 random pairs of Gaussians, so sigmoid(w x + b) is p(1|x).")
def _sigmoid(answer: object) -> str | None:
    if not isinstance(answer, dict) or set(answer) != {"w", "b"}:
        return "give a dictionary with the keys 'w' and 'b', each with a formula in m0, m1, s and prior."
    points = _worlds()
    w, b = (evaluate(answer[name], points, f"your {name}") for name in ("w", "b"))
    zero, one = _log_odds(points, np.zeros(200)), _log_odds(points, np.ones(200))
    i = worst(w, one - zero)
    if i is not None:
        same = "both classes look alike there, so x must not matter" if points["m0"][i] == points["m1"][i] else (
            f"from x = 0 to x = 1 the log odds change by {one[i] - zero[i]:.4f}")
        return f"w is not the slope yet: at {at(points, i)} {same}, and your w is {w[i]:.4f}."
    i = worst(b, zero)
    if i is None:
        return None
    hint = " The difference is the log odds of the prior." if np.allclose(
        zero - b, np.log(points["prior"] / (1 - points["prior"]))) else ""
    return (f"w is right; b is not: at {at(points, i)} the log odds at x = 0 are {zero[i]:.4f}, "
            f"and your b is {b[i]:.4f}.{hint}")


def _log_likelihood(x: np.ndarray, mean: float, std: float) -> float:
    return float(np.sum(-0.5 * ((x - mean) / std) ** 2) - x.size * np.log(std * np.sqrt(2 * np.pi)))


def _fit(answer: object, x: np.ndarray) -> tuple[float, float]:
    pair = function(answer, "your fit")(x)
    if not hasattr(pair, "__len__") or len(pair) != 2:
        raise NotYet("fit(x) should return two numbers, the mean and the standard deviation.")
    mean, std = number(pair[0], "the mean"), number(pair[1], "the standard deviation")
    if std <= 0:
        raise NotYet(f"the standard deviation came out as {std:.4f}; a width is above 0.")
    return mean, std


@exercise("01-maximum-likelihood", "no mean and no width gives one of 20 random samples a higher likelihood.")
def _maximum_likelihood(answer: object) -> str | None:
    rng = np.random.default_rng(7)
    for n in range(3, 23):
        x = np.round(rng.normal(rng.uniform(-5, 5), rng.uniform(0.5, 3), n), 2)
        mean, std = _fit(answer, x.copy())
        best = float(x.mean()), float(np.sqrt(np.mean((x - x.mean()) ** 2)))
        mine, top = _log_likelihood(x, mean, std), _log_likelihood(x, *best)
        if top - mine > 1e-6:
            return _better(x, (mean, std), best)
    return None


def _better(x: np.ndarray, yours: tuple[float, float], best: tuple[float, float]) -> str:
    """Return a counter-example: a step half-way to the top is a step up."""
    half = tuple((a + b) / 2 for a, b in zip(yours, best, strict=True))
    known = ""
    if np.allclose(yours, (best[0], best[1] * math.sqrt(x.size / (x.size - 1)))):
        known = " You divide by n - 1; likelihood itself asks for another number."
    return (f"counter-example: for x = {x[:3].tolist()}{'...' if x.size > 3 else ''} your ({yours[0]:.3f}, "
            f"{yours[1]:.3f}) has log-likelihood {_log_likelihood(x, *yours):.4f}, and ({half[0]:.3f}, {half[1]:.3f}) "
            f"has {_log_likelihood(x, *half):.4f}.{known}")


N = 20_000
GAP = 0.02   # of the two distribution functions; a right sampler stays below .0115 in 99 of 100 draws


def _two_bumps(x: np.ndarray) -> np.ndarray:
    """Return P(X <= x) for half N(-2, .5^2) and half N(2, .5^2)."""
    phi = np.vectorize(lambda u: 0.5 * math.erfc(-u / math.sqrt(2)))
    return 0.5 * phi((x + 2) / 0.5) + 0.5 * phi((x - 2) / 0.5)


@exercise("01-sampler", "20,000 of your samples have the right distribution function, and no density was written down.")
def _sampler(answer: object) -> str | None:
    G = function(answer, "your G")
    z = np.random.default_rng(11).standard_normal((N, 2))
    samples = array(G(z.copy()), name="what G returns")
    if samples.size != N:
        return f"for {N} rows of noise G should return {N} numbers, and it returned shape {samples.shape}."
    few = array(G(z[:100].copy()), name="what G returns").ravel()
    if few.size != 100 or not np.allclose(few, samples.ravel()[:100]):
        return "the same rows of noise gave other samples the second time. Let each x depend on its row of z only."
    x = np.sort(samples.ravel())
    gaps = _two_bumps(x) - (np.arange(N) + 0.5) / N
    i = int(np.argmax(np.abs(gaps)))
    if abs(gaps[i]) < GAP:
        return None
    return (f"counter-example: P(x <= {x[i]:.2f}) should be {_two_bumps(x[i:i + 1])[0]:.3f}, and "
            f"{(i + 0.5) / N:.3f} of your {N:,} samples lie there.")
