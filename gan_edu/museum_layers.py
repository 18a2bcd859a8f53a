"""Exhibits of the museum that are wrong in one line of a network: BatchNorm's arguments, its start, its place, its mode.
"""

from collections.abc import Callable

import torch
from torch import nn

from gan_edu.museum_cabinet import UNNAMED, Curve, Exhibit
from gan_edu.networks import eval_mode, seeded
from gan_edu.networks_conv import DCGANGenerator

SPREADS = (0.03, 0.05, 0.1, 0.2, 0.316, 0.5, 1.0, 2.0)


def _spread_out(x: torch.Tensor) -> float:
    return x.std(correction=0).item()


class EpsOfBatchNorm(Exhibit):
    """The second argument of BatchNorm is not its momentum."""

    name = "eps-of-batchnorm"
    title = "The second argument"
    question = "BatchNorm makes every unit's standard deviation 1. A unit comes in with 0.1. With what does it leave?"
    meter = "standard deviation that leaves, where 0.1 came in"
    axes = ("standard deviation that comes in", "standard deviation that leaves")
    good = 1.0
    wrong = ("0.8 was meant as a momentum, and PyTorch's second argument is eps, which is added to the variance: v "
             "becomes v / (v + 0.8). Quiet units stay quiet, and the layer no longer does the one thing it is there "
             "for.")
    where = UNNAMED + " Notebook 08 meets it in a generator."

    @staticmethod
    def published(n):
        return nn.BatchNorm1d(n, 0.8)

    @staticmethod
    def mended(n):
        return nn.BatchNorm1d(n, momentum=0.2)

    @staticmethod
    def measure(code: Callable) -> Curve:
        noise = torch.randn(4096, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        noise = (noise - noise.mean()) / noise.std(correction=0)
        layer = code(1).double()
        out = {s: _spread_out(layer(s * noise)) for s in SPREADS}
        return out[0.1], list(out), list(out.values()), {}


class ZeroScale(Exhibit):
    """BatchNorm's scale starts near 0."""

    name = "zero-scale"
    title = "A start without a voice"
    question = "“All weights are drawn from N(0, 0.02).” All?"
    meter = "standard deviation of the first pictures' pixels"
    axes = ("BatchNorm layer", "standard deviation that leaves it")
    good = None
    log = True
    wrong = ("The scale of BatchNorm is a factor, not a weight: near 0 it mutes its channel, layer after layer. "
             "DCGAN's code draws it from N(1, 0.02).")
    where = UNNAMED + " The paper's sentence (Radford et al. 2016, section 4) is easily read so; its authors' code is right."

    @staticmethod
    def published(module):
        nn.init.normal_(module.weight, 0.0, 0.02)

    @staticmethod
    def mended(module):
        mean = 1.0 if isinstance(module, nn.BatchNorm2d) else 0.0
        nn.init.normal_(module.weight, mean, 0.02)

    @staticmethod
    def measure(code: Callable) -> Curve:
        seen = []
        with seeded(0), torch.no_grad():
            G = DCGANGenerator(16, width=8)
            for module in G.modules():
                if isinstance(module, nn.ConvTranspose2d | nn.BatchNorm2d):
                    code(module)
                if isinstance(module, nn.BatchNorm2d):
                    module.register_forward_hook(lambda _, __, out: seen.append(_spread_out(out)))
            pictures = G(torch.randn(64, 16))
        return _spread_out(pictures), list(range(1, len(seen) + 1)), seen, {}


class BatchNormCritic(Exhibit):
    """BatchNorm in a critic with a gradient penalty."""

    name = "batchnorm-critic"
    title = "Whose slope is it?"
    question = "The penalty asks for |slope of D at x_i| = 1, for each x_i alone. Is there such a thing here?"
    meter = "largest slope of D(x_i) at another image x_j, by the mean slope at its own"
    axes = ("image j of the batch", "slope of D(x_0) at x_j")
    good = 0.0
    wrong = ("BatchNorm makes D(x_0) depend on all images of the batch: the Jacobian has entries off its diagonal, "
             "and the penalty on sum(D) punishes sums of them. Gulrajani et al. (2017, section 4) leave it out for "
             "that reason.")

    @staticmethod
    def published(inputs, width):
        return nn.Sequential(nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.LeakyReLU(0.2), nn.Linear(width, 1))

    @staticmethod
    def mended(inputs, width):
        return nn.Sequential(nn.Linear(inputs, width), nn.LayerNorm(width), nn.LeakyReLU(0.2), nn.Linear(width, 1))

    @staticmethod
    def measure(code: Callable) -> Curve:
        with seeded(0):
            D, x = code(2, 16), torch.randn(8, 2)
        jacobian = torch.autograd.functional.jacobian(lambda x: D(x)[:, 0], x).norm(dim=2)       # (8, 8)
        own = jacobian.diagonal()
        other = jacobian - torch.diag(own)
        return (other.max() / own.mean()).item(), list(range(8)), jacobian[0].tolist(), {}


class EvalNever(Exhibit):
    """A sample that depends on its neighbours."""

    name = "eval-never"
    title = "The picture and its company"
    question = "G is trained. One z, drawn alone and drawn in a batch of 64: the same picture?"
    meter = "mean change of a pixel of one z's picture, alone and among 64"
    axes = ("pictures drawn together", "mean change of a pixel, from the picture among 64")
    good = 0.0
    wrong = ("In train mode BatchNorm takes mean and variance from the batch, so a picture depends on its neighbours. "
             "Samples are drawn in eval mode, with the averages of training. (To train in eval mode is the opposite "
             "error: then those averages never move from their start.)")

    @staticmethod
    def published(G, z):
        with torch.no_grad():
            return G(z)

    @staticmethod
    def mended(G, z):
        with eval_mode(G), torch.no_grad():
            return G(z)

    @staticmethod
    def measure(code: Callable) -> Curve:
        with seeded(0), torch.no_grad():
            G, z = DCGANGenerator(16, width=8), torch.randn(64, 16)
            for module in G.modules():
                if isinstance(module, nn.ConvTranspose2d):
                    module.weight.mul_(3)                         # as after some training: not all of it near grey
            for _ in range(50):
                G(torch.randn(64, 16))                            # so that the running averages have settled
        among = code(G, z)[0]
        sizes = (1, 2, 4, 8, 16, 32, 64)
        changes = [round((code(G, z[:n])[0] - among).abs().mean().item(), 6) for n in sizes]      # sums differ in bit 24
        return changes[0], list(sizes), changes, {}
