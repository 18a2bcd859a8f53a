"""Numbers that the prose of notebook 14 rests on: the card, the shipped game on digits it never met, the toy of colours."""

import importlib.util
import math
import sys
from pathlib import Path

import pytest
import torch

from gan_edu import pretrained
from gan_edu.classifier import probabilities
from gan_edu.data import load_images, scale
from gan_edu.data_unpaired import PATTERNS, in_domain, two_domains
from gan_edu.games_unpaired import CycleGAN
from gan_edu.metrics_domains import domain_classifier
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from notebooks import build

needs_weights = pytest.mark.skipif("mnist-cyclegan" not in pretrained.available(), reason="mnist-cyclegan is not built yet")
TWIN = build.HERE / "14_unpaired_translation.py"


@pytest.fixture(scope="module")
def card():
    return pretrained.card("mnist-cyclegan")


@needs_weights
def test_the_card_keeps_what_was_promised(card):
    s = card["scores"]
    for to in "ab":
        assert s[f"class_kept_to_{to}"] >= 0.85 and s[f"recognised_as_{to}"] >= 0.9
        assert s[f"untranslated_class_kept_to_{to}"] > 0.9 > 0.1 > s[f"untranslated_recognised_as_{to}"]
        assert s[f"shuffled_recognised_as_{to}"] == pytest.approx(s[f"recognised_as_{to}"], abs=1e-6)
        assert 0.07 < s[f"shuffled_class_kept_to_{to}"] < 0.13
    assert card["minutes_on_one_core"] <= 10
    assert s["pattern_back_noise_0"] > 0.95 > 0.25 > s["pattern_back_from_true_b"]
    noises = [value for key, value in s.items() if key.startswith("pattern_back_noise")]
    assert all(a >= b - 0.01 for a, b in zip(noises, noises[1:]))


@needs_weights
def test_no_picture_of_the_training_set_is_shipped():
    game = pretrained.load("mnist-cyclegan")
    assert game.D.memory == 0 and game.D.old_a.numel() == game.D.old_b.numel() == 0
    assert (pretrained.FOLDER / "mnist-cyclegan.safetensors").stat().st_size < 1_500_000


@needs_weights
def test_it_carries_over_to_digits_it_never_met():
    game, held_out = pretrained.load("mnist-cyclegan"), load_images("digits", split="test")
    told = domain_classifier(*(getattr(two_domains(load_images("digits")), part) for part in "ab"))
    a, b = (scale(in_domain(held_out.images, domain)) for domain in ("striped", "plain"))
    for x, to in ((a, "b"), (b, "a")):
        y = game.translate(x, to=to)
        assert (probabilities(y).argmax(1) == held_out.labels.numpy()).mean() > 0.7
        assert (told.share_of_b(y) if to == "b" else 1 - told.share_of_b(y)) > 0.9


def test_three_bits_and_what_guessing_gives():
    assert math.log2(PATTERNS) == 3 and 1 / PATTERNS == 0.125


@pytest.mark.slow
def test_the_seed_decides_about_colours_unless_there_is_an_identity_loss():
    names = {"torch": torch, "seeded": seeded, "CycleGAN": CycleGAN, "MLPGenerator": MLPGenerator, "MLPDiscriminator": MLPDiscriminator}
    for cell in build.solution_edition(TWIN).cells:
        if "class Places" in cell.source or "def colour_kept" in cell.source:
            exec(compile(cell.source, "14_unpaired_translation", "exec"), names)
    shares = {weight: [names["colour_kept"](seed, weight) for seed in range(6, 18)] for weight in (0.0, 5.0)}     # new seeds
    assert min(shares[0.0]) < 0.05 and max(shares[0.0]) > 0.95 < min(shares[5.0])


@pytest.fixture(scope="module")
def recipe():
    """The benchmark as a module; it trains nothing when it is imported."""
    folder = Path(__file__).parents[1] / "benchmarks"
    sys.path.insert(0, str(folder))
    before = set(sys.modules)
    try:
        spec = importlib.util.spec_from_file_location("make_unpaired", folder / "make_unpaired.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(folder))
        for name in (set(sys.modules) - before) & {"make_weights", "make_unpaired"}:
            del sys.modules[name]


def test_the_recipe_builds_the_game_of_the_notebook_s_table(recipe):
    made = recipe.make_weights.RECIPES["mnist-cyclegan"]
    game = made.new_game()
    assert game.config == {"game": "CycleGAN", "cycle": 10.0, "identity": 5.0} and game.D.memory == 50
    assert game.D.a.field == 18 and made.batch_size == 16 and made.rate == 1e-3
    rates = [made.training(game)["schedule"](step)["lr"] for step in (0, made.steps // 2, made.steps - 1)]
    assert rates[0] == rates[1] == 1e-3 > rates[2] > 0 and recipe.make_weights.looks("mnist-cyclegan")[-1] == made.steps


@needs_weights
@pytest.mark.slow
def test_the_card_s_scores_can_be_computed_again(recipe, card, mnist, mnist_test):
    again = recipe.scores(pretrained.load("mnist-cyclegan"), 10_000)
    assert again == pytest.approx(card["scores"], abs=0.002)

