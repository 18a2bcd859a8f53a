"""The games: two players and the two losses they minimise. How the steps alternate is `training`'s business alone."""

import copy
import importlib
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gan_edu.errors import real, whole
from gan_edu.networks import eval_mode, has_batch_statistics
from gan_edu.objectives import gradient_penalty, objective_named, r1_penalty

_AT_ONCE = 500            # images made at once by `sample`: a wide layer of 10,000 images would fill the memory


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

    def after_discriminator_step(self) -> None:
        """Put D's weights back where the game allows them, after each of D's steps; nothing in most games."""

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
    D: maps (n, *shape) to logits (n, 1). objective: a name in `objectives.OBJECTIVES`. r1: gamma, the weight of D's
    squared slope at real images, 0 for none (Mescheder et al. 2018, eq. (9)).
    Raises ValueError when D ends in a sigmoid.
    """

    def __init__(self, G: nn.Module, D: nn.Module, *, objective: str = "non_saturating", r1: float = 0.0) -> None:
        super().__init__(G, D)
        self.objective, self.r1 = objective_named(objective), real("r1", r1, minimum=0)
        _require_logits(D, tuple(G.shape), *self._conditions(64))
        if self.r1:
            _warn_of_company(D, "r1")

    def _conditions(self, n: int) -> tuple[Tensor, ...]:
        """What both players are told besides, for n images; nothing in this game."""
        return ()

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw z, (n, latent_dim), of unit variance: normal, or uniform on [-sqrt 3, sqrt 3]."""
        draw = torch.randn if self.G.latent == "normal" else torch.rand
        z = draw(n, self.G.latent_dim, generator=generator, device=self.device)
        return z if self.G.latent == "normal" else (2 * z - 1) * 3 ** 0.5

    def discriminator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        with torch.no_grad():                                    # D's step: G is only a source of samples
            x_fake = self.G(self.noise(len(batch), generator))
        loss = self._verdict_loss(*self._judge_both(batch, x_fake))
        return loss + self._r1(self.D, batch) if self.r1 else loss

    def generator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        x_fake = self.G(self.noise(len(batch), generator))       # of the batch, only its size is used
        return self.objective.generator(self.D(x_fake))

    def _judge_both(self, x_real: Tensor, x_fake: Tensor, *y: Tensor) -> tuple[Tensor, Tensor]:
        """One pass for both where no sample can see another; two passes where D has batch statistics."""
        if has_batch_statistics(self.D):
            return self.D(x_real, *y), self.D(x_fake, *y)
        twice = [torch.cat([condition, condition]) for condition in y]
        return self.D(torch.cat([x_real, x_fake]), *twice).split([len(x_real), len(x_fake)])

    def _verdict_loss(self, logits_real: Tensor, logits_fake: Tensor) -> Tensor:
        self.readings |= {"D_real": logits_real.detach().sigmoid().mean(),
                          "D_fake": logits_fake.detach().sigmoid().mean()}
        return self.objective.discriminator(logits_real, logits_fake)

    def _r1(self, D: Callable[[Tensor], Tensor], x_real: Tensor) -> Tensor:
        penalty = r1_penalty(D, x_real)
        self.readings["penalty"] = penalty.detach()
        return self.r1 * penalty

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return G(z) for n fresh z, (n, *shape), in eval mode, from the moving average where there is one.

        generator: where z comes from; None takes PyTorch's global generator. Raises ValueError unless n >= 1.
        """
        return self._generate(self.noise(whole("n", n), generator))

    def _generate(self, *inputs: Tensor) -> Tensor:
        G = self.G if self.G_ema is None else self.G_ema
        with eval_mode(G):
            return torch.cat([G(*parts) for parts in zip(*(x.split(_AT_ONCE) for x in inputs))])

    def judge(self, x: Tensor) -> Tensor:
        """Return D(x) as probabilities, (n,), in eval mode; x (n, *shape)."""
        with eval_mode(self.D):
            return self.D(x.to(self.device)).sigmoid().flatten(1).mean(1)

    @property
    def config(self) -> dict:
        return super().config | {"objective": self.objective.name} | ({"r1": self.r1} if self.r1 else {})


class ConditionalGAN(GAN):
    """Play a game for each label at once: G turns z and y into x, D says how real x looks as a y.

    New: minibatches are pairs (x, y), and both players are told y. G: also has classes; maps z (n, latent_dim) and y
    to (n, *shape). D: maps x and y to logits (n, 1). y: int64 (n,), or float (n, classes). Same as before: the losses.
    Source: Mirza and Osindero 2014, eq. (2).
    """

    needs_labels = True
    generator_needs_batch = True                                 # labels as the data have them, for G's step too

    def _conditions(self, n: int) -> tuple[Tensor, ...]:
        return (torch.zeros(n, dtype=torch.int64, device=self.device),)

    def discriminator_loss(self, batch: tuple[Tensor, Tensor], generator: torch.Generator | None = None) -> Tensor:
        x, y = batch
        with torch.no_grad():
            x_fake = self.G(self.noise(len(x), generator), y)
        loss = self._verdict_loss(*self._judge_both(x, x_fake, y))
        return loss + self._r1(lambda x: self.D(x, y), x) if self.r1 else loss

    def generator_loss(self, batch: tuple[Tensor, Tensor], generator: torch.Generator | None = None) -> Tensor:
        _, y = batch
        x_fake = self.G(self.noise(len(y), generator), y)
        return self.objective.generator(self.D(x_fake, y))

    def sample(self, n: int, *, y: int | Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """Return G(z, y) for n fresh z, (n, *shape), in eval mode, from the moving average where there is one.

        y: one label for all, int64 (n,), or float (n, classes) between labels; None draws each label alike often.
        Raises ValueError for n < 1, or for labels that G does not know or that are not n.
        """
        z = self.noise(whole("n", n), generator)                 # first: the same z whatever is ordered
        return self._generate(z, self._labels(n, y, generator))

    def _labels(self, n: int, y: int | Tensor | None, generator: torch.Generator | None) -> Tensor:
        if y is None:
            return torch.randint(self.G.classes, (n,), generator=generator, device=self.device)
        y = y.to(self.device) if isinstance(y, Tensor) else torch.full((n,), whole("y", y, 0), device=self.device)
        if len(y) != n:
            raise ValueError(f"y must hold {n} labels, one for each image, got {len(y)}")
        return y

    def judge(self, x: Tensor, y: Tensor) -> Tensor:
        """Return D(x, y) as probabilities, (n,), in eval mode; x (n, *shape), y as in `sample`."""
        with eval_mode(self.D):
            return self.D(x.to(self.device), y.to(self.device)).sigmoid().flatten(1).mean(1)


class WGAN(GAN):
    """Play for a distance: the critic D gives scores with slope at most 1, and the gap of their means is W1.

    New: D's numbers are scores, not logits, and its slope is held down in one of two ways: clip, the largest size of
    any of its weights after each of its steps (0.01 in Arjovsky et al. 2017, algorithm 1; the gap is then W1 times
    an unknown factor), or penalty, the weight of (slope - 1)^2 between real and generated images (10 in Gulrajani et al.
    2017, eq. (3)). With neither, penalty=10. readings["W1"] = mean D(x) - mean D(G(z)) without the penalty: the estimate
    that the critic's loss is (a little too large with a penalty: two points at distance d read d + d^2 / 2 lambda); D_real
    and D_fake are mean scores. Same as before: noise, G, samples.
    """

    def __init__(self, G: nn.Module, D: nn.Module, *, clip: float | None = None, penalty: float | None = None) -> None:
        if clip is not None and penalty is not None:
            raise ValueError(f"give clip or penalty, got both ({clip} and {penalty}); clip=0.01 or penalty=10")
        self.clip = None if clip is None else real("clip", clip, above=0)
        self.penalty = real("penalty", 10.0 if penalty is None else penalty, minimum=0) if clip is None else 0.0
        super().__init__(G, D, objective="wasserstein")
        if self.penalty:
            _warn_of_company(D, "penalty")

    def discriminator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        with torch.no_grad():
            x_fake = self.G(self.noise(len(batch), generator))
        scores_real, scores_fake = self._judge_both(batch, x_fake)
        loss = self.objective.discriminator(scores_real, scores_fake)      # E D(G(z)) - E D(x)
        self.readings |= {"D_real": scores_real.detach().mean(), "D_fake": scores_fake.detach().mean(),
                          "W1": -loss.detach()}
        if not self.penalty:
            return loss
        penalty = gradient_penalty(self.D, batch, x_fake, generator=generator)
        self.readings["penalty"] = penalty.detach()
        return loss + self.penalty * penalty

    @torch.no_grad()
    def after_discriminator_step(self) -> None:
        """w <- clip(w, -c, c): Arjovsky et al. 2017, algorithm 1, line 7."""
        for weight in self.D.parameters() if self.clip else ():
            weight.clamp_(-self.clip, self.clip)

    def judge(self, x: Tensor) -> Tensor:
        """Return the critic's scores, (n,), in eval mode; x (n, *shape). Only their differences mean anything."""
        with eval_mode(self.D):
            return self.D(x.to(self.device)).flatten(1).mean(1)

    @property
    def config(self) -> dict:
        return {"game": type(self).__name__} | ({"clip": self.clip} if self.clip else {"penalty": self.penalty})


# Games with rooms of their own, which import this one: found by name, when they are asked for.
_ELSEWHERE = {"Pix2Pix": "games_paired", "SRGAN": "games_paired", "CycleGAN": "games_unpaired"}


def __getattr__(name: str) -> type:
    """Give the games of games_paired and games_unpaired under this room's name too."""
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"gan_edu.{_ELSEWHERE[name]}"), name)


def moving_average_of(G: nn.Module) -> nn.Module:
    """Return a copy of G that asks for no gradients, to be blended by `training`."""
    return copy.deepcopy(G).requires_grad_(False).eval()


def _warn_of_company(D: nn.Module, name: str) -> None:
    if has_batch_statistics(D):
        warnings.warn(f"{name} asks for D's slope at each image by itself, but D has BatchNorm, through which every image "
                      'moves the verdict on all the others; use Critic, or DCGANDiscriminator(norm="layer")', stacklevel=4)


def _require_logits(D: nn.Module, shape: tuple[int, ...], *conditions: Tensor) -> None:
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
        out = D(x.to(parameter), *conditions)
    if ((out >= 0) & (out <= 1)).all():
        warnings.warn("D's outputs all lie in [0, 1] and look like probabilities; D must return logits: drop its last "
                      "sigmoid", stacklevel=3)
