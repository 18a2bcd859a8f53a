# %% [markdown]
# # 2. The minimax game
#
# What exactly are the two players arguing about? The story is quickly told: forgers make notes, the police look at notes,
# and each side learns from the other. To train anything we need the argument as a number. The paper writes it as
#
# $$\min_G \max_D \; V(D, G) = \mathbb{E}_{x \sim p}[\log D(x)] + \mathbb{E}_{z \sim p_z}[\log(1 - D(G(z)))]. \tag{1}$$
#
# One number, $V$. D pulls it up, G pulls it down. This notebook takes (1) apart, computes it in three ways, finds it again in
# the code of other people under four disguises, and asks what a high or a low value really says.
#
# **Goals.** You will be able to
#
# 1. say what each symbol in (1) means, and compute $V$ by an integral and from samples, with its error;
# 2. turn $V$ into the cross-entropy that every framework offers, with signs, means and halves in the right place;
# 3. say which term of $V$ is high for whom, and why no single term is a score;
# 4. read the four panels of the paper's Figure 1 as four states of one game.
#
# **Time.** 50 minutes to read and run, 25 more for the three exercises.
#
# **Prerequisites.** Notebook 01; logarithms, expectation as an integral and as a mean. Logarithms are natural. $p$ is the
# density of the data, $q$ the density of what G makes: $p_{data}$ and $p_g$ in the paper and in notebook 01.

# %% [markdown]
# ## One answer, one payment
#
# $D(x)$ is a number between 0 and 1: how probable D thinks it is that $x$ is real. The referee then tells the truth, and D is
# paid. For a real $x$ the payment is $\log D(x)$; for a generated one it is $\log(1 - D(x))$.

# %%
import numpy as np
import torch

from gan_edu import course, plots, plots_theory, theory
from gan_edu.checks import check
course.explain_unknown_names()

torch.set_num_threads(1)
for D in (0.5, 0.9, 0.99, 0.999, 0.1, 0.001):
    print(f"D says {D:5.3f}:  if real {np.log(D):+.3f}   if generated {np.log(1 - D):+.3f}")


# %% [markdown]
# Payments are never positive. To be sure and right costs nothing; to say 1/2 costs 0.693 either way; to be sure and wrong
# costs without limit. This is why there is a logarithm: a judge who is paid so does best by stating its honest probability,
# as notebook 03 proves.
#
# ## A whole game in one dimension
#
# Let the "images" be numbers. The data are $N(0, 1)$. The generator takes noise $z \sim N(0, 1)$ and shifts and shrinks it.
# The judge is some decreasing function of $x$. **Change any of the three.**

# %%
def sample_data(n, rng):
    return rng.normal(size=n)

def G(z):
    return 1.5 + 0.8 * z

def D(x):
    return 1 / (1 + np.exp(1.4 * x - 1.2))


# %% [markdown]
# Since $G$ is a straight line, we know the density of what it makes: $q = N(1.5, 0.8^2)$. (If you change `G`, change `q` with
# it.) The dotted line is D.

# %%
x = np.linspace(-12, 12, 4001)
p, q = theory.gaussian(x), theory.gaussian(x, 1.5, 0.8)
ax = plots.densities(x, p, q, D(x))
ax.set_xlim(-4, 5)
plots.show(ax, "The data around 0, the generated samples around 1.5, "
               "and a judge D that falls from 1 to 0 between them.")

# %% [markdown]
# Knowing $p$ and $q$, both expectations in (1) are integrals, $\mathbb{E}_{x \sim p}[\log D] = \int p \log D\,dx$ and
# $\int q \log(1 - D)\,dx$:

# %%
on_data = np.trapezoid(p * np.log(D(x)), x)
on_fakes = np.trapezoid(q * np.log(1 - D(x)), x)
print(f"first term {on_data:.4f} + second term {on_fakes:.4f} = V {on_data + on_fakes:.4f}")
assert abs(on_data + on_fakes - theory.value(D(x), p, q, x)) < 1e-9

# %% [markdown]
# `theory.value` is the same integral with care for the corners. A number to remember: a judge who always says $1/2$ earns
# $\log\tfrac12 + \log\tfrac12 = -\log 4$, whatever the two densities are.

# %%
for mean in (0.0, 1.0, 5.0):
    V_half = theory.value(0.5, p, theory.gaussian(x, mean), x)
    print(f"D = 1/2 against N({mean:g}, 1): V = {V_half:.4f}")
    assert abs(V_half + 1.3863) < 1e-3

# %% [markdown]
# ## Play it
#
# Bend D by its nine handles (drag them, or press Tab until one is marked and use the arrow keys). The grey area is what your D
# loses against the best one; the bound $C(G)$ says how high $V$ could be. Then drag the generated density and watch the
# bound itself sink as $q$ comes closer to $p$. The arrows show $G$: an even row of $z$ below, where it lands above.

# %%
from gan_edu.widgets import ValueExplorer

ValueExplorer()

# %% [markdown]
# The four buttons are the four panels of the paper's **Figure 1**. Here they are side by side.

# %%
figure, axes = plots.figure(8.8, 5.0, rows=2, columns=2)
near = np.linspace(-4, 5, 400)
for letter, ax in zip("abcd", axes.flat, strict=True):
    state = ValueExplorer().show_panel(letter)
    r = state.readouts()
    plots.densities(near, *np.exp(state.log_densities(near)), state.D(near), ax=ax)
    words = f"({letter})\nV = {r['V']:.3f}\nbound {r['C']:.3f}"
    ax.text(0.02, 0.8, words, transform=ax.transAxes, va="top", fontsize=9)
plots.show(figure, "Four panels: (a) a rough judge; (b) the judge has converged; (c) the generator "
                   "has moved towards the data, the judge has not; (d) equal densities, the judge at 1/2.")


# %% [markdown]
# (a) G is near, D is only roughly right, and $V$ is below its bound. (b) D has learned: $V$ touches the bound. (c) G has moved
# to where D said "real": $V$ has fallen, the bound has sunk, and D is out of date again. (d) At the end $q = p$ and
# $D = 1/2$: $V$ and its bound both rest at $-1.386$. D's turn lifts $V$ to its bound; G's turn lowers both.
#
# ## The same number from samples
#
# For images there is no formula for $p$ or $q$, only samples. But an expectation is what a mean tends to:
#
# $$\hat V = \frac1n \sum_{i=1}^n \log D(x_i) + \frac1m \sum_{j=1}^m \log\bigl(1 - D(G(z_j))\bigr). \tag{2}$$
#
# This is what the two players really see, once a minibatch.
#
# ### Exercise 1: V from samples
#
# Write (2). `D` is a function of an array, `real` and `fake` are arrays that may differ in length, and `fake` already holds
# $G(z_j)$. The check compares with quadrature, and with itself on more samples.

# %% tags=["exercise-02-monte-carlo"]
def my_value(D, real, fake):
    return ...


# %% tags=["check-02-monte-carlo"]
check("02-monte-carlo", my_value)

# %% [markdown]
# An estimate comes with an error. The two sums are independent, so the variances of the two means add up.

# %%
rng = np.random.default_rng(0)
a, b = np.log(D(sample_data(1000, rng))), np.log(1 - D(G(rng.normal(size=1000))))
estimate, error = a.mean() + b.mean(), np.sqrt(a.var() / a.size + b.var() / b.size)
exact = theory.value(D(x), p, q, x)
print(f"from samples {estimate:.3f} with standard error {error:.3f}; by quadrature {exact:.3f}")
print("within three standard errors:", abs(estimate - exact) < 3 * error)

# %% [markdown]
# *Predict, then run.* You want half of that error. Do you need twice as many samples, or four times as many? Or eight?

# %%
sizes = np.array([30, 100, 300, 1000, 3000, 10_000])
def one_error(n):
    real, fake = sample_data(n, rng), G(rng.normal(size=n))
    return np.log(D(real)).mean() + np.log(1 - D(fake)).mean() - exact

errors = np.array([np.sqrt(np.mean([one_error(n)**2 for _ in range(300)])) for n in sizes])
slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
print(f"the error falls as n to the power {slope:.1f}")
assert abs(slope + 0.5) < 0.05

# %% [markdown]
# Four times as many: the error falls as $n^{-1/2}$, a straight line of slope $-1/2$ when both axes are logarithmic.

# %%
line = errors[0] * (sizes / sizes[0])**-0.5
plots.show(plots_theory.errors_against_n(sizes, errors, line),
           "Root mean square error of V over n on logarithmic axes: the dots lie on a line of slope -1/2.")

# %% [markdown]
# *Predict, then run.* How large is the error of $V$ in this game, if it is computed from one minibatch of 64?

# %%
at_64 = float(np.exp(np.interp(np.log(64), np.log(sizes), np.log(errors))))
print(f"error of V from one minibatch of 64: about {at_64:.2f}")

# %% [markdown]
# Smaller differences, read off a loss curve one minibatch at a time, mean nothing.
#
# ## V is a cross-entropy in disguise
#
# Give every real sample the label $t = 1$ and every generated one $t = 0$. The **binary cross-entropy** of an answer $D$ is
#
# $$\mathrm{BCE}(D, t) = -\,t \log D - (1 - t) \log(1 - D). \tag{3}$$
#
# One of the two terms always vanishes: for $t = 1$ it is $-\log D$, for $t = 0$ it is $-\log(1 - D)$. So the two terms of (2)
# are two cross-entropies with a minus sign,
#
# $$V = -\bigl(\mathrm{BCE}_{\text{real}} + \mathrm{BCE}_{\text{fake}}\bigr), \tag{4}$$
#
# each a mean over its own samples. And if real and generated samples are put into **one** batch of $2n$, as many of each, the
# mean over the whole batch has $2n$ below the sum instead of $n$, so that
#
# $$V = -2\,\mathrm{BCE}_{\text{mean of the batch}}. \tag{5}$$

# %%
from torch.nn.functional import binary_cross_entropy as bce
from torch.nn.functional import softplus

real, fake = sample_data(500, rng), G(rng.normal(size=500))
D_x, D_Gz = torch.tensor(D(real)), torch.tensor(D(fake))
ones, zeros = torch.ones_like(D_x), torch.zeros_like(D_Gz)
V_hat = (D_x.log().mean() + (1 - D_Gz).log().mean()).item()
two_bces = (bce(D_x, ones) + bce(D_Gz, zeros)).item()
one_bce = bce(torch.cat([D_x, D_Gz]), torch.cat([ones, zeros])).item()
print(f"V {V_hat:.6f},  -(BCE real + BCE fake) {-two_bces:.6f},  -2 BCE of one batch {-2 * one_bce:.6f}")

# %% [markdown]
# So training D is plain supervised learning: a classifier with labels that cost nothing, fitted by maximum likelihood. That is
# the idea that makes an unsupervised problem tractable. The two identities hold to the last digit, for these samples and for
# any others.

# %%
assert abs(V_hat + two_bces) < 1e-9
assert abs(V_hat + 2 * one_bce) < 1e-9

# %% [markdown]
# (5) needs equal numbers of both kinds. Take 500 real and 100 generated samples, and a judge who always says 0.9. One mean over
# 600 answers gives the real ones five times the say, and it is no longer $V$; (4) still is.

# %%
many, few = torch.full((500,), 0.9), torch.full((100,), 0.9)
labels = torch.cat([torch.ones(500), torch.zeros(100)])
one_mean = -2 * bce(torch.cat([many, few]), labels).item()
two_means = -(bce(many, labels[:500]) + bce(few, labels[500:])).item()
print(f"V by quadrature {theory.value(0.9, p, q, x):.3f}, two means {two_means:.3f}, one mean {one_mean:.3f}")


# %% [markdown]
# ## Four disguises: published code side by side
#
# Everybody minimises, so everybody flips the sign of D's $V$. After that, habits differ. All rows below are computed from the
# same $D(x)$ and $D(G(z))$ as above, and once more from a judge who says $1/2$.
#
# * **Sum**: PyTorch's DCGAN example, `errD = errD_real + errD_fake`.
# * **Logits**: StyleGAN3, `softplus(gen_logits)` and `softplus(-real_logits)`. It is the sum again, for
#   $\mathrm{softplus}(l) = \log(1 + e^l)$: with $D = \sigma(l)$, $-\log D$ is $\mathrm{softplus}(-l)$ and $-\log(1 - D)$ is
#   $\mathrm{softplus}(l)$.
# * **Half**: the authors' own code, `0.5 * (cost(1, ...) + cost(0, ...))`; PyTorch-GAN and one of our source documents, `(real_loss +
#   fake_loss) / 2`.
# * **Flipped labels**: another source document gives label 0 to real and 1 to generated images.
#
# ("D's loss negated", which one also reads, is a loss for *G*, and not a disguise but a different thing; notebook 04 is about
# it.)

# %%
def conventions(D_x, D_Gz):
    one, zero = torch.ones_like(D_x), torch.zeros_like(D_x)
    return {"V of the paper (D goes up)": D_x.log().mean() + (1 - D_Gz).log().mean(),
            "sum of two BCEs": bce(D_x, one) + bce(D_Gz, zero),
            "half of the sum": (bce(D_x, one) + bce(D_Gz, zero)) / 2,
            "softplus of logits": softplus(-D_x.logit()).mean() + softplus(D_Gz.logit()).mean(),
            "flipped labels, 1 - D trained": bce(1 - D_x, zero) + bce(1 - D_Gz, one)}


# %% [markdown]
# One game, five numbers:

# %%
unsure = torch.full_like(D_x, 0.5)
here, at_half = conventions(D_x, D_Gz), conventions(unsure, unsure)
for name in here:
    print(f"{name:30s} {here[name]:+.4f}   at D = 1/2: {at_half[name]:+.4f}")


# %% [markdown]
# Three lessons.
#
# 1. **The value of D's loss at $D = 1/2$ is 1.386 or 0.693**, depending on the half. One of our source documents writes that
#    D's loss is best near 0.5. What should be near 0.5 at the end is the *probability* $D$; the loss in its code is a half-sum and
#    should be near $0.693 = \log 2$.
# 2. **Flipped labels are a convention.** If 0 means "real", the network learns $1 - D$, and the loss is the same number. It must
#    then be flipped in G's loss as well, as that document does.
# 3. **The half is a learning rate.** It halves D's gradient. Plain gradient descent then moves D half as far; Adam divides by the
#    size of the gradient and hardly notices:

# %%
def one_step(factor, optimizer):
    w = torch.tensor([0.3, -0.2], requires_grad=True)
    loss = factor * (softplus(-w[0]) + softplus(w[1] + w[0]))
    loss.backward()
    optimizer([w], lr=0.1).step()
    return w.detach().numpy() - np.array([0.3, -0.2])

for optimizer in (torch.optim.SGD, torch.optim.Adam):
    of_sum, of_half = one_step(1.0, optimizer), one_step(0.5, optimizer)
    print(f"{optimizer.__name__:4s}  sum {of_sum.round(4)}   half {of_half.round(4)}")

# %% [markdown]
# Our own losses take logits and use the sum. They are the same number again:

# %%
from gan_edu.objectives import OBJECTIVES

ours = OBJECTIVES["minimax"].discriminator(D_x.logit()[:, None], D_Gz.logit()[:, None]).item()
print(f"objectives, minimax, D's loss: {ours:.4f}   -V: {-V_hat:.4f}")
assert abs(ours + V_hat) < 1e-9

# %% [markdown]
# ### Exercise 2: match the code to the formula
#
# `D_x` is $D(x)$ on a real batch, `D_Gz` is $D(G(z))$, `l_Gz` its logit, `ones` and `zeros` are labels.
#
# | | code |
# |---|---|
# | A | `bce(D_x, ones) + bce(D_Gz, zeros)` |
# | B | `(bce(D_x, ones) + bce(D_Gz, zeros)) / 2` |
# | C | `bce(D_Gz, ones)` |
# | D | `-bce(D_Gz, zeros)` |
# | E | `softplus(-l_Gz).mean()` |
# | F | `bce(D_x, zeros) + bce(D_Gz, ones)` |
#
# Choose for each one of: `"-V"`, `"-V/2"`, `"V"`, `"-E log D(G(z))"`, `"E log(1 - D(G(z)))"`, `"-E log(1 - D(G(z)))"`,
# `"-V with 1 - D in the place of D"`. A formula may be used twice.

# %% tags=["exercise-02-match-losses"]
my_match = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ..., "F": ...}

# %% tags=["check-02-match-losses"]
check("02-match-losses", my_match)

# %% [markdown]
# ## Which term is high for whom?
#
# A source document draws up this list: $\mathbb{E}_p[\log D]$ high means a good D; $\mathbb{E}_p[\log(1 - D)]$ high means a bad D;
# $\mathbb{E}_z[\log(1 - D(G(z)))]$ high means a good D; $\mathbb{E}_z[\log D(G(z))]$ high means a bad D. Is that so? We need not
# believe it; we can compute it, for five judges of the same two densities:
#
# * **best**, $D^* = p/(p+q)$ from notebook 03; **half**, always $1/2$; **reversed**, $1 - D^*$;
# * **gullible**, always 0.999; **paranoid**, always 0.001.
#
# ### Exercise 3: place your bets
#
# Before you run the next cells: which of the five has the highest first term $\mathbb{E}_p[\log D]$, which the highest second
# term $\mathbb{E}_q[\log(1 - D)]$, and which the highest $V$?

# %% tags=["exercise-02-terms"]
my_bets = {"E_p log D": ...,          # one of "best", "half", "reversed", "gullible", "paranoid"
           "E_q log(1 - D)": ...,
           "V": ...}

# %% tags=["check-02-terms"]
check("02-terms", my_bets)

# %% [markdown]
# Now the table.

# %%
best = theory.optimal_discriminator(p, q)
judges = {"best": best, "half": 0.5 + 0 * x, "reversed": 1 - best,
          "gullible": 0.999 + 0 * x, "paranoid": 0.001 + 0 * x}
def terms(D):
    yes, no = np.log(np.clip(D, 1e-300, 1)), np.log1p(-np.clip(D, 0, 1 - 1e-16))
    return [np.trapezoid(w * f, x) for w, f in [(p, yes), (p, no), (q, no), (q, yes)]]

print(f"{'':10s} E_p log D   E_p log(1-D)   E_q log(1-D)   E_q log D        V")
for name, judge in judges.items():
    t = terms(judge)
    print(f"{name:10s} {t[0]:9.3f}   {t[1]:12.3f}   {t[2]:12.3f}   {t[3]:9.3f}   {t[0] + t[2]:+.3f}")

# %% [markdown]
# The document's signs are right for three of the judges: from *reversed* over *half* to *best*, its two "good" terms rise and
# its two "bad" ones fall.

# %%
table = np.array([terms(judges[name]) for name in ("reversed", "half", "best")])
change = np.diff(table, axis=0)
print("rising: ", np.all(change > 0, axis=0))
print("falling:", np.all(change < 0, axis=0))

# %% [markdown]
# But as a rule it fails. The highest first term belongs to the *gullible* judge, who calls everything real, and the highest
# second term to the *paranoid* one. Each has bought one term by ruining the other. **No single term is a score; only the sum
# is**, and the sum is highest for the honest judge.
#
# And for G? With D held fixed, G wants the second term low. Here are three generators against the same judge, the best one
# for our first $q$. (JS, the Jensen-Shannon divergence, is 0 where two densities are equal and at most $\log 2$; notebook 03
# derives it.)

# %%
fixed = theory.optimal_discriminator(p, theory.gaussian(x, 1.5, 0.8))
makers = {"before": theory.gaussian(x, 1.5, 0.8), "equal to the data": theory.gaussian(x),
          "one trick": theory.gaussian(x, -2.5, 0.1)}
for name, made in makers.items():
    second = np.trapezoid(made * np.log1p(-np.clip(fixed, 0, 1 - 1e-16)), x)
    print(f"{name:18s} E_q log(1-D) = {second:7.3f}   but JS to the data = {theory.js(p, made, x):.3f}")


# %% [markdown]
# The lowest second term does not belong to the generator that equals the data. It belongs to one that makes nearly the same
# sample again and again, at a place where this D is easily fooled. A low term says "this D is fooled", not "G is good".
# Had D been allowed to answer, it would have noticed at once. This is mode collapse in one line, and the reason why D must keep
# up (notebooks 05 and 09).
#
# ## Who moves last?
#
# (1) has $\min_G$ outside and $\max_D$ inside: D answers to G. What if G answered to D, $\max_D \min_G V$? Against a fixed D,
# the best G can do is the trick above: put all mass where D is largest, at $M = \max_x D(x)$. Then
#
# $$\min_G V = \mathbb{E}_p[\log D] + \log(1 - M) \;\le\; \log M + \log(1 - M) \;\le\; -\log 4, \tag{6}$$
#
# because $\log D \le \log M$ everywhere, and $M(1 - M) \le 1/4$. Equality asks for $D = M = 1/2$ everywhere. A thousand random
# judges agree:

# %%
def worst_case(logits):
    D = 1 / (1 + np.exp(-logits))
    return np.trapezoid(p * np.log(D), x) + np.log(1 - D.max())

def random_judge():
    offset, slope, size, pace = rng.normal(size=4)
    return np.clip(offset + slope * x + size * np.sin(2 * pace * x), -30, 30)

values = [worst_case(random_judge()) for _ in range(1000)]
print(f"-log 4 = {-np.log(4):.4f};  D = 1/2 reaches {worst_case(0 * x):.4f}")
print("all of 1000 random judges at or below it:", max(values) <= -np.log(4))

# %% [markdown]
# So the most cautious D says $1/2$ and secures $-\log 4$. Notebook 03 shows that the best G, with D answering, also ends at
# $-\log 4$. The two orders give the same value, and $(q = p, D = 1/2)$ is a true saddle point: neither side can gain by moving
# alone. That is a statement about all functions and all densities. Gradient steps on two networks are another matter, and
# the rest of the course is about the difference.
#
# ## What the paper says, what its authors' code does, what we do
#
# | | paper | the authors' code | here |
# |---|---|---|---|
# | D's objective | ascend the mean of $\log D(x) + \log(1 - D(G(z)))$ over a minibatch (Algorithm 1) | descend `0.5 * (cost(1, y_hat1) + cost(0, y_hat0))` | descend the sum, $-V$ |
# | G's objective | descend $\log(1 - D(G(z)))$; or, "rather than" that, ascend $\log D(G(z))$ (section 3) | `cost(1, y_hat0)`, the second one | both, by name; the second is the default (notebook 04) |
# | samples for D's two terms | $m$ real, $m$ noise | one minibatch each | means of their own, so the numbers may differ |
# | D returns | a probability | a sigmoid unit | a logit |
#
# ## Summary
#
# * $V$ adds two expectations: $\log D$ on the data, $\log(1 - D)$ on the forgeries. D pulls up, G pulls down.
# * $V$ is an integral when densities are known and a pair of means when they are not; the error of the means falls as $n^{-1/2}$.
# * $V = -(\mathrm{BCE}_{real} + \mathrm{BCE}_{fake}) = -2\,\mathrm{BCE}$ of one even batch. Published code differs by a sign,
#   a half and the meaning of a label; the half is a learning rate.
# * $D = 1/2$ gives $V = -\log 4 = -1.386$ against every generator.
# * No term alone is a score. The gullible judge wins the first, the paranoid one the second, the collapsed generator the last.
# * $\min_G \max_D V = \max_D \min_G V = -\log 4$.
#
# **Next.** Notebook 03 finds the best judge, and what its score says about the generator.
#
# ## References
#
# * I. Goodfellow et al., *Generative Adversarial Nets*, NeurIPS 2014, arXiv:1406.2661. Section 3: equation (1), Figure 1;
#   section 4: Algorithm 1. Code of the authors: repository goodfeli/adversarial, `__init__.py`, class `AdversaryCost2`.
# * Code compared above: pytorch/examples, `dcgan/main.py`; eriklindernoren/PyTorch-GAN, `implementations/gan/gan.py`;
#   NVlabs/stylegan3, `training/loss.py`.
