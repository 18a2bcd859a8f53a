"""What a kernel under test tells of its training: it is imported there, by tests/test_stop_button.py.

A cell is in training from its third optimiser step on: one step by hand is no loop.
"""

import gc
import sys
import time

from torch.optim.optimizer import register_optimizer_step_post_hook

from gan_edu.games import Game

IN_TRAINING = "<in training>"
_steps, _last = 0, 0.0


def watch(shell) -> None:
    """Count the optimiser steps of each cell of this shell, and print IN_TRAINING at the third."""
    def begin(info) -> None:
        global _steps
        _steps = 0

    def count(*_) -> None:
        global _steps, _last
        _steps, _last = _steps + 1, time.time()
        if _steps == 3:
            print(IN_TRAINING)
            sys.stdout.flush()

    shell.events.register("pre_run_cell", begin)
    register_optimizer_step_post_hook(count)


def report() -> tuple[int, float, bool]:
    """Return this cell's optimiser steps, the moment of the last one, and whether every game stands between two steps."""
    games = [game for game in gc.get_objects() if Game in type(game).__mro__]
    runs = [game.run for game in games if game.run is not None]
    finite = all(p.isfinite().all() for game in games for net in (game.G, game.D) for p in net.parameters())
    return _steps, _last, finite and all(run.step == run.history.steps == _moves(run.opt_G, run.step)
                                         and _moves(run.opt_D, run.k * run.step) == run.k * run.step for run in runs)


def _moves(optimizer, otherwise: int) -> int:
    """Steps that an optimiser has made, where it counts them."""
    return next((int(state["step"]) for state in optimizer.state.values() if "step" in state), otherwise)
