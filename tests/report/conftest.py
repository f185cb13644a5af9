"""What the tests of claims and figures share: a fresh run, without records of FER2013."""

import pytest

from fercourse.report import recorded, run


@pytest.fixture
def fresh_run(monkeypatch, tmp_path):
    """No run has begun; records of lessons are looked for in the folder that comes back, which is empty."""
    monkeypatch.setattr(run, "_run", run.Run())
    monkeypatch.setattr(recorded, "LESSONS", tmp_path)
    recorded.of_lesson.cache_clear()
    yield tmp_path
    recorded.of_lesson.cache_clear()
