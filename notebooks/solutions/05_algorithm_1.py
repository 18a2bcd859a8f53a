# %% [markdown]
# Answers to the exercises of notebook 05. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-05-loop"]
def my_loop(G, D, opt_G, opt_D, data, k, steps):
    for _ in range(steps):
        for _ in range(k):
            x = next(data)
            x_fake = G(torch.randn(len(x), G.latent_dim)).detach()
            loss_D = softplus(-D(x)).mean() + softplus(D(x_fake)).mean()
            opt_D.zero_grad(); loss_D.backward(); opt_D.step()
        loss_G = softplus(-D(G(torch.randn(len(x), G.latent_dim)))).mean()
        opt_G.zero_grad(); loss_G.backward(); opt_G.step()


# %% tags=["exercise-05-k-loop"]
my_finding = {"steps of D": 100, "steps of G": 100, "minibatches": 100, "line": 7}

# %% tags=["exercise-05-budget"]
my_plan = {"k": 1, "lr": 0.0003, "steps": 3000}
