"""Verdicts of notebook 10: right by any route, wrong with its reason; a cheat and an alarm are judged by measuring."""

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from gan_edu import metrics, metrics_baselines
from gan_edu.checks import exercises, nb10
from gan_edu.data import load_images
from verdict_table import accepts, refuses, survives


def test_the_notebook_has_its_exercises():
    assert exercises("10") == ["10-alarm", "10-cheat", "10-parzen"]


# ---- the score

def exponents(s, x, sigma):
    return -((np.asarray(x)[:, None] - np.asarray(s)) ** 2).sum(2) / (2 * sigma**2)


def constant(s, sigma):
    return s.shape[1] * math.log(sigma * math.sqrt(2 * math.pi))


def by_scipy(s, x, sigma):
    return (logsumexp(exponents(s, x, sigma), axis=1) - math.log(len(s)) - constant(s, sigma)).mean()


def by_torch_in_float32(s, x, sigma):
    s, x = (torch.as_tensor(a, dtype=torch.float32) for a in (s, x))
    return torch.logsumexp(torch.cdist(x, s) ** 2 / (-2 * sigma**2), 1).mean() - math.log(len(s)) - constant(s, sigma)


def tensors_only(s, x, sigma):
    return (torch.logsumexp(-torch.cdist(x, s).square() / (2 * sigma**2), 1) - math.log(s.shape[0])).mean() - constant(s, sigma)


def point_by_point(s, x, sigma):
    return [by_scipy(s, row[None], sigma) for row in x]


def naive(s, x, sigma):
    return np.log(np.exp(exponents(s, x, sigma) - constant(s, sigma)).mean(1)).mean()


def naive_in_float32(s, x, sigma):
    return np.log(np.exp(exponents(s, x, sigma).astype(np.float32)).mean(1)).mean() - constant(s, sigma)


SLIPS = {
    "log n": lambda s, x, v: by_scipy(s, x, v) + math.log(len(s)),
    "densities yet": lambda s, x, v: by_scipy(s, x, v) + constant(s, v),
    "each of the d pixels": lambda s, x, v: by_scipy(s, x, v) + constant(s, v) * (1 - 1 / s.shape[1]),
    "sum over the test points": lambda s, x, v: by_scipy(s, x, v) * len(x),
    "mean of the logs": lambda s, x, v: exponents(s, x, v).mean() - constant(s, v),
    "squared": lambda s, x, v: by_scipy(s, x, math.sqrt(v)) + constant(s, math.sqrt(v)) - constant(s, v),
    "there is a 2": lambda s, x, v: by_scipy(s, x, v / math.sqrt(2)) + constant(s, v / math.sqrt(2)) - constant(s, v),
    "changed places": lambda s, x, v: by_scipy(x, s, v),
    "log of the mean over the test": lambda s, x, v: logsumexp(point_by_point(s, x, v)) - math.log(len(x)),
    "sign": lambda s, x, v: -by_scipy(s, x, v),
}


def test_parzen():
    survives("10-parzen", secrets=("logsumexp", ".max("),
             right=[by_scipy, by_torch_in_float32, tensors_only, point_by_point, metrics.parzen_log_likelihood],
             wrong=[naive, naive_in_float32, *SLIPS.values(), lambda s, x, v: 0.0, lambda s, x, v: "many",
                    lambda s, x, v: [1, 2, 3],
                    lambda s, x, v: float("-inf"), lambda s, x, v: [float("nan")] * len(x)])


@pytest.mark.parametrize("what", SLIPS)
def test_each_slip_is_named(what):
    assert what in repr(refuses("10-parzen", SLIPS[what]))


@pytest.mark.parametrize("answer", [naive, naive_in_float32])
def test_underflow_is_nearly_right_and_called_by_its_name(answer):
    line = repr(refuses("10-parzen", answer))
    assert "right for few dimensions" in line and "underflowed" in line


def test_the_numbers_in_the_hint_on_underflow():
    assert np.exp(np.float32(-104)) == 0 < np.exp(np.float32(-103))
    assert np.exp(-746.0) == 0 < np.exp(-745.0)


def test_the_counter_example_of_a_wrong_score_can_be_recomputed():
    line = repr(refuses("10-parzen", lambda s, x, v: by_scipy(s, x, v) + 0.5))
    _, s, x, v = nb10._cases()[0]
    assert f"should be {by_scipy(s, x, v):.4f}" in line and f"yours is {by_scipy(s, x, v) + 0.5:.4f}" in line


# ---- the cheat

@pytest.fixture(scope="module")
def stage():
    return nb10._stage()


def test_cheat(stage):
    training = load_images("digits").take(1_200)
    centres = metrics_baselines.kmeans_centres(training, 200)
    survives("10-cheat",
             right=[centres, torch.from_numpy(stage[0][:500]), stage[0][:300].reshape(-1, 1, 28, 28),
                    (stage[0][:400:2] + stage[0][1:400:2]) / 2,
                    metrics_baselines.lookup_table(training, 300, noise=0.05),
                    np.repeat(stage[0].mean(0, keepdims=True), 500, 0)],        # one grey average is enough
             wrong=[stage[0][:501], stage[2][:200], np.zeros((10, 784)), np.full((500, 784), 0.5), 2 * stage[0][:100] - 1,
                    255 * stage[0][:100], stage[0][0], np.zeros((0, 784)), np.random.default_rng(0).random((100, 784)), stage[0][:100, :64]])
    assert "test digits" in repr(refuses("10-cheat", np.concatenate([stage[0][:50], stage[2][:1]])))
    assert "at most 500" in repr(refuses("10-cheat", stage[0][:501]))
    assert "[0, 1]" in repr(refuses("10-cheat", 2 * stage[0][:100] - 1))


def test_the_board_says_who_is_beaten(stage):
    real = nb10.parzen_on_stage(stage[0][:500])
    few = repr(accepts("10-cheat", stage[0][:50]))
    assert f"real training digits {real:.0f}" in few and "more than the GAN (best of five)." in few
    best = repr(accepts("10-cheat", metrics_baselines.kmeans_centres(load_images("digits").take(1_200), 500)))
    assert "more than the GAN (best of five) and 500 real training digits" in best


def test_a_test_digit_with_a_twin_in_the_training_set_is_no_fault(stage, monkeypatch):
    twin = np.concatenate([stage[0], stage[2][:1]])
    monkeypatch.setattr(nb10, "_stage", lambda: (twin, stage[1], stage[2]))
    nb10._rivals.cache_clear()
    accepts("10-cheat", np.concatenate([stage[0][:100], stage[2][:1]]))
    nb10._rivals.cache_clear()


# ---- the alarm

def ratios(counts, reference):
    return (counts / counts.sum()) / (reference / reference.sum())


def significance(counts, reference):
    expected = counts.sum() * reference / reference.sum()
    return bool(((counts - expected) ** 2 / expected).sum() > 27.9)          # a thousandth of chi-square with 9 degrees


RIGHT = [lambda c, r: ratios(c, r).min() < 0.3 or ratios(c, r).max() > 3, lambda c, r: int(ratios(c, r).min() < 0.35 or c.max() > 0.3 * c.sum()),
         lambda c, r: torch.tensor(bool((c < 0.3 * c.sum() * r / r.sum()).any() or (ratios(c, r) > 2.5).any())),
         lambda c, r: np.abs(np.log((c + 0.5) / c.sum() / (r / r.sum()))).max() > 0.9]


def test_alarm():
    survives("10-alarm", right=RIGHT,
             wrong=[lambda c, r: True, lambda c, r: False, lambda c, r: 0.5, lambda c, r: ratios(c, r), lambda c, r: "no",
                    significance, lambda c, r: bool((c == 0).any()), lambda c, r: bool(c.max() > c.sum() / 2),
                    lambda c, r: bool(ratios(c, r).min() < 0.35),
                    lambda c, r: bool(np.abs(c / c.sum() - r / r.sum()).sum() / 2 > 0.15), lambda c, r: not RIGHT[0](c, r)])
    assert "every time" in repr(refuses("10-alarm", lambda c, r: True))
    assert "never rings" in repr(refuses("10-alarm", lambda c, r: False))


def test_a_test_of_significance_cries_wolf():
    line = repr(refuses("10-alarm", significance))
    assert "rings for 10,000 samples, every digit within a third" in line or "rings for 1,000 samples, every digit within" in line
    assert "is silent for" in repr(refuses("10-alarm", lambda c, r: bool(c.max() > c.sum() / 2)))


def test_the_hidden_sets_keep_what_the_exercise_says():
    for what, counts in nb10._healthy():
        assert counts.sum() >= 200 and counts.sum() <= 10_000, what
        if "third" in what and counts.sum() == 10_000:
            assert (np.abs(ratios(counts, nb10.REFERENCE) - 1) < 1 / 3 + 0.1).all()
    for what, counts in nb10._collapsed():
        assert ratios(counts, nb10.REFERENCE).min() < 0.1 or ratios(counts, nb10.REFERENCE).max() > 4, what


def test_the_reference_is_that_of_the_real_test_set(mnist_test):
    assert nb10.REFERENCE.tolist() == torch.bincount(mnist_test.labels).tolist()
