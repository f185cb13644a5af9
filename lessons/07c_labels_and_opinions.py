# ---
# title: Labels are opinions
# promise: You measure how far people agree on a face, what that allows any network to reach, and how well you know what you know.
# needs:
#   - lesson 07 and its part two, for intervals and calibration
#   - lesson 01, for the votes of FER+
# outcomes:
#   - compute the ceiling that disagreement among people sets on an accuracy
#   - train with votes instead of labels, and say what that changes and what not
#   - read a table of results, and say which of its claims it bears out
#   - draw your own reliability diagram from your guesses
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces and draws; the trainings have seeds of their own
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"; the small networks here compute on the processor

# %% [markdown]
# ## Ten people, one face
#
# A label looks like a fact. For FER2013 it came from a search for words, and a few people who sorted out what was
# clearly wrong. Three years later ten people were asked about each face again: these *votes* are FER+ (lesson 01).
# Often they disagree, with the label and with each other. Whoever measures a network against labels measures it against
# opinions.
#
# What is the best accuracy that anybody could reach? Would a network learn better from all ten opinions than from one
# label? Both questions can be answered with the votes. Drawn faces have ten invented voters, whose habits were set by
# the program: what you measure there says how the tools work. FER2013's votes are in a file of their own, FER+'s
# `fer2013new.csv`. Where it does not lie beside the faces, those of this part are drawn ones.

# %%
data = env.load(DATA)
sizes = env.pick(smoke=(600, 300), lesson=(3000, 2000))
if data.train.votes is None:
    print("This file has no votes, so the faces of this part are drawn ones.")
    data = env.load("drawn")
chosen = data.train.take(min(sum(sizes), len(data.train)), seed=SEED)
train, judge = chosen[: sizes[0]], chosen[sizes[0] :]
print(f"{len(train):,} faces to learn from, {len(judge):,} to judge by, {data.source}")

# %%
import numpy as np

votes = judge.votes[:, :7].astype(float)  # the other three answers are contempt, unknown, and no face
votes, labels = votes[votes.sum(1) > 0], judge.labels[votes.sum(1) > 0]
shares = votes / votes.sum(1, keepdims=True)
print("votes for the first three faces:", *votes[:3].astype(int).tolist(), sep="\n")

# %% [markdown]
# ## The ceiling
#
# Suppose that the label of a face is what one of its voters says, chosen by lot. Then no network can know it. The best
# it can do is to give the answer with the most votes, which we call *elected*; it is then right as often as that
# answer's share of the votes. The mean of these shares over all faces is a *ceiling*. (The cell above left out faces
# for which nobody voted for one of the seven.) Nobody is above it on average, whatever network is used, as long as
# labels are made this way.

# %%
fc.guess(
    "07c.1",
    "Of 100 such labels, how many does the best possible answer match?",
    options=[55, 75, 90, 99],
    unit="%",
)

# %%
elected = shares.argmax(1)
ceiling = 100 * shares.max(1).mean()
fc.reveal("07c.1", ceiling)
fc.record({"ceiling": ceiling, "label is elected": 100 * (elected == labels).mean()}, unit="%")

# %% [markdown]
# The labels of this set were not made this way: drawn labels are the elected answer more often than one voter's answer
# is, <!-- 07c.ownlabels --> those of FER2013 less often: they did not come from these voters. So for *these* labels the
# ceiling is no limit that must hold.
#
# The share of the elected answer can be simulated as well: draw one voter for each face, a thousand times, and answer
# the elected emotion each time.

# %%
def drawn_labels(shares, generator):
    edges = shares.cumsum(1)
    return (generator.random((len(shares), 1)) > edges / edges[:, -1:]).sum(1)


generator = np.random.default_rng(SEED)
simulated = [(elected == drawn_labels(shares, generator)).mean() for _ in range(1000)]
several = votes.sum(1) > 1
pairs = (votes * (votes - 1)).sum(1)[several] / (votes.sum(1) * (votes.sum(1) - 1))[several]
print(f"elected against one voter: {100 * np.mean(simulated):.1f} %")
print(f"one voter against another: {100 * pairs.mean():.1f} %")

# %% [markdown]
# Both ways give the same. <!-- 07c.ceiling --> For two voters nothing has to be drawn: for each face with two votes or
# more, count the pairs of votes that agree. One voter matches another far less often than the elected answer does,
# because both of them are a matter of chance. <!-- 07c.pairs --> So a network that is better than a person is no
# miracle: it answers what most people say, and one person does not know what the others would.
#
# ### On which emotions voters agree
#
# How much do voters agree on each emotion? Take the faces by the elected emotion, and look at the mean share of its
# votes.

# %%
import pandas as pd

agreed = {
    emotion: {"faces": (elected == code).sum(), "agree, %": round(100 * shares.max(1)[elected == code].mean(), 1)}
    for code, emotion in enumerate(fc.EMOTIONS) if (elected == code).any()
}
agreed = pd.DataFrame(agreed).T.astype({"faces": int}).sort_values("agree, %", ascending=False)
agreed

# %% [markdown]
# *Fear* is among the two on which these voters agree least. <!-- 07c.fear --> If labels come from such voters, a
# network is taught their confusions too.
#
# The label itself is another matter. "Label is elected" above says on how many faces the ten voters elect what the
# label says. On FER2013 that is about two thirds. So there a network that gives the elected answer on every face would
# be right on only about two thirds of the labels. A network that learns the labellers' habits as well can score more,
# but it is not more right about faces. So ask of a very high accuracy where it comes from: from habits of labelling, or
# from faces that stand in training and test.
#
# ## Learning from opinions
#
# A label can be written as seven numbers, a 1 and six zeros. The votes are seven numbers too: their shares, a *soft
# label*. The cross-entropy takes both. Its loss is the sum over the seven of minus target times log probability. So one
# loop trains on either, and nothing else differs.

# %%
import torch
import torch.nn.functional as F
from torch import nn

EPOCHS, SEEDS = env.pick(smoke=(2, 2), lesson=(8, 6))
mean, std = train.images.mean() / 255, train.images.std() / 255

# %% tags=["folded"]
def small_cnn():
    layers, channels = [fc.Standardise(mean, std), nn.AvgPool2d(2)], 1
    for wider in (16, 32, 48):
        layers += [nn.Conv2d(channels, wider, 3, 2, 1, bias=False), nn.BatchNorm2d(wider), nn.ReLU()]
        channels = wider
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(432, 7))


# %%
images = torch.tensor(train.images)[:, None] / 255
hard = F.one_hot(torch.tensor(train.labels), 7).float()
counted = torch.tensor(train.votes[:, :7].astype(np.float32))
some = counted.sum(1, keepdim=True)
soft = torch.where(some > 0, counted / some.clamp(min=1), hard)  # nobody voted for one of the seven: the label

# %% [markdown]
# A soft label differs from a hard one in three ways. On average it asks for less certainty; it says on which faces, and
# between which emotions, one may doubt; and its first choice may be another emotion than the label. So take a third kind
# beside, *smoothed* labels. They are as soft as the votes on average, but equally so on every face, and they share the
# rest out among the other six alike. What smoothed labels bring as well cannot come from the opinions.

# %%
certain = soft.max(1).values.mean()  # what the votes give to their first choice, on average
smoothed = certain * hard + (1 - certain) / 6 * (1 - hard)
print(f"smoothed: {certain:.2f} for the label, {(1 - certain) / 6:.3f} for each other emotion")

# %%
def train_on(targets, seed):
    torch.manual_seed(seed)
    model, order = small_cnn(), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images), generator=order).split(64):
            loss = F.cross_entropy(model(images[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return fc.predict(model, judge)


# %%
fc.guess(
    "07c.2",
    "What do votes instead of labels improve most?",
    options=["accuracy", "calibration"],
)

# %%
runs = {"labels": [train_on(hard, seed) for seed in range(SEEDS)]}
runs["smoothed"] = [train_on(smoothed, seed) for seed in range(SEEDS)]
runs["votes"] = [train_on(soft, seed) for seed in range(SEEDS)]

# %% tags=["folded"]
figures = {
    name: pd.DataFrame({
        "right, %": [100 * each.accuracy for each in answers],
        "loss": [each.loss for each in answers],
        "calibration error": [100 * each.expected_calibration_error for each in answers],
    })
    for name, answers in runs.items()
}

# %%
difference, beyond = (figures["votes"] - figures[name] for name in ("labels", "smoothed"))
means = pd.DataFrame({name: table.mean() for name, table in figures.items()}).T
for name in ("labels", "smoothed"):
    tests = {each: fc.over_seeds(figures["votes"][each], figures[name][each]).p_value for each in means}
    print(f"votes against {name}:", ", ".join(f"{each.removesuffix(', %')} p = {p:.2f}" for each, p in tests.items()))
means.round({"right, %": 1, "loss": 2, "calibration error": 1})

# %%
gain, change = difference["right, %"].mean(), difference["calibration error"].mean()
fc.reveal("07c.2", "calibration" if -change > gain else "accuracy")
without = (figures["smoothed"] - figures["labels"])["calibration error"].mean()
fc.record({"votes: gain in accuracy": gain, "votes: change of calibration error": change,
           "smoothed: change of calibration error": without}, unit="points")  # fmt: skip
fc.record({f"loss, {name}": each["loss"].mean() for name, each in figures.items()}, n=SEEDS)

# %% [markdown]
# The figures are means over the seeds, and p comes from flipping the signs of the differences (lesson 07). With six seeds
# the smallest possible p is 2/64 = 0.03: it stands where all six differences have the same sign. Against hard labels,
# votes lower the calibration error and the loss. <!-- 07c.soft --> The accuracy changes by a few points at most, and the
# calibration error by more. <!-- 07c.two -->
#
# But look at the smoothed labels. Of the voters they know one number, how soft to be on average, and they lower the
# calibration error further than the votes do. <!-- 07c.smooth --> So it is enough that the targets ask for less
# certainty: no opinion is needed for that. What the opinions themselves may add is in the accuracy: it is higher with
# votes than with smoothed labels for at least five of six seeds. <!-- 07c.which --> With six of six, p is 0.03; with
# five it is above 0.06, and the sign is no result yet. Your printed line says which. A reason that fits: the
# probability that is taken from the label goes to the emotions that people do see in this face. The loss is no such
# sign: on drawn faces it is lower with votes, on FER2013 with smoothed labels. <!-- 07c.losses -->
#
# All networks were judged by the labels. A network that learnt from votes answers what most people would say, and is
# counted wrong wherever the label says something else. So the labels do not favour it, and still its accuracy is no
# lower. <!-- 07c.noless -->
#
# ## What a table bears out
#
# Papers report tables, and sentences about them. Here is a table that was made up for this exercise; no paper is meant.
# All networks were trained on FER2013's Training part. "seeds" says how many trainings are behind a column, and "sd of
# seeds" how far their accuracies are apart (one training has none). "Private" and "Public" are FER2013's two tests,
# with 3,589 faces each. "Disgust" says how many of its faces were right, of 55 in PrivateTest and 56 in PublicTest.
# "ECE" is the calibration error in points, and "weights" counts millions of them. "+ votes" is Ours, trained on votes.

# %%
paper = pd.DataFrame({
    "Base": ["Private", 3, 72.1, 0.6, 30, 2.3, 11.2],
    "Ours": ["Private", 3, 73.0, 0.5, 35, 1.9, 11.4],
    "+ votes": ["Private", 1, 73.4, np.nan, 36, 1.7, 11.4],
    "Big": ["Public", 1, 74.0, np.nan, 38, 4.1, 38.0],
}, index=["test", "seeds", "right, %", "sd of seeds", "Disgust", "ECE", "weights"])
paper.fillna("–")

# %% [markdown]
# 1. Ours is right for more than 70 % of such faces.
# 2. Ours is a better recipe than Base.
# 3. Votes add 0.4 points.
# 4. Big is the best network of the table.
# 5. Ours is better than answering Happy to everybody, 24.5 % of PrivateTest.
# 6. Ours recognises Disgust better than Base: 35 of 55 against 30.
# 7. Ours is better calibrated than Base. (On 3,589 faces a perfectly calibrated network shows 0.9 to 2.5 points.)
# 8. Ours has less than a third of the weights of Big.
#
# Write down for each: does the table bear it out? The table bears a sentence out if, were the sentence false, a table
# like this would be surprising. Then go on.

# %%
fc.guess("07c.3", "How many of the eight does the table bear out?", options=[1, 3, 5, 8])

# %% tags=["folded"]
def wilson(right, n, z=1.96):
    share, wide = right / n, z**2 / n
    centre, half = share + wide / 2, z * np.sqrt(share * (1 - share) / n + wide / (4 * n))
    return np.array([centre - half, centre + half]) / (1 + wide)


ours, base = wilson(0.730 * 3589, 3589), wilson(0.721 * 3589, 3589)
disgust = wilson(35, 55), wilson(30, 55)
least_p = 2 / 2**3  # of three seeds, when all signs agree
verdicts = {
    "1 more than 70 %": ours[0] > 0.70,
    "2 better than Base": least_p < 0.05,
    "3 votes add 0.4": 0.4 > 2 * 0.5,
    "4 Big is best": paper.loc["test", "Big"] == paper.loc["test", "Ours"],
    "5 better than Happy": ours[0] > 0.245,
    "6 Disgust": disgust[0][0] > disgust[1][1],
    "7 calibration": 2.3 > 2.5,
    "8 fewer weights": 11.4 < 38.0 / 3,
}

# %% tags=["folded"]
why = ["interval from 71.5 %", "three seeds: p is never below 0.25", "one seed, and seeds differ by 0.5",
       "other faces", "far above", "intervals overlap, five faces apart", "both within chance", "a count"]
verdict = pd.DataFrame({"borne out": np.where(list(verdicts.values()), "yes", "no"), "because": why}, index=list(verdicts))
fc.reveal("07c.3", sum(map(bool, verdicts.values())))
verdict

# %% [markdown]
# Three are borne out. <!-- 07c.table --> The others may be true: the table does not show it. For the second you would
# need more seeds, because of two equal recipes all three pairs of seeds point the same way, whichever way, in two of
# eight cases. (A t-test would have to trust that accuracies of seeds follow a bell curve.) For the third you would need
# more than one training, as the next seed may take back twice as much. For the fourth both networks would have to answer
# the same faces. For the sixth you would need more faces, or the answers of both networks to each face, for the paired
# test of lesson 07. For the seventh, two perfectly calibrated networks could show such figures as well.
#
# Notice what the verdicts about quality needed: which faces, how many, and how many seeds. Without these three a
# difference in accuracy cannot be judged, however many digits its figures have.
#
# ## Are you calibrated?
#
# In each lesson you have guessed, and said how sure you are. The course kept your first guess for each question in a
# file `my_guesses.json` beside the notebooks. Nobody else reads it, and you may delete it. Here is *your* reliability
# diagram, as in part two: on the line you are right as often as you are sure.

# %% tags=["folded"]
mine = fc.own_guesses()
if len(mine) < 8:
    print(f"{len(mine)} of your guesses are kept here: too few.")
    print("This picture shows an invented person instead,")
    print("who is sure of 50, 70 or 90 % and right for 55, 60 and 65 %.")
    sure = np.repeat([0.5, 0.7, 0.9], 20)
    right = np.concatenate([np.arange(20) < 20 * share for share in (0.55, 0.60, 0.65)])
    mine = pd.DataFrame({"confidence": sure, "right": right})

# %%
fc.plots.guesses(mine)
brier = ((mine["confidence"] - mine["right"]) ** 2).mean()
print(f"right {100 * mine['right'].mean():.0f} %, sure {100 * mine['confidence'].mean():.0f} %, Brier score {brier:.2f}")

# %% [markdown]
# The intervals through the points are long, because they stand for a few dozen guesses and not for thousands. Most
# people are surer than they are right on the whole, and the invented person is. <!-- 07c.person --> The remedy is the
# one for networks: look at how often you were right when you said 90 %, and say less next time.
#
# ## What broke: a label decided by a tie
#
# What happens if labels are made from votes by taking the first maximum? Where two emotions have equally many votes,
# `argmax` takes the one with the lower number. *Angry* is number 0.

# %%
top = votes.max(1, keepdims=True)
ties = (votes == top).sum(1) > 1
low = (votes == top)[ties].argmax(1)
high = 6 - (votes == top)[ties][:, ::-1].argmax(1)
codes = pd.DataFrame({"first": np.bincount(low, minlength=7), "last": np.bincount(high, minlength=7)}, index=fc.EMOTIONS)
print(f"{ties.sum()} faces ({100 * ties.mean():.1f} %) have no single winner")
codes.rename_axis("elected by a tie")

# %% [markdown]
# On a few faces in a hundred no emotion wins. <!-- 07c.ties --> The first of equals can never be *Neutral*, the last of
# all, and the last of equals never *Angry*, the first of all: the two columns have different
# winners. <!-- 07c.first --> So a rule that seems unimportant decides what the label is. Our own `elected` took the
# first of equals, as you see in its cell. FER+'s authors leave such faces out of their majority labels.
#
# ## What you can say now

# %% tags=["folded"]
fc.claim("07c.ceiling", bool(abs(100 * np.mean(simulated) - ceiling) < 0.3), "The simulated ceiling is the computed one.")
fc.claim("07c.pairs", bool(pairs.mean() < np.mean(simulated) - 0.05),
         "One voter matches another by over 5 points less often than the elected answer does.")
fc.claim("07c.ownlabels", bool(100 * (elected == labels).mean() > ceiling), needs="lesson", only="drawn",
         sentence="Drawn labels are the elected answer more often than one voter's answer is.")
fc.claim("07c.noless", bool(gain > 0), needs="lesson", sentence="Trained on votes, the accuracy on the labels is no lower.")
fc.claim("07c.fear", "Fear" in agreed.index[-2:], needs="lesson", sentence="Fear is among the two with least agreement.")
fc.claim("07c.soft", bool((difference["calibration error"] < 0).mean() > 0.8 and difference["loss"].mean() < 0),
         needs="lesson", sentence="With votes calibration error is lower for at least five of six seeds, the mean loss too.")
fc.claim("07c.two", bool(abs(gain) < 4 and -change > abs(gain)), needs="lesson",
         sentence="With votes the accuracy changes by under 4 points, the calibration error by more.")
fc.claim("07c.smooth", bool(without < change < 0 and (figures["smoothed"] - figures["labels"])["calibration error"].max() < 0),
         needs="lesson", sentence="Smoothed labels lower the calibration error further than votes do.")
fc.claim("07c.losses", bool((beyond["loss"].mean() < 0) == data.drawn), needs="lesson",
         sentence="The loss is lower with votes on drawn faces, and lower with smoothed labels on FER2013.")
fc.claim("07c.which", bool((beyond["right, %"] > 0).mean() > 0.8), needs="lesson",
         sentence="With votes the accuracy is higher than with smoothed labels for at least five of six seeds.")
fc.claim("07c.table", sum(map(bool, verdicts.values())) == 3, "The table bears out three of its eight claims.")
fc.claim("07c.person", bool(mine["confidence"].mean() > mine["right"].mean()),
         "The invented person is surer than right, on the whole.", only="drawn")
fc.claim("07c.ties", bool(ties.mean() > 0.01), needs="lesson", sentence="On over one face in a hundred no emotion wins.")
fc.claim("07c.first", bool(codes["first"].argmax() != codes["last"].argmax()), needs="lesson",
         sentence="Ties broken by the first and by the last emotion give different commonest labels.")
fc.claims()

# %% [markdown]
# **What to remember.** A label is an opinion. If labels are single opinions, disagreement sets a ceiling. Any soft
# target makes a network less sure; votes also say between which emotions. A sentence about a table needs the faces, the
# number of them and the seeds. And a person can be measured as a network is.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/07_measuring_honestly.ipynb) of all three parts.
#
# ## References
#
# - Barsoum and others, *Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label Distribution*
#   (2016): the votes, and four ways to train on them.
# - Peterson and others, *Human Uncertainty Makes Classification More Robust* (2019): soft labels for CIFAR-10.
# - Lichtenstein, Fischhoff and Phillips, *Calibration of Probabilities* (1982): how sure people are, and how often
#   right.
