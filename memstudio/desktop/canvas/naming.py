"""A name changed where it stands: a field over a card's title or a group's name, gone with Enter, Escape or a look elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from memstudio.desktop.canvas.sheet import Sheet
from memstudio.desktop.words import tr
from memstudio.experiment import edits
from memstudio.experiment.document import Document

_HEIGHT = 28


class Naming(QLineEdit):
    """The field. Enter and leaving it keep what was typed, as one edit; Escape keeps what was."""

    def __init__(self, view: Sheet, id: str, text: str, box: QRectF) -> None:
        super().__init__(text, view.viewport())
        self._view, self._id, self._was = view, id, text
        self._done = False
        self.setAccessibleName(tr("Name of the group" if id in view.items_of.groups else "Name of the component"))
        corner = view.mapFromScene(box.topLeft())
        width = max(140, min(round(box.width() * view.scale_now), 320))
        self.setGeometry(max(0, corner.x()), max(0, corner.y()), width, _HEIGHT)
        view.moved.connect(self._finish)
        view.session.opened.connect(self._drop)
        self.show()
        self.selectAll()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._finish()
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        elif event.key() == Qt.Key.Key_Escape:
            self._drop()
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._finish()

    def _finish(self) -> None:
        if self._done:
            return
        text = self.text().strip()
        self._drop()
        if text != self._was:
            self._view.session.edit("Rename", lambda document: renamed(document, self._id, text))

    def _drop(self, _: object = None) -> None:
        if not self._done:
            self._done = True
            self.hide()
            self.deleteLater()


def renamed(document: Document, id: str, text: str) -> Document:
    """The document with a node or a group under another title."""
    if any(one.id == id for one in document.groups):
        return edits.set_group_title(document, id, text)
    return edits.set_node_title(document, id, text)
