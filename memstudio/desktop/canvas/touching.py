"""What the mouse does to what stands on the drawing itself: chips on cards, corners of notes, folded groups; the rest is gestures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from memstudio.desktop.canvas.grid import snapped
from memstudio.desktop.canvas.mark_items import SMALLEST, NoteItem
from memstudio.desktop.canvas.node_item import READABLE, NodeItem
from memstudio.desktop.canvas.parts import Part
from memstudio.desktop.tokens import GRID
from memstudio.experiment import edits

if TYPE_CHECKING:
    from memstudio.desktop.canvas.sheet import Sheet

#: a press that moves less than this is a click
_STILL = 4


class Touching:
    """Takes the mouse events of the viewport before the gestures do. `take` is whether one was for it alone."""

    def __init__(self, view: Sheet) -> None:
        self._view = view
        self._sizing: Sizing | None = None
        self._pressed: tuple[Part, QPoint] | None = None
        self._lit: NodeItem | None = None

    def take(self, event: QMouseEvent) -> bool:
        """Whether the event is dealt with."""
        pointer = event.position().toPoint()
        at = self._view.mapToScene(pointer)
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() == Qt.MouseButton.LeftButton:
                return self._press(at, pointer)
            case QEvent.Type.MouseMove if self._sizing is not None:
                self._sizing.move(at)
                return True
            case QEvent.Type.MouseButtonRelease if self._sizing is not None:
                sizing, self._sizing = self._sizing, None
                sizing.release()
                return True
            case QEvent.Type.MouseButtonDblClick if event.button() == Qt.MouseButton.LeftButton:
                return self._double(at)
        return False

    def after(self, event: QMouseEvent) -> None:
        """What follows once the gestures have had the event."""
        pointer = event.position().toPoint()
        at = self._view.mapToScene(pointer)
        if event.type() == QEvent.Type.MouseMove and event.buttons() == Qt.MouseButton.NoButton:
            self._point(at)
        elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
            (part, start), self._pressed = self._pressed, None
            if (pointer - start).manhattanLength() < _STILL:
                self._view.part_wanted.emit(part.address)

    def leave(self) -> None:
        """The mouse has gone."""
        self._light(None, "")

    def _press(self, at: QPointF, pointer: QPoint) -> bool:
        self._pressed = None
        part = self._part(at)
        if part is not None:
            self._pressed = (part, pointer)
            return False
        note = self._note(at)
        if note is None or not note.corner_at(at):
            return False
        self._view.session.select([note.note.id])
        self._sizing = Sizing(self._view, note, at)
        return True

    def _double(self, at: QPointF) -> bool:
        items = self._view.items_of
        if items.plug_at(at) is not None or items.node_at(at) is not None:
            return False
        group = items.folded_at(at)
        if group is not None:
            id = group.shown.id
            self._view.session.edit("Unfold", lambda document: edits.fold(document, id, False))
            return True
        note = self._note(at)
        if note is not None:
            self._view.write_note(note.note.id)
        return note is not None

    def _note(self, at: QPointF) -> NoteItem | None:
        return None if self._view.items_of.node_at(at) is not None else self._view.items_of.note_at(at)

    def _part(self, at: QPointF) -> Part | None:
        """The chip under a point, where it can be read and no plug lies over it."""
        if self._view.scale_now < READABLE or self._view.items_of.plug_at(at) is not None:
            return None
        return self._view.items_of.part_at(at)

    def _point(self, at: QPointF) -> None:
        node = self._view.items_of.node_at(at)
        part = self._part(at) if node is not None and node.card.parts else None
        self._light(node if part is not None else None, part.address if part is not None else "")
        if part is not None:
            self._view.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        elif node is None:
            note = self._view.items_of.note_at(at)
            if note is not None and note.corner_at(at):
                self._view.viewport().setCursor(Qt.CursorShape.SizeFDiagCursor)

    def _light(self, node: NodeItem | None, address: str) -> None:
        if self._lit is not None and self._lit is not node:
            self._lit.set_lit_part("")
        self._lit = node
        if node is not None:
            node.set_lit_part(address)


class Sizing:
    """A note whose corner is in the hand: the item follows at once, the document when the hand lets go."""

    def __init__(self, view: Sheet, note: NoteItem, at: QPointF) -> None:
        self._view, self._note = view, note
        self._off = note.body.bottomRight() - at

    def move(self, at: QPointF) -> None:
        """The corner goes with the hand, on the fine grid."""
        corner = at + self._off - self._note.pos()
        self._note.set_size(snapped(corner.x(), GRID), snapped(corner.y(), GRID))

    def release(self) -> None:
        """The note has this size from now on, as one edit."""
        id, (width, height) = self._note.note.id, self._note.size
        size = (max(width, SMALLEST[0]), max(height, SMALLEST[1]))
        self._view.session.edit("Resize note", lambda document: edits.set_note(document, id, size=size))
