"""Networks: the published sizes, ranges, modes and the road from a description back to a network."""

import math

import pytest
import torch
from torch import nn

from gan_edu import networks
from gan_edu.networks import (
    Maxout,
    MaxoutDiscriminator,
    MLPDiscriminator,
    MLPGenerator,
    ReLUGenerator,
    build,
    count_parameters,
    describe,
    eval_mode,
    has_batch_statistics,
    seeded,
)

ALL = [lambda: MLPGenerator(), lambda: MLPGenerator(3, shape=(2,), hidden=(8, 4), batch_norm=False, output="linear"),
       lambda: MLPDiscriminator(shape=(2,), hidden=(5,)), lambda: ReLUGenerator(), lambda: MaxoutDiscriminator(units=6)]


def test_parameter_counts_of_the_published_networks():
    assert count_parameters(ReLUGenerator()) == 2_503_984
    assert count_parameters(MaxoutDiscriminator()) == 1_231_441
    linear = sum(i * o + o for i, o in [(100, 256), (256, 512), (512, 1024), (1024, 784)])
    assert count_parameters(MLPGenerator()) == linear + 2 * (256 + 512 + 1024)       # a scale and a shift a unit
    assert count_parameters(MLPDiscriminator()) == 784 * 512 + 512 + 512 * 256 + 256 + 256 + 1


@pytest.mark.parametrize("G", [MLPGenerator(), ReLUGenerator()])
def test_generators_make_images_in_range(G):
    x = G(torch.randn(5, 100))
    assert x.shape == (5, 1, 28, 28) and -1 <= x.min() and x.max() <= 1


def test_a_linear_generator_is_not_bounded():
    G = MLPGenerator(2, shape=(2,), hidden=(4,), batch_norm=False, output="linear")
    assert G(1000 * torch.ones(1, 2)).abs().max() > 1


@pytest.mark.parametrize("D", [MLPDiscriminator(), MaxoutDiscriminator()])
def test_discriminators_return_one_logit_an_image(D):
    assert D(torch.rand(5, 1, 28, 28)).shape == (5, 1)
    assert not isinstance(list(D.modules())[-1], nn.Sigmoid)


def test_maxout_is_the_largest_of_its_linear_pieces():
    with seeded(0):
        layer = Maxout(3, 4, pieces=5)
    x = torch.randn(6, 3, generator=torch.Generator().manual_seed(1))
    W, b = layer.linear.weight.view(4, 5, 3), layer.linear.bias.view(4, 5)
    for n in range(6):
        for unit in range(4):
            pieces = [(W[unit, piece] @ x[n] + b[unit, piece]).item() for piece in range(5)]
            assert layer(x)[n, unit].item() == pytest.approx(max(pieces), abs=1e-6)


def test_the_2014_generator_starts_from_the_average_image():
    images = torch.randint(0, 256, (50, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    G = ReLUGenerator().start_from(images)
    with torch.no_grad():
        G.net[-3].weight.zero_()
        x = G(torch.zeros(1, 100))
    torch.testing.assert_close(x[0], images.double().mean(0).float() / 127.5 - 1, atol=1e-4, rtol=0)
    black = ReLUGenerator().start_from(torch.zeros(3, 1, 28, 28, dtype=torch.uint8))
    assert torch.isfinite(black.net[-3].bias).all()                      # logit(0) would be minus infinity


def test_2014_weights_start_where_the_authors_file_says():
    with seeded(0):
        G, D = ReLUGenerator(), MaxoutDiscriminator()
    widths = [m.weight.abs().max().item() for net in (G, D) for m in net.modules() if isinstance(m, nn.Linear)]
    assert all(0.0499 < w <= 0.05 for w in widths[:3]) and all(0.0048 < w <= 0.005 for w in widths[3:])
    drops = [m.p for m in D.modules() if isinstance(m, nn.Dropout)]
    assert drops == [0.2, 0.5, 0.5]


@pytest.mark.parametrize("make", ALL)
def test_a_description_builds_the_same_network(make):
    network = make()
    twin = build(describe(network))
    twin.load_state_dict(network.state_dict())
    x = torch.randn(3, network.latent_dim) if hasattr(network, "latent_dim") else torch.randn(3, *network.shape)
    with eval_mode(network, twin):
        assert torch.equal(network(x), twin(x))


def test_build_refuses_what_is_not_in_the_table():
    with pytest.raises(ValueError, match="one of MLPGenerator.*got 'os.system'"):
        build({"network": "os.system"})


def test_eval_mode_restores_each_submodule_also_after_an_error():
    """Fault 26: a network half in eval mode comes back half in eval mode."""
    G = MLPGenerator(hidden=(4, 4))
    G.net[1].eval()
    before = [m.training for m in G.modules()]
    with pytest.raises(RuntimeError), eval_mode(G):
        assert not any(m.training for m in G.modules()) and not torch.is_grad_enabled()
        raise RuntimeError
    assert [m.training for m in G.modules()] == before and torch.is_grad_enabled()


def test_one_image_works_in_eval_mode_where_batch_norm_would_refuse():
    """Fault 21."""
    G = MLPGenerator(hidden=(8,))
    with eval_mode(G):
        assert G(torch.zeros(1, 100)).shape == (1, 1, 28, 28)


def test_seeded_weights_are_equal_and_the_global_generator_is_untouched():
    before = torch.get_rng_state()
    with seeded(3):
        a = MLPGenerator()
    with seeded(3):
        b = MLPGenerator()
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), before)


def test_batch_statistics_are_seen():
    assert has_batch_statistics(MLPGenerator()) and not has_batch_statistics(MLPDiscriminator())


@pytest.mark.parametrize("make, message", [
    (lambda: MLPGenerator(-1), "latent_dim must be a whole number >= 1, got -1"),
    (lambda: MLPGenerator(hidden=(0,)), "hidden must be a whole number >= 1, got 0"),
    (lambda: MLPGenerator(output="relu"), "output must be tanh or linear, got 'relu'"),
    (lambda: MLPGenerator(latent="gamma"), "latent must be normal or uniform, got 'gamma'"),
    (lambda: MLPDiscriminator(hidden=(2.5,)), "hidden must be a whole number >= 1, got 2.5"),
    (lambda: MaxoutDiscriminator(pieces=True), "pieces must be a whole number >= 1, got True"),
    (lambda: ReLUGenerator(0), "latent_dim must be a whole number >= 1, got 0"),
    (lambda: MLPGenerator()(torch.zeros(4, 99)), r"z must have shape \(n, 100\), got \(4, 99\)"),
    (lambda: ReLUGenerator()(torch.zeros(100)), r"z must have shape \(n, 100\), got \(100,\)"),
])
def test_wrong_arguments_are_named(make, message):
    """Faults 16 and 18."""
    with pytest.raises(ValueError, match=message):
        make()


def test_initial_logits_of_the_sources_pair_are_near_zero():
    """An untrained D cannot tell: D(x) is near 1/2, V near -log 4."""
    with seeded(0):
        G, D = MLPGenerator(), MLPDiscriminator()
    with eval_mode(G, D):
        probability = torch.sigmoid(D(G(torch.randn(64, 100))))
    assert (probability - 0.5).abs().max() < 0.1
    assert math.log(4) == pytest.approx(1.386, abs=1e-3) and networks.NETWORKS["MLPGenerator"] is MLPGenerator
