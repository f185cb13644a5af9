"""What people read of the course, taken out of its files: (place, text) pairs, for tests of the words."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import jupytext

COURSE = Path(__file__).parents[2]
PAGES = sorted([*COURSE.glob("*.md"), *COURSE.glob("docs/*.md")])
LESSONS = sorted(COURSE.glob("lessons/*.py"))
SHEETS = sorted(COURSE.glob("lessons/exercises/*.py"))
MODULES = sorted(COURSE.glob("fercourse/**/*.py"))
FOLDERS = ("notebooks", "docs/lessons", "exercises", "solutions")
NOTEBOOKS = sorted(path for folder in FOLDERS for path in COURSE.glob(f"{folder}/*.ipynb"))
FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
NO_PROSE = re.compile(
    r"`[^`]*`|\$[^$\n]+\$|<!--.*?-->|<[^>]+>|\]\([^)]*\)|\bgithub\.com/\S+|\[\d\d[a-z]?\.\w+\]", re.DOTALL
)
"""Code, formulas, marks, addresses and ids of claims, which hold no words of a language."""
CODE = re.compile(r"[_=\\@]|--|\d|\w[./(\[]\w|\.\w|[^\W_]\(|[a-z][A-Z]")
"""What a piece of text between two spaces has that is code without backticks, or a number."""
PARAMETER = re.compile(r"^ *\w+(?:, \w+)*: ", re.MULTILINE)
"""How a line of a docstring begins that explains parameters."""


def prose_of(markdown):
    """Markdown without what holds no words, on as many lines as before."""
    for pattern in (FENCED, NO_PROSE):
        markdown = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), markdown)
    return markdown


def words_of(text):
    """The words of a text in their order, without the possessive 's; capitals and what may be code are left out."""
    pieces = [piece for piece in re.split(r"[\s–—/]+", prose_of(text)) if not CODE.search(piece)]
    words = re.findall(r"[a-zà-ÿ]+(?:['’][a-z]+)*", " ".join(pieces), re.IGNORECASE)
    return [re.sub(r"['’]s?$", "", word) for word in words if not word.isupper()]


@cache
def cells_of(path):
    """The cells of a lesson or a sheet, as its author wrote them."""
    return jupytext.read(path, fmt={"extension": ".py", "format_name": "percent", "comment_magics": False}).cells


def markdown_of(path):
    """(place, Markdown) of each text of a page, a percent file or a notebook; the front matter of a lesson counts."""
    name = path.relative_to(COURSE).as_posix()
    if path.suffix == ".md":
        return [(name, path.read_text(encoding="utf-8"))]
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    else:
        texts = [(cell.cell_type, cell.source) for cell in cells_of(path)]
    return [(f"{name}, cell {number}", text) for number, (kind, text) in enumerate(texts) if kind != "code"]


def said_in(path):
    """(place, text) of the docstrings of a module, and of the texts in what it raises."""
    name = path.relative_to(COURSE).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield f"{name}, docstring in line {node.body[0].lineno}", PARAMETER.sub(" ", text)
        elif isinstance(node, ast.Raise):
            yield f"{name}, error in line {node.lineno}", " ".join(texts_in(node))


def asked_in(path):
    """(place, text) of what a lesson's cells say themselves: the questions of its guesses, and its claims."""
    for number, cell in enumerate(cells_of(path)):
        if cell.cell_type == "code":
            source = re.sub(r"^(\s*)[%!].*$", r"\1pass", cell.source, flags=re.MULTILINE)
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in ("fc.guess", "fc.claim"):
                    yield (
                        f"{path.relative_to(COURSE).as_posix()}, cell {number}",
                        " ".join(text for text in texts_in(node) if " " in text),
                    )


def texts_in(node):
    """Every text that stands in a piece of code, also between the braces of an f-string."""
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
