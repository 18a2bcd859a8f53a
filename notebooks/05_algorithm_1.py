# %% [markdown]
# # 5. Algorithm 1
#
# What does $k$ buy? Until now one player waited while the other moved. Algorithm 1 of the paper lets both move, in turn:
# $k$ steps of $D$, then one step of $G$, and again. The number $k$ is the only choice it leaves open beside the size $m$ of a
# minibatch and the learning rates, and "we used $k = 1$, the least expensive option" is all that the paper says about its own. Here you will play
# the algorithm by hand, write it, look for a slip in a published one, see why the players take turns at all, and then
# measure what a larger $k$ is worth, and what it costs.
#
# **Goals.** You will be able to
#
# 1. execute Algorithm 1 line by line, and say at each line which gradients are zero and why;
# 2. write the loop, and have it audited: $kN$ steps of $D$, $N$ of $G$, $kNm$ fresh real points;
# 3. show on $V = xy$ what taking turns does that moving at once does not;
# 4. say what a larger $k$ buys, at equal steps of $G$ and at equal work, with the spread over seeds.
#
# **Time.** 50 minutes to read and run, 30 more for the three exercises.
#
# **Prerequisites.** Notebooks 02 to 04: the value function $V$, the best judge $D^*$, the loss $-\log D$ of $G$.

# %%
import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce, softplus
from gan_edu import course, plots, theory
from gan_edu.audit import audit_algorithm1
from gan_edu.checks import check
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded
from gan_edu.toys import Gaussian1D, Ring
from gan_edu.training import frozen, train
course.explain_unknown_names(); torch.set_num_threads(1)

# %% [markdown]
# ## The algorithm
#
# The paper prints it without line numbers. These are ours, and the audit further down uses the same.

# %%
from gan_edu.audit_words import LINES

depth = {1: 0, 2: 1, 3: 2, 4: 2, 5: 2, 6: 1, 7: 1, 8: 1}
for number, line in LINES.items():
    print(number, "    " * depth[number] + line)

# %% [markdown]
# "Ascending its stochastic gradient" is one step on the average over a minibatch of $m$ points instead of on the
# expectation: for $D$ up the slope of $V$, for $G$ down the slope of its own loss. Every minibatch is drawn anew.
#
# ## One iteration by hand
#
# The data are a ring of eight small clouds in the plane. $G$ makes points from two noise numbers, $D$ turns a point into
# a logit. An *optimiser* holds the weights of one player; plain SGD at rate .1 moves each weight by $-.1$ times what is
# in its `.grad`, and nothing else.

# %%
m, noise = 64, torch.Generator().manual_seed(0)
data = Ring().batches(m, seed=0)
with seeded(0):
    G = MLPGenerator(2, shape=(2,), hidden=(16, 16), batch_norm=False, output="linear")
    D = MLPDiscriminator(shape=(2,), hidden=(16, 16))
opt_G, opt_D = (torch.optim.SGD(player.parameters(), lr=0.1) for player in (G, D))


# %% [markdown]
# To see where gradients arrive, we ask each player for the length of what lies in its `.grad`.

# %%
def length(player):
    """Length of the gradient that lies in a player's .grad, or 'none' where there is not even an empty place."""
    found = [p.grad for p in player.parameters() if p.grad is not None]
    return f"{torch.cat([g.flatten() for g in found]).norm():.3f}" if found else "none"

def weights(player):
    return torch.cat([p.detach().flatten() for p in player.parameters()])


# %% [markdown]
# **Lines 3 to 5.** $D$ learns from $m$ real points and $m$ fakes. $G$ is only a source of samples here: its weights are
# not to move. Minimising the sum of the two softplus terms is ascending $V$ (notebook 04: they are $-\log D(x)$ and
# $-\log(1 - D(G(z)))$).
#
# *Predict, then run.* After `backward()`, what lies in the `.grad` of $G$?

# %%
z = torch.randn(m, 2, generator=noise)                                    # line 3
x = next(data)                                                            # line 4
loss_D = softplus(-D(x)).mean() + softplus(D(G(z).detach())).mean()       # line 5: this is -V on the minibatch
loss_D.backward()
print("x", tuple(x.shape), "  z", tuple(z.shape), "  logits", tuple(D(x).shape))
print("gradient of D:", length(D), "  of G:", length(G))
assert length(G) == "none"

# %% [markdown]
# Nothing: `detach()` ends the path back into $G$. Now the step. What moves, by how much, and what does not?

# %%
before_D, before_G = weights(D), weights(G)
gradient_D = torch.cat([p.grad.flatten() for p in D.parameters()])
opt_D.step()
assert torch.allclose(weights(D), before_D - 0.1 * gradient_D) and torch.equal(weights(G), before_G)
print("D moved by", f"{(weights(D) - before_D).norm():.3f},", "G by", f"{(weights(G) - before_G).norm():.3f}")

# %% [markdown]
# $G$ stood still to the last bit. What if one leaves `detach()` out? Then $G$ gets a gradient as well, of the wrong
# loss: the one that would make it *easier* to see through. It does no harm as long as `opt_D` holds the weights of $D$
# alone and somebody clears $G$'s gradient before it is used. And $D$'s own gradient? We compute it both ways.

# %%
with_detach, without = (torch.autograd.grad(softplus(D(fakes)).mean(), list(D.parameters()))
                        for fakes in (G(z).detach(), G(z)))
assert all(torch.equal(a, b) for a, b in zip(with_detach, without))
print("D's gradient is the same, bit for bit: True")

# %% [markdown]
# So in $D$'s step `detach` saves the work of a useless gradient. It does not change what $D$ learns.
#
# **Lines 7 and 8.** Now $G$ moves and $D$ waits. But $D$ cannot be left out: $G$'s loss is a function of $D(G(z))$, so
# the gradient must pass *through* $D$. `frozen(D)` asks for just that: let gradients through, compute none for $D$'s
# own weights.
#
# *Predict, then run.* What would a `detach()` after `G(z)` do here?

# %%
opt_D.zero_grad(), opt_G.zero_grad()
z = torch.randn(m, 2, generator=noise)                                    # line 7: a fresh z
with frozen(D):
    loss_G = softplus(-D(G(z))).mean()                                    # line 8, with the loss of notebook 04
    loss_G.backward()
print("gradient of D:", length(D), "  of G:", length(G))
assert length(D) == "none" and float(length(G)) > 0

# %% [markdown]
# It would cut the only path, and $G$ would learn nothing. The path has two parts, by the chain rule of notebook 04: from
# the loss back through $D$ to each point $x = G(z)$, which gives an arrow in the plane, and from the arrows back to the
# weights of $G$. Taken one after the other they give the same gradient:

# %%
x_fake = G(z).detach().requires_grad_()
(arrows,) = torch.autograd.grad(softplus(-D(x_fake)).sum(), x_fake)       # through the frozen D, to the points
by_hand = torch.autograd.grad(G(z), list(G.parameters()), grad_outputs=arrows / m)
assert all(torch.allclose(a, p.grad, atol=1e-7) for a, p in zip(by_hand, G.parameters()))
print("the same, up to rounding: True")

# %% [markdown]
# And the step of line 8:

# %%
before_D, before_G = weights(D), weights(G)
opt_G.step()
print("G moved by", f"{(weights(G) - before_G).norm():.4f},", "D by", f"{(weights(D) - before_D).norm():.4f}")
assert torch.equal(weights(D), before_D)

# %% [markdown]
# The arrows are all that $G$ ever learns about the data. It has not seen a single real point.

# %%
fig, ax = plots.figure(4.6, 3.6)
with torch.no_grad():
    plane = torch.cartesian_prod(torch.linspace(-2.5, 2.5, 60), torch.linspace(-2.5, 2.5, 60))
    shade = ax.contourf(*plane.T.reshape(2, 60, 60), D(plane).sigmoid().reshape(60, 60), levels=12, cmap="Greys_r", alpha=0.5)
ax.plot(*x.T, "o", ms=5, color=plots.COLORS["data"], label="data")
ax.plot(*x_fake.detach().T, "s", ms=3, color=plots.COLORS["generated"], label="fakes")
ax.quiver(*x_fake.detach().T, *-arrows.T, color=plots.COLORS["discriminator"], angles="xy", scale_units="xy", scale=0.1, width=0.006)
plots.style(ax, xlabel="$x_1$", ylabel="$x_2$"), fig.colorbar(shade, label="D(x)"), ax.legend(fontsize=9, loc="upper right")
plots.show(fig, "Eight clouds of data on a ring of radius 2, sixty-four fakes close to the centre, and from each fake an arrow, the negative "
                "gradient ten times enlarged, up the slope of D's surface.")


# %% [markdown]
# That was one iteration with $k = 1$. All arrows are short and point into the same quarter of the plane, at no cloud in
# particular, for a $D$ after one step knows very little. It is now your turn to put the lines into a loop.
#
# ### Exercise 1: write the loop
#
# `data` hands out a fresh minibatch of real points at each `next(data)`. Draw noise with
# `torch.randn(len(x), G.latent_dim)`. `D` returns logits. Any style will do: `detach` or not, one `backward` or two,
# `bce` with labels or softplus. `steps` is $N$, the number of steps of $G$.

# %% tags=["exercise-05-loop"]
def my_loop(G, D, opt_G, opt_D, data, k, steps):
    for _ in range(steps):
        ...                                       # lines 2 to 8


# %% tags=["check-05-loop"]
check("05-loop", my_loop)


# %% [markdown]
# The check does not read your code. `audit_algorithm1` runs it on two watched players, traces every point that $D$ sees
# to the minibatch or the noise that it came from, and names each departure with the line it breaks. You can ask it about
# any loop, `audit_algorithm1(my_loop, k=3)`, and it will tell you all it found.
#
# ## The ledger
#
# From here on `train` plays the game: the same eight lines, and care for what can go wrong around them (notebook 06
# writes it out once more and compares). What does a run cost? The optimisers count their own steps; for the data we put
# a clerk at the door.

# %%
class Clerk:
    """Hand on a toy's minibatches and keep a copy of each."""

    def __init__(self, toy):
        self.toy, self.seen = toy, []

    def batches(self, batch_size, **where):
        for x in self.toy.batches(batch_size, **where):
            self.seen.append(x)
            yield x


# %% [markdown]
# *Predict, then run.* With $N = 40$, $k = 3$, $m = 64$: how many steps does each player make, and how many different
# real points does $D$ learn from?

# %%
from gan_edu.games import GAN

def new_game(seed=0, hidden=(32, 32)):
    with seeded(seed):
        return GAN(MLPGenerator(2, shape=(2,), hidden=hidden, batch_norm=False, output="linear"),
                   MLPDiscriminator(shape=(2,), hidden=hidden))

def steps_of(optimizer):
    return {int(state["step"]) for state in optimizer.state.values()}.pop()


# %% [markdown]
# We count for three values of $k$.

# %%
N, m = 40, 64
for k in (1, 3, 5):
    clerk, game = Clerk(Ring()), new_game()
    train(game, clerk, k=k, steps=N, batch_size=m, progress=False)
    D_steps, G_steps = steps_of(game.run.opt_D), steps_of(game.run.opt_G)
    different = len(torch.cat(clerk.seen).unique(dim=0))
    print(f"k = {k}: D.step {D_steps}, G.step {G_steps}, different real points {different:,}, gradient evaluations {D_steps + G_steps}")
    assert (D_steps, G_steps, different) == (k * N, N, k * N * m)


# %% [markdown]
# $D$ makes $kN$ steps, $G$ makes $N$, and $D$ sees $kNm$ different real points. A step of either player costs about one
# *gradient evaluation*, so $N$ iterations cost $(k + 1)N$ of them. Keep that number in mind: with $k = 5$ each step of
# $G$ costs three times as much as with $k = 1$.

# %% [markdown]
# ## A loop with $K = 3$
#
# One of our source documents, a clear and friendly walk through the paper, trains on MNIST with `K = 3`. Here is its
# loop: the same statements in the same order, with our names, logits in place of probabilities, and most of the
# bookkeeping left out. The `if` stood there because of the bookkeeping: the author wanted to log the loss of $D$ once per
# minibatch, from the last round.

# %%
def document_loop(G, D, opt_G, opt_D, data, K, steps):
    for x, _ in zip(data, range(steps)):                                     # line 1
        ones, zeros = torch.ones(len(x), 1), torch.zeros(len(x), 1)          # line 2
        for step in range(K):                                                # line 3
            opt_D.zero_grad()                                                # line 4
            z = torch.randn(len(x), G.latent_dim)                            # line 5
            loss_D = (bce(D(x), ones) + bce(D(G(z)), zeros)) / 2             # line 6
            if step != K - 1: continue                                       # line 7
            loss_D.backward(); opt_D.step()                                  # line 8
        opt_G.zero_grad(); bce(D(G(z)), ones).backward(); opt_G.step()       # line 9


# %% [markdown]
# ### Exercise 2: what does this loop do?
#
# It is given 100 minibatches (`steps=100`) and `K = 3`. Play it in your head. How often does each player step? How many
# of the minibatches does $D$ learn from? And which line (1 to 9) has to go so that $D$ steps $K$ times per minibatch?

# %% tags=["exercise-05-k-loop"]
my_finding = {"steps of D": ..., "steps of G": ..., "minibatches": ..., "line": ...}

# %% tags=["check-05-k-loop"]
check("05-k-loop", my_finding)

# %% [markdown]
# Now we let it run, with a counter on every call of $D$ and on both optimisers.

# %%
from collections import Counter

game, count = new_game(), Counter()
opt_G, opt_D = (torch.optim.SGD(player.parameters(), lr=0.01) for player in (game.G, game.D))
for name, optimizer in (("D.step", opt_D), ("G.step", opt_G)):
    optimizer.register_step_post_hook(lambda *_, name=name: count.update([name]))
game.D.register_forward_hook(lambda *_: count.update(["calls of D"]))
document_loop(game.G, game.D, opt_G, opt_D, Ring().batches(64, seed=0), 3, 100)
print(dict(count))
assert count == {"D.step": 100, "G.step": 100, "calls of D": 700}

# %% [markdown]
# $D$ stepped 100 times, not 300. In two of three rounds the loss is computed, and `continue` leaves before it is used. The
# audit finds this, and two smaller departures that one would hardly notice by reading.

# %%
report = audit_algorithm1(document_loop, k=3)
assert {fault.name for fault in report.faults} == {"only_last", "same_reals", "noise_GD"}
report

# %% [markdown]
# How bad is it? Less than it looks. With the lost rounds gone, what is left is a loop with $k = 1$, at the price of seven
# calls of $D$ where three would do. (A test of this notebook feeds the same noise to `K = 3` and to `K = 1`, and gets the
# same weights, bit for bit.) And $k = 1$ is what the paper used. So the document's digits are good digits of $k = 1$;
# only the number beside them is another. It is the kind of slip that no loss curve shows, and that a count shows at once.

# %% [markdown]
# ## Why take turns?
#
# In line 8 $G$ answers the $D$ *of this iteration*, which has just moved. Would it matter if both computed their
# gradients first and then moved at the same time? Take the smallest game there is, with one number for each player:
#
# $$V(x, y) = xy, \qquad G \text{ holds } x \text{ and descends}, \qquad D \text{ holds } y \text{ and ascends}. \tag{1}$$
#
# Its only point of rest is $(0, 0)$. With step $h$ the two ways to play are two matrices,
#
# $$\underbrace{\begin{pmatrix} x \\ y \end{pmatrix} \leftarrow \begin{pmatrix} 1 & -h \\ h & 1 \end{pmatrix}
#   \begin{pmatrix} x \\ y \end{pmatrix}}_{\text{at once}}, \qquad
#   \underbrace{y \leftarrow y + hx, \;\; \text{then} \;\; x \leftarrow x - hy, \quad
#   \begin{pmatrix} 1 - h^2 & -h \\ h & 1 \end{pmatrix}}_{\text{in turn, as in Algorithm 1}}. \tag{2}$$
#
# *Predict, then run.* One entry differs, by $h^2 = .04$. Both start at $(1, -1)$. Where is each of them after 500 steps?

# %%
from gan_edu.games_analytic import Bilinear, Origin

def play(simultaneous, h=0.2, steps=500):
    game = Bilinear(1.0, -1.0)
    path, sgd = [game.place], [torch.optim.SGD(player.parameters(), lr=h) for player in (game.G, game.D)]
    train(game, Origin(), steps=steps, batch_size=1, optimizers=sgd, simultaneous=simultaneous,
          on_step=lambda run: path.append(run.game.place), progress=False)
    return np.array(path)


# %% [markdown]
# `simultaneous=True` computes both gradients at one point and then moves both players. Its help text says that this is
# not Algorithm 1.

# %%
paths = {"at once": play(True), "in turn": play(False)}
radius = {name: np.hypot(*path.T) for name, path in paths.items()}
print(f"at once: the radius grows {radius['at once'][-1] / radius['at once'][0]:,.0f}-fold")
print(f"in turn: the radius stays between {radius['in turn'].min():.4f} and {radius['in turn'].max():.4f}")
assert abs(radius["at once"][-1] / radius["at once"][0] / 18127 - 1) < 1e-3 and radius["in turn"].max() <= 1.4143

# %% [markdown]
# The reason stands in (2). The first matrix has determinant $1 + h^2$ and stretches every circle by $\sqrt{1 + h^2}$ a
# step: $1.04^{250}$ in 500 steps. The second has determinant exactly 1; for $h < 2$ it turns the point round an ellipse,
# because $x^2 + y^2 + hxy$ never changes. All in one cell:

# %%
h, (x, y) = 0.2, paths["in turn"].T
at_once, in_turn = np.array([[1, -h], [h, 1]]), np.array([[1 - h**2, -h], [h, 1]])
assert np.isclose(np.linalg.det(at_once), 1 + h**2) and np.isclose(np.linalg.det(in_turn), 1)
assert np.allclose(np.abs(np.linalg.eigvals(in_turn)), 1)
assert np.abs(x**2 + y**2 + h * x * y - 1.8).max() < 1e-3
print(f"stretched by {np.sqrt(1 + h**2):.4f} a step, and sqrt(1.04)^500 = {1.04**250:,.0f}")

# %% [markdown]
# As a picture, the first thirty steps of each.

# %%
fig, (left, right) = plots.figure(9.0, 3.3, columns=2)
for (name, path), color, mark in zip(paths.items(), plots.PLAIN, ("o", "s")):
    left.plot(*path[:31].T, mark + "-", ms=3, lw=1, color=color, label=name)
plots.style(left, xlabel="x, the number of G", ylabel="y, the number of D").set_aspect("equal")
left.legend(fontsize=9, loc="center", frameon=False)
plots.curves(np.arange(501), radius, xlabel="step", ylabel="distance from (0, 0)", ax=right)
right.set_yscale("log")
plots.show(fig, "Left: thirty steps on V = xy. Moving at once spirals outwards, in turn runs round an ellipse. Right, on a logarithmic scale: "
                "the distance from the point of rest grows to more than 25,000 in one case and stays between 1.28 and 1.42 in the other.")

# %% [markdown]
# So the order is worth a lot, and still it is no cure: taking turns does not run away, but it does not arrive either. This
# is a game without noise, curvature or networks; notebook 09 plays almost the same game and lets the players arrive. What to
# keep from it here: "alternating" is a part of the algorithm and not of its wording.

# %% [markdown]
# ## Watch it
#
# Now a game between networks, live. The plane shows the ring, the fakes, and $D(x)$ as a surface; the ledger counts as we
# did above; the meters compare the fakes with the density of the ring, which is known. The pale band of each meter is its
# *floor*: what fresh **real** points read. A reading inside the band is as good as real, as far as this meter can tell.
# (The lines of the algorithm are seven here, because what is computed and what then moves stand apart.)
#
# *Predict, then run.* Play on from step 150 with $k = 1$. Will the fakes spread over all eight clouds at the same time, or
# take them one by one? And what will $k = 5$ change?

# %%
from gan_edu.widgets import GameExplorer

explorer = GameExplorer(toy="ring", k=1, steps=150)
explorer

# %% [markdown]
# The picture was made with the same `train`, and its ledger is the one from above:

# %%
ledger = explorer.readouts()
print({name: ledger[name] for name in ("D_steps", "G_steps", "minibatches", "gradients")})
assert (ledger["D_steps"], ledger["G_steps"], ledger["minibatches"], ledger["gradients"]) == (150, 150, 150, 300)

# %% [markdown]
# Things to try, each with a guess first:
#
# * *Slow motion.* Each line of the algorithm lights up, with the tensors that it has just changed. Which of them changes
#   the surface, and which the fakes?
# * Set $k$ to 5 and press *restart*. At the same step of $G$, are more clouds covered? Then compare at the same number of
#   gradient evaluations, which the ledger shows.
# * Show the arrows. Where are they long: where $D$ is sure, or where it changes its mind?
# * Choose the toy *gaussian*, whose best judge is known, and show the best judge in place of $D$.
#
# ## What k buys: a better judge
#
# The proof of notebook 03 needs the *best* $D$ at every step of $G$. The paper replaces it by $k$ steps, which "results in
# $D$ being maintained near its optimal solution, so long as $G$ changes slowly enough" (section 4). That can be measured
# where $D^*$ is known: $G(z) = wz + b$ makes exactly $N(b, w^2)$, so that
#
# $$\text{gap} = C(G) - V(D, G) \ge 0 \tag{3}$$
#
# says how many nats the present $D$ falls short of the best one.

# %%
x = np.linspace(-6, 10, 801)
p, grid = theory.gaussian(x, 2.0, 1.0), torch.tensor(x[:, None], dtype=torch.float32)

def gap(game):
    w, b = (value.item() for value in game.G.parameters())
    q = theory.gaussian(x, b, abs(w))
    with torch.no_grad():
        l = game.D(grid).double().squeeze(1).numpy()
    V = np.trapezoid(-p * np.logaddexp(0, -l) - q * np.logaddexp(0, l), x)
    return theory.criterion(p, q, x) - V


# %% [markdown]
# The data are $N(2, 1)$, $G$ starts somewhere near 0. A run of 100 steps of $G$, and the gap after each:

# %%
def gaps(k, seed=0, steps=100):
    with seeded(seed):
        game = GAN(MLPGenerator(1, shape=(1,), hidden=(), batch_norm=False, output="linear"),
                   MLPDiscriminator(shape=(1,), hidden=(32, 32)))
    found, optimizers = [], [torch.optim.Adam(player.parameters(), lr) for player, lr in ((game.G, 0.03), (game.D, 0.01))]
    train(game, Gaussian1D(2.0, 1.0), k=k, steps=steps, seed=seed, optimizers=optimizers, progress=False,
          on_step=lambda run: found.append(gap(run.game)))
    return np.array(found)


# %% [markdown]
# *Predict, then run.* By how much does the mean gap shrink from $k = 1$ to $k = 3$ and to $k = 9$?

# %%
short = {k: gaps(k) for k in (1, 3, 9)}
for k, found in short.items():
    print(f"k = {k}: D falls short of the best judge by {found.mean():.2f} nats on average")
assert short[1].mean() > short[3].mean() > short[9].mean() > 0

# %% [markdown]
# As a picture, along the way:

# %%
ax = plots.curves(np.arange(1, 101), {f"k = {k}": found for k, found in short.items()}, xlabel="step of G", ylabel="gap to the best judge (nats)")
ax.set_yscale("log")
plots.show(ax, "On a logarithmic scale, the gap between D and the best judge over 100 steps of G: the curve for k = 1 falls late and "
               "rises again, that for k = 3 falls earlier, and that for k = 9 within fifteen steps.")

# %% [markdown]
# With $k = 9$ the judge has caught up after some fifteen steps; with $k = 1$ it takes three times as long, and loses touch
# again when $G$ moves on. In each of five seeds the order is the same: the mean gap is .08 to .28 nats with $k = 1$, .02 to
# .10 with $k = 3$, .01 to .04 with $k = 9$. So this is what $k$ buys: a $D$ near its best, and with it an arrow for $G$
# that points down $C(G)$ and not down the opinion of a beginner. Two questions are left. Does a better judge make a better
# $G$? And is it worth $k + 1$ gradient evaluations a step?
#
# ## What k costs
#
# One run cannot answer. Here is a *sweep*: five values of $k$, four learning rates, 32 seeds, 640 games, each with 6,000
# gradient evaluations. (Both players use Adam at the same rate, an optimiser that gives each weight a step length of its
# own.) The data are two bumps, $N(-2, .5^2)$ and $N(2, .5^2)$; the meter is $W_1$, the mean distance that the fakes would
# have to be moved (notebook 11), with its floor.

# %%
from gan_edu import sweeps

sweep = sweeps.shipped("mixture")
print(sweep)
print(f"made by: {sweep.notes['command']}")
print(f"real points read W1 = {sweep.floor[0]:.2f} to {sweep.floor[1]:.2f}")

# %% [markdown]
# *Predict, then run.* At which $k$ and which rate is the median over the seeds smallest, at equal work?

# %%
print("median W1 after 6,000 gradient evaluations, over 32 seeds\n" + " " * 6 + "".join(f"lr {lr:<8g}" for lr in sweep.lrs))
for k, row in zip(sweep.ks, sweep.map()):
    print(f"k = {k} " + "".join(f"{value:<11.2f}" for value in row))

# %% [markdown]
# The smallest median stands in the first row, in every column, and no median reaches what real points read. What the text
# below says about the map is held here, with the spread of nine seeds in ten:

# %%
table = sweep.map()
assert (table[0] < 0.5).all() and (table[1:] > 0.5).all() and (table > sweep.floor[1]).all()
for k in (1, 2, 5):
    low, median, high = sweep.band(k)[:, sweep.look(k)]
    print(f"k = {k} at its best rate, {sweep.best_lr(k):g}: median {median:.2f}, nine seeds in ten between {low:.2f} and {high:.2f}")
one, two = (sweep.quality[sweep.ks.index(k), sweep.lrs.index(sweep.best_lr(k)), :, sweep.look(k)] for k in (1, 2))
print(f"in a race of one seed each, k = 2 beats k = 1 in {100 * (two[None] < one[:, None]).mean():.0f} of 100 pairs")


# %% [markdown]
# At equal work $k = 1$ wins here, at every rate: all its medians lie below .5, all others above. But look at the spread. With
# one seed each, one race in six goes to $k = 2$, and somebody would have written that two steps are better.
#
# Is it only the price? Take the price away, and compare after equally many steps of $G$, at rate .003:

# %%
def median_at(k, lr, steps):
    i = sweep.ks.index(k)
    return np.median(sweep.quality[i, sweep.lrs.index(lr), :, sweep.steps[i].tolist().index(steps)])

early, late = ([median_at(k, 0.003, steps) for k in (1, 3, 5)] for steps in (120, 960))
for steps, row in ((120, early), (960, late)):
    print(f"after {steps:3d} steps of G: " + ", ".join(f"k = {k} {value:.2f}" for k, value in zip((1, 3, 5), row)))
assert early[0] > max(early[1:]) + 0.5 and late == sorted(late) and late[0] < 0.5

# %% [markdown]
# Early on the better judge pays: at this rate, after 120 steps of $G$, $k = 3$ and $k = 5$ are far ahead. After 960 steps the
# order has turned round, although the games with larger $k$ have had two and three times the work. How do they fail?

# %%
from gan_edu.metrics_toys import W1
from gan_edu.toys import Mixture1D

for k in (1, 3, 5):
    end = sweep.quality[sweep.ks.index(k), :, :, sweep.look(k)]
    print(f"k = {k}: {100 * (end > 1.5).mean():.0f} of 100 games read above 1.5, {100 * (end < 0.5).mean():.0f} below 0.5")
    assert (end > 1.5).mean() < 0.05 if k == 1 else (end > 1.5).mean() > 0.3
one_bump = Mixture1D((-2.0, 2.0), (0.5, 0.5), (0.0, 1.0)).sample(4000, generator=torch.Generator().manual_seed(0))
print(f"all fakes in one of the two bumps would read {W1(Mixture1D(), 4000)(one_bump):.2f}")

# %% [markdown]
# Not by being a little worse: a part of the games is lost. A reading near 2 is what a generator gets that leaves one bump
# empty. Whether it sits in one bump or wanders between the two you can watch above, with the toy *mixture* and $k = 5$;
# notebook 09 gives such failures their names. The theory of notebook 03 does not forbid them: it has $D$ go all the way to
# the top and $G$ move slowly, and says nothing about five steps of the one and a bold step of the other.
#
# The whole sweep, to walk through: curves by gradient evaluations, the same by steps of $G$, and the map. The shade around
# the $k$ in front holds nine of ten seeds, the band at the bottom what real points read.
#
# *Predict, then move.* Put $k = 3$ in front. In which of the two figures does it look better, and why? Then read the map at a
# budget of 600 instead of 6,000.

# %%
from gan_edu.widgets import KExplorer

KExplorer()

# %% [markdown]
# By steps of $G$ the curves of larger $k$ are pushed together to the left, for each step costs more evaluations: the same
# games on another axis, and the first thing to look for when somebody shows that a larger $k$ helps.
#
# This is one toy, one pair of networks, one optimiser. Notebook 06 meets the same turn on digits, early gain and later loss,
# with $k = 2$ in front. So "the more steps of $D$ the better" is no law; nor is $k = 1$. What is left is to measure, at
# equal work, over seeds.
#
# ### Exercise 3: spend 6,000 gradient evaluations
#
# You have 6,000 gradient evaluations for the game of the sweep (two bumps, Adam at one rate for both players). Choose
# $k$, the rate `lr`, and the number of `steps` of $G$. The check plays your plan on sixteen seeds that no sweep has used and
# reads the meter, which takes up to half a minute.

# %% tags=["exercise-05-budget"]
my_plan = {"k": ..., "lr": ..., "steps": ...}

# %% tags=["check-05-budget"]
check("05-budget", my_plan)

# %% [markdown]
# ## Paper, authors' code, this course
#
# | | the 2014 paper | its authors' code (goodfeli/adversarial) | here |
# |---|---|---|---|
# | $k$ | free in Algorithm 1; "$k = 1$, the least expensive option" in the experiments | MNIST run: one step of each (`mnist.yaml`); a second trainer, `sgd.py`, has `discriminator_steps` | any $k$; 1 unless said |
# | order | $D$ first, then $G$ answers the $D$ that has moved | MNIST run: both gradients at one point, both players at once | as in the paper; `simultaneous=True` plays theirs |
# | noise of $G$'s step | fresh (line 7) | MNIST run: the same fakes as for $D$ | fresh |
# | minibatch of $D$'s step | fresh in each of the $k$ steps (line 4) | fresh in each step | fresh in each step |
# | $D$'s gradient | ascend $V$ | descend half of $-V$ | descend $-V$ |
#
# So the run that drew the digits of 2014 is, to the letter, not Algorithm 1, and it worked. In (2) the two ways to play
# differ by $h^2$ in one entry, which is little for a small step; $V = xy$ shows what it can add up to, not what it must.
#
# ## Summary
#
# * In $D$'s step $G$ is only a source of samples; in $G$'s step the gradient passes through a $D$ that keeps still. `detach`
#   saves work in the first and would be fatal in the second.
# * $N$ iterations are $kN$ steps of $D$, $N$ of $G$, $kNm$ fresh real points, $(k + 1)N$ gradient evaluations. Count them:
#   a published loop with $K = 3$ made one step in three, and no loss curve could tell.
# * Taking turns is part of the algorithm: on $V = xy$ with $h = .2$, 500 steps at once multiply the radius by 18,127, in
#   turn it stays below 1.4143.
# * What $k$ buys is a $D$ near its best. What it costs is $k + 1$ gradient evaluations for each step of $G$.
#   On the two-bump game, at equal work and over 32 seeds, $k = 1$ has the best median at each of four rates, and one race
#   of single seeds in six says the opposite.
#
# **Next.** Notebook 06 plays the same eight lines on real digits.
#
# ## References
#
# * I. Goodfellow et al., *Generative Adversarial Nets*, 2014: Algorithm 1 and its caption; section 4 on $D$ "being
#   maintained near its optimal solution"; section 3 on the loss of $G$.
# * I. Goodfellow, *NIPS 2016 Tutorial: Generative Adversarial Networks*: sections 7.2 and 8.2, $V = xy$ as an exercise and
#   its solution.
# * L. Mescheder, A. Geiger, S. Nowozin, *Which Training Methods for GANs do actually Converge?*, 2018: section 2 on
#   simultaneous and alternating steps.
# * L. Metz et al., *Unrolled Generative Adversarial Networks*, 2017: section 3.1, the ring of eight Gaussians.
# * The authors' code: `goodfeli/adversarial`, files `__init__.py` (`AdversaryCost2.get_gradients`), `mnist.yaml`, `sgd.py`.
