# %% [markdown]
# # 4. The generator's gradients
#
# Why does nobody minimise $\log(1 - D)$? It is what the game asks of the generator: in
#
# $$\min_G \max_D \; \mathbb{E}_{x \sim p}[\log D(x)] + \mathbb{E}_{z \sim p_z}[\log(1 - D(G(z)))] \tag{1}$$
#
# only the second term knows $G$, and notebook 03 proved that minimising it against the best $D$ leads to
# $q = p$. Yet the same paper says, in the last paragraph of its section 3, that in practice one should rather
# *maximise* $\log D(G(z))$, and most code has done so since. Here we find out what is wrong with the loss of the
# theory, where exactly, and what the loss of the practice does instead.
#
# **Goals.** You will be able to
#
# 1. derive the gradients of three generator losses at the logit, and say who is small where;
# 2. locate the flat place of $\log(1 - D)$: at $D(G(z)) \approx 0$, and not at the end of the game;
# 3. show that the two losses share their fixed point but neither their gradients nor the zero-sum game;
# 4. compute $\log(1 - D)$ so that float32 does not break it;
# 5. say which divergence the loss of the practice goes down, against the best $D$.
#
# **Time.** 50 minutes to read and run, 25 more for the three exercises.
#
# **Prerequisites.** Notebooks 02 and 03 ($D^*$, $C(G)$, JS); the chain rule. All logarithms are natural.

# %%
import numpy as np
import sympy as sp
import torch
from torch.nn.functional import binary_cross_entropy, softplus
from gan_edu import course, plots, theory
from gan_edu.checks import check
from gan_edu.objectives import OBJECTIVES
course.explain_unknown_names(); torch.set_num_threads(1)

# %% [markdown]
# ## Three factors
#
# $G$ has parameters $\theta$ and makes $x = G_\theta(z)$. $D$ looks at $x$ and answers with a logit $l$; the
# probability it reports is $D = \sigma(l) = 1/(1 + e^{-l})$. A loss $L$ turns the logit into a number. By the chain
# rule, the gradient that $G$ receives has three factors:
#
# $$\frac{\partial L}{\partial \theta}
#   = \underbrace{\frac{dL}{dl}}_{\text{the loss}}
#     \cdot \underbrace{\frac{\partial l}{\partial x}}_{\text{the judge's slope}}
#     \cdot \underbrace{\frac{\partial x}{\partial \theta}}_{\text{the generator}}. \tag{2}$$
#
# Three losses for $G$ are compared in this notebook. They differ in the first factor **and in nothing else**, so that
# is where we look.
#
# | name | $G$ minimises | as a function of the logit |
# |---|---|---|
# | minimax | $\log(1 - D)$ | $-\log(1 + e^{l})$ |
# | non-saturating | $-\log D$ | $\log(1 + e^{-l})$ |
# | least squares | $\tfrac12 (l - 1)^2$ | (here the output of $D$ is used as it is, without a sigmoid) |
#
# ## The first factor
#
# The sigmoid has a derivative that can be written with its own value. SymPy confirms it:

# %%
l = sp.Symbol("l", real=True)
sigma = 1 / (1 + sp.exp(-l))
sp.simplify(sp.diff(sigma, l) - sigma * (1 - sigma))      # 0, so dD/dl = D (1 - D)

# %% [markdown]
# ### Exercise 1: three gradients at the logit
#
# Differentiate each loss by $l$, with pencil and paper: first by $D$, then times $dD/dl = D(1 - D)$. Write the first
# two in `D`, the third in `l`. A wrong one gets a counter-example.

# %% tags=["exercise-04-gradients"]
my_gradients = {"minimax": ...,            # text, such as "D*(1 - D)"
                "non_saturating": ...,
                "least_squares": ...}

# %% tags=["check-04-gradients"]
check("04-gradients", my_gradients)

# %% [markdown]
# Line by line. For $\log(1 - D)$ the derivative by $D$ is $-\frac{1}{1 - D}$; times $D(1 - D)$ that is $-D$. For
# $-\log D$ it is $-\frac1D$; times $D(1 - D)$ that is $-(1 - D)$.
#
# $$\frac{d}{dl} \log(1 - D) = -D, \qquad \frac{d}{dl}\bigl(-\log D\bigr) = -(1 - D), \qquad
#   \frac{d}{dl}\, \tfrac12 (l - 1)^2 = l - 1. \tag{3}$$

# %%
D = sp.Symbol("D", positive=True)
by_D = [sp.diff(loss, D) for loss in (sp.log(1 - D), -sp.log(D))]
print("by D:         ", by_D)
print("times D(1-D): ", [sp.simplify(slope * D * (1 - D)) for slope in by_D])

# %% [markdown]
# Both are negative: both losses want the logit up. The difference is how much they care. **The first is as large as
# $D$, the second as large as $1 - D$**, and at each fake the two add up to 1.
#
# ## At the same fakes
#
# Now the same from the losses as this package has them, differentiated by autograd (PyTorch's chain rule) at five
# fakes, from one that $D$ finds out at once to one that takes $D$ in.
#
# *Predict, then run.* By which factor do the two differ at $D = 0.01$?

# %%
D_fake = torch.tensor([0.001, 0.01, 0.1, 0.5, 0.9], dtype=torch.float64)
slope = {}
for name in ("minimax", "non_saturating", "least_squares"):
    logits = torch.logit(D_fake).requires_grad_()
    OBJECTIVES[name].generated(logits).sum().backward()       # one loss for each fake
    slope[name] = logits.grad
ratio = slope["non_saturating"] / slope["minimax"]
print("    D   minimax   non-saturating   least squares   ratio")
for row in zip(D_fake, *slope.values(), ratio):
    print("{:5.3f} {:9.3f} {:16.3f} {:15.3f} {:7.2f}".format(*map(float, row)))

# %% [markdown]
# The ratio of the second to the first is $(1 - D)/D$, which is 9, 99, 999 at $D = .1, .01, .001$. Every claim so far in
# one cell:

# %%
assert torch.allclose(slope["minimax"], -D_fake, atol=1e-3)
assert torch.allclose(slope["non_saturating"], -(1 - D_fake), atol=1e-3)
assert torch.allclose(slope["least_squares"], torch.logit(D_fake) - 1, atol=1e-3)
assert torch.allclose(ratio[:3], torch.tensor([999.0, 99.0, 9.0], dtype=torch.float64), atol=1e-3)

# %% [markdown]
# Least squares does the opposite of saturating: the further $l$ is from 1, the harder it pulls.
#
# ## Where is it flat?
#
# Here are the two losses over the logit. A loss teaches where its curve is steep.

# %%
L = np.linspace(-8, 8, 321)
fig, (left, right) = plots.figure(9.0, 3.0, columns=2)
names = ["log(1 - D)", "-log D"]
losses, slopes = (-np.logaddexp(0, L), np.logaddexp(0, -L)), (1 / (1 + np.exp(-L)), 1 / (1 + np.exp(L)))
for ax, ys, label in [(left, losses, "loss of G (nats)"), (right, slopes, "size of the slope")]:
    plots.curves(L, dict(zip(names, ys)), xlabel="logit of a fake", ylabel=label, ax=ax)
plots.show(fig, "Left: log(1 - D) is flat for negative logits and falls for positive ones; -log D falls for negative logits and is "
                "flat for positive ones. Right: their slopes, D and 1 - D, two S-curves that cross at logit 0.")

# %% [markdown]
# Each has one flat end. $\log(1 - D)$ is flat on the left, for fakes that $D$ **sees through**. $-\log D$ is flat on
# the right, for fakes that already pass. The second is where one can afford to learn nothing. Three moments in the life
# of $G$:

# %%
for moment, d in [("the start: D sees through G", 0.001), ("the end: D = 1/2", 0.5), ("D is taken in", 0.999)]:
    print(f"{moment:28s} log(1-D) = {np.log(1 - d):7.3f}, slope {-d:6.3f};   "
          f"-log D = {-np.log(d):6.3f}, slope {-(1 - d):6.3f}")

# %% [markdown]
# This is *saturation*: at the start, when $G$ has most to learn, its loss hardly depends on what it does. The paper
# says so, and one of our source documents repeats it correctly: early samples are easily told apart, and there
# $\log(1 - D)$ saturates. Two other explanations are in circulation, and it is worth being exact about them.
#
# * *"When $G$ is perfect, $D$ is perfect too, so the loss is near 0 and the gradient vanishes."* The symptom is well
#   observed: where the minimax loss is flat, it **is** near 0 (first row). But the place is another one. At the end
#   (second row) $D = 1/2$, the loss is $-0.693$, and the slope is $-1/2$ for both losses. A $D$ that is perfect, with
#   $D(G(z)) \approx 0$, goes with a *poor* $G$.
# * *"As $G$ improves, $D$'s answers become a coin's, and the feedback loses its meaning."* The source just praised
#   says so further down, and the signal does fade at the end. It is however the *second* factor of (2) that goes: a
#   $D$ that says $1/2$ everywhere has no slope in $x$ (the row $\theta = 0$ below). That holds for every loss, and it
#   is how a game ends, not how it stalls. (What training does near that end is a matter for notebook 09.)
#
# ## The same game?
#
# **Same fixed point.** Let the data be $N(0, 1)$ and $G_\theta(z) = \theta + z$, so that $q = N(\theta, 1)$, with the
# best judge at its side. Its logit and its slope are (notebook 03: the logit of $D^*$ is $\log p - \log q$)
#
# $$l^*(x) = \tfrac12 (x - \theta)^2 - \tfrac12 x^2 = \tfrac12\theta^2 - \theta x, \qquad
#   \frac{\partial l^*}{\partial x} = -\theta, \qquad \frac{\partial x}{\partial \theta} = 1.$$
#
# So by (2) and (3) the gradients are $\theta\,\mathbb{E}[D^*(x)]$ for minimax and $\theta\,\mathbb{E}[1 - D^*(x)]$ for
# non-saturating, with $x \sim q$.

# %%
x = np.linspace(-14, 24, 7601)
p = theory.gaussian(x)
gradients = {}
for t in (0.0, 0.1, 1.0, 2.0, 4.0, 8.0):
    q = theory.gaussian(x, t)
    mean_D = np.trapezoid(q / (1 + np.exp(t * x - t**2 / 2)), x)         # E D*(G(z))
    gradients[t] = t * mean_D, t * (1 - mean_D)
    print(f"theta = {t:3.1f}: mean D*(G(z)) = {mean_D:.5f}   "
          f"minimax {gradients[t][0]:.5f}   non-saturating {gradients[t][1]:.5f}")

# %% [markdown]
# Both are zero at $\theta = 0$ and nowhere else, and close to it they agree. Far away one of them all but vanishes and
# the other grows. The minimax column is not new: it is the slope of $C(G) = -\log 4 + 2\,\mathrm{JS}$ from notebook 03,
# which flattens out because JS cannot exceed $\log 2$.

# %%
C = lambda t: theory.criterion(p, theory.gaussian(x, t), x)
for t in (0.1, 1.0, 2.0, 4.0):
    assert abs((C(t + 1e-3) - C(t - 1e-3)) / 2e-3 - gradients[t][0]) < 1e-3
print("the minimax gradient is the slope of C(G): True")

# %% [markdown]
# **Other gradients.** "To minimise $\log(1 - D)$ is the same as to maximise $\log D$, since the one falls when the
# other rises." That is true of one fake, and $G$ makes many at once, with shared parameters. Take two fakes, A with
# $D = 0.9$ and B with $D = 0.1$, and a parameter $\theta$ that raises the logit of A and lowers that of B.
#
# *Predict, then run.* Do both losses push $\theta$ the same way?

# %%
for name in ("minimax", "non_saturating"):
    theta = torch.zeros((), dtype=torch.float64, requires_grad=True)
    logits = torch.stack([np.log(9) + theta, -np.log(9) - theta])        # A: D = .9, B: D = .1
    OBJECTIVES[name].generator(logits).backward()
    way = "up, in favour of A" if theta.grad < 0 else "down, in favour of B"
    print(f"{name:15s} moves theta {way} ({-theta.grad:+.1f})")

# %% [markdown]
# They push in opposite directions. Minimax weighs each fake by $D$ and improves what already passes; non-saturating
# weighs by $1 - D$ and helps the fakes that are found out.
#
# **No longer zero-sum.** In (1) one player wins what the other loses. Of the two losses that depend on a fake,
# $-\log(1 - D)$ for the judge and that of $G$, the sum should then be 0, or at least a constant.

# %%
d = np.array([0.01, 0.1, 0.5, 0.9])
print("D                         :", d)
print("minimax, sum of the two   :", (-np.log(1 - d) + np.log(1 - d)).round(3))
print("non-saturating, the sum   :", (-np.log(1 - d) - np.log(d)).round(3))

# %% [markdown]
# With $-\log D$ the sum depends on $D$. There is no longer one $V$ that both play for, the theorems of notebook 03
# about $\min_G \max_D V$ do not speak of this game, and what $G$ goes down has to be worked out anew (below).
#
# **Not the judge's loss with a minus sign.** In code, non-saturating is the *flipped label*: `bce(D(G(z)), ones)` where
# $D$'s own step has `bce(D(G(z)), zeros)`. It is sometimes called "$D$'s loss, negated". The negated loss would be
# $-\mathrm{BCE}(D, 0) = \log(1 - D)$, which is minimax.

# %%
half, zero, one = torch.tensor([0.5]), torch.zeros(1), torch.ones(1)
negated, flipped = -binary_cross_entropy(half, zero), binary_cross_entropy(half, one)
print(f"at D = 1/2: negated loss {negated:+.3f}, flipped label {flipped:+.3f}")
assert abs(negated + np.log(2)) < 1e-3 and abs(flipped - np.log(2)) < 1e-3


# %% [markdown]
# ## What float32 does
#
# So far rounding played no part. Networks compute in float32, and there $\log(1 - D)$ has a trouble of its own, at the
# *other* end.
#
# *Predict, then run.* At which logit does `log(1 - sigmoid(l))` become $-\infty$? (The true value at $l = 20$ is about
# $-20$.)

# %%
def naive(l):
    return torch.log(1 - torch.sigmoid(l))

low, high = np.float32(0), np.float32(64)                # finite at low, -inf at high
while np.nextafter(low, high) < high:                    # until no float32 lies between
    middle = np.float32((low + high) / 2)
    low, high = (low, middle) if torch.isinf(naive(torch.tensor(middle))) else (middle, high)
print(f"first float32 logit with -inf: {high:.4f};   24 log 2 = {24 * np.log(2):.4f}")
assert abs(high - 24 * np.log(2)) < 4e-6                 # two neighbours in float32

# %% [markdown]
# From 16.64 on the loss is $-\infty$. Here is the reason: float32 keeps 24 binary digits, so $1 + e^{-l}$ rounds to
# exactly 1 once $e^{-l} \le 2^{-24}$, which is $l \ge 24 \log 2 = 16.64$. Then $\sigma(l)$ is 1, and $1 - \sigma(l)$ is
# nothing at all. Well before that, digits are lost; and after it, autograd meets $0 \cdot \infty$.

# %%
l32 = torch.tensor([5.0, 12.0, 16.0, 16.7, 20.0], requires_grad=True)
naive(l32).sum().backward()
for v, bad, g in zip(l32.tolist(), naive(l32).tolist(), l32.grad.tolist()):
    print(f"l = {v:4.1f}: naive {bad:8.3f}, gradient {g:6.3f};   true {-np.logaddexp(0, v):8.3f}")


# %% [markdown]
# Note who is hurt: $D$ while it is taken in by a fake (a large $l$), so $D$'s own loss. On the side where minimax
# saturates, $l \to -\infty$, the gradient $-D$ is tiny *and correctly computed*. **Saturation is not a rounding
# error**: no precision cures it.
#
# ### Exercise 2: a loss that does not break
#
# Write $\log(1 - \sigma(l))$ for a tensor `l` so that it is right from $-10^4$ to $10^4$, its gradient included. The
# table of losses above has what you need; `torch` has it under the name `softplus`.

# %% tags=["exercise-04-stable"]
def my_log_one_minus_D(l):
    return ...


# %% tags=["check-04-stable"]
check("04-stable", my_log_one_minus_D)

# %% [markdown]
# The cure is to never leave the logit: $\log(1 - \sigma(l)) = -\log(1 + e^l) = -\mathrm{softplus}(l)$. That is why
# every $D$ in this course returns logits, and why `objectives.py` writes these two losses with `softplus` only.

# %%
l32 = torch.tensor([-10000.0, -18.0, 0.0, 16.7, 20.0, 10000.0], requires_grad=True)
(-softplus(l32)).sum().backward()
print("values:   ", [f"{v:.4g}" for v in (-softplus(l32)).tolist()])
print("gradients:", [f"{g:.4g}" for g in l32.grad.tolist()])

# %% [markdown]
# ## What the loss of the practice minimises
#
# The theorems of notebook 03 were about $V$. What does $G$ go down with $-\log D$, next to the best judge? Arjovsky and
# Bottou (2017, Theorem 2.5) have the answer, and the proof has three lines. Fix $\theta_0$, write
# $q_0 = q_{\theta_0}$, and freeze $D^* = p/(p + q_0)$, as in $G$'s step.
#
# **Line 1**, an identity: since $D^* / (1 - D^*) = p / q_0$,
#
# $$-\log D^* = \log \frac{q_0}{p} - \log(1 - D^*). \tag{4}$$
#
# **Line 2.** Average over $x \sim q_\theta$ and differentiate at $\theta_0$. The first term gives the gradient of
# $\mathrm{KL}(q_\theta \| p)$: there $q_\theta$ stands twice, but
# $\int q_\theta\, \partial_\theta \log q_\theta = \partial_\theta \int q_\theta = 0$, so freezing the one inside the
# logarithm changes nothing.
#
# **Line 3.** The second term is minus the minimax gradient, and that is the slope of $2\,\mathrm{JS}$ (seen above;
# $D^*$ may be frozen there because it is at the top of $V$). Together
#
# $$\nabla_\theta\, \mathbb{E}_{q_\theta}\bigl[-\log D^*\bigr]
#   = \nabla_\theta \bigl[\,\mathrm{KL}(q_\theta \,\|\, p) - 2\,\mathrm{JS}(q_\theta, p)\,\bigr]
#   \qquad \text{at } \theta = \theta_0. \tag{5}$$
#
# Now in numbers, for data with two bumps and a Gaussian that is moved and widened. The left sides hold $D^*$ fixed; the
# right sides know nothing of a $D$.

# %%
x = np.linspace(-14, 14, 5601)
log_p = theory.mixture_log(x, [-2, 2], [0.6, 0.6], [0.5, 0.5])
p = np.exp(log_p)
l_star = log_p - theory.gaussian_log(x, 1.0, 0.8)                         # frozen at theta_0 = (1.0, 0.8)

def slope_of(f, h=1e-4):
    """Slopes of f(mean, std) at (1, 0.8)."""
    return np.array([f(1 + h, 0.8) - f(1 - h, 0.8), f(1, 0.8 + h) - f(1, 0.8 - h)]) / (2 * h)


# %% [markdown]
# Each line of the proof is one comparison, by the mean and by the width:

# %%
Q = lambda m, s: theory.gaussian(x, m, s)
KL, JS2 = lambda m, s: theory.kl(Q(m, s), p, x), lambda m, s: 2 * theory.js(p, Q(m, s), x)
average = lambda f: lambda m, s: np.trapezoid(Q(m, s) * f, x)             # of f(x), D* frozen, over x ~ q
for name, frozen, divergence in [
        ("line 2:  log(q0/p)    and  KL(q||p)", average(-l_star), KL),
        ("line 3:  log(1 - D*)  and  2 JS", average(-np.logaddexp(0, l_star)), JS2),
        ("(5):     -log D*      and  KL - 2 JS", average(np.logaddexp(0, -l_star)), lambda m, s: KL(m, s) - JS2(m, s))]:
    print(f"{name:38s}", slope_of(frozen).round(4), slope_of(divergence).round(4))
    assert np.abs(slope_of(frozen) - slope_of(divergence)).max() < 1e-3

# %% [markdown]
# Both sides agree, line by line. The minus sign in (5) looks alarming: does it push $G$ *away* from the data, where JS
# is large? Put the two terms over one integral, with the mixture $m = (p + q)/2$:
#
# $$\mathrm{KL}(q \| p) - \mathrm{KL}(p \| m) - \mathrm{KL}(q \| m)
#   = \int q \log\frac{q}{p} - q \log\frac{q}{m} - p \log\frac{p}{m} = \int (p + q) \log \frac{m}{p} = 2\,\mathrm{KL}(m \,\|\, p). \tag{6}$$
#
# So what $G$ goes down is **twice the divergence of the mixture from the data**: never negative, and zero only at
# $q = p$. (Shannon et al., 2020, call it a softened reverse KL.) Checked on 50 random pairs:

# %%
rng = np.random.default_rng(4)
for m0, m1, s0, s1 in np.column_stack([rng.uniform(-3, 3, (50, 2)), rng.uniform(0.5, 2, (50, 2))]):
    a, b = theory.gaussian(x, m0, s0), theory.gaussian(x, m1, s1)
    softened = 2 * theory.kl((a + b) / 2, a, x)
    assert abs(theory.kl(b, a, x) - 2 * theory.js(a, b, x) - softened) < 1e-6 and softened > 0
print("KL(q||p) - 2 JS = 2 KL(m||p) on 50 pairs: True")

# %% [markdown]
# What does this divergence like? Two generators for the data with two bumps: one makes only the right bump, one spreads
# a wide Gaussian over both, which is what maximum likelihood chose in notebook 01.
#
# *Predict, then run.* Which of the two does each measure prefer?

# %%
wide = np.sqrt(4 + 0.6**2)                                                # the width that fits best
for name, q in [("one bump only", theory.gaussian(x, 2, 0.6)), ("one wide bump", theory.gaussian(x, 0, wide))]:
    print(f"{name}:   maximum likelihood, KL(p||q) {theory.kl(p, q, x):6.3f}   "
          f"minimax, 2 JS {2 * theory.js(p, q, x):.3f}   "
          f"non-saturating, 2 KL(m||p) {2 * theory.kl((p + q) / 2, p, x):.3f}")

# %% [markdown]
# Maximum likelihood hates to miss anything and takes the wide one; JS takes it too, narrowly. Non-saturating takes the
# single bump by far: it would rather leave things out than make what does not exist. It may be one
# reason why GANs drop modes; notebook 09 shows another, the pace of the two players.
#
# All of this assumed the best judge. It is a statement about a direction at one moment, not about a training run.
#
# ## A real judge with a head start
#
# Now without any theory: a small $G$ and a small $D$ on images, the digits that come with the package. $G$ waits and
# $D$ trains alone. After $s$ steps we ask, at the same noise each time, for the gradient that each loss would give to
# $G$'s parameters.

# %%
from gan_edu import data
from gan_edu.networks import MLPDiscriminator, MLPGenerator, seeded

images = data.load_images("digits")
with seeded(0):
    G = MLPGenerator(32, hidden=(64, 128), batch_norm=False)
    D = MLPDiscriminator(hidden=(128, 64))
z = torch.randn(256, 32, generator=torch.Generator().manual_seed(1))
print(images, "-> fakes", tuple(G(z).shape), "-> logits", tuple(D(G(z)).shape))


# %% [markdown]
# What we measure is the length of the whole gradient by all weights of $G$:

# %%
def measure():
    """Return mean D(G(z)) and the norm of G's gradient under each loss, at the same z."""
    row = [D(G(z)).sigmoid().mean().item()]
    for name in ("minimax", "non_saturating", "least_squares"):
        g = torch.autograd.grad(OBJECTIVES[name].generator(D(G(z))), list(G.parameters()))
        row.append(torch.cat([part.flatten() for part in g]).norm().item())
    return row


# %% [markdown]
# *Predict, then run.* Which of the three shrinks as $D$ gets ahead, and does it shrink from the very first step?

# %%
optimizer = torch.optim.Adam(D.parameters(), lr=1e-3)
batches, noise, table = images.batches(64, seed=0), torch.Generator().manual_seed(2), {}
for s in range(201):
    if s % 5 == 0:
        table[s] = measure()
    x_fake = G(torch.randn(64, 32, generator=noise)).detach()             # G waits
    loss_D = OBJECTIVES["minimax"].discriminator(D(next(batches)), D(x_fake))
    optimizer.zero_grad()
    loss_D.backward()
    optimizer.step()

# %% [markdown]
# The first fifty steps as a table, to two digits:

# %%
print("head start   D(G(z))   minimax   non-saturating   least squares")
for s in (0, 5, 10, 20, 30, 50):
    print(f"{s:10d} " + " ".join(f"{v:13.2g}" for v in table[s]))

# %% [markdown]
# And all two hundred as a picture:

# %%
steps, rows = np.array(list(table)), np.array(list(table.values()))
fig, (left, right) = plots.figure(9.0, 3.0, columns=2)
losses = dict(zip(["log(1 - D)", "-log D", "least squares"], rows[:, 1:].T))
plots.curves(steps, losses, xlabel="", ylabel="norm of G's gradient", ax=left)
plots.curves(steps, {"D(G(z))": rows[:, 0]}, colors={"D(G(z))": "discriminator"}, xlabel="", ylabel="mean D(G(z))", ax=right)
for ax in (left, right):
    plots.style(ax, xlabel="head start of D (steps)").set_yscale("log")
plots.show(fig, "Left, on a logarithmic scale: with D's head start the gradient of log(1 - D) rises for a few steps and then falls, those "
                "of -log D and of least squares rise. Right: mean D(G(z)) falls from one half.")

# %% [markdown]
# Read off the curves:

# %%
peak = rows[:, 1].argmax()
print(f"minimax: largest after some steps, not at 0: {peak > 0}; then it falls below a fifth: {rows[-1, 1] < rows[peak, 1] / 5}")
print(f"non-saturating: at the end more than ten times what it was: {rows[-1, 2] > 10 * rows[0, 2]}")

# %% [markdown]
# (Over five seeds, after sixty steps: minimax keeps between .8 and 1.6 % of its longest gradient, non-saturating has
# grown 103- to 135-fold.) Both factors are at work. At $s = 0$ the judge knows nothing, its slope in $x$ is small, and
# **no loss gives anything**. For some steps $D$ grows a slope and all gradients rise. Then $D(G(z))$ falls, and
# minimax's falls with it; the others go on rising, along with $D$'s slope. So a good judge helps, as long as the loss
# lets its answer through. (That a gradient is long does not make it good: Arjovsky and Bottou, section 2.2.2, show that
# it also becomes noisy.)
#
# ### Under the microscope
#
# The same in one dimension, where arrows can be drawn at their true length. Nine fakes, the data, and a small $D$ that
# was trained on the spot for the number of steps you choose; or the best judge, $D^*$, which follows the fakes.

# %%
from gan_edu.widgets import GradientExplorer
GradientExplorer(head_start=30)

# %% [markdown]
# Things to try, each with a guess first:
#
# * Move the *head start* from 0 to 400. When are the arrows of $\log(1 - D)$ longest?
# * Multiply $D$'s logit by *confidence*. A surer judge with the same opinions: one row of arrows shrinks, the other
#   grows. At 0 both are gone.
# * Choose $D^*$ and bring the fakes to $x = 2$. Both rows shrink to nothing together, although the dots in the
#   right-hand figure stand at $1/2$, far from any flat end. This is the fixed point.
# * With $D^*$ and the fakes at $-2$, see where the arrows of $-\log D$ end, and compute it: the slope of the logit is
#   $4/0.7^2$, and arrows are drawn at $0.49 = 0.7^2$ times the gradient.
# * Show least squares too, and increase the confidence.
#
# ## Exercise 3: repair a paragraph
#
# A paragraph as one may find it, put together for this notebook. Some of its sentences are wrong. Which?
#
# > **1.** At the start of training $D$ soon tells $G$'s samples from data, and $D(G(z))$ is close to 0. **2.** There,
# > $\log(1 - D)$ is almost flat as a function of the logit. **3.** The same happens at the end: $D$ and $G$ are then
# > both perfect, the loss is near 0, and the gradient at the logit vanishes. **4.** One therefore minimises $-\log D$,
# > which has the same fixed point. **5.** As $\log(1 - D)$ falls whenever $-\log D$ falls, the two are the same
# > problem, and the game stays zero-sum. **6.** In code, one takes $D$'s loss on the fakes with a minus sign, which is
# > what the flipped label does. **7.** At $D = 0.01$ the gradient at the logit is now 99 times as large. **8.** So $G$
# > gets a large gradient from every $D$.

# %% tags=["exercise-04-paragraph"]
wrong_sentences = [...]     # their numbers

# %% tags=["check-04-paragraph"]
check("04-paragraph", wrong_sentences)

# %% [markdown]
# ## Paper, authors' code, this course
#
# | | the 2014 paper | its authors' code (goodfeli/adversarial, `__init__.py`) | here |
# |---|---|---|---|
# | $G$'s loss in the theory | $\log(1 - D)$, eq. (1) and Algorithm 1 | only as an option, blended with the other one (`blend_obj`) | `"minimax"` |
# | $G$'s loss in practice | to maximise $\log D(G(z))$, section 3 | label 1 for the fakes: `cost(y1, y_hat0)` | `"non_saturating"`, the default |
# | $D$'s loss | ascend $V$: the sum of both terms | half of that sum | the sum; the factor belongs to the learning rate |
#
# ## Summary
#
# * At the logit, $\log(1 - D)$ has the gradient $-D$, $-\log D$ has $-(1 - D)$; their ratio is $(1 - D)/D$.
# * The flat place of the minimax loss is $D(G(z)) \approx 0$: a good judge and a poor generator. At the end of the game
#   both slopes at the logit are $-1/2$, and what is zero is the judge's slope in $x$, for every loss.
# * Same fixed point, other gradients, other weights on the fakes, no longer zero-sum; and the flipped label is not the
#   negated loss.
# * In float32 `log(1 - sigmoid(l))` is $-\infty$ from $l = 24 \log 2 = 16.64$ on; `-softplus(l)` never is. That is a
#   bug of the other end, not saturation.
# * Against $D^*$, $-\log D$ goes down
#   $\mathrm{KL}(q \,\|\, p) - 2\,\mathrm{JS} = 2\,\mathrm{KL}(m \,\|\, p)$, with $m = (p + q)/2$.
#
# **Next.** Notebook 05 lets both players move.
#
# ## References
#
# * I. Goodfellow et al., *Generative Adversarial Nets*, 2014: eq. (1), section 3 (last paragraph), section 4.
# * M. Arjovsky, L. Bottou, *Towards Principled Methods for Training Generative Adversarial Networks*, 2017: Theorem 2.5
#   and section 2.2.2 for $-\log D$; section 2.2.1 for $\log(1 - D)$.
# * M. Shannon et al., *Non-saturating GAN training as divergence minimization*, 2020: the divergence in (6).
# * X. Mao et al., *Least Squares Generative Adversarial Networks*, 2017: eq. (9).
# * I. Goodfellow, *NIPS 2016 Tutorial: Generative Adversarial Networks*, section 3.2: minimax, non-saturating, and a
#   third loss, for maximum likelihood.
