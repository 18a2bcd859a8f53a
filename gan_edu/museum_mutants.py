"""Mutants of Algorithm 1: the loop of notebook 05 with one slip each, and a stage that writes down what a loop did.

A visitor writes tests that read the written record; the verdict on them is in gan_edu.checks. Nothing is trained to be
any good: four iterations of two tiny networks.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gan_edu.errors import whole
from gan_edu.museum_cabinet import bce
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded

BATCH, STEPS = 32, 4

#: name of a slip -> what it is, as the verdict says it
SLIPS = {
    "k ignored": "D makes one step for one of G, whatever k is",
    "only the last round": "k rounds are computed and the last one is applied",
    "one real minibatch": "the k steps of D share one real minibatch",
    "one noise minibatch": "the k steps of D share one noise minibatch",
    "G takes D's noise": "G's step uses noise that a step of D has used",
    "labels swapped": "D is taught to call reals forged and fakes real",
    "no reals": "D never sees a real point",
    "G helps D": "G is trained to be caught",
    "G stands still": "G's fakes are detached in G's own step",
    "D moves with G": "D's optimiser steps in G's step as well",
}


class Step(NamedTuple):
    """Hold one optimiser step: whose (player, "D" or "G"), and what D and G had been shown since the step before.

    real: number of the real minibatch that D saw, None if it saw none. noise: number of the noise minibatch that G
    was called with; a minibatch keeps its number when it comes back. gap: by how much the step raised D's mean logit
    on reals above that on fakes. fake: by how much it raised D's mean logit on fakes. Both on points kept for that.
    """

    player: str
    real: int | None
    noise: int | None
    gap: float
    fake: float


def loop(slip: str | None = None) -> Callable:
    """Return a training loop (G, D, opt_G, opt_D, data, k, steps): Algorithm 1, or with one of `SLIPS` in it.

    Raises ValueError for a slip that is not there.
    """
    if slip is not None and slip not in SLIPS:
        raise ValueError(f"slip must be None or one of {', '.join(SLIPS)}, got {slip!r}")

    def play(G: nn.Module, D: nn.Module, opt_G: Any, opt_D: Any, data: Iterator[Tensor], k: int, steps: int) -> None:
        for _ in range(steps):
            used = _rounds_of_D(slip, G, D, opt_D, data, k)
            z = used if slip == "G takes D's noise" else torch.randn(BATCH, G.latent_dim)
            fakes = G(z).detach() if slip == "G stands still" else G(z)
            opt_G.zero_grad()
            bce(D(fakes), 0 if slip == "G helps D" else 1).mean().backward()
            opt_G.step()
            if slip == "D moves with G":
                opt_D.step()

    return play


def _rounds_of_D(slip: str | None, G: nn.Module, D: nn.Module, opt_D: Any, data: Iterator[Tensor], k: int) -> Tensor:
    """Play D's part of one iteration and return the last noise it used."""
    rounds, labels = 1 if slip == "k ignored" else k, (0, 1) if slip == "labels swapped" else (1, 0)
    for j in range(rounds):
        if j == 0 or slip != "one real minibatch":
            x = next(data)
        if j == 0 or slip != "one noise minibatch":
            z = torch.randn(BATCH, G.latent_dim)
        loss_D = bce(D(G(z).detach()), labels[1]).mean()
        if slip != "no reals":
            loss_D = loss_D + bce(D(x), labels[0]).mean()
        opt_D.zero_grad()
        loss_D.backward()
        if slip != "only the last round" or j == k - 1:
            opt_D.step()
    return z


def transcript(loop: Callable, *, k: int = 3) -> list[Step]:
    """Play four iterations of a loop and return what its optimisers did, step by step, always the same.

    loop: one of this file's, or your own if it calls D on reals and on fakes apart. Raises ValueError for k below 1.
    """
    stage = _Stage()
    with seeded(1):
        loop(stage.G, stage.D, *stage.optimizers, stage.data(), whole("k", k), STEPS)
    return stage.steps


class _Stage:
    """Two small players who are watched: data lie around (2, 2), fakes begin around (0, 0)."""

    def __init__(self) -> None:
        with seeded(0):
            self.G = MLPGenerator(2, shape=(2,), hidden=(8,), output="linear", batch_norm=False)
            self.D = MLPDiscriminator(shape=(2,), hidden=(8,))
            self.kept = 2 + 0.5 * torch.randn(256, 2), torch.randn(256, 2)
        self.steps, self.real, self.noise, self.numbers, self.watching = [], None, None, {}, True
        self.G.register_forward_pre_hook(lambda _, inputs: self._see("noise", inputs[0]))
        self.D.register_forward_pre_hook(lambda _, inputs: self._see("real", inputs[0]))
        self.optimizers = tuple(self._optimizer(name) for name in "GD")

    def data(self) -> Iterator[Tensor]:
        draws, number = torch.Generator().manual_seed(2), 0
        while True:
            x, number = 2 + 0.5 * torch.randn(BATCH, 2, generator=draws), number + 1
            self.numbers["real", _key(x)] = number
            yield x

    def _see(self, kind: str, x: Tensor) -> None:
        if not self.watching:
            return
        if kind == "noise":
            self.noise = self.numbers.setdefault(("noise", _key(x)), 1 + sum(k == "noise" for k, _ in self.numbers))
        elif ("real", _key(x)) in self.numbers:
            self.real = self.numbers["real", _key(x)]

    @torch.no_grad()
    def _logits(self) -> tuple[float, float]:
        self.watching = False
        x, z = self.kept
        found = self.D(x).mean().item(), self.D(self.G(z)).mean().item()
        self.watching = True
        return found

    def _optimizer(self, name: str) -> torch.optim.Optimizer:
        stage = self

        class Watched(torch.optim.SGD):
            def step(self, closure: None = None) -> None:
                real, fake = stage._logits()
                super().step()
                real_after, fake_after = stage._logits()
                stage.steps.append(Step(name, stage.real, stage.noise, (real_after - fake_after) - (real - fake),
                                        fake_after - fake))
                stage.real = stage.noise = None

        return Watched(getattr(self, name).parameters(), lr=0.05)


def _key(x: Tensor) -> bytes:
    return x.detach().numpy().tobytes()
