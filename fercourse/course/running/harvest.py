"""From the folder of an executed notebook to its record: status, error, pictures, and what its cells published."""

from base64 import b64decode
from pathlib import Path

from fercourse.course.outputs import broken_claims, outputs, shown_in
from fercourse.files import written_aside
from fercourse.report.records import write_record


def harvest(folder, *, lesson, parameters, seconds, outcome):
    """Write `record.json` and figures/ into the folder of a notebook that was executed; return the record.

    parameters: all of them, defaults included. outcome: "executed", "interrupted", or what ended it.
    The status is "passed", "failed", "claim failed" or "interrupted".
    """
    folder = Path(folder)
    notebook = _read(folder / "notebook.ipynb")
    found = shown_in(notebook)
    error = _error(notebook, outcome)
    record = {
        "lesson": lesson,
        "status": _status(outcome, error, found["claims"]),
        "parameters": parameters,
        "scale": parameters.get("SCALE"),
        "data": parameters.get("DATA"),
        "seed": parameters.get("SEED"),
        "seconds": round(seconds, 1),
        "error": error,
        "pictures": _save_pictures(notebook, folder),
        **found,
    }
    write_record(folder / "record.json", record)
    return record


def _read(path):
    """The executed notebook; one without cells where it was killed before, or while, papermill wrote it."""
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (FileNotFoundError, ValueError):
        return nbformat.v4.new_notebook()


def _error(notebook, outcome):
    for cell, output in outputs(notebook):
        if output.output_type == "error":
            return {"cell": cell.id, "ename": output.ename, "evalue": output.evalue}
    if outcome in ("executed", "interrupted"):
        return None
    return {"cell": _last_begun(notebook), "ename": "not executed to the end", "evalue": outcome}


def _last_begun(notebook):
    begun = [cell.id for cell in notebook.cells if cell.metadata.get("papermill", {}).get("start_time")]
    return begun[-1] if begun else None


def _status(outcome, error, claims):
    if outcome == "interrupted":
        return "interrupted"
    if error:
        return "failed"
    return "claim failed" if broken_claims(claims) else "passed"


def _save_pictures(notebook, folder):
    """Write each PNG among the outputs; return their paths inside the folder, in the order of the notebook."""
    names = []
    for cell, output in outputs(notebook):
        if picture := output.get("data", {}).get("image/png"):
            names.append(f"figures/{len(names) + 1:02}-{cell.id[3:]}.png")  # without the lesson's number
            with written_aside(folder / names[-1]) as aside:
                aside.write_bytes(b64decode(picture))
    return names
