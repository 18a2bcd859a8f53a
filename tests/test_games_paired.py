"""The games with pairs: losses by hand, who learns from what, noise that is asked for, the same train and checkpoints."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from gan_edu import games
from gan_edu.checkpoints import load_checkpoint, save_checkpoint
from gan_edu.data_paired import paired
from gan_edu.games_paired import SRGAN, Pix2Pix
from gan_edu.networks import DCGANDiscriminator, seeded
from gan_edu.training import train
from gan_edu.translators import PatchDiscriminator, SuperResolutionGenerator, UNet


def small(cls, seed=0, **arguments):
    with seeded(seed):
        if cls is Pix2Pix:
            return Pix2Pix(UNet(width=2, depth=2), PatchDiscriminator(width=2), **arguments)
        return SRGAN(SuperResolutionGenerator(width=2, blocks=1), DCGANDiscriminator(width=2, norm="none"), **arguments)


def pairs_for(game, images):
    return paired(images, "edges" if isinstance(game, Pix2Pix) else "small")


class Scaled(nn.Module):
    """G of one number: a y + b, enlarged or not."""

    def __init__(self, side, factor=1):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(0.7)), nn.Parameter(torch.tensor(0.1))
        self.shape, self.input_shape, self.factor = (1, side * factor, side * factor), (1, side, side), factor

    def forward(self, y):
        return (self.a * y + self.b).repeat_interleave(self.factor, 2).repeat_interleave(self.factor, 3)


class Weighing(nn.Module):
    """D of two numbers: logit = u mean(x) + v mean(y) for each image."""

    def __init__(self):
        super().__init__()
        self.u, self.v = nn.Parameter(torch.tensor(1.5)), nn.Parameter(torch.tensor(-0.4))

    def forward(self, x, y=None):
        logit = self.u * x.mean((1, 2, 3)) + (0 if y is None else self.v * y.mean((1, 2, 3)))
        return logit[:, None]


def softplus(l):
    return np.log1p(np.exp(l))


def by_hand():
    rng = torch.Generator().manual_seed(0)
    y = torch.rand(5, 1, 3, 3, generator=rng) * 2 - 1
    return torch.rand(5, 1, 3, 3, generator=rng) * 2 - 1, y


def test_pix2pix_losses_are_equations_1_3_and_4():
    x, y = by_hand()
    game = Pix2Pix(Scaled(3), Weighing(), l1=10.0, adversarial=2.0)
    fake, xn, yn = 0.7 * y.numpy() + 0.1, x.numpy(), y.numpy()

    def logit(image):
        return 1.5 * image.mean((1, 2, 3)) - 0.4 * yn.mean((1, 2, 3))

    assert game.discriminator_loss((x, y)).item() == pytest.approx(
        (softplus(-logit(xn)) + softplus(logit(fake))).mean(), rel=1e-5)
    expected = 2 * softplus(-logit(fake)).mean() + 10 * np.abs(fake - xn).mean()
    assert game.generator_loss((x, y)).item() == pytest.approx(expected, rel=1e-5)
    assert float(game.readings["distance"]) == pytest.approx(np.abs(fake - xn).mean(), rel=1e-5)
    assert float(game.readings["adversarial"]) == pytest.approx(softplus(-logit(fake)).mean(), rel=1e-5)


def test_srgan_losses_are_squared_content_and_a_judge_of_one_image():
    y = by_hand()[1]
    x = torch.rand(5, 1, 6, 6, generator=torch.Generator().manual_seed(2)) * 2 - 1
    game = SRGAN(Scaled(3, 2), Weighing(), content=3.0, adversarial=0.5)
    fake = np.kron(0.7 * y.numpy() + 0.1, np.ones((1, 1, 2, 2)))
    expected = 0.5 * softplus(-1.5 * fake.mean((1, 2, 3))).mean() + 3 * ((fake - x.numpy()) ** 2).mean()
    assert game.generator_loss((x, y)).item() == pytest.approx(expected, rel=1e-5)
    loss_D = (softplus(-1.5 * x.numpy().mean((1, 2, 3))) + softplus(1.5 * fake.mean((1, 2, 3)))).mean()
    assert game.discriminator_loss((x, y)).item() == pytest.approx(loss_D, rel=1e-5)


def test_gradients_are_those_of_finite_differences():
    x, y = (t.double() for t in by_hand())
    game = Pix2Pix(Scaled(3).double(), Weighing().double(), l1=3.0)
    for loss, player in ((game.generator_loss, game.G), (game.discriminator_loss, game.D)):
        for p in player.parameters():
            (gradient,) = torch.autograd.grad(loss((x, y)), p)
            with torch.no_grad():
                p += 1e-6
                above = loss((x, y)).detach()
                p -= 2e-6
                below = loss((x, y))
                p += 1e-6
            assert gradient.item() == pytest.approx((above - below).item() / 2e-6, rel=1e-4)


def test_d_of_pix2pix_judges_the_pair_and_d_of_srgan_the_image(digits):
    for cls, told in ((Pix2Pix, True), (SRGAN, False)):
        game = small(cls)
        x, y = next(pairs_for(game, digits).batches(8, seed=0))
        with torch.no_grad():
            verdicts = [game.D(x, *game._told(some)) for some in (y, y.flip(0))]
            assert torch.equal(*verdicts) != told


@pytest.mark.parametrize("cls", [Pix2Pix, SRGAN])
def test_d_s_step_leaves_g_alone_and_without_a_judge_g_learns_from_the_distance(cls, digits):
    game = small(cls, adversarial=0.0)
    batch = next(pairs_for(game, digits).batches(8, seed=0))
    game.discriminator_loss(batch).backward()
    assert all(p.grad is None for p in game.G.parameters()) and all(p.grad is not None for p in game.D.parameters())
    game.D.zero_grad(set_to_none=True)
    with seeded(5):
        loss = game.generator_loss(batch)
    loss.backward()
    assert all(p.grad is None for p in game.D.parameters())
    with seeded(5):
        difference = game.G(batch[1]) - batch[0]
    expected = 100 * difference.abs().mean() if cls is Pix2Pix else difference.square().mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_noise_is_dropout_and_comes_from_the_generator(digits):
    game = small(Pix2Pix)
    y = paired(digits, "edges").take(4).y

    def draw(seed):
        return game.translate(y, generator=torch.Generator().manual_seed(seed))

    before, modes = torch.get_rng_state(), [m.training for m in game.G.modules()]
    assert torch.equal(draw(1), draw(1)) and not torch.equal(draw(1), draw(2))
    assert torch.equal(game.translate(y, noise=False), game.translate(y, noise=False))
    assert torch.equal(torch.get_rng_state(), before) and [m.training for m in game.G.modules()] == modes
    with pytest.raises(ValueError, match="translates images"):
        game.translate(y[:, :, :7])
    assert [m.training for m in game.G.modules()] == modes


def test_company_changes_no_picture(digits):
    for cls in (Pix2Pix, SRGAN):
        game = small(cls)
        y = pairs_for(game, digits).take(6).y
        options = {"noise": False} if cls is Pix2Pix else {}
        torch.testing.assert_close(game.translate(y, **options)[2:3], game.translate(y[2:3], **options), atol=1e-5, rtol=1e-4)


def test_dropout_keeps_its_mean(digits):
    """Without noise a dropped value stands at its mean: what the first layer up then gives is the mean over many draws."""
    layer = nn.Sequential(nn.Dropout(0.5))
    x = torch.ones(1, 4)
    with seeded(0):
        draws = torch.stack([layer(x) for _ in range(4_000)])
    assert torch.equal(layer.eval()(x), x) and (draws.mean(0) - x).abs().max() < 4 / 4_000 ** 0.5


@pytest.mark.parametrize("cls", [Pix2Pix, SRGAN])
def test_sample_wants_inputs(cls, digits):
    game = small(cls)
    y = pairs_for(game, digits).take(3).y
    x = game.sample(3, y=y, generator=torch.Generator().manual_seed(0))
    assert x.shape == (3, 1, 28, 28) and x.abs().max() <= 1
    for wrong in (None, y[:2]):
        with pytest.raises(ValueError, match=f"{cls.__name__} makes images from images: give y with n = 3"):
            game.sample(3, y=wrong)
    with pytest.raises(ValueError, match="n must be a whole number"):
        game.sample(0, y=y[:0])


@pytest.mark.parametrize("arguments", [{"adversarial": -1.0}, {"l1": float("nan")}, {"l1": 0.0, "adversarial": 0.0}])
def test_weights_that_mean_nothing_are_refused(arguments):
    with pytest.raises(ValueError, match="weight|adversarial"):
        small(Pix2Pix, **arguments)


@pytest.mark.parametrize("cls", [Pix2Pix, SRGAN])
@pytest.mark.parametrize("k", [1, 3])
def test_train_plays_them_and_two_parts_make_one_run(cls, k, digits, tmp_path):
    whole, parts = small(cls), small(cls)
    data = pairs_for(whole, digits)
    options = {"k": k, "batch_size": 16, "progress": False, "ema": 0.9}
    history = train(whole, data, steps=4, **options)
    assert {"distance", "adversarial", "D_real", "D_fake"} <= set(history)
    assert len(history["loss_G"]) == 4 and whole.run.draws == 4 * (k + 1)          # fresh pairs for each step of D and of G
    train(parts, data, steps=2, checkpoint=tmp_path / "run.safetensors", **options)
    again = small(cls, seed=9)
    train(again, data, steps=4, checkpoint=tmp_path / "run.safetensors", resume=True, **options)
    for name in ("G", "D", "G_ema"):
        ours, theirs = getattr(whole, name).state_dict(), getattr(again, name).state_dict()
        assert all(torch.equal(ours[key], theirs[key]) for key in ours), name


@pytest.mark.parametrize("game", [lambda: small(Pix2Pix, l1=7.0, objective="least_squares"),
                                  lambda: small(SRGAN, adversarial=0.25)])
def test_a_file_gives_back_the_game(game, tmp_path, digits):
    game = game()
    found, _, _ = load_checkpoint(save_checkpoint(tmp_path / "game.safetensors", game))
    assert type(found) is type(game) and found.config == game.config
    y = pairs_for(game, digits).take(2).y
    drawn = [some.translate(y, generator=torch.Generator().manual_seed(0)) for some in (found, game)]
    assert torch.equal(*drawn)


def test_a_few_steps_bring_the_picture_nearer(digits):
    for cls in (Pix2Pix, SRGAN):
        game = small(cls)
        data = pairs_for(game, digits)
        optimizers = tuple(torch.optim.Adam(p.parameters(), lr=1e-2) for p in (game.G, game.D))
        history = train(game, data, steps=25, batch_size=32, optimizers=optimizers, progress=False)
        assert history["distance"][-5:].mean() < 0.8 * history["distance"][:3].mean()


def test_the_moving_average_draws_where_there_is_one(digits):
    game = small(SRGAN)
    y = paired(digits, "small").take(2).y
    game.G_ema = copy.deepcopy(game.G)
    nn.init.constant_(game.G_ema.last.bias, 9.0)
    assert (game.translate(y) > 0.99).all()


def test_they_are_found_under_the_name_of_the_games_room():
    assert games.Pix2Pix is Pix2Pix and games.SRGAN is SRGAN
    with pytest.raises(AttributeError, match="no attribute 'Pix3Pix'"):
        games.Pix3Pix  # noqa: B018
