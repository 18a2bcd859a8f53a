"""The games: two players and the two losses they minimise. How the steps alternate is `training`'s business alone."""

import copy
import warnings

import torch
from torch import Tensor, nn

from gan_edu.errors import whole
from gan_edu.networks import eval_mode, has_batch_statistics
from gan_edu.objectives import objective_named


class Game:
    """Two players, G and D, and what each of them minimises.

    G: nn.Module, the player that generates. D: nn.Module, the player that judges; returns logits.
    G_ema: nn.Module or None, the moving average of G that `train(..., ema=...)` keeps; `sample` prefers it.
    readings: detached scalars of the last losses by name, which `train` writes into its History.
    generator_needs_batch: whether G's step needs a fresh real minibatch (a plain GAN only needs fresh noise).
    needs_labels: whether a minibatch is a pair (x, y).
    """

    generator_needs_batch = False
    needs_labels = False

    def __init__(self, G: nn.Module, D: nn.Module) -> None:
        self.G, self.D, self.G_ema = G, D, None
        self.readings: dict[str, Tensor] = {}
        self.run = None                       # the last run of `train`, for resume=True

    def discriminator_loss(self, batch: Tensor, generator: torch.Generator | None) -> Tensor:
        """Return the scalar that D minimises on one real minibatch and fresh noise."""
        raise NotImplementedError

    def generator_loss(self, batch: Tensor, generator: torch.Generator | None) -> Tensor:
        """Return the scalar that G minimises on fresh noise."""
        raise NotImplementedError

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n generated images in [-1, 1] and leave both players as they were."""
        raise NotImplementedError

    def __deepcopy__(self, memo: dict) -> "Game":
        """Copy the players; the last run, with its place in the data, stays with the original."""
        twin = copy.copy(self)
        twin.__dict__ |= {name: copy.deepcopy(value, memo) for name, value in vars(self).items() if name != "run"}
        twin.run = None
        return twin

    @property
    def config(self) -> dict:
        """What besides weights tells this game from another; kept in checkpoints and compared on resume."""
        return {"game": type(self).__name__}

    @property
    def device(self) -> torch.device:
        return next(self.G.parameters()).device

    def to(self, device: torch.device | str) -> "Game":
        """Move both players (and the moving average) to a device and return self."""
        for network in (self.G, self.D, self.G_ema):
            if network is not None:
                network.to(device)
        return self


class GAN(Game):
    """Play the game of Goodfellow et al. 2014: G turns noise into x, D says how real x looks.

    G: has latent_dim, latent ("normal" or "uniform") and shape, and maps (n, latent_dim) to (n, *shape).
    D: maps (n, *shape) to logits (n, 1). objective: a name in `objectives.OBJECTIVES`.
    Raises ValueError when D ends in a sigmoid.
    """

    def __init__(self, G: nn.Module, D: nn.Module, *, objective: str = "non_saturating") -> None:
        super().__init__(G, D)
        self.objective = objective_named(objective)
        _require_logits(D, tuple(G.shape))

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw z, (n, latent_dim), of unit variance: normal, or uniform on [-sqrt 3, sqrt 3]."""
        draw = torch.randn if self.G.latent == "normal" else torch.rand
        z = draw(n, self.G.latent_dim, generator=generator, device=self.device)
        return z if self.G.latent == "normal" else (2 * z - 1) * 3 ** 0.5

    def discriminator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        with torch.no_grad():                                    # D's step: G is only a source of samples
            x_fake = self.G(self.noise(len(batch), generator))
        logits_real, logits_fake = self._judge_both(batch, x_fake)
        self.readings |= {"D_real": logits_real.detach().sigmoid().mean(),
                          "D_fake": logits_fake.detach().sigmoid().mean()}
        return self.objective.discriminator(logits_real, logits_fake)

    def generator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        x_fake = self.G(self.noise(len(batch), generator))       # of the batch, only its size is used
        return self.objective.generator(self.D(x_fake))

    def _judge_both(self, x_real: Tensor, x_fake: Tensor) -> tuple[Tensor, Tensor]:
        """One pass for both where no sample can see another; two passes where D has batch statistics."""
        if has_batch_statistics(self.D):
            return self.D(x_real), self.D(x_fake)
        return self.D(torch.cat([x_real, x_fake])).split([len(x_real), len(x_fake)])

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return G(z) for n fresh z, (n, *shape), in eval mode, from the moving average where there is one.

        generator: where z comes from; None takes PyTorch's global generator. Raises ValueError unless n >= 1.
        """
        G = self.G if self.G_ema is None else self.G_ema
        with eval_mode(G):
            return G(self.noise(whole("n", n), generator))

    def judge(self, x: Tensor) -> Tensor:
        """Return D(x) as probabilities, (n,), in eval mode; x (n, *shape)."""
        with eval_mode(self.D):
            return self.D(x.to(self.device)).sigmoid().flatten(1).mean(1)

    @property
    def config(self) -> dict:
        return super().config | {"objective": self.objective.name}


def moving_average_of(G: nn.Module) -> nn.Module:
    """Return a copy of G that asks for no gradients, to be blended by `training`."""
    return copy.deepcopy(G).requires_grad_(False).eval()


def _require_logits(D: nn.Module, shape: tuple[int, ...]) -> None:
    last = [module for module in D.modules() if not list(module.children())][-1:]
    if last and isinstance(last[0], nn.Sigmoid | nn.LogSigmoid):
        raise ValueError(f"D must return logits, got a network that ends in {type(last[0]).__name__}; drop the last "
                         f"{type(last[0]).__name__} (the losses apply it themselves, exactly)")
    parameter = next(D.parameters(), None)
    if parameter is None:
        return
    # huge inputs drive honest logits far out of [0, 1], whatever the initial weights; a probability stays inside
    x = 1e8 * torch.randn(64, *shape, generator=torch.Generator().manual_seed(0))
    with eval_mode(D):
        out = D(x.to(parameter))
    if ((out >= 0) & (out <= 1)).all():
        warnings.warn("D's outputs all lie in [0, 1] and look like probabilities; D must return logits: drop its last "
                      "sigmoid", stacklevel=3)
