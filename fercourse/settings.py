"""Settings at the border: NumPy's and PyTorch's scalars become Python's numbers; what is no such number is refused."""

import operator
from math import inf
from numbers import Real

from fercourse.errors import ParameterError


def whole(name, value, *, least=0, most=None):
    """`value` as an int from `least` to `most`; any integer type will do.

    Raises ParameterError, naming the setting, for a float, a text, a truth value, and a number outside.
    """
    wanted = f"a whole number ≥ {least}" if most is None else f"a whole number from {least} to {most}"
    try:
        number = operator.index(_scalar(value))
    except TypeError:
        number = None
    if number is None or isinstance(_scalar(value), bool) or number < least or (most is not None and number > most):
        raise ParameterError(f"expected {name} to be {wanted}, found {_seen(name, value)}")
    return number


def positive(name, value):
    """`value` as a float above 0; raises ParameterError, naming the setting, for NaN, inf and all else."""
    number = _scalar(value)
    if isinstance(number, bool) or not isinstance(number, Real) or not 0 < number < inf:
        raise ParameterError(f"expected {name} to be a number > 0, found {_seen(name, value)}")
    return float(number)


def _scalar(value):
    """What a scalar or an array without axes holds, as Python's own number where there is one."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def _seen(name, value):
    """`epochs='3' (str)`: a text that looks like a number is told from a number."""
    return f"{name}={value!r}" if type(value) in (int, float) else f"{name}={value!r} ({type(value).__name__})"
