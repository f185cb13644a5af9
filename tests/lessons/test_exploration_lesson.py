"""What lesson 01 says without showing it: how drawn labels err, what torchvision refuses, in which order the file is."""

import csv
from itertools import groupby
from pathlib import Path

import pytest
from torchvision.datasets import FER2013

import fercourse as fc
from fercourse.data.drawn.dataset import MISREADINGS

LESSON = Path(__file__).parents[2] / "lessons" / "01_data_exploration.py"
TEXT = " ".join(LESSON.read_text(encoding="utf-8").replace("\n# ", "\n").split())


def test_drawn_labels_are_wrong_on_one_face_in_seven():
    wrong = 2 * sum(MISREADINGS.values())  # the share of each pair is wrong in either direction
    assert round(1 / wrong) == 7
    assert int(100 * (1 - wrong)) == 86
    assert "About one in seven has a wrong label on purpose" in TEXT
    assert "perfect reader agrees with about 86 % of the labels" in TEXT


def test_torchvision_refuses_the_same_faces_in_other_bytes(tmp_path, faces):
    fc.convert(faces, tmp_path / "fer2013" / "fer2013.csv", layout="csv")
    with pytest.raises(RuntimeError, match=r"fer2013\.csv not found in .* or corrupted"):
        FER2013(tmp_path)
    assert "So it refuses a copy with other line ends" in TEXT


def test_all_of_public_test_stands_before_private_test_in_fer2013(real_csv):
    with open(real_csv, newline="", encoding="utf-8") as file:
        parts = [usage for usage, _ in groupby(row["Usage"] for row in csv.DictReader(file))]
    assert parts == ["Training", "PublicTest", "PrivateTest"]


def test_the_first_guess_stands_above_everything_that_counts_labels():
    source = LESSON.read_text(encoding="utf-8")
    assert source.index('"01.1"') < source.index("env.load(")
    assert source.index("fc.label_faces(twenty)") < source.index("for label in twenty.labels")
