"""Verdicts of notebook 03 and the reading of formulas: right by any route, wrong with a counter-example, never run."""

import math
import re

import numpy as np
import pytest
import sympy

from gan_edu import theory
from gan_edu.checks import core, exercises, formulas
from verdict_table import refuses, survives

p, q, r, f, JS = sympy.symbols("p q real fake JS")


def best_by_loop(p, q):
    return p / (p + q) if p < q else 1 - q / (p + q)


def criterion_by_quadrature(p, q, x):
    return theory.value(theory.optimal_discriminator(p, q), p, q, x)


PROOF = {1: "a/y - b/(1-y)", 2: "-a/y^2 - b/(1-y)^2", 3: "q/(p+q)", 4: "-log(2)", 5: "-log(4) + KLp + KLq"}
SECRETS = ("p/(p+q)", "p / (p + q)", "log(4)", "log 4")


def test_the_notebook_has_its_four_exercises():
    assert exercises("03") == ["03-best-judge", "03-criterion", "03-proof", "03-smoothing"]


def test_best_judge():
    survives("03-best-judge", secrets=SECRETS,
             right=[lambda p, q: p / (p + q), best_by_loop, "p/(p+q)", "1/(1 + q/p)", "1 / (1 + exp(log(q) - log(p)))",
                    p / (p + q), lambda p, q: 1 / (1 + math.exp(math.log(q) - math.log(p)))],
             wrong=["q/(p+q)", "p/q", "p", "log(p) - log(q)", 0.5, "(p+q)/2", p / q, "p/(p+q+0.0001)"])


def test_a_wrong_judge_is_beaten_at_the_point_that_is_named():
    line = repr(refuses("03-best-judge", 0.5))
    numbers = [float(v) for v in re.findall(r"(?:=|gives) (-?\d+(?:\.\d+)?)", line)]
    a, b, y, mine, better, higher = numbers
    assert y == 0.5 and a != b
    assert a * math.log(y) + b * math.log(1 - y) == pytest.approx(mine, abs=1e-5)
    assert a * math.log(better) + b * math.log(1 - better) == pytest.approx(higher, abs=1e-3)
    assert higher > mine
    assert "exchange the roles" in repr(refuses("03-best-judge", "q/(q+p)"))


def test_criterion():
    survives("03-criterion", secrets=SECRETS,
             right=["-log(4) + 2*JS", "2*(JS - log(2))", -sympy.log(4) + 2 * JS, criterion_by_quadrature,
                    lambda p, q, x: -np.log(4) + 2 * theory.js(p, q, x)],
             wrong=["2*JS", "log(4) - 2*JS", "-log(4) + JS", -1.3863, theory.js])
    assert "look at the constant" in repr(refuses("03-criterion", "2*JS"))
    assert "sign" in repr(refuses("03-criterion", "log(4) - 2*JS"))


def test_proof():
    survives("03-proof", right=[PROOF, list(PROOF.values()), {str(k): v for k, v in PROOF.items()}],
             wrong=[PROOF | {1: "a/y + b/(1-y)"}, PROOF | {2: "a/y**2"}, PROOF | {3: "p/(p+q)"}, PROOF | {4: "log(2)"},
                    PROOF | {5: "KLp + KLq"}, {1: "1"}, {1: ..., 2: ..., 3: ..., 4: ..., 5: ...}, PROOF | {3: "z"}])
    assert "4 of 5 lines hold; line 4" in repr(refuses("03-proof", PROOF | {4: "log(2)"}))


def test_smoothing():
    survives("03-smoothing",
             right=["(real*p + fake*q)/(p + q)", lambda p, q, real, fake: real * p / (p + q) + fake * q / (p + q),
                    (r * p + f * q) / (p + q)],
             wrong=["p/(p+q)", "real*p/(p+q)", "real*p/(real*p + fake*q)", 0.9])
    assert "the old D* should come back" in repr(refuses("03-smoothing", _only_when_soft))


def _only_when_soft(p, q, real, fake):
    return np.where(real == 1, 0.5, (real * p + fake * q) / (p + q))


@pytest.mark.parametrize(("text", "hint"), [
    ("2(p+q)", "write the *"), ("p(p+q)", "write the *"), ("2p", "cannot be read"), ("p/(p+q", "cannot be read"),
    ("x + p", "'x' is not known"), ("sin(p)", "'sin' is not known"), ("__import__('os')", "not known"),
    ("p.real", "can stand"), ("p if q else 1", "can stand"), ("'p'", "can stand"), ("log(p, q)", "can stand"),
    ("True", "can stand"), ("p+" * 200 + "p", "300 characters"), ("\0", "cannot be read"), ("p < q", "can stand"),
])
def test_a_formula_that_cannot_be_read_is_refused_in_words(text, hint):
    with pytest.raises(core.NotYet) as caught:
        formulas.read_formula(text, ["p", "q"])
    assert hint in str(caught.value)


def test_formulas_are_read_as_a_mathematician_writes_them():
    points = {"p": np.array([0.5, 2.0]), "q": np.array([1.0, 3.0])}
    for text, value in [("p^2", [0.25, 4]), ("np.log(q) \N{MIDDLE DOT} p", [0, 2 * np.log(3)]), ("-ln(e)", [-1, -1]),
                        ("p \N{MINUS SIGN} q", [-0.5, -1]), ("sqrt(abs(-q*q)) + 0*pi", [1, 3])]:
        np.testing.assert_allclose(formulas.evaluate(text, points), value)


def test_towers_of_powers_come_back_at_once():
    line = repr(refuses("03-best-judge", "9**9**9**9**9**9"))
    assert "nan or infinite" in line


def test_answers_of_a_wrong_kind_are_named():
    points = formulas.random_points(["p"])
    with pytest.raises(core.NotYet, match="'z' is not known"):
        formulas.evaluate(sympy.Symbol("z"), points)
    with pytest.raises(core.NotYet, match="one number for each point"):
        formulas.evaluate(np.ones(3), points)
