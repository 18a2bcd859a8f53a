"""Time a moved slider until its picture's pixels have changed: our explorer against `interact` with inline matplotlib.

    python benchmarks/widgets.py            # needs Chromium and playwright, about two minutes

One JupyterLab, one notebook, one generator (the sources' 100-256-512-1024-784), measured in alternation in one run.
Events are dispatched by script; changed pixels are looked for right after and then every few milliseconds. The second
table drags at 60 Hz for two seconds and counts the distinct pictures a second, and how long after the last move the
last picture came. Only the ratios mean anything on another machine.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))
from lab import FLAGS, chromium_path, running_lab  # the browser tests' JupyterLab

CELLS = ["""import torch
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator
from gan_edu.widgets import LatentExplorer
torch.set_num_threads(1)
torch.manual_seed(0)
G, D = MLPGenerator().eval(), MLPDiscriminator().eval()
with torch.no_grad():
    for p in G.parameters():
        p.mul_(2)
""", "LatentExplorer(GAN(G, D), title='simd')", """plain = LatentExplorer(GAN(G, D), title='plain')
plain._esm = plain._esm.replace('const KERNEL = "', 'const KERNEL = "no WebAssembly here')
plain""", """%matplotlib inline
import matplotlib.pyplot as plt
from ipywidgets import FloatSlider, interact
z = torch.randn(1, 100)
def show(value):
    z[0, 0] = value
    with torch.no_grad():
        image = G(z)[0, 0]
    plt.figure(figsize=(3, 3)); plt.imshow(image, cmap='gray', vmin=-1, vmax=1); plt.axis('off'); plt.show()
interact(show, value=FloatSlider(min=-4, max=4, step=0.1, continuous_update=True));"""]

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
window.ways = { simd: () => explorer('simd'), plain: () => explorer('plain'), interact };
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


def measure(page, rounds: int) -> dict[str, dict[str, float]]:
    """Return medians for each way; the ways take turns, so that a noisy machine is noisy for all."""
    page.evaluate(f"() => {{ {PAGE} }}")
    ways = ["simd", "plain", "interact"]
    times: dict[str, list[float]] = {way: [] for way in ways}
    for i in range(rounds + 3):
        for way in ways:
            took = page.evaluate("([way, i]) => window.once(way, i)", [way, i + 1])
            if i >= 3:                                   # the first moves warm the compilers up
                times[way].append(took)
    drags = {way: page.evaluate("(way) => window.drag(way, 2)", way) for way in ways}
    return {way: {"median": statistics.median(times[way]), "p95": sorted(times[way])[int(0.95 * rounds)]} | drags[way]
            for way in ways}


def main() -> None:
    """Print a table and write it as JSON where --json says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40, help="moves for each way (default 40)")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    options = parser.parse_args()
    if chromium_path() is None:
        sys.exit("no Chromium on this machine: install Debian's package chromium, or any build on the PATH")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        with running_lab(browser, Path(home)) as lab:
            page = lab.open(lab.write("widgets.ipynb", *CELLS), height=2400)
            page.wait_for_selector(".widget-interact img")
            page.wait_for_selector(".gx-latent[aria-label=plain] .gx-slider input")
            found = measure(page, options.rounds)
            lab.close(page)
    report(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


def report(found: dict[str, dict[str, float]]) -> None:
    """Print the table and the ratio."""
    words = {"simd": "LatentExplorer", "plain": "LatentExplorer, no WebAssembly", "interact": "interact + matplotlib"}
    print(f"{platform.machine()}, Python {platform.python_version()}; milliseconds from input event to changed pixels")
    print(f"{'':32}{'median':>8}{'p95':>8}{'pictures/s':>12}{'frames/s':>10}{'lag ms':>8}")
    for way, row in found.items():
        print(f"{words[way]:32}{row['median']:8.1f}{row['p95']:8.1f}{row['pictures']:12.0f}{row['frames']:10.0f}"
              f"{row['lag']:8.0f}")
    for way in ("simd", "plain"):
        print(f"interact / {words[way]}: {found['interact']['median'] / found[way]['median']:.0f} times")


if __name__ == "__main__":
    main()
