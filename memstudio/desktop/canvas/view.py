"""The canvas: shows the scene, knows where the mouse and the keyboard are, and starts the gesture that is meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.asked import AskedSheet
from memstudio.desktop.canvas.choosing import Choosing
from memstudio.desktop.canvas.connecting import Connecting
from memstudio.desktop.canvas.dropping import Dropping
from memstudio.desktop.canvas.duplicating import Duplicating
from memstudio.desktop.canvas.edge_scroll import EdgeScroll
from memstudio.desktop.canvas.gesture import Gesture
from memstudio.desktop.canvas.moving import Moving
from memstudio.desktop.canvas.panning import Panning
from memstudio.desktop.canvas.paper import NOTCH
from memstudio.desktop.canvas.walking import along, direction, is_arrow, stations
from memstudio.desktop.session import Session, wire_id
from memstudio.experiment.document import Document


class CanvasView(AskedSheet):
    """The sheet in a hand: each press begins a gesture. `leave(forward)`: F6, Shift+Tab; `menu_wanted(where)`: right button."""

    leave = Signal(bool)
    menu_wanted = Signal(QPoint)

    _gesture: Gesture | None = None
    _dropping: Dropping | None = None
    _space = False
    #: the press that began was not the first button: its menu is not wanted
    _pressed_off = False

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        self._edge: EdgeScroll | None = None
        super().__init__(session, parent)
        self._edge = EdgeScroll(self.viewport(), self._scroll_on)

    def _show_document(self, document: Document) -> None:
        # What is in the hand belongs to a document that is no more (Undo was pressed meanwhile).
        self._let_fall()
        super()._show_document(document)

    @property
    def holding(self) -> bool:
        """Whether a gesture is in hand."""
        return self._gesture is not None

    def _let_fall(self) -> bool:
        """Ends the gesture in hand as if it had never begun. Whether there was one."""
        gesture, self._gesture = self._gesture, None
        if self._edge is not None:
            self._edge.stop()
        if gesture is not None:
            gesture.cancel()
        return gesture is not None

    # ------------------------------------------------------------------------------------------ the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.box.dismiss()
        QToolTip.hideText()
        pointer = event.position().toPoint()
        self.mouse_at, self.menu_at = pointer, None
        # A second button while the first is down: the gesture was not meant.
        self._pressed_off = self._let_fall()
        if self._pressed_off:
            self.items_of.show_document(self.session.document)
            return
        at = self.mapToScene(pointer)
        if event.button() == Qt.MouseButton.MiddleButton or (event.button() == Qt.MouseButton.LeftButton and self._space):
            self._gesture = Panning(self, pointer)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._gesture = self._gesture_at(at, pointer, event.modifiers())
        self.fit_on_resize = False

    def _gesture_at(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> Gesture | None:
        plug = self.items_of.plug_at(at)
        if plug is not None:
            return Connecting.from_plug(self, plug, pointer)
        pressed = self._thing_at(at)
        if pressed is not None:
            return self._holding(pressed, at, pointer, keys)
        wire = self.items_of.wire_at(at)
        if wire is not None:
            return Connecting.from_wire(self, wire.wire, at, pointer)
        return Choosing(self, at, pointer, keys)

    def _holding(self, pressed: str, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> Gesture:
        """A press on something: alone it selects it; Shift and Ctrl add it, or on a click take it off; Ctrl drags a copy."""
        selected = self.session.selected
        adding = bool(keys & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
        click: Callable[[], None] = _nothing
        if adding and pressed in selected:
            click = partial(self.session.select, [id for id in selected if id != pressed])
        elif adding:
            self.session.select([*selected, pressed])
        elif pressed not in selected:
            self.session.select([pressed])
        elif len(selected) > 1:
            click = partial(self.session.select, [pressed])
        if keys & Qt.KeyboardModifier.ControlModifier:
            return Duplicating(self, at, pointer, click)
        return Moving(self, pressed, at, pointer, click)

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
        self.mouse_at, self.menu_at = pointer, None
        if self._gesture is not None and event.buttons() == Qt.MouseButton.NoButton:
            # The button was let go where nobody heard it.
            self._escape()
        elif self._gesture is not None:
            self._gesture.move(self.mapToScene(pointer), pointer, event.modifiers())
            if self._edge is not None and self._gesture is not None and self._gesture.scrolls:
                self._edge.follow(pointer)
        else:
            self._point(self.mapToScene(pointer))

    def _scroll_on(self, pointer: QPoint, by: QPoint) -> None:
        """The hand is at an edge with something in it: the paper moves, and what is in the hand with it."""
        self.pan(by)
        if self._gesture is not None:
            self._gesture.move(self.mapToScene(pointer), pointer, QGuiApplication.keyboardModifiers())
        elif self._dropping is not None:
            self._dropping.over(self.mapToScene(pointer), pointer)

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
        if self._edge is not None:
            self._edge.stop()
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
        elif self.items_of.note_at(at) is not None:
            self.edit_wanted.emit(self._thing_at(at) or "")
        elif self.items_of.group_at(at) is not None:
            self.rename(self._thing_at(at))
        else:
            self.add_by_typing(pointer)

    def leaveEvent(self, event: QEvent) -> None:
        self._point(QPointF(1e9, 1e9))
        self.mouse_at = None
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._pressed_off and event.reason() == QContextMenuEvent.Reason.Mouse:
            self._pressed_off = False
            return
        self.menu_at = event.pos() if event.reason() == QContextMenuEvent.Reason.Mouse else None
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
        pointer = event.position().toPoint()
        self._dropping.over(self.mapToScene(pointer), pointer)
        if self._edge is not None:
            self._edge.follow(pointer)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        if self._dropping is not None:
            self._dropping.leave()
        self._dropping = None
        if self._edge is not None:
            self._edge.stop()

    def dropEvent(self, event: QDropEvent) -> None:
        if self._dropping is None:
            event.ignore()
            return
        self._dropping.drop(self.mapToScene(event.position().toPoint()))
        self._dropping = None
        if self._edge is not None:
            self._edge.stop()
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
        if self._let_fall():
            self.items_of.show_document(self.session.document)
        else:
            self.session.select([])

    def _arrow(self, key: int, keys: Qt.KeyboardModifier) -> None:
        """Arrows walk from node to node, with Ctrl they take one more along; with Shift they move what is selected, Alt makes it 4 px."""
        if keys & Qt.KeyboardModifier.ShiftModifier:
            doing.nudge(self.session, direction(key), 4.0 if keys & Qt.KeyboardModifier.AltModifier else 20.0)
            return
        places, wires, hidden = stations(self.items_of, self.session.document)
        now = self.session.selected[-1] if self.session.selected else None
        found = along(places, wires, hidden.get(now or "", now), key)
        if found is not None:
            kept = [id for id in self.session.selected if id != found] if keys & Qt.KeyboardModifier.ControlModifier else []
            self.session.select([*kept, found])
            self.reveal(found)

    # ------------------------------------------------------------------------------------------ the wheel and two fingers

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel and two fingers move the paper, Shift turns a wheel sideways; with Ctrl they zoom at the pointer."""
        self.fit_on_resize = False
        keys = event.modifiers()
        delta = event.angleDelta() if event.pixelDelta().isNull() else event.pixelDelta()
        if keys & Qt.KeyboardModifier.ControlModifier:
            self.set_scale(self.scale_now * NOTCH ** (event.angleDelta().y() / 120), event.position().toPoint())
        elif keys & Qt.KeyboardModifier.ShiftModifier and not delta.x():
            self.pan(QPoint(delta.y(), 0))
        else:
            self.pan(delta)
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        """Two fingers that part or close zoom at the place between them."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.fit_on_resize = False
            self.set_scale(self.scale_now * (1.0 + event.value()), event.position().toPoint())
            return True
        return super().viewportEvent(event)


def _nothing() -> None:
    """What a click does where it does nothing more."""
