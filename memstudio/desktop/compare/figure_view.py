"""The figure of what was varied as dots with intervals or as a heat map, painted by hand; lines are the plot's."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from memstudio.desktop import fonts
from memstudio.desktop import tokens as looks
from memstudio.desktop.compare.figure_painting import (
    BESIDE,
    CENTRE,
    LEFT,
    RIGHT,
    Placed,
    axis_ends,
    decimals,
    draw_dot,
    draw_scale,
    draw_square,
    said,
    short_case,
)
from memstudio.desktop.compare.overlaying import SHARES, bare, y_name
from memstudio.desktop.compare.seen import StudySeen
from memstudio.desktop.live.scales import Scale
from memstudio.desktop.pointed import ARROWS, At, Pointed
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr
from memstudio.library.study_figure import FigureCell

#: pixels of a row of dots, of a case's gap, of the axes' room, and of a cell of a heat map at least and at most
ROW, BETWEEN, ABOVE, BELOW = 20, 8, 20, 36
LOWEST, HIGHEST, NARROWEST, WIDEST = 24, 44, 38, 120
#: labels take at most this share of the width
LABELS = 0.4


class FigureView(Pointed):
    """Shows a StudySeen as dots or heat map. The pointer (mouse, or arrow keys) says one cell; Esc hides it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: StudySeen | None = None
        self._hidden: frozenset[int] = frozenset()
        self.setAccessibleName(tr("What each cell measured"))

    def show_seen(self, seen: StudySeen, hidden: frozenset[int] = frozenset()) -> None:
        """Shows this figure, without the cases of its second axis in `hidden`."""
        self.seen, self._hidden = seen, hidden
        self.point_at(None)
        self.setMinimumHeight(math.ceil(self.needed))
        self.setAccessibleDescription("; ".join(said(one.cell).replace("\n", " ") for one in self.placed()) or "Nothing measured")
        self.update()

    # ------------------------------------------------------------------------------------------ where things are

    @property
    def needed(self) -> float:
        """The height that everything needs."""
        if self.seen is None:
            return 60.0
        if self.seen.kind == "heat":
            return ABOVE + LOWEST * len(self._heat_rows()) + BELOW + 18
        return ABOVE + BELOW + sum(height for _, _, height in self._bands())

    def placed(self) -> list[Placed]:
        """Every cell that is painted, in reading order."""
        if self.seen is None:
            return []
        return list(self._squares() if self.seen.kind == "heat" else self._dots())

    def _font(self) -> QFontMetricsF:
        return QFontMetricsF(fonts.sans(looks.TYPE_SMALL))

    def _gutter(self, labels: list[str]) -> float:
        measure = self._font()
        return min(max((measure.horizontalAdvance(label) for label in labels), default=20.0) + 12, self.width() * LABELS)

    def _bands(self) -> list[tuple[int, list[FigureCell], float]]:
        """The cases of the first axis with their cells that are shown and the height they take."""
        assert self.seen is not None
        figure = self.seen.figure
        found: list[tuple[int, list[FigureCell], float]] = []
        for number in range(len(figure.axes[0].cases)):
            mine = [
                c for c in figure.cells if c.at[0] == number and c.interval is not None and not (len(c.at) > 1 and c.at[1] in self._hidden)
            ]
            mine.sort(key=lambda cell: cell.at)
            if mine:
                found.append((number, mine, len(mine) * (ROW if len(mine) == 1 else 15) + BETWEEN))
        return found

    def _plot_area(self) -> QRectF:
        assert self.seen is not None
        labels = list(self.seen.figure.axes[0].cases) + [cell.chosen for cell in self.seen.figure.cells if len(cell.at) == 1]
        left = self._gutter(labels)
        return QRectF(left, ABOVE, max(40.0, self.width() - left - BESIDE), max(30.0, self.height() - ABOVE - BELOW))

    def _dots(self) -> Iterator[Placed]:
        area, bands = self._plot_area(), self._bands()
        wanted = sum(height for _, _, height in bands) or 1.0
        # rows drift apart where there is room, but not so far that they are no list any more
        stretch = min(1.8, max(1.0, area.height() / wanted))
        top = area.top()
        for _, cells, height in bands:
            between = BETWEEN * stretch
            each = (height * stretch - between) / len(cells)
            top += between / 2
            for cell in cells:
                yield Placed(cell, cell.at[-1], QRectF(0, top, self.width(), each))
                top += each
            top += between / 2

    def _heat_rows(self) -> list[int]:
        """The numbers of the rows from the top: numbers grow upwards, as in plots."""
        assert self.seen is not None
        axis = self.seen.figure.axes[1 - self.seen.along]
        rows = list(range(len(axis.cases)))
        return rows[::-1] if axis.numbers is not None else rows

    def _squares(self) -> Iterator[Placed]:
        assert self.seen is not None
        figure, along = self.seen.figure, self.seen.along
        rows, columns = self._heat_rows(), len(figure.axes[along].cases)
        left = self._gutter(list(figure.axes[1 - along].cases))
        wide = min(WIDEST, max(NARROWEST, (self.width() - left - 8) / columns))
        high = min(HIGHEST, max(LOWEST, (self.height() - ABOVE - BELOW - 18) / len(rows)))
        by_place = {(cell.at[1 - along], cell.at[along]): cell for cell in figure.cells}
        for i, row in enumerate(rows):
            for column in range(columns):
                if (cell := by_place.get((row, column))) is not None:
                    yield Placed(cell, 0, QRectF(left + column * wide, ABOVE + i * high, wide, high))

    # ------------------------------------------------------------------------------------------ painting

    @property
    def figure_size(self) -> QSize:
        """The size of a figure of it: what it takes of the widget."""
        bottom = max((one.area.bottom() for one in self.placed()), default=60.0)
        return QSize(self.width(), math.ceil(bottom + BELOW + (18 if self.seen is not None and self.seen.kind == "heat" else 0)))

    def draw_figure(self, painter: QPainter, t: Tokens) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        placed = self.placed()
        if self.seen is None or not placed:
            painter.setPen(QColor(t.dim))
            painter.setFont(fonts.sans(looks.TYPE_SMALL))
            painter.drawText(
                QRectF(self.rect()), CENTRE, "Nothing is shown: all cases are hidden" if self._hidden else "Nothing measured yet"
            )
        elif self.seen.kind == "heat":
            self._draw_heat(painter, placed, t)
        else:
            self._draw_dots(painter, placed, t)

    def _draw_dots(self, painter: QPainter, placed: list[Placed], t: Tokens) -> None:
        assert self.seen is not None
        area, figure = self._plot_area(), self.seen.figure
        bottom = placed[-1].area.bottom() + BETWEEN / 2
        low, high = axis_ends([one.cell for one in placed], bare(figure.measure) in SHARES)
        scale = Scale()

        def across(value: float) -> float:
            return area.left() + (value - low) / ((high - low) or 1.0) * area.width()

        painter.setFont(fonts.sans(looks.TYPE_AXIS))
        for tick in scale.ticks(low, high, max(3, int(area.width() / 70))):
            x = round(across(tick.place)) + 0.5
            painter.setPen(QPen(QColor(t.grid), 1))
            painter.drawLine(QLineF(x, area.top(), x, bottom))
            painter.setPen(QColor(t.dim))
            painter.drawText(QRectF(x - 30, bottom + 3, 60, 15), CENTRE, tick.text)
        painter.drawText(QRectF(area.left(), bottom + 18, area.width(), 15), RIGHT, y_name(bare(figure.measure)))
        painter.drawText(QRectF(0, 1, area.left() - 8, 15), LEFT, figure.axes[0].name)
        before = None
        for one in placed:
            if one.cell.at[0] != before:
                if before is not None and len(one.cell.at) > 1:
                    painter.setPen(QPen(QColor(t.faint), 1))
                    y = round(one.area.top() - BETWEEN / 2) + 0.5
                    painter.drawLine(QLineF(0, y, self.width(), y))
                self._draw_case(painter, one, placed, area, t)
                before = one.cell.at[0]
            draw_dot(painter, one, across, area, t)

    def _draw_case(self, painter: QPainter, one: Placed, placed: list[Placed], area: QRectF, t: Tokens) -> None:
        """The label of a case at the left of all of its dots, with what was chosen for it below."""
        assert self.seen is not None
        mine = [other.area for other in placed if other.cell.at[0] == one.cell.at[0]]
        room = QRectF(0, mine[0].top(), area.left() - 8, mine[-1].bottom() - mine[0].top())
        chosen = one.cell.chosen if len(one.cell.at) == 1 else ""
        painter.setFont(fonts.sans(looks.TYPE_SMALL))
        painter.setPen(QColor(t.text))
        label = self.seen.figure.axes[0].cases[one.cell.at[0]]
        text = self._font().elidedText(label, Qt.TextElideMode.ElideMiddle, room.width())
        if chosen and room.height() >= 28:
            middle = room.center().y()
            painter.drawText(QRectF(room.left(), middle - 15, room.width(), 15), RIGHT, text)
            painter.setFont(fonts.sans(looks.TYPE_AXIS))
            painter.setPen(QColor(t.dim))
            painter.drawText(QRectF(room.left(), middle, room.width(), 14), RIGHT, chosen)
        else:
            painter.drawText(room, RIGHT, text)

    def _draw_heat(self, painter: QPainter, placed: list[Placed], t: Tokens) -> None:
        assert self.seen is not None
        figure, along = self.seen.figure, self.seen.along
        values = [one.cell.interval.mean for one in placed if one.cell.interval is not None and math.isfinite(one.cell.interval.mean)]
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        full = QColor(t.curves[0].colour) if t.dark else QColor(t.curves[0].colour).darker(118)
        places = decimals(low, high)
        for one in placed:
            draw_square(painter, one, low, high, full, places, t)
        left, bottom = min(one.area.left() for one in placed), max(one.area.bottom() for one in placed)
        painter.setFont(fonts.sans(looks.TYPE_SMALL))
        painter.setPen(QColor(t.text))
        rows, columns = figure.axes[1 - along], figure.axes[along]
        tops = {one.cell.at[1 - along]: one.area for one in placed}
        for number, area in tops.items():
            text = self._font().elidedText(rows.cases[number], Qt.TextElideMode.ElideMiddle, left - 12)
            painter.drawText(QRectF(0, area.top(), left - 8, area.height()), RIGHT, text)
        sides = {one.cell.at[along]: one.area for one in placed}
        for number, area in sides.items():
            case = short_case(columns.cases[number], columns.name, columns.address)
            text = self._font().elidedText(case, Qt.TextElideMode.ElideRight, area.width() - 2)
            painter.drawText(QRectF(area.left(), bottom + 3, area.width(), 16), CENTRE, text)
        painter.setFont(fonts.sans(looks.TYPE_AXIS))
        painter.setPen(QColor(t.dim))
        right = max(one.area.right() for one in placed)
        painter.drawText(QRectF(0, 1, max(60.0, left - 8), 15), LEFT, rows.name)
        painter.drawText(QRectF(left, bottom + 20, right - left, 15), RIGHT, columns.name)
        draw_scale(painter, QRectF(left, bottom + 38, min(140.0, right - left), 10), low, high, full, y_name(bare(figure.measure)), t)

    # ------------------------------------------------------------------------------------------ the pointer

    def cell_at(self, where: QPointF) -> At | None:
        return next(((i,) for i, one in enumerate(self.placed()) if one.area.contains(where)), None)

    def cell_rect(self, at: At) -> QRectF | None:
        placed = self.placed()
        return placed[at[0]].area if at[0] < len(placed) else None

    def cell_words(self, at: At) -> str:
        return said(self.placed()[at[0]].cell)

    def next_cell(self, at: At | None, key: Qt.Key) -> At | None:
        placed, move = self.placed(), ARROWS.get(key)
        if move is None or not placed:
            return None
        return (0,) if at is None else (_nearest(placed, at[0], move),)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.point_at(None)


def _nearest(placed: list[Placed], at: int, way: tuple[int, int]) -> int:
    """The nearest cell in a direction (rows, columns); the same where there is none."""
    here = placed[at].area.center()

    def away(i: int) -> float:
        there = placed[i].area.center()
        dx, dy = there.x() - here.x(), there.y() - here.y()
        ahead, aside = dy * way[0] + dx * way[1], abs(dy * way[1]) + abs(dx * way[0])
        return ahead + 3 * aside if ahead > 1 else math.inf

    best = min(range(len(placed)), key=away)
    return best if math.isfinite(away(best)) else at
