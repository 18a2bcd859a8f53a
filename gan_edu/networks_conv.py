"""Convolutional players: the sources' pair, DCGAN, players with a condition, a critic. No losses and no training here.

Weights are kept channels-last, the order in which convolutions on a CPU are quickest; values do not depend on it.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, fold
from torch.nn.utils.parametrizations import spectral_norm

from gan_edu.errors import whole
from gan_edu.networks_parts import FromUnit, label_vectors, require_columns, start_as_dcgan

_NORMS = {"batch": nn.BatchNorm2d, "layer": lambda channels: nn.GroupNorm(1, channels), "none": None}


def conv_size(n: int, *, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Return the side of what a convolution makes of side n: floor((n + 2 padding - kernel) / stride) + 1."""
    return (n + 2 * padding - kernel) // stride + 1


def conv_transpose_size(n: int, *, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """Return the side of what a transposed convolution makes of side n: (n - 1) stride - 2 padding + kernel."""
    return (n - 1) * stride - 2 * padding + kernel


# ---- the sources' pair ------------------------------------------------------------------------------------------------

def _block(inputs: int, outputs: int) -> list[nn.Module]:
    """Convolution 3 x 3, BatchNorm, ReLU: the sources' `Conv`."""
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


class ConvGenerator(nn.Module):
    """Map noise z (n, latent_dim) to images (n, 1, 28, 28) by bilinear upsampling and convolutions: the sources' one.

    A linear layer to 4w x 7 x 7, then twice: double the side, convolve (to 2w, then w channels); a sigmoid, read as
    [-1, 1]. width: w, 64 in the sources (1,636,033 parameters with latent_dim=100).
    """

    latent, shape = "normal", (1, 28, 28)

    def __init__(self, latent_dim: int = 100, *, width: int = 64) -> None:
        super().__init__()
        self.latent_dim, w = whole("latent_dim", latent_dim), whole("width", width)
        self.config = dict(latent_dim=latent_dim, width=width)
        self.net = nn.Sequential(
            nn.Linear(latent_dim, 4 * w * 7 * 7), nn.Unflatten(1, (4 * w, 7, 7)),
            nn.UpsamplingBilinear2d(scale_factor=2), *_block(4 * w, 2 * w),
            nn.UpsamplingBilinear2d(scale_factor=2), *_block(2 * w, w),
            nn.Conv2d(w, 1, 1), nn.Sigmoid(), FromUnit()).to(memory_format=torch.channels_last)

    def forward(self, z: Tensor) -> Tensor:
        require_columns(z, self.latent_dim, "z")
        return self.net(z)


class ConvDiscriminator(nn.Module):
    """Map images (n, 1, 28, 28) to logits (n, 1) by convolutions and max-pooling: the sources' one, less its sigmoid.

    Blocks of w, 2w and 4w channels, halving the side after the first two; width: w, 16 in the sources (26,545
    parameters). It has BatchNorm, so while it trains its verdict on an image depends on the others in the batch.
    """

    shape = (1, 28, 28)

    def __init__(self, *, width: int = 16) -> None:
        super().__init__()
        w = whole("width", width)
        self.config = dict(width=width)
        self.net = nn.Sequential(*_block(1, w), nn.MaxPool2d(2), *_block(w, 2 * w), nn.MaxPool2d(2),
                                 *_block(2 * w, 4 * w), nn.Flatten(), nn.Linear(4 * w * 7 * 7, 1),
                                 ).to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        # the sources' network sees pixels in [0, 1]: the zeros around the image are then black
        return self.net((x + 1) / 2)


# ---- DCGAN ------------------------------------------------------------------------------------------------------------

class _FromPixel(nn.ConvTranspose2d):
    """A transposed convolution of one pixel, z (n, inputs), which is a matrix product; several times quicker as one."""

    def forward(self, z: Tensor) -> Tensor:
        rows = self.weight.permute(0, 2, 3, 1)                    # as they lie in memory, channels last
        return (z @ rows.flatten(1)).unflatten(1, rows.shape[1:]).permute(0, 3, 1, 2)


class _ToImage(nn.ConvTranspose2d):
    """A transposed convolution (4, stride 2, padding 1) to few channels: one product, then overlapping patches added."""

    def forward(self, x: Tensor) -> Tensor:
        patches = x.permute(0, 2, 3, 1).flatten(1, 2) @ self.weight.flatten(1)
        return fold(patches.transpose(1, 2), (2 * x.shape[2], 2 * x.shape[3]), self.kernel_size, padding=1, stride=2)


class _SlopeAtImage(torch.autograd.Function):
    """A convolution (4, stride 2, padding 1) with given weights; its slope at the image as one product and patches added."""

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return conv2d(x, weight, bias, stride=2, padding=1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None], output: Tensor) -> None:
        ctx.size = inputs[0].shape[2:]
        ctx.save_for_backward(inputs[1])

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:
        weight, = ctx.saved_tensors
        patches = slope.permute(0, 2, 3, 1).flatten(1, 2) @ weight.flatten(1).to(slope)       # under autocast: bfloat16
        return fold(patches.transpose(1, 2), ctx.size, 4, padding=1, stride=2), None, None


class _FromImage(nn.Conv2d):
    """A convolution (4, stride 2, padding 1) of few channels; quick in G's step, which asks for the slope at the image alone."""

    def forward(self, x: Tensor) -> Tensor:
        if x.requires_grad and not self.weight.requires_grad:
            return _SlopeAtImage.apply(x, self.weight, self.bias)
        return super().forward(x)


def _halvings(shape: Sequence[int]) -> tuple[int, int, int]:
    """(channels, how often the side is halved, the side then left): 64 -> 4 in four steps, 28 -> 7 in two."""
    sizes = tuple(whole("shape", s) for s in shape)
    if len(sizes) != 3 or sizes[1] != sizes[2] or sizes[1] % 2 or sizes[1] < 6:
        raise ValueError(f"shape must be (channels, side, side) with an even side >= 6, got {tuple(shape)}; use 28, 32, "
                         "64, ... or pad the images")
    channels, side, steps = sizes[0], sizes[1], 0
    while side % 2 == 0 and side > 4:
        side, steps = side // 2, steps + 1
    return channels, steps, side


class DCGANGenerator(nn.Module):
    """Map noise z (n, latent_dim) to images (n, *shape) in [-1, 1] by transposed convolutions: "a classifier turned round".

    z becomes a small image of many channels (4 x 4 for 64 x 64, 7 x 7 for 28 x 28); each layer then doubles the side
    and halves the channels, down to `width` before the last one. BatchNorm and ReLU between, tanh at the end, no biases.
    width=128 with shape (3, 64, 64) has the sizes of the paper's figure 1; width=64 is its authors' code, with 3,576,704
    parameters. latent: "normal" or "uniform", of unit variance. Source: Radford et al. 2016, section 3.
    """

    def __init__(self, latent_dim: int = 100, *, shape: Sequence[int] = (1, 28, 28), width: int = 64,
                 latent: str = "normal") -> None:
        super().__init__()
        if latent not in ("normal", "uniform"):
            raise ValueError(f"latent must be normal or uniform, got {latent!r}")
        self.latent_dim, self.shape, self.latent = whole("latent_dim", latent_dim), tuple(shape), latent
        self.config = dict(latent_dim=latent_dim, shape=list(shape), width=whole("width", width), latent=latent)
        channels, steps, side = _halvings(shape)
        widths = [width * 2 ** i for i in reversed(range(steps))]
        layers: list[nn.Module] = [_FromPixel(latent_dim, widths[0], side, bias=False)]
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [nn.BatchNorm2d(inputs), nn.ReLU(inplace=True),
                       nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(width), nn.ReLU(inplace=True),
                   _ToImage(width, channels, 4, stride=2, padding=1, bias=False), nn.Tanh()]
        self.net = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        start_as_dcgan(self)

    def forward(self, z: Tensor) -> Tensor:
        require_columns(z, self.latent_dim, "z")
        return self.net(z)


def _features(shape: Sequence[int], width: int, norm: str, layers: int | None = None) -> tuple[nn.Sequential, int, int]:
    """DCGAN's convolutions from an image to (n, channels, side, side); returns them, channels and side."""
    if norm not in _NORMS:
        raise ValueError(f"norm must be one of {', '.join(_NORMS)}, got {norm!r}")
    channels, steps, side = _halvings(shape)
    if layers is not None:
        steps, side = whole("layers", layers), shape[-1] >> layers
        if side < 1:
            raise ValueError(f"layers must leave at least one pixel of {shape[-1]}, got {layers}; use "
                             f"{int(math.log2(shape[-1]))} or fewer")
    widths = [channels, *(whole("width", width) * 2 ** i for i in range(steps))]
    modules: list[nn.Module] = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        # the paper leaves BatchNorm out of the layer that sees the image
        normed = i > 0 and norm != "none"
        layer = _FromImage if i == 0 and inputs <= 3 else nn.Conv2d
        modules += [layer(inputs, outputs, 4, stride=2, padding=1, bias=norm != "batch"),
                   *([_NORMS[norm](outputs)] if normed else []), nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*modules), widths[-1], side


def _finish(network: nn.Module, spectral: bool) -> None:
    """First weights, then the order in memory, then each layer's weight divided by its largest singular value."""
    start_as_dcgan(network)
    network.to(memory_format=torch.channels_last)
    for module in list(network.modules()) if spectral else []:
        if isinstance(module, nn.Conv2d | nn.Linear):
            spectral_norm(module)


class DCGANDiscriminator(nn.Module):
    """Map images (n, *shape) to logits (n, 1) by convolutions of stride 2 with LeakyReLU(0.2).

    width: channels of the first layer; each layer halves the side and doubles the channels. norm: "batch" as in the
    paper, "layer" (each image over its own channels and pixels) or "none". spectral: divide each layer's weights by
    their largest singular value (Miyato et al. 2018). layers: how often the side is halved, odd sides rounded down; None:
    as often as it is even, down to 4 to 7 pixels, which is twice for 28. With shape (3, 64, 64), width 64: 2,765,568
    parameters, as in the authors' code. Source: Radford et al. 2016, section 3.
    """

    def __init__(self, *, shape: Sequence[int] = (1, 28, 28), width: int = 64, norm: str = "batch",
                 spectral: bool = False, layers: int | None = None) -> None:
        super().__init__()
        self.shape = tuple(shape)
        self.config = dict(shape=list(shape), width=width, norm=norm, spectral=bool(spectral)) | (
            {"layers": layers} if layers is not None else {})             # absent: files from before stay good
        features, channels, side = _features(shape, width, norm, layers)
        self.net = nn.Sequential(*features, nn.Conv2d(channels, 1, side, bias=norm != "batch"), nn.Flatten())
        _finish(self, spectral)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Critic(DCGANDiscriminator):
    """Map images (n, *shape) to scores (n, 1): DCGAN's discriminator without batch statistics, for `WGAN`.

    norm: "none" or "layer"; layers as there. A gradient penalty asks for the slope at each image by itself, which
    BatchNorm would mix. Source: Gulrajani et al. 2017, section 4, "No critic batch normalization".
    """

    def __init__(self, *, shape: Sequence[int] = (1, 28, 28), width: int = 64, norm: str = "none",
                 spectral: bool = False, layers: int | None = None) -> None:
        if norm == "batch":
            raise ValueError('norm must be "none" or "layer" in a critic, got "batch"; DCGANDiscriminator has it')
        super().__init__(shape=shape, width=width, norm=norm, spectral=spectral, layers=layers)


# ---- players with a condition -----------------------------------------------------------------------------------------

class ConditionalGenerator(nn.Module):
    """Map noise z (n, latent_dim) and a label y to images (n, *shape): DCGAN's generator on z and y side by side.

    y: int64 (n,), or float (n, classes) for a condition between classes. Source: Mirza and Osindero 2014, section 3.2.
    """

    def __init__(self, latent_dim: int = 100, *, classes: int = 10, shape: Sequence[int] = (1, 28, 28), width: int = 64,
                 latent: str = "normal") -> None:
        super().__init__()
        self.latent_dim, self.classes = whole("latent_dim", latent_dim), whole("classes", classes)
        self.trunk = DCGANGenerator(latent_dim + classes, shape=shape, width=width, latent=latent)
        self.shape, self.latent = self.trunk.shape, latent
        self.config = dict(latent_dim=latent_dim, classes=classes, shape=list(shape), width=width, latent=latent)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        require_columns(z, self.latent_dim, "z")
        return self.trunk(torch.cat([z, label_vectors(y, self.classes).to(z)], 1))


class ConcatDiscriminator(nn.Module):
    """Map images (n, *shape) and labels y to logits (n, 1): each class is one more channel, 1 everywhere if it is y.

    norm, spectral, width: as in DCGANDiscriminator. Source: Mirza and Osindero 2014, section 3.2 (there for vectors).
    """

    def __init__(self, *, classes: int = 10, shape: Sequence[int] = (1, 28, 28), width: int = 64, norm: str = "batch",
                 spectral: bool = False) -> None:
        super().__init__()
        self.classes, self.shape = whole("classes", classes), tuple(shape)
        self.config = dict(classes=classes, shape=list(shape), width=width, norm=norm, spectral=bool(spectral))
        channels, side, _ = shape
        self.trunk = DCGANDiscriminator(shape=(channels + classes, side, side), width=width, norm=norm, spectral=spectral)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        planes = label_vectors(y, self.classes).to(x)[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.trunk(torch.cat([x, planes], 1))


class ProjectionDiscriminator(nn.Module):
    """Map images (n, *shape) and labels y to logits (n, 1): psi(phi(x)) + y . V phi(x).

    phi: DCGAN's convolutions, summed over the places; psi: a linear function; V (classes, channels): a row for each
    class. spectral is on, norm "none", as in the paper. Source: Miyato and Koyama 2018, eq. (3) and figure 1 (d).
    """

    def __init__(self, *, classes: int = 10, shape: Sequence[int] = (1, 28, 28), width: int = 64, norm: str = "none",
                 spectral: bool = True) -> None:
        super().__init__()
        self.classes, self.shape = whole("classes", classes), tuple(shape)
        self.config = dict(classes=classes, shape=list(shape), width=width, norm=norm, spectral=bool(spectral))
        self.features, channels, _ = _features(shape, width, norm)
        self.psi, self.V = nn.Linear(channels, 1), nn.Linear(channels, classes, bias=False)
        _finish(self, spectral)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        phi = self.features(x).sum((2, 3))
        return self.psi(phi) + (label_vectors(y, self.classes).to(x) * self.V(phi)).sum(1, keepdim=True)
