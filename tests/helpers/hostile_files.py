"""Hostile files: what tools make of a notebook, and whatever else is handed in. Adds to the list in hostile.py."""

import io
import json
import os
import zipfile

from hostile import Submission, cells, expected, hand_in, submission
from toy_sheet import RIGHT, STUBS, cell, handed_in, notebook

# Test cells and metadata


@submission()
def deletes_the_tests(folder):
    sheet = handed_in()
    sheet["cells"] = [cell for id, cell in cells(sheet).items() if id.endswith(("answer", "setup"))]
    hand_in(folder, sheet)


@submission(loses=["softmax"], says=["00-2-answer", "missing"])
def deletes_an_answer(folder):
    sheet = handed_in()
    sheet["cells"].remove(cells(sheet)["00-2-answer"])
    hand_in(folder, sheet)


@submission(says=["00-2-answer", "00-4-check"])
def duplicates_cells(folder):
    sheet = handed_in()
    stub = dict(cells(sheet)["00-2-answer"], source=STUBS["softmax"])
    position = sheet["cells"].index(cells(sheet)["00-2-answer"])
    sheet["cells"][position:position] = [stub]
    sheet["cells"] += [dict(cells(sheet)["00-4-check"], source="pass"), cells(sheet)["00-4-check"]]
    hand_in(folder, sheet)


@submission()
def reorders_cells(folder):
    sheet = handed_in()
    sheet["cells"].reverse()
    hand_in(folder, sheet)


@submission(loses=["softmax"], says=["00-2-check"])
def edits_the_tests(folder):
    sheet = handed_in(softmax="def softmax(logits):\n    return 7")
    for found in sheet["cells"]:
        if found["id"].endswith(("check", "hidden", "setup")):
            found["source"] = "import numpy as np\nnp.allclose = lambda *_: True"
    hand_in(folder, sheet)


@submission(loses=["softmax"])
def signs_the_tests_again(folder):
    """Other points, other checksums, graded cells that point at an exercise that is right."""
    sheet = handed_in(softmax="def softmax(logits):\n    return 7")
    for found in sheet["cells"]:
        about = found["metadata"]["nbgrader"]
        about |= {"points": 1000, "checksum": "d41d8cd98f00b204e9800998ecf8427e", "schema_version": 99}
        if found["id"].startswith("00-2-") and about["grade"]:
            about["grade_id"] = found["id"] = found["id"].replace("00-2-", "00-1-")
    sheet["cells"].append(cell("code", "00-9-check", "pass", grade=True, locked=True, points=1000))
    hand_in(folder, sheet)


@submission()
def metadata_stripped(folder):
    sheet = handed_in()
    sheet["metadata"] = {}
    for found in sheet["cells"]:
        found["metadata"] = {}
    hand_in(folder, sheet)


@submission(says=["00-2-answer"])
def metadata_and_ids_stripped(folder):
    sheet = handed_in()
    words = cells(sheet)["00-5-answer"]
    for found in sheet["cells"]:
        if found is not words:  # prose has no name to know it by
            found["metadata"] = {}
            del found["id"]
    sheet["nbformat_minor"] = 4
    hand_in(folder, sheet)


@submission(says=["00-5-answer", "missing: a person is to look"])
def everything_in_one_cell(folder):
    sources = [source for name, source in RIGHT.items() if name != "words"]
    hand_in(folder, notebook([cell("code", "all", "import numpy as np\n" + "\n\n".join(sources))]))


@submission(says=["00-2-answer"])
def an_answer_became_prose(folder):
    sheet = handed_in()
    prose = cells(sheet)["00-2-answer"]
    prose["cell_type"] = "markdown"
    del prose["outputs"], prose["execution_count"]
    hand_in(folder, sheet)


@submission()
def strange_metadata(folder):
    sheet = handed_in(last="1")
    strange = [
        {"nbgrader": []},
        {"nbgrader": {"grade_id": {"a": 1}}},
        {"nbgrader": {"grade_id": ["x"], "points": "9e999"}},
        {"nbgrader": "x", "tags": 7, "id": {}},
        {"jupyter": {"outputs_hidden": []}},
        *([], None, 7),
    ]
    odd = [dict(cell("code", "odd", "1"), metadata=metadata) for metadata in strange]
    odd += [dict(cell("code", "odd", "1"), id=id) for id in ({}, [], 7, None, "", "x" * 10_000, "../../x")]
    odd += [dict(cell("code", "odd", "1"), source=source) for source in (7, None, {}, [1, None], ["a = 1\n", "b = 2"])]
    odd += [dict(cell("code", "odd", "1"), outputs=outputs) for outputs in (7, {}, [7], [{}], [{"output_type": {}}])]
    guess = {"kind": "guess", "id": 7, "brier": "x", "right": [], "confidence": 1e999, "answer": "<script>"}
    guesses = [guess, guess | {"id": None, "brier": -1e999, "right": True}, guess | {"id": "=1+1", "brier": 1e300}]
    shown = [{"output_type": "display_data", "data": {}, "metadata": {"fercourse": record}} for record in guesses]
    odd += [dict(cell("code", "odd", "1"), outputs=shown)]
    odd += [{}, {"cell_type": "code"}, {"cell_type": []}, {"cell_type": "widget", "source": ""}, None, 7, "cell", []]
    sheet["cells"] += odd
    sheet["metadata"] |= {"kernelspec": [], "language_info": 7, "fercourse": "x", "widgets": []}
    hand_in(folder, sheet)


@submission()
def odd_characters(folder):
    sheet = handed_in(first="lonely = '\ud800 \x00 \u2028 \ufeff'\nprint(lonely)", words="\ud800 \x00 \u202e " * 20)
    folder.mkdir(parents=True)
    text = json.dumps(sheet, ensure_ascii=True)
    (folder / "sheet.ipynb").write_bytes(b"\xef\xbb\xbf" + text.encode())


# As other tools save it


@submission()
def saved_by_colab(folder):
    sheet = handed_in(first="print('run in Colab')")
    saved = {
        "nbformat": 4,
        "nbformat_minor": 0,
        "metadata": {
            "colab": {"provenance": [], "toc_visible": True, "authorship_tag": "ABX9TyNq0VIKJ0b0pYp0mJtq5uQ1"},
            "kernelspec": {"name": "python3", "display_name": "Python 3"},
            "language_info": {"name": "python"},
            "widgets": {
                "application/vnd.jupyter.widget-state+json": {
                    "0a1b": {"model_module": "@jupyter-widgets/controls", "model_name": "HBoxModel", "state": {}}
                }
            },
        },
        "cells": [_in_colab(found) for found in sheet["cells"]],
    }
    badge = '<a href="https://colab.research.google.com/x.ipynb" target="_parent"><img alt="Open In Colab"/></a>'
    saved["cells"].insert(
        0, {"cell_type": "markdown", "source": [badge], "metadata": {"id": "view-in-github", "colab_type": "text"}}
    )
    hand_in(folder, saved, name="Copy of sheet.ipynb")


def _in_colab(found):
    """A cell as Colab saves it: no id but in the metadata, sources as lists, its own record of the run."""
    saved = {
        "cell_type": found["cell_type"],
        "source": found["source"].splitlines(keepends=True),
        "metadata": found["metadata"] | {"id": found["id"]},
    }
    if found["cell_type"] == "code":
        ran = {
            "status": "ok",
            "timestamp": 1700000000000,
            "user_tz": -60,
            "elapsed": 4,
            "user": {"displayName": "A. Student", "userId": "01234567890123456789"},
        }
        saved["metadata"] |= {
            "executionInfo": ran,
            "outputId": "58365a4e-7b83-4a48-d957-b9a0c859bba4",
            "colab": {"base_uri": "https://localhost:8080/", "height": 35},
        }
        error = {"output_type": "error", "ename": "NameError", "evalue": "ignored", "traceback": ["\x1b[0m---"]}
        saved |= {
            "execution_count": 3,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["x\n"]}, error],
        }
    return saved


@submission()
def saved_by_vs_code(folder):
    sheet = handed_in()
    for found in sheet["cells"]:
        found["metadata"] |= {"vscode": {"languageId": "python" if found["cell_type"] == "code" else "markdown"}}
    sheet["metadata"] = _vs_code(".venv")
    hand_in(folder, sheet)


@submission()
def saved_by_an_old_vs_code(folder):
    """Format 4.2: the cells' ids are lost, and with them, in some versions, all of their metadata."""
    sheet = handed_in()
    sheet |= {"metadata": _vs_code("Python 3.9.13 64-bit ('base')") | {"orig_nbformat": 4}, "nbformat_minor": 2}
    for found in sheet["cells"]:
        if found["id"] != "00-5-answer":
            found["metadata"] = {}
        del found["id"]
    hand_in(folder, sheet)


def _vs_code(environment):
    language = {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "name": "python",
        "mimetype": "text/x-python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": "3.9.13",
    }
    return {
        "kernelspec": {"display_name": environment, "language": "python", "name": environment},
        "language_info": language,
        "vscode": {"interpreter": {"hash": "5fcd78efc9f118670fc3ce9d32556a7c4f66cdfb"}},
    }


@submission()
def format_3(folder):
    sheet = handed_in()
    for found in sheet["cells"]:
        found.pop("id")
        if found["cell_type"] == "code":
            del found["execution_count"]
            found |= {"input": found.pop("source"), "language": "python", "collapsed": False, "prompt_number": 1}
    old = {"metadata": {"name": "sheet"}, "nbformat": 3, "nbformat_minor": 0}
    hand_in(folder, old | {"worksheets": [{"cells": sheet["cells"], "metadata": {}}]})


@submission(loses="everything", status="unreadable", says=["julia"])
def another_language(folder):
    hand_in(folder, notebook(handed_in()["cells"], kernel="julia-1.10", language="julia"))


@submission(loses="everything", says=["this is sheet 07"], status="another sheet")
def another_exercise(folder):
    hand_in(
        folder,
        notebook(
            [
                cell("code", "07-1-answer", "def other():\n    return 1", solution=True),
                cell("code", "07-1-check", "assert other() == 1", grade=True, locked=True, points=50),
            ]
        ),
    )


@submission(says=["two", "sheet"])
def two_notebooks(folder):
    hand_in(folder, handed_in())
    hand_in(folder, notebook([cell("markdown", "draft", "# A draft")]), name="a_draft.ipynb")


@submission()
def nearly_20_megabytes(folder):
    sheet = handed_in()
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBO" * 4_700_000}}
    cells(sheet)["00-1-check"]["outputs"] = [picture]
    hand_in(folder, sheet)


# Files that are no notebooks


def _file(content, name="sheet.ipynb"):
    def put(folder):
        folder.mkdir(parents=True)
        (folder / name).write_bytes(content)

    return put


UNREADABLE = {
    "not_json": (b"def total(values): return sum(values)", "json"),
    "empty": (b"", "empty"),
    "null_bytes": (bytes(4096), "json"),
    "half_a_notebook": (json.dumps(handed_in()).encode()[:900], "json"),
    "utf_16": (json.dumps(handed_in()).encode("utf-16"), "utf-8"),
    "a_list": (b"[1, 2, 3]", "notebook"),
    "a_number": (b"7", "notebook"),
    "no_cells": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "cells"),
    "cells_that_are_none": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 7}', "cells"),
    "format_99": (b'{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}', "cells"),
    "too_deep": (b'{"nbformat": 4, "cells": ' + b"[" * 500_000 + b"]" * 500_000 + b"}", "nested"),
    "a_huge_number": (b'{"nbformat": 4, "cells": [], "n": ' + b"9" * 100_000 + b"}", ""),
    "more_than_20_megabytes": (b'{"nbformat": 4, "cells": [], "x": "' + b"x" * 21_000_000 + b'"}', "20"),
}
for _name, (_content, _word) in UNREADABLE.items():
    submission(loses="everything", status="unreadable", says=[_word], name=_name)(_file(_content))

LONG_NAME = "ж" * 120
for _name in (
    LONG_NAME,
    'Zoë O\'Neil, "the" \t one',
    "Zoe\u0308",
    "Zo\u00eb",
    "-rf",
    "\u202egnirts 🙂",
    "line\nbreak",
    "CON",
    "con",
):
    submission(loses="everything", status="unreadable", says=["empty"], name=_name)(_file(b""))


@submission(loses="everything", status="unreadable", says=["no notebook"])
def no_notebook(folder):
    folder.mkdir(parents=True)
    (folder / "answers.docx").write_bytes(b"PK\x03\x04")
    (folder / ".ipynb_checkpoints").mkdir()
    hand_in(folder / ".ipynb_checkpoints", handed_in())


@submission(loses="everything", status="unreadable", says=["no notebook"])
def an_empty_folder(folder):
    folder.mkdir(parents=True)


@submission(loses="everything", status="unreadable", says=["link"])
def a_link_to_the_solution(folder):
    folder.mkdir(parents=True)
    (folder / "sheet.ipynb").symlink_to(folder.parents[1] / "course" / "solutions" / "00_toy.ipynb")


@submission(loses="everything", status="unreadable", says=["link"])
def a_link_to_another_student(folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(folder.parent / "aa_ada", target_is_directory=True)


@submission(loses="everything", status="unreadable", says=["link"])
def a_link_to_itself(folder):
    folder.mkdir(parents=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "sheet.ipynb").symlink_to(folder / "sheet.ipynb")


@submission(loses="everything", status="unreadable")
def a_pipe(folder):
    folder.mkdir(parents=True)
    os.mkfifo(folder / "sheet.ipynb")


@submission(loses="everything", status="unreadable")
def a_folder_named_like_a_notebook(folder):
    (folder / "sheet.ipynb").mkdir(parents=True)


# Archives


def _zipped(folder, **members):
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "work.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@submission()
def zipped(folder):
    _zipped(folder, **{"__MACOSX/._sheet.ipynb": b"\x00", "My work/sheet.ipynb": json.dumps(handed_in())})


@submission(loses="everything", status="unreadable", says=["zip"])
def zip_bomb(folder):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.ipynb", bytes(400_000_000))
    _zipped(folder, **{"sheet.ipynb": bytes(400_000_000), "inner.zip": inner.getvalue()})


@submission(loses="everything", status="unreadable", says=["zip"])
def names_that_climb(folder):
    sheet = json.dumps(handed_in())
    _zipped(
        folder,
        **{
            name: sheet
            for name in ("../aa_ada/sheet.ipynb", "../../planted", "/planted.ipynb", "a/../../../planted.ipynb")
        },
    )


@submission(loses="everything", status="unreadable", says=["zip"])
def a_link_in_a_zip(folder):
    link = zipfile.ZipInfo("sheet.ipynb")
    link.external_attr = 0o120777 << 16
    _zipped(folder, **{"notes.txt": b""})
    with zipfile.ZipFile(folder / "work.zip", "w") as archive:
        archive.writestr(link, str(folder.parents[1] / "course" / "solutions" / "00_toy.ipynb"))


@submission(loses="everything", status="unreadable", says=["zip"])
def a_damaged_zip(folder):
    _zipped(folder, **{"sheet.ipynb": json.dumps(handed_in())})
    whole = (folder / "work.zip").read_bytes()
    (folder / "work.zip").write_bytes(whole[:200] + b"\xff" * 50 + whole[250:])


# Not in the list, because root reads it, and nobody else does


def _shut(folder):
    hand_in(folder, handed_in())
    folder.chmod(0)


SHUT = Submission("a_shut_folder", _shut, expected("everything"), "unreadable", ("permission",))
