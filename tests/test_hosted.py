"""Colab and Kaggle: which of them this is, and where a notebook works there. With kernels: test_rehearsal.py."""

from pathlib import Path

import pytest

import fercourse as fc
from fercourse import hosted
from fercourse.classroom.session import headless
from fercourse.data.find import PLACES, located
from fercourse.errors import NotWritten


@pytest.fixture
def here(monkeypatch, tmp_path):
    """A function that makes this a machine of Colab, of Kaggle, or of neither; its Drive is not mounted yet."""
    content = tmp_path / "content"
    monkeypatch.setattr(hosted, "DRIVE", content / "drive" / "MyDrive")
    (content / "laptop").mkdir(parents=True)
    monkeypatch.chdir(content / "laptop")
    monkeypatch.delenv("FERCOURSE_HEADLESS", raising=False)
    known = {"colab": {"COLAB_RELEASE_TAG": "release"}, "laptop": {}}
    for kind in ("Interactive", "Batch"):
        known[kind] = known["colab"] | {"KAGGLE_KERNEL_RUN_TYPE": kind}

    def here(name):
        for variable in ("COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"):
            monkeypatch.delenv(variable, raising=False)
        for variable, text in known[name].items():
            monkeypatch.setenv(variable, text)

    return here


@pytest.mark.parametrize(
    ("name", "colab", "kaggle", "nobody"),
    [
        ("laptop", False, False, False),
        ("colab", True, False, False),
        ("Interactive", False, True, False),
        ("Batch", False, True, True),
    ],
)
def test_colab_is_told_from_kaggle_whose_machines_are_made_of_colabs(name, colab, kaggle, nobody, here):
    here(name)
    assert (hosted.in_colab(), hosted.in_kaggle(), headless()) == (colab, kaggle, nobody)


@pytest.mark.parametrize("name", ["laptop", "Interactive"])
def test_outside_colab_a_notebook_stays_where_it_is_and_hears_nothing(name, here, capsys):
    here(name)
    hosted.DRIVE.mkdir(parents=True)
    before = Path.cwd()
    fc.use_drive()
    assert (Path.cwd(), capsys.readouterr().out, list(hosted.DRIVE.iterdir())) == (before, "", [])


def test_in_colab_a_notebook_works_in_the_drive_from_when_it_is_mounted(here, capsys):
    here("colab")
    before = Path.cwd()
    fc.setup("02", scale="smoke", device="cpu")
    assert Path.cwd() == before
    assert "Colab forgets what is written here" in capsys.readouterr().out
    hosted.DRIVE.mkdir(parents=True)
    for _ in range(2):
        fc.setup("02", scale="smoke", device="cpu")
        assert Path.cwd() == hosted.DRIVE / "fercourse"
        assert f"kept in your Drive: {hosted.DRIVE / 'fercourse'}\n" in capsys.readouterr().out


def test_a_drive_in_which_no_folder_can_be_made_is_an_error_that_says_what_to_do(here):
    here("colab")
    hosted.DRIVE.mkdir(parents=True)
    (hosted.DRIVE / "fercourse").write_text("a file")
    with pytest.raises(
        NotWritten, match=r"fercourse could not be made: File exists\. Make room in your Drive, or unmount"
    ):
        fc.use_drive()


def test_the_folder_in_which_a_notebook_works_in_a_drive_is_one_in_which_fer2013_is_looked_for():
    assert f"{hosted.CONTENT.as_posix()}/drive/MyDrive/fercourse" == PLACES[-1]


def test_what_was_uploaded_is_found_by_its_bare_name_from_a_drive(here, monkeypatch, tmp_path):
    monkeypatch.setattr("fercourse.data.find.CONTENT", tmp_path / "content")
    uploaded = tmp_path / "content" / "fer2013.csv"
    uploaded.write_text("emotion,pixels\n")
    assert located("fer2013.csv") == uploaded
    (own := Path.cwd() / "fer2013.csv").write_text("emotion,pixels\n")
    assert located("fer2013.csv") == own
    assert located("other.csv") == Path("other.csv")
