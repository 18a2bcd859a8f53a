"""Sweeps: a stacked game equals its single twin, equal budgets are equal, and what is kept is what was measured."""

import numpy as np
import pytest
import torch
from torch import nn

from gan_edu import sweeps
from gan_edu.checkpoints import write_tensors
from gan_edu.errors import CheckpointError, TrainingDiverged
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator
from gan_edu.sweeps import ToySweep, sweep_toy, toy_game, toy_run
from gan_edu.sweeps_stack import Stack, StackedAdam, StackedGAN, StackedToy
from gan_edu.toys import Gaussian1D, Mixture1D, Ring
from gan_edu.training import train

SMALL = {"looks": 2, "samples": 100, "hidden": (8,), "batch_size": 16}
RATES = (1e-3, 3e-2)


def small_stack(seeds, rates, toy=Mixture1D()):   # noqa: B008  (a frozen toy)
    game = StackedGAN([toy_game(toy, seed=seed, hidden=(8,)) for seed in seeds], seeds)
    return game, tuple(StackedAdam(player.parameters(), torch.tensor(rates)) for player in (game.G, game.D))


# ---------------------------------------------------------------- one stack, many single twins

@pytest.fixture(scope="module")
def small() -> ToySweep:
    return sweep_toy(Mixture1D(), ks=(1, 3), lrs=RATES, seeds=(0, 7), budget=48, progress=False, **SMALL)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("lr", RATES)
@pytest.mark.parametrize("seed", [0, 7])
def test_a_stacked_game_equals_its_single_twin(small, k, lr, seed):
    alone = toy_run(Mixture1D(), k=k, lr=lr, seed=seed, budget=48, **SMALL)
    together = small.quality[small.ks.index(k), small.lrs.index(lr), small.seeds.index(seed)]
    np.testing.assert_allclose(together, alone, rtol=2e-4)
    assert len(set(together.tolist())) == 3                       # it did learn something


@pytest.mark.parametrize("objective", ["minimax", "least_squares", "hinge", "wasserstein"])
def test_in_the_plane_and_under_every_loss_too(objective):
    more = {"objective": objective, "meter": "js", **SMALL}
    together = sweep_toy(Ring(), ks=(2,), lrs=(1e-3,), seeds=(3, 4), steps=6, progress=False, **more).quality[0, 0]
    for row, seed in zip(together, (3, 4), strict=True):
        np.testing.assert_allclose(row, toy_run(Ring(), k=2, seed=seed, steps=6, **more), rtol=2e-3)


def test_every_weight_of_a_member_is_its_twins_and_so_are_the_sums_of_the_losses():
    toy, seeds, rates = Mixture1D(), [5, 2, 2], [1e-3, 1e-2, 3e-3]
    game, optimizers = small_stack(seeds, rates)
    history = train(game, StackedToy(toy, seeds), k=2, steps=10, batch_size=16, optimizers=optimizers, progress=False)
    losses = 0
    for member, (seed, lr) in enumerate(zip(seeds, rates, strict=True)):
        twin = toy_game(toy, seed=seed, hidden=(8,))
        own = tuple(torch.optim.Adam(player.parameters(), lr=lr, fused=True) for player in (twin.G, twin.D))
        losses += train(twin, toy, k=2, steps=10, batch_size=16, seed=seed, optimizers=own, progress=False)["loss_D"]
        for stack, network in ((game.G, twin.G), (game.D, twin.D)):
            linear = [layer for layer in network.net if isinstance(layer, nn.Linear)]
            for weight, bias, layer in zip(stack.weights, stack.biases, linear, strict=True):
                torch.testing.assert_close(weight[member], layer.weight, rtol=1e-4, atol=1e-5)
                torch.testing.assert_close(bias[member, :, 0], layer.bias, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(history["loss_D"], losses, rtol=1e-4)


def test_members_do_not_see_each_other():
    def played(rates):
        game, optimizers = small_stack([0, 1], rates)
        train(game, StackedToy(Mixture1D(), [0, 1]), steps=5, batch_size=16, optimizers=optimizers, progress=False)
        return game.sample(20, generator=torch.Generator().manual_seed(0))

    calm, wild = played([1e-3, 1e-3]), played([1e-3, 0.5])
    assert torch.equal(calm[:, 0], wild[:, 0]) and not torch.allclose(calm[:, 1], wild[:, 1])


def test_adam_with_a_rate_for_each_member_is_adam():
    rates = [1e-4, 1e-2, 0.3]
    start = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0))
    stacked = nn.Parameter(start.clone())
    optimizer = StackedAdam([stacked], torch.tensor(rates))
    alone = [nn.Parameter(row.clone()) for row in start]
    own = [torch.optim.Adam([p], lr=lr) for p, lr in zip(alone, rates, strict=True)]
    for step in range(20):
        stacked.grad = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(step + 1)) * 10.0 ** (step % 5 - 3)
        for p, row, adam in zip(alone, stacked.grad, own, strict=True):
            p.grad = row.clone()
            adam.step()
        optimizer.step()
    torch.testing.assert_close(stacked.detach(), torch.stack([p.detach() for p in alone]), rtol=1e-5, atol=1e-6)


def test_a_failed_step_leaves_the_stack_between_two_steps_and_it_goes_on_as_if_nothing_had_been():
    class Breaks(StackedToy):
        broken = True

        def _drawn(self, size, i):
            if i == 5 and self.broken:
                raise OSError("the disk is gone")
            return super()._drawn(size, i)

    data, seeds = Breaks(Mixture1D(), [0, 1]), [0, 1]
    game, optimizers = small_stack(seeds, [1e-2, 1e-2])
    settings = {"k": 2, "steps": 6, "batch_size": 16, "progress": False}
    with pytest.raises(OSError):
        train(game, data, optimizers=optimizers, **settings)       # in the midst of the third step
    data.broken = False
    train(game, data, optimizers=optimizers, resume=True, **settings)
    whole, fresh = small_stack(seeds, [1e-2, 1e-2])
    train(whole, data, optimizers=fresh, **settings)
    assert all(torch.equal(a, b) for a, b in zip(game.G.parameters(), whole.G.parameters(), strict=True))


def test_a_minibatch_is_the_twins_and_little_is_kept():
    toy = Gaussian1D()
    data = StackedToy(toy, [4, 9, 4], keep=100)
    stream = data.batches(8, start=2)
    first, second = next(stream), next(stream)
    alone = toy.batches(8, seed=9, start=2)
    assert torch.equal(first[:, 1], next(alone)) and torch.equal(second[:, 1], next(alone))
    assert torch.equal(first[:, 0], first[:, 2]) and not torch.equal(first[:, 0], first[:, 1])
    assert len(data.kept) == 2 and torch.equal(next(data.batches(8, start=3)), second)


# ---------------------------------------------------------------- what cannot be stacked

def linear_gan(**how) -> GAN:
    how = {"hidden": (4,), "batch_norm": False, "output": "linear", "shape": (1,)} | how
    return GAN(MLPGenerator(2, **how), MLPDiscriminator(shape=(1,), hidden=(4,)))


def test_what_cannot_be_stacked_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Stack([])
    with pytest.raises(ValueError, match="BatchNorm1d"):
        Stack([linear_gan(batch_norm=True).G])
    with pytest.raises(ValueError, match="two that differ"):
        Stack([linear_gan().G, linear_gan(hidden=(5,)).G])
    with pytest.raises(ValueError, match="one seed for each of the 1"):
        StackedGAN([linear_gan()], [0, 1])
    with pytest.raises(ValueError, match="normal noise"):
        StackedGAN([linear_gan(latent="uniform")], [0])
    with pytest.raises(ValueError, match="one objective, got hinge, minimax"):
        StackedGAN([toy_game(Ring(), objective=name) for name in ("hinge", "minimax")], [0, 1])


# ---------------------------------------------------------------- the result

def made_up() -> ToySweep:
    """k = 1, 2; two rates; four seeds; three looks: quality = 100 k + 10 rate + seed + look / 10."""
    axes = np.meshgrid([100, 200], [0, 10], range(4), [0, 0.1, 0.2], indexing="ij")
    return ToySweep((1, 2), (0.1, 0.2), (0, 1, 2, 3), sum(axes).astype(np.float32),
                    np.array([[0, 3, 6], [0, 2, 4]]), np.array([0.1, 0.2], np.float32), notes={"toy": "made up"})


def test_equal_budgets_are_equal(small):
    assert made_up().evaluations.tolist() == [[0, 6, 12], [0, 6, 12]]
    assert small.steps.tolist() == [[0, 12, 24], [0, 6, 12]]
    assert np.array_equal(small.evaluations[0], small.evaluations[1]) and small.evaluations[0, -1] == 48
    steps = sweep_toy(Gaussian1D(), ks=(1, 2), lrs=(1e-3,), seeds=1, steps=4, progress=False, **SMALL)
    assert steps.steps.tolist() == [[0, 2, 4]] * 2 and steps.evaluations[:, -1].tolist() == [8, 12]
    assert (steps.look(1), steps.look(2), steps.look(2, 7)) == (2, 1, 1)    # within what every k has had


def test_bands_and_maps_are_percentiles_over_the_seeds():
    sweep = made_up()
    assert sweep.band(1, 0.2)[1] == pytest.approx([111.5, 111.6, 111.7], abs=1e-4)
    assert sweep.band(1, 0.2, low=0, high=100)[[0, 2], 0] == pytest.approx([110, 113])
    assert np.array_equal(sweep.band(2), sweep.band(2, 0.1)) and sweep.best_lr(2) == 0.1
    assert sweep.map() == pytest.approx(np.array([[101.7, 111.7], [201.7, 211.7]]), abs=1e-4)
    assert sweep.map(11) == pytest.approx(np.array([[101.6, 111.6], [201.6, 211.6]]), abs=1e-4)


def test_a_sweep_is_kept_in_one_file_and_found_again(tmp_path, small):
    found = ToySweep.load(small.save(tmp_path / "a.safetensors"))
    assert (found.ks, found.lrs, found.seeds, found.meter, found.notes) == (
        small.ks, small.lrs, small.seeds, "w1", small.notes)
    assert all(np.array_equal(getattr(found, name), getattr(small, name)) for name in ("quality", "steps", "floor"))
    write_tensors(tmp_path / "b.safetensors", {}, {"format": "gan_edu 1"})
    with pytest.raises(CheckpointError, match="not a sweep"):
        ToySweep.load(tmp_path / "b.safetensors")


@pytest.mark.parametrize(("wrong", "words"), [
    ({"ks": (0,)}, "k must be a whole number"), ({"ks": ()}, "ks must hold at least one"),
    ({"ks": (1, 1)}, "none twice"), ({"lrs": (0,)}, "lr must be a finite number > 0"), ({"seeds": 0}, "seeds must be"),
    ({"seeds": (-1,)}, "seed must be"), ({"steps": 5, "budget": 9}, "steps or budget"), ({"steps": 0}, "steps must be"),
    ({"budget": 10}, "looks must be at most 3"), ({"looks": 0}, "looks must be"), ({"meter": "modes"}, "js, w1"),
    ({"samples": 0}, "n must be"), ({"objective": "none"}, "objective must be one of"),
    ({"batch_size": 0}, "batch_size must be")])
def test_wrong_arguments_are_told(wrong, words):
    with pytest.raises(ValueError, match=words):
        sweep_toy(Gaussian1D(), **{"ks": (1, 2), "seeds": 1, "looks": 4, "progress": False} | wrong)


def test_what_is_not_there_is_told(small):
    with pytest.raises(ValueError, match="k must be one of 1, 3, got 2"):
        small.band(2)
    with pytest.raises(ValueError, match="lr must be one of 0.001, 0.03, got 1"):
        small.band(1, 1)
    with pytest.raises(ValueError, match="sweep must be one of .*mixture"):
        sweeps.shipped("none")


def test_a_game_that_leaves_the_numbers_takes_the_sweep_with_it():
    with pytest.raises(TrainingDiverged, match="leave out the largest learning rate"):
        sweep_toy(Gaussian1D(), ks=(1,), lrs=(1e30,), seeds=1, steps=20, progress=False, **SMALL)


def test_a_stopped_sweep_is_no_sweep(monkeypatch):
    def stopping(*args, on_step, **kwargs):
        return train(*args, on_step=lambda run: (on_step(run), run.stop()), **kwargs)

    monkeypatch.setattr(sweeps, "train", stopping)
    with pytest.raises(KeyboardInterrupt):
        sweep_toy(Gaussian1D(), ks=(1,), lrs=(1e-3,), seeds=1, steps=4, progress=False, **SMALL)


# ---------------------------------------------------------------- what is shipped

@pytest.mark.parametrize("name", sweeps.shipped_names())
def test_a_shipped_sweep_is_what_its_notes_say(name):
    sweep = sweeps.shipped(name)
    assert sweep.quality.shape == (5, 4, 32, 26) and np.isfinite(sweep.quality).all()
    assert (sweep.evaluations[:, -1] == 6_000).all() and sweep.notes["command"].endswith(name)
    assert (sweep.quality[:, :, :, 0] == sweep.quality[:1, :1, :, 0]).all()       # all start from their seed's weights
    k, lr, seed = 5, 1e-3, 3
    alone = toy_run(Mixture1D(), k=k, lr=lr, seed=seed, budget=240, looks=1, objective=sweep.notes["objective"])
    assert sweep.quality[4, 1, 3, :2] == pytest.approx(alone, rel=2e-2)


def test_shipped_sweeps_stay_small():
    assert "mixture" in sweeps.shipped_names()
    assert all(path.stat().st_size < 300e3 for path in sweeps.FOLDER.glob("sweep-*.safetensors"))
