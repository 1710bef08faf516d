"""A calm frame around the control that a step of the tour is about. It takes neither pointer nor keyboard."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QWidget

from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.tokens import RADIUS_NODE

#: how far around the control it lies
AROUND = 4


class PointingFrame(QWidget):
    """Lies over the window; `point_at` puts it around a place of it. Only the rim is covered."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._over = window
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def point_at(self, place: QRect) -> None:
        """Puts the frame around a place of the window; an empty one hides it."""
        if place.isEmpty():
            self.hide()
            return
        wanted = place.adjusted(-AROUND, -AROUND, AROUND, AROUND).intersected(self._over.rect())
        if wanted != self.geometry() or not self.isVisible():
            self.setGeometry(wanted)
            whole = self.rect()
            self.setMask(QRegion(whole).subtracted(QRegion(whole.adjusted(4, 4, -4, -4))))
            self.show()
            self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(ink().accent, 2.0))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS_NODE, RADIUS_NODE)
