"""A student's guesses are kept in one small file: the first of each question, and nothing else."""

import json

import pytest

import fercourse as fc
from fercourse.classroom.kept_guesses import FILE, keep_guess
from fercourse.errors import DataMismatch


def test_the_first_guess_of_a_question_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keep_guess("02.1", confidence=0.9, right=False, options=3)
    keep_guess("02.1", confidence=1.0, right=True, options=3)
    keep_guess("01.1", confidence=0.5, right=True, options=2)
    table = fc.own_guesses()
    assert table["id"].tolist() == ["01.1", "02.1"]
    assert table["confidence"].tolist() == [0.5, 0.9]
    assert table["right"].tolist() == [True, False]
    assert set(json.loads((tmp_path / FILE).read_text())["02.1"]) == {"confidence", "right", "options"}


def test_a_file_that_an_editor_of_windows_has_saved_is_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keep_guess("01.1", confidence=0.5, right=True, options=2)
    path = tmp_path / FILE
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    keep_guess("01.2", confidence=0.5, right=True, options=2)
    assert fc.own_guesses()["id"].tolist() == ["01.1", "01.2"]


def test_without_a_file_there_are_no_guesses_and_deleting_it_forgets_them(tmp_path):
    table = fc.own_guesses(tmp_path)
    assert (len(table), table.columns.tolist()) == (0, ["id", "confidence", "right", "options"])


@pytest.mark.parametrize("text", ["[]", "{", '{"01.1": 3}', '{"01.1": {"confidence": 2, "right": true, "options": 3}}'])
def test_a_damaged_file_is_named_and_not_overwritten(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DataMismatch, match="expected your guesses"):
        fc.own_guesses()
    with pytest.raises(DataMismatch, match="Rename or delete the file"):
        keep_guess("01.1", confidence=0.5, right=True, options=2)
    assert (tmp_path / FILE).read_text() == text
