"""Tests over notebooks/: how they look, that they stay in step with their twins, that their exercises can be solved.

That they run, and give the stored outputs, is tested by `pytest --nbval`; build.py itself by test_build.py.
"""

import nbformat
import pytest

import notebook_rules
from notebooks import build

NAMES = sorted(path.stem for path in build.HERE.glob("*.ipynb"))   # a twin alone is told by the test on pairs


@pytest.mark.parametrize("rule", notebook_rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_notebook_follows(name, rule):
    notebook = nbformat.read(build.HERE / f"{name}.ipynb", as_version=4)
    faults = list(rule(notebook, name))
    assert not faults, f"{name}: " + "\n  ".join(faults)


def test_notebooks_and_twins_are_in_step():
    assert build.out_of_step() == []


@pytest.mark.parametrize("name", NAMES)
def test_every_exercise_has_a_solution_without_gaps(name):
    notebook = nbformat.read(build.HERE / f"{name}.ipynb", as_version=4)
    asked = {tag for cell in notebook.cells for tag in build.exercise_tags(cell)}
    answers = build.solutions_of(name)
    assert set(answers) == asked
    assert not [tag for tag, source in answers.items() if "..." in source]


@pytest.mark.parametrize("name", NAMES)
def test_solution_edition_runs_and_every_check_says_correct(name):
    notebook = build.solution_edition(build.HERE / f"{name}.py")
    build.execute(notebook, name=f"{name} (solutions)", cwd=build.HERE, timeout=180)
    verdicts = {tag: [str(o.get("data", {}).get("text/plain")) for o in cell.outputs]
                for cell in notebook.cells for tag in cell.metadata.get("tags", []) if tag.startswith("check-")}
    assert verdicts
    for tag, shown in verdicts.items():
        assert any(text.startswith("Correct: ") for text in shown), f"{name}, {tag}: {shown}"
