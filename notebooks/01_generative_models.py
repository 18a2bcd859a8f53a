# %% [markdown]
# # 1. What does it mean to generate?
#
# What does a machine have to know in order to *make* a thing, when naming it would take so much less? A child that can
# tell cats from dogs cannot yet draw either. In this notebook the difference becomes a matter of which probability a
# model holds: $p(y \mid x)$ is enough to name, $p(x)$ or $p(x \mid y)$ is needed to make. Then we make things in two
# ways, with a density written down (*explicit*) and without one (*implicit*), and meet the idea of a GAN: to train a
# maker, with no labels at all, by means of a namer.
#
# **Goals.** You will be able to
#
# 1. turn $p(x \mid y)$ and $p(y)$ into $p(y \mid x)$ with Bayes' rule, and check it by counting;
# 2. show that for two Gaussians of one width $p(y \mid x)$ is a sigmoid, with weights in closed form;
# 3. say which part of the world a discriminative model throws away, and show it by an experiment;
# 4. fit a Gaussian by maximum likelihood, and sample from a model that has no likelihood;
# 5. say in one sentence how a GAN gets a supervised problem out of unlabelled data.
#
# **Time.** 45 minutes to read and run, 30 more for the four exercises.
#
# **Prerequisites.** Python with NumPy, derivatives, densities and expectation. Nothing about GANs. Logarithms are
# natural; their unit is called the *nat*.

# %% [markdown]
# ## Two kinds of things, one number
#
# We begin where everything can be seen. There are two classes, $y = 0$ and $y = 1$, and of each thing we know one
# number $x$. Class 1 comes with probability $p(y{=}1)$, the *prior*. Within a class, $x$ is Gaussian. These tools will
# do:

# %%
import numpy as np
import sympy as sp
import torch
from gan_edu import course, plots, theory
from gan_edu.checks import check
course.explain_unknown_names(); torch.set_num_threads(1)

# %% [markdown]
# This is the whole world, in four numbers, and the fifth says how many things we draw. Change any of them. To
# *generate* from it is to follow the arrows: draw $y$, then draw $x$ given $y$.

# %%
m0, m1, s, prior, n = -1.5, 1.5, 1.0, 0.3, 100_000
rng = np.random.default_rng(0)
y = (rng.random(n) < prior).astype(int)                      # y ~ p(y)
x = np.where(y == 1, m1, m0) + s * rng.standard_normal(n)    # x ~ p(x|y)
print("x:", x[:8].round(2))
print("y:", y[:8])

# %% [markdown]
# Each column is one thing: its number and its class. There are three ways to ask about such a table.
#
# | question | probability | a model of it is called |
# |---|---|---|
# | I see $x$. Which class? | $p(y \mid x)$ | *discriminative* |
# | I want class $y$. What do its $x$ look like? | $p(x \mid y)$ | *generative* |
# | What comes along at all? | $p(x, y)$, or $p(x)$ where nobody wrote down a $y$ | *generative* |
#
# ## Bayes' rule, and a way to check it
#
# The three are tied together. By the definition of a conditional probability, the joint $p(x, y)$ can be split in two
# ways, $p(y \mid x)\,p(x) = p(x, y) = p(x \mid y)\,p(y)$. So
#
# $$p(y \mid x) = \frac{p(x, y)}{p(x)}
#              = \frac{p(x \mid y)\,p(y)}{\sum_{y'} p(x, y')}
#              = \frac{p(x \mid y)\,p(y)}{\sum_{y'} p(x \mid y')\,p(y')}. \tag{1}$$
#
# First equality: the definition. Second: the joint split the other way above, and below the joint summed over the
# classes, because each $x$ belongs to one of them. Third: each term of the sum split in the same way. **A generative
# model contains the discriminative one.**
#
# *Predict, then run.* At $x = 0.5$ class 1 is nearer ($1.5$ is one away, $-1.5$ is two away). But only 3 things in 10
# are of class 1. Which class would you bet on, and how much?

# %%
x0 = 0.5
p0, p1 = theory.gaussian(x0, m0, s), theory.gaussian(x0, m1, s)         # p(x|0), p(x|1)
px = (1 - prior) * p0 + prior * p1                                      # p(x), the sum over y
print(f"p(x|0) = {p0:.4f}, p(x|1) = {p1:.4f}, p(x) = {px:.4f}, so p(1|x) = {prior * p1 / px:.4f}")

# %% [markdown]
# That is what the formula says. The table itself needs no formula: of all the things with an $x$ near 0.5, count how
# many are of class 1.

# %%
near = y[np.abs(x - x0) < 0.05]
error = np.sqrt(near.mean() * (1 - near.mean()) / near.size)            # one standard error of a share
print(f"{near.size} things near x = 0.5; share of class 1: {near.mean():.3f} +- {error:.3f}")
assert abs(near.mean() - prior * p1 / px) < 3 * error

# %% [markdown]
# Both agree, within the error that counting has. The same at every $x$ at once: the curve is Bayes' rule, each dot is a
# share counted in a bin.

# %%
edges = np.linspace(-4, 4, 33)
inside = np.digitize(x, edges)
middle, share = (edges[:-1] + edges[1:]) / 2, np.array([y[inside == i].mean() for i in range(1, 33)])
grid = np.linspace(-4, 4, 400)
curve = theory.optimal_discriminator(prior * theory.gaussian(grid, m1, s), (1 - prior) * theory.gaussian(grid, m0, s))
ax = plots.curves(grid, {"p(1|x) by Bayes": curve}, colors={"p(1|x) by Bayes": "discriminator"}, xlabel="x",
                  ylabel="probability of class 1")
ax.plot(middle, share, "o", color=plots.INK, markersize=4)
plots.show(ax, "An S-shaped curve, p(1|x) by Bayes' rule, and on it 32 dots: shares of class 1 counted in bins of x.")

# %% [markdown]
# (Here `optimal_discriminator(a, b)` is nothing but $a / (a + b)$. The name belongs to notebook 03, and by the end of
# this one you will see why it fits.)
#
# ### Exercise 1: Bayes by hand
#
# Write $p(1 \mid x)$ as a formula in `p0` $= p(x \mid 0)$, `p1` $= p(x \mid 1)$ and `prior` $= p(y{=}1)$. A wrong one
# gets a counter-example.

# %% tags=["exercise-01-bayes"]
my_posterior = ...     # text such as "p0 * prior", or a function of p0, p1, prior

# %% tags=["check-01-bayes"]
check("01-bayes", my_posterior)

# %% [markdown]
# ## Why a sigmoid?
#
# The curve above is S-shaped. Classifiers end in a sigmoid, $\sigma(l) = 1/(1 + e^{-l})$, so often that it seems a
# matter of taste. Here it is a theorem. Let us go through it line by line, with SymPy holding the pen.
#
# **Line 1. The log odds.** Divide above and below in (1) by $p(x \mid 1)\,p(1)$:
#
# $$p(1 \mid x) = \frac{1}{1 + \dfrac{p(x \mid 0)\,p(0)}{p(x \mid 1)\,p(1)}} = \sigma(l), \qquad
#   l = \log \frac{p(x \mid 1)}{p(x \mid 0)} + \log \frac{p(1)}{p(0)}. \tag{2}$$
#
# This is true for any two densities: $l$ is called the *logit*, and $\sigma$ turns log odds back into a probability.

# %%
a, b = sp.symbols("a b", positive=True)                 # a = p(x|1) p(1), b = p(x|0) p(0)
sigma = lambda l: 1 / (1 + sp.exp(-l))
sp.simplify(sigma(sp.log(a / b)) - a / (a + b))         # 0: the two sides of (2) are equal

# %% [markdown]
# **Line 2. Two Gaussians of one width.** Now put in
# $\log p(x \mid i) = -\frac{(x - m_i)^2}{2s^2} - \log(s\sqrt{2\pi})$.

# %%
X, M0, M1 = sp.symbols("x m0 m1", real=True)
S, P = sp.symbols("s prior", positive=True)
log_gaussian = lambda m: -(X - m)**2 / (2 * S**2) - sp.log(S * sp.sqrt(2 * sp.pi))
log_odds = log_gaussian(M1) - log_gaussian(M0) + sp.log(P / (1 - P))
log_odds

# %% [markdown]
# The two constants $\log(s\sqrt{2\pi})$ are equal, and SymPy has dropped them already.
#
# **Line 3. What cancels.** Multiply out the squares and look for $x^2$:

# %%
expanded = sp.expand(log_odds)
print("coefficient of x^2:", sp.simplify(expanded.coeff(X, 2)))
expanded

# %% [markdown]
# The $x^2$ cancel because the widths are equal. What is left is a straight line in $x$, so
# $p(1 \mid x) = \sigma(w x + b)$.
#
# ### Exercise 2: the weights
#
# Read $w$ and $b$ off the last line, before you go on. Formulas in `m0`, `m1`, `s` and `prior`.

# %% tags=["exercise-01-sigmoid"]
my_weights = {"w": ...,
              "b": ...}

# %% tags=["check-01-sigmoid"]
check("01-sigmoid", my_weights)

# %% [markdown]
# **Line 4. The weights.** Collect the powers of $x$:
#
# $$w = \frac{m_1 - m_0}{s^2}, \qquad b = \frac{m_0^2 - m_1^2}{2 s^2} + \log\frac{p(1)}{p(0)}. \tag{3}$$

# %%
w_formula, b_formula = (M1 - M0) / S**2, (M0**2 - M1**2) / (2 * S**2) + sp.log(P / (1 - P))
print("what is left over:", sp.simplify(sp.expand(log_odds - (w_formula * X + b_formula))))
w, b = (float(f.subs({M0: m0, M1: m1, S: s, P: prior})) for f in (w_formula, b_formula))
print(f"here: w = {w:.4f}, b = {b:.4f}")
assert np.max(np.abs(1 / (1 + np.exp(-(w * grid + b))) - curve)) < 1e-3     # in fact equal to the last digits

# %% [markdown]
# So the sigmoid of a line *is* $p(1 \mid x)$, at all 400 points. $w$ grows when the classes move apart or become
# narrower; the prior only shifts the curve. With two widths $s_0 \ne s_1$ something stays in front of $x^2$, and the
# logit is a parabola:

# %%
S0, S1 = sp.symbols("s0 s1", positive=True)
wider = sp.expand(log_gaussian(M1).subs(S, S1) - log_gaussian(M0).subs(S, S0))
sp.factor(wider.coeff(X, 2))


# %% [markdown]
# ## Learning only the answer
#
# A discriminative model skips the story of how $x$ came about. *Logistic regression* assumes (2) with a line for $l$
# and looks for the $w$ and $b$ that make the labels in the table most probable. It never hears of $m_0$, $m_1$ or $s$.
# Six Newton steps are enough:

# %%
def logistic_regression(x, y):
    """Return (w, b) that maximise sum of log p(y|x), p(1|x) = sigmoid(w x + b)."""
    A, v = np.stack([x, np.ones_like(x)], 1), np.zeros(2)
    for _ in range(6):
        p = 1 / (1 + np.exp(-A @ v))
        v = v + np.linalg.solve((A.T * (p * (1 - p))) @ A, A.T @ (y - p))
    return v

w_fit, b_fit = logistic_regression(x, y)
print(f"learned: w = {w_fit:.2f}, b = {b_fit:.2f};   by formula (3): w = {w:.2f}, b = {b:.2f}")

# %% [markdown]
# Two numbers were learned, and the world has four ($m_0, m_1, s$ and the prior). Something must have been lost. What?
#
# ## What is thrown away
#
# Split the joint the other way: $p(x, y) = p(y \mid x)\,p(x)$. The first factor is the discriminative model. The
# second, **$p(x)$, is what it leaves out**. So any two worlds with one $p(y \mid x)$ and different $p(x)$ are the same
# to it.
#
# Here is a way to get from one such world to another. Throw things away by a rule that looks *only at $x$*: keep each
# with probability $h(x)$. Then $p(x)$ becomes $p(x)\,h(x)$, up to a constant. In Bayes' rule $h(x)$ stands above and
# below, and cancels.
#
# *Predict, then run.* We keep mostly what lies near $x = 0.5$. What happens to the mean of $x$, to its standard
# deviation, to $w$ and $b$?

# %%
kept = rng.random(n) < np.exp(-(x - 0.5)**2)
w_kept, b_kept = logistic_regression(x[kept], y[kept])
print(f"all:  mean {x.mean():.2f}, std {x.std():.2f}, w = {w_fit:.2f}, b = {b_fit:.2f}")
print(f"kept: mean {x[kept].mean():.2f}, std {x[kept].std():.2f}, w = {w_kept:.1f}, b = {b_kept:.1f}")
assert abs(w_kept - w) < 0.15 and abs(b_kept - b) < 0.1

# %% [markdown]
# The world has moved and shrunk; the line has not changed, beyond the error of a smaller sample. Whoever holds only
# $w$ and $b$ cannot tell which of the two worlds they came from, and therefore cannot draw an $x$ from either.
#
# A second loss, with consequences: without $p(x)$ one cannot say that an $x$ is *strange*.

# %%
far = 12.0
print(f"p(1|x = 12) = {1 / (1 + np.exp(-(w * far + b))):.6f}")
print(f"p(x = 12)   = {(1 - prior) * theory.gaussian(far, m0, s) + prior * theory.gaussian(far, m1, s):.0e}")

# %% [markdown]
# The namer is certain about a thing that this world almost never produces. Nothing is wrong with it: it was asked which
# class, not whether there is such a thing.
#
# ### Under your hand
#
# Drag the tops of the two bumps (sideways: mean; up and down: width), the prior, and $x_0$ along the posterior.

# %%
from gan_edu.widgets import DensityExplorer
DensityExplorer(prior=0.3, x0=0.5, selection=1.0)

# %% [markdown]
# Things to try, each with a guess first:
#
# * Move `selection` from 0 to 4, with $x_0$ in different places. The curve *p(x), kept* goes where you look; *p(1|x), kept*
#   stays on the green curve. This is the experiment above.
# * Choose *p(x, y)* and change the prior. $p(x)$ is the sum of the two curves, and $p(1 \mid x)$ is the blue curve's
#   share of it.
# * Make class 0 wider. The posterior comes back down: far out on *both* sides the wide class wins. No sigmoid of a
#   line can do that.
# * Put both means at one place with one width. What is left of the posterior?
#
# ## Making, explicitly: maximum likelihood
#
# From here on nobody gives us a $y$. There are only numbers, and the task is to make more of them. Here is the data, in
# two bumps. (It is a world with $p(y) = 1/2$ from which the labels were cut off.)

# %%
from gan_edu.toys import Mixture1D
world = Mixture1D(means=(-2.0, 2.0), stds=(0.5, 0.5))
data = world.sample(4000, generator=torch.Generator().manual_seed(0)).numpy()[:, 0]
print("the first eight:", data[:8].round(2))

# %% [markdown]
# The *explicit* way: choose a family of densities $p_\theta(x)$ that can be written down, and take the $\theta$ under
# which the data are most probable. For independent $x_1, \dots, x_n$ that is the largest
#
# $$L(\theta) = \sum_{i=1}^n \log p_\theta(x_i). \tag{4}$$
#
# The family we can do by hand is the Gaussian, $\theta = (\mu, \sigma)$. Three points stand in for the $n$; SymPy
# differentiates.

# %%
mu = sp.Symbol("mu", real=True)
sd = sp.Symbol("sigma", positive=True)
points = sp.symbols("x1:4", real=True)
L = sum(-(xi - mu)**2 / (2 * sd**2) - sp.log(sd) - sp.log(2 * sp.pi) / 2 for xi in points)
print("dL/dmu    =", sp.simplify(sp.diff(L, mu)))
print("dL/dsigma =", sp.together(sp.diff(L, sd)))


# %% [markdown]
# At the top both are zero. ($L$ falls to $-\infty$ for $\sigma \to 0$, for $\sigma \to \infty$ and for
# $\mu \to \pm\infty$, as long as the points are not all equal. So there is a top, and a single place where both
# derivatives vanish must be it.)
#
# ### Exercise 3: maximum likelihood by hand
#
# Set both derivatives to zero and solve. Write `fit`, which takes any sample `x` and returns $(\mu, \sigma)$.

# %% tags=["exercise-01-maximum-likelihood"]
def fit(x):
    return ...     # (mu, sigma)


# %% tags=["check-01-maximum-likelihood"]
check("01-maximum-likelihood", fit)

# %% [markdown]
# The solution: $\mu$ is the mean, and $\sigma^2$ the mean squared distance from it (divided by $n$, not $n - 1$).

# %%
solution = sp.solve([sp.diff(L, mu), sp.diff(L, sd)], [mu, sd], dict=True)
mean3 = sum(points) / 3
square3 = sum((xi - mean3)**2 for xi in points) / 3
[sp.simplify(solution[0][mu] - mean3), sp.simplify(solution[0][sd]**2 - square3)]

# %% [markdown]
# Both differences are zero. Now for our data, and then draw from the fitted model: sampling from a Gaussian is easy.

# %%
mean, std = data.mean(), np.sqrt(np.mean((data - data.mean())**2))
made = mean + std * np.random.default_rng(1).standard_normal(4000)
print(f"maximum likelihood: mean {mean:.3f}, std {std:.3f}")
grid = np.linspace(-7, 7, 1401)
p = theory.mixture(grid, [-2, 2], [0.5, 0.5], [0.5, 0.5])
q = theory.gaussian(grid, mean, std)
plots.show(plots.densities(grid, p, q), "The data's density has two bumps, at -2 and 2; the fitted Gaussian is one wide "
                                        "bump over both, with its top at 0, where there is hardly any data.")

# %% [markdown]
# The best Gaussian is not a good model: its top is where the data has nothing. Maximum likelihood did its work; the
# family was too poor. How far off is it? Per sample, $L/n$ falls short of what the true density reaches, and by (4) the
# shortfall is an average of $\log p - \log q$ over the data: the Kullback-Leibler divergence $\mathrm{KL}(p \,\|\, q)$.
# **To maximise the likelihood is to minimise that divergence.** (*Quadrature*, below, is an integral as a sum over a grid.)

# %%
log_true = theory.mixture_log(data, [-2, 2], [0.5, 0.5], [0.5, 0.5])
short = log_true - theory.gaussian_log(data, mean, std)
print(f"shortfall per sample: {short.mean():.3f} nats;  KL(p||q) by quadrature: {theory.kl(p, q, grid):.3f} nats")
assert abs(short.mean() - theory.kl(p, q, grid)) < 3 * short.std() / np.sqrt(data.size)


# %% [markdown]
# With pictures the trouble is worse. A density on 784 pixels that is rich enough for handwriting is hard to write down,
# to normalise and to sample from all at once. (Later explicit models, autoregressive ones and flows, manage it, and pay
# with slow sampling or with networks of a special build.)
#
# ## Making, implicitly: no density anywhere
#
# To *make* things one needs only to be able to make them. Take noise $z$ that any computer can draw, and a function
# $G$:
#
# $$x = G(z), \qquad z \sim p_z. \tag{5}$$
#
# That is a model: it gives samples, as many as you like. It is called *implicit* because its density $p_g$ is nowhere
# written down, and, as we shall see, need not even exist. Here is a $G$ from one number to a point in the plane, and
# what it makes.

# %%
def G_circle(z):
    return np.stack([np.cos(np.pi * z), np.sin(np.pi * z)], 1)

points = G_circle(np.random.default_rng(2).uniform(-1, 1, 200))
ax = plots.style(plots.figure(3.2, 3.2)[1], xlabel="$x_1$", ylabel="$x_2$", title="G(z), z uniform on [-1, 1]")
ax.plot(*points.T, ".", color=plots.COLORS["generated"])
plots.show(ax, "Two hundred generated points, all on the unit circle and nowhere else.")

# %% [markdown]
# What is $p_g$ at a point of the plane? Off the circle it is 0. On the circle it cannot be a finite number, since a
# curve has no area. So the likelihood of a data point that misses the circle by a hair is $\log 0$, and no small step
# of $G$ changes that: **maximum likelihood has nothing to hold on to.** A *network*, a chain
# of matrices with a bent function such as $\max(0, x)$ after each, is in the same position. If it leads from 100 numbers
# to 784 pixels, it fills a sheet of at most 100 dimensions in a space of 784, whatever its weights (the numbers in the
# matrices).

# %%
from gan_edu.networks import MLPGenerator, seeded
with seeded(0):
    G = MLPGenerator(latent_dim=100, shape=(1, 28, 28)).eval()
z = torch.randn(1, 100, generator=torch.Generator().manual_seed(3))
J = torch.autograd.functional.jacobian(lambda z: G(z).flatten(), z)[:, 0]     # 784 x 100
print("directions in which x = G(z) can move:", int(torch.linalg.matrix_rank(J.double())), "of", J.shape[0])


# %% [markdown]
# Sampling from this $G$ is one line, `G(z)`. Asking it for $p_g(x)$ is not possible in any number of lines.
#
# ### Exercise 4: a sampler for two bumps
#
# Our data is half $N(-2, 0.5^2)$ and half $N(2, 0.5^2)$, and the fitted Gaussian could not make it. Write a $G$ that
# can: `z` has shape `(n, 2)`, both columns standard normal; return `n` numbers. No density is asked for; the check
# compares 20,000 of your samples with the distribution.

# %% tags=["exercise-01-sampler"]
def my_G(z):
    return ...


# %% tags=["check-01-sampler"]
check("01-sampler", my_G)

# %% [markdown]
# You knew the answer and wrote it down. A program that only has the data must *learn* $G$, and so it needs a number
# that says how far the made things are from the real ones, and that can be computed from samples of both.
#
# ## A first view of the game
#
# Here is the idea of 2014. Put real and made things on one table and write a label on each: **1 if it is real, 0 if it
# was made**. Nobody had to label anything by hand. Now it is a two-class problem like the one at the top of this
# notebook, and a discriminative model can learn it. Call it $D$. With as many real as made, the prior is 1/2 and Bayes'
# rule says what $D$ will find:
#
# $$D(x) = p(\text{real} \mid x) = \frac{p_{data}(x)}{p_{data}(x) + p_g(x)}. \tag{6}$$
#
# $D$ holds exactly what we could not compute: a comparison of the two densities, made from samples alone. Let us see it
# with the most modest $D$ there is, which counts in bins. The made things are those of the fitted Gaussian.

# %%
edges = np.linspace(-8, 8, 49)
real, fake = np.histogram(data, edges)[0], np.histogram(made, edges)[0]
D_counted = real / np.maximum(real + fake, 1)
middle = (edges[:-1] + edges[1:]) / 2
ax = plots.curves(grid, {"D by Bayes": theory.optimal_discriminator(p, q)}, colors={"D by Bayes": "discriminator"},
                  xlabel="x", ylabel="D(x), probability of being real")
ax.plot(middle, D_counted, "o", color=plots.INK, markersize=4)
ax.set_xlim(-4, 4)
plots.show(ax, "D counted in bins (dots) and by Bayes (curve): high at -2 and 2, where the data is, near 0 in the middle, "
               "where the Gaussian makes things that do not exist.")

# %% [markdown]
# Read it as the maker would: $D$ is low in the middle, so stop making those; $D$ is high at $-2$ and $2$, so make more
# there. **$D$ is a teacher that was trained without any label but "real" and "made".** And it gives marks: how often is
# it right?

# %%
right = real[D_counted > 0.5].sum() + fake[D_counted <= 0.5].sum()     # says "real" where D > 1/2
print(f"right on {100 * right / (real.sum() + fake.sum()):.0f} % of the table; "
      f"no judge can reach more than {100 * theory.best_accuracy(p, q, grid):.0f} % in the long run")

# %% [markdown]
# When made things can no longer be told from real ones, even the best $D$ falls to 50 %. That is where the maker wants
# to get. So let both learn in turn: $D$ to tell, $G$ to be taken for real. $G$ is a small network from noise to a
# number, and nowhere below is there a density. (What `train` does in a step is notebook 05. `Adam` is gradient descent
# that gives each weight a step length of its own; `ema=0.98` smooths $G$ over its last steps. This takes some seconds.)

# %%
from gan_edu.games import GAN
from gan_edu.networks import MLPDiscriminator
from gan_edu.training import train

with seeded(0):
    G = MLPGenerator(2, shape=(1,), hidden=(32, 32), batch_norm=False, output="linear")
    D = MLPDiscriminator(shape=(1,), hidden=(32, 32))
game = GAN(G, D)
adam = lambda net, lr: torch.optim.Adam(net.parameters(), lr, betas=(0.5, 0.999))
train(game, world, steps=800, batch_size=128, optimizers=(adam(G, 1e-3), adam(D, 2e-3)), ema=0.98, progress=False)
learned = game.sample(4000, generator=torch.Generator().manual_seed(1)).numpy()[:, 0]

# %% [markdown]
# How does one tell whether it worked? Look between the bumps, at $|x| < 0.8$. The densities say how much belongs there:

# %%
gap = np.linspace(-0.8, 0.8, 401)
print(f"of the data {100 * theory.mass(theory.mixture(gap, [-2, 2], [0.5, 0.5], [0.5, 0.5]), gap):.0f} %, "
      f"of the fitted Gaussian {100 * theory.mass(theory.gaussian(gap, mean, std), gap):.0f} %")

# %% [markdown]
# *Predict, then run.* And of the samples of this $G$?

# %%
fig, axes = plots.figure(9.0, 2.6, columns=3)
three = {"data": data, "Gaussian, maximum likelihood": made, "G, trained against D": learned}
for ax, (name, sample) in zip(axes, three.items()):
    color = plots.COLORS["data" if name == "data" else "generated"]
    ax.hist(sample, np.linspace(-5, 5, 51), density=True, color=color, alpha=0.6)
    plots.style(ax, xlabel="x", ylabel="density", title=name)
plots.show(fig, "Three histograms: the data in two bumps; the fitted Gaussian in one wide bump; the trained generator in two "
                "bumps again, with little between them.")

# %% [markdown]
# And the share of each that lies between the bumps:

# %%
between = [np.mean(np.abs(sample) < 0.8) for sample in three.values()]
print(f"data below 2 %: {between[0] < 0.02}; Gaussian above 25 %: {between[1] > 0.25}; G below 15 %: {between[2] < 0.15}")

# %% [markdown]
# Nobody told $G$ that there are two bumps, and no family of densities was chosen. It is not perfect: compare the
# places, the heights and the widths of its bumps with the data's; and another seed gives another picture. Why it works
# at all, when it does not, and how one would know, is what the other notebooks are about.
#
# ## Who can do what
#
# | model | draw an $x$ | tell $p(x)$ | tell $p(y \mid x)$ | learned by |
# |---|---|---|---|---|
# | logistic regression $\sigma(wx + b)$ | no | no | yes | likelihood of the labels |
# | $p(x \mid y)\,p(y)$, two Gaussians | yes | yes | yes, by Bayes | likelihood of $x$ and $y$ |
# | Gaussian without labels (explicit) | yes | yes | no | likelihood of $x$ |
# | $G(z)$ (implicit) | yes | no | no | a judge, $D$ |
# | the judge $D$ | no | no, but $p_{data}/p_g = D/(1 - D)$ | real or made | likelihood of "real" and "made" |
#
# ## Where words differ
#
# | | the 2014 paper | a source document of this course | here |
# |---|---|---|---|
# | generative | a model that captures the distribution of the data | predicts $p(x \mid y)$, then Bayes | any model one can draw $x$ from. A GAN has no $y$: it learns $p(x)$ |
# | implicit | no explicit representation of $p_g$ (section 6) | estimates the parameters of a preset distribution without maximum likelihood | no distribution is preset: $p_g$ is whatever $G$ makes of noise |
# | convergence | $p_g = p_{data}$, $D = 1/2$ everywhere | $D$ can no longer judge | the same; notebook 03 proves it, notebook 09 shows what happens instead |
#
# ## Summary
#
# * Naming needs $p(y \mid x)$; making needs $p(x)$ or $p(x \mid y)$. Bayes' rule leads from the second to the first,
#   and nothing leads back: $p(x)$ is gone.
# * For two Gaussians of one width $p(y \mid x) = \sigma(wx + b)$ with $w = (m_1 - m_0)/s^2$.
# * Maximum likelihood needs a density that can be evaluated, and minimises $\mathrm{KL}(p_{data} \,\|\, p_\theta)$.
# * An implicit model is a function of noise. It can be sampled, and has no likelihood to maximise.
# * A GAN labels real things 1 and made things 0, and so turns an unsupervised problem into a supervised one. The
#   trained judge compares two densities that nobody can write down.
#
# **Next.** Notebook 02 asks what exactly the two players argue about.
#
# ## References
#
# * I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio, *Generative
#   Adversarial Nets*, 2014: sections 1 and 2 for explicit and implicit models, section 3 for the game.
# * C. Bishop, *Pattern Recognition and Machine Learning*, 2006: section 4.2.1 for the sigmoid and its weights.
# * A. Ng, M. Jordan, *On Discriminative vs. Generative Classifiers*, 2001: when it pays to learn $p(x \mid y)$ even for
#   naming.
# * S. Mohamed, B. Lakshminarayanan, *Learning in Implicit Generative Models*, 2016: section 2 for models without a
#   likelihood and their comparison by classifiers.
# * I. Goodfellow, *NIPS 2016 Tutorial: Generative Adversarial Networks*: section 2 for the family tree of models by
#   maximum likelihood.
