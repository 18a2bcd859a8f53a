# %% [markdown]
# Answers to the exercises of notebook 02. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-02-monte-carlo"]
def my_value(D, real, fake):
    return np.log(D(real)).mean() + np.log(1 - D(fake)).mean()

# %% tags=["exercise-02-match-losses"]
my_match = {"A": "-V",
            "B": "-V/2",
            "C": "-E log D(G(z))",
            "D": "E log(1 - D(G(z)))",
            "E": "-E log D(G(z))",
            "F": "-V with 1 - D in the place of D"}

# %% tags=["exercise-02-terms"]
my_bets = {"E_p log D": "gullible",
           "E_q log(1 - D)": "paranoid",
           "V": "best"}
