# ---
# title: seven statements, a layer that is asked, a mark on nothing, eight bits, and what changed
# exercises:
#   - {id: "11.1", title: Seven statements, kind: recall, difficulty: 1, minutes: 10}
#   - {id: "11.2", title: Asked at a layer, kind: code, difficulty: 2, minutes: 30}
#   - {id: "11.3", title: A mark on nothing, kind: break, difficulty: 2, minutes: 30}
#   - {id: "11.4", title: "Eight bits, three mistakes", kind: debug, difficulty: 2, minutes: 20}
#   - {id: "11.5", title: What the accuracy does not show, kind: code, difficulty: 2, minutes: 20}
# ---

# %%
import math

import numpy as np
import torch
from torch import nn

# %% [markdown]
# This sheet belongs to both parts of the lesson: 11.2 and 11.3 to the first, 11.4 and 11.5 to the second. Nothing here is trained.
#
# ## 11.1 · Seven statements
#
# No code here. Which of these statements are true?
#
# - `A`: A hook that nobody takes away runs at every later call of its layer.
# - `B`: In evaluation mode, the gradient of the *sum* of many faces' logits holds for each face the gradient of its own logit.
# - `C`: A map that becomes another one when the weights are replaced by random ones has been shown to be right.
# - `D`: `torch.onnx.export` raises an error where its example has one face only, because it cannot know how many will come.
# - `E`: One filter holds the largest weight of its layer. It becomes the same whole numbers, whether each filter has a scale of its
#   own or all have one scale together.
# - `F`: Where the paired test sees no difference between the networks with 32 and with 8 bits, both give the same answers.
# - `G`: In the European Union a school may let a network infer its pupils' emotions in class, as long as no picture is kept.
#
# `true` is a text with the letters of those that are, such as `"CF"`. Then two numbers.
#
# - `covered`: how many covered faces does occlusion ask the network about, for one face of 48 × 48 pixels, a square of 12 × 12 and
#   steps of 6 pixels?
# - `products`: activations go from 0 to 255, weights take **five** of the eight bits, and sums have 16 bits, with 32,767 as their
#   largest number. How many products can be added at most so that the sum fits, whatever their values?

# %% answer="11.1"
true = None
covered = None
products = None
### BEGIN SOLUTION
true = "ABE"
covered = 49  # (48 − 12) / 6 + 1 places along each side
products = 8  # the largest weight is 15, the largest product 3,825
### END SOLUTION

# %% check="11.1" points=2
fc.check("11.1", true, covered, products)

# %% [markdown] hints="11.1"
# - Each statement is decided by a paragraph of the lessons: hooks and the sum of logits in "What a layer answers" and "Grad-CAM by hand", the others in "Is it true?", "An export by hand", "Eight bits", "As accurate, and not the same" and "What the law says".
# - For `E` write down both scales of that filter. For `F` ask what the paired test compares: single answers, or how many of them are right?
# - Along one side the square begins at 0, 6, 12, … and ends at pixel 48. A weight of b bits goes up to 2 ** (b − 1) − 1.

# %% [markdown]
# ## 11.2 · Asked at a layer
#
# `at_layer(model, layer, images, codes)` asks a network about faces, and listens at one of its layers. It returns a pair of
# tensors, both of the shape of the layer's answer:
#
# - `answered`: what the layer answered to the faces;
# - `gradient`: for each face, the gradient of one of its logits, the one of its code, with respect to `answered`.
#
# The model is asked in evaluation mode. What follows the layer may write over its input, as `nn.ReLU(inplace=True)` does; `answered`
# is still what the layer itself gave, and `gradient` belongs to that. The weights may be frozen, so that none of them takes a gradient.
#
# Afterwards everything is as it was, **also when the model raises an error**, for example at images of a wrong size. `at_layer`
# does not catch that error.
#
# - Each layer is in the mode in which it was. A batch norm may have been in evaluation mode inside of a network in training.
# - There is no hook that was not there before.
# - The images, and the `grad` of each weight, are the same as before.

# %% answer="11.2"
def at_layer(model, layer, images, codes):
    ### BEGIN SOLUTION
    kept, modes = {}, {part: part.training for part in model.modules()}

    def keep(_, inputs, output):
        kept["answered"] = output.detach().clone().requires_grad_()
        return kept["answered"].clone()  # what follows may write over this copy

    handle = layer.register_forward_hook(keep)
    try:
        logits = model.eval()(images)
    finally:
        handle.remove()
        for part, training in modes.items():
            part.training = training
    asked = logits.gather(1, codes[:, None]).sum()
    (gradient,) = torch.autograd.grad(asked, kept["answered"])
    return kept["answered"].detach(), gradient
    ### END SOLUTION


# %% check="11.2" points=3
fc.check("11.2", at_layer)

# %% [markdown]
# Here the convolution of a small network, with an in-place ReLU behind it, is asked about four random faces. Some of its numbers
# should be negative. No gradient reaches those, because the ReLU makes each of them 0.

# %%
torch.manual_seed(11)
small = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(108, 7))
answered, gradient = at_layer(small, small[0], torch.rand(4, 1, 8, 8), torch.tensor([0, 1, 2, 3]))
print(f"{100 * (answered < 0).float().mean():.0f} % of the numbers are negative,", end=" ")
print(f"and to {100 * (gradient == 0).float().mean():.0f} % no gradient comes")

# %% hidden="11.2" points=1
# Nothing to do here: where a teacher grades your sheet, one more network comes along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_11 import expect_asked

deep = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.LeakyReLU(0.3, inplace=True), nn.Dropout(0.4), nn.Conv2d(4, 2, 3)]
model = nn.Sequential(*deep, nn.ELU(inplace=True), nn.Flatten(), nn.Linear(2 * 4 * 4, 7))
expect_asked(at_layer, model, 1, "at_layer, a batch norm before an in-place ReLU", seed=111)
expect_asked(at_layer, model, 4, "at_layer, a convolution before an in-place ELU", seed=112)
### END HIDDEN TESTS

# %% [markdown] hints="11.2"
# - Begin with the lesson's hook. The gradient comes from `torch.autograd.grad(asked, …)`, which, unlike `backward()`, writes nothing into the weights' `grad`.
# - What a hook returns takes the place of the layer's answer. Keep one tensor and return a clone of it. For frozen weights let the kept tensor itself begin to require gradients: `output.detach().clone().requires_grad_()`.
# - Note `part.training` of all of `model.modules()` before you call `model.eval()`. Then `try:` ask the model, and in `finally:` remove the hook and give each part its mode back.

# %% [markdown]
# ## 11.3 · A mark on nothing
#
# Grad-CAM takes the **mean** of the gradient over all places of a map. Here is the smallest network in which you can see what goes
# wrong with that. A face is 6 × 6 numbers from 0 to 1. The network has one map, which is the face itself, and its head has one
# weight for each place. So the weights are the gradient of the logit with respect to the map.

# %%
def logit(weights, face):
    return float(np.sum(weights * face))


def marked(weights, face):
    """Grad-CAM: the mean gradient times the map, and 0 for what is below 0."""
    return np.maximum(np.mean(weights) * face, 0)


def change(weights, face, place, grey):
    """By how much the logit changes when one place, (row, column), is covered with a grey."""
    covered = np.array(face, float)
    covered[place] = grey
    return abs(logit(weights, covered) - logit(weights, face))


# %% [markdown]
# Build `weights`, 6 × 6 numbers from −10 to 10, and `face`, 6 × 6 numbers from 0 to 1, such that
#
# - Grad-CAM marks something, and covering the place that it marks most changes **nothing**, whatever the grey from 0 to 1 (if
#   several places share the largest mark, this holds for each of them);
# - there is another place with less than a tenth of the largest mark, and covering it with a grey of 0.5 changes the logit by **at
#   least 1**.

# %% answer="11.3"
weights = None
face = None
### BEGIN SOLUTION
numbers = np.arange(36).reshape(6, 6)
weights = np.where(numbers == 26, 10.0, 0.0)  # the mouth, say: the only place that the answer hangs on
face = np.where(numbers == 0, 1.0, 0.0)  # a bright corner, which has no weight
### END SOLUTION

# %% check="11.3" points=2
fc.check("11.3", weights, face)

# %%
most = np.unravel_index(marked(weights, face).argmax(), (6, 6))
changes = [change(weights, face, place, 0.5) for place in np.ndindex(6, 6)]
print(f"Grad-CAM marks {tuple(map(int, most))} most; covered with grey, it changes {change(weights, face, most, 0.5):.2f}")
print(f"the largest change, {max(changes):.2f}, comes from {divmod(int(np.argmax(changes)), 6)}")

# %% [markdown]
# Explain in six to ten sentences:
#
# 1. Why does Grad-CAM mark your place, although the logit does not depend on it?
# 2. There is a head for which this cannot happen, because one weight holds for all places of a map. Which layers does it have? The
#    lesson's network flattens 3 × 3 places: can it happen there?
# 3. Which test of the lesson would have found it out, and does the test with random weights find it out as well?
# 4. A report shows you one such map and says "the network looks at the mouth". What do you ask for?

# %% [markdown] answer="11.3" points=4
# ### BEGIN SOLUTION
# The mean over all places gives the whole map one positive weight, which comes from the mouth alone. This weight is then multiplied by
# the map, place by place, and the map is brightest in the corner. So the mark says where the map is bright, not where its gradient is.
#
# With a mean over all places of each map, followed by one linear layer, the gradient is the same at all places of a map. Its mean then is the
# gradient itself, and nothing is lost. The lesson's network has a weight of its own for each of 3 × 3 places. There a place can be marked
# whose own weight is 0, because others of the same map have a large one.
#
# Covering finds it out: covering the marked tenth would cost no more than covering a random one. Random weights do not: with
# other weights the mean is another number, below 0 in half of the cases, and then the map is 0 everywhere. The map changes, so it passes.
#
# I would ask for a figure beside the map: how much of the probability goes away when the mouth is covered, on many faces, against as
# many places taken at random.
#
# **Rubric**
#
# - 1 point: the mean spreads the gradient of some places over all; the mark then follows the map's brightness.
# - 1 point: a mean over all places (global average pooling) before one linear layer; with the lesson's 3 × 3 it can happen.
# - 1 point: covering finds it out; random weights do not, with a reason.
# - 1 point: asks for a measured effect of covering, on many faces and against other places, not for more maps.
# ### END SOLUTION

# %% [markdown] hints="11.3"
# - What does `change` depend on at one place, and what does `marked` depend on there? One of them knows this place's own weight, the other one knows only the mean of all.
# - A place with a weight of 0 changes nothing. Let it be the brightest of the face. The mean still has to be above 0, so put a large weight somewhere.
# - Where the large weight is, the face has to be dark, so that the mark is small there; a grey of 0.5 is then brighter than the face and changes the logit.

# %% [markdown]
# ## 11.4 · Eight bits, three mistakes
#
# `int8(weights)` gets the weights of a layer, (filters, …): four axes for a convolution, two for a linear layer. It returns a pair:
#
# - `numbers`: an array of the same shape and the type `np.int8`, with whole numbers from −127 to 127;
# - `scales`: one positive number for each filter, in the shape (filters, 1, …), so that `numbers * scales` is about `weights`.
#
# In each filter the weight that is farthest from 0 becomes 127 or −127, and every weight becomes the nearest whole number of
# scales. A filter in which all weights are 0 gets numbers of 0 and any positive scale. Here is somebody's version. It raises no
# error, and what it gives looks much like the weights.

# %%
def broken_int8(weights):
    others = (0, *range(2, weights.ndim))
    scales = np.abs(weights).max(axis=others, keepdims=True) / 128
    numbers = np.clip(weights / scales, -128, 127).astype(np.int8)
    return numbers, scales


def mean_error(quantise, weights):
    numbers, scales = quantise(weights)
    return 100 * np.abs(numbers * scales - weights).mean() / np.abs(weights).mean()


filters = np.random.default_rng(114).normal(size=(8, 8, 3, 3)) * np.geomspace(0.01, 1, 8)[:, None, None, None]
print(f"mean error: {mean_error(broken_int8, filters):.2f} % of a weight")

# %% [markdown]
# Find its three mistakes, and write it anew. Yours also has to take a filter of zeros.

# %% answer="11.4"
def int8(weights):
    ### BEGIN SOLUTION
    largest = np.abs(weights).max(axis=tuple(range(1, weights.ndim)), keepdims=True)
    scales = np.where(largest > 0, largest, 1) / 127
    return np.rint(weights / scales).astype(np.int8), scales
    ### END SOLUTION


# %% check="11.4" points=3
fc.check("11.4", int8)

# %%
print(f"mean error: {mean_error(int8, filters):.2f} % of a weight")

# %% [markdown] hints="11.4"
# - Print `broken_int8(filters)[1].shape`. The filters are eight and the channels are eight, so the shape alone does not tell; try weights of (5, 8, 3, 3).
# - What does `astype(np.int8)` do to 2.9 and to −2.9? Which number does the largest weight of a filter become, if its scale is a 128th of it?
# - The largest is taken over all axes but the first, the scale is a 127th of it, and `np.rint` comes before `astype`. For a filter of zeros replace the largest by 1 before you divide.

# %% [markdown]
# ## 11.5 · What the accuracy does not show
#
# A network with 32 bits and the same with 8 have answered the same faces. `what_changed(y_true, before, after)` gets three arrays of
# codes, the labels and both answers, and returns the numbers that a report needs, as a dict:
#
# - `"changed"`: to how many faces the two networks give different answers;
# - `"lost"`: how many answers were right before and are wrong after;
# - `"won"`: how many were wrong before and are right after;
# - `"p"`: the exact two-sided p of the paired test. If nothing but chance decided, each of the `lost + won` faces would be lost or
#   won like the toss of a coin; p is the probability of a split at least as uneven as this one, to either side. Where no answer is
#   lost or won, p is 1.
#
# There may be ten thousand faces or more. Write the sum by hand, or take a function that you know. `math.comb(n, k)` says in how
# many ways n tosses give k heads.

# %%
print(f"3 tosses, 1 head: {math.comb(3, 1)} ways of {2**3}")

# %% answer="11.5"
def what_changed(y_true, before, after):
    ### BEGIN SOLUTION
    lost = int(np.sum((before == y_true) & (after != y_true)))
    won = int(np.sum((before != y_true) & (after == y_true)))
    tossed, fewer = lost + won, min(lost, won)
    ways = sum(math.comb(tossed, heads) for heads in range(fewer + 1))  # whole numbers, however large
    p = min(1.0, 2 * ways / 2**tossed)
    return {"changed": int(np.sum(before != after)), "lost": lost, "won": won, "p": p}
    ### END SOLUTION


# %% check="11.5" points=3
fc.check("11.5", what_changed)

# %% hidden="11.5" points=1
# Nothing to do here: where a teacher grades your sheet, more faces come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_11 import expect_changes

expect_changes(what_changed, 3589, 61, 34, 120, "what_changed, 3,589 faces", seed=115)
expect_changes(what_changed, 12, 0, 6, 0, "what_changed, six won and none lost", seed=116)
### END HIDDEN TESTS

# %% [markdown] hints="11.5"
# - `before == y_true` says of each face whether it was right before. Two such arrays, joined by `&`, give those that were lost, and those that were won. From one wrong answer to another counts as changed, and as neither of the two.
# - Of n tosses the probability of k heads is `math.comb(n, k) / 2**n`. Take the smaller of lost and won, and add up from 0 to it. Two-sided means twice that.
# - Twice that is more than 1 where both are equal, and then p is 1. `scipy.stats.binomtest(lost, lost + won).pvalue` gives the same. In Python's whole numbers nothing overflows; divide only at the end.
