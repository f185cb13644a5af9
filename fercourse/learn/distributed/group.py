"""What processes that train one network say to each other: gradients, rows, and whether their weights are the same."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import nn


@contextmanager
def processes() -> Iterator[tuple[int, int]]:
    """Yield (rank, world): which of how many processes this one is; (0, 1) where torchrun did not start it.

    The processes talk by nccl where every one has a GPU, which then is the current one, else by gloo. When the block
    ends well, they part. After an error they do not wait for each other: torchrun ends the rest.
    Built by hand in lesson 12.
    """
    if "RANK" not in os.environ:
        yield 0, 1
        return
    on_gpus = torch.cuda.is_available() and torch.cuda.device_count() >= int(os.environ["LOCAL_WORLD_SIZE"])
    if on_gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if on_gpus else "gloo")
    yield dist.get_rank(), dist.get_world_size()
    # gloo's threads let go of our tensors a moment after they have sent them. Where Python ends before that, they abort
    # the process, when all is done (pytorch/pytorch#179291). What a barrier sends is no tensor of ours.
    dist.barrier()
    if not on_gpus:
        time.sleep(0.2)
    dist.destroy_process_group()


def average_gradients(model: nn.Module) -> None:
    """Replace each gradient by its mean over all processes; to be called between `backward` and `step`.

    `optimizer.register_step_pre_hook(lambda *_: average_gradients(model))` calls it there in any loop. The mean is the
    gradient of the whole batch where all parts of a batch are equally large, as `Shares(…, even=True)` deals them.
    A weight without a gradient counts as one whose gradient is 0. Built by hand in lesson 12.
    """
    if not dist.is_initialized():
        return
    for weights in model.parameters():
        if weights.requires_grad:
            weights.grad = torch.zeros_like(weights) if weights.grad is None else weights.grad
            dist.all_reduce(weights.grad)
            weights.grad /= dist.get_world_size()


def together(row: dict[str, float], seen: int) -> dict[str, float]:
    """The row of all processes, from the row of each: means over faces, each process counted by the faces it saw.

    row: as `train_epoch` and `evaluate` give it. seen: from how many faces, such as `Shares.seen` after the epoch.
    Every process gets the same row; so every one has to call this. Lesson 12 adds up counts
    in the same way, in `judged`.
    """
    if not dist.is_initialized():
        return dict(row)
    names = sorted(row)
    sums = torch.tensor([*(row[name] * seen for name in names), seen], dtype=torch.float64, device=_device())
    dist.all_reduce(sums)
    *totals, count = sums.tolist()
    means = {name: total / count for name, total in zip(names, totals, strict=True)}
    return {name: means[name] for name in row}


def same_weights(model: nn.Module) -> float:
    """How far the weights and averages of the processes are apart: the largest difference, 0.0 where all are equal.

    Every process has to call this. Buffers count as well: batch norm's averages are where processes part first.
    """
    if not dist.is_initialized():
        return 0.0
    apart = 0.0
    for values in model.state_dict().values():
        lowest, highest = values.detach().clone().double(), values.detach().clone().double()
        dist.all_reduce(lowest, dist.ReduceOp.MIN)
        dist.all_reduce(highest, dist.ReduceOp.MAX)
        apart = max(apart, float((highest - lowest).max()))
    return apart


def _device():
    """Where the backend's numbers have to be: nccl knows GPUs alone."""
    return torch.device("cuda", torch.cuda.current_device()) if dist.get_backend() == "nccl" else torch.device("cpu")
