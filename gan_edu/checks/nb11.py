"""Verdicts on the exercises of notebook 11: W1 as a sum, the gradient penalty, four critics of which two see company."""

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from gan_edu import theory_transport as transport
from gan_edu.checks.core import NotYet, ReaderError, choices, exercise, function, number
from gan_edu.networks import Critic, DCGANDiscriminator, seeded

# ---- from the linear programme to two sums


def _earth() -> list[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Return (what it is, p, q, x): first what can be done in the head, then uneven points, then many."""
    rng, found = np.random.default_rng(11), []
    found.append(("two points, p = [1, 0], q = [0, 1], x = [0, 3]", np.array([1.0, 0]), np.array([0, 1.0]), np.array([0.0, 3])))
    found.append(("p = [.5, 0, .5], q = [0, 1, 0], x = [0, 1, 5]", np.array([0.5, 0, 0.5]), np.array([0, 1.0, 0]),
                  np.array([0.0, 1, 5])))
    for n in (4, 9, 40):
        p, q = rng.dirichlet(np.ones(n), size=2)
        found.append((f"{n} points at uneven distances", p, q, np.cumsum(rng.uniform(0.1, 2, n)) - 3))
    return found


def _slips(p: np.ndarray, q: np.ndarray, x: np.ndarray) -> list[tuple[float, str]]:
    """Return (what comes out, why) for what is nearly right."""
    passing, gaps = np.cumsum(p - q)[:-1], np.diff(x)
    return [
        (float(passing @ gaps), "what passes to the left and what passes to the right cancel; both are work."),
        (float(abs(passing @ gaps)), "take the absolute value before the sum: work to the left and to the right both count."),
        (float(np.abs(passing).sum()), "each gap between two points has its own width, and yours counts them all as 1."),
        (float(np.abs(passing).sum() * gaps.mean()), "the gaps differ: each has its own width, not the mean of all."),
        (float(np.abs(p - q)[:-1] @ gaps),
         "that is |p - q|, what lies at the points; what passes a gap is the sum of all before it."),
        (float(np.abs(p - q).sum() / 2), "that is the total variation: how much must move, and not how far."),
        (float(passing**2 @ gaps), "that squares what passes; work is mass times distance."),
        (float(np.abs(np.cumsum(p - q))[1:] @ gaps),
         "off by one: between x[i] and x[i+1] passes what lies up to x[i], it included."),
        (float(np.abs(np.cumsum(p - q)).mean() * (x[-1] - x[0])), "the mean is not the integral: each step has its own width."),
    ]


@exercise("11-work", "the same as the linear programme, for any points: a sum over the gaps instead of a table of moves.")
def _work(answer: object) -> str | None:
    mine = function(answer, "my_w1")
    for what, p, q, x in _earth():
        found, truth = number(_called(mine, p, q, x), "what my_w1 returns"), transport.work(p, q, x)
        if abs(found - truth) < 1e-6 * max(1, truth):
            continue
        for wrong, why in _slips(p, q, x):
            if abs(wrong - found) < 1e-9 * max(1, abs(wrong)):
                return why
        return f"for {what} yours is {found:.4f}, and the least work is {truth:.4f}. How much mass has to pass each gap?"
    return None


def _called(answer: Callable, *arrays: np.ndarray) -> object:
    """Call with arrays, or with tensors where it is written for those."""
    try:
        return answer(*(a.copy() for a in arrays))
    except ReaderError:
        return answer(*map(torch.from_numpy, arrays))


# ---- the gradient penalty


class _Bowl(nn.Module):
    """D(x) = a |x|^2 / 2 + b . x over all pixels of an image: its slope a x + b is known."""

    def __init__(self, a: float, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))
        self.b = torch.linspace(-0.4, 0.4, int(np.prod(shape)), dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        return self.a * x.square().sum(1, keepdim=True) / 2 + (x @ self.b)[:, None]

    def norms(self, x: Tensor) -> Tensor:
        return (self.a * x.flatten(1) + self.b).norm(dim=1)


def _batch(shape: tuple[int, ...], n: int = 6) -> tuple[Tensor, Tensor, Tensor]:
    """Return (x_real, x_fake, e) in float64; e is (n, 1, ...), one share for each sample."""
    draw = torch.Generator().manual_seed(len(shape))
    real, fake = (torch.randn(n, *shape, generator=draw, dtype=torch.float64) for _ in range(2))
    return real, fake + 1, torch.rand(n, *[1] * len(shape), generator=draw, dtype=torch.float64)


def _mixed(real: Tensor, fake: Tensor, e: Tensor) -> Tensor:
    return e * real + (1 - e) * fake


def _penalty_slips(D: _Bowl, real: Tensor, fake: Tensor, e: Tensor) -> list[tuple[Tensor, str]]:
    x = _mixed(real, fake, e)
    norms, rows = D.norms(x), (D.a * x.flatten(1) + D.b)
    return [
        ((norms.square() - 1).square().mean(),
         "the norm itself should be 1; yours compares its square with 1 (a root is missing)."),
        (norms.square().mean(), "a penalty for any slope at all: that is R1's idea. Here slope 1 should cost nothing."),
        ((norms.mean() - 1).square(), "each sample pays for its own slope: the square comes before the mean."),
        ((norms - 1).mean(), "the square is missing: a slope of 0.5 would be rewarded."),
        ((norms - 1).abs().mean(), "squared, not absolute (Gulrajani et al., eq. 3)."),
        ((norms - 1).square().sum(), "the mean over the batch, not the sum."),
        ((norms - 1).clamp(min=0).square().mean(),
         "one-sided: yours lets slopes below 1 go free. Eq. 3 of Gulrajani et al. is two-sided; they tell why in section 4."),
        (((rows.norm() - 1) ** 2), "that is the norm of the whole batch at once; each sample has its own."),
        (((rows - 1) ** 2).mean(), "that asks each pixel for slope 1; it is the norm over all pixels that should be 1."),
        ((D.norms(real) - 1).square().mean(), "that is the slope at the real samples; it is asked for between real and fake."),
        ((D.norms(fake) - 1).square().mean(), "that is the slope at the fakes; it is asked for between real and fake."),
        ((D.norms((real + fake) / 2) - 1).square().mean(), "always half-way: use e, a random share for each pair."),
    ]


def _penalised(penalty: Callable, D: _Bowl, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    got = penalty(D, *(part.clone() for part in batch))
    if not isinstance(got, Tensor) or got.numel() != 1:
        raise NotYet("your function should return one number as a tensor, so that D can learn from it.")
    if not torch.isfinite(got).all():
        raise NotYet(f"it came out as {got.item()}, which is not a number one can minimise.")
    return got.reshape(())


@exercise("11-penalty", "value and gradient are right, for points and for images. Times 10 it is the paper's.")
def _penalty(answer: object) -> str | None:
    penalty = function(answer, "my_penalty")
    for shape in ((3,), (2,), (1, 2, 2)):
        batch = _batch(shape)
        for a in (0.7, 0.2):
            D = _Bowl(a, shape)
            got = _penalised(penalty, D, batch)
            hint = _value_hint(got, D, batch, shape) or _gradient_hint(got, D, batch)
            if hint:
                return hint
    return None


def _both_ways(batch: tuple[Tensor, Tensor, Tensor]) -> list[tuple[Tensor, Tensor, Tensor]]:
    """e of real and 1 - e of fake, or the other way round: e is uniform, so both are the paper's."""
    real, fake, e = batch
    return [(real, fake, e), (real, fake, 1 - e)]


def _value_hint(got: Tensor, D: _Bowl, batch: tuple[Tensor, Tensor, Tensor], shape: tuple[int, ...]) -> str | None:
    truths = [(D.norms(_mixed(*way)) - 1).square().mean() for way in _both_ways(batch)]
    if any(abs(got - truth) < 1e-4 * max(1, truth) for truth in truths):
        return None
    for way in _both_ways(batch):
        for wrong, why in _penalty_slips(D, *way):
            if abs(wrong - got) < 1e-6 * max(1, abs(wrong)):
                return why
    return (f"for samples of shape {shape} yours is {got.item():.4f}, and it should be {truths[0].item():.4f}. Try a linear D, "
            "whose slope you know.")


def _gradient_hint(got: Tensor, D: _Bowl, batch: tuple[Tensor, Tensor, Tensor]) -> str | None:
    """The value is right; now D must be able to learn from it."""
    if not got.requires_grad:
        return ("the value is right, but D cannot learn from it: no gradient flows back into its weights. "
                "torch.autograd.grad has an argument for that.")
    (slope,) = torch.autograd.grad(got, D.a, allow_unused=True)
    wanted = [torch.autograd.grad((D.norms(_mixed(*way)) - 1).square().mean(), D.a)[0] for way in _both_ways(batch)]
    if slope is None or not any(abs(slope - truth) < 1e-4 * max(1, abs(truth)) for truth in wanted):
        return (f"the value is right, but its gradient by D's weight is {0.0 if slope is None else slope.item():.4f}, and should "
                f"be {wanted[0].item():.4f}: a part of the graph was cut off on the way.")
    return None


# ---- four critics

_SIDE = 16


class _Company(nn.Module):
    """Append to every image how much the images of the batch differ, as one more channel (Karras et al. 2018, section 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.judge = Critic(shape=(2, _SIDE, _SIDE), width=6)

    def forward(self, x: Tensor) -> Tensor:
        spread = x.var(0, unbiased=False).add(1e-8).sqrt().mean()
        return self.judge(torch.cat([x, spread.expand(len(x), 1, _SIDE, _SIDE)], 1))


_HIDDEN = {"A": lambda: Critic(shape=(1, _SIDE, _SIDE), width=6, norm="layer"),
           "B": lambda: DCGANDiscriminator(shape=(1, _SIDE, _SIDE), width=6, norm="batch"),
           "C": lambda: Critic(shape=(1, _SIDE, _SIDE), width=6, norm="none"),
           "D": _Company}


@cache
def _hidden(name: str) -> nn.Module:
    with seeded(11):
        network = _HIDDEN[name]().double()
    for weight in network.parameters():
        if weight.ndim > 1:
            weight.data.mul_(8)                         # as after some training: scores that differ
    return network.train().requires_grad_(False)


def blinded_critics() -> dict[str, Callable[[Tensor], Tensor]]:
    """Return four critics as plain functions from images (n, 1, 16, 16) to scores (n, 1), as they are while they train."""
    def judge(name: str) -> Callable[[Tensor], Tensor]:
        return lambda x: _hidden(name)(x.double())
    return {name: judge(name) for name in _HIDDEN}


@cache
def _moved(name: str) -> float:
    """Return how far the first of six images' scores moves at most when one of the others is replaced."""
    x = torch.rand(6, 1, _SIDE, _SIDE, generator=torch.Generator().manual_seed(5), dtype=torch.float64) * 2 - 1
    before, found = _hidden(name)(x)[0].item(), []
    for i in range(1, 6):
        other = x.clone()
        other[i] = 1 - x[i].abs()
        found.append(abs(_hidden(name)(other)[0].item() - before))
    return max(found)


@exercise("11-company", "both, and nobody else. A slope asked for at one image would have been a slope at the whole batch.")
def _company(answer: object) -> str | None:
    said, right = choices(answer, list(_HIDDEN), "your list"), {name for name in _HIDDEN if _moved(name) > 1e-9}
    for name in sorted(said - right):
        return f"critic {name} is accused wrongly: replace another image of the batch, and its verdict on the first moves by 0."
    if not said:
        return "an empty list says that none of them does. Change one image of a batch, and look at the scores of the others."
    missed = len(right - said)
    return f"so far right, and {missed} more to be found. Not only BatchNorm can look at the whole batch." if missed else None
