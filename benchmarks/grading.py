"""What does it cost to grade a class? A hundred submissions of one sheet, two workers, a SIGKILL in the middle.

Prints the seconds a submission (workers times clock: on quiet cores no less than the processor spent) beside those of
the notebook alone (the same cells in a plain kernel, the median of five), and whether the marks after the kill are
those of a run that nobody killed, byte for byte. It takes six minutes on two quiet cores; --students 10 takes one.
"""

import argparse
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

COURSE = Path(__file__).parents[1]
MARKS = ("marks.csv", "marks.json", "canvas.csv", "by_hand.csv")


def hand_in(folder, sheet, students):
    """Notebooks of a class: all answers right for two of three, the last exercise's check failing for the third."""
    solved = (COURSE / "solutions" / f"{sheet}.ipynb").read_text(encoding="utf-8")
    released = (COURSE / "exercises" / f"{sheet}.ipynb").read_text(encoding="utf-8")
    for number in range(students):
        notebook, untouched = (nbformat.reads(text, as_version=4) for text in (solved, released))
        answers = [cell for cell in notebook.cells if cell.id.endswith("-answer") and cell.cell_type == "code"]
        if number % 3 == 2:
            stubs = {cell.id: cell.source for cell in untouched.cells}
            answers[-1].source = stubs[answers[-1].id]
        for cell in answers:
            cell.source = f"{cell.source}\n# student {number}"
        (folder / f"student {number:03}").mkdir(parents=True)
        nbformat.write(notebook, folder / f"student {number:03}" / f"{sheet}.ipynb")


def command(folder, sheet, out, workers):
    solution = COURSE / "solutions" / f"{sheet}.ipynb"
    arguments = [str(folder), "--solution", str(solution), "--out", str(out), "--jobs", str(workers)]
    return [sys.executable, "-m", "fercourse", "grade", *arguments]


def alone(folder, sheet):
    """Seconds of one notebook in a plain kernel, its graded cells left out: they are what the grader adds."""
    notebook = nbformat.read(folder / "student 000" / f"{sheet}.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not re.search(r"-(check|hidden)", cell.id)]
    start = time.perf_counter()
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sheet", default="03_cnns_adam_sgd")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grading-") as place:
        folder, whole, killed = (Path(place, name) for name in ("handed in", "whole", "killed"))
        hand_in(folder, options.sheet, options.students)
        own = statistics.median(alone(folder, options.sheet) for _ in range(5))

        start = time.perf_counter()
        subprocess.run(command(folder, options.sheet, whole, options.workers), check=True)
        seconds = time.perf_counter() - start

        grading = subprocess.Popen(command(folder, options.sheet, killed, options.workers), start_new_session=True)
        time.sleep(0.5 * seconds)
        grading.send_signal(signal.SIGKILL)
        grading.wait()
        done = len(list((killed / "state").glob("*.json")))
        subprocess.run(command(folder, options.sheet, killed, options.workers), check=True)
        same = [[(out / name).read_bytes() for name in MARKS] for out in (whole, killed)]

    each = options.workers * seconds / options.students
    print(f"{options.students} submissions, {options.workers} workers: {seconds:.0f} s, {each:.2f} s a submission")
    print(f"the notebook alone, without its checks: {own:.2f} s (median of 5); the grader adds {each - own:+.2f} s")
    print(f"killed with {done} done, resumed: the marks are {'the same' if same[0] == same[1] else 'OTHERS'}")
    return 0 if same[0] == same[1] else 1


if __name__ == "__main__":
    sys.exit(main())
