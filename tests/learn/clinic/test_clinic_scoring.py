"""The score of an audit, by hand; the reference audit on what is clean, and on what was written after it; the board."""

import pytest

import fercourse as fc
from fercourse.learn.clinic import reference

FEW = fc.clinic.all_mutants()[::9]
CHOICES = ["label smoothing", "no augmentation", "no norm"]


def asked(audit, **more):
    return fc.clinic.score(audit, **{"seed": 5, "mutants": FEW, "seeds": 2, "choices": CHOICES} | more)


def test_complaining_always_or_never_is_worth_nothing():
    assert asked(lambda p: ["always"]).value == 0
    assert asked(lambda p: []).value == 0
    assert asked(lambda p: None).caught == 0


def test_the_score_is_the_share_caught_minus_the_share_of_false_alarms():
    turns = iter([True, False] * 20)
    found = asked(lambda p: ["now and then"] if next(turns) else [])
    caught = len(FEW) // 2 + len(FEW) % 2
    alarms = (len(FEW) + 5 + 1) // 2 - caught
    assert (found.caught, found.alarms, found.bugs, found.clean) == (caught, alarms, len(FEW), 5)
    assert found.value == pytest.approx(caught / len(FEW) - alarms / 5)


def test_an_assertion_is_a_complaint_and_any_other_error_a_crash_that_catches_nothing():
    def asserts(p):
        assert p is None, "not none"

    def crashes(p):
        raise KeyError("weights")

    assert (asked(asserts).caught, asked(asserts).alarms) == (len(FEW), 5)
    crashed = asked(crashes)
    assert (crashed.caught, crashed.alarms) == (0, 5)
    assert crashed.cases[0].verdict.crash == "KeyError: 'weights'"


def test_a_bug_is_shown_once_it_is_caught_and_not_before():
    missed = asked(lambda p: [])
    assert set(missed.to_frame().query("kind == 'bug'")["name"]) == {f"bug {n}" for n in range(1, len(FEW) + 1)}
    with pytest.raises(fc.ParameterError, match="was not caught yet"):
        missed.show(1)
    assert "def plant" in asked(lambda p: ["!"]).show(1)


def test_the_reference_audit_lets_clean_trainings_of_another_seed_pass():
    pipeline = fc.clinic.clean_pipeline(seed=41)
    variants = dict(list(fc.clinic.all_variants(pipeline, seed=41).items())[::3])
    said = {name: fc.clinic.ask(reference.audit, each).complaints for name, each in variants.items()}
    assert said == dict.fromkeys(variants, ())
    assert fc.clinic.ask(reference.audit, pipeline).complaints == ()


def test_what_was_written_after_the_audit_comes_out_as_the_lesson_says():
    pipeline = fc.clinic.clean_pipeline(seed=41)
    later = fc.clinic.all_mutants(fc.clinic.AFTERWARDS)
    missed = [each.name for each in later if not fc.clinic.ask(reference.audit, each.plant(pipeline)).complains]
    assert (len(later), missed) == (3, ["class_weights_turned_round"])
    choices = fc.clinic.later_variants(pipeline)
    alarms = [name for name, each in choices.items() if fc.clinic.ask(reference.audit, each).complains]
    assert (len(choices), alarms) == (2, ["short batch left out"])


def test_the_board_ranks_by_score_escapes_names_and_names_files_that_are_no_scores(tmp_path):
    asked(lambda p: ["!"] if p is None else []).save(tmp_path / "a.json", name="<b>Never</b>")
    found = asked(fc.clinic.CHECKS["batch independence"], mutants=fc.clinic.all_mutants()[13:18])
    found.save(tmp_path / "b.json", name="Ada")
    asked(lambda p: [], mutants=fc.clinic.all_mutants()[13:18]).save(tmp_path / "d.json", name="Zoe")
    (tmp_path / "c.json").write_text('{"score": 1}')
    page = fc.clinic.leaderboard(tmp_path).read_text(encoding="utf-8")
    assert "<b>Never" not in page
    assert "c.json" in page
    assert 0 < page.index("Ada") < page.index("Zoe")
    with pytest.raises(fc.DataNotFound, match="expected a folder of scores"):
        fc.clinic.leaderboard(tmp_path / "none")


def test_each_face_has_its_own_draw_is_asked_so_that_every_choice_of_augmentation_passes():
    pipeline = fc.clinic.clean_pipeline(seed=0)
    check = fc.clinic.CHECKS["same image twice"]
    choices = fc.clinic.all_variants(pipeline, seed=0)
    assert [name for name, each in choices.items() if fc.clinic.ask(check, each).complains] == []


@pytest.mark.parametrize("said", [{"shuffled": False}, {"shuffled": True}, True, [True], {}], ids=str)
def test_names_with_a_verdict_each_are_no_complaints(said):
    with pytest.raises(fc.ParameterError, match="expected of an audit a list of texts"):
        asked(lambda p: said)


def test_what_is_no_function_is_no_audit():
    with pytest.raises(fc.ParameterError, match="expected an audit, a function of a pipeline; found 'weights'"):
        asked("weights")
