# ---
# title: A network that never learns
# promise: You train the network that stopped at 25 % in 2019, find out why by testing one cause at a time, and repair it.
# needs:
#   - lesson 02, its first part
# outcomes:
#   - say what ReLU and dropout do, and why weights begin at random
#   - check a new network with two numbers, and say which bugs they miss
#   - find out why a network does not learn, by changing one thing at a time
#   - look behind an accuracy, at single errors and rare emotions
# reproduces: A3
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, dropout, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## What happened in 2019
#
# In August 2019 somebody trained a network of four layers on FER2013
# ([notebook A](../docs/five_notebooks.md#a-a-challenge-notebook), its section 3, hence "A3" above). After the first
# epoch it was right for 24.9 % of the faces of PublicTest, which are FER2013's validation faces. After the fifteenth it
# was right for 25.0 %. The notebook concludes that another structure of the model might do better.
#
# Was it the structure? In this part you build that network, train it, and find out. Here are the faces, and from the
# first part the mean, the standard deviation and one batch. (FER2013 was run with the 15 epochs of 2019, "full scale".)

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
# 2,304 pixels, then 1,024, 256 and 64 hidden units with ReLU and dropout, then seven logits. The notebook calls it a
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
# All hidden units are zero, so the weights above them change nothing: their slopes are zero. The weights below act on
# the loss only through the weights above them. Those are zero as well, and so are these slopes.
#
# Would equal weights do that are not zero? No. All units of a layer would then compute the same, get the same slopes
# and stay equal: a thousand copies of one unit. Random weights make each unit different from the first step on. Keep
# the seven biases in mind.
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
# loss after sixty steps is more than 0.1 away from zero. Three of the seven come from real notebooks.
# [Notebook B](../docs/five_notebooks.md#b-a-university-assignment) has a softmax too many and 20 outputs. Another
# section of A prints code that hands the optimiser the weights of another network.
#
# Each bug is a dictionary of what it changes in `two_checks`; `**{…} | bug` puts it in the place of the sound part.
# `F.nll_loss` is a cross-entropy that leaves the logarithm to you.

# %%
twenty, wide = untrained(), untrained()
twenty[-1] = nn.Linear(64, 20).to(env.device)
for layer in wide:
    if isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight)  # spread 1: 14 to 83 times too wide

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
# The first loss finds what is wrong with size: a sum, too many outputs, weights too wide. It also finds the forgotten
# logarithm, whose loss is minus a probability. The second check finds what keeps the network from
# learning. <!-- 02b.bugs --> One is an optimiser that moves something else. The other is a second softmax: its inputs
# are probabilities, between 0 and 1, so even the right answer gets no more than e / (e + 6) of the probability, and no
# loss lies below 1.17. It also finds the forgotten logarithm, but for another reason: the network learns, and its loss
# goes to −1 instead of 0.
#
# Labels of other faces pass both, because a network learns wrong labels by heart as well as right ones. Only what you
# did in lesson 01 helps against these: look at faces *with* their labels.
#
# ## The training of 2019
#
# Now the network of 2019, as its text tells it: four layers, Adam at 0.001, batches of 100, the faces in the order of
# the file. The notebook gives its seed, 30, and so the first weights are drawn from 30. Dropout, and later a shuffled
# order, follow the seed in `settings`, which is ours. The pixels go in as they stand in the file, from 0 to 255:
# `mlp(0, 1 / 255)` undoes the division. `fc.iter_fit` is the loop of the first part; it hands you a row of figures
# after each epoch, and it shuffles unless you say `shuffle=False`.

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

# %% [markdown]
# The network has 2.6 million weights, and it gives the same answer to all faces, or to all but very
# few. <!-- 02b.collapse --> It is the lazy classifier of the first part. (Here and below, another seed or other faces
# may bring a few exceptions. So the sentences at the end say "over 95 %" or "over 99 %", and not "all".)
#
# ### Would your two checks have caught it?
#
# The notebook does not have them. Do them now.

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
# Both checks fail. The first loss is far above ln 7, and one batch is not learned by heart in sixty
# steps. <!-- 02b.caught --> So something is wrong before any weight has moved. But what, and is it the reason? Two bugs
# of the list began with a larger loss and still learned their batch. <!-- 02b.larger -->
#
# Three things about this training look odd: the loss that was printed, the order of the faces, the pixels. Take them
# one at a time, because if you change two at once, you will not know which one it was.
#
# ### Possible cause one: the printed loss
#
# The notebook reports a training loss that ends at 5.197. A network that knows nothing has ln 7 = 1.95. How can a
# network have a higher loss than that, and still be right for a quarter of the faces?
#
# Its code adds up one mean loss for each of the 287 batches. Then it divides by 100, the *size* of a batch, which
# makes the loss 2.87 times too large. Multiply yours by 2.87. Beside it stands the *entropy* of the class shares: the
# loss of a network that gives every face these shares as probabilities, because it knows how common each emotion is,
# and nothing about the face. It is minus the sum of share times logarithm of the share.

# %%
mean_loss = raw_history["train_loss"][-1]
shares = np.bincount(data.train.labels) / len(data.train)
entropy = -(shares * np.log(shares)).sum()
fc.record(
    {
        "mean loss × 2.87": mean_loss * 287 / 100,
        "mean loss": mean_loss,
        "entropy of the class shares": float(entropy),
    }
)

# %% [markdown]
# Divided by the number of batches, the loss lies just above the entropy. <!-- 02b.entropy --> So dividing by the wrong
# number did not cause the 25 %. It made one printed loss useless for comparison.
#
# The notebook printed another one beside it, which was not divided by 100: the loss on PublicTest. It ends at 1.811.
# The entropy of FER2013's training labels is 1.810. That shows what this network knows: the class shares, and no more.
#
# ### Possible cause two: the order
#
# The faces came in the order of the file, the same in each epoch. In some files neighbours resemble each other, and
# then each batch pulls the weights its own way. Shuffle them, and change nothing else.

# %%
torch.manual_seed(30)
shuffled = mlp(0, 1 / 255)
fc.fit(shuffled, data, shuffle=True, **settings, progress=False)
shuffled_guess = fc.predict(shuffled, data.valid)
fc.record({"raw, in the file's order": raw_guess, "raw, shuffled": shuffled_guess})
commonest = int(np.bincount(shuffled_guess.y_pred).max())
fc.record("shuffled, faces with the same answer", commonest, n=len(data.valid))

# %% [markdown]
# Shuffled, one answer still goes to all faces, or to all but very few. <!-- 02b.order --> The order was not the reason.
#
# ### Possible cause three: the pixels
#
# Now look inside. Send the validation faces through the network, and look at what comes out of each ReLU. How many
# units are silent for *every* face? And how many faces *get through*, so that at least one unit of the last hidden
# layer is not silent? Ask the same network before and after its training.

# %%
@torch.inference_mode()
def look_inside(model, split):
    model.eval()
    activation = torch.tensor(split.images[:, None], device=env.device).float() / 255
    silent_units = []
    for layer in model:
        activation = layer(activation)
        if isinstance(layer, nn.ReLU):
            silent = activation == 0  # a row for each face, a column for each unit
            silent_units.append(100 * silent.all(0).float().mean().item())
    return silent_units, int((~silent).any(1).sum())


# %%
torch.manual_seed(30)
inside = {
    "before training": look_inside(mlp(0, 1 / 255), data.valid),
    "after training": look_inside(raw, data.valid),
}
through = {name: faces for name, (_, faces) in inside.items()}
fc.record(
    {
        f"silent units of layer {layer}, {name}": silent_units[layer - 1]
        for layer in (1, 2, 3)
        for name, (silent_units, _) in inside.items()
    },
    unit="%",
)
fc.record({f"faces that get through, {name}": faces for name, faces in through.items()}, n=len(data.valid))

# %% [markdown]
# Before training, the faces get through. Afterwards none does, or very few: the 64 units of layer 3 are zero, and
# nothing of a face reaches the logits. <!-- 02b.silent -->
#
# When does it happen? Train it once more, and look inside before each step. The table has some of the steps: the loss
# of the batch from above, the share of silent units of each layer in %, and how many faces get through.

# %%
fc.guess(
    "02b.5",
    "A step is one batch of 100. After how many steps does fewer than one face in a hundred get through?",
    options=[10, 100, 1000],
)

# %%
torch.manual_seed(30)
watched, steps = mlp(0, 1 / 255), {}
adam = torch.optim.Adam(watched.parameters(), lr=0.001)
for step, batch in zip(range(21), fc.batches(data.train, 100, device=env.device)):
    silent_units, faces_through = look_inside(watched, data.valid)
    with torch.no_grad():
        loss = F.cross_entropy(watched(images), labels).item()
    steps[step] = [loss, *silent_units, faces_through]
    fc.train_epoch(watched, [batch], adam)

columns = ["loss", "layer 1", "layer 2", "layer 3", "faces"]
trace = pd.DataFrame(steps, columns).T.rename_axis("step").astype({"faces": int})
gone = trace.index[trace["faces"] < 0.01 * len(data.valid)]
fc.reveal("02b.5", gone[0] if len(gone) else 1000)
trace.loc[[0, 1, 2, 5, 10, 20]].round(1)

# %% [markdown]
# After twenty steps it is over. <!-- 02b.early --> First the loss more than doubles, because the steps are far too long
# and the logits become large. Then it falls to about ln 7, not because the network has learned something, but because
# it has lost its large logits: they are the seven biases now, and these are still small. <!-- 02b.peak -->
#
# Why so fast? In the first part you saw that Adam's first step moves every weight by the rate, 0.001, whatever its
# slope. Compute how far that can move the sum of one unit of the first layer, and compare it with how far these sums
# differ from face to face before training. Both are in the units of the sum.

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
# No raw pixel is negative. So one step can shift a unit's sum for *all* faces together, and many times farther than
# the faces lie apart. Standardised pixels are positive in one face and negative in the next, so the common shift is
# about as large as the differences between faces. <!-- 02b.shift --> A unit whose sum is below zero for every face is
# silent. ReLU's slope is zero there, so no gradient reaches its weights. Sums go up as well as down. But a unit above
# zero can still be moved in the next step, and a silent unit gets no slope that would bring it back. So in the table
# the share of silent units in layer 1 only grows. <!-- 02b.trap -->
#
# The layers above have the same fault, since their inputs come from a ReLU: they are never negative, and here they are
# large. Layer 3 has only 64 units. Once all of them are silent, no slope reaches anything below, and only the seven
# biases still learn.
#
# One thing is left to explain. In the second check the network got below the entropy, so it was not silent. Two things
# were different: dropout was off, and the batch was always the same. Repeat that check, and switch on dropout alone.

# %%
for dropout in (0, 0.2):
    torch.manual_seed(30)
    network = mlp(0, 1 / 255, dropout)
    last = two_checks(network)[1]
    through[dropout] = look_inside(network, data.valid)[1]
    print(f"dropout {dropout}: loss {last:.2f}, {through[dropout]:,} get through")

# %% [markdown]
# With dropout, the network falls silent on a single batch as well; without it, all faces get
# through. <!-- 02b.disturbed --> The check switches dropout off, so it never saw this network fall silent. It failed
# all the same.
#
# ## Seven numbers
#
# If that is so, then what was trained for fifteen epochs was not a network of 2.6 million weights. It was the seven
# biases of its last layer, which need no face. You can test that. The notebook printed its loss on PublicTest
# after each epoch. **Train seven numbers alone, without a single pixel, and compare.**
#
# You need the labels only. Their counts are published (`OFFICIAL_COUNTS`; `repeat_interleave` writes each label as
# often as it occurs), and the loss on PublicTest depends on nothing else. The order of the training labels is known to
# those who have the file; otherwise it is drawn by lot. `PRINTED_LOSSES` are the fifteen numbers of the notebook, and
# `log_softmax` is the logarithm of a softmax, so minus one of its numbers is the loss of a face.
#
# Where do the seven begin? The notebook gives its seed, and the same layers, made in the same order from the same seed,
# have the same first weights. Is a good match due to chance? So that you can judge, 200 other sets of seven begin
# at random, as `nn.Linear` draws them. Each row of `starts` is one set; the rows know nothing of one another, so all
# can be trained at once.

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
others = (2 * torch.rand(200, 7, generator=chance) - 1) / 8
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
axis.plot(range(1, 16), curves[1:21].T, color="silver", lw=0.8)
axis.plot([], [], color="silver", label="20 of 200 other starts")
axis.plot(range(1, 16), curves[0], color="black", label="seven numbers, from seed 30")
axis.plot(range(1, 16), printed, "o", color="tab:red", ms=4, label="printed in 2019")
axis.set(xlabel="epoch", ylabel="loss on PublicTest", title="Seven biases, trained without a pixel")
axis.legend(frameon=False)
fc.record(
    {
        "seven numbers from seed 30, largest distance": float(distance[0]),
        "200 other starts, their median distance": float(np.median(distance[1:])),
        "200 other starts, the nearest distance": float(distance[1:].min()),
        "200 other starts, how many come closer": int((distance[1:] < distance[0]).sum()),
        "the whole network on raw pixels, largest distance": float(whole),
    }
)

# %% [markdown]
# The seven numbers follow the printed losses: within 0.004 at worst, and within 0.0015 from the third epoch
# on. <!-- 02b.seven --> All starts end at the same value, which is the entropy from above. So the match in the last
# epochs says only that pixels play no part. The first epochs say more: at least half of the other starts are more than
# twice as far off. <!-- 02b.others --> But between one in twenty and one in ten come closer than seed
# 30. <!-- 02b.chance --> One in twenty is a usual limit, so the seven numbers alone do not rule out chance.
#
# The network itself, with all its weights, is the harder test. The last row of the table has its distance. On drawn
# faces it cannot match, because they are fewer, so that an epoch has fewer steps. On FER2013 it follows the printed
# losses more closely than the seven numbers do, and closer than any of the 200 starts. So this is the training of
# 2019. What the seven numbers leave out is only the first few steps, before layer 3 was silent.
#
# Even the step from 24.9 to 25.0 % can be explained. PublicTest has 895 happy faces of 3,589. That is 0.2494, printed
# as 0.249. One more right answer makes 0.2497, printed as 0.250.
#
# ## The repair
#
# Standardise the inputs, and change nothing else: the same layers, optimiser, rate and seed, still in the order of the
# file. Then shuffle as well. (Standardising changes two things of the inputs, their mean and their spread. In exercise
# 02.3 you take these apart.)

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
untouched = mlp(mean, std)
through |= {
    "standardised, before training": look_inside(untouched, data.valid)[1],
    "standardised, after training": look_inside(repaired, data.valid)[1],
}
fc.record({f"faces that get through, {name}": through[name] for name in list(through)[-2:]}, n=len(data.valid))

# %% [markdown]
# With standardised pixels the network is clearly better, and the faces get through before its training and after
# it. <!-- 02b.scale --> <!-- 02b.free --> The order makes no difference that the intervals could tell
# apart. <!-- 02b.undecided --> The course shuffles all the same: it costs nothing, and another file may be sorted.
#
# "Repaired" is the baseline that the next lessons have to beat. We do not show you its accuracy on PrivateTest,
# FER2013's test faces. You still have choices to make, and if you choose after a look at the test, the test result is
# too good.
#
# In the figure below, each height of the solid raw line is the share of one emotion. <!-- 02b.heights --> It need not
# be *Happy* at once: the biases begin by chance at up to 1/8 from zero, and Adam moves them by about 0.001 in a step.
# So some hundred steps may pass until the most common emotion is on top. A dot marks the best epoch of each solid line.
#
# The dashed line of the repaired network begins under the solid one: it seems to be worse on faces that it has
# seen. <!-- 02b.dashed --> How can that be? The dashed one is measured *during* the epoch, with dropout on, and while
# the weights are still getting better. So the cell after the figure measures both in the same way, afterwards and
# without dropout.

# %%
figure, axis = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
fc.plots.history({"raw": raw_history, "repaired": repaired_history}, column="accuracy", ax=axis)
axis.yaxis.set_major_formatter("{x:.0%}");

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
# ## What an accuracy does not tell
#
# An accuracy does not say which faces are answered wrongly. Look at the four wrong answers of which the network was
# surest: to each it gave more than 90 % of its probability. <!-- 02b.surest --> What would you have said? Ask it of
# each face: is the network wrong, or could the label be wrong? Both happen. Some drawn faces are given a wrong label on
# purpose, and in lesson 01 you saw labels of FER2013 with which most voters disagree.

# %%
wrong = repaired_guess.y_pred != repaired_guess.y_true
confidence = repaired_guess.probabilities.max(1)
surest = np.where(wrong, confidence, 0).argsort()[::-1][:4]
fc.plots.probabilities(repaired_guess, data.valid, surest, columns=1);

# %%
figure, axis = plt.subplots(figsize=(5.4, 4.6), layout="constrained")
fc.plots.confusion(repaired_guess, ax=axis)
fc.record(
    {
        "faces labelled Disgust": int((repaired_guess.y_true == 1).sum()),
        "faces answered with Disgust": int((repaired_guess.y_pred == 1).sum()),
    },
    n=len(data.valid),
)

# %% [markdown]
# Find the row and the column of *Disgust*. The row has the faces with that label, fewer than two in a
# hundred. <!-- 02b.disgust --> The column has the faces that got this answer, and they are fewer
# still. <!-- 02b.rare --> A network that never answers Disgust loses less than two points of accuracy for it. Lesson 04
# is about that.
#
# One more group of faces deserves a look. Lesson 01 said that a face whose near-twin stands in Training makes the score
# too high. Now there is a network, and it can be measured.

# %%
def thumbnails(images):
    blocks = images.reshape(-1, 8, 6, 8, 6)  # 8 × 8 blocks of 6 × 6 pixels
    small = blocks.mean((2, 4)).reshape(-1, 64).astype(np.float32)
    small -= small.mean(1, keepdims=True)
    return small / np.linalg.norm(small, axis=1, keepdims=True).clip(1e-6)


known = thumbnails(data.train.images).T
likeness = [(row @ known).max() for row in thumbnails(data.valid.images)]
twins = np.array(likeness) > 0.99  # as in lesson 01
groups = {
    name: fc.Predictions(repaired_guess.probabilities[group], data.valid.labels[group], data.source)
    for name, group in {"faces with a twin in Training": twins, "all other faces": ~twins}.items()
    if group.any()
}
fc.record(groups)

# %% [markdown]
# A thousand drawn faces have too few twins to decide it. On FER2013 the two intervals lie far apart: the network is
# right much more often where it has seen the picture before. Probably it knows many of these pictures by heart. But
# twins could also be easier for other reasons. To separate the two, you would train once more without the twins.
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
fc.claim("02b.caught", raw_checks[0] > 2 * np.log(7) and raw_checks[1] > 0.1,
         "On raw pixels the first loss is more than twice ln 7, and one batch is not learned by heart in 60 steps.")
larger = [name for name, (first, last) in found.items() if first > raw_checks[0] and last < 0.1]
fc.claim("02b.larger", len(larger) == 2, "Two of the seven bugs begin with a larger loss than raw pixels, "
         "and still learn one batch by heart.")
fc.claim("02b.entropy", bool(abs(mean_loss - entropy) < 0.05), needs="lesson",
         sentence="Divided by the number of batches, the loss on raw pixels is the entropy of the "
                  "class shares within 0.05.")
fc.claim("02b.order", bool(commonest > lazy), needs="lesson",
         sentence="Shuffling alone changes nothing: still one answer for over 95 % of the faces.")
fc.claim("02b.silent", through["after training"] < few and through["before training"] > len(data.valid) - few,
         "Over 99 % of the faces get through the raw network before training, under 1 % after it.", needs="lesson")
fc.claim("02b.early", bool(trace["faces"][0] > len(data.valid) - few and trace["faces"][20] < few),
         "Before the first step over 99 % of the faces get through, after twenty steps under 1 %.")
printed_rows = trace.loc[[0, 1, 2, 5, 10, 20]]
fc.claim("02b.trap", bool((printed_rows["layer 1"].diff().dropna() > 0).all() and trace["layer 3"][20] > 99),
         "From row to row of the table more units of layer 1 are silent; after twenty steps all of layer 3 are.")
fc.claim("02b.peak", bool(trace["loss"].max() > 2 * trace["loss"][0] and abs(trace["loss"][20] - np.log(7)) < 0.1),
         "In the first twenty steps the loss more than doubles, and then falls to ln 7 within 0.1.")
fc.claim("02b.disturbed", through[0] > len(data.valid) - few and through[0.2] < few, only="drawn",
         sentence="Sixty steps on one batch of 32: without dropout over 99 % of the faces get through, "
                  "with dropout under 1 %.")
fc.claim("02b.shift", reach["raw"] > 5 * spread["raw"] and reach["standardised"] < 2 * spread["standardised"],
         "A step can shift a unit by over five times the spread of raw faces, by under "
         "two times that of standardised ones.")
fc.claim("02b.seven", bool(printed_gap.max() < 0.004 and printed_gap[2:].max() < 0.0015),
         "Seven biases without a pixel reproduce the losses printed in 2019 within 0.004, "
         "from epoch 3 on within 0.0015.")
fc.claim("02b.others", bool(np.median(distance[1:]) > 2 * distance[0] and np.ptp(curves[:, -1]) < 0.002),
         "Half of the other starts are over twice as far off, and all end within 0.002 of one another.")
fc.claim("02b.chance", bool(0.05 < (distance[1:] < distance[0]).mean() < 0.1),
         "Of the other starts, between one in twenty and one in ten come closer to the printed losses than seed 30.")
fc.claim("02b.whole", bool(whole < min(0.001, distance.min())), needs="full", only="fer2013",
         sentence="The whole network, trained on raw pixels from seed 30, repeats the printed losses within "
                  "0.001, closer than any set of seven numbers.")
fc.claim("02b.scale", scaled_guess.beats(raw_guess), needs="lesson",
         sentence="With standardised inputs, and nothing else changed, the network is clearly better.")
fc.claim("02b.free", min(list(through.values())[-2:]) > len(data.valid) - few, needs="lesson",
         sentence="Over 99 % of the faces get through the network with standardised pixels, before training and after.")
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
fc.claim("02b.surest", bool(wrong[surest].all() and confidence[surest].min() > 0.9), needs="lesson",
         sentence="The four surest errors are wrong answers with a probability of over 90 %.")
fc.claim("02b.disgust", bool((data.valid.labels == 1).mean() < 0.02), needs="lesson",
         sentence="Fewer than two faces in a hundred are labelled Disgust.")
fc.claim("02b.rare", bool((repaired_guess.y_pred == 1).sum() < (data.valid.labels == 1).sum()), needs="lesson",
         sentence="The repaired network answers Disgust for fewer faces than carry that label.")
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
# the same structure learns once its pixels are standardised. <!-- 02b.scale -->
#
# Several of these habits stand in Andrej Karpathy's recipe for training: begin with a simple baseline, check the first
# loss, overfit one batch, look at what goes into the network right before it does, change one thing at a time. One more
# from there is what you did with seven numbers: train once *without the inputs*, and see whether the network with
# inputs does any better.
#
# ## Exercises
#
# They stand in [`exercises/02_mlp_baseline.ipynb`](../exercises/02_mlp_baseline.ipynb), the sheet of both parts, each
# with a check that answers at once, hints, and the solution as the last hint. In 02.3 you feed a network in four ways:
# the two of this part, and two between them. In 02.5 you may change the number of units and layers, dropout, the rate,
# the batch size and the epochs. Change one at a time, and look at the curves as above: does the loss still fall at the
# end, and how far apart are training and validation faces?
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
