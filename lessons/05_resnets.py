# ---
# title: "Residual networks: how a network can be deep"
# promise: You train networks of 8, 20 and 44 layers with and without shortcuts, and measure what depth does to each.
# needs:
#   - lessons 02 to 04
# outcomes:
#   - say what batch norm computes, in training and afterwards
#   - build a residual block and prove that it is the library's
#   - build a family of residual networks and count its layers, weights and shapes
#   - tell a network that is not being trained from one that learns by heart
# reproduces: the idea behind A's last part; its three networks follow in lesson 05b
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## What Notebook A leaves open
#
# [Notebook A](../docs/five_notebooks.md) ends with the networks that had won the large competitions: residual networks
# from torchvision, trained on faces from scratch. ResNet18 was right for 57.8 % of its validation faces; the notebook's
# own CNN had 55.1 % of PublicTest. Then came ResNet50 with 48.3 % and ResNet152 with 49.8 %. The notebook goes back to
# ResNet18 and does not say why the deeper two did worse.
#
# To judge that, you need deep networks which your machine can train. In this lesson you build a family of small ones,
# with 8, 20 and 44 layers. Lesson 05b then takes up the three large networks: their cost, their learning rates, and
# their recorded trainings on FER2013.

# %%
from dataclasses import replace

data = env.load(DATA)
sizes = env.pick(smoke=(120, 100), lesson=(4000, 1000), full=(28709, 3589))
parts = zip((data.train, data.valid), sizes)
train, valid = [split.take(min(size, len(split)), seed=SEED) for split, size in parts]
data = replace(data, train=train, valid=valid)
mean, std = train.images.mean() / 255, train.images.std() / 255
data

# %% [markdown]
# ## What a deeper network should be able to do
#
# Take a trained network of 8 layers and insert twelve layers that change nothing: each hands on what it gets. You
# have a network of 20 layers, and it makes exactly the same errors. So for any set of faces there are 20 layers that
# fit them at least as well as the best 8. On *new* faces the deeper network may still be worse, because it can learn
# more by heart: that is the overfitting of lesson 03. But on the faces that it is *trained* on, it should never be
# worse.
#
# So two numbers tell the two cases apart. Where a deeper network has a lower training loss and answers new faces
# worse, it overfits. Where its *training* loss is higher, the training has not found what the layers can do.

# %%
fc.guess(
    "05.5",
    "Stacks of 8, 20 and 44 layers, one layer after the other, no shortcuts. Each gets the same faces and the best of "
    "several rates. Which has the lowest training loss after 200 steps?",
    options=["8 layers", "20 layers", "44 layers"],
)

# %% [markdown]
# ## Batch norm
#
# Networks of 20 layers are seldom trained without one more building block. Look at what happens to a batch of faces on
# its way through 20 convolutions with fresh weights, each followed by a ReLU. The spread is the standard deviation of
# all numbers that come out of a layer.

# %%
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

images, labels = next(fc.batches(data.train, 64))


@torch.no_grad()
def spreads(normalise, layers=20):
    torch.manual_seed(SEED)
    x, spread = (images - mean) / std, {}
    for layer in range(1, layers + 1):
        x = nn.Conv2d(x.shape[1], 16, 3, stride=2 if layer < 3 else 1, padding=1, bias=False)(x)
        x = F.relu(nn.BatchNorm2d(16)(x) if normalise else x)
        spread[layer] = x.std().item()
    return spread


# %%
passed = {"as it is": spreads(False), "with batch norm": spreads(True)}
pd.DataFrame(passed).loc[[1, 5, 10, 20]].rename_axis("after layer").map("{:.2g}".format)

# %% [markdown]
# Without help a layer hands on, on average, less than half of the spread that it got, and after 20 layers the numbers
# hardly differ. <!-- 05.spread --> The ReLU cuts off what is negative, and the first weights that PyTorch draws for a
# convolution are too small to make up for that. Kaiming He and others (2015) draw them √6 ≈ 2.4 times as large, which
# keeps the spread. But training then changes the weights.
#
# Batch norm repairs the signal in each layer and at each step. For each channel it subtracts the mean and divides by
# the standard deviation, both taken over all faces of the batch and all places of the picture. Then it multiplies by
# γ and adds β. These are two weights for each channel, learned like all others, so that the network can choose
# another spread where it needs one.
#
# Here it is by hand, for one channel. The small 10⁻⁵ keeps the division safe where a channel is constant.

# %% tags=["NBVAL_CHECK_OUTPUT"]
layer = nn.BatchNorm2d(4)
x = torch.randn(8, 4, 6, 6) * 3 + 5
channel = x[:, 0]
by_hand = (channel - channel.mean()) / (channel.var(correction=0) + 1e-5).sqrt()
normal = torch.allclose(layer(x)[:, 0], by_hand, atol=1e-5)
print("in training the same to 1e-5:", normal)

# %% [markdown]
# This has a price: in training, the answer for one face depends on the other faces of its batch. When you use the
# network, that must not be. So the layer keeps running averages of mean and variance. With each batch of training it
# moves them a tenth of the way towards the batch, and in evaluation (`model.eval()`, which `fc.evaluate` and
# `fc.predict` set for you) it standardises with these averages instead.

# %%
face, company = x[:1], x + 2
for mode in (True, False):
    layer.train(mode)
    alone, among = layer(torch.cat([face, x[1:]]))[0], layer(torch.cat([face, company[1:]]))[0]
    print("training:  " if mode else "evaluation:", f"changed by {(alone - among).abs().max():.2f}")

# %% [markdown]
# Three things follow. The convolution before a batch norm needs no bias, because the mean that is subtracted would take
# it away again: hence `bias=False`, above and below. With a batch of one face, mean and variance come from that one
# picture, and in the last layers from few places. And a network that has been trained for a few steps only may do well
# in training and badly in evaluation, because its running averages are still on their way.
#
# ## The residual block
#
# In a residual network each block has a *shortcut*: what comes in is added to what comes out. So the layers of the
# block do not have to learn their whole output. They learn the *change*. The layers that change nothing, which we
# inserted above, are then the easiest thing to learn: the change is zero.

# %%
fc.plots.residual_blocks();

# %% [markdown]
# ResNet18 is made of basic blocks. ResNet50 and ResNet152 use the *bottleneck*: a 1 × 1 convolution first makes the
# many channels few, the 3 × 3 works on the few, and another 1 × 1 makes them many again. C in the drawing is a number
# of channels. With 256 channels coming in, the bottleneck takes 70 thousand weights, a basic block 1.2 million. You
# build it in exercise 05.2.
#
# A network of such blocks comes in *stages*; where a new one begins, except the first, it halves the side of the picture
# and doubles the channels. In a basic block the first convolution there has stride 2, which means that the kernel moves
# by two pixels. The input then no longer fits the sum, so the shortcut needs a layer as well: a 1 × 1 convolution with
# stride 2, which takes every other pixel and mixes the channels.


# %%
class Block(nn.Module):
    def __init__(self, inputs, channels, stride=1, shortcut=True):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut, self.downsample = shortcut, None
        if shortcut and (stride > 1 or inputs != channels):
            fitting = nn.Conv2d(inputs, channels, 1, stride, bias=False)
            self.downsample = nn.Sequential(fitting, nn.BatchNorm2d(channels))

    def forward(self, x):
        change = F.relu(self.bn1(self.conv1(x)))
        change = self.bn2(self.conv2(change))
        if not self.shortcut:
            return F.relu(change)
        same = x if self.downsample is None else self.downsample(x)
        return F.relu(same + change)


# %% [markdown]
# Is this the block of the library? Copy the weights of torchvision's blocks into yours, one with and one without the
# 1 × 1 convolution. Give both the same input, and compare in training and in evaluation.

# %% tags=["NBVAL_CHECK_OUTPUT"]
from torchvision.models.resnet import BasicBlock

fitting = nn.Sequential(nn.Conv2d(64, 128, 1, 2, bias=False), nn.BatchNorm2d(128))
pairs = {
    "plain": (BasicBlock(64, 64), Block(64, 64)),
    "halving": (BasicBlock(64, 128, 2, fitting), Block(64, 128, 2)),
}
same, x = {}, torch.rand(8, 64, 12, 12)
for name, (theirs, mine) in pairs.items():
    mine.load_state_dict(theirs.state_dict())
    modes = [torch.allclose(mine.train(mode)(x), theirs.train(mode)(x), atol=1e-5) for mode in (True, False)]
    same[name] = all(modes)
same

# %% [markdown]
# ## A family of networks
#
# Now stack the blocks. This is nearly the family with which the authors of ResNet studied depth on small pictures: a
# *stem* of one 3 × 3 convolution, then three stages of n blocks with 16, 32 and 64 channels. Two things differ: the
# stem has stride 2, so that a laptop can train 44 layers, and the shortcut between stages has a 1 × 1 convolution. At
# the end each channel is averaged over all its places (`AdaptiveAvgPool2d(1)`), and one linear layer answers.


# %%
def family(depth, shortcuts=True):
    torch.manual_seed(SEED)
    stem = nn.Sequential(nn.Conv2d(1, 16, 3, 2, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
    stages, inputs = [], 16
    for channels in (16, 32, 64):
        first = Block(inputs, channels, 1 if channels == 16 else 2, shortcuts)
        more = [Block(channels, channels, 1, shortcuts) for _ in range((depth - 2) // 6 - 1)]
        stages.append(nn.Sequential(first, *more))
        inputs = channels
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 7))
    return nn.Sequential(fc.Standardise(mean, std), stem, *stages, head)


# %% tags=["NBVAL_CHECK_OUTPUT"]
network, x, rows, weights = family(8), torch.zeros(2, 1, 48, 48), {}, {}
for name, part in zip(("standardise", "stem", "stage 1", "stage 2", "stage 3", "head"), network):
    x = part(x)
    weights[name] = sum(each.numel() for each in part.parameters())
    rows[name] = {"comes out": " × ".join(map(str, x.shape[1:])), "weights": f"{weights[name]:,}"}
pd.DataFrame(rows).T

# %% [markdown]
# The depth counts the layers on the longest way through: the stem, two convolutions in each block, and the linear
# layer. With n blocks in each stage that is 6n + 2, so one block for each stage makes 8 layers. The 1 × 1
# convolutions lie beside this way and are not counted.
#
# Each stage has a quarter of the pixels of the one before and twice the channels. So a convolution that keeps its
# channels takes the same arithmetic as one in the stage before, and four times the weights. Hold this against the
# table: from stage 2 to stage 3 the weights grow 4.0 times, from stage 1 to stage 2 only 3.1
# times. <!-- 05.weights --> That is because the first convolution of stage 2 reads 16 channels, not 32, while the one
# of stage 1 reads all of its 16.
#
# ## Eight layers, trained
#
# First the smallest network, on all the faces that this lesson uses. It is trained by SGD with momentum at one rate;
# rates that change are a subject of lesson 05b.

# %%
def train_at(lr, model, data, epochs):
    settings = {"optimizer": "sgd", "momentum": 0.9, "batch_size": 50, "precision": "auto", "seed": SEED}
    return fc.fit(model, data, epochs=epochs, lr=lr, **settings, device=env.device, progress=False)


eight = family(8)
history = train_at(0.03, eight, data, epochs=env.pick(smoke=1, lesson=6, full=30))

# %%
eight_guess = fc.predict(eight, data.valid)
fc.record("8 layers", eight_guess)

# %%
import matplotlib.pyplot as plt

figure, axis = plt.subplots(figsize=(4.6, 3.2), layout="constrained")
fc.plots.history(history, column="loss", ax=axis);

# %% [markdown]
# At the end the dashed line lies lower than the solid one: the network knows its own faces better than new
# ones. <!-- 05.gap -->
#
# Before you believe a figure, compare it with the floor: always answering *Happy*. A network counts as trained in this
# lesson where the whole 95 % interval of its accuracy lies above the share of *Happy* among the same faces. This one
# does. <!-- 05.eight -->

# %%
import numpy as np

floor = np.mean(data.valid.labels == 3)
fc.record("always Happy", 100 * floor, unit="%")
print(f"8 layers: at least {100 * eight_guess.interval()[0]:.1f} %")

# %% [markdown]
# ## With and without
#
# Now the experiment of the guess: three depths, each with shortcuts and without. Each may want another rate, and a
# race in which all get the rate of one of them is unfair (lesson 03b). So each is trained at 0.01 and at 0.03, and then
# further: the rates next to the best one so far are tried as well, until the best lies between two others.
#
# A network that has learned nothing has no best rate, because its losses hardly differ. For it all six rates are tried.
# "Nothing" needs a measure: the loss of a network that ignores the pixels and only knows how common each emotion is. A
# network has learned something where its loss is lower by 0.05 or more. (These are training losses. `fc.fit` also wants
# validation faces; eight are enough here, since nobody reads their loss.)

# %%
some = data.train.take(min(env.pick(smoke=50, lesson=2000, full=28709), len(data.train)), seed=SEED)
few = replace(data, train=some, valid=data.valid[:8])
shares = np.bincount(some.labels, minlength=7) / len(some)
ignorant = -sum(share * np.log(share) for share in shares if share)
print(f"loss of a network that ignores the pixels: {ignorant:.3f}")

# %%
DEPTHS = (8, 20, 44)
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def next_rate(last):
    best = min(last, key=last.get)
    place = RATES.index(best)
    learned = last[best] < ignorant - 0.05
    wanted = RATES[max(place - 1, 0) : place + 2] if learned else RATES
    return next((lr for lr in wanted if lr not in last), None)


# %%
def try_rate(lr, depth, shortcuts):
    model = family(depth, shortcuts)
    history = train_at(lr, model, few, epochs=env.pick(smoke=1, lesson=5, full=20))
    return history["train_loss"], model


def search(depth, shortcuts):
    tried = {lr: try_rate(lr, depth, shortcuts) for lr in (0.01, 0.03)}
    while lr := next_rate({lr: losses[-1] for lr, (losses, _) in tried.items()}):
        tried[lr] = try_rate(lr, depth, shortcuts)
    return tried


# %%
tried = {(depth, shortcuts): search(depth, shortcuts) for depth in DEPTHS for shortcuts in (True, False)}
last = {key: {lr: losses[-1] for lr, (losses, _) in runs.items()} for key, runs in tried.items()}
chosen = {key: min(of_rate, key=of_rate.get) for key, of_rate in last.items()}

# %% tags=["folded"]
rows = {
    ("with" if shortcuts else "without", f"{lr:g}"): {depth: last[depth, shortcuts].get(lr) for depth in DEPTHS}
    for shortcuts in (False, True)
    for lr in RATES
}
table = pd.DataFrame(rows).T.rename_axis(["shortcuts", "rate"]).rename_axis("layers", axis=1)
table.map(lambda loss: "–" if pd.isna(loss) else f"{loss:.2f}")

# %% tags=["folded"]
figure, axes = plt.subplots(2, 1, figsize=(5, 5.4), sharex=True, sharey=True, layout="constrained")
for axis, shortcuts in zip(axes, (False, True)):
    for depth in DEPTHS:
        losses = tried[depth, shortcuts][chosen[depth, shortcuts]][0]
        axis.plot(range(1, len(losses) + 1), losses, marker="o", ms=3, label=f"{depth} layers")
    axis.axhline(ignorant, color="black", lw=1, ls=":")
    axis.set_title("with shortcuts" if shortcuts else "without shortcuts", loc="left")
    axis.set_title(data.source, loc="right", fontsize=7)
    axis.set(ylabel="training loss")
    axis.legend(frameon=False)
axes[1].xaxis.get_major_locator().set_params(integer=True)
axes[1].set_xlabel("epoch")
plt.show()

# %%
def named(key):
    return f"{key[0]} layers, {'with' if key[1] else 'without'} shortcuts"


best = {key: last[key][chosen[key]] for key in last}
fc.record({f"training loss, {named(key)}": loss for key, loss in best.items()})

# %%
plain = {f"{depth} layers": best[depth, False] for depth in DEPTHS}
fc.reveal("05.5", min(plain, key=plain.get))

# %% [markdown]
# Without shortcuts the 44 layers have a far higher training loss than the 8. <!-- 05.degraded --> These are losses on
# the faces that were trained on, so this is no overfitting. The authors of ResNet met it in 2015 and called it
# *degradation*. Where the 20 layers stand, between the two or beside the 8, depends on faces and seed. Nor was the rate
# of one network forced on another: each network that learned has its best rate between two worse ones. <!-- 05.edge -->
# The 44 layers did not learn: at none of six rates does their loss get away from the dotted line, the loss of a network
# that ignores the pixels. <!-- 05.stuck -->
#
# With shortcuts the same layers learn: at 20 and at 44 layers the loss is clearly lower, with the same number of 3 × 3
# convolutions, the same faces and the same steps. <!-- 05.shortcut --> The shortcuts add hardly any weights. With them
# the 20 layers fit their faces better than the 8. <!-- 05.deeper --> At 8 layers there was little to repair: there the
# shortcuts lower the loss by less, or raise it a little. <!-- 05.shallow -->
#
# But look at the lower figure once more. The 44 layers with shortcuts are behind the 20 with them. <!-- 05.behind --> By
# the rule above that is a failure of training as well. The authors of ResNet began their network of
# 110 layers with a smaller rate, because at the usual one it learned hardly anything in its first epochs, and trained it
# for 64,000 steps.
#
# What are these networks worth on new faces?

# %%
guesses = {key: fc.predict(tried[key][chosen[key]][1], data.valid) for key in tried}
bounds = {key: guess.interval()[0] for key, guess in guesses.items()}
fc.record({named(key): guess for key, guess in guesses.items()})

# %% [markdown]
# Every network that learned is above the floor, and the 44 layers without shortcuts are not. <!-- 05.trained --> (On
# FER2013 the 8 layers with shortcuts learned and are not above it.) At 8 layers, the shortcuts gained nothing on new
# faces. <!-- 05.gainless --> Make no rank of it: 2,000 faces and 200 steps are little, batch norm's averages follow
# weights that still change quickly, and another seed may order them otherwise. The point here is the training loss.
#
# ## Not trained, or learned by heart?
#
# To see the difference, make a network of the other kind: give the 8 layers only 200 faces, and 30 epochs of them.

# %%
two_hundred = replace(few, train=train.take(min(env.pick(smoke=50, lesson=200, full=200), len(train)), seed=SEED))
by_heart = family(8)
heart = train_at(0.03, by_heart, two_hundred, epochs=env.pick(smoke=1, lesson=30, full=30))

# %%
def on_new_faces(model):
    return fc.evaluate(model, fc.batches(data.valid, 512, device=env.device))["valid_loss"]


stuck, stuck_model = tried[44, False][chosen[44, False]]
rows = {
    "44 layers, no shortcuts": (stuck[-1], on_new_faces(stuck_model)),
    "8 layers, 200 faces": (heart["train_loss"][-1], on_new_faces(by_heart)),
    "8 layers, all the faces": (history["train_loss"][-1], on_new_faces(eight)),
    "ignores the pixels": (ignorant, ignorant),
}
compared = pd.DataFrame(rows, index=["training loss", "loss on new faces"]).T
compared.round(2)

# %% [markdown]
# The 44 layers do not even know the faces that they were trained on, so more faces or dropout would not help them:
# something has to change that lets them train. The second network has its training faces nearly right, and its loss on
# new ones is higher than if it ignored the pixels. <!-- 05.heart --> It learned by heart. For it, more faces are the
# remedy, as the third row shows. <!-- 05.remedy --> (It also had more steps, which the second network, with a training
# loss near 0, did not lack. And it saw each face 6 times, not 30.)
#
# ## Why does the shortcut help?
#
# The usual answer is that gradients vanish in deep networks. The authors of ResNet write that in their case this is
# unlikely: batch norm keeps the signal alive on its way forward, and they found gradients of healthy size.
# Take one batch through two fresh networks of 44 layers, and compare the length (the *norm*) of the
# gradient of the first convolution of each block.

# %%
fc.guess(
    "05.6",
    "44 fresh layers with batch norm and without shortcuts. Where are the gradients largest?",
    options=["in the first blocks", "in the last blocks", "alike in all"],
)

# %%
def gradients(shortcuts):
    model = family(DEPTHS[-1], shortcuts)
    F.cross_entropy(model(images), labels).backward()
    blocks = [block for stage in model[2:5] for block in stage]
    return [block.conv1.weight.grad.norm().item() for block in blocks]


norms = {"without shortcuts": gradients(False), "with shortcuts": gradients(True)}
axis = pd.DataFrame(norms, index=range(1, 22)).plot(logy=True, marker="o", ms=3, figsize=(5, 3))
axis.set(xlabel="block, from the input to the output", ylabel="norm of the gradient", xticks=range(1, 22, 4))
axis.set_title(data.source, loc="right", fontsize=7);

# %%
ratios = {name: of_blocks[0] / of_blocks[-1] for name, of_blocks in norms.items()}
ratio = ratios["without shortcuts"]
places = {"in the first blocks": ratio > 3, "in the last blocks": ratio < 1 / 3, "alike in all": 1 / 3 <= ratio <= 3}
fc.reveal("05.6", max(places, key=places.get))
factors = {name: ratio ** (1 / (len(norms[name]) - 1)) for name, ratio in ratios.items()}
for name, ratio in ratios.items():
    print(f"{name}:\n  first block / last block: {ratio:.1f}\n  from block to block: {factors[name]:.2f}")

# %% [markdown]
# Nothing vanishes. Without shortcuts the gradients *grow* on their way back to the input, on average by the printed
# factor from block to block. <!-- 05.gradients --> Twenty such factors multiplied give the printed ratio of first to last
# block. Batch norm itself does that in deep stacks, as Yang and others showed in 2019. One learning rate then has to be
# small enough for the first blocks and large enough for the last. With shortcuts the gradients of the blocks lie much
# closer together. <!-- 05.closer --> This is a measurement before the first step, and no proof that it is the only
# reason.
#
# Does the shortcut hand everything on unchanged? Not quite: in this block a ReLU comes after the sum and cuts what is
# negative. In 2016 the authors of ResNet moved batch norm and ReLU in front of each convolution, so that nothing stands
# on the way of the shortcut any more. That is called *pre-activation*. Another idea makes each block begin as a block
# that changes nothing: set the γ of its last batch norm to zero (*zero-γ*; in torchvision, `zero_init_residual=True`).
# Then the change is zero, and what is not negative passes as it is.

# %% tags=["NBVAL_CHECK_OUTPUT"]
silent, x = Block(16, 16), torch.rand(4, 16, 12, 12)
nn.init.zeros_(silent.bn2.weight)
identity = torch.equal(silent(x), x)
print("a block with γ = 0 changes nothing:", identity)

# %% [markdown]
# These are the layers from the beginning of this lesson. Whether they are a good start depends on the length of the
# training, because at first, inside of a block, only the γ and β of its last batch norm learn. Try it in exercise 05.6.
#
# ## Which emotions it confuses
#
# Which emotions does the first network, the one with 8 layers that saw all the faces, take for each other?

# %%
fc.plots.confusion(eight_guess);

# %%
counts = eight_guess.confusion()
of_label = counts.div(counts.sum(axis=1), axis=0)
mistaken = of_label.T.mask(np.eye(7, dtype=bool)).unstack().nlargest(3)
for (true, taken_for), share in mistaken.items():
    print(f"{true} taken for {taken_for}: {100 * share:.0f} %")

# %% [markdown]
# A row says what became of the faces with this label, its diagonal cell which share was found. Of *Disgust*, the rarest
# label, the smallest share is found. <!-- 05.disgust --> A column with several dark cells is an answer that the network
# gives too often. For each of the three printed mistakes, look at faces of both emotions, and ask whether you would
# have made it too. (A share of the few faces of *Disgust* is one of a handful of faces: do not read much into it.)

# %% [markdown]
# ## What you can say now

# %% tags=["folded"]
fc.claim(
    "05.block",
    all(same.values()) and identity,
    "The block of this page computes what torchvision's block computes, and with γ = 0 it changes nothing.",
)
fc.claim(
    "05.norm",
    normal,
    "Batch norm in training subtracts the mean of the batch and divides by its standard deviation.",
)
fc.claim(
    "05.spread",
    passed["as it is"][20] < 0.5**19 * passed["as it is"][1] and passed["with batch norm"][20] > 0.3,
    "Through twenty fresh layers the spread nearly vanishes; with batch norm it stays.",
)
fc.claim(
    "05.weights",
    [round(weights[f"stage {n + 1}"] / weights[f"stage {n}"], 1) for n in (1, 2)] == [3.1, 4.0],
    "Stage 2 has 3.1 times the weights of stage 1, and stage 3 has 4.0 times those of stage 2.",
)
fc.claim(
    "05.gap",
    history["train_loss"][-1] < history["valid_loss"][-1],
    "After its last epoch the 8 layers have a lower loss on the training faces than on new ones.",
    needs="lesson",
)
fc.claim(
    "05.eight",
    eight_guess.interval()[0] > floor,
    "The whole interval of the 8 layers lies above always answering Happy.",
    needs="lesson",
)

# %% tags=["folded"]
order = list(plain.values())
fc.claim(
    "05.degraded",
    order[-1] > order[0] + 0.1,
    "Without shortcuts, each at its best rate, 44 layers have a training loss over 0.1 higher than 8.",
    needs="lesson",
)
learned = [key for key in tried if best[key] < ignorant - 0.05]
fc.claim(
    "05.edge",
    all(min(last[key]) < chosen[key] < max(last[key]) for key in learned),
    "Of each network that learned, the best rate lies between two others that were tried.",
    needs="lesson",
)
fc.claim(
    "05.stuck",
    abs(plain[f"{DEPTHS[-1]} layers"] - ignorant) < 0.05 and len(last[DEPTHS[-1], False]) == len(RATES),
    "At each of six rates the deepest network without shortcuts stays at the loss of one that ignores the pixels.",
    needs="lesson",
)
gained = {depth: best[depth, False] - best[depth, True] for depth in DEPTHS}
fc.claim(
    "05.shortcut",
    min(gained[20], gained[44]) > 0.1,
    "At 20 and at 44 layers, shortcuts lower the training loss by more than 0.1.",
    needs="lesson",
)
fc.claim(
    "05.deeper",
    best[20, True] < best[8, True] - 0.03,
    "With shortcuts, the 20 layers have a lower training loss than the 8, by over 0.03.",
    needs="lesson",
)
fc.claim(
    "05.shallow",
    gained[8] < min(gained[20], gained[44]),
    "At 8 layers, shortcuts lower the training loss by less than at 20 or 44, or not at all.",
    needs="lesson",
)
fc.claim(
    "05.behind",
    best[44, True] > best[20, True] + 0.05,
    "With shortcuts, too, 44 layers have a training loss higher by more than 0.05 than 20.",
    needs="lesson",
)

# %% tags=["folded"]
fc.claim(
    "05.trained",
    all((low > floor) == (key in learned) for key, low in bounds.items()) and (44, False) not in learned,
    "Each network that learned is above always Happy by its interval, and no other; the 44 without shortcuts is not.",
    needs="lesson",
)
fc.claim(
    "05.gainless",
    guesses[8, True].beats(guesses[8, False]) is not True,
    "At 8 layers, shortcuts do not lift the accuracy on new faces beyond both intervals.",
    needs="lesson",
)
fc.claim(
    "05.heart",
    heart["train_loss"][-1] < 0.5 and compared.loc["8 layers, 200 faces", "loss on new faces"] > ignorant,
    "After 30 epochs of 200 faces the 8 layers fit them, and on new faces are worse than without the pixels.",
    needs="lesson",
)
fc.claim(
    "05.remedy",
    compared.loc["8 layers, all the faces", "loss on new faces"] < ignorant - 0.05,
    "Trained on all the faces, the same 8 layers have a loss on new faces lower than without the pixels.",
    needs="lesson",
)
fc.claim(
    "05.gradients",
    1.2 < factors["without shortcuts"] < 1.5,
    "In 44 fresh layers without shortcuts the gradients grow 1.2 to 1.5 times from block to block.",
    needs="lesson",
)
fc.claim(
    "05.closer",
    ratios["with shortcuts"] < ratios["without shortcuts"] / 3,
    "With shortcuts the gradients of first and last block are at least three times closer together.",
    needs="lesson",
)
fc.claim(
    "05.disgust",
    of_label.to_numpy().diagonal().argmin() == 1,
    "Of the faces labelled Disgust, the rarest, the 8 layers find a smaller share than of any other emotion.",
    needs="lesson",
)
fc.claims()

# %% [markdown]
# **What to remember.** A deeper network can do at least what a shallower one can, so a higher *training* loss means that
# the training has not found such weights. Batch norm keeps the signal alive. Yet without shortcuts 44 layers do not train
# in 200 steps at any of six rates. With shortcuts they do, still behind the 20. Whether depth pays on new faces is
# another question, and lesson 05b asks it of the large networks.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/05_resnets.ipynb), each with a check that answers at once,
# hints, and the solution as the last hint. These belong to this part; 05.1, 05.3 and 05.4 belong to lesson 05b.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 05.2 | Write the bottleneck block of ResNet50 and prove that it is torchvision's. | code | 25 |
# | 05.5 | Write batch norm with its running averages, and hold it against torch's. | code | 25 |
# | 05.6 | Improve it: train a network that beats the 8 layers, in two minutes. | improve | 25 |
#
# ## References
#
# - He, Zhang, Ren and Sun, *Deep Residual Learning for Image Recognition* (2016; first published in 2015): degradation
#   is their figure 1; their section 4.1 says why they think that vanishing gradients are not the cause.
# - Ioffe and Szegedy, *Batch Normalization* (2015): what is averaged when, and over what.
# - He, Zhang, Ren and Sun, *Delving Deep into Rectifiers* (2015): first weights that keep the spread.
# - He, Zhang, Ren and Sun, *Identity Mappings in Deep Residual Networks* (2016): pre-activation.
# - Yang and others, *A Mean Field Theory of Batch Normalization* (2019): why gradients grow towards the input.
