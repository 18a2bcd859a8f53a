"""Verdicts of notebook 02: right by any route, the usual slips named, code losses checked by computing them."""

import math

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import softplus

from gan_edu.checks import exercises, nb02
from verdict_table import refuses, survives


def by_numpy(D, real, fake):
    return np.log(D(real)).mean() + np.log(1 - D(fake)).mean()


def by_loop(D, real, fake):
    return sum(math.log(D(x)) for x in real) / len(real) + sum(math.log1p(-D(x)) for x in fake) / len(fake)


def by_torch(D, real, fake):
    u, v = (torch.as_tensor(D(x)) for x in (real, fake))
    return -bce(u, torch.ones_like(u)) - bce(v, torch.zeros_like(v))


SLIPS = {
    "sign": lambda D, r, f: -by_numpy(D, r, f),
    "half of V": lambda D, r, f: by_numpy(D, r, f) / 2,
    "paid for saying no": lambda D, r, f: np.log(D(r)).mean() + np.log(D(f)).mean(),
    "sums": lambda D, r, f: np.log(D(r)).sum() + np.log(1 - D(f)).sum(),
    "its own mean": lambda D, r, f: np.concatenate([np.log(D(r)), np.log(1 - D(f))]).mean(),
    "not natural": lambda D, r, f: np.log2(D(r)).mean() + np.log2(1 - D(f)).mean(),
    "take the mean of each": lambda D, r, f: 0.0,
}
TERMS = {"E_p log D": "gullible", "E_q log(1 - D)": "paranoid", "V": "best"}
LOSSES = dict(nb02._CODE)


def test_the_notebook_has_its_three_exercises():
    assert exercises("02") == ["02-match-losses", "02-monte-carlo", "02-terms"]


def test_monte_carlo():
    survives("02-monte-carlo", right=[by_numpy, by_loop, by_torch], wrong=list(SLIPS.values()))


@pytest.mark.parametrize("words", SLIPS)
def test_the_usual_slips_are_named(words):
    assert words in repr(refuses("02-monte-carlo", SLIPS[words]))


def test_an_estimate_that_wastes_samples_is_seen_by_its_slope():
    stingy = refuses("02-monte-carlo", lambda D, r, f: by_numpy(D, r[:2000], f[:2000]) if len(r) > 3200
                     else by_numpy(D, r[:50], f[:50]))
    assert "use all samples" in repr(stingy)


def test_terms():
    survives("02-terms", right=[TERMS, {k: v.upper() for k, v in TERMS.items()}],
             wrong=[TERMS | {"V": "gullible"}, TERMS | {"E_p log D": "best"}, {"V": "best"}, TERMS | {"V": "wise"}])


def test_match_losses():
    wrong = [LOSSES | {"A": "V"}, LOSSES | {"C": "E log(1 - D(G(z)))"}, {"A": "-V"}, LOSSES | {"F": "-V"}]
    survives("02-match-losses", right=[LOSSES], wrong=wrong)
    assert "look at D" in repr(refuses("02-match-losses", LOSSES | {"D": "-E log D(G(z))"}))


@pytest.mark.parametrize(("u", "v"), [(0.8, 0.3), (0.5, 0.5), (0.1, 0.95)])
def test_the_code_of_the_exercise_means_what_the_verdict_says(u, v):
    D_x, D_Gz = torch.tensor([[u]], dtype=torch.float64), torch.tensor([[v]], dtype=torch.float64)
    ones, zeros = torch.ones_like(D_x), torch.zeros_like(D_x)
    code = {"A": bce(D_x, ones) + bce(D_Gz, zeros), "B": (bce(D_x, ones) + bce(D_Gz, zeros)) / 2,
            "C": bce(D_Gz, ones), "D": -bce(D_Gz, zeros), "E": softplus(-torch.logit(D_Gz)).mean(),
            "F": bce(D_x, zeros) + bce(D_Gz, ones)}
    for key, value in code.items():
        assert value.item() == pytest.approx(nb02._MEANS[nb02._CODE[key]](u, v)), key
    assert set(nb02._MEANS) == set(nb02.FORMULAS)
