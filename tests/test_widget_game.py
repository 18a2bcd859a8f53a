"""GameExplorer without a browser: its loop is train's, line by line or not, and what it tells of a game is true."""

import dataclasses
import gc
import signal
import threading
import time
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
import torch
from scipy import stats
from traitlets import TraitError

from gan_edu import metrics_toys, theory, toys
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.training import train
from gan_edu.widgets import game_scene, game_thread
from gan_edu.widgets.base import source
from gan_edu.widgets.game import AHEAD, GameExplorer
from gan_edu.widgets.game_match import LINES, Settings
from gan_edu.widgets.game_scene import Scene, Track, pack
from gan_edu.widgets.game_thread import Trainer
from node_run import needs_node, run_js

SMALL = {"width": 8, "batch_size": 16}


@pytest.fixture(autouse=True)
def cheap_floors(monkeypatch):
    """Most tests here are not about the meters: few samples and few draws behind each floor."""
    monkeypatch.setattr(game_scene, "JUDGED", 50)
    monkeypatch.setattr(metrics_toys, "DRAWS", 4)
    metrics_toys._floors.cache_clear()
    yield
    metrics_toys._floors.cache_clear()


@pytest.fixture
def make():
    """Return a maker of explorers whose failures are raised, and of which no thread may be left."""
    made = []

    def maker(*args, **kwargs):
        made.append(GameExplorer(*args, **SMALL | kwargs))
        made[-1].raise_errors = True
        return made[-1]

    yield maker
    for explorer in made:
        explorer.close()
    assert [t.name for t in threading.enumerate() if t.name == "GameExplorer"] == []


def weights(explorer):
    match = explorer._trainer.match
    return torch.cat([match.weights("D"), match.weights("G")])


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


# ---- the loop is train's

def by_hand(*, k, steps, width=8, batch_size=16, seed=0):
    """The same game with nothing watched, played by `train` alone."""
    with seeded(seed):
        G = MLPGenerator(2, shape=(2,), hidden=(width, width), batch_norm=False, output="linear")
        D = MLPDiscriminator(shape=(2,), hidden=(width, width))
    adam = [torch.optim.Adam(player.parameters(), lr=1e-3, betas=(0.5, 0.999), fused=True) for player in (G, D)]
    train(GAN(G, D), toys.Ring(), k=k, steps=steps, batch_size=batch_size, seed=seed, optimizers=adam, progress=False)
    return torch.cat([p.detach().flatten() for player in (D, G) for p in player.parameters()])


@pytest.mark.parametrize("k", [1, 3])
def test_the_watched_game_is_trains_own_bit_for_bit_and_the_ledger_counts_it(make, k):
    explorer = make(k=k, steps=4)
    explorer.advance(3)
    assert torch.equal(weights(explorer), by_hand(k=k, steps=7))
    r = explorer.readouts()
    assert (r["step"], r["G_steps"], r["D_steps"]) == (7, 7, 7 * k)
    assert (r["minibatches"], r["gradients"]) == (7 * k, 7 * (k + 1))


def test_line_by_line_every_line_is_heard_in_order_and_the_weights_are_the_same(make):
    explorer, heard = make(k=2), []
    explorer._trainer.on_line = lambda line, tensor: heard.append(line)
    explorer._trainer.delay = 0.0
    explorer.pace = "slow"
    until(lambda: explorer._trainer.ledger["G_steps"] >= 2)
    explorer.stop()
    assert tuple(heard[:11]) == 2 * ("x", "z_D", "grad_D", "step_D") + ("z_G", "grad_G", "step_G")
    assert set(heard) == {line for line, _ in LINES}
    steps = explorer._trainer.ledger["G_steps"]
    assert torch.equal(weights(explorer), by_hand(k=2, steps=steps))


def test_a_press_is_a_line_and_the_tensors_that_changed_are_named(make):
    explorer = make()
    changed = {"x": ["x"], "z_D": ["z", "G(z)"], "grad_D": ["D(x), mean", "D(G(z)), mean", "loss of D", "∇ by θ of D"],
               "step_D": ["θ of D"], "z_G": ["z", "G(z)"], "grad_G": ["loss of G", "∇ by θ of G"], "": []}
    for line, names in changed.items():
        before = weights(explorer).clone()
        explorer.answer("line", {}, [])
        until(lambda: explorer.latest[0]["line"] == line)
        assert [name for name, _, _, new in explorer.latest[0]["tensors"] if new] == names
        assert torch.equal(weights(explorer), before) == (line not in ("step_D", ""))
        if line == "z_D":
            assert explorer.arrays["batch_real"].shape == explorer.arrays["batch_fake"].shape == (16, 2)
            assert ["x", "16 × 2"] == explorer.latest[0]["tensors"][0][:2]
    until(lambda: not explorer._trainer.running)          # between two steps no thread waits
    assert explorer.readouts()["step"] == 1 and explorer.arrays["batch_real"].size == 0
    explorer.answer("line", {}, [])
    until(lambda: explorer._trainer.line == "x")
    explorer.answer("step", {}, [])                       # the rest of the step in one go
    until(lambda: explorer.latest[0]["ledger"]["G_steps"] == 2)


def test_slow_motion_pauses_at_a_line_and_goes_on_at_full_speed(make):
    explorer = make()
    explorer._trainer.delay = 60.0
    explorer.pace = "slow"
    until(lambda: explorer._trainer.line == "x")
    explorer.pace = "paused"
    time.sleep(0.05)
    assert explorer._trainer.line == "x" and explorer._trainer.running
    explorer.pace = "fast"
    until(lambda: explorer._trainer.ledger["G_steps"] >= 3)
    explorer.stop()
    assert not explorer._trainer.running and explorer.pace == "paused"
    assert torch.equal(weights(explorer), by_hand(k=1, steps=explorer.readouts()["step"]))


@pytest.mark.parametrize("press", ["slow", "line"])
@pytest.mark.parametrize("during", [line for line, _ in LINES])
def test_pressed_at_any_line_of_a_quick_step_it_begins_with_a_minibatch(make, monkeypatch, during, press):
    explorer = make(k=2)
    hear, heard, trainer = Trainer._hear, [], explorer._trainer

    def pressed(trainer, line, tensor):
        if trainer.ledger["G_steps"] == 2 and line == during and trainer.pace == "fast":
            if press == "slow":
                explorer.pace = "slow"
            else:
                explorer.answer("line", {}, [])
        hear(trainer, line, tensor)

    show = explorer._on_line
    trainer.on_line = lambda line, tensor: (show(line, tensor), heard.append(line))
    monkeypatch.setattr(trainer, "_hear", partial(pressed, trainer))
    trainer.delay = 0.0
    trainer._start(trainer.match.settings)                # its match calls what it is given when it is made
    explorer.pace = "fast"
    until(lambda: len(heard) >= (8 if press == "slow" else 1))
    if press == "line":
        time.sleep(0.05)
        assert heard == ["x"]                             # a press is a line
    explorer.stop()
    assert heard[0] == "x" and not explorer.error
    assert torch.equal(weights(explorer), by_hand(k=2, steps=explorer.readouts()["step"]))


def test_a_restart_does_not_wait_for_the_lines_of_an_open_step(make):
    explorer = make(steps=2)
    explorer.answer("line", {}, [])
    until(lambda: explorer._trainer.line == "x")
    explorer.answer("restart", {}, [])
    until(lambda: not explorer._trainer.running)
    assert explorer.latest[0]["ledger"]["G_steps"] == 0 and explorer.latest[0]["line"] == ""
    explorer.answer("line", {}, [])
    until(lambda: explorer._trainer.line == "x")
    explorer.width = 16
    until(lambda: not explorer._trainer.running)
    assert "the width changed" in explorer.latest[0]["words"]


# ---- live changes

@pytest.mark.parametrize("change", [{"k": 3}, {"lr_D": 0.01}, {"lr_G": 0.01}, {"objective": "hinge"},
                                    {"batch_size": 32}])
def test_what_fits_the_same_networks_goes_on(make, change):
    explorer = make(steps=2)
    before, game = weights(explorer), explorer._trainer.match.game
    (name, value), = change.items()
    setattr(explorer, name, value)
    assert torch.equal(weights(explorer), before) and explorer._trainer.match.game is game
    assert explorer.latest[0]["words"] == f"From step 2 on: {name} = {value}; same networks, same optimisers."
    moments = explorer._trainer.match.opt_D.state[next(game.D.parameters())]["step"]
    explorer.advance(2)
    assert float(moments) == (8 if name == "k" else 4)      # Adam's own count goes on
    assert explorer.readouts()["step"] == 4 and not torch.equal(weights(explorer), before)


@pytest.mark.parametrize("change, why", [({"width": 16}, "the width changed"), ({"seed": 5}, "the seed changed"),
                                         ({"latent_dim": 4}, "the noise changed"), ({"toy": "grid"}, "the data changed"),
                                         ({"toy": "gaussian"}, "the data changed")])
def test_what_does_not_fit_starts_afresh_and_says_so(make, change, why):
    explorer = make(steps=2)
    explorer.set_trait(*next(iter(change.items())))
    now = explorer.latest[0]
    assert now["words"] == f"New networks and optimisers, step 0: {why}."
    assert set(now["ledger"].values()) == {0} and len(explorer.arrays["losses"]) == 0
    explorer.advance(1)
    assert explorer.readouts()["step"] == 1


def test_a_change_while_it_plays_comes_between_two_steps(make):
    explorer = make(k=1)
    explorer.pace = "fast"
    until(lambda: explorer._trainer.ledger["G_steps"] >= 2)
    explorer.k = 4
    until(lambda: "k = 4" in explorer._words)
    at = dict(explorer._trainer.ledger)
    until(lambda: explorer._trainer.ledger["G_steps"] >= at["G_steps"] + 3)
    explorer.stop()
    r = explorer.readouts()
    changed = int(explorer._words.split()[2].replace(",", ""))
    assert r["D_steps"] == changed + 4 * (r["G_steps"] - changed)


def test_restart_gives_the_same_game_again_and_a_new_seed_another(make):
    explorer = make(steps=3)
    first = weights(explorer)
    explorer.answer("restart", {}, [])
    assert explorer.latest[0]["ledger"]["G_steps"] == 0 and "you asked" in explorer.latest[0]["words"]
    assert torch.equal(weights(explorer.advance(3)), first)
    explorer.answer("new seed", {}, [])
    assert explorer.seed == 1 and not torch.equal(weights(explorer.advance(3)), first)


def test_strokes_become_the_data_and_more_strokes_go_to_the_same_networks(make):
    explorer = make("drawn", strokes=[[[0.0, 0.0], [1.0, 1.0]]], steps=2)
    before = weights(explorer)
    explorer.strokes = [*explorer.strokes, [[-1.0, 1.0]]]
    assert torch.equal(weights(explorer), before) and "the drawing" in explorer.latest[0]["words"]
    real = torch.as_tensor(explorer.arrays["real"])
    assert (torch.cdist(real, torch.tensor([[-1.0, 1.0]])) < 0.3).any()
    assert explorer.advance(1).readouts()["modes"] >= 0


def test_a_toy_of_ones_own(make):
    toy = toys.Ring(modes=3, std=0.1)
    explorer = make(toy, steps=1)
    assert explorer._trainer.match.settings.toy is toy and "own" in explorer.options["toys"]
    assert repr(toy) in repr(explorer)


# ---- threads, messages, memory

def test_an_error_is_shown_the_picture_stays_and_the_game_goes_on_after_a_change(make, monkeypatch):
    explorer = make(steps=2)
    explorer.raise_errors = False
    kept, before = explorer.latest, weights(explorer)
    loss = explorer._trainer.match.game.discriminator_loss
    explorer._trainer.match.game.discriminator_loss = lambda *a: loss(*a) * float("nan")
    explorer.pace = "fast"
    until(lambda: explorer.error != "")
    until(lambda: not explorer._trainer.running)
    assert "not a finite number at step 3" in explorer.error and explorer.pace == "paused"
    assert explorer.latest is kept and torch.equal(weights(explorer), before)
    del explorer._trainer.match.game.discriminator_loss
    explorer.pace = "fast"
    until(lambda: explorer._trainer.ledger["G_steps"] >= 3)
    explorer.stop()
    r = explorer.readouts()
    assert explorer.error == "" and r["D_steps"] == r["G_steps"] == r["minibatches"]


def test_the_newest_picture_wins_and_a_page_that_does_not_answer_is_not_flooded(make):
    explorer, sent = make(), []
    explorer.send = lambda message, buffers=None: sent.append(message["now"]["number"])
    explorer.pace = "fast"
    until(lambda: len(sent) >= AHEAD - 1)
    step = explorer._trainer.ledger["G_steps"]
    until(lambda: explorer._trainer.ledger["G_steps"] > step + 60)
    assert len(sent) <= AHEAD
    at = explorer._trainer.ledger["G_steps"]
    explorer._hear_page(None, {"kind": "seen", "number": explorer._number}, [])
    until(lambda: len(sent) > AHEAD - 1 and explorer.latest[0]["ledger"]["G_steps"] > at)


def test_it_pauses_when_nobody_looks_and_when_its_view_is_taken_away(make, monkeypatch):
    monkeypatch.setattr("gan_edu.widgets.game.PATIENCE", 0.05)
    explorer = make()
    explorer.pace = "fast"
    until(lambda: explorer.pace == "paused" and not explorer._trainer.running)
    assert "nobody has looked" in explorer.latest[0]["words"]
    monkeypatch.setattr("gan_edu.widgets.game.PATIENCE", 600.0)
    explorer.pace = "slow"
    until(lambda: explorer._trainer.line == "x")
    explorer._hear_page(None, {"kind": "left"}, [])
    assert not explorer._trainer.running and explorer.readouts()["step"] >= 1


def test_slow_motion_pauses_too_when_nobody_looks(make, monkeypatch):
    monkeypatch.setattr("gan_edu.widgets.game.PATIENCE", 0.05)
    explorer = make()
    explorer._trainer.delay = 0.0
    explorer.pace = "slow"
    until(lambda: explorer.pace == "paused")
    assert "nobody has looked" in explorer._words
    explorer.stop()


def test_it_plays_on_while_one_of_its_views_is_left(make):
    explorer = make()
    explorer.pace = "fast"
    for view in ("a", "b"):
        explorer._hear_page(None, {"kind": "seen", "number": 1, "view": view}, [])
    explorer._hear_page(None, {"kind": "left", "view": "a"}, [])
    assert explorer.pace == "fast" and explorer._trainer.running
    explorer._hear_page(None, {"kind": "left", "view": "b"}, [])
    assert explorer.pace == "paused" and not explorer._trainer.running


@pytest.mark.parametrize("times", [1, 2])
def test_the_stop_button_ends_advance_and_the_buttons_work_on(make, times):
    explorer, show = make(), GameExplorer._on_step

    def on_step():
        show(explorer)
        if explorer._trainer.ledger["G_steps"] == 4:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)

    explorer._trainer.on_step = on_step
    with nullcontext() if times == 1 else pytest.raises(KeyboardInterrupt):
        explorer.advance(50)
    explorer._trainer.on_step = explorer._on_step
    at = explorer._trainer.ledger["G_steps"]
    assert at in (3, 4) and not explorer._trainer.running
    explorer.answer("step", {}, [])
    until(lambda: explorer._trainer.ledger["G_steps"] == at + 1)


def test_what_is_raised_in_a_callback_leaves_a_trainer_that_can_be_started(make):
    explorer = make()
    explorer._trainer.on_part = lambda *_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        explorer._trainer.command(settings=dataclasses.replace(explorer._settings(), lr_G=0.5))
    explorer._trainer.on_part = explorer._on_part
    explorer.advance(2)
    assert explorer.readouts()["step"] == 2 and not explorer._trainer.running


def test_advance_while_it_plays_leaves_it_paused_for_the_page_too(make):
    explorer = make()
    explorer.pace = "fast"
    until(lambda: explorer._trainer.ledger["G_steps"] > 2)
    explorer.advance(2)
    assert explorer.pace == "paused" and explorer._trainer.pace == "paused"


def test_a_game_in_the_background_leaves_pytorchs_global_state_alone(make, monkeypatch):
    explorer, forks = make(), []
    monkeypatch.setattr(torch.random, "fork_rng", lambda **_: forks.append(1))
    explorer.answer("step", {}, [])
    until(lambda: explorer._trainer.ledger["G_steps"] == 1)
    assert forks == []


def test_a_history_never_grows_beyond_a_part_and_charts_stay_bounded(make, monkeypatch):
    monkeypatch.setattr(game_thread, "PART", 5)
    explorer = make(steps=12)
    run = explorer._trainer.match.game.run
    assert run.history.steps == 2 and explorer.readouts()["step"] == 12 and explorer._trainer._part == 2
    track = Track(("a",), most=8)
    for step in range(1, 1001):
        track.add(step, {"a": 2.0 * step})
    table = track.table()
    assert len(table) <= 8 and np.all(np.diff(table[:, 0]) > 0)
    np.testing.assert_allclose(table[:, 1], 2 * table[:, 0])       # averages of both, so they stay on the line


def test_a_closed_explorer_leaves_nothing_behind(make):
    explorer = make()
    explorer.pace = "fast"
    until(lambda: explorer._trainer.ledger["G_steps"] >= 2)
    explorer.close()
    assert not explorer._trainer.running
    gc.collect()


# ---- what is drawn is true of the game

@pytest.fixture(scope="module")
def trained():
    explorer = GameExplorer("mixture", **SMALL, steps=5)
    yield explorer
    explorer.close()


def test_the_best_judge_on_the_line_is_the_theorys(trained):
    a, scene = trained.arrays, trained._scene
    p = theory.mixture(scene.axis, [-2, 2], [0.5, 0.5], [0.5, 0.5])
    np.testing.assert_allclose(a["p"], p, atol=1e-6)
    np.testing.assert_allclose(a["best"], theory.optimal_discriminator(a["p"], a["q"]), atol=1e-6)
    with torch.no_grad():
        D = trained._trainer.match.game.judge(torch.tensor(scene.axis, dtype=torch.float32)[:, None])
    np.testing.assert_allclose(a["D"], D.numpy(), atol=1e-6)


@pytest.mark.parametrize("toy", [toys.Mixture1D(), toys.Ring(std=0.2)])
def test_the_kernel_estimate_is_the_sum_of_its_kernels(toy):
    scene = Scene(toy, 2, 0)
    step = scene.axis[1] - scene.axis[0]
    x = toy.sample(300, generator=torch.Generator().manual_seed(1)).numpy()
    x = np.clip(scene.axis[0] + step * np.rint((x - scene.axis[0]) / step), -0.9 * scene.view, 0.9 * scene.view)
    found, exact = scene.smooth(x), np.zeros(len(scene.points))
    x = scene.axis[0] + step * np.rint((x - scene.axis[0]) / step)         # the middles of cells, to which points move
    for point in x:
        exact += np.prod(stats.norm.pdf(scene.points.numpy(), point, scene.smoothing), axis=1) / len(x)
    np.testing.assert_allclose(found.ravel(), exact, atol=1e-3 * exact.max())
    assert found.sum() * step**toy.dim == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("objective", ["minimax", "non_saturating", "least_squares", "hinge"])
def test_arrows_are_minus_the_gradient_of_each_fakes_own_loss(make, objective):
    explorer = make(objective=objective, steps=3)
    match, scene = explorer._trainer.match, explorer._scene
    D = match.game.D.double()
    x = torch.as_tensor(explorer.arrays["fakes"][:5]).double()
    loss = lambda x: match.game.objective.generated(D(x)).detach()[:, 0]
    found, h = scene.arrows(match, x), 1e-6
    for axis in range(2):
        dx = h * torch.eye(2, dtype=torch.float64)[axis]
        np.testing.assert_allclose(found[:, axis], -(loss(x + dx) - loss(x - dx)) / (2 * h), rtol=1e-4, atol=1e-8)
    D.float()


def test_the_surface_rows_are_y_and_its_values_are_D(make):
    explorer = make(steps=3)
    a, scene = explorer.arrays, explorer._scene
    for i, j in ((0, 0), (5, 40), (47, 3)):
        point = torch.tensor([[scene.axis[j], scene.axis[i]]], dtype=torch.float32)
        assert a["D"][i, j] == pytest.approx(255 * float(explorer._trainer.match.game.judge(point)), abs=0.51)
    assert a["best"].shape == a["D"].shape == (48, 48) and a["best"].max() > 250   # the data's places
    assert a["manifold"].shape == (289, 2) and a["fakes"].shape == (400, 2)


def test_readings_and_floors_are_the_meters(make):
    explorer = make(steps=1)
    r, toy = explorer.readouts(), toys.Ring()
    assert r["js_floor"] == metrics_toys.floors(toy, 50)["js"]
    assert 0 <= r["js"] <= np.log(2) + 1e-9 and 0 <= r["quality"] <= 1


@needs_node
def test_the_page_unpacks_what_python_packs():
    arrays = {"a": np.array([[1.5, -2.0]], "f4"), "b": np.array([1, 2, 3], np.uint8), "c": np.array([7.0], "f4")}
    parts, packed = pack(arrays)
    script = source("game.js").split("function controlsOf")[0]
    found = run_js([script], "const u = unpack({ parts: given.parts }, Uint8Array.from(given.bytes).buffer);"
                             "return Object.fromEntries(Object.entries(u).map(([k, v]) => [k, [...v]]));",
                   parts=parts, bytes=list(packed))
    assert found == {"a": [1.5, -2.0], "b": [1, 2, 3], "c": [7.0]}


@needs_node
def test_the_line_of_one_half_is_where_a_round_surface_crosses_it():
    axis = np.linspace(-1, 1, 41)
    surface = 255 / (1 + np.exp(8 * (np.hypot(*np.meshgrid(axis, axis)) - 0.6)))
    pieces = np.array(run_js(["const kit = {};" + source("game_scene.js")],
                             "return gameScene.crossing(given.values, 41);", values=surface.ravel().tolist()))
    at = pieces.reshape(-1, 2) / 20 - 1
    np.testing.assert_allclose(np.hypot(*at.T), 0.6, atol=0.01)
    assert len(pieces) > 60


# ---- arguments, and readers without a kernel

@pytest.mark.parametrize("arguments, error", [
    ({"toy": "torus"}, TraitError), ({"toy": 3}, ValueError), ({"k": 0}, TraitError), ({"k": 11}, TraitError),
    ({"lr_D": 1.0}, TraitError), ({"objective": "maximin"}, TraitError), ({"steps": -1}, ValueError),
    ({"strokes": [[]], "toy": "drawn"}, ValueError), ({"layers": ["sky"]}, TraitError), ({"batch_size": 1}, TraitError),
    ({"colour": "red"}, TypeError), ({"toy": "own"}, TraitError),
])
def test_bad_arguments_are_refused(arguments, error):
    with pytest.raises(error):
        GameExplorer(**arguments)


@pytest.mark.parametrize("toy", ["ring", "gaussian"])
def test_the_static_twin_and_its_words(make, toy):
    explorer = make(toy, steps=2, layers=["data", "fakes", "manifold", "arrows"], surface="best")
    data, metadata = explorer._repr_mimebundle_()
    assert "after 2 steps of G with k = 1, non_saturating: JS" in metadata["image/png"]["alt"]
    assert "real data" in metadata["image/png"]["alt"] and len(data["image/png"]) < 400_000
    assert data["text/plain"].startswith(f"GameExplorer(toy={toy!r}, k=1")


def test_settings_say_what_needs_new_networks():
    a = Settings(toys.Ring())
    assert Settings(toys.Ring(), k=3).needs_new_networks(a) == "" and Settings(toys.Grid()).needs_new_networks(a)
