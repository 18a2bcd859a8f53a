"""Losses as pure functions of logits. No networks, no data, no optimiser steps belong here.

D returns a logit l; the probability that x is real is D(x) = sigmoid(l). Every loss is written with
softplus(l) = log(1 + e^l), because -log sigmoid(l) = softplus(-l) and -log(1 - sigmoid(l)) = softplus(l)
stay exact where log(1 - sigmoid(l)) has already become -inf (float32: from l = 16.7).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import relu, softplus

PerSample = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Objective:
    """Hold one pair of losses: what D minimises and what G minimises.

    real, fake, generated: functions of logits, elementwise. The losses are means over each batch, so the
    real and the fake batch may differ in size.
    """

    name: str
    real: PerSample
    fake: PerSample
    generated: PerSample
    source: str

    def discriminator(self, logits_real: Tensor, logits_fake: Tensor) -> Tensor:
        """Return D's loss, a scalar to be minimised.

        logits_real (n, ...), logits_fake (m, ...): same shape after the batch axis, n and m free.
        Raises ValueError when the shapes differ there, rather than broadcast.
        """
        if logits_real.shape[1:] != logits_fake.shape[1:] or logits_real.ndim == 0:
            raise ValueError(
                f"logits_real and logits_fake must have one shape after the batch axis, got "
                f"{tuple(logits_real.shape)} and {tuple(logits_fake.shape)}; let D return (n, 1) for both")
        return self.real(logits_real).mean() + self.fake(logits_fake).mean()

    def generator(self, logits_fake: Tensor) -> Tensor:
        """Return G's loss, a scalar to be minimised; logits_fake (n, ...) of D on G(z)."""
        return self.generated(logits_fake).mean()


OBJECTIVES: dict[str, Objective] = {objective.name: objective for objective in (
    Objective("minimax",                                        # V(D, G), eq. (1)
              real=lambda l: softplus(-l),                      # -log D(x)
              fake=lambda l: softplus(l),                       # -log(1 - D(G(z)))
              generated=lambda l: -softplus(l),                 # +log(1 - D(G(z)))
              source="Goodfellow et al. 2014, eq. (1)"),
    Objective("non_saturating",
              real=lambda l: softplus(-l),
              fake=lambda l: softplus(l),
              generated=lambda l: softplus(-l),                 # -log D(G(z))
              source="Goodfellow et al. 2014, section 3, last paragraph"),
    Objective("least_squares",                                  # a = 0, b = c = 1
              real=lambda l: 0.5 * (l - 1) ** 2,
              fake=lambda l: 0.5 * l ** 2,
              generated=lambda l: 0.5 * (l - 1) ** 2,
              source="Mao et al. 2017, eq. (9)"),
    Objective("hinge",
              real=lambda l: relu(1 - l),
              fake=lambda l: relu(1 + l),
              generated=lambda l: -l,
              source="Lim and Ye 2017; Miyato et al. 2018, eq. (16) and (17)"),
    Objective("wasserstein",                                    # D is a critic: its logit is a score
              real=lambda l: -l,
              fake=lambda l: l,
              generated=lambda l: -l,
              source="Arjovsky et al. 2017, eq. (2) and (3)"),
)}


def objective_named(name: str) -> Objective:
    """Return the objective of that name. Raises ValueError that lists the names there are."""
    if name not in OBJECTIVES:
        raise ValueError(f"objective must be one of {', '.join(OBJECTIVES)}, got {name!r}")
    return OBJECTIVES[name]


def _squared_gradient_norm(D: nn.Module, x: Tensor) -> Tensor:
    """||dD/dx||^2 of each sample, (n,), with a graph, so that it can itself be minimised."""
    x = x.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def gradient_penalty(D: nn.Module, x_real: Tensor, x_fake: Tensor, *,
                     generator: torch.Generator | None = None) -> Tensor:
    """Return E (||grad D(x_hat)|| - 1)^2, a scalar; multiply by lambda (10 in the paper) yourself.

    x_hat = e x_real + (1 - e) x_fake with one e ~ U[0, 1] for each sample; both batches (n, ...) of one shape.
    Raises ValueError on unequal shapes. Source: Gulrajani et al. 2017, eq. (3).
    """
    if x_real.shape != x_fake.shape:
        raise ValueError(f"x_real and x_fake must have one shape to be mixed, got {tuple(x_real.shape)} and "
                         f"{tuple(x_fake.shape)}; cut the longer batch")
    shape = (len(x_real),) + (1,) * (x_real.ndim - 1)
    e = torch.rand(shape, generator=generator, device=x_real.device, dtype=x_real.dtype)
    # the norm's derivative is 0/0 where the gradient is exactly 0: keep the root away from it
    norm = (_squared_gradient_norm(D, torch.lerp(x_fake, x_real, e)) + 1e-12).sqrt()
    return (norm - 1).square().mean()


def r1_penalty(D: nn.Module, x_real: Tensor) -> Tensor:
    """Return 1/2 E ||grad D(x)||^2 over real x (n, ...), a scalar; multiply by gamma yourself.

    Source: Mescheder et al. 2018, eq. (9).
    """
    return 0.5 * _squared_gradient_norm(D, x_real).mean()
