"""Measures of single images beside the right one: PSNR, energy in high frequencies, whether the class was kept.

Images are (n, C, H, W) in [-1, 1]; numbers come out in float64. What makes the images belongs elsewhere.
"""

import torch
from torch import Tensor

from gan_edu.errors import real
from gan_edu.metrics import rows
from gan_edu.metrics_features import share_error

RANGE = 2.0                                 # from black, -1, to white, 1


def psnr(images: Tensor, targets: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio of each image in decibels, float64 (n,); infinite where it is exact.

    10 log10(RANGE^2 / mean squared error), images and targets (n, C, H, W) in [-1, 1]. Every 3 dB halve the squared
    error. Raises ValueError for unequal shapes and for NaN. Source: Ledig et al. 2017, section 3.1; Huynh-Thu 2008.
    """
    images, targets = _images("images", images), _images("targets", targets)
    if images.shape != targets.shape:
        raise ValueError(f"images and targets must have one shape, got {tuple(images.shape)} and {tuple(targets.shape)}")
    return 10 * torch.log10(RANGE ** 2 / (images - targets).square().mean((1, 2, 3)))


def high_frequency_energy(images: Tensor, cutoff: float = 0.25) -> Tensor:
    """Return the mean square of what is left of each image above a spatial frequency, float64 (n,).

    cutoff: in cycles a pixel, 0 to 0.5 along an axis; 0.25 is a pattern that repeats every four pixels. By Parseval it is
    sum |F|^2 / (H W)^2 over frequencies with |f| > cutoff, F the discrete Fourier transform, averaged over channels. It
    grows with noise as it does with sharp strokes: compare it with that of real images. Raises ValueError for NaN.
    """
    x = _images("images", images)
    cutoff = real("cutoff", cutoff, minimum=0)
    h, w = x.shape[2:]
    fy, fx = torch.fft.fftfreq(h, dtype=torch.float64)[:, None], torch.fft.fftfreq(w, dtype=torch.float64)[None]
    high = fy.square() + fx.square() > cutoff ** 2
    return ((torch.fft.fft2(x).abs() / (h * w)).square() * high).sum((2, 3)).mean(1)


def sharpness(images: Tensor, real_images: Tensor, cutoff: float = 0.25) -> float:
    """Return the high-frequency energy of the images over that of real ones: below 1 they are too smooth, above too rough."""
    return float(high_frequency_energy(images, cutoff).mean() / high_frequency_energy(real_images, cutoff).mean())


def class_kept(probabilities: object, labels: Tensor) -> tuple[float, float]:
    """Return which share of the images is read as the digit they were made from, and its standard error.

    probabilities (n, c) as `classifier.probabilities` gives them, labels int64 (n,). Raises ValueError for unequal n.
    """
    p = rows("probabilities", probabilities)
    if len(p) != len(labels):
        raise ValueError(f"labels must be {len(p)}, one for each image, got {len(labels)}")
    share = float((p.argmax(1) == labels.cpu()).double().mean())
    return share, share_error(share, len(p))


def _images(name: str, x: Tensor) -> Tensor:
    x = torch.as_tensor(x).detach().cpu().double()
    if x.ndim != 4 or not len(x):
        raise ValueError(f"{name} must be (n, C, H, W) with n >= 1, got {tuple(x.shape)}")
    if not torch.isfinite(x).all():
        raise ValueError(f"{name} holds NaN or infinity; leave those images out and say how many there were")
    return x
