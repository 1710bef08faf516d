"""The whole drawing in a corner, with what is seen of it; a click or a drag goes there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from memstudio.desktop import theme
from memstudio.desktop.canvas.cards import HEIGHT
from memstudio.desktop.canvas.ink import Ink, ink
from memstudio.desktop.canvas.paper import Paper

SIZE = QSize(136, 84)
#: a node is at least so many pixels high and wide, however large the drawing is
_LEAST = 2.0


class Minimap(QWidget):
    """A small picture of the canvas. Hidden while the whole drawing is in sight anyway."""

    def __init__(self, view: Paper, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self._picture = QPixmap()
        self._pictured: tuple[object, ...] = ()
        self._from: tuple[QPointF, QPointF] | None = None
        self.setFixedSize(SIZE)
        self.setAccessibleName("Overview of the canvas")
        self.setToolTip("Click or drag to go there")
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
        now, (scale, whole) = ink(), self._scale()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn(now, scale, whole))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._to_scene(painter, scale, whole)
        painter.setPen(QPen(now.accent, 1.25 / scale))
        painter.drawRect(self._view.seen())
        painter.end()

    def _to_scene(self, painter: QPainter, scale: float, whole: QRectF) -> None:
        painter.translate(QRectF(self.rect()).center())
        painter.scale(scale, scale)
        painter.translate(-whole.center())

    def _drawn(self, now: Ink, scale: float, whole: QRectF) -> QPixmap:
        """The drawing without what is seen of it: drawn again only when it, or how much of the paper it shows, has changed."""
        ratio = self.devicePixelRatioF()
        key = (now, ratio, scale, whole, self._view.items_of.revision)
        if key != self._pictured:
            picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(now.line, 1))
            painter.setBrush(now.panel)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
            self._to_scene(painter, scale, whole)
            self._draw(painter, now, scale)
            painter.end()
            self._picture, self._pictured = picture, key
        return self._picture

    def _draw(self, painter: QPainter, now: Ink, scale: float) -> None:
        """Lanes, groups and notes below, nodes in the colour of their family above."""
        items, least = self._view.items_of, _LEAST / scale
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        for lane in items.lanes:
            painter.setBrush(now.soft(lane.lane.family))
            painter.setOpacity(0.5)
            painter.drawRects(lane.bands)
        painter.setOpacity(1.0)
        for group in items.groups.values():
            if group.isVisible() and group.card is None:
                painter.fillRect(group.body, now.tint)
        for note in items.notes.values():
            painter.fillRect(note.body, now.line)
        for (family, _), (boxes, _) in items.far.cards().items():
            painter.setBrush(now.family(family) if family else now.dim)
            small = least > HEIGHT
            painter.drawRects([QRectF(b.x(), b.y(), max(b.width(), least), max(b.height(), least)) for b in boxes] if small else boxes)
        for group in items.groups.values():
            if group.isVisible() and group.card is not None:
                painter.fillRect(group.body, now.dim)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press on what is seen takes it in the hand; one elsewhere goes there first."""
        scale, whole = self._scale()
        there = self._there(event.position(), scale, whole)
        if not self._view.seen().contains(there):
            self._view.centerOn(there)
            self._view.moved.emit()
        self._from = (there, self._view.seen().center())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            scale, whole = self._scale()
            start, middle = self._from
            self._view.fit_on_resize = False
            self._view.centerOn(middle + self._there(event.position(), scale, whole) - start)
            self._view.moved.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._from = None

    def _there(self, point: QPointF, scale: float, whole: QRectF) -> QPointF:
        return whole.center() + (point - QRectF(self.rect()).center()) * (1 / scale)
