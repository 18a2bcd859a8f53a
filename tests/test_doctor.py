"""Tests of gan_edu.doctor: fake versions, libraries, disks; each culprit is named with the command that helps."""

import importlib.metadata
import shlex
import sys

import pytest

from gan_edu import data, doctor
from gan_edu.doctor import Finding

GOOD = {"torch": "2.15.0+cpu", "torchvision": "0.29.2", "numpy": "2.4.6", "ipywidgets": "8.1.9", "anywidget": "0.11.0",
        "jupyterlab-widgets": "3.0.17"}
NEEDS = ["numpy>=2.0", "torch>=2.10", "torchvision", "ipywidgets>=8.1", 'pytest>=8.4; extra == "test"']
PAIRS = {"torchvision": ["numpy", "torch>=2.14.0"], "ipywidgets": ["jupyterlab_widgets~=3.0.17"]}


def test_good_versions_give_one_line_and_the_test_extra_is_not_asked_for():
    (finding,) = doctor.judge_packages(NEEDS, GOOD)
    assert finding == Finding(
        "ok", "packages: torch 2.15.0+cpu, torchvision 0.29.2, numpy 2.4.6, ipywidgets 8.1.9, anywidget 0.11.0")
    assert doctor.judge_pairs(PAIRS, GOOD) == []


@pytest.mark.parametrize(
    ("name", "version", "text", "command"),
    [
        ("torch", "2.9.1", "the course needs torch >=2.10, and torch 2.9.1 is here (older ones can run code from a "
         "weights file, CVE-2026-24747)", "-m pip install --upgrade 'torch>=2.10' torchvision"),
        ("torch", "2.9.1+cu130", "torch 2.9.1+cu130 is here", "'torch>=2.10' torchvision"),
        ("torch", None, "torch is not installed", "'torch>=2.10' torchvision"),
        ("numpy", "1.26.4", "the course needs numpy >=2.0, and numpy 1.26.4 is here", "--upgrade 'numpy>=2.0'"),
        ("ipywidgets", "7.8.5", "ipywidgets 7.8.5 is here (explorers need version 8 or later)", "'ipywidgets>=8.1'"),
    ],
)
def test_an_old_or_missing_package_is_named_with_its_command(name, version, text, command):
    versions = {k: v for k, v in (GOOD | {name: version}).items() if v is not None}
    (finding,) = doctor.judge_packages(NEEDS, versions)
    assert finding.level == "problem"
    assert text in finding.text
    assert command in finding.command


@pytest.mark.parametrize(
    ("name", "version", "text", "command"),
    [
        ("torch", "2.11.0", "torchvision 0.29.2 needs torch >=2.14.0, and torch 2.11.0 is here",
         "'torch>=2.10' torchvision"),
        ("jupyterlab-widgets", "1.1.11", "ipywidgets 8.1.9 needs jupyterlab_widgets ~=3.0.17, and jupyterlab_widgets "
         "1.1.11 is here (without the right one, JupyterLab says 'model not found')", "'jupyterlab_widgets~=3.0.17'"),
    ],
)
def test_a_pair_that_does_not_fit_is_named(name, version, text, command):
    (finding,) = doctor.judge_pairs(PAIRS, GOOD | {name: version})
    assert finding.level == "problem" and text in finding.text and command in finding.command


def test_release_candidates_and_local_builds_count_as_their_version():
    assert doctor.judge_packages(["torch>=2.10"], GOOD | {"torch": "2.10.0a0+git1"})[0].level == "ok"


@pytest.mark.parametrize(("version", "level"), [((3, 10, 14), "problem"), ((3, 11, 0), "ok"), ((4, 0, 0), "ok")])
def test_python(version, level):
    finding = doctor.judge_python(version)
    assert finding.level == level
    assert ("python3.11 -m venv" in finding.command) == (level == "problem")


def test_numpy_and_torch_of_different_builds():
    finding = doctor.judge_numpy("Numpy is not available\nmore", {"torch": "2.10.0", "numpy": "1.26.4"})
    assert finding.level == "problem"
    assert "torch 2.10.0 and NumPy 1.26.4 do not fit together (Numpy is not available)" in finding.text
    assert "--force-reinstall 'numpy>=2.0'" in finding.command
    assert doctor.judge_numpy("", GOOD).level == "ok"


@pytest.mark.parametrize(
    ("libraries", "level"),
    [
        ([], "ok"),
        (["/a/site-packages/torch/lib/libgomp.so.1", "/a/site-packages/scikit_learn.libs/libgomp-e98.so.1.0.0"], "ok"),
        (["/a/lib/libiomp5.so", "/a/site-packages/torch/lib/libgomp.so.1"], "ok"),
        (["/a/lib/libomp.dylib", "/a/lib/libomp.dylib"], "ok"),
        (["/a/lib/libiomp5.dylib", "/a/lib/python3.12/site-packages/torch/lib/libomp.dylib"], "problem"),
    ],
)
def test_openmp_runtimes(libraries, level):
    finding = doctor.judge_openmp(libraries)
    assert finding.level == level
    if level == "problem":
        assert "from lib (libiomp5.dylib) and torch (libomp.dylib)" in finding.text
        assert "venv .venv-new" in finding.command


def test_nothing_suggests_to_silence_the_openmp_clash():
    bad = doctor.judge_openmp(["/a/lib/libiomp5.dylib", "/b/lib/libomp.dylib"])
    assert "KMP" not in str(bad)


@pytest.mark.parametrize(("free", "level"), [(10**10, "ok"), (5 * 10**8, "ok"), (499 * 10**6, "problem")])
def test_disk(free, level):
    finding = doctor.judge_disk(free, "here")
    assert finding.level == level
    assert f"{free / 1e6:,.0f} MB free for here" in finding.text
    assert ("GAN_EDU_DATA" in finding.text) == (level == "problem")


def test_device():
    assert doctor.judge_device("").text == "device: cpu, which is all the notebooks need"
    assert doctor.judge_device("cuda (X)").text == "device: cuda (X)"
    broken = doctor.judge_device("", "libtorch.so: cannot open\ntrace")
    assert broken.level == "problem" and "(libtorch.so: cannot open)" in broken.text and "torchvision" in broken.command


def test_data_that_is_missing_is_advice_with_the_fetch_command():
    finding = doctor.judge_data("mnist", "MNIST is not on this machine", "there")
    assert finding.level == "advice" and finding.command == "gan-edu fetch mnist"
    assert doctor.judge_data("mnist", "", "there") == Finding("ok", "mnist: verified, in there")


def test_a_finding_reads_as_one_line_and_one_command():
    assert str(Finding("problem", "bad.", "fix it")) == "problem bad.\n        run: fix it"
    assert repr(Finding("ok", "good")) == "ok      good"


def test_doctor_looks_at_this_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_EDU_DATA", str(tmp_path / "not" / "yet"))
    findings = doctor.doctor()
    levels = [finding.level for finding in findings]
    assert levels == sorted(levels, key=("problem", "advice", "ok").index)
    assert [f for f in findings if f.level == "problem"] == []
    advice = [finding for finding in findings if finding.level == "advice"]
    assert [finding.command for finding in advice] == ["gan-edu fetch mnist", "gan-edu fetch fashion"]
    assert not (tmp_path / "not").exists(), "doctor changes nothing"
    text = "\n".join(map(str, findings))
    for word in ("Python", "torch ", "torchvision ", "NumPy", "OpenMP", "device", "MB free"):
        assert word in text


def test_doctor_reads_the_bounds_from_the_package_itself():
    assert "torch>=2.10" in importlib.metadata.requires("gan-edu")
    assert doctor._needs("gan-edu") and doctor._needs("no-such-package") == []


def test_commands_name_this_python():
    assert shlex.split(doctor._pip("x>=1"))[0] == sys.executable


def test_what_is_broken_is_reported_and_never_raised(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "torch" in doctor._numpy_trouble()
    assert doctor._device()[0] == "" and "torch" in doctor._device()[1]
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    assert doctor._openmp_runtimes() == []


def test_a_data_room_that_cannot_be_imported_is_said(monkeypatch):
    monkeypatch.delattr("gan_edu.data")
    monkeypatch.setitem(sys.modules, "gan_edu.data", None)
    (finding,) = doctor._look_at_folders()
    assert finding.level == "advice" and "not looked at" in finding.text


def test_verified_data_is_ok(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "load_images", lambda name, split, download: None)
    assert doctor._look_at_set("mnist", tmp_path).level == "ok"


def test_no_requirements_at_all_are_a_problem_and_no_good_news():
    (finding,) = doctor.judge_packages([], GOOD)
    assert finding.level == "problem" and "not installed here" in str(finding)
