"""The index of claims as a page of the web edition: each number of the prose with its proof, both linked to their cells.

What is claimed and what proves it is found by tests/claims.py, which writes notebooks/claims.json; nothing is judged here.
"""

import html
import json
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

FILE = Path(__file__).resolve().parents[1] / "claims.json"
OPENING = """# Index of claims

Every number in the prose of the notebooks, where it stands, and what proves it: what a cell shows or computes, a test of the
project, or the source that is named. The tests fail where a number has no proof, or where its proof says something else.
"""


def add_claims(books: dict[str, NotebookNode], file: Path = FILE) -> str:
    """Put an anchor above each cell that the index names, and return the index page of these books as Markdown.

    Raises RuntimeError where the index does not fit a book: it was written before the last change.
    """
    claims = [claim for claim in json.loads(file.read_text(encoding="utf-8")) if claim["notebook"] in books]
    for claim in claims:
        if not _stands(claim, books[claim["notebook"]].cells):
            place = f"{claim['notebook']}, cell {claim['cell']}"
            raise RuntimeError(f"{file.name} does not fit {place}; run `python tests/claims.py`")
    parts = [OPENING]
    for stem, book in books.items():
        mine = [claim for claim in claims if claim["notebook"] == stem]
        if mine:
            parts.append(f"## {_title(book)}\n\n{_table(stem, mine)}\n")
        _add_anchors(book, {claim["cell"] for claim in mine} | {cell for claim in mine for cell in _cells(claim["proof"])})
    return "\n".join(parts)


def _stands(claim: dict, cells: list[NotebookNode]) -> bool:
    """Whether the words around the number stand in the cell that the index names."""
    return claim["cell"] <= len(cells) and claim["words"] in " ".join(cells[claim["cell"] - 1].source.split())


def _title(book: NotebookNode) -> str:
    return re.search(r"^# (.+)$", book.cells[0].source, re.MULTILINE)[1]


def _cells(proof: str | None) -> list[int]:
    return [int(number) for number in re.findall(r"\bcell (\d+)", proof or "")]


def _add_anchors(book: NotebookNode, numbers: set[int]) -> None:
    """From the last to the first, so that the numbers stay right; the first cell holds the title and needs no anchor."""
    for number in sorted(numbers - {1}, reverse=True):
        book.cells.insert(number - 1, nbformat.v4.new_markdown_cell(f'<div id="cell-{number}"></div>'))


def _link(stem: str, number: int) -> str:
    anchor = f"#cell-{number}" if number > 1 else ""
    return f'<a href="{stem}.html{anchor}">cell {number}</a>'


def _table(stem: str, claims: list[dict]) -> str:
    rows = "\n".join(f"<tr><td>{claim['number']}</td><td>{_plain(claim['words'], claim['number'])}</td>"
                     f"<td>{_link(stem, claim['cell'])}</td><td>{_proof(stem, claim['proof'])}</td></tr>" for claim in claims)
    heads = "".join(f'<th scope="col">{word}</th>' for word in ("number", "words around it", "where", "proof"))
    return f'<table class="claims">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>'


def _plain(words: str, number: str) -> str:
    """The words around a number, without the marks of Markdown and TeX."""
    whole = words.split()[1:-1]          # the outer ones may be cut
    return html.escape(re.sub(r"[*`$]", "", f"... {' '.join(whole)} ..." if number in " ".join(whole) else words))


def _proof(stem: str, proof: str | None) -> str:
    return re.sub(r"\bcell (\d+)", lambda match: _link(stem, int(match[1])), html.escape(proof or "none"))
