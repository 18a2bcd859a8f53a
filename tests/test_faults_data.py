"""What the data room does with files that are damaged or wrong, and with images that do not fit a game: rows 8 to 11,
17, 18, 21 and 55 of the table of faults. Trouble while a file is fetched is in test_faults_download.py.
"""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from bad_server import closed_port
from gan_edu import data, download
from gan_edu.errors import DataError
from gan_edu.idx import describe, parse_idx
from made_up import IMAGES, PACKED, N, fill, idx, made_up, raw_folder, read

both_forms = pytest.mark.parametrize("packed", [False, True], ids=["unpacked", "packed"])


@both_forms
@pytest.mark.parametrize("cut", [0, 4, 15, 0.5, -1])
def test_row_08_a_cut_file(srv, tmp_path, cut, packed, capsys):
    good, bad = made_up(srv.mirror("ok"), packed=packed), made_up(closed_port(), packed=packed)
    path = fill(tmp_path, good)
    body = path.read_bytes()
    path.write_bytes(body[:len(body) // 2] if cut == 0.5 else body[:cut])
    with pytest.raises(DataError) as caught:
        read(good, tmp_path, download=False)
    text = str(caught.value)
    assert f"file {path} is damaged (got {path.stat().st_size:,} bytes" in text and "delete it or run" in text
    assert packed or f"expected {len(IMAGES):,}" in text
    with pytest.raises(DataError, match="is damaged.*\n.*refused"):
        read(bad, tmp_path)
    assert path.stat().st_size < len(body)  # a failed repair takes nothing away
    assert read(good, tmp_path) == IMAGES and path.read_bytes() == body
    assert f"replaced {path.name}" in capsys.readouterr().err


@both_forms
def test_row_09_a_flipped_byte_anywhere(tmp_path, packed):
    source = made_up(closed_port(), packed=packed)
    path = fill(tmp_path, source)
    body = path.read_bytes()
    for place in np.random.default_rng(9).integers(0, len(body), 50):
        path.write_bytes(body[:place] + bytes((body[place] ^ 0x10,)) + body[place + 1:])
        with pytest.raises(DataError, match="is damaged .*SHA-256"):
            read(source, tmp_path, download=False)
    path.write_bytes(body)
    assert read(source, tmp_path, download=False) == IMAGES


@pytest.mark.slow
def test_row_09_a_flipped_byte_in_the_real_mnist(mnist, tmp_path):
    raw_folder(tmp_path).mkdir(parents=True)
    for member in download.SOURCES["mnist"].members["train"]:
        body = bytearray((raw_folder(data.data_root()) / member.file).read_bytes())
        body[len(body) // 3] ^= 1
        (raw_folder(tmp_path) / member.file).write_bytes(body)
        with pytest.raises(DataError, match="another SHA-256"):
            download.read_member(download.SOURCES["mnist"], member, tmp_path, download=False)


def test_row_10_labels_that_do_not_fit(tmp_path):
    images, labels = tmp_path / "images", tmp_path / "labels"
    images.write_bytes(idx(np.zeros((60, 28, 28))))
    labels.write_bytes(idx(np.zeros(50)))
    with pytest.raises(DataError, match="mine has 60 images and 50 labels; expected one label an image"):
        data.load_idx(images, labels, name="mine")
    labels.write_bytes(idx([*range(10)] * 5 + [9] * 9 + [11]))
    with pytest.raises(DataError, match="mine has the label 11; allowed are 0 to 9"):
        data.load_idx(images, labels, name="mine")
    labels.write_bytes(idx(np.arange(60) % 10))
    assert len(data.load_idx(images, labels, name="mine")) == 60
    with pytest.raises(DataError, match=r"cannot read .*gone \(No such file"):
        data.load_idx(tmp_path / "gone", labels, name="mine")


@pytest.mark.parametrize("content, words", [
    (gzip.compress(IMAGES), "is gzip data; expected IDX"),
    (b"PK\x03\x04" + bytes(20), "is zip data; expected IDX"),
    (b"\x89PNG\r\n\x1a\n" + bytes(20), "is a PNG picture; expected IDX"),
    (b"  <html>", "is a web page; expected IDX"),
    (b"", "is an empty file; expected IDX"),
    (b"hello world, and more", r"is unknown data \(it starts with 68 65 6c 6c\); expected IDX"),
    (b"\0\0\x77\3" + bytes(12), r"is unknown data \(it starts with 00 00 77 03\); expected IDX"),
    (idx(np.zeros((2, 3, 4, 5))), r"is IDX in 4-D, 2 x 3 x 4 x 5; expected IDX of uint8 in 3-D"),
    (idx(np.zeros(7)), r"is IDX in 1-D, 7; expected"),
    (b"\0\0\x0d\3" + idx(np.ones((1, 2, 2)))[4:],
     "is IDX in 3-D, 1 x 2 x 2, element type 0x0d; expected IDX of uint8"),
    (b"\0\0\x08\3\0\0", r"is the beginning of an IDX file \(6 bytes\); expected"),
    (idx(np.zeros((2, 3, 4)))[:-1], r"is damaged \(got 39 bytes, expected 40 for 2 x 3 x 4\)"),
    (idx(np.zeros((2, 3, 4))) + b"\0", r"is damaged \(got 41 bytes, expected 40"),
    (b"\0\0\x08\3" + b"\xff" * 12, r"is damaged \(got 16 bytes, expected 79,228,162,4"),
])
def test_row_11_the_wrong_kind_of_file_is_named(content, words):
    with pytest.raises(DataError, match="the file " + words):
        parse_idx(content, "the file", 3)


def test_row_11_another_set_in_the_mnist_folder(tmp_path):
    source = made_up(closed_port())
    path = fill(tmp_path, source)
    path.write_bytes(idx(np.zeros((N, 28, 28))))  # the right size and format, but not this set
    with pytest.raises(DataError, match=r"another SHA-256 .*; it looks like IDX in 3-D, 200 x 28 x 28"):
        read(source, tmp_path, download=False)
    path.write_bytes(PACKED[f"{path.name}.gz"])
    with pytest.raises(DataError, match=r"expected 156,816; it looks like gzip data"):
        read(source, tmp_path, download=False)


def test_row_11_describe_never_raises():
    for seed in range(200):
        dice = np.random.default_rng(seed)
        body = dice.integers(0, 256, dice.integers(0, 24), dtype=np.uint8).tobytes()
        assert describe(body) and describe(b"\0\0\x08" + body)


UNIT = torch.linspace(0, 1, 4 * 784).view(4, 1, 28, 28)


@pytest.mark.parametrize("x, got", [
    (UNIT, "[0, 1]"), (UNIT * 255, "[0, 255]"), (UNIT * 2 - 1.5, "[-1.5, 0.5]"), (UNIT * 2 - 0.5, "[-0.5, 1.5]"),
    (UNIT * float("nan"), "[nan, nan]")])
def test_row_17_images_out_of_range(x, got):
    words = re.escape(f"images must lie in [-1, 1], got {got}; use data.scale(...)")
    with pytest.raises(ValueError, match=words):
        data.require_images(x, (1, 28, 28))


@pytest.mark.parametrize("x, got", [
    (torch.zeros(4, 784), r"\(4, 784\) float32"),
    (torch.zeros(4, 28, 28), r"\(4, 28, 28\) float32"),
    (torch.zeros(4, 3, 28, 28), r"\(4, 3, 28, 28\) float32"),
    (torch.zeros(4, 1, 32, 32), r"\(4, 1, 32, 32\) float32"),
    (torch.zeros(0, 1, 28, 28), r"\(0, 1, 28, 28\) float32"),
    (torch.zeros(4, 1, 28, 28, dtype=torch.uint8), r"\(4, 1, 28, 28\) uint8"),
    (torch.zeros(4, 1, 28, 28, dtype=torch.float64), r"\(4, 1, 28, 28\) float64")])
def test_row_18_images_of_the_wrong_shape_or_type(x, got):
    with pytest.raises(ValueError, match=rf"images must be \(n, 1, 28, 28\) float32, got {got}; use data.scale"):
        data.require_images(x, (1, 28, 28))


def test_rows_17_and_18_real_batches_pass(digits, tiny_images):
    for images in (digits, tiny_images):
        data.require_images(next(images.batches(64, seed=0)), images.shape)


def test_row_21_the_last_short_batch_is_dropped(tiny_images):
    stream = tiny_images[:65].batches(64, seed=0)
    assert [len(next(stream)) for _ in range(5)] == [64] * 5


def test_row_55_the_package_starts_no_worker_process():
    for path in Path(data.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "multiprocessing" not in text and "num_workers" not in text and "ProcessPool" not in text, path
