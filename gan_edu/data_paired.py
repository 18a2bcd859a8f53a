"""Paired views of an image set: each image beside an input that was made from it by a fixed rule. Nothing is drawn by
chance, so a pair is the same on every machine. Knows no network and no game; unpaired views stand in data_unpaired.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

from gan_edu.data import ImageSet, scale
from gan_edu.errors import whole

INK = 64                                   # of 255: a 2 x 2 block whose mean is above this holds ink
UNKNOWN = 128                              # grey, which no rule of ours paints anywhere else


def edges(images: Tensor) -> Tensor:
    """Return the outlines of the strokes: uint8 (n, 1, H, W) to uint8 (n, 1, H, W), 255 on the outline and 0 elsewhere.

    On a grid of 2 x 2 pixels: a cell holds ink when its mean is above `INK`; the outline is every cell without ink that
    has ink above, below, left or right of it. Where in the cell the stroke ended, and how bright it was, is lost.
    """
    ink = (avg_pool2d(_one_channel(images).float(), 2) > INK).float()
    beside = torch.maximum(max_pool2d(ink, (3, 1), 1, (1, 0)), max_pool2d(ink, (1, 3), 1, (0, 1)))
    outline = (beside - ink) * 255                                                # beside >= ink everywhere
    return outline.to(torch.uint8).repeat_interleave(2, 2).repeat_interleave(2, 3)


def quarter(images: Tensor) -> Tensor:
    """Return the upper left quarter of each image, the rest painted `UNKNOWN`: uint8 (n, C, H, W) to the same."""
    kept = torch.full_like(images, UNKNOWN)
    h, w = images.shape[2] // 2, images.shape[3] // 2
    kept[:, :, :h, :w] = images[:, :, :h, :w]
    return kept


def shrink(images: Tensor, factor: int = 4) -> Tensor:
    """Return the means of blocks of factor x factor pixels, rounded: uint8 (n, C, H, W) to (n, C, H / factor, W / factor).

    Raises ValueError where factor does not divide both sides.
    """
    if images.shape[2] % whole("factor", factor) or images.shape[3] % factor:
        raise ValueError(f"factor must divide both sides of {tuple(images.shape[2:])}, got {factor}")
    return avg_pool2d(images.float(), factor).round().to(torch.uint8)


VIEWS: dict[str, Callable[[Tensor], Tensor]] = {"edges": edges, "quarter": quarter, "small": shrink}


def enlarge(images: Tensor, factor: int = 4, *, mode: str = "bicubic") -> Tensor:
    """Return small images (n, C, h, w) in [-1, 1] enlarged without learning, (n, C, factor h, factor w), cut to [-1, 1].

    mode: "nearest", "bilinear" or "bicubic" (Keys 1981, with a = -0.75), pixel centres aligned as in `shrink`.
    """
    if mode not in ("nearest", "bilinear", "bicubic"):
        raise ValueError(f"mode must be nearest, bilinear or bicubic, got {mode!r}")
    aligned = {} if mode == "nearest" else {"align_corners": False}
    return interpolate(images, scale_factor=float(whole("factor", factor)), mode=mode, **aligned).clamp(-1, 1)


@dataclass(frozen=True, eq=False, repr=False)
class PairedImages:
    """Hold pairs: images, an ImageSet of targets x, and inputs y, uint8 (N, C, h, w), one for each of them.

    `batches` gives pairs (x, y), the target first, as games that are told something expect them. Raises ValueError where
    the two do not fit. A slice is a PairedImages too.
    """

    images: ImageSet
    inputs: Tensor
    name: str

    def __post_init__(self) -> None:
        y = self.inputs
        if y.dtype != torch.uint8 or y.ndim != 4 or len(y) != len(self.images):
            raise ValueError(f"inputs must be uint8 ({len(self.images)}, C, h, w), one for each image, got {y.dtype} "
                             f"{tuple(y.shape)}")

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        sizes = (" x ".join(map(str, shape)) for shape in (self.inputs.shape[1:], self.images.shape))
        return f"PairedImages({self.name!r}, {len(self):,} pairs, {' to '.join(sizes)}, on {self.inputs.device})"

    @property
    def labels(self) -> Tensor:
        """Return which digit each pair shows, int64 (N,)."""
        return self.images.labels

    @property
    def x(self) -> Tensor:
        """Return all targets, float32 (N, C, H, W) in [-1, 1]."""
        return scale(self.images.images)

    @property
    def y(self) -> Tensor:
        """Return all inputs, float32 (N, C, h, w) in [-1, 1]."""
        return scale(self.inputs)

    def __getitem__(self, which: slice | Tensor) -> "PairedImages":
        """Return the pairs that a slice, an index tensor or a boolean mask picks."""
        return PairedImages(self.images[which], self.inputs[which], self.name)

    def take(self, n: int) -> "PairedImages":
        """Return the first `n` pairs; raises ValueError if there are fewer."""
        return PairedImages(self.images.take(n), self.inputs[:n], self.name)

    def to(self, device: torch.device | str) -> "PairedImages":
        """Return the same pairs on another device."""
        return PairedImages(self.images.to(device), self.inputs.to(device), self.name)

    def per_epoch(self, batch_size: int) -> int:
        """Return how many minibatches one pass over the pairs has; the last short one is dropped."""
        return self.images.per_epoch(batch_size)

    def batches(self, batch_size: int, *, seed: int, start: int = 0, labels: bool = True) -> Iterator:
        """Return an endless iterator of pairs (x, y) in [-1, 1], in the order of `ImageSet.batches`.

        labels: False gives the targets x alone, for a game that is told nothing.
        """
        places = torch.arange(len(self), device=self.images.images.device)
        numbered = ImageSet(self.images.images, places, self.name)            # its "labels" say which images were drawn
        stream = numbered.batches(batch_size, seed=seed, start=start, labels=True)
        return ((x, scale(self.inputs[i])) if labels else x for x, i in stream)


def paired(images: ImageSet, view: str) -> PairedImages:
    """Return the images, each beside its view: "edges", "quarter" or "small". Raises ValueError for another name.

    The labels stay, so that one can ask whether a translation shows the digit that its input was made from.
    """
    if view not in VIEWS:
        raise ValueError(f"view must be one of {', '.join(VIEWS)}, got {view!r}")
    return PairedImages(images, VIEWS[view](images.images), f"{images.name} {view}")


def _one_channel(images: Tensor) -> Tensor:
    if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] != 1 or images.shape[2] % 2 or images.shape[3] % 2:
        raise ValueError(f"edges takes uint8 images (n, 1, H, W) with even sides, got {images.dtype} {tuple(images.shape)}")
    return images
