# ---
# title: A network that looks everywhere
# promise: You build a network whose first layers slide a few weights over the face, look at what they have learned, and measure how far a face may move.
# needs:
#   - lesson 02, both parts, above all the training loop
# outcomes:
#   - compute one number of a convolution by hand, and predict every shape and every count of weights in a CNN
#   - decide with a paired test whether one of two networks is better on the same faces
#   - draw trained kernels and their maps, and measure what shifted faces cost
#   - make a network overfit on purpose, and say why its loss and its accuracy part
# reproduces: A4
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, dropout, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## A template that slides
#
# In the MLP of lesson 02 each unit has one weight for each pixel. When an eyebrow sits two pixels higher, it meets
# other weights. So the network has to learn the eyebrow again for every height, from other faces. A **convolution**
# uses the same few weights everywhere, so what it learns in one place works in all. Take one face, in whole grey
# levels, and nine weights. Such a small square of weights is called a **kernel**.

# %%
import torch

data = env.load(DATA)
face = torch.tensor(data.train.images[data.train.labels == 3][0]).float()
kernel = torch.tensor([[-1.0, -2.0, -1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 1.0]])

# %% [markdown]
# Lay the kernel on nine pixels of the face. Multiply each weight by the pixel under it, and add up the nine products.
# That is one number of a convolution. Check it with a pencil.

# %%
row, column = 30, 20
patch = face[row : row + 3, column : column + 3]
for name, square in {"pixels": patch, "weights": kernel, "products": patch * kernel}.items():
    print(f"{name}:\n{square.int().numpy()}")
print("their sum:", int((patch * kernel).sum()))

# %% [markdown]
# The upper row counts negative and the lower row positive. So the sum is large where a face is dark above and bright
# below, negative where it is the other way round, and zero where nothing changes from top to bottom. Now move the
# kernel over the whole face, pixel by pixel.


# %%
def slide(image, kernel):
    side = len(image) - len(kernel) + 1
    sums = torch.empty(side, side)
    for row in range(side):
        for column in range(side):
            patch = image[row : row + len(kernel), column : column + len(kernel)]
            sums[row, column] = (patch * kernel).sum()
    return sums


edges = slide(face, kernel)
edges.shape

# %% tags=["folded"]
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(5.4, 2.8), layout="constrained")
axes[0].imshow(face, cmap="gray", vmin=0, vmax=255)
reach = edges.abs().max()
axes[1].imshow(edges, cmap="RdBu_r", vmin=-reach, vmax=reach)
for axis, title in zip(axes, ("the face", "red: brighter below, blue:\ndarker below, white: 0")):
    axis.set_title(title, fontsize=11)
    axis.axis("off")
figure.supxlabel(data.source, x=0.99, ha="right", fontsize=8);

# %% [markdown]
# The picture on the right is called a **feature map**. Where its sum is largest, the face is darker above than
# below. <!-- 03.edge --> One kernel answers to such edges wherever they are, and nobody told it where to look.
#
# A network of such layers is a *convolutional neural network*, a CNN. Nobody chooses its weights either: training finds
# them. PyTorch's `conv2d` computes the same sums, for many kernels and many faces at once. And if the face moves, its
# map moves along: shift the face three pixels to the right, and compare.

# %% tags=["NBVAL_CHECK_OUTPUT"]
import torch.nn.functional as F

stack = face[None, None]  # one face, one channel
library = F.conv2d(stack, kernel[None, None])[0, 0]
print("the same sums:", torch.equal(edges, library))
moved = F.pad(stack, (3, 0, 0, 0), mode="replicate")[0, 0, :, :48]
along = torch.equal(slide(moved, kernel)[:, 3:], edges[:, :-3])
print("the map has moved along:", along)

# %% [markdown]
# Both hold exactly, number for number. <!-- 03.moves --> No linear layer of the MLP can promise that.
#
# ## Four words for the shape
#
# **Channels.** One kernel makes one map. A layer with 32 kernels makes 32 maps, and each map is a channel of its
# output. In the next layer a kernel lies on all 32 channels at once: it has 32 × 3 × 3 weights, and one more number,
# the bias, which is added to the sum. With 64 such kernels this makes 64 × (288 + 1) numbers.

# %% tags=["NBVAL_CHECK_OUTPUT"]
from torch import nn

second = nn.Conv2d(32, 64, 3)
print("weights", tuple(second.weight.shape), "and biases", tuple(second.bias.shape))
print(second.weight.numel() + second.bias.numel(), "numbers")

# %% [markdown]
# **Padding and stride.** On a side of 48 pixels a kernel of 3 has 46 places to stand: its left edge can be at pixels 0
# to 45, because it needs three pixels itself. *Padding* puts a frame of zeros around the image, so that border pixels
# get a sum as well. Padding 1 adds one pixel at either end of each side. *Stride* is how far the kernel moves from one
# place to the next. A stride of 2 uses every second place, beginning with the first.

# %% tags=["NBVAL_CHECK_OUTPUT"]
for padding, stride in ((0, 1), (1, 1), (0, 2), (1, 2)):
    sums = F.conv2d(stack, kernel[None, None], padding=padding, stride=stride)
    print(f"padding {padding}, stride {stride}: {sums.shape[-1]} places")

# %% [markdown]
# Check two of these lines. With padding 1 the image has 50 pixels, so 48 places. With a stride of 2 the left edge
# stands at 0, 2, 4 … 44: these are 23. The place at 45 would be half a stride on, and is not used.
#
# **Pooling** makes maps smaller. Max-pooling keeps the largest number of each 2 × 2 block and throws away where in the
# block it stood. So a mouth may sit one pixel higher or lower, and often the same number comes out.

# %% tags=["NBVAL_CHECK_OUTPUT"]
by_hand = edges.reshape(23, 2, 23, 2).amax(dim=(1, 3))
print("as max_pool2d does it:", torch.equal(by_hand, F.max_pool2d(edges[None, None], 2)[0, 0]))

# %% [markdown]
# ## Shape by shape
#
# The CNN of 2019 ([notebook A](../docs/five_notebooks.md#a-a-challenge-notebook)) does this three times: 3 × 3 kernels
# without padding, ReLU, then max-pooling. First there are 32 kernels, then 64, then 128. What is left goes through four
# linear layers, as in lesson 02. They are also called *fully connected*. The course numbers the figures of these
# notebooks: this network with Adam, which reached 55.1 %, is A4. `fc.Standardise` is your layer of lesson 02: pixels
# minus mean, divided by `std`.

# %%
fc.guess("03.1", "A face has 48 pixels on each side. How many are left after the third pooling?", options=[12, 6, 4, 3])

# %%
mean, std = data.train.images.mean() / 255, data.train.images.std() / 255


def cnn(mean, std, dropout=0.2):
    layers, channels = [fc.Standardise(mean, std)], 1
    for filters in (32, 64, 128):
        layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    layers += [nn.Flatten()]
    for inputs, outputs in ((2048, 1024), (1024, 256), (256, 64)):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(64, 7))


# %% tags=["NBVAL_CHECK_OUTPUT"]
activation = stack / 255
for layer in cnn(mean, std).eval()[:11]:
    activation = layer(activation)
    if isinstance(layer, nn.MaxPool2d):
        side = activation.shape[-1]
    if not isinstance(layer, (nn.ReLU, fc.Standardise)):
        print(f"{type(layer).__name__:10} {tuple(activation.shape[1:])}")
fc.reveal("03.1", side)

# %% [markdown]
# A 3 × 3 kernel without padding makes each side 2 pixels shorter, one at either end. Pooling halves a side and drops
# the odd pixel: 48 → 46 → 23 → 21 → 10 → 8 → 4. So 128 channels of 4 × 4 make 2,048 numbers. If you can do this sum in
# your head, most errors about shapes will not cost you a minute.

# %%
sizes = {"convolutions": 0, "fully connected": 0}
for layer in cnn(mean, std):
    kind = "convolutions" if isinstance(layer, nn.Conv2d) else "fully connected"
    sizes[kind] += sum(weights.numel() for weights in layer.parameters())
sizes

# %% [markdown]
# Of every hundred weights 96 are in the fully connected layers. <!-- 03.dense --> Those are tied to places, as in the
# MLP. So it is an open question how much of "it works everywhere" is left in the whole network. You will measure that.
#
# ## Trained as in 2019
#
# The CNN of 2019 was trained with Adam at 0.001 in batches of 100, on pixels from 0 to 255. Yours are standardised; raw
# pixels did not stop that CNN, and why is not tested here. The course's `fit` is your loop of lesson 02.
# `precision="auto"` lets it multiply with numbers of 16 bits, where the processor is faster with them: such numbers have
# two or three correct digits, which is enough here. At lesson scale the network sees fewer faces and epochs than in 2019,
# so do not compare the table with the 55.1 %.

# %%
EPOCHS = env.pick(smoke=1, lesson=6, full=15)
FACES = min(len(data.train), env.pick(smoke=600, lesson=8_000, full=28_709))
train_faces = data.train.take(FACES, seed=SEED)


def train(network):
    torch.manual_seed(SEED)
    model = network(mean, std)
    settings = {"lr": 1e-3, "batch_size": 100, "precision": "auto", "device": env.device}
    fc.fit(model, (train_faces, data.valid), epochs=EPOCHS, seed=SEED, progress=False, **settings)
    return model, fc.predict(model, data.valid)


model, guess = train(cnn)
mlp, mlp_guess = train(fc.mlp)
fc.record({"CNN": guess, "MLP, the same epochs": mlp_guess})

# %% [markdown]
# ### Which one is better?
#
# In lesson 02 the rule was: one is better when the two intervals lie apart. That rule is safe but blunt, because it
# treats the two networks as if they had seen different faces. They answered the *same* faces. Where both are right, or
# both wrong, you learn nothing about which is better. So count the others. If neither network were better, it would be
# like the toss of a fair coin which of the two is right on such a face. The *p value* of McNemar's test (1947) is the
# probability, if that were so, of a split at least as uneven as yours.

# %%
from scipy.stats import binomtest

right, mlp_right = (each.y_pred == data.valid.labels for each in (guess, mlp_guess))
only_cnn, only_mlp = int((right & ~mlp_right).sum()), int((mlp_right & ~right).sum())
print(f"only the CNN is right: {only_cnn} faces, only the MLP: {only_mlp}")
print(f"p = {binomtest(only_cnn, only_cnn + only_mlp).pvalue:.2g}, by the course {guess.versus(mlp_guess).p_value:.2g}")

# %% [markdown]
# From here on this *paired test* is the course's rule for two networks on the same faces. `guess.versus(other)` does it;
# its `wins` and `losses` are the two counts. Under 0.05 we say *better*. Otherwise we say *undecided*, which is not
# *equal*: more faces might decide it. By this rule the CNN is better than the MLP. <!-- 03.sliding -->
#
# The test speaks of these two trained networks. Another seed would train two others.
#
# ### Where is it better?
#
# Some emotions change the mouth, some the brows, some nearly everything.

# %%
fc.guess("03.3", "For which emotion does the share of right answers grow most, from MLP to CNN?", options=list(fc.EMOTIONS))

# %%
gain = 100 * (guess.report()["recall"] - mlp_guess.report()["recall"]).drop("macro")
fc.reveal("03.3", gain.idxmax())
gain.sort_values(ascending=False).round(1).to_frame("points gained")

# %% [markdown]
# The gains are uneven: between the first row and the last lie over 20 points. <!-- 03.uneven --> An emotion whose line
# is near 0, or below it, shows no clear gain. Which answers do its faces get? The next figure counts them; the darkest
# other field in a row is the answer most often given instead.

# %% tags=["folded"]
fc.plots.confusion(guess);

# %% [markdown]
# Read a row like this: of all faces with that label, so many were given each answer. On the diagonal stand the right
# answers. The row of *Disgust* has by far the fewest faces, and the network finds a smaller share of them than of an
# average emotion. <!-- 03.disgust --> Lesson 04 is about that. Do not read much into a gain or a loss of a few points
# in one emotion, because a single row has few faces. Even if none of 15 faces is right, the 95 % interval reaches up to
# 20 %.
#
# ## What it has learned
#
# Did training find kernels, or did it leave them as they began? The same seed gives the same first weights, so you can
# draw the 32 kernels of the first layer before and after.

# %%
torch.manual_seed(SEED)
untrained = cnn(mean, std).to(env.device)


def tiled(pictures, columns=8):
    rows = pictures.detach().cpu().reshape(-1, columns, *pictures.shape[1:])
    framed = F.pad(rows, (0, 1, 0, 1), value=float("nan"))
    return framed.permute(0, 2, 1, 3).flatten(2).flatten(0, 1)


# %% tags=["folded"]
figure, axes = plt.subplots(2, 1, figsize=(4.6, 5.2), layout="constrained")
for axis, network, title in zip(axes, (untrained, model), ("32 kernels before training", "after training")):
    axis.imshow(tiled(network[1].weight[:, 0]), cmap="RdBu_r", vmin=-0.6, vmax=0.6)
    axis.set_title(f"{title} (red above 0, blue below)", fontsize=10)
    axis.axis("off")

# %% [markdown]
# With nine weights little can be seen, and most kernels still resemble their random beginning. <!-- 03.resemble --> So
# test what the eye cannot judge: put the untrained kernels back, leave every other layer as it is, and count right
# answers.

# %%
import copy

mixed = copy.deepcopy(model)
mixed[1] = untrained[1]
mixed_guess = fc.predict(mixed, data.valid)
fc.record({"CNN": guess, "with its untrained first kernels": mixed_guess})
print(f"p = {guess.versus(mixed_guess).p_value:.2g}")

# %% [markdown]
# The two intervals may overlap. The paired test still decides, because both networks answered the same faces: with the
# untrained kernels the network is worse. <!-- 03.kernels --> So training has changed these kernels, and the other
# layers need the change. Now look at what the layers make of one face: eight maps after the first convolution, eight
# after the last.

# %%
one_face = (stack / 255).to(env.device)
first_maps = model[:3](one_face)[0, :8]
last_maps = model[:9](one_face)[0, :8]

# %% tags=["folded"]
figure, axes = plt.subplots(2, 1, figsize=(5, 5.4), layout="constrained")
for axis, maps, title in zip(axes, (first_maps, last_maps), ("after the first convolution, 46 × 46", "after the third, 8 × 8")):
    axis.imshow(tiled(maps / maps.amax((1, 2), keepdim=True).clamp(min=1e-6), columns=4), cmap="gray", vmin=0, vmax=1)
    axis.set_title(f"8 maps {title}", fontsize=10)
    axis.axis("off")
figure.supxlabel(data.source, x=0.99, ha="right", fontsize=8);

# %% [markdown]
# These are the maps after ReLU: black is 0 or what was below 0. Each map is scaled on its own, so that its largest number
# is white: you cannot compare the brightness of two maps. Most of the first maps still show the face, with some edges or
# areas brightened. The last maps do not, and follow the pixels less closely. <!-- 03.maps --> A bright spot there says
# that something was found in that part of the face; what it is, the picture does not say. A map that is black all over
# found nothing in this face.
#
# ## Move the face
#
# The maps of a convolution move along with the face. The fully connected layers behind them do not. Which of the two
# wins? Shift every validation face to the right by some pixels, repeat its left border, and ask both networks again.
# Neither has been trained for it. Always answering *Happy* is right for 25 % already, so count the points above these
# 25 %.

# %%
fc.guess(
    "03.4",
    "All faces are shifted by 6 pixels. What share of its points above 25 % does the CNN keep?",
    options=[10, 40, 70, 100],
    unit="%",
)


# %%
from dataclasses import replace

import numpy as np


def shifted(split, pixels):
    padded = np.pad(split.images, ((0, 0), (0, 0), (pixels, 0)), mode="edge")
    return replace(split, images=padded[:, :, :48])


PIXELS = (0, 2, 4, 6, 8)
moved_guesses = {
    name: [fc.predict(network, shifted(data.valid, pixels)) for pixels in PIXELS]
    for name, network in (("CNN", model), ("MLP", mlp))
}

# %% tags=["folded"]
figure, axis = plt.subplots(figsize=(5, 3.2))
for name, guesses in moved_guesses.items():
    axis.plot(PIXELS, [100 * each.accuracy for each in guesses], marker="o", label=name)
axis.set(xlabel="faces moved to the right (pixels)", ylabel="right answers (%)", xticks=PIXELS)
axis.set_title(f"faces moved to the right ({data.source})", fontsize=10)
axis.legend(frameon=False);

# %%
kept = {}
for name, guesses in moved_guesses.items():
    still, moved_six = guesses[0].accuracy, guesses[PIXELS.index(6)].accuracy
    kept[name] = 100 * (moved_six - 0.25) / max(still - 0.25, 0.01)
fc.reveal("03.4", kept["CNN"])
print("kept of the points above 25 %, moved by 6:")
print(", ".join(f"{name} {share:.0f} %" for name, share in kept.items()))
fc.record({f"{name}, moved by {PIXELS[place]}": each[place] for name, each in moved_guesses.items() for place in (0, 1, 3)})

in_place, *moved_ones = moved_guesses["CNN"]
for pixels, moved_guess in zip(PIXELS[1:], moved_ones):
    paired = in_place.versus(moved_guess)
    verdict = "undecided" if paired.p_value >= 0.05 else "worse" if paired.wins > paired.losses else "better"
    print(f"CNN, moved by {pixels}: p = {paired.p_value:.1g}, {verdict}")

# %% [markdown]
# So how far may a face move? The first *worse* is the answer: there it has moved too far. Where a line says
# *undecided*, these faces do not show a loss; more faces might.
#
# Moved by six pixels, an eighth of the picture, both networks have lost. The CNN is still better than always answering
# *Happy*: its whole interval lies above 25 %. For the MLP that cannot be said. <!-- 03.moved --> A share below zero
# means: fewer right answers than always *Happy*. So sliding helped, but the answers still depend on the place. The
# sentence "a CNN finds an eyebrow wherever it is" is true of its maps and not of its answers. On drawn faces two pixels
# cost nothing that the test can see (on FER2013 they cost 2.4 points). But the fully connected layers behind the maps
# expect each thing in its place. Two ways out come later: training on faces that were moved (lesson 04), and a mean
# over all places instead of the large fully connected layers (lesson 05).
#
# ## Learn by heart, on purpose
#
# A network can also learn its training faces by heart. This is **overfitting**: part of what it knows then helps on the
# training faces only. You will make it happen under your eyes, with 1,000 faces only. Say first what you expect.

# %%
fc.guess(
    "03.5",
    "A network learns 1,000 faces by heart. From the epoch with the lowest validation loss on, what will the validation accuracy do?",
    options=["fall by over 3 points", "stay within 3 points", "rise by over 3 points"],
)

# %% [markdown]
# First look at a larger case: the course's recorded training of this CNN on all 28,709 faces of FER2013, fifteen epochs
# in batches of 128. A dot marks the best epoch of each validation curve.

# %% tags=["folded"]
recorded = fc.recorded("CNN, Adam 0.001", seed=0)
figure, axes = plt.subplots(2, 1, figsize=(5.4, 6), layout="constrained")
for axis, column in zip(axes, ("loss", "accuracy")):
    fc.plots.history(recorded, column=column, ax=axis)
axes[1].yaxis.set_major_formatter("{x:.0%}");

# %% [markdown]
# The loss on validation faces is lowest at epoch 5 and stays near that until epoch 8. Then it turns up, while that of the
# training faces goes on down. <!-- 03.recorded --> But the accuracy on validation faces does not fall: at the end it is a
# little higher than at epoch 5, <!-- 03.recorded --> and above the 55.1 % of A4, which had raw pixels and smaller
# batches. <!-- 03.adam --> The notebook of 2019 shows the same and does not mention it: its loss on PublicTest, which it
# calls the test loss, rises from 1.264 at epoch 7 to 2.009 at the end.
#
# How can the loss become worse while the accuracy does not fall? Now train with the 1,000 faces, which a network learns
# by heart in a minute, and measure after each epoch how sure it is when it is wrong.

# %%
few_faces = data.train.take(env.pick(smoke=100, lesson=1_000), seed=SEED)


def look(network):
    guess = fc.predict(network, data.valid)
    wrong = guess.y_pred != guess.y_true
    return guess, float(guess.probabilities.max(1)[wrong].mean())


# %%
torch.manual_seed(SEED)
memoriser, rows, guesses, sure_and_wrong = cnn(mean, std), [], [], []
settings = {"lr": 1e-3, "batch_size": 32, "seed": SEED, "precision": "auto", "device": env.device}
for row in fc.iter_fit(memoriser, (few_faces, data.valid), epochs=env.pick(smoke=2, lesson=25), **settings):
    rows.append(row)
    guess_now, confidence = look(memoriser)
    guesses.append(guess_now)
    sure_and_wrong.append(confidence)

# %% tags=["folded"]
epochs = range(1, len(rows) + 1)
figure, axes = plt.subplots(3, 1, figsize=(5.4, 7.5), layout="constrained", sharex=True)
axes[0].plot(epochs, [row["train_loss"] for row in rows], "--", color="C0", label="training faces")
axes[0].plot(epochs, [row["valid_loss"] for row in rows], color="C0", label="validation faces")
axes[0].legend(frameon=False)
axes[1].plot(epochs, [100 * each.accuracy for each in guesses], color="C0")
axes[2].plot(epochs, [100 * value for value in sure_and_wrong], color="C3")
for axis, label in zip(axes, ("loss", "validation accuracy (%)", "confidence when wrong (%)")):
    axis.set_ylabel(label)
axes[0].set_title(f"{len(few_faces):,} training faces, {data.source}", fontsize=10)
axes[2].set_xlabel("epoch");

# %%
lowest = int(np.argmin([row["valid_loss"] for row in rows]))
rise = 100 * (guesses[-1].accuracy - guesses[lowest].accuracy)
by_rise = {"fall by over 3 points": rise < -3, "rise by over 3 points": rise > 3}
fc.reveal("03.5", next((words for words, held in by_rise.items() if held), "stay within 3 points"))

# %%
on_training = fc.predict(memoriser, few_faces)
figures = {"on its own training faces": on_training, "on validation faces": guesses[-1]}
fc.record(figures | {"on validation faces, at the lowest loss": guesses[lowest]})

# %% [markdown]
# The validation loss turns up before the end, while the training loss goes on down. <!-- 03.turns --> The accuracy does
# not clearly fall with it. <!-- 03.apart --> The third panel says why. The network grows surer of its wrong
# answers. <!-- 03.sure --> Accuracy asks only which answer is largest. The loss also asks how sure the network was. A
# wrong answer with 99 % leaves the true emotion at most 1 %, which costs at least ln 100 = 4.6. One with 50 % costs at
# least ln 2 = 0.7. So the loss counts how sure a wrong answer was, and accuracy does not. If the probabilities matter
# to you, stop near the lowest loss. If only the answers matter, going on did no measured harm here. <!-- 03.apart -->
#
# How much was learned by heart is a number too. Grade the finished network on its training faces as on the others, in
# the same mode, without dropout. The difference between the first two lines of the table measures the part of what it
# knows that helps on the training faces only, and it is large. <!-- 03.heart -->
#
# A network that can overfit is at least large enough for its training faces. Overfitting is a reason to
# ask for more faces, or for faces that are never quite the same twice. That is lesson 04.
#
# ## What you can say now
#
# Each sentence is tied to the runs above.

# %% tags=["folded"]
top, left = divmod(int(edges.argmax()), edges.shape[1])
fc.claim("03.edge", bool(face[top, left : left + 3].mean() < face[top + 2, left : left + 3].mean()),
         "Where a kernel's sum is largest, the face looks like the kernel: dark above, bright below.")  # fmt: skip
fc.claim("03.moves", along, "A convolution's map moves along with the face, number for number.")
fc.claim("03.dense", round(100 * sizes["fully connected"] / sum(sizes.values())) == 96,
         "Of every hundred weights of this CNN, 96 are in its fully connected layers.")  # fmt: skip


def better(one, other):
    """The course's rule: True or False where the paired test decides, None where it does not."""
    paired = one.versus(other)
    return None if paired.p_value >= 0.05 else paired.wins > paired.losses


fc.claim("03.sliding", better(guess, mlp_guess), needs="lesson",
         sentence="At equal epochs the network that slides is better than the MLP.")  # fmt: skip
fc.claim("03.kernels", better(guess, mixed_guess), needs="lesson",
         sentence="With its untrained first kernels put back, the trained network is worse.")  # fmt: skip
kept_direction = F.cosine_similarity(untrained[1].weight.flatten(1), model[1].weight.flatten(1)).median().item()
fc.claim("03.resemble", kept_direction > 0.7, needs="lesson",
         sentence="At least half of the first kernels still resemble their random beginning: the cosine of before and after is over 0.7.")  # fmt: skip
fc.claim("03.uneven", bool(gain.max() - gain.min() > 20), needs="lesson",
         sentence="From MLP to CNN one emotion gains over 20 points more than another.")  # fmt: skip
fc.claim("03.disgust", bool(guess.report()["recall"]["Disgust"] < guess.report()["recall"]["macro"]), needs="lesson",
         sentence="The CNN finds a smaller share of Disgust than the mean of all seven emotions.")  # fmt: skip


def follows(maps):
    """The median over maps of how closely each follows the pixels: the size of their correlation."""
    small = F.interpolate(one_face, maps.shape[-2:], mode="area")[0, 0].flatten()
    lively = [one.flatten() for one in maps.detach().float() if one.max() > 0]
    return float(np.median([abs(torch.corrcoef(torch.stack([small, one]))[0, 1].item()) for one in lively]))


fc.claim("03.maps", follows(model[:3](one_face)[0]) > follows(model[:9](one_face)[0]), needs="lesson",
         sentence="The first maps follow the pixels of the face more closely than the last ones.")  # fmt: skip
floor = data.valid.counts()["Happy"] / len(data.valid)
moved_by_six = {name: each[3].interval() for name, each in moved_guesses.items()}
fc.claim("03.moved", better(moved_guesses["CNN"][0], moved_guesses["CNN"][3]) is True
         and moved_by_six["CNN"][0] > floor > moved_by_six["MLP"][0], needs="lesson",
         sentence="Moved by six pixels the CNN is worse than in place. Its interval still lies above always Happy; that of the MLP does not.")  # fmt: skip
valid_losses, train_losses = recorded["valid_loss"], recorded["train_loss"]
turn = int(np.argmin(valid_losses))
fc.claim("03.recorded", turn == 4 and max(valid_losses[4:8]) < valid_losses[turn] + 0.05
         and valid_losses[-1] > valid_losses[turn] + 0.5 and train_losses[-1] < train_losses[turn]
         and recorded["valid_accuracy"][-1] > recorded["valid_accuracy"][turn],
         "In the recorded training on FER2013 the validation loss is lowest at epoch 5 of 15, near that to epoch 8, far above at the end; the accuracy is higher at the end.")  # fmt: skip
costs = guesses[-1].losses - guesses[lowest].losses
clear = bool(costs.mean() > 2 * costs.std() / len(costs) ** 0.5)
fc.claim("03.turns", clear and rows[-1]["train_loss"] < rows[lowest]["train_loss"], needs="lesson",
         sentence="On 1,000 faces the validation loss turns up, by more than chance explains (two standard errors); the training loss falls.")  # fmt: skip
fc.claim("03.apart", better(guesses[lowest], guesses[-1]) is not True, needs="lesson",
         sentence="From the lowest loss to the end, the paired test finds no fall in accuracy.")  # fmt: skip
fc.claim("03.sure", sure_and_wrong[-1] > sure_and_wrong[lowest] + 0.1, needs="lesson",
         sentence="From the lowest loss to the end, the confidence of wrong answers grows by over ten points.")  # fmt: skip
fc.claim("03.heart", on_training.interval()[0] > guesses[-1].interval()[1], needs="lesson",
         sentence="What was learned by heart is more than chance: the intervals on training and validation faces lie apart.")  # fmt: skip
fc.claim("03.adam", recorded["valid_accuracy"][-1] > 0.551,
         "The recorded training of the CNN with Adam ends above the 55.1 % of 2019 on PublicTest.")  # fmt: skip
fc.claims()

# %% [markdown]
# **What to remember.** A convolution uses the same weights everywhere, and its map moves along with the face. Its
# shapes can be counted in your head. Two networks on the same faces are compared by the faces on which they differ. A
# loss that rises while the accuracy does not clearly fall can come from wrong answers of which the network is too sure.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/03_cnns_adam_sgd.ipynb), each with a check that answers
# at once, hints, and the solution as the last hint. The others on that sheet belong to
# [part two, Adam against SGD](03b_adam_against_sgd.ipynb).
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 03.1 | The sides of two maps and the width of a layer, in your head. | recall | 5 |
# | 03.2 | Write `conv_output_side`, and refuse a kernel that does not fit. | code | 15 |
# | 03.5 | Take the ReLU from between two convolutions. What is left of thirty convolutions? | break | 15 |
# | 03.7 | Improve it: a CNN that is better than a small one, in two minutes of training. | improve | 20 |
#
# ## References
#
# - LeCun and others, *Gradient-Based Learning Applied to Document Recognition* (1998): kernels that slide, pooled, then
#   fully connected layers.
# - Zeiler and Fergus, *Visualizing and Understanding Convolutional Networks* (2014): what maps and kernels show, and
#   how to test it.
# - McNemar, *Note on the Sampling Error of the Difference Between Correlated Proportions or Percentages* (1947).
# - Guo and others, *On Calibration of Modern Neural Networks* (2017): networks that are surer than they are right.
