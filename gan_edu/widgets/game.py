"""GameExplorer: Algorithm 1 under the microscope, on toys whose answer is known.

Here are its state, what it tells the page, and the static twin. The loop is `training.train`, in the thread of
game_thread.py; players and data are in game_match.py, the arrays of a picture in game_scene.py, the drawing in game.js.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import traitlets

from gan_edu import plots_game, toys
from gan_edu.errors import real, whole
from gan_edu.metrics_toys import METERS
from gan_edu.objectives import OBJECTIVES
from gan_edu.toys import Toy
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import Number
from gan_edu.widgets.game_lines import Tensors
from gan_edu.widgets.game_match import LINES, TOYS, Settings, drawn
from gan_edu.widgets.game_scene import JUDGED, Scene, Track, pack
from gan_edu.widgets.game_thread import Trainer
from gan_edu.widgets.interrupts import stop_when_interrupted

LAYERS = ("data", "fakes", "manifold", "arrows")
SURFACES = ("D", "best", "none")
WIDTHS, BATCHES, NOISES = (8, 16, 32, 64, 128), (16, 32, 64, 128, 256), (1, 2, 4, 8, 16)
RATES = (1e-5, 0.1)
PICTURES = 30               # a second, at most
AHEAD = 3                   # pictures on their way to the page: beyond it the next one waits and is the newest then
PATIENCE = 30.0             # seconds without anybody who looks, after which it pauses
JUDGE_EVERY = 0.5           # seconds between two readings of the meters while it plays fast
_SETTINGS = ("toy", "k", "lr_D", "lr_G", "objective", "batch_size", "latent_dim", "width", "seed", "strokes")


class GameExplorer(Explorer, js=["game_scene.js", "game_panel.js", "game.js"], css=["game.css"]):
    """Play a GAN on a toy: play, pause, step, or slow motion through the lines of Algorithm 1, with everything live.

    toy: a name of `TOYS` ("ring", "grid", "spiral", "moons", "checkerboard", "gaussian", "mixture"), "drawn" (points
        drawn in the figure become the data), or a toy of gan_edu.toys. k: steps of D for each of G, 1 to 10.
    lr_D, lr_G: of Adam, 1e-5 to 0.1. objective: a name of `objectives.OBJECTIVES`. batch_size: m. latent_dim: of z.
    width: of both networks' two hidden layers. seed: of networks, data and noise. steps: how many are made before it
        is shown. strokes: for "drawn", a list of lists of (x, y). layers, surface: what is drawn at first, of `LAYERS`
        and `SURFACES`. arrow_scale: arrows are so many times -dloss/dx, all alike.

    All of these but `steps` are traits and may be set while it plays: what fits the same networks goes on from the
    next step, the rest starts afresh, and the line under the figure says which. `pace` is "paused", "fast" or "slow".
    It pauses when its view is taken away, when the kernel is interrupted, and when no page has looked for 30 seconds.
    Raises ValueError or TraitError for arguments outside these.
    """

    toy = traitlets.Enum([*TOYS, "drawn", "own"], default_value="ring").tag(sync=True)
    k = traitlets.Int(1, min=1, max=10).tag(sync=True)
    lr_D, lr_G = Number(1e-3, *RATES), Number(1e-3, *RATES)
    objective = traitlets.Enum(list(OBJECTIVES), default_value="non_saturating").tag(sync=True)
    batch_size = traitlets.Int(128, min=2, max=1024).tag(sync=True)
    latent_dim = traitlets.Int(2, min=1, max=64).tag(sync=True)
    width = traitlets.Int(64, min=2, max=256).tag(sync=True)
    seed = traitlets.Int(0, min=0, max=2**31 - 1).tag(sync=True)
    strokes = traitlets.List().tag(sync=True)
    pace = traitlets.Enum(["paused", "fast", "slow"], default_value="paused").tag(sync=True)
    layers = traitlets.List(traitlets.Enum(LAYERS), default_value=["data", "fakes"]).tag(sync=True)
    surface = traitlets.Enum(SURFACES, default_value="D").tag(sync=True)
    arrow_scale = Number(0.3, 0.001, 10.0)
    options = traitlets.Dict().tag(sync=True)        #: what the page may choose from
    now = traitlets.Dict().tag(sync=True)            #: the picture's numbers and words, as it was when first shown
    picture = traitlets.Bytes().tag(sync=True)       #: its arrays; later ones come as messages

    _trainer: Trainer | None = None                  # none while the traits get their first values

    def __init__(self, toy: str | Toy = "ring", *, k: int = 1, lr_D: float = 1e-3, lr_G: float = 1e-3,
                 objective: str = "non_saturating", batch_size: int = 128, latent_dim: int = 2, width: int = 64,
                 seed: int = 0, steps: int = 0, strokes: Sequence[Sequence[Sequence[float]]] = (),
                 layers: Sequence[str] = ("data", "fakes"), surface: str = "D", arrow_scale: float = 0.3) -> None:
        whole("steps", steps, 0)
        self._own = None if isinstance(toy, str) else _require_toy(toy)
        options = {"lines": LINES, "toys": [*TOYS, "drawn", *(["own"] if self._own else [])], "meters": _meters(),
                   "objectives": list(OBJECTIVES), "widths": WIDTHS, "batches": BATCHES, "noises": NOISES,
                   "layers": LAYERS, "judged": JUDGED}
        super().__init__(toy="own" if self._own else toy, k=k, lr_D=lr_D, lr_G=lr_G, objective=objective,
                         batch_size=batch_size, latent_dim=latent_dim, width=width, seed=seed, strokes=list(strokes),
                         layers=list(layers), surface=surface, arrow_scale=arrow_scale, options=options)
        self._losses, self._meters, self._tensors = Track(("D", "G")), Track(tuple(METERS)), Tensors()
        self._number, self._seen, self._judge_each = 0, 0, 1
        self._next_picture = self._next_reading = self._looked = 0.0
        self._words, self._views = "", set()
        self._trainer = Trainer(self._settings(), on_line=self._on_line, on_step=self._on_step, on_part=self._on_part,
                                on_error=self._on_error)
        self._set_scene()
        self.on_msg(self._hear_page)
        if steps:
            self.advance(steps)
        else:
            self._show(judge=True)
        self._remember()

    # ---- what the reader changes
    def _settings(self) -> Settings:
        toy = self._own if self.toy == "own" else drawn(self.strokes) if self.toy == "drawn" else TOYS[self.toy]
        return Settings(toy, self.k, self.lr_D, self.lr_G, self.objective, self.batch_size, self.latent_dim,
                        self.width, self.seed)

    @traitlets.validate("toy")
    def _own_only_where_given(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] == "own" and self._own is None:
            raise traitlets.TraitError("toy can be own only where a toy was given; write GameExplorer(toys.Ring(modes=3))")
        return proposal["value"]

    @traitlets.validate("strokes")
    def _good_strokes(self, proposal: dict[str, Any]) -> list:
        strokes = [[[real("a coordinate", c) for c in point] for point in stroke] for stroke in proposal["value"]]
        drawn(strokes)                                   # refuses what is not a list of lists of (x, y)
        return strokes

    @traitlets.observe(*_SETTINGS)
    def _settings_changed(self, _: Any) -> None:
        if self._trainer is not None:
            with self.reporting():
                self._trainer.command(settings=self._settings())
                self._remember_if_still()

    @traitlets.observe("pace")
    def _pace_changed(self, change: Any) -> None:
        if self._trainer is not None and change["new"] != self._trainer.pace:
            self._looked = time.monotonic()
            stop_when_interrupted(self)
            with self.reporting():
                self._trainer.command(pace=change["new"])

    def answer(self, what: str, content: dict, buffers: list) -> tuple[dict, list[bytes]]:
        """Answer "step", "line", "restart", "new seed" and, for a view that was opened late, "picture"."""
        self._looked = time.monotonic()
        if what in ("step", "line"):
            self.pace = "paused"
            self._trainer.command(pace="paused", **{f"{what}s": 1})
        elif what == "restart":
            self._trainer.command(fresh=True)
        elif what == "new seed":
            self.seed += 1
        elif what == "picture":
            now, picture = self.latest
            return now, [picture]
        else:
            return super().answer(what, content, buffers)
        return {}, []

    def _hear_page(self, _: Any, message: Any, buffers: list) -> None:
        """The page says which picture it has drawn, or that a view was taken away (its cell was run again)."""
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "seen":
            self._seen, self._looked = max(self._seen, int(message.get("number", 0))), time.monotonic()
            self._views.add(message.get("view"))
        elif kind == "left":
            self._views.discard(message.get("view"))
            if not self._views:
                self.stop()

    # ---- for Python
    def advance(self, steps: int) -> "GameExplorer":
        """Make so many steps now, in this thread, and return self; the picture is then the last one."""
        self._judge_each = max(1, whole("steps", steps) // 20)
        self.pace = "paused"
        self._trainer.run(steps)
        self._show(judge=True)
        self._remember()
        return self

    def stop(self) -> None:
        """Pause at the end of the step in progress; no thread is left."""
        self._trainer.stop()
        self.pace = "paused"
        self._remember()

    def close(self) -> None:
        """Stop, and take the figure away."""
        if self._trainer is not None:
            self._trainer.stop()
        super().close()

    def readouts(self) -> dict[str, Any]:
        """Return the numbers on the figure: step, D_steps, G_steps, minibatches (of real data), gradients (evaluated),

        loss_D and loss_G of the last step, and for each meter its reading and (low, high), as js and js_floor.
        """
        now = self.latest[0]
        losses = {f"loss_{name}": value for name, value in now["losses"].items()}
        meters = {name: value for name, value in now["readings"].items()}
        floors = {f"{name}_floor": tuple(band) for name, band in now["floors"].items()}
        return {"step": now["ledger"]["G_steps"]} | now["ledger"] | losses | meters | floors

    # ---- told by the trainer, in its thread
    def _on_line(self, line: str, tensor: torch.Tensor | None) -> None:
        self._tensors.hear(line, tensor, self._trainer.match)
        if self._trainer.pace != "slow" or self._page_keeps_up(time.monotonic()):
            self._show()

    def _on_step(self) -> None:
        trainer, moment = self._trainer, time.monotonic()
        self._losses.add(trainer.ledger["G_steps"], trainer.losses)
        if trainer.pace == "fast" and (moment < self._next_picture or not self._page_keeps_up(moment)):
            return
        if trainer.pace != "fast" and trainer.steps_left > 0:   # on the way: a picture at the end is enough
            if trainer.ledger["G_steps"] % self._judge_each == 0:
                self._meters.add(trainer.ledger["G_steps"], self._scene.readings(trainer.match))
            return
        self._next_picture = moment + 1 / PICTURES
        self._tensors.clear() if trainer.pace == "fast" else self._tensors.end()
        self._show(judge=trainer.pace != "fast" or moment > self._next_reading)

    def _page_keeps_up(self, moment: float) -> bool:
        if self._number - self._seen < AHEAD:
            return True
        if moment - self._looked > PATIENCE:
            self._words = f"Paused: nobody has looked for {PATIENCE:.0f} seconds. Play goes on from here."
            self._trainer.command(pace="paused")
            self.pace = "paused"
            return True
        return False

    def _on_part(self, words: str, fresh: bool) -> None:
        self._words = words
        if fresh:
            self._losses.clear(), self._meters.clear(), self._tensors.clear()
        if fresh or self._scene.toy != self._trainer.match.settings.toy:
            self._set_scene()
        self._show(judge=True)

    def _on_error(self, problem: Exception) -> None:
        self._words, self.pace = "", "paused"
        with self.reporting():
            raise problem

    def _set_scene(self) -> None:
        settings = self._trainer.match.settings
        self._scene = Scene(settings.toy, settings.latent_dim, settings.seed)

    # ---- one picture
    def _show(self, judge: bool = False) -> None:
        """Compute a picture of the present state and send it."""
        trainer, scene, match = self._trainer, self._scene, self._trainer.match
        if judge:
            self._next_reading = time.monotonic() + JUDGE_EVERY
            self._read = scene.readings(match)
            self._meters.add(trainer.ledger["G_steps"], self._read)
        arrays = scene.picture(match) | {"real": scene.real, "p": scene.p.astype(np.float32).ravel()[:len(scene.axis)]}
        arrays |= self._tensors.arrays()
        if judge or not hasattr(self, "latest"):
            self._charts = {"losses": self._losses.table(), "meters": self._meters.table()}
        parts, packed = pack(arrays | self._charts)
        self._number += 1
        now = {"number": self._number, "dim": scene.dim, "view": scene.view, "smoothing": scene.smoothing,
               "line": trainer.line, "ledger": dict(trainer.ledger), "losses": dict(trainer.losses), "parts": parts,
               "readings": self._read, "floors": scene.floors(), "tensors": self._tensors.rows(match),
               "words": self._words, "pace": trainer.pace, "charts": judge}
        self.latest, self.arrays = (now, packed), arrays | self._charts
        self.send({"kind": "picture", "now": now}, [packed])

    def _remember(self) -> None:
        """Put the latest picture into the traits, for pages that open later."""
        with self.hold_sync():
            self.now, self.picture = self.latest

    def _remember_if_still(self) -> None:
        if not self._trainer.running:
            self._remember()

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Return the static twin: the picture, both losses and the meters with their floors."""
        return plots_game.game(self.latest[0], self.arrays, layers=self.layers, surface=self.surface,
                               arrow_scale=self.arrow_scale, meters=_meters())

    def describe(self) -> str:
        """Return the figure in words."""
        r, read = self.readouts(), []
        for name, (label, *_) in _meters().items():
            if name in r:
                low, high = r[f"{name}_floor"]
                read.append(f"{label} {r[name]:.3g} (real data: {low:.3g} to {high:.3g})")
        return (f"A GAN on {self._settings().toy!r} after {r['step']:,} steps of G with k = {self.k}, "
                f"{self.objective}: {'; '.join(read)}.")

    def __repr__(self) -> str:
        toy = repr(self._own) if self._own else repr(self.toy)
        return (f"GameExplorer(toy={toy}, k={self.k}, lr_D={self.lr_D:g}, lr_G={self.lr_G:g}, "
                f"objective={self.objective!r})")


def _meters() -> dict[str, list[str]]:
    words = {"js": "JS", "modes": "modes covered", "quality": "high-quality share", "w1": "W1"}
    return {name: [words[name], kind.unit, kind.better] for name, kind in METERS.items()}


def _require_toy(toy: Any) -> Toy:
    if not isinstance(toy, toys.Toy) or toy.dim > 2:
        raise ValueError(f"toy must be one of {', '.join(TOYS)}, drawn, or a toy of gan_edu.toys, got {toy!r}")
    return toy
