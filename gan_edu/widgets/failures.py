"""FailureExplorer: play-back of scripted disasters, the signs that tell them apart, and what each remedy does.

Here are its state, its reference numbers and its static twin; the drawing is failures.js. How a run is kept belongs in
failures_store.py, how it is made and judged in gan_edu.failures.
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets

from gan_edu import plots
from gan_edu.failures_alarm import FAINT, FEW, SURE, SWING
from gan_edu.widgets import failures_store as store
from gan_edu.widgets.base import Explorer

LIMITS = {"modes": FEW, "gradient": FAINT, "sure": SURE, "swing": SWING}      # where the alarm's rules cut
WORDS = {"modes": "modes held, as a share", "sure": "how sure D is", "gradient": "G's gradient, of its greatest",
         "swing": "swing, in std of the data"}
UNTREATED = ""


class FailureExplorer(Explorer, js=["failures_views.js", "failures.js"]):
    """Play back runs on toys: frames of samples over the data, the signs under a time slider, remedies side by side.

    runs: what `failures_store.record` keeps of each; None takes the stored runs of all recipes with all their remedies.
    name (None takes the first run's), remedy ("" for none) and frame (None: the last) may be set from Python, then and
    later; TraitError for what there is not. The pictures lie in the page as bytes, so that play-back needs no kernel.
    Raises ValueError for runs without frames.
    """

    runs = traitlets.List(traitlets.Dict()).tag(sync=True)     #: name, remedy, why, verdict, step, says, signs, steps
    frames = traitlets.Bytes(b"").tag(sync=True)                  #: int16, run by run, frame by frame, (64, 2)
    data = traitlets.Bytes(b"").tag(sync=True)                    #: int16, run by run, (160, 2)
    layout_of = traitlets.Dict({"samples": store.SAMPLES, "data": store.DATA, "unit": store.UNIT}).tag(sync=True)
    limits = traitlets.Dict(LIMITS).tag(sync=True)
    name = traitlets.Unicode("").tag(sync=True)
    remedy = traitlets.Unicode(UNTREATED).tag(sync=True)
    frame = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, runs: Sequence[dict[str, Any]] | None = None, *, name: str | None = None, remedy: str = UNTREATED,
                 frame: int | None = None) -> None:
        kept = list(store.load()["runs"] if runs is None else runs)
        if not kept or not all("x" in run for run in kept):
            raise ValueError(f"runs must be one or more records with frames, got {len(kept)}; "
                             "make them with failures_store.record(play(...))")
        self._kept = [{**run, "name": _name(run), "remedy": run.get("remedy") or UNTREATED} for run in kept]
        shown = [{k: v for k, v in run.items() if k not in ("x", "data")} | {"window": _window(*_points(run))}
                 for run in self._kept]
        first = self._kept[0]["name"] if name is None else name
        super().__init__(runs=shown, name=first, frames=_bytes(self._kept, "x"), data=_bytes(self._kept, "data"))
        self.remedy = remedy
        self.frame = len(self._here()["steps"]) - 1 if frame is None else frame

    # ---- state
    @traitlets.validate("name")
    def _known_name(self, proposal: dict[str, Any]) -> str:
        names = list(dict.fromkeys(run["name"] for run in self.runs))
        if proposal["value"] not in names:
            raise traitlets.TraitError(f"name must be one of {', '.join(names)}, got {proposal['value']!r}")
        return proposal["value"]

    @traitlets.validate("remedy")
    def _known_remedy(self, proposal: dict[str, Any]) -> str:
        known = [run["remedy"] for run in self.runs if run["name"] == self.name]
        if proposal["value"] not in known:
            raise traitlets.TraitError(f"the remedies played for {self.name} are {known[1:]} and {known[0]!r}, "
                                       f"got {proposal['value']!r}")
        return proposal["value"]

    @traitlets.validate("frame")
    def _known_frame(self, proposal: dict[str, Any]) -> int:
        most = len(self._here()["steps"]) - 1
        if proposal["value"] > most:
            raise traitlets.TraitError(f"frame must be from 0 to {most}, got {proposal['value']}")
        return proposal["value"]

    @traitlets.observe("name")
    def _start_untreated(self, _: Any) -> None:
        self.remedy = next(run["remedy"] for run in self.runs if run["name"] == self.name)
        self._stay_inside(_)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page says; name and remedy of one message belong together."""
        super().set_state(sync_data)
        if {"name", "remedy"} <= sync_data.keys():
            self.remedy = sync_data["remedy"]

    @traitlets.observe("remedy")
    def _stay_inside(self, _: Any) -> None:
        self.frame = min(self.frame, len(self._here()["steps"]) - 1)

    def _here(self) -> dict[str, Any]:
        return next(run for run in self._kept if (run["name"], run["remedy"]) == (self.name, self.remedy))

    # ---- the Python twin
    def samples(self) -> np.ndarray:
        """Return the samples on the page, (64, 2)."""
        return _points(self._here())[0][self.frame]

    def readouts(self) -> dict[str, Any]:
        """Return step, says (the alarm's words at that moment; None for a run without an alarm) and the signs of the last

        look up to there (None before the first): modes, gradient, sure, swing.
        """
        run = self._here()
        step = run["steps"][self.frame]
        seen = sum(look <= step for look in run["signs"]["step"])
        signs = {sign: run["signs"][sign][seen - 1] if seen else None for sign in LIMITS}
        return {"step": step, "says": self._says(run, step)} | signs

    @staticmethod
    def _says(run: dict[str, Any], step: int) -> str | None:
        if "says" not in run:
            return None
        rung = run["step"] is not None and step >= run["step"]
        return run["says"] if rung else "No sign of a failure so far."

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Return the static twin: three moments of the run above, its signs over time below."""
        run = self._here()
        fig, axes = plots.figure(9.6, 5.4, rows=2, columns=3)
        frames, real = _points(run)
        window = _window(frames, real)
        for ax, at in zip(axes[0], (len(frames) // 8, len(frames) // 2, len(frames) - 1), strict=True):
            plots.style(ax, title=f"step {run['steps'][at]}")
            ax.plot(*real.T, ".", color=plots.COLORS["data"], markersize=2, alpha=0.6)
            ax.plot(*frames[at].T, "x", color=plots.COLORS["generated"], markersize=4)
            ax.set(xlim=window[0], ylim=window[1], aspect="equal")
        shares = {"modes held (share)": ("modes", "generated"), "how sure D is": ("sure", "discriminator")}
        steps = run["signs"]["step"]
        plots.curves(steps, {label: run["signs"][sign] for label, (sign, _) in shares.items()},
                     colors={label: color for label, (_, color) in shares.items()}, xlabel="step of G", ylabel="",
                     ax=axes[1][0]).set(ylim=(-0.05, 1.25))
        for ax, sign in zip(axes[1][1:], ("gradient", "swing"), strict=True):
            plots.curves(steps, {WORDS[sign]: run["signs"][sign]}, colors={WORDS[sign]: "generated"}, xlabel="step of G",
                         ylabel="", ax=ax)
            ax.axhline(LIMITS[sign], color=plots.MUTED, linestyle="--", linewidth=0.8)
        axes[1][1].set(yscale="log")
        fig.suptitle(self._title(), fontsize=11, x=0.01, ha="left", color=plots.INK)
        return fig

    def _title(self) -> str:
        return self.name + (f", remedy: {self.remedy}" if self.remedy else "")

    def describe(self) -> str:
        """Return the figure in words."""
        run, last = self._here(), self._here()["signs"]
        end = "; ".join(f"{words} {last[sign][-1]:.3g}" for sign, words in WORDS.items())
        alarm = f" The alarm: {run['says']}" if "says" in run else ""
        return (f"{self._title()}: samples over the data at three moments, and four signs over time. At the end {end}."
                f"{alarm}")

    def __repr__(self) -> str:
        return f"FailureExplorer(name={self.name!r}, remedy={self.remedy!r}, frame={self.frame}; {len(self.runs)} runs)"


def _name(run: dict[str, Any]) -> str:
    return run["name"] if "name" in run else f"run {run['blinded']}"


def _bytes(runs: list[dict[str, Any]], key: str) -> bytes:
    return b"".join(base64.b64decode(run[key]) for run in runs)


def _points(run: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the samples (frames, 64, 2) and the data (160, 2) of a run."""
    return store.points(run["x"]).reshape(-1, store.SAMPLES, 2), store.points(run["data"])


def _window(frames: np.ndarray, real: np.ndarray) -> list[list[float]]:
    """Return a square window (x, y) that holds the data and, but for outliers, all samples of the run."""
    every = np.concatenate([frames.reshape(-1, 2), real])
    low = np.minimum(np.quantile(every, 0.04, axis=0), real.min(0))
    high = np.maximum(np.quantile(every, 0.96, axis=0), real.max(0))
    middle, half = (low + high) / 2, 0.55 * (high - low).max()
    return [[float(m - half), float(m + half)] for m in middle]
