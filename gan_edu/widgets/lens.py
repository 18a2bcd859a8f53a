"""LensExplorer: one small image enlarged in four ways, a lens over all of them, and what PSNR and sharpness say.

Here are its pictures, its reference numbers (gan_edu.metrics_images) and its static twin; the drawing is lens.js.
"""

from typing import Any

import numpy as np
import torch
import traitlets

from gan_edu import plots, pretrained
from gan_edu.data import ImageSet, load_images
from gan_edu.data_paired import enlarge, paired
from gan_edu.games_paired import SRGAN
from gan_edu.metrics_images import high_frequency_energy, psnr
from gan_edu.widgets.base import Explorer

SIDE, LENS = 28, 9
NAMES = {"original": "original", "nearest": "nearest pixel", "bicubic": "bicubic", "l2": "L2 alone", "gan": "L2 + GAN"}
LEARNT = {"l2": "mnist-super-resolution-l2", "gan": "mnist-super-resolution"}


class LensExplorer(Explorer, js=["unet.js", "lens.js"], css=["lens.css"]):
    """Show digits of 7 x 7 pixels enlarged to 28 x 28: nearest pixel, bicubic, a network by L2 alone, one with a judge.

    games: {"l2": game, "gan": game}, SRGAN games in place of the shipped ones. images: the originals, an ImageSet of 28 x 28;
    None takes twenty of scikit-learn's test digits. which: the image. x, y: the lens' left and upper pixel, 0 to 19.
    TraitError outside these. known: PSNR and sharpness of each way on MNIST's 10,000 test images, from the cards.
    """

    which = traitlets.Int(0, min=0).tag(sync=True)
    x, y = (traitlets.Int(10, min=0, max=SIDE - LENS).tag(sync=True) for _ in range(2))
    names = traitlets.Dict(NAMES).tag(sync=True)
    lens = traitlets.Int(LENS).tag(sync=True)
    pixels = traitlets.Bytes().tag(sync=True)
    small = traitlets.Bytes().tag(sync=True)
    known = traitlets.Dict().tag(sync=True)

    def __init__(self, games: dict[str, SRGAN] | None = None, *, images: ImageSet | None = None, **traits: Any) -> None:
        images = load_images("digits", split="test").take(20) if images is None else images
        if images.shape != (1, SIDE, SIDE):
            raise ValueError(f"images must be 1 x 28 x 28, got {images!r}")
        pairs, known = paired(images, "small"), known_scores() if games is None else {}
        games = {key: pretrained.load(name) for key, name in LEARNT.items()} if games is None else games
        self.pictures = {"original": pairs.x} | {mode: enlarge(pairs.y, mode=mode) for mode in ("nearest", "bicubic")} | {
            key: games[key].translate(pairs.y) for key in LEARNT}
        self._count = len(images)
        grey = ((torch.stack(list(self.pictures.values()), 1) + 1) * 127.5).round().to(torch.uint8)
        super().__init__(pixels=grey.numpy().tobytes(), small=pairs.inputs.numpy().tobytes(), known=known, **traits)

    @traitlets.validate("which")
    def _there(self, proposal: dict) -> int:
        if proposal["value"] >= self._count:
            raise traitlets.TraitError(f"which must be from 0 to {self._count - 1}, got {proposal['value']}")
        return proposal["value"]

    def readouts(self) -> dict[str, dict[str, float]]:
        """Return PSNR in decibels, PSNR under the lens, and sharpness beside the original, of each way, for this image.

        As the page has the pictures: in 256 greys.
        """
        grey = np.frombuffer(self.pixels, np.uint8).reshape(-1, len(NAMES), 1, SIDE, SIDE)[self.which]
        x = dict(zip(NAMES, torch.tensor(grey[:, None] / 127.5 - 1), strict=True))
        part = {key: image[:, :, self.y:self.y + LENS, self.x:self.x + LENS] for key, image in x.items()}
        energy = {key: float(high_frequency_energy(image)) for key, image in x.items()}
        return {key: {"psnr": float(psnr(x[key], x["original"])), "lens": float(psnr(part[key], part["original"])),
                      "sharpness": energy[key] / energy["original"]} for key in NAMES if key != "original"}

    def figure(self) -> Any:
        """Return the static twin: six images in all ways, one below the other."""
        shown = torch.stack([x[:6] for x in self.pictures.values()]).flatten(0, 1)
        return plots.image_grid(shown.numpy(), columns=len(shown) // len(NAMES), title="7 x 7 pixels enlarged to 28 x 28",
                                row_labels=list(NAMES.values())).figure

    def describe(self) -> str:
        """Return the figure in words."""
        numbers = ", ".join(f"{NAMES[key]} {found['psnr']:.1f} dB and sharpness {found['sharpness']:.2f}"
                            for key, found in self.readouts().items())
        return f"Digits of 7 x 7 pixels enlarged in four ways, below their originals. For the chosen one: {numbers}."

    def __repr__(self) -> str:
        return f"LensExplorer(which={self.which}, x={self.x}, y={self.y})"


def known_scores() -> dict[str, dict[str, float]]:
    """Return PSNR in decibels and sharpness of each way on MNIST's 10,000 test images, as the cards have them."""
    scores = {key: pretrained.card(name)["scores"] for key, name in LEARNT.items()}
    found = {mode: {key: scores["l2"][f"{mode}_{key}"] for key in ("psnr", "sharpness")} for mode in ("nearest", "bicubic")}
    return found | {name: {key: score[key] for key in ("psnr", "sharpness")} for name, score in scores.items()}
