# %% [markdown]
# # 11. Wasserstein
#
# Is there a loss you can read? In notebook 06 the losses of a GAN turned out to be exam marks from a judge who changes
# all the time, and in notebook 10 quality had to be measured elsewhere. One of our source documents, in two sentences,
# promises a way out: the **Wasserstein GAN** changes the loss to "include the Wasserstein distance", and that loss
# "reflects the quality of the images". Here we find out what that distance is, how a network can come to measure it,
# how far off its number is, and whether it follows quality.
#
# **Goals.** You will be able to
#
# 1. compute $W_1$ of two distributions on a line in three ways, and say why JS, TV and KL are of no help when they lie apart;
# 2. turn the distance into a game: from a plan to a critic, from a critic to a loss;
# 3. hold a critic's slope by clipping and by a penalty, and say how far off its number is in either case;
# 4. see by a Jacobian whether a critic judges each image by itself, and find the one that does not;
# 5. tell what a loss that can be read does **not** promise.
#
# **Time.** 50 minutes to read and run, 30 more for the three exercises.
#
# **Prerequisites.** Notebooks 03 (D*, JS) and 06 (losses against quality); 09 helps. Integrals, gradients; natural logarithms.

# %%
import numpy as np
import torch
from scipy.optimize import linprog

from gan_edu import course, plots, theory
from gan_edu import theory_transport as transport
from gan_edu.checks import check
course.explain_unknown_names(); torch.set_num_threads(1)

# %% [markdown]
# ## Two points
#
# The smallest case of all: the data are one point, at 0, and $G$ makes one point, at $\theta$. We put both on a grid, as two
# spikes of mass 1, and move $\theta$.
#
# *Predict, then run.* $G$ stands at $\theta = 4$ and moves to 2, then to 1. It gets better. Which of JS, TV, KL and $W_1$ will
# say so?

# %%
x = np.arange(-1, 6, 0.25)
def spike(at):
    return np.where(x == at, 1 / 0.25, 0.0)                       # mass 1 on a grid of step .25

for shift in (4, 2, 1, 0.5, 0):
    p, q = spike(0), spike(shift)
    print(f"shift {shift:4}: JS {theory.js(p, q, x):.4f}, TV {theory.total_variation(p, q, x):.1f}, "
          f"KL {theory.kl(p, q, x):.1f}, W1 {theory.wasserstein1(p, q, x):.3f}")
    assert abs(theory.js(p, q, x) - (np.log(2) if shift else 0)) < 1e-3 and abs(theory.wasserstein1(p, q, x) - shift) < 1e-3

# %% [markdown]
# JS is $\log 2 = .6931$ whatever the shift, TV is 1, KL infinite. All three compare *heights* of densities at the same
# place, and where the two never share a place there is nothing to compare: near or far is all the same. $W_1$ is the
# shift itself. (Arjovsky et al. 2017, example 1.)
#
# This is no curiosity. $G$ maps 100 numbers to 784, so its images lie on a thin sheet in the space of images, as do the
# data; two thin sheets meet in next to nothing, and their JS is at its end stop (Arjovsky and Bottou 2017, section 2).
#
# ## Earth and how far to carry it
#
# $W_1$ is a price. Let $p$ be heaps of earth and $q$ the holes to be filled, both of mass 1. A **plan** is a table
# $\pi_{ij} \ge 0$: how much goes from place $x_i$ to place $x_j$. Its rows must sum to $p$, its columns to $q$. Work is mass
# times distance, and
#
# $$W_1(p, q) = \min_\pi \sum_{ij} \pi_{ij}\, |x_i - x_j|. \tag{1}$$
#
# A linear cost, linear conditions: a *linear programme*, which SciPy can solve (it is there because scikit-learn needs it).

# %%
places = np.array([0.0, 1, 2, 3.5, 5, 6])
p, q = np.array([0.3, 0.3, 0, 0, 0.2, 0.2]), np.array([0, 0.1, 0.4, 0.4, 0.1, 0])
cost, n = np.abs(places[:, None] - places), len(places)
rows, columns = np.kron(np.eye(n), np.ones(n)), np.kron(np.ones(n), np.eye(n))      # which entries of the table add up to what
best = linprog(cost.ravel(), A_eq=np.concatenate([rows, columns]), b_eq=np.concatenate([p, q]))
print(f"least work: {best.fun:.4f}")

# %% [markdown]
# The table itself, and the one that `theory_transport` gives. On a line there is a rule: the leftmost earth goes into the leftmost
# hole, and no two loads ever cross. (Several tables may be equally cheap; their work is what has to agree.)

# %%
moves = transport.plan(p, q, places)
print(moves.round(2))
print(f"work of that table: {(moves * cost).sum():.4f};  no row or column is wrong: {np.allclose(moves.sum(1), p) and np.allclose(moves.sum(0), q)}")
assert abs((moves * cost).sum() - best.fun) < 1e-9


# %% [markdown]
# ## From a table to a sum
#
# With n places the programme has n² unknowns. On a line that is far too much trouble. Stand in the gap between $x_i$ and
# $x_{i+1}$ and count what is carried past you: all earth on your left, less all holes on your left, which is
# $F_p(x_i) - F_q(x_i)$ with the cumulated masses $F$. No plan can carry less past you, and each gap is as wide as it is.
#
# ### Exercise 1: from the programme to the sum
#
# Write `my_w1(p, q, x)`: the least work for masses `p` and `q` (n,) on the increasing, *uneven* points `x` (n,), without
# `linprog`. A wrong one gets a counter-example.

# %% tags=["exercise-11-work"]
def my_w1(p, q, x):
    return ...


# %% tags=["check-11-work"]
check("11-work", my_w1)

# %% [markdown]
# For densities the sum becomes the integral $\int |F_p - F_q|\,dx$, which is `theory.wasserstein1`. The programme and the
# integral, for twenty random pairs:

# %%
rng = np.random.default_rng(0)
worst = 0.0
for _ in range(20):
    a, b = rng.dirichlet(np.ones(n), size=2)
    least = linprog(cost.ravel(), A_eq=np.concatenate([rows, columns]), b_eq=np.concatenate([a, b])).fun
    worst = max(worst, abs(least - transport.work(a, b, places)))
print("largest difference below 1e-6:", worst < 1e-6)
assert worst < 1e-6

# %% [markdown]
# ## Somebody who names prices
#
# Where is the discriminator in this? Think of a carrier who does the moving for you. She asks for a fee $f(x)$ where earth is
# loaded and pays $f(x')$ back where it is unloaded, so for her a load from $x$ to $x'$ earns $f(x) - f(x')$. You only accept if
# that is never more than doing it yourself, $f(x) - f(x') \le |x - x'|$: **her $f$ must not be steeper than 1 anywhere**, it must
# be *1-Lipschitz*. Then for every plan
#
# $$\mathbb E_p f - \mathbb E_q f = \sum_{ij} \pi_{ij}\,\bigl(f(x_i) - f(x_j)\bigr) \le \sum_{ij} \pi_{ij}\,|x_i - x_j|. \tag{2}$$
#
# So no such $f$ earns more than the cheapest plan costs. Kantorovich (1942) showed that the best one earns exactly that:
#
# $$W_1(p, q) = \max_{f\ \text{1-Lipschitz}} \; \mathbb E_{x \sim p} f(x) - \mathbb E_{x \sim q} f(x). \tag{3}$$
#
# On a line one can see it: let $f$ rise with slope 1 where earth has to go left and fall with slope 1 where it has to go right.

# %%
f = transport.potential(p, q, places)
print("f:", f, "  steepest slope:", np.abs(np.diff(f) / np.diff(places)).max())
print(f"what f earns: {f @ (p - q):.4f};  least work: {best.fun:.4f}")
assert abs(f @ (p - q) - best.fun) < 1e-9

# %% [markdown]
# They meet, and by (2) that proves both of them best. Note what (3) looks like: mean of $f$ on real, minus mean of $f$ on fake.
# It is a game for a *network*, and there is no logarithm and no probability in it.
#
# ### Move it
#
# Above, the data; below, the fakes; threads carry 1/24 of the mass each. Drag $q$, or use the arrow keys.
#
# *Predict first.* Start with "two bumps". At which shift does JS stop saying anything? What does $D^*$ look like there, at
# the place of the fakes, and what does $f$ look like?

# %%
from gan_edu.widgets import TransportExplorer

TransportExplorer().load("two bumps")

# %% [markdown]
# * *Two points*: JS is a wall with a crack in it, $W_1$ a V.
# * *Two halves, one heap*: the threads part, and $f$ has a kink. Then $\theta$ to and fro: $W_1$ does not care which way for a while. Why?
# * *One inside the other*, at shift 0: the two means agree, and still there is work to do. $f$ is a tent upside down.
#
# ## What reaches G
#
# What moves $G$ is a slope, not a value. How much does each distance change if $\theta$ changes a little? Two Gaussians of width
# 0.5, ever further apart:

# %%
shifts = (0.5, 1, 2, 4, 5)
print("shift   dJS/dshift   dW1/dshift")
for shift in shifts:
    r = TransportExplorer(p_width=0.5, q_width=0.5, shift=float(shift)).readouts()
    print(f"{shift:5}   {r['JS_slope']:10.7f}   {r['W1_slope']:10.4f}")
    assert abs(r["W1_slope"] - 1) < 1e-3 and (shift < 5 or abs(r["JS_slope"]) < 1e-5)

# %% [markdown]
# JS fades away just where $G$ is worst, $W_1$ pulls with 1 from everywhere. That is the promise: a critic may be trained *as well as
# one can*, and the better it is the more it is worth, while for a judge of probabilities "too good" was a problem (notebook 04).
#
# ## The game
#
# Replace $f$ by a network, the **critic**; maximise (3) over its weights; let $G$ minimise what remains. In `objectives.py`:

# %%
from gan_edu.objectives import OBJECTIVES

w = OBJECTIVES["wasserstein"]
real, fake = torch.tensor([[2.0], [3.0]]), torch.tensor([[0.5], [1.5]])          # scores, of any size
print("critic's loss:", w.discriminator(real, fake).item(), " = -(mean on real - mean on fake) =", -(real.mean() - fake.mean()).item())
print("G's loss:", w.generator(fake).item())

# %% [markdown]
# Scores, not logits: no sigmoid anywhere, and adding 100 to all of them changes nothing in the critic's loss. (It changes *G's* loss by
# 100. So the loss of $G$ alone means nothing here; the number to read is the gap, minus the critic's loss.)
#
# One thing is missing: "not steeper than 1". Without it the gap has no upper end; multiply the scores by 10 and it is ten times as
# large. Two ways have been proposed.
#
# * **Clip** (Arjovsky et al. 2017, algorithm 1): after each step, cut every weight back into $[-c, c]$. The paper's $c$ is 0.01, and
#   the paper itself calls it "a clearly terrible way".
# * **Penalise** (Gulrajani et al. 2017, eq. 3): add $\lambda\,\mathbb E\,(\lVert\nabla D(\hat x)\rVert - 1)^2$ to the critic's loss, with
#   $\lambda = 10$, at points $\hat x = e\,x + (1 - e)\,G(z)$ on straight lines between real and fake, $e$ uniform in $[0, 1]$.
#
# Both are `WGAN`, and neither has a training loop of its own: clipping is one line after a critic's step, the penalty one line in the loss.
#
# ## How far off is the number?
#
# Let us take two points at distance $d = 3$ and see what a critic reads. $G$ is told to stand still (a learning rate of 0), so the
# truth is known: $W_1 = 3$.

# %%
from gan_edu.games import WGAN
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.toys import Gaussian1D
from gan_edu.training import train

def standing_at_zero(hidden=(32,), **held):
    with seeded(0):
        G = MLPGenerator(2, shape=(1,), hidden=(4,), output="linear", batch_norm=False)
        game = WGAN(G, MLPDiscriminator(shape=(1,), hidden=hidden), **held)
    torch.nn.utils.vector_to_parameters(torch.zeros(17), G.parameters())
    return game


# %% [markdown]
# The critic alone learns, 400 steps; `history["W1"]` is the gap of the two means, without the penalty.

# %%
def read(game, d=3.0, steps=80, lr=1e-2):
    still = torch.optim.SGD(game.G.parameters(), lr=0.0)
    moves = torch.optim.Adam(game.D.parameters(), lr=lr, betas=(0.0, 0.9))
    history = train(game, Gaussian1D(d, 0.001), k=5, steps=steps, batch_size=32, optimizers=(still, moves), progress=False)
    return history["W1"][-20:].mean()


# %% [markdown]
# *Predict, then run.* With a penalty the slope may be a little above 1 if that pays. Two points at distance $d$ and a critic of slope
# $s$ between them: it earns $s\,d$ and pays $\lambda(s - 1)^2$. Which $s$ is best, and what does the gap read?

# %%
for weight in (10, 100):
    found, foretold = read(standing_at_zero(penalty=weight)), transport.two_points_with_penalty(3.0, weight)
    print(f"lambda {weight:3}: reads {found:.2f}, foretold d + d²/2λ = {foretold:.2f}")
    assert abs(found - foretold) < 0.06

# %% [markdown]
# The derivative of $s\,d - \lambda(s-1)^2$ is zero at $s = 1 + d/2\lambda$, so the gap reads $d + d^2/2\lambda$: a little too much, more so the
# further apart the two are, and one knows by how much. At $\lambda = 10$ and $d = 3$ that is 15 %.
#
# Now clipping, with several sizes of the critic.
#
# *Predict.* A network with one hidden layer of 32, all weights in $[-c, c]$: how steep can it be, if the input is one number?

# %%
clipped = {}
for hidden, c in (((32,), 0.1), ((32,), 0.2), ((32, 32), 0.1), ((64, 64), 0.1)):
    found, steepest = read(standing_at_zero(hidden, clip=c), lr=5e-3), c * np.prod([width * c for width in hidden])
    clipped[hidden, c] = found
    print(f"hidden {str(hidden):8} c = {c}: reads {found:5.2f};  3 x the steepest slope in the box: {3 * steepest:5.2f}")
    assert 0.3 * steepest < found / 3 < 1.01 * steepest

# %% [markdown]
# **The truth is 3 each time**, and each critic reads what its box allows: $c \cdot \prod (c \cdot \text{width})$ is the steepest slope, if every weight
# sits at its end with the right sign. Not even that is reached: about half of the hidden units began with the wrong sign and found it
# better to stay there, with the leak 0.2. So the factor depends on the architecture, on $c$, on the first weights, *and on
# the two distributions*: a clipped critic's number has a unit nobody knows. Within one run it may still rise and fall with $W_1$.
#
# ### Clip against penalty
#
# In the plane, with three kinds of fakes for which $W_1$ is known exactly: the data moved aside by 1.5; the data shrunk to half (the best
# critic is the cone $|x|$); all fakes at the middle (collapsed). The critics were trained beforehand, 1,500 steps each, and are evaluated
# in front of you.
#
# *Predict, then look at the weights.* Where will clipping leave them?

# %%
from gan_edu.widgets import PenaltyExplorer

PenaltyExplorer(way="clip", at=1)

# %% [markdown]
# The same kind of critic, held by the penalty:

# %%
PenaltyExplorer(way="penalty", at=2)

# %% [markdown]
# Most weights of the clipped critic sit at $\pm c$ (its readout "weights at the edge" gives the share), pushed there by a loss that only wants to be steep. Such a network has few shapes
# left, and the level lines show it (Gulrajani et al. 2017, figure 1). All situations and settings in numbers, as "read / exact":

# %%
from gan_edu.widgets import penalty_store

print(f"{'':18}" + "".join(f"  c = {c:<6}" for c in penalty_store.CLIPS) + "".join(f"  λ = {w:<5}" for w in penalty_store.PENALTIES))
found = {}
for situation in penalty_store.SITUATIONS:
    found[situation] = [PenaltyExplorer(situation=situation, way=way, at=at).readouts() for way in ("clip", "penalty") for at in range(4)]
    print(f"{situation:18}" + "".join(f"{r['factor']:10.4f}" for r in found[situation][:4]) + "".join(f"{r['factor']:11.3f}" for r in found[situation][4:]))

# %% [markdown]
# What to read there:

# %%
clip = {situation: [r["factor"] for r in rows[:4]] for situation, rows in found.items()}
print(f"from c = .01 to c = .3 the reading grows {min(row[3] / row[0] for row in clip.values()):,.0f} times or more")
print("and at c = .1 the factor depends on the fakes:", [round(row[2], 2) for row in clip.values()])
middle = [found["all at the middle"][4 + i]["reads"] for i in range(3)]
print("all at the middle, λ = .1, 1, 10:", [round(r, 2) for r in middle], " foretold:", [round(transport.two_points_with_penalty(2.0, w), 2) for w in (0.1, 1, 10)])
assert min(row[3] / row[0] for row in clip.values()) > 1e4 and max(row[2] for row in clip.values()) > 2 * min(row[2] for row in clip.values())
assert np.allclose(middle, [transport.two_points_with_penalty(2.0, w) for w in (0.1, 1, 10)], rtol=0.01)


# %% [markdown]
# Ten thousand times and more, for the same two distributions: that is clipping's unknown factor, and it differs between situations at one and the same $c$. With the penalty, at
# $\lambda = 10$ all three are within 10 % of the truth, and "all at the middle" follows $d + d^2/2\lambda$, because seen from one point every ray is
# a pair of points. But $\lambda = 100$ does not simply make it better: held so hard, the two critics that have to bend were not yet there
# after 1,500 steps and read too *little*. **The number is $W_1$ up to how well the critic is held, and how well it is trained.**
#
# ### Exercise 2: write the gradient penalty
#
# `my_penalty(D, x_real, x_fake, e)` returns $\mathbb E\,(\lVert\nabla_{\hat x} D(\hat x)\rVert_2 - 1)^2$ with $\hat x = e\,x + (1 - e)\,G(z)$, without the
# factor $\lambda$. Samples may be points (n, d) or images (n, C, H, W); `e` has one share for each sample, ready to be multiplied. Return a
# tensor that $D$ can learn from: the check differentiates it by $D$'s weights.

# %% tags=["exercise-11-penalty"]
def my_penalty(D, x_real, x_fake, e):
    x_hat = (e * x_real + (1 - e) * x_fake).requires_grad_()
    return ...


# %% tags=["check-11-penalty"]
check("11-penalty", my_penalty)

# %% [markdown]
# Ours is `objectives.gradient_penalty`; tests compare it with finite differences, through the penalty, for every weight of a critic. Where a
# gradient is exactly 0 its norm has no derivative; ours keeps the root away from there by $10^{-12}$.
#
# ## Each image by itself
#
# The penalty needs $\nabla_{\hat x} D(\hat x)$ *of each image*. Code gets all of them at once, as the gradient of the **sum** of all scores, which is
# right only if no image has a say in the score of another. So look: the Jacobian of eight scores by eight images, as one number for each
# pair, $\max |\partial D_i / \partial x_j|$.

# %%
from gan_edu.networks import Critic, DCGANDiscriminator

images = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
def company(D):
    J = torch.autograd.functional.jacobian(lambda x: D(x)[:, 0], images)          # (8, 8, 1, 28, 28)
    return J.flatten(2).abs().amax(2)


# %% [markdown]
# *Predict, then run.* DCGAN's discriminator as published, with BatchNorm, and the same without, both in training mode. Which entries are 0? (Grey on a logarithmic
# scale.)

# %%
with seeded(0):
    critics = {"BatchNorm": DCGANDiscriminator(width=8), "none": Critic(width=8), "layer norm": Critic(width=8, norm="layer")}
tables = {name: company(D) for name, D in critics.items()}
fig, axes = plots.figure(8.6, 2.9, columns=3)
for ax, (name, J) in zip(axes, tables.items()):
    ax.imshow((J / J.max()).clamp(min=1e-4).log10(), cmap="Greys", vmin=-4, vmax=0)      # white: 1e-4 of the largest, or 0
    plots.style(ax, xlabel="image", ylabel="score", title=name).grid(False)
plots.show(fig, "Three Jacobians, scores by images, 8 by 8: with BatchNorm every entry is grey, without it or with layer norm only the diagonal is.")

# %% [markdown]
# In numbers, the largest entry off the diagonal as a part of the largest on it:

# %%
for name, J in tables.items():
    off = (J - torch.diag(J.diagonal())).max() / J.max()
    print(f"{name:10} off the diagonal: {off:.3f}")
    assert (off == 0) == (name != "BatchNorm")


# %% [markdown]
# Exactly 0 without it, and not 0 with it. BatchNorm subtracts the mean of the *batch*: every image is in every score. What code takes for the slope
# at image $j$, the gradient of the sum, is $\sum_i \partial D_i / \partial x_j$; only $i = j$ belongs there. How large is the foreign rest, and does it matter
# more once such a network has learned something? Forty steps of a plain GAN on the small digits:

# %%
def foreign(D):
    J = torch.autograd.functional.jacobian(lambda x: D(x)[:, 0], images).flatten(2)
    own = torch.stack([J[i, i] for i in range(len(images))])
    return ((J.sum(0) - own).norm(dim=1) / own.norm(dim=1)).median().item()

before = {name: foreign(D) for name, D in critics.items()}
print({name: f"{share:.2f} of the slope" for name, share in before.items()})

# %% [markdown]
# That was before any training; and after:

# %%
from gan_edu.data import load_images
from gan_edu.games import GAN
from gan_edu.networks import DCGANGenerator

game = GAN(DCGANGenerator(16, width=8), critics["BatchNorm"])
rates = [torch.optim.Adam(player.parameters(), lr=1e-3, betas=(0.5, 0.999)) for player in (game.G, game.D)]
train(game, load_images("digits"), steps=40, batch_size=32, optimizers=rates, progress=False)
after = foreign(game.D)
print(f"BatchNorm, foreign part more than before: {after > before['BatchNorm']};  a third of the slope or more: {after > 1 / 3}")
assert before["none"] == before["layer norm"] == 0 and after > before["BatchNorm"] > 0.05

# %% [markdown]
# A penalty on that gradient holds something else at 1 than the slope at an image. That is why Gulrajani et al. (section 4) leave batch
# normalisation out of the critic and recommend layer normalisation, and why `WGAN(..., penalty=...)` warns when it meets one. A
# critic with BatchNorm and a gradient penalty runs without an error, and one finds such code in print.
#
# ### Exercise 3: find the BatchNorm
#
# Four critics for images (n, 1, 16, 16), as plain functions, in training mode. Some judge each image by itself. Which do **not**? (BatchNorm is one
# way to look at the whole batch, and not the only one.) Measure, do not guess.

# %%
from gan_edu.checks.nb11 import blinded_critics

blinded = blinded_critics()
print({name: tuple(judge(torch.zeros(5, 1, 16, 16)).shape) for name, judge in blinded.items()})

# %% [markdown]
# Give a list of names.

# %% tags=["exercise-11-company"]
my_list = [...]

# %% tags=["check-11-company"]
check("11-company", my_list)

# %% [markdown]
# ## Can it be read?
#
# Now the claim itself. A ring of eight Gaussians, small networks; at 32 looks we note the true $W_1$ of $G$'s samples to the data (the best of all pairings of
# 512 with 512 points, which is the plan (1) itself) and the losses of the 25 steps before. Played beforehand, several seeds each:

# %%
stored = penalty_store.runs()
for family, (held, k, lr_G, lr_D, _) in stored["families"].items():
    seeds = [run["seed"] for run in stored["runs"] if run["family"] == family]
    print(f"{family:15} k = {k}, rates {lr_G:g} and {lr_D:g}, {len(seeds)} seeds {held or ''}")
print(stored["command"])


# %% [markdown]
# *Predict.* In which of them will the loss follow $W_1$, and for how long? Seed 0 of three of them:

# %%
def of(family, seed=0):
    return next({key: np.array(value) for key, value in run.items() if isinstance(value, list)} for run in stored["runs"] if (run["family"], run["seed"]) == (family, seed))

shown = {"WGAN, penalty": {"critic reads": "reading"}, "WGAN, clip": {"critic reads": "reading"}, "GAN, k = 1": {"loss of D": "loss_D", "loss of G": "loss_G"}}
colors = {"true W1": plots.INK, "critic reads": "discriminator", "loss of D": "discriminator", "loss of G": "generated"}
fig, axes = plots.figure(10.6, 3.0, columns=3)
for ax, (family, losses), run in zip(axes, shown.items(), map(of, shown)):
    lines = {"true W1": run["W1"]} | {label: run[name] for label, name in losses.items()}
    plots.curves(run["step"], lines, xlabel="step of G", ylabel="", title=family, ax=ax, colors=colors)
ax.get_legend().set_loc((0.5, 0.48))
plots.show(fig, "True W1 and losses over a run of three games: with the penalty the critic's number falls with W1, dips below it and comes back; clipped, it falls with W1 and then stays far below it; the losses of the plain GAN hardly move while W1 falls.")


# %% [markdown]
# And as rank correlations with the true $W_1$ (notebook 06): over all 32 looks, over the first 20, where $W_1$ falls steeply, and over the last 16. Lowest and highest
# of the seeds. +1 is a loss that can be read, 0 one that says nothing.

# %%
def rank_correlation(a, b):
    ranks = [np.argsort(np.argsort(values)) for values in (a, b)]
    return np.corrcoef(*ranks)[0, 1]

def band(family, loss, looks):
    rows = [rank_correlation(run[loss][looks], run["W1"][looks]) for run in stored["runs"] if run["family"] == family]
    return min(rows), max(rows)

parts = {"all 32 looks": slice(None), "the first 20": slice(20), "the last 16": slice(16, None)}

# %% [markdown]
# For each game the number one would read: the critic's gap, or either loss of a plain GAN.

# %%
bands = {}
for family in stored["families"]:
    for loss in ("reading",) if family.startswith("WGAN") else ("loss_D", "loss_G"):
        bands[family, loss] = {name: band(family, loss, looks) for name, looks in parts.items()}
        print(f"{family:14} {loss:8}" + "".join(f"  {name}: {low:+.2f} to {high:+.2f}" for name, (low, high) in bands[family, loss].items()))
assert bands["WGAN, penalty", "reading"]["all 32 looks"][0] > 0.4 and bands["WGAN, penalty", "reading"]["the first 20"][0] > 0.65

# %% [markdown]
# **The critic's number can be read**, in every seed and with the right sign: with the penalty the correlation lies between +.4 and +.7 over the whole run, and
# between +.65 and +.95 while $W_1$ falls steeply. **And there is an end to it.** In the second half it says nothing, or the contrary. The picture
# shows why: $G$ has run ahead of its critic. The gap dips far below $W_1$, which stops falling or even rises meanwhile; when the critic has caught up, both agree
# again. The number is $W_1$ for a critic near its best, and five steps of Adam are not always enough for that.
#
# The plain GAN? Its losses are not worthless either. The loss of $G$ goes *with* $W_1$ in every seed, between +.25 and +.55 over the run. That is less closely than the critic's
# number while $W_1$ falls steeply; over the whole run the bands touch, and in the last looks the critics are the worse ones. The loss of $D$ says next to nothing.
# A judge near its best would
# be readable too, since its loss is then $\log 4 - 2\,\mathrm{JS}$; what it lacks is the far end of the scale, where JS stands still.
#
# One thing only the critic with a penalty has: **a scale**. (That the clipped one begins near $W_1$ is an accident of $c$ and width, as the table above shows.) At the
# end of the runs, number against truth:

# %%
for family in ("WGAN, penalty", "WGAN, clip"):
    ratio = [run["reading"][-1] / run["W1"][-1] for run in stored["runs"] if run["family"] == family]
    print(f"{family:14} at the last look, read / true W1: {min(ratio):.2f} to {max(ratio):.2f}")
print(f"(real against real, 512 points each, the true W1 is {stored['floor']:.2f} and not 0)")
assert all(0.7 < run["reading"][-1] / run["W1"][-1] < 1.1 for run in stored["runs"] if run["family"] == "WGAN, penalty")

# %% [markdown]
# ### On images
#
# For images nobody knows the true $W_1$. We have the Fréchet distance of notebook 10, at each look of the shipped runs, in their cards. The critic's number, or the
# losses, against it:

# %% tags=["nbval-ignore-output"]
from gan_edu import pretrained

for name in ("mnist-wgan-gp", "mnist-dcgan"):
    if name not in pretrained.available():
        print(f"{name}: these weights do not come with this edition")
        continue
    curve = pretrained.card(name)["curve"]
    columns = ("W1",) if "W1" in curve[0] else ("loss_D", "loss_G")
    print(f"{name:14} {len(curve)} looks, against the Fréchet distance: " + ", ".join(
        f"{c} {rank_correlation([row[c] for row in curve], [row['frechet'] for row in curve]):+.2f}" for c in columns))

# %% [markdown]
# One run each, with few looks, so this is an illustration and no more. The critic's number falls with the distance, as it did with the points.
# The losses of the plain `mnist-dcgan` speak too. A strong R1 (notebook 09) holds its $D$ back, and while the images get better the loss of $G$
# falls from .77 to .71, towards $\log 2 = .693$, the loss against a $D$ that cannot tell; the loss of $D$ rises towards $2 \log 2$. It all happens within
# hundredths of a nat. Which of a plain GAN's losses can be read, and with which sign, you only know once you have measured.
#
# ## What it does not promise
#
# **"The Wasserstein loss prevents collapse."** No loss that looks at samples one by one can drive equal samples apart: notebook 09 has the
# proof in a line, and five runs of the Wasserstein loss, with a penalty, that collapse when $G$ learns too fast for its critic:

# %%
from gan_edu.widgets import failures_store

for run in failures_store.load()["wasserstein"]:
    modes = np.array(run["signs"]["modes"])
    print(f"seed {run['seed']}: half of the modes or fewer at {np.mean(modes <= 0.5):.0%} of the looks")
assert all(np.mean(np.array(run["signs"]["modes"]) <= 0.5) > 0.2 for run in failures_store.load()["wasserstein"])

# %% [markdown]
# What helps is a critic that is **near its best**, because its best has a slope at every fake that leads it to where mass is missing; and a
# distance that, unlike JS, lets one train it that far. $k = 5$ and a quicker critic are as much a part of the method as the loss. Keep apart:
#
# | statement | true? |
# |---|---|
# | $W_1$ is small only if the samples are like the data, all modes included | yes: it is a distance |
# | the gap of a critic at its best, of slope at most 1, is $W_1$ | yes, (3) |
# | the number on the screen is $W_1$ | with a penalty, up to $d^2/2\lambda$ and the critic's training; with clipping, up to an unknown factor |
# | the number on the screen follows $W_1$ over a run | as far as the critic keeps up: see the bands above |
# | the Wasserstein loss prevents collapse | no: the loss alone does not |
# | it cures the vanishing gradient | for a critic of slope 1 yes; with clipping the slope may be $10^{-4}$ (look at $c = .01$) |
# | a small $W_1$ of pixels means good images | it is a distance of *pixels*; notebook 10 has what eyes see |
#
# ## What the papers say, what their authors' code does, what we do
#
# | | papers | authors' code | here |
# |---|---|---|---|
# | critic steps | 5 (Arjovsky, algorithm 1; Gulrajani, algorithm 1) | 5; Arjovsky's code: 100 for the first 25 steps of G and at every 500th | k is an argument |
# | clipping | $c = .01$, after each step | before each step: the step in between leaves the box | after each step |
# | optimiser | RMSProp, $5 \cdot 10^{-5}$ (clip); Adam, $10^{-4}$, $\beta = (0, .9)$ (penalty) | RMSProp the same; Gulrajani's for MNIST: $\beta = (.5, .9)$ | as given; $\beta = (0, .9)$ in the runs here |
# | penalty | two-sided, $\lambda = 10$, on lines between real and fake | the same (the slope's root without a guard at 0) | the same, with $10^{-12}$ under the root |
# | normalisation | none across the batch in a critic with a penalty; layer norm | BatchNorm in the clipped critics, none in those with a penalty | `Critic(norm="none")` or `"layer"` |
# | sign | the critic is high on real | Arjovsky's: low on real, and $G$ lowers it on fakes; Gulrajani's: high on real | `history["W1"]`, the gap without the penalty |
#
# ## Summary
#
# * JS, TV and KL compare heights at one place; for mass that lies apart they are at their end stop. $W_1$ is the least work, mass times distance, and
#   pulls with slope 1 from anywhere.
# * Three faces of one number: a table of moves (a linear programme), an integral of $|F_p - F_q|$, a critic of slope at most 1.
# * The slope has to be held. Clipping piles the weights up at $\pm c$ and leaves an unknown factor; the penalty reads $d + d^2/2\lambda$.
# * The penalty asks for the slope at each image, so each image has to be judged by itself: no BatchNorm in such a critic.
# * The loss can be read as far as the critic keeps up. It is not a guard against collapse.
#
# **Next.** Notebook 12: can you *order* a digit?
#
# ## References
#
# * M. Arjovsky, S. Chintala and L. Bottou. *Wasserstein GAN.* ICML 2017. Example 1, eq. (1) and (2), algorithm 1, sections 3 and 4.
# * I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin and A. Courville. *Improved Training of Wasserstein GANs.* NeurIPS 2017. Eq. (3), algorithm 1,
#   section 4, figure 1.
# * M. Arjovsky and L. Bottou. *Towards Principled Methods for Training Generative Adversarial Networks.* ICLR 2017. Section 2.
# * L. Kantorovich. *On the Translocation of Masses.* 1942 (in English in Management Science 5, 1958).
# * C. Villani. *Optimal Transport: Old and New.* Springer 2009. Theorem 5.10.
# * T. Karras, T. Aila, S. Laine and J. Lehtinen. *Progressive Growing of GANs.* ICLR 2018. Section 3: a critic that looks at the whole batch on purpose.
