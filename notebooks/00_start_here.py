# %% [markdown]
# # 0. Start here
#
# Can you tell a forged digit from a real one? In a minute you will be asked two hundred times, if you like it that long.
# About half of the pictures were written by hand, some decades ago. The others were never written by
# anybody: a network drew them, and it learned to draw only by trying to fool a second network that was doing exactly what
# you will be doing. That is a **generative adversarial net**, and this course takes it apart.
#
# **Goals.** You will
#
# 1. play the judge, and know how much your score is worth;
# 2. know the two players by name, and what each of them wants;
# 3. compute the best score that any judge can reach, and see what your score proves about the forger;
# 4. hold the forger's hand: move its input and watch the picture follow.
#
# **Time.** 20 minutes, with two short exercises.
#
# **Prerequisites.** Python. What a mean and a probability density are. Nothing about neural networks yet.
#
# Run the cells in order with Shift+Enter. Where a figure is live you can use it by mouse, finger or keyboard; a stored
# picture of each stands here too, so that the notebook can be read without running anything.

# %% [markdown]
# ## The arena
#
# First, real digits to mix with the forged ones. `"auto"` takes MNIST, 70,000 digits written by census clerks and
# students: it is read from this machine, or fetched once (11 MB) and verified. Without MNIST and without a network you
# get the small digits that come with scikit-learn, and a line that says so.

# %% tags=["nbval-ignore-output"]
from gan_edu import course, data
course.explain_unknown_names()
real = data.load_images("auto", split="test")
real

# %% [markdown]
# The forger that drew the others was trained on MNIST and ships with the course under the name `mnist-mlp`.
#
# *Predict, then run.* Of the first twenty pictures, how many will you get right? A coin would get ten. Write your number
# down; then judge with the two buttons, or with the keys ← (forged) and → (real). The discriminator, called D, judges
# the same pictures at the same time. It cannot see your answers, nor you its.

# %%
from gan_edu.widgets import Arena
arena = Arena("mnist-mlp", real, seed=0)
arena

# %% [markdown]
# Did you reach your number? Some forgeries give themselves away by a broken stroke or by dust. Others look better than
# some of the real ones: people write badly.
#
# **On paper** you can play too: the stored picture above shows the first twenty, numbered from the top left. It was made
# with scikit-learn's digits, which were 8 by 8 pixels before they were enlarged; to keep that fair, the forged ones were
# sent through 8 by 8 as well. It is a different game from the one with MNIST: these real digits are from another
# collection than the one the forger studied, and D was trained on sharp pictures. The forged ones in that picture, with
# either collection:

# %%
print("forged:", *arena.key(20))

# %% [markdown]
# ## How much is a score worth?
#
# Suppose you had 14 of 20. Is that skill? Ask what a coin does: it is right $k$ times out of 20 with probability
# $\binom{20}{k} 2^{-20}$. And ask which skills fit the score: *Wilson's interval* holds every true share of right answers
# that is within two standard deviations of what was seen (95 % of such intervals hold the truth).

# %%
from math import comb
from gan_edu.widgets.arena import wilson_interval
coin = sum(comb(20, k) for k in range(14, 21)) / 2**20
low, high = wilson_interval(14, 20)
print(f"A coin gets 14 or more of 20 in {coin:.1%} of all games.")
print(f"14 of 20 fits any true share from {low:.2f} to {high:.2f}.")
assert abs(coin - 0.058) < 1e-3 and low < 0.5 < high

# %% [markdown]
# The interval reaches below one half: 14 of 20 is not yet evidence. That is why the arena draws a bar for each of you and
# not just a dot, and why it has two hundred pictures. Here is your own score so far, and D's on the same pictures. (In
# the stored copy nobody has judged yet, and nothing is known: any share from 0 to 1.)

# %%
score = arena.score()
print(f"pictures judged: {score['n']}")
for who in ("you", "D"):
    print(f"{who:>4}: {score[who]} right, true share from {score[who + '_low']:.2f} to {score[who + '_high']:.2f}")

# %% [markdown]
# Play a while, run the cell again, and watch the bars shrink: four times as many pictures make them about half as long.

# %% [markdown]
# ## The counterfeiter and the police
#
# The paper that started it all (Goodfellow and seven others, 2014) tells the game as a story. A counterfeiter prints money.
# The police look at banknotes, some from the bank, some from the counterfeiter, and say which is which. Whenever the police
# find a telltale sign, the counterfeiter learns to avoid it; whenever a forgery passes, the police learn to look
# closer. Both improve. If both could go on until neither can improve, the false money would be as good as the true,
# and the police could only guess.
#
# | in the story | in this course | what it is given | what it wants |
# |---|---|---|---|
# | counterfeiter | the **generator** $G$ | random numbers $z$, and D's opinion of each forgery | $D(G(z))$ near 1 |
# | police | the **discriminator** $D$ | real $x$ and forged $G(z)$, shuffled | $D(x)$ near 1, $D(G(z))$ near 0 |
#
# $D(x)$ is a number between 0 and 1: how probable it is, in D's opinion, that $x$ is real. Two things are easy to miss.
# **The generator never sees a real digit.** All it ever learns comes through D's opinion of its own work. And **nobody
# tells it which picture to draw**: it is only asked to pass. At the end of a perfect game $D(x) = D(G(z)) = 1/2$ for every
# picture. Whether our pair is there, you have just been measuring.

# %% [markdown]
# ## The ceiling
#
# How good can a judge be at all, with perfect eyes and perfect knowledge? Take pictures out of it and let each sample be one
# number. The data are drawn from $N(0, 1)$ with density $p$, the forgeries from $N(\mu, 1)$ with density $q$, each kind
# half of the time. At a place $x$ the best one can do is to name the kind that is more frequent there, and so the best
# judge is right with probability
#
# $$\int \tfrac12 \max(p, q)\,dx \;=\; \tfrac12 + \tfrac14 \int |p - q|\,dx \;=\; \tfrac12 + \tfrac12\,\mathrm{TV}(p, q),$$
#
# because $\max(p, q) = \frac12 (p + q + |p - q|)$. TV is the *total variation*: 0 where the two are equal, 1 where they
# never meet. This is the ceiling, for you, for D, and for anybody.
#
# *Predict, then run.* With $\mu = 1$ the forgeries are one standard deviation off. Will the best judge be right 60, 70, 80 or
# 90 % of the time?

# %%
import numpy as np
from gan_edu import theory
x = np.linspace(-10, 14, 4801)
p = theory.gaussian(x)
for mu, known in [(0, 0.500), (1, 0.691), (2, 0.841), (4, 0.977)]:
    q = theory.gaussian(x, mu)
    best = theory.best_accuracy(p, q, x)
    print(f"mu = {mu}: TV = {theory.total_variation(p, q, x):.3f}, the best judge is right {best:.3f} of the time")
    assert abs(best - known) < 1e-3

# %% [markdown]
# A whole standard deviation lets the best judge be right only seven times out of ten. Here is why, for $\mu = 2$:

# %%
from gan_edu import plots
q = theory.gaussian(x, 2)
ax = plots.densities(x, p, q, theory.optimal_discriminator(p, q))
ax.set_xlim(-4, 6)
plots.show(ax, "The density of the data around 0 and of the forgeries around 2 overlap; the judge's D(x) falls from 1 to 0 "
               "and crosses one half at 1, where the two densities are equal.")


# %% [markdown]
# In the grey overlap the same number could have come from either side, and no judge can undo that. The dotted curve is
# the best judge of all, $D(x) = p(x) / (p(x) + q(x))$; it says 1/2 exactly where the densities cross. Notebook 03 proves
# that it is the best, and what the forger can learn from it.

# %% [markdown]
# ## Exercise 1: be the best judge
#
# Write a judge for numbers. The data come from $N(0, 1)$, the forgeries from $N(\mu, 1)$. Return `True` where you
# call the number `x` real. It should reach the ceiling for every $\mu$ other than 0, whether the forgeries lie to the
# right of the data or to the left.

# %% tags=["exercise-00-threshold"]
def says_real(x, mu):
    """x: numbers in an array. mu: where the forgeries are centred. Return True where x is called real."""
    return ...


# %% tags=["check-00-threshold"]
from gan_edu.checks import check
check("00-threshold", says_real)

# %% [markdown]
# If your judge is right, it needs one comparison. That is all a discriminator does, in one dimension. For pictures the
# comparison is the same, but it takes a network to find it. (What a check finds right is noted on this machine and
# nowhere else; `.venv/bin/gan-edu progress` in a terminal shows what you have solved in all notebooks.)

# %% [markdown]
# ## Exercise 2: what a score proves
#
# For pictures nobody knows $p$ or $q$, and nobody can compute TV. But the ceiling can be read the other way. If some judge is
# right with probability `share`, the best judge is right at least as often. So how large must TV be at least? Write it as
# a formula in `share`, for shares from 0.5 to 1: in quotes, or as a function.

# %% tags=["exercise-00-distance"]
distance = ...   # for example "share / 3"

# %% tags=["check-00-distance"]
check("00-distance", distance)

# %% [markdown]
# The arena applies this to both intervals and prints a distance between the forger and the truth that is at least so
# large. Your eyes, and a formula, have measured a generator. And D is not only an opponent: whatever it can prove,
# the forger can learn from. That is the engine of the whole method.

# %% [markdown]
# ## Hold the forger's hand
#
# The forger turns a list of 100 random numbers, called $z$, into a picture. Nobody gave any of these numbers a meaning.
#
# *Predict, then run.* When you push a slider slowly, will the digit change bit by bit, or will it jump from one digit to
# another? What will you see half-way between a 3 and an 8?

# %%
from gan_edu.widgets import LatentExplorer
LatentExplorer("mnist-mlp")

# %% [markdown]
# It flows. Between two digits lie shapes that are neither, and that nobody has ever written. Under the picture, D's
# verdict moves with your hand: there are places where the forger is believed, and places where it is caught. Notebook 07
# asks what $z$ means.

# %% [markdown]
# ## What the paper says, and what we do
#
# | | the paper (2014) | this course |
# |---|---|---|
# | what D gives | a probability (section 3) | D's last layer gives a *logit* $l$; a probability $1/(1 + e^{-l})$ is computed only to be shown, because near 0 and 1 it loses digits (notebook 04) |
# | how the game ends | with enough capacity and time, $D = 1/2$ everywhere (figure 1(d); section 4) | we stop long before; the arena measures how far from 1/2 we are |
# | who judges | Parzen windows, and readers looking at samples (section 5) | both, and you, with an interval; notebook 10 |

# %% [markdown]
# ## Summary
#
# * A GAN is a game. $G$ turns noise into pictures and wants to pass; $D$ sees real and forged ones and wants to be right.
# * $G$ never sees the data. It learns from D's opinion alone.
# * A score without an interval says little: 14 of 20 fits a coin.
# * The best of all judges is right with probability $\frac12 + \frac12\mathrm{TV}(p, q)$. So every score proves a distance.
# * A generator is a smooth map: small steps in $z$ are small steps in the picture.
#
# **Where to go.** Notebook 01 asks what it means to generate, 02 what the two players argue about, 03 who the best judge is, 04
# how the forger should listen. If you would rather see it happen first, open 06, where the pair is trained on your
# machine, or 07, for more of the sliders.
#
# ## References
#
# * I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville, Y. Bengio, *Generative
#   Adversarial Nets*, 2014. The story: section 1. D as a probability: section 3. The end of the game: figure 1(d) and
#   section 4, Proposition 1 and Theorem 1.
# * E. B. Wilson, *Probable Inference, the Law of Succession, and Statistical Inference*, Journal of the American
#   Statistical Association 22, 1927.
# * Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, *Gradient-Based Learning Applied to Document Recognition*, 1998. MNIST:
#   section III.
# * E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository, 1998. The
#   digits of scikit-learn.
