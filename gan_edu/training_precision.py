"""In which precision the products of a training step are computed. Weights, moments, losses and files stay float32."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import torch
from torch import nn

from gan_edu.games import Game

PRECISIONS = ("highest", "high", "medium")


@contextmanager
def products_in(precision: str | None, game: Game) -> Iterator[None]:
    """Set the precision of a game's products while it trains, and put everything back; see `train`."""
    if precision is None:                                 # the reader's own setting, made in whichever way
        yield
        return
    backends = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul
    with ExitStack() as stack:
        for backend in backends:
            stack.callback(setattr, backend, "fp32_precision", backend.fp32_precision)
        with suppress(RuntimeError):                      # the reader has used the backends' own settings
            stack.callback(torch.set_float32_matmul_precision, torch.get_float32_matmul_precision())
        torch.set_float32_matmul_precision(precision)
        if precision == "medium" and game.device.type == "cpu":          # where convolutions do not heed that setting
            for player in (game.G, game.D):
                if any(isinstance(module, nn.Conv2d | nn.ConvTranspose2d) for module in player.modules()):
                    stack.enter_context(_in_bfloat16(player))
        yield


@contextmanager
def _in_bfloat16(player: nn.Module) -> Iterator[None]:
    """Let a player's own forward passes run under autocast; what it returns is float32, and so is every loss."""
    entered: list[torch.autocast] = []
    ended = False                                         # a copy that was made meanwhile keeps its hooks

    def enter(*_: Any) -> None:
        if ended:
            return
        entered.append(torch.autocast("cpu", torch.bfloat16))
        entered[-1].__enter__()

    def leave(_: Any, __: Any, out: Any) -> Any:          # None: the pass failed
        if ended:
            return None
        entered.pop().__exit__(None, None, None)
        return tuple(leaf.float() for leaf in out) if isinstance(out, tuple) else None if out is None else out.float()

    hooks = player.register_forward_pre_hook(enter), player.register_forward_hook(leave, always_call=True)
    try:
        yield
    finally:
        ended = True
        for hook in hooks:
            hook.remove()
        while entered:                                    # an interrupt in the middle of a pass calls no hook
            entered.pop().__exit__(None, None, None)
