# %% [markdown]
# # 13. Paired translation
#
# What if you have pairs? So far $G$ got noise and could draw what it liked. Here it gets an image, and there is *one right
# answer* beside it: an outline and the digit it was taken from, a picture of 7 x 7 pixels and the one of 28 x 28. Then
# nothing seems easier than to compare $G$'s picture with the right one. Why would anybody still want a judge?
#
# **Goals.** You will be able to
#
# 1. say what a pixel-wise loss rewards when several answers are possible, and what that costs in decibels;
# 2. write the loss of pix2pix, and switch each of its halves off;
# 3. compute how many pixels one verdict of a *PatchGAN* sees;
# 4. explain where pix2pix has its noise, and measure how little it does;
# 5. enlarge an image with a network, and say why the one with the higher PSNR is not the sharper one.
#
# **Time.** 45 minutes to read and run, 25 more for the three exercises.
#
# **Prerequisites.** Notebooks 06, 08 and 12: a GAN on digits, convolutions, a judge that is told something.

# %%
import numpy as np
import torch
from gan_edu import classifier, course, plots, pretrained
from gan_edu.checks import check
from gan_edu.data import load_images
from gan_edu.data_paired import VIEWS, enlarge, paired
from gan_edu.metrics_images import class_kept, high_frequency_energy, psnr, sharpness
course.explain_unknown_names(); torch.set_num_threads(1)

# %% [markdown]
# ## Pairs
#
# A pair is made by a rule that throws something away. `data_paired` has three: the *edges* of the strokes, found on a coarse
# grid; the upper left *quarter*; and the means of 4 x 4 pixels, a *small* picture. Going there is easy. The way back is what
# a network has to learn, from pairs of (input $y$, right image $x$). Everything in this notebook is shown on digits that no network
# here was trained on: scikit-learn's small test digits, written by other hands, with other pens, than those of MNIST.

# %%
digits = load_images("digits", split="test").take(60)
views = {name: paired(digits, name) for name in VIEWS}
for name, pairs in views.items():
    print(f"{name:8} {pairs.y[0].numel():4} numbers, {pairs.x[0].numel()} are wanted: {pairs}")
shown = [views["edges"].y[:8], views["quarter"].y[:8], enlarge(views["small"].y[:8], mode="nearest"), views["edges"].x[:8]]
grid = plots.image_grid(torch.cat(shown), columns=8, row_labels=["edges", "quarter", "small", "right image"])
plots.show(grid, "Eight digits in the bottom row; above each its outline, its upper left quarter, and its 7 by 7 pixels.")

# %% [markdown]
# ## One input, several answers
#
# The outline does not say how bright the ink was; the 7 x 7 pixels do not say on which side of a pixel the stroke ran. Several
# images fit. Take one pixel of which the input says this much only: it is white ($+1$) in 7 of 10 cases, else
# black ($-1$). A network that is asked for *one* number, and judged by its distance from the truth, answers ...
#
# *Predict, then run.* Which value has the smallest expected **squared** error? Which the smallest expected **absolute** error?

# %%
value, white = np.linspace(-1, 1, 401), 0.7
squared = white * (1 - value) ** 2 + (1 - white) * (-1 - value) ** 2
absolute = white * np.abs(1 - value) + (1 - white) * np.abs(-1 - value)
ax = plots.curves(value, {"squared error": squared, "absolute error": absolute}, xlabel="the answer", ylabel="expected error",
                  title="One pixel, white in 7 of 10 cases")
plots.show(ax, "Two curves of the expected error against the answer: a parabola with its lowest point between 0 and 1, and a straight "
               "line that falls all the way to 1.")

# %% [markdown]
# The parabola has its lowest point at a grey that the pixel *never* has: the mean. The straight line ends at the median, a colour
# that occurs, but always the same one, so that what is rarer is never drawn. This is why pictures of a regression are blurred: where
# the truth is uncertain, they show its average.
#
# A perfect GAN would instead *draw*: white in 7 of 10 cases. Nobody could tell its pixel from a real one, and by PSNR it is worse.
#
# ### Exercise 1: who wins?
#
# PSNR, the usual score, is $10 \log_{10} (2^2 / \text{mean squared error})$ for pixels in $[-1, 1]$. For the pixel above, give the best answer
# by the squared error ("L2"), the best by the absolute error ("L1"), and by how many decibels a sampler that draws a fresh pixel from the
# right law is *below* the best constant ("lost").

# %% tags=["exercise-13-psnr"]
my_guess = {"L2": ..., "L1": ..., "lost": ...}

# %% tags=["check-13-psnr"]
check("13-psnr", my_guess)

# %% [markdown]
# ## pix2pix
#
# So one keeps both. Isola et al. (2017) give the judge *the pair*, so that an image that is real but does not belong to $y$ is a
# forgery too, and leave the pixel-wise loss beside it:
#
# $$\mathcal{L}_{cGAN} = \mathbb{E}\log D(x, y) + \mathbb{E}\log(1 - D(G(y, z), y)) \tag{1}$$
#
# $$\mathcal{L}_{L1} = \mathbb{E}\,|x - G(y, z)|, \qquad G^* = \arg\min_G \max_D\; \mathcal{L}_{cGAN} + \lambda\,\mathcal{L}_{L1}. \tag{2}$$
#
# (Here $x$ is the image and $y$ what it is made from, as in notebook 12; the paper has the letters the other way round.) L1 settles where the
# strokes are; the judge has to care for what L1 cannot say, that they look like ink. $G$ is a *U-Net*: down to few pixels, where it sees
# the whole, and up again, with *skips* that carry what stood at each size across.

# %%
from gan_edu.networks import count_parameters
from gan_edu.translators import PAPER_PATCH, PatchDiscriminator, SuperResolutionGenerator, UNet

G, y = UNet(), views["edges"].y
down = [y[:1]]
for layer in G.down:
    down.append(layer(down[-1]))
print("on the way down:", " -> ".join("x".join(map(str, x.shape[1:])) for x in down))
print(f"{count_parameters(G):,} parameters; picture {tuple(G(y[:1]).shape)}")

# %% [markdown]
# ### A judge of patches
#
# L1 already sees to the whole picture, so the judge may be near-sighted: convolutions whose last layer gives a *grid* of logits, each about one
# patch. The losses take their mean. Ours for digits:

# %%
D = PatchDiscriminator()
logits = D(G(y[:1]), y[:1])
print(f"layers (kernel, stride): {D.layers}; {count_parameters(D):,} parameters")
print(f"one image gives logits {tuple(logits.shape)}, each about {D.field} x {D.field} pixels")

# %% [markdown]
# How is that 22 known? By asking the gradient: which pixels move the logit in the middle? For the five layers of the paper, on an image of
# 128 x 128:

# %%
big = PatchDiscriminator(shape=(1, 128, 128), inputs=0, width=4, layers=PAPER_PATCH)
for p in big.parameters():
    torch.nn.init.normal_(p, generator=torch.Generator().manual_seed(0))
x = torch.randn(1, 1, 128, 128, generator=torch.Generator().manual_seed(1)).requires_grad_()
(slope,) = torch.autograd.grad(big(x)[0, 0, 7, 7], x)
rows = slope[0, 0].abs().sum(1).nonzero().flatten()
print(f"rows {rows.min()} to {rows.max()}: {len(rows)} of 128")
assert len(rows) == big.field == 70


# %% [markdown]
# ### Exercise 2: the receptive field
#
# Write the function that says it without a network. `layers` is a list of (kernel, stride), the layer next to the pixels first. What does one
# output of the last layer see? (No padding is needed for this: it moves the square, and does not change its side.)

# %% tags=["exercise-13-field"]
def my_field(layers):
    return ...


# %% tags=["check-13-field"]
check("13-field", my_field)


# %% [markdown]
# ### Exercise 3: ablation
#
# To *ablate* is to take one part away and see what it was for. Write $G$'s loss of equation (2) with a weight on each half: `l1` is $\lambda$, `adversarial` the
# weight of the other half, in its non-saturating form, $-\log D$. `logits_fake` is the grid of logits of $D(G(y), y)$. It should stay finite for a
# judge who is very sure.

# %% tags=["exercise-13-ablation"]
def my_loss(logits_fake, x_fake, x, l1, adversarial):
    return ...


# %% tags=["check-13-ablation"]
check("13-ablation", my_loss)

# %% [markdown]
# ## Play
#
# The game is the `Pix2Pix` of `games_paired.py`, some thirty lines; `train` is that of all notebooks. *New:* a minibatch is a pair. *Same as before:*
# everything else. A minute would not be enough for a good translator, so here are a few steps on the training digits of scikit-learn with a small
# U-Net, only to see it move.
#
# *Predict, then run.* Which of the two will fall in 40 steps, the distance or the adversarial loss?

# %% tags=["nbval-ignore-output"]
from gan_edu.games_paired import Pix2Pix
from gan_edu.networks import seeded
from gan_edu.training import train

with seeded(0):
    small = Pix2Pix(UNet(width=8), PatchDiscriminator(width=8), l1=100.0)
adams = tuple(torch.optim.Adam(player.parameters(), lr=2e-3, betas=(0.5, 0.999)) for player in (small.G, small.D))
history = train(small, paired(load_images("digits"), "edges"), steps=40, batch_size=32, optimizers=adams, progress=False)
for name in ("distance", "adversarial"):
    print(f"{name:12} first ten steps {history[name][:10].mean():.3f}, last ten {history[name][-10:].mean():.3f}")

# %% [markdown]
# The distance falls, since it is measured against the truth. The adversarial loss need not: its yardstick learns too (notebook 06).
#
# ## The trained pair
#
# Two translators are shipped, from the same first weights, with the same steps on MNIST's 60,000 outlines: one with both halves, one with
# `adversarial=0`. Their cards hold what was measured on MNIST's *test* images: the share that the frozen classifier of notebook 10 still reads as
# the digit that the outline was taken from, the energy in high frequencies beside that of real digits, and PSNR.

# %%
cards = {name: pretrained.card(name) for name in ("mnist-pix2pix-l1", "mnist-pix2pix")}
print("trained on", cards["mnist-pix2pix"]["data"])
for name, card in cards.items():
    s = card["scores"]
    print(f"{name:17} class kept {s['class_kept']:.1%} ± {s['class_error']:.1%}   sharpness {s['sharpness']:.2f}   PSNR {s['psnr']:.2f} dB")
print(f"{'real images':17} class kept {s['real_class_kept']:.1%}           sharpness 1")
l1, gan = (card["scores"] for card in cards.values())
assert gan["class_kept"] > 0.9 and gan["sharpness"] > l1["sharpness"] and gan["psnr"] < l1["psnr"]

# %% [markdown]
# Both keep the digit. The one with the judge is sharper, and *further from the truth* by PSNR, as the exercise said. "Sharp" has to be a number if it is to be
# compared: `high_frequency_energy` is the mean square of what is left of an image when all waves longer than four pixels are taken out
# (by Parseval: the sum of squared Fourier coefficients above 1/4 cycle a pixel). Noise raises it as well as sharp strokes do, so the
# aim is 1 times that of real digits, not more.
#
# On the digits of this notebook, with other pens than MNIST's:

# %%
games = {name: pretrained.load(name) for name in cards}
pictures = {name: game.translate(y, noise=False) for name, game in games.items()}
for name, x in pictures.items():
    kept, error = class_kept(classifier.probabilities(x), digits.labels)
    print(f"{name:17} class kept {kept:.0%} ± {error:.0%}   energy {1000 * high_frequency_energy(x).mean():.1f}")
grid = plots.image_grid(torch.cat([y[:8], *(x[:8] for x in pictures.values()), views["edges"].x[:8]]), columns=8,
                        row_labels=["outline", "L1 alone", "L1 + GAN", "right image"])
plots.show(grid, "Eight outlines, the digits that the two translators draw into them, and the digits the outlines were taken from.")

# %% [markdown]
# They put ink between the lines, and it is *MNIST's* ink: crisp strokes, where the right images are soft. And fewer of these digits are kept than of
# MNIST's: nobody showed the network such pens. A translator knows the world it was shown.
# (Between the two translators sixty digits decide nothing: the shares differ by less than their errors added.)
#
# ### Draw one yourself
#
# Press and draw on the left board (press on a painted cell to rub out; or focus it and use the arrow keys and space). The slider mixes the two
# *pictures*, $(1 - t)$ of L1 alone and $t$ of L1 + GAN, not the weights.

# %%
from gan_edu.widgets import EdgeExplorer

EdgeExplorer(digit=2)

# %% [markdown]
# Things to try, each with a guess first:
#
# * Load the 8 and rub out one cell of the outline. Does the digit fall apart, or is the gap closed?
# * *Clear*, then draw what is no digit: a star, a house. What comes out of a network that has only ever seen outlines of digits?
# * The curve of the energy along the slider sags below a straight line. A mixture of two pictures is smoother than either, where they
#   disagree: for the same reason as the grey pixel above.
# * *Other noise*, several times. Where does the picture change?
#
# ### Where is z?
#
# The authors first gave $G$ noise as an input, and $G$ learned to ignore it. So they took *dropout* for noise, left on when the picture is
# made (section 3.1). How much does it do? Twenty draws for each outline:

# %%
draws = torch.stack([games["mnist-pix2pix"].translate(y, generator=torch.Generator().manual_seed(i)) for i in range(20)])
spread, between = draws.std(0).mean(), views["edges"].x.std(0).mean()
print(f"mean standard deviation of a pixel: {spread:.3f} over draws for one outline, {between:.3f} over different digits")
assert spread < 0.2 * between

# %% [markdown]
# A little, at the rims of the strokes. The authors report the same (end of section 3.1). $G$ has no reason to vary: L1 punishes it, and the judge sees one
# picture at a time. pix2pix draws *one* good answer, not the law of all answers.
#
# ## Super-resolution
#
# Now the small pictures: 49 numbers, and 784 are wanted. Rules without learning fill in by *nearest* pixel or by *bicubic* interpolation. A network can know
# what strokes look like. It works at 7 x 7, where a pixel is cheap, and at the end makes four times as many channels and lays each
# four of them out as 2 x 2 pixels: the *pixel shuffle*. It computes nothing, so it can be undone exactly:

# %%
channels = torch.arange(16.0).reshape(1, 4, 2, 2)
shuffled = torch.nn.PixelShuffle(2)(channels)
print(channels[0, :, 0, 0].tolist(), "become the upper left 2 x 2:", shuffled[0, 0, :2, :2].tolist())
assert torch.equal(torch.nn.PixelUnshuffle(2)(shuffled), channels)

# %% [markdown]
# The game is `SRGAN` (Ledig et al. 2017): a squared distance, and a judge of whole images, *not* of pairs. Again two are shipped, with the judge and without.
# Four ways to 28 x 28, with two numbers each.
#
# *Predict, then run.* Order them by PSNR: nearest, bicubic, L2, L2 + GAN. Then by sharpness.

# %%
from gan_edu.widgets.lens import known_scores

known = known_scores()
for name, s in sorted(known.items(), key=lambda item: -item[1]["psnr"]):
    print(f"{name:8} PSNR {s['psnr']:6.2f} dB   sharpness {s['sharpness']:.3f}")
margin = known["l2"]["psnr"] - known["bicubic"]["psnr"]
print(f"L2 is {margin:.1f} dB above bicubic")
assert margin > 4 and known["l2"]["psnr"] > known["gan"]["psnr"] and known["gan"]["sharpness"] > known["l2"]["sharpness"]
assert known["bicubic"]["psnr"] > known["nearest"]["psnr"] and known["nearest"]["sharpness"] > known["bicubic"]["sharpness"]

# %% [markdown]
# (From the cards: all test images of MNIST.) Both networks are far above what knows nothing of digits. But *within* each pair, of rules and of networks, the two
# numbers disagree: the smoother one wins PSNR, the other one is nearer to the sharpness of real digits. That is no accident: the squared error is
# smallest at the mean of all images that fit, and a mean is smooth. And the digit? The share that is still read as what it was:

# %%
for name in ("mnist-super-resolution-l2", "mnist-super-resolution"):
    s = pretrained.card(name)["scores"]
    print(f"{name:26} {s['class_kept']:.1%} ± {s['class_error']:.1%}")
    assert s["class_kept"] > 0.95
print(f"{'nearest':26} {s['nearest_class_kept']:.1%}\n{'bicubic':26} {s['bicubic_class_kept']:.1%}\n{'real images':26} {s['real_class_kept']:.1%}")

# %% [markdown]
# (The classifier has never seen a blurred digit; that bicubic pictures puzzle it says as much about it as about them.)
#
# ### Under the lens
#
# Move over any of the pictures. Large dots in the figure are the means of the cards, small dots belong to the digit that is shown.

# %%
from gan_edu.widgets import LensExplorer

LensExplorer()

# %% [markdown]
# * Find a place where L2 is grey and the GAN has decided. Is it right? Compare with the original under the lens.
# * The small dots lie far from the large ones. Why? Look at the originals.
#
# These digits were soft to begin with. Interpolation is soft too; the networks draw the crisp strokes they were shown in training:

# %%
pairs, names = views["small"], ("mnist-super-resolution-l2", "mnist-super-resolution")
ways = {"bicubic": enlarge(pairs.y)} | {name: pretrained.load(name).translate(pairs.y) for name in names}
for name, x in ways.items():
    print(f"{name:26} PSNR {psnr(x, pairs.x).mean():.2f} dB   sharpness {sharpness(x, pairs.x):.2f}")
assert psnr(ways["bicubic"], pairs.x).mean() > psnr(ways["mnist-super-resolution"], pairs.x).mean()

# %% [markdown]
# On its own ground the network with a judge was far above bicubic; here it is below, and much too sharp. A network that enlarges does not recover what was
# lost. It supplies what is *usual*, in the world it knows. One more cell on that: which digits does the classifier read differently after the network has
# enlarged them?

# %%
before, after = (classifier.probabilities(x).argmax(1) for x in (pairs.x, ways["mnist-super-resolution"]))
changed = np.flatnonzero(before != after)
print(f"{len(changed)} of {len(digits)} digits are read differently afterwards")
for i in changed[:6]:
    print(f"   a {int(digits.labels[i])}, read as {before[i]} in the original, as {after[i]} when shrunk and enlarged")

# %% [markdown]
# Sharp strokes look like evidence. In a photograph of a licence plate or of a tumour they would be an invention with the look of a measurement. PSNR does
# not notice it, and sharpness even less.
#
# ## Paper, authors' code, this course
#
# | | paper | authors' code | here |
# |---|---|---|---|
# | pix2pix: size | 256 x 256, $G$ eight layers down, $D$ 70 x 70 | the same | 28 x 28, three layers down, $D$ 22 x 22, two convolutions at full size |
# | pix2pix: batch, normalisation | batches of 1 to 10; batch normalisation with the statistics of the *test* batch (3.3) | the same | batches of 64; running averages at test time, so that no picture depends on its company |
# | pix2pix: $D$'s loss | divided by 2, so that $D$ learns more slowly than $G$ (3.3) | the same | not divided: to Adam a factor is next to nothing; $D$ has half of $G$'s rate |
# | pix2pix: noise | dropout at training and test time | the same; an option turns it off | the same, `noise=False` turns it off |
# | SRGAN: content | squared distance of VGG features; of pixels in SRGAN-MSE (table 1) | | of pixels |
# | SRGAN: $G$ | residual blocks with BatchNorm, started from a network trained by squared error | | no BatchNorm (Lim et al. 2017), both from the same first weights, so that only the loss differs |
# | SRGAN: weight of the judge | $10^{-3}$, beside VGG features | | $3 \cdot 10^{-3}$, beside pixels |
#
# ## Summary
#
# * Where several answers fit, L2 gives their mean, L1 their median; a perfect sampler loses 3 dB against the mean. PSNR rewards averages.
# * pix2pix = a judge of pairs + $\lambda$ L1. L1 sets the place, the judge the look; take one away and you see what it was for.
# * One logit of a PatchGAN sees $1 + \sum_i (k_i - 1)\prod_{j<i} s_j$ pixels: 70 for the paper's layers.
# * Dropout is all the noise pix2pix has, and it does little.
# * Super-resolution: on the digits they were trained on the networks beat interpolation by far, on others not even that; with a judge they are sharper and have a lower PSNR. Sharp is not the same as true.
#
# **Next.** Notebook 14 has no pairs at all.
#
# ## References
#
# * P. Isola, J.-Y. Zhu, T. Zhou, A. Efros, *Image-to-Image Translation with Conditional Adversarial Networks*, 2017: eq. (1) to (4), sections 3.2.1 (U-Net),
#   3.2.2 (PatchGAN), 3.3, 4.2 to 4.4 (ablations), appendix 6.1.
# * C. Ledig et al., *Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network*, 2017: eq. (3) to (6), figures 2 and 4, table 1.
# * W. Shi et al., *Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network*, 2016: eq. (4).
# * B. Lim et al., *Enhanced Deep Residual Networks for Single Image Super-Resolution*, 2017: section 3.1.
# * O. Ronneberger, P. Fischer, T. Brox, *U-Net: Convolutional Networks for Biomedical Image Segmentation*, 2015: figure 1.
# * Y. Blau, T. Michaeli, *The Perception-Distortion Tradeoff*, 2018: why closeness and look pull apart, whatever the measure of closeness.
