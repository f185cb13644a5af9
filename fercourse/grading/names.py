"""Which names a cell loads and gives, read off its source; so that the grader runs of the setup what tests need."""

import ast
import builtins
import re


def loaded(source):
    """The names that a cell loads, wherever; none where it is no Python."""
    return {node.id for node in _nodes(source) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def given(source):
    """The names that a cell gives a value, as a variable, an argument, a definition or an import."""
    return {name for node in _nodes(source) for name in _gives(node)}


def needed(sources, *, by):
    """Those of the cells, in order, that give or change what the cells `by` load, or what a needed cell loads.

    A cell that only calls something of a package, such as `torch.set_default_dtype(torch.float64)`, is needed as well.
    """
    sources, names, found = list(sources), set().union(*map(loaded, by)), []
    packages = set().union(*map(imported, sources)) | set(vars(builtins))
    for source in reversed(sources):
        changes = given(source) | (changed(source) - packages)
        is_setting = not changes and loaded(source) <= packages
        if is_setting or "*" in changes or changes & names:
            names |= loaded(source)
            found.append(source)
    return found[::-1]


def imported(source):
    """The names that a cell gives by importing."""
    return {name for node in _nodes(source) if isinstance(node, ast.alias) for name in _gives(node)}


def changed(source):
    """The names of objects that a cell may change: it stores into one, or calls a method and leaves the result."""
    stored = [node for node in _nodes(source) if isinstance(node, (ast.Attribute, ast.Subscript))]
    stored = [node for node in stored if not isinstance(node.ctx, ast.Load)]
    called = [node.value.func for node in _nodes(source, functions=False) if isinstance(node, ast.Expr)
              and isinstance(node.value, ast.Call)]  # fmt: skip
    return {name for node in (*stored, *called) if (name := _root(node))}


def definitions(source):
    """The functions and classes that a cell defines at its outermost level, as nodes of a syntax tree."""
    tree = _parsed(source)
    return [node for node in (tree.body if tree else ()) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]


def without_magics(source):
    """IPython's commands are for the notebook; here they are left out."""
    if source.lstrip().startswith("%%"):
        return ""
    return re.sub(r"^([ \t]*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)


def _nodes(source, *, functions=True):
    """The nodes of a cell's syntax tree; `functions=False` leaves out what runs only when it is called."""
    waiting = [tree] if (tree := _parsed(source)) else []
    while waiting:
        node = waiting.pop()
        yield node
        if functions or not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def _gives(node):
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, ast.arg):
        return [node.arg]
    if isinstance(node, ast.alias):
        return [node.asname or node.name.partition(".")[0]]
    return [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler)) and node.name else []


def _root(node):
    """The name that an expression such as `table.rows[3].values` begins with; "" where it is a bare name or none."""
    bare = node
    while isinstance(bare, (ast.Attribute, ast.Subscript, ast.Call)):
        bare = bare.value if not isinstance(bare, ast.Call) else bare.func
    return bare.id if isinstance(bare, ast.Name) and bare is not node else ""


def _parsed(source):
    try:
        return ast.parse(without_magics(source))
    except SyntaxError:
        return None
