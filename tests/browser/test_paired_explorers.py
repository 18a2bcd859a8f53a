"""EdgeExplorer and LensExplorer in a real browser: Python's numbers, by mouse and keys."""

import pytest
import torch
from host import FRAMES, READ, assert_narrow_and_gone

from gan_edu.data import load_images
from gan_edu.games_paired import SRGAN, Pix2Pix
from gan_edu.networks import DCGANDiscriminator, seeded
from gan_edu.translators import PatchDiscriminator, SuperResolutionGenerator, UNet
from gan_edu.widgets import EdgeExplorer, LensExplorer

pytestmark = pytest.mark.browser

LABELS = {"L1 alone": "L1", "this picture": "mix", "L1 + GAN": "GAN", "real digits": "real"}

PIXELS = "() => [...document.querySelectorAll('canvas')].map((c) => c.toDataURL()).join()"


def edge():
    with seeded(0):
        games = [Pix2Pix(UNet(width=4), PatchDiscriminator(width=2)) for _ in range(2)]
        for game in games:
            torch.nn.init.normal_(game.G.last[3].weight, 0, 0.3)
    return EdgeExplorer(*games, images=load_images("digits", split="test").take(60), mix=0.4)


def lens():
    with seeded(0):
        games = {key: SRGAN(SuperResolutionGenerator(width=2, blocks=1), DCGANDiscriminator(width=2, norm="none"))
                 for key in ("l2", "gan")}
        torch.nn.init.normal_(games["gan"].G.last.weight, 0, 0.5)
    return LensExplorer(games, images=load_images("digits", split="test").take(6))


def follow(page, explorer) -> None:
    """Set Python's traits to what the page told it last."""
    saved = page.evaluate("() => window.saved.at(-1)")
    for name in ("cells", "mix", "noise", "which", "x", "y"):
        if name in saved and explorer.has_trait(name):
            setattr(explorer, name, saved[name])


def agrees(page, explorer) -> None:
    """Assert that every number on the page is Python's, to the digits shown."""
    page.evaluate(FRAMES)
    if isinstance(explorer, EdgeExplorer):
        shown, reference = page.evaluate(READ), explorer.readouts()
        assert {LABELS[key]: float(text) for key, text in shown.items()} == pytest.approx(reference, abs=0.06)
        return
    captions = page.locator(".gx-ways figcaption").all_text_contents()[2:]
    for text, found in zip(captions, explorer.readouts().values(), strict=True):
        numbers = [float(part.split(" dB")[0].split()[-1].replace("\N{MINUS SIGN}", "-")) for part in text.split(", under")]
        assert numbers == pytest.approx([found["psnr"], found["lens"]], abs=0.06)


def test_edges_show_what_python_computes_and_follow_the_slider(show):
    explorer = edge()
    page = show(explorer)
    agrees(page, explorer)
    page.get_by_label("from L1 to GAN").first.focus()
    page.keyboard.press("Home")
    follow(page, explorer)
    assert explorer.mix == 0
    agrees(page, explorer)
    page.get_by_role("slider", name="mix").focus()
    page.keyboard.press("End")
    follow(page, explorer)
    assert explorer.mix == 1
    agrees(page, explorer)


def test_a_line_is_drawn_without_gaps_and_rubbed_out_again(show):
    explorer = edge()
    page = show(explorer)
    page.get_by_role("button", name="Clear").click()
    board = page.get_by_role("application")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()

    def at(row, column):
        return box["x"] + (column + 0.5) * box["width"] / 14, box["y"] + (row + 0.5) * box["height"] / 14

    for drawn in (True, False):
        page.mouse.move(*at(3, 2))
        page.mouse.down()
        page.mouse.move(*at(9, 11))
        page.mouse.up()
        follow(page, explorer)
        rows = [explorer.cells[14 * r:14 * r + 14] for r in range(14)]
        if drawn:
            assert explorer.cells.count("1") == 10 and rows[3][2] == rows[9][11] == "1"
            assert all("1" in rows[r] for r in range(3, 10))
            agrees(page, explorer)
    assert explorer.cells.count("1") == 0


def test_the_board_by_keyboard_and_examples_and_noise(show):
    explorer = edge()
    page = show(explorer)
    page.get_by_role("button", name="7", exact=True).click()
    follow(page, explorer)
    assert explorer.cells == explorer.examples[7]
    board = page.get_by_role("application")
    board.focus()
    for _ in range(20):
        page.keyboard.press("ArrowUp")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    follow(page, explorer)
    assert explorer.cells == "1" + explorer.examples[7][1:]
    assert page.locator(".gx-status").text_content() == "Row 1, column 1: outline."
    agrees(page, explorer)


def test_noise_changes_the_picture_of_the_shipped_pair_and_none_brings_it_back(show):
    explorer = EdgeExplorer(mix=1.0)
    page = show(explorer)
    page.get_by_role("button", name="7", exact=True).click()
    page.evaluate(FRAMES)
    before = page.evaluate(PIXELS)
    page.get_by_role("button", name="Other noise").click()
    follow(page, explorer)
    page.evaluate(FRAMES)
    assert explorer.noise == 1 and page.evaluate(PIXELS) != before
    page.get_by_role("button", name="No noise").click()
    page.evaluate(FRAMES)
    assert page.evaluate(PIXELS) == before


def test_the_lens_shows_what_python_computes_by_keys_and_mouse(show):
    explorer = lens()
    page = show(explorer, wait=".gx-dot")
    agrees(page, explorer)
    page.get_by_label("digit", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("lens, across").focus()
    page.keyboard.press("Home")
    follow(page, explorer)
    assert (explorer.which, explorer.x) == (1, 0)
    agrees(page, explorer)
    box = page.locator(".gx-lensed").nth(2).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2)
    follow(page, explorer)
    assert explorer.x == pytest.approx(9.5, abs=1) and explorer.y == 19
    agrees(page, explorer)


@pytest.mark.parametrize("make", [edge, lens])
def test_it_fits_a_narrow_pane_and_closes_without_a_trace(show, make):
    assert_narrow_and_gone(show(make(), wait=".gx-dot, .gx-line[d]"))
