from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPersistentModelIndex
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from memstudio.desktop.reader import Reader
from memstudio.desktop.runs import columns
from memstudio.desktop.runs.model import RunsModel, together
from memstudio.desktop.runs.table import RunsTable


@pytest.fixture
def model(qtbot: QtBot, tmp_path: Path) -> Iterator[RunsModel]:
    """A model whose reader never answers: lines are given to it by hand."""
    reader = Reader(tmp_path / "library")
    made = RunsModel(reader, columns.FIXED[:4])
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    yield made
    tester.deleteLater()
    reader.close()


LINES = st.lists(st.integers(0, 90).map("run {:02}".format), unique=True, max_size=70)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINES, min_size=2, max_size=5), st.sets(st.integers(0, 69), max_size=6))
def test_every_line_is_followed_wherever_it_goes(model: RunsModel, listings: list[list[str]], followed: set[int]) -> None:
    model._show_lines(())
    for before, after in pairwise(listings):
        model._show_lines(tuple(before))
        followers = {before[i]: QPersistentModelIndex(model.index(i, 1)) for i in followed if i < len(before)}
        resets: list[int] = []
        model.modelReset.connect(lambda resets=resets: resets.append(1))
        model._show_lines(tuple(after))
        assert [model.line(i) for i in range(model.rowCount())] == after
        assert all(model.row_of(uid) == place for place, uid in enumerate(after))
        for uid, index in followers.items():
            if not resets:
                assert index.isValid() == (uid in after)
                assert not index.isValid() or model.line(index.row()) == uid


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, LINES, st.sets(st.integers(0, 69), max_size=9))
def test_what_is_selected_stays_selected(model: RunsModel, before: list[str], after: list[str], chosen: set[int]) -> None:
    table = RunsTable(model, {})
    model._show_lines(tuple(before))
    uids = {before[i] for i in chosen if i < len(before)}
    table.choose(uids)
    assert set(table.chosen_uids()) == uids
    model._show_lines(tuple(after))
    assert set(table.chosen_uids()) == uids & set(after)
    table.setModel(None)
    table.deleteLater()


def test_much_that_changes_is_told_at_once(model: RunsModel) -> None:
    model._show_lines(tuple(f"{i:04}" for i in range(5000)))
    told: list[str] = []
    model.rowsRemoved.connect(lambda *_: told.append("removed"))
    model.modelReset.connect(lambda: told.append("reset"))
    model._show_lines(tuple(f"{i:04}" for i in range(0, 5000, 2)))
    assert told == ["reset"]
    model._show_lines(tuple(f"{i:04}" for i in range(0, 4990, 2)))
    assert told == ["reset", "removed"]


def test_places_that_follow_each_other() -> None:
    assert together([]) == []
    assert together([1, 2, 3, 5, 7, 8]) == [(1, 3), (5, 5), (7, 8)]
