"""Paired views: each rule against a loop over its pixels, and minibatches whose halves belong together."""

import numpy as np
import pytest
import torch

from gan_edu.data import ImageSet, scale
from gan_edu.data_paired import INK, UNKNOWN, VIEWS, PairedImages, edges, enlarge, paired, quarter, shrink


def outline_by_loops(image):
    """The outline of one image (H, W), cell by cell."""
    h, w = image.shape[0] // 2, image.shape[1] // 2
    ink = [[image[2 * r:2 * r + 2, 2 * c:2 * c + 2].astype(float).mean() > INK for c in range(w)] for r in range(h)]
    found = np.zeros_like(image)
    for r in range(h):
        for c in range(w):
            beside = [(r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)]
            if not ink[r][c] and any(ink[i][j] for i, j in beside if 0 <= i < h and 0 <= j < w):
                found[2 * r:2 * r + 2, 2 * c:2 * c + 2] = 255
    return found


def test_edges_are_those_of_a_double_loop(digits, tiny_images):
    images = torch.cat([digits.images[:6], tiny_images.images[:3]])
    for image, found in zip(images, edges(images), strict=True):
        assert np.array_equal(found[0].numpy(), outline_by_loops(image[0].numpy()))


def test_the_outline_of_one_dot_is_a_diamond_and_of_nothing_nothing():
    image = torch.zeros(1, 1, 10, 10, dtype=torch.uint8)
    assert not edges(image).any()
    image[0, 0, 4:6, 4:6] = 255
    assert edges(image)[0, 0, ::2, ::2].div(255).tolist() == [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 0],
                                                             [0, 0, 0, 0, 0]]


def test_quarter_keeps_the_upper_left_and_changes_nothing_else(tiny_images):
    before = tiny_images.images.clone()
    found = quarter(tiny_images.images)
    assert torch.equal(found[:, :, :14, :14], before[:, :, :14, :14]) and torch.equal(tiny_images.images, before)
    assert (found[:, :, 14:] == UNKNOWN).all() and (found[:, :, :, 14:] == UNKNOWN).all()


@pytest.mark.parametrize("factor", [2, 4, 7])
def test_shrink_takes_the_mean_of_each_block(tiny_images, factor):
    found = shrink(tiny_images.images[:3], factor).numpy()
    x = tiny_images.images[:3].numpy().astype(float)
    for r in range(28 // factor):
        for c in range(28 // factor):
            block = x[:, 0, r * factor:(r + 1) * factor, c * factor:(c + 1) * factor].mean((1, 2))
            assert np.abs(found[:, 0, r, c] - block).max() <= 0.5


def keys(t, a=-0.75):
    """The cubic kernel of Keys 1981, eq. (4), for any a."""
    t = abs(t)
    if t <= 1:
        return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1
    return a * (t ** 3 - 5 * t ** 2 + 8 * t - 4) if t < 2 else 0.0


def test_bicubic_is_the_cubic_convolution_of_its_paper():
    y = torch.rand(1, 1, 6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 0.5
    found = enlarge(y, 3)[0, 0]
    for r, c in ((0, 0), (4, 9), (8, 8), (17, 5), (10, 16)):
        v, u = (r + 0.5) / 3 - 0.5, (c + 0.5) / 3 - 0.5              # where the pixel's centre lies in the small image
        total = 0.0
        for i in range(int(np.floor(v)) - 1, int(np.floor(v)) + 3):
            for j in range(int(np.floor(u)) - 1, int(np.floor(u)) + 3):
                total += keys(v - i) * keys(u - j) * float(y[0, 0, min(max(i, 0), 5), min(max(j, 0), 5)])
        assert float(found[r, c]) == pytest.approx(total, abs=1e-9)


def test_nearest_repeats_pixels_and_shrink_undoes_it():
    small = torch.randint(0, 256, (4, 1, 7, 7), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    big = enlarge(scale(small), mode="nearest")
    assert torch.equal(big, scale(small).repeat_interleave(4, 2).repeat_interleave(4, 3))
    assert torch.equal(shrink(((big + 1) * 127.5).round().to(torch.uint8)), small)


def test_enlarged_images_stay_in_range():
    y = torch.ones(1, 1, 4, 4)
    y[..., 1:] = -1
    assert enlarge(y).min() == -1 and enlarge(y).max() == 1


@pytest.mark.parametrize("view", VIEWS)
def test_minibatches_are_pairs_that_belong_together_in_the_order_of_the_images(tiny_images, view):
    pairs = paired(tiny_images, view)
    assert pairs.name == f"tiny {view}" and len(pairs) == 130 and pairs.per_epoch(64) == 2
    stream, plain = pairs.batches(64, seed=3), tiny_images.batches(64, seed=3)
    drawn = [next(stream) for _ in range(5)]
    for x, y in drawn:
        assert torch.equal(x, next(plain))
        made = VIEWS[view](((x + 1) * 127.5).round().to(torch.uint8))
        assert torch.equal(y, scale(made)) and y.dtype == torch.float32
    resumed = pairs.batches(64, seed=3, start=4)
    assert all(torch.equal(a, b) for a, b in zip(next(resumed), drawn[4], strict=True))
    assert torch.equal(next(pairs.batches(64, seed=3, labels=False)), drawn[0][0])


def test_a_view_is_the_same_each_time_and_can_be_cut(tiny_images):
    pairs = paired(tiny_images, "small")
    assert torch.equal(pairs.inputs, paired(tiny_images, "small").inputs)
    assert torch.equal(pairs.take(5).y, pairs.y[:5]) and torch.equal(pairs[10:12].x, pairs.x[10:12])
    assert torch.equal(pairs.labels, tiny_images.labels) and torch.equal(pairs.to("cpu").inputs, pairs.inputs)
    assert "PairedImages('tiny small', 130 pairs, 1 x 7 x 7 to 1 x 28 x 28" in repr(pairs)


@pytest.mark.parametrize("make, words", [
    (lambda x: paired(x, "edge"), "view must be one of edges, quarter, small, got 'edge'"),
    (lambda x: shrink(x.images, 3), "factor must divide both sides"),
    (lambda x: edges(x.images.float()), "edges takes uint8"),
    (lambda x: edges(x.images[:, :, :27]), "even sides"),
    (lambda x: enlarge(x.images.float(), mode="lanczos"), "mode must be nearest, bilinear or bicubic"),
    (lambda x: PairedImages(x, x.images[:5], "short"), r"inputs must be uint8 \(130, C, h, w\)"),
    (lambda x: paired(x, "small").take(131), "n must be at most 130"),
    (lambda x: paired(x, "small").batches(200, seed=0), "batch_size must be at most 130")])
def test_what_does_not_fit_is_refused(tiny_images, make, words):
    with pytest.raises(ValueError, match=words):
        make(tiny_images)


def test_images_are_what_the_pairs_hold(tiny_images):
    assert isinstance(paired(tiny_images, "edges").images, ImageSet)
