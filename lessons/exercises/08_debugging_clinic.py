# ---
# title: which check sees what, whose part is broken, and an audit of your own
# exercises:
#   - {id: "08.1", title: "Which check sees it?", kind: recall, difficulty: 1, minutes: 10}
#   - {id: "08.2", title: Alone and in company, kind: code, difficulty: 2, minutes: 20}
#   - {id: "08.3", title: Too few faces, kind: break, difficulty: 2, minutes: 25}
#   - {id: "08.4", title: "Whose part is it?", kind: debug, difficulty: 2, minutes: 20}
#   - {id: "08.5", title: An audit of your own, kind: code, difficulty: 3, minutes: 45}
# ---

# %%
from dataclasses import fields, replace

import numpy as np
import torch

# %% [markdown]
# ## 08.1 · Which check sees it?
#
# No code here, but think of the lesson's clean training, whose network has batch norm and dropout. Each of these seven bugs
# is planted in it alone:
#
# 1. The network ends in a softmax, and the loss takes a second one.
# 2. The optimiser holds the weights of every layer but the first.
# 3. `evaluate` does not call `network.eval()`.
# 4. Batch norm keeps no running averages, so that it always uses those of its batch.
# 5. Every tenth validation face is a training face as well.
# 6. The last layer has twenty outputs, and there are seven emotions.
# 7. The training images were shuffled, and their labels were left in the old order.
#
# These six checks are made of each of the seven trainings:
#
# - A. The loss of a new network in training is close to ln 7.
# - B. Sixteen faces can be learnt by heart: in a few hundred steps their loss comes close to 0.
# - C. `evaluate`, called twice with one network, gives the same figures twice.
# - D. After `network.eval()` a face gets the same answer alone as among others.
# - E. A step of training moves every tensor of weights on which the loss depends.
# - F. No validation face is, pixel for pixel, a training face.
#
# `seen_by` is a list of seven texts, in the order of the bugs. Each is the letter of the one check that sees the bug, or
# `"none"`.
#
# Then say why: A and B both look at a loss, and only one of them sees the softmax of bug 1. Take a network that ends in
# it. `first` is its loss when it gives each of the seven emotions the same probability. `least` is its loss when it gives
# the right emotion all of the probability, for every face. Two digits behind the point are enough.

# %% answer="08.1"
seen_by = None
first = None
least = None
### BEGIN SOLUTION
seen_by = ["B", "E", "C", "D", "F", "A", "none"]
first = np.log(7)  # seven equal numbers, whatever they are
least = np.log(np.e + 6) - 1  # the second softmax makes e / (e + 6) of a 1 and six zeros
### END SOLUTION

# %% check="08.1" points=2
fc.check("08.1", seen_by, first, least)

# %% [markdown] hints="08.1"
# - Ask of each check which two things it compares. A bug that leaves both as they are is not seen, however bad it is.
# - C calls `evaluate`, D calls the network itself. Which of the two bugs about evaluation sits in `evaluate`, and which in a layer? And: can a network learn sixteen faces by heart whose labels are wrong?
# - `first`: the cross-entropy of seven equal numbers. `least`: a softmax gives a 1 and six zeros, and the loss takes the softmax of these seven numbers before its logarithm.

# %% [markdown]
# ## 08.2 · Alone and in company
#
# `same_alone(network, images)` gets a network and some images, (B, 1, height, width), at least two. It returns `True` where each
# image gets alone, as a batch of one, the answer that it gets among all the others, and `False` where any does not. It asks
# about evaluation, not about training: there batch norm mixes the faces of a batch, and is meant to.
#
# - The networks come in training mode, in evaluation mode, or with some layers in each. Afterwards every layer is in the mode
#   in which it was, and no weight and no average has moved.
# - A sum over a batch of another size is rounded otherwise. So two answers count as the same where they differ by at most a
#   thousandth of the largest number, regardless of its sign, among all answers. Logits may be in the millions, or all below
#   a ten-thousandth.

# %% answer="08.2"
def same_alone(network, images):
    ### BEGIN SOLUTION
    modes = [module.training for module in network.modules()]
    network.eval()
    with torch.no_grad():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    for module, mode in zip(network.modules(), modes):
        module.training = mode
    difference = (together - alone).abs().max()
    return bool(difference <= 1e-3 * together.abs().max())
    ### END SOLUTION


# %% check="08.2" points=2
fc.check("08.2", same_alone)

# %% [markdown]
# Try it on a batch norm that keeps averages, and on one that has no memory.

# %%
def small(memory):
    norm = torch.nn.BatchNorm2d(4, track_running_stats=memory)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), norm, torch.nn.Flatten(), torch.nn.Linear(4 * 46 * 46, 7))


some_faces = torch.tensor(fc.drawn_faces(8, 7, 0, seed=82).train.images)[:, None] / 255
same_alone(small(memory=True), some_faces), same_alone(small(memory=False), some_faces)

# %% hidden="08.2" points=1
# Nothing to do here: where a teacher grades your sheet, more networks come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.shared.compare import same

torch.manual_seed(82)
nn, faces = torch.nn, torch.rand(5, 1, 6, 6)
plain_network = nn.Sequential(nn.Flatten(), nn.Linear(36, 7), nn.LayerNorm(7))
assert same(same_alone(plain_network, faces), True), "a network without any trap"
dead = nn.Sequential(nn.Flatten(), nn.Linear(36, 7), nn.Threshold(1e9, 0.0))
assert same(same_alone(dead, faces), True), "a network that answers zero to everybody"
over_faces = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(32, 7), nn.Softmax(0), nn.Linear(7, 7))
assert same(same_alone(over_faces, faces), False), "a softmax over the faces in front of the last layer"
assert same(same_alone(over_faces.eval(), faces[:2]), False), "two faces are company"
shifted = nn.Sequential(nn.Flatten(), nn.Linear(36, 7), nn.Unflatten(0, (1, -1)), nn.ZeroPad2d((0, 0, -1, 1)))
assert same(same_alone(nn.Sequential(shifted, nn.Flatten(0, 1)), faces), False), "each face gets the next one's answer"
### END HIDDEN TESTS

# %% [markdown] hints="08.2"
# - A batch of one has the shape (1, 1, height, width): `image[None]`. Put the answers of all of them together with `torch.cat` and compare with the answers to the whole batch.
# - `network.eval()` and `network.train()` reach every layer at once, so neither brings back layers in different modes. Note `module.training` of each of `network.modules()` before. In training mode a forward pass moves the averages of batch norm; in evaluation it does not.
# - Take the largest difference over all answers, and hold it against 0.001 times the largest absolute value among them. Where all answers are 0 both are 0, so use `<=`.

# %% [markdown]
# ## 08.3 · Too few faces
#
# In copies of FER2013 as folders the emotions are in another order: what the CSV calls 4, 5 and 6 is 5, 6 and 4 there. Whoever takes
# the training faces from one and the validation faces from the other has three emotions with wrong names in validation. One check
# compares how often each emotion occurs in the two. It sums (found − expected)² / expected over the seven emotions, and complains
# above 22.5, because only about one sound split in a thousand exceeds that by chance. It needs labels alone, so that here
# thousands of splits can be drawn, from the shares of 1,500 drawn faces.

# %%
labels = fc.drawn_faces(1_500, 7, 0, seed=83).train.labels
shares = np.bincount(labels, minlength=7) / len(labels)
folder_order = [0, 1, 2, 3, 5, 6, 4]


def complaints(faces, renamed, limit=22.5, splits=2_000):
    """The share of `splits` validation splits of so many faces of which the check complains."""
    counts = np.random.default_rng(faces).multinomial(faces, shares, size=splits)
    if renamed:
        counts = counts[:, np.argsort(folder_order)]
    far = ((counts - faces * shares) ** 2 / (faces * shares)).sum(1)
    return float((far > limit).mean())


# %%
fc.guess(
    "08.e3",
    "With 140 validation faces, of how many splits with wrong names does it complain?",
    options=["fewer than 30 %", "30 to 70 %", "more than 70 %"],
)

# %%
sizes = (70, 140, 280, 560, 1_120)
for faces in sizes:
    print(f"{faces:5} faces: {complaints(faces, True):6.1%} with wrong names, {complaints(faces, False):.1%} sound ones")

# %%
seen = complaints(140, True)
fc.reveal("08.e3", "fewer than 30 %" if seen < 0.3 else "more than 70 %" if seen > 0.7 else "30 to 70 %")

# %% [markdown]
# Run `complaints(140, True, limit=12.6)` and `complaints(140, False, limit=12.6)` in a cell of your own.
#
# Then plant a bug of your own in a clean training, in at most three lines. The naive audit should not see it, because the training
# loss falls and the validation accuracy is above that of always answering Happy. One of the lesson's twelve checks should complain.
#
# ```python
# clean = fc.clinic.clean_pipeline()
# broken = replace(clean, criterion=...)  # or any other part
# {name: check(broken) for name, check in fc.clinic.CHECKS.items()}
# ```
#
# Explain in eight to twelve sentences. Why does the check of the shares miss most of these splits at 140 faces, and hardly any at
# 1,120? What does the lower limit buy, and what does it cost when you audit a hundred sound trainings? Suppose that you have no more
# than 140 validation faces: name one other way to find the wrong names, and say why it needs fewer faces. Which bug did you plant, and
# which of the twelve checks complained? Why can neither a falling loss nor a validation accuracy above always-Happy see it?

# %% [markdown] answer="08.3" points=5
# ### BEGIN SOLUTION
# The renaming exchanges shares that are not far apart. Sad and Neutral are about as frequent as each other, and Surprise has six faces in a
# hundred less. So one of the three counts is hardly off, and two are off by six faces in a hundred. With 140 faces that is about eight, and
# chance alone moves such a count by four: the sum seldom exceeds 22.5. The shift grows with the number of faces, chance with its
# root. At 1,120 faces the shift is eight times as large and chance not three times, so hardly a split escapes.
#
# At 12.6 it finds many more of the wrong splits at 140 faces. But about one sound split in twenty is above that limit, so of a hundred
# sound trainings it refuses five. An audit of twenty such checks would then complain of most sound trainings, and nobody would read its
# complaints any more.
#
# With 140 faces I would look at the faces themselves instead of counting labels. A network that was trained on the names of the CSV turns the
# three emotions in a circle: it answers 4 to most of the faces that are called 5 in validation. In the confusion matrix that is no difference of
# two similar shares but nearly all against nearly none, so that twenty faces of an emotion are plenty. Ten faces under each name, looked
# at by a person, show it as well. So do near-twins across the splits, because twins carry the same name.
#
# I planted an `evaluate` that calls `network.train()` where `network.eval()` belongs. The check `train against eval` complains: two
# evaluations of one network give two losses, and they move the averages of batch norm. The naive audit cannot see it. The training
# itself is as it was, so its loss falls. The validation accuracy is a little off, and still far above always-Happy. Both questions ask
# whether something was learnt at all, not whether a figure is right, and neither has a second figure to compare the first with.
#
# **Rubric**
#
# - 1 point: the shift against chance: the exchanged shares are similar, and a shift of some faces is no larger than what chance does at 140; it grows with n, chance with its root.
# - 1 point: the lower limit finds more and refuses about five sound trainings in a hundred; with several checks these add up.
# - 1 point: another way that looks at faces and not at shares (near-twins, confusion of a trained network, looking at ten faces of each name), with a reason why few faces are enough.
# - 1 point: a bug of at most three lines that trains without an error, and the name of a check that complained of it.
# - 1 point: why the naive audit does not see it: it asks whether anything is learnt, not whether all is right.
# ### END SOLUTION

# %% [markdown] hints="08.3"
# - Print `shares[[4, 5, 6]]`. By how many faces of 140 is each of the three counts off under the wrong names? By how many is a count of twenty off by chance?
# - Twice the faces: what happens to a shift that is a share of all of them, and what to chance, which grows like a square root?
# - For a bug of your own think of a part that the naive audit never compares with anything: what `predict` returns, what `export` answers, how `valid_stream` chooses its faces, what `evaluate` divides by.

# %% [markdown]
# ## 08.4 · Whose part is it?
#
# Here are three patients, small trainings whose code you are not shown. Of all three there is the same complaint: one network,
# evaluated twice, gets two different figures. In each of them one part is broken, and it is never the same one.

# %%
from fercourse.learn.clinic.ward import patient

sound, *patients = (patient(number) for number in range(4))


def complains(pipeline):
    network = pipeline.build()
    first, second = (pipeline.evaluate(network, pipeline.valid_stream(pipeline)) for _ in range(2))
    return first != second


[complains(each) for each in (sound, *patients)]

# %% [markdown]
# The complaint does not say which part it is, but an exchange does. Put the sound part in the place of the patient's, one part at a
# time, and ask again. Here are the names of the parts, and an exchange that helps none of the three.

# %%
print(*(part.name for part in fields(sound)))
[complains(replace(each, schedule=sound.schedule)) for each in patients]

# %% [markdown]
# - `broken_part(ill, sound, complains)` returns the name of the part whose exchange, alone, ends the complaint, such as
#   `"schedule"`. `None` where no single exchange ends it: then more than one part is broken. It works for any two pipelines and for any
#   `complains`. All functions of the two are different objects, also where they do the same.
# - `broken` is the list of the three names, in the order of the patients.

# %% answer="08.4"
broken = None


def broken_part(ill, sound, complains):
    ### BEGIN SOLUTION
    for part in fields(sound):
        if not complains(replace(ill, **{part.name: getattr(sound, part.name)})):
            return part.name
    return None


broken = [broken_part(each, sound, complains) for each in patients]
### END SOLUTION

# %% check="08.4" points=3
fc.check("08.4", broken, broken_part)

# %% [markdown] hints="08.4"
# - `replace(ill, evaluate=sound.evaluate)` is the patient with one part exchanged. Does it still complain?
# - `fields(sound)` gives every part; each has a `name`, and `getattr(sound, name)` is the part itself. To hand over a name that stands in a variable, write `replace(ill, **{name: getattr(sound, name)})`.
# - Go through all names and return the first one for which the exchanged pipeline does not complain any more. Behind the loop stands `return None`. Do not put the ill part into the sound pipeline: with two broken parts each of them would complain.

# %% [markdown]
# ## 08.5 · An audit of your own
#
# Now write `audit(pipeline)`. It returns a list of texts, one for each thing that is wrong, and an empty list where nothing is. Thirty
# lines are enough.
#
# It is asked about eight small trainings, with 240 training and 75 validation faces and the network of the clinic. Five of them have one
# of the clinic's bugs. Three are sound: the clean one, and two that differ from it by a choice. Your score is the share of bugs of which it
# complains, minus the share of sound trainings of which it complains. You need 0.6. An audit that complains of everything has 0, and one that
# complains of nothing as well.
#
# - All functions are new objects, and bugs are smaller or larger than in the lesson. So compare what the parts *do*:
#   `pipeline.criterion is F.cross_entropy` is False in all eight.
# - An `AssertionError` counts as a complaint. Any other error counts as a crash: no bug is caught by it, and on a sound training it is a
#   false alarm.
# - All eight together may take eight seconds of processor time. That is enough for comparisons, for single steps and for one batch by
#   heart. It is too little for whole trainings.
# - Statistics need more faces than these, as 08.3 showed. So leave out what counts emotions, and the lesson's checks that compare
#   two trainings, with permuted labels and with blank images.
#
# Where a teacher grades your sheet, other bugs and other sound trainings come along. So look at more parts than the five bugs here need.

# %% answer="08.5"
def audit(pipeline):
    ### BEGIN SOLUTION
    said, order = [], torch.Generator().manual_seed(0)
    network, faces = pipeline.build(), torch.tensor(pipeline.valid.images)[:, None] / 255
    optimizer, (images, labels) = pipeline.make_optimizer(network), next(iter(pipeline.train_stream(pipeline, order)))

    def wrong(text, is_wrong):
        if is_wrong:
            said.append(text)

    seen = torch.cat([batch for batch, _ in pipeline.valid_stream(pipeline)])
    wrong("validation is not its split, as it is", seen.shape != faces.shape or not torch.allclose(seen, faces))
    wrong("pixels are not between 0 and 1", images.min() < 0 or images.max() > 1)
    known = {image.tobytes() for image in pipeline.train.images}
    wrong("splits share faces", np.mean([image.tobytes() in known for image in pipeline.valid.images]) > 0.1)
    first = pipeline.criterion(network(images), labels).item()
    wrong("the first loss is not ln 7", abs(first - np.log(7)) > 0.5)
    weights = [each for each in network.parameters() if each.requires_grad]
    before = [each.detach().clone() for each in weights]
    pipeline.train_epoch(network, [(images, labels)], optimizer, pipeline.criterion)
    wrong("weights do not move", any(torch.equal(one, other) for one, other in zip(before, weights)))
    rows = [pipeline.evaluate(network, pipeline.valid_stream(pipeline)) for _ in range(2)]
    wrong("two evaluations differ", rows[0] != rows[1])
    network.eval()
    with torch.no_grad():
        together, alone = network(faces[:6]), torch.cat([network(face[None]) for face in faces[:6]])
        answers = network(faces).softmax(1)
    wrong("faces change each other's answers", not torch.allclose(together, alone, atol=1e-3))
    found = torch.tensor(pipeline.predict(network, pipeline.valid).probabilities)
    wrong("predictions are not the network's", found.shape != answers.shape or not torch.allclose(found, answers, atol=1e-3))
    return said
    ### END SOLUTION


# %% check="08.5" points=2
fc.check("08.5", audit)

# %% [markdown]
# Now run `fc.clinic.score(audit, scale="smoke")` in a cell of your own. It asks about eight of the clinic's bugs and eight sound trainings
# at the lesson's size, and takes a quarter of a minute or longer, by what your audit does.

# %% hidden="08.5" points=2
# Nothing to do here: where a teacher grades your sheet, other trainings are audited in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_08 import score_of

bugs = ["validation_augmented", "softmax_over_the_batch", "predictions_shuffled"]
bugs += ["mean_from_training_only", "last_batch_dropped", "validation_faces_in_training"]
sound = ["", "frozen stem", "constant rate"]
assert score_of(audit, bugs, sound, seed=8_519) >= 0.5, "of six other bugs and three sound trainings the score is under 0.5"
### END HIDDEN TESTS

# %% [markdown] hints="08.5"
# - Begin with one check, `said = []`, and `return said`. Run the check cell: it names a bug that you miss and a sound training of which you complain. Then add the next one.
# - The quickest that see much: pixels of a training batch between 0 and 1; the first loss close to ln 7; every weight with `requires_grad` moves in one step; two evaluations agree; `same_alone` of 08.2; the validation stream is its split, as it is.
# - Label smoothing, another optimiser, another network, a constant rate, frozen weights and no augmentation are choices. So allow 0.5 around ln 7, ask only about weights that have `requires_grad`, and do not demand that augmentation changes anything, that a rate moves, or that a loss with label smoothing gets near 0.
