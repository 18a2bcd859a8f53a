"""Score the shipped generators with `evaluate`, write what was found into their cards, and the table into the README.

    GAN_EDU_DATA=... python benchmarks/scoreboard.py                 (all of them, about a minute each)
    GAN_EDU_DATA=... python benchmarks/scoreboard.py mnist-2014      (these alone; the table is made of all cards)
    python benchmarks/scoreboard.py --table                          (the table alone, from the cards as they are)

10,000 samples, seed 0, one thread. Run it after new weights were shipped: shipping writes a card without these scores.
"""

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path

import torch

from gan_edu import pretrained
from gan_edu.evaluation import Scores, evaluate, plus_minus
from gan_edu.files import write_whole

README = Path(__file__).resolve().parents[1] / "README.md"
MARKS = "<!-- scoreboard -->", "<!-- end of scoreboard -->"
COLUMNS = {"parzen": "Parzen, nats", "frechet": "Fréchet", "kernel": "kernel", "precision": "precision",
           "recall": "recall", "memorised": "nearer to training"}


def main() -> None:
    """Evaluate what is asked for, then write the table from all cards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="shipped weights; default: all that draw from noise")
    parser.add_argument("--table", action="store_true", help="evaluate nothing, only write the table")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in [] if options.table else options.names or pretrained.generators():
        scores = evaluate(pretrained.load(name))
        print(f"{name}\n{scores.table()}", flush=True)
        note(name, scores)
    write_whole(README, with_table(README.read_text(encoding="utf-8"), table(cards())).encode())


def note(name: str, scores: Scores, *, folder: Path | None = None) -> None:
    """Write the scores into a card under "evaluation", to six figures; the other entries stay."""
    path = (folder or pretrained.FOLDER) / f"{name}.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    write_whole(path, (json.dumps(card | {"evaluation": rounded(scores.as_dict())}, indent=2) + "\n").encode())


def rounded(tree: object) -> object:
    """The same tree of dicts and lists with every float to six figures."""
    if isinstance(tree, dict):
        return {key: rounded(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [rounded(value) for value in tree]
    return float(f"{tree:.6g}") if isinstance(tree, float) else tree


def cards() -> list[dict]:
    """The cards of all shipped generators, the best Fréchet distance first."""
    found = [pretrained.card(name) for name in pretrained.generators()]
    missing = [card["name"] for card in found if "evaluation" not in card]
    if missing:
        raise SystemExit(f"not yet evaluated: {', '.join(missing)}; run python benchmarks/scoreboard.py {' '.join(missing)}")
    return sorted(found, key=lambda card: card["evaluation"]["scores"]["frechet"]["value"])


def table(cards: Iterable[dict]) -> str:
    """The scoreboard as a Markdown table, real training images in the first row."""
    cards = list(cards)
    better = [cards[0]["evaluation"]["scores"][name]["better"] for name in COLUMNS]
    lines = ["| | " + " | ".join(COLUMNS.values()) + " |", "|---|" + "---:|" * len(COLUMNS),
             "| *better* | " + " | ".join(f"*{word}*" for word in better) + " |",
             row("real training images", cards[0]["evaluation"]["scores"], "floor", "floor_error")]
    return "\n".join(lines + [row(f"`{card['name']}`", card["evaluation"]["scores"], "value", "error") for card in cards])


def row(name: str, scores: dict, value: str, error: str) -> str:
    """One line of the table."""
    cells = (plus_minus(scores[key][value], scores[key][error]) for key in COLUMNS)
    return f"| {name} | " + " | ".join(cells) + " |"


def with_table(text: str, table: str) -> str:
    """The text with the table between its marks."""
    if not all(mark in text for mark in MARKS):
        raise SystemExit(f"the README has no {MARKS[0]} ... {MARKS[1]}; put both where the table belongs")
    return re.sub(f"{MARKS[0]}.*?{MARKS[1]}", lambda _: f"{MARKS[0]}\n{table}\n{MARKS[1]}", text, flags=re.DOTALL)


if __name__ == "__main__":
    main()
