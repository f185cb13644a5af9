"""Whatever is handed in becomes the cells of a notebook, or a sentence that says why it does not."""

import json
import os

import pytest
from toy_sheet import cell, handed_in, notebook

from fercourse.errors import GradingError
from fercourse.grading.submissions.reading import LARGEST_FILE, LONGEST_CELL, MOST_CELLS, read_student_notebook


@pytest.fixture
def written(tmp_path):
    """A function that writes bytes, text or JSON into a file and returns its path."""

    def write(content):
        path = tmp_path / "sheet.ipynb"
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_a_notebook_is_read_cell_by_cell(written):
    submission = read_student_notebook(written(handed_in()))
    assert [cell.grade_id for cell in submission.cells][:3] == ["00-intro", "00-setup", "00-1-answer"]
    assert submission.cells[2].source == "def total(values):\n    return sum(values)"
    assert submission.cells[2].ids == ("00-1-answer",)
    assert submission.remarks == submission.guesses == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe{\0}\0", "UTF-8"),
        ("Sorry, my dog ate it.", "not JSON"),
        ('{"cells": [{"cell_type": "code"', "cut off"),
        ("<!DOCTYPE html>\n<html>", "it is a web page"),
        (b"PK\x03\x04\x14\0\xff", "it is a zip"),
        (b"\x1f\x8b\x08\0\xff", "packed by gzip"),
        (b"%PDF-1.7\n\xe2\xe3", "it is a PDF"),
        ("version https://git-lfs.github.com/spec/v1\n", "git LFS"),
        ('{\n<<<<<<< HEAD\n "a": 1\n=======\n "a": 2\n>>>>>>> mine\n}', "git left a conflict in it"),
        ("[" * 200_000, "deep|not JSON"),
        ("[" * 200_000 + "]" * 200_000, "deep"),
        ("[1, 2]", "not an object"),
        ("{}", "no cells"),
        ('{"cells": {"0": 1}}', "no cells"),
        ('{"cells": []}', "no cells"),
        ('{"worksheets": [{"cells": 3}, 4]}', "no cells"),
        (notebook([cell("code", "a", "1")], language="R"), "written in R; expected Python"),
        (notebook([cell("code", "a", "1")], language="julia"), "julia"),
        (b"1" * (LARGEST_FILE + 1), "larger than 20 MB"),
    ],
)
def test_a_file_that_is_no_python_notebook_is_refused_with_the_reason(written, content, reason):
    with pytest.raises(GradingError, match=reason):
        read_student_notebook(written(content))


def test_only_a_file_is_read_no_link_folder_or_pipe(tmp_path, written):
    real = written(handed_in())
    (tmp_path / "link.ipynb").symlink_to(real)
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name, reason in (
        ("link.ipynb", "symbolic link"),
        ("folder.ipynb", "no file"),
        ("pipe.ipynb", "no file"),
        ("none.ipynb", "no such file"),
        ("nul\0.ipynb", "cannot be opened"),
    ):
        with pytest.raises(GradingError, match=reason):
            read_student_notebook(f"{tmp_path}/{name}")


def test_a_byte_order_mark_is_no_obstacle(written):
    assert read_student_notebook(written(b"\xef\xbb\xbf" + json.dumps(handed_in()).encode())).cells


def test_a_notebook_without_a_word_about_its_language_is_taken_for_python(written):
    bare = {"cells": [{"cell_type": "code", "source": "1"}]}
    assert read_student_notebook(written(bare)).cells[0].source == "1"


@pytest.mark.parametrize("kernel", ["sage", "R", "C#", ""])
def test_a_notebook_that_says_in_one_place_that_it_is_python_is_read(written, kernel):
    about = {"kernelspec": {"language": kernel, "name": "any"}, "language_info": {"name": "python"}}
    assert read_student_notebook(written(handed_in() | {"metadata": about})).cells


def test_a_notebook_of_format_3_is_upgraded(written):
    code = {"cell_type": "code", "input": ["a = 1\n", "b = 2"], "language": "python", "metadata": {}, "outputs": []}
    heading = {"cell_type": "heading", "level": 1, "source": "Title", "metadata": {}}
    old = {"nbformat": 3, "metadata": {"name": "x"}, "worksheets": [{"cells": [heading, code]}]}
    submission = read_student_notebook(written(old))
    assert [(cell.kind, cell.source) for cell in submission.cells] == [("markdown", "Title"), ("code", "a = 1\nb = 2")]
    assert "nbformat 3" in submission.remarks[0]


def test_a_notebook_saved_by_colab_keeps_its_ids_in_the_metadata(written):
    cells = [{"cell_type": "code", "metadata": {"id": "00-1-answer", "outputId": "x"}, "source": ["a = 1"]}]
    assert read_student_notebook(written({"cells": cells})).cells[0].ids == ("00-1-answer",)


@pytest.mark.parametrize(
    ("metadata", "sheet"),
    [
        ({"fercourse": {"sheet": "02"}}, "02"),
        ({"fercourse": {"sheet": 2}}, ""),
        ({"fercourse": "02"}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_the_sheet_that_a_notebook_says_it_is_is_read(written, metadata, sheet):
    content = {"cells": [cell("code", "a", "1")], "metadata": metadata}
    assert read_student_notebook(written(content)).sheet == sheet


def test_damaged_cells_are_left_out_and_the_others_kept(written):
    good = cell("code", "a", "1")
    damaged = [3, None, {}, {"cell_type": 4}, {"cell_type": "code", "source": [1]}, {"cell_type": "code", "source": 7}]
    submission = read_student_notebook(written({"cells": [*damaged, good, good | {"metadata": [], "id": 5}]}))
    assert [cell.source for cell in submission.cells] == ["1", "1"]
    assert submission.remarks == ("6 of the cells are damaged and were left out",)


def test_huge_cells_and_endless_notebooks_are_cut(written):
    cells = [cell("code", "a", "#" * (LONGEST_CELL + 1)), *[cell("code", "b", "1")] * MOST_CELLS]
    submission = read_student_notebook(written({"cells": cells}))
    assert len(submission.cells) == MOST_CELLS - 1
    assert len(submission.remarks) == 2


def test_what_no_text_file_can_hold_is_replaced(written):
    raw = '{"cells": [{"cell_type": "code", "source": "a\\u0000b\\ud800c\\r\\nd"}]}'
    source = read_student_notebook(written(raw)).cells[0].source
    assert source == "a�b?c\nd"


def test_guesses_are_taken_from_the_outputs_the_last_of_each(written):
    def output(**record):
        return {"output_type": "display_data", "data": {}, "metadata": {"fercourse": record}}

    outputs = [
        output(kind="guess", id="03.a", right=False),
        output(kind="guess", id="03.a", right=True, brier=0.04),
        output(kind="figure", id="03.b"),
        output(kind="guess", id="03.c", answer={"nested": 1}),
        output(kind="guess", id="03.d", answer="x" * 3000),
        {"metadata": {"fercourse": "guess"}},
        7,
    ]
    submission = read_student_notebook(written({"cells": [cell("code", "a", "1") | {"outputs": outputs}]}))
    assert submission.guesses == ({"kind": "guess", "id": "03.a", "right": True, "brier": 0.04},)
