"""Does a student's `network()` stand alone? In a notebook it may use what the training left; no grader trains."""

import dis
from collections.abc import Iterator
from inspect import isclass, isfunction
from types import CodeType
from typing import Any

from fercourse.data.faces import Faces, Split
from fercourse.errors import CheckFailed


def expect_alone(network: object) -> None:
    """Raise CheckFailed where a function of the notebook uses faces, or a trained network, by a name of the notebook's.

    Says nothing about what is no function of this process, such as a grader's proxy.
    """
    for name, value in _used(network, set()):
        is_model = not isclass(value) and (hasattr(value, "state_dict") or hasattr(value, "get_weights"))
        if isinstance(value, (Faces, Split)) or is_model:
            raise CheckFailed(
                f"{network.__name__} uses {name}, which your training made: it is not there when the sheet is graded, "
                "because no grader trains. Build the network without it; weights and buffers are filled in afterwards"
            )


def _used(value: object, seen: set) -> Iterator[tuple[str, Any]]:
    """Pairs of name and value of what a function or a class takes from its notebook, and of what these take."""
    functions = [each for each in vars(value).values() if isfunction(each)] if isclass(value) else [value]
    for function in filter(isfunction, functions):
        for name in sorted(_globals_in(function.__code__) & function.__globals__.keys() - seen):
            seen.add(name)
            found = function.__globals__[name]
            yield name, found
            if getattr(found, "__module__", None) == function.__module__:
                yield from _used(found, seen)


def _globals_in(code: CodeType) -> set[str]:
    names = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return names.union(*(_globals_in(each) for each in code.co_consts if isinstance(each, CodeType)))
