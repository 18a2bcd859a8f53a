"""Numbers that the prose of notebook 15 rests on, and the detector: its spectrum, its line, what was measured on MNIST."""

import json

import numpy as np
import pytest
import torch

from benchmarks import measure_forensics
from gan_edu import museum, pretrained
from gan_edu import museum_forensics as forensics
from notebooks import build

GENERATORS = {"mnist-mlp", "mnist-mlp-k5", "mnist-dcgan"}


def digits(n, seed=0):
    return 2 * torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed)) - 1


# ---- what the halls say

def test_counts_that_the_text_names():
    assert museum.reading("one-minibatch", mended=True).beside["noise minibatches"] == 4
    assert museum.reading("k-steps", mended=True).beside["faults in the audit"] == 2
    assert museum.reading("lucky-seed").beside["runs"] == 32
    assert museum.reading("meter-floor").beside["share of log 2"] > 0.4
    assert round(museum.reading("too-few-for-frechet").value) == 43
    assert museum.reading("too-few-for-frechet", mended=True).beside["points"] == 20 * 64


def test_at_the_optimum_losses_are_log_4_and_log_2():
    assert np.allclose([2 * np.log(2), np.log(2)], [1.386, 0.693], atol=5e-4)


# ---- the detector

def test_the_spectrum_keeps_the_power():
    """Parseval: powers by radius, each times the number of its frequencies, sum to n times the squared pixels."""
    x = digits(3)
    f = np.fft.fftfreq(28, 1 / 28)
    radius = np.rint(np.hypot(f[:, None], f)).astype(int).clip(max=19)
    counts = np.bincount(radius.ravel(), minlength=20)
    total = (np.exp(forensics.spectrum(x)) * counts).sum(1)
    saved = ((x + 1) * 127.5).round().double() / 255
    assert np.allclose(total, 784 * saved.square().sum((1, 2, 3)), rtol=1e-6) and counts.sum() == 784


def test_a_wave_stands_where_it_should():
    for waves in (3, 7, 12):
        x = torch.cos(2 * np.pi * waves * torch.arange(28) / 28).expand(1, 1, 28, 28).contiguous()
        assert forensics.spectrum(x)[0, 1:].argmax() + 1 == waves


def test_pictures_are_rounded_first():
    x = digits(4)
    saved = ((x + 1) * 127.5).round().to(torch.uint8)
    assert np.array_equal(forensics.spectrum(x), forensics.spectrum(saved))


def test_the_line_is_what_logistic_regression_says():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    real, forged = digits(60), forensics.blurred(digits(50, 1))
    x = np.concatenate([forensics.spectrum(real), forensics.spectrum(forged)])
    pipe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(x, [0] * 60 + [1] * 50)
    detector = forensics.train_detector(real, forged)
    fresh = torch.cat([digits(40, 2), forensics.blurred(digits(40, 3))])
    assert (detector.calls_forged(fresh) == (pipe.predict(forensics.spectrum(fresh)) == 1)).mean() > 0.98
    assert detector.calls_forged(fresh).tolist() == 40 * [False] + 40 * [True]


def test_a_blur_keeps_a_flat_picture_and_softens_an_edge():
    flat = torch.full((1, 1, 28, 28), -1.0)
    flat[..., 10:20, 10:20] = 0.5
    soft = forensics.blurred(flat)
    assert torch.allclose(soft[..., 12:18, 12:18], flat[..., 12:18, 12:18]) and soft[0, 0, 10, 15] == pytest.approx(0.125)
    assert soft.shape == flat.shape and torch.allclose(soft[..., 0:5, :], flat[..., 0:5, :])


@pytest.mark.parametrize("images", [torch.zeros(2, 28, 28), torch.full((2, 1, 28, 28), 3.0), torch.rand(2, 1, 28, 28)])
def test_images_are_checked(images):
    with pytest.raises(ValueError, match="images must"):
        forensics.spectrum(images)


# ---- what was measured

@pytest.fixture(scope="module")
def found():
    return forensics.measured()


def test_the_measurements_are_of_the_shipped_weights(found):
    assert set(found["counts"]) == GENERATORS == set(found["weights_sha256"])
    for name, digest in found["weights_sha256"].items():
        assert pretrained.card(name)["sha256"] == digest, f"{name} is new: {found['command']}"
    assert len(json.dumps(found)) < 30_000


def test_the_shipped_detector_finds_again_what_it_found(found):
    name = "mnist-mlp"
    x = pretrained.load(name).sample(found["judge"], generator=torch.Generator().manual_seed(1))
    for seen in ("mnist-mlp", "mnist-mlp-k5"):
        rung = forensics.detectors()[seen].calls_forged(x).sum()
        assert abs(rung - found["counts"][seen]["as they are"][name]) <= 3


@pytest.mark.slow
def test_the_measurement_can_be_made_again(found, mnist):
    again = measure_forensics.measure(["mnist-mlp", "mnist-mlp-k5"])["counts"]
    for seen, ways in again.items():
        for way, counts in ways.items():
            for judged, rung in counts.items():
                assert abs(rung - found["counts"][seen][way][judged]) <= 5


def share(found, seen, judged):
    rung, n = found["counts"][seen]["as they are"], found["judge"]
    return 100 * (rung[judged] + n - rung["real"]) / (2 * n)


def test_shares_that_the_text_names(found):
    text = (build.HERE / "15_bug_museum.py").read_text(encoding="utf-8").replace("\n# ", " ")
    own = [share(found, name, name) for name in ("mnist-mlp", "mnist-mlp-k5", "mnist-dcgan")]
    assert "{:.2f} %, {:.2f} % and {:.2f} %, with twenty numbers".format(*own) in text
    assert f"from {own[1]:.2f} % to {share(found, 'mnist-mlp-k5', 'mnist-mlp'):.2f} %" in text
    coin = [share(found, name, "mnist-dcgan") for name in ("mnist-mlp", "mnist-mlp-k5")]
    assert "{:.2f} % and {:.2f} %.".format(*coin) in text
    assert 1_000 == found["learn"] == found["judge"] and text.count("1,000") >= 3


def test_an_alarm_of_a_rare_forgery():
    assert 0.95 * 0.001 / (0.95 * 0.001 + 0.05 * 0.999) < 0.02
