"""The list of edits: every state with its name, the present one marked, Enter goes there; menus say what Undo does."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from memstudio.desktop.actions import Actions
from memstudio.desktop.build.page import BuildPage
from memstudio.desktop.canvas import doing
from memstudio.desktop.words import ago
from memstudio.experiment import edits

THERE = Qt.ItemDataRole.AccessibleTextRole


def listed(page: BuildPage) -> list[str]:
    found = page.undo_list.list
    return [found.item(row).data(THERE) for row in range(found.count())]


def test_the_list_is_opened_by_key_jumps_by_enter_and_gives_the_keyboard_back(page: BuildPage, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = Actions(window)
    page.bind(actions)
    session = page.session
    before = session.document
    assert not page.bar.undo_more.isEnabled()
    session.select(["mem1"])
    doing.delete(session)
    session.edit("Change title", lambda d: edits.set_title(d, "A"))
    session.edit("Change title", lambda d: edits.set_title(d, "B"))
    session.undo()
    page.canvas.view.setFocus()
    qtbot.keyClick(page.canvas.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert page.undo_list.isVisible()
    assert listed(page) == [
        "Change title, now, undone",
        "Change title, now, the present state",
        "Delete Gated delta rule, now",
        "As it was opened, now",
    ]
    found = page.undo_list.list
    assert found.hasFocus()
    assert found.currentRow() == 1
    QTest.keyClick(found, Qt.Key.Key_Down)
    QTest.keyClick(found, Qt.Key.Key_Down)
    QTest.keyClick(found, Qt.Key.Key_Return)
    assert not page.undo_list.isVisible()
    assert session.document == before
    assert page.canvas.view.hasFocus()
    page.bar.undo_more.click()
    assert found.currentRow() == 3
    QTest.mouseClick(found.viewport(), Qt.MouseButton.LeftButton, pos=found.visualItemRect(found.item(0)).center())
    assert session.document.title == "B"
    page.bar.undo_more.click()
    QTest.keyClick(found, Qt.Key.Key_Escape)
    assert not page.undo_list.isVisible()


def test_menus_say_what_undo_and_redo_do(page: BuildPage, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = Actions(window)
    page.bind(actions)
    undo, redo = actions["edit.undo"], actions["edit.redo"]
    assert (undo.text(), undo.isEnabled(), redo.isEnabled()) == ("Undo", False, False)
    places = dict.fromkeys(["mem1", "embed", "task"], (5.0, 5.0))
    page.session.edit("Move", lambda d: edits.move(d, places))
    assert (undo.text(), undo.isEnabled()) == ("Undo: Move 3 components", True)
    undo.trigger()
    assert (undo.text(), redo.text()) == ("Undo", "Redo: Move 3 components")
    assert not undo.isEnabled()
    redo.trigger()
    assert not redo.isEnabled()


def test_a_list_that_is_open_follows_edits(page: BuildPage) -> None:
    page.session.edit("Change title", lambda d: edits.set_title(d, "A"))
    page.bar.undo_more.click()
    page.session.edit("Change notes", lambda d: edits.set_about(d, "x"))
    assert listed(page)[0].startswith("Change notes")


@pytest.mark.parametrize(("seconds", "words"), [(0, "now"), (40, "40 s ago"), (200, "3 min ago"), (7300, "2 h ago"), (400_000, "4 d ago")])
def test_how_long_ago(seconds: float, words: str) -> None:
    assert ago(seconds) == words


def test_a_thousand_edits_open_quickly_and_fit(page: BuildPage, folder: Path) -> None:
    for number in range(60):
        page.session.edit("Change title", lambda d, n=number: edits.set_title(d, f"T{n}"))
    page.bar.undo_more.click()
    assert page.rect().contains(page.undo_list.geometry())
