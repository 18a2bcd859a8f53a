"""What must hold for every input, looked for where it might break: theory, objectives, measures, latent paths,
checkpoints, and the command's arguments.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gan_edu import metrics, metrics_features, theory
from gan_edu.checkpoints import load_checkpoint, read_tensors, save_checkpoint, write_tensors
from gan_edu.cli import main
from gan_edu.games import GAN
from gan_edu.latent import lerp, slerp
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.objectives import OBJECTIVES

settings.register_profile("course", max_examples=25, deadline=None, derandomize=True,
                          suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("course")

LOG_2 = math.log(2)
X = np.linspace(-12, 12, 2401)
means, stds, shares = st.floats(-3, 3), st.floats(0.3, 2), st.floats(0.05, 0.95)
densities = st.builds(lambda a, b, s, t, w: theory.mixture(X, [a, b], [s, t], [w, 1 - w]), means, means, stds, stds, shares)
logits = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=6).map(lambda values: torch.tensor(values)[:, None])


def points(seed, n, d, scale=1.0):
    return scale * torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ---- theory --------------------------------------------------------------------------------------------------------

@given(p=densities, q=densities)
def test_js_is_symmetric_between_0_and_log_2_and_its_bounds_hold(p, q):
    js, tv = theory.js(p, q, X), theory.total_variation(p, q, X)
    assert js == pytest.approx(theory.js(q, p, X), abs=1e-12) and -1e-9 <= js <= LOG_2 + 1e-9
    low, high = theory.js_bounds(tv)
    assert low - 1e-6 <= js <= high + 1e-6
    assert theory.criterion(p, q, X) == pytest.approx(2 * js - 2 * LOG_2, abs=1e-6)


@given(p=densities, q=densities, r=densities)
def test_total_variation_w1_and_the_root_of_js_are_distances(p, q, r):
    for distance in (theory.total_variation, theory.wasserstein1, lambda *a: math.sqrt(max(theory.js(*a), 0))):
        assert distance(p, p, X) == pytest.approx(0, abs=1e-6)
        assert distance(p, r, X) <= distance(p, q, X) + distance(q, r, X) + 1e-6


@given(p=densities, q=densities, slope=st.floats(-2, 2), shift=st.floats(-3, 3))
def test_no_judge_is_worth_more_than_the_best(p, q, slope, shift):
    D = 1 / (1 + np.exp(-(slope * X + shift)))
    assert theory.value(D, p, q, X) <= theory.criterion(p, q, X) + 1e-6
    best = theory.optimal_discriminator(p, q)
    np.testing.assert_allclose(best + theory.optimal_discriminator(q, p), np.where(np.isnan(best), np.nan, 1), atol=1e-9)


@given(p=densities, q=densities)
def test_both_kl_are_at_least_zero_and_pinskers_inequality_holds(p, q):
    kl = theory.kl(p, q, X)
    assert kl >= -1e-9 and kl + 1e-6 >= 2 * theory.total_variation(p, q, X) ** 2


# ---- objectives ----------------------------------------------------------------------------------------------------

@given(real=logits, fake=logits, name=st.sampled_from(sorted(OBJECTIVES)), seed=st.integers(0, 99))
def test_losses_do_not_depend_on_the_order_of_a_batch_and_judge_each_image_alone(real, fake, name, seed):
    objective, draws = OBJECTIVES[name], torch.Generator().manual_seed(seed)
    loss = objective.discriminator(real, fake)
    mixed = objective.discriminator(real[torch.randperm(len(real), generator=draws)],
                                    fake[torch.randperm(len(fake), generator=draws)])
    torch.testing.assert_close(loss, mixed)
    torch.testing.assert_close(objective.generator(torch.cat([fake, fake])), objective.generator(fake))
    assert torch.isfinite(loss) and loss.ndim == 0


@given(real=logits, fake=logits, step=st.floats(0.01, 5), name=st.sampled_from(sorted(OBJECTIVES)))
def test_a_generator_is_never_punished_for_pleasing_the_judge(real, fake, step, name):
    assume(name != "least_squares" or float((fake + step).max()) <= 1)        # it asks for 1, not for more
    objective = OBJECTIVES[name]
    assert objective.generator(fake + step) <= objective.generator(fake) + 1e-5
    if name in ("minimax", "non_saturating", "hinge"):
        assert objective.discriminator(real + step, fake) <= objective.discriminator(real, fake) + 1e-5


# ---- measures ------------------------------------------------------------------------------------------------------

@given(seed=st.integers(0, 999), n=st.integers(2, 9), m=st.integers(1, 9), d=st.integers(1, 5), sigma=st.floats(0.05, 3))
def test_parzen_moves_with_the_points_and_has_an_upper_bound(seed, n, m, d, sigma):
    samples, test, shift = points(seed, n, d), points(seed + 1, m, d), points(seed + 2, 1, d)
    score, error = metrics.parzen_log_likelihood(samples, test, sigma)
    moved, _ = metrics.parzen_log_likelihood(samples + shift, test + shift, sigma)
    assert moved == pytest.approx(score, abs=1e-6 * max(1, abs(score)))
    assert score <= -d / 2 * math.log(2 * math.pi * sigma**2) + 1e-9          # every point upon a test point
    assert math.isnan(error) or error >= 0


@given(seed=st.integers(0, 999), n=st.integers(6, 20), d=st.integers(1, 4), scale=st.floats(0.1, 10))
def test_frechet_is_symmetric_at_least_zero_and_turns_and_scales_as_a_squared_length(seed, n, d, scale):
    a, b = points(seed, n, d), points(seed + 1, n + 3, d) + 1
    found = metrics_features.frechet_distance(a, b)
    turn, _ = torch.linalg.qr(points(seed + 2, d, d))
    tolerance = {"rel": 1e-6, "abs": 1e-6}
    assert found >= 0 and metrics_features.frechet_distance(b, a) == pytest.approx(found, **tolerance)
    assert metrics_features.frechet_distance(a @ turn, b @ turn) == pytest.approx(found, **tolerance)
    assert metrics_features.frechet_distance(scale * a, scale * b) == pytest.approx(scale**2 * found, rel=1e-5, abs=1e-5)


@given(seed=st.integers(0, 999), n=st.integers(8, 20), k=st.integers(1, 4))
def test_precision_and_recall_change_places_with_the_sets(seed, n, k):
    a, b = points(seed, n, 2), points(seed + 1, n + 1, 2) + 0.5
    one, other = metrics_features.precision_recall(a, b, k=k), metrics_features.precision_recall(b, a, k=k)
    assert (one.precision, one.recall) == (other.recall, other.precision)
    assert 0 <= one.precision <= 1 and 0 <= one.recall <= 1


@given(seed=st.integers(0, 999), n=st.integers(1, 9), m=st.integers(1, 9))
def test_the_nearest_image_is_nearest(seed, n, m):
    a, b = points(seed, n, 3), points(seed + 1, m, 3)
    places, distances = metrics.nearest_neighbours(a, b, 1)
    torch.testing.assert_close(torch.as_tensor(distances)[:, 0].double(), torch.cdist(a, b).min(1).values, atol=1e-5, rtol=1e-5)
    assert ((torch.as_tensor(places) >= 0) & (torch.as_tensor(places) < m)).all()


# ---- latent paths --------------------------------------------------------------------------------------------------

@given(seed=st.integers(0, 999), d=st.integers(2, 50), t=st.floats(0, 1))
def test_paths_start_and_end_where_they_say_and_the_circle_keeps_the_length(seed, d, t):
    a, b = points(seed, 2, d)
    b = b / b.norm() * a.norm()
    for path in (lerp, slerp):
        torch.testing.assert_close(path(a, b, 0.0), a)
        torch.testing.assert_close(path(a, b, 1.0), b)
        torch.testing.assert_close(path(a, b, t), path(b, a, 1 - t))
    assert float(slerp(a, b, t).norm()) == pytest.approx(float(a.norm()), rel=1e-6)
    assert float(lerp(a, b, t).norm()) <= float(a.norm()) * (1 + 1e-9)


# ---- checkpoints ---------------------------------------------------------------------------------------------------

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
trees = st.recursive(st.none() | st.booleans() | st.integers(-2**53, 2**53) | st.text(max_size=8) | st.floats(allow_nan=False),
                     lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6)


@settings(max_examples=10)
@given(shapes=st.dictionaries(names, st.lists(st.integers(0, 3), max_size=3), max_size=4), notes=trees)
def test_what_is_written_is_read_whatever_it_is_called(shapes, notes, tmp_path):
    tensors = {name: torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape) for name, shape in shapes.items()}
    write_tensors(tmp_path / "a.safetensors", tensors, {"format": "gan_edu 1", "notes": notes})
    found, meta = read_tensors(tmp_path / "a.safetensors")
    assert meta["notes"] == notes and found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


@settings(max_examples=10)
@given(latent=st.integers(1, 6), width=st.integers(1, 9), objective=st.sampled_from(sorted(OBJECTIVES)), r1=st.floats(0, 9))
def test_every_game_comes_back_as_it_was(latent, width, objective, r1, tmp_path):
    with seeded(width):
        game = GAN(MLPGenerator(latent, hidden=(width,)), MLPDiscriminator(hidden=(width,)), objective=objective, r1=r1)
    found, _, _ = load_checkpoint(save_checkpoint(tmp_path / "a.safetensors", game))
    assert found.config == game.config
    for ours, theirs in ((game.G, found.G), (game.D, found.D)):
        assert all(torch.equal(value, theirs.state_dict()[name]) for name, value in ours.state_dict().items())


# ---- the command ---------------------------------------------------------------------------------------------------

@given(option=st.sampled_from(["--k", "--steps", "--batch-size", "--seed", "--latent-dim"]),
       value=st.one_of(st.integers(-99, -1).map(str), st.floats(0.1, 9).filter(lambda v: v != int(v)).map(str),
                       st.sampled_from(["", "ten", "1e3", "0x10", "nan", "-inf", "True", "1 2"])))
def test_whatever_stands_for_a_whole_number_is_answered_with_2_and_writes_nothing(option, value, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("train", "--data", "digits", f"{option}={value}", "--out", "run") == 2
    assert capsys.readouterr().err and list(tmp_path.iterdir()) == []


@given(word=st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=9))
def test_a_word_that_is_no_command_is_answered_with_2(word, capsys):
    assume(word not in ("train", "sample", "evaluate", "sweep", "fetch", "doctor") and not word.startswith("-"))
    assert command(word) == 2
    assert capsys.readouterr().err


def command(*arguments):
    try:
        return main(list(arguments))
    except SystemExit as stop:
        return stop.code
