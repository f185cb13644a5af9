# ---
# title: How sure is it?
# promise: You find out whether a network that says "90 % sure" is right nine times in ten, repair it with one number, and let it say "I do not know".
# needs:
#   - lesson 02, for softmax and the loss
#   - lesson 07, for intervals
# outcomes:
#   - draw a reliability diagram, and say what a calibration error means beside chance
#   - fit a temperature on some faces and judge it on others
#   - say which mistakes no temperature repairs
#   - choose from which confidence on a network may answer, and say whom it leaves without an answer
# reproduces: reads the probabilities of E and a loss of A
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, order of the faces, draws
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"
EPOCHS: int = 0  # of the training; 0 means what the scale says

# %% [markdown]
# ## Eighty-five percent sure, and wrong
#
# [Notebook E](../docs/five_notebooks.md) shows single faces beside seven bars, one probability for each emotion. One of
# these faces is labelled *Neutral*; the network answers *Happy* with a probability of 84.6 %. Was it too sure of
# itself? One face cannot tell. Somebody who is rightly 84.6 % sure is wrong about one time in six or seven.
#
# Many faces can tell. Collect all answers that are about 85 % sure, and count: if 85 % of them are right, the number
# means what it says. A network of which this holds at every level is *calibrated*. No training of this course asks for it
# by name, and accuracy does not show it. In this part you measure it, repair it, and use it.
#
# There is a sign that something is wrong. Notebook A's CNN ends with a test accuracy of 55.1 % and a test loss of
# 2.009. Somebody who knows nothing and gives each of the seven emotions the same probability has a loss of ln 7 ≈
# 1.946. So the network gives the right answer to more than half of the faces, and yet its probabilities cost more than
# seven equal ones would.

# %%
data = env.load(DATA)
learn, half = env.pick(smoke=(600, 300), lesson=(4000, 2000), full=(20000, 4000))
data

# %% [markdown]
# The network may learn from one part of the training faces. From two other parts it never learns. (`fc.fit` gets 300
# faces of the first of them to report on, no more.) On `fit` you may choose whatever you like, and on `judge` you look
# afterwards whether your choice was good. The validation and the test split stay untouched.

# %%
import numpy as np

order = np.random.default_rng(SEED).permutation(len(data.train))[: learn + 2 * half]
train, fit, judge = (data.train[part] for part in np.split(order, [learn, learn + half]))
print(f"{len(train):,} to learn from, {len(fit):,} to fit on, {len(judge):,} to judge by")

# %% [markdown]
# ## A network that learns by heart
#
# The network is the small CNN of lesson 04: it looks at faces of 24 × 24 pixels, and trains in half a minute. We train
# it long, on few faces that never change. Notebook A's CNN had many more faces, but it too saw the same ones,
# unchanged, in each of its epochs.

# %%
import torch
from torch import nn


def small_cnn(mean, std):
    layers, channels = [fc.Standardise(mean, std), nn.AvgPool2d(2)], 1
    for wider in (16, 32, 32):
        layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = wider
    layers += [nn.Flatten(), nn.Linear(288, 128), nn.ReLU(), nn.Dropout(0.2)]
    return nn.Sequential(*layers, nn.Linear(128, 7))


# %%
recipe = {"epochs": EPOCHS or env.pick(smoke=4, lesson=25), "lr": 4e-3, "batch_size": 64, "schedule": fc.OneCycle()}
torch.manual_seed(SEED)
model = small_cnn(train.images.mean() / 255, train.images.std() / 255)
history = fc.fit(model, (train, fit[:300]), **recipe, seed=SEED, device=env.device, progress=False)
print(f"right on the faces that it learns from: {100 * history['train_accuracy'][-1]:.0f} %")

# %%
fitted, judged = fc.predict(model, fit), fc.predict(model, judge)
judged

# %%
fc.guess(
    "07b.1",
    "Take its answers on new faces that are more than 90 % sure. How many of them are right?",
    options=[97, 88, 78, 60],
    unit="%",
)

# %% [markdown]
# How sure it is of an answer, its *confidence*, is the largest of the seven probabilities. Sort the answers into ten
# bins by confidence, and compare in each bin the mean confidence with the share of right answers.

# %%
import pandas as pd

sure = judged.probabilities.max(axis=1).astype(float)
right = judged.probabilities.argmax(axis=1) == judged.y_true
bins = np.ceil(10 * sure).astype(int)  # 1 holds those up to 10 %, 10 those over 90 %

# %%
rows = {}
for number in np.unique(bins):
    inside = bins == number
    shares = {"sure, %": 100 * sure[inside].mean(), "right, %": 100 * right[inside].mean()}
    rows[f"{10 * number - 10} to {10 * number} %"] = {"faces": inside.sum()} | shares
table = pd.DataFrame(rows).T.round(1).astype({"faces": int})
fc.reveal("07b.1", table["right, %"].iloc[-1])
table.rename_axis("confidence")

# %%
fc.plots.reliability(judged);

# %% [markdown]
# This picture is a *reliability diagram*. On the dotted line a network is right as often as it is sure. The vertical
# lines are Wilson's 95 % intervals; where a bin holds few faces they are long, and say little. Wherever there are many,
# the points of this network lie below the line: it is too sure of itself. <!-- 07b.sure --> The last bin, above 90 %,
# holds far more than a quarter of its answers. <!-- 07b.crowd -->
#
# Why? Lesson 03 showed that the loss of the training faces falls as long as you let it. A face that is answered rightly
# still costs a little: minus the logarithm of its probability. The only way to lower this cost is to be surer. On faces
# known by heart that is honest, because there the network is nearly always right. On new faces it is not, but the
# network has no way to know which faces are new.
#
# ## One number for the diagram
#
# The *expected calibration error* is the mean distance of the points from the line, each weighted by the number of its
# faces. In a bin of *n* faces the distance is |sum of confidences − number of right answers| / *n*, and its weight is
# *n* divided by the number of all faces. So *n* cancels: add up the |…|, and divide by the number of all faces.

# %%
def calibration_error(sure, right):
    bins = np.ceil(10 * sure)
    inside = [bins == number for number in range(1, 11)]
    return sum(abs(sure[bin].sum() - right[bin].sum()) for bin in inside) / len(sure)


by_hand = calibration_error(sure, right)
shipped = judged.expected_calibration_error
print(f"by hand {100 * by_hand:.2f} points, fc {100 * shipped:.2f} points")

# %% [markdown]
# ### Compared with chance
#
# A number has to be compared with something, and here 0 is the wrong thing. Take a network that is perfectly
# calibrated, and a bin with 20 faces at 70 %. You expect 14 right answers. By chance there will be 12 or 15, and that
# counts as an error in whichever direction it goes. So even the perfect network has a calibration error above 0.

# %%
fc.guess(
    "07b.2",
    f"What calibration error does a perfectly calibrated network show, typically, on {half:,} faces?",
    options=[0.1, 0.5, 2, 8],
    unit="points",
)

# %% [markdown]
# You can make such a network. Keep the probabilities, and throw away the labels. For each face draw a new label, with
# exactly the seven probabilities that the network gave it. Against these labels the network is calibrated, because they
# came from its own probabilities. Do this 200 times: *middle* is the median of the 200 errors, and 95 of 100 lie
# between *low* and *high*.

# %%
def drawn_labels(probabilities, generator):
    edges = probabilities.astype(float).cumsum(axis=1)
    edges /= edges[:, -1:]
    return (generator.random((len(edges), 1)) > edges).sum(axis=1)


def by_chance(probabilities, repeats=200):
    generator, sure = np.random.default_rng(SEED), probabilities.max(axis=1).astype(float)
    answers, errors = probabilities.argmax(axis=1), []
    for _ in range(repeats):
        errors.append(calibration_error(sure, answers == drawn_labels(probabilities, generator)))
    return 100 * np.quantile(errors, [0.025, 0.5, 0.975])


# %%
low, middle, high = by_chance(judged.probabilities)
print(f"by chance: {middle:.1f} points, {low:.1f} to {high:.1f}")
fc.reveal("07b.2", middle)

# %% [markdown]
# The course's own function draws only whether each answer is right, which is quicker and comes to the same, but for the
# chance of 200 draws.

# %%
chances = 100 * np.array(judged.calibration_by_chance(seed=SEED))
print("fc:", ", ".join(f"{value:.1f}" for value in chances))

# %%
sizes = env.pick(smoke=[50, 100, 300], lesson=[50, 200, 800, 2000])
rows = {size: by_chance(judged.probabilities[:size]) for size in sizes}
pd.DataFrame(rows, index=["low", "middle", "high"]).T.round(1).rename_axis("faces")

# %% [markdown]
# The measured error lies far above what chance makes, so this network is really too sure. <!-- 07b.beyond --> The fewer
# the faces, the larger the error by chance: with 50 faces even a perfect network shows an error of several
# points. <!-- 07b.few --> Many papers report a calibration error of 2 or 3 points without this interval. Whether such
# a number shows anything depends on the number of faces.
#
# ## A temperature
#
# The simplest repair is one number. Divide all seven logits by *T* before the softmax. With a *temperature* *T* above 1
# the logits move together, and the answers become less sure; below 1 they become surer. You need no logits for it,
# because e to the power *z*/*T* is (e to the power *z*) to the power 1/*T*. So take each probability to the power
# 1/*T*, and divide by the sum of these seven powers.

# %%
def tempered(probabilities, T):
    powers = np.maximum(probabilities.astype(float), 1e-38) ** (1 / T)  # 1e-38: a 0 is a number too small for float32
    return powers / powers.sum(axis=1, keepdims=True)


# %%
images, labels = next(fc.batches(judge, 100, device=env.device))
with torch.inference_mode():
    logits = model.eval()(images).cpu().double()
divided = (logits / 3).softmax(1).numpy()
same = np.allclose(divided, tempered(logits.softmax(1).numpy(), 3), atol=1e-6)
print("dividing the logits is the same:", same)

# %% [markdown]
# Which *T*? The one at which the loss is lowest, on faces that the network has not learnt from. Look at the loss on
# `fit` for several temperatures.

# %%
fc.guess(
    "07b.3",
    "A temperature above 1 makes each answer less sure. How many of the network's answers does it change?",
    options=[0, 5, 20],
    unit="%",
)

# %%
def loss_at(T, answers=fitted):
    probabilities = tempered(answers.probabilities, T)
    return -np.log(probabilities[np.arange(len(answers)), answers.y_true]).mean()


temperatures = np.geomspace(0.7, 12, 40)
losses = [loss_at(T) for T in temperatures]

# %%
import matplotlib.pyplot as plt

figure, axis = plt.subplots(figsize=(4.8, 3), layout="constrained")
axis.semilogx(temperatures, losses, color="black")
axis.axhline(np.log(7), color="black", ls=":", lw=1)
axis.set_xticks([1, 2, 4, 8], ["1", "2", "4", "8"])
axis.set(xlabel="temperature", ylabel="loss", title=f"Loss on fit ({data.source}); dotted: ln 7");

# %% [markdown]
# The curve has one valley. <!-- 07b.valley --> So you can close in on its bottom. Look at two places inside the range,
# and drop the outer part beside the worse one: because there is one valley, its bottom is never in the part that you
# drop. With the two places 0.618 of the length from either end (the *golden section*), each step leaves 0.618 of the
# range.

# %%
def golden_section(function, low, high):
    ratio = (5**0.5 - 1) / 2
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if function(left) < function(right) else (left, high)
    return (low + high) / 2


T = golden_section(loss_at, 0.1, 20)
T_shipped = fc.fit_temperature(fitted)
print(f"by hand T = {T:.3f}, fc.fit_temperature {T_shipped:.3f}")

# %% [markdown]
# A number that was chosen on some faces is judged on others.

# %%
repaired = judged.tempered(T)
changed = (repaired.y_pred != judged.y_pred).mean()
fc.reveal("07b.3", 100 * changed)

# %%
before, after = 100 * judged.expected_calibration_error, 100 * repaired.expected_calibration_error
fc.record({"temperature": T, "loss before": judged.loss, "loss after": repaired.loss})

# %%
low_after, _, high_after = (100 * value for value in repaired.calibration_by_chance(seed=SEED))
fc.record({"calibration error before": before, "calibration error after": after,
           "by chance, low": low_after, "by chance, high": high_after}, unit="points")

# %%
fc.plots.reliability(repaired);

# %% [markdown]
# On `judge`, too, the loss falls, and the calibration error falls to far less than a third. <!-- 07b.tempered --> What is
# left is no more than about what chance makes of a perfect network: compare it with the last two rows. <!-- 07b.left -->
# (They are taken anew, because answers that are less sure vary more by chance.) No answer has changed, and so the
# accuracy is the same. <!-- 07b.answers --> The largest of seven numbers stays the largest when all are taken to the same
# power.
#
# For Notebook A this means: its loss of 2.009 says little about its answers. With the best temperature it could not end
# above ln 7, because an infinite temperature gives exactly ln 7, and the best one is at least as good. Of our own
# network's loss the temperature takes more than a fifth, and it ends below ln 7. <!-- 07b.loss -->
#
# ## What a temperature does not repair
#
# ### Faces of another kind
#
# The temperature was fitted on faces like those on which it was judged. Turn the faces of `judge` upside down. A person
# would notice and hesitate.

# %%
turned = fc.Split(judge.images[:, ::-1].copy(), judge.labels, "valid", judge.source, drawn=judge.drawn)
upside_down = fc.predict(model, turned).tempered(T)
pair = {"upright": repaired, "upside down": upside_down}
shares = {name: {"sure, %": 100 * p.confidence.mean(), "right, %": 100 * p.accuracy} for name, p in pair.items()}
pd.DataFrame(shares).T.round(1).rename_axis("faces")

# %% [markdown]
# Upside down the network is right far less often than it is sure. <!-- 07b.turned --> Its confidence falls much less
# than its share of right answers does, and without labels you would not notice. Calibration is a property of a network
# *on certain faces*. When the camera, the light or the people change, it has to be measured again.
#
# ### For whom it holds
#
# Calibrated on the whole does not mean calibrated for everybody. Split the faces of `judge` by their label.

# %%
by_label = {}
for code, emotion in enumerate(fc.EMOTIONS):
    of_it = repaired.y_true == code
    means = {"sure, %": repaired.confidence[of_it].mean(), "right, %": (repaired.y_pred == code)[of_it].mean()}
    by_label[f"{emotion}, n = {of_it.sum()}"] = {name: round(100 * mean, 1) for name, mean in means.items()}
by_label = pd.DataFrame(by_label).T
by_label

# %% [markdown]
# For *Happy* the network is right more often than it is sure. For at least one other emotion, the rare *Disgust* not
# counted, it is right clearly less often than it is sure. <!-- 07b.whom --> The two errors cancel in the diagram. That
# is no contradiction: the diagram asks what an answer is worth, and whoever reads the answer does not know the label.
# But if your faces are mostly of such an emotion, the number on the screen is too high for them.
#
# ## "I do not know"
#
# A confidence is good for something else: a network may leave a face unanswered. Give only the answers that are at
# least as sure as a *threshold*. The share of faces that still get an answer is the *coverage*; the share of wrong ones
# among these answers is the *risk*.

# %%
fc.guess(
    "07b.4",
    "You want half as many wrong answers in a hundred as now. How many faces must be left unanswered?",
    options=[10, 25, 50, 80],
    unit="%",
)

# %% [markdown]
# Sort the faces by confidence, the surest first, and count the wrong answers as you go down.

# %%
def risk_by_coverage(answers):
    order = np.argsort(-answers.confidence, kind="stable")
    wrong = (answers.y_pred != answers.y_true)[order].cumsum()
    faces = np.arange(1, len(order) + 1)
    return pd.DataFrame({"threshold": answers.confidence[order], "coverage": faces / len(order), "risk": wrong / faces})


repaired_fit = fitted.tempered(T)
ours = risk_by_coverage(repaired_fit)
alike = ours.drop_duplicates("threshold", keep="last")
same_risk = np.allclose(alike, repaired_fit.risk_coverage()[alike.columns])
print("fc counts the same:", same_risk)

# %%
fc.plots.risk_coverage({"as trained": judged, f"temperature {T:.1f}": repaired});

# %% [markdown]
# The surer the answers, the fewer of them are wrong: both curves rise from left to right. <!-- 07b.rises --> And they
# lie nearly on each other. <!-- 07b.same --> A temperature changes how sure the answers are, and hardly which of them
# are surer than others. So it is of little use here; for this you need a network that sorts its answers well.
#
# Now choose the threshold, on `fit`, with the repaired confidences: the lowest one whose risk is at most half of the
# risk of all faces. Thresholds that answer 20 faces or fewer are left out, because with so few the risk is mostly
# chance. Then judge it on `judge`.

# %%
usable = ours[20:]
promise = max((1 - fitted.accuracy) / 2, usable["risk"].min())  # on a poor network half may be out of reach
threshold = usable["threshold"][usable["risk"] <= promise].min()
answered = repaired.confidence >= threshold
given = fc.Predictions(repaired.probabilities[answered], judged.y_true[answered], judged.source, judged.drawn)
risk, unanswered = 1 - given.accuracy, 1 - answered.mean()
bounds = [1 - bound for bound in given.interval()][::-1]

# %%
print(f"threshold {100 * threshold:.1f} %, promised risk {100 * promise:.1f} %")
print(f"on judge: risk {100 * risk:.1f} % ({100 * bounds[0]:.1f} to {100 * bounds[1]:.1f})")
print(f"unanswered: {100 * unanswered:.1f} % of the faces")
fc.reveal("07b.4", 100 * unanswered)

# %% [markdown]
# On `judge` the risk is far below that of all faces, and within five points of what was promised. <!-- 07b.kept --> Where
# it lies above the promise, two reasons fit: chance in the faces, and that the threshold was chosen among many for its
# risk on `fit`, so that it looks a little too good there (lesson 07). Where the risk lies above half, you would have to
# leave more faces unanswered than the answer above says: read it from the curve. The price is the faces without an
# answer. Whose faces are these?

# %%
left = {
    f"{emotion}, n = {(judged.y_true == code).sum()}": 100 * answered[judged.y_true == code].mean()
    for code, emotion in enumerate(fc.EMOTIONS)
}
pd.Series(left).round(0).astype(int).to_frame("answered, %")

# %% [markdown]
# The silence is not shared out evenly: *Happy* faces get an answer far more often than those of the emotion that gets
# the fewest. <!-- 07b.silence --> An average risk hides that, and so a system that "asks a person when it is not sure"
# hands over the faces of some emotions far more often than those of others. Say beside the risk who is left without an
# answer.
#
# ## What you can say now

# %% tags=["folded"]
full = table[table["faces"] >= 20]
fc.claim("07b.hand", bool(abs(by_hand - shipped) < 1e-6), "The calibration error by hand is that of fc.Predictions.")
fc.claim("07b.sure", bool((full["right, %"] < full["sure, %"]).all()), needs="lesson",
         sentence="In each bin with at least 20 faces, fewer answers are right than the network is sure.")
fc.claim("07b.crowd", bool((sure > 0.9).mean() > 0.25), needs="lesson",
         sentence="More than a quarter of the answers on new faces are over 90 % sure.")
fc.claim("07b.beyond", bool(before > 2 * high and abs(chances - [low, middle, high]).max() < 0.5), needs="lesson",
         sentence="The calibration error is more than twice the high end of what chance makes, by hand as with fc.Predictions.")
fc.claim("07b.few", bool(rows[sizes[0]][1] > 3 and rows[sizes[0]][1] > 2 * rows[sizes[-1]][1]), needs="lesson",
         sentence="With 50 faces the error by chance is over 3 points, more than twice that with 2,000.")
turns = np.sign(np.diff(losses))
fc.claim("07b.valley", bool((np.diff(turns) >= 0).all() and turns[0] < 0 < turns[-1]), needs="lesson",
         sentence="The loss falls to one lowest place and rises from there on.")

# %% tags=["folded"]
fc.claim("07b.fitted", same and abs(T - T_shipped) < 1e-3,
         "The temperature by hand is that of fc.fit_temperature; dividing logits gives the same as the power 1/T.")
fc.claim("07b.tempered", bool(T > 1 and repaired.loss < judged.loss and after < before / 3), needs="lesson",
         sentence="A temperature fitted on fit lowers the loss on judge, and the calibration error to less than a third.")
fc.claim("07b.left", bool(after < 1.5 * high_after), needs="lesson",
         sentence="What is left of the calibration error is less than one and a half times the highest by chance.")
fc.claim("07b.answers", bool(changed == 0), "The temperature changes no answer.")
fc.claim("07b.loss", bool(repaired.loss < 0.8 * judged.loss and repaired.loss < np.log(7)), needs="lesson",
         sentence="The temperature takes more than a fifth off the loss on judge, which ends below ln 7.")
fc.claim("07b.turned", bool(upside_down.confidence.mean() - upside_down.accuracy > 0.15), needs="lesson",
         sentence="Upside down, the tempered network is sure by over 15 points more than it is right.")
gaps = by_label["right, %"] - by_label["sure, %"]
fc.claim("07b.whom", bool(gaps.iloc[3] > 0 and gaps.drop(gaps.index[[1, 3]]).min() < -5), needs="lesson",
         sentence="Happy faces are right more often than sure; another emotion, rare Disgust aside, over 5 points less.")

# %% tags=["folded"]
curve = judged.risk_coverage()
risk_at = {share: np.interp(share, curve["coverage"], curve["risk"]) for share in (0.25, 0.5, 0.75, 1)}
fc.claim("07b.rises", same_risk and sorted(risk_at.values()) == list(risk_at.values()), needs="lesson",
         sentence="The risk rises from a quarter of the faces to a half, to three quarters, to all; by hand as with fc.")
curve_of_repaired = repaired.risk_coverage()
apart = max(abs(np.interp(share, curve_of_repaired["coverage"], curve_of_repaired["risk"]) - value) for share, value in risk_at.items())
fc.claim("07b.same", bool(apart < 0.03), needs="lesson",
         sentence="At these four places the temperature changes the risk by less than 3 points.")
fc.claim("07b.kept", bool(abs(risk - promise) < 0.05 and bounds[1] < 1 - judged.accuracy), needs="lesson",
         sentence="On judge the risk is less than 5 points from the promise, above or below, its interval below that of all.")
common = pd.Series(left).drop(pd.Series(left).index[1])
fc.claim("07b.silence", bool(common.iloc[2] > 1.5 * common.min()), needs="lesson",
         sentence="Happy faces get an answer over 1.5 times as often as another emotion, rare Disgust aside.")
fc.claims()

# %% [markdown]
# **What to remember.** A probability is a promise that can be checked, on many faces. Hold a calibration error against
# what chance makes of a perfect network. Fit a temperature on faces that judge nothing else; it changes no answer and
# holds only for faces of the same kind. Where a network may be silent, say how often it is, and towards whom.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/07_measuring_honestly.ipynb) of all three parts, each with a check
# that answers at once, hints, and the solution as the last hint.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 07.3 | Find a temperature on one half, from probabilities alone, and apply it to the other half. | code | 20 |
# | 07.6 | Improve it: fewer mistakes on the 60 % of the faces of which a network is surest. | improve | 25 |
#
# ## References
#
# - Guo, Pleiss, Sun and Weinberger, *On Calibration of Modern Neural Networks* (2017): large networks are too sure, and
#   one temperature repairs most of it.
# - Vaicenavicius and others, *Evaluating model calibration in classification* (2019): why a calibration error needs
#   what a perfect model would show.
# - El-Yaniv and Wiener, *On the Foundations of Noise-free Selective Classification* (2010): risk and coverage.
# - Ovadia and others, *Can You Trust Your Model's Uncertainty?* (2019): calibration when the pictures change.
