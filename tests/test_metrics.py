"""Measures against slow independent twins, at the edges, and on the real MNIST."""

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from scipy.stats import gaussian_kde, multivariate_normal

from gan_edu.metrics import (
    SIGMAS,
    memorisation,
    modes_covered,
    nearest_neighbours,
    parzen_log_likelihood,
    parzen_log_likelihoods,
    select_sigma,
)
from gan_edu.toys import Ring

RNG = np.random.default_rng(0)
SAMPLES, TEST = RNG.random((30, 3)), RNG.random((7, 3))


@pytest.mark.parametrize("sigma", [0.02, 0.2, 3.0])
def test_parzen_equals_a_double_loop(sigma):
    """Fault 28: also at sigma = 0.02, where every single term may underflow."""
    scores = [logsumexp([multivariate_normal.logpdf(x, s, sigma ** 2 * np.eye(3)) for s in SAMPLES]) - math.log(30)
              for x in TEST]
    mean, error = parzen_log_likelihood(SAMPLES, TEST, sigma)
    assert mean == pytest.approx(np.mean(scores), rel=1e-9)
    assert error == pytest.approx(np.std(scores, ddof=1) / math.sqrt(7), rel=1e-7)


def test_parzen_equals_scipys_kernel_density():
    kde = gaussian_kde(SAMPLES.T, bw_method=1.0)
    whitened = np.linalg.cholesky(np.linalg.inv(kde.covariance))       # SciPy's window is an ellipsoid: make it a ball
    mean, _ = parzen_log_likelihood(SAMPLES @ whitened, TEST @ whitened, 1.0)
    assert mean + np.linalg.slogdet(whitened)[1] == pytest.approx(np.log(kde(TEST.T)).mean(), rel=1e-9)


def test_parzen_of_one_sample_is_a_gaussian_in_784_dimensions():
    x, s = np.full((1, 784), 0.5), np.zeros((1, 784))
    mean, error = parzen_log_likelihood(s, x, 0.2)
    assert mean == pytest.approx(-784 * (0.25 / 0.08 + math.log(0.2 * math.sqrt(2 * math.pi))), rel=1e-12)
    assert math.isnan(error)                                            # one test point has no spread
    assert parzen_log_likelihood(s, np.concatenate([x, x]), 0.2)[1] == 0       # two have one


def test_chunks_do_not_change_the_score():
    whole = parzen_log_likelihoods(SAMPLES, TEST, [0.1, 0.2], chunk=1000)
    np.testing.assert_allclose(parzen_log_likelihoods(SAMPLES, TEST, [0.1, 0.2], chunk=1), whole, rtol=1e-12)


def test_sigma_is_the_best_of_the_grid_on_the_validation_points():
    means = [parzen_log_likelihood(SAMPLES, TEST, sigma)[0] for sigma in SIGMAS]
    assert select_sigma(SAMPLES, TEST) == SIGMAS[int(np.argmax(means))]
    assert select_sigma(SAMPLES, TEST, [5.0]) == 5.0


def test_tensors_and_arrays_score_alike():
    assert parzen_log_likelihood(torch.tensor(SAMPLES), torch.tensor(TEST), 0.2) == parzen_log_likelihood(SAMPLES, TEST, 0.2)


@pytest.mark.parametrize("arguments, message", [
    ((SAMPLES, TEST, 0.0), "sigma must be a finite number > 0, got 0.0"),
    ((SAMPLES, TEST, math.nan), "sigma must be a finite number > 0"),
    ((SAMPLES[:0], TEST, 0.2), r"samples must be \(n, d\) with n >= 1, got \(0, 3\)"),
    ((SAMPLES.reshape(30, 3, 1), TEST, 0.2), "flatten images with"),
    ((SAMPLES, TEST[:, :2], 0.2), "must have one d, got 3 and 2"),
    ((SAMPLES, np.full((2, 3), np.nan), 0.2), "test holds NaN or infinity"),
])
def test_parzen_names_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        parzen_log_likelihood(*arguments)


def test_an_empty_grid_is_refused():
    with pytest.raises(ValueError, match="^sigmas must hold at least one candidate"):
        select_sigma(SAMPLES, TEST, [])


def test_nearest_neighbours_equal_a_sort_of_all_distances():
    indices, distances = nearest_neighbours(TEST, SAMPLES, 4)
    for i, x in enumerate(TEST):
        every = np.sqrt(((SAMPLES - x) ** 2).sum(1))
        np.testing.assert_array_equal(indices[i], np.argsort(every)[:4])
        np.testing.assert_allclose(distances[i], np.sort(every)[:4], atol=1e-7)
    images = torch.rand(5, 1, 4, 4)
    indices, distances = nearest_neighbours(images[2:3], images)
    assert indices.tolist() == [[2]] and distances[0, 0] < 1e-6


@pytest.mark.parametrize("samples, n, message", [
    (TEST, 31, "n must be at most 30, the number of images, got 31"), (TEST, 0, "n must be a whole number >= 1"),
    (TEST[:, :2], 1, "must have one d, got 2 and 3")])
def test_nearest_neighbours_name_what_is_wrong(samples, n, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbours(samples, SAMPLES, n)
    assert nearest_neighbours(TEST, SAMPLES, 30)[0].shape == (len(TEST), 30)


def test_the_word_in_front_is_that_of_the_argument():
    bad = np.full((4, 3), np.nan)
    for name, call in (("images", lambda: nearest_neighbours(TEST, bad)), ("samples", lambda: nearest_neighbours(bad, TEST)),
                       ("samples", lambda: memorisation(bad, TEST, TEST)), ("train", lambda: memorisation(TEST, bad, TEST)),
                       ("test", lambda: memorisation(TEST, TEST, bad)), ("modes", lambda: modes_covered(TEST, bad, 1.0))):
        with pytest.raises(ValueError, match=f"^{name} holds NaN"):
            call()
    with pytest.raises(ValueError, match="^at_least must be a whole number"):
        modes_covered(TEST, TEST, 1.0, at_least=0.5)


def test_modes_equal_a_loop_over_samples_and_modes():
    points, modes = RNG.normal(size=(700, 2)), RNG.normal(size=(5, 2))
    counts = [0] * 5
    for x in points:
        distances = [math.dist(x, mode) for mode in modes]
        if min(distances) <= 0.3:
            counts[int(np.argmin(distances))] += 1
    found = modes_covered(points, modes, 0.3)
    assert found.counts.tolist() == counts and found.share == sum(counts) / 700
    assert found.covered == sum(count > 0 for count in counts)
    assert modes_covered(modes[:1], modes, 0.3).covered == 1      # by one sample
    needs = sorted(counts)[2]
    assert modes_covered(points, modes, 0.3, at_least=needs).covered == sum(count >= needs for count in counts)


def test_a_ring_a_collapsed_ring_and_noise_are_told_apart():
    """Three standard deviations hold 1 - exp(-9/2) = 98.9 % of a round Gaussian in the plane."""
    ring = Ring(modes=8, std=0.05)
    draws = ring.sample(20_000, generator=torch.Generator().manual_seed(0))
    real = modes_covered(draws, ring.modes, 0.15)
    assert real.covered == 8 and real.share == pytest.approx(1 - math.exp(-4.5), abs=4 * math.sqrt(0.011 / 20_000))
    collapsed = modes_covered(ring.modes[3:4].repeat(50, 1), ring.modes, 0.15)
    assert (collapsed.covered, collapsed.share, collapsed.counts.tolist()) == (1, 1.0, [0, 0, 0, 50, 0, 0, 0, 0])
    far = modes_covered(draws + 100, ring.modes, 0.15)
    assert (far.covered, far.share, far.counts.sum()) == (0, 0.0, 0)


@pytest.mark.parametrize("arguments, message", [
    ((TEST, SAMPLES[:, :2], 0.1), "samples and modes must have one d, got 3 and 2"),
    ((np.full((2, 3), np.nan), SAMPLES, 0.1), "samples holds NaN or infinity"),
    ((TEST, SAMPLES[:0], 0.1), r"modes must be \(n, d\) with n >= 1"),
    ((TEST, SAMPLES, 0), "radius must be a finite number > 0, got 0"),
])
def test_modes_name_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        modes_covered(*arguments)


@pytest.mark.slow
def test_real_training_images_score_243(mnist, mnist_test):
    """The ceiling that is none: 10,000 training images as `samples`, against the whole test set."""
    order = torch.randperm(len(mnist), generator=torch.Generator().manual_seed(0))
    pixels = [x.images.flatten(1).double() / 255 for x in (mnist[order[:10_000]], mnist[order[10_000:11_000]], mnist_test)]
    mean, error = parzen_log_likelihood(pixels[0], pixels[2], select_sigma(pixels[0], pixels[1]))
    assert mean == pytest.approx(243, abs=2) and error == pytest.approx(1.9, abs=0.2)
