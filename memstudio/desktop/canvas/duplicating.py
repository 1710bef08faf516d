"""Dragging with Ctrl: a copy of what is selected follows the hand, and stays where it is let go."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QGraphicsItem

from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.arrange import SNAP
from memstudio.desktop.canvas.gesture import Gesture
from memstudio.desktop.canvas.grid import snapped
from memstudio.desktop.canvas.mark_items import NoteItem
from memstudio.desktop.canvas.moving import STILL
from memstudio.desktop.canvas.node_item import NodeItem
from memstudio.desktop.canvas.sheet import Sheet


class Duplicating(Gesture):
    """What is selected stays, pale copies move. click: what a press without a move means."""

    def __init__(self, view: Sheet, at: QPointF, pointer: QPoint, click: Callable[[], None]) -> None:
        super().__init__(view)
        self._at, self._pointer, self._click = at, pointer, click
        self._copies: list[tuple[QGraphicsItem, QPointF]] = []
        self._moved = False

    def move(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self._moved and (pointer - self._pointer).manhattanLength() < STILL:
            return
        if not self._moved:
            self._begin()
        offset = self._offset(at)
        for item, place in self._copies:
            item.setPos(place + offset)
        self.view.say_at(pointer, "A copy")

    def _begin(self) -> None:
        self._moved = True
        items = self.view.items_of
        for id in doing.selected_things(self.view.session):
            copy: QGraphicsItem | None = None
            if id in items.nodes:
                copy = NodeItem(items.nodes[id].card)
                place = items.nodes[id].pos()
            elif id in items.notes:
                copy = NoteItem(items.notes[id].note)
                place = items.notes[id].pos()
            if copy is not None:
                copy.setOpacity(0.6)
                copy.setZValue(4)
                items.addItem(copy)
                self._copies.append((copy, place))

    def _offset(self, at: QPointF) -> QPointF:
        by = at - self._at
        return QPointF(snapped(by.x(), SNAP), snapped(by.y(), SNAP))

    def release(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        if not self._moved:
            self._click()
            return
        self.cancel()
        if not self._offset(at).isNull():
            doing.duplicate(self.view.session, self._offset(at))

    def cancel(self) -> None:
        for item, _ in self._copies:
            self.view.items_of.removeItem(item)
        self._copies = []
        self.view.say_at(self._pointer, "")
