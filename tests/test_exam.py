"""The exams: another one for each seed, and keys that other ways of computing agree with."""

import re

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.optimize import linprog
from scipy.spatial.distance import jensenshannon

from notebooks import exam

SEEDS = range(12)


def numbers(text):
    return [float(n.replace(",", "")) for n in re.findall(r"-?\d[\d,]*\.?\d*(?:e[+-]?\d+)?", text)]


def ask(question, seed):
    asked, key = question(np.random.default_rng(seed))
    return numbers(asked), numbers(key), asked, key


def test_each_seed_is_an_exam_of_its_own_and_the_same_one_every_time():
    assert exam.exam(3) == exam.exam(3)
    assert len({exam.exam(seed)[0] for seed in range(20)}) == 20
    questions, key = exam.exam(0)
    assert questions.count("\n\n") == key.count("\n\n") + 1 == len(exam.QUESTIONS) + 1
    assert re.findall(r"Notebooks? \d\d", key) and not re.search(r"\bnan\b|\binf\b", key)


@pytest.mark.parametrize("seed", SEEDS)
def test_keys_of_chances(seed):
    (percent, _, a, _, b, *_), (answer, *_), *_ = ask(exam.bayes, seed)
    draws = np.random.default_rng(0)
    asked, _ = exam.bayes(np.random.default_rng(seed))
    p1, a, b = (int(n) / 100 for n in re.findall(r"(\d+)%", asked))
    is_one = draws.random(200_000) < p1
    seen = draws.random(200_000) < np.where(is_one, a, b)
    assert is_one[seen].mean() == pytest.approx(answer, abs=0.01)
    (_, _, mu, *_), (best, *_), *_ = ask(exam.best_accuracy, seed)
    assert best == pytest.approx(stats.norm.cdf(mu / 2), abs=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_keys_of_the_value(seed):
    (p, q), (best, *_), *_ = ask(exam.optimal_judge, seed)
    y = np.linspace(1e-4, 1 - 1e-4, 9999)
    assert best == pytest.approx(y[np.argmax(p * np.log(y) + q * np.log(1 - y))], abs=2e-4)
    (real, _, _, p, q), key, *_ = ask(exam.smoothing, seed)
    assert key[1] == pytest.approx(y[np.argmax(p * (real * np.log(y) + (1 - real) * np.log(1 - y)) + q * np.log(1 - y))], abs=2e-4)
    asked, (js, _, _, c), *_ = ask(exam.criterion, seed)
    p, q = np.array(asked[:3]), np.array(asked[3:6])
    assert js == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-4) and c == pytest.approx(2 * js - np.log(4), abs=2e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_keys_of_layers_and_turns(seed):
    (layers, kernel, stride, padding, n, wide, narrow), (side, weights, back), *_ = ask(exam.transposed, seed)
    layer = torch.nn.ConvTranspose2d(int(wide), int(narrow), int(kernel), int(stride), int(padding), bias=False)
    x = torch.zeros(1, 1, int(n), int(n))
    for _ in range(int(layers)):
        x = torch.nn.functional.conv_transpose2d(x, torch.zeros(1, 1, int(kernel), int(kernel)), stride=int(stride), padding=int(padding))
    assert x.shape[2] == side and layer.weight.numel() == weights
    assert torch.nn.functional.conv2d(x, torch.zeros(1, 1, int(kernel), int(kernel)), stride=int(stride), padding=int(padding)).shape[2] == back
    (h, steps), key, *_ = ask(exam.circles, seed)
    point = np.array([1.0, 0.0])
    for _ in range(int(steps)):
        point = point + h * np.array([-point[1], point[0]])
    assert key[4] == pytest.approx(np.linalg.norm(point), rel=1e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_keys_of_measures(seed):
    (a, b, x, sigma), (answer,), *_ = ask(exam.parzen, seed)
    assert answer == pytest.approx(np.log(stats.norm.pdf(x, [a, b], sigma).mean()), abs=1e-4)
    asked, key, *_ = ask(exam.transport, seed)
    p, q = np.array(asked[4:8]), np.array(asked[8:12])
    cost = np.abs(np.subtract.outer(np.arange(4), np.arange(4))).ravel()
    rows = np.kron(np.eye(4), np.ones(4)), np.kron(np.ones(4), np.eye(4))
    plan = linprog(cost, A_eq=np.vstack(rows), b_eq=np.concatenate([p, q]))
    assert key[1] == pytest.approx(plan.fun, abs=1e-4)
    w = [float(n) for n in re.findall(r"(-?[\d.]+) x", exam.penalty(np.random.default_rng(seed))[0])]
    x = torch.randn(5, 2, requires_grad=True)
    [slope] = torch.autograd.grad((x @ torch.tensor(w)).sum(), x)
    assert numbers(exam.penalty(np.random.default_rng(seed))[1])[3] == pytest.approx(10 * float((slope.norm(dim=1) - 1).square().mean()), abs=1e-3)
