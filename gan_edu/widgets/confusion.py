"""ConfusionExplorer: what was ordered against what is recognised, with the pictures behind every cell.

Here are its counts, their intervals, its pictures and its static twin; the drawing is confusion.js.
"""

from typing import Any

import numpy as np
import traitlets

from gan_edu import plots
from gan_edu.errors import whole
from gan_edu.widgets.arena import wilson_interval
from gan_edu.widgets.base import Explorer

KEPT = 24             # pictures of each cell that lie in the page


class ConfusionExplorer(Explorer, css=["confusion.css"], js=["confusion.js"]):
    """Show how often each class was ordered and recognised as each, with Wilson intervals; a cell shows its pictures.

    ordered, recognised: whole numbers (n,) from 0 to classes - 1. images: float (n, 1, H, W) in [-1, 1] or uint8, None
        for no pictures; of each cell the first `KEPT` lie in the page. classes: how many there are, 2 to 20.
    row and column say which cell is looked at, and may be set from Python; TraitError outside the matrix.
    Raises ValueError for labels or pictures of another kind or number.
    """

    counts = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)          #: [ordered][recognised]
    intervals = traitlets.List().tag(sync=True)                                      #: Wilson, of each cell in its row
    total = traitlets.List().tag(sync=True)                                          #: right, n, low, high
    row = traitlets.Int(0, min=0).tag(sync=True)
    column = traitlets.Int(0, min=0).tag(sync=True)
    kept = traitlets.List(traitlets.List(traitlets.Int())).tag(sync=True)            #: how many pictures of each cell
    shape = traitlets.List(traitlets.Int()).tag(sync=True)
    pictures = traitlets.Bytes(b"").tag(sync=True)                                   #: uint8, cell by cell

    def __init__(self, ordered: Any, recognised: Any, images: Any = None, *, classes: int = 10, **state: Any) -> None:
        if not 2 <= whole("classes", classes) <= 20:
            raise ValueError(f"classes must be from 2 to 20, got {classes}")
        y, seen = _labels("ordered", ordered, classes), _labels("recognised", recognised, classes)
        if len(y) != len(seen) or not len(y):
            raise ValueError("ordered and recognised must hold one label for each picture, got "
                             f"{len(y)} and {len(seen)}")
        counts = np.bincount(y * classes + seen, minlength=classes**2).reshape(classes, classes)
        right, n = int(np.trace(counts)), len(y)
        row, column = _most_mistaken(counts)
        super().__init__(counts=counts.tolist(), total=[right, n, *wilson_interval(right, n)],
                         intervals=_intervals(counts), **_gallery(y, seen, images, classes),
                         **({"row": row, "column": column} | state))

    @traitlets.validate("row", "column")
    def _in_matrix(self, proposal: dict[str, Any]) -> int:
        if proposal["value"] >= len(self.counts):
            raise traitlets.TraitError(f"{proposal['trait'].name} must be from 0 to {len(self.counts) - 1}, "
                                       f"got {proposal['value']}")
        return proposal["value"]

    def images_in(self, row: int, column: int) -> np.ndarray:
        """Return the pictures kept of a cell, uint8 (k, C, H, W), k at most `KEPT`."""
        kept, size = np.array(self.kept), int(np.prod(self.shape)) if self.shape else 0
        before = int(kept.ravel()[:row * len(kept) + column].sum())
        all_ = np.frombuffer(self.pictures, np.uint8)[before * size:(before + int(kept[row, column])) * size]
        return all_.reshape(-1, *self.shape) if self.shape else np.empty((0,), np.uint8)

    def readouts(self) -> dict[str, float | int | None]:
        """Return the numbers on the figure: right (share recognised as ordered), low and high (its Wilson interval),

        count (of the cell), ordered (its row's sum), seen (its column's sum), share (count / ordered; None for an empty
        row), share_low, share_high (its interval) and strangers (of the seen, how many had been ordered otherwise).
        """
        counts, i, j = np.array(self.counts), self.row, self.column
        right, n, low, high = self.total
        ordered, seen = int(counts[i].sum()), int(counts[:, j].sum())
        share_low, share_high = self.intervals[i][j] or (None, None)
        share = float(counts[i, j] / ordered) if ordered else None
        return {"right": right / n, "low": low, "high": high, "count": int(counts[i, j]), "ordered": ordered,
                "seen": seen, "share": share, "share_low": share_low, "share_high": share_high,
                "strangers": seen - int(counts[j, j])}

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Return the static twin: the matrix of counts, shaded by the share of the row, and each row's right share."""
        counts, n = np.array(self.counts), len(self.counts)
        fig, (left, right) = plots.figure(9.4, 4.4, columns=2)
        share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
        plots.style(left, xlabel="recognised as", ylabel="ordered", title=self._title()).grid(False)
        left.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1.4, aspect="equal")
        for i, j in np.ndindex(counts.shape):
            if counts[i, j]:
                left.text(j, i, counts[i, j], ha="center", va="center", fontsize=8, color=plots.INK)
        left.set(xticks=range(n), yticks=range(n))
        plots.style(right, xlabel="share recognised as ordered", ylabel="ordered", title="with 95 % Wilson intervals")
        for i in range(n):
            if self.intervals[i][i]:
                right.plot(self.intervals[i][i], (i, i), color=plots.COLORS["generated"], linewidth=2)
                right.plot(share[i, i], i, "o", color=plots.COLORS["generated"], markersize=5)
        right.axvline(self.total[0] / self.total[1], color=plots.MUTED, linestyle="--", linewidth=1)
        right.set(yticks=range(n), ylim=(n - 0.5, -0.5))
        return fig

    def _title(self) -> str:
        right, n, low, high = self.total
        return f"{right:,} of {n:,} as ordered: {right / n:.2%} [{low:.2%}, {high:.2%}]"

    def describe(self) -> str:
        """Return the figure in words: the whole share and the largest confusion."""
        counts = np.array(self.counts)
        i, j = _most_mistaken(counts)
        most = "None is mistaken."
        if i != j:
            most = f"Most often mistaken: {counts[i, j]} of {counts[i].sum()} ordered {i} are read as {j}."
        return f"Matrix of ordered digits against recognised ones. {self._title()}. {most}"

    def __repr__(self) -> str:
        return f"ConfusionExplorer({self._title()})"


def _most_mistaken(counts: np.ndarray) -> tuple[int, int]:
    """The largest cell off the diagonal, (0, 0) where all are empty."""
    off = counts - np.diag(np.diag(counts))
    i, j = np.unravel_index(np.argmax(off), off.shape)
    return int(i), int(j)


def _labels(name: str, labels: Any, classes: int) -> np.ndarray:
    x = np.asarray(labels.detach().cpu() if hasattr(labels, "detach") else labels)
    if x.ndim != 1 or x.dtype.kind not in "iu" or (len(x) and not 0 <= x.min() <= x.max() < classes):
        raise ValueError(f"{name} must be whole numbers (n,) from 0 to {classes - 1}, got {x.dtype} {x.shape}"
                         + (f" from {x.min()} to {x.max()}" if x.size else ""))
    return x.astype(np.int64)


def _intervals(counts: np.ndarray) -> list[list[list[float] | None]]:
    """For each cell Wilson's interval of its share of the row; None where nothing of the row was ordered."""
    return [[list(wilson_interval(int(k), int(row.sum()))) if row.sum() else None for k in row] for row in counts]


def _gallery(y: np.ndarray, seen: np.ndarray, images: Any, classes: int) -> dict[str, Any]:
    """The first pictures of every cell, as traits."""
    if images is None:
        return {"kept": np.zeros((classes, classes), int).tolist(), "shape": [], "pictures": b""}
    x = np.asarray(images.detach().cpu() if hasattr(images, "detach") else images)
    if x.ndim != 4 or len(x) != len(y) or x.shape[1] not in (1, 3):
        raise ValueError(f"images must be ({len(y)}, 1 or 3, H, W), one for each label, got {x.shape}")
    if x.dtype != np.uint8 and not (x.min() >= -1.001 and x.max() <= 1.001):
        raise ValueError(f"images must be uint8, or floats in [-1, 1], got [{x.min():g}, {x.max():g}]")
    x = x if x.dtype == np.uint8 else np.rint((x.clip(-1, 1) + 1) * 127.5).astype(np.uint8)
    cells = [np.flatnonzero((y == i) & (seen == j))[:KEPT] for i in range(classes) for j in range(classes)]
    return {"kept": np.reshape([len(cell) for cell in cells], (classes, classes)).tolist(), "shape": list(x.shape[1:]),
            "pictures": b"".join(x[cell].tobytes() for cell in cells)}
