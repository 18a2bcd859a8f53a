"""What the data room does when files, mirrors and disks misbehave: one test for each row of the table of faults that
concerns it. What it does when all is well is in test_data.py.
"""

import gzip
import hashlib
import http.client
import io
import os
import subprocess
import sys
import time
import tracemalloc
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import torch

from bad_server import BadServer, closed_port
from gan_edu import data, download
from gan_edu.download import Member, Source
from gan_edu.errors import DataError
from gan_edu.idx import describe, parse_idx

N = 200  # images in the made-up set: enough for a body of several chunks


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Take proxies out of the way, which would answer in the bad server's place."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def idx(array):
    """Return an array as the bytes of an IDX file."""
    array = np.asarray(array, np.uint8)
    return bytes((0, 0, 8, array.ndim)) + b"".join(n.to_bytes(4, "big") for n in array.shape) + array.tobytes()


rng = np.random.default_rng(0)
RAW = {"train-images-idx3-ubyte": idx(rng.integers(0, 256, (N, 28, 28))),
       "train-labels-idx1-ubyte": idx(np.arange(N) % 10)}
PACKED = {f"{name}.gz": gzip.compress(body, mtime=0) for name, body in RAW.items()}


def made_up(*mirrors, packed=False):
    """Return a small source pinned to RAW or PACKED, which are what the mirrors ought to serve."""
    files = [Member(name, len(body), hashlib.sha256(PACKED[f"{name}.gz"] if packed else body).hexdigest(), packed)
             for name, body in RAW.items()]
    return Source("mnist", "MNIST", "MNIST", mirrors, {"train": (files[0], files[1])})


def read(source, root, *, timeout=5.0, **options):
    """Return the image file of a made-up source."""
    return download.read_member(source, source.members["train"][0], root, timeout=timeout, **options)


def raw_folder(root):
    return root / "MNIST" / "raw"


def fill(root, source):
    """Put the right files of a made-up source into a data folder, and return the image file."""
    raw_folder(root).mkdir(parents=True, exist_ok=True)
    for member in source.members["train"]:
        (raw_folder(root) / member.file).write_bytes(PACKED[member.file] if member.packed else RAW[member.name])
    return raw_folder(root) / source.members["train"][0].file


def names_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def srv():
    with BadServer(dict(PACKED)) as server:
        yield server


IMAGES = RAW["train-images-idx3-ubyte"]
both_forms = pytest.mark.parametrize("packed", [False, True], ids=["unpacked", "packed"])
ill_mannered = pytest.mark.parametrize("manner, words", [
    ("403", "answered 403"), ("404", "answered 404"), ("503", "answered 503"), ("html", "a web page"),
    ("truncated", "the connection ended after"), ("reset", ""), ("redirect", "only https is allowed")])


@both_forms
@ill_mannered
def test_rows_01_02_03_04_13_a_bad_mirror_gives_way_to_the_next(srv, tmp_path, manner, words, packed, capsys):
    source = made_up(srv.mirror(manner), srv.mirror("ok"), packed=packed)
    assert read(source, tmp_path) == IMAGES
    assert [path.split("/")[1] for path in srv.asked] == [manner, "ok"]
    assert names_in(raw_folder(tmp_path)) == [source.members["train"][0].file]
    assert "fetching train-images-idx3-ubyte of MNIST" in capsys.readouterr().err
    assert read(source, tmp_path, download=False) == IMAGES  # and what was kept is good


@both_forms
@ill_mannered
def test_rows_01_02_03_04_13_no_mirror_is_left(srv, tmp_path, manner, words, packed):
    source = made_up(srv.mirror(manner), srv.mirror("404"), packed=packed)
    with pytest.raises(DataError) as caught:
        read(source, tmp_path)
    text = str(caught.value)
    for mirror in source.mirrors:
        assert f"{mirror}train-images-idx3-ubyte.gz: " in text
    assert words in text and "answered 404" in text
    assert "no mirror has it" in text and "no network" not in text
    assert f"into {raw_folder(tmp_path)} by hand" in text and "gan-edu fetch mnist" in text
    assert names_in(raw_folder(tmp_path)) == []


def test_row_04_a_reset_is_named(srv, tmp_path):
    with pytest.raises(DataError, match=r"(?i)reset|ended after"):
        read(made_up(srv.mirror("reset")), tmp_path)


def test_row_05_a_silent_server_is_left_after_the_time_out(srv, tmp_path, monkeypatch):
    begin = time.monotonic()
    assert read(made_up(srv.mirror("hang"), srv.mirror("ok")), tmp_path, timeout=0.5) == IMAGES
    monkeypatch.setattr(download, "TIMEOUT", 0.5)  # what None means
    with pytest.raises(DataError, match=r"no answer in 0.5 s"):
        read(made_up(srv.mirror("hang")), tmp_path / "other", timeout=None)
    assert time.monotonic() - begin < 3
    assert names_in(raw_folder(tmp_path / "other")) == []


def test_row_05_the_default_time_out_is_15_s():
    assert download.TIMEOUT == 15.0


def test_row_06_no_network(tmp_path, monkeypatch):
    with pytest.raises(DataError) as caught:
        read(made_up(closed_port(), closed_port()), tmp_path)
    text = str(caught.value)
    assert "MNIST is not on this machine" in text and "and no network" in text
    assert "run `gan-edu fetch mnist` where there is a network" in text


def test_row_06_no_test_reaches_the_network(tmp_path):
    with pytest.raises(DataError, match="tests may not leave this machine"):
        data.load_images("fashion", root=tmp_path)


def test_row_06_auto_falls_back_to_the_digits_and_says_so(tmp_path, capsys):
    images = data.load_images("auto", root=tmp_path)
    assert (images.name, len(images)) == ("digits", 1_500)
    line, = (line for line in capsys.readouterr().err.splitlines() if "embedded digits" in line)
    assert "using the 1,500 embedded digits" in line and "MNIST is not on this machine" in line


def test_row_06_auto_uses_mnist_where_it_is(tmp_path, monkeypatch, capsys):
    source = made_up(closed_port())
    monkeypatch.setitem(download.SOURCES, "mnist", source)
    fill(tmp_path, source)
    images = data.load_images("auto", root=tmp_path)
    assert (images.name, len(images)) == ("mnist", N)
    assert capsys.readouterr().err == ""


def test_row_06_without_download_nothing_is_asked(srv, tmp_path):
    with pytest.raises(DataError, match="is not on this machine .*; run `gan-edu fetch mnist`"):
        read(made_up(srv.mirror("ok")), tmp_path, download=False)
    assert srv.asked == [] and names_in(tmp_path) == []


def test_row_07_a_stop_in_mid_transfer_leaves_nothing(srv, tmp_path, monkeypatch):
    source, chunks, read_chunk = made_up(srv.mirror("ok")), [], http.client.HTTPResponse.read

    def stop_at_the_second(self, amount=None):
        chunks.append(amount)
        if len(chunks) == 2:
            raise KeyboardInterrupt
        return read_chunk(self, amount)

    monkeypatch.setattr(http.client.HTTPResponse, "read", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        read(source, tmp_path)
    assert len(chunks) == 2 and names_in(raw_folder(tmp_path)) == []
    monkeypatch.undo()
    assert read(source, tmp_path) == IMAGES


def test_row_07_leftovers_of_a_killed_process_are_swept_but_not_those_of_a_live_one(srv, tmp_path):
    raw_folder(tmp_path).mkdir(parents=True)
    old, fresh = (raw_folder(tmp_path) / f"train-images-idx3-ubyte.{name}.part" for name in ("old", "fresh"))
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(old, (time.time() - 3_600,) * 2)
    read(made_up(srv.mirror("ok")), tmp_path)
    assert not old.exists() and fresh.exists()


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


FETCH = """
import sys, time
from pathlib import Path
from gan_edu.download import Member, Source, read_member
url, root, size, sha, go = sys.argv[1:]
member = Member("train-images-idx3-ubyte", int(size), sha)
print("ready", flush=True)
while not Path(go).exists():
    time.sleep(0.001)
source = Source("mnist", "MNIST", "MNIST", (url,), {"train": (member, member)})
sys.exit(len(read_member(source, member, Path(root))) != int(size))
"""


def test_row_12_two_processes_fetch_at_once(srv, tmp_path):
    go, root = tmp_path / "go", tmp_path / "root"
    words = [srv.mirror("ok"), str(root), str(len(IMAGES)), hashlib.sha256(IMAGES).hexdigest(), str(go)]
    pair = [subprocess.Popen([sys.executable, "-c", FETCH, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True) for _ in range(2)]
    for process in pair:
        assert process.stdout.readline() == "ready\n"
    go.touch()
    for process in pair:
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
    assert len(srv.asked) == 2
    assert names_in(raw_folder(root)) == ["train-images-idx3-ubyte"]
    assert (raw_folder(root) / "train-images-idx3-ubyte").read_bytes() == IMAGES


def test_row_12_a_file_is_exchanged_as_a_whole_and_never_rewritten(srv, tmp_path):
    source = made_up(srv.mirror("ok"))
    path = fill(tmp_path, source)
    path.write_bytes(b"old")
    os.link(path, tmp_path / "seen by another process")
    assert read(source, tmp_path) == IMAGES == path.read_bytes()
    assert (tmp_path / "seen by another process").read_bytes() == b"old"


def test_row_13_plain_http_is_refused(tmp_path):
    with pytest.raises(DataError, match="refused http://example.invalid, only https is allowed"):
        read(made_up("http://example.invalid/"), tmp_path)


@pytest.mark.parametrize("target", ["http://example.invalid/x", "http://127.0.0.1/x", "file:///etc/hostname"])
def test_row_13_no_redirect_leaves_https(target):
    request = urllib.request.Request("https://example.invalid/x")
    with pytest.raises(urllib.error.URLError, match="only https is allowed"):
        download._SafeRedirect().redirect_request(request, None, 302, "Found", {}, target)
    follow = download._SafeRedirect().redirect_request(request, None, 302, "Found", {}, "https://example.invalid/y")
    assert follow.full_url == "https://example.invalid/y"


def test_row_13_every_pinned_mirror_is_https_and_every_file_has_a_hash():
    for source in download.SOURCES.values():
        assert len(source.mirrors) >= 2 and all(mirror.startswith("https://") for mirror in source.mirrors)
        hashes = {member.sha256 for pair in source.members.values() for member in pair}
        assert len(hashes) == 4 and all(len(bytes.fromhex(one)) == 32 for one in hashes)


def test_row_14_names_inside_an_archive_are_never_used(tmp_path):
    packed = io.BytesIO()
    with gzip.GzipFile("../../../evil", "wb", fileobj=packed) as file:
        file.write(IMAGES)
    with BadServer({"train-images-idx3-ubyte.gz": packed.getvalue()}) as server:
        assert read(made_up(server.mirror("ok")), tmp_path / "a" / "b") == IMAGES
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["train-images-idx3-ubyte"]


def test_row_14_a_gzip_bomb_is_not_unpacked(tmp_path):
    bomb = gzip.compress(bytes(50_000_000))
    with BadServer({"train-images-idx3-ubyte.gz": bomb}) as server:
        tracemalloc.start()
        with pytest.raises(DataError, match="unpacks to more than 156,816 bytes"):
            read(made_up(server.mirror("ok")), tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5_000_000
    with BadServer({"train-images-idx3-ubyte.gz": bytes(1_000_000)}) as server, \
            pytest.raises(DataError, match=r"sent more than 222,352 bytes"):
        read(made_up(server.mirror("ok")), tmp_path)


@pytest.mark.parametrize("body, words", [
    (gzip.compress(IMAGES)[:-3_000] + bytes(3_000), "the gzip data is damaged|another SHA-256"),
    (gzip.compress(IMAGES[:-1]), "unpacks to 156,815 bytes, expected 156,816"),
    (gzip.compress(IMAGES[:-1] + bytes((IMAGES[-1] ^ 1,))), "another SHA-256"),
    (b"plain text", "got unknown data .*; expected gzip data")])
def test_row_14_damaged_archives_are_named(tmp_path, body, words):
    with BadServer({"train-images-idx3-ubyte.gz": body}) as server, pytest.raises(DataError, match=words):
        read(made_up(server.mirror("ok")), tmp_path)


def test_row_15_the_folder_is_a_file(srv, tmp_path):
    root = tmp_path / "file"
    root.write_text("not a folder")
    with pytest.raises(DataError, match="cannot write .*file/MNIST/raw .*GAN_EDU_DATA"):
        read(made_up(srv.mirror("ok")), root)
    assert srv.asked == []  # checked before anything is transferred


def test_row_15_a_file_that_cannot_be_read(tmp_path):
    source = made_up(closed_port())
    (raw_folder(tmp_path) / source.members["train"][0].file).mkdir(parents=True)
    with pytest.raises(DataError, match="cannot be read .*GAN_EDU_DATA"):
        read(source, tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, the full disk of Linux")
def test_row_15_a_full_disk(tmp_path):
    with pytest.raises(DataError, match=r"cannot write .*No space left on device.*GAN_EDU_DATA"):
        download._keep(b"content", Path("/dev/full"), tmp_path / "file")
    assert names_in(tmp_path) == []


LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))" + FETCH


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is not on Windows")
def test_row_15_no_room_for_the_file(srv, tmp_path):
    words = [srv.mirror("ok"), str(tmp_path), str(len(IMAGES)), hashlib.sha256(IMAGES).hexdigest(), str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", LIMITED, *words], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "DataError: cannot write" in done.stderr and "GAN_EDU_DATA" in done.stderr
    assert names_in(raw_folder(tmp_path)) == []


def test_row_15_a_read_only_folder_serves_what_is_in_it(tmp_path, monkeypatch):
    source = made_up(closed_port())
    fill(tmp_path, source)

    def refuse(*_, **__):
        raise PermissionError(30, "Read-only file system")

    for method in ("mkdir", "touch", "write_bytes", "unlink"):
        monkeypatch.setattr(Path, method, refuse)
    assert read(source, tmp_path) == IMAGES


@pytest.mark.parametrize("x, got", [
    (torch.rand(4, 1, 28, 28), r"\[0.*use data.scale"),
    (torch.rand(4, 1, 28, 28) * 255, r"got \[.*, 25.*use data.scale"),
    (torch.rand(4, 1, 28, 28) * 2 - 1.5, r"got \[-1.*use data.scale"),
    (torch.full((4, 1, 28, 28), float("nan")), r"got \[nan, nan\]")])
def test_row_17_images_out_of_range(x, got):
    with pytest.raises(ValueError, match=r"images must lie in \[-1, 1\], got.*" + got.removeprefix("got ")):
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
