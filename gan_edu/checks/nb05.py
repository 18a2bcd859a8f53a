"""Verdicts on the exercises of notebook 05: the loop (judged by the audit), the document's K loop, a budget to spend.
"""

import inspect
from functools import lru_cache

import numpy as np

from gan_edu.audit import audit_algorithm1
from gan_edu.checks.core import EMPTY, Feedback, NotYet, Unanswered, exercise, function, number
from gan_edu.errors import TrainingDiverged
from gan_edu.sweeps import BUDGET, sweep_toy
from gan_edu.toys import Mixture1D

# ---- the loop

_KS = (3, 1, 2)               # first the k that shows most; then a loop that writes 3 for k, or 1, is found out


@exercise("05-loop", "for k = 1, 2 and 3 your loop made kN steps of D and N of G, every minibatch and every noise fresh.")
def _loop(answer: object) -> str | None:
    loop = inspect.unwrap(function(answer, "your loop"))       # the audit wants the reader's own lines
    for k in _KS:
        report = audit_algorithm1(loop, k=k)
        if report.passed:
            continue
        first, others = report.faults[0], len(report.faults) - 1
        if first.name == "nothing" and not report.ledger["real minibatches drawn"]:
            raise Unanswered(EMPTY)
        more = f" And {others} more: audit_algorithm1(my_loop, k={k}) lists them all." if others else ""
        return f"with k = {k}: {_short(str(first))}{more}"
    return None


def _short(text: str, most: int = 300) -> str:
    return text if len(text) <= most else f"{text[:most - 3]}..."


# ---- the document's K loop

_K, _MINIBATCHES = 3, 100
_PARTS = ("steps of D", "steps of G", "minibatches", "line")
_LINE = 7
_INNOCENT = {                 # line -> why taking it out is no cure
    1: "line 1 is the loop over minibatches, which is as it should be",
    2: "line 2 makes labels, and they are right",
    3: "without line 3 there would be no rounds at all",
    4: "clearing D's gradient in every round is right",
    5: "a fresh z in every round is as Algorithm 1 wants it",
    6: "line 6 is the right loss, half of -V",
    8: "line 8 is the update itself; the question is how often it is reached",
    9: "line 9 is G's, and no step of D is lost there (though its z is one that D has used)",
}


@exercise("05-k-loop", "100, 100, 100, and the line that leaves the round before the update. D's K steps are one.")
def _k_loop(answer: object) -> str | None:
    if not isinstance(answer, dict) or set(answer) != set(_PARTS):
        return f"give a dictionary with the keys {', '.join(map(repr, _PARTS))}, each with a whole number."
    found = {name: number(value, f"your {name!r}") for name, value in answer.items()}
    hints = [hint for name, value in found.items() if (hint := _HINTS[name](value))]
    right = len(_PARTS) - len(hints)
    return f"{right} of {len(_PARTS)} hold. {hints[0]}" if hints else None


def _of_D(value: float) -> str | None:
    if value == _K * _MINIBATCHES:
        return "300 steps of D are what the loop is meant to make. Play round 0 line by line: does it reach line 8?"
    return None if value == _MINIBATCHES else "Steps of D: count how often line 8 is reached for one minibatch."


def _of_G(value: float) -> str | None:
    return None if value == _MINIBATCHES else "Steps of G: line 9 stands outside the rounds. How often does it run?"


def _of_data(value: float) -> str | None:
    if value == _K * _MINIBATCHES:
        return "Minibatches: x is drawn by line 1 and not by line 3, so the rounds share one."
    return None if value == _MINIBATCHES else "Minibatches: which of them reach a step of D? Follow x from line 1."


def _of_line(value: float) -> str | None:
    if value == _LINE:
        return None
    return f"The line: {_INNOCENT.get(int(value), 'the lines have the numbers 1 to 9')}."


_HINTS = dict(zip(_PARTS, (_of_D, _of_G, _of_data, _of_line), strict=True))


# ---- a budget to spend

_FRESH = tuple(range(1000, 1016))      # seeds that no shipped sweep has used
_GOOD = 0.5                            # W1: in the shipped sweep all medians of k = 1 lie below, all others above
_SHARES = ("k", "lr", "steps")


@lru_cache(maxsize=32)
def _played(k: int, lr: float, steps: int) -> tuple[float, tuple[float, float]]:
    """Return the median W1 over the fresh seeds after the last step, and the meter's floor."""
    sweep = sweep_toy(Mixture1D(), ks=(k,), lrs=(lr,), seeds=_FRESH, steps=steps, looks=1, progress=False)
    return float(np.median(sweep.quality[0, 0, :, -1])), (float(sweep.floor[0]), float(sweep.floor[1]))


def _whole(plan: dict, name: str) -> int:
    value = number(plan[name], f"your {name!r}")
    if value != int(value) or value < 1:
        raise NotYet(f"your {name!r} should be a whole number from 1 on; it is {value:g}.")
    return int(value)


@exercise("05-budget", "")
def _budget(answer: object) -> str | Feedback:
    if not isinstance(answer, dict) or set(answer) != set(_SHARES):
        return f"give a dictionary with the keys {', '.join(map(repr, _SHARES))}."
    k, steps, lr = _whole(answer, "k"), _whole(answer, "steps"), number(answer["lr"], "your 'lr'")
    cost = (k + 1) * steps
    if cost > BUDGET:
        forgot = " A step of G is an evaluation too." if k * steps <= BUDGET else ""
        return f"this plan costs (k + 1) steps = {cost:,} gradient evaluations, and there are {BUDGET:,}.{forgot}"
    if not 0 < lr <= 0.1:
        return f"your 'lr' should lie between 0 and 0.1; it is {lr:g}."
    try:
        reading, floor = _played(k, lr, steps)
    except TrainingDiverged:
        return f"with lr = {lr:g} a game left the numbers. Take shorter steps."
    return _on_reading(reading, floor, cost)


def _on_reading(reading: float, floor: tuple[float, float], cost: int) -> str | Feedback:
    found = (f"median W1 {reading:.2f} over {len(_FRESH)} fresh seeds, for {cost:,} gradient evaluations; real points read "
             f"{floor[0]:.2f} to {floor[1]:.2f}")
    if reading <= _GOOD:
        inside = ", and inside the floor" if reading <= floor[1] else ""
        return Feedback(True, f"{found}. As good as the best row of the map, k = 1{inside}.")
    rest = f" {BUDGET - cost:,} of {BUDGET:,} are unspent." if cost <= 0.8 * BUDGET else ""
    return f"{found}. {_GOOD:.2f} can be reached.{rest} Look at the map: which row, and which column?"
