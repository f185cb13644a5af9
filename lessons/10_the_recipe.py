# ---
# title: "The recipe: what each ingredient buys"
# promise: You take this course's first CNN to a recipe of today, one ingredient at a time, and measure what each is worth.
# needs:
#   - lesson 04, for changed faces and for the rule of what is clearly better
#   - lesson 05, both parts, for batch norm, residual steps and one cycle
#   - lesson 07, for what a difference proves
# outcomes:
#   - price a training in arithmetic before it runs
#   - write label smoothing, averaged weights and the heart of Muon by hand
#   - build a ladder of ingredients, and take some of them out again from the top
#   - say which gain was seen, which was not, and which depends on the others
# reproduces: the CNN of A, narrower; its parts and those of B, C and D one by one
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"
EPOCHS: int = 0  # of each training; 0 means what the scale says

# %% [markdown]
# ## Parts that others chose
#
# Each of the [five notebooks](../docs/five_notebooks.md) took its network and its way of training from others, and
# changed little. Networks of today are trained with a dozen *ingredients*: small changes of the layers, of the loss or
# of the steps. Papers report each as a gain. But what is such a gain worth on these faces, together with the other
# ingredients?
#
# You start from a narrower copy of Notebook A's CNN, with half the channels, padded convolutions and one linear layer
# less, and add one ingredient at a time. Each stage of this *ladder* is a *rung*, trained with three seeds. At the top
# you take five of them out again, one at a time, because what an ingredient is worth may depend on what else is there.
# There are few faces and few steps, so that about fifty trainings fit into minutes.

# %%
data = env.load(DATA)
count, epochs = env.pick(smoke=(96, 1), lesson=(1500, 6), full=(28709, 15))
train, valid = data.train.take(min(count, len(data.train)), seed=SEED), data.valid
epochs, seeds = EPOCHS or epochs, range(SEED, SEED + env.pick(smoke=1, lesson=3, full=3))
mean, std = train.images.mean() / 255, train.images.std() / 255
print(f"{len(train):,} faces to learn from, {len(valid):,} to judge, {epochs} epochs\n{data.source}")

# %% [markdown]
# ## Four ingredients of the network
#
# **Stem** is a name for the first layers. A's first convolution runs over all 48 × 48 pixels, so its output is the
# largest of all and takes most memory. `PixelUnshuffle(2)` sorts the pixels into four pictures of half the side
# instead. Nothing is lost. The first convolution multiplies as much as before, since it reads four pictures at a
# quarter of the places; but its output, which is stored for the way back, is a quarter as large. It needs no pool
# behind it, because the side is halved already.

# %%
import torch
from torch import nn

picture = torch.arange(16).reshape(1, 1, 4, 4)
print(picture[0, 0], nn.PixelUnshuffle(2)(picture)[0], sep="\n")

# %% [markdown]
# **Batch norm** gives each channel mean 0 and spread 1 over the batch (lesson 05).
#
# **One layer behind pools.** A unrolls its last maps and puts four linear layers behind them; your copy has three. Most
# of the weights are there. Instead keep two numbers of each map, its largest and its mean value, add them, and let one
# linear layer decide.
#
# **A residual step** adds to the maps what one more convolution makes of them (lesson 05). It starts as nothing: its
# last layer's weights, here the scales of a batch norm, begin at 0 and grow if that lowers the loss.

# %%
class Pools(nn.Module):
    def forward(self, maps):
        return maps.amax((2, 3)) + maps.mean((2, 3))


class Residual(nn.Module):
    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, maps):
        return (maps + self.block(maps)).relu()


# %%
def convolution(inputs, outputs, norm):
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=not norm)]
    return [*layers, nn.BatchNorm2d(outputs)] if norm else layers


# %%
def step_from_nothing(channels, norm):
    block = nn.Sequential(*convolution(channels, channels, norm))
    nn.init.zeros_(block[-1].weight)
    return Residual(block)


# %%
def network(parts):
    def layer(inputs, outputs):
        return nn.Sequential(*convolution(inputs, outputs, norm), nn.ReLU())

    norm, pool = "batch norm" in parts, nn.MaxPool2d(2)
    layers = [fc.Standardise(mean, std)]
    layers += [nn.PixelUnshuffle(2), layer(4, 16)] if "stem" in parts else [layer(1, 16), pool]
    layers += [layer(16, 32), pool, layer(32, 64)]
    if "residual step" in parts:
        layers.append(step_from_nothing(64, norm))
    if "pools" in parts:
        return nn.Sequential(*layers, Pools(), nn.Linear(64, 7))
    layers += [pool, nn.Flatten(), nn.Linear(2304, 256), nn.ReLU(), nn.Dropout(0.2)]
    return nn.Sequential(*layers, nn.Linear(256, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 7))


# %% [markdown]
# ### What broke: a step that never began
#
# The first version of this course's fast network had the ReLU one place earlier: inside the residual step, behind the
# batch norm whose scale starts at 0. Train both ways for an epoch, and look at the largest scale. (`fc.fit` judges the
# network after each epoch. Nothing is chosen by that in this lesson, so a few validation faces are enough: that saves
# time.)

# %%
def largest_scale(relu_inside):
    torch.manual_seed(SEED)
    model = network(["stem", "batch norm", "pools", "residual step"])
    if relu_inside:
        model[6].block.append(nn.ReLU())
    fc.fit(model, (train, valid[:50]), epochs=1, lr=0.001, batch_size=32, seed=SEED, device="cpu", progress=False)
    return float(model[6].block[1].weight.detach().abs().max())


# %%
scales = {place: largest_scale(place == "inside") for place in ("inside", "behind the sum")}
print("largest scale after an epoch, ReLU", *(f"{place}: {scale:.3f}" for place, scale in scales.items()), sep="  ")

# %% [markdown]
# Inside, the scale is still exactly 0. <!-- 10.never --> A ReLU that is given 0 has a slope of 0, so no gradient
# reaches the scale, now or ever. No error says so, and the loss can fall all the same, because the other layers learn.
# Nearly half of this network's arithmetic, which the next section counts, is spent on adding zeros. A check that every
# weight moves (lesson 08) finds the mistake.
#
# ## The price
#
# Seconds depend on the machine, and on what else it does. *Arithmetic* does not. A convolution with 3 × 3 kernels
# multiplies and adds nine numbers for each input channel, each output channel and each place. Two operations each:

# %%
import pandas as pd

names = ["stem", "batch norm", "pools", "residual step"]
first, last = fc.cost(network([])), fc.cost(network(names))
by_hand = 2 * 9 * (4 * 16 * 24**2 + 16 * 32 * 24**2 + 32 * 64 * 12**2 + 64 * 64 * 12**2) + 2 * 64 * 7
print(f"by hand {by_hand:,}, fc.cost {last.flops:,} for one face")
pd.DataFrame({name: {"weights": f"{cost.parameters:,}", "million operations": f"{cost.flops / 1e6:.1f}"}
              for name, cost in {"first rung": first, "all four": last}.items()})  # fmt: skip

# %% [markdown]
# All four together take less than twice the operations of the first rung, and have less than an eighth of its
# weights. <!-- 10.price --> Training on a face is counted as three times its way forward, because the way back makes
# two products for each one: one for the gradient of the weights, one for the gradient of what the layer read. A network
# like this, in several widths, is `fc.fast`:

# %%
small = fc.cost(fc.fast(widths=(16, 32, 64), residual_steps=(0, 1)))
print("as many weights and operations:", (small.parameters, small.flops) == (last.parameters, last.flops))

# %% [markdown]
# `fc.fast` differs from yours in two things: each face is standardised by its own mean and spread, and the logits are
# divided by four, so that all answers start nearly equal.
#
# ## Muon
#
# SGD goes along the gradient. Adam divides each weight's gradient by its usual size. Both treat a layer as a list of
# numbers. But a layer is a *matrix*: it takes one list of numbers and makes another one from it. The gradient of a
# kernel of 64 × 32 × 3 × 3 numbers is a matrix, too, of 64 rows and 288 columns. A matrix stretches some directions
# more than others. Its *singular values* are these factors, from the largest on: the first belongs to the direction
# that it stretches most, the second to the most stretched one of those at right angles to the first, and so on. Those
# of a gradient say how far a step of SGD moves the layer's answers in each direction. Look at those of one layer:

# %%
import torch.nn.functional as F

torch.manual_seed(SEED)
model = network(names)
images, labels = next(fc.batches(train, 96))
F.cross_entropy(model(images), labels).backward()

# %%
gradient = model[5][0].weight.grad.flatten(1)
values = torch.linalg.svdvals(gradient)
print(tuple(gradient.shape), "the largest is", f"{values[0] / values[len(values) // 2]:.0f} times the middle one")

# %% [markdown]
# A few directions take most of the step, and the others hardly move. *Muon* (2024) makes all singular values nearly
# equal before it takes the step. To compute the singular values in each step would be slow. But products of matrices
# can change all of them without computing any: `G @ G.T @ G` has the directions of the matrix `G`, and the cube of each
# of its singular values. So one round of `evened` turns each singular value s into 3.4445 s − 4.775 s³ + 2.0315 s⁵. It
# does four rounds. The division at its start brings all values to 1 or below. Small values then grow, and those that
# have come near 1 stay between about 0.7 and 1.2.

# %%
def evened(matrix, steps=4):
    matrix = matrix / matrix.norm()
    for _ in range(steps):
        square = matrix @ matrix.T
        matrix = 3.4445 * matrix - 4.775 * square @ matrix + 2.0315 * square @ square @ matrix
    return matrix


# %% tags=["folded"]
import matplotlib.pyplot as plt

figure, axis = plt.subplots(figsize=(4.6, 2.8), layout="constrained")
axis.semilogy(values / values[0], color="tab:gray", label="gradient")
axis.semilogy(torch.linalg.svdvals(evened(gradient)), color="tab:blue", label="evened")
axis.set(xlabel="singular value, from the largest", ylabel="size", title="One layer's gradient")
axis.legend();

# %% [markdown]
# Most of the values lie near 1 afterwards. <!-- 10.evened --> `fc.muon` takes such steps for every kernel behind the
# stem, averages gradients over steps as momentum does, uses weight decay, and hands all other weights to Adam at the
# rate 0.003. It multiplies each evened step by the rate and by 0.2 · √288 (288 is the longer side of the matrix), so that
# its numbers are about as large as those of Adam's steps. Without weight decay its first step is yours but for
# rounding, because torch's Muon computes with numbers of few digits.

# %%
kernel = model[5][0].weight
before = kernel.detach().clone()
fc.muon(model, lr=0.03, weight_decay=0.0).step()
step = 0.03 * 0.2 * max(gradient.shape) ** 0.5 * evened(gradient)
off = float((kernel.detach() - before + step.view_as(kernel)).norm() / step.norm())
print(f"by hand and fc.muon: {100 * off:.1f} % apart")

# %% [markdown]
# ## Four ingredients of the training
#
# **Triangle.** The learning rate rises to its full height in a quarter of the steps and falls to 0 in the rest, both in
# a straight line. Lesson 05b's one cycle did it in curves.
#
# **Changed faces.** Each face is mirrored, moved, turned and zoomed a little, anew in each epoch (lesson 04).
#
# **Label smoothing.** The target is not 1 for the label and 0 for the others. A tenth is taken from the label and
# shared out equally among all seven emotions: the label has 0.914, each other emotion 0.014. So a network that is 99 %
# sure of the label has a larger loss than one that is 91 % sure, which suits labels of which many are disputed (lesson
# 07c).

# %%
def smoothed_loss(logits, labels, share=0.1):
    targets = (1 - share) * F.one_hot(labels, 7) + share / 7
    return -(targets * logits.log_softmax(1)).sum(1).mean()


# %%
logits = torch.randn(32, 7)
same_loss = torch.isclose(smoothed_loss(logits, labels[:32]), F.cross_entropy(logits, labels[:32], label_smoothing=0.1))
print("torch computes the same:", bool(same_loss))

# %% [markdown]
# **Averaged weights.** Every step is off to one side or the other, because a batch is a small sample. So keep a second
# set of weights beside those that train, a *moving average* (`ema` in the code): after each step it keeps nine tenths
# of itself and adds one tenth of the new weights. After the training this second set answers. Three steps show that
# `fc.fit` does the same. (`channels_last` is the order in memory that `fc.fit` chooses for narrow networks; in another
# order rounding differs, and each step makes the difference larger. Your loop and `fc.fit` both begin the average with
# the weights after the first step, so these count too much at first; exercise 10.2 does better.)

# %%
torch.manual_seed(SEED)
model = network(names).to(memory_format=torch.channels_last)
averaged = {}  # begins with the weights after the first step
sgd = torch.optim.SGD(model.parameters(), lr=0.05)
few = train[:96]
for batch in fc.batches(few, 32, shuffle=True, generator=torch.Generator().manual_seed(SEED)):
    fc.train_epoch(model, [batch], sgd)
    for name, value in model.named_parameters():
        averaged[name] = torch.lerp(averaged.get(name, value.detach()), value.detach(), 0.1)

# %%
torch.manual_seed(SEED)
twin = network(names)
how = {"optimizer": "sgd", "lr": 0.05, "batch_size": 32, "seed": SEED, "device": "cpu", "progress": False}
fc.fit(twin, (few, valid[:50]), epochs=1, ema=0.9, **how)
apart = max(float((averaged[name] - value.detach()).abs().max()) for name, value in twin.named_parameters())
print(f"by hand and fc.fit(ema=0.9): largest difference {apart:.0e}")

# %% [markdown]
# ## Up the ladder
#
# Each rung keeps all ingredients of those below. Adam's rate is 0.001 on the rungs below Muon, and Muon's is 0.03, the
# best of 0.01, 0.03 and 0.1 in earlier trials. During a training `fc.fit` judges by 100 validation faces, for the reason
# given above; the accuracy of a rung is that of all of them, after the last epoch.

# %%
from functools import partial

LADDER = ["stem", "batch norm", "pools", "residual step", "Muon", "triangle", "changed faces", "smoothed labels",
          "averaged weights"]  # fmt: skip


def recipe(parts, adams_rate=0.001):
    settings = {"optimizer": partial(fc.muon, lr=0.03)} if "Muon" in parts else {"lr": adams_rate}
    more = {
        "triangle": {"schedule": fc.Triangle(rise=0.25)},
        "changed faces": {"augment": fc.Augment(flip=0.5, shift=0.06, rotate=8, zoom=0.1)},
        "smoothed labels": {"label_smoothing": 0.1},
        "averaged weights": {"ema": 0.9},
    }
    return settings | {key: value for name in parts if name in more for key, value in more[name].items()}


# %%
def answers_of(parts, adams_rate=0.001):
    answers = []
    for seed in seeds:
        torch.manual_seed(seed)
        model, how = network(parts), {"epochs": epochs, "batch_size": 32, "seed": seed, "device": env.device}
        fc.fit(model, (train, valid[:100]), **how, **recipe(parts, adams_rate), progress=False)
        answers.append(fc.predict(model, valid))
    return answers


# %%
ASKED = ["batch norm", "pools", "Muon", "changed faces", "smoothed labels", "another"]
fc.guess("10.1", "The nine ingredients are added one after the other. Which one brings most?", options=ASKED)

# %%
import time

up, seconds, operations = {}, {}, {}
for height in range(len(LADDER) + 1):
    start, name = time.process_time(), LADDER[height - 1] if height else "A's CNN, narrower"
    up[name] = answers_of(LADDER[:height])
    seconds[name] = (time.process_time() - start) / len(seeds)
    operations[name] = fc.training_flops(network(LADDER[:height]), faces=len(train), sides=[48] * epochs)
print(f"{len(up) * len(seeds)} trainings, {sum(seconds.values()) * len(seeds):.0f} processor seconds")

# %% [markdown]
# What have you *seen*? The rule is that of lesson 04: for each face take the share of the seeds that answered it
# rightly, on both rungs. The mean difference is the gain, and behind ± stands half of its 95 % interval. The gain is
# *clear* where this interval lies on one side of zero and the accuracy moved the same way with every seed. Both are
# asked, because the interval allows for other faces and not for other seeds.

# %%
import numpy as np


def gain(new, old):
    rights = [np.mean([a.y_pred == a.y_true for a in answers], axis=0) for answers in (new, old)]
    difference = 100 * (rights[0] - rights[1])
    return difference.mean(), 1.96 * difference.std(ddof=1) / len(difference) ** 0.5


# %%
def seen(new, old):
    points, half = gain(new, old)
    agree = all((a.accuracy > b.accuracy) == (points > 0) for a, b in zip(new, old))
    return "clear" if abs(points) > half and agree else "not seen"


# %%
def mean_accuracy(answers):
    return float(100 * np.mean([each.accuracy for each in answers]))


fc.record({name: mean_accuracy(answers) for name, answers in up.items()}, unit="%", n=len(seeds))

# %%
from itertools import pairwise

steps = {name: gain(up[name], up[below]) for below, name in pairwise(up)}
table = {name: [f"{points:+.1f}", f"{half:.1f}", seen(up[name], up[below])]
         for (below, name), (points, half) in zip(pairwise(up), steps.values())}  # fmt: skip
most = max(steps, key=lambda name: steps[name][0])
fc.reveal("10.1", most if most in ASKED else "another")
pd.DataFrame(table, ["points", "±", "gain"]).T.rename_axis("added")

# %% tags=["folded"]
figure, axis = plt.subplots(figsize=(4.6, 3.8), layout="constrained")
for height, (name, answers) in enumerate(up.items()):
    axis.plot([100 * each.accuracy for each in answers], [height] * len(answers), "o", color="tab:gray", markersize=4)
axis.plot([mean_accuracy(answers) for answers in up.values()], range(len(up)), color="tab:blue")
axis.axvline(100 * (valid.labels == 3).mean(), color="black", linestyle=":")
axis.text(100 * (valid.labels == 3).mean(), len(up) - 0.4, " always Happy", fontsize=8)
axis.set_yticks(range(len(up)), [f"+ {name}" if height else name for height, name in enumerate(up)], fontsize=8)
axis.set(xlabel="right on validation faces, %; a dot for each seed", ylim=(-0.6, len(up) + 0.1))
axis.set_xlim(left=min(20, axis.get_xlim()[0]))  # so that the line of "always Happy" is not on the edge
figure.suptitle(f"The ladder ({data.source})", fontsize=9);

# %% [markdown]
# Muon brings more than any other step, and more than ten points. <!-- 10.muon --> (On 1,500 faces of FER2013 two to
# four, from run to run.) From the residual step, smoothed labels and averaged weights no gain is seen
# here. <!-- 10.unseen --> That is no verdict on them: the first was made for deep networks, smoothed labels against
# answers that are too sure, and averaged weights for longer trainings. But it is a reason to measure them at your own
# budget. The **stem** is another case: its interval lies above zero, but not every seed gained, so the rule does not
# call it clear either. **Batch norm** and the changed faces came out one way in one execution of this lesson and
# another way in the next, with the same seeds, on machines that round differently. So read your own lines. They, and
# the pools, you meet again below, when parts are taken out.
#
# What did each rung cost? The price of one training is its operations, counted as above for all faces and epochs, and
# its processor seconds. Only the seconds contain Muon's own products of matrices.

# %%
prices = {name: [f"{operations[name] / 1e9:,.0f}", f"{seconds[name]:.0f}"] for name in up}
pd.DataFrame(prices, ["10⁹ operations", "seconds"]).T.rename_axis("with all rungs up to")

# %% [markdown]
# The residual step adds most. Above it no rung adds counted operations, because only layers are
# counted. <!-- 10.layers --> What Muon's products and the rungs above add could show in the seconds alone. Read them:
# here it is little.
#
# ### Muon, or just a rate?
#
# By the rule of lesson 09b each way should be judged at its own best rate. Muon's rate is the best of three, and Adam's
# was not chosen. So train the rung below Muon with two higher rates:

# %%
rates = {0.001: up["residual step"]} | {rate: answers_of(LADDER[:4], rate) for rate in (0.003, 0.01)}
fc.record({f"below Muon, Adam at {rate:g}": mean_accuracy(answers) for rate, answers in rates.items()}, unit="%", n=len(seeds))
adams_best = max(rates, key=lambda rate: mean_accuracy(rates[rate]))
fair = gain(up["Muon"], rates[adams_best])
print(f"Muon against Adam at {adams_best:g}: {fair[0]:+.1f} ± {fair[1]:.1f} points")

# %% [markdown]
# Adam at three times the rate is better, and at ten times far worse, so the best rate lies inside the
# list. <!-- 10.rate --> About a third of Muon's step on the ladder was the rate. The rest stays against Adam at the
# best of these three rates: more than six points, and clear. <!-- 10.fair --> (On 1,500 faces of FER2013 all three end
# within about two points of always *Happy*: they have learnt too little to be compared.) A ladder that kept Adam at
# 0.001 would give Muon too much of the gain, and nothing in its table would show it. (The lower rungs have that rate
# too, so what they gain, they gain at 0.001.)
#
# ## Down again
#
# A ladder gives each ingredient to the network as it was at that height. Would it be missed at the top, where all
# others are there? Take five of them out, one at a time. This is called an *ablation*. Where Muon is out, Adam has the
# rate that was best on the rung below Muon; at the top it was not sought again.

# %%
fc.guess(
    "10.2",
    "Batch norm is taken out of the top, all else stays. How many points are lost?",
    options=[-5, 0, 5, 20],
    unit="points",
)

# %%
top = up[LADDER[-1]]
without = {out: answers_of([part for part in LADDER if part != out], adams_best) for out in
           ("stem", "batch norm", "pools", "Muon", "changed faces")}  # fmt: skip
fc.record({f"the top without {name}": mean_accuracy(answers) for name, answers in without.items()}, unit="%", n=len(seeds))

# %%
rows = {}
for name, answers in without.items():
    points, half = gain(top, answers)
    added = fair if name == "Muon" else steps[name]
    rows[name] = [f"{added[0]:+.1f}", f"{points:+.1f}", f"{half:.1f}", seen(top, answers)]
fc.reveal("10.2", round(gain(top, without["batch norm"])[0], 1))
pd.DataFrame(rows, ["added", "at the top", "±", "gain there"]).T.rename_axis("worth, points")

# %% [markdown]
# Compare the first two columns. A minus in the second says that the networks without the ingredient had more faces
# right. **Muon**, against Adam at the rate found one rung below, is worth more than six points in
# both. <!-- 10.both --> The **pools** brought under five points when they were added; at the top they are worth more
# than eight points. <!-- 10.pools --> The **stem** brought several points at the bottom, though not with every seed; at
# the top no gain from it is seen, <!-- 10.stem --> and none from **batch norm**. <!-- 10.norm --> (On FER2013 one was
# seen there in one of two runs.) The changed faces stay open: at the top the rule sees no gain. So both methods are
# right about what they measured, and neither column is "what the ingredient is worth". The ingredients *interact*
# (lesson 09b): what one does depends on what else is there.
#
# Why, the table does not say. For batch norm there is a likely reason: it keeps the scale of a layer's answers steady,
# and evened steps may need that less. To find out, you would change one more thing and measure again.
#
# What would you do with this? The ladder says: keep everything that brought something. The ablation says: leave out
# what is not missed, here batch norm or the stem. (Whether both can go together it does not say, because it took out
# one at a time.) A paper that has only one of the two leaves out what the other would say.
#
# ## The same ladder on FER2013
#
# All of this holds for 1,500 drawn faces and six epochs. The column "FER2013, measured" in the tables above is the same
# lesson on 1,500 photographs. There the ladder ends below its foot, and the pools cost more than eight points where
# they are added. At the top, too, the networks without them, or without the stem, have more photographs
# right. <!-- 10.real --> So several claims below have a cross in that column. Why, these trainings do not say. Real
# faces differ more from each other than drawn ones, and six epochs may be too few for them: in lesson 10b a network has
# nearly half right, with 36 epochs of growing faces on as many photographs, and with mirror images in its
# answers. <!-- 10.more --> The course's long recipe, `fc.CPU_RECIPE`, has most of these ingredients, pools and Muon
# among them. With fifteen epochs on all 28,709 faces it is right for over 65 % of PublicTest. <!-- 10.long --> What a
# rung brings belongs to the faces, their number and the length of the training; what each brings to the long recipe was
# not measured.
#
# ## What you can say now

# %% tags=["folded"]
from fercourse.report.recorded import of_lesson

evenness = torch.linalg.svdvals(evened(gradient))
worth = {name: gain(top, answers)[0] for name, answers in without.items()}
fc.claim("10.price", last.flops < 2 * first.flops and last.parameters < first.parameters / 8 and by_hand == last.flops,
         "All four take less than twice the operations of the first rung, and less than an eighth of its weights.")
fc.claim("10.evened", float(((evenness > 0.5) & (evenness < 1.3)).float().mean()) > 0.5,
         "After four steps of the polynomial most singular values lie between 0.5 and 1.3.")
fc.claim("10.hand", off < 0.03 and bool(same_loss) and apart < 1e-6 and small.flops == last.flops,
         "By hand as by the helpers: Muon's first step within 3 %, the smoothed loss, the average, the size of fc.fast.")
fc.claim("10.muon", most == "Muon" and steps["Muon"][0] > 10 and seen(up["Muon"], up["residual step"]) == "clear",
         needs="lesson", sentence="Muon's step on the ladder is the largest, clear, and over 10 points.")
middle = sorted(rates)[1]
fc.claim("10.rate", adams_best == middle and gain(rates[middle], rates[max(rates)])[0] > 10, needs="lesson",
         sentence="Adam's best rate on the rung below Muon lies inside the list, and the highest is over 10 points worse.")
fc.claim("10.fair", fair[0] > 6 and seen(up["Muon"], rates[adams_best]) == "clear"
         and 0.2 < 1 - fair[0] / steps["Muon"][0] < 0.5, needs="lesson",
         sentence="Against Adam at the best of three rates, on the rung below, Muon is clearly ahead, by over 6 points; "
                  "the rate was a third of its step.")
fc.claim("10.never", scales["inside"] == 0 < scales["behind the sum"],
         "With its ReLU inside, the scale of the residual step stays exactly 0; with the ReLU behind the sum it moves.")
added = [operations[above] - operations[below] for below, above in pairwise(up)]
fc.claim("10.layers", max(added) == added[3] > 0 and set(added[4:]) == {0},
         "The residual step adds most of the counted operations; above it no rung adds any.")
later = ("residual step", "smoothed labels", "averaged weights")
fc.claim("10.unseen", all(table[name][2] == "not seen" or steps[name][0] < 0 for name in later), needs="lesson",
         sentence="No gain is seen from the residual step, smoothed labels or averaged weights.")
fc.claim("10.both", worth["Muon"] > 6 and seen(top, without["Muon"]) == "clear", needs="lesson",
         sentence="At the top, too, Muon is clearly worth over 6 points, against Adam at the rate found below Muon.")
fc.claim("10.pools", steps["pools"][0] < 5 and worth["pools"] > 8 and seen(top, without["pools"]) == "clear", needs="lesson",
         sentence="The pools bring under 5 points when added, and at the top are clearly worth over 8.")
missed = rows["stem"][3] == "clear" and worth["stem"] > 0
fc.claim("10.stem", steps["stem"][0] > worth["stem"] + 3 and not missed,
         needs="lesson", sentence="The stem brings more at the bottom; at the top no gain from it is seen.")
fc.claim("10.norm", rows["batch norm"][3] == "not seen" or worth["batch norm"] < 0, needs="lesson",
         sentence="At the top no gain from batch norm is seen.")
there = {name: figure["value"] for name, figure in of_lesson("10")["figures"].items()}
foot, ends = there["A's CNN, narrower"], there["averaged weights"]
better = min(there["the top without pools"], there["the top without stem"]) > ends
fc.claim("10.real", foot > ends and there["batch norm"] > there["pools"] + 8 and better,
         "On 1,500 faces of FER2013 the ladder ends below its foot, and the pools cost over 8 points when added; "
         "the top has more faces right without them, and without the stem.")
fc.claim("10.more", 45 < of_lesson("10b")["figures"]["one, three times as long"]["value"] < 50,
         "On as many photographs lesson 10b's longest training has 45 to 50 % right.")
fc.claim("10.long", fc.recorded("Fast network, CPU recipe", seed=0)["valid_accuracy"][-1] > 0.65,
         "The course's long recipe is right for over 65 % of PublicTest.")
fc.claims()

# %% [markdown]
# **What to remember.** Adding and taking out measure two different things, so say which one you did. Where ingredients
# interact, no single number is the worth of one of them. Price a training in arithmetic before it runs, and judge an
# ingredient at the budget at which you will use it.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/10_the_recipe.ipynb), each with a check that answers at once, hints,
# and the solution as the last hint.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 10.1 | What does it change? | recall | 10 |
# | 10.2 | An average without a false start | code | 25 |
# | 10.3 | Two ways downhill | break | 55 |
#
# ## References
#
# - Jordan and others, *Muon: An optimizer for hidden layers in neural networks* (2024): evened steps.
# - Jordan, *94% on CIFAR-10 in 3.29 Seconds on a Single GPU* (2024): a recipe, with what each part buys.
# - Wightman, Touvron and Jégou, *ResNet strikes back* (2021): an old network, a new recipe.
# - Szegedy and others, *Rethinking the Inception Architecture* (2016): label smoothing.
# - Polyak and Juditsky, *Acceleration of Stochastic Approximation by Averaging* (1992).
