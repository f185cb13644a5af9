"""FER+ votes are joined to the rows that they were cast for, or not at all."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import BALLOT, EMOTIONS
from fercourse.data.layouts.convert import convert
from fercourse.data.layouts.csv.writer import write_votes
from fercourse.data.load import load
from fercourse.data.rows import Rows
from fercourse.data.votes import join_votes
from fercourse.errors import DataMismatch, DataNotFound, ParameterError


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def path(tmp_path, faces):
    """A small fer2013.csv with its votes beside it."""
    (tmp_path / "fer2013new.csv").write_text(text_of(faces))
    return convert(faces, tmp_path / "fer2013.csv", layout="csv")


def text_of(faces):
    file = io.BytesIO()
    write_votes(faces, file)
    return file.getvalue().decode()


def votes_file(path):
    return path.with_name("fer2013new.csv")


def lines_in(path):
    return votes_file(path).read_text().splitlines()


def rewrite(path, lines):
    votes_file(path).write_text("\n".join(lines) + "\n")


def test_votes_beside_the_csv_are_joined_in_the_order_of_the_ballot(path, faces):
    read = load(path)
    for one, other in zip(read, faces, strict=True):
        assert one.votes.dtype == np.uint8
        assert np.array_equal(one.votes, other.votes)


def test_votes_are_mapped_by_the_names_of_their_columns(path, faces):
    table = [line.split(",") for line in lines_in(path)]
    order = [0, 1, *reversed(range(2, 12))]
    rewrite(path, [",".join(row[column] for column in order) for row in table])
    assert np.array_equal(load(path).test.votes, faces.test.votes)
    assert table[0][2:] == [
        "neutral",
        "happiness",
        "surprise",
        "sadness",
        "anger",
        "disgust",
        "fear",
        "contempt",
        "unknown",
        "NF",
    ]
    assert BALLOT[:7] == EMOTIONS


def test_the_written_votes_have_a_column_for_each_answer_of_the_ballot(path, faces):
    header, first, *_ = (line.split(",") for line in lines_in(path))
    row = dict(zip(header, first, strict=True))
    assert row["Usage"] == "Training"
    assert int(row["happiness"]) == faces.train.votes[0, BALLOT.index("Happy")]
    assert int(row["NF"]) == faces.train.votes[0, BALLOT.index("Not a face")]


def test_no_votes_are_joined_where_none_are_wanted_or_none_are_there(path):
    assert load(path, votes=None).train.votes is None
    votes_file(path).unlink()
    assert load(path).train.votes is None


def test_votes_from_elsewhere_are_joined_by_their_path(path, faces, tmp_path):
    elsewhere = votes_file(path).rename(tmp_path / "elsewhere.csv")
    assert np.array_equal(load(path, votes=elsewhere).valid.votes, faces.valid.votes)
    assert np.array_equal(load(path, votes=str(elsewhere)).valid.votes, faces.valid.votes)


def test_votes_that_are_not_there_are_an_error_when_asked_for(path, tmp_path):
    with pytest.raises(DataNotFound, match=r"nowhere\.csv"):
        load(path, votes=tmp_path / "nowhere.csv")
    with pytest.raises(DataNotFound):
        load(path, votes=tmp_path)


def test_drawn_faces_keep_their_own_votes(path, monkeypatch, faces, tmp_path):
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "own cache"))
    monkeypatch.setattr("fercourse.data.load.drawn_faces", lambda *sizes, seed: faces)
    assert load("drawn").train.votes is not None
    assert load("drawn", votes=None).train.votes is None
    with pytest.raises(ParameterError, match="votes of their own"):
        load("drawn", votes=votes_file(path))


@pytest.mark.parametrize("layout", ["png-folders", "parquet"])
def test_a_layout_without_an_order_of_rows_gets_none_and_refuses_a_path(layout, path, faces, tmp_path, capsys):
    folder = convert(faces, tmp_path / "in" / layout, layout=layout)
    votes_file(path).rename(tmp_path / "in" / "fer2013new.csv")
    assert load(folder).train.votes is None
    assert f"no FER+ votes are joined: {tmp_path}/in/fer2013new.csv is left out" in capsys.readouterr().out
    with pytest.raises(DataMismatch, match="keep no order"):
        load(folder, votes=tmp_path / "in" / "fer2013new.csv")


@pytest.mark.parametrize("layout", ["png-folders", "parquet"])
def test_votes_inside_the_folder_of_such_a_layout_are_not_passed_over_in_silence(layout, path, faces, tmp_path, capsys):
    folder = convert(faces, tmp_path / "other" / "fer", layout=layout)
    votes_file(path).rename(folder / "fer2013new.csv")
    assert load(folder).train.votes is None
    printed = capsys.readouterr().out
    assert printed.startswith(f"fercourse: no FER+ votes are joined: {folder / 'fer2013new.csv'} is left out")


def test_train_and_test_csv_have_no_usage_to_compare_and_get_none(path, faces, tmp_path, capsys):
    folder = convert(faces, tmp_path / "there", layout="train-test")
    votes = votes_file(path).rename(folder / "fer2013new.csv")
    assert load(folder).train.votes is None
    assert "no FER+ votes are joined: train.csv: expected a Usage column" in capsys.readouterr().out
    with pytest.raises(DataMismatch, match="Usage column"):
        load(folder, votes=votes)


def test_votes_follow_rows_whose_usages_are_mixed(path, faces):
    header, *rows = path.read_text().splitlines()
    votes_header, *votes = lines_in(path)
    order = np.random.default_rng(0).permutation(len(rows))
    path.write_text("\n".join([header, *(rows[row] for row in order)]))
    rewrite(path, [votes_header, *(votes[row] for row in order)])
    read = load(path)
    for one, other in zip(read, faces, strict=True):
        key, expected = (
            np.lexsort(one.images.reshape(len(one), -1).T),
            np.lexsort(other.images.reshape(len(other), -1).T),
        )
        assert np.array_equal(one.images[key], other.images[expected])
    assert sorted(map(bytes, read.train.votes)) == sorted(map(bytes, faces.train.votes))


def refused_or_left_out(path, words, capsys):
    """Votes that were asked for by their path are refused; votes that only lie there are left out, and a line says why.

    So it is from the cache, too, and also where the data was kept when nobody asked for them.
    """
    for _ in range(2):
        assert load(path).train.votes is None
        printed = [line for line in capsys.readouterr().out.splitlines() if "votes" in line]
        assert len(printed) == 1
        assert re.search(rf"no FER\+ votes are joined: .*fer2013new\.csv.*{words}", printed[0])
    for cache in (True, False):
        with pytest.raises(DataMismatch, match=rf"fer2013new\.csv.*{words}"):
            load(path, votes=votes_file(path), cache=cache)
    assert load(path, votes=None).train.votes is None
    assert "votes" not in capsys.readouterr().out


def test_votes_for_more_or_fewer_rows_are_refused(path, capsys):
    lines = lines_in(path)
    rewrite(path, lines[:-1])
    refused_or_left_out(path, r"expected.*350 rows, found 349.*votes=None", capsys)


def test_votes_with_another_usage_in_a_row_are_refused_by_the_row(path, capsys):
    lines = lines_in(path)
    lines[5] = lines[5].replace("Training", "PublicTest")
    rewrite(path, lines)
    refused_or_left_out(path, "expected.*Usage Training in row 5, found PublicTest", capsys)


BROKEN = {
    "a missing column": (lambda lines: [line.rpartition(",")[0] for line in lines], "found no NF"),
    "a column twice": (lambda lines: [line + f",{line.rpartition(',')[2]}" for line in lines], "found two of NF"),
    "an empty file": (lambda lines: [], "found no"),
    "a web page": (lambda lines: ["<!DOCTYPE html>"], "found no"),
    "a word": (lambda lines: [*lines[:3], lines[3][:-1] + "x", *lines[4:]], "row 3.*counts of votes, found 'x'"),
    "a negative count": (lambda lines: [*lines[:3], lines[3][:-1] + "-1", *lines[4:]], "row 3.*'-1'"),
    "a count of 256": (lambda lines: [*lines[:3], lines[3][:-1] + "256", *lines[4:]], "row 3.*'256'"),
    "a truncated row": (lambda lines: [*lines[:-1], lines[-1][:-4]], "row 350.*found nothing"),
    "an empty row of commas": (lambda lines: [*lines, "," * 11], "row 351"),
    "NUL bytes": (lambda lines: [*lines[:3], "\0" * 40, *lines[4:]], "row 3"),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_votes_file_is_refused_by_file_and_row(damage, path, capsys):
    change, words = BROKEN[damage]
    rewrite(path, change(lines_in(path)))
    refused_or_left_out(path, words, capsys)


def test_votes_beside_rows_that_were_cleaned_are_left_out_and_a_line_says_so(path, capsys):
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(row for number, row in enumerate(rows) if number % 20)]))
    refused_or_left_out(path, "expected.*332 rows, found 350", capsys)


def test_votes_in_capitals_are_votes(path, faces):
    votes_file(path).rename(path.with_name("FER2013NEW.CSV"))
    assert np.array_equal(load(path).test.votes, faces.test.votes)


@pytest.fixture(scope="module")
def many():
    """A thousand rows with votes, all of one usage, and the file of the votes."""
    faces = drawn_faces(1_000, 0, 0, seed=1)
    return Rows(faces.train.images, faces.train.labels, np.zeros(1_000, np.uint8)), faces


@pytest.mark.parametrize("shift", [1, 2, 3, 250, 500, -1])
def test_votes_for_another_order_of_rows_are_refused(shift, many, tmp_path):
    rows, faces = many
    shifted = replace(faces, train=replace(faces.train, votes=np.roll(faces.train.votes, shift, axis=0)))
    (tmp_path / "votes.csv").write_text(text_of(shifted))
    with pytest.raises(DataMismatch, match="another order of rows"):
        join_votes(rows, tmp_path / "votes.csv", "fer2013.csv")


@settings(max_examples=25, deadline=None)
@given(start=st.integers(0, 600), seed=st.integers(0, 99))
def test_votes_whose_order_is_lost_in_any_four_hundred_rows_are_refused_from_there(many, tmp_path_factory, start, seed):
    rows, faces = many
    votes = faces.train.votes.copy()
    end = start + 400
    mixed = start + np.random.default_rng(seed).permutation(end - start)
    votes[start:end] = votes[mixed]
    path = tmp_path_factory.mktemp("votes") / "votes.csv"
    path.write_text(text_of(replace(faces, train=replace(faces.train, votes=votes))))
    with pytest.raises(DataMismatch, match="another order of rows"):
        join_votes(rows, path, "fer2013.csv")


def test_votes_in_their_own_order_are_joined_to_a_thousand_rows(many, tmp_path):
    rows, faces = many
    (tmp_path / "votes.csv").write_text(text_of(faces))
    assert np.array_equal(join_votes(rows, tmp_path / "votes.csv", "fer2013.csv").votes, faces.train.votes)


def test_votes_are_written_in_the_order_of_the_published_file_by_which_others_read_it(faces):
    header, *rows = text_of(faces).splitlines()
    assert header == "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    names = ("Neutral", "Happy", "Surprise", "Sad", "Angry", "Disgust", "Fear", "Contempt", "Unknown", "Not a face")
    in_order = faces.train.votes[:, [BALLOT.index(name) for name in names]]
    assert [list(map(int, row.split(",")[2:])) for row in rows[: len(faces.train)]] == in_order.tolist()
