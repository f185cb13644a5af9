"""Writes docs/exercises.md: how many plausible wrong answers the checks of the exercises catch.

Run it by `python docs/exercises.py`. The answers lie in tests/helpers/answers/, and a test holds the page against them.
"""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "tests" / "helpers"))
os.environ |= {"FERCOURSE_HEADLESS": "1", "MPLBACKEND": "agg"}

from sheet_runs import SHEETS, answers_to, sheet, verdict  # noqa: E402

INTRODUCTION = """\
# What the checks of the exercises catch

A check that lets a wrong answer pass teaches something false, and one that refuses a right answer costs an evening. So
each check is itself tested: on the solution, on other right answers, and on wrong ones that students plausibly write.
Where a wrong one got through, the check was mended; so the share says that none of these gets through, nothing of
those that nobody thought of.

Written by `python docs/exercises.py`; a test holds this page against a new count.
"""


def page():
    """The page as Markdown."""
    rows, caught, tried, right = [], 0, 0, 0
    for stem in SHEETS:
        notebook, (others, wrong) = sheet(stem), answers_to(stem)
        for id, answers in wrong.items():
            said = [verdict(stem, id, answer) for answer in answers.values()]
            title = notebook.metadata["fercourse"]["exercises"][id]["title"]
            found = sum(each is not None for each in said)
            rows.append(f"| {id} | {title} | {len(others[id])} | {len(said)} | {found} |")
            caught, tried, right = caught + found, tried + len(said), right + len(others[id])
    head = "| | exercise | other right answers that pass | wrong answers tried | caught |\n|---|---|---:|---:|---:|"
    total = f"{caught} of {tried} wrong answers are caught: {100 * caught / tried:.1f} %."
    return "\n".join([INTRODUCTION, total, "", head, *rows]) + "\n"


if __name__ == "__main__":
    (DOCS / "exercises.md").write_text(page(), encoding="utf-8")
    print(page())
