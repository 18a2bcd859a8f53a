"""Verdicts on the exercises of notebook 15: tests that kill mutants, labels made soft, what an alarm is worth."""

from collections.abc import Callable
from functools import cache

import numpy as np

from gan_edu import museum_mutants
from gan_edu.checks.core import NotYet, array, exercise, function
from gan_edu.museum_mutants import SLIPS, Step

# ---- mutants

_KS = (1, 2, 3)
_NEEDS_ROUNDS = {"k ignored", "only the last round", "one real minibatch", "one noise minibatch"}   # no slip with k = 1


@cache
def _records() -> tuple[dict[int, list[Step]], dict[str, dict[int, list[Step]]]]:
    """The records of the right loop and of each mutant, by k."""
    def record(slip: str | None, ks: tuple[int, ...]) -> dict[int, list[Step]]:
        return {k: museum_mutants.transcript(museum_mutants.loop(slip), k=k) for k in ks}

    return record(None, _KS), {slip: record(slip, (3,) if slip in _NEEDS_ROUNDS else (1, 3)) for slip in SLIPS}


def _judged(broken: Callable, steps: list[Step], k: int) -> bool:
    said = broken(list(steps), k)
    try:
        plain = np.asarray(said)
    except Exception:  # whatever the reader returned
        plain = np.empty(0)
    if plain.size != 1 or plain.dtype.kind not in "biuf" or plain.ravel()[0] not in (0, 1):
        raise NotYet("your function should answer True (there is a slip) or False (there is none).")
    return bool(plain.ravel()[0])


@exercise("15-mutants", "all ten mutants are dead, and the sound loop lives, with k = 1, 2 and 3.")
def _mutants(answer: object) -> str | None:
    broken = function(answer, "broken")
    sound, mutants = _records()
    accused = [k for k in _KS if _judged(broken, sound[k], k)]
    alive = {slip: [k for k, steps in records.items() if not _judged(broken, steps, k)] for slip, records in mutants.items()}
    alive = {slip: ks for slip, ks in alive.items() if ks}
    dead = len(SLIPS) - len(alive)
    if len(accused) == len(_KS):
        return f"{dead} of {len(SLIPS)} mutants are dead, and so is the sound loop: a test that always cries tells nothing."
    if accused:
        return (f"the sound loop with k = {accused[0]} is accused. Print its record, transcript(loop(), k={accused[0]}), "
                "and read it.")
    if alive:
        slip, ks = next(iter(alive.items()))
        return (f"{dead} of {len(SLIPS)} mutants are dead. Alive, with k = {ks[0]}: {SLIPS[slip]}. "
                f"Compare transcript(loop({slip!r}), k={ks[0]}) with the sound one.")
    return None


# ---- soft labels

def _soft_cases() -> list[tuple[np.ndarray, np.ndarray, float, float]]:
    rng = np.random.default_rng(15)
    labels = ((1.0, 0.0), (0.9, 0.0), (0.8, 0.3))
    return [(rng.uniform(0.1, 2, 6), rng.uniform(0.1, 2, 6), real, fake) for real, fake in labels]


def _soft_slips(p: np.ndarray, q: np.ndarray, a: float, b: float) -> list[tuple[np.ndarray, str]]:
    return [(p / (p + q), "that is the best D for labels 1 and 0; yours should depend on real and fake as well."),
            (a * p / (p + q), "right where the fakes' label is 0. With label b their term b log D pulls D up as well."),
            (a * p / (a * p + b * q), "this normalises by the labels. For one place write the loss with both labels and "
                                      "set its slope to 0: what stands in front of log(1 - D)?"),
            (a * p / (a * p + (1 - b) * q), "the fakes add (1 - b) q to log(1 - D) and b q to log D; and the reals add "
                                            "(1 - a) p to log(1 - D). All four count."),
            ((a * q + b * p) / (p + q), "real and fake have changed places: the label of the reals belongs to p."),
            (a * p + b * q, "divide by p + q: D is a probability.")]


@exercise("15-smoothing", "the mean of the two labels, weighted with who is there: at b > 0 fakes vouch for themselves.")
def _smoothing(answer: object) -> str | None:
    f = function(answer, "best_D")
    for p, q, a, b in _soft_cases():
        got = array(f(p.copy(), q.copy(), a, b), (6,), "best_D(p, q, real, fake)")
        truth = (a * p + b * q) / (p + q)
        if np.abs(got - truth).max() > 1e-6:
            for wrong, why in _soft_slips(p, q, a, b):
                if np.abs(got - wrong).max() < 1e-6 < np.abs(wrong - truth).max():
                    return why
            return (f"for p = {p[0]:.2f}, q = {q[0]:.2f}, real = {a:g}, fake = {b:g} yours is {got[0]:.4f}, and the D with "
                    f"the least loss is {truth[0]:.4f}.")
    return None


# ---- the alarm

_RATES = ((0.9, 0.06, 0.4), (0.9, 0.05, 0.01), (0.6, 0.02, 0.001), (1.0, 0.1, 0.2), (0.9, 0.0, 0.3))


def _alarm_slips(caught: float, false: float, share: float) -> list[tuple[float, str]]:
    everyone = caught * share + false * (1 - share)
    return [(caught, "that is the share of forged pictures that ring the bell. Asked is the other direction: of those "
                     "that ring, how many are forged?"),
            (1 - false, "that is the share of real pictures that do not ring. How rare are forgeries?"),
            (caught / (caught + false), "right if forged and real pictures were equally many. Weigh each with how many "
                                        "there are."),
            (caught * share, "that is the share of all pictures that are forged and ring. Divide by all that ring."),
            (everyone, "that is the share of all pictures that ring. How many of these are forged?"),
            (false * (1 - share) / everyone, "that is the share of the alarms that are false."),
            (caught * share / (caught * share + false), "false alarms come from the real pictures only, a share of "
                                                        "1 - forged of all.")]


@exercise("15-alarm", "Bayes' rule of notebook 01: a rare forgery makes most alarms false, however good the detector.")
def _alarm(answer: object) -> str | None:
    f = function(answer, "forged_given_alarm")
    for caught, false, share in _RATES:
        got = float(array(f(caught, false, share), (), "forged_given_alarm(caught, false, forged)"))
        truth = caught * share / (caught * share + false * (1 - share))
        if abs(got - truth) > 1e-6:
            for wrong, why in _alarm_slips(caught, false, share):
                if abs(got - wrong) < 1e-6 < abs(wrong - truth):
                    return why
            return (f"for caught = {caught:g}, false = {false:g} and forged = {share:g} yours is {got:.4f}, and it should be "
                    f"{truth:.4f}. Count 10,000 pictures.")
    return None
