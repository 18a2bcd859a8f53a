"""Sweeps of runs: whole files, what is done is skipped, a killed worker of a real Dask cluster loses no finished run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_edu import cli, cli_sweep, sweeps_runs
from gan_edu.checkpoints import load_checkpoint
from gan_edu.data import load_images
from gan_edu.errors import GanEduError
from gan_edu.sweeps_runs import name_of, plan, play_run, sweep_runs
from gan_edu.training import train

COMMON = {"data": "digits", "objective": "non_saturating", "batch_size": 8, "lr_G": 1e-4, "lr_D": 2e-4, "epochs": None,
          "steps": 2, "device": "cpu"}


def here(runs, out) -> list[dict]:
    return sweep_runs(runs, out, backend="threading", progress=False)


def test_every_run_leaves_a_checkpoint_and_a_row_and_is_not_played_again(tmp_path, monkeypatch):
    runs = plan(models=["mlp"], ks=[1, 2], seeds=2, **COMMON)
    assert [name_of(run) for run in runs] == [f"mlp-digits-k{k}-seed{s}" for k in (1, 2) for s in (0, 1)]
    assert json.loads(json.dumps(runs)) == runs                               # plain: it may cross to any process
    first = here(runs[:3], tmp_path)
    assert [(row["steps"], row["evaluations"]) for row in first] == [(2, 4), (2, 4), (2, 6)]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        f"{name_of(run)}.{kind}" for run in runs[:3] for kind in ("json", "safetensors"))
    played = []
    monkeypatch.setattr(sweeps_runs, "play_run", lambda run, out: played.append(name_of(run)) or play_run(run, out))
    assert here(runs, tmp_path)[:3] == first and played == [name_of(runs[3])]
    (tmp_path / f"{name_of(runs[0])}.safetensors").unlink()                   # half of a run is no run
    here(runs, tmp_path)
    assert played[1:] == [name_of(runs[0])]


def test_a_row_says_what_train_did(tmp_path):
    (run,) = plan(models=["maxout"], ks=[2], seeds=[5], **COMMON)
    row = play_run(run, str(tmp_path))
    images = load_images("digits")
    game = sweeps_runs.new_game("maxout", images, seed=5)
    rates = tuple(torch.optim.Adam(p.parameters(), lr=lr, fused=True) for p, lr in ((game.G, 1e-4), (game.D, 2e-4)))
    history = train(game, images, k=2, steps=2, batch_size=8, seed=5, optimizers=rates, progress=False)
    assert row["settings"] == run and row["loss_G"] == pytest.approx(float(np.mean(history["loss_G"])))
    kept = load_checkpoint(tmp_path / row["checkpoint"])[0]
    assert all(torch.equal(a, b) for a, b in zip(kept.G.parameters(), game.G.parameters(), strict=True))


def test_a_finished_run_that_is_asked_for_again_is_read_not_played(tmp_path):
    """As Dask does with the results of a worker that died."""
    (run,) = plan(models=["mlp"], ks=[1], seeds=1, **COMMON)
    row = play_run(run, str(tmp_path))
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert play_run(run, str(tmp_path)) == row
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == written


def test_an_interrupted_run_has_no_row_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    (run,) = plan(models=["mlp"], ks=[1], seeds=1, **COMMON | {"steps": 4})
    whole = play_run(run, str(tmp_path / "whole"))

    def stopped(*args, **kwargs):
        return train(*args, on_step=lambda run: run.step == 2 and run.stop(), **kwargs)

    monkeypatch.setattr(sweeps_runs, "train", stopped)
    with pytest.raises(KeyboardInterrupt):
        play_run(run, str(tmp_path / "cut"))
    assert not sweeps_runs.is_done(run, tmp_path / "cut")
    monkeypatch.setattr(sweeps_runs, "train", train)
    cut = play_run(run, str(tmp_path / "cut"))
    assert {**cut, "seconds": 0} == {**whole, "seconds": 0}
    a, b = (load_checkpoint(tmp_path / folder / cut["checkpoint"])[0] for folder in ("whole", "cut"))
    assert all(torch.equal(x, y) for x, y in zip(a.D.parameters(), b.D.parameters(), strict=True))


def test_a_diverged_run_is_done_and_says_so(tmp_path):
    (run,) = plan(models=["mlp"], ks=[1], seeds=1, **COMMON | {"steps": 20, "lr_D": 1e30})
    (row,) = here([run], tmp_path)
    assert "not a finite number" in row["diverged"] and row["steps"] < 20 and sweeps_runs.is_done(run, tmp_path)


def test_another_sweep_in_the_folder_is_told(tmp_path):
    here(plan(models=["mlp"], ks=[1], seeds=1, **COMMON), tmp_path)
    with pytest.raises(ValueError, match="lr_D was 0.0002, is 0.1.*give another folder"):
        here(plan(models=["mlp"], ks=[1], seeds=1, **COMMON | {"lr_D": 0.1}), tmp_path)


@pytest.mark.parametrize(("wrong", "words"), [
    ({"backend": "fork"}, "backend must be one of loky"), ({"backend": "dask"}, "belong together"),
    ({"address": "tcp://x:1"}, "belong together"), ({"workers": 0}, "workers must be"),
    ({"backend": "threading", "workers": 2}, "one random state")])
def test_a_backend_that_cannot_be_is_told(tmp_path, wrong, words):
    with pytest.raises(ValueError, match=words):
        sweep_runs([], tmp_path, **wrong)
    with pytest.raises(ValueError, match="model must be one of mlp, maxout, got 'x'"):
        sweeps_runs.new_game("x", None)


def test_dask_is_asked_for_only_where_it_is_there(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(GanEduError, match="pip install distributed"):
        sweep_runs([], tmp_path, backend="dask", address="tcp://127.0.0.1:9")


# ---------------------------------------------------------------- the command

def test_the_command_offers_what_there_is():
    assert cli.MODELS == sweeps_runs.MODELS and cli_sweep.BACKENDS == sweeps_runs.BACKENDS


def test_the_command_plays_and_skips(tmp_path, capsys):
    command = ["sweep", "--data", "digits", "--k", "1", "2", "--steps", "1", "--batch-size", "8", "--quiet",
               "--backend", "threading", "--out", str(tmp_path / "s")]
    assert cli.main(command) == 0
    said = capsys.readouterr().out
    assert "2 runs, 0 of them done before" in said and "mlp-digits-k2-seed0: 1 steps, 3 gradient evaluations" in said
    assert cli.main(command) == 0 and "2 runs, 2 of them done before" in capsys.readouterr().out
    assert cli.main([*command, "--batch-size", "4"]) == 2 and "batch_size was 8, is 4" in capsys.readouterr().err
    assert cli.main(["sweep", "--k", "0"]) == 2 and cli.main(["sweep", "--backend", "dask"]) == 2


@pytest.mark.slow
def test_processes_of_this_machine_give_the_same_rows(tmp_path):
    runs = plan(models=["mlp"], ks=[1], seeds=2, **COMMON)
    apart, together = sweep_runs(runs, tmp_path / "a", workers=2, progress=False), here(runs, tmp_path / "b")
    for a, b in zip(apart, together, strict=True):
        assert a["settings"] == b["settings"] and a["loss_D"] == pytest.approx(b["loss_D"], rel=1e-4)


# ---------------------------------------------------------------- a real cluster

CLUSTER = """
import os, sys
from dask.distributed import Client, LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            print(cluster.scheduler_address, *client.run(os.getpid).values(), flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def cluster(tmp_path):
    """Yield the address and the pids of the workers of a cluster that runs in processes of its own."""
    pytest.importorskip("distributed", reason="distributed is missing: pip install distributed")
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    process = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=os.environ | {"OMP_NUM_THREADS": "1"})
    address, *pids = process.stdout.readline().split()
    yield address, [int(pid) for pid in pids]
    process.communicate(timeout=60)      # its input ends, so it does


def rows_in(folder: Path) -> dict[str, float]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.json")}


@pytest.mark.slow
def test_a_killed_worker_loses_no_finished_run_and_a_rerun_plays_only_what_is_missing(tmp_path, cluster):
    address, pids = cluster
    out = tmp_path / "out"
    command = [sys.executable, "-m", "gan_edu.cli", "sweep", "--data", "digits", "--k", "1", "2", "3", "--seeds", "2",
               "--steps", "60", "--backend", "dask", "--address", address, "--out", str(out), "--quiet"]
    sweep = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while len(before := rows_in(out)) < 2:
        assert sweep.poll() is None, sweep.communicate()[0]
        time.sleep(0.05)
    os.kill(pids[0], signal.SIGKILL)
    sweep.communicate(timeout=200)                       # it may go on with the other worker, or give up
    after = rows_in(out)
    assert before.items() <= after.items()               # nothing that was finished is lost or played again
    again = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    assert f"6 runs, {len(after)} of them done before" in again.stdout
    final = rows_in(out)
    assert len(final) == 6 and after.items() <= final.items()
    for path in out.glob("*.json"):
        assert load_checkpoint(out / json.loads(path.read_text())["checkpoint"])[0].G is not None


def test_a_cluster_that_does_not_answer_is_told(tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="distributed is missing: pip install distributed")
    monkeypatch.setattr(sweeps_runs, "_PATIENCE", "0.2s")
    with pytest.raises(GanEduError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        sweep_runs([], tmp_path, backend="dask", address="tcp://127.0.0.1:9")


def test_a_shorter_run_than_the_one_that_lies_there_is_refused(tmp_path):
    (run,) = plan(models=["mlp"], ks=[1], seeds=[0], **COMMON | {"steps": 3})
    play_run(run, str(tmp_path))
    next(tmp_path.glob("*.json")).unlink()               # killed before its row was written
    with pytest.raises(ValueError, match="has 3 steps already, asked were 2"):
        play_run(run | {"steps": 2}, str(tmp_path))
