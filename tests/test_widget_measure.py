"""The explorers of notebook 10 without a browser: their numbers are those of the measures, their states what they say."""

import json

import numpy as np
import pytest
import traitlets
from scipy.stats import gaussian_kde

from gan_edu import metrics, metrics_features, pretrained
from gan_edu.widgets import FrechetExplorer, ParzenExplorer, PrecisionRecallExplorer
from gan_edu.widgets.coverage import PRESETS
from gan_edu.widgets.frechet import DIMENSIONS, REPEATS, SIZES, draws
from gan_edu.widgets.parzen import SAMPLES, TEST, mnist_measures, parzen_curves

SIGMAS = [0.1, 0.2, 0.4]


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(1)
    return {"a": rng.random((40, 6)), "b": 0.5 * rng.random((30, 6))}, rng.random((20, 6)), rng.random((25, 6))


@pytest.fixture
def explorer(rows):
    return ParzenExplorer(parzen_curves(*rows, SIGMAS), SIGMAS, where="Made up.")


# ---- Parzen

def test_curves_hold_what_the_measure_says(rows):
    sets, validation, test = rows
    curves = parzen_curves(*rows, SIGMAS)
    for name, samples in sets.items():
        for i, sigma in enumerate(SIGMAS):
            mean, error = metrics.parzen_log_likelihood(samples, test, sigma)
            assert curves[name]["test"][i] == pytest.approx(mean) and curves[name]["error"][i] == pytest.approx(error)
            assert curves[name]["validation"][i] == pytest.approx(metrics.parzen_log_likelihood(samples, validation, sigma)[0])


def test_it_starts_where_validation_chooses_and_reads_out_that_point(rows, explorer):
    sets, validation, test = rows
    sigma = metrics.select_sigma(sets["a"], validation, SIGMAS)
    assert explorer.sigmas[explorer.at] == sigma and explorer.chosen == "a"
    r = explorer.readouts()
    assert r["a"] == pytest.approx(metrics.parzen_log_likelihood(sets["a"], test, sigma)[0])
    assert set(r) == {"sigma", "line", "a", "a error", "b", "b error"}


def test_the_line_is_a_kernel_estimate(explorer):
    explorer.at = 1
    density = gaussian_kde(SAMPLES, lambda kde: 0.2 / np.std(SAMPLES, ddof=1))
    assert explorer.readouts()["line"] == pytest.approx(np.log(density(TEST)).mean())


@pytest.mark.parametrize(("trait", "value"), [("at", -1), ("at", 3), ("chosen", "c"), ("at", 1.5)])
def test_what_is_outside_is_refused(explorer, trait, value):
    with pytest.raises(traitlets.TraitError):
        setattr(explorer, trait, value)


def test_the_shipped_file_goes_with_the_cards():
    shipped = mnist_measures()
    for name in pretrained.available():
        card = pretrained.card(name).get("scores", {})
        if name in shipped["sets"] and "parzen" in card:
            mean, error = shipped["sets"][name]["measures"]["parzen"]
            assert mean == pytest.approx(card["parzen"], abs=0.06) and error == pytest.approx(card["standard_error"], abs=0.06)
    assert shipped["sigmas"] == pytest.approx(list(metrics.SIGMAS[4:13]), abs=1e-6)


def test_the_score_in_the_shipped_file_is_the_curve_where_validation_is_highest():
    for found in mnist_measures()["sets"].values():
        best = int(np.argmax(found["parzen"]["validation"]))
        there = [found["parzen"][key][best] for key in ("test", "error")]
        assert found["measures"]["parzen"] == pytest.approx(there, abs=1e-3)
        assert sum(found["class_shares"]) + found["measures"]["unsure"][0] == pytest.approx(1, abs=1e-3)


def test_left_alone_it_shows_the_real_mnist():
    explorer = ParzenExplorer()
    assert list(explorer.curves)[0] == "training images" and "MNIST" in explorer.where
    assert abs(explorer.readouts()["training images"] - 243) < 2
    assert len({tuple(look) for look in explorer.looks.values()}) == len(explorer.curves)


# ---- Fréchet

@pytest.mark.parametrize("d", DIMENSIONS)
def test_with_many_points_the_estimate_comes_near_the_truth(d):
    explorer = FrechetExplorer(dimension=d, shift=3.0, spread=1.5, at=len(SIZES) - 1)
    r = explorer.readouts()
    assert r["truth"] == pytest.approx(9 + d / 4) and r["rank"] == d
    assert r["distance"] == pytest.approx(r["truth"], rel=0.15) and 0 <= r["floor"] < (d * d + 4 * d) / SIZES[-1]


def test_the_floor_falls_with_n_and_is_large_where_n_is_not_above_d():
    floors = [FrechetExplorer(dimension=16, shift=0.0, at=i).readouts() for i in range(len(SIZES))]
    assert all(a["floor"] > b["floor"] for a, b in zip(floors[2:], floors[3:]))
    assert all(r["floor"] == pytest.approx(r["distance"]) for r in floors)      # nothing is moved: the floor is all there is
    assert floors[3]["n"] == 16 and floors[3]["rank"] == 15 and floors[3]["floor"] > 5


def test_estimates_are_those_of_the_measure():
    explorer = FrechetExplorer(dimension=4, shift=1.0, spread=0.5)
    a, b = draws()[2, :, :64, :4].astype(float)
    assert explorer.estimates(64)[0][2] == pytest.approx(metrics_features.frechet_distance(a, 0.5 * b + [1, 0, 0, 0]))
    assert len(explorer.estimates(8)[1]) == REPEATS


@pytest.mark.parametrize("traits", [{"dimension": 3}, {"shift": -1.0}, {"spread": 0.0}, {"at": 9}, {"spread": float("nan")}])
def test_frechet_refuses(traits):
    with pytest.raises(traitlets.TraitError):
        FrechetExplorer(**traits)


# ---- precision and recall

def brute_force(home, guests, k):
    radii = [sorted(np.linalg.norm(home - p, axis=1))[k] for p in home]
    return np.mean([any(np.linalg.norm(g - p) <= r for p, r in zip(home, radii)) for g in guests])


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("k", [1, 3, 12])
def test_the_shares_are_those_of_a_double_loop(preset, k):
    explorer = PrecisionRecallExplorer(k=k).load(preset)
    real, fakes = explorer.points()
    assert explorer.readouts() == pytest.approx({"precision": brute_force(real, fakes, k), "recall": brute_force(fakes, real, k)})


def test_collapse_loses_recall_and_blur_loses_precision():
    found = {name: PrecisionRecallExplorer().load(name).readouts() for name in PRESETS}
    assert found["covers all three"]["precision"] > 0.8 and found["covers all three"]["recall"] > 0.8
    assert found["collapses to one mode"]["precision"] > 0.8 and found["collapses to one mode"]["recall"] < 0.4
    assert found["blurs over everything"]["precision"] < 0.5 and found["blurs over everything"]["recall"] > 0.8


def test_a_larger_k_never_makes_a_share_smaller():
    for preset in PRESETS:
        rows = [PrecisionRecallExplorer(k=k).load(preset).readouts() for k in range(1, 13)]
        assert all(a[key] <= b[key] for a, b in zip(rows, rows[1:]) for key in ("precision", "recall"))


def test_presets_are_checked():
    with pytest.raises(ValueError, match="preset must be one of covers all three"):
        PrecisionRecallExplorer().load("all")
    with pytest.raises(traitlets.TraitError):
        PrecisionRecallExplorer(k=0)


# ---- all three

def test_pictures_words_and_state(explorer):
    for shown in (explorer, FrechetExplorer(), PrecisionRecallExplorer()):
        data, metadata = shown._repr_mimebundle_()
        assert shown.png() == shown.png() and data["image/png"] and len(metadata["image/png"]["alt"]) > 60
        assert "0x" not in repr(shown) and type(shown).__name__ in repr(shown)
        json.dumps({k: v for k, v in shown.get_state().items() if not isinstance(v, bytes)}, default=str)


@pytest.mark.parametrize("curves", [{}, {"a": {"validation": [1.0, 2.0], "test": [1.0, 2.0]}}])
def test_curves_that_do_not_fit_the_sigmas_are_refused(curves):
    with pytest.raises(ValueError, match="one number for each of the"):
        ParzenExplorer(curves)
