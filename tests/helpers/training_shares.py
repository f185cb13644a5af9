"""Trainings over several processes for the tests of lesson 12: importable, as each process imports what it runs."""

import warnings

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

import fercourse as fc
from fercourse.learn.distributed import Shares, average_gradients, same_weights, together


def network(norm=False):
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 4, 3, 2), *([nn.BatchNorm2d(4)] if norm else []), nn.ReLU(), nn.AdaptiveAvgPool2d(4)]
    return nn.Sequential(fc.Standardise(0.5, 0.25), *layers, nn.Flatten(), nn.Linear(64, 7))


def trained(rank, world, faces, how="hand", *, norm=False, epochs=2, batch_size=64, device="cpu"):
    """(weights as lists, row of the last epoch, how far the processes are apart, faces left out)."""
    model = network(norm).to(device)
    forward = DistributedDataParallel(model) if how == "ddp" and world > 1 else model
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    if how == "hand":
        optimizer.register_step_pre_hook(lambda *_: average_gradients(model))
    order, augment = torch.Generator().manual_seed(0), fc.Augment(flip=0.5, shift=0.06)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(epochs):
            stream = fc.batches(faces.train, batch_size, shuffle=True, generator=order, device=device)
            share = Shares(stream, rank, world, even=True, augment=augment, generator=order)
            row = together(fc.train_epoch(forward, share, optimizer), share.seen)
    judged = Shares(fc.batches(faces.valid, 32, device=device), rank, world, even=False)
    row |= together(fc.evaluate(model, judged), judged.seen)
    weights = {name: values.tolist() for name, values in model.state_dict().items()}
    return weights, row, same_weights(model), share.left_out


def counted(rank, world, split):
    """(row of all processes, faces that each had)."""
    share = Shares(fc.batches(split, 32), rank, world, even=False)
    return together(fc.evaluate(network(), share), share.seen), share.seen


def padded(rank, world, split):
    """Evaluation as torch's own sampler deals the faces out: (right answers, answers) of all processes."""
    images, labels = next(fc.batches(split, len(split)))
    data = TensorDataset(images, labels)
    sampler = DistributedSampler(data, world, rank, shuffle=False)
    model, sums = network().eval(), torch.zeros(2)
    for images, labels in DataLoader(data, 32, sampler=sampler):
        sums += torch.tensor([(model(images).argmax(1) == labels).sum(), len(labels)])
    dist.all_reduce(sums)
    return sums.tolist()


def stopped_early(rank, world, split):
    """Only rank 0 has a gradient for the last layer: None elsewhere counts as 0."""
    model = nn.Sequential(nn.Linear(2, 1), nn.Linear(1, 1))
    for weights in model[: 2 if rank == 0 else 1].parameters():
        weights.grad = torch.full_like(weights, 6.0)
    average_gradients(model)
    return [float(weights.grad.flatten()[0]) for weights in model.parameters()]
