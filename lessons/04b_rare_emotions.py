# ---
# title: Rare emotions
# promise: You treat a rare emotion in five ways, beside doing nothing, and find out which teach and which only shift the answers.
# needs:
#   - lesson 04
# outcomes:
#   - treat imbalance in five ways and judge them by recall, precision and accuracy
#   - move the answers of a finished network to other class shares without training
#   - tell a treatment that teaches something from one that only shifts the answers
#   - find what a published table really counted, and how low its loss can fall
# reproduces: B's balanced classes and its tables, D's merged classes
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, dropout, order of the faces, draws
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"
EPOCHS: int = 0  # of each training; 0 means what the scale says

# %% [markdown]
# ## One face in sixty-six
#
# One face of FER2013 in sixty-six shows *Disgust*. Of the 3,589 faces of PublicTest it is 56, or 1.6 %. So a network
# that never answers *Disgust* loses 1.6 points of accuracy at most, and whoever reads the accuracy alone does not see
# it.
#
# So few faces also say little: of 56 faces of *Disgust*, one more found is two points of *recall*, the share of the
# faces of an emotion that are found. Where we can, we therefore judge on more. Each network trains on a part of the
# training faces, and is judged on the validation faces (in FER2013: PublicTest) together with training faces that it
# has not seen. If half of n faces are found, the interval of that recall is ± 1.96 × √(0.5 × 0.5 / n), which is 98 / √n
# points. (So do not hold the figures of this part against those of lesson 04: other faces judge, and others teach.)

# %%
import numpy as np

data = env.load(DATA)
amount = env.pick(smoke=300, lesson=4000, full=20000)
shuffled = np.random.default_rng(SEED).permutation(len(data.train))
train, unseen = data.train[shuffled[:amount]], data.train[shuffled[amount : amount + 8000]]

# %%
from dataclasses import replace

held = replace(
    data.valid,
    images=np.concatenate([data.valid.images, unseen.images]),
    labels=np.concatenate([data.valid.labels, unseen.labels]),
    votes=None,
)
counts = np.bincount(train.labels, minlength=7)
print(f"{len(train):,} faces to train on, {counts[1]} of them Disgust")
rare = held.counts()["Disgust"]
print(f"{len(held):,} to judge by, {rare} of them Disgust")
print(f"so a recall of 50 % is known to ± {98 / rare**0.5:.0f} points")

# %%
fc.guess(
    "04b.1",
    "Trained on these faces as they are: how much of the Disgust will a network find?",
    options=[0, 10, 30, 60],
    unit="%",
)

# %% [markdown]
# The network and its recipe are those of lesson 04: small, so that it can be trained many times, and with gentle
# changes of the training faces. With twice as many faces, 21 epochs have about as many steps as the 42 of lesson 04.
# Each treatment is trained with three seeds, because one training alone may be lucky.

# %%
import torch
from torch import nn

mean, std = train.images.mean() / 255, train.images.std() / 255


def small_cnn():
    layers, channels = [fc.Standardise(mean, std), nn.AvgPool2d(2)], 1
    for wider in (16, 32, 32):
        layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = wider
    layers += [nn.Flatten(), nn.Linear(288, 128), nn.ReLU(), nn.Dropout(0.2)]
    return nn.Sequential(*layers, nn.Linear(128, 7))


# %%
EPOCHS = EPOCHS or env.pick(smoke=2, lesson=21)
gentle = fc.Augment(flip=0.5, shift=0.06, rotate=8, zoom=0.08)
recipe = {"epochs": EPOCHS, "lr": 4e-3, "batch_size": 64, "schedule": fc.OneCycle(), "augment": gentle}
recipe |= {"precision": "auto", "device": env.device, "progress": False}
seeds = [3 * SEED + place for place in range(env.pick(smoke=1, lesson=3))]


# %%
def train_one(seed, faces, **changes):
    torch.manual_seed(seed)
    model = small_cnn()
    fc.fit(model, (faces, data.valid[:500]), **recipe | changes, seed=seed)
    return model


def judged_by(models):
    return [fc.predict(model, held) for model in models]


# %%
models = [train_one(seed, train) for seed in seeds]
judged = {"nothing": judged_by(models)}


# %% [markdown]
# Four numbers say what a treatment does. The *recall* of an emotion is the share of its faces that are found. Its
# *precision* is the share of right ones among the faces that were given its name: a network that calls everybody
# disgusted has a recall of 100 % and a precision of 1.5 %. *Accuracy* weighs every face equally, so common emotions
# dominate. *Mean recall* weighs every emotion equally. Decide which of the two your application needs, and report that.
# All four are means over the seeds here.

# %%
def over_seeds(figure):
    return {name: float(100 * np.mean([figure(each) for each in answers])) for name, answers in judged.items()}


def accuracy(each):
    return each.accuracy


def mean_recall(each):
    return each.balanced_accuracy


# %%
def recall_of_disgust(each):
    return (each.y_pred[held.labels == 1] == 1).mean()


def precision_of_disgust(each):
    named = held.labels[each.y_pred == 1]
    return (named == 1).mean() if len(named) else 0.0


# %%
fc.reveal("04b.1", over_seeds(recall_of_disgust)["nothing"])

# %% [markdown]
# That is less than answering at random among seven would find. <!-- 04b.blind --> [Notebook
# B](../docs/five_notebooks.md) trained on seven times as many faces and reaches an accuracy of 66 % on PublicTest. And
# yet it follows from its tables that it answered *Disgust* to none of the 3,589 faces.
#
# ## Five treatments
#
# They are compared with doing *nothing*. **Class weights** are the first: the loss of a batch becomes a weighted mean,
# in which a face of a rare emotion counts more. If the weight of an emotion is one over the number of its faces, all
# seven emotions have the same share of the loss. Only the ratios of the weights matter, because the sum is divided by
# the sum of the weights.

# %%
import torch.nn.functional as F

weights = len(train) / (7 * counts)
logits, labels = torch.randn(64, 7, generator=torch.Generator().manual_seed(SEED)), torch.tensor(train.labels[:64])
weight = torch.tensor(weights, dtype=torch.float32)
by_hand = (weight[labels] * F.cross_entropy(logits, labels, reduction="none")).sum() / weight[labels].sum()
same_loss = torch.allclose(by_hand, F.cross_entropy(logits, labels, weight=weight))
print("by hand as in PyTorch:", same_loss, "· weights", weights.round(1))

# %% [markdown]
# **Oversampling** repeats rare faces until all emotions have equally many faces. PyTorch has `WeightedRandomSampler`
# for it, which draws faces at random with such weights. Ours is fixed: `np.resize` repeats the positions of an
# emotion's faces until there are enough. **Discarding** goes the other way: of each emotion, only as many faces are
# kept as the rarest has. B's notebook announces this, but its listing then trains on the table that is not balanced.
# **Merging** calls *Disgust* by the name of *Angry*, as [notebook D](../docs/five_notebooks.md) suggests.
#
# There are more. One over the root of the number gives gentler weights, and so does the *effective number* of Cui and
# others, which grows more slowly than the number. *Focal loss* (Lin and others) lets every face that is answered well
# count less, whatever its emotion. We leave these out.

# %%
generator = np.random.default_rng(SEED)
members = [generator.permutation(np.flatnonzero(train.labels == code)) for code in range(7)]
repeated = np.concatenate([np.resize(places, counts.max()) for places in members])
left = np.concatenate([places[: counts.min()] for places in members])
print(f"repeated: {len(repeated):,} faces; discarding leaves {len(left):,} of {len(train):,}")


# %%
def six(labels):
    return np.where(labels == 1, 0, labels)


shorter = max(1, round(EPOCHS * len(train) / len(repeated)))
ways = {
    "class weights": (train, {"class_weights": weights.tolist()}),
    "oversampling": (train[repeated], {"epochs": shorter}),
    "discarding": (train[np.resize(left, len(train))], {}),
    "merging": (replace(train, labels=six(train.labels)), {}),
}

# %% [markdown]
# All get the same number of steps, to within two in a hundred: *oversampling* trains for fewer epochs, and *discarding*
# repeats its faces within an epoch. The changes and the seeds are the same as well, so that the treatment is all that
# differs.

# %%
for name, (faces, changes) in ways.items():
    judged[name] = judged_by([train_one(seed, faces, **changes) for seed in seeds])

# %% [markdown]
# The fifth needs no training. A network learns how probable each emotion is for a face *when emotions are as common as
# in training*. Where a face is unclear, it says *Happy* rather than *Disgust*, because *Happy* is about sixteen times
# as common. The probability of an emotion for a face is how well the face fits the emotion, times how common the emotion
# is, made to sum to 1 (Bayes' rule). Divide each probability by that
# share, let the seven sum to 1 again, and the answers are those for seven equally common emotions. This is **prior
# adjustment**.

# %%
def adjusted(guess, factors):
    probabilities = guess.probabilities * factors
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    return replace(guess, probabilities=probabilities.astype(np.float32))


judged["prior adjusted"] = [adjusted(each, 1 / counts) for each in judged["nothing"]]

# %%
fc.guess(
    "04b.2",
    "Which treatment has the highest mean recall?",
    options=list(judged),
)

# %%
recalls = over_seeds(mean_recall)
fc.record({f"mean recall, {name}": value for name, value in recalls.items()}, unit="%")
fc.reveal("04b.2", max(recalls, key=recalls.get))

# %%
accuracies = over_seeds(accuracy)
fc.record({f"accuracy, {name}": value for name, value in accuracies.items()}, unit="%")

# %%
found, precise = over_seeds(recall_of_disgust), over_seeds(precision_of_disgust)
fc.record({f"Disgust found, {name}": value for name, value in found.items()}, unit="%")

# %%
fc.record({f"right where it said Disgust, {name}": value for name, value in precise.items()}, unit="%")


# %% tags=["folded"]
import matplotlib.pyplot as plt

from fercourse.report.intervals import wilson

figure, axes = plt.subplots(1, 2, figsize=(4.6, 3.2), sharey=True, layout="constrained")
names = [f"{emotion}, {count:,} faces" for emotion, count in held.counts().items()]
for axis, name in zip(axes, ("nothing", "oversampling")):
    report = judged[name][0].report()["recall"][:7].to_numpy()
    bounds = np.array([wilson(round(share * n), n) for share, n in zip(report, held.counts().values())])
    axis.barh(names, 100 * report, xerr=100 * abs(bounds.T - report), capsize=3, color="#9ecae1")
    axis.set(xlabel="recall (%)", xlim=(0, 100), title=name)
axes[0].invert_yaxis()
figure.suptitle(f"{data.source}, first seed", fontsize=9);

# %% [markdown]
# Read the four tables together. *Merging* has no such answer as *Disgust* any more. (Where a network never says
# *Disgust*, its precision is not known, and the table counts it as 0. That of *nothing* rests on few answers: do not
# compare it.) Prior adjustment raises mean recall without any training, but most faces that it calls *Disgust* show
# something else. <!-- 04b.prior --> Oversampling finds about as much (on FER2013 seven points less), and is right more
# than twice as often when it says so. <!-- 04b.precise --> Most of its *Disgust* is wrong too. Discarding keeps so few
# faces that accuracy and mean recall both fall. <!-- 04b.discarding --> Class weights lose against oversampling in
# accuracy *and* in mean recall, <!-- 04b.weights --> although both give a rare emotion the same share of the loss.
#
# The tables are means over the seeds; the pictures are the first seed's. They show each recall with its 95 % interval.
# With oversampling, that of *Disgust* is the longest, because *Disgust* has the fewest faces. <!-- 04b.fewest -->
#
# ### Learned, or only shifted?
#
# You can divide by a power of the shares. Power 0 changes nothing, power 1 is prior adjustment, the root (½) lies
# between, and a power above 1 goes further. All powers together give a curve, and it costs no training. A treatment
# that needs a training of its own should therefore lie above this curve, or further to the right than it reaches.

# %%
powers = np.linspace(0, 1.4, 15)
curve = [[adjusted(each, counts**-power) for each in judged["nothing"]] for power in powers]
shifted = [(np.mean([a.balanced_accuracy for a in step]), np.mean([a.accuracy for a in step])) for step in curve]

# %% tags=["folded"]
figure, axis = plt.subplots(figsize=(4.6, 4), layout="constrained")
axis.plot(*(100 * np.array(shifted)).T, "-", color="grey", label="nothing, shifted")
for name in judged:
    axis.plot(recalls[name], accuracies[name], "x" if name == "merging" else "o", label=name)
axis.set(xlabel="mean recall (%)", ylabel="accuracy (%)")
axis.legend(loc="lower right")
axis.set_title(f"{data.source}, n = {len(held):,}, {len(seeds)} seeds", fontsize=9);

# %% [markdown]
# The cross is merging: it cannot answer *Disgust*, so that recall counts as 0. Oversampling lies further to the
# right than the curve reaches: shifting alone does not get there. <!-- 04b.above --> Class weights lie lower than the
# curve, and prior adjustment alone, without a training, is better in both numbers. <!-- 04b.below -->
#
# On FER2013 this came out otherwise, as the claims at the end record: there oversampling lies no further to the right,
# and prior adjustment reaches as much mean recall without a training of its own. So draw this curve for your own faces
# before you pay for a treatment.
#
# A second test: shift the answers of the two networks that learned from equally common emotions and all faces back to
# the shares of the training faces. A treatment that lost nothing comes back to the accuracy of *nothing*.

# %%
back = {name: [adjusted(each, counts) for each in judged[name]] for name in ("class weights", "oversampling")}
back_accuracy = {f"{name}, shifted back": float(100 * np.mean([a.accuracy for a in each])) for name, each in back.items()}
fc.record({"nothing": accuracies["nothing"]} | back_accuracy, unit="%")

# %% [markdown]
# Oversampling comes back to it: it lost nothing, and the first test says that it gained. <!-- 04b.returns -->
# (On FER2013 it comes back in part.) Class weights do not: the network learned less. <!-- 04b.back --> Why? On average
# both should change the network alike. Here are two guesses. In each epoch, oversampling shows a rare face several
# times, each time changed anew; a class weight shows it once, with one change. And a class weight makes that one step
# large. Without changes only the large step is left. So we train both without changes: if the fresh changes are the
# cause, the two should then agree.

# %%
unchanged = {}
for name in ("class weights", "oversampling"):
    faces, changes = ways[name]
    unchanged[name] = judged_by([train_one(seed, faces, **changes | {"augment": None}) for seed in seeds])

# %%
def lead(answers, figure=accuracy):
    pairs = zip(answers["oversampling"], answers["class weights"])
    return [float(100 * (figure(over) - figure(weighted))) for over, weighted in pairs]


leads = {"with changes": np.mean(lead(judged)), "without changes": np.mean(lead(unchanged))}
fc.record({f"oversampling ahead of weights, {name}": float(value) for name, value in leads.items()}, unit="points")

# %% [markdown]
# Without changes the two differ by less than half of that lead, whichever is ahead. <!-- 04b.changes --> So the fresh
# changes are a good part of the difference: oversampling is more than a class weight as soon as a repeated face does
# not come back as the same picture. (The points are of accuracy.) The large step alone explains little. Whether it does
# harm together with changes, this test does not say.
#
# ### Merging makes the question easier
#
# A network that knows seven emotions and one that knows six can only be compared on six. So call every *Disgust* an
# *Angry* afterwards, in answers and labels alike, and count again.

# %%
def on_six(each):
    return (six(each.y_pred) == six(each.y_true)).mean()


on_six_emotions = over_seeds(on_six)
fc.record({f"six emotions, {name}": on_six_emotions[name] for name in ("nothing", "merging")}, unit="%")

# %% [markdown]
# The question is easier: whoever took *Disgust* for *Angry* is now right, and no right answer becomes wrong. But
# training on merged labels brings no clear gain over merging the answers afterwards. <!-- 04b.merging --> So keep the
# seven labels, and merge when you report.
#
# ## What broke: a table of five faces for each batch
#
# Notebook B prints an "accuracy" of 97 % for *Happy* and 94 % for *Surprise*. Its loop over a batch of 128 ends after
# five faces, so these come from 145 faces of 3,589. Over all faces, its own table has a recall of 85.7 % and 79.8 %.
# Its tables also add one to each denominator. Here is that count, on our own network, in percent. B's notebook is of
# 2022.

# %%
def recall_of_2022(guess, size=128, first=5):
    right, seen = np.zeros(7), np.zeros(7)
    for place in range(len(guess)):
        if place % size < first:
            seen[guess.y_true[place]] += 1
            right[guess.y_true[place]] += guess.y_pred[place] == guess.y_true[place]
    return right / (seen + 1), int(seen.sum())


# %%
import pandas as pd

one = judged["oversampling"][0]
recall, looked_at = recall_of_2022(one)
print(f"it looks at {looked_at} of {len(held):,} faces")
table = {"as in 2022": recall, "all faces": one.report()["recall"][:7]}
(100 * pd.DataFrame(table, index=fc.EMOTIONS)).round(0)

# %% [markdown]
# Both columns come from the same answers, and for at least one emotion they lie more than ten points
# apart. <!-- 04b.five --> (On FER2013 none does.) Five faces of each batch are few, and of *Disgust* there are fewer
# than ten among them. The one that is added to the denominator weighs most there. The repair is to count all faces, and
# to add nothing. Where an emotion has no faces at all, its recall is not zero: it is not known.
#
# ### A loss with a floor
#
# Notebook B's network ends in 20 outputs for 7 classes and a softmax, and its loss takes another softmax. Suppose that
# it is perfect, with probability 1 for the right class of every face. In the code the target of a face is a row of 20
# shares, 1 for its class. The last line takes logits of 40 for the right class and 0 for the others, through one
# softmax.

# %%
perfect = F.one_hot(torch.arange(7), 20).float()
floor = F.cross_entropy(perfect, perfect).item()
repaired = abs(F.cross_entropy(40 * perfect, perfect).item())
print(f"perfect, through two softmaxes: {floor:.3f}")
print(f"confident logits, through one: {repaired:.3f}")

# %% [markdown]
# The floor is ln(e + 19) − 1 = 2.078. <!-- 04b.floor --> A network with one softmax that knows nothing about its seven
# classes has a loss of ln 7 = 1.946, so a perfect network of B looks worse than that one. B's loss ended at 2.275,
# which is 0.197 above the floor, and its printout does not say that there is a floor. Keep softmax out of the network,
# because the loss brings its own.
#
# ## What you can say now

# %% tags=["folded"]
def each_seed(one, other, figure=accuracy):
    return all(figure(a) > figure(b) for a, b in zip(one, other))


def at_recall(answers):
    """The accuracy that the curve of shifted answers has at the mean recall of `answers`, in percent."""
    recall = np.mean([a.balanced_accuracy for a in answers])
    rising = np.array(shifted)[: int(np.argmax(np.array(shifted)[:, 0])) + 1]
    return 100 * float(np.interp(recall, *rising.T))


nothing, over, weighted, prior = (judged[n] for n in ("nothing", "oversampling", "class weights", "prior adjusted"))
fc.claim("04b.blind", found["nothing"] < 100 / 7 and all(recall_of_disgust(a) < 1 / 7 for a in nothing),
         "Trained on faces as they are, the network finds less Disgust than guessing would.", needs="lesson")
spread = over[0].report()["recall"][:7] * (1 - over[0].report()["recall"][:7]) / list(held.counts().values())
fc.claim("04b.fewest", min(held.counts(), key=held.counts().get) == spread.idxmax() == "Disgust", needs="lesson",
         sentence="Disgust has the fewest faces, and with oversampling its recall has the longest interval.")
fc.claim("04b.prior", each_seed(prior, nothing, mean_recall) and precise["prior adjusted"] < 50, needs="lesson",
         sentence="Prior adjustment raises mean recall in every seed; most of its Disgust is something else.")
fc.claim("04b.precise", precise["oversampling"] > 2 * precise["prior adjusted"]
         and abs(found["oversampling"] - found["prior adjusted"]) < 10, needs="lesson",
         sentence="Oversampling finds as much Disgust as prior adjustment to 10 points, and is right twice as often.")
fewer = judged["discarding"]
fc.claim("04b.discarding", each_seed(nothing, fewer) and each_seed(nothing, fewer, mean_recall)
         and nothing[0].beats(fewer[0]), needs="lesson",
         sentence="Discarding down to the rarest class is clearly less accurate, with a lower mean recall as well.")
fc.claim("04b.weights", each_seed(over, weighted) and each_seed(over, weighted, mean_recall), needs="lesson",
         sentence="Oversampling beats class weights in accuracy and mean recall, in every seed.")
best_shift = 100 * max(recall for recall, _ in shifted)
fc.claim("04b.above", recalls["oversampling"] > best_shift, needs="lesson",
         sentence="Oversampling lies further to the right than the curve of shifted answers reaches.")
fc.claim("04b.below", accuracies["class weights"] < min(at_recall(weighted), accuracies["prior adjusted"])
         and recalls["class weights"] < recalls["prior adjusted"], needs="lesson",
         sentence="Class weights lie below the curve, and prior adjustment is better in both means over the seeds.")
returned = [100 * (a.accuracy - b.accuracy) for a, b in zip(back["oversampling"], nothing)]
fc.claim("04b.returns", abs(np.mean(returned)) < 98 * (2 / len(held)) ** 0.5, needs="lesson",
         sentence="Shifted back, oversampling is as accurate as the untreated network to within an interval.")
fc.claim("04b.back", each_seed(nothing, back["class weights"]), needs="lesson",
         sentence="Shifted back, the network with class weights is still less accurate than the untreated one.")
fc.claim("04b.changes", abs(leads["without changes"]) < leads["with changes"] / 2, needs="lesson",
         sentence="Without changes of the faces, the lead of oversampling over weights is less than half as large.")
rightly = one.report()["recall"][:7].to_numpy()
first_five = one.y_true[np.arange(len(one)) % 128 < 5]
fc.claim("04b.five", abs(recall - rightly).max() > 0.1 and (first_five == 1).sum() < 10,
         "Counted on five faces of each batch, at least one recall is off by more than ten points.", needs="lesson")
fc.claim("04b.merging", not (each_seed(judged["merging"], nothing, on_six)
                             and on_six_emotions["merging"] > on_six_emotions["nothing"] + 2),
         "Training on merged labels brings no clear gain over merging the answers.", needs="lesson")
fc.claim("04b.floor", abs(floor - (np.log(np.e + 19) - 1)) < 1e-5, "Two softmaxes over 20 outputs leave a loss of 2.078.")
fc.claims()

# %% [markdown]
# **What to remember.** Accuracy says little about a rare emotion: report recall and precision, class by class. Before
# you train a treatment, shift the answers of the network you have. On the drawn faces, oversampling adds, prior
# adjustment shifts, class weights and discarding lose, and merging changes the question. A comparison of treatments
# needs several seeds and enough rare faces.
#
# ## Exercises
#
# It stands in [the exercise sheet](../exercises/04_augmentation_imbalance.ipynb) of all three
# parts, with a check that answers at once, hints, and the solution as the last hint.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 04.4 | Draw the repeated faces of a balanced epoch anew for each epoch, every face as often as its class allows. | code | 25 |
#
# ## References
#
# - Buda, Maki and Mazurowski, *A Systematic Study of the Class Imbalance Problem* (2018): oversampling came out first.
# - Menon and others, *Long-Tail Learning via Logit Adjustment* (2021): prior adjustment, and a loss that does the same.
# - Lin and others, *Focal Loss for Dense Object Detection* (2017): faces that are easy count less.
# - Cui and others, *Class-Balanced Loss Based on Effective Number of Samples* (2019): weights less extreme than ours.
