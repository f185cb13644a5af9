"""torch's own training loop, which `fit` is compared with, and runs that are left and resumed."""

import random
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

import fercourse as fc

fit = partial(fc.fit, batch_size=50, device="cpu", progress=False)
STEPS = 5  # batches of 50 in 210 faces


def small_mlp(seed=0, dropout=0.0):
    torch.manual_seed(seed)
    return fc.mlp(0.5, 0.25, hidden=(32, 16), dropout=dropout)


def by_hand(model, faces, optimizer, *, epochs=3, augment=lambda images: images, each_batch=None, each_epoch=None):
    """torch's own loop, in the order of the faces that `fit` takes; returns the rate of the last step of each epoch."""
    order, rates = torch.Generator().manual_seed(0), []
    for _ in range(epochs):
        model.train()
        for images, labels in fc.batches(faces.train, 50, shuffle=True, generator=order):
            optimizer.zero_grad()
            F.cross_entropy(model(augment(images)), labels).backward()
            rate = optimizer.param_groups[0]["lr"]
            optimizer.step()
            if each_batch:
                each_batch()
        rates.append(rate)
        if each_epoch:
            each_epoch()
    return rates


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def resumed(faces, path, epochs=6, **settings):
    """(model and history of a whole run, those of a run that was left after two epochs and resumed)."""

    def run(epochs, **more):
        model = small_mlp(dropout=0.2)
        own = {name: value(model) if name == "optimizer" else value for name, value in settings.items()}
        return model, fit(model, faces, epochs=epochs, **own, **more)

    rows = 2
    whole = run(epochs)
    model = small_mlp(dropout=0.2)
    own = {name: value(model) if name == "optimizer" else value for name, value in settings.items()}
    for row in fc.iter_fit(model, faces, epochs=epochs, batch_size=50, device="cpu", checkpoint=path, **own):
        if row["epoch"] == rows:
            break
    torch.rand(7), random.random(), np.random.rand()  # what else is drawn between the two does not matter
    return whole, run(epochs, checkpoint=path, resume=True)
