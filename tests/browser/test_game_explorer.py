"""GameExplorer in a real browser: pictures that arrive are drawn and told, controls speak, JupyterLab plays live."""

import base64

import pytest

from gan_edu import metrics_toys
from gan_edu.widgets import GameExplorer, game_scene

pytestmark = pytest.mark.browser

PIXELS = "document.querySelector('.gx-plane').toDataURL()"
SMALL = {"width": 8, "batch_size": 16}


@pytest.fixture(autouse=True)
def cheap_floors(monkeypatch):
    monkeypatch.setattr(game_scene, "JUDGED", 50)
    monkeypatch.setattr(metrics_toys, "DRAWS", 4)
    yield
    metrics_toys._floors.cache_clear()


@pytest.fixture
def explorer():
    made = GameExplorer(**SMALL, steps=3)
    yield made
    made.close()


def tell(page, explorer):
    """Give the page the explorer's latest picture, as a message of the kernel would."""
    now, packed = explorer.latest
    page.evaluate("""([now, text]) => { const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        for (const fn of window.listening['msg:custom']) fn({ kind: 'picture', now }, [new DataView(bytes.buffer)]); }""",
                  [now, base64.b64encode(packed).decode()])
    page.wait_for_function("(n) => window.sent.some((m) => m.kind === 'seen' && m.number === n)", arg=now["number"])


def ledger(page):
    return [int(e.text_content().replace(",", "")) for e in page.query_selector_all(".gx-readout .gx-value")]


def test_a_picture_that_arrives_is_drawn_and_the_page_says_that_it_has_seen_it(show, explorer):
    page = show(explorer)
    before, r = page.evaluate(PIXELS), explorer.readouts()
    assert ledger(page) == [r["G_steps"], r["D_steps"], r["minibatches"], r["gradients"]] == [3, 3, 3, 6]
    tell(page, explorer.advance(4))
    assert ledger(page) == [7, 7, 7, 14] and page.evaluate(PIXELS) != before
    label = page.locator(".gx-plane").get_attribute("aria-label")
    assert "data and fakes in the plane" in label and "Step 7: JS" in label


def test_the_buttons_and_sliders_tell_python_and_work_by_keyboard(show, explorer):
    page = show(explorer)
    page.evaluate("window.escaped = 0; document.addEventListener('keydown', () => { window.escaped += 1; })")
    page.get_by_role("slider", name="k", exact=True).press("ArrowRight")
    page.get_by_role("slider", name="rate of D").press("ArrowRight")
    page.get_by_role("combobox", name="losses").select_option(label="hinge")
    page.get_by_role("combobox", name="width").select_option(label="32")
    page.get_by_role("button", name="Play").press("Enter")
    told = page.evaluate("window.saved.at(-1)")
    assert (told["k"], told["objective"], told["width"], told["pace"]) == (2, "hinge", 32, "fast")
    assert told["lr_D"] == pytest.approx(10**-2.9, rel=1e-3)
    assert page.get_by_role("button", name="Pause").count() == 1
    page.get_by_role("button", name="One step").press("Enter")
    assert page.evaluate("window.sent.filter((m) => m.kind === 'ask').map((m) => m.what)")[0] == "picture"
    assert page.evaluate("window.escaped") == 0


def test_layers_change_the_picture_and_the_ground_may_be_the_best_D(show, explorer):
    page = show(explorer)
    seen = [page.evaluate(PIXELS)]
    for name in ("G of a grid of z", "arrows", "data", "fakes"):
        page.get_by_role("switch", name=name).press(" ")
        seen.append(page.evaluate(PIXELS))
    for name in ("what the best D would say", "nothing"):
        page.get_by_role("radio", name=name).check(force=True)
        seen.append(page.evaluate(PIXELS))
    assert len(set(seen)) == 7
    assert page.evaluate("window.saved.at(-1).layers") == ["manifold", "arrows"]


def test_the_line_of_algorithm_1_and_its_tensors_are_marked(show, explorer):
    page = show(explorer)
    assert page.locator(".gx-tensors").is_hidden()
    explorer.answer("line", {}, [])
    while explorer.latest[0]["line"] != "x":
        page.wait_for_timeout(10)
    tell(page, explorer)
    assert page.locator("[aria-current=step]").text_content() == "draw x: m fresh examples of the data"
    row = page.locator(".gx-tensors tr[data-gx-now]")
    assert row.count() == 1 and "16 × 2" in row.text_content()


def test_draw_your_own_by_mouse_and_by_keyboard(show):
    explorer = GameExplorer("drawn", **SMALL)
    page = show(explorer)
    assert "Draw in the figure" in page.locator(".gx-status").text_content()
    box = page.locator(".gx-plane").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 4, y, steps=8)
    page.mouse.up()
    (stroke,) = page.evaluate("window.saved.at(-1).strokes")
    assert len(stroke) > 5 and stroke[0] == pytest.approx([0, 0], abs=0.02) and stroke[-1][0] > 1.2
    page.locator(".gx-plane").focus()
    for key in ("ArrowUp", "Shift+ArrowLeft", " "):
        page.keyboard.press(key)
    strokes = page.evaluate("window.saved.at(-1).strokes")
    assert strokes[1] == [pytest.approx([-0.6, 0.15])]
    explorer.strokes = strokes                                       # Python takes what the page says
    page.get_by_role("button", name="Clear the drawing").click()
    assert page.evaluate("window.saved.at(-1).strokes") == []
    explorer.close()


@pytest.mark.parametrize("width, toy", [(420, "ring"), (1280, "gaussian")])
def test_nothing_is_wider_than_the_page(show, width, toy):
    explorer = GameExplorer(toy, **SMALL)
    page = show(explorer, width=width, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    explorer.close()


def test_closing_leaves_no_listener_and_says_so_to_python(show, explorer):
    page = show(explorer)
    page.evaluate("window.close_view()")
    assert page.evaluate("window.listeners()") == 0 and page.locator(".gx").count() == 0
    assert page.evaluate("window.sent.at(-1).kind") == "left"


# ---- JupyterLab: the kernel trains, the page follows

CELLS = ["from gan_edu.widgets import GameExplorer\ngame = GameExplorer(width=16, batch_size=32)\ngame",
         "import threading\nprint(sum(t.name == 'GameExplorer' for t in threading.enumerate()), game.pace)"]
SAY = """async (i) => { const app = window.jupyterapp, content = app.shell.currentWidget.content;
  content.activeCellIndex = i; await app.commands.execute('notebook:run-cell');
  return content.widgets[i].model.outputs.toJSON().map((o) => o.text ?? '').join('').trim(); }"""
STEPS = "() => Number(document.querySelector('.gx-game .gx-readout .gx-value').textContent.replace(',', ''))"


def until_kernel_says(page, words):
    for _ in range(100):
        if page.evaluate(SAY, 1) == words:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"the kernel never said {words}, but {page.evaluate(SAY, 1)}")


def test_it_plays_in_jupyterlab_and_stops_by_pause_rerun_and_interrupt(lab):
    page = lab.open(lab.write("game.ipynb", *CELLS), height=1400)
    page.set_default_timeout(120_000)
    play, pause = (page.get_by_role("button", name=name, exact=True) for name in ("Play", "Pause"))
    play.click()
    page.wait_for_function(f"({STEPS})() > 20")
    before = page.evaluate(PIXELS)
    page.wait_for_function(f"(before) => {PIXELS} !== before", arg=before)
    page.get_by_role("slider", name="k", exact=True).press("ArrowRight")
    page.wait_for_function("document.querySelector('.gx-game .gx-status').textContent.includes('k = 2; same networks')")
    page.get_by_role("button", name="Slow motion").click()
    page.wait_for_selector(".gx-lines [aria-current=step]")
    pause.click()
    page.get_by_role("button", name="One step").click()              # ends the step that slow motion was in
    until_kernel_says(page, "0 paused")
    play.click()
    pause.wait_for()
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:interrupt-kernel')")   # while no cell runs
    until_kernel_says(page, "0 paused")
    play.wait_for()
    play.click()
    pause.wait_for()
    page.evaluate(SAY, 0)                                            # the cell again: the old figure goes, and stops
    until_kernel_says(page, "0 paused")
    page.wait_for_selector(".gx-game .gx-plane")
    assert page.locator(".gx-game").count() == 1 and page.problems == []
    lab.close(page)
