"""evaluate: all measures at once, the same numbers as the measures alone, its table, its JSON and its command.

Where MNIST is absent the embedded digits stand in for it; the slow tests take the real one.
"""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from gan_edu import classifier, cli, data, evaluation, metrics, pretrained
from gan_edu.data import load_images
from gan_edu.errors import DataError, GanEduError
from gan_edu.evaluation import MEASURES, evaluate, evaluate_images, plus_minus
from gan_edu.games import GAN
from gan_edu.metrics_baselines import kmeans_centres, lookup_table, real_images
from gan_edu.metrics_features import class_histogram, frechet_distance, kernel_distance, precision_recall
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded


@pytest.fixture(scope="module")
def stand_in():
    """The embedded digits in MNIST's place: 1,500 and 297, of which 200 choose sigma and 297 could have been copied."""
    _forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "load_images", lambda name, *, split, **_: load_images("digits", split=split))
        patch.setattr(evaluation, "VALIDATION", 200)
        patch.setattr(evaluation, "REFERENCE", 297)
        patch.setattr(evaluation, "READS_WELL", 0.7)              # other writers than MNIST's
        yield evaluation._yardstick(0, str(data.data_root()))
    _forget()


@pytest.fixture(scope="module")
def game():
    with seeded(0):
        return GAN(MLPGenerator(5, hidden=(32,)), MLPDiscriminator(hidden=(8,)))


@pytest.fixture(scope="module")
def scores(stand_in, game):
    return evaluate(game, n=120, progress=False)


def _forget():
    evaluation._yardstick.cache_clear()
    evaluation._floor.cache_clear()


def pixels(images):
    return images.images.flatten(1).double() / 255


def test_evaluate_gives_what_the_measures_alone_give(stand_in, game, scores):
    x = game.sample(120, generator=torch.Generator().manual_seed(0))
    rows, test = (x.flatten(1).double() + 1) / 2, stand_in.test
    found, p = classifier.features_and_probabilities(x)
    sigma = metrics.select_sigma(rows, pixels(stand_in.validation))
    near = precision_recall(stand_in.features, found)
    assert scores.sigma == sigma and set(scores.scores) == set(MEASURES)
    assert scores["parzen"].value == pytest.approx(metrics.parzen_log_likelihood(rows, pixels(test), sigma)[0], rel=1e-6)
    assert scores["frechet"].value == pytest.approx(frechet_distance(found, classifier.features(test.images)), rel=1e-4)
    assert scores["kernel"].value == pytest.approx(kernel_distance(found, stand_in.features)[0], rel=1e-4)
    assert (scores["precision"].value, scores["recall"].value) == pytest.approx((near.precision, near.recall), abs=0.01)
    assert scores["memorised"].value == metrics.memorisation(rows, pixels(stand_in.reference), pixels(test)).share
    assert scores["unsure"].value == class_histogram(p).unsure and sum(scores.class_shares) == pytest.approx(
        1 - scores["unsure"].value)


def test_the_floor_is_the_score_of_real_images_that_nothing_else_has_used(stand_in, scores):
    floor = evaluate_images(pixels(stand_in.others.take(120)), progress=False)
    for name, score in scores.scores.items():
        assert (score.floor, score.floor_error) == (floor[name].value, floor[name].error), name
        assert math.isfinite(score.value) and score.error >= 0 and score.better == MEASURES[name][1]
    parts = [stand_in.validation, stand_in.reference, stand_in.others]
    rows = torch.cat([part.images.flatten(1) for part in parts])
    every = load_images("digits").images.flatten(1)
    assert [len(part) for part in parts] == [200, 297, 1_003]
    assert sorted(row.numpy().tobytes() for row in rows) == sorted(row.numpy().tobytes() for row in every)


def test_real_images_beat_an_untrained_generator_on_every_measure_but_memory(scores):
    for name in set(MEASURES) - {"memorised", "unsure"}:
        sign = 1 if MEASURES[name][1] == "higher" else -1
        assert sign * scores[name].floor > sign * scores[name].value, name
    assert abs(scores["memorised"].floor - 0.5) < 4 * scores["memorised"].floor_error


def test_batches_draw_what_one_draw_would():
    """So a score by evaluate is one of game.sample(n): for normal and for uniform noise."""
    for latent in ("normal", "uniform"):
        with seeded(0):
            G = MLPGenerator(100, shape=(2,), hidden=(4,), latent=latent)
        one, two = (torch.Generator().manual_seed(3) for _ in "12")
        twin = GAN(G, MLPDiscriminator(shape=(2,), hidden=(4,)))
        parts = torch.cat([twin.sample(n, generator=one) for n in (evaluation.BATCH, evaluation.BATCH, 207)])
        assert torch.allclose(parts, twin.sample(2 * evaluation.BATCH + 207, generator=two), atol=1e-6)


def test_seed_decides(stand_in, game, scores):
    again, other = (evaluate(game, n=120, seed=seed, progress=False) for seed in (0, 1))
    assert scores == again and scores["parzen"] != other["parzen"] and scores["parzen"].floor != other["parzen"].floor


def test_table_and_json_say_the_same(scores):
    table, made = scores.table(), json.loads(json.dumps(scores.as_dict()))
    assert len(table.splitlines()) == 1 + len(MEASURES) and len({len(line) for line in table.splitlines()}) == 1
    for line, (name, score) in zip(table.splitlines()[1:], made["scores"].items(), strict=True):
        assert line.startswith(MEASURES[name][0]) and line.endswith(score["better"])
        assert plus_minus(score["value"], score["error"]) in line
    assert made["n"] == 120 and made["seed"] == 0 and made["classifier"] == classifier.card()["sha256"]


@pytest.mark.parametrize("value, error, text", [
    (230.66, 1.97, "230.7 ± 2.0"), (0.01234, 0.00456, "0.0123 ± 0.0046"), (-568.12, 23.4, "-568 ± 23"),
    (1.0, 0.0, "1.0000 ± 0.0000"), (0.0, 1e-9, "0.000000 ± 0.000000")])
def test_two_figures_of_the_error(value, error, text):
    assert plus_minus(value, error) == text


def test_what_cannot_be_measured_is_refused(stand_in, game):
    with pytest.raises(ValueError, match="n must be a whole number >= 100, got 99"):
        evaluate(game, n=99)
    with pytest.raises(ValueError, match="n must be at most 1,003, as many real images as are left.*got 1,004"):
        evaluate(game, n=1_004)
    with seeded(0):
        plane = GAN(MLPGenerator(2, shape=(2,), hidden=(4,)), MLPDiscriminator(shape=(2,), hidden=(4,)))
    with pytest.raises(ValueError, match=r"evaluate measures digits \(n, 1, 28, 28\), got samples \(100, 2\)"):
        evaluate(plane, n=100)
    for bad, message in ((np.zeros((100, 783)), r"images must be \(n, 784\) in \[0, 1\], got \(100, 783\)"),
                         (np.full((100, 784), -1.0), r"in \[-1, -1\]; samples in \[-1, 1\] become"),
                         (np.full((100, 784), np.nan), "images holds NaN or infinity"),
                         (np.zeros((99, 784)), "n must be a whole number >= 100, got 99")):
        with pytest.raises(ValueError, match=message):
            evaluate_images(bad)


def test_a_collapsed_generator_has_finite_scores(stand_in):
    one = pixels(stand_in.others)[:1].repeat(120, 1)
    scores = evaluate_images(one, progress=False)
    assert all(math.isfinite(s.value) and math.isfinite(s.error) for s in scores.scores.values())
    assert scores["recall"].value < 0.05 and scores["classes"].value > 0.5 and max(scores.class_shares) in (0, 1)


def test_a_classifier_that_cannot_read_measures_nothing(stand_in, game, monkeypatch):
    """Fault 29. A seed of its own, because what is known of the real images is kept."""
    monkeypatch.setattr(evaluation, "READS_WELL", 0.97)           # the embedded digits are read less well
    with pytest.raises(GanEduError, match="reads .*% of the real test digits, and below 97% its features measure nothing"):
        evaluate(game, n=120, seed=99)


def test_a_missing_mnist_is_told_before_anything_is_drawn(game, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "load_images", load_images)   # where the digits stand in for it
    with pytest.raises(DataError, match="evaluate compares samples with the real MNIST.*run `gan-edu fetch mnist` first"):
        evaluate(game, n=100, root=tmp_path)


# The command


def ask(capsys, *arguments):
    code = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


@pytest.mark.skipif("mnist-mlp" not in pretrained.available(), reason="mnist-mlp is not built yet")
def test_the_command_prints_a_table_and_writes_a_json(stand_in, tmp_path, capsys):
    file = tmp_path / "scores.json"
    code, out, err = ask(capsys, "evaluate", "mnist-mlp", "--n", 120, "--json", file, "--quiet")
    assert code == 0 and err == ""
    made = json.loads(file.read_text())
    assert made["source"] == "mnist-mlp" and set(made["scores"]) == set(MEASURES)
    for name, score in made["scores"].items():
        line = next(line for line in out.splitlines() if line.startswith(MEASURES[name][0]))
        assert plus_minus(score["value"], score["error"]) in line
    code, _, err = ask(capsys, "evaluate", "mnist-mlp", "--json", file)
    assert code == 2 and "scores.json exists; give --force to replace it, or another --json" in err


@pytest.mark.parametrize("arguments, code, message", [
    (["mnist-mpl"], 2, "source must be one of"), (["no/such.safetensors"], 2, "there is no file no/such.safetensors"),
    (["mnist-mlp", "--n", "50"], 2, "n must be a whole number >= 100, got 50")])
def test_wrong_use_of_the_command(arguments, code, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found, out, err = ask(capsys, "evaluate", *arguments)
    assert (found, out) == (code, "") and message in err and list(tmp_path.iterdir()) == []


# The real MNIST


@pytest.mark.slow
def test_ten_thousand_samples_in_a_minute_and_two_gigabytes(mnist):
    """On two quiet cores under 60 s; the limit here leaves room for a busy machine."""
    code = ("import time; from gan_edu import evaluation, pretrained; began = time.perf_counter(); "
            "scores = evaluation.evaluate(pretrained.load('mnist-mlp'), progress=False); "
            "peak = open('/proc/self/status').read().split('VmHWM:')[1].split()[0]; "   # getrusage knows the parent's
            "print(time.perf_counter() - began, peak, scores['parzen'].value)")
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=280).stdout
    seconds, kilobytes, parzen = map(float, out.split())
    assert kilobytes < 2e6 and seconds < 240
    assert parzen == pytest.approx(pretrained.card("mnist-mlp")["scores"]["parzen"], abs=0.3)


@pytest.mark.slow
def test_the_cheats_and_what_gives_them_away(mnist, mnist_test):
    """Centres beat real images on the Parzen score and fail on the others; a lookup table is told by its memory."""
    centres = evaluate_images(kmeans_centres(mnist, 2_000), progress=False)
    assert centres["parzen"].value > centres["parzen"].floor + 20
    assert centres["frechet"].value > 3 * centres["frechet"].floor
    yardstick = evaluation._yardstick(0, str(data.data_root()))
    table = evaluate_images(lookup_table(yardstick.reference, 2_000, noise=0.05), progress=False)
    assert table["memorised"].value > 0.95 and abs(table["memorised"].floor - 0.5) < 0.05
    real = evaluate_images(real_images(yardstick.others, 2_000), progress=False)
    assert abs(real["memorised"].value - 0.5) < 0.05 and real["parzen"].value == pytest.approx(real["parzen"].floor, abs=8)
