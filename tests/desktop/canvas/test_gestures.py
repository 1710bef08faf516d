"""Gestures beyond a plain press: copies, wires' ends, mends, nodes on wires, shakes, groups, guides, edges, and misuse of each."""

from __future__ import annotations

import itertools
import json

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QGuiApplication,
    QNativeGestureEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from memstudio.desktop.actions import BY_ID
from memstudio.desktop.canvas import doing, lining
from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.canvas.deeds import menu_rows
from memstudio.desktop.canvas.guides import GuideLines
from memstudio.desktop.canvas.naming import Naming
from memstudio.desktop.palette.entries import MIME
from memstudio.desktop.session import Message, Session, wire_id
from memstudio.experiment import edits
from memstudio.experiment.document import Document, Node, Wire
from memstudio.experiment.files import parse
from tests.desktop.conftest import SessionOf
from tests.desktop.hand import Hand
from tests.documents import recall

SHIFT, CTRL, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def wires(session: Session) -> set[tuple[str, str]]:
    return {(wire.start, wire.end) for wire in session.document.wires}


def add(session: Session, component: str, place: tuple[float, float]) -> str:
    made: list[str] = []

    def change(document: Document) -> Document:
        document, id = edits.add_node(document, component, session.catalogue, place)
        made.append(id)
        return document

    session.edit("Add", change)
    return made[-1]


def guides(canvas: Canvas) -> int:
    return sum(len(item.lines) for item in canvas.view.items_of.items() if isinstance(item, GuideLines))


# ---------------------------------------------------------------------------------------------- selecting


def test_ctrl_adds_and_takes_off(hand: Hand, session: Session) -> None:
    hand.click(hand.middle("mem1"))
    hand.click(hand.middle("embed"), CTRL)
    assert session.selected == ("mem1", "embed")
    hand.click(hand.middle("mem1"), CTRL)
    assert session.selected == ("embed",)


def test_shift_takes_one_more_along_on_a_drag(hand: Hand, session: Session) -> None:
    hand.click(hand.middle("mem1"))
    before = session.document.node("mem1").place
    hand.drag(hand.middle("embed"), hand.middle("embed") + QPointF(0, 60), SHIFT)
    assert session.document.node("mem1").place == (before[0], before[1] + 60)


def test_a_click_on_one_of_several_selects_it_alone(hand: Hand, session: Session) -> None:
    session.select(["mem1", "embed"])
    hand.click(hand.middle("mem1"))
    assert session.selected == ("mem1",)


# ---------------------------------------------------------------------------------------------- copies


def test_a_drag_with_ctrl_leaves_the_original_and_puts_a_copy(hand: Hand, session: Session, canvas: Canvas) -> None:
    QGuiApplication.clipboard().setText("mine")
    session.select(["mem1", "classify"])
    before = session.document
    items = len(canvas.view.items_of.items())
    hand.drag(hand.middle("mem1"), hand.middle("mem1") + QPointF(0, 120), CTRL)
    assert QGuiApplication.clipboard().text() == "mine"
    assert session.document.node("mem1").place == before.node("mem1").place
    copies = session.document.nodes[len(before.nodes) :]
    assert [copy.component for copy in copies] == ["sequence.gated_deltanet", "readout.classifier"]
    assert copies[0].place == (before.node("mem1").place[0], before.node("mem1").place[1] + 120)
    assert set(session.selected) == {copy.id for copy in copies}
    assert session.history.undo_name.startswith("Duplicate ")
    session.undo()
    assert session.document == before
    assert len(canvas.view.items_of.items()) == items


def test_escape_takes_the_copy_out_of_the_hand(hand: Hand, session: Session, canvas: Canvas, qtbot: QtBot) -> None:
    items = len(canvas.view.items_of.items())
    hand.press(hand.middle("mem1"), CTRL)
    hand.move(hand.middle("mem1") + QPointF(60, 60), CTRL)
    assert len(canvas.view.items_of.items()) == items + 1
    qtbot.keyClick(canvas.view, Qt.Key.Key_Escape)
    assert len(canvas.view.items_of.items()) == items
    assert not session.history.can_undo


def test_paste_lands_where_the_mouse_is_and_twice_not_on_itself(hand: Hand, session: Session, canvas: Canvas) -> None:
    session.select(["mem1"])
    doing.copy(session)
    at = canvas.view.mapToScene(QPoint(300, 600))
    hand.move(at, held=Qt.MouseButton.NoButton)
    canvas.view.paste()
    first = session.document.nodes[-1].place
    assert abs(first[0] + 80 - at.x()) <= 20
    assert abs(first[1] + 32 - at.y()) <= 20
    canvas.view.paste()
    assert session.document.nodes[-1].place != first


def test_paste_from_the_menu_lands_where_the_menu_was_asked_for(session: Session, canvas: Canvas) -> None:
    session.select(["mem1"])
    doing.copy(session)
    point = QPoint(400, 550)
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, canvas.view.viewport().mapToGlobal(point))
    QApplication.sendEvent(canvas.view.viewport(), asked)
    canvas.view.leaveEvent(asked)
    canvas.view.paste()
    at = canvas.view.mapToScene(point)
    assert abs(session.document.nodes[-1].place[0] + 80 - at.x()) <= 20


def test_without_a_mouse_paste_is_a_step_aside_on_the_grid(session: Session, canvas: Canvas) -> None:
    session.select(["mem1"])
    x, y = session.document.node("mem1").place
    doing.copy(session)
    canvas.view.paste()
    canvas.view.paste()
    assert [node.place for node in session.document.nodes[-2:]] == [(x + 40, y + 40), (x + 80, y + 80)]


# ---------------------------------------------------------------------------------------------- wires


def test_a_wire_is_pulled_off_by_its_nearer_end(hand: Hand, session: Session, canvas: Canvas) -> None:
    """Near its end it lets go of the input, near its start of the output."""
    wire = canvas.view.items_of.wires["classify.scores", "learn.model"]
    hand.drag(wire.path.pointAtPercent(0.9), hand.void())
    assert ("classify.scores", "learn.model") not in wires(session)
    assert session.history.undo_name.startswith("Disconnect ")
    session.undo()
    other = add(session, "readout.classifier", (600, 400))
    canvas.view.fit()
    wire = canvas.view.items_of.wires["classify.scores", "learn.model"]
    hand.drag(wire.path.pointAtPercent(0.1), hand.at_plug(f"{other}.scores", "out"))
    assert (f"{other}.scores", "learn.model") in wires(session)
    assert ("classify.scores", "learn.model") not in wires(session)


def test_a_wire_put_back_where_it_was_is_no_edit(hand: Hand, session: Session, canvas: Canvas) -> None:
    plug = hand.at_plug("mem1.sequence", "in")
    hand.press(plug)
    hand.move(plug + QPointF(-50, 40))
    hand.move(plug)
    hand.release(plug)
    assert not session.history.can_undo
    assert canvas.view.items_of.wires["embed.sequence", "mem1.sequence"].isVisible()


def test_the_pointer_offers_the_mend_and_letting_go_does_it(hand: Hand, session: Session, canvas: Canvas) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "embed.sequence", "mem1.sequence"))
    hand.press(hand.at_plug("task.tokens", "out"))
    hand.move(hand.at_plug("task.tokens", "out") + QPointF(30, 0))
    assert canvas.view.items_of.nodes["mem1"].dimmed
    hand.move(hand.middle("mem1"))
    needs = "Gated delta rule needs a sequence; Associative recall gives tokens. Insert Token embedding?"
    assert canvas.view.hint.text().startswith(needs)
    assert not canvas.view.items_of.nodes["mem1"].dimmed
    hand.release(hand.middle("mem1"))
    assert session.history.undo_name == "Insert Token embedding"
    made = session.document.nodes[-1]
    assert made.component == "encoder.token_embedding"
    assert {("task.tokens", f"{made.id}.tokens"), (f"{made.id}.sequence", "mem1.sequence")} <= wires(session)
    session.undo()
    assert made.id not in session.document.by_id


def test_a_wire_to_oneself_is_refused_with_words(hand: Hand, session: Session, canvas: Canvas) -> None:
    said: list[Message] = []
    session.message.connect(said.append)
    before = session.document
    hand.press(hand.at_plug("mem1.sequence", "out"))
    hand.move(hand.at_plug("mem1.sequence", "out") + QPointF(-30, 0))
    hand.move(hand.middle("mem1"))
    assert "cannot feed itself" in canvas.view.hint.text()
    hand.release(hand.middle("mem1"))
    assert session.document is before
    assert "cannot feed itself" in said[0].text


def test_a_wire_let_go_outside_the_canvas_changes_nothing(hand: Hand, session: Session, canvas: Canvas) -> None:
    before = session.document
    outside = canvas.view.mapToScene(QPoint(200, canvas.view.viewport().height() + 60))
    hand.drag(hand.at_plug("mem1.sequence", "in"), outside)
    hand.drag(hand.at_plug("mem1.sequence", "out"), outside)
    assert session.document is before
    assert not canvas.view.box.isVisible()


# ---------------------------------------------------------------------------------------------- nodes on wires, and off


def test_a_free_node_let_go_on_a_wire_is_put_there(hand: Hand, session: Session, canvas: Canvas) -> None:
    id = add(session, "sequence.attention", (300, 500))
    canvas.view.fit()
    wire = canvas.view.items_of.wires["embed.sequence", "mem1.sequence"]
    middle = wire.path.pointAtPercent(0.5)
    hand.press(hand.middle(id))
    hand.move(middle + QPointF(40, 40))
    hand.move(middle)
    assert wire.marked
    assert canvas.view.hint.text() == "Onto the wire"
    assert canvas.view.items_of.nodes[id].opacity() < 1
    hand.release(middle)
    assert canvas.view.items_of.nodes[id].opacity() == 1
    assert not any(a.intersects(b) for a, b in itertools.combinations([item.body for item in canvas.view.items_of.nodes.values()], 2))
    assert session.history.undo_name == "Put on the wire"
    assert {("embed.sequence", f"{id}.sequence"), (f"{id}.sequence", "mem1.sequence")} <= wires(session)
    session.undo()
    assert session.document.node(id).place == (300, 500)
    assert ("embed.sequence", "mem1.sequence") in wires(session)


def test_where_it_does_not_fit_the_pointer_says_why_and_it_only_moves(hand: Hand, session: Session, canvas: Canvas) -> None:
    id = add(session, "task.digits", (300, 500))
    canvas.view.fit()
    before = wires(session)
    wire = canvas.view.items_of.wires["embed.sequence", "mem1.sequence"]
    middle = wire.path.pointAtPercent(0.5)
    hand.press(hand.middle(id))
    hand.move(middle + QPointF(40, 40))
    hand.move(middle)
    assert "this wire carries a sequence" in canvas.view.hint.text()
    assert not wire.marked
    hand.release(middle)
    assert wires(session) == before
    assert session.history.undo_name.startswith("Move ")


def test_a_node_that_has_wires_is_only_moved_over_others(hand: Hand, session: Session, canvas: Canvas) -> None:
    id = add(session, "sequence.attention", (300, 500))
    session.edit("Connect", lambda d: edits.connect(d, "embed.sequence", f"{id}.sequence", session.catalogue))
    canvas.view.fit()
    before = wires(session)
    middle = canvas.view.items_of.wires["mem1.sequence", "classify.input"].path.pointAtPercent(0.5)
    hand.drag(hand.middle(id), middle)
    assert wires(session) == before
    assert session.history.undo_name.startswith("Move ")
    assert session.document.node(id).place != (300, 500)


def test_over_a_wire_it_does_not_fit_an_entry_of_the_palette_says_why(hand: Hand, canvas: Canvas) -> None:
    wire = canvas.view.items_of.wires["embed.sequence", "mem1.sequence"]
    carried = QMimeData()
    carried.setData(MIME, b"task.digits")
    point, viewport = canvas.view.mapFromScene(wire.path.pointAtPercent(0.5)), canvas.view.viewport()
    left, none, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(viewport, QDragEnterEvent(point, copy, carried, left, none))
    QApplication.sendEvent(viewport, QDragMoveEvent(point, copy, carried, left, none))
    assert "takes nothing; this wire carries a sequence" in canvas.view.hint.text()
    QApplication.sendEvent(viewport, QDragLeaveEvent())
    assert not canvas.view.hint.isVisible()


def test_notes_are_not_left_under_arranged_cards(session: Session, canvas: Canvas) -> None:
    session.edit("Note", lambda d: edits.add_note(d, "Here", (0.0, 0.0)))
    doing.tidy(session)
    note = canvas.view.items_of.notes["note1"].body
    assert not any(note.intersects(item.body) for item in canvas.view.items_of.nodes.values())


def test_a_shake_takes_a_node_out_of_its_wires(hand: Hand, session: Session, canvas: Canvas, qtbot: QtBot) -> None:
    start = hand.middle("mem1")
    hand.press(start)
    for x in (30, -30, 30, -30, 30, -30):
        hand.move(start + QPointF(x, 40))
    assert ("embed.sequence", "classify.input") in canvas.view.items_of.wires
    hand.release(start + QPointF(0, 100))
    assert ("embed.sequence", "classify.input") in wires(session)
    assert not any("mem1" in part for wire in wires(session) for part in wire)
    assert session.history.undo_name == "Detach"
    session.undo()
    assert ("embed.sequence", "mem1.sequence") in wires(session)
    hand.press(start)
    for x in (30, -30, 30, -30, 30, -30):
        hand.move(start + QPointF(x, 40))
    qtbot.keyClick(canvas.view, Qt.Key.Key_Escape)
    assert set(canvas.view.items_of.wires) == wires(session)


def test_a_slow_way_to_and_fro_is_no_shake(hand: Hand, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100))
    monkeypatch.setattr("memstudio.desktop.canvas.shaking.monotonic", lambda: float(next(clock)))
    start = hand.middle("mem1")
    hand.press(start)
    for x in (30, -30, 30, -30, 30, -30):
        hand.move(start + QPointF(x, 40))
    hand.release(start + QPointF(0, 100))
    assert ("embed.sequence", "mem1.sequence") in wires(session)


def test_detach_by_command(session: Session) -> None:
    session.select(["mem1"])
    doing.detach(session)
    assert ("embed.sequence", "classify.input") in wires(session)
    said: list[Message] = []
    session.message.connect(said.append)
    doing.detach(session)
    assert "no wires" in said[0].text


# ---------------------------------------------------------------------------------------------- in line


def test_a_moved_card_catches_on_its_neighbours_line_and_shows_it(hand: Hand, session: Session, canvas: Canvas) -> None:
    note = QPointF(*session.document.node("embed").place)
    session.edit("Move", lambda d: edits.move(d, {"embed": (note.x() + 3, note.y())}))
    canvas.view.set_scale(1.0)
    start = hand.middle("cost")
    wanted = QPointF(*session.document.node("embed").place) + QPointF(80 + 4, 32 + 200)
    hand.press(start)
    hand.move(wanted)
    assert guides(canvas) >= 1
    hand.release(wanted)
    assert session.document.node("cost").place[0] == note.x() + 3
    assert guides(canvas) == 0


def test_with_alt_nothing_catches(hand: Hand, session: Session, canvas: Canvas) -> None:
    hand.press(hand.middle("cost"))
    hand.move(hand.middle("cost") + QPointF(0, 60), ALT)
    assert guides(canvas) == 0
    hand.release(hand.middle("cost"), ALT)


def test_selected_nodes_are_put_in_a_row_a_column_and_spread(session: Session, canvas: Canvas) -> None:
    session.edit("Heap", lambda d: edits.move(d, {"task": (0, 0), "embed": (10, 90), "mem1": (500, 40)}))
    session.select(["embed", "task", "mem1"])
    doing.line_up(session, canvas.view.items_of, lining.in_row, "Line up in a row")
    heights = {session.document.node(id).place[1] for id in ("task", "embed", "mem1")}
    assert heights == {90.0}
    assert session.history.undo_name == "Line up in a row"
    doing.line_up(session, canvas.view.items_of, lining.spread_across, "Spread evenly across")
    x = [session.document.node(id).place[0] for id in ("task", "embed", "mem1")]
    assert x[1] - x[0] == x[2] - x[1]
    said: list[Message] = []
    session.message.connect(said.append)
    session.select(["task"])
    doing.line_up(session, canvas.view.items_of, lining.in_row, "Line up in a row")
    assert said[0].text.startswith("Select two")


# ---------------------------------------------------------------------------------------------- groups


@pytest.fixture
def grouped(session: Session, canvas: Canvas) -> str:
    session.edit("Group", lambda d: edits.group(d, ["mem1", "classify"], "Block"))
    canvas.view.fit()
    return session.document.groups[0].id


def members(session: Session) -> list[str]:
    return [id for group in session.document.groups for id in group.nodes]


def test_what_is_let_go_in_a_group_joins_it_and_what_is_moved_out_leaves(
    hand: Hand, session: Session, canvas: Canvas, grouped: str
) -> None:
    box = canvas.view.items_of.groups[grouped].sceneBoundingRect()
    hand.press(hand.middle("embed"))
    hand.move(box.center() + QPointF(0, 60))
    hand.move(box.center())
    assert canvas.view.hint.text() == "Into Block"
    hand.release(box.center())
    assert members(session) == ["mem1", "classify", "embed"]
    assert session.history.undo_name == "Move into the group"
    session.undo()
    assert members(session) == ["mem1", "classify"]
    hand.drag(hand.middle("mem1"), hand.middle("mem1") + QPointF(0, 160))
    assert members(session) == ["classify"]
    assert session.history.undo_name == "Move out of the group"


def test_a_small_move_inside_a_group_and_the_move_of_a_whole_one_keep_it(hand: Hand, session: Session, grouped: str) -> None:
    hand.drag(hand.middle("mem1"), hand.middle("mem1") + QPointF(0, 20))
    assert members(session) == ["mem1", "classify"]
    session.select(["mem1", "classify"])
    hand.drag(hand.middle("mem1"), hand.middle("mem1") + QPointF(0, 200))
    assert members(session) == ["mem1", "classify"]


def test_a_group_is_detached_as_a_whole(session: Session, grouped: str) -> None:
    session.select([grouped])
    doing.detach(session)
    assert ("mem1.sequence", "classify.input") in wires(session)
    assert not {("embed.sequence", "mem1.sequence"), ("classify.scores", "learn.model")} & wires(session)


def test_a_new_group_is_named_at_once(session: Session, canvas: Canvas, qtbot: QtBot) -> None:
    session.select(["mem1", "classify"])
    canvas.view.group()
    field = canvas.view.viewport().findChild(Naming)
    assert field is not None
    assert field.accessibleName() == "Name of the group"
    qtbot.keyClicks(field, "Hybrid block")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.document.groups[0].title == "Hybrid block"
    session.undo()
    assert session.document.groups[0].title == "Group"


def test_escape_keeps_the_name_and_leaving_the_field_takes_it(session: Session, canvas: Canvas, qtbot: QtBot, grouped: str) -> None:
    canvas.view.rename(grouped)
    field = canvas.view.viewport().findChild(Naming)
    assert field is not None
    qtbot.keyClicks(field, "Other")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert session.document.groups[0].title == "Block"
    canvas.view.rename("mem1")
    field = next(one for one in canvas.view.viewport().findChildren(Naming) if one.isVisible())
    field.setText("Mine")
    canvas.view.zoom(1)
    assert session.document.node("mem1").title == "Mine"


def test_a_double_click_on_a_groups_name_edits_it(hand: Hand, canvas: Canvas, grouped: str) -> None:
    hand.double_click(canvas.view.items_of.groups[grouped].head.center())
    field = canvas.view.viewport().findChild(Naming)
    assert field is not None
    assert field.text() == "Block"


def test_keys_put_into_a_group_take_out_and_fold(session: Session, grouped: str) -> None:
    session.select(["embed", grouped])
    doing.group(session)
    assert members(session) == ["mem1", "classify", "embed"]
    session.select(["embed"])
    doing.ungroup(session)
    assert members(session) == ["mem1", "classify"]
    session.select(["mem1"])
    doing.fold(session)
    assert session.document.groups[0].folded
    assert session.history.undo_name == "Fold"
    doing.fold(session)
    assert not session.document.groups[0].folded
    assert session.history.undo_name == "Unfold"


# ---------------------------------------------------------------------------------------------- looking


def wheel(canvas: Canvas, pixels: QPoint, angle: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    at = QPointF(canvas.view.viewport().rect().center())
    event = QWheelEvent(
        at,
        at,
        pixels,
        angle,
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
        Qt.MouseEventSource.MouseEventNotSynthesized,
    )
    QApplication.sendEvent(canvas.view.viewport(), event)


def test_two_fingers_and_a_wheel_move_the_paper_and_ctrl_zooms(canvas: Canvas) -> None:
    view = canvas.view
    view.set_scale(1.0)
    before = view.seen().center()
    wheel(canvas, QPoint(12, -30), QPoint(24, -60))
    moved = view.seen().center() - before
    assert (moved.x(), moved.y()) == (-12, 30)
    wheel(canvas, QPoint(), QPoint(0, -120))
    assert view.seen().center().y() - before.y() == 150
    wheel(canvas, QPoint(), QPoint(0, 120), SHIFT)
    assert view.seen().center().x() - before.x() == -132
    assert view.scale_now == 1.0
    wheel(canvas, QPoint(), QPoint(0, 120), CTRL)
    assert view.scale_now == pytest.approx(1.15)


def test_a_pinch_zooms_where_the_fingers_are(canvas: Canvas) -> None:
    view = canvas.view
    view.set_scale(1.0)
    point = QPointF(300, 200)
    before = view.mapToScene(point.toPoint())
    device = QPointingDevice.primaryPointingDevice()
    event = QNativeGestureEvent(Qt.NativeGestureType.ZoomNativeGesture, device, 2, point, point, point, 0.5, QPointF())
    QApplication.sendEvent(view.viewport(), event)
    assert view.scale_now == pytest.approx(1.5)
    assert (view.mapToScene(point.toPoint()) - before).manhattanLength() < 3


def test_space_and_a_drag_move_the_paper(canvas: Canvas, hand: Hand, session: Session, qtbot: QtBot) -> None:
    canvas.view.set_scale(1.0)
    before, document = canvas.view.seen().center(), session.document
    qtbot.keyPress(canvas.view, Qt.Key.Key_Space)
    start = hand.middle("mem1")
    hand.press(start)
    hand.move(start + QPointF(60, 60))
    hand.release(start)
    qtbot.keyRelease(canvas.view, Qt.Key.Key_Space)
    assert canvas.view.seen().center() != before
    assert session.document is document


def test_at_the_edge_a_drag_goes_on(canvas: Canvas, hand: Hand, session: Session, qtbot: QtBot) -> None:
    canvas.view.set_scale(1.0)
    canvas.view.reveal("mem1")
    before = canvas.view.seen().left()
    start = session.document.node("mem1").place
    hand.press(hand.middle("mem1"))
    edge = QPoint(canvas.view.viewport().width() - 4, 300)
    hand.move(canvas.view.mapToScene(edge))
    qtbot.waitUntil(lambda: canvas.view.seen().left() > before + 60, timeout=3000)
    hand.release(canvas.view.mapToScene(edge))
    stopped = canvas.view.seen().left()
    assert session.document.node("mem1").place[0] > start[0]
    assert canvas.view._edge is not None
    assert not canvas.view._edge.running
    assert canvas.view.seen().left() == stopped


def test_zoom_to_selection_shows_it_and_without_one_everything(canvas: Canvas, session: Session) -> None:
    view = canvas.view
    view.set_scale(0.3)
    session.select(["mem1", "classify"])
    view.zoom_to_selection()
    boxes = [view.items_of.nodes[id].body for id in ("mem1", "classify")]
    assert all(view.seen().contains(box) for box in boxes)
    assert view.scale_now == 1.0
    session.select([])
    view.zoom_to_selection()
    assert view.seen().contains(view.items_of.extent())


# ---------------------------------------------------------------------------------------------- keys


def test_right_goes_downstream_even_where_that_is_not_to_the_right(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.edit("Move", lambda d: edits.move(d, {"learn": (-400, 600)}))
    session.select(["classify"])
    qtbot.keyClick(canvas.view, Qt.Key.Key_Right)
    assert session.selected == ("learn",)
    qtbot.keyClick(canvas.view, Qt.Key.Key_Left)
    assert session.selected == ("classify",)


def test_ctrl_and_arrows_select_several(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.select(["embed"])
    for _ in range(2):
        qtbot.keyClick(canvas.view, Qt.Key.Key_Right, CTRL)
    assert session.selected == ("embed", "mem1", "classify")


def test_something_is_inserted_on_a_wire_by_keyboard(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.select(["embed"])
    canvas.view.insert_by_typing()
    box = canvas.view.box
    shown = {entry.id for entry in box.shown}
    assert "sequence.attention" in shown
    assert not {"task.digits", "readout.classifier"} & shown
    qtbot.keyClicks(box.field, "window attention")
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    made = session.document.nodes[-1].id
    assert {("embed.sequence", f"{made}.sequence"), (f"{made}.sequence", "mem1.sequence")} <= wires(session)
    session.select([wire_id("mem1.sequence", "classify.input")])
    canvas.view.insert_by_typing()
    qtbot.keyClick(box.field, Qt.Key.Key_Escape)
    said: list[Message] = []
    session.message.connect(said.append)
    session.select(["cost"])
    canvas.view.insert_by_typing()
    assert said
    assert not box.isVisible()


# ---------------------------------------------------------------------------------------------- misuse


def starts(hand: Hand, canvas: Canvas) -> list[tuple[QPointF, Qt.KeyboardModifier]]:
    none = Qt.KeyboardModifier.NoModifier
    wire = canvas.view.items_of.wires["classify.scores", "learn.model"].path.pointAtPercent(0.5)
    plugs = [hand.at_plug("embed.sequence", "out"), hand.at_plug("mem1.sequence", "in"), wire]
    return [(hand.middle("mem1"), none), (hand.middle("mem1"), CTRL), (hand.void(), none), *((at, none) for at in plugs)]


@pytest.mark.parametrize("what", ["undo", "delete", "escape", "second button", "button lost", "another document"])
def test_every_gesture_can_be_broken_off(what: str, hand: Hand, session: Session, canvas: Canvas, qtbot: QtBot) -> None:
    for start, keys in starts(hand, canvas):
        session.edit("Title", lambda d: edits.set_title(d, "Mine"))
        session.select(["mem1", "classify"])
        items = len(canvas.view.items_of.items())
        hand.press(start, keys)
        for by in (QPointF(30, 30), QPointF(-40, 50), QPointF(60, 20)):
            hand.move(start + by, keys)
        if what == "undo":
            session.undo()
        elif what == "delete":
            qtbot.keyClick(canvas.view, Qt.Key.Key_Delete)
        elif what == "escape":
            qtbot.keyClick(canvas.view, Qt.Key.Key_Escape)
        elif what == "second button":
            hand.press(start, keys, Qt.MouseButton.RightButton)
        elif what == "button lost":
            hand.move(start, held=Qt.MouseButton.NoButton)
        else:
            session.show(parse(json.dumps(recall()), "The document"))
        document = session.document
        hand.move(start + QPointF(90, 90), keys)
        hand.release(start + QPointF(90, 90), keys)
        assert session.document is document
        scene = canvas.view.items_of
        assert set(scene.nodes) == set(document.by_id)
        assert set(scene.wires) == wires(session)
        assert all(item.pos() == QPointF(*document.node(id).place) for id, item in scene.nodes.items())
        assert all(item.isVisible() and not item.marked for item in scene.wires.values())
        assert not any(item.dimmed or item.lit for item in scene.nodes.values())
        assert not canvas.view.hint.isVisible()
        if what in ("escape", "second button", "button lost"):
            assert len(scene.items()) == items
        while session.history.can_undo:
            session.undo()
        canvas.view.fit()


def test_a_hundred_selected_nodes_are_moved_as_one_edit(session_of: SessionOf, qtbot: QtBot) -> None:
    nodes = [Node(id=f"m{i}", component="sequence.attention", place=(i % 10 * 200.0, i // 10 * 100.0)) for i in range(100)]
    lines = [Wire(start=f"m{i}.sequence", end=f"m{i + 1}.sequence") for i in range(99)]
    session = session_of(Document(nodes=nodes, wires=lines))
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(1000, 700)
    canvas.show()
    hand = Hand(canvas.view)
    doing.select_all(session)
    hand.drag(hand.middle("m55"), hand.middle("m55") + QPointF(40, 60))
    assert all(session.document.node(f"m{i}").place == (i % 10 * 200.0 + 40, i // 10 * 100.0 + 60) for i in range(100))
    session.undo()
    assert not session.history.can_undo
    hand.drag(hand.middle("m55"), hand.middle("m55") + QPointF(0, 60), CTRL)
    assert len(session.document.nodes) == 200


# ---------------------------------------------------------------------------------------------- the menu


def test_the_menu_offers_what_makes_sense_for_what_is_selected(session: Session, grouped: str) -> None:
    def rows(*ids: str) -> set[str]:
        session.select(ids)
        found = menu_rows(session)
        assert all(id in BY_ID for id in found if id)
        return set(found) - {""}

    assert rows() == {"canvas.add", "edit.paste", "canvas.note", "canvas.align", "canvas.fit"}
    assert rows(wire_id("embed.sequence", "mem1.sequence")) == {"canvas.insert", "edit.delete"}
    assert {"canvas.connect", "canvas.detach", "canvas.insert", "edit.cut"} <= rows("embed")
    assert not {"canvas.row", "canvas.fold"} & rows("embed")
    assert {"canvas.row", "canvas.down", "canvas.align", "canvas.group"} <= rows("embed", "task")
    assert {"canvas.fold", "canvas.ungroup"} <= rows("mem1")
    assert {"canvas.rename", "canvas.fold", "canvas.ungroup"} <= rows(grouped)
    assert "canvas.group" not in rows(grouped)


# ---------------------------------------------------------------------------------------------- folded groups


def test_a_folded_group_is_walked_over_dropped_onto_moved_and_unplugged(
    hand: Hand, session: Session, canvas: Canvas, grouped: str, qtbot: QtBot
) -> None:
    session.edit("Fold", lambda d: edits.fold(d, grouped))
    canvas.view.fit()
    session.select(["embed"])
    for key, found in ((Qt.Key.Key_Right, grouped), (Qt.Key.Key_Right, "learn"), (Qt.Key.Key_Left, grouped)):
        qtbot.keyClick(canvas.view, key)
        assert session.selected == (found,)
    card = canvas.view.items_of.groups[grouped].sceneBoundingRect().center()
    hand.drag(hand.middle("embed"), card)
    assert members(session) == ["mem1", "classify", "embed"]
    session.undo()
    before = session.document.node("mem1").place
    card = canvas.view.items_of.groups[grouped].sceneBoundingRect().center()
    hand.drag(card, card + QPointF(0, 200))
    assert session.document.node("mem1").place == (before[0], before[1] + 200)
    assert members(session) == ["mem1", "classify"]
    session.undo()
    hand.drag(hand.at_plug("mem1.sequence", "in"), hand.void())
    assert ("embed.sequence", "mem1.sequence") not in wires(session)
