"""Random numbers on purpose: a seeded torch generator for each named place, and the global one where there is no other way."""

import numpy as np
import torch

from gan_edu.errors import whole

_WORD = 2**32  # beyond it NumPy would spread a number over two words, and two places could share a stream


def generator(seed: int, place: int) -> torch.Generator:
    """Return a fresh CPU generator for one place of a run, as in `generator(seed, epoch)`.

    seed, place: 0 to 2**32 - 1, else ValueError. Equal pairs give equal streams on every machine; NumPy's
    SeedSequence keeps pairs such as (0, 1) and (1, 0) apart, which adding the two numbers would not.
    """
    for name, value in (("seed", seed), ("place", place)):
        if whole(name, value, 0) >= _WORD:
            raise ValueError(f"{name} must be a whole number below {_WORD}, got {value}")
    state = np.random.SeedSequence((int(seed), int(place))).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) & (2**63 - 1))


def seed_device(device: torch.device) -> None:
    """Seed a GPU's global generator, which dropout draws from, by the next number of the CPU's."""
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(int(torch.randint(2**62, ())))
