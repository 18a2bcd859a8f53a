"""Many small GANs side by side, as one Game that `training.train` plays: their players, their data, their optimiser.

What does not belong here: which games are put side by side and what is measured on them (`sweeps`).
Members never see each other. Their losses are added, so that each member's gradient is its own; the order of its data
and its noise are those that it would have alone.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from gan_edu import rng
from gan_edu.errors import whole
from gan_edu.games import GAN
from gan_edu.networks import eval_mode
from gan_edu.toys import Toy

_ACTIVATIONS = nn.LeakyReLU | nn.ReLU | nn.Tanh


class Stack(nn.Module):
    """Hold M networks of one shape as one: it maps (n, M, inputs) to (n, M, outputs), each member its own column.

    networks: M modules whose `net` is a Sequential of Linear layers and LeakyReLU, ReLU or Tanh between them; their
    weights are copied. Raises ValueError for none, for other layers, or for networks that differ in shape.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        if not networks:
            raise ValueError("a stack needs at least one network, got none")
        rows = [list(network.net) for network in networks]
        strange = [type(layer).__name__ for layer in rows[0] if not isinstance(layer, nn.Linear | _ACTIVATIONS)]
        if strange or len({str(row) for row in rows}) > 1:
            raise ValueError(f"a stack takes networks of one shape, of Linear, LeakyReLU, ReLU and Tanh, got "
                             f"{strange[0] if strange else 'two that differ'}; build them with batch_norm=False")
        self.members = len(networks)
        self.weights, self.biases, self.kinds = nn.ParameterList(), nn.ParameterList(), []
        for layers in zip(*rows, strict=True):
            self.kinds.append(layers[0] if isinstance(layers[0], _ACTIVATIONS) else None)
            if isinstance(layers[0], nn.Linear):
                self.weights.append(torch.stack([layer.weight.detach() for layer in layers]))             # (M, out, in)
                self.biases.append(torch.stack([layer.bias.detach() for layer in layers]).unsqueeze(2))   # (M, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        x, layers = x.permute(1, 2, 0), iter(zip(self.weights, self.biases, strict=True))      # (M, inputs, n)
        for activation in self.kinds:
            if activation is None:
                weight, bias = next(layers)
                x = torch.baddbmm(bias, weight, x)
            else:
                x = activation(x)
        return x.permute(2, 0, 1)


class StackedGenerator(Stack):
    """Hold M generators and the noise of each, as `train` would draw it with that member's seed.

    seeds: one a member; members with equal seeds share their noise. The states of the noise are part of the state dict,
    so that a step that is rolled back finds its noise again.
    """

    latent = "normal"

    def __init__(self, networks: Sequence[nn.Module], seeds: Sequence[int]) -> None:
        super().__init__(networks)
        if {network.latent for network in networks} != {self.latent} or len(seeds) != self.members:
            raise ValueError(f"give one seed for each of the {self.members} generators, of normal noise; got {len(seeds)}")
        self.latent_dim, self.shape = networks[0].latent_dim, (self.members, *networks[0].shape)
        different = sorted(set(seeds))
        self.of_member = torch.tensor([different.index(seed) for seed in seeds])
        self.streams = [torch.Generator().manual_seed(seed) for seed in different]

    def noise(self, n: int) -> Tensor:
        """Draw the next z of every member, (n, M, latent_dim)."""
        z = torch.stack([torch.randn(n, self.latent_dim, generator=stream) for stream in self.streams], 1)
        return z.index_select(1, self.of_member)

    def get_extra_state(self) -> Tensor:
        return torch.stack([stream.get_state() for stream in self.streams])

    def set_extra_state(self, state: Tensor) -> None:
        for stream, row in zip(self.streams, state, strict=True):
            stream.set_state(row.clone())


class StackedGAN(GAN):
    """Play M games at once; every loss is the sum of the members' losses, every gradient a member's own.

    games: GANs of one objective, with players that `Stack` takes. seeds: one a game, for its noise.
    Raises ValueError for different objectives and for what `Stack` refuses.
    """

    def __init__(self, games: Sequence[GAN], seeds: Sequence[int]) -> None:
        objectives = {game.objective.name for game in games}
        if len(objectives) != 1:
            raise ValueError(f"games of one stack must have one objective, got {', '.join(sorted(objectives)) or 'no game'}")
        super().__init__(StackedGenerator([game.G for game in games], seeds), Stack([game.D for game in games]),
                         objective=objectives.pop())

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw every member's own z, (n, M, latent_dim); the run's generator is not used."""
        return self.G.noise(n)

    def discriminator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return self.G.members * super().discriminator_loss(batch, generator)   # a sum of means: members stay apart

    def generator_loss(self, batch: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return self.G.members * super().generator_loss(batch, generator)

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Return n points of every member, (n, M, d), all from the same n fresh z."""
        z = torch.randn(whole("n", n), 1, self.G.latent_dim, generator=generator)
        with eval_mode(self.G):
            return self.G(z.expand(-1, self.G.members, -1))


class StackedToy:
    """Offer the minibatches that M games on one toy would see, (batch_size, M, d): member i those of seeds[i].

    Members with equal seeds share them. keep: bytes of minibatches held in memory for the next stack, which needs the same.
    """

    def __init__(self, toy: Toy, seeds: Sequence[int], *, keep: int = 2**27) -> None:
        self.toy, self.name = toy, repr(toy)
        self.different = sorted(set(seeds))
        self.of_member = torch.tensor([self.different.index(seed) for seed in seeds])
        self.keep, self.kept = keep, {}

    def batches(self, batch_size: int, *, seed: int = 0, start: int = 0) -> Iterator[Tensor]:
        """Return an endless iterator; `seed` is not used, because every member brings its own."""
        i = start
        while True:
            yield self._drawn(batch_size, i).index_select(1, self.of_member)
            i += 1

    def _drawn(self, size: int, i: int) -> Tensor:
        if (size, i) in self.kept:
            return self.kept[size, i]
        batch = torch.stack([self.toy.sample(size, generator=rng.generator(seed, i)) for seed in self.different], 1)
        if len(self.kept) * batch.nbytes < self.keep:
            self.kept[size, i] = batch
        return batch


class StackedAdam(torch.optim.Adam):
    """Take Adam's steps with a learning rate of each member's own; otherwise it is torch.optim.Adam.

    parameters: tensors whose first axis is the member. rates: (M,), one a member. The step of rate 1 is taken and then
    shortened: p + rate (step of p), which is Adam's formula, since the rate only multiplies the step.
    Source: Kingma and Ba 2015, Algorithm 1.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], rates: Tensor) -> None:
        super().__init__(parameters, lr=1.0, fused=True)
        self.rates = rates.view(-1, 1, 1)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        moved = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        before = [p.clone() for p in moved]
        super().step()
        for p, old in zip(moved, before, strict=True):
            torch.lerp(old, p, self.rates, out=p)
