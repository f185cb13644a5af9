"""Setup, guesses, the face browser, source on the page."""

import ast
import json
import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from shown_picture import shown_picture

import fercourse as fc
from fercourse.classroom import browser, guesses, session
from fercourse.report import run
from fercourse.report.origin import versions
from fercourse.settings import SCALES

LESSONS = sorted((Path(__file__).parents[2] / "lessons").rglob("0*.py"))


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path):
    """No leftovers: neither a committed or kept guess nor a run's context, and somebody is watching."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FERCOURSE_SCALE", raising=False)
    monkeypatch.delenv("FERCOURSE_HEADLESS", raising=False)
    guesses._committed.clear()
    guesses._asked.clear()
    yield
    run.begin()


@pytest.fixture
def shown(monkeypatch):
    """What `show` was given: a list of (record, text)."""
    seen = []
    monkeypatch.setattr(guesses, "show", lambda record, *, text, html: seen.append((record, text)))
    monkeypatch.setattr(session, "show", lambda record, *, text, html: seen.append((record, text)))
    return seen


def test_setup_says_the_scale_the_seed_and_the_versions(capsys):
    env = fc.setup("02", scale="lesson", seed=3, device="cpu")
    line = capsys.readouterr().out
    assert "Lesson 02 · lesson scale · seed 3 · cpu" in line
    assert f"numpy {np.__version__}" in line
    assert env.device.type == "cpu"


def test_smoke_scale_is_announced_as_worthless(capsys):
    fc.setup("02", scale="smoke", device="cpu")
    assert "mean nothing" in capsys.readouterr().out


def test_an_unknown_scale_is_refused_with_the_known_ones():
    with pytest.raises(fc.ParameterError, match="expected SCALE: smoke, lesson or full; found 'big'"):
        fc.setup("02", scale="big")


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ({"seed": "3"}, "SEED"),
        ({"seed": 3.0}, "SEED"),
        ({"seed": None}, "SEED"),
        ({"seed": True}, "SEED"),
        ({"seed": -1}, "SEED"),
        ({"seed": [3]}, "SEED"),
        ({"scale": 1}, "SCALE"),
        ({"scale": None}, "SCALE"),
        ({"scale": ["smoke"]}, "SCALE"),
        ({"device": 0}, "DEVICE"),
        ({"device": None}, "DEVICE"),
        ({"device": "gpu"}, "DEVICE"),
        ({"lesson": 2}, "lesson"),
        ({"lesson": "2"}, "lesson"),
        ({"lesson": None}, "lesson"),
        ({"lesson": "02_mlp"}, "lesson"),
    ],
    ids=str,
)
def test_a_parameter_of_another_type_is_refused_at_setup_by_its_name(setting, named, capsys):
    (value,) = setting.values()
    with pytest.raises(fc.ParameterError, match=rf"{named}.*{re.escape(repr(value))}"):
        fc.setup(**{"lesson": "02", "device": "cpu"} | setting)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("seed", [np.int64(3), np.uint8(3), np.array(3), torch.tensor(3)], ids=repr)
def test_a_seed_may_be_any_whole_number(seed, capsys):
    env = fc.setup("02", scale="smoke", seed=seed, device=torch.device("cpu"))
    assert (env.seed, type(env.seed), run.current_run().seed) == (3, int, 3)
    assert "seed 3" in capsys.readouterr().out


def test_a_scale_from_the_environment_that_does_not_exist_names_the_variable_and_an_empty_one_counts_as_none(
    monkeypatch, capsys
):
    monkeypatch.setenv("FERCOURSE_SCALE", "big")
    with pytest.raises(fc.ParameterError, match="expected FERCOURSE_SCALE: smoke, lesson or full; found 'big'"):
        fc.setup("02", scale="smoke", device="cpu")
    monkeypatch.setenv("FERCOURSE_SCALE", "")
    assert fc.setup("02", scale="smoke", device="cpu").scale == "smoke"
    assert capsys.readouterr().out


def test_setup_a_stamp_and_a_kept_training_name_the_same_versions(shown, capsys):
    env = fc.setup("02", scale="smoke", device="cpu")
    env.stamp()
    assert shown[-1][0]["versions"] == versions()
    assert all(f"{name} {number}" in shown[-1][1] for name, number in versions().items())
    assert versions()["fercourse"] == fc.__version__
    assert capsys.readouterr().out


def test_the_environment_overrides_the_scale_for_runners_without_parameters(monkeypatch, capsys):
    monkeypatch.setenv("FERCOURSE_SCALE", "smoke")
    assert fc.setup("02", scale="full", device="cpu").scale == "smoke"
    assert capsys.readouterr().out


def test_pick_gives_the_value_of_the_scale_and_falls_back_to_the_lessons(capsys):
    values = {scale: fc.setup("02", scale=scale, device="cpu") for scale in SCALES}
    assert [env.pick(smoke=1, lesson=2, full=3) for env in values.values()] == [1, 2, 3]
    assert values["full"].pick(smoke=1, lesson=2) == 2
    assert capsys.readouterr().out


def test_a_claim_after_load_names_the_data_it_was_checked_on(capsys):
    data = fc.setup("02", scale="smoke", device="cpu").load("drawn")
    assert run.current_run().fingerprint == data.fingerprint
    assert run.current_run().drawn
    assert capsys.readouterr().out


def test_smoke_scale_cuts_a_large_file_to_what_is_drawn_at_that_scale_unless_it_is_wanted_whole(tmp_path, capsys):
    path = fc.convert(fc.drawn_faces(3_000, 400, 360), tmp_path / "faces.npz", layout="npz")
    sizes = {}
    for scale in ("smoke", "lesson"):
        env = fc.setup("02", scale=scale, device="cpu")
        sizes[scale] = [[len(split) for split in env.load(path, whole=whole)] for whole in (False, True)]
    assert sizes["smoke"] == [[2_800, 350, 350], [3_000, 400, 360]]
    assert sizes["lesson"] == [[3_000, 400, 360]] * 2


def test_the_stamp_says_where_every_figure_came_from(shown, capsys):
    env = fc.setup("02", scale="smoke", device="cpu")
    data = env.load("drawn")
    began, idle = time.process_time(), 0.5
    while time.process_time() < began + 0.2:
        pass
    time.sleep(idle)
    env.stamp()
    record, text = shown[-1]
    assert record["processor_seconds"] >= 0.2
    assert record["seconds"] >= idle
    assert f"in {record['seconds']:.0f} s ({record['processor_seconds']:.0f} s of the processor), " in text
    assert json.loads(json.dumps(record)) == record
    assert (record["fingerprint"], record["drawn"], record["scale"]) == (data.fingerprint, True, "smoke")
    assert 100 < record["peak_memory_mb"] < 100_000
    assert data.fingerprint in text
    assert re.search(r"cpu, (1 thread|\d+ threads),", text)
    assert capsys.readouterr().out


def test_a_stamp_without_data_says_so_and_one_of_other_splits_says_that(shown, faces, monkeypatch, capsys):
    env = fc.setup("02", scale="lesson", seed=4, device="cpu")
    env.stamp()
    metadata, text = shown[-1]
    assert text.startswith("Run on no data (fingerprint ) at lesson scale, seed 4, on cpu, ")
    assert (metadata["lesson"], metadata["seed"], metadata["drawn"], metadata["official"]) == ("02", 4, False, False)
    unofficial = replace(faces, train=replace(faces.train, drawn=False), source="<b>own.csv", official=False)
    monkeypatch.setattr("fercourse.data.load.load", lambda *_, **__: unofficial)
    env.load()
    env.stamp()
    assert (shown[-1][0]["source"], shown[-1][0]["official"]) == ("<b>own.csv", False)
    assert capsys.readouterr().out


def test_a_session_cannot_be_changed_by_hand(capsys):
    env = fc.setup("02", scale="smoke", device="cpu")
    with pytest.raises(AttributeError):
        env.scale = "full"
    assert capsys.readouterr().out


def commit(form, option, confidence):
    """Fill in the widget and press its button, as a student does."""
    _, choice, sureness, button, _ = form.children
    choice.value, sureness.value = option, confidence
    button.click()


def test_a_right_guess_is_scored_by_its_confidence(shown):
    commit(guesses.form("02.9", "How many?", options=[1, 3, 7]), "3", 80)
    fc.reveal("02.9", 3)
    record, text = shown[-1]
    assert (record["answer"], record["confidence"], record["right"]) == ("3", 80, True)
    assert record["brier"] == pytest.approx((0.8 - 1) ** 2)
    assert text.startswith("The answer: 3. Right")


def test_a_wrong_guess_made_with_certainty_costs_one_brier_point(shown):
    commit(guesses.form("02.9", "How many?", options=[1, 3, 7]), "7", 100)
    fc.reveal("02.9", 3)
    assert shown[-1][0]["brier"] == 1
    assert not shown[-1][0]["right"]


def test_a_button_pressed_without_an_option_commits_nothing(shown):
    form = guesses.form("02.9", "How many?", options=[1, 3, 7])
    form.children[3].click()
    assert "Pick one" in form.children[4].value
    fc.reveal("02.9", 3)
    assert shown[-1][1] == "The answer: 3."
    assert "brier" not in shown[-1][0]


def test_where_nobody_watches_a_guess_shows_its_question_and_keeps_nothing(shown, monkeypatch):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")
    fc.guess("02.9", "How many?", options=[1, 3, 7])
    assert shown[-1][1] == "How many?\n1 · 3 · 7"
    assert "02.9" not in guesses._committed


def test_a_question_with_one_option_is_no_question():
    with pytest.raises(fc.ParameterError, match="at least two"):
        fc.guess("02.9", "How many?", options=[1])


@pytest.mark.parametrize(
    "options",
    [
        [1, 3, 1],
        [1, 1.0],
        ["3", 3],
        ["a", "b", " a"],
        [np.int64(2), 2],
        "yes",
        b"no",
        3,
        None,
        {"a"},
        np.array(1),
        torch.tensor(1),
    ],
    ids=str,
)
def test_options_that_are_no_list_or_say_one_thing_twice_are_refused(options):
    for ask in (fc.guess, guesses.form):
        with pytest.raises(fc.ParameterError, match=r"guess 02\.9: "):
            ask("02.9", "How many?", options=options)


def test_the_id_of_a_guess_is_a_text():
    for id in (2.9, None, ["02.9"], np.array("02.9"), b"02.9"):
        for ask in (lambda id: fc.guess(id, "How many?", options=[1, 2]), lambda id: fc.reveal(id, 1)):
            with pytest.raises(fc.ParameterError, match="as a text"):
                ask(id)


@pytest.mark.parametrize("question", [None, 3, ["How many?"]], ids=str)
def test_a_question_is_a_text(question):
    with pytest.raises(fc.ParameterError, match=r"guess 02\.9: expected the question as a text"):
        fc.guess("02.9", question, options=[1, 2])


@pytest.mark.parametrize("whole", ["False", 1, None], ids=repr)
def test_whether_a_set_is_loaded_whole_is_true_or_false(whole, capsys):
    with pytest.raises(fc.ParameterError, match="expected whole=True or False"):
        fc.setup("02", scale="smoke").load("drawn", whole=whole)


@pytest.mark.parametrize(
    ("options", "chosen", "truth"),
    [
        ([10, 20], "10", 10.0),
        ([10.0, 20], "10.0", 10),
        ([0.1, 0.2], "0.1", np.float32(0.1)),
        ([0.3, 0.4], "0.3", 0.1 + 0.2),
        ([0.97, 1.95, 3.89], "3.89", np.float64(3.89)),
        ([1, 3], "3", torch.tensor(3)),
        ([1, 3], "3", np.array(3)),
        (["1", "3"], "3", 3.0),
        (["about 5 times", "more"], "more", "more"),
        ([True, False], "True", np.True_),
    ],
)
def test_numbers_are_compared_as_numbers_and_texts_as_texts(shown, options, chosen, truth):
    for answer in map(str, options):
        commit(guesses.form("02.9", "How many?", options=options), answer, 80)
        fc.reveal("02.9", truth)
        assert shown[-1][0]["right"] is (answer == chosen)
        assert shown[-1][0]["brier"] == (0.04 if answer == chosen else 0.64)


@pytest.mark.parametrize(
    ("options", "truth", "nearest"),
    [
        ([14, 25, 40], 24.93, 25),
        ([14, 25, 40], 33.0, 40),
        ([1, 3, 7], 4, 3),
        ([0, 0.14, 1.95, 7], np.float32(1.9459), 1.95),
        ([48, 24, 12, 6], torch.tensor(11), 12),
    ],
)
def test_where_all_options_are_numbers_the_nearest_one_to_a_measured_number_is_the_answer(
    shown, options, truth, nearest
):
    for option in options:
        commit(guesses.form("02.9", "How many?", options=options, unit="%"), f"{option} %", 80)
        fc.reveal("02.9", truth)
        record, text = shown[-1]
        assert record["right"] is (option == nearest)
        assert (record["truth"], record["answer"]) == (str(nearest), str(option))
        assert f"nearest to {nearest} %" in text


@pytest.mark.parametrize(
    ("unit", "one"),
    [
        ("points", "1 point"),
        ("points lost", "1 point lost"),
        ("minutes", "1 minute"),
        ("%", "1 %"),
        ("ms", "1 ms"),
        ("loss", "1 loss"),
        ("", "1"),
    ],
)
def test_one_of_something_is_said_in_the_singular(shown, monkeypatch, unit, one):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")
    fc.guess("02.9", "How many?", options=[1, 3], unit=unit)
    assert shown[-1][1] == f"How many?\n{one} · {f'3 {unit}'.rstrip()}"
    fc.reveal("02.9", 1)
    assert shown[-1][1] == f"The answer: {one}."


def test_the_unit_of_the_options_is_shown_with_each_and_is_a_text(shown, monkeypatch):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")
    fc.guess("02.9", "How often?", options=[14, 25], unit="%")
    assert shown[-1][1] == "How often?\n14 % · 25 %"
    with pytest.raises(fc.ParameterError, match="expected the unit as a text"):
        fc.guess("02.9", "How often?", options=[14, 25], unit=3)


@pytest.mark.parametrize("truth", ["three", None, float("nan"), "3 or so"])
def test_a_truth_that_is_no_option_is_said_and_nobody_is_scored(shown, truth):
    commit(guesses.form("02.9", "How many?", options=[1, 3, 7]), "3", 80)
    fc.reveal("02.9", truth)
    record, text = shown[-1]
    assert "None of the options says so (1, 3, 7)" in text
    assert not record.keys() & {"right", "brier"}
    assert (record["answer"], record["confidence"]) == ("3", 80)


def test_a_truth_that_is_no_option_is_said_where_nobody_watches_too(shown, monkeypatch):
    monkeypatch.setenv("FERCOURSE_HEADLESS", "1")
    fc.guess("02.9", "Which one?", options=["one", "two"])
    fc.reveal("02.9", 4)
    assert "None of the options says so" in shown[-1][1]


def test_one_can_be_entirely_sure_whatever_the_number_of_options(shown):
    for number in range(2, 10):
        commit(guesses.form("02.9", "How many?", options=range(number)), "1", 100)
        fc.reveal("02.9", 1)
        assert shown[-1][0]["brier"] == 0
        sureness = guesses.form("02.9", "How many?", options=range(number)).children[2]
        assert (sureness.min, sureness.max) == (round(100 / number), 100)


def guesses_of(path):
    """(id, its options, its truths) of the guesses of a lesson or sheet whose options and truths are written out."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    named = [(ast.unparse(call.func), call) for call in calls]
    asked = {
        call.args[0].value: [ast.literal_eval(option) for option in options.elts]
        for name, call in named
        if name == "fc.guess" and isinstance(options := call.keywords[0].value, ast.List)
        if not any(isinstance(node, (ast.Call, ast.Name)) for node in ast.walk(options))
    }
    for name, call in named:
        if name == "fc.reveal" and getattr(call.args[0], "value", None) in asked:  # in a loop the id is computed
            yield call.args[0].value, asked[call.args[0].value], [*written_out(call.args[1])]


def written_out(truth):
    """The truths that a lesson may reveal, as far as they stand there in so many words."""
    if isinstance(truth, ast.IfExp):
        yield from (*written_out(truth.body), *written_out(truth.orelse))
    elif isinstance(truth, ast.Constant):
        yield truth.value


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_a_lesson_reveals_is_among_what_it_asked(path):
    for id, options, told in guesses_of(path):
        assert all(any(guesses._same(option, truth) for option in options) for truth in told), id


def picture_of(widget):
    return widget.children[1].value


def test_the_face_browser_leafs_by_split_emotion_and_page(faces):
    widget = browser.browser(faces, rows=1, columns=5)
    split_menu, emotion_menu, page = widget.children[0].children
    seen = [picture_of(widget)]
    page.value = 2
    seen.append(picture_of(widget))
    emotion_menu.value = "Happy"
    seen.append(picture_of(widget))
    split_menu.value = "test"
    seen.append(picture_of(widget))
    assert len(set(seen)) == 4
    happy = faces.test.counts()["Happy"]
    assert f"{happy:,} faces" in widget.children[2].value
    assert page.value == 1
    assert page.max == -(-happy // 5)


def test_the_face_browser_shows_the_faces_themselves_twice_their_size(faces):
    shown = shown_picture(picture_of(browser.browser(faces, rows=1, columns=3)))
    np.testing.assert_array_equal(shown[:96:2, ::2], np.concatenate(faces.train.images[:3], axis=1))


def test_a_page_with_too_few_faces_stays_white_where_there_are_none(faces):
    sheet = np.asarray(browser.picture_of(faces.train, np.arange(2), 1, 3))
    assert (sheet[:, 2 * 96 :] == 255).all()
    assert not (sheet[:, : 2 * 96] == 255).all()


def test_labels_stand_under_the_faces_where_the_menu_does_not_name_them(faces):
    plain, named = (np.asarray(browser.picture_of(faces.train, np.arange(4), 2, 2, named=named)) for named in (0, 1))
    assert named.shape == (plain.shape[0] + 2 * browser.NAME_HEIGHT, plain.shape[1])
    np.testing.assert_array_equal(named[:96], plain[:96])
    assert named[96 : 96 + browser.NAME_HEIGHT].min() < 128
    unlabelled = fc.Split(faces.train.images, np.full(len(faces.train), -1), "test", "a file")
    np.testing.assert_array_equal(browser.picture_of(unlabelled, np.arange(4), 2, 2, named=True), plain)


@pytest.mark.parametrize("helper", [3, "train_epoch", None, np.add, int])
def test_what_has_no_source_in_a_file_is_refused(helper):
    with pytest.raises(fc.ParameterError, match="expected a function or class"):
        fc.source(helper)


@pytest.mark.parametrize("options", [{"rows": 0}, {"rows": "4"}, {"columns": 2.5}, {"columns": None}], ids=str)
def test_a_page_of_faces_has_whole_rows_and_columns(options, faces):
    with pytest.raises(fc.ParameterError, match="a whole number ≥ 1"):
        fc.browse(faces, **options)
    with pytest.raises(fc.ParameterError, match="found a Split"):
        fc.browse(faces.train)


def test_source_shows_the_code_that_runs(capsys):
    fc.source(fc.train_epoch)
    assert re.search(r"def train_epoch.*optimizer\.step\(\)", capsys.readouterr().out, re.DOTALL)
