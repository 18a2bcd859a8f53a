"""GameExplorer, playing with a page that keeps up: what a process holds stays what it was."""

import gc
import time
from pathlib import Path

import pytest

from gan_edu.widgets import GameExplorer

PART = 12.0              # seconds; five of them
STATM = Path("/proc/self/statm")


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="this system does not say how much memory a process holds")
def test_memory_stays_flat_while_it_plays():
    explorer, held, pictures = GameExplorer(width=16, batch_size=32), [], []

    def page(content, buffers=None):
        pictures.append(content["now"]["number"])
        explorer._hear_page(None, {"kind": "seen", "number": pictures[-1]}, [])

    explorer.send = page
    explorer.pace = "fast"
    for _ in range(5):
        time.sleep(PART)
        gc.collect()
        held.append(int(STATM.read_text().split()[1]))
    assert explorer.pace == "fast" and explorer.error == ""
    explorer.close()
    assert len(pictures) > 100
    assert held[-1] - held[0] < 0.05 * held[0], f"pages held after each part: {held}"
