"""Many games at once: toy games over k x learning rate x seed, played as stacks by `training.train`, and what they show.

Here belong what is played, what is measured and how the result is kept. The stacks themselves are in `sweeps_stack`,
sweeps of large runs over processes in `sweeps_runs`; drawing belongs to `plots` and the widgets.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import gan_edu
from gan_edu import rng
from gan_edu.checkpoints import FORMAT, read_tensors, write_tensors
from gan_edu.errors import CheckpointError, TrainingDiverged, real, whole
from gan_edu.games import GAN
from gan_edu.metrics_toys import METERS, Meter
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.sweeps_stack import StackedAdam, StackedGAN, StackedToy
from gan_edu.toys import Toy
from gan_edu.training import train

FOLDER = Path(__file__).parent / "weights"
RATES = (3e-4, 1e-3, 3e-3, 1e-2)
BUDGET = 6_000
HIDDEN, LATENT_DIM, BATCH, SAMPLES = (16, 16), 2, 64, 1_000
_JUDGED = 2**31          # the place of the noise that quality is measured with: no minibatch ever comes there


@dataclass(frozen=True)
class ToySweep:
    """Hold what a sweep measured: quality [k, lr, seed, look], and when each look was taken.

    quality: what the meter of `metrics_toys` reads, (K, L, S, T), float32; less is better. steps: steps of G at each
    look, (K, T). floor: the 5 % and the 95 % point of what real points read, (2,). meter: "w1" (units of x) or "js"
    (nats). notes: toy, objective, sizes, versions, seconds, command.
    """

    ks: tuple[int, ...]
    lrs: tuple[float, ...]
    seeds: tuple[int, ...]
    quality: np.ndarray
    steps: np.ndarray
    floor: np.ndarray
    meter: str = "w1"
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def evaluations(self) -> np.ndarray:
        """Return the gradient evaluations up to each look, (K, T): a step of D is one, a step of G is one."""
        return self.steps * (np.array(self.ks)[:, None] + 1)

    def look(self, k: int, budget: float | None = None) -> int:
        """Return the index of k's last look within so many gradient evaluations; None: within what every k has had."""
        most = self.evaluations[:, -1].min() if budget is None else real("budget", budget, minimum=0)
        return int(np.searchsorted(self.evaluations[self._k(k)], most, side="right")) - 1

    def band(self, k: int, lr: float | None = None, *, low: float = 5, high: float = 95) -> np.ndarray:
        """Return the low, 50 and high percentiles over the seeds at each look, (3, T); lr None: the best one for k."""
        lr = self.best_lr(k) if lr is None else lr
        return np.percentile(self.quality[self._k(k), self._lr(lr)], (low, 50, high), axis=0)

    def map(self, budget: float | None = None) -> np.ndarray:
        """Return the median quality over the seeds for each k and learning rate, (K, L), at equal budget (see look)."""
        return np.stack([np.median(self.quality[i, :, :, self.look(k, budget)], axis=1) for i, k in enumerate(self.ks)])

    def best_lr(self, k: int, budget: float | None = None) -> float:
        """Return the learning rate with the lowest median for this k, at equal budget (see look)."""
        return self.lrs[int(self.map(budget)[self._k(k)].argmin())]

    def save(self, path: str | Path) -> Path:
        """Write everything to one .safetensors file, whole or not at all."""
        tensors = {name: torch.from_numpy(np.ascontiguousarray(getattr(self, name)))
                   for name in ("quality", "steps", "floor")}
        axes = {"ks": list(self.ks), "lrs": list(self.lrs), "seeds": list(self.seeds)}
        write_tensors(path, tensors, {"format": FORMAT, "sweep": axes, "meter": self.meter, "notes": dict(self.notes)})
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> "ToySweep":
        """Read what `save` wrote, verified. Raises CheckpointError for a missing, damaged or other file."""
        tensors, meta = read_tensors(path)
        if "sweep" not in meta:
            raise CheckpointError(f"{path} is a file of gan_edu, but not a sweep; give one that ToySweep.save wrote")
        arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
        axes = {name: tuple(values) for name, values in meta["sweep"].items()}
        return cls(**axes, **arrays, meter=meta["meter"], notes=meta["notes"])

    def _k(self, k: int) -> int:
        return _place("k", k, self.ks)

    def _lr(self, lr: float) -> int:
        return _place("lr", lr, self.lrs)

    def __repr__(self) -> str:
        return (f"ToySweep({self.notes.get('toy', 'a toy')}: k={self.ks}, lr={self.lrs}, {len(self.seeds)} seeds, "
                f"{self.evaluations[:, -1].min():,} gradient evaluations)")


def sweep_toy(toy: Toy, *, ks: Sequence[int] = (1, 2, 3, 4, 5), lrs: Sequence[float] = RATES,
              seeds: int | Sequence[int] = 32, steps: int | None = None, budget: int | None = None, looks: int = 25,
              objective: str = "non_saturating", batch_size: int = BATCH, hidden: Sequence[int] = HIDDEN,
              latent_dim: int = LATENT_DIM, meter: str = "w1", samples: int = SAMPLES, progress: bool = True) -> ToySweep:
    """Play one game for every k, learning rate and seed, and measure the generators at looks + 1 moments.

    Games of one k are one stack, played by `train`; each equals the game that `toy_run` plays alone, to float
    tolerance. lrs: Adam's rates, the same for G and D. seeds: how many, or which; each fixes weights, data and noise.
    steps: steps of G for every k; or budget: gradient evaluations (k + 1 a step), so that k makes budget // (k + 1)
    steps; neither: a budget of 6,000. Raises ValueError for arguments, TrainingDiverged when any game left the numbers.
    """
    ks, lrs, seeds = _axes(ks, lrs, seeds)
    at = np.stack([_look_steps(_steps_of(k, steps, budget), looks) for k in ks])
    judge, members = _meter(toy, meter, samples), [(lr, seed) for lr in lrs for seed in seeds]
    own = [seed for _, seed in members]
    data, rates = StackedToy(toy, own), torch.tensor([lr for lr, _ in members])
    began, quality, bar = time.perf_counter(), [], _bar(int((at[:, -1] * (np.array(ks) + 1)).sum()), progress)
    shape = {"objective": objective, "hidden": tuple(hidden), "latent_dim": latent_dim}
    for k, moments in zip(ks, at, strict=True):
        game = StackedGAN([toy_game(toy, seed=seed, **shape) for seed in own], own)
        optimizers = StackedAdam(game.G.parameters(), rates), StackedAdam(game.D.parameters(), rates)
        found = _play(game, data, optimizers, k, moments, judge, batch_size, 0, lambda k=k: bar.update(k + 1))
        quality.append(found.T.reshape(len(lrs), len(seeds), -1))
    bar.close()
    notes = {"toy": repr(toy), **shape, "hidden": list(hidden), "batch_size": batch_size, "samples": samples,
             "seconds": round(time.perf_counter() - began, 1), "torch": torch.__version__, "gan_edu": gan_edu.__version__}
    return ToySweep(ks, lrs, seeds, np.stack(quality), at, np.float32(judge.floor), meter, notes)


def toy_run(toy: Toy, *, k: int = 1, lr: float = 1e-3, seed: int = 0, steps: int | None = None,
            budget: int | None = None, looks: int = 25, objective: str = "non_saturating", batch_size: int = BATCH,
            hidden: Sequence[int] = HIDDEN, latent_dim: int = LATENT_DIM, meter: str = "w1",
            samples: int = SAMPLES) -> np.ndarray:
    """Play one game of a sweep alone and return its quality at each look, (looks + 1,): the single twin."""
    (k,), (lr,), (seed,) = _axes([k], [lr], [seed])
    game = toy_game(toy, seed=seed, objective=objective, hidden=hidden, latent_dim=latent_dim)
    optimizers = tuple(torch.optim.Adam(player.parameters(), lr=lr, fused=True) for player in (game.G, game.D))
    moments = _look_steps(_steps_of(k, steps, budget), looks)
    return _play(game, toy, optimizers, k, moments, _meter(toy, meter, samples), batch_size, seed)[:, 0]


def toy_game(toy: Toy, *, seed: int = 0, objective: str = "non_saturating", hidden: Sequence[int] = HIDDEN,
             latent_dim: int = LATENT_DIM) -> GAN:
    """Return the game that sweeps play on a toy: two MLPs of these hidden sizes, weights fixed by the seed."""
    with seeded(seed):
        return GAN(MLPGenerator(latent_dim, shape=(toy.dim,), hidden=hidden, batch_norm=False, output="linear"),
                   MLPDiscriminator(shape=(toy.dim,), hidden=hidden), objective=objective)


def shipped_names() -> list[str]:
    """Return the names of the sweeps that come with the package, sorted."""
    return sorted(path.stem.removeprefix("sweep-") for path in FOLDER.glob("sweep-*.safetensors"))


def shipped(name: str = "mixture") -> ToySweep:
    """Return a sweep that comes with the package; its notes hold the command that made it. ValueError for others."""
    if name not in shipped_names():
        raise ValueError(f"sweep must be one of {', '.join(shipped_names())}, got {name!r}; or play one: sweep_toy(...)")
    return ToySweep.load(FOLDER / f"sweep-{name}.safetensors")


def _meter(toy: Toy, name: str, samples: int) -> Meter:
    allowed = [meter for meter, kind in METERS.items() if kind.better == "low"]
    if name not in allowed:
        raise ValueError(f"meter must be one of {', '.join(allowed)}, for which less is better, got {name!r}")
    return METERS[name](toy, samples)


def _measure(game: GAN, meter: Meter) -> np.ndarray:
    """Return what the meter reads on each member, (M,); the noise is the same for all and at every look."""
    points = game.sample(meter.n, generator=rng.generator(1, _JUDGED))
    return np.array([meter(x) for x in (points.unbind(1) if points.ndim == 3 else [points])], dtype=np.float32)


def _play(game: GAN, data: Any, optimizers: tuple, k: int, moments: np.ndarray, meter: Meter, batch_size: int,
          seed: int, tick: Any = None) -> np.ndarray:
    """Train, measure at the moments (steps of G, the first is 0), and return the qualities (T, M)."""
    wanted, found = set(moments.tolist()), [_measure(game, meter)]

    def look(run: Any) -> None:
        if run.step in wanted:
            found.append(_measure(game, meter))
        if tick is not None:
            tick()

    try:
        history = train(game, data, k=k, steps=int(moments[-1]), batch_size=batch_size, seed=seed,
                        optimizers=optimizers, on_step=look, progress=False)
    except TrainingDiverged as error:
        raise TrainingDiverged(f"a game with k={k} diverged, and the sweep with it; leave out the largest learning "
                               f"rate ({error})") from error
    if history.stopped:
        raise KeyboardInterrupt                      # a sweep with holes would be taken for a whole one
    return np.stack(found)


def _steps_of(k: int, steps: int | None, budget: int | None) -> int:
    if steps is not None and budget is not None:
        raise ValueError(f"give steps or budget, got both ({steps} and {budget})")
    return whole("steps", steps) if steps is not None else whole("budget", BUDGET if budget is None else budget) // (k + 1)


def _look_steps(steps: int, looks: int) -> np.ndarray:
    if steps < whole("looks", looks):
        raise ValueError(f"looks must be at most {steps}, the steps of the largest k, got {looks}; give more steps")
    return np.rint(np.linspace(0, steps, looks + 1)).astype(np.int64)


def _axes(ks: Sequence[int], lrs: Sequence[float], seeds: int | Sequence[int]) -> tuple[tuple, tuple, tuple]:
    seeds = range(whole("seeds", seeds)) if not isinstance(seeds, Sequence | range) else seeds
    axes = (tuple(whole("k", k) for k in ks), tuple(real("lr", lr, above=0) for lr in lrs),
            tuple(whole("seed", seed, 0) for seed in seeds))
    for name, axis in zip(("ks", "lrs", "seeds"), axes, strict=True):
        if not axis or len(set(axis)) < len(axis):
            raise ValueError(f"{name} must hold at least one value and none twice, got {axis}")
    return axes


def _place(name: str, value: float, axis: tuple) -> int:
    if value not in axis:
        raise ValueError(f"{name} must be one of {', '.join(f'{v:g}' for v in axis)}, got {value}")
    return axis.index(value)


def _bar(total: int, progress: bool) -> Any:
    from tqdm.auto import tqdm  # asks for a terminal or a notebook only when one is used
    return tqdm(total=total, unit="evaluation", disable=not progress)
