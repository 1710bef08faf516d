"""Connect to…: what fits a node, best first, and why the rest does not."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.session import Message, Session
from memstudio.experiment import edits


def test_what_fits_comes_first_and_enter_connects_it(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "embed.sequence", "mem1.sequence"))
    session.select(["mem1"])
    canvas.view.offer_connections()
    box = canvas.view.connect_box
    assert box.isVisible()
    assert box.shown[0].words == "Sequence from Token embedding, sequence"
    assert box.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole).endswith(", fits")
    assert box.heading.text().startswith("Connect Gated delta rule: 1 of ")
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    assert not box.isVisible()
    assert {("embed.sequence", "mem1.sequence")} <= {(w.start, w.end) for w in session.document.wires}
    assert session.history.undo_name.startswith("Connect ")


def test_what_does_not_fit_says_why_and_a_mend_is_taken(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    session.edit("Disconnect", lambda d: edits.disconnect(d, "embed.sequence", "mem1.sequence"))
    canvas.view.offer_connections("mem1")
    box = canvas.view.connect_box
    qtbot.keyClicks(box.field, "learn from")
    assert box.shown == []
    box.field.clear()
    qtbot.keyClicks(box.field, "associative tokens")
    assert box.shown[0].beside == "Gated delta rule needs a sequence; Associative recall gives tokens. Insert Token embedding?"
    assert "does not fit: Gated delta rule needs" in box.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    assert session.history.undo_name == "Insert Token embedding"


def test_what_cannot_be_mended_says_so_and_stays_open(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    said: list[Message] = []
    session.message.connect(said.append)
    before = session.document
    canvas.view.offer_connections("mem1")
    box = canvas.view.connect_box
    row = next(i for i, one in enumerate(box.shown) if one.join.reason and one.join.mend is None)
    for _ in range(row):
        qtbot.keyClick(box.field, Qt.Key.Key_Down)
    canvas.grab()
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    assert session.document is before
    assert said[0].text == box.shown[row].join.reason
    assert box.isVisible()
    qtbot.keyClick(box.field, Qt.Key.Key_Escape)
    assert not box.isVisible()


def test_one_component_at_a_time(canvas: Canvas, session: Session) -> None:
    said: list[Message] = []
    session.message.connect(said.append)
    session.select(["mem1", "embed"])
    canvas.view.offer_connections()
    assert said[0].text.startswith("Select one")
    assert not canvas.view.connect_box.isVisible()
