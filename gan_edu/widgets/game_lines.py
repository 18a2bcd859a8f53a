"""The tensors of one step of Algorithm 1, as GameExplorer lists them: name, shape, first numbers, what just changed.

What does not belong here: the lines themselves (game_match.py), their pace (game_thread.py), drawing.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_edu.widgets.game_match import Match

NAMES = {"x": "x", "z": "z", "fake": "G(z)", "D_real": "D(x), mean", "D_fake": "D(G(z)), mean",
         "loss_D": "loss of D", "grad_D": "∇ by θ of D", "theta_D": "θ of D",
         "loss_G": "loss of G", "grad_G": "∇ by θ of G", "theta_G": "θ of G"}
_CHANGED = {"x": ("x",), "z_D": ("z", "fake"), "grad_D": ("D_real", "D_fake", "loss_D", "grad_D"),
            "step_D": ("theta_D",), "z_G": ("z", "fake"), "grad_G": ("loss_G", "grad_G"), "step_G": ("theta_G",)}


class Tensors:
    """Follow the tensors of a step while its lines are heard one by one."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the step."""
        self.found: dict[str, tuple[str, str]] = {}
        self.changed: tuple[str, ...] = ()
        self.real = self.fake = np.empty((0, 0), np.float32)

    def end(self) -> None:
        """The step is over: nothing has just changed, and no minibatch is in hand."""
        self.changed, self.real, self.fake = (), self.real[:0], self.fake[:0]

    def hear(self, line: str, tensor: Tensor | None, match: Match) -> None:
        """Take in what a line has made."""
        self.changed = _CHANGED[line]
        if line == "x":
            self.real = tensor.numpy()
            self._put("x", tensor)
        elif line in ("z_D", "z_G"):
            with torch.no_grad():
                fake = match.game.G(tensor)
            self.fake = fake.numpy()
            self._put("z", tensor), self._put("fake", fake)
        else:
            self._take_update(line, match)

    def _take_update(self, line: str, match: Match) -> None:
        kind, player = line.split("_")
        if kind == "step":
            self._put(f"theta_{player}", match.weights(player), moved=self.before)
            return
        loss, gradient = match.game.losses[player].detach(), match.gradient(player)
        self.before = match.weights(player)
        self.found[f"loss_{player}"] = ("a number", f"{float(loss):.4f}".replace("-", "−"))
        self.found[f"grad_{player}"] = (_shape(gradient), f"length {float(gradient.norm()):.4g}")
        if player == "D":
            for name in ("D_real", "D_fake"):
                self.found[name] = ("a probability", f"{float(match.game.readings[name]):.4f}")

    def _put(self, name: str, tensor: Tensor, moved: Tensor | None = None) -> None:
        if moved is not None:
            self.found[name] = (_shape(tensor), f"moved by {float((tensor - moved).norm()):.4g}")
        else:
            first = ", ".join(f"{value:.2f}".replace("-", "−") for value in tensor[0, :3].tolist())
            self.found[name] = (_shape(tensor), f"{first}{', …' if tensor.shape[1] > 3 else ''}")

    def rows(self, match: Match) -> list[list[Any]]:
        """Return [name, shape, words, has just changed] of every tensor, in the order of Algorithm 1."""
        return [[label, *self.found.get(name, ("", "")), name in self.changed] for name, label in NAMES.items()]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the minibatch in hand, for the picture: empty between steps."""
        return {"batch_real": self.real, "batch_fake": self.fake}


def _shape(tensor: Tensor) -> str:
    return " × ".join(f"{n:,}" for n in tensor.shape)
