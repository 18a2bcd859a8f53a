"""Tests of the pictures: what is drawn where, on one scale, without leaks; that they look right is for eyes."""

import ast
import io
import sys
import threading
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from gan_edu import plots, theory

X = np.linspace(-5, 7, 401)
P, Q = theory.gaussian(X), theory.gaussian(X, 2.0)


def pixels(fig):
    return np.asarray(Image.open(io.BytesIO(plots.png(fig))).convert("RGB"))


def line(ax, label):
    return next(entry for entry in ax.lines if entry.get_label() == label)


# ---- images

def test_tile_puts_every_image_in_its_place_and_white_between():
    images = np.linspace(-1, 1, 5)[:, None, None, None] * np.ones((5, 1, 3, 4))
    sheet = plots.tile(images, columns=3, gap=1)
    assert sheet.shape == (1 + 2 * 4, 1 + 3 * 5)
    for i in range(5):
        top, left = 1 + 4 * (i // 3), 1 + 5 * (i % 3)
        assert (sheet[top:top + 3, left:left + 4] == images[i, 0]).all()
    assert (sheet[:, 0] == 1).all() and (sheet[5:, 11:] == 1).all()


def test_tile_takes_tensors_colour_and_uint8():
    x = torch.rand(4, 3, 5, 5, requires_grad=True) * 2 - 1
    assert plots.tile(x, columns=2).shape == (2 + 2 * 7, 2 + 2 * 7, 3)
    assert plots.tile(torch.tensor([[[[0, 255]]]], dtype=torch.uint8), gap=0).tolist() == [[-1, 1]]
    assert plots.tile(np.zeros((2, 6, 6)), columns=9).shape == (10, 18)


@pytest.mark.parametrize("images, words", [
    (np.zeros((28, 28)), "n, 1, H, W"), (np.zeros((2, 4, 8, 8)), "n, 1, H, W"), (np.zeros((0, 1, 8, 8)), "n >= 1"),
    (np.full((1, 1, 2, 2), 255.0), "data.scale"), (np.full((1, 1, 2, 2), np.nan), "must lie in"),
])
def test_tile_refuses_other_shapes_and_ranges(images, words):
    with pytest.raises(ValueError, match=words):
        plots.tile(images)


def test_no_image_is_stretched_to_its_own_contrast():
    """A pale image stays pale on the page: -1, 0 and 1 are black, grey and white whatever stands beside them."""
    grey = np.zeros((2, 1, 28, 28))
    middle = pixels(plots.image_grid(grey, columns=2).figure)
    h, w = middle.shape[:2]
    assert abs(int(middle[h // 2, w // 4, 0]) - 128) <= 1
    grid = plots.image_grid(np.full((1, 1, 8, 8), -1.0)).images[0]
    assert grid.get_clim() == (0, 1)


def test_labels_stand_at_the_middle_of_their_row_and_column():
    ax = plots.image_grid(np.zeros((6, 1, 28, 28)), columns=3, row_labels=["a", "b"], column_labels=["u", "v", "w"])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["u", "v", "w"]
    assert list(ax.get_xticks()) == [2 + 30 * i + 14 - 0.5 for i in range(3)]
    assert list(ax.get_yticks()) == [15.5, 45.5]
    with pytest.raises(ValueError, match="one label a row or column, 3, got 1"):
        plots.image_grid(np.zeros((6, 1, 8, 8)), columns=3, column_labels=["u"])


def test_a_strip_is_one_row():
    ax = plots.image_strip(np.zeros((9, 1, 28, 28)), labels=list("abcdefghi"), title="nine")
    assert ax.images[0].get_array().shape == (32, 2 + 9 * 30)
    assert ax.get_title(loc="left") == "nine"


# ---- curves

def test_densities_draw_p_q_and_judge_in_their_colours():
    D = theory.optimal_discriminator(P, Q)
    ax = plots.densities(X, P, Q, D)
    right = ax.figure.axes[1]
    for axes, label, name, y in ((ax, "data $p(x)$", "data", P), (ax, "generated $q(x)$", "generated", Q),
                                 (right, "judge $D(x)$", "discriminator", D)):
        drawn = line(axes, label)
        assert drawn.get_color() == plots.COLORS[name]
        assert np.array_equal(drawn.get_ydata(), y)
    assert right.get_ylim() == (0, 1)
    assert {t.get_text() for t in ax.get_legend().get_texts()} == {"data $p(x)$", "generated $q(x)$", "judge $D(x)$"}
    assert len(plots.densities(X, P, Q).figure.axes) == 1
    assert (line(plots.densities(X, P, Q, 0.5).figure.axes[1], "judge $D(x)$").get_ydata() == 0.5).all()


def test_curves_take_words_for_colours_and_tell_curves_apart_twice():
    ax = plots.curves([0, 1], {"line": [0, 1], "arc": [1, 1], "other": [2, 2]}, xlabel="t", ylabel="norm",
                      colors={"line": "data", "arc": "#000000"})
    assert line(ax, "line").get_color() == plots.COLORS["data"]
    assert line(ax, "arc").get_color() == "#000000"
    assert len({entry.get_linestyle() + str(entry._dash_pattern) for entry in ax.lines}) == 3
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("t", "norm")


def test_a_named_curve_shares_neither_colour_nor_dash_with_another():
    ax = plots.curves([0, 1], {"n": [0, 1], "generated": [1, 1], "m": [2, 2]}, xlabel="n", ylabel="y")
    assert len({entry.get_color() for entry in ax.lines}) == 3
    assert len({entry.get_linestyle() + str(entry._dash_pattern) for entry in ax.lines}) == 3


def test_histograms_are_shares_that_sum_to_100_percent():
    ax = plots.histograms(torch.linspace(0.5, 1, 300), np.linspace(0, 0.5, 700), bins=20)
    outlines = [p for p in ax.patches if p.get_label() in ("real", "generated")]
    assert [p.get_data().values.sum() for p in outlines] == pytest.approx([100, 100])
    assert outlines[0].get_data().values[:10].sum() == 0
    assert "%" in ax.get_ylabel()


def run_of(n):
    y = np.linspace(2, 1, n)
    return {"loss_D": y, "loss_G": y - 0.5, "D_real": y / 4, "D_fake": y / 5}


@pytest.mark.parametrize("n", [0, 1, 7, 5000])
def test_history_of_any_length(n):
    left, right = plots.history(run_of(n))
    assert len(left.lines) == 2 + 4 * (n > 0)
    assert "nats" in left.get_ylabel()
    assert pixels(left.figure).ndim == 3


def test_history_running_mean_and_rest_levels():
    left, _ = plots.history(run_of(100))
    mean, y = line(left, "loss of D").get_ydata(), run_of(100)["loss_D"]
    assert mean[0] == y[0] and mean[50] == pytest.approx(y[49:51].mean())
    assert [entry.get_ydata()[0] for entry in left.lines if len(entry.get_ydata()) == 2] == [np.log(4), np.log(2)]
    assert len(plots.history(run_of(100), equilibrium=False)[0].lines) == 4


def test_every_axis_is_named():
    made = [plots.densities(X, P, Q, 0.5), plots.histograms([0.2], [0.3]), *plots.history(run_of(3)),
            plots.curves([0, 1], {"a": [0, 1]}, xlabel="t", ylabel="y")]
    for ax in (axes for first in made for axes in first.figure.axes):
        assert ax.get_ylabel() and (ax.get_xlabel() or ax is not ax.figure.axes[0])


# ---- onto the page

def test_png_is_the_same_bytes_again_and_takes_axes():
    first, second = (plots.png(plots.densities(X, P, Q, 0.5)) for _ in range(2))
    assert first == second and first.startswith(b"\x89PNG")
    assert b"Matplotlib" not in first
    assert plots.png(plots.history(run_of(3))).startswith(b"\x89PNG")


@pytest.mark.parametrize("alt", ["", "short", None])
def test_a_picture_without_words_is_refused(alt):
    with pytest.raises(ValueError, match="alt must say in words"):
        plots.show(plots.figure()[0], alt)


def test_show_prints_the_words_outside_ipython(capsys):
    plots.show(plots.figure()[0], "An empty figure.")
    assert capsys.readouterr().out == "An empty figure.\n"


class Page:
    """Stand in for IPython's display: keeps what is shown."""

    def __init__(self, monkeypatch):
        self.shown, self.updates = [], []
        handle = types.SimpleNamespace(update=lambda bundle, raw: self.updates.append(bundle))
        monkeypatch.setattr("IPython.get_ipython", lambda: self)
        monkeypatch.setattr("IPython.display.display", lambda bundle, **k: (self.shown.append((bundle, k)), handle)[1])


def test_show_gives_an_image_with_alt_text_and_the_words(monkeypatch):
    page = Page(monkeypatch)
    plots.show(plots.densities(X, P, Q), 'p & q, "two" bells')
    (bundle, arguments), = page.shown
    assert arguments == {"raw": True}
    assert bundle["text/plain"] == 'p & q, "two" bells'
    assert 'alt="p &amp; q, &quot;two&quot; bells" width="614"' in bundle["text/html"]
    assert "data:image/png;base64," in bundle["text/html"] and "<script" not in bundle["text/html"]


def draw(fig, run):
    plots.history(run.history, axes=fig.subplots(1, 2))


def test_live_figure_updates_one_place_and_not_too_often(monkeypatch):
    page, clock = Page(monkeypatch), [100.0]
    monkeypatch.setattr(plots.time, "monotonic", lambda: clock[0])
    live = plots.LiveFigure(draw, alt="Losses while training.")
    run = types.SimpleNamespace(history=run_of(4), step=0, steps=100)
    for run.step in range(1, 101):
        clock[0] += 0.05  # 20 steps a second, 5 seconds
        live(run)
    assert len(page.shown) == 1
    assert 12 <= live.drawn == 1 + len(page.updates) <= 16
    assert page.updates[-1]["text/plain"] == "Losses while training."


def test_a_slow_picture_takes_at_most_a_fifth_of_the_time(monkeypatch):
    page, clock = Page(monkeypatch), [100.0]
    monkeypatch.setattr(plots.time, "monotonic", lambda: clock[0])

    def slow(fig, run):
        clock[0] += 1.0

    live, run = plots.LiveFigure(slow, alt="A slow picture."), types.SimpleNamespace()
    for _ in range(1000):
        clock[0] += 0.1  # 100 seconds of training
        live(run)
    assert 20 <= live.drawn <= 25 and len(page.shown) == 1


def test_live_figure_always_draws_the_last_step(monkeypatch):
    Page(monkeypatch)
    live = plots.LiveFigure(draw, alt="Losses while training.", interval=1000)
    for step in (1, 2, 3):
        live(types.SimpleNamespace(history=run_of(4), step=step, steps=3))
    assert live.drawn == 2


def test_a_hundred_redraws_leave_no_figure_and_no_warning(monkeypatch):
    Page(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        live = plots.LiveFigure(lambda fig, run: fig.subplots().plot([0, run.step]), alt="A line while training.",
                                interval=0, width=2, height=1)
        for step in range(100):
            live.update(types.SimpleNamespace(step=step))
            plots.image_grid(np.zeros((2, 1, 8, 8)))
    assert live.drawn == 100 and len(live.figure.axes) == 1
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_two_threads_draw_at_once():
    wanted, got, errors = plots.png(plots.densities(X, P, Q, 0.5)), [], []

    def work():
        try:
            got.extend(plots.png(plots.densities(X, P, Q, 0.5)) for _ in range(5))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(got) == 10 and set(got) == {wanted}


def test_the_room_uses_no_pyplot_and_sets_nothing_global():
    tree = ast.parse(Path(plots.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert "matplotlib.pyplot" not in imported
    assert "rcParams" not in Path(plots.__file__).read_text(encoding="utf-8")
    assert isinstance(plots.figure()[0], Figure)


def test_no_word_beside_a_sheet_is_cut_off_and_no_margin_is_left():
    """Ink touches the rim nowhere, and comes near to each of its four sides."""
    for options in ({}, {"title": "A rather long title for two small images"},
                    {"row_labels": ["a long label, with a tail"], "column_labels": ["t = 0", "a longer one"]}):
        dark = pixels(plots.image_grid(-np.ones((2, 1, 28, 28)), columns=2, **options)).min(2) < 200
        rows, columns = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
        for first, last, length in ((rows[0], rows[-1], dark.shape[0]), (columns[0], columns[-1], dark.shape[1])):
            assert 2 <= first <= 24 and length - 25 <= last <= length - 3, options


def test_pages_and_pictures_have_one_palette():
    style = (Path(plots.__file__).parent / "widgets" / "kit.css").read_text(encoding="utf-8")
    for name, color in plots.COLORS.items() | {("purple", plots.PLAIN[0]), ("gold", plots.PLAIN[2])}:
        assert f"--gx-{name}: {color.lower()};" in style
