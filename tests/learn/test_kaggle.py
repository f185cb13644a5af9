"""From train.csv and test.csv, whose faces have no labels, to a file with an answer for each of them."""

import numpy as np
import pandas as pd
import torch

import fercourse as fc


def test_unlabelled_faces_of_the_challenge_become_a_submission(faces, tmp_path, capsys):
    fc.convert(faces, tmp_path / "challenge", layout="train-test")
    data = fc.load(tmp_path / "challenge", cache=False)
    assert "The test faces have no labels" in capsys.readouterr().out
    torch.manual_seed(0)
    model = fc.mlp(0.5, 0.25, hidden=(32,), dropout=0.0)
    fc.fit(model, data, epochs=2, batch_size=50, device="cpu", progress=False)
    fc.predict(model, data.test).to_csv(tmp_path / "submission.csv")

    submission = pd.read_csv(tmp_path / "submission.csv")
    pixels = pd.read_csv(tmp_path / "challenge" / "test.csv")["pixels"]
    rows = np.stack([np.array(text.split(), np.uint8) for text in pixels]).reshape(-1, 1, 48, 48)
    with torch.inference_mode():
        expected = model.eval()(torch.tensor(rows).float() / 255).argmax(1)
    assert submission.columns.tolist() == ["emotion"]
    assert submission["emotion"].tolist() == expected.tolist()
    assert submission["emotion"].nunique() > 1
