"""A real Chromium and a real JupyterLab for the tests in this folder. Where there is no Chromium they are skipped.

Slow to start, so both live for the whole session; every test has its own page and, in JupyterLab, its own kernel.
"""

import pytest
from host import page_of
from lab import FLAGS, chromium_path, hear_problems, running_lab


@pytest.fixture(scope="session")
def chromium():
    """Return a running headless Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
    if chromium_path() is None:
        pytest.skip("no Chromium on this machine: install Debian's package chromium, or any build on the PATH")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(chromium, tmp_path_factory):
    """Return a Lab whose folder holds a copy of notebooks/."""
    with running_lab(chromium, tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture
def show(chromium):
    """Return a function that shows an explorer in a page without Jupyter and returns the page.

    wait: what has to be in the page before the test goes on. clock: with time standing still (page.clock). media: of
    page.emulate_media. No page may end with an error in its status line or its console.
    """
    pages = []

    def opened(explorer, *, width=1000, height=1000, dark=False, clock=False, wait=".gx-line[d]", **media):
        page = chromium.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        page.emulate_media(**media)
        hear_problems(page)
        if clock:
            page.clock.install()
        page.set_content(page_of(explorer, dark=dark))
        page.wait_for_function("window.ready")
        page.wait_for_selector(wait, state="attached")
        return page

    yield opened
    found = [(page.locator("[data-gx-error]").all_text_contents(), page.problems) for page in pages]
    for page in pages:
        page.close()
    assert found == [([], [])] * len(pages)
