"""Faces that a student labels: buttons without a browser, in a real JupyterLab, and where nobody is there."""

import io
import re

import nbformat
import numpy as np
import pytest
from lab import needs_chromium, opened, run_all
from PIL import Image
from shown_picture import shown_picture

import fercourse as fc
from fercourse.classroom import labelling


@pytest.fixture(autouse=True)
def _somebody_watches(monkeypatch):
    monkeypatch.delenv("FERCOURSE_HEADLESS", raising=False)


@pytest.fixture(scope="module")
def split():
    return fc.drawn_faces(0, 3, 0, seed=4).valid


def parts(widget):
    """(caption, picture as an array, the buttons by what stands on them) of the widget."""
    caption, picture, choices, back = widget.children
    buttons = {button.description: button for button in (*choices.children, back)}
    return re.sub(r"<[^>]+>", "", caption.value), shown_picture(picture.value), buttons


def press(widget, *names):
    for name in names:
        parts(widget)[2][name].click()


def test_each_press_answers_the_face_that_is_shown_and_brings_the_next_one(split):
    mine = labelling.Labelling(split)
    widget = labelling.desk(mine)
    for place, name in enumerate(["Sad", "Neutral", "Angry"]):
        caption, picture, _ = parts(widget)
        assert caption == f"face {place + 1} of 3"
        np.testing.assert_array_equal(picture[::4, ::4], split.images[place])
        press(widget, name)
    assert mine.answers.tolist() == [4, 6, 0]
    assert mine.done
    assert "All 3 faces are labelled" in parts(widget)[0]


def test_a_face_without_an_answer_is_minus_one_and_nothing_is_done_before_the_last(split):
    mine = labelling.Labelling(split)
    assert mine.answers.tolist() == [-1, -1, -1]
    press(labelling.desk(mine), "Happy")
    assert mine.answers.tolist() == [3, -1, -1]
    assert not mine.done
    assert repr(mine) == "1 of 3 faces labelled"


def test_one_face_back_takes_the_last_answer_away_also_after_the_last_face(split):
    mine = labelling.Labelling(split)
    widget = labelling.desk(mine)
    press(widget, "Happy", "Sad", "Fear", "one face back", "one face back", "Disgust")
    assert mine.answers.tolist() == [3, 1, -1]
    assert parts(widget)[0] == "face 3 of 3"


def test_after_the_last_face_a_further_press_answers_nothing(split):
    mine = labelling.Labelling(split)
    widget = labelling.desk(mine)
    press(widget, "Happy", "Sad", "Fear", "Angry")
    assert mine.answers.tolist() == [3, 4, 2]
    assert all(button.disabled for name, button in parts(widget)[2].items() if name != "one face back")


def test_no_label_is_shown_before_it_is_asked_for(split):
    relabelled = fc.Split(split.images, (split.labels + 1) % 7, "valid", split.source, drawn=True)
    seen = [parts(labelling.desk(labelling.Labelling(faces))) for faces in (split, relabelled)]
    assert seen[0][0] == seen[1][0]
    np.testing.assert_array_equal(seen[0][1], seen[1][1])


def test_where_nobody_watches_the_faces_are_shown_and_nobody_has_answered(split, monkeypatch):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    mine = fc.label_faces(split)
    assert mine.answers.tolist() == [-1, -1, -1]
    assert not mine.done
    assert "nobody was there" in repr(mine)
    sheet = np.asarray(Image.open(io.BytesIO(shown[0].data)))
    np.testing.assert_array_equal(sheet[::2, ::2][:, : 3 * 48], np.concatenate(split.images, axis=1))
    assert shown[0].metadata["alt"] == "3 faces of drawn faces, seed 4, without their labels."


@pytest.mark.parametrize(
    ("faces", "found"), [(None, "NoneType"), ("valid", "a str"), ([], "a list"), ("empty", "an empty one")], ids=str
)
def test_what_is_no_split_with_faces_is_refused(faces, found, split):
    with pytest.raises(fc.ParameterError, match=f"expected a Split with faces.*{found}"):
        fc.label_faces(split[:0] if found == "an empty one" else faces)


CELLS = [
    "import fercourse as fc\nmine = fc.label_faces(fc.drawn_faces(0, 3, 0, seed=4).valid)",
    "print('answers', mine.answers.tolist(), mine)",
]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@needs_chromium[0]
def test_in_jupyterlab_the_keyboard_alone_labels_all_faces(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "faces.ipynb")
    with opened(tmp_path, "faces.ipynb") as page:
        run_all(page, len(CELLS))
        page.get_by_role("button", name="Angry").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.get_by_text("face 2 of 3").wait_for()
        page.keyboard.press("Space")
        page.get_by_text("face 3 of 3").wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.get_by_text("All 3 faces are labelled").wait_for()
        page.get_by_text("print('answers'").first.click()
        page.keyboard.press("Shift+Enter")
        page.get_by_text("answers [1, 1, 2] 3 of 3 faces labelled").wait_for()
