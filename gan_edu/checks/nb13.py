"""Verdicts on the exercises of notebook 13: what a judge of patches sees, the loss of pix2pix, what PSNR rewards."""

import math

import numpy as np
import torch

from gan_edu.checks.core import NotYet, exercise, function, number
from gan_edu.translators import PAPER_PATCH

# ---- the receptive field


def _by_tracing(layers: list[tuple[int, int]]) -> int:
    """Follow one output back to the pixels: its first and its last input, layer by layer from the end."""
    first, last = 0, 0
    for kernel, stride in reversed(layers):
        first, last = first * stride, last * stride + kernel - 1
    return last - first + 1


_STACKS = [[(3, 1)], [(3, 1), (3, 1)], [(4, 2)], [(4, 2), (4, 2)], [(1, 1), (1, 1)], [(4, 2), (4, 2), (4, 1)], [(1, 3), (5, 1)],
           [(5, 3), (2, 1), (3, 2), (3, 1)], list(PAPER_PATCH)]


def _steps(layers: list[tuple[int, int]], upto: int) -> int:
    return math.prod(stride for _, stride in layers[:upto])


def _field_slips(layers: list[tuple[int, int]]) -> list[tuple[float, str]]:
    kernels = [kernel for kernel, _ in layers]
    return [
        (1 + sum(kernel - 1 for kernel in kernels),
         "that would be right if all strides were 1. After a stride of 2, one step of the next layer is two pixels wide."),
        (1 + sum((kernel - 1) * _steps(layers, i + 1) for i, kernel in enumerate(kernels)),
         "each layer's own stride counts only for the layers behind it."),
        (sum((kernel - 1) * _steps(layers, i) for i, kernel in enumerate(kernels)),
         "one pixel is missing: no layers at all see 1."),
        (math.prod(kernels), "kernels do not multiply: two layers of 3 see 5 pixels, not 9."),
        (sum(kernels), "two layers of 3 see 5 pixels, not 6: their windows overlap."),
        (_by_tracing(layers[::-1]), "you take the layers in the wrong order; the first in the list is next to the pixels."),
    ]


@exercise("13-field", "Right for every stack, and 70 for the paper's five layers: hence its name, the 70 x 70 PatchGAN.")
def _(answer: object) -> str | None:
    field = function(answer, "your answer")
    for layers in _STACKS:
        found, right = number(field(list(layers)), "what your function returns"), _by_tracing(layers)
        if abs(found - right) < 1e-6:
            continue
        words = f"for the layers {layers} it gives {found:g}, and one output sees {right} pixels"
        slip = next((why for value, why in _field_slips(layers) if abs(value - found) < 1e-6), "")
        return f"{words}: {slip}" if slip else f"{words}. Start from one output and go back layer by layer."
    return None


# ---- the loss of G


def _loss_cases() -> list[tuple[str, torch.Tensor, torch.Tensor, torch.Tensor, float, float]]:
    draw = torch.Generator().manual_seed(13)
    found = []
    weights = (("both parts", 100.0, 1.0, 0.0), ("L1 alone", 10.0, 0.0, 0.5), ("the judge alone", 0.0, 1.0, -0.5),
               ("other weights", 3.0, 0.25, 1.0))
    for what, l1, adversarial, shift in weights:
        logits = torch.randn(4, 1, 3, 3, generator=draw) + shift
        images = [torch.rand(4, 1, 5, 5, generator=draw) * 2 - 1 for _ in range(2)]
        found.append((what, logits, *images, l1, adversarial))
    what, logits, x_fake, x, l1, adversarial = found[0]
    sure = torch.full_like(logits, -200.0)
    return [*found, ("logits of -200, which a sure judge gives", sure, x_fake, x, l1, adversarial)]


def _parts(logits: torch.Tensor, x_fake: torch.Tensor, x: torch.Tensor) -> tuple[float, float]:
    """-log sigmoid(logits) and |x - x_fake|, means, in float64 NumPy."""
    l = logits.double().numpy()
    return float(np.logaddexp(0, -l).mean()), float(np.abs(x_fake.double().numpy() - x.double().numpy()).mean())


def _loss_slips(logits: torch.Tensor, x_fake: torch.Tensor, x: torch.Tensor, l1: float,
                adversarial: float) -> list[tuple[float, str]]:
    judged, distance = _parts(logits, x_fake, x)
    l, difference = logits.double().numpy(), (x_fake - x).double().numpy()
    return [
        (adversarial * judged + l1 * np.square(difference).mean(), "the distance is squared; eq. (2) has absolute values."),
        (adversarial * judged + l1 * np.abs(difference).sum(), "you sum the pixels' differences; take their mean."),
        (adversarial * judged + l1 * np.abs(difference).sum((1, 2, 3)).mean(),
         "you sum over pixels; take the mean over them too."),
        (adversarial * judged + distance, "l1 is not used."), (judged + l1 * distance, "adversarial is not used."),
        (adversarial * float(np.logaddexp(0, l).mean()) + l1 * distance,
         "G wants its pictures to be taken for real ones: -log D, not -log(1 - D), which is D's loss."),
        (-adversarial * float(np.logaddexp(0, l).mean()) + l1 * distance,
         "that is the minimax form, log(1 - D), which saturates (notebook 04); take -log D."),
        (-adversarial * judged + l1 * distance, "the adversarial part has the wrong sign."),
        (-adversarial * float(l.mean()) + l1 * distance, "that is the Wasserstein loss; take -log sigmoid(logits)."),
    ]


@exercise("13-ablation", "Right: one line, and each half can be switched off: the paper's ablations L1, cGAN, L1 + cGAN.")
def _(answer: object) -> str | None:
    loss = function(answer, "your answer")
    for what, logits, x_fake, x, l1, adversarial in _loss_cases():
        given = loss(logits.clone(), x_fake.clone(), x.clone(), l1, adversarial)
        given = given.detach() if hasattr(given, "detach") else given
        judged, distance = _parts(logits, x_fake, x)
        right = adversarial * judged + l1 * distance
        try:
            found = number(given, f"your loss for {what}")
        except NotYet:
            if "-200" not in what:
                raise
            return ("it is right until D is sure: sigmoid(-200) is 0 in float32, and its log is no number. Use "
                    "softplus(-logits), which is -log sigmoid(logits) without the detour.")
        if abs(found - right) > 1e-4 * max(1, abs(right)):
            slips = _loss_slips(logits, x_fake, x, l1, adversarial)
            why = next((words for value, words in slips if abs(value - found) < 1e-4 * max(1, abs(value))), "")
            return (f"for {what} (l1 = {l1:g}, adversarial = {adversarial:g}) it gives {found:.4f} and should give "
                    f"{right:.4f}. {why}").strip()
    return None


# ---- who wins PSNR

_WHITE = 0.7                    # the chance that the pixel is white, +1; else it is black, -1


def _expected(value: float, power: int) -> float:
    return _WHITE * abs(1 - value) ** power + (1 - _WHITE) * abs(-1 - value) ** power


def _lost(found: float) -> str | None:
    right = 10 * math.log10(2)
    if abs(found - right) < 0.02:
        return None
    if abs(found + right) < 0.02:
        return "lost: the size is right; the sampler has the lower PSNR, so what it loses is positive."
    if abs(found - 20 * math.log10(2)) < 0.02:
        return "lost: PSNR takes 10 log10 of the ratio of *squared* errors, which are squared already."
    if abs(found - 2) < 0.02:
        return "lost: that is the ratio of the squared errors; in decibels it is 10 log10 of it."
    return ("lost: write x for the truth and x' for a second draw, independent and from the same law. E (x - x')^2 is the "
            "variance of a difference; compare it with the variance of x, which is what the best constant leaves.")


@exercise("13-psnr", "Right: the mean wins PSNR and is grey, a colour no pixel ever has; a sampler that could not be told from "
                     "the truth loses 3 dB. PSNR does not reward pictures, it rewards averages.")
def _(answer: object) -> str | None:
    if not isinstance(answer, dict) or set(answer) != {"L2", "L1", "lost"}:
        return 'your answer should be a dict with the keys "L2", "L1" and "lost".'
    values = {key: number(answer[key], key) for key in ("L2", "L1", "lost")}
    for key, power, right in (("L2", 2, 2 * _WHITE - 1), ("L1", 1, 1.0)):
        if abs(values[key] - right) > 0.005:
            better = np.linspace(-1, 1, 2001)[int(np.argmin([_expected(v, power) for v in np.linspace(-1, 1, 2001)]))]
            gain = _expected(values[key], power) - _expected(better, power)
            return (f"{key}: with {values[key]:g} the expected {'squared' if power == 2 else 'absolute'} error is "
                    f"{_expected(values[key], power):.3f}, which can be made smaller by {gain:.3f}.")
    return _lost(values["lost"])
