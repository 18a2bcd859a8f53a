"""Checkpoints: whole or not at all, nothing foreign or damaged gets in, nothing runs, a model never half loaded."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time

import pytest
import torch

from gan_edu.checkpoints import load_checkpoint, read_tensors, require_same, save_checkpoint, write_tensors
from gan_edu.errors import CheckpointError
from gan_edu.games import GAN, moving_average_of
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded


def make_game(seed=0, width=6):
    with seeded(seed):
        return GAN(MLPGenerator(3, shape=(2,), hidden=(width,)), MLPDiscriminator(shape=(2,), hidden=(width,)))


def bits(game):
    players = [p for p in (game.G, game.D, game.G_ema) if p is not None]
    return b"".join(v.numpy().tobytes() for p in players for v in p.state_dict().values())


@pytest.fixture
def saved(tmp_path):
    game = make_game()
    game.G_ema = moving_average_of(game.G)
    state = {"step": 7, "table": torch.arange(6.0).view(2, 3), "none": None,
             "groups": [{"lr": 1e-4, 0: torch.tensor(3, dtype=torch.int64)}]}
    return game, save_checkpoint(tmp_path / "a.safetensors", game, state=state, notes={"seed": 0})


def test_the_round_trip_is_exact(saved):
    game, path = saved
    twin, state, meta = load_checkpoint(path)
    assert bits(twin) == bits(game) and twin.config == game.config and meta["notes"] == {"seed": 0}
    assert state["step"] == 7 and state["none"] is None and state["groups"][0]["lr"] == 1e-4
    assert torch.equal(state["table"], torch.arange(6.0).view(2, 3)) and state["groups"][0][0].item() == 3
    other = make_game(seed=1)
    loaded, _, _ = load_checkpoint(path, other)
    assert loaded is other and bits(other) == bits(game)


def test_halves_are_half_the_size_and_near(saved, tmp_path):
    game, path = saved
    half = save_checkpoint(tmp_path / "half.safetensors", game, half=True)
    twin = load_checkpoint(half)[0]
    for name, value in game.G.state_dict().items():
        torch.testing.assert_close(twin.G.state_dict()[name], value, rtol=1e-3, atol=1e-4)
    assert twin.G.net[0].weight.dtype == torch.float32


def test_a_file_without_an_average_loads_into_a_game_with_one(tmp_path):
    plain, averaged = make_game(), make_game(1)
    path = save_checkpoint(tmp_path / "a.safetensors", plain)
    averaged.G_ema = moving_average_of(averaged.G)
    load_checkpoint(path, averaged)
    assert torch.equal(averaged.G.net[0].weight, plain.G.net[0].weight)


@pytest.mark.parametrize("flips, cuts", [(300, 60), pytest.param(1_000, 200, marks=pytest.mark.slow)])
def test_every_bit_flip_and_truncation_is_refused_and_touches_nothing(flips, cuts, saved, tmp_path):
    """Fault 34: flips over the whole file and truncations, each one clear error."""
    _, path = saved
    whole, game = path.read_bytes(), make_game(seed=1)
    before, draws = bits(game), torch.Generator().manual_seed(0)
    damaged = tmp_path / "damaged.safetensors"
    places = torch.randint(0, 8 * len(whole), (flips,), generator=draws).tolist()
    ends = [0, 1, 7, 8, len(whole) - 1] + torch.randint(0, len(whole), (cuts - 5,), generator=draws).tolist()
    files = [whole[:i // 8] + bytes([whole[i // 8] ^ (1 << i % 8)]) + whole[i // 8 + 1:] for i in places]
    for data in files + [whole[:cut] for cut in ends] + [whole + b"\0"]:
        damaged.write_bytes(data)
        with pytest.raises(CheckpointError, match="damaged|not a checkpoint|format|is empty"):
            load_checkpoint(damaged, game)
    assert bits(game) == before


@pytest.mark.parametrize("content, message", [
    (b"", "it is empty"), (b"<!DOCTYPE html><html>", "got a web page"), (b"PK\x03\x04" + bytes(99), "got a zip or PyTorch file"),
    (b"\x08" + bytes(7) + b"\xff" * 8, "bytes are no safetensors"), (bytes(100), "bytes are no safetensors"),
    (b"\xff" * 64, "bytes are no safetensors"),
])
def test_a_wrong_file_is_called_what_it_looks_like(content, message, tmp_path):
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        read_tensors(path)


def test_safetensors_of_somebody_else_are_refused(tmp_path):
    from safetensors.torch import save_file
    path = tmp_path / "a.safetensors"
    save_file({"w": torch.zeros(2)}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint of gan_edu"):
        load_checkpoint(path)
    write_tensors(path, {"w": torch.zeros(2)}, {"format": "gan_edu 99"})
    with pytest.raises(CheckpointError, match="format 'gan_edu 99', this version reads 'gan_edu 1'"):
        load_checkpoint(path)
    write_tensors(path, {"w": torch.zeros(2)}, {"format": "gan_edu 1"})
    with pytest.raises(CheckpointError, match="is a safetensors file, but not a checkpoint of gan_edu"):
        load_checkpoint(path)


def test_bytes_that_hash_right_but_do_not_parse_are_refused(saved, tmp_path):
    """Whoever rewrites the hash can make a file that verifies; it still must not crash the reader."""
    import hashlib
    _, path = saved
    data = path.read_bytes()
    digest = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])["__metadata__"]["sha256"].encode()
    longer = data.replace(digest, b"0" * 64) + b"more"
    forged = tmp_path / "forged.safetensors"
    forged.write_bytes(longer.replace(b"0" * 64, hashlib.sha256(longer).hexdigest().encode(), 1))
    with pytest.raises(CheckpointError, match="cannot be parsed"):
        read_tensors(forged)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl"])
def test_a_pickle_is_refused_and_never_run(suffix, tmp_path):
    """Fault 36: a file that would leave a mark if it were unpickled."""
    mark = tmp_path / "mark"

    class Bomb:
        def __reduce__(self):
            return os.system, (f"touch {mark}",)
    for path in (tmp_path / f"a{suffix}", tmp_path / "a.safetensors"):
        path.write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(CheckpointError):
            load_checkpoint(path)
    with pytest.raises(CheckpointError, match="only .safetensors are read"):
        load_checkpoint(tmp_path / f"a{suffix}")
    assert not mark.exists()


def test_another_width_is_listed_and_nothing_is_touched(saved):
    """Fault 35."""
    _, path = saved
    game = make_game(width=9)
    before = bits(game)
    with pytest.raises(CheckpointError, match=r"networks.D.hidden: file \[6\], here \[9\]\n.*networks.G.hidden"):
        load_checkpoint(path, game)
    assert bits(game) == before


def test_tensors_that_do_not_fit_the_description_are_refused(saved, tmp_path):
    _, path = saved
    tensors, meta = read_tensors(path)
    for change in ({"G.net.0.weight": torch.zeros(2, 2)}, {"G.net.9.weight": torch.zeros(1)}):
        write_tensors(tmp_path / "b.safetensors", tensors | change, meta)
        with pytest.raises(CheckpointError, match="G.net"):
            load_checkpoint(tmp_path / "b.safetensors", make_game())


def test_settings_are_compared_when_asked(saved):
    _, path = saved
    with pytest.raises(CheckpointError, match="settings.k: file 'nothing', here 2"):
        load_checkpoint(path, settings={"k": 2})
    require_same("x", {"a": {"b": (1, 2)}}, {"a": {"b": [1, 2]}})


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="cannot read .*none.safetensors.*give the path of a .safetensors file"):
        load_checkpoint(tmp_path / "none.safetensors")


def test_a_folder_that_cannot_be_written_keeps_the_old_file(saved, tmp_path):
    """Fault 33, first half: the path's folder is a file."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(CheckpointError, match="could not write .*the previous checkpoint, if there was one, is intact"):
        save_checkpoint(tmp_path / "file" / "a.safetensors", make_game())


FULL = """
import resource, sys
sys.path.insert(0, {tests!r})
from test_checkpoints import make_game
from gan_edu.checkpoints import save_checkpoint
from gan_edu.errors import CheckpointError
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    save_checkpoint({path!r}, make_game(seed=1))
except CheckpointError as error:
    print("refused:", error)
"""


def test_a_full_disk_keeps_the_old_file(saved):
    """Fault 33, second half: a limit on file sizes stands in for the full disk."""
    game, path = saved
    out = subprocess.run([sys.executable, "-c", FULL.format(tests=os.path.dirname(__file__), path=str(path))],
                         capture_output=True, text=True, timeout=250)
    assert out.stdout.startswith("refused: could not write"), out
    assert bits(load_checkpoint(path)[0]) == bits(game)
    assert [f.name for f in path.parent.iterdir()] == [path.name]          # no stray temporary file


LOOP = """
import sys
sys.path.insert(0, {tests!r})
from test_checkpoints import make_game
from gan_edu.checkpoints import save_checkpoint
games = [make_game(seed=s, width=2000) for s in (0, 1)]
print("ready", flush=True)
while True:
    for game in games:
        save_checkpoint({path!r}, game)
"""


@pytest.mark.parametrize("kills", [10, pytest.param(25, marks=pytest.mark.slow)])
def test_kills_while_saving_leave_a_readable_file(kills, tmp_path):
    """Fault 32: SIGKILL at so many moments in a loop that saves, while another process saves to the same name: the name
    always holds one of the two games, whole, and the other process never fails."""
    path, script = tmp_path / "a.safetensors", LOOP
    games = {bits(make_game(seed=s, width=2000)) for s in (0, 1)}
    save_checkpoint(path, make_game(seed=0, width=2000))
    process = subprocess.Popen([sys.executable, "-c", script.format(tests=os.path.dirname(__file__), path=str(path))],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == "ready"
    for i in range(kills):
        pid = os.fork()
        if pid == 0:                                                        # a child that saves until it is killed
            while True:
                save_checkpoint(path, make_game(seed=i % 2, width=2000))
        time.sleep(0.05 + 0.13 * i / kills)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert bits(load_checkpoint(path)[0]) in games
    assert process.poll() is None
    process.kill(), process.wait(), process.stdout.close()
    for stray in tmp_path.glob(".*.part"):
        os.utime(stray, (0, 0))
    save_checkpoint(path, make_game(seed=0, width=2000))
    assert [f.name for f in tmp_path.iterdir()] == [path.name]              # what the killed ones left is swept
