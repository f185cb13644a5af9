"""The twelve checks of lesson 08: each is an audit by itself, a function of a pipeline that returns its complaints."""

from dataclasses import replace
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
import torch.nn.functional as F


def first_loss(pipeline):
    """A new network knows nothing: its loss is about ln 7."""
    images, labels = first_batch(pipeline)
    loss = pipeline.criterion(pipeline.build()(images), labels).item()
    return [] if abs(loss - log(7)) < 0.4 else [f"the first loss is {loss:.2f}, and ln 7 is {log(7):.2f}"]


def one_batch_by_heart(pipeline):
    """Sixteen faces can be learnt by heart: the loss comes near the least that the criterion allows."""
    images, labels = first_batch(replace(pipeline, augment=unchanged))
    batch = images[:16], labels[:16]
    sure = [float(pipeline.criterion(scale * F.one_hot(batch[1], 7).float(), batch[1])) for scale in range(1, 30)]
    network = pipeline.build()
    optimizer = pipeline.make_optimizer(network)
    for _ in range(80):
        loss = pipeline.train_epoch(network, [batch], optimizer, pipeline.criterion)["train_loss"]
        if loss < min(sure) + 0.2:
            return []
    return [f"after 80 steps on sixteen faces the loss is {loss:.2f}, and {min(sure):.2f} can be reached"]


def weights_that_move(pipeline):
    """Two steps of training move every weight."""
    network = pipeline.build()
    before = [weights.detach().clone() for weights in network.parameters()]
    few = [first_batch(pipeline)] * 2
    pipeline.train_epoch(network, few, pipeline.make_optimizer(network), pipeline.criterion)
    pairs = zip(before, network.parameters(), strict=True)
    still = sum(torch.equal(old, new) for old, new in pairs if new.requires_grad)
    return [f"{still} of {len(before)} tensors of weights do not move"] if still else []


def permuted_labels(pipeline):
    """A linear model finds more in the training labels than in the same labels in another order."""
    plain = replace(pipeline, augment=unchanged)
    images, labels = whole(plain.train_stream(plain, generator()))
    true = linear_fit(images, labels)
    permuted = torch.tensor([linear_fit(images, labels[torch.randperm(len(labels))]) for _ in range(20)])
    distance = float((true - permuted.mean()) / permuted.std())
    return [] if distance > 4 else [f"labels say hardly more about faces than permuted ones: {distance:.1f} spreads"]


def blank_images(pipeline):
    """A network that sees faces learns a batch better than one that sees none (an input-independent baseline)."""
    images, labels = first_batch(replace(pipeline, augment=unchanged))
    losses = {}
    for name, seen in (("faces", images), ("blank images", torch.full_like(images, float(images.mean())))):
        network = pipeline.build()
        optimizer = pipeline.make_optimizer(network)
        for _ in range(12):
            losses[name] = pipeline.train_epoch(network, [(seen, labels)], optimizer, pipeline.criterion)["train_loss"]
    if losses["faces"] < losses["blank images"] - 0.1:
        return []
    return [f"after 12 steps the loss is {losses['faces']:.2f} on faces, {losses['blank images']:.2f} on blank images"]


def same_image_twice(pipeline):
    """Each copy of a face gets its own augmentation, and another one the next time; in evaluation one answer."""
    face = first_batch(pipeline)[0][:1]
    copies, order, wrong = face.expand(32, -1, -1, -1).contiguous(), generator(), []
    changed = pipeline.augment(copies, order)
    if not torch.equal(changed, copies):
        if len(changed.flatten(1).unique(dim=0)) < 2:
            wrong.append("32 copies of a face are all changed alike")
        if torch.equal(changed, pipeline.augment(copies, order)):
            wrong.append("augmentation repeats itself")
    network = pipeline.build().eval()
    with torch.inference_mode():
        if not torch.equal(network(face), network(face)):
            wrong.append("in evaluation the same face gets two answers")
    return wrong


def train_against_eval(pipeline):
    """Evaluation repeats itself and changes nothing; training goes back into training mode."""
    network, wrong = pipeline.build(), []
    few = [first_batch(pipeline)]
    optimizer = pipeline.make_optimizer(network)
    pipeline.train_epoch(network, few, optimizer, pipeline.criterion)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    rows = [pipeline.evaluate(network, few) for _ in range(2)]
    if rows[0] != rows[1]:
        wrong.append("evaluated twice, the network has two accuracies or losses")
    if any(not torch.equal(before[name], value) for name, value in network.state_dict().items()):
        wrong.append("evaluation changes the network")
    pipeline.train_epoch(network, few, optimizer, pipeline.criterion)
    if not all(layer.training for layer in network.modules()):
        wrong.append("the network is trained while it is in evaluation")
    return wrong


def overlap_of_splits(pipeline):
    """Hardly any face of one split is in another, byte by byte."""
    own = {image.tobytes() for image in pipeline.train.images}
    wrong = []
    for split in (pipeline.valid, pipeline.test):
        shared = np.mean([image.tobytes() in own for image in split.images])
        if shared > 0.05:
            wrong.append(f"{shared:.0%} of the {split.name} faces are training faces")
    return wrong


def gradient_reaches_the_input(pipeline):
    """In evaluation the answer to one face depends on that face's pixels, and on no other's."""
    images = first_batch(pipeline)[0][:8].clone().requires_grad_()
    network = pipeline.build().eval()
    network(images)[3].square().sum().backward()
    reached = images.grad.flatten(1).abs().sum(1) > 0
    if reached.tolist() == [place == 3 for place in range(8)]:
        return []
    return [f"the answer to one face depends on {int(reached.sum())} of 8 faces"]


def batch_independence(pipeline):
    """In evaluation a face gets the same answer alone and among others."""
    images = first_batch(pipeline)[0][:8]
    network = pipeline.build().eval()
    with torch.inference_mode():
        together, alone = network(images), torch.cat([network(image[None]) for image in images])
    return [] if torch.allclose(together, alone, atol=1e-4) else ["an answer depends on the other faces of the batch"]


def resume_equal(pipeline):
    """A training that was stopped and resumed has the rows and the weights of one that was not."""
    few = replace(pipeline, train=pipeline.train[:160], valid=pipeline.valid[:64])
    straight, stopped, resumed = few.build(), few.build(), few.build()
    stopped.load_state_dict(straight.state_dict())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.pt"
        torch.manual_seed(1)
        rows = few.fit(few, straight, 3, generator())
        torch.manual_seed(1)
        stop_in_third_epoch(few, stopped, path)
        torch.manual_seed(2)
        same = rows == few.fit(few, resumed, 3, generator(7), path)
    pairs = zip(straight.state_dict().values(), resumed.state_dict().values(), strict=True)
    if same and all(torch.equal(old, new) for old, new in pairs):
        return []
    return ["a training that was stopped and resumed ends otherwise than one that was not"]


def export_equal(pipeline):
    """What is exported answers as the network does."""
    network = pipeline.build()
    few = [first_batch(pipeline)] * 5
    pipeline.train_epoch(network, few, pipeline.make_optimizer(network), pipeline.criterion)
    faces = pipeline.valid[:40]
    own, exported = pipeline.predict(network, faces).probabilities, pipeline.export(pipeline, network)(faces.images)
    if np.shape(exported) == own.shape and np.allclose(own, exported, atol=1e-4):
        return []
    return ["the exported network gives other answers"]


CHECKS = {
    "first loss": first_loss,
    "one batch by heart": one_batch_by_heart,
    "weights that move": weights_that_move,
    "permuted labels": permuted_labels,
    "blank images": blank_images,
    "same image twice": same_image_twice,
    "train against eval": train_against_eval,
    "overlap of splits": overlap_of_splits,
    "gradient reaches the input": gradient_reaches_the_input,
    "batch independence": batch_independence,
    "resume equal": resume_equal,
    "export equal": export_equal,
}
"""Name → check, in the order in which the lesson builds them."""


def generator(seed=0):
    """A new generator of random numbers."""
    return torch.Generator().manual_seed(seed)


def unchanged(images, generator=None):
    """An augmentation that does nothing."""
    return images


def first_batch(pipeline):
    """The first batch of an epoch of training."""
    return next(iter(pipeline.train_stream(pipeline, generator())))


def whole(stream):
    """All images and labels of a stream."""
    images, labels = zip(*stream, strict=True)
    return torch.cat(images), torch.cat(labels)


def linear_fit(images, labels):
    """How much of the labels a linear model of 12 × 12 pixels explains, by least squares with a little shrinkage."""
    small = F.avg_pool2d(images, 4).flatten(1)
    small = small - small.mean(1, keepdim=True)
    small = small / (small.std(1, keepdim=True) + 1e-6)
    small = small - small.mean(0)
    targets = F.one_hot(labels, 7).float()
    targets = targets - targets.mean(0)
    weights = torch.linalg.solve(small.T @ small + 100 * torch.eye(small.shape[1]), small.T @ targets)
    return float((targets * (small @ weights)).sum())


class Stopped(Exception):
    """What stops a training, as a power failure would."""


def stop_in_third_epoch(pipeline, network, path):
    """Train three epochs, and break off before the third is evaluated; two are in the checkpoint."""
    calls = []

    def evaluate(network, stream):
        calls.append(1)
        if len(calls) == 3:
            raise Stopped
        return pipeline.evaluate(network, stream)

    interrupted = replace(pipeline, evaluate=evaluate)
    try:
        interrupted.fit(interrupted, network, 3, generator(), path)
    except Stopped:
        return
