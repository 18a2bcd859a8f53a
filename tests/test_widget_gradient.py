"""GradientExplorer without a browser: set a trait, and what the mathematics of the two losses demands must hold."""

import math

import numpy as np
import pytest
import torch
import traitlets

from gan_edu import theory
from gan_edu.widgets.gradient import DATA_MEAN, HEAD_STARTS, LOSSES, NOISE, STD, GradientExplorer, trained_judges


def middle(explorer: GradientExplorer) -> float:
    return float(explorer.gradients("minimax")["logit"][len(NOISE) // 2])


@pytest.mark.parametrize("head_start", HEAD_STARTS)
def test_the_gradients_at_the_logit_are_those_of_the_notebook(head_start):
    explorer = GradientExplorer(head_start=head_start, least_squares=True)
    found = {loss: explorer.gradients(loss) for loss in LOSSES}
    D, l = found["minimax"]["D"], found["minimax"]["logit"]
    np.testing.assert_allclose(found["minimax"]["d_logit"], -D, atol=1e-12)
    np.testing.assert_allclose(found["non_saturating"]["d_logit"], -(1 - D), atol=1e-12)
    np.testing.assert_allclose(found["least_squares"]["d_logit"], l - 1, atol=1e-12)
    assert explorer.readouts()["ratio"] == pytest.approx(math.exp(-middle(explorer)), rel=1e-6)


@pytest.mark.parametrize("head_start", HEAD_STARTS)
def test_both_losses_send_every_fake_the_same_way_and_their_lengths_share_the_slope(head_start):
    explorer = GradientExplorer(head_start=head_start)
    a, b = (explorer.gradients(loss)["arrow"] for loss in ("minimax", "non_saturating"))
    assert np.all(a * b >= 0)
    x = torch.tensor(explorer.gradients("minimax")["x"], dtype=torch.float32)[:, None].requires_grad_()
    (slope,) = torch.autograd.grad(explorer.logits(x).sum(), x)
    np.testing.assert_allclose(a + b, slope.numpy().ravel(), rtol=1e-4, atol=1e-6)  # D l' + (1 - D) l' = l'


def test_a_longer_head_start_lowers_D_at_the_fakes_and_starves_only_the_minimax_loss():
    rows = []
    for head_start in HEAD_STARTS:
        r = GradientExplorer(head_start=head_start).readouts()
        rows.append((r["D"], r["ratio"], r["norm_minimax"], r["norm_non_saturating"]))
    D, ratio, minimax, non_saturating = map(np.array, zip(*rows, strict=True))
    assert 0.3 < D[0] < 0.7 and D[-1] < 1e-3 and np.all(np.diff(D) < 0)
    assert np.all(np.diff(ratio) > 0)
    assert np.all(np.diff(non_saturating) > 0)
    top = int(np.argmax(minimax))
    assert 0 < top < 4 and minimax[-1] < minimax[top] / 30   # first there is no slope, then no weight


@pytest.mark.parametrize("judge", ["trained", "best"])
def test_confidence_turns_saturation_up_and_down(judge):
    explorer, ratios, arrows = GradientExplorer(judge=judge, head_start=40), [], []
    for confidence in (0.0, 0.25, 0.5, 1.0, 2.0, 4.0):
        explorer.confidence = confidence
        r = explorer.readouts()
        ratios.append(r["ratio"])
        arrows.append((r["arrow_minimax"], r["arrow_non_saturating"]))
    assert ratios[0] == 1 and arrows[0] == (0, 0)            # D says 1/2 everywhere: nowhere to go
    assert np.all(np.diff(ratios) > 0)
    assert ratios[4] == pytest.approx(ratios[3] ** 2, rel=1e-4)  # exp(-2 l)
    assert np.all(np.diff([b for _, b in arrows]) > 0) and arrows[-1][0] < arrows[2][0] / 100


@pytest.mark.parametrize("fake_mean", [-4.0, -2.0, -0.5, 1.0, 3.5])
def test_the_best_judge_is_the_one_of_the_theory(fake_mean):
    explorer = GradientExplorer(judge="best", fake_mean=fake_mean)
    g = explorer.gradients("minimax")
    p, q = theory.gaussian(g["x"], DATA_MEAN, STD), theory.gaussian(g["x"], fake_mean, STD)
    np.testing.assert_allclose(g["D"], theory.optimal_discriminator(p, q), rtol=1e-9)
    assert np.all(np.sign(g["arrow"]) == np.sign(DATA_MEAN - fake_mean))


def test_the_fixed_point_is_the_same_for_all_losses_and_is_not_saturated_at_the_logit():
    explorer = GradientExplorer(judge="best", fake_mean=DATA_MEAN)
    r = explorer.readouts()
    assert r["D"] == pytest.approx(0.5) and r["ratio"] == pytest.approx(1)
    for loss in LOSSES:
        assert r[f"arrow_{loss}"] == pytest.approx(0, abs=1e-9)
        assert np.all(np.abs(explorer.gradients(loss)["d_logit"]) >= 0.5 - 1e-9)  # the flat place is not here


def test_near_the_fixed_point_the_two_losses_agree():
    r = GradientExplorer(judge="best", fake_mean=DATA_MEAN - 0.01).readouts()
    assert r["norm_minimax"] == pytest.approx(r["norm_non_saturating"], rel=0.02)


def test_training_is_the_same_every_time_and_goes_on_from_one_start_to_the_next():
    first = [p.clone() for p in trained_judges()[20].parameters()]
    trained_judges.cache_clear()
    assert all(torch.equal(a, b) for a, b in zip(first, trained_judges()[20].parameters(), strict=True))
    assert list(trained_judges()) == list(HEAD_STARTS)


def test_the_page_gets_every_weight_in_the_order_it_is_read():
    explorer = GradientExplorer()
    numbers = np.frombuffer(explorer.weights, "<f4").reshape(len(HEAD_STARTS), -1).astype(float)
    w, x = explorer.setting["width"], 0.37
    for row, D in zip(numbers, trained_judges().values(), strict=True):
        W1, b1, W2, b2, W3, b3 = np.split(row, np.cumsum([w, w, w * w, w, w]))
        h = _leaky(W1 * x + b1)
        logit = W3 @ _leaky(W2.reshape(w, w) @ h + b2) + b3
        assert logit[0] == pytest.approx(D(torch.tensor([[x]])).item(), abs=1e-4)


def _leaky(a: np.ndarray) -> np.ndarray:
    return np.where(a > 0, a, 0.2 * a)


@pytest.mark.parametrize(("trait", "value"), [
    ("head_start", 7), ("confidence", -1), ("confidence", 9), ("fake_mean", 6), ("confidence", float("nan")),
    ("judge", "perfect")])
def test_a_state_that_cannot_be_is_refused_and_the_old_one_kept(trait, value):
    explorer = GradientExplorer()
    before = getattr(explorer, trait)
    with pytest.raises(traitlets.TraitError, match=trait):
        setattr(explorer, trait, value)
    assert getattr(explorer, trait) == before


@pytest.mark.parametrize("state", [{}, {"judge": "best", "least_squares": True}, {"confidence": 0.0}])
def test_there_is_a_picture_and_a_sentence(state):
    explorer = GradientExplorer(**state)
    data, metadata = explorer._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR") and explorer.png() == explorer.png()
    assert "0x" not in repr(explorer) and repr(explorer) in data["text/plain"]
    assert "mean D(G(z))" in explorer.describe()
