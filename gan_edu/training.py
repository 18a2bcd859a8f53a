"""Algorithm 1 of Goodfellow et al. 2014, written once, for every game of the package.

`_Run.step_once` is the algorithm. What stands around it keeps a run safe: it stops only between steps, never lets a
number that is none into the weights, saves, and goes on bit for bit where it stopped. Losses belong to `objectives`,
players to `games`, files to `checkpoints`, pictures to `plots`.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_edu.checkpoints import load_checkpoint, require_same, save_checkpoint
from gan_edu.errors import TrainingDiverged, real, whole
from gan_edu.games import Game, moving_average_of
from gan_edu.history import History
from gan_edu.rng import seed_device
from gan_edu.training_guards import (
    name_of,
    rates_of,
    require_finite,
    require_fits,
    require_name,
    require_own,
    require_source,
    settings_of,
    size_of,
    total_steps,
)
from gan_edu.training_precision import PRECISIONS, products_in
from gan_edu.training_stop import require_cell, stops_between_steps

SNAPSHOT_EVERY = 50       # steps between the states in memory that a failed step is rolled back to
AUTOSAVE_SECONDS = 30.0
_COLUMNS = ("loss_D", "loss_G", "grad_D", "grad_G")


def train(game: Game, data: Any, *, k: int = 1, epochs: float | None = None, steps: int | None = None,
          batch_size: int = 64, seed: int = 0,
          optimizers: tuple[torch.optim.Optimizer, torch.optim.Optimizer] | None = None,
          schedule: Callable[[int], Mapping[str, float]] | None = None, ema: float | None = None,
          simultaneous: bool = False, precision: str | None = None, on_step: Callable[["_Run"], Any] | None = None,
          checkpoint: str | Path | None = None, resume: bool = False, progress: bool = True) -> History:
    """Play Algorithm 1 on a game and return its History; the game's networks are trained in place.

    data: an ImageSet, a toy, or anything with `batches(batch_size, seed=..., start=...)`.
    k: steps of D for each step of G. steps: steps of G; or epochs: passes over the data, of which D sees k minibatches
    a step. With neither, one epoch. batch_size: m of Algorithm 1, of the real and of the generated minibatch alike.
    seed: fixes the order of the data, the noise and dropout. optimizers: (for G, for D); None takes Adam at 1e-4 and
    2e-4. schedule: from the number of finished steps to what both optimisers shall use next, as in
    `lambda step: {"lr": 0.1 / 1.000004 ** step}`, or each of them: `{"G": {"lr": ...}, "D": {"lr": ...}}`.
    ema: decay of a moving average of G, kept as game.G_ema.
    simultaneous: compute both gradients at the same point, then move both players. This is NOT Algorithm 1, where G
    answers the D that has just moved; it is here to show what that is worth, and needs k = 1.
    precision: of matrix products, in PyTorch's words: "highest" (float32), "high" (TF32 on GPUs), "medium" (bfloat16 on
    GPUs and on CPUs with matrix units; convolutional players on a CPU compute in it under autocast; all that is kept
    stays float32); None leaves PyTorch's own setting.
    on_step: called after each step with the run (.step, .steps, .game, .history, .stop()). checkpoint: a .safetensors
    path, saved now and then and at the end. resume: go on from the checkpoint, or, without one, from this game's last
    run; the two parts equal one longer run.

    Ctrl-C finishes the step, saves and returns; a second one, or another run in the same cell, ends in KeyboardInterrupt.
    Raises ValueError for arguments and data, nothing having happened then; CheckpointError for a file that does not fit;
    TrainingDiverged when a loss, a gradient or a weight is no finite number: the game is then as after the last good step,
    or, for a weight, at most 50 steps before. Source: Goodfellow et al. 2014, Algorithm 1.
    """
    require_cell()
    k, batch_size, seed = whole("k", k), whole("batch_size", batch_size), whole("seed", seed, 0)     # no longer NumPy's
    require_name(checkpoint)
    if ema is not None and not real("ema", ema, minimum=0) < 1:
        raise ValueError(f"ema must lie in [0, 1), got {ema}; 0.999 averages about the last 1,000 steps")
    if simultaneous and k != 1:
        raise ValueError(f"simultaneous=True needs k=1, got k={k}: only two single steps can be made at the same point")
    if precision not in (None, *PRECISIONS):
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)} or None, got {precision!r}")
    require_source(data)
    total = total_steps(data, k, epochs, steps, batch_size)
    run = _Run(game, data, k=k, batch_size=batch_size, seed=seed, optimizers=optimizers, schedule=schedule, ema=ema,
               simultaneous=simultaneous, precision=precision)
    if resume and checkpoint is not None and Path(checkpoint).exists():
        run.load(checkpoint)
    elif resume and checkpoint is None and game.run is not None:
        require_same("this game's last run", run.settings, game.run.settings)
        run.load_state_dict(game.run.state_dict())
    elif checkpoint is not None and Path(checkpoint).exists():
        raise ValueError(f"{checkpoint} exists; give resume=True to go on from it, or another path")
    if run.step and progress:
        print(f"going on from step {run.step} of {total}")
    before = game.run, game.G_ema
    game.G_ema = None if ema is None else game.G_ema or moving_average_of(game.G)
    game.run, run.steps = run, total
    try:
        _play(run, on_step, checkpoint, progress)
    except BaseException:
        if not run.began:                                 # the data were refused: nothing has happened
            game.run, game.G_ema = before
        raise
    return run.history


class _Run:
    """One run of Algorithm 1: the players' optimisers, the random states, the place in the data, the history."""

    def __init__(self, game: Game, data: Any, *, k: int, batch_size: int, seed: int, optimizers: Any,
                 schedule: Callable | None, ema: float | None, simultaneous: bool, precision: str | None) -> None:
        self.game, self.data, self.k, self.batch_size, self.seed, self.ema = game, data, k, batch_size, seed, ema
        self.simultaneous, self.precision = simultaneous, precision
        self.opt_G, self.opt_D = optimizers or default_optimizers(game)
        require_own(self.opt_G, game.G, "G"), require_own(self.opt_D, game.D, "D")
        self.step = self.steps = 0
        self.schedule = schedule
        self._follow_schedule()
        self.settings = self._settings()                  # as they are at the start: a schedule changes them later
        self.history = History()
        self.noise = torch.Generator(game.device).manual_seed(seed)
        # dropout cannot be given a generator: around each step, PyTorch's global one gets this state
        self.has_dropout = any(isinstance(module, nn.modules.dropout._DropoutNd) for player in (game.G, game.D)
                               for module in player.modules())
        self.hidden = torch.Generator().manual_seed(seed + 1).get_state()
        self.draws, self._stream, self.began = 0, None, False
        self._stop, self.broken = threading.Event(), False

    def stop(self) -> None:
        """Ask the run to end after the step in progress; safe to call from any thread."""
        self._stop.set()

    # ---- Algorithm 1 ------------------------------------------------------------------------------------------

    def step_once(self) -> None:
        """Make one transaction: k updates of D, one of G, with random states of the run's own."""
        if threading.current_thread() is not threading.main_thread() and not self.has_dropout:
            return self._algorithm_1()                    # PyTorch's global state is the reader's, who may be drawing now
        device = self.game.device
        with torch.random.fork_rng(devices=[] if device.type == "cpu" else [device]):   # to look for GPUs takes time
            torch.set_rng_state(self.hidden)
            seed_device(device)
            self._algorithm_1()
            self.hidden = torch.get_rng_state()

    def _algorithm_1(self) -> None:
        """for k steps: ascend D's stochastic gradient; then descend G's."""
        game, values = self.game, {}
        self._follow_schedule()
        for _ in range(self.k):
            batch = self.minibatch()                                             # m fresh examples from p_data
            loss = game.discriminator_loss(batch, self.noise)                    # and m fresh z from p_z
            values["loss_D"], values["grad_D"] = self._update(loss, self.opt_D, game.D, "D", wait=self.simultaneous)
            game.after_discriminator_step()                                      # weight clipping, where a game has it
        if game.generator_needs_batch:
            batch = self.minibatch()
        with frozen(game.D):                                                     # gradients pass D, none stay there
            loss = game.generator_loss(batch, self.noise)                        # m fresh z from p_z
            values["loss_G"], values["grad_G"] = self._update(loss, self.opt_G, game.G, "G")
        if self.simultaneous:                                                    # not Algorithm 1: D waited for G
            self.opt_D.step()
            game.after_discriminator_step()
        if self.ema is not None:
            blend(game.G_ema, game.G, min(self.ema, (1 + self.step) / (10 + self.step)))
        self.step += 1
        self.history.record({name: values[name] for name in _COLUMNS} | game.readings)

    def _follow_schedule(self) -> None:
        """A function of the step alone, so that a replayed or resumed step uses what it used before."""
        if self.schedule is not None:
            settings = self.schedule(self.step)
            for name, optimizer in (("G", self.opt_G), ("D", self.opt_D)):
                for group in optimizer.param_groups:
                    group.update(settings.get(name, settings))

    def _update(self, loss: Tensor, optimizer: torch.optim.Optimizer, player: nn.Module, name: str, *,
                wait: bool = False) -> tuple:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.get_total_norm([p.grad for p in player.parameters() if p.grad is not None])
        if not torch.isfinite(loss + norm):              # before the step that would carry it into the weights
            raise TrainingDiverged(
                f"{name}'s loss or gradient is not a finite number at step {self.step + 1} (loss {loss.item():g}, "
                f"gradient norm {norm.item():g}; {rates_of(self)}); the game is as after step {self.step}. Check the data "
                "for NaN, or lower the learning rates: a step of either player can be what went too far.")
        if not wait:
            optimizer.step()
        return loss, norm

    def minibatch(self) -> Any:
        """Return the next real minibatch; minibatch i of a run depends on (seed, i) alone."""
        if self._stream is None:
            labels = {"labels": True} if self.game.needs_labels else {}
            self._stream = iter(self.data.batches(self.batch_size, seed=self.seed, start=self.draws, **labels))
        batch = next(self._stream)
        if self.draws == 0:                               # the first one speaks for all
            require_fits(batch if isinstance(batch, Tensor) else batch[0], self.game.G)
        self.draws, self.began = self.draws + 1, True
        return batch.to(self.game.device) if isinstance(batch, Tensor) else tuple(b.to(self.game.device) for b in batch)

    # ---- state ------------------------------------------------------------------------------------------------

    def _settings(self) -> dict:
        """What must be equal for two parts to make one run."""
        return {"torch": torch.__version__, "k": self.k, "batch_size": self.batch_size, "seed": self.seed, "ema": self.ema,
                "data": name_of(self.data), "examples": size_of(self.data),
                "optimizers": {name: settings_of(optimizer) for name, optimizer in (("G", self.opt_G), ("D", self.opt_D))}} | (
                        {"simultaneous": True} if self.simultaneous else {}) | (   # absent: files from before stay good
                            {"precision": self.precision} if self.precision else {})

    def state_dict(self) -> dict:
        """Copies, not references, of everything that the next step depends on."""
        players = {"G": self.game.G, "D": self.game.D} | ({"G_ema": self.game.G_ema} if self.game.G_ema else {})
        return {"step": self.step, "draws": self.draws, "noise": self.noise.get_state(), "hidden": self.hidden.clone(),
                "players": {name: _copies(player.state_dict()) for name, player in players.items()},
                "opt_G": _copies(self.opt_G.state_dict()), "opt_D": _copies(self.opt_D.state_dict()),
                "history": self.history.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name, tensors in state.get("players", {}).items():
            getattr(self.game, name).load_state_dict(tensors)
        self.opt_G.load_state_dict(_copies(state["opt_G"])), self.opt_D.load_state_dict(_copies(state["opt_D"]))
        _lay_as_weights(self.opt_G), _lay_as_weights(self.opt_D)
        self.step, self.draws, self._stream = state["step"], state["draws"], None
        self.noise.set_state(state["noise"].clone())
        self.hidden = state["hidden"].clone()
        self.history.load_state_dict(state["history"])

    def save(self, path: str | Path) -> None:
        """Write the run to one file; see `checkpoints`."""
        state = self.state_dict()
        state.pop("players")                              # the file holds them by name already
        save_checkpoint(path, self.game, state=state, notes={"settings": self.settings, "step": self.step})

    def load(self, path: str | Path) -> None:
        """Go on from a file. Raises CheckpointError where anything differs, the run being untouched."""
        _, state, _ = load_checkpoint(path, self.game, settings=self.settings)
        self.load_state_dict(state)


def _play(run: _Run, on_step: Callable | None, checkpoint: str | Path | None, progress: bool) -> None:
    """Run step after step; whatever happens, leave the game between two steps."""
    modes = [(module, module.training) for player in (run.game.G, run.game.D) for module in player.modules()]
    trained = [p for p in run.game.D.parameters() if p.requires_grad]
    bar, saved = _bar(run, progress), time.monotonic()
    run.game.G.train(), run.game.D.train()
    with stops_between_steps(run), products_in(run.precision, run.game):
        try:
            good = run.state_dict()
            while run.step < run.steps and not run._stop.is_set():
                _transaction(run, good)
                if run.step - good["step"] >= SNAPSHOT_EVERY:
                    require_finite(run, good)
                    good = run.state_dict()
                bar.update()
                if on_step is not None:
                    on_step(run)
                if checkpoint is not None and time.monotonic() - saved > AUTOSAVE_SECONDS:
                    run.save(checkpoint)
                    saved = time.monotonic()
            require_finite(run, good)
        finally:
            for module, training in modes:
                module.training = training
            for p in trained:                             # a second Ctrl-C may have come while D was being frozen
                p.requires_grad_(True)
            bar.close()
            if checkpoint is not None and run.began:
                run.save(checkpoint)
    if run._stop.is_set() and run.step < run.steps:
        run.history.stopped = "asked"
        print(f"stopped at step {run.step} of {run.steps}; give resume=True and run again to go on")


def _transaction(run: _Run, good: dict) -> None:
    """One step, or none: if it fails half-way, go back to the last state in memory and replay up to the step before.

    Replaying is exact, since a step depends on the state alone, and costs nothing until something fails.
    """
    step = run.step
    try:
        run.step_once()
    except BaseException as error:
        try:
            run.load_state_dict(good)
            if not isinstance(error, KeyboardInterrupt):  # a second Ctrl-C means now
                while run.step < step:
                    run.step_once()
        except BaseException:                             # it came in here; there is no third
            run.load_state_dict(good)
            raise
        run.history.stopped = type(error).__name__
        if _is_out_of_memory(error):
            raise MemoryError(f"a batch of {run.batch_size} needs more memory than there is; try batch_size="
                              f"{max(1, run.batch_size // 4)}. The game is as after step {run.step}.") from error
        raise


def default_optimizers(game: Game) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """Return the sources' optimisers (for G, for D): Adam at 1e-4 and 2e-4, one fused kernel for all tensors."""
    return (torch.optim.Adam(game.G.parameters(), lr=1e-4, fused=True),
            torch.optim.Adam(game.D.parameters(), lr=2e-4, fused=True))


@contextmanager
def frozen(player: nn.Module) -> Iterator[None]:
    """Let gradients pass through a player without computing any for its own parameters."""
    asked = [p for p in player.parameters() if p.requires_grad]
    for p in asked:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in asked:
            p.requires_grad_(True)


@torch.no_grad()
def blend(average: nn.Module, network: nn.Module, decay: float) -> None:
    """average = decay average + (1 - decay) network, BatchNorm's running statistics included."""
    ours, theirs = average.state_dict(), network.state_dict()
    floats = [name for name, value in ours.items() if value.is_floating_point()]
    torch._foreach_lerp_([ours[name] for name in floats], [theirs[name] for name in floats], 1 - decay)
    for name in ours.keys() - set(floats):
        ours[name].copy_(theirs[name])


def _lay_as_weights(optimizer: torch.optim.Optimizer) -> None:
    """Fused optimisers walk through memory: their moments must lie there in the order of the weights, as files do not."""
    for weight, state in optimizer.state.items():
        state |= {key: torch.empty_like(weight).copy_(value) for key, value in state.items()
                  if isinstance(value, Tensor) and value.shape == weight.shape}


def _copies(tree: Any) -> Any:
    if isinstance(tree, Tensor):
        return tree.detach().clone()
    if isinstance(tree, Mapping):
        return {key: _copies(value) for key, value in tree.items()}
    return [_copies(value) for value in tree] if isinstance(tree, list) else tree


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error))


def _bar(run: _Run, progress: bool) -> Any:
    from tqdm.auto import tqdm  # asks for a terminal or a notebook only when one is used
    return tqdm(total=run.steps, initial=run.step, unit="step", disable=not progress, file=sys.stderr)
