"""Verdicts of notebook 12: right by any route, wrong with its reason; losses are judged by who was judged as what."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import one_hot, softplus

from gan_edu.checks import exercises, nb12
from gan_edu.checks.nb12 import REASONS
from verdict_table import accepts, refuses, survives


def test_the_notebook_has_its_exercises():
    assert exercises("12") == ["12-condition", "12-confusion", "12-repair"]


# ---- both players are told

def rows(z, y):
    return torch.cat([z, one_hot(y, 10)], 1)


def planes(x, y):
    return torch.cat([x, one_hot(y, 10).float()[:, :, None, None].expand(-1, -1, 28, 28)], 1)


def numpy_rows(z, y):
    return np.concatenate([np.eye(10)[y.numpy()], z.numpy()], 1)                     # labels first


def loop_planes(x, y):
    out = torch.zeros(len(x), 11, 28, 28)                                           # labels first
    out[:, 10:] = x
    for i, label in enumerate(y):
        out[i, label] = 1
    return out


def one_pixel(x, y):
    out = torch.zeros(len(x), 11, 28, 28)
    out[:, :1] = x
    out[torch.arange(len(x)), 1 + y, 0, 0] = 1
    return out


def by_those_present(z, y):
    return torch.cat([z, torch.cat([one_hot(torch.unique(y, return_inverse=True)[1], 10)])], 1)


def test_condition():
    survives("12-condition", secrets=("one_hot", "expand"),
             right=[[rows, planes], (numpy_rows, loop_planes), [lambda z, y: rows(z, y).tolist(), planes]],
             wrong=[[rows], [planes, rows], {"G": rows, "D": planes}, [rows, rows], [by_those_present, planes],
                    [lambda z, y: torch.cat([z, one_hot(9 - y, 10)], 1), planes],
                    [lambda z, y: torch.cat([z, -one_hot(y, 10)], 1), planes],
                    [lambda z, y: torch.cat([0 * z, one_hot(y, 10)], 1), planes],
                    [rows, lambda x, y: planes(x, y)[:, :, :14]], [rows, lambda x, y: planes(0 * x, y)]])


@pytest.mark.parametrize(("answer", "words"), [
    ([lambda z, y: z, planes], "nothing says which digit"),
    ([lambda z, y: torch.cat([z, y[:, None]], 1), planes], "4 lies between 3 and 5"),
    ([lambda z, y: torch.cat([z, one_hot(y, 10).roll(1, 0)], 1), planes], "Look at one row: y = 3"),
    ([rows, lambda x, y: torch.cat([x, y[:, None, None, None].expand(-1, 1, 28, 28)], 1)], "one channel"),
    ([rows, one_pixel], "sees one patch at a time"),
    ([rows, lambda x, y: planes(x, 9 - y)], "Look at image 0: y = 3"),
    ([rows, lambda x, y: x], "the result should be (12, 11, 28, 28); it is (12, 1, 28, 28)"),
])
def test_each_slip_of_telling_is_named(answer, words):
    assert words in repr(refuses("12-condition", answer))


# ---- a G that ignores y

def right(G, D, x, y, z):
    fake = G(z, y)
    return softplus(-D(x, y)).mean() + softplus(D(fake.detach(), y)).mean(), softplus(-D(fake, y)).mean()


def drawn_anew(G, D, x, y, z):
    wished = torch.randint(0, 8, y.shape)
    fake = G(z, wished)
    return softplus(-D(x, y)).mean() + softplus(D(fake.detach(), wished)).mean(), softplus(-D(fake, wished)).mean()


def one_pass(G, D, x, y, z):
    fake = G(z, y)
    real_logits, fake_logits = D(torch.cat([x, fake.detach()]), torch.cat([y, y])).chunk(2)
    bce = nn.functional.binary_cross_entropy_with_logits
    loss_D = bce(real_logits, torch.ones(64, 1)) + bce(fake_logits, torch.zeros(64, 1))
    return loss_D, bce(D(fake, y), torch.ones(64, 1))


def other_fakes_for_G(G, D, x, y, z):
    loss_D = right(G, D, x, y, z)[0]
    wished = torch.randint(0, 8, y.shape)
    return [loss_D, softplus(-D(G(z, wished), wished)).mean()]


def reordered(G, D, x, y, z):
    order = torch.randperm(len(y))
    fake = G(z[order], y[order])
    return softplus(-D(x, y)).mean() + softplus(D(fake, y[order])).mean(), softplus(-D(fake, y[order])).mean()


def careless(G, D, x, y, z):
    fake = G(z, torch.randint(0, 8, y.shape))
    return softplus(-D(x, y)).mean() + softplus(D(fake.detach(), y)).mean(), softplus(-D(fake, y)).mean()


def half_careless(G, D, x, y, z):
    return right(G, D, x, y, z)[0], careless(G, D, x, y, z)[1]


def shuffled_real(G, D, x, y, z):
    return softplus(-D(x, y.roll(1))).mean() + softplus(D(G(z, y).detach(), y)).mean(), softplus(-D(G(z, y), y)).mean()


def all_detached(G, D, x, y, z):
    fake = G(z, y).detach()
    return softplus(-D(x, y)).mean() + softplus(D(fake, y)).mean(), softplus(-D(fake, y)).mean()


def saturating(G, D, x, y, z):
    return right(G, D, x, y, z)[0], -softplus(D(G(z, y), y)).mean()


def untold(G, D, x, y, z):
    return softplus(-D(x)).mean() + softplus(D(G(z, y).detach())).mean(), softplus(-D(G(z, y))).mean()


def swapped(G, D, x, y, z):
    return right(G, D, x, y, z)[::-1]


RIGHT = [right, drawn_anew, one_pass, other_fakes_for_G, reordered]
WRONG = [careless, half_careless, shuffled_real, all_detached, saturating, untold, swapped,
         lambda G, D, x, y, z: right(G, D, x, y, z)[0], lambda G, D, x, y, z: (0.5, 0.5),
         lambda G, D, x, y, z: tuple(2 * loss for loss in right(G, D, x, y, z)),
         lambda G, D, x, y, z: (softplus(-D(x, y)).mean(), softplus(-D(G(z, y), y)).mean())]


def test_repair():
    survives("12-repair", right=[{"why": REASONS[2], "losses": f} for f in RIGHT] + [{"why": REASONS[2].upper(), "losses": right}],
             wrong=[{"why": REASONS[2], "losses": f} for f in WRONG] + [{"why": why, "losses": right} for why in (
                 REASONS[0], REASONS[1], REASONS[3], ..., "bad luck")] + [{"why": REASONS[2]}, right,
                                                                         {"why": REASONS[2], "losses": ...}])


@pytest.mark.parametrize(("losses", "words"), [
    (careless, "fakes that D judged"), (half_careless, "fakes that D judged"), (shuffled_real, "of 64 real pictures that D judged"),
    (all_detached, "no gradient of loss_G reaches G"), (saturating, "loss_G should be"), (untold, "without a label"),
    (swapped, "loss_D should be")])
def test_each_slip_of_the_losses_is_named(losses, words):
    assert words in repr(refuses("12-repair", {"why": REASONS[2], "losses": losses}))


def test_a_wrong_reason_is_answered_with_what_speaks_against_it():
    for why in (REASONS[0], REASONS[1], REASONS[3]):
        assert nb12._AGAINST[why] in repr(refuses("12-repair", {"why": why, "losses": right}))


def test_the_verdict_on_losses_leaves_the_random_state_alone():
    torch.manual_seed(4)
    before = torch.get_rng_state()
    accepts("12-repair", {"why": REASONS[2], "losses": drawn_anew})
    assert torch.equal(before, torch.get_rng_state())


# ---- a confusion matrix

def obeyed(C):
    return np.trace(C) / C.sum()


def worst(C):
    return int(np.argmin(np.diag(C) / C.sum(1)))


def trust(C, digit):
    return C[digit, digit] / C[:, digit].sum()


READ = {"obeyed": obeyed, "worst": worst, "trust": trust}


def test_confusion():
    by_loops = {"obeyed": lambda C: sum(C[i, i] for i in range(len(C))) / sum(sum(row) for row in C),
                "worst": lambda C: min(range(len(C)), key=lambda i: C[i][i] / sum(C[i])),
                "trust": lambda C, digit: torch.tensor(C[digit, digit] / C.T[digit].sum())}
    survives("12-confusion", secrets=("sum(1)", "C[:,"), right=[READ, by_loops],
             wrong=[{"obeyed": obeyed}, READ | {"obeyed": lambda C: 0.97}, READ | {"worst": lambda C: 9},
                    READ | {"trust": lambda C, digit: 1.0}, READ | {"worst": lambda C: C[0]}, list(READ.values())])


@pytest.mark.parametrize(("name", "slip", "words"), [
    ("obeyed", lambda C: (np.diag(C) / C.sum(1)).mean(), "mean of the rows' shares"),
    ("obeyed", lambda C: np.trace(C), "that is how many"),
    ("obeyed", lambda C: 1 - obeyed(C), "NOT read as ordered"),
    ("worst", lambda C: np.argmin(np.diag(C)), "smallest count"),
    ("worst", lambda C: np.argmin(np.diag(C) / C.sum(0)), "columns' sums"),
    ("worst", lambda C: np.argmax(np.diag(C) / C.sum(1)), "obeyed best"),
    ("trust", lambda C, digit: C[digit, digit] / C[digit].sum(), "share of a row"),
    ("trust", lambda C, digit: C[digit, digit] / C.sum(), "share of all pictures"),
])
def test_each_misreading_is_named(name, slip, words):
    assert words in repr(refuses("12-confusion", READ | {name: slip}))


def test_the_hidden_matrices_tell_the_slips_apart():
    for C in nb12._matrices():
        assert len(set(C.sum(1))) > 1 and (C.sum(0) > 0).all()
        assert abs(obeyed(C) - (np.diag(C) / C.sum(1)).mean()) > 1e-4
    assert any(np.argmin(np.diag(C)) != worst(C) for C in nb12._matrices())
    assert any(np.argmin(np.diag(C) / C.sum(0)) != worst(C) for C in nb12._matrices())
