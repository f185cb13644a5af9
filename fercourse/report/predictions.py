"""What a model answered: probabilities beside labels, and every figure that the course takes from them.

The figures are written here and not taken from scikit-learn, which the tests compare them with: a notebook that only
counts right answers need not wait for its import, and an emotion without faces gives NaN instead of a warning and 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from os.path import expanduser

import numpy as np
import pandas as pd

from fercourse.data.faces import EMOTIONS
from fercourse.data.names import out_of_order
from fercourse.errors import DataMismatch, ParameterError
from fercourse.files import packing, written_aside
from fercourse.report.calibration.bins import binned, calibration_error, errors_by_chance
from fercourse.report.calibration.selective import risk_coverage
from fercourse.report.calibration.temperature import at_temperature
from fercourse.report.intervals import Paired, paired, wilson
from fercourse.settings import seed_number, whole

CLASSES = len(EMOTIONS)

BINS = 10  # of the calibration error
ROUNDED = 1e-4  # by how much rounding may leave a probability, or the sum of a row


@dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """A model's answers to a split; read-only.

    probabilities: float32 (N, 7), each row sums to 1; other floats are converted
    y_true:        int64 (N,), the labels, codes 0 to 6; other integers are converted; None where they are not known
    source:        where the faces came from, for captions and records
    drawn:         whether they were drawn faces, as `Split.drawn` says; None where nobody said: figures ask the run

    Raises DataMismatch where shapes, values or codes are off, naming the row; and, without labels, for each figure
    that compares answers with labels.
    """

    probabilities: np.ndarray
    y_true: np.ndarray | None
    source: str
    drawn: bool | None = None

    def __post_init__(self):
        probabilities, labels = _array(self.probabilities), self.y_true
        _check_probabilities(probabilities)
        if labels is not None:
            labels = _array(labels)
            _check_labels(labels, len(probabilities))
            labels = labels.astype(np.int64)
            labels.flags.writeable = False
        probabilities = probabilities.astype(np.float32).clip(0, 1)
        probabilities.flags.writeable = False
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "y_true", labels)

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.__post_init__()  # what a pickle or a deep copy brings can be written to

    def __len__(self):
        return len(self.probabilities)

    def __repr__(self):
        faces = "1 face" if len(self) == 1 else f"{len(self):,} faces"
        if not self.labelled:
            return f"Predictions({faces} without labels, {self.source})"
        low, high = (100 * bound for bound in self.interval())
        return f"Predictions({faces}, accuracy {100 * self.accuracy:.1f} % ({low:.1f}–{high:.1f}), {self.source})"

    def _repr_html_(self):
        from fercourse.report.show import html_of_predictions  # here: a script shows none

        return html_of_predictions(self)

    @property
    def labelled(self) -> bool:
        """Whether the labels are known."""
        return self.y_true is not None

    @cached_property
    def y_pred(self) -> np.ndarray:
        """The most probable class of each face, int64 (N,); the lower code of equals."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of each answer, how sure it is: float64 (N,)."""
        return self.probabilities.max(axis=1).astype(np.float64)

    @cached_property
    def losses(self) -> np.ndarray:
        """Minus the logarithm of the true class's probability, float64 (N,), nats; at most 87.3, never infinite."""
        true = self.probabilities[np.arange(len(self)), self._known].astype(np.float64)
        return -np.log(np.maximum(true, np.finfo(np.float32).tiny))

    @property
    def loss(self) -> float:
        """The mean negative log likelihood, nats a face; every face weighs the same."""
        return float(self.losses.mean())

    @property
    def accuracy(self) -> float:
        """The share of right answers, 0 to 1."""
        return float(self._right.mean())

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the classes that occur, 0 to 1: a rare class counts as much as a common one."""
        return float(self.report().loc["macro", "recall"])

    def interval(self, *, level: float = 0.95) -> tuple[float, float]:
        """Where the accuracy on more such faces plausibly lies: (low, high), by Wilson's score interval (1927)."""
        return wilson(int(self._right.sum()), len(self), level=level)

    def confusion(self) -> pd.DataFrame:
        """Counts, a DataFrame of int64 (7, 7): a row is a true emotion, a column an answer."""
        counts = np.bincount(CLASSES * self._known + self.y_pred, minlength=CLASSES**2).reshape(CLASSES, CLASSES)
        return pd.DataFrame(counts, pd.Index(EMOTIONS, name="true"), pd.Index(EMOTIONS, name="predicted"))

    def report(self) -> pd.DataFrame:
        """Precision, recall, F1 (0 to 1) and support of each emotion, and their macro mean: a DataFrame.

        An emotion that is never answered has precision 0. One that does not occur among the labels has no recall and
        no F1 (NaN) and stays out of the macro row, where every emotion weighs the same.
        """
        counts = self.confusion().to_numpy()
        right, support, answered = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
        table = pd.DataFrame(
            {
                "precision": _share(right, answered, empty=0.0),
                "recall": _share(right, support, empty=np.nan),
                "F1": np.where(support > 0, _share(2 * right, support + answered, empty=0.0), np.nan),
            },
            index=pd.Index(EMOTIONS, name="emotion"),
        )
        table.loc["macro"] = table[support > 0].mean()
        table["support"] = [*support.tolist(), len(self)]
        return table

    def to_frame(self) -> pd.DataFrame:
        """A pandas DataFrame, one row a face in their order.

        Columns: true and predicted (categories, in the order of `EMOTIONS`), the probability of each emotion under its
        name, loss (nats). Without labels, true and loss are missing values.
        """
        true = self.y_true if self.labelled else np.full(len(self), -1)
        names = {"true": true, "predicted": self.y_pred}
        columns = {name: pd.Categorical.from_codes(codes, EMOTIONS) for name, codes in names.items()}
        columns |= dict(zip(EMOTIONS, self.probabilities.T, strict=True))
        return pd.DataFrame(columns | {"loss": self.losses if self.labelled else np.nan})

    def to_csv(self, path: str | PathLike, *, columns: Sequence[str] = ("emotion",), first: int = 0) -> None:
        """Write the answers as a submission to Kaggle: one code, 0 to 6, a row, in the order of the faces.

        path:    packed where its name ends in .gz, .bz2, .xz or .zip
        columns: the header: of the codes alone, of a number and the code of each face, ("id", "emotion"), or none: ()
        first:   the number of the first face

        What is asked today stands in the example_submission.csv beside test.csv. Raises NotWritten where the disk is
        full or the folder not writable, ParameterError for other names than none, one or two.
        """
        columns = [columns] if isinstance(columns, str) else list(columns or ())
        if len(columns) > 2 or not all(isinstance(name, str) for name in columns) or "emotion" in columns[:-1]:
            raise ParameterError(f"expected columns: none, one or two names, as ('id', 'emotion'); found {columns!r}")
        numbers = whole("first", first, least=0) + np.arange(len(self))
        table = pd.DataFrame({"id": numbers, "emotion": self.y_pred}).iloc[:, -max(len(columns), 1) :]
        with written_aside(expanduser(path)) as aside:
            table.to_csv(aside, header=columns or False, index=False, lineterminator="\n", compression=packing(path))

    def worst(self, k: int = 10) -> np.ndarray:
        """The positions of the `k` faces with the highest loss, the worst first: int64 (k,)."""
        if whole("k", k, least=0) > len(self):
            raise ParameterError(f"worst({k}): these are the predictions for {len(self):,} faces")
        return np.argsort(-self.losses, kind="stable")[:k]

    def calibration(self, *, bins: int = BINS) -> pd.DataFrame:
        """Whether it is right as often as it is sure: a DataFrame, one row a bin of equal width (low, high].

        Columns: low, high, faces, confidence (the mean probability of the answers), accuracy; NaN in an empty bin.
        Guo et al. 2017, On Calibration of Modern Neural Networks.
        """
        return binned(self.confidence, self._right, whole("bins", bins))

    @property
    def expected_calibration_error(self) -> float:
        """The mean distance between confidence and accuracy over ten bins, weighed by their faces (Guo et al. 2017)."""
        return calibration_error(self.calibration())

    def calibration_by_chance(self, *, repeats: int = 1000, seed: int = 0) -> tuple[float, float, float]:
        """The calibration error of a model that is as often right as these are sure: (low, middle, high).

        It is not 0, since in a bin of a few faces chance makes more or fewer of them right. A model whose own error
        lies between low and high, the middle 95 % of `repeats` draws, is not shown to be badly calibrated.
        Built by hand in lesson 07b.
        """
        repeats, generator = whole("repeats", repeats, least=1), np.random.default_rng(seed_number(seed))
        errors = errors_by_chance(self.confidence, BINS, repeats=repeats, generator=generator)
        return tuple(np.quantile(errors, [0.025, 0.5, 0.975]).tolist())

    def tempered(self, temperature: float) -> "Predictions":
        """The same answers to the same faces, less sure for a temperature over 1, surer for one under 1.

        Each probability to the power 1 / temperature, each row divided by its sum. `fc.fit_temperature` finds one.
        Raises ParameterError for a temperature that is no number over 0. Built by hand in lesson 07b.
        """
        return replace(self, probabilities=at_temperature(self.probabilities, temperature))

    def risk_coverage(self) -> pd.DataFrame:
        """What is answered, and how much of it wrongly, where answers under a threshold are left out: a DataFrame.

        One row a threshold, from the surest faces to all of them. Columns: threshold (answers at least as sure are
        given), faces, coverage (their share of all), risk (the share of wrong answers among them). El-Yaniv and
        Wiener 2010. Built by hand in lesson 07b.
        """
        return risk_coverage(self.confidence, self._right)

    def beats(self, other: "Predictions") -> bool | None:
        """True or False where the two 95 % intervals lie apart, None where they overlap: then no rank is given.

        Raises DataMismatch where the two were asked about different faces.
        """
        self._check_same_faces(other)
        (low, high), (other_low, other_high) = self.interval(), other.interval()
        return None if low <= other_high and other_low <= high else low > other_high

    def versus(self, other: "Predictions") -> Paired:
        """The exact paired test on the same faces, which sees differences that `beats` cannot: a `Paired`.

        Only faces that one got right and the other wrong count (McNemar 1947; exact, two-sided).
        Raises DataMismatch where the two were asked about different faces.
        """
        self._check_same_faces(other)
        wins, losses = int((self._right & ~other._right).sum()), int((other._right & ~self._right).sum())
        return paired(wins, losses)

    def disagreement(self, other: "Predictions") -> float:
        """The share of faces, 0 to 1, to which the two give different answers, right or wrong.

        Two models that are right equally often may be right on other faces. Raises DataMismatch where the two were
        asked about different faces.
        """
        self._check_same_faces(other)
        return float((self.y_pred != other.y_pred).mean())

    @property
    def _known(self):
        """The labels, for what cannot do without them."""
        if not self.labelled:
            raise DataMismatch(
                f"the {len(self):,} faces of {self.source} have no labels, so that nobody can say which answers are "
                "right: only probabilities and answers are known"
            )
        return self.y_true

    @cached_property
    def _right(self):
        return self.y_pred == self._known

    def _check_same_faces(self, other):
        if not isinstance(other, Predictions):
            raise ParameterError(f"expected Predictions to compare with, found a {type(other).__name__}")
        if not np.array_equal(self._known, other._known):
            raise DataMismatch(
                "two models are compared on the same faces in the same order: expected the same labels, found "
                f"{len(self):,} from {self.source} and {len(other):,} from {other.source} that differ"
            )


def _share(part, whole, *, empty):
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    return np.divide(part, whole, out=np.full(part.shape, empty), where=whole > 0)


def _array(values):
    if out_of_order(getattr(values, "columns", ())):
        order = ", ".join(map(str, values.columns))
        raise DataMismatch(f"expected columns in the order of fc.EMOTIONS, table[list(fc.EMOTIONS)]; found {order}")
    try:
        return np.asarray(values)
    except (TypeError, RuntimeError) as error:
        raise DataMismatch(f"expected arrays; of a tensor take .detach().float().cpu().numpy(): {error}") from error


def _check_probabilities(probabilities):
    if probabilities.dtype.kind != "f" or probabilities.ndim != 2 or probabilities.shape[1] != CLASSES:
        raise DataMismatch(
            f"expected probabilities of float32 (N, {CLASSES}), found {probabilities.dtype} {probabilities.shape}"
        )
    if not len(probabilities):
        raise DataMismatch("expected predictions for at least one face, found none")
    outside = ~((probabilities >= -ROUNDED) & (probabilities <= 1 + ROUNDED)).all(axis=1)  # NaN is outside as well
    if outside.any():
        row = int(outside.argmax())
        raise DataMismatch(
            f"row {row}: expected probabilities from 0 to 1, found {probabilities[row].tolist()}; "
            "of logits take the softmax, of log-probabilities the exponential"
        )
    sums = probabilities.sum(axis=1, dtype=np.float64)
    off = np.abs(sums - 1) > ROUNDED
    if off.any():
        row = int(off.argmax())
        raise DataMismatch(f"row {row}: expected probabilities that sum to 1, found a sum of {sums[row]:.6g}")


def _check_labels(labels, faces):
    if labels.dtype.kind not in "iu" or labels.shape != (faces,):
        raise DataMismatch(
            f"expected labels of int64 ({faces},), one a row of probabilities, found {labels.dtype} {labels.shape}"
        )
    unknown = (labels < 0) | (labels >= CLASSES)
    if unknown.any():
        row = int(unknown.argmax())
        raise DataMismatch(f"row {row}: expected a label from 0 to {CLASSES - 1}, found {labels[row]}")
