# ---
# title: Data exploration
# promise: You get to know 35,887 faces well enough to see what no model can fix.
# needs:
#   - Python and NumPy arrays
#   - a table in pandas; no machine learning yet
# outcomes:
#   - read FER2013 in whichever of its file layouts you meet
#   - name the class shares, and the accuracy that they give away for nothing
#   - find faces that occur twice, across the splits and with two labels
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
# one of seven labels. It may not be handed on, so this course also carries a stand-in that it draws itself. The line
# below says which of the two you are looking at.

# %%
data = env.load(DATA, whole=True)
data

# %% [markdown]
# Every figure that comes from drawn faces says so. They have the same shape, the same class shares and the same kinds
# of trouble as the real ones, and you can do the whole lesson on them. If you have an account at Kaggle,
# `python -m fercourse data download` brings the real set.
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
    print(file.readline()[:70], "…")

# %% [markdown]
# A number for the emotion, the pixels as text, and a word for the use. Pandas reads the table.

# %%
import pandas as pd

table = pd.read_csv(csv_path)
table.head()

# %% tags=["NBVAL_CHECK_OUTPUT"]
table.shape, list(table.columns), table.Usage.unique().tolist()

# %% [markdown]
# ### One row by hand
#
# Take the first row. Split its text at the spaces, make each piece a number, and put the 2,304 numbers into 48 rows.

# %%
import numpy as np

row = table.iloc[0]
face = np.array([int(text) for text in row.pixels.split()], np.uint8).reshape(48, 48)
face[:3, :8]

# %%
import matplotlib.pyplot as plt

figure, axis = plt.subplots(figsize=(2.2, 2.2))
axis.imshow(face, cmap="gray", vmin=0, vmax=255)
axis.set_title(f"{row.emotion} is {fc.EMOTIONS[row.emotion]} ({data.source})", fontsize=8)
axis.axis("off");

# %% [markdown]
# That is all there is to reading the file. On the whole set this loop takes most of a minute and several gigabytes;
# `fc.load` reads the bytes in large pieces, checks every row, and gives the same arrays. Both, side by side:

# %% tags=["NBVAL_CHECK_OUTPUT"]
rows = [[int(text) for text in pixels.split()] for pixels in table.pixels]
by_hand = np.array(rows, np.uint8)
loaded = fc.load(csv_path, cache=False)
same = np.array_equal(by_hand[:300].reshape(-1, 48, 48), loaded.train.images)
print("the same pixels:", same)

# %% [markdown]
# ## Three parts, and what each is for
#
# *Training* is what a model learns from. *PublicTest* is what you look at while you work: which model, which rate, when
# to stop. *PrivateTest* answers one question, once: how good is the model that you chose? The contest kept it secret
# for that reason. In the course the three are `data.train`, `data.valid` and `data.test`.

# %%
counts = pd.DataFrame({split.name: split.counts() for split in data})
counts.loc["all"] = counts.sum()
counts

# %%
fc.guess(
    "01.1",
    "You have not seen the face. On which emotion do you bet, and how often are you right?",
    options=["any; 1 in 7", "Happy; 1 in 4", "Neutral; 1 in 2"],
)

# %%
fc.reveal("01.1", "Happy; 1 in 4")
fc.plots.class_counts(data);

# %% [markdown]
# The web has more smiles than disgust. For each disgusted face there are sixteen happy ones. So 25 % accuracy is free,
# and a model may ignore *Disgust* altogether and hardly pay for it. Every accuracy in this course stands next to these
# bars.
#
# ## Look at faces before you count on them
#
# One row for each emotion. Cover the names with your hand and say what you see.

# %%
fc.plots.faces(data.train, rows=7, columns=12, seed=SEED);

# %% [markdown]
# Which did you get wrong? Most people confuse fear with surprise, and sadness with no emotion at all. Some faces are
# turned, half hidden, blurred. Some labels you will not believe. Leaf through more of them. In JupyterLab, Colab and
# VS Code the next cell has menus and a slider; on a page without Python it shows one sheet.

# %%
fc.browse(data)

# %% [markdown]
# ### The mean face
#
# What do all faces with one label share? Average them. You need one line for each emotion.

# %%
means = [data.train.images[data.train.labels == label].mean(0) for label in range(7)]
figure, axes = plt.subplots(1, 7, figsize=(9, 1.7))
for axis, emotion, image in zip(axes, fc.EMOTIONS, means):
    axis.imshow(image, cmap="gray")
    axis.set_title(emotion, fontsize=9)
    axis.axis("off")
figure.text(0.9, 0, data.source, ha="right", fontsize=7)
between, within = np.stack(means).std(0).mean(), data.train.images[:3000].std(0).mean()
print(f"between the mean faces: {between:.1f} grey levels; between faces: {within:.1f}")

# %% [markdown]
# Blurred, and still different: look at the mouths. What a mean shows, a linear model can use. What it blurs away, such
# as an eyebrow that sits higher in one face than in the next, needs a model that looks for the eyebrow first.
#
# How different are the seven, against the differences between any two faces? The first number above is what the emotion
# does to a pixel. The second holds everything else: light, skin, hair, pose. Divide one by the other, and you know why a classifier that compares pixels cannot get far.
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

# %%
exact_across = sum(len(set(part[group])) > 1 for group in groups)
exact_contradictory = sum(len(set(labels[group])) > 1 for group in groups)
print(f"{len(groups)} faces occur more than once, byte for byte")
print(f"{exact_across} of them in two splits, {exact_contradictory} with two labels")
fc.reveal("01.2", "too high")

# %% [markdown]
# A model that has seen the face need not read it, only recognise it. That is memory, and it counts as skill.
#
# ### Near-twins
#
# A copy that was cropped a pixel further left has other bytes. To find it, make each face small and forgiving: average
# blocks of 6 × 6 pixels, which leaves 8 × 8; take away the mean; scale to length one. Two such thumbnails are alike
# when their dot product is near one.

# %%
def thumbnails(images):
    small = images.reshape(-1, 8, 6, 8, 6).mean((2, 4)).reshape(-1, 64).astype(np.float32)
    small -= small.mean(1, keepdims=True)
    return small / np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-6)


# %% [markdown]
# One matrix product compares each test face with every training face. For each, keep the closest.

# %%
train, test = thumbnails(data.train.images), thumbnails(data.test.images)
likeness = np.empty(len(test), np.float32)
closest = np.empty(len(test), np.int64)
for start in range(0, len(test), 500):
    products = test[start : start + 500] @ train.T
    closest[start : start + 500] = products.argmax(1)
    likeness[start : start + 500] = products.max(1)

# %% [markdown]
# What is "near one"? Look before you choose a threshold: here are pairs from the closest downwards, with the test face
# above and its training face below.

# %%
order = likeness.argsort()[::-1]
shown = order[np.linspace(0, min(len(order), 400) - 1, 10).astype(int)]
captions = [f"{value:.3f}" for value in likeness[shown]]
fc.plots.pairs(data.test.images[shown], data.train.images[closest[shown]], captions);

# %% [markdown]
# Read from left to right and stop where the two faces are no longer the same picture. This lesson stops at 0.99; you
# may disagree, and then the number below is yours to change.

# %%
twins = likeness > 0.99
twin_share = twins.mean()
disagree = (data.test.labels[twins] != data.train.labels[closest[twins]]).mean()
print(f"{twins.sum()} of {len(twins)} test faces have a near-twin in Training;")
print(f"{100 * disagree:.0f} % of these pairs carry two different labels")
fc.record("test faces with a near-twin", float(100 * twin_share), unit="%", n=len(twins))

# %% [markdown]
# Take the share as a lower bound: a copy that was cropped a pixel further left can fall below 0.99. In exercise 01.3 you
# plant such copies and count how many are found.
#
# Two consequences. On these faces a test measures memory, at least in part. And where the same picture carries two labels, no
# model can be right about both. The labels have a ceiling of their own.
#
# ## What people see
#
# How high is that ceiling? In 2016 a second project, FER+, showed each face to ten people. Each could choose among the
# seven emotions, contempt, "unknown", and "not a face". The votes belong to rows of the original file. `fc.load` joins
# them only if they fit row by row, because a shift by one row would go unnoticed: every face would get somebody's
# votes.
#
# Where your copy has no votes beside it, this part has nothing to count. On drawn faces ten drawn voters stand in. They err as
# people do, by construction, so on drawn faces the next number says how the drawing was set up and nothing about
# people.
#
# Let each face's ten voters elect an emotion. How often does the label of the data set agree with the winner?

# %%
votes = data.valid.votes
has_votes = votes is not None
elected = votes[:, :7].argmax(1) if has_votes else data.valid.labels
agreement = (elected == data.valid.labels).mean()
print(f"the label is what most voters say for {100 * agreement:.1f} % of the faces")

# %%
import seaborn as sns

label = pd.Categorical.from_codes(data.valid.labels, fc.EMOTIONS)
winner = pd.Categorical.from_codes(elected, fc.EMOTIONS)
shares = 100 * pd.crosstab(label, winner, normalize="index", dropna=False)
axis = sns.heatmap(shares, annot=True, fmt=".0f", cmap="Greys", cbar=False, square=True)
axis.set(xlabel="elected", ylabel="label", title=f"% of each label ({data.source})");

# %% [markdown]
# Off the diagonal stand the pairs that people confuse. A model trained on these labels learns the confusions too; one
# that is *graded* on these labels is punished for being right. Look at the faces on which the voters themselves split
# most: the elected emotion has the fewest votes.

# %%
winner_votes = votes[:, :7].max(1) if has_votes else np.zeros(len(data.valid))
disputed = winner_votes.argsort(kind="stable")[:14]
fc.plots.faces(data.valid, positions=disputed, rows=1, columns=14);

# %% [markdown]
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
# ## What broke: the order of the names
#
# One wrapping has cost people days. In the CSV, 4 means *Sad* and 6 means *Neutral*. In folders there are no numbers,
# only names, and libraries number them themselves: alphabetically. Ask torchvision.

# %%
from torchvision.datasets import ImageFolder

by_name = ImageFolder(folder / "png-folders" / "train").class_to_idx
by_name

# %% [markdown]
# Take a network trained on the CSV. Make it perfect, even: it never errs. Now somebody grades it on the folders, and
# compares number with number.

# %%
answers = data.valid.labels
codes = {name.lower(): code for name, code in by_name.items()}
graded = np.array([codes[fc.EMOTIONS[label].lower()] for label in data.valid.labels])
by_position = (answers == graded).mean()
print(f"a perfect network, graded by position: {100 * by_position:.1f} %")

# %% [markdown]
# No error, no warning, and a number that looks like a mediocre network. Surprise, Sad and Neutral changed places. So:
# map by name, never by position. `fc.load` does, and refuses a file that gives numbers without saying what they mean.
#
# ## Tensors
#
# The next lesson feeds a network. PyTorch wants tensors: the same numbers, in an object that knows how to compute
# gradients and where it lives. The images become rows of 2,304 numbers.

# %% tags=["NBVAL_CHECK_OUTPUT"]
import torch

rows = torch.tensor(data.train.images).reshape(len(data.train), -1)
targets = torch.tensor(data.train.labels)
rows.shape[1], rows.dtype, targets.dtype

# %% [markdown]
# ## What you can say now
#
# Each sentence is tied to the run above, and says where it was checked.

# %%
sizes = tuple(len(split) for split in data)
classes = [sum(column) for column in zip(*(split.counts().values() for split in data))]
fc.claim(
    "01.counts",
    sizes == (28709, 3589, 3589) and classes == [4953, 547, 5121, 8989, 6077, 4002, 6198],
    "FER2013 has 28,709 / 3,589 / 3,589 faces, with the class counts of its publication.",
    only="fer2013",
)

# %%
floor = np.bincount(data.train.labels).max() / len(data.train)
fc.claim(
    "01.floor",
    bool(0.22 < floor < 0.28),
    "One class holds about a quarter of the training faces.",
)

# %%
fc.claim(
    "01.twins",
    bool(twin_share > 0.005),
    "More than one test face in two hundred has a near-twin in Training.",
    needs="lesson",
)

# %%
fc.claim(
    "01.order",
    bool(by_position < 0.75),
    "Graded by position and not by name, a perfect network loses over a quarter.",
)

# %%
fc.claim(
    "01.ceiling",
    [bool(agreement < 0.95)] if has_votes else [],
    "Label and majority of ten voters differ on more than one face in twenty.",
)

# %% [markdown]
# **What to remember.** Know what a data set gives away for nothing: here, a quarter. Know how much of its test is
# already in its training part. Know how far people agree on its labels. No model fixes these three; a reader who does
# not know them will credit the model for them.
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
#
# ## References
#
# - Goodfellow and others, *Challenges in Representation Learning* (2013): how FER2013 was collected and split; people
#   reached about 65 % on it.
# - Barsoum, Zhang, Canton Ferrer and Zhang, *Training Deep Networks for Facial Expression Recognition with
#   Crowd-Sourced Label Distribution* (2016): FER+, ten votes a face.
# - Barrett and others, *Emotional Expressions Reconsidered* (2019): what a face does and does not say about a feeling.
#   Read it before you build anything on these labels.
# - Gebru and others, *Datasheets for Datasets* (2021): the questions to ask of any data set; answer ten of them for
#   this one.
