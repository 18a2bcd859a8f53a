"""The command `gan-edu sweep`: its options and its table. What a run is and where it is played belongs to `sweeps_runs`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

BACKENDS = ("loky", "threading", "dask")   # a test compares


def add_options(parser: argparse.ArgumentParser, read_whole: Callable, read_real: Callable, read_one: Callable, *,
                models: tuple[str, ...], data: tuple[str, ...], objectives: tuple[str, ...]) -> None:
    """Give the parser of `sweep` its options. read_whole, read_real, read_one: the makers of readers of arguments."""
    add = parser.add_argument
    add("--model", nargs="+", type=read_one("model", models), default=["mlp"], help="mlp (the default), maxout")
    add("--data", type=read_one("data", data), default="auto", help="auto (the default: mnist, else digits), mnist, "
        "fashion, digits")
    add("--k", nargs="+", type=read_whole("k"), default=[1], help="steps of D for each step of G, as in --k 1 2 3 (1)")
    add("--seeds", type=read_whole("seeds"), default=1, help="how many seeds: 0, 1, ... (1)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=read_real("epochs", above=0), help="passes over the data (1)")
    length.add_argument("--steps", type=read_whole("steps"), help="steps of G, in place of --epochs")
    add("--batch-size", type=read_whole("batch-size"), default=64, help="images in a minibatch (64)")
    add("--lr-g", type=read_real("lr-g", above=0), default=1e-4, help="Adam's step for G (1e-4)")
    add("--lr-d", type=read_real("lr-d", above=0), default=2e-4, help="Adam's step for D (2e-4)")
    add("--objective", type=read_one("objective", objectives), default="non_saturating", help=", ".join(objectives))
    add("--device", type=read_one("device", ("auto", "cpu", "cuda")), default="cpu", help="cpu (the default), auto, cuda")
    add("--backend", type=read_one("backend", BACKENDS), default="loky", help="loky (processes, the default), threading "
        "(one after another), dask")
    add("--address", help="of a Dask scheduler, such as tcp://127.0.0.1:8786; with --backend dask")
    add("--workers", type=read_whole("workers"), help="runs at once (one a core)")
    add("--out", type=Path, default=Path("runs/sweep"), help="folder for the results (runs/sweep); what is done there "
        "is not played again")
    add("--quiet", action="store_true", help="no progress bar")


def sweep(options: argparse.Namespace, device: str) -> int:
    """Play many runs, model x k x seed; each leaves a checkpoint and a JSON row, and none that is done is played again."""
    from gan_edu import sweeps_runs

    runs = sweeps_runs.plan(
        models=options.model, ks=options.k, seeds=options.seeds, data=options.data, objective=options.objective,
        batch_size=options.batch_size, lr_G=options.lr_g, lr_D=options.lr_d, epochs=options.epochs, steps=options.steps,
        device=device)
    done = sum(sweeps_runs.is_done(run, options.out) for run in runs)
    print(f"{len(runs)} runs, {done} of them done before; {options.backend}", flush=True)
    rows = sweeps_runs.sweep_runs(runs, options.out, backend=options.backend, workers=options.workers,
                                  address=options.address, progress=not options.quiet)
    for run, row in zip(runs, rows, strict=True):
        print(f"{sweeps_runs.name_of(run)}: {_in_words(row)}")
    print(f"wrote {options.out}/: a checkpoint and a row for each; score one with gan-edu evaluate CHECKPOINT")
    return 0


def _in_words(row: dict[str, Any]) -> str:
    end = "diverged" if "diverged" in row else f"loss_D {row['loss_D']:.3f}, loss_G {row['loss_G']:.3f}"
    return f"{row['steps']:,} steps, {row['evaluations']:,} gradient evaluations, {end}, {row['seconds']:.0f} s"
