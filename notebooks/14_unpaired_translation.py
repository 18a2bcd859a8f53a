# %% [markdown]
# # 14. Unpaired translation
#
# What if you have no pairs? Notebook 13 learned from pairs: here is what goes in, there is what should come out. Photographs
# and paintings do not come like that. Nobody can hand you the photograph that van Gogh did *not* take. All there is are two
# heaps, some of these and some of those. CycleGAN learns from two heaps. We build it, watch it work on digits, and then ask
# what its famous loss really guarantees. The answer is: less than you think, and it learns to cheat.
#
# **Goals.** You will be able to
#
# 1. say what a judge alone asks of a translation, and what it does not ask;
# 2. write the cycle loss, and a wrong map that has none;
# 3. say what the identity loss adds, and measure it;
# 4. read a translator by four numbers: class kept and domain recognised, beside two baselines;
# 5. find a message that a network hides in a picture, measure its size in bits, and wash it out.
#
# **Time.** 50 minutes to read and run, 35 more for the three exercises.
#
# **Prerequisites.** Notebook 05 (Algorithm 1), 08 (convolutions). From notebook 13 only the idea of a judge of patches.

# %%
import numpy as np
import torch

from gan_edu import classifier, course, plots, pretrained
from gan_edu.checks import check
from gan_edu.data import load_images, scale
from gan_edu.data_unpaired import PATTERNS, in_domain, pattern_of, stripe_patterns, two_domains
from gan_edu.games_unpaired import CycleGAN
from gan_edu.metrics_domains import domain_classifier
from gan_edu.networks import MLPDiscriminator, MLPGenerator, count_parameters, seeded
course.explain_unknown_names(); torch.set_num_threads(1)

# %% [markdown]
# ## Two heaps
#
# Domain A: digits written with a striped pen. Domain B: plain digits. `two_domains` puts stripes on every second image and
# leaves the others alone, so **no image is in both heaps**. There is no pair to learn from, not even by accident.

# %%
digits, held_out = (load_images("digits", split=split) for split in ("train", "test"))
heaps = two_domains(digits, "stripes")
print(heaps)
x_a, x_b = next(heaps.batches(12, seed=0))
plots.show(plots.image_grid(torch.cat([x_a, x_b]), columns=12, row_labels=["A", "B"]),
           "One minibatch: twelve digits with diagonal stripes, below them twelve other digits without.")

# %% [markdown]
# A minibatch is two handfuls, one from each heap. Who stands above whom is chance and changes every epoch.
#
# Look closely at the stripes. They fall to the left or to the right, and they begin at one of four places: eight patterns,
# drawn by chance for each image. Keep that in mind for the second half.
#
# ## A judge is not enough
#
# We want $G: A \to B$. Half of the way we know already: a judge $D_B$ that learns to tell plain digits from what $G$ makes.
# If $G$ fools it, then what comes out *looks like* B. *Predict, then run.* Here is a "translation" that fools any judge. What
# does it get wrong?

# %%
a, b = (scale(in_domain(held_out.images, domain)) for domain in ("striped", "plain"))
labels = held_out.labels.numpy()
told = domain_classifier(heaps.a, heaps.b)                     # logistic regression; no player of the game
deaf = b[torch.randperm(len(b), generator=torch.Generator().manual_seed(0))]
kept = (classifier.probabilities(deaf).argmax(1) == labels).mean()
print(f"recognised as B: {told.share_of_b(deaf):.0%}, digit kept: {kept:.0%}")
assert told.share_of_b(deaf) > 0.93 and kept < 0.2


# %% [markdown]
# It hands out plain digits without looking at what came in. Perfect for the judge, useless as a translation. So we need two
# numbers from now on. **Recognised**: does it look like the other domain? A classifier says so that no player has ever met
# (it looks at how alike neighbouring pixels are). **Kept**: is it still the same digit? The frozen digit classifier of
# notebook 10 says so. On their own, both are easy: the untouched image keeps its digit, a random plain digit is recognised.
#
# ## There and back
#
# Zhu et al. (2017) train a second translator, $F: B \to A$, with a judge of its own, and ask that the way there and back
# ends where it began:
#
# $$L_{\text{cyc}}(G, F) = \mathbb E_a \lVert F(G(a)) - a \rVert_1 + \mathbb E_b \lVert G(F(b)) - b \rVert_1. \tag{1}$$
#
# The deaf translator cannot do that: once the digit is gone, nobody brings it back. In this course $\lVert\cdot\rVert_1$ is the
# mean over pixels, as in the authors' code.

# %%
def cycle_loss(G, F, a, b):
    return (F(G(a)) - a).abs().mean() + (G(F(b)) - b).abs().mean()

print(f"leaving everything as it is: {cycle_loss(lambda x: x, lambda x: x, a, b):.4f}")
print(f"handing out other images:    {cycle_loss(lambda x: x.roll(1, 0), lambda x: x.roll(2, 0), a, b):.4f}")

# %% [markdown]
# So far it does what it should. Does a cycle loss of 0 mean that the translation is *right*?
#
# *Predict, then run.* Take the two heaps as lists, 750 striped digits and 750 plain ones. Send striped digit number $i$ to
# plain digit number $\pi(i)$, with a permutation $\pi$ drawn by chance, and back by $\pi^{-1}$. What are the cycle loss, the
# judges' verdict, and the share of digits kept?

# %%
listed_a, listed_b = scale(heaps.a.images), scale(heaps.b.images)
pi = torch.randperm(750, generator=torch.Generator().manual_seed(14))
G_of, F_of = listed_b[pi], listed_a[pi.argsort()]              # what G makes of each a, and F of each b
there_and_back = (F_of[pi] - listed_a).abs().mean() + (G_of[pi.argsort()] - listed_b).abs().mean()
same = (heaps.b.labels[pi] == heaps.a.labels).double().mean()
print(f"cycle loss {there_and_back:.4f}; every plain digit is made exactly once; the same digit: {same:.0%}")
assert there_and_back == 0 and torch.equal(pi.sort().values, torch.arange(750)) and same < 0.2


# %% [markdown]
# Cycle loss 0, exactly. What comes out is *the heap B itself*, each image once, so no judge in the world can object. And it
# is the wrong digit nine times out of ten. There is nothing special about this permutation: **any one-to-one map has an
# inverse, and with its inverse it has cycle loss 0.** Of the $750!$ one-to-one maps between the heaps the loss prefers none.
#
# ### Exercise 1: a wrong map without cycle loss
#
# Write two functions of a batch of images, float (n, 1, 28, 28) in [-1, 1], that undo each other exactly, both ways
# round, such that the classifier reads fewer than half of the plain digits right after `there`.

# %% tags=["exercise-14-wrong"]
def there(x):
    return ...


def back(x):
    return ...


# %% tags=["check-14-wrong"]
check("14-wrong", (there, back))

# %% [markdown]
# ## So why does it work?
#
# Not because of equation (1) alone. Your map would have to be *found*, by small steps of gradient descent, by a network made
# of small convolutions. Such a network can repaint a stroke with a few dozen weights. To scramble pixels it would have to
# carry each one across the image; to permute a heap it would have to know it by heart. Among all maps with no loss it meets
# the near ones first. Ours starts as near as can be: it learns what to *add*, and begins by adding little.

# %%
from gan_edu.translators_resnet import ResNetTranslator

with seeded(0):
    fresh = ResNetTranslator(width=8, blocks=1, norm="none")
print(f"{count_parameters(fresh):,} parameters; untrained, it moves a pixel by at most {(fresh(a) - a).abs().max():.3f}")


# %% [markdown]
# That is a wish built into the machine (an *inductive bias*), not a guarantee in the loss. Where a far map is as easy as the
# near one, CycleGAN takes either. Here is such a place.
#
# ## Left as it is: the identity loss
#
# Points in the plane. A lies at the left and B at the right. The second coordinate, call it *colour*, is $+1$ or $-1$, half
# and half in both domains. A translation should move a point across and keep its colour. But a map that swaps the colours
# fools both judges just as well, and the way back swaps them again: no cycle loss.

# %%
class Places:
    """Points (place, colour) of two domains, without end."""
    def batches(self, n, *, seed, start=0):
        draws = torch.Generator().manual_seed(1_000 * seed + start)
        while True:
            colour = [2.0 * torch.randint(0, 2, (n,), generator=draws) - 1 for _ in "ab"]
            yield tuple(torch.stack([torch.full((n,), p), c], 1) + 0.1 * torch.randn(n, 2, generator=draws)
                        for p, c in zip((-1.0, 1.0), colour))


# %% [markdown]
# For such cases the paper has a third loss (section 5.2): what *already is* in the target domain shall stay as it is,
#
# $$L_{\text{id}}(G, F) = \mathbb E_b \lVert G(b) - b \rVert_1 + \mathbb E_a \lVert F(a) - a \rVert_1. \tag{2}$$
#
# ### Exercise 2: the identity loss
#
# Write equation (2) for two translators (functions of a batch) and a minibatch: tensors `a` and `b`, any shape, perhaps of
# unequal length. The mean is over images and pixels.

# %% tags=["exercise-14-identity"]
def identity_loss(G, F, a, b):
    return ...


# %% tags=["check-14-identity"]
check("14-identity", identity_loss)

# %% [markdown]
# *Predict, then run.* We play the game six times without the identity loss and six times with it, from six seeds, and
# measure which share of the points keeps its colour. Note that (2) never says a word about what $G$ does to an $a$. What will the
# six numbers be without it? And with it?

# %%
from gan_edu.training import train


def colour_kept(seed, identity):
    with seeded(seed):
        game = CycleGAN([MLPGenerator(2, shape=(2,), hidden=(16, 16), output="linear", batch_norm=False) for _ in "ab"],
                        [MLPDiscriminator(shape=(2,), hidden=(16, 16)) for _ in "ab"], identity=identity)
    rates = [torch.optim.Adam(net.parameters(), lr=5e-3, betas=(0.5, 0.99)) for net in (game.G, game.D)]
    train(game, Places(), steps=150, batch_size=64, seed=seed, optimizers=rates, progress=False)
    points = next(Places().batches(500, seed=99))[0]
    return (game.translate(points)[:, 1].sign() == points[:, 1].sign()).double().mean().item()


# %% [markdown]
# It takes about half a minute.

# %% tags=["nbval-ignore-output"]
colours = {weight: [colour_kept(seed, weight) for seed in range(6)] for weight in (0.0, 5.0)}
for weight, shares in colours.items():
    print(f"identity weight {weight:g}: colour kept by " + ", ".join(f"{share:.0%}" for share in shares))
assert min(colours[0.0]) < 0.05 and max(colours[0.0]) > 0.95 and min(colours[5.0]) > 0.95

# %% [markdown]
# Without it the seed decides: the same game, the same data, and the colours come out kept, swapped, or half of each. With it
# they stay. On B, $G$ is told outright to leave colours alone, and a smooth function that leaves them alone at the right does
# so at the left. In the paper it keeps a painting of daytime from becoming a photograph of a sunset.
#
# ## The whole game
#
# Two translators, two judges, Algorithm 1 as ever. The judges play with least squares, and the three parts of $G$'s loss are
# weighed 1 : 10 : 5,
#
# $$L(G, F) = \mathbb E_a (D_B(G(a)) - 1)^2 + \mathbb E_b (D_A(F(b)) - 1)^2 + 10\, L_{\text{cyc}} + 5\, L_{\text{id}}. \tag{3}$$
#
# Here is equation (3) by hand, and from the game that is shipped with the course.

# %%
game = pretrained.load("mnist-cyclegan")
(G, F), D = (game.G.a_to_b, game.G.b_to_a), game.D
with torch.no_grad():
    by_hand = ((D.b(G(x_a)) - 1) ** 2).mean() + ((D.a(F(x_b)) - 1) ** 2).mean() + 10 * cycle_loss(G, F, x_a, x_b) \
        + 5 * ((G(x_b) - x_b).abs().mean() + (F(x_a) - x_a).abs().mean())
    ours = game.generator_loss((x_a, x_b))
print(f"by hand {by_hand:.4f}, game.generator_loss {ours:.4f}")
assert abs(by_hand - ours) < 1e-4

# %% [markdown]
# One more thing is new. If $D$ only ever sees the *newest* fakes, the players may run in circles (notebook 09). So $D$ learns
# from a **memory**: 50 old translations of each domain. A new one is kept in one case of two, and an old one shown in its place.
# The memory is a part of the game's state: a run that is stopped and taken up again must remember too.

# %%
from gan_edu.translators_resnet import TwoJudges

judges = TwoJudges(D.a, D.b, memory=50)
draws = torch.Generator().manual_seed(0)
for step in range(40):
    new = torch.full((16, 1, 28, 28), float(step))             # what G made in this step, marked by its number
    shown = judges.recall(new, new, draws)[0][:, 0, 0, 0]
print("what D sees at step 39 was made at steps", sorted(int(s) for s in shown))

# %% [markdown]
# ## Does it work?
#
# `mnist-cyclegan` was trained on MNIST: 24,000 training images with stripes, another 24,000 without. Its card says how, and
# what it can do on the 10,000 test images, which it never saw.

# %%
card = pretrained.card("mnist-cyclegan")
s = card["scores"]
print(card["command"], f"({card['minutes_on_one_core']} minutes on one core)")
for to, words in (("b", "A to B"), ("a", "B to A")):
    for kind in ("", "untranslated_", "shuffled_"):
        print(f"{words}  {kind.strip('_') or 'translated':13} digit kept {s[f'{kind}class_kept_to_{to}']:6.1%}   "
              f"recognised {s[f'{kind}recognised_as_{to}']:6.1%}")
assert min(s["class_kept_to_a"], s["class_kept_to_b"]) > 0.85 and min(s["recognised_as_a"], s["recognised_as_b"]) > 0.9

# %% [markdown]
# Read it by rows. The untranslated image keeps its digit and is not recognised; another image's translation is recognised
# and loses the digit; the translation has both. Neither baseline has, and neither number alone would have told.
#
# Now on the small digits that come with the course. They are by other writers, scanned by another machine, blown up from
# 8 x 8, and the game has not seen one of them. *Predict.* Will it still work?

# %%
fake_b, fake_a = game.translate(a, to="b"), game.translate(b, to="a")
read = lambda x: (classifier.probabilities(x).argmax(1) == labels).mean()
for name, x, true, share in (("A to B", fake_b, b, told.share_of_b(fake_b)), ("B to A", fake_a, a, 1 - told.share_of_b(fake_a))):
    print(f"{name}: digit kept {read(x):.0%} (of the true ones it reads {read(true):.0%}), recognised {share:.0%}")
    assert read(x) > 0.7 and share > 0.9

# %% [markdown]
# The translation carries over: what it learned is about strokes, not about who wrote them. The classifier is less at home
# here: in brackets stands what it reads of the true images of the same domain, and of the striped small digits that is
# little.

# %%
rows = torch.cat([a[:12], fake_b[:12], b[:12], fake_a[:12]])
plots.show(plots.image_grid(rows, columns=12, row_labels=["A", "G(A)", "B", "F(B)"]),
           "Four rows of twelve digits: striped ones, the same without stripes, plain ones, and the same with stripes.")

# %% [markdown]
# ## Too good to be true
#
# Now do the cycle: striped, plain, striped again. *Predict, then run.* The stripes of A have one of eight patterns. In the
# plain digit between they are gone. $F$ has to paint stripes anew. In how many cases will it choose the pattern that the
# first image had?

# %%
again = game.translate(fake_b, to="a")
own = pattern_of(a, b)                                         # by comparison with each of the eight
assert torch.equal(own, stripe_patterns(len(a)))
print(f"after A to B to A the pattern is the first one: {(pattern_of(again, b) == own).double().mean():.1%}")
print(f"guessing gives {1 / PATTERNS:.1%}")
assert (pattern_of(again, b) == own).double().mean() > 0.95

# %% [markdown]
# $F$ sees nothing but a plain digit, and knows the pattern. It must be *in* the plain digit. The counter-check: give $F$ the
# plain digits that these striped ones were made from.

# %%
honest = game.translate(b, to="a")
print(f"from the true plain digit: {(pattern_of(honest, b) == own).double().mean():.1%}")
assert (pattern_of(honest, b) == own).double().mean() < 0.25

# %% [markdown]
# From the true B it can only guess. So $G$'s plain digits carry a message, and $F$ reads it. Eight patterns are $\log_2 8 = 3$
# bits a picture. Where are they? Give the same digits other stripes and translate them too. It is the same plain digit both
# times, so what differs is the message. Here it is enlarged eight times.

# %%
restriped = game.translate(scale(in_domain(held_out.images, "striped", seed=1)), to="b")
message = (8 * (fake_b - restriped)[:12]).clamp(-1, 1)
plots.show(plots.image_grid(torch.cat([a[:12], fake_b[:12], message]), columns=12, row_labels=["A", "G(A)", "hidden, x 8"]),
           "Twelve striped digits, their plain translations, and below what changes in these, eight times enlarged, if the digits had other stripes: diagonal stripes, bright and dark, along the strokes of ten digits; two are grey.")

# %% [markdown]
# There they are: both sets of stripes, one bright and one dark, too faint to be seen in the row above. A digit that is all grey
# drew the same stripes twice.
#
# Chu et al. (2017) found such messages in CycleGAN's translation of aerial photographs to maps: roofs and trees that the
# map does not show came back in the right places. The network is no villain. Equation (1) *demands* it: A holds three bits
# more than B, the cycle loss wants them back, the judge of B objects only to what it can see. So they go where it cannot
# see. **A low cycle loss is no sign of a good translation, if it is paid for in smuggled bits.**
#
# How loud is the message? Add noise to B before the way back.

# %%
from gan_edu.widgets import CycleExplorer

CycleExplorer(game, held_out)

# %% [markdown]
# *Try.* At which noise is half of the message lost? Is the digit still legible there? Can you see the difference at × 1?
#
# The same probe in numbers, on the test images of MNIST, from the card:

# %%
for key in [key for key in s if key.startswith("pattern_back_noise")]:
    print(f"noise {key.rsplit('_', 1)[1]:>4}: the pattern comes back for {s[key]:6.1%}")
print(f"from the true plain digit:  {s['pattern_back_from_true_b']:6.1%}")
assert s["pattern_back_noise_0"] > 0.95 > 0.25 > s["pattern_back_from_true_b"]


# %% [markdown]
# ### Exercise 3: wash it out
#
# Noise is a blunt tool: it drowns the digit with the message. Write `launder(b)`, a function of translated images, float
# (n, 1, 28, 28) in [-1, 1], that removes the message and leaves the digit. The check sends washed digits back to A: at most
# 30 % of the patterns may come back (12.5 % is guessing), and 80 % of the digits must still be read.

# %% tags=["exercise-14-launder"]
def launder(b):
    return ...


# %% tags=["check-14-launder"]
check("14-launder", launder)

# %% [markdown]
# Whoever trains with such a laundry between $G$ and $F$ gets an honest B, and pays for it with a cycle loss that cannot fall
# below what three missing bits cost.
#
# ## What the paper says, what its authors' code does, what we do
#
# | | paper | authors' code | here |
# |---|---|---|---|
# | adversarial loss | least squares | the same; D's loss halved | the same, halved |
# | weights | cycle 10; identity 5 for paintings to photographs only | cycle 10, identity 5 always | cycle 10, identity 5 |
# | order of a step | not said | G and F first, then both D, on the same pair | Algorithm 1: D first, a fresh pair for each |
# | memory | 50 translations of each domain | the same | the same, and kept in checkpoints |
# | translators | 6 or 9 residual blocks, InstanceNorm, 256 x 256 | the same, 11 million parameters each | 1 block, no norm, 28 x 28, the way down and the image added |
# | judges | 70 x 70 patches | the same | 18 x 18 patches |
# | minibatch, rate | 1; Adam 2e-4, falling to 0 over the second half | the same | 16; Adam 1e-3, the same fall |
#
# ## Summary
#
# * A judge asks that a translation looks right, not that it is one. Two numbers are needed, kept and recognised, and two
#   baselines: the untouched image and another image's translation.
# * The cycle loss asks for a one-to-one map. Any permutation with its inverse has cycle loss 0, so it does not by itself
#   mean the right map. What picks the near one is the network and where it starts.
# * The identity loss ties down what domains and cycles leave free, such as colour.
# * Where A holds more than B, the cycle loss pays for hiding. Compare the way back from G's B with the way back from a true B,
#   with and without noise; the difference was never seen by a judge.
#
# **Next.** Notebook 15 looks at bugs that were published, and asks whether you would have seen them.
#
# ## References
#
# * J.-Y. Zhu, T. Park, P. Isola and A. A. Efros. *Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
#   Networks.* ICCV 2017. Equations 1 to 3, section 4 (least squares, memory), section 5.2 (identity loss).
# * C. Chu, A. Zhmoginov and M. Sandler. *CycleGAN, a Master of Steganography.* NeurIPS workshop 2017.
# * A. Shrivastava et al. *Learning from Simulated and Unsupervised Images through Adversarial Training.* CVPR 2017. Section 2.3
#   (the memory).
# * X. Mao et al. *Least Squares Generative Adversarial Networks.* ICCV 2017. Equation 9.
# * K. He et al. *Deep Residual Learning for Image Recognition.* CVPR 2016. Figure 2.
