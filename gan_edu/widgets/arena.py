"""Arena: the reader judges images, real or forged, beside the discriminator, on the same images.

Here are its state, the reference score and the static twin; the drawing is arena.js.
"""

import math
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor
from torch.nn import functional

from gan_edu import plots
from gan_edu.errors import whole
from gan_edu.games import Game
from gan_edu.widgets.base import Explorer

Z95 = 1.959963984540054  # of a standard normal, 95 % lie within this many standard deviations
ON_PAPER = 20            # images in the static twin


def wilson_interval(right: int, n: int, *, z: float = Z95) -> tuple[float, float]:
    """Return the Wilson score interval (low, high) for a share of `right` out of `n`, within [0, 1].

    z: half-width in standard deviations; 1.96 gives 95 %. n = 0 gives (0, 1): nothing is known. Raises ValueError
    unless 0 <= right <= n. Unlike right/n +- z s, it is honest for few trials and never leaves [0, 1].
    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference (1927).
    """
    if whole("right", right, 0) > whole("n", n, 0):
        raise ValueError(f"right must be at most n = {n}, got {right}")
    if n == 0:
        return 0.0, 1.0
    share, shrink = right / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


class Arena(Explorer, js=["arena.js"], css=["arena.css"]):
    """Ask the reader of one image after the other whether it is real or forged, and keep both scores.

    game: a name from `pretrained.available()` or a GAN with G and D. real: the real images, an ImageSet or uint8
    (N, C, H, W), of the shape that G makes. n: how many images there are to judge; each is real or forged by a fair
    coin. seed: of coin, draw and noise. Forged images are rounded to the 256 grey levels that real ones have, and
    where the real ones are the embedded digits, which were 8 x 8 once, forged ones go through 8 x 8 too: neither
    rounding nor sharpness gives anything away. Raises ValueError for images of another shape or fewer than n of them.
    """

    pixels = traitlets.Bytes(b"").tag(sync=True)
    shape = traitlets.List(traitlets.Int()).tag(sync=True)
    truth = traitlets.List(traitlets.Bool()).tag(sync=True)            #: True where an image is real
    verdicts = traitlets.List(traitlets.Float()).tag(sync=True)        #: what D says of each image, a probability
    answers = traitlets.List(traitlets.Bool()).tag(sync=True)          #: the reader's so far; True says "real"
    source = traitlets.Unicode("").tag(sync=True)

    def __init__(self, game: str | Game = "mnist-mlp", real: Any = None, *, n: int = 200, seed: int = 0) -> None:
        game, images = _game(game), _real_images(real)
        rng = torch.Generator().manual_seed(whole("seed", seed, 0))
        truth = torch.rand(whole("n", n), generator=rng) < 0.5
        forged = _to_uint8(game.sample(n, generator=rng))
        if images.shape[1:] != forged.shape[1:] or len(images) < n:
            raise ValueError(f"real must hold at least {n} images of shape {tuple(forged.shape[1:])} like G's, "
                             f"got {len(images)} of {tuple(images.shape[1:])}")
        forged = _as_embedded(forged) if getattr(real, "name", "") == "digits" else forged
        chosen = images[torch.randperm(len(images), generator=rng)[:n]]
        self.images = torch.where(truth.view(-1, 1, 1, 1), chosen, forged)
        verdicts = game.judge(self.images.float() / 127.5 - 1)
        super().__init__(pixels=self.images.numpy().tobytes(), shape=list(self.images.shape[1:]), truth=truth.tolist(),
                         verdicts=verdicts.double().tolist(), source=getattr(real, "name", "images of your own"))

    @traitlets.validate("answers")
    def _not_more_than_images(self, proposal: dict) -> list[bool]:
        if len(proposal["value"]) > len(self.truth):
            raise ValueError(f"there are {len(self.truth)} images, got {len(proposal['value'])} answers")
        return proposal["value"]

    def score(self) -> dict[str, float]:
        """Return the score so far: n, you and D (right answers), and of each the interval you_low, you_high, ...

        proved: what both together say about the total variation of real and forged images: the best of all judges is
        right with 1/2 + TV/2, so TV >= 2 share - 1 for the share of any judge; here with the larger lower end.
        """
        n = len(self.answers)
        you = sum(a == t for a, t in zip(self.answers, self.truth))
        D = sum((v > 0.5) == t for v, t in zip(self.verdicts[:n], self.truth))
        (low, high), (D_low, D_high) = wilson_interval(you, n), wilson_interval(D, n)
        return {"n": n, "you": you, "you_low": low, "you_high": high, "D": D, "D_low": D_low, "D_high": D_high,
                "proved": max(0.0, 2 * max(low, D_low) - 1)}

    def key(self, n: int = ON_PAPER) -> list[int]:
        """Return the numbers of the forged among the first n images, counted from 1: the answers on paper."""
        return [i + 1 for i, real in enumerate(self.truth[:whole("n", n)]) if not real]

    def figure(self) -> Any:
        """Return the static twin: the first images, numbered, for readers who judge on paper."""
        shown = self.images[:ON_PAPER]
        rows = -(-len(shown) // 10)
        labels = [f"{10 * i + 1} to {min(10 * i + 10, len(shown))}" for i in range(rows)]
        return plots.image_grid(shown, columns=10, row_labels=labels, title="Real or forged?").figure

    def describe(self) -> str:
        """Return the figure in words."""
        return f"{min(ON_PAPER, len(self.truth))} small pictures of handwritten digits; some are real, some are forged."

    def __repr__(self) -> str:
        return f"Arena({len(self.truth)} images to judge)"


def _game(game: str | Game) -> Game:
    if isinstance(game, str):
        from gan_edu import pretrained
        return pretrained.load(game)
    if not hasattr(game, "judge"):
        raise ValueError(f"game must be a name from pretrained.available() or a GAN, got {type(game).__name__}")
    return game


def _real_images(real: Any) -> Tensor:
    images = torch.as_tensor(np.asarray(getattr(real, "images", real))) if real is not None else None
    if images is None or images.dtype != torch.uint8 or images.ndim != 4:
        raise ValueError("real must be an ImageSet or uint8 images (N, C, H, W); data.load_images(\"auto\") gives some")
    return images


def _to_uint8(x: Tensor) -> Tensor:
    """Return images in [-1, 1] as 0 to 255, rounded to the nearest level: the inverse of `data.scale`."""
    return ((x.cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def _as_embedded(x: Tensor) -> Tensor:
    """Return uint8 images (n, 1, 28, 28) as if they had been among the embedded digits: 8 x 8, 17 levels, enlarged."""
    small = functional.interpolate(x[:, :, 4:24, 4:24].float(), size=(8, 8), mode="area")
    levels = (small * (16 / 255)).round() * (255 / 16)
    large = functional.interpolate(levels, size=(20, 20), mode="bicubic", align_corners=False)
    return functional.pad(large.round().clamp(0, 255), (4, 4, 4, 4)).to(torch.uint8)
