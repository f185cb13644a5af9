"""The exercises of lesson 02, against torch's cross-entropy, a loop without an optimiser, and layers silenced here."""

import copy

import torch
from torch import nn

from fercourse.classroom.checks.compare import ask, expect, expect_secret
from fercourse.classroom.probes import answer_and_modes

FACES, BATCH, PRINTED = 28_709, 128, 3.30


def three_losses(two_classes, surely_happy, mean_loss):
    """02.1: two cross-entropies, and a mean that was divided by the wrong number; two decimals are enough."""
    undecided = nn.functional.cross_entropy(torch.zeros(4, 2), torch.tensor([0, 1, 1, 0])).item()
    expect_secret(two_classes, undecided, "two_classes", atol=0.006)
    answers = torch.tensor([[0.1 / 6] * 3 + [0.9] + [0.1 / 6] * 3], dtype=torch.float64).log().expand(4, 7)
    sure = nn.functional.cross_entropy(answers, torch.tensor([3, 0, 4, 6])).item()
    expect_secret(surely_happy, sure, "surely_happy", atol=0.006)
    batches = len(torch.arange(FACES).split(BATCH))
    expect_secret(mean_loss, PRINTED * BATCH / batches, "mean_loss", atol=0.006)


def train_epoch(answer):
    """02.2: loss and accuracy of an epoch of SGD, weighed by faces, and the mean length of the gradient."""
    torch.manual_seed(4)
    plain = nn.Sequential(nn.Flatten(), nn.Linear(9, 5), nn.ReLU(), nn.Linear(5, 7))
    wide = nn.Sequential(nn.Flatten(), nn.Linear(9, 8), nn.Tanh(), nn.Linear(8, 7))
    normed = nn.Sequential(nn.Flatten(), nn.Linear(9, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 7)).eval()
    cases = [
        ("one batch of 12", plain, _batches(12), 0.3),
        ("batches of 5, 5 and 2", plain, _batches(5, 5, 2), 0.5),
        ("batches of 2, 9, 4 and 4", wide, _batches(2, 9, 4, 4), 0.8),
        ("a model with batch norm that comes from an evaluation", normed, _batches(6, 4, 3), 0.4),
    ]
    for which, model, batches, rate in cases:
        came = answer(copy.deepcopy(model), batches, rate)
        expect(came, _by_hand(copy.deepcopy(model), batches, rate), f"train_epoch, {which}", atol=1e-4)


def first_silent_layer(answer):
    """02.4: the first layer after which all faces give the same, found in evaluation mode, which is undone."""
    torch.manual_seed(12)
    faces = torch.rand(6, 9)
    same_face = faces[:1].repeat(6, 1)
    cases = [
        ("a ReLU that is never positive", _network(dead=True), faces, 2),
        ("a healthy network", _network(), faces, None),
        ("a dead ReLU that was left in evaluation", _network(dead=True).eval(), faces, 2),
        ("a healthy network with much dropout", _network(dropout=1.0), faces, None),
        ("six times the same face, and dropout", _network(dropout=0.5), same_face, 0),
        ("a layer that says something else for each unit and the same for each face", _constant(), faces, 2),
        ("differences of a ten-millionth", _faint(), faces, 0),
        ("a unit that answers to the last face alone", _one_face(faces), faces, None),
        ("a unit that answers to the first face alone", _one_face(faces), faces.flip(0), None),
        ("one dead unit among six", _one_dead_unit(), faces, None),
        ("a dead ReLU behind batch norm", _normed(), faces, 3),
    ]
    for which, model, images, expected in cases:
        modes = [layer.training for layer in model.modules()]
        silent, modes_after = ask(answer_and_modes, answer, copy.deepcopy(model), images.clone())
        expect(silent, expected, f"first_silent_layer, {which}")
        expect(_mode(modes_after), _mode(modes), f"the mode of the model afterwards, {which}")


CHECKS = {
    "02.1": three_losses,
    "02.2": train_epoch,
    "02.4": first_silent_layer,
}


def _batches(*sizes):
    chance = torch.Generator().manual_seed(sum(sizes))
    images = torch.randn(sum(sizes), 1, 3, 3, generator=chance)
    labels = torch.randint(0, 7, (sum(sizes),), generator=chance)
    return list(zip(images.split(sizes), labels.split(sizes), strict=True))


def _by_hand(model, batches, rate):
    """The epoch without an optimiser: each tensor moves against its own slope."""
    model.train()
    losses, hits, norms = [], [], []
    for images, labels in batches:
        logits = model(images)
        each = nn.functional.cross_entropy(logits, labels, reduction="none")
        slopes = torch.autograd.grad(each.mean(), list(model.parameters()))
        with torch.no_grad():
            for weights, slope in zip(model.parameters(), slopes, strict=True):
                weights -= rate * slope
        losses += each.tolist()
        hits += (logits.argmax(1) == labels).tolist()
        norms.append(sum((slope**2).sum().item() for slope in slopes) ** 0.5)
    means = [sum(numbers) / len(numbers) for numbers in (losses, hits, norms)]
    return dict(zip(("train_loss", "train_accuracy", "gradient_norm"), means, strict=True))


def _network(*, dropout=0.0, dead=False):
    """Five layers, in training mode; dead: the ReLU is never positive."""
    layers = [nn.Dropout(dropout), nn.Linear(9, 6), nn.ReLU(), nn.Dropout(dropout / 2), nn.Linear(6, 3)]
    _make_positive(layers[1], -1 if dead else 1)
    return nn.Sequential(*layers)


def _make_positive(linear, sign):
    """Weights and biases of one sign: for positive inputs the sums have it, too."""
    with torch.no_grad():
        linear.weight.abs_().mul_(sign)
        linear.bias.abs_().mul_(sign)


def _constant():
    layers = nn.Sequential(nn.Linear(9, 6), nn.Tanh(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 7))
    nn.init.zeros_(layers[2].weight)
    nn.init.uniform_(layers[2].bias, 0.2, 0.9)
    return layers


def _faint():
    layers = nn.Sequential(nn.Linear(9, 6, bias=False), nn.ReLU(), nn.Linear(6, 7))
    nn.init.constant_(layers[0].weight, 2e-8)
    return layers


def _one_face(faces):
    """A ReLU that only the brightest face passes, which is the last one."""
    layers = nn.Sequential(nn.Linear(9, 2), nn.ReLU(), nn.Linear(2, 7))
    nn.init.ones_(layers[0].weight)
    nn.init.constant_(layers[0].bias, -faces.sum(1).topk(2).values.mean().item())
    return layers


def _one_dead_unit():
    layers = _network()
    nn.init.constant_(layers[1].bias[0:1], -50.0)
    return layers


def _normed():
    layers = nn.Sequential(nn.Linear(9, 6), nn.BatchNorm1d(6), nn.Dropout(0.3), nn.ReLU(), nn.Linear(6, 7))
    nn.init.constant_(layers[1].bias, -80.0)
    return layers


def _mode(flags):
    return "training" if all(flags) else "a mixture" if any(flags) else "evaluation"
