"""Verdicts of notebook 08: shapes by formula and by counting, layers and first weights by what they do, a measurement."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gan_edu.checks import exercises
from verdict_table import accepts, refuses, survives


def test_the_notebook_has_its_exercises():
    assert exercises("08") == ["08-bugs", "08-mode", "08-shapes"]


# ---- shape puzzles

RIGHT = {"a": 14, "b": 1, "c": 7, "d": 18, "e": (4, 3, 0)}


def test_the_puzzles_hold_in_torch():
    assert F.conv2d(torch.zeros(1, 1, 28, 28), torch.zeros(1, 1, 5, 5), stride=2, padding=2).shape[2] == RIGHT["a"]
    assert F.conv_transpose2d(torch.zeros(1, 1, 7, 7), torch.zeros(1, 1, 4, 4), stride=2, padding=RIGHT["b"]).shape[2] == 14
    assert F.conv_transpose2d(torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, RIGHT["c"], RIGHT["c"])).shape[2] == 7
    x = torch.zeros(1, 1, 28, 28, requires_grad=True)
    y = x
    for kernel, stride, padding in ((3, 1, 1), (2, 2, 0), (3, 1, 1), (2, 2, 0), (3, 1, 1)):
        y = F.conv2d(y, torch.ones(1, 1, kernel, kernel), stride=stride, padding=padding)
    reached = torch.autograd.grad(y[0, 0, 3, 3], x)[0][0, 0] != 0
    assert reached.any(0).sum() == reached.any(1).sum() == RIGHT["d"]
    for k, s, p in ((4, 3, 0), (6, 3, 1), (12, 2, 0), (14, 2, 1), (20, 1, 0)):
        assert F.conv_transpose2d(torch.zeros(1, 1, 9, 9), torch.zeros(1, 1, k, k), stride=s, padding=p).shape[2] == 28
        accepts("08-shapes", RIGHT | {"e": (k, s, p)})


def test_shapes():
    survives("08-shapes", right=[RIGHT, {name: float(v) if name != "e" else [6, 3, 1] for name, v in RIGHT.items()},
                                 RIGHT | {"a": torch.tensor(14), "e": torch.tensor([20, 1, 0])}],
             wrong=[{}, RIGHT | {"a": 13}, RIGHT | {"b": 0}, RIGHT | {"c": 8}, RIGHT | {"d": 16}, RIGHT | {"e": (4, 3)},
                    RIGHT | {"e": (1, 0, 0)}, RIGHT | {"e": (4, 3, 1)}, RIGHT | {"a": 14.5}, RIGHT | {"a": "14"},
                    RIGHT | {"d": None},
                    {**RIGHT, "f": 1}])


@pytest.mark.parametrize(("change", "words"), [
    ({"a": 13}, "4 of 5 hold. a: "), ({"b": 0}, "with padding 0 a side of 7 becomes 16"), ({"c": 5}, "one pixel becomes 5"),
    ({"d": 16}, "16 is too few"), ({"d": 28}, "28 is too many"), ({"e": (5, 3, 0)}, "make 29 of 9"),
    ({"a": 13, "d": 3}, "3 of 5 hold")])
def test_each_wrong_shape_gets_its_counter_example(change, words):
    assert words in repr(refuses("08-shapes", RIGHT | change))


# ---- two published bugs

def block_with(norm):
    return lambda c: nn.Sequential(nn.ConvTranspose2d(c, c, 4, 2, 1, bias=False), norm(c), nn.LeakyReLU(0.2))


def start_with(mean, std=0.02, shift=0.0, kernel=0.02):
    def start(m):
        if isinstance(m, nn.ConvTranspose2d):
            nn.init.normal_(m.weight, 0, kernel)
        elif isinstance(m, nn.BatchNorm2d):
            nn.init.normal_(m.weight, mean, std)
            nn.init.constant_(m.bias, shift)
    return start


def whole_network(network):
    for m in network.modules():
        start_with(1.0)(m)


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(c, c, 3, padding=1))
        self.norm = nn.BatchNorm2d(c, momentum=None)

    def forward(self, x):
        return F.relu(self.norm(self.up(x)))


GOOD = block_with(nn.BatchNorm2d), start_with(1.0)


def test_bugs():
    survives("08-bugs", secrets=("normal_(", "BatchNorm2d("),
             right=[GOOD, list(GOOD), (block_with(lambda c: nn.BatchNorm2d(c, momentum=0.2)), whole_network),
                    (block_with(lambda c: nn.BatchNorm2d(c, eps=1e-4)), start_with(1.0)), (Block, start_with(1.0))],
             wrong=[GOOD[:1], (GOOD[0], 3), (lambda c: 3, GOOD[1]), (block_with(lambda c: nn.BatchNorm2d(c, 0.8)), GOOD[1]),
                    (block_with(nn.InstanceNorm2d), GOOD[1]), (nn.BatchNorm2d, GOOD[1]), (GOOD[0], lambda m: None),
                    *((GOOD[0], start_with(*a))
                      for a in ((0.0,), (1.0, 0.0), (1.0, 0.2), (1.0, 0.02, 0.1), (1.0, 0.02, 0.0, 0.2)))])


@pytest.mark.parametrize(("answer", "words"), [
    ((block_with(lambda c: nn.BatchNorm2d(c, 0.8)), GOOD[1]), "standard deviation 1 leave its BatchNorm with 0.74"),
    ((block_with(lambda c: nn.BatchNorm2d(c, momentum=0.8)), GOOD[1]), "80% of the running average"),
    ((GOOD[0], start_with(0.0)), "mutes its channel"), ((GOOD[0], start_with(1.0, 0.02, 0.1)), "shifts"),
    ((GOOD[0], start_with(1.0, 0.02, 0.0, 0.1)), "kernels should have standard deviation 0.02"),
    ((GOOD[0], start_with(0.5)), "mean 1, and have 0.5")])
def test_each_bug_is_named_by_what_it_does(answer, words):
    assert words in repr(refuses("08-bugs", answer))


# ---- eval or train

MODES = {"a picture of this z, for a reader": "eval", "G's loss in a training step": "train"}


def pictures(G, z, a, b):
    with torch.no_grad():
        return [G(torch.cat([z, others]))[:len(z)] for others in (a, b)]


def on_a_copy(G, z, a, b):
    one, other = pictures(copy.deepcopy(G), z, a, b)
    return (one - other).abs().max()


def put_back(G, z, a, b):
    state = copy.deepcopy(G.state_dict())
    one, other = pictures(G, z, a, b)
    G.load_state_dict(state)
    return float(torch.max(torch.abs(one - other)))


def on_copy(measure):
    return lambda G, z, a, b: measure(*pictures(copy.deepcopy(G), z, a, b))


def careless(G, z, a, b):
    one, other = pictures(G, z, a, b)
    return (one - other).abs().max().item()


def leaves_eval(G, z, a, b):
    value = on_a_copy(G, z, a, b)
    G.eval()
    return value


def in_train_mode(G, z, a, b):
    return on_a_copy(copy.deepcopy(G).train(), z, a, b)


def all_rows(G, z, a, b):
    twin = copy.deepcopy(G)
    with torch.no_grad():
        one, other = (twin(torch.cat([z, c])) for c in (a, b))
    return (one[:5] - other[:5]).abs().max()


SLIPS = {"mean change": on_copy(lambda a, b: (a - b).abs().mean()), "sign": on_copy(lambda a, b: (a - b).max()),
         "range of the changes": on_copy(lambda a, b: (a - b).max() - (a - b).min()),
         "root mean square": on_copy(lambda a, b: (a - b).square().mean().sqrt()),
         "moves the running averages": careless, "another mode": leaves_eval, "choose a mode": in_train_mode}


def test_mode():
    survives("08-mode", right=[(on_a_copy, MODES), [put_back, MODES], (on_a_copy, {k: v.upper() for k, v in MODES.items()})],
             wrong=[(on_a_copy, {}), (on_a_copy,),
                    (on_a_copy, dict.fromkeys(MODES, "eval")), (on_a_copy, dict.fromkeys(MODES, "train")),
                    (on_a_copy, MODES | {"G's loss in a training step": ...}), (all_rows, MODES), (lambda *a: 0.0, MODES),
                    *((slip, MODES) for slip in SLIPS.values())])


@pytest.mark.parametrize("what", SLIPS)
def test_each_slip_is_named(what):
    assert what in repr(refuses("08-mode", (SLIPS[what], MODES)))


def test_a_wrong_mode_is_told_by_its_use_only():
    line = repr(refuses("08-mode", (on_a_copy, dict.fromkeys(MODES, "eval"))))
    assert "G's loss in a training step" in line and "train mode" not in line
