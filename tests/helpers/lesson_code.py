"""Functions and classes as the lessons write them, for tests that hold the package against the page."""

import ast
from pathlib import Path

LESSONS = Path(__file__).parents[2] / "lessons"


def definitions(lesson):
    """The functions and classes of a lesson: a dict, name to syntax tree; a later one of the same name wins."""
    tree = ast.parse((LESSONS / lesson).read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def run_definitions(lesson, namespace):
    """Execute a lesson's functions and classes in `namespace`, which holds what its other cells would have set."""
    for node in definitions(lesson).values():
        exec(compile(ast.Module([node], []), lesson, "exec"), namespace)
