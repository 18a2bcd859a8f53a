"""A small detector of forged digits: a picture's spectrum, a straight line through it, and how often it is right.

What was measured on MNIST is in museum_forensics.json, made by benchmarks/measure_forensics.py; no images are kept.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan_edu.data import require_images

FILE = Path(__file__).with_suffix(".json")
SIDE, RADII = 28, 20                   # pixels; frequencies 0, 1, ... 19 (the corner of the plane)


def spectrum(images: Tensor) -> np.ndarray:
    """Return the logarithm of each picture's power at 20 frequencies, (n, 20), from slow waves to fine ones.

    images (n, 1, 28, 28): float in [-1, 1], or uint8. They are first rounded to the 256 greys of a saved picture: a
    generator's tanh gives numbers that no file holds, and no detector should live on that. The power |F|^2 of the
    two-dimensional Fourier transform is averaged over all directions (Durall et al. 2020, section 3.1).
    Raises ValueError for another shape or range.
    """
    greys = _greys(images)
    power = np.abs(np.fft.fft2(greys)) ** 2
    f = np.fft.fftfreq(SIDE, 1 / SIDE)
    radius = np.rint(np.hypot(f[:, None], f)).astype(int).clip(max=RADII - 1)
    mean = np.stack([power[:, radius == r].mean(1) for r in range(RADII)], 1)
    return np.log(mean + 1e-6)


@dataclass(frozen=True)
class Detector:
    """Hold a linear judge: a picture is called forged where spectrum @ weights + bias > 0; weights (20,)."""

    weights: np.ndarray
    bias: float

    def calls_forged(self, images: Tensor) -> np.ndarray:
        """Return for each of the images (n, 1, 28, 28) whether it is called forged, bool (n,)."""
        return spectrum(images) @ self.weights + self.bias > 0


def train_detector(real: Tensor, forged: Tensor) -> Detector:
    """Return the detector that logistic regression finds, on spectra brought to mean 0 and variance 1.

    real, forged: images (n, 1, 28, 28) and (m, 1, 28, 28), uint8 or float in [-1, 1]; n and m free.
    """
    from sklearn.linear_model import LogisticRegression  # here, not above: it takes a second
    x = np.concatenate([spectrum(images) for images in (real, forged)])
    mean, std = x.mean(0), x.std(0)
    found = LogisticRegression(max_iter=500).fit((x - mean) / std, np.repeat([0, 1], (len(real), len(forged))))
    weights = found.coef_[0] / std
    return Detector(weights, float(found.intercept_[0] - mean @ weights))


def blurred(images: Tensor) -> Tensor:
    """Return float images (n, 1, 28, 28) after a light blur: each pixel averaged with its neighbours by 1/4, 1/2, 1/4."""
    line = torch.tensor([0.25, 0.5, 0.25])
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1), value=-1.0)
    return torch.nn.functional.conv2d(padded, torch.outer(line, line)[None, None])


@cache
def measured() -> dict:
    """Return what was measured on MNIST: command, where, counts by generator learnt from, way and kind judged,

    and the shipped detectors. `detectors()` makes these ready for use.
    """
    return json.loads(FILE.read_text(encoding="utf-8"))


def detectors() -> dict[str, Detector]:
    """Return the shipped detectors by the name of the generator they have learnt from."""
    return {name: Detector(np.array(one["weights"]), one["bias"])
            for name, one in measured()["detectors"].items()}


def _greys(images: Tensor) -> np.ndarray:
    x = images.detach().cpu()
    if x.dtype == torch.uint8:
        x = x.float() / 127.5 - 1
    require_images(x, (1, SIDE, SIDE))
    return np.rint((x[:, 0].double().numpy() + 1) * 127.5) / 255
