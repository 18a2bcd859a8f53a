"""Make the shipped weights: train on the real MNIST, keep moments of the run, measure, write weights and card.

    GAN_EDU_DATA=... python benchmarks/make_weights.py train mnist-mlp --out runs     (may be stopped and run again)
    GAN_EDU_DATA=... python benchmarks/make_weights.py ship mnist-mlp --out runs      (scores, float16, card)

One thread, so that the numbers do not depend on the machine's cores.
"""

import argparse
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from gan_edu import pretrained
from gan_edu.checkpoints import load_checkpoint, save_checkpoint
from gan_edu.classifier import features, probabilities
from gan_edu.data import ImageSet, load_images
from gan_edu.games import GAN, WGAN, ConditionalGAN
from gan_edu.history import History
from gan_edu.metrics import parzen_log_likelihood, select_sigma
from gan_edu.metrics_features import frechet_distance
from gan_edu.networks import (
    ConditionalGenerator,
    ConvDiscriminator,
    ConvGenerator,
    Critic,
    DCGANDiscriminator,
    DCGANGenerator,
    MaxoutDiscriminator,
    MLPDiscriminator,
    MLPGenerator,
    ProjectionDiscriminator,
    ReLUGenerator,
    seeded,
)
from gan_edu.training import train

SEED = 0
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

    ema = 0.9998
    precision = None
    looks_a_score = 1                                             # how many looks share one score on the card
    starts_by_seed = True                                         # its step 0 can be made anew from the seed alone

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

    def says_data(self) -> str:
        """The training data, for the card."""
        return f"MNIST, {'all' if self.images == 60_000 else 'the first'} {self.images:,} training images"

    def says_optimizers(self) -> str:
        """The optimisers, for the card."""
        return "Adam, 1e-4 for G and 2e-4 for D"

    def quick_score(self, game: GAN) -> dict:
        """What each look is measured by."""
        return parzen(game)

    def score(self, game: GAN) -> dict:
        """What the shipped file is measured by."""
        return parzen(game)


class Paper2014(Recipe):
    """The authors' networks and schedule for MNIST, and their order of play: both players move at once, k = 1.

    That order matters: with D's step first, as in Algorithm 1, D wins within 2,000 steps and G stands still. Their D
    minimises half of the sum of its two losses, which at SGD is half of the rate. Source: mnist.yaml and AdversaryCost2
    in the authors' code.
    """

    looks_a_score, starts_by_seed = 3, False             # the first output bias is the images' mean

    def says_optimizers(self) -> str:
        return ("SGD, 0.1 for G and 0.05 for D, divided by 1.000004 a step, momentum 0.5 to 0.7 over 250 epochs, "
                "both players at once")

    def new_game(self) -> GAN:
        with seeded(SEED):
            return GAN(ReLUGenerator().start_from(self.data().images), MaxoutDiscriminator())

    def training(self, game: GAN) -> dict:
        def schedule(step: int) -> dict:
            rate, momentum = max(0.1 / 1.000004 ** step, 1e-6), 0.5 + 0.2 * min(1, step / self.per_epoch / 250)
            return {"G": {"lr": rate, "momentum": momentum}, "D": {"lr": rate / 2, "momentum": momentum}}

        return {"simultaneous": True, "schedule": schedule, "optimizers": tuple(
            torch.optim.SGD(player.parameters(), lr=0.1, momentum=0.5, fused=True) for player in (game.G, game.D))}


class Convolutional(Recipe):
    """What the convolutional recipes share: looks are measured by the Fréchet distance on the classifier's features."""

    ema = 0.999
    precision = "medium"

    def quick_score(self, game: GAN) -> dict:
        return frechet(game)

    def score(self, game: GAN) -> dict:
        return parzen(game) | frechet(game)

    def falling(self, rate: float) -> Callable[[int], dict]:
        """The rate, and from half of the steps on a straight line down to zero."""
        return lambda step: {"lr": rate * min(1.0, 2 * (1 - step / self.steps))}


class SourcesConv(Convolutional):
    """The sources' convolutional pair; its generator has half the channels, for a quarter of the time and half of the file."""

    def new_game(self) -> GAN:
        with seeded(SEED):
            return GAN(ConvGenerator(width=32), ConvDiscriminator())

    def training(self, game: GAN) -> dict:
        return {"optimizers": adams(game, 1e-3, betas=(0.9, 0.999), amsgrad=True)}

    def says_optimizers(self) -> str:
        return "Adam with AMSGrad, 1e-3 for both"


class DCGAN(Convolutional):
    """A slim DCGAN. Its discriminator has R1 in place of BatchNorm, and so judges each image by itself.

    Its D has a third layer: with 4,685 steps, r1=0.2 and the rate falling to 0, that comes to 23 times the floor of the
    Fréchet distance, where two layers, of twice the width, come to 35 times. The paper's pair (BatchNorm in both, 2e-4,
    half as wide again) stood at 97 times, its rate not falling. R1's weight, over 3,000 steps at one rate: 24 times the
    floor with 0.2, 17 with 1, 14 with 5 and with 20.
    """

    rate, betas, ema = 1e-3, (0.0, 0.99), 0.9995

    def new_game(self) -> GAN:
        with seeded(SEED):
            return GAN(DCGANGenerator(64, width=32), DCGANDiscriminator(width=32, norm="none", layers=3), r1=10.0)

    def training(self, game: GAN) -> dict:
        return {"optimizers": adams(game, self.rate, betas=self.betas), "schedule": self.falling(self.rate)}

    def says_optimizers(self) -> str:
        return f"Adam, {self.rate} for both, betas {self.betas}, falling to 0 from half of the steps on"


class Conditional(DCGAN):
    """DCGAN's generator told the digit, and a discriminator that projects on it."""

    def new_game(self) -> GAN:
        with seeded(SEED):
            return ConditionalGAN(ConditionalGenerator(64, width=32), ProjectionDiscriminator(width=32, spectral=False), r1=10.0)

    def quick_score(self, game: GAN) -> dict:
        return super().quick_score(game) | recognised(game)

    def score(self, game: GAN) -> dict:
        return super().score(game) | recognised(game)


class WassersteinGP(DCGAN):
    """The gradient penalty's paper: weight 10, Adam with betas 0 and 0.9. The critic has a third layer, as DCGAN's D."""

    rate, betas, ema = 1e-3, (0.0, 0.9), 0.9995

    def new_game(self) -> GAN:
        with seeded(SEED):
            return WGAN(DCGANGenerator(64, width=32), Critic(width=32, layers=3), penalty=10.0)


def adams(game: GAN, rate: float, **arguments) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """The same Adam for G and for D."""
    return tuple(torch.optim.Adam(player.parameters(), lr=rate, fused=True, **arguments) for player in (game.G, game.D))


RECIPES = {"mnist-mlp": Recipe(100, (1, 3, 12, 40)),
           "mnist-mlp-k2": Recipe(12, (3,), k=2),
           "mnist-mlp-k3": Recipe(12, (3,), k=3),
           "mnist-mlp-k5": Recipe(12, (3,), k=5),
           "mnist-2014": Paper2014(250, batch_size=100, images=50_000),
           "mnist-conv": SourcesConv(5),
           "mnist-dcgan": DCGAN(30),
           "mnist-cgan": Conditional(16),
           "mnist-wgan-gp": WassersteinGP(32, k=2)}


def looks(name: str) -> list[int]:
    """The generator steps at which this run is kept, the last one among them."""
    recipe = RECIPES[name]
    return sorted({int(recipe.per_epoch * epoch) for epoch in LOOKS if epoch < recipe.epochs} | {recipe.steps})


def run(name: str, out: Path) -> None:
    """Train by the recipe and keep the game at its looks. Goes on where it stopped."""
    recipe = RECIPES[name]

    def keep(run) -> None:
        if run.step in looks(name):
            save_checkpoint(out / f"{name}-{run.step}.safetensors", run.game)

    game = recipe.new_game()
    train(game, recipe.data(), k=recipe.k, batch_size=recipe.batch_size, steps=recipe.steps, seed=SEED, ema=recipe.ema,
          precision=recipe.precision, on_step=keep, checkpoint=out / f"{name}.safetensors", resume=True, **recipe.training(game))


def ship(name: str, out: Path) -> None:
    """Write weights and card; the scores are those of the files as they are shipped."""
    recipe, game, meta = RECIPES[name], *kept(name, RECIPES[name].steps, out)
    moments = {step: kept(name, step, out)[0].G.state_dict()
               for step in (recipe.per_epoch * epoch for epoch in recipe.moments)}
    notes = {"command": f"python benchmarks/make_weights.py train {name}", "data": recipe.says_data(), "licence": "MIT",
             "k": recipe.k, "steps": recipe.steps, "batch_size": recipe.batch_size, "seed": SEED, "ema": recipe.ema,
             "precision": recipe.precision, "optimizers": recipe.says_optimizers(),
             "passes_over_the_data": recipe.epochs * recipe.k,
             "minutes_on_one_core": minutes(name), "torch": meta["torch"], "gan_edu": meta["gan_edu"]}
    pretrained.ship(name, game, moments, notes, untrained=recipe.starts_by_seed)
    scores = {str(step): recipe.score(pretrained.load(name, step=step)) for step in pretrained.snapshots(name)}
    scores[str(recipe.steps)] = recipe.score(pretrained.load(name))
    print(pretrained.ship(name, game, moments, notes | {"scores": scores[str(recipe.steps)],
                                                        "scores_of_moments": scores, "curve": curve(name, out)},
                          untrained=recipe.starts_by_seed))


def kept(name: str, step: int, out: Path) -> tuple[GAN, dict]:
    """The game at a step of its run, with the moving average in G's place, and the notes of its file."""
    game, _, meta = load_checkpoint(out / f"{name}-{step}.safetensors")
    return pretrained.averaged(game), meta


def curve(name: str, out: Path) -> list[dict]:
    """At each look, or each third one: the averaged generator's score; the last 200 steps' mean losses and verdicts."""
    _, state, _ = load_checkpoint(out / f"{name}.safetensors")
    history = History()
    history.load_state_dict(state["history"])
    return [{"step": step, **RECIPES[name].quick_score(kept(name, step, out)[0]),
             **{key: round(float(history[key][max(0, step - 200):step].mean()), 4) for key in history}}
            for step in looks(name)[::-RECIPES[name].looks_a_score][::-1]]


def minutes(name: str) -> int:
    """What the whole run takes on one core of this machine, in CPU time, from sixty of its steps."""
    recipe, data = RECIPES[name], RECIPES[name].data()
    game = recipe.new_game()
    arguments = {"k": recipe.k, "batch_size": recipe.batch_size, "ema": recipe.ema,
                 "precision": recipe.precision, "progress": False}
    arguments |= recipe.training(game)
    train(game, data, steps=10, **arguments)
    began = time.process_time()
    train(game, data, steps=60, **arguments)
    return round((time.process_time() - began) / 60 * recipe.steps / 60)


def parzen(game: GAN) -> dict:
    """Parzen mean log-likelihood of the MNIST test set, in nats: 10,000 samples, sigma from 1,000 validation images.

    The validation images come from the training set, on which this game was trained; the test set chooses nothing.
    """
    train_set, test = load_images("mnist"), load_images("mnist", split="test")
    order = torch.randperm(len(train_set), generator=torch.Generator().manual_seed(SEED))
    samples = (game.sample(10_000, generator=torch.Generator().manual_seed(SEED)).flatten(1) + 1) / 2
    sigma = select_sigma(samples, pixels(train_set[order[:1_000]]))
    mean, error = parzen_log_likelihood(samples, pixels(test), sigma)
    return {"parzen": round(mean, 1), "standard_error": round(error, 1), "sigma": round(sigma, 4)}


def frechet(game: GAN) -> dict:
    """Squared Fréchet distance on the classifier's features: 10,000 samples against the MNIST test set.

    floor: the same for 10,000 training images in the samples' place; times_floor: the one over the other.
    """
    test, floor = real_features()
    found = frechet_distance(features(game.sample(10_000, generator=torch.Generator().manual_seed(SEED))), test)
    return {"frechet": round(found, 3), "frechet_floor": round(floor, 3), "times_floor": round(found / floor, 2)}


@functools.cache
def real_features() -> tuple:
    """The test set's features, and their distance from those of 10,000 training images."""
    train_set, test = load_images("mnist"), features(load_images("mnist", split="test").images)
    order = torch.randperm(len(train_set), generator=torch.Generator().manual_seed(SEED))
    return test, frechet_distance(features(train_set[order[:10_000]].images), test)


def recognised(game: ConditionalGAN) -> dict:
    """Share of 10,000 ordered digits, 1,000 of each, that the classifier reads as what was ordered."""
    y = torch.arange(10_000) % 10
    x = game.sample(10_000, y=y, generator=torch.Generator().manual_seed(SEED))
    return {"recognised": round(float((probabilities(x).argmax(1) == y.numpy()).mean()), 4)}


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
