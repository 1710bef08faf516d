"""Notes are written and made larger where they stand."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.canvas.note_field import NoteField, needed
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from memstudio.experiment.document import Note
from tests.desktop.hand import Hand


@pytest.fixture
def noted(session: Session, canvas: Canvas, qtbot: QtBot) -> Canvas:
    session.apply("Note", edits.add_note(session.document, "Look here", (0.0, -200.0)))
    canvas.view.set_scale(1.0)
    canvas.view.centerOn(100, 0)
    canvas.activateWindow()
    qtbot.waitUntil(canvas.isActiveWindow)
    return canvas


def note(session: Session) -> Note:
    return session.document.notes[0]


def field(canvas: Canvas) -> NoteField:
    assert canvas.view.note_field is not None
    return canvas.view.note_field


def middle(canvas: Canvas) -> QPointF:
    return canvas.view.items_of.notes["note1"].body.center()


def test_a_double_click_writes_in_place(noted: Canvas, session: Session, qtbot: QtBot) -> None:
    Hand(noted.view).double_click(middle(noted))
    body = noted.view.items_of.notes["note1"].body
    assert noted.view.mapToScene(field(noted).geometry()).boundingRect().intersected(body).width() > 180
    qtbot.keyClicks(field(noted), " please")
    assert note(session).text == "Look here please"
    before = session.history.undo_name
    assert before == "Write note"
    qtbot.keyClick(field(noted), Qt.Key.Key_Escape)
    assert noted.view.note_field is None
    assert noted.view.hasFocus()
    session.undo()
    assert note(session).text == "Look here"


def test_enter_writes_in_the_selected_note(noted: Canvas, session: Session, qtbot: QtBot) -> None:
    wanted: list[str] = []
    noted.view.edit_wanted.connect(wanted.append)
    session.select(["note1"])
    qtbot.keyClick(noted.view, Qt.Key.Key_Return)
    assert field(noted).hasFocus()
    assert field(noted).accessibleName() == "Text of the note"
    assert wanted == []
    noted.view.setFocus()
    assert noted.view.note_field is None


def test_a_note_grows_with_its_words(noted: Canvas, session: Session) -> None:
    noted.view.write_note("note1")
    field(noted).setPlainText("\n".join(["a line of words"] * 9))
    assert note(session).size == (220.0, needed(note(session).text, 220.0))
    assert note(session).size[1] > 120
    assert noted.view.items_of.notes["note1"].body.height() == note(session).size[1]


def test_undo_and_deletion_reach_the_open_field(noted: Canvas, session: Session, qtbot: QtBot) -> None:
    noted.view.write_note("note1")
    field(noted).setPlainText("Something else")
    session.undo()
    assert field(noted).toPlainText() == "Look here"
    session.edit("Delete", lambda d: edits.remove(d, ["note1"]))
    assert noted.view.note_field is None


def test_from_afar_one_comes_nearer_to_write(noted: Canvas) -> None:
    noted.view.set_scale(0.3)
    noted.view.write_note("note1")
    assert noted.view.scale_now == 1.0
    assert noted.view.viewport().rect().contains(field(noted).geometry())


def test_its_corner_makes_it_larger_as_one_edit(noted: Canvas, session: Session) -> None:
    hand = Hand(noted.view)
    corner = noted.view.items_of.notes["note1"].body.bottomRight() - QPointF(4, 4)
    hand.move(corner, held=Qt.MouseButton.NoButton)
    assert noted.view.viewport().cursor().shape() == Qt.CursorShape.SizeFDiagCursor
    hand.drag(corner, corner + QPointF(61, 44))
    assert note(session).size == (280.0, 124.0)
    assert note(session).place == (0.0, -200.0)
    assert session.history.undo_name == "Resize note"
    session.undo()
    assert noted.view.items_of.notes["note1"].body.size().toTuple() == (220.0, 80.0)


def test_it_never_gets_too_small_to_read(noted: Canvas, session: Session) -> None:
    corner = noted.view.items_of.notes["note1"].body.bottomRight() - QPointF(4, 4)
    Hand(noted.view).drag(corner, corner - QPointF(500, 500))
    assert note(session).size == (80.0, 40.0)
