"""DensityExplorer and GradientExplorer in a real browser: they show Python's numbers, by mouse and by keyboard."""

import re

import pytest

from gan_edu.widgets.gradient import HEAD_STARTS, GradientExplorer
from gan_edu.widgets.two_classes import PRESETS, DensityExplorer

pytestmark = pytest.mark.browser

DENSITY = {"p(x₀|0)": "p0", "p(x₀|1)": "p1", "p(x₀)": "px", "p(1|x₀)": "posterior", "best share right": "accuracy",
           "p(x₀), kept": "kept_px", "p(1|x₀), kept": "kept_posterior", "share kept": "kept_share"}
GRADIENT = {"mean D(G(z))": "D", "mean arrow, log(1 − D)": "arrow_minimax",
            "mean arrow, −log D": "arrow_non_saturating", "(1 − D)/D, middle fake": "ratio"}
READ = """() => Object.fromEntries([...document.querySelectorAll('.gx-readout')].filter((e) => !e.hidden).map(
    (e) => [e.querySelector('.gx-name').textContent, e.querySelector('.gx-value').textContent]))"""
UNRAISE = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def number(text: str) -> float:
    """Read "0.0343" and "2.9·10⁻⁵"."""
    found = re.fullmatch(r"([\d.]+)·10(.+)", text)
    return float(found[1]) * 10.0 ** int(found[2].translate(UNRAISE)) if found else float(text.translate(UNRAISE))


def agrees(page, explorer, labels, **tolerance) -> None:
    """Assert that every number on the page is Python's, to the digits shown."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shown, reference = page.evaluate(READ), explorer.readouts()
    assert shown
    for label, text in shown.items():
        assert number(text) == pytest.approx(reference[labels[label]], **tolerance), label


def follow(page, explorer) -> None:
    """Set Python's traits to what the page told it last."""
    saved = page.evaluate("() => window.saved.at(-1)")
    for name in explorer.trait_names(sync=True):
        if name in saved and not name.startswith("_") and name not in ("layout", "tabbable", "tooltip", "weights"):
            value = saved[name]
            setattr(explorer, name, tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize("name", PRESETS)
def test_density_explorer_shows_what_python_computes(show, name):
    explorer = DensityExplorer().load(name)
    explorer.prior = 0.35
    agrees(show(explorer), explorer, DENSITY, abs=6e-5)


def test_density_explorer_follows_keyboard_and_mouse(show):
    explorer = DensityExplorer()
    page = show(explorer)
    page.get_by_label("p(y = 1)").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_label("selection").focus()
    page.keyboard.press("End")
    follow(page, explorer)
    assert (explorer.prior, explorer.selection) == (pytest.approx(0.49), 4.0)
    agrees(page, explorer, DENSITY, abs=6e-5)
    grip = page.get_by_role("slider", name="top of class 1: sideways moves it").bounding_box()
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(grip["x"] + grip["width"] / 2 - 60, grip["y"] + grip["height"] / 2 + 20, steps=4)
    page.mouse.up()
    follow(page, explorer)
    assert explorer.mean1 < 1 and explorer.std1 > 1.05
    agrees(page, explorer, DENSITY, abs=6e-5)


@pytest.mark.parametrize("state", [{"head_start": s} for s in HEAD_STARTS] + [
    {"judge": "best"}, {"judge": "best", "fake_mean": 1.2}, {"confidence": 3.0, "head_start": 40}, {"fake_mean": 3.0},
    {"confidence": 0.0}])
def test_gradient_explorer_shows_what_autograd_computes(show, state):
    explorer = GradientExplorer(**state)
    agrees(show(explorer), explorer, GRADIENT, rel=0.05, abs=1e-12)


def test_gradient_explorer_follows_the_keyboard(show):
    explorer = GradientExplorer()
    page = show(explorer)
    page.get_by_label("head start").focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_label("confidence").focus()
    page.keyboard.press("ArrowRight")
    follow(page, explorer)
    assert (explorer.head_start, explorer.confidence) == (HEAD_STARTS[3], pytest.approx(1.05))
    agrees(page, explorer, GRADIENT, rel=0.05)
    page.get_by_text("show least squares too").click()
    page.get_by_role("radio", name="D*, the best one").check()
    follow(page, explorer)
    assert explorer.least_squares and explorer.judge == "best"
    agrees(page, explorer, GRADIENT, rel=0.05)
    assert page.get_by_label("head start").is_disabled()


def test_arrows_have_their_true_length(show):
    """The arrow of -log D at the middle fake, in pixels, is .49 (1 - D) l' in units of the axis."""
    explorer = GradientExplorer(judge="best", fake_mean=0.0)
    page = show(explorer)
    sent = 0.49 * explorer.gradients("non_saturating")["arrow"][4]
    box = page.evaluate("""() => { const p = [...document.querySelectorAll('.gx-plot')][1];
      const d = p.querySelectorAll('path.gx-line')[1].getAttribute('d'); const t = p.querySelectorAll('.gx-axis');
      return {d, left: +t[0].getAttribute('x1'), right: +t[0].getAttribute('x2')}; }""")
    shafts = re.findall(r"M([\d.]+) [\d.]+L([\d.]+)", box["d"])[::3]     # a shaft, then two wings
    x0, x1 = map(float, shafts[4])
    assert (x1 - x0) * 12 / (box["right"] - box["left"]) == pytest.approx(sent, abs=0.02)
