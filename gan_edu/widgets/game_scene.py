"""What GameExplorer draws, as arrays: data, fakes, the surfaces of D and of the best D, G's manifold, arrows, charts.

Everything is computed from one state of the game, in the thread that trains it. What does not belong here: drawing
(game_scene.js, plots_game.py), training, traits.
"""

import numpy as np
import torch
from torch import Tensor

from gan_edu import metrics_toys, rng
from gan_edu.toys import Drawn, Toy
from gan_edu.widgets.game_match import Match

GRID, LINE = 48, 241                    # points a side of a surface in the plane; points of a curve on the line
REAL, FAKES, ARROWS = 600, 400, 80      # points drawn; `KERNELS` fakes make the estimate of q
KERNELS, JUDGED = 1000, 500             # samples of G behind q; samples behind a reading of the meters
LATTICE = 17                            # lines of the latent grid each way
DRAWN_VIEW = 3.0
_PLACE = 2**31 + 16                     # streams of `rng` that no minibatch reaches


class Scene:
    """Hold what stays while a game runs: the view, the data's picture, the noise that is followed, the meters' floors.

    toy: the data. latent_dim: of G. seed: of the points that are shown. `view`: half the width of the picture, in units
    of x. `smoothing`: the width of the kernels; in the plane p and q are smoothed alike before D* is made of them.
    """

    def __init__(self, toy: Toy, latent_dim: int, seed: int) -> None:
        self.toy, self.dim = toy, toy.dim
        generator = rng.generator(seed, _PLACE)
        draws = toy.sample(2**14, generator=generator)
        self.view = DRAWN_VIEW if isinstance(toy, Drawn) else round(1.4 * float(draws.abs().max()), 1)
        self.real = draws[:REAL].numpy()
        self.z = torch.randn(KERNELS, latent_dim, generator=generator)
        self.judged = rng.generator(seed, _PLACE + 1)
        side = GRID if self.dim == 2 else LINE
        self.axis = np.linspace(-self.view, self.view, side)
        self.smoothing = 0.03 * self.view if self.dim == 2 else 0.02 * self.view
        self.points = _mesh(self.axis) if self.dim == 2 else torch.tensor(self.axis, dtype=torch.float32)[:, None]
        self.blur = np.exp(-0.5 * ((self.axis[:, None] - self.axis) / self.smoothing) ** 2)
        self.p = self.smooth(draws.numpy()) if self.dim == 2 else np.exp(toy.log_prob(self.points.double()).numpy())
        self.latent_grid = _latent_grid(latent_dim)

    def smooth(self, x: np.ndarray) -> np.ndarray:
        """Return a Gaussian kernel estimate of the density of x (n, d) on the grid; what is outside is missed."""
        step = self.axis[1] - self.axis[0]
        edges = np.append(self.axis - step / 2, self.axis[-1] + step / 2)
        norm = self.blur.sum(1, keepdims=True) * step            # each kernel has mass 1 on the grid
        if self.dim == 1:
            return (self.blur / norm) @ np.histogram(x[:, 0], edges)[0] / len(x)
        counts = np.histogram2d(x[:, 1], x[:, 0], [edges, edges])[0]           # rows are y
        return (self.blur / norm) @ counts @ (self.blur / norm).T / len(x)

    def picture(self, match: Match) -> dict[str, np.ndarray]:
        """Return the arrays of one picture by name: float32 points and curves, uint8 surfaces (255 is 1)."""
        game = match.game
        with torch.no_grad():
            fakes, manifold = game.G(self.z), game.G(self.latent_grid)
            D = game.D(self.points).sigmoid().numpy().ravel()
        q = self.smooth(fakes.numpy())
        with np.errstate(invalid="ignore"):
            best = self.p / (self.p + q)                                       # nan where neither has any mass
        found = {"fakes": fakes[:FAKES], "manifold": manifold, "arrows": self.arrows(match, fakes[:ARROWS])}
        if self.dim == 1:
            return _floats(found | {"D": D, "best": best, "q": q})
        flat = np.nan_to_num(best, nan=0.5)
        flat = np.where(self.p + q > 1e-3 * self.p.max(), flat, 0.5)           # far from both: no better than a guess
        return _floats(found) | {"D": _bytes(D.reshape(GRID, GRID)), "best": _bytes(flat)}

    def arrows(self, match: Match, x: Tensor) -> Tensor:
        """Return -dloss/dx of each fake's own loss at x (n, d), for the objective in play."""
        with torch.enable_grad():                      # slow motion may ask from within D's step, where G has no graph
            x = x.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(match.game.objective.generated(match.game.D(x)).sum(), x)
        return -gradient

    def readings(self, match: Match) -> dict[str, float]:
        """Return what the meters read on fresh samples of G; nan where a sample is no number."""
        with torch.no_grad():
            x = match.game.G(torch.randn(JUDGED, match.settings.latent_dim, generator=self.judged))
        return metrics_toys.readings(self.toy, x) if torch.isfinite(x).all() else {}

    def floors(self) -> dict[str, tuple[float, float]]:
        """Return what as many real samples read, by meter."""
        return metrics_toys.floors(self.toy, JUDGED)


class Track:
    """Keep a few values over time in bounded memory: when full, neighbours are averaged and steps grow coarser."""

    def __init__(self, names: tuple[str, ...], most: int = 400) -> None:
        self.names, self.most = names, most
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.rows: list[np.ndarray] = []
        self._open: list[np.ndarray] = []
        self.each = 1

    def add(self, step: int, values: dict[str, float]) -> None:
        """Append the values of one step."""
        self._open.append(np.array([step, *(values.get(name, np.nan) for name in self.names)]))
        if len(self._open) < self.each:
            return
        self.rows.append(np.mean(self._open, axis=0))
        self._open = []
        if len(self.rows) >= self.most:
            self.rows = [(a + b) / 2 for a, b in zip(self.rows[::2], self.rows[1::2], strict=True)]
            self.each *= 2

    def table(self) -> np.ndarray:
        """Return (n, 1 + names): the step, then each value; float32."""
        return np.array(self.rows, dtype=np.float32).reshape(-1, 1 + len(self.names))


def pack(arrays: dict[str, np.ndarray]) -> tuple[list[list], bytes]:
    """Return where each array lies, [name, type, length], and all in one run of bytes (each at a multiple of 4)."""
    parts, chunks = [], []
    for name, array in arrays.items():
        data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        parts.append([name, "u1" if array.dtype == np.uint8 else "f4", len(data)])
        chunks.append(data + bytes(-len(data) % 4))
    return parts, b"".join(chunks)


def _mesh(axis: np.ndarray) -> Tensor:
    y, x = np.meshgrid(axis, axis, indexing="ij")
    return torch.tensor(np.stack((x, y), -1).reshape(-1, 2), dtype=torch.float32)


def _latent_grid(latent_dim: int) -> Tensor:
    """Points of a square grid in the first two coordinates of z, the others 0; of a line where there is but one."""
    ticks = torch.linspace(-2, 2, LATTICE)
    if latent_dim == 1:
        return torch.linspace(-2, 2, LATTICE**2)[:, None]
    plane = torch.cartesian_prod(ticks, ticks)
    return torch.cat([plane, torch.zeros(len(plane), latent_dim - 2)], 1)


def _bytes(probability: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(255 * np.nan_to_num(probability, nan=0.5)), 0, 255).astype(np.uint8)


def _floats(arrays: dict) -> dict[str, np.ndarray]:
    return {name: np.asarray(array.detach() if isinstance(array, Tensor) else array, dtype=np.float32)
            for name, array in arrays.items()}
