"""Does a student in Colab or Kaggle get through? Each lesson and sheet, opened there alone, from its first cell on.

`python benchmarks/rehearsal.py --into FOLDER` makes below FOLDER an environment with the versions that Colab publishes,
and for each notebook a machine of its own, by bubblewrap: a copy of that environment in which the course is not, an
empty /content or /kaggle, a home, and a package google.colab that mounts a folder as Drive. The notebook's own first
cell installs the course, by pip and git, from what is committed in this checkout in place of GitHub. Then come the
cases: FER2013 from a Drive, from an upload, from Kaggle's input; a kernel that is killed while it trains.

It prints a line for each: seconds of the setup cell, from there to the first figure, and of the whole, on the clock
and in brackets of the processor; what came along beside the course; and what went wrong. Wrong is a first figure for
which the processor takes more than 60 s, a package of theirs in another version, a cell that fails, warns or writes to
stderr, in a sheet only where no open answer explains it. It needs Linux, uv, git, bubblewrap, and the network for
packages. Names such as 01, 02b and cases rehearse a few, `--kaggle` does it in Kaggle. All of it takes half an hour on
one quiet core. Exit code 1: something was wrong.
"""

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import nbformat
from hosted_machine import COURSE, Machine, cells, setup_of

import fercourse as fc
from fercourse import errors
from fercourse.course.checkout import select
from fercourse.course.outputs import problems_in

SECONDS = 60
UV = [sys.executable, "-m", "uv"]
PUBLISHED = """
h5py==3.16.0 huggingface_hub==1.27.0 ipykernel==6.17.1 ipython==7.34.0 ipywidgets==7.7.1 joblib==1.5.3
jupyter_client==7.4.9 jupyter_core==5.9.1 jupyterlab_widgets==3.0.16 keras==3.13.2 matplotlib==3.10.0
matplotlib-inline==0.2.2 ml_dtypes==0.6.0 notebook==6.5.7 numpy==2.1.3 opencv-python-headless==5.0.0.93 packaging==26.3
pandas==2.2.3 pillow==11.3.0 pip==24.1.2 protobuf==5.29.6 psutil==5.9.5 pyarrow==18.1.0 Pygments==2.21.0 PyYAML==6.0.3
pyzmq==26.2.1 requests==2.32.4 rich==13.9.4 safetensors==0.8.0 scikit-learn==1.6.1 scipy==1.16.3 seaborn==0.13.2
setuptools==75.2.0 sympy==1.14.0 tensorflow==2.20.0 threadpoolctl==3.6.0 timm==1.0.28 torch==2.11.0 torchvision==0.26.0
tornado==6.5.7 tqdm==4.67.3 traitlets==5.7.1 typing_extensions==4.16.0 widgetsnbextension==3.6.10
"""
"""Of Colab's packages those that the course, its extras and a kernel use. Source: pip-freeze.txt in the repository
googlecolab/backend-info on GitHub, commit a724079 of 19 August 2026, the newest that could be read on 29 November."""
ASKED = re.compile(r"in Colab run `(%pip install [^`]+)` first")
"""What the title of a lesson has a student install beforehand."""
VERSIONS = "import json, importlib.metadata as m; print(json.dumps({d.name: d.version for d in m.distributions()}))"

MOUNT = "from google.colab import drive\ndrive.mount('/content/drive')"
UPLOAD = "from google.colab import files\nlist(files.upload())"
REAL = "data = env.load({})\nassert (data.source, len(data.train)) == ('fer2013.csv', 210), data"
GUESS = """from fercourse.classroom.guesses import form
question = form("02.1", "Which?", options=["a", "b"])
question.children[1].value = "b"
question.children[3].click()
fc.reveal("02.1", "b")"""
TRAINING = """import os, signal
from fercourse.learn.checkpoints import read_checkpoint
def model():
    fc.seed_everything(0)
    return fc.mlp(0.5, 0.25, hidden=(64,))
recipe = dict(epochs=4, batch_size=16)"""
KILLED = """fc.read_test(data, "How good is it?")
for row in fc.iter_fit(model(), data, **recipe, checkpoint="runs/mine.pt"):
    if row["epoch"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)"""
RESUMED = """finished = len(read_checkpoint("runs/mine.pt")["rows"])
again = fc.fit(model(), data, **recipe, checkpoint="runs/mine.pt", resume=True)
whole = fc.fit(model(), data, **recipe)
rows = [[{**row, "seconds": 0} for row in history] for history in (again, whole)]
assert finished == 2 and rows[0] == rows[1], (finished, rows)
assert list(fc.own_guesses()["id"]) == ["02.1"]
assert list(fc.ledger()["question"]) == ["How good is it?"]"""


def case_drive(machine, setup, csv):
    """FER2013 in a Drive; a kernel that is killed while it trains, and the next session, on another machine."""
    drive = machine("first").drive
    shutil.copy(csv, drive / "fer2013.csv")
    first = cells(MOUNT, *setup, REAL.format("DATA"), GUESS, TRAINING, KILLED)
    second = cells(MOUNT, *setup, REAL.format("DATA"), TRAINING, RESUMED)
    lived = machine("first").run(first)
    kept = sorted(path.name for path in (drive / "fercourse").rglob("*") if path.is_file())
    assert not lived, "the kernel was to be killed"
    assert len(kept) == 3, f"in the Drive lie {kept}"
    assert {"my_guesses.json", "mine.pt"} < set(kept), f"in the Drive lie {kept}"
    machine("second").run(second)
    return [first, second]


def case_upload(machine, setup, csv):
    """An uploaded FER2013, and a Drive that is mounted later: from then on guesses are in it."""
    shutil.copy(csv, machine("upload").folder / "uploads" / "fer2013.csv")
    here = "import os\nassert os.getcwd() == '/content'"
    upload = cells(UPLOAD, *setup, REAL.format("DATA"), here, MOUNT, setup[-1], REAL.format("'fer2013.csv'"), GUESS)
    machine("upload").run(upload)
    assert (machine("upload").drive / "fercourse" / "my_guesses.json").is_file(), "the guess is not in the Drive"
    return [upload]


def case_kaggle(machine, setup, csv):
    """FER2013 is found where Kaggle lays a data set, now and in earlier years, and the files of a challenge."""
    for name in ("fer2013", "datasets/somebody/fer2013", "competitions/challenges-in-representation-learning"):
        place = machine("kaggle", kaggle=True).folder / "kaggle" / "input" / name
        place.mkdir(parents=True)
        shutil.copy(csv, place)
    found = "from fercourse.data.find import looked_at\nassert len([look for look in looked_at() if look.sure]) == 3"
    kaggle = cells(*setup, REAL.format("DATA"), found, GUESS, "assert open('/kaggle/working/my_guesses.json').read()")
    machine("kaggle", kaggle=True).run(kaggle)
    return [kaggle]


CASES = (case_drive, case_upload, case_kaggle)


def wrong_in_case(case, *given):
    """What went wrong in a case; mostly nothing."""
    try:
        return [line for notebook in case(*given) for line in problems_in(notebook)]
    except AssertionError as error:
        return [str(error)]


def environment(folder, python):
    """The folder of a new virtual environment with Colab's versions, in which the course is not."""
    place = folder / "environment"
    if not (place / "ready").exists():
        subprocess.run([*UV, "venv", "--quiet", "--clear", "--python", python, place], check=True)
        install = [*UV, "pip", "install", "--quiet", "--system-certs", "--compile-bytecode", "--python", place]
        subprocess.run([*install, *PUBLISHED.split()], check=True)
        (place / "ready").touch()
    return place


def versions(environment):
    """Package → version, as the Python of a virtual environment sees them."""
    command = [environment / "bin" / "python", "-I", "-c", VERSIONS]  # and nothing of the folder it is started in
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def rehearsed(path, machine, before):
    """What a notebook did on a fresh machine: {"setup", "figure", "whole": seconds, "new": packages, "wrong": lines}.

    Seconds are pairs, on the clock and of the processor; "setup" is the first cell, "figure" from its start to the end
    of the first one with a picture, None where there is none.
    before: package → version of the environment, without the course
    """
    notebook, is_sheet = nbformat.read(path, as_version=4), path.parent.name == "exercises"
    if asked := ASKED.search(notebook.cells[0].source):
        notebook.cells.insert(1, nbformat.v4.new_code_cell(asked[1]))
    last = nbformat.v4.new_code_cell(VERSIONS)
    notebook.cells.append(last)
    lived = machine.run(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and "execution" in cell.metadata]
    used = [0, *json.loads((machine.folder / "home" / "processor.json").read_text())]

    def seconds(first, end):
        """From the start of one cell to the end of another."""
        times = [first.metadata.execution["iopub.execute_input"], end.metadata.execution["shell.execute_reply"]]
        start, stop = map(datetime.fromisoformat, times)
        return (stop - start).total_seconds(), used[code.index(end) + 1] - used[code.index(first)]

    notebook.cells.remove(last)
    after = json.loads(last.outputs[0].text) if last.get("outputs") else {}
    (start,) = [cell for cell in notebook.cells if re.fullmatch(r"\d\d\w?-(setup|course)", cell.id)]
    pictures = [
        cell for cell in notebook.cells if any("image/png" in each.get("data", {}) for each in cell.get("outputs", ()))
    ]
    figure = seconds(start, pictures[0]) if pictures else None
    wrong = unexplained(notebook) if is_sheet else problems_in(notebook)
    wrong += [] if lived else ["the kernel died"]
    wrong += [
        f"{name} is {after.get(name)}, and was {each}" for name, each in before.items() if after.get(name) != each
    ]
    wrong += [f"the first figure took {figure[1]:.0f} s of the processor"] if figure and figure[1] > SECONDS else []
    new = sorted(after.keys() - before.keys() - {"fercourse"})
    whole = seconds(start, code[-1])
    return {"setup": seconds(start, start), "figure": figure, "whole": whole, "new": new, "wrong": wrong}


def spelt(seconds):
    return "–" if seconds is None else f"{seconds[0]:.1f} s ({seconds[1]:.1f})"


def unexplained(notebook):
    """What is wrong in an unanswered sheet but for what its opening promises.

    Open answers and their checks may end in an error of the course's own, and so may, in any error, cells below that
    use an open answer, or what such a cell was to define.
    """
    wrong, unanswered = [], set()
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        kinds = ast.Name | ast.FunctionDef | ast.ClassDef
        names = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, kinds)]
        defined = {getattr(node, "name", None) or node.id for node in names if not is_read(node)}
        is_answer = cell.metadata.nbgrader.solution
        is_asked = is_answer or "-check" in cell.id
        depends = is_answer or bool({node.id for node in names if is_read(node)} & unanswered)
        unanswered |= defined if depends else set()
        for problem in problems_in(nbformat.v4.new_notebook(cells=[cell])):
            kind = problem.removeprefix(f"cell {cell.id}: ").partition(":")[0]
            wrong += [] if depends and (not is_asked or hasattr(errors, kind)) else [problem]
    return wrong


def is_read(node):
    """Whether a node of a program reads a name."""
    return isinstance(getattr(node, "ctx", None), ast.Load)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help='such as 01, 02b, or "cases"; all where none is named')
    parser.add_argument("--into", type=Path, required=True, help="a folder outside the course's")
    parser.add_argument("--kaggle", action="store_true", help="notebooks in Kaggle, not in Colab")
    parser.add_argument(
        "--python", default="3.13", help="as in Colab: a number, which uv finds or downloads, or a path"
    )
    options = parser.parse_args()
    folder = options.into.resolve()
    if subprocess.run(["git", "status", "--porcelain"], cwd=COURSE.root, capture_output=True).stdout:
        print("What is not committed is not rehearsed.")
    place = environment(folder, options.python)
    before, spare, failed = versions(place), folder / "spare", 0

    def machine(name, kaggle=False):
        """The machine of that name, made where it is not there yet, with a copy of the environment."""
        copy = folder / "machines" / name / "environment"
        if not copy.exists():
            copy.parent.mkdir(parents=True)
            (folder / "My Drive").mkdir(exist_ok=True)
            if spare.exists():
                spare.rename(copy)
            else:  # pip replaces files, and edits none
                subprocess.run(["cp", "--archive", "--link", place, copy], check=True)
        return Machine(copy.parent, place, kaggle, folder / "My Drive")

    def cleared():
        """Remove machines and Drive; an environment is kept for the next where nothing of theirs was replaced."""
        for copy in folder.glob("machines/*/environment"):
            found = versions(copy)
            if before.items() <= found.items() and not spare.exists():
                came = [*UV, "pip", "uninstall", "--quiet", "--python", copy, *(found.keys() - before.keys())]
                if found != before:
                    subprocess.run(came, check=True)
                for left in copy.glob("lib/python*/site-packages/fercourse"):
                    shutil.rmtree(left)
                copy.rename(spare)
        for name in ("machines", "My Drive"):
            shutil.rmtree(folder / name, ignore_errors=True)

    for path in chosen(options.names):
        cleared()
        row = rehearsed(path, machine("alone", options.kaggle), before)
        failed += bool(row["wrong"])
        times = "".join(f"{spelt(row[name]):>20}" for name in ("setup", "figure", "whole"))
        print(f"{path.parent.name}/{path.stem}".ljust(42) + times, *row["new"], flush=True)
        print("".join(f"    {line}\n" for line in row["wrong"]), end="", flush=True)
    setup = setup_of(COURSE.notebooks / "02_mlp_baseline.ipynb")
    csv = fc.convert(fc.drawn_faces(210, 70, 70, seed=7), folder / "fer2013.csv", layout="csv")
    for case in CASES if not options.names or "cases" in options.names else ():
        cleared()
        wrong = wrong_in_case(case, machine, setup, csv)
        failed += bool(wrong)
        print(f"{case.__doc__.splitlines()[0]} {'NO' if wrong else 'yes'}", *wrong, sep="\n    ", flush=True)
    cleared()
    return 1 if failed else 0


def chosen(names):
    """The lessons and sheets that the names mean, in their order; all where none is named."""
    there = [path for folder in (COURSE.notebooks, COURSE.exercises) for path in select((), folder, ".ipynb")]
    return [path for name in names for path in there if path.stem.split("_")[0] == name] if names else there


if __name__ == "__main__":
    sys.exit(main())
