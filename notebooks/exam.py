"""Exams whose keys are computed: every seed is another exam of the same difficulty, with its key.

    python notebooks/exam.py --seed 3                     (prints the questions, then the key)
    python notebooks/exam.py --seed 3 --out _build/exam   (writes exam-3.md and exam-3-key.md)
"""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gan_edu import theory
from gan_edu.networks_conv import conv_size, conv_transpose_size

Question = tuple[str, str]


def bayes(rng: np.random.Generator) -> Question:
    """Notebook 01."""
    p1, a, b = rng.integers(2, 9) / 10, rng.integers(1, 9) / 10, rng.integers(1, 9) / 10
    answer = a * p1 / (a * p1 + b * (1 - p1))
    return (f"Of all images, {p1:.0%} are of class 1. A feature is seen in {a:.0%} of the images of class 1 and in {b:.0%} of the "
            "others. An image has the feature. How probable is class 1?",
            f"By Bayes' rule {answer:.4f}.")


def best_accuracy(rng: np.random.Generator) -> Question:
    """Notebooks 00 and 03."""
    mu = rng.integers(1, 13) / 4
    x = np.linspace(-12, 12 + mu, 9601)
    answer = theory.best_accuracy(theory.gaussian(x), theory.gaussian(x, mu), x)
    return (f"Real numbers come from N(0, 1), forged ones from N({mu:g}, 1), each half of the time. How often is the best possible "
            "judge right? What is its rule?",
            f"In {answer:.4f} of all cases (1/2 + TV/2). It says \"real\" below {mu / 2:g}.")


def constant_judge(rng: np.random.Generator) -> Question:
    """Notebook 02."""
    c = rng.integers(5, 10) / 10
    value = math.log(c) + math.log(1 - c)
    return (f"A judge answers D(x) = {c:g} whatever x is. What is V(D, G)? Which G would be better, for this judge?",
            f"V = log {c:g} + log {1 - c:g} = {value:.4f}, for every G: no G is better than another.")


def optimal_judge(rng: np.random.Generator) -> Question:
    """Notebook 03."""
    p, q = rng.integers(1, 20, 2) / 10
    best = float(theory.optimal_discriminator(np.array([p]), np.array([q]))[0])
    return (f"At some x, p_data(x) = {p:g} and p_g(x) = {q:g}. What does the best judge answer there? What does x contribute to V?",
            f"D* = {best:.4f}; the contribution is {p * math.log(best) + q * math.log(1 - best):.4f} (times dx).")


def criterion(rng: np.random.Generator) -> Question:
    """Notebook 03."""
    p, q = (weights / 10 for weights in rng.multinomial(7, [1 / 3] * 3, 2) + 1)
    m = (p + q) / 2
    js = float((p * np.log(p / m) + q * np.log(q / m)).sum() / 2)
    return (f"Three kinds of images: the data have them with probabilities {_row(p)}, the generator makes them with {_row(q)}. "
            "Compute JS and C(G).",
            f"JS = {js:.4f} nats, C(G) = -log 4 + 2 JS = {2 * js - math.log(4):.4f}.")


def smoothing(rng: np.random.Generator) -> Question:
    """Notebook 03."""
    label, p, q = rng.integers(6, 10) / 10, rng.integers(1, 10) / 10, rng.integers(1, 10) / 10
    best = float(theory.smoothed_discriminator(np.array([p]), np.array([q]), real=label)[0])
    return (f"Real images get the label {label:g} in place of 1, generated ones 0. p_data = {p:g} and p_g = {q:g} at x. Derive what the best "
            "judge answers there.",
            f"{label:g} p / (p + q) = {best:.4f}: the top of p ({label:g} log y + {1 - label:.1g} log(1 - y)) + q log(1 - y).")


def saturation(rng: np.random.Generator) -> Question:
    """Notebook 04."""
    d = rng.integers(1, 20) / 100
    return (f"D(G(z)) = {d:g}. How long is the gradient of log(1 - D) at D's logit, how long that of -log D, and what is their ratio?",
            f"{d:g} and {1 - d:g}; the second is {(1 - d) / d:.4g} times as long.")


def ledger(rng: np.random.Generator) -> Question:
    """Notebook 05."""
    k, steps, m = int(rng.integers(2, 6)), int(rng.integers(1, 9)) * 100, int(rng.choice([32, 64, 128]))
    return (f"Algorithm 1 with k = {k}, {steps} iterations and m = {m}. How many steps does each optimiser make, and how many real images are "
            "drawn?",
            f"D {k * steps:,}, G {steps:,}; {k * steps * m:,} real images.")


def transposed(rng: np.random.Generator) -> Question:
    """Notebook 08."""
    n, layers = int(rng.integers(3, 8)), int(rng.integers(2, 4))
    kernel, stride, padding = ((4, 2, 1), (5, 2, 2), (3, 2, 1))[rng.integers(3)]
    size, channels = n, int(rng.choice([16, 32, 64]))
    for _ in range(layers):
        size = conv_transpose_size(size, kernel=kernel, stride=stride, padding=padding)
    back = conv_size(size, kernel=kernel, stride=stride, padding=padding)
    return (f"{layers} transposed convolutions (kernel {kernel}, stride {stride}, padding {padding}) start from side {n}. Which side comes out? How "
            f"many weights has one of them from {2 * channels} to {channels} channels, without bias? Which side does a convolution with the same "
            "three numbers make of the result?",
            f"{size}; {2 * channels * channels * kernel**2:,} weights; back to {back}.")


def circles(rng: np.random.Generator) -> Question:
    """Notebooks 05 and 09."""
    h, steps = rng.integers(1, 6) / 10, int(rng.integers(1, 6)) * 20
    return (f"V(x, y) = xy, both players move at once with step {h:g}, {steps} times. By how much does the distance from the equilibrium grow? What "
            "changes if they take turns?",
            f"By (1 + h^2)^({steps}/2) = {(1 + h**2) ** (steps / 2):.4g}. In turn it stays bounded for h < 2: the matrix of a step has determinant 1.")


def parzen(rng: np.random.Generator) -> Question:
    """Notebook 10."""
    a, b, x, sigma = *rng.integers(-4, 5, 2), rng.integers(-8, 9) / 4, rng.integers(1, 5) / 2
    terms = [-((x - s) ** 2) / (2 * sigma**2) - 0.5 * math.log(2 * math.pi * sigma**2) for s in (a, b)]
    answer = np.logaddexp(*terms) - math.log(2)
    return (f"Two samples, {a} and {b}. What is the Parzen log-likelihood of the test point {x:g} with sigma = {sigma:g}?", f"{answer:.4f} nats.")


def transport(rng: np.random.Generator) -> Question:
    """Notebook 11."""
    p, q = (weights / 10 for weights in rng.multinomial(10, [0.25] * 4, 2))
    w1 = float(np.abs(np.cumsum(p - q)).sum())
    shift = int(rng.integers(2, 9))
    return (f"On the places 0, 1, 2, 3 the data have {_row(p)}, the generator {_row(q)}. Compute W1. Then both are one point each, {shift} apart: W1, JS?",
            f"W1 = {w1:.4g}, the sum of |difference of the cumulative sums|. Then W1 = {shift} and JS = log 2 = {math.log(2):.4f}.")


def penalty(rng: np.random.Generator) -> Question:
    """Notebook 11."""
    w = rng.integers(-3, 4, 2) + np.array([0.5, 0])
    length = float(np.hypot(*w))
    return (f"A critic D(x) = {w[0]:g} x1 + {w[1]:g} x2. What is its gradient penalty with weight 10, and where does it push the critic?",
            f"10 (|w| - 1)^2 = {10 * (length - 1) ** 2:.4f} with |w| = {length:.4f}; "
            + ("to a smaller slope." if length > 1 else "to a larger slope."))


QUESTIONS: tuple[Callable[[np.random.Generator], Question], ...] = (
    bayes, best_accuracy, constant_judge, optimal_judge, criterion, smoothing, saturation, ledger, transposed, circles, parzen,
    transport, penalty)


def exam(seed: int) -> tuple[str, str]:
    """Return (questions, key) as Markdown."""
    asked = [make(np.random.default_rng([seed, i])) for i, make in enumerate(QUESTIONS)]
    questions = "\n\n".join(f"{i}. {question}" for i, (question, _) in enumerate(asked, 1))
    key = "\n\n".join(f"{i}. {answer} ({make.__doc__.rstrip('.')})" for i, ((_, answer), make) in enumerate(zip(asked, QUESTIONS), 1))
    return f"# Exam {seed}\n\nLogarithms are natural.\n\n{questions}\n", f"# Exam {seed}: key\n\n{key}\n"


def _row(weights: np.ndarray) -> str:
    return "(" + ", ".join(f"{w:g}" for w in weights) + ")"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    questions, key = exam(options.seed)
    if options.out is None:
        print(questions, key, sep="\n")
        return
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in ((f"exam-{options.seed}.md", questions), (f"exam-{options.seed}-key.md", key)):
        (options.out / name).write_text(text, encoding="utf-8")
        print(options.out / name)


if __name__ == "__main__":
    main()
