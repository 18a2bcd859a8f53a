# %% [markdown]
# Answers to the exercises of notebook 04. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-04-gradients"]
my_gradients = {"minimax": "-D",
                "non_saturating": "-(1 - D)",
                "least_squares": "l - 1"}

# %% tags=["exercise-04-stable"]
def my_log_one_minus_D(l):
    return -softplus(l)

# %% tags=["exercise-04-paragraph"]
wrong_sentences = [3, 5, 6, 8]
