"""Verdicts on the exercises of notebook 07: the great circle, the direction that thickens, what is a memory."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from gan_edu import pretrained
from gan_edu.checks.core import NotYet, ReaderError, array, exercise, function
from gan_edu.games import Game
from gan_edu.latent import sample_latent
from gan_edu.metrics import stroke_width
from gan_edu.networks import eval_mode

# ---- the great circle


def _pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs of ends of one length: sharp and flat angles, few and many dimensions, short and long."""
    rng, pairs = np.random.default_rng(7), []
    for dim, length in [(2, 1.0), (2, 3.0), (3, 1.0), (100, 10.0), (100, 9.2), (512, 1.0)]:
        a, b = rng.normal(size=(2, dim))
        pairs.append(tuple(length * end / np.linalg.norm(end) for end in (a, b)))
    a = np.array([2.0, 0.0, 0.0])
    return [*pairs, (a, 2 * np.array([np.cos(2.5), np.sin(2.5), 0])), (a, 2 * np.array([np.cos(0.2), 0, np.sin(0.2)]))]


def _point(path: object, a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """Call the reader's path with tensors, or with arrays where it is written for those."""
    try:
        got = path(torch.from_numpy(a), torch.from_numpy(b), t)
    except ReaderError:
        got = path(a, b, t)
    return array(got, name="your slerp(a, b, t)")


def _circle(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    theta = np.arccos(np.clip(a @ b / (a @ a), -1, 1))
    return (np.sin((1 - t) * theta) * a + np.sin(t * theta) * b) / np.sin(theta)


def _degrees(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))))


@exercise("07-slerp", "your path starts and ends where it should, keeps its length, and turns at an even speed.")
def _slerp(answer: object) -> str | None:
    path = function(answer, "your slerp")
    for a, b in _pairs():
        for t in (0.0, 1.0, 0.5, 0.25, 0.9):
            got, wanted = _point(path, a, b, t), _circle(a, b, t)
            if got.shape != a.shape:
                return f"for ends of shape {a.shape} your slerp should have that shape too, and has {got.shape}."
            if np.abs(got - wanted).max() > 1e-4 * np.linalg.norm(a):
                return _why_not(got, a, b, t)
    return None


def _why_not(got: np.ndarray, a: np.ndarray, b: np.ndarray, t: float) -> str:
    """Say in what way a point is not on the way from a to b at t."""
    if t in (0.0, 1.0):
        return f"at t = {t:g} the path should be at {'b' if t else 'a'}, and yours is {np.linalg.norm(got):.2f} from 0."
    share = np.linalg.norm(got) / np.linalg.norm(a)
    if abs(share - 1) > 1e-3:
        line = " This is where the straight line passes." if np.allclose(got, (1 - t) * a + t * b) else ""
        return f"at t = {t:g} your z has {share:.2f} of the length of its ends, which have one length.{line}"
    turned, whole = _degrees(got, a), _degrees(a, b)
    if abs(turned - t * whole) > 0.05:
        return (f"you keep the length, but not an even speed: at t = {t:g} of a turn of {whole:.0f} degrees you have "
                f"made {turned:.1f}, and it should be {t * whole:.1f}.")
    return f"at t = {t:g} the length and the angle to a are right, but the point is not in the plane of a and b."


# ---- the direction that thickens


@cache
def _game() -> Game:
    return pretrained.load("mnist-mlp")


def _widths(z: Tensor) -> Tensor:
    with eval_mode(_game().G):
        return stroke_width(_game().G(z))


@cache
def _test_points() -> Tensor:
    return sample_latent(200, 100, generator=torch.Generator().manual_seed(77))


def _gain(direction: Tensor) -> tuple[float, float]:
    """Return by how many pixels strokes are wider at z + 2v than at z - 2v, on average, and for which share."""
    v = 2 * direction / direction.norm()
    change = _widths(_test_points() + v) - _widths(_test_points() - v)
    return change.mean().item(), (change > 0).float().mean().item()


@cache
def _reachable() -> float:
    """Return the gain of a direction found by regression on many z: what a good answer comes near to."""
    z = sample_latent(4000, 100, generator=torch.Generator().manual_seed(78))
    width = _widths(z)
    return _gain(((width - width.mean()).unsqueeze(1) * z).mean(0))[0]


@exercise("07-thicker", "along your direction the strokes grow wider nearly everywhere.")
def _thicker(answer: object) -> str | None:
    v = array(answer, name="your direction")
    if v.size != 100:
        return f"your direction should be 100 numbers, one for each coordinate of z, and has shape {v.shape}."
    direction = torch.from_numpy(v.reshape(100)).float()
    if not direction.norm() > 1e-12:
        return "your direction is 0 everywhere, and leads nowhere."
    gain, share = _gain(direction)
    best = _reachable()
    if gain < -0.3 * best:
        return f"along your direction strokes grow thinner, by {-gain:.2f} pixels from -2 to +2. Turn it round."
    if gain < 0.6 * best:
        return (f"from -2 to +2 along your direction strokes grow by {gain:.2f} pixels on average; {best:.2f} can be "
                "reached. Use more z, or look at how width goes with each coordinate.")
    if share < 0.9:
        return f"wider for {share:.0%} of all z only; it should be for nine of ten."
    return None


# ---- what is a memory


def _cases() -> list[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Return (what the images are, images, training, unseen, truth), pixels in [0, 1], far from the border line."""
    rng = np.random.default_rng(70)
    training, unseen, fresh = (rng.random((n, 28 * 28)) for n in (300, 200, 40))
    dust = np.clip(training[40:60] + rng.normal(0, 0.02, (20, 784)), 0, 1)
    new = _typical(fresh, training, unseen)
    mixed = np.concatenate([training[:10], new[0][:10]])
    pale = 0.5 * rng.random((100, 784))                     # another scale of distances: no fixed number will do
    return [("copies of training images", training[:20], training, unseen, np.ones(20, bool)),
            ("copies with a little dust", dust, training, unseen, np.ones(20, bool)),
            ("new images, no nearer than most of the unseen ones", *new),
            ("ten copies and ten new images", mixed, training, unseen, np.arange(20) < 10),
            ("new images in paler ink", *_typical(0.5 * rng.random((40, 784)), pale, 0.5 * rng.random((200, 784))))]


def _nearest(x: np.ndarray, images: np.ndarray) -> np.ndarray:
    squares = (x**2).sum(1)[:, None] - 2 * x @ images.T + (images**2).sum(1)
    return np.sqrt(np.maximum(squares, 0).min(1))


def _typical(fresh: np.ndarray, training: np.ndarray, unseen: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return those of `fresh` that are farther than 5 % of the unseen are, training, unseen, and all False."""
    border = np.quantile(_nearest(unseen, training), 0.05)
    kept = fresh[_nearest(fresh, training) > border]
    return kept, training, unseen, np.zeros(len(kept), bool)


def _memories(judge: object, x: np.ndarray, training: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    try:
        said = judge(*(torch.from_numpy(part.reshape(-1, 1, 28, 28)).float() for part in (x, training, unseen)))
    except ReaderError:
        said = judge(*(part.reshape(-1, 1, 28, 28) for part in (x, training, unseen)))
    said = array(said, name="your memories(...)")
    if said.size != len(x):
        raise NotYet(f"for {len(x)} images your function should give {len(x)} answers; it gave shape {said.shape}.")
    return said.reshape(-1) != 0


@exercise("07-memory", "copies are found, with dust too, and new images are let go.")
def _memory(answer: object) -> str | None:
    judge = function(answer, "your memories")
    for what, x, training, unseen, truth in _cases():
        said = _memories(judge, x, training, unseen)
        if (said == truth).all():
            continue
        if said.all() or not said.any():
            return f"on {what} you say {'memory' if said.all() else 'new'} every time. Compare with the unseen images."
        return f"on {what} {int((said != truth).sum())} of {len(x)} answers are wrong."
    return None
