"""What happens when mirrors, networks and disks misbehave while a file is fetched: rows 1 to 7 and 12 to 15 of the
table of faults. Files that are wrong already are in test_faults_data.py.
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

import pytest

from bad_server import BadServer, closed_port
from gan_edu import data, download
from gan_edu.errors import DataError
from made_up import IMAGES, N, fill, made_up, names_in, raw_folder, read

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


def test_row_06_auto_waits_for_the_mirrors_once_and_still_sees_files_that_come(srv, tmp_path, monkeypatch):
    source = made_up(srv.mirror("404"))
    monkeypatch.setitem(download.SOURCES, "mnist", source)
    assert data.load_images("auto", root=tmp_path, download=False).name == "digits" and srv.asked == []
    assert [data.load_images("auto", root=tmp_path).name for _ in range(3)] == ["digits"] * 3
    assert len(srv.asked) == 1
    fill(tmp_path, source)
    assert data.load_images("auto", root=tmp_path).name == "mnist"


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
