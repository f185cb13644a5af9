# ---
# title: Data exploration
# promise: You get to know 35,887 faces well enough to see what no model can fix.
# needs:
#   - Python and NumPy arrays
#   - a table in pandas; no machine learning yet
# outcomes:
#   - read FER2013 in whichever of its file layouts you meet
#   - name the class shares, and the accuracy that they give away for nothing
#   - find faces that occur twice, and measure what such copies do to a test
#   - say how far people agree on these labels, and what that means for a model
# reproduces: A1, A2, the class charts of B and C, the folders of E
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of the drawn faces and of the samples shown
DEVICE: str = "auto"  # not used here; every lesson has it

# %% [markdown]
# ## A table of faces
#
# In 2013 a contest asked for programs that read emotions from faces. Its data set, FER2013, is still the one on which
# students meet the problem: 35,887 grey faces of 48 × 48 pixels, collected by web searches for emotion words, each with
# one of seven emotions as its label: *Angry, Disgust, Fear, Happy, Sad, Surprise* or *Neutral*.
#
# **Why you guess first.** Before it shows an answer, the course asks what you expect and how sure you are, because you
# notice a surprise only if you had expected something. Each guess is scored with the *Brier score*, the square of the
# distance between your confidence and what came: with 80 % confidence it is (0.8 − 1)² = 0.04 if you were right and
# (0.8 − 0)² = 0.64 if you were not, so 0 is best. Here is the first one.

# %%
fc.guess(
    "01.1",
    "You give every face the same answer, an emotion of your choice. How often can you be right?",
    options=[14, 25, 40],
    unit="%",
)

# %% [markdown]
# FER2013 may not be handed on, so this course also carries a stand-in that it draws itself. The line below says which
# of the two you are looking at.

# %%
data = env.load(DATA, whole=True)
data

# %% [markdown]
# Every figure that comes from drawn faces says so. They have the same shape, the same class shares and the same kinds
# of trouble as the real ones, and you can do the whole lesson on them. Where a number was also measured on the real
# faces, it stands beside the drawn one as "FER2013, measured". If you have an account at Kaggle, `python -m fercourse
# data download` brings the real set.
#
# The course repeats what five public notebooks did with this data, and goes on from there. It calls them A to E; [The
# five notebooks](../docs/five_notebooks.md) says what each of them is and what it reports.
#
# Before you load data with one line, look at how it lies in the file. Here are a few of the faces in the layout in
# which FER2013 is published.

# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
parts = data.train.take(300), data.valid.take(60), data.test.take(60)
few = fc.Faces(*parts, data.source, drawn=data.drawn)
csv_path = fc.convert(few, folder / "fer2013.csv", layout="csv")
with open(csv_path) as file:
    print(file.readline().strip())
    print(file.readline()[:40], "…")

# %% [markdown]
# A number for the emotion, the pixels as text, and a word for the use. Pandas reads the table.
#
# Now turn one row into a face by hand. Split its text at the spaces, make each piece a number, and put the 2,304
# numbers into 48 rows.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

table = pd.read_csv(csv_path)
row = table.iloc[0]
face = np.array([int(text) for text in row.pixels.split()], np.uint8).reshape(48, 48)
figure, axis = plt.subplots(figsize=(2.2, 2.2))
axis.imshow(face, cmap="gray", vmin=0, vmax=255)
axis.set_title(f"the first face ({data.source})", fontsize=8)
axis.axis("off")
face[:3, :6]

# %% [markdown]
# On the whole set this loop takes most of a minute and several gigabytes. `fc.load` reads the bytes in large pieces,
# checks every row, and gives the same arrays. Compare both:

# %% tags=["NBVAL_CHECK_OUTPUT"]
rows = [[int(text) for text in pixels.split()] for pixels in table.pixels]
by_hand = np.array(rows, np.uint8)
loaded = fc.load(csv_path, cache=False)
same = np.array_equal(by_hand[:300].reshape(-1, 48, 48), loaded.train.images)
print("the same pixels:", same)

# %% [markdown]
# ## Three parts, and what each is for
#
# *Training* is what a model learns from. *PublicTest* is what you look at while you work: which model, which settings,
# when to stop. *PrivateTest* answers one question, once: how good is the model that you chose? The contest kept it
# secret for that reason. In the course the three are `data.train`, `data.valid` and `data.test`. Count the labels in
# each of them, and see what became of your first guess.

# %%
counts = pd.DataFrame({split.name: split.counts() for split in data})
shares = 100 * counts / counts.sum()
fc.reveal("01.1", float(shares.train.max()))
fc.plots.class_counts(data);

# %% [markdown]
# The web has more smiles than disgust. *Happy* is the commonest emotion in all three parts, and for each disgusted face
# there are sixteen happy ones. <!-- 01.floor --> So an accuracy of 25 % is free: you have it if you answer Happy to
# everybody. A model may also ignore *Disgust* altogether and hardly pay for it. Compare every accuracy in this course
# with these bars.
#
# ## Twenty faces, and you
#
# How well do *you* read these faces? Find out before you see which label belongs to which face. Press the button for
# the emotion that you see, and if you are not sure, take the likeliest. With the keyboard, Tab moves to a button and
# the space bar presses it. On a page without Python you see the twenty faces side by side.

# %%
twenty = data.valid.take(20, seed=SEED)
mine = fc.label_faces(twenty)

# %% [markdown]
# When you have labelled all twenty, run the next cell. It shows them once more, each with its label, and with your
# answer where you gave another one. In `answers` the code −1 stands for a face to which nobody gave an answer.

# %%
print(mine)
agree = mine.answers == twenty.labels
if mine.done:
    print(f"You and the data set agree on {agree.sum()}.")
titles = [fc.EMOTIONS[label] for label in twenty.labels]
for place in np.flatnonzero((mine.answers >= 0) & ~agree):
    titles[place] += f"\nyou: {fc.EMOTIONS[mine.answers[place]]}"
fc.plots.faces(twenty, positions=range(20), columns=5, titles=titles);

# %% [markdown]
# How good is your score? The organisers of the contest report that people agree with about 65 % of the labels of
# FER2013. But twenty faces are few. Let 100,000 imaginary people label twenty faces each, all of them right on 65 % in
# the long run, and look between which numbers nine tenths of them end.

# %%
scores = np.random.default_rng(SEED).binomial(20, 0.65, 100_000)
low, high = np.quantile(scores, [0.05, 0.95]).astype(int)
print(f"of twenty faces: {low} to {high} right")

# %% [markdown]
# From 9 to 16, <!-- 01.twenty --> and all of these people read faces equally well. So 11 right answers do not say that
# you are worse than others, and 15 do not say that you are better. Remember this width.
#
# If your faces were drawn ones, do not compare yourself with the 65 %, which were measured on photographs. The program
# that draws the faces knows which emotion it drew, and it gives about one face in seven a wrong label on purpose. If
# you read every drawn face rightly, you agree with about 86 % of the labels.
#
# ## Look at faces before you count on them
#
# Now with labels: first one row for each emotion, then all of them to leaf through. In JupyterLab, Colab and VS Code
# the second cell has menus and a slider; on a page without Python it shows one sheet. Some faces are turned, half
# hidden, blurred. Some labels you will not believe.

# %%
axis = plt.subplots(figsize=(3.3, 3.5), layout="constrained")[1]
fc.plots.faces(data.train, rows=7, columns=6, seed=SEED, ax=axis);

# %%
fc.browse(data, rows=3, columns=6)

# %% [markdown]
# ### The mean face, and what differs from it
#
# What do all faces with one label share? Average them. The seven means look alike, because every mean has two eyes, a
# nose and a mouth in about the same place. So take the mean of *all* faces away, and look at what is left. How much is
# that, beside the differences from face to face?

# %%
everybody, spread = data.train.images.mean(0), data.train.images.std(0).mean()
means = np.array([data.train.images[data.train.labels == code].mean(0) for code in range(7)])
differences, between = means - everybody, means.std(0).mean()
chance = spread / np.sqrt(counts.train.to_numpy())
fc.record({"pixel spread, 7 means": float(between), "pixel spread, all faces": float(spread)}, unit="grey levels")

# %% tags=["folded"]
figure, axes = plt.subplots(2, 4, figsize=(4.8, 3.6), layout="constrained")
limit, colours = 4 + 3 * between, {"cmap": "RdBu_r", "interpolation": "nearest"}
for axis, emotion, difference, error in zip(axes.flat, fc.EMOTIONS, differences, chance):
    drawing = axis.imshow(difference, vmin=-limit, vmax=limit, **colours)
    axis.set_title(f"{emotion}\nchance ±{error:.1f}", fontsize=9)
for axis in axes.flat:
    axis.axis("off")
bar = figure.colorbar(drawing, ax=axes, location="bottom", shrink=0.6, aspect=30)
bar.ax.tick_params(labelsize=8)
bar.set_label("grey levels from the mean of all", fontsize=8)
axes[1, 3].text(0.5, 0.5, data.source.replace(", ", "\n"), ha="center", fontsize=8, style="italic");

# %% [markdown]
# Red is brighter than the mean of all faces, blue is darker. The darkest place of *Surprise* is the open
# mouth, <!-- 01.mouth --> and on drawn faces that of *Angry* lies between the brows, which come down. <!-- 01.brows -->
#
# Not every spot has a meaning, because a mean of few faces is off by chance. The number over each picture says by how
# much: the spread of one pixel, divided by the square root of the number of faces. It is the largest for *Disgust*, the
# rarest emotion. On drawn faces that whole map is on average no stronger than chance. <!-- 01.chance -->
#
# Light, skin, hair and pose move a pixel over five times as much as the emotion does, <!-- 01.pixel --> so no single
# pixel tells much. That does not make pixels useless: 2,304 weak hints add up, as lesson 02 shows. But an eyebrow that
# sits higher in one face than in the next is blurred away in every mean. To use it, a model has to find it first.
#
# ## The same face twice
#
# The faces came from web searches, and searches return the same picture more than once. Why does it matter?

# %%
fc.guess(
    "01.2",
    "A test face also occurs in Training. What does that do to your test accuracy?",
    options=["too low", "nothing", "too high"],
)

# %% [markdown]
# Start with exact copies. A `bytes` object can be a key of a dictionary, so a dictionary from pixels to positions finds
# them all in one pass.

# %%
images = np.concatenate([split.images for split in data])
labels = np.concatenate([split.labels for split in data])
part = np.repeat(["train", "valid", "test"], [len(split) for split in data])
copies = {}
for position, image in enumerate(images):
    copies.setdefault(image.tobytes(), []).append(position)
groups = [positions for positions in copies.values() if len(positions) > 1]
across = sum(len(set(part[group])) > 1 for group in groups)
contradictory = sum(len(set(labels[group])) > 1 for group in groups)
fc.record({"faces with exact copies": len(groups), "… in two parts": across, "… with two labels": contradictory})

# %% [markdown]
# ### Near-twins
#
# A copy that was cropped a pixel further left has other bytes. To find it, make each face small and forgiving: average
# blocks of 6 × 6 pixels, which leaves 8 × 8 numbers; take away their mean; scale to length one. Two such thumbnails are
# alike when their dot product is near one. One matrix product compares many faces with every training face. For each,
# keep the closest one and how alike it is.

# %%
def thumbnails(images):
    small = images.reshape(-1, 8, 6, 8, 6).mean((2, 4)).reshape(-1, 64).astype(np.float32)
    small -= small.mean(1, keepdims=True)
    return small / np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6)


def closest_in_training(images):
    train, found = thumbnails(data.train.images), []
    for start in range(0, len(images), 500):
        products = thumbnails(images[start : start + 500]) @ train.T
        found += zip(products.argmax(1), products.max(1))
    return map(np.array, zip(*found))


closest, likeness = closest_in_training(data.test.images)

# %% [markdown]
# May you look at test faces, after all that was said about PrivateTest? Here you may, because you inspect the data and
# choose no model by what you find. What is not allowed is to change a model because of its test accuracy.
#
# What is "near one"? Look before you choose a threshold. These pairs go down from the most alike, in steps of 0.005, to
# 0.955: the test face above, its closest training face below.

# %%
order = likeness.argsort()[::-1]
wanted = 1 - 0.005 * np.arange(10)
shown = order[np.searchsorted(-likeness[order], -wanted).clip(0, len(order) - 1)]
captions = [f"{value:.3f}" for value in likeness[shown]]
fc.plots.pairs(data.test.images[shown], data.train.images[closest[shown]], captions, columns=5);

# %% [markdown]
# Read on until the two faces are no longer the same picture. Can you choose the threshold without trusting your eyes?
# Mirror each test face, and search again. A mirrored face has the light and the shape of any other, but it hardly ever
# has a copy in Training. So the second search finds look-alikes only: two different people.

# %%
_, mirrored = closest_in_training(data.test.images[:, :, ::-1])
found = {}
for threshold in (0.999, 0.99, 0.97, 0.95):
    found[f"pairs above {threshold}"] = int((likeness > threshold).sum())
    found[f"… mirrored, {threshold}"] = int((mirrored > threshold).sum())
fc.record(found)

# %% [markdown]
# Above 0.99 the mirrored search finds less than a tenth of what the plain one finds, so nearly all pairs there are
# copies. <!-- 01.twins --> The lower the threshold, the more look-alikes come in; on drawn faces they are the majority
# at 0.95. <!-- 01.majority --> On FER2013 few of the pairs at 0.95 are look-alikes, so there you could go lower. This
# lesson stops at 0.99, and copies that lie lower are missed: in exercise 01.3 you plant some and count them.

# %%
twins = likeness > 0.99
disagree = data.test.labels[twins] != data.train.labels[closest[twins]]
shares = {"test faces with a near-twin": twins, "near-twins with another label": disagree}
fc.record({name: float(100 * which.mean()) for name, which in shares.items()}, unit="%")

# %% [markdown]
# ### What copies do to a test
#
# Take the simplest program that remembers: it answers each test face with the label of the closest training face. It is
# called the *nearest neighbour*.

# %%
right = data.train.labels[closest] == data.test.labels
on_twins, on_others = right[twins].mean(), right[~twins].mean()
verdict = ["too low", "nothing", "too high"][1 + int(np.sign(right.mean() - on_others))]
fc.reveal("01.2", verdict)
scores = {"all test faces": right.mean(), "with a near-twin": on_twins, "the others": on_others}
scores["added by copies"] = right.mean() - on_others
fc.record({f"neighbour, {name}": float(100 * share) for name, share in scores.items()}, unit="%")

# %% [markdown]
# On faces that it has seen before it is right far more often than on the others. <!-- 01.memory --> The first line
# mixes the two, so it promises more than a new face will get. <!-- 01.rose --> The last line says how much more. A
# network remembers less literally, but it remembers, too.
#
# And where one picture carries two labels, no model can be right about both. So the labels have a ceiling of their own.
#
# ## What people see
#
# How high is that ceiling? In 2016 a second project, FER+, showed each face to ten people. Each could choose among the
# seven emotions, contempt, "unknown", and "not a face". The votes belong to rows of the original file. `fc.load` joins
# them only if they fit row by row, because a shift by one row would go unnoticed: every face would get somebody's
# votes.
#
# Where your copy has no votes beside it, this part has nothing to count. On drawn faces ten drawn voters stand in. They
# err as people do, by construction, so there the next numbers say how the drawing was set up and nothing about people.
#
# Let the ten voters of each face elect an emotion: the one of the seven with the most votes. A label is *confirmed*
# when it is elected.

# %%
fc.guess(
    "01.3",
    "Of which of these labels do the voters confirm the smallest share?",
    options=["Fear", "Happy", "Sad", "Surprise"],
)

# %%
votes = data.valid.votes
has_votes = votes is not None
elected = votes[:, :7].argmax(1) if has_votes else data.valid.labels
agreement = elected == data.valid.labels
confirmed = {name: 100 * agreement[data.valid.labels == code].mean() for code, name in enumerate(fc.EMOTIONS)}
if has_votes:
    fc.reveal("01.3", min(["Fear", "Happy", "Sad", "Surprise"], key=confirmed.get))
    confirmed["all"] = 100 * agreement.mean()
    fc.record({f"confirmed, {name}": float(share) for name, share in confirmed.items()}, unit="%")

# %% [markdown]
# The last line answers the question after the ceiling: so often would a model be right by these labels if it always
# answered what most people see. More than one label in ten is not confirmed. <!-- 01.ceiling --> What do the voters say
# instead? In the next figure each row is a label, and each column is what the voters elected.

# %%
import seaborn as sns

label = pd.Categorical.from_codes(data.valid.labels, fc.EMOTIONS)
winner = pd.Categorical.from_codes(elected, fc.EMOTIONS)
confused = 100 * pd.crosstab(label, winner, normalize="index", dropna=False)
figure, axis = plt.subplots(figsize=(4.2, 3.4))
sns.heatmap(confused, annot=True, fmt=".0f", cmap="Greys", cbar=False, vmax=100, ax=axis)
axis.set(xlabel="elected", ylabel="label", title=f"% of each label, n = {len(label):,}\n({data.source})");

# %% [markdown]
# Off the diagonal stand the pairs that people confuse. On drawn faces the most frequent one is the label *Surprise*
# where the voters see *Fear*. <!-- 01.confused --> On FER2013 other pairs come first:

# %%
pairs = {"Surprise": ["Fear"], "Sad": ["Neutral"], "Fear": ["Sad", "Neutral"]}
shares = {f"{one}, elected {' or '.join(others)}": confused.loc[one, others].sum() for one, others in pairs.items()}
fc.record({f"label {name}": float(share) for name, share in shares.items()}, unit="%")

# %% [markdown]
# A model trained on these labels learns the confusions, too. And where it sides with the voters against the label, the
# accuracy counts an error. Now look at the faces on which the voters themselves split most, with all ten votes.

# %%
most = votes.max(1) if has_votes else np.full(len(data.valid), 10)
disputed = most.argsort(kind="stable")[:8]
titles = [f"label: {fc.EMOTIONS[label]}" for label in data.valid.labels[disputed]]
for place, ballot in enumerate(votes[disputed] if has_votes else []):
    for code in ballot.argsort(kind="stable")[::-1][: (ballot > 0).sum()]:
        titles[place] += f"\n{ballot[code]} {fc.BALLOT[code]}"
fc.plots.faces(data.valid, positions=disputed, columns=4, titles=titles);

# %% [markdown]
# None of these faces has an answer that four of ten people share. <!-- 01.disputed --> The file gives a label to each
# of them all the same, and a model is graded by it.
#
# ## The same data, eight wrappings
#
# You will meet this data set as one CSV file, compressed or in an archive, with its columns in another order, as two
# files without the test labels, as folders of pictures, as Parquet. `fc.load` recognises each by its content. A
# *fingerprint*, computed from pixels, labels and splits, tells whether two copies are the same data.

# %% tags=["NBVAL_CHECK_OUTPUT"]
fingerprints = {}
for layout in ["csv", "csv.gz", "tar.gz", "zip", "icml", "png-folders", "parquet", "npz"]:
    fc.convert(few, folder / layout, layout=layout)
    fingerprints[layout] = fc.load(folder / layout, cache=False).fingerprint
print(f"{len(fingerprints)} layouts, {len(set(fingerprints.values()))} data set")

# %% [markdown]
# ### A wrapping in the wild
#
# torchvision, the picture library of PyTorch, has a class `FER2013`. It looks for the file in a folder `fer2013` and
# compares the MD5 sum of its bytes with one that it knows. So a copy with other line ends is refused, even if every
# face is the same. Our few faces would be refused as well; a class of our own brings their sum.

# %%
from hashlib import md5

from torchvision.datasets import FER2013

wrapped = fc.convert(few, folder / "fer2013" / "fer2013.csv", layout="csv")


class OurFER2013(FER2013):
    _RESOURCES = FER2013._RESOURCES | {"fer": ("fer2013.csv", md5(wrapped.read_bytes()).hexdigest())}


theirs = {split: OurFER2013(folder, split) for split in ("train", "test")}
print({split: len(faces) for split, faces in theirs.items()})
in_order = [label for _, label in theirs["test"]] == [*few.valid.labels, *few.test.labels]
print("PublicTest first, then PrivateTest:", in_order)

# %% [markdown]
# We wrote 300, 60 and 60 faces. torchvision knows only two parts: its "test" is PublicTest and PrivateTest
# together. <!-- 01.torchvision --> If you choose a model by its accuracy there, you have used up the faces of the final
# question, and nothing is left to answer it. Notebook E does that with folders: of 20 epochs it keeps the one with the
# lowest loss on all 7,178 test faces, and reports its accuracy on the same faces. In the published file you can take
# the two apart, because all of PublicTest stands before PrivateTest.
#
# ## What broke: the order of the names
#
# In the CSV, 4 means *Sad* and 6 means *Neutral*. In folders there are no numbers, only names, and libraries number
# them themselves: alphabetically. Ask torchvision. Then take a network trained on the CSV, and make it perfect, even:
# it never errs. Somebody grades it on the folders, and compares number with number.

# %%
from torchvision.datasets import ImageFolder

by_name = ImageFolder(folder / "png-folders" / "train").class_to_idx
print(by_name)
answers = data.valid.labels
codes = {name.lower(): code for name, code in by_name.items()}
graded = np.array([codes[fc.EMOTIONS[label].lower()] for label in data.valid.labels])
by_position = answers == graded
fc.record("a perfect network, graded by position", float(100 * by_position.mean()), unit="%", n=len(graded))

# %% [markdown]
# No error, no warning, and a number that looks like a mediocre network. Surprise, Sad and Neutral changed
# places. <!-- 01.order --> So map by name, never by position. `fc.load` does, and it refuses a Parquet file in which
# the labels are numbers and no names say what they mean.
#
# ## What you can say now
#
# Each sentence is tied to the run above.

# %% tags=["folded"]
Angry, Disgust, Fear, Happy, Sad, Surprise, Neutral = range(7)
everyone, off = counts.sum(axis=1), confused.to_numpy() * (1 - np.eye(7))
darkest = [np.unravel_index(difference.argmin(), (48, 48)) for difference in differences]
error = 0.5 / np.sqrt(len(agreement))
published = everyone.tolist() == [4953, 547, 5121, 8989, 6077, 4002, 6198]
moved = set(data.valid.labels[~by_position].tolist())
says = "FER2013 has 28,709 / 3,589 / 3,589 faces, with the class counts of its publication."
fc.claim("01.counts", counts.sum().tolist() == [28709, 3589, 3589] and published, says, only="fer2013")
says = "Happy is the commonest emotion in all three parts, a quarter of Training, sixteen times Disgust."
most_common = (counts.idxmax() == "Happy").all() and round(everyone["Happy"] / everyone["Disgust"]) == 16
quarter = round(100 * counts.train["Happy"] / counts.train.sum()) == 25
fc.claim("01.floor", bool(most_common and quarter), says, needs="lesson")
says = "Of twenty faces, somebody who reads 65 % of faces rightly gets 9 to 16 in nine of ten cases."
fc.claim("01.twenty", bool((low, high) == (9, 16)), says)
says = "Against the mean of all, the darkest place of Surprise is the mouth."
row, column = darkest[Surprise]
fc.claim("01.mouth", bool(28 <= row < 47 and 12 <= column < 36), says, needs="lesson")
says = "Against the mean of all, the darkest place of Angry lies between the brows."
row, column = darkest[Angry]
fc.claim("01.brows", bool(14 <= row < 26 and 16 <= column < 32), says, needs="lesson", only="drawn")
says = "The mean of the disgusted faces differs from that of all by no more than chance."
small = np.abs(differences[Disgust]).mean() < chance[Disgust]
fc.claim("01.chance", bool(small and chance.argmax() == Disgust), says, needs="lesson", only="drawn")
says = "A pixel varies over five times as much from face to face as from one emotion's mean to the next."
fc.claim("01.pixel", bool(spread > 5 * between), says, needs="lesson")
says = "Above 0.99, a search with mirrored faces finds less than a tenth as many: nearly all pairs are copies."
fc.claim("01.twins", found["… mirrored, 0.99"] < found["pairs above 0.99"] / 10, says, needs="lesson")
says = "Above 0.95 most pairs are look-alikes."
fc.claim("01.majority", found["… mirrored, 0.95"] > found["pairs above 0.95"] / 2, says, needs="lesson", only="drawn")
says = "Over one in ten test faces of FER2013 has a near-twin in Training."
fc.claim("01.tenth", bool(twins.mean() > 0.1), says, only="fer2013")
says = "The nearest neighbour is right more often on faces with a near-twin, by over three standard errors."
fc.claim("01.memory", bool(on_twins - on_others > 1.5 / np.sqrt(max(twins.sum(), 1))), says, needs="lesson")
says = "Copies make the test accuracy of the nearest neighbour too high."
fc.claim("01.rose", verdict == "too high", says, needs="lesson")
says = "Label and majority of ten voters differ on more than one face in ten."
fc.claim("01.ceiling", [bool(agreement.mean() + 3 * error < 0.9)] if has_votes else [], says, needs="lesson")
says = "Of all pairs, the label Surprise where the voters see Fear is the most frequent one."
fc.claim("01.confused", bool(off.argmax() == 7 * Surprise + Fear), says, needs="lesson", only="drawn")
says = "On the most disputed faces no answer has four votes of ten."
fc.claim("01.disputed", [bool(most[disputed].max() < 4)] if has_votes else [], says, needs="lesson")
says = "torchvision's FER2013 calls PublicTest and PrivateTest together its test, in this order."
fc.claim("01.torchvision", [len(faces) for faces in theirs.values()] == [300, 120] and in_order, says)
says = "Graded by position, a perfect network loses Surprise, Sad and Neutral, over a quarter of the faces."
fc.claim("01.order", moved == {Surprise, Sad, Neutral} and bool(by_position.mean() < 0.75), says)
fc.claims()

# %% [markdown]
# **What to remember.** Three numbers belong beside every result on this data: the score of the lazy answer, the share
# of test faces that also stand in Training, and the share of labels on which people agree. No model changes them.
# Without them, a reader thinks that the model earned all of its accuracy.
#
# ## Exercises
#
# They stand in [`exercises/01_data_exploration.ipynb`](../exercises/01_data_exploration.ipynb), each with a check that
# answers at once, hints, and the solution as the last hint.
#
# | | exercise | kind | minutes |
# |---|---|---|---|
# | 01.1 | Which class has the largest share of PublicTest, and what would a model score that always answers it on PrivateTest? | recall | 5 |
# | 01.2 | Make thumbnails by hand, and find faces whose mirror image is in another split. | code | 25 |
# | 01.3 | Move the threshold of the near-twins, on faces whose copies you know. Which pairs come and go? Where would you put it, and why? | break and explain | 20 |
# | 01.4 | A loader numbers emotions in the order in which it meets them. Load the same faces in two orders, and find the row where the labels really part. | debug | 20 |
# | 01.5 | Ten voters, one of them drawn by lot: what accuracy can the best model expect? | code | 20 |
# | 01.6 | Train something small on thumbnails, and do better than the course's own attempt. | improve it | 25 |
#
# ## References
#
# - Goodfellow and others, *Challenges in Representation Learning* (2013): how FER2013 was collected and split; people
#   reached about 65 % on it.
# - Barsoum, Zhang, Canton Ferrer and Zhang, *Training Deep Networks for Facial Expression Recognition with
#   Crowd-Sourced Label Distribution* (2016): FER+, ten votes for each face.
# - Barrett and others, *Emotional Expressions Reconsidered* (2019): what a face does and does not say about a feeling.
#   Read it before you build anything on these labels.
# - Gebru and others, *Datasheets for Datasets* (2021): the questions to ask of any data set; answer ten of them for
#   this one.
