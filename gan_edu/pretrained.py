"""Shipped weights by name: the finished game, moments of its training, and the card that says how it was made.

The files lie in gan_edu/weights; benchmarks/make_weights.py makes them. Nothing is downloaded here.
"""

import copy
import difflib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from gan_edu import classifier
from gan_edu.checkpoints import load_checkpoint, read_tensors, save_checkpoint, write_tensors
from gan_edu.errors import CheckpointError
from gan_edu.files import write_whole
from gan_edu.games import GAN, Game
from gan_edu.networks import build, describe, seeded

FOLDER = Path(__file__).parent / "weights"


def available() -> list[str]:
    """Return the names of the shipped games, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if path.stem != classifier.NAME)


def generators() -> list[str]:
    """Return the names of those that draw from noise alone; the others translate images that they are given."""
    return [name for name in available() if "translates" not in card(name)]


def card(name: str) -> dict:
    """Return how these weights were made: command, seed, k, steps, versions, seconds, scores, file and its SHA-256.

    Raises ValueError for a name that is not shipped, and says which is near.
    """
    if name not in available():
        near = difflib.get_close_matches(str(name), available(), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"weights must be one of {', '.join(available())}, got {name!r}{hint}")
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def load(name: str, *, step: int | None = None) -> GAN:
    """Return a shipped game in eval mode, verified before use.

    step: a moment of its training from `snapshots(name)`, generator only (D is the finished one); None: the finished
    game. Raises ValueError for an unknown name or step, CheckpointError for a damaged file.
    """
    made = card(name)
    path = _verified(made["file"], made["sha256"])
    game, _, _ = load_checkpoint(path)
    if step is not None and step not in made["snapshots"]:
        kept = f"snapshots at steps {made['snapshots']}" if made["snapshots"] else "no moments of its training"
        raise ValueError(f"{name} has {kept}, got {step}; take {'one of them' if made['snapshots'] else 'step=None'}")
    if step == 0:                                         # what training started from is a matter of the seed
        with seeded(made["seed"]):
            game.G = build(describe(game.G))
    elif step is not None:
        tensors, _ = read_tensors(_verified(made["snapshot_file"], made["snapshot_sha256"]))
        game.G.load_state_dict(unpack_rows({key.split("/", 1)[1]: value for key, value in tensors.items()
                                            if key.startswith(f"{step}/")}))
    game.G.eval(), game.D.eval()
    return game


def snapshots(name: str) -> list[int]:
    """Return the steps of training at which the generator was kept, in order; step 0, where it is there, is the untrained one."""
    return card(name)["snapshots"]


def averaged(game: Game) -> Game:
    """Return the same game with the moving average, where there is one, in G's place; the networks are shared."""
    twin = copy.copy(game)
    twin.G, twin.G_ema, twin.run = game.G_ema or game.G, None, None
    return twin


def ship(name: str, game: Game, moments: Mapping[int, Mapping[str, Tensor]], notes: Mapping[str, object], *,
         folder: Path = FOLDER, untrained: bool = True) -> dict:
    """Write a finished game and the moments of its G as weights `name`, and return the card. For make_weights.

    moments: step to G's state dict, kept as one int8 a weight with one scale a row; there may be none. The game is kept
    as float16, and the untrained generator, step 0, as its seed in the notes; not so where it began otherwise (untrained=False).
    """
    path = save_checkpoint(folder / f"{name}.safetensors", averaged(game), half=True)
    made = {"name": name, **notes, "file": path.name, "sha256": _sha256(path), "snapshots": [*[0] * untrained, *sorted(moments)]}
    if moments:
        made |= _ship_moments(name, moments, folder)
    write_whole(folder / f"{name}.json", (json.dumps(made, indent=2) + "\n").encode())
    return made


def _ship_moments(name: str, moments: Mapping[int, Mapping[str, Tensor]], folder: Path) -> dict:
    path = folder / f"{name}-moments.safetensors"
    rows = {f"{step}/{key}": value for step, state in moments.items() for key, value in pack_rows(state).items()}
    write_tensors(path, rows, {"format": "gan_edu 1", "moments": sorted(moments)})
    return {"snapshot_file": path.name, "snapshot_sha256": _sha256(path)}


def pack_rows(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return each matrix or kernel as int8 with one float32 scale for each index of its first axis, the rest as float16."""
    packed: dict[str, Tensor] = {}
    for key, value in state.items():
        if value.ndim < 2:
            packed[key] = value.half() if value.is_floating_point() else value
            continue
        scale = value.abs().amax(tuple(range(1, value.ndim)), keepdim=True).clamp_min(1e-12) / 127
        packed |= {key: (value / scale).round().to(torch.int8), f"{key}|scale": scale}
    return packed


def unpack_rows(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `pack_rows`; each weight is off by at most half a scale, 1/254 of the largest in its row."""
    return {key: value.float() * packed[f"{key}|scale"] if f"{key}|scale" in packed else value
            for key, value in packed.items() if not key.endswith("|scale")}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _verified(name: str, digest: str) -> Path:
    path = FOLDER / name
    if not path.exists() or _sha256(path) != digest:
        raise CheckpointError(f"the shipped file {path} is missing or damaged (its SHA-256 is not its card's); "
                              "install gan_edu again")
    return path
