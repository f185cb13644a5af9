"""The faces that a network is asked about, their labels, and what the baseline answers: kept beside the other caches.

So that a class is graded quickly: faces are drawn, and the baseline is asked, once. Where a student's code runs in a
grader, nothing of this is to be seen; on a student's own computer lie practice faces alone.
"""

import inspect
import os
import zipfile
import zlib
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fercourse.classroom.checks.shared.compare import as_array, ask
from fercourse.classroom.improve.baselines import baseline_of, kept_arrays, path_of
from fercourse.classroom.probes import trained_answers
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import EMOTIONS
from fercourse.errors import NotWritten
from fercourse.files import sources_digest, written_aside

SILENT = len(EMOTIONS)
"""The answer to a face of which a network is not sure enough, where not all faces have to be answered."""


class Exam(NamedTuple):
    """images: uint8 (N, 48, 48); labels, and the baseline's answers, codes or SILENT: uint8 (N,)."""

    images: np.ndarray
    labels: np.ndarray
    theirs: np.ndarray


def exam_of(id: str, *, seed: int, faces: int) -> Exam:
    """So many faces drawn from `seed`, and what the baseline of exercise `id` answers; out of the cache, if there."""
    arrays = kept_arrays(id)
    name = f"{sources_digest()} {path_of(id).read_bytes().hex()} {id} {baseline_of(id).coverage} {seed} {faces}"
    folder = Path(os.path.expanduser(os.environ.get("FERCOURSE_CACHE") or "~/.cache/fercourse"))
    place = folder / f"exam-{blake2b(name.encode(), digest_size=16).hexdigest()}.npz"
    if (exam := _read(place, faces)) is not None:
        return exam
    drawn = drawn_faces(0, 0, faces, seed=seed).test
    theirs = answers_of(id, baseline_of(id).network, arrays, drawn.images)
    exam = Exam(drawn.images, drawn.labels.astype(np.uint8), theirs.astype(np.uint8))
    with suppress(NotWritten), written_aside(place) as aside, open(aside, "wb") as file:
        np.savez_compressed(file, **exam._asdict())
    return exam


def answers_of(id: str, network: object, arrays: dict, images: np.ndarray) -> np.ndarray | None:
    """The codes, int64 (N,), that a network with these weights answers to images; None where it answers anything else.

    Where the exercise asks for a part of the faces only, all others are SILENT, and codes without scores are no answer.
    network: a function of this process, or the grader's proxy of a student's
    """
    takes_images = len(inspect.signature(baseline_of(id).network).parameters) == 2
    answers = as_array(ask(trained_answers, network, arrays, images, takes_images))
    if not isinstance(answers, np.ndarray) or answers.dtype.kind not in "iuf" or len(answers) != len(images):
        return None
    answers, coverage = answers.reshape(len(images), -1), baseline_of(id).coverage
    if answers.shape[1] == len(EMOTIONS):
        return _surest(answers, coverage) if np.isfinite(answers).all() else None
    if coverage < 1:
        return None
    is_code = np.isin(answers, range(len(EMOTIONS)))
    return answers[:, 0].astype(np.int64) if answers.shape[1] == 1 and is_code.all() else None


def _surest(scores, coverage):
    """The codes of the faces with the most probable answers, so many of all; SILENT for the others.

    scores: logits, whose softmax gives the probabilities, or rows of probabilities
    """
    scores = scores.astype(np.float64)
    top = scores.max(axis=1, keepdims=True)
    are_probabilities = scores.min() >= 0 and np.allclose(scores.sum(axis=1), 1, atol=1e-3)
    sureness = top[:, 0] if are_probabilities else 1 / np.exp(scores - top).sum(axis=1)
    codes = scores.argmax(axis=1)
    codes[np.argsort(-sureness, kind="stable")[round(coverage * len(scores)) :]] = SILENT
    return codes


def _read(place, faces):
    try:
        with open(place, "rb") as file, np.load(file, allow_pickle=False) as kept:
            exam = Exam(**{name: kept[name] for name in Exam._fields})
    except (OSError, ValueError, LookupError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None  # none yet, or no longer what was written
    return exam if [len(array) for array in exam] == [faces] * 3 else None
