"""The demo in a notebook: what a number and an upload show, and the row of faces where nobody watches."""

from datetime import UTC, datetime

import ipywidgets as widgets
import pytest
from PIL import Image
from scenes import encoded
from toy_demo import Brightness

import fercourse as fc
from fercourse.classroom.demo.widget import as_html, desk, uploaded
from fercourse.errors import ParameterError


@pytest.fixture(scope="module")
def split():
    return fc.drawn_people(8, seed=11)


def uploaded_file(content, name="me.png"):
    """What ipywidgets 8 holds of an upload."""
    now = datetime.now(UTC)
    return {"name": name, "type": "", "size": len(content), "content": memoryview(content), "last_modified": now}


def hold(upload, content):
    """Give an upload of the installed ipywidgets this content, as a browser does; 7 lets nobody else set it."""
    by_name = widgets.__version__.startswith("7.")
    upload.set_trait("value", {"me.png": {"content": content}} if by_name else (uploaded_file(content),))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_number_of_a_face_and_an_upload_show_an_answer(split, drawn_sureness):
    box = desk(Brightness(drawn_sureness), split)
    (number, upload), picture, said = box.children[0].children, *box.children[1:]
    first, first_picture = said.value, picture.value
    assert first.count("<tr>") == 7
    assert "drawn faces held out" in first
    number.value = 5
    assert picture.value != first_picture
    hold(upload, b"Dear diary")
    assert said.value.startswith('<div role="status"><p>This file: expected a picture')
    hold(upload, encoded(Image.fromarray(split.images[0])))
    assert (said.value, picture.value) == (first, first_picture)


def test_an_upload_of_ipywidgets_7_and_8_is_read_alike():
    assert uploaded({"me.png": {"content": b"x"}}) == uploaded((uploaded_file(b"x"),)) == b"x"
    assert uploaded({}) is uploaded(()) is None


def test_what_is_said_is_escaped():
    assert as_html({"error": "<script>"}) == "<p>&lt;script&gt;</p>"


def test_where_nobody_watches_six_faces_are_answered(split, drawn_sureness, monkeypatch, capsys):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")
    fc.ask_network(Brightness(drawn_sureness), split)
    lines = capsys.readouterr().out.splitlines()
    answers = [line for line in lines if "says the network" in line or line.startswith("I do not know")]
    assert len(answers) == 6
    assert all("held out" in line for line in answers)


def test_what_is_no_network_or_no_split_is_refused(split):
    with pytest.raises(ParameterError, match=r"fc\.export_onnx wrote; found a str"):
        fc.ask_network("network.onnx", split)
    with pytest.raises(ParameterError, match="expected a Split with faces"):
        fc.ask_network(Brightness(), split[:0])
