"""Every exported explorer in JupyterLab: 200 quick moves, two views of it, a restart of its kernel.

One notebook has a cell for each row of the table, its explorer shown twice there. Tests run in the order of this file:
the restart, one for all, comes after what needs the first kernel.
"""

from pathlib import Path

import pytest
from every_rows import ROWS, SETUP
from lab import RUN_ALL

from gan_edu import widgets

HELP = Path(__file__).with_name("every_page.js").read_text()
FIRST = 1                                              # the cell of the first row; before it is the set-up
browser = pytest.mark.browser
each = pytest.mark.parametrize("name", ROWS)
LOST = "a.querySelector('.gx-status[data-gx-error]')?.textContent.includes('Run the cell again')"
RESTART = """async () => { const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
    await kernel.restart(); await kernel.info; }"""


def test_every_exported_explorer_has_a_row():
    assert {row.explorer for row in ROWS.values()} == set(widgets.__all__) - {"Explorer"}


class Cell:
    """The cell of one row: its two views, its control."""

    def __init__(self, page, name: str) -> None:
        self.page, self.row, self.at = page, ROWS[name], FIRST + list(ROWS).index(name)

    def run(self, script: str, *args):
        """Run JavaScript with `at`, `control`, the views `a` and `b`, and more arguments as x."""
        return self.page.evaluate("async ([at, control, ...x]) => { const [a, b] = every.roots(at);" + script + "}",
                                  [self.at, self.row.control, *args])

    def show(self) -> "Cell":
        """Bring it into sight; JupyterLab draws no other cells."""
        self.page.evaluate("(at) => every.content().scrollToItem(at, 'start')", self.at)
        self.page.wait_for_function("(at) => every.roots(at).length === 2", arg=self.at)
        self.run("await every.frames(2); a.scrollIntoView({ block: 'center' }); await every.frames(2)")
        return self

    def picture(self, view: str = "a") -> str:
        """The picture once it has stood still for three frames; some explorers draw in slices."""
        return self.run("let [still, shown] = [0, '']; for (let i = 0; i < 120 && still < 3; i++) { await every.frames(1); "
                        f"const now = every.picture({view}); still = now === shown ? still + 1 : 0; shown = now; }} return shown")

    def until(self, test: str, *args) -> None:
        """Wait until a condition on a, b and x holds."""
        self.page.wait_for_function("([at, ...x]) => { const [a, b] = every.roots(at), { picture } = every; return "
                                    + test + "}", arg=[self.at, *args], timeout=60_000)

    def put(self, share: float, view: str = "a") -> None:
        self.run(f"every.put({view}, control, x[0], true)", share)

    def end(self, key: str) -> str:
        """Move the control to an end, by the keyboard where it has keys, wait until the picture follows, return it."""
        before = self.picture()
        share, keys = {"Home": 0, "End": 1}[key], "every.find(a, control)?.matches('input, [role=slider]')"
        if "=>" not in self.row.control and self.run("return " + keys):
            self.run("every.find(a, control).focus({ preventScroll: true })")
            self.page.keyboard.press("ArrowLeft" if share else "ArrowRight")      # so that the end is a move
            self.page.keyboard.press(key)
        else:
            self.put(1 - share)
            self.put(share)
        if self.row.asks:
            self.until("picture(a) !== x[0]", before)
            self.settle()
        return self.picture()

    def settle(self) -> None:
        """Wait until the kernel has nothing more to do and the page has drawn it."""
        ask(self.page, "1")
        self.page.wait_for_timeout(100)
        ask(self.page, "1")


def ask(page, expression: str) -> str:
    """Return what the kernel of the notebook says."""
    return page.evaluate("""async (code) => {
        const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session; let text = '';
        const future = kernel.requestExecute({ code });
        future.onIOPub = (m) => { if (m.header.msg_type === 'stream') text += m.content.text; };
        await future.done; return text.trim(); }""", f"print({expression})")


@pytest.fixture(scope="module")
def page(lab):
    cells = [f"twice({name!r}, {row.make})" for name, row in ROWS.items()]
    page = lab.open(lab.write("every.ipynb", SETUP, *cells))
    page.evaluate(HELP)
    page.evaluate("every.listen()")
    yield page
    lab.close(page)


@browser
@each
def test_two_hundred_quick_moves_end_at_the_last_one(page, name):
    cell = Cell(page, name).show()
    home, end = cell.end("Home"), cell.end("End")
    assert home != end
    asked = page.evaluate("every.said.asked")
    cell.run("await every.quick(a, control)")
    if cell.row.asks:
        cell.until("picture(a) === x[0]", home)
        cell.settle()
    else:
        assert cell.picture() == home                    # two frames later, and no question was asked
        assert page.evaluate("every.said.asked") == asked
    cell.run("await every.frames(10)")
    assert cell.picture() == home                        # nothing waited in a queue
    assert page.locator(".gx [data-gx-error]").all_text_contents() == []
    assert page.problems == []


@browser
@each
def test_two_views_of_it_follow_each_other(page, name):
    cell = Cell(page, name).show()
    cell.until("picture(a) === picture(b)")
    cell.put(0)
    cell.settle()
    for share, mover in ((1, "a"), (0, "b"), (1, "a")):
        before = cell.picture()
        cell.put(share, mover)
        cell.until("picture(a) !== x[0] && picture(b) === picture(a)", before)
    assert page.problems == []


@browser
def test_no_explorer_leaves_a_figure_open(page):
    assert ask(page, "__import__('matplotlib.pyplot').pyplot.get_fignums()") == "[]"


@browser
def test_memory_stays_flat_while_the_kernel_is_asked(page):
    cell = Cell(page, "latent, in Python").show()
    devtools = page.context.new_cdp_session(page)

    def sizes():
        cell.settle()
        devtools.send("HeapProfiler.collectGarbage")
        return [devtools.send("Runtime.getHeapUsage")["usedSize"],
                int(ask(page, "open('/proc/self/statm').read().split()[1]"))]

    cell.run("await every.quick(a, control)")            # what is made once is made now
    before = sizes()
    cell.run("await every.quick(a, control)")
    assert all(later <= 1.05 * earlier for earlier, later in zip(before, sizes(), strict=True))


@pytest.fixture(scope="module")
def orphans(page):
    """Restart the kernel, and return what each view showed before."""
    before = {name: Cell(page, name).show().picture() for name in ROWS}
    page.evaluate(RESTART)
    return before


@browser
@each
def test_after_a_restart_the_picture_stays_and_a_move_draws_or_says_what_to_do(page, orphans, name):
    cell = Cell(page, name).show()
    assert cell.picture() == orphans[name]
    cell.put(1)
    moved = cell.picture()
    cell.put(0)
    if cell.row.asks:
        cell.until(LOST)
        assert cell.picture() == orphans[name]
    else:
        assert cell.picture() != moved
        assert cell.run("return a.querySelector('[data-gx-error]')") is None
    assert page.problems == []


@browser
@pytest.mark.parametrize("name, label", [("run", "New z"), ("game", "One step"), ("game", "Play")])
def test_after_a_restart_a_button_that_needs_the_kernel_says_so(page, orphans, name, label):
    cell, button = Cell(page, name).show(), "[...a.querySelectorAll('button')].find((e) => e.textContent === x[0])"
    cell.run(button + ".click()", label)
    cell.until(LOST)
    assert cell.run(f"return Boolean({button})", label)  # "Play" has not become "Pause"


@pytest.fixture(scope="module")
def again(page, orphans):
    assert page.evaluate(RUN_ALL) == []


@browser
@each
def test_the_cell_run_again_brings_it_back(page, again, name):
    cell = Cell(page, name).show()
    assert cell.end("Home") != cell.end("End")
    cell.until("picture(a) === picture(b)")
    assert cell.run("return a.querySelector('[data-gx-error]')") is None
    assert page.problems == []
