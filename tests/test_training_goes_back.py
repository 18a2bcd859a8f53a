"""What training refuses before anything happens, what it goes back on, and what it takes for the same run."""

import signal
import subprocess
import sys
from contextlib import nullcontext

import numpy as np
import pytest
import torch

from gan_edu.checkpoints import load_checkpoint, save_checkpoint
from gan_edu.data import ImageSet, load_images
from gan_edu.data_unpaired import two_domains
from gan_edu.errors import CheckpointError, TrainingDiverged
from gan_edu.games import GAN, WGAN
from gan_edu.games_analytic import Bilinear, Origin
from gan_edu.games_unpaired import CycleGAN
from gan_edu.history import History
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.rng import seed_device
from gan_edu.toys import Ring
from gan_edu.training import _Run, frozen, train
from gan_edu.translators import PatchDiscriminator
from gan_edu.translators_resnet import ResNetTranslator


def make_game(kind=GAN, **arguments):
    with seeded(0):
        return kind(MLPGenerator(2, shape=(2,), hidden=(8,), batch_norm=False, output="linear"),
                    MLPDiscriminator(shape=(2,), hidden=(8,)), **arguments)


def quiet(game, data=None, **arguments):
    return train(game, Ring() if data is None else data, batch_size=8, progress=False, **arguments)


def bits(game):
    return torch.cat([p.detach().flatten() for player in (game.G, game.D) for p in player.parameters()])


class Poisoned(Ring):
    """A ring whose minibatch 60 is no number."""

    def batches(self, batch_size, *, seed, start=0):
        for i, x in enumerate(super().batches(batch_size, seed=seed, start=start), start):
            yield x * float("nan") if i == 60 else x


# ---- refused: nothing has happened

@pytest.mark.parametrize("data, arguments, message", [
    (ImageSet(torch.zeros(20, 1, 2, 2, dtype=torch.uint8), torch.zeros(20, dtype=torch.long), "tiny"), {}, "batch_size"),
    (Ring(), {"seed": 2**32}, "seed must be a whole number below"),
    (load_images("digits"), {}, "the shape G makes"),
])
def test_data_that_are_refused_leave_the_last_run_and_no_file(data, arguments, message, tmp_path):
    game, path = make_game(), tmp_path / "run.safetensors"
    quiet(game, steps=3, ema=0.9)
    before, run, average = bits(game), game.run, game.G_ema
    with pytest.raises(ValueError, match=message):
        train(game, data, steps=2, batch_size=64, checkpoint=path, progress=False, **arguments)
    assert torch.equal(bits(game), before) and game.run is run and game.G_ema is average and not path.exists()
    assert quiet(game, steps=5, ema=0.9, resume=True).steps == 5


def test_a_run_that_is_over_is_loaded_whole(tmp_path):
    path, game = tmp_path / "run.safetensors", make_game()
    quiet(make_game(), steps=3, ema=0.9, checkpoint=path)
    assert quiet(game, steps=3, ema=0.9, checkpoint=path, resume=True).steps == 3
    assert game.run.step == 3 and game.G_ema is not None and torch.equal(bits(game), bits(load_checkpoint(path)[0]))


@pytest.mark.parametrize("name", ["run.pt", "run"])
def test_a_file_that_could_not_be_read_again_is_not_begun(name, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.safetensors.*run\.safetensors"):
        quiet(make_game(), steps=2, checkpoint=tmp_path / name)
    assert list(tmp_path.iterdir()) == []


# ---- the same run, or another

def test_numpys_whole_numbers_are_whole_numbers(tmp_path):
    path = tmp_path / "run.safetensors"
    train(make_game(), Ring(), k=np.int64(2), batch_size=np.int32(8), seed=np.uint8(3), steps=np.int64(2), checkpoint=path,
          progress=False)
    game, straight = make_game(), make_game()
    quiet(game, k=2, seed=3, steps=4, checkpoint=path, resume=True)
    quiet(straight, k=2, seed=3, steps=4)
    assert torch.equal(bits(game), bits(straight))
    wide = GAN(MLPGenerator(2, shape=(2,), hidden=(np.int64(8),)), MLPDiscriminator(shape=(2,), hidden=(8,)))
    assert load_checkpoint(save_checkpoint(tmp_path / "wide.safetensors", wide))[0].config == wide.config


def groups(game, last=1e-3, split=True):
    """Adam, for D in two groups of parameters."""
    *first, weight, bias = game.D.parameters()
    parts = [{"params": first}, {"params": [weight, bias], "lr": last}] if split else [*first, weight, bias]
    return torch.optim.Adam(game.G.parameters(), lr=1e-3), torch.optim.Adam(parts, lr=1e-3)


@pytest.mark.parametrize("change, named", [
    (lambda game: {"data": Ring(3, radius=50.0), "optimizers": groups(game)}, "settings.data: file 'Ring"),
    (lambda game: {"optimizers": groups(game, last=1e-5)}, "settings.optimizers.D.group 2.lr: file 0.001, here 1e-05"),
    (lambda game: {"optimizers": groups(game, split=False)}, "settings.optimizers.D.group 2.lr: file 0.001, here 'nothing'"),
])
def test_other_data_and_other_rates_are_another_run(change, named, tmp_path):
    path, game = tmp_path / "run.safetensors", make_game()
    quiet(game, steps=3, optimizers=groups(game), checkpoint=path)
    fresh = make_game()
    before = bits(fresh)
    with pytest.raises(CheckpointError, match=named):
        quiet(fresh, steps=5, checkpoint=path, resume=True, **change(fresh))
    assert torch.equal(bits(fresh), before)


def test_a_readers_own_network_goes_on_from_its_file(tmp_path):
    class Own(torch.nn.Module):
        latent_dim, shape, latent = 2, (2,), "normal"

        def __init__(self):
            super().__init__()
            self.map = torch.nn.Linear(2, 2)

        def forward(self, z):
            return self.map(z)

    def own():
        with seeded(0):
            return GAN(Own(), MLPDiscriminator(shape=(2,), hidden=(8,)))

    path, game, straight = tmp_path / "run.safetensors", own(), own()
    quiet(own(), steps=3, ema=0.9, checkpoint=path)
    quiet(game, steps=6, ema=0.9, checkpoint=path, resume=True)
    quiet(straight, steps=6, ema=0.9)
    assert torch.equal(bits(game), bits(straight)) and torch.equal(game.G_ema.map.weight, straight.G_ema.map.weight)
    with pytest.raises(CheckpointError, match="network must be one of"):
        load_checkpoint(path)                             # nobody can build it from its name


def test_players_that_share_a_network_are_refused_by_name(tmp_path):
    game = make_game()
    game.D.twin = game.D.net[0]
    with pytest.raises(CheckpointError, match="share one network"):
        save_checkpoint(tmp_path / "run.safetensors", game)
    assert list(tmp_path.iterdir()) == []


def test_the_history_goes_by_names_not_by_order():
    history, one, two = History(), torch.tensor(1.0), torch.tensor(2.0)
    history.record({"loss_D": one, "distance": two})
    history.record({"distance": two, "loss_D": one})
    assert history["loss_D"].tolist() == [1, 1] and history["distance"].tolist() == [2, 2]


# ---- going back

class Counting(torch.optim.Optimizer):
    """Gradient descent that counts its steps in a plain number, as hand-written optimisers do."""

    def __init__(self, parameters):
        super().__init__(parameters, {"lr": 1e-2})

    @torch.no_grad()
    def step(self):
        for p in self.param_groups[0]["params"]:
            self.state[p]["step"] = self.state[p].get("step", 0) + 1
            p.sub_(self.param_groups[0]["lr"] * p.grad)


def test_an_optimiser_with_plain_numbers_goes_back_and_on(tmp_path):
    def play(data, **arguments):
        game = make_game()
        optimizers = Counting(game.G.parameters()), Counting(game.D.parameters())
        try:
            quiet(game, data, optimizers=optimizers, **arguments)
        except TrainingDiverged as error:
            return game, error
        return game, None

    path = tmp_path / "run.safetensors"
    game, error = play(Poisoned(), steps=100, checkpoint=path)
    assert "at step 61" in str(error) and torch.equal(bits(game), bits(play(Ring(), steps=60)[0]))
    assert torch.equal(bits(load_checkpoint(path)[0]), bits(game))


def after(steps):
    game = make_game()
    quiet(game, steps=steps)
    return bits(game)


def press(times=1):
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_twice_while_a_step_is_replayed_leaves_no_half_step(tmp_path, monkeypatch):
    path, game, seen, update = tmp_path / "run.safetensors", make_game(), [], _Run._update

    def watched(run, loss, optimizer, player, name, **arguments):
        seen.append((run.step, name))
        if seen.count((55, "G")) == 2 and (run.step, name) == (55, "G"):           # D has moved, in the replay
            press(2)
        return update(run, loss, optimizer, player, name, **arguments)

    monkeypatch.setattr(_Run, "_update", watched)
    with pytest.raises(KeyboardInterrupt):
        quiet(game, Poisoned(), steps=100, checkpoint=path)
    monkeypatch.undo()
    kept, _, meta = load_checkpoint(path)
    assert game.run.step == meta["notes"]["step"] == 50
    assert torch.equal(bits(game), after(50)) and torch.equal(bits(kept), after(50))


def test_a_third_ctrl_c_does_not_interrupt_the_going_back(tmp_path, monkeypatch):
    path, game, update, load = tmp_path / "run.safetensors", make_game(), _Run._update, torch.nn.Module.load_state_dict
    pressed = []

    def watched(run, loss, optimizer, player, name, **arguments):
        if (run.step, name) == (59, "G"):
            pressed.append("twice")
            press(2)
        return update(run, loss, optimizer, player, name, **arguments)

    def loaded(network, *args, **kwargs):
        out = load(network, *args, **kwargs)
        if pressed == ["twice"] and network is game.G:
            pressed.append("again")
            press()
        return out

    monkeypatch.setattr(_Run, "_update", watched)
    monkeypatch.setattr(torch.nn.Module, "load_state_dict", loaded)
    with pytest.raises(KeyboardInterrupt):
        quiet(game, steps=100, checkpoint=path)
    monkeypatch.undo()
    assert pressed == ["twice", "again"] and load_checkpoint(path)[2]["notes"]["step"] == 50
    again = make_game()
    quiet(again, steps=100, checkpoint=path, resume=True)
    assert torch.equal(bits(again), after(100))


@pytest.mark.parametrize("flag", [False, True])
def test_ctrl_c_twice_while_d_is_frozen_or_thawed_leaves_all_of_d_to_be_trained(monkeypatch, flag):
    game, ask, pressed = make_game(), torch.Tensor.requires_grad_, []
    second = list(game.D.parameters())[1]

    def asked(tensor, value=True):
        out = ask(tensor, value)
        if value is flag and tensor is second and not pressed:
            pressed.append(1)
            press(2)
        return out

    monkeypatch.setattr(torch.Tensor, "requires_grad_", asked)
    with pytest.raises(KeyboardInterrupt):
        quiet(game, steps=5)
    monkeypatch.undo()
    assert pressed and all(p.requires_grad for p in game.D.parameters())
    with frozen(game.D):
        assert not any(p.requires_grad for p in game.D.parameters())


@pytest.mark.parametrize("steps, kept", [(1, 0), (60, 50)])
def test_weights_that_are_no_numbers_do_not_stay(steps, kept, tmp_path):
    """Loss and gradient are finite, the step is not."""
    game, path = Bilinear(1.0, 2.0), tmp_path / "run.safetensors"
    optimizers = [torch.optim.SGD(player.parameters(), lr=1e-3) for player in (game.G, game.D)]
    with pytest.raises(TrainingDiverged, match=f"after step {steps} .*as after step {kept}. Lower the learning rates"):
        train(game, Origin(), steps=steps, optimizers=optimizers, checkpoint=path, progress=False,
              schedule=lambda step: {"D": {"lr": 1e-3}, "G": {"lr": 3e38 if step == steps - 1 else 1e-3}})
    assert game.run.step == kept and all(p.isfinite().all() for player in (game.G, game.D) for p in player.parameters())
    assert load_checkpoint(path)[2]["notes"]["step"] == kept


def test_who_went_too_far_may_be_the_other_player():
    game = make_game(objective="least_squares")
    rates = torch.optim.SGD(game.G.parameters(), lr=1e-6), torch.optim.SGD(game.D.parameters(), lr=1e3)
    with pytest.raises(TrainingDiverged, match="learning rate of G 1e-06, learning rate of D 1000.*a step of either player"):
        quiet(game, steps=300, optimizers=rates)


# ---- devices and precision

def test_each_step_seeds_a_gpus_dropout_from_the_runs_own_state(monkeypatch):
    seeds, cuda = [], torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "device", lambda device: torch.no_grad())
    monkeypatch.setattr(torch.cuda, "manual_seed", seeds.append)
    for state in (1, 1, 2):
        with seeded(state):
            seed_device(cuda), seed_device(cuda)
    assert seeds[:2] == seeds[2:4] and len(set(seeds)) == 4
    with seeded(1):
        seed_device(torch.device("cpu"))
        assert torch.equal(torch.rand(3), torch.rand(3, generator=torch.Generator().manual_seed(1)))
    assert len(seeds) == 6


def test_translators_both_ways_train_in_bfloat16():
    with seeded(0):
        game = CycleGAN([ResNetTranslator(width=2, blocks=1) for _ in "ab"], [PatchDiscriminator(inputs=0, width=2) for _ in "ab"])
    history = train(game, two_domains(load_images("digits")), steps=2, batch_size=4, precision="medium", progress=False)
    assert np.isfinite(history["loss_G"]).all() and history.steps == 2


@pytest.mark.parametrize("own", ["", "torch.backends.cuda.matmul.fp32_precision = 'tf32'"])
def test_the_readers_precision_stays_or_comes_back(own):
    program = f"""
import torch
from test_training_goes_back import make_game, quiet
{own}
backends = torch.backends
read = lambda: [backends.fp32_precision, backends.cuda.matmul.fp32_precision, backends.mkldnn.matmul.fp32_precision]
before = read()
for precision in (None, "medium", "high"):
    quiet(make_game(), steps=1, precision=precision)
    assert read() == before, (precision, read(), before)
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=__file__.rsplit("/", 1)[0])


@pytest.mark.parametrize("too_far", [False, True])
def test_a_run_that_is_stopped_is_finite_too(too_far, tmp_path):
    game, path = make_game(WGAN, clip=0.1), tmp_path / "run.safetensors"
    optimizers = [torch.optim.SGD(player.parameters(), lr=1e-3) for player in (game.G, game.D)]

    def stop(run):
        if run.step == 55:
            if too_far:                                   # as a step would that is too large
                next(run.game.G.parameters()).data.fill_(float("inf"))
            run.stop()

    with pytest.raises(TrainingDiverged, match="as after step 50") if too_far else nullcontext():
        quiet(game, steps=60, optimizers=optimizers, checkpoint=path, on_step=stop)
    assert game.run.step == (50 if too_far else 55) and bits(game).isfinite().all()
    assert torch.equal(bits(load_checkpoint(path)[0]), bits(game))
