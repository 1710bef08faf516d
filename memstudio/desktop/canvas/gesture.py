"""What a hand does on the canvas, one class for each; the view gives it the mouse until the button is let go."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QPoint, QPointF, Qt

from memstudio.desktop.canvas.sheet import Sheet


class Gesture:
    """A gesture in hand. `at` is in scene coordinates, `pointer` in those of the viewport. scrolls: the paper moves on at its edges."""

    scrolls: ClassVar[bool] = True

    def __init__(self, view: Sheet) -> None:
        self.view = view

    def move(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        """The mouse moved with the button down."""

    def release(self, at: QPointF, pointer: QPoint, keys: Qt.KeyboardModifier) -> None:
        """The button was let go: what the gesture means is done."""

    def cancel(self) -> None:
        """Escape: everything as it was before."""
