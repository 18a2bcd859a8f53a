"""CycleGAN: its losses by hand, whose gradients go where, zero cycle loss for any bijection, and runs that go on bit for bit."""

import copy

import pytest
import torch
from torch import nn

from gan_edu import games
from gan_edu.checkpoints import load_checkpoint, save_checkpoint
from gan_edu.data import ImageSet
from gan_edu.data_unpaired import UnpairedSet, two_domains
from gan_edu.errors import TrainingDiverged
from gan_edu.games_unpaired import CycleGAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.training import train
from gan_edu.translators import PatchDiscriminator
from gan_edu.translators_resnet import ResNetTranslator, TwoJudges, TwoTranslators


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def small(memory=6, **weights):
    with seeded(0):
        translators = [ResNetTranslator(shape=(1, 8, 8), width=3, blocks=1, norm="none") for _ in "ab"]
        for translator in translators:
            nn.init.normal_(translator.last[-1].weight, 0, 0.1)
        patches = [PatchDiscriminator(shape=(1, 8, 8), inputs=0, width=3, layers=((4, 2), (3, 1))) for _ in "ab"]
        return CycleGAN(translators, TwoJudges(*patches, memory=memory), **weights)


def flat(**weights):
    """A game of points in the plane, small enough for finite differences."""
    with seeded(0):
        return CycleGAN([MLPGenerator(2, shape=(2,), hidden=(6,), output="linear", batch_norm=False) for _ in "ab"],
                        [MLPDiscriminator(shape=(2,), hidden=(6,)) for _ in "ab"], **weights)


@pytest.fixture
def pictures():
    return tuple(torch.rand(n, 1, 8, 8, generator=rng(n)) * 2 - 1 for n in (4, 4))


@pytest.fixture
def tiny():
    pixels = torch.randint(0, 256, (40, 1, 8, 8), dtype=torch.uint8, generator=rng())
    return two_domains(ImageSet(pixels, torch.arange(40) % 10, "tiny"))


def test_losses_are_the_paper_s_formulas(pictures):
    a, b = pictures
    game = small(memory=0, cycle=7.0, identity=3.0)
    F, G, D = game.G.b_to_a, game.G.a_to_b, game.D
    loss_D = sum(((real - 1) ** 2).mean() / 2 + (fake ** 2).mean() / 2
                 for real, fake in ((D.b(b), D.b(G(a))), (D.a(a), D.a(F(b)))))
    torch.testing.assert_close(game.discriminator_loss((a, b), rng()), loss_D)
    assert game.readings["D_real"] == pytest.approx((D.a(a).mean() + D.b(b).mean()).item() / 2, abs=1e-6)
    assert game.readings["D_fake"] == pytest.approx((D.a(F(b)).mean() + D.b(G(a)).mean()).item() / 2, abs=1e-6)
    cycle = (F(G(a)) - a).abs().mean() + (G(F(b)) - b).abs().mean()
    identity = (G(b) - b).abs().mean() + (F(a) - a).abs().mean()
    loss_G = ((D.b(G(a)) - 1) ** 2).mean() + ((D.a(F(b)) - 1) ** 2).mean() + 7 * cycle + 3 * identity
    torch.testing.assert_close(game.generator_loss((a, b), rng()), loss_G)
    torch.testing.assert_close(game.readings["cycle"], cycle.detach())
    torch.testing.assert_close(game.readings["identity"], identity.detach())


def test_defaults_are_the_paper_s_and_batches_may_differ_in_size(pictures):
    game = small()
    assert game.config == {"game": "CycleGAN", "cycle": 10.0, "identity": 5.0}
    assert TwoJudges(game.D.a, game.D.b).memory == 50
    a, b = pictures[0], pictures[1][:3]
    longer = game.generator_loss((a, b), rng())
    doubled = game.generator_loss((torch.cat([a, a]), b), rng())
    torch.testing.assert_close(longer, doubled)                             # means, so a copy changes nothing
    assert game.discriminator_loss((a, b), rng()).isfinite()


def test_gradients_stay_with_the_player_whose_step_it_is(pictures):
    game = small()
    game.discriminator_loss(pictures, rng()).backward()
    assert all(p.grad is None for p in game.G.parameters())
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in game.D.parameters())
    game.generator_loss(pictures, rng()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in game.G.parameters())


@pytest.mark.parametrize("weights", [{}, {"identity": 0.0}, {"cycle": 0.0, "identity": 1.0}])
def test_generator_gradient_against_finite_differences(weights):
    game = flat(**weights)
    game.G.double(), game.D.double()
    batch = tuple(torch.randn(5, 2, generator=rng(i), dtype=torch.float64) for i in (1, 2))
    game.generator_loss(batch).backward()
    for network in (game.G.a_to_b, game.G.b_to_a):
        weight = network.net[0].weight
        for i, j in ((0, 0), (3, 1), (5, 0)):
            values, step = [], 1e-6
            for sign in (1, -1):
                with torch.no_grad():
                    weight[i, j] += sign * step
                    values.append(game.generator_loss(batch).item())
                    weight[i, j] -= sign * step
            assert (values[0] - values[1]) / (2 * step) == pytest.approx(weight.grad[i, j].item(), rel=1e-4, abs=1e-8)


class Permuted(nn.Module):
    """A bijection that has nothing to do with what an image shows: its pixels in another order, perhaps as a negative."""

    def __init__(self, order, sign=1.0):
        super().__init__()
        self.order, self.sign, self.shape = order, sign, (1, 8, 8)
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.sign * x.flatten(1)[:, self.order].view_as(x)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_any_permutation_and_its_inverse_have_zero_cycle_loss(seed, sign, pictures):
    order = torch.randperm(64, generator=rng(seed))
    game = CycleGAN((Permuted(order, sign), Permuted(order.argsort(), sign)), small().D, identity=0.0)
    game.generator_loss(pictures, rng())
    assert game.readings["cycle"] == 0.0
    assert (game.translate(pictures[0]) - pictures[0]).abs().mean() > 0.3        # and yet it is another image
    wrong = CycleGAN((Permuted(order, sign), Permuted(order, sign)), small().D)
    wrong.generator_loss(pictures, rng())
    assert wrong.readings["cycle"] > 0.3


def test_translate_goes_both_ways_by_the_average_and_leaves_modes(pictures):
    game = small()
    a = pictures[0]
    torch.testing.assert_close(game.translate(a), game.G.a_to_b(a).detach())
    torch.testing.assert_close(game.translate(a, to="a"), game.G.b_to_a(a).detach())
    game.G_ema = copy.deepcopy(small(memory=0).G)
    for p in game.G_ema.parameters():
        nn.init.zeros_(p)
    game.G.train()
    torch.testing.assert_close(game.translate(a), torch.tanh(2 * a))
    torch.testing.assert_close(game.sample(4, x=a), game.translate(a))
    assert game.G.training and not game.translate(a).requires_grad


def test_a_run_in_two_parts_equals_one_memory_included(tiny, tmp_path):
    whole, parts, file = small(), small(), tmp_path / "run.safetensors"
    train(whole, tiny, steps=9, batch_size=4, seed=3, ema=0.9, progress=False)
    train(parts, tiny, steps=5, batch_size=4, seed=3, ema=0.9, progress=False, checkpoint=file)
    assert parts.D.held.tolist() == [6, 6]
    fresh = small()
    history = train(fresh, tiny, steps=9, batch_size=4, seed=3, ema=0.9, progress=False, checkpoint=file, resume=True)
    for one, other in ((whole.G, fresh.G), (whole.D, fresh.D), (whole.G_ema, fresh.G_ema)):
        for (name, value), found in zip(one.state_dict().items(), other.state_dict().values()):
            assert torch.equal(value, found), name
    assert len(history["cycle"]) == 9 and set(history) >= {"identity", "D_real", "D_fake", "loss_G"}
    forgetful = small()                                                      # the memory matters: without it, another run
    train(forgetful, tiny, steps=5, batch_size=4, seed=3, ema=0.9, progress=False)
    forgetful.D.old_b.zero_()
    train(forgetful, tiny, steps=9, batch_size=4, seed=3, ema=0.9, progress=False, resume=True)
    assert not torch.equal(forgetful.D.b.net[0].weight, whole.D.b.net[0].weight)


def test_a_step_that_fails_leaves_no_trace_in_the_memory(tiny):
    good, bad = small(), small()
    train(good, tiny, steps=5, batch_size=4, seed=3, progress=False)
    losses = {"left": 5}
    whole_loss = bad.generator_loss

    def breaks(batch, generator):                                            # after D's step has changed the memory
        losses["left"] -= 1
        return whole_loss(batch, generator) * (float("nan") if losses["left"] == -1 else 1.0)

    bad.generator_loss = breaks
    with pytest.raises(TrainingDiverged, match="as after step 5"):
        train(bad, tiny, steps=9, batch_size=4, seed=3, progress=False)
    for name, value in good.D.state_dict().items():
        assert torch.equal(value, bad.D.state_dict()[name]), name


@pytest.mark.parametrize("k", [1, 2, 5])
def test_k_steps_of_d_and_one_of_g_each_with_a_fresh_pair(k, tiny):
    game, seen = small(), {"D": [], "G": []}
    for name, method in (("D", game.discriminator_loss), ("G", game.generator_loss)):
        setattr(game, {"D": "discriminator_loss", "G": "generator_loss"}[name],
                lambda batch, generator, name=name, method=method: (seen[name].append(batch), method(batch, generator))[1])
    train(game, tiny, steps=2, batch_size=4, k=k, progress=False)
    assert (len(seen["D"]), len(seen["G"])) == (2 * k, 2)
    assert len({batch[0].numpy().tobytes() for batch in seen["D"] + seen["G"]}) == min(2 * k + 2, 12)


def test_a_checkpoint_builds_the_game_anew(tmp_path, pictures):
    game = small(cycle=4.0)
    game.discriminator_loss(pictures, rng())
    twin, _, _ = load_checkpoint(save_checkpoint(tmp_path / "a.safetensors", game))
    assert twin.config == game.config and twin.D.memory == 6
    assert all(torch.equal(value, twin.D.state_dict()[name]) for name, value in game.D.state_dict().items())
    assert torch.equal(twin.translate(pictures[0]), game.translate(pictures[0]))
    assert games.CycleGAN is CycleGAN and isinstance(game.G, TwoTranslators)


def test_it_learns_a_shift_of_points_without_pairs():
    """Two Gaussian clouds, 4 apart: the translated cloud ends where the other one is, and the way back returns."""
    class Clouds:
        name, shape = "clouds", (2,)

        def batches(self, size, *, seed, start=0):
            draws = rng(1_000 * seed + start)
            while True:
                yield tuple(0.3 * torch.randn(size, 2, generator=draws) + torch.tensor([x, 0.0]) for x in (-2.0, 2.0))

    game = flat()
    rates = [torch.optim.Adam(p.parameters(), lr=1e-2, betas=(0.5, 0.99)) for p in (game.G, game.D)]
    train(game, Clouds(), steps=200, batch_size=32, optimizers=rates, progress=False)
    a, _ = next(Clouds().batches(200, seed=9))
    assert (game.translate(a).mean(0) - torch.tensor([2.0, 0.0])).norm() < 0.6
    assert (game.translate(game.translate(a), to="a") - a).abs().mean() < 0.3


def test_what_is_wrong_is_refused(pictures):
    with pytest.raises(ValueError, match='to must be "a" or "b"'):
        small().translate(pictures[0], to="c")
    with pytest.raises(ValueError, match="give x with n = 4 images of the other domain, got none"):
        small().sample(4)
    with pytest.raises(ValueError, match="got 4"):
        small().sample(3, x=pictures[0])
    with pytest.raises(ValueError, match="cycle must be"):
        small(cycle=-1.0)
    with pytest.raises(ValueError, match="one shape"):
        UnpairedSet(two_domains(ImageSet(torch.zeros(4, 1, 8, 8, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64), "z")).a,
                    ImageSet(torch.zeros(4, 1, 4, 4, dtype=torch.uint8), torch.zeros(4, dtype=torch.int64), "z"), "z")
