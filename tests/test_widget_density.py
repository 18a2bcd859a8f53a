"""DensityExplorer without a browser: set a trait, and what Bayes' rule demands must hold."""

import math

import numpy as np
import pytest
import traitlets
from scipy import integrate, stats

from gan_edu.widgets.density import MEAN, STD
from gan_edu.widgets.two_classes import PRESETS, DensityExplorer


def random_state(seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    return {"mean0": rng.uniform(*MEAN), "mean1": rng.uniform(*MEAN), "std0": rng.uniform(*STD),
            "std1": rng.uniform(*STD), "prior": rng.uniform(0.02, 0.98), "x0": rng.uniform(-6, 6),
            "selection": rng.uniform(0, 4)}


@pytest.mark.parametrize("seed", range(20))
def test_bayes_rule_holds_wherever_the_classes_are_dragged(seed):
    state = random_state(seed)
    r = DensityExplorer(**state).readouts()
    p0 = stats.norm.pdf(state["x0"], state["mean0"], state["std0"])
    p1 = stats.norm.pdf(state["x0"], state["mean1"], state["std1"])
    joint0, joint1 = p0 * (1 - state["prior"]), p1 * state["prior"]
    assert (r["p0"], r["p1"]) == pytest.approx((p0, p1))
    assert r["px"] == pytest.approx(joint0 + joint1)
    assert r["posterior"] == pytest.approx(joint1 / (joint0 + joint1))
    assert r["posterior"] * r["px"] == pytest.approx(joint1)        # p(x, y) both ways round
    assert max(state["prior"], 1 - state["prior"]) - 1e-9 <= r["accuracy"] <= 1 + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_selection_on_x_makes_another_world_with_the_same_posterior(seed):
    explorer = DensityExplorer(**random_state(seed))
    x = np.linspace(-6, 6, 121)
    here, kept = explorer.world(x), explorer.kept(x)
    np.testing.assert_allclose(kept["posterior"], here["posterior"], atol=1e-9)
    assert 0 < kept["share"] <= 1 and 0 < kept["prior"] < 1
    assert np.max(np.abs(kept["px"] - here["px"])) > 1e-3           # p(x) is what was changed
    wide = np.linspace(-20, 20, 4001)
    assert np.trapezoid(explorer.kept(wide)["px"], wide) == pytest.approx(1, abs=1e-6)


def test_the_share_that_is_kept_agrees_with_an_independent_integral():
    explorer = DensityExplorer(mean0=-1.0, std0=0.8, mean1=2.0, std1=1.3, prior=0.3, x0=0.7, selection=1.7)
    joint = {1: 0.3, 0: 0.7}

    def kept(x, y):
        law = stats.norm(-1.0, 0.8) if y == 0 else stats.norm(2.0, 1.3)
        return joint[y] * law.pdf(x) * math.exp(-0.5 * 1.7 * (x - 0.7) ** 2)

    shares = [integrate.quad(kept, -15, 15, args=(y,), limit=200)[0] for y in (0, 1)]
    r = explorer.readouts()
    assert r["kept_share"] == pytest.approx(sum(shares), abs=1e-7)
    assert r["kept_prior"] == pytest.approx(shares[1] / sum(shares), abs=1e-7)


@pytest.mark.parametrize("seed", range(10))
def test_equal_widths_make_the_posterior_a_sigmoid_of_a_line(seed):
    state = random_state(seed)
    explorer = DensityExplorer(**state | {"std1": state["std0"]})
    w, b = explorer.line()
    x = np.linspace(-5, 5, 41)
    np.testing.assert_allclose(explorer.world(x)["posterior"], 1 / (1 + np.exp(-(w * x + b))), atol=1e-9)
    assert DensityExplorer(**state).line() is None or state["std0"] == state["std1"]


def test_the_fixed_points():
    same = DensityExplorer(prior=0.3).load("the same density twice")
    same.prior = 0.3
    for x0 in (-4.0, 0.0, 2.0):
        same.x0 = x0
        assert same.readouts()["posterior"] == pytest.approx(0.3)    # x says nothing: the prior is left
    assert same.readouts()["accuracy"] == pytest.approx(0.7, abs=1e-6)
    r = DensityExplorer(x0=0.0).readouts()
    assert r["posterior"] == pytest.approx(0.5)
    assert r["accuracy"] == pytest.approx(stats.norm.cdf(1.5), abs=1e-4)
    whole = DensityExplorer(selection=0.0).readouts()
    assert whole["kept_share"] == pytest.approx(1, abs=1e-9) and whole["kept_px"] == pytest.approx(whole["px"])


def test_monotone_in_the_prior_in_x_and_in_the_distance():
    explorer = DensityExplorer()
    for trait, values, name in [("prior", np.linspace(0.02, 0.98, 9), "posterior"),
                                ("x0", np.linspace(-3, 3, 13), "posterior"),
                                ("selection", np.linspace(4, 0, 9), "kept_share")]:
        found = []
        for value in values:
            setattr(explorer, trait, float(value))
            found.append(explorer.readouts()[name])
        assert np.all(np.diff(found) > 0), trait
        explorer = DensityExplorer()
    accuracies = [DensityExplorer(mean1=m).readouts()["accuracy"] for m in (-1.5, 0.0, 1.5, 3.0)]
    assert accuracies[0] == pytest.approx(0.5, abs=1e-6) and np.all(np.diff(accuracies) > 0)


@pytest.mark.parametrize(("trait", "value"), [
    ("mean0", 6.0), ("std1", 0.1), ("prior", 0.0), ("prior", 1.0), ("x0", float("nan")), ("selection", -1.0)])
def test_a_state_that_cannot_be_is_refused_and_the_old_one_kept(trait, value):
    explorer = DensityExplorer()
    before = getattr(explorer, trait)
    with pytest.raises(traitlets.TraitError, match=trait):
        setattr(explorer, trait, value)
    assert getattr(explorer, trait) == before


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_a_picture_and_a_sentence(name):
    explorer = DensityExplorer(joint=True).load(name)
    data, _ = explorer._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR") and explorer.png() == explorer.png()
    assert "0x" not in repr(explorer) and repr(explorer) in data["text/plain"]
    assert "p(1|x)" in explorer.describe() and ("Kept" in explorer.describe()) == (explorer.selection > 0)


def test_an_unknown_preset_lists_the_names():
    with pytest.raises(ValueError, match="equal widths"):
        DensityExplorer().load("no such world")
