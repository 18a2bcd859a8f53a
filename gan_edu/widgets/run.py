"""RunExplorer: scrub through shipped training runs with the same z, and compare k at equal generator steps.

Here are its state, the sheets of pictures, the reference numbers and the static twin; the drawing is run.js.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from gan_edu import latent, plots, pretrained
from gan_edu.errors import whole
from gan_edu.networks import eval_mode
from gan_edu.widgets.base import Explorer

RUNS = ("mnist-mlp", "mnist-mlp-k2", "mnist-mlp-k3", "mnist-mlp-k5")
PER_EPOCH = 60_000 // 64      # generator steps in one pass over MNIST at k = 1, with 64 images a minibatch
MOST = 60                     # z at once: more are too small to see
ON_PAPER = (12, 8)            # z and, at most, moments in the static twin


class RunExplorer(Explorer, js=["run_views.js", "run.js"], css=["run.css"]):
    """Show what the same z become while G learns, for runs that differ in k, with the score of every moment.

    names: shipped weights, one or several, of one latent size and one image shape; None takes those of `RUNS` that
        `pretrained.available()` has. n: how many z, 1 to 60. seed: z is sample_latent with
        torch.Generator().manual_seed(seed), the same for every run and moment; "New z" takes the next seeds.
    name, step, seed and pick (which z is followed) may be set from Python; TraitError for what there is not. A run
    without the present step goes to its last moment before it. The pictures are made here once for each seed and
    lie in the page as bytes, so that scrubbing needs no kernel. Raises ValueError for runs that do not fit.
    """

    runs = traitlets.List(traitlets.Dict()).tag(sync=True)      #: name, label, k, steps, scores, curve of each run
    shape = traitlets.List(traitlets.Int()).tag(sync=True)
    n = traitlets.Int(24).tag(sync=True)
    per_epoch = traitlets.Int(PER_EPOCH).tag(sync=True)
    sheets = traitlets.Bytes(b"").tag(sync=True)                #: uint8, run by run, moment by moment, (n, C, H, W)
    name = traitlets.Unicode("").tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    seed = traitlets.Int(0, min=0).tag(sync=True)
    pick = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(self, names: str | Sequence[str] | None = None, *, n: int = 24, seed: int = 0) -> None:
        n, seed = whole("n", n), whole("seed", seed, 0)
        if n > MOST:
            raise ValueError(f"n must be a whole number from 1 to {MOST}, got {n}")
        cards = [_run_card(name) for name in _names(names)]
        self._generators = {(card["name"], step): _generator(card, step) for card in cards for step in _steps(card)}
        self.latent_dim, self.distribution, shape = _common(self._generators)
        runs = [_run(card, len({card["k"] for card in cards}) == len(cards)) for card in cards]
        super().__init__(runs=runs, shape=list(shape), n=n, seed=seed, name=runs[0]["name"], step=runs[0]["steps"][-1],
                         sheets=self._draw(self.sample_z(seed, n)))

    # ---- state
    @traitlets.validate("name")
    def _known_name(self, proposal: dict[str, Any]) -> str:
        names = [run["name"] for run in self.runs]
        if proposal["value"] not in names:
            raise traitlets.TraitError(f"name must be one of {', '.join(names)}, got {proposal['value']!r}")
        return proposal["value"]

    @traitlets.validate("step")
    def _known_step(self, proposal: dict[str, Any]) -> int:
        steps = self._here()["steps"]
        if proposal["value"] not in steps:
            raise traitlets.TraitError(f"step must be one of {steps}, the moments of {self.name}, "
                                       f"got {proposal['value']}")
        return proposal["value"]

    @traitlets.validate("pick")
    def _known_pick(self, proposal: dict[str, Any]) -> int:
        if proposal["value"] >= self.n:
            raise traitlets.TraitError(f"pick must be from 0 to {self.n - 1}, got {proposal['value']}")
        return proposal["value"]

    @traitlets.observe("name")
    def _keep_step(self, _: Any) -> None:
        """Stay at the same generator step, or go to the last moment before it."""
        steps = self._here()["steps"]
        if self.step not in steps:
            self.step = max((step for step in steps if step <= self.step), default=steps[0])

    @traitlets.observe("seed")
    def _redraw(self, _: Any) -> None:
        self.sheets = self._draw(self.sample_z(self.seed, self.n))

    def answer(self, what: str, content: dict, buffers: list) -> tuple[dict, list[bytes]]:
        """Answer "z" (a seed in): the new seed and its sheets arrive as traits, together."""
        if what != "z":
            return super().answer(what, content, buffers)
        with self.hold_sync():
            self.seed = whole("seed", content.get("seed"), 0)
        return {"seed": self.seed}, []

    # ---- the Python twin: what the page shows, computed by the networks themselves
    def sample_z(self, seed: int, n: int) -> Tensor:
        """Return the z of a seed, float32 (n, latent_dim)."""
        return latent.sample_latent(n, self.latent_dim, distribution=self.distribution,
                                    generator=torch.Generator().manual_seed(seed))

    def picture(self, name: str | None = None, *, step: int | None = None) -> np.ndarray:
        """Return the pictures of a run at a step, uint8 (n, C, H, W); None takes the present ones.

        Raises ValueError for a run or step that is not here.
        """
        key = (self.name if name is None else name, self.step if step is None else step)
        if key not in self._generators:
            here = "; ".join(f"{run['name']} at {run['steps']}" for run in self.runs)
            raise ValueError(f"there is no picture of {key[0]} at step {key[1]}, only of {here}")
        return _pictures(self._generators[key], self.sample_z(self.seed, self.n)).numpy()

    def readouts(self) -> dict[str, float | None]:
        """Return the numbers on the figure: k, step, epochs (at k = 1), minibatches (that D has seen: k times step),

        parzen and standard_error (nats; None where the card has none).
        """
        run = self._here()
        score, error = run["scores"][run["steps"].index(self.step)] or (None, None)
        return {"k": run["k"], "step": self.step, "epochs": self.step / PER_EPOCH, "minibatches": run["k"] * self.step,
                "parzen": score, "standard_error": error}

    def _here(self) -> dict[str, Any]:
        return next(run for run in self.runs if run["name"] == self.name)

    def _draw(self, z: Tensor) -> bytes:
        return b"".join(_pictures(G, z).numpy().tobytes() for G in self._generators.values())

    # ---- for readers without a kernel
    def figure(self) -> Any:
        """Draw the chosen run from top to bottom: a row for each moment, a column for each z."""
        columns, steps = min(ON_PAPER[0], self.n), self._steps_on_paper()
        images = np.concatenate([self.picture(step=step)[:columns] for step in steps])
        title = f"{self._here()['label']}: the same {_count(columns)} while G learns"
        return plots.image_grid(images, columns=columns, title=title,
                                row_labels=[f"step {step:,}" for step in steps]).figure

    def describe(self) -> str:
        """Return the figure in words, with the score at its two ends."""
        run, steps = self._here(), self._steps_on_paper()
        ends = [run["scores"][run["steps"].index(step)] for step in (steps[0], steps[-1])]
        scores = "" if None in ends else f" The Parzen score goes from {ends[0][0]:.1f} to {ends[1][0]:.1f} nats."
        return (f"Pictures that the generator of {run['name']} makes of the same "
                f"{_count(min(ON_PAPER[0], self.n))}, in a row for each of the steps "
                f"{', '.join(f'{step:,}' for step in steps)} of its training.{scores}")

    def _steps_on_paper(self) -> list[int]:
        steps = self._here()["steps"]
        places = np.linspace(0, len(steps) - 1, min(len(steps), ON_PAPER[1])).round().astype(int)
        return [steps[i] for i in places]

    def __repr__(self) -> str:
        return f"RunExplorer({', '.join(run['name'] for run in self.runs)}; {_count(self.n)})"


def _count(n: int) -> str:
    return f"{n} z"


def _names(names: str | Sequence[str] | None) -> list[str]:
    if names is None:
        names = [name for name in RUNS if name in pretrained.available()]
    names = [names] if isinstance(names, str) else list(names)
    if not names or len(set(names)) < len(names):
        has = ", ".join(pretrained.available()) or "none in this installation"
        raise ValueError(f"names must be one or more different shipped runs (pretrained.available(): {has}), "
                         f"got {names}")
    return names


def _run_card(name: str) -> dict[str, Any]:
    """Return the card of a run with a time to scrub through."""
    card = pretrained.card(name)
    if "k" not in card or len(_steps(card)) < 2:
        raise ValueError(f"{name} is no run to scrub through: its card must have k and two moments or more, "
                         f"got k = {card.get('k')} and moments {_steps(card)}")
    return card


def _steps(card: dict[str, Any]) -> list[int]:
    """Return the kept moments of a run and its end, in generator steps."""
    return sorted({*card["snapshots"], *([card["steps"]] if "steps" in card else [])})


def _generator(card: dict[str, Any], step: int) -> nn.Module:
    """Return G at a step; the end of the run comes from the finished game, which is kept with more digits."""
    ended = step == card.get("steps")
    return pretrained.load(card["name"], step=None if ended else step).G


def _common(generators: dict[tuple[str, int], nn.Module]) -> tuple[int, str, tuple[int, ...]]:
    """Return latent size, distribution of z and image shape; ValueError unless all generators agree."""
    found: dict[tuple, str] = {}
    for (name, _), G in generators.items():
        if not hasattr(G, "latent_dim"):
            raise ValueError(f"{name} translates images and has no z; give runs that draw from noise alone")
        found.setdefault((G.latent_dim, getattr(G, "latent", "normal"), tuple(G.shape)), name)
    if len(found) > 1:
        said = "; ".join(f"{name}: {dim} {kind} numbers to {shape}" for (dim, kind, shape), name in found.items())
        raise ValueError(f"all runs must map the same z to images of one shape, got {said}; take those that agree")
    return next(iter(found))


def _run(card: dict[str, Any], told_apart: bool) -> dict[str, Any]:
    """Return what the page must know of a run; `curve` has the finer grid of scores where the card has one."""
    scores = {int(step): _score(found) for step, found in card.get("scores_of_moments", {}).items()}
    if "scores" in card and "steps" in card:
        scores.setdefault(card["steps"], _score(card["scores"]))
    curve = {look["step"]: look["parzen"] for look in card.get("curve", []) if "parzen" in look}
    curve |= {step: score[0] for step, score in scores.items()}
    return {"name": card["name"], "label": f"k = {card['k']}" if told_apart else card["name"], "k": card["k"],
            "steps": _steps(card), "scores": [scores.get(step) for step in _steps(card)],
            "curve": [[step, curve[step]] for step in sorted(curve)]}


def _score(found: dict[str, float]) -> list[float]:
    return [found["parzen"], found["standard_error"]]


def _pictures(G: nn.Module, z: Tensor) -> Tensor:
    """Return G(z) as grey levels 0 to 255, rounded, uint8 (n, C, H, W)."""
    with eval_mode(G):
        return ((G(z) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
