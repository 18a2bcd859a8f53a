"""Two domains of digits that share no image, for translation without pairs: striped and plain, thin and thick, upright and
slanted. Every transform is a function of the image, and of a seed where it says so. No network and no game is known here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, max_pool2d, pad

from gan_edu.data import ImageSet
from gan_edu.errors import whole
from gan_edu.rng import generator

PAIRS = {"stripes": ("striped", "plain"), "thickness": ("thin", "thick"), "slant": ("upright", "slanted")}
PATTERNS = 8              # stripes: two directions, four places in the period
PERIOD, GAP = 4, 0.5      # pixels; the share of the ink that stays between two stripes
SHEAR = 0.5               # columns to the right for each row upwards, in "slanted"
_PATTERN_PLACE, _B_PLACE = 2**32 - 1, 2**32 - 2      # places of the seed that no epoch reaches


@dataclass(frozen=True, eq=False, repr=False)
class UnpairedSet:
    """Hold two image sets, a and b, of one shape, whose minibatches come in pairs (x_a, x_b) of unrelated images.

    name: what a checkpoint remembers of the data. Raises ValueError for sets of different shapes.
    """

    a: ImageSet
    b: ImageSet
    name: str

    def __post_init__(self) -> None:
        if self.a.shape != self.b.shape:
            raise ValueError(f"a and b must hold images of one shape, got {self.a.shape} and {self.b.shape}; resize one")

    def __len__(self) -> int:
        return len(self.a) + len(self.b)

    def __repr__(self) -> str:
        return f"UnpairedSet({self.name!r}, a: {len(self.a):,} images, b: {len(self.b):,} images of {self.shape})"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the shape of one image: (C, H, W)."""
        return self.a.shape

    def per_epoch(self, batch_size: int) -> int:
        """Return how many minibatches one pass over the smaller set has."""
        return min(self.a.per_epoch(batch_size), self.b.per_epoch(batch_size))

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Return an endless iterator of pairs (x_a, x_b), float32 (batch_size, C, H, W) in [-1, 1] each.

        Both sets are shuffled by themselves, epoch after epoch, so who stands beside whom is chance and changes. start:
        the minibatch to begin with; minibatch i depends on (seed, i) alone.
        """
        other = int(torch.randint(2**32, (1,), generator=generator(seed, _B_PLACE)))
        return zip(self.a.batches(batch_size, seed=seed, start=start), self.b.batches(batch_size, seed=other, start=start))


def two_domains(images: ImageSet, pair: str = "stripes", *, seed: int = 0) -> UnpairedSet:
    """Return domain a of every second image, from the first, and domain b of the others: no image is in both.

    pair: a name in `PAIRS`. seed: draws each image's pattern in "striped"; the others draw nothing. Labels stay with
    their images, for measuring; a game never sees them. Raises ValueError for an unknown pair.
    """
    if pair not in PAIRS:
        raise ValueError(f"pair must be one of {', '.join(PAIRS)}, got {pair!r}")
    a, b = (ImageSet(in_domain(half.images, domain, seed=seed), half.labels, f"{images.name}, {domain}")
            for half, domain in zip((images[::2], images[1::2]), PAIRS[pair]))
    return UnpairedSet(a, b, f"{images.name}, {pair}")


def in_domain(images: Tensor, domain: str, *, seed: int = 0) -> Tensor:
    """Return images as they look in a domain; uint8 (N, C, H, W) to the same.

    plain, and nothing else: the image itself. striped: between diagonal stripes, 2 of every 4 pixels wide, half of the ink
    is taken away; each image has one of eight patterns, `stripe_patterns(N, seed=seed)`. thin: the darkest of 2 x 2
    pixels. thick: the brightest of 3 x 3. upright: sheared until rows and columns of the ink are uncorrelated.
    slanted: upright, then sheared by half a column for each row. Raises ValueError for other arrays and unknown domains.
    """
    if images.dtype != torch.uint8 or images.ndim != 4:
        raise ValueError(f"images must be uint8 (N, C, H, W), got {images.dtype} {tuple(images.shape)}")
    if domain not in _DOMAINS:
        raise ValueError(f"domain must be one of {', '.join(_DOMAINS)}, got {domain!r}")
    return _DOMAINS[domain](images, seed)


def stripe_patterns(n: int, *, seed: int = 0) -> Tensor:
    """Return which of the eight patterns each of n images gets, int64 (n,), each alike often: `seed` decides."""
    return torch.randint(PATTERNS, (whole("n", n),), generator=generator(seed, _PATTERN_PLACE))


def stripes(height: int = 28, width: int = 28) -> Tensor:
    """Return the eight patterns as shares of the ink that stay, float32 (8, height, width), 1 or 1/2.

    Patterns 0 to 3 fall to the left as they go down, 4 to 7 to the right; the four differ in where a stripe begins.
    """
    row, column = torch.arange(height)[:, None], torch.arange(width)[None]
    lines = torch.stack([row + sign * column + start for sign in (1, -1) for start in range(PERIOD)])
    return torch.where(lines % PERIOD < PERIOD // 2, 1.0, GAP)


def pattern_of(images: Tensor, ink: Tensor) -> Tensor:
    """Return which of the eight patterns is nearest to what the images show of the ink, int64 (n,).

    images: float (n, 1, H, W) in [-1, 1], striped in some way. ink: the same digits without stripes, alike in form.
    Nearest is meant as the least sum of squared differences from ink times pattern.
    """
    seen, plain = ((x.float() + 1) / 2 for x in (images, ink))
    wanted = plain * stripes(*images.shape[-2:]).to(plain)           # (n, 1, H, W) and (8, H, W) give (n, 8, H, W)
    return (seen - wanted).square().sum((2, 3)).argmin(1)


def _striped(images: Tensor, seed: int) -> Tensor:
    masks = stripes(*images.shape[-2:])[stripe_patterns(len(images), seed=seed)].to(images.device)
    return (images.float() * masks[:, None]).round().to(torch.uint8)


def _thin(images: Tensor, _: int) -> Tensor:
    dark = 255 - pad(images, (0, 1, 0, 1)).float()
    return (255 - max_pool2d(dark, 2, stride=1)).to(torch.uint8)


def _thick(images: Tensor, _: int) -> Tensor:
    return max_pool2d(images.float(), 3, stride=1, padding=1).to(torch.uint8)


def _sheared(images: Tensor, amount: Tensor) -> Tensor:
    """Move each row by amount columns for every row that it lies above the ink's middle; amount (N,) in columns a row."""
    x = images.float()
    rows = torch.arange(x.shape[2], dtype=torch.float32)
    middle = (x.sum((1, 3)) * rows).sum(1) / x.sum((1, 2, 3)).clamp_min(1)
    theta = torch.zeros(len(x), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = 1
    # affine_grid counts from -1 to 1, both rows and columns
    theta[:, 0, 1] = amount * x.shape[2] / x.shape[3]
    theta[:, 0, 2] = -amount * (2 * middle + 1 - x.shape[2]) / x.shape[3]
    moved = grid_sample(x, affine_grid(theta, list(x.shape), align_corners=False), align_corners=False)
    return moved.round().clamp(0, 255).to(torch.uint8)


def _slope(images: Tensor) -> Tensor:
    """How many columns to the right the ink leans for each row upwards: minus the covariance over the rows' variance."""
    ink = images.float().sum(1)
    total = ink.sum((1, 2)).clamp_min(1)
    rows, columns = torch.arange(ink.shape[1]).float(), torch.arange(ink.shape[2]).float()
    r = rows[None] - (ink.sum(2) @ rows / total)[:, None]
    c = columns[None] - (ink.sum(1) @ columns / total)[:, None]
    return -torch.einsum("nrc,nr,nc->n", ink, r, c) / torch.einsum("nrc,nr->n", ink, r * r).clamp_min(1e-6)


def _upright(images: Tensor, _: int) -> Tensor:
    return _sheared(images, -_slope(images))


def _slanted(images: Tensor, _: int) -> Tensor:
    return _sheared(images, SHEAR - _slope(images))


_DOMAINS = {"plain": lambda images, _: images, "striped": _striped, "thin": _thin, "thick": _thick,
            "upright": _upright, "slanted": _slanted}
