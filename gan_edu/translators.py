"""Networks from image to image where pairs are known: the U-Net of pix2pix, a judge of patches, the super-resolution
generator. Nothing here knows of losses or of training; the ResNet translator stands in translators_resnet.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from gan_edu.errors import real, whole
from gan_edu.networks import NETWORKS
from gan_edu.networks_parts import start_as_dcgan

PAPER_PATCH = ((4, 2), (4, 2), (4, 2), (4, 1), (4, 1))       # pix2pix's judge of 70 x 70 pixels: its layers (kernel, stride)
SMALL_PATCH = ((4, 2), (4, 2), (4, 1))                       # ours, for images of 28 x 28: 22 x 22 pixels


def receptive_field(layers: Sequence[tuple[int, int]]) -> int:
    """Return the side of the square of pixels that one output of a stack of convolutions sees.

    layers: (kernel, stride) of each, the first one first. Each adds (kernel - 1) steps, and a step is as many pixels wide
    as the strides before it multiply to: 1 + sum_i (k_i - 1) prod_{j<i} s_j. Raises ValueError for anything below 1.
    """
    side, step = 1, 1
    for kernel, stride in layers:
        side += (whole("kernel", kernel) - 1) * step
        step *= whole("stride", stride)
    return side


# ---- pix2pix ----------------------------------------------------------------------------------------------------------

class UNet(nn.Module):
    """Map images (n, inputs, side, side) to images (n, *shape) in [-1, 1]: down to a few pixels and up again, with skips.

    Going down, each layer halves the side and doubles the channels; going up, each undoes one of them and is then told
    what stood at that side on the way down. At full size two convolutions 3 x 3 finish the picture. dropout: the share of
    values dropped in the two deepest layers of the way up; it is G's only noise, so games leave it on when they draw.
    skips=False leaves the skips out: what goes through the few pixels is then all that is known. width=24 has 163,225
    numbers. Source: Isola et al. 2017, section 3.2.1 and appendix 6.1.1 (there 256 x 256, and eight layers down).
    """

    def __init__(self, *, inputs: int = 1, shape: Sequence[int] = (1, 28, 28), width: int = 24, depth: int = 3,
                 dropout: float = 0.5, skips: bool = True) -> None:
        super().__init__()
        channels, side, _ = self.shape = _square(shape)
        self.input_shape = (whole("inputs", inputs), side, side)
        self.config = dict(inputs=inputs, shape=list(self.shape), width=whole("width", width), depth=whole("depth", depth),
                           dropout=_share(dropout), skips=bool(skips))
        sides, widths = _halved(side, depth), [width * 2 ** i for i in range(depth)]
        self.skips = bool(skips)
        self.down = nn.ModuleList(_down(*pair, n, norm=i > 0) for i, (pair, n) in
                                  enumerate(zip(zip([inputs, *widths], widths), sides)))
        told = [inputs, *widths[:-1]]                                            # by the skip at each side
        entering = [*(w + self.skips * t for w, t in zip(widths[:-1], told[1:])), widths[-1]]
        self.up = nn.ModuleList(_up(entering[i], ([width, *widths])[i], sides[i], dropout if i > 0 and i >= depth - 2 else 0)
                                for i in reversed(range(depth)))
        self.last = nn.Sequential(nn.Conv2d(width + self.skips * inputs, width, 3, padding=1, bias=False),
                                  nn.BatchNorm2d(width), nn.ReLU(inplace=True),
                                  nn.Conv2d(width, channels, 3, padding=1), nn.Tanh())
        self.to(memory_format=torch.channels_last)
        start_as_dcgan(self)

    def forward(self, y: Tensor) -> Tensor:
        _require_images(y, self.input_shape)
        seen, x = [], y
        for layer in self.down:
            seen.append(x)
            x = layer(x)
        for layer in self.up:
            x, skip = layer(x), seen.pop()
            if self.skips:
                x = torch.cat([x, skip], 1)
        return self.last(x)


def _down(inputs: int, outputs: int, side: int, *, norm: bool) -> nn.Sequential:
    kernel = 4 if side % 2 == 0 else 3                       # an odd side is halved upwards: 7 becomes 4
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride=2, padding=1, bias=not norm),
                         *([nn.BatchNorm2d(outputs)] if norm else []), nn.LeakyReLU(0.2, inplace=True))


def _up(inputs: int, outputs: int, side: int, dropout: float) -> nn.Sequential:
    kernel = 4 if side % 2 == 0 else 3
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, kernel, stride=2, padding=1, bias=False),
                         nn.BatchNorm2d(outputs), *([nn.Dropout(dropout)] if dropout else []), nn.ReLU(inplace=True))


class PatchDiscriminator(nn.Module):
    """Map images x (n, *shape), and what they were made from, y (n, inputs, side, side), to logits (n, 1, rows, columns).

    Each logit is a verdict on one patch of `field` x `field` pixels, so D judges texture and leaves the rest to L1. layers:
    (kernel, stride) of each convolution, padding 1 as in the authors' code; channels start at `width` and double up to 8
    times that; the last layer gives the logits. inputs=0: D is shown x alone. `PAPER_PATCH` has field 70, one layer (1, 1)
    more than none judges single pixels. No BatchNorm, so that no image moves the verdict on another. Source: Isola et al.
    2017, section 3.2.2 and appendix 6.1.2.
    """

    def __init__(self, *, shape: Sequence[int] = (1, 28, 28), inputs: int = 1, width: int = 32,
                 layers: Sequence[Sequence[int]] = SMALL_PATCH) -> None:
        super().__init__()
        channels, side, _ = self.shape = _square(shape)
        self.inputs, self.layers = whole("inputs", inputs, 0), tuple((int(k), int(s)) for k, s in layers)
        self.config = dict(shape=list(self.shape), inputs=inputs, width=whole("width", width), layers=[list(l) for l in layers])
        self.field = receptive_field(self.layers)
        widths = [width * min(2 ** i, 8) for i in range(len(self.layers) - 1)]
        parts: list[nn.Module] = []
        for i, (kernel, stride) in enumerate(self.layers):
            before, after = [channels + inputs, *widths][i], [*widths, 1][i]
            parts += [nn.Conv2d(before, after, kernel, stride, padding=int(kernel > 1)), nn.LeakyReLU(0.2, inplace=True)]
        self.net = nn.Sequential(*parts[:-1]).to(memory_format=torch.channels_last)
        start_as_dcgan(self)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        if (y is None) != (self.inputs == 0):
            raise ValueError(f"this D judges {'x alone' if y is not None else 'the pair (x, y)'}; it was built with inputs="
                             f"{self.inputs}")
        return self.net(x if y is None else torch.cat([x, y], 1))


# ---- super-resolution -------------------------------------------------------------------------------------------------

class SuperResolutionGenerator(nn.Module):
    """Map small images (n, channels, side / factor, side / factor) to images (n, *shape) in [-1, 1].

    Residual blocks work at the small size; then, for each factor 2, a convolution makes four times the channels and
    `PixelShuffle` lays each four of them out as 2 x 2 pixels. What comes out is added, before the tanh, to the input with its
    pixels enlarged, which is also where G starts: from nothing it ends all black, most of a digit being black, and tanh
    lets no gradient out of there. factor: 2, 4 or 8. width=32 and blocks=4 have 139,393 numbers. Source: Ledig et al. 2017,
    figure 4, without its BatchNorm (Lim et al. 2017, section 3.1); Shi et al. 2016, eq. (4) for the shuffle.
    """

    def __init__(self, *, shape: Sequence[int] = (1, 28, 28), factor: int = 4, width: int = 32, blocks: int = 4) -> None:
        super().__init__()
        channels, side, _ = self.shape = _square(shape)
        if factor not in (2, 4, 8) or side % factor:
            raise ValueError(f"factor must be 2, 4 or 8 and divide the side {side}, got {factor!r}")
        self.input_shape = (channels, side // factor, side // factor)
        self.config = dict(shape=list(self.shape), factor=factor, width=whole("width", width), blocks=whole("blocks", blocks))
        self.first = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.PReLU(width))
        self.body = nn.Sequential(*(_Residual(width) for _ in range(blocks)), nn.Conv2d(width, width, 3, padding=1))
        self.up = nn.Sequential(*(layer for layers in _enlarging(width, factor) for layer in layers))
        self.last = nn.Conv2d(_enlarged_width(width, factor), channels, 3, padding=1)
        nn.init.zeros_(self.last.weight), nn.init.zeros_(self.last.bias)
        self.to(memory_format=torch.channels_last)

    def forward(self, y: Tensor) -> Tensor:
        _require_images(y, self.input_shape)
        x = self.first(y)
        coarse = interpolate(y, scale_factor=float(self.config["factor"]))
        return torch.tanh(2 * coarse + self.last(self.up(x + self.body(x))))


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width),
                                 nn.Conv2d(width, width, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.net(x)


def _enlarging(width: int, factor: int) -> Iterator[list[nn.Module]]:
    """One doubling after another; the last one leaves half of the channels, where a pixel costs most."""
    for i in range(factor.bit_length() - 1):
        out = _enlarged_width(width, factor) if 2 ** (i + 1) == factor else width
        yield [nn.Conv2d(width, 4 * out, 3, padding=1), nn.PixelShuffle(2), nn.PReLU(out)]


def _enlarged_width(width: int, factor: int) -> int:
    return max(1, width // 2)


# ---- checks -----------------------------------------------------------------------------------------------------------

def _square(shape: Sequence[int]) -> tuple[int, int, int]:
    sizes = tuple(whole("shape", s) for s in shape)
    if len(sizes) != 3 or sizes[1] != sizes[2]:
        raise ValueError(f"shape must be (channels, side, side), got {tuple(shape)}; cut or pad the images to a square")
    return sizes


def _halved(side: int, depth: int) -> list[int]:
    """The sides from which the layers go down: 28, 14, 7 for depth 3, which leaves 4."""
    sides = [side]
    for _ in range(depth):
        sides.append((sides[-1] + 1) // 2)
    if sides[-2] < 2:
        raise ValueError(f"depth must leave something to halve, got depth {depth} for a side of {side}; take at most "
                         f"{(side - 1).bit_length()}")
    return sides[:-1]


def _share(dropout: float) -> float:
    if real("dropout", dropout, minimum=0) >= 1:
        raise ValueError(f"dropout must lie in [0, 1), got {dropout:g}; 0.5 is the paper's")
    return float(dropout)


def _require_images(y: Tensor, shape: tuple[int, int, int]) -> None:
    if y.ndim != 4 or tuple(y.shape[1:]) != shape:
        raise ValueError(f"this network translates images (n, {', '.join(map(str, shape))}), got {tuple(y.shape)}")


NETWORKS |= {cls.__name__: cls for cls in (UNet, PatchDiscriminator, SuperResolutionGenerator)}     # for `networks.build`
