"""Verdicts of notebook 13: right answers by several routes pass, each slip is called by its name."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, logsigmoid, softplus

from gan_edu.checks import nb13
from gan_edu.translators import PAPER_PATCH, receptive_field
from verdict_table import accepts, refuses, survives


def forwards(layers):
    side, step = 1, 1
    for kernel, stride in layers:
        side, step = side + (kernel - 1) * step, step * stride
    return side


def backwards(layers):
    side = 1
    for kernel, stride in reversed(layers):
        side = side * stride + (kernel - stride)
    return side


FIELD_SLIPS = {
    "all strides were 1": lambda layers: 1 + sum(k - 1 for k, _ in layers),
    "own stride": lambda layers: 1 + sum((k - 1) * math.prod(s for _, s in layers[:i + 1]) for i, (k, _) in enumerate(layers)),
    "one pixel is missing": lambda layers: forwards(layers) - 1,
    "do not multiply": lambda layers: math.prod(k for k, _ in layers),
    "windows overlap": lambda layers: sum(k for k, _ in layers),
    "wrong order": lambda layers: forwards(layers[::-1]),
}


def test_field():
    survives("13-field", right=[forwards, backwards, receptive_field, lambda layers: float(forwards(layers)),
                                lambda layers: torch.tensor(backwards(layers)), lambda layers: np.int64(forwards(layers))],
             wrong=[*FIELD_SLIPS.values(), lambda layers: 70, lambda layers: "70", 70], secrets=("stride *", "reversed"))
    assert nb13._by_tracing(list(PAPER_PATCH)) == 70


@pytest.mark.parametrize("words", FIELD_SLIPS)
def test_each_slip_of_the_field_is_named(words):
    assert words in repr(refuses("13-field", FIELD_SLIPS[words]))


def by_softplus(logits, x_fake, x, l1, adversarial):
    return adversarial * softplus(-logits).mean() + l1 * (x - x_fake).abs().mean()


LOSS_SLIPS = {
    "squared": lambda l, f, x, a, b: b * softplus(-l).mean() + a * (x - f).square().mean(),
    "you sum the pixels": lambda l, f, x, a, b: b * softplus(-l).mean() + a * (x - f).abs().sum(),
    "you sum over pixels": lambda l, f, x, a, b: b * softplus(-l).mean() + a * (x - f).abs().sum((1, 2, 3)).mean(),
    "l1 is not used": lambda l, f, x, a, b: b * softplus(-l).mean() + (x - f).abs().mean(),
    "adversarial is not used": lambda l, f, x, a, b: softplus(-l).mean() + a * (x - f).abs().mean(),
    "which is D's loss": lambda l, f, x, a, b: b * softplus(l).mean() + a * (x - f).abs().mean(),
    "minimax": lambda l, f, x, a, b: -b * softplus(l).mean() + a * (x - f).abs().mean(),
    "wrong sign": lambda l, f, x, a, b: -b * softplus(-l).mean() + a * (x - f).abs().mean(),
    "Wasserstein": lambda l, f, x, a, b: -b * l.mean() + a * (x - f).abs().mean(),
    "until D is sure": lambda l, f, x, a, b: -b * torch.sigmoid(l).log().mean() + a * (x - f).abs().mean(),
}


def test_ablation():
    survives("13-ablation",
             right=[by_softplus,
                    lambda l, f, x, a, b: b * binary_cross_entropy_with_logits(l, torch.ones_like(l)) + a * l1_loss(f, x),
                    lambda l, f, x, a, b: (a * (f - x).abs().mean() - b * logsigmoid(l).mean()).item(),
                    lambda l, f, x, a, b: b * np.logaddexp(0, -l.numpy()).mean() + a * np.abs(f.numpy() - x.numpy()).mean()],
             wrong=[*LOSS_SLIPS.values(), lambda l, f, x, a, b: 0.0, lambda l, f, x, a, b: l], secrets=("abs().mean()",))


@pytest.mark.parametrize("words", LOSS_SLIPS)
def test_each_slip_of_the_loss_is_named(words):
    assert words in repr(refuses("13-ablation", LOSS_SLIPS[words]))


RIGHT = {"L2": 0.4, "L1": 1, "lost": 3.01}


def test_psnr():
    changes = ({"L2": 0.7}, {"L2": 1}, {"L1": 0.4}, {"L1": -1}, {"lost": 2}, {"lost": 6.02}, {"lost": -3.01}, {"lost": 0},
               {"L2": ...})
    survives("13-psnr", right=[RIGHT, {"L2": 2 * 0.7 - 1, "L1": 1.0, "lost": 10 * math.log10(2)},
                               {"L2": np.float32(0.4), "L1": torch.tensor(1), "lost": 3.0}],
             wrong=[*(RIGHT | change for change in changes), {"L2": 0.4}, [0.4, 1, 3.01]], secrets=("10 log10(2)", "2p - 1"))
    assert "squared already" in repr(refuses("13-psnr", RIGHT | {"lost": 6.02}))
    assert "10 log10 of it" in repr(refuses("13-psnr", RIGHT | {"lost": 2}))
    accepts("13-psnr", RIGHT)


def test_the_three_decibels_are_those_of_two_draws():
    draw = np.where(np.random.default_rng(0).random((2, 200_000)) < nb13._WHITE, 1.0, -1.0)
    mean = ((draw[0] - (2 * nb13._WHITE - 1)) ** 2).mean()
    assert 10 * math.log10(((draw[0] - draw[1]) ** 2).mean() / mean) == pytest.approx(10 * math.log10(2), abs=0.05)
