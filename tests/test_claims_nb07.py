"""What notebook 07 says in words about MNIST, run with its own cells on the real training set. Slow: a minute."""

import numpy as np
import pytest
import torch

from gan_edu import data, metrics, pretrained
from notebooks import build

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif("mnist-mlp" not in pretrained.available(), reason="mnist-mlp is not built yet")]


@pytest.fixture(scope="module")
def said():
    """Run all cells of the solution edition, in order, with the real MNIST; return what they defined."""
    try:
        data.load_images("mnist", download=False)
    except data.DataError as error:
        pytest.skip(f"needs the real MNIST: {error}")
    names = {"display": print}
    for cell in build.solution_edition(build.HERE / "07_latent_space.py").cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, "07_latent_space", "exec"), names)
    return names


def test_no_picture_of_the_walk_is_a_memory(said):
    assert said["training"].name == "mnist" and len(said["training"]) == 60_000
    assert not said["memories"]((said["walk"] + 1) / 2, said["pixels"], said["unseen"]).any()


def test_the_walk_goes_from_a_one_to_a_seven(said):
    ends = (said["walk"][[0, -1]] + 1) / 2
    index, _ = metrics.nearest_neighbours(ends, said["pixels"], 5)
    assert said["training"].labels[torch.as_tensor(index)].tolist() == [[1] * 5, [7] * 5]


def test_a_copy_moved_by_one_pixel_passes_as_an_invention(said):
    assert said["moved_by"] > np.median(said["strangers"])


def test_the_training_images_themselves_are_memories(said):
    copies = said["pixels"][:20]
    assert said["memories"](copies, said["pixels"], said["unseen"]).all()


def test_zeros_are_the_boldest_digits_of_mnist(said):
    training = said["training"]
    width = torch.cat([metrics.stroke_width(data.scale(part)) for part in training.images.split(10_000)])
    means = [width[training.labels == digit].mean().item() for digit in range(10)]
    assert means[0] == pytest.approx(2.7, abs=0.05)
    assert 2.15 <= min(means[1:]) and max(means[1:]) < 2.6
