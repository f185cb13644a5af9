"""`load` finds the data, says what it does, and draws faces where there is no data."""

import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fercourse.data import command, find
from fercourse.data.layouts.convert import convert
from fercourse.data.load import DRAWN_SIZES, load
from fercourse.data.official import LEVELS, mean_levels
from fercourse.data.recognise import CHALLENGE
from fercourse.data.rows import carved
from fercourse.errors import DataMismatch, DataNotFound, NotWritten, ParameterError


@pytest.fixture(autouse=True)
def _bare_place(tmp_path, monkeypatch):
    """An empty working folder, no data anywhere, a cache of its own."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FERCOURSE_DATA", raising=False)
    monkeypatch.setattr(find, "PLACES", ("data", str(tmp_path / "kaggle" / "*")))


@pytest.fixture(autouse=True)
def _small_drawing(monkeypatch, faces):
    """The drawn faces of `load` are the small ones of the fixture; what was asked for is in `asked`."""
    asked = []

    def draw(*sizes, seed):
        asked.append((sizes, seed))
        return faces

    monkeypatch.setattr("fercourse.data.load.drawn_faces", draw)
    return asked


@pytest.fixture
def asked(_small_drawing):
    return _small_drawing


def test_without_data_faces_are_drawn_and_one_line_says_so(capsys, asked):
    assert load().drawn
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "DRAWN FACES" in printed
    assert f"Put it into {Path.cwd() / 'data'}, set FERCOURSE_DATA" in printed
    assert asked == [((8_000, 1_000, 1_000), 0)]


def test_drawn_faces_that_were_asked_for_need_no_line(capsys, monkeypatch):
    assert load("drawn").drawn
    monkeypatch.setenv("FERCOURSE_DATA", "drawn")
    assert load().drawn
    assert capsys.readouterr().out == ""


def test_the_scale_sizes_drawn_faces_and_the_seed_draws_them(asked):
    for scale in DRAWN_SIZES:
        load("drawn", scale=scale, seed=5)
    assert asked == [(sizes, 5) for sizes in ((2_800, 350, 350), (8_000, 1_000, 1_000), (28_709, 3_589, 3_589))]
    with pytest.raises(ParameterError, match="expected scale: smoke, lesson or full; found 'tiny'"):
        load("drawn", scale="tiny")


@pytest.mark.parametrize(
    "wrong",
    [{"seed": "3"}, {"seed": 3.0}, {"seed": -1}, {"seed": None}, {"seed": True}, {"seed": np.array([1, 2])},
     {"seed": 2**64},
     {"scale": None}, {"scale": ["smoke"]}, {"scale": 1}, {"scale": ""}, {"cache": "no"}, {"cache": 0}, {"cache": None},
     {"votes": False}, {"votes": 0}, {"votes": ""}, {"source": ""}, {"source": " "}, {"source": None}, {"source": 0},
     {"source": b"drawn"}],
    ids=str,
)  # fmt: skip
def test_an_argument_of_another_kind_is_refused_by_its_name(wrong, asked):
    with pytest.raises(ParameterError, match=rf"expected {next(iter(wrong))}\b"):
        load(**({"source": "drawn"} | wrong))
    assert not asked


def test_a_seed_of_numpy_is_the_number_that_it_is(asked):
    for seed in (np.int64(5), np.uint8(5), np.array(5)):
        load("drawn", seed=seed, cache=False)
    assert asked == [((8_000, 1_000, 1_000), 5)] * 3
    assert all(type(seed) is int for _, seed in asked)


def test_real_data_is_whole_at_any_scale(photographs, tmp_path, asked):
    path = convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    assert len(load(path, scale="smoke").train) == 210
    assert not asked


def test_data_in_the_data_folder_is_found_first(photographs, tmp_path, capsys):
    convert(photographs, tmp_path / "kaggle" / "some" / "fer2013.csv", layout="csv")
    assert load().source == "fer2013.csv"
    convert(photographs, Path("data/fer2013.npz"), layout="npz")
    assert load().source == photographs.source
    assert capsys.readouterr().out == ""


def test_the_environment_names_the_one_place_to_look_at(photographs, tmp_path, monkeypatch):
    convert(photographs, Path("data/fer2013.csv"), layout="csv")
    elsewhere = convert(photographs, tmp_path / "elsewhere" / "icml_face_data.csv", layout="icml")
    for place in (elsewhere, elsewhere.parent):
        monkeypatch.setenv("FERCOURSE_DATA", str(place))
        assert load().source == "icml_face_data.csv"
    monkeypatch.setenv("FERCOURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataNotFound, match="nowhere"):
        load()
    monkeypatch.setenv("FERCOURSE_DATA", str(tmp_path / "work"))
    (tmp_path / "work" / "data" / "fer2013.csv").unlink()
    with pytest.raises(DataNotFound, match=r"Looked for fer2013\.csv, .*load 'drawn'"):
        load()


def test_broken_data_is_an_error_and_never_replaced_by_drawn_faces(asked):
    Path("data").mkdir()
    Path("data/fer2013.csv").write_text("<html>")
    with pytest.raises(DataMismatch, match="web page"):
        load()
    assert not asked


def test_a_path_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(DataNotFound, match="nowhere"):
        load(tmp_path / "nowhere.csv")


def test_a_home_folder_may_be_written_with_a_tilde(photographs, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    assert load("~/fer2013.csv").official


def test_the_usual_folders_are_looked_at_in_their_documented_order():
    source = subprocess.check_output([sys.executable, "-c", "from fercourse.data.find import PLACES; print(*PLACES)"])
    assert source.decode().split()[:4] == ["data", "/kaggle/input/*", "/kaggle/input/datasets/*/*", "/content"]


def test_loading_imports_no_framework_and_nothing_slow(photographs, tmp_path):
    path = convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    script = (
        "import sys; from fercourse.data.load import load; load(sys.argv[1]);"
        "print(*{'torch', 'matplotlib', 'pandas', 'pyarrow', 'sklearn'} & set(sys.modules))"
    )
    printed = subprocess.check_output([sys.executable, "-W", "error", "-c", script, str(path)], text=True)
    assert printed.splitlines()[1:] == [""], "only the line about the small data set"


def test_loaded_faces_are_read_only(photographs, tmp_path):
    faces = load(convert(photographs, tmp_path / "fer2013.csv", layout="csv"))
    with pytest.raises(ValueError, match="read-only"):
        faces.train.images[0] = 0


def test_carving_takes_a_tenth_of_each_class_and_at_least_one_face():
    labels = np.repeat(np.arange(7), [100, 2, 1, 55, 10, 0, 1_000])
    inside = carved(labels, seed=0)
    assert np.bincount(labels[inside], minlength=7).tolist() == [10, 1, 0, 6, 1, 0, 100]
    assert (inside == carved(labels, seed=0)).all()
    assert (inside != carved(labels, seed=1)).any()


def test_find_lists_every_place_and_what_is_there(photographs, capsys):
    path = convert(photographs, Path.cwd() / "data" / "fer2013.csv", layout="csv")
    command.find()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"{path.parent}: csv in {path}"
    assert printed[1].endswith("nothing")


def test_find_knows_the_word_that_load_knows(monkeypatch, capsys):
    monkeypatch.setenv("FERCOURSE_DATA", "drawn")
    command.find()
    assert capsys.readouterr().out == "FERCOURSE_DATA is 'drawn': faces are drawn, and no folder is looked into\n"


def test_verify_fails_with_the_counts_that_are_off(photographs, tmp_path, capsys, monkeypatch):
    path = convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    monkeypatch.undo()  # the counts that were published, again
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(DataMismatch, match=r"Training, Angry: expected 3,995, found \d+; .*PrivateTest, Neutral"):
        command.verify(path)
    printed = capsys.readouterr().out
    assert photographs.fingerprint in printed
    assert "exact copies" in printed


def test_verify_calls_drawn_faces_drawn_and_unlabelled_ones_unlabelled(faces, photographs, tmp_path):
    with pytest.raises(DataMismatch, match="drawn faces"):
        command.verify(convert(faces, tmp_path / "fer2013.csv", layout="csv"))
    with pytest.raises(DataMismatch, match="PrivateTest: expected labels, found none"):
        command.verify(convert(photographs, tmp_path / "there", layout="train-test"))


def test_verify_accepts_the_official_counts_and_counts_copies(photographs, tmp_path, capsys, monkeypatch):
    images = photographs.train.images.copy()
    images[:5] = images[5]
    twins = replace(photographs, train=replace(photographs.train, images=images))
    monkeypatch.setitem(LEVELS, "Training", mean_levels(twins.train))
    before = len(np.unique(np.concatenate([split.images for split in twins]), axis=0))
    command.verify(convert(twins, tmp_path / "fer2013.csv", layout="csv"))
    printed = capsys.readouterr().out
    assert f"\n{350 - before} faces are exact copies" in printed
    assert "every class count is the official one" in printed


def test_summary_prints_a_row_for_each_usage(photographs, tmp_path, capsys):
    command.summary(convert(photographs, tmp_path / "there", layout="train-test"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral", "together"]
    assert lines[5].split() == ["PrivateTest", *"???????", "70"]


def test_convert_writes_another_layout(photographs, tmp_path):
    path = convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    command.convert(path, tmp_path / "folders", layout="png-folders")
    assert load(tmp_path / "folders").fingerprint == photographs.fingerprint
    before = path.read_bytes()
    for to in (path, tmp_path):
        with pytest.raises(NotWritten, match=rf"{to.name} is there already\. Remove it, or choose another name"):
            command.convert(path, to, layout="npz")
    assert path.read_bytes() == before


@pytest.mark.parametrize(("to", "scale"), [("fer2013.csv", "smoke"), ("out", "huge")])
def test_an_export_to_a_file_or_of_an_unknown_scale_is_refused_and_writes_nothing(tmp_path, to, scale):
    with pytest.raises(ParameterError, match=r"Give its folder|expected scale"):
        command.export_drawn(tmp_path / to, scale=scale)
    assert not (tmp_path / to).exists()


def test_an_export_never_replaces_what_was_not_drawn(photographs, tmp_path, asked):
    votes = tmp_path / "votes" / "fer2013new.csv"
    votes.parent.mkdir()
    votes.write_text("real votes")
    real = convert(photographs, tmp_path / "real" / "fer2013.csv", layout="csv")
    for path in (votes, real):
        before = path.read_bytes()
        with pytest.raises(NotWritten, match=rf"{path.name} is there already, and was not drawn"):
            command.export_drawn(path.parent, scale="smoke")
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]
    for seed in (1, 2):
        command.export_drawn(tmp_path / "out", scale="smoke", seed=seed)


def test_exported_drawn_faces_load_as_drawn_with_their_votes(faces, tmp_path, asked):
    command.export_drawn(tmp_path / "out", scale="smoke", seed=4)
    assert asked == [((2_800, 350, 350), 4)]
    read = load(tmp_path / "out")
    assert read.drawn
    assert read.fingerprint == faces.fingerprint
    assert np.array_equal(read.test.votes, faces.test.votes)


class Refusal(Exception):
    """What a stand-in for kagglehub raises without an account."""


@pytest.fixture
def kagglehub(monkeypatch):
    """A stand-in for kagglehub, without network or account until a test says otherwise."""
    names = ("Backend", "Credential", "DataCorruption", "KaggleEnvironment", "NotFound")
    errors = {f"{name}Error": Refusal for name in names}
    errors |= {"UnauthenticatedError": Refusal, "UserCancelledError": Refusal}
    hub = types.ModuleType("kagglehub")
    hub.exceptions = types.SimpleNamespace(**errors)

    def no_account(handle):
        raise Refusal("sign in")

    def no_network(handle):
        raise ConnectionError("no route to host")

    hub.competition_download, hub.dataset_download = no_account, no_network
    monkeypatch.setitem(sys.modules, "kagglehub", hub)
    return hub


def test_a_download_without_account_and_network_says_what_to_do(kagglehub):
    with pytest.raises(DataNotFound, match=r"sign in.*no route to host.*create a token.*load 'drawn'"):
        command.download()
    assert not Path("data").exists()


def test_a_download_without_kagglehub_names_the_install_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(DataNotFound, match=r'pip install -e "\.\[download\]"'):
        command.download()


def test_a_download_puts_the_files_of_the_challenge_where_load_finds_them(kagglehub, photographs, tmp_path, capsys):
    convert(photographs, tmp_path / "hub" / "fer2013.tar.gz", layout="tar.gz")
    kagglehub.competition_download = lambda handle: str(tmp_path / "hub") if handle == CHALLENGE else None
    command.download()
    assert [file.name for file in Path("data").iterdir()] == ["fer2013.tar.gz"]
    assert "official one" in capsys.readouterr().out
    assert load().fingerprint == photographs.fingerprint


def test_a_download_falls_back_to_a_public_copy_in_folders(kagglehub, photographs, tmp_path):
    convert(photographs, tmp_path / "hub" / "1", layout="png-folders")
    kagglehub.dataset_download = lambda handle: str(tmp_path / "hub" / "1")
    command.download(Path("data"))
    assert load().fingerprint == photographs.fingerprint
    with pytest.raises(NotWritten):
        command.download(Path("data"))


def test_the_real_data_is_fer2013(real_csv, capsys):
    command.verify(real_csv)
    assert "every class count is the official one" in capsys.readouterr().out


def test_the_real_data_has_votes_that_agree_with_its_labels(real_csv):
    faces = load(real_csv, cache=False)
    if faces.train.votes is None:
        pytest.skip("no fer2013new.csv beside the data")
    majority = faces.train.votes[:, :7].argmax(axis=1)
    assert 0.6 < (majority == faces.train.labels).mean() < 0.7
