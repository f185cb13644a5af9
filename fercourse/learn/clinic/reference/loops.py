"""What the loop does, and what it reports."""

from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from fercourse.learn.clinic.basic import generator
from fercourse.learn.clinic.reference.faces import pixels
from fercourse.learn.clinic.reference.networks import leaves
from fercourse.learn.loop import batches


def weights_move(pipeline):
    """A few steps move every weight that the loss depends on."""
    network, few = pipeline.build(), some_batches(pipeline)
    needed = leaves(network(few[0][0]).sum())
    before = [weights.detach().clone() for weights in needed]
    pipeline.train_epoch(network, few, pipeline.make_optimizer(network), pipeline.criterion)
    still = sum(torch.equal(old, new) for old, new in zip(before, needed, strict=True))
    if still:
        yield f"{still} of {len(needed)} tensors of weights do not move"


def gradients_are_forgotten(pipeline):
    """At a rate of 0 two steps on one batch leave the gradient of one step."""
    few, norms = some_batches(pipeline)[:1], []
    network = quiet(pipeline.build())
    for repeats in (1, 2):
        network.zero_grad()
        pipeline.train_epoch(network, few * repeats, at_rest(pipeline, network), pipeline.criterion)
        norms.append(sum(float(w.grad.square().sum()) for w in network.parameters() if w.grad is not None) ** 0.5)
    if norms[1] > 1.5 * norms[0] + 1e-9:
        yield "gradients of earlier batches are added up"


def training_is_in_training(pipeline):
    """After an evaluation, training puts every layer back into training."""
    network, few = pipeline.build(), some_batches(pipeline)[:1]
    pipeline.evaluate(network, few)
    pipeline.train_epoch(network, few, at_rest(pipeline, network), pipeline.criterion)
    if not all(layer.training for layer in network.modules()):
        yield "the network is trained while it is in evaluation"


def training_means_over_faces(pipeline):
    """At a rate of 0 the training loss is the mean over faces, a short last batch included."""
    network, few = quiet(pipeline.build()), some_batches(pipeline)
    row = pipeline.train_epoch(network, few, at_rest(pipeline, network), pipeline.criterion)
    network.train()
    with torch.no_grad():
        outputs = [(network(images), labels) for images, labels in few]
    seen = sum(len(labels) for _, labels in outputs)
    loss = sum(float(pipeline.criterion(logits, labels)) * len(labels) for logits, labels in outputs) / seen
    right = sum(int((logits.argmax(1) == labels).sum()) for logits, labels in outputs) / seen
    if abs(row["train_loss"] - loss) > 0.01 * loss:
        yield f"train_loss is {row['train_loss']:.3f}, and the mean over faces is {loss:.3f}"
    if abs(row["train_accuracy"] - right) > 0.005:
        yield f"train_accuracy is {row['train_accuracy']:.3f}, and the share of right answers is {right:.3f}"


def evaluation_means_over_faces(pipeline):
    """The figures of an evaluation are means over faces, a short last batch included."""
    network = briefly_trained(pipeline)
    few = [*batches(pipeline.valid[:133], 64)]
    row = pipeline.evaluate(network, few)
    network.eval()
    images, labels = pixels(pipeline.valid[:133]), torch.tensor(pipeline.valid.labels[:133])
    with torch.inference_mode():
        logits = network(images)
        if logits.shape[1] == 7 and abs(row["valid_loss"] - float(F.cross_entropy(logits, labels))) > 1e-3:
            yield f"valid_loss is {row['valid_loss']:.4f}, and the mean over faces is another one"
        right = float((logits.argmax(1) == labels).double().mean())
    if abs(row["valid_accuracy"] - right) > 1e-4:
        yield f"valid_accuracy is {row['valid_accuracy']:.4f}, and the share of right answers is {right:.4f}"


def evaluation_changes_nothing(pipeline):
    """Evaluated twice, a network that comes from training has the same figures, and is what it was."""
    network = briefly_trained(pipeline)
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    few = [*batches(pipeline.valid[:133], 64)]
    if pipeline.evaluate(network, few) != pipeline.evaluate(network, few):
        yield "evaluated twice, the network has other figures"
    if any(not torch.equal(before[name], value) for name, value in network.state_dict().items()):
        yield "evaluation changes the network"


def predictions_are_the_networks(pipeline):
    """Predictions are the network's own answers, in the order of the faces."""
    network = briefly_trained(pipeline)
    faces = pipeline.valid[:133]
    found = pipeline.predict(network, faces)
    network.eval()
    with torch.inference_mode():
        wanted = network(pixels(faces)).softmax(1).numpy()
    if found.probabilities.shape != wanted.shape or not np.allclose(found.probabilities, wanted, atol=1e-4):
        yield "predictions are not the network's answers in the order of the faces"
    elif found.y_true.tolist() != faces.labels.tolist():
        yield "predictions stand beside other labels"


def rates_follow_the_schedule(pipeline):
    """Each group's rate is, at every step, its own peak times the schedule; the schedule comes near its peak."""
    few = replace(pipeline, train=pipeline.train[:160])
    network, seen, marks = few.build(), [], iter((0.1, 0.2, 0.3))

    def train_epoch(network, stream, optimizer, criterion):
        seen.extend([group["lr"] for group in optimizer.param_groups] for _ in stream)
        return {"train_loss": 1.0, "train_accuracy": 0.1}

    def evaluate(network, stream):
        return {"valid_loss": 1.0, "valid_accuracy": next(marks)}

    watched = replace(few, train_epoch=train_epoch, evaluate=evaluate)
    watched.fit(watched, network, 3, generator())
    peaks = [group["lr"] for group in few.make_optimizer(few.build()).param_groups]
    shares = [pipeline.schedule(step, len(seen)) for step in range(len(seen))]
    if max(shares) < 0.5:
        yield f"the schedule never passes {max(shares):.0%} of the peak"
    if not np.allclose(seen, np.outer(shares, peaks), rtol=1e-6):
        yield "rates are not the peak of their group times the schedule"


def some_batches(pipeline):
    """Two batches of training faces of 64 and one of 20, the short last one."""
    order = generator()
    images = pipeline.augment(pixels(pipeline.train[:148]), order)
    labels = torch.tensor(pipeline.train.labels[:148])
    return [*zip(images.split(64), labels.split(64), strict=True)]


def briefly_trained(pipeline):
    """A network after a few steps: its batch norm has seen faces, and its answers differ."""
    network = pipeline.build()
    few = some_batches(pipeline)
    pipeline.train_epoch(network, few, pipeline.make_optimizer(network), pipeline.criterion)
    return network


def quiet(network):
    """`network` without dropout, so that its figures can be computed again."""
    for layer in network.modules():
        if isinstance(layer, nn.modules.dropout._DropoutNd):
            layer.p = 0.0
    return network


def at_rest(pipeline, network):
    """The pipeline's own optimiser at a rate of 0: it runs, and nothing moves."""
    optimizer = pipeline.make_optimizer(network)
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    return optimizer
