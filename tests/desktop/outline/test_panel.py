"""The outline driven by keyboard, on the real widget."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from memstudio.components.catalogue import catalogue
from memstudio.desktop import theme
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.outline.panel import Outline
from memstudio.desktop.outline.rows import Row, every
from memstudio.desktop.session import Message, Session
from memstudio.experiment import edits

ALT = Qt.KeyboardModifier.AltModifier


def go_to(outline: Outline, key: str) -> None:
    item = outline.tree.item_of(key)
    assert item is not None
    outline.tree.setCurrentItem(item)


def current(outline: Outline) -> str:
    row = outline.tree.row_of(outline.tree.currentItem())
    return row.key if row is not None else ""


def strategies() -> list[str]:
    learner = catalogue().entry("learner.gradient_descent")
    return [entry.id for entry in catalogue() if not entry.component.alone and learner.list_for(entry) is not None and not entry.preset]


def test_every_line_has_a_name_that_says_all(outline: Outline) -> None:
    item = outline.tree.item_of("mem1")
    assert item is not None
    spoken = item.data(0, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "mem1, Gated delta rule, gets sequence from embed, gives sequence to classify"
    assert outline.tree.accessibleName()


def test_arrows_walk_and_enter_selects_and_shows(outline: Outline, session: Session, qtbot: QtBot) -> None:
    assert current(outline) == "task"
    for _ in range(2):
        qtbot.keyClick(outline.tree, Qt.Key.Key_Down)
    assert current(outline) == "mem1"
    assert session.selected == ()
    with qtbot.waitSignal(outline.go) as gone:
        qtbot.keyClick(outline.tree, Qt.Key.Key_Return)
    assert gone.args == ["mem1"]
    with qtbot.waitSignal(outline.edit) as edited:
        qtbot.keyClick(outline.tree, Qt.Key.Key_Return, ALT)
    assert edited.args == ["mem1"]
    with qtbot.waitSignal(outline.connect_asked) as asked:
        qtbot.keyClick(outline.tree, Qt.Key.Key_C)
    assert asked.args == ["mem1"]


def test_what_is_selected_is_marked_and_said(outline: Outline, session: Session) -> None:
    session.select(["classify"])
    item = outline.tree.item_of("classify")
    assert item is not None
    assert item.data(0, Qt.ItemDataRole.AccessibleTextRole).endswith(", selected")
    session.select([])
    assert not item.data(0, Qt.ItemDataRole.AccessibleTextRole).endswith("selected")


def test_space_adds_to_what_is_selected_and_takes_off(outline: Outline, session: Session, qtbot: QtBot) -> None:
    for key in ("mem1", "classify"):
        go_to(outline, key)
        qtbot.keyClick(outline.tree, Qt.Key.Key_Space)
    assert session.selected == ("mem1", "classify")
    qtbot.keyClick(outline.tree, Qt.Key.Key_Space)
    assert session.selected == ("mem1",)


def test_it_follows_the_document_and_the_keyboard_stays_on_its_line(outline: Outline, session: Session, qtbot: QtBot) -> None:
    go_to(outline, "mem1")
    session.edit("Disconnect", lambda d: edits.disconnect(d, "embed.sequence", "mem1.sequence"))
    assert current(outline) == "mem1"
    item = outline.tree.item_of("mem1")
    assert item is not None
    qtbot.waitUntil(lambda: outline.tree.item_of("mem1").text(1) == "1 problem")  # type: ignore[union-attr]
    session.undo()
    qtbot.waitUntil(lambda: outline.tree.item_of("mem1").text(1) == "mem1")  # type: ignore[union-attr]


def test_delete_removes_and_the_keyboard_goes_to_the_next_line(outline: Outline, session: Session, qtbot: QtBot) -> None:
    go_to(outline, "mem1")
    qtbot.keyClick(outline.tree, Qt.Key.Key_Delete)
    assert "mem1" not in session.document.by_id
    assert current(outline) == "classify"
    session.undo()
    assert "mem1" in session.document.by_id


def test_titles_and_ids_are_renamed(outline: Outline, session: Session, qtbot: QtBot) -> None:
    go_to(outline, "mem1")
    qtbot.keyClick(outline.tree, Qt.Key.Key_F2)
    field = outline.tree.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    qtbot.keyClicks(field, "The memory")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.document.node("mem1").title == "The memory")
    outline.rename(outline.tree.row_of(outline.tree.item_of("mem1")), 1, "store")  # type: ignore[arg-type]
    assert session.document.node("store").title == "The memory"
    said: list[Message] = []
    session.message.connect(said.append)
    item = outline.tree.item_of("store")
    assert item is not None
    item.setText(1, "embed")
    qtbot.waitUntil(lambda: bool(said))
    assert said[0].text == "The id embed is taken; choose another."
    assert outline.tree.item_of("store").text(1) == "store"  # type: ignore[union-attr]


def test_components_of_a_list_are_moved_and_taken_out(outline: Outline, session: Session, qtbot: QtBot) -> None:
    first, second = strategies()[:2]
    for one in (first, second):
        session.edit("Add", lambda d, one=one: edits.add_inside(d, "learn", one, session.catalogue))
    keys = sorted(row.key for row in _inside(outline))
    assert [key.rpartition(".")[2] for key in keys] == ["0", "1"]
    go_to(outline, keys[0])
    qtbot.keyClick(outline.tree, Qt.Key.Key_Down, ALT)
    listed = session.document.node("learn").values[keys[0].split(".")[1]]
    assert [one["component"] for one in listed] == [second, first]
    assert current(outline) == keys[1]
    qtbot.keyClick(outline.tree, Qt.Key.Key_Delete)
    assert [one["component"] for one in session.document.node("learn").values[keys[0].split(".")[1]]] == [second]


def _inside(outline: Outline) -> list[Row]:
    return [row for row in every(outline.rows) if row.kind == "inside"]


def test_a_node_that_cannot_stand_alone_is_moved_inside(outline: Outline, session: Session) -> None:
    one = strategies()[0]
    session.edit("Add", lambda d: edits.add_node(d, one, session.catalogue)[0])
    id = session.document.nodes[-1].id
    row = outline.tree.row_of(outline.tree.item_of(id))
    assert row is not None
    deeds = dict(outline.deeds(row))
    deeds["Move inside learn"]()
    assert id not in session.document.by_id
    assert session.history.undo_name == "Move inside"
    assert session.selected == ("learn",)


def test_groups_take_nodes_and_give_them_back(outline: Outline, session: Session) -> None:
    session.edit("Group", lambda d: edits.group(d, ["mem1"], "Block"))
    row = outline.tree.row_of(outline.tree.item_of("embed"))
    assert row is not None
    dict(outline.deeds(row))["Put into Block"]()
    assert session.document.groups[0].nodes == ["mem1", "embed"]
    row = outline.tree.row_of(outline.tree.item_of("mem1"))
    assert row is not None
    dict(outline.deeds(row))["Take out of Block"]()
    assert session.document.groups[0].nodes == ["embed"]


def test_hidden_it_does_nothing_and_an_empty_document_says_what_to_do(outline: Outline, session: Session) -> None:
    outline.hide()
    before = outline.rows
    session.edit("Remove", lambda d: edits.remove(d, ["mem1"]))
    assert outline.rows is before
    session.new()
    outline.show()
    assert outline.rows == ()
    assert outline.empty.isVisible()


def test_lines_are_written_in_the_colours_of_another_theme(outline: Outline, session: Session) -> None:
    session.select(["task"])
    items = {key: outline.tree.item_of(key) for key in ("task", "embed")}
    theme.set_theme("dark")
    now = ink()
    assert items["embed"] is not None
    assert items["task"] is not None
    assert items["embed"].foreground(1).color() == now.dim
    assert items["embed"].foreground(0).color() == now.text
    assert items["task"].foreground(0).color() == now.accent
