"""The shipped digit classifier, frozen: what the measures look at digits with. It is no player of a game and nothing
trains it here; benchmarks/make_classifier.py made its weights, and its card says how well it reads the real digits.
"""

import functools
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gan_edu.checkpoints import read_tensors
from gan_edu.data import require_images, scale
from gan_edu.errors import CheckpointError
from gan_edu.networks import eval_mode

NAME = "digit-classifier"
FOLDER = Path(__file__).parent / "weights"
SHAPE = (1, 28, 28)
_BATCH = 500                                        # images at a time: their largest maps are 50 MB


class DigitClassifier(nn.Module):
    """Map digits (n, 1, 28, 28) in [-1, 1] to ten logits (n, 10), by way of 64 features.

    Three times convolution 3x3, BatchNorm, ReLU and the largest of 2x2, with 16, 32 and 64 channels; then 64 ReLU
    units, the features, and one linear layer. 61,000 parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((1, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs),
                       nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 3 * 3, 64), nn.ReLU(inplace=True))
        self.head = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


@functools.cache
def classifier() -> DigitClassifier:
    """Return the shipped classifier, in eval mode and without gradients; always the same object.

    Raises CheckpointError when its file is missing or damaged.
    """
    path = FOLDER / f"{NAME}.safetensors"
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != card()["sha256"]:
        raise CheckpointError(f"the shipped file {path} is missing or damaged (its SHA-256 is not its card's); "
                              "install gan_edu again")
    network = DigitClassifier()
    network.load_state_dict(read_tensors(path)[0])
    return network.eval().requires_grad_(False)


def card() -> dict:
    """Return how the classifier was made: command, seed, choices, versions, accuracy on the real test set."""
    return json.loads((FOLDER / f"{NAME}.json").read_text(encoding="utf-8"))


def features(images: Tensor, *, model: DigitClassifier | None = None) -> np.ndarray:
    """Return the last hidden layer's 64 numbers for each image, (n, 64), float64, all >= 0.

    images (n, 1, 28, 28): float32 in [-1, 1] as games draw them, or uint8 as image sets hold them. model: None takes
    `classifier()`; its modes stay as they are. Raises ValueError for another shape or range, and for NaN.
    """
    return features_and_probabilities(images, model=model)[0]


def probabilities(images: Tensor, *, model: DigitClassifier | None = None) -> np.ndarray:
    """Return the classifier's probability of each digit for each image, (n, 10), float64; rows sum to 1.

    images, model and errors: as for `features`. A network's own probabilities are more certain than it is right; the
    card says how often its verdicts on real digits are right.
    """
    return features_and_probabilities(images, model=model)[1]


def features_and_probabilities(images: Tensor, *, model: DigitClassifier | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return `features` and `probabilities` of the same images by one pass, (n, 64) and (n, 10)."""
    model = classifier() if model is None else model
    if images.dtype != torch.uint8:
        require_images(images, SHAPE)
    elif images.ndim != 4 or tuple(images.shape[1:]) != SHAPE or not len(images):
        raise ValueError(f"images must be (n, 1, 28, 28) with n >= 1, got {tuple(images.shape)}")
    found = list(_passes(images, model))
    logits = torch.cat([out for _, out in found]).double()
    return torch.cat([hidden for hidden, _ in found]).double().numpy(), logits.softmax(1).numpy()


def _passes(images: Tensor, model: DigitClassifier) -> Iterator[tuple[Tensor, Tensor]]:
    device = next(model.parameters()).device
    with eval_mode(model):
        for x in images.split(_BATCH):
            hidden = model.body((scale(x) if x.dtype == torch.uint8 else x).to(device))
            yield hidden.cpu(), model.head(hidden).cpu()
