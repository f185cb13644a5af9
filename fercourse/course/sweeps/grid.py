"""The runs of a sweep: every combination of the values that were given, and the folder that belongs to each."""

import json
import re
from hashlib import blake2b
from itertools import product

from fercourse.course.building.parameters import typed
from fercourse.data.find import DRAWN, find_first, recognise
from fercourse.data.load import load
from fercourse.errors import ParameterError
from fercourse.settings import seed_number

LONGEST_NAME = 80  # of a folder, without its digest


def axes_of(given, known, *, notebook):
    """name → its values as the notebook declares them, from what the command line has: [("SEED", "0", "1"), …].

    known: the notebook's parameters, from papermill. Raises ParameterError for a name that the notebook does not have
    or that comes twice, for a value of the wrong type or that comes twice, and for a name without values.
    """
    axes = {}
    for name, *values in given:
        if name in axes:
            raise ParameterError(f"-p {name} is given twice; all its values stand behind one -p {name}")
        if not values:
            raise ParameterError(f"expected -p NAME VALUE …, such as -p SEED 0 1 2; found -p {name} without a value")
        axes[name] = [typed({name: value}, known, notebook=notebook)[name] for value in values]
        for value in axes[name]:
            if name == "SEED":
                seed_number(value)
            if axes[name].count(value) > 1:
                raise ParameterError(f"-p {name}: {value} is given twice")
    if not axes:
        raise ParameterError("expected -p NAME VALUE …, such as -p SEED 0 1 2; found no -p")
    return axes


def combinations(axes):
    """Every combination of the values, a dict each; the last axis runs fastest."""
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def folder_name(combination, *, code, parameters, data):
    """The name of a run's folder: the same for the same code cells, parameters and data, wherever these lie.

    code: the sources of the code cells. parameters: all of them, defaults included. data: of `data_key`.
    """
    what = [code, parameters | {"DATA": data}]
    digest = blake2b(json.dumps(what, sort_keys=True).encode(), digest_size=6).hexdigest()
    words = "_".join(f"{name}-{value}" for name, value in combination.items())
    return f"{re.sub(r'[^A-Za-z0-9.+_-]+', '-', words)[:LONGEST_NAME]}_{digest}"


def code_of(notebook):
    """The sources of a notebook's code cells: ids, outputs and prose make no run another one."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def data_key(data):
    """What names the faces that DATA means: their fingerprint, or "drawn", where seed and scale say the rest."""
    found = None if data == DRAWN else find_first() if data == "auto" else recognise(data)
    return DRAWN if found is None else load(found.path).fingerprint
