"""A helper's source on the page, so that nothing that you import is a secret."""

import ast
import inspect
import textwrap
from collections.abc import Callable

from fercourse.errors import ParameterError
from fercourse.report.show import show


def plain_source(helper: Callable) -> str:
    """The source of a function or class without its docstrings and types, as the lesson writes it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(helper)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(tree)


def source(helper: Callable) -> None:
    """Show the source of a function or class of the course, coloured.

    Raises ParameterError for anything that has no source in a file, such as a number or what NumPy wrote in C.
    """
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    try:
        text = inspect.getsource(helper)
    except (OSError, TypeError) as error:
        raise ParameterError(f"expected a function or class, such as fc.train_epoch; {helper!r}: {error}") from error
    # Styles on each word: a style sheet of its own would not survive GitHub's or Colab's view of the notebook.
    style = HtmlFormatter(noclasses=True, nobackground=True, prestyles="font-family: monospace; line-height: 1.35")
    show({"kind": "source", "name": helper.__name__}, text=text, html=highlight(text, PythonLexer(), style))
