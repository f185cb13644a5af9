# ---
# title: "Looking inside: which part of a face an answer depends on"
# promise: You draw what a layer answers, build two kinds of maps by hand, test whether they tell the truth, and find out whom the network misreads.
# needs:
#   - lesson 03, for convolutions and their maps
#   - lesson 07, for the paired test
#   - lesson 07b, for confidence and its threshold
# outcomes:
#   - read what any layer answers, with a hook that you take away again
#   - compute Grad-CAM and occlusion by hand
#   - check a map against random weights, and by covering what it points at
#   - measure whom a network misreads, one trait at a time, on faces of which nothing else differs
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## An answer, and no reason
#
# A network answers "Sad", and you ask why. There is no sentence inside that says it; there are more than six million
# multiplications. People draw coloured maps over faces instead: here is what the network looked at. Such a map is
# convincing because it is a picture. Whether it is true is another question. In this lesson you build two kinds of
# maps, and then you test them as you would test any other claim. At the end you ask something that no map answers: for
# whom is the network wrong?
#
# You need one trained network. It has four convolutions with batch norm, and learns in less than a minute.

# %%
import numpy as np
import torch
from torch import nn

data = env.load(DATA)
count, few = env.pick(smoke=(600, 24), lesson=(2500, 200), full=(8000, 500))
train, valid = data.train.take(count, seed=SEED), data.valid


# %%
def trained_on(split):
    torch.manual_seed(SEED)
    layers, channels = [fc.Standardise(split.images.mean() / 255, split.images.std() / 255)], 1
    for filters, stride in ((16, 2), (24, 1), (48, 2), (48, 1)):
        layers += [nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
        channels = filters
    model = nn.Sequential(*layers, nn.AvgPool2d(4), nn.Flatten(), nn.Dropout(0.2), nn.Linear(9 * channels, 7))
    fc.fit(model, (split, valid[:100]), epochs=env.pick(smoke=3, lesson=8), lr=0.005, batch_size=64, seed=SEED,
           schedule=fc.OneCycle(), augment=fc.Augment(flip=0.5, shift=0.05, rotate=8), device=env.device,
           progress=False)  # fmt: skip
    return model.eval()


# %%
model = trained_on(train)
answers = fc.predict(model, valid)
fc.record("the network of this lesson", answers)

# %% [markdown]
# (The 100 faces in `fc.fit` are there because it shows a validation loss; nothing is chosen by it.)
#
# ## What a layer answers
#
# A convolution answers each face with one picture for each of its filters, its *feature maps*. In PyTorch you get at
# them by a *hook*: a function of yours that a layer calls whenever it has answered. It is given the layer, what went
# in and what came out. `register_forward_hook` gives back a handle, and `remove()` on it takes the hook away. Forget
# that, and it runs at every call from then on, and holds the memory.

# %%
images, labels = next(fc.batches(valid[:few], few, device=env.device))
first, last = model[3], model[12]  # the ReLU behind the first convolution, and the one behind the last

# %%
kept = {}
handle = last.register_forward_hook(lambda layer, inputs, output: kept.update(maps=output))
with torch.inference_mode():
    model(images)
handle.remove()
kept["maps"].shape

# %% [markdown]
# For each face there are 48 maps of 12 × 12. One place in them stands over 4 × 4 pixels of the face, and sees 19 × 19 of
# them, because each kernel reads the neighbours too. `fc.feature_maps` does the same for any layer, and takes its hook
# away even when an error comes between.

# %%
same_maps = np.array_equal(kept["maps"].cpu().numpy(), fc.feature_maps(model, valid[:few], last))
early = fc.feature_maps(model, valid[:few], first)
print("by hand as fc.feature_maps:", same_maps)

# %% tags=["folded"]
import matplotlib.pyplot as plt

strongest = [np.argsort(-maps.std((0, 2, 3)))[:3] for maps in (early, kept["maps"].cpu().numpy())]
figure, axes = plt.subplots(2, 4, figsize=(4.6, 2.9), layout="constrained")
for axis, maps, places in zip(axes, (early, kept["maps"].cpu().numpy()), strongest):
    axis[0].imshow(valid.images[0], cmap="gray", vmin=0, vmax=255)
    for each, place in zip(axis[1:], places):
        each.imshow(maps[0, place], cmap="gray")
for each in axes.flat:
    each.set_axis_off()
title = f"A face, and three of its maps ({data.source}):\nabove behind the first convolution, below behind the last"
figure.suptitle(title, fontsize=10);

# %% [markdown]
# The first layer's maps can be read: edges of some direction, light and dark. The last layer's cannot, and that is
# usual. Nobody wrote down what each filter is for, and a map in which a place lights up does not say for which emotion
# it speaks. For this the layers behind have to be asked.
#
# ## Grad-CAM by hand
#
# *Grad-CAM* (Selvaraju and others 2017) asks with a gradient. Take the logit of one emotion. Its gradient with respect
# to a map says how the logit would change if the map were a little brighter, place by place. The mean of this over all
# places is the weight of the map. Add up the maps, each times its weight, and set what is below 0 to 0, because only
# what speaks *for* the emotion is asked for. The result has one number for each of the 12 × 12 places.

# %%
maps = model[:13](images)
logits = model[13:](maps)
chosen = logits.argmax(1)
asked = logits.gather(1, chosen[:, None]).sum()
(gradients,) = torch.autograd.grad(asked, maps)
weights = gradients.mean((2, 3), keepdim=True)
by_hand = (weights * maps).sum(1).relu().detach()

# %% [markdown]
# The sum over all faces saves a loop. The logits of one face do not depend on another face, so the gradient of the sum
# has each face's own gradient in its place. (In training mode batch norm would break that.)
#
# `fc.grad_cam(model, images, layer)` finds the maps by a hook, so that it works where a network cannot be cut in two.
# A test of the course compares it with captum, a library of such maps.

# %%
cams = fc.grad_cam(model, images, last)
off = float(np.abs(cams - by_hand.cpu().numpy()).max() / cams.max())
print(f"by hand against fc.grad_cam: {off:.0e} of the largest")

# %% tags=["folded"]
places = [int(np.flatnonzero(answers.y_pred[:few] == code)[0]) for code in range(7) if (answers.y_pred[:few] == code).any()]
figure, axes = plt.subplots(2, 4, figsize=(4.6, 2.8), layout="constrained")
for axis in axes.flat:
    axis.set_axis_off()
for axis, place in zip(axes.flat, places):
    axis.imshow(valid.images[place], cmap="gray", vmin=0, vmax=255)
    axis.imshow(cams[place], cmap="inferno", alpha=0.5, extent=(-0.5, 47.5, 47.5, -0.5), interpolation="bilinear")
    axis.set_title(fc.EMOTIONS[answers.y_pred[place]], fontsize=9)
figure.suptitle(f"Grad-CAM for the network's own answer ({data.source})", fontsize=10);

# %% [markdown]
# Bright places speak for the answer. Each map is scaled by itself, so do not compare two of them. An emotion that the
# network gave to none of these faces is missing.
#
# ### What broke: a layer that writes over its input
#
# Many networks have `nn.ReLU(inplace=True)`, which saves memory by writing its answer over what it was given. A hook on
# the convolution before it then keeps a tensor that is changed a moment later. In the issue lists of such tools this
# comes up again and again. Here it is with two layers.

# %%
def negative_kept(inplace, clone=False):
    layer, relu, caught = model[7], nn.ReLU(inplace=inplace), {}

    def hook(layer, inputs, output):
        caught.update(maps=output)
        return output.clone() if clone else None

    handle = layer.register_forward_hook(hook)
    with torch.inference_mode():
        relu(layer(model[:7](images)))
    handle.remove()
    return float((caught["maps"] < 0).float().mean())


# %%
shares = {"not in place": negative_kept(False), "in place": negative_kept(True),
          "in place, with clone": negative_kept(True, clone=True)}  # fmt: skip
for way, share in shares.items():
    print(f"ReLU {way}: {100 * share:.0f} % of the numbers that the hook kept are negative")

# %% [markdown]
# With the in-place ReLU no negative number is left of what the hook "kept". <!-- 11.inplace --> No error is raised. The
# cure is one word: the hook returns `output.clone()`, and what a hook returns takes the place of the layer's answer. So
# the ReLU writes over the copy, and what the hook kept stays as it was. `fc.grad_cam` does that.
#
# ## Occlusion: cover it, and ask again
#
# *Occlusion* (Zeiler and Fergus 2014) needs no gradient, so it works for any program that answers a picture with
# probabilities. Cover a square of the face with
# grey, ask again, and note how far the answer's probability falls. Then move the square on.

# %%
def occlusion(images, chosen, size=8, stride=4):
    with torch.inference_mode():
        whole = model(images).softmax(1).gather(1, chosen[:, None])
        drops = torch.zeros(len(images), 11, 11, device=images.device)
        for row in range(11):
            for column in range(11):
                covered = images.clone()
                top, left = stride * row, stride * column
                covered[:, :, top : top + size, left : left + size] = images.mean((1, 2, 3), keepdim=True)
                drops[:, row, column] = (whole - model(covered).softmax(1).gather(1, chosen[:, None]))[:, 0]
    return drops


# %%
shown = images[: env.pick(smoke=8, lesson=60)]
drops = fc.occlusion(model, shown)
apart = float(np.abs(occlusion(shown, chosen[: len(shown)]).cpu().numpy() - drops).max())
print(f"{drops.shape[1] * drops.shape[2]} answers for each face; by hand against fc.occlusion: {apart:.0e}")

# %% tags=["folded"]
behind = fc.occlusion(model, images[places])
most = np.abs(behind).max()
figure, axes = plt.subplots(2, 4, figsize=(4.6, 2.6), layout="constrained")
for axis in axes.flat:
    axis.set_axis_off()
for axis, place, each in zip(axes.flat, places, behind):
    axis.imshow(valid.images[place], cmap="gray", vmin=0, vmax=255)
    seen = axis.imshow(each, cmap="coolwarm", vmin=-most, vmax=most, alpha=0.6, extent=(1.5, 45.5, 45.5, 1.5))
    axis.set(xlim=(-0.5, 47.5), ylim=(47.5, -0.5), title=fc.EMOTIONS[answers.y_pred[place]])
    axis.title.set_fontsize(9)
figure.colorbar(seen, ax=axes, label="fall", shrink=0.8)
figure.suptitle(f"Occlusion: the fall of the answer's probability ({data.source})", fontsize=10);

# %% [markdown]
# These are the same faces as above. Red places speak for the answer: covered, they make it less probable. Covering a blue
# one makes it more probable. One scale serves all of them. On a face with little colour no single square makes much
# difference; Grad-CAM still has bright places there, because each of its maps is scaled by itself.
#
# By hand and with the helpers, both maps are the same up to rounding. <!-- 11.hand --> Occlusion has a unit, which
# Grad-CAM lacks: 0.3 means that the probability falls by 0.3 when this square is covered, for example from 0.8 to 0.5.
# Its price is one answer for each place of the square, and one choice, the grey. A grey square is something the network
# has never seen, and part of the fall comes from the strange square, not from what it hides.
#
# ## Is it true?
#
# Adebayo and others (2018) asked a simple question of these maps. What the *trained network* looks at
# was learnt. So a map of it must become another one when the trained weights are replaced by random ones. They found
# popular kinds of maps that hardly changed: they drew the edges of the picture, and would have drawn them for any
# network.
#
# Do it here. `reset` gives every layer new random weights. And compare Grad-CAM with a map that knows nothing of the
# network at all: the edges of the picture, as means over the same 12 × 12 places. How alike two maps are is said by the
# *rank correlation*: 1 where the places are in the same order, 0 where the orders have nothing to do with each other.

# %%
fc.guess(
    "11.1",
    "Grad-CAM with trained weights and with random ones: what is the mean rank correlation of the two maps of a face?",
    options=[0.0, 0.3, 0.6, 0.9],
)

# %%
import copy

from scipy.stats import spearmanr


def reset(model):
    other = copy.deepcopy(model)
    torch.manual_seed(SEED + 1)
    for layer in other.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return other.eval()


# %%
def alike(one, other):
    """The rank correlation for each face; a map that is 0 everywhere has no order, and is left out."""
    return [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(one, other) if a.std() > 0 and b.std() > 0]


def edges(images):
    grey = nn.functional.pad(images, (0, 1, 0, 1), mode="replicate")
    steps = grey.diff(dim=2)[..., :-1].abs() + grey.diff(dim=3)[:, :, :-1].abs()
    return nn.functional.avg_pool2d(steps, 4)[:, 0].cpu().numpy()


# %%
random = reset(model)
alikes = {
    "Grad-CAM, trained and random weights": alike(cams, fc.grad_cam(random, images, random[12], of=chosen)),
    "occlusion, trained and random weights": alike(drops, fc.occlusion(random, shown, of=chosen[: len(shown)])),
    "Grad-CAM and the edges of the picture": alike(cams, edges(images)),
}
likeness = {name: float(np.mean(each)) for name, each in alikes.items()}

# %%
fc.reveal("11.1", likeness["Grad-CAM, trained and random weights"])
for each, asked_of in zip(alikes.values(), (images, shown, images)):
    print(f"{len(each)} of {len(asked_of)} faces compared")
fc.record(likeness, unit="rank correlation")

# %% [markdown]
# With other weights Grad-CAM and occlusion become other maps, and Grad-CAM is no map of the edges either: none of the
# three mean correlations reaches 0.3, with or without a minus. <!-- 11.random --> (The edges themselves would stay as
# they are, because no weight goes into them.) Both kinds of maps pass this check. To pass it is little: it says that the
# map depends on the weights, not that it is right about them.
#
# ## Cover what it points at
#
# A sharper test takes the map at its word. It says which places matter for the answer. Then covering these places must
# cost more than covering as many others. Cover 14 of the 144 places, a tenth: those that Grad-CAM marks most, those
# with the strongest edges, as many at random, and those that Grad-CAM marks least.
#
# Are two falls different, or is it chance? The *Wilcoxon test* asks, face by face, whether the losses of one kind are
# larger than those of the other; unlike the paired test of lesson 07 it uses numbers, not right and wrong. Its small
# *p* says, as there, that chance alone seldom makes such a difference.

# %%
fc.guess(
    "11.2",
    "Which tenth of the face, covered, takes most from the answer's probability?",
    options=["the one Grad-CAM marks most", "the one with the strongest edges", "one at random",
             "the one it marks least", "the first two cannot be told apart"],
)


# %%
def without(score, covered=14):
    faces, grey = images.clone(), images.mean((1, 2, 3))
    for face, order in enumerate(np.argsort(-score.reshape(len(score), -1), axis=1)[:, :covered]):
        for row, column in zip(*np.unravel_index(order, (12, 12))):
            faces[face, 0, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = grey[face]
    with torch.inference_mode():
        before, after = (model(each).softmax(1).gather(1, chosen[:, None])[:, 0] for each in (images, faces))
    return (before - after).cpu().numpy()


# %%
ties = 1e-9 * np.random.default_rng(SEED).random(cams.shape)  # where the map is 0, any order is as good
lost = {
    "the one Grad-CAM marks most": without(cams + ties),
    "the one with the strongest edges": without(edges(images)),
    "one at random": without(ties),
    "the one it marks least": without(ties - cams),
}
fc.record({f"covered: {name}": float(each.mean()) for name, each in lost.items()}, unit="fall of the probability")

# %%
from scipy.stats import wilcoxon

name = max(lost, key=lambda name: lost[name].mean())
rivals = [wilcoxon(lost[name], each).pvalue for other, each in lost.items() if other != name]
fc.reveal("11.2", name if max(rivals) < 0.05 else "the first two cannot be told apart")
print(f"against the next: p = {max(rivals):.1g} (Wilcoxon test, face by face)")

# %% [markdown]
# What Grad-CAM marks matters more than a random tenth, and a random tenth more than what it marks
# least. <!-- 11.covered --> The strongest edges know nothing of the network. Covered, they cost less than half of what
# Grad-CAM marks; on FER2013, less than 0.6 of it. <!-- 11.edges --> (What Grad-CAM marks lies together and random
# places are scattered, so a part of the difference to them may come from the shape of the cover.) All this holds for
# this network, on these faces, at this layer. Report such a figure beside a map; without it nobody knows whether the
# map is right.
#
# ## For whom is it wrong?
#
# A map says something about one face. It cannot say whether the network is wrong more often for people with glasses,
# or for those who look aside. For that you count. On photographs this is hard, because people who wear glasses are
# also older, sit elsewhere, smile otherwise. The generator of the drawn faces knows the truth, and can do what no
# camera can: draw **the same people twice**, with one trait changed and nothing else. `fc.drawn_people` does that, and
# its labels are the emotions as drawn, without an annotator's mistakes.
#
# (With FER2013, whose faces carry no such traits, this section trains a network on drawn faces first. So none of its
# figures is one of FER2013.)

# %%
reader = model if data.drawn else trained_on(fc.drawn_faces(count, 0, 0, seed=SEED).train)
number = env.pick(smoke=60, lesson=1500, full=3000)
pair = [fc.drawn_people(number, {"glasses": worn}, seed=SEED + 90) for worn in (False, True)]

# %% tags=["folded"]
figure, axes = plt.subplots(2, 5, figsize=(4.6, 2.3), layout="constrained")
for row, split in zip(axes, pair):
    for axis, image in zip(row, split.images):
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
        axis.set_axis_off()
figure.suptitle("The same five people without glasses and with them (drawn faces)", fontsize=10);

# %% [markdown]
# Six traits, each with two values, the first of which you would expect to be the easy one.

# %%
traits = {
    "glasses": (False, True),
    "hand": (False, True),  # held before the mouth or the chin
    "yaw": (0.0, 0.25),  # the head turned to the side
    "light_x": (0.0, 0.3),  # light from the side
    "softness": (0.0, 0.32),  # out of focus
    "skin": (0.92, 0.28),  # light and dark
}
in_words = dict(zip(traits, ["glasses", "a hand", "a turned head", "light from the side", "out of focus", "dark skin"]))

# %% [markdown]
# Two traits may lie a few faces apart; their order may turn with another seed.

# %%
fc.guess(
    "11.3",
    "What costs most right answers?",
    options=list(in_words.values()),
)

# %%
asked = {
    trait: [fc.predict(reader, fc.drawn_people(number, {trait: value}, seed=SEED + 90)) for value in values]
    for trait, values in traits.items()
}
tests = {trait: easy.versus(hard) for trait, (easy, hard) in asked.items()}
cost = {trait: 100 * (easy.accuracy - hard.accuracy) for trait, (easy, hard) in asked.items()}

# %%
import pandas as pd

table = pd.DataFrame({"easy %": [100 * easy.accuracy for easy, _ in asked.values()],
                      "hard %": [100 * hard.accuracy for _, hard in asked.values()],
                      "only easy right": [test.wins for test in tests.values()],
                      "only hard right": [test.losses for test in tests.values()],
                      "p": [f"{test.p_value:.1g}" for test in tests.values()]}, index=list(in_words.values()))  # fmt: skip
table.round(1)

# %%
fc.reveal("11.3", in_words[max(cost, key=cost.get)])
fc.record({f"cost of {in_words[trait]}": points for trait, points in cost.items()}, unit="points", n=number, of=pair[0])

# %% [markdown]
# The easy column differs from row to row, because the other five traits stay as each person has them. Six tests were
# made, so a *p* counts as small here only below 0.05 / 6, by the rule of lesson 07 for many looks. A trait that stands
# out has two possible causes. It may **hide** what the emotion shows in: what is out of focus has lost the fine lines
# round eyes and mouth, and no network brings them back. Or the network may have met it too **rarely** in training: about
# one drawn person in eight wears glasses. (A picture as far out of focus, a head turned as far, or light as far from the
# side as here is rarer still, so for these both causes may be at work.) More such training faces can mend the second and
# not the first.
#
# Glasses, a picture out of focus and dark skin cost right answers by that rule. <!-- 11.misread --> A turned head does
# so too where its *p* in the table is below 0.008. Dark skin is as common as light skin among the drawn people, so it is
# not rare in training; we suppose that dark brows and lids stand out less from it. The accuracy on validation faces told
# you nothing of this. It is a mean over all faces, and groups disappear in it.
#
# Does the network know that it is in trouble? Then it would be less sure of such faces, and by a threshold as in lesson
# 07b it would answer fewer of them. So look at the *sureness*, the mean of its confidences, and at what a threshold of a
# half does.

# %%
falls = pd.DataFrame({"right answers": [100 * (hard.accuracy - easy.accuracy) for easy, hard in asked.values()],
                      "sureness": [100 * float(hard.confidence.mean() - easy.confidence.mean()) for easy, hard in asked.values()]},
                     index=[in_words[trait] for trait in traits])  # fmt: skip
falls.round(1)


# %%
def over(answers, threshold=0.5):
    sure = answers.confidence > threshold
    return 100 * sure.mean(), 100 * (answers.y_pred == answers.y_true)[sure].sum() / max(sure.sum(), 1)


kinds = {"softness": ("in focus", "out of focus"), "skin": ("light skin", "dark skin")}
passed = {kind: over(each) for trait in kinds for kind, each in zip(kinds[trait], asked[trait])}
pd.DataFrame(passed, index=["answered %", "of these right %"]).T.round(1)

# %% [markdown]
# The first table gives points of 100: how far each trait moves the share of right answers, and how far it moves the
# sureness. Out of focus, the right answers fall further than the sureness. <!-- 11.unaware --> The network does
# not notice how much worse it reads such pictures, so a threshold protects whoever has a poor camera less
# than others: of the answers that are given, fewer are right than in focus. <!-- 11.given -->
#
# With dark skin the sureness falls as well, about as far as the right answers do. <!-- 11.aware --> So the threshold
# leaves more of these people without an answer, while people out of focus lose a smaller part of their answers or, as in
# the table, none. <!-- 11.silent --> Both are unequal treatment, of two kinds, and one number for "accuracy" shows
# neither.
#
# On real people there are more traits that matter: age, sex, a disability, a scar, a face that does not move as others
# do. Buolamwini and Gebru (2018) measured commercial systems that guess a person's sex, and found errors for women of
# dark skin that were many times those for men of light skin. FER2013 has no such labels, so this cannot be measured on
# FER2013; another labelled set is needed. Until then write in the network's description (its *model card*, lesson 11b)
# not "no bias found" but "not measured, and why".
#
# ## What you can say now

# %% tags=["folded"]
fc.claim("11.hand", same_maps and off < 1e-5 and apart < 1e-5,
         "By hand and by fc.feature_maps, fc.grad_cam and fc.occlusion the maps are the same, up to rounding.")
fc.claim("11.inplace", shares["in place"] == 0 < shares["not in place"] == shares["in place, with clone"],
         "A hook before an in-place ReLU keeps no negative number; with a clone it keeps as many as before another ReLU.")
fc.claim("11.random", max(abs(value) for value in likeness.values()) < 0.3, needs="lesson",
         sentence="Maps with random weights, and edges, correlate with the trained network's maps by less than 0.3.")
most, at_edges, at_random, least = lost.values()
fc.claim("11.covered", most.mean() > at_random.mean() > least.mean() and wilcoxon(most, at_random).pvalue < 0.01,
         needs="lesson",
         sentence="Covering what Grad-CAM marks costs more than covering at random (p < 0.01), and that more than the least.")
fc.claim("11.edges", at_edges.mean() < most.mean() * (0.5 if data.drawn else 0.6), needs="lesson",
         sentence="The strongest edges cost less than half of what Grad-CAM marks; on FER2013 less than 0.6 of it.")
fc.claim("11.misread",
         all(tests[trait].p_value < 0.05 / 6 and cost[trait] > 0 for trait in ("glasses", "softness", "skin")),
         needs="lesson", only="drawn",
         sentence="On drawn people glasses, blur and dark skin cost right answers, each with p below 0.05 / 6.")
focus, skin = falls.loc["out of focus"], falls.loc["dark skin"]
fc.claim("11.unaware", focus["right answers"] < min(focus["sureness"], 0) - 2, needs="lesson", only="drawn",
         sentence="Out of focus the right answers fall by at least two points more than the mean sureness.")
fc.claim("11.aware", 1.5 * skin["right answers"] < skin["sureness"] < 0.75 * skin["right answers"] < 0, needs="lesson",
         only="drawn", sentence="With dark skin the sureness falls by three quarters to one and a half of what right answers do.")
right_of = {kind: shares[1] for kind, shares in passed.items()}
fc.claim("11.given", right_of["out of focus"] < right_of["in focus"] - 3, needs="lesson", only="drawn",
         sentence="Of the answers that are given, at least three points fewer are right out of focus than in focus.")
focused, blurred, light, dark = (passed[kind][0] for pair in kinds.values() for kind in pair)
fc.claim("11.silent", dark < light - 5 and dark * focused < blurred * light,
         needs="lesson", only="drawn",
         sentence="With dark skin at least five points fewer are answered; blur takes a smaller part of the answers.")
fc.claims()

# %% [markdown]
# **What to remember.** A map is a claim about a network, so test it: against random weights, and by covering what it
# points at. Take hooks away, and let them hand on a clone where the next layer writes in place. A map of one face says
# nothing about whom the network misreads; for that, change one trait and count, in pairs. [Lesson
# 11b](11b_letting_it_out.ipynb) lets the network out of the notebook, and asks whether it should be let out.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/11_looking_inside.ipynb) of both parts, each with a check that answers
# at once, hints, and the solution as the last hint.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 11.1 | Which of seven statements about maps, files, eight bits and the law are true? | recall | 10 |
# | 11.2 | Ask a layer what it answers and which gradient reaches it, and leave the network as it was. | code | 30 |
# | 11.3 | Build a network and a face for which Grad-CAM marks what the answer does not hang on. | break | 30 |
#
# ## References
#
# - Selvaraju and others, *Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization* (2017).
# - Zeiler and Fergus, *Visualizing and Understanding Convolutional Networks* (2014): occlusion.
# - Adebayo and others, *Sanity Checks for Saliency Maps* (2018).
# - Buolamwini and Gebru, *Gender Shades: Intersectional Accuracy Disparities in Commercial Gender Classification*
#   (2018).
