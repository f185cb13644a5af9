"""reveal.js, which turns the pages of a deck, shows notes to the speaker and prints; fetched once, then kept."""

import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from fercourse.errors import DataNotFound
from fercourse.files import written_aside

VERSION = "6.0.2"
"""The tested version; the only place that names it."""

FILES = {"style": "reveal.css", "script": "reveal.js", "notes": "plugin/notes.js"}


def reveal(root: Path) -> dict[str, str]:
    """The texts of reveal.js that a deck carries: "style", "script" and "notes".

    root: of the course; the package is kept in build/reveal.js/ below it, so that the next build needs no npm.
    Raises DataNotFound where it is not there and npm is missing or cannot fetch it.
    """
    folder = kept_in(root)
    if not folder.is_dir():
        _fetch(folder)
    return {name: (folder / file).read_text(encoding="utf-8") for name, file in FILES.items()}


def kept_in(root: Path) -> Path:
    """Where the files of reveal.js lie, once they were fetched."""
    return root / "build" / "reveal.js" / VERSION


def _fetch(folder):
    npm = shutil.which("npm")
    advice = f"Install Node.js with npm, or copy the folder dist/ of reveal.js {VERSION} to {folder}"
    if npm is None:
        raise DataNotFound(f"slides need reveal.js {VERSION}, and there is no npm to fetch it with. {advice}")
    with TemporaryDirectory() as there:
        done = subprocess.run(
            [npm, "pack", "--silent", f"reveal.js@{VERSION}"], cwd=there, capture_output=True, text=True
        )
        packed = list(Path(there).glob("*.tgz"))
        if done.returncode or not packed:
            said = (done.stderr or done.stdout).strip()[-300:]
            raise DataNotFound(f"npm could not fetch reveal.js {VERSION}: {said or 'it says nothing'}. {advice}")
        with tarfile.open(packed[0]) as archive:
            archive.extractall(there, filter="data")
        with written_aside(folder) as aside:
            shutil.copytree(Path(there) / "package" / "dist", aside)


def inside_a_page(script: str) -> str:
    """A script as it may stand between <script> and </script>: what a browser would take for the page's is written
    another way, which means the same in texts and patterns."""
    for sign in ("<!--", "<script", "</script"):
        script = script.replace(sign, "\\x3C" + sign[1:])
    return script
