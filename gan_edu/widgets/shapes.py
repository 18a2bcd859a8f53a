"""ShapeExplorer: sizes of a chain of convolutions, which pixels feed which, and how often each is written.

Here are the counts (one axis is enough: rows and columns are alike), the presets and the static twin; the drawing is
shapes.js, the same counts in the page are shapes_counts.js.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from gan_edu import plots
from gan_edu.networks_conv import conv_size, conv_transpose_size
from gan_edu.widgets.base import Explorer

Layer = Mapping[str, Any]            # kind: "conv" or "transposed"; kernel, stride, padding
MOST = 128                           # pixels on a side that are still drawn
LIMITS = {"kernel": (1, 9), "stride": (1, 4), "padding": (0, 4)}


def layer(kind: str, kernel: int, stride: int = 1, padding: int = 0) -> dict[str, Any]:
    """Return one layer of a chain; kind: "conv" (pooling counts as one) or "transposed"."""
    return {"kind": kind, "kernel": kernel, "stride": stride, "padding": padding}


_UP, _DOWN = layer("transposed", 4, 2, 1), layer("conv", 4, 2, 1)
PRESETS: dict[str, tuple[int, list[dict[str, Any]]]] = {
    "DCGAN, G for 28 x 28": (1, [layer("transposed", 7), _UP, _UP]),
    "DCGAN, G for 64 x 64": (1, [layer("transposed", 4), _UP, _UP, _UP, _UP]),
    "DCGAN, D for 64 x 64": (64, [_DOWN, _DOWN, _DOWN, _DOWN, layer("conv", 4)]),
    "the sources' D": (28, [layer("conv", 3, 1, 1), layer("conv", 2, 2), layer("conv", 3, 1, 1), layer("conv", 2, 2),
                            layer("conv", 3, 1, 1)]),
    "checkerboard: kernel 3, stride 2": (5, [layer("transposed", 3, 2, 1), layer("transposed", 3, 2, 1)]),
}


def sides(side: int, layers: Sequence[Layer]) -> list[int | None]:
    """Return the side before and after each layer; None from where nothing is left, or more than can be drawn (128)."""
    found: list[int | None] = [side]
    for one in layers:
        size = conv_size if one["kind"] == "conv" else conv_transpose_size
        n = None if found[-1] is None else size(found[-1], **{name: one[name] for name in LIMITS})
        found.append(n if n is not None and 1 <= n <= MOST else None)
    return found


def taps(n: int, one: Layer) -> np.ndarray:
    """Return which pixel feeds which along one axis: 0 or 1, (outputs, n).

    A convolution's output o reads the inputs o stride - padding + t, a transposed one's input i writes the outputs
    i stride - padding + t, for the taps t of the kernel.
    """
    outputs = sides(n, [one])[1] or 0
    few, many = (outputs, n) if one["kind"] == "conv" else (n, outputs)
    M = np.zeros((few, many), dtype=np.int64)
    for i in range(few):
        at = i * one["stride"] - one["padding"] + np.arange(one["kernel"])
        M[i, at[(at >= 0) & (at < many)]] = 1
    return M if one["kind"] == "conv" else M.T


def paths(side: int, layers: Sequence[Layer], pick: int) -> list[np.ndarray]:
    """Return for each stage, first to last, how many paths lead from each of its pixels to pixel `pick` of the last one.

    Along one axis; in the image it is the product of row and column. Where it is not 0 lies the receptive field.
    """
    chain = [n for n in sides(side, layers) if n is not None]
    found = [np.eye(chain[-1], dtype=np.int64)[min(pick, chain[-1] - 1)]]
    for n, one in reversed(list(zip(chain, layers[:len(chain) - 1]))):
        found.insert(0, found[0] @ taps(n, one))
    return found


def overlaps(n: int, one: Layer) -> np.ndarray:
    """Return how many inputs reach each output along one axis, (outputs,)."""
    return taps(n, one).sum(1)


class ShapeExplorer(Explorer, js=["shapes_counts.js", "shapes.js"], css=["shapes.css"]):
    """Show a chain of convolutions: the size after each, what feeds one chosen pixel, how often each pixel is written.

    side: pixels of the input, 1 to 64. layers: 1 to 6 dictionaries as `layer` makes them. at: the layer whose overlaps
    are drawn. row, column: the chosen pixel of the last stage (the nearest there is). TraitError outside the limits;
    a chain that leaves no pixel, or more than 128 on a side, is shown up to there.
    """

    side = traitlets.Int(1, min=1, max=64).tag(sync=True)
    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    at = traitlets.Int(1, min=0).tag(sync=True)
    row, column = (traitlets.Int(13, min=0, max=MOST - 1).tag(sync=True) for _ in range(2))
    presets = traitlets.Dict({name: list(value) for name, value in PRESETS.items()}).tag(sync=True)
    limits = traitlets.Dict({name: list(value) for name, value in LIMITS.items()}).tag(sync=True)

    def __init__(self, layers: Sequence[Layer] | None = None, *, side: int | None = None, **traits: Any) -> None:
        first, known = PRESETS["DCGAN, G for 28 x 28"]
        layers = known if layers is None else [dict(one) for one in layers]
        super().__init__(side=first if side is None else side, layers=layers,
                         **{"at": min(1, len(layers) - 1)} | traits)

    def load(self, preset: str) -> "ShapeExplorer":
        """Set up a chain of `PRESETS` and return self; ValueError for another name."""
        if preset not in PRESETS:
            raise ValueError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}")
        with self.hold_trait_notifications():
            side, layers = PRESETS[preset]
            self.side, self.layers, self.at = side, [dict(one) for one in layers], min(1, len(layers) - 1)
        return self

    @traitlets.validate("layers")
    def _known_layers(self, proposal: dict) -> list[dict]:
        layers = proposal["value"]
        if not 1 <= len(layers) <= 6:
            raise traitlets.TraitError(f"layers must be 1 to 6, got {len(layers)}")
        for one in layers:
            if set(one) != {"kind", *LIMITS} or one["kind"] not in ("conv", "transposed"):
                raise traitlets.TraitError(f"a layer has kind (conv or transposed), kernel, stride and padding, got {one}")
            for name, (low, high) in LIMITS.items():
                if type(one[name]) is not int or not low <= one[name] <= high:
                    raise traitlets.TraitError(f"{name} must be a whole number from {low} to {high}, got {one[name]}")
        return layers

    @property
    def sides(self) -> list[int | None]:
        """Return the side before and after each layer, as `sides` of this file."""
        return sides(self.side, self.layers)

    def readouts(self) -> dict[str, int | None]:
        """Return the numbers on the figure: output (the last side), field (the side of the chosen pixel's receptive field

        in the input), least and most (inputs that reach a pixel of the chosen layer's output); None where there is none.
        """
        chain, at = self.sides, min(self.at, len(self.layers) - 1)
        found: dict[str, int | None] = {"output": chain[-1], "field": None, "least": None, "most": None}
        if chain[-1] is not None:
            along = [np.flatnonzero(paths(self.side, self.layers, pick)[0]) for pick in (self.row, self.column)]
            found["field"] = max(int(a[-1] - a[0] + 1) if len(a) else 0 for a in along)
        if chain[at + 1] is not None:
            counts = overlaps(chain[at], self.layers[at])
            found |= {"least": int(counts.min()) ** 2, "most": int(counts.max()) ** 2}
        return found

    def figure(self) -> Any:
        """Return the static twin: the stages with what feeds the chosen pixel, and the overlaps of the chosen layer."""
        at, chain = min(self.at, len(self.layers) - 1), [n for n in self.sides if n is not None]
        maps = [np.outer(r, c) for r, c in zip(*(paths(self.side, self.layers, pick) for pick in (self.row, self.column)))]
        titles = [f"{n} \N{MULTIPLICATION SIGN} {n}" for n in chain]
        if self.sides[at + 1] is not None:
            counts = overlaps(chain[at], self.layers[at])
            maps.append(np.outer(counts, counts))
            titles.append(f"inputs a pixel,\nlayer {at + 1}: {maps[-1].min()} to {maps[-1].max()}")
        fig, axes = plots.figure(1.75 * len(maps), 2.2, columns=len(maps))
        for ax, values, title in zip(np.atleast_1d(axes), maps, titles):
            ax.imshow(values, cmap="Blues", vmin=0, vmax=max(1, values.max()), interpolation="nearest")
            plots.style(ax, title=title).grid(False)
            ax.title.set_fontsize(9)
            ax.set(xticks=[], yticks=[])
        return fig

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        chain = " to ".join("nothing" if n is None else str(n) for n in self.sides)
        square = f"{r['field']} \N{MULTIPLICATION SIGN} {r['field']}"
        field = "" if r["field"] is None else f" The chosen pixel is fed by {square} pixels of the input."
        at = min(self.at, len(self.layers) - 1) + 1
        most = f" In layer {at} a pixel is reached by {r['least']} to {r['most']} inputs." if r["most"] else ""
        return f"A chain of {len(self.layers)} convolutions, side {chain}.{field}{most}"

    def __repr__(self) -> str:
        return f"ShapeExplorer({' -> '.join('?' if n is None else str(n) for n in self.sides)})"
