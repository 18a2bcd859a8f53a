"""Draw mutants for mutmut, and say which share of them the tests kill, room by room.

    pip install mutmut
    mutmut run "gan_edu.objectives*"                           # every mutant of one room; settings: [tool.mutmut]
    mutmut run $(python benchmarks/mutants.py draw theory 80)  # 80 of another, drawn with seed 0
    python benchmarks/mutants.py table
    mutmut results                                             # the survivors; `mutmut show NAME` says what was changed

mutmut changes one thing at a time in a copy of the package, in mutants/, and runs the tests that reach it. The first run
makes that copy for all rooms. The interval is Wilson's, for 95 %.
"""

import argparse
import json
import random
from pathlib import Path

from gan_edu.widgets.arena import wilson_interval

FOLDER = Path(__file__).resolve().parents[1] / "mutants" / "gan_edu"
KILLED, WAITING = {1, 3}, {None, 2, 34}     # mutmut's exit codes; the others: survivors, not reached by a test, time-outs


def codes(room: str) -> dict[str, int | None]:
    """Return the exit code of each mutant of a room."""
    return json.loads((FOLDER / f"{room}.py.meta").read_text(encoding="utf-8"))["exit_code_by_key"]


def table() -> None:
    """Print mutants, tried, killed and the share for each room that has been tried."""
    print("| room | mutants | tried | killed | share killed, % | 95 % |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    for path in sorted(FOLDER.glob("*.meta")):
        found = codes(room := path.name.removesuffix(".py.meta"))
        tried = [code for code in found.values() if code not in WAITING]
        killed = sum(code in KILLED for code in tried)
        if tried:
            low, high = wilson_interval(killed, len(tried))
            print(f"| `{room}` | {len(found)} | {len(tried)} | {killed} | {100 * killed / len(tried):.0f} | {100 * low:.0f} to "
                  f"{100 * high:.0f} |")


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw", help="print the names of some mutants of a room")
    drawing.add_argument("room")
    drawing.add_argument("n", type=int)
    drawing.add_argument("--seed", type=int, default=0)
    commands.add_parser("table", help="print the shares")
    options = parser.parse_args()
    if options.command == "table":
        table()
    else:
        names = sorted(codes(options.room))
        print(*random.Random(options.seed).sample(names, min(options.n, len(names))))


if __name__ == "__main__":
    main()
