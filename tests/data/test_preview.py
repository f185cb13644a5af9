"""What a notebook shows of a data set: a small picture that is what it says, and no data set for which it fails."""

import io
import re
from base64 import b64decode
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from PIL import Image

import fercourse as fc
from fercourse.data.preview import GAP

STEP = fc.SIDE + GAP


def picture_in(html):
    """The grey levels of the picture in the HTML."""
    [encoded] = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    with Image.open(io.BytesIO(b64decode(encoded))) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("L")).astype(int)


def cells_in(html):
    """The text of each row of the table."""
    rows = re.findall(r"<tr>(.*?)</tr>", html)
    return [[unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", row)] for row in rows]


def without_labels(split):
    return replace(split, labels=np.full(len(split), -1))


def test_three_faces_of_each_emotion_stand_in_its_column(faces):
    picture = picture_in(faces._repr_html_())
    for code in range(7):
        members = faces.train.images[faces.train.labels == code][:3]
        for row, image in enumerate(members):
            shown = picture[row * STEP :, code * STEP :][:48, :48]
            assert abs(shown - image).max() <= 8, "32 grey levels"


def test_the_table_has_the_counts_of_every_split_under_its_emotions(faces):
    rows = cells_in(faces._repr_html_())
    assert rows[2] == ["", *fc.EMOTIONS, ""]
    for row, split in zip(rows[3:], faces, strict=True):
        assert row == [split.name, *(str(count) for count in split.counts().values()), str(len(split))]


def test_the_picture_is_described_in_words(faces):
    assert 'alt="The first 3 drawn faces with each of Angry, Disgust' in faces._repr_html_()


def test_it_is_small_whatever_is_on_the_faces(faces):
    images = np.random.default_rng(0).integers(0, 256, (210, 48, 48)).astype(np.uint8)
    noise = replace(faces, train=replace(faces.train, images=images))
    assert len(faces._repr_html_()) < len(noise._repr_html_()) < 50_000


EMPTY = fc.Split(np.zeros((0, 48, 48), np.uint8), np.zeros(0, int), "train", "nothing")
ODD = {
    "without labels": lambda faces: fc.Faces(*map(without_labels, faces), "a folder"),
    "without test labels": lambda faces: replace(faces, test=without_labels(faces.test)),
    "empty": lambda faces: fc.Faces(EMPTY, EMPTY, EMPTY, "nothing"),
    "one face": lambda faces: fc.Faces(faces.train[:1], EMPTY, EMPTY, "one"),
    "one emotion": lambda faces: replace(faces, train=faces.train[faces.train.labels == 3]),
}


@pytest.mark.parametrize("name", ODD)
def test_a_data_set_of_any_kind_can_be_shown(faces, name):
    odd = ODD[name](faces)
    html = odd._repr_html_()
    assert picture_in(html).shape == (3 * STEP, 7 * STEP)
    rows = cells_in(html)
    assert rows[5][1] == ("?" if not odd.test.labelled else str(odd.test.counts()["Angry"]))


def test_what_stands_in_a_name_is_text_and_no_html(faces):
    html = fc.Faces(*faces, '<script>alert("1")</script>')._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;alert(&quot;1&quot;)" in html
