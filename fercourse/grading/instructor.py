"""The instructor's cells: the setup and the tests, run here, in the grader, where the student's names are proxies."""

import ast
import builtins
import os
import sys
import traceback
import warnings
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import ModuleType

from fercourse.classroom.plain import TOO_MUCH
from fercourse.errors import CheckFailed
from fercourse.grading.names import definitions, given, loaded, needed, without_magics
from fercourse.grading.outputs import tidy
from fercourse.grading.sandbox.bounds import TookTooLong, bounded
from fercourse.grading.sandbox.proxies import GRADED, AnswerError, TooMuch

LONGEST_REASON = 500
MOST_MEGABYTES = 2000  # that a graded cell may take


class Instructor:
    """A namespace of the instructor's own; while cells run in it, it is the module `__main__`, as pickle wants it."""

    def __init__(self):
        self._module = ModuleType("__main__")
        self._names = vars(self._module)
        self._needs = {}  # what a function of a setup cell needs of the student's, by the function's name
        self.excuses = {}  # why a name is not there, by name

    def prepare(self, sources, *, graded):
        """Run the setup cells that the graded ones need; of those that need the student's names only the definitions.

        A helper that tests call is the instructor's own in any case: no student puts another one in its place.
        """
        for source in needed(sources, by=graded):
            if not self.wanted(source):
                self._set_up(without_magics(source))
                continue
            for definition in definitions(source):
                self._needs[definition.name] = self.wanted(ast.unparse(definition))
                self._set_up(ast.unparse(definition))

    def _set_up(self, source):
        with self._running():
            try:
                exec(compile(source, "<setup>", "exec"), self._names)
            except Exception:  # it needed more of the student's than its names say; a test will miss what it gives
                return

    def wanted(self, source):
        """The names that a cell takes from the student: it or its helpers load them, and nobody here gives them."""
        known = given(source) | set(self._names) | set(vars(builtins))
        return sorted(self._with_needs(loaded(source)) - known)

    def _with_needs(self, names):
        found, waiting = set(), list(names)
        while waiting:
            name = waiting.pop()
            waiting += self._needs.get(name, ()) if name not in found else ()
            found.add(name)
        return found

    def run(self, source, questions, *, hidden):
        """Run a graded cell; return None where it passes, else why it does not, in one sentence."""
        wanted, missing = self.wanted(source), []
        try:
            # Questions have their own limits; the rest is the instructor's work, on whatever came back.
            with self._running(), bounded(seconds=max(5, questions.seconds), megabytes=MOST_MEGABYTES):
                missing = self._look_up(wanted, questions)
                exec(compile(without_magics(source), GRADED, "exec"), self._names)
            why = None
        except (Exception, TookTooLong) as error:  # of what a student's code returned anything may come
            why = _reason(error, source, hidden)
            if isinstance(error, NameError) and error.name in missing:
                excuse = self.excuses.get(error.name)
                why = f"{error.name} is not defined{f': {excuse}' if excuse else ' by the notebook'}"
        finally:
            for name in wanted:  # the next cell asks again: the student may call something else by it
                self._names.pop(name, None)
        if questions.lost:
            why = f"{'a hidden test' if hidden else 'the check'} got no answer: {questions.lost}"
        return why and tidy(" ".join(why.split()))[:LONGEST_REASON]

    def _look_up(self, wanted, questions):
        """Give the names what the student means by them; return those that are missing."""
        missing = []
        for name in wanted:
            there, value = questions.look(name)
            if there:
                self._names[name] = value
            else:
                missing.append(name)
        return missing

    @contextmanager
    def _running(self):
        """Nothing is printed, no warning is an error, and the namespace is `__main__`."""
        main = sys.modules["__main__"]
        with open(os.devnull, "w", encoding="utf-8") as nowhere, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sys.modules["__main__"] = self._module
            try:
                with redirect_stdout(nowhere), redirect_stderr(nowhere):
                    yield
            finally:
                sys.modules["__main__"] = main


def _reason(error, source, hidden):
    """Why a graded cell was not passed. Of a hidden one: its author's message, and nothing else that stands in it."""
    if isinstance(error, TooMuch) and hidden:  # what it says more comes out of the kernel
        return TOO_MUCH
    if isinstance(error, CheckFailed) and not hidden:
        return str(error)
    if isinstance(error, AssertionError) and str(error):
        return str(error)
    if isinstance(error, (TookTooLong, MemoryError)):
        return TOO_MUCH
    if isinstance(error, AnswerError):
        # A hidden test's arguments could stand in the text.
        return f"your code raised {_known_name(str(error)) if hidden else error}"
    if hidden:
        return f"a hidden test failed{'' if isinstance(error, AssertionError) else f' ({type(error).__name__})'}"
    if isinstance(error, AssertionError):
        return f"this does not hold: {_failing_line(error, source)}"
    return f"{type(error).__name__}: {error}"


def _known_name(text):
    name = text.partition(":")[0]
    known = getattr(builtins, name, None) if name.isidentifier() else None
    return name if isinstance(known, type) and issubclass(known, BaseException) else "an error"


def _failing_line(error, source):
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == GRADED]
    return source.splitlines()[lines[0] - 1].strip() if lines else source.strip()
