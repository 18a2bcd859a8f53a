"""The game that GameExplorer shows: its settings, its players, and how each line of Algorithm 1 makes itself heard.

The loop itself is `training.train`; here its data source, its game and its optimisers are wrapped so that they report.
What does not belong here: the thread (game_thread.py), pictures (game_scene.py), traits (game.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gan_edu import toys
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.objectives import objective_named
from gan_edu.toys import Toy

TOYS: dict[str, Toy] = {"ring": toys.Ring(), "grid": toys.Grid(), "spiral": toys.Spiral(), "moons": toys.Moons(),
                        "checkerboard": toys.Checkerboard(), "gaussian": toys.Gaussian1D(2.0, 0.5),
                        "mixture": toys.Mixture1D()}
LINES = (("x", "draw x: m fresh examples of the data"), ("z_D", "draw z: m fresh noises, and make G(z)"),
         ("grad_D", "loss of D, its gradient by θ of D"), ("step_D", "θ of D moves against it"),
         ("z_G", "draw z: m fresh noises, and make G(z)"), ("grad_G", "loss of G, its gradient by θ of G, through D"),
         ("step_G", "θ of G moves against it"))
COUNTS = {"x": "minibatches", "grad_D": "gradients", "grad_G": "gradients", "step_D": "D_steps", "step_G": "G_steps"}

Hear = Callable[..., None]       # hear(line, tensor), called right after that line was done


@dataclass(frozen=True)
class Settings:
    """Hold all that a game is started from; equal settings and seed give equal games."""

    toy: Toy
    k: int = 1
    lr_D: float = 1e-3
    lr_G: float = 1e-3
    objective: str = "non_saturating"
    batch_size: int = 128
    latent_dim: int = 2
    width: int = 64
    seed: int = 0

    def needs_new_networks(self, before: "Settings") -> str:
        """Return why the networks of `before` cannot go on, or nothing."""
        if self.toy.dim != before.toy.dim or (self.toy != before.toy and not self.redrawn(before)):
            return "the data changed"
        changed = {"latent_dim": "the noise changed", "width": "the width changed", "seed": "the seed changed"}
        return next((why for name, why in changed.items() if getattr(self, name) != getattr(before, name)), "")

    def redrawn(self, before: "Settings") -> bool:
        """Return whether both are drawn by hand: a further stroke goes to the same networks."""
        return isinstance(self.toy, toys.Drawn) and isinstance(before.toy, toys.Drawn)

    def differences(self, before: "Settings") -> list[str]:
        """Return the names of what differs, for the readout."""
        return [name for name in self.__dataclass_fields__ if getattr(self, name) != getattr(before, name)]


class _WatchedToy:
    """A toy whose every minibatch is heard as line x."""

    def __init__(self, toy: Toy, hear: Hear) -> None:
        self.toy, self.hear, self.name = toy, hear, repr(toy)

    def batches(self, batch_size: int, *, seed: int, start: int = 0) -> Iterator[Tensor]:
        for x in self.toy.batches(batch_size, seed=seed, start=start):
            self.hear("x", x)
            yield x


class _WatchedGAN(GAN):
    """A GAN whose every draw of noise is heard, and that keeps the losses it gave."""

    def __init__(self, G: MLPGenerator, D: MLPDiscriminator, *, objective: str, hear: Hear) -> None:
        super().__init__(G, D, objective=objective)
        self.hear, self.turn, self.losses = hear, "D", {}

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        z = super().noise(n, generator)
        self.hear(f"z_{self.turn}", z)
        return z

    def discriminator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        self.turn = "D"
        self.losses["D"] = super().discriminator_loss(batch, generator)
        return self.losses["D"]

    def generator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        self.turn = "G"
        self.losses["G"] = super().generator_loss(batch, generator)
        return self.losses["G"]


class Match:
    """Hold the players of one game with their optimisers, each of which says what it has just done.

    settings: a `Settings`. hear: called as hear(line, tensor) after every line of `LINES`, with the tensor it made.
    Both networks are fully connected with two hidden layers of `width`; both optimisers are Adam with beta1 = 0.5.
    """

    def __init__(self, settings: Settings, hear: Hear) -> None:
        self.settings, self.hear = settings, hear
        shape, hidden = (settings.toy.dim,), (settings.width, settings.width)
        with seeded(settings.seed):
            G = MLPGenerator(settings.latent_dim, shape=shape, hidden=hidden, batch_norm=False, output="linear")
            D = MLPDiscriminator(shape=shape, hidden=hidden)
        self.game = _WatchedGAN(G, D, objective=settings.objective, hear=hear)
        self.opt_G, self.opt_D = (self._adam(player, lr) for player, lr in ((G, settings.lr_G), (D, settings.lr_D)))
        for name, optimizer in (("G", self.opt_G), ("D", self.opt_D)):
            optimizer.register_step_pre_hook(lambda *_, line=f"grad_{name}": hear(line, None))
            optimizer.register_step_post_hook(lambda *_, line=f"step_{name}": hear(line, None))
        self.source = _WatchedToy(settings.toy, hear)

    @staticmethod
    def _adam(player: torch.nn.Module, lr: float) -> torch.optim.Optimizer:
        return torch.optim.Adam(player.parameters(), lr=lr, betas=(0.5, 0.999), fused=True)

    def go_on(self, settings: Settings) -> None:
        """Let the same networks and optimisers go on under other settings."""
        self.settings, self.game.objective = settings, objective_named(settings.objective)
        self.source = _WatchedToy(settings.toy, self.hear)
        self.opt_G.param_groups[0]["lr"], self.opt_D.param_groups[0]["lr"] = settings.lr_G, settings.lr_D

    def weights(self, player: str) -> Tensor:
        """Return all numbers of "G" or "D" in one vector, detached."""
        return torch.cat([p.detach().flatten() for p in getattr(self.game, player).parameters()])

    def gradient(self, player: str) -> Tensor:
        """Return the gradient that lies at the parameters of "G" or "D", in one vector."""
        return torch.cat([p.grad.flatten() for p in getattr(self.game, player).parameters() if p.grad is not None])


def drawn(strokes: Any) -> Toy:
    """Return the toy of strokes drawn by hand; with none yet, one dot in the middle."""
    return toys.Drawn(strokes or [[(0.0, 0.0)]])
