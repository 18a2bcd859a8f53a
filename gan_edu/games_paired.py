"""The games with pairs: what an image was made from is known, so G's picture can be compared with the right one.

A minibatch is a pair (x, y): x the image that should come out, y the one that goes in; see `data_paired`.
"""

import torch
from torch import Tensor, nn

from gan_edu.errors import real, whole
from gan_edu.games import _AT_ONCE, GAN
from gan_edu.networks import eval_mode, seeded

DISTANCES = {"l1": lambda difference: difference.abs().mean(), "l2": lambda difference: difference.square().mean()}


class Translation(GAN):
    """Play for G(y) = x: the adversarial loss of GAN, and beside it a distance between G's picture and the right one.

    G: maps y (n, *G.input_shape) to (n, *G.shape); D: maps x, or x and y, to logits (n, ...). Both losses are kept in
    readings: "distance" and "adversarial", before their weights. adversarial=0 leaves the distance alone for G to learn
    from; D then still plays, so that one can read how easily it tells the difference.
    """

    needs_labels = True
    generator_needs_batch = True                                 # pairs, for G's step too
    distance = "l1"

    def __init__(self, G: nn.Module, D: nn.Module, *, objective: str = "non_saturating", weight: float,
                 adversarial: float) -> None:
        self.weight, self.adversarial = real("weight", weight, minimum=0), real("adversarial", adversarial, minimum=0)
        if self.weight == self.adversarial == 0:
            raise ValueError("weight and adversarial must not both be 0: G would learn from nothing")
        super().__init__(G, D, objective=objective)

    def _told(self, y: Tensor) -> tuple[Tensor, ...]:
        """What D sees besides the image."""
        return ()

    def _conditions(self, n: int) -> tuple[Tensor, ...]:
        return self._told(torch.zeros(n, *self.G.input_shape, device=self.device))

    def discriminator_loss(self, batch: tuple[Tensor, Tensor], generator: torch.Generator | None = None) -> Tensor:
        x, y = batch
        with torch.no_grad():
            x_fake = self.G(y)
        return self._verdict_loss(*self._judge_both(x, x_fake, *self._told(y)))

    def generator_loss(self, batch: tuple[Tensor, Tensor], generator: torch.Generator | None = None) -> Tensor:
        x, y = batch
        x_fake = self.G(y)
        distance = DISTANCES[self.distance](x_fake - x)
        self.readings["distance"] = distance.detach()
        if not self.adversarial:
            return self.weight * distance
        adversarial = self.objective.generator(self.D(x_fake, *self._told(y)))
        self.readings["adversarial"] = adversarial.detach()
        return self.adversarial * adversarial + self.weight * distance

    def translate(self, y: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """Return G(y), (n, *G.shape) in [-1, 1], for inputs y (n, *G.input_shape) in [-1, 1]; modes stay as they were.

        From the moving average where there is one, in eval mode. generator: only where G has noise, see Pix2Pix.
        """
        return self._generate(y.to(self.device))

    def sample(self, n: int, *, y: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """Return the translations of n inputs y (n, *G.input_shape). Raises ValueError without them: nothing is drawn here."""
        if y is None or len(y) != whole("n", n):
            got = "none" if y is None else len(y)
            raise ValueError(f"{type(self).__name__} makes images from images: give y with n = {n} inputs, got {got}; "
                             "data_paired.paired(...).y has some")
        return self.translate(y, generator=generator)


class Pix2Pix(Translation):
    """Translate y into x, with a judge of pairs: D sees the input beside the image.

    New: loss of G = adversarial (-log D(G(y), y)) + l1 |x - G(y)|, with l1 = 100; G's noise is the dropout in its layers,
    left on when it draws. l1=0 is the conditional GAN alone, adversarial=0 the L1 alone. Source: Isola et al. 2017,
    eq. (1) to (4).
    """

    def __init__(self, G: nn.Module, D: nn.Module, *, objective: str = "non_saturating", l1: float = 100.0,
                 adversarial: float = 1.0) -> None:
        super().__init__(G, D, objective=objective, weight=l1, adversarial=adversarial)

    def _told(self, y: Tensor) -> tuple[Tensor, ...]:
        return (y,)

    def translate(self, y: Tensor, *, generator: torch.Generator | None = None, noise: bool = True) -> Tensor:
        """Return G(y), (n, *G.shape) in [-1, 1], for inputs y (n, *G.input_shape); modes stay as they were.

        noise: leave dropout on, as when it was trained; everything else is in eval mode. generator: where dropout's masks
        come from; None takes PyTorch's global generator. False: each dropped value at its mean, the same picture each time.
        """
        if not noise:
            return super().translate(y)
        G = self.G if self.G_ema is None else self.G_ema
        # dropout takes no generator: for this call, PyTorch's global one starts where `generator` says
        start = int(torch.randint(2 ** 62, (), generator=generator))
        with eval_mode(G), seeded(start):
            for module in G.modules():
                module.training = isinstance(module, nn.Dropout)
            return torch.cat([G(part.to(self.device)) for part in y.split(_AT_ONCE)])

    @property
    def config(self) -> dict:
        return super().config | {"l1": self.weight, "adversarial": self.adversarial}


class SRGAN(Translation):
    """Enlarge y into x, with a judge of images: D asks whether a large image looks real, not whether it fits the small one.

    New: loss of G = content |x - G(y)|^2 + adversarial (-log D(G(y))), with 1 and 1e-3; adversarial=0 is the content
    alone, whose best answer is the mean of all images that fit. Source: Ledig et al. 2017, eq. (3), (4) and (6); the
    content is that of their SRGAN-MSE, pixels instead of a network's features.
    """

    distance = "l2"

    def __init__(self, G: nn.Module, D: nn.Module, *, objective: str = "non_saturating", content: float = 1.0,
                 adversarial: float = 1e-3) -> None:
        super().__init__(G, D, objective=objective, weight=content, adversarial=adversarial)

    @property
    def config(self) -> dict:
        return super().config | {"content": self.weight, "adversarial": self.adversarial}
