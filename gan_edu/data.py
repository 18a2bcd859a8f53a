"""Image sets held whole in memory, and seeded minibatches of them. Knows no network or game; the bytes come from
`download`, so nothing here opens a connection, and no worker process is started because the sets fit in memory.
"""

import difflib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gan_edu.download import SOURCES, read_member
from gan_edu.errors import DataError, whole
from gan_edu.files import cache_folder
from gan_edu.idx import parse_idx
from gan_edu.rng import generator

NAMES = ("mnist", "fashion", "digits", "auto")
SPLITS = ("train", "test")
_without_mnist: set[Path] = set()  # folders for which "auto" has asked the mirrors in vain: waiting once is enough


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
        generator(seed, 0)  # a bad seed is told here, not at the first minibatch
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
    """Return an image set by name: "mnist", "fashion", "digits" or "auto".

    MNIST and Fashion-MNIST have 60,000 images for training and 10,000 for test (`split`), 1 x 28 x 28, verified by
    SHA-256 on every load. "digits" are scikit-learn's 1,797, which need no file. "auto" is MNIST where it is on this
    machine or can be fetched, else the digits, and then says so; `ImageSet.name` tells which.

    root: the data folder; None means $GAN_EDU_DATA, else `cache_folder()`. Files lie in <root>/MNIST/raw and
    <root>/FashionMNIST/raw as torchvision lays them out. download: fetch what is missing or damaged. Raises
    ValueError for an unknown name or split, DataError for files that are missing, damaged or cannot be fetched.
    """
    _require("name", name, NAMES)
    _require("split", split, SPLITS)
    if name == "digits":
        return _digits(split)
    if name == "auto":
        return _auto(split, data_root(root), download)
    return _load(name, split, data_root(root), download)


def fetch_images(name: str, *, root: str | Path | None = None) -> Path:
    """Bring all files of "mnist" or "fashion" onto this machine, verified, and return the folder they are in."""
    _require("name", name, tuple(SOURCES))
    for images, labels in SOURCES[name].members.values():
        read_member(SOURCES[name], images, data_root(root))
        read_member(SOURCES[name], labels, data_root(root))
    return data_root(root) / SOURCES[name].folder / "raw"


def load_idx(images: str | Path, labels: str | Path, *, name: str) -> ImageSet:
    """Return an image set from two unpacked IDX files of your own: uint8 images (N, H, W) and labels 0 to 9 (N,).

    Nothing is verified beyond the format. Raises DataError if a file cannot be read or the two do not fit together.
    """
    try:
        return _assemble(Path(images).read_bytes(), Path(labels).read_bytes(), name)
    except OSError as error:
        raise DataError(f"cannot read {error.filename} ({error.strerror}); give the path of an IDX file") from error


def data_root(root: str | Path | None = None) -> Path:
    """Return the data folder: `root`, else $GAN_EDU_DATA, else the user's cache folder."""
    return Path(root or os.environ.get("GAN_EDU_DATA") or cache_folder()).expanduser()


def require_images(x: Tensor, shape: tuple[int, int, int]) -> None:
    """Raise ValueError unless `x` is a float32 batch (n, *shape) in [-1, 1], what a generator with tanh makes.

    Values that never go below 0 are refused too: such a batch is one in [0, 1] that was not scaled. Reading the
    range waits for the device, so call this on the first batch only.
    """
    wanted = "(n, " + ", ".join(map(str, shape)) + ") float32"
    if x.dtype != torch.float32 or x.ndim != 4 or tuple(x.shape[1:]) != tuple(shape) or not len(x):
        got = f"{tuple(x.shape)} {str(x.dtype).removeprefix('torch.')}"
        raise ValueError(f"images must be {wanted}, got {got}; use data.scale(...) on uint8 images of that shape")
    low, high = (float(value) for value in torch.aminmax(x))
    if not (-1 <= low < 0 and high <= 1):
        raise ValueError(f"images must lie in [-1, 1], got [{low:g}, {high:g}]; use data.scale(...) on the uint8 "
                         "images (0 becomes -1, 255 becomes 1)")


def _assemble(images: bytes, labels: bytes, name: str) -> ImageSet:
    """Return the image set in two IDX files; raises DataError if they do not belong together."""
    x, y = parse_idx(images, f"the image file of {name}", 3), parse_idx(labels, f"the label file of {name}", 1)
    if len(x) != len(y):
        raise DataError(f"{name} has {len(x):,} images and {len(y):,} labels; expected one label an image, so one of "
                        "the two files is from elsewhere: fetch both again")
    if y.size and y.max() > 9:
        raise DataError(f"{name} has the label {y.max()}; allowed are 0 to 9; fetch the label file again")
    return ImageSet(torch.tensor(x).unsqueeze(1), torch.tensor(y).long(), name)


def _auto(split: str, root: Path, download: bool) -> ImageSet:
    try:
        return _load("mnist", split, root, download and root not in _without_mnist, timeout=5.0)
    except DataError as error:
        if download:
            _without_mnist.add(root)
        digits = _digits(split)
        print(f"gan_edu: using the {len(digits):,} embedded digits of scikit-learn, because "
              f"{str(error).splitlines()[0].rstrip(':')}", file=sys.stderr)
        return digits


def _load(name: str, split: str, root: Path, download: bool, timeout: float | None = None) -> ImageSet:
    images, labels = (read_member(SOURCES[name], member, root, download=download, timeout=timeout)
                      for member in SOURCES[name].members[split])
    return _assemble(images, labels, name)


def _digits(split: str) -> ImageSet:
    """Return scikit-learn's digits (8 x 8, values 0 to 16) at MNIST's size; the first 1,500 are for training.

    They are enlarged to 20 x 20 and framed by 4 black pixels, the way MNIST's digits lie in their 28 x 28. The last
    297 are the test set. Source: UCI Machine Learning Repository, Optical Recognition of Handwritten Digits (Alpaydin
    and Kaynak 1998), as packed in scikit-learn.
    """
    from sklearn.datasets import load_digits  # here, not above: it takes a second and most readers have MNIST

    pixels, labels = load_digits(return_X_y=True)
    x = torch.as_tensor(pixels, dtype=torch.float32).view(-1, 1, 8, 8) * (255 / 16)
    x = torch.nn.functional.interpolate(x, size=(20, 20), mode="bicubic", align_corners=False)
    x = torch.nn.functional.pad(x.round().clamp(0, 255), (4, 4, 4, 4)).to(torch.uint8)
    whole_set = ImageSet(x, torch.as_tensor(labels, dtype=torch.int64), "digits")
    return whole_set.split(1_500)[SPLITS.index(split)]


def _require(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        near = difflib.get_close_matches(str(value).lower(), allowed, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise ValueError(f"{what} must be one of {', '.join(allowed)}, got {value!r}{hint}")
