"""The museum: every exhibit's meter before and after, against sources of their own, and the door's words."""

import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from gan_edu import museum, museum_loops, pretrained, theory
from gan_edu.museum_cabinet import CABINET, bce, figure
from gan_edu.toys import Ring

# name: (as published, mended), each (low, high)
METERS = {
    "k-steps": ((1, 1), (3, 3)), "one-minibatch": ((1, 1), (3, 3)), "two-halves": ((0.02, 0.1), (0, 0)),
    "simultaneous": ((18_126, 18_128), (1, 1.0001)), "retain-graph": ((15_000, 30_000), (5_000, 14_000)),
    "no-detach": ((290, 290), (0, 0)),
    "eps-of-batchnorm": ((0.1110, 0.1112), (0.999, 1)), "zero-scale": ((0, 0.01), (0.05, 0.15)),
    "batchnorm-critic": ((0.2, 1), (0, 0)), "eval-never": ((0.01, 0.2), (0, 0)),
    "negated": ((-0.6932, -0.6931), (0.6931, 0.6932)), "same-thing": ((0.00099999, 0.00100001), (0.99899999, 0.99900001)),
    "smoothed-twice": ((0.1, 0.1005), (0, 1e-5)), "beyond-one": ((20, 20), (2.19, 2.21)),
    "one-half": ((0.5, 0.5), (0.6065, 0.6066)),
    "linspace-ring": ((7, 7), (8, 8)), "meter-floor": ((0.25, 0.35), (0, 0.03)), "parzen-winner": ((2, 6), (-9, -4)),
    "too-few-for-frechet": ((35, 50), (1, 2.5)), "loss-must-fall": ((-296.4, -296.4), (-36.7, -36.7)),
    "lucky-seed": ((0.05, 0.2), (-0.08, 0.08)), "stretched": ((1, 1), (0.1, 0.3)),
}


def test_every_exhibit_is_in_the_table_and_at_least_twelve():
    assert set(METERS) == set(museum.exhibits()) == set(CABINET) and len(METERS) >= 12
    assert [name for hall in museum.HALLS for name in museum.exhibits(hall)] == museum.exhibits()


@pytest.mark.parametrize("name", METERS)
def test_each_meter_before_and_after(name):
    for mended, (low, high) in zip((False, True), METERS[name]):
        reading = museum.reading(name, mended=mended)
        assert low <= reading.value <= high, reading
        assert len(reading.xs) == len(reading.ys) > 1 and np.isfinite([*reading.xs, *reading.ys]).all()
        assert float(reading) == reading.value and museum.exhibit(name).meter in repr(reading)
    good = museum.exhibit(name).good
    if good is not None:                                               # the mended one is the nearer one
        before, after = (abs(museum.reading(name, mended=m).value - good) for m in (False, True))
        assert after < before


@pytest.mark.parametrize("name", METERS)
def test_plaque_and_code_are_whole(name):
    one = museum.exhibit(name)
    published, mended = (museum.code(name, mended=m) for m in (False, True))
    assert published.startswith("def ") and mended.startswith("def ") and published.splitlines()[1:] != mended.splitlines()[1:]
    assert max(map(len, [*published.splitlines(), *mended.splitlines()])) <= 116 and len(published.splitlines()) <= 14
    assert one.question.endswith("?") and 40 < len(one.wrong) < 330 and len(one.where) > 30 and len(one.axes) == 2
    assert not set("!") & set(one.title + one.question + one.wrong + one.where)


# ---- against sources of their own

class Counting(torch.optim.SGD):
    count = 0

    def step(self, closure=None):
        self.count += 1
        super().step()


@pytest.mark.parametrize(("name", "steps_of_D", "images"), [("k-steps", (5, 15), (5, 5)), ("one-minibatch", (15, 15), (5, 15))])
def test_loops_counted_by_hand(name, steps_of_D, images):
    for i, mended in enumerate((False, True)):
        G, D = nn.Linear(3, 2), nn.Linear(2, 1)
        G.latent_dim, drawn = 3, []

        def endless(drawn=drawn):
            while True:
                drawn.append(torch.randn(8, 2))
                yield drawn[-1]

        optimizers = Counting(G.parameters(), lr=0.1), Counting(D.parameters(), lr=0.1)
        one = museum.exhibit(name)
        (one.mended if mended else one.published)(G, D, *optimizers, endless(), 3, 5)
        assert (optimizers[1].count, optimizers[0].count) == (steps_of_D[i], 5)
        assert images[i] <= len(drawn) <= images[i] + 1                # zip asks for one more


def test_simultaneous_grows_by_pythagoras_and_alternating_keeps_its_ellipse():
    published, mended = (museum.reading("simultaneous", mended=m) for m in (False, True))
    assert published.value == pytest.approx(1.04**250, rel=1e-9)
    x, y, kept = 1.0, -1.0, []
    for _ in range(500):
        x, y = museum.exhibit("simultaneous").mended(x, y, 0.2)
        kept.append(x * x + y * y + 0.2 * x * y)
    assert np.ptp(kept) < 1e-9 and mended.value * math.sqrt(2) <= 1.4143


def test_two_halves_drift_where_one_gradient_rests():
    published, mended = (museum.reading("two-halves", mended=m) for m in (False, True))
    assert set(mended.ys) == {0.0} and len(set(published.ys)) > 100


def test_detach_changes_no_number_of_D():
    for mended in (False, True):
        assert museum.reading("no-detach", mended=mended).beside["largest difference of D's gradient from the other's"] == 0
    G = museum_loops._players()[0]
    assert museum.reading("no-detach").value == sum(p.numel() for p in G.parameters())


def test_eps_by_its_formula():
    published, mended = (museum.reading("eps-of-batchnorm", mended=m) for m in (False, True))
    for eps, found in ((0.8, published), (1e-5, mended)):
        v = np.square(found.xs)
        assert np.allclose(found.ys, np.sqrt(v / (v + eps)), atol=1e-6)
    assert dict(zip(published.xs, np.round(published.ys, 3)))[1.0] == 0.745


def test_slopes_between_images_by_finite_differences():
    for mended in (False, True):
        torch.manual_seed(0)
        one = museum.exhibit("batchnorm-critic")
        D, x = (one.mended if mended else one.published)(2, 16).double(), torch.randn(8, 2).double()
        moved = x.clone()
        moved[3, 0] += 1e-6
        change = (D(moved) - D(x))[:, 0].abs() / 1e-6
        others = torch.cat([change[:3], change[4:]])
        assert (others.max() < 1e-6) == mended and change[3] > 1e-3


def test_losses_are_torchs():
    logits = torch.linspace(-3, 3, 7)
    for label in (0.0, 0.1, 0.9, 1.0, 1.2):
        there = binary_cross_entropy_with_logits(logits, torch.full((7,), label), reduction="none")
        assert torch.allclose(bce(logits, label), there, atol=1e-6)
    negated = museum.exhibit("negated")
    assert torch.allclose(negated.published(logits), torch.log(1 - torch.sigmoid(logits)), atol=1e-6)
    assert torch.allclose(negated.mended(logits), softplus(-logits))


def test_soft_labels_by_theory():
    for mended, fake in ((False, 0.1), (True, 0.0)):
        found = museum.reading("smoothed-twice", mended=mended)
        x = np.array(found.xs)
        best = theory.smoothed_discriminator(theory.gaussian(x, 0, 1), theory.gaussian(x, 4, 1), real=0.9, fake=fake)
        assert np.abs(found.ys - best).max() < 1e-3


def test_one_half_is_not_log_2():
    assert museum.reading("one-half", mended=True).beside["at log 2"] == pytest.approx(0.5)
    assert museum.exhibit("beyond-one").good == pytest.approx(math.log(0.9 / 0.1))


def test_the_mended_ring_is_the_packages():
    assert np.abs(museum.exhibit("linspace-ring").mended(8) - Ring().modes.numpy()).max() < 1e-6
    assert museum.reading("linspace-ring").beside["largest share"] == 0.25


def test_frechet_of_fifty_by_scipy():
    a, b = np.random.default_rng(0).normal(size=(2, 2_000, 64))
    A, B = np.cov(a[:50].T), np.cov(b[:50].T)
    distance = ((a[:50].mean(0) - b[:50].mean(0)) ** 2).sum() + np.trace(A + B - 2 * sqrtm(A @ B + 1e-9 * np.eye(64)).real)
    found = museum.reading("too-few-for-frechet")
    assert found.value == pytest.approx(distance, rel=1e-2) and found.beside["rank of the covariance"] == 49


def test_the_kept_moment_is_the_worst_of_its_three_epochs():
    moments = [row for row in pretrained.card("mnist-mlp")["curve"] if row["step"] <= 2_811]
    assert museum.reading("loss-must-fall").value == min(row["parzen"] for row in moments)
    assert museum.reading("loss-must-fall", mended=True).value == max(row["parzen"] for row in moments)


def test_the_lucky_seed_s_gain_is_no_gain():
    lucky, fair = (museum.reading("lucky-seed", mended=m) for m in (False, True))
    error = fair.beside["standard error of the mean's"]
    assert lucky.value > 2 * error and abs(fair.value) < 2 * error
    assert all(b >= a for a, b in zip(lucky.ys, lucky.ys[1:])) and fair.beside["runs"] == 32


# ---- the door

def test_readings_are_the_same_twice_and_leave_the_random_state_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = museum.exhibit("zero-scale").measure(museum.exhibit("zero-scale").published)
    assert first[0] == museum.reading("zero-scale").value
    museum.exhibit("retain-graph").measure(museum.exhibit("retain-graph").published)
    museum.exhibit("two-halves").measure(museum.exhibit("two-halves").mended)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("name", "words"), [("eps-of-batchnrm", "did you mean eps-of-batchnorm"), ("", "must be one of"),
                                             (3, "must be one of")])
def test_a_name_that_is_not_there(name, words):
    for ask in (museum.exhibit, museum.code, museum.reading):
        with pytest.raises(ValueError, match=words):
            ask(name)


def test_a_hall_that_is_not_there():
    with pytest.raises(ValueError, match="hall must be one of the loop, the layers"):
        museum.exhibits("cellar")


def test_numbers_are_shown_short():
    shown = {3: "3", 18127.4: "18,127", 0.11111111: "0.1111", -0.693147: "-0.6931", 0.0: "0", 1e-7: "1e-07"}
    assert [figure(v) for v in shown] == list(shown.values())
