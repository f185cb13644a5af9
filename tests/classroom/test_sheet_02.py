"""Sheet 02: a usual slip is named, whoever else is wrong is told how far, and the right answers still pass."""

import math

import pytest
import torch
from torch import nn

from fercourse.classroom.checks.lesson_02 import first_silent_layer, three_losses, train_epoch
from fercourse.errors import CheckFailed


def epoch(*, forgets=True, steps=True, over_batches=False, adds_parts=False):
    """A student's `train_epoch`, with slips."""

    def answer(model, batches, rate):
        model.train()
        sgd, losses, hits, lengths = torch.optim.SGD(model.parameters(), lr=rate), [], [], []
        for images, labels in batches:
            logits = model(images)
            each = nn.functional.cross_entropy(logits, labels, reduction="none")
            if forgets:
                sgd.zero_grad()
            each.mean().backward()
            parts = torch.stack([weights.grad.norm() for weights in model.parameters()])
            lengths.append((parts.sum() if adds_parts else parts.norm()).item())
            if steps:
                sgd.step()
            losses.append(each.detach())
            hits.append((logits.argmax(1) == labels).float())
        loss = torch.stack([loss.mean() for loss in losses]).mean() if over_batches else torch.cat(losses).mean()
        accuracy, length = torch.cat(hits).mean().item(), sum(lengths) / len(lengths)
        return {"train_loss": loss.item(), "train_accuracy": accuracy, "gradient_norm": length}

    return answer


def test_an_epoch_without_a_slip_passes():
    train_epoch(epoch())


@pytest.mark.parametrize(
    ("slip", "named"),
    [
        ({"forgets": False}, "the slopes of earlier batches are still in .grad"),
        ({"steps": False}, "that is the loss of a model that never moves"),
        ({"over_batches": True}, "that is a mean over batches: a short one counts as much as a long one"),
        ({"adds_parts": True}, "one root, of all squares together"),
    ],
    ids=str,
)
def test_the_usual_slips_in_an_epoch_are_named(slip, named):
    with pytest.raises(CheckFailed, match=named):
        train_epoch(epoch(**slip))


RIGHT = {"two_classes": math.log(2), "surely_happy": 3.0997, "mean_loss": 3.3 * 128 / 225}


def test_three_right_losses_pass():
    three_losses(**RIGHT)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"two_classes": math.log(7)}, "that is ln 7"),
        ({"surely_happy": -math.log(0.9)}, "three faces of four are not happy"),
        ({"mean_loss": 3.3}, "that is what was printed"),
        ({"mean_loss": 3.3 * 128 / 224}, "the short batch is a batch as well"),
        ({"two_classes": 0.8}, "came 0.8, which is too large"),
    ],
    ids=str,
)
def test_a_wrong_loss_is_named_by_its_slip_and_never_answered(wrong, named):
    with pytest.raises(CheckFailed, match=named) as caught:
        three_losses(**RIGHT | wrong)
    [name] = wrong
    assert f"{RIGHT[name]:.2f}" not in str(caught.value)


def test_who_looks_for_zeros_is_told_that_the_same_need_not_be_zero():
    def looks_for_zeros(model, images):
        mode = model.training
        model.eval()
        for place, layer in enumerate(model):
            images = layer(images).detach()
            if (images == 0).all():
                model.train(mode)
                return place
        model.train(mode)
        return None

    with pytest.raises(CheckFailed, match="all faces give the same and this is not zero"):
        first_silent_layer(looks_for_zeros)
