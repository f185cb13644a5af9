"""Trained networks in a notebook, as `fc.hand_in` leaves them there; those of the sheets' own solutions are kept."""

import base64
from pathlib import Path

HELPERS = Path(__file__).parent
KEPT = HELPERS / "answers" / "improved"
PREPARED = f"""\
import sys
from pathlib import Path

sys.path.insert(0, {str(HELPERS)!r})
import toy_improve
from _pytest.monkeypatch import MonkeyPatch

Path("kept").mkdir()
toy_improve.install(MonkeyPatch(), Path("kept"))
import fercourse as fc
"""
"""The first cell of a notebook in which the toy sheet 09 is known."""


def kept_text(id):
    """What the sheet's own solution handed in for exercise `id`, as text."""
    return as_text((KEPT / f"{id}.npz").read_bytes())


def as_text(data):
    return base64.b64encode(data).decode()


def with_networks(notebook, texts, *, at=0):
    """Put each of `texts` (exercise → weights as text) into an output of the cell that trains for it; the notebook."""
    for cell in notebook["cells"]:
        for id, text in texts.items():
            if cell.get("id") == f"{id.replace('.', '-')}-train":
                cell["outputs"] = [handed_in_output(id, text, at=at)]
    return notebook


def handed_in_output(id, text, *, at=0):
    """An output as nbformat has it."""
    metadata = {"fercourse": {"kind": "hand_in", "id": id, "at": at, "weights": text}}
    data = {"text/plain": "Handed in", "text/html": "<div>Handed in</div>"}
    return {"output_type": "display_data", "data": data, "metadata": metadata}
