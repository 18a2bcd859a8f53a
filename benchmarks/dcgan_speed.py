"""Time `gan_edu.train` on a DCGAN against the loop that most tutorials share, in one run and in alternation.

    GAN_EDU_DATA=... python benchmarks/dcgan_speed.py

Same architecture and sizes (28 x 28, z = 100, `--width` channels), same data, batch 64, Adam at 2e-4 with betas 0.5 and
0.999. The copied loop: plain layers from `nn`; a DataLoader over torchvision's MNIST with Resize, CenterCrop, ToTensor
and Normalize; a sigmoid and BCELoss; two backward passes for D; D's gradients in G's step; losses and means read with
.item() each step. Our `train` plays twice: as it is, and with products in bfloat16, for processors with matrix units. Prints
the median ratios. Only they mean anything on another machine.
"""

import argparse
import functools
from collections.abc import Iterator

import torch
from torch import nn
from torchvision import transforms
from torchvision.datasets import MNIST
from training_speed import WAYS, endless, print_ratios, timed

from gan_edu.data import data_root, load_images
from gan_edu.games import GAN
from gan_edu.networks import DCGANDiscriminator, DCGANGenerator, count_parameters, seeded
from gan_edu.training import train

Z, BATCH = 100, 64


class Copied:
    """The tutorials' players and loop."""

    def __init__(self, width: int, device: str) -> None:
        self.device = device
        self.G = nn.Sequential(
            nn.ConvTranspose2d(Z, 2 * width, 7, 1, 0, bias=False), nn.BatchNorm2d(2 * width), nn.ReLU(True),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True),
            nn.ConvTranspose2d(width, 1, 4, 2, 1, bias=False), nn.Tanh()).apply(self.start).to(device)
        self.D = nn.Sequential(
            nn.Conv2d(1, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, 1, 7, 1, 0, bias=False), nn.Sigmoid()).apply(self.start).to(device)
        self.opt_D, self.opt_G = (torch.optim.Adam(p.parameters(), lr=2e-4, betas=(0.5, 0.999)) for p in (self.D, self.G))

    @staticmethod
    def start(module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.02)

    def steps(self, loader: Iterator, steps: int) -> None:
        """The loop as it is printed everywhere: k = 1, D on real, D on fake, the same fakes again for G."""
        bce, losses = nn.BCELoss(), []
        for _ in range(steps):
            self.D.zero_grad()
            real = next(loader)[0].to(self.device)
            label = torch.full((len(real),), 1.0, device=self.device)
            output = self.D(real).view(-1)
            loss_real = bce(output, label)
            loss_real.backward()
            d_x = output.mean().item()
            fake = self.G(torch.randn(len(real), Z, 1, 1, device=self.device))
            label.fill_(0.0)
            output = self.D(fake.detach()).view(-1)
            loss_fake = bce(output, label)
            loss_fake.backward()
            d_g_z = output.mean().item()
            self.opt_D.step()
            self.G.zero_grad()
            label.fill_(1.0)
            loss_G = bce(self.D(fake).view(-1), label)
            loss_G.backward()
            self.opt_G.step()
            losses.append((loss_real.item() + loss_fake.item(), loss_G.item(), d_x, d_g_z))


def compare(device: str, width: int, pairs: int, steps: int) -> None:
    data = load_images("mnist").to(device)
    transform = transforms.Compose([transforms.Resize(28), transforms.CenterCrop(28), transforms.ToTensor(),
                                    transforms.Normalize((0.5,), (0.5,))])
    loader = endless(torch.utils.data.DataLoader(MNIST(data_root(), train=True, transform=transform), batch_size=BATCH,
                                                 shuffle=True, drop_last=True))
    with seeded(0):
        theirs = Copied(width, device)
        ours = [GAN(DCGANGenerator(Z, width=width), DCGANDiscriminator(width=width)).to(device) for _ in WAYS]
    assert count_parameters(theirs.G) == count_parameters(ours[0].G) and count_parameters(theirs.D) == count_parameters(ours[0].D)
    optimizers = [tuple(torch.optim.Adam(player.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=True)
                        for player in (game.G, game.D)) for game in ours]
    times: list[list[float]] = []
    for i in range(pairs + 1):                            # the first round warms up
        row = [timed(lambda: theirs.steps(loader, steps), device)]
        for game, pair, precision in zip(ours, optimizers, WAYS.values(), strict=True):
            row.append(timed(functools.partial(train, game, data, steps=steps, optimizers=pair, batch_size=BATCH,
                                               precision=precision, progress=False), device))
        times += [row] if i else []
    print_ratios(f"{device}, width {width}", times, steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--width", type=int, nargs="+", default=[32, 64])
    arguments = parser.parse_args()
    for device in ["cpu"] + ["cuda"] * torch.cuda.is_available():
        for width in arguments.width:
            compare(device, width, arguments.pairs, arguments.steps)


if __name__ == "__main__":
    main()
