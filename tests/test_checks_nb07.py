"""Verdicts of notebook 07: right by every route, with tensors or arrays; wrong with the number that shows it."""

import numpy as np
import pytest
import torch

from gan_edu import latent, metrics, pretrained
from gan_edu.checks import exercises
from gan_edu.metrics import nearest_neighbours, stroke_width
from gan_edu.networks import eval_mode
from verdict_table import refuses, survives

needs_weights = pytest.mark.skipif("mnist-mlp" not in pretrained.available(), reason="mnist-mlp is not built yet")


def test_the_notebook_has_its_three_exercises():
    assert exercises("07") == ["07-memory", "07-slerp", "07-thicker"]


# ---- slerp

def shoemake(a, b, t):
    theta = torch.acos((a @ b) / (a.norm() * b.norm()))
    return (torch.sin((1 - t) * theta) * a + torch.sin(t * theta) * b) / torch.sin(theta)


def with_numpy(a, b, t):
    a, b = np.asarray(a), np.asarray(b)
    theta = np.arccos(np.dot(a, b) / np.linalg.norm(a) ** 2)
    return np.sin((1 - t) * theta) / np.sin(theta) * a + np.sin(t * theta) / np.sin(theta) * b


def arrays_only(a, b, t):
    return with_numpy(a.astype(float), b.astype(float), t)


def by_turning(a, b, t):
    length = a.norm()
    side = b - (a @ b) / (a @ a) * a
    theta = torch.atan2(side.norm(), (a @ b) / length)
    return torch.cos(t * theta) * a + torch.sin(t * theta) * length * side / side.norm()


def line(a, b, t):
    return (1 - t) * a + t * b


def pulled_out(a, b, t):
    z = line(a, b, t)
    return z / z.norm() * a.norm()


def wrong_plane(a, b, t):
    z = shoemake(a, b, t).clone()
    along = (z @ a) / (a @ a) * a
    return along + torch.roll(z - along, 1)


def test_slerp():
    survives("07-slerp", right=[latent.slerp, shoemake, with_numpy, arrays_only, by_turning],
             wrong=[line, pulled_out, lambda a, b, t: shoemake(b, a, t), lambda a, b, t: a, 0.5,
                    lambda a, b, t: torch.stack([a, b]), wrong_plane],
             secrets=("sin", "arccos", "acos"))


@pytest.mark.parametrize("answer, words", [
    (line, "where the straight line passes"), (pulled_out, "not an even speed: at t = 0.25"),
    (lambda a, b, t: shoemake(b, a, t), "at t = 0 the path should be at a"), (lambda a, b, t: b, "should be at a"),
    (lambda a, b, t: torch.stack([a, b]), "should have that shape too, and has (2, 2)")])
def test_slerp_hints(answer, words):
    assert words in repr(refuses("07-slerp", answer))


# ---- thicker

@pytest.fixture(scope="module")
def widths():
    game = pretrained.load("mnist-mlp")
    z = latent.sample_latent(1000, 100, generator=torch.Generator().manual_seed(0))
    with eval_mode(game.G):
        return z, stroke_width(game.G(z)), game


@needs_weights
def test_thicker(widths):
    z, width, game = widths
    by_mean = ((width - width.mean())[:, None] * z).mean(0)
    by_halves = z[width > width.median()].mean(0) - z[width <= width.median()].mean(0)
    by_squares = torch.linalg.lstsq(z, (width - width.mean())[:, None]).solution[:, 0]
    start = z[:200].clone().requires_grad_()
    game.G.eval()
    stroke_width(game.G(start)).sum().backward()
    by_gradient = start.grad.mean(0)
    survives("07-thicker", right=[by_mean, by_halves.numpy(), by_squares.tolist(), by_gradient, 100 * by_mean[None],
                                  1e-3 * by_mean],
             wrong=[-by_mean, torch.eye(100)[0], latent.directions(game.G, 1)[0], np.zeros(100), np.ones(99), 3.0])
    assert "Turn it round" in repr(refuses("07-thicker", -by_mean))
    assert "can be reached" in repr(refuses("07-thicker", torch.eye(100)[3]))
    assert "leads nowhere" in repr(refuses("07-thicker", np.zeros(100)))
    assert "has shape (99,)" in repr(refuses("07-thicker", np.ones(99)))


# ---- memory

def by_library(images, training, unseen):
    border = np.quantile(nearest_neighbours(unseen, training)[1], 0.01)
    return nearest_neighbours(images, training)[1][:, 0] < border


def by_torch(images, training, unseen):
    def near(x):
        return torch.cdist(x.flatten(1), training.flatten(1)).min(1).values
    return near(images) < torch.quantile(near(unseen), 0.01)


def by_sorting(images, training, unseen):
    images, training, unseen = (np.asarray(x).reshape(len(x), -1) for x in (images, training, unseen))
    def near(x):
        return np.array([np.linalg.norm(training - one, axis=1).min() for one in x])
    border = np.sort(near(unseen))[int(0.01 * len(unseen))]
    return (near(images) < border).astype(int)[:, None]


def by_the_nearest_unseen(images, training, unseen):
    return nearest_neighbours(images, training)[1][:, 0] < nearest_neighbours(unseen, training)[1].min()


def arrays_only_memory(images, training, unseen):
    return by_sorting(images.astype(float), training, unseen)


def test_memory():
    survives("07-memory",
             right=[by_library, by_torch, by_sorting, by_the_nearest_unseen, arrays_only_memory],
             wrong=[lambda i, t, u: np.zeros(len(i)), lambda i, t, u: np.ones(len(i)), lambda i, t, u: True,
                    lambda i, t, u: metrics.nearest_neighbours(i, t)[1][:, 0] < 1e-3,
                    lambda i, t, u: metrics.nearest_neighbours(i, t)[1][:, 0] < 7.0,
                    lambda i, t, u: metrics.nearest_neighbours(i, u)[1][:, 0] < 1])


@pytest.mark.parametrize("answer, words", [
    (lambda i, t, u: np.zeros(len(i)), "on copies of training images you say new every time"),
    (lambda i, t, u: np.ones(len(i)), "you say memory every time"),
    (lambda i, t, u: metrics.nearest_neighbours(i, t)[1][:, 0] < 1e-3, "with a little dust"),
    (lambda i, t, u: metrics.nearest_neighbours(i, t)[1][:, 0] < 7.0, "in paler ink"),
    (lambda i, t, u: np.ones(3), "should give 20 answers")])
def test_memory_hints(answer, words):
    assert words in repr(refuses("07-memory", answer))
