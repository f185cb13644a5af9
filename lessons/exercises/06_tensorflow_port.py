# ---
# title: rows, orders and defaults that two frameworks read differently
# exercises:
#   - {id: "06.1", title: Before and after, kind: recall, difficulty: 1, minutes: 10}
#   - {id: "06.2", title: The way back, kind: code, difficulty: 3, minutes: 25}
#   - {id: "06.3", title: "Logits, taken for probabilities", kind: break, difficulty: 2, minutes: 20}
#   - {id: "06.6", title: "Where do they part?", kind: debug, difficulty: 3, minutes: 25}
#   - {id: "06.7", title: One step from many parts, kind: code, difficulty: 3, minutes: 20}
#   - {id: "06.8", title: Four arrays and two numbers, kind: code, difficulty: 2, minutes: 15}
#   - {id: "06.9", title: Improve it, kind: improve, difficulty: 2, minutes: 20}
# ---

# %%
import copy

from fercourse.tf import seed_everything  # loads TensorFlow without its log
import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch import nn

# %% [markdown]
# This sheet belongs to both parts of the lesson: 06.2, 06.3 and 06.7 to the first, 06.1, 06.6, 06.8 and 06.9 to the
# second; the numbers 06.4 and 06.5 are not used. You need TensorFlow: 06.3 and 06.7 to 06.9 are done in it.
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
# Now the proof, with the weights from above. No number in them repeats, so a swapped axis changes the logits. What
# rounding leaves is far under 1e-10.

# %%
torch_kernel, torch_dense = map(torch.as_tensor, to_torch(kernel, dense, 5, 3, 4))
maps = F.conv2d(torch.tensor(pictures).permute(0, 3, 1, 2), torch_kernel)
torch_logits = F.linear(maps.flatten(1), torch_dense).numpy()
print(f"largest difference: {np.abs(torch_logits - keras_logits(pictures, kernel, dense)).max():.1e}")

# %% hidden="06.2" points=1
# Nothing to do here: where a teacher grades your sheet, another network comes along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import plain

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
# Leave `from_logits=True` out, and Keras takes your seven logits for probabilities. First it clips them to between 0 and
# 1, because the logarithm of 0 is infinite. Then it divides by their sum, and takes minus the logarithm of the right
# one. Here are both losses, as Keras has them.

# %%
keras_with = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
keras_without = keras.losses.SparseCategoricalCrossentropy()


# %%
fc.guess(
    "06.e3",
    "The right logit of a face is −0.5. Which is the lowest loss that the other six can give it?",
    options=["about 0", "about 1.95", "about 16"],
)

# %%
found = {}
for others in (3.0, 0.5, -3.0):
    logits = tf.Variable([[-0.5] + 6 * [others]])
    with tf.GradientTape() as tape:
        loss = keras_without(tf.constant([0]), logits)
    slopes = ", ".join(f"{slope:.2f}" for slope in tape.gradient(loss, logits).numpy()[0])
    found[others] = float(loss)
    print(f"right -0.5, others {others:4}: loss {found[others]:5.2f}, slopes {slopes}")

# %%
options = {0: "about 0", np.log(7): "about 1.95", 16: "about 16"}
fc.reveal("06.e3", options[min(options, key=lambda loss: abs(loss - min(found.values())))])

# %% [markdown]
# One face is not a training. So learn seventy drawn faces by heart with a linear model: once with the loss that is
# meant, once without `from_logits=True`, each from three different draws of first weights. You see the first loss and
# the last.

# %%
faces = fc.drawn_faces(70, 0, 0, seed=1).train
pixels, labels = faces.images.reshape(70, -1) / np.float32(255), faces.labels
pixels = (pixels - pixels.mean()) / pixels.std()


def first_and_last_loss(loss_of, seed, *behind):
    seed_everything(seed)
    model = keras.Sequential([keras.Input((2304,)), keras.layers.Dense(7), *behind])
    losses, optimizer = [], keras.optimizers.SGD(0.1)
    for _ in range(40):
        with tf.GradientTape() as tape:
            losses.append(loss_of(labels, model(pixels)))
        optimizer.apply(tape.gradient(losses[-1], model.trainable_variables), model.trainable_variables)
    return f"{float(losses[0]):.2f} → {float(losses[-1]):.2f}"


# %%
for seed in range(3):
    print(f"with {first_and_last_loss(keras_with, seed)}", end="   ")
    print(f"without {first_and_last_loss(keras_without, seed)}")

# %% [markdown]
# In a cell of your own, run `first_and_last_loss(keras_without, 0, keras.layers.Softmax())`. What has the softmax
# repaired?
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
# Write `first_difference(ours, theirs, atol)`. Both are lists of arrays, one for each stage. In `ours` an array with
# four axes has its channels last, in `theirs` first; other arrays stand in the same order in both. Return the number of
# the first stage, counted from 0, at which any two numbers differ by more than `atol`, and `None` where all stages
# agree.
#
# The `first_difference` of the lesson asks whether a gap is larger than 0.0001. For a NaN the answer is no, and it goes
# on. Yours must miss nothing. A NaN agrees with nothing. Shapes that do not fit are a difference, also where NumPy would
# stretch one to the other. Height, width and channels may be equal by accident: turn the axes then as well. And
# `np.allclose` allows large numbers a larger difference, unless you forbid it.

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
# Nothing to do here: where a teacher grades your sheet, more stages come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import same

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
# the gradient: at which step, counted from 0, are they more than 0.000001 apart?

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
# The smaller the gradient, the earlier they part. Neither training is wrong.

# %% [markdown] hints="06.6"
# - Take one pair of arrays first. If it has four axes, bring both into the same order: which of the two do you turn, and how? Turn it always, not only when the shapes differ.
# - The shapes come first. Only where they are equal may you subtract.
# - Every comparison with NaN is false. So do not ask whether a difference is larger than `atol`. Ask whether all of them are at most `atol`, and answer "not all" with the stage's number.

# %% [markdown]
# ## 06.7 · One step from many parts
#
# You want the step that a batch of 200 faces gives, and only 60 fit into memory at once. So cut the batch into parts, add
# up what each part says, and take *one* step at the end. This is called gradient accumulation. Here is a batch, whole and
# in four parts, the last of which is short.

# %%
whole = tf.constant(pixels), tf.constant(labels)
parts = [(whole[0][start : start + 20], whole[1][start : start + 20]) for start in range(0, 70, 20)]
print("faces in each part:", [len(part_labels) for _, part_labels in parts])

# %% [markdown]
# Write `accumulated_step(model, parts, rate)` with `tf.GradientTape`. `model` is a Keras model that answers with logits,
# `parts` a list of (images, labels). Every weight moves once, against the gradient of the mean cross-entropy over *all*
# faces, times `rate`: plain SGD, by `variable.assign_sub(…)`. Return that mean loss, as it was before the step.
#
# However the same faces are cut into parts, the step and the loss must stay the same. That is the test.

# %% answer="06.7"
def accumulated_step(model, parts, rate):
    ### BEGIN SOLUTION
    faces = sum(len(labels) for _, labels in parts)
    mean_loss, slopes = 0.0, [0.0 for _ in model.trainable_variables]
    for images, labels in parts:
        with tf.GradientTape() as of_part:
            logits = model(images, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            share = tf.reduce_sum(losses) / faces
        found = of_part.gradient(share, model.trainable_variables)
        slopes = [slope + more for slope, more in zip(slopes, found)]
        mean_loss += float(share)
    for variable, slope in zip(model.trainable_variables, slopes):
        variable.assign_sub(rate * slope)
    return mean_loss
    ### END SOLUTION


# %% check="06.7" points=2
fc.check("06.7", accumulated_step)

# %%
seed_everything(7)
first = keras.Sequential([keras.Input((2304,)), keras.layers.Dense(7)])
second = keras.models.clone_model(first)
second.set_weights(first.get_weights())
print(f"whole: {accumulated_step(first, [whole], 0.1):.5f}, in parts: {accumulated_step(second, parts, 0.1):.5f}")

# %% hidden="06.7" points=1
# Nothing to do here: where a teacher grades your sheet, other faces, in other parts, come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import ask, plain
from fercourse.classroom.probes import keras_step

generator = np.random.default_rng(67)
pictures, told = generator.normal(size=(31, 5)).astype("float32"), generator.integers(0, 7, 31)
start = [generator.normal(size=(5, 7)).astype("float32"), generator.normal(size=7).astype("float32")]
came = []
for cuts in ([], [30], [1, 2, 3, 20]):
    edges = [0, *cuts, 31]
    cut = [(pictures[a:b], told[a:b]) for a, b in zip(edges, edges[1:])]
    loss, *after = plain(ask(keras_step, accumulated_step, *start, cut, 0.3))
    came.append((np.asarray(loss, float), *after))
for other in came[1:]:
    assert np.allclose(other[0], came[0][0], rtol=0, atol=1e-4), "the loss depends on how the faces are cut into parts"
    assert np.abs(other[1] - came[0][1]).max() < 1e-4, "the step depends on how the faces are cut into parts"
assert np.abs(came[0][1] - start[0]).max() > 1e-3, "no weight has moved"
### END HIDDEN TESTS

# %% [markdown] hints="06.7"
# - The gradient of a sum is the sum of the gradients. So the mean over all faces can be put together from parts, if each part contributes its *sum* of losses and not its mean.
# - Count all faces first. For each part open a tape, compute the losses of its faces, and divide their sum by the number of *all* faces. Ask the tape for the gradients of that, and add them to those of the parts before.
# - Move the weights only after the last part. A part that is evaluated after a step has seen other weights.

# %% [markdown]
# ## 06.8 · Four arrays and two numbers
#
# One layer of a network has to move, a trained batch norm of PyTorch. Here it is; some faces have gone through it, so
# that its running mean and variance are its own.

# %%
torch.manual_seed(8)
trained_norm = nn.BatchNorm2d(3, eps=1e-2, momentum=0.25)
nn.init.uniform_(trained_norm.weight), nn.init.uniform_(trained_norm.bias)
for start in range(0, 60, 20):
    some = torch.tensor(faces.images[start : start + 20, None]) / 255
    trained_norm(nn.functional.conv2d(some, torch.randn(3, 1, 5, 5)))
arrays = {name: array.numpy() for name, array in trained_norm.state_dict().items() if array.ndim}
for name, array in arrays.items():
    print(f"{name:13}", *(f"{number:.2f}" for number in array))

# %% [markdown]
# Write `keras_norm(weight, bias, running_mean, running_var, eps, momentum)`. It gets the four arrays and PyTorch's two
# numbers, and returns a `keras.layers.BatchNormalization` for maps with channels last. In evaluation it must give what
# PyTorch's layer gives, and if it is trained on, its running mean must follow the batches as fast as PyTorch's would.

# %% answer="06.8"
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    ### BEGIN SOLUTION
    layer = keras.layers.BatchNormalization(epsilon=eps, momentum=1 - momentum)
    layer.build((None, None, None, len(weight)))
    layer.set_weights([weight, bias, running_mean, running_var])
    return layer
    ### END SOLUTION


# %% check="06.8" points=2
fc.check("06.8", keras_norm)

# %%
maps = np.random.default_rng(8).normal(size=(2, 6, 6, 3)).astype("float32")
ported_norm = keras_norm(*arrays.values(), trained_norm.eps, trained_norm.momentum)
in_evaluation = trained_norm.eval()(torch.tensor(maps).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
print(f"largest difference: {np.abs(ported_norm(maps).numpy() - in_evaluation.detach().numpy()).max():.1e}")

# %% hidden="06.8" points=1
# Nothing to do here: where a teacher grades your sheet, other arrays come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import ask, plain
from fercourse.classroom.probes import keras_layer

generator = np.random.default_rng(68)
four = [generator.uniform(0.5, 2, 5).astype("float32") for _ in range(4)]
given = generator.normal(size=(3, 4, 2, 5)).astype("float32")
came = plain(ask(keras_layer, keras_norm, (*four, 0.1, 0.4), given))
wanted = four[0] * (given - four[2]) / np.sqrt(four[3] + 0.1) + four[1]
assert np.abs(came["evaluated"] - wanted).max() < 1e-4, "in evaluation it gives something else than PyTorch's layer"
followed = 0.6 * four[2] + 0.4 * given.mean((0, 1, 2))
assert np.abs(came["mean"] - followed).max() < 1e-4, "its running mean follows the batches at another speed"
### END HIDDEN TESTS

# %% [markdown] hints="06.8"
# - A layer of Keras has no arrays before it knows its input. `layer.build(shape)` tells it: `(None, None, None, channels)`, where `None` stands for any number of faces, rows and columns.
# - `layer.get_weights()` of a built layer shows how many arrays it wants, and `[variable.name for variable in layer.weights]` in which order. `set_weights` takes a list in that order.
# - Two of Keras' defaults differ from PyTorch's numbers. The small number is called `epsilon`. And `momentum` means the weight of the old mean there, and the weight of the new batch in PyTorch.

# %% [markdown]
# ## 06.9 · Improve it
#
# A colleague has trained a small network in PyTorch: eight kernels, sixteen kernels and one layer, on 2,000 faces. Build and
# train a better one in Keras. It is judged on faces that it has not seen, face by face beside the colleague's: it has to
# be right clearly more often (the paired test of lesson 03, p under 0.05). The check shows both scores, on faces to
# practise on.
#
# What you know: more channels, a third convolution, batch norm (and its momentum, in a short training!), mirrored faces,
# another rate, early stopping. Two minutes of training are enough. `network()` returns the Keras model, untrained: float32
# (B, 48, 48, 1) from 0 to 1 in, seven logits out. It must stand alone: it may use imports and functions, but nothing that
# was computed while training, because the grader builds it again and trains nothing. Only its weights travel with your
# notebook, at most 1 MB of them.

# %% tags=["training"]
training = fc.drawn_faces(4_000, 500, 0, seed=69)
shown = training.valid.images[..., None] / np.float32(255), training.valid.labels

# %% answer="06.9"
def network():
    ### BEGIN SOLUTION
    stack = [keras.Input((48, 48, 1)), keras.layers.Rescaling(4.0, offset=-2.0)]
    for channels, stride in ((24, 2), (48, 1), (96, 1)):
        stack += [keras.layers.Conv2D(channels, 3, stride, padding="same", use_bias=False)]
        stack += [keras.layers.BatchNormalization(momentum=0.9), keras.layers.ReLU()]
        stack += [keras.layers.MaxPooling2D(2)] if stride == 1 else []
    return keras.Sequential([*stack, keras.layers.Flatten(), keras.layers.Dropout(0.3), keras.layers.Dense(7)])
    ### END SOLUTION


# %% train="06.9"
seed_everything(9)
model = network()
### BEGIN SOLUTION
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(keras.optimizers.Adam(2e-3), loss, metrics=["accuracy"])
stream = fc.tf.batches(training.train, 50, shuffle=True, seed=9)
stream = stream.map(lambda images, labels: (tf.image.random_flip_left_right(images), labels))
best = keras.callbacks.EarlyStopping("val_accuracy", patience=3, restore_best_weights=True)
log = model.fit(stream, validation_data=shown, epochs=10, callbacks=[best], shuffle=False, verbose=0).history
print(f"validation accuracy: {max(log['val_accuracy']):.1%}")
### END SOLUTION
fc.hand_in("06.9", model)

# %% check="06.9" points=1
fc.check("06.9", network)

# %% hidden="06.9" points=2
# Nothing to do here: where a teacher grades your sheet, your network meets 2,000 other faces.
### BEGIN HIDDEN TESTS
from fercourse.classroom.improve.judge import judge

better, why = judge("06.9", network, seed=640_219_375_508_663)
assert better, why
### END HIDDEN TESTS

# %% [markdown]
# Save the notebook (Ctrl+S), then run the next cell. It says whether your network is in the file that you hand in.

# %%
fc.saved("06.9")

# %% [markdown] hints="06.9"
# - Begin with the network of the lesson, `fc.tf.port_cnn(0.5, 0.25)`, train it on all 4,000 faces, and look at the validation accuracy. Then change one thing at a time.
# - What helped most in earlier lessons? A third convolution with more channels, batch norm, mirrored faces, and more epochs that early stopping cuts short. A stride of 2 in the first convolution makes each epoch four times as quick.
# - With batch norm, write `momentum=0.9`: 4,000 faces in batches of 50 are 80 steps an epoch, and with 0.99 the running means lag behind in the first epochs.
