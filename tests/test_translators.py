"""Networks from image to image: what one output sees, what the skips carry, how pixels are shuffled, what is refused."""

import pytest
import torch
from torch import nn

from gan_edu.networks import NETWORKS, build, count_parameters, describe, eval_mode, has_batch_statistics, seeded
from gan_edu.translators import (
    PAPER_PATCH,
    SMALL_PATCH,
    PatchDiscriminator,
    SuperResolutionGenerator,
    UNet,
    receptive_field,
)


def field_by_jacobian(layers, side):
    """The side of the square of pixels on which one logit in the middle depends, by its gradient."""
    with seeded(0):
        D = PatchDiscriminator(shape=(1, side, side), inputs=0, width=2, layers=layers).double()
        x = torch.randn(1, 1, side, side, dtype=torch.float64).requires_grad_()
    for p in D.parameters():
        nn.init.normal_(p, 0, 1, generator=torch.Generator().manual_seed(1))
    logits = D(x)
    middle = logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2]
    rows, columns = torch.autograd.grad(middle, x)[0][0, 0].nonzero(as_tuple=True)
    assert rows.max() - rows.min() == columns.max() - columns.min()
    return int(rows.max() - rows.min()) + 1


@pytest.mark.parametrize("layers, side, expected", [
    (PAPER_PATCH, 128, 70), (SMALL_PATCH, 48, 22), (((4, 2), (4, 1), (4, 1)), 40, 16), (((1, 1),) * 3, 9, 1),
    (((3, 1), (3, 3), (5, 2)), 60, 17)])
def test_one_logit_sees_so_many_pixels_by_the_formula_and_by_its_gradient(layers, side, expected):
    assert receptive_field(layers) == field_by_jacobian(layers, side) == expected


def test_the_field_of_nothing_is_one_pixel():
    assert receptive_field([]) == 1
    assert receptive_field([(7, 1)]) == 7


@pytest.mark.parametrize("layers", [[(0, 1)], [(4, 0)], [(2.5, 1)]])
def test_receptive_field_refuses(layers):
    with pytest.raises(ValueError, match=r"(kernel|stride) must be a whole number >= 1"):
        receptive_field(layers)


@pytest.mark.parametrize("side, depth, inputs, channels", [(28, 3, 1, 1), (28, 1, 1, 1), (32, 5, 3, 3), (7, 2, 2, 1),
                                                           (16, 4, 1, 3)])
def test_unet_gives_the_shape_it_says_at_every_side(side, depth, inputs, channels):
    G = UNet(inputs=inputs, shape=(channels, side, side), width=4, depth=depth)
    x = G(torch.rand(2, inputs, side, side) * 2 - 1)
    assert x.shape == (2, channels, side, side) == (2, *G.shape) and x.abs().max() <= 1
    assert G.input_shape == (inputs, side, side)


def test_without_skips_all_goes_through_the_few_pixels():
    for skips in (True, False):
        with seeded(0):
            G = UNet(width=4, skips=skips)
            y = torch.randn(2, 1, 28, 28)
        nn.init.zeros_(G.down[-1][0].weight)                       # nothing passes the deepest layer
        with eval_mode(G):
            first, second = G(y)
        assert torch.equal(first, second) != skips


def test_noise_is_in_the_two_deepest_layers_of_the_way_up():
    G = UNet(width=4, depth=4, shape=(1, 32, 32))
    assert [any(isinstance(m, nn.Dropout) for m in layer) for layer in G.up] == [True, True, False, False]
    assert not any(isinstance(m, nn.Dropout) for m in UNet(width=4, dropout=0).modules())


def test_sizes_are_those_of_the_docstrings_and_networks_are_built_anew_from_their_description():
    for network in (UNet(), PatchDiscriminator(), SuperResolutionGenerator()):
        assert NETWORKS[type(network).__name__] is type(network)
        twin = build(describe(network))
        assert {k: v.shape for k, v in twin.state_dict().items()} == {k: v.shape for k, v in network.state_dict().items()}
    for cls in (UNet, SuperResolutionGenerator):
        assert f"{count_parameters(cls()):,} numbers" in " ".join(cls.__doc__.split())
    assert PatchDiscriminator().field == 22 and not has_batch_statistics(PatchDiscriminator())


def test_paper_s_judge_has_the_paper_s_channels_and_grid():
    D = PatchDiscriminator(shape=(3, 256, 256), inputs=3, width=64, layers=PAPER_PATCH)
    assert [m.out_channels for m in D.net if isinstance(m, nn.Conv2d)] == [64, 128, 256, 512, 1]
    assert D.field == 70 and D(torch.zeros(1, 3, 256, 256), torch.zeros(1, 3, 256, 256)).shape == (1, 1, 30, 30)


def test_d_judges_what_it_was_built_for():
    x = torch.zeros(2, 1, 28, 28)
    with pytest.raises(ValueError, match="judges the pair"):
        PatchDiscriminator(width=2)(x)
    with pytest.raises(ValueError, match="judges x alone"):
        PatchDiscriminator(width=2, inputs=0)(x, x)


def test_pixel_shuffle_is_the_paper_s_formula_and_loses_nothing():
    r, x = 2, torch.arange(2 * 3 * 4 * 5 * 6, dtype=torch.float32).reshape(2, 12, 5, 6)
    shuffled = nn.PixelShuffle(r)(x)
    assert torch.equal(nn.PixelUnshuffle(r)(shuffled), x)          # the same numbers in other places
    for c in range(3):                                             # Shi et al. 2016, eq. (4), in PyTorch's order of channels
        for row in range(10):
            for column in range(12):
                there = x[:, c * r * r + r * (row % r) + column % r, row // r, column // r]
                assert torch.equal(shuffled[:, c, row, column], there)


@pytest.mark.parametrize("factor, side", [(2, 28), (4, 28), (8, 16)])
def test_super_resolution_starts_as_enlarged_pixels(factor, side):
    with seeded(0):
        G = SuperResolutionGenerator(shape=(1, side, side), factor=factor, width=4, blocks=2)
        y = torch.rand(3, 1, side // factor, side // factor) * 2 - 1
    big = y.repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    torch.testing.assert_close(G(y), torch.tanh(2 * big))
    nn.init.normal_(G.last.weight)
    assert G(y).shape == big.shape and not torch.allclose(G(y), torch.tanh(2 * big))


@pytest.mark.parametrize("make, words", [
    (lambda: UNet(shape=(1, 28, 27)), r"\(channels, side, side\), got \(1, 28, 27\)"),
    (lambda: UNet(depth=6), "depth 6 for a side of 28; take at most 5"), (lambda: UNet(depth=0), "depth must be a whole number"),
    (lambda: UNet(dropout=1.0), r"dropout must lie in \[0, 1\), got 1"), (lambda: UNet(dropout=-0.1), "dropout must be"),
    (lambda: SuperResolutionGenerator(factor=3), "factor must be 2, 4 or 8 and divide the side 28, got 3"),
    (lambda: SuperResolutionGenerator(factor=8), "divide the side 28, got 8"),
    (lambda: UNet(width=2)(torch.zeros(1, 1, 7, 7)), r"translates images \(n, 1, 28, 28\), got \(1, 1, 7, 7\)"),
    (lambda: SuperResolutionGenerator(width=2)(torch.zeros(1, 1, 28, 28)), r"images \(n, 1, 7, 7\)")])
def test_what_does_not_fit_is_refused_with_what_would(make, words):
    with pytest.raises(ValueError, match=words):
        make()
