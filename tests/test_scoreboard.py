"""The scoreboard in the README is that of the cards, and the cards are what evaluate finds."""

import json
import sys
from pathlib import Path

import pytest

from gan_edu import classifier, pretrained
from gan_edu.evaluation import MEASURES, Score, Scores, evaluate

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
import scoreboard  # noqa: E402  (a script, not a part of the package)

needs_weights = pytest.mark.skipif("mnist-mlp" not in pretrained.available(), reason="mnist-mlp is not built yet")


@needs_weights
def test_the_table_in_the_readme_is_that_of_the_cards():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert scoreboard.with_table(text, scoreboard.table(scoreboard.cards())) == text, \
        "run python benchmarks/scoreboard.py --table"


@needs_weights
def test_every_card_was_measured_with_the_classifier_that_is_shipped():
    for name in pretrained.generators():
        found = pretrained.card(name)["evaluation"]
        assert found["classifier"] == classifier.card()["sha256"] and set(found["scores"]) == set(MEASURES), name
        assert (found["n"], found["seed"]) == (10_000, 0), name
    floors = [{key: (score["floor"], score["floor_error"]) for key, score in
               pretrained.card(name)["evaluation"]["scores"].items()} for name in pretrained.generators()]
    for other in floors[1:]:                                      # the same real images beside all of them
        assert all(other[key] == pytest.approx(floors[0][key], rel=1e-2, abs=1e-4) for key in MEASURES)


def test_the_readme_says_of_the_classifier_what_its_card_says():
    made = classifier.card()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"reads {100 * made['accuracy']:.2f} ± {100 * made['standard_error']:.2f} % of that test set" in text


def test_a_note_leaves_the_rest_of_the_card_and_the_table_says_it(tmp_path):
    (tmp_path / "tiny.json").write_text(json.dumps({"name": "tiny", "scores": {"parzen": 1.5}}))
    made = Scores(100, 0, 0.2, (0.1,) * 10, (0.01,) * 10, {
        name: Score(0.123456789, 0.0345678, 0.5, 0.02, better) for name, (_, better) in MEASURES.items()})
    scoreboard.note("tiny", made, folder=tmp_path)
    card = json.loads((tmp_path / "tiny.json").read_text())
    assert card["scores"] == {"parzen": 1.5} and card["evaluation"]["scores"]["recall"]["value"] == 0.123457
    lines = scoreboard.table([card]).splitlines()
    assert lines[-1] == ("| `tiny` | 0.123 ± 0.035 | 0.123 ± 0.035 | 0.123 ± 0.035 | 0.123 ± 0.035 | 0.123 ± 0.035 "
                         "| 0.123 ± 0.035 |")
    assert lines[-2].startswith("| real training images | 0.500 ± 0.020 | 0.500 ± 0.020 | 0.500 ± 0.020 |")
    text = scoreboard.with_table(f"before {scoreboard.MARKS[0]} old {scoreboard.MARKS[1]} after", "new")
    assert text == f"before {scoreboard.MARKS[0]}\nnew\n{scoreboard.MARKS[1]} after"
    with pytest.raises(SystemExit, match="the README has no <!-- scoreboard -->"):
        scoreboard.with_table("nothing", "new")


@pytest.mark.slow
def test_one_card_says_what_evaluate_finds(mnist):
    found, claimed = evaluate(pretrained.load("mnist-mlp"), progress=False), pretrained.card("mnist-mlp")["evaluation"]
    for name, score in found.scores.items():
        told = claimed["scores"][name]
        assert abs(score.value - told["value"]) <= 0.1 * told["error"] + 1e-6, name
        assert abs(score.floor - told["floor"]) <= 0.1 * told["floor_error"] + 1e-6, name
