"""The errors of the course are Python's own as well, and no `except` of the course takes one for another's."""

import io
import pickle

import numpy as np
import pytest
from PIL import Image

import fercourse as fc
from fercourse import errors
from fercourse.data.layouts.archives import reading
from fercourse.data.layouts.npz import arrays_in
from fercourse.data.layouts.pictures import decoding, grey_face
from fercourse.files import written_aside
from fercourse.grading.instructor import _reason

BUILTINS = {
    errors.DataNotFound: FileNotFoundError,
    errors.DataMismatch: ValueError,
    errors.NotWritten: OSError,
    errors.CheckpointMismatch: ValueError,
    errors.ParameterError: ValueError,
    errors.TrainingDiverged: FloatingPointError,
    errors.CheckFailed: Exception,
    errors.GradingError: Exception,
}
FAMILY = [value for value in vars(errors).values() if isinstance(value, type) and value is not errors.FercourseError]


def test_each_error_is_the_builtin_that_it_means():
    assert set(BUILTINS) == set(FAMILY)
    for error, builtin in BUILTINS.items():
        assert issubclass(error, errors.FercourseError)
        assert issubclass(error, builtin)
        line = next(line for line in errors.__doc__.splitlines() if f" {error.__name__} " in line)
        assert builtin is Exception or f" {builtin.__name__} " in line, "the tree in the docstring says the same"


@pytest.mark.parametrize("error", FAMILY)
def test_an_error_reads_as_it_was_written_also_after_a_pickle(error):
    words = "fer2013.csv, row 3: expected 'a', found \"b\""
    for one in (error(words), pickle.loads(pickle.dumps(error(words)))):
        assert (type(one), str(one), one.args) == (error, words, (words,))
    assert getattr(error(words), "errno", None) is None


def test_who_knows_python_alone_catches_them(tmp_path, faces):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        fc.load(tmp_path / "nowhere.csv")
    with pytest.raises(ValueError, match="expected scale"):
        fc.load("drawn", scale="tiny")
    with pytest.raises(ValueError, match="found float64"):
        fc.Split(np.zeros((1, 48, 48)), np.zeros(1, int), "train", "an example")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="could not be written"):
        fc.convert(faces, tmp_path / "file" / "below.csv", layout="csv")


@pytest.mark.parametrize("error", FAMILY)
def test_what_the_course_says_itself_comes_out_of_reading_and_writing_as_it_was_said(tmp_path, error):
    for context in (reading(tmp_path / "some.npz"), written_aside(tmp_path / "new.csv")):
        with pytest.raises(error, match=r"^its own words$"), context:
            raise error("its own words")
    assert not (tmp_path / "new.csv").exists()


def test_a_mismatch_in_an_npz_or_a_picture_comes_out_as_it_was_said(tmp_path):
    np.savez(tmp_path / "some.npz", images=np.zeros(3))
    for context in (arrays_in(tmp_path / "some.npz"), decoding("a picture", remedy="")):
        with pytest.raises(errors.DataMismatch, match=r"^its own words$"), context:
            raise errors.DataMismatch("its own words")


def test_a_picture_is_refused_for_what_is_wrong_with_it_and_not_as_damaged():
    file = io.BytesIO()
    Image.new("L", (47, 48)).save(file, "png")
    with pytest.raises(errors.DataMismatch, match=r"^me: expected 48 × 48 pixels, found 47 × 48"):
        grey_face(file, "me")


def test_a_failed_check_is_no_assertion_of_a_hidden_test_whose_words_a_student_reads():
    for hidden, shown in ((False, "expected 24, came 23"), (True, "a hidden test failed (CheckFailed)")):
        assert _reason(errors.CheckFailed("expected 24, came 23"), "", hidden) == shown
