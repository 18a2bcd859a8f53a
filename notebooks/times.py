"""How long each notebook takes: to read, computed from its words, and to run, measured. Writes the table in lecturer.md.

    python notebooks/times.py               (counts words anew; keeps what was measured)
    python notebooks/times.py --measure     (runs every notebook as well, which takes minutes)

A running time is the processor time of a notebook's cells, in one thread, divided by that of notebook 06 in the same session:
seconds would say more about the machine than about the notebook. Exercises are not solved while it is measured.
"""

import argparse
import os
import re
import statistics
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

sys.path.insert(0, str(Path(__file__).resolve().parent))
import build

PAGE = build.HERE / "lecturer.md"
PLACE = re.compile(r"(?<=<!-- times -->\n).*?(?=<!-- end of times -->)", re.DOTALL)
WORDS_PER_MINUTE = 238        # adults, silently, English non-fiction: Brysbaert, Journal of Memory and Language 109, 2019
UNIT = "06"
_SAID = re.compile(r"\*\*Time\.\*\* (\d+) minutes(?: to read and run, (\d+) more)?")
_BEFORE = "import time as _time\n_start = _time.process_time()"
_AFTER = "print(_time.process_time() - _start)"


def words(notebook: NotebookNode) -> int:
    """Count the words of the prose before the references; a formula, in the line or on its own, is one word."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    prose = re.split(r"^## References", prose, flags=re.MULTILINE)[0]
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " formula ", prose, flags=re.DOTALL)
    return sum(bool(re.search(r"[A-Za-z0-9]", word)) for word in prose.split())


def minutes(count: int) -> int:
    """Return the whole minutes that so many words take at the rate above, at least 1."""
    return max(1, round(count / WORDS_PER_MINUTE))


def said(notebook: NotebookNode) -> str:
    """Return what the first cells promise, in minutes: reading and running, and the exercises where they are told apart."""
    found = _SAID.search("\n".join(cell.source for cell in notebook.cells))
    return " + ".join(filter(None, found.groups()))


def seconds(twin: Path) -> float:
    """Run a notebook's cells once and return the processor time they took, in seconds, kernel's start left out."""
    notebook = build.read_twin(twin)
    notebook.cells = [nbformat.v4.new_code_cell(_BEFORE), *notebook.cells, nbformat.v4.new_code_cell(_AFTER)]
    build.execute(notebook, name=twin.stem, cwd=twin.parent, timeout=600)
    return float(notebook.cells[-1].outputs[0].text)


def measure(twins: list[Path], unit: str = UNIT) -> tuple[dict[str, float], float]:
    """Return ({number: running time in units of notebook `unit`}, largest over smallest of three runs of that notebook).

    It runs first, in the middle of the others, and last; the middle one of the three times is the unit.
    """
    one = next(twin for twin in twins if twin.stem.startswith(unit))
    others = [twin for twin in twins if twin is not one]
    half = len(others) // 2
    taken, units = {}, []
    for twin in [one, *others[:half], one, *others[half:], one]:
        taken[twin.stem[:2]] = seconds(twin)
        print(f"{twin.stem}: {taken[twin.stem[:2]]:.1f} s of this machine", flush=True)
        if twin is one:
            units.append(taken[unit])
    taken[unit] = statistics.median(units)
    return {number: time / taken[unit] for number, time in taken.items()}, max(units) / min(units)


def table(twins: list[Path], ratios: dict[str, str], unit: str = UNIT) -> str:
    """Return the table: what each notebook promises, its words in hundreds, the time they take, and what was measured.

    ratios: {number: the last column}; empty where nothing was measured.
    """
    rows = [f"| notebook | it says, minutes | words | minutes for the words | running, notebook {unit} = 1 |",
            "|---|---:|---:|---:|---:|"]
    for twin in twins:
        book = build.read_twin(twin)
        count = words(book)
        ratio = ratios.get(twin.stem[:2], "")
        rows.append(f"| {twin.stem[:2]} | {said(book)} | {round(count, -2):,} | {minutes(count)} | {ratio} |")
    return "\n".join(rows) + "\n"


def write(page: Path, twins: list[Path], *, anew: bool, unit: str = UNIT) -> None:
    """Put the table between the markers of `page`; anew: measure, else keep what was measured. Raises BuildError without them."""
    if not (old := PLACE.search(page.read_text(encoding="utf-8"))):
        raise build.BuildError(f"{page.name}: the markers <!-- times --> and <!-- end of times --> are not there")
    ratios = dict(re.findall(r"^\| (\d\d) \|.*\| ([\d.]*) \|$", old[0], re.MULTILINE))
    spread = "".join(re.findall(r"^\nThree runs .*\n", old[0], re.MULTILINE))
    if anew:
        found, apart = measure(twins, unit)
        ratios = {number: f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}" for number, ratio in found.items()}
        spread = (f"\nThree runs of notebook {unit}, the first, one in the middle and the last, differed by at most "
                  f"{apart - 1:.0%}.\n")
    made = table(twins, ratios, unit) + spread
    page.write_text(PLACE.sub(lambda _: made, page.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="run the notebooks, one after another")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"          # for the kernels
    write(PAGE, build.twins([]), anew=options.measure)


if __name__ == "__main__":
    main()
