# %% [markdown]
# Answers to the exercises of notebook 00. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-00-threshold"]
def says_real(x, mu):
    """The two densities are equally wide, so the larger one is that with the nearer centre."""
    return np.abs(x) < np.abs(x - mu)

# %% tags=["exercise-00-distance"]
distance = "2 * share - 1"   # 1/2 + TV/2 >= share, solved for TV
