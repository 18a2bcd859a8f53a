"""Explorers of the theory, without a browser: set a trait, and what the mathematics demands must hold."""

import math

import numpy as np
import pytest
import traitlets
from scipy import stats

from gan_edu import plots_theory
from gan_edu.widgets.base import source
from gan_edu.widgets.density import MEAN, STD
from gan_edu.widgets.discriminator import PRESETS, DiscriminatorExplorer
from gan_edu.widgets.value import KNOTS, PANELS, ValueExplorer
from node_run import needs_node, run_js

LOG2, LOG4 = math.log(2), math.log(4)


def random_pair(seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    pair = {}
    for who in "pq":
        pair |= {f"{who}_mean": rng.uniform(*MEAN), f"{who}_std": rng.uniform(*STD),
                 f"{who}_weight": rng.uniform(0, 0.9), f"{who}_mean2": rng.uniform(*MEAN)}
    return pair


# ---------------------------------------------------------------- DiscriminatorExplorer

@pytest.mark.parametrize("seed", range(25))
def test_bounds_hold_wherever_the_densities_are_dragged(seed: int) -> None:
    r = DiscriminatorExplorer(**random_pair(seed)).readouts()
    assert -LOG4 - 1e-9 <= r["C"] <= 1e-9
    assert r["C"] == pytest.approx(-LOG4 + 2 * r["JS"], abs=1e-6)
    assert r["V"] == pytest.approx(r["C"], abs=1e-9)  # confidence 1 is D* itself
    assert 0 <= r["JS"] <= LOG2 and 0 <= r["TV"] <= 1
    assert r["TV"] ** 2 / 2 <= r["JS"] <= r["TV"] * LOG2 + 1e-9
    assert r["JS"] <= min(r["KL_pq"], r["KL_qp"]) / 2 + 1e-9  # convexity of KL
    assert 2 * r["TV"] ** 2 <= min(r["KL_pq"], r["KL_qp"]) + 1e-6  # Pinsker


@pytest.mark.parametrize("seed", range(5))
def test_a_judge_with_another_confidence_is_worth_less(seed: int) -> None:
    explorer = DiscriminatorExplorer(**random_pair(seed))
    values = []
    for confidence in (0, 0.4, 0.8, 1.0, 1.3, 2.0, 3.0):
        explorer.confidence = confidence
        values.append(explorer.readouts()["V"])
    assert values[0] == pytest.approx(-LOG4, abs=1e-6)
    assert np.argmax(values) == 3
    assert np.all(np.diff(values[:4]) > 0) and np.all(np.diff(values[3:]) < 0)


def test_equal_densities_are_the_fixed_point() -> None:
    explorer = DiscriminatorExplorer().load("equal: the end of the game")
    for x0 in (-3.0, 0.0, 2.5):
        explorer.x0 = x0
        r = explorer.readouts()
        assert (r["D"], r["JS"], r["TV"], r["KL_pq"]) == pytest.approx((0.5, 0, 0, 0), abs=1e-12)
        assert r["C"] == pytest.approx(-LOG4, abs=1e-9)


def test_pulling_the_densities_apart_makes_everything_grow() -> None:
    explorer, rows = DiscriminatorExplorer(), []
    for mean in np.linspace(0, 5, 11):
        explorer.q_mean = mean
        rows.append([explorer.readouts()[key] for key in ("C", "JS", "TV", "KL_pq", "KL_qp", "accuracy")])
        assert rows[-1][3] == pytest.approx(mean**2 / 2, abs=1e-5)
    assert np.all(np.diff(np.array(rows), axis=0) > 0)


def test_the_pointwise_curve_has_its_top_at_d() -> None:
    explorer = DiscriminatorExplorer(x0=0.7)
    r = explorer.readouts()
    assert (r["p"], r["q"]) == pytest.approx((stats.norm.pdf(0.7), stats.norm.pdf(0.7, 1)))
    y = np.linspace(0.001, 0.999, 999)
    assert r["top"] >= np.max(r["p"] * np.log(y) + r["q"] * np.log(1 - y))


def test_missing_a_mode_costs_more_in_one_kl_than_in_the_other() -> None:
    r = DiscriminatorExplorer().load("a mode is missing").readouts()
    assert r["KL_qp"] == pytest.approx(LOG2, abs=2e-3) and r["KL_pq"] > 5


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_reachable(name: str) -> None:
    explorer = DiscriminatorExplorer().load(name)
    assert {trait: getattr(explorer, trait) for trait in PRESETS[name]} == PRESETS[name]


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ValueError, match="preset must be one of"):
        DiscriminatorExplorer().load("no such")


@pytest.mark.parametrize(("trait", "value"), [("p_std", 0.0), ("q_mean", 9), ("p_weight", -0.1), ("x0", math.nan),
                                              ("q_std", math.inf), ("confidence", "high")])
def test_traits_outside_their_range_are_refused_and_nothing_changes(trait: str, value: object) -> None:
    explorer = DiscriminatorExplorer()
    before = explorer.readouts()
    with pytest.raises(traitlets.TraitError, match=trait):
        setattr(explorer, trait, value)
    assert explorer.readouts() == before


# ---------------------------------------------------------------- ValueExplorer

@pytest.mark.parametrize("seed", range(25))
def test_no_bent_judge_beats_the_bound(seed: int) -> None:
    logits = np.random.default_rng(seed).uniform(-6, 6, len(KNOTS)).tolist()
    r = ValueExplorer(**random_pair(seed), logits=logits).readouts()
    assert r["V"] <= r["C"] <= 1e-9
    assert r["real"] + r["fake"] == pytest.approx(r["V"], abs=1e-9)
    assert r["gap"] == pytest.approx(r["C"] - r["V"])


def test_bending_straight_to_the_best_judge_never_lowers_v() -> None:
    explorer = ValueExplorer(**random_pair(3))
    start = np.array(explorer.logits)
    explorer.bend_to_best()
    best, values = np.array(explorer.logits), []
    for t in np.linspace(0, 1, 9):
        explorer.logits = ((1 - t) * start + t * best).tolist()
        values.append(explorer.readouts()["V"])
    assert np.all(np.diff(values) > 0)  # V is concave in the logits


def test_nine_handles_reach_the_best_judge_of_equal_widths() -> None:
    explorer = ValueExplorer(q_mean=1.0, q_std=1.0)
    explorer.bend_to_best()
    assert explorer.readouts()["gap"] < 1e-4
    assert explorer.readouts()["V"] == pytest.approx(-1.1635, abs=1e-3)


def test_a_judge_of_one_half() -> None:
    r = ValueExplorer(**random_pair(1), logits=[0.0] * 9).readouts()
    assert r["V"] == pytest.approx(-LOG4, abs=1e-5)
    assert r["real"] == pytest.approx(-LOG2, abs=1e-5)


def test_the_four_panels_of_figure_1_tell_its_story() -> None:
    explorer = ValueExplorer()
    a, b, c, d = (explorer.show_panel(letter).readouts() for letter in "abcd")
    assert a["gap"] > 0.05 and a["C"] == pytest.approx(b["C"])  # (a) partly right; (b) same generator, best D
    assert b["gap"] < 1e-3
    assert c["JS"] < b["JS"] and c["fake"] < b["fake"]  # (c) G moved towards the data; the old D is fooled
    assert c["gap"] > b["gap"]
    assert d["V"] == d["C"] == pytest.approx(-LOG4)
    assert len(PANELS) == 4


def test_an_unknown_panel_is_refused() -> None:
    with pytest.raises(ValueError, match="panel must be"):
        ValueExplorer().show_panel("e")


@pytest.mark.parametrize("logits", [[0.0] * 8, [7.0] + [0.0] * 8, ["x"] * 9])
def test_impossible_judges_are_refused(logits: list) -> None:
    with pytest.raises(traitlets.TraitError):
        ValueExplorer(logits=logits)


# ---------------------------------------------------------------- both

@pytest.mark.parametrize("cls", [DiscriminatorExplorer, ValueExplorer])
def test_each_explorer_has_a_picture_and_says_what_it_shows(cls: type) -> None:
    explorer = cls()
    data, metadata = explorer._repr_mimebundle_()
    assert data["image/png"] and metadata["image/png"]["alt"] == explorer.describe()
    assert f"{explorer.readouts()['C']:.4f}" in explorer.describe()
    assert "0x" not in repr(explorer) and "N(0, 1^2)" in repr(explorer)
    assert explorer.png() == cls().png()


def test_a_mixture_is_named_as_one() -> None:
    assert repr(DiscriminatorExplorer().load("a mode is missing")) == (
        "DiscriminatorExplorer(p=0.5 N(-2, 0.6^2) + 0.5 N(2, 0.6^2), q=N(-2, 0.6^2))")


def test_integrand_handles_certain_judges() -> None:
    f = plots_theory.integrand(np.array([0.0, 1.0, 0.5]), np.array([0.0, 1.0, 1.0]), np.array([1.0, 0.0, 1.0]))
    np.testing.assert_allclose(f, [0, 0, -LOG4], atol=1e-12)


@needs_node
@pytest.mark.parametrize("seed", range(6))
def test_the_front_end_computes_the_same_numbers(seed: int) -> None:
    """density.js and gan_edu.theory agree to 1e-9 on the same grid, for dragged mixtures and a random judge."""
    explorer = ValueExplorer(**random_pair(seed), logits=np.random.default_rng(seed).uniform(-6, 6, 9).tolist())
    shapes = {who: {f: getattr(explorer, f"{who}_{f}") for f in ("mean", "std", "weight", "mean2")} for who in "pq"}
    shown = run_js([source("density.js")], """
        const xs = density.range(...given.grid);
        const [lp, lq] = ["p", "q"].map((who) => density.logs(xs, given.shapes[who]));
        return density.measures(xs, lp, lq, given.logits);""",
                   grid=explorer.grid, shapes=shapes, logits=np.interp(explorer.x, KNOTS, explorer.logits).tolist())
    reference = explorer.readouts()
    assert shown.keys() == reference.keys()
    for key, number in reference.items():
        assert shown[key] == pytest.approx(number, abs=1e-6 if key == "JS" else 1e-9, rel=1e-9), key
