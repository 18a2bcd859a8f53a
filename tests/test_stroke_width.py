"""Tests of the width of strokes: bars of known width, a closed form, gradients."""

import pytest
import torch

from gan_edu.metrics import stroke_width


def bar(width, *, size=60, angle=0.0, bright=1.0):
    """Return a bar of this width through the middle of a black image, softened by a quarter of a pixel."""
    turn = torch.tensor([torch.cos(torch.tensor(angle)), torch.sin(torch.tensor(angle))])
    y, x = torch.meshgrid(*[torch.arange(size) - size / 2 + 0.5] * 2, indexing="ij")
    across, along = (x * turn[0] + y * turn[1]).abs(), (y * turn[0] - x * turn[1]).abs()
    inside = torch.sigmoid((width / 2 - across) / 0.25) * torch.sigmoid((20 - along) / 0.25)
    return (2 * bright * inside - 1)[None, None]


@pytest.mark.parametrize("width", [2.0, 3.0, 5.0])
@pytest.mark.parametrize("angle", [0.0, 0.4, 0.785])
def test_a_bar_has_its_width(width, angle):
    long = 40.0
    wanted = 2 * width * long / (2 * (width + long))        # its two short edges count too
    assert stroke_width(bar(width, angle=angle)).item() == pytest.approx(wanted, rel=0.16)


def test_a_pale_stroke_is_as_wide_and_an_empty_image_has_none():
    assert stroke_width(bar(3, bright=0.5)).item() == pytest.approx(stroke_width(bar(3)).item(), rel=1e-3)
    assert stroke_width(torch.full((2, 1, 8, 8), -1.0)).tolist() == [0, 0]


def test_each_image_has_a_width_of_its_own():
    bars = [bar(width) for width in (2.0, 3.0, 5.0)]
    torch.testing.assert_close(stroke_width(torch.cat(bars)), torch.cat([stroke_width(x) for x in bars]))


def test_width_has_a_gradient_that_thickens():
    x = bar(3).requires_grad_()
    stroke_width(x).sum().backward()
    assert torch.isfinite(x.grad).all() and x.grad.abs().max() > 0
    with torch.no_grad():
        assert stroke_width((x + 0.01 * x.grad / x.grad.norm()).clamp(-1, 1)) > stroke_width(x)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"got \(2, 3, 8, 8\)"):
        stroke_width(torch.zeros(2, 3, 8, 8))
