"""What the doctor found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was found, and its remedy, as sentences without the last full stop.

    serious: whether something fails or misleads because of it; else it is only slower, larger or less than it could be
    """

    what: str
    remedy: str
    serious: bool = True
