"""Answers to the exercises of lesson 02: right ones that differ from the solution, and plausible wrong ones."""

RIGHT = {
    "02.1": [
        """
import math

two_classes = math.log(2)
surely_happy = -(math.log(0.9) + 3 * math.log(0.1 / 6)) / 4
mean_loss = 3.30 * 128 / math.ceil(28709 / 128)
""",
        "two_classes, surely_happy, mean_loss = torch.tensor(2.0).log(), 3.1, 1.877",
        "two_classes, surely_happy, mean_loss = torch.tensor([0.69]), torch.tensor([[3.1]]), torch.tensor(1.88)",
        """
from fractions import Fraction

two_classes, surely_happy, mean_loss = Fraction(69, 100), Fraction(31, 10), Fraction("3.3") * 128 / 225
""",
        """
import numpy as np
from decimal import Decimal

two_classes, surely_happy, mean_loss = Decimal(2).ln(), np.longdouble(3.0997), np.float16(1.877)
""",
    ],
    "02.2": [
        """
def train_epoch(model, batches, rate):
    model.train()
    sgd = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.0)
    faces = sum(len(labels) for _, labels in batches)
    loss_sum = hits = length = 0
    for images, labels in batches:
        sgd.zero_grad()
        logits = model(images)
        loss = torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
        (loss / len(labels)).backward()
        length += torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf"))
        sgd.step()
        loss_sum += loss.detach()
        hits += (logits.argmax(dim=-1) == labels).sum()
    return {"gradient_norm": length / len(batches), "train_loss": loss_sum / faces, "train_accuracy": hits / faces}
""",
        """
import numpy as np

def train_epoch(model, batches, rate):
    optimizer = torch.optim.SGD([weights for weights in model.parameters() if weights.requires_grad], lr=rate)
    model.train()
    losses, hits, norms = [], [], []
    for images, labels in batches:
        logits = model(images)
        log_probabilities = nn.functional.log_softmax(logits, dim=1)
        each = -log_probabilities[torch.arange(len(labels)), labels]
        each.mean().backward()
        squares = [(group.grad.numpy() ** 2).sum() for group in model.parameters() if group.requires_grad]
        norms.append(np.sqrt(sum(squares)))
        optimizer.step()
        optimizer.zero_grad()
        losses.extend(each.tolist())
        hits.extend((logits.argmax(1) == labels).tolist())
    return {"train_loss": np.mean(losses), "train_accuracy": np.mean(hits), "gradient_norm": np.mean(norms)}
""",
        """
from collections import defaultdict

def train_epoch(model, batches, rate):
    optimizer, sums, seen = torch.optim.SGD(model.parameters(), lr=rate), defaultdict(float), 0
    model.train()
    for images, labels in batches:
        optimizer.zero_grad()
        logits = model(images)
        loss = nn.functional.cross_entropy(logits, labels)
        loss.backward()
        sums["gradient_norm"] += nn.utils.get_total_norm(
            [w.grad for w in model.parameters() if w.grad is not None]).item() / len(batches)
        optimizer.step()
        sums["train_loss"] += loss.item() * len(labels)
        sums["train_accuracy"] += (logits.argmax(1) == labels).sum().item()
        seen += len(labels)
    for name in ("train_loss", "train_accuracy"):
        sums[name] /= seen
    return sums
""",
        """
from collections import OrderedDict
from fractions import Fraction

def train_epoch(model, batches, rate):
    model.train()
    losses, hits, norms = [], [], []
    for images, labels in batches:
        logits = model(images)
        each = nn.functional.cross_entropy(logits, labels, reduction="none")
        weights = [w for w in model.parameters() if w.requires_grad]
        slopes = torch.autograd.grad(each.mean(), weights)
        with torch.no_grad():
            for w, slope in zip(weights, slopes):
                w -= rate * slope
        losses.append(each.detach())
        hits += (logits.argmax(1) == labels).tolist()
        norms.append(torch.stack([slope.square().sum() for slope in slopes]).sum().sqrt())
    answers = OrderedDict(train_loss=torch.cat(losses).mean(), train_accuracy=Fraction(sum(hits), len(hits)))
    answers["gradient_norm"] = torch.stack(norms).mean()[None]
    return answers
""",
        """
import pandas as pd

def train_epoch(model, batches, rate):
    model.train()
    optimizer, lengths = torch.optim.SGD(model.parameters(), rate), []
    for w in model.parameters():
        if w.requires_grad:
            w.register_post_accumulate_grad_hook(lambda w: lengths[-1].append(w.grad.norm()))
    rows = []
    for images, labels in batches:
        optimizer.zero_grad()
        lengths.append([])
        logits = model(images)
        loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
        (loss / len(labels)).backward()
        optimizer.step()
        hits = (logits.argmax(1) == labels).sum().item()
        rows.append({"train_loss": loss.item(), "train_accuracy": hits, "n": len(labels)})
    sums = pd.DataFrame(rows).sum()
    means = sums[["train_loss", "train_accuracy"]] / sums["n"]
    means["gradient_norm"] = sum(torch.stack(step).norm().item() for step in lengths) / len(lengths)
    return means
""",
    ],
    "02.4": [
        """
@torch.inference_mode()
def first_silent_layer(model, images):
    training = model.training
    model.eval()
    try:
        for place in range(len(model)):
            images = model[place](images)
            if (images - images[:1]).abs().max().item() <= 1e-6:
                return place
    finally:
        model.train(training)
""",
        """
def first_silent_layer(model, images):
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    spreads = []
    for layer in model:
        images = layer(images).detach()
        values = images.flatten(1).numpy()
        spreads.append((values.max(axis=0) - values.min(axis=0)).max())
    for layer, mode in modes:
        layer.training = mode
    quiet = [place for place, spread in enumerate(spreads) if spread < 1e-6]
    return quiet[0] if quiet else None
""",
        """
import copy
import numpy as np

def first_silent_layer(model, images):
    outputs = []
    probe = copy.deepcopy(model).eval().requires_grad_(False)
    for layer in probe:
        layer.register_forward_hook(lambda layer, given, made: outputs.append(made.flatten(1).clone()))
    probe(images)
    silent = np.flatnonzero([(made.max(0).values - made.min(0).values).max() <= 1e-6 for made in outputs])
    return silent[0] if silent.size else None
""",
        """
from itertools import accumulate

def first_silent_layer(model, images):
    training = model.training
    model.train(False)
    with torch.inference_mode():
        seen = list(accumulate(model, lambda x, layer: layer(x), initial=images))[1:]
    model.train(training)
    quiet = torch.stack([(x - x.roll(1, 0)).abs().max() <= 1e-6 for x in seen])
    return quiet.int().argmax() if quiet.any() else None
""",
        """
from enum import IntEnum

def first_silent_layer(model, images):
    Place = IntEnum("Place", [f"layer_{n}" for n in range(len(model))], start=0)
    was, found = model.training, None
    for place in Place:
        with torch.no_grad():
            images = model[place].eval()(images)
        if found is None and torch.isclose(images, images[:1], rtol=0, atol=1e-6).all():
            found = place
    model.train(was)
    return found
""",
    ],
}

EPOCH = """
def train_epoch(model, batches, rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    model.train()
    loss_sum, hits, seen, norms = 0.0, 0, 0, []
    for images, labels in batches:
        logits = model(images)
        loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        gradients = [weights.grad.flatten() for weights in model.parameters() if weights.grad is not None]
        norms.append(torch.cat(gradients).norm().item())
        optimizer.step()
        loss_sum += loss.item() * len(labels)
        hits += (logits.argmax(1) == labels).sum().item()
        seen += len(labels)
    means = {"train_loss": loss_sum / seen, "train_accuracy": hits / seen}
    return means | {"gradient_norm": sum(norms) / len(norms)}
"""

SILENT = """
def first_silent_layer(model, images):
    found, was_training = None, model.training
    model.eval()
    with torch.no_grad():
        for place, layer in enumerate(model):
            images = layer(images)
            spread = images.amax(0) - images.amin(0)
            if spread.max() <= 1e-6:
                found = place
                break
    model.train(was_training)
    return found
"""


def _with(source, *changes):
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


WRONG = {
    "02.1": {
        "one over two": "two_classes, surely_happy, mean_loss = 0.5, 3.1, 1.88",
        "logarithm to base 2": "two_classes, surely_happy, mean_loss = 1.0, 4.47, 1.88",
        "ln 7 for two classes": "two_classes, surely_happy, mean_loss = 1.95, 3.1, 1.88",
        "only the happy faces": "two_classes, surely_happy, mean_loss = 0.69, 0.105, 1.88",
        "forgets the happy faces": "two_classes, surely_happy, mean_loss = 0.69, 4.09, 1.88",
        "ten percent for each of the others": "two_classes, surely_happy, mean_loss = 0.69, 1.75, 1.88",
        "happy and the rest, evenly": "two_classes, surely_happy, mean_loss = 0.69, 2.1, 1.88",
        "divides by seven, not six": "two_classes, surely_happy, mean_loss = 0.69, 3.21, 1.88",
        "believes what is printed": "two_classes, surely_happy, mean_loss = 0.69, 3.1, 3.3",
        "forgets the short batch": "two_classes, surely_happy, mean_loss = 0.69, 3.1, 3.3 * 128 / 224",
        "the wrong way round": "two_classes, surely_happy, mean_loss = 0.69, 3.1, 3.3 * 225 / 128",
        "divides by the faces": "two_classes, surely_happy, mean_loss = 0.69, 3.1, 3.3 * 128 / 28709",
        "negative": "two_classes, surely_happy, mean_loss = -0.69, -3.1, 1.88",
    },
    "02.2": {
        "a mean of batch means": _with(
            EPOCH, ("loss.item() * len(labels)", "loss.item()"), ("loss_sum / seen", "loss_sum / len(batches)")
        ),
        "divides by the size of a batch": _with(
            EPOCH, ("loss.item() * len(labels)", "loss.item()"), ("loss_sum / seen", "loss_sum / len(labels)")
        ),
        "every batch as long as the first": _with(
            EPOCH,
            ("loss.item() * len(labels)", "loss.item() * len(batches[0][1])"),
            ("loss_sum / seen", "loss_sum / (len(batches) * len(batches[0][1]))"),
        ),
        "accuracy as a mean of batch means": _with(
            EPOCH,
            (
                "hits += (logits.argmax(1) == labels).sum().item()",
                "hits += (logits.argmax(1) == labels).float().mean().item()",
            ),
            ("hits / seen", "hits / len(batches)"),
        ),
        "counts hits instead of a share": _with(EPOCH, ("hits / seen", "hits")),
        "accuracy in percent": _with(EPOCH, ("hits / seen", "100 * hits / seen")),
        "never forgets old gradients": _with(EPOCH, ("        optimizer.zero_grad()\n", "")),
        "never steps": _with(EPOCH, ("        optimizer.step()\n", "")),
        "forgets backward, and gives no norm": _with(
            EPOCH,
            ("        loss.backward()\n", ""),
            ("torch.cat(gradients).norm().item()", "0.0"),
        ),
        "forgets the mode": _with(EPOCH, ("    model.train()\n", "")),
        "trains in evaluation mode": _with(EPOCH, ("model.train()", "model.eval()")),
        "measures after the step": _with(
            EPOCH,
            ("        optimizer.step()\n", "        optimizer.step()\n        logits = model(images)\n"),
        ),
        "Adam instead of SGD": _with(EPOCH, ("optim.SGD", "optim.Adam")),
        "with momentum": _with(EPOCH, ("lr=rate)", "lr=rate, momentum=0.9)")),
        "a rate of its own": _with(EPOCH, ("lr=rate)", "lr=0.1)")),
        "adds the lengths of the parts": _with(
            EPOCH, ("torch.cat(gradients).norm().item()", "sum(g.norm().item() for g in gradients)")
        ),
        "the mean length of the parts": _with(
            EPOCH, ("torch.cat(gradients).norm().item()", "sum(g.norm().item() for g in gradients) / len(gradients)")
        ),
        "the squared length": _with(EPOCH, (".norm().item()", ".square().sum().item()")),
        "the mean size of a slope": _with(EPOCH, (".norm().item()", ".abs().mean().item()")),
        "the length of the weights": _with(EPOCH, ("weights.grad.flatten()", "weights.detach().flatten()")),
        "weights without biases": _with(
            EPOCH, ("if weights.grad is not None", "if weights.grad is not None and weights.ndim > 1")
        ),
        "before backward, so that it is the last step's": _with(
            EPOCH,
            ("        optimizer.zero_grad()\n        loss.backward()\n", ""),
            (
                "        optimizer.step()\n",
                "        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n",
            ),
            ("torch.cat(gradients).norm().item()", "torch.cat(gradients).norm().item() if gradients else 0.0"),
        ),
        "the sum of the lengths": _with(EPOCH, ("sum(norms) / len(norms)", "sum(norms)")),
        "the last length": _with(EPOCH, ("sum(norms) / len(norms)", "norms[-1]")),
        "the length for each face": _with(EPOCH, ("sum(norms) / len(norms)", "sum(norms) / seen")),
        "every length": _with(EPOCH, ('"gradient_norm": sum(norms) / len(norms)', '"gradient_norm": norms')),
        "forgets the norm": _with(EPOCH, (' | {"gradient_norm": sum(norms) / len(norms)}', "")),
        "a tuple": _with(
            EPOCH,
            (
                'return means | {"gradient_norm": sum(norms) / len(norms)}',
                "return loss_sum / seen, hits / seen, sum(norms) / len(norms)",
            ),
        ),
        "stumbles over a frozen layer": _with(EPOCH, (" if weights.grad is not None", "")),
        "softmax before the loss": _with(EPOCH, ("logits = model(images)", "logits = model(images).softmax(1)")),
        "prints": _with(EPOCH, ("return means |", "print(means) or print(")).replace("len(norms)}", "len(norms)})"),
    },
    "02.4": {
        "asks in the mode it finds": _with(SILENT, ("    model.eval()\n", ""), ("    model.train(was_training)\n", "")),
        "leaves evaluation on": _with(SILENT, ("    model.train(was_training)\n", "")),
        "leaves training on": _with(SILENT, ("model.train(was_training)", "model.train()")),
        "returns before it restores": _with(SILENT, ("found = place\n                break", "return place")),
        "looks for zeros": _with(SILENT, ("spread.max() <= 1e-6", "(images == 0).all()")),
        "spread over faces and units together": _with(
            SILENT, ("images.amax(0) - images.amin(0)", "images.max() - images.min()")
        ),
        "spread over the units of a face": _with(
            SILENT, ("images.amax(0) - images.amin(0)", "images.flatten(1).amax(1) - images.flatten(1).amin(1)")
        ),
        "one silent unit is enough": _with(SILENT, ("spread.max()", "spread.min()")),
        "compares the first two faces": _with(
            SILENT, ("images.amax(0) - images.amin(0)", "(images[0] - images[1]).abs()")
        ),
        "forgets the sign": _with(SILENT, ("images.amax(0) - images.amin(0)", "images - images[0]")),
        "exactly the same only": _with(SILENT, ("<= 1e-6", "== 0")),
        "not quite the same is enough": _with(SILENT, ("<= 1e-6", "<= 1e-2")),
        "relative spread": _with(SILENT, ("spread.max()", "(images.std(0) / (images.mean(0).abs() + 1e-9)).max()")),
        "the mean over the batch": _with(SILENT, ("images.amax(0) - images.amin(0)", "images.mean(0).abs()")),
        "looks at ReLU alone": _with(SILENT, ("if spread", "if isinstance(layer, nn.ReLU) and spread")),
        "the last silent layer": _with(SILENT, ("                break\n", "")),
        "counts from one": _with(SILENT, ("enumerate(model)", "enumerate(model, start=1)")),
        "skips the first layer": _with(SILENT, ("spread.max() <= 1e-6", "place and spread.max() <= 1e-6")),
        "the layer, not its place": _with(SILENT, ("found = place", "found = str(layer)")),
        "minus one for none": _with(SILENT, ("found, was_training = None,", "found, was_training = -1,")),
        "the number of layers for none": _with(
            SILENT, ("return found", "return len(model) if found is None else found")
        ),
        "prints": _with(SILENT, ("return found", "print(found)")),
    },
}
