"""Verdicts of notebook 09: right by any route, wrong with a counter-example or with what the run shows."""

import re

import numpy as np
import pytest
import sympy

from gan_edu.checks import nb09
from gan_edu.checks.nb09 import _radius
from gan_edu.failures import solution
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


RIGHT = [solution(i) for i in range(6)]


def test_diagnose():
    swapped = [("healthy" if name != "healthy" else "mode collapse") for name in RIGHT]
    survives("09-diagnose", right=[RIGHT, tuple(RIGHT), [name.upper() for name in RIGHT]],
             wrong=[["healthy"] * 6, swapped, RIGHT[:5], [*RIGHT[:5], ...], [*RIGHT[:5], "overfitting"], set(RIGHT), "healthy",
                    [0, 1, 2, 3, 4, 5]])
    assert "5 of 6" in repr(refuses("09-diagnose", ["vanishing gradient", *RIGHT[1:]]))


def test_a_wrong_name_gets_the_number_against_it():
    at = RIGHT.index("mode collapse")
    hint = repr(refuses("09-diagnose", [*RIGHT[:at], "vanishing gradient", *RIGHT[at + 1:]]))
    assert f"run {at}" in hint and "greatest gradient" in hint and "mode collapse" not in hint
    at = RIGHT.index("vanishing gradient")
    assert "swing goes from" in repr(refuses("09-diagnose", [*RIGHT[:at], "non-convergence", *RIGHT[at + 1:]]))


NOW = {"k": 1, "lr_D": 5e-4, "r1": 0.0}


def test_cure():
    survives("09-cure", right=[NOW | {"lr_D": 1e-2}, NOW | {"k": 5}],
             wrong=[NOW, NOW | {"r1": 1e-4}, NOW | {"lr_D": 6e-4}, NOW | {"k": 0}, NOW | {"k": 6}, NOW | {"k": 1.5},
                    NOW | {"lr_D": -1}, NOW | {"lr_D": 1.0}, NOW | {"r1": 11}, NOW | {"lr_G": 1e-3}, {"k": 5}, NOW | {"k": "many"},
                    NOW | {"k": ...}, [1, 5e-4, 0]])
    assert "modes are held at the end" in repr(accepts("09-cure", NOW | {"lr_D": 1e-2}))
    assert "G stays as it is" in repr(refuses("09-cure", NOW | {"lr_G": 1e-3}))


def test_a_stopped_cure_is_not_judged_by_half_a_run(monkeypatch):
    class Stopped:
        stopped = "asked"

    monkeypatch.setattr(nb09, "train", lambda *_, **__: Stopped())
    nb09._treated.cache_clear()
    with pytest.raises(KeyboardInterrupt, match="run the cell again"):
        nb09._treated(2, 1e-3, 0.5)
    assert nb09._treated.cache_info().currsize == 0
