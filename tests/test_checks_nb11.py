"""Verdicts of notebook 11: right by any route, wrong with its reason; the blinded critics are what the exercise says."""

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from scipy.stats import wasserstein_distance

from gan_edu import objectives
from gan_edu import theory_transport as transport
from gan_edu.checks import exercises, nb11
from gan_edu.networks import has_batch_statistics
from verdict_table import accepts, refuses, survives


def test_the_notebook_has_its_exercises():
    assert exercises("11") == ["11-company", "11-penalty", "11-work"]


# ---- the work

def by_programme(p, q, x):
    n = len(x)
    sums = np.concatenate([np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))])
    return linprog(np.abs(x[:, None] - x).ravel(), A_eq=sums, b_eq=np.concatenate([p, q])).fun


def by_loop(p, q, x):
    carried, work = 0.0, 0.0
    for i in range(len(x) - 1):
        carried += p[i] - q[i]
        work += abs(carried) * (x[i + 1] - x[i])
    return work


def with_tensors(p, q, x):
    return ((p.cumsum(0) - q.cumsum(0)).abs()[:-1] * x.diff()).sum()


WORK_SLIPS = {
    "cancel": lambda p, q, x: np.cumsum(p - q)[:-1] @ np.diff(x),
    "before the sum": lambda p, q, x: abs(np.cumsum(p - q)[:-1] @ np.diff(x)),
    "its own width, and yours": lambda p, q, x: np.abs(np.cumsum(p - q)).sum(),
    "not the mean of all": lambda p, q, x: np.abs(np.cumsum(p - q)).sum() * np.diff(x).mean(),
    "what lies at the points": lambda p, q, x: np.abs(p - q)[:-1] @ np.diff(x),
    "total variation": lambda p, q, x: np.abs(p - q).sum() / 2,
    "squares": lambda p, q, x: np.cumsum(p - q)[:-1] ** 2 @ np.diff(x),
    "off by one": lambda p, q, x: np.abs(np.cumsum(p - q))[1:] @ np.diff(x),
    "not the integral": lambda p, q, x: np.abs(np.cumsum(p - q)).mean() * (x[-1] - x[0]),
}


def test_work():
    survives("11-work", secrets=("cumsum(p - q)", "diff(x)"),
             right=[by_programme, by_loop, with_tensors, transport.work, lambda p, q, x: wasserstein_distance(x, x, p, q)],
             wrong=[*WORK_SLIPS.values(), lambda p, q, x: 0.0, lambda p, q, x: [1, 2]])


@pytest.mark.parametrize("what", WORK_SLIPS)
def test_each_slip_of_the_work_is_named(what):
    """Two points cannot tell all slips apart: on those alone the one may look like the other, but none is accepted."""
    case = nb11._earth()[2][1:]
    hints = [why for wrong, why in nb11._slips(*case) if wrong == pytest.approx(float(WORK_SLIPS[what](*case)))]
    assert any(what in why for why in hints)
    assert "Not yet" in repr(refuses("11-work", WORK_SLIPS[what]))


def test_the_counter_example_can_be_recomputed():
    line = repr(refuses("11-work", lambda p, q, x: 2 * by_loop(p, q, x) + 0.1))
    assert "yours is 6.1000, and the least work is 3.0000" in line


# ---- the penalty

def x_hat(real, fake, e):
    return (e * real + (1 - e) * fake).requires_grad_()


def norms(D, x, create_graph=True):
    (slope,) = torch.autograd.grad(D(x).sum(), x, create_graph=create_graph)
    return slope.flatten(1).norm(dim=1)


def usual(D, real, fake, e):
    return (norms(D, x_hat(real, fake, e)) - 1).square().mean()


def other_way_round(D, real, fake, e):
    return usual(D, fake, real, e)


def with_ones(D, real, fake, e):
    x = x_hat(real, fake, e)
    scores = D(x)
    slope = torch.autograd.grad(scores, x, grad_outputs=torch.ones_like(scores), create_graph=True, retain_graph=True)[0]
    return ((slope.view(len(x), -1).pow(2).sum(1) + 1e-12).sqrt() - 1).pow(2).mean()


def one_by_one(D, real, fake, e):
    rows = [norms(D, x_hat(*(part[i:i + 1] for part in (real, fake, e)))) for i in range(len(real))]
    return ((torch.cat(rows) - 1) ** 2).sum() / len(rows)


def with_jacobian(D, real, fake, e):
    x = x_hat(real, fake, e).detach()
    J = torch.autograd.functional.jacobian(lambda x: D(x).sum(0), x, create_graph=True)[0]
    return ((J.flatten(1).norm(dim=1) - 1) ** 2).mean()


PENALTY_SLIPS = {
    "a root is missing": lambda D, *b: (norms(D, x_hat(*b)).square() - 1).square().mean(),
    "R1's idea": lambda D, *b: norms(D, x_hat(*b)).square().mean(),
    "before the mean": lambda D, *b: (norms(D, x_hat(*b)).mean() - 1).square(),
    "the square is missing": lambda D, *b: (norms(D, x_hat(*b)) - 1).mean(),
    "not absolute": lambda D, *b: (norms(D, x_hat(*b)) - 1).abs().mean(),
    "not the sum": lambda D, *b: (norms(D, x_hat(*b)) - 1).square().sum(),
    "one-sided": lambda D, *b: (norms(D, x_hat(*b)) - 1).clamp(min=0).square().mean(),
    "whole batch at once": lambda D, *b: (norms(D, x_hat(*b)).norm() - 1).square(),
    "each pixel": lambda D, *b: (torch.autograd.grad(D(x := x_hat(*b)).sum(), x, create_graph=True)[0] - 1).square().mean(),
    "at the real samples": lambda D, real, fake, e: usual(D, real, real, e),
    "at the fakes": lambda D, real, fake, e: usual(D, fake, fake, e),
    "half-way": lambda D, real, fake, e: usual(D, real, fake, torch.full_like(e, 0.5)),
}


def test_penalty():
    survives("11-penalty", secrets=("create_graph",), right=[usual, other_way_round, with_ones, one_by_one, with_jacobian],
             wrong=[*PENALTY_SLIPS.values(), lambda D, *b: usual(D, *b).item(), lambda D, *b: usual(D, *b).detach(),
                    lambda D, *b: norms(D, x_hat(*b)), lambda D, *b: 10 * usual(D, *b)])


@pytest.mark.parametrize("what", PENALTY_SLIPS)
def test_each_slip_of_the_penalty_is_named(what):
    assert what in repr(refuses("11-penalty", PENALTY_SLIPS[what]))


def test_a_value_without_a_way_back_is_told_from_a_wrong_one():
    def cut(D, *b):
        return (norms(D, x_hat(*b), create_graph=False) - 1).square().mean()

    def half_cut(D, *b):
        n = norms(D, x_hat(*b))
        return ((n - 1) * (n.detach() - 1)).mean()

    assert "D cannot learn from it" in repr(refuses("11-penalty", cut))
    assert "a part of the graph was cut off" in repr(refuses("11-penalty", half_cut))


def test_what_the_check_wants_is_what_the_package_trains_with(monkeypatch):
    real, fake, e = nb11._batch((1, 2, 2))
    monkeypatch.setattr(torch, "rand", lambda *args, **named: e)
    for a in (0.7, 0.2):
        D = nb11._Bowl(a, (1, 2, 2))
        torch.testing.assert_close(objectives.gradient_penalty(D, real, fake), usual(D, real, fake, e))


# ---- company

def test_company():
    survives("11-company", right=[["B", "D"], {"d", "b"}, ("D", "B")],
             wrong=[[], ["B"], ["A", "B", "D"], ["D"], ["C"], ["A", "B", "C", "D"], ["E"], "B"])
    assert "accused wrongly" in repr(refuses("11-company", ["A", "B", "D"]))
    assert "1 more" in repr(refuses("11-company", ["B"]))
    accepts("11-company", ["B", "D"])


def test_the_blinded_critics_by_their_jacobians():
    x = torch.rand(4, 1, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    for name, judge in nb11.blinded_critics().items():
        J = torch.autograd.functional.jacobian(lambda x, judge=judge: judge(x)[:, 0], x).flatten(2).abs().amax(2)
        off = (J - torch.diag(J.diagonal())).max().item()
        assert (off > 1e-3 * J.max()) == (name in "BD") and (off == 0) == (name in "AC")
        assert judge(x).std() > 1e-3
    assert [name for name in "ABCD" if has_batch_statistics(nb11._hidden(name))] == ["B"]
