"""Official is earned: by the published class counts and by nothing that a file says; and what is off is counted."""

from dataclasses import replace

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image, ImageOps

from fercourse.data import command
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import EMOTIONS, OFFICIAL_COUNTS, USAGES, Faces, Split
from fercourse.data.layouts.convert import LAYOUTS, convert
from fercourse.data.load import load
from fercourse.data.official import differences, settled, unofficial
from fercourse.errors import DataMismatch


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path / "cache"))


def counted(counts, *, seed=0):
    """Faces with so many of each emotion in each split: random grey levels in one row, black below."""
    draw = np.random.default_rng(seed)
    splits = []
    for name, numbers in zip(("train", "valid", "test"), counts, strict=True):
        images = np.zeros((sum(numbers), 48, 48), np.uint8)
        images[:, 0] = draw.integers(0, 256, (len(images), 48))
        splits.append(Split(images, np.repeat(np.arange(7), numbers), name, "fer2013.csv"))
    return Faces(*splits, "fer2013.csv")


def changed_rows(path, change):
    """Rewrite the CSV at `path` with `change` of its rows."""
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *change(rows)]) + "\n")
    return path


def relabelled(codes):
    return lambda rows: [f"{codes[int(row[0])]}{row[1:]}" for row in rows]


UNOFFICIAL = {
    "two thirds of the rows, as a face detector leaves": lambda rows: [row for n, row in enumerate(rows) if n % 3],
    "one row less": lambda rows: rows[1:],
    "rows of another set appended as Training": lambda rows: rows + [f"3,{'7 ' * 2303}7,Training"] * 42,
    "copies of rows": lambda rows: rows + rows[:7],
    "a row moved from PublicTest to Training": lambda rows: [
        row.replace("PublicTest", "Training") if n == 210 else row for n, row in enumerate(rows)
    ],
    "one label changed": lambda rows: [("1" if rows[0][0] != "1" else "2") + rows[0][1:], *rows[1:]],
    "an emotion left out": lambda rows: [row for row in rows if row[0] != "1"],
    "Happy merged into Neutral": lambda rows: [f"6{row[1:]}" if row[0] == "3" else row for row in rows],
}


@pytest.mark.parametrize("change", UNOFFICIAL)
def test_a_column_of_usages_alone_makes_nothing_official(change, photographs, tmp_path, capsys):
    path = convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    assert load(path).official
    assert capsys.readouterr().out == ""
    changed_rows(path, UNOFFICIAL[change])
    for cache in (True, True, False):
        read = load(path, cache=cache)
        printed = capsys.readouterr().out
        assert not read.official
        assert printed.count("\n") == 1
        assert "does not hold FER2013's official splits" in printed
        assert "chosen by seed" not in printed, "nothing was carved"
    command.summary(path)
    assert "not the official splits" in capsys.readouterr().out
    with pytest.raises(DataMismatch, match="is not FER2013: "):
        command.verify(path)


def mapped(change):
    return lambda images, labels: (np.stack([change(image) for image in images]), labels)


CHANGED = {
    "an equalised histogram": mapped(lambda image: np.array(ImageOps.equalize(Image.fromarray(image)))),
    "inverted": mapped(lambda image: 255 - image),
    "all black": mapped(lambda image: 0 * image),
    "labels that lost their faces": lambda images, labels: (images, np.random.default_rng(0).permutation(labels)),
}


@pytest.mark.parametrize("layout", ["csv", "npz", "parquet"])
@pytest.mark.parametrize("change", CHANGED)
def test_with_the_published_counts_other_faces_are_not_official(change, layout, photographs, tmp_path, capsys):
    images, labels = CHANGED[change](photographs.train.images, photographs.train.labels)
    changed = replace(photographs, train=replace(photographs.train, images=images, labels=labels))
    path = convert(changed, tmp_path / "there", layout=layout)
    for cache in (True, True, False):
        assert not load(path, cache=cache).official
        assert "FER2013 has as many, but others: Training, Angry: expected a mean grey level of" in (
            capsys.readouterr().out
        )
    with pytest.raises(DataMismatch, match="is not FER2013: Training, Angry: expected a mean grey level"):
        command.verify(path)


@pytest.mark.parametrize("layout", sorted(set(LAYOUTS) - {"train-test"}))
def test_every_layout_with_the_published_counts_is_official_and_with_one_face_less_it_is_not(
    layout, photographs, tmp_path
):
    assert load(convert(photographs, tmp_path / "whole", layout=layout)).official
    fewer = replace(photographs, valid=photographs.valid[1:])
    assert not load(convert(fewer, tmp_path / "fewer", layout=layout)).official


def test_the_line_says_how_valid_came_to_be(photographs, tmp_path, capsys):
    fewer = replace(photographs, train=photographs.train[1:])
    load(convert(fewer, tmp_path / "three", layout="png-folders"))
    assert "209 / 70 / 70 faces; valid and test are the parts that it brings, and FER2013 has 210 / 70 / 70." in (
        capsys.readouterr().out
    )
    load(convert(fewer, tmp_path / "two", layout="train-test"), seed=4)
    assert "valid is a tenth of each class of the training faces, chosen by seed 4." in capsys.readouterr().out


def test_the_line_names_counts_that_differ_where_the_sizes_do_not(photographs, tmp_path, capsys):
    path = changed_rows(
        convert(photographs, tmp_path / "fer2013.csv", layout="csv"), lambda rows: [f"1{rows[0][1:]}", *rows[1:]]
    )
    assert photographs.train.labels[0] == EMOTIONS.index("Happy")
    happy, disgust = (photographs.train.counts()[emotion] for emotion in ("Happy", "Disgust"))
    load(path)
    assert (
        f"FER2013 has as many, but others: Training, Disgust: expected {disgust}, found {disgust + 1}; "
        f"Training, Happy: expected {happy}, found {happy - 1}."
    ) in capsys.readouterr().out


def test_the_line_counts_copies_and_names_an_emotion_without_a_face(photographs):
    train = photographs.train
    before = unofficial(replace(photographs, train=train[train.labels != 1]))
    assert "No face in train shows Disgust." in before
    copied = unofficial(replace(photographs, train=train[np.r_[0 : len(train), 0:5, 0]]))
    images = np.concatenate([*(split.images for split in photographs), train.images[:5], train.images[:1]])
    expected = len(images) - len(np.unique(images.reshape(len(images), -1), axis=0))
    assert f" {expected} faces are exact copies of another one." in copied


ALPHABETICAL = [EMOTIONS.index(name) for name in sorted(EMOTIONS)]
"""Which emotion each code stands for where somebody sorted the names."""


def coded(faces, codes):
    """The faces as a file has them that gives the emotion `codes[n]` the code n."""
    back = np.argsort(codes)
    return replace(faces, **{split.name: replace(split, labels=back[split.labels]) for split in faces})


@pytest.mark.parametrize("codes", [ALPHABETICAL, [6, 5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 6, 5]])
def test_published_counts_under_other_codes_are_refused_with_the_codes_named(codes):
    faces = counted(OFFICIAL_COUNTS.values())
    assert all("mean grey level" in line for line in differences(settled(faces, "fer2013.csv")))
    with pytest.raises(DataMismatch) as caught:
        settled(coded(faces, codes), "fer2013.csv")
    assert ", ".join(f"{code} {EMOTIONS[emotion]}" for code, emotion in enumerate(codes)) in str(caught.value)
    assert ("order of the alphabet" in str(caught.value)) == (codes == ALPHABETICAL)


def test_other_codes_are_found_in_one_split_in_merged_ones_and_beside_a_carved_valid():
    faces = counted(OFFICIAL_COUNTS.values())
    wrong = coded(faces, ALPHABETICAL)
    with pytest.raises(DataMismatch, match="other codes in test"):
        settled(replace(faces, test=wrong.test), "fer2013.csv")
    training, public, private = (np.array(counts) for counts in OFFICIAL_COUNTS.values())
    tenth = training // 10
    for test in (private, public + private):
        merged = counted([training - tenth, tenth, test])
        settled(replace(merged, carved=0), "folder")
        with pytest.raises(DataMismatch, match="other codes in train"):
            settled(replace(coded(merged, ALPHABETICAL), carved=0), "folder")


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ([0, 2, 3, 4, 5, 6], "0 Angry, 1 Fear, 2 Happy, 3 Sad, 4 Surprise, 5 Neutral. Write"),
        ([0, 2, 3, 6, 4, 5], "0 Angry, 1 Fear, 2 Happy, 3 Neutral, 4 Sad, 5 Surprise. Write"),
        ([3, 6, 4], "0 Happy, 1 Neutral, 2 Sad. Write"),
        ([None, 0, 1, 2, 3, 4, 5], "1 Angry, 2 Disgust, 3 Fear, 4 Happy, 5 Sad, 6 Surprise. Write"),
    ],
)
def test_emotions_left_out_with_the_others_numbered_anew_are_refused(kept, words):
    """`kept` are the emotions behind the codes 0, 1, …; codes counted from 1 stand without their last one."""
    counts = [[0 if code is None else numbers[code] for code in kept] for numbers in OFFICIAL_COUNTS.values()]
    counts = [numbers + [0] * (7 - len(numbers)) for numbers in counts]
    with pytest.raises(DataMismatch, match=f"other codes in train: .*{words}"):
        settled(counted(counts), "fer2013.csv")
    left_out = [[number if code in kept else 0 for code, number in enumerate(n)] for n in OFFICIAL_COUNTS.values()]
    settled(counted(left_out), "fer2013.csv")


def test_where_the_last_codes_have_no_face_the_line_says_what_that_may_mean():
    merged = [[a + b, *rest, 0] for a, b, *rest in OFFICIAL_COUNTS.values()]
    assert "No face in train shows Neutral, or its emotions were numbered anew: compare" in unofficial(counted(merged))


def test_a_whole_csv_in_the_order_of_the_alphabet_is_refused_and_not_kept(tmp_path, monkeypatch):
    for number, usage in enumerate(OFFICIAL_COUNTS):
        monkeypatch.setitem(OFFICIAL_COUNTS, usage, (9 + number, 2, 12, 16, 14, 8, 15))
    path = convert(counted(OFFICIAL_COUNTS.values()), tmp_path / "fer2013.csv", layout="csv")
    changed_rows(path, relabelled(np.argsort(ALPHABETICAL)))
    with pytest.raises(DataMismatch, match=r"4 Neutral, 5 Sad, 6 Surprise.*order of the alphabet"):
        load(path)
    assert not (tmp_path / "cache").exists()


def test_a_filtered_csv_in_the_order_of_the_alphabet_is_doubted_and_a_filtered_one_is_not():
    counts = [[number * 2 // 3 for number in numbers] for numbers in OFFICIAL_COUNTS.values()]
    fewer = counted(counts)
    assert "compare some faces" not in unofficial(fewer)
    assert "if the alphabet gave the codes (0 Angry, 1 Disgust, 2 Fear, 3 Happy, 4 Neutral, 5 Sad, 6 Surprise)" in (
        unofficial(coded(fewer, ALPHABETICAL))
    )
    assert "compare some faces" not in unofficial(counted([[50] * 7, [5] * 7, [5] * 7]))
    for order in ([6, 3, 5, 4, 0, 1, 2], [3, 4, 0, 6, 5, 2, 1]):  # the first is that of the columns of FER+
        assert "are FER2013's in another order of the codes: compare" in unofficial(coded(fewer, order))
    few_happy = [
        number // 2 if emotion == "Happy" else number for emotion, number in zip(EMOTIONS, counts[0], strict=True)
    ]
    assert "compare some faces" not in unofficial(counted([few_happy, *counts[1:]]))


@pytest.mark.parametrize("empty", ["train", "valid", "test"])
@pytest.mark.parametrize("layout", ["npz", "parquet"])
def test_a_data_set_without_faces_in_a_split_is_an_error_in_whichever_layout(empty, layout, photographs, tmp_path):
    lacking = replace(photographs, **{empty: getattr(photographs, empty)[:0]})
    with pytest.raises(DataMismatch, match=r"none in|expected 1 to"):
        load(convert(lacking, tmp_path / "there", layout=layout))


def test_what_a_reader_says_of_official_counts_for_nothing(photographs):
    assert settled(replace(photographs, official=False), "somewhere").official
    fewer = replace(photographs, test=photographs.test[1:])
    assert not settled(replace(fewer, official=True), "somewhere").official


def test_drawn_faces_with_the_published_counts_are_not_official(photographs):
    splits = (replace(split, drawn=True) for split in photographs)
    assert not settled(Faces(*splits, "somewhere"), "somewhere").official


def test_no_reader_gets_an_empty_split_or_one_without_labels_past(photographs):
    for name in ("train", "valid", "test"):
        with pytest.raises(DataMismatch, match=f"somewhere: expected faces .* found none in {name}"):
            settled(replace(photographs, **{name: getattr(photographs, name)[:0]}), "somewhere")
    for name in ("train", "valid"):
        split = getattr(photographs, name)
        with pytest.raises(DataMismatch, match=f"expected labels for {name}"):
            settled(
                replace(photographs, **{name: replace(split, labels=np.full(len(split), -1))}),
                "somewhere",
            )


def test_training_faces_too_few_to_carve_from_are_an_error(photographs, tmp_path):
    few = replace(photographs, train=photographs.train[photographs.train.labels == 3][:1], valid=photographs.valid[:0])
    with pytest.raises(DataMismatch, match="none in valid"):
        load(convert(few, tmp_path / "there", layout="train-test"))


def test_parquet_without_a_training_file_is_refused(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="parquet")
    (folder / "train-00000-of-00001.parquet").unlink()
    with pytest.raises(DataMismatch, match=r"none in train|train"):
        load(folder)


def test_drawn_faces_are_never_official_not_even_with_the_published_counts(faces, photographs, tmp_path, capsys):
    for layout in ("csv", "npz", "png-folders"):
        read = load(convert(faces, tmp_path / layout, layout=layout))
        assert (read.official, read.drawn) == (False, True)
        assert all(split.drawn for split in read)
    assert capsys.readouterr().out == ""
    assert not drawn_faces(7, 7, 7).official


def test_a_file_of_photographs_is_not_drawn_whatever_its_name(photographs, tmp_path):
    read = load(convert(photographs, tmp_path / "drawn_from_life.csv", layout="csv"))
    assert read.source == "drawn_from_life.csv"
    assert [split.drawn for split in read] == [False] * 3
    assert not read.drawn


def test_a_note_of_another_writer_makes_nothing_drawn(photographs, tmp_path):
    path = convert(photographs, tmp_path / "fer2013.csv", layout="csv")
    path.with_name("fer2013.csv.drawn.txt").write_bytes(b"\xff\xfe no note of this course")
    assert not load(path).drawn


def test_parquet_in_two_folders_is_one_data_set(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="parquet")
    for part in ("train", "validation", "test"):
        (folder / part).mkdir()
        (folder / f"{part}-00000-of-00001.parquet").rename(folder / part / f"{part}-00000-of-00001.parquet")
    read = load(folder)
    assert read.fingerprint == photographs.fingerprint
    assert read.official


def test_a_part_of_a_parquet_set_with_other_columns_is_refused_and_not_left_out(photographs, tmp_path):
    folder = convert(photographs, tmp_path / "there", layout="parquet")
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a"]}), folder / "validation-00000-of-00001.parquet")
    with pytest.raises(DataMismatch, match=r"validation-00000-of-00001\.parquet.*found text"):
        load(folder)


def test_the_published_counts_are_those_of_the_three_usages():
    assert tuple(OFFICIAL_COUNTS) == USAGES
    assert [sum(counts) for counts in OFFICIAL_COUNTS.values()] == [28_709, 3_589, 3_589]


def test_the_real_data_is_official_and_says_nothing(real_csv, capsys):
    assert load(real_csv).official
    assert capsys.readouterr().out == ""
