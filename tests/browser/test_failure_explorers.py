"""DiracExplorer and FailureExplorer in a real browser: the page shows Python's numbers, by mouse, by keys, by play."""

import pytest
from host import FRAMES, READ

from gan_edu.widgets.dirac import DiracExplorer
from gan_edu.widgets.failures import FailureExplorer
from made_failures import blinded, runs

pytestmark = pytest.mark.browser



def numbers(page):
    page.evaluate(FRAMES)
    return page.evaluate(READ)


# ---- DiracExplorer

DIRAC = ("theta", "psi", "h", "objective", "gamma", "update", "steps", "whole")


def dirac_agrees(page, explorer):
    """Give Python the state that the page has told, and compare every number shown."""
    shown, told = numbers(page), page.evaluate("window.saved.at(-1)")
    for trait in DIRAC if told else ():
        setattr(explorer, trait, told[trait])
    r, pair = explorer.readouts(), explorer.eigenvalues()
    assert shown["near rest it"] == explorer.verdict()
    assert float(shown["max |λ|"]) == pytest.approx(r["radius"], abs=6e-5)
    assert float(shown["growth a step, measured"]) == pytest.approx(r["growth"], abs=6e-5)
    assert float(shown["end / start"]) == pytest.approx(r["ratio"], rel=0.06, abs=6e-5)
    assert shown["steps a turn"] == ("no turn" if r["turn"] is None else f"{r['turn']:.1f}")
    assert float(shown["eigenvalues λ"].split(" ")[0].rstrip(",")) == pytest.approx(pair[0].real, abs=6e-4)


@pytest.mark.parametrize("state", [{}, {"objective": "wasserstein", "update": "alternating", "gamma": 0.4},
                                   {"objective": "non_saturating", "gamma": 1.2, "h": 0.1}])
def test_dirac_shows_what_python_computes(show, state):
    explorer = DiracExplorer(**state)
    dirac_agrees(show(explorer), explorer)


def test_the_start_moves_by_keys_by_drag_and_by_click(show):
    explorer = DiracExplorer(steps=50)
    page = show(explorer)
    grip = page.get_by_role("slider", name="start")
    grip.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    dirac_agrees(page, explorer)
    assert (explorer.theta, explorer.psi) == pytest.approx((1.2, 0.9))
    box = grip.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 60, box["y"] + 90, steps=4)
    page.mouse.up()
    dirac_agrees(page, explorer)
    assert explorer.theta < 0.9 and explorer.psi < 0.5
    plane = page.locator(".gx-stage svg.gx-plot").first.bounding_box()
    page.mouse.click(plane["x"] + 0.25 * plane["width"], plane["y"] + 0.25 * plane["height"])
    dirac_agrees(page, explorer)
    assert explorer.theta < -1 and explorer.psi > 0.8


def test_controls_turn_the_verdict(show):
    explorer = DiracExplorer()
    page = show(explorer)
    assert numbers(page)["near rest it"] == "spirals out"
    page.get_by_role("radio", name="D, then G").check()
    assert numbers(page)["near rest it"] == "circles"
    gamma = page.get_by_role("slider", name="γ")
    gamma.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    dirac_agrees(page, explorer)
    assert explorer.gamma == pytest.approx(0.2) and explorer.verdict() == "converges"
    page.get_by_role("radio", name="Wasserstein").check()
    page.get_by_role("switch", name="show the whole circle").check()
    dirac_agrees(page, explorer)
    assert explorer.objective == "wasserstein" and explorer.whole


# ---- FailureExplorer

def failure_agrees(page, explorer):
    """Give Python the state that the page has told; compare the signs and the dots on the page."""
    shown, told = numbers(page), page.evaluate("window.saved.at(-1)")
    if told:
        explorer.name, explorer.remedy = told["name"], told["remedy"]
        explorer.frame = told["frame"]
    r = explorer.readouts()
    for label, sign in (("modes held", "modes"), ("how sure D is", "sure"), ("G's gradient", "gradient"), ("swing", "swing")):
        assert shown[label] == "–" if r[sign] is None else float(shown[label]) == pytest.approx(r[sign], rel=0.06, abs=6e-3)
    words = page.locator(".gx-status").text_content()
    assert words.startswith(r["says"] or "A blinded run")
    dots = page.evaluate("() => [...document.querySelectorAll('.gx-stage svg.gx-plot .gx-dot')].length")
    assert dots == 160 + 64
    assert page.get_by_role("slider", name="time").get_attribute("aria-valuetext") == f"step {r['step']}"


def test_time_is_moved_by_the_keyboard_and_the_alarm_speaks_when_it_rings(show):
    explorer = FailureExplorer(runs(), name="mode collapse", frame=2)
    page = show(explorer)
    failure_agrees(page, explorer)
    assert numbers(page)["the alarm"] == "silent"
    page.get_by_role("slider", name="time").focus()
    for frame in (3, 4):
        page.keyboard.press("ArrowRight")
        failure_agrees(page, explorer)
        assert explorer.frame == frame
    assert numbers(page)["the alarm"] == "mode collapse" and "it rang" in page.locator(".gx-status").text_content()


def test_a_remedy_shows_its_own_run(show):
    explorer = FailureExplorer(runs(), name="mode collapse")
    page = show(explorer)
    page.get_by_label("remedy").select_option("k = 5")
    failure_agrees(page, explorer)
    assert (explorer.remedy, explorer.frame) == ("k = 5", 6) and numbers(page)["the alarm"] == "silent"
    page.get_by_role("radio", name="vanishing gradient").check()
    failure_agrees(page, explorer)
    assert (explorer.name, explorer.remedy) == ("vanishing gradient", "")
    assert not page.get_by_label("remedy").is_visible()


def test_play_walks_through_the_frames_and_stops_at_the_end(show):
    explorer = FailureExplorer(runs(), name="mode collapse")
    page = show(explorer, clock=True)
    page.get_by_role("button", name="Play").click()
    first = page.evaluate("window.model.get('frame')")
    page.clock.run_for(3 * 140 + 30)
    assert first <= 1 and 3 <= page.evaluate("window.model.get('frame')") - first <= 5 and page.get_by_role("button", name="Pause").count() == 1
    page.clock.run_for(2000)
    assert page.evaluate("window.model.get('frame')") == 8 and page.get_by_role("button", name="Play").count() == 1


def test_with_reduced_motion_each_press_is_a_frame(show):
    page = show(FailureExplorer(runs(), name="healthy"), clock=True, reduced_motion="reduce")
    for frame in (0, 1, 2):
        page.get_by_role("button", name="Next frame").click()
        page.clock.run_for(3000)
        assert page.evaluate("window.model.get('frame')") == frame


def test_blinded_runs_keep_their_secret(show):
    explorer = FailureExplorer(blinded())
    page = show(explorer)
    failure_agrees(page, explorer)
    assert not page.get_by_text("the alarm", exact=True).is_visible()


@pytest.mark.parametrize("explorer", [DiracExplorer, lambda: FailureExplorer(runs())], ids=["dirac", "failures"])
@pytest.mark.parametrize("width", [480, 1280])
def test_nothing_is_wider_than_the_page_and_closing_leaves_no_listener(show, explorer, width):
    page = show(explorer(), width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("window.close_view()")
    assert page.evaluate("window.listeners()") == 0 and page.locator(".gx").count() == 0


# ---- in JupyterLab

SCROLL = """async (what) => {  // JupyterLab draws only the cells that are in sight
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const at = notebook.widgets.findIndex((cell) => cell.model.sharedModel.source.includes(what));
    await notebook.scrollToItem(at, 'start'); }"""


def test_the_notebook_runs_in_jupyterlab_and_its_explorers_are_live(lab):
    page = lab.open("notebooks/09_failure_modes.ipynb")
    for what, name in (("DiracExplorer(", "γ"), ("FailureExplorer(", "time")):
        page.evaluate(SCROLL, what)
        slider = page.get_by_role("slider", name=name).first
        slider.wait_for(timeout=60_000)
        before = slider.input_value()
        slider.focus()
        page.keyboard.press("ArrowRight" if name == "γ" else "ArrowLeft")
        assert slider.input_value() != before
    assert page.locator("[data-gx-error]").count() == 0
    lab.close(page)
