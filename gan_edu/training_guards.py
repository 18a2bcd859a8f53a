"""What `training` asks of its arguments before the first step: data that can be drawn from, optimisers that hold the
right parameters, minibatches that fit G; and of its cell, that it was not stopped. Nothing is trained here.
"""

import math
import threading
from typing import Any

import torch
from torch import Tensor, nn

from gan_edu import course
from gan_edu.data import require_images
from gan_edu.errors import real, whole

_stopped = threading.Event()     # set from the stop button to the end of its cell


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


def require_own(optimizer: torch.optim.Optimizer, player: nn.Module, name: str) -> None:
    """Raise ValueError unless the optimiser holds exactly the player's parameters."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if held != {id(p) for p in player.parameters()}:
        raise ValueError(f"the optimizer for {name} must hold all of {name}'s parameters and nothing else; give "
                         "optimizers=(for G, for D), made after the players were moved to their device")


def stop_cell() -> None:
    """Let the stop button mean the whole cell, where there are cells: no later run of this one will start."""
    shell = course.shell()
    if shell is None or _stopped.is_set():
        return

    def forget(result: Any) -> None:
        _stopped.clear()
        shell.events.unregister("post_run_cell", forget)

    _stopped.set()
    shell.events.register("post_run_cell", forget)


def require_cell() -> None:
    """Raise KeyboardInterrupt where an earlier run of this cell was stopped by the stop button."""
    if _stopped.is_set() and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt("stopped in an earlier run of this cell; run the cell again")
