"""Pictures: arrays in, axes out. The only room that knows matplotlib; it computes nothing but where the ink goes.

Every figure is an object of its own (`matplotlib.figure.Figure`), never pyplot's current one, and no global setting is
touched: callbacks may draw in another thread, and nothing is left behind when a figure is dropped.
"""

import base64
import html
import io
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

COLORS = {"data": "#0072B2", "generated": "#D55E00", "discriminator": "#009E73"}  # colour-blind safe
PLAIN = ("#AA4499", "#666666", "#A67C00")             # in turn, for what is none of the three
INK, MUTED, LINE = "#222222", "#6b6b6b", "#d9d9d9"
DASHES = {"data": "-", "generated": (0, (6, 2)), "discriminator": (0, (2, 1.5))}   # and told apart without colour
_RENDERING = threading.Lock()  # fonts and mathtext are shared by all figures


# ---------------------------------------------------------------- figures and their style

def figure(width: float = 6.4, height: float = 3.2, *, rows: int = 1, columns: int = 1) -> tuple[Figure, Any]:
    """Return a new figure and its styled axes: one Axes, or an array (rows, columns) of them, squeezed.

    width, height: in inches, at 96 pixels an inch on the page.
    """
    fig = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    axes = fig.subplots(rows, columns)
    for ax in np.atleast_1d(axes).flat:
        style(ax)
    return fig, axes


def style(ax: Axes, *, xlabel: str | None = None, ylabel: str | None = None, title: str | None = None) -> Axes:
    """Give axes the look of the course and, where given, their labels and title; return them."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(MUTED)
    ax.tick_params(colors=INK, labelsize=9, width=0.8)
    ax.grid(True, color=LINE, linewidth=0.6)
    ax.set_axisbelow(True)
    for setter, text in ((ax.set_xlabel, xlabel), (ax.set_ylabel, ylabel)):
        if text is not None:
            setter(text, fontsize=10, color=INK)
    if title is not None:
        ax.set_title(title, fontsize=11, color=INK, loc="left")
    return ax


def _axes(ax: Axes | None, width: float = 6.4, height: float = 3.2) -> Axes:
    return figure(width, height)[1] if ax is None else ax


def _legend(ax: Axes, *others: Axes, **where: Any) -> None:
    entries = [a.get_legend_handles_labels() for a in (ax, *others)]
    handles, labels = (sum((pair[i] for pair in entries), []) for i in (0, 1))
    if len(labels) > 0:
        ax.legend(handles, labels, fontsize=9, frameon=False, labelcolor=INK, **where)


# ---------------------------------------------------------------- images

def tile(images: ArrayLike, *, columns: int = 8, gap: int = 2) -> np.ndarray:
    """Return one sheet (H', W') or (H', W', 3) in [-1, 1] of images (n, C, H, W) or (n, H, W), row by row.

    float images in [-1, 1], or uint8 0 to 255; C is 1 or 3. gap: white pixels around each image. Raises ValueError for
    another shape or range: no image is stretched to its own contrast.
    """
    x = _pixels(images)
    n, height, width, channels = x.shape
    columns = max(1, min(int(columns), n))
    rows = -(-n // columns)
    sheet = np.ones((rows * (height + gap) + gap, columns * (width + gap) + gap, channels))
    for i in range(n):
        top, left = (gap + (i // columns) * (height + gap)), (gap + (i % columns) * (width + gap))
        sheet[top:top + height, left:left + width] = x[i]
    return sheet[..., 0] if channels == 1 else sheet


def _pixels(images: ArrayLike) -> np.ndarray:
    """Return images as float64 (n, H, W, C) in [-1, 1]."""
    x = np.asarray(images.detach().cpu() if hasattr(images, "detach") else images)
    x = x[:, None] if x.ndim == 3 else x
    if x.ndim != 4 or x.shape[1] not in (1, 3) or len(x) == 0:
        raise ValueError(f"images must be (n, 1, H, W), (n, 3, H, W) or (n, H, W) with n >= 1, got {x.shape}; "
                         "one image alone is x[None]")
    x = x / 127.5 - 1 if x.dtype == np.uint8 else x.astype(np.float64)
    low, high = x.min(), x.max()
    if not (low >= -1.001 and high <= 1.001):
        raise ValueError(f"images must lie in [-1, 1], got [{low:g}, {high:g}]; data.scale(...) brings uint8 there")
    return x.transpose(0, 2, 3, 1).clip(-1, 1)


def image_grid(images: ArrayLike, *, columns: int = 8, title: str | None = None, ax: Axes | None = None,
               row_labels: Sequence[str] | None = None, column_labels: Sequence[str] | None = None) -> Axes:
    """Draw images side by side, `columns` in a row, on one fixed scale: -1 is black, 1 is white.

    images: as in `tile`. row_labels, column_labels: words beside each row and below each column. Returns the axes.
    """
    gap = 2
    sheet = tile(images, columns=columns, gap=gap)
    rows, columns = _rows_of(images, columns), min(columns, len(images))
    size = min(8.0, 0.55 * columns) * np.array([1, sheet.shape[0] / sheet.shape[1]])
    own = ax is None
    ax = figure(*size)[1] if own else ax
    ax.imshow((sheet + 1) / 2, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    style(ax, title=title).grid(False)
    ax.spines[:].set_visible(False)
    _label_tiles(ax.set_xticks, sheet.shape[1] - gap, columns, column_labels)
    _label_tiles(ax.set_yticks, sheet.shape[0] - gap, rows, row_labels)
    ax.tick_params(length=0)
    if own:
        _wrap(ax, size)
    return ax


def _wrap(ax: Axes, size: ArrayLike, pad: float = 0.06) -> None:
    """Make the figure as large as axes of this size (width, height in inches) and the words around them need."""
    fig = ax.figure
    fig.set_layout_engine("none")
    ax.set_position((0, 0, 1, 1))
    low, high = np.zeros(2), np.asarray(size, dtype=float)
    for dpi in (144, 96):  # letters are rounded to pixels, so the same words take more room in one than in the other
        fig.set_dpi(dpi)
        with _RENDERING:
            words = ax.get_tightbbox().transformed(fig.dpi_scale_trans.inverted())
        low, high = np.minimum(low, words.min), np.maximum(high, words.max)
    low, high = low - pad, high + pad
    fig.set_size_inches(*(high - low))
    ax.set_position((*(-low / (high - low)), *(size / (high - low))))


def _rows_of(images: ArrayLike, columns: int) -> int:
    return -(-len(images) // max(1, min(int(columns), len(images))))


def _label_tiles(set_ticks: Callable, extent: int, count: int, labels: Sequence[str] | None) -> None:
    if labels is None:
        set_ticks([])
        return
    if len(labels) != count:
        raise ValueError(f"there must be one label a row or column, {count}, got {len(labels)}")
    size = extent / count
    set_ticks([2 + size * i + (size - 2) / 2 - 0.5 for i in range(count)], list(labels))


def image_strip(images: ArrayLike, *, labels: Sequence[str] | None = None, title: str | None = None,
                ax: Axes | None = None) -> Axes:
    """Draw images in one row, each with its label below; images as in `tile`. Returns the axes."""
    return image_grid(images, columns=len(images), column_labels=labels, title=title, ax=ax)


# ---------------------------------------------------------------- curves

def curves(x: ArrayLike, ys: Mapping[str, ArrayLike], *, xlabel: str, ylabel: str, title: str | None = None,
           colors: Mapping[str, str] | None = None, ax: Axes | None = None) -> Axes:
    """Draw named curves over x (n,), told apart by colour, dash and name; returns the axes.

    ys: name -> (n,). colors: name -> a colour or one of the words data, generated, discriminator; others take the
    colours of PLAIN in turn. xlabel, ylabel: with units.
    """
    ax = style(_axes(ax), xlabel=xlabel, ylabel=ylabel, title=title)
    chosen = [(colors or {}).get(name, name) for name in ys]
    fresh_colors = [c for c in (*PLAIN, *COLORS.values()) if c not in map(COLORS.get, chosen)]
    dashes = (*DASHES.values(), (0, (1, 1)), (0, (6, 1, 1, 1)), (0, (3, 1, 1, 1, 1, 1)))
    fresh_dashes = [d for d in dashes if d not in map(DASHES.get, chosen)]
    for i, ((name, y), word) in enumerate(zip(ys.items(), chosen)):
        color = COLORS.get(word) or (colors or {}).get(name) or fresh_colors[i % len(fresh_colors)]
        dash = DASHES.get(word) or fresh_dashes[i % len(fresh_dashes)]
        ax.plot(x, y, color=color, linestyle=dash, linewidth=1.8, label=name)
    _legend(ax)
    return ax


def densities(x: ArrayLike, p: ArrayLike, q: ArrayLike, D: ArrayLike | None = None, *, xlabel: str = "x",
              title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the density p of the data and q of the generator over x and, on a second axis from 0 to 1, D(x).

    x, p, q, D: (n,). D may be one number for a judge who says the same everywhere; None leaves it out. Returns the
    axes of the densities.
    """
    ax = style(_axes(ax), xlabel=xlabel, ylabel="density (per unit of x)", title=title)
    for name, label, y in (("data", r"data $p(x)$", p), ("generated", r"generated $q(x)$", q)):
        ax.plot(x, y, color=COLORS[name], linestyle=DASHES[name], linewidth=1.8, label=label)
        ax.fill_between(x, 0, y, color=COLORS[name], alpha=0.12, linewidth=0)
    ax.set_ylim(bottom=0)
    right = () if D is None else (_judge_axis(ax, x, D),)
    ax.title.set_y(1.12)  # the title above the row of names, which lies above the curves and hides none
    _legend(ax, *right, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0)
    return ax


def _judge_axis(ax: Axes, x: ArrayLike, D: ArrayLike) -> Axes:
    """Draw D over x on a second axis from 0 to 1, at the right."""
    right = style(ax.twinx(), ylabel=r"$D(x)$, a probability")
    right.grid(False)
    right.spines["right"].set(visible=True, color=COLORS["discriminator"])
    right.plot(x, np.broadcast_to(D, np.shape(x)), color=COLORS["discriminator"], linestyle=DASHES["discriminator"],
               linewidth=1.8, label=r"judge $D(x)$")
    right.set_ylim(0, 1)
    return right


def histograms(D_real: ArrayLike, D_fake: ArrayLike, *, bins: int = 25, title: str | None = None,
               ax: Axes | None = None) -> Axes:
    """Draw what D says of real and of generated images, as shares of each in percent; returns the axes.

    D_real, D_fake: probabilities, (n,) and (m,). Outlines and hatching keep the two apart where they overlap.
    """
    ax = style(_axes(ax), xlabel="D's verdict: probability of being real", ylabel="share of images (%)", title=title)
    edges = np.linspace(0, 1, bins + 1)
    for values, name, label, hatch in ((D_real, "data", "real", None), (D_fake, "generated", "generated", "////")):
        values = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values).ravel()
        share = 100 * np.histogram(values, edges)[0] / max(values.size, 1)
        ax.stairs(share, edges, fill=True, facecolor=COLORS[name], edgecolor="white", alpha=0.35, hatch=hatch)
        ax.stairs(share, edges, color=COLORS[name], linestyle=DASHES[name], linewidth=1.6, label=label)
    ax.set_xlim(0, 1)
    _legend(ax)
    return ax


def history(run: Mapping[str, np.ndarray], *, equilibrium: bool = True, axes: Sequence[Axes] | None = None) -> Any:
    """Draw a run: both losses on the left, mean D on real and on generated images on the right; returns both axes.

    run: a History, or arrays (steps,) under loss_D, loss_G, D_real, D_fake. Pale: each step; strong: running mean.
    equilibrium: mark log 4, log 2 and 1/2, where the original game comes to rest; False for other objectives.
    """
    axes = figure(8.6, 3.0, columns=2)[1] if axes is None else axes
    left = style(axes[0], xlabel="generator step", ylabel="loss (nats)")
    right = style(axes[1], xlabel="generator step", ylabel="mean verdict of D")
    _trace(left, run, "loss_D", "discriminator", "loss of D", np.log(4) if equilibrium else None)
    _trace(left, run, "loss_G", "generated", "loss of G", np.log(2) if equilibrium else None)
    _trace(right, run, "D_real", "data", "on real images", None)
    _trace(right, run, "D_fake", "generated", "on generated images", 0.5 if equilibrium else None)
    right.set_ylim(0, 1)
    for ax in axes:
        _legend(ax)
    return axes


def _trace(ax: Axes, run: Mapping[str, np.ndarray], name: str, color: str, label: str, rest: float | None) -> None:
    y = np.asarray(run[name], dtype=np.float64) if name in run else np.empty(0)
    if rest is not None:
        ax.axhline(rest, color=MUTED, linewidth=0.8, linestyle=DASHES[color])
    if y.size == 0:
        return
    step, window = np.arange(1, y.size + 1), max(1, y.size // 50)
    thin = slice(None, None, max(1, y.size // 2000))  # more points than pixels cost time and show nothing
    sums = np.concatenate([[0.0], np.cumsum(y)])
    first = np.maximum(step - window, 0)
    ax.plot(step[thin], y[thin], color=COLORS[color], linewidth=0.6, alpha=0.3)
    ax.plot(step[thin], ((sums[step] - sums[first]) / (step - first))[thin], color=COLORS[color],
            linestyle=DASHES[color], linewidth=1.8, label=label)


# ---------------------------------------------------------------- onto the page

def png(fig: Figure | Axes, *, dpi: float = 96) -> bytes:
    """Return the figure as PNG bytes: the same bytes for the same figure, whatever the time and version."""
    buffer = io.BytesIO()
    with _RENDERING:
        _figure_of(fig).savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def _figure_of(fig: Any) -> Figure:
    """Return the figure itself, or that of an Axes or an array of them."""
    found = fig if isinstance(fig, Figure) else np.atleast_1d(np.asarray(fig, dtype=object)).flat[0]
    return found if isinstance(found, Figure) else found.figure


def _bundle(fig: Any, alt: str) -> dict[str, str]:
    if not isinstance(alt, str) or len(alt.strip()) < 10:
        raise ValueError(f"alt must say in words what the figure shows (ten letters or more), got {alt!r}")
    width = round(96 * _figure_of(fig).get_figwidth())
    source = base64.b64encode(png(fig, dpi=144)).decode()
    size = f'width="{width}" style="max-width: 100%"'
    return {"text/html": f'<img alt="{html.escape(alt)}" {size} src="data:image/png;base64,{source}">',
            "text/plain": alt}


def show(fig: Figure | Axes, alt: str) -> None:
    """Display a figure (or the figure of some axes) as a picture with words: alt says what it shows.

    Screen readers and nbval read the words. Raises ValueError if there are none. Outside IPython, prints them.
    """
    _display(_bundle(fig, alt))


def _display(bundle: dict[str, str], **kwargs: Any) -> Any:
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is None:
        print(bundle["text/plain"])
        return None
    return display(bundle, raw=True, **kwargs)


class LiveFigure:
    """Show one figure that follows a run: `train(..., on_step=LiveFigure(draw, alt="..."))`.

    draw(fig, run): fills an empty Figure. It is called at most once every `interval` seconds, so seldom that drawing
    takes at most a fifth of the time, and for the last step. One place on the page is updated, and no figure is left
    behind. width, height: in inches.
    """

    def __init__(self, draw: Callable[[Figure, Any], Any], *, alt: str, interval: float = 0.35, width: float = 8.6,
                 height: float = 3.0) -> None:
        self.draw, self.alt, self.interval, self.drawn = draw, alt, interval, 0
        self.figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
        self._handle, self._next = None, 0.0

    def __call__(self, run: Any) -> None:
        last = getattr(run, "step", None) == getattr(run, "steps", -1)
        if time.monotonic() >= self._next or last:
            self.update(run)

    def update(self, run: Any) -> None:
        """Draw now, however short the time since the last picture."""
        start = time.monotonic()
        self.figure.clear()
        self.draw(self.figure, run)
        bundle, self.drawn = _bundle(self.figure, self.alt), self.drawn + 1
        if self._handle is None:
            self._handle = _display(bundle, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
        end = time.monotonic()
        self._next = end + max(self.interval, 4 * (end - start))
