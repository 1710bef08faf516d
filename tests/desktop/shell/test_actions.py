from __future__ import annotations

from collections import defaultdict

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from memstudio.desktop.actions import BY_ID, MENUS, TABLE, Actions
from memstudio.ground.paths import resources


def test_ids_are_unique_and_every_row_can_be_shown() -> None:
    assert len(BY_ID) == len(TABLE)
    for row in TABLE:
        assert row.menu in MENUS
        assert row.name
        assert row.tip.endswith(".")
        assert not row.icon or (resources() / "icons" / f"{row.icon}.svg").is_file()


def test_keys_are_real_and_do_not_clash() -> None:
    taken: dict[str, list[str]] = defaultdict(list)
    for row in TABLE:
        for key in row.keys:
            sequence = QKeySequence(key)
            assert not sequence.isEmpty(), row.id
            # on Runs the table has the keys that the canvas has in Build: only one of the pages is shown
            taken[f"{sequence.toString()} {'in runs' if row.page == 'runs' else ''}"].append(row.id)
    assert {key: ids for key, ids in taken.items() if len(ids) > 1} == {}
    anywhere = {QKeySequence(key).toString() for row in TABLE if not row.page for key in row.keys}
    assert not [row.id for row in TABLE if row.page for key in row.keys if QKeySequence(key).toString() in anywhere]


def test_only_bound_actions_are_shown(qtbot: QtBot) -> None:
    window, called = QWidget(), list[str]()
    qtbot.addWidget(window)
    actions = Actions(window)
    actions.bind("edit.undo", lambda: called.append("undo"))
    actions.bind("file.new", lambda: called.append("new"))
    menu = QMenu()
    qtbot.addWidget(menu)
    actions.fill(menu)
    assert [entry.text() for entry in menu.actions()] == ["File", "Edit"]
    actions["edit.undo"].trigger()
    assert called == ["undo"]
    assert "edit.redo" not in actions
    with pytest.raises(KeyError):
        actions.bind("no.such", lambda: None)
