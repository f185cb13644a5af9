"""A helper's source on the page, so that nothing that you import is a secret."""

import ast
import inspect
import textwrap


def plain_source(helper):
    """The source of a function or class without its docstrings, as the lesson writes it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(helper)))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.unparse(tree)


def source(helper):
    """Show the source of a function or class of the course, coloured."""
    from IPython.display import Code, display

    display(Code(inspect.getsource(helper), language="python"))
