"""Tests of gan_edu.checks.core: verdicts never raise, say one line, and give nothing away."""

import fractions
import importlib
import pkgutil
import warnings

import numpy as np
import pytest
import sympy
import torch

import gan_edu.checks
from gan_edu.checks import Feedback, check, core, exercises
from verdict_table import WRONG_FOR_ALL, accepts, refuses, survives, verdict


@pytest.fixture(autouse=True)
def throwaway_exercises(monkeypatch):
    """Work on a register of its own, with one exercise of each kind."""
    monkeypatch.setattr(core, "_REGISTER", {})

    @core.exercise("99-half", "one half.")
    def _(answer):
        return None if abs(core.number(answer) - 0.5) < 1e-3 else "look at p = q again."

    @core.exercise("99-square", "the square.")
    def _(answer):
        x = np.array([0.0, 1.0, 3.0])
        got = core.array(core.function(answer)(x), x.shape, "what your function returns")
        return None if np.allclose(got, x**2) else f"at x = 3 your function gives {got[2]:.3f}."

    @core.exercise("99-pick", "the second.")
    def _(answer):
        return None if core.choice(answer, ["a", "b"]) == "b" else "the other one."

    @core.exercise("99-picks", "both.")
    def _(answer):
        return None if core.choices(answer, ["a", "b", "c"]) == {"a", "b"} else "another pair."


RIGHT = {
    "99-half": [0.5, 1 / 2, np.float32(0.5), fractions.Fraction(1, 2), sympy.Rational(1, 2), torch.tensor(0.5)],
    "99-square": [lambda x: x**2, lambda x: [v * v for v in x], lambda x: torch.tensor(x) * torch.tensor(x), np.square],
    "99-pick": ["b", " B "],
    "99-picks": [["a", "b"], ("b", "a"), {"a", "b"}, ["A", "b", "a"]],
}


@pytest.mark.parametrize("exercise_id", RIGHT)
@pytest.mark.parametrize("answer", WRONG_FOR_ALL.values(), ids=WRONG_FOR_ALL)
def test_every_wrong_answer_gets_one_friendly_line(exercise_id, answer):
    refuses(exercise_id, answer)


@pytest.mark.parametrize(("exercise_id", "answer"), [(i, a) for i, right in RIGHT.items() for a in right])
def test_every_right_answer_passes_by_any_route(exercise_id, answer):
    accepts(exercise_id, answer)


def test_survives_does_the_whole_table_and_notices_a_leak():
    survives("99-half", right=[0.5], wrong=[0.7], secrets=("0.5",))
    with pytest.raises(AssertionError, match="gave the solution away"):
        survives("99-half", right=[0.5], wrong=[0.7], secrets=("p = q",))
    with pytest.raises(AssertionError, match="accepted a wrong answer"):
        survives("99-half", right=[0.5], wrong=[1 / 2])
    with pytest.raises(AssertionError, match="refused a right answer"):
        survives("99-half", right=[0.7])
    with pytest.raises(AssertionError, match="a right answer is needed"):
        survives("99-half", right=[])


@pytest.mark.parametrize(
    "answer", [..., lambda x: ..., lambda x: ... + 1, lambda x: (x, ...), [...], (1, ...), {"a": ...}, {...}]
)
def test_a_gap_left_open_is_named_as_such(answer):
    assert check("99-square", answer) == Feedback(False, core.EMPTY)


def test_a_gap_used_in_the_verdict_itself_is_named_as_such(monkeypatch):
    core.exercise("99-sum", "yes.")(lambda answer: None if answer.value + 1 == 2 else "no.")
    answer = type("Box", (), {"value": ...})()
    assert check("99-sum", answer) == Feedback(False, core.EMPTY)


def test_the_readers_error_is_named_without_a_traceback_or_an_address():
    assert "ZeroDivisionError: division by zero" in repr(check("99-square", lambda x: 1 / 0))

    def with_address(x):
        raise ValueError(f"bad {object()!r}")

    assert "ValueError. Run it" in repr(verdict("99-square", with_address))

    def leaves(x):
        raise SystemExit(3)

    assert "your function stopped with SystemExit: 3" in repr(verdict("99-square", leaves))


def test_ctrl_c_is_the_readers_and_passes_through():
    def stopped(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("99-square", stopped)


def test_warnings_of_the_readers_code_do_not_disturb_the_verdict():
    def noisy(x):
        warnings.warn("noise", stacklevel=1)
        return np.log(x)

    assert "nan or infinite" in repr(verdict("99-square", noisy))


def test_a_verdict_that_breaks_still_answers():
    core.exercise("99-broken", "yes.")(lambda answer: answer.no_such_attribute)
    assert "could not be used (of type int; AttributeError)" in repr(verdict("99-broken", 3))


def test_a_verdict_may_word_its_own_feedback():
    core.exercise("99-own", "yes.")(lambda answer: Feedback(True, f"your error is {answer:.3f}."))
    assert repr(check("99-own", 0.01)) == "Correct: your error is 0.010."


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ("x", "should be a number; this is the text 'x'"),
        (None, "does your function end with return"),
        (True, "of type bool"),
        (np.ones(3), "a ndarray of shape (3,)"),
        (float("inf"), "came out as inf"),
    ],
)
def test_hints_on_numbers(answer, hint):
    with pytest.raises(core.NotYet) as caught:
        core.number(answer)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ([1, [2]], "should be an array of numbers; this is of type list"),
        ("12", "this is the text '12'"),
        ([1.0, 2.0], "should have shape (3,), and has (2,)"),
        ([1.0, np.nan, np.inf], "holds 2 values that are nan or infinite"),
    ],
)
def test_hints_on_arrays(answer, hint):
    with pytest.raises(core.NotYet) as caught:
        core.array(answer, (3,))
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("helper", "answer", "hint"),
    [
        (core.function, 3, "should be a function; this is of type int"),
        (lambda a: core.choice(a, ["a"]), "z", "should be one of 'a'; this is the text 'z'"),
        (lambda a: core.choices(a, ["a"]), 3, "should be a list with some of 'a'; this is of type int"),
    ],
)
def test_hints_on_functions_and_choices(helper, answer, hint):
    with pytest.raises(core.NotYet) as caught:
        helper(answer)
    assert hint in str(caught.value)


def test_an_unknown_exercise_gets_a_suggestion():
    assert "did you mean '99-half'?" in repr(check("99-hlaf", 0.5))
    assert "an id looks like" in repr(check("zzz", 0.5))
    assert not check(None, 0.5)


def test_html_escapes_what_the_reader_wrote():
    page = check("99-half", "<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_one_id_is_judged_in_one_place():
    with pytest.raises(ValueError, match="exercise '99-half' is already judged in test_checks; choose a new id"):
        core.exercise("99-half", "yes.")(_elsewhere())


def _elsewhere():
    def verdict(answer):
        return None

    verdict.__module__ = "elsewhere"
    return verdict


def test_exercises_of_a_notebook_are_found_by_its_number():
    assert exercises("99") == ["99-half", "99-pick", "99-picks", "99-square"]
    assert exercises("98") == []


def test_every_exercise_of_a_module_carries_its_number(monkeypatch):
    for found in pkgutil.iter_modules(gan_edu.checks.__path__):
        if found.name.startswith("nb"):
            monkeypatch.setattr(core, "_REGISTER", {})
            importlib.reload(importlib.import_module(f"gan_edu.checks.{found.name}"))
            assert core._REGISTER, f"{found.name} registers no exercise"
            assert all(name.startswith(f"{found.name[2:]}-") for name in core._REGISTER), found.name
