# %% [markdown]
# Answers to the exercises of notebook 14. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-14-wrong"]
order = torch.randperm(784, generator=torch.Generator().manual_seed(1))


def there(x):
    return x.flatten(1)[:, order].view_as(x)


def back(x):
    return x.flatten(1)[:, order.argsort()].view_as(x)

# %% tags=["exercise-14-identity"]
def identity_loss(G, F, a, b):
    return (G(b) - b).abs().mean() + (F(a) - a).abs().mean()

# %% tags=["exercise-14-launder"]
def launder(b):
    return torch.where(b > 0, 1.0, -1.0)                      # what is in the brightness of a stroke is gone
