"""The surroundings in which the course's notebooks are executed, and what their cells published."""

import os
import re
import sys
from uuid import uuid4

# A lesson sees nobody watching; no progress bars in outputs; idle OpenMP threads do not spin on a shared machine.
SURROUNDINGS = {"FERCOURSE_HEADLESS": "1", "TQDM_DISABLE": "1", "OMP_WAIT_POLICY": "passive"}
# The scale comes from the notebook's parameters, its figures from the inline backend: the caller's own do not leak in.
NOT_INHERITED = ("FERCOURSE_SCALE", "MPLBACKEND")
_PLURAL = {"claim": "claims", "figure": "figures", "guess": "guesses", "training": "trainings"}


def kernel_environment(**more):
    """The environment variables of a kernel: this process's, without what would leak in, and `more` (name=text)."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return inherited | SURROUNDINGS | more


def kernel_config(folder):
    """Traitlets configuration of a kernel that is reached by sockets in `folder` (a short path), not by TCP ports.

    Two processes that start kernels at the same moment may pick the same ports; and ipykernel warns of TCP.
    """
    from traitlets.config import Config

    if sys.platform == "win32":
        return Config()  # has no such sockets
    return Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/{uuid4().hex[:8]}"}})


def published(notebook):
    """What the cells published: {"claims", "figures", "guesses", "trainings": lists, "stamp": dict or None}."""
    found = {name: [] for name in _PLURAL.values()} | {"stamp": None}
    for _, output in outputs(notebook):
        record = output.get("metadata", {}).get("fercourse", {})
        kind = record.get("kind")
        if kind == "stamp":
            found["stamp"] = dict(record)
        elif kind in _PLURAL:
            found[_PLURAL[kind]].append(dict(record))
    return found


def broken_claims(claims):
    """The claims that did not hold although they were tested: failed or undecided."""
    return [claim for claim in claims if claim["status"] in ("failed", "undecided")]


def outputs(notebook):
    """Pairs of (cell, output) over the code cells of a notebook."""
    return [(cell, output) for cell in notebook.cells for output in cell.get("outputs", ())]


def blemishes(notebook):
    """What a committed notebook must not show: an error, anything on stderr, a warning, a claim that does not hold."""
    found = [f"cell {cell.id}: {what}" for cell, output in outputs(notebook) if (what := _blemish(output))]
    broken = broken_claims(published(notebook)["claims"])
    return found + [f"claim {claim['id']} {claim['status']}: {claim['sentence']}" for claim in broken]


def _blemish(output):
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    if output.get("name") == "stderr":
        return f"stderr says {output.text.strip()[:300]!r}"
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    warning = re.search(r".*\b[A-Z]\w*Warning\b.*", text)
    return f"a warning: {warning[0].strip()[:300]!r}" if warning else None
