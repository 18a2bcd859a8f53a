"""Small parts that several networks share: checks of their inputs, first weights, labels as vectors. No whole network."""

import torch
from torch import Tensor, nn


class FromUnit(nn.Module):
    """[0, 1] to [-1, 1], the range that every image in this package has."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x - 1


def require_columns(x: Tensor, columns: int, name: str) -> None:
    """Raise ValueError unless x is (n, columns)."""
    if x.ndim != 2 or x.shape[1] != columns:
        raise ValueError(f"{name} must have shape (n, {columns}), got {tuple(x.shape)}")


def label_vectors(y: Tensor, classes: int) -> Tensor:
    """Return labels as float rows (n, classes): whole numbers y (n,) become unit vectors, rows stay as they are.

    Rows let a condition lie between two classes. Raises ValueError for another shape or a label outside 0..classes-1.
    """
    if y.ndim == 2 and y.shape[1] == classes and y.is_floating_point():
        return y
    if y.ndim != 1 or y.dtype != torch.int64:
        raise ValueError(f"y must be int64 (n,) or float (n, {classes}), got {y.dtype} {tuple(y.shape)}")
    if not y.is_cuda and len(y) and not (0 <= y.min() and y.max() < classes):        # on a GPU, one_hot itself asserts
        raise ValueError(f"y must lie in 0..{classes - 1}, got {y.min().item()}..{y.max().item()}")
    return nn.functional.one_hot(y, classes).float()


@torch.no_grad()
def start_as_dcgan(network: nn.Module) -> None:
    """Draw weights from N(0, 0.02) and BatchNorm scales from N(1, 0.02); set biases and shifts to 0.

    Source: Radford et al. 2016, section 4; the scales as in the authors' code (a scale near 0 would mute its channel).
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.02)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
