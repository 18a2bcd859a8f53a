"""Make the sweeps that come with the package: gan_edu/weights/sweep-NAME.safetensors, one file each.

    python benchmarks/make_sweeps.py mixture --out DIR              # about three minutes of one core
    python benchmarks/make_sweeps.py mixture --out DIR --k 3        # only this k; the parts are joined when all are there

Each k is one stack of 4 learning rates x 32 seeds and is kept in DIR when it is done, so that a stopped run goes on.
The file holds the command, the versions and the seconds.
"""

import argparse
from pathlib import Path

import torch

from gan_edu.sweeps import FOLDER, ToySweep, sweep_toy
from gan_edu.toys import Mixture1D

RECIPES = {
    "mixture": {"toy": Mixture1D()},
    "mixture-minimax": {"toy": Mixture1D(), "objective": "minimax"},
}
KS = (1, 2, 3, 4, 5)


def main() -> None:
    """Play what is missing, and ship the whole when every k is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--out", type=Path, required=True, help="folder for the parts")
    parser.add_argument("--k", type=int, nargs="+", choices=KS, default=KS, help="which k to play (all)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the whole is shipped to")
    options = parser.parse_args()
    torch.set_num_threads(1)
    parts = {k: options.out / f"{options.name}-k{k}.safetensors" for k in KS}
    for k in options.k:
        if not parts[k].exists():
            sweep_toy(**RECIPES[options.name], ks=(k,)).save(parts[k])
    if all(path.exists() for path in parts.values()):
        whole = ToySweep.join([ToySweep.load(path) for path in parts.values()])
        whole.notes["command"] = f"python benchmarks/make_sweeps.py {options.name}"
        print(whole.save(options.folder / f"sweep-{options.name}.safetensors"), whole)


if __name__ == "__main__":
    main()
