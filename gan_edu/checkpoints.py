"""One self-verifying file for everything a run needs: safetensors, hashed as a whole, written aside and renamed.

No pickle anywhere: a file that could run code is refused before it is read. What goes into the file is decided by
`training` (a run) and `pretrained` (a generator); this room only keeps it safe.
"""

import hashlib
import json
import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load as _parse
from safetensors.torch import save as _serialise
from torch import Tensor, nn

import gan_edu
from gan_edu import translators  # noqa: F401  (its networks, for `build`)
from gan_edu.errors import CheckpointError
from gan_edu.files import write_whole
from gan_edu.games import GAN, WGAN, ConditionalGAN, Game, moving_average_of
from gan_edu.games_analytic import Bilinear, DiracGAN
from gan_edu.games_paired import SRGAN, Pix2Pix
from gan_edu.games_unpaired import CycleGAN
from gan_edu.networks import build, describe

FORMAT = "gan_edu 1"
_NO_HASH = "0" * 64
GAMES = {game.__name__: game for game in (GAN, ConditionalGAN, WGAN, Bilinear, DiracGAN, Pix2Pix, SRGAN,
                                              CycleGAN)}


def save_checkpoint(path: str | Path, game: Game, *, state: Mapping[str, Any] | None = None,
                    notes: Mapping[str, Any] | None = None, half: bool = False) -> Path:
    """Write players, moving average and `state` to one file, whole or not at all, and return its path.

    state: a tree of dicts and lists with tensors, numbers, text or None as leaves (optimisers, random states, ...).
    notes: JSON only, for people and cards. half: keep the players' floats as float16.
    Raises CheckpointError when the file cannot be written; a file already there is then intact.
    """
    tensors: dict[str, Tensor] = {}
    for name, network in _networks_of(game).items():
        tensors |= {f"{name}.{key}": _halved(value) if half else value
                    for key, value in network.state_dict().items()}
    meta = {"format": FORMAT, "torch": torch.__version__, "gan_edu": gan_edu.__version__, "game": game.config,
            "networks": {name: describe(network) for name, network in _networks_of(game).items()},
            "notes": dict(notes or {}), "state": _pack(dict(state or {}), "state", tensors)}
    write_tensors(path, tensors, meta)
    return Path(path)


def load_checkpoint(path: str | Path, game: Game | None = None, *,
                    settings: Mapping[str, Any] | None = None) -> tuple[Game, dict, dict]:
    """Read a checkpoint and return (game, state, meta).

    game: the game to load into; None builds a new one from the file. settings: must equal those the file was saved
    with; None asks for nothing. Everything is verified and compared first: on any difference a CheckpointError lists
    all of them and the game is untouched.
    """
    tensors, meta = read_tensors(path)
    try:
        game = game or _build_game(meta)
        stored = {name: {key.split(".", 1)[1]: value for key, value in tensors.items() if key.startswith(name + ".")}
                  for name in meta["networks"]}
        state = _unpack(meta["state"], tensors)
        found = {"game": meta["game"], "networks": meta["networks"]}
        if settings is not None:
            found["settings"] = meta["notes"].get("settings", {})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path} is a safetensors file, but not a checkpoint of gan_edu ({error}); "
                              "give a file that save_checkpoint or gan-edu train wrote") from error
    # a moving average may be in either and missing in the other
    networks = {"G": game.G, "D": game.D} | ({"G_ema": game.G_ema or moving_average_of(game.G)} if "G_ema" in stored else {})
    here = {"game": game.config, "networks": {name: describe(network) for name, network in networks.items()}}
    require_same(path, here if settings is None else here | {"settings": settings}, found)
    require_same(path, {name: _shapes(network.state_dict()) for name, network in networks.items()},
                 {name: _shapes(values) for name, values in stored.items()})
    for name, network in networks.items():
        network.load_state_dict(stored[name])
    game.G_ema = networks.get("G_ema", game.G_ema)
    return game, state, meta


def require_same(path: str | Path, here: Mapping[str, Any], file: Mapping[str, Any]) -> None:
    """Raise CheckpointError that lists every place where two trees of settings differ; else do nothing."""
    here, file = _leaves(here), _leaves(file)
    rows = [f"{key}: file {file.get(key, 'nothing')!r}, here {here.get(key, 'nothing')!r}"
            for key in sorted(here.keys() | file.keys()) if here.get(key) != file.get(key)]
    if rows:
        raise CheckpointError(f"{path} belongs to another run or model; nothing was loaded. It differs in:\n  "
                              + "\n  ".join(rows) + "\nBuild the game as the file says, or choose another file.")


def write_tensors(path: str | Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Write tensors and JSON `meta` to one safetensors file that carries the SHA-256 of all its bytes.

    Raises CheckpointError when it cannot be written; what was there before is then intact.
    """
    path = Path(path)
    stored = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        text = json.dumps(meta, sort_keys=True, default=operator.index)          # NumPy's whole numbers pass
        blank = _serialise(stored, metadata={"meta": text, "sha256": _NO_HASH})
    except (RuntimeError, TypeError) as error:            # memory that two tensors share, or a note that is not JSON
        raise CheckpointError(f"could not write {path}: {error}. Neither parts of a player that share one network can be kept, "
                              "nor notes that are not JSON; give each part a network of its own.") from error
    whole = blank.replace(_NO_HASH.encode(), hashlib.sha256(blank).hexdigest().encode(), 1)
    try:
        write_whole(path, whole)
    except OSError as error:
        raise CheckpointError(f"could not write {path} ({error.strerror or error}; disk full or folder read-only?); "
                              "the previous checkpoint, if there was one, is intact. Free some space or give another "
                              "path.") from error


def read_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict]:
    """Return (tensors, meta) of a file that `write_tensors` wrote, after checking its SHA-256.

    Raises CheckpointError for a missing, foreign, damaged or truncated file.
    """
    path = Path(path)
    if path.suffix in (".pt", ".pth", ".pkl", ".bin", ".ckpt"):
        raise CheckpointError(f"{path.name} may hold a pickle; only .safetensors are read, and files that could run code "
                              "are refused")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"cannot read {path} ({error.strerror or error}); give the path of a .safetensors file "
                              "that gan-edu train wrote") from error
    try:
        header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
        digest = header["__metadata__"]["sha256"]
        meta = json.loads(header["__metadata__"]["meta"])
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise CheckpointError(f"{path} is not a checkpoint of gan_edu or is damaged ({_looks_like(data)}); "
                              "use another copy, or train again") from error
    if hashlib.sha256(data.replace(str(digest).encode(), _NO_HASH.encode(), 1)).hexdigest() != digest:
        raise CheckpointError(f"{path} is damaged: its SHA-256 is not the one it was written with; "
                              "use another copy, or train again")
    if meta.get("format") != FORMAT:
        raise CheckpointError(f"{path} has format {meta.get('format')!r}, this version reads {FORMAT!r}; "
                              "update gan_edu, or train again")
    try:
        return _parse(data), meta
    except safetensors.SafetensorError as error:                  # hashed by someone else's rules
        raise CheckpointError(f"{path} cannot be parsed ({error}); use another copy, or train again") from error


def _looks_like(data: bytes) -> str:
    if not data:
        return "it is empty"
    if data.lstrip()[:1] == b"<":
        return "got a web page"
    return "got a zip or PyTorch file" if data[:2] == b"PK" else f"its {len(data)} bytes are no safetensors"


def _networks_of(game: Game) -> dict[str, nn.Module]:
    networks = {"G": game.G, "D": game.D, "G_ema": game.G_ema}
    return {name: network for name, network in networks.items() if network is not None}


def _build_game(meta: Mapping[str, Any]) -> Game:
    arguments = dict(meta["game"])
    game = GAMES[arguments.pop("game")](build(meta["networks"]["G"]), build(meta["networks"]["D"]), **arguments)
    game.G_ema = moving_average_of(game.G) if "G_ema" in meta["networks"] else None
    return game


def _shapes(values: Mapping[str, Tensor]) -> dict[str, list[int]]:
    return {key: list(value.shape) for key, value in values.items()}


def _halved(value: Tensor) -> Tensor:
    return value.half() if value.dtype == torch.float32 else value


def _pack(tree: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Replace each tensor in a tree by its name in `tensors`, so that what is left is JSON."""
    if isinstance(tree, Tensor):
        tensors[name] = tree
        return {"tensor": name}
    if isinstance(tree, Mapping):
        # JSON has no whole-number keys, optimisers do: keep the pairs
        return {"pairs": [[key, _pack(value, f"{name}/{key}", tensors)] for key, value in tree.items()]}
    if isinstance(tree, list | tuple):
        return [_pack(value, f"{name}/{i}", tensors) for i, value in enumerate(tree)]
    return tree


def _unpack(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(tree, Mapping):
        if "tensor" in tree:
            return tensors[tree["tensor"]]
        return {key: _unpack(value, tensors) for key, value in tree["pairs"]}
    return [_unpack(value, tensors) for value in tree] if isinstance(tree, list) else tree


def _leaves(tree: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(tree, Mapping):
        return {key: leaf for name, value in tree.items()
                for key, leaf in _leaves(value, f"{prefix}.{name}" if prefix else str(name)).items()}
    return {prefix: list(tree) if isinstance(tree, tuple) else tree}
