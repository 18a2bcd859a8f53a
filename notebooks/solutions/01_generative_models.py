# %% [markdown]
# Answers to the exercises of notebook 01. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-01-bayes"]
my_posterior = "prior*p1 / (prior*p1 + (1 - prior)*p0)"

# %% tags=["exercise-01-sigmoid"]
my_weights = {"w": "(m1 - m0) / s**2",
              "b": "(m0**2 - m1**2) / (2*s**2) + log(prior / (1 - prior))"}

# %% tags=["exercise-01-maximum-likelihood"]
def fit(x):
    mu = np.mean(x)
    return mu, np.sqrt(np.mean((x - mu)**2))

# %% tags=["exercise-01-sampler"]
def my_G(z):
    return 2 * np.sign(z[:, 0]) + 0.5 * z[:, 1]
