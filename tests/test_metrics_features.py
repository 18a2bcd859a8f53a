"""Measures on features against closed forms, SciPy and slow twins; at the edges; what their errors and floors say."""

import itertools
import math
import re
import warnings

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from gan_edu import metrics
from gan_edu.metrics import memorisation, nearest_neighbours, parzen_log_likelihood
from gan_edu.metrics_features import (
    class_distance,
    class_histogram,
    frechet_distance,
    kernel_distance,
    precision_recall,
    with_error,
)

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(300, 5)), RNG.normal(size=(200, 5)) @ RNG.normal(size=(5, 5)) + 0.3


# Fréchet distance


def test_frechet_equals_scipys_matrix_root():
    a, b = np.cov(A.T), np.cov(B.T)
    expected = ((A.mean(0) - B.mean(0)) ** 2).sum() + np.trace(a + b - 2 * np.real(sqrtm(a @ b)))
    assert frechet_distance(A, B) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(torch.tensor(B), torch.tensor(A)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("d", [1, 4])
def test_frechet_of_gaussians_with_one_basis_is_the_closed_form(d):
    """Fault 27. Of N(m, diag s^2) and N(0, diag t^2) it is |m|^2 + sum (s - t)^2; rows made to have these exactly."""
    x = RNG.normal(size=(400, d))
    x -= x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T).reshape(d, d))).T          # mean 0, covariance 1
    s, t, m = RNG.uniform(0.5, 2, d), RNG.uniform(0.5, 2, d), RNG.normal(size=d)
    assert frechet_distance(x * s + m, x * t) == pytest.approx((m ** 2).sum() + ((s - t) ** 2).sum(), rel=1e-9)


def test_frechet_of_identical_and_of_collapsed_features():
    assert 0 <= frechet_distance(A, A) < 1e-9
    point = np.tile(A[:1], (300, 1))
    assert frechet_distance(point, A) == pytest.approx(((A[0] - A.mean(0)) ** 2).sum() + np.trace(np.cov(A.T)), rel=1e-9)
    assert frechet_distance(point, point) == 0


def test_frechet_says_when_there_are_fewer_rows_than_features():
    few, many = RNG.normal(size=(64, 64)), RNG.normal(size=(65, 64))
    for pair in ((few, many), (many, few)):
        with pytest.warns(UserWarning, match="got 64 rows of 64 features.*singular.*more than 64 rows"):
            assert math.isfinite(frechet_distance(*pair))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frechet_distance(many, many)


def test_frechet_of_equal_distributions_falls_like_one_over_n():
    """The floor: twice the rows, half the distance, which is why it is compared at equal n."""
    def mean(n):
        return np.mean([frechet_distance(RNG.normal(size=(n, 8)), RNG.normal(size=(n, 8))) for _ in range(40)])
    assert mean(400) / mean(800) == pytest.approx(2, rel=0.15)


# Kernel distance


def double_loop(a, b):
    k = [[[(x @ y / a.shape[1] + 1) ** 3 for y in v] for x in u] for u, v in ((a, a), (b, b), (a, b))]
    n, m = len(a), len(b)
    return (sum(k[0][i][j] for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
            + sum(k[1][i][j] for i in range(m) for j in range(m) if i != j) / (m * (m - 1)) - 2 * np.mean(k[2]))


def test_kernel_distance_and_its_error_equal_a_double_loop():
    a, b = A[:23], B[:17]
    value, error = kernel_distance(a, b, blocks=4)
    assert value == pytest.approx(double_loop(a, b), rel=1e-9)
    parts = [np.array_split(np.arange(len(x)), 4) for x in (a, b)]
    without = [double_loop(np.delete(a, parts[0][i], 0), np.delete(b, parts[1][i], 0)) for i in range(4)]
    assert error == pytest.approx(math.sqrt(3 / 4 * ((without - np.mean(without)) ** 2).sum()), rel=1e-9)


def test_kernel_distance_is_that_of_the_first_three_moments():
    """In one dimension k = (x y + 1)^3, so MMD^2 = sum_j C(3, j) (E x^j - E y^j)^2, known for two Gaussians."""
    def moments(m, s):
        return [m, m * m + s * s, m ** 3 + 3 * m * s * s]
    expected = sum(c * (p - q) ** 2 for c, p, q in zip((3, 3, 1), moments(0.5, 1.2), moments(0, 1), strict=True))
    value, error = kernel_distance(RNG.normal(0.5, 1.2, (4000, 1)), RNG.normal(0, 1, (4000, 1)))
    assert value == pytest.approx(expected, abs=4 * error) and error < 0.15 * expected


def test_kernel_distance_of_equal_distributions_is_zero_on_average_and_its_error_is_honest():
    """Unbiased, unlike Fréchet's; and the scatter of 100 draws is what each draw says of itself."""
    def draws(shift):
        return np.array([kernel_distance(RNG.normal(size=(80, 3)), RNG.normal(size=(80, 3)) + shift, blocks=10)
                         for _ in range(100)])
    apart, null = draws(0.4), draws(0)[:, 0]
    assert apart[:, 0].std() == pytest.approx(apart[:, 1].mean(), rel=0.3)
    assert abs(null.mean()) < 3 * null.std() / math.sqrt(100) and (null < 0).any()


def test_kernel_distance_of_collapsed_and_of_identical_features():
    point = np.tile(A[:1], (50, 1))
    assert kernel_distance(point, point) == (pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9))
    value, error = kernel_distance(point, A)
    assert value > 10 * error > 0
    assert kernel_distance(A, A)[0] < 0                          # the same rows: less than two draws would have


# Precision and recall


def brute_force(reals, fakes, k):
    def inside(x, centres):
        return any(math.dist(x, c) <= sorted(math.dist(c, other) for other in centres)[k] for c in centres)
    return np.mean([inside(x, reals) for x in fakes]), np.mean([inside(x, fakes) for x in reals])


@pytest.mark.parametrize("k", [1, 3])
def test_precision_and_recall_equal_brute_force(k):
    reals, fakes = RNG.normal(size=(40, 2)), RNG.normal(size=(30, 2)) * 1.3 + 0.5
    found = precision_recall(reals, fakes, k=k)
    precision, recall = brute_force(reals.tolist(), fakes.tolist(), k)
    assert (found.precision, found.recall) == (pytest.approx(precision), pytest.approx(recall))
    assert 0 < precision < 1 and 0 < recall < 1
    assert found.precision_error == pytest.approx(math.sqrt(precision * (1 - precision) / 30))
    assert found.recall_error == pytest.approx(math.sqrt(recall * (1 - recall) / 40))


def test_precision_and_recall_of_the_cases_that_can_be_known():
    same = precision_recall(A, A)
    assert (same.precision, same.recall) == (1, 1)
    far = precision_recall(A, A + 1000)
    assert (far.precision, far.recall) == (0, 0)
    collapsed = precision_recall(A, np.tile(A[:1], (50, 1)))                        # on one real row: precise, no recall
    assert (collapsed.precision, collapsed.recall) == (1, 1 / len(A))
    half = precision_recall(np.concatenate([A, A + 1000]), A)                       # one of two modes
    assert (half.precision, half.recall) == (1, 0.5)


# Classes


def sure(labels, classes=10, p=0.99):
    rest = (1 - p) / (classes - 1)
    return np.where(np.arange(classes) == np.asarray(labels)[:, None], p, rest)


def test_histogram_counts_what_the_classifier_is_sure_of():
    found = class_histogram(np.concatenate([sure([0, 0, 3, 9] * 20), sure([5] * 20, p=0.6)]))
    np.testing.assert_allclose(found.shares, [0.4, 0, 0, 0.2, 0, 0, 0, 0, 0, 0.2])
    assert found.errors[0] == pytest.approx(math.sqrt(0.4 * 0.6 / 100)) and found.errors[1] == 0
    assert found.unsure == pytest.approx(0.2) and found.covered == 3
    assert class_histogram(sure([5] * 20, p=0.6), confidence=0.5).covered == 1


def test_a_classifier_that_knows_nothing_finds_no_class():
    """Fault 29: a classifier that says 1/10 to everything must not look like ten classes, or like one."""
    found = class_histogram(np.full((50, 10), 0.1))
    assert (found.covered, found.unsure, found.shares.sum()) == (0, 1, 0)


def test_class_distance_of_the_cases_that_can_be_known():
    assert class_distance(sure([0, 1]), sure([1, 0])) == 0
    assert class_distance(sure([0, 1]), sure([2, 3])) == pytest.approx(1)
    assert class_distance(sure([0, 1]), sure([0, 0])) == pytest.approx(0.5)
    assert class_distance(sure([0, 1]), np.full((2, 10), 0.1)) == pytest.approx(1)


@pytest.mark.parametrize("probabilities, confidence, message", [
    (np.full((2, 10), 0.2), 0.9, "sum to 1 in each row; give softmax"),
    (np.array([[1.5, -0.5]]), 0.9, "must be >= 0 and sum to 1"),
    (np.full((2, 10), np.nan), 0.9, "probabilities holds NaN"),
    (np.full((2, 10), 0.1), 1, "confidence must be below 1, got 1"),
    (np.full((0, 10), 0.1), 0.9, r"probabilities must be \(n, d\) with n >= 1"),
])
def test_histogram_names_what_is_wrong(probabilities, confidence, message):
    with pytest.raises(ValueError, match=message):
        class_histogram(probabilities, confidence=confidence)


# Memorisation


def test_memorisation_equals_a_loop():
    samples, train, test = (RNG.normal(size=(n, 3)) for n in (60, 40, 25))
    near = [[min(range(len(s)), key=lambda i: math.dist(x, s[i])) for s in (train, test)] for x in samples]
    copied = [math.dist(x, train[i]) < math.dist(x, test[j]) for x, (i, j) in zip(samples, near, strict=True)]
    found = memorisation(samples, train, test)
    assert found.share == pytest.approx(np.mean(copied)) and found.expected == pytest.approx(40 / 65)
    drawn = np.bincount([i if won else 40 + j for won, (i, j) in zip(copied, near, strict=True)])
    drawn = np.append(drawn, [0] * (65 - len(drawn)))
    dealt = [drawn[np.random.default_rng(i).permutation(65)[:40]].sum() / 60 for i in range(4000)]
    assert found.error == pytest.approx(np.std(dealt), rel=0.05)


@pytest.mark.parametrize("shift", [0.0, 10.0, 1e3, 1e5])
def test_a_memory_is_a_memory_wherever_it_lies(shift):
    draws = np.random.default_rng(0)
    train, test = draws.normal(size=(500, 2)) + shift, draws.normal(size=(500, 2)) + shift
    assert memorisation(train, train, test).share == 1


def test_memorisation_of_a_memory_of_a_learner_and_of_one_point():
    samples, train, test = (RNG.normal(size=(500, 4)) for _ in range(3))
    assert memorisation(train, train, test).share == 1
    assert memorisation(test, train, test).share == 0
    assert memorisation(samples, train, train).share == 0.5                         # ties count half
    learner = memorisation(samples, train, test)
    assert abs(learner.share - 0.5) < 4 * learner.error
    one = memorisation(np.zeros((500, 4)), train, test)
    assert one.share in (0, 1) and one.error == 0.5                                  # 500 samples, but one throw of a coin


def test_memorisation_is_the_same_in_chunks_of_any_size(monkeypatch):
    samples, train, test = (RNG.normal(size=(n, 3)) for n in (60, 40, 25))
    whole = memorisation(samples, train, test)
    for chunk in (1, 7, 60):
        monkeypatch.setattr(metrics, "CHUNK", chunk)
        found = memorisation(samples, train, test)
        assert found.share == whole.share and found.error == pytest.approx(whole.error, rel=1e-12)


def test_in_a_tie_every_sample_takes_the_training_image():
    train, test = np.array([[-1.0], [9.0]]), np.array([[1.0]])
    samples = np.array([[0.0], [0.0], [-1.0], [-1.0]])           # two ties, and two at the first training image
    dealt = [sum(drawn[:2]) / 4 for drawn in itertools.permutations((4, 0, 0))]
    found = memorisation(samples, train, test)
    assert found.share == 0.75 and found.error == pytest.approx(np.std(dealt))


def test_the_error_of_memorisation_is_that_of_dealing_the_images_anew():
    found = [memorisation(*(RNG.normal(size=(n, 3)) for n in (200, 60, 60))) for _ in range(300)]
    assert np.std([f.share for f in found]) == pytest.approx(np.mean([f.error for f in found]), rel=0.15)


# Errors by blocks, and what all of them refuse


def test_the_jackknife_of_a_mean_is_the_textbooks_error():
    x = RNG.integers(0, 9, size=(40, 1)).astype(float)
    value, error = with_error(lambda x: float(x.mean()), x, blocks=20)
    pairs = x.reshape(20, 2).mean(1)
    assert value == x.mean() and error == pytest.approx(pairs.std(ddof=1) / math.sqrt(20), rel=1e-9)
    assert with_error(lambda x: float(x.mean()), torch.tensor(x)) == pytest.approx((value, error))


def test_the_error_of_frechet_is_its_scatter():
    found = np.array([with_error(frechet_distance, RNG.normal(size=(200, 3)), RNG.normal(size=(200, 3)) + 0.5, blocks=10)
                      for _ in range(80)])
    assert found[:, 0].std() == pytest.approx(found[:, 1].mean(), rel=0.3)


@pytest.mark.parametrize("measure", [
    kernel_distance, precision_recall, nearest_neighbours,
    lambda a, b, progress: memorisation(a, a, b, progress=progress),
    lambda a, b, progress: parzen_log_likelihood(a, b, 1.0, progress=progress)])
def test_a_bar_appears_when_it_takes_long_and_is_asked_for(measure, capsys, monkeypatch):
    monkeypatch.setattr(metrics, "PATIENCE", 60)                                    # on a busy machine nothing is quick
    measure(A, B, progress=True)
    assert capsys.readouterr().err == ""                                            # done before anybody would wonder
    monkeypatch.setattr(metrics, "PATIENCE", 0)
    measure(A, B, progress=False)
    assert capsys.readouterr().err == ""
    measure(A, B, progress=True)
    assert re.search(r"[a-zA-Z ]+: +\d+%\|", capsys.readouterr().err)                # with a name


@pytest.mark.parametrize("measure", [
    kernel_distance, precision_recall, nearest_neighbours, lambda a, b: memorisation(a, a, b),
    lambda a, b: parzen_log_likelihood(a, b, 1.0), lambda a, b: metrics.parzen_log_likelihoods(a, b, [1.0])])
def test_no_bar_appears_unasked(measure, capsys, monkeypatch):
    monkeypatch.setattr(metrics, "PATIENCE", 0)
    measure(A, B)
    assert capsys.readouterr().err == ""


def test_too_few_rows_for_the_blocks_are_refused():
    with pytest.raises(ValueError, match="20 blocks need at least 40 rows, got 30; take fewer blocks"):
        with_error(frechet_distance, A, B[:30])


@pytest.mark.parametrize("measure, least", [(frechet_distance, 2), (kernel_distance, 40), (precision_recall, 4),
                                            (lambda a, b: memorisation(a, a, b), 1)])
def test_measures_of_features_name_what_is_wrong(measure, least):
    """Fault 27: fewer rows than a measure needs, NaN, another d, images that nobody flattened."""
    with pytest.raises(ValueError, match=rf"must be \(n, d\) with n >= {least}, got \({least - 1}, 5\)"):
        measure(A[:50], B[:least - 1])
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="holds NaN or infinity"):
            measure(np.where(np.arange(300)[:, None] == 7, bad, A), B)
    with pytest.raises(ValueError, match="must have one d, got 5"):
        measure(A, B[:, :4])
    with pytest.raises(ValueError, match="flatten images with"):
        measure(A[:, :, None], B)
