from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from memstudio.desktop.command_palette import Command, found
from memstudio.desktop.other_keys import OTHER_KEYS
from memstudio.desktop.window import Window


def command(title: str, words: str = "") -> Command:
    return Command(title, "", lambda: None, words)


def test_titles_that_begin_so_come_first_then_titles_then_the_rest() -> None:
    commands = [command("Zoom in"), command("Start a run"), command("Stop", "run"), command("Run")]
    assert [c.title for c in found(commands, "run")] == ["Run", "Start a run", "Stop"]
    assert [c.title for c in found(commands, "")] == ["Zoom in", "Start a run", "Stop", "Run"]
    assert found(commands, "nothing like it") == []


def test_by_keyboard_alone(qtbot: QtBot, window: Window) -> None:
    panel = window.palette_panel
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert panel.isVisible()
    assert "Home" in panel.titles
    assert "All commands…" not in panel.titles
    qtbot.keyClicks(panel.field, "settin")
    assert panel.titles == ["Settings"]
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert window.page_name == "settings"
    assert not panel.isVisible()


def test_arrows_choose_and_escape_leaves(qtbot: QtBot, window: Window) -> None:
    panel = window.palette_panel
    window.actions_["help.palette"].trigger()
    first = panel.list.currentRow()
    qtbot.keyClick(panel.field, Qt.Key.Key_Down)
    assert panel.list.currentRow() == first + 1
    qtbot.keyClick(panel.field, Qt.Key.Key_Up)
    qtbot.keyClick(panel.field, Qt.Key.Key_Up)
    assert panel.list.currentRow() == 0
    qtbot.keyClick(panel.field, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert window.page_name == "home"


def test_studies_can_be_found_by_what_they_are_about(qtbot: QtBot, window: Window) -> None:
    window.actions_["help.palette"].trigger()
    qtbot.keyClicks(window.palette_panel.field, "ensemble calibrated")
    assert window.palette_panel.titles == ["Open study: One network or an ensemble"]


def test_letters_in_order_find_and_the_best_stands_first() -> None:
    commands = [command("Add Grid rule"), command("Add Gated delta rule"), command("Regard")]
    assert [c.title for c in found(commands, "gdr")] == ["Add Gated delta rule"]
    assert [c.title for c in found(commands, "gadel")] == ["Add Gated delta rule"]
    assert found(commands, "gxr") == []
    assert [c.title for c in found([command("Stop it"), command("Top"), command("Zoom to p")], "top")] == ["Top", "Stop it", "Zoom to p"]


def test_what_was_used_last_comes_first_and_breaks_ties() -> None:
    commands = [command("Run"), command("Undo"), Command("Add X", "", lambda: None, "", asked=True)]
    assert [c.title for c in found(commands, "", ["Undo"])] == ["Undo", "Run"]
    assert [c.title for c in found(commands, "", ["Add X"])] == ["Add X", "Run", "Undo"]
    assert [c.title for c in found([command("Go to A"), command("Go to B")], "go", ["Go to B"])] == ["Go to B", "Go to A"]


def test_nodes_components_and_what_was_used_last(qtbot: QtBot, window: Window) -> None:
    window.new()
    open_palette, panel = window.actions_["help.palette"].trigger, window.palette_panel
    open_palette()
    assert not any(title.startswith("Add Ass") for title in panel.titles), "components are listed once something is typed"
    qtbot.keyClicks(panel.field, "add associative recall")
    assert panel.titles[0] == "Add Associative recall"
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    (node,) = window.session.document.nodes
    window.session.select([])
    window.show_page("home")
    open_palette()
    assert panel.titles[0] == "Add Associative recall", "what was used last stands first"
    qtbot.keyClicks(panel.field, "go associative")
    assert panel.titles[0] == "Go to Associative recall"
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert window.page_name == "build"
    assert window.session.selected == (node.id,)
    qtbot.waitUntil(lambda: window.settings.get("commands.recent") == ["Go to Associative recall", "Add Associative recall"], timeout=5000)


def test_nothing_found_says_what_else_can_be_typed(qtbot: QtBot, window: Window) -> None:
    window.actions_["help.palette"].trigger()
    panel = window.palette_panel
    qtbot.keyClicks(panel.field, "xyzzy")
    assert panel.nothing.isVisible()
    assert "xyzzy" in panel.nothing.text()
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)
    assert panel.isVisible()
    panel.field.clear()
    assert not panel.nothing.isVisible()


def test_keys_of_places_are_listed_and_can_be_searched(qtbot: QtBot, window: Window) -> None:
    window.actions_["help.keys"].trigger()
    panel = window.help_panel
    assert ("Pan with the left button", "Space") in panel.rows
    assert "On the canvas" in panel.sheet.toPlainText()
    qtbot.keyClicks(panel.field, "canvas pan")
    assert panel.rows == [("Pan with the left button", "Space")]
    panel.field.setText("xyzzy")
    assert "All commands" in panel.sheet.toPlainText()
    panel.field.clear()
    bar = panel.sheet.verticalScrollBar()
    qtbot.keyClick(panel.field, Qt.Key.Key_PageDown)
    assert bar.value() > 0
    assert panel.sheet.document().idealWidth() <= panel.sheet.viewport().width(), "nothing is cut at the right"


def test_every_key_of_a_place_is_one_that_qt_knows() -> None:
    for keys in OTHER_KEYS.values():
        for key in keys:
            for one in key.keys:
                assert QKeySequence(one).toString(QKeySequence.SequenceFormat.PortableText) == one, one


def test_keyboard_help_lists_what_is_bound(qtbot: QtBot, window: Window) -> None:
    window.actions_["help.keys"].trigger()
    rows = dict(window.help_panel.rows)
    assert rows["All commands…"] == "Ctrl+K"
    assert rows["Home"] == "Ctrl+1"
    assert "Undo" not in rows
    window.show_page("build")
    window.actions_["help.keys"].trigger()
    assert not window.help_panel.isVisible()
    window.actions_["help.keys"].trigger()
    assert dict(window.help_panel.rows)["Undo"] == "Ctrl+Z"
    qtbot.keyClick(window.help_panel.field, Qt.Key.Key_Escape)
    assert not window.help_panel.isVisible()
