"""Measures of a generator by its samples. No training and no pictures; numbers in float64."""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gan_edu.errors import real, whole

SIGMAS = np.logspace(-1.2, -0.4, 17)     # about 0.063 to 0.398, what pixels in [0, 1] need; 17 points, ratio 1.122
CHUNK = 500                              # rows at a time: 500 x 10,000 float64 are 40 MB
PATIENCE = 2.0                           # seconds before a progress bar appears


def rows(name: str, x: object, *, least: int = 1) -> Tensor:
    """Return an array or tensor as float64 rows (n, d) on the CPU; raises ValueError for NaN or n < least."""
    x = torch.as_tensor(x).detach().cpu().double()
    if x.ndim != 2 or len(x) < least:
        raise ValueError(f"{name} must be (n, d) with n >= {least}, got {tuple(x.shape)}; flatten images with .flatten(1)")
    if not torch.isfinite(x).all():
        raise ValueError(f"{name} holds NaN or infinity; leave those rows out and say how many there were")
    return x


def in_chunks(parts: Sequence, what: str, progress: bool) -> Iterator:
    """Return an iterator over the parts; with progress, a bar on stderr when they take longer than `PATIENCE`."""
    from tqdm.auto import tqdm  # asks for a terminal or a notebook only when one is used
    return iter(tqdm(parts, desc=what, delay=PATIENCE, leave=False, disable=not progress, file=sys.stderr))


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Return |x_i - y_j|^2, (n, m), of rows (n, d) and (m, d) by |x|^2 + |y|^2 - 2 x.y, never below 0."""
    squared = torch.addmm(y.square().sum(1).unsqueeze(0), x, y.T, alpha=-2)
    return squared.add_(x.square().sum(1, keepdim=True)).clamp_(0)


def _log_kernel_sums(samples: Tensor, parts: Iterator[Tensor], sigmas: Sequence[float]) -> Iterator[Tensor]:
    """Yield log sum_i exp(-|x - s_i|^2 / 2 sigma^2) as (len(sigmas), c) for each part of the test points.

    log-sum-exp: in 784 dimensions each term underflows, their sum's logarithm does not.
    """
    for x in parts:
        squared = squared_distances(x, samples)
        yield torch.stack([torch.logsumexp(squared * (-0.5 / sigma ** 2), 1) for sigma in sigmas])


def parzen_log_likelihoods(samples: object, test: object, sigmas: Sequence[float], *, chunk: int = CHUNK,
                           progress: bool = False) -> np.ndarray:
    """Return log p(x) of each test point under a Gaussian window around each sample: (len(sigmas), m), in nats.

    samples (n, d), test (m, d): arrays or tensors, pixels in [0, 1]. sigmas: window widths > 0. Memory grows with chunk x n.
    Source: Goodfellow et al. 2014, section 5; Breuleux et al. 2011.
    """
    samples, test = rows("samples", samples), rows("test", test)
    if samples.shape[1] != test.shape[1]:
        raise ValueError(f"samples and test must have one d, got {samples.shape[1]} and {test.shape[1]}")
    sigmas = [real("sigma", sigma, above=0) for sigma in sigmas]
    n, d = samples.shape
    # log p(x) = log sum_i exp(...) - log n - d log(sigma sqrt(2 pi))
    constants = torch.tensor([math.log(n) + d * math.log(s * math.sqrt(2 * math.pi)) for s in sigmas],
                             dtype=torch.float64)
    parts = in_chunks(test.split(chunk), "Parzen window", progress)
    return (torch.cat(list(_log_kernel_sums(samples, parts, sigmas)), 1) - constants.unsqueeze(1)).numpy()


def parzen_log_likelihood(samples: object, test: object, sigma: float, *, progress: bool = False) -> tuple[float, float]:
    """Return the mean Parzen log-likelihood of the test points and its standard error, in nats.

    samples (n, d), test (m, d) in [0, 1]; sigma > 0, best chosen by `select_sigma` on validation images. The error is
    that of the mean over test points. Raises ValueError for NaN, empty arrays, unequal d, sigma <= 0. Real images do
    not score best on this measure: see notebook 10. Source: Goodfellow et al. 2014, table 1.
    """
    scores = parzen_log_likelihoods(samples, test, [sigma], progress=progress)[0]
    error = scores.std(ddof=1) / math.sqrt(len(scores)) if len(scores) > 1 else math.nan
    return float(scores.mean()), float(error)


def select_sigma(samples: object, validation: object, sigmas: Sequence[float] | None = None, *,
                 progress: bool = False) -> float:
    """Return the window width with the highest mean log-likelihood of the validation points.

    sigmas: candidates; None takes `SIGMAS`, a log grid from 0.063 to 0.398. Raises ValueError for an empty list.
    """
    sigmas = SIGMAS if sigmas is None else list(sigmas)
    if len(sigmas) == 0:
        raise ValueError("sigmas must hold at least one candidate, got none; leave it out for the default grid")
    means = parzen_log_likelihoods(samples, validation, sigmas, progress=progress).mean(1)
    return float(sigmas[int(means.argmax())])


def nearest_neighbours(samples: object, images: object, n: int = 1, *,
                       progress: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return (indices, distances), both (m, n): for each sample its n nearest images, the nearest first.

    samples (m, d) or (m, C, H, W), images (N, d) or (N, C, H, W), floats of one scale; distance is Euclidean over all
    pixels. Raises ValueError for NaN, unequal d, or n outside 1..N.
    """
    samples, images = (rows(name, torch.as_tensor(x).flatten(1)) for name, x in
                       (("samples", samples), ("images", images)))
    if samples.shape[1] != images.shape[1]:
        raise ValueError(f"samples and images must have one d, got {samples.shape[1]} and {images.shape[1]}")
    if whole("n", n) > len(images):
        raise ValueError(f"n must be at most {len(images)}, the number of images, got {n}")
    nearest = [torch.cdist(x, images).topk(n, largest=False)
               for x in in_chunks(samples.split(CHUNK), "nearest neighbours", progress)]
    return (torch.cat([found.indices for found in nearest]).numpy(),
            torch.cat([found.values for found in nearest]).numpy())


@dataclass(frozen=True)
class Memorisation:
    """Hold the share of samples nearer to training than to test images, its standard error and what chance expects."""

    share: float
    error: float
    expected: float


def memorisation(samples: object, train: object, test: object, *, progress: bool = False) -> Memorisation:
    """Return which share of the samples has its nearest neighbour among training rather than test images.

    samples (n, d), train (N, d), test (M, d): one scale; ties count half. A generator that has only learnt the
    distribution is as near to one set as to the other: expected is N / (N + M), 1/2 for sets of one size; a memory has
    more, a lookup table of `train` has 1. error: the share's, if nothing is memorised, with the chance in which image
    fell into which set. Raises ValueError for NaN, empty arrays, unequal d. Source: Meehan et al. 2020, for
    the idea of three samples.
    """
    samples, train, test = (rows(name, x) for name, x in (("samples", samples), ("train", train), ("test", test)))
    if not samples.shape[1] == train.shape[1] == test.shape[1]:
        raise ValueError(f"samples, train and test must have one d, got {samples.shape[1]}, {train.shape[1]} and "
                         f"{test.shape[1]}")
    centre = train.mean(0)                               # far from 0, float32 has no digits left for distances
    samples, train, test = ((x - centre).float() for x in (samples, train, test))
    n = len(samples)
    distances, which = torch.empty(2, n), torch.empty(2, n, dtype=torch.int64)
    for i in in_chunks(range(0, n, CHUNK), "memorisation", progress):
        for side, images in enumerate((train, test)):    # into one place: small results between large ones waste memory
            torch.min(squared_distances(samples[i:i + CHUNK], images), 1,
                      out=(distances[side, i:i + CHUNK], which[side, i:i + CHUNK]))
    near_train, near_test = distances
    share = ((near_train < near_test).double() + (near_train == near_test).double() / 2).mean()
    nearest = torch.where(near_train <= near_test, which[0], len(train) + which[1])
    shares, both = torch.bincount(nearest).double() / n, len(train) + len(test)
    expected = len(train) / both
    # were the images dealt anew into sets of these sizes, each would bring the samples it is nearest to along
    variance = expected * (1 - expected) * both / (both - 1) * (float(shares.square().sum()) - 1 / both)
    return Memorisation(float(share), math.sqrt(max(variance, 0.0)), expected)


@dataclass(frozen=True, eq=False)
class Modes:
    """Hold what `modes_covered` found.

    covered: how many modes have enough samples. share: of all samples, in [0, 1], those within the radius of a mode.
    counts: int64 (m,), the samples within the radius of each mode, each counted at its nearest mode only.
    """

    covered: int
    share: float
    counts: np.ndarray


def modes_covered(samples: object, modes: object, radius: float, *, at_least: int = 1) -> Modes:
    """Return how many modes the samples reach, what share of the samples is near a mode, and how many lie at each.

    samples (n, d), modes (m, d): arrays or tensors, such as a toy's draws and its `modes`. radius > 0: the distance up
    to which a sample belongs to its nearest mode, usually three standard deviations of a mode. at_least: a mode is
    covered when it has so many samples. A few modes with a share of 1 are a collapse; all modes with a small share are
    noise. Raises ValueError for NaN, empty arrays, unequal d, radius <= 0. Source: Srivastava et al. 2017 (VEEGAN),
    their synthetic experiments, with three standard deviations and one sample.
    """
    samples, modes = rows("samples", samples), rows("modes", modes)
    if samples.shape[1] != modes.shape[1]:
        raise ValueError(f"samples and modes must have one d, got {samples.shape[1]} and {modes.shape[1]}")
    radius, at_least = real("radius", radius, above=0), whole("at_least", at_least)
    nearest = [torch.cdist(x, modes).min(1) for x in samples.split(CHUNK)]
    inside = torch.cat([found.indices[found.values <= radius] for found in nearest])
    counts = torch.bincount(inside, minlength=len(modes)).numpy()
    return Modes(int((counts >= at_least).sum()), len(inside) / len(samples), counts)


def stroke_width(images: Tensor) -> Tensor:
    """Return how thick the strokes of each image are, in pixels: twice its ink over the length of its edges, (n,).

    images (n, 1, H, W) in [-1, 1], white on black. A long bar of width w has ink w L and edges 2 L. Edges are the total
    variation of the brightness, so that a pale stroke is as wide as a bright one; dust counts as edge. An empty image
    has width 0. Differentiable. Raises ValueError for another shape.
    """
    if images.ndim != 4 or images.shape[1] != 1:
        raise ValueError(f"images must be (n, 1, H, W), got {tuple(images.shape)}; take one channel with x[:, :1]")
    x = (images + 1) / 2
    right, down = x[:, :, :-1, 1:] - x[:, :, :-1, :-1], x[:, :, 1:, :-1] - x[:, :, :-1, :-1]
    edges = (right.square() + down.square() + 1e-12).sqrt().sum((1, 2, 3))    # 1e-12: a slope at 0 for the gradient
    return 2 * x.sum((1, 2, 3)) / edges
