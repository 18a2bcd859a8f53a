"""Explorers: figures that answer the reader's hand. Only the list of names belongs here; each explorer has its file.

Nothing is loaded until it is asked for, so `import gan_edu.widgets` works without ipywidgets or anywidget.
"""

from importlib import import_module
from typing import Any

_HOMES = {"Explorer": "base", "LatentExplorer": "latent", "DensityExplorer": "two_classes", "ValueExplorer": "value",
          "DiscriminatorExplorer": "discriminator", "GradientExplorer": "gradient", "Arena": "arena",
          "RunExplorer": "run",
          "GameExplorer": "game",
          "KExplorer": "k",
          "ShapeExplorer": "shapes", "BatchNormExplorer": "batchnorm", "FeatureMapExplorer": "features",
          "TransportExplorer": "transport", "PenaltyExplorer": "penalty",
          "DiracExplorer": "dirac", "FailureExplorer": "failures",
          "ParzenExplorer": "parzen", "FrechetExplorer": "frechet", "PrecisionRecallExplorer": "coverage",
          "EdgeExplorer": "edge", "LensExplorer": "lens",
          "ConditionExplorer": "condition", "ConfusionExplorer": "confusion",
          "MuseumExplorer": "museum",
          "CycleExplorer": "cycle"}

__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"gan_edu.widgets has no {name!r}; it has {', '.join(_HOMES)}")
    return getattr(import_module(f"gan_edu.widgets.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOMES)
