"""One output that people read and programs can find again: text and HTML, with metadata."""

import sys


def show(metadata, *, text, html):
    """Show `text`; in a notebook show `html`, and keep `metadata` in the output under "fercourse".

    metadata: a dict that JSON can hold; what runs and the docs' results page read back from an executed notebook.
    In a plain script it prints the text.
    """
    if not _inside_ipython():
        print(text)
        return
    from IPython.display import display  # here: a plain script needs no IPython

    display({"text/plain": text, "text/html": html}, metadata={"fercourse": metadata}, raw=True)


def _inside_ipython():
    ipython = sys.modules.get("IPython")  # not imported by anyone, so this is no notebook
    return ipython is not None and ipython.get_ipython() is not None
