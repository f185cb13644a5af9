"""What is green in a notebook scores when it is graded, in whatever form it comes; what is red is so for one reason."""

import ast
import json
import tempfile
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from answers.forms import FORMS
from answers.odd import ODD
from improved import kept_text, with_networks
from sheet_runs import COURSE, SHEETS, answers_to, checked_exercises, improvements, sheet, verdict

from fercourse.errors import GradingError
from fercourse.grading.marking import Limits, choose_sandbox, grade_submission, read_sheet

IN_FORM = """
{answer}

import types
forms = types.ModuleType("forms")
exec({forms!r}, vars(forms))
"""
LIMITS = Limits(cell_seconds=60, total_seconds=600, output_kb=10)

FIRST = 5
"""So many sheets are asked here, the others in test_later_exercises_graded.py: a file is one worker's."""

sheets = pytest.mark.parametrize("stem", SHEETS[:FIRST])


@pytest.fixture(autouse=True)
def _nobody_watches(monkeypatch):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")


@pytest.fixture
def _sandboxed():
    try:
        choose_sandbox("bwrap")
    except GradingError as error:
        pytest.skip(str(error))


def cells_of(stem, id):
    """The answer cell of an exercise, and its check and hidden cells."""
    parts = {kind: f"{id.replace('.', '-')}-{kind}" for kind in ("answer", "check", "hidden")}
    (answer,) = [cell for cell in sheet(stem).cells if cell.id == parts["answer"]]
    return answer, [cell for cell in sheet(stem).cells if cell.id in (parts["check"], parts["hidden"])]


def solution_in(form, stem, id):
    """The source of the solution, what it defines turned into a form of `answers.forms`."""
    answer, _ = cells_of(stem, id)
    nodes = ast.parse(answer.source).body
    names = {target.id for node in nodes if isinstance(node, ast.Assign) for target in node.targets}
    names |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    forms = (COURSE / "tests/helpers/answers/forms.py").read_text(encoding="utf-8")
    source = IN_FORM.format(answer=answer.source, forms=forms)
    return source + "".join(f"{name} = forms.in_form(forms.once({name}, {id!r}), {form!r})\n" for name in sorted(names))


def answers(stem):
    """(exercise, what kind of answer, source) for each answer that is tried both ways."""
    for id in checked_exercises(sheet(stem)):
        yield from ((id, f"right {number}", source) for number, source in enumerate(answers_to(stem)[0][id]))
        yield from ((id, f"as {form}", solution_in(form, stem, id)) for form in FORMS)
        yield from ((id, f"odd: {said}", source) for source, said in ODD[id])


@cache
def said_in_a_notebook(stem):
    """(exercise, kind of answer) → what the check or a hidden test says, or None."""
    return {(id, kind): verdict(stem, id, source) for id, kind, source in answers(stem)}


@cache
def graded_at_once(stem):
    """What the grader says of each cell, by its id, and the ids of each (exercise, kind of answer).

    All answers are handed in as one notebook, with the networks that are trained in it: in the solved sheet each
    exercise comes once more for each answer, with ids of its own.
    """
    solved = json.loads((COURSE / "solutions" / f"{stem}.ipynb").read_text(encoding="utf-8"))
    handed_in, places = deepcopy(solved), {}
    for number, (id, kind, source) in enumerate(answers(stem)):
        answer, graded_cells = cells_of(stem, id)
        if kind.startswith("odd"):  # its check says why; a hidden test that fails would run the notebook once more
            graded_cells = graded_cells[:1]
        last = max(place for place, cell in enumerate(solved["cells"]) if cell["id"].startswith(id.replace(".", "-")))
        for cell in reversed([answer, *graded_cells]):
            copied = deepcopy(dict(cell))
            copied["id"] = copied["metadata"]["nbgrader"]["grade_id"] = f"{cell.id}-{number}"
            solved["cells"].insert(last + 1, copied)
            handed_in["cells"].insert(last + 1, copied | ({"source": source} if cell is answer else {}))
        places[id, kind] = [f"{cell.id}-{number}" for cell in graded_cells]
    handed_in = with_networks(handed_in, {id: kept_text(id) for id in improvements(sheet(stem))})
    with tempfile.TemporaryDirectory() as folder:
        for name, notebook in (("solved", solved), ("handed_in", handed_in)):
            Path(folder, f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        result = grade_submission(Path(folder, "handed_in.ipynb"), read_sheet(Path(folder, "solved.ipynb")), LIMITS)
    return result["cells"], places


def graded(stem):
    """(exercise, kind of answer) → (points, maximum, reasons)."""
    cells_by_id, places = graded_at_once(stem)
    found = {key: [cells_by_id[id] for id in ids] for key, ids in places.items()}
    return {
        key: (
            sum(cell["points"] for cell in cells),
            sum(cell["max"] for cell in cells),
            [cell["why"] for cell in cells],
        )
        for key, cells in found.items()
    }


def test_at_least_three_answers_written_in_an_unusual_way_are_tried_for_each_exercise():
    right = {id: len(sources) for stem in SHEETS for id, sources in answers_to(stem)[0].items()}
    assert list(right) == [id for stem in SHEETS for id in checked_exercises(sheet(stem))]
    assert min(right.values()) >= 4
    assert set(ODD) == set(right)


@sheets
def test_a_right_answer_passes_in_every_form(stem):
    said = {key: what for key, what in said_in_a_notebook(stem).items() if not key[1].startswith("odd")}
    assert {key: what for key, what in said.items() if what} == {}


@sheets
def test_an_odd_answer_is_refused_for_what_it_is(stem):
    said = {key: what for key, what in said_in_a_notebook(stem).items() if key[1].startswith("odd")}
    assert {key: what for key, what in said.items() if key[1].removeprefix("odd: ") not in (what or "")} == {}


@sheets
@pytest.mark.usefixtures("_sandboxed")
def test_what_is_green_in_the_notebook_scores_when_it_is_graded(stem):
    lost = {
        key: why
        for key, (points, most, why) in graded(stem).items()
        if not said_in_a_notebook(stem)[key] and points < most
    }
    assert lost == {}


@sheets
@pytest.mark.usefixtures("_sandboxed")
def test_what_is_red_in_the_notebook_is_red_for_the_same_reason_when_it_is_graded(stem):
    odd = {key: what for key, what in said_in_a_notebook(stem).items() if key[1].startswith("odd")}
    assert {key: graded(stem)[key][2][0] for key in odd} == odd


@sheets
@pytest.mark.usefixtures("_sandboxed")
def test_the_solution_itself_gets_full_marks(stem):
    own = {cell.id: graded_at_once(stem)[0].get(cell.id) for cell in sheet(stem).cells}
    own = {id: cell for id, cell in own.items() if cell}
    assert own
    by_hand = {id for id, cell in own.items() if cell["kind"] == "hand"}
    assert {id for id, cell in own.items() if cell["points"] is None} == by_hand
    assert {id: cell["why"] for id, cell in own.items() if id not in by_hand and cell["points"] < cell["max"]} == {}
