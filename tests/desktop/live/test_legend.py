"""The legend of many cells: hidden, alone, lit, with values at the pointer, scrolled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from memstudio.desktop import app, theme
from memstudio.desktop.live.legend import Entry, Legend
from memstudio.desktop.live.looks import look
from memstudio.desktop.live.seen import Cell, Pointed

MANY = 30


@pytest.fixture
def legend(qtbot: QtBot) -> Iterator[Legend]:
    app.application()
    theme.set_theme("light")
    made = Legend()
    made.resize(600, 48)
    made.show_cells([Cell(f"memory number {i}", 1, 3) for i in range(MANY)])
    made.show()
    yield made
    made.hide()
    delete(made)


def turn(legend: Legend, down: int) -> None:
    at = QPointF(legend.rect().center())
    keys, button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
    event = QWheelEvent(at, legend.mapToGlobal(at), QPoint(), QPoint(0, -120 * down), button, keys, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(legend, event)


def double_click(entry: Entry) -> None:
    """A double click as it comes from a mouse: a click, then its second press and release."""
    at, left, none = QPointF(entry.rect().center()), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    down, up, twice = QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick
    for kind, held in ((down, left), (up, none), (twice, left), (up, none)):
        QApplication.sendEvent(entry, QMouseEvent(kind, at, entry.mapToGlobal(at), left, held, Qt.KeyboardModifier.NoModifier))


def test_a_double_click_shows_one_alone_and_another_all_again(legend: Legend) -> None:
    double_click(legend.entries[1])
    assert legend.hidden == frozenset(range(MANY)) - {1}
    double_click(legend.entries[2])
    assert legend.hidden == frozenset(range(MANY)) - {2}
    double_click(legend.entries[2])
    assert legend.hidden == frozenset()


def test_enter_shows_one_alone(legend: Legend, qtbot: QtBot) -> None:
    entry = legend.entries[2]
    with qtbot.waitSignal(legend.changed):
        qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert legend.hidden == frozenset(range(MANY)) - {2}
    qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert legend.hidden == frozenset()
    qtbot.keyClick(entry, Qt.Key.Key_Space)
    assert legend.hidden == {2}


def test_what_the_mouse_or_the_keyboard_is_at_is_lit(legend: Legend, qtbot: QtBot) -> None:
    lit: list[object] = []
    legend.hovered.connect(lit.append)
    legend.entries[1].setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: lit[-1:] == [1])
    legend.entries[1].clearFocus()
    assert lit[-1] is None


def test_values_stand_beside_their_cells_while_the_pointer_is_there(legend: Legend) -> None:
    before = legend.entries[0].grab().toImage()
    legend.show_values(Pointed("step 5", ((0, "0.75"),)))
    assert legend.entries[0].grab().toImage() != before
    legend.show_values(None)
    assert legend.entries[0].grab().toImage() == before


def test_the_wheel_shows_further_rows(legend: Legend) -> None:
    first = [entry.cell for entry in legend.entries if entry.isVisible()]
    assert first[0] == 0
    assert len(first) < MANY
    assert legend.more.isVisible()
    assert legend.more.text() == f"{MANY - len(first)} more"
    turn(legend, 1)
    second = [entry.cell for entry in legend.entries if entry.isVisible()]
    assert second[0] > 0
    for _ in range(40):
        turn(legend, 1)
    last = [entry.cell for entry in legend.entries if entry.isVisible()]
    assert last[-1] == MANY - 1
    for entry in legend.entries:
        assert entry.geometry().right() <= legend.width()
    turn(legend, -40)
    assert legend.height() == 48


def test_thirty_cells_look_different_each() -> None:
    for t in (theme.looks.LIGHT, theme.looks.DARK):
        seen = {(look(t, i).colour, look(t, i).dash) for i in range(MANY)}
        assert len(seen) == MANY
