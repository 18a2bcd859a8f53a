"""Make the shipped weights of the paired translators: train on the real MNIST, look at losses and class, ship.

    GAN_EDU_DATA=... python benchmarks/make_paired.py train mnist-pix2pix --out runs     (may be stopped and run again)
    GAN_EDU_DATA=... python benchmarks/make_paired.py ship mnist-pix2pix --out runs      (scores, float16, card)
    GAN_EDU_DATA=... python benchmarks/make_paired.py look mnist-pix2pix --out runs      (scores of the latest look)

Training, looks and files are those of make_weights; here stand the recipes and what they are measured by: all
10,000 test images, which nothing was trained or chosen on. One thread.
"""

import argparse
import functools
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
import make_weights  # a script beside this one
from make_weights import SEED, Convolutional, adams

from gan_edu import pretrained
from gan_edu.classifier import probabilities
from gan_edu.data import load_images
from gan_edu.data_paired import PairedImages, enlarge, paired
from gan_edu.games_paired import SRGAN, Pix2Pix, Translation
from gan_edu.metrics_images import class_kept, high_frequency_energy, psnr, sharpness
from gan_edu.networks import DCGANDiscriminator, seeded
from gan_edu.translators import PatchDiscriminator, SuperResolutionGenerator, UNet

BETAS = (0.5, 0.999)
TRANSLATES = {"edges": "outlines to digits", "small": "7 x 7 to 28 x 28 pixels"}


@dataclass(frozen=True)
class PairedRecipe(Convolutional):
    """What tells one run from another: a view, the weight of the adversarial loss, and the rates for G and for D."""

    view: str = "edges"
    adversarial: float = 1.0
    rate: float = 1e-3
    judge_rate: float = 5e-4

    def data(self) -> PairedImages:
        return paired(super().data(), self.view)

    def new_game(self) -> Translation:
        """G's first weights are those of its twin. Where no weight is on the judge, a small one does: G never hears it."""
        width = 32 if self.adversarial else 4
        with seeded(SEED):
            if self.view == "edges":
                return Pix2Pix(UNet(), PatchDiscriminator(width=width), l1=100.0, adversarial=self.adversarial)
            return SRGAN(SuperResolutionGenerator(), DCGANDiscriminator(width=width, norm="none"), content=1.0,
                         adversarial=self.adversarial)

    def training(self, game: Translation) -> dict:
        G, D = self.falling(self.rate), self.falling(self.judge_rate)
        return {"optimizers": adams(game, self.rate, betas=BETAS), "schedule": lambda step: {"G": G(step), "D": D(step)}}

    def says_data(self) -> str:
        return f"{super().says_data()}, view {self.view}"

    def says_optimizers(self) -> str:
        return f"Adam, {self.rate:g} for G and {self.judge_rate:g} for D, betas {BETAS}, falling to 0 from half of the steps on"

    def score(self, game: Translation) -> dict:
        return scores(game, self.view)

    def quick_score(self, game: Translation) -> dict:
        return {key: value for key, value in scores(game, self.view, n=1_000).items() if "_" not in key or key == "class_kept"}


RECIPES = {
    "mnist-pix2pix": PairedRecipe(2),
    "mnist-pix2pix-l1": PairedRecipe(2, adversarial=0.0),
    "mnist-super-resolution": PairedRecipe(2, view="small", adversarial=3e-3),
    "mnist-super-resolution-l2": PairedRecipe(2, view="small", adversarial=0.0),
}


@functools.cache
def held_out(view: str) -> PairedImages:
    """All 10,000 pairs of the test set."""
    return paired(load_images("mnist", split="test"), view)


def scores(game: Translation, view: str, n: int = 10_000) -> dict:
    """Class kept, PSNR and sharpness of the translations of the first n test pairs, and the same of what needs no training.

    The game draws as it was trained, pix2pix with dropout on. energy_of_real: what sharpness is a share of.
    """
    pairs = held_out(view).take(n)
    found = measured(game.sample(n, y=pairs.y, generator=torch.Generator().manual_seed(SEED)), pairs)
    return found | beside(view, n)


@functools.cache
def beside(view: str, n: int) -> dict:
    """The same numbers of the real images, and of enlargements that learnt nothing."""
    pairs = held_out(view).take(n)
    shown = {"real": pairs.x}
    if view == "small":
        shown |= {mode: enlarge(pairs.y, mode=mode) for mode in ("nearest", "bicubic")}
    found = {f"{name}_{key}": value for name, x in shown.items() for key, value in measured(x, pairs).items()}
    return found | {"energy_of_real": round(float(high_frequency_energy(pairs.x).mean()), 6)}


def measured(x: torch.Tensor, pairs: PairedImages) -> dict:
    """The three numbers of one set of pictures; PSNR is None where they are exact."""
    kept, error = class_kept(probabilities(x), pairs.labels)
    decibels = float(psnr(x, pairs.x).mean())
    return {"class_kept": round(kept, 4), "class_error": round(error, 4), "sharpness": round(sharpness(x, pairs.x), 4),
            "psnr": round(decibels, 3) if decibels < 1e3 else None}


def look(name: str, out: Path) -> None:
    """Print the scores of the latest kept game."""
    step = max(int(path.stem.rsplit("-", 1)[1]) for path in out.glob(f"{name}-*.safetensors")
               if path.stem.rsplit("-", 1)[0] == name)
    print(name, step, RECIPES[name].quick_score(make_weights.kept(name, step, out)[0]))


def ship(name: str, out: Path) -> None:
    """Write weights and card as make_weights does, with no moments; the scores are those of the file as it is shipped."""
    recipe, game, meta = RECIPES[name], *make_weights.kept(name, RECIPES[name].steps, out)
    notes = {"command": f"python benchmarks/make_paired.py train {name}", "data": recipe.says_data(), "licence": "MIT",
             "translates": TRANSLATES[recipe.view], "k": recipe.k, "steps": recipe.steps, "batch_size": recipe.batch_size,
             "seed": SEED, "ema": recipe.ema, "optimizers": recipe.says_optimizers(), "passes_over_the_data": recipe.epochs,
             "minutes_on_one_core": make_weights.minutes(name), "torch": meta["torch"], "gan_edu": meta["gan_edu"]}
    pretrained.ship(name, game, {}, notes)
    found = {"scores": recipe.score(pretrained.load(name)), "curve": make_weights.curve(name, out)}
    print(pretrained.ship(name, game, {}, notes | found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["train", "ship", "look"])
    parser.add_argument("name", choices=list(RECIPES))
    parser.add_argument("--out", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    make_weights.RECIPES |= RECIPES                              # its machinery finds a run by name
    {"train": make_weights.run, "ship": ship, "look": look}[arguments.stage](arguments.name, arguments.out)


if __name__ == "__main__":
    main()
