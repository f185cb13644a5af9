# ---
# title: rows, orders and defaults that two frameworks read differently
# exercises:
#   - {id: "06.1", title: Before and after, kind: recall, difficulty: 1, minutes: 10}
#   - {id: "06.2", title: The way back, kind: code, difficulty: 3, minutes: 25}
#   - {id: "06.3", title: "Logits, taken for probabilities", kind: break, difficulty: 2, minutes: 20}
#   - {id: "06.4", title: A cost that counts wrong, kind: debug, difficulty: 2, minutes: 15}
#   - {id: "06.5", title: Same, kind: code, difficulty: 2, minutes: 15}
#   - {id: "06.6", title: "Where do they part?", kind: debug, difficulty: 3, minutes: 25}
# ---

# %%
import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# %% [markdown]
# TensorFlow is not needed here. What it does is written out in NumPy and PyTorch, and was compared with TensorFlow.
#
# ## 06.1 · Before and after
#
# "Same" promises an output side of side / stride, rounded up. TensorFlow adds as few rows of zeros as that takes,
# some before the first row and some after the last.
#
# A kernel of 5 moves with stride 2. How many rows come before, and how many after, on a face of 48 pixels a side? And
# on one of 47? No code, only your head and a pencil. Write each answer as a pair `(before, after)`.

# %% answer="06.1"
padding_48 = None
padding_47 = None
### BEGIN SOLUTION
padding_48 = (1, 2)  # 24 places need 23 · 2 + 5 = 51 rows: 3 are missing, the odd one comes after
padding_47 = (2, 2)  # 24 places again, 51 rows again: 4 are missing
### END SOLUTION

# %% check="06.1" points=2
fc.check("06.1", padding_48, padding_47)

# %% [markdown] hints="06.1"
# - How many places does the kernel have to have? "Same" tells you: the side divided by the stride, rounded up. It is one number for both faces.
# - The first place uses as many rows as the kernel is wide. Each further place needs as many new rows as the stride. How many rows is that together, and how many of them does the face not have?
# - What is missing is shared out between both ends. When it is odd, TensorFlow and PyTorch's `padding=1` differ: the lesson says where TensorFlow puts the odd row.

# %% [markdown]
# ## 06.2 · The way back
#
# The lesson carried weights from PyTorch to Keras. A colleague hands you the opposite: arrays out of a Keras model,
# for a network in PyTorch. This is how Keras uses them. Channels stand last, in the pictures, in the kernel, and in
# what the dense layer reads.

# %%
generator = np.random.default_rng(6)
kernel = generator.gamma(0.5, size=(2, 3, 1, 4))  # (height, width, in, out)
dense = generator.gamma(0.5, size=(5 * 3 * 4, 7))  # (inputs, units), right behind the flatten
pictures = generator.gamma(0.5, size=(8, 6, 5, 1))


def keras_logits(pictures, kernel, dense):
    windows = np.lib.stride_tricks.sliding_window_view(pictures, kernel.shape[:2], axis=(1, 2))
    maps = np.einsum("nhwcij,ijco->nhwo", windows, kernel)
    return maps.reshape(len(maps), -1) @ dense


keras_logits(pictures, kernel, dense).shape

# %% [markdown]
# Write `to_torch(kernel, dense, height, width, channels)`. It returns the pair `(kernel, dense)` as `nn.Conv2d` and
# `nn.Linear` keep them: (out, in, height, width) and (units, inputs). The last three arguments are the size of what
# is flattened, here 5, 3 and 4. Several wrong answers have the right shapes.

# %% answer="06.2"
def to_torch(kernel, dense, height, width, channels):
    ### BEGIN SOLUTION
    places = dense.reshape(height, width, channels, -1)
    channels_first = places.transpose(3, 2, 0, 1)
    return kernel.transpose(3, 2, 0, 1), channels_first.reshape(dense.shape[1], -1)
    ### END SOLUTION


# %% check="06.2" points=3
fc.check("06.2", to_torch)

# %% [markdown]
# Now the proof, with the weights from above. No number in them repeats, so a swapped axis cannot hide.

# %%
torch_kernel, torch_dense = map(torch.as_tensor, to_torch(kernel, dense, 5, 3, 4))
maps = F.conv2d(torch.tensor(pictures).permute(0, 3, 1, 2), torch_kernel)
torch_logits = F.linear(maps.flatten(1), torch_dense).numpy()
print(f"largest difference: {np.abs(torch_logits - keras_logits(pictures, kernel, dense)).max():.1e}")

# %% hidden="06.2" points=1
# Another network comes along here when your sheet is graded.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.compare import plain

colour, kept = generator.gamma(0.5, size=(5, 7, 6, 3)), generator.gamma(0.5, size=(3, 2, 3, 2))
rows = generator.gamma(0.5, size=(5 * 5 * 2, 4))
moved, turned = plain(to_torch(kept, rows, 5, 5, 2))
assert moved.shape == (2, 3, 3, 2), "three channels in and two out: the kernel has another shape"
assert turned.shape == (4, 50), "the dense layer has another shape"
sums = F.conv2d(torch.tensor(colour).permute(0, 3, 1, 2), torch.as_tensor(np.ascontiguousarray(moved)))
ours = sums.flatten(1).numpy() @ turned.T
assert np.abs(ours - keras_logits(colour, kept, rows)).max() < 1e-4, "colour pictures: the logits differ"
### END HIDDEN TESTS

# %% [markdown] hints="06.2"
# - Begin with the kernel. Its four axes only change places. `np.transpose` takes, for each new axis, the number of the old one that goes there.
# - The rows of `dense` are numbered place by place: all channels of the first place, then all channels of the next. PyTorch numbers them map by map. So a transpose of two axes cannot be enough. Where are the three hidden axes of the rows?
# - Reshape the rows into (height, width, channels), in this order, because this is how they were laid out. Then move the axes. Then flatten them again.

# %% [markdown]
# ## 06.3 · Logits, taken for probabilities
#
# Leave `from_logits=True` out, and Keras takes your seven logits for probabilities. First it clips them, because the
# logarithm of 0 is infinite. Then it divides by their sum. Here is what it does, in PyTorch.

# %%
def keras_without(logits, labels):
    chances = logits.clamp(1e-7, 1 - 1e-7)
    chances = chances / chances.sum(1, keepdim=True)
    return -chances[torch.arange(len(labels)), labels].log().mean()


# %%
fc.guess(
    "06.e3",
    "The right logit of a face is −0.5. Which is the lowest loss that the other six can give it?",
    options=["about 0", "about 1.95", "about 16"],
)

# %%
for others in (3.0, 0.5, -3.0):
    logits = torch.full((1, 7), others)
    logits[0, 0] = -0.5
    loss = keras_without(logits.requires_grad_(), torch.tensor([0]))
    loss.backward()
    slopes = ", ".join(f"{slope:.2f}" for slope in logits.grad[0].tolist())
    print(f"right -0.5, others {others:4}: loss {loss.item():5.2f}, slopes {slopes}")

# %%
fc.reveal("06.e3", "about 1.95")

# %% [markdown]
# One face is not a training. So learn seventy drawn faces by heart with a linear model: once with the loss that is
# meant, once without `from_logits=True`, from three first weights each. You see the first loss and the last.

# %%
faces = fc.drawn_faces(70, 0, 0, seed=1).train
pixels, labels = torch.tensor(faces.images).flatten(1) / 255, torch.tensor(faces.labels)
pixels = (pixels - pixels.mean()) / pixels.std()


def first_and_last_loss(loss_of, seed, *behind):
    torch.manual_seed(seed)
    model, losses = nn.Sequential(nn.Linear(2304, 7), *behind), []
    for _ in range(40):
        losses.append(loss_of(model(pixels), labels))
        slopes = torch.autograd.grad(losses[-1], list(model.parameters()))
        with torch.no_grad():
            for weights, slope in zip(model.parameters(), slopes):
                weights -= 0.1 * slope
    return f"{losses[0].item():.2f} → {losses[-1].item():.2f}"


# %%
for seed in range(3):
    print(f"with {first_and_last_loss(F.cross_entropy, seed)}", end="   ")
    print(f"without {first_and_last_loss(keras_without, seed)}")

# %% [markdown]
# In a cell of your own, run `first_and_last_loss(keras_without, 0, nn.Softmax(1))`. What has the softmax repaired?
#
# Explain in your own words, in five to ten sentences: What becomes of a logit under 0, and of one over 1? Why can a
# face whose right logit is under 0 not get under ln 7, and why does that logit not rise? Why does nothing complain?
# And three tests of this course: the first loss of an untrained network, the loss of one whose logits are all zero, a
# handful of faces learnt by heart. Which of them would have caught it?

# %% [markdown] answer="06.3" points=4
# ### BEGIN SOLUTION
# A logit under 0 is clipped to 0.0000001 and one over 1 to almost 1: how far it lies outside no longer matters. If
# the right logit is under 0, its share is largest when the other six are under 0 as well; then all seven are clipped
# to the same number, each gets one seventh, and the loss is ln 7 = 1.95. Nothing can take it lower while the right
# logit stays there. And it stays: behind a clip there is no slope, so this face never pulls its own logit up. It
# moves only if other faces happen to move the weights. In the run none of the three gets near the losses of the right
# one.
#
# Nothing complains because everything is valid. Seven numbers go in, shapes fit, the clip keeps the logarithm finite,
# the loss is positive and falls at first, and accuracy takes the largest logit, which is right for either reading.
#
# An untrained network catches it: about half of the right logits are under 0, so its first loss is far over ln 7.
# Learning a few faces by heart catches it too: the loss stands still. Logits that are all zero do not: they are
# clipped to seven equal numbers, and ln 7 comes out, for the wrong reason. The repair is `from_logits=True`, or a
# softmax as last layer, whose outputs are probabilities; one of the two, not both.
#
# **Rubric**
#
# - 1 point: clipped to between 0 and 1, and shared out; all seven under 0 are equal, which gives ln 7 at best.
# - 1 point: no slope behind the clip, so the right logit cannot rise by its own face.
# - 1 point: why nothing complains, with two reasons: shapes, finite and falling loss, accuracy by the largest logit.
# - 1 point: the first loss and the faces learnt by heart catch it, the logits of zero do not. Half a point for two of three.
# - The softmax, explained, can make good half a point that is missing elsewhere.
# ### END SOLUTION

# %% [markdown] hints="06.3"
# - Look at the slopes that were printed. Which of the seven logits would move in the next step, and in which direction? Which never?
# - Put seven logits under 0 through `keras_without` on paper: clip, divide by the sum, take minus the logarithm of the right one.
# - Work through the three tests one by one with the function. For the first one: of seven logits drawn around 0, how many are under 0? For the second one: what does the clip make of seven zeros?

# %% [markdown]
# ## 06.4 · A cost that counts wrong
#
# The cost of 2019, as it was. Each batch's mean loss is added up and divided by the number of batches, which is the
# number of faces divided by the batch size, rounded down. A model that answers one seventh for every emotion has to
# cost 1.946.

# %%
def cost_of_2019(batch_means, faces, size=50):
    return sum(batch_means) / (faces // size)


for amount in (100, 99, 2009, 28709):
    means = [np.log(7)] * int(np.ceil(amount / 50))
    print(f"{amount:6} faces: cost {cost_of_2019(means, amount):.3f}")

# %% [markdown]
# "Then divide by all the batches", says somebody, and all four are right. Are they? Here are 2,009 faces again: 2,000
# easy ones, and in the last batch nine on which the model is badly wrong.

# %%
means = [1.0] * 40 + [10.0]
print(f"of 2019: {cost_of_2019(means, 2009):.3f}, by all batches: {np.mean(means):.3f}")

# %% [markdown]
# Neither is the mean loss of a face. Write `epoch_cost(batch_means, sizes)`: two lists of numbers, for each batch the
# mean loss of its faces and how many they were. It returns the mean loss over all faces. Where the lists are not
# equally long, or hold no batch at all, it raises a `ValueError`: an epoch that lost a batch should not look like a
# good one.

# %% answer="06.4"
def epoch_cost(batch_means, sizes):
    ### BEGIN SOLUTION
    if not sizes or len(batch_means) != len(sizes):
        raise ValueError(f"{len(batch_means)} means for {len(sizes)} batches")
    total = sum(mean * size for mean, size in zip(batch_means, sizes))
    return total / sum(sizes)
    ### END SOLUTION


# %% check="06.4" points=2
fc.check("06.4", epoch_cost)

# %%
print(f"2,009 faces, by faces: {epoch_cost(means, [50] * 40 + [9]):.3f}")

# %% hidden="06.4" points=1
# More epochs come along here when your sheet is graded.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.compare import same

losses = np.random.default_rng(4).gamma(1.0, size=1009)
for size in (1, 64, 1008, 5000):
    parts = [losses[start : start + size] for start in range(0, 1009, size)]
    came = epoch_cost([float(part.mean()) for part in parts], [len(part) for part in parts])
    case = f"the same faces in batches of {size}"
    assert same(came, losses.mean(), atol=1e-6), f"{case}: the cost depends on the batch size"
one_order, another = epoch_cost([4.0, 1.0], [1, 3]), epoch_cost([1.0, 4.0], [3, 1])
assert same(one_order, another, atol=1e-9), "the order of the batches counts"
### END HIDDEN TESTS

# %% [markdown] hints="06.4"
# - A mean is a sum divided by a count. What is the sum of the losses of one batch, if you know its mean and its size?
# - Add up the sums of all batches, and divide once, at the end, by the number of all faces.
# - `zip` stops at the shorter of two lists and says nothing. Ask for the lengths first, or give it `strict=True`.

# %% [markdown]
# ## 06.5 · Same
#
# `nn.Conv2d(1, 8, 5, stride=2, padding="same")` raises an error: PyTorch has no "same" for strides. A port needs it
# all the same. What you counted in 06.1 becomes a function.
#
# `same_padding(side, kernel, stride)` returns the pair `(before, after)`, as whole numbers, for any side, kernel and
# stride from 1 on. Mind the kernel that is smaller than its stride.

# %% answer="06.5"
def same_padding(side, kernel, stride):
    ### BEGIN SOLUTION
    places = -(-side // stride)  # rounded up
    missing = max((places - 1) * stride + kernel - side, 0)
    return missing // 2, missing - missing // 2
    ### END SOLUTION


# %% check="06.5" points=2
fc.check("06.5", same_padding)

# %% [markdown]
# `nn.Conv2d(…, padding=p)` puts p rows on both sides. With which kernels can it do what "same" does, on 48 pixels? At
# stride 1 you expect the odd ones. And at stride 2?

# %%
for stride in (1, 2, 3):
    equal = [kernel for kernel in range(1, 9) if len(set(same_padding(48, kernel, stride))) == 1]
    print(f"stride {stride}: kernels of {', '.join(map(str, equal))}")

# %% hidden="06.5" points=1
# More sides, kernels and strides come along here when your sheet is graded.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.compare import plain, same

assert same(same_padding(48, 5, 2), [1, 2], whole=True), "kernel 5, stride 2 on 48 pixels, as in 06.1"
assert same(same_padding(47, 5, 2), [2, 2], whole=True), "kernel 5, stride 2 on 47 pixels, as in 06.1"
for side, kernel, stride in [(1, 1, 1), (1, 4, 1), (2, 1, 7), (33, 8, 5), (64, 11, 4), (100, 2, 9)]:
    before, after = plain(same_padding(side, kernel, stride))
    case = f"same_padding({side}, {kernel}, {stride})"
    assert before >= 0 and after >= 0, f"{case}: a padding is never negative"
    assert 0 <= after - before <= 1, f"{case}: the two sides differ by one at most, and the odd row comes after"
    places = (side + before + after - kernel) // stride + 1
    assert places == int(np.ceil(side / stride)), f"{case}: not the promised side"
### END HIDDEN TESTS

# %% [markdown] hints="06.5"
# - Say again what you did in 06.1: places, rows that they need, rows that are missing, who gets the odd one.
# - The side divided by the stride, rounded up, can be had in whole numbers: `-(-side // stride)`. The places need (places − 1) · stride + kernel rows.
# - With a kernel of 1 and a stride of 3 more rows are there than needed. A padding cannot be negative.

# %% [markdown]
# ## 06.6 · Where do they part?
#
# Two networks should be one, and their logits differ. You do not read their weights: you push the same faces through
# both, keep what comes out of each stage, and let a function find the first stage at which the two part.
#
# A tool that finds bugs is tested on a bug that you planted. Here a port keeps Keras' epsilon in its batch
# normalisation. The faces are dim, a tenth of the grey levels.

# %%
def activations(model, images):
    stages = []
    for layer in model:
        images = layer(images)
        stages.append(images.detach().numpy())
    return stages


# %%
torch.manual_seed(6)
original = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
port = copy.deepcopy(original)
port[1].eps = 1e-3  # what Keras adds to the variance; PyTorch adds 1e-5
dim = 0.1 * torch.tensor(faces.images[:16, None]) / 255
theirs = activations(original, dim)
ours = [stage.transpose(0, 2, 3, 1) for stage in activations(port, dim)]  # as Keras would give them
print([stage.shape for stage in ours])

# %% [markdown]
# Write `first_difference(ours, theirs, atol)`. Both are lists of arrays, one a stage. In `ours` an array with four
# axes has its channels last, in `theirs` first; other arrays stand in the same order in both. Return the number of
# the first stage, counted from 0, at which any two numbers differ by more than `atol`, and `None` where all stages
# agree.
#
# It must not be fooled. Not by height, width and channels that are equal by accident, nor by large numbers, of which
# `np.allclose` forgives a part unless you forbid it. A NaN agrees with nothing. And shapes that do not fit are a
# difference, also where NumPy would stretch one to the other.

# %% answer="06.6"
def first_difference(ours, theirs, atol):
    ### BEGIN SOLUTION
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
    return None
    ### END SOLUTION


# %% check="06.6" points=3
fc.check("06.6", first_difference)

# %%
print("0 convolution, 1 batch norm, 2 relu, 3 pool. They part at", first_difference(ours, theirs, 1e-4))

# %% hidden="06.6" points=1
# More stages come along here when your sheet is graded.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.compare import same

cube = np.random.default_rng(8).normal(size=(2, 4, 4, 4))
swapped = [cube.transpose(0, 3, 1, 2), cube.transpose(0, 3, 2, 1)]
height_and_width_swapped = first_difference([cube, cube], swapped, 1e-6)
assert same(height_and_width_swapped, 1), "a picture with height and width swapped is another picture"
last_beside_first = first_difference([cube], [cube], 1e-6)
assert same(last_beside_first, 0), "channels last beside channels first, of equal sizes, are different"
assert same(first_difference([cube[0, 0]], [cube[0, 0]], 0.0), None), "arrays of two axes are compared as they are"
below = first_difference([np.array([-1.0])], [np.array([1.0])], 0.5)
assert same(below, 0), "ours under theirs is a difference as well"
nan = np.array([0, 0, np.nan])
assert same(first_difference([np.zeros(3)] * 2, [np.zeros(3), nan], 1.0), 1), "a NaN agrees with nothing"
assert same(first_difference([], [], 0.1), None), "without stages nothing differs"
### END HIDDEN TESTS

# %% [markdown]
# The same function reads a training step by step. Where the gradient stays the same, one step of Adam has the length
# lr · gradient / (gradient + epsilon). PyTorch's epsilon is 1e-8. Keras' is 1e-7, and it is added *before* the
# correction for the start, which makes it larger in the first steps. Ten steps from equal weights, for three sizes of
# the gradient: at which step are they more than 0.000001 apart?

# %%
def ten_steps(gradient, epsilons, lr=1e-3):
    steps = [lr * gradient / (gradient + epsilon) for epsilon in epsilons]
    return [np.array([-moved]) for moved in np.cumsum(steps)]


in_torch = [1e-8] * 10
in_keras = [1e-7 / np.sqrt(1 - 0.999**step) for step in range(1, 11)]
for gradient in (1.0, 0.01, 0.0001):
    apart = first_difference(ten_steps(gradient, in_keras), ten_steps(gradient, in_torch), 1e-6)
    print(f"gradient {gradient}: they part at", apart)

# %% [markdown]
# With large gradients nobody would ever see it. With small ones the first step differs, and neither training is
# wrong.

# %% [markdown] hints="06.6"
# - Take one pair of arrays first. If it has four axes, bring both into the same order: which of the two do you turn, and how? Turn it always, not only when the shapes differ.
# - The shapes come first. Only where they are equal may you subtract.
# - Every comparison with NaN is false. So do not ask whether a difference is larger than `atol`. Ask whether all of them are at most `atol`, and answer "not all" with the stage's number.
