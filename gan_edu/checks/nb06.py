"""Verdicts on the exercises of notebook 06: a maxout layer, the ledger of Algorithm 1, a rank correlation."""

import numpy as np

from gan_edu.checks.core import array, exercise, function, number


@exercise("06-maxout", "your layer agrees with the largest linear piece on random inputs, weights and sizes.")
def _maxout(answer: object) -> str | None:
    layer, rng = function(answer, "my_maxout"), np.random.default_rng(6)
    for n, inputs, units, pieces in ((4, 3, 2, 5), (1, 6, 3, 2), (5, 2, 4, 1)):
        x, W, b = rng.normal(size=(n, inputs)), rng.normal(size=(units, pieces, inputs)), rng.normal(size=(units, pieces))
        every = np.einsum("ni,upi->nup", x, W) + b
        got = array(layer(x, W, b), (n, units), "my_maxout(x, W, b)")
        if np.allclose(got, every.max(2)):
            continue
        for other, hint in ((every.mean(2), "the mean of the pieces; a maxout unit answers with the largest"),
                            (every.min(2), "the smallest piece; a maxout unit answers with the largest"),
                            (np.einsum("ni,upi->nup", x, W).max(2), "the largest piece without its bias b"),
                            (np.maximum(every, 0).max(2), "cut off at 0; a maxout unit may answer below 0")):
            if np.allclose(got, other):
                return f"that is {hint}."
        return (f"for n = {n}, {units} units, {pieces} pieces the first answer should be {every.max(2)[0, 0]:.3f}, "
                f"not {got[0, 0]:.3f}.")
    return None


@exercise("06-ledger", "kNm fresh real images, kN moves of D, N moves of G.")
def _ledger(answer: object) -> str | None:
    right = {"real images": 192_000, "moves of D": 3_000, "moves of G": 1_000}
    if not isinstance(answer, dict) or set(answer) != set(right):
        return "keep the dictionary with its three names, and put a whole number at each."
    got = {name: number(answer[name], name) for name in right}
    if got["real images"] == 64_000:
        return "each of the k steps of D draws a minibatch of its own; a loop that reuses one is a known bug."
    if got["real images"] == 256_000:
        return "G's step needs fresh noise, but no real images: they are not in its loss."
    for name, value in right.items():
        if got[name] != value:
            return f"look at '{name}' again: N = 1,000, k = 3, m = 64."
    return None


@exercise("06-rank", "your function agrees with Spearman's rank correlation on random lists.")
def _rank(answer: object) -> str | None:
    correlate, rng = function(answer, "my_rank_correlation"), np.random.default_rng(7)
    for n in (4, 9, 30):
        a = rng.normal(size=n)
        b = np.exp(2 * a) + rng.normal(size=n)
        ranks = [np.argsort(np.argsort(values)) for values in (a, b)]
        truth = np.corrcoef(*ranks)[0, 1]
        got = number(correlate(a, b), "my_rank_correlation(a, b)")
        if abs(got - truth) < 1e-6:
            continue
        if abs(got - np.corrcoef(a, b)[0, 1]) < 1e-6:
            return "that is the ordinary correlation of the values; take it of their ranks."
        if abs(got - np.corrcoef(np.argsort(a), np.argsort(b))[0, 1]) < 1e-6:
            return "argsort gives the order, not yet the ranks: the rank of each value is the argsort of the argsort."
        if abs(got) > 1 + 1e-9:
            return f"a correlation lies between -1 and 1; yours is {got:.3f}."
        return f"on a list of {n} values yours is {got:.4f}, and the correlation of the ranks is {truth:.4f}."
    return None
