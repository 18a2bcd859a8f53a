"""FeatureMapExplorer: the maps inside a convolutional generator while z moves, one under a lens, and what it draws.

Here are its state and the Python twin; how a generator runs in the page is convnet.py and convnet.js, drawing features.js.
"""

import copy
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from gan_edu import latent, plots
from gan_edu.errors import whole
from gan_edu.games import Game
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.convnet import BANK, generator_of, pack, stages

STEPS = 9                           # moments of the sweep that stand in the strips
WHITE = 0.995                       # share of the values of a layer on the sweep that are darker than white
ROWS = 5                            # maps in the static twin


class FeatureMapExplorer(Explorer, css=["features.css"], js=[
        "net.js", "noise.js", "convnet.js", "features_views.js", "features.js"]):
    """Show every map of a layer of G while z goes along the great circle from one point to another.

    A map is what one channel says after its rectifier, at each place. The map under the lens can be muted: set to 0 for
    all that lies behind it, so that the picture shows what it draws.
    G: a name from `pretrained.available()`, a game (its moving average where there is one), or a generator that
    `convnet.pack` knows. seed: the 64 points are drawn with torch.Generator().manual_seed(seed + i).
    start, end: which of them the sweep joins; t: where on it, 0 to 1; layer, channel: the map under the lens, at first the
    one of the last layer that draws most; muted: whether the strip is drawn without it. TraitError outside the limits,
    ValueError for another G.
    """

    spec = traitlets.Dict().tag(sync=True)
    weights, norms, bank = (traitlets.Bytes(b"").tag(sync=True) for _ in range(3))
    start = traitlets.Int(0, min=0, max=BANK - 1).tag(sync=True)
    end = traitlets.Int(1, min=0, max=BANK - 1).tag(sync=True)
    t = traitlets.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    layer = traitlets.Int(0, min=0).tag(sync=True)
    channel = traitlets.Int(0, min=0).tag(sync=True)
    muted = traitlets.Bool(False).tag(sync=True)

    def __init__(self, G: str | Game | nn.Module = "mnist-dcgan", *, seed: int = 0, **traits: Any) -> None:
        self.G = copy.deepcopy(generator_of(G)).cpu().float().eval()
        self._packed, n = pack(self.G), whole("seed", seed, 0)
        distribution = getattr(self.G, "latent", "normal")
        self._bank = torch.cat([latent.sample_latent(1, self.G.latent_dim, distribution=distribution,
                                                     generator=torch.Generator().manual_seed(n + i)) for i in range(BANK)])
        super().__init__(spec=self._packed.spec | {"steps": STEPS}, weights=self._packed.weights, norms=self._packed.norms,
                         bank=self._bank.numpy().astype("<f4").tobytes(),
                         **{"layer": len(self._packed.layers) - 2} | traits)
        if "channel" not in traits:
            self.channel = self.strongest()

    @traitlets.validate("layer", "channel")
    def _known(self, proposal: dict) -> int:
        value, name = proposal["value"], proposal["trait"].name
        layers = self._packed.layers[:-1]
        most = len(layers) if name == "layer" else max(one["shape"][0] for one in layers)
        if not 0 <= value < most:
            raise traitlets.TraitError(f"{name} must be from 0 to {most - 1}, got {value}")
        return value

    # ---- the Python twin, by torch
    def points(self, ts: np.ndarray) -> Tensor:
        """Return z at the moments ts of the sweep, (len(ts), latent_dim)."""
        a, b = self._bank[self.start], self._bank[self.end]
        return torch.stack([latent.slerp(a, b, float(t)) for t in ts])

    def place(self) -> tuple[int, int]:
        """Return layer and channel; a layer with fewer channels has the last one."""
        return self.layer, min(self.channel, self._packed.layers[self.layer]["shape"][0] - 1)

    def maps(self, ts: np.ndarray | None = None) -> np.ndarray:
        """Return all maps of the present layer, (moments, C, H, W), at the moments ts; None: at the present t."""
        z = self.points(np.array([self.t]) if ts is None else ts)
        return stages(self.G, self._packed, z)[self.layer]

    def strongest(self) -> int:
        """Return the map of the present layer without which the present picture changes most."""
        z, picture = self.points(np.array([self.t])), self.picture()
        changes = [np.abs(stages(self.G, self._packed, z, mute=(self.layer, c))[-1][0] - picture).mean()
                   for c in range(self._packed.layers[self.layer]["shape"][0])]
        return int(np.argmax(changes))

    def picture(self, *, muted: bool = False) -> np.ndarray:
        """Return the present picture (C, H, W) in [-1, 1], with the map under the lens or without it."""
        return stages(self.G, self._packed, self.points(np.array([self.t])), mute=self.place() if muted else None)[-1][0]

    def readouts(self) -> dict[str, float]:
        """Return of the map under the lens: mean and top, its mean and greatest value; draws, the mean change of a pixel of

        the picture when it is muted, as a share of black to white; scale, what is white in all maps of the layer: all but one
        of 200 values on the sweep are smaller.
        """
        layer, channel = self.place()
        here = self.maps()[0, channel]
        change = np.abs(self.picture() - self.picture(muted=True)).mean() / 2
        return {"mean": float(here.mean()), "top": float(here.max()), "draws": float(change), "scale": self.scale()}

    def scale(self) -> float:
        """Return the value that is white in all maps of the present layer."""
        values = np.sort(self.maps(np.linspace(0, 1, STEPS)), axis=None)
        return float(values[int(WHITE * (values.size - 1))]) or 1.0

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Draw the sweep: the pictures, and below them the maps of the present layer that change most on it."""
        ts = np.linspace(0, 1, STEPS)
        found = stages(self.G, self._packed, self.points(ts))
        maps, pictures = found[self.layer], found[-1]
        chosen = np.argsort(-maps.std(0).mean((1, 2)), kind="stable")[:ROWS]
        grey, side = (2 * maps / self.scale() - 1).clip(-1, 1), pictures.shape[-1]
        rows = [pictures.mean(1)] + [_enlarged(grey[:, c], side) for c in chosen]
        return plots.image_grid(np.concatenate(rows), columns=STEPS, row_labels=["picture", *(f"map {c}" for c in chosen)],
                                column_labels=[f"{t:.2f}" for t in ts],
                                title=f"The {ROWS} of {self._packed.layers[self.layer]['name']} that change most").figure

    def describe(self) -> str:
        """Return the figure in words."""
        layer, channel = self.place()
        r = self.readouts()
        return (f"Pictures along a sweep from one z to another, and below them maps of layer {layer + 1}, "
                f"{self._packed.layers[layer]['name']}, on one scale up to {r['scale']:.2f}. Without map {channel} a pixel of "
                f"the present picture changes by {r['draws']:.3f} of the range.")

    def __repr__(self) -> str:
        return f"FeatureMapExplorer(layer={self.layer}, channel={self.channel}, t={self.t:g})"


def _enlarged(images: np.ndarray, side: int) -> np.ndarray:
    """Repeat pixels so that small maps stand beside the picture, (n, side, side); sides that do not divide are cut off."""
    times = -(-side // images.shape[-1])
    return np.kron(images, np.ones((1, times, times)))[:, :side, :side]
