"""A small chart painted by hand: cards and details show results with it, before and without the plotting library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from memstudio.desktop import fonts, lengths, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.lengths import px
from memstudio.desktop.tokens import Tokens
from memstudio.report.colours import Curve

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Line:
    """One curve: label, points, and (of the same length, or empty) the interval around them."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


@dataclass(frozen=True)
class Chart:
    """What a small chart shows. diagonal: a reliability diagram's ideal; dots: a mark at each point; log: the x axis."""

    title: str
    y_name: str
    x_name: str
    lines: tuple[Line, ...]
    log: bool = False
    y_low: float | None = None
    y_high: float | None = None
    x_low: float | None = None
    x_high: float | None = None
    diagonal: bool = False
    dots: bool = False

    @property
    def words(self) -> str:
        """The chart in words, for those who hear it: the last value of each line."""
        ends = ", ".join(f"{line.label or self.y_name} {tick_text(line.y[-1])}" for line in self.lines if line.y)
        return f"{self.title}: {ends}" if ends else self.title


def finite(values: Sequence[float]) -> list[float]:
    """Those that are numbers."""
    return [v for v in values if math.isfinite(v)]


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between low and high, at most about `most` of them."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    rough = span / max(1, most - 1)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * m for m in (1, 2, 2.5, 5, 10) if unit * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def tick_text(value: float) -> str:
    """`.25`, `1`, `2,000`, `1e−4`."""
    if not math.isfinite(value):
        return "not finite"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e6 or size < 1e-3:
        text = f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    elif size >= 1000:
        text = f"{value:,.0f}"
    else:
        text = f"{value:.3g}"
    text = text.replace("-", "\N{MINUS SIGN}")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "\N{MINUS SIGN}0.")) else text


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        low, high, v = (math.log(n) for n in (self.low, self.high, max(value, self.low))) if self.log else (self.low, self.high, value)
        share = 0.5 if high == low else (v - low) / (high - low)
        return self.start + share * (self.end - self.start)


def _ranges(chart: Chart) -> tuple[float, float, float, float]:
    xs = finite([x for line in chart.lines for x in line.x])
    ys = finite([y for line in chart.lines for y in (*line.y, *line.low, *line.high)])
    x_low, x_high = (min(xs), max(xs)) if xs else (0.0, 1.0)
    y_low, y_high = (min(ys), max(ys)) if ys else (0.0, 1.0)
    x_low = chart.x_low if chart.x_low is not None else x_low
    x_high = chart.x_high if chart.x_high is not None else x_high
    y_low = chart.y_low if chart.y_low is not None else y_low
    y_high = chart.y_high if chart.y_high is not None else y_high
    if y_high <= y_low:
        y_low, y_high = y_low - 0.5, y_low + 0.5
    if x_high <= x_low:
        x_low, x_high = (x_low / 2 or 0.5, x_low * 2 or 1.5) if chart.log and x_low > 0 else (x_low - 0.5, x_low + 0.5)
    return x_low, x_high, y_low, y_high


def pen(curve: Curve, width: float = 1.6) -> QPen:
    """The pen of a curve: its colour and its own dash."""
    made = QPen(QColor(curve.colour), width)
    made.setCapStyle(Qt.PenCapStyle.FlatCap)
    made.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if curve.dash:
        made.setDashPattern(list(curve.dash))
    return made


def draw(painter: QPainter, area: QRectF, chart: Chart, t: Tokens) -> None:
    """Paints a chart into an area: title and names, legend, grid, intervals, curves."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    top = area.top() + _draw_heads(painter, area, chart, t)
    top += _draw_legend(painter, QRectF(area.left(), top, area.width(), 0), chart, t)
    x_low, x_high, y_low, y_high = _ranges(chart)
    log = chart.log and x_low > 0
    small = fonts.sans(looks.TYPE_AXIS)
    measure = QFontMetricsF(small)
    y_ticks = ticks(y_low, y_high, 5 if area.height() > 150 else 3)
    gutter = max((measure.horizontalAdvance(tick_text(v)) for v in y_ticks), default=10.0) + 8
    plot = QRectF(area.left() + gutter, top + 6, area.width() - gutter - 8, area.bottom() - top - 6 - px(32))
    if plot.width() < 20 or plot.height() < 12:
        return
    x_scale, y_scale = _Scale(x_low, x_high, plot.left(), plot.right(), log), _Scale(y_low, y_high, plot.bottom(), plot.top())
    painter.setFont(small)
    for value in y_ticks:
        y = round(y_scale.at(value)) + 0.5
        painter.setPen(QPen(QColor(t.line if value == y_ticks[0] else t.grid), 1))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(QColor(t.dim))
        painter.drawText(QRectF(area.left(), y - px(8), gutter - 8, px(16)), _RIGHT, tick_text(value))
    _draw_x(painter, plot, chart, x_scale, measure)
    if chart.diagonal:
        painter.setPen(QPen(QColor(t.dim), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x_scale.at(0), y_scale.at(0)), QPointF(x_scale.at(1), y_scale.at(1)))
    painter.save()
    painter.setClipRect(plot.adjusted(-3, -3, 3, 3))
    for index, line in enumerate(chart.lines):
        _draw_band(painter, line, x_scale, y_scale, t.curve(index))
    for index, line in enumerate(chart.lines):
        _draw_line(painter, line, x_scale, y_scale, t.curve(index), chart.dots or len(line.x) == 1)
    painter.restore()


def _draw_heads(painter: QPainter, area: QRectF, chart: Chart, t: Tokens) -> float:
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    painter.setPen(QColor(t.dim))
    wide = QFontMetricsF(painter.font()).horizontalAdvance(chart.y_name)
    painter.drawText(QRectF(area.left(), area.top(), area.width() - 8, px(18)), _RIGHT, chart.y_name)
    bold = fonts.semibold(looks.TYPE_SMALL)
    painter.setFont(bold)
    painter.setPen(QColor(t.text))
    room = area.width() - wide - 24
    painter.drawText(
        QRectF(area.left(), area.top(), room, px(18)), _LEFT, QFontMetricsF(bold).elidedText(chart.title, Qt.TextElideMode.ElideRight, room)
    )
    return float(px(20))


def _draw_legend(painter: QPainter, area: QRectF, chart: Chart, t: Tokens) -> float:
    named = [(index, line.label) for index, line in enumerate(chart.lines) if line.label]
    if not named:
        return 0.0
    font = fonts.sans(looks.TYPE_AXIS)
    painter.setFont(font)
    measure = QFontMetricsF(font)
    x, y, sample = area.left(), area.top(), 16.0
    for index, text in named:
        shown = measure.elidedText(text, Qt.TextElideMode.ElideRight, area.width() - sample - 12)
        wide = sample + 5 + measure.horizontalAdvance(shown) + 12
        if x > area.left() and x + wide - 12 > area.right():
            x, y = area.left(), y + px(15)
        painter.setPen(pen(t.curve(index), 1.8))
        painter.drawLine(QPointF(x, y + px(8)), QPointF(x + sample, y + px(8)))
        painter.setPen(QColor(t.dim))
        painter.drawText(QRectF(x + sample + 5, y, wide, px(16)), _LEFT, shown)
        x += wide
    return y - area.top() + px(17)


def _x_ticks(chart: Chart, low: float, high: float, log: bool) -> list[float]:
    points = sorted({x for line in chart.lines for x in line.x})
    if log or (chart.dots and not chart.diagonal):
        return points if len(points) <= 9 else points[:: math.ceil(len(points) / 7)]
    return ticks(low, high, 5)


def _draw_x(painter: QPainter, plot: QRectF, chart: Chart, scale: _Scale, measure: QFontMetricsF) -> None:
    last = -math.inf
    for value in _x_ticks(chart, scale.low, scale.high, scale.log):
        text = tick_text(value)
        wide, x = measure.horizontalAdvance(text), scale.at(value)
        x = min(x, plot.right() + 8 - wide / 2)
        if x - wide / 2 > last + 6:
            painter.drawText(QRectF(x - wide, plot.bottom() + 2, wide * 2, px(15)), _CENTRE, text)
            last = x + wide / 2
    painter.drawText(QRectF(plot.left(), plot.bottom() + px(16), plot.width(), px(15)), _RIGHT, chart.x_name)


def _draw_band(painter: QPainter, line: Line, x_scale: _Scale, y_scale: _Scale, curve: Curve) -> None:
    if not line.low or len(line.low) != len(line.x) or len(line.high) != len(line.x):
        return
    sure = [i for i in range(len(line.x)) if math.isfinite(line.low[i]) and math.isfinite(line.high[i])]
    above = [QPointF(x_scale.at(line.x[i]), y_scale.at(line.high[i])) for i in sure]
    below = [QPointF(x_scale.at(line.x[i]), y_scale.at(line.low[i])) for i in reversed(sure)]
    colour = QColor(curve.colour)
    colour.setAlphaF(0.15)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([*above, *below]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _draw_line(painter: QPainter, line: Line, x_scale: _Scale, y_scale: _Scale, curve: Curve, dots: bool) -> None:
    path, begun = QPainterPath(), False
    places: list[QPointF] = []
    for x, y in zip(line.x, line.y, strict=False):
        if not (math.isfinite(x) and math.isfinite(y)):
            begun = False
            continue
        place = QPointF(x_scale.at(x), y_scale.at(y))
        if begun:
            path.lineTo(place)
        else:
            path.moveTo(place)
        begun = True
        places.append(place)
    painter.setPen(pen(curve))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    if dots:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(curve.colour))
        for place in places:
            painter.drawEllipse(place, 2.4, 2.4)
        painter.setBrush(Qt.BrushStyle.NoBrush)


class ChartView(QWidget):
    """A chart as a widget."""

    def __init__(self, chart: Chart | None = None, height: int = 170, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._height = height
        self._chart = chart
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        lengths.fix(self, height=height)
        theme.themed.connect(self._themed)
        if chart is not None:
            self.show_chart(chart)

    @property
    def chart(self) -> Chart | None:
        """What is shown."""
        return self._chart

    def show_chart(self, chart: Chart) -> None:
        """Shows another chart."""
        self._chart = chart
        self.setAccessibleName(chart.words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, px(self._height))

    def _themed(self, tokens: Tokens) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._chart is not None:
            painter = QPainter(self)
            draw(painter, QRectF(self.rect()), self._chart, theme.current())
