"""Panels arranged by hand: carried, closed and brought back, resized, by menu and keyboard, and remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from memstudio.desktop.live.arrangement import arrangement_of
from memstudio.desktop.live.panel import KEPT, LivePanel
from memstudio.ground.settings import Settings
from tests.desktop.live.conftest import PanelOf, shown
from tests.desktop.live.written import Study

AT_FIRST = ["learning", "recall", "calibration", "picture"]


@pytest.fixture
def panel(panel_of: PanelOf, study: Study, qtbot: QtBot, tmp_path: Path) -> LivePanel:
    study.whole(study.runs[0])
    made = panel_of(1200, 560, settings=Settings(tmp_path / "settings.json"))
    made.follow(study.uid, ())
    shown(qtbot, made)
    qtbot.waitUntil(lambda: order(made) == [AT_FIRST])
    return made


def order(panel: LivePanel) -> list[list[str]]:
    """The panels as they stand on the screen: row by row, from the left."""
    found: dict[int, list[tuple[int, str]]] = {}
    for id, frame in panel.strip.panels.items():
        if frame.isVisible():
            at = frame.mapTo(panel, QPoint(0, 0))
            found.setdefault(at.y(), []).append((at.x(), id))
    return [[id for _, id in sorted(found[y])] for y in sorted(found)]


def carry(qtbot: QtBot, panel: LivePanel, id: str, to: QPoint) -> None:
    """Drags a panel by its title to a point of the panel."""
    frame = panel.strip.panels[id]
    title = frame.title.mapTo(frame, frame.title.rect().center())
    qtbot.mousePress(frame, Qt.MouseButton.LeftButton, pos=title)
    qtbot.mouseMove(frame, title + QPoint(30, 5))
    qtbot.mouseMove(frame, frame.mapFrom(panel, to))
    assert panel.strip.rows._mark.isVisible()
    qtbot.mouseRelease(frame, Qt.MouseButton.LeftButton, pos=frame.mapFrom(panel, to))
    assert not panel.strip.rows._mark.isVisible()


def middle(panel: LivePanel, id: str) -> QPoint:
    frame = panel.strip.panels[id]
    return frame.mapTo(panel, frame.rect().center())


def test_a_panel_is_carried_to_another_place(panel: LivePanel, qtbot: QtBot) -> None:
    carry(qtbot, panel, "picture", middle(panel, "recall") - QPoint(40, 60))
    assert order(panel) == [["learning", "picture", "recall", "calibration"]]
    carry(qtbot, panel, "learning", middle(panel, "calibration") + QPoint(40, -60))
    assert order(panel) == [["picture", "recall", "calibration", "learning"]]


def test_at_the_lower_edge_a_second_row_begins(panel: LivePanel, qtbot: QtBot) -> None:
    below = QPoint(400, panel.strip.mapTo(panel, QPoint(0, panel.strip.height() - 12)).y())
    carry(qtbot, panel, "calibration", below)
    qtbot.waitUntil(lambda: order(panel) == [["learning", "recall", "picture"], ["calibration"]])
    carry(qtbot, panel, "recall", middle(panel, "calibration") + QPoint(200, 0))
    assert order(panel) == [["learning", "picture"], ["calibration", "recall"]]


def test_a_short_press_on_a_title_carries_nothing(panel: LivePanel, qtbot: QtBot) -> None:
    frame = panel.strip.panels["learning"]
    qtbot.mouseClick(frame, Qt.MouseButton.LeftButton, pos=frame.title.geometry().center())
    carried: list[object] = []
    frame.dropped.connect(carried.append)
    body = QPoint(frame.width() // 2, frame.height() // 2)
    qtbot.mousePress(frame, Qt.MouseButton.LeftButton, pos=body)
    qtbot.mouseMove(frame, body + QPoint(200, 0))
    qtbot.mouseRelease(frame, Qt.MouseButton.LeftButton, pos=body)
    assert not carried
    assert order(panel) == [AT_FIRST]


def test_a_closed_panel_comes_back_from_the_menu(panel: LivePanel, qtbot: QtBot) -> None:
    panel.strip.panels["recall"].deeds["close"].trigger()
    assert order(panel) == [["learning", "calibration", "picture"]]
    menu = panel.head.panels_menu
    menu.aboutToShow.emit()
    said = {action.text(): (action.isEnabled(), action.isChecked()) for action in menu.actions() if action.isCheckable()}
    assert said["Recall"] == (True, False)
    assert said["Learning"] == (True, True)
    assert said["Tables"] == (False, False), "nothing of it was measured"
    next(action for action in menu.actions() if action.text() == "Recall").trigger()
    qtbot.waitUntil(lambda: order(panel) == [AT_FIRST])


def test_when_all_are_closed_it_says_where_they_are(panel: LivePanel) -> None:
    for id in AT_FIRST:
        panel.strip.do(id, "close")
    assert order(panel) == []
    assert panel.strip.hint.isVisible()
    assert "Panels" in panel.strip.hint.text()


def test_the_heat_map_is_read_once_it_is_opened(panel: LivePanel, qtbot: QtBot) -> None:
    assert panel.seen is not None
    assert "map" not in panel.seen.plots
    action = panel.strip.panels["recall"].map
    assert action is not None
    action.trigger()
    qtbot.waitUntil(lambda: ["learning", "recall", "map", "calibration", "picture"] in order(panel))
    heat = panel.strip.heat
    assert heat.accessibleDescription().startswith("recall by load at step 400")
    there, none = heat.cell_rect((0, 5)).center(), Qt.MouseButton.NoButton  # type: ignore[union-attr]
    moved = QMouseEvent(QEvent.Type.MouseMove, there, heat.mapToGlobal(there), none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(heat, moved)
    assert heat.said.isVisible()
    assert heat.said.text().startswith("step 100, load 2: recall 0.2")
    with qtbot.waitSignal(panel.step_shown):
        qtbot.mouseClick(heat, Qt.MouseButton.LeftButton, pos=there.toPoint())
    assert panel.wish.step == 100
    heat.point_at((0, 5))
    qtbot.keyClick(heat, Qt.Key.Key_Up)
    assert "load 4" in heat.said.text()


def test_the_keyboard_moves_resizes_and_closes_the_panel_that_has_it(panel: LivePanel, qtbot: QtBot) -> None:
    panel.activateWindow()
    plot = panel.strip.plots["recall"]
    plot.setFocus()
    qtbot.waitUntil(lambda: panel.strip.current == "recall")
    panel.move_panel("left")
    assert order(panel)[0][0] == "recall"
    assert plot.hasFocus(), "it can be moved again at once"
    panel.move_panel("down")
    qtbot.waitUntil(lambda: order(panel) == [["learning", "calibration", "picture"], ["recall"]])
    assert plot.hasFocus()
    panel.move_panel("up")
    qtbot.waitUntil(lambda: len(order(panel)) == 1)
    before = plot.width()
    panel.move_panel("wider")
    qtbot.waitUntil(lambda: plot.width() > before)
    panel.move_panel("close")
    assert "recall" not in order(panel)[0]
    panel.change_rows()
    assert len(order(panel)) == 2


def test_an_edge_is_drawn_and_everything_is_remembered(
    panel: LivePanel, panel_of: PanelOf, study: Study, qtbot: QtBot, tmp_path: Path
) -> None:
    panel.strip.panels["picture"].deeds["down"].trigger()
    panel.strip.panels["calibration"].deeds["close"].trigger()
    splitter = panel.strip.rows._rows[0]
    handle, wide = splitter.handle(1), panel.strip.panels["learning"].width()
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    qtbot.mouseMove(handle, handle.rect().center() + QPoint(90, 0))
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
    drawn = panel.strip.panels["learning"].width()
    assert drawn > wide + 40
    qtbot.waitUntil(lambda: Settings(tmp_path / "settings.json").get(KEPT) is not None)
    qtbot.waitUntil(lambda: arrangement_of(Settings(tmp_path / "settings.json").get(KEPT)) != arrangement_of(None))
    panel._keep_arrangement()
    other = panel_of(1200, 560, settings=Settings(tmp_path / "settings.json"))
    other.follow(study.uid, ())
    shown(qtbot, other)
    qtbot.waitUntil(lambda: order(other) == [["learning", "recall"], ["picture"]])
    qtbot.waitUntil(lambda: abs(other.strip.panels["learning"].width() - drawn) < 12)


def test_an_answer_leaves_drawn_edges_where_they_are(panel: LivePanel, qtbot: QtBot) -> None:
    splitter = panel.strip.rows._rows[0]
    splitter.moveSplitter(400, 1)
    drawn = splitter.sizes()
    assert panel.seen is not None
    panel.strip.show_seen(panel.seen, frozenset())
    assert splitter.sizes() == drawn


def test_one_alone_is_not_carried_and_a_move_shows_all_again(panel: LivePanel, qtbot: QtBot) -> None:
    panel.strip.panels["recall"].alone.trigger()
    assert order(panel) == [["recall"]]
    panel.strip.do("recall", "left")
    qtbot.waitUntil(lambda: order(panel) == [["recall", "learning", "calibration", "picture"]])
