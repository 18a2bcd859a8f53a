"""CycleExplorer: from A to B and back, and what the B on the way carries that no eye sees. Here are the pictures, the counts
and the static twin; the drawing is cycle.js, and needs no network: every way back was computed here.
"""

from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor

from gan_edu import plots, pretrained
from gan_edu.data import ImageSet, load_images, scale
from gan_edu.data_unpaired import PATTERNS, in_domain, pattern_of
from gan_edu.errors import whole
from gan_edu.games_unpaired import CycleGAN
from gan_edu.rng import generator
from gan_edu.widgets.base import Explorer

LEVELS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)    # standard deviations; pixels lie in [-1, 1]
SHOWN, COUNTED = 8, 200


class CycleExplorer(Explorer, js=["cycle.js"], css=["cycle.css"]):
    """Take striped digits to plain ones and back, with noise on the way, beside the same from the true plain digit.

    game: a name from `pretrained.available()`, or a CycleGAN of striped (a) and plain (b) images (1, 28, 28). images: plain
    digits that it was not trained on, an ImageSet; None takes the test set of the embedded digits. The first 8 are shown,
    the first 200 counted. seed: draws stripes and noise. image: which of those shown, from 0. at: which of `levels`, the
    sizes of the noise. hidden: whether the panel of what B has more than the true digit shows it at 8 times its size or at 1.
    Raises ValueError for another game, other images, or fewer than 8; TraitError outside the ranges.
    """

    levels = traitlets.Tuple(LEVELS).tag(sync=True)
    image = traitlets.Int(0, min=0, max=SHOWN - 1).tag(sync=True)
    at = traitlets.Int(0, min=0, max=len(LEVELS) - 1).tag(sync=True)
    hidden = traitlets.Enum((1, 8), default_value=8).tag(sync=True)
    pictures = traitlets.Bytes().tag(sync=True)         #: uint8: a, b, true b; then for each level both ways back
    noise = traitlets.Bytes().tag(sync=True)            #: float32 (8, 28, 28), of size 1
    shares = traitlets.Dict().tag(sync=True)            #: "carried", "true": shares of patterns that come back, by level
    found = traitlets.List().tag(sync=True)             #: for each level, way and image shown: is its pattern back?
    counted = traitlets.Int().tag(sync=True)

    def __init__(self, game: str | CycleGAN = "mnist-cyclegan", images: ImageSet | None = None, *, seed: int = 0,
                 **state: Any) -> None:
        self.game = pretrained.load(game) if isinstance(game, str) else game
        plain = _plain_digits(self.game, images)
        self.a, self.true_b = (scale(in_domain(plain, domain, seed=whole("seed", seed, 0))) for domain in ("striped", "plain"))
        self.b = self.game.translate(self.a, to="b").cpu()
        self.eps = torch.randn(self.b.shape, generator=generator(seed, 1))
        self.ways = [[self.back(middle, level) for middle in (self.b, self.true_b)] for level in LEVELS]
        right = np.array([[self._right(way) for way in both] for both in self.ways])          # (levels, 2, images)
        strips = [self.a, self.b, self.true_b, *(way for both in self.ways for way in both)]
        super().__init__(pictures=b"".join(_bytes(strip[:SHOWN]) for strip in strips), counted=len(plain),
                         noise=self.eps[:SHOWN].numpy().astype("<f4").tobytes(), found=right[:, :, :SHOWN].tolist(),
                         shares={name: right[:, i].mean(1).tolist() for i, name in enumerate(("carried", "true"))}, **state)

    def back(self, middle: Tensor, level: float) -> Tensor:
        """Return what comes back to a from images of b, (n, 1, 28, 28), with noise of this size on them."""
        return self.game.translate((middle + level * self.eps).clamp(-1, 1), to="a").cpu()

    def _right(self, way: Tensor) -> np.ndarray:
        return (pattern_of(way, self.true_b) == pattern_of(self.a, self.true_b)).numpy()

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure: the size of the noise; for the way back from G's b ("carried") and from the true

        b ("true") the mean difference from a in this image, of the 0 to 1 of the ink, and the share of all images whose
        stripes come back in the right one of eight patterns.
        """
        i, found = self.image, {"noise": LEVELS[self.at]}
        for name, way in zip(("carried", "true"), self.ways[self.at]):
            error = (_round(way[i]) - _round(self.a[i])).abs().mean() / 255
            found |= {f"error {name}": float(error), f"share {name}": self.shares[name][self.at]}
        return found

    def figure(self) -> Any:
        """Return the static twin: one image's way there and back at three sizes of noise, and the shares at all of them."""
        i, rows = self.image, []
        for level in (0, 3, 8):
            noisy = [(x[i] + LEVELS[level] * self.eps[i]).clamp(-1, 1) for x in (self.b, self.true_b)]
            rows += [self.a[i], noisy[0], self.ways[level][0][i], noisy[1], self.ways[level][1][i]]
        fig, (left, right) = plots.figure(9.6, 3.4, columns=2)
        left.imshow(plots.tile(torch.stack(rows), columns=5), cmap="gray", vmin=-1, vmax=1)
        left.grid(False)
        left.spines[:].set_visible(False)
        left.set_xticks([14 + 30 * k for k in range(5)], ["A", "B = G(A)", "F(B)", "true B", "F(true B)"], fontsize=9)
        left.set_yticks([14 + 30 * k for k in range(3)], [f"noise {LEVELS[k]:g}" for k in (0, 3, 8)], fontsize=9)
        names = {"from B = G(A)": self.shares["carried"], "from the true B": self.shares["true"]}
        plots.curves(np.array(LEVELS), names, xlabel="noise on B, standard deviation", ylabel="patterns that come back",
                     ax=right, colors={"from B = G(A)": "generated", "from the true B": "data"})
        right.axhline(1 / PATTERNS, color=plots.INK, linewidth=1, linestyle=":")
        right.set(ylim=(0, 1.04))
        return fig

    def describe(self) -> str:
        """Return the figure in words."""
        r, quiet = self.readouts(), {name: shares[0] for name, shares in self.shares.items()}
        return (f"Striped digits to plain ones and back. Without noise the pattern of the stripes comes back for "
                f"{quiet['carried']:.0%} of {self.counted} digits from the translated B, and for {quiet['true']:.0%} "
                f"from the true plain digit; with noise of {r['noise']:g} for {r['share carried']:.0%} and "
                f"{r['share true']:.0%}. Guessing gives {1 / PATTERNS:.1%}.")

    def __repr__(self) -> str:
        return f"CycleExplorer(image={self.image}, noise={LEVELS[self.at]:g}, {self.counted} digits)"


def _plain_digits(game: Any, images: ImageSet | None) -> Tensor:
    """The images to count, uint8, at most COUNTED."""
    if not isinstance(game, CycleGAN) or tuple(game.G.shape) != (1, 28, 28):
        raise ValueError(f"game must be a CycleGAN of images (1, 28, 28) or the name of one, got {type(game).__name__}")
    images = load_images("digits", split="test") if images is None else images
    if not isinstance(images, ImageSet) or images.shape != (1, 28, 28) or len(images) < SHOWN:
        raise ValueError(f"images must be an ImageSet of at least {SHOWN} plain digits of 1 x 28 x 28, got {images!r}")
    return images.images[:COUNTED]


def _round(images: Tensor) -> Tensor:
    """Images as the page has them, 0 to 255."""
    return ((images + 1) * 127.5).round().clamp(0, 255)


def _bytes(images: Tensor) -> bytes:
    return _round(images).to(torch.uint8).numpy().tobytes()
