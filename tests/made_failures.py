"""Small made-up runs for the tests of FailureExplorer: three names, one with remedies, none of them trained."""

import base64

import numpy as np

from gan_edu.widgets import failures_store as store


def run(name: str, remedy: str | None = None, *, frames: int = 9, every: int = 20, rings: int | None = None,
        seed: int = 0) -> dict:
    """Return what `failures_store.record` keeps, with random numbers: `frames` frames and looks, `every` steps apart."""
    rng = np.random.default_rng([seed, len(name), len(remedy or "")])
    steps = [every * i for i in range(frames)]
    signs = {sign: [float(f"{v:.4g}") for v in rng.uniform(0.001, 1, frames - 1)] for sign in store.SIGNS} | {"step": steps[1:]}
    x = rng.normal(size=(frames, store.SAMPLES, 2)) + np.linspace(0, 2, frames)[:, None, None]
    def pack(points):
        return base64.b64encode((points / store.UNIT).round().astype("<i2").tobytes()).decode()
    return {"name": name, "remedy": remedy, "seed": seed, "why": f"{name} is made up.", "verdict": name if rings else None,
            "step": rings, "says": f"{name.capitalize()}: it rang." if rings else "No sign of a failure so far.", "signs": signs,
            "steps": steps, "x": pack(x), "data": pack(rng.normal(size=(store.DATA, 2)))}


def runs() -> list[dict]:
    """Return five runs of three names."""
    return [run("healthy"), run("mode collapse", rings=80), run("mode collapse", "k = 5", frames=7),
            run("mode collapse", "R1", rings=120), run("vanishing gradient", rings=60, frames=11)]


def blinded() -> list[dict]:
    """Return two runs without a name."""
    return [{"blinded": i} | {key: value for key, value in run(f"b{i}", seed=i).items()
                              if key in ("signs", "steps", "x", "data")} for i in range(2)]
