"""CycleExplorer in a real browser: Python's numbers and pictures, by keyboard."""

import numpy as np
import pytest
import torch
from host import FRAMES, READ, assert_narrow_and_gone

from gan_edu.data import load_images
from gan_edu.games_unpaired import CycleGAN
from gan_edu.networks import seeded
from gan_edu.translators import PatchDiscriminator
from gan_edu.translators_resnet import ResNetTranslator
from gan_edu.widgets import CycleExplorer
from gan_edu.widgets.cycle import LEVELS, SHOWN

pytestmark = pytest.mark.browser

PIXELS = """(k) => { const canvas = document.querySelectorAll('.gx-pixels')[k];
    const { data } = canvas.getContext('2d').getImageData(0, 0, 28, 28);
    return Array.from({ length: 784 }, (_, i) => data[4 * i]); }"""


@pytest.fixture(scope="module")
def explorer():
    with seeded(0):
        translators = [ResNetTranslator(width=3, blocks=1, norm="none") for _ in "ab"]
        for translator in translators:
            torch.nn.init.normal_(translator.last[-1].weight, 0, 0.3)
        judges = [PatchDiscriminator(inputs=0, width=2, layers=((4, 2), (3, 1))) for _ in "ab"]
    return CycleExplorer(CycleGAN(translators, judges), load_images("digits", split="test").take(20))


@pytest.fixture(autouse=True)
def afresh(explorer):
    explorer.image = explorer.at = 0
    explorer.hidden = 8


def follow(page, explorer):
    saved = page.evaluate("() => window.saved.at(-1)")
    for name in ("image", "at", "hidden"):
        setattr(explorer, name, saved[name])


def agrees(page, explorer):
    """Assert that numbers and pictures on the page are Python's."""
    page.evaluate(FRAMES)
    shown, r = page.evaluate(READ), explorer.readouts()
    for label, key in (("back from B", "share carried"), ("back from the true B", "share true")):
        assert float(shown[label].split()[0]) == pytest.approx(100 * r[key], abs=0.51)
    for label, key in (("difference from A, by B", "error carried"), ("by the true B", "error true")):
        assert float(shown[label]) == pytest.approx(r[key], abs=6e-4)
    strips, i = np.frombuffer(explorer.pictures, np.uint8).reshape(-1, SHOWN, 784), explorer.image
    noise = LEVELS[explorer.at] * explorer.eps[i].numpy().ravel()
    noisy = [np.clip(strips[k][i] / 127.5 - 1 + noise, -1, 1) for k in (1, 2)]
    more = np.clip(explorer.hidden * (strips[1][i] / 127.5 - strips[2][i] / 127.5), -1, 1)
    wanted = [strips[0][i], (noisy[0] + 1) * 127.5, strips[3 + 2 * explorer.at][i], (more + 1) * 127.5, (noisy[1] + 1) * 127.5,
              strips[4 + 2 * explorer.at][i]]
    for k, picture in enumerate(wanted):
        assert np.abs(np.array(page.evaluate(PIXELS, k)) - picture).max() <= 1, k


@pytest.mark.parametrize("state", [{}, {"image": 5, "at": 4}, {"image": 7, "at": 10, "hidden": 1}])
def test_it_shows_what_python_computes(show, explorer, state):
    for name, value in state.items():
        setattr(explorer, name, value)
    agrees(show(explorer), explorer)


def test_by_keyboard(show, explorer):
    page = show(explorer)
    page.get_by_role("slider", name="digit").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.get_by_label("noise on B").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.get_by_role("radio", name="as it is").check()
    follow(page, explorer)
    assert (explorer.image, explorer.at, explorer.hidden) == (6, 2, 1)
    agrees(page, explorer)
    assert "The same noise lies on both B" in page.locator(".gx-status").text_content()
    assert page.get_by_role("radio", name="as it is").is_checked()
    assert "grey is 0" in page.locator(".gx-panel").nth(3).text_content()


def test_words_for_those_who_cannot_see(show, explorer):
    page = show(explorer)
    assert page.locator("canvas[role=img][aria-label]").count() == 6
    assert "stripes" in page.locator(".gx-panel canvas").nth(2).get_attribute("aria-label")
    assert "Of 20 digits, with noise 0.00" in page.locator(".gx-plot").get_attribute("aria-label")


def test_it_fits_a_narrow_pane_and_closes_without_a_trace(show, explorer):
    assert_narrow_and_gone(show(explorer), 380)


def test_a_redraw_follows_the_hand(show, explorer):
    """A step of the noise is drawn within two frames' time (33 ms), median of 20."""
    page = show(explorer)
    times = page.evaluate("""async () => {
        const input = document.querySelector('input[aria-label="noise on B"]'), times = [];
        for (let i = 0; i < 20; i++) {
            const start = performance.now();
            input.value = i % 11;
            input.dispatchEvent(new Event('input'));
            times.push(performance.now() - start);
            await new Promise((done) => requestAnimationFrame(done));
        }
        return times.sort((a, b) => a - b); }""")
    assert times[10] < 33
