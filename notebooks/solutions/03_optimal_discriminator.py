# %% [markdown]
# Answers to the exercises of notebook 03. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-03-best-judge"]
def my_best_judge(p, q):
    return p / (p + q)

# %% tags=["exercise-03-criterion"]
my_criterion = "-log(4) + 2*JS"

# %% tags=["exercise-03-proof"]
my_lines = {1: "a/y - b/(1 - y)",
            2: "-a/y**2 - b/(1 - y)**2",
            3: "q/(p + q)",
            4: "-log(2)",
            5: "-log(4) + KLp + KLq"}

# %% tags=["exercise-03-smoothing"]
def my_soft_judge(p, q, real, fake):
    return (real * p + fake * q) / (p + q)
