"""Tests of latent space: closed forms, SciPy and NumPy stand against every claim that notebook 07 makes."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import chi, kstest
from torch import nn

from gan_edu.latent import directions, lerp, sample_latent, slerp
from gan_edu.networks import MLPGenerator, ReLUGenerator, eval_mode, seeded


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


# ---- draws

@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_draws_have_unit_variance_and_belong_to_their_generator(distribution):
    z = sample_latent(2000, 100, distribution=distribution, generator=rng())
    assert z.shape == (2000, 100) and z.dtype == torch.float32
    assert abs(z.mean().item()) < 0.01 and abs(z.var().item() - 1) < 0.01
    assert torch.equal(z, sample_latent(2000, 100, distribution=distribution, generator=rng()))
    assert not torch.equal(z, sample_latent(2000, 100, distribution=distribution, generator=rng(1)))


def test_uniform_draws_fill_their_interval():
    z = sample_latent(1, 20_000, distribution="uniform", generator=rng()).flatten().double().numpy()
    assert kstest(z, "uniform", (-math.sqrt(3), 2 * math.sqrt(3))).pvalue > 0.01
    assert np.abs(z).max() <= math.sqrt(3)


def test_the_norm_of_normal_z_follows_the_chi_distribution():
    norms = sample_latent(20_000, 100, generator=rng()).double().norm(dim=1).numpy()
    assert kstest(norms, chi(100).cdf).pvalue > 0.01
    mean = math.sqrt(2) * math.exp(math.lgamma(50.5) - math.lgamma(50))
    assert mean == pytest.approx(chi(100).mean(), abs=1e-9)
    assert mean == pytest.approx(9.975, abs=5e-4)                    # near sqrt(100), and the spread is 1/sqrt 2
    assert chi(100).std() == pytest.approx(0.706, abs=5e-4)


@pytest.mark.parametrize("n, dim, distribution, words", [
    (0, 100, "normal", "n must be a whole number"), (1, 0, "normal", "dim must be a whole number"),
    (1, 2, "gaussian", "normal, uniform, got 'gaussian'")])
def test_draws_refuse_what_makes_no_sense(n, dim, distribution, words):
    with pytest.raises(ValueError, match=words):
        sample_latent(n, dim, distribution=distribution)


# ---- the line

def test_line_midpoints_have_norm_one_over_root_two():
    """E |(a + b)/2|^2 = d/2: the norm is 1/sqrt 2 of the ends', far outside where z ever falls."""
    a, b = sample_latent(20_000, 100, generator=rng()), sample_latent(20_000, 100, generator=rng(1))
    middle = lerp(a, b, 0.5).double().norm(dim=1).numpy() * math.sqrt(2)
    assert kstest(middle, chi(100).cdf).pvalue > 0.01                # exactly: sqrt 2 times it is chi again
    assert chi(100).cdf(chi(100).mean() / math.sqrt(2)) < 1e-4


def test_line_by_numbers_and_by_tensors():
    a, b = torch.tensor([0.0, 2.0]), torch.tensor([4.0, 0.0])
    assert lerp(a, b, 0.25).tolist() == [1, 1.5]
    assert lerp(a, b, torch.tensor([0.0, 0.5, 1.0, 2.0])).tolist() == [[0, 2], [2, 1], [4, 0], [8, -2]]
    assert lerp(a.expand(3, 2), b.expand(3, 2), torch.linspace(0, 1, 5)).shape == (5, 3, 2)
    assert lerp([0, 2], [4, 0], torch.tensor(0.5)).tolist() == [2, 1]


# ---- the great circle

def shoemake(a, b, t):
    """The published formula for unit vectors, in float64."""
    theta = math.acos(float(a @ b))
    return (math.sin((1 - t) * theta) * a + math.sin(t * theta) * b) / math.sin(theta)


def pair(seed=0, dim=100):
    return sample_latent(2, dim, generator=rng(seed)).double().unbind()


@pytest.mark.parametrize("t", [0.0, 0.1, 0.5, 0.77, 1.0, 1.3, -0.2])
def test_slerp_is_the_published_formula_times_the_even_norm(t):
    a, b = pair()
    wanted = shoemake(a / a.norm(), b / b.norm(), t) * ((1 - t) * a.norm() + t * b.norm())
    assert torch.allclose(slerp(a, b, t), wanted, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_slerp_meets_its_ends_at_constant_angular_speed(seed):
    a, b = pair(seed)
    path = slerp(a, b, torch.linspace(0, 1, 11, dtype=torch.float64))
    assert torch.allclose(path[0], a, atol=1e-12) and torch.allclose(path[-1], b, atol=1e-12)
    assert torch.allclose(path.norm(dim=1), torch.linspace(a.norm().item(), b.norm().item(), 11, dtype=torch.float64))
    unit = path / path.norm(dim=1, keepdim=True)
    cosines = (unit[1:] * unit[:-1]).sum(1)
    assert torch.allclose(cosines, cosines[:1].expand(10), atol=1e-12)


def test_slerp_of_a_right_angle():
    half = slerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 3.0]), 0.5)
    assert torch.allclose(half, torch.full((2,), 2 / math.sqrt(2)))


def test_slerp_works_on_batches_row_by_row():
    a, b = sample_latent(4, 10, generator=rng()), sample_latent(4, 10, generator=rng(1))
    whole = slerp(a, b, torch.linspace(0, 1, 3))
    assert whole.shape == (3, 4, 10) and slerp(a, b, 0.5).shape == (4, 10)
    assert torch.allclose(whole[1, 2], slerp(a[2], b[2], 0.5), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_parallel_ends_give_the_line(dtype):
    a = pair()[0].to(dtype)
    t = torch.linspace(0, 1, 5, dtype=dtype)
    assert torch.allclose(slerp(a, a, t), a.expand(5, -1))
    assert torch.allclose(slerp(a, 3 * a, t), lerp(a, 3 * a, t), atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("factor", [1.0, 2.7])
def test_opposite_ends_turn_through_the_axis_they_lean_on_least(dtype, factor):
    a = torch.tensor([3.0, -4.0, 0.5], dtype=dtype)
    path = slerp(a, -factor * a, torch.linspace(0, 1, 5, dtype=dtype))
    assert torch.allclose(path[0], a) and torch.allclose(path[-1], -factor * a, atol=1e-5)
    middle = path[2] / path[2].norm()
    assert abs((middle @ a).item()) < 1e-5 and middle[2] > 0.9
    assert path[2].norm().item() == pytest.approx((1 + factor) / 2 * a.norm().item(), rel=1e-5)


@pytest.mark.parametrize("angle", [1e-6, 1e-3, 1.0, math.pi - 1e-3, math.pi - 1e-5])
def test_slerp_keeps_its_digits_at_small_and_at_nearly_flat_angles(angle):
    a = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    b = torch.tensor([math.cos(angle), math.sin(angle), 0.0], dtype=torch.float64)
    for t in (0.25, 0.5, 1.0):
        wanted = torch.tensor([math.cos(t * angle), math.sin(t * angle), 0.0], dtype=torch.float64)
        assert torch.allclose(slerp(a, b, t), wanted, atol=1e-10)


def test_slerp_keeps_gradients():
    a = pair()[0].requires_grad_()
    slerp(a, pair(1)[1], 0.3).sum().backward()
    assert torch.isfinite(a.grad).all()


@pytest.mark.parametrize("path", [lerp, slerp])
def test_paths_refuse_ends_that_do_not_fit(path):
    with pytest.raises(ValueError, match=r"one shape .* got \(2,\) and \(3,\)"):
        path(torch.ones(2), torch.ones(3), 0.5)
    with pytest.raises(ValueError, match="t must be a number or have shape"):
        path(torch.ones(2), torch.ones(2), torch.zeros(2, 2))


def test_slerp_refuses_an_end_without_direction():
    with pytest.raises(ValueError, match="^slerp needs two directions, got an end with norm 0; use lerp from or to the origin$"):
        slerp(torch.zeros(3), torch.ones(3), 0.5)


# ---- directions

def warmed(seed=0):
    """A generator whose first BatchNorm has statistics and gains of its own."""
    with seeded(seed):
        G = MLPGenerator(12, shape=(1, 4, 4), hidden=(30, 20))
        nn.init.uniform_(G.net[1].weight, 0.5, 2)
        G(3 * torch.randn(64, 12))
    return G


def first_layer(G, z):
    """What leaves the first layer and its BatchNorm, in eval mode, before the LeakyReLU."""
    with eval_mode(G):
        return G.net[1](G.net[0](z))


def test_directions_are_orthonormal_rows():
    found = directions(warmed(), 12)
    assert found.shape == (12, 12) and found.dtype == torch.float32
    assert torch.allclose(found @ found.T, torch.eye(12), atol=1e-6)


def test_directions_are_numpys_right_singular_vectors_of_the_folded_layer():
    G = warmed()
    norm = G.net[1]
    gain = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().double().numpy()
    A = G.net[0].weight.detach().double().numpy() * gain[:, None]
    _, sizes, rows = np.linalg.svd(A)
    cosines = np.abs((directions(G, 5).double().numpy() * rows[:5]).sum(1))
    assert np.allclose(cosines, 1, atol=1e-6) and (np.diff(sizes[:6]) < -1e-3).all()


def test_directions_move_the_first_layer_most_by_finite_differences():
    G = warmed()
    z, step = sample_latent(1, 12, generator=rng()), 1e-2
    found = directions(G, 12)
    moved = (first_layer(G, z + step * found) - first_layer(G, z)).norm(dim=1) / step
    assert (moved[1:] <= moved[:-1] + 1e-3).all()
    other = nn.functional.normalize(sample_latent(500, 12, generator=rng(1)), dim=1)
    assert ((first_layer(G, z + step * other) - first_layer(G, z)).norm(dim=1) / step).max() <= moved[0] + 1e-3


def test_the_batch_norm_matters():
    G = warmed()
    plain = np.linalg.svd(G.net[0].weight.detach().double().numpy())[2][0]
    assert abs(float(directions(G, 1).double().numpy()[0] @ plain)) < 0.999


def test_signs_do_not_depend_on_the_machine():
    found = directions(warmed(), 12)
    assert (found.gather(1, found.abs().argmax(1, keepdim=True)) > 0).all()


def test_directions_leave_the_generator_alone_and_need_no_batch_norm():
    G = ReLUGenerator(10, shape=(1, 2, 2), hidden=(16, 16)).train()
    before = [p.clone() for p in G.parameters()]
    assert directions(G, 3).shape == (3, 10) and G.training
    assert all(torch.equal(p, q) for p, q in zip(before, G.parameters()))
    bare = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8, affine=False, track_running_stats=False))
    rows = np.linalg.svd(bare[0].weight.detach().double().numpy())[2]
    assert np.allclose(np.abs((directions(bare, 4).numpy() * rows).sum(1)), 1, atol=1e-6)


def test_directions_fold_in_a_batch_norm_that_has_no_weights_of_its_own():
    G = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8, affine=False))
    G[1].running_var = torch.linspace(0.1, 9, 8)
    folded = G[0].weight.detach().double() / (G[1].running_var.double() + G[1].eps).sqrt()[:, None]
    rows = np.linalg.svd(folded.numpy())[2]
    assert np.allclose(np.abs((directions(G, 4).numpy() * rows).sum(1)), 1, atol=1e-6)


@pytest.mark.parametrize("G, n, words", [
    (nn.Linear(5, 9), 0, "n must be a whole number"), (nn.Linear(5, 9), 6, "at most 5, the size of G's latent space"),
    (nn.Linear(9, 5), 6, "at most 5, the rank"), (nn.Conv2d(1, 1, 3), 1, "got Conv2d"),
    (nn.Sequential(nn.ReLU(), nn.Linear(5, 9)), 1, "got ReLU")])
def test_directions_refuse_what_has_none(G, n, words):
    with pytest.raises(ValueError, match=words):
        directions(G, n)
