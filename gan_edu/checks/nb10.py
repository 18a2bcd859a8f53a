"""Verdicts on the exercises of notebook 10: the Parzen score, a cheat that beats a GAN, an alarm for a collapse."""

import math
from functools import cache

import numpy as np
import torch

from gan_edu import metrics
from gan_edu.checks.core import Feedback, NotYet, ReaderError, array, exercise, function
from gan_edu.data import load_images

# ---- the score


def _cases() -> list[tuple[str, np.ndarray, np.ndarray, float]]:
    """Return (what it is, samples (n, d), test (m, d), sigma): first one that tells all slips apart, images last."""
    rng, found = np.random.default_rng(10), []
    for n, m, d, sigma in ((7, 5, 4, 0.4), (1, 1, 1, 1.0), (3, 2, 1, 0.5), (20, 6, 30, 0.9)):
        found.append((f"{n} samples, {m} test points, d = {d}, sigma = {sigma:g}", rng.random((n, d)), rng.random((m, d)), sigma))
    for sigma in (0.2, 0.07):
        found.append((f"images of 784 pixels at sigma = {sigma:g}", rng.random((12, 784)), rng.random((5, 784)), sigma))
    return found


def _exponents(samples: np.ndarray, test: np.ndarray, sigma: float) -> np.ndarray:
    """Return -|x - s|^2 / 2 sigma^2, (m, n)."""
    return -((test[:, None] - samples) ** 2).sum(2) / (2 * sigma**2)


def _log_mean_exp(exponents: np.ndarray) -> np.ndarray:
    top = exponents.max(1, keepdims=True)
    return top[:, 0] + np.log(np.exp(exponents - top).mean(1))


def _slips(samples: np.ndarray, test: np.ndarray, sigma: float) -> list[tuple[float, str]]:
    """Return (what comes out, why) for what is nearly right."""
    n, d = samples.shape
    e, constant = _exponents(samples, test, sigma), d * math.log(sigma * math.sqrt(2 * math.pi))
    logs = _log_mean_exp(e) - constant
    return [
        (float((logs + math.log(n)).mean()), "you sum over the samples; the density is their mean, so log n is missing."),
        (float((logs + constant).mean()), "the windows are not densities yet: each has a factor (sigma sqrt(2 pi))^-d."),
        (float((logs + constant - constant / d).mean()), "the factor 1/(sigma sqrt(2 pi)) belongs to each of the d pixels."),
        (float(logs.sum()), "you sum over the test points; the score is their mean."),
        (float(e.mean() - constant),
         "that is the mean of the logs of the windows; it is the log of their mean, for each test point."),
        (float((_log_mean_exp(e * sigma) - constant).mean()), "sigma is squared in the exponent."),
        (float((_log_mean_exp(2 * e) - constant).mean()), "there is a 2 in the exponent: |x - s|^2 / (2 sigma^2)."),
        (float((_log_mean_exp(_exponents(test, samples, sigma)) - constant).mean()),
         "samples and test points have changed places: the windows stand on the samples."),
        (float(np.log(np.exp(logs - logs.max()).mean()) + logs.max()),
         "that is the log of the mean over the test points; it is the mean of their logs."),
        (float(-logs.mean()), "right but for the sign: higher should be better."),
    ]


def _scored(score: object, samples: np.ndarray, test: np.ndarray, sigma: float) -> np.ndarray:
    """Call the reader's function with arrays, or with tensors where it is written for those; (1,) or (m,) numbers."""
    try:
        got = score(samples.copy(), test.copy(), sigma)
    except ReaderError:
        got = score(torch.from_numpy(samples), torch.from_numpy(test), sigma)
    if isinstance(got, tuple) and len(got) == 2:
        got = got[0]                                    # (mean, standard error), as metrics.parzen_log_likelihood has it
    try:
        found = np.asarray(got.detach() if hasattr(got, "detach") else got, dtype=np.float64).ravel()
    except Exception:  # whatever the reader returned
        found = np.empty(0)
    if isinstance(got, str | bytes) or found.size not in (1, len(test)):
        raise NotYet("your function should return one number, the mean over the test points.")
    return found


@exercise("10-parzen", "right to a hundredth of a nat, also where each window by itself is 0 in a computer's numbers.")
def _parzen(answer: object) -> str | None:
    score = function(answer, "my_parzen")
    for what, samples, test, sigma in _cases():
        found = _scored(score, samples, test, sigma)
        truth = metrics.parzen_log_likelihood(samples, test, sigma)[0]
        if not np.isfinite(found).all() and samples.shape[1] == 784:
            return (f"right for few dimensions, and {found.mean()} for {what}: every window has underflowed to 0, in float32 "
                    "from an exponent of -104 on and in float64 from -746. Take the largest exponent out before you call exp.")
        if abs(found.mean() - truth) > 0.01 or math.isnan(found.mean()):
            return _why_not(found, samples, test, sigma, what, truth)
    return None


def _why_not(found: np.ndarray, samples: np.ndarray, test: np.ndarray, sigma: float, what: str, truth: float) -> str:
    value = float(found.mean())
    for wrong, why in _slips(samples, test, sigma):
        if abs(wrong - value) < 1e-6 * max(1, abs(wrong)):
            return why
    return f"for {what} yours is {value:.4f}, and it should be {truth:.4f}. Try one sample and one test point by hand."


# ---- the cheat

MOST = 500                      # samples on the leaderboard, of the GAN's as of the cheats'
GAN_SCORE = 160.0               # at most what the small GAN of the notebook reached, over five seeds


@cache
def _stage() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (training, validation, test) of the embedded digits, rows in [0, 1]: 1,200, 300 and 297."""
    training, validation = load_images("digits").split(1_200)
    sets = (training, validation, load_images("digits", split="test"))
    return tuple(s.images.flatten(1).double().numpy() / 255 for s in sets)


def _rows(answer: object) -> np.ndarray:
    """Return the reader's samples as rows (n, 784), or say what they should be."""
    x = array(answer, name="your samples")
    if x.size == 0 or x.ndim < 2 or x[0].size != 784:
        raise NotYet(f"your samples should be (n, 784) or (n, 1, 28, 28), and have shape {x.shape}.")
    x = x.reshape(len(x), 784)
    if len(x) > MOST:
        raise NotYet(f"{len(x):,} samples; the leaderboard takes at most {MOST}, as many as the GAN drew.")
    if x.min() < -1e-6 or x.max() > 1 + 1e-6:
        raise NotYet(f"pixels lie in [0, 1] here, and yours in [{x.min():.2f}, {x.max():.2f}]; (x + 1) / 2 brings [-1, 1] there.")
    return x


def parzen_on_stage(x: np.ndarray) -> float:
    """Return the score of samples (n, 784) in [0, 1] on the embedded test digits, sigma chosen on the validation digits."""
    _, validation, test = _stage()
    return metrics.parzen_log_likelihood(x, test, metrics.select_sigma(x, validation))[0]


@cache
def _rivals() -> dict[str, float]:
    """Return the leaderboard's other entries: what as many real images score."""
    return {"the GAN (best of five)": GAN_SCORE, f"{MOST} real training digits": parzen_on_stage(_stage()[0][:MOST])}


@exercise("10-cheat", "")
def _cheat(answer: object) -> str | Feedback:
    x = _rows(answer)
    test = _stage()[2]
    if (metrics.nearest_neighbours(x, test)[1] < 0.1).any() and not _also_training(x, test):
        return "some of these are test digits. That is one cheat too many: use the training digits only."
    score, rivals = parzen_on_stage(x), _rivals()
    board = ", ".join(f"{name} {value:.0f}" for name, value in rivals.items())
    if score <= GAN_SCORE:
        return (f"your {len(x)} samples score {score:.0f}; on the board are {board}. Which pictures are near to a test digit, "
                "pixel by pixel? Start from the training digits.")
    over = [name for name, value in rivals.items() if score > value]
    return Feedback(True, f"your {len(x)} samples score {score:.0f}, more than {' and '.join(over)}. The board: {board}.")


def _also_training(x: np.ndarray, test: np.ndarray) -> bool:
    """Say whether every sample that is a test digit is a training digit as well (nobody can be blamed for twins)."""
    copies = x[metrics.nearest_neighbours(x, test)[1][:, 0] < 0.1]
    return bool((metrics.nearest_neighbours(copies, _stage()[0])[1] < 0.1).all())


# ---- the alarm

REFERENCE = np.array([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])      # MNIST's test set, digit by digit


def _healthy() -> list[tuple[str, np.ndarray]]:
    """Return (what it is, counts) of samples that no alarm should ring for: chance, and a tilt that chance is not."""
    rng, p = np.random.default_rng(100), REFERENCE / REFERENCE.sum()
    found = [(f"{n:,} healthy samples", rng.multinomial(n, p)) for n in (200, 200, 200, 500, 500, 1_000, 1_000, 10_000, 10_000)]
    for n in (1_000, 10_000, 10_000, 10_000):
        tilted = p * rng.uniform(0.75, 1.25, 10)
        found.append((f"{n:,} samples, every digit within a third of its share", rng.multinomial(n, tilted / tilted.sum())))
    return found


def _collapsed() -> list[tuple[str, np.ndarray]]:
    """Return (what it is, counts) of collapsed samples: few classes, one missing, one that takes over."""
    rng, p = np.random.default_rng(101), REFERENCE / REFERENCE.sum()
    found = []
    for n, missing, what in ((1_000, range(1, 10), "one digit only"), (300, (0, 2, 3, 4, 5, 6, 8), "three digits only"),
                             (1_000, (0, 2, 8), "three digits missing"), (1_000, (4,), "one digit missing"),
                             (10_000, (8,), "one digit missing"), (500, (1, 5), "two digits missing")):
        q = p.copy()
        q[list(missing)] = 0
        found.append((f"{n:,} samples, {what}", rng.multinomial(n, q / q.sum())))
    for n, share in ((500, 0.6), (10_000, 0.5)):
        q = (1 - share) * p
        q[1] += share
        found.append((f"{n:,} samples, more than half of them ones", rng.multinomial(n, q)))
    q = p.copy()
    q[4] *= 0.02
    return [*found, ("10,000 samples, a few fours left", rng.multinomial(10_000, q / q.sum()))]


def _rings(alarm: object, counts: np.ndarray) -> bool:
    said = alarm(counts.copy(), REFERENCE.copy())
    try:
        plain = np.asarray(said.detach() if hasattr(said, "detach") else said)
    except Exception:  # whatever the reader returned
        plain = np.empty(0)
    if plain.size != 1 or plain.dtype.kind not in "biuf" or plain.ravel()[0] not in (0, 1):
        raise NotYet("your alarm should answer True (collapsed) or False (healthy).")
    return bool(plain.ravel()[0])


@exercise("10-alarm", "it rings for every collapse, and for no healthy set, however few or many samples.")
def _alarm(answer: object) -> str | None:
    alarm = function(answer, "your alarm")
    false_alarms = [case for case in _healthy() if _rings(alarm, case[1])]
    missed = [case for case in _collapsed() if not _rings(alarm, case[1])]
    if not false_alarms and not missed:
        return None
    if len(false_alarms) == len(_healthy()) and not missed:
        return "it rings every time. A healthy set has its chance ups and downs."
    if len(missed) == len(_collapsed()) and not false_alarms:
        return "it never rings, not even for a generator that draws one digit only."
    kind, (what, counts) = ("rings for", false_alarms[0]) if false_alarms else ("is silent for", missed[0])
    return (f"{len(_collapsed()) - len(missed)} of {len(_collapsed())} collapses found, {len(false_alarms)} of "
            f"{len(_healthy())} healthy sets accused. It {kind} {what}: {counts.tolist()}.")
