"""One page for a run: results.html, self-contained, built from the records and nothing else."""

from pathlib import Path, PurePosixPath

from fercourse.course.running.terminal import claim_counts
from fercourse.files import written_aside
from fercourse.pages.page import picture_url, rendered


def write_run_page(path, records):
    """Write the page of a run's `records` (as from `read_records`) beside the folders of its lessons."""
    path = Path(path)
    with written_aside(path) as aside:
        aside.write_text(run_page(records, folder=path.parent), encoding="utf-8")


def run_page(records, *, folder):
    """The page as HTML; pictures are read from the lessons' folders in `folder`, and kept inside the page."""
    values = {
        "name": folder.name,
        "records": records,
        "passed": sum(record["status"] == "passed" for record in records),
        "seconds": sum(record["seconds"] for record in records),
        "sources": _sources(records),
        "claim_counts": claim_counts,
        "thumbnail": lambda record, picture: picture_url((folder / record["lesson"] / picture).read_bytes()),
        "stem": lambda picture: PurePosixPath(picture).stem,
    }
    return rendered("run.html", values)


def _sources(records):
    """The data that the figures come from, drawn or real, as the stamps say it."""
    stamps = [record["stamp"] for record in records if record["stamp"]]
    return "; ".join(sorted({f"{stamp['source']} on {stamp['device']}" for stamp in stamps}))
