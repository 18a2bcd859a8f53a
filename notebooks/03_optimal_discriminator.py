# %% [markdown]
# # 3. The optimal discriminator
#
# What is the best that any judge can do when real and generated samples come shuffled together, and what does that
# best score tell the generator? Notebook 02 wrote down what the two players argue about:
#
# $$V(D, G) = \mathbb{E}_{x \sim p}[\log D(x)] + \mathbb{E}_{z \sim p_z}[\log(1 - D(G(z)))]. \tag{1}$$
#
# Here one player is allowed to be perfect. We find the perfect judge, prove that it is perfect, and put it back into
# $V$. What remains is a distance between the data and the generator, and with it the reason why the game can work at
# all. This is section 4 of the paper: Proposition 1, Theorem 1, Proposition 2. **Every line of each proof stands here
# twice: as a formula, and as a cell that computes it.**
#
# **Goals.** You will be able to
#
# 1. derive $D^*(x) = p(x) / (p(x) + q(x))$ and say where it is not defined;
# 2. prove that $\max_D V(D, G) = -\log 4 + 2\,\mathrm{JS}(p, q)$, and that its only minimum is at $q = p$;
# 3. read a trained discriminator as a density ratio, and predict what soft labels do to it;
# 4. say what Proposition 2 promises, what it needs, and which of its needs are not met in practice.
#
# **Time.** 60 minutes to read and run, 30 more for the four exercises.
#
# **Prerequisites.** Notebook 02; derivatives, logarithms, expectation as an integral. $p$ is the density of the data
# (the paper's $p_{data}$) and $q$ that of the generator (the paper's $p_g$). All logarithms are natural.

# %% [markdown]
# ## Two densities to think with
#
# These are the tools of this notebook. `theory` is short and uses NumPy only; you can read all of it.

# %%
import numpy as np
import sympy as sp

from gan_edu import course, plots, plots_theory, theory
from gan_edu.checks import check
course.explain_unknown_names()

previous = np.seterr(divide="ignore", invalid="ignore")   # 0 log 0 counts as 0 below

# %% [markdown]
# And these are our data and our generator, seen through their densities on a grid of points $x$. **Change the last two
# lines as you like and run everything again**: from here on nothing is true only for Gaussians, and every check below
# is computed from your $p$ and $q$.

# %%
x = np.linspace(-12, 13, 5001)
p = theory.gaussian(x, mean=0, std=1)    # data; try theory.mixture(x, [-2, 2], [0.6, 0.6], [0.5, 0.5])
q = theory.gaussian(x, mean=1, std=1)    # generator; try another mean and std

# %% [markdown]
# Before using a grid, check that it holds the densities: the mass of each should be 1.

# %%
print(f"mass of p: {theory.mass(p, x):.4f}, mass of q: {theory.mass(q, x):.4f}")
ax = plots.densities(x, p, q)
ax.set_xlim(-6, 7)
plots.show(ax, "Two densities that overlap: the data p around 0, the generated q around 1.")


# %% [markdown]
# Where the curves overlap, a sample at $x$ could have come from either. No judge can undo that overlap. The question is
# how to live with it best.

# %% [markdown]
# ## Step 1: from $z$ to $x$
#
# The second term of (1) is an average over noise $z$, and $D$ only ever sees $x = G(z)$. The first line of the paper's
# proof exchanges one for the other:
#
# $$\int p_z(z) \log\bigl(1 - D(G(z))\bigr)\,dz \;=\; \int q(x) \log\bigl(1 - D(x)\bigr)\,dx. \tag{2}$$
#
# Why may it do that? $q$ is *defined* as the density of $G(z)$. Both sides are the same average of
# $f(x) = \log(1 - D(x))$, once sorted by the $z$ it came from, once by the $x$ it arrived at. This holds for every $G$ at
# every moment of training, not only at the end, and it does not ask that $G$ be invertible. Here is a $G$ that folds the
# line in two, $G(z) = |z|$ with $z \sim N(0, 1)$, so that $q(x) = 2\varphi(x)$ for $x > 0$. Any judge will do.

# %%
def D_any(x):
    return 1 / (1 + np.exp(1.3 * x - 1))

z = np.linspace(-9, 9, 20001)
over_z = np.trapezoid(theory.gaussian(z) * np.log(1 - D_any(np.abs(z))), z)         # G(z) = |z|
half = np.linspace(0, 9, 20001)
over_x = np.trapezoid(2 * theory.gaussian(half) * np.log(1 - D_any(half)), half)    # q(x) = 2 phi(x)
print(f"average over z: {over_z:.6f}   average over x: {over_x:.6f}")
assert abs(over_z - over_x) < 1e-6

# %% [markdown]
# A computer that has no formula for $q$ can still compute the left side, by drawing $z$. That is the whole trick of an
# implicit model: $V$ never asks for $q$, only for samples.

# %%
draws = np.abs(np.random.default_rng(0).normal(size=100_000))
samples = np.log(1 - D_any(draws))
error = samples.std() / np.sqrt(samples.size)
print(f"from samples: {samples.mean():.3f}")
print("within three standard errors:", abs(samples.mean() - over_x) < 3 * error)

# %% [markdown]
# For a $G$ that does not fold, $q$ is found by the change of variables $q(x) = p_z(z)\,|dz/dx|$ at $z = G^{-1}(x)$. SymPy
# does it for $G(z) = a z + b$ with Gaussian noise, and out comes the Gaussian you expect.

# %%
X, Z, a, b = sp.symbols("x z a b", real=True)
width = sp.Symbol("a", positive=True)
p_z = sp.exp(-Z**2 / 2) / sp.sqrt(2 * sp.pi)
z_of_x = (X - b) / width                                  # the inverse of x = a z + b
sp.simplify(p_z.subs(Z, z_of_x) * sp.diff(z_of_x, X))     # the density of N(b, a^2)

# %% [markdown]
# One warning, for later. If $z$ has 100 coordinates and $x$ has 784, then $G(z)$ fills only a thin sheet in the space of
# images, and no density $q$ exists there. (2) then has to be read with measures instead of densities, and Step 5 shows
# what happens to the optimum: it becomes too good.

# %% [markdown]
# ## Step 2: a curve at every point
#
# With (2), both averages are integrals over the same $x$, and (1) becomes one integral:
#
# $$V(D, G) = \int \Bigl[\, p(x) \log D(x) + q(x) \log\bigl(1 - D(x)\bigr) \Bigr]\, dx. \tag{3}$$
#
# $D$ is free: its answer at one $x$ does not bind its answer at another. So the integral is largest when the bracket is
# largest **at every single $x$**. Fix an $x$, and write $a = p(x)$, $b = q(x)$ and $y = D(x)$. What is left is a question
# from school: where is the top of
#
# $$f(y) = a \log y + b \log(1 - y), \qquad 0 < y < 1\,?$$
#
# *Predict, then run.* Suppose $a = 3b$: samples at this $x$ are real three times as often as not. Is the best answer
# $y = 1$, $y = 3/4$ or $y = 1/2$?

# %%
figure, axes = plots.figure(9.6, 3.1, columns=3)
for ax, (height_p, height_q) in zip(axes, [(0.3, 0.1), (0.2, 0.2), (0.05, 0.35)]):
    plots_theory.pointwise(height_p, height_q, ax)
plots.show(figure, "Three curves a log y + b log(1 - y): with a = 0.3, b = 0.1 the top is at 0.75, "
                   "with a = b at 0.5, with a = 0.05, b = 0.35 at 0.125.")

# %% [markdown]
# Each curve has one top, and it is not at an end: to answer 1 would be best for the real samples and infinitely bad for
# the generated ones that land at the same place. Now the same by algebra. The first derivative $f'(y)$, and the place where it is zero:

# %%
a, b = sp.symbols("a b", positive=True)
y = sp.Symbol("y", positive=True)
f = a * sp.log(y) + b * sp.log(1 - y)
sp.Tuple(sp.diff(f, y), *sp.solve(sp.Eq(sp.diff(f, y), 0), y))

# %% [markdown]
# One solution: $a/y = b/(1-y)$ gives $a - ay = by$, so $y = a/(a+b)$. A point where the derivative is zero could still be a
# valley. The second derivative decides; here it is for every $y$, and at the place we found:

# %%
second = sp.diff(f, y, 2)
at_top = sp.factor(second.subs(y, a / (a + b)))
sp.Tuple(second, at_top)

# %% [markdown]
# Both terms of $f''$ are negative for every $y$ in $(0, 1)$, because $a, b > 0$ and squares are positive. So $f$ is strictly
# concave: it bends downwards everywhere, and its one flat place is its only maximum. At the ends $f$ falls to
# $-\infty$, so nothing is hidden there either.

# %%
sp.Tuple(*[sp.limit(f.subs({a: 3, b: 1}), y, end, side) for end, side in [(0, "+"), (1, "-")]])

# %% [markdown]
# And for those who would rather trust a search than a derivative: on 1,000 random pairs $(a, b)$, the best of 10,000
# answers $y$ is always next to $a/(a+b)$.

# %%
rng = np.random.default_rng(1)
answers = np.linspace(0.0001, 0.9999, 10_000)
pairs = rng.uniform(0.01, 3, (1000, 2))
found = [answers[np.argmax(u * np.log(answers) + v * np.log(1 - answers))] for u, v in pairs]
distance = np.abs(found - pairs[:, 0] / pairs.sum(1))
print("largest distance to a/(a+b) below 0.0001:", distance.max() < 1e-4)


# %% [markdown]
# **Proposition 1.** For a fixed $G$, the best judge is
#
# $$D^*(x) = \frac{p(x)}{p(x) + q(x)}. \tag{4}$$
#
# It is Bayes' rule for a fair coin that decides between a real and a generated sample: $D^*(x)$ is the probability that
# what you see at $x$ is real. The judge who wins the game is the one who tells the truth about its own doubt.
#
# ### Exercise 1: the best judge, in your own words
#
# Close your eyes to (4) and write it down as code: two densities in, the best answer out. A formula as text, such as
# `my_best_judge = "..."` with the letters `p` and `q`, is as good. The check compares on 200 random pairs; if you are
# wrong it shows you a pair where a better answer exists.

# %% tags=["exercise-03-best-judge"]
def my_best_judge(p, q):
    return ...


# %% tags=["check-03-best-judge"]
check("03-best-judge", my_best_judge)

# %% [markdown]
# ## Step 3: look at it, and move it
#
# Drag the tops of the two curves, or use the sliders. Pull a grip out of the axis to add a second bump. The green line is
# $D^*$; the curve over $y$ is $f(y)$ at the place $x$ that you choose, with its top. The last slider makes the judge more or
# less confident than it should be: watch $V(D)$ leave its bound on both sides of 1.

# %%
from gan_edu.widgets import DiscriminatorExplorer

DiscriminatorExplorer()

# %% [markdown]
# (If you see only a picture, the page has no live kernel; nothing below depends on it. JS and TV are derived in Steps 7 and
# 9; both say how far apart $p$ and $q$ are.) Three things to find by hand: where $D^* = 1/2$; what happens to $D^*$ far out
# when $q$ is *wider* than $p$; and a pair with a small JS but one huge KL.
#
# ## Step 4: nobody beats it
#
# Let us turn "best" into an equation. Subtract the integrand of $V(D)$ from that of $V(D^*)$, put $p = (p+q) D^*$ and
# $q = (p+q)(1 - D^*)$, and collect:
#
# $$V(D^*) - V(D) = \int (p + q) \underbrace{\Bigl[ D^* \log \frac{D^*}{D} + (1 - D^*) \log \frac{1 - D^*}{1 - D}
# \Bigr]}_{\text{KL of two coins, } \ge 0}\, dx \;\ge\; 0. \tag{5}$$
#
# What a judge loses is paid place by place, and the price is how wrong its coin is. (That this KL is never negative is Step 2
# again: $D^* \log D + (1 - D^*) \log(1 - D)$ is a curve $f$ with $a = D^*$, $b = 1 - D^*$, so its top is at $D = D^*$.) SymPy
# confirms the algebra: left side minus right side, under the integral, is

# %%
P, Q, d = sp.symbols("p q D", positive=True)
star = P / (P + Q)
left = P * sp.log(star / d) + Q * sp.log((1 - star) / (1 - d))
right = (P + Q) * (star * sp.log(star / d) + (1 - star) * sp.log((1 - star) / (1 - d)))
sp.simplify(left - right)


# %% [markdown]
# Now your own judge:

# %%
def my_D(x):
    return 1 / (1 + np.exp(1.8 * x - 0.2))     # change me: anything between 0 and 1

D, best = my_D(x), theory.optimal_discriminator(p, q)
V, C = theory.value(D, p, q, x), theory.criterion(p, q, x)
print(f"V(your D) = {V:.4f} <= V(D*) = {C:.4f}: {V <= C}")

# %% [markdown]
# The right side of (5), computed on its own, is exactly the difference.

# %%
real_side, fake_side = best * np.log(best / D), (1 - best) * np.log((1 - best) / (1 - D))
coins = np.nan_to_num(real_side) + np.nan_to_num(fake_side)      # 0 log 0 = 0
loss = np.trapezoid((p + q) * coins, x)
print(f"V(D*) - V(D) = {C - V:.6f},  right side of (5) = {loss:.6f}")
assert abs((C - V) - loss) < 1e-6

# %% [markdown]
# The grey area below is what your judge loses. Change `my_D`, run the three cells again, and try to make it vanish.

# %%
figure, axes = plots.figure(8.8, 3.2, columns=2)
plots_theory.judges(x[2000:3200], {"your D": D[2000:3200], "D*": best[2000:3200]}, axes[0])
part = slice(1400, 3600)
plots_theory.loss_of_judge(x[part], p[part], q[part], D[part], axes[1], value=V, bound=C)
plots.show(figure, "Your judge beside D*, and what it loses place by place: "
                   f"V(D) = {V:.4f} under C(G) = {C:.4f}.")

# %% [markdown]
# One judge proves little; a thousand wiggly ones, with random offset, slope and wave, still prove nothing but make a good
# witness.

# %%
rng = np.random.default_rng(2)
def random_judge():
    offset, slope, size, pace = rng.normal(size=4)
    return offset + slope * x + size * np.sin(2 * pace * x)      # logits

values = [theory.value_of_logits(random_judge(), p, q, x) for _ in range(1000)]
print(f"the best of 1000 random judges: {max(values):.4f}, below the bound {C:.4f}: {max(values) < C}")

# %% [markdown]
# ## Step 5: where $D^*$ is not defined
#
# (4) divides by $p + q$. Where both are 0, no sample ever lands, $f(y) = 0$ for every $y$, and *any* answer is best. Where
# only one of them is 0, $f$ has no top inside $(0, 1)$, and the best answer is at the end: 1 where only data live, 0 where
# only forgeries live. Take two boxes that do not touch.

# %%
u = np.linspace(0, 5, 5001)
def box(left):
    inside = ((u > left) & (u < left + 1)).astype(float)
    return inside / theory.mass(inside, u)

D_box = theory.optimal_discriminator(box(0.5), box(2.5))
undefined = np.isnan(D_box)
print("answers where something lives:", np.unique(D_box[~undefined]))
print("undefined at", undefined.sum(), "of", u.size, "points")

# %% [markdown]
# The judge is perfect, and its value is the greatest possible, 0. Now move the generated box. Beside the score we print W1,
# how far the mass would have to be carried (notebook 11). *Predict, then run:* does the score tell the generator that it is
# getting closer?

# %%
for left in (4.0, 2.5, 1.6, 1.0, 0.5):
    print(f"generated box at {left}: C(G) = {theory.criterion(box(0.5), box(left), u):+.4f}, "
          f"distance W1 = {theory.wasserstein1(box(0.5), box(left), u):.3f}")

# %% [markdown]
# As long as the *supports*, the places where a density is not 0, lie apart, $C(G) = 0$ whatever the distance: a perfect judge
# has nothing to say about *how far*.
# Step 1 warned us: thin sheets in a large space hardly ever meet. Notebook 04 shows what this does to G's gradient, notebook
# 11 measures with W1 instead.
#
# ## Step 6: a judge is a density ratio
#
# Solve (4) for the ratio. The *logit* of $D^*$, which is what our networks return, has a plain meaning:
#
# $$\operatorname{logit} D^*(x) = \log \frac{D^*(x)}{1 - D^*(x)} = \log p(x) - \log q(x). \tag{6}$$
#
# For two Gaussians SymPy can write it out:

# %%
X, m0, m1 = sp.symbols("x m_0 m_1", real=True)
s0, s1 = sp.symbols("s_0 s_1", positive=True)
def log_gauss(m, s):
    return -((X - m) / s)**2 / 2 - sp.log(s)

logit = sp.expand(log_gauss(m0, s0) - log_gauss(m1, s1))
sp.collect(logit, X)

# %% [markdown]
# A parabola in general. With equal widths the $x^2$ cancels:

# %%
sp.factor(logit.subs(s1, s0))

# %% [markdown]
# A straight line is left: one neuron with a sigmoid *is* the best judge of two Gaussians of equal width. (6) also runs
# backwards. Whoever knows $q$ and the judge knows $p$:

# %%
seen = (best < 0.999) & (q > 0)             # near 1 the difference 1 - D* has lost its digits
recovered = q[seen] * best[seen] / (1 - best[seen])
print("p recovered from q and D*:", np.allclose(recovered, p[seen]))


# %% [markdown]
# So D learns what the data look like *relative to G*, and at the end of a perfect game it knows nothing any more:
# $p = q$, the ratio is 1, the logit is 0 everywhere.
#
# ## Step 7: the value of the best judge
#
# Many texts stop at $D^*$, or at the line where $D^*$ has been put into $V$:
#
# $$C(G) = \max_D V(D, G) = \int p \log \frac{p}{p + q}\,dx + \int q \log \frac{q}{p + q}\,dx. \tag{7}$$
#
# Let us walk on. Name the average density $m = (p + q)/2$. Then $p/(p+q) = \tfrac12\, p/m$, and
# $\log \tfrac12 = -\log 2$ can be taken out of each integral, because $\int p = \int q = 1$:
#
# $$C(G) = -\log 2 - \log 2 + \int p \log \frac{p}{m}\,dx + \int q \log \frac{q}{m}\,dx \tag{8}$$
# $$\phantom{C(G)} = -\log 4 + \mathrm{KL}(p \,\|\, m) + \mathrm{KL}(q \,\|\, m) \tag{9}$$
# $$\phantom{C(G)} = -\log 4 + 2\,\mathrm{JS}(p, q). \tag{10}$$
#
# $\mathrm{KL}(p\|m) = \int p \log(p/m)$ is the Kullback-Leibler divergence, and the Jensen-Shannon divergence JS is
# *defined* as the mean of the two KLs in (9). Each line as a number, from your $p$ and $q$:

# %%
def average(density, g):                    # the expectation of g under a density on our grid
    return np.trapezoid(np.where(density > 0, density * g, 0), x)

m = (p + q) / 2
lines = {"V(D*)": theory.value(best, p, q, x),
         "(7)": average(p, np.log(p / (p + q))) + average(q, np.log(q / (p + q))),
         "(8)": -2 * np.log(2) + average(p, np.log(p / m)) + average(q, np.log(q / m)),
         "(9)": -np.log(4) + theory.kl(p, m, x) + theory.kl(q, m, x),
         "(10)": -np.log(4) + 2 * theory.js(p, q, x)}

# %% [markdown]
# Five lines of a proof are one number written five times:

# %%
for name, number in lines.items():
    print(f"{name:6s} {number:.6f}")
assert np.ptp(list(lines.values())) < 1e-6

# %% [markdown]
# The step from (7) to (8) once more in symbols, since this is where a factor of 2 is lost most often:

# %%
P, Q = sp.symbols("p q", positive=True)
M = (P + Q) / 2
sp.simplify(sp.expand_log(sp.log(P / (P + Q)) - (sp.log(P / M) - sp.log(2))))

# %% [markdown]
# The difference is 0 for all $p, q > 0$. The best judge's score is, up to a constant, a measure of how different the
# generator is from the data.
#
# ### Exercise 2: the criterion
#
# Write $C(G)$, either as text in the letter `JS`, or as a function `my_criterion(p, q, x)` of two densities on a grid. The check
# draws 200 random pairs of Gaussians and integrates; a wrong answer gets the pair that shows it.

# %% tags=["exercise-03-criterion"]
my_criterion = ...

# %% tags=["check-03-criterion"]
check("03-criterion", my_criterion)

# %% [markdown]
# ## Step 8: only one place to rest
#
# **Theorem 1.** *$C(G) \ge -\log 4$, with equality if and only if $q = p$.*
#
# By (9) it is enough that a KL is never negative, and zero only for equal densities. Everything hangs on one small
# inequality: $\log t \le t - 1$. Put $g(t) = t - 1 - \log t$. Where is $g' = 0$, what is $g''$, and what is $g(1)$?

# %%
t = sp.Symbol("t", positive=True)
g = t - 1 - sp.log(t)
sp.Tuple(*sp.solve(sp.diff(g, t), t), sp.diff(g, t, 2), g.subs(t, 1))

# %% [markdown]
# One flat place at $t = 1$, curved upwards everywhere, value 0 there: $g \ge 0$, with equality only at $t = 1$. Now take
# $t = m(x)/p(x)$ wherever $p > 0$:
#
# $$-\mathrm{KL}(p \,\|\, m) = \int p \log \frac{m}{p}\, dx \;\le\; \int p \Bigl( \frac{m}{p} - 1 \Bigr) dx
# = \int_{p > 0} m\,dx - 1 \;\le\; 0. \tag{11}$$
#
# Equality in the first step asks for $m = p$ wherever $p > 0$ (up to a set without mass, which no average can see). If
# both KLs in (9) vanish, then $p = m$ and $q = m$, so $p = q$. Conversely $p = q$ makes $D^* = 1/2$ everywhere, and
# $V = \log\tfrac12 + \log\tfrac12 = -\log 4$. That is all of Theorem 1.
#
# The two sides of (11) at every $x$; the first curve never crosses the second:

# %%
lower, upper, part = np.where(p > 0, p * np.log(m / p), 0), m - p, slice(1600, 3400)
figure, ax = plots.figure(6.4, 3.0)
plots.curves(x[part], {"p log(m/p)": lower[part], "p (m/p - 1) = m - p": upper[part]},
             xlabel="x", ylabel="integrand of (11)", ax=ax)
plots.show(figure, "The integrand p log(m/p) lies below m - p at every x.")
print("never above:", bool(np.all(lower <= upper + 1e-12)))

# %% [markdown]
# The numbers that this course comes back to: data $N(0, 1)$ against a generator $N(\mu, 1)$.

# %%
wide = np.linspace(-14, 22, 6001)
expected = {0: -1.3863, 1: -1.1635, 2: -0.7126, 4: -0.1209, 8: -0.0002}
for mu, number in expected.items():
    C_mu = theory.criterion(theory.gaussian(wide), theory.gaussian(wide, mu), wide)
    print(f"mu = {mu}:  V(D*) = {C_mu:.4f}")
    assert abs(C_mu - number) < 1e-3

# %% [markdown]
# From $-\log 4 = -1.3863$ at the generator's best to 0 when the judge cannot fail. And the whole landscape, over mean and
# width of the generator, with the data at $N(0, 1)$:

# %%
means, stds = np.linspace(-3, 3, 61), np.linspace(0.4, 2.5, 43)
def criterion_at(mu, s):
    return theory.criterion(theory.gaussian(wide), theory.gaussian(wide, mu, s), wide)

landscape = np.array([[criterion_at(mu, s) for mu in means] for s in stds])
i, j = np.unravel_index(landscape.argmin(), landscape.shape)
lowest, next_one = np.sort(landscape.ravel())[:2]
print(f"lowest at mean {means[j]:.2f}, width {stds[i]:.2f}: C = {lowest:.4f}; second lowest {next_one:.4f}")

# %% [markdown]
# One lowest point, at the data's own mean and width.

# %%
figure, ax = plots.figure(5.6, 3.4)
levels = ax.contour(means, stds, landscape, levels=[-1.38, -1.35, -1.3, -1.2, -1.0, -0.8, -0.6],
                    colors=plots.INK, linewidths=0.9, linestyles="solid")
ax.clabel(levels, fontsize=8)
plots.style(ax, xlabel="mean of q", ylabel="width of q", title="C(G): a single valley at p = q")
plots.show(figure, "Contour lines of C(G) over mean and width of q: rings around mean 0 and width 1.")

# %% [markdown]
# ### Exercise 3: five missing lines
#
# Here is the proof as you might find it on a blackboard, with five holes. Fill each one with a formula as text.
#
# 1. With $f(y) = a \log y + b \log(1 - y)$, the derivative is $f'(y) = $ **[1]** (letters `a`, `b`, `y`).
# 2. It vanishes at $y = a/(a+b)$. That is a maximum, because $f''(y) = $ **[2]** $< 0$.
# 3. So $D^* = p/(p+q)$, and the other side of the coin is $1 - D^* = $ **[3]** (letters `p`, `q`).
# 4. With $m = (p+q)/2$: $\;\log\frac{p}{p+q} = \log\frac{p}{m} \;+\; $ **[4]**.
# 5. Both integrals together: $C(G) = $ **[5]** (letters `KLp` for $\mathrm{KL}(p\|m)$ and `KLq` for $\mathrm{KL}(q\|m)$).

# %% tags=["exercise-03-proof"]
my_lines = {1: ...,
            2: ...,
            3: ...,
            4: ...,
            5: ...}

# %% tags=["check-03-proof"]
check("03-proof", my_lines)

# %% [markdown]
# ## Step 9: how JS is tied to what a judge gets right
#
# Suppose the judge must say "real" or "fake", and says "real" on a set $A$ of places. Half of the samples are real, so it is
# right with probability
#
# $$\tfrac12 \int_A p\,dx + \tfrac12 \int_{\text{not } A} q\,dx = \tfrac12 + \tfrac12 \int_A (p - q)\,dx
# \;\le\; \tfrac12 + \tfrac12 \int_{p > q} (p - q)\,dx = \tfrac12 + \tfrac12 \mathrm{TV}(p, q). \tag{12}$$
#
# The best $A$ is where $p > q$, that is, where $D^* > 1/2$; and $\mathrm{TV} = \tfrac12 \int |p - q|$, the total variation, is
# the mass that has to be moved. Beside it, the best of all thresholds, "real if $x < c$":

# %%
step = x[1] - x[0]
said_real = np.cumsum(p - q) * step               # the integral over A = (x < c), for every c at once
print(f"best threshold: {0.5 + 0.5 * said_real.max():.4f}")
print(f"1/2 + TV/2:     {0.5 + 0.5 * theory.total_variation(p, q, x):.4f}")

# %% [markdown]
# (The two agree if one threshold separates $p > q$ from the rest, as for two Gaussians of equal width. Otherwise the
# threshold is worse.)
#
# JS weighs doubt in another way. Put $p = 2m D^*$ and $q = 2m(1 - D^*)$ into (7), and let
# $h(y) = -y \log y - (1 - y) \log(1 - y)$ be the entropy of a coin. Then $C(G) = -2 \int m\, h(D^*)\,dx$, so that
#
# $$\mathrm{JS}(p, q) = \log 2 - \int m\, h(D^*)\,dx: \tag{13}$$
#
# the doubt before you look, $\log 2$, minus the mean doubt that is left after you have seen $x$. JS is what one sample tells
# about its source.

# %%
doubt = -np.nan_to_num(best * np.log(best)) - np.nan_to_num((1 - best) * np.log(1 - best))
print(f"log 2 minus the mean doubt: {np.log(2) - average(m, doubt):.6f}   JS: {theory.js(p, q, x):.6f}")
assert abs(np.log(2) - average(m, doubt) - theory.js(p, q, x)) < 1e-6

# %% [markdown]
# TV and JS are now two averages over $m$ of functions of one thing, the chance of error $e(x) = \min(D^*, 1 - D^*)$: its mean is
# $e = (1 - \mathrm{TV})/2$, and the mean of $h(e(x))$ is the doubt. Between 0 and 1/2, $h$ is concave and lies above its chord,
# $h(e) \ge 2 e \log 2$. The chord gives the upper bound; concavity (Jensen: the mean of $h$ is at most $h$ of the mean) gives
# the lower one, known as Fano's inequality:
#
# $$\log 2 - h\Bigl(\frac{1 - \mathrm{TV}}{2}\Bigr) \;\le\; \mathrm{JS}(p, q) \;\le\; \mathrm{TV} \cdot \log 2
# \;\le\; \log 2. \tag{14}$$
#
# 300 random pairs of mixtures:

# %%
rng, line = np.random.default_rng(4), np.linspace(-16, 16, 1601)
def random_mixture():
    return theory.mixture(line, rng.uniform(-4, 4, 2), rng.uniform(0.3, 2, 2), rng.dirichlet([1, 1]))

some = [(random_mixture(), random_mixture()) for _ in range(300)]
tv = np.array([theory.total_variation(u, v, line) for u, v in some])
js = np.array([theory.js(u, v, line) for u, v in some])
low, high = np.array([theory.js_bounds(v) for v in tv]).T
print("within both bounds:", bool(np.all((low <= js) & (js <= high))))
print("largest JS below log 2:", js.max() < np.log(2))

# %% [markdown]
# The points stay inside the lens.

# %%
figure, ax = plots.figure(5.6, 3.4)
order, grid = np.argsort(tv), np.linspace(0, 1, 101)
fence = np.array([theory.js_bounds(v) for v in grid]).T
plots.curves(grid, {"lower bound": fence[0], "upper bound": fence[1]},
             xlabel="total variation TV", ylabel="JS (nats)", ax=ax)
ax.plot(tv, js, ".", color=plots.INK, markersize=3)
plots.show(figure, "JS of 300 random pairs against their total variation: all lie between the two bounds.")

# %% [markdown]
# ## Step 10: a network finds it
#
# (4) is a statement about functions. Does a small network that sees only samples get there? Here is one with two hidden
# layers, trained on fresh samples of $N(0, 1)$ and $N(1, 1)$ to minimise D's loss, which is $-V$ (notebook 02).

# %%
import torch

from gan_edu.objectives import OBJECTIVES

torch.set_num_threads(1)
def small_judge(seed):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(1, 32), torch.nn.Tanh(),
                               torch.nn.Linear(32, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))


# %% [markdown]
# The loop has nothing new in it: draw, loss, gradient, step.

# %%
def train_judge(seed, steps=400, n=1024):
    D, draw = small_judge(seed), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(D.parameters(), lr=5e-3)
    for _ in range(steps):
        real, fake = torch.randn(n, 1, generator=draw), 1 + torch.randn(n, 1, generator=draw)
        loss = OBJECTIVES["minimax"].discriminator(D(real), D(fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return D


# %% [markdown]
# Five judges from five seeds. Each is measured by quadrature, on the whole grid, against the bound.

# %%
p1, q1 = theory.gaussian(wide), theory.gaussian(wide, 1)
def logits_of(D):
    with torch.no_grad():
        return D(torch.tensor(wide, dtype=torch.float32)[:, None])[:, 0].double().numpy()

trained = [logits_of(train_judge(seed)) for seed in range(5)]
bound = theory.criterion(p1, q1, wide)
gaps = bound - np.array([theory.value_of_logits(l, p1, q1, wide) for l in trained])
print("all five within 0.01 of V(D*), none above it:", bool(np.all((gaps > 0) & (gaps < 0.01))))

# %% [markdown]
# The five gaps stayed below 0.005 in all our runs (a test asserts that band). Where samples fall, the judges follow the
# straight line of Step 6; far out they level off, as a network of tanh must, and (5) says why that costs nothing: no mass,
# no price.

# %%
view = slice(1300, 4000)
truth = np.log(p1) - np.log(q1)
curves = {"seed 0": trained[0][view], "log p - log q, the truth": truth[view], "seed 1": trained[1][view]}
figure, ax = plots.figure(6.4, 3.2)
plots.curves(wide[view], curves, xlabel="x", ylabel="logit of D", ax=ax)
plots.show(figure, "Logits of two trained judges beside the true line 1/2 - x: "
                   "on it where samples fall, level far out.")


# %% [markdown]
# ## Step 11: soft labels
#
# A judge that is too sure of itself is a poor teacher (notebook 04), so practice often trains D with label 0.9 instead of 1
# for real images. What does the best judge become? With label $\alpha$ for real and $\beta$ for generated samples, the
# bracket of (3) has two cross-entropies:
#
# $$p\,[\alpha \log y + (1 - \alpha) \log(1 - y)] + q\,[\beta \log y + (1 - \beta) \log(1 - y)]. \tag{15}$$
#
# ### Exercise 4: the best judge for soft labels
#
# Collect what stands before $\log y$ and what stands before $\log(1 - y)$, and use the result of Step 2. Write the top of
# (15) as a function or a formula in `p`, `q`, `real` ($\alpha$) and `fake` ($\beta$).

# %% tags=["exercise-03-smoothing"]
def my_soft_judge(p, q, real, fake):
    return ...


# %% tags=["check-03-smoothing"]
check("03-smoothing", my_soft_judge)

# %% [markdown]
# The figure shows three labellings for a generator that has wandered off, $q = N(4, 1)$. (It gives the shapes away, so try
# the exercise first.)

# %%
far = theory.gaussian(wide, 4)
soft = {"labels 1 and 0": theory.smoothed_discriminator(p1, far, real=1.0, fake=0.0),
        "labels 0.9 and 0": theory.smoothed_discriminator(p1, far, real=0.9, fake=0.0),
        "labels 0.9 and 0.1": theory.smoothed_discriminator(p1, far, real=0.9, fake=0.1)}
view = slice(1500, 4000)
figure = plots_theory.pair(wide[view], p1[view], far[view], {k: v[view] for k, v in soft.items()})
plots.show(figure, "The best judge for labels (1, 0), (0.9, 0) and (0.9, 0.1): "
                   "the last one levels off at 0.1 under the forgeries.")

# %% [markdown]
# Softening the real label alone only scales $D^*$ down: $0.9\,D^*$. Softening the generated label as well puts $q$ into the
# numerator, and under the forgeries the judge levels off at $\beta$. G climbs $\log D$. How steep is it where the forgeries
# are, at $x = 5$?

# %%
at = np.argmin(np.abs(wide - 5))
for name, D_soft in soft.items():
    slope = (np.gradient(np.log(D_soft), wide))[at]
    print(f"{name:18s}  D = {D_soft[at]:.3f}   slope of log D = {slope:+.3f}")

# %% [markdown]
# The one-sided labels keep the full slope back to the data, since $\log(0.9\,D^*) = \log 0.9 + \log D^*$. The two-sided ones
# lose it: a judge who gives every forgery 0.1 gives none of them a reason to move. That is why label smoothing is done on
# one side only (Salimans et al. 2016, section 3.4, give the same reason in words).
#
# ## Step 12: what Proposition 2 promises
#
# Theorem 1 says where the game should end. Proposition 2 says that one gets there: *if $G$ and $D$ have enough capacity, and
# at each step D is allowed to reach its optimum given $G$, and $q$ is updated so as to improve $C$, then $q$ converges to $p$.*
# The proof rests on two facts about $C$ as a function **of the density $q$ itself**.
#
# *First, it is convex.* For a fixed D, (3) is linear in $q$; $C$ is the upper envelope of all these linear functions, and
# an upper envelope of straight lines is convex. On the way from one density to another, $C$ stays below the chord:

# %%
other = theory.mixture(x, [-3, 3], [0.7, 0.7], [0.3, 0.7])
steps = np.linspace(0, 1, 21)
path = np.array([theory.criterion(p, (1 - s) * q + s * other, x) for s in steps])
chord = (1 - steps) * path[0] + steps * path[-1]
print("C on the way is never above the chord:", bool(np.all(path <= chord + 1e-9)))

# %% [markdown]
# *Second, its slope is that of $V$ with D held at its optimum.* When $q$ changes a little, $D^*$ changes too, but at a
# maximum that costs nothing to first order (the envelope theorem). So the derivative of $C$ at the place $x$ is
# $\log(1 - D^*(x))$, the very thing that G sees through a frozen D. Compare with a difference quotient, for a small move of
# $q$'s own mass towards the places that $D^*$ likes:

# %%
direction, tiny = q * (best - average(q, best)), 1e-5
quotient = (theory.criterion(p, q + tiny * direction, x) - theory.criterion(p, q, x)) / tiny
frozen = np.log(q) - np.log(p + q)                     # log(1 - D*), without rounding
slope_of_v = np.trapezoid(np.where(q > 0, direction * frozen, 0), x)
print(f"slope of C: {quotient:.4f}   slope of V through the frozen best judge: {slope_of_v:.4f}")
assert abs(quotient - slope_of_v) < 1e-2 * max(1, abs(quotient))

# %% [markdown]
# So let us do what the proposition says: no parameters, the density itself moves downhill. Multiplying keeps a density
# positive, so the step is $q \leftarrow q \cdot e^{-\eta \log(1 - D^*)}$, divided by its mass. *Predict, then run:* with
# $\eta = 1$ the factor is $1/(1 - D^*)$, which is $(p+q)/q$. What is the new $q$?

# %%
moving, trace = other.copy(), []
for _ in range(8):
    trace.append(theory.criterion(p, moving, x))
    moving = moving * np.exp(-(np.log(moving) - np.log(p + moving)))     # eta = 1
    moving = moving / theory.mass(moving, x)
print("C(G) along the way:", np.round(trace, 4), " limit", round(-np.log(4), 4))

# %% [markdown]
# The new $q$ is $(p + q)/2$: each step walks half of the way to the data, from any start that is above 0 where the data are. In the space of densities the game
# is that easy.
#
# ## Step 13: and why practice does not give it
#
# *A network moves parameters, not densities.* $C$ is convex in $q$, but $q$ is not a straight function of the weights. Here
# the data have two bumps and the generator is $N(\theta, 0.7^2)$, with one parameter:

# %%
two = theory.mixture(wide, [-2.5, 2.5], [0.6, 0.6], [0.5, 0.5])
thetas = np.linspace(-7, 7, 281)
C_theta = np.array([theory.criterion(two, theory.gaussian(wide, th, 0.7), wide) for th in thetas])
inner = C_theta[1:-1]
valleys = thetas[1:-1][(inner < C_theta[:-2]) & (inner < C_theta[2:])]
print("local minima at theta =", np.round(valleys, 1))
print(f"lowest C: {C_theta.min():.3f}, far out: {C_theta[0]:.3f}")

# %% [markdown]
# Two valleys, a ridge between them, plains outside. Each valley is a generator that has found one half of the data.

# %%
figure, ax = plots.figure(6.0, 3.0)
plots.curves(thetas, {"C(theta)": C_theta, "-log 4": np.full_like(thetas, -np.log(4))},
             xlabel="theta, mean of the generator", ylabel="C(G)", ax=ax)
plots.show(figure, "C as a function of the generator's mean: two separate valleys near -2.5 and 2.5, "
                   "nearly 0 far away, never down to -log 4.")

# %% [markdown]
# *And the judge is not at its optimum.* It gets $k$ steps (usually one), a finite network and a finite batch. Suppose it stops
# learning altogether while G goes on: the same walk as above with small steps, but D stays the best judge of the *first* $q$.

# %%
start, data = theory.gaussian(x, 1.5, 0.8), theory.gaussian(x)
moving, stale = start.copy(), []
slope = np.log(start) - np.log(data + start)          # log(1 - D) of the judge that stopped learning
for _ in range(41):
    stale.append(theory.criterion(data, moving, x))
    moving = moving * np.exp(-0.2 * np.where(start > 0, slope, 0))
    moving = moving / theory.mass(moving, x)
print(f"C at the start {stale[0]:.3f}, lowest {min(stale):.3f} at step {int(np.argmin(stale))}, "
      f"after 40 steps {stale[-1]:.3f}")

# %% [markdown]
# First it helps, then it ruins: all mass runs to the places that the old judge liked best. The paper calls this the
# "Helvetica scenario" (section 6) and asks that D be kept near its optimum while G changes slowly. Notebook 05 is about exactly that
# number $k$.
#
# | Proposition 2 needs | what training has |
# |---|---|
# | D at its optimum before each step of G | $k$ gradient steps, from where it was |
# | D free at every $x$ | a network: smooth, finite, shared weights |
# | $q$ itself is moved, $C$ convex in $q$ | weights are moved, $C$ not convex in them |
# | exact averages over $p$ and $q$ | minibatches of 64 |
# | densities that overlap | images on thin sheets (Step 5) |
#
# The proposition is a compass, not a guarantee. The authors say so themselves, at the end of section 4.2.
#
# ## What the paper says, what its authors' code does, what we do
#
# | | paper | the authors' code | here |
# |---|---|---|---|
# | D's objective | ascend $V$: a sum of two means, (1) | `0.5 * (cost(1, real) + cost(0, fake))`, so $-V/2$ | the sum, $-V$; the half only changes the learning rate |
# | D's output | a probability | a sigmoid layer with its cross-entropy | a logit; (6) gives it a meaning |
# | labels | 1 and 0 | 1 and 0 in this cost | 1 and 0; Step 11 for others |
# | existence of $D^*$ | "does not need to be defined outside of" the two supports | a network answers everywhere | `nan` where both densities are 0 |
# | Proposition 2 | updates $p_g$ | updates weights | both, side by side (Steps 12 and 13) |
#
# ## Summary
#
# * At every $x$ the best answer is the top of $a \log y + b \log(1 - y)$, which is strictly concave: $D^* = p/(p+q)$, the
#   truth about one's own doubt. It is undefined where nothing lives and perfect where supports do not meet.
# * Any other judge loses $\int (p+q)\,\mathrm{KL}(\text{its coin})$, so $V(D) \le V(D^*)$. A small network comes within 0.01.
# * $\operatorname{logit} D^* = \log p - \log q$: a discriminator estimates a density ratio.
# * $C(G) = -\log 4 + 2\,\mathrm{JS}(p, q)$, and its only minimum is $q = p$, because $\log t \le t - 1$.
# * $C$ is convex in $q$ and its slope is $\log(1 - D^*)$, so an ideal game converges. Weights, $k$ steps and batches are not
#   that ideal game.
#
# **Next.** Notebook 04 asks what gradient this landscape gives to G, and why nobody minimises $\log(1 - D)$.
#
# ## References
#
# * I. Goodfellow et al., *Generative Adversarial Nets*, NeurIPS 2014, arXiv:1406.2661. Section 4.1: Proposition 1, equations
#   (2) to (4), Theorem 1, equations (5) and (6). Section 4.2: Proposition 2. Section 6: the Helvetica scenario. Code of the authors:
#   repository goodfeli/adversarial, `__init__.py`.
# * J. Lin, *Divergence measures based on the Shannon entropy*, IEEE Transactions on Information Theory 37 (1991): the JS
#   divergence and its bounds.
# * T. Salimans et al., *Improved Techniques for Training GANs*, NeurIPS 2016, arXiv:1606.03498. One-sided label smoothing.
# * M. Arjovsky and L. Bottou, *Towards Principled Methods for Training Generative Adversarial Networks*, ICLR 2017,
#   arXiv:1701.04862. Supports that do not meet, section 2.
