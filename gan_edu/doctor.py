"""Is this machine fit for the course? Each `judge_...` is a pure function from what was found to Findings; only
`doctor` looks at the machine. It changes nothing, and downloads nothing.
"""

import importlib.metadata
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from gan_edu.errors import DataError

PYTHON = (3, 11)
FREE_MB = 500       # the image sets take 110 MB unpacked; runs and notebooks want room as well
WATCHED = ("torchvision", "ipywidgets", "anywidget")   # their own needs are compared too: matched pairs
WHY = {
    "torch": "older ones can run code from a weights file, CVE-2026-24747",
    "ipywidgets": "explorers need version 8 or later",
    "jupyterlab-widgets": "without the right one, JupyterLab says 'model not found'",
}


@dataclass(frozen=True)
class Finding:
    """Hold one thing found: level "ok", "advice" or "problem", a sentence, and the exact command that helps (or "")."""

    level: str
    text: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.level:8}{self.text}" + (f"\n        run: {self.command}" if self.command else "")

    __repr__ = __str__


def doctor() -> list[Finding]:
    """Return what was found on this machine, problems first."""
    versions = installed_versions()
    findings = [
        judge_python(sys.version_info[:3]),
        *judge_packages(_needs("gan-edu"), versions),
        *judge_pairs({name: _needs(name) for name in WATCHED}, versions),
        judge_numpy(_numpy_trouble(), versions),
        judge_openmp(_openmp_runtimes()),
        judge_device(*_device()),
        *_look_at_folders(),
    ]
    order = ("problem", "advice", "ok")
    return sorted(findings, key=lambda finding: order.index(finding.level))


def judge_python(version: Sequence[int]) -> Finding:
    """Judge the Python version (major, minor, micro)."""
    shown = ".".join(map(str, version))
    if tuple(version[:2]) >= PYTHON:
        return Finding("ok", f"Python {shown}")
    wanted = ".".join(map(str, PYTHON))
    return Finding("problem", f"Python {shown} is too old, the course needs {wanted} or later",
                   f"python{wanted} -m venv .venv && .venv/bin/pip install -e .")


def judge_packages(needs: Iterable[str], versions: Mapping[str, str]) -> list[Finding]:
    """Judge the installed versions (canonical name -> version) against requirements such as "torch>=2.10"."""
    needs = list(needs)
    if not needs:
        return [Finding("problem", "gan_edu is not installed here, so its packages cannot be compared", _pip("-e", "."))]
    found = [_judge_need(need, versions, "") for need in map(Requirement, needs)]
    problems = [finding for finding in found if finding is not None]
    if problems:
        return problems
    names = ("torch", "torchvision", "numpy", "matplotlib", "jupyterlab", "ipywidgets", "anywidget")
    return [Finding("ok", "packages: " + ", ".join(f"{name} {versions[name]}" for name in names if name in versions))]


def judge_pairs(needs: Mapping[str, Iterable[str]], versions: Mapping[str, str]) -> list[Finding]:
    """Judge what installed packages ask of each other: needs maps a package to its requirements.

    torch and torchvision are a pair, and so are ipywidgets and jupyterlab_widgets.
    """
    pairs = [(owner, need) for owner, asked in needs.items() if owner in versions for need in map(Requirement, asked)]
    found = [_judge_need(need, versions, owner) for owner, need in pairs]
    return [finding for finding in found if finding is not None]


def judge_numpy(trouble: str, versions: Mapping[str, str]) -> Finding:
    """Judge whether torch and NumPy can hand arrays to each other; trouble: the error's text, "" if they can."""
    pair = f"torch {versions.get('torch', '(missing)')} and NumPy {versions.get('numpy', '(missing)')}"
    if not trouble:
        return Finding("ok", f"{pair} share arrays")
    text = f"{pair} do not fit together ({_one_line(trouble)}): one was built for another NumPy"
    return Finding("problem", text, _pip("--force-reinstall", "numpy>=2.0", "torch>=2.10", "torchvision"))


def judge_openmp(libraries: Iterable[str]) -> Finding:
    """Judge the paths of the OpenMP runtimes in one process.

    Copies of GNU's libgomp live together; two of Intel's or LLVM's end in a crash or in wrong numbers.
    """
    clashing = sorted({path for path in libraries if not Path(path).name.startswith(("libgomp", "vcomp"))})
    if len(clashing) < 2:
        return Finding("ok", "one OpenMP runtime of each kind")
    owners = " and ".join(_owner(path) for path in clashing)
    text = f"{len(clashing)} OpenMP runtimes in one process, from {owners}: packages of pip and of conda are mixed"
    return Finding("problem", text, "python3 -m venv .venv-new && .venv-new/bin/pip install -e .")


def judge_device(name: str, torch_trouble: str = "") -> Finding:
    """Judge the device that training would run on; torch_trouble: why torch cannot be imported, "" if it can."""
    if torch_trouble:
        return Finding("problem", f"torch cannot be imported ({_one_line(torch_trouble)})",
                       _pip("--force-reinstall", "torch>=2.10", "torchvision"))
    return Finding("ok", f"device: {name or 'cpu'}" + ("" if name else ", which is all the notebooks need"))


def judge_disk(free_bytes: int, folder: str | Path) -> Finding:
    """Judge the free space of a folder's disk, in bytes."""
    free = f"{free_bytes / 1e6:,.0f} MB free for {folder}"
    if free_bytes >= FREE_MB * 1e6:
        return Finding("ok", free)
    return Finding("problem", f"only {free}, the course wants {FREE_MB}; free some space, or set GAN_EDU_DATA to "
                              "another folder")


def judge_data(name: str, trouble: str, folder: str | Path) -> Finding:
    """Judge an image set; trouble: what its room says is wrong, "" if all its files are there and verified."""
    if not trouble:
        return Finding("ok", f"{name}: verified, in {folder}")
    return Finding("advice", f"{_one_line(trouble)}. Without it the embedded digits serve", f"gan-edu fetch {name}")


def installed_versions() -> dict[str, str]:
    """Return canonical name -> version of everything installed, without importing any of it."""
    return {canonicalize_name(found.metadata["Name"]): found.version
            for found in importlib.metadata.distributions() if found.metadata["Name"]}


def _judge_need(need: Requirement, versions: Mapping[str, str], owner: str) -> Finding | None:
    """Return what is wrong with one requirement, or None; `owner` is the package that asks, "" for the course."""
    if need.marker is not None and not need.marker.evaluate({"extra": ""}):
        return None
    name = canonicalize_name(need.name)
    have = versions.get(name)
    if have is not None and need.specifier.contains(Version(have).base_version, prereleases=True):
        return None
    asker = f"{owner} {versions[owner]}" if owner else "the course"
    asked = f"{asker} needs {need.name} {need.specifier}".rstrip()
    state = "is not installed" if have is None else f"{have} is here"
    why = f" ({WHY[name]})" if name in WHY else ""
    together = ("torch>=2.10", "torchvision") if {owner, name} & {"torchvision", "torch"} else (str(need),)
    return Finding("problem", f"{asked}, and {need.name} {state}{why}", _pip("--upgrade", *together))


def _pip(*arguments: str) -> str:
    return shlex.join([sys.executable or "python3", "-m", "pip", "install", *arguments])


def _one_line(text: str) -> str:
    line = text.strip().splitlines()[0].strip().rstrip(".:")
    return line if len(line) <= 300 else line[:297] + "..."


def _owner(path: str) -> str:
    parts = Path(path).parts
    after = parts.index("site-packages") + 1 if "site-packages" in parts[:-1] else len(parts) - 2
    return f"{parts[after]} ({parts[-1]})"


# What looks at the machine: each of these answers instead of raising.


def _needs(package: str) -> list[str]:
    try:
        return importlib.metadata.requires(package) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def _numpy_trouble() -> str:
    try:
        import numpy as np
        import torch

        torch.from_numpy(np.zeros(1)).numpy()
    except Exception as error:  # what is broken here may raise anything
        return str(error) or type(error).__name__
    return ""


def _openmp_runtimes() -> list[str]:
    try:
        import threadpoolctl

        found = threadpoolctl.threadpool_info()
    except Exception:  # a missing helper is no finding about the machine
        return []
    return [library["filepath"] for library in found if library.get("user_api") == "openmp"]


def _device() -> tuple[str, str]:
    try:
        import torch

        if torch.cuda.is_available():
            return f"cuda ({torch.cuda.get_device_name()})", ""
    except Exception as error:
        return "", str(error) or type(error).__name__
    return "", ""


def _look_at_folders() -> list[Finding]:
    try:
        from gan_edu import data
    except Exception as error:  # torch is broken, which has been said above
        return [Finding("advice", f"data: not looked at ({_one_line(str(error))})")]
    root = data.data_root()
    there = next(folder for folder in (root, *root.absolute().parents) if folder.exists())
    sets = [_look_at_set(name, root) for name in ("mnist", "fashion")]
    return [judge_disk(shutil.disk_usage(there).free, root), *sets]


def _look_at_set(name: str, root: Path) -> Finding:
    from gan_edu import data

    try:
        for split in data.SPLITS:
            data.load_images(name, split=split, download=False)
    except DataError as error:
        return judge_data(name, str(error).split("; run `gan-edu")[0], root)
    return judge_data(name, "", root)
