"""A made-up sweep with the shape of a real one, for tests of what shows sweeps. Nothing here was trained."""

import numpy as np

from gan_edu.sweeps import ToySweep


def made_sweep(ks=(1, 2, 3, 5), lrs=(3e-4, 1e-3, 1e-2), seeds: int = 32, looks: int = 10, seed: int = 0) -> ToySweep:
    """Return qualities that fall from 2 with noise of their own; the budget is 600 gradient evaluations for every k."""
    rng = np.random.default_rng(seed)
    steps = np.array([np.rint(np.linspace(0, 600 // (k + 1), looks + 1)) for k in ks]).astype(np.int64)
    pace = rng.uniform(0.5, 4, (len(ks), len(lrs), 1, 1)) * np.linspace(0, 1, looks + 1)
    noise = rng.lognormal(0, 0.3, (len(ks), len(lrs), seeds, looks + 1))
    return ToySweep(ks, lrs, tuple(range(seeds)), (2 * np.exp(-pace) * noise).astype(np.float32), steps,
                    np.array([0.03, 0.14], np.float32), notes={"toy": "Made(up=1)"})
