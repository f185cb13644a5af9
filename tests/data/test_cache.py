"""The cache gives back what was read, and never anything else."""

import errno
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fercourse.data import cache
from fercourse.data import load as door
from fercourse.data.cache import cache_file
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.layouts.convert import convert
from fercourse.data.layouts.csv import reader as csv_reader
from fercourse.data.layouts.csv.writer import write_votes
from fercourse.data.load import load
from fercourse.files import sources_digest


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def path(tmp_path, faces, photographs):
    """A small fer2013.csv with its votes."""
    path = convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    with open(tmp_path / "fer2013new.csv", "wb") as file:
        write_votes(faces, file)
    return path


@pytest.fixture
def reads(monkeypatch):
    """The paths that were read, and not taken from the cache."""
    seen = []

    def read(found, *args, **options):
        seen.append(found.path)
        return read_found(found, *args, **options)

    read_found = door.read_found
    monkeypatch.setattr(door, "read_found", read)
    return seen


def test_the_second_load_comes_from_the_cache_and_is_the_same(path, reads):
    first, second = load(path), load(path)
    assert len(reads) == 1
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.images, other.images)
        assert np.array_equal(one.labels, other.labels)
        assert np.array_equal(one.votes, other.votes)
        assert (one.name, one.source) == (other.name, other.source)
    assert (first.source, first.official, first.drawn) == (second.source, second.official, second.drawn)
    assert first.train.votes is not None


def test_without_cache_nothing_is_kept_and_nothing_is_taken(path, reads, tmp_path):
    load(path, cache=False)
    assert not (tmp_path / "cache").exists()
    load(path)
    load(path, cache=False)
    assert len(reads) == 3


def test_one_file_under_two_names_has_one_cache(path, reads, tmp_path, monkeypatch):
    (tmp_path / "link.csv").symlink_to(path)
    monkeypatch.chdir(tmp_path)
    for name in (path, "fer2013.csv", "./fer2013.csv", tmp_path / "link.csv"):
        load(name, votes=None)
    assert len(reads) == 1


@pytest.mark.parametrize("name", [f"{'f' * 251}.csv", f"{'表情' * 41}.csv"])
def test_a_file_with_the_longest_of_names_is_kept_as_well(name, path, reads):
    path.rename(path.with_name(name))
    for _ in range(2):
        load(path.with_name(name))
    assert len(reads) == 1


def test_a_changed_label_is_seen(path, reads):
    before = load(path)
    data = bytearray(path.read_bytes())
    data[len("emotion,pixels,Usage\n")] = ord("0") + (before.train.labels[0] + 1) % 7
    path.write_bytes(data)
    assert load(path, votes=None).train.labels[0] == (before.train.labels[0] + 1) % 7
    assert len(reads) == 2


def test_a_change_that_keeps_size_and_modification_time_is_seen(path, reads):
    load(path)
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[len("emotion,pixels,Usage\n")] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    load(path)
    assert len(reads) == 2


def test_a_changed_or_new_or_missing_votes_file_is_seen(path, reads):
    votes = path.with_name("fer2013new.csv")
    assert load(path).train.votes is not None
    votes.rename(path.with_name("away.csv"))
    assert load(path).train.votes is None
    path.with_name("away.csv").rename(votes)
    assert load(path).train.votes is not None
    os.utime(votes, ns=(0, 0))
    load(path)
    assert len(reads) == 4


def test_a_changed_image_in_a_folder_is_seen(faces, tmp_path, reads):
    folder = convert(faces, tmp_path / "folder", layout="png-folders")
    load(folder)
    load(folder)
    assert len(reads) == 1
    one, other = sorted(folder.glob("train/sad/*.png"))[:2]
    one.write_bytes(other.read_bytes())
    load(folder)
    other.unlink()
    assert len(load(folder).train) == len(faces.train) - 1
    assert len(reads) == 3


LINKS = {
    "the lock of an editor": lambda folder: (folder / "train" / ".#notes").symlink_to("anna@host.42"),
    "a link to what is gone": lambda folder: (folder / "latest").symlink_to("gone"),
    "a link to its own folder": lambda folder: (folder / "all").symlink_to(folder),
    "a hidden link to its own folder": lambda folder: (folder / ".all").symlink_to(folder),
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_beside_the_pictures_that_leads_nowhere_or_back_stops_nothing(link, faces, tmp_path, reads):
    folder = convert(faces, tmp_path / "folder", layout="png-folders")
    LINKS[link](folder)
    for _ in range(2):
        assert load(folder).fingerprint == faces.fingerprint
    assert len(reads) == 1
    one, other = sorted(folder.glob("train/sad/*.png"))[:2]
    one.write_bytes(other.read_bytes())
    assert load(folder).fingerprint != faces.fingerprint


def test_a_picture_behind_a_linked_class_is_watched_as_well(faces, tmp_path, reads):
    folder = convert(faces, tmp_path / "folder", layout="png-folders")
    (folder / "train" / "sad").rename(tmp_path / "elsewhere")
    (folder / "train" / "sad").symlink_to(tmp_path / "elsewhere")
    load(folder)
    one, other = sorted((tmp_path / "elsewhere").iterdir())[:2]
    one.write_bytes(other.read_bytes())
    load(folder)
    assert len(reads) == 2


def test_a_cache_of_an_older_reader_is_replaced(path, reads, monkeypatch):
    load(path)
    monkeypatch.setattr(cache, "READER_VERSION", "another")
    load(path)
    load(path)
    assert len(reads) == 2


def test_any_word_changed_in_the_code_of_the_room_is_another_reader(tmp_path):
    room = Path(cache.__file__).parent
    shutil.copytree(room, tmp_path / "data", ignore=shutil.ignore_patterns("__pycache__"))
    assert sources_digest(tmp_path / "data") == cache.READER_VERSION
    seen = {cache.READER_VERSION}
    for name in ("rows.py", "layouts/csv/rows.py", "layouts/folders.py", "layouts/parquet.py"):
        with open(tmp_path / "data" / name, "a") as file:
            file.write("#")
        seen.add(sources_digest(tmp_path / "data"))
    (tmp_path / "data" / "layouts" / "folders.py").rename(tmp_path / "data" / "folders.py")
    seen.add(sources_digest(tmp_path / "data"))
    assert len(seen) == 6


@pytest.mark.parametrize("layout", ["train-test", "png-folders"])
@pytest.mark.parametrize("seeds", [(0, 1, 0), (1, 0, 1), (0, 2, 3), (np.int64(0), 1, 0)])
def test_a_carved_data_set_is_never_served_for_another_seed(layout, seeds, photographs, tmp_path, capsys):
    folder = convert(photographs, tmp_path / "folder", layout=layout)
    for path in folder.glob("*/*/*.png"):  # no prefixes: the folders bring no validation faces
        path.rename(path.with_name(path.name.partition("_")[2]))
    for seed in seeds:
        fresh, kept = (load(folder, seed=seed, cache=cache) for cache in (False, True))
        assert fresh.fingerprint == kept.fingerprint
        assert fresh.carved == kept.carved == seed
        assert capsys.readouterr().out.count(f"chosen by seed {seed}.") == 2


def test_a_data_set_with_splits_of_its_own_is_read_once_for_all_seeds_official_or_not(faces, photographs, path, reads):
    fewer = convert(replace(photographs, train=photographs.train[:99]), path.with_name("fewer.csv"), layout="csv")
    prints = {load(each, seed=seed, votes=None).fingerprint for each in (path, fewer) for seed in (0, 1, 2)}
    assert (len(prints), len(reads)) == (2, 2)


def test_what_another_process_put_there_meanwhile_is_not_taken(photographs, tmp_path, monkeypatch):
    folder = convert(photographs, tmp_path / "folder", layout="train-test")
    wanted = load(folder, seed=0)
    place = cache_file(folder / "train.csv")
    mine = place.read_bytes()
    load(folder, seed=1)
    others, read = place.read_bytes(), cache.read_npz
    place.write_bytes(mine)

    def read_late(path):
        place.write_bytes(others)
        return read(path)

    monkeypatch.setattr(cache, "read_npz", read_late)
    assert load(folder, seed=0).fingerprint == wanted.fingerprint


def test_an_npz_that_is_no_cache_in_its_place_is_replaced(path, photographs):
    before = load(path)
    convert(photographs, cache_file(path), layout="npz")
    assert load(path).fingerprint == before.fingerprint


def truncated(data):
    return data[: len(data) // 2]


def overwritten(data):
    return data[:300_000] + bytes(1_000) + data[301_000:]


@pytest.mark.parametrize("damage", [truncated, overwritten, lambda data: b"", lambda data: b"no npz at all" * 99])
def test_a_damaged_cache_is_read_anew_and_replaced(damage, path, reads):
    before = load(path)
    place = cache_file(path)
    place.write_bytes(damage(place.read_bytes()))
    assert load(path).fingerprint == before.fingerprint
    assert load(path).fingerprint == before.fingerprint
    assert len(reads) == 2


def test_a_folder_in_the_place_of_the_cache_is_said_with_how_to_do_without(path):
    cache_file(path).mkdir(parents=True)
    with pytest.warns(UserWarning, match="cache=False"):
        assert len(load(path).train) == 210


def test_a_full_disk_is_said_with_how_to_do_without_and_leaves_nothing(path, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("numpy.savez", full)
    with pytest.warns(UserWarning, match=r"No space left.*cache=False"):
        assert load(path).fingerprint == load(path, cache=False).fingerprint
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_disk_that_fills_up_half_way_leaves_nothing_and_the_old_cache(path, tmp_path, monkeypatch):
    load(path)
    before = cache_file(path).read_bytes()
    os.utime(path)

    def half(file, **arrays):
        file.write(b"x" * 100_000)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("numpy.savez", half)
    with pytest.warns(UserWarning, match="No space left"):
        load(path)
    assert [file.name for file in (tmp_path / "cache").iterdir()] == [cache_file(path).name]
    assert cache_file(path).read_bytes() == before


def test_a_cache_folder_that_cannot_be_made_is_said_with_how_to_do_without(path, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="FERCOURSE_CACHE"):
        assert len(load(path).train) == 210


def test_nothing_is_kept_of_a_source_that_is_refused(path, tmp_path):
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(Exception, match="row 350"):
        load(path)
    assert not (tmp_path / "cache").exists()


def test_a_source_that_changes_while_it_is_read_is_read_again(path, reads, monkeypatch):
    def read_csv(stream, name):
        os.utime(path)
        return honest(stream, name)

    honest = csv_reader.read_csv
    monkeypatch.setattr(door, "read_csv", read_csv)
    load(path)
    monkeypatch.setattr(door, "read_csv", honest)
    load(path)
    assert len(reads) == 2


SCRIPT = "import sys; from fercourse.data.load import load; print(load(sys.argv[1]).fingerprint)"


def test_two_processes_that_cache_at_once_both_succeed(path, tmp_path):
    commands = [[sys.executable, "-W", "error", "-c", SCRIPT, str(path)]] * 3
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    printed = {process.communicate(timeout=60)[0].splitlines()[-1] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert printed == {load(path).fingerprint}
    assert [file.name for file in (tmp_path / "cache").iterdir()] == [cache_file(path).name]


def test_the_cache_lies_in_the_home_folder_where_nothing_else_is_said(path, monkeypatch, tmp_path):
    monkeypatch.delenv("FERCOURSE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_file(path).parent == tmp_path / "home" / ".cache" / "fercourse"


def test_a_tilde_in_the_place_of_the_cache_is_the_home_folder(path, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FERCOURSE_CACHE", "~/kept")
    monkeypatch.chdir(tmp_path)
    load(path)
    assert len(list((tmp_path / "home" / "kept").iterdir())) == 1
    assert not (tmp_path / "~").exists()


@pytest.fixture
def drawings(monkeypatch):
    """The seeds with which faces were drawn, and not taken from the cache; a few are drawn for each scale."""
    seen = []

    def draw(*sizes, seed):
        seen.append(seed)
        return drawn_faces(*sizes, seed=seed)

    monkeypatch.setattr(door, "drawn_faces", draw)
    monkeypatch.setattr(door, "DRAWN_SIZES", {"smoke": (20, 10, 10), "lesson": (30, 10, 10), "full": (40, 10, 10)})
    return seen


def assert_the_same(one, other):
    assert (one.fingerprint, one.source, one.drawn, one.official) == (
        other.fingerprint, other.source, other.drawn, other.official,
    )  # fmt: skip
    for kept, fresh in zip(one, other, strict=True):
        assert np.array_equal(kept.votes, fresh.votes)
        assert (kept.drawn, kept.name, kept.source) == (fresh.drawn, fresh.name, fresh.source)


def test_faces_are_drawn_once_for_each_scale_and_the_kept_ones_are_the_same(drawings):
    for scale in ("smoke", "lesson", "full", "smoke", "full"):
        assert_the_same(load("drawn", scale=scale), load("drawn", scale=scale, cache=False))
    assert len(drawings) == 3 + 5


def test_faces_of_another_seed_are_drawn_anew_and_take_the_place_of_the_others(drawings, tmp_path):
    for seed in (0, 7, 7, 0):
        assert_the_same(load("drawn", seed=seed), load("drawn", seed=seed, cache=False))
    assert drawings == [0, 0, 7, 7, 7, 0, 0]
    assert [file.name for file in (tmp_path / "cache").iterdir()] == ["drawn-lesson.npz"]


def test_faces_drawn_by_other_code_or_another_numpy_are_drawn_anew(drawings, monkeypatch):
    load("drawn")
    monkeypatch.setattr(cache, "READER_VERSION", "another")
    load("drawn")
    monkeypatch.setattr(np, "__version__", "another")
    load("drawn")
    load("drawn")
    assert len(drawings) == 3


@pytest.mark.parametrize("content", [b"", b"no npz", None], ids=["empty", "other bytes", "a folder"])
def test_what_is_no_drawing_in_the_place_of_the_cache_is_passed_over_in_silence(content, drawings, tmp_path):
    place = tmp_path / "cache" / "drawn-lesson.npz"
    place.parent.mkdir()
    place.mkdir() if content is None else place.write_bytes(content)
    assert_the_same(load("drawn"), load("drawn", cache=False))
    load("drawn")
    assert len(drawings) == (3 if content is None else 2), "kept where the place can be written"
