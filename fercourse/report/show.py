"""One output that people read and programs can find again: text and HTML, with a record in its metadata."""

import sys


def show(record, *, text, html):
    """Show `text`; in a notebook show `html`, and keep `record` in the output's metadata under "fercourse".

    record: a dict that JSON can hold; what runs and the docs' results page read back from an executed notebook.
    In a plain script it prints the text.
    """
    if not _inside_ipython():
        print(text)
        return
    from IPython.display import display  # here: a plain script needs no IPython

    display({"text/plain": text, "text/html": html}, metadata={"fercourse": record}, raw=True)


def _inside_ipython():
    ipython = sys.modules.get("IPython")  # not imported by anyone, so this is no notebook
    return ipython is not None and ipython.get_ipython() is not None
