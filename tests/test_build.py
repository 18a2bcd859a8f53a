"""Tests of notebooks/build.py and of the rules for notebooks: each fault is seen. The real ones: test_notebooks.py."""

import os
import subprocess
import sys

import nbformat
import pytest

import notebook_rules
from gan_edu.checks import core
from notebooks import build

TWIN = """\
# %% [markdown]
# # 99 Sample
#
# What is one half? You will learn it in 2 minutes; you need nothing.

# %% [markdown]
# Predict the sum, then run the cell.

# %%
1 + 1

# %% [markdown]
# It was two. Now you.

# %% tags=["exercise-99-half"]
half = ...

# %% tags=["check-99-half"]
from gan_edu.checks import core
core.exercise("99-half", "one half it is.")(lambda a: None if core.number(a) == 0.5 else "no.")
core.check("99-half", half)

# %% [markdown]
# ## Summary
# Halves add up.
# ## References
# None.
"""
SOLUTION = """\
# %% [markdown]
# Solutions of notebook 99.

# %% tags=["exercise-99-half"]
half = 1 / 2
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build one sample notebook, once."""
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "solutions").mkdir()
    (folder / "99_sample.py").write_text(TWIN)
    (folder / "solutions" / "99_sample.py").write_text(SOLUTION)
    build.run(folder / "99_sample.py")
    return folder


@pytest.fixture
def sample(built, monkeypatch):
    monkeypatch.setattr(core, "_REGISTER", {"99-half": core._Exercise(lambda answer: None, "yes.")})
    return nbformat.read(built / "99_sample.ipynb", as_version=4)


def test_the_sample_breaks_no_rule_and_pair_is_in_step(built, sample):
    assert [fault for rule in notebook_rules.RULES for fault in rule(sample, "99_sample")] == []
    assert build.out_of_step(built) == []
    assert (built / "99_sample.py").read_text() == TWIN


def test_a_second_build_changes_no_byte(built):
    before = (built / "99_sample.ipynb").read_bytes()
    build.run(built / "99_sample.py")
    assert (built / "99_sample.ipynb").read_bytes() == before


def test_the_twin_is_what_the_jupytext_command_writes(built):
    command = [sys.executable, "-m", "jupytext", "--quiet", "--to", "py:percent", "-o", "-", "99_sample.ipynb"]
    command += ["--opt", "notebook_metadata_filter=-all", "--opt", "cell_metadata_filter=tags,-all"]
    done = subprocess.run(command, cwd=built, capture_output=True, text=True, check=True)
    assert done.stdout == TWIN
    assert build.TWIN_OPTIONS == {"notebook_metadata_filter": "-all", "cell_metadata_filter": "tags,-all"}


def test_an_inserted_cell_leaves_the_other_ids_alone(sample):
    old = [cell.id for cell in sample.cells]
    new = nbformat.from_dict(sample)
    new.cells = [*sample.cells[:2], nbformat.v4.new_markdown_cell("New."), *sample.cells[2:]]
    build.adopt_ids(new, sample)
    assert [cell.id for cell in new.cells if cell.source != "New."] == old
    first = new.cells[2].id
    build.adopt_ids(new, sample)
    assert new.cells[2].id == first and first not in old


def test_an_edited_cell_keeps_its_id_and_equal_cells_get_different_ones(sample):
    new = nbformat.from_dict(sample)
    new.cells = [nbformat.from_dict(cell) for cell in sample.cells]
    new.cells[2].source = "1 + 2"
    build.adopt_ids(new, sample)
    assert [cell.id for cell in new.cells] == [cell.id for cell in sample.cells]
    twice = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1"), nbformat.v4.new_code_cell("1")])
    build.adopt_ids(twice, None)
    assert twice.cells[0].id != twice.cells[1].id


def test_pairs_out_of_step_are_named(built, tmp_path):
    for file in built.glob("99_sample.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "99_sample.py").write_text(TWIN.replace("1 + 1", "1 + 3"))
    (tmp_path / "98_alone.py").write_text(TWIN)
    (tmp_path / "97_alone.ipynb").write_text("{}")
    (tmp_path / "helper.py").write_text("")
    assert build.out_of_step(tmp_path) == [
        "97_alone: .py is missing",
        "98_alone: .ipynb is missing",
        "99_sample: notebook and twin differ; run `python notebooks/build.py run 99`",
    ]


def test_solution_edition_says_correct(built):
    notebook = build.solution_edition(built / "99_sample.py")
    build.execute(notebook, name="99", cwd=built)
    assert notebook.cells[5].outputs[0].data["text/plain"] == "Correct: one half it is."


@pytest.mark.parametrize(
    ("solution", "message"),
    [
        ("", "has no cell tagged exercise-99-half"),
        (SOLUTION + SOLUTION, "two cells are tagged exercise-99-half"),
        (SOLUTION + '\n# %% tags=["exercise-99-more"]\nx = 1\n', "no exercise in the notebook for exercise-99-more"),
    ],
)
def test_solutions_that_do_not_fit_are_named(tmp_path, solution, message):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "99_sample.py").write_text(TWIN)
    (tmp_path / "solutions" / "99_sample.py").write_text(solution)
    with pytest.raises(build.BuildError, match=message):
        build.solution_edition(tmp_path / "99_sample.py")


FAILING_CALLBACK = """
import ipywidgets
out = ipywidgets.Output()
slider = ipywidgets.IntSlider()
with out:
    raise ValueError("hidden in the widget")
"""


@pytest.mark.parametrize(
    ("source", "timeout", "message"),
    [
        ("raise KeyError('gone')", 60, r"x\.ipynb, cell 2 \(\"raise KeyError\('gone'\)\"\): KeyError: 'gone'"),
        ("import time; time.sleep(60)", 1, r"x\.ipynb, cell 2 .*took longer than 1 s; make it shorter"),
        ("import os; os._exit(3)", 60, r"x\.ipynb, cell 2 .*the kernel died"),
        (FAILING_CALLBACK, 60, r"x\.ipynb: inside an Output widget: ValueError: hidden in the widget"),
    ],
    ids=["raises", "hangs", "dies", "callback"],
)
def test_what_stops_a_notebook_is_named_with_its_cell(tmp_path, source, timeout, message):
    cells = [nbformat.v4.new_markdown_cell("Text."), nbformat.v4.new_code_cell(source)]
    with pytest.raises(build.BuildError, match=message):
        build.execute(nbformat.v4.new_notebook(cells=cells), name="x.ipynb", cwd=tmp_path, timeout=timeout)


def test_a_build_that_fails_leaves_both_files_as_they_were(built, tmp_path):
    for file in built.glob("99_sample.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    twin = tmp_path / "99_sample.py"
    twin.write_text(TWIN.replace("1 + 1", "1 / 0"))
    with pytest.raises(build.BuildError, match="ZeroDivisionError"):
        build.run(twin)
    assert (tmp_path / "99_sample.ipynb").read_bytes() == (built / "99_sample.ipynb").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["99_sample.ipynb", "99_sample.py"]


def test_an_error_trait_of_an_explorer_counts_as_hidden_error(sample):
    state = {"a": {"state": {"error": "the redraw failed"}}, "b": {"state": {"error": "", "outputs": []}}}
    sample.metadata["widgets"] = {build.WIDGET_STATE: {"state": state}}
    assert build.hidden_errors(sample) == ["in the status line of a widget: the redraw failed"]
    build.clean(sample)
    assert build.hidden_errors(sample) == [] and "widgets" not in sample.metadata


def test_what_a_machine_says_on_stderr_is_dropped_only_where_outputs_are_not_compared():
    say = nbformat.v4.new_output("stream", name="stderr", text="using the digits, looked in a folder")
    result = nbformat.v4.new_output("stream", name="stdout", text="kept")
    cells = [nbformat.v4.new_code_cell("f()", outputs=[say, result]) for _ in range(2)]
    cells[0].metadata["tags"] = ["nbval-ignore-output"]
    build.clean(nbformat.v4.new_notebook(cells=cells))
    assert [[o.name for o in cell.outputs] for cell in cells] == [["stdout"], ["stderr", "stdout"]]


def test_cleaning_drops_views_timing_and_other_metadata_but_keeps_pictures_and_tags(sample):
    picture = {"image/png": "aGVsbG8=", "text/plain": "Explorer(n=1)", build.WIDGET_VIEW: {"model_id": "1"}}
    sample.cells[2].outputs = [nbformat.v4.new_output("display_data", dict(picture))]
    sample.cells[2].metadata.update(execution={"iopub": 1}, collapsed=True)
    build.clean(sample)
    del picture[build.WIDGET_VIEW]
    assert sample.cells[2].outputs[0].data == picture
    assert sample.cells[2].metadata == {} and sample.cells[4].metadata == {"tags": ["exercise-99-half"]}
    assert sample.metadata == build.METADATA


def test_commands(built, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(build, "HERE", built)
    assert build.main(["check"]) == 0
    assert "all pairs are in step" in capsys.readouterr().out
    assert build.main(["solutions", "--out", str(tmp_path / "s")]) == 0
    assert "half = 1 / 2" in (tmp_path / "s" / "99_sample.ipynb").read_text()
    assert build.main(["run", "42"]) == 1
    assert "no twin with number 42; there are: 99" in capsys.readouterr().err


def copy(built, folder):
    """Copy the sample, its notebook and its solution into an empty folder; return the twin."""
    (folder / "solutions").mkdir(parents=True)
    for file in [*built.glob("99_sample.*"), built / "solutions" / "99_sample.py"]:
        (folder / file.relative_to(built)).write_bytes(file.read_bytes())
    return folder / "99_sample.py"


def change(twin, *cells):
    """Put cells behind the first one of a sample's notebook, and write the pair."""
    notebook = nbformat.read(twin.with_suffix(".ipynb"), as_version=4)
    notebook.cells[1:1] = cells
    nbformat.write(notebook, twin.with_suffix(".ipynb"))
    twin.write_text(build.twin_text(notebook))


# ziamath finds its font in a way that Python 3.11 deprecated and 3.13 took back
formulas_are_drawn = pytest.mark.filterwarnings("ignore:path is deprecated:DeprecationWarning")


@formulas_are_drawn
def test_one_command_writes_three_editions(built, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(build, "HERE", built)
    assert build.main(["editions", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "wrote three editions of 99_sample\n"
    student, instructor = (nbformat.read(tmp_path / name / "99_sample.ipynb", as_version=4) for name in ("student", "instructor"))
    assert student == nbformat.read(built / "99_sample.ipynb", as_version=4)
    assert instructor.cells[4].source == "half = 1 / 2" and student.cells[4].source == "half = ..."
    assert instructor.metadata["gan_edu"] == {"edition": "solutions"} and "gan_edu" not in student.metadata
    assert build.secrets_of(built / "99_sample.py") == ["half = 1 / 2"]
    for file in [*(tmp_path / "student").iterdir(), *(tmp_path / "handout").iterdir()]:
        assert "1 / 2" not in file.read_text() and "Sample" in file.read_text()


@formulas_are_drawn
def test_a_handout_has_text_what_was_shown_the_exercise_and_room_and_opens_anywhere(built, tmp_path):
    twin = copy(built, tmp_path / "n")
    shown = [nbformat.v4.new_output("stream", name="stderr", text="a folder of this machine"),
             nbformat.v4.new_output("display_data", {"image/png": "aGVs\nbG8=", "text/plain": "Words for <it>"}),
             nbformat.v4.new_output("display_data", {"text/html": '<img alt="A page." src="data:image/png;base64,aGVsbG8=">'}),
             nbformat.v4.new_output("display_data", {"text/latex": r"$\displaystyle \frac{1}{3}$", "text/plain": "1/3"})]
    prose = (r"See $D(x) < 1$ and $$\int q \, dx$$ in" + "\n\n| a | b |\n|---|---|\n| $p$ | `2` |\n\n"
             + r"\begin{align}a &= b\end{align}")
    change(twin, nbformat.v4.new_markdown_cell(prose), nbformat.v4.new_code_cell("hidden_code()", outputs=shown))
    page = build.editions(twin, tmp_path / "out")[2].read_text()
    assert "<h1>99 Sample</h1>" in page and "<title>99 Sample</title>" in page and "<td>" in page and "<pre>2</pre>" in page
    assert page.count("<svg") == 5 and 'aria-label="D(x) &lt; 1"' in page and "$" not in page
    assert 'alt="Words for &lt;it&gt;" src="data:image/png;base64,aGVsbG8="' in page and 'alt="A page."' in page
    assert "<pre>half = ...</pre>" in page and page.count('class="room"') == 1
    assert not [word for word in ("hidden_code", "check(", "Not yet", "this machine", "<script", "<link", "http:", "https:")
                if word in page.replace("http://www.w3.org", "")]


@formulas_are_drawn
@pytest.mark.parametrize("spoil, message", [
    (lambda twin: twin.write_text(TWIN.replace("1 + 1", "1 + 3")), "and twin differ; run `python notebooks/build.py run 99`"),
    (lambda twin: change(twin, nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text="half = 1 / 2")])),
     "handout/99_sample.html would give a solution away: 'half = 1 / 2'"),
    (lambda twin: (twin.parent / "solutions" / "99_sample.py").write_text(""), "has no cell tagged exercise-99-half"),
])
def test_editions_that_would_not_be_right_are_not_written(built, tmp_path, spoil, message):
    twin = copy(built, tmp_path / "n")
    spoil(twin)
    with pytest.raises(build.BuildError, match=message):
        build.editions(twin, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_ziamath_the_command_says_what_is_needed(built, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(build, "HERE", built)
    for name in ("handout", "formulas"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "ziamath", None)
    assert build.main(["editions", "99", "--out", str(tmp_path / "out")]) == 1
    assert "the handout needs ziamath; install it with `pip install -e '.[site]'`" in capsys.readouterr().err


@pytest.mark.parametrize("twin", build.twins([]), ids=lambda twin: twin.stem)
def test_every_notebook_has_solution_lines_that_would_be_noticed(twin):
    """The one line of 02-monte-carlo stands in an earlier cell, where the reader is meant to find it."""
    for tag, source in build.solutions_of(twin.stem).items():
        found = [line for line in source.splitlines() if line.strip() in build.secrets_of(twin)]
        assert found or tag == "exercise-02-monte-carlo", tag


def png(words):
    return nbformat.v4.new_output("display_data", {"image/png": "aGVsbG8=", "text/plain": words})


def html(page):
    return nbformat.v4.new_output("display_data", {"text/html": page, "text/plain": "words enough"})


def insert(cell_index, cell):
    return lambda nb: nb.cells.insert(cell_index, cell)


def put(cell_index, **values):
    return lambda nb: nb.cells[cell_index].update(values)


def add_output(output):
    return lambda nb: nb.cells[2].outputs.append(output)


SPOILED = [
    ("execution counts", put(2, execution_count=None)),
    ("execution counts", put(2, execution_count=7)),
    ("empty code cell", insert(3, nbformat.v4.new_code_cell(""))),
    ("metadata.widgets", lambda nb: nb.metadata.update(widgets={"a": 1})),
    ("notebook metadata", lambda nb: nb.metadata.update(toc={})),
    ("kernelspec is not python3", lambda nb: nb.metadata.kernelspec.update(name="gan")),
    ("cell 3 has metadata ['execution']", lambda nb: nb.cells[2].metadata.update(execution={})),
    ("a path of a machine", put(1, source="Predict: see /home/me/x.")),
    ("a path of a machine", add_output(nbformat.v4.new_output("stream", text="saved in /tmp/x"))),
    ("stores an error", add_output(nbformat.v4.new_output("error", ename="E", evalue="e"))),
    ("on stderr", add_output(nbformat.v4.new_output("stream", name="stderr", text="careful"))),
    ("a widget view", add_output(nbformat.v4.new_output("display_data", {build.WIDGET_VIEW: {}}))),
    ("stores a script", add_output(html("<script>1</script>"))),
    ("the outputs of cell 3 have", add_output(nbformat.v4.new_output("stream", text="x" * 400_000))),
    ("the notebook has", put(1, source="predict " * 200_000)),
    ("picture without alt text", put(1, source="Predict. ![](a.png)")),
    ("an <img> without alt", put(1, source='Predict. <img src="a.png">')),
    ("an <img> without alt", add_output(html('<img alt="" src="data:x">'))),
    ("stores a picture described as", add_output(png("<Figure size 640x480 with 1 Axes>"))),
    ("one H1", put(1, source="# Second\n\nPredict.")),
    ("jumps from level 1 to 3", put(1, source="### Deep\n\nPredict.")),
    ("no heading with the word 'summary'", put(6, source="## References\nNone.")),
    ("asks no question", put(0, source="# 99\n\nThis is it. You will need minutes; prerequisites: none. Or?")),
    ("does not mention time", put(0, source="# 99\n\nWhat? You will. You need nothing.")),
    ("must open with text", lambda nb: nb.cells.pop(0) and nb.cells.pop(0)),
    ("code with no text before", lambda nb: nb.cells.pop(3)),
    ("lines of code, more than 10", put(2, source="\n".join("abcdefghijk"))),
    ("ends in code", lambda nb: nb.cells.pop(6)),
    ("nothing to predict", put(1, source="Run.")),
    ("no pip, shell or download", put(2, source="!ls")),
    ("no pip, shell or download", put(2, source="%pip install x")),
    ("no pip, shell or download", put(2, source="import subprocess")),
    ("exclamation mark", put(1, source="Predict this!")),
    ("emoji", put(1, source="Predict \U0001f600.")),
    ("unknown tag", lambda nb: nb.cells[2].metadata.update(tags=["excercise-99-x"])),
    ("do not go in pairs", lambda nb: nb.cells[4].metadata.update(tags=["exercise-99-other"])),
    ("gan_edu.checks judges", lambda nb: core._REGISTER.update({"99-more": None})),
    ("leaves no gap", put(4, source="half = 0.5")),
    ("does not call check", put(5, source="half")),
    ("must store the verdict", put(5, outputs=[])),
    ("exercises; a notebook has", lambda nb: [nb.cells.pop(4), nb.cells.pop(4)]),
]


@pytest.mark.parametrize(("fault", "spoil"), SPOILED, ids=[f"{i}-{fault[:24]}" for i, (fault, _) in enumerate(SPOILED)])
def test_the_rules_see(sample, fault, spoil):
    spoil(sample)
    found = [line for rule in notebook_rules.RULES for line in rule(sample, "99_sample")]
    assert any(fault in line for line in found), found


@pytest.mark.parametrize("text", ["Is $n! = 1$?", "a != b", "See notebooks/03_x.ipynb and https://example.org/home/x."])
def test_the_rules_let_pass(sample, text):
    sample.cells[1].source = f"Predict. {text}"
    assert [line for rule in notebook_rules.RULES for line in rule(sample, "99_sample")] == []
