"""The three failures of GAN training, made on purpose on toys: recipes, their remedies one at a time, runs to look at.

A recipe is a plan, a handful of numbers, and a remedy changes exactly one of them. What tells the failures apart is in
`failures_alarm`. Source of the three: Goodfellow 2016, sections 3.2.3 and 5.1; Arjovsky and Bottou 2017.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor, nn

from gan_edu import rng
from gan_edu.errors import whole
from gan_edu.failures_alarm import FAILURES, Alarm
from gan_edu.games import GAN
from gan_edu.history import History
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.toys import Grid, Ring, Toy
from gan_edu.training import train

__all__ = ["FAILURES", "RECIPES", "Alarm", "Frame", "Hidden", "Play", "Recipe", "blinded", "play", "recipe", "solution"]

FRAMES = 40


@dataclass(frozen=True)
class _Plan:
    """The numbers that make a run; the defaults make a healthy one."""

    why: str
    data: Toy = Ring(std=0.1)
    objective: str = "non_saturating"
    optimizer_G: str = "adam"
    optimizer_D: str = "adam"
    lr_G: float = 3e-3
    lr_D: float = 3e-3
    momentum: float = 0.5           # Adam's first beta, or that of SGD
    k: int = 1
    steps: int = 400
    batch_size: int = 64
    pace: float = 1.0               # multiplies both learning rates
    hidden: tuple[int, ...] = (32, 32)
    r1: float = 0.0
    noise: float = 0.0              # standard deviation of what is added to all that D is shown
    simultaneous: bool = False
    ema: float | None = None
    remedies: dict[str, dict[str, Any]] = field(default_factory=dict)


_PLANS = {
    "healthy": _Plan("Both players learn at one pace, D is never sure, and all eight modes fill within a few hundred steps."),
    "mode collapse": _Plan(
        "G learns twenty times as fast as D, so it runs to whatever D likes at the moment, with all its samples.",
        lr_G=1e-2, lr_D=5e-4,
        remedies={"k = 5": {"k": 5}, "faster D": {"lr_D": 1e-2}, "slower G": {"lr_G": 5e-4}, "R1": {"r1": 0.1},
                  "noisy inputs": {"noise": 0.3}, "averaged G": {"ema": 0.99}}),
    "vanishing gradient": _Plan(
        "D is many steps ahead and G minimises log(1 - D), whose slope is D(G(z)) itself: no gradient where D is sure.",
        objective="minimax", optimizer_G="sgd", lr_G=0.005, k=5, steps=300,
        remedies={"non-saturating": {"objective": "non_saturating"}, "noisy inputs": {"noise": 0.5}, "k = 1": {"k": 1},
                  "slower D": {"lr_D": 3e-4}, "R1": {"r1": 1.0}, "faster G": {"lr_G": 0.05},
                  "Adam for G": {"optimizer_G": "adam"}}),
    "non-convergence": _Plan(
        "The data are almost a point, and momentum carries G past it each time before D has turned round.",
        data=Grid(side=1, std=0.05), lr_G=0.01, lr_D=0.01, momentum=0.9, hidden=(16,), steps=600,
        remedies={"R1": {"r1": 1.0}, "noisy inputs": {"noise": 0.3}, "less momentum": {"momentum": 0.5},
                  "smaller steps": {"pace": 0.1}, "averaged G": {"ema": 0.99}}),
}
RECIPES = tuple(_PLANS)


@dataclass(frozen=True)
class Recipe:
    """Hold all that a run needs: train(recipe.game, recipe.data, **recipe.arguments) makes it.

    name: "healthy" or one of `FAILURES`. remedy: the one that is applied, or None. remedies: the names of all there are.
    settings: the numbers of the plan by name, after the remedy. why: one sentence on what happens and why.
    """

    name: str
    remedy: str | None
    seed: int
    game: GAN
    data: Toy
    arguments: dict[str, Any] = field(hash=False)
    remedies: tuple[str, ...]
    settings: dict[str, Any] = field(hash=False)
    why: str


@dataclass(frozen=True)
class Frame:
    """Hold 256 samples x (256, 2) after `step` steps; the noise is the same in all frames of a run."""

    step: int
    x: Tensor


@dataclass(frozen=True)
class Play:
    """Hold a finished run: its recipe, history, frames for play-back (some 40), signs at the end, and the alarm's verdict.

    signs: the last value of each of `Alarm.signs`. verdict: None or one of `FAILURES`. alarm: with .step, .says and all signs.
    """

    recipe: Recipe
    history: History
    frames: tuple[Frame, ...]
    signs: dict[str, float] = field(hash=False)
    verdict: str | None
    alarm: Alarm


@dataclass(frozen=True)
class Hidden:
    """Hold a finished run whose name is not told: the data, what was measured and the frames, but no recipe and no verdict.

    signs: all of `Alarm.signs`, a list for each.
    """

    data: Toy
    history: History
    frames: tuple[Frame, ...]
    signs: dict[str, list[float]] = field(hash=False)


def recipe(name: str, *, seed: int = 0, remedy: str | None = None) -> Recipe:
    """Return the recipe of that name with fresh players, drawn from the seed.

    name: in `RECIPES`. remedy: None, or one of the recipe's remedies, which changes one thing. Raises ValueError that
    lists the names there are.
    """
    plan = _plan(name, remedy)
    whole("seed", seed, 0)
    game = _game(plan, seed)
    arguments = {"k": plan.k, "steps": plan.steps, "batch_size": plan.batch_size, "seed": seed, "ema": plan.ema,
                 "simultaneous": plan.simultaneous, "optimizers": _optimizers(plan, game)}
    settings = {f.name: getattr(plan, f.name) for f in fields(plan) if f.name not in ("why", "remedies")}
    return Recipe(name, remedy, seed, game, plan.data, arguments, tuple(plan.remedies), settings, plan.why)


def play(name: str, *, seed: int = 0, remedy: str | None = None, on_step: Callable[[Any], Any] | None = None) -> Play:
    """Train a recipe to its end, with the alarm on, and return what was seen; takes seconds.

    on_step: a hook of yours, called as by `train`; it may stop the run. Otherwise as `recipe`.
    """
    made = recipe(name, seed=seed, remedy=remedy)
    alarm, frames = Alarm(made.data), [_frame(0, made.game)]
    every = max(1, -(-made.arguments["steps"] // FRAMES))

    def hook(run: Any) -> None:
        alarm(run)
        if run.step % every == 0 or run.step == run.steps:
            frames.append(_frame(run.step, run.game))
        if on_step is not None:
            on_step(run)

    history = train(made.game, made.data, **made.arguments, on_step=hook, progress=False)
    if history.steps > frames[-1].step:                  # stopped on the way: the end is seen too
        frames.append(_frame(history.steps, made.game))
    signs = {sign: values[-1] for sign, values in alarm.signs.items()}
    return Play(made, history, tuple(frames), signs, alarm.verdict, alarm)


# recipe and remedy of each blinded run, in an order that `_drawn` shuffles
_BLINDED = (("mode collapse", None), ("vanishing gradient", None), ("healthy", None),
            ("non-convergence", None), ("non-convergence", None), ("non-convergence", "R1"))


def blinded(i: int) -> Hidden:
    """Return one of six runs, i from 0 to 5, without its name: to be diagnosed from what was measured."""
    name, remedy = _drawn(i)
    seen = play(name, seed=200 + i, remedy=remedy)
    return Hidden(seen.recipe.data, seen.history, seen.frames, seen.alarm.signs)


def solution(i: int) -> str:
    """Return the right diagnosis of blinded run i, 0 to 5: "healthy" or one of `FAILURES`. For the checks."""
    name, remedy = _drawn(i)
    return name if remedy is None else "healthy"


def _drawn(i: int) -> tuple[str, str | None]:
    if i not in range(len(_BLINDED)):
        raise ValueError(f"there are six blinded runs, i = 0 to 5, got {i!r}")
    return _BLINDED[torch.randperm(len(_BLINDED), generator=rng.generator(9, 0))[i]]


def _plan(name: str, remedy: str | None) -> _Plan:
    if name not in _PLANS:
        raise ValueError(f"the recipes are {', '.join(_PLANS)}, got {name!r}")
    plan = _PLANS[name]
    if remedy is not None and remedy not in plan.remedies:
        raise ValueError(f"the remedies for {name} are {', '.join(plan.remedies) or 'none'}, got {remedy!r}")
    return replace(plan, **plan.remedies.get(remedy, {}))


def _game(plan: _Plan, seed: int) -> GAN:
    shape = (plan.data.dim,)
    with seeded(seed):
        G = MLPGenerator(2, shape=shape, hidden=plan.hidden, batch_norm=False, output="linear")
        D = MLPDiscriminator(shape=shape, hidden=plan.hidden)
    return GAN(G, nn.Sequential(_Noise(plan.noise), D) if plan.noise else D, objective=plan.objective, r1=plan.r1)


class _Noise(nn.Module):
    """Add Gaussian noise to all that D is shown while it learns (Arjovsky and Bottou 2017, section 3)."""

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        return x + self.std * torch.randn_like(x) if self.training else x


def _optimizers(plan: _Plan, game: GAN) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    def one(player: nn.Module, kind: str, lr: float) -> torch.optim.Optimizer:
        lr = lr * plan.pace
        if kind == "sgd":
            return torch.optim.SGD(player.parameters(), lr=lr, momentum=plan.momentum)
        return torch.optim.Adam(player.parameters(), lr=lr, betas=(plan.momentum, 0.9), fused=True)
    return one(game.G, plan.optimizer_G, plan.lr_G), one(game.D, plan.optimizer_D, plan.lr_D)


def _frame(step: int, game: GAN) -> Frame:
    return Frame(step, game.sample(256, generator=torch.Generator().manual_seed(0)))
