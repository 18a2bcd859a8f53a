"""The game of translation without pairs: two translators against two judges, tied together by the way there and back."""

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gan_edu.errors import real, whole
from gan_edu.games import _AT_ONCE, Game
from gan_edu.networks import eval_mode, has_batch_statistics
from gan_edu.objectives import OBJECTIVES
from gan_edu.translators_resnet import TwoJudges, TwoTranslators


class CycleGAN(Game):
    """Play for two translations at once, a to b and b to a, from images that are in no pairs.

    New: a minibatch is (x_a, x_b), unrelated images of two domains, and nothing says which belongs to which. D_B asks
    whether a translated a looks like a b, D_A the reverse; the cycle loss asks that the way there and back returns what it
    started from. G: `TwoTranslators`, or the pair (a_to_b, b_to_a). D: `TwoJudges`, or the pair (D_A, D_B), then with a
    memory of 50 old translations, from which D learns. cycle, identity: weights of the mean absolute errors.
    readings: D_real and D_fake are mean scores (targets 1 and 0), cycle and identity the errors, unweighted.
    Same as before: Algorithm 1. Source: Zhu et al. 2017, eq. (3), section 4 (least squares, memory) and 5.2 (identity).
    """

    generator_needs_batch = True

    def __init__(self, G: nn.Module | tuple[nn.Module, nn.Module], D: nn.Module | tuple[nn.Module, nn.Module], *,
                 cycle: float = 10.0, identity: float = 5.0) -> None:
        super().__init__(G if isinstance(G, nn.Module) else TwoTranslators(*G), D if isinstance(D, nn.Module) else TwoJudges(*D))
        self.cycle, self.identity = real("cycle", cycle, minimum=0), real("identity", identity, minimum=0)
        self.objective = OBJECTIVES["least_squares"]

    def discriminator_loss(self, batch: tuple[Tensor, Tensor], generator: torch.Generator | None = None) -> Tensor:
        a, b = batch
        with torch.no_grad():
            fake_b, fake_a = self.G(a, b)
        fake_a, fake_b = self.D.recall(fake_a, fake_b, generator)            # new ones and old ones
        reals, fakes = _together(self.D, (a, b), (fake_a, fake_b))
        self.readings |= {"D_real": _mean_of(reals), "D_fake": _mean_of(fakes)}
        # 1/2 (D(x) - 1)^2 + 1/2 D(G(x))^2 for each judge
        return sum(self.objective.discriminator(*logits) for logits in zip(reals, fakes))

    def generator_loss(self, batch: tuple[Tensor, Tensor], generator: torch.Generator | None = None) -> Tensor:
        a, b = batch
        # G(a) and F(b); and what is in the target domain already, G(b) and F(a), which should stay as it is
        (fake_b, fake_a), same = _together(self.G, (a, b), (b, a)) if self.identity else (self.G(a, b), (b, a))
        again_b, again_a = self.G(fake_a, fake_b)                            # G(F(b)) and F(G(a))
        cycle = l1_loss(again_a, a) + l1_loss(again_b, b)
        identity = l1_loss(same[0], b) + l1_loss(same[1], a)
        self.readings |= {"cycle": cycle.detach()} | ({"identity": identity.detach()} if self.identity else {})
        # (D_B(G(a)) - 1)^2 + (D_A(F(b)) - 1)^2; the objective has 1/2 in front
        fooled = sum(2 * self.objective.generator(logits) for logits in self.D(fake_a, fake_b))
        return fooled + self.cycle * cycle + self.identity * identity

    def translate(self, x: Tensor, *, to: str = "b") -> Tensor:
        """Return images of the other domain as images of `to`, "a" or "b"; (n, *shape) to the same.

        In eval mode, from the moving average where there is one. Raises ValueError for another domain.
        """
        if to not in ("a", "b"):
            raise ValueError(f'to must be "a" or "b", the domain to translate to, got {to!r}')
        G = self.G if self.G_ema is None else self.G_ema
        translator = G.a_to_b if to == "b" else G.b_to_a
        with eval_mode(G):
            return torch.cat([translator(part) for part in x.to(self.device).split(_AT_ONCE)])

    def sample(self, n: int, *, x: Tensor | None = None, to: str = "b", generator: torch.Generator | None = None) -> Tensor:
        """Return n images x of the other domain, translated. Raises ValueError without them: nothing is drawn here."""
        if x is None or len(x) != whole("n", n):
            got = "none" if x is None else len(x)
            raise ValueError(f"CycleGAN makes images from images: give x with n = {n} images of the other domain, got {got}; "
                             "data_unpaired.two_domains(...) has some")
        return self.translate(x, to=to)

    @property
    def config(self) -> dict:
        return super().config | {"cycle": self.cycle, "identity": self.identity}


def _together(pair: nn.Module, first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor]) -> tuple:
    """Return (pair(*first), pair(*second)), by one pass where no image can see another."""
    if has_batch_statistics(pair):
        return pair(*first), pair(*second)
    found = pair(*(torch.cat(both) for both in zip(first, second)))
    sizes = [[len(x), len(y)] for x, y in zip(first, second)]
    return tuple(zip(*(out.split(size) for out, size in zip(found, sizes))))


def _mean_of(verdicts: tuple[Tensor, Tensor]) -> Tensor:
    return (verdicts[0].detach().mean() + verdicts[1].detach().mean()) / 2
