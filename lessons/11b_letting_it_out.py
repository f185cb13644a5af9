# ---
# title: "Letting it out: a file, eight bits, a page, and whether to"
# promise: You take a network out of Python, prove that it answers alike, shrink it and find out what that changes, and decide whether it should be used at all.
# needs:
#   - lesson 07, for the paired test
#   - lesson 07b, for temperature and threshold
#   - the packages onnx, onnxruntime and onnxscript, which `make` installs; in Colab run `%pip install "onnx<1.23" onnxruntime onnxscript` first
# outcomes:
#   - export a network as ONNX for any number of faces, and prove that the file answers as PyTorch does
#   - quantise weights by hand, and a network by a tool
#   - tell "as accurate as before" from "the same answers as before"
#   - say what the law and the evidence mean for a system that reads faces
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## From a notebook to a file
#
# A trained network is of use where somebody has a question: on a telephone, in a browser, on a computer without Python.
# PyTorch is a gigabyte, and a file of `state_dict()` holds only weights, without the network that they belong to. *ONNX*
# is a file format that holds both: a graph of operations, such as convolutions and additions, with their weights
# inside. Many programs can run it; this lesson uses *onnxruntime*, which is small and quick on processors.
#
# Here is the network of lesson 11 again, trained anew. It is judged on other faces than there: on some held out of the
# training part, because the file keeps what they say of it, and the validation faces are asked later, at the end. So
# its accuracy and that of lesson 11 are not to be compared.

# %%
import numpy as np
import torch
from torch import nn

data = env.load(DATA)
count, judges = env.pick(smoke=(600, 200), lesson=(2500, 1000), full=(8000, 3000))
faces = data.train.take(count + judges, seed=SEED)
train, valid = faces[judges:], faces[:judges]
print(f"{len(train):,} faces to train on, {len(valid):,} held out\n{data.source}")

# %%
torch.manual_seed(SEED)
layers, channels = [fc.Standardise(train.images.mean() / 255, train.images.std() / 255)], 1
for filters, stride in ((16, 2), (24, 1), (48, 2), (48, 1)):
    layers += [nn.Conv2d(channels, filters, 3, stride, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
    channels = filters
model = nn.Sequential(*layers, nn.AvgPool2d(4), nn.Flatten(), nn.Dropout(0.2), nn.Linear(9 * channels, 7))

# %%
fc.fit(model, (train, valid[:100]), epochs=env.pick(smoke=3, lesson=8), lr=0.005, batch_size=64, seed=SEED,
       schedule=fc.OneCycle(), augment=fc.Augment(flip=0.5, shift=0.05, rotate=8), device=env.device,
       progress=False)  # fmt: skip
model.cpu().eval()
answers = fc.predict(model, valid)
fc.record("PyTorch, 32 bits", answers)

# %% [markdown]
# ## An export by hand, and its trap
#
# `torch.onnx.export` runs the network once on an example and writes down what was computed. What the example does not
# show, the file may not know. Most examples on the web show one face.

# %%
from pathlib import Path
from tempfile import mkdtemp

folder = Path(mkdtemp())


def by_hand(name, **options):
    example = torch.rand(options.pop("faces", 2), 1, 48, 48)
    program = torch.onnx.export(model, (example,), dynamo=True, input_names=["images"], verbose=False, **options)
    program.save(folder / name, external_data=False)
    return folder / name


# %%
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument


def taken(path, faces):
    """Whether the file answers so many faces at once."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    try:
        session.run(None, {"images": np.zeros((faces, 1, 48, 48), np.float32)})
    except InvalidArgument as error:
        print(faces, "faces:", *str(error).split()[4:])
        return False
    return True


fixed = by_hand("fixed.onnx", faces=1)
free = by_hand("free.onnx", dynamic_shapes=({0: torch.export.Dim("faces", min=1, max=4096)},))
fits = {name: [taken(path, n) for n in (1, 2, 250)] for name, path in (("example of one", fixed), ("any number", free))}
fits

# %% [markdown]
# The first file takes one face and no more, for ever: its example had one face, and so the number 1 was written down as a
# constant. <!-- 11b.fixed --> The export raised no error. The error comes when somebody hands it two faces, perhaps on a
# telephone, perhaps in a year. The second was told that the first dimension is free, and its example had **two** faces.
# (Two faces alone would not be enough: without `dynamic_shapes` the 2 would be written down.) Two are taken because with
# one face the exporter cannot know whether the 1 is a number of faces or a part of the network.
#
# ## The proof
#
# Does the file answer as the network does? Export in training mode, and dropout goes along; export without the scaling,
# and all inputs are wrong; both were among the faults hidden in lesson 08. So ask both about 1,000 faces and compare
# every logit. Two programs add up in different orders, so the last digits differ. They must not differ by more.

# %%
images = valid.images[:, None].astype(np.float32) / 255
session = onnxruntime.InferenceSession(free, providers=["CPUExecutionProvider"])
(from_file,) = session.run(None, {"images": images})
with torch.inference_mode():
    from_torch = model(torch.from_numpy(images)).numpy()
apart = float(np.abs(from_file - from_torch).max())
same_answers = float((from_file.argmax(1) == from_torch.argmax(1)).mean())
print(f"{len(images):,} faces: logits differ by {apart:.1e} at most; {100 * same_answers:.1f} % of the answers are the same")

# %% [markdown]
# On these faces they differ by rounding alone: the file holds the same network. <!-- 11b.parity --> `fc.export_onnx` does
# all of this: the example of two, evaluation mode, the proof. It writes the file aside and moves it into its place only
# when the proof has held; else it raises an error, and an old file stays. Into the file it also writes how often answers
# of each sureness were right on these held-out faces, so that whoever gets the file knows what its answers are worth.

# %%
network = fc.export_onnx(model, folder / "network.onnx", valid)
shipped = float(np.abs(network(images) - from_torch).max())
shipped_answers = float((network(images).argmax(1) == from_torch.argmax(1)).mean())
print(f"{network.megabytes:.2f} MB, logits differ by {shipped:.1e}; {100 * shipped_answers:.1f} % of the answers are the same")
print(f"it answers from a sureness of {network.sureness.threshold:.1f} on; below that, it does not know")

# %% [markdown]
# ## Eight bits, by hand
#
# Each weight has 32 bits. *Quantising* to *int8* keeps eight: a whole number from −127 to 127, and one *scale* for many
# of them. The weight is about the number times the scale. The scale is chosen so that the largest weight becomes 127.
# Take the last convolution, once with one scale for all its weights and once with one for each filter.

# %%
def quantised(weights, dims):
    scale = weights.abs().amax(dims, keepdim=True) / 127
    numbers = (weights / scale).round()  # whole numbers from -127 to 127
    return numbers * scale


weights = model[10].weight.detach()
errors = {name: float((quantised(weights, dims) - weights).abs().mean() / weights.abs().mean())
          for name, dims in (("one scale", (0, 1, 2, 3)), ("one for each filter", (1, 2, 3)))}  # fmt: skip
fc.record({f"mean error, {name}": 100 * error for name, error in errors.items()},
          unit="% of the mean size of a weight")

# %% [markdown]
# One scale for each filter loses less, because a filter of small weights is not measured by the largest weight of all
# others. <!-- 11b.scales --> For a network the activations become whole numbers too, and for them nobody knows the
# largest in advance. So a few hundred training faces are sent through once, and the range of each layer is noted. This
# is *static* quantisation; Jacob and others (2018) describe how a network computes with whole numbers alone.
#
# ### What broke: a sum that does not fit
#
# Behind a ReLU no activation is negative, so its eight bits count from 0 to 255. A weight goes from −127 to 127, and
# one of seven bits from −63 to 63. Many processors add two such products in 16 bits, whose largest number is 32,767;
# newer ones have instructions for sums of 32 bits.

# %%
room = np.iinfo(np.int16).max
sums = {bits: 2 * 255 * (2 ** (bits - 1) - 1) for bits in (8, 7)}
{f"weights of {bits} bits": f"up to {most:,}, {'fits' if most <= room else 'does not fit'}" for bits, most in sums.items()}

# %% [markdown]
# With eight bits the largest sums do not fit, with seven they do. <!-- 11b.sums --> What does not fit is cut off at
# 32,767, and no error comes. On a processor of the older kind this was tried once, when the lesson was written: with all
# eight bits its network lost more than five points of right answers, and more than a fifth of its answers changed. (No
# output here shows it, because on a newer processor nothing is cut off.) A paired test like the one below said so at
# once; the size of the file would not have. `fc.quantise` gives weights seven
# of the eight bits, and lets onnxruntime do the rest.

# %%
small = fc.quantise(network, folder / "int8.onnx", train[:500], valid)
eight = small.predict(valid)
sizes = {"32 bits": network.megabytes, "8 bits": small.megabytes}
times = {"32 bits": network.milliseconds(), "8 bits": small.milliseconds()}
fc.record({f"size, {name}": each for name, each in sizes.items()}, unit="MB")
fc.record({f"one face, {name}": each for name, each in times.items()}, unit="ms")

# %% [markdown]
# The size is about a third. <!-- 11b.size --> It is not a quarter, as for a large network, since this one is so small
# that its description takes room as well. Whether eight bits are also quicker depends on the processor and on the size of
# the network. On your machine eight bits may not be quicker: look at your own two times, and do not promise them to
# others.
#
# ## As accurate, and not the same
#
# Now the question that decides. Is anything lost?

# %%
fc.guess("11b.1", "To what share of the faces does the int8 network give another answer?", options=[0, 2, 5, 10], unit="%")

# %%
changed = 100 * answers.disagreement(eight)
fc.reveal("11b.1", changed)
fc.record({"32 bits": answers, "8 bits": eight})
fc.record("other answers with 8 bits", changed, unit="% of the faces", n=len(valid))

# %%
test = eight.versus(answers)
moved = answers.y_pred != eight.y_pred
print(f"{int(moved.sum())} answers changed: {test.wins} from wrong to right, {test.losses} from right to wrong,")
print(f"{int(moved.sum()) - test.wins - test.losses} from one wrong answer to another; paired test p = {test.p_value:.2f}")
sureness = {"changed": answers.confidence[moved].mean(), "kept": answers.confidence[~moved].mean()}
print(f"mean sureness of the changed answers {sureness['changed']:.2f}, of the others {sureness['kept']:.2f}")

# %% [markdown]
# The paired test sees no difference: the answers that became right and those that became wrong are about as many as
# chance makes them. Even so, more answers changed than the two accuracies tell. <!-- 11b.other --> On average they were
# less sure than the others. <!-- 11b.unsure --> "No loss of accuracy" is what pages on quantisation say. Here the test
# does not refute it, which is no proof. Nor is it a promise to the one person who gets another answer than yesterday.
# Where answers have consequences, test the network that is used, not the one it was made from. Threshold, temperature and
# the table of lesson 11 have to be measured again for the file with eight bits.
#
# ## A page of your own
#
# In a terminal,
#
# ```
# python -m fercourse demo
# ```
#
# opens a page on your machine: webcam, a picture or a drawn face; the face is found, and the seven probabilities shown.
# The page loads nothing from the internet and sends nothing to it; a test opens it in a browser that is offline. It
# keeps nothing. `--weights FILE` uses a file that `fc.export_onnx` wrote. Here in the notebook there is no camera, but
# the rest:

# %%
fc.ask_network(network, data.valid)

# %% [markdown]
# Beside each answer stands how often answers as sure as this one, in the same tenth of sureness, were right on held-out
# faces, or that these were too few to say it. The threshold follows from these counts: it is the least sureness from
# which on, tenth by tenth, at least half of the held-out answers were right; tenths of fewer than 20 faces decide
# nothing. An answer that is not surer than the threshold is replaced by "I do not know". Right means here that the
# *label* was met. Whether the label says what the person felt is the next question.
#
# ## What a face does not say
#
# FER2013's labels are what an annotator called a picture. Nobody asked the people in the pictures. Barrett and others
# (2019), five researchers of different views, went through the studies on whether a face shows an emotion. They found
# that people do smile when happy, or scowl when angry, more often than chance would have it. But how they show anger,
# fear or sadness varies much between cultures, situations, and within one person; and the same face may belong to
# several emotions, or to none. Somebody who scowls may be angry, or thinking, or looking into the sun. So a network
# that is right about every label would still not know what anybody feels. More data cannot mend that, because what is
# missing is not in the picture.
#
# ## What the law says
#
# In the European Union, Regulation 2024/1689, the *Artificial Intelligence Act*, forbids some uses. Article 5(1)(f)
# names the use of AI systems "to infer emotions of a natural person in the areas of workplace and education
# institutions", save for medical or safety reasons. It has applied since 2 February 2025. In other areas, still in the
# European Union, emotion recognition counts as high-risk (Annex III), and the people concerned have to be told
# (article 50); these rules apply from later dates on. A course like this one takes place in an education institution.
# We draw three rules for this course from that (we are no lawyers):
#
# - You may learn how it works, with public data, drawn faces, and **your own face**, because nobody is judged by
#   these answers.
# - You do not point it at students, pupils or colleagues, not for fun and not for "attention in class".
# - Nothing is kept: no picture, no answer, no log.
#
# ## What to do instead
#
# Ask what somebody wants to know. Whether a lesson is too quick can be asked: a question at its end, a show of hands,
# an anonymous poll. Whether a patient is in pain: ask, and where they cannot say it, use scales that were validated for
# it, with a person who looks. Whether a driver falls asleep: that is no emotion; eyelids that stay shut can be measured
# and checked. In each case you can ask or measure what you want to know, instead of guessing it from one of seven
# emotion words.
#
# And where a network reads faces all the same, write a *model card* (Mitchell and others 2019). It says what the
# network was trained on, for whom it was measured and for whom not, how often it is wrong, and what it must not be used
# for. The course's own is [docs/model_card.md](../docs/model_card.md), built from the records of its trainings.
#
# ## What you can say now

# %% tags=["folded"]
fc.claim("11b.fixed", fits == {"example of one": [True, False, False], "any number": [True, True, True]},
         "Exported with an example of one face, the file takes one face only; with a free dimension, 1, 2 and 250.")
fc.claim("11b.parity", apart < 1e-4 and shipped < 1e-4 and same_answers == shipped_answers == 1,
         "By hand and by fc.export_onnx no logit differs from PyTorch's by more than 1e-4, and all answers are the same.")
fc.claim("11b.scales", errors["one for each filter"] < errors["one scale"],
         "With one scale for each filter the mean error of the weights is smaller than with one for all.")
fc.claim("11b.sums", sums[7] <= room < sums[8],
         "Two products of the largest activation and weight fit into 16 bits with weights of 7 bits, not with 8.")
fc.claim("11b.size", sizes["8 bits"] < 0.4 * sizes["32 bits"],
         "The file with eight bits has less than 0.4 of the size.")
fc.claim("11b.other", test.p_value > 0.05 and moved.sum() > 2 * abs(test.wins - test.losses) and moved.sum() > 0,
         needs="lesson",
         sentence="The paired test sees no difference; more than twice as many answers changed as the accuracies differ by.")
fc.claim("11b.unsure", sureness["changed"] < sureness["kept"] - 0.1, needs="lesson",
         sentence="The answers that change were less sure than the others, by more than 0.1 on average.")
fc.claims()

# %% [markdown]
# **What to remember.** An exported file is another program, so prove it on many faces, not on one. "As accurate" is not
# "the same": count the answers that change, and test the network that is used. A label is not a feeling. Whether
# a system may be used is decided by law and by the people concerned, not by its accuracy.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/11_looking_inside.ipynb) of both parts, each with a check that answers
# at once, hints, and the solution as the last hint.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 11.4 | Find the three mistakes in a quantisation to eight bits. | debug | 20 |
# | 11.5 | Say what changed between two networks: answers, right and wrong ones, and an exact p. | code | 20 |
#
# ## References
#
# - Barrett and others, *Emotional Expressions Reconsidered: Challenges to Inferring Emotion From Human Facial Movements*
#   (2019).
# - [Regulation (EU) 2024/1689](https://eur-lex.europa.eu/eli/reg/2024/1689/oj), articles 5(1)(f) and 50, Annex III.
# - Mitchell and others, *Model Cards for Model Reporting* (2019).
# - Jacob and others, *Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*
#   (2018).
