"""Verdicts on the exercises of notebook 00: the best threshold between two Gaussians, and what a score proves."""

import numpy as np

from gan_edu import theory
from gan_edu.checks.core import NotYet, ReaderError, exercise, function
from gan_edu.checks.formulas import evaluate, worst

_X = np.linspace(-10, 10, 4001)
_MEANS = (1.0, 2.0, 4.0, 0.5, -1.0, -3.0)


def _says_real(answer: object, mu: float) -> np.ndarray:
    """Return the reader's judgement on the grid as booleans; a function for one number at a time is taken too."""
    judge = function(answer, "your says_real")
    try:
        said = np.asarray(judge(_X, mu))
    except ReaderError:  # `if x < ...` cannot take an array
        said = np.empty(0)
    if said.shape == ():
        said = np.broadcast_to(said, _X.shape)
    if said.shape != _X.shape:
        said = np.array([np.asarray(judge(float(x), mu)).item() for x in _X], dtype=object)
    try:
        numbers = said.astype(float)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if not np.isin(numbers, (0.0, 1.0)).all():
        raise NotYet("your says_real should answer True (real) or False (forged) for each x, and nothing in between.")
    return numbers == 1.0


def _accuracy(says_real: np.ndarray, mu: float) -> float:
    """Return the share of right answers: half of the mass of p where it says real, half of q where it does not."""
    p, q = theory.gaussian(_X), theory.gaussian(_X, mu)
    return 0.5 * float(np.trapezoid(np.where(says_real, p, q), _X))


@exercise("00-threshold", "no judge does better, wherever we put the forgeries, left or right.")
def _threshold(answer: object) -> str | None:
    for mu in _MEANS:
        p, q = theory.gaussian(_X), theory.gaussian(_X, mu)
        got, best = _accuracy(_says_real(answer, mu), mu), theory.best_accuracy(p, q, _X)
        if got > best - 2e-3:  # one step of the grid at the threshold
            continue
        hint = f"with forgeries at mu = {mu:g} you are right {got:.3f} of the time, and {best:.3f} is possible."
        if mu < 0:
            return hint + " Here the forgeries lie to the left of the data."
        if got < 0.5:
            return hint + " That is worse than a coin: on which side do the forgeries lie?"
        return hint + " Where do the two densities cross?"
    return None


@exercise("00-distance", "a judge who is right this often needs at least this distance between the two.")
def _distance(answer: object) -> str | None:
    shares = np.round(np.linspace(0.5, 1, 51), 2)
    got = evaluate(answer, {"share": shares}, "your distance")
    truth = 2 * shares - 1
    i = worst(got, truth)
    if i is None:
        return None
    if np.allclose(got, (1 + shares) / 2):
        return "this turns TV into a share. The question is the other way round: solve for TV."
    if abs(got[0]) > 1e-6:
        return f"a share of 0.5 is what a coin has, and a coin proves nothing; yours gives {got[0]:.3f} there."
    return (f"counter-example: if the best share is {shares[i]:.2f}, your TV of {got[i]:.3f} would give "
            f"1/2 + TV/2 = {0.5 + got[i] / 2:.3f}.")
