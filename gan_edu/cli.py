"""The command `gan-edu`: train, sweep, sample, evaluate, fetch, progress, doctor. Reads arguments, calls rooms, writes
pictures, returns exit codes; what it takes to train or to draw belongs in the rooms below.

Exit codes: 0 done, 1 it went wrong, 2 wrongly asked, 130 stopped by Ctrl-C, 141 nobody reads the output any more.
torch is imported only when a command needs it, so that a wrong option is told at once.
"""

import argparse
import contextlib
import difflib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import gan_edu
from gan_edu import cli_evaluate, cli_progress, cli_sweep
from gan_edu.errors import GanEduError, real, whole
from gan_edu.files import write_whole

MODELS = ("mlp", "maxout")
DATA = ("auto", "mnist", "fashion", "digits")
OBJECTIVES = ("minimax", "non_saturating", "least_squares", "hinge", "wasserstein")   # a test compares
DEVICES = ("auto", "cpu", "cuda")
FILES = ("checkpoint.safetensors", "samples.png", "loss.png")


class UsageError(Exception):
    """Say that the command was wrongly asked for: exit code 2, one line, no traceback."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never lets a traceback of an expected trouble out."""
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _close_output()
        return 141
    except KeyboardInterrupt:
        return _say("stopped", 130)
    except (UsageError, ValueError) as error:
        return _say(error, 2)
    except (GanEduError, MemoryError, OSError) as error:
        return _say(error, 1)
    except RuntimeError as error:            # PyTorch's word for too little memory, and pathlib's for a home that is not there
        if "allocate memory" in str(error):
            return _say("there is not enough memory for so many; give a smaller --n or --batch-size", 1)
        if "home directory" in str(error):
            return _say("$GAN_EDU_DATA or $GAN_EDU_PROGRESS begins with ~ and a user who is not here; give the whole path", 2)
        raise


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as left:   # --help and --version: 0; a wrong option: 2, and it has been said
        return int(left.code or 0)
    return options.run(options)


def train(options: argparse.Namespace) -> int:
    """Train a game on images; leave a checkpoint, a sample sheet and a loss picture in one folder."""
    out = options.out or Path("runs") / f"{options.model}-{options.data}-k{options.k}-seed{options.seed}"
    checkpoint = out / FILES[0]
    _require_room(out, options)
    import torch

    from gan_edu import training
    from gan_edu.data import load_images

    device = _device(options.device)
    images = load_images(options.data).to(device)
    game = _new_game(options, images).to(device)
    optimizers = tuple(torch.optim.Adam(player.parameters(), lr=lr, fused=True)
                       for player, lr in ((game.G, options.lr_g), (game.D, options.lr_d)))
    print(f"{options.model} on {images!r}: k={options.k}, batch {options.batch_size}, seed {options.seed}", flush=True)
    with _put_aside(checkpoint if options.force else None):
        history = training.train(
            game, images, k=options.k, epochs=options.epochs, steps=options.steps, batch_size=options.batch_size,
            seed=options.seed, optimizers=optimizers, ema=options.ema, checkpoint=checkpoint, resume=options.resume,
            progress=not options.quiet)
    _write_pictures(out, game, history, options)
    print(f"{history.steps:,} steps of G, {options.k * history.steps:,} of D; wrote {out}/: {', '.join(FILES)}")
    if history.stopped:
        return _say("stopped between two steps; the same command with --resume goes on from there", 130)
    return 0


@contextlib.contextmanager
def _put_aside(path: Path | None) -> Iterator[None]:
    """Take an old file out of the way of a new one, and put it back if none came."""
    aside = None if path is None else path.with_name(f"before-{path.name}")
    if path is not None and path.exists():
        path.replace(aside)
    try:
        yield
    finally:
        if aside is not None and aside.exists():
            aside.unlink() if path.exists() else aside.replace(path)


def sample(options: argparse.Namespace) -> int:
    """Draw images from shipped weights or from a checkpoint into one PNG."""
    _require_new([options.out], options.force)
    write_whole(options.out, _sheet(_game_from(options.source), options.n, options.seed))
    print(f"wrote {options.n} images to {options.out}")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Measure a generator of digits against the real MNIST: one table, and one JSON."""
    _require_new([options.json], options.force, file="--json")
    return cli_evaluate.evaluate(options, _game_from(options.source))


def sweep(options: argparse.Namespace) -> int:
    """Play many runs, model x k x seed; none that is done is played again."""
    return cli_sweep.sweep(options, _device(options.device))


def fetch(options: argparse.Namespace) -> int:
    """Bring image sets onto this machine, verified."""
    from gan_edu.data import fetch_images

    for name in options.names:
        print(f"{name}: verified, in {fetch_images(name, root=options.root)}", flush=True)
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Look at this machine and print what was found; 1 if there is a problem."""
    from gan_edu.doctor import doctor as look

    findings = look()
    for finding in findings:
        print(finding)
    return 1 if any(finding.level == "problem" for finding in findings) else 0


# Arguments


class _Parser(argparse.ArgumentParser):
    """Refuse abbreviations, and suggest what was meant."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        known = [option for action in self._actions for option in (*action.option_strings, *(action.choices or ()))]
        words = re.findall(r"--[\w-]+|(?<=invalid choice: ')[^']+", message)
        near = [match for word in words for match in difflib.get_close_matches(word, known, n=1) if match != word]
        hint = f"; did you mean {near[0]}?" if near and "did you mean" not in message else ""
        self.exit(2, f"{self.prog}: {message}{hint}\nsee {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, extra = super().parse_known_args(args, namespace)
        if extra:   # told here, by the subcommand, which knows its own options
            self.error(f"unrecognized arguments: {' '.join(extra)}")
        return found, extra


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="gan-edu", description="Train, sample and check what the course on GANs runs on.")
    parser.add_argument("--version", action="version", version=f"gan-edu {gan_edu.__version__}")
    commands = parser.add_subparsers(metavar="command", required=True)
    _train_options(commands.add_parser("train", help="train a game on images", description=train.__doc__))
    _sample_options(commands.add_parser("sample", help="draw images", description=sample.__doc__))
    evaluating = commands.add_parser("evaluate", help="measure a generator", description=evaluate.__doc__)
    cli_evaluate.add_options(evaluating, _whole)
    evaluating.set_defaults(run=evaluate)
    sweeping = commands.add_parser("sweep", help="train many games", description=cli_sweep.sweep.__doc__)
    cli_sweep.add_options(sweeping, _whole, _real, _one_of, models=MODELS, data=DATA, objectives=OBJECTIVES)
    sweeping.set_defaults(run=sweep)
    fetching = commands.add_parser("fetch", help="fetch image sets", description=fetch.__doc__)
    fetching.add_argument("names", nargs="*", type=_one_of("name", ("mnist", "fashion")), default=["mnist"],
                          help="mnist (the default), fashion")
    fetching.add_argument("--root", type=Path, help="folder for the files; default: $GAN_EDU_DATA or the cache folder")
    fetching.set_defaults(run=fetch)
    showing = commands.add_parser("progress", help="which exercises are solved", description=cli_progress.show.__doc__)
    cli_progress.add_options(showing)
    showing.set_defaults(run=cli_progress.show)
    commands.add_parser("doctor", help="look at this machine", description=doctor.__doc__).set_defaults(run=doctor)
    return parser


def _train_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", type=_one_of("model", MODELS), default="mlp", help="mlp (the default), maxout (the nets of 2014)")
    add("--data", type=_one_of("data", DATA), default="auto", help="auto (the default: mnist, else digits), "
        "mnist, fashion, digits")
    add("--k", type=_whole("k"), default=1, help="steps of D for each step of G (1)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=_real("epochs", above=0), help="passes over the data (1)")
    length.add_argument("--steps", type=_whole("steps"), help="steps of G, in place of --epochs")
    add("--batch-size", type=_whole("batch-size"), default=64, help="images in a minibatch (64)")
    add("--seed", type=_whole("seed", 0), default=0, help="fixes weights, noise and the order of the data (0)")
    add("--lr-g", type=_real("lr-g", above=0), default=1e-4, help="Adam's step for G (1e-4)")
    add("--lr-d", type=_real("lr-d", above=0), default=2e-4, help="Adam's step for D (2e-4)")
    add("--objective", type=_one_of("objective", OBJECTIVES), default="non_saturating", help=", ".join(OBJECTIVES))
    add("--ema", type=_real("ema", minimum=0), help="decay of a moving average of G, such as 0.999 (none)")
    add("--device", type=_one_of("device", DEVICES), default="auto", help="auto (the default), cpu, cuda")
    add("--out", type=Path, help="folder for the results (runs/MODEL-DATA-kK-seedSEED)")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on from the checkpoint in the folder, bit for bit")
    again.add_argument("--force", action="store_true", help="replace what is in the folder")
    add("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=train)


def _sample_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", help="a name such as mnist-mlp, or the path of a checkpoint")
    parser.add_argument("--n", type=_whole("n"), default=64, help="how many images (64)")
    parser.add_argument("--seed", type=_whole("seed", 0), default=0, help="fixes the noise (0)")
    parser.add_argument("--out", type=Path, default=Path("samples.png"), help="the PNG to write (samples.png)")
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")
    parser.set_defaults(run=sample)


def _one_of(name: str, allowed: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise argparse.ArgumentTypeError(_unknown(name, text, allowed))
        return text

    return read


def _unknown(name: str, text: str, allowed: Sequence[str]) -> str:
    near = difflib.get_close_matches(text.lower(), allowed, n=1, cutoff=0.4)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{name} must be one of {', '.join(allowed)}, got {text!r}{hint}"


def _whole(name: str, minimum: int = 1) -> Callable[[str], int]:
    return _reader(int, lambda value: whole(name, value, minimum))


def _real(name: str, **bounds: float) -> Callable[[str], float]:
    return _reader(float, lambda value: real(name, value, **bounds))


def _reader(convert: type, judge: Callable[[Any], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value: Any = text
        with contextlib.suppress(ValueError):
            value = convert(text)
        try:
            return judge(value)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


# What the commands share


def _require_room(out: Path, options: argparse.Namespace) -> None:
    """Refuse to overwrite, and to resume what is not there, before anything slow happens."""
    if options.ema is not None and options.ema >= 1:
        raise UsageError(f"ema must be less than 1, got {options.ema:g}; 0.999 averages about the last 1,000 steps")
    if options.resume:
        if not (file := out / FILES[0]).is_file():
            raise UsageError(f"there is no {file} to resume; leave out --resume, or give the --out of that run")
    else:
        _require_new([out / name for name in FILES], options.force, " --resume to go on from it,")


def _require_new(paths: Sequence[Path], force: bool, other: str = "", file: str = "--out") -> None:
    there = [path for path in paths if path.exists()]
    if there and not force:
        raise UsageError(f"{there[0]} exists; give{other} --force to replace it, or another {file}")


def _device(name: str) -> str:
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("there is no CUDA device here; leave out --device, or give --device cpu")
    return "cuda" if name != "cpu" and torch.cuda.is_available() else "cpu"


def _new_game(options: argparse.Namespace, images: Any) -> Any:
    from gan_edu.sweeps_runs import new_game

    return new_game(options.model, images, seed=options.seed, objective=options.objective)


def _game_from(source: str) -> Any:
    """Return the game that a name or the path of a checkpoint stands for."""
    is_file = source.endswith(".safetensors") or os.sep in source
    if is_file and not Path(source).is_file():
        raise UsageError(f"there is no file {source}; give a checkpoint that gan-edu train wrote, or a name")
    return _game_in_file(source) if is_file else _game_by_name(source)


def _game_in_file(path: str) -> Any:
    from gan_edu.checkpoints import load_checkpoint

    return load_checkpoint(path)[0]


def _game_by_name(name: str) -> Any:
    from gan_edu import pretrained

    known = pretrained.available()
    if name not in known:
        raise UsageError(_unknown("source", name, (*known, "the path of a checkpoint")))
    return pretrained.load(name)


def _write_pictures(out: Path, game: Any, history: Any, options: argparse.Namespace) -> None:
    from gan_edu import plots

    original = options.objective in ("minimax", "non_saturating")
    write_whole(out / FILES[1], _sheet(game, 64, options.seed))
    write_whole(out / FILES[2], plots.png(plots.history(history, equilibrium=original)))


def _sheet(game: Any, n: int, seed: int) -> bytes:
    import torch

    from gan_edu import plots

    noise = torch.Generator(game.device).manual_seed(seed)
    return plots.png(plots.image_grid(game.sample(n, generator=noise)), dpi=144)


def _say(what: object, code: int) -> int:
    with contextlib.suppress(OSError):   # nobody may be listening
        print(f"gan-edu: {what}", file=sys.stderr, flush=True)
    return code


def _close_output() -> None:
    """Point stdout at nothing, so that the interpreter's last flush finds a reader."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
