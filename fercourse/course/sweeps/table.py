"""The one table of a sweep: mean and spread over seeds of every figure, for each combination of what else varies."""

import csv
from statistics import fmean, stdev

from fercourse.files import written_aside

SEED = "SEED"
COLUMNS = ("figure", "unit", "mean", "sd", "seeds", "without")


def rows_of(runs):
    """One dict for each figure of each combination of the swept parameters but SEED, in the order of the runs.

    runs: pairs of the swept values and the record, None where a run is not finished.
    mean, sd: over the runs that have the figure, sd (n − 1) as None where it is one. seeds: how many these are.
    without: runs of this combination that do not have it: they failed, diverged, or are not finished.
    """
    groups = {}
    for values, record in runs:
        swept = {name: value for name, value in values.items() if name != SEED}
        groups.setdefault(repr(swept), (swept, []))[1].append(_figures(record))  # a list is a value, and no key
    return [swept | row for swept, found in groups.values() for row in _rows(found)]


def _figures(record):
    """(name, unit) → value of a run's figures, those without a value left out."""
    figures = record["figures"] if record and record["status"] != "failed" else []
    return {(each["name"], each["unit"]): each["value"] for each in figures if each["value"] is not None}


def _rows(found):
    names = list(dict.fromkeys(name for figures in found for name in figures)) or [("", "")]
    for name in names:
        values = [figures[name] for figures in found if name in figures]
        yield {
            "figure": name[0],
            "unit": name[1],
            "mean": fmean(values) if values else None,
            "sd": stdev(values) if len(values) > 1 else None,
            "seeds": len(values),
            "without": len(found) - len(values),
        }


def write_table(path, rows):
    """Write the rows as CSV, whole or not at all; numbers in six digits, the same bytes for the same rows."""
    with written_aside(path) as aside, open(aside, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0])
        writer.writerows([_in_digits(value, 6) for value in row.values()] for row in rows)


def shown(rows):
    """The rows as an aligned text, mean and spread in one column."""
    swept = [name for name in rows[0] if name not in COLUMNS]
    lines = [(*swept, "figure", "mean ± sd", "seeds")]
    for row in rows:
        without = f" ({row['without']} without)" if row["without"] else ""
        values = (str(row[name]) for name in swept)
        lines.append((*values, row["figure"] or "–", _spread(row), f"{row['seeds']}{without}"))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _spread(row):
    if row["mean"] is None:
        return "–"
    sd = "" if row["sd"] is None else f" ± {_in_digits(row['sd'], 2)}"
    return f"{_in_digits(row['mean'], 4)}{sd} {row['unit']}".rstrip()


def _in_digits(value, digits):
    return "" if value is None else f"{value:.{digits}g}" if isinstance(value, float) else str(value)
