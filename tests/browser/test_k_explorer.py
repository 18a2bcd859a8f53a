"""KExplorer in a real browser: the numbers are Python's, the map answers to keys, nothing breaks in a narrow, dark pane."""

import sys
from pathlib import Path

import pytest

from gan_edu.widgets import KExplorer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from made_sweeps import made_sweep

pytestmark = pytest.mark.browser

READ = """() => Object.fromEntries([...document.querySelectorAll('.gx-readout')].map((e) => [
    e.querySelector('.gx-name').textContent, Number(e.querySelector('.gx-value').textContent.replace(',', ''))]))"""
NAMES = {"median": "median W1", "low": "5 % of the seeds", "high": "95 % of the seeds", "lr": "learning rate",
         "steps": "steps of G"}


def agrees(page, explorer) -> None:
    """Assert that the page shows Python's numbers for the state that the page told last."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    if page.evaluate("() => window.saved.length"):
        saved = page.evaluate("() => window.saved.at(-1)")
        explorer.k, explorer.lr, explorer.budget = saved["k"], saved["lr"], saved["budget"]
    shown, reference = page.evaluate(READ), explorer.readouts()
    for key, name in NAMES.items():
        assert shown[name] == pytest.approx(reference[key], abs=5.1e-4), key
    table = page.locator(".gx-map button").all_inner_texts()
    assert [float(text) for text in table] == pytest.approx(explorer.sweep.map(explorer.budget).ravel(), abs=5.1e-3)


def test_k_rate_budget_and_the_map_answer_to_mouse_and_keyboard(show):
    explorer = KExplorer(made_sweep(), k=2)
    page = show(explorer)
    agrees(page, explorer)
    page.get_by_role("radio", name="5").check(force=True)
    agrees(page, explorer)
    assert explorer.k == 5 and explorer.lr is None
    page.get_by_role("slider", name="budget").focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    agrees(page, explorer)
    assert explorer.budget == 360
    page.locator(".gx-map button").nth(4).click()                      # k = 2, the middle rate
    agrees(page, explorer)
    assert (explorer.k, explorer.lr) == (2, 1e-3)
    for key in ("ArrowDown", "End"):
        page.keyboard.press(key)
    agrees(page, explorer)
    assert (explorer.k, explorer.lr) == (3, 1e-2) and page.locator(":focus").get_attribute("aria-selected") == "true"
    page.get_by_label("learning rate", exact=True).first.select_option(label="the best for each k")
    agrees(page, explorer)
    assert explorer.lr is None


def test_a_pointer_over_a_curve_or_a_cell_reads_it_out(show):
    explorer = KExplorer(made_sweep(), k=1, lr=1e-3)
    page = show(explorer)
    page.locator(".gx-map button").nth(0).hover()
    low, median, high = explorer.sweep.band(1, 3e-4)[:, -1]
    words = page.locator(".gx-status").inner_text()
    assert f"k = 1, learning rate 0.0003, after 600 gradient evaluations (300 steps of G): median {median:.2f}" in words
    assert f"5 to 95 % {low:.2f} to {high:.2f}" in words
    box = page.locator(".gx-plot").first.bounding_box()
    page.mouse.move(box["x"] + 47, box["y"] + 100)                       # the left end of the axis
    assert "after 0 gradient evaluations (0 steps of G)" in page.locator(".gx-status").inner_text()


@pytest.mark.parametrize("width", [360, 1000])
def test_it_fits_a_narrow_pane_and_a_dark_one(show, width):
    page = show(KExplorer(made_sweep()), width=width, dark=True)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".gx").get_attribute("data-gx-theme") == "dark"
    page.evaluate("() => window.close_view()")
    assert page.evaluate("() => window.listeners()") == 0
