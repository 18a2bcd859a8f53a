"""The command `gan-edu progress`: its options and its table. What is remembered, and where, belongs in progress."""

import argparse
import sys

from gan_edu import progress

TITLES = (           # the notebooks' own first headings; a test compares
    "Start here", "What does it mean to generate?", "The minimax game", "The optimal discriminator",
    "The generator's gradients", "Algorithm 1", "MNIST", "Latent space", "Convolutional GANs", "Failure modes", "Measuring",
    "Wasserstein", "Conditional", "Paired translation", "Unpaired translation", "The bug museum")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options of the command."""
    parser.add_argument("--forget", action="store_true", help="name what is remembered, then forget it")


def show(options: argparse.Namespace) -> int:
    """Show which exercises you have solved, notebook by notebook; only this machine knows."""
    known = progress.solved()
    if options.forget:
        lines = [f"{name}, solved on {date}" for name, date in sorted(known.items())] or ["nothing was remembered"]
        print("\n".join(["forgotten:", *lines] if known else lines), flush=True)
        progress.forget()
    else:
        print("\n".join(table(known)))
    for kept in progress.aside():
        print(f"gan-edu: {kept} was damaged and is kept under this name; what was noted after that is in {progress.NAME} beside "
              "it. Mend it by hand, or delete it", file=sys.stderr)
    return 0


def table(known: dict[str, str]) -> list[str]:
    """Return the lines of the table: number, title, solved and all exercises, and which are open. known: see `solved`."""
    from gan_edu.checks import exercises

    every = {f"{number:02d}": exercises(f"{number:02d}") for number in range(len(TITLES))}
    wide = max(map(len, TITLES))
    lines = [f"no.  {'notebook':<{wide}}  solved  open"]
    for (number, names), title in zip(every.items(), TITLES, strict=True):
        missing = [name.removeprefix(f"{number}-") for name in names if name not in known]
        count = f"{len(names) - len(missing)} / {len(names)}"
        lines.append(f"{number}   {title:<{wide}}  {count:>6}  {', '.join(missing)}".rstrip())
    total = [name for names in every.values() for name in names]
    done = sum(name in known for name in total)
    return [*lines, f"{done} of {len(total)} solved; kept in {progress.file()}, on this machine only"]
