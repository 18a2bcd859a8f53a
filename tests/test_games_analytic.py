"""The two games of one number a player: closed forms against autograd, finite differences and runs of `train`."""

import cmath
import math

import numpy as np
import pytest
import torch

from gan_edu.checkpoints import load_checkpoint
from gan_edu.games_analytic import Bilinear, DiracGAN, Number, Origin
from gan_edu.objectives import OBJECTIVES
from gan_edu.training import train

PLACES = [(0.0, 0.0), (1.0, -0.8), (0.7, 0.4), (-1.3, 2.1)]     # none at a corner of the hinge
GAMES = [Bilinear(), *(DiracGAN(objective=name, gamma=gamma) for name in OBJECTIVES for gamma in (0.0, 0.7))]


def named(game):
    return " ".join(str(value) for value in game.config.values())


def every_game(test):
    return pytest.mark.parametrize("game", GAMES, ids=named)(pytest.mark.parametrize("place", PLACES, ids=str)(test))


class Exact(Origin):
    """The same points in double precision, as differences of two runs need."""

    def batches(self, batch_size, *, seed, start=0):
        return (zeros.double() for zeros in super(Exact, self).batches(batch_size, seed=seed, start=start))


def at(game, place):
    """Put the players at a place, in double precision."""
    for player, value in zip((game.G, game.D), place, strict=True):
        player.double().value.data.fill_(value)
    return game


def minus_gradients(game, place):
    """Each player's own gradient, by autograd of the very losses that `train` calls."""
    at(game, place)
    batch = torch.zeros(5, 1, dtype=torch.float64)
    (g,) = torch.autograd.grad(game.generator_loss(batch), game.G.value)
    (d,) = torch.autograd.grad(game.discriminator_loss(batch), game.D.value)
    return np.array([-g.item(), -d.item()])


def played(game, steps, h, *, make=torch.optim.SGD, simultaneous=False, data=None):
    """Play with `train` and return all places (steps + 1, 2)."""
    places = [game.place]
    optimizers = tuple(make(player.parameters(), lr=h) for player in (game.G, game.D))
    train(game, data or Origin(), steps=steps, batch_size=3, optimizers=optimizers, simultaneous=simultaneous,
          progress=False, on_step=lambda run: places.append(game.place))
    return np.array(places)


def momentum(parameters, lr):
    return torch.optim.SGD(parameters, lr=lr, momentum=0.9)


# ---- closed forms ---------------------------------------------------------------------------------------------------

@every_game
def test_the_field_is_minus_each_players_own_gradient(game, place):
    np.testing.assert_allclose(game.field(*place), minus_gradients(game, place), atol=1e-12)


@every_game
def test_the_jacobian_is_the_derivative_of_the_field(game, place):
    """Central differences of the gradients that autograd finds, not of the formula."""
    e = 1e-5
    columns = [(minus_gradients(game, np.add(place, step)) - minus_gradients(game, np.subtract(place, step))) / (2 * e)
               for step in ((e, 0), (0, e))]
    np.testing.assert_allclose(game.jacobian(*place), np.stack(columns, 1), atol=1e-7)


@pytest.mark.parametrize("simultaneous", [True, False])
@pytest.mark.parametrize("place", PLACES[1:3], ids=str)
@pytest.mark.parametrize("game", [GAMES[0], *GAMES[2::2]], ids=named)
def test_the_step_is_what_train_does_and_its_jacobian_the_derivative(game, place, simultaneous):
    """The map from a place to the next one, played by `train`, differentiated by central differences."""
    e, h = 1e-5, 0.3

    def after(start):
        return played(at(game, start), 1, h, simultaneous=simultaneous, data=Exact())[1]
    columns = [(after(np.add(place, step)) - after(np.subtract(place, step))) / (2 * e) for step in ((e, 0), (0, e))]
    np.testing.assert_allclose(game.step_jacobian(*place, h, simultaneous=simultaneous), np.stack(columns, 1), atol=1e-7)


def test_fields_and_jacobians_take_whole_grids():
    g, d = np.meshgrid(np.linspace(-2, 2, 5), np.linspace(-1, 1, 3))
    for game in GAMES:
        field, jacobian = game.field(g, d), game.jacobian(g, d)
        assert field.shape == (2, 3, 5) and jacobian.shape == (3, 5, 2, 2)
        np.testing.assert_array_equal(field[:, 2, 1], game.field(g[2, 1], d[2, 1]))
        np.testing.assert_array_equal(jacobian[2, 1], game.jacobian(g[2, 1], d[2, 1]))


def test_far_out_nothing_overflows():
    for name in OBJECTIVES:
        assert np.isfinite(DiracGAN(objective=name).field(60.0, -60.0)).all()


# ---- what is known about them ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("h", [0.01, 0.2, 1.0])
@pytest.mark.parametrize("start", [(1.0, -1.0), (1.0, 1.0), (0.3, 0.0)])
def test_simultaneous_steps_on_xy_grow_by_the_root_of_1_plus_h_squared(h, start):
    """(=) |1 +- ih| a step, whatever the start, and as the run has it."""
    assert abs(np.linalg.eigvals(Bilinear().step_jacobian(0, 0, h, simultaneous=True))) == pytest.approx(math.hypot(1, h))
    radius = np.hypot(*played(Bilinear(*start), 20, h, simultaneous=True).T)
    np.testing.assert_allclose(radius[1:] / radius[:-1], math.hypot(1, h), rtol=1e-5)


def test_xy_500_steps_of_a_fifth():
    """(=) Simultaneous x18,127; alternating, D first, the radius from (1, -1) never passes its start, the root of 2."""
    radius = np.hypot(*played(Bilinear(1.0, -1.0), 500, 0.2, simultaneous=True).T)
    assert 1.04**250 == pytest.approx(18_127, abs=1) and radius[-1] / radius[0] == pytest.approx(1.04**250, rel=1e-4)
    assert np.hypot(*played(Bilinear(1.0, -1.0), 500, 0.2).T).max() <= 1.4143


@pytest.mark.parametrize("start", [(1.0, -1.0), (1.0, 1.0)])
def test_alternating_steps_on_xy_stay_on_an_ellipse(start):
    """x^2 + y^2 + h x y is what Algorithm 1 keeps; so from (1, 1) the radius reaches the root of 2.2 / .9, not of 2."""
    h, (x, y) = 0.2, played(Bilinear(*start), 160, 0.2).T
    kept = start[0]**2 + start[1]**2 + h * start[0] * start[1]
    np.testing.assert_allclose(x**2 + y**2 + h * x * y, kept, rtol=1e-4)
    most = math.sqrt(kept / (1 - h / 2))
    assert 0.998 * most < np.hypot(x, y).max() < 1.0001 * most
    eigenvalues = np.linalg.eigvals(Bilinear().step_jacobian(0, 0, h))
    assert abs(eigenvalues) == pytest.approx(1) and eigenvalues.real == pytest.approx(1 - h**2 / 2)


@pytest.mark.parametrize("name, slope", [("minimax", 0.5), ("non_saturating", 0.5), ("wasserstein", 1), ("hinge", 1)])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0, 3.0])
def test_eigenvalues_of_the_dirac_gan_with_R1(name, slope, gamma):
    """(=) -gamma/2 +- sqrt(gamma^2/4 - slope^2): Mescheder et al. 2018, Lemmas 2.2 and 3.3."""
    found = sorted(np.linalg.eigvals(DiracGAN(objective=name, gamma=gamma).jacobian(0, 0)), key=lambda c: (c.real, c.imag))
    root = cmath.sqrt(gamma**2 / 4 - slope**2)
    expected = sorted((-gamma / 2 - root, -gamma / 2 + root), key=lambda c: (c.real, c.imag))
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_R1_is_critical_at_gamma_1():
    """(=) The slowest direction dies fastest at gamma = 1; below it the players turn, above they do not."""
    gammas = np.linspace(0.1, 3, 291)
    pairs = np.array([np.linalg.eigvals(DiracGAN(gamma=gamma).jacobian(0, 0)) for gamma in gammas])
    assert gammas[pairs.real.max(1).argmin()] == pytest.approx(1)
    assert (np.abs(pairs.imag).max(1) > 1e-6).tolist() == (gammas < 1 - 1e-9).tolist()


@pytest.mark.parametrize("simultaneous", [True, False])
@pytest.mark.parametrize("gamma", [0.0, 1.0])
def test_a_run_of_the_dirac_gan_goes_as_the_powers_of_its_step(gamma, simultaneous):
    """Close to (0, 0) a run is M^t; without R1 that grows or stays, at gamma = 1 it dies as (1 + 2 h t) (1 - h/2)^t."""
    h, steps, start = 0.2, 60, np.array([1e-3, 2e-3])
    M = DiracGAN(gamma=gamma).step_jacobian(0, 0, h, simultaneous=simultaneous)
    end = played(DiracGAN(*start, gamma=gamma), steps, h, simultaneous=simultaneous)[-1]
    np.testing.assert_allclose(end, np.linalg.matrix_power(M, steps) @ start, rtol=1e-3, atol=1e-9)
    growth = math.hypot(*end) / math.hypot(*start)
    if gamma:
        assert growth < (1 + 2 * h * steps) * (1 - h / 2)**steps
    else:
        assert growth == pytest.approx(math.hypot(1, h / 2)**steps if simultaneous else 1, rel=1e-3 if simultaneous else 0.1)


@pytest.mark.parametrize("make", [torch.optim.SGD, momentum, torch.optim.Adam], ids=["SGD", "momentum", "Adam"])
@pytest.mark.parametrize("simultaneous", [True, False])
@pytest.mark.parametrize("game", [Bilinear, DiracGAN])
def test_train_plays_them_with_any_optimizer(game, simultaneous, make):
    """None of the optimisers brings the unregularised games home: in steps 60 to 120 they are still far out."""
    radius = np.hypot(*played(game(1.0, -1.0), 120, 0.1, make=make, simultaneous=simultaneous).T)
    assert np.isfinite(radius).all() and radius[-60:].max() > 0.5 * radius[0]


def test_R1_brings_the_players_home_with_each_optimizer():
    for make, h in ((torch.optim.SGD, 0.3), (momentum, 0.05)):
        assert np.hypot(*played(DiracGAN(gamma=1.0), 300, h, make=make)[-1]) < 1e-3


# ---- as games -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("game", GAMES, ids=named)
def test_each_loss_moves_only_its_own_player(game):
    at(game, (0.7, 0.4))
    batch = torch.zeros(3, 1, dtype=torch.float64)
    game.G.zero_grad(), game.D.zero_grad()
    game.discriminator_loss(batch).backward()
    assert game.G.value.grad is None


def test_the_value_is_xy_and_the_game_zero_sum():
    game = Bilinear(3.0, -2.0)
    assert game.generator_loss(None).item() == -6 and game.discriminator_loss(None).item() == 6
    assert game.place == (3.0, -2.0) and game.sample(2).tolist() == [[3.0], [3.0]]


def test_the_dirac_gans_losses_are_the_objective_at_its_two_points():
    theta, psi, gamma = 0.8, -1.5, 0.6
    for name, objective in OBJECTIVES.items():
        game = DiracGAN(theta, psi, objective=name, gamma=gamma)
        real, fake = torch.zeros(1, 1), torch.full((1, 1), theta * psi)
        expected = objective.discriminator(real, fake) + gamma / 2 * psi**2
        torch.testing.assert_close(game.discriminator_loss(torch.zeros(4, 1)), expected)
        torch.testing.assert_close(game.generator_loss(torch.zeros(7, 1)), objective.generator(fake))


def test_a_run_can_be_saved_and_goes_on(tmp_path):
    for number, make in enumerate((lambda: Bilinear(0.5, 0.25), lambda: DiracGAN(0.5, 0.25, objective="hinge", gamma=0.3))):
        path, whole, parts = tmp_path / f"{number}.safetensors", make(), make()
        played(whole, 20, 1e-4)
        for steps in (12, 20):
            optimizers = tuple(torch.optim.SGD(player.parameters(), lr=1e-4) for player in (parts.G, parts.D))
            train(parts, Origin(), steps=steps, batch_size=3, optimizers=optimizers, checkpoint=path, resume=True,
                  progress=False)
        assert parts.place == whole.place
        game, _, _ = load_checkpoint(path)
        assert game.place == whole.place and game.config == whole.config


@pytest.mark.parametrize("make, message", [
    (lambda: DiracGAN(gamma=-1), "gamma must be a finite number >= 0, got -1"),
    (lambda: DiracGAN(objective="wgan"), "objective must be one of minimax"),
    (lambda: Bilinear(math.nan), "start must be a finite number, got nan"),
    (lambda: Number("1"), "start must be a finite number, got '1'"),
    (lambda: Bilinear().step_jacobian(0, 0, 0), "h must be a finite number > 0, got 0"),
    (lambda: Origin().batches(0, seed=0), "batch_size must be a whole number >= 1"),
    (lambda: Bilinear().sample(0), "n must be a whole number >= 1"),
])
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
