"""Files that are there whole or not at all; kills, full disks and two writers are tried in test_checkpoints.py."""

import os

import pytest

from gan_edu.files import write_whole


def test_the_content_replaces_the_old_one_and_folders_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two" and list(path.parent.iterdir()) == [path]


def test_a_failure_before_the_renaming_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_only_old_strays_of_this_name_are_swept(tmp_path):
    path = tmp_path / "file"
    names = [".file.0.part", ".file.1.part", ".other.0.part"]
    old, fresh, other = (tmp_path / name for name in names)
    for stray in (old, fresh, other):
        stray.write_bytes(b"")
    os.utime(old, (0, 0)), os.utime(other, (0, 0))
    write_whole(path, b"x")
    assert not old.exists() and fresh.exists() and other.exists()


def test_a_stray_that_vanishes_while_it_is_looked_at_is_no_trouble(tmp_path, monkeypatch):
    """Its writer renamed it between the listing and the look."""
    path, gone = tmp_path / "file", tmp_path / ".file.0.part"
    monkeypatch.setattr(type(path), "glob", lambda *_: [gone])
    write_whole(path, b"x")
    assert path.read_bytes() == b"x"
