"""Verdicts of notebook 09: right by any route, wrong with a counter-example or with what the run shows."""

import re

import numpy as np
import pytest
import sympy

from gan_edu.checks.nb09 import _radius
from verdict_table import accepts, refuses, survives

h = sympy.Symbol("h")


def test_gamma():
    survives("09-gamma", secrets=("gamma = 2 ", "least is h"),
             right=[{"least": "h", "best": 2}, {"least": h, "best": "2"}, {"least": lambda h: h * 1.0, "best": sympy.Integer(2)},
                    {"least": "h**2/h", "best": lambda h: 2 + 0 * h}, {"least": "1.001*h", "best": 2.0005}],
             wrong=[{"least": "h/4", "best": 2}, {"least": "h", "best": 1}, {"least": "h/4", "best": 1}, {"least": 0, "best": 2},
                    {"least": "2*h", "best": 2}, {"least": "h", "best": "2-h"}, {"least": "h", "best": 4}, {"least": "-h", "best": 2},
                    {"least": "h", "best": -1}, {"least": "h"}, ["h", 2], {"least": "h", "best": ...}, {"least": "h", "best": 1.9},
                    {"least": "x", "best": 2}, {"least": "h", "best": 0}])
    assert "1 of 2" in repr(refuses("09-gamma", {"least": "h", "best": 1}))


def test_the_counter_example_can_be_recomputed():
    line = repr(refuses("09-gamma", {"least": "h/4", "best": 2}))
    step, gamma, radius = map(float, re.search(r"h = ([\d.]+) .* yours, ([\d.]+), still .* = ([\d.]+\d)", line).groups())
    assert radius == pytest.approx(_radius(gamma, step), abs=1e-5) and radius >= 1
    # the closed form: the product of a conjugate pair, 1 - h gamma + h^2
    assert radius == pytest.approx(np.sqrt(1 - step * gamma + step**2), abs=1e-4)


def test_the_answer_is_that_of_the_closed_form_and_not_of_the_other_loss():
    assert accepts("09-gamma", {"least": "h", "best": 2})
    for step in (0.1, 0.5):
        assert _radius(step, step) == pytest.approx(1, abs=1e-12)
        assert _radius(2.0, step) == pytest.approx(1 - step, abs=1e-6)
