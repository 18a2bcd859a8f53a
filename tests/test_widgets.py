"""Explorers without a browser: traits, checks of arguments, the static twin, errors, and what the page is given."""

import base64
import importlib
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest
import torch
from torch import nn

import gan_edu.widgets
from gan_edu.games import GAN
from gan_edu.latent import directions, sample_latent
from gan_edu.networks import MLPDiscriminator, MLPGenerator, ReLUGenerator, eval_mode
from gan_edu.widgets import Explorer, LatentExplorer
from gan_edu.widgets.base import source


@pytest.fixture(scope="module")
def game():
    torch.manual_seed(0)
    return GAN(MLPGenerator(12, shape=(1, 6, 5), hidden=(16, 24)), MLPDiscriminator(shape=(1, 6, 5), hidden=(10,)))


@pytest.fixture
def explorer(game):
    return LatentExplorer(game, images=torch.arange(8 * 30).reshape(8, 1, 6, 5).to(torch.uint8))


class Convolutional(nn.Module):
    """A generator that the page cannot run."""

    latent_dim = 4

    def __init__(self, channels=1):
        super().__init__()
        self.net = nn.Sequential(nn.Unflatten(1, (1, 2, 2)), nn.ConvTranspose2d(1, channels, 3), nn.Tanh())

    def forward(self, z):
        return self.net(z)


# ---- installing, importing (faults 44)

def fresh_widgets(monkeypatch):
    monkeypatch.setattr(gan_edu, "widgets", gan_edu.widgets)        # put back afterwards
    for name in [name for name in sys.modules if name.startswith("gan_edu.widgets")]:
        monkeypatch.delitem(sys.modules, name)
    return importlib.import_module("gan_edu.widgets")


@pytest.mark.parametrize("missing", ["ipywidgets", "anywidget"])
def test_package_imports_without_widgets_and_says_what_to_install(monkeypatch, missing):
    monkeypatch.delitem(sys.modules, "anywidget", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    widgets = fresh_widgets(monkeypatch)
    for name in widgets.__all__:
        with pytest.raises(ImportError, match=rf"(?s){missing} is not installed.*pip install 'anywidget"):
            getattr(widgets, name)


def test_old_ipywidgets_is_named(monkeypatch):
    import ipywidgets
    monkeypatch.setattr(ipywidgets, "__version__", "7.8.1")
    with pytest.raises(ImportError, match=r"(?s)ipywidgets 7\.8\.1 is too old.*pip install"):
        fresh_widgets(monkeypatch).Explorer  # noqa: B018


def test_unknown_explorer_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no 'NoSuch'; it has .*LatentExplorer"):
        gan_edu.widgets.NoSuch  # noqa: B018
    assert "LatentExplorer" in dir(gan_edu.widgets)


# ---- what the page is given

def test_front_end_needs_no_network(explorer):
    text = explorer._esm + explorer._css
    assert not re.search(r"https?://(?!www\.w3\.org)|^\s*import\s|@import|importScripts", text, re.M)
    assert "export default" in explorer._esm and "@DENSE_MODULE@" not in explorer._esm


def test_webassembly_source_is_the_module_in_the_page(explorer):
    module = base64.b64decode(re.search(r'KERNEL = "([^"]+)"', explorer._esm)[1])
    assert module[:8] == b"\0asm\1\0\0\0" and len(module) < 512


def test_weights_travel_once_and_only_for_networks_the_page_can_run(game):
    assert len(LatentExplorer(game).weights_g) < 2.2 * sum(p.numel() for p in game.G.parameters())
    kernel_bound = LatentExplorer(Convolutional(), directions=0)
    assert kernel_bound.weights_g == b"" and kernel_bound.spec["G"] is None


def test_shared_colours_are_those_of_the_plots():
    from gan_edu.plots import COLORS
    css = source("kit.css").lower()
    for name, colour in COLORS.items():
        assert f"--gx-{name}: {colour.lower()}" in css


# ---- state and the Python twin

def test_z_starts_where_the_seed_says(game):
    explorer = LatentExplorer(game, seed=5)
    z = sample_latent(1, 12, generator=torch.Generator().manual_seed(5))[0]
    assert np.allclose(explorer.z, z) and np.allclose(explorer.z_a, z)
    assert np.allclose(np.frombuffer(explorer.bank, "<f4").reshape(-1, 12)[1], explorer.sample_z(6)[0])
    assert np.allclose(explorer.z_b, explorer.sample_z(6)[0])


def test_uniform_generators_get_uniform_z():
    explorer = LatentExplorer(ReLUGenerator(20, shape=(1, 4, 4), hidden=(8,)), seed=1)
    assert np.abs(np.frombuffer(explorer.bank, "<f4")).max() <= 3 ** 0.5 + 1e-6
    assert explorer.spec["reach_z"] == pytest.approx(3 ** 0.5)


def test_twin_is_the_generator_itself(game, explorer):
    z = torch.randn(12)
    explorer.z = z
    with eval_mode(game.G, game.D):
        image = game.G(z[None])
        assert np.allclose(explorer.picture(), image[0].numpy(), atol=1e-6)
        assert explorer.verdict() == pytest.approx(torch.sigmoid(game.D(image)).item(), abs=1e-6)
    assert LatentExplorer(game.G).verdict() is None


def test_moving_average_is_preferred(game):
    other = GAN(game.G, game.D)
    other.G_ema = MLPGenerator(12, shape=(1, 6, 5), hidden=(16, 24))
    assert LatentExplorer(other).G is other.G_ema


def test_grid_walks_from_z_along_its_axes(game, explorer):
    explorer.reach, explorer.steps, explorer.down = 2.0, 3, "coordinate"
    explorer.coordinate = 4
    grid = explorer.grid()
    assert grid.shape == (3, 3, 1, 6, 5)
    assert np.allclose(grid[1, 1], explorer.picture(), atol=1e-6)
    z = np.asarray(explorer.z) - 2 * directions(game.G, 1)[0].numpy() + 2 * np.eye(12)[4]
    assert np.allclose(grid[2, 0], explorer.images_of([z])[0], atol=1e-6)
    explorer.down = "nothing"
    assert explorer.grid().shape == (1, 3, 1, 6, 5)


def test_nearest_images_in_order(explorer):
    image = explorer._images[3].reshape(1, 6, 5).float() / 127.5 - 1
    distances, found = explorer.nearest(image)
    assert distances[0] == pytest.approx(0, abs=1e-5) and distances == sorted(distances) and len(distances) == 5
    assert torch.allclose(found[0], image)
    assert distances[1] == pytest.approx(30 / 255 * 30 ** 0.5, rel=1e-4)     # the neighbours differ by 30 grey levels


def test_directions_may_be_your_own(game):
    explorer = LatentExplorer(game, directions=2 * np.eye(12)[:2])
    assert torch.equal(explorer.directions, torch.eye(12)[:2]) and explorer.down == "direction 2"
    assert LatentExplorer(Convolutional()).directions.shape == (0, 4)
    assert LatentExplorer(Convolutional()).across == "coordinate"


@pytest.mark.parametrize("change, words", [
    (dict(z=[0.0] * 3), "z must be 12 finite numbers, one for each coordinate of z, got 3 numbers"),
    (dict(z_a=[float("nan")] * 12), "z_a must be 12 finite numbers.*not finite"),
    (dict(coordinate=12), "coordinate must be from 0 to 11, got 12"),
    (dict(across="nothing"), "across must be one of direction 1, .*coordinate, got 'nothing'"),
    (dict(down="direction 9"), "down must be one of .*'direction 9'"),
])
def test_bad_state_is_refused_and_kept_out(explorer, change, words):
    (name, value), = change.items()
    before = getattr(explorer, name)
    with pytest.raises(ValueError, match=words):
        setattr(explorer, name, value)
    assert getattr(explorer, name) == before


@pytest.mark.parametrize("make, words", [
    (lambda g: LatentExplorer(3), "G must be a name .* got int"),
    (lambda g: LatentExplorer(g, D="judge"), "D a module or None; got .* str"),
    (lambda g: LatentExplorer(nn.Linear(2, 2)), "latent_dim must be a whole number >= 1, got None"),
    (lambda g: LatentExplorer(Convolutional(channels=2)), r"G must give images \(n, 1, H, W\).*got \(n, 2, 4, 4\)"),
    (lambda g: LatentExplorer(g, images=np.zeros((3, 1, 6, 5))), r"images must be uint8 \(N, 1, 6, 5\).*float64"),
    (lambda g: LatentExplorer(g, directions=-1), "directions must be a whole number >= 0, got -1"),
    (lambda g: LatentExplorer(g, directions=np.zeros((2, 12))), r"array \(m, 12\) of non-zero rows, got \(2, 12\)"),
    (lambda g: LatentExplorer(g, seed=1.5), "seed must be a whole number >= 0, got 1.5"),
    (lambda g: LatentExplorer(g).nearest(np.zeros((1, 6, 5))), "no training images here; give them with"),
])
def test_bad_arguments_are_named(game, make, words):
    with pytest.raises(ValueError, match=words):
        make(game)


# ---- questions from the page, and callbacks that fail (faults 45)

def ask(explorer, what, *numbers, content=None):
    """What the page would get: the reply and its buffers."""
    sent = []
    explorer.send = lambda message, buffers=None: sent.append((message, buffers or []))
    buffers = [memoryview(np.asarray(n, "<f4").tobytes()) for n in numbers]
    explorer._hear(explorer, {"kind": "ask", "id": 7, "what": what, "content": content}, buffers)
    (reply, out), = sent
    assert reply["id"] == 7
    return reply, [np.frombuffer(b, "<f4") for b in out]


def test_kernel_draws_for_generators_it_must():
    explorer = LatentExplorer(Convolutional(), D=MLPDiscriminator(shape=(1, 4, 4), hidden=(5,)))
    z = np.random.default_rng(0).normal(size=(3, 4)).astype("f4")
    reply, (images, logits) = ask(explorer, "draw", z)
    assert "error" not in reply and logits.shape == (3,)
    assert np.allclose(images.reshape(3, 1, 4, 4), explorer.images_of(z), atol=1e-6)


def test_nearest_is_answered(explorer):
    reply, (images,) = ask(explorer, "nearest", explorer.picture())
    assert reply["content"]["distances"] == explorer.nearest(explorer.picture())[0] and images.shape == (5 * 30,)


def test_callback_error_is_shown_and_the_next_success_clears_it(explorer):
    reply, _ = ask(explorer, "sing")
    assert "no answer to 'sing'" in reply["error"] and explorer.error == reply["error"]
    ask(explorer, "nearest", explorer.picture())
    assert explorer.error == ""


def test_callback_error_is_raised_in_tests_too(explorer):
    explorer.raise_errors = True
    with pytest.raises(NotImplementedError):
        ask(explorer, "sing")
    assert "sing" in explorer.error


def test_plain_python_has_the_same_ladder():
    class Failing(Explorer, js=[]):
        def figure(self):
            return None

    failing = Failing()
    with failing.reporting():
        raise ValueError("k must be a whole number >= 1, got 0")
    assert failing.error == "k must be a whole number >= 1, got 0"
    assert failing.png() is None and "Failing" in failing.describe() and repr(failing) == "Failing()"


def test_messages_of_others_are_left_alone(explorer):
    explorer.send = lambda *_: pytest.fail("answered a stranger")
    explorer._hear(explorer, {"kind": "other"}, [])
    explorer._hear(explorer, "text", [])


# ---- readers without a kernel (faults 43, 50)

def test_mimebundle_carries_a_picture_and_its_words(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == repr(explorer) == "LatentExplorer(latent_dim=12, directions=6)"
    assert "6 rows of 7" in metadata["image/png"]["alt"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_static_picture_is_the_same_every_time(explorer):
    assert explorer.png() == explorer.png()
    assert len(explorer.png()) < 100_000


def test_notebook_without_a_widget_manager_shows_the_picture(explorer):
    from nbconvert import HTMLExporter
    data, _ = explorer._repr_mimebundle_()
    del data["application/vnd.jupyter.widget-view+json"]            # committed notebooks do not carry it
    output = nbformat.v4.new_output("execute_result", data, execution_count=1)
    cell = nbformat.v4.new_code_cell("explorer", execution_count=1, outputs=[output])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert "data:image/png;base64," + data["image/png"][:40] in page.replace("\n", "")


def test_import_of_the_package_is_light():
    code = ("import sys, gan_edu, gan_edu.widgets; "
            "print([m for m in ('torch', 'anywidget', 'matplotlib') if m in sys.modules])")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout == "[]\n"
