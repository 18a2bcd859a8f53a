"""Turn a convolutional generator into what the browser needs to run it: a list of operations and their numbers.

BatchNorm is not folded away: which statistics it takes is the question that the explorers ask. No drawing, no traits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from gan_edu.games import Game
from gan_edu.networks import eval_mode
from gan_edu.networks_parts import FromUnit
from gan_edu.widgets.mlp import assemble

BANK = 64             # how many z the page has at hand


@dataclass
class Packed:
    """A generator as convnet.js runs it: spec is JSON; weights (int16 rows, see mlp.py) and norms (float32) its numbers.

    layers: where maps can be looked at, {"after": index of an operation, "name", "shape": [C, H, W]}; the last is the
    picture. norms: for each BatchNorm gain, shift, running mean, running variance, each (C,).
    """

    spec: dict[str, Any]
    weights: bytes
    norms: bytes

    @property
    def layers(self) -> list[dict[str, Any]]:
        return self.spec["layers"]


def pack(G: nn.Module) -> Packed:
    """Return a generator of z (n, latent_dim), packed.

    G: has latent_dim and one nn.Sequential of a Linear or a transposed convolution of one pixel, convolutions, bilinear
    doubling, BatchNorm2d with running averages, ReLU, LeakyReLU, Tanh, Sigmoid. Raises ValueError for anything else.
    """
    modules = _sequence(G)
    with eval_mode(G):
        shapes, z = [], torch.zeros(1, G.latent_dim, device=next(G.parameters()).device)
        for module in modules:
            z = module(z)
            shapes.append([int(s) for s in z.shape[1:]])
    ops, matrices, norms = [], [], []
    for module, shape in zip(modules, shapes):
        ops.append(_operation(module, ops, shape, matrices, norms))
    packed = assemble(matrices, G.latent_dim, int(np.prod(shapes[-1])))
    for op in ops:
        if "matrix" in op:
            op["layer"] = packed.layers[op.pop("matrix")]
    spec = {"latent_dim": G.latent_dim, "shape": shapes[-1], "ops": ops, "layers": list(_layers(ops, shapes))}
    return Packed(spec, packed.data, b"".join(np.asarray(part, "<f4").tobytes() for part in norms))


def generator_of(G: str | Game | nn.Module) -> nn.Module:
    """Return the generator of a shipped name, of a game (its moving average where there is one), or G itself."""
    if isinstance(G, str):
        from gan_edu import pretrained
        G = pretrained.load(G)
    if isinstance(G, Game):
        G = G.G if G.G_ema is None else G.G_ema
    if not isinstance(G, nn.Module):
        raise ValueError(f"G must be a name from pretrained.available(), a game or a generator, got {type(G).__name__}")
    return G


def stages(G: nn.Module, packed: Packed, z: torch.Tensor, *, mute: tuple[int, int] | None = None) -> list[np.ndarray]:
    """Return the maps (n, C, H, W) at each of packed.layers for z (n, latent_dim), by torch, in the mode that G is in.

    mute: (layer, channel), a map that is set to 0 before the layers behind it see it; None leaves all as they are.
    """
    found, x = [], z
    with torch.no_grad():
        for i, module in enumerate(_sequence(G)):
            x = module(x)
            for j, layer in enumerate(packed.layers):
                if layer["after"] == i:
                    x = x.clone()                              # later layers work in place
                    if mute is not None and mute[0] == j:
                        x[:, mute[1]] = 0
                    found.append(x.float().cpu().numpy().copy())
    return found


def _sequence(G: nn.Module) -> list[nn.Module]:
    children = list(G.children())
    if not hasattr(G, "latent_dim") or len(children) != 1 or not isinstance(children[0], nn.Sequential):
        raise ValueError("the page runs a generator that is one nn.Sequential, such as DCGANGenerator or ConvGenerator; "
                         f"got {type(G).__name__}")
    return list(children[0])


def _operation(module: nn.Module, before: list[dict], shape: list[int], matrices: list[dict], norms: list) -> dict[str, Any]:
    """Return the operation of one module; what it multiplies by goes to `matrices`, BatchNorm's numbers to `norms`."""
    first = not any("matrix" in op for op in before)
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        return _product(module, first, shape, matrices)
    if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
        at = sum(part.size for part in norms)
        numbers = (module.weight, module.bias, module.running_mean, module.running_var)
        norms += [t.detach().float().cpu().numpy() for t in numbers]
        return {"op": "norm", "eps": module.eps, "channels": module.num_features, "at": at}
    if isinstance(module, nn.ReLU | nn.LeakyReLU):
        return {"op": "leaky", "slope": getattr(module, "negative_slope", 0.0)}
    if isinstance(module, nn.UpsamplingBilinear2d) and module.scale_factor in (2, (2, 2)):
        return {"op": "double", "shape": shape}
    known = {nn.Tanh: "tanh", nn.Sigmoid: "sigmoid", nn.Unflatten: "same", FromUnit: "from unit"}
    if type(module) not in known:
        raise ValueError(f"the page cannot run {type(module).__name__}; it knows convolutions, BatchNorm2d, bilinear "
                         "doubling, ReLU, LeakyReLU, Tanh and Sigmoid")
    return {"op": known[type(module)]}


def _product(module: nn.Module, first: bool, shape: list[int], matrices: list[dict]) -> dict[str, Any]:
    """A convolution is one matrix: on patches (convolution), or into patches that are added up (transposed)."""
    W = module.weight.detach().double().cpu()
    bias = torch.zeros(shape[0]) if module.bias is None else module.bias.detach().cpu()
    if isinstance(module, nn.ConvTranspose2d):                 # (inputs, outputs, k, k): a row for each output and tap
        rows, name = W.flatten(1).T, "matrix" if first else "transposed"
        taps = bias.repeat_interleave(rows.shape[0] // shape[0]) if first else torch.zeros(len(rows))
    else:
        rows, taps, name = W.flatten(1), bias, "matrix" if first else "conv"
    matrices.append({"W": rows.numpy(), "b": taps.numpy(), "act": "none"})
    op = {"op": name, "matrix": len(matrices) - 1, "shape": shape}
    if not first:
        op |= {"kernel": module.kernel_size[0], "stride": module.stride[0], "padding": module.padding[0],
               "bias": bias.tolist()}
    return op


def _layers(ops: list[dict], shapes: list[list[int]]) -> Iterator[dict[str, Any]]:
    """After each rectifier the maps, after the last operation the picture."""
    for i, (op, shape) in enumerate(zip(ops, shapes)):
        last = i == len(ops) - 1
        if last or op["op"] == "leaky":
            words = f"{shape[0]} maps of {shape[1]} \N{MULTIPLICATION SIGN} {shape[2]}"
            yield {"after": i, "name": "the picture" if last else words, "shape": shape}

