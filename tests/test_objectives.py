"""Losses against their formulas in float64, against finite differences, and at the edges of float32."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from gan_edu.objectives import OBJECTIVES, gradient_penalty, objective_named, r1_penalty

# written from the papers with D = sigmoid(l), in the plainest form and in float64: (D's loss, G's loss)
PLAIN = {
    "minimax": (lambda r, f: -torch.log(torch.sigmoid(r)).mean() - torch.log(1 - torch.sigmoid(f)).mean(),
                lambda f: torch.log(1 - torch.sigmoid(f)).mean()),
    "non_saturating": (lambda r, f: -torch.log(torch.sigmoid(r)).mean() - torch.log(1 - torch.sigmoid(f)).mean(),
                       lambda f: -torch.log(torch.sigmoid(f)).mean()),
    "least_squares": (lambda r, f: ((r - 1) ** 2).mean() / 2 + (f ** 2).mean() / 2, lambda f: ((f - 1) ** 2).mean() / 2),
    "hinge": (lambda r, f: torch.clamp(1 - r, min=0).mean() + torch.clamp(1 + f, min=0).mean(), lambda f: -f.mean()),
    "wasserstein": (lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()),
}
EXTREMES = [0.0, 17, 89, 120, 1e4, -17, -89, -120, -1e4]


def _logits(n, seed, scale=3.0):
    return scale * torch.randn(n, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_table_is_whole():
    assert list(OBJECTIVES) == list(PLAIN)


@pytest.mark.parametrize("name", PLAIN)
def test_values_equal_the_plain_formulas_on_unequal_batches(name):
    real, fake = _logits(5, 1), _logits(3, 2)
    plain_D, plain_G = PLAIN[name]
    torch.testing.assert_close(OBJECTIVES[name].discriminator(real, fake), plain_D(real, fake))
    torch.testing.assert_close(OBJECTIVES[name].generator(fake), plain_G(fake))


@pytest.mark.parametrize("name", PLAIN)
def test_gradients_equal_finite_differences(name):
    real, fake = _logits(4, 3).requires_grad_(), _logits(4, 4).requires_grad_()
    assert torch.autograd.gradcheck(OBJECTIVES[name].discriminator, (real, fake))
    assert torch.autograd.gradcheck(OBJECTIVES[name].generator, (fake,))


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("value", EXTREMES)
def test_values_and_gradients_stay_finite_and_right_far_out(name, value):
    """Fault 23: float32 agrees with float64 at every logit up to 1e4, where the plain formulas have long broken."""
    for dtype_loss in (OBJECTIVES[name].generator, lambda l: OBJECTIVES[name].discriminator(l, -l)):
        single = torch.full((2, 1), value, dtype=torch.float32, requires_grad=True)
        double = torch.full((2, 1), value, dtype=torch.float64, requires_grad=True)
        for l in (single, double):
            dtype_loss(l).backward()
        assert torch.isfinite(single.grad).all()
        torch.testing.assert_close(single.grad.double(), double.grad, rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(dtype_loss(single).double(), dtype_loss(double), rtol=1e-5, atol=1e-7)


def test_minimax_is_the_value_function_and_the_sum_of_two_cross_entropies():
    """Eq. (1): loss_D = -V = BCE(real, 1) + BCE(fake, 0), and G's loss is the part of V that depends on G."""
    real, fake = _logits(6, 5), _logits(6, 6)
    V = logsigmoid(real).mean() + logsigmoid(-fake).mean()
    bce = binary_cross_entropy_with_logits
    objective = OBJECTIVES["minimax"]
    torch.testing.assert_close(objective.discriminator(real, fake), -V)
    torch.testing.assert_close(objective.discriminator(real, fake),
                               bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake)))
    torch.testing.assert_close(objective.generator(fake), V - logsigmoid(real).mean())


def test_at_the_equilibrium_loss_D_is_log_4_and_loss_G_is_log_2():
    zero = torch.zeros(1, 1, dtype=torch.float64)
    assert OBJECTIVES["non_saturating"].discriminator(zero, zero).item() == pytest.approx(math.log(4))
    assert OBJECTIVES["non_saturating"].generator(zero).item() == pytest.approx(math.log(2))
    assert OBJECTIVES["minimax"].generator(zero).item() == pytest.approx(-math.log(2))


def test_generator_gradients_are_minus_D_and_minus_one_minus_D():
    """d/dl log(1 - D) = -D and d/dl (-log D) = -(1 - D): the two gradients of section 3's last paragraph."""
    for value in (-4.0, 0.0, 2.5):
        l = torch.tensor([[value]], dtype=torch.float64, requires_grad=True)
        D = torch.sigmoid(l.detach())
        (minimax,) = torch.autograd.grad(OBJECTIVES["minimax"].generator(l), l)
        (non_saturating,) = torch.autograd.grad(OBJECTIVES["non_saturating"].generator(l), l)
        torch.testing.assert_close(minimax, -D)
        torch.testing.assert_close(non_saturating, -(1 - D))


def test_logits_of_two_shapes_are_refused_not_broadcast():
    """Fault 19: (n,) against (n, 1) would make an (n, n) table of differences."""
    for objective in OBJECTIVES.values():
        with pytest.raises(ValueError, match=r"one shape after the batch axis, got \(4,\) and \(4, 1\)"):
            objective.discriminator(torch.zeros(4), torch.zeros(4, 1))


def test_logits_may_come_without_a_second_axis_but_not_without_any():
    x, y = torch.tensor([0.5, -1.0, 2.0]), torch.tensor([0.1, 0.3])
    for objective in OBJECTIVES.values():
        torch.testing.assert_close(objective.discriminator(x, y), objective.discriminator(x[:, None], y[:, None]))
        with pytest.raises(ValueError, match=r"after the batch axis, got \(\) and \(\)"):
            objective.discriminator(x[0], y[0])


def test_an_unknown_objective_is_answered_with_the_list():
    with pytest.raises(ValueError, match="one of minimax, non_saturating.*got 'wgan'"):
        objective_named("wgan")
    assert objective_named("hinge") is OBJECTIVES["hinge"]


class _Quadratic(nn.Module):
    """D(x) = a |x|^2 / 2 + b . x: its gradient a x + b is known."""

    def __init__(self, a, b):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(a, dtype=torch.float64)), torch.tensor(b, dtype=torch.float64)

    def forward(self, x):
        return (self.a * x.square().sum(1, keepdim=True) / 2) + x @ self.b[:, None]


def test_gradient_penalty_and_r1_against_the_known_gradient():
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    D = _Quadratic(0.7, [1.0, -2.0, 0.5])
    norms = (0.7 * x + D.b).norm(dim=1)
    torch.testing.assert_close(r1_penalty(D, x), (norms ** 2).mean() / 2)
    torch.testing.assert_close(gradient_penalty(D, x, x), ((norms - 1) ** 2).mean())     # no line to mix along


def test_gradient_penalty_mixes_each_sample_with_its_own_share():
    """With D linear in |x|, the penalty reveals the points it looked at; one e for each sample, between the two."""
    seen = []

    class Spy(nn.Module):
        def forward(self, x):
            seen.append(x.detach().clone())
            return x.sum(1, keepdim=True)

    real, fake = torch.zeros(500, 2), torch.ones(500, 2)
    gradient_penalty(Spy(), real, fake, generator=torch.Generator().manual_seed(3))
    x_hat = seen[0]
    assert torch.equal(x_hat[:, 0], x_hat[:, 1])
    assert 0 <= x_hat.min() and x_hat.max() <= 1 and abs(x_hat.mean().item() - 0.5) < 0.05
    assert len(x_hat[:, 0].unique()) > 490
    again = gradient_penalty(Spy(), real, fake, generator=torch.Generator().manual_seed(3))
    assert torch.equal(seen[1], x_hat) and torch.isfinite(again)


def test_the_penalties_can_be_minimised_themselves():
    """Their derivative with respect to D's parameters, against finite differences."""
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for penalty in (lambda D: r1_penalty(D, x), lambda D: gradient_penalty(D, x, x)):
        D = _Quadratic(0.4, [0.3, 0.2, -1.0])
        penalty(D).backward()
        step = 1e-5
        up, down = (penalty(_Quadratic(0.4 + h, [0.3, 0.2, -1.0])).item() for h in (step, -step))
        assert D.a.grad.item() == pytest.approx((up - down) / (2 * step), rel=1e-5)


def test_the_gradient_penalty_is_finite_where_the_gradient_is_zero():
    D = _Quadratic(0.0, [0.0, 0.0, 0.0])
    loss = gradient_penalty(D, torch.ones(4, 3, dtype=torch.float64), torch.zeros(4, 3, dtype=torch.float64))
    loss.backward()
    assert loss.item() == pytest.approx(1, abs=1e-5) and torch.isfinite(D.a.grad)


def test_a_gradient_penalty_needs_batches_of_one_shape():
    with pytest.raises(ValueError, match=r"one shape to be mixed, got \(4, 2\) and \(3, 2\)"):
        gradient_penalty(nn.Linear(2, 1), torch.zeros(4, 2), torch.zeros(3, 2))


def test_a_gradient_penalty_draws_where_the_images_are():
    x = torch.zeros(4, 2, device="meta")                 # a device of its own, which every machine has
    assert gradient_penalty(nn.Linear(2, 1, device="meta"), x, x).device.type == "meta"
