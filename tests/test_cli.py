"""Tests of the command gan-edu: what it writes, its exit codes, and that no trouble ends in a traceback.

Most call `main` in this process; signals and closed pipes need a process of their own.
"""

import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_edu import cli, data, objectives, plots, pretrained
from gan_edu.checkpoints import load_checkpoint, read_tensors
from gan_edu.errors import DataError

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "gan_edu.cli"]
QUICK = ["train", "--data", "digits", "--quiet", "--batch-size", "50"]


def ask(capsys, *arguments):
    """Run main and return (exit code, stdout, stderr), after the demands on every message."""
    code = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train 4 steps once, with k = 3 and a moving average."""
    out = tmp_path_factory.mktemp("run") / "four"
    assert cli.main([*QUICK, "--k", "3", "--steps", "4", "--ema", "0.9", "--out", str(out)]) == 0
    return out


def test_train_leaves_a_checkpoint_a_sheet_and_a_loss_picture(trained):
    assert sorted(file.name for file in trained.iterdir()) == sorted(cli.FILES)
    for name in cli.FILES[1:]:
        assert (trained / name).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    game, state, meta = load_checkpoint(trained / cli.FILES[0])
    assert state["step"] == 4 and meta["notes"]["settings"]["k"] == 3
    assert game.G_ema is not None and game.config["objective"] == "non_saturating"


def test_train_in_two_parts_equals_one_longer_run(trained, tmp_path, capsys):
    common = [*QUICK, "--k", 3, "--ema", 0.9, "--out", tmp_path / "two"]
    assert ask(capsys, *common, "--steps", 2)[0] == 0
    code, out, _ = ask(capsys, *common, "--steps", 4, "--resume")
    assert code == 0 and "4 steps of G, 12 of D" in out
    one, two = (read_tensors(folder / cli.FILES[0])[0] for folder in (trained, tmp_path / "two"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert (trained / "samples.png").read_bytes() == (tmp_path / "two" / "samples.png").read_bytes()


def test_learning_rates_and_objective_reach_the_run(tmp_path, capsys):
    assert ask(capsys, *QUICK, "--steps", 1, "--lr-g", 3e-4, "--lr-d", 5e-4, "--objective", "hinge", "--model",
               "maxout", "--out", tmp_path / "m")[0] == 0
    game, _, meta = load_checkpoint(tmp_path / "m" / cli.FILES[0])
    assert game.config["objective"] == "hinge" and game.G.latent == "uniform"
    optimizers = meta["notes"]["settings"]["optimizers"]
    assert [optimizers[name]["lr"] for name in "GD"] == [3e-4, 5e-4]


def test_what_is_there_is_not_overwritten(trained, capsys):
    before = (trained / cli.FILES[0]).read_bytes()
    code, _, err = ask(capsys, *QUICK, "--steps", 1, "--out", trained)
    assert code == 2
    assert "checkpoint.safetensors exists; give --resume to go on from it, --force to replace it, or another" in err
    assert (trained / cli.FILES[0]).read_bytes() == before


def test_force_replaces(trained, tmp_path, capsys):
    for name in cli.FILES:
        (tmp_path / name).write_bytes((trained / name).read_bytes())
    code, out, _ = ask(capsys, *QUICK, "--steps", 1, "--out", tmp_path, "--force")
    assert code == 0 and "1 steps of G" in out
    assert load_checkpoint(tmp_path / cli.FILES[0])[1]["step"] == 1


def test_resume_of_another_run_lists_the_differences_and_touches_nothing(trained, capsys):
    before = (trained / cli.FILES[0]).read_bytes()
    code, _, err = ask(capsys, *QUICK, "--steps", 9, "--k", 2, "--ema", 0.9, "--out", trained, "--resume")
    assert code == 1
    assert "file 3, here 2" in err
    assert (trained / cli.FILES[0]).read_bytes() == before


def test_divergence_ends_in_one_message_and_a_checkpoint(tmp_path, capsys):
    code, _, err = ask(capsys, *QUICK, "--steps", 50, "--lr-g", 1e38, "--lr-d", 1e38, "--out", tmp_path / "d")
    assert code == 1 and err.startswith("gan-edu: ")
    load_checkpoint(tmp_path / "d" / cli.FILES[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "arguments are required: command"),
        (["trian"], "did you mean train?"),
        (["train", "--seed", "x"], "seed must be a whole number >= 0, got 'x'"),
        (["train", "--k", "0"], "k must be a whole number >= 1, got 0"),
        (["train", "--k", "1.5"], "k must be a whole number >= 1, got '1.5'"),
        (["train", "--epochs", "0"], "epochs must be a finite number > 0, got 0.0"),
        (["train", "--lr-g", "nan"], "lr-g must be a finite number > 0, got nan"),
        (["train", "--ema", "1.5"], "ema must be less than 1, got 1.5"),
        (["train", "--model", "mpl"], "model must be one of mlp, maxout, got 'mpl'; did you mean mlp?"),
        (["train", "--data", "minst"], "did you mean mnist?"),
        (["train", "--objective", "nonsaturating"], "did you mean non_saturating?"),
        (["train", "--epoch", "3"], "did you mean --epochs?"),
        (["train", "--batchsize=3"], "did you mean --batch-size?"),
        (["train", "--epochs", "1", "--steps", "1"], "not allowed with argument"),
        (["train", "--resume", "--force"], "not allowed with argument"),
        (["train", "--resume", "--out", "nowhere"], "there is no nowhere"),
        (["sample", "no/such.safetensors"], "there is no file no/such.safetensors"),
        (["sample", "x", "--n", "0"], "n must be a whole number >= 1, got 0"),
        (["fetch", "minst"], "name must be one of mnist, fashion, got 'minst'; did you mean mnist?"),
    ],
)
def test_wrong_use_is_exit_code_2_with_a_suggestion(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = ask(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_cuda_that_is_not_there_is_refused(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, _, err = ask(capsys, *QUICK, "--device", "cuda", "--out", tmp_path)
    assert code == 2 and "there is no CUDA device here; leave out --device, or give --device cpu" in err


def test_batch_larger_than_the_data_is_wrong_use(capsys, tmp_path):
    code, _, err = ask(capsys, *QUICK[:-1], "5000", "--out", tmp_path / "b")
    assert code == 2 and "batch_size must be at most 1,500" in err


def test_sample_from_a_checkpoint_is_seeded_and_careful(trained, tmp_path, capsys):
    file, out = trained / cli.FILES[0], tmp_path / "s.png"
    assert ask(capsys, "sample", file, "--n", 9, "--out", out)[0] == 0
    first = out.read_bytes()
    code, _, err = ask(capsys, "sample", file, "--n", 9, "--out", out)
    assert code == 2 and "s.png exists; give --force to replace it, or another --out" in err
    assert ask(capsys, "sample", file, "--n", 9, "--out", out, "--force")[0] == 0
    assert out.read_bytes() == first
    assert ask(capsys, "sample", file, "--n", 9, "--seed", 1, "--out", out, "--force")[0] == 0
    assert out.read_bytes() != first


def test_sample_from_shipped_weights_by_name(trained, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(pretrained, "available", lambda: ["mnist-mlp"])
    monkeypatch.setattr(pretrained, "load", lambda name: load_checkpoint(trained / cli.FILES[0])[0])
    assert ask(capsys, "sample", "mnist-mlp", "--n", 2, "--out", tmp_path / "s.png")[0] == 0
    code, _, err = ask(capsys, "sample", "mnist-mpl", "--out", tmp_path / "t.png")
    assert code == 2 and "did you mean mnist-mlp?" in err


def test_a_damaged_checkpoint_is_one_message(trained, tmp_path, capsys):
    (tmp_path / "x.safetensors").write_bytes((trained / cli.FILES[0]).read_bytes()[:-1])
    code, _, err = ask(capsys, "sample", tmp_path / "x.safetensors", "--out", tmp_path / "s.png")
    assert code == 1 and err.startswith("gan-edu: ") and not (tmp_path / "s.png").exists()


def test_a_folder_that_cannot_be_written_is_one_message(trained, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    code, _, err = ask(capsys, "sample", trained / cli.FILES[0], "--out", tmp_path / "file" / "s.png")
    assert code == 1 and "file" in err and err.startswith("gan-edu: ")


def test_fetch_says_where_and_what_went_wrong(monkeypatch, tmp_path, capsys):
    asked = []
    monkeypatch.setattr(data, "fetch_images", lambda name, root: asked.append((name, root)) or tmp_path / name)
    code, out, _ = ask(capsys, "fetch", "mnist", "fashion", "--root", tmp_path)
    assert code == 0 and asked == [("mnist", tmp_path), ("fashion", tmp_path)]
    assert out.splitlines()[0] == f"mnist: verified, in {tmp_path / 'mnist'}"

    def fail(name, root):
        raise DataError("no mirror has it")

    monkeypatch.setattr(data, "fetch_images", fail)
    assert ask(capsys, "fetch")[::2] == (1, "gan-edu: no mirror has it\n")


@pytest.mark.parametrize(("level", "code"), [("ok", 0), ("advice", 0), ("problem", 1)])
def test_doctor_fails_on_problems_only(level, code, monkeypatch, capsys):
    from gan_edu import doctor

    monkeypatch.setattr(doctor, "doctor", lambda: [doctor.Finding(level, "text", "command")])
    assert ask(capsys, "doctor")[:2] == (code, f"{level:8}text\n        run: command\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141), (MemoryError("a batch of 64"), 1), (ValueError("v"), 2)],
)
def test_exit_codes(error, code, monkeypatch, capsys):
    def fail(options):
        raise error

    monkeypatch.setattr(cli, "doctor", fail)
    monkeypatch.setattr(cli, "_close_output", lambda: None)
    assert ask(capsys, "doctor")[0] == code


def test_names_here_are_the_names_below():
    assert set(cli.OBJECTIVES) == set(objectives.OBJECTIVES)
    assert set(cli.DATA) == set(data.NAMES)


def test_help_and_version(capsys):
    assert ask(capsys, "--version")[:2] == (0, "gan-edu 0.1.0\n")
    code, out, _ = ask(capsys, "train", "--help")
    assert code == 0 and "--resume" in out
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"gan-edu": "gan_edu.cli:main"}


def test_a_wrong_option_is_told_before_torch_is_loaded():
    code = "import sys; from gan_edu.cli import main; print(main(['train', '--k', '0']), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "2 False\n"


@pytest.mark.parametrize("arguments", [["--help"], ["doctor"]])
def test_a_closed_pipe_is_no_traceback(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([*COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=plain)
    os.close(writer)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
def test_ctrl_c_stops_between_steps_saves_and_can_go_on(tmp_path):
    command = [*COMMAND, "train", "--data", "digits", "--out", str(tmp_path / "c"), "--steps"]
    with subprocess.Popen([*command, "100000"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as running:
        try:
            seen = b""
            while not re.search(rb" ([3-9]|\d\d+)/100000", seen):       # a quick machine's bar leaps over the 3
                assert running.poll() is None, seen
                seen += os.read(running.stderr.fileno(), 4096)
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=60)
        finally:
            running.kill()
    assert running.returncode == 130
    assert b"Traceback" not in err and b"the same command with --resume goes on from there" in err
    assert sorted(file.name for file in (tmp_path / "c").iterdir()) == sorted(cli.FILES)
    _, state, _ = load_checkpoint(tmp_path / "c" / cli.FILES[0])
    assert state["step"] >= 3
    assert cli.main([*command[3:], str(state["step"] + 1), "--resume", "--quiet"]) == 0


@pytest.mark.slow
@pytest.mark.timeout(900)   # a minute on an idle machine
def test_one_epoch_of_the_real_mnist_with_k_3(mnist, tmp_path):
    out = tmp_path / "epoch"
    done = subprocess.run([*COMMAND, "train", "--model", "mlp", "--data", "mnist", "--k", "3", "--epochs", "1", "--out",
                           str(out)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    steps = -(-(60_000 // 64) // 3)
    assert f"{steps:,} steps of G, {3 * steps:,} of D" in done.stdout and "step/s" in done.stderr
    game, state, _ = load_checkpoint(out / cli.FILES[0])
    sheet = plots.tile(game.sample(64, generator=torch.Generator().manual_seed(0)).numpy())
    assert state["step"] == steps and np.isfinite(sheet).all() and sheet.std() > 0.2


@pytest.mark.parametrize("wrong", [["--batch-size", "5000"], ["--seed", str(2**32)]])
def test_force_keeps_the_old_run_where_no_new_one_begins(tmp_path, wrong, capsys):
    out = tmp_path / "run"
    assert cli.main([*QUICK, "--steps", "2", "--out", str(out)]) == 0
    before = (out / cli.FILES[0]).read_bytes()
    assert cli.main([*QUICK, "--steps", "2", "--out", str(out), "--force", *wrong]) == 2
    assert (out / cli.FILES[0]).read_bytes() == before and len(list(out.iterdir())) == 3
    assert cli.main([*QUICK, "--steps", "3", "--out", str(out), "--force"]) == 0
    assert (out / cli.FILES[0]).read_bytes() != before and len(list(out.iterdir())) == 3


def test_too_little_memory_and_a_home_that_is_not_there_are_told(tmp_path, capsys, monkeypatch):
    def too_much(*_):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried")
    monkeypatch.setattr(cli, "_sheet", too_much)
    assert cli.main(["sample", "mnist-mlp", "--out", str(tmp_path / "x.png")]) == 1
    assert "not enough memory" in capsys.readouterr().err
    monkeypatch.setenv("GAN_EDU_PROGRESS", "~nobody-of-this-name/x")
    assert cli.main(["progress"]) == 2
    assert "give the whole path" in capsys.readouterr().err
