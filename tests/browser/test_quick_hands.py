"""Hands quicker than the screen, and keys that go on where they were: several events in one frame each count, and what
redraws, hides or disables itself does not let the focus fall to the page."""

from functools import partial

import numpy as np
import pytest
import torch
from host import FRAMES

from gan_edu import museum, pretrained
from gan_edu.data import load_images
from gan_edu.latent import lerp
from gan_edu.networks import DCGANGenerator, MLPGenerator, seeded
from gan_edu.widgets import (
    Arena,
    ConfusionExplorer,
    FeatureMapExplorer,
    KExplorer,
    LatentExplorer,
    MuseumExplorer,
    RunExplorer,
    ShapeExplorer,
)
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


# ---- the latent explorer

FOCUS = "() => document.activeElement.textContent || document.activeElement.tagName"
STATE = "(name) => window.model.get(name)"
SLIDER = ".gx-latent .gx-slider input"


@pytest.fixture
def latent(show):
    with seeded(0):
        explorer = LatentExplorer(MLPGenerator(6, shape=(1, 8, 8), hidden=(16,)))
    return show(explorer, wait=SLIDER)


def press_button(page, *names):
    """Click buttons one after another in one frame."""
    page.evaluate("""(names) => { for (const name of names)
        [...document.querySelectorAll('button')].find((b) => b.textContent === name && b.offsetParent).click(); }""", names)


def between(page, t):
    a, b = (torch.tensor(page.evaluate(STATE, name), dtype=torch.float64) for name in ("z_a", "z_b"))
    return lerp(a, b, t).numpy()


def test_between_two_goes_between_the_two_there_are_now(latent):
    press_button(latent, "New z", "Keep as A")
    latent.get_by_role("radio", name="Between two").check()
    t = latent.evaluate(STATE, "t")
    assert np.allclose(latent.evaluate(STATE, "z"), between(latent, t), atol=1e-6)
    press_button(latent, "New A", "New A")
    assert np.allclose(latent.evaluate(STATE, "z"), between(latent, t), atol=1e-6)
    press_button(latent, "Reset")
    latent.evaluate(FRAMES)
    assert np.allclose(latent.evaluate(STATE, "z"), between(latent, latent.evaluate(STATE, "t")), atol=1e-6)


def test_steps_of_a_sweep_in_one_frame_go_as_far_as_one_by_one(latent):
    latent.get_by_role("radio", name="Sweep").check()
    latent.evaluate(FRAMES)
    grid, walk, ends = latent.locator("[aria-roledescription='grid of pictures']"), ["ArrowRight", "Enter"] * 3, []
    for moments in ([walk], [[key] for key in walk]):
        start = np.array(latent.evaluate(STATE, "z"))
        grid.focus()
        for keys in moments:
            latent.evaluate(PRESS, keys)
            latent.evaluate(FRAMES)
        ends.append(np.linalg.norm(np.array(latent.evaluate(STATE, "z")) - start))
    assert ends[0] == pytest.approx(ends[1], rel=1e-5) and ends[0] == pytest.approx(2.5, rel=1e-4)


def test_a_sweep_that_is_left_paints_no_more(show):
    with seeded(0):
        page = show(LatentExplorer(MLPGenerator(6, hidden=(1024, 1024))), wait=SLIDER)      # slow enough to draw in slices
    page.get_by_role("radio", name="Sweep").check()
    page.get_by_label("grid size").fill("11")
    page.evaluate(FRAMES)
    page.locator("[aria-roledescription='grid of pictures']").focus()
    page.evaluate(PRESS, ["End"])                         # the picture that is drawn last
    page.get_by_role("radio", name="One z").check()
    page.evaluate(FRAMES)
    picture = "() => document.querySelector('.gx-stage > canvas').toDataURL()"
    right = page.evaluate(picture)
    page.evaluate("""() => { const named = (name) => document.evaluate(`//label[contains(., '${name}')]//input`, document).iterateNext();
        named('Sweep').click(); requestAnimationFrame(() => named('One z').click()); }""")
    page.wait_for_timeout(500)
    assert page.evaluate(STATE, "view") == "one" and page.evaluate(picture) == right


def test_the_time_slider_goes_on_from_where_the_last_key_left_it(show, tmp_path, monkeypatch):
    ship_all(tmp_path)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    page, ends = show(RunExplorer()), []
    slider = page.get_by_role("slider", name="training time")
    runs = page.get_by_role("radio")
    runs.nth(1).check()                                   # a run that has fewer moments than the slider has places
    # what a key does to a slider: one place up or down from where it stands, and an input event
    move = """(steps) => { const input = document.activeElement; for (const by of steps) {
        input.value = Number(input.value) + by; input.dispatchEvent(new Event('input', { bubbles: true })); } }"""
    for moments in ([[-1, 100, -1]], [[-1], [100], [-1]]):            # beyond the run's end, and back from there
        slider.focus()
        page.evaluate(move, [-100])
        page.evaluate(FRAMES)
        for steps in moments:
            page.evaluate(move, steps)
            page.evaluate(FRAMES)
        ends.append(page.evaluate(STATE, "step"))
    assert ends[0] == ends[1]


# ---- the focus stays

def test_a_click_on_the_square_of_pixels_gives_it_the_keys(show):
    page = show(ShapeExplorer())
    square = page.locator("svg[aria-roledescription='square of pixels']")
    square.click(position={"x": 20, "y": 20})
    row = page.evaluate(STATE, "row")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(STATE, "row") == row + 1


def test_a_button_that_goes_away_hands_the_focus_on(show):
    page = show(MuseumExplorer([museum.exhibits()[0]]))
    page.get_by_role("button", name="What is wrong?").focus()
    page.keyboard.press("Enter")
    page.evaluate(FRAMES)
    assert page.evaluate("() => document.activeElement.className") == "gx-answer"
    page = show(ShapeExplorer())
    page.get_by_role("button", name="Remove it").focus()
    for _ in range(8):
        page.keyboard.press("Enter")
        page.evaluate(FRAMES)
        if len(page.evaluate(STATE, "layers")) == 1:
            break
    assert page.evaluate(FOCUS) == "Add a layer"
    for _ in range(5):
        page.keyboard.press("Enter")
        page.evaluate(FRAMES)
    assert len(page.evaluate(STATE, "layers")) == 6 and page.evaluate(FOCUS) == "Remove it"


def test_the_arena_hands_the_focus_on_and_a_key_held_down_judges_once(show):
    page = show(Arena(real=load_images("digits"), n=3), wait=".gx-arena canvas")
    page.get_by_role("button", name="Real").focus()
    page.keyboard.down("ArrowRight")
    for _ in range(5):
        page.keyboard.down("ArrowRight")                  # the second and later ones are repeats
    page.keyboard.up("ArrowRight")
    assert len(page.evaluate(STATE, "answers")) == 1
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert len(page.evaluate(STATE, "answers")) == 3 and page.evaluate(FOCUS) == "Start again"
