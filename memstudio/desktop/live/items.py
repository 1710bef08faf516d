"""The curves of a plot as pyqtgraph draws them quickly. Imported only once a plot is shown: pyqtgraph takes 0.4 s."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QTransform
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from memstudio.desktop.live.looks import ALONE, BACK, LONG, MARK, ORDER, line_pen, look, mark_size
from memstudio.desktop.live.scales import Scale
from memstudio.desktop.live.seen import Floats, Track
from memstudio.desktop.tokens import Tokens


class Marks(pg.GraphicsObject):  # type: ignore[misc]
    """Round marks at points, of one size in pixels however the plot is scaled."""

    def __init__(self) -> None:
        super().__init__()
        self._x = self._y = np.empty(0)
        self._bounds = QRectF()
        self._colour, self._size = QColor(), MARK

    def set_points(self, x: Floats, y: Floats) -> None:
        """Marks these places; those that are not finite are left out."""
        there = np.isfinite(x) & np.isfinite(y)
        self.prepareGeometryChange()
        self._x, self._y = x[there], y[there]
        ends = (float(f(v)) for v in (self._x, self._y) for f in (np.min, np.max)) if there.any() else (0.0, 0.0, 0.0, 0.0)
        left, right, top, bottom = ends
        self._bounds = QRectF(QPointF(left, top), QPointF(right, bottom))
        self.update()

    def set_look(self, colour: str, size: float) -> None:
        """Gives the marks their colour and diameter in pixels."""
        self._colour, self._size = QColor(colour), size
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds.adjusted(-1e-9, -1e-9, 1e-9, 1e-9)

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


class Line:
    """One track as items in a view: a line, marks, or both."""

    def __init__(self, view: pg.ViewBox) -> None:
        self._view = view
        # two points a pixel say all that can be seen; pyqtgraph's usual five cost four times as long
        self.line = pg.PlotDataItem(antialias=True, autoDownsampleFactor=1.0)
        self.line.setDownsampling(auto=True, method="peak")
        self.line.setClipToView(True)
        view.addItem(self.line, ignoreBounds=True)
        self.marks: Marks | None = None
        self._drawn: tuple[object, ...] = ()
        self._looks: tuple[object, ...] = ()
        # the arrays themselves are held, so that an address is never mistaken for a newer array's
        self._data: tuple[Floats, Floats] | None = None

    def show(self, track: Track, x_scale: Scale, y_scale: Scale, t: Tokens, visible: bool, wide: bool) -> None:
        """Shows a track. wide: the plot is so large that long lines must do without smooth edges."""
        if self.marks is None and (track.style in ALONE or track.marked):
            self.marks = Marks()
            self.marks.setZValue(4)
            self._view.addItem(self.marks, ignoreBounds=True)
            self._looks = ()
        self.line.setVisible(visible and track.style not in ALONE)
        if self.marks is not None:
            self.marks.setVisible(visible and (track.style in ALONE or track.marked))
        self._show_looks(track, t, wide)
        scales = (x_scale, y_scale)
        if self._drawn != scales or self._data is None or self._data[0] is not track.x or self._data[1] is not track.y:
            self._drawn, self._data = scales, (track.x, track.y)
            self._show_data(track, x_scale.places(track.x), y_scale.places(track.y))

    def _show_looks(self, track: Track, t: Tokens, wide: bool) -> None:
        looks = (track.cell, track.style, t.name, wide, len(track.x) > LONG)
        if looks == self._looks:
            return
        self._looks = looks
        self.line.setPen(line_pen(track, t, cosmetic=True))
        smooth = not (wide and len(track.x) > LONG)
        if self.line.opts["antialias"] is not smooth:
            self.line.opts["antialias"] = smooth
            # in a very wide plot every other pixel is enough: noise fills the gaps, and a frame takes half the time
            self.line.opts["autoDownsampleFactor"] = 1.0 if smooth else 0.5
            self._drawn = ()
        self.line.setZValue(ORDER[track.style])
        if self.marks is not None:
            self.marks.set_look(look(t, track.cell).colour, mark_size(track))

    def _show_data(self, track: Track, x: Floats, y: Floats) -> None:
        whole = bool(np.isfinite(x).all() and np.isfinite(y).all())
        if not whole:
            y = np.where(np.isfinite(y), y, np.nan)
        if track.style not in ALONE:
            self.line.setData(x, y, connect="all" if whole else "finite", skipFiniteCheck=whole)
        if self.marks is not None:
            self.marks.set_points(x, y)

    def drawn(self) -> tuple[Floats, Floats]:
        """The places (x, y) of the line as it is drawn: of a long one what can be seen."""
        x, y = self.line.getData()
        return (np.empty(0), np.empty(0)) if x is None or y is None else (x, y)

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
