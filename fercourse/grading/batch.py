"""Grades the submissions of a class, each as a task in a process of its own; each result is kept.

A grader that crashes or does not end takes only its submission with it; a batch that is killed goes on where it was.
"""

import json
import platform
import site
import sysconfig
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from platform import python_version

from fercourse.files import sources_digest, written_aside
from fercourse.grading.submissions.handed_in import LARGEST, read_file
from fercourse.processes import Task, work

WARM = {name: (name,) for name in ("numpy", "pandas", "matplotlib", "sklearn", "scipy", "torchvision")} | {
    "fercourse": (
        *("fercourse.classroom.session", "fercourse.classroom.checking", "ipywidgets", "psutil"),
        *("fercourse.learn.models", "fercourse.report.recorded", "pandas", "tqdm.auto"),
    ),
    "torch": ("torch", "torch._dynamo"),  # its first optimiser imports the second
}
"""What the process that is forked loads beforehand, by what the sheet imports; TensorFlow does not survive a fork."""


@dataclass(frozen=True)
class KeptResult:
    """The file that keeps the result of a submission, and the digest of all that this result depends on."""

    path: Path
    digest: str

    @property
    def log(self):
        """Where stdout and stderr of a grader that failed go."""
        return self.path.with_suffix(".log")

    def read(self):
        """The result; None where there is none, or one of something else.

        None as well where time ran out beside others: these may have taken it.
        """
        try:
            state = json.loads(self.path.read_text(encoding="utf-8"))
            is_valid = state["digest"] == self.digest and (state["alone"] or not state["result"].get("timed_out"))
            return state["result"] if is_valid else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # none yet, or no longer what was written
            return None

    def keep(self, outcome, *, alone):
        """Keep what a task returned, or the log of one that failed; return "" or why the grader failed."""
        if not outcome.why:
            with written_aside(self.path) as aside:
                state = {"digest": self.digest, "alone": alone, "result": outcome.result}
                aside.write_text(json.dumps(state), encoding="utf-8")
            self.log.unlink(missing_ok=True)
            return ""
        if outcome.log:
            with written_aside(self.log) as aside:
                aside.write_bytes(outcome.log)
        return f"the grader {outcome.why}" + (f"; state/{self.log.name} says why" if outcome.log else "")


def versions():
    """name → version of all that computes a result: Python, the system, every package that a notebook could import."""
    # Of the interpreter's own folders, not of sys.path, which grows while a program runs.
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    folders |= {site.getusersitepackages()} if site.ENABLE_USER_SITE else set()
    packages = {found.name: found.version for found in distributions(path=sorted(folders))}
    return packages | {"Python": python_version(), "system": f"{platform.system()} {platform.machine()}"}


def digests(submissions, *, sheet, limits):
    """For each key what the result depends on: submission, solution, limits, the code of fercourse, and `versions`."""
    common = json.dumps([sources_digest(), sheet.digest, asdict(limits), versions()], sort_keys=True)
    return {
        submission.key: sha256(f"{common} {submission.fingerprint}".encode()).hexdigest() for submission in submissions
    }


def grade_batch(ungraded, *, grader, sheet, limits, executor, jobs, seconds, imports=()):
    """Grade submissions, `jobs` at once; yield (key, "" or why the grader failed) as they end. Results are kept.

    ungraded: key → (its submission, its `KeptResult`). grader(path, sheet, limits) → result, in a process of its own
    that is killed after so many `seconds` with all that it started. imports: what the sheet imports.
    One whose time ran out is graded again at the end, alone: what runs beside it changes nobody's marks.
    When the generator is closed, or Ctrl-C comes, nothing is left running, and what has ended is kept.
    """
    preload = ("fercourse.grading.marking", *(module for name in imports for module in WARM.get(name, ())))

    def graded(keys, *, jobs, alone):
        changed = []
        tasks = (
            Task(key, _grade_one, (grader, Path(ungraded[key][0].path).name, data, sheet, limits), seconds, preload)
            for key, data in _notebooks(keys, ungraded, changed)
        )
        with closing(work(tasks, executor=executor, jobs=jobs)) as events:
            for event in events:
                if event.kind == "ended":
                    key = event.task.name
                    yield key, ungraded[key][1].keep(event.value, alone=alone)
        for key in changed:
            yield key, "the notebook was changed or removed while the class was graded: run the command again"

    again = []
    with closing(graded(ungraded, jobs=jobs, alone=jobs == 1)) as ended:
        for key, why in ended:
            if why or ungraded[key][1].read() is not None:
                yield key, why
            else:
                again.append(key)
    yield from graded(again, jobs=1, alone=True)


def _notebooks(keys, ungraded, changed):
    """Pairs of a key and what was handed in, as bytes; keys whose file is no longer the same go into `changed`."""
    for key in keys:
        submission = ungraded[key][0]
        try:
            data = read_file(submission.path, LARGEST + 1)
        except OSError:
            data = b""
        if sha256(data).hexdigest() == submission.fingerprint:
            yield key, data
        else:
            changed.append(key)


def _grade_one(grader, name, data, sheet, limits):
    """In a task's process, wherever that is: the result of what was handed in under this name."""
    path = Path(tempfile.mkdtemp(), name)
    path.write_bytes(data)
    return grader(path, sheet, limits)
