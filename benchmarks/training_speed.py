"""Time `gan_edu.train` against the loop that most tutorials share, in one run and in alternation.

    GAN_EDU_DATA=... python benchmarks/training_speed.py

Same nets, same data, batch 64, Adam at the same rates, all cores on both sides. The copied loop: a DataLoader over
torchvision's MNIST with Resize, ToTensor and Normalize; BCELoss on a sigmoid; plain Adam; the fakes detached; both
losses read with .item() each step. Our `train` plays twice: as it is, and with matrix products in bfloat16, which
processors with matrix units multiply several times faster (others ignore the wish). Prints the median ratios, which
share of the measured rate of matrix products our step reaches, and the ratios of loops that did nothing but matrix
products, or these and Adam's steps. Only ratios mean anything on another machine.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import nn
from torchvision import transforms
from torchvision.datasets import MNIST

from gan_edu.data import data_root, load_images
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.training import default_optimizers, train

WAYS = {"train": None, 'train(precision="medium")': "medium"}


def new_game(device: str) -> GAN:
    with seeded(0):
        return GAN(MLPGenerator(), MLPDiscriminator()).to(device)


def copied_loop(game: GAN, loader: Iterator, steps: int, device: str) -> None:
    """The loop of the tutorials: k = 1, real and fake in two passes, probabilities, .item() every step."""
    G, D = game.G, nn.Sequential(game.D, nn.Sigmoid())
    opt_G, opt_D = torch.optim.Adam(G.parameters(), lr=1e-4), torch.optim.Adam(D.parameters(), lr=2e-4)
    bce, running = nn.BCELoss(), 0.0
    for _ in range(steps):
        images, _ = next(loader)
        real, ones, zeros = images.to(device), torch.ones(64, 1, device=device), torch.zeros(64, 1, device=device)
        fake = G(torch.randn(64, 100, device=device))
        loss_D = (bce(D(real), ones) + bce(D(fake.detach()), zeros)) / 2
        opt_D.zero_grad()
        loss_D.backward()
        opt_D.step()
        loss_G = bce(D(fake), ones)
        opt_G.zero_grad()
        loss_G.backward()
        opt_G.step()
        running += loss_D.item() + loss_G.item()


def endless(loader: torch.utils.data.DataLoader) -> Iterator:
    while True:
        yield from loader


def timed(act: Callable[[], object], device: str) -> float:
    began = time.perf_counter()
    act()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def matrix_rate(device: str) -> float:
    """Multiply-adds per second of the step's largest product, (64 x 1024)(1024 x 784), median of 9."""
    a, b = torch.randn(64, 1024, device=device), torch.randn(1024, 784, device=device)
    for _ in range(20):
        a @ b
    return 50 * 64 * 1024 * 784 / statistics.median(timed(lambda: [a @ b for _ in range(50)], device) for _ in range(9))


def multiply_adds(game: GAN, batch: int = 64) -> int:
    """Of the matrix products that one step with k = 1 cannot do without."""
    g, d = ([m.weight.numel() for m in net.modules() if isinstance(m, nn.Linear)] for net in (game.G, game.D))
    d_step = sum(g) + 2 * (2 * sum(d) + sum(d[1:]))       # G forward; D forward, weight and inner input gradients, twice
    g_step = 2 * sum(g) + sum(g[1:]) + 2 * sum(d)         # through D only input gradients
    return batch * (d_step + g_step)


def print_ratios(where: str, times: Sequence[Sequence[float]], steps: int) -> None:
    """Print how often each of WAYS fits into the copied loop; times: rows (the copied loop, then each way), in seconds."""
    for column, name in enumerate(WAYS, 1):
        ratios = sorted(row[0] / row[column] for row in times)
        print(f"{where}: copied loop / {name} = {statistics.median(ratios):.2f} (median of {len(ratios)} alternating rounds, "
              f"from {ratios[0]:.2f} to {ratios[-1]:.2f}; {steps} steps each)", flush=True)


def adam_seconds(game: GAN, device: str) -> float:
    """Of one fused step of Adam of each player: what moving weights, gradients and moments through memory takes."""
    optimizers = default_optimizers(game)
    for p in (*game.G.parameters(), *game.D.parameters()):
        p.grad = torch.randn_like(p)
    return statistics.median(timed(lambda: [o.step() for o in optimizers], device) for _ in range(50))


def compare(device: str, pairs: int, steps: int) -> None:
    data = load_images("mnist").to(device)
    transform = transforms.Compose([transforms.Resize(28), transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])
    loader = endless(torch.utils.data.DataLoader(MNIST(data_root(), train=True, transform=transform), batch_size=64,
                                                 shuffle=True, drop_last=True))
    theirs, ours, rounded = new_game(device), new_game(device), new_game(device)
    times: list[tuple[float, float, float]] = []
    for i in range(pairs + 1):                            # the first round warms up
        row = (timed(lambda: copied_loop(theirs, loader, steps, device), device),
               timed(lambda: train(ours, data, steps=steps, progress=False), device),
               timed(lambda: train(rounded, data, steps=steps, precision="medium", progress=False), device))
        times += [row] if i else []
    print_ratios(device, times, steps)
    products, adam = multiply_adds(ours) * steps / matrix_rate(device), adam_seconds(ours, device) * steps
    theirs_took, ours_took = (statistics.median(row[column] for row in times) for column in (0, 1))
    print(f"{device}: train reaches {100 * products / ours_took:.0f} % of the machine's rate of float32 matrix products; a loop "
          f"of these alone, at that rate, would be {theirs_took / products:.2f} times as quick as the copied loop, one of these "
          f"and Adam's steps {theirs_took / (products + adam):.2f} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--steps", type=int, default=150)
    arguments = parser.parse_args()
    for device in ["cpu"] + ["cuda"] * torch.cuda.is_available():
        compare(device, arguments.pairs, arguments.steps)


if __name__ == "__main__":
    main()
