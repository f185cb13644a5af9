"""A file is written whole or not at all, and what went wrong is called what it was."""

import errno
import shutil

import pytest

from fercourse.errors import NotWritten
from fercourse.files import written_aside


def write_half(path, error):
    with written_aside(path) as aside:
        aside.write_text("half")
        raise error


def test_a_full_disk_is_not_written_and_the_old_file_stays(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(NotWritten, match="No space left"):
        write_half(path, OSError(errno.ENOSPC, "No space left on device"))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["missing.csv", "folder/missing.csv", ".other.tmp"])
def test_a_source_that_is_missing_is_not_called_a_full_disk(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=r"missing\.csv|\.other"), written_aside(tmp_path / "out.csv") as aside:
        shutil.copyfile(tmp_path / name, aside)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "out.csv", tmp_path / "file" / "deeper" / "out.csv"):
        with pytest.raises(NotWritten, match=r"out\.csv could not be written"), written_aside(path):
            pass
    (tmp_path / "taken").mkdir()
    taken = r"taken could not be written.*Choose another name"
    with pytest.raises(NotWritten, match=taken), written_aside(tmp_path / "taken") as aside:
        aside.write_text("a file where a folder is")
    (tmp_path / "taken" / "full").touch()
    with pytest.raises(NotWritten, match=taken), written_aside(tmp_path / "taken") as aside:
        aside.mkdir()


def test_what_cannot_be_written_inside_a_folder_is_not_written(tmp_path):
    with pytest.raises(NotWritten, match="out could not be written"), written_aside(tmp_path / "out") as aside:
        (aside / "no such folder" / "1.png").write_bytes(b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError("damaged"), KeyboardInterrupt()])
def test_another_error_comes_out_as_it_is_and_leaves_nothing(tmp_path, error):
    with pytest.raises(type(error)):
        write_half(tmp_path / "out.csv", error)
    assert list(tmp_path.iterdir()) == []
