# ---
# title: what moves, one grey channel, a head that distorts, a body that stays, and few labels
# exercises:
#   - {id: "09.1", title: "What moves?", kind: recall, difficulty: 1, minutes: 10}
#   - {id: "09.2", title: A stem for grey, kind: code, difficulty: 2, minutes: 20}
#   - {id: "09.3", title: "Right here, wrong there", kind: break, difficulty: 3, minutes: 35}
#   - {id: "09.4", title: "Frozen until train() is called", kind: debug, difficulty: 2, minutes: 25}
#   - {id: "09.5", title: Few labels, kind: improve, difficulty: 3, minutes: 35}
# ---

# %%
import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

# %% [markdown]
# This sheet belongs to both parts of the lesson. 09.1, 09.2 and 09.4 need the first part alone. 09.3 and 09.5 train all layers
# of a pretrained network, as the second part does.
#
# ## 09.1 · What moves?
#
# No code here. A network is a convolution without bias, a batch norm, a ReLU, a flatten and a last linear layer. What can move
# in it has four names:
#
# - `C`: the kernels of the convolution;
# - `N`: the two weights that the batch norm has for each channel;
# - `A`: the buffers of the batch norm, with its running means and variances;
# - `L`: the weights and biases of the last layer.
#
# The network is trained seven times, each time from the start. Where nothing else is said, it is one epoch of
# `fc.train_epoch`, every tensor of weights requires a gradient, and the optimiser is SGD without weight decay and holds all of
# them.
#
# 1. `C` and `N` require no gradient.
# 2. `C` and `N` require no gradient, and `network.eval()` is called once before the epoch.
# 3. The optimiser holds `L` alone.
# 4. What is trained is `fc.Frozen(network)`. Where no layers are named, it freezes all but the last linear one.
# 5. What is trained is `fc.Frozen(network, [norm])`, which freezes the layers in the list; `norm` is the batch norm.
# 6. No epoch: `network.train()` is called, and inside of `torch.no_grad()` the network answers all training faces.
# 7. No epoch: `network.eval()` is called, and the network answers all training faces.
#
# `moves` is a list of seven texts, one for each training. Each has the letters of what has moved afterwards, in any order, such
# as `"CNAL"`, or is `"none"`.
#
# Then two numbers. After each batch in training mode, a running mean becomes 0.9 times what it was, plus 0.1 times the mean of
# the batch. So it forgets what it was.
#
# - `left`: which share of the old mean is left in the new one after 512 faces in batches of 64? From 0 to 1, two digits behind
#   the point are enough.
# - `fewest`: after how many batches is that share under 0.01 for the first time?

# %% answer="09.1"
moves = None
left = None
fewest = None
### BEGIN SOLUTION
moves = ["AL", "AL", "AL", "L", "CL", "A", "none"]
left = 0.9**8  # eight batches
fewest = 44  # 0.9 ** 43 is 0.0108, 0.9 ** 44 is 0.0097
### END SOLUTION

# %% check="09.1" points=2
fc.check("09.1", moves, left, fewest)

# %% [markdown] hints="09.1"
# - Ask two questions about each of the four. What moves it: a step of the optimiser, or a forward pass? And does that happen in this training?
# - A step moves a tensor that the optimiser holds and that got a gradient. A forward pass moves the buffers of a batch norm in training mode, whether or not there are gradients. The first line of `fc.train_epoch` is `model.train()`.
# - How many batches are 512 faces? Each of them multiplies what is left by 0.9. For `fewest` multiply on until the product is under 0.01.

# %% [markdown]
# ## 09.2 · A stem for grey
#
# `grey_stem(convolution)` gets an `nn.Conv2d` with three input channels. It returns a new layer with **one** input channel. For a
# grey picture (B, 1, height, width) this layer gives what the old one gives for the same picture repeated three times, up to
# rounding.
#
# - The convolution may have any number of filters, any kernel, stride and padding, a bias or none, and numbers of 32 or 64 bits.
# - It may have any *padding mode* (what stands outside of the picture: zeros, the picture mirrored, …) and any *dilation* (how far
#   apart the pixels are that a kernel multiplies). Its `groups` are 1, as usual: each filter sees all three channels.
# - The old layer stays as it is, and the two share no tensor: whoever trains the new layer must not move the old one.
# - Each weight of the new layer takes a gradient, so that it can be trained.

# %% answer="09.2"
def grey_stem(convolution):
    ### BEGIN SOLUTION
    stem = copy.deepcopy(convolution)
    stem.in_channels = 1
    stem.weight = nn.Parameter(convolution.weight.detach().sum(1, keepdim=True))
    return stem
    ### END SOLUTION


# %% check="09.2" points=2
fc.check("09.2", grey_stem)

# %% [markdown]
# How much of the arithmetic is saved? Here are two stems of 32 filters, for colour and for grey.

# %%
colour_stem = nn.Conv2d(3, 32, 3, stride=2, padding=1)
stems = {"three channels": (colour_stem, torch.zeros(1, 3, 48, 48)), "one": (grey_stem(colour_stem), torch.zeros(1, 1, 48, 48))}
for name, (layer, picture) in stems.items():
    products = layer.weight.numel() * np.prod(layer(picture).shape[2:])
    print(f"{name}: {products:,} products for each face")

# %% hidden="09.2" points=1
# Nothing to do here: where a teacher grades your sheet, more convolutions come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_09 import expect_grey

circular = nn.Conv2d(3, 7, (2, 5), stride=(3, 1), padding=(1, 2), padding_mode="circular", bias=False)
expect_grey(grey_stem, circular, "padding in a circle", seed=921)
wide = nn.Conv2d(3, 2, 5, padding=4, dilation=2, padding_mode="replicate", dtype=torch.float64)
expect_grey(grey_stem, wide, "dilation, 64 bits, and padding by the last pixel", seed=922)
### END HIDDEN TESTS

# %% [markdown] hints="09.2"
# - A convolution multiplies each channel by a kernel of its own and adds the products. What can you put outside of the bracket, where the three channels are equal?
# - The kernels have the shape (filters, channels, height, width). Add over the channels and keep that axis: `sum(1, keepdim=True)`. The bias is added once, however many channels there are.
# - A new `nn.Conv2d` needs all options of the old one. `copy.deepcopy(convolution)` has them already, in tensors of its own: give the copy `nn.Parameter(…)` as its `weight`, and 1 as its `in_channels`.

# %% [markdown]
# ## 09.3 · Right here, wrong there
#
# Kumar and others ([2022](https://arxiv.org/abs/2202.10054)) compared two ways to use a pretrained network: a linear probe on its
# frozen features, and training all of its layers on, which is called *fine-tuning*. On pictures like those of the training fine-tuning
# was better. On pictures of another kind the probe often was. Two layers are enough to see how that can happen.
#
# In this toy a face is two numbers: how far the corners of the mouth are drawn up, and how far the cheeks are. The right answer,
# how much joy there is, is their sum. The pretrained layer knows this sum already, because it makes one feature, 1 · mouth + 1 · cheeks.
# The last layer, the *head*, multiplies the feature by one number. It is new and has to be learnt. But on the eight faces of the
# training the cheeks are hidden, so that their number is 0.

# %%
mouths = torch.linspace(0.2, 1.6, 8, dtype=torch.float64)
inputs = torch.stack([mouths, torch.zeros_like(mouths)], dim=1)  # mouth, cheeks
targets = inputs.sum(1)
pretrained = torch.ones(1, 2, dtype=torch.float64)  # one feature of two inputs
far = torch.tensor([[0.0, 1.0]], dtype=torch.float64)  # a face whose cheeks alone are drawn up; right is 1

# %% [markdown]
# A *probe* moves the head alone, and ends at a head of 1. Then every face is right, also the far one. Fine-tuning moves both layers.

# %%
fc.guess(
    "09.e3",
    "The head begins at 0, and both layers are trained until all eight faces are right. "
    "What does the network answer for the far face?",
    options=[0, 0.79, 1, 1.27],
)

# %% [markdown]
# Write `fine_tune(features, head, inputs, targets, rate, steps)`, plain gradient descent on both layers at once.
#
# - There are N faces of D inputs, from which the first layer makes K features. In the toy N is 8, D is 2 and K is 1.
# - `features` (K, D) and `head` (K,) are where it begins; `inputs` are (N, D), `targets` (N,). All are tensors of 64 bits.
#   Leave them as they are, because `pretrained` is used again below.
# - An answer is the sum over the K features of head · (features · inputs). The error is the mean over the faces of
#   (answer − target)².
# - In each step both layers move by minus `rate` times their gradient, where both gradients are taken before either moves.
#   You may write the gradients down yourself, or let torch take them.
# - It returns the pair (features, head) after the last step.
#
# Then make it break. `start` is a number at which the head begins. From there, after 2,000 steps at the rate 0.02, the eight faces
# have an error under 0.000001, and the answer for the far face is off by **more than 1**.

# %% answer="09.3"
start = None


def fine_tune(features, head, inputs, targets, rate, steps):
    ### BEGIN SOLUTION
    features, head = features.clone(), head.clone()
    for _ in range(steps):
        slopes = 2 * (inputs @ features.T @ head - targets) / len(targets)
        to_features = torch.outer(head, slopes @ inputs)
        to_head = features @ (slopes @ inputs)
        features -= rate * to_features
        head -= rate * to_head
    return features, head


start = 3.0  # the head stays near it, and the feature's number for the mouth gives way
### END SOLUTION


# %% check="09.3" points=3
fc.check("09.3", fine_tune, start)

# %% [markdown]
# The head begins at five numbers in turn. What is learnt, and what does the network then answer for the far face?

# %%
def trained_from(head):
    found = fine_tune(pretrained, torch.tensor([head], dtype=torch.float64), inputs, targets, 0.02, 2000)
    return [torch.as_tensor(part, dtype=torch.float64).detach() for part in found]


for first in (0.0, 0.5, 1.0, 1.5, 2.0):
    features, head = trained_from(first)
    mouth, cheeks = features[0].tolist()
    error = F.mse_loss(inputs @ features.T @ head, targets).item()
    print(f"head {first} → {head.item():.2f}   feature {mouth:.2f} · mouth + {cheeks:.2f} · cheeks   ", end="")
    print(f"error {error:.0e}   far face {float(far @ features.T @ head):.2f}")

# %%
features, head = trained_from(0.0)
fc.reveal("09.e3", float(far @ features.T @ head))

# %% [markdown]
# Explain in eight to twelve sentences:
#
# 1. Three numbers are there to be learnt: the head, and the feature's two. Which of them never moves, and why does no gradient
#    reach it?
# 2. All five trainings end with an error of practically 0. Why do they differ on the far face, and why does the error of training
#    not show it?
# 3. From a head of 1 nothing breaks. What does that say about training a probe first and fine-tuning from there?
# 4. Now let the pretrained feature be worse, 0.2 · mouth + 1 · cheeks, and let no head be larger than 2, in both ways; weight decay
#    keeps heads small in a similar manner. Without running it: can the probe get the eight faces right? Can fine-tuning, and why?
# 5. You have photographs from a studio to train on, and the network will be used in cars. What would you measure before you choose
#    between a probe and fine-tuning, and on which faces?

# %% [markdown] answer="09.3" points=5
# ### BEGIN SOLUTION
# The feature's number for the cheeks stays 1 in every row. Its gradient is a sum over the faces of slope · head · cheeks, and the cheeks
# of all eight faces are 0. So no face of the training can say anything about it. The head and the number for the mouth do move.
#
# The eight faces need only that the product of head and number for the mouth is 1. Many pairs have that product, and where
# the training ends depends on where it began: from a head of 2 the head moves little, and the number for the mouth shrinks to little more than a half. The
# answer for the far face is head · 1, because its cheeks meet the number that did not move. The feature was right for both inputs and
# is now distorted: one of its numbers has changed and the other one has not. The error of training sees only the product, and that is right.
#
# From a head of 1 the first error is already 0, so there is no gradient and both layers stay. A probe ends at that head. So it helps to
# train the probe first and to fine-tune from there: the head fits the features already, the gradients are small, and little is
# distorted.
#
# With a feature of 0.2 · mouth the probe needs a head of 5, and held to at most 2 it reaches 0.4 of each target. Fine-tuning can change the feature
# itself: it raises the number for the mouth to a half or more and is right on all eight faces. It is better wherever the pretrained features are not good enough for the new task and
# the faces to answer are like those of the training.
#
# Before I choose I would collect some hundred labelled faces from cars, which take part in no training. On them I would compare
# the probe, fine-tuning, and fine-tuning from the probe, by a paired test. Studio faces would not do, because all
# three may agree there and differ in cars.
#
# **Rubric**
#
# - 1 point: the number for the cheeks never moves, because this input is 0 on all training faces, and with it the gradient.
# - 1 point: only the product of head and number for the mouth is held by the training faces; where it ends depends on where it began, and the far face shows the head alone.
# - 1 point: from the probe's head the gradients are 0, or small, so that fine-tuning from there distorts little.
# - 1 point: with poor features fine-tuning is better on faces like those of the training, with the reason (the feature itself has to change).
# - 1 point: measures on labelled faces of the kind that will be met, kept out of the training, not on faces like those of the training.
# ### END SOLUTION

# %% [markdown] hints="09.3"
# - Let torch do it first: `requires_grad_()` on copies of both, `loss.backward()`, a step inside `torch.no_grad()`. For a version by hand, write down the slope of the error by each answer, 2 · (answer − target) / N, and pass it back through the head and through the features.
# - Use the same slopes for both layers. If you move the head first and then take the gradient of the features, it belongs to another head than you began the step with.
# - Print the head before and after for a few beginnings. Which of head and number for the mouth gives way: the larger or the smaller one? For `start` the head in the end has to be more than 2, or below 0. A very large one diverges at this rate.

# %% [markdown]
# ## 09.4 · Frozen until train() is called
#
# A colleague joins a pretrained *body*, which makes the features, and a new head. The body should stay as it is, and only the head is to
# be trained. The code turns the body's gradients off, puts the body into evaluation mode, and gives the optimiser the head alone.

# %%
def thought_frozen(body, head):
    for weights in body.parameters():
        weights.requires_grad = False
    body.eval()
    model = nn.Sequential(body, head)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    return model, optimizer


def small_body():
    convolution = [nn.Conv2d(1, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*convolution, nn.Dropout(0.3), nn.AdaptiveAvgPool2d(3), nn.Flatten())


# %% [markdown]
# One epoch of the course's loop, and what has moved in the body. Then the model is asked twice about the same faces, in training mode.
# The head is a linear layer, so that it answers the same both times if it gets the same features.

# %%
some = fc.drawn_faces(256, 0, 0, seed=94).train


def looked_at(join):
    torch.manual_seed(0)
    body, head = small_body(), nn.Linear(72, 7)
    model, optimizer = join(body, head)
    before = copy.deepcopy(body.state_dict())
    fc.train_epoch(model, fc.batches(some, 32), optimizer)
    moved = [name for name, tensor in body.state_dict().items() if not torch.equal(before[name], tensor)]
    faces, _ = next(fc.batches(some, 32))
    model.train()
    with torch.no_grad():
        apart = (model(faces) - model(faces)).abs().max().item()
    print(f"moved in the body: {', '.join(moved) or 'nothing'}; asked twice, answers differ by up to {apart:.2f}")


looked_at(thought_frozen)

# %% [markdown]
# Find out which line does not do what the colleague expects. Then write `frozen(body, head)`, which returns the pair (model,
# optimiser) and really keeps the body as it is. One more call of `eval()` before the training is not enough: the following must
# hold for every loop, however often it calls `train()` and `eval()` of the model.
#
# - No tensor of the body moves, and none of its weights gets a gradient.
# - The head gets the same features of a face in training mode as in evaluation mode: no layer of the body leaves out numbers by
#   chance or looks at the other faces.
# - The head is trained as before. It may have a dropout or a batch norm of its own, and in training mode these act.
# - The optimiser holds the weights of the head that came in, and no others. Its rate is 0.1.
# - `model.train()` and `model.eval()` return the model, as those of every PyTorch module do.
#
# The body may have layers of any kind, also nested ones. `fc.Frozen` does all this; write it by hand this time.

# %% answer="09.4"
def frozen(body, head):
    ### BEGIN SOLUTION
    body.requires_grad_(False)
    return Joined(body, head).train(), torch.optim.SGD(head.parameters(), lr=0.1)


class Joined(nn.Sequential):
    """A body and a head: the first stays in evaluation mode, whatever is called."""

    def train(self, mode=True):
        super().train(mode)
        self[0].eval()
        return self
    ### END SOLUTION


# %% check="09.4" points=3
fc.check("09.4", frozen)

# %%
looked_at(frozen)

# %% hidden="09.4" points=1
# Nothing to do here: where a teacher grades your sheet, more bodies come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_09 import expect_frozen

deep = nn.Sequential(nn.Sequential(nn.Sequential(nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.Dropout2d(0.4))), nn.ReLU())
body = nn.Sequential(deep, nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.BatchNorm1d(24))
own = nn.Sequential(nn.BatchNorm1d(24), nn.Dropout(0.4), nn.Linear(24, 7))
expect_frozen(frozen, body, own, "batch norm and dropout in both parts", seed=941)
### END HIDDEN TESTS

# %% [markdown] hints="09.4"
# - Read `fc.train_epoch` once more: `fc.source(fc.train_epoch)`. What does its first line do to the body, and when did the colleague call `body.eval()`?
# - `model.train()` calls `train` of each part, and each of these of its own parts. Where can you step in, so that the body is left out, and the head is not?
# - A class from `nn.Sequential` or `nn.Module` whose method `train(self, mode=True)` calls `super().train(mode)`, then `eval()` of the body, and returns `self`. `eval()` of a model calls `train(False)`, so that one method is enough.

# %% [markdown]
# ## 09.5 · Few labels
#
# Faces cost little, and labels cost a lot, because people have to look at each face. Here are 3,000 faces, of which 250 have labels:
# these are `few`. `unlabelled` has all 3,000 pictures, the 250 among them, without labels.
#
# The network to beat is `small_network()` after `fc.fit(model, (few, valid), **recipe)` and nothing else: 60 epochs of the 250 faces.
# It is right on about a third of new faces; always answering *Happy* is right on a quarter. Yours has to beat it by the paired test of
# lesson 03: only faces that one of the two got right and the other wrong count, and p has to be under 0.05. The check asks 1,000
# practice faces, for one of the three points; a grader asks 2,000 other faces, for the other two. A lead of 30 faces of 1,000, or of 40
# of 2,000, is usually enough.
#
# What can be learnt from a face without a label? Any task whose right answers you know without looking at the faces. For example,
# turn each face by 0, 90, 180 or 270 degrees, and let the network say by how much: you know it, because you turned it. Gidaris and
# others ([2018](https://arxiv.org/abs/1803.07728)) pretrained networks in this way, and found their features useful for other
# tasks. So pretrain the body on turns, put a new last layer behind it, and train on the 250. That is transfer learning with a
# pretraining of your own:
#
# - For the turns write a short loop of your own, because `fc.fit` takes faces with emotions, and `unlabelled` has none. The network
#   for the turns has all layers of yours but the last, and behind them a new layer with four outputs.
#   `torch.cat([images.rot90(k, (2, 3)) for k in range(4)])` turns a batch of faces in all four ways, and `F.cross_entropy` compares
#   the outputs with each face's k.
# - All layers but the last have to be in your model afterwards. Copy them, or let both networks share them from the beginning.
# - Then call `fc.fit` with `few`.
#
# More labels of drawn faces are easy to get, because `fc.drawn_faces` gives as many as you like. Do not use them: then you would not
# learn what can be done with few labels, and whoever grades you reads your training. The 500 validation faces are there for choosing.
# Do not train on them either.
#
# `network()` builds the network, untrained: float32 (B, 1, 48, 48) from 0 to 1 in, seven logits out. It may call `small_network()`
# and other functions, and use imports and numbers, but no faces and nothing that a training has computed. For whoever grades your sheet
# trains nothing: `network()` is called, and your trained weights are put into what it returns. The network may have at most 500,000
# weights, because they are kept in the notebook. Two minutes of training are enough.

# %% tags=["training"]
drawn = fc.drawn_faces(3_000, 500, 0, seed=95)
few, valid = drawn.train[:250], drawn.valid
unlabelled = torch.tensor(drawn.train.images)[:, None].float() / 255  # (3000, 1, 48, 48)
del drawn

# %%
def small_network():
    layers, channels = [fc.Standardise(0.5, 0.25)], 1
    for filters in (16, 32, 48):
        layers += [nn.Conv2d(channels, filters, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(192, 7))


gentle = fc.Augment(flip=0.5, shift=0.05, rotate=8)
recipe = {"epochs": 60, "lr": 3e-3, "batch_size": 25, "schedule": fc.OneCycle(), "augment": gentle}

# %% answer="09.5"
def network():
    ### BEGIN SOLUTION
    return small_network()
    ### END SOLUTION


# %% [markdown]
# Train it here. What you hand in last counts.

# %% train="09.5"
torch.manual_seed(0)
model = network()
### BEGIN SOLUTION
EPOCHS, BATCH = 10, 100
generator = torch.Generator().manual_seed(0)
body, head = model[:-1], model[-1]
turns = nn.Sequential(body, nn.Linear(head.in_features, 4)).train()
optimizer = torch.optim.Adam(turns.parameters())
steps = EPOCHS * len(unlabelled) // BATCH
cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps, cycle_momentum=False)
for _ in range(EPOCHS):
    for places in torch.randperm(len(unlabelled), generator=generator).split(BATCH):
        faces = gentle(unlabelled[places], generator)
        quarters = torch.randint(4, (len(faces),), generator=generator)
        faces = torch.stack([face.rot90(int(quarter), (1, 2)) for face, quarter in zip(faces, quarters)])
        loss = F.cross_entropy(turns(faces), quarters)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
fc.fit(model, (few, valid), **recipe, device="cpu", progress=False)
print(f"{100 * fc.predict(model, valid).accuracy:.1f} % of {len(valid)} validation faces")
### END SOLUTION
fc.hand_in("09.5", model)

# %% check="09.5" points=1
fc.check("09.5", network)

# %% hidden="09.5" points=2
# Nothing to do here: where a teacher grades your sheet, your network meets 2,000 other faces.
### BEGIN HIDDEN TESTS
from fercourse.classroom.improve.judge import judge

better, why = judge("09.5", network, seed=934_602_718_553_071)
assert better, why
### END HIDDEN TESTS

# %% [markdown]
# Save the notebook (Ctrl+S), then run the next cell. It says whether your network is in the file that you hand in.

# %% tags=["training"]
fc.saved("09.5")

# %% [markdown] hints="09.5"
# - Begin with the turns alone. `face.rot90(k, (1, 2))` turns one face (1, 48, 48) by k quarters, and k is its label. After a few epochs most turns should be told apart. If they are not, look at the rate first.
# - `nn.Sequential(model[:-1], nn.Linear(192, 4))` shares all layers but the last with `model`: what it learns is in `model` afterwards, whose own last layer has not moved. Then `fc.fit(model, (few, valid), **recipe)`.
# - Ten epochs of turns on all 3,000 faces, in batches of 100, by Adam with one cycle up to 0.003, take less than half a minute. Change the faces with `gentle(faces, generator)` before you turn them. What else could a network be asked about a face without a label?
