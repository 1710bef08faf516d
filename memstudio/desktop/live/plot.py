"""One plot: curves by pyqtgraph over a ground painted by hand, with pointer, zoom, log axes. Imported once a plot is shown."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsView, QSizePolicy, QWidget

from memstudio.desktop import theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.live import ground, plot_figure, readout
from memstudio.desktop.live.ground import ABOVE, BELOW, BESIDE, Ground
from memstudio.desktop.live.items import Line
from memstudio.desktop.live.looks import ALONE, CROWDED, MANY
from memstudio.desktop.live.plot_box import PlotBox
from memstudio.desktop.live.ranges import Range, scales, whole
from memstudio.desktop.live.readout import Readout
from memstudio.desktop.live.scales import Scale
from memstudio.desktop.live.seen import PlotSeen, Track
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import number

#: a plot wider than this draws its long lines without smooth edges (8 lines of 100,000 points at 1,200 pixels: 7 ms, smooth 13)
WIDE = 800

_NOTHING = PlotSeen("", "", "", "", ())


class Plot(QWidget):
    """Shows a PlotSeen. picked(float): a click on (or Enter at) this value of the x axis; zoomed(bool): the view is not the whole.

    pointed_at(Pointed or None): where the pointer stands. By keyboard: left and right move the pointer, Enter picks, plus and minus zoom,
    0 shows all again, Esc hides the pointer.
    """

    picked = Signal(float)
    zoomed = Signal(bool)
    pointed_at = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen = _NOTHING
        self._hidden: frozenset[int] = frozenset()
        self._lit: int | None = None
        self._log_x = self._log_y = False
        self._x_scale, self._y_scale = Scale(), Scale()
        self._whole: tuple[Range, Range] = ((0.0, 1.0), (0.0, 1.0))
        self._shown = self._whole
        self._is_zoomed = False
        self._at: float | None = None
        self._level: float | None = None
        self._pressed: QPoint | None = None
        self._lines: dict[Hashable, Line] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(150, 110)
        self._make_view()
        self._words = Readout(self)
        self._themed(theme.current())
        theme.themed.connect(self._themed)

    def _make_view(self) -> None:
        self._view = pg.GraphicsView(self, background=None)
        self._view.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        # items overlap everywhere and marks reach beyond their bounds: painting everything is as quick, and leaves no crumbs
        self._view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.setStyleSheet("background: transparent; border: none;")
        self._view.viewport().setAutoFillBackground(False)
        self._view.viewport().installEventFilter(self)
        self._box = PlotBox()
        self._view.setCentralItem(self._box)
        self._box.sigRangeChanged.connect(self._range_changed)
        self._box.sigRangeChangedManually.connect(self._zoomed_by_hand)
        self._time, self._pointer, self._across = pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=90), pg.InfiniteLine(angle=0)
        for height, item in enumerate((self._time, self._pointer, self._across), 5):
            item.setZValue(height)
            item.hide()
            self._box.addItem(item, ignoreBounds=True)

    def sizeHint(self) -> QSize:
        return QSize(260, 190)

    # ------------------------------------------------------------------------------------------ showing

    def show_seen(self, seen: PlotSeen, hidden: frozenset[int] = frozenset(), log_x: bool = False, log_y: bool = False) -> None:
        """Shows this, without the cells in `hidden`, on log axes where that can be."""
        other = seen.chosen != self.seen.chosen or (log_x, log_y) != (self._log_x, self._log_y)
        self.seen, self._hidden, self._log_x, self._log_y = seen, hidden, log_x, log_y
        self._x_scale, self._y_scale = scales(seen, log_x, log_y)
        if other:
            self._set_zoomed(False)
            self._point_at(None)
        self._whole = whole(seen, self._visible(), self._x_scale, self._y_scale)
        self._fit_view()
        if not self._is_zoomed:
            self._set_range(*self._whole)
        self._show_lines()
        self.setAccessibleDescription(self.words)
        if self._at is not None:
            self._point_at(self._at, self._level)
        self.update()

    @property
    def words(self) -> str:
        """The plot in words: where each line ends."""
        ends = [f"{track.name} {number(float(track.y[-1]))}" for track in self._visible() if len(track.y) and track.name]
        return f"{self.seen.y_name} over {self.seen.x_name}: {'; '.join(ends)}" if ends else self.seen.empty

    def show_time(self, step: float | None) -> None:
        """Shows the time line at a step, or hides it."""
        self._time.setVisible(step is not None)
        if step is not None:
            place = float(self._x_scale.places(step))
            self._time.setVisible(math.isfinite(place))
            if math.isfinite(place):
                self._time.setValue(place)

    def show_all(self) -> None:
        """Takes the zoom back."""
        self._set_zoomed(False)
        self._set_range(*self._whole)

    def light(self, cell: int | None) -> None:
        """Lets one cell stand out and the others step back; None: all are alike again."""
        cell = cell if self.seen.of_cells else None
        if cell != self._lit:
            self._lit = cell
            self._show_lit()
            self.update()

    def _show_lit(self) -> None:
        for track in self.seen.tracks:
            if track.key in self._lines:
                self._lines[track.key].set_back(self._lit is not None and track.cell != self._lit)

    def _visible(self) -> list[Track]:
        return [track for track in self.seen.tracks if track.cell not in self._hidden]

    def _show_lines(self) -> None:
        t, wide = theme.current(), self.width() > WIDE
        there = {track.key: track for track in self.seen.tracks}
        lines = [len(track.x) for track in self._visible() if track.style not in ALONE]
        crowded = sum(lines) > CROWDED or len(lines) > MANY
        for key in [key for key in self._lines if key not in there]:
            self._lines.pop(key).remove()
        for key, track in there.items():
            if key not in self._lines:
                self._lines[key] = Line(self._box)
            self._lines[key].show(track, self._x_scale, self._y_scale, t, track.cell not in self._hidden, wide, crowded)
        if self._lit is not None:
            self._show_lit()

    # ------------------------------------------------------------------------------------------ the view

    def _ground(self, area: QRectF | None = None) -> Ground:
        (x, y) = self._shown
        return Ground(self.seen, area or QRectF(self._view.geometry()), x, y, self._x_scale, self._y_scale, self._hidden, self._lit)

    def _fit_view(self) -> None:
        """Makes room for the words of the ticks at the left."""
        high = max(20, self.height() - ABOVE - BELOW)
        left = math.ceil(ground.gutter(ground.y_ticks(self._ground(QRectF(0, 0, 100, high)))))
        wanted = QRect(left, ABOVE, max(20, self.width() - left - BESIDE), high)
        # a view that is told its size lays everything out anew, even where it has it already
        if wanted != self._view.geometry():
            self._view.setGeometry(wanted)

    def _set_range(self, x: Range, y: Range) -> None:
        if self._shown == (x, y) and self._box.viewRange() == [list(x), list(y)]:
            return
        self._shown = (x, y)
        self._box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    def _range_changed(self, *_: object) -> None:
        (x0, x1), (y0, y1) = self._box.viewRange()
        self._shown = ((x0, x1), (y0, y1))
        self.update()

    def _zoomed_by_hand(self, *_: object) -> None:
        self._set_zoomed(True)
        # numbers of other lengths may stand at the ticks now
        self._fit_view()

    def _set_zoomed(self, is_zoomed: bool) -> None:
        if is_zoomed != self._is_zoomed:
            self._is_zoomed = is_zoomed
            self.zoomed.emit(is_zoomed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_view()
        if (event.oldSize().width() > WIDE) != (event.size().width() > WIDE):
            self._show_lines()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t, under = QPainter(self), theme.current(), self._ground()
        ground.draw(painter, under, t)
        if self._level is not None:
            ground.draw_level(painter, under, self._level, t)
        if self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), looks.RADIUS_CONTROL, looks.RADIUS_CONTROL)

    def draw_figure(self, painter: QPainter, t: Tokens) -> None:
        """Paints the plot as it stands, in vectors, from the painter's origin, in the colours of a theme."""
        under = self._ground()
        plot_figure.draw(painter, QRectF(self.rect()), under, self._visible(), lambda track: self._lines[track.key].drawn(), t)

    def _themed(self, t: Tokens) -> None:
        self._time.setPen(QPen(QColor(t.accent), 0))
        for item in (self._pointer, self._across):
            item.setPen(QPen(QColor(t.dim), 0, Qt.PenStyle.DotLine))
        self._box.themed(t)
        self._show_lines()
        self.update()

    # ------------------------------------------------------------------------------------------ the pointer

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Leave:
            self._point_at(None)
        elif isinstance(event, QMouseEvent):
            at = event.position().toPoint()
            if kind == QEvent.Type.MouseMove and event.buttons() == Qt.MouseButton.NoButton:
                self._point_at(self._place_at(at.x()), self._height_at(at.y()))
            elif kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
                self._pressed = at
                self.setFocus(Qt.FocusReason.MouseFocusReason)
            elif kind == QEvent.Type.MouseButtonRelease and self._pressed is not None:
                if (at - self._pressed).manhattanLength() < 4:
                    self.picked.emit(self._x_scale.value(self._place_at(at.x())))
                self._pressed = None
            elif kind == QEvent.Type.MouseButtonDblClick:
                self._pressed = None
                self.show_all()
        return super().eventFilter(watched, event)

    def _place_at(self, pixel: float) -> float:
        low, high = self._shown[0]
        return low + (high - low) * pixel / max(1, self._view.width())

    def _height_at(self, pixel: float) -> float:
        low, high = self._shown[1]
        return high - (high - low) * pixel / max(1, self._view.height())

    @property
    def pointed(self) -> float | None:
        """The value of the x axis the pointer is at, or None."""
        return None if self._at is None else self._x_scale.value(self._at)

    def _points(self) -> np.ndarray:
        """The places the pointer can stand at: those of the visible lines."""
        found = [self._x_scale.places(track.x) for track in self._visible() if track.style != "faint"]
        places = np.unique(np.concatenate(found)) if found else np.empty(0)
        return places[np.isfinite(places)]

    def _point_at(self, place: float | None, level: float | None = None) -> None:
        """Moves the pointer to the point nearest to a place and says what lies there; None hides it. level: the height it is at."""
        points = self._points() if place is not None else np.empty(0)
        if place is None or not len(points):
            had, self._at = self._at is not None, None
            for item in (self._pointer, self._across):
                item.hide()
            self._words.hide()
            self._set_level(None)
            if had:
                self.pointed_at.emit(None)
            return
        self._at = float(points[np.abs(points - place).argmin()])
        self._pointer.setValue(self._at)
        self._pointer.show()
        self._set_level(level)
        found = readout.there(self._visible(), self._at, self._x_scale, self._shown[0])
        low, high = self._shown[0]
        x = round(self._view.x() + (self._at - low) / ((high - low) or 1.0) * self._view.width())
        self._words.say(readout.lines(self.seen, found, self._at, self._x_scale), self, QPoint(x, ABOVE))
        self.pointed_at.emit(readout.pointed(self.seen, found, self._at, self._x_scale))

    def _set_level(self, level: float | None) -> None:
        """The line across at the mouse, and its value at the y axis."""
        if level is None and self._level is None:
            return
        self._level = level
        self._across.setVisible(level is not None)
        if level is not None:
            self._across.setValue(level)
        self.update()

    # ------------------------------------------------------------------------------------------ the keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._step_pointer(-1 if key == Qt.Key.Key_Left else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at is not None:
            self.picked.emit(self._x_scale.value(self._at))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._zoom(0.8 if key != Qt.Key.Key_Minus else 1.25)
        elif key == Qt.Key.Key_0:
            self.show_all()
        elif key == Qt.Key.Key_Escape and self._at is not None:
            self._point_at(None)
        else:
            super().keyPressEvent(event)

    def _step_pointer(self, by: int) -> None:
        points = self._points()
        if not len(points):
            return
        if self._at is None:
            self._point_at(float(points[-1]))
            return
        at = int(np.abs(points - self._at).argmin()) + by
        self._point_at(float(points[min(max(at, 0), len(points) - 1)]))

    def _zoom(self, by: float) -> None:
        (x0, x1), (y0, y1) = self._shown
        middle = self._at if self._at is not None and x0 <= self._at <= x1 else (x0 + x1) / 2
        self._set_zoomed(True)
        self._set_range((middle - (middle - x0) * by, middle + (x1 - middle) * by), (y0, y1))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._point_at(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._point_at(None)
        self.update()

    def pixel_of(self, x: float, y: float) -> QPointF:
        """Where a pair of values lies in this widget."""
        return self._ground().point(x, y)
