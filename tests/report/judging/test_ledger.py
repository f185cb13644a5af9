"""The ledger of the test split: one question for each run, and every reading stands in it."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import fercourse as fc
from fercourse.errors import DataMismatch, ParameterError
from fercourse.report import run
from fercourse.report.history import History
from fercourse.report.judging import ledger as module
from fercourse.report.predictions import Predictions

COURSE = Path(__file__).parents[3]
CHOSEN, OTHER = "How good is the chosen network?", "And how good is the other one?"
OWN_SPLITS = {"few", "theirs"}


@pytest.fixture(autouse=True)
def _begun(faces, monkeypatch):
    """A student's run of lesson 07: somebody is watching."""
    monkeypatch.delenv("FERCOURSE_HEADLESS", raising=False)
    monkeypatch.setattr(module, "_taken", {})
    run.begin(lesson="07", scale="lesson", seed=0, source=faces.source, drawn=True)
    yield
    run.begin()


@pytest.fixture
def restart(monkeypatch):
    """A new kernel: it remembers nothing, the files are there."""
    return lambda: monkeypatch.setattr(module, "_taken", {})


def test_the_first_reading_hands_out_the_test_split_and_stands_in_the_ledger(faces, tmp_path, capsys):
    assert fc.read_test(faces, CHOSEN, folder=tmp_path) is faces.test
    row = fc.ledger(tmp_path).iloc[0]
    assert row.drop(["first", "last", "again"]).to_dict() == {
        "lesson": "07", "scale": "lesson", "seed": 0, "faces": faces.source, "question": CHOSEN, "times": 1,
    }  # fmt: skip
    assert pd.isna(row["again"])
    assert pd.Timestamp(row["first"]).tz is not None
    said = f"test faces read: 70 of {faces.source} · {CHOSEN} · written down in {(tmp_path / 'ledger').as_posix()}\n"
    assert capsys.readouterr().out == said


def test_a_ledger_of_a_folder_without_readings_is_an_empty_table(tmp_path):
    table = fc.ledger(tmp_path / "nothing")
    assert list(table) == list(module.COLUMNS)
    assert table.empty


def test_the_same_question_again_is_the_same_reading_in_this_kernel_and_after_a_restart(faces, tmp_path, restart):
    for _ in range(2):
        fc.read_test(faces, CHOSEN, folder=tmp_path)
    restart()
    fc.read_test(faces, CHOSEN, folder=tmp_path)
    assert fc.ledger(tmp_path)["times"].tolist() == [3]


@pytest.mark.parametrize("restarted", [False, True])
def test_another_question_of_the_same_run_is_refused_without_a_reason(faces, tmp_path, restart, restarted):
    fc.read_test(faces, CHOSEN, folder=tmp_path)
    if restarted:
        restart()
    with pytest.raises(ParameterError) as refused:
        fc.read_test(faces, OTHER, folder=tmp_path)
    assert str(refused.value) == (
        f"the test faces of {faces.source} were read in this run for {CHOSEN!r}; this is a second reading, for "
        f"{OTHER!r}. What you learn from it is worth less, as you have seen an answer already. If it must be, say why, "
        'and the reason is written down: fc.read_test(data, question, again="…")'
    )
    assert fc.ledger(tmp_path)["question"].tolist() == [CHOSEN]


def test_with_a_reason_it_is_handed_out_each_time_and_the_reason_is_kept(faces, tmp_path):
    fc.read_test(faces, CHOSEN, folder=tmp_path)
    for _ in range(2):
        assert fc.read_test(faces, OTHER, again="the chosen one was broken", folder=tmp_path) is faces.test
    table = fc.ledger(tmp_path)
    assert table["again"].fillna("").tolist() == ["", "the chosen one was broken"]
    assert table["times"].tolist() == [1, 2]
    with pytest.raises(ParameterError):
        fc.read_test(faces, OTHER, folder=tmp_path)  # a reason holds for one reading


def test_cells_in_another_order_do_not_take_the_free_question_away(faces, tmp_path):
    fc.read_test(faces, OTHER, again="out of order", folder=tmp_path)
    fc.read_test(faces, CHOSEN, folder=tmp_path)
    assert len(fc.ledger(tmp_path)) == 2


@pytest.mark.parametrize("other", [{"lesson": "08"}, {"seed": 1}, {"scale": "full"}])
def test_another_lesson_seed_or_scale_is_a_run_of_its_own(faces, tmp_path, other):
    fc.read_test(faces, CHOSEN, folder=tmp_path)
    run.begin(**{"lesson": "07", "scale": "lesson", "seed": 0} | other)
    fc.read_test(faces, OTHER, folder=tmp_path)
    assert len(fc.ledger(tmp_path)) == 2


def test_other_training_faces_are_no_way_to_read_the_same_test_faces_twice(faces, tmp_path):
    fc.read_test(faces, CHOSEN, folder=tmp_path)
    with pytest.raises(ParameterError, match="second reading"):
        fc.read_test(replace(faces, train=faces.train[:50]), OTHER, folder=tmp_path)
    fc.read_test(replace(faces, test=faces.test[:50]), OTHER, folder=tmp_path)  # other test faces


def test_where_nobody_is_watching_the_question_of_another_process_refuses_nothing(
    faces, tmp_path, restart, monkeypatch
):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")
    fc.read_test(faces, CHOSEN, folder=tmp_path)
    with pytest.raises(ParameterError):
        fc.read_test(faces, OTHER, folder=tmp_path)
    restart()
    fc.read_test(faces, OTHER, folder=tmp_path)
    assert set(fc.ledger(tmp_path)["question"]) == {CHOSEN, OTHER}


def test_processes_side_by_side_lose_no_run(tmp_path):
    code = (
        "import sys, fercourse as fc\n"
        "from fercourse.report.run import begin\n"
        "seed = int(sys.argv[1])\n"
        "begin(lesson='07', seed=seed)\n"
        f"fc.read_test(fc.drawn_faces(7, 7, 7), 'How good is it?', folder={str(tmp_path)!r})\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(seed)], stdout=subprocess.DEVNULL) for seed in range(4)
    ]
    assert [process.wait(240) for process in started] == [0, 0, 0, 0]
    assert sorted(fc.ledger(tmp_path)["seed"]) == [0, 1, 2, 3]


def test_a_folder_that_cannot_be_written_stops_no_lesson_and_is_said(faces, tmp_path, capsys):
    (tmp_path / "runs").write_text("a file where the folder should be")
    assert fc.read_test(faces, CHOSEN, folder=tmp_path / "runs") is faces.test
    assert "not written down" in capsys.readouterr().out
    with pytest.raises(ParameterError):  # this kernel remembers
        fc.read_test(faces, OTHER, folder=tmp_path / "runs")


@pytest.mark.parametrize("text", ["", "  ", "two\nlines", None, 7])
def test_a_question_is_one_line_of_text(faces, tmp_path, text):
    with pytest.raises(ParameterError, match=re.escape(f"expected question as one line of text, found {text!r}")):
        fc.read_test(faces, text, folder=tmp_path)
    if text is not None:
        with pytest.raises(ParameterError, match="expected again as one line"):
            fc.read_test(faces, CHOSEN, again=text, folder=tmp_path)


def test_only_faces_that_have_a_test_split_can_be_read(faces, tmp_path):
    with pytest.raises(ParameterError, match="them; found a Split"):
        fc.read_test(faces.test, CHOSEN, folder=tmp_path)
    with pytest.raises(DataMismatch, match="expected test faces, found none"):
        fc.read_test(replace(faces, test=faces.test[:0]), CHOSEN, folder=tmp_path)


@pytest.mark.parametrize("text", ['{"readings": []}', "[]", '{"readings": [{"question": 3}]}'])
def test_a_damaged_page_of_the_ledger_is_named(faces, tmp_path, text):
    fc.read_test(faces, CHOSEN, folder=tmp_path)
    (page,) = (tmp_path / "ledger").iterdir()
    page.write_text(text)
    with pytest.raises(DataMismatch, match=re.escape(str(page))):
        fc.ledger(tmp_path)


def answers(split):
    return Predictions(
        pd.get_dummies(pd.Categorical(split.labels, categories=range(7))).to_numpy(float), split.labels, ""
    )


def test_a_training_that_reads_private_test_stands_in_the_ledger_of_its_folder(faces, tmp_path):
    history = History([{"epoch": 1, "valid_loss": 1.0, "seconds": 1.0}])
    for name in ("MLP", "CNN"):
        for recipe in ({"lr": 0.1}, {"lr": 0.2}):
            fc.save_run(name, recipe, faces, history, answers, folder=tmp_path, test=True)
    fc.save_run("MLP", {"lr": 0.1}, faces, history, answers, folder=tmp_path, test=True)
    fc.save_run("unread", {"lr": 0.1}, faces, history, answers, folder=tmp_path)
    table = fc.ledger(tmp_path)
    assert sorted(table["question"]) == ["How good is CNN?"] * 2 + ["How good is MLP?"] * 2
    assert sorted(table["times"]) == [1, 1, 1, 2]


def test_the_pages_of_the_ledger_are_no_records_of_trainings(faces, tmp_path):
    from fercourse.course.results import NAME

    fc.read_test(faces, CHOSEN, folder=tmp_path)
    (page,) = (tmp_path / "ledger").iterdir()
    assert not NAME.fullmatch(page.name)
    assert json.loads(page.read_text())["readings"]


def test_no_lesson_and_no_sheet_reads_the_test_split_but_by_read_test():
    sources = [*(COURSE / "lessons").glob("*.py"), *(COURSE / "lessons" / "exercises").glob("*.py")]
    assert len(sources) >= 18
    assert {path.name: found for path in sources if (found := read_otherwise(path.read_text()))} == {}
    assert [path.parent.name for path in sources if "fc.read_test(" in path.read_text()].count("exercises") == 0


@pytest.mark.parametrize("code", ["data.test", "x = predict(faces.test[:3])", 'data["test"]', 'getattr(data, "test")'])
def test_other_ways_to_read_it_are_seen(code):
    assert read_otherwise(code)


def read_otherwise(source):
    """The lines of a program that take a test split from a data set; one that a lesson made itself is its own."""
    found = []
    for node in ast.walk(ast.parse(source)):
        attribute = isinstance(node, ast.Attribute) and node.attr == "test" and ast.unparse(node.value)
        place = isinstance(node, ast.Subscript) and _is_test(node.slice) and ast.unparse(node.value)
        called = isinstance(node, ast.Call) and ast.unparse(node.func) == "getattr" and _is_test(node.args[1])
        if called or {attribute, place} - {False} - OWN_SPLITS:
            found.append(ast.unparse(node))
    return found


def _is_test(node):
    return isinstance(node, ast.Constant) and node.value == "test"
