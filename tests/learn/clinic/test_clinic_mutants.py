"""The mutants: each is one small file, found where it lies, breaks what it says, and trains without a word."""

import ast
import difflib
import inspect
from dataclasses import fields, replace

import pytest
import torch

import fercourse as fc
from fercourse.learn.clinic import reference
from fercourse.learn.clinic.editing import edited
from fercourse.learn.clinic.pipeline import PARTS

MUTANTS = fc.clinic.all_mutants()
SEEN_BY = {
    "best_forgotten": "best_is_not_forgotten",
    "best_weights_by_reference": "best_weights_are_kept",
    "batch_norm_without_memory": "answers_depend_on_one_face",
    "bright_pixels_wrap": "augmentation_keeps_grey_levels",
    "checkpoint_without_buffers": "resumed_goes_on_alike",
    "checkpoint_without_optimizer": "resumed_goes_on_alike",
    "chosen_on_the_test_split": "validation_sees_its_split",
    "dropout_in_evaluation": "answers_repeat_themselves",
    "dropout_is_the_share_kept": "dropout_is_at_most_half",
    "export_in_training_mode": "export_answers_alike",
    "export_without_scaling": "export_answers_alike",
    "faces_on_their_side": "augmentation_keeps_faces_upright",
    "first_five_of_each_batch": "evaluation_means_over_faces",
    "flipped_upside_down": "augmentation_keeps_faces_upright",
    "folder_order_in_validation": "validation_labels_are_numbered_alike",
    "gradients_never_zeroed": "gradients_are_forgotten",
    "labels_left_behind": "labels_belong_to_faces",
    "last_batch_dropped": "validation_sees_its_split",
    "layers_in_a_list": "optimizer_holds_every_weight",
    "loss_divided_by_the_batch_size": "training_means_over_faces",
    "mean_from_training_only": "training_sees_its_split",
    "mean_of_batch_means": "evaluation_means_over_faces",
    "names_in_folder_order": "export_answers_alike",
    "never_eval": "evaluation_changes_nothing",
    "never_shuffled": "order_changes",
    "never_train_again": "training_is_in_training",
    "one_draw_for_the_batch": "each_face_has_its_own_draw",
    "one_more_in_the_denominator": "evaluation_means_over_faces",
    "one_rate_for_all_groups": "rates_follow_the_schedule",
    "optimizer_of_another_network": "weights_move",
    "order_begins_anew": "resumed_goes_on_alike",
    "predictions_shuffled": "predictions_are_the_networks",
    "rate_falls_twice": "resumed_goes_on_alike",
    "raw_pixels": "validation_sees_its_split",
    "relu_on_the_logits": "answers_are_logits",
    "reshape_mixes_faces": "answers_depend_on_one_face",
    "same_draws_every_time": "each_face_has_its_own_draw",
    "schedule_steps_by_epoch": "rates_follow_the_schedule",
    "softmax_before_the_loss": "batch_is_learnt_by_heart",
    "softmax_over_the_batch": "answers_depend_on_one_face",
    "twenty_outputs": "answers_are_seven",
    "validation_augmented": "validation_sees_its_split",
    "validation_faces_in_training": "splits_share_no_face",
}
"""The check of the reference audit that compares just what each mutant breaks."""

EXAMPLE = '''"""The schedule is left out."""

from dataclasses import replace

MET = ("nowhere",)


def plant(pipeline, draw):
    return replace(pipeline, schedule=lambda step, steps: draw.random())
'''


@pytest.fixture(scope="module")
def clean():
    return fc.clinic.clean_pipeline(seed=5)


def named(mutants):
    return pytest.mark.parametrize("mutant", mutants, ids=lambda mutant: mutant.name)


def test_there_are_at_least_thirty_of_every_stage():
    assert len(MUTANTS) >= 30
    assert list(dict.fromkeys(mutant.stage for mutant in MUTANTS)) == list(fc.clinic.STAGES)
    assert {mutant.name for mutant in MUTANTS} == SEEN_BY.keys()


@named(MUTANTS)
def test_a_mutant_says_what_is_wrong_and_where_it_was_met(mutant):
    assert mutant.does.endswith(".")
    assert 20 < len(mutant.does) < 130
    assert mutant.met
    assert all(mutant.met)


@named(MUTANTS)
def test_a_mutant_trains_and_says_nothing(mutant, clean):
    broken = mutant.plant(clean, seed=1)
    few = replace(broken, train=broken.train[:140], valid=broken.valid[:70], test=broken.test[:70])
    torch.manual_seed(0)
    network = few.build()
    rows = few.fit(few, network, 2, torch.Generator().manual_seed(0))
    assert len(rows) == 2
    assert all(0 <= row["valid_accuracy"] <= 1 for row in rows)
    assert len(few.predict(network, few.valid)) == 70
    assert len(few.export(few, network)(few.valid.images[:9])) == 9


@named(MUTANTS)
def test_a_mutant_breaks_what_it_says_with_every_seed(mutant, clean):
    check = getattr(reference, SEEN_BY[mutant.name])
    for seed in (1, 2):
        assert fc.clinic.ask(check, mutant.plant(clean, seed=seed)).complains


@pytest.mark.parametrize("check", sorted(set(SEEN_BY.values())))
def test_what_sees_a_mutant_sees_nothing_in_the_clean_pipeline(check, clean):
    assert not fc.clinic.ask(getattr(reference, check), clean).complaints


@named(MUTANTS)
def test_a_mutant_is_one_function_or_changes_at_most_three_lines(mutant, clean):
    broken = mutant.plant(clean)
    changed = [field.name for field in fields(clean) if getattr(broken, field.name) is not getattr(clean, field.name)]
    assert 1 <= len(changed) <= 2
    edits = [name for name in changed if getattr(getattr(broken, name), "edits", ())]
    lines = sum(map(changed_lines, [PARTS[name] for name in edits], [getattr(broken, name) for name in edits]))
    assert lines <= 3
    functions = [node for node in ast.parse(mutant.source).body if isinstance(node, ast.FunctionDef)]
    assert [function.name for function in functions] == ["plant"]
    assert len(mutant.source.splitlines()) <= 20


def changed_lines(before, after):
    """How many lines were changed, added or taken away; a line that only moved is one."""
    texts = [inspect.getsource(inspect.unwrap(part)).splitlines() for part in (before, after)]
    found = [line for line in difflib.ndiff(*texts) if line.startswith(("- ", "+ "))]
    gone, come = ({line[2:].strip() for line in found if line[0] == sign} for sign in "-+")
    return max(len(gone), len(come - {""}))


@named(MUTANTS)
def test_planted_twice_a_mutant_has_new_objects_and_with_one_seed_one_size(mutant, clean):
    one, two = mutant.plant(clean, seed=4), mutant.plant(clean, seed=4)
    changed = [field.name for field in fields(clean) if getattr(one, field.name) is not getattr(clean, field.name)]
    assert all(getattr(one, name) is not getattr(two, name) for name in changed)


def test_sizes_of_a_bug_come_from_the_seed(clean):
    by_name = {mutant.name: mutant for mutant in MUTANTS}
    shares = {by_name["dropout_is_the_share_kept"].plant(clean, seed=seed).build()[-2].p for seed in range(5)}
    assert len(shares) == 5
    assert all(0.75 <= share <= 0.9 for share in shares)
    counts = {by_name["twenty_outputs"].plant(clean, seed=seed).build()[-1].out_features for seed in range(8)}
    assert len(counts) > 1
    assert counts <= set(range(15, 21))


def test_the_planted_pipeline_leaves_the_clean_one_as_it_was(clean):
    before = {field.name: getattr(clean, field.name) for field in fields(clean)}
    for mutant in MUTANTS:
        mutant.plant(clean)
    assert all(getattr(clean, name) is part for name, part in before.items())


def test_a_file_in_a_folder_is_a_mutant_and_nothing_else_has_to_change(tmp_path, clean):
    (tmp_path / "schedule").mkdir()
    (tmp_path / "schedule" / "no_schedule.py").write_text(EXAMPLE)
    (tmp_path / "schedule" / "_helper.py").write_text("not Python at all (")
    (mutant,) = fc.clinic.all_mutants(tmp_path)
    assert (mutant.name, mutant.stage, mutant.met) == ("no_schedule", "schedule", ("nowhere",))
    assert mutant.source == EXAMPLE[EXAMPLE.index("def plant") :].strip()
    assert mutant.plant(clean, seed=1).schedule(0, 1) != clean.schedule(0, 1)
    found = fc.clinic.score(lambda p: ["no"] if p.schedule(0, 1) < 1 else [], mutants=[mutant], seeds=1, choices=[])
    assert (found.caught, found.bugs) == (1, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (EXAMPLE.replace("MET", "WHERE"), "MET, a tuple of texts"),
        (EXAMPLE.replace('("nowhere",)', "[1]"), "MET, a tuple of texts"),
        (EXAMPLE.replace("def plant", "def sow"), "a function plant"),
        (EXAMPLE[EXAMPLE.index("from") :], "a docstring"),
        ("def (", "expected Python"),
    ],
)
def test_a_file_that_is_no_mutant_is_named_with_what_it_lacks(tmp_path, text, said):
    (tmp_path / "broken.py").write_text(text)
    with pytest.raises(fc.DataMismatch, match=f"broken.py.*{said}"):
        fc.clinic.all_mutants(tmp_path)


def test_an_empty_folder_and_two_mutants_of_one_name_are_refused(tmp_path):
    with pytest.raises(fc.DataNotFound, match="files of mutants"):
        fc.clinic.all_mutants(tmp_path)
    for stage in ("loop", "data"):
        (tmp_path / stage).mkdir()
        (tmp_path / stage / "same.py").write_text(EXAMPLE)
    with pytest.raises(fc.DataMismatch, match="twice: same"):
        fc.clinic.all_mutants(tmp_path)


def test_a_mutant_that_plants_nothing_is_refused(tmp_path, clean):
    (tmp_path / "nothing.py").write_text(EXAMPLE.replace("return replace", "replace"))
    (mutant,) = fc.clinic.all_mutants(tmp_path)
    with pytest.raises(fc.DataMismatch, match=r"expected plant\(\) to return a Pipeline; found None"):
        mutant.plant(clean)


def test_an_edit_that_changes_nothing_is_no_bug(clean):
    assert not fc.clinic.ask(reference.rates_follow_the_schedule, replace(clean, fit=edited(clean.fit))).complaints
