"""Progress on the terminal: one bar a running notebook, one line when it ends. Bars only where somebody watches."""

import sys

from tqdm import tqdm

FORMAT = "{desc:<28.28} {bar} {n_fmt}/{total_fmt} cells, {elapsed}"


class Bars:
    """The bars of running notebooks, fed with the events of `work`. To be used in a `with` block."""

    def __init__(self, notebooks):
        """notebooks: the name of each lesson → the number of its cells."""
        self._notebooks = notebooks
        self._bars = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for bar in self._bars.values():
            bar.close()

    def show(self, event):
        """Begin, move or end the bar that an event is about; a "tick" keeps the clocks of all going."""
        if event.kind == "started":
            self._begin(event.task.name)
        elif event.kind == "told":
            bar = self._bars[event.task.name]
            bar.update(event.value - bar.n)
        elif event.kind == "ended":
            self._bars.pop(event.task.name).close()
        else:
            for bar in self._bars.values():
                bar.refresh()

    def say(self, line):
        """Print a line above the bars."""
        tqdm.write(line)
        sys.stdout.flush()

    def _begin(self, name):
        rows = {bar.pos for bar in self._bars.values()}
        row = next(row for row in range(len(rows) + 1) if -row not in rows)
        self._bars[name] = tqdm(
            total=self._notebooks[name],
            desc=name,
            position=row,
            leave=False,
            bar_format=FORMAT,
            disable=not sys.stderr.isatty(),
        )
