"""The lecturer's table of times: what is counted, what is measured, and that the page says what is computed now.

Running times cannot be asserted without running every notebook; that a unit is 1 and nothing is missing can.
"""

import re
import sys
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))
import times

TWINS = times.build.twins([])
MARKS = "Before.\n<!-- times -->\n{}<!-- end of times -->\nAfter.\n"


def rows(text):
    """Return {number: [promised, words, minutes, running]} of the page's table."""
    lines = [line for line in times.PLACE.search(text)[0].splitlines() if re.match(r"\| \d\d \|", line)]
    return {cells[1]: cells[2:-1] for cells in ([cell.strip() for cell in line.split("|")] for line in lines)}


def book(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source) for source in sources])


@pytest.mark.parametrize("prose, count", [
    ("# 2. Two words\n\nAnd *three* more, here:", 7), ("Let $x \\in [0, 1]$ be $a + b$.", 4), ("So\n$$x\n= 1$$\nholds.", 3),
    ("| a | b |\n|---|---|\n| 1 | - |", 3), ("One.\n\n## References\n\n* Not counted.", 1)])
def test_words_of_the_prose_are_counted_a_formula_as_one_and_references_not(prose, count):
    notebook = book(prose)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("code = 'is not counted'"))
    assert times.words(notebook) == count


def test_minutes_are_words_at_the_stated_rate():
    assert [times.minutes(n) for n in (0, 10, 238, 2380, 2500)] == [1, 1, 1, 10, 11]


@pytest.mark.parametrize("first, said", [("**Time.** 20 minutes, with two short exercises.", "20"),
                                         ("**Time.** 45 minutes to read and run, 30 more for the four exercises.", "45 + 30")])
def test_what_a_notebook_promises_is_read_from_its_first_cell(first, said):
    assert times.said(book(f"# 1. A\n\nWhy?\n\n{first}", "**Time.** 1 minutes.")) == said


def test_the_lecturers_table_is_what_is_computed_now():
    """Up to a hundred words and a minute, so that mending a sentence needs no new table; else `python notebooks/times.py`."""
    text = times.PAGE.read_text(encoding="utf-8")
    shown = rows(text)
    assert list(shown) == [twin.stem[:2] for twin in TWINS]
    assert f"{times.WORDS_PER_MINUTE} words a minute" in text and f"notebook {times.UNIT} = 1" in text
    for twin in TWINS:
        notebook = times.build.read_twin(twin)
        promised, counted, reading, running = shown[twin.stem[:2]]
        assert promised == times.said(notebook), twin.stem
        assert abs(int(counted.replace(",", "")) - times.words(notebook)) <= 100, twin.stem
        assert abs(int(reading) - times.minutes(times.words(notebook))) <= 1, twin.stem
        assert int(reading) < int(promised.split()[0]), f"{twin.stem}: the words alone take longer than it says"
        assert running == "" or 0.01 < float(running) < 100, twin.stem
    assert shown[times.UNIT][3] in ("", "1")


def test_new_words_keep_what_was_measured_and_the_rest_of_the_page(tmp_path):
    page, twin = tmp_path / "page.md", tmp_path / "06_a.py"
    twin.write_text("# %% [markdown]\n# # 6. A\n#\n# **Time.** 5 minutes. " + "word " * 500)
    page.write_text(MARKS.format("| 06 | 9 | 9 | 9 | 1.5 |\n\nThree runs of it.\n"))
    times.write(page, [twin], anew=False)
    assert rows(page.read_text()) == {"06": ["5", "500", "2", "1.5"]} and "\n\nThree runs of it.\n<!-- end" in page.read_text()
    before = page.read_text()
    times.write(page, [twin], anew=False)
    assert page.read_text() == before and before.startswith("Before.\n<!--") and before.endswith("-->\nAfter.\n")


def test_a_page_without_its_place_is_refused(tmp_path):
    (tmp_path / "page.md").write_text("No table.")
    with pytest.raises(times.build.BuildError, match="page.md: the markers <!-- times --> and .* are not there"):
        times.write(tmp_path / "page.md", [], anew=False)


def test_measuring_divides_by_the_unit_and_says_how_far_its_runs_were_apart(tmp_path, monkeypatch):
    taken = iter([2.0, 5.0, 2.5, 1.0, 2.2])
    asked = []
    monkeypatch.setattr(times, "seconds", lambda twin: asked.append(twin.stem[:2]) or next(taken))
    twins = [tmp_path / f"{number}_a.py" for number in ("05", "06", "07")]
    for twin in twins:
        twin.write_text("# %% [markdown]\n# # A\n#\n# **Time.** 5 minutes.\n")
    (tmp_path / "page.md").write_text(MARKS.format(""))
    times.write(tmp_path / "page.md", twins, anew=True)
    assert asked == ["06", "05", "06", "07", "06"]
    text = (tmp_path / "page.md").read_text()
    assert [row[3] for row in rows(text).values()] == ["2.3", "1", "0.45"]
    assert "Three runs of notebook 06, the first, one in the middle and the last, differed by at most 25%." in text


def test_a_notebooks_seconds_are_those_of_its_cells(tmp_path):
    """Half a second of work is counted, half a second of waiting is not."""
    twin = tmp_path / "06_a.py"
    code = "import time\nstart = time.process_time()\nwhile time.process_time() - start < 0.5:\n    pass\ntime.sleep(0.5)"
    twin.write_text(f"# %% [markdown]\n# # A\n\n# %%\n{code}\n")
    assert 0.5 <= times.seconds(twin) < 0.9
