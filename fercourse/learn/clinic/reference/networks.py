"""What the network answers, and what can be learnt by it."""

from dataclasses import replace
from math import log

import torch
import torch.nn.functional as F
from torch import nn

from fercourse.learn.clinic.basic import generator, unchanged
from fercourse.learn.clinic.reference.faces import pixels

STEPS = 150


def answers_are_seven(pipeline):
    """One answer for each emotion."""
    outputs = pipeline.build()(pixels(pipeline.train[:8]))
    if outputs.shape != (8, 7):
        yield f"for 8 faces the network answers {tuple(outputs.shape)} numbers; (8, 7) are wanted"


def answers_are_logits(pipeline):
    """Logits have both signs, and add up to nothing in particular."""
    with torch.no_grad():
        outputs = pipeline.build()(pixels(pipeline.train[:64]))
    if (outputs >= 0).all():
        yield "no answer is below 0: an activation stands behind the last layer"
    if (outputs <= 0).all():
        yield "no answer is above 0: an activation stands behind the last layer"


def answers_repeat_themselves(pipeline):
    """In evaluation the same face gets the same answer."""
    network, faces = pipeline.build().eval(), pixels(pipeline.train[:8])
    with torch.inference_mode():
        if not torch.equal(network(faces), network(faces)):
            yield "in evaluation a face gets two answers"


def answers_depend_on_one_face(pipeline):
    """In evaluation the answer to a face has a gradient at its own pixels, and at no other face's."""
    faces = pixels(pipeline.train[:8]).requires_grad_()
    network = pipeline.build().eval()
    network(faces)[3].square().sum().backward()
    reached = faces.grad.flatten(1).abs().sum(1) > 0
    if reached.tolist() != [place == 3 for place in range(8)]:
        yield f"an answer depends on {int(reached.sum())} of 8 faces instead of on its own"


def first_loss_is_that_of_ignorance(pipeline):
    """A new network has a loss of about ln 7."""
    faces = pipeline.train[:256]
    network = pipeline.build()
    with torch.no_grad():
        outputs = network(pixels(faces))
        loss = float(pipeline.criterion(outputs, torch.tensor(faces.labels)))
    if abs(loss - log(7)) > 0.4:
        yield f"the first loss is {loss:.2f}, and ln 7 is {log(7):.2f}"


def dropout_is_at_most_half(pipeline):
    """Who drops more than half has most likely given the share to keep."""
    shares = [layer.p for layer in pipeline.build().modules() if isinstance(layer, nn.modules.dropout._DropoutNd)]
    if max(shares, default=0) > 0.5:
        yield f"a layer drops {max(shares):.0%}"


def optimizer_holds_every_weight(pipeline):
    """Whatever the loss depends on and wants a gradient is held by the optimiser."""
    network = pipeline.build()
    needed = leaves(network(pixels(pipeline.train[:8])).sum())
    held = held_by(pipeline.make_optimizer(network))
    missing = sum(id(weights) not in held for weights in needed)
    if missing or not needed:
        yield f"the optimiser lacks {missing} of {len(needed)} tensors that the loss depends on"


def batch_is_learnt_by_heart(pipeline):
    """Sixteen faces can be learnt: the loss comes near the least that its criterion allows."""
    plain = replace(pipeline, augment=unchanged)
    images, labels = next(iter(plain.train_stream(plain, generator())))
    batch = images[:16], labels[:16]
    least = least_loss(pipeline.criterion, batch[1])
    network = pipeline.build()
    optimizer = pipeline.make_optimizer(network)
    for _ in range(STEPS):
        loss = pipeline.train_epoch(network, [batch], optimizer, pipeline.criterion)["train_loss"]
        if loss < least + 0.25:
            return
    yield f"sixteen faces are not learnt by heart: the loss is {loss:.2f}, and {least:.2f} can be reached"


def least_loss(criterion, labels):
    """The least loss that a criterion allows: smoothed labels forbid 0."""
    sure = F.one_hot(labels, 7).float()
    return min(float(criterion(scale * sure, labels)) for scale in range(1, 40))


def leaves(loss):
    """Every tensor that `loss` depends on and that wants a gradient: the ends of autograd's graph."""
    found, waiting, seen = [], [loss.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        waiting += [before for before, _ in node.next_functions]
    return found


def held_by(optimizer):
    """The ids of all weights of an optimiser."""
    return {id(weights) for group in optimizer.param_groups for weights in group["params"]}
