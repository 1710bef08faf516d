"""A table of shares painted by hand: a number in every cell on a ground of one hue, the stronger the higher; blank where there is none."""

from __future__ import annotations

import math
from itertools import product

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from memstudio.desktop import fonts
from memstudio.desktop import tokens as looks
from memstudio.desktop.colours import ink_on
from memstudio.desktop.live.seen import MatrixSeen
from memstudio.desktop.pointed import At, Pointed, cell_in, kept_inside, rect_in, step_in
from memstudio.desktop.tokens import Tokens

#: room for the names around the cells, in pixels; the widest a cell becomes, as a multiple of its height
ABOVE, BESIDE, BELOW = 20, 12, 34
WIDEST = 2.4
_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def colour(value: float, t: Tokens) -> QColor:
    """The ground of a share: from nearly the panel's at 0 to the first curve's hue at 1.

    On light ground it ends darker than the curve, so that numbers turn white well below the shares that most tasks reach.
    """
    share = min(max(value, 0.0), 1.0)
    low, high = QColor("#F1F4F8" if not t.dark else "#232A34"), QColor(t.curves[0].colour)
    high = high if t.dark else high.darker(145)
    parts = ((low.redF(), high.redF()), (low.greenF(), high.greenF()), (low.blueF(), high.blueF()))
    return QColor.fromRgbF(*(a + (b - a) * share for a, b in parts))


class MatrixPicture(Pointed):
    """Shows a MatrixSeen. The pointer (mouse, or arrow keys) says one cell in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: MatrixSeen | None = None
        self.empty = "Nothing measured yet"
        self.setMinimumSize(150, 110)

    def sizeHint(self) -> QSize:
        return QSize(260, 190)

    def show_seen(self, seen: MatrixSeen | None, empty: str = "Nothing measured yet") -> None:
        """Shows this table; None: these words."""
        self.seen, self.empty = seen, empty
        self.setAccessibleDescription(self.words)
        self.point_at(kept_inside(seen.values.shape, self.at) if seen is not None else None)

    @property
    def words(self) -> str:
        """The table in words: its last row that holds something."""
        seen = self.seen
        if seen is None:
            return self.empty
        for row in reversed(range(len(seen.rows))):
            said = [f"{seen.column} {seen.columns[c]} {v:.2f}" for c, v in enumerate(seen.values[row].tolist()) if math.isfinite(v)]
            if said:
                return f"{seen.what.capitalize()} {seen.row} {seen.rows[row]}: {'; '.join(said)}"
        return "Nothing measured yet"

    def cell_words(self, at: At) -> str:
        assert self.seen is not None
        (row, column), seen = at, self.seen
        value = float(seen.values[row, column])
        where = f"{seen.column} {seen.columns[column]}, {seen.row} {seen.rows[row]}"
        return f"{where}: {value:.3f}" if math.isfinite(value) else f"{where}: not measured"

    # ------------------------------------------------------------------------------------------ painting

    def _area(self) -> QRectF:
        """Where the cells lie, in pixels."""
        assert self.seen is not None
        rows, columns = self.seen.values.shape
        measure = QFontMetricsF(fonts.sans(looks.TYPE_AXIS))
        left = max((measure.horizontalAdvance(name) for name in self.seen.rows), default=8.0) + 16
        high = max(10.0, self.height() - ABOVE - BELOW)
        wide = max(10.0, min(self.width() - left - BESIDE, high / max(1, rows) * WIDEST * columns))
        return QRectF(left, ABOVE, wide, high)

    def _cell_rect(self, row: int, column: int) -> QRectF:
        assert self.seen is not None
        return rect_in(self._area(), self.seen.values.shape, row, column)

    def draw_figure(self, painter: QPainter, t: Tokens) -> None:
        if self.seen is None:
            painter.setPen(QColor(t.dim))
            painter.setFont(fonts.sans(looks.TYPE_SMALL))
            painter.drawText(QRectF(self.rect()), int(_CENTRE) | int(Qt.TextFlag.TextWordWrap), self.empty)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw_cells(painter, t)
        self._draw_names(painter, t)

    def _draw_cells(self, painter: QPainter, t: Tokens) -> None:
        seen = self.seen
        assert seen is not None
        painter.setFont(fonts.sans(looks.TYPE_AXIS))
        measure = QFontMetricsF(painter.font())
        one = self._cell_rect(0, 0)
        shares = (seen.low, seen.high) == (0.0, 1.0)
        widest = "0.00" if shares else max((f"{v:.3g}" for v in seen.values.flat), key=len, default="0.00")
        numbers = one.width() >= measure.horizontalAdvance(widest) + 2 and one.height() >= measure.height() - 2
        gap = 1.0 if min(one.width(), one.height()) > 6 else 0.0
        for row, column in product(range(len(seen.rows)), range(len(seen.columns))):
            value = float(seen.values[row, column])
            if not math.isfinite(value):
                continue
            cell, ground = self._cell_rect(row, column), colour((value - seen.low) / ((seen.high - seen.low) or 1.0), t)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(cell.adjusted(gap, gap, -gap, -gap), 2 * gap, 2 * gap)
            if numbers:
                painter.setPen(ink_on(ground))
                painter.drawText(cell, int(_CENTRE), f"{value:.2f}" if shares else f"{value:.3g}")
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_names(self, painter: QPainter, t: Tokens) -> None:
        seen, area = self.seen, self._area()
        assert seen is not None
        painter.setFont(fonts.sans(looks.TYPE_AXIS))
        painter.setPen(QColor(t.dim))
        measure = QFontMetricsF(painter.font())
        painter.drawText(QRectF(8, 1, self.width() - 16, 15), int(_LEFT), seen.row)
        if measure.horizontalAdvance(seen.row) + measure.horizontalAdvance(seen.of) + 36 < area.right():
            painter.drawText(QRectF(8, 1, area.right() - 8, 15), int(_RIGHT), seen.of)
        last = -math.inf
        for row, name in enumerate(seen.rows):
            middle = self._cell_rect(row, 0).center().y()
            if middle - last >= 13:
                painter.drawText(QRectF(0, middle - 8, area.left() - 6, 16), int(_RIGHT), name)
                last = middle
        last = -math.inf
        for column, name in enumerate(seen.columns):
            middle, half = self._cell_rect(0, column).center().x(), measure.horizontalAdvance(name) / 2
            if middle - half > last + 4:
                painter.drawText(QRectF(middle - half - 2, area.bottom() + 3, 2 * half + 4, 15), int(_CENTRE), name)
                last = middle + half
        painter.drawText(QRectF(area.left(), area.bottom() + 17, area.width(), 15), int(_RIGHT), seen.column)

    # ------------------------------------------------------------------------------------------ the pointer

    def cell_at(self, where: QPointF) -> At | None:
        return None if self.seen is None else cell_in(self._area(), self.seen.values.shape, where)

    def cell_rect(self, at: At) -> QRectF | None:
        if self.seen is None:
            return None
        return self._cell_rect(*at)

    def next_cell(self, at: At | None, key: Qt.Key) -> At | None:
        return None if self.seen is None else step_in(self.seen.values.shape, at, key)
