"""Every control of every widget has a name that a screen reader says."""

import ast
from pathlib import Path

import ipywidgets
import pytest
from toy_demo import Brightness

import fercourse as fc
from fercourse.classroom import browser, guesses, labelling, transforms
from fercourse.classroom.demo import widget

PACKAGE = Path(fc.__file__).parent


MAKERS = {
    "browser.browser": lambda faces, sureness: browser.browser(faces),
    "demo.widget.desk": lambda faces, sureness: widget.desk(Brightness(sureness), faces.valid),
    "guesses.form": lambda faces, sureness: guesses.form("99.1", "Which?", options=["one", "three"]),
    "labelling.desk": lambda faces, sureness: labelling.desk(labelling.Labelling(faces.valid)),
    "transforms.desk": lambda faces, sureness: transforms.desk(faces.valid),
}


def test_these_are_all_functions_that_make_widgets():
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and "import ipywidgets" in ast.unparse(node):
                found.add(".".join([*path.relative_to(PACKAGE / "classroom").with_suffix("").parts, node.name]))
    assert found == MAKERS.keys()


@pytest.mark.parametrize("name", MAKERS)
def test_every_control_has_a_name(name, faces, drawn_sureness):
    controls = [each for each in inside(MAKERS[name](faces, drawn_sureness)) if hasattr(each, "disabled")]
    assert controls
    assert [each for each in controls if not named(each)] == []


def inside(widget):
    """A widget and all that stand in it."""
    return [widget, *(each for child in getattr(widget, "children", ()) for each in inside(child))]


def named(control):
    """Whether the page names a control by its label or its words; what stands beside a slider is not its name."""
    if isinstance(control, ipywidgets.RadioButtons):
        return all(control.options)
    return bool(control.description) and "Slider" not in control._view_name
