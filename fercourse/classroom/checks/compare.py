"""Compare what a student's code gives with what it should give; one line says how far off it is."""

import numpy as np

from fercourse.errors import CheckFailed


def ask(probe, answer, *arguments):
    """`probe(answer, *arguments)` where the answer lives: here in a notebook, in the student's kernel when graded.

    probe: a function of fercourse.classroom.probes; what it returns is numbers, texts, arrays, tensors, lists, dicts.
    """
    inside = getattr(answer, "ask_inside", None)
    return probe(answer, *arguments) if inside is None else inside(probe, *arguments)


def expect_secret(came, expected, where, *, atol=0.0):
    """As `expect`, for a number that the student is to find: the line does not give it away."""
    try:
        expect(came, expected, where, atol=atol)
    except CheckFailed:
        came = _plain(came)
        side = ""
        if type(came) in (int, float) and type(expected) in (int, float):
            side = ", which is too large" if came > expected else ", which is too small" if came < expected else ""
        nothing = ": nothing is written yet" if came is None else ""
        raise CheckFailed(f"{where}: came {short(came)}{side}{nothing}") from None


def expect(came, expected, where, *, atol=0.0):
    """Raise CheckFailed where `came` is not `expected`: "<where>: expected 24, came 23, 1 too small".

    expected: None, a bool, number, text, array or tensor, or a list, tuple or dict of them
    atol:     how far a number may be off; numbers and arrays may be Python's, NumPy's or torch's
    """
    came, expected = _plain(came), _plain(expected)
    if came is None and expected is not None:
        raise CheckFailed(f"{where}: expected {short(expected)}, came None: nothing is written, or nothing returned")
    if isinstance(expected, dict):
        _expect_same(sorted(map(str, came)) if isinstance(came, dict) else came, sorted(map(str, expected)), where)
        for key, value in expected.items():
            expect(came[key], value, f"{where}, {key}", atol=atol)
    elif isinstance(expected, (list, tuple)):
        if not isinstance(came, (list, tuple)):
            raise CheckFailed(f"{where}: expected {short(expected)}, came {short(came)}")
        _expect_same(len(came), len(expected), f"{where}, the number of items")
        for place, (one, other) in enumerate(zip(came, expected, strict=True)):
            expect(one, other, f"{where}, item {place}", atol=atol)
    elif isinstance(expected, np.ndarray):
        _expect_array(came, expected, where, atol)
    elif isinstance(expected, (int, float)) and not isinstance(expected, bool):
        _expect_number(came, expected, where, atol)
    else:
        _expect_same(came, expected, where)


def expect_error(outcome, name, where):
    """Raise CheckFailed where `outcome`, from the probe `outcome_of`, is no error of the type called `name`."""
    kind, came = outcome
    if kind != "error":
        raise CheckFailed(f"{where}: expected a {name}, came {short(came)} and no error")
    if came != name:
        raise CheckFailed(f"{where}: expected a {name}, came a {came}")


def short(value):
    """A value in at most sixty characters."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (list, tuple)) and all(type(item) is float for item in value):
        text = f"[{', '.join(f'{item:.6g}' for item in value)}]"
    else:
        text = f"{value:.6g}" if type(value) is float else " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "…"


def _plain(value):
    """Tensors as arrays, what holds one number as that number; anything else as it is."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    return None if value is ... else value


def _expect_same(came, expected, where):
    if type(came) is not type(expected) or came != expected:
        raise CheckFailed(f"{where}: expected {short(expected)}, came {short(came)}")


def _expect_number(came, expected, where, atol):
    if type(came) not in (int, float):
        raise CheckFailed(f"{where}: expected the number {short(expected)}, came {short(came)}")
    off = came - expected
    if abs(off) <= atol or came == expected:
        return
    far = f"{short(abs(off))} too {'large' if off > 0 else 'small'}" if np.isfinite(off) else "not a finite number"
    raise CheckFailed(f"{where}: expected {short(expected)}, came {short(came)}, {far}")


def _expect_array(came, expected, where, atol):
    if not isinstance(came, np.ndarray):
        raise CheckFailed(f"{where}: expected {short(expected)}, came {short(came)}")
    _expect_same(came.shape, expected.shape, f"{where}, the shape")
    if (came.dtype.kind == "b") != (expected.dtype.kind == "b") or came.dtype.kind not in "biuf":
        raise CheckFailed(f"{where}: expected numbers like {expected.dtype}, came {came.dtype}")
    if came.size == 0:
        return
    came, expected = came.astype(float), expected.astype(float)
    same = (came == expected) | (np.isnan(came) & np.isnan(expected))
    off = np.where(same, 0.0, np.abs(np.where(same, 0, came) - np.where(same, 0, expected)))
    worst = np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), off.shape)
    if not off[worst] <= atol:
        place = ", ".join(map(str, worst))
        values = f"expected {expected[worst]:.6g}, came {came[worst]:.6g}"
        raise CheckFailed(f"{where}: at [{place}] {values}; {(~(off <= atol)).mean():.0%} of the numbers are off")
