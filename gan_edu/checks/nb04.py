"""Verdicts on the exercises of notebook 04: gradients at the logit, log(1 - D) in float32, a paragraph to repair. How
formulas are read belongs in formulas.py.
"""

import numpy as np
import torch

from gan_edu.checks.core import Feedback, NotYet, choices, exercise, function
from gan_edu.checks.formulas import Points, at, evaluate, worst

_LOSSES = {  # name -> (the loss as words, as a function of the logit)
    "minimax": ("log(1 - D)", lambda l: -np.logaddexp(0, l)),
    "non_saturating": ("-log D", lambda l: np.logaddexp(0, -l)),
    "least_squares": ("(l - 1)^2 / 2", lambda l: 0.5 * (l - 1) ** 2),
}


def _points() -> Points:
    D = np.round(np.linspace(0.01, 0.99, 99), 2)
    return {"D": D, "l": np.log(D / (1 - D))}


def _slope(loss: str, l: np.ndarray) -> np.ndarray:
    """Return the derivative by the logit as a reader could measure it: a central difference."""
    f, h = _LOSSES[loss][1], 1e-5
    return (f(l + h) - f(l - h)) / (2 * h)


def _gradient(loss: str, answer: object) -> str | None:
    points = _points()
    got = evaluate(answer, points, f"your {loss}")
    truth = _slope(loss, points["l"])
    i = worst(got, truth, tolerance=1e-5)
    if i is None:
        return None
    words, by_D = _LOSSES[loss][0], truth / (points["D"] * (1 - points["D"]))
    if worst(got, -truth, tolerance=1e-5) is None:
        return f"{loss}: right but for the sign. When the logit rises, does {words} rise or fall?"
    if worst(got, by_D, tolerance=1e-4) is None:
        return f"{loss}: this is the derivative by D. The chain rule has one more factor, dD/dl."
    return (f"{loss}: counter-example: at {at({'D': points['D']}, i)} a step of .001 in the logit changes {words} by "
            f".001 times {truth[i]:.4f}, and yours says {got[i]:.4f}.")


@exercise("04-gradients", "all three agree with measured slopes at 99 values of D. Near D = 0 the first is near 0.")
def _gradients(answer: object) -> str | None:
    if not isinstance(answer, dict) or set(answer) != set(_LOSSES):
        return f"give a dictionary with the keys {', '.join(map(repr, _LOSSES))}, each with a formula in D or l."
    hints = [hint for loss in _LOSSES if (hint := _gradient(loss, answer[loss]))]
    return f"{3 - len(hints)} of 3 hold. {hints[0]}" if hints else None


LOGITS = (-1e4, -89.0, -40.0, -18.0, -5.0, 0.0, 1.0, 5.0, 12.0, 16.0, 16.7, 20.0, 50.0, 89.0, 1e4)


def _as_tensor(value: object) -> torch.Tensor:
    try:
        found = torch.as_tensor(value)
    except Exception:  # whatever the reader returned
        found = None
    if found is None or found.numel() != len(LOGITS):
        raise NotYet(f"your function should return one number for each of {len(LOGITS)} logits.")
    return found


@exercise("04-stable", "right to five digits at logits from -10,000 to 10,000, and so is its gradient.")
def _stable(answer: object) -> str | None:
    l = torch.tensor(LOGITS, dtype=torch.float32).requires_grad_()
    value = _as_tensor(function(answer, "your function")(l))
    exact = -np.logaddexp(0, l.detach().double().numpy())
    if hint := _first_fault("log(1 - sigmoid(l))", value, exact):
        return hint
    if not value.requires_grad:
        return "the values are right, but no gradient can flow back: stay with torch functions."
    (gradient,) = torch.autograd.grad(value.sum(), l)
    return _first_fault("its derivative", gradient, -1 / (1 + np.exp(-np.clip(l.detach().double().numpy(), -700, 700))))


def _first_fault(what: str, found: torch.Tensor, exact: np.ndarray) -> str | None:
    values = found.detach().double().numpy().ravel()
    good = np.isfinite(values) & (np.abs(values - exact) <= 1e-5 * np.abs(exact) + 1e-6)
    if good.all():
        return None
    i = int(np.argmin(good))
    return f"counter-example: at l = {LOGITS[i]:g} {what} is {exact[i]:.6g}, and yours is {values[i]:.6g} in float32."


_WRONG = {  # sentence -> why it is wrong, in a few words
    "3": "at the end D = 1/2, and both gradients at the logit are -1/2",
    "5": "two losses with other slopes, and their sum with D's is no constant",
    "6": "-BCE(D,0) = log(1-D) is -.693 at 1/2, BCE(D,1) is +.693",
    "8": "a D without slope in x gives nothing to either loss",
}
_RIGHT = {
    "1": "sentence 1 is right: an untrained G makes samples that D soon tells apart.",
    "2": "sentence 2 is right: the derivative of log(1 - D) by the logit is -D, near 0 there.",
    "4": "sentence 4 is right: both losses rest where D* has no slope, at p_g = p_data.",
    "7": "sentence 7 is right: (1 - D)/D = .99/.01 = 99.",
}


@exercise("04-paragraph", "")
def _paragraph(answer: object) -> str | Feedback:
    items = answer if isinstance(answer, list | tuple | set | frozenset) else [answer]
    named = [str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in items]
    picked = choices(named, sorted(_WRONG | _RIGHT), "your list")
    falsely = sorted(picked & set(_RIGHT))
    found = sorted(picked & set(_WRONG))
    if falsely:
        return f"{_RIGHT[falsely[0]]} Put it back."
    if len(found) < len(_WRONG):
        why = f" ({found[0]}: {_WRONG[found[0]]}.)" if found else ""
        return f"{len(found)} of {len(_WRONG)} wrong sentences found.{why} Read the others again, with the cells above."
    return Feedback(True, "; ".join(f"{name}: {why}" for name, why in _WRONG.items()) + ".")
