"""Make the shipped weights of the paired translators: train on the real MNIST, look at losses and class, ship.

    GAN_EDU_DATA=... python benchmarks/make_paired.py train mnist-pix2pix --out runs     (may be stopped and run again)
    GAN_EDU_DATA=... python benchmarks/make_paired.py ship mnist-pix2pix --out runs      (scores, float16, card)
    GAN_EDU_DATA=... python benchmarks/make_paired.py look mnist-pix2pix --out runs      (scores of the latest look)

Training, looks and files are those of make_weights; here stand the recipes and what they are measured by: all
10,000 test images, which nothing was trained or chosen on. One thread.
"""

import argparse
import functools
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
import make_weights  # noqa: E402  (a script beside this one)
from make_weights import SEED, Convolutional, adams  # noqa: E402

from gan_edu import pretrained  # noqa: E402
from gan_edu.classifier import probabilities  # noqa: E402
from gan_edu.data import load_images  # noqa: E402
from gan_edu.data_paired import PairedImages, enlarge, paired  # noqa: E402
from gan_edu.files import write_whole  # noqa: E402
from gan_edu.games_paired import SRGAN, Pix2Pix, Translation  # noqa: E402
from gan_edu.metrics_images import class_kept, psnr, sharpness  # noqa: E402
from gan_edu.networks import DCGANDiscriminator, seeded  # noqa: E402
from gan_edu.translators import PatchDiscriminator, SuperResolutionGenerator, UNet  # noqa: E402

BETAS = (0.5, 0.999)
TRANSLATES = {"edges": "outlines to digits", "small": "7 x 7 to 28 x 28 pixels"}


@dataclass(frozen=True)
class PairedRecipe(Convolutional):
    """What tells one run from another: a view, the weight of the adversarial loss, and the rates for G and for D."""

    view: str = "edges"
    adversarial: float = 1.0
    rate: float = 1e-3
    rate_D: float = 5e-4

    def data(self) -> PairedImages:
        return paired(super().data(), self.view)

    def new_game(self) -> Translation:
        with seeded(SEED):
            if self.view == "edges":
                return Pix2Pix(UNet(), PatchDiscriminator(), l1=100.0, adversarial=self.adversarial)
            return SRGAN(SuperResolutionGenerator(), DCGANDiscriminator(width=32, norm="none"), content=1.0,
                         adversarial=self.adversarial)

    def training(self, game: Translation) -> dict:
        G, D = self.falling(self.rate), self.falling(self.rate_D)
        return {"optimizers": adams(game, self.rate, betas=BETAS), "schedule": lambda step: {"G": G(step), "D": D(step)}}

    def says_data(self) -> str:
        return f"{super().says_data()}, view {self.view}"

    def says_optimizers(self) -> str:
        return f"Adam, {self.rate:g} for G and {self.rate_D:g} for D, betas {BETAS}, falling to 0 from half of the steps on"

    def score(self, game: Translation) -> dict:
        return scores(game, self.view)

    def quick_score(self, game: Translation) -> dict:
        return scores(game, self.view, n=2_000)


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
    """Class kept, PSNR and sharpness of the translations of the first n test pairs, and the same of what needs no training."""
    pairs = held_out(view).take(n)
    found = measured(game.sample(n, y=pairs.y, generator=torch.Generator().manual_seed(SEED)), pairs)
    return found | {f"{name}_{key}": value for name, x in untrained(pairs).items() for key, value in measured(x, pairs).items()}


def untrained(pairs: PairedImages) -> dict[str, torch.Tensor]:
    """What stands beside the translations: the real images, and enlargements that learnt nothing."""
    small = pairs.y.shape[2] < pairs.x.shape[2]
    return {"real": pairs.x} | ({mode: enlarge(pairs.y, mode=mode) for mode in ("nearest", "bicubic")} if small else {})


def measured(x: torch.Tensor, pairs: PairedImages) -> dict:
    """The three numbers of one set of pictures; PSNR is None where they are exact."""
    kept, error = class_kept(probabilities(x), pairs.labels)
    decibels = float(psnr(x, pairs.x).mean())
    return {"class_kept": round(kept, 4), "class_error": round(error, 4), "sharpness": round(sharpness(x, pairs.x), 4),
            "psnr": round(decibels, 3) if decibels < 1e3 else None}


def look(name: str, out: Path) -> None:
    """Print the scores of the latest kept game and the means of its last 100 losses."""
    step = max(int(path.stem.rsplit("-", 1)[1]) for path in out.glob(f"{name}-*.safetensors")
               if path.stem.rsplit("-", 1)[0] == name)
    print(name, step, RECIPES[name].quick_score(make_weights.kept(name, step, out)[0]))


def ship(name: str, out: Path) -> None:
    """Write weights and card as make_weights does; the card also says what is translated."""
    make_weights.ship(name, out)
    path = pretrained.FOLDER / f"{name}.json"
    card = json.loads(path.read_text(encoding="utf-8")) | {"translates": TRANSLATES[RECIPES[name].view]}
    write_whole(path, (json.dumps(card, indent=2) + "\n").encode())


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
