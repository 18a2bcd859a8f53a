"""Make the sweeps that come with the package: gan_edu/weights/sweep-NAME.safetensors, one file each.

    python benchmarks/make_sweeps.py mixture            # 5 k x 4 learning rates x 32 seeds, about two minutes of one core

The file holds the command, the versions and the seconds.
"""

import argparse
from pathlib import Path

import torch

from gan_edu.sweeps import FOLDER, sweep_toy
from gan_edu.toys import Mixture1D

RECIPES = {
    "mixture": {"toy": Mixture1D()},
    "mixture-minimax": {"toy": Mixture1D(), "objective": "minimax"},
}


def main() -> None:
    """Play one recipe with the defaults of `sweep_toy` and ship what it gave."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the file goes")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sweep = sweep_toy(**RECIPES[options.name])
    sweep.notes["command"] = f"python benchmarks/make_sweeps.py {options.name}"
    print(sweep.save(options.folder / f"sweep-{options.name}.safetensors"), sweep)


if __name__ == "__main__":
    main()
