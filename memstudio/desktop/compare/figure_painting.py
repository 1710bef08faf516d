"""How a cell of the study's figure is painted, as a dot on its interval or as a square of a heat map, and how it is said."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from memstudio.desktop import fonts
from memstudio.desktop import tokens as looks
from memstudio.desktop.colours import blend, ink_on
from memstudio.desktop.live.looks import look
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import count
from memstudio.library.sentences import amount
from memstudio.library.study_figure import FigureCell

#: the room at the right of dots for their numbers, and the radius of a dot, pixels
BESIDE, DOT = 94, 3.6
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
CENTRE = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class Placed:
    """A cell of the figure and where it is painted: its row of dots, or its square of a heat map. number: gives its colour."""

    cell: FigureCell
    number: int
    area: QRectF


def said(cell: FigureCell) -> str:
    """One cell in words: its label, then its mean with interval and seeds, then what else there is to say."""
    one = cell.interval
    if one is None:
        return f"{cell.label}\nnot measured"
    half = one.half_width
    number = amount(one.mean, half) if half else f"{one.mean:.4g}"
    between = f", 95 % interval {amount(one.low, half)} to {amount(one.high, half)}" if one.low is not None and one.high is not None else ""
    more = f"\n{cell.words}" if cell.words else ""
    return f"{cell.label}\n{number}{between}, {count(one.n, 'seed')}{more}".replace("-", "\N{MINUS SIGN}")


def axis_ends(cells: list[FigureCell], share: bool) -> tuple[float, float]:
    """The ends of the axis: what the intervals reach, with a little room; a share keeps 0 and 1 where it comes near them."""
    found = [
        value
        for cell in cells
        if (one := cell.interval)
        for value in (one.mean, one.low, one.high)
        if value is not None and math.isfinite(value)
    ]
    if not found:
        return 0.0, 1.0
    low, high = min(found), max(found)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
    low, high = low - pad, high + pad
    if share:
        return (0.0 if low < 0.15 else low), (1.0 if high > 0.9 else high)
    return (0.0 if 0 <= min(found) < 0.3 * high else low), high


def draw_dot(painter: QPainter, one: Placed, across: Callable[[float], float], area: QRectF, t: Tokens) -> None:
    """The mean as a dot (hollow where fewer seeds stand behind it) on its interval, its number at the right."""
    interval, y = one.cell.interval, one.area.center().y()
    assert interval is not None
    colour = QColor(look(t, one.number).colour)
    if not math.isfinite(interval.mean):
        painter.setPen(QColor(t.dim))
        painter.drawText(QRectF(area.left() + 4, y - 8, area.width(), 16), LEFT, "not finite")
        return
    if interval.low is not None and interval.high is not None:
        painter.setPen(QPen(colour, 1.6))
        # the interval of a share may reach below 0: it is drawn to the end of the axis, and its number says the rest
        ends = [min(max(across(value), area.left()), area.right()) for value in (interval.low, interval.high)]
        painter.drawLine(QLineF(ends[0], y, ends[1], y))
    painter.setPen(QPen(colour, 1.6))
    painter.setBrush(QColor(t.panel) if one.cell.few else colour)
    painter.drawEllipse(QPointF(across(interval.mean), y), DOT, DOT)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    painter.setPen(QColor(t.text))
    half = interval.half_width
    words = f"{amount(interval.mean, half)} ± {amount(half, half)}" if half else f"{interval.mean:.3g}".replace("-", "\N{MINUS SIGN}")
    painter.drawText(QRectF(area.right() + 6, y - 8, BESIDE - 8, 16), RIGHT, words)


def draw_square(painter: QPainter, one: Placed, low: float, high: float, full: QColor, places: int, t: Tokens) -> None:
    """A cell of a heat map with its number; a dashed edge where fewer seeds stand behind it."""
    area, interval = one.area.adjusted(0.75, 0.75, -0.75, -0.75), one.cell.interval
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    if interval is None or not math.isfinite(interval.mean):
        painter.setPen(QPen(QColor(t.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area, 3, 3)
        painter.setPen(QColor(t.dim))
        painter.drawText(area, CENTRE, "–")
        return
    ground = blend(QColor(t.panel), full, 0.08 + 0.92 * ((interval.mean - low) / ((high - low) or 1.0)))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(area, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if one.cell.few:
        painter.setPen(QPen(ink_on(ground), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(area.adjusted(2, 2, -2, -2), 2, 2)
    painter.setPen(ink_on(ground))
    painter.drawText(area, CENTRE, f"{interval.mean:,.{places}f}".replace("-", "\N{MINUS SIGN}"))


def draw_scale(painter: QPainter, area: QRectF, low: float, high: float, full: QColor, name: str, t: Tokens) -> None:
    """What the colours stand for: from the lowest to the highest mean, in eight steps."""
    painter.setPen(Qt.PenStyle.NoPen)
    for i in range(8):
        painter.setBrush(blend(QColor(t.panel), full, 0.08 + 0.92 * i / 7))
        painter.drawRect(QRectF(area.left() + i * area.width() / 8, area.top(), area.width() / 8, area.height()))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(t.dim))
    places = decimals(low, high)
    words = f"{name} {low:,.{places}f} to {high:,.{places}f}".replace("-", "\N{MINUS SIGN}")
    painter.drawText(QRectF(area.right() + 8, area.top() - 3, 260, 16), LEFT, words)


def decimals(low: float, high: float) -> int:
    """Decimals that tell the means of a heat map apart: two figures of their range."""
    spread = high - low
    size = spread if spread > 0 else abs(high) / 10
    return 0 if size <= 0 else min(6, max(0, 1 - math.floor(math.log10(size))))


def short_case(case: str, name: str, address: str | None) -> str:
    """`4` of `heads 4` where the axis is named below."""
    last = (address or "").rpartition(".")[2].replace("_", " ")
    for before in (name, last):
        if before and case.startswith(f"{before} "):
            return case[len(before) + 1 :]
    return case
