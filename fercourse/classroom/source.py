"""A helper's source on the page, so that nothing that you import is a secret."""

import ast
import inspect
import textwrap

from fercourse.report.show import show


def plain_source(helper):
    """The source of a function or class without its docstrings, as the lesson writes it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(helper)))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(tree)


def source(helper):
    """Show the source of a function or class of the course, coloured."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    text = inspect.getsource(helper)
    # Styles on each word: a style sheet of its own would not survive GitHub's or Colab's view of the notebook.
    style = HtmlFormatter(noclasses=True, nobackground=True, prestyles="font-family: monospace; line-height: 1.35")
    show({"kind": "source", "name": helper.__name__}, text=text, html=highlight(text, PythonLexer(), style))
