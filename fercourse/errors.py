"""The errors that fercourse raises. Each says what was expected, what was found, and what to do.

    FercourseError
    ├── DataNotFound         FileNotFoundError     no data where it was looked for, or not readable
    ├── DataMismatch         ValueError            data that is there, but is not what it should be
    ├── NotWritten           OSError               a file that could not be written: disk full, no permission
    ├── CheckpointMismatch   ValueError            a checkpoint of another recipe, another data set, or a damaged one
    ├── ParameterError       ValueError            an argument or a notebook parameter that cannot work
    ├── TrainingDiverged     FloatingPointError    a training whose loss is no number any more
    ├── CheckFailed                                a claim or an exercise check that does not hold
    └── GradingError                               a submission or a solution that cannot be graded

In the middle stands what most of them are in Python's own words, so that code which knows nothing of this course, and
catches a ValueError or an OSError, catches these as well. `raise ... from` keeps the cause. Catch `FercourseError` to
catch them all; inside the package `except FercourseError: raise` stands before each `except OSError` or
`except ValueError` around code that may raise one of them.
"""


class FercourseError(Exception):
    """The root of every error that fercourse raises on purpose."""


class DataNotFound(FercourseError, FileNotFoundError):
    """No data where it was looked for, or not readable there; a FileNotFoundError, as of `open`."""


class DataMismatch(FercourseError, ValueError):
    """Data that is there, but is not what it should be; names the file and, where there is one, the row.

    A ValueError: of the right type, with a value that cannot be used.
    """


class NotWritten(FercourseError, OSError):
    """A file that could not be written; nothing half-written is left behind. An OSError, as of any failed write."""


class CheckpointMismatch(FercourseError, ValueError):
    """A checkpoint that belongs to another recipe or other data, or that is damaged; a ValueError, as DataMismatch."""


class ParameterError(FercourseError, ValueError):
    """An argument or a notebook parameter that cannot work.

    A ValueError also where the type is wrong: what was given by hand is checked in one place, and has one error.
    """


class TrainingDiverged(FercourseError, FloatingPointError):
    """A training whose loss is NaN or infinite; the checkpoint of the last whole epoch stays.

    A FloatingPointError (an ArithmeticError), as NumPy raises where it is told not to go on with NaN.
    """


class CheckFailed(FercourseError):
    """A claim or an exercise check that does not hold; a notebook shows its message alone, without a traceback.

    No AssertionError: the words of an `assert` in a hidden test are its author's, and a student reads them; the words
    of a check say what was expected, and are not shown where the check is hidden.
    """

    def _render_traceback_(self, *_):
        return [f"\x1b[31m✗\x1b[0m {self}"]  # IPython asks for it; the calls in between are of no use to a student


class GradingError(FercourseError):
    """A submission or a solution that cannot be graded.

    None of Python's own: it may be a missing file, a damaged one, a busy folder or a sandbox that does not start.
    """
