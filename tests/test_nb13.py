"""Numbers that the prose of notebook 13 rests on: the cards, the recipes, and, slow, MNIST itself."""

import json
import sys
from pathlib import Path

import pytest
import torch

from gan_edu import pretrained
from gan_edu.networks import build, describe, seeded

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
import make_paired  # a script, not a part of the package

NAMES = ["mnist-pix2pix", "mnist-pix2pix-l1", "mnist-super-resolution", "mnist-super-resolution-l2"]


@pytest.fixture(scope="module")
def scores():
    return {name: pretrained.card(name)["scores"] for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_each_is_shipped_small_and_translates(name):
    card, game = pretrained.card(name), pretrained.load(name)
    assert (pretrained.FOLDER / card["file"]).stat().st_size < 1e6 and card["translates"] and name not in pretrained.generators()
    assert card["steps"] == make_paired.RECIPES[name].steps and not game.G.training
    y = torch.zeros(2, *game.G.input_shape) - 1
    assert game.sample(2, y=y, generator=torch.Generator().manual_seed(0)).shape == (2, 1, 28, 28)
    with pytest.raises(ValueError, match="makes images from images: give y"):
        game.sample(2)


@pytest.mark.parametrize("pair", [NAMES[:2], NAMES[2:]])
def test_twins_differ_in_the_judge_s_weight_only(pair):
    cards = [pretrained.card(name) for name in pair]
    same = {"steps", "batch_size", "seed", "ema", "optimizers", "data", "k"}
    assert all(cards[0][key] == cards[1][key] for key in same)
    games = [make_paired.RECIPES[name].new_game() for name in pair]
    assert all(torch.equal(a, b) for a, b in zip(games[0].G.state_dict().values(), games[1].G.state_dict().values()))
    assert games[0].adversarial > games[1].adversarial == 0 and games[0].weight == games[1].weight
    with seeded(0):
        start = build(describe(games[0].G))
    ours = pretrained.load(pair[0], step=0).G.state_dict()
    assert all(torch.equal(ours[key], value) for key, value in start.state_dict().items())


def test_pix2pix_keeps_the_class_and_is_sharper_than_l1_alone(scores):
    gan, l1 = scores["mnist-pix2pix"], scores["mnist-pix2pix-l1"]
    assert gan["class_kept"] - 3 * gan["class_error"] > 0.9
    assert 1.1 > gan["sharpness"] > l1["sharpness"] + 0.02 and gan["psnr"] < l1["psnr"]


def test_super_resolution_beats_bicubic_by_four_decibels_and_the_judge_costs_some(scores):
    gan, l2 = scores["mnist-super-resolution"], scores["mnist-super-resolution-l2"]
    assert l2["psnr"] > l2["bicubic_psnr"] + 4 and gan["psnr"] > l2["bicubic_psnr"] + 3
    assert gan["psnr"] < l2["psnr"] and gan["sharpness"] > l2["sharpness"] + 0.02
    assert min(gan["class_kept"], l2["class_kept"]) > 0.95 > max(gan["nearest_class_kept"], gan["bicubic_class_kept"])
    assert l2["bicubic_psnr"] > l2["nearest_psnr"] and l2["nearest_sharpness"] > l2["bicubic_sharpness"]


def test_cards_hold_no_paths_and_the_same_real_images(scores):
    for name in NAMES:
        assert "/tmp" not in json.dumps(pretrained.card(name))
        for key in ("real_class_kept", "energy_of_real"):
            assert scores[name][key] == scores[NAMES[0]][key]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_scores_can_be_computed_again(name, mnist_test, scores):
    found = make_paired.scores(pretrained.load(name), make_paired.RECIPES[name].view)
    assert found == pytest.approx(scores[name], abs=0.003)
