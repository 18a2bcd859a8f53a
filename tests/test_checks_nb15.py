"""Verdicts of notebook 15: right by any route, wrong with its reason; the mutants die by the tests of a careful reader."""

import numpy as np
import pytest

from gan_edu import museum_mutants
from gan_edu.checks import exercises, nb15
from gan_edu.museum_mutants import SLIPS, loop, transcript
from verdict_table import accepts, refuses, survives


def test_the_notebook_has_its_exercises():
    assert exercises("15") == ["15-alarm", "15-mutants", "15-smoothing"]


# ---- mutants

def broken(steps, k):
    of_D, of_G = ([s for s in steps if s.player == player] for player in "DG")
    fresh = len({s.noise for s in steps}) == len(steps) and len({s.real for s in of_D}) == len(of_D)
    counted = [s.player for s in steps] == 4 * (k * ["D"] + ["G"])
    kind = all(s.real is not None and s.gap > 0 for s in of_D) and all(s.fake > 0 for s in of_G)
    return not (fresh and counted and kind)


def broken_by_loops(steps, k):
    """The same by other means: counts, sets and signs, one after the other, and 1 for True."""
    if sum(s.player == "D" for s in steps) != k * sum(s.player == "G" for s in steps):
        return 1
    seen_noise, seen_real = set(), set()
    for s in steps:
        if s.noise in seen_noise or (s.player == "D" and (s.real is None or s.real in seen_real)):
            return 1
        seen_noise.add(s.noise)
        seen_real.add(s.real)
        if (s.gap if s.player == "D" else s.fake) <= 0:
            return 1
    return 0


def test_mutants():
    survives("15-mutants", right=[broken, broken_by_loops, lambda steps, k: np.bool_(broken(steps, k))], secrets=("s.gap", "len({"),
             wrong=[lambda steps, k: True, lambda steps, k: False, lambda steps, k: broken(steps, 3), lambda steps: True,
                    lambda steps, k: "True", lambda steps, k: [True, False], lambda steps, k: 0.5,
                    lambda steps, k: steps.clear() or broken(steps, k)])


@pytest.mark.parametrize(("answer", "words"), [
    (lambda steps, k: True, "so is the sound loop"), (lambda steps, k: False, "0 of 10 mutants are dead"),
    (lambda steps, k: len(steps) != 16, "the sound loop with k = 1 is accused"),
    (lambda steps, k: [s.player for s in steps] != 4 * (k * ["D"] + ["G"]), "3 of 10 mutants are dead"),
    (lambda steps, k: "no", "should answer True")])
def test_each_reader_of_records_is_told_where_he_stands(answer, words):
    assert words in repr(refuses("15-mutants", answer))


def test_a_hint_names_the_mutant_that_lives():
    for slip in SLIPS:
        spared = repr(museum_mutants.transcript(loop(slip), k=3))
        hint = repr(refuses("15-mutants", lambda steps, k, spared=spared: k != 3 and broken(steps, k) or repr(steps) != spared
                            and broken(steps, k)))
        assert SLIPS[slip] in hint and "9 of 10" in hint


def test_the_sound_record_is_what_algorithm_1_says():
    for k in (1, 2, 3):
        steps = transcript(loop(), k=k)
        assert "".join(s.player for s in steps) == 4 * ("D" * k + "G") and not broken(steps, k)
        assert [s.real for s in steps if s.player == "D"] == list(range(1, 4 * k + 1))
        assert [s.noise for s in steps] == list(range(1, len(steps) + 1))
    assert transcript(loop(), k=3) == transcript(loop(), k=3)


def test_loops_and_k_are_checked():
    with pytest.raises(ValueError, match="slip must be None or one of"):
        loop("no such slip")
    with pytest.raises(ValueError, match="k must be"):
        transcript(loop(), k=0)


# ---- soft labels

def test_smoothing():
    survives("15-smoothing", secrets=("real * p",),
             right=[lambda p, q, real, fake: (real * p + fake * q) / (p + q),
                    lambda p, q, real, fake: [fake + (real - fake) * a / (a + b) for a, b in zip(p, q)]],
             wrong=[slip for slip in (lambda p, q, real, fake: p / (p + q), lambda p, q, real, fake: real,
                                      lambda p, q, real, fake: (real * p + fake * q) / (p + q) + 0.01)])


@pytest.mark.parametrize(("answer", "words"), [
    (lambda p, q, a, b: p / (p + q), "labels 1 and 0"), (lambda p, q, a, b: a * p / (p + q), "pulls D up as well"),
    (lambda p, q, a, b: a * p / (a * p + b * q), "in front of log(1 - D)"),
    (lambda p, q, a, b: a * p / (a * p + (1 - b) * q), "All four count"),
    (lambda p, q, a, b: (a * q + b * p) / (p + q), "changed places"), (lambda p, q, a, b: a * p + b * q, "divide by p + q")])
def test_each_slip_of_smoothing_is_named(answer, words):
    assert words in repr(refuses("15-smoothing", answer))


# ---- the alarm

def bayes(caught, false, forged):
    return caught * forged / (caught * forged + false * (1 - forged))


def counted(caught, false, forged):
    rung = np.array([caught * forged, false * (1 - forged)]) * 10_000
    return rung[0] / rung.sum()


def test_alarm():
    survives("15-alarm", right=[bayes, counted], secrets=("(1 - forged) *", "* forged /"),
             wrong=[lambda caught, false, forged: caught, lambda caught, false, forged: [0.5]])


@pytest.mark.parametrize(("answer", "words"), [
    (lambda c, f, s: c, "the other direction"), (lambda c, f, s: 1 - f, "How rare"), (lambda c, f, s: c / (c + f), "equally many"),
    (lambda c, f, s: c * s, "Divide by all that ring"), (lambda c, f, s: c * s + f * (1 - s), "How many of these are forged"),
    (lambda c, f, s: 1 - bayes(c, f, s), "alarms that are false"), (lambda c, f, s: c * s / (c * s + f), "a share of 1 - forged")])
def test_each_slip_of_the_alarm_is_named(answer, words):
    assert words in repr(refuses("15-alarm", answer))


def test_the_right_answer_is_bayes_by_a_draw():
    rng = np.random.default_rng(0)
    forged = rng.random(400_000) < 0.2
    rings = rng.random(400_000) < np.where(forged, 0.9, 0.1)
    assert forged[rings].mean() == pytest.approx(bayes(0.9, 0.1, 0.2), abs=0.01)
    assert accepts("15-alarm", bayes) and len(nb15._RATES) >= 3
