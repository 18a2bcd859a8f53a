"""Random numbers on purpose: one seeded torch generator for each named place. No global state, and nothing is drawn."""

import numpy as np
import torch

from gan_edu.errors import whole


def generator(seed: int, *path: int) -> torch.Generator:
    """Return a fresh CPU generator that belongs to `seed` and to the place `path`, as in `generator(0, epoch)`.

    Equal arguments give equal streams on every machine; NumPy's SeedSequence keeps neighbours such as (0, 1) and
    (1, 0) apart, which adding the numbers would not.
    """
    words = [whole("seed", seed, 0), *(whole("place", part, 0) for part in path)]
    state = np.random.SeedSequence(words).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) & (2**63 - 1))
