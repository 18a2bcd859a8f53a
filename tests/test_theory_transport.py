"""What `gan_edu.theory_transport` promises: the linear programme agrees, the plan moves all, the critic proves it least."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import wasserstein_distance

from gan_edu import theory
from gan_edu import theory_transport as transport


def random_masses(seed, n=12):
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.full(n, 0.6), size=2)
    return p, q, np.cumsum(rng.uniform(0.05, 2, n)) - 4


def by_linear_programme(p, q, x):
    """The least cost of all tables of moves with the right sums: no cumulative sum anywhere."""
    n, cost = len(x), np.abs(x[:, None] - x)
    rows, columns = np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))
    found = linprog(cost.ravel(), A_eq=np.concatenate([rows, columns]), b_eq=np.concatenate([p, q]))
    assert found.success
    return found.fun


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n", [2, 5, 16])
def test_the_sum_is_the_linear_programme_and_scipys_distance(seed, n):
    p, q, x = random_masses(seed, n)
    least = transport.work(p, q, x)
    assert least == pytest.approx(by_linear_programme(p, q, x), abs=1e-7)
    assert least == pytest.approx(wasserstein_distance(x, x, p, q), abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_plan_and_critic_meet(seed):
    """Weak duality bounds one by the other, so equality proves both best."""
    p, q, x = random_masses(seed, 30)
    moves, f, cost = transport.plan(p, q, x), transport.potential(p, q, x), np.abs(x[:, None] - x)
    np.testing.assert_allclose(moves.sum(1), p, atol=1e-12)
    np.testing.assert_allclose(moves.sum(0), q, atol=1e-12)
    assert moves.min() >= 0 and (np.abs(f[:, None] - f) <= cost + 1e-12).all()
    assert (moves * cost).sum() == pytest.approx(f @ (p - q), abs=1e-12) == pytest.approx(transport.work(p, q, x), abs=1e-12)
    assert f.max() == pytest.approx(-f.min())


def test_mass_that_need_not_move_stays_and_has_a_level_critic():
    p, q, x = np.array([0.2, 0.5, 0.3, 0]), np.array([0.2, 0.5, 0, 0.3]), np.array([0.0, 1, 3, 4])
    assert transport.plan(p, q, x)[0, 0] == pytest.approx(0.2) and transport.plan(p, q, x)[1, 1] == pytest.approx(0.5)
    assert np.diff(transport.potential(p, q, x)).tolist() == [0, 0, -1]
    assert transport.work(p, p, x) == 0 and np.abs(transport.potential(p, p, x)).max() == 0


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0, 5.0])
def test_js_of_point_masses_is_log_2_and_w1_the_shift(shift):
    """The two exact claims of notebook 11, by both halves of the room."""
    x = np.arange(-1, 7, 0.25)
    p, q = (np.eye(len(x))[np.searchsorted(x, at)] for at in (0.0, shift))
    assert transport.work(p, q, x) == pytest.approx(shift, abs=1e-3)
    hats = p / 0.25, q / 0.25
    assert theory.js(*hats, x) == pytest.approx(0.6931, abs=1e-4) and theory.total_variation(*hats, x) == pytest.approx(1)
    assert theory.wasserstein1(*hats, x) == pytest.approx(shift, abs=1e-12) and theory.kl(*hats, x) == np.inf


@pytest.mark.parametrize("distance, weight", [(0, 1), (3, 10), (3, 0.5), (1.5, 100)])
def test_two_points_with_a_penalty_by_brute_force(distance, weight):
    s = np.linspace(0, 30, 3_000_001)
    best = s[np.argmax(s * distance - weight * (s - 1) ** 2)] if distance else 1.0
    assert transport.two_points_with_penalty(distance, weight) == pytest.approx(best * distance, abs=1e-4)


@pytest.mark.parametrize("arguments, message", [
    (([1, 0], [0, 1], [1, 0]), "x must be .* strictly increasing"), (([1, 0], [1], [0, 1]), "one mass of p and of q"),
    (([1, 0], [0, 2], [0, 1]), "equal mass, got 1 and 2"), (([-1, 2], [0, 1], [0, 1]), "finite and >= 0"),
    (([np.nan, 1], [0, 1], [0, 1]), "finite and >= 0")])
@pytest.mark.parametrize("call", [transport.work, transport.plan, transport.potential])
def test_what_is_no_mass_is_refused(call, arguments, message):
    with pytest.raises(ValueError, match=message):
        call(*map(np.array, arguments))


@pytest.mark.parametrize("distance, weight", [(-1, 10), (1, 0), (float("nan"), 1)])
def test_a_penalty_needs_a_weight(distance, weight):
    with pytest.raises(ValueError, match="distance must be >= 0 and weight above 0"):
        transport.two_points_with_penalty(distance, weight)
