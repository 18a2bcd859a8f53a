"""Sweeps of large runs: each run is one task for joblib, and is kept whole in two files of its own when it is done.

What crosses to another process is plain: names and numbers. A run that was killed goes on from its checkpoint, a run
that is done is not played again. Sweeps of toy games in one process belong to `sweeps`.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import joblib
import torch

import gan_edu
from gan_edu.data import ImageSet, load_images
from gan_edu.errors import GanEduError, TrainingDiverged, whole
from gan_edu.files import write_whole
from gan_edu.games import GAN
from gan_edu.networks import MaxoutDiscriminator, MLPDiscriminator, MLPGenerator, ReLUGenerator, seeded
from gan_edu.training import train

MODELS = ("mlp", "maxout")
BACKENDS = ("loky", "threading", "dask")
_LAST = 100        # steps that the losses in a row are averaged over
_PATIENCE = "10s"  # for the scheduler's answer


def new_game(model: str, images: ImageSet, *, seed: int = 0, objective: str = "non_saturating") -> GAN:
    """Return a game on images with weights fixed by the seed: "mlp", the sources' nets, or "maxout", those of 2014."""
    if model not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, got {model!r}")
    with seeded(seed):
        if model == "mlp":
            players = MLPGenerator(shape=images.shape), MLPDiscriminator(shape=images.shape)
        else:
            players = (ReLUGenerator(shape=images.shape).start_from(images.images.cpu()),
                       MaxoutDiscriminator(shape=images.shape))
    return GAN(*players, objective=objective)


def plan(*, models: Sequence[str], ks: Sequence[int], seeds: int | Sequence[int], **common: Any) -> list[dict]:
    """Return the settings of every run, model x k x seed, as plain dicts; common: what `play_run` takes besides."""
    seeds = seeds if isinstance(seeds, Sequence | range) else range(whole("seeds", seeds))
    return [{"model": model, "k": whole("k", k), "seed": whole("seed", seed, 0), **common}
            for model, k, seed in product(models, ks, seeds)]


def sweep_runs(runs: Sequence[Mapping[str, Any]], out: str | Path, *, backend: str = "loky", workers: int | None = None,
               address: str | None = None, progress: bool = True) -> list[dict]:
    """Play all runs that are not done yet, in parallel, and return one row for every run, in the order of `runs`.

    out: the folder of their files. backend: "loky" (processes on this machine), "dask" (the cluster whose scheduler is
    at `address`; its workers must see `out`), or "threading" (one after another, in this process). workers: how many
    at once; None: a run for each core, or as many as the cluster has. Raises ValueError for arguments and for a folder
    with other runs of these names, GanEduError where a library or the cluster is missing.
    """
    out = Path(out).absolute()
    _require_backend(backend, workers, address)
    open_runs = [dict(run) for run in runs if not is_done(run, out)]
    with _backend(backend, workers, address), _bar(len(runs), len(runs) - len(open_runs), progress) as bar:
        tasks = (joblib.delayed(play_run)(run, str(out)) for run in open_runs)
        for _ in joblib.Parallel(return_as="generator_unordered")(tasks):
            bar.update()
    return [_read(run, out) for run in runs]


def play_run(run: Mapping[str, Any], out: str) -> dict:
    """Play one run to its end, write its checkpoint and then its row, and return the row.

    run: model, data, k, seed, objective, batch_size, lr_G, lr_D, epochs or steps, device. out: the folder. A diverged
    run has a row too, which says so; an interrupted one has none and goes on from its checkpoint next time.
    """
    if is_done(run, Path(out)):            # a cluster that loses a worker asks again for what that one had finished
        return _read(run, Path(out))
    checkpoint, row = _files(run, Path(out))
    images = load_images(run["data"]).to(run["device"])
    game = new_game(run["model"], images, seed=run["seed"], objective=run["objective"]).to(run["device"])
    optimizers = tuple(torch.optim.Adam(player.parameters(), lr=lr, fused=True)
                       for player, lr in ((game.G, run["lr_G"]), (game.D, run["lr_D"])))
    began = time.perf_counter()
    try:
        history = train(game, images, k=run["k"], epochs=run["epochs"], steps=run["steps"], seed=run["seed"],
                        batch_size=run["batch_size"], optimizers=optimizers, checkpoint=checkpoint, resume=True,
                        progress=False)
    except TrainingDiverged as error:
        history, found = game.run.history, {"diverged": str(error)}
    else:
        if history.stopped:
            raise KeyboardInterrupt
        if run["steps"] is not None and history.steps > run["steps"]:
            raise ValueError(f"{checkpoint} has {history.steps:,} steps already, asked were {run['steps']:,}; give at least as "
                             "many, or another folder")
        found = {name: float(history[name][-_LAST:].mean()) for name in history}
    made = {"settings": dict(run), "images": images.name, "steps": history.steps,
            "evaluations": (run["k"] + 1) * history.steps, "seconds": round(time.perf_counter() - began, 1), **found,
            "checkpoint": checkpoint.name, "torch": torch.__version__, "gan_edu": gan_edu.__version__}
    write_whole(row, (json.dumps(made, indent=2) + "\n").encode())     # last: who finds the row finds all of the run
    return made


def is_done(run: Mapping[str, Any], out: Path) -> bool:
    """Say whether the folder holds this run, finished. Raises ValueError where a file of its name is another run's."""
    checkpoint, row = _files(run, out)
    if not (row.exists() and checkpoint.exists()):
        return False
    before = _read(run, out)["settings"]
    differ = [f"{name} was {before.get(name)!r}, is {value!r}" for name, value in run.items() if before.get(name) != value]
    if differ:
        raise ValueError(f"{row} is of another sweep ({'; '.join(differ)}); give another folder, or the same settings")
    return True


def name_of(run: Mapping[str, Any]) -> str:
    """Return the name that the files of a run carry, as in mlp-mnist-k2-seed0."""
    return f"{run['model']}-{run['data']}-k{run['k']}-seed{run['seed']}"


def _files(run: Mapping[str, Any], out: Path) -> tuple[Path, Path]:
    return out / f"{name_of(run)}.safetensors", out / f"{name_of(run)}.json"


def _read(run: Mapping[str, Any], out: Path) -> dict:
    return json.loads(_files(run, out)[1].read_text(encoding="utf-8"))


def _require_backend(backend: str, workers: int | None, address: str | None) -> None:
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, got {backend!r}")
    if workers is not None:
        whole("workers", workers)
    if (backend == "dask") != (address is not None):
        raise ValueError("backend dask and the address of its scheduler belong together; give both, such as "
                         f"tcp://127.0.0.1:8786, or neither; got {backend} and {address}")
    if backend == "threading" and workers not in (None, 1):
        raise ValueError(f"threads share PyTorch's one random state, so that runs would disturb each other; got {workers} "
                         "workers; give 1, or backend loky")


@contextmanager
def _backend(backend: str, workers: int | None, address: str | None) -> Iterator[None]:
    if backend != "dask":
        with joblib.parallel_config(backend, n_jobs=workers or (1 if backend == "threading" else -1)):
            yield
        return
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise GanEduError("backend dask needs the library distributed; install it with\n    pip install distributed\n"
                          "or choose backend loky") from error
    try:
        client = Client(address, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise GanEduError(f"no Dask scheduler answers at {address} ({error}); start one, or choose backend loky") from error
    with client, joblib.parallel_config("dask", n_jobs=workers or -1):
        yield


def _bar(total: int, done: int, progress: bool) -> Any:
    from tqdm.auto import tqdm  # asks for a terminal or a notebook only when one is used
    return tqdm(total=total, initial=done, unit="run", disable=not progress)
