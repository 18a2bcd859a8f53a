"""Verdicts on the exercises of notebook 08: shape puzzles, two published bugs, eval or train by measurement."""

import copy
import itertools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from gan_edu.checks.core import NotYet, array, choice, exercise, function, number
from gan_edu.networks import DCGANGenerator, seeded
from gan_edu.networks_conv import conv_size, conv_transpose_size

# ---- shape puzzles


def _whole(answer: object, name: str) -> int:
    """Return a whole number from 0 to 1000, or say what it should be."""
    value = number(answer, name)
    if value != int(value) or not 0 <= value <= 1000:
        raise NotYet(f"{name} should be a whole number from 0 on; this is {value:g}.")
    return int(value)


def _side(answer: object) -> str | None:
    if _whole(answer, "a") != conv_size(28, kernel=5, stride=2, padding=2):
        return "a: write down where the first and the last kernel begin; a kernel that does not fit any more is left out."
    return None


def _padding(answer: object) -> str | None:
    found = conv_transpose_size(7, kernel=4, stride=2, padding=(p := _whole(answer, "b")))
    return None if found == 14 else f"b: with padding {p} a side of 7 becomes {found}."


def _kernel(answer: object) -> str | None:
    found = conv_transpose_size(1, kernel=(k := _whole(answer, "c")))
    return None if found == 7 else f"c: with kernel {k} one pixel becomes {found} on a side."


_SOURCES_D = ((3, 1, 1), (2, 2, 0), (3, 1, 1), (2, 2, 0), (3, 1, 1))       # kernel, stride, padding; pooling included


def _field(answer: object) -> str | None:
    """The receptive field by counting: which pixels of a line can move one output of the layers."""
    x = torch.zeros(1, 1, 28, requires_grad=True)
    y = x
    for kernel, stride, padding in _SOURCES_D:
        y = nn.functional.conv1d(y, torch.ones(1, 1, kernel), stride=stride, padding=padding)
    reach = int((torch.autograd.grad(y[0, 0, 3], x)[0] != 0).sum())
    if (said := _whole(answer, "d")) != reach:
        return (f"d: {said} is too {'few' if said < reach else 'many'}. Go backwards: r pixels in a row need (r - 1) s + k "
                "pixels before a layer with kernel k and stride s.")
    return None


def _nine_to_28(answer: object) -> str | None:
    k, s, p = (_whole(v, "each number of e") for v in array(answer, (3,), "e"))
    if k < 1 or s < 1:
        return "e: kernel and stride are at least 1."
    found = conv_transpose_size(9, kernel=k, stride=s, padding=p)
    return None if found == 28 else f"e: kernel {k}, stride {s}, padding {p} make {found} of 9."


_PUZZLES: dict[str, Callable[[object], str | None]] = {"a": _side, "b": _padding, "c": _kernel, "d": _field,
                                                       "e": _nine_to_28}


@exercise("08-shapes", "all five hold, each computed from your numbers. e has more than one answer; yours is one.")
def _shapes(answer: object) -> str | None:
    if not isinstance(answer, dict) or set(answer) != set(_PUZZLES):
        return "keep the dictionary with its five names, 'a' to 'e'."
    hints = []
    for name, judge in _PUZZLES.items():
        try:
            hints.append(judge(answer[name]))
        except NotYet as hint:
            hints.append(str(hint))
    wrong = [hint for hint in hints if hint]
    return f"{5 - len(wrong)} of 5 hold. {wrong[0]}" if wrong else None


# ---- two published bugs

CHANNELS = 96                                  # enough for a standard deviation of scales to mean something


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _judge_block(make: Callable) -> str | None:
    block = make(CHANNELS)
    if not isinstance(block, nn.Module):
        raise NotYet("my_block should return a network, such as nn.Sequential(...).")
    norms = [m for m in block.modules() if isinstance(m, nn.BatchNorm2d)]
    if len(norms) != 1 or tuple(block(_noise(4, CHANNELS, 7, 7)).shape) != (4, CHANNELS, 14, 14):
        return "my_block: keep the layers: from (n, channels, 7, 7) to (n, channels, 14, 14), with one BatchNorm2d."
    if norms[0].momentum is not None and norms[0].momentum > 0.5:
        return (f"my_block: with momentum {norms[0].momentum:g} the last batch makes up {norms[0].momentum:.0%} of the "
                "running average, which is then no average. PyTorch's momentum is the share of the new batch, other "
                "libraries' that of the old.")
    norms[0].reset_parameters()
    for spread in (1.0, 0.1):
        got = norms[0].train()(spread * _noise(32, CHANNELS, 7, 7)).std().item()
        if not 0.95 < got < 1.05:
            return (f"my_block: inputs of standard deviation {spread:g} leave its BatchNorm with {got:.3f}, not with 1. "
                    "Look up which argument is the second.")
    return None


def _start(start: Callable) -> nn.Module:
    with seeded(0):
        G = DCGANGenerator(8, shape=(1, 8, 8), width=CHANNELS)
        for module in G.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.bias, 0.5)
                nn.init.constant_(module.weight, 0.5)
            elif isinstance(module, nn.ConvTranspose2d):
                nn.init.constant_(module.weight, 0.5)
        G.apply(start)
    return G


def _judge_start(start: Callable) -> str | None:
    G = _start(start)
    kernels = torch.cat([m.weight.detach().flatten() for m in G.modules() if isinstance(m, nn.ConvTranspose2d)])
    norms = [m for m in G.modules() if isinstance(m, nn.BatchNorm2d)]
    scales, shifts = (torch.cat([getattr(m, name).detach() for m in norms]) for name in ("weight", "bias"))
    for what, x, mean in (("kernels", kernels, 0.0), ("scales", scales, 1.0)):
        room = 4 * 0.02 / x.numel() ** 0.5 + 1e-4
        if abs(x.mean().item() - mean) > room:
            why = " A scale near 0 mutes its channel." if what == "scales" and abs(x.mean().item()) < 0.1 else ""
            return f"my_start: the {what} should have mean {mean:g}, and have {x.mean().item():.3f}.{why}"
        if abs(x.std().item() - 0.02) > max(room, 0.006):
            return f"my_start: the {what} should have standard deviation 0.02, and have {x.std().item():.3f}."
    if shifts.abs().max() > 0:
        return "my_start: BatchNorm's shifts (its bias) should be 0."
    return None


@exercise("08-bugs", "BatchNorm normalises again, and no channel starts muted.")
def _bugs(answer: object) -> str | None:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise NotYet("hand over both, (my_block, my_start).")
    block, start = (function(f, name) for f, name in zip(answer, ("my_block", "my_start")))
    return _judge_block(block) or _judge_start(start)


# ---- eval or train

USES = {"a picture of this z, for a reader": "eval", "G's loss in a training step": "train"}


def _generators() -> list[tuple[str, nn.Module]]:
    """Return (what it is, G): the modes of a generator that has seen some batches, and one whose parts differ in mode."""
    with seeded(8):
        G = DCGANGenerator(6, shape=(1, 8, 8), width=4)
        for m in G.modules():
            if isinstance(m, nn.ConvTranspose2d):
                nn.init.normal_(m.weight, 0, 0.3)
        for _ in range(10):
            G(2 * torch.randn(16, 6) + 0.5)
    mixed = copy.deepcopy(G).eval()
    next(m for m in mixed.modules() if isinstance(m, nn.BatchNorm2d)).train()
    return [("train mode", copy.deepcopy(G).train()), ("eval mode", copy.deepcopy(G).eval()),
            ("one layer in train mode", mixed)]


def _measure(G: nn.Module, z: Tensor, a: Tensor, b: Tensor) -> np.ndarray:
    """Return the differences of the pictures of z in two companies, (n, C, H, W)."""
    twin = copy.deepcopy(G)
    with torch.no_grad():
        return (twin(torch.cat([z, a]))[:len(z)] - twin(torch.cat([z, b]))[:len(z)]).double().numpy()


def _why_not(got: float, d: np.ndarray, G: nn.Module, z: Tensor, a: Tensor, b: Tensor) -> str:
    twin = copy.deepcopy(G)
    with torch.no_grad():
        rows = len(z) + min(len(a), len(b))
        whole = (twin(torch.cat([z, a]))[:rows] - twin(torch.cat([z, b]))[:rows]).abs().max().item()
        modes = [copy.deepcopy(G).train(on) for on in (True, False)]
        others = [float(np.abs(_measure(twin, z, a, b)).max()) for twin in modes]
    slips = [(np.abs(d).mean(), "that is the mean change; the largest of any pixel is asked for."),
             (d.max(), "you leave out the sign: pixels that get darker change too."),
             (whole, "that compares the companions as well; only the pictures of z are to be compared."),
             (d.max() - d.min(), "that is the range of the changes; the largest size of a change is asked for."),
             ((d ** 2).mean() ** 0.5, "that is a root mean square; the largest change of any pixel is asked for.")]
    slips += [(value, "you choose a mode for G; leave it in the one that it is in.") for value in others]
    for value, why in slips:
        if abs(float(value) - got) < 1e-5:
            return why
    return f"it should be {np.abs(d).max():.4f}, and yours is {got:.4f}."


def _judge_influence(influence: Callable) -> str | None:
    z, one, other = _noise(2, 6), _noise(5, 6, seed=1), 2 * _noise(7, 6, seed=2)
    for (what, G), (a, b) in itertools.product(_generators(), ((one, other), (other, one))):
        before, modes = copy.deepcopy(G.state_dict()), [m.training for m in G.modules()]
        d = _measure(G, z, a, b)
        got = number(influence(G, z.clone(), a.clone(), b.clone()), "what influence returns")
        if modes != [m.training for m in G.modules()]:
            return f"influence: G in {what}: it was left in another mode than it was found in."
        if any(not torch.equal(value, before[key]) for key, value in G.state_dict().items()):
            return ("influence: right or not, it changed G: a pass in train mode moves the running averages. Measure on a "
                    "copy, or put them back.")
        if abs(got - np.abs(d).max()) > 1e-4:
            return f"influence: G in {what}: {_why_not(got, d, G, z, a, b)}"
    return None


@exercise("08-mode", "measured: in eval mode a picture depends on its own z alone. In a training step the averages lag "
                     "behind the weights, so the batch's own are taken.")
def _mode(answer: object) -> str | None:
    pair = isinstance(answer, tuple | list) and len(answer) == 2
    if not pair or not isinstance(answer[1], dict) or set(answer[1]) != set(USES):
        raise NotYet("hand over both, (influence, my_mode), and keep the two names in my_mode.")
    if hint := _judge_influence(function(answer[0], "influence")):
        return hint
    wrong = [use for use, mode in USES.items() if choice(answer[1][use], ("train", "eval"), "each mode") != mode]
    if wrong:
        return f"influence is right. Look at what it measures in both modes, then think again about: {wrong[0]}."
    return None
