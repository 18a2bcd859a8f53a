"""All measures of a generator of digits at once, against the real MNIST test set, with real images beside them.

What a measure is stands in `metrics`; here it is decided which images it compares, and nothing is trained or drawn.
"""

import functools
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import gan_edu
from gan_edu import classifier, metrics, metrics_features
from gan_edu.data import ImageSet, data_root, load_images
from gan_edu.errors import DataError, GanEduError, whole
from gan_edu.games import Game
from gan_edu.metrics_features import share_error

LEAST = 100                                   # samples; below, 20 blocks are too few for an error
VALIDATION, REFERENCE = 1_000, 10_000         # training images that choose sigma, and that could have been memorised
BATCH = 500                                   # a multiple of 16 times any size: torch's noise is then that of one draw
READS_WELL = 0.97                             # of the real test digits; a worse classifier measures itself
MEASURES = {                                  # name: (what it is, which way is better)
    "parzen": ("Parzen log-likelihood, nats", "higher"),
    "frechet": ("Fréchet distance", "lower"),
    "kernel": ("kernel distance, unbiased", "lower"),
    "precision": ("precision", "higher"),
    "recall": ("recall", "higher"),
    "classes": ("class shares, total variation", "lower"),
    "unsure": ("share the classifier is unsure of", "lower"),
    "memorised": ("nearer to training than to test", "as real"),
}


@dataclass(frozen=True)
class Score:
    """Hold one measure: of the samples and, as its floor, of as many real training images; both with standard errors.

    better: "higher", "lower", or "as real" where nothing but the floor says what is right: the writers of MNIST's training
    and test images are not the same, so that real training images are a little nearer to training than to test.
    """

    value: float
    error: float
    floor: float
    floor_error: float
    better: str


@dataclass(frozen=True)
class Scores:
    """Hold what `evaluate` found: scores by name, in the order of `MEASURES`; class_shares (10,) and their errors.

    n: samples measured; seed: what they and the real images were drawn with; sigma: the Parzen window's width.
    """

    n: int
    seed: int
    sigma: float
    class_shares: tuple[float, ...]
    class_errors: tuple[float, ...]
    scores: dict[str, Score]

    def __getitem__(self, name: str) -> Score:
        """Return one score by name, such as scores["frechet"]."""
        return self.scores[name]

    def table(self) -> str:
        """Return all scores as text: a line for each measure, real images beside the samples."""
        lines = [("", f"{self.n:,} samples", f"{self.n:,} real images", "better")]
        lines += [(MEASURES[name][0], plus_minus(s.value, s.error), plus_minus(s.floor, s.floor_error), s.better)
                  for name, s in self.scores.items()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(f"{line[0]:{widths[0]}}" + "".join(f"  {word:>{width}}" for word, width in
                                                            zip(line[1:], widths[1:], strict=True)) for line in lines)

    def as_dict(self) -> dict:
        """Return everything as what JSON can hold, with the versions that computed it."""
        return {**asdict(self), "against": "the MNIST test set", "torch": torch.__version__,
                "gan_edu": gan_edu.__version__, "classifier": classifier.card()["sha256"]}


def evaluate(game: Game, *, n: int = 10_000, seed: int = 0, root: str | Path | None = None,
             progress: bool = True) -> Scores:
    """Return all scores of n samples of a game whose G makes digits (1, 28, 28), against the real MNIST test set.

    seed: fixes the noise and which real images stand beside the samples. root: the data folder, as for `load_images`;
    nothing is downloaded. progress: a bar on stderr. Takes under a minute and 2 GB for n = 10,000 on two cores; what is
    known of the real images is kept for the next call. Raises ValueError for n < 100 or above 49,000, another shape, or
    samples that are NaN; DataError where MNIST is missing.
    """
    where = str(data_root(root))
    _require_count(n, _yardstick(seed, where))          # told before anything is drawn
    draws = torch.Generator(game.device).manual_seed(seed)
    x = torch.cat([game.sample(min(BATCH, n - i), generator=draws).cpu() for i in range(0, n, BATCH)])
    if tuple(x.shape[1:]) != classifier.SHAPE:
        raise ValueError(f"evaluate measures digits (n, 1, 28, 28), got samples {tuple(x.shape)}; give a game on MNIST")
    return _scores((x.flatten(1).double() + 1) / 2, seed, where, progress)


def evaluate_images(images: object, *, seed: int = 0, root: str | Path | None = None, progress: bool = True) -> Scores:
    """Return all scores of images that are there already, (n, 784) in [0, 1], as `metrics_baselines` returns them.

    Everything else: as for `evaluate`. Raises ValueError for another shape or range.
    """
    pixels = metrics.rows("images", images)
    if pixels.shape[1] != math.prod(classifier.SHAPE) or pixels.min() < 0 or pixels.max() > 1:
        raise ValueError(f"images must be (n, 784) in [0, 1], got {tuple(pixels.shape)} in [{pixels.min():g}, "
                         f"{pixels.max():g}]; samples in [-1, 1] become (x.flatten(1) + 1) / 2")
    where = str(data_root(root))
    _require_count(len(pixels), _yardstick(seed, where))
    return _scores(pixels, seed, where, progress)


def plus_minus(value: float, error: float) -> str:
    """Return "value ± error" with two figures of the error, such as 230.7 ± 2.0 or 0.0123 ± 0.0045."""
    places = min(6, max(0, 1 - math.floor(math.log10(error)))) if error > 0 else 4
    return f"{value:.{places}f} ± {error:.{places}f}"


@dataclass(frozen=True, eq=False)
class _Yardstick:
    """The real images that samples are compared with, and what the classifier makes of the test set."""

    test: ImageSet
    validation: ImageSet      # of the training set, which chooses sigma; the test set chooses nothing
    reference: ImageSet       # of the training set, what the sample may have been copied from
    others: ImageSet          # of the training set, from which the floor takes its real images
    features: np.ndarray
    probabilities: np.ndarray


@functools.lru_cache(maxsize=2)
def _yardstick(seed: int, root: str) -> _Yardstick:
    try:
        train, test = (load_images("mnist", split=split, root=root, download=False) for split in ("train", "test"))
    except DataError as error:
        raise DataError("evaluate compares samples with the real MNIST, which is missing or damaged here; run `gan-edu fetch "
                        f"mnist` first ({error})") from error
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))
    found, p = classifier.features_and_probabilities(test.images)
    right = float((p.argmax(1) == test.labels.numpy()).mean())
    if right < READS_WELL:
        raise GanEduError(f"the digit classifier reads {right:.1%} of the real test digits, and below {READS_WELL:.0%} its "
                          "features measure nothing; install gan_edu again")
    validation, reference, others = order.split([VALIDATION, REFERENCE, len(order) - VALIDATION - REFERENCE])
    return _Yardstick(test, train[validation], train[reference], train[others], found, p)


@dataclass(frozen=True)
class _Found:
    """What the measures say of one set of images: name to (value, error)."""

    measured: dict[str, tuple[float, float]]
    sigma: float
    classes: metrics_features.ClassHistogram


def _scores(pixels: Tensor, seed: int, root: str, progress: bool) -> Scores:
    found, floor = _measure(pixels, _yardstick(seed, root), progress), _floor(len(pixels), seed, root, progress)
    scores = {name: Score(*found.measured[name], *floor.measured[name], better) for name, (_, better) in MEASURES.items()}
    shares, errors = (tuple(x.tolist()) for x in (found.classes.shares, found.classes.errors))
    return Scores(len(pixels), seed, found.sigma, shares, errors, scores)


@functools.lru_cache(maxsize=8)
def _floor(n: int, seed: int, root: str, progress: bool) -> _Found:
    """Measure n real training images, none of them among those that choose sigma or could have been copied."""
    yardstick = _yardstick(seed, root)
    return _measure(_pixels(yardstick.others.take(n)), yardstick, progress)


def _measure(pixels: Tensor, real: _Yardstick, progress: bool) -> _Found:
    seen, p = classifier.features_and_probabilities((2 * pixels - 1).float().view(-1, *classifier.SHAPE))
    classes = metrics_features.class_histogram(p)
    sigma = metrics.select_sigma(pixels, _pixels(real.validation), progress=progress)
    near = metrics_features.precision_recall(real.features, seen, progress=progress)
    copies = metrics.memorisation(pixels, _pixels(real.reference), _pixels(real.test), progress=progress)
    return _Found({
        "parzen": metrics.parzen_log_likelihood(pixels, _pixels(real.test), sigma, progress=progress),
        "frechet": metrics_features.with_error(metrics_features.frechet_distance, seen, real.features),
        "kernel": metrics_features.kernel_distance(seen, real.features, progress=progress),
        "precision": (near.precision, near.precision_error),
        "recall": (near.recall, near.recall_error),
        "classes": metrics_features.with_error(metrics_features.class_distance, p, real.probabilities),
        "unsure": (classes.unsure, share_error(classes.unsure, len(p))),
        "memorised": (copies.share, copies.error)}, sigma, classes)


def _pixels(images: ImageSet) -> Tensor:
    return images.images.flatten(1).double() / 255


def _require_count(n: int, yardstick: _Yardstick) -> None:
    if whole("n", n, LEAST) > (most := len(yardstick.others)):
        raise ValueError(f"n must be at most {most:,}, as many real images as are left to stand beside, got {n:,}")
