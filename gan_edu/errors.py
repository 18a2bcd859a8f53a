"""The errors of the course and the checks of plain arguments. Every message says what it got, what is allowed and
what to do next. Checks that need to know images, networks or files belong in the rooms that know them.
"""

import math
import operator


class GanEduError(Exception):
    """Stand above every error this package raises on purpose, except a wrong argument (`ValueError`)."""


class DataError(GanEduError):
    """Report a data set that is missing, damaged or not what its name says."""


class CheckpointError(GanEduError):
    """Report a checkpoint that cannot be written, cannot be trusted or belongs to another model."""


class TrainingDiverged(GanEduError):  # noqa: N818  (the name says what happened)
    """Report a loss or gradient that stopped being a number, before the step that would have used it."""


def whole(name: str, value: object, minimum: int = 1) -> int:
    """Return `value` as an int, or raise ValueError if it is not a whole number >= `minimum`.

    NumPy integers and one-element integer tensors pass; booleans, floats (also 2.0) and text do not.
    """
    number = None if _is_bool(value) else _as_index(value)
    if number is None or number < minimum:
        raise ValueError(f"{name} must be a whole number >= {minimum}, got {_show(value)}")
    return number


def real(name: str, value: object, *, above: float | None = None, minimum: float | None = None) -> float:
    """Return `value` as a float, or raise ValueError if it is not finite, not > `above` or not >= `minimum`.

    None for a bound means that there is no such bound. Booleans and text are refused.
    """
    number = _as_float(value)
    bound = "" if above is None else f" > {above:g}"
    bound += "" if minimum is None else f" >= {minimum:g}"
    fits = number is not None and math.isfinite(number)
    fits = fits and (above is None or number > above) and (minimum is None or number >= minimum)
    if not fits:
        raise ValueError(f"{name} must be a finite number{bound}, got {_show(value)}")
    return number


def _is_bool(value: object) -> bool:
    """Say whether `value` is True or False in any dress; NumPy's and torch's would otherwise pass as 1 and 0."""
    return isinstance(value, bool) or str(getattr(value, "dtype", "")) in ("bool", "torch.bool")


def _as_index(value: object) -> int | None:
    try:
        return operator.index(value)
    except (TypeError, ValueError, RuntimeError):  # torch: more than one element, or not an integer
        return None


def _as_float(value: object) -> float | None:
    if _is_bool(value) or isinstance(value, str | bytes):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
