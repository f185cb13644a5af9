"""Writes docs/first_figure.json: how long it takes from a bare folder to the first figure of lesson 01.

Run it by `.venv/bin/python docs/first_figure.py`, on a quiet machine, when all packages have been downloaded once. It
copies what git has into a new folder, makes the environment there as the README says, and executes the notebook as a
student opens it, up to its first figure. `python -m fercourse build` then puts the minutes into README.md.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

DOCS = Path(__file__).parent
CELLS = """
import sys, time
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read("notebooks/01_data_exploration.ipynb", as_version=4)
started = time.perf_counter()
client = NotebookClient(notebook, kernel_name="python3", timeout=None, resources={"metadata": {"path": "notebooks"}})
with client.setup_kernel():
    for place, cell in enumerate(notebook.cells):
        client.execute_cell(cell, place)
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", ())):
            sys.exit(print(time.perf_counter() - started))
sys.exit("lesson 01 showed no figure")
"""


def measured(folder):
    """What `make environment` and the first figure took in a new folder, with where and when."""
    files = subprocess.run(["git", "archive", "HEAD"], cwd=DOCS.parent, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x"], cwd=folder, input=files, check=True)
    kept = ("PATH", "HOME", "PYENV_VERSION", "UV_CACHE_DIR", "PIP_CACHE_DIR")
    environment = {name: value for name, value in os.environ.items() if name in kept or name.endswith("INDEX_URL")}
    started = time.perf_counter()
    subprocess.run(["make", "environment"], cwd=folder, env=environment, check=True)
    installed = time.perf_counter() - started
    cells = [".venv/bin/python", "-c", CELLS]
    said = subprocess.run(cells, cwd=folder, env=environment, capture_output=True, text=True)
    if said.returncode:
        sys.exit(said.stderr)
    size = sum(path.lstat().st_size for path in Path(folder, ".venv").rglob("*"))
    return {
        "install_seconds": round(installed, 1),
        "figure_seconds": round(float(said.stdout.splitlines()[-1]), 1),
        "gigabytes": round(size / 1e9, 1),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = json.dumps(measured(folder), indent=1) + "\n"
    (DOCS / "first_figure.json").write_text(found, encoding="utf-8")
    print(found)
