"""A hand for tests: mouse and drag events sent to a canvas as a person makes them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from memstudio.desktop.canvas.cards import Plug
from memstudio.desktop.canvas.view import CanvasView
from memstudio.desktop.palette.entries import MIME

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


class Hand:
    """Acts on a canvas; points are in scene coordinates."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view

    def _send(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, held: Qt.MouseButton, keys: Qt.KeyboardModifier) -> None:
        viewport = self.view.viewport()
        point = QPointF(self.view.mapFromScene(at))
        event = QMouseEvent(kind, point, QPointF(viewport.mapToGlobal(point.toPoint())), button, held, keys)
        QApplication.sendEvent(viewport, event)

    def press(self, at: QPointF, keys: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        self._send(QEvent.Type.MouseButtonPress, at, button, button, keys)

    def move(self, at: QPointF, keys: Qt.KeyboardModifier = NONE, held: Qt.MouseButton = LEFT) -> None:
        self._send(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, held, keys)

    def release(self, at: QPointF, keys: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        self._send(QEvent.Type.MouseButtonRelease, at, button, Qt.MouseButton.NoButton, keys)

    def click(self, at: QPointF, keys: Qt.KeyboardModifier = NONE) -> None:
        self.press(at, keys)
        self.release(at, keys)

    def double_click(self, at: QPointF) -> None:
        self.click(at)
        self._send(QEvent.Type.MouseButtonDblClick, at, LEFT, LEFT, NONE)

    def drag(self, start: QPointF, end: QPointF, keys: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> None:
        """Presses, moves in small steps, lets go."""
        self.press(start, keys, button)
        for step in range(1, 9):
            self.move(start + (end - start) * (step / 8), keys, button)
        self.release(end, keys, button)

    def drop(self, component: str, at: QPointF) -> bool:
        """Drags an entry of the palette over the canvas and lets it go; whether the canvas took it."""
        carried = QMimeData()
        carried.setData(MIME, component.encode())
        return self.drop_data(carried, at)

    def drop_data(self, carried: QMimeData, at: QPointF) -> bool:
        point = self.view.mapFromScene(at)
        copy, viewport = Qt.DropAction.CopyAction, self.view.viewport()
        entering = QDragEnterEvent(point, copy, carried, LEFT, NONE)
        QApplication.sendEvent(viewport, entering)
        if not entering.isAccepted():
            return False
        for offset in (QPoint(6, 0), QPoint(0, 0)):
            QApplication.sendEvent(viewport, QDragMoveEvent(point + offset, copy, carried, LEFT, NONE))
        dropping = QDropEvent(QPointF(point), copy, carried, LEFT, NONE)
        QApplication.sendEvent(viewport, dropping)
        return dropping.isAccepted()

    # ------------------------------------------------------------------------------------------ where things are

    def middle(self, node: str) -> QPointF:
        """The middle of a node's card."""
        return self.view.items_of.nodes[node].body.center()

    def void(self) -> QPointF:
        """A place in sight with nothing near it: the lower left corner."""
        return self.view.mapToScene(QPoint(36, self.view.viewport().height() - 36))

    def plug(self, address: str, side: str) -> Plug:
        """A plug of the canvas. AssertionError when there is none."""
        found = self.view.items_of.plug(address, side)
        assert found is not None, f"no plug {address} ({side})"
        return found

    def at_plug(self, address: str, side: str) -> QPointF:
        """Where a plug is."""
        plug = self.plug(address, side)
        return self.view.items_of.nodes[plug.node].place_of(plug)
