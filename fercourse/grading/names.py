"""Which names a cell loads and gives, read off its source; so that the grader runs of the setup what tests need."""

import ast
import builtins
import re
import symtable
import warnings
from functools import lru_cache

LONGEST = 20_000  # characters of a cell that are read as Python: a student's cell may be anything
DEFINED = re.compile(r"^(?:async\s+)?(?:def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.comprehension)  # names of their own
RUNNING_MAGICS = re.compile(r"\A(?:\s*%%(?:time|timeit|capture|prun)\b.*)+")  # they run what stands below them
NAMING_MAGICS = re.compile(r"^[ \t]*%(run|load|store|reset|reset_selective|xdel)\b", re.MULTILINE)
WRITERS = {"exec", "eval", "globals", "locals", "vars", "setattr", "get_ipython", "__import__"}
"""Functions that may give names without showing them."""
REMEMBERED = lru_cache(maxsize=4096)
"""For what is read off a cell's text: each cell is asked about again for every other one."""


@REMEMBERED
def loaded(source):
    """The names that a cell loads, wherever; none where it is no Python."""
    return frozenset(
        each.id for each in _nodes(source) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    )


@REMEMBERED
def given(source):
    """The names that a cell gives a value, as a variable, an argument, a definition or an import."""
    return frozenset(name for node in _nodes(source) for name in _gives(node))


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


def experiments(sources, *, by):
    """Which of a student's own cells nothing graded needs: a list of bool, one for each of `sources`, in their order.

    by: the sources of all other cells. A cell counts as needed where what it gives cannot be read off its text.
    """
    names, found = set().union(*map(globals_loaded, by)), []
    for source in reversed(sources):
        gives = globals_given(source) | changed(source)
        needed = is_opaque(source) or bool(gives & names)
        if needed:
            names |= globals_loaded(source)
        found.append(not needed)
    return found[::-1]


@REMEMBERED
def globals_loaded(source):
    """The names of the notebook, not of a function's own, that a cell loads, be it when its functions are called."""
    tables = list(_tables(source))
    return frozenset(
        symbol.get_name()
        for table in tables
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global())
    )


@REMEMBERED
def globals_given(source):
    """The names of the notebook that a cell gives a value: it assigns, defines or imports them."""
    return frozenset(
        symbol.get_name()
        for table in _tables(source)
        for symbol in table.get_symbols()
        if (symbol.is_assigned() or symbol.is_imported())
        and (table.get_type() == "module" or symbol.is_declared_global())
    )


def _tables(source):
    """The symbol tables of a cell, its own and those of the functions and classes in it; none where it is no Python."""
    if _parsed(source) is None:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            waiting = [symtable.symtable(without_magics(source), "<cell>", "exec")]
    except (
        SyntaxError,
        RecursionError,
    ):  # what the parser takes, such as `return` outside a function, may still be none
        return
    while waiting:
        table = waiting.pop()
        yield table
        waiting += table.get_children()


@REMEMBERED
def is_opaque(source):
    """Whether a cell may give or take names that its text does not show."""
    is_star = any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in _nodes(source))
    is_magic = RUNNING_MAGICS.sub("", source).lstrip().startswith("%%") or bool(NAMING_MAGICS.search(source))
    return is_star or is_magic or _parsed(source) is None or bool(loaded(source) & WRITERS)


@REMEMBERED
def imported(source):
    """The names that a cell gives by importing."""
    return frozenset(name for node in _nodes(source) if isinstance(node, ast.alias) for name in _gives(node))


@REMEMBERED
def changed(source):
    """The names of objects that a cell may change: it stores into one, or calls a method and leaves the result."""
    stored = [node for node in _nodes(source) if isinstance(node, (ast.Attribute, ast.Subscript))]
    stored = [node for node in stored if not isinstance(node.ctx, ast.Load)]
    called = [node.value.func for node in _nodes(source, functions=False) if isinstance(node, ast.Expr)
              and isinstance(node.value, ast.Call)]  # fmt: skip
    return frozenset(name for node in (*stored, *called) if (name := _root(node)))


def definitions(source):
    """The functions and classes that a cell defines at its outermost level, as nodes of a syntax tree."""
    tree = _parsed(source)
    return [node for node in (tree.body if tree else ()) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]


def hands_in(source, id=""):
    """Whether a cell hands in a trained network, for the exercise `id` or for any."""
    return bool(re.search(rf"""\bhand_in\(\s*["']{re.escape(id)}""", source))


def without_training(source):
    """What a cell imports and defines, and the constants in it: all that is left of a cell that trains.

    Empty where there is no such thing, or where it is no Python.
    """
    tree = _parsed(source)
    return "\n".join(ast.unparse(node) for node in (tree.body if tree else ()) if _is_quick(node))


def _is_quick(node):
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return not any(isinstance(part, (ast.Call, ast.BinOp, *INNER[3:])) for part in ast.walk(node))
    return isinstance(node, (ast.Import, ast.ImportFrom, *INNER[:3]))


@lru_cache(maxsize=4096)
def defined(source):
    """The names of functions, classes and variables that a cell defines at its outermost level.

    Also of what is no Python, line by line: an answer that cannot run is still one.
    """
    if (tree := _parsed(source)) is None:
        return frozenset(function or variable for function, variable in DEFINED.findall(source))
    found, waiting = set(), list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        waiting += () if isinstance(node, INNER) else ast.iter_child_nodes(node)
    return frozenset(found)


def is_python(source):
    """Whether a cell is Python, magics aside."""
    return _parsed(source) is not None


@REMEMBERED
def without_magics(source):
    """IPython's commands are for the notebook; here they are left out. What they run, or give a name, stays.

    What is Python as it is stays so: a line of it may begin with `%`.
    """
    if _tree(source):
        return source
    source = RUNNING_MAGICS.sub("", source)
    if source.lstrip().startswith("%%"):
        return ""
    source = re.sub(r"^([ \t]*)%time[ \t]+(?=\S)", r"\1", source, flags=re.MULTILINE)
    return re.sub(r"^([ \t]*)(?:(\w+[ \t]*=[ \t]*)[%!]|[%!?]|[\w.]+\?).*$", _as_python, source, flags=re.MULTILINE)


def _as_python(found):
    """What stands for a command of IPython: nothing, or the name that it gives."""
    return f"{found[1]}{found[2]}None" if found[2] else f"{found[1]}pass"


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
    return [node.name] if isinstance(node, (*INNER[:3], ast.ExceptHandler)) and node.name else []


def _root(node):
    """The name that an expression such as `table.rows[3].values` begins with; "" where it is a bare name or none."""
    bare = node
    while isinstance(bare, (ast.Attribute, ast.Subscript, ast.Call)):
        bare = bare.value if not isinstance(bare, ast.Call) else bare.func
    return bare.id if isinstance(bare, ast.Name) and bare is not node else ""


def _parsed(source):
    return _tree(without_magics(source)) if len(source) <= LONGEST else None


@lru_cache(maxsize=16)
def _tree(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash in a student's text is no matter of the grader's
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # nested too deeply, for example
        return None
