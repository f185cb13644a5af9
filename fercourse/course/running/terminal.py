"""The table on the terminal after a run."""

from fercourse.course.outputs import broken_claims


def summary(lessons, records, *, seconds, page):
    """The end of a run in words: a table of lessons, what failed and why, where the page is, and a last line.

    records: lesson → record; a lesson without one was not run.
    """
    rows = [("lesson", "status", "seconds", "peak MB", "claims")]
    rows += [
        _row(lesson, records[lesson]) if lesson in records else (lesson, "not run", "", "", "") for lesson in lessons
    ]
    passed = sum(record["status"] == "passed" for record in records.values())
    last = f"{passed} of {len(lessons)} lessons passed in {seconds:.0f} s"
    why = [line for record in records.values() for line in reasons(record)]
    return "\n".join(["", *_aligned(rows), *(["", *why] if why else []), "", f"Results: {page}", last])


def _row(lesson, record):
    memory = (record["stamp"] or {}).get("peak_memory_mb")
    return lesson, record["status"], f"{record['seconds']:.0f}", f"{memory:,}" if memory else "", claim_counts(record)


def claim_counts(record):
    """The claims of a record by status, such as "3 held, 1 untested"; empty where there are none."""
    statuses = [claim["status"] for claim in record["claims"]]
    order = ("held", "failed", "undecided", "untested")
    return ", ".join(f"{statuses.count(status)} {status}" for status in order if status in statuses)


def reasons(record):
    """Why a lesson did not pass: its error, its claims that do not hold."""
    found = [f"claim {claim['id']} {claim['status']}: {claim['sentence']}" for claim in broken_claims(record["claims"])]
    if error := record["error"]:
        found.append(f"cell {error['cell']}: {error['ename']}: {error['evalue']}")
    return [f"{record['lesson']}: {reason}" for reason in found]


def _aligned(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    numeric = (2, 3)
    for row in rows:
        cells = [
            text.rjust(width) if column in numeric else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
