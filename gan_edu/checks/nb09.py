"""Verdicts on the exercises of notebook 09: how much R1 a game needs, six runs to diagnose, a cure that leaves G alone.

How formulas are read belongs in formulas.py; recipes and signs in gan_edu.failures.
"""

from functools import cache

import numpy as np
import torch

from gan_edu.checks.core import Feedback, NotYet, choice, exercise, number
from gan_edu.checks.formulas import at, evaluate
from gan_edu.errors import GanEduError
from gan_edu.failures import FAILURES, Alarm, blinded, recipe, solution
from gan_edu.games_analytic import DiracGAN
from gan_edu.training import train

_STEPS = np.array([0.05, 0.1, 0.2, 0.4, 0.5, 0.8])


def _radius(gamma: float, h: float) -> float:
    """Return max |lambda| of one simultaneous step of the Wasserstein Dirac-GAN at rest, without closed form."""
    step = DiracGAN(objective="wasserstein", gamma=gamma).step_jacobian(0.0, 0.0, h, simultaneous=True)
    return float(np.abs(np.linalg.eigvals(step)).max())


def _least(answer: object) -> str | None:
    h = {"h": _STEPS}
    for i, (gamma, step) in enumerate(zip(evaluate(answer, h, "your least gamma"), _STEPS, strict=True)):
        if gamma < 0:
            return f"least: at {at(h, i)} it is {gamma:.4g}; a penalty of negative weight would reward D's slope."
        if (below := _radius(gamma * 0.99, step)) < 1:
            return (f"least: counter-example: at {at(h, i)} a gamma of {gamma * 0.99:.4g} has max |lambda| = {below:.5f} "
                    "already.")
        if (above := _radius(gamma * 1.01 + 1e-4, step)) >= 1:
            return (f"least: counter-example: at {at(h, i)} a gamma just above yours, {gamma * 1.01 + 1e-4:.4g}, still "
                    f"has max |lambda| = {above:.5f}. Write the product of both eigenvalues, and when it is 1.")
    return None


def _best(answer: object) -> str | None:
    h = {"h": _STEPS}
    for i, (gamma, step) in enumerate(zip(evaluate(answer, h, "your best gamma"), _STEPS, strict=True)):
        if gamma < 0:
            return f"best: at {at(h, i)} it is {gamma:.4g}; a penalty of negative weight would reward D's slope."
        here, near = _radius(gamma, step), [max(gamma * f, 0.0) for f in (0.7, 0.97, 1.03, 1.4)] + [0.3]
        better = min(near, key=lambda other: _radius(other, step))
        if _radius(better, step) < here - 1e-6:
            return (f"best: counter-example: at {at(h, i)} yours gives max |lambda| = {here:.5f}, and gamma = "
                    f"{better:.4g} gives {_radius(better, step):.5f}. Which slope have these losses at rest?")
    return None


@exercise("09-gamma", "both hold at six step sizes, by the eigenvalues. Too little and too much are both slow.")
def _gamma(answer: object) -> str | None:
    if not isinstance(answer, dict) or set(answer) != {"least", "best"}:
        return "keep the dictionary with its two names, 'least' and 'best', each with a formula in h or a number."
    hints = [hint for hint in (_least(answer["least"]), _best(answer["best"])) if hint]
    return f"{2 - len(hints)} of 2 hold. {hints[0]}" if hints else None


# ---- six blinded runs

LAST = 8                                                        # looks over which a sign is read
_AGAINST = {                                                    # diagnosis -> the sign that would have to be there
    "mode collapse": ("modes", "of the modes held", "a collapse holds half of them or fewer"),
    "vanishing gradient": ("gradient", "of its greatest gradient left",
                           "a vanished one is below a fiftieth, with a D that is sure"),
}


@cache
def _signs(i: int) -> dict[str, list[float]]:
    return blinded(i).signs


def _against(i: int, said: str) -> str:
    """Return what run i shows that does not go with what was said of it; the right name is not told."""
    if said == "healthy":
        return f"run {i}: it is not healthy: one sign stays where no healthy run has it. Look at the last {LAST} looks."
    if said == "non-convergence":
        swing = _signs(i)["swing"]
        return (f"run {i}: its swing goes from {max(swing):.2g} at its greatest to {swing[-1]:.2g} standard deviations at "
                "the end. Does it go on, and are there no plainer signs?")
    sign, words, but = _AGAINST[said]
    value = float(np.median(_signs(i)[sign][-LAST:]))
    return f"run {i}: at the end it has {value:.2g} {words}; {but}. Look at the other signs too."


@exercise("09-diagnose", "six of six, without having seen a name.")
def _diagnose(answer: object) -> str | None:
    if not isinstance(answer, list | tuple) or len(answer) != 6:
        return "give a list of six words, one for each run from 0 to 5."
    said = [choice(item, ("healthy", *FAILURES), "each entry of your list") for item in answer]
    wrong = [i for i in range(6) if said[i] != solution(i)]
    return f"{6 - len(wrong)} of 6 are right. {_against(wrong[0], said[wrong[0]])}" if wrong else None


# ---- a cure that leaves G alone

ASKED = {"k": (1, 5), "lr_D": (1e-5, 0.1), "r1": (0.0, 10.0)}    # what may be changed, and how far
CURED = 0.75                                                    # share of the modes held, median of the last looks


@cache
def _treated(k: int, lr_D: float, r1: float) -> tuple[str, float]:
    """Train the collapsing recipe with another D from a seed the notebook does not show: the alarm's words, modes held."""
    made = recipe("mode collapse", seed=11)
    opt_G, opt_D = made.arguments["optimizers"]
    for group in opt_D.param_groups:
        group["lr"] = lr_D
    made.game.r1, alarm = r1, Alarm(made.data)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        changed = made.arguments | {"k": k, "optimizers": (opt_G, opt_D)}
        if train(made.game, made.data, **changed, on_step=alarm, progress=False).stopped:
            raise KeyboardInterrupt("stopped before the run was judged; run the cell again")    # and no half run is kept
    except GanEduError:
        raise NotYet("with these numbers the run broke off: a loss was no number any more. Lower a number.") from None
    finally:
        torch.set_num_threads(threads)
    return alarm.says, float(np.median(alarm.signs["modes"][-LAST:]))


@exercise("09-cure", "")
def _cure(answer: object) -> str | Feedback:
    if not isinstance(answer, dict) or set(answer) != set(ASKED):
        return f"keep the dictionary with its three names, {', '.join(map(repr, ASKED))}: G stays as it is."
    got = {name: number(value, name) for name, value in answer.items()}
    for name, (low, high) in ASKED.items():
        if not low <= got[name] <= high or (name == "k" and got[name] != int(got[name])):
            kind = "a whole number" if name == "k" else "a number"
            return f"{name} should be {kind} from {low:g} to {high:g}; it is {got[name]:g}."
    now = recipe("mode collapse").settings
    if got == {name: now[name] for name in ASKED}:
        return "these are the settings that collapse; change at least one of the three."
    says, modes = _treated(int(got["k"]), got["lr_D"], got["r1"])
    if modes < CURED:
        return f"trained with it, from a new seed, {modes:.0%} of the modes are held at the end (wanted: {CURED:.0%}). {says}"
    return Feedback(True, f"trained with it, from a new seed, {modes:.0%} of the modes are held at the end. {says}")
