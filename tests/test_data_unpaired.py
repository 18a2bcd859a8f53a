"""Two domains without pairs: no image in both, transforms as documented, minibatches that depend on seed and place alone."""

import itertools

import numpy as np
import pytest
import torch
from scipy import ndimage

from gan_edu.data import ImageSet, load_images, scale
from gan_edu.data_unpaired import (
    GAP,
    PAIRS,
    PATTERNS,
    UnpairedSet,
    in_domain,
    pattern_of,
    stripe_patterns,
    stripes,
    two_domains,
)
from gan_edu.metrics_domains import autocorrelations, domain_classifier


@pytest.fixture(scope="module")
def some():
    return load_images("digits").take(200)


@pytest.mark.parametrize("pair", PAIRS)
def test_no_image_is_in_both_domains_and_none_is_lost(some, pair):
    marked = ImageSet(some.images, torch.arange(200), "marked")          # labels as names of the images
    both = two_domains(marked, pair)
    assert set(both.a.labels.tolist()) | set(both.b.labels.tolist()) == set(range(200))
    assert not set(both.a.labels.tolist()) & set(both.b.labels.tolist())
    assert torch.equal(both.a.images, in_domain(some.images[::2], PAIRS[pair][0]))
    assert torch.equal(both.b.images, in_domain(some.images[1::2], PAIRS[pair][1]))
    assert len(both) == 200 and both.shape == (1, 28, 28) and pair in both.name and "100 images" in repr(both)


@pytest.mark.parametrize("domain", [name for pair in PAIRS.values() for name in pair])
def test_a_transform_is_a_function_and_leaves_its_input_alone(some, domain):
    before = some.images.clone()
    once, again = (in_domain(some.images, domain, seed=3) for _ in range(2))
    assert torch.equal(once, again) and torch.equal(some.images, before)
    assert once.dtype == torch.uint8 and once.shape == before.shape and (domain == "plain") == torch.equal(once, before)


def test_stripes_take_half_of_the_ink_on_half_of_the_pixels(some):
    masks = stripes()
    assert len({mask.numpy().tobytes() for mask in masks}) == PATTERNS == len(masks)
    assert set(masks.unique().tolist()) == {1.0, GAP} and masks.mean((1, 2)).tolist() == [0.75] * 8
    for mask in masks:                                                  # period 4 along rows, columns and one diagonal
        assert torch.equal(mask[:, 4:], mask[:, :-4]) and torch.equal(mask[4:], mask[:-4])
        assert torch.equal(mask[1:, 1:], mask[:-1, :-1]) != torch.equal(mask[1:, :-1], mask[:-1, 1:])
    shown, which = in_domain(some.images, "striped", seed=5), stripe_patterns(200, seed=5)
    by_hand = np.rint(some.images[7, 0].numpy() * masks[which[7]].numpy())
    assert np.array_equal(shown[7, 0].numpy(), by_hand)
    counts = torch.bincount(stripe_patterns(8_000, seed=1), minlength=8)
    assert counts.min() > 880 and counts.max() < 1_120                  # four standard deviations
    assert not torch.equal(which, stripe_patterns(200, seed=6))


def test_the_pattern_is_read_back(some):
    a, b = (scale(in_domain(some.images, domain, seed=5)) for domain in ("striped", "plain"))
    assert torch.equal(pattern_of(a, b), stripe_patterns(200, seed=5))
    noisy = a + 0.2 * torch.randn(a.shape, generator=torch.Generator().manual_seed(0))
    assert (pattern_of(noisy, b) == stripe_patterns(200, seed=5)).float().mean() > 0.95


def test_thin_and_thick_are_scipy_s_erosion_and_dilation(some):
    x = some.images[:20, 0].numpy()
    thin = ndimage.grey_erosion(x, size=(1, 2, 2), origin=(0, -1, -1), mode="constant")
    assert np.array_equal(in_domain(some.images[:20], "thin")[:, 0].numpy(), thin)
    assert np.array_equal(in_domain(some.images[:20], "thick")[:, 0].numpy(),
                          ndimage.grey_dilation(x, size=(1, 3, 3), mode="constant"))


def lean(x):
    """Columns to the right for each row upwards, by the covariance of the ink."""
    rows, columns = np.mgrid[:x.shape[0], :x.shape[1]]
    total = x.sum()
    r, c = rows - (x * rows).sum() / total, columns - (x * columns).sum() / total
    return -(x * r * c).sum() / (x * r * r).sum()


def test_upright_stands_and_slanted_leans_by_half_a_column_a_row(some):
    upright, slanted = (in_domain(some.images, domain)[:, 0].double().numpy() for domain in ("upright", "slanted"))
    assert max(abs(lean(x)) for x in upright) < 0.06
    assert np.median([lean(x) for x in slanted]) == pytest.approx(0.5, abs=0.03)       # some lose ink at the edge
    assert np.median([abs(lean(x)) for x in some.images[:, 0].double().numpy()]) > 0.06


def test_minibatches_are_unrelated_pairs_and_minibatch_i_depends_on_seed_and_i_alone(some):
    marked = ImageSet(torch.arange(200, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 1, 8, 8).clone(), some.labels, "marked")
    both = UnpairedSet(marked[::2], marked[1::2], "marked")
    first = list(itertools.islice(both.batches(10, seed=2), 25))
    for start in (0, 3, 17):
        for (a, b), (c, d) in zip(first[start:], both.batches(10, seed=2, start=start)):
            assert torch.equal(a, c) and torch.equal(b, d)
    assert both.per_epoch(10) == 10 and first[0][0].dtype == torch.float32

    def partners(batches):
        return {(x.item(), y.item()) for a, b in batches for x, y in zip(a[:, 0, 0, 0], b[:, 0, 0, 0])}
    one, two = partners(first[:10]), partners(first[10:20])
    assert len(one) == len(two) == 100 and len(one & two) < 10                # another epoch, other partners
    assert sum(abs(x - y) < 0.01 for x, y in one) < 10                        # and not neighbours in the set
    assert partners(first[:10]) != partners(itertools.islice(both.batches(10, seed=3), 10))


def test_what_is_wrong_is_refused(some):
    with pytest.raises(ValueError, match="pair must be one of stripes, thickness, slant, got 'colour'"):
        two_domains(some, "colour")
    with pytest.raises(ValueError, match="domain must be one of plain, striped"):
        in_domain(some.images, "blue")
    with pytest.raises(ValueError, match="images must be uint8"):
        in_domain(scale(some.images), "thin")
    with pytest.raises(ValueError, match="one shape"):
        UnpairedSet(some, ImageSet(torch.zeros(3, 1, 8, 8, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64), "x"), "y")
    with pytest.raises(ValueError, match="seed must be a whole number"):
        two_domains(some, seed=-1)


# ---- telling domains apart

def test_autocorrelations_are_those_of_a_double_loop(some):
    x = some.images[:3]
    ink, found = x[:, 0].double().numpy() / 255, autocorrelations(x)
    shifts = [(r, c) for r in range(6) for c in range(-5, 6) if (r, c) > (0, 0)]
    assert found.shape == (3, len(shifts)) == (3, 60)
    for i, j in ((0, 0), (1, 17), (2, 59), (2, 30)):
        r, c = shifts[j]
        moved = np.zeros((28, 28))
        moved[r:, max(c, 0):28 + min(c, 0)] = ink[i][:28 - r, max(-c, 0):28 - max(c, 0)]
        assert found[i, j] == pytest.approx((ink[i] * moved).sum() / (ink[i] ** 2).sum(), abs=1e-6)
    np.testing.assert_allclose(autocorrelations(scale(x)), found, atol=1e-6)
    with pytest.raises(ValueError, match="must lie in"):
        autocorrelations(scale(x) + 1)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_domain_classifier_tells_held_out_digits_apart(pair):
    learn, held_out = (two_domains(load_images("digits", split=split), pair) for split in ("train", "test"))
    told = domain_classifier(learn.a, learn.b)
    wrong = told.share_of_b(held_out.a.images), 1 - told.share_of_b(held_out.b.images)
    assert max(wrong) < 0.13
    p = told.probability_of_b(scale(held_out.a.images))
    assert p.shape == (len(held_out.a),) and ((p >= 0) & (p <= 1)).all() and (p > 0.5).mean() == wrong[0]


@pytest.mark.parametrize("sides", [(28, 28), (20, 40), (40, 20)])
def test_slants_are_in_columns_a_row_for_any_shape(sides):
    images = torch.zeros(1, 1, *sides, dtype=torch.uint8)
    images[:, :, 6:14, sides[1] // 2 - 1:sides[1] // 2 + 1] = 255
    assert lean(in_domain(images, "slanted")[0, 0].double().numpy()) == pytest.approx(0.5, abs=0.03)
