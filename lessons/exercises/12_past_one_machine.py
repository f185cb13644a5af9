# ---
# title: who computes what, uneven shares, a sampler that pads, a ring, and a sweep that repeats nothing
# exercises:
#   - {id: "12.1", title: "The training of one?", kind: recall, difficulty: 1, minutes: 10}
#   - {id: "12.2", title: Uneven shares, kind: code, difficulty: 2, minutes: 20}
#   - {id: "12.3", title: "Fifteen points from nowhere", kind: break, difficulty: 3, minutes: 30}
#   - {id: "12.4", title: A ring that does not close, kind: debug, difficulty: 2, minutes: 25}
#   - {id: "12.5", title: A sweep that repeats nothing, kind: debug, difficulty: 2, minutes: 25}
# ---

# %%
import numpy as np

# %% [markdown]
# This sheet belongs to both parts of the lesson, 12.5 to the second one. Nothing here needs a second process: 12.1 to 12.4 are
# arithmetic on arrays, with one row for each process, and in 12.5 one call of a function goes on where another one was stopped.
#
# ## 12.1 · The training of one?
#
# No code here. Six trainings in two processes. Where nothing else is said, both processes start from the same weights, draw the
# same order, take equally large shares of each batch, and average their gradients; the network has neither dropout nor batch
# norm. Which of them give, up to rounding, the weights of **one** process that trains with the same batches?
#
# - `A`: as described.
# - `B`: rank 0 takes 40 faces of each batch of 64 and rank 1 the other 24; the two gradients are averaged as before.
# - `C`: the network has a batch norm, and trains on processors.
# - `D`: rank 1 starts from other weights, and both networks are wrapped in `DistributedDataParallel`.
# - `E`: rank 1 starts from other weights, and the gradients are averaged by hand.
# - `F`: each process draws an order of its own and takes the first half of each of its batches.
#
# `equal` is a text with the letters of those that do, such as `"BC"`.
#
# Then two numbers about the ring of the lesson. A gradient of 24 MB goes round a ring of four processes.
#
# - `messages`: how many messages does each process send?
# - `megabytes`: how many MB does each process send, all its messages together?

# %% answer="12.1"
equal = None
messages = None
megabytes = None
### BEGIN SOLUTION
equal = "AD"  # DistributedDataParallel sends the weights of rank 0 to all first
messages = 6  # 2 (4 − 1)
megabytes = 36  # six messages, each a quarter of 24 MB
### END SOLUTION

# %% check="12.1" points=2
fc.check("12.1", equal, messages, megabytes)

# %% [markdown] hints="12.1"
# - Ask of each: is the mean of the two gradients the mean over all 64 faces? And do both processes apply it to the same weights?
# - In `B` a face of rank 1 counts more than one of rank 0. In `F` a face may be in both halves, and another in none. What does `DistributedDataParallel` do before the first step?
# - A ring of p processes has 2 (p − 1) rounds. In each of them every process sends one piece, a p-th of the gradient.

# %% [markdown]
# ## 12.2 · Uneven shares
#
# In training the lesson left faces out, so that all shares are equally large. That is not necessary, because the mean over all
# faces can be computed from uneven shares, too. `whole_gradient(gradients, counts)` gets the gradient of each process, one row
# each, and how many faces each process had. A row is the **mean** over the faces of that process. The function returns the mean
# over all faces of the batch, as one row.
#
# - `gradients` is an array (world, numbers), `counts` has one whole number for each process.
# - A process may have had no face. Its mean is then not a number, `nan`, and counts for nothing.
# - At least one process had a face. The arrays that come in stay as they are.

# %% answer="12.2"
def whole_gradient(gradients, counts):
    ### BEGIN SOLUTION
    counts = np.asarray(counts)
    had = counts > 0
    return counts[had] @ np.asarray(gradients)[had] / counts.sum()
    ### END SOLUTION


# %% check="12.2" points=2
fc.check("12.2", whole_gradient)

# %% [markdown]
# Seven faces in two processes, four here and three there. How far off is the plain mean of the two?

# %%
per_face = np.arange(7.0)
shares = [per_face[:4], per_face[4:]]
means = np.array([[share.mean()] for share in shares])
print("of all faces:", per_face.mean(), "· plain mean:", means.mean(), "· yours:", whole_gradient(means, [4, 3]))

# %% hidden="12.2" points=1
# Nothing to do here: where a teacher grades your sheet, more processes come along in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_12 import expect_whole

expect_whole(whole_gradient, [5, 0, 1, 9, 0], 6, "five processes, two without a face", seed=121)
expect_whole(whole_gradient, [0, 0, 3], 2, "three processes, one with faces", seed=122)
### END HIDDEN TESTS

# %% [markdown] hints="12.2"
# - A mean over faces is a sum over faces divided by their number. What is the sum over the faces of one process?
# - Add the sums of all processes, and divide once, at the end, by the number of all faces.
# - `0 * nan` is `nan`. So leave out the rows of processes without a face before anything is multiplied.

# %% [markdown]
# ## 12.3 · Fifteen points from nowhere
#
# PyTorch's `DistributedSampler` deals every process equally many faces. Where the faces do not suffice for that, it deals the
# first ones a second time. Here is what it does to an accuracy.

# %%
def padded_accuracy(right, world):
    """The accuracy over all answers that so many processes count; `right` says of each face whether it is right."""
    right = np.asarray(right, bool)
    each = -(-len(right) // world)  # faces for each process, rounded up
    return np.resize(right, each * world).mean()


print(np.mean([True, False, False]), padded_accuracy([True, False, False], 2))

# %% [markdown]
# Find a case in which the padded accuracy is wrong by **at least 15 points of 100**: `right`, a list of True and False for at
# least 100 faces, and `world`, at most 64 processes, such that `padded_accuracy(right, world)` and the mean of `right` differ by
# 0.15 or more.

# %% answer="12.3"
right = None
world = None
### BEGIN SOLUTION
right = [True] * 28 + [False] * 72  # 128 answers: the first 28 faces are counted twice
world = 64
### END SOLUTION

# %% check="12.3" points=2
fc.check("12.3", right, world)

# %% [markdown]
# Explain in five to eight sentences:
#
# 1. Which faces of your example are counted twice, and why do these move the accuracy by so much?
# 2. The same network is judged with 1, 8 and 64 processes. Why may a report give three accuracies, and which of them is right?
# 3. How would you judge a network in many processes so that every face counts once?

# %% [markdown] answer="12.3" points=3
# ### BEGIN SOLUTION
# The sampler deals every process equally many faces. With 100 faces and 64 processes that is two for each, 128 answers, so the first
# 28 faces are dealt twice. In my example these are the right ones: 28 of 100 faces become 56 of 128 answers. What is counted twice
# weighs twice, and here it is more than a quarter of the faces and nothing but right answers.
#
# How many faces are repeated depends on the number of processes, because it is what is missing to the next multiple of it. So one
# network gets another accuracy with 1, 8 and 64 processes. The one of a single process is right, since it counts each face once.
#
# I would give each process its share of the faces without repeating any, let each count right answers and faces, add up both counts
# over all processes, and divide at the end. Then shares of different sizes do no harm.
#
# **Rubric**
#
# - 1 point: the first faces are dealt twice, as many as are missing to the next multiple of the number of processes, and weigh twice.
# - 1 point: the repeated faces depend on the number of processes; the figure of one process, each face once, is right.
# - 1 point: shares without repetition; add counts of right answers and of faces, divide once at the end.
# ### END SOLUTION

# %% [markdown] hints="12.3"
# - How many faces are dealt twice? As many as are missing to the next multiple of `world`. For which numbers of faces are that many?
# - Which faces are dealt twice? Then the answers of these should be different from the others'.
# - 100 faces in 64 processes are two for each, 128 answers. Let the faces that are dealt twice be right, and no others.

# %% [markdown]
# ## 12.4 · A ring that does not close
#
# `ring(rows)` gets one array for each process, all of the same length, and returns a list with one array for each process: the
# sum of all. It does so as a ring does, by pieces that are sent to the right-hand neighbour. Here is somebody's ring. It is right
# for two processes and an even number of numbers. It has two mistakes: for three processes the sums are wrong, and numbers that
# cannot be divided evenly raise an error.

# %%
def broken_ring(rows):
    world = len(rows)
    pieces = [np.reshape(row, (world, -1)).astype(float) for row in rows]
    for step in range(2 * (world - 1)):
        for rank in range(world):
            place, after = (rank + step) % world, (rank + 1) % world
            piece = pieces[rank][place]
            pieces[after][place] = pieces[after][place] + piece if step < world - 1 else piece
    return [np.concatenate(list(row)) for row in pieces]


print("two:", broken_ring(np.ones((2, 4)))[0], "three:", broken_ring(np.ones((3, 3)))[0])

# %% [markdown]
# Write a ring that is right for any number of processes, also for one, and for any number of numbers. The arrays that come in
# stay as they are.

# %% answer="12.4"
def ring(rows):
    ### BEGIN SOLUTION
    world = len(rows)
    pieces = [np.array_split(np.asarray(row, float), world) for row in rows]
    adding, rounds = world - 1, 2 * (world - 1)
    for step in range(rounds):
        sent = [pieces[rank][(rank - step) % world].copy() for rank in range(world)]
        for rank, piece in enumerate(sent):
            place, mine = (rank - step) % world, pieces[(rank + 1) % world]
            mine[place] = mine[place] + piece if step < adding else piece
    return [np.concatenate(row) for row in pieces]
    ### END SOLUTION


# %% check="12.4" points=3
fc.check("12.4", ring)

# %% [markdown] hints="12.4"
# - Follow one piece through three processes on paper. Rank 0 sends its piece 0 to rank 1, which adds its own. Which piece does rank 1 have to send in the next round?
# - In each round the piece that is sent is the one that came in the round before. So the places go one way round, and the ranks the other.
# - `np.reshape` needs pieces of equal length, `np.array_split` does not. It gives a list of arrays, and an array in a list can be replaced.

# %% [markdown]
# ## 12.5 · A sweep that repeats nothing
#
# `sweep(run, root, **axes)` runs every combination of some settings, as in the second part of the lesson. `axes` has a list of
# numbers or words for each setting. `run` gets one combination, each setting by its name, such as `run(rate=0.1, seed=0)`, and
# returns a number. `root` is the `Path` of a folder. Here is somebody's sweep. It has two mistakes: after a kill it cannot go on,
# because the next call ends with an error; and a run that fails stops all others.

# %%
import json
import os
from itertools import product


def broken_sweep(run, root, **axes):
    records = []
    for values in product(*axes.values()):
        settings = dict(zip(axes, values))
        path = root / ("_".join(f"{name}-{value}" for name, value in settings.items()) + ".json")
        if not path.exists():
            with open(path, "w") as file:
                json.dump(settings | {"result": run(**settings)}, file)
        records.append(json.loads(path.read_text()))
    return records


# %%
import tempfile
from pathlib import Path


def killed(seed):
    if seed == 1:
        raise KeyboardInterrupt  # what the stop button does
    return seed / 10


with tempfile.TemporaryDirectory() as folder:
    for run in (killed, lambda seed: seed / 10):
        try:
            print(broken_sweep(run, Path(folder), seed=[0, 1, 2]))
        except (KeyboardInterrupt, ValueError) as error:
            print(type(error).__name__, error)

# %% [markdown]
# Write a sweep without these mistakes.
#
# - Each combination that is not finished is run once. As soon as its run is over, its record is kept, in a file of its own in
#   `root`. How the files are called is up to you.
# - A record is a dict of the settings and `"result"`, which is what `run` returned. If `run` raised an `Exception`, it has `"error"`
#   instead: a text with the class of the error and its message, such as `"ValueError: the loss is too large"`. This run is finished
#   as well; it stops no other one and is not repeated.
# - A `KeyboardInterrupt` out of `run` is a kill. It comes out of `sweep`, and that run is not finished.
# - The process may be killed at any other moment, too, also in the middle of writing. A half-written file never counts as finished.
# - The next call runs what is missing and nothing else, even if the lists have got more values since.
# - The records of all combinations of this call are returned as a list, in the order of `itertools.product`.

# %% answer="12.5"
def sweep(run, root, **axes):
    ### BEGIN SOLUTION
    records = []
    for combination in product(*axes.values()):
        settings = dict(zip(axes, combination, strict=True))
        stem = "_".join(f"{axis}-{value}" for axis, value in settings.items())
        path, aside = root / f"{stem}.json", root / f"{stem}.tmp"
        if not path.exists():
            try:
                record = settings | {"result": run(**settings)}
            except Exception as error:  # a KeyboardInterrupt is none
                record = settings | {"error": f"{type(error).__name__}: {error}"}
            aside.write_text(json.dumps(record))
            os.replace(aside, path)
        records.append(json.loads(path.read_bytes()))
    return records
    ### END SOLUTION


# %% check="12.5" points=3
fc.check("12.5", sweep)

# %% hidden="12.5" points=1
# Nothing to do here: where a teacher grades your sheet, two more sweeps are killed in this cell.
### BEGIN HIDDEN TESTS
from fercourse.classroom.checks.lesson_12 import expect_kills_survived, expect_sweep

axes = {"epochs": [2, 20], "shift": [-0.5, 0, 0.25]}
expect_sweep(sweep, axes, axes | {"epochs": [2, 22, 20]}, "another sweep", failing=[0, 3], killed=5)
expect_kills_survived(sweep, {"epochs": [2], "network": ["small", "large"]}, "another sweep")
### END HIDDEN TESTS

# %% [markdown] hints="12.5"
# - What lies in `root` while `run` works? Go through the broken sweep line by line and ask: if the process ended here, what would the next call find, and what would it make of it?
# - Run first. Then write the record under a name that nobody looks for, and move it with `os.replace(aside, path)`, which is one action of the system: the file is there, whole, or it is not. `try` belongs around `run` alone; `except Exception` does not catch a `KeyboardInterrupt`.
# - A name made of every setting and its value tells all combinations apart, and stays right when the lists grow; a number that counts them does not. Careful with `with_suffix`: of `rate-0.01_seed-1` it takes everything behind the point for a suffix. And `hash` of a text is another one in each process.
