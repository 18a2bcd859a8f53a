"""CycleExplorer without a browser: its pictures are the game's, its counts those of a loop, its state what it says."""

import json

import numpy as np
import pytest
import torch
import traitlets

from gan_edu import pretrained
from gan_edu.data import ImageSet, load_images, scale
from gan_edu.data_unpaired import in_domain, pattern_of, stripe_patterns
from gan_edu.games_unpaired import CycleGAN
from gan_edu.networks import seeded
from gan_edu.translators import PatchDiscriminator
from gan_edu.translators_resnet import ResNetTranslator
from gan_edu.widgets import CycleExplorer
from gan_edu.widgets.cycle import LEVELS, SHOWN


class Copies(ResNetTranslator):
    """A translator that changes nothing: A comes back with its own stripes until noise drowns them."""

    def forward(self, x):
        return x


@pytest.fixture(scope="module")
def game():
    with seeded(0):
        return CycleGAN([Copies(width=2, blocks=0) for _ in "ab"],
                        [PatchDiscriminator(inputs=0, width=2, layers=((4, 2), (3, 1))) for _ in "ab"])


@pytest.fixture(scope="module")
def images():
    return load_images("digits", split="test").take(24)


@pytest.fixture
def explorer(game, images):
    return CycleExplorer(game, images)


def strips(explorer):
    return np.frombuffer(explorer.pictures, np.uint8).reshape(-1, SHOWN, 28, 28)


def test_the_page_gets_the_game_s_pictures(explorer, images):
    found = strips(explorer)
    assert len(found) == 3 + 2 * len(LEVELS)
    assert np.array_equal(found[0], in_domain(images.images, "striped")[:SHOWN, 0].numpy())
    assert np.array_equal(found[1], found[0]) and np.array_equal(found[2], images.images[:SHOWN, 0].numpy())
    eps = torch.from_numpy(np.frombuffer(explorer.noise, "<f4").copy()).view(SHOWN, 1, 28, 28)
    for level in (0, 4, 10):
        for way, middle in enumerate((explorer.a, explorer.true_b)):          # b is a here
            wanted = (middle[:SHOWN] + LEVELS[level] * eps).clamp(-1, 1)
            assert np.array_equal(found[3 + 2 * level + way], ((wanted + 1) * 127.5).round()[:, 0].numpy())
    assert abs(eps.std() - 1) < 0.05


def test_shares_are_those_of_a_loop(explorer, images):
    own = stripe_patterns(24)
    plain = scale(images.images)
    for level in (0, 5, 10):
        for name, middle in (("carried", explorer.a), ("true", plain)):
            way = explorer.back(middle, LEVELS[level])
            right = [int(pattern_of(way[i:i + 1], plain[i:i + 1])) == int(own[i]) for i in range(24)]
            assert explorer.shares[name][level] == pytest.approx(np.mean(right))
            assert explorer.found[level][("carried", "true").index(name)] == right[:SHOWN]
    assert explorer.shares["carried"][0] == 1 and explorer.shares["true"][0] < 0.5


def test_readouts_follow_image_and_noise(explorer):
    explorer.image, explorer.at = 3, 7
    r, found = explorer.readouts(), strips(explorer).astype(float)
    assert r["noise"] == LEVELS[7] and r["share carried"] == explorer.shares["carried"][7]
    assert r["error carried"] == pytest.approx(np.abs(found[3 + 14][3] - found[0][3]).mean() / 255, abs=1e-6)
    assert r["error true"] == pytest.approx(np.abs(found[3 + 15][3] - found[0][3]).mean() / 255, abs=1e-6)


def test_pictures_words_and_state(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert explorer.png() == explorer.png() and data["image/png"] and "Guessing gives 12.5%" in metadata["image/png"]["alt"]
    assert repr(explorer) == "CycleExplorer(image=0, noise=0, 24 digits)"
    json.dumps({k: v for k, v in explorer.get_state().items() if not isinstance(v, bytes)}, default=str)
    assert len(explorer.pictures) + len(explorer.noise) < 220_000


def test_what_is_wrong_is_refused(game, images):
    with pytest.raises(ValueError, match="game must be a CycleGAN"):
        CycleExplorer(pretrained.load("mnist-mlp"), images)
    with pytest.raises(ValueError, match="at least 8 plain digits"):
        CycleExplorer(game, images.take(7))
    with pytest.raises(ValueError, match="images must be an ImageSet"):
        CycleExplorer(game, ImageSet(torch.zeros(9, 1, 8, 8, dtype=torch.uint8), torch.zeros(9, dtype=torch.int64), "small"))
    for state in ({"image": 8}, {"at": 11}, {"at": -1}, {"hidden": 3}):
        with pytest.raises(traitlets.TraitError):
            CycleExplorer(game, images, **state)


@pytest.mark.skipif("mnist-cyclegan" not in pretrained.available(), reason="mnist-cyclegan is not built yet")
def test_the_shipped_game_hides_the_pattern_from_the_eye_and_noise_drowns_it():
    explorer = CycleExplorer(images=load_images("digits", split="test").take(100))
    assert explorer.shares["carried"][0] > 0.95 and max(explorer.shares["true"]) < 0.3
    assert explorer.shares["carried"][-1] < explorer.shares["carried"][0]
