"""Verdicts on the exercises of notebook 03: D*, C(G), five lines of the proof, smoothed labels. How formulas are read
belongs in formulas.py, the mathematics in gan_edu.theory.
"""

import numpy as np

from gan_edu import theory
from gan_edu.checks.core import NotYet, array, exercise, number
from gan_edu.checks.formulas import at, evaluate, random_points, worst


def _curve(y: float, a: float, b: float) -> float:
    """Return a log y + b log(1 - y), nan where y is no probability."""
    return float(a * np.log(y) + b * np.log1p(-y)) if 0 < y < 1 else np.nan


@exercise("03-best-judge", "your D agrees with the top of p log y + q log(1 - y) on 200 random pairs (p, q).")
def _best_judge(answer: object) -> str | None:
    points = random_points(["p", "q"])
    got = evaluate(answer, points, "your D(p, q)")
    truth = theory.optimal_discriminator(points["p"], points["q"])
    if np.allclose(got, 1 - truth):
        return "this is the chance that x was generated. D speaks for the data: exchange the roles of p and q."
    i = worst(got, truth)
    if i is None:
        return None
    p, q, y = points["p"][i], points["q"][i], got[i]
    if not 0 < y < 1:
        return f"at {at(points, i)} your y is {y:.3f}, which is not a probability. Where must the top of the curve lie?"
    if abs(y - truth[i]) < 1e-3:
        return f"very near: at {at(points, i)} your y is off by {abs(y - truth[i]):.0e}. Is a term too many?"
    better = 0.5 * (y + truth[i])  # by concavity the curve is higher half-way to its top
    return (f"counter-example: at {at(points, i)} your y = {y:.4f} gives p log y + q log(1 - y) = "
            f"{_curve(y, p, q):.6f}, but y = {better:.4f} gives {_curve(better, p, q):.6f}, which is higher.")


def _pairs_on_grid() -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray, str]]]:
    """Return a grid and 200 seeded pairs of Gaussian densities on it, each with its description."""
    x, rng = np.linspace(-12, 12, 801), np.random.default_rng(3)
    rows = np.round(np.column_stack([rng.uniform(-2, 2, (200, 2)), rng.uniform(0.5, 1.8, (200, 2))]), 1)
    return x, [(theory.gaussian(x, m, s), theory.gaussian(x, n, t), f"p = N({m:g}, {s:g}^2), q = N({n:g}, {t:g}^2)")
               for m, n, s, t in rows]


def _criteria(answer: object, x: np.ndarray, pairs: list) -> np.ndarray:
    """Return the reader's C for every pair: a function C(p, q, x) or a formula in JS."""
    if callable(answer) and not hasattr(answer, "free_symbols"):
        return np.array([number(answer(p, q, x), "your C(p, q, x)") for p, q, _ in pairs])
    return evaluate(answer, {"JS": np.array([theory.js(p, q, x) for p, q, _ in pairs])}, "your C")


@exercise("03-criterion", "your C(G) agrees with V(D*, G) by quadrature on 200 random pairs of densities.")
def _criterion(answer: object) -> str | None:
    x, pairs = _pairs_on_grid()
    got = _criteria(answer, x, pairs)
    truth = np.array([theory.criterion(p, q, x) for p, q, _ in pairs])
    i = worst(got, truth, tolerance=1e-5)
    if i is None:
        return None
    hint = ""
    if np.ptp(got - truth) < 1e-5:
        hint = " The difference is the same for every pair: look at the constant."
    elif np.allclose(got, -truth, atol=1e-5):
        hint = " Look at the sign: G wants this number small."
    return (f"counter-example: {pairs[i][2]} gives V(D*, G) = {truth[i]:.4f} by quadrature, and "
            f"yours is {got[i]:.4f}.{hint}")


_LINES = {  # the gaps of the proof: names that may be used, what must come out
    "1": (("a", "b", "y"), lambda a, b, y: a / y - b / (1 - y), "the derivative of a log y + b log(1 - y)"),
    "2": (("a", "b", "y"), lambda a, b, y: -a / y**2 - b / (1 - y)**2, "the second derivative"),
    "3": (("p", "q"), lambda p, q: q / (p + q), "1 - D*"),
    "4": (("p", "q"), lambda p, q: np.log(p / (p + q)) - np.log(2 * p / (p + q)), "what is left after log(p/m)"),
    "5": (("KLp", "KLq"), lambda u, v: -np.log(4) + u + v, "C(G)"),
}


def _line(name: str, answer: object) -> str | None:
    names, truth, meaning = _LINES[name]
    points = random_points(names)
    if "y" in points:
        points["y"] = np.round(np.linspace(0.02, 0.98, 200), 2)
    try:
        got = evaluate(answer, points, f"line {name}")
    except NotYet as hint:
        return f"line {name}: {hint}"
    expected = np.broadcast_to(truth(*points.values()), got.shape)
    i = worst(got, expected)
    if i is None:
        return None
    return (f"line {name} ({meaning}): counter-example: at {at(points, i)} it should be {expected[i]:.4f}, "
            f"not {got[i]:.4f}.")


@exercise("03-proof", "all five lines hold on 200 random points each. This is the whole proof.")
def _proof(answer: object) -> str | None:
    lines = dict(zip(_LINES, answer, strict=False)) if isinstance(answer, list | tuple) else answer
    if not isinstance(lines, dict) or {str(key) for key in lines} != set(_LINES):
        return "give five lines, as a dictionary with the keys 1 to 5 (or a list of five)."
    hints = [_line(str(key), line) for key, line in lines.items()]
    wrong = [hint for hint in hints if hint]
    return f"{5 - len(wrong)} of 5 lines hold; {wrong[0]}" if wrong else None


@exercise("03-smoothing", "this is the top for soft labels on 200 random cases, and real = 1, fake = 0 gives D* back.")
def _smoothing(answer: object) -> str | None:
    points = random_points(["p", "q"])
    rng = np.random.default_rng(16)
    points |= {"real": np.round(rng.uniform(0.6, 1, 200), 2), "fake": np.round(rng.uniform(0, 0.4, 200), 2)}
    got = array(evaluate(answer, points, "your D(p, q, real, fake)"))
    p, q, real, fake = points.values()
    i = worst(got, (real * p + fake * q) / (p + q))
    if i is None:
        return None
    at_one = evaluate(answer, points | {"real": np.ones(200), "fake": np.zeros(200)})
    if worst(at_one, theory.optimal_discriminator(p, q)) is not None:
        return "put real = 1 and fake = 0: the old D* should come back, and it does not."
    a, b = real[i] * p[i] + fake[i] * q[i], (1 - real[i]) * p[i] + (1 - fake[i]) * q[i]
    return (f"counter-example: at {at(points, i)} the top of the curve is at {a / (a + b):.3f}, and yours is "
            f"{got[i]:.3f}. Collect what stands before log y and before log(1 - y).")
