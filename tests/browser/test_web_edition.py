"""The web edition in a real browser, served from loopback with everything else cut off: every page, every explorer.

The site is built once from all notebooks, as `python notebooks/build.py site` does.
"""

import functools
import http.server
import sys
import threading

import pytest
from lab import ROOT

sys.path.insert(0, str(ROOT / "notebooks"))
import build as builder

pytestmark = pytest.mark.browser
STEMS = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.py"))
SERIOUS = {"serious", "critical"}


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def site(tmp_path_factory, chromium):
    """Return the address of the whole web edition on a loopback server."""
    pytest.importorskip("furo", reason="the web edition needs its extra: pip install -e '.[site]'")
    out = tmp_path_factory.mktemp("web") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.delenv("GAN_EDU_DATA", raising=False)       # no image of MNIST in the pages
        assert builder.main(["site", "--out", str(out)]) == 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(out)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(chromium, site):
    """Return a function that opens a page; a request to another host, an error or a missing file fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    strays, faults = [], []
    context.route(lambda url: not url.startswith((site, "data:", "blob:")), lambda route: (strays.append(route.request.url),
                                                                                          route.abort()))

    def opened(name, *, scheme="light"):
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)
        page.on("pageerror", lambda error: faults.append(f"{name}: {error}"))
        page.on("console", lambda message: message.type == "error" and faults.append(f"{name}: {message.text}"))
        page.on("response", lambda reply: reply.status >= 400 and faults.append(f"{reply.status} {reply.url}"))
        page.goto(f"{site}/{name}.html")
        return page

    yield opened
    context.close()
    assert strays == [] and faults == []


def bring_to_life(page):
    """Scroll to each explorer of a page, wait until it lives, and return them."""
    places = page.locator(".course-explorer")
    for i in range(places.count()):
        places.nth(i).scroll_into_view_if_needed()
        page.wait_for_function("i => document.querySelectorAll('.course-explorer')[i].dataset.live", arg=i)
    return places


@pytest.mark.parametrize("stem", STEMS)
def test_every_explorer_of_every_page_lives_and_hears_the_keyboard(visit, stem):
    page = visit(stem)
    places = bring_to_life(page)
    assert places.count() >= 1
    twice = "ids => ids.filter((id, i) => ids.indexOf(id) !== i)"
    names = "[...document.querySelectorAll('.gx [id]')].map((e) => e.id)"
    assert page.evaluate(f"({twice})({names})") == []           # a clip path of one explorer must not cut another
    for i in range(places.count()):
        place = places.nth(i)
        assert place.get_attribute("data-live") == "yes" and place.locator(".gx").count() == 1
        assert place.locator("[data-gx-error]").count() == 0
        slider = place.locator("input[type=range]:visible:enabled").first
        if slider.count():
            before = slider.input_value()
            slider.focus()
            page.keyboard.press("ArrowLeft"), page.keyboard.press("ArrowLeft"), page.keyboard.press("ArrowRight")
            moved = slider.input_value() != before or page.keyboard.press("ArrowRight") or slider.input_value() != before
            # what only Python can act on is put back, and the page says why
            assert moved or "no kernel to ask" in place.locator(".gx-status").text_content()
            if not moved:
                continue
        assert place.locator("[data-gx-error]").count() == 0


@pytest.mark.parametrize("stem", [*STEMS, "claims"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_finding_of_axe(visit, stem, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    page = visit(stem, scheme=scheme)
    bring_to_life(page)
    found = [f"{v['id']}: {node['html'][:160]}" for v in axe.Axe().run(page).response["violations"]
             if v["impact"] in SERIOUS for node in v["nodes"][:3]]
    assert found == []


def test_a_moved_slider_changes_the_picture(visit):
    """The shipped generator runs in the page: no kernel, and still another digit."""
    page = visit("07_latent_space")
    place = bring_to_life(page).first
    before = place.screenshot()
    place.locator("input[type=range]:visible").first.focus()
    for _ in range(8):
        page.keyboard.press("PageUp")
    page.wait_for_timeout(300)
    assert place.screenshot() != before


def test_weights_are_fetched_once_for_all_pages(visit):
    """Files are named by their content, so another page that shows the same generator asks for the same file."""
    asked = []
    for stem in ("00_start_here", "07_latent_space"):
        page = visit(stem)
        page.on("response", lambda reply: asked.append(reply.url) if reply.url.endswith(".bin") else None)
        page.reload()
        bring_to_life(page)
    large = [url for url in asked if asked.count(url) > 1]
    assert large, asked


def test_formulas_are_drawn_and_named(visit):
    page = visit("02_minimax_game")
    formulas = page.locator("svg.formula")
    assert formulas.count() > 20 and all(formulas.nth(i).get_attribute("aria-label") for i in range(5))
    assert page.locator("text=\\\\log").count() == 0


def test_search_finds_a_word_and_pages_lead_on(visit):
    page = visit("index")
    assert page.locator("a:has-text('Minimax'), a:has-text('minimax')").count() >= 1
    page.locator("input[name=q]").first.fill("saturation")
    page.keyboard.press("Enter")
    page.wait_for_selector("ul.search li a")
    assert "04_generator_gradients" in page.locator("ul.search li a").first.get_attribute("href") or \
        page.locator("ul.search li a[href*='04_generator']").count() >= 1
    page = visit("02_minimax_game")
    page.locator(".next-page").click()
    page.wait_for_url("**/03_optimal_discriminator.html")


def test_without_scripts_the_pictures_stand(chromium, site):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/04_generator_gradients.html")
    pictures = page.locator(".course-explorer img.course-picture")
    assert pictures.count() >= 1 and pictures.first.get_attribute("alt")
    context.close()
