"""The loop of lesson 02, line for line: batches, one epoch of training, one evaluation.

A test compares these three functions with the cells of the lesson. Change them there and here together.
"""

from collections.abc import Iterator
from functools import wraps
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor

from fercourse.errors import DataMismatch, ParameterError
from fercourse.learn.checks import PROBES, answer, check_answer, check_logits, check_network, check_split
from fercourse.learn.device import choose_device
from fercourse.learn.modes import mode_kept
from fercourse.report.predictions import Predictions
from fercourse.settings import flag, whole


def batches(split, size=128, *, shuffle=False, generator=None, device="cpu") -> Iterator[tuple[Tensor, Tensor]]:
    """Yield a split's images and labels, `size` at a time; the last batch may be shorter.

    images: float32 (B, 1, 48, 48) in [0, 1] on `device`; labels: int64 (B,) on `device`.
    shuffle: a new order, drawn from `generator` on the CPU, so that it is the same on every device.
    Raises ParameterError for a size under 1, a generator that is not torch's, and a device that is not here,
    DataMismatch for a split without labels or without faces.

    >>> from fercourse.data.drawn.dataset import drawn_faces
    >>> [tuple(images.shape) for images, labels in batches(drawn_faces(10, 0, 0).train, 4)]
    [(4, 1, 48, 48), (4, 1, 48, 48), (2, 1, 48, 48)]

    Built by hand in lesson 02.
    """
    size, shuffle, device = whole("size", size), flag("shuffle", shuffle), choose_device(device)
    if generator is not None and not isinstance(generator, torch.Generator):
        raise ParameterError(f"expected generator=None or a torch.Generator; found generator={generator!r}")
    check_split(split, labelled=True)
    return stream_batches(*on_device(split, device), size, shuffle, generator, device)


def on_device(split, device):
    """A split's images, uint8 (N, 48, 48), and labels, int64 (N,), as tensors on `device`."""
    images = torch.tensor(split.images, device=device)
    labels = torch.tensor(split.labels, device=device)
    return images, labels


def stream_batches(images, labels, size, shuffle, generator, device):
    """Yield batches of faces that are on the device already, as `batches` does."""
    order = torch.arange(len(labels))
    if shuffle:
        order = torch.randperm(len(labels), generator=generator)
    for index in order.to(device).split(size):
        yield images[index, None].float() / 255, labels[index]


def train_epoch(model, stream, optimizer, criterion=F.cross_entropy) -> dict[str, float]:
    """Take one gradient step a batch of `stream`; return {"train_loss", "train_accuracy"}.

    Both are means over samples, seen while the weights move. `stream` yields (images, labels) on the model's device;
    `criterion(logits, labels)` is what each step lowers, a mean over the batch.

    Built by hand in lesson 02.
    """
    model.train()
    loss_sum, hits, seen = 0, 0, 0
    for images, labels in stream:
        logits = model(images)
        loss = criterion(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(labels)
        hits += (logits.argmax(1) == labels).sum()
        seen += len(labels)
    return {"train_loss": float(loss_sum) / seen, "train_accuracy": float(hits) / seen}


@torch.inference_mode()
def evaluate(model, stream) -> dict[str, float]:
    """Run the model over `stream` without dropout or gradients; return {"valid_loss", "valid_accuracy"}.

    Both are means over samples, so the last, short batch counts for what it holds. The model is left in the mode, of
    training or of evaluation, in which it was found.

    Built by hand in lesson 02.
    """
    model.eval()
    loss_sum, hits, seen = 0, 0, 0
    for images, labels in stream:
        logits = model(images)
        loss_sum += F.cross_entropy(logits, labels, reduction="sum")
        hits += (logits.argmax(1) == labels).sum()
        seen += len(labels)
    return {"valid_loss": float(loss_sum) / seen, "valid_accuracy": float(hits) / seen}


def _on_batches(train_epoch):
    @wraps(train_epoch)
    def trained(model, stream, optimizer, criterion=F.cross_entropy):
        return train_epoch(model, _begun(stream), optimizer, criterion)

    return trained


def _leaving_the_mode(evaluate):
    def evaluated(model, stream):
        with mode_kept(model):
            return evaluate(model, _begun(stream))

    return evaluated


def _of_logits(evaluate):
    @wraps(evaluate)
    def evaluated(model, stream):
        check_network(model)
        stream = _begun(stream)
        images, labels = next(stream)
        with mode_kept(model), torch.inference_mode():
            check_answer(model.eval(), images[:PROBES])
        return evaluate_unasked(model, chain([(images, labels)], stream))

    return evaluated


def _begun(stream):
    """An iterator over `stream`; DataMismatch where it has no batch, as a generator that was run through before."""
    stream = iter(stream)
    for first in stream:
        return chain([first], stream)
    raise DataMismatch("expected at least one batch, found none; what batches() returns can be run through once")


# No decorators above: those lines are the lesson's, and stay the lesson's.
train_epoch = _on_batches(train_epoch)
evaluate_unasked = _leaving_the_mode(evaluate)
"""`evaluate` as a training calls it, which has asked the network before, and looks at the loss itself."""
evaluate = _of_logits(evaluate)


@torch.inference_mode()
def predict(model, split, *, flips=False, size=512) -> Predictions:
    """The model's probabilities for every face of a split, as `Predictions`; on the model's own device.

    flips: whether to take the mean of the probabilities of each face and of its mirror image.

    A split without labels is answered as well; its `Predictions` have none. The model is left in the mode, of
    training or of evaluation, in which it was found. Raises ParameterError for a model whose outputs are no logits
    (N, 7), or are probabilities already, DataMismatch for a split without faces.

    Built by hand in lesson 02.
    """
    flips, size = flag("flips", flips), whole("size", size)
    check_network(model)
    check_split(split, labelled=False)
    here = next(chain(model.parameters(), model.buffers()), torch.empty(0)).device
    probabilities = []
    with mode_kept(model):
        model.eval()
        for images, _ in stream_batches(*on_device(split, here), size, False, None, here):
            if not probabilities:
                check_answer(model, images[:PROBES])
            views = [answer(model, view) for view in ([images, images.flip(3)] if flips else [images])]
            for logits in views:
                check_logits(logits, len(images))
            probabilities.append(torch.stack([logits.float().softmax(1) for logits in views]).mean(0))
    labels = split.labels if split.labelled else None
    return Predictions(torch.cat(probabilities).cpu().numpy(), labels, split.source, split.drawn)
