# ---
# title: An MLP baseline
# promise: You train a network that never learns, find out why with four measurements, and repair it.
# needs:
#   - lesson 01
#   - Python functions and classes, NumPy arrays
#   - derivatives as slopes; no PyTorch yet
# outcomes:
#   - say what accuracy is worth nothing, before you train anything
#   - write a training loop from memory, and know what each line is for
#   - check a new network with two numbers before you trust it
#   - find out why a network does not learn, one cause at a time
# reproduces: A3
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, dropout, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## What is 25 % worth?
#
# In 2019 a student trained a network with four layers on FER2013. After fifteen epochs it was right for 25.0 % of the
# faces. It had been right for 24.9 % after the first. The write-up concludes that another structure might do better.
#
# Is it the structure? Before you train anything you need to know what a number is worth. So start with the laziest
# classifier there is. It has seen the training labels and never looks at a face: it gives everyone the most common emotion.

# %%
data = env.load(DATA)
print(data)

# %%
fc.guess(
    "02.1",
    "Seven emotions. How often is the lazy classifier right?",
    options=["about 14 %", "about 25 %", "about 40 %"],
)

# %%
import numpy as np

commonest = np.bincount(data.train.labels).argmax()
always = (data.valid.labels == commonest).mean()
print(f"always {fc.EMOTIONS[commonest]}: {100 * always:.1f} %")
fc.reveal("02.1", "about 25 %")

# %% [markdown]
# Seven classes, but not one seventh: *Happy* is the largest class. Whatever scores 25 % on these faces has learned
# nothing that the label counts do not say. Keep that number. It is the floor.
#
# ## What goes in
#
# A face is 48 × 48 grey levels from 0 to 255, stored as bytes. The course hands them to networks as numbers from 0
# to 1. Look at them before any network does.

# %%
fc.plots.pixel_histogram(data.train);

# %% [markdown]
# Most pixels sit in the middle, and none is negative. Networks start with weights around zero and prefer inputs
# around zero, with a spread near one. Two numbers of the *training* faces are enough to bring them there. You will
# see further down what happens without.
#
# The shift and the division belong to the network, not to the data: then nobody who uses the network can forget them.
# So they become a layer. It has no weights to learn.

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
# ## A model that really is linear
#
# The notebook of 2019 calls its network of four layers a "linear model". Here is a real one, softmax regression: each
# emotion has one weight a pixel, adds up the weighted pixels, and the largest sum wins. All weights may start at zero
# here. Train this one before anything deeper. What it reaches is what the deeper one has to beat.

# %%
linear = nn.Sequential(Standardise(mean, std), nn.Flatten(), nn.Linear(48 * 48, 7))
linear = linear.to(env.device)
nn.init.zeros_(linear[2].weight)
nn.init.zeros_(linear[2].bias)
sum(weights.numel() for weights in linear.parameters())

# %% [markdown]
# Training needs faces in small groups, in a new order each time. This function is the whole data loader of the course.
# The bytes become floats only here, a batch at a time.

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
# ### First check: the loss before training
#
# The loss is the cross-entropy: minus the logarithm of the probability that the model gave to the true emotion. An
# untrained network knows nothing, so it should give each of seven emotions about one seventh.

# %%
fc.guess(
    "02.2",
    "Which loss should an untrained classifier of seven classes have?",
    options=["0", "1/7 = 0.14", "ln 7 = 1.95", "7"],
)

# %%
import torch.nn.functional as F

print(f"the untrained model: {F.cross_entropy(linear(images), labels):.3f}")
fc.reveal("02.2", "ln 7 = 1.95")

# %% [markdown]
# Minus the logarithm of one seventh is ln 7 = 1.946. If a first loss is 5 or 0.3, stop and look for the bug: wrong
# labels, a softmax too many, inputs out of range. This check costs one line and one batch. Make it a habit.
#
# ### The loop, by hand
#
# One step: ask the model, measure the loss, find the slope of the loss for each weight, move each weight a little
# downhill. One epoch: a step for each batch. Read the loop twice. Every training in this course is this one.

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
# Two details carry weight. `model.train()` switches dropout on. And each batch's loss is multiplied by its length
# before it is added: the last batch is shorter, and a face there must not count for more than a face elsewhere.
#
# Evaluation is the same loop without the learning: dropout off, no gradients.

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
# Now the linear model. Two generators of random numbers are at work: `torch.manual_seed` governs the weights and
# dropout, `order` the order of the faces. Fix both and the run repeats. `fused=True` tells Adam to move all weights in
# one pass: the same arithmetic, sooner done. What a model answers is kept as probabilities, seven a face, beside the
# true labels.

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


# %%
@torch.inference_mode()
def predict(model, split):
    model.eval()
    logits = torch.cat([model(images) for images, _ in batches(split, 512)])
    return fc.Predictions(logits.softmax(1).cpu().numpy(), split.labels, split.source)


linear_history = train_by_hand(linear, lr=1e-4)
linear_guess = predict(linear, data.valid)
fc.record("softmax regression", linear_guess)

# %% [markdown]
# The brackets hold the 95 % interval: where the accuracy on more such faces plausibly lies. A difference counts in this
# course only when the intervals do not overlap. Does this one clear the floor?
#
# What do those weights look like? Put them back into the shape of a face: bright pixels speak for the emotion, dark ones
# against it.

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 7, figsize=(9, 1.7))
for axis, emotion, template in zip(axes, fc.EMOTIONS, linear[2].weight.detach().cpu()):
    axis.imshow(template.reshape(48, 48), cmap="gray")
    axis.set_title(emotion, fontsize=9)
    axis.axis("off")
figure.text(0.9, 0, data.source, ha="right", fontsize=7);

# %% [markdown]
# A template can say "bright here, dark there". It cannot say "the mouth is open, wherever the mouth is". For that you
# need layers.
#
# ## Four layers
#
# The network of 2019: 2,304 pixels, then 1,024, 256 and 64 hidden units with ReLU and dropout, then seven logits. The
# first check comes with it.

# %%
def mlp(mean, std, dropout=0.2):
    layers = [Standardise(mean, std), nn.Flatten()]
    for inputs, outputs in [(48 * 48, 1024), (1024, 256), (256, 64)]:
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(64, 7)).to(env.device)


torch.manual_seed(SEED)
first_loss = F.cross_entropy(mlp(mean, std)(images), labels).item()
fc.claim(
    "02.first",
    abs(first_loss - np.log(7)) < 0.1,
    "Untrained, the four layers have a loss of ln 7 within 0.1.",
)

# %% [markdown]
# ### Second check: one batch by heart
#
# Before you train it on thousands of faces, ask for much less. Can it learn *one batch* by heart? A network that
# cannot memorise 32 faces has a bug, not a lack of data.

# %%
one_batch = [(images[:32], labels[:32])]
torch.manual_seed(SEED)
student = mlp(mean, std, dropout=0)
optimizer = torch.optim.Adam(student.parameters(), lr=1e-3)
losses = [train_epoch(student, one_batch, optimizer)["train_loss"] for step in range(60)]
print(f"loss {losses[0]:.2f} → {losses[20]:.2f} → {losses[-1]:.4f}")

# %% [markdown]
# Near zero: the network, the loss, the gradients and the optimiser work together. It took a second.
#
# ### Your loop, with a name
#
# The course keeps your loop under the name `fc.fit`. It adds a progress bar, checkpoints and the clock, and nothing
# else. Do not take that on trust: here is its heart, and then both on the same network from the same seed.

# %%
fc.source(fc.train_epoch)

# %% tags=["NBVAL_CHECK_OUTPUT"]
torch.manual_seed(SEED)
mine, twin = mlp(mean, std), mlp(mean, std)
twin.load_state_dict(mine.state_dict())
by_hand = train_by_hand(mine, epochs=2)
settings = {"batch_size": 100, "seed": SEED, "device": env.device}
by_fit = fc.fit(twin, data, epochs=2, **settings, progress=False)
apart = max(abs(a - b) for a, b in zip(by_hand["valid_loss"], by_fit["valid_loss"]))
print("the same curve to 1e-6:", apart < 1e-6)

# %% [markdown]
# ## A network that never learns
#
# Now the training of 2019, as faithfully as it can be told: the same four layers, Adam at 0.001, batches of 100, the
# pixels as they are in the file, from 0 to 255, and the faces in the order of the file.
#
# `Standardise(0, 1 / 255)` undoes the division by 255: the network sees raw grey levels.

# %%
fc.guess(
    "02.3",
    "How many different emotions will it answer on the validation faces?",
    options=[1, 3, 7],
)

# %%
torch.manual_seed(30)
raw = mlp(mean=0, std=1 / 255)
raw_history = train_by_hand(raw, shuffle=False)
raw_guess = predict(raw, data.valid)
fc.record("MLP on raw pixels", raw_guess)

# %%
answers, faces = np.unique(raw_guess.y_pred, return_counts=True)
for answer, count in zip(answers, faces):
    print(f"{fc.EMOTIONS[answer]:9} for {count} of {len(data.valid)} faces")
fc.reveal("02.3", len(answers))

# %%
fc.claim(
    "02.collapse",
    bool(faces.max() > 0.95 * len(data.valid)),
    "On raw pixels the network ends lazy: one answer for over 95 % of the faces.",
    needs="lesson",
)

# %% [markdown]
# There is the mystery. 25 % is not what such a network sees. It is what you get for saying *Happy* to everyone: the
# lazy classifier, in four layers and 2.6 million weights.
#
# Three things about this training look odd. Take them one at a time. Change two and you will not know which one it
# was.
#
# ### Suspect one: the loss
#
# The notebook of 2019 reports a loss of 5.2. You know what knowing nothing costs: ln 7 = 1.95. How can a network be
# *worse* than ignorant and still be right for a quarter of the faces?
#
# It adds up one mean loss for each of its 287 batches. Then it divides by 100, the *size* of a batch: 2.87 times too
# much. Do the same to the loss that you have just measured.

# %%
mean_loss = raw_history["train_loss"][-1]
print(f"the sum of 287 such losses, divided by 100: {mean_loss * 287 / 100:.2f}")
print(f"divided by 287: {mean_loss:.2f}")
shares = np.bincount(data.train.labels) / len(data.train)
entropy = -(shares * np.log(shares)).sum()
print(f"knowing the class counts and nothing else costs {entropy:.2f}")

# %% [markdown]
# The number on the screen was wrong, the training was not. The last line is the entropy of the class counts: what a
# network pays that knows them and no face. So the divisor is innocent of the 25 %. The notebook also
# printed the loss on its test faces, which was not divided by 100: 1.811 at the end. Held against this entropy, that
# number says what the network knows.
#
# ### Suspect two: the order
#
# The faces came in the order of the file, the same in each epoch. Neighbouring faces can resemble each other, and then
# a batch pulls the weights one way and the next pulls them back. Shuffle, and change nothing else. Three epochs are
# enough to see whether it moves.

# %%
torch.manual_seed(30)
shuffled = mlp(mean=0, std=1 / 255)
shuffled_history = train_by_hand(shuffled, epochs=min(EPOCHS, 3), shuffle=True)
print(f"raw, shuffled: {100 * shuffled_history['valid_accuracy'][-1]:.1f} %")

# %% [markdown]
# Shuffling is right, and the course always does it. Was it what was wrong here? Compare the two accuracies before you
# read on.
#
# ### Suspect three: the inputs
#
# Ask where the signal dies. Push one batch through the trained network and look after each layer. *Zeros* is the share
# of units that ReLU has silenced. *Spread* says how much the layer's output still differs from face to face: a layer
# with spread 0 says the same thing about everyone, and nothing after it can tell faces apart. Compare an untrained
# network that gets standardised pixels: about half of its units are silent, a different half for each face.

# %%
@torch.inference_mode()
def look_inside(model, activation):
    model.eval()
    for layer in model:
        activation = layer(activation)
        if isinstance(layer, nn.ReLU):
            zeros = (activation == 0).float().mean()
            spread = activation.std(0).mean() / (activation.mean() + 1e-9)
            print(f"{len(activation[0]):5} units: {100 * zeros:5.1f} % zeros, spread {spread:.3f}")


print("trained on raw pixels")
look_inside(raw, images)
print("untrained, on standardised pixels")
look_inside(mlp(mean, std), images)

# %% [markdown]
# Pixels up to 255 make the first sums hundreds of times too large. The first steps of Adam then throw the weights so
# far that units go silent for every face. A silent ReLU passes no gradient, so nothing brings it back. What is left
# to learn with is the last layer's bias: seven numbers, enough for the class counts. That is the 25 %.
#
# ## The repair
#
# One change: the inputs. Same layers, same optimiser, same rate, same seed, still in the order of the file.

# %%
torch.manual_seed(30)
scaled = mlp(mean, std)
scaled_history = train_by_hand(scaled, shuffle=False)
scaled_guess = predict(scaled, data.valid)
fc.record("MLP on standardised pixels, in file order", scaled_guess)

# %% [markdown]
# Now shuffle as well, as you should have from the start. This is the baseline that the next lessons have to beat. At full
# scale it goes into the table of results, and for that PrivateTest is read, once. You do not see the figure here: you
# still have choices to make, and a test that steers choices is no test any more.

# %%
from functools import partial

torch.manual_seed(30)
repaired = mlp(mean, std)
repaired_history = fc.fit(repaired, data, epochs=EPOCHS, **settings)
repaired_guess = predict(repaired, data.valid)
fc.record("MLP repaired", repaired_guess)
if env.scale == "full":
    recipe = {"model": "mlp", "epochs": EPOCHS, "lr": 0.001, "batch_size": 100}
    ask, kept = partial(predict, repaired), {"reproduces": "A3", "test": True}
    fc.save_run("MLP, repaired", recipe, data, repaired_history, ask, **kept)

# %%
curves = {"raw": raw_history, "repaired": repaired_history, "linear": linear_history}
fc.plots.history(curves, column="accuracy");

# %% [markdown]
# The flat line is the network of 2019. Now look at the dashed line of the repaired network, its accuracy on training
# faces, and at the solid one, on faces it has not seen. Where the two part, the network has begun to learn its training
# faces by heart. Lesson 03 measures it.
#
# ## Errors first, then the score
#
# An accuracy hides who pays for it. Look at the faces that the repaired network gets most wrong: high confidence, wrong
# answer. Some are hard for you too. Some are labelled wrong.

# %%
fc.plots.probabilities(repaired_guess, data.valid, repaired_guess.worst(4));

# %%
fc.plots.confusion(repaired_guess);

# %% [markdown]
# Read the row of *Disgust* before you read the total above. One face in sixty-five has that label. A network can ignore the
# class altogether and lose less than two points of accuracy for it. Lesson 04 is about that.
#
# ## What you can say now
#
# Each sentence below is tied to the run above. It is checked by code, and it is not asserted at a scale too small to
# carry it.

# %%
fc.claim(
    "02.floor",
    bool(linear_guess.interval()[0] > always),
    "A linear model is clearly better than always giving the most common emotion.",
    needs="lesson",
)

# %%
fc.claim(
    "02.scale",
    scaled_guess.beats(raw_guess),
    "Scaling the inputs, and changing nothing else, frees the network.",
    needs="lesson",
)

# %%
fc.claim(
    "02.forty",
    repaired_guess.accuracy > 0.40,
    "The repaired network is right for more than 40 % of PublicTest.",
    needs="lesson",
    only="fer2013",
)

# %% [markdown]
# **What to remember.** Know the floor before you train. Check the first loss and one batch before you trust a network.
# When it does not learn, change one thing at a time, and look inside before you blame the architecture. In 2019 the
# structure was not what failed, because the same structure learns once its pixels are scaled.
#
# ## Exercises
#
# They stand in [`exercises/02_mlp_baseline.ipynb`](../exercises/02_mlp_baseline.ipynb), each with a check that answers at
# once, hints, and the solution as the last hint.
#
# | | exercise | kind | minutes |
# |---|---|---|---|
# | 02.1 | What is the first loss of a two-class network? Of one that starts by giving every face 90 % *Happy*? And what is a loss worth that was divided by the wrong number? | recall | 10 |
# | 02.2 | Write `train_epoch` from memory. Let it also return the length of the gradient. | code | 25 |
# | 02.3 | Feed a network raw pixels, pixels of 0 to 1, those with the mean subtracted and not divided, and standardised ones. Rank the four before you run them. | break and explain | 20 |
# | 02.4 | Where does the signal die? Write `first_silent_layer`, an instrument that finds the layer after which all faces look the same, and disturbs nothing. | debug | 25 |
#
# ## References
#
# - LeCun, Bottou, Orr and Müller, *Efficient BackProp* (1998), section 4.3: why inputs should be centred and scaled,
#   worked out long before ReLU.
# - Karpathy, *A Recipe for Training Neural Networks* (2019): the first loss and the one batch come from this habit of
#   checking before training.
# - Goodfellow and others, *Challenges in Representation Learning* (2013): the contest for which FER2013 was made, with
#   the split that you use.
# - He, Zhang, Ren and Sun, *Delving Deep into Rectifiers* (2015): how wide the first weights should be spread, so that a
#   signal survives layers of ReLU.
