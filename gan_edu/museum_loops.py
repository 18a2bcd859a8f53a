"""Exhibits of the museum that are wrong in the training loop: what is stepped, on what, in which order.

No network is trained to be any good here. The loops are exhibits; the package's own Algorithm 1 is in training.
"""

import weakref
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import softplus

from gan_edu.audit import audit_algorithm1
from gan_edu.museum_cabinet import Curve, Exhibit
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded

K = 3


def _of_D(order: str) -> tuple[list[float], list[float]]:
    """Steps of D so far after each step of G, from an order like DDDGDDDG."""
    counts = [part.count("D") for part in order.split("G")[:-1]]
    return list(range(1, len(counts) + 1)), [sum(counts[:i + 1]) for i in range(len(counts))]


class KSteps(Exhibit):
    """Only the last of the k steps is applied."""

    name = "k-steps"
    title = "Three rounds, one step"
    question = "D is to make k = 3 steps for one step of G. How many does it make?"
    meter = "steps of D for one step of G, k = 3"
    axes = ("iteration", "steps of D so far")
    good = 3.0
    wrong = ("The two lines that were to keep the printed loss of the last round only jump over the update as well: "
             "k - 1 of k rounds are computed and thrown away.")
    where = "Source document 4, its training cell, with K = 3 (notebook 05 takes it apart)."

    @staticmethod
    def published(G, D, opt_G, opt_D, data, k, steps):
        for x, _ in zip(data, range(steps)):
            for step in range(k):
                opt_D.zero_grad()
                z = torch.randn(len(x), G.latent_dim)
                loss_D = (softplus(-D(x)).mean() + softplus(D(G(z))).mean()) / 2
                if step != k - 1:
                    continue
                loss_D.backward()
                opt_D.step()
            opt_G.zero_grad()
            softplus(-D(G(z))).mean().backward()
            opt_G.step()

    @staticmethod
    def mended(G, D, opt_G, opt_D, data, k, steps):
        for x, _ in zip(data, range(steps)):
            for step in range(k):
                opt_D.zero_grad()
                z = torch.randn(len(x), G.latent_dim)
                loss_D = (softplus(-D(x)).mean() + softplus(D(G(z))).mean()) / 2
                loss_D.backward()
                opt_D.step()
            opt_G.zero_grad()
            softplus(-D(G(z))).mean().backward()
            opt_G.step()

    @staticmethod
    def measure(code: Callable) -> Curve:
        report = audit_algorithm1(code, k=K)
        xs, ys = _of_D(report.order)
        return report.ledger["D.step"] / report.ledger["G.step"], xs, ys, {"faults in the audit": len(report.faults)}


class OneMinibatch(Exhibit):
    """The k steps share a minibatch, and G takes D's noise."""

    name = "one-minibatch"
    title = "Three steps, one minibatch"
    question = "The first exhibit is mended and D makes its three steps. On how many real images?"
    meter = "fresh real minibatches for one step of G, k = 3"
    axes = ("iteration", "real minibatches seen by updates so far")
    good = 3.0
    wrong = ("x is drawn outside the rounds, so the k steps look at the same images; and G is trained on the very z "
             "that D has just been trained on. Algorithm 1, and the code of its authors, draw anew each time.")
    where = "Source document 4, the same cell: what is left when the first exhibit is mended."

    published = KSteps.mended

    @staticmethod
    def mended(G, D, opt_G, opt_D, data, k, steps):
        for _ in range(steps):
            for _ in range(k):
                x = next(data)
                z = torch.randn(len(x), G.latent_dim)
                opt_D.zero_grad()
                ((softplus(-D(x)).mean() + softplus(D(G(z).detach())).mean()) / 2).backward()
                opt_D.step()
            z = torch.randn(len(x), G.latent_dim)
            opt_G.zero_grad()
            softplus(-D(G(z))).mean().backward()
            opt_G.step()

    @staticmethod
    def measure(code: Callable) -> Curve:
        report = audit_algorithm1(code, k=K)
        n, due = report.ledger["real minibatches"], report.ledger["G.step"]
        xs = list(range(1, due + 1))
        noise = report.ledger["noise batches"] / due
        return n / due, xs, [n / due * i for i in xs], {"noise minibatches": noise, "faults in the audit": len(report.faults)}


class TwoHalves(Exhibit):
    """D steps on reals, then on fakes."""

    name = "two-halves"
    title = "A judge in two halves"
    question = "G is perfect: its fakes are the real batch itself, and D says 1/2 everywhere. What does D do next?"
    meter = "largest logit in 200 steps of a D that should rest, absolute value"
    axes = ("iteration", "D's mean logit")
    good = 0.0
    wrong = ("The gradient of V is a sum, and at rest its two halves cancel. Taken one after the other they never "
             "meet: Adam makes each half a whole step, and the second half is computed where the first one has led.")

    @staticmethod
    def published(D, opt_D, x, x_fake):
        opt_D.zero_grad()
        softplus(-D(x)).mean().backward()
        opt_D.step()
        opt_D.zero_grad()
        softplus(D(x_fake)).mean().backward()
        opt_D.step()

    @staticmethod
    def mended(D, opt_D, x, x_fake):
        opt_D.zero_grad()
        (softplus(-D(x)).mean() + softplus(D(x_fake)).mean()).backward()
        opt_D.step()

    @staticmethod
    def measure(code: Callable) -> Curve:
        x = 1 + torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
        with seeded(0):
            D = nn.Linear(2, 1)
        for p in D.parameters():
            nn.init.zeros_(p)
        optimizer, logits = torch.optim.Adam(D.parameters(), lr=0.01), [0.0]
        for _ in range(200):
            code(D, optimizer, x, x)
            logits.append(D(x).mean().item())
        return max(map(abs, logits)), list(range(201)), logits, {}


class Simultaneous(Exhibit):
    """Both players move at once."""

    name = "simultaneous"
    title = "Both at once"
    question = "V(x, y) = x y; x descends, y ascends, h = 0.2. Both are right about where to go. Where do they end?"
    meter = "largest distance from rest in 500 steps, by that at the start"
    axes = ("step", "distance from rest / distance at the start")
    good = None
    log = True
    wrong = ("Both slopes are taken at the old place. Each such step multiplies the distance by sqrt(1 + h²). In "
             "Algorithm 1 D moves first and G answers the D that has moved: the orbit is closed.")
    where = "Met where Algorithm 1 is explained by a picture of both players moving at once (notebooks 05, 09)."

    @staticmethod
    def published(x, y, h):
        return x - h * y, y + h * x

    @staticmethod
    def mended(x, y, h):
        y = y + h * x
        return x - h * y, y

    @staticmethod
    def measure(code: Callable) -> Curve:
        x, y, r = 1.0, -1.0, [1.0]
        for _ in range(500):
            x, y = code(x, y, 0.2)
            r.append(((x * x + y * y) / 2) ** 0.5)
        return max(r), list(range(501)), r, {"at the end": r[-1]}


def _players() -> tuple[nn.Module, nn.Module, torch.Tensor, torch.Tensor]:
    with seeded(0):
        return (MLPGenerator(4, shape=(2,), hidden=(32,), output="linear"), MLPDiscriminator(shape=(2,), hidden=(32,)),
                torch.randn(64, 2), torch.randn(64, 4))


class RetainGraph(Exhibit):
    """retain_graph=True silences an error and keeps everything."""

    name = "retain-graph"
    title = "The error message that went away"
    question = "Without retain_graph=True the last line stops with an error. Is it a cure?"
    meter = "numbers kept for backward passes when G's begins"
    axes = ("tensor kept", "numbers kept")
    good = None
    wrong = ("Two backward passes share G's graph, and D's graph is kept though nobody needs it twice. The error was "
             "right: D's loss should not have a way into G. Cut it (detach), and nothing has to be kept.")

    @staticmethod
    def published(G, D, x, z):
        x_fake = G(z)
        loss_D = softplus(-D(x)).mean() + softplus(D(x_fake)).mean()
        loss_D.backward(retain_graph=True)
        softplus(-D(x_fake)).mean().backward()

    @staticmethod
    def mended(G, D, x, z):
        x_fake = G(z)
        loss_D = softplus(-D(x)).mean() + softplus(D(x_fake.detach())).mean()
        loss_D.backward()
        softplus(-D(x_fake)).mean().backward()

    @staticmethod
    def measure(code: Callable) -> Curve:
        alive, kept = weakref.WeakSet(), []

        def pack(tensor: torch.Tensor) -> object:
            if tensor.is_leaf and tensor.requires_grad:
                return tensor                                     # a weight is there anyway
            box = _Box(tensor)
            alive.add(box)
            kept.append(sum(one.tensor.numel() for one in alive))
            return box

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda box: box.tensor if isinstance(box, _Box) else box):
            code(*_players())
        return kept[-1], list(range(1, len(kept) + 1)), kept, {"at most at a time": max(kept)}


class _Box:
    """A kept tensor, so that it can be seen whether it is still kept."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


class NoDetach(Exhibit):
    """A rule that is often given a wrong reason."""

    name = "no-detach"
    title = "The missing detach"
    question = "“Without detach the gradient of D is wrong.” Is it?"
    meter = "numbers computed in G's gradient that nobody uses, in a step of D"
    axes = ("weights, one by one", "D's gradient")
    good = 0.0
    wrong = ("D's gradient is the same with and without, number by number. What detach saves is the way back through "
             "G, and the gradients that lie there until opt_G.zero_grad(). If that line is missing, they do become an "
             "error.")
    where = "Source document 4 trains D without it, and is right to be calm: it clears G's gradient before G's step."

    @staticmethod
    def published(G, D, x, z):
        return softplus(-D(x)).mean() + softplus(D(G(z))).mean()

    @staticmethod
    def mended(G, D, x, z):
        return softplus(-D(x)).mean() + softplus(D(G(z).detach())).mean()

    @staticmethod
    def measure(code: Callable) -> Curve:
        G, D, x, z = _players()
        code(G, D, x, z).backward()
        unused = sum(p.grad.numel() for p in G.parameters() if p.grad is not None)
        found = torch.cat([p.grad.flatten() for p in D.parameters()])
        D.zero_grad()
        NoDetach.mended(G, D, x, z).backward()
        gap = (found - torch.cat([p.grad.flatten() for p in D.parameters()])).abs().max().item()
        return unused, list(range(len(found))), found.tolist(), {"largest difference of D's gradient from the other's": gap}
