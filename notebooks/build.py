"""Keeps notebooks, their .py twins and the solution edition in step, and executes them. What a notebook must look like
is judged in tests/test_notebooks.py, not here.

    python notebooks/build.py run 03 04        twin -> notebook, executed top to bottom, clean to commit
    python notebooks/build.py run all
    python notebooks/build.py check            are all pairs in step? (reads only)
    python notebooks/build.py solutions        writes the solution edition to _build/solutions
    python notebooks/build.py editions         writes student, instructor and handout to _build/editions; the handout,
                                               HTML to print, draws its formulas with ziamath (in the extra "site")
    python notebooks/build.py site             writes the web edition to _build/site (needs the extra "site")
"""

import argparse
import asyncio
import contextlib
import difflib
import hashlib
import html
import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

HERE = Path(__file__).resolve().parent
NAME = re.compile(r"\d\d_\w+")
TWIN_FORMAT = "py:percent"
TWIN_OPTIONS = {"notebook_metadata_filter": "-all", "cell_metadata_filter": "tags,-all"}  # as in pyproject.toml
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"},
}


class BuildError(Exception):
    """Say which notebook, and which cell of it, could not be built, and why."""


# Twins


def read_twin(path: Path) -> nbformat.NotebookNode:
    """Read a percent file; only tags are kept as metadata of a cell."""
    notebook = jupytext.read(path, fmt=TWIN_FORMAT)
    for cell in notebook.cells:
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
    notebook.metadata = nbformat.from_dict(METADATA)
    return nbformat.from_dict(notebook)


def twin_text(notebook: nbformat.NotebookNode) -> str:
    """Write a notebook as a header-free percent file, what `jupytext --to py:percent` gives under our settings."""
    copy = nbformat.from_dict({**notebook, "metadata": {**notebook.metadata, "jupytext": dict(TWIN_OPTIONS)}})
    return jupytext.writes(copy, fmt=TWIN_FORMAT)


def adopt_ids(new: nbformat.NotebookNode, old: nbformat.NotebookNode | None) -> None:
    """Give unchanged cells the ids they had, and new ones an id made from their text: no id changes by chance."""
    kept = _aligned_ids(new, old) if old is not None else {}
    taken = set(kept.values())
    for index, cell in enumerate(new.cells):
        cell.id = kept.get(index) or _fresh_id(cell, taken)
        taken.add(cell.id)


def _aligned_ids(new: nbformat.NotebookNode, old: nbformat.NotebookNode) -> dict[int, str]:
    before, after = ([(c.cell_type, c.source) for c in book.cells] for book in (old, new))
    ids = {}
    for tag, i, i_end, j, j_end in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and i_end - i == j_end - j):
            ids |= {j + n: old.cells[i + n].id for n in range(j_end - j)}
    return ids


def _fresh_id(cell: nbformat.NotebookNode, taken: set[str]) -> str:
    for number in range(1000):
        name = hashlib.sha256(f"{cell.cell_type}\n{cell.source}\n{number}".encode()).hexdigest()[:12]
        if name not in taken:
            return name
    raise BuildError("a thousand equal cells; write a loop")


# Execution


def execute(notebook: nbformat.NotebookNode, *, name: str, cwd: Path, timeout: float = 180) -> None:
    """Run a notebook in place, top to bottom, and raise BuildError for the first thing that goes wrong.

    `timeout`: seconds a cell may take. An error that a widget kept to itself counts as well.
    """
    place = "before the first cell"

    def note_place(cell: nbformat.NotebookNode, cell_index: int) -> None:
        nonlocal place
        place = f"cell {cell_index + 1} ({cell.source.strip().splitlines()[0][:60]!r})"

    client = NotebookClient(
        notebook, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": str(cwd)}},
        record_timing=False, coalesce_streams=True, store_widget_state=True, shutdown_kernel="immediate",
        on_cell_execute=note_place,
    )
    try:
        # its own loop, closed at its end; GAN_EDU_PROGRESS: marks nothing as solved for the builder
        asyncio.run(client.async_execute(env={**os.environ, "GAN_EDU_PROGRESS": os.devnull}))
    except CellExecutionError as error:
        raise BuildError(f"{name}, {place}: {error.ename}: {error.evalue}\n{error}") from error
    except CellTimeoutError as error:
        raise BuildError(f"{name}, {place}: took longer than {timeout:g} s; make it shorter") from error
    except DeadKernelError as error:
        raise BuildError(f"{name}, {place}: the kernel died (out of memory?)") from error
    if hidden := hidden_errors(notebook):
        raise BuildError(f"{name}: {hidden[0]}")


def hidden_errors(notebook: nbformat.NotebookNode) -> list[str]:
    """List errors that do not stop an execution: in stored outputs, in Output widgets, in an explorer's `error` trait."""
    found = [f"cell {i}: {o.ename}: {o.evalue}" for i, c in enumerate(notebook.cells, 1)
             for o in c.get("outputs", []) if o.output_type == "error"]
    models = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for model in models.values():
        state = model.get("state", {})
        found += [f"inside an Output widget: {o['ename']}: {o['evalue']}"
                  for o in state.get("outputs") or [] if isinstance(o, dict) and o.get("output_type") == "error"]
        if isinstance(state.get("error"), str) and state["error"]:
            found.append(f"in the status line of a widget: {state['error']}")
    return found


def clean(notebook: nbformat.NotebookNode) -> None:
    """Drop what does not belong in a committed notebook: widget state and views, timing, versions of the machine.

    In a cell tagged nbval-ignore-output also stderr: what `data` says there about files names this machine's folders.
    """
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {})
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
        if cell.cell_type == "code" and "nbval-ignore-output" in cell.metadata.get("tags", []):
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]


# Commands


def run(twin: Path, *, timeout: float = 180) -> Path:
    """Build the notebook beside a twin: read, keep ids, execute, clean; then write both files, or neither."""
    target = twin.with_suffix(".ipynb")
    notebook = read_twin(twin)
    adopt_ids(notebook, nbformat.read(target, as_version=4) if target.exists() else None)
    text = twin_text(notebook)
    execute(notebook, name=target.name, cwd=twin.parent, timeout=timeout)
    clean(notebook)
    nbformat.validate(notebook)
    _write(target, nbformat.writes(notebook, version=4) + "\n")
    _write(twin, text)
    return target


def out_of_step(folder: Path | None = None) -> list[str]:
    """List the pairs in `folder` (None: this one) that differ or miss a half, one line each; empty if all is well."""
    folder, faults = folder or HERE, []
    for stem in sorted({p.stem for p in folder.iterdir() if p.suffix in (".py", ".ipynb") and NAME.fullmatch(p.stem)}):
        twin, notebook = folder / f"{stem}.py", folder / f"{stem}.ipynb"
        if not twin.exists() or not notebook.exists():
            faults.append(f"{stem}: {'.py' if not twin.exists() else '.ipynb'} is missing")
        elif twin.read_text(encoding="utf-8") != twin_text(nbformat.read(notebook, as_version=4)):
            faults.append(f"{stem}: notebook and twin differ; run `python notebooks/build.py run {stem[:2]}`")
    return faults


def solutions_of(stem: str, folder: Path | None = None) -> dict[str, str]:
    """Read solutions/<stem>.py as {tag: source}; only cells with one `exercise-...` tag count."""
    path = (folder or HERE) / "solutions" / f"{stem}.py"
    if not path.exists():
        return {}
    found = {}
    for cell in read_twin(path).cells:
        for tag in exercise_tags(cell):
            if tag in found:
                raise BuildError(f"{path.name}: two cells are tagged {tag}")
            found[tag] = cell.source
    return found


def exercise_tags(cell: nbformat.NotebookNode) -> list[str]:
    """Return the `exercise-...` tags of a cell."""
    return [tag for tag in cell.metadata.get("tags", []) if tag.startswith("exercise-")]


def solution_edition(twin: Path) -> nbformat.NotebookNode:
    """Return the notebook of a twin with every exercise cell replaced by its solution; not executed."""
    notebook, answers = read_twin(twin), solutions_of(twin.stem, twin.parent)
    adopt_ids(notebook, None)
    for cell in notebook.cells:
        for tag in exercise_tags(cell):
            if tag not in answers:
                raise BuildError(f"{twin.name}: solutions/{twin.name} has no cell tagged {tag}")
            cell.source = answers.pop(tag)
    notebook.metadata["gan_edu"] = {"edition": "solutions"}       # so that its checks mark nothing as solved
    if answers:
        raise BuildError(f"solutions/{twin.name}: no exercise in the notebook for {', '.join(sorted(answers))}")
    return notebook


def editions(twin: Path, out: Path) -> list[Path]:
    """Write the three editions of one notebook into folders of `out`: student, instructor and handout; return the files.

    student: the notebook as it is stored. instructor: solutions in, not executed. handout: see web/handout.py. Raises
    BuildError, with nothing written, where a pair is out of step, a solution would show, or ziamath is not installed.
    """
    stored = nbformat.read(twin.with_suffix(".ipynb"), as_version=4)
    if twin_text(stored) != twin.read_text(encoding="utf-8"):
        raise BuildError(f"{twin.stem}: notebook and twin differ; run `python notebooks/build.py run {twin.stem[:2]}`")
    made = {f"student/{twin.stem}.ipynb": nbformat.writes(stored, version=4) + "\n",
            f"instructor/{twin.stem}.ipynb": nbformat.writes(solution_edition(twin), version=4) + "\n",
            f"handout/{twin.stem}.html": _handout().page(stored)}
    readable = {name: html.unescape(text) if name.endswith("html") else "\n".join(cell.source for cell in stored.cells)
                for name, text in made.items() if not name.startswith("instructor")}
    for name, text in readable.items():
        if found := [line for line in secrets_of(twin) if line in text]:
            raise BuildError(f"{name} would give a solution away: {found[0]!r}")
    for name, text in made.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        _write(out / name, text)
    return [out / name for name in made]


def secrets_of(twin: Path) -> list[str]:
    """Return the lines of a twin's solutions, of eight letters or more, that the twin itself does not show."""
    asked = twin.read_text(encoding="utf-8")
    lines = [line.strip() for source in solutions_of(twin.stem, twin.parent).values() for line in source.splitlines()]
    return [line for line in lines if len(line) >= 8 and line not in asked]


def _handout() -> ModuleType:
    sys.path.insert(0, str(Path(__file__).parent / "web"))
    try:
        import handout  # beside this file, not a part of the package
    except ModuleNotFoundError as error:
        raise BuildError(f"the handout needs {error.name}; install it with `pip install -e '.[site]'`") from error
    return handout


def twins(numbers: list[str], folder: Path | None = None) -> list[Path]:
    """Return the twins with these two-digit numbers, or all of them for ["all"] and []."""
    every = sorted(p for p in (folder or HERE).glob("*.py") if NAME.fullmatch(p.stem))
    if numbers in ([], ["all"]):
        return every
    found = [p for p in every if p.stem[:2] in numbers]
    if missing := set(numbers) - {p.stem[:2] for p in found}:
        known = ", ".join(p.stem[:2] for p in every) or "none"
        raise BuildError(f"no twin with number {', '.join(sorted(missing))}; there are: {known}")
    return found


def _write(path: Path, text: str) -> None:
    """Write aside, then rename, so that an interrupted build leaves the old file whole."""
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if all is well, 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="build and execute notebooks from their twins")
    running.add_argument("numbers", nargs="+", help="two digits each, or all")
    running.add_argument("--timeout", type=float, default=180, help="seconds a cell may take")
    commands.add_parser("check", help="compare notebooks and twins")
    solving = commands.add_parser("solutions", help="write the solution edition")
    solving.add_argument("--out", type=Path, default=HERE.parent / "_build" / "solutions")
    handing = commands.add_parser("editions", help="write the editions for students, instructors and paper")
    handing.add_argument("numbers", nargs="*", help="two digits each; none: all")
    handing.add_argument("--out", type=Path, default=HERE.parent / "_build" / "editions")
    web = commands.add_parser("site", help="write the web edition")
    web.add_argument("numbers", nargs="*", help="two digits each; none: all")
    web.add_argument("--out", type=Path, default=HERE.parent / "_build" / "site")
    options = parser.parse_args(arguments)
    command = {"run": _run, "check": _check, "solutions": _solutions, "editions": _editions, "site": _site}[options.command]
    try:
        return command(options)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    for twin in twins(options.numbers):
        print("built", run(twin, timeout=options.timeout).name, flush=True)
    return 0


def _check(options: argparse.Namespace) -> int:
    faults = out_of_step()
    print("\n".join(faults) or "all pairs are in step")
    return 1 if faults else 0


def _solutions(options: argparse.Namespace) -> int:
    options.out.mkdir(parents=True, exist_ok=True)
    for twin in twins([]):
        _write(options.out / f"{twin.stem}.ipynb", nbformat.writes(solution_edition(twin), version=4) + "\n")
        print("wrote", f"{twin.stem}.ipynb")
    return 0


def _editions(options: argparse.Namespace) -> int:
    for twin in twins(options.numbers):
        editions(twin, options.out)
        print("wrote three editions of", twin.stem, flush=True)
    return 0


def _site(options: argparse.Namespace) -> int:
    sys.path.insert(0, str(HERE / "web"))
    import edition  # beside this file, not a part of the package

    def executed(twin: Path) -> nbformat.NotebookNode:
        book = read_twin(twin)
        adopt_ids(book, None)
        execute(book, name=twin.name, cwd=HERE)
        print("executed", twin.stem, flush=True)
        return book

    chosen = twins(options.numbers)
    with ThreadPoolExecutor(max_workers=2) as pool:                  # each waits for a kernel of its own
        books = dict(zip([twin.stem for twin in chosen], pool.map(executed, chosen)))
    made = edition.build(books, options.out.with_name(f"{options.out.name}-sources"), options.out)
    print(f"{options.out}: {made['pages']} pages, {made['explorers']} live explorers, {made['megabytes']} MB; put the folder on "
          f"any web server, or look at it with\n    python -m http.server -d {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
