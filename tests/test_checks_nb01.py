"""Verdicts of notebook 01: right by any route, wrong with a counter-example that can be recomputed."""

import math
import re

import numpy as np
import pytest
import sympy
from scipy import stats

from gan_edu.checks import exercises
from verdict_table import accepts, refuses, survives

p0, p1, prior, m0, m1, s = sympy.symbols("p0 p1 prior m0 m1 s")


def test_the_notebook_has_its_exercises():
    assert exercises("01") == ["01-bayes", "01-maximum-likelihood", "01-sampler", "01-sigmoid"]


def test_bayes():
    rule = "prior*p1/(prior*p1 + (1-prior)*p0)"
    survives("01-bayes", secrets=("prior*p1/", "(1-prior)*p0", "(1 - prior) * p0"),
             right=[rule, prior * p1 / (prior * p1 + (1 - prior) * p0), "1/(1 + (1-prior)*p0/(prior*p1))",
                    lambda p0, p1, prior: 1 / (1 + math.exp(math.log((1 - prior) * p0) - math.log(prior * p1)))],
             wrong=["p1/(p0+p1)", "prior*p1", "(1-prior)*p0/(prior*p1+(1-prior)*p0)", "prior", 0.5])
    assert "other class" in repr(refuses("01-bayes", f"1 - {rule}"))
    assert "prior" in repr(refuses("01-bayes", "p1/(p0+p1)"))
    assert "p(x, 1)" in repr(refuses("01-bayes", "prior*p1"))


def test_the_counter_example_to_bayes_can_be_recomputed():
    line = repr(refuses("01-bayes", 0.5))
    a, b, pi, joint1, joint0, share, mine = map(float, re.findall(r"(?:= |has |says )(\d+(?:\.\d+)?)", line))
    assert (joint1, joint0) == (pytest.approx(b * pi, abs=1e-4), pytest.approx(a * (1 - pi), abs=1e-4))
    assert share == pytest.approx(100 * b * pi / (b * pi + a * (1 - pi)), abs=0.06) and mine == 50


def test_sigmoid():
    w, b = "(m1 - m0)/s^2", "(m0^2 - m1^2)/(2*s^2) + log(prior/(1-prior))"
    survives("01-sigmoid", secrets=("m1 - m0", "m0^2", "s^2"),
             right=[{"w": w, "b": b}, {"w": (m1 - m0) / s**2, "b": (m0 - m1) * (m0 + m1) / 2 / s**2 + sympy.log(prior)
                                       - sympy.log(1 - prior)},
                    {"w": lambda m0, m1, s, prior: (m1 - m0) / s**2,
                     "b": lambda m0, m1, s, prior: -(m1 - m0) / s**2 * (m0 + m1) / 2 - math.log(1 / prior - 1)}],
             wrong=[{"w": w, "b": "0"}, {"w": "(m0-m1)/s^2", "b": b}, {"w": "(m1-m0)/s", "b": b}, {"w": w}, [w, b]])
    assert "log odds of the prior" in repr(refuses("01-sigmoid", {"w": w, "b": "(m0^2 - m1^2)/(2*s^2)"}))
    assert "w is not the slope" in repr(refuses("01-sigmoid", {"w": "1", "b": b}))


def by_hand(x):
    mean = sum(x) / len(x)
    return mean, math.sqrt(sum((v - mean) ** 2 for v in x) / len(x))


def test_maximum_likelihood():
    survives("01-maximum-likelihood", secrets=("mean()", "np.std", "/ n)"),
             right=[by_hand, lambda x: (np.mean(x), np.std(x)), lambda x: np.array(stats.norm.fit(x))],
             wrong=[lambda x: (np.mean(x), np.std(x, ddof=1)), lambda x: (np.median(x), np.std(x)),
                    lambda x: (np.mean(x), np.var(x)), lambda x: (np.mean(x), -np.std(x)), lambda x: np.mean(x),
                    lambda x: (np.mean(x), 0.0), (0.0, 1.0)])
    assert "n - 1" in repr(refuses("01-maximum-likelihood", lambda x: (np.mean(x), np.std(x, ddof=1))))
    line = repr(refuses("01-maximum-likelihood", lambda x: (np.mean(x) + 1, np.std(x))))
    mine, better = map(float, re.findall(r"(?:log-likelihood|has) (-?\d+\.\d+)", line))
    assert better > mine


def by_quantiles(z):
    grid = np.linspace(-5, 5, 20001)
    F = 0.5 * stats.norm.cdf(grid, -2, 0.5) + 0.5 * stats.norm.cdf(grid, 2, 0.5)
    return np.interp(stats.norm.cdf(z[:, 0]), F, grid)


def test_sampler():
    survives("01-sampler", secrets=("sign", "where"),
             right=[lambda z: 2 * np.sign(z[:, 0]) + 0.5 * z[:, 1], by_quantiles,
                    lambda z: np.where(z[:, 1] > 0, 2.0, -2.0)[:, None] + 0.5 * z[:, :1]],
             wrong=[lambda z: 2 * np.sign(z[:, 0]) + 0.5 * z[:, 0], lambda z: 2 * np.sign(z[:, 0]),
                    lambda z: z[:, 0] * 2.06, lambda z: 2 * np.sign(z[:, 0]) + 0.6 * z[:, 1],
                    lambda z: 2 * np.sign(z) + 0.5 * z])
    line = repr(refuses("01-sampler", lambda z: z[:, 0]))
    x, truth, yours = map(float, re.search(r"x <= (-?[\d.]+)\) should be ([\d.]+), and ([\d.]+)", line).groups())
    assert truth == pytest.approx(0.5 * stats.norm.cdf(x, -2, 0.5) + 0.5 * stats.norm.cdf(x, 2, 0.5), abs=2e-3)
    assert yours == pytest.approx(stats.norm.cdf(x), abs=0.02)


def test_a_sampler_with_noise_of_its_own_is_told_so():
    rng = np.random.default_rng()
    line = repr(refuses_any("01-sampler", lambda z: 2 * np.sign(z[:, 0]) + 0.5 * rng.standard_normal(len(z))))
    assert "row of z only" in line
    accepts("01-sampler", lambda z: 0.5 * z[:, 1] + 2 * np.sign(z[:, 0]))


def refuses_any(exercise_id, answer):
    from gan_edu.checks import check
    feedback = check(exercise_id, answer)
    assert not feedback
    return feedback
