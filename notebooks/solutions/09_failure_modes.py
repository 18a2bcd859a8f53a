# %% [markdown]
# Answers to the exercises of notebook 09. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-09-gamma"]
my_gamma = {"least": "h",          # |lambda|^2 = 1 - h gamma + h^2 < 1
            "best": 2}             # where the root in (3) is 0, with s = 1

# %% tags=["exercise-09-diagnose"]
my_diagnoses = ["non-convergence", "vanishing gradient", "healthy", "mode collapse", "non-convergence", "healthy"]

# %% tags=["exercise-09-cure"]
my_cure = {"k": 1, "lr_D": 1e-2, "r1": 0.0}      # both players at one pace; k = 5 does it as well
