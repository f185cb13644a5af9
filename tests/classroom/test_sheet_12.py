"""Sheet 12: the answers of 12.1 in two trainings that average their gradients; the case of 12.3; the kills of 12.5."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from answers.lesson_12 import KEEP, SWEEP, slipped
from sheet_runs import sheet
from torch import nn
from torch.utils.data import DistributedSampler

from fercourse.classroom.checks import lesson_12
from fercourse.classroom.later_probes import resumed_sweeps, sweeps_after_kills
from fercourse.errors import CheckFailed
from fercourse.learn.distributed import ring_seconds

IMAGES = torch.rand(256, 1, 6, 6, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(256) % 7


def network(seed=0, norm=False):
    torch.manual_seed(seed)
    layers = [nn.Conv2d(1, 4, 3), *([nn.BatchNorm2d(4)] if norm else []), nn.ReLU(), nn.Flatten(), nn.Linear(64, 7)]
    return nn.Sequential(*layers)


def order(seed):
    return torch.randperm(256, generator=torch.Generator().manual_seed(seed)).split(64)


def gradients(model, places):
    model.zero_grad()
    F.cross_entropy(model(IMAGES[places]), LABELS[places]).backward()
    return [weights.grad for weights in model.parameters()]


def trained(models, shares):
    """An epoch of networks that average their gradients; shares: for each step the places of each."""
    for step in shares:
        found = [gradients(model, places) for model, places in zip(models, step, strict=True)]
        means = [sum(parts) / len(parts) for parts in zip(*found, strict=True)]
        with torch.no_grad():
            for model in models:
                for weights, mean in zip(model.parameters(), means, strict=True):
                    weights -= 0.5 * mean
    return models[0]


def two(case):
    """The two networks and the shares of each training of the question but D, which is torch's own business."""
    models = [network(norm=case == "C"), network(seed=case == "E", norm=case == "C")]
    if case == "F":
        return models, [(mine[:32], theirs[:32]) for mine, theirs in zip(order(0), order(1), strict=True)]
    cut = 40 if case == "B" else 32
    return models, [(batch[:cut], batch[cut:]) for batch in order(0)]


@pytest.mark.parametrize("case", "ABCEF")
def test_the_trainings_that_are_that_of_one_are_those_of_the_answer(case):
    one = trained([network(norm=case == "C")], [(batch,) for batch in order(0)])
    other = trained(*two(case))
    apart = max(float((a - b).detach().abs().max()) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert (apart < 1e-5) == (case in lesson_12.EQUAL), apart


def test_a_ring_of_four_sends_what_the_answer_says():
    assert ring_seconds(4, 24, bandwidth=1, latency=0) == lesson_12.MEGABYTES
    assert ring_seconds(4, 0, bandwidth=1, latency=1) == lesson_12.MESSAGES


@pytest.mark.parametrize(("faces", "world"), [(100, 64), (101, 64), (7, 2), (128, 64)])
def test_the_padding_of_the_exercise_is_that_of_torchs_sampler(faces, world):
    samplers = [DistributedSampler(range(faces), world, rank, shuffle=False) for rank in range(world)]
    dealt = sorted(np.concatenate([list(sampler) for sampler in samplers]).tolist())
    each = -(-faces // world)
    assert dealt == sorted(np.resize(np.arange(faces), each * world).tolist())


# 12.5

IMPORTS = "import json, os, tempfile\nfrom itertools import product\nfrom pathlib import Path\n"
IN_PLACE = slipped(KEEP, "            path.write_text(json.dumps(record))")
KILLED = """
import sys

class Stone(dict):  # json asks it for what it holds when it has begun to write
    def items(self):
        os._exit(9)

def run(seed):
    return Stone(a=1) if seed else 0.5

def dumped(record, path):
    aside = path.with_suffix(".tmp") if sys.argv[2] == "aside" else path
    with open(aside, "w", buffering=1) as file:
        json.dump(record, file, indent=0)
    os.replace(aside, path)

sweep(run, Path(sys.argv[1]), seed=[0, 1, 2])
"""
RATES = {"rate": [0.1, 0.01], "seed": [0]}
OUTCOMES = [({"rate": 0.1, "seed": 0}, 0.25), ({"rate": 0.01, "seed": 0}, 0.5)]


def defined(source, name="sweep"):
    names = {}
    exec(IMPORTS + source, names)
    return names[name]


@pytest.mark.parametrize("how", ["aside", "in place"])
def test_after_the_death_of_a_process_in_the_middle_of_writing_a_sweep_that_writes_aside_goes_on(how, tmp_path):
    dumping = slipped(KEEP, "            dumped(record, path)")
    command = [sys.executable, "-c", IMPORTS + dumping + KILLED, tmp_path, how]
    assert subprocess.run(command, timeout=60).returncode == 9
    begun = []
    resumed = [defined(SWEEP), lambda seed: begun.append(seed) or 0.5, tmp_path]
    if how == "in place":
        with pytest.raises(ValueError, match=r"Expecting|delimiter"):
            resumed[0](*resumed[1:], seed=[0, 1, 2])
        assert begun == []
        return
    assert resumed[0](*resumed[1:], seed=[0, 1, 2]) == [{"seed": seed, "result": 0.5} for seed in (0, 1, 2)]
    assert begun == [1, 2]


def test_a_kill_is_tried_at_each_moment_at_which_the_folder_of_a_sweep_is_another_one():
    *said, last = sweeps_after_kills(defined(SWEEP), RATES, OUTCOMES)
    first, second = (f"rate-{rate}_seed-0" for rate in (0.1, 0.01))
    records = [json_size(settings | {"result": outcome}) for settings, outcome in OUTCOMES]
    assert [each["held"] for each in said] == [
        {},
        {f"{first}.tmp": 0},
        {f"{first}.tmp": records[0]},
        {f"{first}.json": records[0]},
        {f"{first}.json": records[0], f"{second}.tmp": 0},
        {f"{first}.json": records[0], f"{second}.tmp": records[1]},
        {f"{first}.json": records[0], f"{second}.json": records[1]},
    ]
    assert last == said[-1]
    assert [len(each["begun"]) for each in said] == [2, 2, 2, 1, 1, 1, 0]
    assert all(each["came"] == [settings | {"result": outcome} for settings, outcome in OUTCOMES] for each in said)
    assert sys.getprofile() is None


def json_size(record):
    return len(str(record))


def test_a_record_that_is_written_in_its_place_is_found_half_written():
    said = sweeps_after_kills(defined(IN_PLACE), RATES, OUTCOMES)
    assert {"rate-0.1_seed-0.json": 0} in [each["held"] for each in said]
    assert {each["error"].split(":")[0] for each in said if each["error"]} == {"JSONDecodeError"}
    with pytest.raises(CheckFailed, match=r"with 0 of 40 bytes in 'rate-0\.1_seed-0\.json'"):
        lesson_12.expect_kills_survived(defined(IN_PLACE), RATES, "sweep")


def test_the_given_sweep_has_the_two_mistakes_that_the_exercise_names():
    (cell,) = [cell for cell in sheet("12_past_one_machine").cells if "def broken_sweep" in cell.source]
    broken, axes = defined(cell.source, "broken_sweep"), {"seed": [0, 1, 2]}
    numbers = [({"seed": seed}, seed / 8) for seed in range(3)]
    first, second = resumed_sweeps(broken, [axes, axes], numbers, 2)
    assert first["killed"]
    assert second["error"].startswith("JSONDecodeError")
    (failed,) = resumed_sweeps(broken, [axes], [({"seed": 1}, "no")], 9)
    assert (failed["error"], len(failed["begun"])) == ("ValueError: no", 2)
    (whole,) = resumed_sweeps(broken, [axes], numbers, 9)
    assert whole["came"] == [settings | {"result": outcome} for settings, outcome in numbers]


def test_the_stop_button_stops_a_check_of_a_sweep():
    def stopped(run, root, **axes):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lesson_12.resumed_sweep(stopped)
