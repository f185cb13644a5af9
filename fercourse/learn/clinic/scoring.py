"""The score of an audit: the share of bugs that it catches minus the share of sound trainings that it complains of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike

import pandas as pd

from fercourse.data.faces import Faces
from fercourse.errors import ParameterError
from fercourse.files import written_aside
from fercourse.learn.clinic.asking import Audit, Finding, ask
from fercourse.learn.clinic.choices import all_variants
from fercourse.learn.clinic.pipeline import clean_pipeline
from fercourse.learn.clinic.planting import Mutant, all_mutants
from fercourse.settings import SCALES, choice, whole

SEEDS = 20
"""Clean pipelines at lesson scale, each from a seed of its own."""

SMOKE = {"bug": 8, "seed": 4, "choice": 4}
"""How many of each kind are asked at smoke scale; at any other scale all."""

KINDS = ("bug", "seed", "choice")

RECORD = "clinic score"
"""The kind of a record that `Score.save` writes and the leaderboard reads."""


@dataclass(frozen=True)
class Case:
    """One pipeline that an audit was asked about.

    kind: "bug", a mutant; "seed", the clean pipeline from a seed; "choice", a clean variant
    name: of the mutant or the choice, or the seed as a text. mutant: the bug itself, else None
    """

    number: int
    kind: str
    name: str
    mutant: Mutant | None
    verdict: Finding

    @property
    def right(self) -> bool:
        """Whether the audit was right: a complaint about a bug, or neither complaint nor crash on a clean pipeline."""
        if self.kind == "bug":
            return self.verdict.complains
        return not self.verdict.complains and not self.verdict.crash


@dataclass(frozen=True, eq=False, repr=False)
class Score:
    """What an audit was asked and what it said: `value` is the score, `to_frame()` a row for each pipeline."""

    cases: tuple[Case, ...]
    seed: int
    source: str

    def of(self, kind: str) -> list[Case]:
        """The cases of one kind: "bug", "seed" or "choice"."""
        kind = choice("kind", kind, KINDS)
        return [case for case in self.cases if case.kind == kind]

    @property
    def caught(self) -> int:
        """Bugs that the audit complained of. A crash is none, because it says nothing about the training."""
        return sum(case.right for case in self.of("bug"))

    @property
    def alarms(self) -> int:
        """Clean pipelines on which the audit complained, or crashed."""
        return sum(not case.right for case in self.cases if case.kind != "bug")

    @property
    def bugs(self) -> int:
        """How many bugs there were."""
        return len(self.of("bug"))

    @property
    def clean(self) -> int:
        """How many clean pipelines there were, seeds and choices together."""
        return len(self.cases) - self.bugs

    @property
    def value(self) -> float:
        """Share of bugs caught minus share of clean pipelines with a false alarm: 1 is best, 0 is worth nothing.

        An audit that never complains has 0, and so has one that always does.
        """
        return self.caught / self.bugs - self.alarms / self.clean

    @property
    def seconds(self) -> float:
        """By the clock, of all audits together."""
        return sum(case.verdict.seconds for case in self.cases)

    def __repr__(self):
        return (
            f"Score({self.value:.2f}: {self.caught} of {self.bugs} bugs caught, false alarms on {self.alarms} of "
            f"{self.clean} clean pipelines, {self.source})"
        )

    def _repr_html_(self):
        from fercourse.learn.clinic.shown import html_of_score  # here: a script shows none

        return html_of_score(self)

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame, one row a pipeline: kind, name, stage, right, complaints, crash, seconds.

        A bug that was not caught keeps its name for itself: "bug 7".
        """
        return pd.DataFrame([_row(case) for case in self.cases], index=pd.RangeIndex(len(self.cases), name="pipeline"))

    def show(self, number: int) -> str:
        """What bug `number` is, where it was met and its code, once the audit has caught it.

        Raises ParameterError where there is no such bug, or where it was not caught.
        """
        case = next((case for case in self.of("bug") if case.number == number), None)
        if case is None:
            raise ParameterError(f"expected the number of a bug, 1 to {self.bugs}; found {number!r}")
        if not case.right:
            raise ParameterError(
                f"bug {number} was not caught yet, and its code is shown afterwards. It sits in this stage of the "
                f"training: {case.mutant.stage}."
            )
        met = "\n".join(f"# met: {each}" for each in case.mutant.met)
        return f"# {case.name}: {case.mutant.does}\n{met}\n\n{case.mutant.source}"

    def save(self, path: str | PathLike, *, name: str) -> None:
        """Write this score as a JSON file for the leaderboard, under the name of whoever wrote the audit."""
        if not isinstance(name, str) or not name.strip():
            raise ParameterError(f"expected name, a text that the leaderboard shows; found name={name!r}")
        alarms = [case for case in self.cases if case.kind != "bug" and not case.right]
        record = {
            "kind": RECORD,
            "name": name.strip(),
            "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
            "seed": self.seed,
            "source": self.source,
            "bugs": [{"stage": case.mutant.stage, "caught": case.right} for case in self.of("bug")],
            "alarms": [f"{case.kind} {case.name}" for case in alarms],
            "clean": self.clean,
            "seconds": round(self.seconds, 1),
        }
        with written_aside(path) as aside:
            aside.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def score(
    audit: Audit,
    data: Faces | None = None,
    *,
    seed: int = 0,
    scale: str = "lesson",
    mutants: Sequence[Mutant] | None = None,
    seeds: int | None = None,
    choices: Sequence[str] | None = None,
) -> Score:
    """Ask `audit` about every mutant, the clean pipeline from 20 seeds, and every clean variant; return its `Score`.

    audit: a function of a `Pipeline` that returns a list of texts, one for each thing that is wrong
    data: as in `clean_pipeline`. seed: of the faces, of the order in which bugs are numbered, and of how large they are
    scale: "smoke" asks about a quarter of them, the same ones for one seed
    mutants, seeds, choices: bugs, number of seeds and names of variants to ask about instead; for trying an audit out

    An audit that ends with an AssertionError has complained. Any other error is a crash: no bug is caught by it, and
    on a clean pipeline it counts as a false alarm.
    """
    chosen = all_mutants() if mutants is None else list(mutants)
    scale = choice("scale", scale, SCALES)
    pipeline = clean_pipeline(data, seed=seed)
    variants = all_variants(pipeline, seed=seed)
    names = list(variants) if choices is None else [choice("choices", name, variants) for name in choices]
    numbers = range(SEEDS if seeds is None else whole("seeds", seeds, least=0))
    if scale == "smoke":
        chosen = _spread(chosen, SMOKE["bug"]) if mutants is None else chosen
        names = _spread(names, SMOKE["choice"]) if choices is None else names
        numbers = _spread(numbers, SMOKE["seed"]) if seeds is None else numbers
    if not chosen or not len(names) + len(numbers):
        raise ParameterError("expected at least one mutant and one clean pipeline, else a share is of nothing")
    cases = []

    def case(kind, name, mutant, pipeline):
        number = 1 + sum(each.kind == kind for each in cases)
        cases.append(Case(number, kind, name, mutant, ask(audit, pipeline, seed=seed)))

    for mutant in chosen:
        case("bug", mutant.name, mutant, mutant.plant(pipeline, seed=seed))
    for number in numbers:
        other = seed + 1 + number
        case("seed", str(other), None, clean_pipeline(data, seed=other))
    for name in names:
        case("choice", name, None, variants[name])
    return Score(tuple(cases), seed, pipeline.train.source)


def matrix(
    checks: Mapping[str, Audit], data: Faces | None = None, *, seed: int = 0, mutants: Sequence[Mutant] | None = None
) -> pd.DataFrame:
    """Which check finds which mutant: a DataFrame of bools, a row for each check, a column for each mutant.

    checks: name → audit. The other arguments are those of `score`.
    """
    chosen = all_mutants() if mutants is None else list(mutants)
    pipeline = clean_pipeline(data, seed=seed)
    found = {
        mutant.name: [ask(check, mutant.plant(pipeline, seed=seed), seed=seed).complains for check in checks.values()]
        for mutant in chosen
    }
    return pd.DataFrame(found, index=pd.Index(checks, name="check"))


def _spread(these, count):
    """`count` of these, evenly from the first to the last."""
    these = list(these)
    if count >= len(these):
        return these
    return [these[(2 * place + 1) * len(these) // (2 * count)] for place in range(count)]


def _row(case):
    hidden = case.kind == "bug" and not case.right
    return {
        "kind": case.kind,
        "name": f"bug {case.number}" if hidden else case.name,
        "stage": case.mutant.stage if case.mutant else "",
        "right": case.right,
        "complaints": "; ".join(case.verdict.complaints),
        "crash": case.verdict.crash,
        "seconds": round(case.verdict.seconds, 2),
    }
