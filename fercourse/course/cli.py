"""The command line, `python -m fercourse build | run | results | grade | data`: errors become messages."""

import os
import sys

from fercourse.errors import FercourseError, ParameterError

PROGRAM = "python -m fercourse"
ABOUT = "Build and run the course's notebooks; collect their results; grade exercises; fetch the data."
DATA_COMMANDS = ("find", "verify", "summary", "convert", "export_drawn", "download")
EXTRAS = dict.fromkeys(("IPython", "ipykernel", "jupytext", "nbclient", "nbformat", "papermill"), "course")
EXTRAS |= dict.fromkeys(("psutil", "tyro", "yaml"), "course") | {"nbgrader": "grade"}


def main(arguments=None):
    """Run the command that `arguments` (by default the command line's) name; return the exit code.

    0: done. 1: something does not hold. 2: something was asked for that cannot be. 130: stopped by Ctrl-C.
    141: whoever read what it prints has stopped reading, such as `head`.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        try:
            return _dispatch(arguments) or 0
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


def _dispatch(arguments):
    if arguments[:1] == ["data"]:
        from fercourse.data import command  # here: the other commands read no faces

        functions = {name.replace("_", "-"): getattr(command, name) for name in DATA_COMMANDS}
        about = _first_line(command)
        _call(functions, arguments[1:], program=f"{PROGRAM} data", description=about, required_by_place=True)
        return 0
    from fercourse.course import commands
    from fercourse.grading.command import grade

    functions = {name: getattr(commands, name) for name in ("build", "run", "results", "data")} | {"grade": grade}
    return _call(functions, arguments, program=PROGRAM, description=ABOUT)


def _first_line(documented):
    return documented.__doc__.strip().splitlines()[0]


def _call(functions, arguments, *, program, description, required_by_place=False):
    """Let tyro find the function among `functions` (name → function), read its arguments, and call it.

    required_by_place: whether what must be given is given without its name.
    """
    from tyro import conf, extras

    places = (conf.PositionalRequiredArgs,) if required_by_place else ()
    return extras.subcommand_cli_from_dict(
        functions,
        args=arguments or ["--help"],
        prog=program,
        description=description,
        config=(*places, conf.FlagCreatePairsOff, conf.PositionalMetavarFromFieldName),
    )
