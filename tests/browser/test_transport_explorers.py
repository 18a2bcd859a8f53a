"""TransportExplorer and PenaltyExplorer in a real browser: Python's numbers, by mouse and keys."""

import pytest
from host import FRAMES, assert_narrow_and_gone

from gan_edu.widgets import PenaltyExplorer, TransportExplorer
from gan_edu.widgets import penalty_store as store
from gan_edu.widgets.transport import PRESETS

pytestmark = pytest.mark.browser

TRANSPORT = {"W1": "W1", "W1, its slope": "W1_slope", "JS, nats": "JS", "JS, its slope": "JS_slope", "TV": "TV",
             "KL(p‖q), nats": "KL"}
PENALTY = {"W1, exact": "truth", "the critic reads": "reads", "read / exact": "factor", "slope, median": "slope",
           "largest weight": "largest", "weights at the edge": "edge", "slope at the probe": "here"}
READ = """() => [...document.querySelectorAll('.gx-readout')].map((e) => [
    e.querySelector('.gx-name').textContent, e.querySelector('.gx-value').textContent.replaceAll('\\u2212', '-')])"""


def agrees(page, explorer) -> None:
    """Assert that every number on the page is Python's, to the digits shown."""
    page.evaluate(FRAMES)
    shown, reference = page.evaluate(READ), explorer.readouts()
    if isinstance(explorer, TransportExplorer):
        found = {TRANSPORT[label]: float(text) for label, text in shown}
        assert found == pytest.approx(reference, abs=6e-3, rel=1e-4)
        return
    found = {PENALTY[label]: float(text.removesuffix(" %")) / (100 if text.endswith("%") else 1) for label, text in shown}
    assert set(found) == set(reference)
    for key, value in found.items():
        assert value == pytest.approx(reference[key], rel=0.03, abs=6e-3 if abs(reference[key]) > 0.1 else 1e-3), key


def follow(page, explorer) -> None:
    """Set Python's traits to what the page told it last."""
    saved = page.evaluate("() => window.saved.at(-1)")
    for name in ("shift", "p_width", "p_split", "q_width", "q_split", "situation", "way", "at", "x", "y"):
        if name in saved and explorer.has_trait(name):
            setattr(explorer, name, saved[name])


@pytest.mark.parametrize("name", PRESETS)
def test_transport_shows_what_python_computes(show, name):
    explorer = TransportExplorer().load(name)
    agrees(show(explorer), explorer)


def test_q_is_moved_by_mouse_keys_sliders_and_presets(show):
    explorer = TransportExplorer()
    page = show(explorer)
    grip = page.get_by_role("slider", name="q, generated: move it")
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y, steps=3)
    page.mouse.up()
    follow(page, explorer)
    assert explorer.shift < 1.5
    agrees(page, explorer)
    before = explorer.shift
    grip.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("width of q").focus()
    page.keyboard.press("Home")
    page.get_by_label("split of p").focus()
    page.keyboard.press("ArrowRight")
    follow(page, explorer)
    assert explorer.shift == pytest.approx(before + 0.125) and (explorer.q_width, explorer.p_split) == (0.05, 0.25)
    agrees(page, explorer)
    page.get_by_role("button", name="two points").click()
    follow(page, explorer)
    assert (explorer.shift, explorer.q_width, explorer.p_split) == (2, 0.05, 0)
    agrees(page, explorer)
    assert "JS stands at log 2" in page.locator(".gx-status").text_content()


@pytest.mark.parametrize(("situation", "way", "at"), [("moved aside", "clip", 0), ("shrunk to half", "penalty", 2),
                                                      ("all at the middle", "clip", 3)])
def test_penalty_shows_what_python_computes(show, situation, way, at):
    explorer = PenaltyExplorer(situation=situation, way=way, at=at)
    agrees(show(explorer), explorer)


def test_critics_are_chosen_and_probed_by_keyboard(show):
    explorer = PenaltyExplorer()
    page = show(explorer)
    page.get_by_role("radio", name="clipping").check()
    page.get_by_role("radio", name="moved aside").check()
    page.get_by_label("how hard").focus()
    page.keyboard.press("ArrowLeft")
    probe = page.get_by_role("slider", name="probe")
    probe.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    follow(page, explorer)
    assert (explorer.situation, explorer.way, explorer.at) == ("moved aside", "clip", 1)
    assert (explorer.x, explorer.y) == pytest.approx((1.6, 0.1))
    agrees(page, explorer)
    assert "of all weights are at ±c" in page.locator(".gx-status").text_content()
    assert page.get_by_label("how hard").get_attribute("aria-valuetext") == f"c = {store.CLIPS[1]}"


@pytest.mark.parametrize("make", [TransportExplorer, PenaltyExplorer])
def test_it_fits_a_narrow_pane_and_closes_without_a_trace(show, make):
    assert_narrow_and_gone(show(make()))


def test_a_redraw_follows_the_hand(show):
    """A move of q is drawn within two frames' time (33 ms), median of 20."""
    page = show(TransportExplorer())
    times = page.evaluate("""async () => {
        const inputs = [...document.querySelectorAll('input[type=range]')], times = [];
        const input = inputs.find((e) => e.getAttribute('aria-label') === 'shift of q');
        for (let i = 0; i < 20; i++) {
            const start = performance.now();
            input.value = -2 + 0.125 * i;
            input.dispatchEvent(new Event('input'));
            times.push(performance.now() - start);
            await new Promise((done) => requestAnimationFrame(done));
        }
        return times.sort((a, b) => a - b); }""")
    assert times[10] < 33
