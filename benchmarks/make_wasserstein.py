"""Make what notebook 11 reads: critics whose right answer is known, and runs with their losses beside the true W1.

    python benchmarks/make_wasserstein.py critics --parts parts     (24 critics, about three minutes on one core)
    python benchmarks/make_wasserstein.py runs --parts parts        (11 runs, about five minutes on one core)

They write gan_edu/widgets/penalty.json and wasserstein_runs.json. One thread, so that the numbers do not depend on the
machine's cores. What is done is kept in --parts: stop and run again as you like.
"""

import argparse
import json
from functools import cache
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from gan_edu import metrics_toys
from gan_edu.games import GAN, WGAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.toys import Ring
from gan_edu.training import train
from gan_edu.widgets import penalty_store as store

COMMAND = "python benchmarks/make_wasserstein.py {} --parts parts"
TOY, STEPS, EVERY, BATCH, SAMPLES, HIDDEN = Ring(std=0.2), 800, 25, 128, 512, (64, 64)
# k, rates of G and D, Adam's first beta; the second is 0.9
FAMILIES = {"WGAN, penalty": ({"penalty": 10.0}, 5, 1e-4, 3e-3, 0.0), "WGAN, clip": ({"clip": 0.1}, 5, 1e-4, 3e-3, 0.0),
            "GAN, k = 1": ({}, 1, 1e-3, 1e-3, 0.5)}
SEEDS = {"WGAN, penalty": 5}                             # three for the others
CRITIC_STEPS, CRITIC_RATE, CRITIC_BATCH = 1_500, 3e-3, 256


# ---- critics

def critic(situation: str, way: str, value: float) -> dict:
    """Train one critic against a generator that never moves, and return its row."""
    with seeded(0):
        game = WGAN(store.Moved(situation), MLPDiscriminator(shape=(2,), hidden=store.HIDDEN), **{way: value})
    rate = min(CRITIC_RATE, value / 20) if way == "clip" else CRITIC_RATE     # steps far smaller than the box they end in
    optimizers = torch.optim.SGD(game.G.parameters(), lr=0.0), torch.optim.Adam(game.D.parameters(), lr=rate, betas=(0.0, 0.9))
    train(game, store.DATA, k=5, steps=CRITIC_STEPS // 5, batch_size=CRITIC_BATCH, optimizers=optimizers, progress=False,
          schedule=lambda step: {"G": {"lr": 0.0}, "D": {"lr": rate * min(1, 2 - 10 * step / CRITIC_STEPS)}})
    return {"situation": situation, "way": way, "value": value} | store.pack(game.D)


# ---- runs

def game_of(family: str, seed: int) -> GAN:
    """Return two new players on the ring in the game of a family."""
    arguments = FAMILIES[family][0]
    with seeded(seed):
        players = (MLPGenerator(2, shape=(2,), hidden=HIDDEN, batch_norm=False, output="linear"),
                   MLPDiscriminator(shape=(2,), hidden=HIDDEN))
    return WGAN(*players, **arguments) if arguments else GAN(*players)


@cache
def real(place: int = 77) -> np.ndarray:
    """Return 512 draws of the data."""
    return TOY.sample(SAMPLES, generator=torch.Generator().manual_seed(place)).numpy()


def exact_w1(a: np.ndarray, b: np.ndarray) -> float:
    """Return W1 of two equally large sets of points: the best pairing of all (scipy's assignment)."""
    cost = cdist(a, b)
    return float(cost[linear_sum_assignment(cost)].mean())


def run(family: str, seed: int) -> dict:
    """Play one game and return its row: at each look the W1 of its samples, other meters, and the means of its losses."""
    game, (_, k, lr_G, lr_D, beta) = game_of(family, seed), FAMILIES[family]
    columns: dict[str, list[float]] = {}

    def look(run) -> None:
        if run.step % EVERY:
            return
        x = game.sample(SAMPLES, generator=torch.Generator().manual_seed(1))
        found = metrics_toys.readings(TOY, x)
        row = {"step": run.step, "W1": exact_w1(x.numpy(), real()), "js": found["js"], "modes": found["modes"],
               "loss_D": run.history["loss_D"][-EVERY:].mean(), "loss_G": run.history["loss_G"][-EVERY:].mean()}
        if "W1" in run.history:
            row["reading"] = run.history["W1"][-EVERY:].mean()
        for name, value in row.items():
            columns.setdefault(name, []).append(float(f"{value:.5g}"))

    optimizers = tuple(torch.optim.Adam(player.parameters(), lr=lr, betas=(beta, 0.9), fused=True)
                       for player, lr in ((game.G, lr_G), (game.D, lr_D)))
    train(game, TOY, k=k, steps=STEPS, batch_size=BATCH, seed=seed, optimizers=optimizers, on_step=look, progress=False)
    return {"family": family, "seed": seed} | columns


def floor() -> float:
    """Return what W1 reads of 512 real points against 512 others: the mean of 16 draws."""
    return float(np.mean([exact_w1(real(100 + i), real()) for i in range(16)]))


# ---- both

def jobs(what: str) -> list[tuple]:
    """Return the arguments of all critics, or of all runs."""
    if what == "critics":
        ways = [("clip", c) for c in store.CLIPS] + [("penalty", weight) for weight in store.PENALTIES]
        return [(situation, *way) for situation in store.SITUATIONS for way in ways]
    return [(family, seed) for family in FAMILIES for seed in range(SEEDS.get(family, 3))]


def notes(what: str) -> dict:
    """Return what the file says of itself."""
    own = {"data": repr(store.DATA), "steps": CRITIC_STEPS, "batch_size": CRITIC_BATCH, "rate": CRITIC_RATE} \
        if what == "critics" else {"data": repr(TOY), "steps": STEPS, "batch_size": BATCH, "hidden": list(HIDDEN),
                                   "families": FAMILIES, "samples": SAMPLES, "floor": round(floor(), 4)}
    return {"command": COMMAND.format(what), "torch": torch.__version__} | own


def main() -> None:
    """Make one of the two files, from the parts that are there and those that are not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("critics", "runs"))
    parser.add_argument("--parts", type=Path, required=True, help="a folder for what is done")
    options = parser.parse_args()
    options.parts.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    make, rows = {"critics": critic, "runs": run}[options.what], []
    for job in jobs(options.what):
        place = options.parts / ("-".join(map(str, (options.what, *job))).replace(" ", "_") + ".json")
        if not place.exists():
            place.write_text(json.dumps(make(*job), allow_nan=False))
            print(job, flush=True)
        rows.append(json.loads(place.read_text()))
    name = {"critics": store.CRITICS, "runs": store.RUNS}[options.what]
    text = json.dumps(notes(options.what) | {options.what: rows}, allow_nan=False)
    Path(store.__file__).with_name(name).write_text(text + "\n")


if __name__ == "__main__":
    main()
