"""Turn a U-Net into what the browser needs to run it: a list of convolutions and their numbers. No drawing, no traits.

BatchNorm (in eval mode) is folded into the convolution before it; weights travel as int16 with one scale an output.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan_edu.translators import UNet


@dataclass
class Packed:
    """A U-Net as unet.js runs it: spec is JSON; weights are int16, scales float32: for each output a scale and a bias."""

    spec: dict[str, Any]
    weights: bytes
    scales: bytes


def pack(G: UNet) -> Packed:
    """Return a U-Net, packed. Raises ValueError for another network."""
    if not isinstance(G, UNet):
        raise ValueError(f"the page runs a UNet, got {type(G).__name__}")
    sides = [G.input_shape[1]]
    for _ in G.down:
        sides.append((sides[-1] + 1) // 2)
    ops, weights, scales = [], [], []
    parts = [*((layer, i, i + 1) for i, layer in enumerate(G.down)),
             *((layer, len(G.down) - i, len(G.down) - i - 1) for i, layer in enumerate(G.up)),
             (G.last[:3], 0, 0), (G.last[3:], 0, 0)]
    for layer, before, after in parts:
        W, bias, op = _folded(layer)
        scale = np.abs(W).max((1, 2, 3)).clip(1e-12) / 32767
        weights.append(np.round(W / scale[:, None, None, None]).astype("<i2"))
        scales += [scale.astype("<f4"), bias.astype("<f4")]
        ops.append(op | {"side": sides[before], "out": sides[after], "push": before < after,
                         "join": bool(G.skips and before > after)})
    spec = {"inputs": G.input_shape[0], "side": sides[0], "channels": G.shape[0], "ops": ops}
    return Packed(spec, b"".join(w.tobytes() for w in weights), b"".join(s.tobytes() for s in scales))


def _folded(layer: nn.Sequential) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Return weights (outputs, inputs, k, k), biases (outputs,) and what else the page must know of one layer."""
    conv, *others = layer
    up = isinstance(conv, nn.ConvTranspose2d)
    W = conv.weight.detach().double().cpu()
    W = W.transpose(0, 1) if up else W
    bias = torch.zeros(len(W), dtype=torch.float64) if conv.bias is None else conv.bias.detach().double().cpu()
    for module in others:
        if isinstance(module, nn.BatchNorm2d):
            W, bias = _normed(W, bias, module)
    drop = next((module.p for module in others if isinstance(module, nn.Dropout)), 0.0)
    act = {nn.LeakyReLU: "leaky", nn.ReLU: "relu", nn.Tanh: "tanh"}[type(others[-1])]
    return W.numpy(), bias.numpy(), {"up": up, "inputs": W.shape[1], "outputs": W.shape[0], "kernel": W.shape[2],
                                     "stride": conv.stride[0], "padding": conv.padding[0], "act": act, "drop": drop}


def _normed(W: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    gain = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().double().cpu()
    mean, shift = norm.running_mean.double().cpu(), norm.bias.detach().double().cpu()
    return W * gain[:, None, None, None], (bias - mean) * gain + shift
