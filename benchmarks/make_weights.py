"""Make the shipped weights: train on the real MNIST, keep moments of the run, measure, write weights and card.

    GAN_EDU_DATA=... python benchmarks/make_weights.py train mnist-mlp --out runs     (may be stopped and run again)
    GAN_EDU_DATA=... python benchmarks/make_weights.py ship mnist-mlp --out runs      (scores, float16, card)

One thread, so that the numbers do not depend on the machine's cores.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from gan_edu import pretrained
from gan_edu.checkpoints import load_checkpoint, save_checkpoint
from gan_edu.data import ImageSet, load_images
from gan_edu.games import GAN
from gan_edu.history import History
from gan_edu.metrics import parzen_log_likelihood, select_sigma
from gan_edu.networks import MaxoutDiscriminator, MLPDiscriminator, MLPGenerator, ReLUGenerator, seeded
from gan_edu.training import train

SEED = 0
EMA = 0.9998
# where a run is kept and scored, in epochs at k = 1; the shipped file holds the generator at `moments`
LOOKS = (0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 40, 50, 60, 80, 100, 125, 150, 175, 200, 225, 250)


@dataclass(frozen=True)
class Recipe:
    """What tells one run from another. epochs count G's steps: passes over the data at k = 1."""

    epochs: int
    moments: tuple[int, ...] = ()
    k: int = 1
    batch_size: int = 64
    images: int = 60_000

    @property
    def per_epoch(self) -> int:
        return self.images // self.batch_size

    @property
    def steps(self) -> int:
        return self.per_epoch * self.epochs

    def data(self) -> ImageSet:
        return load_images("mnist").take(self.images)

    def new_game(self) -> GAN:
        """The sources' pair, from the seed."""
        with seeded(SEED):
            return GAN(MLPGenerator(), MLPDiscriminator())

    def training(self, game: GAN) -> dict:
        """What `train` is told besides."""
        return {}


class Paper2014(Recipe):
    """The authors' networks and schedule for MNIST, as their published configuration has them.

    Theirs updates both players at once; here D goes first, as in Algorithm 1. Source: mnist.yaml in the authors' code.
    """

    def new_game(self) -> GAN:
        with seeded(SEED):
            return GAN(ReLUGenerator().start_from(self.data().images), MaxoutDiscriminator())

    def training(self, game: GAN) -> dict:
        """SGD at 0.1, divided by 1.000004 after each minibatch; momentum from 0.5 to 0.7 over 250 epochs."""
        def schedule(step: int) -> dict:
            return {"lr": max(0.1 / 1.000004 ** step, 1e-6), "momentum": 0.5 + 0.2 * min(1, step / self.per_epoch / 250)}

        return {"schedule": schedule, "optimizers": tuple(torch.optim.SGD(player.parameters(), lr=0.1, fused=True)
                                                          for player in (game.G, game.D))}


RECIPES = {"mnist-mlp": Recipe(100, (1, 3, 12, 40)),
           "mnist-mlp-k2": Recipe(12, (3,), k=2),
           "mnist-mlp-k3": Recipe(12, (3,), k=3),
           "mnist-mlp-k5": Recipe(12, (3,), k=5),
           "mnist-2014": Paper2014(250, batch_size=100, images=50_000)}


def looks(name: str) -> list[int]:
    """The generator steps at which this run is kept."""
    return [int(RECIPES[name].per_epoch * epoch) for epoch in LOOKS if epoch <= RECIPES[name].epochs]


def run(name: str, out: Path) -> None:
    """Train by the recipe and keep the game at its looks. Goes on where it stopped."""
    recipe = RECIPES[name]

    def keep(run) -> None:
        if run.step in looks(name):
            save_checkpoint(out / f"{name}-{run.step}.safetensors", run.game)

    game = recipe.new_game()
    train(game, recipe.data(), k=recipe.k, batch_size=recipe.batch_size, steps=recipe.steps, seed=SEED, ema=EMA,
          on_step=keep, checkpoint=out / f"{name}.safetensors", resume=True, **recipe.training(game))


def ship(name: str, out: Path) -> None:
    """Write weights and card; the scores are those of the files as they are shipped."""
    recipe = RECIPES[name]
    moments = {PER_EPOCH * epoch: averaged(name, PER_EPOCH * epoch, out)[0].G.state_dict() for epoch in recipe["moments"]}
    game, meta = averaged(name, PER_EPOCH * recipe["epochs"], out)
    notes = {"command": f"python benchmarks/make_weights.py train {name}", "data": "MNIST, all 60,000 training images",
             "licence": "MIT", "k": recipe["k"], "steps": PER_EPOCH * recipe["epochs"], "batch_size": 64, "seed": SEED,
             "ema": EMA, "optimizers": "Adam, 1e-4 for G and 2e-4 for D",
             "passes_over_the_data": recipe["epochs"] * recipe["k"], "minutes_on_one_core": minutes(name),
             "torch": meta["torch"], "gan_edu": meta["gan_edu"]}
    pretrained.ship(name, game, moments, notes)
    scores = {str(step): score(pretrained.load(name, step=step)) for step in pretrained.snapshots(name)}
    scores[str(notes["steps"])] = score(pretrained.load(name))
    print(pretrained.ship(name, game, moments, notes | {"scores": scores[str(notes["steps"])],
                                                        "scores_of_moments": scores, "curve": curve(name, out)}))


def averaged(name: str, step: int, out: Path) -> tuple[GAN, dict]:
    """The game at a step of its run, with the moving average in G's place."""
    game, _, meta = load_checkpoint(out / f"{name}-{step}.safetensors")
    return GAN(game.G_ema, game.D), meta


def curve(name: str, out: Path) -> list[dict]:
    """At each look: the score of the averaged generator, and the means of the last 200 steps' losses and verdicts."""
    _, state, _ = load_checkpoint(out / f"{name}.safetensors")
    history = History()
    history.load_state_dict(state["history"])
    return [{"step": step, **score(averaged(name, step, out)[0]),
             **{key: round(float(history[key][max(0, step - 200):step].mean()), 4) for key in history}}
            for step in looks(name)]


def minutes(name: str) -> int:
    """What the whole run takes on one core of this machine, from sixty of its steps; measure while nothing else runs."""
    recipe, game, data = RECIPES[name], new_game(), load_images("mnist")
    train(game, data, k=recipe["k"], steps=10, ema=EMA, progress=False)
    began = time.perf_counter()
    train(game, data, k=recipe["k"], steps=60, ema=EMA, progress=False)
    return round((time.perf_counter() - began) / 60 * PER_EPOCH * recipe["epochs"] / 60)


def score(game: GAN) -> dict:
    """Parzen mean log-likelihood of the MNIST test set, in nats: 10,000 samples, sigma from 1,000 validation images.

    The validation images come from the training set, on which this game was trained; the test set chooses nothing.
    """
    train_set, test = load_images("mnist"), load_images("mnist", split="test")
    order = torch.randperm(len(train_set), generator=torch.Generator().manual_seed(SEED))
    samples = (game.sample(10_000, generator=torch.Generator().manual_seed(SEED)).flatten(1) + 1) / 2
    sigma = select_sigma(samples, pixels(train_set[order[:1_000]]))
    mean, error = parzen_log_likelihood(samples, pixels(test), sigma)
    return {"parzen": round(mean, 1), "standard_error": round(error, 1), "sigma": round(sigma, 4)}


def pixels(images: ImageSet) -> torch.Tensor:
    """Images as rows in [0, 1], float64."""
    return images.images.flatten(1).double() / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["train", "ship"])
    parser.add_argument("name", choices=list(RECIPES))
    parser.add_argument("--out", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    {"train": run, "ship": ship}[arguments.stage](arguments.name, arguments.out)


if __name__ == "__main__":
    main()
