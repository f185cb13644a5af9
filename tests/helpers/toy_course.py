"""Toy courses for the tests of the builder and the runner: lessons of a few cells that need no data and no torch."""

from textwrap import dedent

from fercourse.course.checkout import find_course

SETUP = 'LESSON = "$number"'
STAMP = 'print("the end of", LESSON)'
PARAMETERS = """\
# %% tags=["parameters"]
DATA: str = "auto"  # where the faces are
SCALE: str = "smoke"  # smoke, lesson or full
SEED: int = 0  # of everything drawn at random
DEVICE: str = "auto"
EPOCHS: int = 3  # passes over the training set
RATE: float = 0.1
"""
FRONT = """\
# ---
# title: A toy
# promise: You will see a toy.
# needs: [Lesson 00]
# outcomes:
#   - draw a toy
#   - say "toy"
# reproduces: Z9
# ---
"""


def lesson(*cells, front=FRONT, parameters=PARAMETERS):
    """The text of a lesson with these code cells; a cell that begins with "# %%" brings its own header."""
    written = [cell if cell.startswith("# %%") else f"# %%\n{cell}" for cell in map(dedent, cells)]
    return "\n".join([front, parameters, *written])


def toy_course(folder, *, repository="https://github.com/fercourse/fercourse", **lessons):
    """A course in `folder`: its address, and a lesson file for each keyword, such as `toy_01` for 01_toy.py."""
    (folder / "lessons").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{repository}"\n')
    for name, text in lessons.items():
        write_lesson(folder, name, text)
    return find_course(folder)


def write_lesson(folder, name, text):
    stem, _, number = name.rpartition("_")
    (folder / "lessons" / f"{number}_{stem}.py").write_text(text)


def publish(record):
    """A cell that publishes a record as the helpers of fercourse do, without them."""
    return f"""\
from IPython.display import display

display({{"text/plain": "published"}}, metadata={{"fercourse": {record!r}}}, raw=True)
"""
