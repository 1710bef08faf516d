"""A panel that opens below the button that asked for it, inside the window; Esc or a click elsewhere closes it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget

from memstudio.desktop.overlay import Overlay

#: with less room below its button, points, a panel opens above
LEAST = 240


class Panel(Overlay):
    """Base of the choosers of the Runs page. anchor: the button; the panel's right edge follows the button's where there is room."""

    def __init__(self, anchor: QWidget, width: int, height: int) -> None:
        super().__init__(anchor.window(), width, height)
        self._anchor = anchor

    def toggle(self, focus: QWidget) -> None:
        """Opens the panel, or closes it when it is open."""
        if self.isVisible():
            self.close_panel()
        else:
            self.open(focus)

    def _place(self) -> None:
        around, corner = self._around.rect(), self._anchor.mapTo(self._around, QPoint(self._anchor.width(), self._anchor.height() + 5))
        width = min(self._wanted[0], around.width() - 24)
        left = max(12, min(corner.x() - width, around.width() - width - 12))
        below = around.height() - corner.y() - 12
        if below >= min(LEAST, self._wanted[1]):
            self.setGeometry(QRect(left, corner.y(), width, min(self._wanted[1], below)))
        else:
            height = min(self._wanted[1], around.height() - 24)
            self.setGeometry(QRect(left, max(12, corner.y() - height - 16), width, height))
