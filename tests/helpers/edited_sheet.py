"""What people and editors do to a notebook: cells split, copied, merged, moved, turned into text, their ids lost."""

from toy_sheet import cell


def place(content, id):
    return [cell["id"] for cell in content["cells"]].index(id)


def strip_nbgrader(content):
    for found in content["cells"]:
        found["metadata"] = {}


def renumber(content):
    for number, found in enumerate(content["cells"]):
        found["id"] = f"{number:08x}"


def named(place, source, *, kind="code", id="copy", **nbgrader):
    """A function that puts one more cell into a notebook, at `place` or behind the cell with this id."""

    def change(content):
        at = place if isinstance(place, int) else [cell["id"] for cell in content["cells"]].index(place) + 1
        content["cells"].insert(at, cell(kind, id, source, **nbgrader))

    return change


def both(*changes):
    def change(content):
        for each in changes:
            each(content)

    return change


def put(id, source=None, *, kind=None, bare=False):
    """A function that changes the source or the kind of a cell, or takes its ids."""

    def change(content):
        found = content["cells"][place(content, id)]
        found["source"] = found["source"] if source is None else source
        found["cell_type"] = kind or found["cell_type"]
        if bare:
            found["metadata"], found["id"] = {}, f"bare-{id[:4]}"

    return change


def without(*ids):
    def change(content):
        content["cells"] = [found for found in content["cells"] if found["id"] not in ids]

    return change


def moved(id, *, behind):
    def change(content):
        found = content["cells"].pop(place(content, id))
        content["cells"].insert(place(content, behind) + 1, found)

    return change
