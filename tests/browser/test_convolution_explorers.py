"""ShapeExplorer, BatchNormExplorer and FeatureMapExplorer in a real browser: Python's numbers, by mouse and by keys."""

import pytest
import torch
from host import FRAMES, READ

from gan_edu.networks import DCGANGenerator, seeded
from gan_edu.widgets import BatchNormExplorer, FeatureMapExplorer, ShapeExplorer
from gan_edu.widgets.shapes import PRESETS

pytestmark = pytest.mark.browser

TRAITS = ("side", "layers", "at", "row", "column", "z", "company", "others", "batches", "momentum", "start", "end", "t", "layer",
          "channel", "muted")


def generator():
    with seeded(4):
        G = DCGANGenerator(6, width=4)
        for p in G.parameters():
            torch.nn.init.normal_(p, 0.4 if p.ndim == 1 else 0, 0.4)
        for _ in range(5):
            G(torch.randn(16, 6))
    return G


@pytest.fixture
def batchnorm():
    return BatchNormExplorer(generator(), company=3, batches=6)


@pytest.fixture
def features():
    return FeatureMapExplorer(generator(), t=0.3)


def follow(page, explorer):
    """Set Python's traits to what the page told it last."""
    page.evaluate(FRAMES)
    saved = page.evaluate("() => window.saved.at(-1)")
    for name in TRAITS:
        if name in saved and explorer.has_trait(name):
            setattr(explorer, name, saved[name])


def shapes_agree(page, explorer):
    page.evaluate(FRAMES)
    shown, r = page.evaluate(READ), explorer.readouts()
    text = {key: "none" if r[key] is None else str(r[key]) for key in r}
    assert shown["output side"] == text["output"] and shown["receptive field in the input, side"] == text["field"]
    assert shown["inputs to a pixel"] == (text["most"] if r["least"] == r["most"] else f"{r['least']} to {r['most']}")
    assert page.locator(".gx-stage-of figcaption").all_text_contents() == [f"{n} \u00d7 {n}" for n in explorer.sides if n]


@pytest.mark.parametrize("name", PRESETS)
def test_shapes_show_what_python_counts(show, name):
    explorer = ShapeExplorer(row=5, column=2).load(name)
    shapes_agree(show(explorer), explorer)


def test_shapes_by_keyboard_and_mouse(show):
    explorer = ShapeExplorer()
    page = show(explorer)
    page.get_by_label("kernel", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    follow(page, explorer)
    assert explorer.layers[1]["kernel"] == 3 and "checkerboard" in page.locator(".gx-status").text_content()
    shapes_agree(page, explorer)
    page.get_by_role("button", name="layer 1, transposed").click()
    page.get_by_role("radio", name="convolution").check()
    follow(page, explorer)
    assert (explorer.at, explorer.layers[0]["kind"], explorer.sides[1]) == (0, "conv", None)
    assert "leaves no picture" in page.locator(".gx-status").text_content()
    shapes_agree(page, explorer)
    page.get_by_label("example").select_option(label="the sources' D")
    page.get_by_role("button", name="Add a layer").click()
    follow(page, explorer)
    assert len(explorer.layers) == 6 and explorer.side == 28
    page.get_by_role("application").press("ArrowUp")
    page.get_by_role("application").press("ArrowLeft")
    follow(page, explorer)
    last = [n for n in explorer.sides if n][-1]
    assert (explorer.row, explorer.column) == (last - 2, last - 2)
    page.get_by_role("application").click(position={"x": 5, "y": 5})
    follow(page, explorer)
    assert (explorer.row, explorer.column) == (0, 0)
    shapes_agree(page, explorer)


def batchnorm_agrees(page, explorer):
    page.evaluate(FRAMES)
    captions, r = page.locator(".gx-way figcaption").all_text_contents(), explorer.readouts()
    shown = {way: text for way, text in zip(("alone", "company", "kept", "restarted"), captions, strict=True)}
    for way in ("alone", "company", "restarted"):
        assert float(shown[way].split("off by ")[1].split()[0]) == pytest.approx(r[way], abs=1.1e-3), way
    assert "depends on z alone" in shown["kept"]
    assert float(next(iter(page.evaluate(READ).values()))) == pytest.approx(r["left"], abs=6e-4)


def test_batchnorm_shows_what_torch_draws(show, batchnorm):
    page = show(batchnorm)
    batchnorm_agrees(page, batchnorm)
    page.get_by_label("companions").focus()
    page.keyboard.press("End")
    page.get_by_role("button", name="Other company").click()
    page.get_by_label("batches seen").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("momentum").focus()
    page.keyboard.press("PageUp")
    follow(page, batchnorm)
    assert (batchnorm.company, batchnorm.others, batchnorm.batches) == (31, 5, 7) and batchnorm.momentum > 0.1
    batchnorm_agrees(page, batchnorm)
    page.get_by_label("companions").focus()
    page.keyboard.press("Home")
    follow(page, batchnorm)
    assert batchnorm.company == 0 and "nobody" in page.locator(".gx-status").text_content()
    batchnorm_agrees(page, batchnorm)


LABELS = {"mean": "mean of the map", "top": "its greatest value", "draws": "change of a pixel when muted",
          "scale": "white stands for"}


def features_agree(page, explorer):
    page.evaluate(FRAMES)
    shown, r = page.evaluate(READ), explorer.readouts()
    for key, label in LABELS.items():
        assert float(shown[label]) == pytest.approx(r[key], rel=4e-3, abs=2e-3), key


def test_features_show_what_torch_computes(show, features):
    page = show(features)
    features_agree(page, features)
    page.get_by_label("along the sweep", exact=True).focus()
    page.keyboard.press("End")
    page.get_by_role("button", name="Other end").click()
    page.get_by_role("radio", name="8 maps of 7").check()
    follow(page, features)
    assert (features.t, features.end, features.layer) == (1.0, 3, 0)
    features_agree(page, features)
    sheet = page.get_by_role("application")                   # hidden sheets have no role
    before = features.place()[1]
    sheet.focus()
    page.keyboard.press("ArrowLeft" if before else "ArrowRight")
    follow(page, features)
    assert features.channel == (before - 1 if before else 1)
    page.get_by_role("switch").check()
    follow(page, features)
    assert features.muted
    features_agree(page, features)


def test_they_fit_a_narrow_pane_and_close_without_a_trace(show, batchnorm, features):
    for explorer in (ShapeExplorer().load("DCGAN, D for 64 x 64"), batchnorm, features):
        page = show(explorer)
        page.set_viewport_size({"width": 460, "height": 1000})
        page.evaluate(FRAMES)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.evaluate("window.close_view()")
        assert page.evaluate("window.listeners()") == 0 and page.locator(".gx").count() == 0
