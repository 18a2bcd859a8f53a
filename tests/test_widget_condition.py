"""The explorers of notebook 12 without a browser, and convolutions in the page: run by node they equal torch."""

import base64
import json

import numpy as np
import pytest
import torch
import traitlets
from torch import nn

from gan_edu import classifier
from gan_edu.games import ConditionalGAN
from gan_edu.networks import ConditionalGenerator, ConvGenerator, DCGANGenerator, ProjectionDiscriminator, eval_mode, seeded
from gan_edu.widgets import ConditionExplorer, ConfusionExplorer
from gan_edu.widgets.base import source
from gan_edu.widgets.confusion import KEPT
from gan_edu.widgets.places import pack_places
from node_run import needs_node, run_js


def used(network):
    """The network with statistics and scales that no fresh one has."""
    with seeded(3), torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.2), module.running_var.uniform_(0.5, 2)
                module.weight.normal_(1, 0.3), module.bias.normal_(0, 0.3)
        for p in network.parameters():
            p.mul_(3 if p.ndim > 1 else 1)
    return network.eval()


@pytest.fixture(scope="module")
def G():
    with seeded(0):
        return used(ConditionalGenerator(6, width=5))


@pytest.fixture
def explorer(G):
    return ConditionExplorer(G, directions=3, seed=2)


# ---- convolutions in the page

@needs_node
def test_the_page_s_generator_and_classifier_are_torchs(G):
    g, c = pack_places(G.trunk, (16,)), pack_places(classifier.classifier(), (1, 28, 28))
    x = torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    with eval_mode(G):
        images = G.trunk(x)
    logits = classifier.classifier()(images)
    found = run_js([source("net.js"), source("places.js")], """
        const bytes = (text) => Uint8Array.from(Buffer.from(text, "base64")).buffer;
        return [false, true].map((plain) => {
          const g = places.load(given.g, bytes(given.dg), { plain }), c = places.load(given.c, bytes(given.dc), { plain });
          const images = given.x.map((x) => g.forward(x));
          return { engine: g.engine, images: images.map((v) => [...v]), logits: images.map((v) => [...c.forward(v)]) };
        });""", g=g.spec, c=c.spec, x=x.tolist(), dg=base64.b64encode(g.data).decode(), dc=base64.b64encode(c.data).decode())
    assert [run["engine"] for run in found] == ["simd", "plain"]
    for run in found:
        assert np.abs(np.array(run["images"]) - images.flatten(1).numpy()).max() < 2e-3
        assert np.abs(np.array(run["logits"]) - logits.numpy()).max() < 2e-2


@pytest.mark.parametrize(("network", "inputs"), [
    (ConvGenerator(8, width=4), (8,)), (nn.Sequential(nn.Conv2d(1, 2, 5)), (1, 9, 9)),
    (nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4)), (4,))])
def test_layers_that_the_page_does_not_know_are_refused(network, inputs):
    with pytest.raises(ValueError, match="the browser cannot run"):
        pack_places(network, inputs)


def test_a_network_that_does_more_than_its_layers_is_refused():
    class Doubled(DCGANGenerator):
        def forward(self, z):
            return super().forward(2 * z)

    with pytest.raises(ValueError, match="not applied one after the other"):
        pack_places(used(Doubled(6, width=4)), (6,))


# ---- ConditionExplorer

def test_ten_digits_share_one_z(explorer, G):
    z = torch.tensor([explorer.z] * 10).float()
    with eval_mode(G):
        assert np.array_equal(explorer.digits(), G(z, torch.arange(10)).numpy())
    assert np.allclose(explorer.picture(), explorer.digits()[explorer.digit], atol=1e-6)
    assert explorer.z == pytest.approx(explorer.sample_z(2)[0].tolist()) and len(explorer.bank) == 64 * 6 * 4


def test_an_order_between_two_digits(explorer):
    explorer.digit, explorer.other, explorer.t = 3, 8, 0.25
    assert explorer.order().tolist() == pytest.approx([0, 0, 0, 0.75, 0, 0, 0, 0, 0.25, 0])
    r, p = explorer.readouts(), classifier.probabilities(torch.tensor(explorer.picture()[None]))[0]
    assert (r["read"], r["digit"], r["other"]) == (p.argmax(), pytest.approx(p[3]), pytest.approx(p[8]))
    path = explorer.path()
    assert path.shape == (17, 10) and np.allclose(path.sum(1), 1) and np.allclose(path[4], p, atol=1e-5)
    explorer.other = 3
    assert explorer.order()[3] == 1


def test_obeyed_counts_the_ten(explorer):
    read = classifier.probabilities(torch.tensor(explorer.digits())).argmax(1)
    assert explorer.readouts()["obeyed"] == sum(read == np.arange(10))


def test_directions_are_those_that_move_the_first_layer_most(explorer, G):
    rows = explorer.directions.double()
    assert torch.allclose(rows @ rows.T, torch.eye(3, dtype=torch.float64), atol=1e-6)
    norm = G.trunk.net[1]
    scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().double()
    A = (G.trunk.net[0].weight.detach().double()[:6] * scale[:, None, None]).flatten(1).T                # (k, 6)
    moved = (A @ rows.T).norm(dim=0)
    assert torch.allclose(moved, torch.linalg.svdvals(A)[:3], rtol=1e-4)


def test_it_takes_a_game_and_prefers_its_average(G):
    with seeded(1):
        game = ConditionalGAN(ConditionalGenerator(6, width=5), ProjectionDiscriminator(width=4))
    assert ConditionExplorer(game).G is game.G
    game.G_ema = G
    assert ConditionExplorer(game).G is G


@pytest.mark.parametrize(("argument", "words"), [
    (nn.Linear(3, 3), "got Linear"), (DCGANGenerator(6, width=4), "got DCGANGenerator"),
    (ConditionalGenerator(6, classes=3, width=4), "of ten classes")])
def test_other_generators_are_refused(argument, words):
    with pytest.raises(ValueError, match=words):
        ConditionExplorer(argument)


@pytest.mark.parametrize("directions", [0, 9, 1.5])
def test_directions_are_few(G, directions):
    with pytest.raises(ValueError, match="directions must be"):
        ConditionExplorer(G, directions=directions)


@pytest.mark.parametrize(("trait", "value"), [("digit", 10), ("other", -1), ("t", 1.1), ("t", float("nan")), ("seed", -1)])
def test_what_is_outside_is_refused(explorer, trait, value):
    with pytest.raises(traitlets.TraitError):
        setattr(explorer, trait, value)


# ---- ConfusionExplorer

@pytest.fixture
def made():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 300)
    seen = np.where(rng.random(300) < 0.8, y, rng.integers(0, 4, 300))
    return y, seen, 2 * rng.random((300, 1, 5, 6)) - 1


def test_counts_are_those_of_a_loop(made):
    explorer = ConfusionExplorer(*made, classes=5)
    counts = np.zeros((5, 5), int)
    for i, j in zip(*made[:2]):
        counts[i, j] += 1
    assert explorer.counts == counts.tolist()
    explorer.row, explorer.column = 2, 1
    r = explorer.readouts()
    assert (r["count"], r["ordered"], r["seen"]) == (counts[2, 1], counts[2].sum(), counts[:, 1].sum())
    assert r["right"] == np.trace(counts) / 300 and r["strangers"] == counts[:, 1].sum() - counts[1, 1]
    explorer.row = 4                                                   # never ordered
    assert explorer.readouts()["share"] is None and explorer.readouts()["share_low"] is None


def test_intervals_are_wilsons(made):
    """An end p of the interval is where the share found lies 1.96 standard errors of p away."""
    explorer = ConfusionExplorer(*made, classes=4)
    for row, line in zip(explorer.counts, explorer.intervals):
        n = sum(row)
        for count, ends in zip(row, line):
            for p in ends:
                assert (count / n - p) ** 2 == pytest.approx(1.959964**2 * p * (1 - p) / n, abs=1e-9)
    right, n, low, high = explorer.total
    assert low < right / n < high and n == 300


def test_each_cell_has_its_own_pictures(made):
    y, seen, x = made
    explorer = ConfusionExplorer(*made, classes=4)
    for i, j in np.ndindex(4, 4):
        mine = x[(y == i) & (seen == j)][:KEPT]
        assert np.array_equal(explorer.images_in(i, j), np.rint((mine + 1) * 127.5).astype(np.uint8))
    assert max(max(row) for row in explorer.kept) == KEPT
    same = ConfusionExplorer(torch.tensor(y), torch.tensor(seen), torch.tensor(x).float(), classes=4)
    assert same.pictures == explorer.pictures and same.counts == explorer.counts


def test_it_opens_at_the_most_frequent_mistake():
    explorer = ConfusionExplorer([0, 0, 1, 1, 1, 2], [0, 1, 2, 2, 1, 2], classes=3)
    assert (explorer.row, explorer.column) == (1, 2) and "2 of 3 ordered 1 are read as 2" in explorer.describe()
    perfect = ConfusionExplorer([0, 1], [0, 1], classes=2)
    assert "None is mistaken" in perfect.describe() and (perfect.row, perfect.column) == (0, 0)
    assert perfect.images_in(0, 0).size == 0


@pytest.mark.parametrize(("arguments", "words"), [
    (([0, 1], [0]), "one label for each picture, got 2 and 1"), (([], []), "ordered must be whole numbers"),
    (([0.5], [0]), "ordered must be whole"), (([0], [10]), "from 10 to 10"), (([-1], [0]), "from -1 to -1"),
    (([[0]], [0]), "ordered must be whole"), (([0], [0], np.zeros((2, 1, 3, 3))), "images must be \\(1, 1 or 3"),
    (([0], [0], np.full((1, 1, 3, 3), 2.0)), "in \\[-1, 1\\]")])
def test_labels_and_pictures_are_checked(arguments, words):
    with pytest.raises(ValueError, match=words):
        ConfusionExplorer(*arguments)


def test_the_cell_must_be_in_the_matrix(made):
    with pytest.raises(traitlets.TraitError, match="row must be from 0 to 3, got 4"):
        ConfusionExplorer(*made, classes=4, row=4)
    with pytest.raises(ValueError, match="classes must be from 2 to 20"):
        ConfusionExplorer([0], [0], classes=21)


# ---- both

def test_pictures_words_and_state(explorer, made):
    for shown in (explorer, ConfusionExplorer(*made, classes=4), ConfusionExplorer([0, 1], [1, 1], classes=3)):
        data, metadata = shown._repr_mimebundle_()
        assert shown.png() == shown.png() and data["image/png"] and len(metadata["image/png"]["alt"]) > 60
        assert "0x" not in repr(shown) and type(shown).__name__ in repr(shown)
        json.dumps({k: v for k, v in shown.get_state().items() if not isinstance(v, bytes)}, default=str)
