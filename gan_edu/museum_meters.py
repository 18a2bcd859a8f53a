"""Exhibits of the museum that are wrong in what is looked at: a score, a distance, a curve, a seed, a picture, the data.
"""

import math
import warnings
from collections.abc import Callable
from functools import cache

import numpy as np
import torch

from gan_edu import classifier, metrics, metrics_baselines, metrics_features, metrics_toys, pretrained, sweeps
from gan_edu.data import load_images
from gan_edu.museum_cabinet import Curve, Exhibit
from gan_edu.networks import MLPGenerator, eval_mode, seeded
from gan_edu.toys import Ring


class LinspaceRing(Exhibit):
    """A circle has no end."""

    name = "linspace-ring"
    title = "The ring of eight"
    question = "A ring of eight modes. How many different centres does it have?"
    meter = "different centres"
    axes = ("centre", "share of the data")
    good = 8.0
    wrong = ("linspace gives both ends, and 0 and 2 pi are one place: seven modes, one of them twice as frequent. A "
             "generator can then never “cover eight”, and one that covers all seven looks collapsed.")

    @staticmethod
    def published(modes):
        angle = np.linspace(0, 2 * np.pi, modes)
        return 2 * np.stack([np.cos(angle), np.sin(angle)], 1)

    @staticmethod
    def mended(modes):
        angle = np.linspace(0, 2 * np.pi, modes, endpoint=False)
        return 2 * np.stack([np.cos(angle), np.sin(angle)], 1)

    @staticmethod
    def measure(code: Callable) -> Curve:
        _, counts = np.unique(code(8).round(6) + 0.0, axis=0, return_counts=True)
        shares = np.sort(counts / counts.sum())[::-1]
        return len(counts), list(range(1, len(counts) + 1)), shares.tolist(), {"largest share": float(shares[0])}


class MeterFloor(Exhibit):
    """A meter that nothing can satisfy."""

    name = "meter-floor"
    title = "A meter that cannot reach zero"
    question = "Two draws of the same ring, 500 points each. What does the divergence meter say?"
    meter = "Jensen-Shannon divergence of real points against real ones, nats"
    axes = ("points drawn", "divergence of real against real, nats")
    good = 0.0
    wrong = ("With 100 x 100 cells most points lie alone in theirs, and two draws of one law seem to have little in "
             "common. A meter has to be read on real against real first; with cells of equal mass it reads little "
             "there, and says how little.")

    @staticmethod
    def published(x, y):
        p, q = (np.histogram2d(*points.T, bins=100, range=[[-2.5, 2.5]] * 2)[0] / len(points) for points in (x, y))
        half = (p + q) / 2
        return sum((a[a > 0] * np.log(a[a > 0] / half[a > 0])).sum() / 2 for a in (p, q))

    @staticmethod
    def mended(x, y):
        return metrics_toys.JS(Ring(std=0.1), len(y))(y)              # 66 cells, of known mass

    @staticmethod
    def measure(code: Callable) -> Curve:
        ring, draws = Ring(std=0.1), torch.Generator().manual_seed(0)
        found = {n: float(code(*(ring.sample(n, generator=draws).numpy() for _ in range(2)))) for n in (250, 500, 1000, 4000)}
        return found[500], list(found), list(found.values()), {"share of log 2": found[500] / math.log(2)}


@cache
def _stage() -> dict[str, np.ndarray]:
    """Rows in [0, 1] of the embedded digits: 100 real ones, 100 averages, 300 to validate, 297 to test."""
    training, validation = load_images("digits").split(1_200)
    test = load_images("digits", split="test")
    rows = {"validation": validation, "test": test}
    return {name: s.images.flatten(1).double().numpy() / 255 for name, s in rows.items()} | {
        "real": metrics_baselines.real_images(training, 100), "averages": metrics_baselines.kmeans_centres(training, 100)}


class ParzenWinner(Exhibit):
    """Averages win the Parzen contest."""

    name = "parzen-winner"
    title = "Better than real"
    question = "A score for generators. Contestants: 100 real digits and 100 averages of digits. Who should win?"
    meter = "lead of the averages over the real digits, standard errors"
    axes = ("1: averages, 2: real digits", "score, larger is better")
    wrong = ("The Parzen score asks how near, pixel by pixel, the nearest sample is, and an average is near to "
             "everything. Real images lose against k-means (Theis et al. 2016, table 1). Recall asks for the odd ones "
             "too, and finds them gone.")
    where = ("The paper of 2014 itself, section 5, which calls it the best method available to its authors' knowledge "
             "(notebook 10).")

    @staticmethod
    def published(samples, validation, test):
        return metrics.parzen_log_likelihood(samples, test, metrics.select_sigma(samples, validation))

    @staticmethod
    def mended(samples, validation, test):
        found = metrics_features.precision_recall(_features(test), _features(samples))
        return found.recall, found.recall_error

    @staticmethod
    def measure(code: Callable) -> Curve:
        sets = _stage()
        (a, a_error), (b, b_error) = (code(sets[name], sets["validation"], sets["test"]) for name in ("averages", "real"))
        return (a - b) / math.hypot(a_error, b_error), [1, 2], [a, b], {"averages": a, "real digits": b}


def _features(rows: np.ndarray) -> np.ndarray:
    return classifier.features(torch.tensor(rows * 2 - 1, dtype=torch.float32).reshape(-1, 1, 28, 28))


class TooFewForFrechet(Exhibit):
    """A covariance of more directions than points."""

    name = "too-few-for-frechet"
    title = "Fifty images, sixty-four features"
    question = "Fréchet distance of two sets that follow the same law: 0 in truth. From 50 points in 64 dimensions?"
    meter = "Fréchet distance of real against real, in truth 0"
    axes = ("points in each set", "Fréchet distance of real against real")
    good = 0.0
    log = True
    wrong = ("50 points span 49 directions at most, so both covariances are singular, and most of the distance is "
             "chance. Take many more points than features, the same number on both sides, and print the floor beside "
             "the result.")

    @staticmethod
    def published(features, others):
        return metrics_features.frechet_distance(features[:50], others[:50])

    @staticmethod
    def mended(features, others):
        n = 20 * features.shape[1]
        return metrics_features.frechet_distance(features[:n], others[:n])

    @staticmethod
    def measure(code: Callable) -> Curve:
        a, b = np.random.default_rng(0).normal(size=(2, 2_000, 64))
        sizes = (25, 50, 64, 128, 320, 640, 1_280)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="frechet_distance got")           # it is what there is to see
            curve = [metrics_features.frechet_distance(a[:n], b[:n]) for n in sizes]
            value = code(a, b)
        n = sizes[int(np.argmin(np.abs(np.array(curve) - value)))]
        return value, list(sizes), curve, {"points": n, "rank of the covariance": int(np.linalg.matrix_rank(np.cov(a[:n].T)))}


class LossMustFall(Exhibit):
    """A loss chosen instead of a generator."""

    name = "loss-must-fall"
    title = "Keep the best"
    question = "The first three epochs of a shipped run. Which of its moments is kept?"
    meter = "Parzen score of the moment that is kept, nats"
    axes = ("steps of G so far", "Parzen score of the moment that is kept, nats")
    wrong = ("“G's loss must fall”: each loss is measured against the run's own judge, who learns as well. The moment with "
             "the smallest loss is the worst of the five. Only something that does not move can choose: a score on "
             "held-out images.")
    where = ("Source document 4, under its results: the loss of G must fall and that of D rise (it adds that a loss "
             "is not enough).")

    @staticmethod
    def published(moments):
        return min(moments, key=lambda moment: moment["loss_G"])

    @staticmethod
    def mended(moments):
        return max(moments, key=lambda moment: moment["parzen"])

    @staticmethod
    def measure(code: Callable) -> Curve:
        moments = [row for row in pretrained.card("mnist-mlp")["curve"] if row["step"] <= 2_811]
        kept = code(moments)
        so_far = [code(moments[:n + 1])["parzen"] for n in range(len(moments))]
        return (kept["parzen"], [row["step"] for row in moments], so_far,
                {"step": kept["step"], "G's loss there": kept["loss_G"]})


class LuckySeed(Exhibit):
    """The best of many against the mean of others."""

    name = "lucky-seed"
    title = "Our method against theirs"
    question = "“Theirs” and “ours” are one and the same program with other seeds. How much better is ours?"
    meter = "found improvement of W1 of a method over itself, units of x"
    axes = ("runs of ours", "found improvement, units of x")
    good = 0.0
    wrong = ("The best of several runs was compared with the mean of others. A method then beats itself, and the more "
             "often it is tried, the better. Compare means, or medians, with a band; say how many runs there were.")

    @staticmethod
    def published(theirs, ours):
        return theirs.mean() - ours.min()

    @staticmethod
    def mended(theirs, ours):
        return theirs.mean() - ours.mean()

    @staticmethod
    def measure(code: Callable) -> Curve:
        sweep = sweeps.shipped("mixture")
        k = sweep.ks[0]
        runs = sweep.quality[0, sweep.lrs.index(sweep.best_lr(k)), :, sweep.look(k)].astype(float)
        theirs, ours = np.array_split(runs, 2)
        error = math.hypot(*(part.std(ddof=1) / math.sqrt(len(part)) for part in (theirs, ours)))
        curve = [float(code(theirs, ours[:n])) for n in range(1, len(ours) + 1)]
        return curve[-1], list(range(1, len(ours) + 1)), curve, {"standard error of the mean's": error, "runs": len(runs)}


class Stretched(Exhibit):
    """A contrast that was not there."""

    name = "stretched"
    title = "Everything looks like something"
    question = "The first pictures of a G that has never been trained. Are they grey?"
    meter = "range of grey that is shown, of 1"
    axes = ("pixel as G made it, from -1 to 1", "pixel as shown, from 0 to 1")
    wrong = ("The darkest pixel is shown black and the brightest white, whatever they are: a grey nothing becomes a "
             "lively pattern, and progress of contrast cannot be seen. Show -1 as black and 1 as white, always.")
    where = ("Source documents 3 and 4 show their samples with normalize=True, which stretches each grid of "
             "pictures so.")

    @staticmethod
    def published(x):
        return (x - x.min()) / (x.max() - x.min())

    @staticmethod
    def mended(x):
        return (x + 1) / 2

    @staticmethod
    def measure(code: Callable) -> Curve:
        with seeded(0):
            G, z = MLPGenerator(100), torch.randn(25, 100)
        with eval_mode(G):
            x = G(z)
        shown, order = code(x).flatten(), x.flatten().argsort()[::200]
        return (shown.max() - shown.min()).item(), x.flatten()[order].tolist(), shown[order].tolist(), {}
