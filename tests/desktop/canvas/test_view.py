"""The canvas driven as a person drives it: by mouse, drag and keys, on the real widgets."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from memstudio.desktop import theme
from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.canvas.wires_menu import possible, wires_menu
from memstudio.desktop.session import Message, Session, wire_id
from memstudio.experiment import edits
from memstudio.experiment.document import Document, Node, Wire
from tests.desktop.conftest import SessionOf
from tests.desktop.hand import Hand
from tests.documents import recall

SHIFT = Qt.KeyboardModifier.ShiftModifier


def wires(session: Session) -> set[tuple[str, str]]:
    return {(wire.start, wire.end) for wire in session.document.wires}


# ---------------------------------------------------------------------------------------------- showing


def test_every_node_and_wire_is_there(canvas: Canvas, session: Session) -> None:
    scene = canvas.view.items_of
    assert set(scene.nodes) == {node.id for node in session.document.nodes}
    assert set(scene.wires) == wires(session)
    assert scene.wires["embed.sequence", "mem1.sequence"].kind == "sequence"
    assert scene.wires["embed.sequence", "mem1.sequence"].shape_text == "sequence 16 × 16"


def test_items_of_what_did_not_change_stay(canvas: Canvas, session: Session) -> None:
    before = canvas.view.items_of.nodes["mem1"]
    session.edit("Title", lambda d: edits.set_node_title(d, "embed", "Words"))
    assert canvas.view.items_of.nodes["mem1"] is before
    assert canvas.view.items_of.nodes["embed"].card.title == "Words"


def test_a_node_with_a_problem_has_a_mark_that_says_why(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "embed.sequence", "mem1.sequence"))
    qtbot.waitUntil(lambda: session.settled)
    item = canvas.view.items_of.nodes["mem1"]
    assert item.fault
    assert item.fault in item.tip()
    session.undo()
    qtbot.waitUntil(lambda: session.settled)
    assert item.fault is None


def test_a_long_title_is_cut_and_told_whole_in_the_tip(canvas: Canvas, session: Session) -> None:
    title = "A memory with a name that is much longer than any card can be wide"
    session.edit("Name", lambda d: edits.set_node_title(d, "mem1", title))
    canvas.grab()
    item = canvas.view.items_of.nodes["mem1"]
    assert item.elided
    assert title in item.tip()


def test_themes_repaint_the_canvas(canvas: Canvas) -> None:
    def ground() -> str:
        image: QImage = canvas.view.viewport().grab().toImage()
        return image.pixelColor(3, 3).name()

    light = ground()
    theme.set_theme("dark")
    assert ground() == theme.current().canvas.lower()
    theme.set_theme("light")
    assert ground() == light


def test_what_is_painted_twice_looks_the_same(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.view.set_scale(1.0)
    canvas.view.viewport().grab()
    sharpening = canvas.view.items_of.sharpening
    qtbot.waitUntil(lambda: sharpening.sharp and not sharpening.zooming)
    first = canvas.view.viewport().grab().toImage()
    for _ in range(3):
        again = canvas.view.viewport().grab().toImage()
    points = [(x, y) for x in range(0, first.width(), 3) for y in range(0, first.height(), 3)]
    off = [p for p in points if abs(first.pixelColor(*p).lightness() - again.pixelColor(*p).lightness()) > 90]
    assert len(off) < 40


# ---------------------------------------------------------------------------------------------- selecting and moving


def test_a_click_selects_and_the_void_deselects(hand: Hand, session: Session) -> None:
    hand.click(hand.middle("mem1"))
    assert session.selected == ("mem1",)
    hand.click(hand.middle("embed"), SHIFT)
    assert session.selected == ("mem1", "embed")
    hand.click(hand.middle("mem1"), SHIFT)
    assert session.selected == ("embed",)
    hand.click(QPointF(300, -60))
    assert session.selected == ()


def test_the_rubber_band_selects_what_it_touches(hand: Hand, session: Session, canvas: Canvas) -> None:
    extent = canvas.view.items_of.extent()
    hand.drag(extent.topLeft() - QPointF(30, 30), hand.middle("embed"))
    assert set(session.selected) >= {"task", "embed"}
    assert "learn" not in session.selected


def test_a_drag_moves_on_the_grid_as_one_edit(hand: Hand, session: Session) -> None:
    before = session.document.node("mem1").place
    hand.drag(hand.middle("mem1"), hand.middle("mem1") + QPointF(33, 52))
    after = session.document.node("mem1").place
    assert after != before
    assert after[0] % 20 == 0
    assert after[1] % 20 == 0
    assert session.history.undo_name.startswith("Move ")
    session.undo()
    assert session.document.node("mem1").place == before
    assert not session.history.can_undo


def test_with_alt_the_grid_is_finer(hand: Hand, session: Session) -> None:
    hand.drag(hand.middle("mem1"), hand.middle("mem1") + QPointF(9, 13), Qt.KeyboardModifier.AltModifier)
    x, y = session.document.node("mem1").place
    assert (x % 4, y % 4) == (0, 0)
    assert (x % 20, y % 20) != (0, 0)


def test_selected_nodes_move_together_and_keep_their_distance(hand: Hand, session: Session) -> None:
    session.select(["embed", "mem1"])
    places = {id: session.document.node(id).place for id in ("embed", "mem1", "task")}
    hand.drag(hand.middle("mem1"), hand.middle("mem1") + QPointF(60, 40))
    moved = {id: session.document.node(id).place for id in places}
    assert moved["task"] == places["task"]
    assert moved["mem1"][0] - places["mem1"][0] == moved["embed"][0] - places["embed"][0] == 60
    assert moved["mem1"][1] - places["mem1"][1] == moved["embed"][1] - places["embed"][1] == 40


def test_escape_puts_back_what_was_being_moved(hand: Hand, session: Session, canvas: Canvas, qtbot: QtBot) -> None:
    before = canvas.view.items_of.nodes["mem1"].pos()
    hand.press(hand.middle("mem1"))
    hand.move(hand.middle("mem1") + QPointF(80, 80))
    assert canvas.view.items_of.nodes["mem1"].pos() != before
    qtbot.keyClick(canvas.view, Qt.Key.Key_Escape)
    assert canvas.view.items_of.nodes["mem1"].pos() == before
    assert not session.history.can_undo


def test_undo_in_the_middle_of_a_drag_ends_it(hand: Hand, session: Session, canvas: Canvas) -> None:
    session.edit("Title", lambda d: edits.set_title(d, "Mine"))
    for start in (hand.middle("mem1"), hand.at_plug("embed.sequence", "out"), QPointF(300, -60)):
        hand.press(start)
        hand.move(start + QPointF(50, 60))
        session.undo()
        hand.move(start + QPointF(90, 90))
        hand.release(start + QPointF(90, 90))
        assert session.document.title == "A small recall"
        assert canvas.view.items_of.document is session.document
        session.redo()
    assert not session.history.can_redo


def test_wires_follow_a_drag(hand: Hand, canvas: Canvas) -> None:
    wire = canvas.view.items_of.wires["embed.sequence", "mem1.sequence"]
    hand.press(hand.middle("mem1"))
    hand.move(hand.middle("mem1") + QPointF(40, 100))
    end = wire.mapToScene(wire.path.currentPosition())
    assert end == hand.at_plug("mem1.sequence", "in")
    hand.release(hand.middle("mem1"))


# ---------------------------------------------------------------------------------------------- connecting


def test_a_wire_is_drawn_from_the_output(hand: Hand, session: Session) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "embed.sequence", "mem1.sequence"))
    hand.drag(hand.at_plug("embed.sequence", "out"), hand.at_plug("mem1.sequence", "in"))
    assert ("embed.sequence", "mem1.sequence") in wires(session)
    assert session.history.undo_name.startswith("Connect ")


def test_a_wire_is_drawn_from_the_input_too(hand: Hand, session: Session) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "embed.sequence", "mem1.sequence"))
    hand.drag(hand.at_plug("mem1.sequence", "in"), hand.at_plug("embed.sequence", "out"))
    assert ("embed.sequence", "mem1.sequence") in wires(session)


def test_dropped_anywhere_on_a_card_it_finds_the_port_that_fits(hand: Hand, session: Session) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "mem1.sequence", "classify.input"))
    hand.drag(hand.at_plug("mem1.sequence", "out"), hand.middle("classify"))
    assert ("mem1.sequence", "classify.input") in wires(session)


def test_what_cannot_take_it_is_dimmed_and_the_pointer_says_why(hand: Hand, session: Session, canvas: Canvas) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "learn.trained", "cost.trained"))
    nodes = canvas.view.items_of.nodes
    hand.press(hand.at_plug("learn.trained", "out"))
    hand.move(hand.at_plug("learn.trained", "out") + QPointF(30, 0))
    assert not nodes["cost"].dimmed
    assert nodes["classify"].dimmed
    hand.move(hand.at_plug("classify.input", "in"))
    assert canvas.view.hint.isVisible()
    assert "loop" in canvas.view.hint.text()
    before = session.document
    said: list[Message] = []
    session.message.connect(said.append)
    hand.release(hand.at_plug("classify.input", "in"))
    assert session.document is before
    assert "loop" in said[0].text
    assert not any(item.dimmed for item in nodes.values())
    assert not canvas.view.hint.isVisible()


def test_an_input_for_one_wire_gives_up_the_one_it_had(hand: Hand, session: Session) -> None:
    session.edit("Add", lambda d: edits.add_node(d, "sequence.attention", session.catalogue, (0, 400))[0])
    hand.view.fit()
    hand.drag(hand.at_plug("mem2.sequence", "out"), hand.at_plug("classify.input", "in"))
    assert ("mem2.sequence", "classify.input") in wires(session)
    assert ("mem1.sequence", "classify.input") not in wires(session)
    session.undo()
    assert ("mem1.sequence", "classify.input") in wires(session)


def test_a_wire_pulled_off_into_the_void_is_gone(hand: Hand, session: Session, canvas: Canvas) -> None:
    hand.drag(hand.at_plug("mem1.sequence", "in"), hand.void())
    assert ("embed.sequence", "mem1.sequence") not in wires(session)
    assert not canvas.view.box.isVisible()
    assert session.history.undo_name.startswith("Disconnect ")


def test_a_wire_pulled_off_can_be_put_elsewhere(hand: Hand, session: Session) -> None:
    session.edit("Add", lambda d: edits.add_node(d, "sequence.attention", session.catalogue, (0, 400))[0])
    hand.view.fit()
    hand.drag(hand.at_plug("mem1.sequence", "in"), hand.at_plug("mem2.sequence", "in"))
    assert ("embed.sequence", "mem2.sequence") in wires(session)
    assert ("embed.sequence", "mem1.sequence") not in wires(session)
    session.undo()
    assert ("embed.sequence", "mem1.sequence") in wires(session)


def test_a_wire_dropped_in_the_void_lists_what_fits_and_adds_it_wired(hand: Hand, session: Session, canvas: Canvas, qtbot: QtBot) -> None:
    hand.drag(hand.at_plug("embed.sequence", "out"), hand.void())
    box = canvas.view.box
    assert box.isVisible()
    assert {entry.id for entry in box.shown} >= {"sequence.attention", "readout.classifier"}
    assert "task.digits" not in {entry.id for entry in box.shown}
    qtbot.keyClicks(box.field, "attention")
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    assert not box.isVisible()
    assert session.document.node("mem2").component == "sequence.attention"
    assert ("embed.sequence", "mem2.sequence") in wires(session)
    session.undo()
    assert "mem2" not in session.document.by_id


def test_from_an_input_in_the_void_comes_what_gives_it(hand: Hand, session: Session, canvas: Canvas) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "task.tokens", "embed.tokens"))
    hand.drag(hand.at_plug("embed.tokens", "in"), hand.void())
    shown = {entry.id for entry in canvas.view.box.shown}
    assert "task.associative_recall" in shown
    assert all(id.startswith("task.") for id in shown)


def test_escape_ends_a_wire_in_the_hand(hand: Hand, session: Session, canvas: Canvas, qtbot: QtBot) -> None:
    before = wires(session)
    items = len(canvas.view.items_of.items())
    hand.press(hand.at_plug("embed.sequence", "out"))
    hand.move(hand.at_plug("embed.sequence", "out") + QPointF(60, 60))
    qtbot.keyClick(canvas.view, Qt.Key.Key_Escape)
    assert wires(session) == before
    assert len(canvas.view.items_of.items()) == items
    assert not any(item.dimmed for item in canvas.view.items_of.nodes.values())


# ---------------------------------------------------------------------------------------------- adding


def test_an_entry_dropped_on_the_void_is_added_there(hand: Hand, session: Session) -> None:
    at = hand.void()
    assert hand.drop("probe.cost", at)
    added = session.document.nodes[-1]
    assert added.component == "probe.cost"
    assert session.selected == (added.id,)
    assert abs(added.place[0] + 80 - at.x()) <= 20
    assert abs(added.place[1] + 32 - at.y()) <= 20


def test_an_entry_dropped_on_a_wire_is_inserted(hand: Hand, session: Session, canvas: Canvas) -> None:
    wire = canvas.view.items_of.wires["embed.sequence", "mem1.sequence"]
    assert hand.drop("sequence.attention", wire.path.pointAtPercent(0.5))
    id = session.document.nodes[-1].id
    assert {("embed.sequence", f"{id}.sequence"), (f"{id}.sequence", "mem1.sequence")} <= wires(session)
    assert ("embed.sequence", "mem1.sequence") not in wires(session)
    session.undo()
    assert ("embed.sequence", "mem1.sequence") in wires(session)


def test_on_a_wire_it_does_not_fit_it_is_only_added(hand: Hand, session: Session, canvas: Canvas) -> None:
    wire = canvas.view.items_of.wires["embed.sequence", "mem1.sequence"]
    before = wires(session)
    assert hand.drop("task.digits", wire.path.pointAtPercent(0.5))
    assert wires(session) == before
    assert session.document.nodes[-1].component == "task.digits"


def test_what_is_no_component_is_not_taken(hand: Hand, session: Session) -> None:
    carried = QMimeData()
    carried.setText("task.digits")
    before = session.document
    assert not hand.drop_data(carried, QPointF(0, 0))
    assert not hand.drop("no.such_component", QPointF(0, 0))
    assert session.document is before


def test_a_double_click_on_the_void_adds_by_typing(hand: Hand, session: Session, canvas: Canvas, qtbot: QtBot) -> None:
    hand.double_click(QPointF(300, -80))
    assert canvas.view.box.isVisible()
    qtbot.keyClicks(canvas.view.box.field, "memory state")
    qtbot.keyClick(canvas.view.box.field, Qt.Key.Key_Return)
    assert session.document.nodes[-1].component == "probe.memory_state"


def test_tab_adds_after_the_selected_node_and_wires_it(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.select(["learn"])
    canvas.view.setFocus()
    qtbot.keyClick(canvas.view, Qt.Key.Key_Tab)
    assert canvas.view.box.isVisible()
    qtbot.keyClicks(canvas.view.box.field, "cost")
    qtbot.keyClick(canvas.view.box.field, Qt.Key.Key_Return)
    added = session.document.nodes[-1]
    assert ("learn.trained", f"{added.id}.trained") in wires(session)
    assert session.selected == (added.id,)


def test_escape_closes_the_add_box_and_adds_nothing(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    before = session.document
    canvas.view.add_by_typing()
    qtbot.keyClick(canvas.view.box.field, Qt.Key.Key_Escape)
    assert not canvas.view.box.isVisible()
    assert session.document is before


def test_added_nodes_do_not_lie_on_each_other(canvas: Canvas, session: Session) -> None:
    for _ in range(4):
        session.select([])
        canvas.view.add("probe.cost", QPointF(0, 500))
    places = [node.place for node in session.document.nodes if node.component == "probe.cost"]
    assert len(set(places)) == len(places)


# ---------------------------------------------------------------------------------------------- clipboard, deleting, order


def test_delete_removes_nodes_with_their_wires(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.select(["mem1", "recall"])
    qtbot.keyClick(canvas.view, Qt.Key.Key_Delete)
    assert not {"mem1", "recall"} & set(session.document.by_id)
    assert not any("mem1" in a or "mem1" in b for a, b in wires(session))
    session.undo()
    assert {"mem1", "recall"} <= set(session.document.by_id)


@pytest.mark.parametrize("folded", [False, True])
def test_a_deleted_group_leaves_its_nodes_unless_it_is_folded(session: Session, canvas: Canvas, folded: bool) -> None:
    nodes = [node.id for node in session.document.nodes][:2]
    session.apply("Group", edits.group(session.document, nodes, "Pair"))
    group = session.document.groups[-1].id
    session.apply("Fold", edits.fold(session.document, group, folded))
    session.select([group])
    doing.delete(session)
    assert not session.document.groups
    assert {node.id for node in session.document.nodes}.isdisjoint(nodes) == folded
    session.undo()
    assert session.document.groups[-1].folded == folded


def test_a_wire_is_selected_by_a_click_and_deleted(hand: Hand, session: Session, canvas: Canvas, qtbot: QtBot) -> None:
    hand.click(canvas.view.items_of.wires["embed.sequence", "mem1.sequence"].path.pointAtPercent(0.5))
    assert session.selected == (wire_id("embed.sequence", "mem1.sequence"),)
    qtbot.keyClick(canvas.view, Qt.Key.Key_Delete)
    assert ("embed.sequence", "mem1.sequence") not in wires(session)


def test_copy_and_paste_give_new_nodes_with_the_wires_between_them(session: Session, canvas: Canvas) -> None:
    session.select(["mem1", "classify"])
    assert doing.copy(session)
    doing.paste(session)
    assert len(session.selected) == 2
    mem, classify = session.selected
    assert (f"{mem}.sequence", f"{classify}.input") in wires(session)
    assert session.document.node(mem).values == session.document.node("mem1").values
    assert session.document.node(mem).uid != session.document.node("mem1").uid


def test_cut_takes_away_what_paste_brings_back(session: Session, canvas: Canvas) -> None:
    session.select(["recall"])
    doing.cut(session)
    assert "recall" not in session.document.by_id
    doing.paste(session)
    assert any(node.component == "probe.recall" for node in session.document.nodes)


def test_pasting_something_else_is_refused_in_one_sentence(session: Session) -> None:
    said: list[Message] = []
    session.message.connect(said.append)
    QGuiApplication.clipboard().setText("hello")
    before = session.document
    doing.paste(session)
    assert session.document is before
    assert len(said) == 1
    assert said[0].text.endswith(".")


def test_duplicate_leaves_the_clipboard_alone(session: Session) -> None:
    QGuiApplication.clipboard().setText("mine")
    session.select(["mem1"])
    doing.duplicate(session)
    assert QGuiApplication.clipboard().text() == "mine"
    assert "mem2" in session.document.by_id


def test_group_and_ungroup(session: Session, canvas: Canvas) -> None:
    session.select(["mem1", "classify"])
    doing.group(session)
    group = session.document.groups[0]
    assert canvas.view.items_of.groups[group.id].isVisible()
    assert session.selected == (group.id,)
    doing.ungroup(session)
    assert session.document.groups == []
    assert canvas.view.items_of.groups == {}


def test_a_group_is_moved_by_its_name(session: Session, hand: Hand, canvas: Canvas) -> None:
    session.select(["mem1", "classify"])
    doing.group(session)
    canvas.view.fit()
    before = session.document.node("mem1").place
    head = canvas.view.items_of.groups[session.document.groups[0].id].head.center()
    hand.drag(head, head + QPointF(0, 60))
    assert session.document.node("mem1").place[1] - before[1] == 60


def test_arrange_is_one_edit(session: Session, canvas: Canvas) -> None:
    session.edit("Heap", lambda d: edits.move(d, {node.id: (0.0, 0.0) for node in d.nodes}))
    doing.tidy(session)
    assert len({node.place for node in session.document.nodes}) == len(session.document.nodes)
    assert session.history.undo_name.startswith("Arrange ")


def test_a_note_is_added_and_deleted(session: Session, canvas: Canvas) -> None:
    canvas.view.add_note()
    assert canvas.view.note_field is not None
    assert canvas.view.note_field.note_id == session.document.notes[0].id
    doing.delete(session)
    assert session.document.notes == []


# ---------------------------------------------------------------------------------------------- keys


def test_arrows_walk_from_node_to_node(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    for expected in ("task", "embed", "mem1"):
        qtbot.keyClick(canvas.view, Qt.Key.Key_Right)
        assert session.selected == (expected,)
    qtbot.keyClick(canvas.view, Qt.Key.Key_Left)
    assert session.selected == ("embed",)


def test_shift_and_arrows_move_as_one_edit(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.select(["mem1"])
    before = session.document.node("mem1").place
    for _ in range(3):
        qtbot.keyClick(canvas.view, Qt.Key.Key_Right, SHIFT)
    assert session.document.node("mem1").place[0] == before[0] + 60
    session.undo()
    assert session.document.node("mem1").place == before


def test_enter_asks_to_edit(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.select(["mem1"])
    with qtbot.waitSignal(canvas.view.edit_wanted) as wanted:
        qtbot.keyClick(canvas.view, Qt.Key.Key_Return)
    assert wanted.args == ["mem1"]


@pytest.mark.parametrize(("key", "forward"), [(Qt.Key.Key_Backtab, False), (Qt.Key.Key_F6, True)])
def test_the_keyboard_is_not_caught(canvas: Canvas, qtbot: QtBot, key: Qt.Key, forward: bool) -> None:
    with qtbot.waitSignal(canvas.view.leave) as left:
        qtbot.keyClick(canvas.view, key)
    assert left.args == [forward]


def test_wires_can_be_made_and_taken_off_by_the_keyboard(canvas: Canvas, session: Session) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "embed.sequence", "mem1.sequence"))
    assert ("embed.sequence", "mem1.sequence") in possible(session, canvas.view.items_of, "mem1")
    menu = wires_menu(session, canvas.view.items_of, "mem1", canvas)
    connect = next(a for a in menu.actions() if a.text().startswith("Connect Token embedding"))
    connect.trigger()
    assert ("embed.sequence", "mem1.sequence") in wires(session)
    menu = wires_menu(session, canvas.view.items_of, "mem1", canvas)
    next(a for a in menu.actions() if a.text().startswith("Disconnect Token embedding")).trigger()
    assert ("embed.sequence", "mem1.sequence") not in wires(session)


def test_what_is_selected_is_told_to_screen_readers(canvas: Canvas, session: Session) -> None:
    assert canvas.view.accessibleName() == "Canvas"
    session.select(["mem1"])
    assert canvas.view.accessibleDescription().startswith("Gated delta rule, Sequence memories")
    session.select(["mem1", "embed"])
    assert canvas.view.accessibleDescription() == "2 components selected"


# ---------------------------------------------------------------------------------------------- looking


def test_fit_shows_everything_and_never_enlarges(canvas: Canvas) -> None:
    canvas.view.set_scale(3.0)
    canvas.view.fit()
    assert canvas.view.seen().contains(canvas.view.items_of.extent())
    assert canvas.view.scale_now <= 1.0


def test_zoom_keeps_the_point_under_the_mouse(canvas: Canvas, hand: Hand) -> None:
    canvas.view.set_scale(1.0)
    at = canvas.view.mapFromScene(hand.middle("mem1"))
    before = canvas.view.mapToScene(at)
    canvas.view.set_scale(2.0, at)
    moved = canvas.view.mapToScene(at) - before
    assert moved.manhattanLength() < 2


def test_the_middle_button_moves_the_paper(canvas: Canvas, hand: Hand) -> None:
    canvas.view.set_scale(1.0)
    before = canvas.view.seen().center()
    start = hand.middle("mem1")
    end = canvas.view.mapToScene(canvas.view.mapFromScene(start) + canvas.view.viewport().rect().center() / 4)
    hand.press(start, button=Qt.MouseButton.MiddleButton)
    hand.move(end, held=Qt.MouseButton.MiddleButton)
    hand.release(end, button=Qt.MouseButton.MiddleButton)
    assert (canvas.view.seen().center() - before).manhattanLength() > 50


def test_the_overview_appears_when_something_is_out_of_sight(canvas: Canvas) -> None:
    canvas.view.fit()
    assert not canvas.minimap.isVisible()
    canvas.view.set_scale(3.0)
    assert canvas.minimap.isVisible()


def test_an_empty_canvas_says_how_to_begin(session_of: SessionOf, qtbot: QtBot) -> None:
    canvas = Canvas(session_of(Document()))
    qtbot.addWidget(canvas)
    assert not canvas.empty.isHidden()
    assert "Tab" in canvas.empty.text()


def test_the_scene_lives_as_long_as_the_view(session_of: SessionOf, qtbot: QtBot) -> None:
    import gc

    canvas = Canvas(session_of(recall()))
    qtbot.addWidget(canvas)
    gc.collect()
    assert canvas.view.scene() is canvas.view.items_of


def test_an_unknown_component_stays_on_the_canvas(session_of: SessionOf, qtbot: QtBot) -> None:
    document = Document(
        nodes=[Node(id="task", component="task.digits"), Node(id="x", component="sequence.from_next_year", place=(300, 0))],
        wires=[Wire(start="task.image", end="x.image")],
    )
    session = session_of(document)
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.show()
    hand = Hand(canvas.view)
    assert not canvas.view.items_of.nodes["x"].card.known
    assert ("task.image", "x.image") in canvas.view.items_of.wires
    hand.drag(hand.middle("x"), hand.middle("x") + QPointF(40, 40))
    assert session.document.node("x").component == "sequence.from_next_year"
