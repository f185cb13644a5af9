# ---
# title: "Past one machine: one training in several processes"
# promise: You train one network in two processes, by hand and with PyTorch's tool, and show that one gives the same.
# needs:
#   - lesson 02, for the loop
#   - lesson 05, for batch norm
# outcomes:
#   - share the faces of each batch among processes without losing or doubling one
#   - average gradients by hand, and say how many bytes that sends
#   - show that two processes compute what one computes, and name three things that spoil it
#   - find the error that a padding sampler puts into a validation accuracy
#   - say what to change in a recipe when the batch grows with the number of processes
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## One training, several processes
#
# A training that takes a week on one processor is often wanted by tomorrow. The usual way is to let several processors
# work on it together. Each runs a *process*, a program of its own with its own memory. All processes hold the same
# network; each batch is divided among them; and after every batch they agree on the gradient. This is called *data
# parallelism*, because the data are divided and the network is not.
#
# A mistake in it is hard to see, because it gives no error: eight processes then train a network, but not the one that
# a single process would train. So this lesson has one question throughout:
# **do two processes compute what one computes?** You need no cluster for it, because the same program runs in two
# processes on your own machine. All here runs on the processor, whatever `DEVICE` says.

# %%
data = env.load(DATA)
count = env.pick(smoke=256, lesson=2048, full=2048)
drawn = data.train.take(count + 357, seed=SEED)
faces, judges = drawn[:count], drawn[count:]
print(f"{len(faces):,} faces to train on, {len(judges)} to judge by\n{data.source}")

# %% [markdown]
# The number of faces to judge by, 357, is odd on purpose: two processes cannot have equally many of them.
#
# Another process shares no memory with this notebook. So it needs a file to read the faces from, and later a file to
# read its program from. Both go into a new folder.

# %%
import tempfile
from pathlib import Path

import numpy as np

folder = Path(tempfile.mkdtemp())
np.savez(folder / "faces.npz", **{"images": faces.images, "labels": faces.labels,
                                  "judge_images": judges.images, "judge_labels": judges.labels})  # fmt: skip

# %% [markdown]
# Each process needs two numbers: its *rank*, counted from 0, and the number of processes, the *world*. PyTorch's
# program `torchrun` starts the processes, and sets environment variables for each, named values such as `RANK` that a
# program finds in `os.environ`. This notebook finds no `RANK`, because `torchrun` did not start it; so it is rank 0 in
# a world of one. `processes` is for `with`: what it yields comes behind `as`, and what follows the `yield` runs at the
# end.

# %%
import os
import time
from contextlib import contextmanager

import torch.distributed as dist


@contextmanager
def processes():
    if "RANK" not in os.environ:
        yield 0, 1
        return
    dist.init_process_group("gloo")
    yield dist.get_rank(), dist.get_world_size()
    dist.barrier()  # wait for everybody, so that no message is still under way
    time.sleep(0.2)  # gloo's threads hold what they sent a moment longer, and must not when Python ends
    dist.destroy_process_group()


with processes() as (rank, world):
    print(f"rank {rank} of {world}")

# %% [markdown]
# `init_process_group` waits until all processes have called it. *gloo* is the library that carries numbers between
# processors; between graphics cards (GPUs) it is *nccl*, and network and batches have to be moved to the card. On two
# machines you start the program on each of them, with the address of one of them:
#
# ```
# torchrun --nnodes 2 \
#     --rdzv-backend c10d \
#     --rdzv-endpoint ADDRESS:29500 \
#     program.py
# ```
#
# This lesson runs neither.
#
# ## Shares
#
# Each process draws the **same** order of the faces, because all start from the same seed, and then takes its share of
# every batch. Of two processes, rank 0 takes the faces 0, 2, 4 and so on, rank 1 the faces 1, 3, 5 and so on. Some
# batches cannot be divided evenly. In training all shares have to be equally large, for a reason that comes below, so
# up to `world - 1` faces of a batch are left out (`even=True`). In validation every face has to be judged exactly once
# (`even=False`).

# %%
def shares(stream, rank, world, even):
    for images, labels in stream:
        end = len(labels) - len(labels) % world if even else len(labels)
        if rank < end:
            yield images[rank:end:world], labels[rank:end:world]


# %%
ten = [(np.arange(5), np.arange(5)), (np.arange(5, 10), np.arange(5, 10))]
for rank in range(2):
    parts = [labels.tolist() for _, labels in shares(ten, rank, 2, even=False)]
    print(f"rank {rank}: {parts}, with even shares", [labels.tolist() for _, labels in shares(ten, rank, 2, even=True)])

# %%
def sizes_of_shares(world):
    stream = [batch for batch in fc.batches(judges, 64)]
    return [sum(len(labels) for _, labels in shares(stream, rank, world, even=False)) for rank in range(world)]


{world: sizes_of_shares(world) for world in (1, 2, 3)}

# %% [markdown]
# For one, two and three processes the shares sum to 357. <!-- 12.shares --> Rank 0 may have several more than the
# others, because it gets the first of what remains in every batch.
#
# ## The loop
#
# Here is the loop of lesson 02, over four epochs. New are the shares, `prepare`, and `average_gradients` after
# `backward`. A small network keeps it quick; it has no dropout, because every process would draw its own. It computes
# with 64-bit numbers (`.double()`), so that rounding stays far smaller than any mistake: with 32 bits two orders of
# adding differ already in the seventh digit, and each step lets the difference grow. `how` is the name of what is
# tried. The first is `"alone"`, where nothing is averaged.

# %%
import torch
import torch.nn.functional as F
from torch import nn


def network(norm):
    torch.manual_seed(0)
    layers = []
    for channels, filters in ((1, 8), (8, 16)):
        layers += [nn.Conv2d(channels, filters, 3, 2), *([nn.BatchNorm2d(filters)] if norm else []), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 11 * 11, 7)).double()


# %%
def train(rank, world, folder, how):
    data = np.load(f"{folder}/faces.npz")
    model = network(norm=how == "norm")
    prepared = prepare(model, how, world)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(4):
        for images, labels in shares(shuffled(data, 64, epoch), rank, world, even=True):
            loss = F.cross_entropy(prepared(images), labels)
            optimizer.zero_grad()
            loss.backward()
            if how in ("averaged", "norm"):
                average_gradients(model, world)
            optimizer.step()
    torch.save(model.state_dict(), f"{folder}/{how}-{rank}-of-{world}.pt")
    return judged(model, data, rank, world)


# %% [markdown]
# `train` calls four functions that are still missing: `shuffled` and `judged` follow here, `prepare` and
# `average_gradients` below. `shuffled` gives the batches in an order that is the same everywhere, and another one in
# each epoch, because the epoch is its seed. Its helper `standardised` brings the grey levels to a mean near 0 and a
# spread near 1, with which this network learns sooner. `judged` counts right answers: each process counts those of its
# share, and `all_reduce` replaces the two counts in every process by their sums over all processes. Add the counts and
# divide at the end: that is right for shares of any size, and a mean of the processes' accuracies is not.

# %%
def shuffled(data, batch_size, epoch):
    order = torch.randperm(len(data["labels"]), generator=torch.Generator().manual_seed(epoch))
    images, labels = (torch.tensor(data[name])[order] for name in ("images", "labels"))
    for start in range(0, len(labels), batch_size):
        chosen = slice(start, start + batch_size)
        yield standardised(images[chosen]), labels[chosen]


def standardised(images):
    return (images[:, None].double() / 255 - 0.5) / 0.25


# %%
@torch.inference_mode()
def judged(model, data, rank, world):
    model.eval()
    whole = standardised(torch.tensor(data["judge_images"])), torch.tensor(data["judge_labels"])
    counts = torch.zeros(2, dtype=torch.float64)
    for images, labels in shares([whole], rank, world, even=False):
        counts += torch.tensor([(model(images).argmax(1) == labels).sum(), len(labels)])
    if world > 1:
        dist.all_reduce(counts)
    return [int(count) for count in counts]


# %% [markdown]
# `prepare` leaves the network as it is, except for `"DDP"`, which comes below. The training of one process, in this
# notebook, is what all others are compared with.

# %%
def prepare(model, how, world):
    return nn.parallel.DistributedDataParallel(model) if how == "DDP" and world > 1 else model


one = {"alone": train(0, 1, folder, "alone")}
print("right answers and faces:", one["alone"])

# %% [markdown]
# ## Two processes
#
# The program of the two processes is made of the functions above: `inspect.getsource` gives the text of each. It gets
# the folder and the names to try as arguments (`sys.argv`), and rank 0 prints the counts. This starts it twice:
#
# ```
# torchrun --nproc-per-node 2 program.py
# ```
#
# `fc.distributed.torchrun` calls that, and gives back what the processes print; where one of them fails it ends the
# others and shows the error.

# %%
import inspect
import json

HEAD = """import json, os, sys, time
from contextlib import contextmanager
import numpy as np
import torch, torch.distributed as dist, torch.nn.functional as F
from torch import nn
torch.set_num_threads(1)
"""
TAIL = """
with processes() as (rank, world):
    for how in sys.argv[2:]:
        counts = {train}(rank, world, sys.argv[1], how)
        if rank == 0:
            print(json.dumps([how, counts]))
"""


# %%
def program(functions, train):
    texts = [inspect.getsource(function) for function in (*functions, train)]
    path = folder / "program.py"
    path.write_text("\n\n".join([HEAD, *texts, TAIL.format(train=train.__name__)]))
    return path


def two(functions, train, *hows):
    """Run train in two processes, once for each of hows, and give back the counts."""
    said = fc.distributed.torchrun(program(functions, train), folder, *hows)
    return dict(json.loads(line) for line in said.splitlines())


# %% [markdown]
# Each of the two processes takes its share of every batch, computes a gradient from it and takes a step. Until the
# answers are counted, they send nothing to each other.

# %%
fc.guess(
    "12.1",
    "Both start from the same weights. After four epochs without a word, how do their weights compare?",
    options=["equal", "different, and both differ from the one process", "different, and rank 0 is as the one process"],
)

# %%
functions = [processes, shares, network, shuffled, standardised, judged, prepare]
counts = two(functions, train, "alone")


# %%
def weights(how, rank, world):
    return torch.load(folder / f"{how}-{rank}-of-{world}.pt")


def apart(one, other):
    return max(float((one[name] - other[name]).abs().max()) for name in one)


# %%
alone = {"rank 0 and rank 1": apart(weights("alone", 0, 2), weights("alone", 1, 2)),
         "rank 0 and the one process": apart(weights("alone", 0, 2), weights("alone", 0, 1))}  # fmt: skip
print("largest difference of a weight:", {pair: round(value, 4) for pair, value in alone.items()})

# %%
options = {(True, False): "equal", (False, False): "different, and both differ from the one process"}
options[False, True] = "different, and rank 0 is as the one process"
fc.reveal("12.1", options[alone["rank 0 and rank 1"] == 0, alone["rank 0 and the one process"] < 1e-5])

# %% [markdown]
# These are three different networks. <!-- 12.alone --> Each of the two has taken as many steps as the one process, but
# with the gradient of half a batch, and not of the same half.
#
# ## All-reduce, by hand
#
# The gradient of a batch is the mean of the gradients of its faces. Take two halves that are equally large: the mean of
# their two gradients is then the gradient of the whole batch. That is why shares in training have to be equally large.
# Nothing but gradients has to be sent: after `backward`, replace each gradient by its mean over all processes.
#
# To give every process the sum is called *all-reduce*. One process could receive all numbers, add them and send the sum
# back, but then it alone would do the work. A *ring* shares it. Cut the numbers of each process into as many pieces as
# there are processes. In each round every process sends one piece to the next rank, and the last one sends to rank 0.
# First the receiver adds it to its own piece, and sends that on in the next round: so in round `step` rank `rank` sends
# piece `(rank - step) % world`. After `world - 1` rounds each piece has its whole sum in one process. In `world - 1`
# further rounds the sums are passed on, and replace what the receiver had.

# %%
def ring_all_reduce(rows, rounds=None):
    world = len(rows)
    pieces = [np.array_split(row.astype(float), world) for row in rows]
    for step in range(2 * (world - 1))[:rounds]:
        sent = [((rank - step) % world, pieces[rank][(rank - step) % world].copy()) for rank in range(world)]
        for rank, (place, piece) in enumerate(sent):
            mine = pieces[(rank + 1) % world]
            mine[place] = mine[place] + piece if step < world - 1 else piece
    return [np.concatenate(row) for row in pieces]


# %%
rows = np.random.default_rng(SEED).integers(0, 9, (4, 8))
after = ring_all_reduce(rows)
print("the sum:   ", rows.sum(0))
for rank, row in enumerate(after):
    print(f"in rank {rank}: ", row.astype(int))

# %% [markdown]
# Every process has the sum. <!-- 12.ring --> To see how it got there, let each of four processes have four ones. A sum
# then says how many processes it contains. In the drawing each square is a state of the ring, a row is a process, and a
# column one of its four pieces. Dark squares contain all four.

# %% tags=["folded"]
import matplotlib.pyplot as plt

rounds_shown = range(7)
states = [np.array(ring_all_reduce(np.ones((4, 4)), rounds)) for rounds in rounds_shown]
figure, axes = plt.subplots(3, 3, figsize=(4.6, 5), layout="constrained")
for rounds, state, axis in zip(rounds_shown, states, axes.flat):
    axis.imshow(state, cmap="Blues", vmin=0, vmax=5)
    for (rank, piece), contained in np.ndenumerate(state):
        axis.text(piece, rank, f"{contained:.0f}", ha="center", va="center", color="white" if contained == 4 else "black")
    axis.set_title(f"after round {rounds}" if rounds else "before", fontsize=9)
    axis.set_xticks(range(4), range(4), fontsize=8)
    axis.set_yticks(range(4), [f"rank {rank}" for rank in range(4)] if rounds % 3 == 0 else [], fontsize=8)
axes[2, 1].axis("off")
axes[2, 2].axis("off")
figure.supxlabel("piece", fontsize=9)
figure.suptitle("How many processes each piece contains, in a ring of four", fontsize=9);

# %% [markdown]
# After three rounds each process has one piece with all four, <!-- 12.rounds --> each of them another. In the next
# three rounds these pieces are passed on. Each process has sent `2 (world - 1)` pieces, each a `world`-th of the
# numbers. So no process ever sends more than twice its gradient, however many take part. The network above has 14,807
# weights of 8 bytes, which makes 118,456 bytes; each of two processes sends two halves of that in each step, so again
# 118,456 bytes. `dist.all_reduce` gives the same sum, in C++.

# %%
def average_gradients(model, world):
    for weights in model.parameters():
        if world > 1:
            dist.all_reduce(weights.grad)
            weights.grad /= world


# %%
fc.guess(
    "12.2",
    "Now the gradients are averaged. How far will the weights of two processes be from those of one, at the end?",
    options=["exactly 0", "below 0.00001, not 0", "around 0.001"],
)

# %%
import pandas as pd

hows = ("averaged", "DDP", "norm")
one |= {how: train(0, 1, folder, how) for how in hows}
functions.append(average_gradients)
counts |= two(functions, train, *hows)
far = {how: apart(weights(how, 0, 2), weights(how, 0, 1)) for how in ("alone", *hows)}
between = {how: apart(weights(how, 0, 2), weights(how, 1, 2)) for how in ("alone", *hows)}
pd.DataFrame({"two and one differ by": far, "rank 0 and 1 differ by": between}).map("{:.2g}".format)

# %%
answer = "exactly 0" if far["averaged"] == 0 else "below 0.00001, not 0" if far["averaged"] < 1e-5 else "around 0.001"
fc.reveal("12.2", answer)
fc.record({f"{how}: two processes against one": far[how] for how in far})

# %% [markdown]
# Averaged, two processes have the weights of one to within 0.00001, and the two are equal to each
# other. <!-- 12.equal --> They are not exactly those of one process, because a 64-bit number keeps 53 binary digits,
# and rounding depends on the order of adding. In the next table each pair has the right answers and the faces: two
# processes count all 357 faces, each once, as one does. <!-- 12.counts --> And what you compare has learnt: it is right
# more often than somebody who always answers the commonest emotion. <!-- 12.learnt -->

# %%
commonest = int(np.bincount(judges.labels).max())
print(f"always the commonest emotion: {commonest} right of {len(judges)}")
pd.DataFrame({"one process": one, "two processes": counts}, index=["averaged", "DDP"])

# %% [markdown]
# The row *DDP* is PyTorch's own tool, `DistributedDataParallel`, the one line in `prepare`. It wraps the network, sends
# the first weights of rank 0 to everybody, and averages gradients as yours does. It takes less time (Li and others,
# 2020), because it sends the last layers' gradients while `backward` still computes those of the first, and packs many
# small gradients into one message. Its weights are those of averaging by hand, to 0.00001. <!-- 12.ddp -->
#
# ## What spoils it: batch norm
#
# The row *norm* is the same network with two batch norms. A batch norm standardises by the mean and the spread of the
# batch (lesson 05). Each process sees only its share, and standardises by that. So two processes train another network
# than one, and no averaging of gradients repairs it. Even the two processes differ from each other: gradients are
# averaged, the running means and spreads that batch norm keeps are not. <!-- 12.norm --> `apart` compares these as well,
# because they are saved with the weights, and a running spread can be far larger than a weight. Here each process saved
# its own; DDP copies those of rank 0 to all before each step. On GPUs `nn.SyncBatchNorm` computes mean and spread over
# all processes; it does not run on processors. Without it, say in your report over how many faces each batch norm took
# its mean: here 32, and not 64.
#
# ## What spoils it: a sampler that pads
#
# You took shares of batches. PyTorch's `DistributedSampler` does something else: in the `DataLoader` of each process it
# deals out the positions of the faces, equally many to every process. Where the faces do not suffice for that, it deals
# the first ones a second time. In training a few repeated faces do little harm. In validation they change the accuracy.
# You need no 64 processes to see it, because the sampler can be asked for every rank in turn.

# %%
from torch.utils.data import DistributedSampler


def dealt(world):
    """The positions that all processes together judge."""
    samplers = [DistributedSampler(judges.labels, world, rank, shuffle=False) for rank in range(world)]
    return np.concatenate([list(sampler) for sampler in samplers])


# %%
fc.guess("12.3", "357 faces, 64 processes, this sampler: how many answers are counted?", options=[352, 357, 384])

# %%
model = network(norm=False)
model.load_state_dict(weights("DDP", 0, 2))
with torch.inference_mode():
    answers = model(standardised(torch.tensor(judges.images))).argmax(1).numpy()
right = answers == judges.labels
padded = {world: right[dealt(world)] for world in (1, 2, 8, 64)}
pd.DataFrame({world: {"answers": len(row), "accuracy, %": f"{100 * row.mean():.2f}"} for world, row in padded.items()})

# %%
fc.reveal("12.3", len(padded[64]))

# %% [markdown]
# Each column is a number of processes. With 64 processes 27 faces are counted twice, and the accuracy is that of
# another set of faces. <!-- 12.padded --> Up to `world - 1` faces are counted twice, so the accuracy depends on how
# many processes judged. Torchvision's training scripts had this error (pytorch/vision#4559). Without
# `sampler.set_epoch(epoch)` the sampler also deals the same order in every epoch. You avoid both errors with an order
# that all processes draw alike, anew for each epoch, and with shares of it.
#
# ## What changes in the recipe
#
# So far the batch stayed as it was, and two processes halved it. More often each process keeps the whole batch size: 8
# processes of 32 faces are a batch of 256. The network has no batch norm, so that is the training of one process with
# 256, as you have shown for two. One process is therefore enough to find out what the larger batch changes. An epoch
# then has an eighth of the steps.
#
# Goyal and others (2017) give a rule: multiply the rate by as much as the batch. With a batch eight times as large,
# eight small steps become one, so it should be eight times as long. At the start the gradient changes much from step to
# step, so a long step may go wrong there. Therefore the rate climbs to its full height over the first steps, here
# eight: *warm-up*.

# %%
def recipe(batch_size, rate, warm=0):
    order, model = torch.Generator().manual_seed(SEED), network(norm=False).float()
    optimizer, step = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9), 0
    for epoch in range(env.pick(smoke=1, lesson=16)):
        for images, labels in fc.batches(faces, batch_size, shuffle=True, generator=order):
            step += 1
            optimizer.param_groups[0]["lr"] = rate * min(1, step / warm) if warm else rate
            loss = F.cross_entropy(model((images - 0.5) / 0.25), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.inference_mode():
        return float(F.cross_entropy(model(standardised(torch.tensor(faces.images)).float()), torch.tensor(faces.labels)))


# %%
tried = {"32 faces, rate 0.01": (32, 0.01), "256 faces, rate 0.01": (256, 0.01),
         "256 faces, rate 0.08": (256, 0.08), "256 faces, rate 0.08, warm-up": (256, 0.08, 8)}  # fmt: skip
losses = {name: recipe(*settings) for name, settings in tried.items()}
fc.record(losses)

# %% [markdown]
# The table has the loss on the training faces after the same number of epochs; whether a lower one is also better on new
# faces, it does not say. With the old rate the large batch has
# learnt less. <!-- 12.steps --> With eight times the rate it makes up for more than half of that, <!-- 12.rate -->
# though not for all: the rule takes the gradient to be nearly the same at all eight places, and over a long way it is
# not. Compare the last two rows of your table: warm-up need not help, and one seed does not decide it. The rule does
# not hold for batches of any size, because from some size on the longer step goes too far, and more processes then save
# no more time (Shallue and others, 2019). That size differs from problem to problem.
#
# ## The same in another tool
#
# Libraries do part of this for you. *Lightning Fabric* finds out which processes and devices there are, and wraps
# network and optimiser. Here is the training with DDP, written with Fabric. Of the lines printed below it, those with a
# minus are yours, and those with a plus are Fabric's.

# %%
def train_fabric(rank, world, folder, how):
    from lightning_fabric import Fabric

    fabric = Fabric(accelerator="cpu", devices=world, strategy="ddp")
    fabric.launch()
    data = np.load(f"{folder}/faces.npz")
    model = network(norm=how == "norm")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    prepared, optimizer = fabric.setup(model, optimizer)
    for epoch in range(4):
        for images, labels in shares(shuffled(data, 64, epoch), rank, world, even=True):
            loss = F.cross_entropy(prepared(images), labels)
            optimizer.zero_grad()
            fabric.backward(loss)
            optimizer.step()
    torch.save(model.state_dict(), f"{folder}/{how}-{rank}-of-{world}.pt")
    return judged(model, data, rank, world)


# %%
import difflib

texts = [inspect.getsource(function).splitlines() for function in (train, train_fabric)]
print("\n".join(line for line in difflib.ndiff(*texts) if line[0] in "+-"))

# %%
from importlib.util import find_spec

if find_spec("lightning_fabric"):
    two(functions, train_fabric, "fabric")
    far["fabric"] = apart(weights("fabric", 0, 2), weights("DDP", 0, 2))
    print("Fabric and DDP differ by", far["fabric"])
else:
    print("lightning-fabric is not installed here: %pip install lightning-fabric")

# %% [markdown]
# The weights are those of DDP. <!-- 12.fabric --> Here Fabric saves no lines. You would use it because other arguments
# of `Fabric(…)` choose GPUs, reduced precision, or the division of a network that is too large for one GPU. The shares
# are still yours: its `setup_dataloaders` puts in the sampler that pads. So compare with one process also where a
# library does the work.
#
# The package has what you built, in `fc.distributed`: `processes`, `average_gradients`, and `Shares`, which also counts
# the faces and warns when some were left out. `together` combines what `fc.train_epoch` and `fc.evaluate` return in
# each process, each counted by its faces. [Part two](12b_sweeps.ipynb) asks what more processes save, and runs one
# lesson with many settings.
#
# ## What you can say now

# %% tags=["folded"]
sums = {world: sum(sizes_of_shares(world)) for world in (1, 2, 3)}
fc.claim("12.shares", set(sums.values()) == {357}, "For one, two and three processes the shares sum to 357 faces.")
fc.claim("12.alone", min(alone.values()) > 1e-4,
         "Without averaging, two processes differ from each other and from one, by more than 0.0001.")
fc.claim("12.ring", all((row == rows.sum(0)).all() for row in after),
         "After the ring every one of four processes has the sum of all rows.")
fc.claim("12.equal", far["averaged"] < 1e-5 and between["averaged"] == 0,
         "With averaged gradients two processes are within 0.00001 of one after four epochs, and equal to each other.")
fc.claim("12.rounds", [(state == 4).sum() for state in states] == [0, 0, 0, 4, 8, 12, 16],
         "In a ring of four each process has one whole piece after three rounds, and one more after each further round.")
fc.claim("12.learnt", min(one[how][0] for how in ("averaged", "DDP")) > commonest, needs="lesson",
         sentence="What is compared has learnt: more right answers than always the commonest emotion.")
fc.claim("12.counts", counts["averaged"][1] == 357 and abs(counts["averaged"][0] - one["averaged"][0]) <= 1,
         "Two processes judge 357 faces, and count as many right as one process, or one face more or less.")
fc.claim("12.ddp", far["DDP"] < 1e-5 and apart(weights("DDP", 0, 2), weights("averaged", 0, 2)) < 1e-5,
         "DistributedDataParallel gives the weights of averaging by hand, to 0.00001.")
fc.claim("12.norm", far["norm"] > 1e-4 and between["norm"] > 1e-6,
         "With a batch norm two processes differ from one by more than 0.0001, and from each other.")
fc.claim("12.padded", len(padded[64]) == 384 and (padded[64].mean() != right.mean() or padded[8].mean() != right.mean()),
         "The sampler deals 384 answers to 64 processes; with 8 or with 64 the accuracy is another one.")
small, same, scaled, warm = losses.values()
fc.claim("12.steps", same > small, needs="lesson",
         sentence="With the old rate the batch of 256 has a higher loss on the training faces than that of 32.")
fc.claim("12.rate", small < scaled < (small + same) / 2, needs="lesson",
         sentence="With eight times the rate the batch of 256 makes up for more than half of what it had learnt less, not for all.")  # fmt: skip
fc.claim("12.fabric", far.get("fabric", 0) < 1e-6, "Where Fabric is installed, its weights are those of DDP, to 0.000001.")
fc.claims()

# %% [markdown]
# **What to remember.** Several processes train one network if they start from the same weights, share each batch evenly
# and average their gradients; show it by comparing with one process. Three things spoil it: shares of different sizes,
# a batch norm, because it sees only a share, and a sampler that pads, because the accuracy then depends on the number
# of processes. Add up counts, and do not average accuracies. A larger batch needs another learning rate.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/12_past_one_machine.ipynb) of both parts, each with a check that
# answers at once, hints, and the solution as the last hint.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 12.1 | Which of six trainings in two processes give the weights of one process? | recall | 10 |
# | 12.2 | Average gradients of shares that are not equally large. | code | 20 |
# | 12.3 | Build faces and processes for which a sampler that pads is wrong by fifteen points. | break | 30 |
# | 12.4 | Find the two mistakes in a ring that is right for two processes alone. | debug | 25 |
#
# ## References
#
# - Goyal and others, *Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour* (2017): the rule for the rate, and
#   warm-up.
# - Patarasuk and Yuan, *Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations* (2009): the ring.
# - Li and others, *PyTorch Distributed: Experiences on Accelerating Data Parallel Training* (2020).
# - Shallue and others, *Measuring the Effects of Data Parallelism on Neural Network Training* (2019): where larger
#   batches stop to help.
