"""What a cell loads, gives and changes, read off its source; and which setup cells a test therefore needs."""

import pytest

from fercourse.grading.names import (
    changed,
    given,
    is_opaque,
    loaded,
    needed,
    without_magics,
    without_training,
)


def test_loaded_and_given_names_are_told_apart():
    source = """
import numpy as np, os.path
from math import pi as π
def area(r, *rest, scale=1):
    return π * r**2 * scale + missing
total = sum(area(x) for x in sizes)
for index, size in enumerate(sizes):
    grid[index] = size
class Grid(Base): pass
try: pass
except ValueError as error: pass
"""
    assert given(source) == {
        "np", "os", "π", "area", "r", "rest", "scale", "total", "x", "index", "size", "Grid", "error",
    }  # fmt: skip
    assert loaded(source) >= {"missing", "sizes", "grid", "Base", "area"}
    assert "np" not in loaded(source)
    assert loaded("def (") == given("def (") == set()


def test_a_cell_changes_what_it_stores_into_and_whose_methods_it_calls_for_their_effect():
    source = """
table["a"] = 1
net.layers[0].bias.data = x
rows.append(2)
kept = other.pop()
print(shown)
def later():
    not_yet.append(1)
"""
    assert changed(source) == {"table", "net", "rows"}


IMPORTS = "import torch\nimport matplotlib.pyplot as plt\nimport fercourse as fc"
SETTING = "torch.set_default_dtype(torch.float64)"
FACES = "faces = fc.drawn_faces(10)"
WIDER = "faces.labels[0] = 3"
TRAINED = "for step in range(10**6):\n    model = train(faces)"
PLOT = "figure, axes = plt.subplots()\naxes.plot(model)"
SHOWN = 'fc.reveal("a", model.best)'
SETUP = [IMPORTS, SETTING, FACES, WIDER, TRAINED, PLOT, SHOWN]


@pytest.mark.parametrize(
    ("test", "wanted"),
    [
        ("assert answer(faces) == 1", [IMPORTS, SETTING, FACES, WIDER]),
        ("assert answer(model) == 1", [IMPORTS, SETTING, FACES, WIDER, TRAINED]),
        ('fc.check("a", answer)', [IMPORTS, SETTING]),
        ("assert answer(3) == 1", [IMPORTS, SETTING]),
    ],
)
def test_of_the_setup_only_what_the_tests_need_is_run(test, wanted):
    assert needed(SETUP, by=[test]) == wanted


def test_commands_of_ipython_are_left_out():
    assert without_magics("%matplotlib inline\nif x:\n    !ls\n    y = 1") == "pass\nif x:\n    pass\n    y = 1"
    assert without_magics("%%bash\nls") == ""
    assert without_magics("np.sum?\n?np\nx = 1") == "pass\npass\nx = 1"


@pytest.mark.parametrize("magic", ["%%time\n", "%%capture out\n%%time\n", "\n%%timeit -n 1\n", "%time "])
def test_what_a_command_of_ipython_runs_is_read(magic):
    source = f"{magic}x = make(3)"
    assert (given(source), loaded(source)) == ({"x"}, {"make"})
    assert not is_opaque(source)
    assert without_training(f"%%time\n{IMPORTS}\nmodel = fit()") == IMPORTS


def test_a_name_that_a_command_of_ipython_is_given_to_is_read():
    assert given("files = !ls\nelse_ = %sql select 1\nx = 1") == {"files", "else_", "x"}


@pytest.mark.parametrize("source", ["print('%d'\n  % n)", 'text = """\n% a\n! b\nc?\n"""', "y = (x\n     !=3)"])
def test_what_is_python_as_it_is_stays_so(source):
    assert without_magics(source) == source
