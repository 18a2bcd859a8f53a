"""The explorers of notebook 13 without a browser: the U-Net of the page against torch, numbers against the measures."""

import base64

import numpy as np
import pytest
import torch
import traitlets

from gan_edu.data import load_images
from gan_edu.data_paired import edges, paired
from gan_edu.games_paired import SRGAN, Pix2Pix
from gan_edu.metrics_images import high_frequency_energy, psnr
from gan_edu.networks import DCGANDiscriminator, eval_mode, seeded
from gan_edu.translators import PatchDiscriminator, SuperResolutionGenerator, UNet
from gan_edu.widgets import EdgeExplorer, LensExplorer
from gan_edu.widgets.base import source
from gan_edu.widgets.lens import LENS, NAMES
from gan_edu.widgets.unet import pack
from node_run import needs_node, run_js

RUN = """
const at = (text) => { const b = Buffer.from(text, "base64"); return b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength); };
const g = unet.load(given.spec, at(given.weights), at(given.scales));
const x = Float32Array.from(given.x);
"""


def lively(G, seed=0):
    """Running averages, gains and shifts that are not those of the start."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in [*G.named_buffers(), *G.named_parameters()]:
            if value.is_floating_point():
                value += (0.3 if "var" in name else 0.1) * torch.rand(value.shape, generator=draw)
    return G


def small_pix2pix(seed):
    with seeded(seed):
        return Pix2Pix(lively(UNet(width=2), seed), PatchDiscriminator(width=2))


@pytest.fixture
def explorer(tiny_images):
    return EdgeExplorer(small_pix2pix(0), small_pix2pix(1), images=tiny_images)


@pytest.fixture
def lens(digits):
    with seeded(0):
        games = {key: SRGAN(SuperResolutionGenerator(width=2, blocks=1), DCGANDiscriminator(width=2, norm="none"))
                 for key in ("l2", "gan")}
        torch.nn.init.normal_(games["gan"].G.last.weight, 0, 0.5)
    return LensExplorer(games, images=digits.take(5))


def given(packed, x):
    return {"spec": packed.spec, "x": x.flatten().tolist()} | {
        name: base64.b64encode(getattr(packed, name)).decode() for name in ("weights", "scales")}


# ---- the network in the page

@needs_node
@pytest.mark.parametrize("arguments", [{"width": 3}, {"width": 2, "skips": False},
                                       {"width": 2, "depth": 4, "shape": (3, 20, 20), "inputs": 2}])
def test_the_page_runs_the_u_net_that_torch_runs(arguments):
    with seeded(0):
        G = lively(UNet(**arguments))
        x = torch.rand(1, *G.input_shape) * 2 - 1
    found = run_js([source("unet.js")], RUN + "return Array.from(g(x));", **given(pack(G), x))
    with eval_mode(G):
        assert np.abs(np.array(found) - G(x).flatten().numpy()).max() < 2e-3


@needs_node
def test_noise_is_asked_for_and_repeats_with_its_number():
    G = lively(UNet(width=3))
    x = torch.rand(1, 1, 28, 28) * 2 - 1
    body = RUN + "return [0, 1, 1, 2].map((seed) => Array.from(g(x, seed)));"
    off, one, again, two = np.array(run_js([source("unet.js")], body, **given(pack(G), x)))
    assert (one == again).all() and (one != two).any() and (one != off).any()


@needs_node
def test_the_page_drops_the_share_it_should():
    """With weights that pass a constant through the layers with dropout, half of it arrives as 0 and half doubled."""
    body = """const n = 64, op = { up: true, inputs: 1, outputs: 1, kernel: 1, stride: 1, padding: 0, side: n, out: n,
      act: "relu", drop: 0.5, push: false, join: false };
    const g = unet.load({ ops: [op] }, new Int16Array([100]).buffer, new Float32Array([0.01, 0]).buffer);
    return Array.from(g(new Float32Array(n * n).fill(1), 7));"""
    values = np.array(run_js([source("unet.js")], body))
    assert set(values.round(5)) == {0.0, 2.0} and abs(values.mean() - 1) < 4 / 64


@needs_node
def test_the_page_s_energy_is_that_of_the_measure():
    x = torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = run_js([source("unet.js")], "return given.x.map((x) => unet.energy(x, 28));", x=x.flatten(1).tolist())
    assert found == pytest.approx(high_frequency_energy(x).tolist(), rel=1e-5)


def test_only_a_u_net_can_be_packed():
    with pytest.raises(ValueError, match="the page runs a UNet, got Linear"):
        pack(torch.nn.Linear(2, 2))


# ---- EdgeExplorer

def test_it_starts_with_an_outline_of_a_digit_and_holds_one_of_each(explorer, tiny_images):
    assert len(explorer.examples) == 10 and explorer.cells == explorer.examples[3]
    first = int((tiny_images.labels == 3).nonzero()[0])
    assert torch.equal(explorer.outline(), 2 * edges(tiny_images.images[first:first + 1]).float() / 255 - 1)


def test_mix_is_of_pictures(explorer):
    explorer.mix = 0.25
    x = explorer.pictures()
    torch.testing.assert_close(x["mix"], 0.75 * x["L1"] + 0.25 * x["GAN"])
    assert explorer.readouts()["mix"] == pytest.approx(1_000 * float(high_frequency_energy(x["mix"])))
    explorer.mix = 1.0
    assert explorer.readouts()["mix"] == pytest.approx(explorer.readouts()["GAN"])


@pytest.mark.parametrize(("trait", "value"), [("cells", "01"), ("cells", "2" * 196), ("mix", 1.5), ("noise", -1),
                                              ("noise", 1000), ("mix", float("nan"))])
def test_what_is_outside_is_refused(explorer, trait, value):
    with pytest.raises(traitlets.TraitError):
        setattr(explorer, trait, value)


def test_other_games_are_refused(tiny_images, lens):
    with pytest.raises(ValueError, match="the explorer shows Pix2Pix games, got Linear"):
        EdgeExplorer(torch.nn.Linear(1, 1), small_pix2pix(0), images=tiny_images)


# ---- LensExplorer

def test_the_numbers_are_those_of_the_measures(lens, digits):
    pairs = paired(digits.take(5), "small")
    for lens.which in (0, 4):
        r = lens.readouts()
        for key in NAMES:
            if key == "original":
                continue
            x, right = lens.pictures[key][lens.which][None], pairs.x[lens.which][None]
            assert r[key]["psnr"] == pytest.approx(float(psnr(x, right)), abs=0.02)                # the page has 256 greys
            share = float(high_frequency_energy(x) / high_frequency_energy(right))
            assert r[key]["sharpness"] == pytest.approx(share, rel=0.05, abs=2e-3)
            part = [image[:, :, lens.y:lens.y + LENS, lens.x:lens.x + LENS] for image in (x, right)]
            assert r[key]["lens"] == pytest.approx(float(psnr(*part)), abs=0.05)


def test_pixels_are_the_pictures(lens, digits):
    grey = np.frombuffer(lens.pixels, np.uint8).reshape(5, 5, 28, 28)
    assert np.array_equal(grey[:, 0], digits.images[:5, 0].numpy())
    assert lens.small == paired(digits.take(5), "small").inputs.numpy().tobytes()
    assert np.array_equal(grey[:, 1, ::4, ::4], np.frombuffer(lens.small, np.uint8).reshape(5, 7, 7))


@pytest.mark.parametrize(("trait", "value"), [("which", 5), ("which", -1), ("x", 20), ("y", -1)])
def test_the_lens_stays_on_the_pictures(lens, trait, value):
    with pytest.raises(traitlets.TraitError):
        setattr(lens, trait, value)


def test_images_of_another_size_are_refused(lens, digits):
    from gan_edu.data import ImageSet
    with pytest.raises(ValueError, match="images must be 1 x 28 x 28"):
        LensExplorer({}, images=ImageSet(digits.images[:2, :, :14, :14], digits.labels[:2], "cut"))


def test_pictures_and_words(explorer, lens):
    for shown in (explorer, lens):
        data, metadata = shown._repr_mimebundle_()
        assert shown.png() == shown.png() and data["image/png"] and len(metadata["image/png"]["alt"]) > 60
        assert "0x" not in repr(shown) and type(shown).__name__ in repr(shown)


@pytest.mark.parametrize("n", [1, 3, 5, 6, 8])
def test_the_static_twin_labels_its_rows_however_many_images_there_are(n):
    explorer = LensExplorer(images=load_images("digits", split="test").take(n))
    labels = [text.get_text() for text in explorer.figure().axes[0].texts] or explorer.figure().axes[0].get_yticklabels()
    assert explorer.png() and len(labels) >= len(NAMES)
