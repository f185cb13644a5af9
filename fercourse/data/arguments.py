"""Arguments as they may come: NumPy's integers are numbers too, texts and fractions are not counts."""

import operator

from fercourse.errors import ParameterError


def whole_number(what, value, *, least=0):
    """`value` as an int; raises ParameterError where it is no whole number or under `least`, naming `what`."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise ParameterError(f"{what}={value!r}: expected a whole number of at least {least}, such as {least + 1}")
    return number
