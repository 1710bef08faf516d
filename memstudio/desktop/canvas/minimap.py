"""The whole drawing in a corner, with what is seen of it; a click or a drag goes there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from memstudio.desktop import theme
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.canvas.paper import Paper

SIZE = QSize(136, 84)


class Minimap(QWidget):
    """A small picture of the canvas. Hidden while the whole drawing is in sight anyway."""

    def __init__(self, view: Paper, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self.setFixedSize(SIZE)
        self.setAccessibleName("Overview of the canvas")
        self.setToolTip("Click to go there")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        theme.themed.connect(self._repaint)
        view.moved.connect(self.look)
        self.hide()

    def look(self) -> None:
        """Shows itself when something lies outside the view, and repaints."""
        extent = self._view.items_of.extent()
        self.setVisible(not extent.isEmpty() and not self._view.seen().contains(extent))
        self.update()

    def _repaint(self) -> None:
        self.update()

    def _scale(self) -> tuple[float, QRectF]:
        """Pixels a scene pixel, and the part of the scene that is pictured."""
        whole = self._view.items_of.extent().united(self._view.seen()).adjusted(-40, -40, 40, 40)
        scale = min((self.width() - 8) / max(whole.width(), 1), (self.height() - 8) / max(whole.height(), 1))
        return scale, whole

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        now = ink()
        painter.setPen(QPen(now.line, 1))
        painter.setBrush(now.panel)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        scale, whole = self._scale()
        painter.translate(QRectF(self.rect()).center())
        painter.scale(scale, scale)
        painter.translate(-whole.center())
        painter.setPen(Qt.PenStyle.NoPen)
        for item in self._view.items_of.nodes.values():
            painter.fillRect(item.body, now.family(item.card.family) if item.card.known else now.dim)
        painter.setPen(QPen(now.accent, 1.25 / scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self._view.seen())
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event.position())

    def _go(self, point: QPointF) -> None:
        scale, whole = self._scale()
        offset = point - QRectF(self.rect()).center()
        self._view.centerOn(whole.center().x() + offset.x() / scale, whole.center().y() + offset.y() / scale)
        self._view.moved.emit()
