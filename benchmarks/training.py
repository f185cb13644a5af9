"""How fast is `fit` beside the loop of the notebook from which the core path grew?

The notebook's side: a DataLoader over a TensorDataset of float32 pixels, batches of 100, forward, loss, backward, step,
and `loss.item()` each batch. Ours: `fc.fit` with precision="auto", batches of 100, and its evaluation of a few faces.
Both in one process, in turn; medians. `python benchmarks/training.py` takes about a minute on a quiet core.

One thread, as long as nobody asks for more: beside another busy process two threads of oneDNN wait for each other in
the backward pass of a bfloat16 convolution, and ResNet18 was seen twenty times slower.
"""

import argparse
import statistics
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import fercourse as fc
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.learn.models import resnet
from fercourse.learn.precision import bfloat16_pays


def their_loop(model, loader, device):
    """One epoch of the notebook's training."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    criterion = nn.CrossEntropyLoss()
    model.train()
    running_loss = 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    return running_loss


def seconds(run, device):
    """(seconds on the clock, seconds of the processor) of one run, whatever the device still has to do included."""
    wall, processor = time.perf_counter(), time.process_time()
    run()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - wall, time.process_time() - processor


def compare(name, network, faces, device, rounds):
    """Alternate the two sides; print faces a second of each, and their ratio."""
    images = torch.tensor(faces.train.images)[:, None].float() / 255
    loader = DataLoader(TensorDataset(images, torch.tensor(faces.train.labels)), batch_size=100, shuffle=True)
    settings = dict(epochs=1, batch_size=100, device=str(device), precision="auto", progress=False)
    theirs, ours = network().to(device), network().to(device)
    sides = {
        "its loop": lambda: their_loop(theirs, loader, device),
        "fc.fit": lambda: fc.fit(ours, faces, **settings),
    }
    for run in sides.values():
        run()  # the first round pays for memory and for choosing algorithms
    taken = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            taken[side].append(seconds(run, device))
    clock, processor = (
        {side: statistics.median(pair[kind] for pair in taken[side]) for side in sides} for kind in (0, 1)
    )
    for side in sides:
        by_clock, by_processor = len(faces.train) / clock[side], len(faces.train) / processor[side]
        print(f"{name:10} {side:9} {by_clock:7,.0f} faces a second   {by_processor:7,.0f} a second of processor time")
    by_clock, by_processor = (kind["its loop"] / kind["fc.fit"] for kind in (clock, processor))
    print(f"{name:10} fc.fit is {by_clock:.2f} times as fast by the clock, {by_processor:.2f} by processor time\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each side runs, after one round of warming up")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1, help="of the processor")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = fc.choose_device(options.device)
    bfloat16 = "with" if bfloat16_pays(device) else "without"
    print(
        f"{device}, {torch.get_num_threads()} thread(s) {bfloat16} bfloat16; median of {options.rounds} rounds, in turn"
    )
    faces = drawn_faces(2_000, 10, 10)
    few = fc.Faces(faces.train[:500], faces.valid, faces.test, faces.source)
    compare("A's CNN", lambda: fc.cnn(0.5, 0.25), faces, device, options.rounds)
    compare("ResNet18", lambda: resnet(18, 0.5, 0.25), few, device, options.rounds)


if __name__ == "__main__":
    main()
