"""The table of answers that every exercise must survive (a helper for test files, not a test file itself).

Use: `@pytest.mark.parametrize("answer", WRONG_FOR_ALL.values(), ids=WRONG_FOR_ALL)` with `refuses(id, answer)`,
and `accepts(id, answer)` for the right answers, at least two routes to each. `survives(id, right=[...])` does all.
"""

import numpy as np

from gan_edu.checks import Feedback, check


def _left_open(*args, **named):
    return ...


def _raises(*args, **named):
    raise ZeroDivisionError("division by zero")


def _returns_nothing(*args, **named):
    pass


class _Hostile:
    """Raise at every touch, also where it is shown."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __repr__(self):
        raise RuntimeError("repr")

    def __eq__(self, other):
        raise RuntimeError("eq")

    __hash__ = None


WRONG_FOR_ALL = {
    "left empty": ...,
    "function left empty": _left_open,
    "one gap left in a list": [..., ...],
    "None": None,
    "function without return": _returns_nothing,
    "wrong type": "forty-two",
    "wrong shape": np.ones((2, 3, 5)),
    "nan": float("nan"),
    "function of nan": lambda *args, **named: float("nan"),
    "raises": _raises,
    "hostile object": _Hostile(),
}


def verdict(exercise_id: str, answer: object) -> Feedback:
    """Return the verdict, after the demands on every verdict: one short line, the same twice, no traceback."""
    feedback = check(exercise_id, answer)
    assert isinstance(feedback, Feedback)
    line = repr(feedback)
    assert line.startswith("Correct: " if feedback else "Not yet: ")
    assert "\n" not in line and "Traceback" not in line and "0x" not in line
    assert 12 <= len(line) <= 420, line
    assert "there is no exercise" not in line, line
    assert line == repr(check(exercise_id, answer))
    assert 'role="status"' in feedback._repr_html_()
    return feedback


def refuses(exercise_id: str, answer: object, *, secrets: tuple[str, ...] = ()) -> Feedback:
    """Assert that the answer is not accepted, and that the hint shows none of `secrets` (pieces of the solution)."""
    feedback = verdict(exercise_id, answer)
    assert not feedback, f"{exercise_id} accepted a wrong answer: {feedback!r}"
    for secret in secrets:
        assert secret not in repr(feedback), f"{exercise_id} gave the solution away: {feedback!r}"
    return feedback


def accepts(exercise_id: str, answer: object) -> Feedback:
    """Assert that the answer is accepted."""
    feedback = verdict(exercise_id, answer)
    assert feedback, f"{exercise_id} refused a right answer: {feedback!r}"
    return feedback


def survives(exercise_id: str, *, right: list, wrong: list = (), secrets: tuple[str, ...] = ()) -> None:
    """Put the table to one exercise: what is wrong for all, its own wrong answers, its right ones by all routes."""
    for answer in [*WRONG_FOR_ALL.values(), *wrong]:
        refuses(exercise_id, answer, secrets=secrets)
    assert right, "a right answer is needed; give at least two routes where there are two"
    for answer in right:
        accepts(exercise_id, answer)
