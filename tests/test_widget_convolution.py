"""The explorers of notebook 08 without a browser: counts against torch, the page's generator in node against torch."""

import base64
import copy
import json

import numpy as np
import pytest
import torch
import traitlets
from torch import nn
from torch.nn import functional as F

from gan_edu.games import GAN
from gan_edu.networks import ConvGenerator, DCGANDiscriminator, DCGANGenerator, MLPGenerator, eval_mode, seeded
from gan_edu.widgets import BatchNormExplorer, FeatureMapExplorer, ShapeExplorer
from gan_edu.widgets.base import source
from gan_edu.widgets.batchnorm import BATCH, BATCHES, WAYS
from gan_edu.widgets.convnet import BANK, pack, stages
from gan_edu.widgets.shapes import PRESETS, layer, overlaps, paths, sides, taps
from node_run import needs_node, run_js

# ---- shapes

LAYERS = [layer("conv", 3, 1, 1), layer("conv", 4, 2, 1), layer("conv", 5, 3), layer("transposed", 3, 2, 1),
          layer("transposed", 4, 2, 1), layer("transposed", 5, 3, 2), layer("transposed", 7), layer("conv", 2, 4, 3)]


def by_torch(x, one):
    """The layer with a kernel of ones, on (1, 1, n)."""
    run = F.conv1d if one["kind"] == "conv" else F.conv_transpose1d
    return run(x, torch.ones(1, 1, one["kernel"], dtype=x.dtype), stride=one["stride"], padding=one["padding"])


@pytest.mark.parametrize("one", LAYERS, ids=lambda one: "{kind} {kernel} {stride} {padding}".format(**one))
@pytest.mark.parametrize("n", [1, 6, 9, 13])
def test_taps_are_the_matrix_of_a_kernel_of_ones(one, n):
    size = sides(n, [one])[1]
    if size is None:
        with pytest.raises(RuntimeError):
            by_torch(torch.ones(1, 1, n), one)
        return
    truth = by_torch(torch.eye(n)[:, None], one)[:, 0].T
    assert taps(n, one).tolist() == truth.int().tolist() and size == len(truth)
    assert overlaps(n, one).tolist() == by_torch(torch.ones(1, 1, n), one)[0, 0].int().tolist()


@pytest.mark.parametrize("name", PRESETS)
def test_paths_are_the_gradient_through_kernels_of_ones(name):
    side, layers = PRESETS[name]
    xs = [torch.ones(1, 1, side, dtype=torch.float64, requires_grad=True)]
    for one in layers:
        xs.append(by_torch(xs[-1], one))
    pick = xs[-1].shape[2] // 3
    truth = torch.autograd.grad(xs[-1][0, 0, pick], xs)
    found = paths(side, layers, pick)
    assert [f.tolist() for f in found] == [t[0, 0].long().tolist() for t in truth]
    assert sides(side, layers) == [x.shape[2] for x in xs]


@needs_node
def test_the_page_counts_as_python_does():
    chains = [[side, layers] for side, layers in PRESETS.values()]
    chains += [[5, LAYERS[:2]], [2, [layer("conv", 5), layer("conv", 3)]], [64, [layer("transposed", 4, 4)]], [20, LAYERS[3:6]]]
    found = run_js([source("shapes_counts.js")], """return given.chains.map(([side, layers]) => {
        const all = chainOf.sides(side, layers);
        const known = all.findIndex((n) => n === null), at = known < 0 ? layers.length - 1 : known - 2;
        return { all, paths: chainOf.paths(side, layers, 3), overlaps: at < 0 ? [] : chainOf.overlaps(all[at], layers[at]),
                 extent: chainOf.extent(chainOf.paths(side, layers, 3)[0]) }; });""", chains=chains)
    for (side, layers), js in zip(chains, found):
        all_sides = sides(side, layers)
        assert js["all"] == all_sides and js["paths"] == [p.tolist() for p in paths(side, layers, 3)]
        at = (all_sides.index(None) - 2) if None in all_sides else len(layers) - 1
        assert js["overlaps"] == (overlaps(all_sides[at], layers[at]).tolist() if at >= 0 else [])
        along = np.flatnonzero(paths(side, layers, 3)[0])
        assert js["extent"] == (along[-1] - along[0] + 1 if len(along) else 0)


def test_shape_readouts_and_a_chain_that_ends_early():
    explorer = ShapeExplorer().load("the sources' D")
    explorer.row = explorer.column = 3
    assert explorer.readouts() == {"output": 7, "field": 18, "least": 4, "most": 4}        # at: the first pooling
    board = ShapeExplorer().load("checkerboard: kernel 3, stride 2").readouts()
    assert (board["output"], board["least"], board["most"]) == (17, 1, 4)
    broken = ShapeExplorer([layer("conv", 3), layer("conv", 9), layer("conv", 1)], side=6, at=1)
    assert broken.sides == [6, 4, None, None] and set(broken.readouts().values()) == {None}
    assert "nothing" in broken.describe() and len(broken.figure().axes) == 2


@pytest.mark.parametrize("change", [
    {"layers": []}, {"layers": [layer("conv", 3)] * 7}, {"layers": [layer("pool", 3)]}, {"side": 0},
    {"layers": [layer("conv", 10)]}, {"layers": [layer("conv", 3, 1.5)]}, {"layers": [{"kind": "conv"}]}])
def test_shapes_refuse(change):
    with pytest.raises(traitlets.TraitError):
        explorer = ShapeExplorer()
        for name, value in change.items():
            setattr(explorer, name, value)


def test_presets_are_checked():
    with pytest.raises(ValueError, match="preset must be one of DCGAN"):
        ShapeExplorer().load("VGG")


# ---- a generator in the page

MAKERS = {"DCGAN": lambda: DCGANGenerator(6, width=4),
          "DCGAN in colour": lambda: DCGANGenerator(5, shape=(3, 16, 16), width=3, latent="uniform"),
          "the sources'": lambda: ConvGenerator(6, width=3)}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS, scope="module")
def G(request):
    return used(request.param)


def used(make):
    """A generator whose weights and running averages are those of no fresh one, in train mode."""
    with seeded(3):
        G = make()
        for p in G.parameters():
            nn.init.normal_(p, 0.3 if p.ndim == 1 else 0, 0.4)
        for _ in range(5):
            G(torch.randn(9, G.latent_dim))
    return G


def in_node(packed, z, **options):
    body = """const buffer = (text) => Uint8Array.from(Buffer.from(text, 'base64')).buffer;
        const g = convnet.load(given.spec, buffer(given.weights), buffer(given.norms));
        const found = g.forward(given.z, given.options);
        return { stages: found.stages.map((xs) => xs.map((x) => Array.from(x))),
                 statistics: found.statistics.map(({ mean, variance }) => [Array.from(mean), Array.from(variance)]) };"""
    found = run_js([source("net.js"), source("convnet.js")], body, spec=packed.spec, z=z.tolist(), options=options,
                   weights=base64.b64encode(packed.weights).decode(), norms=base64.b64encode(packed.norms).decode())
    return [np.array(stage) for stage in found["stages"]], found["statistics"]


@needs_node
@pytest.mark.parametrize("train", [True, False])
def test_the_page_draws_what_torch_draws_in_both_modes(G, train):
    packed, z = pack(G), torch.randn(4, G.latent_dim, generator=torch.Generator().manual_seed(0))
    twin = copy.deepcopy(G).train(train)
    truth = stages(twin, packed, z)
    found, _ = in_node(packed, z, batch=train)
    with torch.no_grad():
        np.testing.assert_allclose(truth[-1], copy.deepcopy(G).train(train)(z).numpy(), atol=1e-6)
    for ours, theirs, one in zip(found, truth, packed.layers, strict=True):
        assert list(theirs.shape[1:]) == one["shape"]
        np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, atol=2e-3 * max(1, np.abs(theirs).max()))


@needs_node
def test_the_page_takes_the_statistics_that_torch_takes_and_mutes_a_map(G):
    packed, z = pack(G), torch.randn(4, G.latent_dim, generator=torch.Generator().manual_seed(1))
    twin = copy.deepcopy(G).train()
    norms = [m for m in twin.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    twin(z)
    _, statistics = in_node(packed, z, batch=True)
    for (mean, variance), norm, one in zip(statistics, norms, packed.layers):
        n = 4 * np.prod(one["shape"][1:])
        np.testing.assert_allclose(mean, norm.running_mean, atol=2e-3)
        np.testing.assert_allclose(np.array(variance) * n / (n - 1), norm.running_var, rtol=5e-3, atol=1e-4)
    with eval_mode(G):
        truth = stages(G, packed, z, mute=(0, 1))[-1]
        assert np.abs(truth - stages(G, packed, z)[-1]).max() > 1e-3
    np.testing.assert_allclose(in_node(packed, z, mute=[0, 1])[0][-1].reshape(truth.shape), truth, atol=2e-3)


def test_what_the_page_cannot_run_is_named():
    with pytest.raises(ValueError, match="cannot run BatchNorm1d"):
        pack(MLPGenerator(4, hidden=(3,)))
    with pytest.raises(ValueError, match="one nn.Sequential.*got DCGANDiscriminator"):
        pack(DCGANDiscriminator())
    with pytest.raises(ValueError, match="G must be a name .* got int"):
        BatchNormExplorer(3)


# ---- BatchNorm

@pytest.fixture(scope="module")
def norms():
    return BatchNormExplorer(used(MAKERS["DCGAN"]), company=5, batches=4, momentum=0.3)


def test_four_ways_are_what_they_say(norms):
    G, z = norms.G, norms.batch()
    train = copy.deepcopy(G).train()
    with torch.no_grad():
        assert np.allclose(norms.picture("alone"), train(z[:1])[0], atol=1e-6)
        assert np.allclose(norms.picture("company"), train(z)[0], atol=1e-6)
        assert np.allclose(norms.picture("kept"), copy.deepcopy(G).eval()(z[:1])[0], atol=1e-6)
    pictures = [norms.picture(way) for way in WAYS]
    assert all(np.abs(a - b).max() > 1e-4 for i, a in enumerate(pictures) for b in pictures[:i])


def test_restarted_averages_are_those_of_torch(norms):
    fresh = copy.deepcopy(norms.G).train()
    for m in fresh.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.reset_running_stats()
            m.momentum = norms.momentum
    for i in range(norms.batches):
        z = torch.randn(BATCH, fresh.latent_dim, generator=torch.Generator().manual_seed(BANK + i))
        with torch.no_grad():
            fresh(z)
    for (mean, variance), m in zip(norms.restarted(), [m for m in fresh.modules() if isinstance(m, nn.BatchNorm2d)]):
        torch.testing.assert_close(mean, m.running_mean, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(variance, m.running_var, rtol=1e-4, atol=1e-5)
    with eval_mode(fresh):
        assert np.allclose(norms.picture("restarted"), fresh(norms.batch()[:1])[0], atol=1e-4)
    assert norms.readouts()["left"] == pytest.approx(0.7 ** 4)


def test_pictures_leave_the_generator_alone(norms):
    before = copy.deepcopy(norms.G.state_dict())
    for way in WAYS:
        norms.picture(way)
    assert all(torch.equal(value, before[key]) for key, value in norms.G.state_dict().items())
    z = norms.z
    norms.figure()
    assert norms.z == z


def test_a_game_gives_its_moving_average_and_wrong_states_are_refused(norms):
    with seeded(0):
        game = GAN(DCGANGenerator(3, shape=(1, 8, 8), width=2), DCGANDiscriminator(shape=(1, 8, 8), width=2))
        game.G_ema = DCGANGenerator(3, shape=(1, 8, 8), width=2)
    assert torch.equal(BatchNormExplorer(game).G.net[0].weight, game.G_ema.net[0].weight)
    for change in ({"z": BANK}, {"company": -1}, {"batches": BATCHES + 1}, {"momentum": 0.0}):
        with pytest.raises(traitlets.TraitError):
            BatchNormExplorer(game, **change)
    with pytest.raises(ValueError, match="way must be one of alone"):
        norms.picture("together")
    bare = nn.Module()
    bare.net, bare.latent_dim = nn.Sequential(nn.Linear(2, 18), nn.Unflatten(1, (2, 3, 3)), nn.Conv2d(2, 1, 1)), 2
    with pytest.raises(ValueError, match="must have BatchNorm2d"):
        BatchNormExplorer(bare)


# ---- maps

@pytest.fixture
def maps():
    return FeatureMapExplorer(used(MAKERS["DCGAN"]), t=0.25, layer=0)


def test_maps_are_those_behind_the_rectifiers(maps):
    z = maps.points(np.array([0.25]))
    with eval_mode(maps.G):
        assert np.allclose(maps.maps(), maps.G.net[:3](z), atol=1e-5)
        assert np.allclose(maps.picture(), maps.G(z)[0], atol=1e-5)
        h = maps.G.net[:3](z)
        h[:, maps.channel] = 0
        assert np.allclose(maps.picture(muted=True), maps.G.net[3:](h)[0], atol=1e-5)
    r = maps.readouts()
    assert r["top"] == pytest.approx(maps.maps()[0, maps.channel].max()) and r["top"] >= r["mean"] >= 0
    assert r["draws"] == pytest.approx(np.abs(maps.picture() - maps.picture(muted=True)).mean() / 2)


def test_it_opens_on_the_map_that_draws_most(maps):
    draws = []
    for maps.channel in range(8):
        draws.append(maps.readouts()["draws"])
    assert FeatureMapExplorer(maps.G, t=0.25, layer=0).channel == int(np.argmax(draws)) and max(draws) > 0


def test_one_scale_for_all_maps_of_a_layer(maps):
    values = maps.maps(np.linspace(0, 1, 9))
    assert 0.99 < (values <= maps.scale()).mean() < 1 and maps.scale() > 0


def test_maps_refuse(maps):
    for change in ({"layer": 2}, {"layer": -1}, {"channel": 8}, {"t": 1.5}, {"start": BANK}):
        with pytest.raises(traitlets.TraitError):
            FeatureMapExplorer(maps.G, **change)
    maps.layer, maps.channel = 1, 7
    assert maps.place() == (1, 3)


# ---- all three

def test_pictures_words_and_state(norms, maps):
    for shown in (ShapeExplorer(), norms, maps):
        data, metadata = shown._repr_mimebundle_()
        assert base64.b64decode(data["image/png"]) == shown.png() and len(metadata["image/png"]["alt"]) > 60
        assert "0x" not in repr(shown) and type(shown).__name__ in repr(shown)
        json.dumps({k: v for k, v in shown.get_state().items() if not isinstance(v, bytes)}, default=str)


def test_the_words_name_a_layer_that_is_there():
    assert "In layer 3 a pixel" in ShapeExplorer(at=5).describe()
