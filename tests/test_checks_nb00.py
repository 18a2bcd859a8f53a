"""Verdicts of notebook 00: every best judge passes, however it is written; a worse one hears how much worse it is."""

import numpy as np
import pytest
import torch

from gan_edu import theory
from gan_edu.checks import exercises
from verdict_table import refuses, survives


def by_density(x, mu):
    return theory.gaussian(x) > theory.gaussian(x, mu)


def by_distance(x, mu):
    return np.abs(x) < np.abs(x - mu)


def one_at_a_time(x, mu):
    if mu > 0:
        return x < mu / 2
    return x > mu / 2


def only_scalars(x, mu):
    return True if abs(x) <= abs(x - mu) else False


def zeros_and_ones(x, mu):
    return (mu * (mu - 2 * x) > 0).astype(int)


def by_tensor(x, mu):
    x = torch.as_tensor(x)
    return x.abs() < (x - mu).abs()


def by_D(x, mu):
    return theory.optimal_discriminator(theory.gaussian(x), theory.gaussian(x, mu)) > 0.5


def test_the_notebook_has_its_two_exercises():
    assert exercises("00") == ["00-distance", "00-threshold"]


def test_threshold():
    survives("00-threshold",
             right=[by_density, by_distance, one_at_a_time, only_scalars, zeros_and_ones, by_tensor, by_D],
             wrong=[lambda x, mu: x < mu / 2, lambda x, mu: x > mu / 2, lambda x, mu: x < 1, lambda x, mu: True,
                    lambda x, mu: x < mu, lambda x, mu: 0.5, lambda x, mu: x, lambda x: x < 1, 0.5, "x < 1",
                    lambda x, mu: np.ones((2, 2))],
             secrets=("mu/2", "mu / 2"))


@pytest.mark.parametrize("answer, words", [
    (lambda x, mu: x < mu / 2, "forgeries lie to the left"), (lambda x, mu: x > mu / 2, "worse than a coin"),
    (lambda x, mu: x < mu, "Where do the two densities cross"), (lambda x, mu: 0.7, "nothing in between"),
    (lambda x, mu: True, "you are right 0.500 of the time, and 0.691 is possible")])
def test_threshold_hints(answer, words):
    assert words in repr(refuses("00-threshold", answer))


def test_the_share_that_a_hint_names_is_the_one_of_a_long_game():
    line = repr(refuses("00-threshold", lambda x, mu: x < mu))
    rng = np.random.default_rng(0)
    real, forged = rng.normal(size=400_000), rng.normal(1, 1, 400_000)
    share = ((real < 1).mean() + (forged >= 1).mean()) / 2
    assert f"{share:.2f}" == line.split("right ")[1][:4]


def test_distance():
    survives("00-distance", secrets=("2*share", "2 * share", "share - 1"),
             right=["2*share - 1", lambda share: 2 * share - 1, lambda share: np.maximum(0, 2 * share - 1),
                    lambda share: (share - 0.5) * 2, "(share - 1/2)/(1/2)", lambda share: max(0, 2 * share - 1)],
             wrong=["share", "1/2 + share/2", "share - 1/2", "2*share", 0.5, "(2*share - 1)^2"])
    assert "other way round" in repr(refuses("00-distance", "1/2 + share/2"))
    assert "a coin proves nothing" in repr(refuses("00-distance", "share"))
    assert "would give 1/2 + TV/2 = 0.750" in repr(refuses("00-distance", "share - 1/2"))
