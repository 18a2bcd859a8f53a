"""MuseumExplorer in a real browser: Python's numbers and code, the covered answer, the switch by mouse and keys."""

import pytest
from host import FRAMES, assert_narrow_and_gone

from gan_edu import museum
from gan_edu.widgets import MuseumExplorer

pytestmark = pytest.mark.browser

NAMES = ["simultaneous", "eps-of-batchnorm", "linspace-ring"]
VALUES = "() => [...document.querySelectorAll('.gx-readout .gx-value')].map((e) => e.textContent)"


def saved(page):
    return page.evaluate("() => window.saved.at(-1)")


def test_it_shows_the_code_and_keeps_the_answer(show):
    page = show(MuseumExplorer(NAMES))
    one = museum.exhibit("simultaneous")
    assert page.locator("pre").text_content() == museum.code("simultaneous")
    assert page.evaluate(VALUES) == ["18,127", "?"]
    assert page.get_by_text(one.question).count() == 1 and page.get_by_text(one.wrong).count() == 0
    page.get_by_role("button", name="What is wrong?").click()
    page.evaluate(FRAMES)
    assert page.get_by_text(one.wrong).count() == 1 and page.get_by_text(one.where).count() == 1
    assert page.evaluate(VALUES) == ["18,127", "1"] and saved(page)["told"] and not saved(page)["mended"]


def test_the_switch_and_the_way_round_by_keyboard(show):
    page = show(MuseumExplorer(NAMES))
    page.get_by_role("radio", name="as published").focus()
    page.keyboard.press("ArrowRight")
    page.evaluate(FRAMES)
    assert page.locator("pre").text_content() == museum.code("simultaneous", mended=True)
    assert saved(page)["mended"] and saved(page)["told"]
    page.get_by_role("button", name="Next").focus()
    for name in (*NAMES[1:], NAMES[0]):
        page.keyboard.press("Enter")
        page.evaluate(FRAMES)
        assert page.locator("pre").text_content() == museum.code(name)
        assert (saved(page)["exhibit"], saved(page)["mended"], saved(page)["told"]) == (name, False, False)
    page.get_by_role("button", name="Previous").click()
    page.evaluate(FRAMES)
    assert saved(page)["exhibit"] == NAMES[-1] and page.evaluate(VALUES) == ["7", "?"]


def test_an_exhibit_by_the_list(show):
    page = show(MuseumExplorer(NAMES))
    page.get_by_label("exhibit", exact=True).select_option("1")
    page.evaluate(FRAMES)
    assert saved(page)["exhibit"] == "eps-of-batchnorm" and page.evaluate(VALUES) == ["0.1111", "?"]


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_narrow_pane_and_closes_without_a_trace(show, dark):
    assert_narrow_and_gone(show(MuseumExplorer(NAMES, told=True, mended=True), dark=dark))
