"""What was read, held against what was published: whether it is whole, under FER2013's codes, and FER2013's own."""

from collections import Counter
from dataclasses import replace
from hashlib import blake2b
from itertools import combinations

import numpy as np

from fercourse.data.faces import EMOTIONS, OFFICIAL_COUNTS, USAGES
from fercourse.errors import DataMismatch

ALPHABET = tuple(map(EMOTIONS.index, sorted(EMOTIONS)))
"""The codes that the emotions get where somebody sorts their names: the code 4 then stands for Neutral, code 6."""


LEVELS = {
    "Training": (126.2, 135.2, 135.5, 129.4, 121.3, 146.3, 123.9),
    "PublicTest": (127.1, 135.9, 135.3, 127.6, 120.2, 146.4, 124.3),
    "PrivateTest": (128.0, 133.4, 134.8, 127.7, 120.0, 146.3, 123.4),
}
"""The mean grey level of the faces of each emotion, in the order of `EMOTIONS`, in each usage of FER2013."""

MOST_OFF = 1
"""Grey levels by which such a mean may differ: JPEG moves it by 0.05, an equalised histogram or moved labels by 5."""


def settled(faces, path):
    """`faces` as some reader gave them, official where counts and grey levels say so and nowhere else.

    Raises DataMismatch where a split is empty, where train or valid has no labels, and where the labels of FER2013
    stand there under other codes.
    """
    for split in faces:
        if len(split) == 0:
            raise DataMismatch(
                f"{path}: expected faces in train, valid and test, found none in {split.name}. "
                "It was cut short or filtered, or a part of it lies elsewhere: get it again, whole."
            )
        if split.name != "test" and not split.labelled:
            raise DataMismatch(f"{path}: expected labels for {split.name}, found none. Get a copy with labels.")
    refuse_other_codes(faces, path)
    return replace(faces, official=not differences(faces))


def refuse_other_codes(faces, path):
    """Raise DataMismatch where labels have the counts of a part of FER2013, but in another order of the emotions.

    Also where some emotions were left out and the codes of the others moved.
    """
    parts = {split.name: counts_of(split) for split in faces if split.labelled}
    if faces.carved is not None:
        parts["train"] = parts["train"] + parts.pop("valid")
    for name, counts in parts.items():
        for published in map(list, published_counts()):
            some = {code: number for code, number in enumerate(counts.tolist()) if number}
            if not Counter(some.values()) - Counter(published) and any(published[code] != some[code] for code in some):
                order = [published.index(number) for number in some.values()]
                raise DataMismatch(
                    f"{path}: expected the codes {in_words(range(len(EMOTIONS)))}; found FER2013's class counts under "
                    f"other codes in {name}: {in_words(order, some)}. {by_alphabet(order)}Write FER2013's own into the "
                    "file."
                )


def published_counts():
    """The class counts, int64 (7,), of each usage of FER2013, and of two or three of them together."""
    usages = [np.array(counts) for counts in OFFICIAL_COUNTS.values()]
    return [sum(some) for size in (1, 2, 3) for some in combinations(usages, size)]


def counts_of(split):
    return np.array(list(split.counts().values()))


def in_words(emotions, codes=None):
    """For which of the `emotions`, numbers, each of the `codes` stands, by default 0, 1, 2 and so on."""
    pairs = enumerate(emotions) if codes is None else zip(codes, emotions, strict=True)
    return ", ".join(f"{code} {EMOTIONS[emotion]}" for code, emotion in pairs)


def by_alphabet(order):
    return "That is the order of the alphabet. " if tuple(order) == ALPHABET else ""


def unofficial(faces):
    """One line about splits that are not FER2013's own: what they are, and why no published figure compares."""
    sizes, copied = in_numbers(map(len, faces)), copies(faces)
    sentences = (
        f"fercourse: {faces.source} does not hold FER2013's official splits: train, valid and test are {sizes} faces;",
        how_valid_came_to_be(faces),
        "" if faces.test.labelled else "The test faces have no labels.",
        f"{copied:,} faces are exact copies of another one." if copied else "",
        "" if faces.drawn else doubt_about_labels(faces),
        "No figure from them compares with a published one.",
    )
    return " ".join(filter(None, sentences))


def how_valid_came_to_be(faces):
    if faces.carved is not None:
        share = "valid is a tenth of each class of the training faces"
        return f"without a PublicTest, {share}, chosen by seed {faces.carved}."
    sizes = [sum(counts) for counts in OFFICIAL_COUNTS.values()]
    if sizes != [len(split) for split in faces]:
        return f"valid and test are the parts that it brings, and FER2013 has {in_numbers(sizes)}."
    return f"FER2013 has as many, but others: {shortened(differences(faces))}."


def in_numbers(sizes):
    return " / ".join(f"{size:,}" for size in sizes)


def differences(faces):
    """The class counts that are not the official ones, or where all are, the mean grey levels; a text each."""
    if faces.drawn:
        return ["these are drawn faces"]
    lines = []
    for split, (usage, expected) in zip(faces, OFFICIAL_COUNTS.items(), strict=True):
        if not split.labelled:
            lines.append(f"{usage}: expected labels, found none")
            continue
        for emotion, number, found in zip(EMOTIONS, expected, split.counts().values(), strict=True):
            if number != found:
                lines.append(f"{usage}, {emotion}: expected {number:,}, found {found:,}")
    return lines or other_levels(faces)


def other_levels(faces):
    """The emotions whose faces are on average darker or brighter than FER2013's, a text each: changed, or others."""
    lines = []
    for split, (usage, expected) in zip(faces, LEVELS.items(), strict=True):
        for emotion, level, found in zip(EMOTIONS, expected, mean_levels(split), strict=True):
            if abs(level - found) > MOST_OFF:
                lines.append(f"{usage}, {emotion}: expected a mean grey level of {level}, found {found:.1f}")
    return lines


def mean_levels(split):
    """The mean grey level of the faces of each emotion, float (7,)."""
    sums = np.bincount(split.labels, split.images.mean(axis=(1, 2)), minlength=len(EMOTIONS))
    return sums / counts_of(split)


def shortened(lines, most=4):
    return "; ".join(lines[:most]) + (f"; and {len(lines) - most} more" if len(lines) > most else "")


def copies(faces):
    """How many faces are exact copies of another one, in whichever split."""
    seen = {blake2b(image.tobytes(), digest_size=16).digest() for split in faces for image in split.images}
    return sum(map(len, faces)) - len(seen)


def doubt_about_labels(faces):
    """What is odd about the labels of train, in a sentence; empty where nothing is.

    An emotion is missing, or the shares of all fit FER2013's far better in another order, such as the alphabet's.
    """
    counts, published = counts_of(faces.train), np.array(OFFICIAL_COUNTS[USAGES[0]])
    if missing := [emotion for emotion, number in zip(EMOTIONS, counts, strict=True) if number == 0]:
        renumbered = ", or its emotions were numbered anew: compare some faces with their labels"
        return f"No face in train shows {' or '.join(missing)}{'' if counts[-1] else renumbered}."
    shares, expected = counts / counts.sum(), published / published.sum()
    off, off_by_alphabet = (abs(shares - order).sum() for order in (expected, expected[list(ALPHABET)]))
    least = abs(np.sort(shares) - np.sort(expected)).sum()  # in the order that fits best
    if off < 0.08 or off < 3 * least:
        return ""
    alphabetical = f"if the alphabet gave the codes ({in_words(ALPHABET)})"
    order = alphabetical if off >= 3 * off_by_alphabet else "in another order of the codes"
    return f"The shares of the emotions are FER2013's {order}: compare some faces with their labels."
