"""A real Chromium and a real JupyterLab for the tests in this folder. Where there is no Chromium they are skipped.

Slow to start, so both live for the whole session; every test has its own page and, in JupyterLab, its own kernel.
"""

import pytest
from host import page_of
from lab import FLAGS, chromium_path, running_lab


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
    """Return a function that opens a page with a theory explorer; the page must stay free of errors."""
    pages, errors = [], []

    def opened(explorer):
        page = chromium.new_page(viewport={"width": 1000, "height": 1000})
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_content(page_of(explorer))
        page.wait_for_function("window.ready")
        page.wait_for_function("document.querySelector('.gx-line[d]')")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        assert page.locator("[data-gx-error]").count() == 0
        page.close()
    assert errors == []
