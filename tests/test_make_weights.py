"""The recipes of the shipped weights: what they build, how small it is, and that reduced products change no weight's kind."""


import pytest
import torch

from gan_edu.networks import count_parameters
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
