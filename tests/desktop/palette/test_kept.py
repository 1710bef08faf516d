"""Favourites, what was used last, and folded families: shown, kept, and read again."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from memstudio.components.catalogue import catalogue
from memstudio.desktop.icons import register_icons
from memstudio.desktop.palette.delegate import star_rect
from memstudio.desktop.palette.entries import Heading
from memstudio.desktop.palette.kept import FAVOURITES, FOLDED, MOST_RECENT, RECENT, Kept
from memstudio.desktop.palette.palette import Palette
from memstudio.experiment import edits
from memstudio.experiment.document import Document
from tests.desktop.conftest import SessionOf


@pytest.fixture
def kept() -> dict[str, Any]:
    return {}


@pytest.fixture
def palette(qtbot: QtBot, kept: dict[str, Any]) -> Palette:
    register_icons()
    made = Palette(catalogue())
    made.kept.remember(kept.get, kept.__setitem__)
    made.resize(230, 700)
    qtbot.addWidget(made)
    made.show()
    return made


def headings(palette: Palette) -> list[str]:
    return [row.id for row in palette.rows.rows if isinstance(row, Heading)]


def row_of(palette: Palette, id: str) -> int:
    return next(i for i, row in enumerate(palette.rows.rows) if row.id == id)


def star_of(palette: Palette, row: int) -> QPoint:
    return star_rect(palette.list.visualRect(palette.rows.index(row))).center()


def test_a_press_on_the_star_makes_a_favourite_and_adds_nothing(palette: Palette, kept: dict[str, Any], qtbot: QtBot) -> None:
    added: list[str] = []
    palette.chosen.connect(added.append)
    viewport = palette.list.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=star_of(palette, row_of(palette, "task.digits")))
    assert kept[FAVOURITES] == ["task.digits"]
    assert headings(palette)[0] == "favourites"
    assert palette.shown[0].id == "task.digits"
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=star_of(palette, 1))
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=star_of(palette, 1))
    assert kept[FAVOURITES] == []
    assert added == []


def test_s_stars_in_the_list_and_alt_s_while_typing(palette: Palette, kept: dict[str, Any], qtbot: QtBot) -> None:
    palette.list.setCurrentIndex(palette.rows.index(row_of(palette, "task.digits")))
    qtbot.keyClick(palette.list, Qt.Key.Key_S)
    assert kept[FAVOURITES] == ["task.digits"]
    index = palette.list.currentIndex()
    assert palette.rows.rows[index.row()].id == "task.digits", "the keyboard stays where it was"
    qtbot.keyClicks(palette.field, "gated delta")
    qtbot.keyClick(palette.field, Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
    assert kept[FAVOURITES] == ["task.digits", "sequence.gated_deltanet"]
    assert palette.field.text() == "gated delta"


def test_what_was_added_last_stands_first_and_is_kept(palette: Palette, kept: dict[str, Any], qtbot: QtBot) -> None:
    used = [entry.id for entry in catalogue()][: MOST_RECENT + 2]
    for id in used:
        palette.list.setCurrentIndex(palette.rows.index(row_of(palette, id)))
        qtbot.keyClick(palette.list, Qt.Key.Key_Return)
    assert kept[RECENT] == used[::-1][:MOST_RECENT]
    assert headings(palette)[0] == "recent"
    assert [entry.id for entry in palette.shown[:MOST_RECENT]] == kept[RECENT]


def test_what_joins_the_document_otherwise_counts_as_used_but_not_what_is_opened(session_of: SessionOf, palette: Palette) -> None:
    session = session_of(Document())
    palette.follow(session)
    session.edit("Add", lambda document: edits.add_node(document, "task.digits", session.catalogue)[0])
    assert palette.kept.recent == ["task.digits"]
    session.show(Document())
    session.show(edits.add_node(Document(), "task.text", session.catalogue)[0])
    assert palette.kept.recent == ["task.digits"]


def test_folded_families_are_kept_and_all_fold_at_once(palette: Palette, kept: dict[str, Any], qtbot: QtBot) -> None:
    first = headings(palette)[0]
    palette.list.setCurrentIndex(palette.rows.index(0))
    qtbot.keyClick(palette.list, Qt.Key.Key_Left)
    assert kept[FOLDED] == [first]
    qtbot.mouseClick(palette.fold_button, Qt.MouseButton.LeftButton)
    assert palette.shown == []
    assert sorted(kept[FOLDED]) == sorted(headings(palette))
    assert palette.fold_button.accessibleName() == "Unfold every family"
    qtbot.mouseClick(palette.fold_button, Qt.MouseButton.LeftButton)
    assert len(palette.shown) == len(list(catalogue()))
    qtbot.keyClick(palette.list, Qt.Key.Key_Left)
    again = Palette(catalogue())
    qtbot.addWidget(again)
    again.kept.remember(kept.get, kept.__setitem__)
    assert [row.open for row in again.rows.rows if isinstance(row, Heading)] == [
        row.open for row in palette.rows.rows if isinstance(row, Heading)
    ]


def test_settings_that_someone_else_wrote_are_no_mistake_of_ours(palette: Palette) -> None:
    strange = {FAVOURITES: {"a": 1}, RECENT: [3, "task.digits", "task.digits"], FOLDED: "task"}
    other = Kept()
    other.remember(strange.get, strange.__setitem__)
    assert (other.favourites, other.recent, other.folded) == ([], ["task.digits"], set())
    palette.kept.remember({FAVOURITES: ["task.gone"], RECENT: ["task.gone"]}.get, strange.__setitem__)
    assert headings(palette)[0] not in ("favourites", "recent")


def test_what_is_under_the_hand_stays_there_when_a_group_above_grows(palette: Palette) -> None:
    index = palette.rows.index(row_of(palette, "task.text"))
    palette.list.setCurrentIndex(index)
    before = palette.list.visualRect(index).top()
    palette.kept.use(["task.digits"])
    now = palette.list.currentIndex()
    assert palette.rows.rows[now.row()].id == "task.text"
    assert palette.list.visualRect(now).top() == before
