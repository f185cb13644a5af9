# ---
# title: what an ingredient changes, averages from the first step on, two ways downhill, a price, and a budget
# exercises:
#   - {id: "10.1", title: "What does it change?", kind: recall, difficulty: 1, minutes: 10}
#   - {id: "10.2", title: An average without a false start, kind: code, difficulty: 2, minutes: 25}
#   - {id: "10.3", title: Two ways downhill, kind: break, difficulty: 3, minutes: 55}
#   - {id: "10.4", title: A price that was right once, kind: debug, difficulty: 2, minutes: 25}
#   - {id: "10.5", title: More from the same arithmetic, kind: improve, difficulty: 3, minutes: 40}
# ---

# %%
import torch
from torch import nn

# %% [markdown]
# This sheet belongs to both parts of the lesson. 10.1 to 10.4 need the first part alone; in 10.5 the second one helps.
#
# ## 10.1 · What does it change?
#
# No code here. The network is the first rung of the lesson's ladder. Its first convolution makes 16 maps of one grey picture of
# 48 × 48 pixels, and a pool halves their side. Seven ingredients are given to it, each alone:
#
# 1. The stem: `PixelUnshuffle(2)`, then a convolution that makes 16 maps of four pictures of 24 × 24, and no pool behind it.
# 2. Batch norm behind each convolution, which then has no bias.
# 3. In place of the unrolled maps and the three linear layers: the largest value of each map plus its mean value, and one linear layer.
# 4. Muon for the kernels, instead of Adam.
# 5. A triangle for the learning rate, over all epochs.
# 6. Smoothed labels.
# 7. Averaged weights.
#
# What an ingredient can change has five names:
#
# - `W`: how many weights are trained.
# - `P`: how many operations `fc.cost` counts for one face. These are the products of convolutions and linear layers on the way forward.
# - `F`: the least loss that is possible on the training faces. Without the ingredient it is 0.
# - `E`: the end has to be known before the first step. With the ingredient the first six epochs of a training of twelve are another
#   training than one of six epochs.
# - `A`: the weights that answer in the end are not those that the last step left.
#
# `changes` is a list of seven texts, one for each ingredient. Each has the letters of what is changed, such as `"WFA"`, or is `"none"`.
#
# Then two numbers, with two digits behind the point or more:
#
# - `least`: the least loss that is possible with labels smoothed by 0.1, seven classes and the natural logarithm;
# - `height`: with `fc.Triangle(rise=0.25)` over 8 epochs, the share of its full height that the rate has after 6 of them. A step more or
#   less does not matter.

# %% answer="10.1"
changes = None
least = None
height = None
### BEGIN SOLUTION
changes = ["W", "W", "WP", "none", "E", "F", "A"]  # 9 · 1 · 16 · 48² products, and 9 · 4 · 16 · 24², which are as many
target = torch.full((7,), 0.1 / 7)
target[3] += 0.9
least = -(target * target.log()).sum().item()  # where the network gives exactly the smoothed label
height = (1 - 6 / 8) / (1 - 0.25)
### END SOLUTION

# %% check="10.1" points=2
fc.check("10.1", changes, least, height)

# %% [markdown] hints="10.1"
# - Ask for each ingredient where it acts: in the layers, in the loss, in the rates, or in what is kept beside the training. Only layers can change `W` and `P`.
# - Count the weights and the products of the first convolution for both stems: kernels of 9 numbers, times channels in, times channels out; for the products also times places. A batch norm has two weights for each channel, and `fc.cost` counts no products in it.
# - The loss −Σ target · log(probability) is least where each probability is the target. The targets are 0.9 + 0.1 / 7 once and 0.1 / 7 six times. For `height`: the fall takes three quarters of all steps, and how much of it is left after six of eight epochs?

# %% [markdown]
# ## 10.2 · An average without a false start
#
# The weights before the first step are random numbers. An average that begins with them, and keeps 0.999 of itself in each step, still holds more
# than a third of them after 1,000 steps. An average that begins with 0 is too small for equally long. Adam begins its averages with 0, and corrects
# that by a division.
#
# Write a class `Averaged`:
#
# - `Averaged(model, keep)` is made before the first step. `keep` is the share that a step keeps, from 0 to under 1.
# - `update(model)` is called after each step.
# - `state()` returns a dict like that of `model.state_dict()`, with the same names, shapes and types. Each tensor of floating-point numbers in it, be
#   it a weight or a buffer, is a weighted mean of its values after the steps so far: the last step counts 1, the one before `keep`, the one before
#   that `keep`², and so on, all divided by the sum of these. What was there before the first step counts nothing.
# - Every other tensor, such as the counter of a batch norm, is a copy of the last one.
# - The model that trains stays as it is. The tensors of a state are its own: they do not change when the training goes on. `state()` may be called
#   after any step, and any number of times.

# %% answer="10.2"
class Averaged:
    ### BEGIN SOLUTION
    def __init__(self, model, keep):
        self.keep, self.steps, self.sums = keep, 0, {}

    @torch.no_grad()
    def update(self, model):
        self.steps += 1
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.sums[name] = torch.lerp(self.sums.get(name, torch.zeros_like(value)), value, 1 - self.keep)
            else:
                self.sums[name] = value.clone()

    def state(self):
        share = 1 - self.keep**self.steps
        return {name: sums / share if sums.is_floating_point() else sums.clone() for name, sums in self.sums.items()}
    ### END SOLUTION


# %% check="10.2" points=2
fc.check("10.2", Averaged)

# %% [markdown]
# A weight of 5 that steps to 1.0, 1.1, 1.2 … How far behind is the average?

# %%
weight = nn.Linear(1, 1, bias=False)
nn.init.constant_(weight.weight, 5.0)
average = Averaged(weight, 0.9)
for step in range(30):
    nn.init.constant_(weight.weight, 1 + 0.1 * step)
    average.update(weight)
    if step in (0, 1, 4, 29):
        print(f"after {step + 1} steps: weight {weight.weight.item():.2f}, average {average.state()['weight'].item():.2f}")

# %% hidden="10.2" points=1
# Nothing to do here: where a teacher grades your sheet, one more network comes along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_10 import expect_averaged

layers = [nn.Conv2d(1, 3, 3), nn.InstanceNorm2d(3, affine=True, track_running_stats=True), nn.Flatten(), nn.Linear(12, 2)]
expect_averaged(Averaged, nn.Sequential(*layers).double(), 0.85, 7, "another network, in 64 bits", seed=1021)
expect_averaged(Averaged, nn.Sequential(*layers).float(), 0.5, 3, "half kept", seed=1022)
### END HIDDEN TESTS

# %% [markdown] hints="10.2"
# - Which of the two parts of the work needs the number of steps: the update, or the state? Keep a sum for each name that begins with 0, and count the steps.
# - After n steps a running average that began with 0 is Σ (1 − keep) · keepⁿ⁻ⁱ · valueᵢ. The factors in front of the values add up to 1 − keepⁿ. Divide by that, in `state()` alone, and leave the running average as it is.
# - `model.state_dict()` has weights and buffers, and its tensors are those of the model: they change with the next step. `value.is_floating_point()` tells which to average; of the others take `value.clone()`, in `update` and again in `state`.

# %% [markdown]
# ## 10.3 · Two ways downhill
#
# SGD goes along the gradient of a layer, Muon along the evened one. The cosine of the angle between the two is 1 where they go the same way, and 0
# where they are orthogonal: then the one direction has no part in the other. Here is the lesson's `evened`:

# %%
def evened(matrix, steps=4):
    matrix = matrix / matrix.norm()
    for _ in range(steps):
        square = matrix @ matrix.T
        matrix = 3.4445 * matrix - 4.775 * square @ matrix + 2.0315 * square @ square @ matrix
    return matrix


# %%
fc.guess(
    "10.e3",
    "A matrix of 32 × 32 random numbers from a normal distribution: the cosine between it and its evened one?",
    options=[0, 0.2, 0.5, 0.8],
)

# %% [markdown]
# Write `agreement(gradient, steps)`: the cosine of the angle between the matrix `gradient` and `evened(gradient, steps)`, where both are taken as one
# long list of numbers. It returns one number. The matrix has 64-bit numbers and any shape.
#
# Then make them disagree. `gradient` is a matrix of 32 × 32 numbers. Two things are demanded of it:
#
# - every number is from 0.5 to 1, so that no single weight is pushed much harder than another one;
# - `agreement(gradient, 4)` is **under 0.25**. The two steps are then more than 75 degrees apart.

# %% answer="10.3"
gradient = None


def agreement(gradient, steps):
    ### BEGIN SOLUTION
    other = evened(gradient, steps)
    return ((gradient * other).sum() / (gradient.norm() * other.norm())).item()


# One singular value of 16, which is the mean of all numbers, and 31 of 0.2: small, but large enough for four steps to even them.
gradient = torch.full((32, 32), 0.5, dtype=torch.float64) + 0.2 * torch.eye(32, dtype=torch.float64)
### END SOLUTION


# %% check="10.3" points=3
fc.check("10.3", agreement, gradient)

# %% [markdown]
# Each number of the matrix is about as large as any other one, so Adam, which divides each by its usual size, goes nearly the same way as SGD.

# %%
chosen = torch.as_tensor(gradient, dtype=torch.float64)
adams = float((chosen * chosen.sign()).sum() / (chosen.norm() * chosen.sign().norm()))
print(f"SGD and Adam's first step: cosine {adams:.2f};   SGD and Muon: {float(agreement(chosen, 4)):.2f}")
for name, matrix in (("before", chosen / chosen.norm()), ("after", evened(chosen))):
    values = torch.linalg.svdvals(matrix)
    print(f"{name}: singular values {values[0]:.3f}, {values[1]:.3f}, …, {values[-1]:.3f}")

# %%
numbers = torch.randn(32, 32, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
fc.reveal("10.e3", float(agreement(numbers, 4)))
for size in (0.001, 0.01, 0.05, 0.2, 0.5):
    matrix = torch.full((32, 32), 0.5, dtype=torch.float64) + size * torch.eye(32, dtype=torch.float64)
    print(f"0.5 everywhere, and {size} more on the diagonal: {float(agreement(matrix, 4)):.2f}")

# %% [markdown]
# Explain in eight to twelve sentences. A matrix has the singular values s₁, s₂, …, and a perfect evening makes each of them 1.
#
# 1. What is the cosine then, written with the singular values? Which matrices of 32 × 32 have the largest one, and how small can it become?
# 2. What did you build, in these words: which directions are there, and how large are they?
# 3. From the first to the last of the five printed lines the cosine falls, and rises again. Why is it large for the smallest numbers on the
#    diagonal, where the singular values differ most?
# 4. Adam goes nearly the way of SGD on your matrix. What does it not see that Muon sees?
# 5. Half of your small singular values may be noise of the batch, and have nothing to do with the task. What does Muon do with them, what
#    does SGD do, and what could make Muon's step safer?

# %% [markdown] answer="10.3" points=5
# ### BEGIN SOLUTION
# With perfect evening the product of the two matrices is the sum of the singular values, the gradient is as long as the root of the sum of
# their squares, and the evened one as long as the root of their number. So the cosine is Σ s / (√32 · √Σ s²). It is 1 where
# all singular values are equal, as for a multiple of the identity or of a rotation. It comes close to 1 / √32, which is 0.18, where one is much larger than all
# others, and these are not 0.
#
# My matrix has one direction of size 16.2, in which all numbers go up together, and 31 directions of size 0.2. SGD spends nearly its
# whole step on the first one. Muon gives each of the 32 about the same, so that only about a fifth of its length lies along the first one. That is
# why the two are nearly orthogonal, though both go downhill.
#
# For smaller numbers on the diagonal the table rises, because the polynomial multiplies a small value by 3.4445 at most in each step, about 140 in four.
# A value of 0.00006 of the whole ends far below 1, so the large direction is left alone and the evened matrix points along it again. With values that are exactly 0
# nothing can be evened, and the cosine is 1.
#
# Adam looks at each number by itself. All of them have about the same size, so it changes nothing in their ratios. That they move the layer in one direction
# is seen only in the matrix as a whole.
#
# Muon makes noise as large as what is there to be learnt, where its singular values are above what four steps can lift. SGD leaves it small.
# Momentum helps, because it averages gradients over steps before they are evened, and noise of different batches cancels in it. Larger batches, and
# a rate that falls to 0 in the end, help as well.
#
# **Rubric**
#
# - 1 point: the cosine is the sum of the singular values over the root of their number times the root of the sum of their squares, or the same in words; 1 for equal ones.
# - 1 point: at least about 1 / √32 = 0.18, where one singular value is much larger than the others; names this for the own matrix.
# - 1 point: the table rises because four steps lift small values by a limited factor (about 140), so that too small ones are not evened.
# - 1 point: Adam divides number by number and sees no directions; Muon sees the matrix as a whole.
# - 1 point: Muon lifts noise as well, SGD does not; averaging over steps (momentum), larger batches, a falling rate or fewer steps of evening make it safer.
# ### END SOLUTION

# %% [markdown] hints="10.3"
# - The cosine of two lists of numbers is the sum of their products, divided by the lengths of both. `matrix.norm()` is the length of all numbers of a matrix.
# - Print the singular values of some matrices and their agreement: `torch.eye(32)`, a matrix of ones, random numbers from 0.5 to 1. The agreement is small where one singular value is much larger than the others, and where the others are large enough that four steps lift them to about 1.
# - A matrix in which all numbers are 0.5 has one singular value, 16, and no others. Add a little on the diagonal: how much gives the least agreement? Try 0.01, 0.1 and 0.4 first.

# %% [markdown]
# ## 10.4 · A price that was right once
#
# A colleague prices trainings before they run. The networks are all of one kind: convolutions with 3 × 3 kernels, ReLU and a pool behind
# each, then the mean of each map, and one linear layer.

# %%
def plain_network(widths):
    layers, inputs = [], 1
    for outputs in widths:
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 7))


# %% [markdown]
# `priced` counts the operations of a training on `faces` faces, in batches of `batch_size`, of which the last one may be shorter. `sides` has the
# side of the faces, in pixels, for each epoch. A step of training counts as three times the way forward of its faces.

# %%
def priced(widths, faces, sides, batch_size):
    forward, places, inputs = 0, 48, 1
    for outputs in widths:
        forward += 2 * 9 * inputs * outputs * places**2
        inputs, places = outputs, places // 2
    forward += 2 * inputs * 7
    batches = faces // batch_size
    return sum(3 * batches * batch_size * forward * side // 48 for side in sides)


# %% [markdown]
# The colleague has tested it: against `fc.training_flops`, it is right to the last digit.

# %%
widths = [16, 32, 64]
counted = fc.training_flops(plain_network(widths), faces=1024, sides=[48] * 5)
print(f"{priced(widths, 1024, [48] * 5, 64):,} and {counted:,}")

# %% [markdown]
# Test it yourself, with numbers for which this test could not show a mistake. Then write `price(widths, faces, sides, batch_size)`, which is right
# for all networks of this kind, all numbers of faces and all sides, odd ones too. (`fc.training_flops` computes it from a network; write it by hand
# this time.) It returns a whole number.

# %% answer="10.4"
def price(widths, faces, sides, batch_size):
    ### BEGIN SOLUTION
    total = 0
    for places in sides:
        inputs = 1
        for outputs in widths:
            total += 2 * 9 * inputs * outputs * places**2
            inputs = outputs
            places //= 2
        total += 2 * inputs * 7
    return 3 * faces * total  # the last batch is shorter, and none of its faces is left out
    ### END SOLUTION


# %% check="10.4" points=3
fc.check("10.4", price)

# %%
for plan in ([48] * 12, [32] * 12, [24] * 6 + [48] * 6):
    theirs, yours = (pricing(widths, 1000, plan, 64) / 1e12 for pricing in (priced, price))
    print(f"{plan[0]} to {plan[-1]} pixels: {theirs:.3f} and {yours:.3f} TFLOP")

# %% hidden="10.4" points=1
# Nothing to do here: where a teacher grades your sheet, more trainings are priced in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_10 import expect_priced

expect_priced(price, [5, 3, 9, 4], 777, [44, 37, 37, 21], 100, "four convolutions, odd sides")
expect_priced(price, [20], 10, [31], 64, "fewer faces than a batch")
### END HIDDEN TESTS

# %% [markdown] hints="10.4"
# - Which numbers did the colleague's test have? Change one of them at a time: the side, the number of faces, the size of a batch, the widths.
# - A face of half the side has a quarter of the places, and the linear layer behind the means does not depend on the side at all. So a price at 48 pixels cannot be scaled to another side; count anew for each.
# - How many faces does an epoch of `fc.batches(train, 64)` see if there are 1,000? And a pool makes 22 places of 45: each convolution has the places that the pools before it have left.

# %% [markdown]
# ## 10.5 · More from the same arithmetic
#
# Here are 1,000 faces, and a CNN in the manner of Notebook A, which Adam trains for 19 epochs. That takes 0.58 TFLOP, 0.58 · 10¹² operations as
# `fc.training_flops` counts them. Train a network that is right more often on faces that neither has seen, by the paired test of lesson 07, with
# **0.6 TFLOP at most**.
#
# The lesson has all that you need: a stem, batch norm, pools, Muon, a triangle, changed faces, smoothed labels, averaged weights. The second part
# adds small faces in the first epochs. You decide how many operations go into a larger network, and how many into more epochs.
#
# - `network()` returns the network without trained weights: float32 (B, 1, side, side) from 0 to 1 in, seven logits out. It has to
#   stand alone: imports, functions and numbers, but nothing that a training has computed. At most 500,000 weights travel in the notebook.
# - `sides` has, for each epoch of your training, the side of the faces in pixels: `[48] * 19` for the baseline. The check computes
#   `fc.training_flops(network(), faces=1000, sides=sides)` from both.
#
# Train as many epochs as `sides` has, at these sides, on these 1,000 faces and on no others; whoever grades you reads your training.
# The 500 validation faces are there for choosing.

# %% tags=["training"]
drawn = fc.drawn_faces(1_000, 500, 0, seed=105)
train, valid = drawn.train, drawn.valid

# %%
def given_cnn():
    layers, channels = [fc.Standardise(0.5, 0.25)], 1
    for filters in (16, 32, 48):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(48 * 36, 48), nn.ReLU(), nn.Dropout(0.2), nn.Linear(48, 7))


recipe = {"epochs": 19, "lr": 1e-3, "batch_size": 32}
print(f"{fc.training_flops(given_cnn(), faces=1000, sides=[48] * 19) / 1e12:.3f} TFLOP")

# %% answer="10.5"
sides = None


def network():
    ### BEGIN SOLUTION
    return fc.fast(widths=(16, 24, 48, 64), residual_steps=(0, 1, 0))


sides = [32] * 14 + [48] * 6
### END SOLUTION


# %% [markdown]
# Train it here. What you hand in last counts. The baseline is `fc.fit(model, (train, valid), **recipe)` from seed 0.

# %% train="10.5"
torch.manual_seed(0)
model = network()
### BEGIN SOLUTION
from functools import partial

better = {
    "optimizer": partial(fc.muon, lr=0.03),
    "schedule": fc.Triangle(rise=0.25),
    "augment": fc.Augment(flip=0.5, shift=0.06, rotate=8, zoom=0.1),
    "label_smoothing": 0.1,
    "ema": 0.9,
    "batch_size": 32,
}
print(f"{fc.training_flops(model, faces=len(train), sides=sides) / 1e12:.3f} TFLOP")
fc.fit(model, (train, valid), epochs=len(sides), sides=sides, **better, device="cpu", progress=False)
print(f"{100 * fc.predict(model, valid).accuracy:.1f} % of {len(valid)} validation faces")
### END SOLUTION
fc.hand_in("10.5", model)

# %% check="10.5" points=1
fc.check("10.5", network, sides)

# %% hidden="10.5" points=2
# Nothing to do here: where a teacher grades your sheet, your network meets 2,000 other faces.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_10 import expect_within
from fercourse.classroom.improve.judge import judge

better, why = judge("10.5", network, seed=817_350_264_990_713)
assert better, why
expect_within(network, sides)
### END HIDDEN TESTS

# %% [markdown]
# Save the notebook (Ctrl+S), then run the next cell. It says whether your network is in the file that you hand in.

# %% tags=["training"]
fc.saved("10.5")

# %% [markdown] hints="10.5"
# - Begin with the given CNN, and add a triangle and changed faces: they cost no arithmetic at all. What does `valid` say? Then batch norm behind each convolution.
# - `fc.cost(network()).flops` is the price of one face, and `fc.cost(network(), side=32).flops` that of a small one, less than half. A network at half the price sees each face twice as often. `fc.fast(widths=…, residual_steps=…)` is the lesson's network in any width.
# - `fc.fit(model, (train, valid), epochs=len(sides), sides=sides, optimizer=partial(fc.muon, lr=0.03), schedule=fc.Triangle(), augment=…, label_smoothing=0.1, batch_size=32)`, with `partial` from `functools`; then `fc.hand_in`. Two thirds of the epochs at 32 pixels and the rest at 48 is a good beginning.
