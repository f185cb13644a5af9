"""What a figure says in words, made from its own data: the alternative text for readers who do not see it."""

import numpy as np

LONGEST = 900
"""Characters of an alternative text; what does not fit is cut at a sentence."""

MOST = 12
"""Lines, bars and ticks that are told one by one."""

CELLS = 49
"""Numbers of a table that are told one by one: as many as a confusion matrix has."""


def in_words(figure):
    """Every axes of a matplotlib figure as sentences: title, axes, each named line, bars, pictures."""
    parts = [_of_axes(axes) for axes in figure.axes if axes.get_visible()]
    sentences = [sentence for part in dict.fromkeys(parts) for sentence in part]
    text = " ".join(sentences) or "A figure without data."
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(". ", 1)[0] + "."


def _of_axes(axes):
    titles = [axes.get_title(loc) for loc in ("left", "center", "right")]
    head = ", ".join(" ".join(title.split()) for title in titles if title)
    labels = [f"{way}: {text}" for way, text in (("across", axes.get_xlabel()), ("upward", axes.get_ylabel())) if text]
    sentences = [f"{head}." if head else "", f"{'; '.join(labels)}." if labels else ""]
    sentences += [_of_line(line) for line in axes.lines[:MOST]]
    sentences += [_of_bars(axes, container) for container in axes.containers[:MOST]]
    sentences += [_of_picture(axes, image) for image in axes.images[:1]]
    return tuple(sentence for sentence in sentences if sentence)


def _of_line(line):
    """Where a line begins and ends, and its least and greatest values; of up to two points only where it has a name."""
    x, y = (np.asarray(values, float) for values in line.get_data(orig=False))
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]
    name = str(line.get_label())
    if len(y) < 3 and (name.startswith("_") or not len(y)):
        return ""
    named = "a line" if name.startswith("_") else name
    if len(y) == 2 and x[0] == x[1]:  # upright, often from the lower edge to the upper one, which is no value
        return f"{named}: upright at {x[0]:.3g}."
    if len(y) < 3 and y.min() == y.max():
        return f"{named}: at {y[0]:.3g}."
    between = f", between {y.min():.3g} and {y.max():.3g}" if len(y) > 2 else ""
    return f"{named}: from {y[0]:.3g} to {y[-1]:.3g}{between}."


def _of_bars(axes, container):
    """The bars of one series with the names of their ticks."""
    heights = [(patch.get_height(), patch.get_width()) for patch in getattr(container, "patches", ())]
    if not 1 < len(heights) <= MOST:
        return ""
    lying = container.orientation == "horizontal" if getattr(container, "orientation", None) else False
    names = [text.get_text() for text in (axes.get_yticklabels() if lying else axes.get_xticklabels())]
    values = [f"{width if lying else height:.3g}" for height, width in heights]
    if len(names) == len(values) and all(names):
        values = [f"{name} {value}" for name, value in zip(names, values, strict=True)]
    label = str(container.get_label())
    return f"{'bars' if label.startswith('_') else label}: {', '.join(values)}."


def _of_picture(axes, image):
    """The size of a picture; of a small table of numbers, such as a confusion matrix, every row."""
    values = image.get_array()
    height, width, *colours = values.shape
    if colours or values.size > CELLS:
        return f"A picture of {height} × {width}."
    names = [text.get_text() for text in axes.get_yticklabels()]
    named = len(names) == height and all(names)
    rows = [", ".join(f"{value:.3g}" for value in row) for row in values]
    rows = [f"{name}: {row}" for name, row in zip(names, rows, strict=True)] if named else rows
    return f"A table of {height} × {width}, row by row: {'; '.join(rows)}."


def describe_figures(shell):
    """From now on every PNG that an IPython shell makes of a matplotlib figure carries its alternative text."""
    if not hasattr(shell, "kernel"):  # a terminal shows no figures inside
        return
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    plt.switch_backend(plt.get_backend())  # loads it now: when it loads, it forgets how figures were to be shown
    formatter = shell.display_formatter.formatters["image/png"]
    if Figure not in formatter.type_printers:
        return  # another backend, such as widget, shows them
    make = formatter.for_type(Figure)
    if getattr(make, "describes", False):
        return

    def with_words(figure):
        picture = make(figure)
        return picture and (picture, {"alt": in_words(figure)})

    with_words.describes = True
    formatter.for_type(Figure, with_words)
