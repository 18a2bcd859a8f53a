"""Image sets when all is well: ranges, minibatches and their order, names, folders, the real files. What happens when
files and mirrors misbehave is in test_faults_data.py.
"""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_edu import data, download, rng
from gan_edu.data import ImageSet


def numbered(n):
    """Return n images of one pixel a channel whose two channels spell their own index."""
    index = torch.arange(n)
    pixels = torch.stack((index // 256, index % 256), 1).to(torch.uint8).view(n, 2, 1, 1)
    return ImageSet(pixels, index % 10, "numbered")


def indices(batch):
    """Return which images of `numbered` a minibatch holds."""
    high, low = ((batch.flatten(1) + 1) * 127.5).round().long().T
    return (high * 256 + low).tolist()


def take(stream, n):
    return list(itertools.islice(stream, n))


def test_scale_is_exact_and_symmetric():
    x = data.scale(torch.arange(256, dtype=torch.uint8).view(4, 1, 8, 8))
    exact = (np.arange(256) / 127.5 - 1).reshape(4, 1, 8, 8)
    assert x.dtype == torch.float32 and x.min() == -1 and x.max() == 1
    np.testing.assert_allclose(x.numpy(), exact, rtol=0, atol=2**-24)
    torch.testing.assert_close(x.flatten(), -x.flatten().flip(0), rtol=0, atol=0)


def test_scale_leaves_its_argument_and_refuses_floats():
    pixels = torch.arange(9, dtype=torch.uint8)
    data.scale(pixels)
    assert pixels.tolist() == list(range(9))
    with pytest.raises(ValueError, match="scale takes uint8 images .*, got torch.float32"):
        data.scale(torch.rand(2, 2))


@pytest.mark.parametrize("images, labels, words", [
    (torch.zeros(3, 1, 2, 2), torch.zeros(3).long(), r"images must be uint8 \(N, C, H, W\), got torch.float32"),
    (torch.zeros(3, 2, 2).byte(), torch.zeros(3).long(), r"images must be uint8 .*got torch.uint8 \(3, 2, 2\)"),
    (torch.zeros(3, 1, 2, 2).byte(), torch.zeros(2).long(), r"labels must be int64 \(3,\), .*got torch.int64 \(2,\)"),
    (torch.zeros(3, 1, 2, 2).byte(), torch.zeros(3), r"labels must be int64 \(3,\).*got torch.float32"),
    (torch.zeros(3, 1, 2, 2).byte(), torch.zeros(3, 1).long(), r"labels must be int64 .*got torch.int64 \(3, 1\)")])
def test_an_image_set_refuses_other_tensors(images, labels, words):
    with pytest.raises(ValueError, match=words):
        ImageSet(images, labels, "mine")


def test_parts_of_an_image_set():
    images = numbered(1_000)
    assert len(images) == 1_000 and images.shape == (2, 1, 1)
    assert repr(images) == "ImageSet('numbered', 1,000 images of 2 x 1 x 1, on cpu)"
    train, validation = images.split(900)
    assert (len(train), len(validation)) == (900, 100) and validation.labels[3] == 3
    assert train.images.data_ptr() == images.images.data_ptr()  # a part shares the memory
    assert torch.equal(images.take(5).images, images[:5].images)
    assert torch.equal(images[torch.tensor([7, 3])].labels, torch.tensor([7, 3]))
    threes = images.of(3, 8)
    assert len(threes) == 200 and set(threes.labels.tolist()) == {3, 8} and threes.name == "numbered"
    assert images.to("cpu") is images
    assert images.to("meta").labels.device.type == "meta" == images.to("meta").images.device.type


@pytest.mark.parametrize("n, words", [(0, "n must be a whole number >= 1, got 0"), (2.0, "n must be a whole number"),
                                      (131, "n must be at most 130, the number of images, got 131")])
def test_parts_that_do_not_exist(tiny_images, n, words):
    with pytest.raises(ValueError, match=words):
        tiny_images.split(n)
    with pytest.raises(TypeError, match=re.escape("got the number 3; take one image as data.images[3]")):
        tiny_images[3]


def test_a_minibatch_holds_images_in_range(tiny_images):
    batch, labels = next(tiny_images.batches(64, seed=0, labels=True))
    assert batch.shape == (64, 1, 28, 28) and batch.dtype == torch.float32
    assert -1 <= batch.min() < batch.max() <= 1
    assert labels.shape == (64,) and labels.dtype == torch.int64


def test_labels_stay_with_their_images():
    for batch, labels in take(numbered(300).batches(50, seed=1, labels=True), 12):
        assert labels.tolist() == [i % 10 for i in indices(batch)]


def test_an_epoch_shows_each_image_once_and_every_epoch_has_its_own_order():
    stream = numbered(600).batches(50, seed=0)
    epochs = [sum((indices(batch) for batch in take(stream, 12)), []) for _ in range(3)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(600))
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert epochs[0] != list(range(600))


def test_the_rest_is_dropped_and_is_another_rest_each_epoch():
    images = numbered(130)
    assert images.per_epoch(64) == 2
    stream = images.batches(64, seed=0)
    rests = [set(range(130)).difference(*(indices(batch) for batch in take(stream, 2))) for _ in range(3)]
    assert [len(rest) for rest in rests] == [2, 2, 2] and len(set(map(frozenset, rests))) > 1


def test_the_order_depends_on_the_seed_alone():
    images = numbered(300)
    first = [indices(batch) for batch in take(images.batches(64, seed=5), 9)]
    torch.manual_seed(1)
    torch.rand(3)
    assert [indices(batch) for batch in take(images.batches(64, seed=5), 9)] == first
    assert [indices(batch) for batch in take(images.batches(64, seed=6), 9)] != first


def test_minibatches_leave_the_global_generator_alone(tiny_images):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    take(tiny_images.batches(64, seed=0), 5)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("start", [0, 1, 3, 4, 5, 11])
def test_start_goes_on_where_another_run_was(start):
    images = numbered(300)  # four minibatches of 64 an epoch
    whole_run = [indices(batch) for batch in take(images.batches(64, seed=2), 14)]
    assert [indices(batch) for batch in take(images.batches(64, seed=2, start=start), 14 - start)] == whole_run[start:]


@pytest.mark.parametrize("size, options, words", [
    (0, {"seed": 0}, "batch_size must be a whole number >= 1, got 0"),
    (True, {"seed": 0}, "batch_size must be a whole number >= 1, got True"),
    (131, {"seed": 0}, "batch_size must be at most 130, the number of images, got 131"),
    (64, {"seed": -1}, "seed must be a whole number >= 0, got -1"),
    (64, {"seed": 0, "start": 1.5}, "start must be a whole number >= 0, got 1.5")])
def test_bad_arguments_are_told_before_the_first_minibatch(tiny_images, size, options, words):
    with pytest.raises(ValueError, match=words):
        tiny_images.batches(size, **options)


def test_generators_of_different_places_differ():
    pairs = list(itertools.product((0, 1, 2, 2**32 - 1), repeat=2))
    draws = {tuple(torch.rand(4, generator=rng.generator(*pair)).tolist()) for pair in pairs}
    assert len(draws) == len(pairs)
    same = [torch.rand(4, generator=rng.generator(7, 3)) for _ in range(2)]
    assert torch.equal(*same)


def test_the_order_is_the_same_in_years_to_come():
    assert torch.randperm(10, generator=rng.generator(0, 1)).tolist() == [4, 8, 5, 0, 7, 6, 2, 3, 9, 1]


@pytest.mark.parametrize("pair, words", [((0, -1), "place must be a whole number >= 0, got -1"),
                                         ((2**32, 0), "seed must be a whole number below 4294967296, got 4294967296"),
                                         ((0, 2**32), "place must be a whole number below"),
                                         ((1.0, 0), "seed must be a whole number >= 0, got 1.0")])
def test_seeds_and_places_that_are_none(pair, words):
    with pytest.raises(ValueError, match=words):
        rng.generator(*pair)


def test_the_embedded_digits(digits):
    test = data.load_images("digits", split="test")
    assert (len(digits), len(test)) == (1_500, 297) and digits.shape == (1, 28, 28)
    assert digits.name == test.name == "digits"
    counts = digits.labels.bincount() + test.labels.bincount()
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]  # as scikit-learn documents them
    frame = digits.images.clone()
    frame[:, :, 4:24, 4:24] = 0
    assert frame.max() == 0 and digits.images.max() == 255


def test_the_digits_are_scikit_learns_digits(digits):
    from sklearn.datasets import load_digits

    pixels = load_digits().images[:1_500]
    small = torch.nn.functional.interpolate(digits.images[:, :, 4:24, 4:24].float(), size=(8, 8), mode="area")
    near = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(pixels, small.numpy(), strict=True)]
    assert min(near) > 0.95


@pytest.mark.parametrize("options, words", [
    ({"name": "minst"}, "name must be one of mnist, fashion, digits, auto, got 'minst'; did you mean \"mnist\""),
    ({"name": "celeba"}, "name must be one of mnist, fashion, digits, auto, got 'celeba'$"),
    ({"name": "Fashion-MNIST"}, 'did you mean "fashion"'),
    ({"name": "digits", "split": "validation"}, "split must be one of train, test, got 'validation'")])
def test_unknown_names(options, words):
    with pytest.raises(ValueError, match=words):
        data.load_images(**options)


def test_fetch_takes_only_sets_that_have_files():
    with pytest.raises(ValueError, match="name must be one of mnist, fashion, got 'digits'"):
        data.fetch_images("digits")


def test_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_EDU_DATA", "/somewhere")
    assert data.data_root(tmp_path) == tmp_path
    assert data.data_root() == Path("/somewhere")
    monkeypatch.setenv("GAN_EDU_DATA", "")
    assert data.data_root() == data.cache_folder()
    assert data.data_root("~/x") == Path.home() / "x"


def test_the_cache_folder_of_each_system(monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    assert data.cache_folder("linux") == Path.home() / ".cache" / "gan_edu"
    assert data.cache_folder("darwin") == Path.home() / "Library" / "Caches" / "gan_edu"
    assert data.cache_folder("win32") == Path.home() / "AppData" / "Local" / "gan_edu"
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert (data.cache_folder("linux"), data.cache_folder("win32")) == (Path("/cache/gan_edu"), Path("/local/gan_edu"))


def test_the_room_is_light():
    code = "import sys, gan_edu.data; print([m for m in ('torchvision', 'sklearn', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_the_real_mnist(mnist, mnist_test):
    assert (len(mnist), len(mnist_test)) == (60_000, 10_000)
    assert mnist.labels.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert mnist.images.float().mean().item() == pytest.approx(0.1307 * 255, abs=0.013)  # every loop's Normalize
    assert data.load_images("auto").name == "mnist"
    assert data.fetch_images("mnist") == data.data_root() / "MNIST" / "raw"


@pytest.mark.slow
def test_torchvision_reads_the_same_mnist(mnist, mnist_test):
    from torchvision.datasets import MNIST

    for ours, train in ((mnist, True), (mnist_test, False)):
        theirs = MNIST(data.data_root(), train=train)
        assert torch.equal(ours.images[:, 0], theirs.data) and torch.equal(ours.labels, theirs.targets)


def test_the_files_are_named_and_sized_as_torchvision_names_them():
    from torchvision.datasets import MNIST, FashionMNIST

    for source, theirs in ((download.SOURCES["mnist"], MNIST), (download.SOURCES["fashion"], FashionMNIST)):
        files = {f"{member.name}.gz" for pair in source.members.values() for member in pair}
        assert files == {name for name, _ in theirs.resources} and source.folder == theirs.__name__
