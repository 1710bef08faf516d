from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from memstudio.components.catalogue import catalogue
from memstudio.desktop.icons import register_icons
from memstudio.desktop.palette.entries import MIME, Heading
from memstudio.desktop.palette.palette import Palette


@pytest.fixture
def palette(qtbot: QtBot) -> Palette:
    register_icons()
    made = Palette(catalogue())
    made.resize(230, 700)
    qtbot.addWidget(made)
    made.show()
    return made


def centre(palette: Palette, row: int) -> QPoint:
    return palette.list.visualRect(palette.rows.index(row)).center()


def row_of(palette: Palette, id: str) -> int:
    return next(i for i, row in enumerate(palette.rows.rows) if not isinstance(row, Heading) and row.id == id)


def test_families_stand_over_their_components_with_their_number(palette: Palette) -> None:
    headings = [row for row in palette.rows.rows if isinstance(row, Heading)]
    assert [h.id for h in headings] == [f for f in catalogue().families if catalogue().of_family(f)]
    assert all(h.count == len(catalogue().of_family(h.id)) for h in headings)


def test_a_click_on_a_family_folds_it_and_another_unfolds_it(palette: Palette, qtbot: QtBot) -> None:
    before = len(palette.shown)
    first = palette.rows.rows[0]
    assert isinstance(first, Heading)
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=centre(palette, 0))
    assert len(palette.shown) == before - first.count
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=centre(palette, 0))
    assert len(palette.shown) == before


def test_typing_filters_and_enter_adds_the_best(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "gated delta")
    assert palette.shown[0].id == "sequence.gated_deltanet"
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert chosen.args == ["sequence.gated_deltanet"]
    assert palette.field.selectedText() == "gated delta", "what is typed next is another search"


def test_arrows_in_the_field_walk_the_list(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "delta")
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert chosen.args == [palette.shown[1].id]


def test_a_double_click_adds_once(palette: Palette, qtbot: QtBot) -> None:
    added: list[str] = []
    palette.chosen.connect(added.append)
    where = centre(palette, row_of(palette, "task.digits"))
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert added == ["task.digits"]


def test_enter_in_the_list_adds_what_is_current(palette: Palette, qtbot: QtBot) -> None:
    palette.list.setCurrentIndex(palette.rows.index(row_of(palette, "readout.classifier")))
    with qtbot.waitSignal(palette.chosen) as chosen:
        qtbot.keyClick(palette.list, Qt.Key.Key_Return)
    assert chosen.args == ["readout.classifier"]


def test_nothing_found_is_said(palette: Palette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "xyzzy")
    assert palette.shown == []
    assert palette.nothing.isVisible()
    assert "xyzzy" in palette.nothing_words.text()
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert palette.shown == list(catalogue())


def test_a_component_can_be_dragged_a_family_cannot(palette: Palette) -> None:
    index = palette.rows.index(row_of(palette, "sequence.deltanet"))
    carried = palette.rows.mimeData([index])
    assert bytes(carried.data(MIME).data()).decode() == "sequence.deltanet"
    assert palette.rows.flags(index) & Qt.ItemFlag.ItemIsDragEnabled
    assert not palette.rows.flags(palette.rows.index(0)) & Qt.ItemFlag.ItemIsDragEnabled


def test_every_control_has_an_accessible_name(palette: Palette) -> None:
    assert palette.field.accessibleName()
    assert palette.list.accessibleName()
