"""A made-up image set, its bytes and its mirrors, for tests of faults in files and downloads. No test stands here."""

import gzip
import hashlib

import numpy as np

from gan_edu import download
from gan_edu.download import Member, Source

N = 200  # images in the made-up set: enough for a body of several chunks


def idx(array):
    """Return an array as the bytes of an IDX file."""
    array = np.asarray(array, np.uint8)
    return bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


rng = np.random.default_rng(0)
RAW = {"train-images-idx3-ubyte": idx(rng.integers(0, 256, (N, 28, 28))),
       "train-labels-idx1-ubyte": idx(np.arange(N) % 10)}
PACKED = {f"{name}.gz": gzip.compress(body, mtime=0) for name, body in RAW.items()}
IMAGES = RAW["train-images-idx3-ubyte"]


def made_up(*mirrors, packed=False):
    """Return a small source pinned to RAW or PACKED, which are what the mirrors ought to serve."""
    files = [Member(name, len(body), hashlib.sha256(PACKED[f"{name}.gz"] if packed else body).hexdigest(), packed)
             for name, body in RAW.items()]
    return Source("mnist", "MNIST", "MNIST", mirrors, {"train": (files[0], files[1])})


def read(source, root, *, timeout=5.0, **options):
    """Return the image file of a made-up source."""
    return download.read_member(source, source.members["train"][0], root, timeout=timeout, **options)


def raw_folder(root):
    return root / "MNIST" / "raw"


def fill(root, source):
    """Put the right files of a made-up source into a data folder, and return the image file."""
    raw_folder(root).mkdir(parents=True, exist_ok=True)
    for member in source.members["train"]:
        (raw_folder(root) / member.file).write_bytes(PACKED[member.file] if member.packed else RAW[member.name])
    return raw_folder(root) / source.members["train"][0].file


def names_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
