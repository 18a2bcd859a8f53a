"""The three failures: each made on purpose, each named by the alarm from measured signs, each remedy a single change."""

import math

import pytest
import torch

from gan_edu import failures
from gan_edu.failures import FAILURES, RECIPES, Alarm, blinded, play, recipe, solution
from gan_edu.games_analytic import Origin
from gan_edu.toys import Grid, Ring
from gan_edu.training import train

RING, DOT = Ring(std=0.1), Grid(side=1, std=0.05)
REMEDIES = [(name, remedy) for name in FAILURES for remedy in recipe(name).remedies]


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def looked(data, samples, *, gradient=0.5, sure=0.1, looks=30):
    """An alarm that has seen `looks` moments of a made-up run: samples(i) is what G makes at look i."""
    alarm = Alarm(data)
    for i in range(looks):
        alarm.look(20 * (i + 1), samples(i), gradient, sure)
    return alarm


def of_modes(data, which, n=256):
    centres = data.modes[torch.tensor(which)]
    return centres[torch.arange(n) % len(centres)] + 0.05 * torch.randn(n, 2, generator=rng())


# ---- the alarm, on made-up runs -------------------------------------------------------------------------------------

def test_real_draws_are_no_failure():
    for data in (RING, DOT):
        alarm = looked(data, lambda i, data=data: data.sample(256, generator=rng(i)))
        assert alarm.verdict is None and alarm.step is None and alarm.says == "No sign of a failure so far."
        assert min(alarm.signs["modes"]) >= 0.75 and min(alarm.signs["share"]) > 0.97
        assert all(0.8 < spread < 1.2 for spread in alarm.signs["spread"])


def test_samples_at_a_few_modes_are_a_collapse():
    alarm = looked(RING, lambda i: of_modes(RING, [1, 5]))
    assert alarm.verdict == "mode collapse" and alarm.step == 200
    assert "for 200 steps the samples have lain at 2.0 modes on average, of 8" in alarm.says


def test_a_mode_that_G_hops_away_from_is_a_collapse_all_the_same():
    assert looked(RING, lambda i: of_modes(RING, [i % 8])).verdict == "mode collapse"


def test_more_than_half_of_the_modes_are_no_collapse():
    assert looked(RING, lambda i: of_modes(RING, [0, 1, 2, 4, 6])).verdict is None


def test_a_sure_judge_and_no_gradient_are_a_vanishing_gradient_wherever_the_samples_lie():
    for samples in (lambda i: 0.1 * torch.randn(256, 2, generator=rng()), lambda i: of_modes(RING, [3])):
        alarm = looked(RING, samples, gradient=1e-4, sure=0.99)
        assert alarm.verdict == "vanishing gradient" and alarm.step == 200
        assert "= 0.990) and G's gradient is 1.0e-04 of what it was" in alarm.says


def test_a_sure_judge_alone_or_a_faint_gradient_alone_is_none():
    middle = torch.randn(256, 2, generator=rng())
    assert looked(RING, lambda i: middle, gradient=0.5, sure=0.99).verdict is None
    assert looked(RING, lambda i: middle, gradient=1e-4, sure=0.0).verdict is None


@pytest.mark.parametrize("decay, verdict", [(1.0, "non-convergence"), (1.05, "non-convergence"), (0.93, None)])
def test_swings_that_do_not_die_are_non_convergence(decay, verdict):
    """A cloud as wide as the data that goes round it: 8 looks a turn, 16 standard deviations away."""
    def samples(i):
        angle = torch.tensor(2 * math.pi * i / 8)
        away = 16 * 0.05 * decay**i * torch.stack([angle.cos(), angle.sin()])
        return DOT.sample(256, generator=rng(i)) + away
    alarm = looked(DOT, samples)
    assert alarm.verdict == verdict
    if verdict:
        assert alarm.step == 400 and "does not come to rest" in alarm.says


def test_a_slow_way_to_the_data_is_no_swing():
    assert looked(DOT, lambda i: DOT.sample(256, generator=rng(i)) + 2 - i / 15).verdict is None


def test_the_first_verdict_stays():
    alarm = looked(RING, lambda i: of_modes(RING, [1]) if i < 10 else RING.sample(256, generator=rng(i)))
    assert alarm.verdict == "mode collapse" and alarm.step == 200 and len(alarm.signs["step"]) == 30


def test_the_alarm_only_watches():
    """A run with the alarm is the run without it, bit for bit."""
    runs = []
    for hook in (None, Alarm(RING)):
        made = recipe("healthy", seed=3)
        train(made.game, made.data, **made.arguments | {"steps": 45}, on_step=hook, progress=False)
        runs.append(torch.cat([p.detach().flatten() for p in made.game.G.parameters()]))
    assert torch.equal(*runs) and hook.signs["step"] == [20, 40] and 0 < hook.signs["gradient"][0] <= 1


def test_an_alarm_needs_modes_to_count():
    with pytest.raises(ValueError, match="data must be a toy, with sample and modes, got Origin"):
        Alarm(Origin())
    for arguments, message in ((dict(every=0), "every must be"), (dict(n=1), "n must be a whole number >= 2")):
        with pytest.raises(ValueError, match=message):
            Alarm(RING, **arguments)


# ---- recipes --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", RECIPES)
def test_a_seed_is_a_run(name):
    a, b, other = (recipe(name, seed=seed) for seed in (1, 1, 2))
    weights = [torch.cat([p.flatten() for p in made.game.G.parameters()]) for made in (a, b, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    assert a.why.endswith(".") and a.name == name and a.arguments["seed"] == 1
    assert a.settings == b.settings == other.settings


@pytest.mark.parametrize("name, remedy", REMEDIES)
def test_a_remedy_changes_one_thing(name, remedy):
    plain, cured = recipe(name).settings, recipe(name, remedy=remedy).settings
    assert sum(plain[key] != cured[key] for key in plain) == 1


def test_the_healthy_recipe_needs_no_remedy_and_failures_have_several():
    assert recipe("healthy").remedies == () and all(len(recipe(name).remedies) >= 4 for name in FAILURES)


@pytest.mark.parametrize("arguments, message", [
    (dict(name="collapse"), "the recipes are healthy, mode collapse, vanishing gradient, non-convergence, got 'collapse'"),
    (dict(name="healthy", remedy="R1"), "the remedies for healthy are none, got 'R1'"),
    (dict(name="mode collapse", remedy="prayer"), "the remedies for mode collapse are .*R1.*, got 'prayer'"),
    (dict(name="healthy", seed=-1), "seed must be a whole number >= 0"),
])
def test_a_wrong_name_is_answered_with_the_list(arguments, message):
    with pytest.raises(ValueError, match=message):
        recipe(**arguments)


def test_noisy_inputs_are_shown_to_D_while_it_learns_and_only_then():
    game = recipe("mode collapse", remedy="noisy inputs").game
    x = torch.zeros(4000, 2)
    assert game.judge(x).unique().numel() == 1
    game.D.train()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        seen = game.D[0](x)
    assert seen.std().item() == pytest.approx(recipe("mode collapse", remedy="noisy inputs").settings["noise"], rel=0.05)


# ---- plays ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", RECIPES)
def test_the_alarm_names_what_was_cooked(name):
    """One seed of each kind; twenty of each are in the slow test."""
    seen = play(name, seed=0)
    assert seen.verdict == (None if name == "healthy" else name), seen.alarm.says
    steps = seen.recipe.arguments["steps"]
    assert seen.history.steps == steps and 35 <= len(seen.frames) <= 45
    assert seen.frames[0].step == 0 and seen.frames[-1].step == steps and seen.frames[0].x.shape == (256, 2)
    assert seen.signs.keys() == seen.alarm.signs.keys() and all(map(math.isfinite, seen.signs.values()))


def test_a_play_calls_the_readers_hook_and_may_be_stopped():
    steps = []
    seen = play("healthy", on_step=lambda run: steps.append(run.step) or run.step == 30 and run.stop())
    assert steps == list(range(1, 31)) and seen.history.stopped == "asked" and seen.verdict is None


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", RECIPES)
def test_the_alarm_is_right_on_twenty_seeds(name):
    """At least 18 of 20 of each failure, 19 of 20 quiet on healthy runs.

    The thresholds were set on other runs: the same plans from seeds 100 up.
    """
    verdicts = [play(name, seed=seed).verdict for seed in range(20)]
    right = verdicts.count(None if name == "healthy" else name)
    assert right >= (19 if name == "healthy" else 18), verdicts


# ---- blinded --------------------------------------------------------------------------------------------------------

def test_six_blinded_runs_hold_every_failure_and_the_data_do_not_tell():
    answers = [solution(i) for i in range(6)]
    assert set(answers) == {"healthy", *FAILURES}
    kinds = [failures._drawn(i) for i in range(6)]
    for data in {repr(recipe(name).data) for name, _ in kinds}:
        told = {solution(i) for i, (name, _) in enumerate(kinds) if repr(recipe(name).data) == data}
        assert "healthy" in told and len(told) > 1


def test_a_blinded_run_does_not_tell_its_name(monkeypatch):
    monkeypatch.setattr(failures, "play", lambda name, **options: play(
        name, **options, on_step=lambda run: run.step == 20 and run.stop()))
    hidden = blinded(2)
    assert len(hidden.signs["step"]) == 1 and hidden.history.steps == 20 and hidden.frames[0].x.shape == (256, 2)
    words = repr({name: value for name, value in vars(hidden).items() if name != "frames"})
    assert not any(name in words for name in RECIPES) and not hasattr(hidden, "verdict")


@pytest.mark.parametrize("i", [-1, 6, 1.5, "0"])
def test_there_are_six(i):
    for ask in (blinded, solution):
        with pytest.raises(ValueError, match="there are six blinded runs, i = 0 to 5, got"):
            ask(i)


def test_a_play_that_is_stopped_early_shows_its_end():
    seen = failures.play("healthy", on_step=lambda run: run.step == 5 and run.stop())
    assert [frame.step for frame in seen.frames] == [0, 5]
