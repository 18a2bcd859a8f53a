"""Numbers that the prose of notebook 09 rests on: the Dirac-GAN to 1e-3, the signs of the failures in their bands."""

import math

import numpy as np
import pytest
import sympy as sp
import torch

from gan_edu.failures import FAILURES, RECIPES, recipe
from gan_edu.games_analytic import Bilinear, DiracGAN, Origin
from gan_edu.objectives import OBJECTIVES
from gan_edu.training import train
from gan_edu.widgets import failures_store
from gan_edu.widgets.dirac import DiracExplorer


def radii(game, *, h, steps, simultaneous=True):
    places = [game.place]
    optimizers = tuple(torch.optim.SGD(player.parameters(), lr=h) for player in (game.G, game.D))
    train(game, Origin(), steps=steps, batch_size=1, optimizers=optimizers, simultaneous=simultaneous, progress=False,
          on_step=lambda run: places.append(run.game.place))
    return np.hypot(*np.array(places).T)


@pytest.mark.parametrize("game", [lambda: Bilinear(1.0, 1.0), lambda: DiracGAN(1.0, -0.5, objective="wasserstein")])
@pytest.mark.parametrize("h", [0.05, 0.2, 0.7])
def test_simultaneous_growth_is_exact(game, h):
    r = radii(game(), h=h, steps=30)
    np.testing.assert_allclose(r[1:] / r[:-1], math.sqrt(1 + h * h), atol=1e-5)


def test_taking_turns_two_circle_and_one_creeps_inwards_ever_more_slowly():
    last = {name: radii(DiracGAN(1.0, 1.0, objective=name), h=0.2, steps=2_000, simultaneous=False)
            for name in ("minimax", "non_saturating", "wasserstein")}
    for name in ("minimax", "wasserstein"):
        early, late = last[name][:150], last[name][-150:]
        assert late.max() == pytest.approx(early.max(), rel=0.1) and late.min() == pytest.approx(early.min(), rel=0.1)
    r = last["non_saturating"][[150, 500, 1_000, 2_000]]
    assert 0.6 > r[0] > r[1] > r[2] > r[3] > 0.1
    pace = [math.log(a / b) / (m - n) for (n, a), (m, b) in zip(zip((150, 500, 1_000), r), zip((500, 1_000, 2_000), r[1:]))]
    assert pace[0] > pace[1] > pace[2] > 0


def test_at_equal_time_a_smaller_step_drifts_less_and_still_away():
    found = [(1 + h * h) ** (10 / h / 2) for h in (0.2, 0.1, 0.05)]
    assert found == [pytest.approx(v, abs=2e-3) for v in (2.666, 1.645, 1.284)]
    assert min(found) > 1 and math.exp(0.05 * 10 / 2) == pytest.approx(1.284, abs=1e-3)


def test_r1_is_critical_at_one_by_the_characteristic_polynomial():
    gamma, l = sp.symbols("gamma l")
    for objective, critical in (("minimax", 1), ("non_saturating", 1), ("wasserstein", 2)):
        numbers = DiracGAN(objective=objective, gamma=0.0).jacobian(0.0, 0.0)
        J = sp.Matrix(numbers.tolist()) + sp.Matrix([[0, 0], [0, -gamma]])
        roots = sp.solve(sp.discriminant((J - l * sp.eye(2)).det(), l), gamma)
        assert sorted(map(float, roots)) == [pytest.approx(-critical), pytest.approx(critical)]
        at = DiracGAN(objective=objective, gamma=float(critical)).jacobian(0.0, 0.0)
        np.testing.assert_allclose(np.linalg.eigvals(at), -critical / 2, atol=1e-3)


def test_alternating_has_the_product_one_minus_h_gamma():
    for h, gamma in ((0.1, 0.0), (0.3, 0.5), (0.5, 2.0)):
        step = DiracGAN(objective="minimax", gamma=gamma).step_jacobian(0.0, 0.0, h)
        assert np.linalg.det(step) == pytest.approx(1 - h * gamma)


@pytest.mark.parametrize("h", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("start", [(0.05, 0.0), (1.5, -1.0)])
def test_non_saturating_and_simultaneous_ends_on_a_ring_of_radius_sqrt_2h(h, start):
    """Seen from inside and from outside: .447, .632, .772 against .447, .632, .775."""
    explorer, (theta, psi) = DiracExplorer(objective="non_saturating", h=h, steps=500), start
    assert explorer.verdict() == "spirals out"
    for _ in range(8):
        explorer.theta, explorer.psi = theta, psi
        path = explorer.path()
        theta, psi = path[-1]
    assert np.hypot(*path[-200:].T).mean() == pytest.approx(math.sqrt(2 * h), rel=0.02)


def test_equal_fakes_get_equal_arrows_from_every_objective():
    D = recipe("mode collapse").game.D
    x = torch.full((5, 2), 0.3).requires_grad_()
    for objective in OBJECTIVES.values():
        (arrows,) = torch.autograd.grad(objective.generator(D(x)), x)
        assert (arrows - arrows[0]).abs().max() < 1e-7 and arrows[0].norm() > 0


# ---- the three failures, over five seeds

def medians(run):
    """Each sign over the last eight looks before the alarm rang, or before the end."""
    looks = sum(step <= (run["step"] or math.inf) for step in run["signs"]["step"])
    return {sign: float(np.median(values[:looks][-8:])) for sign, values in run["signs"].items()}


@pytest.fixture(scope="module")
def five():
    stored = failures_store.load()
    found = {name: [run for run in stored["runs"] + stored["seeds"] if (run["name"], run["remedy"]) == (name, None)]
             for name in RECIPES}
    assert all({run["seed"] for run in runs} == set(range(5)) for runs in found.values())
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_the_alarm_gives_no_run_a_wrong_name(five, name):
    said = [run["verdict"] or "healthy" for run in five[name]]
    assert said.count(name) >= (3 if name == "non-convergence" else 5) and set(said) <= {name, "healthy"}


@pytest.mark.parametrize("name", RECIPES)
def test_the_bands_of_the_signs_do_not_touch(five, name):
    """Each failure has its own sign in all five seeds, and no other run has it."""
    rows = [medians(run) for run in five[name]]
    low, high = ({sign: pick(row[sign] for row in rows) for sign in rows[0]} for pick in (min, max))
    gone = high["gradient"] < 0.02 and low["sure"] > 0.99
    alive = low["gradient"] > 0.05 and high["sure"] < 0.9
    assert gone if name == "vanishing gradient" else alive
    if name != "vanishing gradient":                        # where G stands still, its modes are those of its first weights
        assert high["modes"] <= 0.5 if name == "mode collapse" else low["modes"] > 0.9
    if name in ("healthy", "non-convergence"):
        assert low["swing"] > 10 if name == "non-convergence" else high["swing"] < 0.5


def test_the_remedies_do_what_the_text_says():
    end = {(run["name"], run["remedy"]): (run["verdict"], medians(run | {"step": None})) for run in failures_store.load()["runs"]}
    collapse, vanishing, swinging = FAILURES
    assert end[collapse, "faster D"][0] is None and end[collapse, "faster D"][1]["modes"] == 1
    assert end[collapse, "k = 5"][1]["modes"] == 1
    for remedy in ("R1", "noisy inputs", "averaged G"):
        assert end[collapse, remedy][0] == collapse and end[collapse, remedy][1]["modes"] <= 0.6
    for remedy in ("non-saturating", "R1", "Adam for G"):
        assert end[vanishing, remedy][0] is None and end[vanishing, remedy][1]["gradient"] > 0.05
    assert end[vanishing, "faster G"][0] == vanishing and end[vanishing, "noisy inputs"][0] == collapse
    for remedy in ("k = 1", "slower D"):
        assert end[vanishing, remedy][1]["sure"] > 0.9 and end[vanishing, remedy][1]["moved"] < 0.05
    swing = {remedy: found["swing"] for (name, remedy), (_, found) in end.items() if name == swinging}
    assert max(swing["R1"], swing["less momentum"]) < 0.2 * swing[None] < 0.2 * 2 * swing["averaged G"]


def test_the_wasserstein_loss_at_the_same_pace_collapses_on_five_seeds():
    runs = failures_store.load()["wasserstein"]
    assert [run["seed"] for run in runs] == list(range(5))
    for run in runs:
        assert np.mean(np.array(run["signs"]["modes"]) <= 0.5) > 0.5
