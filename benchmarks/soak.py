"""Train with live plots in a real kernel for half an hour, with 200 quick slider moves now and then: does memory stay flat?

    python benchmarks/soak.py                 # 30 minutes
    python benchmarks/soak.py --minutes 2

Notebook 06 up to its live cell, which then goes on in spells, as if a reader stopped it and ran it again. After each spell
200 moves of a slider reach the kernel at once, as the page of a LatentExplorer would send them, and all are answered. The
memory that the kernel holds is read after each (Linux only). Growth: the median of the last tenth of the readings against
that of the tenth after a warm-up of a tenth. Fails where it is over 5 %, or where figures are left behind.
"""

import argparse
import ast
import os
import re
import statistics
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.manager import start_new_kernel

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from notebooks import build

MOVES, LIMIT = 200, 5.0                                    # moves after a spell; percent
EXPLORER = """from gan_edu.widgets import LatentExplorer
explorer = LatentExplorer(game)
explorer"""
SPELL = """import time
until = time.monotonic() + {seconds}
def spell(run):
    live(run)
    if time.monotonic() > until:
        run.stop()
history = train(game, data, steps=10**9, optimizers=optimizers, on_step=spell, resume=True, progress=False)"""
FIGURES = """(lambda gc, sys: (sum(type(o).__name__ == 'Figure' for o in gc.get_objects()),
len(sys.modules['matplotlib.pyplot'].get_fignums()) if 'matplotlib.pyplot' in sys.modules else 0))(
__import__('gc'), __import__('sys'))"""


@dataclass(frozen=True)
class Soak:
    """What was seen: MiB held after each spell, steps of G, answered moves, figures in memory at first and at last."""

    held: list[float]
    steps: int
    answered: int
    figures: tuple[tuple[int, int], tuple[int, int]]

    @property
    def growth(self) -> float:
        """Percent, from after the warm-up to the end."""
        tenth = max(1, len(self.held) // 10)
        return 100 * (statistics.median(self.held[-tenth:]) / statistics.median(self.held[tenth:2 * tenth]) - 1)

    def faults(self) -> list[str]:
        """Name what did not stay as it was."""
        found = [f"memory grew by {self.growth:.1f} %, more than {LIMIT:g} %"] if self.growth > LIMIT else []
        if self.figures[1][0] > self.figures[0][0] or self.figures[1][1]:
            found.append(f"figures were left behind: {self.figures[0]} at first, {self.figures[1]} at last")
        return found


class Reader:
    """A kernel, and the messages that a page would send it."""

    def __init__(self) -> None:
        self.manager, self.client = start_new_kernel(kernel_name="python3", cwd=str(build.HERE))

    def run(self, source: str) -> None:
        """Run a cell; raise where it does."""
        content = self.client.execute_interactive(source, output_hook=lambda message: None, timeout=None)["content"]
        if content["status"] != "ok":
            raise RuntimeError(f"{content['ename']}: {content['evalue']}\nin the cell\n{source}")

    def ask(self, expression: str) -> object:
        reply = self.client.execute_interactive("", silent=True, user_expressions={"it": expression})
        return ast.literal_eval(reply["content"]["user_expressions"]["it"]["data"]["text/plain"])

    def move(self, model: str, latent_dim: int) -> int:
        """Send all moves of a slider at once; return how many were answered without an error."""
        for i in range(MOVES):
            z = [4 * i / MOVES - 2] + [0.0] * (latent_dim - 1)
            message = self.client.session.msg("comm_msg", {"comm_id": model, "data": {
                "method": "custom", "content": {"kind": "ask", "id": i, "what": "draw", "content": {"count": 1}}}})
            message["buffers"] = [struct.pack(f"{latent_dim}f", *z)]
            self.client.shell_channel.send(message)
        answered = set()
        while len(answered) < MOVES:
            message = self.client.get_iopub_msg(timeout=60)
            content = message["content"].get("data", {}).get("content", {}) if message["msg_type"] == "comm_msg" else {}
            if "error" in content:
                raise RuntimeError(content["error"])
            if content.get("kind") == "answer" and len(message["buffers"]) > 0:
                answered.add(content["id"])
        return len(answered)

    def held(self) -> float:
        """MiB of memory that the kernel holds."""
        pages = int(Path(f"/proc/{self.manager.provisioner.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def soak(minutes: float, spell: float) -> Soak:
    """Train for so many minutes in spells of so many seconds, with moves after each."""
    reader, held, answered = Reader(), [], 0
    try:
        sources = [cell.source for cell in build.read_twin(build.twins(["06"])[0]).cells if cell.cell_type == "code"]
        live = next(i for i, source in enumerate(sources) if "LiveFigure(" in source)
        for source in [*sources[:live], re.sub(r"steps=\d+", "steps=20", sources[live]), EXPLORER]:
            reader.run(source)
        model, latent_dim = reader.ask("explorer.comm.comm_id"), reader.ask("explorer.latent_dim")
        first, began = reader.ask(FIGURES), time.monotonic()
        while time.monotonic() - began < 60 * minutes:
            reader.run(SPELL.format(seconds=spell))
            answered += reader.move(model, latent_dim)
            held.append(reader.held())
        return Soak(held, reader.ask("game.run.step"), answered, (first, reader.ask(FIGURES)))
    finally:
        reader.close()


def main() -> None:
    """Print what was seen; exit with 1 where something did not stay as it was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--spell", type=float, default=15.0, help="seconds between two times of 200 moves (default 15)")
    arguments = parser.parse_args()
    seen = soak(arguments.minutes, arguments.spell)
    held = seen.held
    print(f"{arguments.minutes:g} minutes, {seen.steps:,} steps of G with a live figure, {seen.answered:,} slider moves answered")
    print(f"memory: {held[0]:.0f} MiB after the first spell, {held[-1]:.0f} after the last, at most {max(held):.0f}; growth "
          f"after the warm-up {seen.growth:.1f} %")
    print(f"figures in memory: {seen.figures[0][0]} at first, {seen.figures[1][0]} at last; of pyplot: {seen.figures[1][1]}")
    sys.exit("; ".join(seen.faults()) or 0)


if __name__ == "__main__":
    main()
