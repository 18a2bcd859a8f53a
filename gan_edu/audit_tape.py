"""What a training loop does, written down while it runs: minibatches, noise, passes, backward calls, steps. What is right
or wrong about them belongs in `audit`.

Nothing is guessed from the reader's code. Every row that D sees is traced to the minibatch or to the noise it came from;
every backward call is kept with the slope of its loss at each of D's logits, and with the steps that used it.
"""

import random
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.toys import Ring

MINIBATCH, LATENT = 32, 3
MOST_LINES = 200_000                 # of the reader's file, in one audit; a fair loop needs a few hundred
_ONE_AT_A_TIME = threading.RLock()   # two audits at once would undo each other's patches in the wrong order


class Cut(BaseException):
    """Stop a loop that does not stop by itself; no Exception, so that the loop's own `except` lets it pass."""


@dataclass(eq=False)
class Made:
    """One call of G: when, from which noise (a row each, as bytes), in which mode."""

    time: int
    noise: list[bytes]
    training: bool


@dataclass(eq=False)
class Pass:
    """One call of D: of each row its origin, a minibatch's number or (Made, noise), None where unknown; and its logit."""

    time: int
    iteration: int
    origin: list[int | tuple[Made, bytes] | None]
    logits: list[float]
    training: bool
    learns: bool = False                             # whether gradients were asked for
    graph: Callable[[], Any] = lambda: None          # gives None once its graph is gone from memory


@dataclass(eq=False)
class Backward:
    """One backward call and the slopes dLoss/dlogit, a list for each pass of D that it went through."""

    direct: bool                                     # torch.autograd.grad: returned, not added up in .grad
    felt: list[tuple[Pass, list[float]]] = field(default_factory=list)


@dataclass(eq=False)
class Step:
    """One step of an optimiser that holds a player's weights, with the backward calls that are in their .grad."""

    time: int
    player: str
    iteration: int
    backwards: list[Backward]
    gradient: str                                    # "good", "none" (also all 0) or "nan"
    alone: bool                                      # False where the optimiser holds the other player's weights too
    sign: int                                        # -1 where the optimiser maximises


class Tape:
    """Make the two players and a data source, watch a loop play with them, and keep what it did."""

    def __init__(self, k: int, steps: int) -> None:
        self.clock, self.lines, self.limit = 0, 0, 60 * (k + 1) * steps + 1000
        self.cut, self.thread = False, threading.get_ident()
        self.draws, self.backward_calls, self.kept, self.retained = 0, 0, 0, False
        self.reals: dict[bytes, int] = {}
        self.fakes: dict[bytes, tuple[Made, bytes]] = {}
        self.passes: list[Pass] = []
        self.steps: list[Step] = []
        self.tampered: list[str] = []
        self.backward: Backward | None = None
        self.live: dict[str, list[Backward]] = {"G": [], "D": []}   # what is in .grad at this moment
        self.players = _players()
        self.optimizers = tuple(torch.optim.SGD(player.parameters(), lr=0.01) for player in self.players.values())
        self.weights = {name: _flat(player) for name, player in self.players.items()}
        self.batches = Ring().batches(MINIBATCH, seed=0)

    def __deepcopy__(self, memo: dict) -> "Tape":
        return self                                  # a copy of a player, a moving average say, keeps its hooks

    def count(self, player: str) -> int:
        return sum(step.player == player for step in self.steps)

    def tick(self) -> int:
        """Advance the clock of events, which also ends an endless loop."""
        self.clock += 1
        if self.clock > self.limit:
            self.cut = True
            raise Cut
        return self.clock

    # ---- what the hooks report -------------------------------------------------------------------------------

    def draw(self) -> Tensor:
        """Hand out a fresh real minibatch, (32, 2)."""
        self.tick()
        x = next(self.batches).to(next(self.players["D"].parameters()).dtype)
        self.reals |= dict.fromkeys(_rows(x), self.draws)
        self.draws += 1
        return x

    def made(self, G: nn.Module, args: tuple, kwargs: dict, x_fake: Tensor) -> None:
        call = Made(self.tick(), _rows(_input(args, kwargs)), G.training)
        self.fakes |= {row: (call, z) for row, z in zip(_rows(x_fake), call.noise, strict=True)}

    def judged(self, D: nn.Module, args: tuple, kwargs: dict, logits: Tensor) -> None:
        origin = [self.reals.get(row, self.fakes.get(row)) for row in _rows(_input(args, kwargs))]
        call = Pass(self.tick(), self.count("G"), origin, logits.detach().flatten().tolist(), D.training)
        self.passes.append(call)
        if logits.requires_grad:
            hook = partial(self.felt, call)          # lives exactly as long as the graph does
            logits.register_hook(hook)
            call.learns, call.graph = True, weakref.ref(hook)

    def felt(self, call: Pass, slope: Tensor) -> None:
        if self.backward is not None:
            self.backward.felt.append((call, slope.detach().flatten().tolist()))

    def arrived(self, name: str, weight: Tensor, _: Tensor) -> None:
        """A gradient is about to be added to what is in .grad of a player's first weights."""
        if weight.grad is None or not weight.grad.any() or self.backward.direct:
            self.live[name] = []
        if self.backward not in self.live[name]:
            self.live[name].append(self.backward)

    def watched(self, original: Callable, direct: bool) -> Callable:
        """Wrap torch.autograd's backward or grad."""
        def call(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != self.thread:
                return original(*args, **kwargs)
            self.tick()
            retain = args[2] if len(args) > 2 and not direct else kwargs.get("retain_graph")
            outer, self.backward = self.backward, Backward(direct)
            self.retained |= bool(retain) and not direct
            self.backward_calls += 1
            try:
                return original(*args, **kwargs)
            finally:
                self.backward = outer
        return call

    def before_step(self, optimizer: Optimizer, *_: Any) -> None:
        if self.held_by(optimizer):
            self.compare_weights()

    def after_step(self, optimizer: Optimizer, *_: Any) -> None:
        held = self.held_by(optimizer)
        for name in held:
            gradient = _gradient(self.players[name])
            backwards = list(self.live[name]) if gradient != "none" else []
            sign = -1 if any(group.get("maximize") for group in optimizer.param_groups) else 1
            self.steps.append(Step(self.tick(), name, self.count("G"), backwards, gradient, len(held) == 1, sign))
            self.weights[name] = _flat(self.players[name])
        if "G" in held:
            old = [call for call in self.passes if call.iteration <= self.count("G") - 3]
            self.kept = max(self.kept, len({call.iteration for call in old if call.graph() is not None}))

    def held_by(self, optimizer: Optimizer) -> list[str]:
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        return [name for name, player in self.players.items() if held & {id(p) for p in player.parameters()}]

    def compare_weights(self) -> None:
        """Note the players whose weights moved since the last step."""
        for name, player in self.players.items():
            now = _flat(player)
            if not torch.equal(now, self.weights[name]):
                self.tampered.append(name)
                self.weights[name] = now

    def trace(self, file: str, frame: Any, event: str, _: Any) -> Callable | None:
        """Count the lines of the reader's file, for loops that spin without touching anything watched."""
        if frame.f_code.co_filename != file:
            return None
        self.lines += 1
        if self.lines > MOST_LINES:
            self.cut = True
            raise Cut
        return partial(self.trace, file)

    @contextmanager
    def watching(self, loop: Callable) -> Iterator[None]:
        """Install all hooks, and give back everything of the process that a loop may change."""
        with _ONE_AT_A_TIME, ExitStack() as stack:
            stack.enter_context(_kept_state())
            G, D = self.players["G"], self.players["D"]
            G.register_forward_hook(self.made, with_kwargs=True)
            D.register_forward_hook(self.judged, with_kwargs=True)
            for name, player in self.players.items():
                weight = next(player.parameters())
                weight.register_hook(partial(self.arrived, name, weight))
            stack.callback(register_optimizer_step_pre_hook(self.before_step).remove)
            stack.callback(register_optimizer_step_post_hook(self.after_step).remove)
            for function, direct in (("backward", False), ("grad", True)):
                original = getattr(torch.autograd, function)
                stack.callback(setattr, torch.autograd, function, original)
                setattr(torch.autograd, function, self.watched(original, direct))
            code = getattr(loop, "__code__", None)
            if code is not None and sys.gettrace() is None:   # a debugger at work keeps its own
                stack.callback(sys.settrace, None)
                sys.settrace(partial(self.trace, code.co_filename))
            yield


class Reals:
    """Hand out fresh real minibatches (32, 2): `next(data)`, `data()`, or `for x in data`. It has no end."""

    def __init__(self, tape: Tape) -> None:
        self._draw = tape.draw

    def __iter__(self) -> "Reals":
        return self

    def __next__(self) -> Tensor:
        return self._draw()

    def __call__(self) -> Tensor:
        return self._draw()


def _players() -> dict[str, nn.Module]:
    with seeded(0), torch.device("cpu"), torch.inference_mode(False):
        G = MLPGenerator(LATENT, shape=(2,), hidden=(16,), batch_norm=False, output="linear")
        D = MLPDiscriminator(shape=(2,), hidden=(16,))
    with torch.no_grad():          # logits must differ, on both sides of 0, for the losses to show their shape
        for p in (*G.parameters(), *D.parameters()):
            p.mul_(1.8 if p.ndim == 2 else 0)
    return {"G": G.train(), "D": D.train()}


@contextmanager
def _kept_state() -> Iterator[None]:
    state, legacy = random.getstate(), np.random.get_state()
    try:
        with seeded(0), torch.device("cpu"), torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        random.setstate(state)
        np.random.set_state(legacy)


def _rows(x: Tensor) -> list[bytes]:
    return [row.tobytes() for row in x.detach().flatten(1).numpy()]


def _input(args: tuple, kwargs: dict) -> Tensor:
    return next(iter((*args, *kwargs.values())))


def _flat(player: nn.Module) -> Tensor:
    """Return a copy of all weights, (n,); nan counts as 0, for it equals nothing, not itself either."""
    return torch.cat([p.detach().flatten().nan_to_num() for p in player.parameters()])


def _gradient(player: nn.Module) -> str:
    gradients = [p.grad for p in player.parameters() if p.grad is not None]
    if not any(g.any() for g in gradients):
        return "none"
    return "good" if all(g.isfinite().all() for g in gradients) else "nan"
