"""Exhibits of the museum that are wrong in a loss: its sign, its slope, its labels, its value. All in nats, on logits.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import softplus

from gan_edu import theory
from gan_edu.museum_cabinet import Curve, Exhibit, bce


def _slope(loss: Callable, logit: float) -> float:
    l = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(loss(l), l)[0].item()


def _logit(D: float) -> float:
    return math.log(D / (1 - D))


class Negated(Exhibit):
    """The flipped label is not a negation."""

    name = "negated"
    title = "A flipped label, called negation"
    question = "“G's loss is D's loss on the fakes, negated: flip the label.” What are both at D = 1/2?"
    meter = "G's loss at D(G(z)) = 1/2, nats"
    axes = ("D(G(z))", "G's loss, nats")
    good = math.log(2)
    wrong = ("-BCE(D, 0) is log(1 - D), the minimax loss, and BCE(D, 1) is -log D, the non-saturating one. Both fall "
             "as D rises, and that is all they share: -0.693 against +0.693 at 1/2, and two quite different slopes.")

    @staticmethod
    def published(logit):
        return -bce(logit, 0)

    @staticmethod
    def mended(logit):
        return bce(logit, 1)

    @staticmethod
    def measure(code: Callable) -> Curve:
        D = torch.linspace(0.02, 0.98, 49, dtype=torch.float64)
        return (code(torch.zeros((), dtype=torch.float64)).item(), D.tolist(), code(torch.logit(D)).tolist(),
                {"sum with D's loss on the fake": (code(torch.zeros(())) + bce(torch.zeros(()), 0)).item()})


class SameThing(Exhibit):
    """Two losses with one fixed point and two gradients."""

    name = "same-thing"
    title = "The same thing, put differently"
    question = "“To minimise log(1 - D) is the same as to maximise log D.” Early on, with D(G(z)) = 0.001?"
    meter = "slope of G's loss by the logit at D(G(z)) = 0.001, absolute value"
    axes = ("D(G(z))", "slope by the logit, absolute value")
    good = 0.999
    wrong = ("They share their fixed point. Their slopes are D and 1 - D, so that at D = 0.001 one is 999 times the "
             "other; and the game is no longer zero-sum. The flat place is D(G(z)) near 0, where G is bad, and not "
             "where G is perfect.")

    @staticmethod
    def published(logit):
        return -softplus(logit)

    @staticmethod
    def mended(logit):
        return softplus(-logit)

    @staticmethod
    def measure(code: Callable) -> Curve:
        D = [0.001, *np.linspace(0.02, 0.98, 49)]
        slopes = [abs(_slope(code, _logit(d))) for d in D]
        return slopes[0], D, slopes, {"at D(G(z)) = 1/2": abs(_slope(code, 0.0))}


class SmoothedTwice(Exhibit):
    """Labels smoothed on both sides."""

    name = "smoothed-twice"
    title = "Smooth, and smooth again"
    question = "Labels 0.9 and 0.1 instead of 1 and 0. What does the best D say of a fake in a place without any data?"
    meter = "best D at x = 8, where data have no density and fakes do"
    axes = ("x (data N(0, 1), fakes N(4, 1))", "best D")
    good = 0.0
    wrong = ("The best D is (a p + b q) / (p + q) for labels a and b. With b > 0 it ends at b where there are fakes "
             "only, and p_g appears in the numerator: fakes hold their own place. Only the real label is to be "
             "smoothed (Salimans et al. 2016, section 3.4).")

    @staticmethod
    def published(real, fake):
        return bce(real, 0.9), bce(fake, 0.1)

    @staticmethod
    def mended(real, fake):
        return bce(real, 0.9), bce(fake, 0.0)

    @staticmethod
    def measure(code: Callable) -> Curve:
        x, logits = np.linspace(-4, 8, 49), torch.linspace(-14, 14, 5601, dtype=torch.float64)
        real, fake = (part.numpy() for part in code(logits, logits))
        p, q = theory.gaussian(x, 0, 1), theory.gaussian(x, 4, 1)
        best = logits.numpy()[np.argmin(p[:, None] * real + q[:, None] * fake, axis=1)]        # V, place by place
        D = 1 / (1 + np.exp(-best))
        return float(D[-1]), x.tolist(), D.tolist(), {"at x = -4": float(D[0])}


class BeyondOne(Exhibit):
    """A label that is no probability."""

    name = "beyond-one"
    title = "More than certain"
    question = "Labels are drawn at random, some as large as 1.2. Which logit does D want for such an image?"
    meter = "best logit of a real image, searched from -20 to 20"
    axes = ("logit of a real image", "D's loss, nats")
    good = math.log(9)
    wrong = ("A label is a probability. Beyond 1 the loss has no lowest point: it falls for ever by 0.2 nats for each "
             "unit of the logit, and 20 was only the end of our search.")

    @staticmethod
    def published(real):
        return bce(real, 1.2)

    @staticmethod
    def mended(real):
        return bce(real, 0.9)

    @staticmethod
    def measure(code: Callable) -> Curve:
        logits = torch.linspace(-20, 20, 4001, dtype=torch.float64)
        loss = code(logits)
        return (logits[loss.argmin()].item(), logits[::50].tolist(), loss[::50].tolist(),
                {"lowest loss in the search": loss.min().item()})


class OneHalf(Exhibit):
    """A loss of one half read as a D of one half."""

    name = "one-half"
    title = "One half of what?"
    question = ("D's loss, the mean of its two halves, should end “at about 0.5: D can no longer tell”. How sure is D "
                "then?")
    meter = "what D gives to the right answer at a loss of 0.5, geometric mean"
    axes = ("D's loss, mean of its two halves, nats", "what D gives to the right answer")
    good = math.exp(-0.5)
    wrong = ("A loss is not a probability: it is minus its logarithm. At D = 1/2 the mean of the halves is log 2 = "
             "0.693, their sum 1.386, G's loss 0.693. A loss of 0.5 belongs to a judge who gives the right answer "
             "0.607.")
    where = "Source document 4, under its results, where D's output of 1/2 lends its number to the loss."

    @staticmethod
    def published(loss):
        return loss

    @staticmethod
    def mended(loss):
        return math.exp(-loss)

    @staticmethod
    def measure(code: Callable) -> Curve:
        losses = np.linspace(0.05, 1.4, 28)
        at_rest = {"at log 2": float(code(math.log(2)))}
        return float(code(0.5)), losses.tolist(), [float(code(loss)) for loss in losses], at_rest
