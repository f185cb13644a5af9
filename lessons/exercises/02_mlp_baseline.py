# ---
# title: first losses, the loop from memory, and the layer that fell silent
# exercises:
#   - {id: "02.1", title: Three losses in your head, kind: recall, difficulty: 1, minutes: 10}
#   - {id: "02.2", title: The loop from memory, kind: code, difficulty: 2, minutes: 25}
#   - {id: "02.3", title: Four ways to feed a network, kind: break, difficulty: 2, minutes: 20}
#   - {id: "02.4", title: The layer that fell silent, kind: debug, difficulty: 3, minutes: 25}
#   - {id: "02.5", title: Improve it, kind: improve, difficulty: 2, minutes: 20}
# ---

# %%
import torch
from torch import nn

faces = fc.drawn_faces(210, 0, 0, seed=0).train
pixels = torch.tensor(faces.images[:, ::2, ::2]).float().flatten(1)
emotions = torch.tensor(faces.labels)

# %% [markdown]
# Every second pixel of 210 drawn faces, as in the file: 576 numbers for each face, from 0 to 255. That is enough for
# the first four exercises. The first two need part 02 of the lesson, the others part 02b.
#
# ## 02.1 · Three losses in your head
#
# No training, only the definition: the loss of a face is minus the natural logarithm of the probability that its true
# emotion got. Two decimals are enough.
#
# - `two_classes`: a network that tells *smiles* from *no smile* is not trained yet. What is its first loss?
# - `surely_happy`: a network with seven outputs gives every face 90 % *Happy*, and the other six share the rest
#   equally. A quarter of the faces is happy. What loss does that make?
# - `mean_loss`: somebody trains on 28,709 faces in batches of 128, the last one short. The notebook adds up one mean
#   loss for each batch, divides the sum by 128, and prints 3.30. What is the mean loss of a batch really?

# %% answer="02.1"
two_classes = None
surely_happy = None
mean_loss = None
### BEGIN SOLUTION
two_classes = 0.69  # ln 2
surely_happy = 3.10  # −(1/4) · ln 0.9 − (3/4) · ln(0.1 / 6)
mean_loss = 1.88  # 3.30 · 128 / 225, because 28,709 faces make 225 batches
### END SOLUTION

# %% check="02.1" points=3
fc.check("02.1", two_classes, surely_happy, mean_loss)

# %% [markdown]
# Compare the second with ln 7 = 1.95. To be sure and mostly wrong costs far more than to know nothing. Compare the
# third with 1.81, which a network pays that knows the class shares of FER2013 and no face: the one of this exercise has
# not even learned all of that.

# %% [markdown] hints="02.1"
# - An untrained network gives each class about the same probability. Which one, with two classes?
# - The second loss is a mean over two kinds of faces. What probability does a happy face's emotion get? And that of an angry one?
# - The sum that the third notebook has in its hands is what it prints times 128. How many batches went into it? The short one is a batch as well.

# %% [markdown]
# ## 02.2 · The loop from memory
#
# Close the lesson and write its loop. `train_epoch(model, batches, rate)` trains for one epoch with plain gradient
# descent, which PyTorch has as `torch.optim.SGD(weights, lr=rate)`. `batches` is a list of pairs, images and labels. The
# batches are not of one size.
#
# It returns a dictionary of three numbers:
#
# - `"train_loss"` and `"train_accuracy"`: means over the *faces*, of what the model answered before each step;
# - `"gradient_norm"`: the mean over the *steps* of the length of the gradient. All the gradients of a step are one long
#   vector; its length is the root of the sum of all squares. Somebody may have frozen a layer with `requires_grad_(False)`: its
#   `.grad` is then `None`, and it adds nothing.
#
# The model may arrive from an evaluation, in the mode that `model.eval()` leaves.

# %% answer="02.2"
def train_epoch(model, batches, rate):
    ### BEGIN SOLUTION
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    model.train()
    loss_sum, hits, seen, norms = 0.0, 0, 0, []
    for images, labels in batches:
        logits = model(images)
        loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        gradients = [weights.grad.flatten() for weights in model.parameters() if weights.grad is not None]
        norms.append(torch.cat(gradients).norm().item())
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        hits += (logits.argmax(1) == labels).sum().item()
        seen += len(labels)
    means = {"train_loss": loss_sum / seen, "train_accuracy": hits / seen}
    return means | {"gradient_norm": sum(norms) / len(norms)}
    ### END SOLUTION


# %% check="02.2" points=3
fc.check("02.2", train_epoch)

# %% [markdown]
# What is the length good for? Here is one network, asked twice, with a rate of 0 so that nothing moves: once with the
# grey levels as they are, once standardised.

# %%
for name, inputs in [("raw", pixels), ("standardised", (pixels - pixels.mean()) / pixels.std())]:
    torch.manual_seed(2)
    untrained = nn.Sequential(nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 7))
    print(f"{name:13}", train_epoch(untrained, [(inputs, emotions)], 0.0))

# %% hidden="02.2" points=2
# Nothing to do here: where a teacher grades your sheet, more networks are trained in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import plain, same


def tiny():
    torch.manual_seed(8)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))


shown, truth = torch.linspace(-1, 2, 20).reshape(5, 4), torch.tensor([2, 0, 1, 1, 0])
zero = nn.Linear(4, 3)
nn.init.zeros_(zero.weight)
nn.init.zeros_(zero.bias)
first = plain(train_epoch(zero, [(shown[:1], truth[:1])], 0.1))
assert same(first["train_loss"], 1.0986, atol=1e-4), "a network that knows nothing about three classes"
slope = (6 * (1 + shown[0].square().sum()) / 9).sqrt().item()
assert same(first["gradient_norm"], slope, atol=1e-4), "one face, one layer: the length can be computed by hand"
still = plain(train_epoch(tiny(), [(shown, truth)], 0.0))
apart = plain(train_epoch(tiny(), [(shown[:4], truth[:4]), (shown[4:], truth[4:])], 0.0))
for name in ("train_loss", "train_accuracy"):
    assert same(apart[name], still[name], atol=1e-4), "with a rate of 0 the batches do not matter"
once = plain(train_epoch(tiny(), [(shown, truth)], 0.5))
assert same(once["train_loss"], still["train_loss"], atol=1e-4), "the loss is that before the step"
frozen = tiny()
frozen[0].requires_grad_(False)
half = plain(train_epoch(frozen, [(shown, truth)], 0.1))
assert 0 < half["gradient_norm"] < still["gradient_norm"], "a frozen layer has no gradient"
### END HIDDEN TESTS

# %% [markdown] hints="02.2"
# - Before the loop: the optimiser, and the mode that switches dropout and batch norm to training. In the loop: ask, measure, forget the old gradients, find the new ones, step.
# - `cross_entropy` gives the mean of a batch. How do you get from the means of batches of 5, 5 and 2 back to a mean over 12 faces?
# - After `loss.backward()` each tensor of `model.parameters()` has its part of the gradient in `.grad`; a frozen one has `None`. Add up the squares of all parts first, and take one root at the end.

# %% [markdown]
# ## 02.3 · Four ways to feed a network
#
# Raw grey levels; the numbers from 0 to 1; those with their mean subtracted; those divided by their standard deviation
# as well. Rank the four on paper before you go on: which network will have the lowest loss after forty steps, which the
# highest?

# %%
fc.guess(
    "02.e3",
    "Raw pixels will do badly. And the other three, the best first?",
    options=[
        "standardised, mean subtracted, 0 to 1",
        "standardised, 0 to 1, mean subtracted",
        "the same, more or less: the numbers are small in all three",
    ],
)

# %%
unit = pixels / 255
feeds = {
    "raw": pixels,
    "0 to 1": unit,
    "mean subtracted": unit - unit.mean(),
    "standardised": (unit - unit.mean()) / unit.std(),
}


# %%
def feed(inputs, rate=0.001, seed=0):
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 7))
    adam = torch.optim.Adam(network.parameters(), lr=rate)
    losses = []
    for _ in range(40):
        adam.zero_grad()
        losses.append(nn.functional.cross_entropy(network(inputs), emotions))
        losses[-1].backward()
        adam.step()
    answers = network(inputs).argmax(1)
    return losses[0].item(), losses[-1].item(), len(answers.unique())


# %%
losses = {}
for name, inputs in feeds.items():
    before, losses[name], different = feed(inputs)
    print(f"{name:15} {before:5.2f} → {losses[name]:.2f}, {different} answers")

# %%
shares = torch.bincount(emotions) / len(emotions)
print(f"who knows the class counts and no face has a loss of {-(shares * shares.log()).sum():.2f}")
fc.reveal("02.e3", ", ".join(sorted(list(feeds)[1:], key=losses.get)))

# %% [markdown]
# The two numbers in the middle of each line are the loss before the first and before the last of forty steps. Does
# another seed change the order? Does a rate of 0.03? Run both in a cell of your own: `feed(inputs, rate=0.03)`.
#
# Then explain in your own words, in six to ten sentences:
#
# - Why does the raw network start at a loss of 17 or so, and where do its first steps take it?
# - The numbers from 0 to 1 are small, and yet that network knows hardly more than the class counts. What do all its
#   faces have in common, and what does that do to the gradient of a first-layer unit, 576 slopes at once?
# - At a rate of 0.03 two ways change places. Which two? So what does subtracting the mean buy, and what does dividing
#   by the standard deviation buy?

# %% [markdown] answer="02.3" points=4
# ### BEGIN SOLUTION
# Raw grey levels are 255 times as large as numbers from 0 to 1, and so are the first sums; the logits are tens instead
# of tenths, the network is sure of something by accident, and being sure and wrong costs 17. Adam's first step moves
# each weight by the rate, whatever the gradient is. With 576 pixels of about 120 that moves a sum by up to 70: units
# are pushed below zero for all faces, and a silent ReLU gets no gradient. After forty steps most of the first layer is
# silent, and the loss is back at what the class counts are worth, or above.
#
# From 0 to 1 every pixel is positive, around 0.47, and the faces differ from one another by much less than that. The
# slope of a weight is the error of its unit times its pixel, so for one face all 576 slopes have one sign. They go up
# together or down together: the unit learns how bright a face is, hardly what is in it. The large common part hides the
# small differences.
#
# With the mean subtracted, pixels are positive and negative, a weight can rise while its neighbour falls, and the
# network learns at once. But the numbers are small, about 0.2, so the same step changes a sum five times less than with
# standardised ones. At 0.03 the two change places: the step is now right for the small numbers and too long for the
# standardised ones. So dividing sets the length of a step, which the rate could do as well; it makes the usual rates
# fit. Subtracting sets the direction, and no rate does that: from 0 to 1 stays near the class counts at both.
#
# **Rubric**
#
# - 1 point: raw: sums (or logits) hundreds of times too large, hence the loss; the first steps overshoot and silence
#   units, and little more than the class counts is left.
# - 1 point: 0 to 1: all inputs positive, or a large part that all faces share; slopes of a unit have the same sign, or
#   only brightness is learned.
# - 1 point: at 0.03 mean subtracted and standardised change places, seen and reported.
# - 1 point: dividing is a matter of the step's length, and a rate can stand in for it; subtracting is not.
# - An explanation by badly conditioned slopes (one steep direction, many flat ones) is worth the second point, too.
# ### END SOLUTION

# %% [markdown] hints="02.3"
# - Take one unit of the first layer and one face. Its slope for the weight of pixel k is the unit's error times pixel k. Which signs can the 576 slopes have, fed with 0 to 1? And with the mean subtracted?
# - Adam's first step moves every weight by the rate. How far does that move a sum of 576 pixels of 120? Of 0.47? Of 0.2?
# - Which two of the four ways differ by a factor alone? What else in the training could make up for a factor?

# %% [markdown]
# ## 02.4 · The layer that fell silent
#
# The 25 % of 2019 again, in two seconds. Raw pixels, a rate that is too high:

# %%
def seven_layers():
    torch.manual_seed(3)
    first = nn.Linear(576, 64), nn.ReLU(), nn.Dropout(0.2)
    second = nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2)
    return nn.Sequential(*first, *second, nn.Linear(32, 7))


silenced = seven_layers()
adam = torch.optim.Adam(silenced.parameters(), lr=0.03)
for step in range(30):
    adam.zero_grad()
    cost = nn.functional.cross_entropy(silenced(pixels), emotions)
    cost.backward()
    adam.step()
print(f"loss {cost.item():.2f}")

# %% [markdown]
# It has gone quiet somewhere, and the loss does not say where. Write the instrument.
# `first_silent_layer(model, images)` gets an `nn.Sequential` and a batch. It returns the place of the first layer,
# counted from 0, after which all faces give the same output; `None` if there is no such layer.
#
# *The same* means: in no single number of the output do two faces differ by more than 0.000001. That number need not be
# zero, and it may be another one for each unit.
#
# An instrument must not disturb what it measures. Ask the model as in an evaluation, without gradients, and leave it in
# the mode in which you found it, training or evaluation.

# %% answer="02.4"
def first_silent_layer(model, images):
    ### BEGIN SOLUTION
    found, was_training = None, model.training
    model.eval()
    with torch.no_grad():
        for place, layer in enumerate(model):
            images = layer(images)
            spread = images.amax(0) - images.amin(0)
            if spread.max() <= 1e-6:
                found = place
                break
    model.train(was_training)
    return found
    ### END SOLUTION


# %% check="02.4" points=3
fc.check("02.4", first_silent_layer)

# %% [markdown]
# And where was it in the network above? Compare with the same layers, untrained and fed well.

# %%
print("raw, trained:", first_silent_layer(silenced, pixels))
print("standardised, untrained:", first_silent_layer(seven_layers(), feeds["standardised"]))

# %% hidden="02.4" points=2
# Nothing to do here: where a teacher grades your sheet, more networks are looked into in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import same

torch.manual_seed(6)
maps = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))
small_faces = torch.rand(4, 1, 8, 8)
assert same(first_silent_layer(maps, small_faces), None), "a healthy network of convolutions"
nn.init.constant_(maps[0].bias, -50.0)
assert same(first_silent_layer(maps, small_faces), 1), "a dead ReLU behind a convolution"
alike = nn.Sequential(nn.Linear(4, 2), nn.Tanh()), torch.ones(5, 4)
assert same(first_silent_layer(*alike), 0), "five times the same face"
saturated = nn.Sequential(nn.Linear(4, 3), nn.Sigmoid(), nn.Linear(3, 2))
nn.init.constant_(saturated[0].bias, 90.0)
assert same(first_silent_layer(saturated, torch.rand(6, 4)), 1), "a sigmoid that always says 1"
quiet_but_alive = nn.Sequential(nn.Linear(4, 3), nn.Flatten())
assert same(first_silent_layer(quiet_but_alive, 1e-3 * torch.rand(6, 4)), None), "faint differences are differences"
### END HIDDEN TESTS

# %% [markdown] hints="02.4"
# - Push the batch through one layer after the other, as the lesson's `look_inside` does, and look at what comes out of each.
# - "The same for all faces" compares along the axis of the faces, for each unit on its own. What is the difference between the largest and the smallest there? Zeros are not the question.
# - Dropout in training mode makes equal faces differ, or different ones equal. So `model.eval()` first. And `model.training` tells you beforehand what to restore at the end, also when you leave the loop early.


# %% [markdown]
# ## 02.5 · Improve it
#
# The repaired network of the lesson in small: it averages blocks of 2 × 2 pixels, has 64 and 32 hidden units with
# dropout 0.2, and is trained for ten epochs with Adam at 0.001 on 4,000 drawn faces. Train one that is better. What you
# may change is what you have met: the units and layers, dropout, the rate, the batches, the epochs.
#
# Your network is judged on faces that it has not seen. Only faces that one of the two got right and the other wrong
# count, and their split must be too uneven for chance.
#
# - Two minutes of training are enough.
# - `network()` must stand alone. Write the mean and the standard deviation into it as numbers: whoever grades your sheet
#   calls it without these faces, and then puts your trained weights into it.
# - At most 1 MB of weights travels with your notebook. That is about 500,000 numbers.

# %% tags=["training"]
practice = fc.drawn_faces(4_000, 1_000, 0, seed=25)
practice.train.images.mean() / 255, practice.train.images.std() / 255

# %% answer="02.5"
def network():
    ### BEGIN SOLUTION
    shrink = [fc.Standardise(0.47, 0.2), nn.AvgPool2d(2), nn.Flatten()]
    first = [nn.Linear(576, 256), nn.ReLU(), nn.Dropout(0.3)]
    second = [nn.Linear(256, 64), nn.ReLU(), nn.Dropout(0.3)]
    return nn.Sequential(*shrink, *first, *second, nn.Linear(64, 7))
    ### END SOLUTION


# %% train="02.5"
torch.manual_seed(0)
model = network()
### BEGIN SOLUTION
history = fc.fit(model, practice, epochs=20, lr=0.001, batch_size=100)
### END SOLUTION
fc.hand_in("02.5", model)

# %% check="02.5" points=1
fc.check("02.5", network)

# %% hidden="02.5" points=2
# Nothing to do here: where a teacher grades your sheet, your network meets 2,000 other faces.
### BEGIN HIDDEN TESTS
from fercourse.classroom.improve.judge import judge

better, why = judge("02.5", network, seed=604_118_275_993_301)
assert better, why
### END HIDDEN TESTS

# %% [markdown]
# Save the notebook (Ctrl+S), then run the next cell. It says whether your network is in the file that you hand in.

# %%
fc.saved("02.5")

# %% [markdown] hints="02.5"
# - Look at the loss of the last epochs on the practice faces. Is it still falling? Then the training was stopped too early.
# - Change one thing at a time and write down what it brings. A network that learns its training faces by heart needs more dropout, one that does not needs more units or more epochs.
# - Four times the units in the first layer and twice the epochs are more than enough.
