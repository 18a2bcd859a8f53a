"""The command `gan-edu evaluate`: one table on the screen and one JSON file. What is measured belongs in `evaluation`."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan_edu.files import write_whole


def add_options(parser: argparse.ArgumentParser, read_whole: Callable[..., Callable[[str], int]]) -> None:
    """Give the parser of `evaluate` its options. read_whole: the maker of readers of whole numbers."""
    parser.add_argument("source", help="a name such as mnist-mlp, or the path of a checkpoint")
    parser.add_argument("--n", type=read_whole("n", 100), default=10_000, help="how many samples (10000)")
    parser.add_argument("--seed", type=read_whole("seed", 0), default=0, help="fixes the samples and the real images (0)")
    parser.add_argument("--json", type=Path, default=Path("scores.json"), help="the file to write (scores.json)")
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def evaluate(options: argparse.Namespace, game: Any) -> int:
    """Measure a generator of digits against the real MNIST; print one table, write one JSON."""
    from gan_edu.evaluation import evaluate as measure

    scores = measure(game, n=options.n, seed=options.seed, progress=not options.quiet)
    print(f"{options.source}, seed {options.seed}, against the MNIST test set\n{scores.table()}")
    made = {"source": options.source, **scores.as_dict()}
    write_whole(options.json, (json.dumps(made, indent=2) + "\n").encode())
    print(f"wrote {options.json}")
    return 0
