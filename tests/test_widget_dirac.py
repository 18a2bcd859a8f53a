"""DiracExplorer without a browser: its eigenvalues against autograd and closed forms, its page's half in node."""

import itertools
import math

import numpy as np
import pytest
import torch
import traitlets

from gan_edu.objectives import OBJECTIVES
from gan_edu.widgets.base import source
from gan_edu.widgets.dirac import LOSSES, UPDATES, DiracExplorer
from node_run import needs_node, run_js

GRID = list(itertools.product(LOSSES, UPDATES, (0.1, 0.5, 1.0), (0.0, 0.3, 1.0, 2.5)))


def losses(theta, psi, objective, gamma):
    """Both losses from the package's objectives and R1 by its definition: 1/2 gamma (dD/dx)^2 with D(x) = psi x."""
    loss = OBJECTIVES[objective]
    real, fake = psi * torch.zeros(1, dtype=torch.float64), (psi * theta)[None]
    return loss.discriminator(real, fake) + 0.5 * gamma * psi**2, loss.generator(fake)


def slopes(theta, psi, objective, gamma):
    theta, psi = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (theta, psi))
    loss_D, loss_G = losses(theta, psi, objective, gamma)
    return -torch.autograd.grad(loss_G, theta, retain_graph=True)[0].item(), -torch.autograd.grad(loss_D, psi)[0].item()


@pytest.mark.parametrize("objective", LOSSES)
def test_the_field_is_what_autograd_says_of_the_packages_losses(objective):
    explorer = DiracExplorer(objective=objective, gamma=0.7)
    for theta, psi in np.random.default_rng(0).uniform(-3, 3, (20, 2)):
        assert explorer.game().field(theta, psi) == pytest.approx(slopes(theta, psi, objective, 0.7), abs=1e-12)


@pytest.mark.parametrize(("objective", "update", "h", "gamma"), GRID)
def test_the_eigenvalues_are_those_of_the_update_by_finite_differences(objective, update, h, gamma):
    def after(theta, psi):
        explorer.theta, explorer.psi = theta, psi
        return explorer.path()[1]

    explorer, e = DiracExplorer(objective=objective, update=update, h=h, gamma=gamma, steps=10), 1e-5
    jacobian = np.column_stack([after(e, 0) - after(-e, 0), after(0, e) - after(0, -e)]) / (2 * e)
    found, truth = np.sort_complex(explorer.eigenvalues()), np.sort_complex(np.linalg.eigvals(jacobian))
    np.testing.assert_allclose(found, truth, atol=2e-4)       # a double eigenvalue feels the root of the error


@pytest.mark.parametrize("h", [0.02, 0.2, 1.0])
def test_simultaneous_wasserstein_grows_by_the_same_factor_every_step(h):
    path = DiracExplorer(objective="wasserstein", h=h, steps=30).path()
    r = np.hypot(*path.T)
    np.testing.assert_allclose(r[1:] / r[:-1], math.sqrt(1 + h * h), rtol=1e-12)


def test_simultaneous_minimax_grows_every_step_whatever_the_start_and_h():
    for h, theta, psi in itertools.product((0.02, 0.3, 1.0), (-2.9, 0.4), (-1.3, 2.2)):
        r = np.hypot(*DiracExplorer(h=h, theta=theta, psi=psi, steps=50).path().T)
        assert np.all(np.diff(r) > 0) and np.all(r[1:] / r[:-1] <= math.sqrt(1 + h * h) + 1e-12)


@pytest.mark.parametrize("objective", LOSSES)
def test_alternating_circles_at_every_h_without_a_penalty(objective):
    for h in (0.02, 0.3, 1.0):
        explorer = DiracExplorer(objective=objective, update="alternating", h=h)
        np.testing.assert_allclose(np.abs(explorer.eigenvalues()), 1, atol=1e-12)
        assert explorer.verdict() == "circles"


@pytest.mark.parametrize(("objective", "critical"), [("minimax", 1.0), ("non_saturating", 1.0), ("wasserstein", 2.0)])
def test_r1_is_critical_where_the_path_stops_turning(objective, critical):
    explorer = DiracExplorer(objective=objective, h=0.1)
    for gamma, turns in [(critical - 0.02, True), (critical, False), (critical + 0.02, False)]:
        explorer.gamma = gamma
        assert (explorer.readouts()["turn"] is not None) == turns
        assert explorer.verdict() == "converges"
    radii = []
    for gamma in np.arange(0, 3.01, 0.05):
        explorer.gamma = gamma
        radii.append(explorer.readouts()["radius"])
    assert 0.05 * np.argmin(radii) == pytest.approx(critical)                 # and nowhere faster than there
    assert min(radii) == pytest.approx(1 - 0.1 * critical / 2)


@pytest.mark.parametrize("objective", LOSSES)
def test_a_path_from_near_rest_grows_as_the_eigenvalue_foretells(objective):
    for update, gamma in itertools.product(UPDATES, (0.0, 0.4)):
        explorer = DiracExplorer(objective=objective, update=update, gamma=gamma, h=0.1, theta=1e-3, psi=0.0, steps=400)
        r = explorer.readouts()
        assert r["growth"] == pytest.approx(r["radius"], abs=3e-3)


def test_at_rest_nothing_moves():
    explorer = DiracExplorer(theta=0.0, psi=0.0)
    assert np.all(explorer.path() == 0) and explorer.readouts()["growth"] is None
    assert "stays at rest" in explorer.describe()


def test_a_path_that_leaves_every_bound_ends():
    explorer = DiracExplorer(objective="wasserstein", h=1.0, steps=500, gamma=3.0)
    assert explorer.verdict() == "overshoots" and len(explorer.path()) < 500
    assert np.isfinite(explorer.path()).all() and explorer.figure() is not None


@needs_node
@pytest.mark.parametrize(("objective", "update"), list(itertools.product(LOSSES, UPDATES)))
def test_the_page_computes_what_python_computes(objective, update):
    states = [{"theta": t, "psi": p, "h": h, "gamma": g, "objective": objective, "update": update, "steps": 60}
              for t, p in ((1.0, 1.0), (-2.1, 0.3), (0.0, 0.0)) for h in (0.1, 1.0) for g in (0.0, 1.0, 2.7)]
    page = run_js([source("dirac_steps.js")], "return given.states.map(dirac.readouts);", states=states)
    for state, found in zip(states, page, strict=True):
        explorer = DiracExplorer(**state)
        np.testing.assert_allclose(found["points"], explorer.path(), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose([complex(*pair) for pair in found["pair"]], explorer.eigenvalues(), atol=1e-9)
        assert found["verdict"] == explorer.verdict()
        for name, value in explorer.readouts().items():
            assert found[name] == (None if value is None else pytest.approx(value, rel=1e-9)), name


@pytest.mark.parametrize(("trait", "value"), [("theta", 3.0), ("h", 0.0), ("gamma", -0.1), ("gamma", math.nan),
                                              ("objective", "hinge"), ("update", "both"), ("steps", 501)])
def test_a_state_that_cannot_be_is_refused_and_the_old_one_kept(trait, value):
    explorer = DiracExplorer()
    before = getattr(explorer, trait)
    with pytest.raises(traitlets.TraitError, match=trait):
        setattr(explorer, trait, value)
    assert getattr(explorer, trait) == before


@pytest.mark.parametrize("state", [{}, {"update": "alternating", "gamma": 1.0}, {"whole": True, "objective": "wasserstein"}])
def test_there_is_a_picture_and_a_sentence(state):
    explorer = DiracExplorer(**state)
    data, metadata = explorer._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR") and explorer.png() == explorer.png()
    assert "0x" not in repr(explorer) and repr(explorer) in data["text/plain"]
    assert explorer.verdict() in metadata["image/png"]["alt"]
