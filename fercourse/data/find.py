"""Where FER2013 is looked for, what was found there, and what was passed over."""

import glob
import os
from dataclasses import dataclass
from pathlib import Path

from fercourse.data.layouts.archives import reading
from fercourse.data.layouts.folders import listed
from fercourse.data.recognise import FILES, Found, is_doubtful, look_right_into, recognised_file, visible
from fercourse.errors import DataNotFound
from fercourse.hosted import CONTENT, DRIVE, NAME

DRAWN = "drawn"
"""The `source`, or the value of $FERCOURSE_DATA, that stands for drawn faces."""

PLACES = (
    "data",
    "/kaggle/input/*",
    "/kaggle/input/datasets/*/*",
    *((folder / name).as_posix() for folder in (CONTENT, DRIVE) for name in ("", "data", "fer2013")),
    (DRIVE / NAME).as_posix(),
)
"""Where "auto" looks after $FERCOURSE_DATA, in this order; for the first, in each of `working_folders`."""

MOST_NAMES = 8
"""Names that a message lists of what was passed over in a folder."""


@dataclass(frozen=True)
class Look:
    """A folder that was looked into: what was found there or None, and what was passed over, each with its reason.

    sure: whether what was found still looks like FER2013 on a closer look
    also: paths of what has a name of the same kind and looks like FER2013 as well
    """

    place: Path
    found: Found | None = None
    sure: bool = False
    passed: tuple[str, ...] = ()
    also: tuple[Path, ...] = ()

    def __str__(self):
        if self.found:
            also = f"; {listed([*map(str, self.also)])} could be meant as well" if self.also else ""
            return f"{self.place}: {self.found.layout} in {self.found.path}{also}"
        more = [f"and {len(self.passed) - MOST_NAMES:,} more"] if len(self.passed) > MOST_NAMES else []
        text = f"{self.place}: " + (", ".join([*self.passed[:MOST_NAMES], *more]) or "nothing")
        return os.fsencode(text).decode("utf-8", "replace")  # a name from another system may be no text, nor be printed


def working_folders():
    """The working folder and those above it up to the one that holds lessons/; outside a course the first alone."""
    here = Path.cwd()
    above = [here, *here.parents]
    home = next((number for number, folder in enumerate(above) if (folder / "lessons").is_dir()), 0)
    return above[: home + 1]


def data_folder():
    """Where a copy of FER2013 belongs: in data/ beside lessons/; outside a course, in data/ of the working folder."""
    return working_folders()[-1] / "data"


def wanted_place():
    """What $FERCOURSE_DATA says, without the blanks and quotes that shells and .env files leave; empty without it."""
    return os.environ.get("FERCOURSE_DATA", "").strip(" \t\r\n\"'")


def located(path):
    """`path` where it is there, seen from the first of `working_folders` that has it; else as it was given.

    What is uploaded to Colab lies in /content, also where the notebook works in a Drive.
    """
    path = Path(os.path.expanduser(path))  # Path.expanduser raises for a user that is not there
    return next((seen for folder in (*working_folders(), CONTENT) if (seen := folder / path).exists()), path)


def recognise(path):
    """What lies at `path`, a file or a folder. Raises DataNotFound where there is nothing, or nothing known."""
    with reading(path):
        path = located(path)
        if path.is_dir():
            return found_in(path)
        if not path.exists():
            seen = "" if path.is_absolute() else f", seen from {' or '.join(map(str, working_folders()))}"
            raise DataNotFound(
                f"{path} could not be read: there is no such file or folder{seen}. Check the path, or load 'drawn'."
            )
        return recognised_file(path)


def found_in(folder):
    """What is found in `folder`. Raises DataNotFound where that is nothing, with what lies there."""
    look = look_into(folder)
    if look.found is None:
        raise DataNotFound(
            f"no FER2013 in {folder}. Looked for {', '.join(FILES)} and folders train/<emotion>, there and one folder "
            f"deeper; found {str(look).removeprefix(f'{folder}: ')}. {cure(folder)}"
        )
    return chosen(look)


def chosen(look):
    """What was found; one line says so where something else could be meant as well."""
    if look.also:
        also = f"{listed([*map(str, look.also)])} could be meant as well"
        print(f"fercourse: {look.found.path} is read; {also}. If you mean another one, give its path.")
    return look.found


def find_first():
    """What "auto" finds; None where faces are to be drawn, which one loud line says unless it was asked for."""
    if wanted_place() == DRAWN:
        return None
    looks = []
    for look in looked_at():
        if look.sure:
            return chosen(look)
        looks.append(look)
    found = next((look.found for look in looks if look.found), None)
    if found is None:
        print(nothing_found(looks))
    return found


def looked_at():
    """Yield a `Look` for every place that "auto" looks at.

    With $FERCOURSE_DATA set that is the only one, and DataNotFound is raised where nothing is there.
    """
    if wanted := wanted_place():
        yield Look(located(wanted), recognise(wanted), sure=True)
        return
    looked = set()
    for pattern in PLACES:
        is_own = not Path(pattern).is_absolute()
        patterns = [str(folder / pattern) for folder in working_folders()] if is_own else [pattern]
        places = [Path(path) for each in patterns for path in sorted(glob.glob(each)) or [each]]
        for place in (place for place in places if place not in looked):
            looked.add(place)
            yield look_into(place, deeper=is_own or not pattern.startswith("/content"))


def look_into(folder, *, deeper=True):
    """What lies right in `folder` and, where `deeper`, in the folders right under it, as a `Look`."""
    ranked, passed, places = [], [], [folder]
    for place in places:  # to which the folders in `folder` come, once that was looked into
        try:
            candidates, others = look_right_into(place, closely=deeper)
            below = folders_in(place)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                passed.append(f"{error.filename} ({error.strerror})")
            continue
        ranked += candidates
        if place != folder:
            others += [(path.name, "too deep to be looked into") for path in below]
        elif deeper:
            places += below
        passed += [f"{(place / name).relative_to(folder)} ({why})" for name, why in others]
    ranked.sort(key=lambda candidate: candidate[0] > len(FILES))
    sure = [(rank, found) for rank, found in ranked if not is_doubtful(found)]
    (kind, found), *others = sure or ranked or [(None, None)]
    others = [other for rank, other in others if sure and rank == kind]
    also = tuple(other.path for other in others if {*other.sources}.isdisjoint(found.sources))  # no part of it
    return Look(folder, found, bool(sure), tuple(passed), also)


def folders_in(folder):
    return [path for path in visible(folder) if path.is_dir()]


def nothing_found(looks):
    """The one loud line before faces are drawn: where was looked, what lay there, and what to do."""
    there = [str(look) for look in looks if look.place.is_dir()]
    absent = [str(look.place) for look in looks if not look.place.is_dir()]
    sentences = [f"Looked into {'; '.join(there)}."] if there else []
    sentences += [f"Not there: {', '.join(absent)}."] if absent else []
    return (
        "fercourse: NO FER2013 HERE: these are DRAWN FACES, and no figure from them is one of FER2013. "
        f"{' '.join(sentences)} {cure(data_folder())}"
    )


def cure(folder):
    return f"Put it into {folder}, set FERCOURSE_DATA to its place, or load 'drawn'."
