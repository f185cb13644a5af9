# ---
# title: A network that never learns
# promise: You train the network that stopped at 25 % in 2019, find out why, one suspect at a time, and repair it.
# needs:
#   - lesson 02, its first part
# outcomes:
#   - say what ReLU and dropout do, and why weights begin at random
#   - check a new network with two numbers, and say which bugs they miss
#   - find out why a network does not learn, one suspect at a time
#   - look at single errors before you believe an accuracy
# reproduces: A3
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, dropout, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## The case
#
# In August 2019 somebody trained a network of four layers on FER2013
# ([notebook A](../docs/five_notebooks.md#a-a-challenge-notebook)). After the first epoch it was right for 24.9 % of the
# faces of PublicTest. After the fifteenth it was right for 25.0 %. The notebook concludes that another structure of
# the model might do better.
#
# Was it the structure? In this part you build that network, train it, and find out. Here are the faces, and from the
# first part the mean, the standard deviation and one batch.

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

data = env.load(DATA)
mean, std = data.train.images.mean() / 255, data.train.images.std() / 255
images, labels = next(fc.batches(data.train, device=env.device))
data

# %% [markdown]
# ## Four layers
#
# ### A bend between the layers: ReLU
#
# Put one linear layer on top of another, and nothing is gained: weighted sums of weighted sums are weighted sums. One
# layer could do the same.

# %% tags=["NBVAL_CHECK_OUTPUT"]
lower, upper = nn.Linear(5, 4, bias=False), nn.Linear(4, 3, bias=False)
one = upper.weight @ lower.weight
numbers = torch.randn(6, 5)
print("two layers are one:", torch.allclose(upper(lower(numbers)), numbers @ one.T, atol=1e-5))

# %% [markdown]
# So something that is not linear has to stand between two layers. **ReLU** keeps what is positive and makes zero of
# everything else.

# %% tags=["NBVAL_CHECK_OUTPUT"]
sums = torch.tensor([-2.0, -0.5, 0.5, 2.0], requires_grad=True)
sums.relu().sum().backward()
print("after ReLU:", sums.relu().tolist())
print("slopes:    ", sums.grad.tolist())

# %% [markdown]
# Look at the slopes as well. Where the sum is negative, ReLU answers zero, and its slope is zero: a small change of
# the sum changes nothing. Remember this zero.
#
# A number in a layer between pixels and logits is called a *hidden unit*. A unit is **silent** for a face if ReLU made
# it zero.
#
# ### Dropout
#
# In training, **dropout** with probability 0.2 sets each unit to zero with that probability, by chance, anew for each
# face. It divides the others by 0.8, so that the mean stays the same. The reason: no unit can rely on one other unit,
# so the network learns its training faces less exactly by heart. In evaluation dropout does nothing. This is what
# `model.train()` and `model.eval()` switch.

# %%
dropout = nn.Dropout(0.2)
torch.manual_seed(SEED)
print("training:  ", dropout.train()(torch.ones(5)).tolist())
print("evaluation:", dropout.eval()(torch.ones(5)).tolist())

# %% [markdown]
# ### The network of 2019
#
# 2,304 pixels, then 1,024, 256 and 64 hidden units with ReLU and dropout, then seven logits. Its notebook calls it a
# "linear model"; with three ReLUs in it, it is not one. The usual name is *multilayer perceptron*, MLP.

# %%
def mlp(mean, std, dropout=0.2):
    layers = [fc.Standardise(mean, std), nn.Flatten()]
    for inputs, outputs in [(48 * 48, 1024), (1024, 256), (256, 64)]:
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(64, 7)).to(env.device)


model = mlp(mean, std)
sum(weights.numel() for weights in model.parameters())

# %% [markdown]
# The weights of `nn.Linear` begin at random. In the first part they began at zero; what would zero do here? Set all of
# them to zero, and count the weights that have a slope at all.

# %%
for weights in model.parameters():
    nn.init.zeros_(weights)
F.cross_entropy(model(images), labels).backward()
with_slope = [int((weights.grad != 0).sum()) for weights in model.parameters()]
print("weights with a slope, layer by layer:")
print(with_slope)

# %% [markdown]
# The list has weights and biases by turns. Only the seven biases of the last layer have slopes. <!-- 02b.zero -->
# All hidden units are zero, so no weight above them matters; and what lies below gets its slope through weights that
# are zero. Random weights avoid that. Keep the seven biases in mind.
#
# ## Two checks before you train
#
# **The first loss** you know: it should be near ln 7 = 1.95. **One batch by heart** is the second. Before you train a
# network on thousands of faces, ask for much less: can it learn 32 faces by heart? A network that cannot has a bug, and
# more data will not help it. Dropout is off here, because it is meant to disturb exactly this.

# %%
def two_checks(model, criterion=F.cross_entropy, labels=labels, trained=None):
    with torch.no_grad():
        first = criterion(model(images), labels).item()
    adam = torch.optim.Adam((trained or model).parameters(), lr=0.001)
    few = [(images[:32], labels[:32])]
    for step in range(60):
        last = fc.train_epoch(model, few, adam, criterion)["train_loss"]
    return first, last


def untrained():
    torch.manual_seed(SEED)
    return mlp(mean, std, dropout=0)


sound = two_checks(untrained())
print(f"first loss {sound[0]:.2f}, after 60 steps {sound[1]:.4f}")

# %% [markdown]
# A sound network passes both. <!-- 02b.sound --> Which bugs would they show? Do not believe a list, measure it. Here
# are seven bugs. The first loss shows a bug if it is more than 0.1 away from ln 7. The second check shows it if the
# loss after sixty steps is more than 0.1 away from zero. Three of the seven were met in the wild: notebook B has a
# softmax too many and 20 outputs, and one listing of A hands the optimiser the weights of another network.

# %%
twenty, wide = untrained(), untrained()
twenty[-1] = nn.Linear(64, 20).to(env.device)
for layer in wide:
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight)  # spread 1, some twenty times too wide

mistakes = {
    "labels of other faces": dict(labels=labels.roll(1)),
    "a softmax too many": dict(criterion=lambda x, y: F.cross_entropy(x.softmax(1), y)),
    "the logarithm forgotten": dict(criterion=lambda x, y: F.nll_loss(x.softmax(1), y)),
    "a sum, not a mean": dict(criterion=lambda x, y: F.cross_entropy(x, y, reduction="sum")),
    "20 outputs for 7 emotions": dict(model=twenty),
    "first weights too wide": dict(model=wide),
    "optimiser of another network": dict(trained=untrained()),
}

# %%
fc.guess(
    "02b.1",
    "How many of the seven bugs does the first loss show?",
    options=[1, 2, 4, 7],
)

# %%
import pandas as pd

found = {name: two_checks(**{"model": untrained()} | bug) for name, bug in mistakes.items()}
by_first = [name for name, (first, _) in found.items() if abs(first - np.log(7)) > 0.1]
by_batch = [name for name, (_, last) in found.items() if abs(last) > 0.1]
pd.DataFrame(found, index=["first loss", "after 60 steps"]).T.round(2)

# %%
fc.reveal("02b.1", len(by_first))
fc.record(
    {
        "bugs that the first loss shows": len(by_first),
        "bugs that one batch by heart shows": len(by_batch),
        "bugs that neither shows": len(set(found) - {*by_first, *by_batch}),
    }
)

# %% [markdown]
# The first loss finds what is wrong with size: a sum, too many outputs, weights too wide, a forgotten logarithm. The
# second finds what keeps the network from learning: a second softmax, whose loss cannot fall below 1.17, and an
# optimiser that moves something else. <!-- 02b.bugs --> Labels of other faces pass both, because a network learns wrong
# labels by heart as well as right ones. Against these helps only what you did in lesson 01: look at faces *with* their
# labels.
#
# ## The training of 2019
#
# Now the network of 2019, as its text tells it: four layers, Adam at 0.001, batches of 100, the faces in the order of
# the file, and its seed, 30. The pixels go in as they stand in the file, from 0 to 255: `mlp(0, 1 / 255)` undoes the
# division. `fc.iter_fit` is the loop of the first part; it hands you a row of figures after each epoch.

# %%
fc.guess(
    "02b.2",
    "How many different emotions will it answer on the validation faces?",
    options=[1, 2, 4, 7],
)

# %%
EPOCHS = env.pick(smoke=2, lesson=10, full=15)
settings = {"epochs": EPOCHS, "lr": 0.001, "batch_size": 100, "seed": SEED, "device": env.device}


def train(model, **options):
    rows = []
    for row in fc.iter_fit(model, data, **settings, **options):
        rows.append(row)
        print(f"epoch {row['epoch']:2}: {100 * row['valid_accuracy']:.1f} % right, loss {row['valid_loss']:.3f}")
    return fc.History(rows)


# %%
torch.manual_seed(30)
raw = mlp(0, 1 / 255)
raw_history = train(raw, shuffle=False)
raw_guess = fc.predict(raw, data.valid)
fc.record("MLP on raw pixels", raw_guess)

# %%
answers, faces = np.unique(raw_guess.y_pred, return_counts=True)
for answer, count in zip(answers, faces):
    print(f"{fc.EMOTIONS[answer]} for {count} of {len(data.valid)} faces")
fc.reveal("02b.2", len(answers))

# %% [markdown]
# The network has 2.6 million weights, and it gives practically all faces the same answer. <!-- 02b.collapse --> It is
# the lazy classifier of the first part.
#
# ### Would your two checks have caught it?
#
# They take three seconds. In the notebook they do not occur.

# %%
fc.guess(
    "02b.3",
    "What is the first loss of this network, before any training?",
    options=[0.2, 2, 7, 60],
)

# %%
torch.manual_seed(30)
raw_checks = two_checks(mlp(0, 1 / 255, dropout=0))
fc.reveal("02b.3", raw_checks[0])
fc.record({"raw pixels, first loss": raw_checks[0], "raw pixels, one batch after 60 steps": raw_checks[1]})

# %% [markdown]
# The first loss is far above ln 7. <!-- 02b.caught --> One line would have ended the mystery: something makes the
# logits large before any weight has moved. The layers are those of the sound network, and their first weights are drawn
# in the same way. So it is what goes in.
#
# But a number says that something is wrong, not how it does its harm. Three things about this training look odd: the
# loss that was printed, the order of the faces, the pixels. Take them one at a time, because if you change two at once,
# you will not know which one it was.
#
# ### Suspect one: the printed loss
#
# The notebook reports a training loss that ends at 5.197. Knowing nothing costs ln 7 = 1.95. How can a network be worse
# than ignorant and still right for a quarter of the faces?
#
# Its code adds up one mean loss for each of the 287 batches. Then it divides by 100, the *size* of a batch, which
# makes the loss 2.87 times too large. Do the same to yours. Beside it stands the *entropy* of the class shares: what a
# network pays that knows how common each emotion is, and never looks at a face.

# %%
mean_loss = raw_history["train_loss"][-1]
shares = np.bincount(data.train.labels) / len(data.train)
entropy = -(shares * np.log(shares)).sum()
fc.record(
    {
        "287 losses, divided by 100": mean_loss * 287 / 100,
        "287 losses, divided by 287": mean_loss,
        "entropy of the class shares": float(entropy),
    }
)

# %% [markdown]
# Divided rightly, the loss lies just above the entropy. <!-- 02b.entropy --> So dividing by the wrong number did not
# cause the 25 %. It made one printed loss useless for comparison.
#
# The notebook printed another one beside it, which was not divided by 100: the loss on PublicTest. It ends at 1.811.
# The entropy of FER2013's training labels is 1.810. Whoever had computed that would have known what this network knows.
#
# ### Suspect two: the order
#
# The faces came in the order of the file, the same in each epoch. In some files neighbours resemble each other, and
# then each batch pulls the weights its own way. Shuffle them, and change nothing else.

# %%
torch.manual_seed(30)
shuffled = mlp(0, 1 / 255)
fc.fit(shuffled, data, shuffle=True, **settings, progress=False)
shuffled_guess = fc.predict(shuffled, data.valid)
fc.record({"raw, in the file's order": raw_guess, "raw, shuffled": shuffled_guess})

# %% [markdown]
# Shuffled, it gives nearly everyone one answer as before. <!-- 02b.order --> The order was not the reason.
#
# ### Suspect three: the pixels
#
# Now look inside. Send the validation faces through the network and listen after each ReLU. How many units are silent
# for *every* face? And how many faces get through, so that at least one unit of the last hidden layer is not silent?

# %%
@torch.inference_mode()
def listen(model, split):
    model.eval()
    activation = torch.tensor(split.images[:, None], device=env.device).float() / 255
    number, shares = 0, {}
    for layer in model:
        activation = layer(activation)
        if isinstance(layer, nn.ReLU):
            number, silent = number + 1, activation == 0
            shares[f"silent units, layer {number}"] = 100 * silent.all(0).float().mean().item()
    return shares, int((~silent).any(1).sum())


# %%
torch.manual_seed(SEED)
heard = {"raw": listen(raw, data.valid), "untrained": listen(mlp(mean, std), data.valid)}
flat = {f"{name}, {what}": share for name, (shares, _) in heard.items() for what, share in shares.items()}
through = {name: faces for name, (_, faces) in heard.items()}
fc.record(flat, unit="%")
fc.record({f"{name}, faces that get through": faces for name, faces in through.items()}, n=len(data.valid))

# %% [markdown]
# In the untrained network with standardised pixels practically all faces get through. In the one that was trained on
# raw pixels practically none does: all 64 units are zero, and nothing of the face reaches the logits. <!-- 02b.silent -->
#
# When does it happen? Train it once more and stop after a few steps.

# %%
torch.manual_seed(30)
watched, lost = mlp(0, 1 / 255), {}
adam = torch.optim.Adam(watched.parameters(), lr=0.001)
for step, batch in enumerate(fc.batches(data.train, 100, device=env.device)):
    if step in (0, 1, 2, 5, 10, 20):
        lost[step] = listen(watched, data.valid)[1]
        with torch.no_grad():
            loss = F.cross_entropy(watched(batch[0]), batch[1])
        print(f"{step:2} steps: loss {loss:5.1f}, {lost[step]:5,} faces get through")
    fc.train_epoch(watched, [batch], adam)

# %% [markdown]
# It is over before the twentieth step, in the first second of the training. <!-- 02b.early --> Why so fast? In the
# first part you saw that Adam's first step moves every weight by the rate, 0.001, whatever its slope. Compute how far
# that can move the sum of one unit of the first layer, and compare it with how far these sums differ from face to face
# before training.

# %%
reach, spread = {}, {}
for name, scale in {"raw": (0, 1 / 255), "standardised": (mean, std)}.items():
    pixels = fc.Standardise(*scale)(images.cpu()).flatten(1)
    reach[name] = 0.001 * pixels.mean(0).abs().sum().item()
    torch.manual_seed(SEED)
    spread[name] = nn.Linear(48 * 48, 1024)(pixels).std(0).mean().item()
fc.record(
    {
        f"{name}, {what}": value[name]
        for name in reach
        for what, value in {"shift of all faces together": reach, "spread over faces": spread}.items()
    }
)

# %% [markdown]
# Raw pixels are all positive. So one step can shift a unit's sum for *all* faces together, and many times farther than
# the faces lie apart. Standardised pixels are positive in one face and negative in the next, so the common shift is
# about as large as the differences between faces. <!-- 02b.shift --> A unit that was thrown below zero for every face
# is silent. ReLU's slope is zero there, so no gradient reaches its weights, and nothing brings it back.
#
# ## Seven numbers
#
# If that is so, then what was trained for fifteen epochs was not a network of 2.6 million weights. It was the seven
# biases of its last layer, which need no face. That can be put to the test. The notebook printed its loss on PublicTest
# after each epoch. **Train seven numbers alone, without a single pixel, and compare.**
#
# You need the labels only. Their counts are published, and the loss depends on nothing else. The order of the labels is
# known to those who have the file; otherwise it is drawn by lot. Where do the seven begin? The notebook gives its seed,
# and the same layers, made in the same order from the same seed, have the same first weights. Is a good match due to
# chance? So that you can judge, twenty other sets of seven begin at random, as `nn.Linear` draws them. Each row of
# `starts` is one set; the rows know nothing of one another, so all can be trained at once.

# %%
from fercourse.data.faces import OFFICIAL_COUNTS
from fercourse.report.published import PRINTED_LOSSES

training, public = (
    torch.arange(7).repeat_interleave(torch.tensor(OFFICIAL_COUNTS[usage])) for usage in ("Training", "PublicTest")
)
training = training[torch.randperm(len(training), generator=torch.Generator().manual_seed(SEED))]
if data.official:
    training = torch.tensor(data.train.labels)  # in the order of the file
torch.manual_seed(30)
seven = mlp(0, 1 / 255)[-1].bias.detach().cpu()


def train_biases(starts, epochs=15):
    biases = starts.clone().requires_grad_()
    adam, losses = torch.optim.Adam([biases], lr=0.001), []
    for epoch in range(epochs):
        for batch in training.split(100):
            loss = -biases.log_softmax(1)[:, batch].mean(1).sum()
            adam.zero_grad()
            loss.backward()
            adam.step()
        losses.append(-biases.detach().log_softmax(1)[:, public].mean(1))
    return torch.stack(losses, 1)

# %%
fc.guess(
    "02b.4",
    "Fifteen printed losses, fifteen of the seven numbers: how far apart are they at worst?",
    options=[0.3, 0.03, 0.003],
)

# %%
chance = torch.Generator().manual_seed(SEED)
others = (2 * torch.rand(20, 7, generator=chance) - 1) / 8
curves = train_biases(torch.cat([seven[None], others])).numpy()
printed = np.array(PRINTED_LOSSES["A3"])
distance = abs(curves - printed).max(1)
fc.reveal("02b.4", distance[0])
table = pd.DataFrame({"printed in 2019": printed, "seven numbers": curves[0].round(3)}, range(1, 16))
table.rename_axis("epoch")

# %% tags=["folded"]
import matplotlib.pyplot as plt

whole = abs(np.array(raw_history["valid_loss"]) - printed[:EPOCHS]).max()
figure, axis = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
axis.plot(range(1, 16), curves[1:].T, color="silver", lw=0.8)
axis.plot([], [], color="silver", label="20 other starts")
axis.plot(range(1, 16), curves[0], color="black", label="seven numbers, from seed 30")
axis.plot(range(1, 16), printed, "o", color="tab:red", ms=4, label="printed in 2019")
axis.set(xlabel="epoch", ylabel="loss on PublicTest", title="A network without a pixel")
axis.legend(frameon=False)
fc.record(
    {
        "seven numbers from seed 30, largest distance": float(distance[0]),
        "20 other starts, their median distance": float(np.median(distance[1:])),
        "the whole network on raw pixels, largest distance": float(whole),
    }
)

# %% [markdown]
# The seven numbers follow the printed losses, to three thousandths at worst and to one thousandth from the third epoch
# on. <!-- 02b.seven --> At least half of the other starts are more than twice as far off in the first epochs, and all
# of them end at the same value: what the class shares cost. <!-- 02b.others -->
#
# And the network itself? On FER2013 it follows the printed losses even more closely, all fifteen of them: its record
# stands in the last row of the table. (On drawn faces it cannot. They are other faces, and fewer, so that an epoch has
# fewer steps.) So this is the training of 2019. What the seven numbers lack is its first second only, before the last
# hidden layer fell silent.
#
# Even the step from 24.9 to 25.0 % can be explained now. PublicTest has 895 happy faces of 3,589. That is 0.2494,
# printed as 0.249. One more right answer makes 0.2497, printed as 0.250. When we ran this lesson on FER2013, one face
# of the 3,589 still got through. The network called it angry, and it was right.
#
# ## The repair
#
# Change one thing, the inputs: the same layers, optimiser, rate and seed, still in the order of the file. Then shuffle
# as well.

# %%
torch.manual_seed(30)
scaled = mlp(mean, std)
fc.fit(scaled, data, shuffle=False, **settings, progress=False)
scaled_guess = fc.predict(scaled, data.valid)

torch.manual_seed(30)
repaired = mlp(mean, std)
repaired_history = train(repaired)
repaired_guess = fc.predict(repaired, data.valid)
fc.record(
    {
        "MLP on raw pixels, in the file's order": raw_guess,
        "MLP on standardised pixels, in the file's order": scaled_guess,
        "MLP repaired": repaired_guess,
    }
)
fc.record("repaired, faces that get through", listen(repaired, data.valid)[1], n=len(data.valid))

# %% [markdown]
# Standardised pixels free the network, and practically all faces get through. <!-- 02b.scale --> <!-- 02b.free -->
# The order makes no difference that the intervals could tell apart. <!-- 02b.undecided --> The course shuffles all the
# same: it costs nothing, and another file may be sorted.
#
# "Repaired" is the baseline that the next lessons have to beat. We do not show you its accuracy on PrivateTest. You
# still have choices to make, and choices made after a look at the test fit the test.
#
# In the figure below, each height of the raw line is the share of one emotion. <!-- 02b.heights --> It need not be
# *Happy* at once: the biases begin by chance at up to 1/8 from zero, and Adam moves them by about 0.001 in a step. So
# some hundred steps may pass until the most common emotion is on top.
#
# The dashed line of the repaired network begins under the solid one: it seems to be worse on faces that it has seen. <!-- 02b.dashed -->
# How can that be? The dashed one is measured *during* the epoch, with dropout on, and while the
# weights are still getting better. So the cell after the figure measures both in the same way, afterwards and without
# dropout.

# %%
figure, axis = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
fc.plots.history({"raw": raw_history, "repaired": repaired_history}, column="accuracy", ax=axis);

# %%
on_training = fc.evaluate(repaired, fc.batches(data.train, 512, device=env.device))["valid_accuracy"]
fc.record(
    {
        "training faces, during the last epoch": 100 * repaired_history["train_accuracy"][-1],
        "training faces, afterwards": 100 * on_training,
        "validation faces, afterwards": 100 * repaired_guess.accuracy,
    },
    unit="%",
)

# %% [markdown]
# Measured alike, the network is better on the faces that it has seen. <!-- 02b.seen --> The difference between the two
# is knowledge that helps on the training faces only. Lesson 03 is about it.
#
# ## Errors first, then the score
#
# One accuracy hides who pays for it. Look at the four wrong answers of which the network was surest: to each it gave
# more than half of its probability. <!-- 02b.surest --> What would you have said? Some faces are hard for you too, and
# some labels are wrong.

# %%
wrong = repaired_guess.y_pred != repaired_guess.y_true
confidence = repaired_guess.probabilities.max(1)
surest = np.where(wrong, confidence, 0).argsort()[::-1][:4]
fc.plots.probabilities(repaired_guess, data.valid, surest);

# %%
figure, axis = plt.subplots(figsize=(4.8, 4.2), layout="constrained")
fc.plots.confusion(repaired_guess, ax=axis);

# %% [markdown]
# Read the row of *Disgust* before you read the accuracy above. One face in sixty-five has that label. A network that
# never answers Disgust loses less than two points of accuracy for it. <!-- 02b.disgust --> Lesson 04 is about that.
#
# One more group of faces deserves a look. Lesson 01 said that a face whose near-twin stands in Training makes the score
# too high. Now there is a network, and it can be measured.

# %%
def thumbnails(images):
    small = images.reshape(-1, 8, 6, 8, 6).mean((2, 4)).reshape(-1, 64).astype(np.float32)
    small -= small.mean(1, keepdims=True)
    return small / np.linalg.norm(small, axis=1, keepdims=True).clip(1e-6)


known = thumbnails(data.train.images).T
likeness = [(row @ known).max() for row in thumbnails(data.valid.images)]
twins = np.array(likeness) > 0.99
groups = {
    name: fc.Predictions(repaired_guess.probabilities[group], data.valid.labels[group], data.source)
    for name, group in {"faces with a twin in Training": twins, "all other faces": ~twins}.items()
    if group.any()
}
fc.record(groups)

# %% [markdown]
# A thousand drawn faces have too few twins to decide it. On FER2013 the two intervals lie far apart: the network is
# right much more often where it has seen the picture before. It has not read these faces, it has recognised them.
# (Twins may also be easier for other reasons. To separate the two, you would train once more without the twins.)
#
# ## What you can say now
#
# Each sentence is tied to the run above and checked by code.

# %% tags=["folded"]
valid_shares = np.bincount(data.valid.labels) / len(data.valid)
lazy, printed_gap = 0.95 * len(data.valid), abs(curves[0] - printed)
sizes = ["the logarithm forgotten", "a sum, not a mean", "20 outputs for 7 emotions", "first weights too wide"]
stuck = ["a softmax too many", "the logarithm forgotten", "optimiser of another network"]
few = 0.01 * len(data.valid)
fc.claim("02b.zero", with_slope == [0, 0, 0, 0, 0, 0, 0, 7],
         "With all weights at zero, only the seven biases of the last layer have a slope.")
fc.claim("02b.sound", bool(abs(sound[0] - np.log(7)) < 0.1 and abs(sound[1]) < 0.1),
         "The sound network has a first loss of ln 7 within 0.1, and learns 32 faces by heart in 60 steps.")
fc.claim("02b.bugs", by_first == sizes and by_batch == stuck,
         "The first loss shows four of seven bugs, one batch by heart three, and wrong labels pass both.")
fc.claim("02b.collapse", bool(faces.max() > lazy), needs="lesson",
         sentence="On raw pixels the network ends lazy: one answer for over 95 % of the faces.")
fc.claim("02b.caught", raw_checks[0] > 2 * np.log(7),
         "On raw pixels the first loss is more than twice ln 7.")
fc.claim("02b.entropy", bool(abs(mean_loss - entropy) < 0.05), needs="lesson",
         sentence="Divided by the number of batches, the loss on raw pixels is the entropy of the "
                  "class shares within 0.05.")
fc.claim("02b.order", bool(np.bincount(shuffled_guess.y_pred).max() > lazy), needs="lesson",
         sentence="Shuffling alone does not free the network: one answer for over 95 % of the faces.")
fc.claim("02b.silent", through["raw"] < few and through["untrained"] > len(data.valid) - few, needs="lesson",
         sentence="Under 1 % of the faces get through the network trained on raw pixels, over 99 % "
                  "through the untrained one.")
fc.claim("02b.early", lost[0] > len(data.valid) - few and lost[20] < few,
         "Before the first step over 99 % of the faces get through, after twenty steps under 1 %.")
fc.claim("02b.shift", reach["raw"] > 5 * spread["raw"] and reach["standardised"] < 2 * spread["standardised"],
         "A step can shift a unit by over five times the spread of raw faces, by under "
         "two times that of standardised ones.")
fc.claim("02b.seven", bool(printed_gap.max() < 0.004 and printed_gap[2:].max() < 0.0015),
         "Seven biases without a pixel reproduce the losses printed in 2019 within 0.004, "
         "from epoch 3 on within 0.0015.")
fc.claim("02b.others", bool(np.median(distance[1:]) > 2 * distance[0] and np.ptp(curves[:, -1]) < 0.002),
         "Half of the other starts are over twice as far off, and all end within 0.002 of one another.")
fc.claim("02b.scale", scaled_guess.beats(raw_guess), needs="lesson",
         sentence="Standardising the inputs, and changing nothing else, frees the network.")
fc.claim("02b.free", listen(repaired, data.valid)[1] > len(data.valid) - few, needs="lesson",
         sentence="Over 99 % of the faces get through the repaired network.")
fc.claim("02b.undecided", repaired_guess.beats(scaled_guess) is None, needs="lesson",
         sentence="Shuffled or in the file's order: the two intervals overlap.")
fc.claim("02b.heights", bool(abs(np.subtract.outer(raw_history["valid_accuracy"], valid_shares)).min(1).max() < 0.01),
         "After each epoch, the raw network is right as often as one emotion is common, "
         "within one point.", needs="lesson")
fc.claim("02b.dashed", repaired_history["train_accuracy"][0] < repaired_history["valid_accuracy"][0], needs="lesson",
         sentence="In the first epoch the accuracy on training faces, measured meanwhile, is below "
                  "that on validation faces.")
fc.claim("02b.seen", bool(on_training > repaired_guess.interval()[1]), needs="lesson",
         sentence="Measured alike, the repaired network is clearly better on training faces than "
                  "on validation faces.")
fc.claim("02b.surest", bool(wrong[surest].all() and confidence[surest].min() > 0.5), needs="lesson",
         sentence="The four surest errors are wrong answers with a probability of over one half.")
fc.claim("02b.disgust", bool((data.valid.labels == 1).mean() < 0.02),
         "Fewer than two faces in a hundred are labelled Disgust.")
fc.claim("02b.twins", groups["faces with a twin in Training"].interval()[0] > groups["all other faces"].interval()[1]
         if len(groups) == 2 else None, needs="full", only="fer2013",
         sentence="Faces of PublicTest with a near-twin in Training are answered rightly more "
                  "often than the others.")
fc.claim("02b.forty", repaired_guess.accuracy > 0.40, needs="lesson", only="fer2013",
         sentence="The repaired network is right for more than 40 % of PublicTest.")
fc.claims()

# %% [markdown]
# **What to remember.** Before you train: the floor, the first loss, one batch by heart. When a network does not learn,
# change one thing at a time, and look inside before you blame the structure. In 2019 the structure was not at fault:
# the same structure learns once its pixels are standardised.
#
# Several of these habits stand in Andrej Karpathy's recipe for training: begin with a dumb baseline, check the first
# loss, overfit one batch, look at what goes into the network right before it does, change one thing at a time. One more
# from there is what you did with seven numbers: train once *without the inputs*, and see whether the network with
# inputs does any better.
#
# ## Exercises
#
# They stand in [`exercises/02_mlp_baseline.ipynb`](../exercises/02_mlp_baseline.ipynb), the sheet of both parts, each
# with a check that answers at once, hints, and the solution as the last hint.
#
# | | exercise | kind | minutes |
# |---|---|---|---|
# | 02.3 | Four ways to feed a network: rank them before you run them | break and explain | 20 |
# | 02.4 | The layer that fell silent: write the instrument that finds it | debug | 25 |
# | 02.5 | Improve it: train a network that beats the repaired one in small | improve | 20 |
#
# ## References
#
# - Karpathy, *A Recipe for Training Neural Networks* (2019): the habits above, and more of them.
# - LeCun, Bottou, Orr and Müller, *Efficient BackProp* (1998), section 4.3: why inputs should be centred and scaled,
#   worked out long before ReLU.
# - Srivastava and others, *Dropout: A Simple Way to Prevent Neural Networks from Overfitting* (2014).
# - He, Zhang, Ren and Sun, *Delving Deep into Rectifiers* (2015): how wide the first weights should be spread, so that
#   a signal survives layers of ReLU.
