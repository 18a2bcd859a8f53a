# %% [markdown]
# Answers to the exercises of notebook 15. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-15-mutants"]
def broken(steps, k):
    """Four iterations of k steps of D and one of G, everything fresh, and each step in its player's interest."""
    of_D, of_G = ([s for s in steps if s.player == player] for player in "DG")
    fresh = len({s.noise for s in steps}) == len(steps) and len({s.real for s in of_D}) == len(of_D)
    counted = [s.player for s in steps] == 4 * (k * ["D"] + ["G"])
    kind = all(s.real is not None and s.gap > 0 for s in of_D) and all(s.fake > 0 for s in of_G)
    return not (fresh and counted and kind)

# %% tags=["exercise-15-smoothing"]
def best_D(p, q, real, fake):
    return (real * p + fake * q) / (p + q)

# %% tags=["exercise-15-alarm"]
def forged_given_alarm(caught, false, forged):
    return caught * forged / (caught * forged + false * (1 - forged))
