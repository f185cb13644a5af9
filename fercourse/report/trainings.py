"""Finished trainings on disk: what was trained, on which faces, how it went and what it answers. No framework."""

import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from math import isfinite
from os import PathLike
from pathlib import Path

import numpy as np

from fercourse.data.faces import Faces, Split
from fercourse.errors import DataMismatch, ParameterError
from fercourse.files import written_aside
from fercourse.report.history import History
from fercourse.report.judging.ledger import read_for_training
from fercourse.report.origin import commit, versions
from fercourse.report.predictions import Predictions
from fercourse.report.published import PUBLISHED
from fercourse.report.records import read_record, write_record
from fercourse.report.run import current_run, is_drawn
from fercourse.report.show import show
from fercourse.settings import flag, is_number, is_whole, plain, seed_number

PLACES = {
    "name": str, "lesson": str, "scale": str, "seed": int, "source": str, "fingerprint": str, "drawn": bool,
    "official": bool, "device": str, "date": str, "seconds": (int, float), "recipe": dict, "history": list,
    "valid": dict, "versions": dict,
}  # fmt: skip
"""What every training record holds, and of which type."""

SCORE = ("accuracy", "balanced_accuracy", "right", "n")
"""What a training record holds of each split that was read: shares from 0 to 1, and numbers of faces."""


@dataclass(frozen=True, eq=False, repr=False)
class TrainingRun:
    """One finished training: its recipe, its history, and its answers to the validation faces.

    seconds: of all epochs. test_accuracy: on PrivateTest, 0 to 1, or None where it was not read. path: its record.
    """

    name: str
    recipe: dict
    history: History
    valid: Predictions
    seconds: float
    test_accuracy: float | None
    path: Path

    def __repr__(self):
        return f"TrainingRun({self.summary})"

    @property
    def summary(self) -> str:
        """One line: name, accuracy on the validation faces with its 95 % interval and n, epochs, seconds."""
        low, high = self.valid.interval()
        faces = "drawn faces" if is_drawn(self.valid.drawn) else self.valid.source
        interval = f"{100 * low:.1f}–{100 * high:.1f}, n = {len(self.valid):,}, {faces}"
        epochs = f"{len(self.history)} epoch" + ("" if len(self.history) == 1 else "s")
        return f"{self.name} · {100 * self.valid.accuracy:.1f} % ({interval}) · {epochs}, {self.seconds:.0f} s"


def save_run(
    name: str,
    recipe: dict,
    data: Faces,
    history: History,
    predict: Callable[[Split], Predictions],
    *,
    folder: str | PathLike = "runs",
    reproduces: str | None = None,
    test: bool = False,
) -> TrainingRun:
    """Write a finished training into `folder`, say so in one quiet line, and return it as a `TrainingRun`.

    name:       as tables show it; the same for every seed of one recipe
    recipe:     everything that the result depends on: a flat dict of numbers, texts, lists and frozen dataclasses
                such as a schedule, which are kept as their repr. Its "seed" wins over the run's
    data:       the `Faces` it was trained on. history: a `History`, or its rows, with a column "seconds"
    predict:    a function from a split to `Predictions`; asked for `data.valid`, and for the test split where `test`
    reproduces: the published figure it is held against, a key of `fercourse.report.published.PUBLISHED`
    test:       whether to read PrivateTest; the record then holds the accuracy, which is not shown here, and the
                reading stands in the ledger (`fc.ledger(folder)`)

    Two files: the record, `<name>-<8 hex digits>.json`, and beside it the probabilities of the validation faces, .npz.
    Lesson, scale, seed and device are those of the current run. Raises ParameterError for a name, recipe, `test` or
    `reproduces` of another form, NotWritten where the disk is full or the folder not writable.
    """
    recipe, history, test = plain_recipe(recipe), History(tuple(history)), flag("test", test)
    if reproduces is not None and not (isinstance(reproduces, str) and reproduces in PUBLISHED):
        raise ParameterError(f"reproduces={reproduces!r} is no published figure; they are {', '.join(PUBLISHED)}")
    path, seconds = _path(name, recipe, data, folder), sum(history["seconds"]) if len(history) else 0.0
    valid = replace(_answers(predict, data.valid), drawn=data.drawn)
    tested = None
    if test and _has_test_labels(data):
        tested = _answers(predict, read_for_training(data, name, path, _seed(recipe)))
    record = {
        "kind": "training", "name": name, "reproduces": reproduces, "recipe": recipe, "seconds": seconds,
        "epochs": len(history), "history": [_written(row) for row in history], "official": data.official,
        "valid": _score(valid), "test": None if tested is None else _score(tested), **_origin(recipe, data),
    }  # fmt: skip
    with written_aside(path.with_suffix(".npz")) as aside, open(aside, "wb") as file:
        np.savez(file, probabilities=valid.probabilities)
    write_record(path, record)  # last: where the record is, the probabilities are
    run = TrainingRun(name, recipe, history, valid, seconds, None if tested is None else tested.accuracy, path)
    unread = " · PrivateTest has no labels here" if test and tested is None else ""
    line = f"saved: {run.summary}{unread}"
    published = {key: value for key, value in record.items() if key != "history"}
    show(published, text=line, html=f'<div style="opacity: 0.75">{escape(line)}</div>')
    return run


def load_run(name: str, recipe: dict, data: Faces, *, folder: str | PathLike = "runs") -> TrainingRun | None:
    """The `TrainingRun` that `save_run` wrote with this name, recipe, data, seed and scale; None where there is none.

    Raises DataMismatch where its files are damaged or not each other's, naming the file.
    """
    recipe = plain_recipe(recipe)
    path = _path(name, recipe, data, folder)
    if not path.is_file():
        return None
    record = read_training(path)
    if (record["name"], record["recipe"], record["fingerprint"]) != (name, recipe, data.fingerprint):
        raise DataMismatch(f"{path}: expected the training {name!r} with this recipe and data, found another one")
    valid = _valid(path.with_suffix(".npz"), data.valid)
    if _score(valid)["right"] != record["valid"]["right"]:
        raise DataMismatch(
            f"{path}: expected {record['valid']['right']:,} right answers in the .npz beside it, "
            f"found {_score(valid)['right']:,}: the two files are not of one training. Remove both to train again."
        )
    test_accuracy = None if record["test"] is None else record["test"]["accuracy"]
    return TrainingRun(name, recipe, history_in(record, path), valid, record["seconds"], test_accuracy, path)


def read_training(path):
    """The training record in a file, a dict; raises DataMismatch where it is damaged or incomplete, naming the file."""
    record = read_record(path)
    for place, kind in PLACES.items():
        value = record.get(place)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise DataMismatch(f"{path}: expected a training record; its {place!r} is {value!r}")
    record = {"test": None, "reproduces": None, "commit": None} | record
    record["device"] = re.sub(r"\b1 threads$", "1 thread", record["device"])  # as older versions wrote it
    for place in ("valid", "test"):
        if record[place] is not None and not _is_score(record[place]):
            raise DataMismatch(f"{path}: expected {', '.join(SCORE)} under {place!r}, found {record[place]!r}")
    if not isinstance(record["reproduces"], str | None) or record["reproduces"] not in {None, *PUBLISHED}:
        raise DataMismatch(f"{path}: 'reproduces' is one of {', '.join(PUBLISHED)}; found {record['reproduces']!r}")
    if not isinstance(record["commit"], str | None):
        raise DataMismatch(f"{path}: 'commit' is a text or null; found {record['commit']!r}")
    history_in(record, path)
    return record


def _answers(predict, split):
    """The answers to a split; DataMismatch where they are those to other faces."""
    answers = predict(split)
    if not isinstance(answers, Predictions) or not np.array_equal(answers.y_true, split.labels):
        found = f"{answers}, with other labels" if isinstance(answers, Predictions) else f"a {type(answers).__name__}"
        raise DataMismatch(
            f"expected of predict, a function of a split, the Predictions for {split}; found {found}. Nothing was saved"
        )
    return answers


def _path(name, recipe, data, folder):
    """Where the training lies; another recipe, data set, seed or scale lies elsewhere."""
    if not isinstance(name, str) or not name.strip() or "\n" in name:
        raise ParameterError(f"expected a training's name as one line of text, found {name!r}")
    identity = [name, recipe, data.fingerprint, _seed(recipe), current_run().scale]
    digest = sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    return Path(folder) / f"{slug(name)}-{digest}.json"


def slug(name):
    """A training's name as its files begin: small letters, digits and hyphens, 60 of them at most."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]


def _seed(recipe):
    return recipe.get("seed", current_run().seed)


def plain_recipe(recipe):
    """A recipe as a record keeps it; raises ParameterError for a value that it has no room for."""
    if not isinstance(recipe, dict) or not all(isinstance(key, str) for key in recipe):
        raise ParameterError(f"expected a recipe as a dict from names to values, found {recipe!r}")
    known = {key: _plain_value(key, value) for key, value in recipe.items()}
    return known | ({"seed": seed_number(known["seed"])} if "seed" in known else {})


def _plain_value(key, value):
    if is_dataclass(value) and not isinstance(value, type) and value.__dataclass_params__.frozen:
        if " at 0x" in repr(value):
            raise ParameterError(
                f"recipe[{key!r}] prints where it lies in memory, {value!r}: no other process would find this training "
                "again. Write it as a text of your own, or by functools.partial of a class"
            )
        return repr(value)
    value = plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain_value(key, inner) for inner in value]
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and isfinite(value)):
        return value
    raise ParameterError(
        f"recipe[{key!r}] is {value!r}: a recipe is a flat dict of finite numbers, texts, lists and frozen dataclasses"
    )


def _written(row):
    """A row as JSON knows it: a loss that is no finite number becomes its name, "nan" or "inf"."""
    return {name: value if isfinite(value) else str(value) for name, value in row.items()}


def history_in(record, path):
    """The `History` of a training record; raises DataMismatch where it is damaged, naming the file."""
    try:
        return History([{name: _number(value) for name, value in row.items()} for row in record["history"]])
    except (AttributeError, ValueError) as error:  # ParameterError as well
        raise DataMismatch(f"{path}: expected one dict of numbers an epoch under 'history' ({error})") from error


def _number(value):
    return float(value) if isinstance(value, str) else value


def _score(predictions):
    right = predictions.y_pred == predictions.y_true
    return {
        "accuracy": predictions.accuracy,
        "balanced_accuracy": predictions.balanced_accuracy,
        "right": int(right.sum()),
        "n": len(predictions),
        "rights": np.packbits(right).tobytes().hex(),
    }


def rights_in(score: dict) -> np.ndarray | None:
    """Of each face, in the order of the file, whether it was answered rightly: (n,) bool; None in an old record.

    score: what a training record has under "valid" or "test". Enough for a paired test without the faces.
    """
    if "rights" not in score:
        return None
    return np.unpackbits(np.frombuffer(bytes.fromhex(score["rights"]), np.uint8), count=score["n"]).astype(bool)


def _is_score(score):
    """Whether it holds shares from 0 to 1 and numbers of faces that agree with them."""
    if not isinstance(score, dict) or not all(is_number(score.get(key)) for key in SCORE):
        return False
    right, n = score["right"], score["n"]
    counted = is_whole(right) and is_whole(n) and n > 0 and 0 <= right <= n and _are_rights(score)
    return counted and 0 <= score["balanced_accuracy"] <= 1 and abs(score["accuracy"] - right / n) < 1e-6


def _are_rights(score):
    """Whether the faces answered rightly, where they are there, are of n faces and as many as counted."""
    try:
        rights = rights_in(score)
        whole = rights is None or 2 * -(-score["n"] // 8) == len(score["rights"])  # two digits for eight faces
    except (TypeError, ValueError):  # no text, no hexadecimal digits
        return False
    return whole and (rights is None or rights.sum() == score["right"])


def _has_test_labels(data):
    return len(data.test) > 0 and data.test.labelled


def _origin(recipe, data):
    """Where a training's figures come from."""
    run = current_run()
    return {
        "lesson": run.lesson,
        "scale": run.scale,
        "seed": _seed(recipe),
        "source": data.source,
        "fingerprint": data.fingerprint,
        "drawn": data.drawn,
        "device": run.device,
        "versions": versions(),
        "commit": commit(Path(__file__).parent),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _valid(path, split):
    """The `Predictions` for a split whose probabilities lie in an .npz."""
    try:
        # Opened here: NumPy leaves the file of a damaged archive open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            return Predictions(arrays["probabilities"], split.labels, split.source, split.drawn)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:  # DataMismatch as well
        raise DataMismatch(
            f"{path}: expected the probabilities of {len(split):,} validation faces, found none that can be read "
            f"({error}). Remove it and the .json beside it to train again."
        ) from error
