"""The word about cells that ran out of order."""

import builtins
import json
import symtable
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from gan_edu import course

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CELLS = [("Two densities", "import numpy as np\np = q = 1"), ("Distance", "def js(a):\n    inner = a\n    return inner"),
         ("Broken", "x = ("), ("Again", "%time\np = 2")]


@pytest.mark.parametrize("name, section", [("p", "Two densities"), ("np", "Two densities"), ("js", "Distance")])
def test_a_name_is_answered_with_the_first_section_that_makes_it(name, section):
    assert f'{name} is made in the section "{section}"' in course.hint(name, CELLS)
    assert "Run All Above" in course.hint(name, CELLS)


def test_a_name_that_no_cell_makes_has_no_word_and_without_a_file_the_word_is_general():
    assert course.hint("inner", CELLS) == course.hint("plt", CELLS) == ""
    assert course.hint("p", None).startswith("If an earlier cell makes p")


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    course.explain_unknown_names()
    yield shell
    InteractiveShell.clear_instance()


def test_outside_a_notebook_nothing_happens():
    course.explain_unknown_names()


def write(path):
    cells = [{"cell_type": "markdown", "source": ["# Title\n", "\n", "Text."]},
             {"cell_type": "code", "source": ["a = 1\n", "b = 2"]},
             {"cell_type": "markdown", "source": "## The ledger"}, {"cell_type": "code", "source": "steps = a"}]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def test_a_notebook_file_is_read_section_by_section(tmp_path):
    assert course.read_cells(write(tmp_path / "n.ipynb")) == [("Title", "a = 1\nb = 2"), ("The ledger", "steps = a")]


def test_the_word_stands_below_the_error_in_the_shell(shell, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("JPY_SESSION_NAME", str(write(tmp_path / "n.ipynb")))
    result = shell.run_cell("print(steps)")
    out = capsys.readouterr().out
    assert isinstance(result.error_in_exec, NameError)
    assert "NameError" in out and 'steps is made in the section "The ledger"' in out
    shell.run_cell("print(stepz)")
    assert "is made in" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, "no json", "{}"])
def test_a_file_that_cannot_be_read_costs_nothing_but_the_sections_name(shell, tmp_path, monkeypatch, capsys, content):
    path = tmp_path / "n.ipynb"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    shell.run_cell("print(steps)")
    assert "If an earlier cell makes steps" in capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_name_of_every_notebook_is_made_before_it_is_used(path):
    """Fault 51: from top to bottom nothing is missing, and whatever is skipped has a section to be named."""
    made = set(dir(builtins)) | {"get_ipython", "display"}
    for section, source in course.read_cells(path):
        here, needed = names_in(source)
        assert needed <= made | here, f"{section}: {needed - made - here}"
        for name in here - made:
            assert course.hint(name, course.read_cells(path)).startswith(f"{name} is made in the section \"")
        made |= here


def names_in(source):
    """Names that a cell makes at its top level, and all that it looks up, in functions too."""
    source = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
    top = symtable.symtable(source, "cell", "exec")
    needed, open_tables = set(), [top]
    while open_tables:
        table = open_tables.pop()
        open_tables += table.get_children()
        needed |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (table is top or s.is_global())}
    return {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}, needed
