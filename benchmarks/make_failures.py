"""Play the runs that notebook 09 shows from its store, and write gan_edu/widgets/failures.json.

    python benchmarks/make_failures.py --parts runs        (about two minutes on one core; may be stopped and run again)

One thread, so that the numbers do not depend on the machine's cores. A part is kept per run, and played again only when
the recipe has changed.
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch

from gan_edu import failures
from gan_edu.games import WGAN
from gan_edu.training import train
from gan_edu.widgets import failures_store as store

SEEDS = 5


def jobs() -> list[tuple]:
    """Return all runs: (part of the file, name or number, seed, remedy)."""
    runs = [("runs", name, 0, remedy) for name in failures.RECIPES
            for remedy in (None, *failures.recipe(name).remedies)]
    seeds = [("seeds", name, seed, None) for name in failures.RECIPES for seed in range(1, SEEDS)]
    critics = [("wasserstein", "mode collapse", seed, None) for seed in range(SEEDS)]
    return runs + [("blinded", i, None, None) for i in range(6)] + seeds + critics


def key(job: tuple) -> str:
    """Return a name for the run that changes with the code that makes it."""
    part, name, seed, remedy = job
    asked = [(name, remedy)] if part != "blinded" else [(name, None) for name in failures.RECIPES]
    settings = [failures.recipe(name, remedy=remedy).settings for name, remedy in asked]
    return hashlib.sha256(f"{job}{settings}".encode()).hexdigest()[:16]


def kept(job: tuple) -> dict:
    """Play one run and return what is kept of it."""
    part, name, seed, remedy = job
    if part == "blinded":
        return store.record_hidden(name, failures.blinded(name))
    if part == "wasserstein":
        return {"seed": seed, "signs": store.signs_of(with_a_critic(name, seed).signs)}
    return store.record(failures.play(name, seed=seed, remedy=remedy), frames=part == "runs")


def with_a_critic(name: str, seed: int) -> failures.Alarm:
    """Play a recipe's players, rates and data with the Wasserstein loss and the gradient penalty of weight 10."""
    made = failures.recipe(name, seed=seed)
    alarm = failures.Alarm(made.data)
    train(WGAN(made.game.G, made.game.D), made.data, **made.arguments, on_step=alarm, progress=False)
    return alarm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", type=Path, required=True, help="a folder for the runs that are done")
    folder = parser.parse_args().parts
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    found = {"runs": [], "blinded": [], "seeds": [], "wasserstein": []}
    for job in jobs():
        place = folder / f"{key(job)}.json"
        if not place.exists():
            text = json.dumps(kept(job), allow_nan=False)
            place.write_text(text)
            print(job, json.loads(text).get("verdict"), flush=True)
        found[job[0]].append(json.loads(place.read_text()))
    made = {"made_by": "python benchmarks/make_failures.py --parts runs", "torch": torch.__version__}
    Path(store.__file__).with_name(store.FILE).write_text(json.dumps(made | found, allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
