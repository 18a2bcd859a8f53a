"""ConditionExplorer: the ten digits of one z side by side, and the way from one order to another.

Here are its state, its checks and its Python twin; G and the classifier run in the page (places.py, places.js), and the
drawing is condition.js.
"""

from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from gan_edu import latent, plots, pretrained
from gan_edu.classifier import classifier, probabilities
from gan_edu.errors import whole
from gan_edu.games import ConditionalGAN
from gan_edu.networks import ConditionalGenerator, eval_mode
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import Number
from gan_edu.widgets.latent import SEEDS, Vector
from gan_edu.widgets.places import Places, pack_places

CLASSES = 10
STOPS = 17            # pictures from one order to the other whose readings make the curve; every second one is shown
REACH = 4.0           # of the sliders along directions, in standard deviations of the noise
_ON_PAPER = np.arange(-3.0, 4.0)


class ConditionExplorer(Explorer, css=["condition.css"], js=["net.js", "noise.js", "places.js", "condition.js"]):
    """Show what a conditional generator makes of one z for every digit, and of orders between two digits.

    G: a name from `pretrained.available()`, a ConditionalGAN (its moving average is used where there is one), or a
        ConditionalGenerator of ten classes and images (1, 28, 28).
    directions: how many directions of z have a slider, 1 to 8: those that move G's first layer most.
    seed: z starts as sample_latent with torch.Generator().manual_seed(seed); "New z" takes the next seeds.
    digit is ordered, other is the order it is mixed with, t the share of other: y = (1 - t) e_digit + t e_other. The
    readings are those of the shipped digit classifier. All traits may be set from Python; TraitError outside the range.
    Raises ValueError for another generator.
    """

    spec = traitlets.Dict().tag(sync=True)
    weights_g = traitlets.Bytes(b"").tag(sync=True)
    weights_c = traitlets.Bytes(b"").tag(sync=True)
    axes = traitlets.Bytes(b"").tag(sync=True)
    bank = traitlets.Bytes(b"").tag(sync=True)
    z = Vector([]).tag(sync=True)                                       #: shared by all digits
    seed = traitlets.Int(0, min=0).tag(sync=True)
    digit = traitlets.Int(4, min=0, max=CLASSES - 1).tag(sync=True)
    other = traitlets.Int(9, min=0, max=CLASSES - 1).tag(sync=True)
    t = Number(0.0, 0.0, 1.0)

    def __init__(self, G: str | ConditionalGAN | nn.Module = "mnist-cgan", *, directions: int = 4, seed: int = 0,
                 **state: Any) -> None:
        self.G = _generator(G)
        self.latent_dim = self.G.latent_dim
        packed, read = pack_places(self.G.trunk, (self.latent_dim + CLASSES,)), pack_places(classifier(), (1, 28, 28))
        self.directions = latent.directions(_first_layer(packed, self.latent_dim), _few(directions))
        bank = torch.cat([self.sample_z(whole("seed", seed, 0) + i) for i in range(SEEDS)])
        super().__init__(z=bank[0], seed=seed, axes=_bytes(self.directions), bank=_bytes(bank), weights_g=packed.data,
                         weights_c=read.data, spec={"G": packed.spec, "C": read.spec, "latent_dim": self.latent_dim,
                                                    "first_seed": seed, "stops": STOPS, "reach": REACH}, **state)

    # ---- the Python twin: what the page shows, computed by the networks themselves
    def sample_z(self, seed: int) -> Tensor:
        """Return the z of a seed, (1, latent_dim), as "New z" draws it."""
        return latent.sample_latent(1, self.latent_dim, distribution=self.G.latent,
                                    generator=torch.Generator().manual_seed(seed))

    def order(self, t: float | None = None) -> Tensor:
        """Return the row y (10,) that is ordered at t, None for the present one: (1 - t) e_digit + t e_other."""
        t, unit = self.t if t is None else t, torch.eye(CLASSES)
        return (1 - t) * unit[self.digit] + t * unit[self.other]

    def images_of(self, y: Tensor, z: Any = None) -> np.ndarray:
        """Return G(z, y) in eval mode, float32 (n, 1, 28, 28); y: rows (n, 10); z: (n, latent_dim) or the shared one."""
        z = torch.tensor(self.z).float().expand(len(y), -1) if z is None else torch.as_tensor(z, dtype=torch.float32)
        with eval_mode(self.G):
            return self.G(z, y.float()).cpu().numpy()

    def picture(self) -> np.ndarray:
        """Return the picture of the present order, float32 (1, 28, 28)."""
        return self.images_of(self.order()[None])[0]

    def digits(self) -> np.ndarray:
        """Return the ten digits of the shared z, float32 (10, 1, 28, 28)."""
        return self.images_of(torch.eye(CLASSES))

    def path(self) -> np.ndarray:
        """Return the classifier's probabilities on the way from digit to other, (STOPS, 10)."""
        rows = torch.stack([self.order(t) for t in np.linspace(0, 1, STOPS)])
        return probabilities(torch.as_tensor(self.images_of(rows)))

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure: read (the digit the classifier sees), its probability, the probabilities

        of the two orders (digit, other), and obeyed: how many of the ten digits of this z are read as ordered.
        """
        p = probabilities(torch.as_tensor(self.picture()[None]))[0]
        right = probabilities(torch.as_tensor(self.digits())).argmax(1) == np.arange(CLASSES)
        return {"read": int(p.argmax()), "probability": float(p.max()), "digit": float(p[self.digit]),
                "other": float(p[self.other]), "obeyed": int(right.sum())}

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Draw the ten digits in columns, and in rows the shared z moved along its first direction."""
        z = [np.asarray(self.z) + u * self.directions[0].double().numpy() for u in _ON_PAPER]
        rows = [f"{u:+.0f}".replace("-", "\u2212") if u else "z" for u in _ON_PAPER]
        images = np.concatenate([self.images_of(torch.eye(CLASSES), np.tile(point, (CLASSES, 1))) for point in z])
        orders = [str(c) for c in range(CLASSES)]
        return plots.image_grid(images, columns=CLASSES, row_labels=rows, column_labels=orders,
                                title="One z in each row; the order below each column").figure

    def describe(self) -> str:
        """Return the figure in words, with what the classifier reads."""
        r = self.readouts()
        return ("Pictures in 7 rows and 10 columns: each row is one z, each column one ordered digit from 0 to 9; from row "
                f"to row z moves along the direction that matters most. Of the ten digits of the middle row {r['obeyed']} "
                "are read as they were ordered.")

    def __repr__(self) -> str:
        mixed = f", t={self.t:g} towards {self.other}" if self.t else ""
        return f"ConditionExplorer(digit={self.digit}{mixed}, z of seed {self.seed})"


def _generator(G: Any) -> ConditionalGenerator:
    G = pretrained.load(G) if isinstance(G, str) else G
    G = (G.G_ema or G.G) if isinstance(G, ConditionalGAN) else G
    if not isinstance(G, ConditionalGenerator) or G.classes != CLASSES or tuple(G.shape) != (1, 28, 28):
        raise ValueError("G must be a name from pretrained.available(), a ConditionalGAN or a ConditionalGenerator, of ten "
                         f"classes and images (1, 28, 28), got {type(G).__name__}")
    return G


def _few(directions: int) -> int:
    if whole("directions", directions) > 8:
        raise ValueError(f"directions must be from 1 to 8, got {directions}; more sliders than that help nobody")
    return directions


def _first_layer(packed: Places, latent_dim: int) -> nn.Linear:
    """What G's first layer, BatchNorm folded in, does with z alone: the columns of y left out."""
    weight = packed.first[:, :latent_dim]
    layer = nn.Linear(latent_dim, len(weight), bias=False)
    with torch.no_grad():
        layer.weight.copy_(weight)
    return layer


def _bytes(values: Tensor) -> bytes:
    return values.detach().cpu().float().contiguous().numpy().tobytes()
