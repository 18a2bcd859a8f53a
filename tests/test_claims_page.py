"""The index of claims in the web edition: every row is there, and every link leads to an anchor that exists."""

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "notebooks" / "web"))
import claims_page  # noqa: E402  (beside the notebooks, not a part of the package)
import edition  # noqa: E402

STEMS = ("00_start_here", "09_failure_modes")
LINK = re.compile(r'<a href="(\w+)\.html(?:#(cell-\d+))?">cell (\d+)</a>')


def book(*sources):
    cells = [nbformat.v4.new_markdown_cell("# 42. Sample"), *map(nbformat.v4.new_markdown_cell, sources),
             nbformat.v4.new_code_cell("x = 640")]
    return nbformat.v4.new_notebook(cells=cells)


def index(folder, *claims):
    file = folder / "claims.json"
    file.write_text(json.dumps([{"notebook": "42_sample", "cell": 2, "number": "640", "words": "with 640", "proof": None} | claim
                                for claim in claims]), encoding="utf-8")
    return file


def test_a_row_names_the_number_its_cell_and_its_proof_and_the_cells_get_anchors(tmp_path):
    books = {"42_sample": book("Played with 640\n games < 7.", "Nothing."), "43_other": book("Text.")}
    words = "with 640 games < 7."
    file = index(tmp_path, {"words": words, "proof": "the code of cell 4"}, {"words": words, "proof": "test_a.py::test_b"},
                 {"notebook": "99_not_built"})
    page = claims_page.add_claims(books, file)
    where = '<a href="42_sample.html#cell-2">cell 2</a>'
    assert f"<td>640</td><td>... 640 games &lt; ...</td><td>{where}</td>" in page
    assert '<td>the code of <a href="42_sample.html#cell-4">cell 4</a></td>' in page and "<td>test_a.py::test_b</td>" in page
    assert page.count("<tr>") == 3 and "99_not_built" not in page and "## 42. Sample" in page and page.count("\n## ") == 1
    assert [cell.source for cell in books["42_sample"].cells][1::3] == ['<div id="cell-2"></div>', '<div id="cell-4"></div>']
    assert [cell.source for cell in books["42_sample"].cells][2::3] == ["Played with 640\n games < 7.", "x = 640"]
    assert len(books["43_other"].cells) == 3


def test_the_first_cell_is_the_page_itself(tmp_path):
    books = {"42_sample": book("Text.")}
    page = claims_page.add_claims(books, index(tmp_path, {"cell": 1, "words": "42. Sample", "number": "42"}))
    assert '<td><a href="42_sample.html">cell 1</a></td><td>none</td>' in page and len(books["42_sample"].cells) == 3


@pytest.mark.parametrize("claim", [{"cell": 9}, {"cell": 3}])
def test_an_index_that_is_out_of_date_is_refused(tmp_path, claim):
    with pytest.raises(RuntimeError, match=r"claims.json does not fit 42_sample, cell \d; run `python tests/claims.py`"):
        claims_page.add_claims({"42_sample": book("with 640", "Other.")}, index(tmp_path, claim))


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Write the sources of a site of two real notebooks as they are stored, not executed again."""
    folder = tmp_path_factory.mktemp("web") / "sources"
    books = {stem: nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4) for stem in STEMS}
    edition.make_sources(books, folder)
    return folder


def links(text):
    found = LINK.findall(text)
    assert len(found) == text.count("<a href=") or "<html" in text
    return found


def test_every_claim_of_a_real_notebook_has_a_row_and_every_link_an_anchor(sources):
    page = (sources / "claims.md").read_text(encoding="utf-8")
    claims = [claim for claim in json.loads(claims_page.FILE.read_text(encoding="utf-8")) if claim["notebook"] in STEMS]
    assert page.count("<tr><td>") == len(claims) > 20
    anchors = {stem: [cell.source for cell in nbformat.read(sources / f"{stem}.ipynb", as_version=4).cells] for stem in STEMS}
    assert len(links(page)) >= len(claims)
    for stem, anchor, number in links(page):
        assert number == "1" or (anchor == f"cell-{number}" and anchors[stem].count(f'<div id="{anchor}"></div>') == 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_rendered_page_leads_to_rendered_anchors(sources, tmp_path):
    pytest.importorskip("furo", reason="the web edition needs its extra: pip install -e '.[site]'")
    edition.render(sources, tmp_path / "site")
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "site").glob("*.html")}
    assert "claims.html" in pages["index"] and len(links(pages["claims"])) > 20
    for stem, anchor, _ in links(pages["claims"]):
        assert not anchor or pages[stem].count(f'id="{anchor}"') == 1
