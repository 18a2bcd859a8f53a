# %% [markdown]
# Answers to the exercises of notebook 11. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-11-work"]
def my_w1(p, q, x):
    carried = np.cumsum(p - q)[:-1]          # past the gap between x[i] and x[i + 1]
    return np.abs(carried) @ np.diff(x)

# %% tags=["exercise-11-penalty"]
def my_penalty(D, x_real, x_fake, e):
    x_hat = (e * x_real + (1 - e) * x_fake).requires_grad_()
    (slope,) = torch.autograd.grad(D(x_hat).sum(), x_hat, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()

# %% tags=["exercise-11-company"]
def moves_others(judge):
    """Replace one image of a batch and see whether the score of another moves."""
    x = torch.rand(4, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    other = torch.cat([x[:3], -x[3:]])
    return (judge(x) - judge(other))[:3].abs().max() > 1e-9

my_list = [name for name, judge in blinded.items() if moves_others(judge)]
