"""Time a move until its picture's pixels have changed: our explorers against `interact` with inline matplotlib.

    python benchmarks/widgets.py            # needs Chromium and playwright, about four minutes
    python benchmarks/widgets.py --asked    # only the explorers that ask the kernel

One JupyterLab, one generator (the sources' 100-256-512-1024-784), measured in alternation in one run. A second notebook
has every explorer that asks the kernel (tests/browser/test_every_explorer.py holds that no other does) and `interact`
again; there a picture counts as changed when the number that is set with it has changed.
Events are dispatched by script; changed pixels are looked for right after and then every few milliseconds. The second
table drags at 60 Hz for two seconds and counts the distinct pictures a second, and how long after the last move the
last picture came. Only the ratios mean anything on another machine.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))
from lab import FLAGS, chromium_path, running_lab  # the browser tests' JupyterLab

MADE = """import torch
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator
from gan_edu.widgets import LatentExplorer
torch.set_num_threads(1)
torch.manual_seed(0)
G, D = MLPGenerator().eval(), MLPDiscriminator().eval()
with torch.no_grad():
    for p in G.parameters():
        p.mul_(2)
"""
CELLS = [MADE, "LatentExplorer(GAN(G, D), title='simd')", """plain = LatentExplorer(GAN(G, D), title='plain')
plain._esm = plain._esm.replace('const KERNEL = "', 'const KERNEL = "no WebAssembly here')
plain"""]
INTERACT = """%matplotlib inline
import matplotlib.pyplot as plt
from ipywidgets import FloatSlider, interact
z = torch.randn(1, 100)
def show(value):
    z[0, 0] = value
    with torch.no_grad():
        image = G(z)[0, 0]
    plt.figure(figsize=(3, 3)); plt.imshow(image, cmap='gray', vmin=-1, vmax=1); plt.axis('off'); plt.show()
interact(show, value=FloatSlider(min=-4, max=4, step=0.1, continuous_update=True));"""
ASKED = [MADE + """from gan_edu.widgets import GameExplorer, RunExplorer
class Unknown(torch.nn.Module):                       # nothing that a page could run
    latent_dim = 100
    def forward(self, z):
        return G(z)
""", "LatentExplorer(Unknown(), D=D, title='asked')", "RunExplorer()", "GameExplorer()", INTERACT]

# Each way: how to find the slider, how to move it once, how to read the picture.
PAGE = """
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const explorer = (title) => {
  const root = document.querySelector(`.gx-latent[aria-label=${title}]`);
  const slider = root.querySelector('.gx-slider input'), canvas = root.querySelector('.gx-stage > canvas');
  const context = canvas.getContext('2d'), size = [0, 0, canvas.width, canvas.height];
  return { read: () => context.getImageData(...size).data.join(), move: (i) => {
    slider.value = 3 * Math.sin(i); slider.dispatchEvent(new Event('input', { bubbles: true })); } };
};
const interact = () => {
  const root = document.querySelector('.widget-interact'), grip = root.querySelector('.noUi-handle');
  return { read: () => root.querySelector('img')?.src ?? '', move: (i) => {
    const key = Math.cos(i / 20) > 0 ? 'ArrowRight' : 'ArrowLeft';
    grip.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })); } };
};
const press = (where, label, number) => {
  const root = document.querySelector(where), out = root.querySelector(number);
  const button = [...root.querySelectorAll('button')].find((b) => b.textContent === label);
  return { read: () => out.textContent, move: () => button.click() };
};
window.ways = { simd: () => explorer('simd'), plain: () => explorer('plain'), interact, asked: () => explorer('asked'),
  run: () => press('.gx-run', 'New z', '.gx-row .gx-end'), game: () => press('.gx-game', 'One step', '.gx-readout .gx-value') };
window.once = async (way, i) => {
  const { read, move } = window.ways[way](), before = read(), began = performance.now();
  move(i);
  while (read() === before || read() === '') {
    if (performance.now() - began > 5000) throw new Error(`${way} drew nothing`);
    await sleep(0);
  }
  const took = performance.now() - began;
  await sleep(150); // let everything settle
  return took;
};
window.drag = async (way, seconds) => {
  const { read, move } = window.ways[way]();
  let i = 1000, shown = read(), distinct = 0, last = 0, on = true, frames = 0;
  const watch = () => { frames++; const now = read(); if (now !== shown && now !== '') {
    shown = now; distinct++; last = performance.now(); } if (on) requestAnimationFrame(watch); };
  requestAnimationFrame(watch);
  const began = performance.now();
  for (let n = 0; n < 60 * seconds; n++) { await sleep(Math.max(0, began + (n * 1000) / 60 - performance.now())); move(i++ ); }
  const end = performance.now();
  const during = distinct, span = (end - began) / 1000, drawn = frames;
  await sleep(1500);
  on = false;
  return { pictures: during / span, frames: drawn / span, lag: Math.max(0, last - end) };
};
"""


def measure(page, rounds: int, ways: list[str], dragged: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Return medians for each way; the ways take turns, so that a noisy machine is noisy for all."""
    page.evaluate(f"() => {{ {PAGE} }}")
    times: dict[str, list[float]] = {way: [] for way in ways}
    for i in range(rounds + 3):
        for way in ways:
            took = page.evaluate("([way, i]) => window.once(way, i)", [way, i + 1])
            if i >= 3:                                   # the first moves warm the compilers up
                times[way].append(took)
    drags = {way: page.evaluate("(way) => window.drag(way, 2)", way) for way in ways if way in dragged}
    return {way: {"median": statistics.median(times[way]), "p95": sorted(times[way])[int(0.95 * rounds)]}
            | drags.get(way, {}) for way in ways}


def main() -> None:
    """Print a table and write it as JSON where --json says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40, help="moves for each way (default 40)")
    parser.add_argument("--asked", action="store_true", help="only the explorers that ask the kernel")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    options = parser.parse_args()
    if chromium_path() is None:
        sys.exit("no Chromium on this machine: install Debian's package chromium, or any build on the PATH")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        with running_lab(browser, Path(home)) as lab:
            found = {}
            if not options.asked:
                page = lab.open(lab.write("widgets.ipynb", *CELLS, INTERACT), height=2400)
                page.wait_for_selector(".widget-interact img")
                page.wait_for_selector(".gx-latent[aria-label=plain] .gx-slider input")
                ways = ["simd", "plain", "interact"]
                found["in the page"] = measure(page, options.rounds, ways, tuple(ways))
                lab.close(page)
            page = lab.open(lab.write("asked.ipynb", *ASKED), height=3600)
            for place in (".widget-interact img", ".gx-latent .gx-slider input", ".gx-run .gx-seek", ".gx-game .gx-plane"):
                page.wait_for_selector(place)
            ways = ["asked", "run", "game", "interact"]
            found["asking the kernel"] = measure(page, options.rounds, ways, ("asked", "interact"))
            lab.close(page)
    for title, rows in found.items():
        report(title, rows)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


def report(title: str, found: dict[str, dict[str, float]]) -> None:
    """Print a table and the ratios."""
    words = {"simd": "LatentExplorer", "plain": "LatentExplorer, no WebAssembly", "interact": "interact + matplotlib",
             "asked": "LatentExplorer, G in Python", "run": "RunExplorer, New z", "game": "GameExplorer, One step"}
    print(f"\n{title}; {platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} on "
          f"{os.cpu_count()} cores; milliseconds from input event to changed pixels")
    print(f"{'':32}{'median':>8}{'p95':>8}{'pictures/s':>12}{'frames/s':>10}{'lag ms':>8}")
    for way, row in found.items():
        drag = f"{row['pictures']:12.0f}{row['frames']:10.0f}{row['lag']:8.0f}" if "pictures" in row else ""
        print(f"{words[way]:32}{row['median']:8.1f}{row['p95']:8.1f}{drag}")
    for way in found:
        if way != "interact":
            print(f"interact / {words[way]}: {found['interact']['median'] / found[way]['median']:.1f} times")


if __name__ == "__main__":
    main()
