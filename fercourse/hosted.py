"""Machines of others on which a notebook is opened from a link, Colab and Kaggle, and what is particular about them."""

import os
from pathlib import Path

from fercourse.errors import NotWritten

CONTENT = Path("/content")
"""Colab: where a notebook runs, and where what is uploaded lies. It is gone after the session."""

DRIVE = CONTENT / "drive" / "MyDrive"
"""Colab: the student's Drive, which stays, where it is mounted."""

NAME = "fercourse"
"""The folder of the Drive in which what lessons and sheets write is kept."""

SAVED = "Colab Notebooks"
"""The folder of the Drive into which Colab saves notebooks."""


def in_kaggle() -> bool:
    """Whether this notebook runs in Kaggle."""
    return "KAGGLE_KERNEL_RUN_TYPE" in os.environ


def in_colab() -> bool:
    """Whether this notebook runs in Colab. Kaggle's machines are made of Colab's, and are none."""
    return "COLAB_RELEASE_TAG" in os.environ and not in_kaggle()


def nobody_watches() -> bool:
    """Whether Kaggle runs this notebook by itself, for a version that is saved."""
    return os.environ.get("KAGGLE_KERNEL_RUN_TYPE") == "Batch"


def use_drive() -> None:
    """In Colab, make the folder fercourse of your Drive the working folder, where it is mounted; else say how.

    Guesses, the ledger, checkpoints and all that you write by a relative path are then there in the next session.
    Anywhere else nothing happens and nothing is said. Raises NotWritten where the folder cannot be made.
    """
    if not in_colab():
        return
    if not DRIVE.is_dir():
        print(
            "Colab forgets what is written here. To keep guesses and checkpoints, mount your Drive (the folder sign at "
            "the left, then the sign of Drive), and run this cell once more."
        )
        return
    folder = DRIVE / NAME
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise NotWritten(
            f"{folder} could not be made: {error.strerror or error}. Make room in your Drive, or unmount it, and run "
            "this cell once more."
        ) from error
    os.chdir(folder)
    print(f"Guesses, checkpoints and what else you write are kept in your Drive: {folder}")
