"""Each exercise in which a network is improved: the sheet's own attempt is better, and an idle one is not."""

import numpy as np
import pytest
from improved import as_text, kept_text
from sheet_runs import SHEETS, improvements, sheet, trains, verdict

from fercourse.classroom.hints import ladder
from fercourse.classroom.improve.baselines import baseline_of, kept_arrays, path_of
from fercourse.classroom.improve.hand_in import in_place_of_this_session
from fercourse.classroom.improve.judge import judge
from fercourse.classroom.improve.weights import packed

EXERCISES = [(stem, id) for stem in SHEETS for id in improvements(sheet(stem))]
SEED = 10**12 + 7
exercises = pytest.mark.parametrize(("stem", "id"), EXERCISES, ids=[id for _, id in EXERCISES])


@pytest.fixture(autouse=True)
def _nobody_watches(monkeypatch):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")


@exercises
def test_what_the_solved_sheet_trains_passes_the_check_and_the_hidden_test(stem, id):
    with in_place_of_this_session({id: kept_text(id)}):
        assert verdict(stem, id) is None


@exercises
def test_nothing_handed_in_fails_helpfully_also_in_the_untouched_sheet(stem, id):
    for folder in ("solutions", "exercises"):
        said = verdict(stem, id, folder=folder)
        assert said.startswith(f"{id} · no network is handed in yet: train it, then run fc.hand_in")
        assert "\n" not in said


@exercises
def test_the_baseline_itself_and_one_that_was_not_trained_are_no_improvement(stem, id):
    arrays, baseline = kept_arrays(id), baseline_of(id)
    with in_place_of_this_session({id: as_text(path_of(id).read_bytes())}):
        better, why = judge(id, baseline.network, seed=SEED)
    assert (better, "the baseline itself" in why) == (False, True)
    assert "who answers Happy to every face reaches" not in why
    generator = np.random.default_rng(0)
    drawn = {
        name: generator.normal(0, 0.05, array.shape) if array.ndim > 1 else array for name, array in arrays.items()
    }
    with in_place_of_this_session({id: as_text(packed(arrays | drawn))}):
        assert not judge(id, baseline.network, seed=SEED).better


@exercises
def test_a_baseline_is_better_than_always_happy_and_quick(stem, id):
    import time

    arrays = kept_arrays(id)
    with in_place_of_this_session({id: as_text(packed(arrays))}):
        started = time.process_time()
        assert "the baseline itself" in judge(id, baseline_of(id).network, seed=SEED).why  # not: who answers Happy …
        assert time.process_time() - started < 20  # two times 2,000 faces, and drawing them


@exercises
def test_the_sheet_hides_the_seed_and_tags_what_trains(stem, id):
    cells = {cell.id: cell for cell in sheet(stem, "exercises").cells}
    base = id.replace(".", "-")
    assert trains(cells[f"{base}-train"])
    assert f'hand_in("{id}"' in cells[f"{base}-train"].source
    assert "seed" not in cells[f"{base}-hidden"].source
    assert not trains(cells[f"{base}-answer"])
    assert "fc.hand_in" in ladder(id)[-1] or "hand_in" in cells[f"{base}-train"].source


def test_every_exercise_is_judged_by_weights_that_somebody_trained():
    from importlib import import_module

    for stem in SHEETS:
        baselines = getattr(import_module(f"fercourse.classroom.checks.lesson_{stem[:2]}"), "BASELINES", {})
        assert sorted(baselines) == improvements(sheet(stem))
        assert all(path_of(id).is_file() for id in baselines)
