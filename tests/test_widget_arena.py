"""Tests of the arena's Python half: fair images, the score and its interval, the twin on paper."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import binomtest
from traitlets import TraitError

from gan_edu import data, plots
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.widgets.arena import Arena, wilson_interval


@pytest.fixture(scope="module")
def game():
    with seeded(0):
        return GAN(MLPGenerator(10, hidden=(16,)), MLPDiscriminator(hidden=(8,)))


@pytest.fixture
def arena(game, tiny_images):
    return Arena(game, tiny_images, n=100, seed=3)


# ---- the interval

@pytest.mark.parametrize("right, n", [(0, 1), (1, 1), (8, 10), (17, 25), (50, 100), (199, 200), (0, 40)])
def test_wilson_interval_is_scipys(right, n):
    theirs = binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(right, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_interval_covers_what_it_says():
    """Of many arenas of 30 images, about 95 % hold the true share of a judge who is right 80 % of the time."""
    rng = np.random.default_rng(0)
    ends = [wilson_interval(k, 30) for k in rng.binomial(30, 0.8, 4000)]
    assert np.mean([low <= 0.8 <= high for low, high in ends]) == pytest.approx(0.95, abs=0.02)


def test_nothing_seen_is_nothing_known():
    assert wilson_interval(0, 0) == (0, 1)


@pytest.mark.parametrize("right, n, words", [(3, 2, "at most n = 2, got 3"), (-1, 2, "right must be"),
                                             (0, -1, "n must be")])
def test_wilson_interval_refuses_impossible_counts(right, n, words):
    with pytest.raises(ValueError, match=words):
        wilson_interval(right, n)


# ---- the images

def test_images_are_real_or_forged_by_a_fair_coin(arena, tiny_images):
    real = {image.numpy().tobytes() for image in tiny_images.images}
    assert [image.numpy().tobytes() in real for image in arena.images] == arena.truth
    assert 35 <= sum(arena.truth) <= 65
    assert arena.pixels == arena.images.numpy().tobytes() and arena.shape == [1, 28, 28]
    shown = [image.numpy().tobytes() for image, is_real in zip(arena.images, arena.truth) if is_real]
    assert len(set(shown)) == len(shown)                                   # no real image comes twice


def test_judge_and_reader_see_the_same_pixels(arena, game):
    wanted = game.judge(data.scale(arena.images))
    assert torch.allclose(torch.tensor(arena.verdicts), wanted, atol=1e-6)


def test_seed_decides_everything(game, tiny_images):
    one, two, other = (Arena(game, tiny_images, n=50, seed=seed) for seed in (1, 1, 2))
    assert one.pixels == two.pixels and one.truth == two.truth
    assert other.pixels != one.pixels
    assert one.key(50) == [i + 1 for i in range(50) if not one.truth[i]]


def test_sharpness_gives_nothing_away_beside_the_embedded_digits(game, digits):
    """Forged images get the 8 x 8 grid, the frame and the levels of the embedded ones."""
    arena = Arena(game, digits, n=100)
    forged = arena.images[~torch.tensor(arena.truth)].double()
    assert forged[:, :, :4].max() == 0 and forged[:, :, :, 24:].max() == 0

    def beyond_eight(x):
        """What an enlarged 8 x 8 image cannot have: weight on the ninth singular value, here the mean over images."""
        values = torch.linalg.svdvals(x[:, 0, 4:24, 4:24].double())
        return (values[:, 8] / values[:, 0]).mean().item()

    plain = 255 * torch.rand(50, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert beyond_eight(plain) > 0.08
    assert max(beyond_eight(forged), beyond_eight(digits.images)) < 0.02


@pytest.mark.parametrize("real, n, words", [
    (None, 10, "real must be an ImageSet"), (np.zeros((5, 28, 28), np.uint8), 10, "real must be"),
    (np.zeros((9, 1, 28, 28), np.uint8), 10, "at least 10 images .* got 9"),
    (np.zeros((9, 1, 8, 8), np.uint8), 5, r"of shape \(1, 28, 28\) like G's, got 9 of \(1, 8, 8\)"),
    (np.zeros((9, 1, 28, 28), np.uint8), 0, "n must be a whole number")])
def test_arena_refuses_images_that_do_not_fit(game, real, n, words):
    with pytest.raises(ValueError, match=words):
        Arena(game, real, n=n)


def test_arena_refuses_what_is_no_game(tiny_images):
    with pytest.raises(ValueError, match="or a GAN, got Linear"):
        Arena(torch.nn.Linear(2, 2), tiny_images)


# ---- the score

def test_score_counts_both_judges_on_the_same_images(arena):
    arena.answers = [not arena.truth[0], *arena.truth[1:40]]
    score = arena.score()
    D = sum((v > 0.5) == t for v, t in zip(arena.verdicts[:40], arena.truth[:40]))
    assert (score["n"], score["you"], score["D"]) == (40, 39, D)
    assert (score["you_low"], score["you_high"]) == wilson_interval(39, 40)
    assert score["proved"] == pytest.approx(2 * wilson_interval(39, 40)[0] - 1)


def test_a_coin_proves_nothing(arena):
    assert arena.score()["proved"] == 0
    arena.answers = [True] * 10
    assert 0 <= arena.score()["proved"] < 1


def test_more_answers_than_images_are_refused(arena):
    with pytest.raises((ValueError, TraitError), match="there are 100 images, got 101 answers"):
        arena.answers = [True] * 101


# ---- on paper

def test_static_twin_shows_twenty_images_and_no_answer(arena):
    picture = Image.open(io.BytesIO(arena.png()))
    assert picture.width > 400
    sheet = plots.tile(arena.images[:20], columns=10)
    drawn = arena.figure().axes[0].images[0].get_array()
    assert np.allclose(drawn, (sheet + 1) / 2)
    assert repr(arena) == "Arena(100 images to judge)" and "20 small pictures" in arena.describe()
    assert arena.png() == arena.png()
