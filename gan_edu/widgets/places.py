"""Turn DCGAN's generator and the digit classifier into what the browser needs to run them: a small fully connected
network for each layer, applied at every place of the image. No drawing, no traits here; places.js runs them.

A convolution is one matrix at every place: "gather" reads the 3 x 3 places around one and writes that place; "spread",
the transposed one, reads one place and adds to the 4 x 4 places around it. Arrays in the page are (side, side, channels).
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan_edu.networks import eval_mode
from gan_edu.widgets.mlp import pack

_Norm = tuple[Tensor, Tensor] | None
_TOLERANCE = 5e-3          # of the network's own output; a wrong guess about its layers is off by far more


@dataclass
class Places:
    """A convolutional network as the browser runs it: `stages` is JSON, `data` the numbers it points to."""

    inputs: int
    outputs: int
    stages: list[dict[str, Any]] = field(default_factory=list)
    data: bytes = b""
    first: Tensor | None = None          # the first stage's matrix, float32 (rows, columns)

    @property
    def spec(self) -> dict[str, Any]:
        """What places.js needs beside the data."""
        return {"inputs": self.inputs, "outputs": self.outputs, "stages": self.stages}

    def add(self, kind: str, layer: list[nn.Module], **facts: Any) -> None:
        """Append a stage whose matrix is the linear layer (and what follows it at each place)."""
        packed = pack(nn.Sequential(*layer), (layer[0].in_features,))
        self.first = layer[0].weight.detach() if self.first is None else self.first
        if packed is None:
            raise ValueError(f"the browser cannot run {layer}; use ReLU or tanh")
        self.stages.append({"kind": kind, "net": packed.spec, "at": len(self.data), "size": len(packed.data), **facts})
        self.data += packed.data + b"\0" * (-len(packed.data) % 4)


def pack_places(network: nn.Module, inputs: tuple[int, ...]) -> Places:
    """Return a network of DCGAN's generator's or the classifier's layers, packed; BatchNorm (eval mode) is folded in.

    inputs: shape of one input without the batch, (k,) for a generator of k numbers or (1, side, side). Raises
    ValueError for a layer that it does not know, and when the packed network is not the network.
    """
    layers = [m for m in network.modules() if not list(m.children())]
    probe = 2 * torch.rand(2, *inputs, generator=torch.Generator().manual_seed(0)) - 1
    with eval_mode(network):
        truth = network(probe).flatten(1).double().numpy()
    places = Places(probe[0].numel(), truth.shape[1])
    h = np.moveaxis(probe.numpy(), 1, -1) if len(inputs) == 3 else probe.numpy()
    while layers:
        h = _take(places, layers, h)
    found = h.reshape(2, -1)
    if found.shape != truth.shape or np.abs(found - truth).max() > _TOLERANCE * max(1, np.abs(truth).max()):
        raise ValueError("the packed network is not the network: its layers are not applied one after the other")
    return places


def _take(places: Places, layers: list[nn.Module], h: np.ndarray) -> np.ndarray:
    """Turn the next layer, with the BatchNorm and activation that follow it, into a stage; return what it makes of h."""
    layer = layers.pop(0)
    if isinstance(layer, nn.Flatten):
        return h
    norm = _batch_norm(layers)
    act = layers.pop(0) if layers and isinstance(layers[0], nn.ReLU | nn.Tanh) else nn.Identity()
    if isinstance(layer, nn.Linear) and norm is None:
        return _dense(places, layer, act, h)
    if isinstance(layer, nn.ConvTranspose2d) and layer.bias is None and h.ndim == 2:
        return _from_pixel(places, layer, norm, act, h)
    if isinstance(layer, nn.ConvTranspose2d) and layer.bias is None and _is(layer, 4, 2):
        return _spread(places, layer, norm, act, h)
    if isinstance(layer, nn.Conv2d) and layer.bias is None and _is(layer, 3, 1):
        pool = bool(layers) and isinstance(layers[0], nn.MaxPool2d) and bool(layers.pop(0))
        return _gather(places, layer, norm, act, h, pool)
    raise ValueError(f"the browser cannot run {layer}; it knows the layers of DCGANGenerator and DigitClassifier")


def _is(layer: nn.Module, kernel: int, stride: int) -> bool:
    return layer.kernel_size == (kernel, kernel) and layer.stride == (stride, stride) and layer.padding == (1, 1)


def _batch_norm(layers: list[nn.Module]) -> _Norm:
    """(scale, shift) for each channel of a BatchNorm that comes next; None where none does."""
    if not layers or not isinstance(layers[0], nn.BatchNorm2d):
        return None
    norm = layers.pop(0)
    scale = norm.weight.detach() / (norm.running_var + norm.eps).sqrt()
    return scale, norm.bias.detach() - norm.running_mean * scale


def _matrix(weight: Tensor, norm: _Norm) -> tuple[Tensor, Tensor]:
    """A kernel with its output channels on the last but one axis, scaled, and the shift of each of them."""
    channels = weight.shape[-2]
    scale, shift = (torch.ones(channels), torch.zeros(channels)) if norm is None else norm
    return weight * scale[:, None], shift


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        made.weight.copy_(weight), made.bias.copy_(bias)
    return made


def _apply(layer: list[nn.Module], rows: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return nn.Sequential(*layer)(torch.as_tensor(rows)).numpy()


def _from_pixel(places: Places, layer: nn.Module, norm: _Norm, act: nn.Module, h: np.ndarray) -> np.ndarray:
    weight, shift = _matrix(layer.weight.detach().permute(2, 3, 1, 0), norm)          # side, side, channels, k
    side, _, channels, _ = weight.shape
    stage = [_linear(weight.flatten(0, 2), shift.repeat(side * side)), act]
    places.add("dense", stage)
    return _apply(stage, h).reshape(len(h), side, side, channels)


def _dense(places: Places, layer: nn.Linear, act: nn.Module, h: np.ndarray) -> np.ndarray:
    weight = layer.weight.detach()
    if h.ndim == 4:                      # torch flattens channels first, the page has them last
        side, channels = h.shape[1], h.shape[3]
        weight = weight.unflatten(1, (channels, side, side)).permute(0, 2, 3, 1).flatten(1)
    stage = [_linear(weight, layer.bias.detach()), act]
    places.add("dense", stage)
    return _apply(stage, h.reshape(len(h), -1))


def _spread(places: Places, layer: nn.Module, norm: _Norm, act: nn.Module, h: np.ndarray) -> np.ndarray:
    weight, shift = _matrix(layer.weight.detach().permute(2, 3, 1, 0), norm)          # 4, 4, out, channels
    n, side, _, channels = h.shape
    out, word = len(shift), {nn.ReLU: "relu", nn.Tanh: "tanh", nn.Identity: "none"}[type(act)]
    stage = [_linear(weight.flatten(0, 2), torch.zeros(16 * out))]
    places.add("spread", stage, side=side, channels=channels, out=out, bias=shift.tolist(), act=word)
    patches = _apply(stage, h.reshape(-1, channels)).reshape(n, side, side, 4, 4, out)
    wide = np.zeros((n, 2 * side + 2, 2 * side + 2, out), np.float32)
    for i in range(4):
        for j in range(4):
            wide[:, i:i + 2 * side:2, j:j + 2 * side:2] += patches[:, :, :, i, j]
    return _apply([act], wide[:, 1:-1, 1:-1] + shift.numpy())


def _gather(places: Places, layer: nn.Module, norm: _Norm, act: nn.Module, h: np.ndarray, pool: bool) -> np.ndarray:
    weight, shift = _matrix(layer.weight.detach().permute(2, 3, 0, 1), norm)          # 3, 3, out, channels
    n, side, _, channels = h.shape
    stage = [_linear(weight.permute(2, 0, 1, 3).flatten(1), shift), act]
    places.add("gather", stage, side=side, channels=channels, out=len(shift), pool=pool)
    wide = np.pad(h, ((0, 0), (1, 1), (1, 1), (0, 0)))
    around = np.stack([wide[:, i:i + side, j:j + side] for i in range(3) for j in range(3)], 3)
    made = _apply(stage, around.reshape(-1, 9 * channels)).reshape(n, side, side, -1)
    half = side // 2
    return made[:, :2 * half, :2 * half].reshape(n, half, 2, half, 2, -1).max((2, 4)) if pool else made
