"""What an editor sees of the course before any kernel runs: names, signatures, types. One list of names, the stub."""

import ast
import inspect
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import jedi
import pytest

import fercourse as fc

PACKAGE = Path(fc.__file__).parent
STUB = PACKAGE / "__init__.pyi"
FUNCTIONS = [name for name in fc.__all__ if inspect.isfunction(getattr(fc, name))]
NOTEBOOK = """
import fercourse as fc

env = fc.setup("02")
data = env.load("drawn")
reveal_type(env)
reveal_type(data)
reveal_type(fc.load())
reveal_type(data.train)
model = fc.cnn(0.5, 0.25)
history = fc.fit(model, data, epochs=1)
reveal_type(history)
reveal_type(fc.predict(model, data.valid))
reveal_type(fc.evaluate(model, fc.batches(data.valid)))
reveal_type(fc.cost(model).flops)
reveal_type(env.pick(smoke=1, lesson=2))
fc.plots.faces(data.train)
fc.lod("drawn")
fc.setup("02", scale="big")
"""


def imports_of_the_stub():
    """(module, name, name as which it is seen) for each import of the stub."""
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module, alias.name, alias.asname) for alias in node.names)


def script(code):
    return jedi.Script(code, path=PACKAGE.parent / "lesson.py", project=jedi.Project(PACKAGE.parent))


def test_the_stub_names_what_the_course_has_each_once():
    imports = list(imports_of_the_stub())
    assert all(name == seen for _, name, seen in imports), "without `as`, a type checker does not pass a name on"
    assert sorted(name for _, name, _ in imports) == dir(fc)
    assert set(dir(fc)) - set(fc.__all__) == {"tf"}


@pytest.mark.parametrize(("module", "name"), [found[:2] for found in imports_of_the_stub()])
def test_an_import_of_the_stub_gives_what_the_course_gives(module, name):
    if name == "tf":
        pytest.importorskip("tensorflow")
    value = getattr(fc, name)
    if isinstance(value, ModuleType):
        assert value is import_module(f"{module}.{name}")
        return
    assert value is getattr(import_module(module), name)
    assert getattr(value, "__module__", module) == module, "the home of a name is where it is written"


def test_the_stub_travels_with_the_package():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["setuptools"]["package-data"]["fercourse"][:2] == ["__init__.pyi", "py.typed"]
    assert (PACKAGE / "py.typed").read_bytes() == b""


def test_an_editor_completes_every_name():
    assert "load" in {completion.name for completion in script("import fercourse as fc\nfc.lo").complete(2, 5)}
    offered = {completion.name for completion in script("import fercourse as fc\nfc.").complete(2, 3)}
    assert offered >= set(dir(fc))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_editor_shows_the_signature_that_a_function_has(name):
    [signature] = script(f"import fercourse as fc\nfc.{name}(").get_signatures()
    assert signature.name == name
    assert [parameter.name for parameter in signature.params] == [*inspect.signature(getattr(fc, name)).parameters]


def test_an_editor_shows_the_docstring_of_a_function():
    [fit] = script("import fercourse as fc\nfc.fit").help(2, 6)
    assert fit.docstring(raw=True) == inspect.getdoc(fc.fit)


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """What mypy says of a notebook's code by the project's settings; it takes 12 s until it has kept what it read."""
    path = tmp_path_factory.mktemp("editor") / "notebook.py"
    path.write_text(NOTEBOOK)
    done = subprocess.run([sys.executable, "-m", "mypy", path], cwd=PACKAGE.parent, capture_output=True, text=True)
    # From what it has kept mypy repeats the path of the run before, so only the file's name counts.
    return [said.rpartition(f"{path.name}:")[2] for said in done.stdout.splitlines()]


def said_of(checked, code):
    """What mypy says of the one line of the notebook that is `code`, without places."""
    line = NOTEBOOK.splitlines().index(code) + 1
    return "; ".join(said.split(": ", 1)[1] for said in checked if said.startswith(f"{line}:"))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("env", "fercourse.classroom.session.Session"),
        ("data", "fercourse.data.faces.Faces"),
        ("fc.load()", "fercourse.data.faces.Faces"),
        ("data.train", "fercourse.data.faces.Split"),
        ("history", "fercourse.report.history.History"),
        ("fc.predict(model, data.valid)", "fercourse.report.predictions.Predictions"),
        ("fc.evaluate(model, fc.batches(data.valid))", "dict[str, float]"),
        ("fc.cost(model).flops", "int"),
        ("env.pick(smoke=1, lesson=2)", "int"),
    ],
)
def test_a_type_checker_knows_what_comes_back(checked, code, kind):
    assert said_of(checked, f"reveal_type({code})") == f'note: Revealed type is "{kind}"'


def test_a_type_checker_finds_what_is_mistyped_and_nothing_else(checked):
    assert 'has no attribute "lod"; maybe "load"?' in said_of(checked, 'fc.lod("drawn")')
    assert 'Argument "scale" to "setup" has incompatible type' in said_of(checked, 'fc.setup("02", scale="big")')
    assert checked[-1] == "Found 2 errors in 1 file (checked 1 source file)"
