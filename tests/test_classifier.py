"""The digit classifier: reads digits, gives features, leaves modes alone, and refuses what is no digit or no file of ours."""

import json

import numpy as np
import pytest
import torch

from gan_edu import classifier, pretrained
from gan_edu.classifier import DigitClassifier, features, features_and_probabilities, probabilities
from gan_edu.data import scale
from gan_edu.errors import CheckpointError
from gan_edu.networks import count_parameters, seeded


def test_it_reads_the_embedded_digits_which_it_has_never_seen(digits):
    """Other writers, another camera, 8 x 8 pixels: most are still read."""
    right = (probabilities(digits.images).argmax(1) == digits.labels.numpy()).mean()
    assert right > 0.7


def test_features_and_probabilities_have_the_shapes_and_types_they_say(digits):
    x = digits.images[:7]
    hidden, p = features_and_probabilities(x)
    assert hidden.shape == (7, 64) and hidden.dtype == np.float64 and (hidden >= 0).all()
    assert p.shape == (7, 10) and p.dtype == np.float64 and np.allclose(p.sum(1), 1, atol=1e-12)
    np.testing.assert_array_equal(features(x), hidden)
    np.testing.assert_array_equal(probabilities(scale(x)), p)                # uint8 and [-1, 1] are the same digits
    logits = hidden @ classifier.classifier().head.weight.double().numpy().T + classifier.classifier().head.bias.numpy()
    np.testing.assert_allclose(p, np.exp(logits) / np.exp(logits).sum(1, keepdims=True), rtol=1e-4)


def test_batches_do_not_change_what_is_seen(digits, monkeypatch):
    whole = features(digits.images[:50])
    monkeypatch.setattr(classifier, "_BATCH", 7)
    np.testing.assert_allclose(features(digits.images[:50]), whole, atol=1e-4)


def test_it_is_frozen_and_its_modes_stay(digits):
    shipped = classifier.classifier()
    assert shipped is classifier.classifier() and not shipped.training
    assert not any(p.requires_grad for p in shipped.parameters())
    with seeded(0):
        own = DigitClassifier().train()
    own.body[1].eval()
    before = own.body[5].running_mean.clone()
    features(digits.images[:5], model=own)
    assert own.training and not own.body[1].training and own.body[5].training
    assert torch.equal(own.body[5].running_mean, before)                     # BatchNorm has learnt nothing from looking


def test_the_card_says_how_it_was_made():
    made = classifier.card()
    assert {"command", "data", "licence", "seed", "accuracy", "standard_error", "torch", "gan_edu", "sha256"} <= made.keys()
    assert made["accuracy"] >= 0.99 and made["parameters"] == count_parameters(DigitClassifier())
    n = 10_000
    assert made["standard_error"] == pytest.approx((made["accuracy"] * (1 - made["accuracy"]) / n) ** 0.5, abs=1e-5)
    assert (classifier.FOLDER / made["file"]).stat().st_size <= 500_000


def test_it_is_no_game_and_is_not_offered_as_one():
    assert classifier.NAME not in pretrained.available()


@pytest.mark.parametrize("images, message", [
    (torch.zeros(2, 3, 28, 28) - 1, r"images must be \(n, 1, 28, 28\) float32, got \(2, 3, 28, 28\)"),
    (torch.zeros(2, 28, 28, dtype=torch.uint8), r"images must be \(n, 1, 28, 28\) with n >= 1, got \(2, 28, 28\)"),
    (torch.zeros(0, 1, 28, 28, dtype=torch.uint8), "with n >= 1, got"),
    (torch.linspace(0, 0.99, 1568).view(2, 1, 28, 28), r"must lie in \[-1, 1\], got \[0"),
    (torch.full((2, 1, 28, 28), torch.nan), r"must lie in \[-1, 1\], got \[nan, nan\]"),
])
def test_what_is_no_digit_is_refused(images, message):
    with pytest.raises(ValueError, match=message):
        features(images)


def test_a_damaged_or_missing_file_is_refused(tmp_path, monkeypatch):
    made = classifier.card()
    data = (classifier.FOLDER / made["file"]).read_bytes()
    monkeypatch.setattr(classifier, "FOLDER", tmp_path)
    (tmp_path / f"{classifier.NAME}.json").write_text(json.dumps(made))
    load = classifier.classifier.__wrapped__                                 # without the memory of the good one
    for bad in (None, data[:-1], data[:9000] + bytes([data[9000] ^ 1]) + data[9001:]):
        if bad is not None:
            (tmp_path / made["file"]).write_bytes(bad)
        with pytest.raises(CheckpointError, match="missing or damaged.*install gan_edu again"):
            load()
    (tmp_path / made["file"]).write_bytes(data)
    assert isinstance(load(), DigitClassifier)


@pytest.mark.slow
def test_it_reads_the_real_test_set_as_its_card_says(mnist_test):
    verdicts = probabilities(mnist_test.images).argmax(1)
    right = float((verdicts == mnist_test.labels.numpy()).mean())
    assert right == pytest.approx(classifier.card()["accuracy"], abs=2e-4) and right >= 0.99
