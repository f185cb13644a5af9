"""Grades a class: submissions in; marks, feedback pages and a report out. Nothing is graded twice."""

import fcntl
import json
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from fercourse.errors import GradingError, NotWritten
from fercourse.executors import executor_of
from fercourse.files import written_aside
from fercourse.grading.batch import KeptResult, digests, grade_batch
from fercourse.grading.pages.class_report import write_report
from fercourse.grading.pages.feedback import write_feedback, write_rubric
from fercourse.grading.sheet import check_solved
from fercourse.grading.submissions.collect import collect
from fercourse.grading.tables.by_hand import check_rows, joined, marks_of, read_by_hand, waiting, write_by_hand
from fercourse.grading.tables.lms import write_feedback_zip, write_platforms
from fercourse.grading.tables.marks import row_of, told_apart, write_marks
from fercourse.grading.tables.similar import similar

BELONGS, STATE = "sheet.json", "state"


def grade_class(place, *, sheet, grader, limits, out, jobs, seconds, about, assignment, progress, on="processes"):
    """Grade what lies in `place` into the folder `out`; return the rows of marks, sorted by key.

    grader(path, sheet, limits) → result, in a process of its own that is killed after so many `seconds`.
    on: where these processes run, as `executor_of` has it; `jobs` of them at once.
    about: name → text for the report. assignment: its name in Canvas. progress: whether to show a bar.
    Raises GradingError where the sheet is not solved, `place` holds nothing, or `out` belongs to another sheet or lies
    in `place`; ParameterError where nothing runs on `on`.
    """
    check_solved(sheet)
    _check_out(out, place, sheet)
    entries = read_by_hand(out, sheet)  # a mistake in it is said before anything runs
    with TemporaryDirectory(prefix="fercourse-") as unpacked:
        submissions = told_apart(collect(place, marks=sheet.marks, unpacked=unpacked))
        _check_sheet(submissions, sheet)
        check_rows(out, entries, submissions, sheet)
        with executor_of(on, jobs=jobs) as executor, _claimed(out, sheet):
            kept = _kept_results(submissions, sheet=sheet, limits=limits, out=out)
            failed = _run(
                submissions, kept, grader=grader, sheet=sheet, limits=limits, executor=executor, jobs=jobs,
                seconds=seconds, progress=progress,
            )  # fmt: skip
            results = {key: _without_notebook(result) for key, result in _read(kept, but=failed)}
            rows = _write_marks(out, submissions, results, failed, sheet=sheet, assignment=assignment)
            _write_pages(out, rows, sheet=sheet, kept=kept, results=results, about=about)
            write_feedback_zip(Path(out), rows)
    return rows


def _check_out(out, place, sheet):
    """Raise GradingError where the marks of this sheet cannot go into `out`."""
    out, place = Path(out), Path(place)
    if out.resolve().is_relative_to(place.resolve()):
        raise GradingError(f"--out {out} lies in {place}, where nothing is to be written. Choose another folder.")
    if out.exists() and not out.is_dir():
        raise GradingError(f"--out {out}: expected a folder, found a file")
    path = out / BELONGS
    if path.exists():
        try:
            owner = json.loads(path.read_text(encoding="utf-8"))["sheet"]
        except (ValueError, KeyError, TypeError):
            owner = "something unreadable"
        if owner != sheet.name:
            raise GradingError(
                f"--out {out}: expected the marks of {sheet.name}, found those of {owner}. "
                "Choose another folder for each sheet."
            )


def _check_sheet(submissions, sheet):
    """Raise GradingError where nobody has answered this sheet: with one student it may be the student's mistake."""
    notebooks = [one for one in submissions if one.path is not None]
    if len(notebooks) > 1 and not any(one.marks for one in notebooks):
        raise GradingError(
            f"expected answers to {sheet.name}, found {len(notebooks)} notebooks without any cell of it. "
            "Give the solution of the sheet that they answer."
        )


@contextmanager
def _claimed(out, sheet):
    """Until the block ends, no other run writes into `out`; it is this sheet's from now on."""
    state = Path(out) / STATE
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = open(state / ".lock", "wb")  # noqa: SIM115, the next line closes it
    except OSError as error:
        raise NotWritten(f"--out {out} cannot be written: {error.strerror}. Choose a folder of yours.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise GradingError(f"another run is grading into {out} at this moment: wait for its end") from error
        with written_aside(Path(out) / BELONGS) as aside:
            aside.write_text(json.dumps({"sheet": sheet.name, "title": sheet.title}) + "\n", encoding="utf-8")
        yield


def _kept_results(submissions, *, sheet, limits, out):
    """key → the `KeptResult` of each student who handed in a notebook."""
    digest = digests(submissions, sheet=sheet, limits=limits)
    folder = Path(out) / STATE
    for path in folder.glob(".*.tmp"):
        path.unlink()  # half-written when a run was killed
    return {one.key: KeptResult(folder / f"{one.key}.json", digest[one.key]) for one in submissions if one.path}


def _run(submissions, kept, *, grader, sheet, limits, executor, jobs, seconds, progress):
    """Grade what is not graded yet; return key → why the grader failed, where it did."""
    failed = {}
    ungraded = {one.key: (one, kept[one.key]) for one in submissions if one.path and kept[one.key].read() is None}
    bar = tqdm(total=len(kept), initial=len(kept) - len(ungraded), desc="graded", unit="", disable=not progress)
    batch = grade_batch(
        ungraded, grader=grader, sheet=sheet, limits=limits, executor=executor, jobs=jobs, seconds=seconds,
        imports=sheet.imports,
    )  # fmt: skip
    with bar, closing(batch) as ended:
        for key, why in ended:
            if why:
                failed[key] = why
            bar.update()
    return failed


def _read(kept, *, but):
    """Pairs of key and result of all that is graded."""
    for key, one in kept.items():
        result = one.read()
        if key not in but and result is not None:
            yield key, result


def _without_notebook(result):
    """A result without what takes most of the memory; the page of its student reads it again."""
    return {name: value for name, value in result.items() if name != "notebook"}


def _write_marks(out, submissions, results, failed, *, sheet, assignment):
    """Write all tables, with what a person has entered; return the rows."""
    waits = {}
    for submission in submissions:
        waits |= waiting(submission, results.get(submission.key), sheet)
    graded = {one.key: results.get(one.key) for one in submissions if one.key not in failed}
    entries = read_by_hand(out, sheet)  # a person may have gone on marking meanwhile
    check_rows(out, entries, submissions, sheet)
    table = joined(out, waits, entries, results=graded)
    rows = []
    for submission in submissions:
        key = submission.key
        marked, why = marks_of(table, key), failed.get(key, "")
        rows.append(row_of(submission, results.get(key), sheet, failed=why, marked=marked))
    write_by_hand(out, table)
    write_marks(out, rows, sheet)
    write_platforms(Path(out), rows, assignment=assignment)
    return rows


def _write_pages(out, rows, *, sheet, kept, results, about):
    folder = Path(out) / "feedback"
    for row in rows:
        key = row["key"]
        result = kept[key].read() if key in results else None
        write_feedback(folder / f"{key}.html", row, result, sheet)
    wanted = {f"{row['key']}.html" for row in rows}
    for page in folder.glob("*.html"):
        if page.name not in wanted:
            page.unlink()  # of a student who is not among the submissions any more
    answers = {key: result.get("answers", {}) for key, result in results.items()}
    given = {id: (cell.kind, f"{cell.stub}\n{cell.source}") for id, cell in sheet.answers.items()}
    groups = similar(answers, solved=given)
    write_report(Path(out) / "report.html", rows, sheet=sheet, results=results, groups=groups, about=about)
    if any(cell.role == "hand" for cell in sheet.graded):
        write_rubric(Path(out) / "rubric.html", sheet)
