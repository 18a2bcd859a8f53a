"""The web edition: the whole course as static pages with live explorers, for any web server, without a kernel or a CDN.

Each notebook is executed once; where an explorer was shown, the page gets its static picture and the name of a file
with its state, and host.mjs brings it to life. Files are named by their content, so pages share weights and code.
"""

import base64
import hashlib
import html
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
from claims_page import add_claims
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
NOTEBOOKS, ROOT = HERE.parent, HERE.parents[1]
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
FILES = "_static/course"                  # in the finished site
# what the model of a page without a kernel has no use for
_UNUSED = {"layout", "tabbable", "tooltip", "comm"}


class Store:
    """Files named by their content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes, ending: str) -> str:
        """Write the content unless it is there, and return the file's name."""
        name = f"{hashlib.sha256(content).hexdigest()[:20]}.{ending}"
        if not (self.folder / name).exists():
            (self.folder / name).write_bytes(content)
        return name


def revive(notebook: NotebookNode, store: Store) -> int:
    """Put live explorers and described pictures in the place of an executed notebook's outputs; count the explorers."""
    models = notebook.metadata.pop("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    count = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":           # stderr speaks of the machine that built the site
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            view = data.pop(WIDGET_VIEW, None)
            model = models.get(view["model_id"]) if view else None
            picture = _picture(output, store)
            if model and model.get("model_module") == "anywidget":
                output["data"] = {"text/html": _explorer(view["model_id"], model, picture, store)}
                count += 1
            elif picture:
                output["data"] = {"text/html": picture}
    return count


def _picture(output: dict, store: Store) -> str:
    """The output's PNG as an img element with its description; "" where there is none."""
    png = output.get("data", {}).get("image/png")
    if png is None:
        return ""
    alt = html.escape(output.get("metadata", {}).get("image/png", {}).get("alt", ""), quote=True)
    return f'<img class="course-picture" src="{FILES}/{store.keep(base64.b64decode(png), "png")}" alt="{alt}">'


def _explorer(model_id: str, model: dict, picture: str, store: Store) -> str:
    state = model["state"]
    front = {"esm": store.keep(state["_esm"].encode(), "mjs"), "css": store.keep(state["_css"].encode(), "css")}
    arrays = {b["path"][0]: store.keep(base64.b64decode(b["data"]), "bin") for b in model.get("buffers", [])}
    plain = {k: v for k, v in state.items() if not k.startswith("_") and k not in _UNUSED and k not in arrays}
    name = store.keep(json.dumps(front | {"state": plain, "buffers": arrays}).encode(), "json")
    return f'<div class="course-explorer" data-model="{html.escape(model_id)}" data-file="{name}">{picture}</div>'


def make_sources(books: dict[str, NotebookNode], folder: Path) -> int:
    """Write what Sphinx reads: executed notebooks, first page, index of claims, configuration, host; count the explorers."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "claims.md").write_text(add_claims(books), encoding="utf-8")
    store, count = Store(folder / FILES), 0
    for stem, book in books.items():
        count += revive(book, store)
        nbformat.write(book, folder / f"{stem}.ipynb")
    for name in ("conf.py", "formulas.py"):
        shutil.copy(HERE / name, folder / name)
    for name in ("host.mjs", "course.css"):
        shutil.copy(HERE / name, folder / "_static" / name)
    (folder / "index.md").write_text(_first_page(list(books)), encoding="utf-8")
    shutil.copytree(ROOT / "assets", folder / "assets", dirs_exist_ok=True)
    return count


def _first_page(stems: list[str]) -> str:
    """The README up to its commands, then the notebooks and the index of claims."""
    opening = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")[0]
    listed = "\n".join([*stems, "claims"])
    return f"{opening}\n\n## Notebooks\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"


def render(sources: Path, site: Path) -> None:
    """Turn the sources into pages; a warning is an error. Raises RuntimeError with Sphinx's words."""
    if subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(sources), str(site)]).returncode:
        raise RuntimeError("Sphinx found faults, listed above; mend the notebooks they name and build again")


def build(books: dict[str, NotebookNode], work: Path, site: Path) -> dict[str, Any]:
    """Make the site from executed notebooks; `work` is for the sources and is made anew. Return what was counted."""
    for folder in (work, site):
        shutil.rmtree(folder, ignore_errors=True)
    count = make_sources(books, work)
    render(work, site)
    return {"pages": len(books) + 2, "explorers": count,
            "megabytes": round(sum(f.stat().st_size for f in site.rglob("*") if f.is_file()) / 1e6, 1)}
