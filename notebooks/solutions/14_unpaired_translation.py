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
    blurred = torch.nn.functional.avg_pool2d(b, 3, stride=1, padding=1, count_include_pad=False)
    return torch.where(blurred > 0, 1.0, -1.0)                # greys and fine edges are gone, the strokes stay
