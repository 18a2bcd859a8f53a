"""KExplorer without a browser: it shows what the sweep holds, refuses what it does not, and has a picture and words."""

import numpy as np
import pytest
import traitlets

from gan_edu import sweeps
from gan_edu.sweeps import ToySweep
from gan_edu.widgets import KExplorer
from gan_edu.widgets.base import source
from made_sweeps import made_sweep
from node_run import needs_node, run_js


@pytest.fixture(scope="module")
def sweep() -> ToySweep:
    return made_sweep()


@pytest.mark.parametrize("budget", [0, 59, 60, 301, 600])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_readouts_are_percentiles_of_the_seeds(sweep, k, budget):
    explorer = KExplorer(sweep, k=k, lr=1e-3, budget=budget)
    r, i = explorer.readouts(), sweep.ks.index(k)
    at = max(t for t in range(11) if sweep.steps[i, t] * (k + 1) <= budget)
    seeds = np.sort(sweep.quality[i, 1, :, at].astype(float))
    assert r["median"] == pytest.approx((seeds[15] + seeds[16]) / 2, rel=1e-6)
    assert (r["low"], r["high"]) == pytest.approx((seeds[1] + 0.55 * (seeds[2] - seeds[1]),
                                                   seeds[29] + 0.45 * (seeds[30] - seeds[29])), rel=1e-5)
    assert (r["steps"], r["evaluations"]) == (sweep.steps[i, at], (k + 1) * sweep.steps[i, at])


def test_without_a_rate_each_k_takes_its_best_at_the_budget(sweep):
    explorer = KExplorer(sweep)
    assert (explorer.k, explorer.lr, explorer.budget) == (1, None, 600)
    for budget in (120, 600):
        explorer.budget = budget
        for row, k in zip(sweep.map(budget), sweep.ks, strict=True):
            assert explorer.rate(k) == sweep.lrs[int(np.argmin(row))]


@pytest.mark.parametrize(("trait", "value"), [("k", 4), ("lr", 0.5), ("budget", -1), ("budget", 601)])
def test_what_the_sweep_does_not_hold_is_refused(sweep, trait, value):
    explorer = KExplorer(sweep)
    before = getattr(explorer, trait)
    with pytest.raises(traitlets.TraitError, match=trait):
        setattr(explorer, trait, value)
    assert getattr(explorer, trait) == before
    with pytest.raises(traitlets.TraitError, match=trait):
        KExplorer(sweep, **{trait: value})


def test_the_page_gets_every_number_once_in_the_order_it_is_read(sweep):
    explorer = KExplorer(sweep)
    numbers = np.frombuffer(explorer.quality, "<f4").reshape(sweep.quality.shape)
    assert np.array_equal(numbers, sweep.quality) and explorer.axes["steps"] == sweep.steps.tolist()


@pytest.mark.parametrize("state", [{}, {"k": 5, "lr": 1e-2, "budget": 240}])
def test_there_is_a_picture_and_a_sentence(sweep, state):
    explorer = KExplorer(sweep, **state)
    data, metadata = explorer._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR") and explorer.png() == KExplorer(sweep, **state).png()
    assert metadata["image/png"]["alt"] == explorer.describe() and "0x" not in repr(explorer)
    r = explorer.readouts()
    assert f"median W1 {r['median']:.2f}, 5 to 95 % {r['low']:.2f} to {r['high']:.2f}" in explorer.describe()


def test_a_shipped_sweep_opens_by_name():
    assert KExplorer("mixture").sweep.notes == sweeps.shipped("mixture").notes
    with pytest.raises(ValueError, match="sweep must be one of"):
        KExplorer("none")


@needs_node
def test_the_page_computes_the_same_map_and_bands(sweep):
    explorer = KExplorer(sweep)
    script = source("k.js").split("const count")[0]
    shown = run_js([script], """
        const n = sweepNumbers(given.axes, Float32Array.from(given.quality));
        return { map: n.map(given.budget), best: n.map(given.budget).map(n.best), evaluations: n.evaluations,
                 bands: given.axes.ks.map((_, k) => [0, 1, 2].map((which) => n.curve(k, 1, which))) };""",
                   axes=explorer.axes, quality=sweep.quality.ravel().tolist(), budget=333)
    np.testing.assert_allclose(shown["map"], sweep.map(333), rtol=1e-6)
    assert [sweep.lrs[i] for i in shown["best"]] == [sweep.best_lr(k, 333) for k in sweep.ks]
    assert shown["evaluations"] == sweep.evaluations.tolist()
    np.testing.assert_allclose(shown["bands"], [sweep.band(k, 1e-3) for k in sweep.ks], rtol=1e-6)
