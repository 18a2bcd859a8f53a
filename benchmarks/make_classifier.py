"""Make the shipped digit classifier: train on the real MNIST, choose on held-out images, measure, write weights and card.

    GAN_EDU_DATA=... python benchmarks/make_classifier.py

An ordinary classifier: cross-entropy on 55,000 labelled images, each moved by up to two pixels; the last 5,000 training
images choose the epoch; the test set chooses nothing. One thread, so that the numbers do not depend on the cores.
"""

import hashlib
import json
import math
import time

import torch
from torch import Tensor

import gan_edu
from gan_edu.checkpoints import FORMAT, write_tensors
from gan_edu.classifier import FOLDER, NAME, DigitClassifier, probabilities
from gan_edu.data import ImageSet, load_images
from gan_edu.files import write_whole
from gan_edu.networks import count_parameters, seeded
from gan_edu.rng import generator

SEED, EPOCHS, BATCH, RATE, SHIFT, HELD_OUT = 0, 12, 128, 3e-3, 2, 5_000


def main() -> None:
    """Train, keep the epoch that reads the held-out digits best, and write it as it will be read: in float16."""
    torch.set_num_threads(1)
    began = time.process_time()
    learn, held_out = load_images("mnist").split(60_000 - HELD_OUT)
    with seeded(SEED):
        model = DigitClassifier()
    best, state, curve = -1.0, {}, []
    for epoch in train(model, learn):
        curve.append(accuracy(model, held_out))
        print(f"epoch {epoch + 1}: {curve[-1]:.4f} of the held-out digits, {time.process_time() - began:.0f} s", flush=True)
        if curve[-1] >= best:
            best, state = curve[-1], {key: value.clone() for key, value in model.state_dict().items()}
    write({key: value.half() if value.is_floating_point() else value for key, value in state.items()},
          {"held_out_accuracy_by_epoch": curve, "cpu_minutes": round((time.process_time() - began) / 60, 1)})


def train(model: DigitClassifier, images: ImageSet):
    """Yield after each pass over the images. Adam, its step rising over the first tenth and falling to zero (cosine)."""
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    steps, draws = images.per_epoch(BATCH), generator(SEED, 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=EPOCHS * steps, pct_start=0.1)
    batches = images.batches(BATCH, seed=SEED, labels=True)
    for epoch in range(EPOCHS):
        model.train()
        for _ in range(steps):
            x, y = next(batches)
            loss = torch.nn.functional.cross_entropy(model(moved(x, draws)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        yield epoch


def moved(x: Tensor, draws: torch.Generator) -> Tensor:
    """Move each image by its own -2 to 2 pixels in both directions; what comes in is black."""
    n, _, height, width = x.shape
    down, right = torch.randint(0, 2 * SHIFT + 1, (2, n, 1), generator=draws)
    padded = torch.nn.functional.pad(x[:, 0], [SHIFT] * 4, value=-1.0)
    rows, columns = down + torch.arange(height), right + torch.arange(width)
    return padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]].unsqueeze(1)


def accuracy(model: DigitClassifier, images: ImageSet) -> float:
    """The share of the images that the model reads right."""
    return float((probabilities(images.images, model=model).argmax(1) == images.labels.numpy()).mean())


def write(state: dict[str, Tensor], notes: dict) -> None:
    """Write weights and card; the accuracy is that of the file as it is shipped."""
    path = FOLDER / f"{NAME}.safetensors"
    write_tensors(path, state, {"format": FORMAT, "network": "DigitClassifier"})
    model = DigitClassifier()
    model.load_state_dict(state)
    test = load_images("mnist", split="test")
    right = accuracy(model, test)
    made = {"name": NAME, "command": "python benchmarks/make_classifier.py", "licence": "MIT",
            "data": "MNIST, the first 55,000 training images, each moved by up to 2 pixels; the last 5,000 chose the epoch",
            "seed": SEED, "epochs": EPOCHS, "batch_size": BATCH, "parameters": count_parameters(model),
            "optimizer": f"Adam, one cycle up to {RATE}", "accuracy": right,
            "standard_error": round(math.sqrt(right * (1 - right) / len(test)), 5),
            "accuracy_on": "the 10,000 images of the MNIST test set", **notes, "torch": torch.__version__,
            "gan_edu": gan_edu.__version__, "file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    write_whole(FOLDER / f"{NAME}.json", (json.dumps(made, indent=2) + "\n").encode())
    print(f"{right:.4f} of the test set, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
