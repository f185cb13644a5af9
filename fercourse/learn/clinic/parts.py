"""The parts of the clean pipeline, each as short as it can be written: mutants change lines of these functions.

`evaluate` and `predict` are lesson 02's, without what the package's own refuse: a bug that raised an error would not be
a silent one.
"""

import io
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from fercourse.learn.augment import augmented
from fercourse.learn.loop import batches
from fercourse.learn.models import Standardise
from fercourse.report.predictions import Predictions

BATCH = 64


def small_network(mean, std, *, classes=7, dropout=0.2):
    """Half the resolution, three strided convolutions with batch norm, a linear layer: 21,799 weights."""
    layers, channels = [Standardise(mean, std), nn.AvgPool2d(2)], 1
    for filters in (16, 32, 48):
        layers += [nn.Conv2d(channels, filters, 3, 2, 1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
        channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(dropout), nn.Linear(432, classes))


def make_optimizer(network, lr=8e-3):
    """Adam; the last two tensors, the final layer's weights and biases, learn at half the rate of the others."""
    *body, weights, bias = (each for each in network.parameters() if each.requires_grad)
    return torch.optim.Adam([{"params": body, "lr": lr}, {"params": [weights, bias], "lr": lr / 2}])


def train_stream(pipeline, generator):
    """One epoch of training: every face once, in a new order, changed by a draw of its own."""
    stream = batches(pipeline.train, BATCH, shuffle=True, generator=generator)
    return augmented(stream, pipeline.augment, generator)


def valid_stream(pipeline):
    """Every validation face once, in order, as it is."""
    return batches(pipeline.valid, BATCH)


def criterion(logits, labels):
    """Cross-entropy: its softmax is the only one."""
    return F.cross_entropy(logits, labels)


@torch.inference_mode()
def evaluate(network, stream):
    """Mean loss and accuracy over the faces of a stream."""
    network.eval()
    loss_sum, hits, seen = 0, 0, 0
    for images, labels in stream:
        logits = network(images)
        loss_sum += F.cross_entropy(logits, labels, reduction="sum")
        hits += (logits.argmax(1) == labels).sum()
        seen += len(labels)
    return {"valid_loss": float(loss_sum) / seen, "valid_accuracy": float(hits) / seen}


@torch.inference_mode()
def predict(network, split):
    """Probabilities for each face of a split."""
    network.eval()
    logits = torch.cat([network(images) for images, labels in batches(split, BATCH)])
    return Predictions(logits.softmax(1).numpy(), split.labels, split.source, split.drawn)


def schedule(step, steps):
    """A straight line up to the peak in the first third, and down to nearly nothing."""
    share = (step + 1) / steps
    return min(3 * share, 1.5 * (1 - share) + 0.01, 1)


def fit(pipeline, network, epochs, generator, checkpoint=None):
    """Train; keep the weights of the epoch with the best validation accuracy."""
    optimizer = pipeline.make_optimizer(network)
    peaks = [group["lr"] for group in optimizer.param_groups]
    steps = -(-len(pipeline.train) // BATCH)
    rows, best = [], None
    if checkpoint is not None and Path(checkpoint).exists():
        progress = pipeline.load(checkpoint, network, optimizer, generator)
        rows, best = progress["rows"], progress["best"]

    def paced(stream):
        for step, batch in enumerate(stream, len(rows) * steps):
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * pipeline.schedule(step, epochs * steps)
            yield batch

    while len(rows) < epochs:
        stream = paced(pipeline.train_stream(pipeline, generator))
        row = pipeline.train_epoch(network, stream, optimizer, pipeline.criterion)
        row = row | pipeline.evaluate(network, pipeline.valid_stream(pipeline))
        if row["valid_accuracy"] > max((each["valid_accuracy"] for each in rows), default=-1):
            best = {name: value.clone() for name, value in network.state_dict().items()}
        rows.append(row)
        if checkpoint is not None:
            pipeline.save(checkpoint, network, optimizer, generator, {"rows": rows, "best": best})
    network.load_state_dict(best)
    return rows


def save(path, network, optimizer, generator, progress):
    """Write everything that the next step depends on."""
    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "generator": generator.get_state(),
        "noise": torch.get_rng_state(),
        "progress": progress,
    }
    torch.save(state, path)


def load(path, network, optimizer, generator):
    """Put back what `save` wrote, the state of torch's own random numbers with it; return the progress."""
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    torch.set_rng_state(state["noise"])
    return state["progress"]


def export(pipeline, network):
    """What an app gets: the weights on their way through a file, in a new network that answers raw pixels."""
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    deployed = pipeline.build()
    deployed.load_state_dict(torch.load(file, weights_only=True))
    deployed.eval()

    @torch.inference_mode()
    def answer(pixels):
        images = torch.tensor(pixels)[:, None].float() / 255
        return deployed(images).softmax(1).numpy()

    return answer
