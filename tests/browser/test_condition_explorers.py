"""ConditionExplorer and ConfusionExplorer in a real browser: Python's pictures and numbers, by mouse and keys."""

import numpy as np
import pytest
import torch
from host import FRAMES, READ, assert_narrow_and_gone
from torch import nn

from gan_edu.networks import ConditionalGenerator, seeded
from gan_edu.widgets import ConditionExplorer, ConfusionExplorer

pytestmark = pytest.mark.browser

VALUES = "() => document.querySelector('.gx').gxValues()"
ORDER, CELL = ".gx-orders input", ".gx-matrix button"


def condition():
    with seeded(0):
        G = ConditionalGenerator(6, width=8)
        with torch.no_grad():
            for module in G.modules():
                if isinstance(module, nn.ConvTranspose2d):
                    module.weight.mul_(6)
    return ConditionExplorer(G, directions=2)


def confusion():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 10, 400)
    read = np.where(rng.random(400) < 0.9, y, rng.integers(0, 10, 400))
    return ConfusionExplorer(y, read, 2 * rng.random((400, 1, 28, 28)) - 1)


def follow(page, explorer, *names):
    """Set Python's traits to what the page told it last."""
    saved = page.evaluate("() => window.saved.at(-1)")
    for name in names:
        setattr(explorer, name, saved[name])


def agrees(page, explorer) -> None:
    """Assert that picture, digits and readings on the page are Python's."""
    page.evaluate(FRAMES)
    page.wait_for_function("(pair) => document.querySelector('.gx').dataset.gxSettled === pair",
                           arg=f"{explorer.digit} {explorer.other}")
    found, r = page.evaluate(VALUES), explorer.readouts()
    assert np.abs(np.array(found["picture"]) - explorer.picture().ravel()).max() < 2e-3
    assert np.abs(np.array(found["digits"]) - explorer.digits().reshape(10, -1)).max() < 2e-3
    assert int(np.argmax(found["reading"])) == r["read"] and max(found["reading"]) == pytest.approx(r["probability"], abs=5e-3)
    shown = page.evaluate(READ)
    assert shown["read as"].startswith(f"{r['read']} ·") and shown["of the ten, read as ordered"] == f"{r['obeyed']} of 10"


def test_the_page_s_digits_are_pythons(show):
    explorer = condition()
    agrees(show(explorer), explorer)


def test_orders_and_ways_by_keyboard(show):
    explorer = condition()
    page = show(explorer)
    page.locator(f"{ORDER}:checked").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("towards").select_option("2")
    page.get_by_label("t", exact=True).focus()
    for key in ("End", "ArrowLeft"):
        page.keyboard.press(key)
    follow(page, explorer, "digit", "other", "t")
    assert (explorer.digit, explorer.other, explorer.t) == (5, 2, pytest.approx(0.99))
    agrees(page, explorer)
    assert page.evaluate(READ)["ordered"] == "1.0 % 5, 99 % 2"


def test_the_shared_z_by_slider_and_button(show):
    explorer = condition()
    page = show(explorer)
    before = page.evaluate(VALUES)["digits"]
    page.get_by_label("direction 2").focus()
    page.keyboard.press("PageUp")
    follow(page, explorer, "z")
    agrees(page, explorer)
    assert (np.abs(np.array(page.evaluate(VALUES)["digits"]) - before).max(1) > 1e-3).all()      # all ten moved
    page.get_by_role("button", name="New z").click()
    follow(page, explorer, "seed", "z")
    assert explorer.seed == 1 and explorer.z == pytest.approx(explorer.sample_z(1)[0].tolist())
    agrees(page, explorer)


def test_a_click_in_the_curve_chooses_t(show):
    explorer = condition()
    page = show(explorer)
    figure = page.locator("svg.gx-plot").nth(1)
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    page.mouse.click(box["x"] + 46 + 0.5 * (box["width"] - 60), box["y"] + 60)
    follow(page, explorer, "t")
    assert explorer.t == pytest.approx(0.5, abs=0.02)
    agrees(page, explorer)


# ---- the matrix

def reads(page, explorer) -> None:
    page.evaluate(FRAMES)
    shown, r = page.evaluate(READ), explorer.readouts()
    assert shown["recognised as ordered"] == f"{r['right']:.2%} [{100 * r['low']:.2f}, {100 * r['high']:.2f}]".replace("%", " %")
    assert shown["this cell"] == f"{r['count']} of {r['ordered']}"
    assert shown["in its column, ordered otherwise"] == f"{r['strangers']} of {r['seen']}"
    share, low, high = (100 * r[key] for key in ("share", "share_low", "share_high"))
    assert shown["share of its row"] == f"{share:.1f} % [{low:.1f}, {high:.1f}]"
    assert page.locator(".gx-gallery canvas").count() == len(explorer.images_in(explorer.row, explorer.column))


def test_the_matrix_shows_pythons_counts(show):
    explorer = confusion()
    page = show(explorer)
    assert [int(text) for text in page.locator(CELL).all_text_contents()] == np.ravel(explorer.counts).tolist()
    reads(page, explorer)


def test_cells_by_click_and_arrow_keys(show):
    explorer = confusion()
    page = show(explorer)
    page.get_by_role("button", name="ordered 3, read as 3:").click()
    follow(page, explorer, "row", "column")
    assert (explorer.row, explorer.column) == (3, 3)
    reads(page, explorer)
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    follow(page, explorer, "row", "column")
    assert (explorer.row, explorer.column) == (4, 5)
    reads(page, explorer)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("ordered 4, read as 5: ")
    assert page.locator(f"{CELL}[tabindex='0']").count() == 1


def test_the_pictures_in_a_cell_are_its_own(show):
    explorer = confusion()
    page = show(explorer)
    shown = page.locator(".gx-gallery canvas").first.evaluate(
        "(e) => [...e.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)")
    assert np.abs(np.array(shown) - explorer.images_in(explorer.row, explorer.column)[0].ravel().astype(int)).max() <= 1


@pytest.mark.parametrize("make", [condition, confusion])
def test_it_fits_a_narrow_pane_and_closes_without_a_trace(show, make):
    assert_narrow_and_gone(show(make()))


def test_a_move_of_z_is_drawn_at_once_and_all_ten_follow(show):
    """The shipped generator's size, median of 12 moves: the large picture in the same frame, the others soon."""
    with seeded(0):
        explorer = ConditionExplorer(ConditionalGenerator(64, width=32))
    page = show(explorer)
    times = page.get_by_label("direction 1").evaluate("""async (slider) => {
        const times = [];
        for (let i = 0; i < 12; i++) {
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            const began = performance.now();
            slider.value = 3 * Math.sin(i + 1);
            slider.dispatchEvent(new Event('input'));
            times.push(performance.now() - began);
        }
        return times.sort((a, b) => a - b); }""")
    assert times[6] < 60, times
    page.wait_for_function("document.querySelector('.gx').dataset.gxSettled")
    assert np.abs(np.array(page.evaluate(VALUES)["digits"])[explorer.digit] - page.evaluate(VALUES)["picture"]).max() < 1e-6
