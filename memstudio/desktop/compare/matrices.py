"""Matrices of several groups side by side, painted by hand: one row a task that was learned, one column a task that is judged."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from memstudio.desktop import fonts
from memstudio.desktop import tokens as looks
from memstudio.desktop.chart import tick_text
from memstudio.desktop.colours import blend, ink_on
from memstudio.desktop.compare.seen import MatricesSeen
from memstudio.desktop.live.looks import look, pen
from memstudio.desktop.pointed import At, Pointed, step_in
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import count
from memstudio.library.overlays import Matrix

#: pixels of a cell's side, at least and at most; numbers need WRITTEN
SMALL, LARGE, WRITTEN = 20, 40, 20
ROOMY = 30
#: a matrix takes at least so many pixels: the names of its axes stand below it
NARROWEST = 92
TITLE, LEFT, FOOT, GAP = 22, 20, 34, 22
#: how much darker than the curve's colour 1 is, per cent
DEEPER = 118
#: what is smaller is left blank above the diagonal: tasks not learned yet
BLANK = 0.005
#: keys that lead to another matrix
_PAGES = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}
_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter


class MatricesView(Pointed):
    """Shows a MatricesSeen. The pointer (mouse, or arrow keys; Page Up and Page Down go to the next matrix) says one value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: MatricesSeen | None = None
        self._hidden: frozenset[int] = frozenset()

    def show_seen(self, seen: MatricesSeen, hidden: frozenset[int] = frozenset()) -> None:
        """Shows these matrices, without those of the groups in `hidden`."""
        self.seen, self._hidden = seen, hidden
        self.point_at(None)
        self.setAccessibleDescription(self.words)
        self._fit()
        self.update()

    @property
    def shown(self) -> list[Matrix]:
        """The matrices that are painted."""
        return [one for one in self.seen.matrices if one.group not in self._hidden] if self.seen is not None else []

    @property
    def words(self) -> str:
        """The matrices in words: the last row of each."""
        if self.seen is None:
            return ""
        ends = [f"{self.seen.labels[one.group]}: {', '.join(_number(v) for v in one.mean[-1].tolist())}" for one in self.shown]
        return f"{self._axes_words()}, last row. {'; '.join(ends)}" if ends else "All matrices are hidden"

    def _axes_words(self) -> str:
        first = next(iter(self.shown), None)
        return f"Rows: {first.row_name}; columns: {first.column_name}" if first is not None else ""

    # ------------------------------------------------------------------------------------------ where things are

    def _side(self, width: float) -> tuple[int, int]:
        """(pixels of a cell, matrices beside each other) that use the room best; where they do not fit they are scrolled."""
        shown = self.shown
        if not shown:
            return LARGE, 1
        columns = max(one.mean.shape[1] for one in shown)
        rows = max(one.mean.shape[0] for one in shown)
        best, beside, gutter = 0, 1, self._gutter
        for n in range(1, len(shown) + 1):
            lines = math.ceil(len(shown) / n)
            wide = (width - n * (gutter + GAP) + GAP) / (n * columns)
            high = (self._height / lines - TITLE - FOOT) / rows
            side = min(wide, max(high, SMALL), LARGE)
            # as many beside each other as do not make them smaller
            if int(side) >= best and (n == 1 or width >= n * (gutter + max(columns * int(side), NARROWEST) + GAP) - GAP):
                best, beside = int(side), n
        return max(SMALL, min(LARGE, best)), beside

    @property
    def _gutter(self) -> float:
        """Room at the left of a matrix for the names of its rows."""
        measure = QFontMetricsF(fonts.sans(looks.TYPE_AXIS))
        return max([LEFT, *(measure.horizontalAdvance(_tick(value)) + 8 for one in self.shown for value in one.rows)])

    @property
    def _height(self) -> float:
        # the room there is, not the height that was asked for within it
        around = self.parentWidget()
        return max(60.0, float(around.height() if around is not None else self.height()))

    def _places(self) -> Iterator[tuple[int, Matrix, QRectF, int]]:
        """Every matrix with its number among those shown, the area of its cells, and the side of one."""
        (side, beside), gutter = self._side(self.width()), self._gutter
        left, top, tallest = 0.0, 0.0, 0.0
        for i, one in enumerate(self.shown):
            if i and i % beside == 0:
                left, top, tallest = 0.0, top + tallest, 0.0
            rows, columns = one.mean.shape
            yield i, one, QRectF(left + gutter, top + TITLE, columns * side, rows * side), side
            left += gutter + max(columns * side, NARROWEST) + GAP
            tallest = max(tallest, TITLE + rows * side + FOOT)

    def _fit(self) -> None:
        """Asks for the height that all matrices need at the width there is."""
        self.setMinimumHeight(round(min(max((area.bottom() + FOOT for _, _, area, _ in self._places()), default=60.0), 4000)))

    @property
    def figure_size(self) -> QSize:
        """What the matrices take of the widget: the size of a figure of them."""
        places = [area for _, _, area, _ in self._places()]
        right = max((max(area.right(), area.left() + NARROWEST) for area in places), default=200.0)
        return QSize(math.ceil(right) + 2, math.ceil(max((area.bottom() + FOOT for area in places), default=60.0)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    # ------------------------------------------------------------------------------------------ painting

    def draw_figure(self, painter: QPainter, t: Tokens) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.shown:
            painter.setPen(QColor(t.dim))
            painter.setFont(fonts.sans(looks.TYPE_SMALL))
            painter.drawText(QRectF(self.rect()), int(_CENTRE), "All groups are hidden")
            return
        assert self.seen is not None
        gutter = self._gutter
        for _, one, area, side in self._places():
            _draw_title(painter, area, self.seen.labels[one.group], one, gutter, t)
            _draw_cells(painter, area, one, side, t)
            _draw_axes(painter, area, one, side, gutter, t)

    # ------------------------------------------------------------------------------------------ the pointer

    def cell_at(self, where: QPointF) -> At | None:
        for i, _, area, side in self._places():
            if area.contains(where):
                return i, int((where.y() - area.top()) / side), int((where.x() - area.left()) / side)
        return None

    def cell_rect(self, at: At) -> QRectF | None:
        for i, _, area, side in self._places():
            if i == at[0]:
                return QRectF(area.left() + at[2] * side, area.top() + at[1] * side, side, side)
        return None

    def cell_words(self, at: At) -> str:
        assert self.seen is not None
        one = self.shown[at[0]]
        return said(one, self.seen.labels[one.group], at[1], at[2])

    def next_cell(self, at: At | None, key: Qt.Key) -> At | None:
        if not (shown := self.shown):
            return None
        which, *within = at or (0, 0, 0)
        if key in _PAGES:
            which = min(max(which + _PAGES[key], 0), len(shown) - 1)
            rows, columns = shown[which].mean.shape
            return which, min(within[0], rows - 1), min(within[1], columns - 1)
        there = step_in(shown[which].mean.shape, None if at is None else tuple(within), key)
        return None if there is None else (which, *there)


def said(one: Matrix, label: str, row: int, column: int) -> str:
    """One value in words: `replay, after task 3, task 1:`, and below it `0.88, 95 % interval 0.85 to 0.91, 3 seeds`."""
    value, low, high = float(one.mean[row, column]), float(one.low[row, column]), float(one.high[row, column])
    where = f"{label}, {one.row_name} {_tick(one.rows[row])}, {one.column_name} {_tick(one.columns[column])}"
    if not math.isfinite(value):
        return f"{where}:\nnot known"
    between = f", 95 % interval {low:.2f} to {high:.2f}, {count(one.seeds, 'seed')}" if math.isfinite(low) else ""
    return f"{where}:\n{value:.3f}{between}".replace("-", "\N{MINUS SIGN}")


def _tick(value: float | str) -> str:
    return value if isinstance(value, str) else tick_text(float(value))


def _number(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "not known"


def _draw_title(painter: QPainter, area: QRectF, label: str, one: Matrix, gutter: float, t: Tokens) -> None:
    painter.setPen(pen(look(t, one.group), 2.0))
    painter.drawLine(QPointF(area.left() - gutter + 2, area.top() - 13), QPointF(area.left() - 4, area.top() - 13))
    painter.setFont(fonts.semibold(looks.TYPE_SMALL))
    painter.setPen(QColor(t.text))
    room = max(area.width(), float(NARROWEST))
    text = QFontMetricsF(painter.font()).elidedText(label, Qt.TextElideMode.ElideRight, room)
    painter.drawText(
        QRectF(area.left(), area.top() - TITLE, room + 2, 18), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text
    )


def _draw_cells(painter: QPainter, area: QRectF, one: Matrix, side: int, t: Tokens) -> None:
    painter.setFont(fonts.sans(looks.TYPE_AXIS if side >= 32 else looks.TYPE_AXIS - 1))
    square = one.mean.shape[0] == one.mean.shape[1]
    low, high = min(0.0, float(np.nanmin(one.mean, initial=0.0))), max(1.0, float(np.nanmax(one.mean, initial=1.0)))
    # deeper than the curve on light ground, so that high values, which are close together, are all read in white
    full = QColor(t.curves[0].colour) if t.dark else QColor(t.curves[0].colour).darker(DEEPER)
    for (row, column), value in np.ndenumerate(one.mean):
        cell = QRectF(area.left() + column * side, area.top() + row * side, side, side).adjusted(0.75, 0.75, -0.75, -0.75)
        early = square and column > row
        if not math.isfinite(value) or (early and abs(value) < BLANK):
            continue
        share = (value - low) / (high - low)
        ground = blend(QColor(t.panel), full, 0.08 + 0.92 * share)
        if not early:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(cell, 3, 3)
        if side >= WRITTEN:
            painter.setPen(QColor(t.dim) if early else ink_on(ground))
            painter.drawText(cell, int(_CENTRE), _short(float(value), side))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _short(value: float, side: int) -> str:
    """`0.93`, or `.93` where there is little room."""
    text = f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
    return text if side >= ROOMY else "1" if text == "1.00" else text.replace("0.", ".", 1)


def _draw_axes(painter: QPainter, area: QRectF, one: Matrix, side: int, gutter: float, t: Tokens) -> None:
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    painter.setPen(QColor(t.dim))
    every = max(1, math.ceil(16 / side))
    right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for place, value in list(enumerate(one.rows))[::every]:
        painter.drawText(QRectF(area.left() - gutter, area.top() + place * side, gutter - 5, side), right, _tick(value))
    for place, value in list(enumerate(one.columns))[::every]:
        painter.drawText(QRectF(area.left() + place * side - 8, area.bottom() + 2, side + 16, 15), int(_CENTRE), _tick(value))
    names = f"{one.row_name} ↓  {one.column_name} →"
    painter.drawText(QRectF(area.left() - gutter, area.bottom() + 16, max(area.width(), NARROWEST) + gutter, 15), right, names)
