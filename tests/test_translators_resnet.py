"""The translator, the module of two translators, and the judges with their memory, against the authors' rule in a loop."""

import pytest
import torch

from gan_edu.networks import build, describe, seeded
from gan_edu.translators import PatchDiscriminator
from gan_edu.translators_resnet import ResNetTranslator, TwoJudges, TwoTranslators

SMALL = dict(shape=(1, 8, 8), width=4, blocks=1)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def judges(memory=5):
    with seeded(0):
        return TwoJudges(*(PatchDiscriminator(shape=(1, 8, 8), inputs=0, width=4, layers=((4, 2), (3, 1))) for _ in "ab"),
                         memory=memory)


@pytest.fixture
def x():
    return torch.rand(6, 1, 8, 8, generator=rng()) * 2 - 1


@pytest.mark.parametrize("norm", ["instance", "none"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 12, 8), (1, 28, 28)])
def test_an_untrained_translator_returns_tanh_2x(norm, shape):
    x = torch.rand(2, *shape, generator=rng()) * 2 - 1
    translator = ResNetTranslator(shape=shape, width=4, norm=norm)
    torch.testing.assert_close(translator(x), torch.tanh(2 * x))
    assert (translator(x.sign()) - x.sign()).abs().max() < 0.04
    torch.nn.init.normal_(translator.last[-1].weight)
    assert translator(x).shape == x.shape and not torch.allclose(translator(x), torch.tanh(2 * x))
    assert translator(x).abs().max() <= 1


@pytest.mark.parametrize("norm", ["instance", "none"])
def test_no_image_sees_another_and_every_weight_has_a_gradient(norm, x):
    translator = ResNetTranslator(norm=norm, **SMALL)
    torch.nn.init.normal_(translator.last[-1].weight)
    torch.testing.assert_close(translator(x)[2:3], translator(x[2:3]), rtol=1e-4, atol=1e-5)
    translator(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in translator.parameters())


def test_networks_are_built_again_from_their_words(x):
    two = TwoTranslators(ResNetTranslator(**SMALL), ResNetTranslator(**SMALL | {"norm": "none"}))
    for network in (two.a_to_b, two, judges()):
        twin = build(describe(network))
        assert describe(twin) == describe(network)
        twin.load_state_dict(network.state_dict())
    fake_b, fake_a = two(x, -x)
    assert torch.equal(fake_b, two.a_to_b(x)) and torch.equal(fake_a, two.b_to_a(-x)) and two.shape == (1, 8, 8)
    both = judges()
    assert torch.equal(both(x, -x)[0], both.a(x)) and torch.equal(both(x, -x)[1], both.b(-x))


class ImagePool:
    """The authors' rule, written again from the paper's text: a plain list, one image at a time."""

    def __init__(self, size):
        self.size, self.images = size, []

    def query(self, images, swaps, places):
        shown = []
        for image, swap, place in zip(images, swaps, places):
            if len(self.images) < self.size:
                self.images.append(image)
                shown.append(image)
            elif swap:
                shown.append(self.images[place])
                self.images[place] = image
            else:
                shown.append(image)
        return torch.stack(shown)


@pytest.mark.parametrize("memory", [1, 5, 50])
def test_the_memory_follows_the_authors_rule(memory):
    both, pools = judges(memory), (ImagePool(memory), ImagePool(memory))
    draws, mirror = rng(7), rng(7)
    for step in range(12):
        new = [torch.full((6, 1, 8, 8), float(6 * step + domain / 2)) + torch.arange(6.0).view(-1, 1, 1, 1) for domain in (0, 1)]
        shown = both.recall(*new, draws)
        for pool, images, seen in zip(pools, new, shown):
            swaps, places = torch.rand(6, generator=mirror) < 0.5, torch.randint(memory, (6,), generator=mirror)
            assert torch.equal(seen, pool.query(list(images), swaps, places.tolist()))
    assert both.held.tolist() == [memory, memory]
    assert torch.equal(both.old_a, torch.stack(pools[0].images)) and torch.equal(both.old_b, torch.stack(pools[1].images))


def test_a_full_memory_shows_old_images_about_half_of_the_time():
    both = judges(20)
    both.recall(*2 * [torch.zeros(20, 1, 8, 8)], rng())
    shown, _ = both.recall(*2 * [torch.ones(400, 1, 8, 8)], rng(1))
    assert 0 < (shown[:, 0, 0, 0] == 0).sum() <= 20                    # each old image once
    assert both.old_a.mean() > 0.5


def test_without_memory_new_images_are_shown(x):
    both = judges(0)
    shown = both.recall(x, -x, rng())
    assert shown[0] is x and both.old_a.numel() == 0 and both.held.tolist() == [0, 0]


def test_what_is_wrong_is_refused(x):
    with pytest.raises(ValueError, match="sides in steps of 4, got"):
        ResNetTranslator(shape=(1, 30, 30))
    with pytest.raises(ValueError, match="norm must be instance or none, got 'batch'"):
        ResNetTranslator(norm="batch")
    with pytest.raises(ValueError, match=r"x must be \(n, 1, 28, 28\)"):
        ResNetTranslator()(x)
    with pytest.raises(ValueError, match="memory must be a whole number"):
        judges(-1)
    with pytest.raises(ValueError, match="blocks must be a whole number"):
        ResNetTranslator(blocks=-1)
