"""What an executed notebook holds: the metadata that its cells showed, and what must not be committed."""

import re
from typing import TYPE_CHECKING

from fercourse.report.show import LISTS, TABLES

if TYPE_CHECKING:
    from nbformat import NotebookNode


def shown_in(notebook: "NotebookNode") -> dict:
    """What the cells showed: {"claims", "figures", "guesses", "trainings": lists of dicts, "stamp": a dict or None}."""
    found = {name: [] for name in (*LISTS.values(), *TABLES)} | {"stamp": None}
    for _, output in outputs(notebook):
        metadata = dict(output.get("metadata", {}).get("fercourse", {}))
        kind = metadata.get("kind")
        if kind == "stamp":
            found["stamp"] = metadata
        elif kind in LISTS:
            found[LISTS[kind]].append(metadata)
        elif kind in TABLES:
            found[kind] += metadata[kind]
    return found


def broken_claims(claims: list[dict]) -> list[dict]:
    """The claims that did not hold although they were tested: failed or undecided."""
    return [claim for claim in claims if claim["status"] in ("failed", "undecided")]


def outputs(notebook: "NotebookNode") -> "list[tuple[NotebookNode, NotebookNode]]":
    """Pairs of (cell, output) over the code cells of a notebook."""
    return [(cell, output) for cell in notebook.cells for output in cell.get("outputs", ())]


def problems_in(notebook: "NotebookNode") -> list[str]:
    """What a committed notebook must not show: an error, anything on stderr, a warning, a claim that does not hold."""
    found = [f"cell {cell.id}: {what}" for cell, output in outputs(notebook) if (what := _problem(output))]
    broken = broken_claims(shown_in(notebook)["claims"])
    return found + [f"claim {claim['id']} {claim['status']}: {claim['sentence']}" for claim in broken]


def _problem(output):
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    if output.get("name") == "stderr":
        return f"stderr says {output.text.strip()[:300]!r}"
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    warning = re.search(r".*\b[A-Z]\w*Warning\b.*", text)
    return f"a warning: {warning[0].strip()[:300]!r}" if warning else None
