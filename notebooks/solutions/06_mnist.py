# %% [markdown]
# Answers to the exercises of notebook 06. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-06-maxout"]
def my_maxout(x, W, b):
    return (np.einsum("ni,upi->nup", x, W) + b).max(axis=2)

# %% tags=["exercise-06-ledger"]
my_ledger = {"real images": 3 * 1_000 * 64, "moves of D": 3 * 1_000, "moves of G": 1_000}

# %% tags=["exercise-06-rank"]
def my_rank_correlation(a, b):
    rank = lambda values: np.argsort(np.argsort(values))
    return np.corrcoef(rank(a), rank(b))[0, 1]
