"""A note written where it stands: a field over it, as large as the note is seen; every key is in the document at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QFontMetricsF, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from memstudio.desktop import tokens
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.canvas.mark_items import INSET
from memstudio.experiment import edits

if TYPE_CHECKING:
    from memstudio.desktop.canvas.sheet import Sheet
    from memstudio.experiment.document import Document, Note

#: heights are multiples of this
_STEP = tokens.GRID
#: type smaller than this cannot be written in, however far one looks from
_SMALLEST = 9


class NoteField(QPlainTextEdit):
    """The field over one note. Escape, Ctrl+Enter and a look elsewhere end it. ended(): it is gone."""

    ended = Signal()

    def __init__(self, view: Sheet, note: Note) -> None:
        super().__init__(view.viewport())
        self._view, self.note_id = view, note.id
        self._over = False
        self.setAccessibleName("Text of the note")
        self.setProperty("kind", "note")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setFrameStyle(0)
        self.document().setDocumentMargin(0)
        self.setPlainText(note.text)
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.place()
        self.textChanged.connect(self._written)
        view.moved.connect(self.place)
        view.session.document_changed.connect(self._changed)
        view.session.opened.connect(self.end)
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _note(self) -> Note | None:
        return next((note for note in self._view.session.document.notes if note.id == self.note_id), None)

    def place(self) -> None:
        """Lies over the note, in type of the size in which it is seen."""
        item, scale = self._view.items_of.notes.get(self.note_id), self._view.scale_now
        if item is None:
            return
        body = item.body.adjusted(INSET[0], INSET[1] - 1, -INSET[0], -INSET[1] + 1)
        self.setGeometry(QRect(self._view.mapFromScene(body.topLeft()), self._view.mapFromScene(body.bottomRight())))
        font = QFont(ink().card_text)
        font.setPixelSize(max(_SMALLEST, round(tokens.TYPE_BODY * scale)))
        if font != self.font():
            self.setFont(font)

    def _written(self) -> None:
        note, text = self._note(), self.toPlainText()
        if note is None or text == note.text:
            return
        size = (note.size[0], max(note.size[1], needed(text, note.size[0])))
        key = ("note", self.note_id)
        self._view.session.edit("Write note", lambda document: edits.set_note(document, self.note_id, text=text, size=size), merge=key)
        self.place()

    def _changed(self, document: Document) -> None:
        """What was undone, or written in the inspector, is shown here too."""
        note = self._note()
        if note is None:
            self.end()
        elif note.text != self.toPlainText():
            self.setPlainText(note.text)
            self.place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        finished = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_Escape or finished:
            self.end()
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.end()

    def end(self, _: object = None) -> None:
        """Goes away; what was written stays."""
        if not self._over:
            self._over = True
            self.hide()
            self.deleteLater()
            self.ended.emit()


def needed(text: str, width: float) -> float:
    """The height a note of this width needs for its words."""
    room = QRectF(0, 0, max(20.0, width - 2 * INSET[0]), 1e6)
    high = QFontMetricsF(ink().card_text).boundingRect(room, Qt.TextFlag.TextWordWrap.value, text or " ").height()
    return math.ceil((high + 2 * INSET[1] + 4) / _STEP) * _STEP
