"""Numbers that the prose of notebook 08 rests on: closed forms, exact twins, the shipped DCGAN, cards."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from gan_edu import pretrained
from gan_edu.classifier import features
from gan_edu.data import ImageSet, load_images, scale
from gan_edu.games import GAN
from gan_edu.metrics_features import frechet_distance
from gan_edu.networks import (
    ConvDiscriminator,
    ConvGenerator,
    DCGANDiscriminator,
    DCGANGenerator,
    MLPDiscriminator,
    MLPGenerator,
    count_parameters,
    eval_mode,
    seeded,
)
from gan_edu.training import train
from gan_edu.widgets import BatchNormExplorer, FeatureMapExplorer
from notebooks import build

TWIN = build.HERE / "08_convolutional_gans.py"


def cell(*words):
    """The source of the one code cell that holds all of these words."""
    found = [c.source for c in build.read_twin(TWIN).cells if c.cell_type == "code" and all(w in c.source for w in words)]
    assert len(found) == 1, (words, len(found))
    return found[0]


@pytest.fixture(scope="module")
def digits():
    return load_images("digits")


# ---- closed forms

@pytest.mark.parametrize(("variance", "printed"), [(1.0, 0.745), (0.1, 0.333), (0.01, 0.111)])
def test_an_epsilon_of_08_gives_the_printed_standard_deviations(variance, printed):
    """v / (v + eps): measured by torch on noise of exactly that variance, against the formula and the text."""
    x = torch.randn(10_000, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = (x - x.mean()) / x.std(correction=0) * variance ** 0.5
    norm = nn.BatchNorm1d(1, 0.8).double()
    assert norm.eps == 0.8 and norm.momentum == 0.1
    out = norm(x).std(correction=0).item()
    assert out == pytest.approx((variance / (variance + 0.8)) ** 0.5, abs=1e-9) and out == pytest.approx(printed, abs=6e-4)


def test_parameters_by_hand():
    G, D = DCGANGenerator(100, shape=(3, 64, 64)), DCGANDiscriminator(shape=(3, 64, 64))
    up, down = [100, 512, 256, 128, 64, 3], [3, 64, 128, 256, 512, 1]
    assert sum(16 * a * b for a, b in zip(up, up[1:])) + 2 * sum(up[1:-1]) == count_parameters(G) == 3_576_704
    assert sum(16 * a * b for a, b in zip(down, down[1:])) + 2 * sum(down[2:-1]) == count_parameters(D) == 2_765_568
    text = TWIN.read_text(encoding="utf-8")
    assert "3_576_704" in text and "2_765_568" in text
    assert count_parameters(MLPDiscriminator()) == 533_505                  # "half a million"


def test_labels_are_a_convention_to_the_last_bit():
    names = {"GAN": GAN, "F": torch.nn.functional}
    exec(compile(cell("class Flipped(GAN)"), "08", "exec"), names)
    data, generators = load_images("digits").take(64), []
    for game_type, sign in ((GAN, 1), (names["Flipped"], -1)):
        with seeded(2):
            game = game_type(ConvGenerator(4, width=2), ConvDiscriminator(width=2))
        for weight in game.D.net[-1].parameters():
            weight.data *= sign
        rates = [torch.optim.Adam(player.parameters(), lr=1e-3, amsgrad=True) for player in (game.G, game.D)]
        train(game, data, steps=4, batch_size=16, optimizers=rates, progress=False)
        generators.append(torch.cat([w.detach().flatten() for w in game.G.parameters()]))
    assert torch.equal(*generators)


def test_flipped_labels_are_cross_entropy():
    names = {"GAN": GAN, "F": torch.nn.functional}
    exec(compile(cell("class Flipped(GAN)"), "08", "exec"), names)
    with seeded(0):
        game = names["Flipped"](MLPGenerator(3, hidden=(4,)), MLPDiscriminator(hidden=(4,)))
    x = scale(load_images("digits").images[:7])
    game.D.eval(), game.G.eval()
    rng = torch.Generator().manual_seed(0)
    loss = game.discriminator_loss(x, rng)
    fake = game.D(game.G(game.noise(7, torch.Generator().manual_seed(0))))
    bce = nn.functional.binary_cross_entropy_with_logits
    torch.testing.assert_close(loss, bce(game.D(x), torch.zeros(7, 1)) + bce(fake, torch.ones(7, 1)))
    torch.testing.assert_close(game.generator_loss(x, torch.Generator().manual_seed(0)), bce(fake, torch.zeros(7, 1)))


@pytest.mark.parametrize("seed", range(5))
def test_scales_from_n_0_mute_the_generator(seed):
    """Contrast and gradient are more than twenty times as large with the authors' scales, over five seeds."""
    found = []
    for mean in (0, 1):
        with seeded(seed):
            G = DCGANGenerator(width=32)
            for m in G.modules():
                if isinstance(m, nn.BatchNorm2d):
                    nn.init.normal_(m.weight, mean, 0.02)
        x = G(torch.randn(32, 100, generator=torch.Generator().manual_seed(seed)))
        x[:, 0, 14, 14].sum().backward()
        found.append((x.std().item(), G.net[0].weight.grad.norm().item()))
    assert all(authors > 20 * published for published, authors in zip(*found))


# ---- the shipped DCGAN

@pytest.fixture(scope="module")
def dcgan():
    return pretrained.load("mnist-dcgan")


def test_company_averages_and_restarts_come_in_the_order_of_the_text(dcgan):
    explorer = BatchNormExplorer(dcgan)

    def mean_off(way, *, company=7, batches=5):
        explorer.company, explorer.batches, found = company, batches, []
        for explorer.z in range(8):
            found.append(np.abs(explorer.picture(way) - explorer.picture("kept")).mean() / 2)
        return np.mean(found)

    alone, few, many = mean_off("alone"), mean_off("company", company=7), mean_off("company", company=31)
    assert alone > few > many > 0
    assert mean_off("restarted", batches=5) > 1.1 * alone and mean_off("restarted", batches=60) < few


def test_no_map_draws_much_alone(dcgan):
    assert all(FeatureMapExplorer(dcgan, start=i).readouts()["draws"] < 0.05 for i in range(3))


def test_its_maps_have_a_checkerboard_and_its_pictures_none(dcgan):
    names = {"torch": torch, "networks": __import__("gan_edu.networks", fromlist=["eval_mode"]), "pretrained": pretrained}
    exec(compile(cell("def pattern(x)"), "08", "exec"), names)
    pattern, rng = names["pattern"], torch.Generator().manual_seed(3)
    assert pattern(torch.randn(500, 8, 14, 14, generator=rng)) == pytest.approx(3 / 195, rel=0.1)
    board = (torch.arange(14)[:, None] + torch.arange(14)) % 2
    assert pattern(board.float().expand(3, 1, 14, 14)) == pytest.approx(1)
    assert pattern(names["maps"]) > 3 * 3 / 195 > pattern(names["pictures"])
    stripes = names["maps"][:, 0]                         # of map 0: every second row is brighter, and no column
    assert stripes[:, 1::2].mean() > 4 * stripes[:, ::2].mean()
    assert stripes[:, :, 1::2].mean() == pytest.approx(stripes[:, :, ::2].mean().item(), rel=0.2)


def test_the_scores_on_the_cards_say_what_the_text_says():
    cards = {name: pretrained.card(name) for name in ("mnist-mlp", "mnist-dcgan")}
    assert cards["mnist-dcgan"]["scores"]["frechet"] < cards["mnist-mlp"]["evaluation"]["scores"]["frechet"]["value"] / 8
    assert cards["mnist-dcgan"]["scores"]["parzen"] < cards["mnist-mlp"]["scores"]["parzen"]
    sizes = [count_parameters(pretrained.load(name).G) for name in cards]
    assert sizes[0] > 6 * sizes[1]
    if "evaluation" not in cards["mnist-dcgan"]:
        pytest.skip("mnist-dcgan has no evaluation on its card yet: python benchmarks/scoreboard.py mnist-dcgan")
    mlp, conv = (cards[name]["evaluation"]["scores"] for name in cards)
    gap = mlp["frechet"]["value"] - conv["frechet"]["value"]
    assert gap > 4 * np.hypot(mlp["frechet"]["error"], conv["frechet"]["error"])
    assert conv["recall"]["value"] > mlp["recall"]["value"] and conv["precision"]["value"] < mlp["precision"]["value"]


# ---- neighbours

def test_a_fully_connected_judge_never_knew_its_neighbours(digits):
    order = torch.randperm(784, generator=torch.Generator().manual_seed(5))
    x = scale(digits.images[:50])
    mixed = x.flatten(1)[:, order].reshape(x.shape)
    D = MLPDiscriminator()
    twin = copy.deepcopy(D)
    twin.net[0].weight.data = D.net[0].weight.data[:, order]
    with eval_mode(D, twin):
        torch.testing.assert_close(D(x), twin(mixed), atol=1e-5, rtol=1e-4)
        convolutional = DCGANDiscriminator(width=8)
        with eval_mode(convolutional):
            assert not torch.allclose(convolutional(x), convolutional(mixed), atol=1e-4)


@pytest.mark.slow
def test_shuffled_pixels_cost_a_convolutional_pair(digits):
    """Five seeds of the notebook's short runs."""
    order = torch.randperm(784, generator=torch.Generator().manual_seed(0))
    mixed = ImageSet(digits.images.flatten(1)[:, order].reshape(digits.images.shape), digits.labels, "shuffled")
    names = {"torch": torch}
    exec(compile(cell("def drawn_after"), "08", "exec"), names)
    drawn_after, real = names["drawn_after"], features(digits.images)
    pair = (lambda dim: DCGANGenerator(dim, width=16)), (lambda: DCGANDiscriminator(width=16, norm="none"))
    full = (lambda dim: MLPGenerator(dim, hidden=(256, 512))), (lambda: MLPDiscriminator(hidden=(256, 128)))
    distances = []
    for seed in range(5):
        plain = drawn_after(*pair, digits, rate=1e-3, seed=seed)
        back = drawn_after(*pair, mixed, rate=1e-3, seed=seed).flatten(1)[:, order.argsort()].reshape(-1, 1, 28, 28)
        connected = drawn_after(*full, digits, rate=2e-4, seed=seed)
        distances.append([frechet_distance(features(x), real) for x in (plain, connected, back)])
        assert back.std() > 0.3                          # it has drawn something
    assert all(3 * a < b < 0.8 * c for a, b, c in distances), distances      # measured: 31 to 53, 231 to 312, 500 to 584
