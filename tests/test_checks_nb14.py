"""Verdicts of notebook 14: bijections of every kind pass, each slip of the identity loss is named, laundries are measured."""

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from gan_edu import pretrained
from gan_edu.checks import exercises, nb14
from verdict_table import WRONG_FOR_ALL, accepts, refuses, survives

needs_weights = pytest.mark.skipif("mnist-cyclegan" not in pretrained.available(), reason="mnist-cyclegan is not built yet")
ORDER = torch.randperm(784, generator=torch.Generator().manual_seed(5))


def test_the_notebook_has_its_exercises():
    assert exercises("14") == ["14-identity", "14-launder", "14-wrong"]


# ---- a wrong map

def scrambled(order):
    return lambda x: x.flatten(1)[:, order].view_as(x)


def turned(k):
    return lambda x: torch.rot90(x, k, (2, 3))


RIGHT = {"a permutation of the pixels": (scrambled(ORDER), scrambled(ORDER.argsort())),
         "the negative": (lambda x: -x, lambda x: -x),
         "a quarter turn": (turned(1), turned(3)),
         "rolled": (lambda x: x.roll(14, 2), lambda x: x.roll(-14, 2)),
         "NumPy": (lambda x: np.ascontiguousarray(np.transpose(x, (0, 1, 3, 2))[:, :, ::-1]),
                   lambda x: np.ascontiguousarray(np.transpose(x[:, :, ::-1], (0, 1, 3, 2))))}
WRONG = {"still reads": (lambda x: x, lambda x: x),
         "off by": (lambda x: x.roll(3, 0) * 0, lambda x: x),
         "cycle loss of 0": (scrambled(ORDER), scrambled(ORDER)),
         "pixels in": (lambda x: 2 * x, lambda x: x / 2),
         "as many images": (lambda x: x[:3], lambda x: x),
         "as a pair": scrambled(ORDER)}


def test_wrong():
    survives("14-wrong", right=[*RIGHT.values(), list(RIGHT["the negative"])], secrets=("randperm", "argsort"),
             wrong=[*WRONG.values(), (lambda x: x, ...), (1, 2), (lambda x: x,), "pair", (lambda x: x.sign(), lambda x: x)])


@pytest.mark.parametrize("words", WRONG)
def test_why_a_map_is_no_answer(words):
    assert words in repr(refuses("14-wrong", WRONG[words]))


def test_a_gap_in_one_of_the_two_is_a_gap():
    for empty in (WRONG_FOR_ALL["left empty"], WRONG_FOR_ALL["function left empty"]):
        assert "nothing to judge yet" in repr(refuses("14-wrong", (empty, empty)))


# ---- the identity loss

def l1(x, y):
    return (x - y).abs().mean()


def in_numpy(G, F, a, b):
    return np.abs((G(b) - b).numpy()).mean() + np.abs((F(a) - a).numpy()).mean()


def image_by_image(G, F, a, b):
    return torch.stack([l1(G(x), x) for x in b]).mean() + torch.stack([l1(F(x), x) for x in a]).mean()


SLIPS = {"change nothing": lambda G, F, a, b: l1(G(a), a) + l1(F(b), b),
         "that is the cycle loss": lambda G, F, a, b: l1(F(G(a)), a) + l1(G(F(b)), b),
         "mean of the two": lambda G, F, a, b: (l1(G(b), b) + l1(F(a), a)) / 2,
         "F needs one too": lambda G, F, a, b: l1(G(b), b),
         "G needs one too": lambda G, F, a, b: l1(F(a), a),
         "squared": lambda G, F, a, b: (G(b) - b).square().mean() + (F(a) - a).square().mean(),
         "you sum": lambda G, F, a, b: (G(b) - b).abs().sum() + (F(a) - a).abs().sum(),
         "without the bars": lambda G, F, a, b: (G(b) - b).mean() + (F(a) - a).mean()}


def test_identity():
    survives("14-identity", secrets=(".abs()",),
             right=[lambda G, F, a, b: l1(G(b), b) + l1(F(a), a), in_numpy, image_by_image,
                    lambda G, F, a, b: torch.nn.functional.l1_loss(G(b), b) + torch.nn.functional.l1_loss(F(a), a)],
             wrong=[*SLIPS.values(), lambda G, F, a, b: 0.0, lambda G, F, a, b: G(b) - b, lambda G, F, a, b: l1(G(a), b)])


@pytest.mark.parametrize("words", SLIPS)
def test_each_slip_is_named(words):
    assert words in repr(refuses("14-identity", SLIPS[words]))


# ---- a message washed out

def smooth(b):
    return avg_pool2d(torch.as_tensor(b), 3, 1, 1, count_include_pad=False)


LAUNDRIES = {"smooth, then two colours": lambda b: torch.where(smooth(b) > 0, 1.0, -1.0),
             "in NumPy": lambda b: np.where(smooth(b).numpy() > 0, 1.0, -1.0),
             "half the size": lambda b: interpolate(avg_pool2d(b, 2), scale_factor=2, mode="bilinear").sign()}


@needs_weights
def test_launder():
    survives("14-launder", right=list(LAUNDRIES.values()), secrets=("torch.where", "sign"),
             wrong=[lambda b: b, lambda b: -b, lambda b: b * 0, lambda b: b.roll(1, 0), lambda b: b + 1, lambda b: b[:5],
                    lambda b: (b + 0.02 * torch.randn(b.shape, generator=torch.Generator().manual_seed(0))).clamp(-1, 1)])


@needs_weights
def test_what_a_laundry_is_told():
    assert "still come back" in repr(refuses("14-launder", lambda b: b))
    assert "still come back" in repr(refuses("14-launder", lambda b: torch.where(b > 0, 1.0, -1.0)))
    assert "The digit has to stay" in repr(refuses("14-launder", lambda b: -torch.ones_like(b)))
    assert "of the digits are read" in repr(accepts("14-launder", LAUNDRIES["in NumPy"]))


@needs_weights
def test_honest_digits_would_pass():
    _, plain, _ = nb14._digits()
    accepts("14-launder", lambda b: plain)
