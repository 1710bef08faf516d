"""The card of a component, by pointer and by key, and what cannot follow the selected node."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from memstudio.components.catalogue import catalogue
from memstudio.desktop import theme
from memstudio.desktop.icons import register_icons
from memstudio.desktop.palette.entries import FITS_ROLE, Heading
from memstudio.desktop.palette.palette import Palette
from memstudio.experiment.following import Following
from tests.desktop.conftest import SessionOf
from tests.documents import recall


@pytest.fixture
def palette(qtbot: QtBot) -> Palette:
    register_icons()
    made = Palette(catalogue())
    made.resize(230, 700)
    qtbot.addWidget(made)
    made.show()
    return made


def index_of(palette: Palette, id: str) -> int:
    return next(i for i, row in enumerate(palette.rows.rows) if not isinstance(row, Heading) and row.id == id)


def words(palette: Palette) -> str:
    assert palette.cards.card is not None
    return "\n".join(one.text() for one in palette.cards.card.findChildren(QLabel) if one.isVisibleTo(palette.cards.card))


def test_from_the_field_a_key_shows_the_card_which_then_goes_along(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "gated delta rule")
    qtbot.keyClick(palette.field, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    entry = catalogue().entry("sequence.gated_deltanet")
    shown = words(palette)
    for part in (entry.title, entry.summary, "Takes", "Gives", "sequence", entry.component.equations[0].text, "Yang et al. 2024"):
        assert part in shown
    card = palette.cards.card
    assert card is not None
    assert entry.summary in card.accessibleDescription()
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    assert card.entry is palette.shown[1]
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert palette.cards.card is None
    assert palette.field.text(), "Escape takes the card away first"
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.field.text()


def test_right_shows_it_in_the_list_and_left_goes_to_the_heading(palette: Palette, qtbot: QtBot) -> None:
    palette.list.setCurrentIndex(palette.rows.index(index_of(palette, "task.digits")))
    qtbot.keyClick(palette.list, Qt.Key.Key_Right)
    assert "image" in words(palette)
    qtbot.keyClick(palette.list, Qt.Key.Key_Left)
    assert palette.rows.rows[palette.list.currentIndex().row()].id == "task"
    assert palette.cards.card is None, "a heading has none"


def test_a_pointer_that_rests_shows_it_and_one_that_leaves_takes_it_away(palette: Palette, qtbot: QtBot) -> None:
    index = palette.rows.index(index_of(palette, "task.digits"))
    viewport = palette.list.viewport()
    qtbot.mouseMove(viewport, palette.list.visualRect(index).center())
    palette.list.entered.emit(index)
    viewport.underMouse = lambda: True  # type: ignore[method-assign]  # offscreen there is no pointer
    qtbot.waitUntil(lambda: palette.cards.card is not None, timeout=3000)
    below = palette.rows.index(index.row() + 1)
    palette.list.entered.emit(below)
    assert palette.cards.card is not None
    assert palette.cards.card.entry is palette.shown[palette.shown.index(catalogue().entry("task.digits")) + 1], "the next comes at once"
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert palette.cards.card is None


def test_the_card_never_leaves_the_window(palette: Palette, qtbot: QtBot) -> None:
    palette.resize(380, 260)
    palette.list.setCurrentIndex(palette.rows.index(index_of(palette, "task.text")))
    palette.cards.toggle()
    card = palette.cards.card
    assert card is not None
    assert card.geometry().bottom() <= palette.height()
    assert card.geometry().left() >= 0


def test_what_cannot_follow_the_selected_node_is_grey_with_its_reason_and_can_be_added(
    palette: Palette, session_of: SessionOf, qtbot: QtBot
) -> None:
    session = session_of(recall())
    palette.follow(session)
    row = palette.rows.index(index_of(palette, "readout.classifier"))
    assert row.data(FITS_ROLE)
    session.select(["task"])
    assert not row.data(FITS_ROLE)
    assert palette.rows.index(index_of(palette, "encoder.token_embedding")).data(FITS_ROLE)
    reason = Following(session.document.node("task"), session.catalogue).why_not(catalogue().entry("readout.classifier"))
    assert reason is not None
    assert reason in row.data(Qt.ItemDataRole.AccessibleDescriptionRole)
    palette.list.setCurrentIndex(row)
    palette.cards.toggle()
    assert reason in words(palette)
    with qtbot.waitSignal(palette.chosen):
        qtbot.keyClick(palette.list, Qt.Key.Key_Return)
    session.select(["mem1"])
    assert palette.rows.index(index_of(palette, "readout.classifier")).data(FITS_ROLE)
    session.select(["task", "mem1"])
    assert all(palette.rows.index(i).data(FITS_ROLE) for i, one in enumerate(palette.rows.rows) if not isinstance(one, Heading))


@pytest.mark.parametrize("name", ["light", "dark"])
def test_grey_is_seen_in_the_picture(palette: Palette, session_of: SessionOf, name: str) -> None:
    theme.set_theme(name)
    session = session_of(recall())
    palette.follow(session)
    # the words alone: the square before them is another thing
    rect = palette.list.visualRect(palette.rows.index(index_of(palette, "task.digits"))).adjusted(32, 0, 0, 0)
    before = palette.list.viewport().grab(rect).toImage()
    session.select(["mem1"])
    assert palette.list.viewport().grab(rect).toImage() != before
    theme.set_theme("light")


def test_nothing_found_says_what_to_do_next(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "gatted delta")
    assert palette.instead.isVisible()
    assert palette.instead.text() == "Search for gated delta"
    qtbot.mouseClick(palette.instead, Qt.MouseButton.LeftButton)
    assert palette.shown[0].id == "sequence.gated_deltanet"
    assert not palette.nothing.isVisible()
    palette.field.setText("xyzzy")
    assert not palette.instead.isVisible()
    qtbot.mouseClick(palette.clear_button, Qt.MouseButton.LeftButton)
    assert palette.shown == list(catalogue())
