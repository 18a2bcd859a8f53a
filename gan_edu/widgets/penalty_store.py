"""What benchmarks/make_wasserstein.py made for notebook 11: critics whose true answer is known, and runs beside their W1.

Here are the three situations the critics were trained in, and the two files, which lie beside this one. Drawing is in
penalty.py. A critic is kept as one int16 a weight and one scale for all.
"""

import base64
import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan_edu.networks import MLPDiscriminator
from gan_edu.toys import Ring

CRITICS, RUNS = "penalty.json", "wasserstein_runs.json"
SITUATIONS = {"moved aside": (1.0, (1.5, 0.0)), "shrunk to half": (0.5, (0.0, 0.0)), "all at the middle": (0.0, (0.0, 0.0))}
CLIPS, PENALTIES = (0.01, 0.03, 0.1, 0.3), (0.1, 1.0, 10.0, 100.0)
HIDDEN, POINTS = (32, 32), 256
DATA = Ring(std=0.1)


def points(situation: str) -> tuple[np.ndarray, np.ndarray]:
    """Return real and fake points of a situation, float64 (256, 2) each; fake i is real i, scaled and moved."""
    scale, shift = SITUATIONS[situation]
    real = DATA.sample(POINTS, generator=torch.Generator().manual_seed(3)).double().numpy()
    return real, scale * real + np.array(shift)


def true_w1(situation: str) -> float:
    """Return W1 of the two sets of points, exactly.

    Shifted by v: |v|, and nothing needs less, since the means are |v| apart. Scaled by s towards the middle: the critic
    |x| earns (1 - s) mean |x|, and moving each point along its ray costs as much.
    """
    scale, shift = SITUATIONS[situation]
    return float(np.hypot(*shift) + (1 - scale) * np.hypot(*points(situation)[0].T).mean())


class Moved(nn.Module):
    """A generator that learns nothing: from noise z (n, 4) to draws of `DATA`, scaled and moved as a situation says."""

    latent_dim, latent, shape = 4, "normal", (2,)

    def __init__(self, situation: str) -> None:
        super().__init__()
        scale, shift = SITUATIONS[situation]
        self.scale, self.shift = scale, nn.Parameter(torch.tensor(shift))

    def forward(self, z: Tensor) -> Tensor:
        mode = ((torch.atan2(z[:, 1], z[:, 0]) / (2 * torch.pi) + 1) * DATA.count).long() % DATA.count
        return self.scale * (DATA.modes[mode] + DATA.std * z[:, 2:]) + self.shift


def pack(critic: nn.Module) -> dict[str, Any]:
    """Return all weights of a critic, in the order of its parameters, as int16 in base64 and their scale."""
    weights = torch.cat([p.detach().flatten() for p in critic.parameters()]).double().numpy()
    scale = float(np.abs(weights).max() / 32767)
    return {"scale": scale, "weights": base64.b64encode((weights / scale).round().astype("<i2").tobytes()).decode()}


def weights_of(kept: dict[str, Any]) -> np.ndarray:
    """Return all weights of a kept critic in one row, float64."""
    return kept["scale"] * np.frombuffer(base64.b64decode(kept["weights"]), "<i2").astype(np.float64)


def critic_of(kept: dict[str, Any]) -> MLPDiscriminator:
    """Return the kept critic as the network it was, in float64."""
    critic, row = MLPDiscriminator(shape=(2,), hidden=HIDDEN).double(), torch.from_numpy(weights_of(kept))
    with torch.no_grad():
        for p, part in zip(critic.parameters(), row.split([p.numel() for p in critic.parameters()]), strict=True):
            p.copy_(part.view_as(p))
    return critic.requires_grad_(False)


@cache
def _read(name: str) -> dict[str, Any]:
    return json.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def critics() -> dict[str, Any]:
    """Return the shipped critics: command, versions, how they were trained, and a row for each."""
    return _read(CRITICS)


def critic(situation: str, way: str, value: float) -> dict[str, Any]:
    """Return one shipped critic's row: way "clip" with c, or "penalty" with lambda. ValueError for one that is not there."""
    for row in critics()["critics"]:
        if (row["situation"], row["way"], row["value"]) == (situation, way, value):
            return row
    raise ValueError(f"there are critics for {', '.join(SITUATIONS)} with clip {CLIPS} and penalty {PENALTIES}, got "
                     f"{situation!r}, {way!r}, {value}")


def runs() -> dict[str, Any]:
    """Return the shipped runs: command, versions, settings, the floor of W1, and for each run what every look saw."""
    return _read(RUNS)
