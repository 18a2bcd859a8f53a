"""Convolutional players: the papers' counts, shapes and first weights; shortcuts against plain layers; who sees whom."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gan_edu.networks import (
    ConcatDiscriminator,
    ConditionalGenerator,
    ConvDiscriminator,
    ConvGenerator,
    Critic,
    DCGANDiscriminator,
    DCGANGenerator,
    ProjectionDiscriminator,
    build,
    count_parameters,
    describe,
    eval_mode,
    has_batch_statistics,
    seeded,
)
from gan_edu.networks_conv import _FromImage, conv_size, conv_transpose_size
from gan_edu.networks_parts import label_vectors

SMALL = dict(shape=(1, 8, 8), width=4)
Y = torch.tensor([3, 0, 9, 3, 5])
ALL = [lambda: ConvGenerator(3, width=2), lambda: ConvDiscriminator(width=2), lambda: DCGANGenerator(3, **SMALL),
       lambda: DCGANGenerator(3, shape=(3, 16, 16), width=2, latent="uniform"), lambda: DCGANDiscriminator(**SMALL),
       lambda: DCGANDiscriminator(norm="layer", spectral=True, **SMALL), lambda: DCGANDiscriminator(layers=2, **SMALL),
       lambda: Critic(**SMALL), lambda: Critic(layers=3, **SMALL),
       lambda: ConditionalGenerator(3, **SMALL), lambda: ConcatDiscriminator(**SMALL),
       lambda: ProjectionDiscriminator(**SMALL)]


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def inputs_of(network, n=5):
    x = torch.randn(n, network.latent_dim, generator=rng()) if hasattr(network, "latent_dim") else \
        torch.rand(n, *network.shape, generator=rng()) * 2 - 1
    return (x, Y[:n]) if hasattr(network, "classes") else (x,)


def outputs_of_convolutions(network, *inputs):
    """The shape after each layer with a kernel, channels first."""
    shapes = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape[1:])))
    network(*inputs)
    return shapes


# ---- counts, shapes, first weights ------------------------------------------------------------------------------------

def test_parameter_counts_of_the_papers_networks():
    assert count_parameters(DCGANGenerator(100, shape=(3, 64, 64), width=64)) == 3_576_704
    assert count_parameters(DCGANDiscriminator(shape=(3, 64, 64), width=64)) == 2_765_568
    assert count_parameters(ConvGenerator(100)) == 1_636_033 and count_parameters(ConvDiscriminator()) == 26_545
    kernels = 100 * 128 * 49 + 128 * 64 * 16 + 64 * 1 * 16                                  # 28 x 28, no biases
    assert count_parameters(DCGANGenerator()) == kernels + 2 * (128 + 64)                  # a scale and a shift a channel
    assert count_parameters(DCGANDiscriminator()) == 16 * 64 + 64 * 128 * 16 + 128 * 49 + 2 * 128


def test_a_third_layer_of_D_reads_28_pixels_down_to_3():
    three = DCGANDiscriminator(norm="none", layers=3)
    assert outputs_of_convolutions(three, torch.zeros(2, 1, 28, 28)) == [(64, 14, 14), (128, 7, 7), (256, 3, 3), (1, 1, 1)]
    assert three(torch.zeros(2, 1, 28, 28)).shape == (2, 1)
    assert describe(three)["layers"] == 3 and "layers" not in describe(DCGANDiscriminator())     # older files stay good
    with seeded(0):
        two = DCGANDiscriminator(layers=2, norm="none")
    with seeded(0):
        assert all(torch.equal(a, b) for a, b in zip(two.parameters(), DCGANDiscriminator(norm="none").parameters()))
    with pytest.raises(ValueError, match="layers must leave at least one pixel of 28, got 5; use 4 or fewer"):
        DCGANDiscriminator(layers=5)
    with pytest.raises(ValueError, match="layers"):
        Critic(layers=0)


def test_shapes_of_the_papers_figure_1():
    shapes = outputs_of_convolutions(DCGANGenerator(shape=(3, 64, 64), width=128), torch.zeros(2, 100))
    assert shapes == [(1024, 4, 4), (512, 8, 8), (256, 16, 16), (128, 32, 32), (3, 64, 64)]
    back = outputs_of_convolutions(DCGANDiscriminator(shape=(3, 64, 64), width=128), torch.zeros(2, 3, 64, 64))
    assert back == [(128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4), (1, 1, 1)]
    assert outputs_of_convolutions(DCGANGenerator(), torch.zeros(2, 100)) == [(128, 7, 7), (64, 14, 14), (1, 28, 28)]


def test_sizes_follow_the_formulas():
    draws = rng(1)
    for _ in range(40):
        n, kernel, stride, padding = (int(torch.randint(low, high, (), generator=draws))
                                      for low, high in ((5, 20), (2, 6), (1, 4), (0, 2)))
        x = torch.zeros(1, 1, n, n)
        assert F.conv2d(x, torch.zeros(1, 1, kernel, kernel), stride=stride, padding=padding).shape[2] \
            == conv_size(n, kernel=kernel, stride=stride, padding=padding)
        assert F.conv_transpose2d(x, torch.zeros(1, 1, kernel, kernel), stride=stride, padding=padding).shape[2] \
            == conv_transpose_size(n, kernel=kernel, stride=stride, padding=padding)


@pytest.mark.parametrize("make", [DCGANGenerator, DCGANDiscriminator, ProjectionDiscriminator])
def test_first_weights_are_the_papers(make):
    """N(0, 0.02) for kernels; N(1, 0.02) for BatchNorm's scales, where N(0, 0.02) would mute every channel."""
    with seeded(0):
        network = make(width=64)
    kernels = [getattr(m, "parametrizations", {}).weight.original if hasattr(m, "parametrizations") else m.weight
               for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    scales = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    for weight in kernels:
        bound = 4 * 0.02 / weight.numel() ** 0.5
        assert abs(weight.mean().item()) < bound and abs(weight.std().item() - 0.02) < bound
    for norm in scales:
        assert abs(norm.weight.mean().item() - 1) < 0.01 and 0.014 < norm.weight.std().item() < 0.026
        assert norm.bias.abs().max() == 0
    assert bool(scales) == (make is not ProjectionDiscriminator)


@pytest.mark.parametrize("make", ALL)
def test_players_have_the_right_ends_and_a_description_builds_them_anew(make):
    network = make()
    twin = build(describe(network))
    twin.load_state_dict(network.state_dict())
    with eval_mode(network, twin):
        out = network(*inputs_of(network))
        assert torch.equal(out, twin(*inputs_of(network)))
    if hasattr(network, "latent_dim"):
        assert out.shape == (5, *network.shape) and -1 <= out.min() and out.max() <= 1
    else:
        assert out.shape == (5, 1)


# ---- shortcuts against plain layers -----------------------------------------------------------------------------------

def test_matrix_products_equal_the_transposed_convolutions_they_stand_for():
    """The first and the last layer of DCGAN's generator, values and gradients, in float64."""
    G = DCGANGenerator(3, shape=(2, 8, 8), width=4).double()
    z = torch.randn(5, 3, generator=rng(), dtype=torch.float64)
    x = torch.randn(5, 4, 4, 4, generator=rng(1), dtype=torch.float64).to(memory_format=torch.channels_last)
    plain = {0: lambda z, W: F.conv_transpose2d(z[:, :, None, None], W),
             3: lambda x, W: F.conv_transpose2d(x, W, stride=2, padding=1)}
    for place, source in ((0, z), (3, x)):
        layer, source = G.net[place], source.clone().requires_grad_()
        ours, theirs = layer(source), plain[place](source, layer.weight)
        torch.testing.assert_close(ours, theirs)
        direction = torch.randn(ours.shape, generator=rng(2), dtype=torch.float64)
        torch.testing.assert_close(*(torch.autograd.grad(out, (source, layer.weight), direction) for out in (ours, theirs)))


@pytest.mark.parametrize("channels, side, bias", [(1, 8, False), (3, 8, True), (1, 7, True)])
def test_ds_slope_at_the_image_equals_the_convolutions(channels, side, bias):
    layer = _FromImage(channels, 5, 4, stride=2, padding=1, bias=bias).double().requires_grad_(False)
    x = torch.randn(2, channels, side, side, generator=rng(), dtype=torch.double).requires_grad_()
    plain = F.conv2d(x, layer.weight, layer.bias, stride=2, padding=1)
    v = torch.randn(plain.shape, generator=rng(1), dtype=torch.double)
    assert torch.equal(layer(x), plain)
    torch.testing.assert_close(*(torch.autograd.grad(out, x, v)[0] for out in (layer(x), plain)))
    assert "_SlopeAtImage" in type(layer(x).grad_fn).__name__
    assert torch.autograd.gradgradcheck(lambda x: layer(torch.tanh(x)), x)      # slopes of slopes, as penalties need them
    trained = layer.requires_grad_()(x)
    assert "Convolution" in type(trained.grad_fn).__name__ and torch.equal(trained, plain)


def test_a_frozen_judge_gives_g_the_slope_that_a_trained_one_gives():
    D = DCGANDiscriminator(norm="none", **SMALL)
    x = torch.randn(3, 1, 8, 8, generator=rng()).requires_grad_()
    slope, = torch.autograd.grad(D(x).sum(), x)
    frozen, = torch.autograd.grad(D.requires_grad_(False)(x).sum(), x)
    torch.testing.assert_close(frozen, slope)


def test_order_in_memory_does_not_change_values():
    for network in (make() for make in ALL):
        with eval_mode(network):
            last = network(*inputs_of(network))
            first = network.to(memory_format=torch.contiguous_format)(*inputs_of(network))
        torch.testing.assert_close(last, first, rtol=1e-4, atol=1e-5)


def test_the_sources_pair_computes_what_the_source_writes():
    """Written from the post with functions only, in its own units: pixels in [0, 1], and D's sigmoid."""
    with seeded(0):
        G, D = ConvGenerator(6, width=4), ConvDiscriminator(width=3)
    z, x = torch.randn(5, 6, generator=rng()), torch.rand(5, 1, 28, 28, generator=rng(1))

    def block(x, conv, norm):
        x = F.conv2d(x, conv.weight, padding=1)
        return F.relu(F.batch_norm(x, None, None, norm.weight, norm.bias, training=True))

    def up(x):
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)

    g, d = G.net, D.net
    h = F.linear(z, g[0].weight, g[0].bias).reshape(-1, 16, 7, 7)
    h = block(up(block(up(h), g[3], g[4])), g[7], g[8])
    picture = torch.sigmoid(F.conv2d(h, g[10].weight, g[10].bias))
    torch.testing.assert_close((G(z) + 1) / 2, picture)
    h = F.max_pool2d(block(x, d[0], d[1]), 2)
    h = block(F.max_pool2d(block(h, d[4], d[5]), 2), d[8], d[9]).flatten(1)
    torch.testing.assert_close(torch.sigmoid(D(2 * x - 1)), torch.sigmoid(F.linear(h, d[12].weight, d[12].bias)))


# ---- conditions -------------------------------------------------------------------------------------------------------

def test_labels_are_unit_vectors_and_may_lie_between_classes():
    rows = label_vectors(Y, 10)
    assert rows.shape == (5, 10) and torch.equal(rows.argmax(1), Y) and torch.equal(rows.sum(1), torch.ones(5))
    assert torch.equal(label_vectors(rows, 10), rows)
    for network in (ConditionalGenerator(3, **SMALL), ConcatDiscriminator(**SMALL), ProjectionDiscriminator(**SMALL)):
        with eval_mode(network):
            x, _ = inputs_of(network)
            assert torch.equal(network(x, Y), network(x, rows))
            assert not torch.allclose(network(x, Y), network(x, (Y + 1) % 10), atol=1e-7)
            half = network(x, 0.5 * rows + 0.5 * rows.roll(1, 0))
        assert torch.isfinite(half).all()


def test_conditions_enter_as_the_papers_write():
    """Mirza and Osindero: beside the input. Miyato and Koyama, eq. (3): psi(phi(x)) + y . V phi(x)."""
    with seeded(0):
        G, concat, project = ConditionalGenerator(3, **SMALL), ConcatDiscriminator(**SMALL), ProjectionDiscriminator(**SMALL)
    z, x = inputs_of(G)[0], inputs_of(concat)[0]
    with eval_mode(G, concat, project):
        torch.testing.assert_close(G(z, Y), G.trunk(torch.cat([z, torch.eye(10)[Y]], 1)))
        planes = torch.zeros(5, 10, 8, 8)
        planes[torch.arange(5), Y] = 1
        torch.testing.assert_close(concat(x, Y), concat.trunk(torch.cat([x, planes], 1)))
        phi = project.features(x).sum((2, 3))
        for n in range(5):
            expected = phi[n] @ project.psi.weight[0] + project.psi.bias[0] + phi[n] @ project.V.weight[Y[n]]
            torch.testing.assert_close(project(x, Y)[n, 0], expected)


# ---- spectral normalisation, and who sees whom --------------------------------------------------------------------------

@pytest.mark.parametrize("make", [lambda **a: DCGANDiscriminator(norm="none", **a), lambda **a: Critic(**a),
                                  lambda **a: ConcatDiscriminator(**a), lambda **a: ProjectionDiscriminator(**a)])
def test_spectral_norm_is_one_by_svd(make):
    with seeded(0):
        network = make(spectral=True, **SMALL)
    inputs = inputs_of(network)
    for _ in range(60):                                       # each pass in training mode is one step of its iteration
        network(*inputs)
    with eval_mode(network):
        weights = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    largest = [torch.linalg.svdvals(weight.flatten(1))[0].item() for weight in weights]
    assert len(largest) >= 2 and largest == pytest.approx([1] * len(largest), abs=1e-3)
    plain = [torch.linalg.svdvals(m.weight.flatten(1))[0].item() for m in make(spectral=False, **SMALL).modules()
             if isinstance(m, nn.Conv2d | nn.Linear)]
    assert all(abs(value - 1) > 0.05 for value in plain)


def other_images_share(D, *y):
    """The largest slope of any image's verdict by any other image's pixels, over the largest by its own."""
    x = torch.rand(4, *D.shape, generator=rng(), dtype=torch.float64) * 2 - 1
    D.double().train()
    J = torch.autograd.functional.jacobian(lambda x: D(x, *y)[:, 0], x).flatten(2).abs().amax(2)      # (verdict, image)
    own = J.diagonal()
    return ((J - torch.diag(own)).max() / own.max()).item()


@pytest.mark.parametrize("make", [lambda: Critic(**SMALL), lambda: Critic(norm="layer", **SMALL),
                                  lambda: Critic(spectral=True, **SMALL)])
def test_a_critic_judges_each_image_by_itself(make):
    """The Jacobian of verdicts by images is diagonal, in training mode too."""
    assert not has_batch_statistics(make()) and other_images_share(make()) == 0
    assert other_images_share(ProjectionDiscriminator(**SMALL), Y[:4]) == 0


@pytest.mark.parametrize("make", [lambda: DCGANDiscriminator(shape=(1, 16, 16), width=4), lambda: ConvDiscriminator(width=2)])
def test_with_batch_norm_each_image_moves_the_verdict_on_all(make):
    assert has_batch_statistics(make()) and other_images_share(make()) > 1e-3


@pytest.mark.parametrize("make, message", [
    (lambda: DCGANGenerator(shape=(1, 28, 30)), r"shape must be \(channels, side, side\).*got \(1, 28, 30\)"),
    (lambda: DCGANGenerator(shape=(1, 7, 7)), "even side >= 6.*got"),
    (lambda: DCGANGenerator(width=0), "width must be a whole number >= 1, got 0"),
    (lambda: DCGANGenerator(latent="gamma"), "latent must be normal or uniform, got 'gamma'"),
    (lambda: DCGANDiscriminator(norm="instance"), "norm must be one of batch, layer, none, got 'instance'"),
    (lambda: Critic(norm="batch"), 'norm must be "none" or "layer" in a critic, got "batch"'),
    (lambda: ConvGenerator(-1), "latent_dim must be a whole number >= 1, got -1"),
    (lambda: ConvGenerator(3, width=2)(torch.zeros(4, 9)), r"z must have shape \(n, 3\), got \(4, 9\)"),
    (lambda: ConditionalGenerator(3, classes=0), "classes must be a whole number >= 1, got 0"),
    (lambda: ConditionalGenerator(3, **SMALL)(torch.zeros(1, 3), torch.tensor([10])), r"y must lie in 0..9, got 10..10"),
    (lambda: label_vectors(torch.zeros(3), 10), r"y must be int64 \(n,\) or float \(n, 10\), got torch.float32 \(3,\)"),
])
def test_wrong_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
