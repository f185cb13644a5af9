"""The ledger of the test split: who read PrivateTest, for which question, when, and why more than once.

A test split answers one question honestly. Each further answer that somebody looks at, and acts upon, makes the next
one a little too good, and nothing in the numbers shows it. So the looks are counted where they are taken.
"""

import os
from datetime import UTC, datetime
from hashlib import blake2b
from html import escape
from os import PathLike
from pathlib import Path

import pandas as pd

from fercourse.data.faces import Faces, Split
from fercourse.errors import DataMismatch, NotWritten, ParameterError
from fercourse.report.records import read_record, write_record
from fercourse.report.run import current_run
from fercourse.report.show import show

PLACES = {"lesson": str, "scale": str, "seed": int, "source": str, "fingerprint": str, "readings": list}
"""What a page of the ledger holds, and of which type."""

COLUMNS = ("lesson", "scale", "seed", "faces", "question", "again", "times", "first", "last")
"""The columns of the ledger, in their order."""

_taken = {}  # page → the question that took it in this process


def read_test(data: Faces, question: str, *, again: str | None = None, folder: str | PathLike = "runs") -> Split:
    """Hand out the test split of `data`, and write down in a ledger which run read it, when, and for which question.

    question: what the test faces are to answer, one line: "How good is the network that was chosen?"
    again:    why this run reads them once more, one line; the reason stands in the ledger
    folder:   where a student's runs lie. The ledger is in ledger/ there, one small file for each run

    A run is a lesson at one scale, with one seed, on one set of test faces. It has one question free of charge, the
    first that is asked without a reason. The same question asked again is the same reading, and only its number of
    times grows: who runs a cell twice, or the notebook from its top, tomorrow or after a restart, meets no refusal.
    Another question of the same run needs `again`, each time; with it nothing is refused, and the free question
    stays free, in whatever order the cells are run. Without a lesson (a script) all that has one seed is one run.

    Where nobody is watching (FERCOURSE_HEADLESS=1) another process's question refuses nothing, as nobody could answer;
    runs that go on side by side have files of their own. Where the folder is not writable, the line that is shown says
    that nothing was written down, and the split is handed out all the same. It is a ledger and no lock: who asks the
    same question about one network after another is not refused, but the number of times shows it.

    Raises ParameterError for a second question without a reason, naming the first, and for texts of another form;
    DataMismatch where there are no test faces, or where the file of the ledger is damaged.
    """
    if not isinstance(data, Faces):
        raise ParameterError(f"expected the data as Faces, as fc.load gives them; found a {type(data).__name__}")
    run = current_run()
    return _hand_out(data, _line("question", question), again, Path(folder), (run.lesson, run.scale, run.seed), "")


def read_for_training(data, name, path, seed):
    """The test split for the training whose record lies at `path`, which is a run of its own, with one question.

    The ledger lies beside the record.
    """
    run = current_run()
    return _hand_out(data, f"How good is {name}?", None, path.parent, (run.lesson, run.scale, seed), path.stem)


def ledger(folder: str | PathLike = "runs") -> pd.DataFrame:
    """What was read of test splits by runs whose ledger is in `folder`: a DataFrame, one row for each question.

    Columns: lesson, scale, seed, faces (where they came from), question, again (the reason; missing for the first),
    times (how often it was asked), first and last (date and time, UTC). Empty where nothing was read.
    Raises DataMismatch where a file is damaged, naming it.
    """
    pages = [_read(path) for path in sorted(Path(folder).glob("ledger/*.json"))]
    about = {"source": "faces"}
    rows = [
        {about.get(name, name): page[name] for name in ("lesson", "scale", "seed", "source")} | reading
        for page in pages
        for reading in page["readings"]
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("first", kind="stable", ignore_index=True)


def _hand_out(data, question, again, folder, who, training):
    """The test split, after its reading was allowed and written down."""
    split, again = data.test, None if again is None else _line("again", again)
    if not len(split):
        raise DataMismatch(f"{data.source}: expected test faces, found none: this data set has no test split")
    lesson, scale, seed = who
    of = {"lesson": lesson, "scale": scale, "seed": seed, "training": training, "fingerprint": split.fingerprint}
    digest = blake2b("\n".join(map(str, of.values())).encode(), digest_size=6).hexdigest()
    path = folder / "ledger" / f"{lesson or 'script'}-{digest}.json"
    page = _read(path) if path.is_file() else of | {"source": data.source, "readings": []}
    if again is None:
        _check_free(page, path, question)
    _write_down(page["readings"], question, again)
    try:
        write_record(path, page)
        where = f"written down in {(folder / 'ledger').as_posix()}"
    except NotWritten:
        where = f"not written down: {(folder / 'ledger').as_posix()} is not writable"
    line = f"test faces read: {len(split):,} of {data.source} · {question} · {where}"
    line += f" · again: {again}" if again else ""
    said = {"kind": "reading", "question": question, "again": again, "n": len(split)} | current_run().stamp()
    show(said, text=line, html=f'<div style="opacity: 0.75">{escape(line)}</div>')
    return split


def _check_free(page, path, question):
    """Raise ParameterError where this run has asked its free question, and it was another one."""
    key = str(path.absolute())
    earlier = [reading["question"] for reading in page["readings"] if reading["again"] is None]
    if os.environ.get("FERCOURSE_HEADLESS") == "1":
        earlier = []
    taken = _taken.get(key, earlier[0] if earlier else question)
    if taken != question:
        raise ParameterError(
            f"the test faces of {page['source']} were read in this run for {taken!r}; this is a second reading, for "
            f"{question!r}. What you learn from it is worth less, as you have seen an answer already. If it must be, "
            'say why, and the reason is written down: fc.read_test(data, question, again="…")'
        )
    _taken[key] = question


def _write_down(readings, question, again):
    """Add a reading, or count one that is there."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for reading in readings:
        if (reading["question"], reading["again"]) == (question, again):
            reading |= {"times": reading["times"] + 1, "last": now}
            return
    readings.append({"question": question, "again": again, "times": 1, "first": now, "last": now})


def _read(path):
    """A page of the ledger; raises DataMismatch where it is damaged, naming the file."""
    page = read_record(path)
    readings = page.get("readings")
    whole = all(isinstance(page.get(place), kind) for place, kind in PLACES.items())
    if not whole or not all(isinstance(reading, dict) and {*COLUMNS[4:]} == {*reading} for reading in readings):
        raise DataMismatch(f"{path}: expected a page of the ledger of test readings, found something else: remove it")
    return page


def _line(name, text):
    if not isinstance(text, str) or not text.strip() or "\n" in text:
        raise ParameterError(f"expected {name} as one line of text, found {text!r}")
    return text.strip()
