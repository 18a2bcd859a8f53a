"""Make the shipped weights: train on the real MNIST, keep moments of the run, measure, write weights and card.

    GAN_EDU_DATA=... python benchmarks/make_weights.py train mnist-mlp --out runs     (may be stopped and run again)
    GAN_EDU_DATA=... python benchmarks/make_weights.py ship mnist-mlp --out runs      (scores, float16, card)

One thread, so that the numbers do not depend on the machine's cores.
"""

import argparse
import time
from pathlib import Path

import torch

from gan_edu import __version__, pretrained
from gan_edu.checkpoints import load_checkpoint, read_tensors, save_checkpoint
from gan_edu.data import ImageSet, load_images
from gan_edu.games import GAN
from gan_edu.metrics import parzen_log_likelihood, select_sigma
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.training import train

PER_EPOCH = 60_000 // 64                         # generator steps in one pass over the data at k = 1
SEED = 0
RECIPES = {name: dict(k=k, epochs=epochs, ema=EMA, moments=moments) for EMA in (0.9995,) for name, k, epochs, moments in (
    ("mnist-mlp", 1, 120, (1, 5, 20, 60)),
    ("mnist-mlp-k2", 2, 20, (1, 5)),
    ("mnist-mlp-k3", 3, 20, (1, 5)),
    ("mnist-mlp-k5", 5, 20, (1, 5)))}


def new_game() -> GAN:
    """The sources' pair, from the seed."""
    with seeded(SEED):
        return GAN(MLPGenerator(), MLPDiscriminator())


def run(name: str, out: Path) -> None:
    """Train by the recipe; keep the averaged generator at its moments. Goes on where it stopped."""
    recipe, began = RECIPES[name], time.time()

    def keep(run) -> None:
        if run.step in {PER_EPOCH * epoch for epoch in (*recipe["moments"], recipe["epochs"])}:
            save_checkpoint(out / f"{name}-{run.step}.safetensors", run.game, notes={"seconds": time.time() - began})

    train(new_game(), load_images("mnist"), k=recipe["k"], steps=PER_EPOCH * recipe["epochs"], seed=SEED,
          ema=recipe["ema"], on_step=keep, checkpoint=out / f"{name}.safetensors", resume=True)


def ship(name: str, out: Path) -> None:
    """Write weights and card; the scores are those of the files as they are shipped."""
    recipe = RECIPES[name]
    moments = {0: new_game().G.state_dict()}
    for epoch in recipe["moments"]:
        tensors, _ = read_tensors(out / f"{name}-{PER_EPOCH * epoch}.safetensors")
        moments[PER_EPOCH * epoch] = {key.removeprefix("G_ema."): value for key, value in tensors.items()
                                      if key.startswith("G_ema.")}
    game, _, meta = load_checkpoint(out / f"{name}-{PER_EPOCH * recipe['epochs']}.safetensors")
    notes = {"command": f"python benchmarks/make_weights.py train {name}", "data": "MNIST, all 60,000 training images",
             "licence": "MIT", "k": recipe["k"], "steps": PER_EPOCH * recipe["epochs"], "batch_size": 64, "seed": SEED,
             "ema": recipe["ema"], "optimizers": "Adam, 1e-4 for G and 2e-4 for D",
             "passes_over_the_data": recipe["epochs"] * recipe["k"], "seconds_on_one_core": round(meta["notes"]["seconds"]),
             "torch": torch.__version__, "gan_edu": __version__}
    pretrained.ship(name, game, moments, notes)
    scores = {str(step): score(pretrained.load(name, step=step)) for step in sorted(moments)}
    pretrained.ship(name, game, moments, notes | {"scores": score(pretrained.load(name)), "scores_of_moments": scores})
    print(pretrained.card(name))


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
