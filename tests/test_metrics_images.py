"""PSNR, energy in high frequencies and the class that was kept: closed forms, and a Fourier sum written as loops."""

import cmath
import math

import numpy as np
import pytest
import torch

from gan_edu.metrics_images import class_kept, high_frequency_energy, psnr, sharpness


def images(n=3, side=6, seed=0):
    return torch.rand(n, 1, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def test_psnr_of_a_known_error():
    x = torch.zeros(2, 1, 4, 4)
    x[1, 0, 0, 0] = 0.5
    found = psnr(x + torch.tensor([0.02, 0.0]).reshape(2, 1, 1, 1), torch.zeros(2, 1, 4, 4))
    assert found[0] == pytest.approx(40, abs=1e-5)                             # an error of 1 % of the range: 40 dB
    assert found[1] == pytest.approx(20 * math.log10(2 / (0.5 / 4)))           # one pixel of 16: root mean square 0.5 / 4
    assert found.dtype == torch.float64 and torch.isinf(psnr(x, x)).all()


def test_half_of_the_squared_error_is_three_decibels_more():
    x, e = images(), images(seed=1)
    gain = psnr(x + e / math.sqrt(2), x) - psnr(x + e, x)
    assert torch.allclose(gain, torch.full((3,), 10 * math.log10(2), dtype=torch.float64))


def fourier_by_loops(image, cutoff):
    h, w = image.shape
    total = 0.0
    for k in range(h):
        for m in range(w):
            fy, fx = min(k, h - k) / h, min(m, w - m) / w
            if math.hypot(fx, fy) > cutoff:
                F = sum(image[r, c] * cmath.exp(-2j * math.pi * (k * r / h + m * c / w)) for r in range(h) for c in range(w))
                total += abs(F / (h * w)) ** 2
    return total


@pytest.mark.parametrize("cutoff", [0.0, 0.1, 0.26, 0.45])
def test_energy_is_the_sum_of_a_fourier_transform_by_loops(cutoff):
    x = images(side=7)
    expected = [fourier_by_loops(image[0].numpy(), cutoff) for image in x]
    assert high_frequency_energy(x, cutoff).numpy() == pytest.approx(expected)


@pytest.mark.parametrize("cycles, high", [(1, False), (4, True), (2, False), (3, True)])
def test_a_wave_has_half_its_squared_amplitude_on_one_side_of_the_cutoff(cycles, high):
    wave = 0.8 * torch.cos(2 * math.pi * cycles * torch.arange(10) / 10).expand(1, 1, 10, 10)
    assert float(high_frequency_energy(wave)) == pytest.approx(0.32 if high else 0, abs=1e-7)


def test_above_frequency_zero_lies_the_variance():
    x = images(n=4, side=9)
    assert high_frequency_energy(x, 0.0).numpy() == pytest.approx(np.var(x.numpy(), axis=(1, 2, 3)))


def test_sharpness_of_real_images_is_one_and_of_their_averages_less():
    x = images(n=8, side=8)
    blurred = torch.nn.functional.avg_pool2d(x, 3, 1, 1)
    assert sharpness(x, x) == 1 and sharpness(blurred, x) < 0.2 and sharpness(0.5 * x, x) == pytest.approx(0.25)


def test_class_kept_counts_the_likeliest():
    p = np.eye(4)[[0, 1, 2, 3, 0]] * 0.6 + 0.1
    assert class_kept(p, torch.tensor([0, 1, 2, 0, 1])) == (0.6, pytest.approx(math.sqrt(0.6 * 0.4 / 5)))


@pytest.mark.parametrize("call, words", [
    (lambda x: psnr(x, x[:2]), "must have one shape"), (lambda x: psnr(x[0], x[0]), r"images must be \(n, C, H, W\)"),
    (lambda x: high_frequency_energy(x * float("nan")), "images holds NaN"),
    (lambda x: high_frequency_energy(x, -1), "cutoff must be a finite number >= 0"),
    (lambda x: class_kept(np.full((3, 2), 0.5), torch.tensor([0])), "labels must be 3, one for each image, got 1")])
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call(images())
