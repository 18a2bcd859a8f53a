"""The cheats are what they say, and they beat the score they are there to refute."""

import numpy as np
import pytest

from gan_edu.metrics import memorisation, parzen_log_likelihood, select_sigma
from gan_edu.metrics_baselines import kmeans_centres, lookup_table, real_images


def rows_of(images):
    return images.images.flatten(1).double().numpy() / 255


def test_real_images_are_different_images_of_the_set(digits):
    found = real_images(digits, 1_500, seed=3)
    every = rows_of(digits)
    assert found.dtype == np.float64 and found.shape == (1_500, 784)
    np.testing.assert_array_equal(np.sort(found.sum(1)), np.sort(every.sum(1)))           # all of them, once
    np.testing.assert_array_equal(real_images(digits, 5, seed=3), found[:5])
    assert (real_images(digits, 5, seed=4) != found[:5]).any()


def test_centres_are_the_means_of_their_clusters_or_near(digits):
    centres, every = kmeans_centres(digits, 20), rows_of(digits)
    assert centres.shape == (20, 784) and 0 <= centres.min() and centres.max() <= 1
    np.testing.assert_array_equal(kmeans_centres(digits, 20), centres)                    # seeded
    def spread(c):
        return ((every[:, None] - c) ** 2).sum(2).min(1).mean()
    assert spread(centres) < 0.8 * spread(real_images(digits, 20))                        # nearer than the images it began with


def test_the_lookup_table_is_training_images_with_noise(digits):
    plain = lookup_table(digits, 300, noise=0)
    assert {row.tobytes() for row in plain} <= {row.tobytes() for row in rows_of(digits)}
    noisy = lookup_table(digits, 300, noise=0.1)
    grey = (plain > 0.4) & (plain < 0.6)                                                  # far from where it is clipped
    assert (noisy - plain)[grey].std() == pytest.approx(0.1, rel=0.05)
    assert noisy.min() == 0 and noisy.max() == 1
    reference, rest = digits.split(700)
    assert memorisation(lookup_table(reference, 200), rows_of(reference), rows_of(rest[:700])).share == 1


@pytest.mark.parametrize("call, message", [
    (lambda d: real_images(d, 1_501), "n must be at most 1,500, the number of images, got 1,501"),
    (lambda d: kmeans_centres(d, 1_501), "n must be at most 1,500"),
    (lambda d: lookup_table(d, 0), "n must be a whole number >= 1, got 0"),
    (lambda d: lookup_table(d, 5, noise=-1), "noise must be a finite number >= 0, got -1"),
    (lambda d: lookup_table(d, 5, seed=-1), "seed must be a whole number >= 0"),
])
def test_baselines_name_what_is_wrong(digits, call, message):
    with pytest.raises(ValueError, match=message):
        call(digits)


def test_centres_beat_the_images_they_are_made_of(digits):
    """The Parzen score of as many averages is higher than that of real images, although nobody would take them for real."""
    learn, validation = digits.split(1_200)
    def score(samples):
        return parzen_log_likelihood(samples, rows_of(validation), select_sigma(samples, rows_of(learn)[:200]))[0]
    assert score(kmeans_centres(learn, 200)) > score(real_images(learn, 200)) + 10
