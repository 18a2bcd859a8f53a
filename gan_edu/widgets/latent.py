"""LatentExplorer: move z and watch the picture. Traits, checks and the Python twin; the page's half is latent*.js.

What does not belong here: how a network is packed for the page (mlp.py), paths and directions (gan_edu.latent).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from gan_edu import latent, plots
from gan_edu.errors import whole
from gan_edu.games import Game
from gan_edu.networks import eval_mode
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.mlp import pack

SEEDS = 64            # how many z the page has at hand for "New z"
NEAREST = 5
_START = {"t": 0.0, "path": "line", "coordinate": 0, "across": "direction 1", "down": "direction 2",
          "reach": 2.5, "steps": 7}


class Vector(traitlets.TraitType):
    """Hold one point of latent space as a list; from a tensor or array too. ValueError for a nan or another size."""

    def validate(self, obj: Any, value: Any) -> list[float]:
        """Return the point as a list of latent_dim numbers."""
        point = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, dtype=np.float64).ravel()
        dim = obj.latent_dim
        if point.size != dim or not np.isfinite(point).all():
            got = f"{point.size} numbers" if point.size != dim else "some that are not finite"
            raise ValueError(f"{self.name} must be {dim} finite numbers, one for each coordinate of z, got {got}")
        return point.tolist()


class LatentExplorer(Explorer, css=["latent.css"], js=[
        "net.js", "noise.js", "latent_run.js", "latent_views.js", "latent_sweep.js", "latent.js"]):
    """Show what a generator makes of z while z moves: along directions, coordinates, between two points, in a grid.

    G: a name from `pretrained.available()`, a game (its moving average is used where there is one), or a generator:
        a module with `latent_dim` that maps (n, latent_dim) to images (n, C, H, W) in [-1, 1], C = 1 or 3.
    D: the judge whose verdict is shown, images to logits (n, 1); None takes the game's, and shows none for a bare G.
    images: training images, uint8 (N, C, H, W) or an ImageSet, to show the nearest ones; None leaves that out.
    directions: how many of `latent.directions(G)`, or an array (m, latent_dim) of your own.
    seed: z starts as sample_latent with torch.Generator().manual_seed(seed); "New z" takes the next seeds.
    Fully connected networks run in the page; others in Python. Raises ValueError for anything else.
    """

    spec = traitlets.Dict().tag(sync=True)
    weights_g = traitlets.Bytes(b"").tag(sync=True)
    weights_d = traitlets.Bytes(b"").tag(sync=True)
    axes = traitlets.Bytes(b"").tag(sync=True)
    bank = traitlets.Bytes(b"").tag(sync=True)
    z = Vector([]).tag(sync=True)                                       #: where we are; all else follows from it
    z_a = Vector([]).tag(sync=True)
    z_b = Vector([]).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    view = traitlets.Enum(["one", "between", "sweep"], "one").tag(sync=True)
    coordinate = traitlets.Int(0, min=0).tag(sync=True)
    t = traitlets.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    path = traitlets.Enum(["line", "great circle"], "line").tag(sync=True)
    across = traitlets.Unicode("direction 1").tag(sync=True)
    down = traitlets.Unicode("direction 2").tag(sync=True)
    reach = traitlets.Float(2.5, min=0.0).tag(sync=True)
    steps = traitlets.Int(7, min=3, max=11).tag(sync=True)

    def __init__(self, G: str | Game | nn.Module = "mnist-mlp", *, D: nn.Module | None = None, images: Any = None,
                 directions: int | Any = 6, seed: int = 0, title: str = "Latent explorer") -> None:
        self.G, self.D = _players(G, D)
        self.latent_dim, self.shape = _sizes(self.G)
        self._images = _flat_images(images, self.shape)
        self.directions = _directions(self.G, directions, self.latent_dim)
        bank = torch.cat([self.sample_z(whole("seed", seed, 0) + i) for i in range(SEEDS)])
        packed_G = pack(self.G, (self.latent_dim,))
        packed_D = pack(self.D, self.shape) if packed_G and self.D is not None else None
        first = {"z": bank[0], "z_a": bank[0], "z_b": bank[1], "seed": seed} | self._start()
        super().__init__(
            **first, axes=_floats(self.directions), bank=_floats(bank),
            weights_g=packed_G.data if packed_G else b"", weights_d=packed_D.data if packed_D else b"",
            spec=self._spec(seed, title) | {"G": packed_G and packed_G.spec, "D": packed_D and packed_D.spec})

    def _start(self) -> dict[str, Any]:
        """Where the controls stand at first and after a reset; fewer than two directions leave less to sweep."""
        known = len(self.directions)
        axes = [f"direction {i + 1}" for i in range(known)] + ["coordinate", "nothing"]
        return _START | {"across": axes[0], "down": axes[1]}

    def _spec(self, seed: int, title: str) -> dict[str, Any]:
        uniform = getattr(self.G, "latent", "normal") == "uniform"
        return {"title": title, "latent_dim": self.latent_dim, "shape": list(self.shape), "first_seed": seed,
                "reach": 4.0, "reach_z": math.sqrt(3) if uniform else 4.0, "typical": math.sqrt(self.latent_dim),
                "has_images": self._images is not None, "has_judge": self.D is not None, "start": self._start()}

    @traitlets.validate("coordinate")
    def _known_coordinate(self, proposal: dict) -> int:
        if not 0 <= proposal["value"] < self.latent_dim:
            raise ValueError(f"coordinate must be from 0 to {self.latent_dim - 1}, got {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("across", "down")
    def _known_axis(self, proposal: dict) -> str:
        name, allowed = proposal["value"], [f"direction {i + 1}" for i in range(len(self.directions))] + ["coordinate"]
        if name in allowed or (name == "nothing" and proposal["trait"].name == "down"):
            return name
        raise ValueError(f"{proposal['trait'].name} must be one of {', '.join(allowed)}, got {name!r}")

    # ---- the Python twin: what the page shows, computed by the networks themselves
    def sample_z(self, seed: int) -> Tensor:
        """Return the z of a seed, (1, latent_dim), as "New z" draws it."""
        return latent.sample_latent(1, self.latent_dim, distribution=getattr(self.G, "latent", "normal"),
                                    generator=torch.Generator().manual_seed(seed))

    def images_of(self, z: Any) -> np.ndarray:
        """Return G(z) in eval mode as float32 (n, C, H, W); z (n, latent_dim)."""
        return self._run(torch.as_tensor(np.asarray(z), dtype=torch.float32))[0].numpy()

    def picture(self) -> np.ndarray:
        """Return the picture at the present z, float32 (C, H, W) in [-1, 1]."""
        return self.images_of([self.z])[0]

    def verdict(self) -> float | None:
        """Return the probability that D gives the present picture of being real; None without D."""
        logits = self._run(torch.tensor([self.z], dtype=torch.float32))[1]
        return None if logits is None else torch.sigmoid(logits.double()).item()

    def grid(self) -> np.ndarray:
        """Return the present sweep around z, float32 (rows, columns, C, H, W); one row where `down` is "nothing"."""
        offsets = np.linspace(-self.reach, self.reach, self.steps)
        across, down = self._axis(self.across), self._axis(self.down)
        rows = [0.0] if down is None else offsets
        z = [np.asarray(self.z) + u * across + (0 if down is None else v * down) for v in rows for u in offsets]
        return self.images_of(z).reshape(len(rows), len(offsets), *self.shape)

    def _axis(self, name: str) -> np.ndarray | None:
        if name == "coordinate":
            return np.eye(self.latent_dim)[self.coordinate]
        return None if name == "nothing" else self.directions[int(name.split()[1]) - 1].double().numpy()

    def _run(self, z: Tensor) -> tuple[Tensor, Tensor | None]:
        device = next((p.device for p in self.G.parameters()), torch.device("cpu"))
        with eval_mode(self.G, *([] if self.D is None else [self.D])):
            images = self.G(z.to(device))
            logits = None if self.D is None else self.D(images).flatten(1).mean(1).float().cpu()
        return images.float().cpu(), logits

    # ---- what the page asks for
    def answer(self, what: str, content: dict, buffers: list) -> tuple[dict, list[bytes]]:
        """Answer "draw" (z in, images and logits out) and "nearest" (an image in, training images out)."""
        if what not in ("draw", "nearest"):
            return super().answer(what, content, buffers)
        numbers = torch.frombuffer(bytearray(buffers[0]), dtype=torch.float32)
        if what == "draw":
            images, logits = self._run(numbers.reshape(-1, self.latent_dim))
            return {}, [_floats(images)] + ([] if logits is None else [_floats(logits)])
        distances, found = self.nearest(numbers.reshape(self.shape))
        return {"distances": distances}, [_floats(found)]

    def nearest(self, image: Any) -> tuple[list[float], Tensor]:
        """Return the distances of the nearest training images, and the images, float32 (5, C, H, W) in [-1, 1].

        The distance is Euclidean over pixels from 0 (black) to 1 (white), smallest first.
        """
        if self._images is None:
            raise ValueError("there are no training images here; give them with LatentExplorer(..., images=...)")
        x = (torch.as_tensor(np.asarray(image), dtype=torch.float32).flatten() + 1) / 2
        squares = torch.cat([((part.float() / 255 - x) ** 2).sum(1) for part in self._images.split(4096)])
        best = squares.topk(min(NEAREST, len(squares)), largest=False)
        return best.values.sqrt().tolist(), (self._images[best.indices].float() / 127.5 - 1).reshape(-1, *self.shape)

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Draw one row of pictures for each direction, z in the middle."""
        offsets, axes = np.arange(-3.0, 4.0), self.directions.double().numpy()[:6]
        axes = axes if len(axes) else np.eye(self.latent_dim)[:6]
        kind = "direction" if len(self.directions) else "coordinate"
        z = [np.asarray(self.z) + u * axis for axis in axes for u in offsets]
        rows = [f"{kind} {i + (kind == 'direction')}" for i in range(len(axes))]
        columns = [f"{u:+.0f}".replace("-", "\u2212") if u else "z" for u in offsets]
        return plots.image_grid(self.images_of(z), columns=len(columns), title=f"Around the z of seed {self.seed}",
                                row_labels=rows, column_labels=columns).figure

    def describe(self) -> str:
        """Return one sentence about the static picture."""
        rows = min(6, len(self.directions) or self.latent_dim)
        return (f"Generated pictures in {rows} rows of 7: in each row z moves along one line of latent space, "
                "from minus 3 to plus 3 standard deviations of the noise.")

    def __repr__(self) -> str:
        return f"LatentExplorer(latent_dim={self.latent_dim}, directions={len(self.directions)})"


def _players(G: Any, D: nn.Module | None) -> tuple[nn.Module, nn.Module | None]:
    if isinstance(G, str):
        from gan_edu import pretrained
        G = pretrained.load(G)
    if isinstance(G, Game):
        G, D = (G.G if G.G_ema is None else G.G_ema), (G.D if D is None else D)
    if not isinstance(G, nn.Module) or not (D is None or isinstance(D, nn.Module)):
        raise ValueError("G must be a name from pretrained.available(), a game or a generator (nn.Module), and D a "
                         f"module or None; got {type(G).__name__} and {type(D).__name__}")
    return G, D


def _sizes(G: nn.Module) -> tuple[int, tuple[int, int, int]]:
    dim = whole("G.latent_dim", getattr(G, "latent_dim", None))
    device = next((p.device for p in G.parameters()), torch.device("cpu"))
    with eval_mode(G):
        shape = tuple(G(torch.zeros(1, dim, device=device)).shape[1:])
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise ValueError(f"G must give images (n, 1, H, W) or (n, 3, H, W), got (n, {', '.join(map(str, shape))})")
    return dim, shape


def _flat_images(images: Any, shape: Sequence[int]) -> Tensor | None:
    if images is None:
        return None
    images = torch.as_tensor(np.asarray(getattr(images, "images", images)))
    if images.dtype != torch.uint8 or images.shape[1:] != shape or len(images) == 0:
        raise ValueError(f"images must be uint8 (N, {', '.join(map(str, shape))}) like G's, got "
                         f"{str(images.dtype).removeprefix('torch.')} {tuple(images.shape)}")
    return images.flatten(1)


def _directions(G: nn.Module, wish: Any, dim: int) -> Tensor:
    """Unit rows (m, dim); none where G's first layer is not linear."""
    if isinstance(wish, int):
        try:
            return latent.directions(G, min(whole("directions", wish, 0), dim)) if wish else torch.empty(0, dim)
        except ValueError:
            whole("directions", wish, 0)
            return torch.empty(0, dim)
    rows = torch.as_tensor(np.asarray(wish), dtype=torch.float32)
    if rows.ndim != 2 or rows.shape[1] != dim or not rows.isfinite().all() or not (rows.norm(dim=1) > 0).all():
        raise ValueError(f"directions must be a number or an array (m, {dim}) of non-zero rows, "
                         f"got {tuple(rows.shape)}")
    return rows / rows.norm(dim=1, keepdim=True)


def _floats(values: Tensor) -> bytes:
    return values.detach().cpu().float().contiguous().numpy().tobytes()
