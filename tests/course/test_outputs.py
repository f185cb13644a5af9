"""What is read back from an executed notebook: what its cells showed, and what must not be committed."""

import subprocess
import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fercourse.course.outputs import broken_claims, problems_in, shown_in


def executed(*outputs):
    """A notebook with a cell of prose, and a cell of code for each of these outputs."""
    cells = [new_code_cell("x", id=f"01-{place}", outputs=[output]) for place, output in enumerate(outputs)]
    return new_notebook(cells=[new_markdown_cell("Words."), *cells])


def showing(**metadata):
    return new_output(
        "display_data", data={"text/plain": "shown"}, metadata={"fercourse": metadata} if metadata else {}
    )


def claim(status):
    return showing(kind="claims", claims=[{"id": "01.a", "sentence": "Ones are twos.", "status": status}])


def test_what_cells_showed_is_sorted_by_kind_in_its_order_and_what_helps_a_reader_is_left_out():
    kinds = ("stamp", "hint", "figure", "source", "question", "guess", "training", "stamp")
    shown = shown_in(executed(*(showing(kind=kind, place=place) for place, kind in enumerate(kinds)), showing()))
    places = {name: [found["place"] for found in shown[name]] for name in shown if name != "stamp"}
    assert places == {"claims": [], "figures": [2], "guesses": [5], "trainings": [6]}
    assert shown["stamp"] == {"kind": "stamp", "place": 7}
    assert shown_in(executed())["stamp"] is None


def test_a_table_of_claims_or_figures_is_read_back_row_by_row():
    claims = showing(kind="claims", claims=[{"id": "01.a"}, {"id": "01.b"}])
    figures = showing(kind="figures", figures=[{"name": "b"}, {"name": "c"}])
    shown = shown_in(executed(showing(kind="figure", name="a"), claims, figures))
    assert [figure["name"] for figure in shown["figures"]] == ["a", "b", "c"]
    assert [claim["id"] for claim in shown["claims"]] == ["01.a", "01.b"]


@pytest.mark.parametrize(
    ("status", "broken"), [("held", False), ("untested", False), ("failed", True), ("undecided", True)]
)
def test_a_claim_that_was_tested_and_did_not_hold_is_a_problem(status, broken):
    notebook = executed(claim(status))
    assert bool(broken_claims(shown_in(notebook)["claims"])) is broken
    assert problems_in(notebook) == ([f"claim 01.a {status}: Ones are twos."] if broken else [])


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        (new_output("error", ename="KeyError", evalue="'x'"), "KeyError: 'x'"),
        (new_output("stream", name="stderr", text="slow\n"), "stderr says 'slow'"),
        (
            new_output("stream", name="stdout", text="a.py:3: UserWarning: old\n  x"),
            "a warning: 'a.py:3: UserWarning: old'",
        ),
        (new_output("stream", name="stdout", text="No warning here, and none of Warnings."), None),
    ],
)
def test_an_error_stderr_and_a_warning_are_problems_with_the_cell_that_has_them(output, problem):
    assert problems_in(executed(output)) == ([] if problem is None else [f"cell 01-0: {problem}"])


def test_a_process_that_reads_notebooks_compiles_no_grammar_of_addresses_first():
    program = "import sys, fercourse.course, nbformat, papermill; print('rfc3987_syntax.syntax_helpers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
