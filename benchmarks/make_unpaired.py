"""Make the shipped CycleGAN: striped digits to plain ones and back, from the real MNIST, without pairs.

    GAN_EDU_DATA=... python benchmarks/make_unpaired.py train mnist-cyclegan --out runs   (may be stopped and run again)
    GAN_EDU_DATA=... python benchmarks/make_unpaired.py look mnist-cyclegan --out runs    (scores of what is kept so far)
    GAN_EDU_DATA=... python benchmarks/make_unpaired.py ship mnist-cyclegan --out runs    (scores, float16, card)

The steps are make_weights' own; here stand the recipe and the measures. Every score is of images that were not trained on.
"""

import argparse
import functools
import json
from pathlib import Path

import make_weights
import torch
from make_weights import DCGAN, SEED
from torch import Tensor

from gan_edu import pretrained
from gan_edu.checkpoints import load_checkpoint, save_checkpoint
from gan_edu.classifier import probabilities
from gan_edu.data import load_images, scale
from gan_edu.data_unpaired import UnpairedSet, in_domain, pattern_of, two_domains
from gan_edu.files import write_whole
from gan_edu.games_unpaired import CycleGAN
from gan_edu.metrics_domains import DomainClassifier, domain_classifier
from gan_edu.networks import seeded
from gan_edu.translators import PatchDiscriminator
from gan_edu.translators_resnet import ResNetTranslator, TwoJudges

NOISES = (0.0, 0.1, 0.2, 0.5, 1.0)      # standard deviations, of pixels in [-1, 1]


class Unpaired(DCGAN):
    """Striped and plain digits, 24,000 of each; small translators without InstanceNorm, judges of patches."""

    rate, betas = 1e-3, (0.5, 0.999)
    precision = None

    @property
    def per_epoch(self) -> int:
        return self.images // 2 // self.batch_size          # of each domain

    def data(self) -> UnpairedSet:
        return two_domains(load_images("mnist").take(self.images), "stripes", seed=SEED)

    def new_game(self) -> CycleGAN:
        with seeded(SEED):
            return CycleGAN([ResNetTranslator(width=12, blocks=1, norm="none") for _ in "ab"], [judge() for _ in "ab"])

    def says_data(self) -> str:
        return f"MNIST, {self.images // 2:,} training images with stripes and {self.images // 2:,} others without"

    def quick_score(self, game: CycleGAN) -> dict:
        return scores(game, 1_000)

    def score(self, game: CycleGAN) -> dict:
        return scores(game, 10_000)


def judge() -> PatchDiscriminator:
    return PatchDiscriminator(inputs=0, width=24, layers=((4, 2), (4, 2), (3, 1)))


def scores(game: CycleGAN, n: int) -> dict:
    """Of the first n test images: class kept and target domain recognised, each way, beside two baselines; the hidden pattern.

    untranslated: the image itself in the translation's place. shuffled: another image's translation in its place.
    """
    test, told = load_images("mnist", split="test").take(n), domains()
    a, b = (scale(in_domain(test.images, domain, seed=SEED)) for domain in ("striped", "plain"))
    found, labels = {}, test.labels.numpy()
    for to, x in (("b", a), ("a", b)):
        y = game.translate(x, to=to)
        for name, shown in (("", y), ("untranslated_", x), ("shuffled_", y.roll(1, 0))):
            share = told.share_of_b(shown)
            found[f"{name}class_kept_to_{to}"] = float((probabilities(shown).argmax(1) == labels).mean())
            found[f"{name}recognised_as_{to}"] = share if to == "b" else 1 - share
    return {key: round(value, 4) for key, value in (found | hidden(game, a, b)).items()}


def hidden(game: CycleGAN, a: Tensor, b: Tensor) -> dict:
    """The share of striped images whose pattern comes back after a to b to a, with noise on the b, and from the true b."""
    seen, fake_b = pattern_of(a, b), game.translate(a, to="b")
    noise = torch.randn(b.shape, generator=torch.Generator().manual_seed(SEED))
    found = {f"pattern_back_noise_{size:g}": kept(game, (fake_b + size * noise).clamp(-1, 1), b, seen) for size in NOISES}
    error = (game.translate(fake_b, to="a") - a).abs().mean()
    return found | {"pattern_back_from_true_b": kept(game, b, b, seen), "cycle_error_a": float(error)}


def kept(game: CycleGAN, middle: Tensor, ink: Tensor, seen: Tensor) -> float:
    return float((pattern_of(game.translate(middle, to="a"), ink) == seen).double().mean())


@functools.cache
def domains() -> DomainClassifier:
    """The domain classifier, from 10,000 training images."""
    learn = two_domains(load_images("mnist").take(10_000), "stripes", seed=SEED + 1)
    return domain_classifier(learn.a, learn.b)


make_weights.RECIPES["mnist-cyclegan"] = Unpaired(2, batch_size=16, images=48_000)


def look(name: str, out: Path) -> None:
    """Print the scores of what training keeps now and then."""
    game, _, meta = load_checkpoint(out / f"{name}.safetensors")
    print(meta["notes"]["step"], scores(pretrained.averaged(game), 1_000))


def ship(name: str, out: Path) -> None:
    """Write weights and card as make_weights does, without the translations that D remembers: they show training images."""
    for step in make_weights.looks(name):
        path = out / f"{name}-{step}.safetensors"
        game, _, _ = load_checkpoint(path)
        game.D = TwoJudges(game.D.a, game.D.b, memory=0)
        save_checkpoint(path, game)
    make_weights.ship(name, out)
    card = pretrained.card(name) | {"command": f"python benchmarks/make_unpaired.py train {name}",
                                    "translates": "striped digits (a) to plain ones (b), and back"}
    write_whole(pretrained.FOLDER / f"{name}.json", (json.dumps(card, indent=2) + "\n").encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["train", "look", "ship"])
    parser.add_argument("name", choices=["mnist-cyclegan"])
    parser.add_argument("--out", type=Path, default=Path("runs"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    {"train": make_weights.run, "look": look, "ship": ship}[arguments.stage](arguments.name, arguments.out)


if __name__ == "__main__":
    main()
