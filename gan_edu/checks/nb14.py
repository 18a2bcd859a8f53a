"""Verdicts on the exercises of notebook 14: a wrong map without cycle loss, the identity loss, a message washed out."""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_edu import pretrained
from gan_edu.checks.core import Feedback, NotYet, ReaderError, array, exercise, function, number
from gan_edu.classifier import probabilities
from gan_edu.data import load_images, scale
from gan_edu.data_unpaired import PATTERNS, in_domain, pattern_of

N = 150                   # digits that a verdict looks at


@cache
def _digits() -> tuple[Tensor, Tensor, np.ndarray]:
    """Striped digits, the plain ones they were made from, what they are: test digits, with other stripes than the notebook's."""
    held_out = load_images("digits", split="test").take(N)
    a, b = (scale(in_domain(held_out.images, domain, seed=14)) for domain in ("striped", "plain"))
    return a, b, held_out.labels.numpy()


def _images(found: Any, like: Tensor, name: str) -> Tensor:
    """What a reader's function returned, as float32 images in [-1, 1]; a flat row an image passes too."""
    x = array(found, name=name)
    if x.size != like.numel() or len(x) != len(like):
        raise NotYet(f"{name} should return as many images as it got, (n, 1, 28, 28); it returned shape {x.shape}.")
    if np.abs(x).max() > 1 + 1e-4:
        raise NotYet(f"{name} should return pixels in [-1, 1]; yours reach {np.abs(x).max():.2f}.")
    return torch.tensor(x, dtype=torch.float32).reshape(like.shape).clamp(-1, 1)


def _called(mapping: Any, x: Tensor, name: str) -> Tensor:
    """Call the reader's function with a tensor, or with an array where it is written for those."""
    try:
        found = mapping(x.clone())
    except ReaderError:
        found = mapping(x.numpy().copy())
    return _images(found, x, name)


def _read_right(x: Tensor) -> float:
    return float((probabilities(x).argmax(1) == _digits()[2]).mean())


# ---- a wrong map

@exercise("14-wrong", "")
def _wrong(answer: object) -> str | Feedback:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "hand over the two functions as a pair: (there, back)."
    there, back = (function(part, name) for part, name in zip(answer, ("there", "back")))
    a, b, _ = _digits()
    for what, x in (("striped", a), ("plain", b)):
        ways = (("back(there(x))", _called(back, _called(there, x, "there"), "back")),
                ("there(back(x))", _called(there, _called(back, x, "back"), "there")))
        for name, found in ways:
            if (loss := float((found - x).abs().mean())) > 1e-4:
                return (f"{name} is off by {loss:.4f} a pixel on {what} digits; a cycle loss of 0 asks for both ways round, "
                        "exactly.")
    read = _read_right(_called(there, b, "there"))
    if read > 0.5:
        return (f"no cycle loss, but the classifier still reads {read:.0%} of the plain digits right after your map. "
                "Make it wrong: what else can be undone without a trace?")
    return Feedback(True, f"no cycle loss either way round, and the classifier reads {read:.0%} of the digits right after it.")


# ---- the identity loss

def _g(x: Tensor) -> Tensor:
    return 0.5 * x + 0.3


def _f(x: Tensor) -> Tensor:
    return 0.8 * x - 0.1


@cache
def _minibatches() -> tuple[tuple[Tensor, Tensor], ...]:
    draws = torch.Generator().manual_seed(14)
    return tuple((torch.rand(n, 1, 6, 6, generator=draws) * 2 - 1, torch.rand(m, 1, 6, 6, generator=draws) - 1)
                 for n, m in ((4, 4), (3, 5)))


def _error(x: Tensor, y: Tensor) -> float:
    return float((x - y).abs().mean())


def _identity_slips(a: Tensor, b: Tensor) -> list[tuple[float, str]]:
    """Return (what comes out, why) for what is nearly right."""
    right = _error(_g(b), b) + _error(_f(a), a)
    return [
        (_error(_g(a), a) + _error(_f(b), b),
         "that asks a translation to change nothing. G turns a into b: which images should G leave as they are?"),
        (_error(_f(_g(a)), a) + _error(_g(_f(b)), b), "that is the cycle loss; the identity loss goes one way only."),
        (right / 2, "that is the mean of the two errors; equation (2) has their sum."),
        (_error(_g(b), b), "the half for G is right; F needs one too."),
        (_error(_f(a), a), "the half for F is right; G needs one too."),
        (float((_g(b) - b).square().mean() + (_f(a) - a).square().mean()), "squared errors; equation (2) has absolute ones."),
        (float((_g(b) - b).abs().sum() + (_f(a) - a).abs().sum()), "you sum over pixels and images; it is their mean."),
        (float((_g(b) - b).mean() + (_f(a) - a).mean()), "without the bars |.|: errors up and down cancel."),
    ]


@exercise("14-identity", "both halves, on the domain that each translator aims at.")
def _identity(answer: object) -> str | None:
    loss = function(answer, "identity_loss")
    for a, b in _minibatches():
        got = number(loss(_g, _f, a.clone(), b.clone()), "the loss")
        right = _error(_g(b), b) + _error(_f(a), a)
        if abs(got - right) > 1e-4:
            near = [why for value, why in _identity_slips(a, b) if abs(value - got) < 1e-4 * max(1, abs(value))]
            return near[0] if near else f"for one minibatch yours is {got:.4f}, it should be {right:.4f}. Write one half first."
    return None


# ---- a message washed out

@cache
def _sent() -> Tensor:
    """What the shipped game makes of the striped digits: plain to the eye."""
    return _game().translate(_digits()[0], to="b")


@cache
def _game() -> Any:
    return pretrained.load("mnist-cyclegan")


LEFT, LEGIBLE = 0.3, 0.8  # shares: of patterns that may still come back, of digits that must still be read


@exercise("14-launder", "")
def _launder(answer: object) -> str | Feedback:
    launder = function(answer, "launder")
    a, plain, _ = _digits()
    washed = _called(launder, _sent(), "launder")
    read = _read_right(washed)
    again = _game().translate(washed, to="a")
    back = float((pattern_of(again, plain) == pattern_of(a, plain)).double().mean())
    if read < LEGIBLE:
        return f"the classifier reads {read:.0%} of your washed digits (wanted: {LEGIBLE:.0%}). The digit has to stay."
    if back > LEFT:
        return (f"{back:.0%} of the stripes still come back in the right pattern; guessing gives {1 / PATTERNS:.1%}, wanted are "
                f"{LEFT:.0%} at most. The message sits in the greys and along the edges of the strokes. "
                f"Of {read:.0%} the digit is read.")
    return Feedback(True, f"{back:.0%} of the stripes come back right (guessing: {1 / PATTERNS:.1%}), and {read:.0%} of the "
                          "digits are read.")
