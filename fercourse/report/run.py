"""Where this notebook's numbers come from: the lesson, scale, seed and data that every output of a run carries."""

from dataclasses import dataclass, field

from fercourse.settings import SCALES, choice, seed_number


@dataclass(frozen=True)
class Run:
    """What every output of this run carries: where its numbers come from."""

    lesson: str = ""
    scale: str = "lesson"
    seed: int = 0
    source: str = ""
    fingerprint: str = ""
    drawn: bool = False
    official: bool = True
    device: str = ""
    claims: dict = field(default_factory=dict, compare=False)

    @property
    def faces(self):
        """The faces of this run, as a reader calls them; empty where no data was named."""
        if self.drawn or not self.source:
            return "drawn faces" if self.drawn else ""
        return self.source if self.official else f"{self.source}, not FER2013's own splits"

    def stamp(self):
        """The part of an output's metadata that says where a number comes from."""
        return {name: value for name, value in vars(self).items() if name not in ("device", "claims")}


_run = Run()


def begin(*, lesson="", scale="lesson", seed=0, source="", fingerprint="", drawn=False, official=True, device=""):
    """Start a run: from now on claims and figures carry this lesson, scale, seed and data; trainings the device, too.

    official: whether the data has FER2013's own splits; without them no claim about FER2013 is tested

    Raises ParameterError for an unknown scale and a seed that is no whole number.
    """
    global _run
    scale = choice("scale", scale, SCALES)
    _run = Run(lesson, scale, seed_number(seed), source, fingerprint, bool(drawn), bool(official and not drawn), device)


def current_run():
    """The `Run` that `begin` started; one at lesson scale, without data, where it never did."""
    return _run


def is_drawn(drawn):
    """Whether faces are drawn ones, by what a split or predictions say of themselves; where they do not, by the run."""
    return _run.drawn if drawn is None else bool(drawn)
