"""Moving nodes and notes: the items follow the hand, the document follows when it lets go."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt

from memstudio.desktop.canvas.arrange import SNAP
from memstudio.desktop.canvas.gesture import Gesture
from memstudio.desktop.canvas.grid import snapped
from memstudio.desktop.canvas.sheet import Sheet
from memstudio.desktop.tokens import GRID
from memstudio.experiment import edits

#: a press that moves less than this is a click
_STILL = 4


class Moving(Gesture):
    """The selected items, moved together. The one that was pressed snaps to the grid, the others keep their distance to it."""

    def __init__(self, view: Sheet, pressed: str, at: QPointF, pointer: QPoint, narrow: bool) -> None:
        """narrow: the press was on one of several selected nodes; a click without a move selects that one alone."""
        super().__init__(view)
        self._pressed, self._at, self._pointer, self._narrow = pressed, at, pointer, narrow
        self._moved = False
        items = view.items_of
        ids = view.session.selected
        inside = [node for id in ids if id in items.groups for node in items.groups[id].shown.nodes]
        movable = [id for id in dict.fromkeys((*ids, *inside)) if id in items.nodes or id in items.notes]
        self._from = {id: items.nodes[id].pos() if id in items.nodes else items.notes[id].pos() for id in movable}

    def move(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self._moved and (pointer - self._pointer).manhattanLength() < _STILL:
            return
        self._moved = True
        offset = self._offset(at, keys)
        self.view.items_of.shift({id: place + offset for id, place in self._from.items()}, offset)

    def _offset(self, at: QPointF, keys: Qt.KeyboardModifier) -> QPointF:
        anchor = self._from.get(self._pressed) or next(iter(self._from.values()), QPointF())
        step = float(GRID) if keys & Qt.KeyboardModifier.AltModifier else SNAP
        target = anchor + at - self._at
        return QPointF(snapped(target.x(), step), snapped(target.y(), step)) - anchor

    def release(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self._moved:
            if self._narrow:
                self.view.session.select([self._pressed])
            return
        offset = self._offset(at, keys)
        places = {id: (place.x() + offset.x(), place.y() + offset.y()) for id, place in self._from.items()}
        self.view.session.edit("Move", lambda document: edits.move(document, places))
        self.view.items_of.show_document(self.view.session.document)

    def cancel(self) -> None:
        self.view.items_of.shift(self._from, QPointF())
