"""Rows: how long a run took, and when its worker is not answering."""

from __future__ import annotations

import pytest

from memstudio.library import Library
from memstudio.library.rows import SILENT, RunRow
from tests.library.small import Queue


@pytest.fixture
def row(lib: Library, queue: Queue) -> RunRow:
    (uid,) = queue()
    return lib.run(uid)._replace(started=100.0, heartbeat=160.0)


@pytest.mark.parametrize("state", ["starting", "running"])
def test_a_worker_that_is_not_heard_of_for_long_is_not_answering(row: RunRow, state: str) -> None:
    at_work = row._replace(state=state)
    assert at_work.silent(160.0 + SILENT / 2) is None
    assert at_work.silent(160.0 + SILENT + 5) == SILENT + 5
    assert at_work._replace(heartbeat=None).silent(1e9) is None


@pytest.mark.parametrize("state", ["queued", "paused", "finished", "failed", "lost", "stopped"])
def test_who_is_not_at_work_need_not_answer(row: RunRow, state: str) -> None:
    assert row._replace(state=state).silent(1e9) is None


def test_how_long_it_took(row: RunRow) -> None:
    assert row.took == 60.0
    assert row._replace(ended=190.0).took == 90.0
    assert row._replace(started=None).took is None
