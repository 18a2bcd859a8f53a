"""The toys against quadrature, against SciPy and `theory`, and samplers against their own densities."""

import itertools
import math

import numpy as np
import pytest
import torch
from scipy import stats

from gan_edu import theory, toys
from gan_edu.toys import Checkerboard, Drawn, Gaussian1D, Grid, Mixture1D, Moons, Ring, Spiral, Toy

LINE = [Gaussian1D(), Gaussian1D(-1.5, 0.2), Mixture1D(), Mixture1D((-3, 0.5, 2), (0.1, 1, 0.4), (0.2, 0.5, 0.3))]
PLANE = [Ring(), Ring(modes=3, radius=1.0, std=0.3), Grid(), Grid(side=2, spacing=2.0, std=0.2), Spiral(),
         Spiral(turns=0.5, radius=1.0, std=0.1), Moons(), Moons(radius=2.0, std=0.2), Checkerboard(),
         Checkerboard(side=3, cell=0.5), Drawn([[(-1, -1), (0, 1), (1, -1)], [(0.5, 0.5)]], std=0.1)]
ALL = LINE + PLANE
every = pytest.mark.parametrize("toy", ALL, ids=repr)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def width(toy):
    """Return the finest length in a toy's density, a step at which a sum over a lattice is as good as an integral."""
    return toy.cell / 20 if isinstance(toy, Checkerboard) else toy._tensors[1].min().item()


def lattice(toy):
    """Return points (n, d) all over a toy, and the volume each stands for."""
    step, centres = width(toy), toy._tensors[0].numpy()
    margin = 8 * toy._tensors[1].max().item()
    shift = step / 2 if isinstance(toy, Checkerboard) else 0.0  # no point on the border of a square
    axes = [np.arange(-math.ceil((margin - low) / step), math.ceil((high + margin) / step) + 1) * step + shift
            for low, high in zip(centres.min(0), centres.max(0), strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, toy.dim)
    return torch.as_tensor(points), step**toy.dim


@every
def test_a_density_integrates_to_one(toy):
    points, volume = lattice(toy)
    assert toy.log_prob(points).exp().sum().item() * volume == pytest.approx(1, abs=1e-7)


@every
def test_the_sampler_draws_from_the_density(toy):
    """The mean of -log p over samples is the entropy, which the density alone gives; five standard errors."""
    points, volume = lattice(toy)
    log_p = toy.log_prob(points)
    entropy = -torch.xlogy(log_p.exp(), log_p.exp()).sum().item() * volume
    scores = -toy.log_prob(toy.sample(40_000, generator=seeded()).double())
    assert scores.mean().item() == pytest.approx(entropy, abs=5 * scores.std().item() / 200 + 1e-4)


@every
def test_samples_have_the_characteristic_function_of_the_density(toy):
    """E cos(w x) and E sin(w x) at twelve w of all sizes, over samples and by quadrature; five standard errors."""
    points, volume = lattice(toy)
    samples = toy.sample(40_000, generator=seeded(1)).double()
    finest = math.log10(0.5 / width(toy))  # finer waves than the lattice can see are left out
    w = torch.randn(toy.dim, 12, generator=seeded(2), dtype=torch.float64) * torch.logspace(-1, finest, 12)
    for wave in (torch.cos, torch.sin):
        exact = (wave(points @ w) * toy.log_prob(points).exp()[:, None]).sum(0) * volume
        drawn = wave(samples @ w)
        assert ((drawn.mean(0) - exact).abs() <= 5 * drawn.std(0) / 200 + 1e-4).all()


@pytest.mark.parametrize("toy", LINE, ids=repr)
def test_line_samples_pass_a_kolmogorov_smirnov_test(toy):
    def cdf(x):
        centres, stds, weights = (part.numpy().ravel() for part in toy._tensors)
        return sum(w * stats.norm.cdf(x, c, s) for c, s, w in zip(centres, stds, weights, strict=True))

    samples = toy.sample(5_000, generator=seeded(2))[:, 0].numpy()
    assert stats.kstest(samples, cdf).pvalue > 1e-3
    assert stats.kstest(samples + 0.15, cdf).pvalue < 1e-3  # and the test is able to fail


def test_the_line_against_theory():
    x = np.linspace(-5, 5, 301)
    points = torch.as_tensor(x)[:, None]
    np.testing.assert_allclose(Gaussian1D(-1.5, 0.2).log_prob(points), theory.gaussian_log(x, -1.5, 0.2), atol=1e-9)
    three = Mixture1D((-3, 0.5, 2), (0.1, 1, 0.4), (0.2, 0.5, 0.3))
    theirs = theory.mixture_log(x, (-3, 0.5, 2), (0.1, 1, 0.4), (0.2, 0.5, 0.3))
    np.testing.assert_allclose(three.log_prob(points), theirs, atol=1e-9)
    assert Mixture1D((1, 2), (1, 1)) == Mixture1D([1, 2], [1, 1], [0.5, 0.5])


def test_the_ring_against_scipy():
    ring, points = Ring(modes=5, radius=1.5, std=0.3), np.random.default_rng(0).normal(size=(200, 2))
    angles = 2 * np.pi * np.arange(5) / 5
    centres = 1.5 * np.stack((np.cos(angles), np.sin(angles)), 1)
    parts = [stats.multivariate_normal(centre, 0.09 * np.eye(2)).pdf(points) for centre in centres]
    np.testing.assert_allclose(ring.log_prob(torch.as_tensor(points)), np.log(np.mean(parts, 0)), atol=1e-9)


def test_a_ring_has_its_modes():
    modes = Ring().modes
    assert modes.shape == (8, 2)
    torch.testing.assert_close(modes.norm(dim=1), torch.full((8,), 2.0))
    neighbours = (modes - modes.roll(1, 0)).norm(dim=1)
    torch.testing.assert_close(neighbours, torch.full((8,), 4 * math.sin(math.pi / 8)))
    nearest = torch.cdist(Ring().sample(8_000, generator=seeded()), modes).argmin(1).bincount()
    assert (nearest - 1_000).abs().max() < 5 * math.sqrt(1_000)


def test_a_grid_has_its_modes():
    modes = Grid().modes
    assert sorted(map(tuple, modes.tolist())) == list(itertools.product((-2.0, -1.0, 0.0, 1.0, 2.0), repeat=2))


def test_a_stroke_is_as_good_as_a_smooth_one():
    """A straight stroke of length 4 is a uniform law along it, blurred: (Phi(b) - Phi(a)) / 4 times N(y; 0, std^2)."""
    x, std = np.linspace(-1.5, 1.5, 400), 0.05
    exact = (stats.norm.cdf((x + 2) / std) - stats.norm.cdf((x - 2) / std)) / 4 * stats.norm.pdf(0.03, 0, std)
    points = torch.as_tensor(np.stack((x, np.full_like(x, 0.03)), 1))
    stroke = Drawn([[(-2, 0), (2, 0)]], std)
    np.testing.assert_allclose(stroke.log_prob(points).exp(), exact, rtol=1e-7)
    torch.testing.assert_close(stroke.modes[:, 0], -stroke.modes[:, 0].flip(0))  # neither end is favoured


def test_curves_are_where_their_formulas_say():
    spiral = Spiral(turns=1.5, radius=2.0).modes
    radius, angle = spiral.norm(dim=1), torch.atan2(spiral[:, 1], spiral[:, 0])
    turn = radius / 2.0 * 1.5 - angle / (2 * math.pi)  # a whole number on the curve
    assert (turn - turn.round()).abs().max() < 1e-3 and 1.9 < radius.max() <= 2.0
    moons = Moons(radius=1.0).modes
    upper, lower = moons[:len(moons) // 2], moons[len(moons) // 2:]
    for part, centre in ((upper, (-0.5, -0.25)), (lower, (0.5, 0.25))):
        torch.testing.assert_close((part - torch.tensor(centre)).norm(dim=1), torch.ones(len(part)), atol=1e-5, rtol=0)
    assert upper[:, 1].min() >= -0.25 and lower[:, 1].max() <= 0.25


def test_points_along_a_curve_are_even_and_close():
    for toy in (Spiral(), Moons(), Drawn([[(0, 0), (1, 0), (1, 2)]])):
        gaps = (toy.modes[1:] - toy.modes[:-1]).norm(dim=1)
        assert gaps.median() <= toy.std + 1e-6 and gaps.median() > 0.9 * toy.std


def test_a_checkerboard_is_flat_and_bounded():
    board = Checkerboard(side=4, cell=1.0)
    points = torch.tensor([[-1.5, -1.5], [-1.5, -0.5], [1.5, 1.5], [1.5, 0.5], [2.1, 2.1], [-2.1, 0.5]])
    assert board.log_prob(points).exp().tolist() == pytest.approx([1 / 8, 0, 1 / 8, 0, 0, 0])
    assert board.modes.shape == (8, 2) and Checkerboard(side=3).modes.shape == (5, 2)
    assert torch.isfinite(board.log_prob(board.sample(10_000, generator=seeded()))).all()


@every
def test_shapes_types_and_randomness(toy):
    state = torch.get_rng_state()
    a, b, c = (toy.sample(7, generator=seeded(seed)) for seed in (0, 0, 1))
    assert a.shape == (7, toy.dim) and a.dtype == torch.float32
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert toy.log_prob(a).shape == (7,) and toy.log_prob(a).dtype == torch.float32
    assert toy.log_prob(a.double()).dtype == torch.float64
    assert toy.modes.shape[1] == toy.dim and toy.modes.dtype == torch.float32
    assert torch.equal(state, torch.get_rng_state())
    assert isinstance(hash(toy), int)


@every
def test_every_minibatch_is_fresh_and_its_own(toy):
    run = list(itertools.islice(toy.batches(16, seed=3), 6))
    assert run[0].shape == (16, toy.dim) and not torch.equal(run[0], run[1])
    for i, batch in enumerate(run):
        assert torch.equal(batch, next(toy.batches(16, seed=3, start=i)))
    assert not torch.equal(run[0], next(toy.batches(16, seed=4)))


def test_a_gradient_flows_through_the_log_density():
    x = torch.tensor([[0.5], [2.0]], requires_grad=True)
    Gaussian1D(1.0, 0.5).log_prob(x).sum().backward()
    torch.testing.assert_close(x.grad, -(x.detach() - 1.0) / 0.25)


def test_many_points_are_worked_off_in_parts(monkeypatch):
    points = Moons().sample(1_000, generator=seeded())
    at_once = Moons().log_prob(points)
    monkeypatch.setattr(toys, "_CHUNK", 7)
    torch.testing.assert_close(Moons().log_prob(points), at_once)


def test_a_ring_shows_how_to_make_it():
    assert repr(Ring(modes=3)) == "Ring(modes=3, radius=2.0, std=0.02)"
    assert Ring(5) == Ring(modes=5) != Ring(modes=6)


@pytest.mark.parametrize("make, words", [
    (lambda: Gaussian1D(std=0), "std must be a finite number > 0, got 0"),
    (lambda: Gaussian1D(mean=math.nan), "mean must be a finite number, got nan"),
    (lambda: Mixture1D((1, 2), (1,)), "must be of one length >= 1, got 2, 1 and 2"),
    (lambda: Mixture1D((), (), ()), "must be of one length >= 1, got 0, 0 and 0"),
    (lambda: Mixture1D((), ()), "must be of one length >= 1, got 0, 0 and 0"),
    (lambda: Mixture1D((1, 2), (1, 0)), "stds must be above 0, got 0"),
    (lambda: Mixture1D((1, 2), (1, 1), (0.5, 0.6)), r"weights must be >= 0 and sum to 1, got \(0.5, 0.6\)"),
    (lambda: Mixture1D((1, 2), (1, 1), (1.5, -0.5)), "weights must be >= 0"),
    (lambda: Ring(modes=0), "modes must be a whole number >= 1, got 0"),
    (lambda: Ring(radius=-1), "radius must be a finite number > 0, got -1"),
    (lambda: Ring(std="x"), "std must be a finite number > 0, got 'x'"),
    (lambda: Grid(side=1.5), "side must be a whole number >= 1, got 1.5"),
    (lambda: Grid(spacing=0), "spacing must be a finite number > 0"),
    (lambda: Spiral(turns=0), "turns must be a finite number > 0"),
    (lambda: Moons(radius=math.inf), "radius must be a finite number > 0, got inf"),
    (lambda: Checkerboard(side=0), "side must be a whole number >= 1"),
    (lambda: Checkerboard(cell=0), "cell must be a finite number > 0"),
    (lambda: Drawn([]), "strokes must be a list of lists"),
    (lambda: Drawn([[]]), "strokes must be a list of lists"),
    (lambda: Drawn([[(1, 2, 3)]]), "strokes must be a list of lists"),
    (lambda: Drawn([[("a", 2)]]), "a coordinate must be a finite number, got 'a'"),
    (lambda: Ring().sample(0, generator=seeded()), "n must be a whole number >= 1, got 0"),
    (lambda: Ring().sample(3, generator=None), "generator must be a torch.Generator, got NoneType"),
    (lambda: Checkerboard().sample(3, generator=7), "generator must be a torch.Generator, got int"),
    (lambda: Ring().batches(0, seed=0), "batch_size must be a whole number >= 1"),
    (lambda: Ring().batches(4, seed=-1), "seed must be a whole number >= 0"),
    (lambda: Ring().batches(4, seed=0, start=-1), "start must be a whole number >= 0"),
    (lambda: Ring().log_prob(torch.zeros(4)), r"x must be floats \(n, 2\), got torch.float32 \(4,\)$"),
    (lambda: Ring().log_prob(torch.zeros(4, 2).long()), r"x must be floats \(n, 2\), got torch.int64 \(4, 2\)"),
    (lambda: Gaussian1D().log_prob(torch.zeros(4)), r"x must be floats \(n, 1\), .*; write x\[:, None\]"),
    (lambda: Checkerboard().log_prob(torch.zeros(4, 1)), r"x must be floats \(n, 2\)")])
def test_bad_arguments(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_toy_of_your_own_says_which_gaussians():
    with pytest.raises(NotImplementedError, match="a toy made of Gaussians must say which"):
        _ = Toy().modes
