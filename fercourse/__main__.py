"""`python -m fercourse build | run | … | doctor | data`: errors become messages and exit codes."""

from __future__ import annotations  # a Python that is too old can read this, and is told so

import os
import sys

from fercourse.errors import FercourseError, ParameterError

EXTRAS = dict.fromkeys(("IPython", "ipykernel", "jupytext", "nbclient", "nbformat", "papermill"), "course")
EXTRAS.update(dict.fromkeys(("bs4", "markdown_it", "psutil", "tyro", "yaml"), "course"), nbgrader="grade")
EXTRAS.update(dict.fromkeys(("cv2", "onnx", "onnxruntime", "onnxscript"), "deploy"))


def main(arguments: list[str] | None = None) -> int:
    """Run the command that `arguments` (by default the command line's) name; return the exit code.

    0: done. 1: something does not hold. 2: something was asked for that cannot be. 130: stopped by Ctrl-C.
    141: whoever read what it prints has stopped reading, such as `head`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments[:1] == ["doctor"]:  # which says what is missing, and so needs nothing
            from fercourse.course.doctor.examine import doctor

            return doctor(arguments[1:])
        from fercourse.course.commands import call  # here: tyro comes with an extra

        try:
            return call(arguments) or 0
        finally:
            sys.stdout.flush()  # so that a pipe that is closed is seen here
    except FercourseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, ParameterError) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what the interpreter still writes at its end
        return 141
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        extra = EXTRAS[error.name]
        print(f'error: {error.name} is missing. In the course\'s folder: pip install -e ".[{extra}]"', file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
