"""Ask everything, and say what was found: faults first, then notes, each with its remedy."""

import sys
from pathlib import Path

from fercourse.course.doctor.first import python, shadowing


def doctor(arguments=()) -> int:
    """Say what is wrong here and what to do; the exit code is 1 where something is, else 0.

    Nothing that an extra brings is needed, and an old Python is told so: that is why no other module of the course is
    imported above.
    """
    if arguments:
        print(f"usage: python -m fercourse doctor\n\n{ABOUT}")
        return 0 if set(arguments) <= {"-h", "--help"} else 2
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # it has to be able to say that the alphabet is wrong
    old = list(python())
    return said(old) if old else said(examined(Path.cwd()))


ABOUT = "Look for what is wrong with this machine, this Python or this folder, and say what to do about it."


def examined(here):
    """Everything that is found for somebody who works in the folder `here`."""
    from fercourse.course.checkout import find_course
    from fercourse.course.doctor.packages import no_course
    from fercourse.errors import ParameterError

    try:
        root = find_course(here).root
    except ParameterError:
        root = None
    place = here if root is None else root
    found = list(no_course(here)) if root is None else []
    found += shadowing([here, place, place / "notebooks", place / "exercises"])
    for check in checks():
        found += check(place)
    return found


def checks():
    """What is asked, in this order: functions from the course's folder to diagnoses."""
    from fercourse.course.doctor import files, machine, packages, surroundings

    return (
        *(packages.installed, packages.requirements, packages.tested),
        *(machine.space, machine.writable, machine.clock, machine.encoding, machine.path, machine.ports),
        *(machine.gpu, machine.builds),
        *(surroundings.threads, surroundings.variables, surroundings.startup, surroundings.kernels),
        *(files.fer2013, files.checkpoints),
    )


def said(diagnoses) -> int:
    """Print them, the serious ones first; return the exit code."""
    serious = [each for each in diagnoses if each.serious]
    for each in [*serious, *(each for each in diagnoses if not each.serious)]:
        print(f"{'fault' if each.serious else 'note '}  {each.what.rstrip('.')}.\n       Remedy: {each.remedy}.\n")
    notes = len(diagnoses) - len(serious)
    print(f"{_number(len(serious), 'fault')}, {_number(notes, 'note')}." if diagnoses else "Nothing is wrong here.")
    return 1 if serious else 0


def _number(count, word):
    return f"{count or 'no'} {word}{'' if count == 1 else 's'}"
