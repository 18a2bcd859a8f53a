"""Image to image without pairs: the small residual translator, and the two modules that hold both directions of a
CycleGAN, with the memory of old translations. No losses and no training here.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan_edu.errors import whole
from gan_edu.networks import NETWORKS, build, describe


class _Block(nn.Module):
    """x + convolution(ReLU(convolution(x))), 3 x 3: He et al. 2016, figure 2, without a ReLU after the sum."""

    def __init__(self, width: int, norm: bool) -> None:
        super().__init__()
        self.body = nn.Sequential(*_convolution(width, width, norm), nn.ReLU(inplace=True),
                                  *_convolution(width, width, norm))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _convolution(inputs: int, outputs: int, norm: bool, stride: int = 1) -> list[nn.Module]:
    # a bias before InstanceNorm would be subtracted again
    return [nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=not norm),
            *([nn.InstanceNorm2d(outputs, affine=True)] if norm else [])]


def _up(inputs: int, outputs: int, norm: bool) -> list[nn.Module]:
    """Double the side: four times the channels, of which each four become a square of 2 x 2 pixels."""
    return [nn.Conv2d(inputs, 4 * outputs, 3, padding=1), nn.PixelShuffle(2),
            *([nn.InstanceNorm2d(outputs, affine=True)] if norm else []), nn.ReLU(inplace=True)]


class ResNetTranslator(nn.Module):
    """Map images (n, *shape) in [-1, 1] to images of the same shape and range: tanh(2 x + r(x)), r a residual network.

    r: a convolution to `width` channels, two that halve the side and double the channels, `blocks` residual blocks, two
    pixel shuffles back, each with what stood at that side on the way down added, and two convolutions to the image. The
    last one starts at 0, so an untrained translator returns tanh 2x, the image itself up to .04. norm: "instance" as in the
    paper (each channel of each image by itself) or "none". The sides must be multiples of 4. Source: Zhu et al. 2017,
    section 4 and appendix 7.2, made small for 28 x 28: there 6 or 9 blocks, transposed convolutions, nothing added.
    """

    def __init__(self, *, shape: Sequence[int] = (1, 28, 28), width: int = 16, blocks: int = 2, norm: str = "instance") -> None:
        super().__init__()
        self.shape = tuple(whole("shape", s) for s in shape)
        if len(self.shape) != 3 or self.shape[1] % 4 or self.shape[2] % 4:
            raise ValueError(f"shape must be (channels, height, width) with sides in steps of 4, got {tuple(shape)}; pad them")
        if norm not in ("instance", "none"):
            raise ValueError(f"norm must be instance or none, got {norm!r}")
        self.config = dict(shape=list(self.shape), width=whole("width", width), blocks=whole("blocks", blocks, 0), norm=norm)
        w, normed = width, norm == "instance"
        self.down = nn.ModuleList(nn.Sequential(*_convolution(*part, normed, stride), nn.ReLU(inplace=True))
                                  for *part, stride in ((self.shape[0], w, 1), (w, 2 * w, 2), (2 * w, 4 * w, 2)))
        self.middle = nn.Sequential(*(_Block(4 * w, normed) for _ in range(blocks)))
        self.up = nn.ModuleList(nn.Sequential(*_up(2 * i, i, normed)) for i in (2 * w, w))
        self.last = nn.Sequential(*_convolution(w, w, normed), nn.ReLU(inplace=True), nn.Conv2d(w, self.shape[0], 3, padding=1))
        nn.init.zeros_(self.last[-1].weight), nn.init.zeros_(self.last[-1].bias)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        if tuple(x.shape[1:]) != self.shape:
            raise ValueError(f"x must be (n, {', '.join(map(str, self.shape))}), got {tuple(x.shape)}")
        full = self.down[0](x)                               # (n, w, H, W)
        half = self.down[1](full)                            # (n, 2 w, H / 2, W / 2)
        small = self.middle(self.down[2](half))              # (n, 4 w, H / 4, W / 4)
        return torch.tanh(2 * x + self.last(full + self.up[1](half + self.up[0](small))))


class TwoTranslators(nn.Module):
    """Hold both directions of a translation; the G of a CycleGAN.

    a_to_b, b_to_a: modules from (n, *shape) to (n, *shape), or what `networks.describe` says of them. shape: None takes
    that of a_to_b.
    """

    def __init__(self, a_to_b: nn.Module | dict, b_to_a: nn.Module | dict) -> None:
        super().__init__()
        self.a_to_b, self.b_to_a = (build(part) if isinstance(part, dict) else part for part in (a_to_b, b_to_a))
        self.shape = tuple(self.a_to_b.shape)
        self.config = {"a_to_b": describe(self.a_to_b), "b_to_a": describe(self.b_to_a)}

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """Return (a as b, b as a)."""
        return self.a_to_b(a), self.b_to_a(b)


class TwoJudges(nn.Module):
    """Hold a judge for each domain, and for each a memory of translations; the D of a CycleGAN.

    a, b: modules from (n, *shape) to logits, or what `networks.describe` says of them. shape: of the images to remember;
    None takes a's shape. memory: how many images of each domain are kept, 50 in the paper, 0 for none. The memory lies in
    buffers, so checkpoints hold it and a step that is undone undoes it.
    """

    def __init__(self, a: nn.Module | dict, b: nn.Module | dict, *, shape: Sequence[int] | None = None,
                 memory: int = 50) -> None:
        super().__init__()
        self.a, self.b = (build(part) if isinstance(part, dict) else part for part in (a, b))
        self.shape = tuple(self.a.shape if shape is None else shape)
        self.memory = whole("memory", memory, 0)
        self.config = {"a": describe(self.a), "b": describe(self.b), "shape": list(self.shape), "memory": memory}
        for domain in "ab":
            self.register_buffer(f"old_{domain}", torch.zeros(memory, *self.shape))
        self.register_buffer("held", torch.zeros(2, dtype=torch.int64))

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of images of each domain, real or translated."""
        return self.a(a), self.b(b)

    @torch.no_grad()
    def recall(self, a: Tensor, b: Tensor, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Put new translations into the memory and return what the judges shall see instead, (n, *shape) each.

        While there is room an image is kept and shown. After that, one in two is shown and not kept; the other takes the
        place of an image drawn from the memory, which is shown. Source: Zhu et al. 2017, section 4, after Shrivastava et
        al. 2017; how the draws are made is in their code's image_pool.py.
        """
        return self._exchange(a, self.old_a, 0, generator), self._exchange(b, self.old_b, 1, generator)

    def _exchange(self, new: Tensor, old: Tensor, domain: int, generator: torch.Generator | None) -> Tensor:
        if not self.memory:
            return new
        shown, held = new.clone(), int(self.held[domain])
        swaps = torch.rand(len(new), generator=generator, device=new.device) < 0.5
        places = torch.randint(self.memory, (len(new),), generator=generator, device=new.device)
        for i, (swap, place) in enumerate(zip(swaps.tolist(), places.tolist())):
            if held < self.memory:
                old[held], held = new[i], held + 1
            elif swap:
                shown[i], old[place] = old[place].clone(), new[i]
        self.held[domain] = held
        return shown


NETWORKS |= {network.__name__: network for network in (ResNetTranslator, TwoTranslators, TwoJudges)}   # for checkpoints
