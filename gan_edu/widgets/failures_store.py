"""The stored runs of notebook 09: what is kept of a run, and the file that keeps it, beside this one.

Recipes and signs belong in gan_edu.failures; drawing in failures.py. `benchmarks/make_failures.py` makes the file.
"""

import base64
import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import torch

from gan_edu.failures import Alarm, Frame, Hidden, Play
from gan_edu.toys import Toy

FILE = "failures.json"
SAMPLES, DATA = 64, 160            # samples of the 256 of a frame; draws of the data behind them
UNIT = 1e-3                        # samples are kept as whole thousandths, int16
SIGNS = ("step", "modes", "share", "spread", "gradient", "sure", "moved", "swing", "crossings")


def record(seen: Play, *, frames: bool = True) -> dict[str, Any]:
    """Return what is kept of a run, ready for JSON: names, seed, verdict, step, says, signs and, if wanted, frames."""
    alarm: Alarm = seen.alarm
    kept = {"name": seen.recipe.name, "remedy": seen.recipe.remedy, "seed": seen.recipe.seed, "why": seen.recipe.why,
            "verdict": alarm.verdict, "step": alarm.step, "says": alarm.says, "signs": signs_of(alarm.signs)}
    return kept | (_pictures(seen.frames, seen.recipe.data) if frames else {})


def record_hidden(i: int, seen: Hidden) -> dict[str, Any]:
    """Return what is kept of blinded run i: signs and frames, and no name."""
    return {"blinded": i, "signs": signs_of(seen.signs)} | _pictures(seen.frames, seen.data)


def signs_of(signs: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return all signs of an alarm to four digits."""
    return {name: [float(f"{value:.4g}") for value in signs.get(name, [])] for name in SIGNS}


def _pictures(frames: Iterable[Frame], data: Toy) -> dict[str, Any]:
    drawn = data.sample(DATA, generator=torch.Generator().manual_seed(1))
    return {"steps": [frame.step for frame in frames], "x": _packed(np.stack([f.x[:SAMPLES].numpy() for f in frames])),
            "data": _packed(drawn.numpy())}


def _packed(x: np.ndarray) -> str:
    thousandths = (x / UNIT).round().clip(-32767, 32767).astype("<i2")
    return base64.b64encode(thousandths.tobytes()).decode()


def points(text: str) -> np.ndarray:
    """Return kept points, float (n, 2): `kept["data"]`, or all frames of `kept["x"]` one after another."""
    return UNIT * np.frombuffer(base64.b64decode(text), "<i2").reshape(-1, 2)


@cache
def load() -> dict[str, Any]:
    """Return the file, lists of what `record` makes: "runs", every recipe with none and each of its remedies, seed 0;

    "blinded", six; "seeds", more seeds of each recipe, without frames; "wasserstein", signs of "mode collapse" with a
    critic for D, five seeds. And "made_by", "torch".
    """
    return json.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
