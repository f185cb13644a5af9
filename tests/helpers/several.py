"""A function in several real processes that talk by gloo, as torchrun would start them, without its seconds."""

import os
from multiprocessing import get_context
from queue import Empty

import torch.distributed as dist

WARM = ["fercourse.learn.fitting", "torch._dynamo", "torch.nn.parallel", "torch.utils.data"]
"""What the process that is forked loads beforehand; an optimiser's first step imports dynamo."""


def in_processes(function, world, *arguments, seconds=90, **options):
    """[function(rank, world, *arguments, **options) of each process]; an AssertionError where one dies or hangs."""
    context = get_context("forkserver")
    context.set_forkserver_preload(WARM)
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    answers = context.Queue()
    started = [
        context.Process(target=_live, args=(function, rank, world, store.port, answers, arguments, options))
        for rank in range(world)
    ]
    for process in started:
        process.start()
    try:
        found = dict(answers.get(timeout=seconds) for _ in started)
    except Empty:
        raise AssertionError(f"exit codes {[process.exitcode for process in started]}") from None
    finally:
        for process in started:
            process.join(5)
            process.kill()
    return [found[rank] for rank in range(world)]


def _live(function, rank, world, port, answers, arguments, options):
    import torch

    from fercourse.learn.distributed import processes

    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ |= {"WORLD_SIZE": str(world), "LOCAL_WORLD_SIZE": str(world), "TORCHELASTIC_USE_AGENT_STORE": "True"}
    with processes() as (here, everybody):
        answers.put((rank, function(here, everybody, *arguments, **options)))
