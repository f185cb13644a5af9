# ---
# title: A first network, by hand
# promise: You build a training loop by hand, from the slope of one weight to the loop of all lessons.
# needs:
#   - lesson 01
#   - Python functions and classes, NumPy arrays
#   - derivatives as slopes; no PyTorch yet
# outcomes:
#   - say which accuracy is worth nothing, before you train anything
#   - compute a softmax, a cross-entropy and the slope of one weight by hand
#   - write a training loop, and say what its lines are for
#   - choose a learning rate, and read an accuracy with its interval
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces and of the order in which they are shown
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## The lazy floor
#
# In this lesson you train a first network, small enough to do each step by hand. In part 02b you train a deeper one
# that never learns, and find out why.
#
# Before you train anything, you need to know what a result is worth. A classifier sorts faces into classes. The laziest
# one never looks at a face. It gives everyone the emotion that is most common among the training labels.

# %%
data = env.load(DATA)
data

# %%
import numpy as np

commonest = np.bincount(data.train.labels).argmax()
always = (data.valid.labels == commonest).mean()
print(f"the answer to every face: {fc.EMOTIONS[commonest]}")
fc.record("the lazy classifier", 100 * float(always), unit="%", n=len(data.valid))

# %% [markdown]
# It is right for about one face in four. <!-- 02.lazy --> There are seven emotions, but they are not equally common.
# Where you have no copy of FER2013, the faces are drawn ones, and a recorded figure of FER2013 stands beside yours.
# (The *fingerprint* above is a checksum of the faces.)
#
# This number is the floor: a network that scores no more is no more useful than always giving the same answer.
#
# ## What goes in
#
# A face is 48 × 48 grey levels from 0 to 255, stored as bytes. The course hands them to networks as numbers from 0
# to 1. Look at them before any network does.

# %%
fc.plots.pixel_histogram(data.train);

# %% [markdown]
# The black line is the mean; the title gives it ± the standard deviation. What would be darker than 0 or brighter than
# 255 is stored as 0 or 255, hence the two bars at the ends. No pixel is negative, and the mean lies more than
# one standard deviation above zero. <!-- 02.pixels --> Networks are usually given inputs around zero with a spread near
# one; exercise 02.3, after part 02b, lets you measure what that brings. Subtract the mean, and divide by the standard
# deviation. Both are taken from the *training* faces, because the others stand for faces that you have not seen yet.
#
# The shift and the division belong to the network, not to the data: then nobody who uses the network can forget them.
# So they become a layer. In PyTorch a layer is an object that you call like a function. Its class derives from
# `nn.Module`, and `forward` says what a call computes. `register_buffer` keeps a number that belongs to the layer but
# is not learned.

# %%
import torch
from torch import nn

mean, std = data.train.images.mean() / 255, data.train.images.std() / 255


class Standardise(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", torch.tensor(float(mean)))
        self.register_buffer("std", torch.tensor(float(std)))

    def forward(self, images):
        return (images - self.mean) / self.std

# %% [markdown]
# A network sees the faces in small groups, called *batches*. This function feeds faces to every training of the course.
# It yields tensors: PyTorch's arrays, which can also live on a graphics card (a *GPU*). The bytes become floats only
# here, one batch at a time, which saves memory. The `None` adds an axis for the grey channel, which lesson 03 needs.

# %%
def batches(split, batch_size=128, *, shuffle=False, generator=None, device=env.device):
    images = torch.tensor(split.images, device=device)
    labels = torch.tensor(split.labels, device=device)
    order = torch.arange(len(labels))
    if shuffle:
        order = torch.randperm(len(labels), generator=generator)
    for index in order.to(device).split(batch_size):
        yield images[index, None].float() / 255, labels[index]


images, labels = next(batches(data.train))
images.shape, labels.shape, images.dtype

# %% [markdown]
# ## A linear model
#
# Each emotion gets one weight for each of the 2,304 pixels, and one number more, its *bias*. Multiply each pixel by
# its weight, add up the products, add the bias. The sum is called the emotion's **logit**. The emotion with the
# largest logit is the answer.
#
# `nn.Flatten` makes one row of the 48 rows, `nn.Linear` does the sums, and `nn.Sequential` calls one layer after the
# other; `model[2]` is the third. All weights start at zero here, so that no emotion is preferred at first. (Part 02b
# shows why a deeper network must not start so.)

# %%
def linear_model():
    model = nn.Sequential(Standardise(mean, std), nn.Flatten(), nn.Linear(48 * 48, 7))
    nn.init.zeros_(model[2].weight)
    nn.init.zeros_(model[2].bias)
    return model.to(env.device)


linear = linear_model()
sum(weights.numel() for weights in linear.parameters())

# %% [markdown]
# ### From logits to probabilities: softmax
#
# A logit can be any number. A probability lies between 0 and 1, and the seven probabilities of a face add up to 1.
# **Softmax** turns the one into the other: take the exponential of each logit, which makes it positive, and divide by
# the sum of all seven. Here are seven logits that somebody made up.

# %% tags=["NBVAL_CHECK_OUTPUT"]
logits = torch.tensor([1.0, -2.0, 0.0, 3.0, 0.5, 0.0, 1.0])
probabilities = logits.exp() / logits.exp().sum()
for emotion, probability in zip(fc.EMOTIONS, probabilities):
    print(f"{emotion:9}{100 * probability:5.1f} %")

# %% [markdown]
# The largest logit got the largest probability, and none is zero. What counts is the difference between logits: one
# that is larger by 1 gets e = 2.7 times the probability. Add 10 to all seven, and nothing changes.
#
# ### How wrong was that? Cross-entropy
#
# The **loss** says how bad an answer was. Take the probability that the *true* emotion got; the loss is minus its
# logarithm. It is 0 for a probability of 1, and it grows without limit as the probability goes to 0. So an answer that
# is sure and wrong has a high loss. This loss is called *cross-entropy*.

# %% tags=["NBVAL_CHECK_OUTPUT"]
import torch.nn.functional as F

for emotion in ["Happy", "Angry", "Disgust"]:
    true = fc.EMOTIONS.index(emotion)
    by_hand = -probabilities[true].log()
    by_torch = F.cross_entropy(logits[None], torch.tensor([true]))
    print(f"if it was {emotion}: {by_hand:.3f}, PyTorch: {by_torch:.3f}")

# %% [markdown]
# `F.cross_entropy` takes logits and does the softmax itself. A softmax of your own before it would be one too many.
# For a batch it returns the mean over the faces.
#
# ### First check: the loss before training
#
# Your linear model has seen no face yet, and all its weights are zero. You can compute its loss without running it.

# %%
fc.guess(
    "02.2",
    "Which loss should an untrained classifier of seven classes have?",
    options=[0, 0.14, 1.95, 7],
)

# %%
first_loss = F.cross_entropy(linear(images), labels).item()
fc.reveal("02.2", first_loss)

# %% [markdown]
# Zero weights make seven equal logits, so each emotion gets one seventh, whatever the face. Minus the logarithm of one
# seventh is ln 7 = 1.946. <!-- 02.first --> Any classifier of seven classes that knows nothing yet should begin near
# it. This check costs one line and one batch. In part 02b it finds a bug.
#
# ## How a weight learns
#
# ### The slope of one weight
#
# Training changes the weights so that the loss falls. Begin with one of the 16,135 (the biases are counted, and learned
# in the same way): the one that joins a pixel of the mouth to *Happy*. What happens to the loss when only this weight
# changes? Try many values. `torch.no_grad()` says that you move it by hand, and that PyTorch need not watch.

# %%
weight, happy = linear[2].weight, fc.EMOTIONS.index("Happy")
pixel = 36 * 48 + 24  # row 36, column 24: where most mouths are


def loss_at(value):
    with torch.no_grad():
        weight[happy, pixel] = value
    return F.cross_entropy(linear(images), labels)


values = np.linspace(-1, 1, 41)
curve = [loss_at(value).item() for value in values]

# %%
slope = (loss_at(0.01) - loss_at(-0.01)).item() / 0.02
start = loss_at(0.0)  # the weight is back at zero
print(f"slope at zero: {slope:.4f}")

# %% tags=["folded"]
import matplotlib.pyplot as plt

figure, axis = plt.subplots(figsize=(5.2, 3.2), layout="constrained")
axis.plot(values, curve, color="black", label="the loss of one batch")
axis.plot(values, start.item() + slope * values, "--", color="tab:red", label="its slope at zero")
axis.plot(0, start.item(), "o", color="tab:red")
axis.set(xlabel="one weight, from a pixel of the mouth to Happy", ylabel="loss")
axis.set_title(f"All other weights are zero ({data.source})", fontsize=10)
axis.legend(frameon=False);

# %% [markdown]
# The curve is a valley, and the weight stands at zero, on its side. <!-- 02.valley --> The dashed line is the *slope*
# there: how much the loss changes per unit of weight. A negative slope says that the loss falls when the weight grows;
# a positive one, that the weight should shrink. The valley is shallow: one weight of 16,135 changes the loss little.
#
# You found the slope by trying two values. For all 16,135 weights that would cost 32,270 runs of the batch. PyTorch
# needs one. While it computes the loss, it writes down every operation. `loss.backward()` then goes through them from
# the last to the first and applies the chain rule. Afterwards each weight tensor has its slopes in `.grad`. All slopes
# together are called the **gradient**. Its *length*, in exercise 02.2, is the root of the sum of their squares.

# %%
linear.zero_grad()
start.backward()
print(f"by trying: {slope:.4f}")
print(f"by backward(): {weight.grad[happy, pixel]:.4f}")

# %% [markdown]
# The two agree, and the second way took one run for all weights. <!-- 02.slope -->
#
# ### One step, and how long it should be
#
# To lower the loss, move every weight a little against its slope: by the slope times a small number, the **learning
# rate**. Then compute the gradient anew, because the slopes are different at the new place. This is *gradient descent*.
# Here are twenty steps on one batch; each loss is measured just before its step.

# %%
def descend(rate, steps=20):
    model, losses = linear_model(), []
    for step in range(steps):
        loss = F.cross_entropy(model(images), labels)
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for weights in model.parameters():
                weights -= rate * weights.grad
        losses.append(loss.item())
    return losses

# %%
fc.guess(
    "02.4",
    "Which learning rate has the lowest loss at the twentieth step?",
    options=[0.0003, 0.01, 0.3],
)

# %%
descents = {rate: descend(rate) for rate in [0.0003, 0.01, 0.3]}
for rate, losses in descents.items():
    print(f"rate {rate}: {losses[0]:.2f}, {losses[1]:.2f}, {losses[2]:.2f} … {losses[-1]:.2f}")
fc.reveal("02.4", min(descents, key=lambda rate: descents[rate][-1]))

# %% [markdown]
# All three begin at ln 7. With the small rate the loss creeps down. With the large one it jumps far above the start at
# once. <!-- 02.rates --> Why? The lowest point of the valley that you saw is far away, compared with 0.3 times the
# slope. So this step should be too short, not too long. Take this step with one weight alone, then with all.

# %%
alone = loss_at(-0.3 * slope).item()
print(f"one weight moves: {first_loss:.4f} → {alone:.4f}")
print(f"all of them move: {first_loss:.4f} → {descents[0.3][1]:.4f}")

# %% [markdown]
# One weight alone goes less than a tenth of the way to the lowest point, and the loss falls a little. All 16,135
# together make it rise. <!-- 02.together --> They all change the same seven logits, and what they change adds up. Along
# this common direction the valley is narrow: the step goes past its lowest point and far up the other side. So the rate
# has to be found for every network.
#
# ### The loop over all faces
#
# A batch is only a sample of the faces, so its gradient is a rough one. But it is cheap, and the next batch brings
# another. This is *stochastic gradient descent*, SGD. One pass over all batches is an *epoch*. Read the loop twice, as
# every training in this course is this one.

# %%
def train_epoch(model, stream, optimizer, criterion=F.cross_entropy):
    model.train()
    loss_sum, hits, seen = 0, 0, 0
    for images, labels in stream:
        logits = model(images)
        loss = criterion(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(labels)
        hits += (logits.argmax(1) == labels).sum()
        seen += len(labels)
    return {"train_loss": float(loss_sum) / seen, "train_accuracy": float(hits) / seen}

# %% [markdown]
# Line by line:
#
# - `criterion` measures the loss. `optimizer` is an object that does `weights -= rate * weights.grad`, or something
#   better; the next section has one.
# - `model.train()`: some layers do something else in training than later. You meet one in part 02b.
# - `loss_sum, hits, seen` add up the losses, the right answers, the faces; `float(…) / seen` makes means of them.
# - `optimizer.zero_grad()`: PyTorch *adds* new slopes to those in `.grad`, so the old ones have to go first.
# - `loss.backward()` finds the slopes; `optimizer.step()` moves the weights.
# - `loss.detach()` is the number alone, without what was written down for `backward`, which would fill the memory.
# - `* len(labels)` makes the mean of a batch a sum again, because batches can differ in size: in batches of
#   100, FER2013's last one has nine faces.
# - `logits.argmax(1)` is, for each face, the emotion with the largest logit.
#
# Evaluation is the same loop without the learning. `model.eval()` switches those layers over, and `inference_mode`
# stops PyTorch from writing down its operations. No weight moves here, so `reduction="sum"` can give the sum at once.

# %%
@torch.inference_mode()
def evaluate(model, stream):
    model.eval()
    loss_sum, hits, seen = 0, 0, 0
    for images, labels in stream:
        logits = model(images)
        loss_sum += F.cross_entropy(logits, labels, reduction="sum")
        hits += (logits.argmax(1) == labels).sum()
        seen += len(labels)
    return {"valid_loss": float(loss_sum) / seen, "valid_accuracy": float(hits) / seen}

# %% [markdown]
# ### Adam: a step of its own for each weight
#
# Plain gradient descent has one rate for all weights, but their slopes differ a lot. **Adam** (2014) keeps two running
# means for each weight, moved a little by every batch: one of its slope, one of its square. It divides the first by the
# root of the second, and moves the weight by the quotient times the rate. If a slope stays the same from batch to
# batch, the quotient is 1 in size, however large or small the slope is. If its sign changes, the first mean, and with
# it the step, is small.
#
# Both means begin at zero, and Adam corrects them for that. So in the very first step they are this slope and its
# square, and the quotient is 1 in size. Look at the slopes and at how far Adam moves the weights. (They begin at zero,
# so their size is how far they moved.)

# %%
fresh = linear_model()
adam = torch.optim.Adam(fresh.parameters(), lr=0.001)
train_epoch(fresh, [(images, labels)], adam)
slopes, moves = fresh[2].weight.grad.abs(), fresh[2].weight.detach().abs()
parts = torch.tensor([0.05, 0.5, 0.95], device=env.device)
print("slopes:", [f"{value:.4f}" for value in slopes.flatten().quantile(parts)])
print("moves: ", [f"{value:.4f}" for value in moves.flatten().quantile(parts)])

# %% [markdown]
# The three numbers are the 5 %, 50 % and 95 % points. The slopes differ by a factor of more than ten, and yet at all
# three points the moves are the same 0.001, the rate. <!-- 02.adam --> So a rate of Adam can be read as a length: this
# is how far a weight goes in its first step, and later steps are seldom longer (not measured here). Keep this for part
# 02b.
#
# ## Train it
#
# Two generators of random numbers are at work. `torch.manual_seed` governs what is random inside a network: nothing in
# this one, much in part 02b. `order` governs the order of the faces. Fix both, and the run repeats. `fused=True` tells
# Adam to move all weights in one pass. `env.pick` chooses by the `SCALE` at the top. Batches of 100 are those of a
# training of 2019 that part 02b repeats; evaluation gives the same at any size, and 512 is faster. `row | …` joins two
# dictionaries, and `fc.History` is a table with a row for each epoch.

# %%
EPOCHS = env.pick(smoke=2, lesson=10, full=15)


def train_by_hand(model, *, epochs=EPOCHS, lr=1e-3, shuffle=True):
    torch.manual_seed(SEED)
    order = torch.Generator().manual_seed(SEED)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, fused=True)
    rows = []
    for epoch in range(1, epochs + 1):
        stream = batches(data.train, 100, shuffle=shuffle, generator=order)
        row = {"epoch": epoch} | train_epoch(model, stream, optimizer)
        rows.append(row | evaluate(model, batches(data.valid, 512)))
    return fc.History(rows)

# %% [markdown]
# Which rate? Try five, each about three times the one before, and look at the loss on the validation faces, which are
# not trained on. The rates are texts, to be shown as written.

# %%
RATES = ["0.00003", "0.0001", "0.0003", "0.001", "0.003"]
models = {rate: linear_model() for rate in RATES}
trials = {rate: train_by_hand(model, lr=float(rate)) for rate, model in models.items()}
final = {rate: history["valid_loss"][-1] for rate, history in trials.items()}
chosen = min(final, key=final.get)
fc.record({f"loss with rate {rate}": loss for rate, loss in final.items()})

# %%
figure, axis = plt.subplots(figsize=(5.4, 3.4), layout="constrained")
fc.plots.history(trials, column="valid_loss", ax=axis).set(title="one line for each learning rate");

# %% [markdown]
# `valid loss` is the loss on the validation faces. With the smallest rate it falls until the last epoch; with the
# largest it jumps up and down. <!-- 02.ends --> (On FER2013 that of the smallest rate does not fall in every epoch.)
# The lowest loss at the end lies inside the list, not at one of its ends. <!-- 02.inside --> That matters: if the best
# rate were the first or the last, one beyond it could be better still. With more epochs, a smaller rate could win.
#
# How often will the winner, called *softmax regression*, be right?

# %%
fc.guess(
    "02.5",
    "How many of the validation faces will the linear model get right?",
    options=[25, 35, 50, 65],
    unit="%",
)

# %% [markdown]
# Keep what a model answers as probabilities, seven for each face, beside the true labels. `fc.Predictions` holds both,
# and everything that you want to know later can be computed from them. The lazy classifier gets the same form.

# %%
@torch.inference_mode()
def predict(model, split):
    model.eval()
    logits = torch.cat([model(images) for images, _ in batches(split, 512)])
    return fc.Predictions(logits.softmax(1).cpu().numpy(), split.labels, split.source)


linear = models[chosen]
linear_guess = predict(linear, data.valid)
one_word = np.eye(7)[np.full(len(data.valid), commonest)]  # all probability on one emotion
lazy_guess = fc.Predictions(one_word, data.valid.labels, data.valid.source)
fc.record({"the lazy classifier, with interval": lazy_guess, "softmax regression": linear_guess})

# %%
fc.reveal("02.5", 100 * linear_guess.accuracy)

# %% [markdown]
# The brackets hold the 95 % interval. It estimates the accuracy over *all* faces of this kind, of which yours are a
# sample: about 95 of 100 such intervals contain that accuracy. Its half width is at most about 1/√n, or 3 percentage
# points for 1,000 faces. The rule of this lesson: we call one classifier better than another when their intervals do
# not overlap. Lesson 03 brings a finer test. The rate was chosen on these same faces, so the accuracy may be a little
# too good.
#
# Does the linear model clear the floor? Yes, its whole interval lies above that of the lazy
# classifier. <!-- 02.floor -->
#
# What has it learned? Put each emotion's weights back into the shape of a face.

# %% tags=["folded"]
templates = linear[2].weight.detach().cpu().reshape(7, 48, 48)
limit = float(templates.abs().quantile(0.995))
figure, axes = plt.subplots(2, 4, figsize=(4.8, 3.0), layout="constrained")
for axis, emotion, template in zip(axes.flat, fc.EMOTIONS, templates):
    drawn = axis.imshow(template, cmap="RdBu_r", vmin=-limit, vmax=limit)
    axis.set_title(emotion, fontsize=10)
    axis.axis("off")
axes.flat[7].axis("off")
figure.colorbar(drawn, ax=axes, fraction=0.04, label="weight")
axes.flat[7].text(0.5, 0.5, data.source.replace(", ", "\n"), ha="center", fontsize=9);

# %% [markdown]
# All seven have one scale, whose ends also stand for the half percent of weights beyond them. Where it is red, a bright
# pixel speaks for the emotion; where it is blue, a dark one. On drawn faces, *Surprise* is bluest in the middle of the
# mouth: <!-- 02.template --> a dark patch there, an open mouth, speaks for Surprise.
#
# Such a picture of weights, a *template*, cannot say "the mouth is open, wherever the mouth is". The layers of part 02b
# can combine several templates, but they too are tied to places. Lesson 03 brings a layer that looks for the same thing
# everywhere.
#
# ## Your loop has a name
#
# The course keeps your functions under their names, and `train_by_hand` as `fc.fit`, with a progress bar and a clock.
# Given the same rate, batch size, seed and device, it should train as yours does. Here is the function that it calls in
# each epoch, and below it both train the same model.

# %%
fc.source(fc.train_epoch)

# %% tags=["NBVAL_CHECK_OUTPUT"]
mine, twin = linear_model(), linear_model()
by_hand = train_by_hand(mine, epochs=2, lr=0.0003)
settings = {"lr": 0.0003, "batch_size": 100, "seed": SEED, "device": env.device}
by_fit = fc.fit(twin, data, epochs=2, **settings, progress=False)
apart = max(abs(a - b) for a, b in zip(by_hand["valid_loss"], by_fit["valid_loss"]))
print("the same curve to 1e-6:", apart < 1e-6)

# %% [markdown]
# ## What you can say now
#
# The first sign is about the run above, the second about the recorded run on FER2013; ○ is not tested.

# %% tags=["folded"]
open_mouth = templates[:, 33:43, 21:27].mean((1, 2))
bottom, slowest, fastest = values[np.argmin(curve)], trials[RATES[0]], trials[RATES[-1]]
fc.claim("02.lazy", bool(round(1 / always) == 4),
         "The most common emotion alone is right for about one face in four.")
fc.claim("02.pixels", bool(data.train.images.min() >= 0 and mean > std),
         "No pixel is negative, and the mean lies more than one standard deviation above zero.")
fc.claim("02.first", abs(first_loss - np.log(7)) < 0.001,
         "With all weights at zero, the loss of seven classes is ln 7.")
fc.claim("02.valley", bool(np.all(np.diff(curve, 2) > -1e-6) and bottom * slope < 0),
         "The loss over one weight is a valley, and its lowest point lies on the side to which the loss falls.")
fc.claim("02.slope", bool(abs(slope - weight.grad[happy, pixel].item()) < 0.01 * abs(slope) + 1e-5),
         "The slope found by trying is the slope that backward() finds, within one percent.")
fc.claim("02.rates", descents[0.01][-1] < descents[0.0003][-1] < np.log(7) < min(descents[0.3][1:]),
         "Of three rates the middle one descends most, the small one creeps, the large one jumps above the start.")
fc.claim("02.together", bool(alone < first_loss < descents[0.3][1] and abs(bottom) > 10 * abs(0.3 * slope)),
         "At rate 0.3 one weight goes under a tenth of the way to its lowest point, and the loss falls; "
         "all weights together make it rise.")
fc.claim("02.adam", bool(((moves[slopes > 1e-5] / 0.001 - 1).abs() < 0.01).all())
         and bool(slopes.quantile(0.95) > 10 * slopes.quantile(0.05)),
         "Adam's first step moves weights equally far whose slopes differ by more than a factor of ten.")
fc.claim("02.inside", chosen not in (RATES[0], RATES[-1]), needs="lesson",
         sentence="The best of the rates tried for the linear model lies inside the list.")
fc.claim("02.ends", bool(max(np.diff(slowest["valid_loss"])) < 0 < max(np.diff(fastest["valid_loss"]))),
         "With the smallest rate the loss falls in every epoch; with the largest it rises in some.", needs="lesson")
fc.claim("02.template", bool(open_mouth.argmin() == 5 and open_mouth[5] < 0), needs="lesson", only="drawn",
         sentence="In the middle of the mouth the weights of Surprise are negative, and the lowest of the seven.")
fc.claim("02.floor", bool(linear_guess.interval()[0] > lazy_guess.interval()[1]), needs="lesson",
         sentence="A linear model is clearly better than always giving the most common emotion.")
fc.claims()

# %% [markdown]
# **What to remember.** Know the floor before you train. A training is a loop of four steps: answer, measure the loss,
# find the slopes, move the weights. The first loss of seven classes is ln 7. And a rate is chosen from a list in which
# the best one stands at neither end.
#
# Now go on with [part 02b](02b_a_network_that_never_learns.ipynb). There you put layers on top of one another, and a
# network with 2.6 million weights stops at the floor.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/02_mlp_baseline.ipynb), one sheet for both parts, each
# with a check that answers at once, hints, and the solution as the last hint. These two you can do now; 02.3 to 02.5
# need part 02b.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 02.1 | Three losses in your head | recall | 10 |
# | 02.2 | The loop from memory, and the length of its gradient | code | 25 |
#
# ## References
#
# - Goodfellow and others, *Challenges in Representation Learning* (2013): the contest for which FER2013 and its
#   split were made.
# - Karpathy, *A Recipe for Training Neural Networks* (2019): where the check of the first loss comes from, among other
#   good habits.
# - Kingma and Ba, *Adam: A Method for Stochastic Optimization* (2014): both running means, and the correction that they
#   need in the first steps.
# - Zhang, Lipton, Li and Smola, *Dive into Deep Learning*, chapters 3 and 4: the same steps at more length.
