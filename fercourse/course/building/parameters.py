"""A notebook's parameters: annotated literals in one tagged cell, checked when built and when set from outside."""

import ast
from collections.abc import Iterable
from pathlib import Path

from fercourse.errors import ParameterError
from fercourse.settings import is_number

COMMON = {"DATA": "str", "SCALE": "str", "SEED": "int", "DEVICE": "str"}
_TYPES = {"bool": bool, "int": int, "float": (int, float), "str": str, "list": list}


def check_parameters_cell(source: str, *, path: Path, line: int) -> None:
    """Check that a parameters cell holds nothing but annotated literals, DATA, SCALE, SEED and DEVICE among them.

    line: of the cell's header in the lesson `path`, so that an error can name the line.
    Raises ParameterError, naming the lesson and the line.
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise ParameterError(f"{path}, line {line + error.lineno}: not Python: {error.msg}") from error
    kinds = {}
    for statement in statements:
        problem = _problem(statement)
        if problem:
            raise ParameterError(
                f"{path}, line {line + statement.lineno}: {problem}. A parameters cell holds annotated literals only, "
                f"such as EPOCHS: int = 3  # passes over the training set; found {ast.unparse(statement)}"
            )
        kinds[statement.target.id] = ast.unparse(statement.annotation)
    for name, kind in COMMON.items():
        if kinds.get(name) != kind:
            raise ParameterError(f"{path}, line {line}: the parameters cell lacks {name}: {kind}, as every lesson has")


def _problem(statement):
    """What is wrong with a statement of a parameters cell; None for an annotated literal of the annotated type."""
    if (
        not isinstance(statement, ast.AnnAssign)
        or statement.value is None
        or not isinstance(statement.target, ast.Name)
    ):
        return "not an annotated assignment"
    kind = ast.unparse(statement.annotation)
    if kind.split("[")[0] not in _TYPES:
        return f"the annotation is none of {', '.join(_TYPES)}"
    try:
        value = ast.literal_eval(statement.value)
    except ValueError:
        return "not a literal"
    return None if fits(value, kind) else f"the value is no {kind}"


def fits(value: object, kind: str) -> bool:
    """Whether a value has the type that an annotation such as "int", "float" or "list[int]" names; no NaN, no inf."""
    outer, _, inner = kind.partition("[")
    if (isinstance(value, bool) and outer != "bool") or (outer == "float" and not is_number(value)):
        return False
    return isinstance(value, _TYPES[outer]) and (not inner or all(fits(item, inner[:-1]) for item in value))


def parse_assignments(texts: Iterable[str]) -> dict[str, str]:
    """The pairs of "NAME=VALUE" texts as a dict of texts.

    Raises ParameterError for a text of another form, and for a name that comes twice.
    """
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ParameterError(f"expected --param NAME=VALUE, such as EPOCHS=5; found {text!r}")
        if name in pairs:
            raise ParameterError(f"--param {name} is given twice: {pairs[name]!r} and {value!r}")
        pairs[name] = value
    return pairs


def typed(values: dict, known: dict, *, notebook: str) -> dict:
    """The `values` (name → text or value) as a notebook's `known` parameters (from papermill) declare them.

    Raises ParameterError for a name that the notebook does not have, listing those it has, and for a wrong type.
    """
    return {name: _typed(name, value, known, notebook) for name, value in values.items()}


def _typed(name, value, known, notebook):
    if name not in known:
        listed = ", ".join(
            f"{each['name']}: {each['inferred_type_name']} = {each['default']}" for each in known.values()
        )
        raise ParameterError(f"{notebook} has no parameter {name}; it has {listed}")
    kind = known[name]["inferred_type_name"]
    parsed = _parse(value, kind) if isinstance(value, str) else value
    if parsed is None or not fits(parsed, kind):
        raise ParameterError(f"{notebook}: {name} is {kind} (default {known[name]['default']}); found {value!r}")
    return float(parsed) if kind == "float" else parsed


def _parse(text, kind):
    """The value that a text on the command line means; None where it means none of this kind."""
    if kind == "str":
        return text
    if kind == "bool":
        return {"true": True, "false": False}.get(text.lower())
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def defaults(known: dict) -> dict:
    """The values that a notebook's parameters have when nobody sets them, from what papermill found."""
    return {name: ast.literal_eval(parameter["default"]) for name, parameter in known.items()}
