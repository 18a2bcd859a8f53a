"""FailureExplorer without a browser: its bytes are the runs', its numbers the signs of the moment, its store that of the code."""

import json
import math

import numpy as np
import pytest
import traitlets

from gan_edu import failures
from gan_edu.failures_alarm import LASTING
from gan_edu.widgets import failures_store as store
from gan_edu.widgets.failures import LIMITS, FailureExplorer
from made_failures import blinded, run, runs


@pytest.fixture
def explorer():
    return FailureExplorer(runs(), name="mode collapse")


def test_the_page_gets_every_frame_of_every_run_in_order(explorer):
    x = store.UNIT * np.frombuffer(explorer.frames, "<i2").reshape(-1, store.SAMPLES, 2)
    assert [len(r["steps"]) for r in explorer.runs] == [9, 9, 7, 9, 11] and len(x) == 45
    explorer.remedy, explorer.frame = "k = 5", 3
    np.testing.assert_array_equal(explorer.samples(), x[9 + 9 + 3])
    data = np.frombuffer(explorer.data, "<i2").reshape(5, store.DATA, 2)
    np.testing.assert_array_equal(store.UNIT * data[2], store.points(runs()[2]["data"]))
    assert all("x" not in r and "data" not in r for r in explorer.runs)
    json.dumps(explorer.runs, allow_nan=False)


def test_readouts_are_the_signs_of_the_last_look(explorer):
    signs = runs()[1]["signs"]
    for frame in range(9):
        explorer.frame = frame
        r = explorer.readouts()
        assert r["step"] == 20 * frame
        for sign in LIMITS:
            assert r[sign] == (signs[sign][frame - 1] if frame else None)
        assert r["says"] == ("Mode collapse: it rang." if 20 * frame >= 80 else "No sign of a failure so far.")


def test_a_blinded_run_has_no_words():
    explorer = FailureExplorer(blinded())
    assert explorer.name == "run 0" and explorer.readouts()["says"] is None
    assert "alarm" not in explorer.describe() and "why" not in explorer.runs[0]


def test_another_name_starts_without_a_remedy_and_keeps_the_moment_where_it_can(explorer):
    explorer.remedy = "R1"
    explorer.frame = 8
    explorer.remedy = "k = 5"
    assert explorer.frame == 6
    explorer.name = "vanishing gradient"
    assert (explorer.remedy, explorer.frame) == ("", 6)


def test_a_name_and_a_remedy_that_come_in_one_message_are_both_kept(explorer):
    explorer.name = "vanishing gradient"
    explorer.set_state({"name": "mode collapse", "remedy": "R1", "frame": 2})
    assert (explorer.name, explorer.remedy, explorer.frame) == ("mode collapse", "R1", 2)


@pytest.mark.parametrize(("trait", "value", "words"), [
    ("name", "overfitting", "one of healthy, mode collapse"), ("remedy", "k = 7", r"'k = 5', 'R1'"),
    ("frame", 9, "from 0 to 8"), ("frame", -1, "frame")])
def test_a_state_that_cannot_be_is_refused_and_the_old_one_kept(explorer, trait, value, words):
    before = getattr(explorer, trait)
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(explorer, trait, value)
    assert getattr(explorer, trait) == before


@pytest.mark.parametrize("bad", [[], [{k: v for k, v in run("healthy").items() if k != "x"}]])
def test_runs_without_frames_are_refused(bad):
    with pytest.raises(ValueError, match="records with frames"):
        FailureExplorer(bad)


def test_the_window_holds_the_data_and_nearly_all_samples(explorer):
    for kept, shown in zip(runs(), explorer.runs, strict=True):
        (left, right), (low, high) = shown["window"]
        assert right - left == pytest.approx(high - low)
        every = store.points(kept["x"])
        inside = (every > (left, low)) & (every < (right, high))
        assert inside.all(1).mean() > 0.8


@pytest.mark.parametrize("state", [{}, {"remedy": "k = 5"}, {"name": "vanishing gradient"}])
def test_there_is_a_picture_and_a_sentence(state):
    explorer = FailureExplorer(runs(), **{"name": "mode collapse", **state})
    data, metadata = explorer._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR") and explorer.png() == explorer.png()
    assert "0x" not in repr(explorer) and repr(explorer) in data["text/plain"]
    assert explorer.name in metadata["image/png"]["alt"] and "modes held" in metadata["image/png"]["alt"]


# ---- the store

def test_what_is_kept_of_a_run_is_the_run():
    seen = failures.play("healthy", seed=3, on_step=lambda at: at.stop() if at.step == 45 else None)
    kept = json.loads(json.dumps(store.record(seen), allow_nan=False))
    assert kept["steps"] == [frame.step for frame in seen.frames]
    x = store.points(kept["x"]).reshape(-1, store.SAMPLES, 2)
    np.testing.assert_allclose(x, [f.x[:store.SAMPLES].numpy() for f in seen.frames], atol=store.UNIT / 2 + 1e-6)
    for sign, values in kept["signs"].items():
        np.testing.assert_allclose(values, seen.alarm.signs[sign], rtol=1e-3)
    assert (kept["verdict"], kept["step"], kept["says"]) == (None, None, "No sign of a failure so far.")


def test_the_store_has_every_recipe_with_every_remedy_and_the_six_blinded_runs():
    kept = store.load()
    here = {(r["name"], r["remedy"]) for r in kept["runs"]}
    assert here == {(name, remedy) for name in failures.RECIPES
                    for remedy in (None, *failures.recipe(name).remedies)}
    assert [r["blinded"] for r in kept["blinded"]] == list(range(6)) and all("name" not in r for r in kept["blinded"])
    assert {(r["name"], r["seed"]) for r in kept["seeds"]} == {(n, s) for n in failures.RECIPES for s in range(1, 5)}
    for r in kept["runs"]:
        made = failures.recipe(r["name"], remedy=r["remedy"])
        assert r["why"] == made.why and r["steps"][-1] == made.arguments["steps"], "run benchmarks/make_failures.py again"
    assert all(math.isfinite(v) for r in kept["runs"] for values in r["signs"].values() for v in values)


@pytest.mark.parametrize("name", failures.RECIPES)
def test_the_stored_beginning_is_what_the_code_plays_today(name):
    kept = next(r for r in store.load()["runs"] if (r["name"], r["remedy"]) == (name, None))
    seen = failures.play(name, on_step=lambda at: at.stop() if at.step == 20 else None)
    x = store.points(kept["x"]).reshape(-1, store.SAMPLES, 2)
    for frame, stored in zip((f for f in seen.frames if f.step in kept["steps"]), x, strict=False):
        np.testing.assert_allclose(stored, frame.x[:store.SAMPLES].numpy(), atol=0.02)
    assert kept["signs"]["gradient"][0] == pytest.approx(seen.alarm.signs["gradient"][0], rel=0.05)


def test_a_stored_verdict_is_that_of_the_stored_signs():
    for r in store.load()["runs"] + store.load()["seeds"]:
        if r["verdict"] is not None:
            assert r["step"] >= LASTING * r["signs"]["step"][0] and r["verdict"] in failures.FAILURES
