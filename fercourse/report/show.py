"""One output that people read and programs can find again: text and HTML, with a record in its metadata."""

import sys

from fercourse.settings import choice

LISTS = {"claim": "claims", "figure": "figures", "guess": "guesses", "training": "trainings"}
"""The kinds of metadata that the record of a run keeps, and the list of each there."""

KINDS = (*LISTS, "stamp", "question", "source", "check", "progress", "hint")
"""Every kind of metadata: what sort of output it belongs to."""


def show(record, *, text, html):
    """Show `text`; in a notebook show `html`, and keep `record` in the output's metadata under "fercourse".

    record: a dict that JSON can hold, with one of `KINDS` as its "kind"; what runs and the docs' results page read
    back from an executed notebook. In a plain script it prints the text.
    """
    choice("kind", record["kind"], KINDS)
    if not _inside_ipython():
        print(text)
        return
    from IPython.display import display  # here: a plain script needs no IPython

    display({"text/plain": text, "text/html": html}, metadata={"fercourse": record}, raw=True)


def _inside_ipython():
    ipython = sys.modules.get("IPython")  # not imported by anyone, so this is no notebook
    return ipython is not None and ipython.get_ipython() is not None
