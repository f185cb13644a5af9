# ---
# title: "What more processes save, and one lesson with many settings"
# promise: You predict how much faster two, eight and sixty-four processes are, test the prediction for two, and run a sweep that can be stopped and started again.
# needs:
#   - lesson 12
#   - lesson 07, for means over seeds
# outcomes:
#   - predict a speed-up from measurements of one process and of one message
#   - say which part of a step stops more processes from helping
#   - run every combination of some settings, repeat nothing that is finished, and keep what failed
#   - size a shared machine for a class by arithmetic
# ---

# %% tags=["parameters"]
DATA: str = "auto"  # "auto", "drawn", or the path of a FER2013 file or folder
SCALE: str = "lesson"  # "smoke", "lesson" or "full"
SEED: int = 0  # of drawn faces, first weights, order of the faces
DEVICE: str = "auto"  # "auto", "cuda", "mps" or "cpu"

# %% [markdown]
# ## Three parts of a step
#
# In lesson 12 two processes trained the network of one. Was it worth it? To rent eight machines, or to wait for eight
# cores of a shared one, you want to know beforehand what they save. The *speed-up* is how many times faster a training
# is than in one process. Eight processes rarely give eight.
#
# A step has three parts, and more processes change each of them differently.
#
# - **Data.** In lesson 12 every process prepared the whole batch and took its share. More processes save nothing here.
# - **Arithmetic.** Forward, backward, and the optimiser. Each process has fewer faces, but the optimiser moves all
#   weights in every process, however few the faces.
# - **Communication.** The gradients go round the ring. One process sends nothing.
#
# You measure each part by itself, put them together, and predict. Only then do you measure the whole.

# %%
data = env.load(DATA)
batch_size = 128
model = fc.cnn(0.5, 0.25, dropout=0)
images, labels = data.train.images[:512], data.train.labels[:512]
print(f"{sum(weights.numel() for weights in model.parameters()):,} weights\n{data.source}")

# %% [markdown]
# A machine does other things as well. So all times are medians of several rounds, and in each round everything that
# will be compared takes its turn. The network is lesson 03's CNN, in one thread, as each process has one.

# %%
import statistics
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F

torch.set_num_threads(1)
pixels, answers = torch.tensor(images), torch.tensor(labels)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)


def median_seconds(rounds=env.pick(smoke=2, lesson=5), **works):
    times = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found[1:]) for name, found in times.items()}  # the first round warms up


# %%
def prepare():
    chosen = torch.randperm(len(pixels))[:batch_size]
    return pixels[chosen, None].float() / 255, answers[chosen]


def step(images, labels):
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


# %%
faces, emotions = prepare()
found = median_seconds(data=prepare, whole=lambda: step(faces, emotions), half=lambda: step(faces[::2], emotions[::2]))
data_seconds, whole, half = found.values()
per_face = max(whole - half, 1e-9) / (batch_size / 2)
fixed = max(0, whole - per_face * batch_size)

# %%
fc.record({"data": 1000 * data_seconds, "step, 128 faces": 1000 * whole, "step, 64 faces": 1000 * half}, unit="ms")
fc.record({"fixed in each step": 1000 * fixed, "for each face": 1000 * per_face}, unit="ms")

# %% [markdown]
# Two sizes of a batch fix a straight line: a fixed time, and a time for each face. (That smaller batches lie on it as
# well is an assumption.) A fixed time cannot be negative. So where half the faces take less than half the time, it is
# set to 0. The model is then slower than what was measured, in the run on FER2013 by 5 and 12 percent, and too fast
# where a process has few faces, because the optimiser's time is missing. Is the time for a face what the arithmetic
# would take? `fc.cost` counts the operations of a face forward; with the backward pass it is three times as many.
# Divided by the time for a face, that is the rate at which this network is computed. The machine's fastest product of
# matrices has its own rate; where it is far higher, a prediction from the count alone would be too good.

# %%
cost = fc.cost(model)
rate = 3 * cost.flops / per_face
best = fc.flops_per_second("cpu", side=512)
fc.record({"this network": rate / 1e9, "the best product of matrices": best / 1e9}, unit="billion operations a second")

# %% [markdown]
# ## What talking costs
#
# A message costs a fixed time, its *latency*, and a time for each byte; bytes a second are the *bandwidth*. Two
# all-reduces tell both: one of a single number, one of a whole gradient. To send the gradient as **one** message, its
# pieces are joined first.

# %%
import inspect
import json
import tempfile
from pathlib import Path

import numpy as np

folder = Path(tempfile.mkdtemp())
np.savez(folder / "faces.npz", images=images, labels=labels)
HEAD = """import json, statistics, sys, time
import numpy as np
import torch, torch.distributed as dist, torch.nn.functional as F
import fercourse as fc
torch.set_num_threads(1)
"""


def two(*functions, repeats=env.pick(smoke=2, lesson=5)):
    """Run the last of the functions in two processes; what rank 0 returns."""
    texts = [inspect.getsource(function) for function in functions]
    tail = f"""
with fc.distributed.processes() as (rank, world):
    found = {functions[-1].__name__}(rank, world, sys.argv[1], {repeats})
    if rank == 0:
        print(json.dumps(found))
"""
    path = folder / "program.py"
    path.write_text("\n\n".join([HEAD, *texts, tail]))
    return json.loads(fc.distributed.torchrun(path, folder))


# %%
def talk(rank, world, folder, repeats):
    sizes = {"one number": 1, "gradient": sum(w.numel() for w in fc.cnn(0.5, 0.25).parameters())}
    times = {name: [] for name in sizes}
    for _ in range(repeats + 1):
        for name, size in sizes.items():
            numbers = torch.ones(size)
            dist.barrier()
            start = time.perf_counter()
            dist.all_reduce(numbers)
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found[1:]) for name, found in times.items()}


# %%
said = two(talk)
gradient_bytes = 4 * cost.parameters
latency = said["one number"] / 2  # in a ring of two, an all-reduce is two messages
bandwidth = gradient_bytes / max(said["gradient"] - said["one number"], 1e-9)
fc.record({"latency, ms": 1000 * latency, "bandwidth, MB/s": bandwidth / 1e6, "gradient, MB": gradient_bytes / 1e6})

# %% [markdown]
# Between two processes of one machine a message goes through memory. Between machines on an ordinary network of 1 Gbit
# a second the bandwidth is 125 MB/s at most.
#
# ## Predict first
#
# Now put the parts together. A ring of *p* processes needs 2 (*p* − 1) messages, each a *p*-th of the gradient.

# %%
def seconds(processes, batch_size=batch_size, bandwidth=bandwidth):
    arithmetic = fixed + per_face * batch_size / processes
    messages = 2 * (processes - 1)
    communication = messages * (latency + gradient_bytes / processes / bandwidth)
    return data_seconds + arithmetic + communication


# %%
fc.guess(
    "12b.1",
    "One batch of 128 faces is shared by 64 processes, each with a core of its own. How many times faster than one?",
    options=["more than 32 times", "16 to 32 times", "less than 16 times"],
)

# %%
import pandas as pd

counts = (1, 2, 8, 64)
places = {"128 faces, this machine's bandwidth": {}, "128 faces, 125 MB/s": {"bandwidth": 125e6}}
table = {name: [seconds(1) / seconds(p, **options) for p in counts] for name, options in places.items()}
table["128 faces for each process"] = [p * seconds(1) / seconds(p, batch_size=128 * p) for p in counts]
pd.DataFrame(table, pd.Index(counts, name="processes")).round(1)

# %%
speed = seconds(1) / seconds(64)
fc.reveal("12b.1", "more than 32 times" if speed > 32 else "16 to 32 times" if speed > 16 else "less than 16 times")
fc.record({f"predicted speed-up, {p} processes": seconds(1) / seconds(p) for p in counts[1:]})

# %% tags=["folded"]
import matplotlib.pyplot as plt

many = np.unique(np.round(2 ** np.linspace(0, 7, 60)))
figure, axis = plt.subplots(figsize=(4.8, 3.2), layout="constrained")
axis.plot(many, many, color="tab:gray", linestyle=":", label="as many times as processes")
axis.plot(many, [p * seconds(1) / seconds(p, batch_size=128 * p) for p in many], label="128 faces each")
axis.plot(many, [seconds(1) / seconds(p) for p in many], label="128 faces shared")
axis.plot(many, [seconds(1) / seconds(p, bandwidth=125e6) for p in many], label="shared, 125 MB/s")
axis.set(xscale="log", yscale="log", xlabel="processes", ylabel="speed-up, predicted")
axis.set_xticks([*counts, 128], [*counts, 128])
axis.set_yticks([1, 2, 5, 10, 50, 100], [1, 2, 5, 10, 50, 100])
axis.minorticks_off()
axis.legend(fontsize=8)
figure.suptitle("What one measured process and one message predict", fontsize=9);


# %% [markdown]
# With a batch that is shared, 64 processes are far from 64 times as fast. <!-- 12b.shared --> Each has two faces left,
# so its arithmetic is small. A fixed part, if there is one, stays as it is. And the messages take more time than with
# fewer processes, because the ring needs 2 (*p* − 1) of them, each with its latency. So the curve of a shared batch has
# a top; beyond it, more processes are slower. If each process keeps 128 faces, and prepares only those, the arithmetic
# stays large beside the messages, and the speed-up, counted in faces a second, is higher. <!-- 12b.weak --> But then
# the batch is 8,192 faces, and lesson 12 showed that this is another recipe. On a network of 125 MB/s, the shared batch
# has the smallest of the three predicted speed-ups, if this machine's own bandwidth is higher than
# that. <!-- 12b.slow --> (The latency was left as it is here; between machines it may be longer.)
#
# ## Then measure
#
# Now measure with two real processes. They take turns in two ways: first rank 0 takes a step with the whole batch while
# rank 1 waits, then both take a step with half a batch each. So whatever else the machine does meets both ways alike.
# Only the time matters here: the summed gradients are not put back, so this is no training. And the step joins the
# pieces of the gradient, which the model leaves out.

# %%
def race(rank, world, folder, repeats):
    kept = np.load(f"{folder}/faces.npz")
    pixels, answers, batch_size = torch.tensor(kept["images"]), torch.tensor(kept["labels"]), 128
    model = fc.cnn(0.5, 0.25, dropout=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step(rank, world):
        chosen = torch.randperm(len(pixels))[:batch_size]
        images, labels = pixels[chosen, None].float() / 255, answers[chosen]
        loss = F.cross_entropy(model(images[rank::world]), labels[rank::world])
        optimizer.zero_grad()
        loss.backward()
        if world > 1:
            flat = torch.cat([weights.grad.flatten() for weights in model.parameters()])
            dist.all_reduce(flat)
        optimizer.step()

    times = {"1": [], "2": []}
    for _ in range(repeats + 1):
        for name in times:
            dist.barrier()
            start = time.perf_counter()
            if name == "2" or rank == 0:
                step(rank if name == "2" else 0, int(name))
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found[1:]) for name, found in times.items()}


# %%
raced = two(race)
measured = raced["1"] / raced["2"]
fc.record({"speed-up of 2 processes, predicted": seconds(1) / seconds(2), "measured": measured})

# %% [markdown]
# How near they are depends on what else your machine does: the prediction supposes that each process has a core of its
# own. On a machine with one core, or with a busy second one, two processes are no faster than one. Read your own two
# numbers. (The two columns of a table of times come from two runs at different moments. What is in a picture makes no
# difference to the time.) Where the measured one is much lower, something was shared that the model does not know of:
# cores, or the way to the memory. The course's `benchmarks/scaling.py` measures the same more carefully, with more
# repetitions. For 8 and 64 processes the prediction stays untested.
#
# `fc.distributed.Scaling` is this model. <!-- 12b.model --> With `cores=` it also counts that more processes than cores
# have to take turns.

# %%
shipped = fc.distributed.Scaling(data=data_seconds, fixed=fixed, per_face=per_face, gradients=gradient_bytes,
                                 bandwidth=bandwidth, latency=latency)  # fmt: skip
same = all(abs(shipped.seconds(p, batch_size=128) / seconds(p) - 1) < 1e-9 for p in counts)
parts = 1000 * pd.DataFrame({p: shipped.parts(p, batch_size=128) for p in counts})
parts.map("{:.1f}".format).rename_axis("ms of a step", axis=1)

# %% [markdown]
# ## Many settings: a sweep
#
# There is a better use for several processes, which needs no talking at all. Lesson 07 asked for several seeds of every
# figure, and a rate has to be chosen among a few. Three rates and two seeds are six trainings that know nothing of each
# other. To run every combination of some settings is called a *sweep*. Here the speed-up can come near the number of
# processes, if each has a core and there are enough runs. (Below they run one after the other; the command at the end
# runs several at once.)
#
# The difficulty is another one: a sweep takes hours, and in hours machines are restarted. So a sweep has to know what
# is finished. The rule is simple. Each run has a file of its own, named by its settings. When the run is over, its
# record is first written under another name and then moved into place. To move a file is one action of the system: the
# record is there, whole, or it is not.

# %%
import os


def keep(record, path):
    aside = path.with_suffix(".tmp")
    aside.write_text(json.dumps(record))
    os.replace(aside, path)


# %%
from itertools import product


def sweep(run, root, stop_after=None, **axes):
    begun = 0
    for values in product(*axes.values()):
        settings = dict(zip(axes, values))
        path = root / ("_".join(f"{name}-{value}" for name, value in settings.items()) + ".json")
        if path.exists():
            continue
        if begun == stop_after:
            return begun  # stopped between two runs
        begun += 1
        try:
            keep(settings | {"accuracy": run(**settings)}, path)
        except Exception as error:
            keep(settings | {"error": f"{type(error).__name__}: {error}"}, path)
    return begun


# %% [markdown]
# A run that fails stops nothing else. Its error is kept as its result: a rate that cannot work is a finding too. What
# is run here is a training of a small network for a few epochs, with a rate that is far too high among the others.

# %%
def small_training(rate, seed):
    torch.manual_seed(seed)
    layers = torch.nn.Linear(48 * 48, 32), torch.nn.ReLU(), torch.nn.Linear(32, 7)
    small = torch.nn.Sequential(torch.nn.Flatten(), *layers)
    history = fc.fit(small, (data.train[:2000], data.valid), epochs=env.pick(smoke=1, lesson=4), lr=rate, seed=seed,
                     optimizer="sgd", device="cpu", progress=False)  # fmt: skip
    return history[-1]["valid_accuracy"]


# %%
grid = {"rate": [0.1, 0.01, 1e30], "seed": [0, 1]}
root = folder / "sweep"
root.mkdir()
first = sweep(small_training, root, stop_after=2, **grid)
kept = {path.name: path.stat().st_mtime_ns for path in root.glob("*.json")}
print(first, "runs begun, then stopped;", len(kept), "records")

# %%
fc.guess("12b.2", "The same sweep is started again. How many runs will it begin?", options=[2, 4, 6])

# %%
second = sweep(small_training, root, **grid)
fc.reveal("12b.2", second)
untouched = all((root / name).stat().st_mtime_ns == moment for name, moment in kept.items())
records = [json.loads(path.read_text()) for path in sorted(root.glob("*.json"))]
every_run = pd.DataFrame(records)
every_run["rate"] = every_run["rate"].map("{:g}".format)
every_run.assign(error=every_run["error"].fillna("").str.split(":").str[:2].str.join(":"))

# %% [markdown]
# The second call began only what was not there, <!-- 12b.resumed --> and the runs with the impossible rate are kept
# with their error. <!-- 12b.kept --> (The others learn little or nothing in so few epochs; here only the sweep is
# tried.) One table is left to be made: the mean over seeds, the standard deviation of the
# runs, and the number of seeds. (Two seeds choose no rate, as lesson 07 showed; a real sweep has more.)

# %%
summary = every_run.groupby("rate")["accuracy"].agg(["mean", "std", "count"])
summary.round(3)

# %% [markdown]
# The command `python -m fercourse sweep` does this with whole lessons, in a folder of the course:
#
# ```
# python -m fercourse sweep 04 -p EPOCHS 2 4 -p SEED 0 1 2 --at-once 2
# ```
#
# `-p` takes a parameter of the lesson's first cell and all its values; if the lesson has no such parameter, the error
# lists those it has. A run's folder is named by more than the settings: by the code of all cells and by the faces too,
# because a finished run of another code is no answer. `--on dask=ADDRESS` gives the runs to other machines that a
# program called dask manages, `--on slurm` makes each a job of a cluster that is managed by Slurm, and the table is the
# same. `--retry` repeats what failed.
#
# ## A class on one machine
#
# Fifty students share a server with 8 cores, a *hub*. Is that enough for a lesson that computes for 4 minutes on one
# core? A lecture has 90 minutes. Divide the work by the cores and the time.

# %%
students, cores, minutes, lecture = 50, 8, 4, 90
busy = students * minutes / (cores * lecture)
print(f"all work: {students * minutes} core-minutes; the cores are busy for {100 * busy:.0f} % of the lecture")

# %% [markdown]
# That sounds like plenty. But people do not come evenly. Let each start at a random moment of a span of time, and queue
# for a core.

# %%
import heapq


def waits(span, cores=cores, seed=SEED):
    free = [0.0] * cores
    found = []
    for start in sorted(np.random.default_rng(seed).uniform(0, span, students)):
        begins = max(start, heapq.heappop(free))
        heapq.heappush(free, begins + minutes)
        found.append(begins - start)
    return np.array(found)


# %%
fc.guess(
    "12b.3",
    "The teacher says 'run it now', and all start within 2 minutes. How long does the last one wait for a core?",
    options=[5, 20, 60],
    unit="minutes",
)

# %%
spans = {"all within 2 minutes": 2, "within 30 minutes": 30, "over the 90 minutes": 90}
longest = {name: float(waits(span).max()) for name, span in spans.items()}
fc.reveal("12b.3", longest["all within 2 minutes"])
fc.record({f"longest wait, {name}": minutes for name, minutes in longest.items()}, unit="min")

# %% [markdown]
# The same machine is far too small for a class that starts together, and large enough for one that works at its own
# pace. <!-- 12b.class --> A system that shares cores evenly does not let the last one wait so long; instead everybody's 4
# minutes become about 25, which is 4 × 50 / 8. If nobody is to wait more than 5 minutes, two rounds of 4 minutes have to
# be enough, because those of a third round wait 8. That needs 25 cores. <!-- 12b.cores --> What helps is cheaper than
# cores: the smoke scale in class, the lesson scale at home, and executed pages for those who read. Set the variable
# `OMP_NUM_THREADS=1` for everybody; then a training uses one core, and nobody takes all eight. And count memory: 50
# notebooks of about 1 GB each have to fit at once, whether they compute or not.
#
# ## What you can say now

# %% tags=["folded"]
fc.claim("12b.shared", seconds(1) / seconds(64) < 32,
         "64 processes that share a batch of 128 are predicted to be less than 32 times as fast as one.")
fc.claim("12b.weak", table["128 faces for each process"][-1] > table["128 faces, this machine's bandwidth"][-1],
         "With 128 faces for each of 64 processes the predicted speed-up is higher than with 128 shared.")
fc.claim("12b.slow", table["128 faces, 125 MB/s"][-1] < table["128 faces for each process"][-1] and (bandwidth < 125e6
         or table["128 faces, 125 MB/s"][-1] <= table["128 faces, this machine's bandwidth"][-1]),
         "At 125 MB/s the shared batch has the smallest predicted speed-up, if this machine's bandwidth is higher.")
fc.claim("12b.model", same, "fc.distributed.Scaling gives the seconds of the model by hand.")
fc.claim("12b.resumed", (first, second) == (2, 4) and untouched,
         "Of six runs two were begun first and four by the second call; no record of the first was touched.")
fc.claim("12b.kept", sum("error" in record for record in records) == 2 and list(summary["count"]) == [2, 2, 0],
         "The two runs with the impossible rate are kept with their error, and in no mean.")
fc.claim("12b.class", longest["all within 2 minutes"] > 15 and longest["over the 90 minutes"] < 4,
         "Started within two minutes, the last of 50 waits over 15 minutes; over the lecture, under 4 minutes.")
fc.claim("12b.cores", [waits(0, cores=number).max() for number in (24, 25)] == [8, 4],
         "All at the same moment, the last of 50 waits 8 minutes for one of 24 cores, and 4 for one of 25.")
fc.claims()

# %% [markdown]
# **What to remember.** Measure the parts of a step, predict, then measure the whole. What does not shrink with the
# number of processes, and what grows, decides how many are worth having. Trainings that know nothing of each other are
# the best use of many processors. And a finished run is one whose record was moved into place last.
#
# ## Exercises
#
# They stand in [the exercise sheet](../exercises/12_past_one_machine.ipynb) of both parts, each with a check that
# answers at once, hints, and the solution as the last hint.
#
# | | exercise | kind | min |
# |---|---|---|---|
# | 12.5 | Find the two mistakes in a sweep that cannot go on after a kill; write one that repeats nothing. | debug | 25 |
#
# Two more things to try here, without a check: give the model `cores=2` and predict eight processes on two cores; and
# let `sweep` repeat the failed runs on demand, and nothing else.
#
# ## References
#
# - Amdahl, *Validity of the Single Processor Approach to Achieving Large Scale Computing Capabilities* (1967): what does
#   not shrink limits all.
# - Patarasuk and Yuan, *Bandwidth Optimal All-reduce Algorithms for Clusters of Workstations* (2009).
# - Bekman, *Machine Learning Engineering* (an open book): measured bandwidths of real clusters.
# - Bouthillier and others, *Accounting for Variance in Machine Learning Benchmarks* (2021): why seeds belong in a sweep.
