"""RunExplorer in a real browser: the sheet on the page is Python's, by slider, k, curve, film and play; no kernel."""

import base64
import functools
import json

import numpy as np
import pytest

from gan_edu import pretrained
from gan_edu.widgets import RunExplorer
from made_runs import ship_all

pytestmark = pytest.mark.browser

GREY = """(where) => { const c = document.querySelector(where + ' canvas');
  const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  const grey = Array.from(data.filter((_, i) => i % 4 === 0), (v) => String.fromCharCode(v)).join('');
  return { width: c.width, text: btoa(grey) }; }"""
TABLE = """() => [...document.querySelectorAll('.gx-table tbody tr')].map((row) =>
  [...row.children].map((cell) => cell.textContent))"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    ship_all(folder)
    return folder


@pytest.fixture
def explorer(folder, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", folder)
    return RunExplorer()


@pytest.fixture
def show(show, explorer):
    return functools.partial(show, explorer, height=900)


def follow(page, explorer):
    """Give the Python twin the state that the page has told."""
    told = page.evaluate("window.saved.at(-1)")
    explorer.name, explorer.pick = told["name"], told["pick"]
    explorer.step = told["step"]


def cells(page, where, width=28, gap=2):
    """The pictures on a canvas, row by row."""
    found = page.evaluate(GREY, where)
    sheet = np.frombuffer(base64.b64decode(found["text"]), np.uint8).reshape(-1, found["width"])
    tops, lefts = (range(0, size, width + gap) for size in sheet.shape)
    return np.array([sheet[y:y + width, x:x + width] for y in tops for x in lefts])


def agrees(page, explorer):
    """Assert that the sheet, the table's row and the status are Python's."""
    assert np.array_equal(cells(page, ".gx-stage"), explorer.picture()[:, 0])
    r = explorer.readouts()
    score = f"{r['parzen']:.1f} ± {r['standard_error']:.1f}".replace("-", "−")
    assert [f"k = {r['k']}", f"{r['minibatches']:,}", score] in page.evaluate(TABLE)
    words = page.locator(".gx-status").text_content()
    assert f"k = {r['k']}, step {r['step']:,} ({r['epochs']:g} epoch" in words
    assert f"Parzen score {score}; D has seen {r['minibatches']:,} minibatches." in words


def slider(page):
    return page.get_by_role("slider", name="training time")


def test_the_first_picture_is_pythons(show, explorer):
    agrees(show(), explorer)


def test_slider_moves_by_the_keyboard_and_changes_the_picture(show, explorer):
    page = show()
    page.evaluate("window.heard = 0; document.addEventListener('keydown', () => { window.heard += 1; })")
    seen = [cells(page, ".gx-stage").tobytes()]
    slider(page).focus()
    for step in (2811, 937, 0):
        page.keyboard.press("ArrowLeft")
        follow(page, explorer)
        assert explorer.step == step
        agrees(page, explorer)
        seen.append(cells(page, ".gx-stage").tobytes())
    assert len(set(seen)) == 4
    assert page.evaluate("window.heard") == 0                        # the notebook's own keys stay out of it
    assert slider(page).get_attribute("aria-valuetext") == "step 0"


def test_k_changes_the_picture_at_the_same_step(show, explorer):
    page, seen = show(), set()
    slider(page).press("Home")
    slider(page).press("ArrowRight")
    for k in (1, 2, 3, 5):
        page.get_by_role("radio", name=f"k = {k}").check()
        if k > 1:
            follow(page, explorer)
        else:
            explorer.step = 937
        assert explorer.step == 937 and explorer.readouts()["k"] == k
        agrees(page, explorer)
        seen.add(cells(page, ".gx-stage").tobytes())
    assert len(seen) == 4
    assert [row[1] for row in page.evaluate(TABLE)] == ["937", "1,874", "2,811", "4,685"]


def test_a_run_that_ended_earlier_stays_at_its_end_and_says_so(show, explorer):
    page = show()
    page.get_by_role("radio", name="k = 3").check()
    follow(page, explorer)
    assert explorer.step == 2811 and "This run ends here." in page.locator(".gx-status").text_content()
    slider(page).press("End")
    assert slider(page).input_value() == "2" and "This run ends here." in page.locator(".gx-status").text_content()
    agrees(page, explorer)


def test_curve_and_film_lead_to_their_moment(show, explorer):
    page = show()
    box = page.locator(".gx-seek").bounding_box()
    page.mouse.click(box["x"] + 50, box["y"] + 80)                   # the left end of the axis
    follow(page, explorer)
    assert explorer.step == 0
    agrees(page, explorer)
    film = page.locator(".gx-film canvas").bounding_box()            # 4 runs down, 4 moments across
    page.mouse.click(film["x"] + 0.375 * film["width"], film["y"] + 0.9 * film["height"])
    follow(page, explorer)
    assert (explorer.name, explorer.step) == ("mnist-mlp-k5", 937)
    agrees(page, explorer)


def test_the_film_follows_one_z_through_all_runs(show, explorer):
    page = show()
    canvas = page.locator(".gx-stage canvas")
    canvas.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
        canvas.press(key)
    follow(page, explorer)
    assert explorer.pick == 7
    film = cells(page, ".gx-film").reshape(4, 4, 28, 28)
    for row, run in zip(film, explorer.runs, strict=True):
        for tile, step in zip(row, (0, 937, 2811, 9370), strict=True):
            kept = step in run["steps"]
            assert np.array_equal(tile, explorer.picture(run["name"], step=step)[7, 0] if kept else 0 * tile)
    assert "Picture 8 in all runs" in page.locator(".gx-controls").text_content()


def test_play_walks_through_the_moments_and_stops_at_the_end(show, explorer):
    page = show(clock=True)
    page.get_by_role("button", name="Play").click()
    shown = [page.evaluate("window.model.get('step')")]
    for _ in range(3):
        assert page.get_by_role("button", name="Pause").count() == 1
        page.clock.run_for(950)
        shown.append(page.evaluate("window.model.get('step')"))
    assert shown == [0, 937, 2811, 9370] and page.get_by_role("button", name="Play").count() == 1
    follow(page, explorer)
    agrees(page, explorer)


def test_with_reduced_motion_nothing_plays_and_each_press_is_a_moment(show, explorer):
    page = show(clock=True, reduced_motion="reduce")
    button = page.get_by_role("button", name="Next moment")
    for step in (0, 937, 2811):
        button.click()
        page.clock.run_for(5000)
        follow(page, explorer)
        assert explorer.step == step
        agrees(page, explorer)


def test_new_z_asks_python_and_shows_its_answer(show, explorer):
    page = show()
    page.evaluate("window.model.send = (message) => { window.asked = message; }")
    page.get_by_role("button", name="New z").click()
    asked = page.evaluate("window.asked")
    assert (asked["what"], asked["content"]) == ("z", {"seed": 1})
    explorer.answer(asked["what"], asked["content"], [])
    page.evaluate("""([sheets, seed]) => { const bytes = Uint8Array.from(atob(sheets), (c) => c.charCodeAt(0));
        window.model.set("seed", seed); window.model.set("sheets", new DataView(bytes.buffer)); }""",
                  [base64.b64encode(explorer.sheets).decode(), explorer.seed])
    page.wait_for_function("document.querySelector('.gx-row .gx-end').textContent === '24 z of seed 1'")
    assert np.array_equal(cells(page, ".gx-stage"), explorer.picture()[:, 0])


def test_without_a_kernel_new_z_says_so_and_the_picture_stays(show, explorer):
    page = show(clock=True)
    before, status = cells(page, ".gx-stage"), page.locator(".gx-status")
    page.get_by_role("button", name="New z").click()
    assert status.text_content() == "Asking Python for the pictures of seed 1."
    page.clock.run_for(3000)
    assert "need a running kernel" in status.text_content() and "still that of seed 0" in status.text_content()
    page.clock.run_for(20000)
    assert "Python has not answered yet" in status.text_content()
    assert np.array_equal(cells(page, ".gx-stage"), before)
    slider(page).press("ArrowLeft")                                  # scrubbing goes on, and clears the line
    follow(page, explorer)
    agrees(page, explorer)


@pytest.mark.parametrize("width", [480, 900, 1280])
def test_nothing_is_wider_than_the_page(show, width):
    page = show(width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inside = page.evaluate("""() => { const right = document.querySelector('.gx').getBoundingClientRect().right;
      return [...document.querySelectorAll('.gx-tiles, .gx-table, .gx-plot, .gx-slider')].map(
        (e) => e.getBoundingClientRect().right - right); }""")
    assert len(inside) == 5 and max(inside) <= 1, json.dumps(inside)


def test_closing_leaves_no_listener(show):
    page = show()
    page.evaluate("window.close_view()")
    assert page.evaluate("window.listeners()") == 0 and page.locator(".gx").count() == 0
