"""The plain GAN: what each loss touches, what it must leave alone, and what it refuses."""

import warnings

import pytest
import torch
from torch import nn

from gan_edu import games, games_paired, games_unpaired
from gan_edu.games import GAN, Game, moving_average_of
from gan_edu.networks import MaxoutDiscriminator, MLPDiscriminator, MLPGenerator, ReLUGenerator, seeded
from gan_edu.objectives import OBJECTIVES


def make_game(objective="non_saturating", D=None):
    with seeded(0):
        G = MLPGenerator(4, shape=(2,), hidden=(8,), output="linear")
        return GAN(G, D or MLPDiscriminator(shape=(2,), hidden=(8,)), objective=objective)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def x():
    return torch.randn(16, 2, generator=rng(9))


def test_the_discriminators_loss_leaves_no_gradient_in_G(x):
    """Row S9: while D trains, G is frozen."""
    game = make_game()
    game.discriminator_loss(x, rng()).backward()
    assert all(p.grad is None for p in game.G.parameters())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in game.D.parameters())


def test_the_generators_loss_flows_back_through_D(x):
    game = make_game()
    game.generator_loss(x, rng()).backward()
    assert all(p.grad is not None for p in game.G.parameters())


@pytest.mark.parametrize("name", OBJECTIVES)
def test_losses_are_the_objective_of_the_logits(name, x):
    game = make_game(name)
    x_fake = game.G(game.noise(16, rng(5))).detach()
    expected = game.objective.discriminator(game.D(x), game.D(x_fake))
    torch.testing.assert_close(game.discriminator_loss(x, rng(5)), expected)
    torch.testing.assert_close(game.generator_loss(x, rng(5)), game.objective.generator(game.D(x_fake)))
    torch.testing.assert_close(game.readings["D_real"], torch.sigmoid(game.D(x)).mean().detach())
    torch.testing.assert_close(game.readings["D_fake"], torch.sigmoid(game.D(x_fake)).mean().detach())


def test_a_judge_with_batch_statistics_sees_real_and_fake_apart(x):
    """In one joint pass, BatchNorm would let the fakes change the verdict on the real images."""
    class Judge(nn.Sequential):
        sizes: list = []

        def forward(self, x):
            self.sizes.append(len(x))
            return super().forward(x)

    for layers, expected in (((nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Linear(8, 1)), [16, 16]),
                             ((nn.Linear(2, 8), nn.Linear(8, 1)), [32])):
        game = make_game(D=Judge(*layers))
        game.D.sizes.clear()
        game.discriminator_loss(x, rng())
        assert game.D.sizes == expected


def test_noise_has_unit_variance_in_both_families():
    normal = make_game().noise(20_000, rng())
    assert abs(normal.std().item() - 1) < 0.01 and normal.abs().max() > 3
    uniform = GAN(ReLUGenerator(4, shape=(2,), hidden=(4,)), MLPDiscriminator(shape=(2,))).noise(20_000, rng())
    assert abs(uniform.std().item() - 1) < 0.01 and uniform.abs().max() <= 3 ** 0.5
    assert abs(uniform.mean().item()) < 0.02


def test_sample_restores_modes_prefers_the_average_and_repeats():
    game = make_game()
    game.G.train(), game.G.net[1].eval()
    modes = [m.training for m in game.G.modules()]
    first = game.sample(5, generator=rng(1))
    assert [m.training for m in game.G.modules()] == modes and not first.requires_grad
    assert torch.equal(first, game.sample(5, generator=rng(1)))
    game.G_ema = moving_average_of(game.G)
    with torch.no_grad():
        game.G.net[-1].bias.add_(5)
    assert torch.equal(first, game.sample(5, generator=rng(1)))
    assert not any(p.requires_grad for p in game.G_ema.parameters())


def test_judge_returns_probabilities(x):
    game = make_game()
    torch.testing.assert_close(game.judge(x), torch.sigmoid(game.D(x)).detach().squeeze(1))


@pytest.mark.parametrize("last", [nn.Sigmoid(), nn.LogSigmoid()])
def test_a_judge_that_ends_in_a_sigmoid_is_refused(last):
    """Fault 20."""
    with pytest.raises(ValueError, match="D must return logits.*drop the last"):
        make_game(D=nn.Sequential(nn.Linear(2, 1), last))


def test_hidden_probabilities_are_warned_of_and_honest_logits_are_not():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1)

        def forward(self, x):
            return torch.sigmoid(self.layer(x))

    with pytest.warns(UserWarning, match="look like probabilities; .* drop its last sigmoid$"):
        make_game(D=Hidden())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(20):
            with seeded(seed):
                make_game(D=MLPDiscriminator(shape=(2,)))
                GAN(MLPGenerator(), MaxoutDiscriminator())


def test_games_of_other_rooms_have_this_rooms_name_too():
    for name, room in (("Pix2Pix", games_paired), ("SRGAN", games_paired), ("CycleGAN", games_unpaired)):
        assert getattr(games, name) is getattr(room, name)
    with pytest.raises(AttributeError, match="module 'gan_edu.games' has no attribute 'StyleGAN'"):
        _ = games.StyleGAN


def test_a_new_game_takes_nothing_from_the_global_random_numbers():
    G, D = MLPGenerator(), MLPDiscriminator()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    GAN(G, D)
    assert torch.equal(torch.get_rng_state(), before)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="objective must be one of"):
        make_game("nonsaturating")
    with pytest.raises(ValueError, match="n must be a whole number >= 1, got 0"):
        make_game().sample(0)
    game = Game(make_game().G, make_game().D)
    for play in (lambda: game.discriminator_loss(None, None), lambda: game.generator_loss(None, None),
                 lambda: game.sample(1)):
        with pytest.raises(NotImplementedError):
            play()
    assert game.config == {"game": "Game"}
