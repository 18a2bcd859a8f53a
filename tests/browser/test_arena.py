"""The arena in a real browser: judged by keys and by buttons, with Python's score."""

import pytest
import torch

from gan_edu.data import ImageSet
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.widgets.arena import Arena

pytestmark = pytest.mark.browser
PIXELS = "document.querySelector('.gx-arena .gx-stage canvas').toDataURL()"


@pytest.fixture
def arena():
    with seeded(0):
        game = GAN(MLPGenerator(10, hidden=(16,)), MLPDiscriminator(hidden=(8,)))
    noise = torch.randint(0, 256, (40, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    return Arena(game, ImageSet(noise, torch.zeros(40, dtype=torch.int64), "noise"), n=12)


@pytest.fixture
def page(show, arena):
    return show(arena, wait=".gx-stage canvas")


def shown(page):
    """The two scores, as they stand in the page."""
    return [e.text_content() for e in page.query_selector_all(".gx-readout .gx-value")]


def test_keys_judge_and_the_score_is_pythons(page, arena):
    page.get_by_role("button", name="Real").focus()
    moves = [True, False, False, True, True]
    before = page.evaluate(PIXELS)
    for real in moves:
        page.keyboard.press("ArrowRight" if real else "ArrowLeft")
    assert page.evaluate(PIXELS) != before
    arena.answers = page.evaluate("window.saved.at(-1).answers")
    assert arena.answers == moves
    score = arena.score()
    assert shown(page) == [f"{score['you']} of 5", f"{score['D']} of 5"]
    text = page.locator(".gx-controls .gx-note-text").text_content()
    assert ("say nothing" in text) == (score["proved"] == 0)
    assert page.locator("figcaption").count() == 5


def test_a_perfect_reader_proves_a_distance(page, arena):
    for real in arena.truth:
        page.get_by_role("button", name="Real" if real else "Forged").click()
    arena.answers = page.evaluate("window.saved.at(-1).answers")
    assert shown(page)[0] == "12 of 12"
    assert f"TV ≥ {arena.score()['proved']:.2f}" in page.locator(".gx-controls .gx-note-text").text_content()
    assert page.get_by_role("button", name="Real").is_disabled()
    assert "All images are judged" in page.locator(".gx-stage .gx-note-text").text_content()
    page.get_by_role("button", name="Start again").click()
    assert shown(page) == ["–", "–"] and not page.get_by_role("button", name="Real").is_disabled()


def test_a_click_on_the_picture_takes_the_keys_and_they_go_no_further(page):
    page.evaluate("window.heard = 0; document.addEventListener('keydown', () => { window.heard += 1; })")
    page.locator(".gx-stage canvas").click()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("window.saved.at(-1).answers") == [False]
    assert page.evaluate("window.heard") == 0
    assert "It was" in page.locator(".gx-status").text_content()


def test_the_arena_of_notebook_00_is_judged_by_keys_in_jupyterlab(lab):
    """Arrow keys belong to the notebook in JupyterLab; here they judge, and no cell is chosen by them."""
    page = lab.open("notebooks/00_start_here.ipynb")
    real = page.get_by_role("button", name="Real →")
    real.wait_for()
    real.scroll_into_view_if_needed()
    before = page.evaluate(PIXELS)
    real.click()
    cell = page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex")
    for key in ("ArrowLeft", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    assert page.evaluate(PIXELS) != before
    assert page.locator(".gx-arena .gx-readout .gx-value").first.text_content().endswith("of 4")
    assert page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex") == cell
    assert page.problems == []
    lab.close(page)
