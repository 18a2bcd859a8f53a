"""Which of two domains an image looks like: a classifier that no translator has met. Nothing here trains a game."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan_edu.data import ImageSet, require_images, scale

_REACH = 5               # pixels; autocorrelations up to this far are looked at


@dataclass(frozen=True, repr=False)
class DomainClassifier:
    """Tell two domains apart by how alike neighbouring pixels are: logistic regression on `autocorrelations`.

    Made by `domain_classifier`. It knows textures, stroke widths and slants, and not where in the image a digit lies.
    """

    model: Any

    def probability_of_b(self, images: Tensor) -> np.ndarray:
        """Return for each image the probability that it is from domain b, (n,), float64; images as for `autocorrelations`."""
        return self.model.predict_proba(autocorrelations(images))[:, 1]

    def share_of_b(self, images: Tensor) -> float:
        """Return the share of the images that are rather of domain b than of a."""
        return float((self.probability_of_b(images) > 0.5).mean())


def domain_classifier(a: ImageSet, b: ImageSet) -> DomainClassifier:
    """Learn to tell domain a from domain b by the images of two sets, by scikit-learn's logistic regression."""
    from sklearn.linear_model import LogisticRegression  # here, not above: it takes a second
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.concatenate([autocorrelations(a.images), autocorrelations(b.images)])
    y = np.repeat([0, 1], [len(a), len(b)])
    return DomainClassifier(make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000)).fit(x, y))


def autocorrelations(images: Tensor) -> np.ndarray:
    """Return sum over p of x(p) x(p + s), over the same at s = 0, for 60 shifts s: (n, 60), float64.

    images (n, 1, H, W): uint8, or float32 in [-1, 1]; black counts as 0. The shifts are all of up to 5 pixels in each
    direction, one of each pair s and -s, whose sums are equal. Computed by FFT (Wiener-Khinchin theorem).
    """
    if images.dtype == torch.uint8:
        images = scale(images)
    require_images(images, (1, *images.shape[2:]))
    x = (images[:, 0].double().cpu() + 1) / 2
    size = [side + _REACH for side in x.shape[1:]]                   # zeros enough that nothing wraps around
    sums = torch.fft.irfft2(torch.fft.rfft2(x, s=size).abs().square(), s=size)
    shifts = [(r, c) for r in range(_REACH + 1) for c in range(-_REACH, _REACH + 1) if (r, c) > (0, 0)]
    energy = sums[:, 0, 0].clamp_min(1e-12)
    return torch.stack([sums[:, r, c] / energy for r, c in shifts], 1).numpy()
