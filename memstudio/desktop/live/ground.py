"""What lies under a plot's curves, painted by hand: grid, ticks, names, intervals, bars, the diagonal, chance, words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from memstudio.desktop import fonts
from memstudio.desktop import tokens as looks
from memstudio.desktop.live.looks import BAND_ALPHA, look, pen
from memstudio.desktop.live.scales import Scale, Tick
from memstudio.desktop.live.seen import PlotSeen
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import number

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter

#: room around the plot for ticks and the name below, in pixels
ABOVE, BESIDE, BELOW = 20, 12, 34
#: the tallest bar of a reliability diagram reaches so high
BAR_HEIGHT = 0.22
#: so many figures in words at most; the pointer says them all
MOST_WORDS = 5
#: lines to hold others against: each has dashes of its own
REFERENCE_DASHES = ([3.0, 3.0], [1.0, 3.0], [8.0, 3.0])
#: the sample of a task's line beside its name, in pixels
TASK_SAMPLE = 14


@dataclass(frozen=True)
class Ground:
    """Everything the ground is painted from. area: the plot in pixels; x, y: what its edges show, as places; hidden: cells left out.

    lit: the cell that stands out, None where all are alike.
    """

    seen: PlotSeen
    area: QRectF
    x: tuple[float, float]
    y: tuple[float, float]
    x_scale: Scale
    y_scale: Scale
    hidden: frozenset[int] = frozenset()
    lit: int | None = None

    def across(self, places: np.ndarray | float) -> np.ndarray:
        """Pixels from the left of places on the x axis."""
        low, high = self.x
        return self.area.left() + (np.asarray(places, dtype=np.float64) - low) / ((high - low) or 1.0) * self.area.width()

    def up(self, places: np.ndarray | float) -> np.ndarray:
        """Pixels from the top of places on the y axis."""
        low, high = self.y
        return self.area.bottom() - (np.asarray(places, dtype=np.float64) - low) / ((high - low) or 1.0) * self.area.height()

    def point(self, x: float, y: float) -> QPointF:
        """The pixel of a pair of values."""
        return QPointF(float(self.across(self.x_scale.places(x))), float(self.up(self.y_scale.places(y))))


def gutter(ticks: Sequence[Tick]) -> float:
    """The room that the words of these ticks need at the left."""
    measure = QFontMetricsF(fonts.sans(looks.TYPE_AXIS))
    return max((measure.horizontalAdvance(tick.text) for tick in ticks), default=8.0) + 10


def y_ticks(ground: Ground) -> list[Tick]:
    """The ticks of the y axis: fewer in a low plot."""
    most = 5 if ground.area.height() > 110 else 3
    return ground.y_scale.ticks(*ground.y, most)


def draw(painter: QPainter, ground: Ground, t: Tokens) -> None:
    """Paints the ground of a plot."""
    draw_inside(painter, ground, t)
    draw_outside(painter, ground, t)


def draw_inside(painter: QPainter, ground: Ground, t: Tokens) -> None:
    """What lies within the plot's edges: grid, bars, lines to compare with, intervals, words."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw_grid(painter, ground, t)
    _draw_boundaries(painter, ground, t)
    painter.save()
    painter.setClipRect(ground.area)
    _draw_bars(painter, ground, t)
    _draw_references(painter, ground, t)
    for track in ground.seen.tracks:
        shown = track.cell not in ground.hidden and ground.lit in (None, track.cell)
        if shown and track.low is not None and track.high is not None:
            _draw_band(painter, ground, track.x, track.low, track.high, look(t, track.cell).colour)
    painter.restore()
    _draw_words(painter, ground, t)
    _draw_tasks(painter, ground, t)
    if not ground.seen.tracks:
        painter.setPen(QColor(t.dim))
        painter.setFont(fonts.sans(looks.TYPE_SMALL))
        painter.drawText(ground.area, int(_CENTRE) | int(Qt.TextFlag.TextWordWrap), ground.seen.empty)


def draw_outside(painter: QPainter, ground: Ground, t: Tokens) -> None:
    """What lies around the plot: ticks in words, names."""
    _draw_y_axis(painter, ground, t)
    _draw_x_axis(painter, ground, t)
    _draw_names(painter, ground, t)


def _draw_y_axis(painter: QPainter, ground: Ground, t: Tokens) -> None:
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    painter.setPen(QColor(t.dim))
    for tick in y_ticks(ground):
        y = round(float(ground.up(tick.place))) + 0.5
        painter.drawText(QRectF(0, y - 8, ground.area.left() - 7, 16), int(_RIGHT), tick.text)


def _draw_grid(painter: QPainter, ground: Ground, t: Tokens) -> None:
    area = ground.area
    painter.setPen(QPen(QColor(t.grid), 1))
    base = QLineF(area.left(), round(area.bottom()) + 0.5, area.right(), round(area.bottom()) + 0.5)
    for tick in y_ticks(ground):
        y = round(float(ground.up(tick.place))) + 0.5
        painter.drawLine(QLineF(area.left(), y, area.right(), y))
    painter.setPen(QPen(QColor(t.line), 1))
    painter.drawLine(base)


def _draw_x_axis(painter: QPainter, ground: Ground, t: Tokens) -> None:
    area, measure = ground.area, QFontMetricsF(fonts.sans(looks.TYPE_AXIS))
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    painter.setPen(QColor(t.dim))
    last = -math.inf
    # names share the width; numbers that do not fit beside each other leave some out
    room = area.width() / (ground.x[1] - ground.x[0] or 1.0) - 8 if ground.x_scale.names else math.inf
    for tick in ground.x_scale.ticks(*ground.x, max(3, min(6, int(area.width() / 48)))):
        text = tick.text if room == math.inf else measure.elidedText(tick.text, Qt.TextElideMode.ElideMiddle, max(room, 24.0))
        wide = measure.horizontalAdvance(text)
        x = min(float(ground.across(tick.place)), area.right() + BESIDE - wide / 2 - 1)
        if x - wide / 2 > last + 7:
            painter.drawText(QRectF(x - wide, area.bottom() + 3, wide * 2, 15), int(_CENTRE), text)
            last = x + wide / 2
    painter.drawText(QRectF(area.left(), area.bottom() + 17, area.width(), 15), int(_RIGHT), ground.seen.x_name)


def _draw_names(painter: QPainter, ground: Ground, t: Tokens) -> None:
    """Above the plot: what its y axis is, and at the right what its lines are, where there is room for both."""
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    painter.setPen(QColor(t.dim))
    measure = QFontMetricsF(painter.font())
    line = QRectF(8, 1, ground.area.right() - 8, 15)
    painter.drawText(line, int(_LEFT), ground.seen.y_name)
    room = line.width() - measure.horizontalAdvance(ground.seen.y_name) - 20
    notes = [note for note in (ground.seen.note, ground.seen.span) if note]
    # what does not fit beside the name is left out whole: half a note would say something else
    shorter = [ground.seen.note.partition(",")[0]] if ground.seen.own else []
    said = next((text for text in (" · ".join(notes), *notes[::-1], *shorter) if measure.horizontalAdvance(text) <= room), "")
    painter.drawText(line, int(_RIGHT), said)


def _across_of_boundaries(ground: Ground) -> list[float]:
    """The pixels at which tasks begin; what has no place (0 on a log axis) begins where the plot does."""
    xs = [float(ground.across(ground.x_scale.places(one.step))) for one in ground.seen.boundaries]
    return [x if math.isfinite(x) else ground.area.left() for x in xs]


def _draw_boundaries(painter: QPainter, ground: Ground, t: Tokens) -> None:
    """A thin line wherever a task after the first begins."""
    area = ground.area
    painter.setPen(QPen(QColor(t.line), 1))
    for x in _across_of_boundaries(ground):
        if area.left() + 1 < x < area.right() - 1:
            painter.drawLine(QLineF(round(x) + 0.5, area.top(), round(x) + 0.5, area.bottom()))


def _draw_tasks(painter: QPainter, ground: Ground, t: Tokens) -> None:
    """The names of the tasks above the steps they are learned in: in words, where these are few as numbers, with a sample of their line."""
    if not ground.seen.boundaries:
        return
    area, xs = ground.area, _across_of_boundaries(ground)
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    measure = QFontMetricsF(painter.font())
    rooms = [
        (one.task, max(left, area.left()), min(right, area.right()))
        for one, left, right in zip(ground.seen.boundaries, xs, [*xs[1:], area.right()], strict=True)
    ]
    rooms = [room for room in rooms if room[2] - room[1] > 4]
    narrowest = min((right - left for _, left, right in rooms), default=0.0)
    # all alike: some in words and others as numbers would look like two kinds of things
    words = all(right - left >= measure.horizontalAdvance(f"task {task}") + 6 for task, left, right in rooms)
    widest = max((measure.horizontalAdvance(f"task {task}") for task, _, _ in rooms), default=0.0)
    sample = TASK_SAMPLE if ground.seen.by_task and words and narrowest >= widest + TASK_SAMPLE + 12 else 0
    for task, left, right in rooms:
        text = f"task {task}" if words else str(task)
        wide = measure.horizontalAdvance(text)
        if wide + 2 > right - left:
            continue
        at = (left + right - wide - (sample + 5 if sample else 0)) / 2
        if sample:
            painter.setPen(pen(look(t, task - 1), 1.8))
            painter.drawLine(QLineF(at, area.top() + 7.5, at + sample, area.top() + 7.5))
            at += sample + 5
        painter.setPen(QColor(t.dim))
        painter.drawText(QRectF(at, area.top(), wide + 2, 15), int(_LEFT), text)


def _draw_bars(painter: QPainter, ground: Ground, t: Tokens) -> None:
    if ground.seen.bars is None:
        return
    edges, shares = ground.seen.bars
    xs = ground.across(ground.x_scale.places(edges))
    tallest = float(shares.max()) or 1.0
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(t.line))
    for left, right, share in zip(xs[:-1], xs[1:], shares, strict=True):
        if share > 0:
            # what holds an answer at all is seen, be it a line of one pixel
            high = max(1.0, share / tallest * BAR_HEIGHT * ground.area.height())
            painter.drawRect(QRectF(left + 0.75, ground.area.bottom() - high, max(1.0, right - left - 1.5), high))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _draw_references(painter: QPainter, ground: Ground, t: Tokens) -> None:
    if ground.seen.diagonal:
        painter.setPen(_reference_pen(t, 0))
        painter.drawLine(ground.point(0, 0), ground.point(1, 1))
    lines = (*((ground.seen.reference,) if ground.seen.reference is not None else ()), *ground.seen.references)
    for turn, (name, x, y) in enumerate(lines):
        across, up = ground.across(ground.x_scale.places(x)), ground.up(ground.y_scale.places(y))
        painter.setPen(_reference_pen(t, turn))
        if ground.seen.x_names:
            # names have no order: each has a short line of its own
            half = min(24.0, 0.4 * ground.area.width() / len(ground.seen.x_names))
            painter.drawLines([QLineF(x0 - half, y0, x0 + half, y0) for x0, y0 in zip(across, up, strict=True) if math.isfinite(y0)])
        else:
            painter.drawPolyline(_polygon(across, up))
        inside = np.isfinite(across) & np.isfinite(up) & (up > ground.area.top()) & (up < ground.area.bottom())
        if inside.any():
            # one at its beginning, the next further on, so that they are told apart where the lines run together
            at = np.flatnonzero(inside)[round(turn / len(lines) * (int(inside.sum()) - 1))]
            _draw_reference_word(painter, ground, t, name, float(across[at]), float(up[at]))


def _reference_pen(t: Tokens, turn: int) -> QPen:
    line = QPen(QColor(t.dim), 1, Qt.PenStyle.CustomDashLine)
    line.setDashPattern(REFERENCE_DASHES[turn % len(REFERENCE_DASHES)])
    return line


def _draw_reference_word(painter: QPainter, ground: Ground, t: Tokens, name: str, x: float, y: float) -> None:
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    painter.setPen(QColor(t.dim))
    wide = QFontMetricsF(painter.font()).horizontalAdvance(name) + 2
    above = y - 15 if y - 15 > ground.area.top() else y + 1
    left = min(max(x, ground.area.left() + 4), ground.area.right() - wide)
    painter.drawText(QRectF(left, above, wide, 14), int(_LEFT), name)


def draw_level(painter: QPainter, ground: Ground, level: float, t: Tokens) -> None:
    """Says the value of a height (a place of the y axis) at the axis, over the ticks."""
    text = number(float(f"{ground.y_scale.value(level):.3g}"))
    y, area = float(ground.up(level)), ground.area
    if not area.top() <= y <= area.bottom():
        return
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    wide = QFontMetricsF(painter.font()).horizontalAdvance(text) + 8
    tag = QRectF(max(0.0, area.left() - wide - 3), y - 8, wide, 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(t.raised))
    painter.drawRoundedRect(tag, 3, 3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(t.text))
    painter.drawText(tag, int(_CENTRE), text)


def _polygon(xs: np.ndarray, ys: np.ndarray) -> QPolygonF:
    there = np.isfinite(xs) & np.isfinite(ys)
    return QPolygonF([QPointF(x, y) for x, y in zip(xs[there].tolist(), ys[there].tolist(), strict=True)])


def _draw_band(painter: QPainter, ground: Ground, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str) -> None:
    xs = ground.across(ground.x_scale.places(x))
    # on a log axis an interval may reach below what has a place: it ends at the plot's edge then
    bottom = ground.up(ground.y_scale.places(low))
    bottom = np.where(np.isfinite(bottom) | ~np.isfinite(low), bottom, ground.area.bottom() + 4)
    top = ground.up(ground.y_scale.places(high))
    there = np.isfinite(xs) & np.isfinite(bottom) & np.isfinite(top)
    # far outside the plot nothing is seen, and polygons of millions of pixels are slow
    bottom, top = (np.clip(ys, ground.area.top() - 50, ground.area.bottom() + 50) for ys in (bottom, top))
    edges = [*zip(xs[there], top[there], strict=True), *zip(xs[there][::-1], bottom[there][::-1], strict=True)]
    fill = QColor(colour)
    fill.setAlphaF(BAND_ALPHA)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawPolygon(QPolygonF([QPointF(float(px), float(py)) for px, py in edges]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _draw_words(painter: QPainter, ground: Ground, t: Tokens) -> None:
    """Figures in words, each with a sample of its curve, where the curves leave room; those that do not fit are in the pointer."""
    words = [(cell, text) for cell, text in ground.seen.words.items() if cell not in ground.hidden]
    if not words:
        return
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    measure = QFontMetricsF(painter.font())
    shown = words[: max(1, min(MOST_WORDS, int((ground.area.height() * 0.45) // 15)))]
    texts = [text for _, text in shown] + ([f"and {len(words) - len(shown)} more"] if len(words) > len(shown) else [])
    sample = 19 if len(ground.seen.words) > 1 else 0
    wide = min(max(measure.horizontalAdvance(text) for text in texts) + sample, ground.area.width() * (0.95 if ground.seen.own else 0.75))
    left, top = ground.area.left() + 8, ground.area.top() + 2
    if ground.seen.own:
        # what is left begins high and falls
        top = ground.area.bottom() - 15 * len(texts) - 4
    elif _mostly_above(ground):
        left = ground.area.right() - wide - 6
        top = ground.area.bottom() - ground.area.height() * (BAR_HEIGHT + 0.03) - 15 * len(texts)
    for place, text in enumerate(texts):
        y = top + 15 * place
        if sample and place < len(shown):
            painter.setPen(pen(look(t, shown[place][0]), 1.8))
            painter.drawLine(QLineF(left, y + 7.5, left + 14, y + 7.5))
        painter.setPen(QColor(t.dim))
        room = wide - sample
        painter.drawText(
            QRectF(left + sample, y, room + 1, 15), int(_LEFT), measure.elidedText(text, Qt.TextElideMode.ElideRight, room + 1)
        )


def _mostly_above(ground: Ground) -> bool:
    """Whether a reliability diagram's curves lie above the diagonal, so that the room is below it."""
    lines = [track for track in ground.seen.tracks if track.cell not in ground.hidden and track.style == "main" and len(track.x)]
    return bool(lines) and float(np.mean(np.concatenate([track.y - track.x for track in lines]))) > 0.02
