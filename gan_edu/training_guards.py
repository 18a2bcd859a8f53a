"""What `training` asks of its arguments before the first step: data that can be drawn from, optimisers that hold the
right parameters, minibatches that fit G; and of the players while they are trained, that their numbers are finite.
"""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan_edu.data import require_images
from gan_edu.errors import TrainingDiverged, real, whole


def require_source(data: Any) -> None:
    """Raise ValueError for data that no minibatch can be drawn from."""
    if not hasattr(data, "batches"):
        raise ValueError(f"data must have batches(batch_size, seed=..., start=...), got {type(data).__name__}; use "
                         "load_images(...) or one of the toys")


def total_steps(data: Any, k: int, epochs: float | None, steps: int | None, batch_size: int) -> int:
    """Return N of Algorithm 1; raise ValueError where it is not clear.

    An epoch is one pass over the data, of which a step uses k minibatches.
    """
    if steps is not None:
        if epochs is not None:
            raise ValueError(f"give steps or epochs, got both ({steps} and {epochs})")
        return whole("steps", steps)
    if not hasattr(data, "per_epoch"):
        raise ValueError("this data has no end, so no epochs; give steps=..., the number of G's updates")
    return math.ceil(real("epochs", 1 if epochs is None else epochs, above=0) * data.per_epoch(batch_size) / k)


def require_fits(x: Tensor, G: nn.Module) -> None:
    """Raise ValueError for images not of G's shape or outside [-1, 1]; points in the plane may lie anywhere."""
    if len(G.shape) == 3:
        require_images(x, G.shape)
    elif tuple(x.shape[1:]) != tuple(G.shape):
        raise ValueError(f"data must come as (n, {', '.join(map(str, G.shape))}), the shape G makes, got "
                         f"{tuple(x.shape)}; build G with shape={tuple(x.shape[1:])}")


def size_of(data: Any) -> int | None:
    """Return how many examples there are, or None for data without end."""
    return len(data) if hasattr(data, "__len__") else None


def name_of(data: Any) -> str:
    """Return what tells data from other data: a name, or what it says of itself, such as Ring(modes=8, ...), or its class."""
    speaks = type(data).__repr__ is not object.__repr__   # an object's own words hold its address
    return getattr(data, "name", repr(data) if speaks else type(data).__name__)


def settings_of(optimizer: torch.optim.Optimizer) -> dict:
    """Return class and numbers of an optimiser: of its first group of parameters at the top, of others under their place."""
    first, *others = [{key: value for key, value in group.items()
                       if key != "params" and isinstance(value, int | float | str | tuple | list)}
                      for group in optimizer.param_groups]
    return {"class": type(optimizer).__name__} | first | {f"group {i}": group for i, group in enumerate(others, 2)}


def require_name(checkpoint: str | Path | None) -> None:
    """Raise ValueError for a checkpoint that could not be read again."""
    if checkpoint is not None and Path(checkpoint).suffix != ".safetensors":
        raise ValueError(f"checkpoint must end in .safetensors, got {checkpoint}; "
                         f"write {Path(checkpoint).with_suffix('.safetensors') if Path(checkpoint).name else 'run.safetensors'}")


def require_own(optimizer: torch.optim.Optimizer, player: nn.Module, name: str) -> None:
    """Raise ValueError unless the optimiser holds exactly the player's parameters."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if held != {id(p) for p in player.parameters()}:
        raise ValueError(f"the optimizer for {name} must hold all of {name}'s parameters and nothing else; give "
                         "optimizers=(for G, for D), made after the players were moved to their device")


def rates_of(run: Any) -> str:
    """Return the learning rates of both players of a run in words, those of more groups side by side."""
    return ", ".join(f"learning rate of {name} {'/'.join(format(group['lr'], 'g') for group in optimizer.param_groups)}"
                     for name, optimizer in (("G", run.opt_G), ("D", run.opt_D)))


def require_finite(run: Any, good: dict) -> None:
    """Raise TrainingDiverged, the game being as in the state `good` again, if a number of the players is none.

    A step may be too large without any loss or gradient before it being so.
    """
    players = [player for player in (run.game.G, run.game.D, run.game.G_ema) if player is not None]
    if not all(value.isfinite().all() for player in players for value in player.state_dict().values()):
        step = run.step
        run.load_state_dict(good)
        run.history.stopped = TrainingDiverged.__name__
        raise TrainingDiverged(f"the weights are not finite numbers any more after step {step} ({rates_of(run)}); the game is "
                               f"as after step {run.step}. Lower the learning rates.")
