# %% [markdown]
# Answers to the exercises of notebook 08. `python notebooks/build.py solutions` puts them into the notebook.

# %% tags=["exercise-08-shapes"]
my_shapes = {"a": 14, "b": 1, "c": 7, "d": 18, "e": (4, 3, 0)}

# %% tags=["exercise-08-bugs"]
def my_block(channels):
    return nn.Sequential(nn.ConvTranspose2d(channels, channels, 4, 2, 1, bias=False), nn.BatchNorm2d(channels), nn.LeakyReLU(0.2))

def my_start(module):
    if isinstance(module, nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    if isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)

# %% tags=["exercise-08-mode"]
def influence(G, z, a, b):
    twin = copy.deepcopy(G)
    with torch.no_grad():
        one, other = (twin(torch.cat([z, others]))[:len(z)] for others in (a, b))
    return (one - other).abs().max().item()

my_mode = {"a picture of this z, for a reader": "eval", "G's loss in a training step": "train"}
