"""One plot: curves by pyqtgraph over a ground painted by hand, with pointer, zoom, log axes. Imported once a plot is shown."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Hashable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QGraphicsView, QLabel, QSizePolicy, QWidget

from memstudio.desktop import theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.live import ground
from memstudio.desktop.live.ground import ABOVE, BELOW, BESIDE, Ground
from memstudio.desktop.live.items import Line
from memstudio.desktop.live.looks import ALONE, ORDER, line_pen, look, mark_size
from memstudio.desktop.live.scales import Scale, rounded_up, scale_of
from memstudio.desktop.live.seen import PlotSeen, Track
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import number

#: a plot wider than this draws its long lines without smooth edges (8 lines of 100,000 points at 1,200 pixels: 7 ms, smooth 13)
WIDE = 800
#: the pointer says at most so many lines
MOST_SAID = 8

_NOTHING = PlotSeen("", "", "", "", ())


class Plot(QWidget):
    """Shows a PlotSeen. picked(float): a click on (or Enter at) this value of the x axis; zoomed(bool): the view is not the whole.

    By keyboard: left and right move the pointer, Enter picks, plus and minus zoom, 0 shows all again, Esc hides the pointer.
    """

    picked = Signal(float)
    zoomed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen = _NOTHING
        self._hidden: frozenset[int] = frozenset()
        self._log_x = self._log_y = False
        self._x_scale, self._y_scale = Scale(), Scale()
        self._whole = ((0.0, 1.0), (0.0, 1.0))
        self._shown = self._whole
        self._is_zoomed = False
        self._at: float | None = None
        self._pressed: QPoint | None = None
        self._lines: dict[Hashable, Line] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(150, 110)
        self._make_view()
        self._words = QLabel(self)
        self._words.setProperty("kind", "pointer")
        self._words.setTextFormat(Qt.TextFormat.RichText)
        self._words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words.hide()
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
        self._box = pg.ViewBox(enableMenu=False, defaultPadding=0.0)
        self._box.disableAutoRange()
        self._view.setCentralItem(self._box)
        self._box.sigRangeChanged.connect(self._range_changed)
        self._box.sigRangeChangedManually.connect(self._zoomed_by_hand)
        self._time = pg.InfiniteLine(angle=90)
        self._time.setZValue(5)
        self._pointer = pg.InfiniteLine(angle=90)
        self._pointer.setZValue(6)
        for item in (self._time, self._pointer):
            item.hide()
            self._box.addItem(item, ignoreBounds=True)

    def sizeHint(self) -> QSize:
        return QSize(260, 190)

    # ------------------------------------------------------------------------------------------ showing

    def show_seen(self, seen: PlotSeen, hidden: frozenset[int] = frozenset(), log_x: bool = False, log_y: bool = False) -> None:
        """Shows this, without the cells in `hidden`, on log axes where that can be."""
        other = seen.chosen != self.seen.chosen or (log_x, log_y) != (self._log_x, self._log_y)
        self.seen, self._hidden, self._log_x, self._log_y = seen, hidden, log_x, log_y
        self._x_scale, self._y_scale = self._scales(log_x, log_y)
        if other:
            self._set_zoomed(False)
            self._point_at(None)
        self._whole = self._ranges()
        self._fit_view()
        if not self._is_zoomed:
            self._set_range(*self._whole)
        self._show_lines()
        self.setAccessibleDescription(self.words)
        if self._at is not None:
            self._point_at(self._at)
        self.update()

    @property
    def words(self) -> str:
        """The plot in words: where each line ends."""
        ends = [f"{track.name} {number(float(track.y[-1]))}" for track in self._visible() if len(track.y) and track.name]
        return f"{self.seen.y_name} over {self.seen.x_name}: {'; '.join(ends)}" if ends else "Nothing measured yet"

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

    def _visible(self) -> list[Track]:
        return [track for track in self.seen.tracks if track.cell not in self._hidden]

    def _scales(self, log_x: bool, log_y: bool) -> tuple[Scale, Scale]:
        seen = self.seen
        if seen.x_names:
            return Scale(names=seen.x_names), Scale(log_y)
        curves = seen.x_end is None
        xs = np.unique(np.concatenate([track.x for track in seen.tracks])) if curves and seen.tracks else np.empty(0)
        x_scale = scale_of(xs.tolist(), log_x) if curves else Scale(log_x)
        return x_scale, Scale(log_y)

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What the axes show when nothing is zoomed, as places."""
        tracks = self._visible() or list(self.seen.tracks)
        return self._x_range(tracks), self._y_range(tracks)

    def _x_range(self, tracks: list[Track]) -> tuple[float, float]:
        scale, seen = self._x_scale, self.seen
        ends = _ends([scale.places(track.x) for track in tracks])
        if seen.x_end is not None:
            low = 0.0 if not scale.log else ends[0] if ends else 0.0
            high = max(float(scale.places(seen.x_end)), ends[1] if ends else -math.inf)
            return (low, high) if high > low else (low, low + 1.0)
        if ends is None:
            return (0.0, 1.0)
        pad = 0.03 * (ends[1] - ends[0]) or 0.5
        return ends[0] - pad, ends[1] + pad

    def _y_range(self, tracks: list[Track]) -> tuple[float, float]:
        scale, seen = self._y_scale, self.seen
        if seen.share and not scale.log:
            # the names of tasks stand above the lines
            return (-0.015, 1.15 if seen.boundaries else 1.02)
        # single steps may shoot far out of what the lines are about: they do not rule the axis
        lines = [track for track in tracks if track.style != "faint"] or tracks
        ends = _ends([scale.places(values) for track in lines for values in self._reach(track)])
        if ends is None:
            return (0.0, 1.0)
        low, high = ends
        if scale.log:
            pad = max(0.05 * (high - low), 0.05)
            return low - pad, high + pad
        if low >= 0:
            return 0.0, rounded_up(high * 1.02)
        pad = 0.06 * (high - low) or 0.5
        return low - pad, high + pad

    def _reach(self, track: Track) -> tuple[np.ndarray, ...]:
        """What of a track the y axis shows: over steps the line alone, else its interval too, which has few points and says much."""
        if self.seen.x_end is not None or track.low is None or track.high is None:
            return (track.y,)
        return track.y, track.low, track.high

    def _show_lines(self) -> None:
        t, wide = theme.current(), self.width() > WIDE
        there = {track.key: track for track in self.seen.tracks}
        for key in [key for key in self._lines if key not in there]:
            self._lines.pop(key).remove()
        for key, track in there.items():
            if key not in self._lines:
                self._lines[key] = Line(self._box)
            self._lines[key].show(track, self._x_scale, self._y_scale, t, track.cell not in self._hidden, wide)

    # ------------------------------------------------------------------------------------------ the view

    def _ground(self) -> Ground:
        area = QRectF(self._view.geometry())
        (x, y) = self._shown
        return Ground(self.seen, area, x, y, self._x_scale, self._y_scale, self._hidden)

    def _fit_view(self) -> None:
        """Makes room for the words of the ticks at the left."""
        high = max(20, self.height() - ABOVE - BELOW)
        self._view.setGeometry(40, ABOVE, max(20, self.width() - 40 - BESIDE), high)
        left = math.ceil(ground.gutter(ground.y_ticks(self._ground())))
        self._view.setGeometry(left, ABOVE, max(20, self.width() - left - BESIDE), high)

    def _set_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self._shown = (x, y)
        self._box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    def _range_changed(self, *_: object) -> None:
        (x0, x1), (y0, y1) = self._box.viewRange()
        self._shown = ((x0, x1), (y0, y1))
        self.update()

    def _zoomed_by_hand(self, *_: object) -> None:
        self._set_zoomed(True)

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
        painter = QPainter(self)
        ground.draw(painter, self._ground(), theme.current())
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.current().accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), looks.RADIUS_CONTROL, looks.RADIUS_CONTROL)

    def draw_figure(self, painter: QPainter, t: Tokens) -> None:
        """Paints the plot as it stands, in vectors, from the painter's origin, in the colours of a theme.

        Painted by hand, because pens that keep their width on the screen would be hairlines on paper.
        """
        under = self._ground()
        ground.draw_inside(painter, under, t)
        painter.save()
        painter.setClipRect(under.area.adjusted(-3, -3, 3, 3))
        for track in sorted(self._visible(), key=lambda track: ORDER[track.style]):
            line = self._lines[track.key].drawn() if track.style not in ALONE else None
            _draw_track(painter, under, track, line, (self._x_scale.places(track.x), self._y_scale.places(track.y)), t)
        painter.restore()
        # an SVG knows no clipping: what reaches beyond the edges is covered before the names are written there
        for edge in _around(QRectF(self.rect()), under.area.adjusted(-3, -3, 3, 3)):
            painter.fillRect(edge, QColor(t.panel))
        ground.draw_outside(painter, under, t)

    def _themed(self, t: Tokens) -> None:
        self._time.setPen(QPen(QColor(t.accent), 0))
        self._pointer.setPen(QPen(QColor(t.dim), 0, Qt.PenStyle.DotLine))
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
                self._point_at(self._place_at(at.x()))
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

    @property
    def pointed(self) -> float | None:
        """The value of the x axis the pointer is at, or None."""
        return None if self._at is None else self._x_scale.value(self._at)

    def _points(self) -> np.ndarray:
        """The places the pointer can stand at: those of the visible lines."""
        found = [self._x_scale.places(track.x) for track in self._visible() if track.style != "faint"]
        places = np.unique(np.concatenate(found)) if found else np.empty(0)
        return places[np.isfinite(places)]

    def _point_at(self, place: float | None) -> None:
        """Moves the pointer to the point nearest to a place and says what lies there; None hides it."""
        points = self._points() if place is not None else np.empty(0)
        if place is None or not len(points):
            self._at = None
            self._pointer.hide()
            self._words.hide()
            return
        self._at = float(points[np.abs(points - place).argmin()])
        self._pointer.setValue(self._at)
        self._pointer.show()
        said = self._said(self._at)
        self._words.setText("<br>".join(said))
        self._words.setAccessibleName(_plain("; ".join(said)))
        self._words.adjustSize()
        self._place_words()
        self._words.show()
        self._words.raise_()

    def _said(self, place: float) -> list[str]:
        """The lines at a place, in words: where, then each with a sample of its colour."""
        lines = []
        step = (self._shown[0][1] - self._shown[0][0]) * 0.02
        for track in self._visible():
            if track.style == "faint" or not len(track.x) or not track.name:
                continue
            places = self._x_scale.places(track.x)
            at = int(np.abs(places - place).argmin())
            if abs(places[at] - place) <= max(step, 1e-9):
                lines.append(self._line_said(track, at))
        value = self._x_scale.value(place)
        # a point of a long run stands for a few steps around it
        value = round(value) if self.seen.x_name == "step" else float(f"{value:.6g}")
        where = f"{html.escape(self.seen.x_name.partition(',')[0])} {self._named(value)}"
        more = [f"and {len(lines) - MOST_SAID} more"] if len(lines) > MOST_SAID else []
        return [where, *lines[:MOST_SAID], *more]

    def _named(self, value: float) -> str:
        """A value of the x axis in words."""
        names = self.seen.x_names
        return html.escape(names[min(max(round(value), 0), len(names) - 1)]) if names else number(value)

    def _line_said(self, track: Track, at: int) -> str:
        text = number(float(f"{track.y[at]:.4g}"))
        if track.low is not None and track.high is not None and np.isfinite(track.low[at]):
            text += f" ± {number(float(f'{(track.high[at] - track.low[at]) / 2:.2g}'))}"
        colour = look(theme.current(), track.cell).colour
        name = track.name if len(track.name) <= 44 else f"{track.name[:43]}…"
        return f'<span style="color:{colour}">■</span>&nbsp;{html.escape(name)}&nbsp;&nbsp;<b>{text}</b>'

    def _place_words(self) -> None:
        """Beside the pointer, at the side where there is room: in the window, because a narrow plot has none."""
        window = self.window()
        if self._words.parentWidget() is not window:
            self._words.setParent(window)
            self._words.adjustSize()
        low, high = self._shown[0]
        x = round(self._view.x() + ((self._at or 0.0) - low) / ((high - low) or 1.0) * self._view.width())
        at, wide = self.mapTo(window, QPoint(x, ABOVE)), self._words.width()
        left = at.x() + 10 if at.x() + 14 + wide < window.width() else at.x() - 10 - wide
        top = min(at.y(), window.height() - self._words.height() - 4)
        self._words.move(max(0, left), max(0, top))

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


Places = tuple[np.ndarray, np.ndarray]


def _draw_track(painter: QPainter, under: Ground, track: Track, line: Places | None, points: Places, t: Tokens) -> None:
    """Paints one track of a figure. line, points: the places (x, y) its line goes through, and those of its marks."""
    if line is not None:
        painter.setPen(line_pen(track, t))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x, y = under.across(line[0]), under.up(line[1])
        there = np.isfinite(x) & np.isfinite(y)
        for piece in np.split(np.arange(len(x)), np.flatnonzero(~there)):
            kept = piece[there[piece]]
            if len(kept) > 1:
                painter.drawPolyline(QPolygonF([QPointF(px, py) for px, py in zip(x[kept].tolist(), y[kept].tolist(), strict=True)]))
    radius = mark_size(track) / 2
    if radius:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look(t, track.cell).colour))
        for px, py in zip(under.across(points[0]).tolist(), under.up(points[1]).tolist(), strict=True):
            if math.isfinite(px) and math.isfinite(py):
                painter.drawEllipse(QPointF(px, py), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _around(whole: QRectF, hole: QRectF) -> list[QRectF]:
    """The four strips of a rectangle around a hole in it."""
    return [
        QRectF(whole.left(), whole.top(), whole.width(), hole.top() - whole.top()),
        QRectF(whole.left(), hole.bottom(), whole.width(), whole.bottom() - hole.bottom()),
        QRectF(whole.left(), hole.top(), hole.left() - whole.left(), hole.height()),
        QRectF(hole.right(), hole.top(), whole.right() - hole.right(), hole.height()),
    ]


def _ends(arrays: list[np.ndarray]) -> tuple[float, float] | None:
    """The lowest and highest finite number of all arrays."""
    found = []
    for array in arrays:
        low, high = (float(array.min()), float(array.max())) if len(array) else (math.nan, math.nan)
        if not (math.isfinite(low) and math.isfinite(high)):
            # only then are the others looked for: that copies the array
            finite = array[np.isfinite(array)]
            low, high = (float(finite.min()), float(finite.max())) if len(finite) else (math.nan, math.nan)
        if math.isfinite(low):
            found.append((low, high))
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def _plain(text: str) -> str:
    """Rich text as it is read out."""
    return html.unescape(re.sub("<[^>]*>", "", text)).replace("■", "").replace("\N{NO-BREAK SPACE}", " ").strip()
