"""Numbers that the prose of notebook 11 rests on: the stored runs and their correlations, the sentences beside them."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from benchmarks import make_wasserstein
from gan_edu import pretrained
from gan_edu.networks import ConvDiscriminator, DCGANDiscriminator, seeded
from gan_edu.theory import gaussian, js
from gan_edu.widgets import failures_store
from gan_edu.widgets import penalty_store as store

EARLY, LATE = slice(20), slice(16, None)


@pytest.fixture(scope="module")
def runs():
    return store.runs()


def correlations(runs, family, loss, looks=slice(None)):
    """By SciPy, where the notebook ranks by hand."""
    return [spearmanr(run[loss][looks], run["W1"][looks])[0] for run in runs["runs"] if run["family"] == family]


def test_the_critics_number_follows_w1_while_it_falls_and_not_to_the_end(runs):
    whole, early, late = (correlations(runs, "WGAN, penalty", "reading", looks) for looks in (slice(None), EARLY, LATE))
    assert len(whole) == 5 and 0.4 < min(whole) and max(whole) < 0.7
    assert 0.65 < min(early) and max(early) < 0.95
    assert max(late) < 0.1


def test_where_the_gap_dips_w1_stops_falling(runs):
    for run in (run for run in runs["runs"] if run["family"] == "WGAN, penalty"):
        W1, ratio = np.array(run["W1"]), np.array(run["reading"]) / np.array(run["W1"])
        dip = 8 + int(np.argmin(ratio[8:]))              # after the steep fall
        assert ratio[dip] < 0.5 < 0.7 < ratio[-1]
        assert W1[dip - 2:dip + 4].max() > W1[:dip - 2].min()


def test_in_the_last_looks_the_critics_are_the_worse_ones(runs):
    loss = correlations(runs, "GAN, k = 1", "loss_G")
    assert max(loss) > min(correlations(runs, "WGAN, penalty", "reading"))          # over the whole run the bands touch
    late = correlations(runs, "GAN, k = 1", "loss_G", LATE)
    for family in ("WGAN, penalty", "WGAN, clip"):
        assert max(correlations(runs, family, "reading", LATE)) < min(late)
        assert min(correlations(runs, family, "reading", EARLY)) > max(correlations(runs, "GAN, k = 1", "loss_G", EARLY))


def test_clipped_it_follows_in_every_seed_and_more_loosely(runs):
    whole, early = (correlations(runs, "WGAN, clip", "reading", looks) for looks in (slice(None), EARLY))
    assert len(whole) == 3 and min(whole) > 0.3 and min(early) > 0.6


def test_the_plain_gans_losses_follow_weakly_or_not(runs):
    loss_G, loss_D = (correlations(runs, "GAN, k = 1", loss) for loss in ("loss_G", "loss_D"))
    assert len(loss_G) >= 3 and 0.25 < min(loss_G) and max(loss_G) < 0.55
    assert np.median(loss_G) < np.median(correlations(runs, "WGAN, penalty", "reading")) - 0.2
    assert max(map(abs, loss_D)) < 0.3
    ends = {family: np.median([run["W1"][-1] for run in runs["runs"] if run["family"] == family]) for family in runs["families"]}
    assert ends["GAN, k = 1"] < ends["WGAN, penalty"]


def test_only_the_penalty_has_a_scale(runs):
    ratio = {family: [run["reading"][-1] / run["W1"][-1] for run in runs["runs"] if run["family"] == family]
             for family in ("WGAN, penalty", "WGAN, clip")}
    assert 0.7 < min(ratio["WGAN, penalty"]) and max(ratio["WGAN, penalty"]) < 1.1
    assert min(ratio["WGAN, clip"]) < 0.7


def test_the_file_says_how_it_was_made(runs):
    assert runs["command"] == make_wasserstein.COMMAND.format("runs") and runs["steps"] == make_wasserstein.STEPS
    assert {family: list(map(str, row)) for family, row in runs["families"].items()} == {
        family: list(map(str, row)) for family, row in make_wasserstein.FAMILIES.items()}
    assert [(run["family"], run["seed"]) for run in runs["runs"]] == make_wasserstein.jobs("runs")
    assert all(len(run["W1"]) == 32 for run in runs["runs"])
    assert runs["floor"] == pytest.approx(make_wasserstein.floor(), abs=1e-3)
    for name in (store.RUNS, store.CRITICS):
        assert (Path(store.__file__).parent / name).stat().st_size < 120_000
    assert len(store.critics()["critics"]) == len(make_wasserstein.jobs("critics")) == 24


@pytest.mark.slow
@pytest.mark.parametrize("family", make_wasserstein.FAMILIES)
def test_a_stored_run_begins_again_as_it_did(runs, family, monkeypatch):
    monkeypatch.setattr(make_wasserstein, "STEPS", 100)
    again, stored = make_wasserstein.run(family, 1), next(r for r in runs["runs"] if (r["family"], r["seed"]) == (family, 1))
    looks = len(again["step"])
    assert looks == 100 // make_wasserstein.EVERY and set(again) == set(stored)
    for name in set(again) - {"family", "seed"}:
        assert again[name] == pytest.approx(stored[name][:looks], rel=0.01, abs=0.002), name


def test_a_judge_at_its_best_loses_log_4_less_twice_js():
    x = np.linspace(-12, 14, 4_001)
    p, q = gaussian(x), gaussian(x, 1.5)
    best = p / (p + q)
    loss = -np.trapezoid(p * np.log(best) + q * np.log1p(-best), x)
    assert loss == pytest.approx(math.log(4) - 2 * js(p, q, x), abs=1e-6)


def test_adding_100_to_all_scores_moves_gs_loss_only():
    w, real, fake = make_wasserstein.game_of("WGAN, penalty", 0).objective, torch.randn(5, 1), torch.randn(5, 1)
    assert w.discriminator(real + 100, fake + 100).item() == pytest.approx(w.discriminator(real, fake).item(), abs=1e-4)
    assert w.generator(fake + 100).item() == pytest.approx(w.generator(fake).item() - 100, abs=1e-4)


def test_with_the_wasserstein_loss_the_collapse_recipe_collapses():
    shares = [np.mean(np.array(run["signs"]["modes"]) <= 0.5) for run in failures_store.load()["wasserstein"]]
    assert len(shares) == 5 and min(shares) > 0.2


def test_the_losses_of_the_shipped_dcgan_speak_in_hundredths_of_a_nat():
    curve = pretrained.card("mnist-dcgan")["curve"]
    loss_G, loss_D, distance = ([row[name] for row in curve] for name in ("loss_G", "loss_D", "frechet"))
    assert spearmanr(loss_G, distance)[0] > 0.9 and spearmanr(loss_D, distance)[0] < -0.7
    assert round(loss_G[0], 2) == 0.77 and round(loss_G[-1], 2) == 0.71 and min(loss_G) > math.log(2)
    assert loss_D[0] < loss_D[-1] < 2 * math.log(2)



@pytest.mark.parametrize("make", [lambda: DCGANDiscriminator(width=4), lambda: ConvDiscriminator(width=4)])
def test_with_batch_norm_the_gradient_of_the_sum_is_not_the_slope_at_an_image(make):
    """Before any training a tenth of it and more belongs to the other images' scores."""
    with seeded(0):
        D = make()
    x = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
    J = torch.autograd.functional.jacobian(lambda x: D(x)[:, 0], x).flatten(2)
    own = torch.stack([J[i, i] for i in range(4)])
    assert ((J.sum(0) - own).norm(dim=1) / own.norm(dim=1)).median() > 0.05


def test_the_shipped_numbers_are_plain(runs):
    text = json.dumps(runs)
    assert "NaN" not in text and "Infinity" not in text
