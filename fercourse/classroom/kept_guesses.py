"""The student's own guesses of all lessons, in a small file beside the notebooks: nobody else sees it, and it may go.

Only how sure and whether right is kept, under the guess's id; the first guess counts, since a second one knows the
answer. The last part of lesson 07 draws them as a reliability diagram.
"""

import json
from os import PathLike
from pathlib import Path

import pandas as pd

from fercourse.errors import DataMismatch
from fercourse.files import written_aside

FILE = "my_guesses.json"
"""The name of the file, in the folder in which the notebook runs."""


def own_guesses(folder: str | PathLike = ".") -> pd.DataFrame:
    """Your own guesses of all lessons that you did in this folder: a DataFrame, one row a guess, sorted by its id.

    Columns: id, confidence (0 to 1), right (bool), options (how many there were). They stand in the file
    my_guesses.json beside the notebooks, the first guess for each question. Nobody else reads it: delete it, and they
    are forgotten. Without a file the table has no rows. Raises DataMismatch where the file is damaged.
    """
    rows = [{"id": id, **guess} for id, guess in sorted(_read(Path(folder) / FILE).items())]
    table = pd.DataFrame(rows, columns=["id", "confidence", "right", "options"])
    return table.astype({"confidence": float, "right": bool, "options": int})


def keep_guess(id: str, *, confidence: float, right: bool, options: int) -> None:
    """Write one guess into the file, unless there is one of this id.

    confidence: 0 to 1. Raises DataMismatch where the file is damaged, NotWritten where it cannot be written.
    """
    path = Path(FILE)
    kept = _read(path)
    if id in kept:
        return
    kept[id] = {"confidence": confidence, "right": bool(right), "options": options}
    with written_aside(path) as aside:
        aside.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _read(path):
    """What a file of guesses holds: id → guess; nothing where there is no file."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8-sig"))  # Windows' editors begin a file with a mark
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if not isinstance(kept, dict):
        raise _damaged(path, f"a {type(kept).__name__}")
    for id, guess in kept.items():
        if not _sound(guess):
            raise _damaged(path, f"{id}: {guess!r}"[:80])
    return kept


def _sound(guess):
    """Whether this is a guess as `keep_guess` writes it."""
    if not isinstance(guess, dict) or set(guess) != {"confidence", "right", "options"}:
        return False
    confidence, right, options = guess["confidence"], guess["right"], guess["options"]
    numbers = type(confidence) in (int, float) and type(options) is int
    return numbers and 0 <= confidence <= 1 and options >= 2 and isinstance(right, bool)


def _damaged(path, found):
    return DataMismatch(
        f"{path}: expected your guesses, as fercourse keeps them, found {found}. "
        "Rename or delete the file: a new one is begun with your next guess."
    )
