"""BatchNormExplorer: what a generator draws from one z, alone and in company, by batch, kept and restarted statistics.

Here are its state, the statistics of a sequence of batches and the Python twin; how a generator runs in the page is
convnet.py and convnet.js, the drawing batchnorm.js.
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
from gan_edu.widgets.convnet import BANK, generator_of, pack
from gan_edu.widgets.density import Number

BATCHES, BATCH = 60, 32             # batches that the restarted averages can see, and z in each
MOST = 31                           # companions
WAYS = ("alone", "company", "kept", "restarted")


class BatchNormExplorer(Explorer, js=["net.js", "convnet.js", "batchnorm.js"], css=["batchnorm.css"]):
    """Show G(z) for one z in four ways that differ in the mean and variance that BatchNorm takes, and in nothing else.

    alone: those of the batch (z); company: those of a batch of z and `company` others; kept: the running averages that
    came with G, as in eval mode; restarted: running averages that began at mean 0 and variance 1 and have seen
    `batches` batches of 32 with `momentum`.
    G: a name from `pretrained.available()`, a game (its moving average where there is one), or a generator with
    BatchNorm2d that `convnet.pack` knows. seed: z and the company are drawn with torch.Generator().manual_seed(seed + i).
    z: which of 64 points; others: which company, 0 to 31. TraitError outside the limits, ValueError for another G.
    """

    spec = traitlets.Dict().tag(sync=True)
    weights, norms, bank, history = (traitlets.Bytes(b"").tag(sync=True) for _ in range(4))
    z = traitlets.Int(0, min=0, max=BANK - 1).tag(sync=True)
    company = traitlets.Int(7, min=0, max=MOST).tag(sync=True)
    others = traitlets.Int(0, min=0, max=MOST).tag(sync=True)
    batches = traitlets.Int(5, min=0, max=BATCHES).tag(sync=True)
    momentum = Number(0.1, 0.01, 1.0)

    def __init__(self, G: str | Game | nn.Module = "mnist-dcgan", *, seed: int = 0, **traits: Any) -> None:
        self.G = copy.deepcopy(generator_of(G)).cpu().float()          # train mode would move its averages
        packed, self._names = pack(self.G), _norms(self.G)
        if not self._names:
            raise ValueError("G must have BatchNorm2d, or there is nothing to compare; got none")
        whole("seed", seed, 0)
        self._bank = torch.cat([_draw(self.G, 1, seed + i) for i in range(BANK)])
        self._history = _history(self.G, self._names, seed)
        super().__init__(spec=packed.spec | {"batches": BATCHES, "most": MOST}, weights=packed.weights, norms=packed.norms,
                         bank=_floats(self._bank), history=b"".join(_floats(part) for part in self._history), **traits)

    # ---- the Python twin, by torch
    def batch(self) -> Tensor:
        """Return z and its company, (1 + company, latent_dim)."""
        rows = [self.z, *((self.z + 1 + self.others + i) % BANK for i in range(self.company))]
        return self._bank[rows]

    def restarted(self) -> list[tuple[Tensor, Tensor]]:
        """Return (mean, variance) of each BatchNorm after `batches` batches, from mean 0 and variance 1."""
        left = (1 - self.momentum) ** self.batches
        shares = self.momentum * (1 - self.momentum) ** torch.arange(self.batches - 1, -1, -1.0)[:, None]
        return [(((shares * seen[:self.batches, 0]).sum(0)), left + (shares * seen[:self.batches, 1]).sum(0))
                for seen in self._history]

    def picture(self, way: str) -> np.ndarray:
        """Return the picture of z in one of `WAYS`, float32 (C, H, W) in [-1, 1]; ValueError for another."""
        if way not in WAYS:
            raise ValueError(f"way must be one of {', '.join(WAYS)}, got {way!r}")
        G = copy.deepcopy(self.G).train(way in ("alone", "company"))
        if way == "restarted":
            for name, (mean, variance) in zip(self._names, self.restarted()):
                norm = G.get_submodule(name)
                norm.running_mean, norm.running_var = mean, variance
        with torch.no_grad():
            return G(self.batch() if way == "company" else self.batch()[:1])[0].numpy()

    def readouts(self) -> dict[str, float]:
        """Return for alone, company and restarted the mean difference of a pixel from "kept", as a share of black to white;

        left: the share of the start, (1 - momentum)^batches, in the restarted averages.
        """
        kept = self.picture("kept")
        found = {way: float(np.abs(self.picture(way) - kept).mean() / 2) for way in WAYS if way != "kept"}
        return found | {"left": (1 - self.momentum) ** self.batches}

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Draw eight z, in the four ways, from top to bottom."""
        with self.hold_trait_notifications():
            before, rows = self.z, []
            for way in WAYS:
                for i in range(8):
                    self.z = (before + i) % BANK
                    rows.append(self.picture(way))
            self.z = before
        labels = ["batch: alone", f"batch: with {self.company}", "kept averages", f"after {self.batches} batches"]
        return plots.image_grid(np.stack(rows), columns=8, row_labels=labels,
                                title="The same eight z; BatchNorm takes other statistics").figure

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return ("Pictures of the same eight z in four rows: BatchNorm with the statistics of the picture alone, of a batch "
                f"with {self.company} others, with kept averages, and with averages restarted and moved by {self.batches} "
                f"batches. For the first z a pixel differs from the kept averages by {r['alone']:.3f}, {r['company']:.3f} and "
                f"{r['restarted']:.3f} of the range.")

    def __repr__(self) -> str:
        return f"BatchNormExplorer(company={self.company}, batches={self.batches})"


def _norms(G: nn.Module) -> list[str]:
    return [name for name, module in G.named_modules() if isinstance(module, nn.BatchNorm2d)]


def _draw(G: nn.Module, n: int, seed: int) -> Tensor:
    return latent.sample_latent(n, G.latent_dim, distribution=getattr(G, "latent", "normal"),
                                generator=torch.Generator().manual_seed(seed))


def _history(G: nn.Module, names: list[str], seed: int) -> list[Tensor]:
    """Return for each BatchNorm mean and variance (with 1/(n-1), as its running averages have it), (BATCHES, 2, C)."""
    twin = copy.deepcopy(G).train()
    norms = [twin.get_submodule(name) for name in names]
    for norm in norms:
        norm.momentum = 1.0                                           # the average is then that of the last batch
    found: list[list[Tensor]] = [[] for _ in norms]
    for i in range(BATCHES):
        with torch.no_grad():
            twin(_draw(G, BATCH, seed + BANK + i))
        for seen, norm in zip(found, norms):
            seen.append(torch.stack([norm.running_mean, norm.running_var]))
    return [torch.stack(seen) for seen in found]


def _floats(values: Tensor) -> bytes:
    return values.detach().cpu().float().contiguous().numpy().tobytes()
