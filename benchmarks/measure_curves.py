"""Measure shipped generators and the cheats on the real MNIST, for notebook 10: the Parzen score at every sigma, all
other measures, and how Fréchet and kernel distance depend on the number of images. Writes numbers, and no images.

    GAN_EDU_DATA=... python benchmarks/measure_curves.py sets "training images" mnist-mlp      (named sets, or all)
    GAN_EDU_DATA=... python benchmarks/measure_curves.py sizes

Each call adds to the file that notebook and explorers read. One thread; about half a minute a set on a free core.
"""

import argparse
import json
from functools import cache
from pathlib import Path

import numpy as np
import torch
from sklearn.cluster import KMeans

from gan_edu import classifier, metrics, metrics_baselines, metrics_features, pretrained
from gan_edu.data import ImageSet, load_images
from gan_edu.files import write_whole
from gan_edu.widgets.parzen import parzen_curves

FILE = Path(__file__).parents[1] / "gan_edu" / "widgets" / "mnist_measures.json"
N, SEED = 10_000, 0
FEWER = 2_000                                                     # of the samples, for the measures besides Parzen
CENTRES = 5_000                                                   # half as many as there are samples of the others
SIGMAS = metrics.SIGMAS[4:13]                                     # 0.1 to 0.25, where all of these sets have their top
SIZES = (16, 32, 48, 64, 96, 128, 256, 512, 1024, 2048)           # images in each of two sets; 64 features
REPEATS = 8
WHERE = "MNIST: 10,000 samples of each (5,000 k-means centres), 10,000 test images."


def parts() -> tuple[ImageSet, ImageSet, ImageSet]:
    """The training set in three, as `evaluation` deals it: images that choose sigma, that cheats copy, and the others."""
    train = load_images("mnist", download=False)
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(SEED))
    return tuple(train[part] for part in order.split([1_000, N, len(order) - 1_000 - N]))


def samples(name: str) -> np.ndarray:
    """10,000 rows of pixels in [0, 1]: of real images, of a cheat, or of shipped weights."""
    _, copied, others = parts()
    if name == "training images":
        return metrics_baselines.real_images(others, N, seed=SEED)
    if name == "k-means centres":
        return centres(pixels(others))
    if name == "lookup table":
        return metrics_baselines.lookup_table(copied, N, noise=0.0, seed=SEED)
    game = pretrained.load(name)
    return ((game.sample(N, generator=torch.Generator().manual_seed(SEED)).flatten(1) + 1) / 2).double().numpy()


def centres(images: np.ndarray) -> np.ndarray:
    """One round of Lloyd's k-means from images drawn at random, in float32: far from converged, and enough."""
    starts = np.random.default_rng(SEED).choice(len(images), CENTRES, replace=False)
    x = images.astype(np.float32)
    return KMeans(CENTRES, init=x[starts], n_init=1, max_iter=1).fit(x).cluster_centers_.astype(np.float64).clip(0, 1)


def measure(name: str) -> dict:
    """Everything about one set."""
    validation, copied, _ = parts()
    test, x = load_images("mnist", split="test", download=False), samples(name)
    curve = parzen_curves({name: x}, pixels(validation), pixels(test), SIGMAS)[name]
    x = x[np.random.default_rng(SEED).permutation(len(x))[:FEWER]]
    seen, p = classifier.features_and_probabilities(as_images(x))
    real, real_p = read_test()
    near, classes = metrics_features.precision_recall(real, seen), metrics_features.class_histogram(p)
    copies = metrics.memorisation(x, pixels(copied), pixels(test))
    best = int(np.argmax(curve["validation"]))
    measures = {"parzen": (curve["test"][best], curve["error"][best]),
                "frechet": metrics_features.with_error(metrics_features.frechet_distance, seen, real),
                "kernel": metrics_features.kernel_distance(seen, real),
                "precision": (near.precision, near.precision_error), "recall": (near.recall, near.recall_error),
                "classes": metrics_features.with_error(metrics_features.class_distance, p, real_p),
                "unsure": (classes.unsure, metrics_features.share_error(classes.unsure, FEWER)),
                "memorised": (copies.share, copies.error)}
    return {"parzen": rounded(curve, 3), "measures": rounded(measures, 5),
            "class_shares": rounded(classes.shares.tolist(), 5)}


@cache
def read_test() -> tuple[np.ndarray, np.ndarray]:
    """Features and probabilities of all test images. (Their first half is by other writers than the second.)"""
    return classifier.features_and_probabilities(load_images("mnist", split="test", download=False).images)


def sizes() -> dict:
    """Fréchet and kernel distance of n images to n test images, REPEATS draws from twice as many as the largest n."""
    _, _, others = parts()
    pool = 2 * SIZES[-1]
    test, rng = read_test()[0], np.random.default_rng(SEED)
    sets = {"floor": classifier.features(others.take(pool).images),
            "mnist-mlp": classifier.features(as_images(samples("mnist-mlp")[:pool]))}
    found = {"sizes": list(SIZES), "repeats": REPEATS, "features": test.shape[1]}
    for name, x in sets.items():
        draws = [[(x[rng.permutation(pool)[:n]], test[rng.permutation(N)[:n]]) for _ in range(REPEATS)] for n in SIZES]
        found[name] = {"frechet": [[metrics_features.frechet_distance(a, b) for a, b in row] for row in draws],
                       "kernel": [[metrics_features.kernel_distance(a, b, blocks=8)[0] for a, b in row] for row in draws]}
    return rounded(found, 5)


def pixels(images: ImageSet) -> np.ndarray:
    return images.images.flatten(1).double().numpy() / 255


def as_images(rows: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(2 * rows - 1).float().view(-1, 1, 28, 28)


def rounded(value: object, places: int) -> object:
    """The same with fewer digits, for a small file."""
    if isinstance(value, dict):
        return {key: rounded(item, places) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item, places) for item in value]
    return round(value, places) if isinstance(value, float) else value


def everything() -> list[str]:
    return ["training images", "k-means centres", "lookup table", *pretrained.available()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["sets", "sizes"])
    parser.add_argument("names", nargs="*", help="which sets; none for all")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"sets": {}}
    kept |= {"command": "python benchmarks/measure_curves.py", "where": WHERE, "sigmas": rounded(SIGMAS.tolist(), 6),
             "n": N, "fewer": FEWER, "classifier": classifier.card()["sha256"]}
    if arguments.what == "sizes":
        kept["sizes"] = sizes()
    for name in (arguments.names or everything()) if arguments.what == "sets" else []:
        kept["sets"][name] = measure(name)
        kept["sets"] = {known: kept["sets"][known] for known in everything() if known in kept["sets"]}
        print(name, kept["sets"][name]["measures"], flush=True)
        keep(kept)
    keep(kept)


def keep(found: dict) -> None:
    write_whole(FILE, (json.dumps(found) + "\n").encode())


if __name__ == "__main__":
    main()
