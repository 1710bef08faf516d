"""Moving the paper: middle button, or the left one with Space held."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt

from memstudio.desktop.canvas.gesture import Gesture
from memstudio.desktop.canvas.sheet import Sheet


class Panning(Gesture):
    """The paper follows the hand."""

    scrolls = False

    def __init__(self, view: Sheet, pointer: QPoint) -> None:
        super().__init__(view)
        self._last = pointer
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        self.view.pan(pointer - self._last)
        self._last = pointer

    def release(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        self.view.viewport().unsetCursor()

    def cancel(self) -> None:
        self.view.viewport().unsetCursor()
