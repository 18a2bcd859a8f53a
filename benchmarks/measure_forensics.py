"""Measure the detector of notebook 15 on the real MNIST: learnt from one shipped generator, judged on all of them.

    GAN_EDU_DATA=... python benchmarks/measure_forensics.py mnist-mlp mnist-mlp-k5 mnist-dcgan

Writes counts and the twenty-one numbers of each detector, and no images. One thread; a few minutes.
"""

import argparse
import json

import torch

from gan_edu import pretrained
from gan_edu.data import load_images, scale
from gan_edu.files import write_whole
from gan_edu.museum_forensics import FILE, blurred, train_detector

LEARN, JUDGE = 1_000, 1_000                    # pictures of each kind


def pictures(names: list[str]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """(to learn from, to be judged) of real digits and of each generator, float in [-1, 1]."""
    found = {"real": (scale(load_images("mnist", download=False).take(LEARN).images),
                      scale(load_images("mnist", split="test", download=False).take(JUDGE).images))}
    for name in names:
        game = pretrained.load(name)
        found[name] = tuple(game.sample(n, generator=torch.Generator().manual_seed(seed))
                            for seed, n in enumerate((LEARN, JUDGE)))
    return found


def measure(names: list[str]) -> dict:
    """How many of `JUDGE` pictures of each kind each detector calls forged, as they are and blurred."""
    sets, counts, shipped = pictures(names), {}, {}
    for name in names:
        detector = train_detector(sets["real"][0], sets[name][0])
        shipped[name] = {"weights": [float(f"{w:.6g}") for w in detector.weights], "bias": float(f"{detector.bias:.8g}")}
        counts[name] = {way: {kind: int(detector.calls_forged(change(judged)).sum()) for kind, (_, judged) in sets.items()}
                        for way, change in (("as they are", lambda x: x), ("blurred", blurred))}
        print(name, counts[name], flush=True)
    return {"counts": counts, "detectors": shipped}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME", help="shipped generators of 28 x 28 digits, from noise alone")
    chosen = parser.parse_args().names
    torch.set_num_threads(1)
    about = {"command": f"GAN_EDU_DATA=... python benchmarks/measure_forensics.py {' '.join(chosen)}",
             "where": f"MNIST: learnt from {LEARN:,} training images and as many samples of one generator; judged on "
                      f"{JUDGE:,} test images and {JUDGE:,} fresh samples of each.",
             "learn": LEARN, "judge": JUDGE, "weights_sha256": {name: pretrained.card(name)["sha256"] for name in chosen}}
    write_whole(FILE, json.dumps(about | measure(chosen), indent=1).encode())
