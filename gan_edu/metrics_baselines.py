"""Generators that are none, for testing the measures: real images, k-means centres, a lookup table. Nothing is learnt
here but the centres; every function returns pixels in [0, 1], as the Parzen window and `evaluate_images` take them.
"""

import math

import numpy as np
import torch

from gan_edu.data import ImageSet
from gan_edu.errors import real, whole
from gan_edu.rng import generator


def real_images(images: ImageSet, n: int, *, seed: int = 0) -> np.ndarray:
    """Return n different images of the set as rows (n, C H W), float64 in [0, 1]: what no generator can improve on.

    n: at most the number of images, else ValueError. The draw depends on seed alone.
    """
    if whole("n", n) > len(images):
        raise ValueError(f"n must be at most {len(images):,}, the number of images, got {n:,}")
    return _pixels(images, torch.randperm(len(images), generator=generator(seed, 0))[:n])


def kmeans_centres(images: ImageSet, n: int, *, seed: int = 0) -> np.ndarray:
    """Return the centres of n clusters of the images, (n, C H W), float64 in [0, 1]: averages, so a little blurred.

    n: at most the number of images, else ValueError. Found by minibatches of at least n images, as many passes as
    make fifteen of them, but two to ten (scikit-learn's MiniBatchKMeans). Source: Sculley 2010; as a cheat, Theis et
    al. 2016, table 1.
    """
    from sklearn.cluster import MiniBatchKMeans  # here, not above: it takes a second
    starts, batch = real_images(images, n, seed=seed).astype(np.float32), max(1024, n)
    passes = min(10, max(2, math.ceil(15 * batch / len(images))))
    found = MiniBatchKMeans(n, init=starts, n_init=1, batch_size=batch, max_iter=passes, random_state=seed,
                            reassignment_ratio=0.0)
    return found.fit(_pixels(images, slice(None)).astype(np.float32)).cluster_centers_.astype(float).clip(0, 1)


def lookup_table(images: ImageSet, n: int, *, noise: float = 0.1, seed: int = 0) -> np.ndarray:
    """Return n memorised images with a little noise on every pixel, (n, C H W), float64 in [0, 1].

    The images are drawn with replacement. noise >= 0: the standard deviation, before clipping. The model that has
    learnt nothing but its training images, and that no memoryless measure can tell from a good one.
    """
    draws = generator(whole("seed", seed, 0), 1)
    picked = _pixels(images, torch.randint(0, len(images), (whole("n", n),), generator=draws))
    noise = real("noise", noise, minimum=0)
    return (picked + noise * torch.randn(picked.shape, generator=draws, dtype=torch.float64).numpy()).clip(0, 1)


def _pixels(images: ImageSet, which: torch.Tensor | slice) -> np.ndarray:
    return images.images[which].flatten(1).double().div(255).cpu().numpy()
