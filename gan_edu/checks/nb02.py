"""Verdicts on the exercises of notebook 02: V by Monte Carlo, which judge makes which term high, losses in code and on
paper. The mathematics is in gan_edu.theory.
"""

import numpy as np

from gan_edu import theory
from gan_edu.checks.core import NotYet, choice, exercise, function, number

MEAN, STD = 1.5, 0.8  # of the generator; the data are N(0, 1)


def _judge(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(np.asarray(x, dtype=np.float64) * 1.4 - 1.2))


def _draw(n: int, seed: int, m: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=n), rng.normal(MEAN, STD, m or n)


def _truth() -> float:
    x = np.linspace(-12, 12, 4001)
    return theory.value(_judge(x), theory.gaussian(x), theory.gaussian(x, MEAN, STD), x)


def _diagnose(got: float, real: np.ndarray, fake: np.ndarray) -> str:
    """Name the slip that gives exactly this number, if it is a known one."""
    a, b = np.log(_judge(real)), np.log(1 - _judge(fake))
    slips = {
        "the sign is that of a loss; V is what D wants to be large.": -(a.mean() + b.mean()),
        "this is half of V: the two means are added, not averaged.": (a.mean() + b.mean()) / 2,
        "you took log D on the generated samples; there D is paid for saying no.":
            a.mean() + np.log(_judge(fake)).mean(),
        "these are sums; an expectation is a mean.": a.sum() + b.sum(),
        "this is a mean over all samples together; each expectation has its own mean.": np.concatenate([a, b]).mean(),
        "these logarithms are not natural ones.": (a.mean() + b.mean()) / np.log(2),
    }
    for words, value in slips.items():
        if abs(got - value) < 1e-6 * max(1, abs(value)):
            return words
    return "write log D on the real ones, log(1 - D) on the generated ones, and take the mean of each."


@exercise("02-monte-carlo", "within three standard errors of the quadrature, and the error falls with n as it should.")
def _monte_carlo(answer: object) -> str | None:
    estimate = function(answer, "my_value")
    real, fake = _draw(4000, 0, 2500)
    a, b = np.log(_judge(real)), np.log(1 - _judge(fake))
    got, error = number(estimate(_judge, real, fake)), np.hypot(a.std() / len(a) ** 0.5, b.std() / len(b) ** 0.5)
    if abs(got - _truth()) > 3 * error:
        return (f"with 4000 real and 2500 generated samples yours is {got:.3f}; quadrature says {_truth():.3f} and the "
                f"standard error is {error:.3f}. Here {_diagnose(got, real, fake)}")
    slope = _slope(estimate)
    if not -0.65 < slope < -0.35:
        return f"the error of your estimate falls as n^({slope:.2f}); use all samples that are given."
    return None


def _slope(estimate: object) -> float:
    """Return the slope of log(root mean square error) over log n, from 60 repetitions at each of four n."""
    sizes = np.array([50, 200, 800, 3200])
    errors = [np.sqrt(np.mean([(number(estimate(_judge, *_draw(n, 1000 * n + i))) - _truth()) ** 2
                               for i in range(60)])) for n in sizes]
    return float(np.polyfit(np.log(sizes), np.log(errors), 1)[0])


JUDGES = ("best", "half", "reversed", "gullible", "paranoid")


@exercise("02-terms", "each term alone has a favourite that is a bad judge; only their sum picks the best one.")
def _terms(answer: object) -> str | None:
    right = {"E_p log D": "gullible", "E_q log(1 - D)": "paranoid", "V": "best"}
    given = _fill_in(answer, right, JUDGES)
    wrong = [term for term in right if given[term] != right[term]]
    if not wrong:
        return None
    hint = {"E_p log D": "Which judge says the largest D to real samples, however foolish it is otherwise?",
            "E_q log(1 - D)": "Which judge says the smallest D to generated samples?",
            "V": "A judge who always says the same pays heavily on one side."}[wrong[0]]
    return f"{3 - len(wrong)} of 3; look at {wrong[0]}. {hint}"


def _fill_in(answer: object, keys: object, allowed: tuple[str, ...]) -> dict[str, str]:
    if not isinstance(answer, dict) or set(answer) != set(keys):
        raise NotYet(f"give a dictionary with the keys {', '.join(map(repr, keys))}.")
    return {key: choice(value, allowed, f"your answer to {key}") for key, value in answer.items()}


FORMULAS = ("-V", "-V/2", "V", "-E log D(G(z))", "E log(1 - D(G(z)))", "-E log(1 - D(G(z)))",
            "-V with 1 - D in the place of D")
_MEANS = {  # values of the formulas for one real sample with D(x) = u and one generated with D(G(z)) = v
    "-V": lambda u, v: -np.log(u) - np.log(1 - v),
    "-V/2": lambda u, v: -(np.log(u) + np.log(1 - v)) / 2,
    "V": lambda u, v: np.log(u) + np.log(1 - v),
    "-E log D(G(z))": lambda u, v: -np.log(v),
    "E log(1 - D(G(z)))": lambda u, v: np.log(1 - v),
    "-E log(1 - D(G(z)))": lambda u, v: -np.log(1 - v),
    "-V with 1 - D in the place of D": lambda u, v: -np.log(1 - u) - np.log(v),
}
_CODE = {"A": "-V", "B": "-V/2", "C": "-E log D(G(z))", "D": "E log(1 - D(G(z)))", "E": "-E log D(G(z))",
         "F": "-V with 1 - D in the place of D"}


@exercise("02-match-losses", "all six. No repository will confuse you again with a sign, a half or a flipped label.")
def _match(answer: object) -> str | None:
    given = _fill_in(answer, _CODE, FORMULAS)
    wrong = [key for key in _CODE if given[key] != _CODE[key]]
    if not wrong:
        return None
    key, (u, v) = wrong[0], (0.8, 0.3)
    return (f"{6 - len(wrong)} of 6; look at {key}: at D(x) = {u} and D(G(z)) = {v} its code gives "
            f"{_MEANS[_CODE[key]](u, v):.4f}, and your formula {given[key]!r} gives {_MEANS[given[key]](u, v):.4f}.")
