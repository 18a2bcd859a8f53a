"""Verdicts on the exercises of notebook 12: both players told y, a game repaired in which G ignores y, a matrix read.

Players of the second exercise are instrumented: they note under which label each picture was made and judged.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_edu.checks.core import Feedback, NotYet, array, choice, exercise, function, number

CLASSES = 10


# ---- both players are told

def _sizes() -> list[tuple[Tensor, Tensor, Tensor]]:
    """(z, x, y) of two sizes: one in which every digit occurs, one with three digits only."""
    rng = torch.Generator().manual_seed(12)
    labels = (([3, 0, 7, 7, 1, 9, 2, 8, 4, 5, 6, 3], 5), ([6, 2, 6], 64))
    return [(torch.randn(len(y), d, generator=rng), 2 * torch.rand(len(y), 1, 28, 28, generator=rng) - 1,
             torch.tensor(y)) for y, d in labels]


def _one_hot(y: Tensor) -> np.ndarray:
    return np.eye(CLASSES)[y.numpy()]


def _beside(got: np.ndarray, given: np.ndarray, labels: np.ndarray) -> bool:
    """Whether got is the given numbers with the labels' behind or before them, along axis 1."""
    return any(np.abs(got - np.concatenate(pair, 1)).max() < 1e-5 for pair in ((given, labels), (labels, given)))


def _told_G(f: Callable, z: Tensor, y: Tensor) -> str | None:
    n, d = z.shape
    got = array(f(z.clone(), y.clone()), name="for_G(z, y)")
    if got.shape == (n, d):
        return f"for_G: z comes back with its {d} columns; nothing says which digit was ordered."
    if got.shape == (n, d + 1):
        return ("for_G: the digit is in one column. As a number, 4 lies between 3 and 5, which digits do not; give "
                "each digit a column of its own.")
    if got.shape != (n, d + CLASSES):
        return f"for_G: for z {(n, d)} the result should be {(n, d + CLASSES)}; it is {got.shape}."
    if not _beside(got, z.numpy(), _one_hot(y)):
        return (f"for_G: its shape is right, but beside the {d} columns of z there should be ten columns of 0 and 1, "
                f"with the 1 where y says. Look at one row: y = {int(y[0])}.")
    return None


def _told_D(f: Callable, x: Tensor, y: Tensor) -> str | None:
    n, want = len(x), (len(x), 1 + CLASSES, 28, 28)
    got = array(f(x.clone(), y.clone()), name="for_D(x, y)")
    if got.shape == (n, 2, 28, 28):
        return "for_D: the digit is in one channel. A network would have to take 4 for something between 3 and 5."
    if got.shape != want:
        return f"for_D: for images {tuple(x.shape)} the result should be {want}; it is {got.shape}."
    planes = np.broadcast_to(_one_hot(y)[:, :, None, None], (n, CLASSES, 28, 28))
    if _beside(got, x.numpy(), planes):
        return None
    if not (np.ptp(got, axis=(2, 3)) < 1e-6).sum() >= n * CLASSES:
        return ("for_D: a convolution sees one patch at a time, and some places are not told: each of the ten channels "
                "should be the same number everywhere.")
    return ("for_D: its shape is right, but the channel of y should be 1 and the nine others 0. Look at image 0: y = "
            f"{int(y[0])}.")


@exercise("12-condition", "both players know the order, and at every place.")
def _condition(answer: object) -> str | None:
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return "hand over both functions, as in [for_G, for_D]."
    for_G, for_D = (function(f, name) for f, name in zip(answer, ("for_G", "for_D")))
    for z, x, y in _sizes():
        if hint := _told_G(for_G, z, y) or _told_D(for_D, x, y):
            return hint
    return None


# ---- a G that ignores y

REASONS = ("G is too small to use y", "D is not told y", "fakes are judged under labels they were not made for",
           "the labels of the fakes must be drawn as often as the data have them")
_AGAINST = {REASONS[0]: "the same G obeys in the game where both are told.",
            REASONS[1]: "it is: look at the second argument wherever D is called.",
            REASONS[3]: "on the ring each label is drawn as often as any other, in the data and for the fakes."}


class _Book:
    """Which label each picture belongs to: real ones from the start, fakes as they are made."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.labels = dict(zip(map(self.key, x), y.tolist()))
        self.real, self.judged = set(self.labels), []

    @staticmethod
    def key(row: Tensor) -> bytes:
        return row.detach().numpy().tobytes()


class _Maker(nn.Module):
    """A G (n, 4), y -> (n, 2) that notes what it makes for which label."""

    def __init__(self, book: _Book) -> None:
        super().__init__()
        self.book, self.batches = book, []
        self.weight = nn.Parameter(torch.randn(12, 2, generator=torch.Generator().manual_seed(1)))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        made = torch.cat([z, nn.functional.one_hot(y, 8)], 1) @ self.weight
        self.book.labels |= dict(zip(map(_Book.key, made), y.tolist()))
        self.batches.append((made, y))
        return made


class _Judge(nn.Module):
    """A D (n, 2), y -> (n, 1) that notes under which label it judged which picture."""

    def __init__(self, book: _Book) -> None:
        super().__init__()
        self.book = book
        self.weight = nn.Parameter(torch.randn(8, 3, generator=torch.Generator().manual_seed(2)))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        if y is None:
            raise NotYet("losses: D is called without a label; it should be told for every picture what it is said "
                         "to be.")
        if len(y) != len(x):
            raise NotYet(f"losses: D got {len(x)} pictures and {len(y)} labels.")
        self.book.judged += list(zip(map(_Book.key, x), y.tolist()))
        return self.logits(x, y)

    def logits(self, x: Tensor, y: Tensor) -> Tensor:
        v = self.weight[y]
        return (x * v[:, :2]).sum(1, keepdim=True) + v[:, 2:]


def _wrong_labels(book: _Book) -> str | None:
    """A hint where D judged pictures that nobody made, or made ones under another label."""
    unknown = [key for key, _ in book.judged if key not in book.labels]
    if unknown:
        return f"losses: D judged {len(unknown)} pictures that are neither from the data nor as G made them."
    for who, chosen in (("real pictures", [j for j in book.judged if j[0] in book.real]),
                        ("fakes", [j for j in book.judged if j[0] not in book.real])):
        if not chosen:
            return f"losses: D never judged any {who}."
        wrong = sum(book.labels[key] != said for key, said in chosen)
        if wrong:
            return f"losses: of {len(chosen)} {who} that D judged, {wrong} had another label than the one it was told."
    return None


def _losses(answer: Callable) -> str | None:
    rng = torch.Generator().manual_seed(5)
    x, z = torch.randn(64, 2, generator=rng), torch.randn(64, 4, generator=rng)
    y = torch.randint(8, (64,), generator=rng)
    book = _Book(x, y)
    G, D = _Maker(book), _Judge(book)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        pair: Any = answer(G, D, x, y, z)
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        return "losses: return two numbers, loss_D and loss_G, in this order."
    values = [number(loss, name) for loss, name in zip(pair, ("loss_D", "loss_G"))]
    if hint := _wrong_labels(book):
        return hint
    real = softplus(-D.logits(x, y)).mean()
    fakes = [D.logits(*batch) for batch in G.batches]
    wants = {"loss_D": [real + softplus(fake).mean() for fake in fakes],
             "loss_G": [softplus(-fake).mean() for fake in fakes]}
    for value, (name, want) in zip(values, wants.items()):
        near = min(map(float, want), key=lambda v: abs(v - value))
        if abs(near - value) > 1e-3:
            return (f"losses: the labels are right now, but on one minibatch {name} should be {near:.4f}, and yours is "
                    f"{value:.4f}.")
    return _no_gradient(pair[1], G)


def _no_gradient(loss_G: object, G: _Maker) -> str | None:
    found = None
    if getattr(loss_G, "requires_grad", False):
        found = torch.autograd.grad(loss_G, G.weight, allow_unused=True)[0]
    if found is None or not found.abs().sum() > 0:
        return "losses: no gradient of loss_G reaches G. Only D's loss may do without it."
    return None


@exercise("12-repair", "every fake is judged as what it was ordered to be. Now it pays G to obey.")
def _repair(answer: object) -> str | None:
    if not isinstance(answer, dict) or set(answer) != {"why", "losses"}:
        return "keep the dictionary with its two names, 'why' and 'losses'."
    why = choice(answer["why"], REASONS, "why")
    if why in _AGAINST:
        return (f"why: {_AGAINST[why]} Follow one fake through the code: for which label is it made, under which is it "
                "judged?")
    return _losses(function(answer["losses"], "losses"))


# ---- a confusion matrix

def _matrices() -> list[np.ndarray]:
    """Matrices whose rows have different sums, so that the slips give other numbers."""
    rng = np.random.default_rng(7)
    found = []
    for n in (10, 10, 3, 10):
        shares = rng.dirichlet(np.full(n, 0.3), n) * 0.4 + 0.6 * np.eye(n)
        found.append(np.array([rng.multinomial(m, s) for m, s in zip(rng.integers(40, 900, n), shares)]))
    return found


def _shares(C: np.ndarray) -> np.ndarray:
    return np.diag(C) / C.sum(1)


def _near(got: object, want: float, slips: dict[str, float], name: str) -> str | None:
    value = number(got, name)
    if abs(value - want) < 1e-6:
        return None
    for words, slip in slips.items():
        if abs(value - slip) < 1e-6:
            return f"{name}: {words}"
    return f"{name}: on a matrix that is not shown it should be {want:.4f}, and yours is {value:.4f}."


def _obeyed(f: Callable, C: np.ndarray) -> str | None:
    return _near(f(C.copy()), np.trace(C) / C.sum(), {
        "that is the mean of the rows' shares; some digits were ordered more often than others.": _shares(C).mean(),
        "that is how many; the question is which share of all orders.": float(np.trace(C)),
        "that is the share that was NOT read as ordered.": 1 - np.trace(C) / C.sum()}, "obeyed(C)")


def _worst(f: Callable, C: np.ndarray) -> str | None:
    value = number(f(C.copy()), "worst(C)")
    if value == int(np.argmin(_shares(C))):
        return None
    slips = {"it has the smallest count, but not all digits were ordered equally often.": np.argmin(np.diag(C)),
             "you divided by the columns' sums: that asks what to think of a reading, not of an order.":
                 np.argmin(np.diag(C) / C.sum(0)),
             "that digit is obeyed best.": np.argmax(_shares(C))}
    said = [words for words, slip in slips.items() if value == slip]
    return "worst(C): " + (said[0] if said else f"on a matrix that is not shown it says {value:g}; the smallest share "
                           "of a row on the diagonal is elsewhere.")


def _trust(f: Callable, C: np.ndarray) -> str | None:
    for digit in range(len(C)):
        slips = {"that is a share of a row, of those ordered; the question begins with those read.": _shares(C)[digit],
                 "that is a share of all pictures.": C[digit, digit] / C.sum()}
        if hint := _near(f(C.copy(), digit), C[digit, digit] / C[:, digit].sum(), slips, f"trust(C, {digit})"):
            return hint
    return None


@exercise("12-confusion", "")
def _confusion(answer: object) -> str | Feedback:
    judges = {"obeyed": _obeyed, "worst": _worst, "trust": _trust}
    if not isinstance(answer, dict) or set(answer) != set(judges):
        return f"keep the dictionary with its three names, {', '.join(map(repr, judges))}."
    for name, judge in judges.items():
        for C in _matrices():
            if hint := judge(function(answer[name], name), C):
                return hint
    return Feedback(True, f"all three hold on {len(_matrices())} matrices with rows of different sums.")
