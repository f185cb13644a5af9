"""Where the course lies on this disk, its address, and which of its files a lesson's name means."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fercourse.errors import ParameterError

NUMBERED = re.compile(r"[0-9]{2}[a-z]?_")
"""How the name of a lesson begins: its number, and a letter for a second part."""


@dataclass(frozen=True)
class Course:
    """A checkout of the course: its folder, and the address that badges and setup cells are built from."""

    root: Path
    repository: str

    @property
    def lessons(self) -> Path:
        return self.root / "lessons"

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def exercises(self) -> Path:
        return self.root / "exercises"

    @property
    def docs(self) -> Path:
        return self.root / "docs"

    @property
    def pages(self) -> Path:
        """Where the executed notebooks lie, for reading."""
        return self.docs / "lessons"

    @property
    def records(self) -> Path:
        return self.lessons / "records.json"

    @property
    def site_address(self) -> str | None:
        """Where GitHub Pages serves the course's site; None for a repository that lies elsewhere."""
        address = urlsplit(self.repository)
        owner, _, name = address.path.strip("/").partition("/")
        return f"https://{owner}.github.io/{name}/" if address.netloc == "github.com" else None

    def address_of(self, path: str) -> str:
        """Where a file or a folder of the repository is shown at the course's address."""
        return f"{self.repository}/{'tree' if (self.root / path).is_dir() else 'blob'}/main/{path}"


def find_course(start: str | Path = ".") -> Course:
    """The course whose folder is `start` or the nearest one above it.

    Raises ParameterError where there is none, or where its pyproject.toml has no [project.urls] Repository.
    """
    start = Path(start).resolve()
    for folder in [start, *start.parents]:
        if (folder / "pyproject.toml").is_file() and (folder / "lessons").is_dir():
            return Course(folder, _repository(folder / "pyproject.toml"))
    raise ParameterError(
        f"no course in {start} or above it: expected a folder with pyproject.toml and lessons/. "
        "Go to a checkout of the course and try again."
    )


def _repository(path):
    try:
        address = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
    except KeyError as error:
        raise ParameterError(
            f'{path}: expected the course\'s address under [project.urls], Repository = "https://…"; {error} is missing'
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ParameterError(f"{path}: not TOML: {error}") from error
    return address.rstrip("/").removesuffix(".git")


def select(names: Iterable[str], folder: Path, suffix: str) -> list[Path]:
    """The files `NN_name` or `NNb_name` + suffix that `names` mean, in the order of the course; all where it is empty.

    A name is a number ("2", "02", "02b"), a stem ("02_mlp_baseline") or a path to the file.
    Raises ParameterError for a name that means none of them, and where there are none.
    """
    found = {
        path.stem: path
        for path in sorted(folder.glob(f"[0-9][0-9]*{suffix}"), key=lambda path: path.stem.split("_"))
        if NUMBERED.match(path.stem)
    }
    if not found:
        raise ParameterError(f"{folder}: no lesson there; expected files such as 01_data_exploration{suffix}")
    chosen = {_stem(name, found, folder) for name in names} or found
    return [path for stem, path in found.items() if stem in chosen]


def _stem(name, found, folder):
    path = Path(name)
    plain = path.stem if path.suffix in ("", ".py", ".ipynb") else path.name  # 02.1 is an exercise, no lesson
    for stem in found:
        if plain == stem or plain.zfill(len(stem.split("_")[0])) == stem.split("_")[0]:
            return stem
    raise ParameterError(f"no lesson {name!r} in {folder}; there are {', '.join(found)}")
