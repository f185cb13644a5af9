# ---
# title: sides, steps, whose weights these are, and a fair race
# exercises:
#   - {id: "03.1", title: Count before you build, kind: recall, difficulty: 1, minutes: 5}
#   - {id: "03.2", title: The side that comes out, kind: code, difficulty: 1, minutes: 15}
#   - {id: "03.3", title: Ten steps of Adam, kind: code, difficulty: 2, minutes: 25}
#   - {id: "03.4", title: "Whose weights are these?", kind: debug, difficulty: 2, minutes: 15}
#   - {id: "03.5", title: Two convolutions and nothing between them, kind: break, difficulty: 2, minutes: 15}
#   - {id: "03.6", title: A winner at the edge, kind: code, difficulty: 2, minutes: 20}
#   - {id: "03.7", title: Improve it, kind: improve, difficulty: 2, minutes: 20}
# ---

# %%
import torch
from torch import nn

# %% [markdown]
# ## 03.1 · Count before you build
#
# No code here, only your head and a pencil.
#
# - A face of 48 pixels on each side meets a kernel of 5 with padding 2 and stride 2. What side comes out?
# - You feed the CNN of the lesson with faces of 64 pixels instead of 48. How many numbers does `Flatten` then hand to the
#   first fully connected layer?

# %% answer="03.1"
side = None
numbers = None
### BEGIN SOLUTION
side = 24  # (48 + 2 · 2 − 5) // 2 + 1
numbers = 128 * 6 * 6  # 64 → 62 → 31 → 29 → 14 → 12 → 6
### END SOLUTION

# %% check="03.1" points=2
fc.check("03.1", side, numbers)

# %% [markdown] hints="03.1"
# - The kernel needs as many pixels as it is wide. How many places does that leave, padding included, if it moves one pixel at a time? And if it moves two?
# - A 3 × 3 kernel without padding makes each side 2 pixels shorter, one at either end; pooling halves a side and drops an odd pixel. Write the six sides of the three stages in a row, beginning with 64.

# %% [markdown]
# ## 03.2 · The side that comes out
#
# Write it down once, and you need not count again. `conv_output_side` returns a whole number. Where the kernel is larger
# than the padded image it raises a `ValueError`: a side of 0 or −1 would travel on silently.

# %% answer="03.2"
def conv_output_side(side, kernel, padding, stride):
    ### BEGIN SOLUTION
    room = side + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"a kernel of {kernel} on {side} pixels with padding {padding}")
    return room // stride + 1
    ### END SOLUTION


# %% check="03.2" points=2
fc.check("03.2", conv_output_side)

# %% hidden="03.2" points=1
# Nothing to do here: where a teacher grades your sheet, more sides are asked in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import same

assert same(conv_output_side(48, 7, 3, 2), 24, whole=True), "the stem of ResNet18 makes 24 of 48"
assert same(conv_output_side(11, 11, 0, 4), 1, whole=True), "a kernel that just fits has one place"
assert same(conv_output_side(1, 3, 1, 5), 1, whole=True), "one pixel with padding 1 has one place for a kernel of 3"
assert same(conv_output_side(9, 2, 0, 2), 4, whole=True), "a rest that is too short for a stride is dropped"
### END HIDDEN TESTS

# %% [markdown] hints="03.2"
# - Count the places of the kernel's left edge. The first is pixel 0 of the padded image. Which is the last?
# - The padding counts on both sides: side + 2 · padding − kernel pixels of room are left. Each stride uses up some of it; a rest that is too short for a stride is dropped.
# - Whole-number division is `//`. No room at all still leaves one place; less than no room is the error.

# %% [markdown]
# ## 03.3 · Ten steps of Adam
#
# One weight, and the gradients that it meets, one for each step. Return the list of its values after each step, as Adam
# computes them: the formulas stand in part two of the lesson, with 0.9 and 0.999 for `betas` and 10⁻⁸ for `eps`. Plain Python
# numbers are enough.

# %% answer="03.3"
def adam(weight, gradients, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    ### BEGIN SOLUTION
    mean, square, path = 0.0, 0.0, []
    for step, gradient in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        corrected_mean = mean / (1 - betas[0] ** step)
        corrected_square = square / (1 - betas[1] ** step)
        weight = weight - lr * corrected_mean / (corrected_square**0.5 + eps)
        path.append(weight)
    return path
    ### END SOLUTION


# %% check="03.3" points=2
fc.check("03.3", adam)

# %% [markdown]
# Look at the first step for two gradients of very different size. What does Adam make of the difference?

# %%
(adam(1.0, [0.001]), adam(1.0, [1000.0]))

# %% hidden="03.3" points=1
# Nothing to do here: where a teacher grades your sheet, more gradients come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import plain, same

quiet = plain(adam(2.5, [0.3, 0.0, 0.0, -0.3], lr=0.1))
assert same(quiet[0], 2.4, atol=1e-6), "the first step is as long as the rate, whatever the gradient"
assert quiet[2] < quiet[1] < quiet[0], "a gradient of zero does not stop a weight that is on its way"
assert same(adam(0.25, []), []), "no gradients, no steps"
heavy = plain(adam(0.0, [0.01, -0.02], lr=1.0, betas=(0.5, 0.5), eps=1.0))
assert same(heavy[0], -0.01 / 1.01, atol=1e-9), "eps stands beside the root"
### END HIDDEN TESTS

# %% [markdown] hints="03.3"
# - Two numbers travel along with the weight: a running mean of the gradients and one of their squares. Both begin at 0. Update both before you step.
# - A mean that begins at 0 is too small at first. After step t divide the first by 1 − β₁ᵗ and the second by 1 − β₂ᵗ, without storing what comes out.
# - The step is lr · corrected mean / (root of the corrected square + eps). Mind the minus sign, and where eps stands.

# %% [markdown]
# ## 03.4 · Whose weights are these?
#
# The line that part two of the lesson took from the notebook of 2019: a loss that hardly moves, and no error. In that
# notebook it cannot have been the code that ran, because the printed loss falls. In yours it might be.

# %%
torch.manual_seed(0)
model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 7))
model_sgd = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 7))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
pixels, labels = torch.rand(32, 1, 4, 4), torch.randint(0, 7, (32,))
for _ in range(3):
    loss = nn.functional.cross_entropy(model_sgd(pixels), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"loss {loss.item():.4f}")

# %% [markdown]
# Write a guard that would have caught it in the first line. `holds_all(optimizer, model)` returns `True` if the optimiser
# holds every tensor of `model` that wants a gradient, and `False` otherwise. It must not be fooled: by weights that are
# equal but not the same, by frozen layers, by an optimiser with several groups, or by one that holds other tensors too.

# %% answer="03.4"
def holds_all(optimizer, model):
    ### BEGIN SOLUTION
    held = {id(weights) for group in optimizer.param_groups for weights in group["params"]}
    return all(id(weights) in held for weights in model.parameters() if weights.requires_grad)
    ### END SOLUTION


# %% check="03.4" points=2
fc.check("03.4", holds_all)

# %% hidden="03.4" points=2
# Nothing to do here: where a teacher grades your sheet, more optimisers come along in this cell.
### BEGIN HIDDEN TESTS
import copy

from fercourse.classroom.checks.shared.compare import same

two = [nn.Linear(3, 2), nn.Linear(3, 2)]
copied = copy.deepcopy(two[0])
assert same(holds_all(torch.optim.Adam(two[0].parameters()), two[0]), True), "an optimiser that was made right"
assert same(holds_all(torch.optim.Adam(two[1].parameters()), two[0]), False), "the other model's optimiser"
of_the_copy = torch.optim.Adam(copied.parameters())
assert same(holds_all(of_the_copy, two[0]), False), "a copy has the same values, and moves alone"
both = torch.optim.SGD([{"params": layer.parameters()} for layer in two], lr=1.0)
assert same(holds_all(both, two[1]), True), "the second group counts as well"
two[0].bias.requires_grad_(False)
without_bias = torch.optim.SGD([two[0].weight], lr=1.0)
assert same(holds_all(without_bias, two[0]), True), "a frozen tensor needs no optimiser"
### END HIDDEN TESTS

# %% [markdown] hints="03.4"
# - An optimiser keeps what it moves in `optimizer.param_groups`, a list of dicts. Print it. Under which key are the tensors?
# - Two tensors with equal numbers are equal for `==`, and yet one can move without the other. What does Python offer to ask whether two names mean one object?
# - Collect the `id` of each tensor in every group. Then ask of each of the model's parameters that has `requires_grad` whether its `id` is among them.

# %% [markdown]
# ## 03.5 · Two convolutions and nothing between them
#
# Take the ReLU and the pooling away. Two 3 × 3 convolutions follow each other, without a bias to keep it simple.

# %%
fc.guess(
    "03.e5",
    "Which single convolution can do exactly the same as these two?",
    options=["one of 3 × 3", "one of 5 × 5", "one of 6 × 6", "none"],
)

# %%
torch.manual_seed(5)
first, second = nn.Conv2d(1, 4, 3, bias=False), nn.Conv2d(4, 1, 3, bias=False)
impulse = torch.zeros(1, 1, 9, 9)
impulse[..., 4, 4] = 1
answer_to_one_pixel = second(first(impulse)).detach()
single = answer_to_one_pixel.flip(2, 3)
faces = torch.tensor(fc.drawn_faces(6, 0, 0, seed=5).train.images)[:, None] / 255
apart = (nn.functional.conv2d(faces, single) - second(first(faces))).abs().max().item()
fc.reveal("03.e5", f"one of {single.shape[2]} × {single.shape[3]}")
print("kernel", tuple(single.shape[2:]), "· largest difference on six faces:", f"{apart:.1e}")

# %% [markdown]
# Now put a ReLU between `first` and `second` in a cell of your own and run the comparison again.
#
# Explain in your own words, in five to ten sentences: Why can one kernel replace the two? Why is it 5 wide? Why does a
# single bright pixel give the kernel away? What does the ReLU break? And what follows for a CNN of thirty convolutions in
# which somebody forgot every ReLU: what could it learn, and what would its training look like?

# %% [markdown] answer="03.5" points=4
# ### BEGIN SOLUTION
# A convolution is linear: twice the picture gives twice the sums, and the sums of two pictures add up. One linear map after
# another is again linear, and it still does the same everywhere, so it is again a convolution. Each number of the second
# layer sees 3 × 3 sums, each of which sees 3 × 3 pixels; their outer rows reach one pixel further on each side, which makes
# 5. A linear map that does the same everywhere is known completely by its answer to a single bright pixel: any face is a
# sum of such pixels. ReLU is not linear: the answer to a sum is no longer the sum of the answers, so no single kernel fits.
#
# Thirty convolutions without ReLU are one convolution of 61 × 61, wider than the face: a linear model again, which the
# softmax regression of lesson 02 has already measured. It would train without any error, only with more weights, badly
# conditioned, and it would stop near the linear model's accuracy.
#
# **Rubric**
#
# - 1 point: linear after linear is linear, or a convolution after a convolution is a convolution.
# - 1 point: why 5: each side grows by kernel − 1, or an equal count of the pixels seen.
# - 1 point: the ReLU breaks linearity, with a reason: the answer to a sum is not the sum of the answers.
# - 1 point: the thirty layers are a linear model; no error; accuracy near softmax regression.
# - The question about the single pixel can make good half a point that is missing elsewhere.
# ### END SOLUTION

# %% [markdown] hints="03.5"
# - What happens to the sums of a convolution when you double every pixel? When you add two pictures?
# - How many pixels does one number of the second layer depend on? Draw the 3 × 3 sums, and around each its 3 × 3 pixels.
# - Compare with lesson 02: which model is left when every layer is linear, however many there are?

# %% [markdown]
# ## 03.6 · A winner at the edge
#
# Four searches for a learning rate are finished. The first two are the course's own on FER2013, with 15 epochs for each rate. The
# other two are made up. A training that diverged has no accuracy: it stands there as `nan`, which is not a number.

# %%
import matplotlib.pyplot as plt

nan = float("nan")
rates = {"Adam": (0.0003, 0.001, 0.003), "SGD": (0.01, 0.02, 0.05)}
searches = {
    name: {rate: fc.recorded(f"CNN, {name} {rate:g}", seed=0)["valid_accuracy"][-1] for rate in of_it}
    for name, of_it in rates.items()
}
searches |= {"third": {0.3: 0.53, 1.0: nan, 0.1: 0.36}, "fourth": {0.001: 0.41, 0.003: 0.48, 0.01: 0.47, 0.0003: 0.26}}

# %%
figure, axes = plt.subplots(2, 2, figsize=(6, 4.4), layout="constrained")
for axis, (name, tried) in zip(axes.flat, searches.items()):
    axis.semilogx(sorted(tried), [100 * tried[rate] for rate in sorted(tried)], "o-")
    axis.set(title=name, xlabel="rate", ylabel="right answers (%)")

# %% [markdown]
# - Which of them have found a winner by the rule of the lesson? Write their names into the list `tuned`.
# - Write `next_rate(tried)`. It gets such a dict, from rate to accuracy, with at least two rates, in any order. It returns the
#   rate to try next: three times the largest or a third of the smallest, whichever edge the best stands at. Where
#   the best stands at neither edge, it returns `None`. A `nan` is worse than every accuracy. Of two equal
#   accuracies the smaller rate is the best.

# %% answer="03.6"
tuned = []


def next_rate(tried):
    ### BEGIN SOLUTION
    by_rate = {rate: -1 if tried[rate] != tried[rate] else tried[rate] for rate in sorted(tried)}
    best = max(by_rate, key=by_rate.get)
    if best == min(by_rate):
        return best / 3
    return best * 3 if best == max(by_rate) else None


tuned = [name for name, tried in searches.items() if next_rate(tried) is None]
### END SOLUTION

# %% check="03.6" points=3
fc.check("03.6", tuned, next_rate)

# %% [markdown]
# With your function a race within ten runs plans itself: whoever has no winner yet may try one more rate, in turn, until
# the runs are used up. Here the accuracies come from two hills instead of trainings.

# %%
from math import log10

hills = {"Adam": lambda rate: 0.62 - 0.1 * (log10(rate) + 3) ** 2, "SGD": lambda rate: 0.62 - 0.1 * log10(rate) ** 2}
race = {name: {rate: hills[name](rate) for rate in (0.001, 0.003, 0.01)} for name in hills}
for run in range(4):
    name = ("Adam", "SGD")[run % 2]
    name = name if next_rate(race[name]) else ("SGD", "Adam")[run % 2]
    if rate := next_rate(race[name]):
        race[name][rate] = hills[name](rate)
{name: (max(tried, key=tried.get), "needs more runs" if next_rate(tried) else "has a winner") for name, tried in race.items()}

# %% hidden="03.6" points=1
# Nothing to do here: where a teacher grades your sheet, more searches come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import same

gone = float("nan")
assert same(next_rate({0.02: 0.5, 0.2: gone}), 0.02 / 3, atol=1e-9), "a run that diverged is no best"
assert same(next_rate({9.0: 0.3, 1.0: 0.2, 3.0: 0.29}), 27.0, atol=1e-9), "the order of the dict says nothing"
assert next_rate({9.0: gone, 1.0: 0.2, 3.0: 0.29}) is None, "a run that diverged is a worse neighbour"
assert same(next_rate({1.0: 0.4, 3.0: 0.4}), 1 / 3, atol=1e-9), "of equals the smaller rate is the best"
### END HIDDEN TESTS

# %% [markdown] hints="03.6"
# - A best rate that is the smallest or the largest of all tried has a neighbour on one side only. Nobody knows what stands on the other.
# - Sort the rates first. Comparisons with `nan` are always False, so `max` with a `nan` among its values depends on their order: replace it by −1 before you compare.
# - Three cases: the best is `min(tried)`: return best / 3. It is `max(tried)`: return best * 3. Else return `None`. A search is tuned where `next_rate` returns `None`.

# %% [markdown]
# ## 03.7 · Improve it
#
# The CNN of the lesson in small: 8, 16 and 32 kernels of 3 × 3, each layer with ReLU and max-pooling, and one linear layer behind
# them. It was trained for five epochs with Adam at 0.001 on 4,000 drawn faces. Train one that is better. What you may change is what
# you have met: the kernels, padding, a hidden linear layer, dropout, the optimiser, its rate, the batches, the epochs.
#
# Your network is judged on faces that it has not seen, by the test of the lesson: only faces that one of the two got right and the
# other wrong count, and p has to be under 0.05.
#
# - Two minutes of training are enough.
# - `network()` must stand alone. Write the mean and the standard deviation into it as numbers: whoever grades your sheet
#   calls it without these faces, and then puts your trained weights into it.
# - At most 1 MB of weights travels with your notebook. That is about 500,000 numbers, so the 2,097,152 weights between 2,048 and
#   1,024 units have no room.

# %% tags=["training"]
small = fc.drawn_faces(4_000, 1_000, 0, seed=36)
small.train.images.mean() / 255, small.train.images.std() / 255

# %% answer="03.7"
def network():
    ### BEGIN SOLUTION
    layers, channels = [fc.Standardise(0.47, 0.2)], 1
    for filters in (16, 32, 64):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    hidden = [nn.Flatten(), nn.Linear(64 * 6 * 6, 64), nn.ReLU(), nn.Dropout(0.3)]
    return nn.Sequential(*layers, *hidden, nn.Linear(64, 7))
    ### END SOLUTION


# %% train="03.7"
torch.manual_seed(0)
model = network()
### BEGIN SOLUTION
history = fc.fit(model, small, epochs=8, lr=0.002, batch_size=64)
### END SOLUTION
fc.hand_in("03.7", model)

# %% check="03.7" points=1
fc.check("03.7", network)

# %% hidden="03.7" points=2
# Nothing to do here: where a teacher grades your sheet, your network meets 2,000 other faces.
### BEGIN HIDDEN TESTS
from fercourse.classroom.improve.judge import judge

better, why = judge("03.7", network, seed=318_772_405_961_733)
assert better, why
### END HIDDEN TESTS

# %% [markdown]
# Save the notebook (Ctrl+S), then run the next cell. It says whether your network is in the file that you hand in.

# %%
fc.saved("03.7")

# %% [markdown] hints="03.7"
# - Look at the loss of the last epochs on the validation faces. Is it still falling? Then the training was stopped too early.
# - A range test takes seconds on a network as small as this. Is 0.001 near the best rate, or three times too small?
# - Twice the kernels with padding 1, a hidden layer of 64 units with dropout, Adam at 0.002 and eight epochs are more than enough.
