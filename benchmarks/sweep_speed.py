"""Time a sweep of toy games as stacks against the same games one after another, in one run, and compare their numbers.

    python benchmarks/sweep_speed.py                     # a budget of 1,200 gradient evaluations a game, about a minute
    python benchmarks/sweep_speed.py --budget 6000       # as shipped

5 k x 4 learning rates x 32 seeds of the 1-D mixture: 640 games. The stacks are all played; of the single games every
k and learning rate is played once (20 games, seed by seed), one thread on both sides, in alternation with the stacks k
by k, and their time is multiplied by 32. Both sides play through `gan_edu.train` and measure the same looks. Times are
of the processor, so that other work on the machine does not count; the wall clock is printed beside them. Only the
ratios mean anything on another machine.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan_edu.sweeps import RATES, sweep_toy, toy_run
from gan_edu.toys import Mixture1D

KS, SEEDS = (1, 2, 3, 4, 5), 32


def timed(act: Callable[[], Any]) -> tuple[Any, np.ndarray]:
    """Return what act returned, and the seconds it took: (of the processor, on the wall)."""
    began = time.process_time(), time.perf_counter()
    found = act()
    return found, np.array([time.process_time() - began[0], time.perf_counter() - began[1]])


def measure(budget: int) -> dict[str, Any]:
    """Play one k after another, its stack and then its sample of single games; return times and differences."""
    toy, looks = Mixture1D(), {"budget": budget, "looks": 4}
    toy_run(toy, budget=40, looks=1)                               # warm up: imports, the meter's quantiles
    stacks, singles, apart = np.zeros(2), np.zeros(2), []
    for k in KS:
        sweep, took = timed(lambda k=k: sweep_toy(toy, ks=(k,), seeds=SEEDS, progress=False, **looks))
        stacks += took
        for i, lr in enumerate(RATES):
            seed = (len(RATES) * k + i) % SEEDS                    # another seed for every game
            alone, took = timed(lambda k=k, lr=lr, seed=seed: toy_run(toy, k=k, lr=lr, seed=seed, **looks))
            singles += took * SEEDS
            apart.append(np.abs(alone - sweep.quality[0, i, seed]))
    return {"games": len(KS) * len(RATES) * SEEDS, "budget": budget, "stacks": stacks.tolist(), "singles": singles.tolist(),
            "ratio": (singles / stacks).tolist(), "apart": np.max(apart, axis=0).tolist(),
            "apart_median": np.median(apart, axis=0).tolist(), "evaluations": sweep.evaluations[0].tolist()}


def main() -> None:
    """Print the times, the ratio and how far the twins are apart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=int, default=1_200, help="gradient evaluations of every game (1200)")
    parser.add_argument("--json", type=Path, help="also write the numbers here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = measure(options.budget)
    for name in ("stacks", "singles"):
        print(f"{found['games']} games, {name:8}{found[name][0]:9.1f} s of the processor {found[name][1]:9.1f} s on the wall")
    print(f"ratio: {found['ratio'][0]:.1f} by the processor, {found['ratio'][1]:.1f} on the wall")
    print("W1 of 20 twins apart, largest and median, after")
    for row in zip(found["evaluations"], found["apart"], found["apart_median"], strict=True):
        print("  {:6,} gradient evaluations: {:.1e}  {:.1e}".format(*row))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
