"""Tests of the files around the package: environment.yml against pyproject.toml, the README's promises, licences."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import gan_edu

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
TEXT_FILES = ("README.md", "CONTRIBUTING.md", "environment.yml", "pyproject.toml", ".ci/run")


def pinned(requirement: str) -> tuple[str, str]:
    name, bound = re.fullmatch(r"([A-Za-z0-9._-]+)\s*(.*)", requirement).groups()
    return name, bound


def environment() -> dict[str, str]:
    parsed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    return dict(pinned(line) for line in parsed["dependencies"] if isinstance(line, str))


def test_environment_has_the_bounds_of_pyproject_and_nothing_else():
    wanted = dict(pinned(line) for line in PROJECT["project"]["dependencies"])
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in wanted.items()}
    assert environment() == wanted | {"python": PROJECT["project"]["requires-python"], "pip": ""}


def test_environment_ends_in_the_package_itself():
    parsed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert parsed["dependencies"][-1] == {"pip": ["-e ."]}
    assert parsed["channels"] == ["conda-forge", "nodefaults"]


@pytest.mark.parametrize("file", ["environment.yml", "pyproject.toml"])
def test_every_dependency_has_its_reason_beside_it(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if re.match(r'\s+(- [a-z]|"[a-z][\w.-]*([<>=~!].*)?",)', line)]
    assert len(listed) >= 14
    assert [line for line in listed if not re.search(r"#\s*\S.{10,}", line)] == []


def test_version_is_the_packages():
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "gan_edu.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", gan_edu.__version__)


def test_every_folder_of_the_package_is_installed():
    folders = {p.parent.relative_to(ROOT).as_posix().replace("/", ".") for p in (ROOT / "gan_edu").rglob("*.py")}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == folders


def test_every_data_file_of_the_package_is_installed():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["gan_edu"]
    shipped = {p for pattern in patterns for p in (ROOT / "gan_edu").glob(pattern)}
    others = {p for p in (ROOT / "gan_edu").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert {p for p in others if p.suffix != ".py" and not p.name.startswith(".")} == shipped


@pytest.mark.parametrize("file", TEXT_FILES)
def test_no_path_of_a_machine_and_no_registry_host(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w./~-])/(home|Users|root|work|farm)/", text)
    assert not re.search("pypi" + r"\.org|python" + "hosted|registry" + r"\.npmjs|deb" + r"\.debian", text)


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Return the bodies of the README's fenced shell blocks between the set-up markers."""
    part = readme().split("<!-- set-up -->")[1].split("<!-- end of set-up -->")[0]
    return re.findall(r"^```bash\n(.*?)\n```$", part, re.MULTILINE | re.DOTALL)


def test_readme_has_exactly_two_set_up_commands_of_one_line_each():
    course, tests = commands()
    assert "\n" not in course and "\n" not in tests
    for command in (course, tests):
        assert "python3 -m venv" in command and "pip install" in command
    assert course.endswith("jupyter lab notebooks/00_start_here.ipynb")
    assert tests.endswith("pytest --nbval") and ".[test]" in tests


def test_ci_runs_the_readmes_test_command_as_it_stands():
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert commands()[1] not in (ROOT / ".ci" / "run").read_text(encoding="utf-8")  # parsed, not copied


def test_every_notebook_stands_in_the_readmes_table_and_every_link_leads_somewhere():
    rows = set(re.findall(r"\]\(notebooks/(\d\d_\w+)\.ipynb\)", readme()))
    assert rows == {p.stem for p in (ROOT / "notebooks").glob("*.ipynb")}
    for page in ("README.md", "CONTRIBUTING.md"):
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
        assert [link for link in links if not (ROOT / link).exists()] == [], page


def test_licences_name_the_holder():
    for name in ("LICENSE", "LICENSE-TEXT"):
        assert "The gan_edu contributors" in (ROOT / name).read_text(encoding="utf-8")
    assert "https://creativecommons.org/licenses/by/4.0/" in (ROOT / "LICENSE-TEXT").read_text(encoding="utf-8")
