# %% [markdown]
# # 6. MNIST
#
# Does it work on real digits? So far the players argued about points on a line, where every quantity could be computed.
# Here the data are images of 784 pixels, nobody knows their density, and all that is left is the algorithm. You will
# train it live, stop it, go on, and then walk through a long run that is shipped with the course.
#
# **Goals.** You will be able to
#
# 1. write Algorithm 1 of the paper in a dozen lines, and say what `train` adds to it;
# 2. watch a run and say what its samples, its losses and D's verdicts mean;
# 3. compare runs with k = 1, 2, 3, 5 at an equal number of generator steps;
# 4. say, with a number, what a loss curve tells about quality and what it does not.
#
# **Time.** 40 minutes to read and run, 20 more for the three exercises.
#
# **Prerequisites.** Notebooks 02 to 05: the value function, the best judge, the non-saturating loss, Algorithm 1.

# %%
import copy

import numpy as np
import torch

from gan_edu import course, networks, plots, pretrained
from gan_edu.checks import check
from gan_edu.data import load_images
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.training import train
course.explain_unknown_names()

# %% [markdown]
# ## What goes in
#
# `load_images("auto")` takes the real MNIST, 60,000 training images, if it is on this machine or can be fetched.
# Otherwise it takes 1,500 small digits that come with scikit-learn, enlarged to 28 x 28, and says so. Everything below
# runs on either. The pictures stored in this notebook were made with the small digits.

# %% tags=["nbval-ignore-output"]
data = load_images("auto")
data

# %% [markdown]
# A look before use. The digits are white on black, small and centred.

# %% tags=["nbval-ignore-output"]
plots.show(plots.image_grid(data.images[:24], columns=12), "Twenty-four training images of handwritten digits.")

# %% [markdown]
# A network never sees 0 to 255. `batches` hands out minibatches scaled to [-1, 1], the range of the generator's last
# layer, each epoch (once through all images) in a new order that depends on the seed alone.

# %%
x = next(data.batches(64, seed=0))
print(x.shape, x.dtype, "from", x.min().item(), "to", x.max().item())
assert x.shape == (64, 1, 28, 28) and -1 <= x.min() and x.max() <= 1

# %% [markdown]
# ## The two players
#
# The sources of this course use a generator 100-256-512-1024-784 and a judge 784-512-256-1. `D` ends in a plain number,
# the logit: the sigmoid sits inside the loss, where it can be computed without loss of digits (notebook 04).

# %%
with seeded(0):
    game = GAN(MLPGenerator(), MLPDiscriminator())
print(game.G.net)
print(game.D.net)

# %% [markdown]
# `Linear` is a matrix and a shift; `LeakyReLU` keeps what is positive and a fifth of what is negative; `Tanh` brings every
# number between -1 and 1. What `BatchNorm1d` does is a matter for notebook 08.
#
# Which pair is larger, this one or the one of 2014? The authors of the paper gave their generator two layers of 1200
# rectified linear units, and their judge maxout units with dropout.

# %%
first = networks.ReLUGenerator(), networks.MaxoutDiscriminator()
for name, (G, D) in {"sources": (game.G, game.D), "2014": first}.items():
    print(f"{name:8} G {networks.count_parameters(G):9,}   D {networks.count_parameters(D):9,}")
assert [networks.count_parameters(net) for net in first] == [2_503_984, 1_231_441]


# %% [markdown]
# The networks of 2014 are the larger ones, by far in the judge. What is a maxout unit? It has several linear functions
# and answers with the largest of them: a ramp with as many kinks as it likes, learned instead of chosen.
#
# ### Exercise 1: maxout
#
# Write the layer. `x` is an array (n, inputs), `W` is (units, pieces, inputs), `b` is (units, pieces); the answer is
# (n, units). NumPy's `einsum` or a plain loop will do.

# %% tags=["exercise-06-maxout"]
def my_maxout(x, W, b):
    return ...


# %% tags=["check-06-maxout"]
check("06-maxout", my_maxout)

# %% [markdown]
# ## Before the first step
#
# *Predict, then run.* What does an untrained generator draw, and what does an untrained judge say about it?

# %%
before = game.sample(12, generator=torch.Generator().manual_seed(0))
plots.show(plots.image_grid(before, columns=12), "Twelve samples of an untrained generator: faint grey noise, all alike.")
D_start = game.judge(before).mean().item()
print(f"mean verdict of D: {D_start:.2f}")
assert abs(D_start - 0.5) < 0.1


# %% [markdown]
# Grey noise, and a judge who says 1/2 because it knows nothing yet. At the end of a perfect game it would say 1/2 again,
# for the opposite reason.
#
# ## Algorithm 1
#
# Here is the algorithm of the paper, line by line. Each player draws its own fresh minibatch; while one moves, the other
# rests.

# %%
def algorithm_1(game, data, *, k, steps, m=64, seed=0):
    G, D, noise, reals = game.G, game.D, torch.Generator().manual_seed(seed), data.batches(m, seed=seed)
    opt_G, opt_D = torch.optim.Adam(G.parameters(), lr=1e-4), torch.optim.Adam(D.parameters(), lr=2e-4)
    for _ in range(steps):                                       # for number of training iterations do
        for _ in range(k):                                       #   for k steps do: m fresh x, m fresh z
            loss_D = game.objective.discriminator(D(next(reals)), D(G(game.noise(m, noise)).detach()))
            opt_D.zero_grad(); loss_D.backward(); opt_D.step()   #     ascend D's stochastic gradient
        loss_G = game.objective.generator(D(G(game.noise(m, noise))))   # m fresh z
        opt_G.zero_grad(); loss_G.backward(); opt_G.step()       #   descend G's stochastic gradient
    return loss_D.item(), loss_G.item()


# %% [markdown]
# `gan_edu.training.train` is the same algorithm. Started from the same weights with the same seed, both must arrive at
# the same losses:

# %%
ours, theirs = copy.deepcopy(game), copy.deepcopy(game)
written_out = algorithm_1(ours, data, k=2, steps=5)
history = train(theirs, data, k=2, steps=5, progress=False)
difference = np.abs(np.array(written_out) - [history["loss_D"][-1], history["loss_G"][-1]]).max()
print("equal to three digits:", difference < 1e-3)
assert difference < 1e-3

# %% [markdown]
# What does `train` add? It makes the fakes for D's step without recording a graph, sends real and fake through D in one
# pass, asks D for no gradients while G moves, keeps a history, stops only between two steps, and refuses a loss that is
# no number before it reaches the weights. The algorithm is untouched.
#
# ### Exercise 2: what does D get to see?
#
# The ledger of notebook 05 once more, now for images: N = 1,000 steps of the generator, k = 3, minibatches of m = 64.
# How many fresh real images does D see, and how often does each player move? Fill in three whole numbers.

# %% tags=["exercise-06-ledger"]
my_ledger = {"real images": ..., "moves of D": ..., "moves of G": ...}

# %% tags=["check-06-ledger"]
check("06-ledger", my_ledger)

# %% [markdown]
# ## Live
#
# Now train. The picture follows the run: twenty-four samples with fixed z, the two losses, and how sure D is of
# itself on real images and on fakes. Dashed lines mark where the game would come to rest, log 4 for D, log 2 for G
# and 1/2.
#
# So that something shows within a minute, both players take larger steps than above (5e-4), with less momentum,
# beta1 = 0.5 (the share of the past in each step of Adam), which Radford et al. (2016) found to calm such games.
#
# **You may press the stop button at any time.** The step in progress is finished, the game stays usable, and running the
# cell again goes on exactly where it stopped. Raise `steps` to train longer: on MNIST, 937 steps are one epoch.

# %%
fixed_x = next(data.batches(256, seed=1))

def draw(figure, run):
    top, bottom = figure.subfigures(2, 1, height_ratios=[1, 1.25])
    samples = run.game.sample(24, generator=torch.Generator().manual_seed(0))
    plots.image_grid(samples, columns=12, ax=top.subplots(), title=f"step {run.step}")
    left, middle, right = bottom.subplots(1, 3)
    plots.history(run.history, axes=(left, middle))
    fakes = run.game.sample(256, generator=torch.Generator().manual_seed(1))
    plots.histograms(run.game.judge(fixed_x), run.game.judge(fakes), ax=right)


# %% [markdown]
# `draw` says what is to be seen; `LiveFigure` calls it a few times a second while `train` runs.

# %%
live = plots.LiveFigure(draw, alt="A run in progress: samples, both losses, mean verdicts, and histograms of D's verdicts.",
                        width=10, height=5.4)
optimizers = [torch.optim.Adam(net.parameters(), lr=5e-4, betas=(0.5, 0.999)) for net in (game.G, game.D)]
history = train(game, data, steps=600, optimizers=optimizers, on_step=live, resume=True, progress=False)

# %% [markdown]
# In a few hundred steps noise turns into strokes. Look at the right-hand panels: D stays a little ahead, real images
# nearer to 1 than fakes, and it is just this lead that G learns from. A D far ahead would not be a disaster either, as
# long as G's gradient lives: with the non-saturating loss it is steepest where D(G(z)) is near 0 (notebook 04). The
# history keeps the norms, so you can check.

# %%
lead = np.mean(history["D_real"][-100:]) - np.mean(history["D_fake"][-100:])
alive = np.median(history["grad_G"][-100:]) > 0.01
print("D is ahead:", lead > 0, "  and G's gradient is alive:", alive)
assert lead > 0 and alive

# %% [markdown]
# *Predict, then run again.* Make a new game and train it with `betas=(0.9, 0.999)`, everything else as it is. Which of the
# three panels will tell you first that something is different?

# %% [markdown]
# How long is an epoch of MNIST on this machine? The cell times thirty steps of the game; do not compare it with another
# machine's, nor with this one while something else runs.

# %% tags=["nbval-ignore-output"]
import time

began = time.perf_counter()
train(copy.deepcopy(game), data, steps=30, progress=False)
print(f"about {(time.perf_counter() - began) / 30 * 937:.0f} seconds for the 937 steps of an epoch of MNIST")

# %% [markdown]
# ## Does the noise matter?
#
# The paper asks for noise and names no distribution; its authors drew uniform numbers. One of our sources says that
# uniform or Gaussian noise "does not matter". Is that so? Two small games on the embedded digits, three seeds each,
# equal in all but the noise; the score is the Parzen log-likelihood of notebook 10 (higher is better).

# %%
from gan_edu.metrics import parzen_log_likelihood

small = load_images("digits")
test = load_images("digits", split="test").images.flatten(1).double() / 255

def small_game(latent, seed):
    with seeded(seed):
        return GAN(MLPGenerator(32, hidden=(64, 128), latent=latent), MLPDiscriminator(hidden=(64,)))


# %% [markdown]
# One run: 400 steps with a moving average, then 1,000 samples and their score on the held-out digits.

# %%
def score_with(latent, seed):
    game = small_game(latent, seed)
    optimizers = [torch.optim.Adam(net.parameters(), lr=5e-4, betas=(0.5, 0.999)) for net in (game.G, game.D)]
    train(game, small, steps=400, seed=seed, optimizers=optimizers, ema=0.99, progress=False)
    samples = (game.sample(1000, generator=torch.Generator().manual_seed(0)).flatten(1) + 1) / 2
    return parzen_log_likelihood(samples, test, 0.2)[0]


# %% [markdown]
# The six scores, in nats:

# %% tags=["nbval-ignore-output"]
scores = {latent: [score_with(latent, seed) for seed in range(3)] for latent in ("normal", "uniform")}
for latent, values in scores.items():
    print(f"{latent:8}", np.round(values).astype(int))

# %% [markdown]
# How large is the difference between the two rows, beside the differences within a row?

# %%
gap = abs(np.mean(scores["normal"]) - np.mean(scores["uniform"]))
spread = max(np.ptp(values) for values in scores.values())
print("the rows differ by less than three times what the seeds do:", gap < 3 * spread)
assert gap < 3 * spread

# %% [markdown]
# On this game the choice of noise is lost in the choice of seed. That is what three seeds can say, and no more: it is a
# measurement, not a theorem. (In notebook 07 the shape of the noise does matter, when you walk between two points.)
#
# ## A long run, shipped
#
# Good digits take longer than a cell should. So the course ships a run: the same pair, the rates of `algorithm_1` above (1e-4 and 2e-4),
# the whole of MNIST, with a moving average of G. The card says how it was made.

# %%
card = pretrained.card("mnist-mlp")
print(card["command"])
print(f"k = {card['k']}, {card['steps']:,} steps, seed {card['seed']}, moving average {card['ema']}")

# %% [markdown]
# And here are the first 48 draws of seed 1.

# %%
finished = pretrained.load("mnist-mlp")
samples = finished.sample(48, generator=torch.Generator().manual_seed(1))
plots.show(plots.image_grid(samples, columns=16), "Forty-eight digits from the shipped generator mnist-mlp.")

# %% [markdown]
# Nothing was picked: the failures are part of it.
#
# Now scrub through time. Drag the slider, choose k, draw a new z. All four runs use the same seed and the same rates,
# and differ in k alone. The curve beside the picture is the Parzen score of each.

# %%
from gan_edu.widgets import RunExplorer

RunExplorer()

# %% [markdown]
# *Predict, then look.* At an equal number of generator steps, does a larger k give better or worse digits? And is that a
# fair comparison?

# %%
runs = {pretrained.card(name)["k"]: {row["step"]: row for row in pretrained.card(name)["curve"]}
        for name in ("mnist-mlp", "mnist-mlp-k2", "mnist-mlp-k3", "mnist-mlp-k5")}

def at(step, key="parzen"):
    return [run[step][key] for run in runs.values()]

for step in (2_811, 11_244):
    print(f"{step:6,} steps:", ", ".join(f"k = {k} scores {score:.1f}" for k, score in zip(runs, at(step))))

# %% [markdown]
# Look along the first row, then along the second. The cell below holds what the text then says.

# %%
assert at(2_811) == sorted(at(2_811)) and np.argmax(at(11_244)) == 1 and runs[5][11_244]["parzen"] < max(
    row["parzen"] for row in runs[5].values())

# %% [markdown]
# After 2,811 steps a larger k is better, in order: D is nearer to its best answer, so each step of G knows better where
# to go. After 11,244 steps that order is gone. k = 2 leads, and k = 5, which had led, has fallen back below its own best.
#
# And it was not a fair race. With k = 5 a step costs six updates, with k = 1 two. At 22,488 updates in all, G's and D's
# together, k = 1 has made 11,244 steps and k = 2 has made 7,496:

# %%
print(f"22,488 updates: k = 1 scores {runs[1][11_244]['parzen']:.1f}, k = 2 scores {runs[2][7_496]['parzen']:.1f}")
assert runs[2][7_496]["parzen"] > runs[1][11_244]["parzen"]

# %% [markdown]
# So here the second step of D paid for itself. More steps did not: in the second row above, k = 3 needed twice the
# updates of k = 1 to score the same, and k = 5 three times as many to score less. This is one seed, one pair of
# networks, one pair of learning rates: enough to show that "more steps of D are better" is no law, not enough for a
# law of another kind. The paper used k = 1 because it is the cheapest.
#
# ## What does a loss tell?
#
# One of the sources says that a good run shows itself by a falling loss of G and a rising loss of D, and then warns,
# rightly, that the loss alone is not enough. Another says that D's loss should settle near 0.5. Both can be tested, for
# the card keeps losses and scores along the run.

# %%
curve = card["curve"]
loss_G, loss_D, quality = (np.array([row[key] for row in curve]) for key in ("loss_G", "loss_D", "parzen"))
steps = np.array([row["step"] for row in curve])
figure, (left, right) = plots.figure(9.6, 3.2, columns=2)
plots.curves(steps, {"loss of G": loss_G, "loss of D": loss_D}, xlabel="generator step", ylabel="loss (nats)", ax=left,
             colors={"loss of G": "generated", "loss of D": "discriminator"})
plots.curves(steps, {"Parzen score": quality}, xlabel="generator step", ylabel="nats", ax=right)
plots.show(figure, "Along the shipped run: the loss of G falls from about 6 to 1.3, the loss of D rises to about 1, the Parzen score rises from -200 to above 200.")


# %% [markdown]
# ### Exercise 3: how strong is the link?
#
# A rank correlation asks only whether two lists rise and fall together: replace each value by its rank and take the
# ordinary correlation of the ranks (Spearman 1904). The curves above show the sign within one run. Which sign do you expect
# *between* the four runs, at one step? Write the function for lists without ties.

# %% tags=["exercise-06-rank"]
def my_rank_correlation(a, b):
    return ...


# %% tags=["check-06-rank"]
check("06-rank", my_rank_correlation)


# %% [markdown]
# Here is the answer for the shipped run with k = 1, from its third look on, when the first chaos is over.

# %%
def rank_correlation(a, b):
    ranks = [np.argsort(np.argsort(values)) for values in (a, b)]
    return np.corrcoef(*ranks)[0, 1]

within = rank_correlation(loss_G[2:], quality[2:]), rank_correlation(loss_D[2:], quality[2:])
print(f"within the run: score against loss of G {within[0]:+.2f}, against loss of D {within[1]:+.2f}")
assert within[0] < -0.95 and within[1] > 0.95

# %% [markdown]
# Within this run the source is right: as the digits get better, the loss of G falls and the loss of D rises, almost
# without exception. Does that make the loss a measure of quality? Compare *between* runs, at the same step:

# %%
for k, score, loss in zip(runs, at(2_811), at(2_811, "loss_G")):
    print(f"k = {k} after 2,811 steps: loss of G {loss:.2f}, score {score:6.1f}")
between = rank_correlation(at(2_811, "loss_G"), at(2_811))
print(f"between the runs: {between:+.2f}")
assert between > 0.99

# %% [markdown]
# The sign has turned round: the run with the *highest* loss has the best digits. The loss of G is measured against its
# own judge, and a run with a better judge has a harder exam. It can tell you that something moves, never how good it is.
#
# And the 0.5 that D's loss should come to? At rest D(x) = 1/2 everywhere and the sum of its two terms is
# log 4 = 1.386; a code that halves the sum, as the source's does, rests at log 2 = 0.693. Our run passed 0.5 on the way:

# %%
halved = loss_D[-1] / 2
print(f"halved loss of D: {halved:.2f} at the end of the shipped run, and {np.log(2):.3f} at rest")
assert 0.5 < halved < np.log(2) and loss_D[-1] > loss_D[-4]

# %% [markdown]
# 0.5 is no special place, neither for the loss nor for stopping. It is D's *verdict* that comes to rest at 1/2.

# %% [markdown]
# ## What the paper says, what its authors' code does, what we do
#
# | | paper | authors' code | here |
# |---|---|---|---|
# | noise z | no distribution named (section 3) | uniform, unit variance, 100 numbers | normal, 100 numbers (`ReLUGenerator`: uniform) |
# | G | rectifiers and sigmoids | 1200-1200 rectifiers, sigmoid | 256-512-1024, BatchNorm, leaky rectifiers, tanh |
# | D | maxout, dropout | two maxout layers of 240 x 5, dropout | 512-256, leaky rectifiers (`MaxoutDiscriminator`: theirs) |
# | G's loss | minimax in the theory, -log D in practice | -log D | -log D, others by name |
# | k | 1 in the experiments | 1 | any; 1 unless said |
# | steps | momentum | SGD with momentum, decaying rate, batch 100 | Adam, 1e-4 and 2e-4, batch 64 |
# | what is shown | samples | the last weights | a moving average of G |
#
# ## Summary
#
# * Algorithm 1 is a dozen lines; the rest of a training loop is care.
# * Watch samples, both losses and D's two histograms together. A judge who is ahead is normal.
# * More steps of D a step of G is not the same as more training: compare at equal generator steps *and* at equal work.
# * The loss of G may follow quality within a run and still rank runs the wrong way round. Measure quality itself, as
#   notebook 10 does.
#
# **Next.** The generator works. Notebook 07 asks what the 100 numbers that it starts from mean.
#
# ## References
#
# * I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville and Y. Bengio. *Generative
#   Adversarial Nets.* NeurIPS 2014. Algorithm 1; section 3 on the loss of G; section 5 and table 1 on MNIST.
# * I. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville and Y. Bengio. *Maxout Networks.* ICML 2013. Section 3.
# * D. Kingma and J. Ba. *Adam: A Method for Stochastic Optimization.* ICLR 2015. Algorithm 1; section 7.2 on averaging.
# * A. Radford, L. Metz and S. Chintala. *Unsupervised Representation Learning with Deep Convolutional Generative
#   Adversarial Networks.* ICLR 2016. Section 4 on the rates and the momentum of Adam.
# * C. Spearman. *The Proof and Measurement of Association between Two Things.* American Journal of Psychology, 1904.
