"""Does the model of cost of lesson 12b predict what two processes save? Predicted beside measured, on this machine.

`python benchmarks/scaling.py` takes about two minutes on two quiet cores: `--rounds 15` rounds, in which all that is
compared takes its turn, so that whatever else the machine does meets all of it alike; medians of the rounds.

Measured alone, by rank 0 while the other waits: preparing a batch, a step with the whole batch, a step with half of it.
Measured by both: an all-reduce of one number, and one of as many as the gradient has. From these five `fc.distributed.
Scaling` predicts. Then what it predicts: a step of both, with half of the batch each and the gradient sent as one
message. One thread for each process. The load of the machine stands beside the figures: where other programs want the
cores as well, two processes have not two cores, and the prediction does not hold.
"""

import argparse
import json
import os
import statistics
import sys
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F

import fercourse as fc
from fercourse.learn.distributed import Scaling, line_through, processes, torchrun
from fercourse.learn.models import resnet9, small_resnet
from fercourse.processor import usable_cores

NETWORKS = {"cnn": fc.cnn, "resnet9": resnet9, "small_resnet": small_resnet}
COUNTS = (2, 8, 64)


class Training:
    """A network and faces, and the pieces of a step that are timed."""

    def __init__(self, network, batch_size):
        torch.manual_seed(0)
        self.model, self.batch_size = NETWORKS[network](0.5, 0.25), batch_size
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        faces = fc.drawn_faces(4 * batch_size, 0, 0).train
        self.pixels, self.labels = torch.tensor(faces.images), torch.tensor(faces.labels)
        self.size = sum(weights.numel() for weights in self.model.parameters())

    def prepare(self):
        chosen = torch.randperm(len(self.pixels))[: self.batch_size]
        return self.pixels[chosen, None].float() / 255, self.labels[chosen]

    def step(self, images, labels, *, together=False):
        loss = F.cross_entropy(self.model(images), labels)
        self.optimizer.zero_grad()
        loss.backward()
        if together:
            gradients = [weights.grad for weights in self.model.parameters()]
            flat = torch.cat([gradient.flatten() for gradient in gradients])
            dist.all_reduce(flat)
            pieces = flat.split([gradient.numel() for gradient in gradients])
            for gradient, piece in zip(gradients, pieces, strict=True):
                gradient.copy_(piece.view_as(gradient)).div_(2)
        self.optimizer.step()


def pieces(training, rank):
    """name → (whether both processes do it, what is timed)."""
    images, labels = training.prepare()
    half, one, gradient = slice(rank, None, 2), torch.ones(1), torch.ones(training.size)

    def shared():
        images, labels = training.prepare()
        training.step(images[half], labels[half], together=True)

    return {
        "prepare": (False, training.prepare),
        "whole": (False, lambda: training.step(images, labels)),
        "half": (False, lambda: training.step(images[half], labels[half])),
        "one process": (False, lambda: training.step(*training.prepare())),
        "two processes": (True, shared),
        "number": (True, lambda: dist.all_reduce(one)),
        "gradient": (True, lambda: dist.all_reduce(gradient)),
    }


def measured(rank, options):
    """name → median seconds over the rounds, and the bytes of the gradient."""
    training = Training(options.network, options.batch_size)
    timed = pieces(training, rank)
    times = {name: [] for name in timed}
    for number in range(options.rounds + 1):
        for name, (both, work) in timed.items():
            dist.barrier()
            start = time.perf_counter()
            if both or rank == 0:
                work()
            if number:  # the first round warms up
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()} | {"bytes": 4 * training.size}


def model_of(found, batch_size):
    """The model of cost, from what was measured alone and of single messages."""
    fixed, per_face = line_through((batch_size / 2, found["half"]), (batch_size, found["whole"]))
    return Scaling(
        data=found["prepare"],
        fixed=fixed,
        per_face=per_face,
        gradients=found["bytes"],
        bandwidth=found["bytes"] / max(found["gradient"] - found["number"], 1e-9),
        latency=found["number"] / 2,
    )


def report(found, options):
    """Print the pieces, then predicted beside measured."""
    model = model_of(found, options.batch_size)
    for name, value in found.items():
        print(f"{name:14} {value / 1e6:8.2f} MB" if name == "bytes" else f"{name:14} {1000 * value:8.2f} ms")
    print(f"{model.bandwidth / 1e6:.0f} MB/s, {1000 * model.latency:.2f} ms a message")
    print(f"{usable_cores()} cores, load {os.getloadavg()[0]:.1f}, {options.network}, {options.batch_size} faces")
    for count in COUNTS:
        shared = model.speed_up(count, batch_size=options.batch_size)
        own = count * model.seconds(1, batch_size=options.batch_size)
        own /= model.seconds(count, batch_size=count * options.batch_size)
        print(f"{count:3} processes, predicted: {shared:5.2f} times with a shared batch, {own:5.2f} with a batch each")
    really = found["one process"] / found["two processes"]
    predicted = model.speed_up(2, batch_size=options.batch_size)
    off = 100 * (predicted / really - 1)
    print(f"  2 processes, measured:  {really:5.2f} times with a shared batch: the prediction is {off:+.0f} % off")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=NETWORKS, default="cnn")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    if "RANK" not in os.environ:
        report(json.loads(torchrun(__file__, *sys.argv[1:], processes=2)), options)
        return
    torch.set_num_threads(1)
    with processes() as (rank, _):
        found = measured(rank, options)
        if rank == 0:
            print(json.dumps(found))


if __name__ == "__main__":
    main()
