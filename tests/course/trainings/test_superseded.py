"""Of two trainings that differ in their epochs alone, the longer one counts; all others stay side by side."""

from fercourse.course.trainings.superseded import superseded

RECORD = {"lesson": "05", "name": "ResNet18, SGD 0.1", "fingerprint": "ab", "seed": 0}


def record(epochs, lr=0.1, **changes):
    recipe = {"lr": lr, "epochs": epochs, "seed": changes.get("seed", 0)}
    return RECORD | {"recipe": recipe} | changes


def test_the_shorter_training_is_named_with_the_longer_one():
    assert superseded({"a": record(2), "b": record(12)}) == {"a": "2 epochs, and b has 12"}
    assert superseded({"b": record(12), "a": record(2)}) == {"a": "2 epochs, and b has 12"}


def test_a_shorter_training_of_another_seed_is_superseded_too_and_seeds_of_one_length_are_not():
    assert list(superseded({"a": record(2, seed=1), "b": record(12), "c": record(12, seed=2)})) == ["a"]


def test_another_name_lesson_data_set_or_setting_supersedes_nothing():
    others = [record(12, lr=0.01), record(12, name="CNN"), record(12, lesson="03"), record(12, fingerprint="cd")]
    assert superseded(dict(zip("abcde", [record(2), *others], strict=True))) == {}
