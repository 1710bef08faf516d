"""The picture of a memory: colours around zero, the pointer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from memstudio.desktop import app, theme
from memstudio.desktop.live.seen import Option, PictureSeen
from memstudio.desktop.live.state_picture import StatePicture, image, theme_colours

VALUES = np.array([[1.0, 0.0, -1.0], [0.5, -0.5, 0.0]], dtype=np.float32)


@pytest.fixture
def picture() -> Iterator[StatePicture]:
    app.application()
    theme.set_theme("light")
    made = StatePicture()
    made.resize(240, 200)
    figures = (("state norm", 1.5), ("effective rank", 2.25))
    made.show_seen(PictureSeen("s", (Option("s", "head 1"),), ("",), "", "u", 0, VALUES, (0.0, 1.0), (0.0, 1.0, 2.0), 5, figures))
    made.show()
    yield made
    made.hide()
    delete(made)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_zero_is_the_middle_and_signs_have_their_colours(name: str) -> None:
    t = theme.looks.THEMES[name]
    drawn = image(VALUES, 1.0, t)
    assert QColor(drawn.pixel(0, 0)) == QColor(t.curves[0].colour)
    assert QColor(drawn.pixel(2, 0)) == QColor(t.curves[1].colour)
    middle = QColor(*theme_colours(t)[127].tolist())
    assert QColor(drawn.pixel(1, 0)) == QColor(drawn.pixel(2, 1)) == middle


def test_nothing_but_zeros_is_all_middle() -> None:
    t = theme.looks.LIGHT
    drawn = image(np.zeros((3, 2), dtype=np.float32), 0.0, t)
    assert {drawn.pixel(x, y) for x in range(2) for y in range(3)} == {QColor(*theme_colours(t)[127].tolist()).rgb()}


def test_the_pointer_says_one_value(picture: StatePicture, qtbot: QtBot) -> None:
    at = picture.cell_rect((0, 2)).center().toPoint()
    qtbot.mouseMove(picture, at)
    qtbot.waitUntil(picture.said.isVisible)
    assert picture.said.text() == "row 0, column 2: −1"
    qtbot.mouseMove(picture, QPoint(239, 199))
    qtbot.waitUntil(lambda: not picture.said.isVisible())


def test_arrow_keys_move_the_pointer(picture: StatePicture, qtbot: QtBot) -> None:
    for key, said in (
        (Qt.Key.Key_Right, "row 0, column 0: 1"),
        (Qt.Key.Key_Right, "row 0, column 1: 0"),
        (Qt.Key.Key_Down, "row 1, column 1: −0.5"),
        (Qt.Key.Key_Down, "row 1, column 1: −0.5"),
    ):
        qtbot.keyClick(picture, key)
        assert picture.said.text() == said
    qtbot.keyClick(picture, Qt.Key.Key_Escape)
    assert picture.said.isHidden()


def test_a_smaller_picture_keeps_the_pointer_inside(picture: StatePicture, qtbot: QtBot) -> None:
    picture.point_at((1, 2))
    small = PictureSeen("s", (), ("",), "", "u", 0, VALUES[:1, :1], (0.0,), (0.0,), 6)
    picture.show_seen(small)
    assert picture.said.text() == "row 0, column 0: 1"


def test_the_picture_is_said_in_words(picture: StatePicture) -> None:
    assert picture.accessibleDescription() == "2 rows, 3 columns, from −1 to 1, state norm 1.5, effective rank 2.25"


def turned(picture: StatePicture, at: QPointF, down: int) -> None:
    keys, button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
    event = QWheelEvent(at, picture.mapToGlobal(at), QPoint(), QPoint(0, -120 * down), button, keys, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(picture, event)


def large(picture: StatePicture, step: int = 5) -> None:
    side = tuple(map(float, range(20)))
    values = np.arange(400, dtype=np.float32).reshape(20, 20)
    names = ("read at position", "value stored at position")
    picture.show_seen(PictureSeen("s", (), ("",), "", "u", 0, values, side, side, step, (), *names))


def test_the_wheel_zooms_around_the_mouse_and_values_stay_right(picture: StatePicture, qtbot: QtBot) -> None:
    large(picture)
    at = picture.cell_rect((15, 4)).center()  # type: ignore[union-attr]
    with qtbot.waitSignal(picture.zoomed) as zoomed:
        turned(picture, at, -3)
    assert zoomed.args == [True]
    assert picture.view.width() < 12
    assert picture.cell_at(at) == (15, 4)
    picture.point_at((15, 4))
    assert picture.said.text() == "read at position 15, value stored at position 4: 304"
    large(picture, 6)
    assert picture.view.width() < 12, "the next step keeps the zoom"
    with qtbot.waitSignal(picture.zoomed):
        qtbot.mouseDClick(picture, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert picture.view.width() == 20


def test_a_drag_pushes_and_the_arrows_take_the_zoom_along(picture: StatePicture, qtbot: QtBot) -> None:
    large(picture)
    picture.setFocus()
    for _ in range(4):
        qtbot.keyClick(picture, Qt.Key.Key_Plus)
    before = picture.view.left()
    middle = picture.rect().center()
    qtbot.mousePress(picture, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(picture, middle - QPoint(30, 0))
    qtbot.mouseRelease(picture, Qt.MouseButton.LeftButton, pos=middle - QPoint(30, 0))
    assert picture.view.left() > before
    picture.point_at((0, 0))
    qtbot.keyClick(picture, Qt.Key.Key_Right)
    assert picture.view.contains(QPointF(1.5, 0.5))
    qtbot.keyClick(picture, Qt.Key.Key_0)
    assert picture.view.width() == 20


def test_the_names_of_the_axes_are_painted(picture: StatePicture) -> None:
    large(picture)
    picture.resize(360, 260)
    named = picture.grab().toImage()
    assert picture.seen is not None
    picture.show_seen(replace(picture.seen, row_name="row", column_name="column"))
    assert picture.grab().toImage() != named
