"""The paper the canvas is drawn on: dotted ground, zoom, pan, fit. It knows where one looks, and nothing of edits."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap, QResizeEvent, QTransform
from PySide6.QtWidgets import QGraphicsView, QWidget

from memstudio.desktop import theme
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.canvas.scene import Scene

#: how far one can zoom: a thousand nodes on one screen, and a card as wide as the canvas
SMALLEST, LARGEST = 0.08, 4.0
#: one notch of a wheel
NOTCH = 1.15
#: distance of the dots, as in the pictures
_DOTS = 20.0
_MARGIN = 48
#: a dot's side in pixels
_DOT = 2


class Paper(QGraphicsView):
    """A view of a scene. `moved`: what is in sight changed."""

    moved = Signal()

    def __init__(self, scene: Scene, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # A view does not keep its scene alive; this reference does.
        self.items_of = scene
        self.setScene(scene)
        self.fit_on_resize = True
        self._ground = QPixmap()
        self._ground_key: tuple[object, ...] = ()
        self._set_up()
        theme.themed.connect(self._repaint)

    def _set_up(self) -> None:
        self.setAccessibleName("Canvas")
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

    def _repaint(self) -> None:
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
        """Shows everything, never larger than life."""
        extent = self.items_of.extent()
        if extent.isEmpty():
            self.setTransform(QTransform())
            self.centerOn(0, 0)
        else:
            room = self.viewport().rect()
            scale = min(room.width() / (extent.width() + 2 * _MARGIN), room.height() / (extent.height() + 2 * _MARGIN), 1.0)
            self.setTransform(QTransform.fromScale(max(scale, SMALLEST), max(scale, SMALLEST)))
            self.centerOn(extent.center())
        self.moved.emit()

    def reveal(self, id: str) -> None:
        """Scrolls as far as needed to see a node."""
        item = self.items_of.nodes.get(id)
        if item is not None and not self.seen().adjusted(8, 8, -8, -8).contains(item.body):
            self.ensureVisible(item.body, _MARGIN, _MARGIN)
            self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.fit_on_resize:
            self.fit()
        self.moved.emit()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """The ground is one picture of dots, made once a scale and laid down shifted: thousands of dots cost one blit."""
        period = _DOTS * self.scale_now * (1 if self.scale_now >= 0.5 else 4)
        ground = self._dotted(period)
        origin = self.mapFromScene(QPointF(0, 0))
        painter.save()
        painter.resetTransform()
        painter.drawPixmap(QPointF(round(origin.x() % period - period), round(origin.y() % period - period)), ground)
        painter.restore()

    def _dotted(self, period: float) -> QPixmap:
        """The ground with a dot every `period` pixels, one period larger than the viewport on each side."""
        now, ratio = ink(), self.devicePixelRatioF()
        key = (period, ratio, self.viewport().size().toTuple(), now.tokens.name)
        if key != self._ground_key:
            width, height = self.viewport().width() + 2 * period, self.viewport().height() + 2 * period
            ground = QPixmap(round(width * ratio), round(height * ratio))
            ground.setDevicePixelRatio(ratio)
            ground.fill(now.canvas)
            if period >= 8:
                painter = QPainter(ground)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(now.dots)
                across = [round(x * period) for x in range(int(width / period) + 1)]
                down = [round(y * period) for y in range(int(height / period) + 1)]
                painter.drawRects([QRect(x, y, _DOT, _DOT) for x in across for y in down])
                painter.end()
            self._ground, self._ground_key = ground, key
        return self._ground
