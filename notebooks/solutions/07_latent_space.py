# %% [markdown]
# Answers to the exercises of notebook 07. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-07-slerp"]
def my_slerp(a, b, t):
    """The direction turns by t times the angle between a and b; the length stays."""
    theta = torch.acos((a @ b) / (a.norm() * b.norm()))
    return (torch.sin((1 - t) * theta) * a + torch.sin(t * theta) * b) / torch.sin(theta)

# %% tags=["exercise-07-thicker"]
my_direction = ((width - width.mean())[:, None] * a[:4000]).mean(0)   # the covariance of width with each coordinate

# %% tags=["exercise-07-memory"]
def memories(images, training, unseen):
    """The border is where the nearest hundredth of the unseen images ends."""
    border = np.quantile(metrics.nearest_neighbours(unseen, training)[1], 0.01)
    return metrics.nearest_neighbours(images, training)[1][:, 0] < border
