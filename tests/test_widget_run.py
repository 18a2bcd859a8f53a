"""RunExplorer without a browser: its pictures are those of the shipped games, its numbers those of their cards."""

import json

import numpy as np
import pytest
import torch
import traitlets

from gan_edu import pretrained
from gan_edu.latent import sample_latent
from gan_edu.widgets import RunExplorer
from gan_edu.widgets.run import PER_EPOCH, RUNS
from made_runs import MOMENTS, score_of, ship_all, ship_run, small_game

PLACES = [(name, step) for name, (_, steps, end) in MOMENTS.items() for step in (*steps, end)]


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    ship_all(folder)
    return folder


@pytest.fixture
def shipped(four, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", four)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    return tmp_path


def grey(name, step, *, n=24, seed=0):
    """The pictures of a shipped game, without the explorer: float, 0 to 255."""
    game = pretrained.load(name) if step == MOMENTS[name][2] else pretrained.load(name, step=step)
    z = sample_latent(n, 10, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        return ((game.G.eval()(z).double() + 1) * 127.5).numpy()


def sheets_of(explorer):
    """The bytes that the page gets, as it reads them: (name, step) -> (n, C, H, W)."""
    places = [(run["name"], step) for run in explorer.runs for step in run["steps"]]
    sheets = np.frombuffer(explorer.sheets, np.uint8).reshape(len(places), explorer.n, *explorer.shape)
    return dict(zip(places, sheets, strict=True))


# ---- pictures

def test_sheets_are_the_shipped_games_pictures_to_one_grey_level(shipped):
    found = sheets_of(RunExplorer())
    assert list(found) == PLACES
    for (name, step), sheet in found.items():
        assert np.abs(sheet - grey(name, step)).max() <= 0.51, (name, step)
    assert len({sheet.tobytes() for sheet in found.values()}) == len(PLACES) - 3   # one untrained G, four times


def test_picture_is_the_present_sheet(shipped):
    explorer = RunExplorer(n=7, seed=3)
    assert explorer.shape == [1, 28, 28] and (explorer.name, explorer.step) == ("mnist-mlp", 9370)
    explorer.name, explorer.step = "mnist-mlp-k3", 937
    assert np.array_equal(explorer.picture(), sheets_of(explorer)["mnist-mlp-k3", 937])
    assert np.array_equal(explorer.picture("mnist-mlp", step=0), sheets_of(explorer)["mnist-mlp", 0])
    assert np.abs(explorer.picture() - grey("mnist-mlp-k3", 937, n=7, seed=3)).max() <= 0.51


def test_scrubbing_sends_no_pictures(shipped):
    explorer, sent = RunExplorer(n=2), []
    explorer.observe(lambda change: sent.append(change["name"]))
    explorer.name, explorer.step, explorer.pick = "mnist-mlp-k5", 0, 1
    assert "sheets" not in sent and {"name", "step", "pick"} <= set(sent)


def test_uniform_noise_is_drawn_for_a_generator_that_asks_for_it(folder):
    ship_run(folder, "u", k=1, steps=(0, 5), end=9, game=lambda seed: small_game(seed, latent="uniform"))
    explorer = RunExplorer("u", n=60)
    z = explorer.sample_z(0, 60)
    assert torch.equal(z, sample_latent(60, 10, distribution="uniform", generator=torch.Generator().manual_seed(0)))


# ---- new z

def test_new_z_is_that_of_the_seed_for_every_run_and_step(shipped):
    explorer = RunExplorer(n=5)
    before = explorer.sheets
    assert explorer.answer("z", {"seed": 8}, []) == ({"seed": 8}, [])
    assert explorer.seed == 8 and explorer.sheets == RunExplorer(n=5, seed=8).sheets != before
    explorer.seed = 0
    assert explorer.sheets == before


@pytest.mark.parametrize("content", [{}, {"seed": -1}, {"seed": "2"}, {"seed": 1.5}])
def test_a_seed_that_is_none_is_refused_and_the_pictures_stay(shipped, content):
    explorer = RunExplorer(n=3)
    before = explorer.sheets
    with pytest.raises(ValueError, match="seed must be a whole number >= 0"):
        explorer.answer("z", content, [])
    assert (explorer.seed, explorer.sheets) == (0, before)


def test_other_questions_have_no_answer(shipped):
    with pytest.raises(NotImplementedError, match="no answer to 'draw'"):
        RunExplorer("mnist-mlp", n=1).answer("draw", {}, [])


# ---- numbers and moves

def test_readouts_are_the_cards(shipped):
    explorer = RunExplorer(n=1)
    for name, step in PLACES:
        explorer.name = name
        explorer.step = step
        k, score = MOMENTS[name][0], score_of(MOMENTS[name][0], step)
        assert explorer.readouts() == {"k": k, "step": step, "epochs": step / 937, "minibatches": k * step,
                                       "parzen": score["parzen"], "standard_error": score["standard_error"]}


def test_an_epoch_at_k_1_is_every_whole_minibatch_of_mnist_once():
    assert PER_EPOCH == 937 and PER_EPOCH * 64 <= 60_000 < (PER_EPOCH + 1) * 64


def test_another_run_keeps_the_step_or_goes_to_the_last_moment_before(shipped):
    explorer = RunExplorer(n=1)
    explorer.step = 2811
    explorer.name = "mnist-mlp-k2"
    assert explorer.step == 2811
    explorer.name, explorer.step = "mnist-mlp", 9370
    explorer.name = "mnist-mlp-k5"
    assert explorer.step == 2811


def test_the_page_may_move_run_and_step_together(shipped):
    explorer = RunExplorer(n=1)
    explorer.set_state({"name": "mnist-mlp-k2", "step": 937, "pick": 0})
    assert (explorer.name, explorer.step) == ("mnist-mlp-k2", 937)


@pytest.mark.parametrize("trait, value, words", [
    ("name", "mnist", "one of mnist-mlp, mnist-mlp-k2"), ("step", 5, r"one of \[0, 937, 2811, 9370\].* got 5"),
    ("pick", 24, "from 0 to 23, got 24"), ("pick", -1, "pick"), ("seed", -1, "seed"), ("step", "0", "step")])
def test_a_state_that_cannot_be_is_refused_and_the_old_one_kept(shipped, trait, value, words):
    explorer = RunExplorer()
    before = getattr(explorer, trait)
    with pytest.raises(traitlets.TraitError, match=words):
        setattr(explorer, trait, value)
    assert getattr(explorer, trait) == before


def test_the_page_gets_every_score_and_the_finer_curve(shipped):
    run = RunExplorer(n=1).runs[1]
    assert (run["label"], run["k"], run["steps"]) == ("k = 2", 2, [0, 937, 2811])
    assert run["scores"] == [[score_of(2, s)["parzen"], score_of(2, s)["standard_error"]] for s in run["steps"]]
    assert run["curve"] == [[s, score_of(2, s)["parzen"]] for s in (0, 234, 937, 2811)]
    json.dumps(run, allow_nan=False)


def test_runs_without_scores_are_shown_without(folder):
    ship_run(folder, "a", k=1, steps=(0, 5), end=9, scored=False)
    explorer = RunExplorer("a", n=2)
    assert explorer.readouts()["parzen"] is None and explorer.runs[0]["curve"] == []
    assert "score" not in explorer.describe()


def test_runs_of_one_k_are_told_apart_by_name(folder):
    for name in ("a", "b"):
        ship_run(folder, name, k=1, steps=(0, 5), end=9)
    assert [run["label"] for run in RunExplorer(["a", "b"], n=1).runs] == ["a", "b"]


# ---- what may be shown

def test_names_default_to_the_runs_that_are_there(four, folder):
    for name in ("mnist-mlp-k3", "mnist-mlp"):
        for file in four.glob(f"{name}*"):
            if file.name.startswith((f"{name}.", f"{name}-moments")):
                (folder / file.name).write_bytes(file.read_bytes())
    ship_run(folder, "another", k=1, steps=(0, 5), end=9)
    assert [run["name"] for run in RunExplorer(n=1).runs] == ["mnist-mlp", "mnist-mlp-k3"]
    assert RUNS == tuple(MOMENTS)


@pytest.mark.parametrize("names, options, words", [
    ([], {}, r"one or more different .*got \[\]"), (["mnist-mlp"] * 2, {}, "different"),
    ("mnist-mlp-k4", {}, "must be one of .*did you mean mnist-mlp-k"),
    ("mnist-mlp", {"n": 0}, "n must be a whole number"), ("mnist-mlp", {"n": 61}, "from 1 to 60, got 61"),
    ("mnist-mlp", {"n": 2.0}, "n must be"), ("mnist-mlp", {"seed": -1}, "seed must be"),
    ("mnist-mlp", {"seed": True}, "seed must be")])
def test_bad_arguments_are_named(shipped, names, options, words):
    with pytest.raises(ValueError, match=words):
        RunExplorer(names, **options)


def test_without_any_run_it_says_what_there_is(folder):
    with pytest.raises(ValueError, match="none in this installation"):
        RunExplorer()


def test_weights_without_a_time_to_scrub_through_are_refused(folder):
    ship_run(folder, "short", k=1, steps=(0,), end=0)
    with pytest.raises(ValueError, match=r"short is no run .* two moments or more, got k = 1 and moments \[0\]"):
        RunExplorer("short")
    pretrained.ship("other", small_game(0), {}, {}, folder=folder)
    with pytest.raises(ValueError, match="other is no run .* got k = None"):
        RunExplorer("other")


def test_runs_of_different_noise_are_refused(folder):
    ship_run(folder, "a", k=1, steps=(0, 5), end=9)
    ship_run(folder, "b", k=2, steps=(0, 5), end=9, game=lambda seed: small_game(seed, 12))
    with pytest.raises(ValueError, match="a: 10 normal numbers .*; b: 12 normal numbers"):
        RunExplorer(["a", "b"])


def test_a_picture_that_is_not_here_is_refused(shipped):
    explorer = RunExplorer("mnist-mlp", n=1)
    with pytest.raises(ValueError, match="no picture of mnist-mlp at step 5, only of mnist-mlp at .0, 937"):
        explorer.picture(step=5)


# ---- on paper

def test_there_is_a_picture_and_a_sentence(shipped):
    explorer = RunExplorer()
    explorer.name = "mnist-mlp-k2"
    data, metadata = explorer._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR") and explorer.png() == explorer.png()
    assert metadata["image/png"]["alt"] == explorer.describe()
    assert "same 12 z" in explorer.describe() and "0, 937, 2,811" in explorer.describe()
    assert f"from {score_of(2, 0)['parzen']:.1f} to {score_of(2, 2811)['parzen']:.1f} nats" in explorer.describe()
    assert repr(explorer) == "RunExplorer(mnist-mlp, mnist-mlp-k2, mnist-mlp-k3, mnist-mlp-k5; 24 z)"
    assert repr(explorer) in data["text/plain"]


def test_the_static_twin_is_one_run_from_top_to_bottom(shipped):
    explorer = RunExplorer(n=3)
    drawn = explorer.figure().axes[0]
    assert [label.get_text() for label in drawn.get_yticklabels()] == ["step 0", "step 937", "step 2,811", "step 9,370"]
    sheet = np.asarray(drawn.images[0].get_array())
    assert np.allclose(sheet[-30:-2, 2:30] * 255, explorer.picture()[0, 0], atol=1e-6)


def test_a_long_run_keeps_its_ends_on_paper(folder):
    ship_run(folder, "long", k=1, steps=tuple(range(0, 120, 10)), end=120, scored=False)
    labels = [label.get_text() for label in RunExplorer("long", n=1).figure().axes[0].get_yticklabels()]
    assert len(labels) == 8 and labels[0] == "step 0" and labels[-1] == "step 120"


@pytest.mark.parametrize("name", ["mnist-dcgan", "mnist-conv", "mnist-wgan-gp"])
def test_runs_whose_looks_were_measured_otherwise_have_the_scores_they_have(name):
    explorer = RunExplorer(name)
    assert np.isfinite([value for run in explorer.runs for _, value in run["curve"]]).all()


def test_what_translates_images_has_no_z_to_follow():
    with pytest.raises(ValueError, match="mnist-pix2pix translates images and has no z"):
        RunExplorer("mnist-pix2pix")
