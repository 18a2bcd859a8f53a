"""The explorers of notebook 11 without a browser: their numbers against theory and autograd, their page's half in node."""

import itertools
import json

import numpy as np
import pytest
import torch
import traitlets
from scipy import stats
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from gan_edu import theory_transport as transport
from gan_edu.widgets import PenaltyExplorer, TransportExplorer
from gan_edu.widgets import penalty_store as store
from gan_edu.widgets.base import source
from gan_edu.widgets.transport import PRESETS, SHAPES, SHIFTS
from node_run import needs_node, run_js

STATES = [dict(zip(("shift", *SHAPES), values)) for values in PRESETS.values()] + [
    {"shift": -3.3, "p_width": 1.5, "p_split": 6.0, "q_width": 0.05, "q_split": 1.25}, {"shift": 0.0}]
SETTINGS = list(itertools.product(store.SITUATIONS, ("clip", "penalty"), range(4)))


# ---- transport

@pytest.mark.parametrize("shift", [-4.0, -1.0, 0.5, 2.0, 5.0])
def test_two_points_read_log_2_and_the_shift(shift):
    r = TransportExplorer().load("two points")
    r.shift = shift
    r = r.readouts()
    assert r["JS"] == pytest.approx(0.6931, abs=1e-4) and r["JS_slope"] == pytest.approx(0, abs=1e-3)
    assert r["W1"] == pytest.approx(abs(shift), abs=1e-3) and r["W1_slope"] == pytest.approx(np.sign(shift), abs=1e-3)
    assert r["TV"] == pytest.approx(1, abs=1e-4) and r["KL"] == pytest.approx(shift**2 / (2 * 0.05**2), rel=1e-3)


@pytest.mark.parametrize("state", STATES)
def test_plan_critic_and_integral_agree(state):
    explorer = TransportExplorer(**state)
    (p, q), f, (start, end) = explorer.masses(), explorer.critic(), explorer.threads()
    w1 = explorer.distances()["W1"]
    assert f @ (p - q) == pytest.approx(w1, abs=2e-3)
    assert np.abs(np.diff(f)).max() <= np.diff(explorer.x).max() + 1e-12
    assert np.abs(start - end).mean() == pytest.approx(w1, abs=0.1)
    assert w1 == pytest.approx(stats.wasserstein_distance(explorer.x, explorer.x, p, q), abs=1e-3)


@needs_node
@pytest.mark.parametrize("state", STATES)
def test_the_page_computes_what_python_computes(state):
    explorer = TransportExplorer(**state)
    set_ = {name: getattr(explorer, name) for name in ("shift", *SHAPES)}
    found = run_js([source("density.js"), source("transport_steps.js")], """
        const xs = density.range(...given.grid), both = transport.pair(given.set, xs);
        return { r: transport.readouts(given.set, xs), curves: transport.curves(given.set, xs),
                 f: Array.from(transport.critic(xs, both.p, both.q)), threads: transport.threads(xs, both.p, both.q) };""",
                   set=set_, grid=explorer.grid)
    assert found["r"] == pytest.approx(explorer.readouts(), rel=1e-6, abs=1e-6)
    np.testing.assert_allclose(found["f"], explorer.critic(), atol=0.06)            # one cell where nothing passes
    np.testing.assert_allclose(found["threads"], explorer.threads(), atol=0.03)
    np.testing.assert_allclose(found["curves"]["shifts"], SHIFTS, atol=1e-12)
    for i in (0, 33, 40, 80):
        assert {name: found["curves"][name][i] for name in ("W1", "JS", "TV", "KL")} == pytest.approx(
            explorer.distances(SHIFTS[i]), rel=2e-3, abs=1e-5)


@pytest.mark.parametrize("traits", [{"shift": 5.1}, {"p_width": 0.0}, {"q_split": -1.0}, {"q_width": float("nan")}])
def test_what_is_outside_is_refused(traits):
    with pytest.raises(traitlets.TraitError):
        TransportExplorer(**traits)


def test_presets_are_checked():
    with pytest.raises(ValueError, match="preset must be one of two points"):
        TransportExplorer().load("three points")


# ---- clip against penalty

@pytest.mark.parametrize(("situation", "way", "at"), SETTINGS)
def test_scores_and_slopes_are_those_of_the_network(situation, way, at):
    explorer = PenaltyExplorer(situation=situation, way=way, at=at)
    x = torch.from_numpy(np.random.default_rng(at).uniform(-3, 3, (20, 2))).requires_grad_()
    scores = store.critic_of(store.critic(situation, way, explorer.value))(x)
    (slopes,) = torch.autograd.grad(scores.sum(), x)
    f, g = explorer.evaluate(x.detach().numpy())
    np.testing.assert_allclose(f, scores.detach().numpy()[:, 0], atol=1e-10)
    np.testing.assert_allclose(g, slopes.numpy(), atol=1e-10)


@pytest.mark.parametrize("situation", store.SITUATIONS)
def test_the_exact_w1_is_that_of_the_best_pairing(situation):
    real, fake = store.points(situation)
    cost = cdist(real, fake)
    assert store.true_w1(situation) == pytest.approx(cost[linear_sum_assignment(cost)].mean(), abs=1e-9)


def test_the_generator_that_never_learns_draws_the_situation():
    for situation, (scale, shift) in store.SITUATIONS.items():
        G, z = store.Moved(situation), torch.randn(40_000, 4, generator=torch.Generator().manual_seed(0))
        x = (G(z).detach() - torch.tensor(shift)).double().numpy()
        if scale == 0:
            assert np.abs(x).max() == 0
            continue
        x = torch.from_numpy(x / scale)
        modes = torch.cdist(x, store.DATA.modes.double()).argmin(1)
        assert torch.bincount(modes, minlength=8).sub(5_000).abs().max() < 350                   # 5.3 standard deviations
        assert (x - store.DATA.modes[modes]).std(0).numpy() == pytest.approx([0.1, 0.1], abs=2e-3)


def test_what_is_packed_is_unpacked():
    row = store.critics()["critics"][3]
    again = store.pack(store.critic_of(row))
    assert again["weights"] == row["weights"] and again["scale"] == pytest.approx(row["scale"])
    with pytest.raises(ValueError, match="there are critics for moved aside"):
        store.critic("moved aside", "clip", 0.5)


def test_a_clipped_critic_reads_w1_times_a_factor_that_c_sets():
    """Notebook 11 says so: from less than a hundredth to several times the truth, and weights pile up at the edge."""
    for situation in store.SITUATIONS:
        clip = [PenaltyExplorer(situation=situation, way="clip", at=i).readouts() for i in range(4)]
        factors = [r["factor"] for r in clip]
        assert factors == sorted(factors) and factors[0] < 1e-3 and factors[3] > 4
        for r, c in zip(clip, store.CLIPS):
            assert r["largest"] == pytest.approx(c, rel=1e-6) and r["edge"] > 0.2


def test_a_penalised_critic_reads_nearly_w1():
    """lambda = 10: within 10 % of the truth. 100: no steeper than 1, and what has to bend is not yet there, so too little."""
    for situation in store.SITUATIONS:
        ten, hundred = (PenaltyExplorer(situation=situation, way="penalty", at=at).readouts() for at in (2, 3))
        assert 1 < ten["factor"] < 1.1 and abs(ten["slope"] - 1) < 0.11 and ten["edge"] < 0.02
        assert 0.7 < hundred["factor"] < 1.02 and abs(hundred["slope"] - 1) < 0.02


def test_one_point_against_the_ring_reads_what_two_points_read():
    """Seen from the middle each ray is a pair of points, 2 apart: d + d^2 / 2 lambda, as notebook 11 says."""
    for at, weight in enumerate(store.PENALTIES[:3]):
        r = PenaltyExplorer(situation="all at the middle", at=at).readouts()
        assert r["reads"] == pytest.approx(transport.two_points_with_penalty(2.0, weight), rel=0.01)


@needs_node
@pytest.mark.parametrize(("situation", "way", "at"), SETTINGS[::5])
def test_the_page_reads_what_python_reads(situation, way, at):
    explorer = PenaltyExplorer(situation=situation, way=way, at=at, x=0.4, y=-1.3)
    row = store.weights_of(store.critic(situation, way, explorer.value))
    real, fake = (part.astype("<f4").ravel().tolist() for part in store.points(situation))
    found = run_js([source("penalty_steps.js")], """
        const net = penalty.critic(Float64Array.from(given.row)), { real, fake } = given;
        const r = penalty.readouts(net, real, fake, given.truth), [, gx, gy] = net.at(0.4, -1.3);
        return { r: { ...r, here: Math.hypot(gx, gy) }, h: penalty.histogram(r.slopes, [0, 2], 20), n: net.weights.length,
                 lines: penalty.contours([0, 0, 0, 1, 1, 1, 2, 2, 2], 3, 1, [0.5, 1.5]) };""",
                   row=row.tolist(), real=real, fake=fake, truth=explorer.readouts()["truth"])
    np.testing.assert_allclose(sorted(found["r"].pop("slopes")), sorted(explorer.slopes()), rtol=1e-4, atol=1e-7)
    assert found["r"] == pytest.approx(explorer.readouts(), rel=1e-4, abs=1e-6) and found["n"] == row.size == 1185
    counts = np.histogram(np.clip(explorer.slopes(), 0, 1.9999), bins=20, range=(0, 2))[0] / 256
    np.testing.assert_allclose(found["h"]["shares"], counts, atol=2 / 256)
    xs, ys = (np.array([v for v in part if v is not None]) for part in found["lines"])
    assert sorted(set(ys)) == [-0.5, 0.5] and xs.min() == -1 and xs.max() == 1         # f = y + 1: two straight lines


@pytest.mark.parametrize("traits", [{"situation": "x"}, {"way": "none"}, {"at": 4}, {"x": 3.5}])
def test_penalty_refuses(traits):
    with pytest.raises(traitlets.TraitError):
        PenaltyExplorer(**traits)


def test_pictures_words_and_state():
    for shown in (TransportExplorer(), PenaltyExplorer(), PenaltyExplorer(way="clip", at=0)):
        data, metadata = shown._repr_mimebundle_()
        assert shown.png() == shown.png() and data["image/png"] and len(metadata["image/png"]["alt"]) > 60
        assert "0x" not in repr(shown) and type(shown).__name__ in repr(shown)
        json.dumps({k: v for k, v in shown.get_state().items() if not isinstance(v, bytes)}, default=str)
