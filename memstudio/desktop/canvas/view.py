"""The canvas: shows the scene, knows where the mouse and the keyboard are, and starts the gesture that is meant."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
)
from PySide6.QtWidgets import QToolTip

from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.choosing import Choosing
from memstudio.desktop.canvas.connecting import Connecting
from memstudio.desktop.canvas.dropping import Dropping
from memstudio.desktop.canvas.gesture import Gesture
from memstudio.desktop.canvas.moving import Moving
from memstudio.desktop.canvas.panning import Panning
from memstudio.desktop.canvas.sheet import Sheet
from memstudio.desktop.canvas.walking import direction, is_arrow, next_in
from memstudio.desktop.session import wire_id
from memstudio.experiment.document import Document


class CanvasView(Sheet):
    """The sheet in a hand: each press begins a gesture. `leave(forward)`: F6, Shift+Tab; `menu_wanted(where)`: right button."""

    leave = Signal(bool)
    menu_wanted = Signal(QPoint)

    _gesture: Gesture | None = None
    _dropping: Dropping | None = None
    _space = False

    def _show_document(self, document: Document) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            # What is in the hand belongs to a document that is no more (Undo was pressed meanwhile).
            gesture.cancel()
        super()._show_document(document)

    # ------------------------------------------------------------------------------------------ the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.box.dismiss()
        QToolTip.hideText()
        pointer = event.position().toPoint()
        at = self.mapToScene(pointer)
        if event.button() == Qt.MouseButton.MiddleButton or (event.button() == Qt.MouseButton.LeftButton and self._space):
            self._gesture = Panning(self, pointer)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._gesture = self._gesture_at(at, pointer, event.modifiers())
        self.fit_on_resize = False

    def _gesture_at(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> Gesture | None:
        plug = self.items_of.plug_at(at)
        if plug is not None:
            return Connecting(self, plug, pointer)
        pressed = self._thing_at(at)
        if pressed is None:
            wire = self.items_of.wire_at(at)
            if wire is None:
                return Choosing(self, at, pointer, keys)
            self.session.select([wire_id(wire.wire.start, wire.wire.end)])
            return None
        selected = self.session.selected
        if keys & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier):
            self.session.select([id for id in selected if id != pressed] if pressed in selected else [*selected, pressed])
            return None
        narrow = pressed in selected and len(selected) > 1
        if pressed not in selected:
            self.session.select([pressed])
        return Moving(self, pressed, at, pointer, narrow)

    def _thing_at(self, at: QPointF) -> str | None:
        """The id of the node, note or group under a point."""
        node = self.items_of.node_at(at)
        if node is not None:
            return node.card.id
        note = self.items_of.note_at(at)
        if note is not None:
            return note.note.id
        group = self.items_of.group_at(at)
        return group.shown.id if group is not None else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pointer = event.position().toPoint()
        if self._gesture is not None:
            self._gesture.move(self.mapToScene(pointer), pointer, event.modifiers())
        else:
            self._point(self.mapToScene(pointer))

    def _point(self, at: QPointF) -> None:
        """Shows what a press would take: the plug, the card or the wire under the mouse."""
        plug = self.items_of.plug_at(at)
        node = self.items_of.nodes[plug.node] if plug is not None else self.items_of.node_at(at)
        wire = self.items_of.wire_at(at) if node is None else None
        for item in self.items_of.nodes.values():
            item.set_state(hovered=item is node)
            item.set_lit(plug if item is node else None)
        for one in self.items_of.wires.values():
            one.set_state(hovered=one is wire)
        self.viewport().setCursor(Qt.CursorShape.CrossCursor if plug is not None else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            pointer = event.position().toPoint()
            gesture.release(self.mapToScene(pointer), pointer, event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        pointer = event.position().toPoint()
        at = self.mapToScene(pointer)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        node = self.items_of.node_at(at)
        if node is not None:
            self.edit_wanted.emit(node.card.id)
        elif self.items_of.note_at(at) is not None or self.items_of.group_at(at) is not None:
            thing = self._thing_at(at)
            if thing is not None:
                self.edit_wanted.emit(thing)
        else:
            self.add_by_typing(pointer)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(QPointF(1e9, 1e9))
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = self.mapToScene(event.pos())
        thing = self._thing_at(at)
        wire = self.items_of.wire_at(at)
        if thing is not None and thing not in self.session.selected:
            self.session.select([thing])
        elif thing is None and wire is not None:
            self.session.select([wire_id(wire.wire.start, wire.wire.end)])
        elif thing is None:
            self.session.select([])
        self.menu_wanted.emit(event.globalPos())

    # ------------------------------------------------------------------------------------------ dragged from the palette

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._dropping = Dropping.of(self, event.mimeData())
        event.setAccepted(self._dropping is not None)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._dropping is None:
            event.ignore()
            return
        self._dropping.over(self.mapToScene(event.position().toPoint()))
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        if self._dropping is not None:
            self._dropping.leave()
        self._dropping = None

    def dropEvent(self, event: QDropEvent) -> None:
        if self._dropping is None:
            event.ignore()
            return
        self._dropping.drop(self.mapToScene(event.position().toPoint()))
        self._dropping = None
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    # ------------------------------------------------------------------------------------------ the keyboard

    def event(self, event: QEvent) -> bool:
        """Tab adds here; Shift+Tab and F6 leave, so that the keyboard is never caught."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Tab and not event.modifiers():
                self.add_by_typing()
                return True
            if event.key() == Qt.Key.Key_Backtab:
                self.leave.emit(False)
                return True
            if event.key() == Qt.Key.Key_F6:
                self.leave.emit(not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self._escape()
        elif is_arrow(key):
            self._arrow(key, event.modifiers())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.session.selected:
            self.edit_wanted.emit(self.session.selected[-1])
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            doing.delete(self.session)
        elif key == Qt.Key.Key_Space:
            self._space = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif key == Qt.Key.Key_W and not event.modifiers():
            self.offer_wires()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.viewport().unsetCursor()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        super().focusOutEvent(event)
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def _escape(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.cancel()
            self.items_of.show_document(self.session.document)
        else:
            self.session.select([])

    def _arrow(self, key: int, keys: Qt.KeyboardModifier) -> None:
        """Arrows walk from node to node; with Shift they move what is selected, by 20 px, with Alt too by 4."""
        if keys & Qt.KeyboardModifier.ShiftModifier:
            doing.nudge(self.session, direction(key), 4.0 if keys & Qt.KeyboardModifier.AltModifier else 20.0)
            return
        places = {id: item.body.center() for id, item in self.items_of.nodes.items()}
        now = self.session.selected[-1] if self.session.selected else None
        found = next_in(places, now, key)
        if found is not None:
            self.session.select([found])
            self.reveal(found)
