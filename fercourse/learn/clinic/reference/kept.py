"""What is kept: the best weights, checkpoints, the exported network."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from fercourse.learn.clinic.basic import generator, stop_in_third_epoch
from fercourse.learn.clinic.reference.loops import briefly_trained


def best_weights_are_kept(pipeline):
    """With dummies that change all weights and dictate the marks, the weights of the best epoch stay."""
    few, network = pipeline, pipeline.build()
    seen = []
    dictated = dummies(few, (0.2, 0.9, 0.3), seen)
    dictated.fit(dictated, network, 3, generator())
    if not equal(weights_of(network), seen[1]):
        yield "the network does not end with the weights of its best epoch"


def best_is_not_forgotten(pipeline):
    """A resumed training remembers the best epoch from before it was stopped."""
    few, seen = pipeline, []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.pt"
        before = dummies(few, (0.9, 0.2), seen)
        stop_in_third_epoch(before, few.build(), path)
        after, network = dummies(few, (0.5,), seen), few.build()
        after.fit(after, network, 3, generator(), path)
    if not equal(weights_of(network), seen[0]):
        yield "a resumed training forgets the best epoch from before it was stopped"


def resumed_goes_on_alike(pipeline):
    """Stopped after two epochs and resumed, a training has the rows and the weights of one that was not stopped."""
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
        again = few.fit(few, resumed, 3, generator(7), path)
    if rows != again or not equal(weights_of(straight), weights_of(resumed)):
        yield "a resumed training goes on otherwise than one that was not stopped"


def export_answers_alike(pipeline):
    """What is exported answers raw pixels as the network answers the faces."""
    network, faces = briefly_trained(pipeline), pipeline.valid[:133]
    found, wanted = pipeline.export(pipeline, network)(faces.images), pipeline.predict(network, faces).probabilities
    if np.shape(found) != wanted.shape or not np.allclose(found, wanted, atol=1e-4):
        yield "what is exported gives other answers than the network"


def dummies(pipeline, marks, seen):
    """The pipeline with a training that only writes random weights, noted in `seen`; its evaluation dictates."""
    left = iter(marks)

    def train_epoch(network, stream, optimizer, criterion):
        order = generator(len(seen) + 1)
        for weights in network.parameters():
            weights.data.normal_(generator=order)
        seen.append(weights_of(network))
        return {"train_loss": 1.0, "train_accuracy": 0.1}

    def evaluate(network, stream):
        return {"valid_loss": 1.0, "valid_accuracy": next(left, 0.0)}

    return replace(pipeline, train_epoch=train_epoch, evaluate=evaluate)


def weights_of(network):
    """A copy of everything in the network's state."""
    return [value.clone() for value in network.state_dict().values()]


def equal(some, others):
    """Whether two lists of tensors are the same, number by number."""
    return len(some) == len(others) and all(torch.equal(one, other) for one, other in zip(some, others, strict=True))
