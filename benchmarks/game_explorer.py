"""Count the pictures a second that GameExplorer shows in JupyterLab while it trains: the ring, the default networks.

    python benchmarks/game_explorer.py            # needs Chromium and playwright, about a minute
    python benchmarks/game_explorer.py --cost     # only the kernel's half, in CPU time: no browser, ten seconds

A picture counts when the page has drawn it and the number of steps in it is a new one. Also said: steps of G a second,
and how long a press of "Pause" takes until the kernel has paused and the page shows it. CPU time is that of the thread
that trains, so that a busy machine disturbs it less.
"""

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))
from lab import FLAGS, chromium_path, running_lab  # the browser tests' JupyterLab

CELL = "import torch\ntorch.set_num_threads(1)\nfrom gan_edu.widgets import GameExplorer\nGameExplorer(toy='ring', k=1)"
WATCH = """(seconds) => new Promise((done) => {
  const read = () => Number(document.querySelector('.gx-game .gx-readout .gx-value').textContent.replace(/,/g, ''));
  const first = read(), began = performance.now(), gaps = [];
  let shown = first, last = began;
  const look = (at) => {
    if (read() !== shown) { gaps.push(at - last); last = at; shown = read(); }
    const spent = (performance.now() - began) / 1000;
    if (spent < seconds) requestAnimationFrame(look);
    else done({ pictures: gaps.length / spent, steps: (shown - first) / spent, longest: Math.max(...gaps) });
  };
  requestAnimationFrame(look);
})"""
PRESS = """async () => { const button = document.querySelector('.gx-game .gx-main'), began = performance.now();
  button.click();
  const status = document.querySelector('.gx-game .gx-status'), before = status.textContent;
  while (status.textContent === before && performance.now() - began < 5000) await new Promise((r) => setTimeout(r, 1));
  return performance.now() - began; }"""


def cost() -> None:
    """Print the milliseconds of CPU that a picture, a reading of the meters and a step of G take in the kernel."""
    import torch

    from gan_edu.widgets import GameExplorer

    torch.set_num_threads(1)
    explorer = GameExplorer(toy="ring", k=1, steps=20)
    explorer.send = lambda *args, **kwargs: None         # nobody listens
    explorer._judge_each = 10**9                         # and no meter is read on the way
    scene, match = explorer._scene, explorer._trainer.match
    for words, work, times in (("a picture", explorer._show, 50), ("a reading of the meters", lambda: scene.readings(match), 20),
                               ("100 steps of G, no picture", lambda: explorer._trainer.run(100), 3)):
        print(f"{words:34}{_milliseconds(work, times):8.1f} ms of CPU")
    print(f"{'a message':34}{len(explorer.latest[1]) / 1024:8.1f} KiB")
    explorer.close()


def _milliseconds(work: Callable[[], object], times: int) -> float:
    work()
    began = time.thread_time()
    for _ in range(times):
        work()
    return 1000 * (time.thread_time() - began) / times


def main() -> None:
    """Print medians over several spells of play."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spells", type=int, default=5, help="spells of three seconds (default 5)")
    parser.add_argument("--cost", action="store_true", help="only the kernel's half, in CPU time")
    options = parser.parse_args()
    if options.cost:
        cost()
        return
    if chromium_path() is None:
        sys.exit("no Chromium on this machine: install Debian's package chromium, or any build on the PATH")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        with running_lab(browser, Path(home)) as lab:
            page = lab.open(lab.write("game.ipynb", CELL), height=1400)
            page.wait_for_selector(".gx-game .gx-main")
            found = []
            for _ in range(options.spells):
                page.locator(".gx-game .gx-main").click()
                page.wait_for_timeout(500)
                found.append(page.evaluate(WATCH, 3) | {"pause": page.evaluate(PRESS)})
            lab.close(page)
    print(f"{platform.machine()}, Python {platform.python_version()}; {options.spells} spells of 3 s")
    for name, words in (("pictures", "pictures a second"), ("steps", "steps of G a second"),
                        ("longest", "longest wait for a picture, ms"), ("pause", "Pause until it is paused, ms")):
        values = [spell[name] for spell in found]
        print(f"{words:34}{statistics.median(values):8.0f}   ({min(values):.0f} to {max(values):.0f})")


if __name__ == "__main__":
    main()
