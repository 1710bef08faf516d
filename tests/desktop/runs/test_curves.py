"""Show curves: from a run or its study on the Runs page to the live panels below Build."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView
from pytestqt.qtbot import QtBot

from memstudio.desktop.window import Window
from tests.desktop import filled
from tests.desktop.opened import Opener


@pytest.fixture
def opened_window(qtbot: QtBot, open_window: Opener, tmp_path: Path) -> Window:
    uids = filled.fill(tmp_path / "library")
    window = open_window(tmp_path / "library")
    window.show_page("runs")
    page = window.runs
    qtbot.waitUntil(lambda: page.model.rowCount() == len(uids) and page.details.details is not None, timeout=10_000)
    return window


def choose(qtbot: QtBot, window: Window, in_study: bool) -> str:
    page = window.runs
    rows = [run for row in range(page.model.rowCount()) if (run := page.model.run(row)) is not None]
    uid = next(run.uid for run in rows if (run.study is not None) == in_study and (run.state == "finished" or not in_study))
    page.show_run(uid)
    qtbot.waitUntil(lambda: [run.uid for run in page.chosen()] == [uid], timeout=5000)
    qtbot.waitUntil(lambda: page.details.details is not None and page.details.details.row.uid == uid, timeout=5000)
    return uid


def test_the_button_shows_the_run_live(qtbot: QtBot, opened_window: Window) -> None:
    uid = choose(qtbot, opened_window, in_study=True)
    press = opened_window.runs.details.curves_button
    assert press.accessibleName() == "Show curves of the run"
    press.setFocus()
    qtbot.keyClick(press, Qt.Key.Key_Space)
    assert opened_window.page_name == "build"
    live = opened_window.live.panel
    assert (live.wish.study, live.wish.runs) == (None, (uid,))
    qtbot.waitUntil(lambda: live.seen is not None and live.seen.head.focus.uid == uid, timeout=15_000)


def test_the_other_button_shows_the_whole_study(qtbot: QtBot, opened_window: Window) -> None:
    uid = choose(qtbot, opened_window, in_study=True)
    study = opened_window.runs.details.details
    assert study is not None
    assert study.row.uid == uid
    press = opened_window.runs.details.study_curves_button
    assert press.accessibleName() == "Show curves of the study"
    qtbot.mouseClick(press, Qt.MouseButton.LeftButton)
    live = opened_window.live.panel
    assert live.wish.study == study.row.study
    qtbot.waitUntil(lambda: live.seen is not None and live.seen.head.total > 1, timeout=15_000)


def test_several_runs_are_shown_together_by_the_key(qtbot: QtBot, opened_window: Window) -> None:
    page = opened_window.runs
    page.table.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
    page.table.clearSelection()
    for row in (0, 1):
        page.table.selectRow(row)
    wanted = {run.uid for run in page.chosen()}
    assert len(wanted) == 2
    page.table.setFocus()
    action = opened_window.actions_["runs.curves"]
    assert action.isEnabled()
    action.trigger()
    assert opened_window.page_name == "build"
    assert set(opened_window.live.panel.wish.runs) == wanted


def test_a_run_alone_has_no_study_to_show(qtbot: QtBot, opened_window: Window) -> None:
    choose(qtbot, opened_window, in_study=False)
    assert opened_window.runs.details.curves_button.isVisible()
    assert not opened_window.runs.details.study_curves_button.isVisible()
    assert not opened_window.actions_["runs.study_curves"].isEnabled()
