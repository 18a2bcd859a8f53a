"""Networks from noise to image and from image to logit: the fully connected ones, and the table of all of them (the
convolutional ones stand in networks_conv). Nothing here knows of losses or of training.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from gan_edu.errors import whole
from gan_edu.networks_conv import (
    ConcatDiscriminator,
    ConditionalGenerator,
    ConvDiscriminator,
    ConvGenerator,
    Critic,
    DCGANDiscriminator,
    DCGANGenerator,
    ProjectionDiscriminator,
)
from gan_edu.networks_parts import FromUnit, require_columns

_BATCH_STATISTICS = (nn.modules.batchnorm._BatchNorm,)


@contextmanager
def eval_mode(*networks: nn.Module) -> Iterator[None]:
    """Put the networks into eval mode without gradients; afterwards restore each submodule's own mode."""
    modes = [(module, module.training) for network in networks for module in network.modules()]
    try:
        for network in networks:
            network.eval()
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw initial weights from this seed and leave PyTorch's global generator as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def has_batch_statistics(network: nn.Module) -> bool:
    """Return whether an output depends on the other samples in the batch (BatchNorm in training mode)."""
    return any(isinstance(module, _BATCH_STATISTICS) for module in network.modules())


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable numbers."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


class MLPGenerator(nn.Module):
    """Map noise z (n, latent_dim) to images (n, *shape) in [-1, 1] by fully connected layers.

    The defaults are the sources' network: 100-256-512-1024-784, BatchNorm and LeakyReLU(0.2) between the layers,
    tanh at the end. `output="linear"` leaves out the tanh (for points in the plane), `batch_norm=False` the BatchNorm.
    latent: the noise it wants, "normal" or "uniform", of unit variance either way.
    """

    def __init__(self, latent_dim: int = 100, *, shape: Sequence[int] = (1, 28, 28),
                 hidden: Sequence[int] = (256, 512, 1024), batch_norm: bool = True, output: str = "tanh",
                 latent: str = "normal") -> None:
        super().__init__()
        if latent not in ("normal", "uniform"):
            raise ValueError(f"latent must be normal or uniform, got {latent!r}")
        if output not in ("tanh", "linear"):
            raise ValueError(f"output must be tanh or linear, got {output!r}")
        self.latent_dim, self.shape = whole("latent_dim", latent_dim), tuple(whole("shape", s) for s in shape)
        self.config = dict(latent_dim=latent_dim, shape=list(self.shape), hidden=list(hidden),
                           batch_norm=batch_norm, output=output, latent=latent)
        self.latent = latent
        layers: list[nn.Module] = []
        sizes = [self.latent_dim, *(whole("hidden", h) for h in hidden)]
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), *([nn.BatchNorm1d(outputs)] if batch_norm else []),
                       nn.LeakyReLU(0.2, inplace=True)]
        layers.append(nn.Linear(sizes[-1], math.prod(self.shape)))
        self.net = nn.Sequential(*layers, *([nn.Tanh()] if output == "tanh" else []))

    def forward(self, z: Tensor) -> Tensor:
        require_columns(z, self.latent_dim, "z")
        return self.net(z).view(-1, *self.shape)


class MLPDiscriminator(nn.Module):
    """Map images (n, *shape) to logits (n, 1) by fully connected layers with LeakyReLU(0.2).

    The defaults are the sources' network 784-512-256-1, less its last sigmoid: the losses take logits.
    """

    def __init__(self, *, shape: Sequence[int] = (1, 28, 28), hidden: Sequence[int] = (512, 256)) -> None:
        super().__init__()
        self.shape = tuple(whole("shape", s) for s in shape)
        self.config = dict(shape=list(self.shape), hidden=list(hidden))
        sizes = [math.prod(self.shape), *(whole("hidden", h) for h in hidden)]
        layers: list[nn.Module] = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2, inplace=True)]
        self.net = nn.Sequential(*layers, nn.Linear(sizes[-1], 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.flatten(1))


class ReLUGenerator(nn.Module):
    """Map uniform noise (n, 100) to images (n, *shape): the generator of the 2014 paper's MNIST run.

    Two layers of 1200 rectified linear units and a sigmoid, read as [-1, 1]; 2,503,984 parameters for 28x28.
    Noise is uniform with unit variance, U[-sqrt 3, sqrt 3]; weights start in U[-0.05, 0.05].
    Source: the authors' published configuration, adversarial/mnist.yaml.
    """

    latent = "uniform"

    def __init__(self, latent_dim: int = 100, *, shape: Sequence[int] = (1, 28, 28),
                 hidden: Sequence[int] = (1200, 1200)) -> None:
        super().__init__()
        self.latent_dim, self.shape = whole("latent_dim", latent_dim), tuple(whole("shape", s) for s in shape)
        self.config = dict(latent_dim=latent_dim, shape=list(self.shape), hidden=list(hidden))
        sizes = [self.latent_dim, *(whole("hidden", h) for h in hidden), math.prod(self.shape)]
        layers: list[nn.Module] = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True)]
            _uniform_(layers[-2], 0.05)
        self.net = nn.Sequential(*layers[:-1], nn.Sigmoid(), FromUnit())

    def start_from(self, images: Tensor) -> "ReLUGenerator":
        """Set the output bias to the logit of each pixel's mean over uint8 images (n, *shape); return self.

        With the weights still small, the first pictures are then the average digit.
        """
        mean = (images.flatten(1).double().mean(0) / 255).clamp(1e-3, 1 - 1e-3)
        with torch.no_grad():
            self.net[-3].bias.copy_(torch.logit(mean))
        return self

    def forward(self, z: Tensor) -> Tensor:
        require_columns(z, self.latent_dim, "z")
        return self.net(z).view(-1, *self.shape)


class Maxout(nn.Module):
    """Return the largest of `pieces` linear functions for each unit: (n, inputs) to (n, units).

    Source: Goodfellow et al. 2013, Maxout Networks, section 3.
    """

    def __init__(self, inputs: int, units: int, *, pieces: int = 5) -> None:
        super().__init__()
        self.linear, self.pieces = nn.Linear(inputs, units * pieces), pieces

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x).unflatten(1, (-1, self.pieces)).amax(2)


class MaxoutDiscriminator(nn.Module):
    """Map images (n, *shape) to logits (n, 1): the discriminator of the 2014 paper's MNIST run.

    Two maxout layers of 240 units with 5 pieces, dropout 0.2 on the pixels and 0.5 on the units; 1,231,441
    parameters for 28x28. Weights start in U[-0.005, 0.005]. Source: adversarial/mnist.yaml of the authors.
    """

    def __init__(self, *, shape: Sequence[int] = (1, 28, 28), units: int = 240, pieces: int = 5,
                 dropout: Sequence[float] = (0.2, 0.5)) -> None:
        super().__init__()
        self.shape = tuple(whole("shape", s) for s in shape)
        self.config = dict(shape=list(self.shape), units=units, pieces=pieces, dropout=list(dropout))
        whole("units", units), whole("pieces", pieces)
        pixels, hidden = dropout
        self.net = nn.Sequential(
            nn.Dropout(pixels), Maxout(math.prod(self.shape), units, pieces=pieces),
            nn.Dropout(hidden), Maxout(units, units, pieces=pieces),
            nn.Dropout(hidden), nn.Linear(units, 1))
        for module in self.net.modules():
            _uniform_(module, 0.005)

    def forward(self, x: Tensor) -> Tensor:
        # the authors' network sees pixels in [0, 1]: a dropped pixel is a black one
        return self.net((x.flatten(1) + 1) / 2)


def _uniform_(module: nn.Module, width: float) -> None:
    if isinstance(module, nn.Linear):
        nn.init.uniform_(module.weight, -width, width)
        nn.init.zeros_(module.bias)


NETWORKS = {cls.__name__: cls for cls in (
    MLPGenerator, MLPDiscriminator, ReLUGenerator, MaxoutDiscriminator, ConvGenerator, ConvDiscriminator, DCGANGenerator,
    DCGANDiscriminator, Critic, ConditionalGenerator, ConcatDiscriminator, ProjectionDiscriminator)}


def describe(network: nn.Module) -> dict:
    """Return what `build` needs to make the network anew: {"network": class name, **arguments}."""
    return {"network": type(network).__name__, **getattr(network, "config", {})}


def build(config: dict) -> nn.Module:
    """Return a new network from what `describe` returned. Raises ValueError for a class not in NETWORKS."""
    arguments = dict(config)
    name = arguments.pop("network", None)
    if name not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, got {name!r}")
    return NETWORKS[name](**arguments)
