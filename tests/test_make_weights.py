"""The recipes of the shipped weights: what they build, how small it is, and that reduced products change no weight's kind."""


import pytest
import torch

from gan_edu.games import GAN, moving_average_of
from gan_edu.networks import DCGANDiscriminator, DCGANGenerator, count_parameters, seeded
from scripts import benchmark

CONVOLUTIONAL = ["mnist-conv", "mnist-dcgan", "mnist-cgan", "mnist-wgan-gp"]


@pytest.fixture(scope="module")
def recipes():
    """The script as a module; it trains nothing when it is imported."""
    with benchmark("make_weights") as module:
        yield module


def test_convolutional_recipes_build_small_games_and_their_rates_stay_above_zero(recipes):
    numbers = 0
    for name in CONVOLUTIONAL:
        recipe = recipes.RECIPES[name]
        game = recipe.new_game()
        arguments = recipe.training(game)
        assert [len(o.param_groups[0]["params"]) for o in arguments["optimizers"]] \
            == [len(list(p.parameters())) for p in (game.G, game.D)]
        if "schedule" in arguments:
            rates = [arguments["schedule"](step)["lr"] for step in (0, recipe.steps // 2, recipe.steps - 1)]
            assert rates[0] == rates[1] == recipe.rate > rates[2] > 0
        assert recipes.looks(name)[-1] == recipe.steps             # the end of the run is kept
        numbers += count_parameters(game.G) + count_parameters(game.D)
    assert 2 * numbers < 5e6                                        # bytes, as float16


def test_equal_seeds_give_equal_first_weights(recipes):
    first, second = (recipes.RECIPES["mnist-dcgan"].new_game().G.state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_products_in_bfloat16_leave_everything_that_is_kept_in_float32(recipes):
    with seeded(0):
        game = GAN(DCGANGenerator(4, shape=(1, 8, 8), width=4), DCGANDiscriminator(shape=(1, 8, 8), width=4, norm="none"), r1=0.1)
    z = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    exact = game.G(z)
    for player in (game.G, game.D):
        recipes.multiply_in_bfloat16(player)
    near = game.G(z)
    assert near.dtype == torch.float32 and not torch.equal(near, exact)
    torch.testing.assert_close(near, exact, rtol=0.05, atol=0.02)
    game.discriminator_loss(near.detach(), torch.Generator().manual_seed(0)).backward()
    assert all(p.dtype == p.grad.dtype == torch.float32 for p in game.D.parameters())
    average = moving_average_of(game.G)
    with torch.no_grad():
        game.G.net[0].weight.zero_()
        assert average(z).abs().max() > 0                          # a copy computes with its own weights
    assert not torch.is_autocast_enabled("cpu")
