"""Verdicts of notebook 04: right by any route, wrong with a counter-example or with the reason."""

import math
import re

import numpy as np
import pytest
import sympy
import torch
from torch.nn.functional import logsigmoid, softplus

from gan_edu.checks import exercises
from gan_edu.checks.nb04 import _RIGHT, _WRONG
from verdict_table import accepts, refuses, survives

D, l = sympy.symbols("D l")
RIGHT = {"minimax": "-D", "non_saturating": "-(1 - D)", "least_squares": "l - 1"}


def test_the_notebook_has_its_exercises():
    assert exercises("04") == ["04-gradients", "04-paragraph", "04-stable"]


def test_gradients():
    survives("04-gradients", secrets=("-D", "-(1 - D)", "l - 1 "),
             right=[RIGHT, {"minimax": -D, "non_saturating": D - 1, "least_squares": sympy.log(D / (1 - D)) - 1},
                    {"minimax": lambda D, l: -1 / (1 + np.exp(-l)),
                     "non_saturating": lambda D, l: -1 / (1 + math.exp(l)), "least_squares": "log(D) - log(1-D) - 1"}],
             wrong=[RIGHT | {"minimax": "D"}, RIGHT | {"minimax": "-1/(1-D)"}, RIGHT | {"non_saturating": "-D"},
                    RIGHT | {"least_squares": "l"}, {"minimax": "-D"}, ["-D", "-(1-D)", "l-1"],
                    RIGHT | {"least_squares": ...}])
    assert "sign" in repr(refuses("04-gradients", RIGHT | {"minimax": "D"}))
    assert "derivative by D" in repr(refuses("04-gradients", RIGHT | {"non_saturating": "-1/D"}))
    assert "2 of 3" in repr(refuses("04-gradients", RIGHT | {"least_squares": "l"}))


def test_the_counter_example_to_a_gradient_can_be_recomputed():
    line = repr(refuses("04-gradients", RIGHT | {"non_saturating": "-D*D"}))
    found = re.search(r"D = ([\d.]+) .* times (-[\d.]+), and yours says (-[\d.]+\d)", line)
    d, slope, mine = map(float, found.groups())
    assert slope == pytest.approx(-(1 - d), abs=1e-4) and mine == pytest.approx(-d * d, abs=1e-4)


def naive(l):
    return torch.log(1 - torch.sigmoid(l))


def patched(l):
    return torch.where(l > 16, -l, naive(l))


def test_stable():
    survives("04-stable", secrets=("softplus", "logsigmoid"),
             right=[lambda l: -softplus(l), lambda l: logsigmoid(-l), lambda l: logsigmoid(l) - l,
                    lambda l: -torch.logaddexp(l, torch.zeros(()))],
             wrong=[naive, patched, lambda l: torch.log1p(-torch.sigmoid(l)), lambda l: naive(l.double()).float(),
                    lambda l: -torch.log(1 + torch.exp(l)), lambda l: naive(l).clamp(min=-100), lambda l: -softplus(-l),
                    lambda l: 0.0])
    assert "no gradient" in repr(refuses("04-stable", lambda l: -softplus(l.detach())))
    assert "at l = 16.7" in repr(refuses("04-stable", lambda l: torch.where(l < 16.5, -softplus(l), naive(l))))


def test_a_nan_gradient_is_found_behind_a_right_value():
    line = repr(refuses("04-stable", lambda l: torch.where(l > 16, -l - torch.exp(-l), -torch.log1p(torch.exp(l)))))
    assert "derivative" in line and "nan" in line


def test_paragraph():
    survives("04-paragraph", right=[[3, 5, 6, 8], ["8", "3", "6", "5"], {3, 5, 6, 8}, (3, 5, 6, 8)],
             wrong=[[3], [3, 5, 6], [1, 3, 5, 6, 8], list(range(1, 9)), [], 3, [9], [True], "3 5 6 8"])
    assert set(_WRONG) | set(_RIGHT) == set("12345678")


def test_each_pick_is_answered_with_its_reason():
    for name, why in _RIGHT.items():
        assert why in repr(refuses("04-paragraph", [int(name)]))
    for name, why in _WRONG.items():
        assert why in repr(refuses("04-paragraph", [name]))
        assert why in repr(accepts("04-paragraph", sorted(_WRONG)))
