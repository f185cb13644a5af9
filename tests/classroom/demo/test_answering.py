"""What the demo says of seven probabilities: an answer with what it is worth, or that it does not know."""

import numpy as np
import pytest
from toy_demo import Brightness

from fercourse.classroom.demo.answering import chances_of, in_words
from fercourse.classroom.demo.network import drawn_network, kept_at, trained
from fercourse.report.calibration.sureness import Sureness


def chances(best, confidence):
    """Seven probabilities with `confidence` at place `best`, the rest even."""
    found = np.full(7, (1 - confidence) / 6, np.float32)
    found[best] = confidence
    return found


def test_a_sure_answer_comes_with_how_many_such_answers_were_right(drawn_sureness):
    answer, said = in_words(drawn_sureness, chances(3, 0.97))
    assert answer == "Happy"
    assert said[:2] == [
        "Happy, says the network, and is 97 % sure.",
        "Of 100 drawn faces held out and answered as surely, 93 % had that label.",
    ]
    assert said[2].startswith("This says nothing about photographs")


def test_below_the_threshold_it_does_not_know(drawn_sureness):
    assert drawn_sureness.threshold == 0.5
    for confidence, knows in ((0.5, False), (0.51, True)):
        answer, said = in_words(drawn_sureness, chances(4, confidence))
        assert (answer == "Sad", said[0].startswith("I do not know. The likeliest of the seven is Sad")) == (
            knows,
            not knows,
        )
    assert in_words(drawn_sureness, chances(4, 0.45))[1][1].startswith(
        "Of 50 drawn faces held out and answered as surely, 40 %"
    )


def test_of_few_faces_no_share_is_given(drawn_sureness):
    _, said = in_words(drawn_sureness, chances(0, 0.85))
    assert said[1] == (
        "Only 5 of the drawn faces held out were answered so surely: too few to say how often that is right."
    )


def test_photographs_are_called_faces():
    measured = Sureness(1.0, (100,) * 10, (80,) * 10, "FER2013", drawn=False)
    assert in_words(measured, chances(3, 0.9))[1][1:] == [
        "Of 100 faces held out and answered as surely, 80 % had that label."
    ]


def test_where_nobody_measured_it_is_said():
    answer, said = in_words(None, chances(2, 0.6))
    assert answer == "Fear"
    assert said[1] == "How often such answers are right was never measured for this network."
    assert in_words(None, chances(2, 0.5))[0] is None


def test_the_temperature_makes_answers_less_sure():
    white = np.full((48, 48), 255, np.uint8)
    hot = Sureness(2.0, (100,) * 10, (80,) * 10, "")
    logits = np.array([0, 0, 0, 10, 0, 0, 0.0])
    for network, temperature in ((Brightness(), 1), (Brightness(hot), 2)):
        powers = np.exp(logits / temperature)
        assert chances_of(network, white) == pytest.approx(powers / powers.sum(), abs=1e-6)


def test_the_small_network_is_trained_once_and_kept(monkeypatch, tmp_path, capsys):
    from fercourse.classroom.demo import network

    monkeypatch.setenv("FERCOURSE_CACHE", str(tmp_path))
    calls = []

    def quickly(place):
        calls.append(place)
        return trained(place, faces=256, held_out=250, epochs=1)

    monkeypatch.setattr(network, "trained", quickly)
    first = drawn_network()
    assert "trained on 4,000 drawn faces now" in capsys.readouterr().out
    assert sum(first.sureness.faces) == 100
    assert first.sureness.drawn
    again = drawn_network()
    assert capsys.readouterr().out == ""
    white = np.ones((1, 1, 48, 48), np.float32)
    assert np.array_equal(first(white), again(white))
    assert calls == [kept_at()]
    kept_at().write_bytes(kept_at().read_bytes()[:1000])
    assert sum(drawn_network().sureness.faces) == 100
    assert len(calls) == 2
    assert [each.name for each in tmp_path.iterdir()] == [kept_at().name]
