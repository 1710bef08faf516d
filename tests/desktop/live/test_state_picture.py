"""The picture of a memory: colours around zero, the pointer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
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
