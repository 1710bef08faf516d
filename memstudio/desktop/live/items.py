"""The curves of a plot as pyqtgraph draws them quickly. Imported only once a plot is shown: pyqtgraph takes 0.4 s."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from memstudio.desktop.live.looks import ALONE, BACK, LONG, MARK, ORDER, line_pen, look, mark_size
from memstudio.desktop.live.scales import Scale
from memstudio.desktop.live.seen import Floats, Track
from memstudio.desktop.tokens import Tokens

#: items are as large as anything can be: their plot is always painted whole, and one that said where it is anew would have it all painted
#: twice
EVERYWHERE = QRectF(-1e12, -1e12, 2e12, 2e12)


class Marks(QGraphicsItem):
    """Round marks at points, of one size in pixels however the plot is scaled."""

    def __init__(self) -> None:
        super().__init__()
        self._x = self._y = np.empty(0)
        self._colour, self._size = QColor(), MARK

    def set_points(self, x: Floats, y: Floats) -> None:
        """Marks these places; those that are not finite are left out."""
        there = np.isfinite(x) & np.isfinite(y)
        self._x, self._y = x[there], y[there]

    def set_look(self, colour: str, size: float) -> None:
        """Gives the marks their colour and diameter in pixels."""
        self._colour, self._size = QColor(colour), size

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        # painted in the view's pixels, because the plot's two axes are scaled differently
        to_pixels = painter.worldTransform()
        painter.setWorldTransform(QTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        radius = self._size / 2
        for x, y in zip(self._x.tolist(), self._y.tolist(), strict=True):
            painter.drawEllipse(to_pixels.map(QPointF(x, y)), radius, radius)


class Stroke(QGraphicsItem):
    """A line through many points: of a long one each pixel's lowest and highest point is drawn, which says all that can be seen.

    Far lighter than pyqtgraph's own item: with fifty lines that get new points a frame takes a fifth of the time.
    """

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__()
        self._view = view
        self._x = self._y = np.empty(0)
        self._whole = True
        self._pen, self._smooth, self._share = QPen(), True, 1.0
        self._for: tuple[object, ...] = ()
        self._path = QPainterPath()
        self._drawn: tuple[Floats, Floats] = (np.empty(0), np.empty(0))

    def set_points(self, x: Floats, y: Floats) -> None:
        """Goes through these places, x rising; what is not finite is a gap. The plot is to be painted anew after it."""
        self._x, self._y, self._for = x, y, ()
        self._whole = bool(np.isfinite(x).all() and np.isfinite(y).all())

    def set_look(self, pen: QPen, smooth: bool, share: float) -> None:
        """Gives the line its pen. share: how many columns there are to a pixel."""
        self._pen, self._smooth = pen, smooth
        if share != self._share:
            self._share, self._for = share, ()

    def boundingRect(self) -> QRectF:
        return EVERYWHERE

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        self._thin()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._smooth)
        painter.setPen(self._pen)
        painter.drawPath(self._path)

    def drawn(self) -> tuple[Floats, Floats]:
        """The places the line is drawn through."""
        self._thin()
        return self._drawn

    def _thin(self) -> None:
        wide = max(1, round(self._view.width() * self._share))
        (left, right), _ = self._view.viewRange()
        wanted = (wide, left, right) if len(self._x) > 2 * wide else (0,)
        if wanted == self._for:
            return
        self._for = wanted
        self._drawn = (self._x, self._y) if wanted == (0,) else _peaks(self._x, self._y, left, right, wide)
        whole = self._whole or bool(np.isfinite(self._drawn[1]).all())
        self._path = pg.arrayToQPath(*self._drawn, connect="all" if whole else "finite", finiteCheck=not whole)


def _peaks(x: Floats, y: Floats, left: float, right: float, columns: int) -> tuple[Floats, Floats]:
    """The lowest and the highest point of each of about so many columns between two places; all points where they are few."""
    first, last = int(np.searchsorted(x, left)), int(np.searchsorted(x, right, side="right"))
    # one more at both sides, so that the line goes on to the edges
    x, y = x[max(0, first - 1) : last + 1], y[max(0, first - 1) : last + 1]
    every = len(x) // max(1, columns)
    if every < 2:
        return x, y
    n = len(x) // every
    table = y[: n * every].reshape(n, every)
    places = np.repeat(x[: n * every : every], 2)
    places[1::2] = x[every // 2 : n * every : every]
    values = np.empty(2 * n)
    values[0::2], values[1::2] = np.fmin.reduce(table, axis=1), np.fmax.reduce(table, axis=1)
    rest = slice(n * every, None)
    return np.concatenate([places, x[rest]]), np.concatenate([values, y[rest]])


class Line:
    """One track as items in a view: a line, marks, or both."""

    def __init__(self, view: pg.ViewBox) -> None:
        self._view = view
        self.line = Stroke(view)
        view.addItem(self.line, ignoreBounds=True)
        self.marks: Marks | None = None
        self._drawn: tuple[object, ...] = ()
        self._looks: tuple[object, ...] = ()
        # the arrays themselves are held, so that an address is never mistaken for a newer array's
        self._data: tuple[Floats, Floats] | None = None

    def show(self, track: Track, x_scale: Scale, y_scale: Scale, t: Tokens, visible: bool, wide: bool, crowded: bool = False) -> None:
        """Shows a track. wide: the plot is so large that long lines must do without smooth edges; crowded: as in looks.line_pen."""
        if self.marks is None and (track.style in ALONE or track.marked):
            self.marks = Marks()
            self.marks.setZValue(4)
            self._view.addItem(self.marks, ignoreBounds=True)
            self._looks = ()
        self.line.setVisible(visible and track.style not in ALONE)
        if self.marks is not None:
            self.marks.setVisible(visible and (track.style in ALONE or track.marked))
        self._show_looks(track, t, wide, crowded)
        scales = (x_scale, y_scale)
        if self._drawn != scales or self._data is None or self._data[0] is not track.x or self._data[1] is not track.y:
            self._drawn, self._data = scales, (track.x, track.y)
            self._show_data(track, x_scale.places(track.x), y_scale.places(track.y))

    def _show_looks(self, track: Track, t: Tokens, wide: bool, crowded: bool) -> None:
        looks = (track.cell, track.style, t.name, wide, crowded, len(track.x) > LONG)
        if looks == self._looks:
            return
        self._looks = looks
        smooth = not (wide and len(track.x) > LONG) and not (crowded and track.style == "faint")
        # in a very wide plot every other pixel is enough: noise fills the gaps, and a frame takes half the time
        self.line.set_look(line_pen(track, t, cosmetic=True, crowded=crowded), smooth, 1.0 if smooth else 0.5)
        self.line.setZValue(ORDER[track.style])
        if self.marks is not None:
            self.marks.set_look(look(t, track.cell).colour, mark_size(track))

    def _show_data(self, track: Track, x: Floats, y: Floats) -> None:
        if track.style not in ALONE:
            self.line.set_points(x, y)
        if self.marks is not None:
            self.marks.set_points(x, y)

    def drawn(self) -> tuple[Floats, Floats]:
        """The places (x, y) of the line as it is drawn: of a long one what can be seen."""
        return self.line.drawn()

    def set_back(self, back: bool) -> None:
        """Lets the line step back behind others, or stand as it is."""
        for item in (self.line, self.marks):
            if item is not None:
                item.setOpacity(BACK if back else 1.0)

    def remove(self) -> None:
        """Takes the items out of the view."""
        for item in (self.line, self.marks):
            if item is not None:
                self._view.removeItem(item)
