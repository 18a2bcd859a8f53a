"""Verdicts of notebook 06: every right route passes, every known slip is named."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from verdict_table import survives, verdict


def loop_maxout(x, W, b):
    return [[max(W[u, p] @ row + b[u, p] for p in range(W.shape[1])) for u in range(W.shape[0])] for row in x]


def torch_maxout(x, W, b):
    x, W, b = (torch.tensor(a) for a in (x, W, b))
    return (torch.einsum("ni,upi->nup", x, W) + b).amax(2)


def test_maxout():
    survives("06-maxout", right=[loop_maxout, torch_maxout])


def test_ledger():
    survives("06-ledger", right=[{"real images": 192_000, "moves of D": 3_000, "moves of G": 1_000},
                                 {"real images": 192_000.0, "moves of D": np.int64(3_000), "moves of G": 1_000}])


def test_rank():
    survives("06-rank", right=[lambda a, b: spearmanr(a, b).statistic,
                               lambda a, b: 1 - 6 * ((np.argsort(np.argsort(a)) - np.argsort(np.argsort(b))) ** 2).sum()
                               / (len(a) * (len(a) ** 2 - 1))])


@pytest.mark.parametrize("exercise, slip, hint", [
    ("06-maxout", lambda x, W, b: (np.einsum("ni,upi->nup", x, W) + b).mean(2), "mean of the pieces"),
    ("06-maxout", lambda x, W, b: (np.einsum("ni,upi->nup", x, W) + b).min(2), "smallest piece"),
    ("06-maxout", lambda x, W, b: np.einsum("ni,upi->nup", x, W).max(2), "without its bias"),
    ("06-maxout", lambda x, W, b: np.maximum(np.einsum("ni,upi->nup", x, W) + b, 0).max(2), "cut off at 0"),
    ("06-maxout", lambda x, W, b: 2 * (np.einsum("ni,upi->nup", x, W) + b).max(2), "should be"),
    ("06-ledger", {"real images": 64_000, "moves of D": 3_000, "moves of G": 1_000}, "minibatch of its own"),
    ("06-ledger", {"real images": 256_000, "moves of D": 3_000, "moves of G": 1_000}, "needs fresh noise"),
    ("06-ledger", {"real images": 192_000, "moves of D": 1_000, "moves of G": 1_000}, "look at 'moves of D'"),
    ("06-ledger", {"real images": 192_000}, "three names"),
    ("06-rank", lambda a, b: np.corrcoef(a, b)[0, 1], "of their ranks"),
    ("06-rank", lambda a, b: np.corrcoef(np.argsort(a), np.argsort(b))[0, 1], "argsort of the argsort"),
    ("06-rank", lambda a, b: 7.0, "between -1 and 1"),
    ("06-rank", lambda a, b: 0.0, "correlation of the ranks is"),
])
def test_slips_are_named(exercise, slip, hint):
    assert hint in verdict(exercise, slip).message
