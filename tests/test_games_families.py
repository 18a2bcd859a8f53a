"""The families beside the plain GAN: a condition, a distance, a penalty; each by value, gradient and count."""

import copy

import pytest
import torch
from torch import nn

from gan_edu import toys
from gan_edu.checkpoints import load_checkpoint, save_checkpoint
from gan_edu.games import GAN, WGAN, ConditionalGAN, moving_average_of
from gan_edu.networks import (
    ConcatDiscriminator,
    ConditionalGenerator,
    Critic,
    DCGANDiscriminator,
    DCGANGenerator,
    MLPDiscriminator,
    MLPGenerator,
    ProjectionDiscriminator,
    eval_mode,
    seeded,
)
from gan_edu.objectives import OBJECTIVES, r1_penalty
from gan_edu.training import train

SMALL = dict(shape=(1, 8, 8), width=3)
LARGE = dict(shape=(1, 28, 28), width=2)
Y = torch.arange(16) % 10


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def flat_game(**arguments):
    """A WGAN of points in the plane, small enough for finite differences."""
    with seeded(0):
        return WGAN(MLPGenerator(4, shape=(2,), hidden=(8,), output="linear"), MLPDiscriminator(shape=(2,), hidden=(8,)),
                    **arguments)


def conditional(D=ProjectionDiscriminator, **arguments):
    with seeded(0):
        return ConditionalGAN(ConditionalGenerator(4, **SMALL), D(**SMALL), **arguments)


@pytest.fixture
def x():
    return torch.randn(16, 2, generator=rng(9))


@pytest.fixture
def pictures():
    return torch.rand(16, 1, 8, 8, generator=rng(9)) * 2 - 1


# ---- ConditionalGAN ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", OBJECTIVES)
def test_conditional_losses_are_the_objective_of_the_logits(name, pictures):
    game = conditional(ConcatDiscriminator, objective=name)
    twin = copy.deepcopy(game)                                     # BatchNorm: as many passes, in the same order
    x_fake = twin.G(twin.noise(16, rng(5)), Y).detach()
    logits_real, logits_fake = twin.D(pictures, Y), twin.D(x_fake, Y)
    torch.testing.assert_close(game.discriminator_loss((pictures, Y), rng(5)),
                               game.objective.discriminator(logits_real, logits_fake))
    torch.testing.assert_close(game.generator_loss((pictures, Y), rng(5)), game.objective.generator(logits_fake))
    torch.testing.assert_close(game.readings["D_real"], logits_real.sigmoid().mean().detach())
    torch.testing.assert_close(game.readings["D_fake"], logits_fake.sigmoid().mean().detach())


@pytest.mark.parametrize("D", [ConcatDiscriminator, ProjectionDiscriminator])
def test_conditional_gradients_stay_with_the_player_whose_step_it_is(D, pictures):
    game = conditional(D)
    game.discriminator_loss((pictures, Y), rng()).backward()
    assert all(p.grad is None for p in game.G.parameters())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in game.D.parameters())
    game.generator_loss((pictures, Y), rng()).backward()
    assert all(p.grad is not None for p in game.G.parameters())


@pytest.mark.parametrize("make, shape", [(lambda: conditional(), (1, 8, 8)), (lambda: conditional(ConcatDiscriminator), (1, 8, 8)),
                                         (flat_game, (2,))])
def test_batches_of_two_sizes_are_told_apart(make, shape):
    """Each loss is a mean over its own batch; in one joint pass the cut falls between real and fake."""
    game, conditions = make(), (Y[:5],) if make is not flat_game else ()
    real, fake = torch.randn(5, *shape, generator=rng(1)), torch.randn(5 if conditions else 3, *shape, generator=rng(2))
    with eval_mode(game.D):
        logits = game._judge_both(real, fake, *conditions)
        expected = game.D(real, *conditions), game.D(fake, *conditions)
    torch.testing.assert_close(logits, expected)


def test_an_order_is_delivered_in_every_form():
    game = conditional()
    threes = game.sample(6, y=3, generator=rng(1))
    assert threes.shape == (6, 1, 8, 8) and torch.equal(threes, game.sample(6, y=torch.full((6,), 3), generator=rng(1)))
    assert torch.equal(threes, game.sample(6, y=torch.eye(10)[3].expand(6, -1), generator=rng(1)))
    with eval_mode(game.G):                                        # the same z whatever is ordered
        torch.testing.assert_close(threes, game.G(game.noise(6, rng(1)), torch.full((6,), 3)))
    assert not torch.equal(threes, game.sample(6, y=4, generator=rng(1)))
    assert torch.equal(game.sample(6, generator=rng(1)), game.sample(6, generator=rng(1)))
    labels = game._labels(5000, None, rng(2))
    assert torch.bincount(labels, minlength=10).sub(500).abs().max() < 120        # 5.6 standard deviations
    assert game.judge(threes, torch.full((6,), 3)).shape == (6,)


def test_orders_that_cannot_be_delivered_are_named():
    game = conditional()
    for y, message in ((10, "y must lie in 0..9, got 10..10"), (-1, "y must be a whole number >= 0, got -1"),
                       (Y, "y must hold 4 labels, one for each image, got 16"), (torch.zeros(4), "y must be int64")):
        with pytest.raises(ValueError, match=message):
            game.sample(4, y=y)
    with pytest.raises(ValueError, match="n must be a whole number >= 1, got 0"):
        game.sample(0, y=3)


def test_many_samples_are_made_in_parts_and_are_the_same():
    game = conditional()
    x = game.sample(1_001, y=Y.repeat(63)[:1_001], generator=rng(1))
    with eval_mode(game.G):
        torch.testing.assert_close(x, game.G(game.noise(1_001, rng(1)), Y.repeat(63)[:1_001]))


# ---- WGAN -------------------------------------------------------------------------------------------------------------

def test_the_critics_loss_is_the_gap_of_means_and_its_penalty(x):
    game = flat_game(penalty=7.0)
    draws = rng(5)
    x_fake = game.G(game.noise(16, draws)).detach()
    e = torch.rand((16, 1), generator=draws)
    x_hat = (e * x + (1 - e) * x_fake).requires_grad_()
    slopes = torch.stack([torch.autograd.grad(game.D(row[None]).sum(), row)[0].norm() for row in x_hat])
    gap = game.D(x).mean() - game.D(x_fake).mean()
    torch.testing.assert_close(game.discriminator_loss(x, rng(5)), -gap + 7 * ((slopes - 1) ** 2).mean())
    torch.testing.assert_close(game.readings["W1"], gap.detach())
    torch.testing.assert_close(game.readings["D_real"] - game.readings["D_fake"], gap.detach())
    torch.testing.assert_close(game.readings["penalty"], ((slopes - 1) ** 2).mean())
    torch.testing.assert_close(game.generator_loss(x, rng(5)), -game.D(game.G(game.noise(16, rng(5)))).mean())
    torch.testing.assert_close(flat_game(clip=1.0).discriminator_loss(x, rng(5)), -gap)


@pytest.mark.parametrize("make", [lambda: flat_game(penalty=3.0), lambda: flat_game(clip=0.5),
                                  lambda: WGAN(DCGANGenerator(4, **SMALL), Critic(norm="layer", **SMALL))])
def test_the_critics_gradient_is_that_of_finite_differences(make, pictures):
    """Through the penalty, which is itself made of a gradient, in float64."""
    with seeded(1):
        game = make()
    game.G.double(), game.D.double()
    batch = pictures.double() if len(game.G.shape) == 3 else pictures.double()[:, 0, 0, :2]
    game.noise = lambda n, generator=None: torch.randn(n, 4, generator=generator, dtype=torch.float64)

    def loss():
        return game.discriminator_loss(batch, rng(5))

    loss().backward()
    assert all(p.grad is None for p in game.G.parameters())
    for weight in game.D.parameters():
        direction = torch.randn(weight.shape, generator=rng(3), dtype=torch.float64)
        values = []
        for h in (1e-6, -1e-6):
            with torch.no_grad():
                weight += h * direction
            values.append(loss().item())
            with torch.no_grad():
                weight -= h * direction
        slope = (values[0] - values[1]) / 2e-6
        assert (weight.grad * direction).sum().item() == pytest.approx(slope, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("penalty, tolerance", [(10.0, 0.05), (100.0, 0.05)])
def test_the_critic_reads_w1_of_two_points(penalty, tolerance):
    """Points at 0 and d = 3: W1 = d. The best slope s maximises s d - lambda (s - 1)^2, so the gap reads d + d^2 / 2 lambda."""
    with seeded(0):
        game = WGAN(MLPGenerator(2, shape=(1,), hidden=(4,), output="linear", batch_norm=False),
                    MLPDiscriminator(shape=(1,), hidden=(32,)), penalty=penalty)
    for weight in game.G.parameters():
        nn.init.zeros_(weight)                                    # G makes 0 whatever z is
    optimizers = (torch.optim.SGD(game.G.parameters(), lr=0.0),
                  torch.optim.Adam(game.D.parameters(), lr=1e-2, betas=(0.0, 0.9)))
    history = train(game, toys.Gaussian1D(3.0, 0.001), k=5, steps=80, batch_size=32, optimizers=optimizers, progress=False)
    assert history["W1"][-20:].mean() == pytest.approx(3 + 9 / (2 * penalty), abs=tolerance)
    assert history["W1"][0] < 2


@pytest.mark.parametrize("k", [1, 3, 5])
def test_weights_are_clipped_after_every_step_of_the_critic(k, tiny_images):
    with seeded(0):
        game = WGAN(DCGANGenerator(4, **LARGE), Critic(**LARGE), clip=0.02)
    seen, clip = [], game.after_discriminator_step

    def watch():
        before = max(p.abs().max().item() for p in game.D.parameters())
        clip()
        seen.append((before, max(p.abs().max().item() for p in game.D.parameters())))
    game.after_discriminator_step = watch
    optimizers = tuple(torch.optim.RMSprop(player.parameters(), lr=5e-3) for player in (game.G, game.D))
    train(game, tiny_images, k=k, steps=3, batch_size=16, optimizers=optimizers, progress=False)
    assert len(seen) == 3 * k and all(before > 0.02 and after == pytest.approx(0.02) for before, after in seen)


def test_a_plain_critic_is_left_alone_after_its_steps():
    game = flat_game()
    before = copy.deepcopy(game.D.state_dict())
    game.after_discriminator_step(), conditional().after_discriminator_step()
    assert all(torch.equal(value, before[name]) for name, value in game.D.state_dict().items())
    scores = game.judge(torch.randn(7, 2))
    assert scores.shape == (7,) and scores.min() < 0             # scores, not probabilities


# ---- R1, warnings, settings -------------------------------------------------------------------------------------------

def test_r1_adds_gamma_times_its_penalty(x, pictures):
    with seeded(0):
        G, D = MLPGenerator(4, shape=(2,), hidden=(8,), output="linear"), MLPDiscriminator(shape=(2,), hidden=(8,))
    plain, penalised = GAN(G, D), GAN(G, D, r1=0.3)
    added = penalised.discriminator_loss(x, rng(5)) - plain.discriminator_loss(x, rng(5))
    torch.testing.assert_close(added, 0.3 * r1_penalty(D, x))
    torch.testing.assert_close(penalised.readings["penalty"], r1_penalty(D, x).detach())
    plain, penalised = conditional(), conditional(r1=0.3)
    for game in (plain, penalised):
        game.D.eval()                                             # spectral norm's iteration stands still
    added = penalised.discriminator_loss((pictures, Y), rng(5)) - plain.discriminator_loss((pictures, Y), rng(5))
    torch.testing.assert_close(added, 0.3 * r1_penalty(lambda x: penalised.D(x, Y), pictures))


@pytest.mark.parametrize("name, make", [("penalty", lambda G, D: WGAN(G, D)), ("r1", lambda G, D: GAN(G, D, r1=1.0))])
def test_a_penalty_on_a_judge_with_batch_norm_is_warned_of(name, make):
    G, D = DCGANGenerator(4, shape=(1, 16, 16), width=2), DCGANDiscriminator(shape=(1, 16, 16), width=2)
    with pytest.warns(UserWarning, match=f"^{name} asks for .* but D has BatchNorm, through which every image moves"):
        make(G, D)
    WGAN(G, D, clip=0.01), GAN(G, D)                              # the clipping paper itself had BatchNorm in its critic


def test_the_penalty_by_default_is_that_of_its_paper():
    game = flat_game()
    assert (game.penalty, game.clip) == (10.0, None) and flat_game(clip=0.1).penalty == 0.0


def test_wrong_arguments_are_named():
    for arguments, message in (({"clip": 0.01, "penalty": 10}, "give clip or penalty, got both"),
                               ({"clip": 0}, "clip must be a finite number > 0, got 0"),
                               ({"penalty": -1}, "penalty must be a finite number >= 0, got -1")):
        with pytest.raises(ValueError, match=message):
            flat_game(**arguments)
    with pytest.raises(ValueError, match="r1 must be a finite number >= 0, got -1"):
        GAN(flat_game().G, flat_game().D, r1=-1)
    with pytest.raises(ValueError, match="D must return logits.*drop the last"):
        class Ends(nn.Module):
            def __init__(self):
                super().__init__()
                self.D, self.last = ProjectionDiscriminator(**SMALL), nn.Sigmoid()
        ConditionalGAN(ConditionalGenerator(4, **SMALL), Ends())


GAMES = [lambda: ConditionalGAN(ConditionalGenerator(4, **LARGE), ConcatDiscriminator(**LARGE)),
         lambda: ConditionalGAN(ConditionalGenerator(4, **LARGE), ProjectionDiscriminator(**LARGE), r1=0.5),
         lambda: WGAN(DCGANGenerator(4, **LARGE), Critic(**LARGE)), lambda: WGAN(DCGANGenerator(4, **LARGE), Critic(**LARGE), clip=0.1),
         lambda: GAN(DCGANGenerator(4, **LARGE), DCGANDiscriminator(**LARGE)),
         lambda: GAN(DCGANGenerator(4, **LARGE), DCGANDiscriminator(norm="none", spectral=True, **LARGE), objective="hinge", r1=0.1)]


@pytest.mark.parametrize("make", GAMES)
def test_steps_are_counted_and_a_resumed_run_is_the_longer_run(make, tiny_images, tmp_path):
    """kN steps of D and N of G for k = 1 to 5; and 2 + 2 steps through a file equal 4, bit for bit."""
    for k in range(1, 6):
        with seeded(0):
            game = make()
        order = []
        optimizers = tuple(torch.optim.SGD(player.parameters(), lr=0.01) for player in (game.G, game.D))
        for name, optimizer in zip("GD", optimizers, strict=True):
            optimizer.register_step_post_hook(lambda *_, name=name: order.append(name))
        train(game, tiny_images, k=k, steps=2, batch_size=16, optimizers=optimizers, progress=False)
        assert "".join(order) == ("D" * k + "G") * 2
    games = []
    for parts in ((4,), (2, 4)):
        for steps in parts:
            with seeded(0):
                game = make()
            train(game, tiny_images, steps=steps, batch_size=16, ema=0.9, progress=False, resume=len(parts) > 1,
                  checkpoint=tmp_path / f"{len(parts)}.safetensors")
        games.append(game)
    whole, resumed = ([*game.G.state_dict().values(), *game.D.state_dict().values(), *game.G_ema.state_dict().values()]
                      for game in games)
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))


@pytest.mark.parametrize("make", GAMES)
def test_checkpoints_bring_the_same_game_back(make, tmp_path):
    with seeded(0):
        game = make()
    game.G_ema = moving_average_of(game.G)
    twin, _, _ = load_checkpoint(save_checkpoint(tmp_path / "a.safetensors", game))
    assert type(twin) is type(game) and twin.config == game.config
    assert torch.equal(twin.sample(3, generator=rng(1)), game.sample(3, generator=rng(1)))
