"""The student's functions and classes on the grader's side: called like any other, they run in the student's kernel."""

import io
import pickle
import time
from types import FunctionType

from fercourse.classroom.plain import TOO_MUCH, NotPlain, Opaque, decode
from fercourse.errors import CheckFailed, FercourseError
from fercourse.grading.outputs import tidy
from fercourse.grading.sandbox.kernel import KernelLost

GRADED = "<graded>"  # the file name of the code of a graded cell


class AnswerError(FercourseError):
    """What a student's code raised when it was asked, as "ValueError: …", or why it gave no answer."""


class TooMuch(AnswerError, CheckFailed):
    """What a student's code returned cannot be handed over; a check says so as it does in a notebook."""


class Proxy(Opaque):
    """Something of the student's, by its name. Calling it, or asking a probe about it, happens inside the kernel.

    What comes back is plain data; the thing itself is none, and shown by its kind. Raises AnswerError for whatever is
    raised there.
    """

    def __init__(self, name, kind, ask):
        super().__init__(kind)
        self.__name__ = name
        self._ask = ask

    def __call__(self, *arguments, **named):
        return self._ask(self.__name__, "", arguments, named)

    def ask_inside(self, probe, *arguments):
        """What `probe(it, *arguments)` returns; probe: a function of a module, which is found there by its name."""
        return self._ask(self.__name__, f"{probe.__module__}:{probe.__qualname__}", arguments, {})


class Questions:
    """What one graded cell asks of a session, within `seconds`. key: what `Replay.hold` was given, or None.

    lost: why there will be no more answers; a graded cell cannot be passed from then on.
    """

    def __init__(self, session, *, key, seconds):
        self._session = session
        self._key = key
        self.seconds = seconds  # that are left
        self.lost = None

    def look(self, name):
        """(True, what the student calls `name`: plain data or a Proxy), or (False, None)."""
        head, buffers = self._talk({"do": "look", "name": name})
        if head.get("is") == "missing":
            return False, None
        if head.get("is") == "object":
            return True, Proxy(name, str(head.get("kind")), self._ask)
        return True, self._value(head, buffers)

    def _ask(self, name, probe, arguments, named):
        functions = []  # of the grader's, which the student's code may call through their number

        def call(head, buffers):
            try:
                arguments, named = decode(head.get("value"), buffers)
                returned = functions[head.get("number")](*arguments, **named)
                return {"do": "return"}, [_pickled(returned, functions)]
            except Exception as error:  # with such arguments anything may be raised, and it is the student's to handle
                return {"do": "raise", "text": f"{type(error).__name__}: {error}"}, []

        if not self.lost and not self._session.comes_back(name, key=self._key):
            self.lost = f"{name} did not come back when it was asked before, and was not asked again"
        request = {"do": "ask", "name": name, "probe": probe}
        return self._value(*self._talk(request, [_pickled((arguments, named), functions)], call=call))

    def _talk(self, request, buffers=(), *, call=None):
        if self.lost:
            raise AnswerError(self.lost)
        started = None
        try:
            self._session.make_ready()
            started = time.monotonic()
            return self._session.talk(request | {"key": self._key}, buffers, seconds=self.seconds, call=call)
        except KernelLost as lost:
            self.lost = str(lost)
            if request["do"] == "ask":
                self._session.note_that_it_never_came_back(request["name"], key=self._key)
            raise AnswerError(self.lost) from lost
        finally:
            self.seconds -= time.monotonic() - started if started else 0

    def _value(self, head, buffers):
        if head.get("is") == "value":
            try:
                return decode(head.get("value"), buffers)
            except NotPlain as error:
                raise TooMuch(f"{TOO_MUCH}: {error}") from error
        text = head.get("text")
        if type(text) is str and text.startswith("NotPlain: "):
            raise TooMuch(f"{TOO_MUCH}: {tidy(text[:500]).rpartition(': ')[2]}")
        raise AnswerError(tidy(text[:500]) if type(text) is str else "an error without a text")


def _pickled(value, functions):
    """Pickled for the kernel; a Proxy goes as its name, a function that is not to be had there as a number.

    functions: a list, to which such functions are added. Raises what pickle raises for what cannot be sent.
    """

    def reference(part):
        if type(part) is Proxy:
            return part.__name__
        if type(part) is FunctionType and _stays_here(part):
            functions.append(part)
            return len(functions) - 1
        return None

    file = io.BytesIO()
    pickler = pickle.Pickler(file, protocol=5)
    pickler.persistent_id = reference
    pickler.dump(value)
    return file.getvalue()


def _stays_here(function):
    """Whether the kernel cannot import a function: a lambda, a nested one, one of a graded cell or of the checks."""
    is_nested, is_graded = "<" in function.__qualname__, function.__code__.co_filename == GRADED
    return is_nested or is_graded or str(function.__module__).startswith("fercourse.classroom.checks")
