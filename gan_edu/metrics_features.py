"""Measures of a generator by features of its samples: Fréchet and kernel distance, precision and recall, classes.

Features are rows of numbers (n, d), as `classifier.features` gives them; nothing here knows where they come from.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gan_edu.errors import real, whole
from gan_edu.metrics import CHUNK, in_chunks, rows, squared_distances


def frechet_distance(features_a: object, features_b: object) -> float:
    """Return the squared Fréchet distance of the two Gaussians with the means and covariances of the features, >= 0.

    |mu_a - mu_b|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2), in float64. features_a (n, d), features_b (m, d): arrays or
    tensors. On average it is too large, by an amount that falls like 1/n: compare at equal n, and with real against
    real. Warns when n or m <= d, where a covariance is singular and most of the distance is chance. Raises ValueError
    for NaN, fewer than two rows, unequal d. Source: Heusel et al. 2017, equation 6; Dowson and Landau 1982.
    """
    a, b = _pair(features_a, features_b)
    n, d = min(len(a), len(b)), a.shape[1]
    if n <= d:
        warnings.warn(f"frechet_distance got {n} rows of {d} features; with n <= d a covariance is singular and most of "
                      f"the distance is chance: give more than {d} rows, better ten times as many", stacklevel=2)
    root_a, root_b = _root_of_covariance(a), _root_of_covariance(b)
    # the eigenvalues of the symmetric A^1/2 B A^1/2 are the squares of the singular values of A^1/2 B^1/2
    overlap = torch.linalg.svdvals(root_a @ root_b).sum()
    means = (a.mean(0) - b.mean(0)).square().sum()
    return max(float(means + root_a.square().sum() + root_b.square().sum() - 2 * overlap), 0.0)    # tr A = |A^1/2|^2


def kernel_distance(features_a: object, features_b: object, *, blocks: int = 20,
                    progress: bool = False) -> tuple[float, float]:
    """Return the unbiased squared kernel distance of two sets of features and its standard error.

    MMD^2 with k(x, y) = (x . y / d + 1)^3: the mean of k within a plus that within b minus twice that between them,
    without the pairs of a row with itself. Its mean over draws is right at any n, so it may lie below 0 where the two
    agree. features_a (n, d), features_b (m, d) with n, m >= 2 blocks; the error is the jackknife's, which leaves out
    one block of both sets at a time. Raises ValueError for NaN, too few rows, unequal d. Source: Binkowski et al. 2018;
    Gretton et al. 2012, equation 3.
    """
    a, b = _pair(features_a, features_b, least=2 * whole("blocks", blocks, 2))
    within = [_block_sums(x, x, blocks, progress) - torch.diag(_self_sums(x, blocks)) for x in (a, b)]
    between = _block_sums(a, b, blocks, progress)
    sizes = [torch.tensor([float(len(part)) for part in x.tensor_split(blocks)], dtype=torch.float64) for x in (a, b)]

    def distance(kept: Tensor) -> float:
        n, m = (size @ kept for size in sizes)
        a_a, b_b, a_b = (kept @ sums @ kept for sums in (*within, between))
        return float(a_a / (n * (n - 1)) + b_b / (m * (m - 1)) - 2 * a_b / (n * m))

    every = torch.ones(blocks, dtype=torch.float64)
    return distance(every), _jackknife_error([distance(every - one) for one in torch.eye(blocks, dtype=torch.float64)])


@dataclass(frozen=True)
class PrecisionRecall:
    """Hold two shares in [0, 1] and their standard errors, those of a share of so many independent rows."""

    precision: float
    recall: float
    precision_error: float
    recall_error: float


def precision_recall(real_features: object, fake_features: object, *, k: int = 3, progress: bool = False) -> PrecisionRecall:
    """Return which share of the fakes lies among the real ones, and which share of the real ones among the fakes.

    A set's place is the union of balls around its rows, each as large as the distance to its k-th nearest neighbour in
    that set. real_features (n, d), fake_features (m, d), n, m > k; both shares depend on n and m: take equal numbers,
    and compare with real against real. Raises ValueError for NaN, too few rows, unequal d. Source: Kynkäänniemi et al.
    2019, equations 1 and 2, with their k = 3.
    """
    real_rows, fakes = _pair(real_features, fake_features, least=whole("k", k) + 1, names=("real_features", "fake_features"))
    middle = real_rows.mean(0)
    real_rows, fakes = real_rows - middle, fakes - middle         # smaller numbers, so that less is lost in differences
    precision = _share_inside(fakes, real_rows, k, progress)
    recall = _share_inside(real_rows, fakes, k, progress)
    return PrecisionRecall(precision, recall, share_error(precision, len(fakes)), share_error(recall, len(real_rows)))


@dataclass(frozen=True, eq=False)
class ClassHistogram:
    """Hold what `class_histogram` found.

    shares (c,): of all samples, those that surely belong to each class; errors (c,): their standard errors. unsure:
    the share that belongs surely to none, so that shares and unsure sum to 1. covered: how many classes occur at all.
    """

    shares: np.ndarray
    errors: np.ndarray
    unsure: float
    covered: int


def class_histogram(probabilities: object, *, confidence: float = 0.9) -> ClassHistogram:
    """Return how the samples spread over the classes, counting only verdicts of which the classifier is sure.

    probabilities (n, c): rows that sum to 1, as `classifier.probabilities` gives them. confidence in [0, 1): a sample
    counts for its likeliest class when that class has more than this; the others are `unsure`, so that a classifier
    that knows nothing finds no class. Raises ValueError for NaN, an empty array, or rows that are no probabilities.
    """
    p = rows("probabilities", probabilities)
    if real("confidence", confidence, minimum=0) >= 1:
        raise ValueError(f"confidence must be below 1, got {confidence:g}; 0.9 is usual")
    if (p < 0).any() or (p.sum(1) - 1).abs().max() > 1e-6:
        raise ValueError("probabilities must be >= 0 and sum to 1 in each row; give softmax of the logits")
    largest, verdicts = p.max(1)
    counts = torch.bincount(verdicts[largest > confidence], minlength=p.shape[1])
    shares = (counts / len(p)).double().numpy()
    return ClassHistogram(shares, np.array([share_error(share, len(p)) for share in shares]),
                          1 - int(counts.sum()) / len(p), int((counts > 0).sum()))


def class_distance(probabilities_a: object, probabilities_b: object, *, confidence: float = 0.9) -> float:
    """Return the total variation of two class histograms in [0, 1], the unsure counted as a class of their own.

    0: the same shares; 1: no class in common. Of two draws from one distribution it is about sqrt(classes / n), not
    0. Arguments and errors: as for `class_histogram`.
    """
    a, b = (class_histogram(p, confidence=confidence) for p in (probabilities_a, probabilities_b))
    return float(np.abs(a.shares - b.shares).sum() + abs(a.unsure - b.unsure)) / 2


def with_error(measure: Callable[..., float], *sets: object, blocks: int = 20) -> tuple[float, float]:
    """Return measure(*sets) and its standard error by the jackknife: one block of every set is left out at a time.

    sets: arrays or tensors (n, ...), each with at least two rows a block, in an order that does not matter. Source:
    Efron and Stein 1981; Künsch 1989 for blocks.
    """
    if len(sets[0]) < 2 * whole("blocks", blocks, 2) or min(map(len, sets)) < 2 * blocks:
        raise ValueError(f"{blocks} blocks need at least {2 * blocks} rows, got {min(map(len, sets))}; take fewer blocks")
    parts = [np.array_split(np.arange(len(x)), blocks) for x in sets]
    without = [measure(*(np.delete(np.asarray(x), part[i], 0) for x, part in zip(sets, parts, strict=True)))
               for i in range(blocks)]
    return measure(*sets), _jackknife_error(without)


def share_error(share: float, n: int) -> float:
    """Return the standard error of a share of n independent samples, sqrt(p (1 - p) / n)."""
    return math.sqrt(share * (1 - share) / n)


def _pair(a: object, b: object, *, least: int = 2,
          names: tuple[str, str] = ("features_a", "features_b")) -> tuple[Tensor, Tensor]:
    a, b = rows(names[0], a, least=least), rows(names[1], b, least=least)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"{names[0]} and {names[1]} must have one d, got {a.shape[1]} and {b.shape[1]}")
    return a, b


def _root_of_covariance(x: Tensor) -> Tensor:
    d = x.shape[1]
    values, vectors = torch.linalg.eigh(torch.cov(x.T).reshape(d, d))
    return vectors * values.clamp(0).sqrt() @ vectors.T              # rounding may have pushed a 0 below 0


def _block_sums(a: Tensor, b: Tensor, blocks: int, progress: bool) -> Tensor:
    """Return the sum of k over each pair of blocks, (blocks, blocks): all that leaving out a block needs."""
    sums = []
    for part in in_chunks(a.tensor_split(blocks), "kernel distance", progress):
        columns = (part @ b.T).div_(a.shape[1]).add_(1).pow_(3).sum(0)
        sums.append(torch.stack([some.sum() for some in columns.tensor_split(blocks)]))
    return torch.stack(sums)


def _self_sums(x: Tensor, blocks: int) -> Tensor:
    own = (x.square().sum(1) / x.shape[1] + 1) ** 3
    return torch.stack([part.sum() for part in own.tensor_split(blocks)])


def _share_inside(points: Tensor, centres: Tensor, k: int, progress: bool) -> float:
    """Return the share of the points that lie in the union of k-nearest-neighbour balls around the centres."""
    slack = 1e-12 * max(float(points.square().sum(1).max()), float(centres.square().sum(1).max()))   # rounding's size
    # k + 1, because the nearest of all is the row itself
    radii = torch.cat([squared_distances(x, centres).topk(k + 1, largest=False).values[:, -1]
                       for x in in_chunks(centres.split(CHUNK), "radii", progress)])
    inside = [(squared_distances(x, centres) <= radii + slack).any(1)
              for x in in_chunks(points.split(CHUNK), "precision and recall", progress)]
    return float(torch.cat(inside).double().mean())


def _jackknife_error(without: list[float]) -> float:
    m = len(without)
    return math.sqrt((m - 1) / m) * float(np.linalg.norm(np.asarray(without) - np.mean(without)))
