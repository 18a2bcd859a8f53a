# %% [markdown]
# # 9. Failure modes
#
# How does a GAN go wrong, and how do you know which way it went? Two of our source documents list the same three
# troubles: samples without diversity (*mode collapse*), a gradient that is "almost nothing" (*vanishing gradient*), and
# a game that does not settle (*non-convergence*). They are often told as one story, in which each causes the others and
# one cure helps against all. Here they are kept apart: each is caused on purpose, measured, told from the other two,
# and cured with one change at a time.
#
# **Goals.** You will be able to
#
# 1. say for each of the three *where* it lives: in the samples, in one gradient, or in the motion of the two players;
# 2. compute, for the smallest GAN there is, why two players who both improve may still move apart, and what stops it;
# 3. read from a running game the signs by which the three are told apart;
# 4. name the failure of a run you have not seen, and choose a remedy that fits it, and see that others do not.
#
# **Time.** 50 minutes to read and run, 30 more for the three exercises.
#
# **Prerequisites.** Notebooks 03 to 05; eigenvalues of a 2 x 2 matrix. All logarithms are natural.

# %%
import numpy as np
import sympy as sp
import torch
from gan_edu import course, plots
from gan_edu.checks import check
from gan_edu.games_analytic import DiracGAN, Origin
from gan_edu.objectives import OBJECTIVES
from gan_edu.training import train
course.explain_unknown_names(); torch.set_num_threads(1)

# %% [markdown]
# ## Three words, three places
#
# | failure | it is a statement about | in words | how one sees it |
# |---|---|---|---|
# | collapse | the **samples**, at one moment | $G$ makes a part of the data only | count the modes that are reached |
# | vanishing gradient | **one gradient**, at one moment | $G$ is told almost nothing | the norm of $G$'s gradient, next to how wrong $G$ is |
# | non-convergence | the **motion**, over many steps | both players learn, and never arrive | do the steps turn? does the distance fall? |
#
# The three rows are independent questions. A collapsed $G$ may have a long gradient; a $G$ without gradient stands
# still, so it does not circle; players who circle may pass by every mode in turn. Two sentences that one can read mix
# them up, and by the end of this notebook both will have been tested:
#
# * *"... vanishing gradients, such as mode collapse"*: as if the one were a kind of the other;
# * *"the Wasserstein loss prevents collapse"*: as if one cure fitted all.
#
# The samples come last. We begin with the motion, in a game so small that it can be solved on paper.
#
# ## The smallest GAN
#
# The data are one point, at 0. $G$ puts all its mass on one point, at $\theta$. $D$ is a straight line: its logit is
# $D_\psi(x) = \psi x$. This is the *Dirac-GAN* (Mescheder et al. 2018, Definition 2.1), two players of one number each.
# The fake has the logit $u = \psi\theta$, the real point always has the logit 0, and the losses of notebook 04 become
#
# $$L_D = \log 2 + \log(1 + e^{u}), \qquad L_G = -\log(1 + e^{u}) \;\text{ (minimax)}, \quad
#   \log(1 + e^{-u}) \;\text{ (non-saturating)}. \tag{1}$$
#
# With the Wasserstein losses (notebook 11), $L_D = u$ and $L_G = -u$: but for a sign, the game $V = xy$ of notebook 05.
# There is one place where neither player wants to move:
# $\theta = 0$, the data, and $\psi = 0$, a judge without an opinion. SymPy, on minus the gradients,
# $v = (-\partial L_G / \partial\theta,\; -\partial L_D / \partial\psi)$:

# %%
theta, psi = sp.symbols("theta psi", real=True)
u = psi * theta
L_D = {"minimax": sp.log(2) + sp.log(1 + sp.exp(u)), "non_saturating": sp.log(2) + sp.log(1 + sp.exp(u)), "wasserstein": u}
L_G = {"minimax": -sp.log(1 + sp.exp(u)), "non_saturating": sp.log(1 + sp.exp(-u)), "wasserstein": -u}
for name in L_G:
    v = sp.Matrix([-sp.diff(L_G[name], theta), -sp.diff(L_D[name], psi)])
    print(f"{name:15s} v =", [sp.simplify(part) for part in v], "  at (0, 0):", list(v.subs({theta: 0, psi: 0})))


# %% [markdown]
# Now let them play. `train` is the Algorithm 1 of all other notebooks. `simultaneous=True` computes both gradients at the
# same point and then moves both players, which is **not** Algorithm 1, though one often sees it drawn like that. We keep the place
# $(\theta, \psi)$ after every step.

# %%
def play_dirac(game, h=0.2, steps=100, simultaneous=True):
    """Return the places (theta, psi), an array (steps + 1, 2), with plain gradient steps of size h."""
    places = [game.place]
    optimizers = tuple(torch.optim.SGD(player.parameters(), lr=h) for player in (game.G, game.D))
    train(game, Origin(), steps=steps, batch_size=1, optimizers=optimizers, simultaneous=simultaneous,
          progress=False, on_step=lambda run: places.append(run.game.place))
    return np.array(places)


# %% [markdown]
# *Predict, then run.* Both players improve at every step. Both start at distance $\sqrt 2$ from rest. Where are they after
# 100 steps of $h = 0.2$, with the Wasserstein losses?

# %%
path = play_dirac(DiracGAN(1.0, 1.0, objective="wasserstein"))
r = np.hypot(*path.T)
print(f"distance at the start {r[0]:.3f}, after 100 steps {r[-1]:.3f}")
print("growth of the first steps:", (r[1:4] / r[:3]).round(4), "  sqrt(1 + h^2) =", round(np.sqrt(1.04), 4))
assert np.abs(r[1:] / r[:-1] - np.sqrt(1 + 0.2**2)).max() < 1e-3

# %% [markdown]
# They move apart, by exactly the same factor at every step. The reason fits in one line: here $v = (\psi, -\theta)$
# stands at a right angle to the place $(\theta, \psi)$ and is as long as it, so by Pythagoras a step of size $h$ leads
# from distance $r$ to
#
# $$\sqrt{r^2 + h^2 r^2} = r \sqrt{1 + h^2}. \tag{2}$$
#
# With minimax $v = \sigma(u)\,(\psi, -\theta)$ has the same direction and is shorter, so the distance still grows at
# *every* step, for every $h$ and from every start (Lemma 2.4 of the paper):

# %%
path = play_dirac(DiracGAN(1.0, 1.0, objective="minimax"))
r, D_fake = np.hypot(*path.T), 1 / (1 + np.exp(-path[:, 0] * path[:, 1]))          # D of the fake
print("smallest growth of 100 steps:", (r[1:] / r[:-1]).min().round(6))
assert np.allclose(r[1:] / r[:-1], np.sqrt(1 + (0.2 * D_fake[:-1]) ** 2), atol=1e-5)

# %% [markdown]
# Does a smaller learning rate help? It takes $1/h$ steps to cover the same time, so the fair comparison is at equal
# $h \times$ steps.

# %%
for h in (0.2, 0.1, 0.05):
    path = play_dirac(DiracGAN(1.0, 1.0, objective="wasserstein"), h=h, steps=round(10 / h))
    print(f"h = {h:4.2f}: distance x {np.hypot(*path[-1]) / np.sqrt(2):.3f} after {round(10 / h)} steps")

# %% [markdown]
# It slows the drift, since $(1 + h^2)^{T/2h} \approx e^{hT/2}$, but no $h > 0$ turns it round. In the limit $h \to 0$ the
# players circle for ever. This is not vanishing: every gradient is as long as the distance from rest. It is not
# collapse: there is only one mode. It is **the motion itself**.
#
# ## Taking turns
#
# Algorithm 1 does not move both at once: $D$ moves, then $G$ answers the $D$ that has moved. On $V = xy$ that was enough not to
# run away (notebook 05).
#
# *Predict, then run.* Is that enough to arrive?

# %%
for name in ("minimax", "non_saturating", "wasserstein"):
    r = np.hypot(*play_dirac(DiracGAN(1.0, 1.0, objective=name), steps=150, simultaneous=False).T)
    print(f"{name:15s} alternating: distance between {r.min():.3f} and {r.max():.3f}, at the end {r[-1]:.3f}")

# %% [markdown]
# Nobody flies away, and within these 150 steps nobody arrives. Two of them circle; with $-\log D$ they creep inwards, the slower the
# nearer they are. To see why, and what would help, look at one step close to rest.
#
# ## One step as a matrix
#
# Close to $(0, 0)$ the field is $v \approx J\,(\theta, \psi)$ with $J$ its Jacobian, and one simultaneous step multiplies the
# place by $I + hJ$. If both eigenvalues $\lambda$ of that matrix lie inside the unit circle, $|\lambda| < 1$, the players
# come home; if one lies outside, they leave. Let us add one thing from the start, the penalty **R1** of Mescheder et
# al. (eq. 9), which costs $D$ its slope at the real data: $\frac\gamma2\,\mathbb{E}|\nabla_x D|^2$, and that is $\frac\gamma2
# \psi^2$ here.

# %%
gamma, h = sp.symbols("gamma h", nonnegative=True)
J = {}
for name in L_G:
    v = sp.Matrix([-sp.diff(L_G[name], theta), -sp.diff(L_D[name] + gamma * psi**2 / 2, psi)])
    J[name] = v.jacobian([theta, psi]).subs({theta: 0, psi: 0})
    print(f"{name:15s} J = {J[name].tolist()}   eigenvalues of J:", *J[name].eigenvals())

# %% [markdown]
# The two losses of the original game share one Jacobian; Wasserstein's has 1 where they have $\frac12$, for at rest its losses
# have the slope $s = 1$ in $u$ and theirs $s = \frac12$. For all three, the eigenvalues of $J$ are
#
# $$-\frac\gamma2 \pm \sqrt{\frac{\gamma^2}{4} - s^2} \tag{3}$$
#
# (Lemma 3.3). Without a penalty they are $\pm i s$, purely imaginary: a rotation, and nothing that pulls inwards. Of the
# update, the eigenvalues are $1 + h$ times these: $1 \pm i h s$, of absolute value $\sqrt{1 + h^2 s^2} > 1$. For Wasserstein, with
# $s = 1$, this is (2) again.

# %%
step = sp.eye(2) + h * J["minimax"]
outside = sp.Abs(step.subs(gamma, 0).eigenvects()[0][0])
print("simultaneous, gamma = 0: |lambda| =", sp.simplify(outside))
turns = sp.eye(2) + h * sp.Matrix([J["minimax"].row(0), [0, 0]]), sp.eye(2) + h * sp.Matrix([[0, 0], J["minimax"].row(1)])
alternating = turns[0] * turns[1]                                  # first D moves (right), then G
print("alternating: product of the eigenvalues =", sp.simplify(alternating.det()))

# %% [markdown]
# And alternating: the product of both eigenvalues is $1 - h\gamma$. Without a penalty it is exactly 1, and as the two are
# conjugate, both lie *on* the circle (Lemma 2.5). Neither in nor out, as far as a matrix can see; what little creeps in is of higher order. With $\gamma > 0$ both lie inside, as long as
# the steps are small.
#
# ### How much penalty?
#
# By (3), what happens depends on the sign under the root. It is negative up to $\gamma = 2s$, and there the players still turn while
# they come in; above, they come straight, but one of the two slows down. **At $\gamma = 2s$ the turning stops**; for the two losses
# of the original game that is $\gamma = 1$.

# %%
critical = sp.solve(sp.discriminant((J["minimax"] - sp.Symbol("l") * sp.eye(2)).det(), sp.Symbol("l")), gamma)
print("minimax, non-saturating: critical gamma =", critical)
g = np.linspace(0, 3, 301)
radius = [np.abs(np.linalg.eigvals(DiracGAN(gamma=x).step_jacobian(0.0, 0.0, 0.2, simultaneous=True))).max() for x in g]
print(f"smallest max |lambda| = {min(radius):.4f} at gamma = {g[np.argmin(radius)]:.2f};  1 - h/2 = {1 - 0.2 / 2:.4f}")
assert critical == [1] and abs(g[np.argmin(radius)] - 1) < 1e-3 and abs(min(radius) - 0.9) < 1e-3

# %% [markdown]
# Too little penalty and the turning goes on; too much, and a judge who may not have a slope has nothing to tell.
#
# ### Move it yourself
#
# The plane of $(\theta, \psi)$, with the path of both players, the field $v$, and the two eigenvalues of one step beside the unit
# circle. Take hold of the start (or click in the plane, or use the arrow keys).

# %%
from gan_edu.widgets import DiracExplorer
DiracExplorer(h=0.3, steps=200)

# %% [markdown]
# Things to try, each with a guess first:
#
# * *D, then G*: the eigenvalues step onto the circle. Now $\gamma = 0.1$: just inside.
# * $\gamma$ from 0 to 3: at which value do the two dots meet on the real axis, and what happens to *max |λ|* afterwards?
# * With $\log(1 - D)$ and simultaneous steps, watch the dots along the path at the lower right and upper left: there $u$ is very
#   negative, $D$ sees through the fake, $\sigma(u) \approx 0$, and the players all but stop. A *vanishing gradient* in the middle of a
#   *non-convergent* game: two statements about one run, and neither is the other.
# * With $-\log D$ and simultaneous steps, start far out: the path comes **in**, although near rest it spirals **out**. It ends on a
#   ring between the two. (Eigenvalues speak of the neighbourhood of rest only. Here the losses outside pull inwards, and the
#   ring's radius is about $\sqrt{2h}$; a test of this notebook measures it.)
# * Wasserstein, $\gamma = 0$: find an $h$ for which it arrives. (Lemma 3.1 says how long to look.)
#
# ### Exercise 1: choose gamma
#
# The **Wasserstein** losses, **simultaneous** steps of size $h$ (take $h < 1$). Give two formulas in `h`, or numbers: `"least"`, the $\gamma$
# above which the players come home, and `"best"`, the $\gamma$ with the smallest $\max|\lambda|$. The $J$ is printed above; the
# product of the eigenvalues of $I + hJ$ is its determinant. A wrong one gets a counter-example.

# %% tags=["exercise-09-gamma"]
my_gamma = {"least": ...,          # text such as "h/4", or a number
            "best": ...}

# %% tags=["check-09-gamma"]
check("09-gamma", my_gamma)

# %% [markdown]
# ## Three disasters
#
# Now with networks, in the plane, where samples can be seen. `failures.py` has a recipe for each failure: a healthy run, with
# as few settings changed as it takes to ruin it.

# %%
from gan_edu.failures import FAILURES, RECIPES, Alarm, recipe

healthy = recipe("healthy").settings
for name in RECIPES:
    made = recipe(name)
    print(f"{name}: {made.why}")
    print("   changed:", {key: value for key, value in made.settings.items() if value != healthy[key]}, "\n")


# %% [markdown]
# How would you know? Not from the losses (notebook 06). An `Alarm` looks at the game every 20 steps, at the same noise each
# time, and takes down the signs of the three:
#
# | sign | what it is | speaks of |
# |---|---|---|
# | `modes` | the share of the data's modes that hold at least one sample in a hundred | collapse |
# | `gradient` | the norm of $G$'s gradient, divided by the greatest that this run has seen | vanishing |
# | `sure` | mean $D(x)$ minus mean $D(G(z))$: near 1, $D$ is never wrong | vanishing |
# | `swing` | how far the samples' mean has swung about its middle in the last 20 looks, in standard deviations of the data | non-convergence |
#
# It is a hook for `train`, so any game of this course can have one. We let each disaster run until it rings.

# %%
def watch(name, seed=0):
    """Train a recipe until the alarm rings, or to the end; return the alarm."""
    made = recipe(name, seed=seed)
    alarm = Alarm(made.data)
    def on_step(run):
        alarm(run)
        if alarm.verdict is not None:
            run.stop()
    train(made.game, made.data, **made.arguments, on_step=on_step, progress=False)
    return alarm


# %% [markdown]
# *Predict, then run.* In which of the three is $G$'s gradient shortest? In which is $D$ surest? In which are all modes
# held?

# %% tags=["nbval-ignore-output"]
alarms = {name: watch(name) for name in FAILURES}
for name, alarm in alarms.items():
    print(f"step {alarm.step}. {alarm.says}\n")

# %% [markdown]
# (`train` says that it was stopped.) The signs at that moment, as the median of the last `LASTING` looks, which is how long a sign must last
# before it counts; *moved* is how far the samples went from one look to the next, in standard deviations of the data:

# %% tags=["nbval-ignore-output"]
from gan_edu.failures_alarm import LASTING
SIGNS = ("modes", "gradient", "sure", "swing", "moved")
def at_the_end(signs, looks=LASTING):
    return {sign: float(np.median(signs[sign][-looks:])) for sign in SIGNS}

print(" " * 20 + "".join(f"{sign:>10s}" for sign in SIGNS))
table = {name: at_the_end(alarm.signs) for name, alarm in alarms.items()}
for name, row in table.items():
    print(f"{name:20s}" + "".join(f"{row[sign]:10.3f}" for sign in SIGNS))

# %% [markdown]
# Read it by columns:

# %% tags=["nbval-ignore-output"]
column = lambda sign: {name: table[name][sign] for name in FAILURES}
def extreme(sign, pick):
    return pick(FAILURES, key=column(sign).get)

print("fewest modes:      ", extreme("modes", min))
print("shortest gradient: ", extreme("gradient", min), "  and there D is sure:", table["vanishing gradient"]["sure"] > 0.9)
print("swing without a loss of modes:", [name for name in FAILURES if column("swing")[name] > 0.5 < column("modes")[name]])
assert extreme("modes", min) == "mode collapse" and extreme("gradient", min) == "vanishing gradient"

# %% [markdown]
# Each has a sign of its own. One sign alone would not do, though: a collapsed cloud that travels swings as well, so what tells it
# from non-convergence is that it has lost its modes; and a $G$ that stands still may hold few modes or all of them, so what tells
# it from collapse is its gradient, and a $D$ that is sure.
#
# ### More than one seed
#
# One run proves little. The same recipes with five seeds each, played beforehand (`benchmarks/make_failures.py` plays them
# again) and kept with the package: how often the alarm was right, and the smallest and greatest value of each sign when it rang
# (for the healthy runs: at the end).

# %%
from gan_edu.widgets import failures_store

stored = failures_store.load()
def when_it_rang(run):
    looks = sum(step <= (run["step"] or np.inf) for step in run["signs"]["step"])
    return at_the_end({sign: values[:looks] for sign, values in run["signs"].items()})

five = {name: [run for run in stored["runs"] + stored["seeds"] if (run["name"], run["remedy"]) == (name, None)] for name in RECIPES}
for name, runs in five.items():
    rows, right = [when_it_rang(run) for run in runs], sum((run["verdict"] or "healthy") == name for run in runs)
    print(f"{name:20s} {right} of {len(runs)}  " + "  ".join(
        f"{sign} {min(r[sign] for r in rows):.2f}..{max(r[sign] for r in rows):.2f}" for sign in SIGNS[:4]))

# %% [markdown]
# No run got a wrong name, but one of the five that do not converge swings like the others and never set the alarm off. And the
# signs keep apart: only vanishing has no gradient and a sure $D$, only collapse has few modes and a $D$ that is not sure, only
# non-convergence swings with all modes held. (A test asserts the bands.)
#
# ### Play them back
#
# The samples over the data, the signs below each other, the limits of the alarm dashed, and a line where it rang. Choose a
# disaster, press *Play* or move the time, and listen to what the alarm says, and when.

# %%
from gan_edu.widgets import FailureExplorer
FailureExplorer(name="mode collapse")

# %% [markdown]
# * *Mode collapse*: the cloud is narrow and it **travels**. $G$ puts all samples where $D$ is friendliest at the moment, $D$
#   notices late, the cloud jumps on. Goodfellow's paper knew it in 2014 (section 6, "the Helvetica scenario"): $G$ trained too
#   much while $D$ stays behind.
# * *Vanishing gradient*: nothing happens. That is the failure. The samples stand where they stood, all modes may even be
#   counted, and $D$ is sure.
# * *Non-convergence*: the cloud flies past the data, out on the other side and back, like $(\theta, \psi)$ above.
#
# ## Two sentences, tested
#
# **"Vanishing gradients, such as mode collapse."** Then a collapsed $G$ should have no gradient. It has:

# %% tags=["nbval-ignore-output"]
for name in ("mode collapse", "vanishing gradient"):
    row = table[name]
    print(f"{name:20s} {row['gradient']:9.5f} of its greatest gradient; between two looks the samples move {row['moved']:7.4f}")

# %% [markdown]
# Collapse is a wrong *place*, reached with a living gradient; vanishing is a missing *push*, wherever one stands. They need different
# cures: to a starved $G$, give another loss; to a collapsed one that has plenty of gradient, that is no help.
#
# **"The Wasserstein loss prevents collapse."** Here is what no loss on single samples can do. Let five fakes lie on one point, as in a
# complete collapse, and ask where each is sent.
#
# *Predict, then run.* The package has five objectives: the three of notebook 04, the hinge loss, and Wasserstein's. Which of them
# drives the fakes apart?

# %%
made = recipe("mode collapse")
x = torch.full((5, 2), 0.3).requires_grad_()
for name, objective in OBJECTIVES.items():
    (arrows,) = torch.autograd.grad(objective.generator(made.game.D(x)), x)
    print(f"{name:15s} first arrow {(-5 * arrows[0]).numpy().round(4)}, greatest difference to the others {(arrows - arrows[0]).abs().max():.1e}")
    assert (arrows - arrows[0]).abs().max() < 1e-7

# %% [markdown]
# None. $D$ sees one sample at a time, so equal samples get equal arrows, whatever the loss. They can be driven apart only by
# a $D$ that sees them together (Salimans et al. 2016, section 3.2), or by a $D$ that moves before all of them have gone to one place:
# by the *pace* of the two players. And the pace is not in the loss. The recipe of the collapse, with the Wasserstein loss, a critic
# and its gradient penalty, same players, same data, same learning rates:

# %%
for run in stored["wasserstein"]:
    modes = np.array(run["signs"]["modes"])
    print(f"seed {run['seed']}: modes held, of 8, at each fourth look:", (8 * modes[3::4]).round().astype(int),
          f"  half or fewer at {np.mean(modes <= 0.5):.0%} of the looks")

# %% [markdown]
# It collapses too, in all five seeds; two of them hold half of the modes or more again at the last look. (The paper that
# introduced that loss says more carefully that its authors saw no collapse *in their experiments*, with five critic steps for
# each of $G$ and a critic trained towards its optimum: Arjovsky et al. 2017, section 4.3. With a critic at its best, much of the
# trouble is gone; the loss alone does not bring that about. Notebook 11 has what it does bring.)
#
# ## One remedy at a time
#
# For each disaster a handful of changes, one setting at a time, all else equal. Some are folklore.
#
# *Predict, then run.* R1 calmed the players of the Dirac-GAN. Does it also cure a vanishing gradient? And a collapse?

# %%
for name in FAILURES:
    print(f"{name:44s}   alarm               modes  gradient   sure   swing")
    for run in stored["runs"]:
        if run["name"] == name:
            row = at_the_end(run["signs"])
            print(f"   {run['remedy'] or '(no remedy)':38s}   {run['verdict'] or 'silent':18s} {row['modes']:6.2f} {row['gradient']:9.5f} "
                  f"{row['sure']:6.2f} {row['swing']:7.2f}")

# %% [markdown]
# The *alarm* column is the first thing it said (which may be early), the other columns are the end of the run.
#
# * **Collapse** is a matter of pace. With a *faster D*, or with $k = 5$, all modes are held and nothing rings. A *slower G* is on its
#   way. R1, noise on $D$'s inputs and an averaged $G$ change nothing that matters, at these weights.
# * **Vanishing.** The *non-saturating* loss gives the gradient back. So does *R1*: a $D$ whose slope costs something is not sure. So does
#   *Adam*, which divides each step by the gradient's own size. A *slower D*
#   or $k = 1$ only delays: the samples stand where they stood, and $D$ is sure. And
#   *noisy inputs* gives the gradient back **and the run then collapses**: the cure of the one failure laid another one bare. They
#   are two.
# * **Non-convergence.** *R1* brings the swing down to a small part of what it was, and *less momentum* does so too. *Smaller steps* only
#   make it slower, as in the Dirac-GAN. An *averaged G* swings along with the $G$ that it averages.
#
# So R1, which is no new loss at all, helped in two of the three, and not in the third. None of this says that a remedy never
# helps elsewhere: the table is about these three games, one seed, one setting at a time.
#
# ## The alarm, and what it cannot see
#
# Its rules are short (`failures_alarm.py`), and each names one failure by that failure's own sign, once that sign has lasted for
# `LASTING` looks:
#
# 1. *vanishing gradient*: less than `FAINT` of the greatest gradient is left, **and** $D$ is sure, by more than `SURE`;
# 2. *mode collapse*: no more than `FEW` of the modes are held, **and** $D$ is not sure (else it would be 1);
# 3. *non-convergence*: more than `FEW` of the modes are held, **and** over the last `WINDOW` looks the mean has swung to and fro at
#    least `CROSSINGS` times, by more than `SWING` standard deviations of the data, without dying down.

# %%
from gan_edu import failures_alarm
print({name: getattr(failures_alarm, name) for name in ("LASTING", "FAINT", "SURE", "FEW", "WINDOW", "CROSSINGS", "SWING")})

# %% [markdown]
# It needs to know the modes, which a toy has and images do not: notebook 10 builds what stands in for them. A generator that makes
# copies of the training data sets off none of the three. And it names *signs*, not causes: what to change is the next question.
#
# ## Exercise 2: six blinded runs
#
# Six runs without names, each "healthy" or one of the three failures. First look (choose a run, play it, read the signs):

# %%
FailureExplorer(stored["blinded"], frame=10)

# %% [markdown]
# then the signs at the end, in numbers:

# %%
print(" " * 8 + "".join(f"{sign:>10s}" for sign in SIGNS))
for run in stored["blinded"]:
    row = at_the_end(run["signs"])
    print(f"run {run['blinded']}   " + "".join(f"{row[sign]:10.4f}" for sign in SIGNS))

# %% [markdown]
# One warning: a game that swings and is coming to rest is healthy. A wrong entry gets the number that speaks against it (the run
# is played again for that, which takes seconds).

# %% tags=["exercise-09-diagnose"]
my_diagnoses = [..., ..., ..., ..., ..., ...]      # for runs 0 to 5: "healthy" or one of FAILURES

# %% tags=["check-09-diagnose"]
check("09-diagnose", my_diagnoses)

# %% [markdown]
# ## Exercise 3: cure it without touching G
#
# Back to the collapse. $G$, its learning rate and its loss stay as they are. You may change $k$ (1 to 5), $D$'s learning rate (up to
# 0.1) and the weight of R1 (up to 10). The check trains with your numbers, from a seed that is not shown here, and wants at least
# three quarters of the modes at the end (in the median of the last looks). It takes some seconds, and there is more than one way.

# %%
print({setting: recipe("mode collapse").settings[setting] for setting in ("k", "lr_D", "r1", "lr_G")})

# %% [markdown]
# Before you write: which of the three would you change, and why should it help, if collapse is a matter of pace?

# %% tags=["exercise-09-cure"]
my_cure = {"k": ..., "lr_D": ..., "r1": ...}

# %% tags=["check-09-cure"]
check("09-cure", my_cure)

# %% [markdown]
# ## Paper, authors' code, this course
#
# | | Mescheder et al. 2018 | their code (`gan_stability`) | here |
# |---|---|---|---|
# | $D$'s sign | high on fakes: $L = f(\psi\theta) + f(0)$, eq. (1) and Definition 2.1 | high on real images | high on real: their $\psi$ is $-\psi$ here, the eigenvalues are equal |
# | R1 | $\frac\gamma2\,\mathbb{E}\lVert\nabla D\rVert^2$ at real data, eq. (9) | `reg_param` times the mean squared norm, without the $\frac12$ | with the $\frac12$, as in the paper |
# | steps | simultaneous and alternating, Lemmas 2.4 and 2.5 | alternating | alternating; `simultaneous=True` on request |
#
# ## Summary
#
# * Three failures, three places: collapse is in the samples, vanishing in one gradient, non-convergence in the motion. Each has a sign
#   of its own, and a run can have the one without the others.
# * In the Dirac-GAN simultaneous steps multiply the distance from rest by $\sqrt{1 + h^2 s^2}$ near rest (for Wasserstein, $s = 1$, everywhere),
#   for every $h > 0$; alternating steps put both eigenvalues on the unit circle; R1 pulls them in and is critical at $\gamma = 2s$,
#   which is 1 for the losses of the original game.
# * A gradient that is long is no sign of health: a collapsed $G$ and a circling $G$ both have one.
# * No loss that looks at samples one by one can drive equal fakes apart, the Wasserstein loss included.
# * Remedies are for something: change one at a time, and look at the sign that it should move.
#
# **Next.** Notebook 10 asks how good a generator is that has not failed.
#
# ## References
#
# * L. Mescheder, A. Geiger, S. Nowozin, *Which Training Methods for GANs do actually Converge?*, 2018: Definition 2.1, Lemmas 2.2 to 2.5
#   (the Dirac-GAN), 3.1 (Wasserstein), 3.3 (gradient penalty), eq. (9) (R1).
# * I. Goodfellow et al., *Generative Adversarial Nets*, 2014: section 3 (the saturating loss), section 6 ("the Helvetica scenario").
# * M. Arjovsky, L. Bottou, *Towards Principled Methods for Training Generative Adversarial Networks*, 2017: Theorem 2.4 (the vanishing
#   gradient), section 3 (noise on $D$'s inputs).
# * M. Arjovsky, S. Chintala, L. Bottou, *Wasserstein GAN*, 2017: section 4.3.
# * T. Salimans et al., *Improved Techniques for Training GANs*, 2016: section 3.2 (minibatch discrimination).
# * I. Goodfellow, *NIPS 2016 Tutorial: Generative Adversarial Networks*, sections 5.1 and 8.2.
