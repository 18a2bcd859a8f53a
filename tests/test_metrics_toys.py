"""The meters for toys: what real data reads, what a collapse reads, and each number against an independent source."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from gan_edu import metrics_toys, rng, theory, toys
from gan_edu.metrics_toys import METERS, floors, readings, wasserstein1

TOYS = {"gaussian": toys.Gaussian1D(1.0, 0.5), "mixture": toys.Mixture1D(), "ring": toys.Ring(), "grid": toys.Grid(),
        "spiral": toys.Spiral(turns=1, std=0.1), "moons": toys.Moons(std=0.1), "checkerboard": toys.Checkerboard(),
        "drawn": toys.Drawn([[(0.0, 0.0), (1.0, 1.0)], [(-1.0, 0.5)]], std=0.1)}
N = 200


@pytest.fixture(params=TOYS, scope="module")
def toy(request):
    return TOYS[request.param]


def drawn(toy, n=N, place=0):
    return toy.sample(n, generator=rng.generator(99, place))


def test_real_against_real_reads_within_its_floor_seven_times_in_eight(toy):
    """0.872 of the draws are expected inside the band of two order statistics of 64; more where readings tie."""
    bands = floors(toy, N)
    inside = {name: 0 for name in METERS}
    for place in range(30):
        for name, value in readings(toy, drawn(toy, place=place)).items():
            inside[name] += bands[name][0] <= value <= bands[name][1]
    low = stats.binom.ppf(1e-4, 30, 0.8)         # the band itself is drawn, so that its share varies by about 0.04
    assert min(inside.values()) >= low, inside


@pytest.mark.parametrize("name", METERS)
def test_a_meter_is_its_reading_and_a_collapse_reads_far_outside(toy, name):
    meter = METERS[name](toy, N)
    low, high = meter.floor
    real = drawn(toy)
    assert meter(real) == readings(toy, real)[name] and meter.floor == floors(toy, N)[name]
    one = toy.modes[-1:] + 0.02 * torch.randn(N, toy.dim, generator=rng.generator(1, 1))    # at one mode
    far = torch.full((N, toy.dim), 50.0)
    readers = {"js": (one, far), "w1": (one, far), "quality": (far,),
               "modes": (one, far) if len(toy.modes) > 1 else (far,)}
    for x in readers[name]:
        value = meter(x)
        assert value > high + 5 * (high - low) if meter.better == "low" else value < 0.6 * low


def test_the_floor_of_js_is_the_bias_that_counting_has():
    """For p = q the plug-in JS of B cells is (B - 1)/(8 n) to first order: B - 1 is the mean of chi square.

    The masses of the cells are themselves counted, on 32,768 draws of the data.
    """
    toy = TOYS["gaussian"]
    values = [readings(toy, drawn(toy, 4000, place))["js"] for place in range(30)]
    assert np.mean(values) == pytest.approx(65 / 8 * (1 / 4000 + 1 / 32_768), rel=0.1)


@pytest.mark.parametrize("mean, std", [(0.5, 1.0), (2.0, 1.0), (0.0, 0.5), (6.0, 1.0)])
def test_js_of_a_shifted_gaussian_is_the_quadrature(mean, std):
    """Cells may hide a difference, never make one: the reading, less its bias, is below the integral and close to it."""
    x = np.linspace(-15, 15, 60_001)
    exact = theory.js(theory.gaussian(x), theory.gaussian(x, mean, std), x)
    n = 20_000
    x_fake = toys.Gaussian1D(mean, std).sample(n, generator=rng.generator(3, 0))
    found = readings(toys.Gaussian1D(), x_fake)["js"]
    assert exact - 0.015 < found - 65 / (8 * n) < exact + 0.004


def test_js_between_far_apart_is_log_2_and_quality_is_the_three_sigma_share():
    toy = toys.Ring()
    assert readings(toy, torch.zeros(N, 2))["js"] == pytest.approx(math.log(2), abs=0.005)
    n = 20_000
    wide = toys.Ring(std=0.04).sample(n, generator=rng.generator(3, 1))        # twice as wide as the data
    inside = 1 - math.exp(-math.log(100) / 4)           # a disc that holds 0.99 of N(0, s^2), under N(0, 4 s^2)
    assert readings(toy, wide)["quality"] == pytest.approx(inside, abs=0.015)
    assert readings(toy, drawn(toy, n))["quality"] == pytest.approx(0.99, abs=0.004)


@pytest.mark.parametrize("n, m", [(1, 1), (7, 7), (5, 12), (300, 41)])
def test_w1_is_scipys(n, m):
    generator = np.random.default_rng(n)
    a, b = generator.normal(size=n), 1 + generator.normal(size=m)
    assert wasserstein1(a, b) == pytest.approx(stats.wasserstein_distance(a, b), rel=1e-12)


def test_w1_meters_read_shifts_exactly():
    """W1 of a shift by s is s on the line; sliced over even angles in the plane it is s times the mean of |cos|."""
    n = 4000
    line = readings(toys.Gaussian1D(), toys.Gaussian1D(1.5).sample(n, generator=rng.generator(4, 0)))["w1"]
    assert line == pytest.approx(1.5, abs=0.06)
    shifted = drawn(toys.Grid(), n) + torch.tensor([0.0, 3.0])
    assert readings(toys.Grid(), shifted)["w1"] == pytest.approx(3 * 2 / math.pi, abs=0.06)


def test_the_data_side_of_w1_on_the_line_is_exact():
    toy = TOYS["mixture"]
    quantiles = metrics_toys._ground(toy).quantiles.ravel()
    F = 0.5 * (stats.norm.cdf(quantiles, -2, 0.5) + stats.norm.cdf(quantiles, 2, 0.5))
    np.testing.assert_allclose(F, (np.arange(2048) + 0.5) / 2048, atol=2e-6)


def test_modes_of_a_half_covered_ring():
    toy = toys.Ring()
    half = toys.Drawn([[tuple(mode)] for mode in toy.modes[:4].tolist()], std=0.02)
    assert readings(toy, drawn(half))["modes"] == 4
    assert readings(toy, drawn(half) * 1.5)["modes"] == 0            # near no mode: nothing is covered


def test_floors_are_kept_and_seeds_matter():
    toy = TOYS["gaussian"]
    assert floors(toy, N) == floors(toys.Gaussian1D(1.0, 0.5), N) != floors(toy, N, seed=1)
    floors(toy, N)["js"] = None                                      # a copy: nobody spoils the kept one
    assert floors(toy, N)["js"] is not None
    assert np.diff(floors(toy, 2 * N)["js"]) < np.diff(floors(toy, N)["js"])


@pytest.mark.parametrize("make, words", [
    (lambda: METERS["js"]("ring"), "toy must be one of gan_edu.toys, got str"),
    (lambda: METERS["js"](toys.Ring(), 0), "n must be a whole number >= 1, got 0"),
    (lambda: METERS["w1"](toys.Ring(), 5)(torch.zeros(4, 2)), "n = 5 samples, for which the floor is known, got 4"),
    (lambda: readings(toys.Ring(), torch.zeros(4, 3)), r"finite numbers \(n, 2\) .* got \(4, 3\)"),
    (lambda: readings(toys.Ring(), torch.full((4, 2), math.nan)), "finite numbers"),
    (lambda: readings(toys.Ring(), torch.zeros(0, 2)), "n >= 1"),
])
def test_bad_arguments_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
