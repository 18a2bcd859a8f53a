"""ParzenExplorer, FrechetExplorer and PrecisionRecallExplorer in a real browser: Python's numbers, by mouse and keys."""

import numpy as np
import pytest
from host import FRAMES, READ, assert_narrow_and_gone

from gan_edu.widgets import FrechetExplorer, ParzenExplorer, PrecisionRecallExplorer
from gan_edu.widgets.coverage import PRESETS
from gan_edu.widgets.parzen import parzen_curves

pytestmark = pytest.mark.browser

LABELS = {"true distance": "truth", "estimate": "distance", "floor": "floor", "rank of a covariance, at most": "rank",
          "precision: fakes among the data": "precision", "recall: data among the fakes": "recall",
          "mean log density, on the line": "line"}


def parzen():
    rng, sigmas = np.random.default_rng(0), [0.08, 0.1, 0.15, 0.2, 0.3]
    sets = {"training images": rng.random((30, 9)), "mnist-mlp": 0.5 * rng.random((30, 9)),
            "k-means centres": np.full((5, 9), 0.5)}
    return ParzenExplorer(parzen_curves(sets, rng.random((20, 9)), rng.random((20, 9)), sigmas), sigmas, where="Made up.")


def agrees(page, explorer) -> None:
    """Assert that every number on the page is Python's, to the digits shown."""
    page.evaluate(FRAMES)
    shown, reference = page.evaluate(READ), explorer.readouts()
    assert shown
    for label, text in shown.items():
        value, _, error = text.replace(" of ", " ± ").partition(" ± ")
        key = LABELS.get(label, label)
        assert float(value) == pytest.approx(reference[key], abs=0.051 if error else 6e-4), label
        if f"{key} error" in reference:
            assert float(error) == pytest.approx(reference[f"{key} error"], abs=0.051), label


def follow(page, explorer) -> None:
    """Set Python's traits to what the page told it last."""
    saved = page.evaluate("() => window.saved.at(-1)")
    for name in ("at", "chosen", "dimension", "shift", "spread", "k", "modes", "x", "y", "balls"):
        if name in saved and explorer.has_trait(name):
            setattr(explorer, name, saved[name])


@pytest.mark.parametrize("at", [0, 2, 4])
def test_parzen_shows_what_python_computes(show, at):
    explorer = parzen()
    explorer.at = at
    agrees(show(explorer), explorer)


def test_parzen_by_keyboard_and_its_best_sigma(show):
    explorer = parzen()
    page = show(explorer)
    page.get_by_label("σ", exact=True).focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    follow(page, explorer)
    assert explorer.at == 1
    agrees(page, explorer)
    page.get_by_label("choose σ for").select_option(label="k-means centres")
    follow(page, explorer)
    assert explorer.chosen == "k-means centres" and explorer.at == explorer.best("k-means centres")
    assert "k-means centres" in page.locator(".gx-status").text_content()
    page.get_by_label("σ", exact=True).focus()
    page.keyboard.press("Home")
    page.get_by_role("button", name="Its best σ").click()
    follow(page, explorer)
    assert explorer.at == explorer.best("k-means centres")
    agrees(page, explorer)


@pytest.mark.parametrize("state", [{}, {"at": 0, "dimension": 8}, {"dimension": 32, "spread": 1.6, "at": 8},
                                   {"at": 4, "dimension": 32}, {"shift": 0.0}, {"dimension": 2, "shift": 4.0, "spread": 0.25, "at": 2}])
def test_frechet_shows_what_python_computes(show, state):
    explorer = FrechetExplorer(**state)
    agrees(show(explorer), explorer)


def test_frechet_by_keyboard(show):
    explorer = FrechetExplorer()
    page = show(explorer)
    page.get_by_label("points, n").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.get_by_label("shift").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("spread").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_role("radio", name="8", exact=True).check()
    follow(page, explorer)
    assert (explorer.at, explorer.dimension) == (1, 8) and explorer.shift == pytest.approx(1.05)
    assert explorer.spread == pytest.approx(0.95)
    agrees(page, explorer)
    assert "4 points span at most 3 directions, of 8" in page.locator(".gx-status").text_content()


@pytest.mark.parametrize("name", PRESETS)
def test_precision_recall_shows_what_python_computes(show, name):
    explorer = PrecisionRecallExplorer(k=2, balls="fake").load(name)
    agrees(show(explorer), explorer)


def test_the_fakes_are_dragged_and_k_is_moved(show):
    explorer = PrecisionRecallExplorer()
    page = show(explorer)
    grip = page.get_by_role("slider", name="middle of the fakes")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y - 30, steps=4)
    page.mouse.up()
    follow(page, explorer)
    assert explorer.x > 0.3 and explorer.y > 0.2
    agrees(page, explorer)
    page.get_by_label("k", exact=True).focus()
    page.keyboard.press("ArrowRight")
    grip.focus()
    page.keyboard.press("ArrowUp")
    follow(page, explorer)
    assert explorer.k == 4
    agrees(page, explorer)
    page.get_by_role("button", name="blurs over everything").click()
    page.get_by_role("radio", name="of the fakes: recall").check()
    follow(page, explorer)
    assert (explorer.modes, explorer.spread, explorer.balls) == (1, 4.0, "fake")
    agrees(page, explorer)


@pytest.mark.parametrize("make", [parzen, FrechetExplorer, PrecisionRecallExplorer])
def test_it_fits_a_narrow_pane_and_closes_without_a_trace(show, make):
    assert_narrow_and_gone(show(make()))


@pytest.mark.parametrize("make", [FrechetExplorer, PrecisionRecallExplorer])
def test_a_redraw_follows_the_hand(show, make):
    """A move of the spread is drawn within two frames' time (33 ms), median of 20."""
    page = show(make())
    times = page.evaluate("""async () => {
        const inputs = [...document.querySelectorAll('input[type=range]')], times = [];
        const input = inputs.find((e) => e.getAttribute('aria-label').startsWith('spread'));
        for (let i = 0; i < 20; i++) {
            const start = performance.now();
            input.value = 0.5 + 0.05 * i;
            input.dispatchEvent(new Event('input'));
            times.push(performance.now() - start);
            await new Promise((done) => requestAnimationFrame(done));
        }
        return times.sort((a, b) => a - b); }""")
    assert times[10] < 33
