"""Turn a fully connected network into the few arrays that the browser needs to run it. No drawing, no traits here.

BatchNorm (in eval mode) and every other per-feature scale is folded into the linear layer beside it. Weights travel as
int16 with one scale a row: the bytes of float16, but several times closer, since no row spends bits on an exponent.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan_edu.networks import Maxout, eval_mode

_TOLERANCE = 5e-3     # of the network's own output; a wrong guess about its structure is off by far more


@dataclass
class Packed:
    """A network as the browser runs it: `layers` is JSON, `data` the numbers it points to.

    A layer computes act(W x + b) and then, for the last one, post[0] * y + post[1].
    """

    inputs: int
    outputs: int
    layers: list[dict[str, Any]] = field(default_factory=list)
    data: bytes = b""

    @property
    def spec(self) -> dict[str, Any]:
        """What net.js needs beside the data."""
        return {"inputs": self.inputs, "outputs": self.outputs, "layers": self.layers}

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the outputs (n, outputs) for x (n, inputs), with the weights as the browser has them."""
        x = np.asarray(x, np.float64)
        for layer in self.layers:
            W, b = _weights(layer, self.data)
            x = _activate(x @ W.T + b, layer)
        return x


def pack(network: nn.Module, inputs: tuple[int, ...]) -> Packed | None:
    """Return the network, packed, or None where the browser cannot run it.

    inputs: shape of one input, without the batch. A network is taken apart when it is one nn.Sequential (itself, or its
    only child) of Linear, BatchNorm1d, Maxout, elementwise activations, dropout and reshapes; the result is then
    compared with the network itself on random inputs, and dropped when they differ.
    """
    probe = torch.rand(5, *inputs, generator=torch.Generator().manual_seed(0)) * 2 - 1
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    try:
        with eval_mode(network):
            steps, scale = _steps(network), _first_scale(network, probe.to(device))
            truth = network(probe.to(device)).flatten(1).double().cpu().numpy()
        packed = assemble(_fold(steps, scale), int(probe[0].numel()), truth.shape[1])
    except _CannotPackError:
        return None
    found = packed.forward(probe.flatten(1).numpy())
    return packed if np.abs(found - truth).max() <= _TOLERANCE * max(1.0, np.abs(truth).max()) else None


class _CannotPackError(Exception):
    """The network has a part that the browser cannot run."""


def _steps(network: nn.Module) -> list[nn.Module]:
    children = [network] if isinstance(network, nn.Sequential) else list(network.children())
    if len(children) != 1 or not isinstance(children[0], nn.Sequential):
        raise _CannotPackError
    flat: list[nn.Module] = []
    for child in children[0]:
        flat += _steps(child) if isinstance(child, nn.Sequential) else [child]
    return flat


def _first_scale(network: nn.Module, probe: Tensor) -> tuple[float, float]:
    """What the first layer sees of x: a x + b, when forward() rescales its input before the layers."""
    seen: list[Tensor] = []
    first = _steps(network)[0]
    hook = first.register_forward_pre_hook(lambda _, args: seen.append(args[0].detach()))
    try:
        network(probe)
    finally:
        hook.remove()
    return _affine(probe.flatten(1), seen[0].flatten(1))


def _affine(x: Tensor, y: Tensor) -> tuple[float, float]:
    """Return (a, b) with y = a x + b for every element; no such pair cannot be packed."""
    if x.shape != y.shape:
        raise _CannotPackError
    x, y = x.double().flatten(), y.double().flatten()
    a = ((x - x.mean()) @ (y - y.mean()) / ((x - x.mean()) ** 2).sum()).item()
    b = (y.mean() - a * x.mean()).item()
    if (a * x + b - y).abs().max() > 1e-5:
        raise _CannotPackError
    return round(a, 6), round(b, 6)


def _activation(module: nn.Module) -> dict[str, Any] | None:
    if isinstance(module, nn.LeakyReLU) and 0 <= module.negative_slope <= 1:
        return {"act": "leaky", "slope": module.negative_slope}
    names = {nn.ReLU: {"act": "leaky", "slope": 0.0}, nn.Tanh: {"act": "tanh"}, nn.Sigmoid: {"act": "sigmoid"}}
    return names.get(type(module))


def _fold(steps: list[nn.Module], scale: tuple[float, float]) -> list[dict[str, Any]]:
    """Linear layers with everything around them folded in: {"W", "b", "act", ...}."""
    layers: list[dict[str, Any]] = []
    a, b = np.array(scale[0]), np.array(scale[1])          # what waits for the next linear layer: a x + b
    for step in steps:
        linear = step.linear if isinstance(step, Maxout) else step
        if isinstance(linear, nn.Linear):
            W = linear.weight.detach().double().cpu().numpy()
            bias = 0 if linear.bias is None else linear.bias.detach().double().cpu().numpy()
            layers.append({"W": W * a, "b": bias + W @ np.broadcast_to(b, W.shape[1]), "act": "none"})
            if isinstance(step, Maxout):
                layers[-1] |= {"act": "maxout", "pieces": step.pieces}
            a, b = np.array(1.0), np.array(0.0)
        elif isinstance(step, nn.BatchNorm1d):
            s, t = _batch_norm(step)
            if layers and layers[-1]["act"] == "none" and a.ndim == b.ndim == 0 and (a, b) == (1, 0):
                layers[-1] |= {"W": layers[-1]["W"] * s[:, None], "b": layers[-1]["b"] * s + t}
            else:
                a, b = a * s, b * s + t
        elif (act := _activation(step)) and layers and layers[-1]["act"] == "none" and (a.ndim, a, b) == (0, 1, 0):
            layers[-1] |= act
        elif not isinstance(step, (nn.Dropout, nn.Identity, nn.Flatten, nn.Unflatten)):
            p, q = _scale_of(step)
            a, b = a * p, b * p + q
    if not layers or a.ndim or b.ndim:
        raise _CannotPackError
    layers[-1]["post"] = [float(a), float(b)]
    return layers


def _batch_norm(norm: nn.BatchNorm1d) -> tuple[np.ndarray, np.ndarray]:
    if norm.running_mean is None:
        raise _CannotPackError
    mean, var = norm.running_mean.double().cpu().numpy(), norm.running_var.double().cpu().numpy()
    gain = 1.0 if norm.weight is None else norm.weight.detach().double().cpu().numpy()
    shift = 0.0 if norm.bias is None else norm.bias.detach().double().cpu().numpy()
    s = gain / np.sqrt(var + norm.eps)
    return s, shift - mean * s


def _scale_of(step: nn.Module) -> tuple[float, float]:
    """An elementwise a x + b of any other class is found by asking it."""
    if any(True for _ in step.parameters()):
        raise _CannotPackError
    x = torch.linspace(-2, 2, 24).reshape(4, 6)
    try:
        return _affine(x, step(x))
    except Exception as problem:
        raise _CannotPackError from problem


def assemble(layers: list[dict[str, Any]], inputs: int, outputs: int) -> Packed:
    """Return layers {"W": (rows, cols), "b": (rows,), "act", ...} as net.js reads them.

    float32 scales and biases come first, int16 weights after them, so that everything stays aligned.
    """
    packed, floats, shorts = Packed(inputs, outputs), [], []
    for layer in layers:
        W = layer.pop("W")
        scale = np.maximum(np.abs(W).max(1), 1e-30) / 32767
        rows, cols = W.shape
        packed.layers.append({k: v for k, v in layer.items() if k != "b"} | {"rows": rows, "cols": cols})
        floats += [scale.astype("<f4"), np.asarray(layer["b"]).astype("<f4")]
        shorts.append(np.rint(W / scale.astype("<f4").astype(float)[:, None]).clip(-32767, 32767).astype("<i2"))
    at, place = 0, 4 * sum(part.size for part in floats)
    for layer in packed.layers:
        layer |= {"scale": at, "bias": at + 4 * layer["rows"], "weights": place}
        at, place = at + 8 * layer["rows"], place + 2 * layer["rows"] * layer["cols"]
    packed.data = b"".join(part.tobytes() for part in floats + shorts)
    return packed


def _weights(layer: dict[str, Any], data: bytes) -> tuple[np.ndarray, np.ndarray]:
    rows, cols = layer["rows"], layer["cols"]
    scale = np.frombuffer(data, "<f4", rows, layer["scale"]).astype(float)
    W = np.frombuffer(data, "<i2", rows * cols, layer["weights"]).reshape(rows, cols) * scale[:, None]
    return W, np.frombuffer(data, "<f4", rows, layer["bias"]).astype(float)


def _activate(y: np.ndarray, layer: dict[str, Any]) -> np.ndarray:
    if layer["act"] == "leaky":
        y = np.where(y > 0, y, layer["slope"] * y)
    elif layer["act"] == "tanh":
        y = np.tanh(y)
    elif layer["act"] == "sigmoid":
        y = 1 / (1 + np.exp(-y))
    elif layer["act"] == "maxout":
        y = y.reshape(len(y), -1, layer["pieces"]).max(2)
    a, b = layer.get("post", (1.0, 0.0))
    return a * y + b
