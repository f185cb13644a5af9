"""`predict`: faces without labels, networks without weights, and outputs that are no logits."""

import numpy as np
import pytest
import torch
from torch import nn

import fercourse as fc


def small_mlp():
    torch.manual_seed(0)
    return fc.mlp(0.5, 0.25, hidden=(32, 16))


def unlabelled(split):
    return fc.Split(split.images, np.full(len(split), -1), split.name, split.source)


def test_faces_without_labels_are_answered_as_those_with_labels_and_never_evaluated(faces):
    model = small_mlp()
    known, unknown = fc.predict(model, faces.test), fc.predict(model, unlabelled(faces.test), flips=np.bool_(False))
    np.testing.assert_array_equal(unknown.probabilities, known.probabilities)
    np.testing.assert_array_equal(unknown.y_pred, known.y_pred)
    assert (unknown.y_true, len(unknown)) == (None, len(faces.test))
    with pytest.raises(fc.DataMismatch, match="no labels"):
        unknown.accuracy  # noqa: B018
    with pytest.raises(fc.DataMismatch, match="no labels"):
        fc.evaluate(model, fc.batches(unlabelled(faces.test)))


def test_a_network_without_weights_answers_where_its_numbers_are(faces):
    class Brightness(nn.Module):
        def forward(self, images):
            mean = images.mean((1, 2, 3))
            return torch.stack([5 * mean - code for code in range(7)], 1)

    assert (fc.predict(Brightness(), faces.valid).y_pred == 0).all()
    assert len(fc.predict(nn.Sequential(fc.Standardise(0.5, 0.25), Brightness()), faces.valid[:1])) == 1


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (nn.Softmax(1), "probabilities"),
        (nn.Softmax(0), "probabilities"),
        (nn.Linear(7, 10), r"\(8, 7\).*found torch.float32 \(8, 10\)"),
        (fc.Standardise(0, 0), "NaN or infinity"),
    ],
    ids=["softmax", "softmax over faces", "10 logits", "NaN"],
)
def test_answers_that_are_no_logits_are_refused_by_predict(faces, end, words):
    with pytest.raises(fc.ParameterError, match=words):
        fc.predict(nn.Sequential(small_mlp(), end), faces.valid)


def test_logits_that_rule_an_emotion_out_are_logits(faces):
    class Ruling(nn.Module):
        def forward(self, logits):
            return logits + torch.tensor([0, -torch.inf, 0, 0, 0, 0, 0])

    guess = fc.predict(nn.Sequential(small_mlp(), Ruling()), faces.valid)
    assert (guess.probabilities[:, 1] == 0).all()


@pytest.mark.parametrize(
    "wrong", [dict(batch_size="9"), dict(batch_size=9.0), dict(flips="no"), dict(split="valid"), dict(model=3)], ids=str
)
def test_predict_refuses_what_cannot_work(faces, wrong):
    with pytest.raises(fc.ParameterError, match=r"batch_size|flips|a Split|a network"):
        fc.predict(**dict(model=small_mlp(), split=faces.valid) | wrong)
    with pytest.raises(fc.DataMismatch, match="no faces"):
        fc.predict(small_mlp(), faces.valid[:0])
