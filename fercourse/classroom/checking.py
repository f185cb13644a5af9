"""`check`: is this answer right? One line says so, or what was expected, what came, and how far off it is."""

import inspect
from collections.abc import Callable
from html import escape
from importlib import import_module

from fercourse.classroom.hints import check_known, exercises, exercises_of, is_graded, nearest, shown
from fercourse.errors import CheckFailed, FercourseError, ParameterError
from fercourse.report.show import show

CALLED = ("answer", "network")
"""How checks name an answer that is a function or a class of the student's."""

_done = set()


def check(id: str, *answers: object) -> None:
    """Check the answers to exercise `id`, such as `fc.check("03.2", conv_output_side)`.

    Raises CheckFailed, one line, where an answer is wrong; ParameterError for an exercise that does not exist, and
    for fewer or more answers than it has.
    """
    if is_graded():
        return
    function = find(id)
    _check_number(id, function, answers)
    try:
        _expect_functions(function, answers)
        function(*answers)
    except CheckFailed as failed:
        raise CheckFailed(f'{id} · {failed} · Stuck? fc.hint("{id}")') from None
    except Exception as error:  # the student's code ran in there, and may raise anything
        known = isinstance(error, FercourseError)  # its message stands alone; a grader's names the student's error
        what = " ".join((str(error) if known else f"{type(error).__name__}: {error}").split()).removesuffix(":")
        raise CheckFailed(f'{id} · your code raised {what} · Stuck? fc.hint("{id}")') from error
    _done.add(id)
    line = f"{id} is right. {progress_line(id[:2])}"
    show({"kind": "check", "id": id}, text=line, html=f"<div><b style='color: #1a7f37'>✓</b> {escape(line)}</div>")


def progress(sheet: str) -> None:
    """Say on one line which exercises of a sheet, such as "03", are checked and right in this session.

    Raises ParameterError for a sheet that does not exist.
    """
    if is_graded():
        return
    if sheets := sorted({id[:2] for id in exercises()}):
        check_known("sheet", sheet, sheets)
    line = progress_line(sheet)
    show({"kind": "progress", "done": sorted(_done)}, text=line, html=f"<div>{escape(line)}</div>")


def progress_line(sheet: str) -> str:
    """ "Done: 1 of 3, 03.1. Open: 03.2, 03.4. Read by a person: 03.5." """
    checked = [id for id in exercises_of(sheet) if id in _checks(sheet)]
    done = [id for id in checked if id in _done]
    parts = {
        f"Done: {len(done)} of {len(checked)}": done,
        "Open": [id for id in checked if id not in _done],
        "Read by a person": [id for id in exercises_of(sheet) if id not in checked],
    }
    first, *others = parts.items()
    texts = [", ".join([first[0], *first[1]])] + [f"{name}: {', '.join(ids)}" for name, ids in others if ids]
    return ". ".join(texts) + "."


def find(id: str) -> Callable[..., None]:
    """The function that checks exercise `id`; raises ParameterError where there is none."""
    known = exercises()
    sheet = id[:2] if isinstance(id, str) else None
    checks = _checks(sheet) if sheet in {each[:2] for each in known} else {}
    if isinstance(id, str) and id in checks:
        return checks[id]
    here = f"no check for exercise {shown(id)}; there are {', '.join(checks) or 'none for this lesson'}"
    if isinstance(id, str) and id in known:
        raise ParameterError(f"{here}. A person reads this one")
    raise ParameterError(f"{here}{nearest(id, known)} The exercises are {', '.join(known)}")


def _check_number(id, function, answers):
    names = list(inspect.signature(function).parameters)
    if len(answers) != len(names):
        wanted = "1 answer" if len(names) == 1 else f"{len(names)} answers"
        raise ParameterError(f'expected {wanted}, fc.check("{id}", {", ".join(names)}); found {len(answers)}')


def _expect_functions(function, answers):
    """Raise CheckFailed where what a function returned stands in its place."""
    for name, answer in zip(inspect.signature(function).parameters, answers, strict=True):
        if name in CALLED and not callable(answer):
            raise CheckFailed(f"expected a function, came {shown(answer)}: give its name alone, without brackets")


def _checks(sheet):
    name = f"fercourse.classroom.checks.lesson_{sheet}"
    try:
        return import_module(name).CHECKS
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return {}
