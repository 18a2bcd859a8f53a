"""What `gan_edu.theory` promises: the course's exact numbers, independent quadrature, identities, errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from gan_edu import theory as th

X = np.linspace(-14, 22, 6001)
PAIRS = {  # two pairs of our own, far from Gaussians of one width: skewed, heavy-tailed
    "gamma against lognormal": (stats.gamma(3.0), stats.lognorm(0.6, scale=2.0), 0.0, 60.0),
    "logistic against Student t": (stats.logistic(0.5, 0.8), stats.t(5, loc=-1.0), -60.0, 60.0),
}


def normals(mu: float) -> tuple[np.ndarray, np.ndarray]:
    return th.gaussian(X), th.gaussian(X, mu)


def random_densities(seed: int, n: int = 301) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(0.01, 0.2, n))
    p, q = rng.gamma(0.5, size=(2, n)) * (rng.random((2, n)) < 0.8)
    return p / th.mass(p, x), q / th.mass(q, x), x


# ---------------------------------------------------------------- the claims marked (=) in the course

@pytest.mark.parametrize(("mu", "best"), [(0, -1.3863), (1, -1.1635), (2, -0.7126), (4, -0.1209), (8, -0.0002)])
def test_value_of_the_best_judge_of_two_gaussians(mu: float, best: float) -> None:
    p, q = normals(mu)
    assert th.criterion(p, q, X) == pytest.approx(best, abs=1e-4)
    assert th.value(th.optimal_discriminator(p, q), p, q, X) == pytest.approx(th.criterion(p, q, X), abs=1e-12)


@pytest.mark.parametrize(("mu", "accuracy"), [(0, 0.500), (1, 0.691), (2, 0.841), (4, 0.977)])
def test_best_accuracy_of_two_gaussians(mu: float, accuracy: float) -> None:
    p, q = normals(mu)
    assert th.best_accuracy(p, q, X) == pytest.approx(accuracy, abs=1e-3)
    assert th.best_accuracy(p, q, X) == pytest.approx(stats.norm.cdf(mu / 2), abs=1e-5)


def test_a_judge_who_always_says_half() -> None:
    p, q = normals(3)
    assert th.value(0.5, p, q, X) == pytest.approx(-np.log(4), abs=1e-9)
    assert th.value(np.full_like(X, 0.5), p, q, X) == pytest.approx(-1.3863, abs=1e-4)


def test_value_is_minus_two_mean_cross_entropies() -> None:
    """V = -2 BCE(mean): sum over a batch of n real (label 1) and n generated (label 0), divided by 2n."""
    p, q, x = random_densities(5)
    D = np.random.default_rng(0).uniform(0.05, 0.95, x.size)
    cross_entropy = -0.5 * (np.trapezoid(p * np.log(D), x) + np.trapezoid(q * np.log(1 - D), x))
    assert th.value(D, p, q, x) == pytest.approx(-2 * cross_entropy, abs=1e-12)


def test_posterior_of_two_equal_gaussians_is_a_sigmoid() -> None:
    """D* between N(a, s) and N(b, s) is sigmoid(w x + c) with w = (a-b)/s^2, c = (b^2-a^2)/(2 s^2)."""
    a, b, s = -0.4, 1.3, 0.7
    x = np.linspace(-5, 6, 101)
    line = (a - b) / s**2 * x + (b * b - a * a) / (2 * s * s)
    np.testing.assert_allclose(th.optimal_discriminator(th.gaussian(x, a, s), th.gaussian(x, b, s)),
                               1 / (1 + np.exp(-line)), rtol=1e-12)


# ---------------------------------------------------------------- against independent computations

@pytest.mark.parametrize("name", PAIRS)
def test_integrals_agree_with_adaptive_quadrature(name: str) -> None:
    a, b, low, high = PAIRS[name]
    x = np.linspace(low, high, 40001)
    p, q = a.pdf(x), b.pdf(x)

    def quad(f: object) -> float:
        cuts = np.linspace(low, high, 61)
        return sum(integrate.quad(f, s, t, epsabs=1e-12)[0] for s, t in zip(cuts[:-1], cuts[1:], strict=True))

    def part(u: stats.rv_continuous, v: stats.rv_continuous) -> float:
        return quad(lambda t: 0.0 if u.pdf(t) == 0 else u.pdf(t) * (u.logpdf(t) - np.log(u.pdf(t) + v.pdf(t))))

    expected = part(a, b) + part(b, a)
    assert th.criterion(p, q, x) == pytest.approx(expected, abs=1e-5)
    assert th.js(p, q, x) == pytest.approx(0.5 * (expected + np.log(4)), abs=1e-5)
    assert th.total_variation(p, q, x) == pytest.approx(0.5 * quad(lambda t: abs(a.pdf(t) - b.pdf(t))), abs=1e-5)
    assert th.wasserstein1(p, q, x) == pytest.approx(quad(lambda t: abs(a.cdf(t) - b.cdf(t))), abs=1e-4)


def test_kl_agrees_with_the_closed_form_of_two_gaussians() -> None:
    for m0, s0, m1, s1 in [(0, 1, 1, 1), (0.5, 0.6, -1.0, 1.7), (3.0, 2.0, 2.0, 0.9)]:
        exact = np.log(s1 / s0) + (s0**2 + (m0 - m1) ** 2) / (2 * s1**2) - 0.5
        logs = th.gaussian_log(X, m0, s0), th.gaussian_log(X, m1, s1)
        assert th.kl(np.exp(logs[0]), np.exp(logs[1]), X) == pytest.approx(exact, abs=1e-6)
        assert th.kl_of_logs(*logs, X) == pytest.approx(exact, abs=1e-6)


def test_kl_of_logs_takes_density_0_and_nothing_else_that_is_infinite() -> None:
    x, nothing = np.linspace(0, 1, 3), -np.inf
    assert th.kl_of_logs([nothing, 0.0, 0.0], [nothing, 0.0, 0.0], x) == 0
    assert th.kl_of_logs([0.0, 0.0, 0.0], [nothing, 0.0, 0.0], x) == np.inf
    for bad in (np.inf, np.nan):
        for logs in (([bad, 0.0, 0.0], [0.0] * 3), ([0.0] * 3, [bad, 0.0, 0.0])):
            with pytest.raises(ValueError, match="no nan or"):
                th.kl_of_logs(*logs, x)


def test_kl_of_logs_survives_underflow() -> None:
    x = np.linspace(-12, 16, 20001)
    logs = th.gaussian_log(x, 0, 1), th.gaussian_log(x, 6, 0.3)
    assert th.kl(np.exp(logs[0]), np.exp(logs[1]), x) == np.inf
    assert th.kl_of_logs(*logs, x) == pytest.approx(np.log(0.3) + 37 / 0.18 - 0.5, rel=1e-6)


@pytest.mark.parametrize("mu", [0.0, 0.3, 2.5])
def test_wasserstein_of_a_shift_is_the_shift(mu: float) -> None:
    p, q = normals(mu)
    assert th.wasserstein1(p, q, X) == pytest.approx(mu, abs=1e-6)


def test_wasserstein_agrees_with_scipy_on_weighted_points() -> None:
    p, q = th.mixture(X, [-2, 3], [0.5, 1.2], [0.3, 0.7]), th.gaussian(X, 1.0, 2.0)
    assert th.wasserstein1(p, q, X) == pytest.approx(stats.wasserstein_distance(X, X, p, q), abs=1e-4)


def test_a_mixture_agrees_with_monte_carlo_within_three_standard_errors() -> None:
    """Real: 0.3 N(-2, 0.5^2) + 0.7 N(2, 1). Generated: N(0, 2^2). 200,000 draws of each, seed fixed."""
    rng, n = np.random.default_rng(2014), 200_000
    centre = rng.random(n) < 0.3
    real = np.where(centre, rng.normal(-2, 0.5, n), rng.normal(2, 1, n))
    fake = rng.normal(0, 2, n)

    def densities(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return th.mixture(t, [-2, 2], [0.5, 1.0], [0.3, 0.7]), th.gaussian(t, 0, 2)

    log_D = np.log(th.optimal_discriminator(*densities(real)))
    log_1mD = np.log1p(-th.optimal_discriminator(*densities(fake)))
    estimate, error = log_D.mean() + log_1mD.mean(), np.hypot(log_D.std(), log_1mD.std()) / np.sqrt(n)
    assert error < 2e-3
    assert abs(th.criterion(*densities(X), X) - estimate) < 3 * error
    ratio = np.log(densities(real)[0]) - np.log(densities(real)[1])
    assert abs(th.kl(*densities(X), X) - ratio.mean()) < 3 * ratio.std() / np.sqrt(n)


def test_smoothed_value_of_the_smoothed_optimum_is_best() -> None:
    """With labels r, f the pointwise objective is (rp+fq) log D + ((1-r)p+(1-f)q) log(1-D); scan D."""
    p, q, (r, f) = 0.3, 0.5, (0.9, 0.1)
    D = np.linspace(0.001, 0.999, 99_901)
    curve = (r * p + f * q) * np.log(D) + ((1 - r) * p + (1 - f) * q) * np.log(1 - D)
    assert th.smoothed_discriminator(p, q, real=r, fake=f) == pytest.approx(D[curve.argmax()], abs=1e-5)
    assert th.smoothed_discriminator(p, q, real=1.0) == th.optimal_discriminator(p, q)


# ---------------------------------------------------------------- identities on rough random densities

@pytest.mark.parametrize("seed", range(20))
def test_identities(seed: int) -> None:
    p, q, x = random_densities(seed)
    rng = np.random.default_rng(seed)
    best, js, tv = th.criterion(p, q, x), th.js(p, q, x), th.total_variation(p, q, x)
    assert best == pytest.approx(-np.log(4) + 2 * js, abs=1e-12)
    assert best == pytest.approx(th.value(th.optimal_discriminator(p, q), p, q, x), abs=1e-12)
    logits = rng.normal(0, 3, x.size)
    assert th.value_of_logits(logits, p, q, x) <= best
    assert th.value_of_logits(logits, p, q, x) == pytest.approx(th.value(1 / (1 + np.exp(-logits)), p, q, x))
    low, high = th.js_bounds(min(tv, 1.0))
    assert 0 <= low <= js <= high <= np.log(2) + 1e-12
    assert tv**2 / 2 <= js
    assert (js, tv) == pytest.approx((th.js(q, p, x), th.total_variation(q, p, x)))
    assert th.js(p, p, x) == th.total_variation(p, p, x) == th.wasserstein1(p, p, x) == th.kl(p, p, x) == 0


def test_single_precision_goes_in_and_double_comes_out() -> None:
    p, q, x = random_densities(5)
    logits = np.random.default_rng(5).normal(size=x.shape).astype(np.float32)
    assert th.value_of_logits(logits, p, q, x) == th.value_of_logits(logits.astype(np.float64), p, q, x)


def test_disjoint_supports_reach_every_upper_end() -> None:
    x = np.linspace(0, 3, 3001)
    p, q = ((x > 0.1) & (x < 1)).astype(float), ((x > 2) & (x < 2.9)).astype(float)
    p, q = p / th.mass(p, x), q / th.mass(q, x)
    assert th.js(p, q, x) == pytest.approx(np.log(2), abs=1e-12)
    assert th.criterion(p, q, x) == pytest.approx(0, abs=1e-12)
    assert th.total_variation(p, q, x) == pytest.approx(1, abs=1e-12)
    assert th.kl(p, q, x) == th.kl(q, p, x) == np.inf
    D = th.optimal_discriminator(p, q)
    assert np.isnan(D[(x > 1.01) & (x < 1.99)]).all()
    assert set(np.unique(D[~np.isnan(D)])) == {0.0, 1.0}
    assert th.value(D, p, q, x) == 0


def test_the_optimum_is_a_top_at_every_point() -> None:
    p, q = normals(1)
    best = th.optimal_discriminator(p, q)
    for nudge in (-0.01, 0.01):
        worse = np.clip(best + nudge, 0, 1)
        assert th.value_of_logits(np.log(worse + 1e-15) - np.log1p(1e-15 - worse), p, q, X) < th.criterion(p, q, X)


def test_a_judge_who_is_certain_and_wrong_is_worth_minus_infinity() -> None:
    p, q = normals(1)
    assert th.value(1.0, p, q, X) == th.value(0.0, p, q, X) == -np.inf


def test_densities_at_the_edge_of_float64_do_not_break_anything() -> None:
    x = np.linspace(-40, 60, 4001)
    p, q = th.gaussian(x, 0, 1), th.gaussian(x, 9, 1)
    for f in (th.js, th.criterion, th.total_variation, th.wasserstein1):
        assert np.isfinite(f(p, q, x))
    assert th.optimal_discriminator(1e308, 1e308) == th.optimal_discriminator(5e-324, 5e-324) == 0.5
    assert th.js(np.full(2, 5e-324), np.zeros(2), [0.0, 1.0]) == pytest.approx(0.0)
    assert th.mass(p, x) == pytest.approx(1, abs=1e-9)


# ---------------------------------------------------------------- refusals

GRID = [0.0, 1.0, 2.0]
GOOD = [0.2, 0.5, 0.3]


@pytest.mark.parametrize("f", [th.criterion, th.kl, th.js, th.total_variation, th.wasserstein1])
@pytest.mark.parametrize(("p", "q", "x", "word"), [
    ([0.2, 0.5], GOOD, GRID, "one shape"),
    ([0.2, 0.5], [0.2, 0.5], GRID, "shape of x"),
    ([-0.1, 0.5, 0.3], GOOD, GRID, "p must be finite and >= 0"),
    (GOOD, [np.nan, 0.5, 0.3], GRID, "q must be finite and >= 0"),
    (GOOD, [np.inf, 0.5, 0.3], GRID, "q must be finite and >= 0"),
    (GOOD, GOOD, [0.0, 2.0, 1.0], "strictly increasing"),
    (GOOD, GOOD, [0.0, 0.0, 1.0], "strictly increasing"),
    (GOOD, GOOD, [0.0, 1.0, np.inf], "strictly increasing"),
    ([0.2], [0.2], [0.0], "at least 2"),
    ([GOOD], [GOOD], [GRID], "1-D grid"),
])
def test_bad_densities_and_grids_are_refused(f: object, p: object, q: object, x: object, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        f(p, q, x)


@pytest.mark.parametrize(("call", "word"), [
    (lambda: th.optimal_discriminator([0.1], [0.1, 0.2]), "one shape"),
    (lambda: th.optimal_discriminator(-1.0, 1.0), ">= 0"),
    (lambda: th.value([0.5, 0.5], GOOD, GOOD, GRID), r"D must be .*; evaluate D on the grid x$"),
    (lambda: th.value(1.5, GOOD, GOOD, GRID), "value_of_logits"),
    (lambda: th.value([0.5, np.nan, 0.5], GOOD, GOOD, GRID), "D must lie in"),
    (lambda: th.value_of_logits([0.0, np.inf, 0.0], GOOD, GOOD, GRID), "logits must be"),
    (lambda: th.kl_of_logs([0.0], [0.0], GRID), "shape of x"),
    (lambda: th.gaussian(GRID, 0, 0), "std above 0"),
    (lambda: th.mixture(GRID, [0], [1, 1], [1]), "one length"),
    (lambda: th.mixture(GRID, [0, 1], [1, 1], [0.5, 0.4]), "sum to 1"),
    (lambda: th.mixture(GRID, [0, 1], [1, 1], [1.5, -0.5]), "sum to 1"),
    (lambda: th.js_bounds(1.2), r"\[0, 1\]"),
    (lambda: th.smoothed_discriminator(GOOD, GOOD, real=1.1), "labels must lie"),
])
def test_bad_arguments_are_refused(call: object, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        call()


def test_no_d_is_defined_where_nothing_lives() -> None:
    assert np.isnan(th.optimal_discriminator(0.0, 0.0))
    with_gap = th.value([np.nan, 0.5, 0.5], [0.0, 1.0, 0.5], [0.0, 0.5, 1.0], GRID)
    assert with_gap == pytest.approx(2.25 * np.log(0.5))  # trapezoids of p + q = 0, 1.5, 1.5


def test_the_bounds_on_js_are_tight() -> None:
    """A fair coin seen through a channel that flips it with probability e reaches the lower bound exactly."""
    x = np.array([0.0, 1.0, 2.0, 3.0])   # a trapezoid sum weighs the two middle points by 1
    p, q = np.array([0.0, 0.8, 0.2, 0.0]), np.array([0.0, 0.2, 0.8, 0.0])
    assert th.js(p, q, x) == pytest.approx(th.js_bounds(th.total_variation(p, q, x))[0], abs=1e-12)
    assert th.js_bounds(0) == pytest.approx((0, 0), abs=1e-12)
    assert th.js_bounds(1) == pytest.approx((np.log(2), np.log(2)), abs=1e-12)
