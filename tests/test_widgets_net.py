"""Networks in the page: packed, and run by the page's own JavaScript in node, they equal torch."""

import base64

import numpy as np
import pytest
import torch
from torch import nn

from gan_edu.latent import lerp, slerp
from gan_edu.networks import MaxoutDiscriminator, MLPDiscriminator, MLPGenerator, ReLUGenerator, eval_mode
from gan_edu.widgets.base import source
from gan_edu.widgets.mlp import pack
from node_run import needs_node, run_js

NETWORKS = {
    "the sources' generator": (MLPGenerator, (100,)),
    "the sources' discriminator": (MLPDiscriminator, (1, 28, 28)),
    "the 2014 generator": (ReLUGenerator, (100,)),
    "the 2014 discriminator": (MaxoutDiscriminator, (1, 28, 28)),
    "odd sizes": (lambda: MLPGenerator(7, shape=(3, 5, 3), hidden=(9, 1, 10)), (7,)),
    "BatchNorm behind the activation": (lambda: nn.Sequential(
        nn.BatchNorm1d(3), nn.Linear(3, 8, bias=False), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 2)), (3,)),
}


def used(make):
    """A network whose BatchNorm statistics and weights are those of no fresh network."""
    torch.manual_seed(1)
    net = make()
    inputs = next(m for m in net.modules() if isinstance(m, nn.Linear)).in_features
    with torch.no_grad():
        for _ in range(5):
            x = torch.randn(32, inputs) * 2 + 0.5
            net(x.reshape(-1, 1, 28, 28) if inputs == 784 else x)
        for p in net.parameters():
            p.mul_(1.5)
    return net.eval()


@pytest.fixture(params=NETWORKS.items(), ids=lambda item: item[0], scope="module")
def case(request):
    make, shape = request.param[1]
    net = used(make)
    x = torch.randn(4, *shape) if len(shape) == 1 else torch.rand(4, *shape) * 2 - 1
    with eval_mode(net):
        return net, pack(net, shape), x.flatten(1), net(x).flatten(1).double().numpy()


def test_packed_weights_give_torchs_outputs(case):
    _, packed, x, truth = case
    assert np.abs(packed.forward(x.numpy()) - truth).max() < 1e-3


def test_int16_rows_are_closer_than_float16_at_the_same_size():
    net = used(MLPGenerator)
    packed, z = pack(net, (100,)), torch.randn(32, 100)
    half = used(MLPGenerator)
    with eval_mode(net, half):
        for p in half.parameters():
            p.copy_(p.half().float())
        truth, halved = net(z).flatten(1).numpy(), half(z).flatten(1).numpy()
    error, error_half = np.abs(packed.forward(z.numpy()) - truth), np.abs(halved - truth)
    assert error.mean() < error_half.mean() / 3
    assert len(packed.data) < 2.02 * sum(m.weight.numel() for m in net.modules() if isinstance(m, nn.Linear))


@needs_node
@pytest.mark.parametrize("plain", [False, True], ids=["simd", "plain"])
def test_page_computes_what_torch_computes(case, plain):
    _, packed, x, truth = case
    out = run_js([source("net.js")], """
        const bytes = Uint8Array.from(Buffer.from(given.data, "base64")).buffer;
        const g = net.load(given.spec, bytes, { plain: given.plain });
        g.forward(given.x[0].map(() => 3e38));                          // an overflow leaves nothing behind
        return { engine: g.engine, rows: given.x.map((row) => Array.from(g.forward(row))) };
    """, spec=packed.spec, data=base64.b64encode(packed.data).decode(), x=x.tolist(), plain=plain)
    assert out["engine"] == ("plain" if plain else "simd")
    assert np.abs(np.array(out["rows"]) - truth).max() < 1e-3


class Residual(nn.Module):
    """Looks like a plain stack and is not: the comparison on random inputs must find out."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x):
        return x + self.net(x)


@pytest.mark.parametrize("net", [
    Residual(), nn.Sequential(nn.Linear(4, 4), nn.GELU()),
    nn.Sequential(nn.Unflatten(1, (1, 2, 2)), nn.Conv2d(1, 1, 2)),
    nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.BatchNorm1d(4)), nn.Sequential(nn.Tanh()), nn.ModuleList(),
    nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4, track_running_stats=False)),
    nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)),
], ids=lambda net: type(net).__name__)
def test_what_the_page_cannot_run_is_left_to_python(net):
    assert pack(net, (4,)) is None


def test_packing_leaves_the_network_as_it_was():
    net = MLPGenerator(5, shape=(1, 2, 2), hidden=(6,)).train()
    before = [p.clone() for p in net.state_dict().values()]
    pack(net, (5,))
    assert net.training and all(torch.equal(a, b) for a, b in zip(before, net.state_dict().values()))


# ---- paths, as gan_edu.latent has them

def ends(kind):
    a, b = torch.randn(2, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return {"any": (a, b), "near": (a, a + 1e-7 * b), "equal": (a, a), "opposite": (a, -2 * a)}[kind]


@needs_node
@pytest.mark.parametrize("kind", ["any", "near", "equal", "opposite"])
def test_paths_are_those_of_the_latent_room(kind):
    a, b = ends(kind)
    ts = [0.0, 0.3, 0.5, 1.0]
    out = run_js([source("noise.js")], """
        return ["lerp", "slerp"].map((path) => given.ts.map((t) => noise[path](given.a, given.b, t)));
    """, a=a.tolist(), b=b.tolist(), ts=ts)
    for path, found in zip((lerp, slerp), out):
        assert np.allclose(found, [path(a, b, t).numpy() for t in ts], atol=1e-6), path.__name__


@needs_node
def test_sweep_rows_go_down_and_columns_across():
    grid = run_js([source("noise.js")], """
        return noise.grid([5, 5, 5], noise.unit(3, 0), given.down, noise.spread(2, 3)); """, down=[0, 1, 0])
    assert grid[:4] == [[3, 3, 5], [5, 3, 5], [7, 3, 5], [3, 5, 5]] and len(grid) == 9
    row = run_js([source("noise.js")], "return noise.grid([5], [1], null, noise.spread(1, 3));")
    assert row == [[4], [5], [6]]


# ---- scheduling (faults 48)

@needs_node
def test_hundred_moves_in_a_frame_draw_twice_and_end_on_the_newest():
    drawn = run_js([source("kit.js")], """
        const frames = []; globalThis.requestAnimationFrame = (fn) => frames.push(fn);
        const drawn = []; const draw = kit.latest((v) => drawn.push(v));
        for (let i = 0; i < 100; i++) draw(i);
        const first = drawn.slice();
        while (frames.length) frames.shift()();
        draw("later"); while (frames.length) frames.shift()();
        return { first, drawn };
    """)
    assert drawn == {"first": [0], "drawn": [0, 99, "later"]}


@needs_node
def test_numbers_have_a_true_minus_and_no_negative_zero():
    out = run_js([source("kit.js")], "return [kit.fixed(-1.5), kit.fixed(-0.001), kit.fixed(2, 0)];")
    assert out == ["\u22121.50", "0.00", "2"]


@needs_node
def test_weights_may_come_as_base64():
    out = run_js([source("kit.js")], "return Array.from(new Uint8Array(kit.bytes('AQID')));")
    assert out == [1, 2, 3]
