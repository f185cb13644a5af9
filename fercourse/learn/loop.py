"""The loop of lesson 02, line for line: batches, one epoch of training, one evaluation.

A test compares these three functions with the cells of the lesson. Change them there and here together.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fercourse.data.faces import Split
from fercourse.errors import DataMismatch, ParameterError
from fercourse.learn.checks import (
    PROBES,
    answer,
    check_answer,
    check_batch,
    check_labels,
    check_logits,
    check_network,
    check_split,
)
from fercourse.learn.device import choose_device, mode_kept
from fercourse.report.predictions import Predictions
from fercourse.settings import flag, whole

Stream = Iterable[tuple[Tensor, Tensor]]
"""Batches of images and labels."""


def batches(
    split: Split,
    batch_size: int = 128,
    *,
    shuffle: bool = False,
    generator: torch.Generator | None = None,
    device: str | torch.device = "cpu",
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield a split's images and labels, `batch_size` at a time; the last batch may be shorter.

    images: float32 (B, 1, 48, 48) in [0, 1] on `device`; labels: int64 (B,) on `device`.
    shuffle: a new order, drawn from `generator` on the CPU, so that it is the same on every device.
    Raises ParameterError for a batch_size under 1, a generator that is not torch's, and a device that is not here,
    DataMismatch for a split without labels or without faces.

    >>> from fercourse.data.drawn.dataset import drawn_faces
    >>> [tuple(images.shape) for images, labels in batches(drawn_faces(10, 0, 0).train, 4)]
    [(4, 1, 48, 48), (4, 1, 48, 48), (2, 1, 48, 48)]

    Built by hand in lesson 02.
    """
    batch_size, shuffle, device = whole("batch_size", batch_size), flag("shuffle", shuffle), choose_device(device)
    if generator is not None and not isinstance(generator, torch.Generator):
        raise ParameterError(f"expected generator=None or a torch.Generator; found generator={generator!r}")
    check_split(split, labelled=True)
    return stream_batches(*on_device(split, device), batch_size, shuffle, generator, device)


def on_device(split, device):
    """A split's images, uint8 (N, 48, 48), and labels, int64 (N,), as tensors on `device`."""
    images = torch.tensor(split.images, device=device)
    labels = torch.tensor(split.labels, device=device)
    return images, labels


def stream_batches(images, labels, batch_size, shuffle, generator, device):
    """Yield batches of faces that are on the device already, as `batches` does."""
    order = torch.arange(len(labels))
    if shuffle:
        order = torch.randperm(len(labels), generator=generator)
    for index in order.to(device).split(batch_size):
        yield images[index, None].float() / 255, labels[index]


def train_epoch(model, stream, optimizer, criterion=F.cross_entropy) -> dict[str, float]:
    """Take one gradient step for each batch of `stream`; return {"train_loss", "train_accuracy"}.

    Both are means over samples, seen while the weights move. `stream` yields (images, labels) on the model's device, as
    `batches` or a DataLoader does; `criterion(logits, labels)` is what each step lowers, a mean over the batch.

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

    Both are means over samples, so the last, short batch counts for what it holds; they have these names whichever
    faces the stream holds. The model is left in the mode, of training or of evaluation, in which it was found.

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
    def trained(
        model: nn.Module,
        stream: Stream,
        optimizer: torch.optim.Optimizer,
        criterion: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    ) -> dict[str, float]:
        return train_epoch(model, _labelled(_begun(stream, model)), optimizer, criterion)

    return trained


def _leaving_the_mode(evaluate):
    def evaluated(model, stream):
        with mode_kept(model):
            return evaluate(model, _begun(stream, model))

    return evaluated


def _of_logits(evaluate):
    @wraps(evaluate)
    def evaluated(model: nn.Module, stream: Stream) -> dict[str, float]:
        check_network(model)
        stream = _labelled(_begun(stream, model))
        images, labels = next(stream)
        with mode_kept(model), torch.inference_mode():
            check_answer(model.eval(), images[:PROBES])
        return evaluate_unasked(model, chain([(images, labels)], stream))

    return evaluated


def _begun(stream, model):
    """An iterator over `stream`; DataMismatch where it has no batch, as a generator that was run through before."""
    try:
        stream = iter(stream)
    except TypeError as error:
        raise ParameterError(f"expected batches of a Split, or another stream; found {stream!r}") from error
    for first in stream:
        check_batch(model, first)
        return chain([first], stream)
    raise DataMismatch("expected at least one batch, found none; what batches() returns can be run through once")


def _labelled(stream):
    """`stream`, whose labels are looked at: of the first batch, and of all on the CPU, where nobody waits for it."""
    for place, batch in enumerate(stream):
        if not place or batch[1].device.type == "cpu":
            check_labels(batch)
        yield batch


# No decorators above: those lines are the lesson's, and stay the lesson's.
train_epoch = _on_batches(train_epoch)
evaluate_unasked = _leaving_the_mode(evaluate)
"""`evaluate` as a training calls it, which has asked the network before, and looks at the loss itself."""
evaluate = _of_logits(evaluate)


@torch.inference_mode()
def predict(model: nn.Module, split: Split | Stream, *, flips: bool = False, batch_size: int = 512) -> Predictions:
    """The model's probabilities for every face of a split, as `Predictions`; on the model's own device.

    split: or a stream of (images, labels) on that device, such as a DataLoader, whose batches are as they come.
    flips: whether to take the mean of the probabilities of each face and of its mirror image.

    Faces without labels (of a stream: all -1) are answered as well; their `Predictions` have none. The model is left in
    the mode, of training or of evaluation, in which it was found. Raises ParameterError for a model whose outputs are
    no logits (N, 7), or are probabilities already, and for a stream on another device; DataMismatch without faces.

    Built by hand in lesson 02.
    """
    flips, batch_size = flag("flips", flips), whole("batch_size", batch_size)
    check_network(model)
    named = isinstance(split, Split)
    stream = _split_batches(split, batch_size, model) if named else _begun(split, model)
    probabilities, labels = [], []
    with mode_kept(model):
        model.eval()
        for images, codes in stream:
            if not probabilities:
                check_answer(model, images[:PROBES])
            views = [answer(model, view) for view in ([images, images.flip(3)] if flips else [images])]
            for logits in views:
                check_logits(logits, len(images))
            probabilities.append(torch.stack([logits.float().softmax(1) for logits in views]).mean(0))
            labels.append(codes)
    labels = torch.cat(labels).cpu().numpy()
    source, drawn = (split.source, split.drawn) if named else ("a stream of batches", None)
    return Predictions(torch.cat(probabilities).cpu().numpy(), None if (labels == -1).all() else labels, source, drawn)


def _split_batches(split, batch_size, model):
    """A split's batches in their order, on the device of `model`; of numbers alone, on the CPU."""
    check_split(split, labelled=False)
    here = next(chain(model.parameters(), model.buffers()), torch.empty(0)).device
    return stream_batches(*on_device(split, here), batch_size, False, None, here)
