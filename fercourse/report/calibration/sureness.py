"""How often answers of each sureness were right: measured once on held-out faces, kept beside a network as numbers."""

from dataclasses import asdict, dataclass

import numpy as np

from fercourse.errors import DataMismatch
from fercourse.report.calibration.bins import binned
from fercourse.report.calibration.temperature import at_temperature, fit_temperature

TENTHS = 10

FEW = 20
"""Under so many held-out faces a tenth says nothing: half of 20 right answers may be a third or two thirds in truth."""

HALF = 0.5


@dataclass(frozen=True)
class Sureness:
    """What an answer of a network is worth, by how sure it is: of other faces, how many were right.

    temperature: by which answers are made more or less sure before they are looked up; 1 leaves them
    faces, right: held-out faces in each tenth of the confidence, 0 to 1, and how many of the answers were right
    source, drawn: where these faces came from, as of a `Split`
    """

    temperature: float
    faces: tuple[int, ...]
    right: tuple[int, ...]
    source: str
    drawn: bool | None = None

    def answers(self, probabilities: np.ndarray) -> np.ndarray:
        """The probabilities, float32 (N, 7), at the temperature."""
        return at_temperature(probabilities, self.temperature)

    def of(self, confidence: float) -> tuple[int, int]:
        """(right, faces): what became of the held-out answers in the same tenth of confidence."""
        place = min(max(int(np.ceil(confidence * TENTHS)) - 1, 0), TENTHS - 1)
        return self.right[place], self.faces[place]

    @property
    def threshold(self) -> float:
        """The least confidence from which on, tenth by tenth, at least half of the held-out answers were right.

        Tenths with fewer than 20 faces decide nothing. 1 where no tenth with enough faces has so many.
        """
        threshold = 1.0
        for place in reversed(range(TENTHS)):
            if self.faces[place] >= FEW:
                if self.right[place] < HALF * self.faces[place]:
                    break
                threshold = place / TENTHS
        return threshold

    def as_numbers(self) -> dict:
        """Plain numbers, lists and texts, as JSON keeps them."""
        return asdict(self)


def sureness(predictions) -> Sureness:
    """The `Sureness` of `Predictions` for held-out faces: the temperature of one half, the shares of the other one."""
    halves = [np.arange(start, len(predictions), 2) for start in (0, 1)]
    fitted, judged = (_part(predictions, half) for half in halves)
    try:
        temperature = fit_temperature(fitted)
    except DataMismatch:  # no temperature is the best one, as of a few faces that are all right
        temperature = 1.0
    judged = judged.tempered(temperature)
    table = binned(judged.confidence, judged.y_pred == judged.y_true, TENTHS)
    right = (table["faces"] * table["accuracy"].fillna(0)).round().astype(int)
    faces = tuple(table["faces"].astype(int).tolist())
    return Sureness(temperature, faces, tuple(right.tolist()), predictions.source, predictions.drawn)


def sureness_in(numbers: dict) -> Sureness:
    """The `Sureness` that `as_numbers` gave. Raises DataMismatch where these are other numbers."""
    try:
        found = Sureness(**{**numbers, "faces": tuple(numbers["faces"]), "right": tuple(numbers["right"])})
    except (TypeError, KeyError) as error:
        raise DataMismatch(f"expected what a network noted on how sure it is; found {numbers!r}") from error
    counts = (*found.faces, *found.right)
    whole = all(isinstance(count, int) and count >= 0 for count in counts) and isinstance(found.temperature, float)
    fits = whole and len(found.faces) == len(found.right) == TENTHS and found.temperature > 0
    if not fits or any(right > faces for right, faces in zip(found.right, found.faces, strict=True)):
        raise DataMismatch(f"expected ten counts of faces and of right answers among them; found {numbers!r}")
    return found


def _part(predictions, positions):
    return type(predictions)(
        predictions.probabilities[positions], predictions.y_true[positions], predictions.source, predictions.drawn
    )
