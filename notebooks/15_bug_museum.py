# %% [markdown]
# # 15. The bug museum
#
# Would you have seen it? A wrong GAN seldom stops with an error message. It runs, it draws, its loss goes up and down as
# losses do, and the slip that keeps it from learning looks like the bad luck that everybody has with GANs. This notebook is
# a museum of such slips. Each was published: in a tutorial, in a repository, in a paper's wording. Each runs here twice,
# **as published** and **mended**, and each has a **meter** that shows the difference as a number.
#
# **Goals.** You will be able to
#
# 1. find an error in ten lines of GAN code by asking what they *do*, not what they say;
# 2. name, for each kind of slip, a meter that would have shown it;
# 3. write tests for a training loop that no mutant survives;
# 4. say what GANs are used for and misused for, and what a detector of forgeries is worth where it has not been trained.
#
# **Time.** 50 minutes to read and run, 35 more for the three exercises.
#
# **Prerequisites.** All notebooks before this one, at least 03, 05 and 10. Each exhibit says where it is explained.

# %%
import numpy as np
import torch

from gan_edu import course, museum, museum_forensics, plots, pretrained
from gan_edu.checks import check
course.explain_unknown_names(); torch.set_num_threads(1)

# %% [markdown]
# ## How to visit
#
# For most exhibits you see the code first, shortened, in our words and names, with what was wrong as it was; for a few, only the
# claim. **Find the error first**, and predict what the meter reads before and after. Then run the next cell. Nothing
# here mocks anyone: each of these slips was made by somebody who shared work with others, and most of them are one line long.
#
# The museum has four halls.

# %%
for hall in museum.HALLS:
    print(f"{hall:11}", ", ".join(museum.exhibits(hall)))
assert len(museum.exhibits()) >= 12


# %% [markdown]
# A reading takes the name of an exhibit and the position of the switch. `both` throws it once.

# %%
def both(name):
    before, after = (museum.reading(name, mended=switch) for switch in (False, True))
    print(before, after, sep="\n")
    return before, after


# %% [markdown]
# ## First hall: the loop
#
# ### Three rounds
#
# One of our source documents trains with K = 3 steps of D for one of G. *Predict:* how many does D make?

# %%
print(museum.code("k-steps"))

# %% [markdown]
# Go through the first round with your finger: `step` is 0 and `k - 1` is 2. Does it reach the last two lines?

# %%
before, after = both("k-steps")
assert before.value == 1 and after.value == 3

# %% [markdown]
# One. The document keeps the printed loss of the last round only, and the lines that do this jump over the update too.
# The meter is a counter on the optimiser. With it the error lasts a minute; without it, a whole training of 200 epochs
# (notebook 05 takes the loop apart).
#
# ### Three steps, and on what?
#
# Now the two lines are gone and D steps three times. The audit of notebook 05 still finds two faults. *Find them first.*

# %%
print(museum.code("one-minibatch"))

# %% [markdown]
# Where is `x` drawn? Which `z` does G's step use?

# %%
before, after = both("one-minibatch")
assert (before.value, after.value) == (1, 3) and after.beside["faults in the audit"] == 0

# %% [markdown]
# Three steps on the same images, where Algorithm 1 draws a fresh minibatch for each; and G is trained on the noise that D
# has just been trained on. Fresh noise counts four a round in the mended loop: three for D, one for G.
#
# ### A judge in two halves
#
# To step on the reals and then on the fakes saves memory and looks harmless. *Predict:* G is perfect, its fakes are the real
# batch itself, and D says 1/2 everywhere. What does D do next?

# %%
print(museum.code("two-halves"))

# %% [markdown]
# At rest, the gradient of V is a sum of two parts that cancel. Do they still meet?

# %%
before, after = both("two-halves")
assert after.value == 0 < 0.02 < before.value

# %% [markdown]
# They do not. Adam makes a whole step of each half, and the judge leaves the place where it should rest. In the mended version
# every logit stays exactly 0.
#
# ### Both at once
#
# $V(x, y) = xy$: x goes down, y goes up, with h = 0.2. *Predict* how far from rest they are after 500 steps.

# %%
print(museum.code("simultaneous"))

# %% [markdown]
# Each line is the gradient step that one would write. Compare with Algorithm 1: who moves first, and what does the other see?

# %%
before, after = both("simultaneous")
assert abs(before.value - 1.04**250) < 1e-6 and after.value < 1.0001

# %% [markdown]
# Eighteen thousand times as far, by $\sqrt{1 + h^2}$ a step; in turns, on a closed orbit (notebooks 05 and 09).
#
# ### A wrong reason
#
# "Without `detach` the gradient of D is wrong." Not every exhibit is guilty. *Predict:* what changes in D's gradient?

# %%
print(museum.code("no-detach"), museum.code("no-detach", mended=True), sep="\n\n")

# %% [markdown]
# The meter counts the numbers of G's gradient that are computed in D's step. Beside it: how far apart the gradients of D are.

# %%
before, after = both("no-detach")
assert before.value > 0 == after.value and before.beside["largest difference of D's gradient from the other's"] == 0

# %% [markdown]
# D's gradient is the same in every digit. What `detach` saves is work, and the leftovers in G's gradient, which do become an
# error where nobody clears them.
#
# ### Exercise 1: kill the mutants
#
# A *mutant* is a sound program with one small slip. A test that no mutant survives is a good test. `loop()` is a sound
# Algorithm 1, `loop("k ignored")` one of ten mutants of it, and `transcript` writes down what a loop did in four iterations:
# for each optimiser step who made it, which real and which noise minibatch had been shown, by how much the step raised D's
# mean logit on reals above that on fakes (`gap`), and by how much that on fakes (`fake`).

# %%
from gan_edu.museum_mutants import SLIPS, loop, transcript

print(*SLIPS, sep=", ")
for step in transcript(loop("G takes D's noise"), k=2)[:4]:
    print(step)


# %% [markdown]
# Write `broken(steps, k)`: True if the record shows a slip, False if it is one of a sound loop. It will be shown all ten
# mutants, and the sound loop, with several k. What must be *counted*, what must be *fresh*, and whose interest must a step serve?

# %% tags=["exercise-15-mutants"]
def broken(steps, k):
    return ...


# %% tags=["check-15-mutants"]
check("15-mutants", broken)

# %% [markdown]
# ## Second hall: the layers
#
# ### The second argument
#
# BatchNorm gives each unit the standard deviation 1. *Predict:* one comes in with 0.1. With what does it leave?

# %%
print(museum.code("eps-of-batchnorm"))

# %% [markdown]
# Do you know the second argument of this class by heart?

# %%
before, after = both("eps-of-batchnorm")
assert abs(before.value - np.sqrt(0.01 / (0.01 + 0.8))) < 1e-4 and after.value > 0.999

# %% [markdown]
# 0.8 was meant as a momentum. The second argument is $\epsilon$, and the layer divides by $\sqrt{v + 0.8}$ (notebook 08).
# Name such arguments, always: `momentum=0.2`, which is what 0.8 means in the library it came from.
#
# ### Whose slope is it?
#
# A gradient penalty asks for a slope of length 1 at each image by itself. *Find it first:*

# %%
print(museum.code("batchnorm-critic"))

# %% [markdown]
# Change image 3 of a batch. Which rows of D's answer may move?

# %%
before, after = both("batchnorm-critic")
assert after.value == 0 < 0.2 < before.value

# %% [markdown]
# The mean of the batch is in every row, so D(x_0) has a slope at other people's images. The Jacobian must be diagonal, and
# with LayerNorm it is. This test takes three lines, and it finds any layer that mixes a batch (notebook 11).
#
# ### The picture and its company
#
# G is trained, and you draw one z for a figure. *Predict:* is it the picture that this z has in a batch of 64?

# %%
print(museum.code("eval-never"), museum.code("eval-never", mended=True), sep="\n\n")

# %% [markdown]
# One line apart.

# %%
before, after = both("eval-never")
assert after.value == 0 < 0.01 < before.value

# %% [markdown]
# In train mode a picture depends on its neighbours. The opposite error exists as well: who *trains* in eval mode keeps the
# averages at their start for ever. The rule is short: train to train, eval to look.
#
# ## Third hall: the losses
#
# ### A flipped label
#
# "G's loss is D's loss on the fakes, negated: in code we simply flip the label." *Predict* both at D = 1/2.

# %%
print(museum.code("negated"), museum.code("negated", mended=True), sep="\n\n")

# %% [markdown]
# Write both as logarithms of D before you run it.

# %%
before, after = both("negated")
assert abs(before.value + np.log(2)) < 1e-6 and abs(after.value - np.log(2)) < 1e-6

# %% [markdown]
# $\log(1 - D)$ is $-0.693$ and $-\log D$ is $+0.693$. The code that flips the label is right; it is the sentence about it that
# is wrong, and it matters, because the slopes differ too:

# %%
before, after = both("same-thing")
assert abs(after.value / before.value - 999) < 1e-6 and before.beside == after.beside

# %% [markdown]
# "To minimise $\log(1-D)$ is the same as to maximise $\log D$": the same fixed point, the same slope at 1/2, and a slope 999 times
# as large where it counts, at the start. So the flat place is $D(G(z))$ near 0, where G is bad. It is not flat there because
# "D is perfect when G is", as one can also read (notebook 04).
#
# ### Smooth, and smooth again
#
# Labels 0.9 and 0.1 instead of 1 and 0. Data $N(0, 1)$, fakes $N(4, 1)$. *Predict:* what does the best D say at x = 8, where there
# are fakes and no data?

# %%
print(museum.code("smoothed-twice"), museum.code("smoothed-twice", mended=True), sep="\n\n")

# %% [markdown]
# The meter minimises the loss place by place.

# %%
before, after = both("smoothed-twice")
assert 0.1 < before.value < 0.1005 and after.value < 1e-5


# %% [markdown]
# It says 0.1, however far from all data: fakes vouch for themselves.
#
# ### Exercise 2: the best D for soft labels
#
# Notebook 03 asked this; derive it once more, without looking. Reals have the label `real`, fakes the label `fake`, both in [0, 1];
# the densities at a place are p and q. Which D minimises the loss there? (Write the loss, set its slope to 0. With 1 and 0 it must
# be $p/(p+q)$.)

# %% tags=["exercise-15-smoothing"]
def best_D(p, q, real, fake):
    return ...


# %% tags=["check-15-smoothing"]
check("15-smoothing", best_D)

# %% [markdown]
# ## Fourth hall: the meters
#
# The most dangerous slips are in what we look at, since that is how we would notice all the others.
#
# ### The ring of eight
#
# The favourite toy of many papers. *Predict* how many centres it has.

# %%
print(museum.code("linspace-ring"))

# %% [markdown]
# At which angles do the first and the last one stand?

# %%
before, after = both("linspace-ring")
assert (before.value, after.value) == (7, 8) and before.beside["largest share"] == 0.25

# %% [markdown]
# Seven, and one of them twice as frequent. On this ring "7 of 8 modes found" is perfection.
#
# ### A meter that cannot reach zero
#
# A Jensen-Shannon divergence from two histograms. *Predict* what it reads for two draws of the *same* ring, 500 points each,
# where the truth is 0 and the largest possible value 0.693.

# %%
print(museum.code("meter-floor"))

# %% [markdown]
# How many of its 10,000 cells can 500 points reach?

# %%
before, after = both("meter-floor")
assert before.value > 0.25 > 0.03 > after.value

# %% [markdown]
# More than two fifths of the largest value there is, for real against real. Any training curve on this meter would end on a plateau, and
# the plateau would be called "the limit of GANs". **Before a meter is used, it reads real against real.** The package's
# meters keep that reading beside them as their floor.
#
# ### Better than real
#
# A score for generators is to be chosen. The contestants are 100 real digits and 100 averages of digits (k-means). *Predict* who
# wins by the Parzen score, and who by recall.

# %%
before, after = both("parzen-winner")
assert before.value > 2 and after.value < -4

# %% [markdown]
# A positive number means that the averages win, in standard errors. The score of the paper prefers them to reality (notebook 10);
# recall asks whether the odd ones are there too, and finds them gone.
#
# ### Fifty images
#
# Fréchet distance of two sets that follow the same law, in 64 dimensions. In truth it is 0. *Predict* what 50 points give.

# %%
before, after = both("too-few-for-frechet")
assert before.value > 20 * after.value and before.beside["rank of the covariance"] == 49

# %% [markdown]
# Forty-three from nothing. With twenty times as many points as dimensions there is still a floor, so it is printed beside
# every result.
#
# ### Keep the best
#
# The first three epochs of a shipped run, with G's loss and the Parzen score at five moments. One rule keeps the moment with the
# smallest loss of G: "G's loss must fall". *Predict* which moment that is.

# %%
for row in pretrained.card("mnist-mlp")["curve"][:5]:
    print(f"step {row['step']:5,}: loss of G {row['loss_G']:.2f}, score {row['parzen']:7.1f}")
before, after = both("loss-must-fall")
assert before.value == min(row["parzen"] for row in pretrained.card("mnist-mlp")["curve"][:5])

# %% [markdown]
# It keeps the worst of the five. The loss is measured against the run's own judge, who learns as well. And where would it end?
# At the optimum D's loss is 1.386 (its two parts added) and G's is 0.693, and both are the same for a perfect G and for a
# judge who has given up.
#
# One of our source documents hopes for a loss of D of about 0.5, "since D can no longer tell". That lends the number of one
# quantity to another:

# %%
before, after = both("one-half")
assert abs(after.value - np.exp(-0.5)) < 1e-9 and abs(museum.reading("one-half", mended=True).beside["at log 2"] - 0.5) < 1e-9

# %% [markdown]
# At a mean loss of 0.5 the right answer gets 0.607. D can tell no longer at $\log 2 = 0.693$.
#
# ### Our method against theirs
#
# "Theirs" and "ours" are one and the same program, with other seeds: 16 runs each of a shipped sweep. *Predict* how much better ours is.

# %%
print(museum.code("lucky-seed"))
before, after = both("lucky-seed")
assert before.value > 2 * before.beside["standard error of the mean's"] > abs(after.value)

# %% [markdown]
# The best of sixteen runs beats the mean of sixteen others, clearly, and it is the same program. With means on both sides the
# difference lies within two standard errors of 0, where it belongs.
#
# ## All of them
#
# Here are all exhibits with their switch, those without a room of their own above included: an error message that went
# away, a start without a voice, a label that is more than certain, a contrast that was not there. *Find the error first*, then
# throw the switch.

# %%
from gan_edu.widgets import MuseumExplorer

MuseumExplorer(exhibit="retain-graph")

# %% [markdown]
# What would have found them? Sort the meters, and there are only four kinds: **count** (steps, minibatches, modes, ranks),
# **compare with a case you know** (real against real, a perfect G, a method against itself), **change one thing and see who
# moves** (one image of a batch, one z in company), and **read the formula at one place** (D = 1/2, an input of 0.1). Each takes a
# minute. Do them before the training, not after it.

# %% [markdown]
# ## What GANs are used for
#
# Our source documents end with uses, and by now you have built most of them:
#
# | use they name | where it runs here |
# |---|---|
# | more pictures of a kind, from noise | 06, 08 |
# | text to image: a picture to order | 12, with a digit for a text |
# | black and white to colour, day to night, edges to pictures | 13, where pairs are known; 14, where they are not |
# | a low resolution made high (super-resolution) | 13 |
# | training data for other models, where data are scarce | measure it as in 12: does a classifier obey? |
#
# They are frank about weaknesses too: hard to train, prone to collapse, and **no guarantee that what looks right is right**.
# Take super-resolution: the fine lines in the enlarged picture are likely lines. They are not evidence of anything that stood
# before the camera.
#
# One of them gives a piece of advice: do not train from scratch, take a trained model and go on from there. Here is what that
# saves. The cards of the shipped weights say how long they took.

# %%
for name in ("mnist-mlp", "mnist-mlp-k5"):
    card = pretrained.card(name)
    print(f"{name:13} {card['minutes_on_one_core']:3} minutes to train on one core;  licence {card['licence']};  data: {card['data']}")

# %% [markdown]
# And now in no time, twelve digits:

# %%
images = pretrained.load("mnist-mlp").sample(12, generator=torch.Generator().manual_seed(15))
plots.show(plots.image_grid(images, columns=12), "Twelve digits drawn by the shipped generator mnist-mlp: most of them are clear.")

# %% [markdown]
# A borrowed model brings along what it was trained on: its data and their licence, its gaps (this one draws few twos, notebook 10),
# and its slips. Read the card before the pictures.
#
# ## And what they are misused for
#
# "Because the power of GANs is so great, bad people can use them to make fake news", one document says. Faces of people who do
# not exist, words that nobody said. The obvious answer is a detector; after all, a GAN comes with one. But D is no use here: it
# is trained against one generator, up to the moment when it can no longer tell. Let us build a judge who comes later, and
# find out what it is worth.
#
# ### A simple detector
#
# What could a straight line see? Not whether a digit is well drawn. But networks make fine structure in their own way, and
# a Fourier transform shows it: the power of a picture at 20 frequencies, from slow waves to fine ones (Durall et al. 2020). First
# everything is rounded to the 256 greys of a saved picture, since no file holds tanh's numbers.

# %%
samples = {name: pretrained.load(name).sample(300, generator=torch.Generator().manual_seed(0)) for name in ("mnist-mlp", "mnist-mlp-k5")}
spectra = {name: museum_forensics.spectrum(x).mean(0) for name, x in samples.items()}
ax = plots.curves(np.arange(20), spectra, xlabel="frequency, waves per picture", ylabel="log of power", title="Two generators, 300 digits each")
plots.show(ax, "Mean log power against frequency of digits of two generators, mnist-mlp and mnist-mlp-k5, from slow waves on the left to fine ones on the right.")

# %% [markdown]
# Two generators of the same architecture, trained on the same data: compare the two curves at the right, where the fine structure is. If each
# has a hand of its own, a judge can learn it. On the real MNIST this was done once, with 1,000 real digits and 1,000 forged ones of *one* generator, and judged on 1,000 fresh
# ones of each kind. Only numbers are shipped, with the command that made them:

# %%
found = museum_forensics.measured()
print(found["command"])
print(found["where"])

# %% [markdown]
# A share comes with an interval (Wilson's, notebook 00). First the judge of `mnist-mlp` on what it was trained for:

# %%
from gan_edu.widgets.arena import wilson_interval

def accuracy(seen, judged, way="as they are"):
    rung, n = found["counts"][seen][way], found["judge"]
    right = rung[judged] + n - rung["real"]
    return right / (2 * n), *wilson_interval(right, 2 * n)

print("accuracy {:.2%} [{:.2%}, {:.2%}]".format(*accuracy("mnist-mlp", "mnist-mlp")))

# %% [markdown]
# Now the question that matters. *Predict:* what happens on generators that it has never seen? `mnist-mlp-k5` has the same architecture
# and another training; `mnist-dcgan` is built of convolutions. Below, each row is a judge, each column what it is shown:

# %%
names = list(found["counts"])
print("learned from  judged on:", *(f"{name:>22}" for name in names))
for seen in names:
    cells = ["{:6.2%} [{:.1%}, {:.1%}]".format(*accuracy(seen, judged)) for judged in names]
    print(f"{seen:24}", *(f"{cell:>22}" for cell in cells))

# %% [markdown]
# What the next paragraph says, in a cell:

# %%
assert 0.70 < accuracy("mnist-mlp", "mnist-mlp")[0] < 0.76 < 0.84 < accuracy("mnist-mlp-k5", "mnist-mlp-k5")[0]
assert accuracy("mnist-mlp", "mnist-mlp-k5")[0] > accuracy("mnist-mlp", "mnist-mlp")[0]
assert accuracy("mnist-mlp-k5", "mnist-mlp")[0] < 0.6 and accuracy("mnist-mlp", "mnist-dcgan")[0] < 0.6
assert accuracy("mnist-mlp-k5", "mnist-dcgan")[0] < 0.55
assert all(0.64 < accuracy("mnist-dcgan", judged)[0] < 0.70 for judged in names)

# %% [markdown]
# On the diagonal each judge knows the hand: 72.55 %, 86.75 % and 65.75 %, with twenty numbers and a straight line. Off it, it
# depends. The judge of `mnist-mlp` catches `mnist-mlp-k5` even more often than its own teacher. The other way round it falls from
# 86.75 % to 57.05 %. And on the convolutional generator neither is far from the toss of a coin, 57.00 % and 50.50 %. Only the judge of
# `mnist-dcgan`, the least sure of the three, is about as often right on all of them. **An accuracy
# belongs to a detector *and* to the forgeries it was measured on.** "Right in 86.75 % of all cases" is no sentence about forgeries
# in general.
#
# There is a cheaper way to mislead it. *Predict:* everybody's pictures, real ones too, are blurred a little, as happens whenever a
# picture is made smaller or sent on. What does the judge of `mnist-mlp` say?

# %%
for way in ("as they are", "blurred"):
    rung = found["counts"]["mnist-mlp"][way]
    print(f"{way:12}", ", ".join(f"{kind}: {count / found['judge']:.1%} called forged" for kind, count in rung.items()))
assert min(found["counts"]["mnist-mlp"]["blurred"].values()) >= 999 and max(found["counts"]["mnist-dcgan"]["blurred"].values()) <= 20


# %% [markdown]
# It calls nearly every picture forged, the real ones too. The judge of `mnist-dcgan` says the opposite: after a blur nearly all are real.
# Each had learned one height of fine power, and a blur moves that. Better detectors exist, with networks and with blurred training
# pictures; the two questions for them stay the same. *Which generators has it not seen? What has been done to the picture since?*

# %% [markdown]
# ### Exercise 3: what is an alarm worth?
#
# A detector catches a share `caught` of all forged pictures, and rings for a share `false` of the real ones. Among the pictures that
# are shown to it a share `forged` is forged. It rings. How probable is it that this picture is forged? Write it as a function (notebook 01 has
# the rule).

# %% tags=["exercise-15-alarm"]
def forged_given_alarm(caught, false, forged):
    return ...


# %% tags=["check-15-alarm"]
check("15-alarm", forged_given_alarm)

# %% [markdown]
# Try yours with 95 % caught, 5 % false and one forgery among a thousand pictures: fewer than two alarms in a hundred are right. "The
# detector says so" is then no evidence against anybody. What helps against false news is older than GANs: who took the picture, who
# vouches for it, what else is known.
#
# ## What was published, what is true, what we do
#
# | | as published | what holds | here |
# |---|---|---|---|
# | k steps | K = 3 coded, one applied, on one minibatch (document 4) | Algorithm 1: k steps, each on fresh samples | `audit_algorithm1` counts |
# | BatchNorm's scale | "all weights N(0, 0.02)" (Radford et al. 2016, section 4) | the authors' code: N(1, 0.02) for scales | N(1, 0.02) |
# | smoothed labels | both sides, or beyond 1 | the real side only (Salimans et al. 2016, section 3.4) | labels 1 and 0 |
# | the score | Parzen windows (Goodfellow et al. 2014, section 5) | the paper itself warns of it | never alone |
# | the loss at the end | "about 0.5" (document 4) | 1.386 for D's two parts added, 0.693 for G | the same, tested |
# | samples | each grid stretched to black and white | -1 is black, 1 is white | a fixed scale |
#
# ## Summary
#
# * A GAN with a slip runs. Only a meter shows it: count, compare with a case you know, change one thing, read the formula at one place.
# * Most exhibits were one line. Do not ask what the code says; ask what it does.
# * Good tests are those that no mutant survives; and a test that accuses the sound program is none.
# * GANs make likely pictures, not true ones. A detector knows the hands it has seen; on others its accuracy is another number, and with rare
#   forgeries most alarms are false.
# * Trained models save minutes here, elsewhere days. Read their cards first.
#
# This was the last notebook. You began by judging forgeries by eye; now you can say what is judged, by whom, with which loss, and how
# far to believe the result.
#
# ## References
#
# * I. Goodfellow et al. *Generative Adversarial Nets.* NeurIPS 2014. Algorithm 1; section 5.
# * A. Radford, L. Metz and S. Chintala. *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks.*
#   ICLR 2016. Section 4.
# * T. Salimans et al. *Improved Techniques for Training GANs.* NeurIPS 2016. Section 3.4.
# * L. Theis, A. van den Oord and M. Bethge. *A Note on the Evaluation of Generative Models.* ICLR 2016. Table 1.
# * I. Gulrajani et al. *Improved Training of Wasserstein GANs.* NeurIPS 2017. Section 4.
# * R. Durall, M. Keuper and J. Keuper. *Watch Your Up-Convolution: CNN Based Generative Deep Neural Networks Are Failing to Reproduce
#   Spectral Distributions.* CVPR 2020. Section 3.1.
# * E. B. Wilson. *Probable Inference, the Law of Succession, and Statistical Inference.* Journal of the American Statistical Association 1927.
