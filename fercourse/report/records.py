"""Run records: one JSON file a run. Tables, claims and the docs' results page read nothing else."""

import json
import math
from pathlib import Path

import numpy as np

from fercourse.errors import DataMismatch, DataNotFound, ParameterError
from fercourse.files import written_aside


def write_record(path, record):
    """Write a dict as JSON with sorted keys, whole or not at all; NumPy scalars become plain numbers.

    Raises ParameterError where a value is NaN, infinite or nothing that JSON knows, naming the place;
    NotWritten where the disk is full or the folder not writable.
    """
    text = json.dumps(_plain(record, "record"), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    with written_aside(path) as aside:
        aside.write_text(text + "\n", encoding="utf-8")


def read_records(folder):
    """Every `record.json` below `folder`, a list of dicts in the order of their paths.

    Raises DataNotFound where there is no such folder, DataMismatch where a record is damaged, naming the file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataNotFound(f"{folder}: no folder of run records there")
    return [read_record(path) for path in sorted(folder.rglob("record.json"))]


def read_record(path):
    """The dict in one record file; raises DataMismatch where it is damaged, naming it."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except ValueError as error:  # not UTF-8, not JSON, or NaN inside
        raise DataMismatch(f"{path}: expected a run record in JSON, found a damaged one ({error})") from error
    if not isinstance(record, dict):
        raise DataMismatch(f"{path}: expected a run record, a JSON object, found a {type(record).__name__}")
    return record


def _refuse(name):
    raise ValueError(f"{name} is not JSON")


def _plain(value, where):
    """The same value in JSON's own types; `where` names it in an error."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        return {_key(key, where): _plain(inner, f"{where}[{key!r}]") for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner, f"{where}[{position}]") for position, inner in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise ParameterError(f"{where} is {value}: a run record holds finite numbers; write None where there is none")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ParameterError(f"{where} is a {type(value).__name__}: a run record holds numbers, text, lists and dicts")


def _key(key, where):
    if not isinstance(key, str):
        raise ParameterError(f"{where} has the key {key!r}: the keys of a run record are text")
    return key
