"""What is remembered of solved exercises: for whom, where, and that no trouble with the file reaches a verdict."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from gan_edu import checks, cli, cli_progress, course, progress
from notebooks import build

ROOT = Path(__file__).resolve().parents[1]
RIGHT = 'from gan_edu.checks import check\ncheck("00-distance", "2 * share - 1")'


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Let this process be the kernel of an open notebook, and return the file where its progress goes."""
    monkeypatch.setenv("GAN_EDU_PROGRESS", str(tmp_path / "kept"))
    monkeypatch.setattr(course, "open_notebook", lambda: tmp_path / "00_start_here.ipynb")
    return tmp_path / "kept" / "progress.json"


def solve(answer="2 * share - 1"):
    return checks.check("00-distance", answer)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))["solved"]


def ask(capsys, *arguments):
    code = cli.main(["progress", *arguments])
    return code, *capsys.readouterr()


def test_a_right_answer_is_noted_with_its_day_and_the_first_day_stays(mine):
    assert not solve("share / 3") and not mine.exists()
    assert solve()
    assert read(mine).keys() == {"00-distance"} and re.fullmatch(r"\d{4}-\d\d-\d\d", read(mine)["00-distance"])
    mine.write_text('{"solved": {"00-distance": "2020-02-02"}}')
    before = mine.stat().st_mtime_ns
    assert solve() and read(mine) == progress.solved() == {"00-distance": "2020-02-02"}
    assert mine.stat().st_mtime_ns == before
    assert checks.check("00-threshold", lambda x, mu: abs(x) < abs(x - mu))
    assert read(mine).keys() == {"00-distance", "00-threshold"}


def test_the_folder_is_the_variables_or_the_users_cache_and_never_the_shared_data(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_EDU_DATA", str(tmp_path / "shared"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GAN_EDU_PROGRESS", "~/x")
    assert progress.file() == Path.home() / "x" / "progress.json"
    monkeypatch.setenv("GAN_EDU_PROGRESS", "")
    monkeypatch.setattr(progress, "cache_folder", lambda: tmp_path / "cache" / "gan_edu")
    assert progress.file() == tmp_path / "cache" / "gan_edu" / "progress.json"


def test_without_an_open_notebook_nothing_is_noted(mine, monkeypatch):
    monkeypatch.setattr(course, "open_notebook", lambda: None)
    assert solve() and not mine.parent.exists()


@pytest.mark.parametrize("content, noted", [
    ('{"metadata": {}}', True), ('{"metadata": {"gan_edu": {"edition": "solutions"}}}', False),
    (None, True), ("no json", True), ("[]", True), ('{"metadata": []}', True)])
def test_the_solution_edition_is_known_by_its_metadata(mine, tmp_path, content, noted):
    if content is not None:
        (tmp_path / "00_start_here.ipynb").write_text(content)
    assert solve() and mine.exists() == noted


def execute(notebook, path, kept, **variables):
    """Run a notebook in a kernel that JupyterLab would start for `path`, and return the last verdict."""
    nbformat.write(notebook, path)
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute(
        env={**os.environ, "GAN_EDU_PROGRESS": str(kept), "JPY_SESSION_NAME": str(path)} | variables)
    return notebook.cells[-1].outputs[0].data["text/plain"]


def test_in_a_real_kernel_an_open_notebook_counts_and_the_solution_edition_does_not(tmp_path):
    """The last kernel has no home that can be written, and gives its verdict all the same."""
    own = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(RIGHT)])
    assert execute(own, tmp_path / "own.ipynb", tmp_path / "own").startswith("Correct: ")
    assert read(tmp_path / "own" / "progress.json").keys() == {"00-distance"}
    solutions = build.solution_edition(build.HERE / "00_start_here.py")
    solutions.cells = [cell for cell in solutions.cells if cell.metadata.get("tags", [""])[0].endswith("00-distance")]
    solutions.cells.insert(0, nbformat.v4.new_code_cell("from gan_edu.checks import check"))
    assert execute(solutions, tmp_path / "solutions.ipynb", tmp_path / "none").startswith("Correct: ")
    assert not (tmp_path / "none").exists()
    (tmp_path / "a_file").write_text("")
    assert execute(own, tmp_path / "own.ipynb", tmp_path / "a_file" / "x").startswith("Correct: ")


def test_building_a_notebook_and_nbval_note_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_EDU_PROGRESS", str(tmp_path / "kept"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(RIGHT)], metadata=build.METADATA)
    build.execute(notebook, name="x", cwd=tmp_path)
    build.clean(notebook)
    nbformat.write(notebook, tmp_path / "x.ipynb")
    done = subprocess.run([sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "x.ipynb"], cwd=tmp_path,
                          capture_output=True, text=True)
    assert "1 passed" in done.stdout, done.stdout
    assert not (tmp_path / "kept").exists()


def test_the_builder_keeps_its_own_file_even_where_a_notebook_is_open(tmp_path, monkeypatch):
    """build.py in a terminal of a notebook's kernel: it inherits the name of that notebook."""
    monkeypatch.setenv("GAN_EDU_PROGRESS", str(tmp_path / "kept"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "mine.ipynb"))
    build.execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(RIGHT)]), name="x", cwd=tmp_path)
    assert not (tmp_path / "kept").exists()


def test_the_tests_themselves_have_no_file():
    assert os.environ["GAN_EDU_PROGRESS"] == os.devnull
    assert progress.solved() == {} and progress.aside() == []


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(28, "No space left on device")])
def test_a_disk_that_takes_nothing_costs_no_verdict_and_no_word(mine, monkeypatch, capsys, error):
    def fail(*_):
        raise error
    monkeypatch.setattr(progress, "write_whole", fail)
    assert solve()
    assert capsys.readouterr() == ("", "") and not mine.exists()


def test_a_home_that_nobody_knows_costs_no_verdict(mine, monkeypatch):
    def fail():
        raise RuntimeError("Could not determine home directory.")
    monkeypatch.setattr(progress, "cache_folder", fail)
    monkeypatch.delenv("GAN_EDU_PROGRESS")
    assert solve()


DAMAGED = [b"", b"{", b"\xff\xfe", b"[]", b'{"solved": 3}', b'{"solved": {"00-distance": 3}}']


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_is_kept_aside_by_a_check_and_told_by_the_command(mine, capsys, content):
    mine.parent.mkdir()
    mine.write_bytes(content)
    assert solve() and read(mine).keys() == {"00-distance"}
    kept = mine.with_name("progress-damaged-1.json")
    assert kept.read_bytes() == content and progress.aside() == [kept]
    code, out, err = ask(capsys)
    assert code == 0 and "1 of 49 solved" in out
    assert "progress-damaged-1.json was damaged and is kept under this name" in err and err.count("\n") == 1


def test_a_damaged_file_that_the_command_meets_first_is_set_aside_and_a_second_one_too(mine, capsys):
    mine.parent.mkdir()
    for number in (1, 2):
        mine.write_text(f"damaged {number}")
        code, out, err = ask(capsys)
        assert code == 0 and "0 of 49 solved" in out and f"progress-damaged-{number}.json" in err
    assert [path.read_text() for path in progress.aside()] == ["damaged 1", "damaged 2"]


def test_a_damaged_file_that_cannot_be_renamed_is_one_message(mine, capsys, monkeypatch):
    def fail(*_):
        raise PermissionError(13, "Permission denied")
    mine.parent.mkdir()
    mine.write_text("{")
    monkeypatch.setattr(Path, "rename", fail)
    code, out, err = ask(capsys)
    assert (code, out) == (1, "")
    assert "progress.json is damaged and cannot be renamed (Permission denied); mend it by hand, or delete it" in err
    assert solve() and mine.read_text() == "{"


def test_a_file_that_cannot_be_read_is_one_message(mine, capsys):
    mine.mkdir(parents=True)
    code, out, err = ask(capsys)
    assert (code, out) == (1, "") and err.startswith("gan-edu: ") and "progress.json" in err
    assert solve()


def test_two_kernels_at_once_lose_nothing(mine):
    """Each of three processes notes twenty exercises of its own; without the lock some of them are lost."""
    code = ("import sys\nfrom gan_edu import progress\nprogress.PATIENCE = 60\n"          # a busy machine
            "for i in range(20):\n    progress._note(f'{sys.argv[1]}-{i}')")
    running = [subprocess.Popen([sys.executable, "-c", code, str(n)], cwd=ROOT) for n in range(3)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    assert len(read(mine)) == 60
    assert sorted(path.name for path in mine.parent.iterdir()) == [".progress.json.lock", "progress.json"]


def test_a_kernel_that_holds_the_lock_for_long_is_not_waited_for(mine, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    mine.parent.mkdir()
    with open(mine.with_name(".progress.json.lock"), "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert solve() and not mine.exists()
    assert solve() and read(mine)


def test_without_locks_it_is_noted_all_the_same(mine, monkeypatch):
    monkeypatch.setattr(progress, "fcntl", None)
    assert solve() and read(mine)
    mine.unlink()

    class NoLocks:
        LOCK_EX = LOCK_NB = 0

        def flock(self, *_):
            raise OSError(37, "No locks available")
    monkeypatch.setattr(progress, "fcntl", NoLocks())
    assert solve() and read(mine)


def test_the_table_names_every_notebook_what_is_solved_and_what_is_open(mine, capsys):
    assert solve()
    code, out, err = ask(capsys)
    lines = out.splitlines()
    assert (code, err, len(lines)) == (0, "", 18)
    assert lines[1].split() == "00 Start here 1 / 2 threshold".split()
    assert lines[4].split() == "03 The optimal discriminator 0 / 4 best-judge, criterion, proof, smoothing".split()
    assert lines[-1] == f"1 of 49 solved; kept in {mine}, on this machine only"
    assert len({line.index("/") for line in lines[1:-1]}) == 1 and max(map(len, lines[:-1])) < 100


def test_an_exercise_that_is_no_more_is_not_counted_and_not_lost(mine):
    mine.parent.mkdir()
    mine.write_text('{"solved": {"03-gone": "2020-02-02"}}')
    assert cli_progress.table(progress.solved())[-1].startswith("0 of 49")
    assert solve() and "03-gone" in read(mine)


def test_forget_names_what_goes_then_removes_it(mine, capsys):
    assert ask(capsys, "--forget") == (0, "nothing was remembered\n", "")
    assert solve()
    day = read(mine)["00-distance"]
    assert ask(capsys, "--forget") == (0, f"forgotten:\n00-distance, solved on {day}\n", "")
    assert not mine.exists() and progress.solved() == {}


def test_what_cannot_be_forgotten_is_one_message(mine, capsys, monkeypatch):
    def fail(*_, **__):
        raise PermissionError(13, "Permission denied", str(mine))
    assert solve()
    monkeypatch.setattr(Path, "unlink", fail)
    code, out, err = ask(capsys, "--forget")
    assert code == 1 and "00-distance" in out and "Permission denied" in err and mine.exists()


def test_titles_are_the_notebooks_own():
    headings = [twin.read_text(encoding="utf-8").splitlines()[1] for twin in build.twins([])]
    assert headings == [f"# # {i}. {title}" for i, title in enumerate(cli_progress.TITLES)]


def test_the_open_notebook_is_known_as_jupyterlab_and_vs_code_tell_it(monkeypatch):
    class Shell:
        user_ns = {}
    monkeypatch.setattr(course, "shell", Shell)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert course.open_notebook() is None
    monkeypatch.setenv("JPY_SESSION_NAME", "a console, no file")
    assert course.open_notebook() is None
    monkeypatch.setenv("JPY_SESSION_NAME", "folder/a.ipynb")
    assert course.open_notebook() == Path("folder/a.ipynb")
    Shell.user_ns = {"__vsc_ipynb_file__": "folder/b.ipynb"}
    assert course.open_notebook() == Path("folder/b.ipynb")
    monkeypatch.setattr(course, "shell", lambda: None)
    assert course.open_notebook() is None
