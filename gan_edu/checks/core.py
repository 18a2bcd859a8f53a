"""How a verdict is reached: the register of exercises, the guards around a reader's answer, and the one line that
comes back. What a right answer is belongs in nbNN.py, beside the other exercises of its notebook.

A verdict is a function of the answer. It returns None if the answer is right, or one friendly hint (text) if it is
not; it may also raise `NotYet(hint)`, which is what the helpers `number`, `array`, `function` and `choice` do:

    @exercise("03-half", "Right: a judge who cannot tell says 1/2.")
    def _(answer):
        if abs(number(answer) - 0.5) > 1e-3:
            return "Put p = q into your formula and look again."
"""

import dataclasses
import difflib
import functools
import html
import importlib
import pkgutil
import types
import warnings
from collections.abc import Callable

import numpy as np

from gan_edu import progress

EMPTY = "nothing to judge yet. Replace the dots ... by your answer and run the cell again."


@dataclasses.dataclass(frozen=True)
class Feedback:
    """Hold the verdict on one answer: whether it is right, and one line about it."""

    correct: bool
    message: str

    def __bool__(self) -> bool:
        return self.correct

    def __repr__(self) -> str:
        return f"{'Correct' if self.correct else 'Not yet'}: {self.message}"

    def _repr_html_(self) -> str:
        mark, word = ("&#10003;", "Correct") if self.correct else ("&#8635;", "Not yet")
        line = "solid" if self.correct else "dashed"  # words and a line style first, no meaning by colour alone
        style = f"border-left: 4px {line} currentColor; padding: 0.3em 0.8em; color: inherit"
        return f'<div role="status" style="{style}"><b>{mark} {word}:</b> {html.escape(self.message)}</div>'


class NotYet(Exception):  # noqa: N818  (it is a verdict, not an error)
    """Carry a hint out of the middle of a verdict; `check` turns it into Feedback."""


class Unanswered(NotYet):
    """Say that a gap was left open, found in the answer itself or in what the reader's function returned."""


class ReaderError(NotYet):
    """Say that the reader's own function raised; the message names the error, without a traceback."""


@dataclasses.dataclass(frozen=True)
class _Exercise:
    verdict: Callable[[object], str | Feedback | None]
    praise: str


_REGISTER: dict[str, _Exercise] = {}


def exercise(exercise_id: str, praise: str) -> Callable:
    """Register the decorated function as the verdict on `exercise_id` ("NN-name"); `praise` follows "Correct: "."""

    def keep(verdict: Callable) -> Callable:
        known = _REGISTER.get(exercise_id)
        if known is not None and known.verdict.__module__ != verdict.__module__:
            place = known.verdict.__module__
            raise ValueError(f"exercise {exercise_id!r} is already judged in {place}; choose a new id")
        _REGISTER[exercise_id] = _Exercise(verdict, praise)
        return verdict

    return keep


def check(exercise_id: str, answer: object) -> Feedback:
    """Judge `answer` and return Feedback; never raises (Ctrl-C excepted).

    `...`, a function that returns `...` and a container with a `...` in it count as not answered. A function's own
    errors come back as a friendly line. The answer is not changed. What is right in a reader's own notebook is noted for
    `gan-edu progress`, if the disk lets it.
    """
    feedback = _judge(exercise_id, answer)
    if feedback.correct:
        progress.remember(str(exercise_id))
    return feedback


def _judge(exercise_id: str, answer: object) -> Feedback:
    found = _find(str(exercise_id))
    if found is None:
        return Feedback(False, _unknown(str(exercise_id)))
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return _as_feedback(found.verdict(_guard(answer)), found.praise)
    except NotYet as hint:
        return Feedback(False, str(hint))
    except (Exception, SystemExit) as error:
        return Feedback(False, _strange(error, answer))


def exercises(notebook: str) -> list[str]:
    """Return the ids of the exercises of one notebook, given its two digits ("03")."""
    _load(notebook)
    return sorted(name for name in _REGISTER if name.startswith(f"{notebook}-"))


# Helpers for verdicts: each returns the answer in a plain form or raises NotYet with a hint.


def number(answer: object, name: str = "your answer") -> float:
    """Return `answer` as a finite float: Python, NumPy, SymPy and torch scalars pass, text and arrays do not."""
    try:
        value = None if isinstance(answer, str | bytes | bool) else float(answer)
    except Exception:  # whatever a stranger's __float__ may raise
        value = None
    if value is None:
        raise NotYet(f"{name} should be a number; this is {_kind(answer)}.")
    if not np.isfinite(value):
        raise NotYet(f"{name} came out as {value}, which is not a number one can compare. Look for a 0 or a log of 0.")
    return value


def array(answer: object, shape: tuple[int, ...] | None = None, name: str = "your answer") -> np.ndarray:
    """Return `answer` as a finite float64 array of `shape` (None: any shape); lists and tensors pass."""
    try:
        plain = answer.detach().cpu().numpy() if hasattr(answer, "detach") else answer
        values = np.asarray(plain, dtype=np.float64)
    except Exception:  # ragged lists, text, objects
        values = None
    if values is None or isinstance(answer, str | bytes) or answer is None:
        raise NotYet(f"{name} should be an array of numbers; this is {_kind(answer)}.")
    if shape is not None and values.shape != tuple(shape):
        raise NotYet(f"{name} should have shape {tuple(shape)}, and has {values.shape}.")
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise NotYet(f"{name} holds {bad} values that are nan or infinite. Look for a division by 0 or a log of 0.")
    return values


def function(answer: object, name: str = "your answer") -> Callable:
    """Return `answer` if it can be called, or raise NotYet."""
    if not callable(answer):
        raise NotYet(f"{name} should be a function; this is {_kind(answer)}. Hand over its name, without brackets.")
    return answer


def choice(answer: object, choices: tuple[str, ...] | list[str], name: str = "your answer") -> str:
    """Return the one of `choices` that `answer` names (letter case and outer spaces do not matter)."""
    plain = answer.strip().lower() if isinstance(answer, str) else None
    for known in choices:
        if plain == known.lower():
            return known
    raise NotYet(f"{name} should be one of {', '.join(map(repr, choices))}; this is {_kind(answer)}.")


def choices(answer: object, allowed: tuple[str, ...] | list[str], name: str = "your answer") -> set[str]:
    """Return the set of those of `allowed` that `answer` names: a list, tuple or set of texts, or one text."""
    items = [answer] if isinstance(answer, str) else answer
    if not isinstance(items, list | tuple | set | frozenset):
        raise NotYet(f"{name} should be a list with some of {', '.join(map(repr, allowed))}; this is {_kind(answer)}.")
    return {choice(item, allowed, f"each entry of {name}") for item in items}


# What stands between a stranger's object and the verdict.


def _guard(answer: object) -> object:
    if answer is ...:
        raise Unanswered(EMPTY)
    if isinstance(answer, types.FunctionType | types.MethodType | functools.partial):
        return _guard_function(answer)
    if type(answer) in (list, tuple, set, frozenset):
        return type(answer)(_guard(item) for item in answer)
    if type(answer) is dict:
        return {key: _guard(item) for key, item in answer.items()}
    return answer


def _guard_function(answer: Callable) -> Callable:
    @functools.wraps(answer)
    def guarded(*args: object, **named: object) -> object:
        try:
            value = answer(*args, **named)
        except (Exception, SystemExit) as error:
            raise _reader_error(error) from None
        return _guard(value)

    return guarded


def _reader_error(error: BaseException) -> NotYet:
    if isinstance(error, TypeError) and "ellipsis" in str(error):
        return Unanswered(EMPTY)
    return ReaderError(f"your function stopped with {_name(error)}. Run it by itself on one small input and look.")


def _as_feedback(outcome: str | Feedback | None, praise: str) -> Feedback:
    if isinstance(outcome, Feedback):
        return outcome
    return Feedback(True, praise) if outcome is None else Feedback(False, str(outcome))


def _strange(error: BaseException, answer: object) -> str:
    if isinstance(error, TypeError) and "ellipsis" in str(error):
        return EMPTY
    what = f"{_kind(answer)}; {type(error).__name__}"
    return f"this answer could not be used ({what}). Look at what the cell above asks for."


def _name(error: BaseException) -> str:
    text = " ".join(str(error).split())
    text = text if len(text) <= 120 else text[:117] + "..."
    return f"{type(error).__name__}: {text}" if text and "0x" not in text else type(error).__name__


def _kind(answer: object) -> str:
    if answer is None:
        return "None (does your function end with return?)"
    if isinstance(answer, str):
        return f"the text {answer[:40]!r}"
    try:
        return f"a {type(answer).__name__} of shape {tuple(answer.shape)}"
    except Exception:  # no shape, or an object that raises when it is looked at
        return f"of type {type(answer).__name__}"


def _load(notebook: str) -> None:
    module = f"nb{notebook}"
    folder = importlib.import_module("gan_edu.checks").__path__
    if any(found.name == module for found in pkgutil.iter_modules(folder)):
        importlib.import_module(f"gan_edu.checks.{module}")


def _find(exercise_id: str) -> _Exercise | None:
    if exercise_id not in _REGISTER:
        _load(exercise_id.split("-")[0])
    return _REGISTER.get(exercise_id)


def _unknown(exercise_id: str) -> str:
    near = difflib.get_close_matches(exercise_id, _REGISTER, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "an id looks like '03-name', with the notebook's number first."
    return f"there is no exercise {exercise_id!r}; {hint}"
