"""Pictures of cards: drawn a few in a frame, and while one zooms those of another scale stand in, so that no frame takes long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPixmap, QTransform

if TYPE_CHECKING:
    from PySide6.QtWidgets import QGraphicsItem

#: milliseconds of a frame that may go into new pictures, the rest being for laying them down; but so many are drawn at least
BUDGET, LEAST = 5.0, 16
#: zooming is over when this many milliseconds pass without a new scale
REST = 120
#: larger than this few cards are in sight, and their pictures would be large: they are drawn as they are
LARGEST = 1.7
#: pictures that are kept, some 25 MB at full size; those unused longest go first
KEPT = 450
_EDGE = 8.0


class Sharpening(QObject):
    """Says whether there is time for another picture in this frame, and repaints in the next what had to wait."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._spent, self._drawn = 0.0, 0
        self._waiting: set[QGraphicsItem] = set()
        self._kept: dict[Picture, None] = {}
        self._scale = 0.0
        self.zooming = False
        self._rest = QTimer(self, singleShot=True, interval=REST)
        self._rest.timeout.connect(self._rested)
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._repaint)

    def begin(self, scale: float) -> None:
        """A frame begins at this scale."""
        self._spent, self._drawn = 0.0, 0
        if scale != self._scale:
            self.zooming = self._scale > 0
            self._scale = scale
            if self.zooming:
                self._rest.start()

    def may_draw(self) -> bool:
        """Whether this frame has time for another picture."""
        return not self.zooming and (self._spent < BUDGET or self._drawn < LEAST)

    def drew(self, picture: Picture, seconds: float) -> None:
        """A picture was drawn; the one that was not used for longest may have to go."""
        self._spent += 1e3 * seconds
        self._drawn += 1
        self._kept.pop(picture, None)
        self._kept[picture] = None
        while len(self._kept) > KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            oldest.forget()

    def later(self, item: QGraphicsItem) -> None:
        """This item stands there unsharp: it is painted again when there is time."""
        self._waiting.add(item)
        if not self.zooming and not self._next.isActive():
            self._next.start()

    @property
    def sharp(self) -> bool:
        """Whether nothing waits to be drawn."""
        return not self._waiting

    def _rested(self) -> None:
        self.zooming = False
        if self._waiting:
            self._repaint()

    def _repaint(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for item in waiting:
            if item.scene() is not None:
                item.update()


class Picture:
    """The picture of one card at one scale."""

    def __init__(self) -> None:
        self._image: QPixmap | None = None
        self._look: tuple[float, float] = (0.0, 0.0)
        self._fresh = False

    def spoil(self) -> None:
        """The card looks different now; the old picture stands in until there is a new one."""
        self._fresh = False

    def forget(self) -> None:
        """Lets the picture go."""
        self._image, self._fresh = None, False

    def paint(
        self, painter: QPainter, bounds: QRectF, sharpening: Sharpening, item: QGraphicsItem, draw: Callable[[QPainter, float], None]
    ) -> bool:
        """Paints a card of these bounds; False where there was no time and nothing that could stand in."""
        transform = painter.worldTransform()
        scale, ratio = transform.m11(), painter.device().devicePixelRatioF()
        if scale > LARGEST:
            draw(painter, scale)
            return True
        if (not self._fresh or self._look != (scale, ratio)) and sharpening.may_draw():
            started = time.thread_time()
            self._draw(bounds, scale, ratio, draw)
            sharpening.drew(self, time.thread_time() - started)
        if self._image is None:
            sharpening.later(item)
            return False
        if self._look == (scale, ratio):
            # On whole pixels of the screen, so that the picture is not blurred between them.
            x, y = transform.dx() + bounds.left() * scale, transform.dy() + bounds.top() * scale
            painter.setWorldTransform(QTransform.fromTranslate(round(x * ratio) / ratio, round(y * ratio) / ratio))
            painter.drawPixmap(0, 0, self._image)
            painter.setWorldTransform(transform)
        else:
            painter.drawPixmap(
                bounds,
                self._image,
                QRectF(0, 0, bounds.width() * self._look[0] * self._look[1], bounds.height() * self._look[0] * self._look[1]),
            )
        if not self._fresh or self._look != (scale, ratio):
            sharpening.later(item)
        return True

    def _draw(self, bounds: QRectF, scale: float, ratio: float, draw: Callable[[QPainter, float], None]) -> None:
        width, height = math.ceil(bounds.width() * scale * ratio) + 1, math.ceil(bounds.height() * scale * ratio) + 1
        if self._image is None or (self._image.width(), self._image.height()) != (width, height):
            self._image = QPixmap(width, height)
        self._image.setDevicePixelRatio(ratio)
        self._image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(scale, scale)
        painter.translate(-bounds.topLeft())
        draw(painter, scale)
        painter.end()
        self._look, self._fresh = (scale, ratio), True
