"""The paper the canvas is drawn on: dotted ground, zoom, pan, fit. It knows where one looks, and nothing of edits."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap, QResizeEvent, QTransform
from PySide6.QtWidgets import QGraphicsView, QWidget

from memstudio.desktop import lengths, theme
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.canvas.node_item import READABLE
from memstudio.desktop.canvas.scene import Scene
from memstudio.desktop.words import tr

#: how far one can zoom: a thousand nodes on one screen, and a card as wide as the canvas
SMALLEST, LARGEST = 0.08, 4.0
#: one notch of a wheel
NOTCH = 1.15
#: distance of the dots, as in the pictures
_DOTS = 20.0
_MARGIN = 48
#: a dot's side in pixels
_DOT = 2
#: dots nearer to each other than this are not drawn
_CLOSEST = 8.0


class Paper(QGraphicsView):
    """A view of a scene. `moved`: what is in sight changed."""

    moved = Signal()

    def __init__(self, scene: Scene, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # A view does not keep its scene alive; this reference does.
        self.items_of = scene
        self.setScene(scene)
        self.fit_on_resize = True
        self._row = QPixmap()
        self._row_key: tuple[object, ...] = ()
        self._set_up()
        theme.themed.connect(self._repaint)

    def _set_up(self) -> None:
        self.setAccessibleName(tr("Canvas"))
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFrameStyle(0)

    def actual_size(self) -> None:
        """One point of the drawing to one of the screen; more, where larger type is chosen."""
        self.fit_on_resize = False
        self.set_scale(lengths.scale())

    def _repaint(self) -> None:
        """In other colours, or with type of another size: then the paper comes nearer, or goes further away."""
        if self.fit_on_resize:
            self.fit()
        self.viewport().update()

    def seen(self) -> QRectF:
        """The part of the scene that is in sight."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    @property
    def scale_now(self) -> float:
        """Pixels of the screen to one of the scene."""
        return self.transform().m11()

    def set_scale(self, scale: float, around: QPoint | None = None) -> None:
        """Zooms so that the scene's point at `around` (else the middle) stays where it is."""
        fixed = around if around is not None else self.viewport().rect().center()
        before = self.mapToScene(fixed)
        scale = min(max(scale, SMALLEST), LARGEST)
        self.setTransform(QTransform.fromScale(scale, scale))
        self.centerOn(before + (self.mapToScene(self.viewport().rect().center()) - self.mapToScene(fixed)))
        self.moved.emit()

    def zoom(self, notches: float) -> None:
        """Zooms in (or out, below 0) around the middle."""
        self.fit_on_resize = False
        self.set_scale(self.scale_now * NOTCH ** (2 * notches))

    def pan(self, by: QPoint) -> None:
        """Moves the paper by this many pixels of the screen."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - by.x())
        down.setValue(down.value() - by.y())
        self.moved.emit()

    def fit(self) -> None:
        """Shows everything, never larger than life (than type is chosen to be)."""
        extent = self.items_of.extent()
        if extent.isEmpty():
            self.setTransform(QTransform())
            self.centerOn(0, 0)
        else:
            room = self.viewport().rect()
            scale = min(room.width() / (extent.width() + 2 * _MARGIN), room.height() / (extent.height() + 2 * _MARGIN), lengths.scale())
            self.setTransform(QTransform.fromScale(max(scale, SMALLEST), max(scale, SMALLEST)))
            self.centerOn(extent.center())
        self.moved.emit()

    def reveal(self, id: str) -> None:
        """Scrolls as far as needed to see a node (or the folded group it is in)."""
        body = self.items_of.body_of(id)
        if body is not None and not self.seen().adjusted(8, 8, -8, -8).contains(body):
            self.ensureVisible(body, _MARGIN, _MARGIN)
            self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.fit_on_resize:
            self.fit()
        self.moved.emit()

    def setTransform(self, matrix: QTransform, combine: bool = False) -> None:
        """Another scale; from afar all cards are painted at a time."""
        super().setTransform(matrix, combine)
        self.items_of.set_far(self.scale_now < READABLE)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """The ground: one row of dots is drawn once a scale, and laid down row by row: thousands of dots cost some fifty blits."""
        now, ratio, room = ink(), self.devicePixelRatioF(), self.viewport().rect()
        self.items_of.sharpening.begin(self.scale_now)
        period = _DOTS * self.scale_now * (1 if self.scale_now >= 0.5 else 4)
        painter.save()
        painter.resetTransform()
        painter.fillRect(room, now.canvas)
        if period >= _CLOSEST:
            row, origin = self._row_of_dots(period), self.mapFromScene(QPointF(0, 0))
            x = round((origin.x() % period - period) * ratio) / ratio
            y = origin.y() % period
            for down in range(-1, int(room.height() / period) + 1):
                painter.drawPixmap(QPointF(x, round((y + down * period) * ratio) / ratio), row)
        painter.restore()

    def _row_of_dots(self, period: float) -> QPixmap:
        """A row with a dot every `period` pixels, a period longer than the viewport at each end."""
        now, ratio = ink(), self.devicePixelRatioF()
        key = (period, ratio, self.viewport().width(), now)
        if key != self._row_key:
            width = self.viewport().width() + 2 * period
            row = QPixmap(round(width * ratio), round(_DOT * ratio))
            row.setDevicePixelRatio(ratio)
            row.fill(now.canvas)
            painter = QPainter(row)
            side = round(_DOT * ratio) / ratio
            for place in range(int(width / period) + 1):
                painter.fillRect(QRectF(round(place * period * ratio) / ratio, 0, side, side), now.dots)
            painter.end()
            self._row, self._row_key = row, key
        return self._row
