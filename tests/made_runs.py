"""Small runs as `pretrained.ship` writes them, for tests of RunExplorer: untrained nets, made-up scores."""

import torch

from gan_edu import pretrained
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded

MOMENTS = {"mnist-mlp": (1, (0, 937, 2811), 9370), "mnist-mlp-k2": (2, (0, 937), 2811),
           "mnist-mlp-k3": (3, (0, 937), 2811), "mnist-mlp-k5": (5, (0, 937), 2811)}


def small_game(seed: int, latent_dim: int = 10, **options) -> GAN:
    """Return a game 10-16-784 with weights large enough for a contrast; seeds differ in every picture."""
    with seeded(seed):
        game = GAN(MLPGenerator(latent_dim, hidden=(16,), **options), MLPDiscriminator(hidden=(4,)))
    with torch.no_grad():
        for parameter in game.G.parameters():
            parameter.mul_(4)
    return game


def score_of(k: int, step: int) -> dict[str, float]:
    """Return a made-up score: higher with k and with the step."""
    return {"parzen": round(-400 + 10 * k + 500 * step / (step + 937), 1), "standard_error": 4.0 - k / 10, "sigma": 0.2}


def ship_run(folder, name, *, k, steps, end, scored=True, game=small_game, **notes) -> None:
    """Write one run: G differs from step to step and from k to k, but at step 0 it is the same for every k."""
    moments = {step: game(1000 * k + step).G.state_dict() for step in steps if step}
    if scored:
        scores = {str(step): score_of(k, step) for step in (*steps, end)}
        notes |= {"scores": scores[str(end)], "scores_of_moments": scores,
                  "curve": [{"step": step, **score_of(k, step)} for step in (234, *steps[1:], end)]}
    pretrained.ship(name, game(1000 * k + end), moments, {"k": k, "seed": 0, "steps": end, **notes}, folder=folder)


def ship_all(folder) -> None:
    """Write the four runs with k = 1, 2, 3, 5."""
    for name, (k, steps, end) in MOMENTS.items():
        ship_run(folder, name, k=k, steps=steps, end=end)
