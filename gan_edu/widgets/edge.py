"""EdgeExplorer: draw an outline, see the digit; a slider from what L1 alone has learnt to what the GAN has.

Here are its state, its reference numbers and its static twin; the drawing is edge.js, the networks run in unet.js.
"""

from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor

from gan_edu import plots, pretrained
from gan_edu.data import ImageSet, load_images, scale
from gan_edu.data_paired import edges
from gan_edu.games_paired import Pix2Pix
from gan_edu.metrics_images import high_frequency_energy
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import Number
from gan_edu.widgets.unet import pack

SIDE = 14                                         # cells along a side; a cell is 2 x 2 pixels, as in data_paired.edges


class EdgeExplorer(Explorer, js=["unet.js", "edge.js"], css=["edge.css"]):
    """Show the digit that two translators see in an outline: one that learnt from L1 alone, one from L1 and a judge.

    l1, gan: names of shipped weights or Pix2Pix games with a UNet. images: where the ten examples, one of each digit, are
    taken from; None takes scikit-learn's test digits. real: the energy of real digits, that of MNIST's test images where gan
    is a name, else of `images`. cells: the outline, 196
    signs "0" or "1", row by row. mix: 0 to 1, the picture is (1 - mix) times the one and mix times the other (their
    pictures are mixed, not their weights). noise: which dropout masks, 1 to 999; 0: none. TraitError outside these.
    """

    cells = traitlets.Unicode("0" * SIDE * SIDE).tag(sync=True)
    mix = Number(1.0, 0.0, 1.0)
    noise = traitlets.Int(0, min=0, max=999).tag(sync=True)
    examples = traitlets.List(traitlets.Unicode()).tag(sync=True)
    real = traitlets.Float(0.0).tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    weights_l1, scales_l1, weights_gan, scales_gan = (traitlets.Bytes().tag(sync=True) for _ in range(4))

    def __init__(self, l1: str | Pix2Pix = "mnist-pix2pix-l1", gan: str | Pix2Pix = "mnist-pix2pix", *,
                 images: ImageSet | None = None, digit: int = 3, **traits: Any) -> None:
        self.games = {"L1": _game(l1), "GAN": _game(gan)}
        images = load_images("digits", split="test") if images is None else images
        first = [int((images.labels == label).nonzero()[0]) for label in images.labels.unique()]
        rows = edges(images.images[first])[:, 0, ::2, ::2].flatten(1)
        examples = ["".join("1" if v else "0" for v in row) for row in rows.tolist()]
        packed = [pack(game.G if game.G_ema is None else game.G_ema) for game in self.games.values()]
        real = (pretrained.card(gan)["scores"]["energy_of_real"] if isinstance(gan, str)
                else float(high_frequency_energy(scale(images.images)).mean()))
        super().__init__(**{"cells": examples[digit % len(examples)]} | traits, examples=examples, spec=packed[0].spec, real=real,
                         weights_l1=packed[0].weights, scales_l1=packed[0].scales,
                         weights_gan=packed[1].weights, scales_gan=packed[1].scales)

    @traitlets.validate("cells")
    def _outline(self, proposal: dict) -> str:
        if len(proposal["value"]) != SIDE * SIDE or set(proposal["value"]) - {"0", "1"}:
            raise traitlets.TraitError(f"cells must be {SIDE * SIDE} signs 0 or 1, got {proposal['value'][:20]!r}...")
        return proposal["value"]

    def outline(self) -> Tensor:
        """Return what both networks are given, float32 (1, 1, 28, 28) in {-1, 1}."""
        cells = torch.tensor([float(sign) for sign in self.cells]).reshape(1, 1, SIDE, SIDE)
        return (2 * cells - 1).repeat_interleave(2, 2).repeat_interleave(2, 3)

    def pictures(self) -> dict[str, Tensor]:
        """Return the pictures "L1", "GAN" and "mix", each (1, 1, 28, 28) in [-1, 1], without noise."""
        found = {name: game.translate(self.outline(), noise=False) for name, game in self.games.items()}
        return found | {"mix": torch.lerp(found["L1"], found["GAN"], self.mix)}

    def readouts(self) -> dict[str, float]:
        """Return the energy above a quarter cycle a pixel of each picture, times 1,000, and that of real digits."""
        found = {name: 1_000 * float(high_frequency_energy(x)) for name, x in self.pictures().items()}
        return found | {"real": 1_000 * self.real}

    def figure(self) -> Any:
        """Return the static twin: ten outlines, and what each of the two makes of them."""
        rows = torch.tensor([[float(sign) for sign in row] for row in self.examples]).reshape(-1, 1, SIDE, SIDE)
        y = (2 * rows - 1).repeat_interleave(2, 2).repeat_interleave(2, 3)
        shown = [y, *(game.translate(y, noise=False) for game in self.games.values())]
        return plots.image_grid(np.concatenate([x.numpy() for x in shown]), columns=len(y),
                                title="Outlines and the digits seen in them",
                                row_labels=["outline", "L1 alone", "L1 + GAN"]).figure

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return (f"Ten outlines of digits, below each the digit drawn by the network trained with L1 alone and by the one with "
                f"a judge. For the outline on the board their energies in high frequencies, times 1,000, are {r['L1']:.1f} and "
                f"{r['GAN']:.1f}.")

    def __repr__(self) -> str:
        return f"EdgeExplorer(mix={self.mix:g}, noise={self.noise}, cells={self.cells.count('1')} of {SIDE * SIDE})"


def _game(game: str | Pix2Pix) -> Pix2Pix:
    game = pretrained.load(game) if isinstance(game, str) else game
    if not isinstance(game, Pix2Pix):
        raise ValueError(f"the explorer shows Pix2Pix games, got {type(game).__name__}")
    return game
