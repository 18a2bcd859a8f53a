"""Image sets held whole in memory, and seeded minibatches of them. Knows no network or game; the bytes come from
`download`, so nothing here opens a connection, and no worker process is started because the sets fit in memory.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gan_edu.errors import whole
from gan_edu.idx import parse_idx
from gan_edu.rng import generator


def scale(images: Tensor) -> Tensor:
    """Return uint8 images as float32 in [-1, 1]: 0 becomes -1 and 255 becomes 1, exactly; the shape stays.

    x / 127.5 - 1, written as (x - 127.5) / 127.5, which rounds once instead of twice.
    """
    if images.dtype != torch.uint8:
        raise ValueError(f"scale takes uint8 images (0 to 255), got {images.dtype}; floats are already scaled")
    return images.to(torch.float32).sub_(127.5).div_(127.5)


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Hold images and their labels as two tensors on one device.

    images: uint8 (N, C, H, W); labels: int64 (N,); name: which set this is, such as "mnist". Raises ValueError if
    the tensors are anything else. A slice is an ImageSet too and shares the memory: `images[:50_000]`.
    """

    images: Tensor
    labels: Tensor
    name: str

    def __post_init__(self) -> None:
        x, y = self.images, self.labels
        if x.dtype != torch.uint8 or x.ndim != 4:
            raise ValueError(f"images must be uint8 (N, C, H, W), got {x.dtype} {tuple(x.shape)}")
        if y.dtype != torch.int64 or y.shape != x.shape[:1]:
            raise ValueError(f"labels must be int64 ({len(x)},), one for each image, got {y.dtype} {tuple(y.shape)}")

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        size = " x ".join(map(str, self.shape))
        return f"ImageSet({self.name!r}, {len(self):,} images of {size}, on {self.images.device})"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the shape of one image: (C, H, W)."""
        return tuple(self.images.shape[1:])

    def __getitem__(self, which: slice | Tensor) -> "ImageSet":
        """Return the images that a slice, an index tensor or a boolean mask picks, with their labels."""
        if isinstance(which, int):
            raise TypeError(f"got the number {which}; take one image as data.images[{which}], several as data[a:b]")
        return ImageSet(self.images[which], self.labels[which], self.name)

    def take(self, n: int) -> "ImageSet":
        """Return the first `n` images; raises ValueError if there are fewer."""
        if whole("n", n) > len(self):
            raise ValueError(f"n must be at most {len(self):,}, the number of images, got {n:,}")
        return self[:n]

    def split(self, n: int) -> tuple["ImageSet", "ImageSet"]:
        """Return the first `n` images and the others, as for training and validation: `split(50_000)`."""
        return self.take(n), self[n:]

    def of(self, *labels: int) -> "ImageSet":
        """Return the images with one of these labels, in their order: `images.of(3, 8)`."""
        wanted = torch.tensor([whole("label", label, 0) for label in labels], device=self.labels.device)
        return self[torch.isin(self.labels, wanted)]

    def to(self, device: torch.device | str) -> "ImageSet":
        """Return the same images on another device; itself if they are there already."""
        if self.images.device == torch.device(device):
            return self
        return ImageSet(self.images.to(device), self.labels.to(device), self.name)

    def per_epoch(self, batch_size: int) -> int:
        """Return how many minibatches one pass over the data has; the last short one is dropped."""
        count = len(self) // whole("batch_size", batch_size)
        if not count:
            raise ValueError(f"batch_size must be at most {len(self):,}, the number of images, got {batch_size:,}")
        return count

    def batches(self, batch_size: int, *, seed: int, start: int = 0, labels: bool = False) -> Iterator:
        """Return an endless iterator of float32 minibatches (batch_size, C, H, W) in [-1, 1].

        Every epoch runs through a permutation made from (seed, epoch) alone, the same on each device. What is left
        over at the end of an epoch is dropped: batch normalisation cannot use a batch of one. start: the minibatch
        to begin with, counted over epochs, as a resumed run needs. labels: True gives pairs (x, y), y int64 (n,).
        """
        first, per_epoch = whole("start", start, 0), self.per_epoch(batch_size)
        generator(seed)  # a bad seed is told here, not at the first minibatch
        return self._walk(batch_size, per_epoch, seed, first, labels)

    def _walk(self, size: int, per_epoch: int, seed: int, first: int, labels: bool) -> Iterator:
        epoch, begin = divmod(first, per_epoch)
        while True:
            order = torch.randperm(len(self), generator=generator(seed, epoch)).to(self.images.device)
            for i in range(begin, per_epoch):
                picked = order[i * size:(i + 1) * size]
                x = scale(torch.index_select(self.images, 0, picked))
                yield (x, self.labels[picked]) if labels else x
            epoch, begin = epoch + 1, 0


def load_images(name: str = "mnist", *, split: str = "train", root: str | Path | None = None,
                download: bool = True) -> ImageSet:
    """Return an image set by name (first version: MNIST from the data folder)."""
    folder = Path(root or os.environ["GAN_EDU_DATA"]) / "MNIST" / "raw"
    stem = {"train": "train", "test": "t10k"}[split]
    images = parse_idx((folder / f"{stem}-images-idx3-ubyte").read_bytes(), "images", 3)
    labels = parse_idx((folder / f"{stem}-labels-idx1-ubyte").read_bytes(), "labels", 1)
    return ImageSet(torch.tensor(images).unsqueeze(1), torch.tensor(labels).long(), "mnist")
