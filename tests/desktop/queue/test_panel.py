"""The queue in the real window: seen, moved, paused, stopped, retried; it is the library's."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.queue.panel import QueuePanel
from memstudio.desktop.queue.rows import BELOW, FAILED, KEY, KIND, NOW, RUNS, WAITING
from memstudio.desktop.window import Window
from tests.desktop import filled
from tests.desktop.opened import Opener, open_window, window  # noqa: F401 - fixtures

LONG = 10_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def runs(folder: Path) -> list[str]:
    return filled.fill(folder)


@pytest.fixture
def panel(qtbot: QtBot, open_window: Opener, folder: Path, runs: list[str]) -> QueuePanel:  # noqa: F811
    opened = open_window(folder)
    opened.toggle_queue()
    qtbot.waitUntil(lambda: bool(opened.queue_panel.tree.seen.now), timeout=LONG)
    return opened.queue_panel


def row(panel: QueuePanel, kind: str, uid: str, alone: bool = True) -> QTreeWidgetItem:
    for one in panel.tree.every():
        if one.data(0, KIND) == kind and uid in (one.data(0, RUNS) or ()) and (not alone or len(one.data(0, RUNS)) == 1):
            return one
    raise AssertionError(f"no row of {uid}")


def unfold(qtbot: QtBot, panel: QueuePanel, uid: str) -> None:
    row(panel, WAITING, uid, alone=False).setExpanded(True)
    qtbot.waitUntil(lambda: any(one.data(0, RUNS) == (uid,) for one in panel.tree.every()), timeout=LONG)


def order(folder: Path) -> list[str]:
    with library.open(folder) as opened:
        return [one.uid for one in opened.queue()]


def state(folder: Path, uid: str) -> str:
    with library.open(folder) as opened:
        return opened.run(uid).state


def test_it_opens_from_the_rail_and_closes_again(qtbot: QtBot, open_window: Opener, folder: Path, runs: list[str]) -> None:  # noqa: F811
    opened = open_window(folder)
    qtbot.waitUntil(opened.rail.running.isVisible, timeout=LONG)
    qtbot.mouseClick(opened.rail.running, Qt.MouseButton.LeftButton)
    assert opened.queue_panel.isVisible()
    qtbot.mouseClick(opened.rail.running, Qt.MouseButton.LeftButton)
    assert not opened.queue_panel.isVisible()
    opened.actions_["run.queue"].trigger()
    qtbot.mouseClick(opened.rail.item("home"), Qt.MouseButton.LeftButton)
    assert not opened.queue_panel.isVisible(), "a click elsewhere closes it"
    opened.actions_["run.queue"].trigger()
    qtbot.keyClick(opened.queue_panel.tree, Qt.Key.Key_Escape)
    assert not opened.queue_panel.isVisible()
    opened.actions_["run.queue"].trigger()
    assert opened.queue_panel.isVisible()
    assert opened.queue_panel.tree.hasFocus()


def test_an_empty_queue_says_what_stands_here(window: Window, qtbot: QtBot) -> None:  # noqa: F811
    window.toggle_queue()
    qtbot.waitUntil(window.queue_panel.empty.isVisible, timeout=LONG)
    assert window.queue_panel.close_button.hasFocus()
    assert not window.queue_panel.tree.isVisible()
    assert not any(button.isVisible() for button in window.queue_panel.deeds.values())


def test_every_control_has_a_name(panel: QueuePanel) -> None:
    for button in panel.findChildren(QAbstractButton):
        assert button.accessibleName() or button.text()
    assert panel.tree.accessibleName() == "Queue"
    for one in panel.tree.every():
        assert one.data(0, Qt.ItemDataRole.AccessibleTextRole) or one.text(0)


def test_it_shows_progress_and_keeps_what_is_selected(qtbot: QtBot, panel: QueuePanel, folder: Path, runs: list[str]) -> None:
    panel.tree.setCurrentItem(row(panel, NOW, runs[6]))
    assert panel.deeds["pause"].isVisible()
    assert panel.deeds["stop"].isVisible()
    assert not panel.deeds["retry"].isVisible()
    with library.open(folder) as opened:
        filled.submit(opened, filled.single("Alone"))
    qtbot.waitUntil(lambda: len(panel.tree.seen.waiting) == 2, timeout=LONG)
    assert panel.tree.chosen() == [runs[6]]
    assert "left" in str(row(panel, NOW, runs[6]).data(0, BELOW))


def test_runs_are_moved_by_key_within_their_study(qtbot: QtBot, panel: QueuePanel, folder: Path, runs: list[str]) -> None:
    unfold(qtbot, panel, runs[8])
    panel.tree.setCurrentItem(row(panel, WAITING, runs[8]))
    qtbot.keyClick(panel.tree, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: order(folder)[:2] == [runs[8], runs[7]], timeout=LONG)
    qtbot.waitUntil(lambda: panel.tree.order()[:2] == [runs[8], runs[7]], timeout=LONG)
    assert panel.tree.chosen() == [runs[8]]
    qtbot.keyClick(panel.tree, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    panel.deeds["down"].click()
    qtbot.waitUntil(lambda: order(folder)[:2] == [runs[7], runs[8]], timeout=LONG)
    panel.tree.setCurrentItem(row(panel, WAITING, runs[14]))
    panel.deeds["front"].click()
    qtbot.waitUntil(lambda: order(folder)[0] == runs[14], timeout=LONG)


def test_the_last_run_of_a_study_goes_down_no_further(qtbot: QtBot, panel: QueuePanel, folder: Path, runs: list[str]) -> None:
    with library.open(folder) as opened:
        alone = filled.submit(opened, filled.single("Alone")).runs[0]
    qtbot.waitUntil(lambda: len(panel.tree.seen.waiting) == 2, timeout=LONG)
    unfold(qtbot, panel, runs[13])
    panel.tree.setCurrentItem(row(panel, WAITING, runs[13]))
    panel.tree.shift(1)
    qtbot.waitUntil(lambda: order(folder)[-3:] == [runs[14], runs[13], alone], timeout=LONG)


def test_whole_studies_are_moved(qtbot: QtBot, panel: QueuePanel, folder: Path, runs: list[str]) -> None:
    with library.open(folder) as opened:
        second = filled.submit(opened, filled.study(), "Another study").runs
    qtbot.waitUntil(lambda: len(panel.tree.seen.waiting) == 2, timeout=LONG)
    panel.tree.setCurrentItem(row(panel, WAITING, second[0], alone=False))
    qtbot.keyClick(panel.tree, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: order(folder)[:15] == list(second), timeout=LONG)
    qtbot.waitUntil(lambda: panel.tree.seen.waiting[0].title == "Another study", timeout=LONG)


def test_runs_are_dragged(qtbot: QtBot, panel: QueuePanel, folder: Path, runs: list[str]) -> None:
    unfold(qtbot, panel, runs[9])
    tree = panel.tree
    tree.setCurrentItem(row(panel, WAITING, runs[9]))
    place = tree.visualItemRect(row(panel, WAITING, runs[7])).center()
    moved: list[object] = []
    tree.moved.connect(lambda uids, before: moved.append((uids, before)))
    drop(tree, place)
    assert moved == [([runs[9]], runs[7])]
    qtbot.waitUntil(lambda: order(folder)[0] == runs[9], timeout=LONG)


def drop(tree: object, place: QPoint) -> None:
    """Drops what is selected on a row."""
    event = QDropEvent(QPointF(place), Qt.DropAction.MoveAction, QMimeData(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    tree.dropEvent(event)  # type: ignore[attr-defined]


def test_the_queue_is_held_and_goes_on(qtbot: QtBot, panel: QueuePanel, folder: Path) -> None:
    panel.pause.click()
    qtbot.waitUntil(lambda: panel.tree.seen.paused, timeout=LONG)
    assert panel.pause.text() == "Go on"
    assert panel.says.whole.startswith("Queue paused; ")
    with library.open(folder) as opened:
        assert opened.queue_paused()
    panel.pause.click()
    qtbot.waitUntil(lambda: not panel.tree.seen.paused, timeout=LONG)
    assert panel.pause.text() == "Pause queue"


def test_what_waits_is_taken_out_and_kept(qtbot: QtBot, panel: QueuePanel, folder: Path, runs: list[str]) -> None:
    unfold(qtbot, panel, runs[8])
    panel.tree.setCurrentItem(row(panel, WAITING, runs[8]))
    qtbot.keyClick(panel.tree, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: state(folder, runs[8]) == "stopped", timeout=LONG)
    qtbot.waitUntil(lambda: runs[8] not in panel.tree.order(), timeout=LONG)


def test_what_failed_is_put_back_or_away(qtbot: QtBot, panel: QueuePanel, folder: Path, runs: list[str]) -> None:
    failed = runs[15]
    panel.tree.setCurrentItem(row(panel, FAILED, failed))
    panel.deeds["retry"].click()
    qtbot.waitUntil(lambda: state(folder, failed) == "queued", timeout=LONG)
    qtbot.waitUntil(lambda: not panel.tree.seen.failed, timeout=LONG)
    with library.open(folder) as opened:
        filled.work(opened, runs[9], done=300, end="failed", failure=filled.REASON)
    qtbot.waitUntil(lambda: bool(panel.tree.seen.failed), timeout=LONG)
    panel.tree.setCurrentItem(row(panel, FAILED, runs[9], alone=False))
    panel.deeds["remove"].click()
    qtbot.waitUntil(lambda: not panel.tree.seen.failed, timeout=LONG)
    with library.open(folder) as opened:
        assert opened.run(runs[9]).trashed is not None


def test_paused_runs_go_on_and_running_ones_are_told_to_stop(qtbot: QtBot, panel: QueuePanel, folder: Path, runs: list[str]) -> None:
    paused = runs[16]
    panel.tree.setCurrentItem(row(panel, NOW, paused))
    assert not panel.deeds["pause"].isVisible()
    qtbot.keyClick(panel.tree, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: state(folder, paused) == "queued", timeout=LONG)


def test_enter_shows_the_run(qtbot: QtBot, panel: QueuePanel, runs: list[str]) -> None:
    panel.tree.setCurrentItem(row(panel, NOW, runs[6]))
    with qtbot.waitSignal(panel.run_asked, timeout=LONG) as asked:
        panel.tree.itemActivated.emit(row(panel, NOW, runs[6]), 0)
    assert asked.args == [runs[6]]
    assert not panel.isVisible()


def test_folding_is_kept_when_the_queue_changes(qtbot: QtBot, panel: QueuePanel, folder: Path, runs: list[str]) -> None:
    unfold(qtbot, panel, runs[8])
    key = row(panel, WAITING, runs[8], alone=False).data(0, KEY)
    with library.open(folder) as opened:
        filled.submit(opened, filled.single("Alone"))
    qtbot.waitUntil(lambda: len(panel.tree.seen.waiting) == 2, timeout=LONG)
    assert key in panel.tree.unfolded()


def test_the_queue_outlives_the_window(qtbot: QtBot, open_window: Opener, folder: Path, runs: list[str]) -> None:  # noqa: F811
    first = open_window(folder)
    first.toggle_queue()
    qtbot.waitUntil(lambda: bool(first.queue_panel.tree.seen.waiting), timeout=LONG)
    first.queue_panel._move([runs[14]], runs[7])
    qtbot.waitUntil(lambda: order(folder)[0] == runs[14], timeout=LONG)
    first.close()
    second = open_window(folder)
    second.toggle_queue()
    qtbot.waitUntil(lambda: second.queue_panel.tree.order()[:1] == [runs[14]], timeout=LONG)
