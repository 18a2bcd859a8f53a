"""Keys faster than the screen: a fast hand, or a slow machine, brings several into one frame, and each of them counts."""

from functools import partial

import pytest
from host import FRAMES

from gan_edu import pretrained
from gan_edu.networks import DCGANGenerator
from gan_edu.widgets import ConfusionExplorer, FeatureMapExplorer, KExplorer, RunExplorer, ShapeExplorer
from made_runs import ship_all
from made_sweeps import made_sweep

pytestmark = pytest.mark.browser

PRESS = """(keys) => { for (const key of keys) document.activeElement.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })); }"""
CORNER = ["ArrowUp"] * 30 + ["ArrowLeft"] * 30
WALK = ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowLeft"]
# an explorer, what of it is focused, the traits in which a walk ends
WALKS = {
    "confusion": (partial(ConfusionExplorer, range(10), range(10)), ".gx-matrix button[tabindex='0']", ("row", "column")),
    "features": (partial(FeatureMapExplorer, DCGANGenerator(6, width=4)), "div:not([hidden]) > [aria-roledescription='sheet of maps']",
                 ("channel",)),
    "k": (lambda: KExplorer(made_sweep()), ".gx-map button[tabindex='0']", ("k", "lr")),
    "run": (RunExplorer, "[aria-roledescription='sheet of pictures']", ("pick",)),
    "shapes": (ShapeExplorer, "svg[aria-roledescription='square of pixels']", ("row", "column")),
}


@pytest.mark.parametrize("name", WALKS)
def test_every_key_counts_however_many_come_in_a_frame(show, tmp_path, monkeypatch, name):
    ship_all(tmp_path)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    make, focused, traits = WALKS[name]
    page = show(make(), wait=focused)

    def press(*moments):
        """Return the traits after these keys; those of one moment come in one frame."""
        for keys in moments:
            page.evaluate(PRESS, keys)
            page.evaluate(FRAMES)
        return page.evaluate("(names) => names.map((name) => window.model.get(name))", traits)

    page.locator(focused).first.focus()
    start, at_once = press(CORNER), press(WALK)
    press(CORNER)
    assert start != at_once == press(*([key] for key in WALK))
    assert page.evaluate("(focused) => document.activeElement.matches(focused)", focused)
