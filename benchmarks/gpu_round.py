"""What a GPU does with the course, in eight minutes at most and without Jupyter: device tests, timings, the recipe.

`python benchmarks/gpu_round.py --data data/fer2013.csv --out runs/gpu_round` goes through four steps, each after the
other as long as there is time, and rewrites `gpu_round.json` in that folder after each:

machine    the GPU, its memory, versions
tests      tests/learn/test_on_the_device.py: what must be equal on the CPU and on the GPU
timings    training faces a second of four networks, in float32 and in bfloat16, and how much of the speed of a matrix
           product that is
trainings  "Fast network, GPU recipe" on the data, a seed after the other, each with the record that the course keeps,
           in the folder `full`; one that no time is left for is stopped, and goes on from its checkpoint the next time

It claims that the tests pass, and that the GPU recipe's mean over its seeds is 72 % of PrivateTest or more (n = 3,589
faces each); the last line says whether. Without a GPU that torch can use it ends with the exit code 2. `--rehearse`
goes through every step on the processor at a tiny size, with drawn faces; its figures mean nothing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import fercourse as fc
from fercourse.course.trainings.listed import chosen
from fercourse.course.trainings.train import train
from fercourse.files import written_aside
from fercourse.learn.precision import bfloat16_pays
from fercourse.report.origin import versions

TRAINING, GOAL = "Fast network, GPU recipe", 0.72
TESTS = Path(__file__).parents[1] / "tests" / "learn" / "test_on_the_device.py"
NETWORKS = {
    "A's CNN": lambda: fc.cnn(0.5, 0.25),
    "ResNet18": lambda: fc.resnet(18, 0.5, 0.25),
    "fast, CPU recipe": fc.fast,
    "fast, GPU recipe": lambda: fc.fast(**fc.GPU_NETWORK),
}
TINY = {"widths": (4, 8, 8, 8), "residual_steps": (0, 1, 1)}


class Round:
    """One run of this script: its options, what is left of its time, and its record."""

    def __init__(self, options):
        self.options, self.end = options, time.monotonic() + 60 * options.minutes
        self.device = torch.device("cpu" if options.rehearse else "cuda")
        self.record = {"benchmark": "gpu_round", "rehearsed": options.rehearse}

    @property
    def left(self):
        """Seconds, but for ten in which the record is written and the process ends."""
        return self.end - time.monotonic() - 10

    def keep(self, name, value):
        """Show one part of the record, and write the whole."""
        self.record[name] = value
        print(f"{name}: {json.dumps(value, indent=1)}", flush=True)
        with written_aside(self.options.out / "gpu_round.json") as aside:
            Path(aside).write_text(json.dumps(self.record, indent=1) + "\n", encoding="utf-8")


def machine(turn):
    found = {"versions": versions(), "cuda": torch.version.cuda, "bfloat16": bfloat16_pays(turn.device)}
    if turn.device.type == "cuda":
        about = torch.cuda.get_device_properties(turn.device)
        found |= {"device": about.name, "memory_gb": round(about.total_memory / 1e9, 1)}
    return found


def tests(turn):
    """Run the tests of the device in a process of their own; what pytest said, and its exit code."""
    settings = turn.options.out / "pytest.ini"
    settings.write_text("[pytest]\n", encoding="utf-8")  # the project's own asks for plug-ins that may not be there
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(settings), "--rootdir", str(TESTS.parents[2])]
    environment = os.environ | {"FERCOURSE_TESTS_DEVICE": turn.device.type}
    code, words = within(turn, [*command, "-p", "no:cacheprovider", str(TESTS)], environment, most=150)
    return {"passed": code == 0, "exit_code": code, "said": words[-2_000:]}


def within(turn, command, environment=None, *, most=1e9):
    """(exit code, what it printed) of a command; the code is None where it was stopped because its time was over."""
    try:
        done = subprocess.run(
            command, env=environment, timeout=max(1, min(most, turn.left)), text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired as stopped:
        return None, (stopped.stdout or b"").decode(errors="replace")
    return done.returncode, done.stdout


def timings(turn):
    """For each network and precision: training faces a second, and the share of the matrix product's speed."""
    tiny = turn.options.rehearse
    networks, faces, side = ({"tiny": lambda: fc.fast(**TINY)}, 40, 64) if tiny else (NETWORKS, 8_192, 4_096)
    found = {}
    for precision in ("float32", "bfloat16"):
        peak = fc.flops_per_second(turn.device, precision=precision, side=side, repeats=3)
        found[f"matrix product, {precision}"] = {"flops_per_second": peak}
        for name, build in networks.items():
            if turn.left < 60:
                return found
            speed = faces_a_second(build(), faces, turn.device, precision)
            share = 3 * fc.cost(build()).flops * speed / peak
            found[f"{name}, {precision}"] = {"faces_per_second": speed, "share_of_matrix_product": share}
    return found


def faces_a_second(model, faces, device, precision):
    """In the quickest of three epochs of noise, after one that pays for memory and for choosing algorithms."""
    drawn = np.random.default_rng(0)
    noise = drawn.integers(0, 256, (faces, 48, 48), np.uint8), drawn.integers(0, 7, faces)
    split = fc.Split(*noise, "train", "noise")
    settings = {"optimizer": "sgd", "lr": 1e-3, "batch_size": min(256, faces), "precision": precision}
    rows = fc.iter_fit(model, (split, split[:20]), epochs=4, device=device, **settings)
    return faces / min(row["seconds"] for row in list(rows)[1:])


def trainings(turn):
    """The accuracies of each seed whose training ended in time."""
    found = {}
    for seed in turn.options.seeds:
        if turn.left < 20:
            break
        command = [sys.executable, __file__, "--only-seed", str(seed), "--out", str(turn.options.out)]
        command += ["--data", turn.options.data] if turn.options.data else []
        code, words = within(turn, command + ["--rehearse"] * turn.options.rehearse)
        lines = [line for line in words.splitlines() if line.startswith("{")]
        found[seed] = json.loads(lines[-1]) if code == 0 else {"exit_code": code, "said": words[-2_000:]}
    return found


def one_training(options):
    """Train with one seed, and print its figures as JSON on the last line."""
    [training], [seed] = chosen((TRAINING,)), options.seeds
    if options.rehearse:
        recipe = training.recipe | {"epochs": 2, "sides": [32, 48], "batch_size": 20}
        training = replace(training, recipe=recipe, network=lambda mean, std: fc.fast(**TINY))
    data = fc.drawn_faces(60, 20, 20) if options.rehearse else fc.load(options.data)
    begun = time.perf_counter()
    device = "cpu" if options.rehearse else "cuda"
    [run] = train([training], data, seed=seed, folder=options.out / "full", device=device)
    figures = {"valid": run.valid.accuracy, "valid_balanced": run.valid.balanced_accuracy, "test": run.test_accuracy}
    print(json.dumps(figures | {"epochs": len(run.history), "seconds": time.perf_counter() - begun}))


def verdict(turn):
    """In words, what of the claim holds."""
    done = [each["test"] for each in turn.record["trainings"].values() if "test" in each]
    words = f"tests {'passed' if turn.record['tests']['passed'] else 'did not pass'}"
    if not done:
        return f"{words}; no training of {TRAINING!r} was finished"
    mean = statistics.mean(done)
    holds = "reaches" if mean >= GOAL else "does not reach"
    return f"{words}; {TRAINING!r}, mean of {len(done)} seed(s): {100 * mean:.2f} %, which {holds} {100 * GOAL:.0f} %"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="fer2013.csv, or another layout of it; without it nothing is trained")
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT") or "runs/gpu_round"), help="a folder")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=8.0, help="for everything")
    parser.add_argument("--rehearse", action="store_true", help="every step on the processor, at a tiny size")
    parser.add_argument("--only-seed", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = arguments()
    os.environ.setdefault("TQDM_DISABLE", "1")
    if not options.rehearse and not torch.cuda.is_available():
        print("This machine has no GPU that torch can use, so nothing was measured. --rehearse tries every step here.")
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    if options.only_seed is not None:
        options.seeds = [options.only_seed]
        one_training(options)
        return 0
    turn = Round(options)
    turn.keep("machine", machine(turn))
    turn.keep("tests", tests(turn))
    turn.keep("timings", timings(turn))
    turn.keep("trainings", trainings(turn) if options.data or options.rehearse else {})
    turn.keep("verdict", verdict(turn))
    return 0


if __name__ == "__main__":
    sys.exit(main())
