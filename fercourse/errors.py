"""The errors that fercourse raises. Each says what was expected, what was found, and what to do.

    FercourseError
    ├── DataNotFound         no data where it was looked for, or not readable
    ├── DataMismatch         data that is there, but is not what it should be
    ├── NotWritten           a file that could not be written: disk full, no permission
    ├── CheckpointMismatch   a checkpoint of another recipe, another data set, or a damaged one
    ├── ParameterError       an argument or a notebook parameter that cannot work
    ├── TrainingDiverged     a training whose loss is no number any more
    ├── CheckFailed          a claim or an exercise check that does not hold
    └── GradingError         a submission or a solution that cannot be graded

`raise ... from` keeps the cause. Catch `FercourseError` to catch them all.
"""


class FercourseError(Exception):
    """The root of every error that fercourse raises on purpose."""


class DataNotFound(FercourseError):
    """No data where it was looked for, or not readable there."""


class DataMismatch(FercourseError):
    """Data that is there, but is not what it should be; names the file and, where there is one, the row."""


class NotWritten(FercourseError):
    """A file that could not be written; nothing half-written is left behind."""


class CheckpointMismatch(FercourseError):
    """A checkpoint that belongs to another recipe or other data, or that is damaged."""


class ParameterError(FercourseError):
    """An argument or a notebook parameter that cannot work."""


class TrainingDiverged(FercourseError):
    """A training whose loss is NaN or infinite; the checkpoint of the last whole epoch stays."""


class CheckFailed(FercourseError):
    """A claim or an exercise check that does not hold; a notebook shows its message alone, without a traceback."""

    def _render_traceback_(self, *_):
        return [f"\x1b[31m✗\x1b[0m {self}"]  # IPython asks for it; the calls in between are of no use to a student


class GradingError(FercourseError):
    """A submission or a solution that cannot be graded."""
