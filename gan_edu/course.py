"""What a kernel knows of the notebook it runs, and a clear word when cells run out of order: a name that a later or
skipped cell makes is answered with its section.

The notebooks ask for it in their first cell. It reads the open notebook's file, nothing else.
"""

import json
import os
import re
import symtable
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_ABOVE = 'choose "Run All Above Selected Cell" in the menu Run, or run the cells above one after another'


def explain_unknown_names() -> None:
    """Add a word to every NameError in this notebook: which section makes the name. Outside notebooks, do nothing."""
    if found := shell():
        found.set_custom_exc((NameError,), _explain)


def shell() -> Any:
    """Return the IPython shell of this kernel; None in a script, where IPython is not even imported for the question."""
    ipython = sys.modules.get("IPython")
    return ipython and ipython.get_ipython()


def open_notebook() -> Path | None:
    """Return the file of the notebook whose kernel this is, as JupyterLab and VS Code tell it, each in its own way.

    None elsewhere: in a script, in a test, where nbclient or nbval executes.
    """
    found = shell()
    path = found and (found.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME"))
    return Path(path) if str(path).endswith(".ipynb") else None


def hint(name: str, cells: Iterable[tuple[str, str]] | None) -> str:
    """Return what to do about a name that is not known, or "" where no cell makes it (a misspelt name, say).

    cells: (section, source) of each code cell in order; None where the notebook's file is not known.
    """
    if cells is None:
        return f"If an earlier cell makes {name}: {_ABOVE}."
    for section, source in cells:
        if name in _made_by(source):
            return f"{name} is made in the section \"{section}\". Run that section first: {_ABOVE}."
    return ""


def read_cells(path: Path) -> list[tuple[str, str]]:
    """Return (heading of its section, source) of each code cell of a notebook file."""
    found, section = [], path.stem
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            found.append((section, source))
        elif cell["cell_type"] == "markdown" and (titles := re.findall(r"^#+ +(.+)$", source, re.MULTILINE)):
            section = titles[-1].strip()
    return found


def _explain(shell: Any, kind: type, error: NameError, trace: Any, tb_offset: int | None = None) -> None:
    try:
        word = hint(error.name or "it", _open_cells())
        if word:
            error.add_note(word)
    finally:                                              # whatever goes wrong here, the reader sees the error itself
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def _open_cells() -> list[tuple[str, str]] | None:
    path = open_notebook()
    try:
        return path and read_cells(path)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _made_by(source: str) -> set[str]:
    """Names that a cell assigns, imports or defines at its top level."""
    try:
        table = symtable.symtable("\n".join(line for line in source.splitlines() if line[:1] not in "%!"), "cell", "exec")
    except SyntaxError:                                   # a reader's half-written cell
        return set()
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
