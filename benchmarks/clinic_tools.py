"""How many bugs of the clinic do published tools find, used as their documentation says?

    python benchmarks/clinic_tools.py TOOL [--out FOLDER]

TOOL is one of naive, torchtest, torcheck, torch-audit, torchtest2. It is asked about every mutant of lesson 08, the
clean pipeline from 20 seeds and every clean variant, by `fc.clinic.score`. One record, TOOL.json, goes to --out, by
default to where the package keeps them; `fc.clinic.published_tools` reads them for lesson 08b. The faces are drawn
ones. "naive" needs nothing and takes about five minutes, the others one each.

- naive: six epochs; does the loss fall, and is the validation accuracy above always answering Happy?
- torchtest: `test_suite` on one batch: weights change, answers are no NaN and not infinite. Its range of the output is
  left out: logits have none.
- torcheck: every check that needs no number of ours, around one epoch of the pipeline's own `fit`: weights change, no
  NaN, nothing infinite, and outputs that are not all between 0 and 1, as its README advises against a softmax.
- torch-audit: `autopatch` at every step around one epoch of `fit`; a complaint is what its own exit code fails on, a
  finding of the severity ERROR. Its warnings are counted in the record, and are no complaints.
- torchtest2: `check_model` on one batch, with the pipeline's loss and optimiser; a complaint is a FAIL. A WARN "can be
  legitimate", says its table.

The tools are no part of the course. Each belongs in a folder of its own, because torcheck asks for a PyTorch before 2:

    python -m pip install --no-deps --target tools torcheck
    PYTHONPATH=tools python benchmarks/clinic_tools.py torcheck
"""

import argparse
import io
import sys
import time
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

import fercourse as fc
from fercourse.report.records import write_record

MODULES = {"torchtest": "torchtest", "torcheck": "torcheck", "torch-audit": "torch_audit", "torchtest2": "torchtest2"}
EPOCHS = 6  # of the naive audit
warnings_of_tools = Counter()


def first_batch(pipeline):
    return next(iter(pipeline.train_stream(pipeline, torch.Generator().manual_seed(0))))


def naive(pipeline):
    rows = pipeline.fit(pipeline, pipeline.build(), EPOCHS, torch.Generator().manual_seed(0))
    always_happy = float(np.mean(pipeline.valid.labels == 3))
    found = [] if rows[-1]["train_loss"] < rows[0]["train_loss"] else ["the loss does not fall"]
    if not max(row["valid_accuracy"] for row in rows) > always_happy:
        found.append("no better than always Happy")
    return found


def torchtest(pipeline):
    from torchtest import test_suite
    from torchtest import torchtest as module

    complaints = tuple(each for name, each in vars(module).items() if name.endswith("Exception"))
    network = pipeline.build()
    arguments = network, pipeline.criterion, pipeline.make_optimizer(network), first_batch(pipeline)
    try:
        test_suite(*arguments, test_vars_change=True, test_nan_vals=True, test_inf_vals=True)
    except complaints as error:
        return [f"{type(error).__name__}: {error}"]
    return []


def torcheck(pipeline):
    from torcheck.registry import Registry

    registry, network = Registry(), pipeline.build()  # what `torcheck.register` uses is one for the whole process

    def watched(network):
        optimizer = pipeline.make_optimizer(network)
        registry.register(optimizer)
        registry.add_module(
            network, "network", changing=True, output_range=(0, 1), negate_range=True, check_nan=True, check_inf=True
        )
        return optimizer

    changed = replace(pipeline, make_optimizer=watched)
    try:
        changed.fit(changed, network, 1, torch.Generator().manual_seed(0))
    except RuntimeError as error:
        return [str(error).splitlines()[-1]]
    return []


def torch_audit(pipeline):
    from torch_audit import autopatch

    network, auditors = pipeline.build(), []

    def watched(network):
        optimizer = pipeline.make_optimizer(network)
        settings = dict(every_n_steps=1, reporters=[], fail_level="ERROR", run_static=True, run_init=True)
        auditors.append(autopatch(network, optimizer=optimizer, **settings))
        return optimizer

    changed = replace(pipeline, make_optimizer=watched)
    changed.fit(changed, network, 1, torch.Generator().manual_seed(0))
    result = auditors[0].finish(report=False)
    auditors[0].unpatch()
    warnings_of_tools.update({(each.rule_id, each.severity.value) for each in result.findings})
    severe = {
        f"{each.rule_id}: {each.message}" for each in result.findings if each.severity.value in ("ERROR", "FATAL")
    }
    return sorted(severe) if result.exit_code else []


def torchtest2(pipeline):
    from torchtest2 import check_model

    network = pipeline.build()
    images, labels = first_batch(pipeline)
    optimizer = pipeline.make_optimizer(network)
    report = check_model(network, images, labels, loss_fn=pipeline.criterion, optimizer=optimizer)
    found = [(each.name, each.status.name, each.message) for each in report.results]
    warnings_of_tools.update({(name, status) for name, status, _ in found if status in ("WARN", "FAIL")})
    return [f"{name}: {message}" for name, status, message in found if status == "FAIL"]


AUDITS = {
    "naive": naive,
    "torchtest": torchtest,
    "torcheck": torcheck,
    "torch-audit": torch_audit,
    "torchtest2": torchtest2,
}


def record_of(tool, score, seconds):
    """What is kept of a tool's score."""
    return {
        "tool": tool,
        "version": version(tool) if tool in MODULES else None,
        "caught": [case.name for case in score.of("bug") if case.right],
        "bugs": score.bugs,
        "alarms": [f"{case.kind} {case.name}" for case in score.cases if case.kind != "bug" and not case.right],
        "clean": score.clean,
        "crashes": {case.name: case.verdict.crash for case in score.cases if case.verdict.crash},
        "complaints": {case.name: list(case.verdict.complaints) for case in score.cases if case.verdict.complaints},
        "not severe": {" ".join(key): number for key, number in sorted(warnings_of_tools.items())},
        "seconds": round(seconds, 1),
        "seed": score.seed,
        "source": score.source,
        "versions": {"python": sys.version.split()[0], "torch": torch.__version__, "fercourse": fc.__version__},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", choices=AUDITS)
    parser.add_argument("--out", type=Path, default=fc.clinic.PUBLISHED, help="the folder of the record")
    parser.add_argument("--scale", default="lesson", choices=("smoke", "lesson"), help="smoke asks about a quarter")
    options = parser.parse_args()
    module = MODULES.get(options.tool)
    if module and find_spec(module) is None:
        parser.exit(
            1, f"{options.tool} is not installed: python -m pip install --no-deps --target tools {options.tool}\n"
        )
    begin = time.process_time()
    with redirect_stdout(io.StringIO()):  # some of them print
        score = fc.clinic.score(AUDITS[options.tool], scale=options.scale)
    record = record_of(options.tool, score, time.process_time() - begin)
    options.out.mkdir(parents=True, exist_ok=True)
    write_record(options.out / f"{options.tool}.json", record)
    print(score)
    print("caught:", ", ".join(record["caught"]) or "nothing")
    print("false alarms:", ", ".join(record["alarms"]) or "none")


if __name__ == "__main__":
    main()
