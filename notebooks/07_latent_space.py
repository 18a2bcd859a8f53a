# %% [markdown]
# # 7. Latent space
#
# What does $z$ mean? A generator turns 100 random numbers into a picture. Nobody told it what the numbers should stand
# for, and during training each $z$ was used once and thrown away. Still, something has to decide whether a 3 or a 7 comes
# out, how thick the stroke is and how far it leans. In this notebook you look for it with sliders, and then with a few lines of
# linear algebra.
#
# **Goals.** You will
#
# 1. know where in a space of 100 dimensions a random $z$ lies, and where it never lies;
# 2. interpolate: go from one picture to another by the straight line and by the great circle, and measure the difference;
# 3. find directions that matter, without labels, from the generator's weights; and one that does what *you* ask for;
# 4. decide whether a picture is an invention or a memory.
#
# **Time.** 45 minutes to read and run, 30 more for the three exercises.
#
# **Prerequisites.** Notebook 00, or a GAN seen elsewhere. Vectors, lengths, angles; a matrix times a vector.

# %% [markdown]
# ## Look before you move
#
# The generator is `mnist-mlp`, trained on MNIST and shipped with the course: 100 numbers in, 28 by 28 pixels out, in $[-1, 1]$.

# %%
import math
import numpy as np
import torch
from gan_edu import course, data, latent, metrics, plots, pretrained
from gan_edu.checks import check
from gan_edu.networks import eval_mode
course.explain_unknown_names()
game = pretrained.load("mnist-mlp")
G = game.G


# %% [markdown]
# A helper that draws: `eval_mode` switches BatchNorm to the averages it has kept, so that a picture depends on its own $z$
# and not on the others in the batch, and computes no gradients. And one that gives the $z$ of a seed, so that we can speak about the same pictures.

# %%
def draw(z):
    with eval_mode(G):
        return G(z)

def z_of(*seeds):
    return torch.cat([latent.sample_latent(1, 100, generator=torch.Generator().manual_seed(s)) for s in seeds])


# %% [markdown]
# Sixteen of them, and the first five of the hundred numbers behind the first picture:

# %%
z = z_of(*range(16))
print("z:", tuple(z.shape), "-> pictures:", tuple(draw(z).shape))
print("first numbers of the first z:", *[f"{v:.2f}" for v in z[0, :5]])
plots.show(plots.image_grid(draw(z), columns=8), "Sixteen generated digits in two rows, most of them easy to read.")

# %% [markdown]
# From the numbers nobody could guess the picture. So we move them and watch.

# %% [markdown]
# ## Move it
#
# The sliders called *direction* move many of the 100 numbers at once, in proportions that are explained below; *coordinate*
# moves a single one. *Between two* walks from one $z$ to another, *Sweep* lays out a plane. The generator and D run inside
# this page, so nothing waits for Python. If MNIST is on this machine (or can be fetched), the training images nearest to
# the picture are shown as well; otherwise scikit-learn's digits stand in for them.
#
# *Predict, then run.* Which will change the picture more: direction 1 moved by two, or coordinate 1 moved by two? Can you
# find a slider that changes the thickness of the stroke and nothing else?

# %% tags=["nbval-ignore-output"]
training = data.load_images("auto")
training

# %% [markdown]
# (You may also give `LatentExplorer` a generator of your own, with any number of coordinates.)

# %%
from gan_edu.widgets import LatentExplorer
LatentExplorer("mnist-mlp", images=training)

# %% [markdown]
# The first directions are strong, coordinates weaker, and neither keeps to one thing: a 7 that grows thicker may become a 9 on the way.
# Nothing in the game rewarded the generator for keeping thickness and identity apart.

# %% [markdown]
# ## Where $z$ lives
#
# Each coordinate of $z$ is drawn from $N(0, 1)$, and the most probable single value is 0. So the most probable $z$ is the
# origin, and most $z$ lie near it?
#
# *Predict, then run.* How long is a random $z$ with 100 coordinates: near 0, near 1, near 10, or anything?

# %%
norms = latent.sample_latent(10_000, 100, generator=torch.Generator().manual_seed(0)).norm(dim=1)
print(f"shortest of 10,000: {norms.min():.1f}, mean: {norms.mean():.2f}, longest: {norms.max():.1f}")


# %% [markdown]
# All of them are about 10 long, and none is near 0. $|z|^2$ is a sum of 100 squares with mean 1 each, so it is near 100, and
# its square root is near $\sqrt{100} = 10$. The length has a *chi* distribution, with density and mean
#
# $$f_d(r) = \frac{r^{d-1} e^{-r^2/2}}{2^{d/2-1}\,\Gamma(d/2)}, \qquad
# \mathbb{E}|z| = \sqrt 2\,\frac{\Gamma((d+1)/2)}{\Gamma(d/2)}.$$

# %%
def chi_density(r, d):
    return np.exp((d - 1) * np.log(r) - r**2 / 2 - (d / 2 - 1) * math.log(2) - math.lgamma(d / 2))

r = np.linspace(1e-3, 14, 2801)
mean = math.sqrt(2) * math.exp(math.lgamma(50.5) - math.lgamma(50))
print(f"exact mean for d = 100: {mean:.3f}")
assert abs(mean - 9.975) < 1e-3 and abs(norms.mean().item() - mean) < 0.03
assert abs(np.trapezoid(chi_density(r, 100), r) - 1) < 1e-3

# %% [markdown]
# How does it look with fewer coordinates?

# %%
ax = plots.curves(r, {f"d = {d}": chi_density(r, d) for d in (1, 2, 10, 100)},
                  xlabel="length of z", ylabel="density (per unit of length)")
plots.show(ax, "Four densities of the length of z: with 1 coordinate it is largest at 0; with 2, 10 and 100 coordinates it is "
               "a bump around 1, 3 and 10, always about equally narrow, and zero near the origin.")

# %% [markdown]
# The density *of points* is largest at the origin, but there is hardly any room there: the shell at radius $r$ has a volume
# that grows like $r^{99}$. In 100 dimensions, random points live on a thin shell: 10 from the origin, give or take 0.7.
# The generator has only ever been trained on that shell.
#
# *Predict, then run.* What will it draw at $z = 0$, which it has never seen? And what happens when a $z$ is made shorter, or twice
# as long, in the same direction?

# %%
lengths = [0, 2.5, 5, 7, 10, 14, 20]
shell = torch.cat([10 * one / one.norm() for one in z_of(0, 3, 12, 19)[:, None]])
rays = torch.cat([one * length / 10 for one in shell for length in lengths]).view(-1, 100)
ax = plots.image_grid(draw(rays), columns=7, column_labels=["|z| = 0"] + [f"{v:g}" for v in lengths[1:]])
plots.show(ax, "Four rows of seven pictures. At length 0 all rows show the same stubby shape, between 8 and 9; with growing "
               "length each row turns into its own digit, and beyond 10 it changes little.")

# %% [markdown]
# At the origin all rows are one picture, a stubby shape between an 8 and a 9 that nobody asked for. With growing length
# each row makes up its mind; beyond 10 little changes. So the *direction* of $z$ says what is drawn, and its *length*
# how decidedly. That will matter in a moment.

# %% [markdown]
# ## Half-way: line or great circle?
#
# To go from $a$ to $b$, the obvious path is the straight line $(1-t)\,a + t\,b$. Half-way, its length is that of $(a+b)/2$, and
# for independent $a$ and $b$
#
# $$\mathbb{E}\Bigl|\frac{a+b}{2}\Bigr|^2 = \frac{d + d}{4} = \frac d2 \quad\Rightarrow\quad
# \text{length} \approx \frac{1}{\sqrt 2}\sqrt d \approx 7.07 .$$

# %%
a = latent.sample_latent(10_000, 100, generator=torch.Generator().manual_seed(1))
b = latent.sample_latent(10_000, 100, generator=torch.Generator().manual_seed(2))
half = latent.lerp(a, b, 0.5).norm(dim=1).mean() / a.norm(dim=1).mean()
print(f"half-way on the line, z has {half:.2f} of its usual length")
shorter = np.trapezoid(chi_density(r, 100) * (r < mean / math.sqrt(2)), r)
print("share of random z as short as that is below one in ten thousand:", shorter < 1e-4)
assert abs(half - 1 / math.sqrt(2)) < 3e-3

# %% [markdown]
# (The factor is exact: $(a + b)/\sqrt 2$ is again $N(0, I)$, so half-way the length is chi, times $1/\sqrt 2$.)
#
# So the middle of every straight line lies off the shell, where the generator has never been trained. The *great circle*
# stays on it. With $\theta$ the angle between $a$ and $b$, both of one length,
#
# $$\mathrm{slerp}(a, b, t) = \frac{\sin((1-t)\,\theta)}{\sin\theta}\,a + \frac{\sin(t\,\theta)}{\sin\theta}\,b .$$
#
# *Predict, then run.* Will you see the difference between the two rows?

# %%
t = torch.linspace(0, 1, 11)
labels = ["t = 0"] + [f"{v:.1f}" for v in t[1:]]
start, end = z_of(0)[0], z_of(3)[0]
paths = torch.cat([latent.lerp(start, end, t), latent.slerp(start, end, t)])
ax = plots.image_grid(draw(paths), columns=11, row_labels=["line", "great circle"], column_labels=labels)
plots.show(ax, "Two rows of eleven pictures, from one digit to another, by the line and by the great circle. The rows are "
               "nearly the same; every step is small.")


# %% [markdown]
# Hardly. Both walk smoothly from one digit to the other, and for this generator the choice of path is not what your eye
# notices first. Is the warning about the shell wrong, then? Ask a number instead of an eye. Take 500 pairs, go half-way by both
# paths, and measure how *different* the 500 pictures are from each other: the standard deviation of each pixel over the
# pictures, averaged over pixels.

# %%
def variety(z):
    return draw(z).std(0).mean().item()

ends, line, circle = variety(a[:500]), variety(latent.lerp(a, b, 0.5)[:500]), variety(latent.slerp(a, b, 0.5)[:500])
print(f"variety half-way, as a share of that of random z: line {line / ends:.2f}, great circle {circle / ends:.2f}")
assert line < 0.95 * ends and abs(circle / ends - 1) < 0.04


# %% [markdown]
# The line pulls all pictures towards the one at the origin, and some of the variety is gone; the great circle
# loses nothing. No single picture shows it. Five hundred do.

# %% [markdown]
# ## Exercise 1: the great circle
#
# Write `slerp(a, b, t)` for two points of the same length (which may be any length) and a number `t` from 0 to 1. Use
# PyTorch or NumPy. The ends, the length and an even speed along the circle are checked.

# %% tags=["exercise-07-slerp"]
def my_slerp(a, b, t):
    """a, b: (dim,), equally long. t: a number in [0, 1]. Return the point (dim,) on the great circle."""
    return ...


# %% tags=["check-07-slerp"]
check("07-slerp", my_slerp)

# %% [markdown]
# A favourite wrong answer is to walk the straight line and stretch each point to the full length. It stays on the circle, but
# hurries in the middle. `latent.slerp` also takes ends of unequal length, batches, and a tensor of `t`.

# %% [markdown]
# ## Directions that matter
#
# Which way should one go to see a change? Look at the first layer of the generator: before its first nonlinearity it
# computes $Az + b$. A step $d$ changes that by $Ad$ whatever $z$ is. If $|Ad|$ is nearly 0, no later layer can
# bring it back. So look for the unit vectors with the largest $|Ad|$: these are the right singular vectors of $A$, in the order
# of their singular values. (BatchNorm, which follows, multiplies each output by a number; put it into $A$ first.)

# %%
linear, norm = G.net[0], G.net[1]
gain = norm.weight / (norm.running_var + norm.eps).sqrt()
A = (gain[:, None] * linear.weight).detach()
sizes, rows = torch.linalg.svd(A, full_matrices=False)[1:]
print("A:", tuple(A.shape), " largest |Ad|:", f"{sizes[0]:.2f}", " smallest:", f"{sizes[-1]:.2f}")
agreement = (rows * latent.directions(G, 100)).sum(1).abs()
print("the same as latent.directions:", bool((agreement[:20] > 0.999).all()))


# %% [markdown]
# No label, no picture and no training went into these directions: only weights. This is all there is to the method of Shen and
# Zhou (2021). But $|Ad|$ is measured after one layer of four. *Predict, then run:* if you go one step forth and one step back
# along each of the 100 directions, and measure how much the final pictures differ, will the order survive three more
# layers? And will a single coordinate do better or worse than a middling direction?

# %%
def change(step, z=a[:100]):
    return (draw(z + step) - draw(z - step)).square().mean().sqrt().item()   # in units where black to white is 2

along_directions = np.array([change(d) for d in latent.directions(G, 100)])
along_coordinates = np.array([change(e) for e in torch.eye(100)])
order = np.corrcoef(along_directions.argsort().argsort(), np.arange(100))[0, 1]
print(f"rank correlation of direction number and change: {order:.1f}")
print("first more than ten times the last:", along_directions[0] > 10 * along_directions[-1])
squares = along_directions ** 2
print("the first 20 hold more than 85 % of all squared change:", squares[:20].sum() > 0.85 * squares.sum())
assert order < -0.9 and along_directions[49] < along_coordinates.min() < along_coordinates.max() < along_directions[0]

# %% [markdown]
# And all two hundred numbers in one picture:

# %%
curves = {"along direction n": along_directions, "along coordinate n, sorted": np.sort(along_coordinates)[::-1]}
ax = plots.curves(np.arange(1, 101), curves, xlabel="n", ylabel="change of a pixel (rms)")
plots.show(ax, "Change of the picture along each of 100 directions and each of 100 coordinates. Directions fall from a large "
               "value almost to zero; coordinates all lie in between, falling slowly.")

# %% [markdown]
# The order survives. The first directions change more than any coordinate, the last hardly anything, and a middling one
# less than every single coordinate: the generator listens in about twenty directions and is nearly deaf in the others. A coordinate is a mixture of
# both kinds, which is why single coordinates feel alike under the slider. Here is the same digit, moved:

# %%
some = latent.directions(G, 100)[[0, 1, 2, 30, 99]]
moved = torch.cat([z_of(3) + torch.arange(-3.0, 4.0)[:, None] * d for d in some])
ax = plots.image_grid(draw(moved), columns=7, row_labels=[f"direction {n}" for n in (1, 2, 3, 31, 100)],
                      column_labels=[f"{u:+d}" if u else "z" for u in range(-3, 4)])
plots.show(ax, "Five rows of seven pictures: along directions 1, 2 and 3 the digit changes its shape or becomes another; "
               "along directions 31 and 100 nothing can be seen.")


# %% [markdown]
# ## Exercise 2: a direction that thickens
#
# Directions that *matter* need not *mean* anything. But you can ask for a meaning. First measure it: the width of the strokes is
# twice the ink over the length of its edges (a bar of width $w$ and length $L$ has ink $wL$ and edges $2L$).

# %%
def stroke_width(x):
    x = (x + 1) / 2
    right, down = x[:, :, :-1, 1:] - x[:, :, :-1, :-1], x[:, :, 1:, :-1] - x[:, :, :-1, :-1]
    edges = (right.square() + down.square() + 1e-12).sqrt().sum((1, 2, 3))
    return 2 * x.sum((1, 2, 3)) / edges

width = stroke_width(draw(a[:4000]))
print("the same as the package's:", torch.allclose(width, metrics.stroke_width(draw(a[:4000]))))
thin, thick = width.argsort()[:8], width.argsort()[-8:]
ax = plots.image_grid(draw(a[torch.cat([thin, thick])]), columns=8, row_labels=["thinnest", "thickest"])
plots.show(ax, "The eight thinnest of 4,000 generated pictures, faint or hair-thin, above the eight thickest, bold.")

# %% [markdown]
# Now find a direction $v$, 100 numbers, along which strokes grow wider for nearly every $z$. You have 4,000 points `a[:4000]`
# and the `width` of each of their pictures. (One hint: how does the width go with each coordinate, on average? Another: G is
# differentiable; call `G.eval()` and then `G(z)`, for `draw` computes no gradients.) It is checked on points that you do not have.

# %% tags=["exercise-07-thicker"]
my_direction = ...   # 100 numbers; their length does not matter

# %% tags=["check-07-thicker"]
check("07-thicker", my_direction)


# %% [markdown]
# Give it to the explorer, `LatentExplorer("mnist-mlp", directions=[my_direction])`, and look what else it does. Pushed
# far enough, a 3, a 4 or a 9 may close up and become a fat 0. In MNIST, too, zeros are the boldest digits (2.7 pixels on
# average, the others 2.2 to 2.6): the generator has learned what goes together, not what causes what.

# %% [markdown]
# ## Arithmetic
#
# If directions carry meaning, one can calculate with them: *leaning* minus *upright* plus any digit should be that digit,
# leaning. Radford and others did this in 2016 with faces and glasses, and took the mean of three $z$ for each idea,
# because a single $z$ holds much else besides. To pick the examples we need a measure again: how far the ink moves to the
# right for each row upwards.

# %%
def lean(x):
    ink = (x + 1) / 2
    ink = ink / ink.sum((1, 2, 3), keepdim=True)
    down, right = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    down = down - (ink * down).sum((1, 2, 3), keepdim=True)      # from the centre of gravity
    right = right - (ink * right).sum((1, 2, 3), keepdim=True)
    return -(ink * down * right).sum((1, 2, 3)) / (ink * down * down).sum((1, 2, 3))


# %% [markdown]
# With it, the step from upright to leaning: the mean of the $n$ that lean most minus the mean of the $n$ that lean least.

# %%
by_lean = lean(draw(a[:4000])).argsort()

def leaning_minus_upright(n):
    step = a[by_lean[-n:]].mean(0) - a[by_lean[:n]].mean(0)
    return step / step.norm()


# %% [markdown]
# ("Upright" here leans to the left as far as any do.) Now, the mean of three independent $z$ is still about
# $10/\sqrt 3 = 5.8$ long: most of it is what the three have each for themselves. *Predict, then run.* Will a
# mean of three be enough to make new digits lean? How much more do means of 300 give?

# %%
def tilt(step, z=b[:200]):
    change = lean(draw(z + 2 * step)) - lean(draw(z - 2 * step))
    return change.mean().item(), (change > 0).float().mean().item()

few, many = tilt(leaning_minus_upright(3)), tilt(leaning_minus_upright(300))
for n, (gain, share) in [(3, few), (300, many)]:
    print(f"means of {n:>3}: over 4 steps the lean grows by {gain:.1f}, and in {share:.0%} of 200 new pictures")
assert min(few[1], many[1]) > 0.95 and many[0] > 1.3 * few[0]

# %% [markdown]
# The same on three digits:

# %%
steps = torch.arange(-3.0, 4.0)[:, None]
tilted = torch.cat([z_of(s) + steps * leaning_minus_upright(n) for n in (3, 300) for s in (0, 3, 19)])
ax = plots.image_grid(draw(tilted), columns=7, row_labels=["means of 3", "", "", "means of 300", "", ""],
                      column_labels=[f"{u:+d}" if u else "z" for u in range(-3, 4)])
plots.show(ax, "Three digits, each moved along the difference of means of three and of 300: from left to right they lean over "
               "from left to right, more with 300, and nearly all stay the digits they are.")

# %% [markdown]
# Three examples of each kind are enough, for pictures that were never looked at. Three hundred give half as much tilt again, or
# more, for a step of the same length, since less of the step is spent on what only a few of them had. The digits stay
# what they are, until the end of the row. Adding and subtracting $z$ is nothing but moving along a direction that was
# found from examples.

# %% [markdown]
# ## Invention or memory?
#
# A generator that had learned the training set by heart would pass any look at its samples. The paper shows, beside its
# samples, the nearest training image. Let us do that for a walk from a 1 to a 7, and then do a little better.

# %%
walk = draw(latent.slerp(z_of(121)[0], z_of(99)[0], t))
pixels = training.images / 255                                      # 0 to 1
index, distance = metrics.nearest_neighbours((walk + 1) / 2, pixels, 1)
nearest = data.scale(training.images[torch.as_tensor(index[:, 0])])
ax = plots.image_grid(torch.cat([walk, nearest]), columns=11, row_labels=["generated", "nearest real"],
                      column_labels=labels)
plots.show(ax, "Above, eleven generated pictures from a 1 to a 7. Below each, the real image of the data set that is nearest to "
               "it pixel by pixel.")

# %% [markdown]
# (The stored picture was made without MNIST: its lower row shows scikit-learn's digits, which this generator has never
# seen, so of course it copies none of them. With MNIST on your machine you see the training images themselves.)
#
# Are these distances small? That depends on how near a *real* digit comes to the training set when the training set does not
# contain it. The test set knows.

# %% tags=["nbval-ignore-output"]
unseen = data.load_images("auto", split="test").take(200).images / 255
strangers = metrics.nearest_neighbours(unseen, pixels, 1)[1][:, 0]
print("distance to the nearest training image,", training.name)
print("  along the walk:   ", *[f"{v:.1f}" for v in distance[:, 0]])
print(f"  200 unseen digits: 1 % nearer than {np.quantile(strangers, 0.01):.1f}, half nearer than {np.median(strangers):.1f}")


# %% [markdown]
# ## Exercise 3: is the digit between 1 and 7 a memory?
#
# Make it a rule: call an image a memory if it lies nearer to some training image than 99 of 100 unseen real images do. Write
# it as a function of three sets of images, with pixels from 0 to 1.

# %% tags=["exercise-07-memory"]
def memories(images, training, unseen):
    """images, training, unseen: (n, 1, 28, 28), (N, 1, 28, 28), (m, 1, 28, 28). Return n times True or False."""
    return ...


# %% tags=["check-07-memory"]
check("07-memory", memories)

# %% [markdown]
# Then apply it: `memories((walk + 1) / 2, pixels, unseen)`. With MNIST and these weights, no picture of the walk is a memory.
#
# One warning. The rule speaks about *pixels*, and pixels are a poor judge of likeness. Move a training image by one pixel and
# ask how far it is from itself:

# %%
copies = torch.roll(pixels[:200], 1, dims=3)
moved_by = (copies - pixels[:200]).flatten(1).norm(dim=1).median().item()
print("a copy moved by one pixel is farther from its original than half of all strangers from their nearest:",
      moved_by > np.median(strangers))

# %% [markdown]
# A copy, shifted by the width of a hair, passes as an invention. So "not a memory" here means: not a copy pixel by pixel. Distances
# between features do better, and notebook 10 comes back to them. The walk itself is the stronger argument: whoever has only
# memorised has nothing to say half-way between two memories.

# %% [markdown]
# ## What the paper says, what its authors' code does, what we do
#
# | | the paper (2014) | the authors' code | here |
# |---|---|---|---|
# | noise | "noise variables $p_z(z)$", no distribution named (section 3) | for MNIST: uniform, with unit variance | normal; `latent.sample_latent` has both |
# | walking | straight lines in $z$ (figure 3) | the same | line and great circle, with the difference measured |
# | memory | nearest training image beside the sample (figure 2) | the same | also: how near unseen real images come |
# | directions | none | none | singular vectors of the first layer, and one by regression |

# %% [markdown]
# ## Summary
#
# * In 100 dimensions a normal $z$ is $9.975 \pm 0.7$ long. The origin, though most probable as a point, is never visited.
# * A straight line half-way is $1/\sqrt 2$ as long. What is lost is variety, and it takes many pictures to see it.
# * The singular vectors of the first layer order directions by how much the picture listens to them.
# * A direction with a chosen meaning needs examples, or a measure of the meaning and a little regression. It moves along
#   whatever goes together in the data, such as bold and round.
# * Whether a picture is a memory is a question about distances, and a distance means nothing until you know how far
#   apart real images are.
#
# **Next.** Notebook 08 gives both players what pixels have and a list of numbers has not: neighbours.
#
# ## References
#
# * I. Goodfellow and others, *Generative Adversarial Nets*, 2014. Noise: section 3. Walks in $z$: figure 3. Nearest training
#   images: figure 2.
# * K. Shoemake, *Animating Rotation with Quaternion Curves*, Computer Graphics 19(3), 1985. The formula of slerp.
# * A. Radford, L. Metz, S. Chintala, *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
#   Networks*, 2016. Walks: section 6.1. Arithmetic with means of three: section 6.3.2.
# * T. White, *Sampling Generative Networks*, 2016. Great circles instead of lines.
# * Y. Shen, B. Zhou, *Closed-Form Factorization of Latent Semantics in GANs*, 2021. Directions from weights: section 2.2.
