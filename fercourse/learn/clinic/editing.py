"""A part of a pipeline as a new function, with a few of its lines changed: a bug as somebody would have written it."""

import inspect
import linecache
from textwrap import dedent
from zlib import crc32

from fercourse.errors import ParameterError


def edited(part, *changes):
    """The function `part` again, with each (old, new) of `changes` applied to its source; a new function object.

    Python can show its source, as that of a function from a file; its attribute `edits` holds the changes.
    Raises ParameterError where an old text is not there exactly once.
    """
    part = inspect.unwrap(part)
    source = dedent(inspect.getsource(part))
    for old, new in changes:
        if source.count(old) != 1:
            raise ParameterError(f"expected {old!r} once in {part.__name__}; found it {source.count(old)} times")
        source = source.replace(old, new)
    place = f"<clinic {part.__name__} {crc32(source.encode()):08x}>"
    linecache.cache[place] = len(source), None, source.splitlines(keepends=True), place
    names = dict(part.__globals__)
    exec(compile(source, place, "exec"), names)
    again = names[part.__name__]
    again.edits = changes
    return again
