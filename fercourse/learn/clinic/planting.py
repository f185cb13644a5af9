"""Mutants: one planted silent bug each, one file each, found by walking their folder."""

import ast
import random
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from os import PathLike
from pathlib import Path

from fercourse.errors import DataMismatch, DataNotFound, ParameterError
from fercourse.learn.clinic.pipeline import Pipeline
from fercourse.settings import seed_number

MUTANTS = Path(__file__).with_name("mutants")
"""The folder of the course's own mutants; its subfolders are the stages."""

AFTERWARDS = Path(__file__).with_name("afterwards")
"""Mutants that were written when the reference audit was finished, so that it has never been fitted to them."""

STAGES = ("data", "augmentation", "network", "loop", "measuring", "keeping")
"""The stages of a training, in its order."""


@dataclass(frozen=True)
class Mutant:
    """A silent bug that can be planted in a clean pipeline.

    name: of its file. stage: where in a training it sits, one of `STAGES` for the course's own; the file's folder
    does: what is wrong, one sentence. met: where it was met in public, a text each
    """

    name: str
    stage: str
    does: str
    met: tuple[str, ...]
    path: Path

    def plant(self, pipeline: Pipeline, *, seed: int = 0) -> Pipeline:
        """`pipeline` with this bug; how large it is comes from the seed, and every function is a new object."""
        broken = _module(self.path).plant(pipeline, random.Random(f"{self.name} {seed_number(seed)}"))
        if not isinstance(broken, Pipeline):
            raise DataMismatch(f"{self.path}: expected plant() to return a Pipeline; found {broken!r}")
        return broken

    @property
    def source(self) -> str:
        """The code that plants it, without its import lines."""
        text = self.path.read_text(encoding="utf-8")
        kept = [node for node in ast.parse(text).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        return "\n\n\n".join(ast.get_source_segment(text, node) for node in kept)


def all_mutants(folder: str | PathLike | None = None) -> list[Mutant]:
    """The mutants in `folder` and below it, in the order of their stages and names; by default the course's own.

    Each file is one mutant: its docstring says what is wrong, `MET` is a tuple of where that was met, and
    `plant(pipeline, draw)` returns the broken pipeline, `draw` being a `random.Random` for how large the bug is. What
    begins with an underscore is none. Raises DataNotFound where nothing is there, DataMismatch for a file without one
    of the three.
    """
    folder = MUTANTS if folder is None else Path(folder)
    paths = sorted(path for path in folder.rglob("*.py") if not path.name.startswith("_"))
    if not paths:
        raise DataNotFound(f"expected files of mutants in {folder} or below it; found none")
    found = [_mutant(path) for path in paths]
    names = [each.name for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataMismatch(f"expected each mutant of {folder} to have a name of its own; twice: {', '.join(twice)}")
    return sorted(found, key=lambda each: (_place(each.stage), each.name))


def _mutant(path):
    """The mutant of one file, which is read and not yet run."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        raise DataMismatch(f"{path}: expected Python; {error}") from error
    does, met = ast.get_docstring(tree), _constant(tree, "MET")
    plants = any(isinstance(node, ast.FunctionDef) and node.name == "plant" for node in tree.body)
    if not does or not _is_texts(met) or not plants:
        raise DataMismatch(
            f"{path}: expected of a mutant a docstring that says what is wrong, MET, a tuple of texts that say where "
            "it was met, and a function plant(pipeline, draw)"
        )
    return Mutant(path.stem, path.parent.name, does.splitlines()[0], met, path)


def _constant(tree, name):
    """The literal that `name` is set to at the top of a module; None where it is not."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [name]:
            try:
                return ast.literal_eval(node.value)
            except ValueError:
                return None
    return None


def _is_texts(value):
    return isinstance(value, tuple) and value and all(isinstance(each, str) for each in value)


def _place(stage):
    return STAGES.index(stage) if stage in STAGES else len(STAGES)


def _module(path):
    """The module of a file, run anew: its functions are new objects each time."""
    spec = spec_from_file_location(f"clinic_mutant_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ParameterError(f"expected a Python file as mutant; found {path}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
