"""A curve over training as a heat map painted by hand: steps across, its points upwards, the number at the pointer, a scale."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from memstudio.desktop import fonts
from memstudio.desktop import tokens as looks
from memstudio.desktop.chart import tick_text, ticks
from memstudio.desktop.live.matrix_picture import colour
from memstudio.desktop.live.seen import Floats, MapSeen
from memstudio.desktop.pointed import At, Pointed, kept_inside, step_in
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import number

#: room for the names around the cells, in pixels
ABOVE, BESIDE, BELOW = 20, 12, 34
#: the bar of the scale, in pixels
BAR = 64
LEVELS = 64
_CENTRE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def edges(steps: Floats) -> Floats:
    """Where the columns of stored steps end: halfway between them; the first and last reach as far to both sides. (steps + 1,)"""
    if len(steps) == 1:
        return np.array([steps[0] - 0.5, steps[0] + 0.5])
    inner = (steps[:-1] + steps[1:]) / 2
    return np.concatenate([[2 * steps[0] - inner[0]], inner, [2 * steps[-1] - inner[-1]]])


class HeatPicture(Pointed):
    """Shows a MapSeen. The pointer (mouse, or arrow keys) says one number; picked(float): a click, or Enter, on this step."""

    picked = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: MapSeen | None = None
        self.empty = ""
        self._time: float | None = None
        self.setMinimumSize(150, 110)

    def sizeHint(self) -> QSize:
        return QSize(260, 190)

    def show_seen(self, seen: MapSeen | None, empty: str = "Nothing measured yet") -> None:
        """Shows this map; None: these words."""
        self.seen, self.empty = seen, empty
        self.setAccessibleDescription(self.words)
        self.point_at(kept_inside(seen.values.shape, self.at) if seen is not None else None)

    def show_time(self, step: float | None) -> None:
        """A line at the step that is shown, or none."""
        if step != self._time:
            self._time = step
            self.update()

    @property
    def words(self) -> str:
        """The map in words: what its last step holds."""
        seen = self.seen
        if seen is None or not len(seen.steps):
            return self.empty
        said = [f"{name} {number(float(f'{v:.3g}'))}" for name, v in zip(seen.names, seen.values[:, -1].tolist(), strict=True)]
        return f"{seen.what} by {seen.y_name} at step {seen.steps[-1]:,.0f}: {'; '.join(said)}"

    # ------------------------------------------------------------------------------------------ painting

    def _area(self) -> QRectF:
        measure = QFontMetricsF(fonts.sans(looks.TYPE_AXIS))
        names = self.seen.names if self.seen is not None else ()
        left = max((measure.horizontalAdvance(name) for name in names), default=8.0) + 14
        return QRectF(left, ABOVE, max(10.0, self.width() - left - BESIDE), max(10.0, self.height() - ABOVE - BELOW))

    def _span(self) -> tuple[float, float]:
        assert self.seen is not None
        ends = edges(self.seen.steps)
        return float(ends[0]), float(ends[-1])

    def _across(self, step: float) -> float:
        area, (low, high) = self._area(), self._span()
        return area.left() + (step - low) / ((high - low) or 1.0) * area.width()

    def draw_figure(self, painter: QPainter, t: Tokens) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.seen is None or not self.seen.values.size:
            painter.setPen(QColor(t.dim))
            painter.setFont(fonts.sans(looks.TYPE_SMALL))
            painter.drawText(QRectF(self.rect()), int(_CENTRE) | int(Qt.TextFlag.TextWordWrap), self.empty)
            return
        area = self._area()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(area, self._image(self.seen, max(1, round(area.width())), t))
        painter.setPen(QPen(QColor(t.line), 1))
        painter.drawRect(area)
        self._draw_names(painter, t)
        self._draw_scale(painter, t)

    def draw_live(self, painter: QPainter, t: Tokens) -> None:
        self.draw_figure(painter, t)
        if self.seen is not None and self._time is not None and self.seen.values.size:
            x = self._across(self._time)
            if self._area().left() <= x <= self._area().right():
                painter.setPen(QPen(QColor(t.text), 1))
                painter.drawLine(QLineF(x, self._area().top(), x, self._area().bottom()))

    def _image(self, seen: MapSeen, wide: int, t: Tokens) -> QImage:
        """One pixel a point upwards, as many across as there is room for; the highest point is the top row."""
        table = _colours(t)
        reach = (seen.high - seen.low) or 1.0
        shares = np.clip((seen.values - seen.low) / reach, 0, 1)
        index = np.where(np.isfinite(shares), np.rint(np.nan_to_num(shares) * (LEVELS - 1)), LEVELS).astype(np.int64)
        low, high = self._span()
        at = low + (np.arange(wide) + 0.5) / wide * (high - low)
        column = np.clip(np.searchsorted(edges(seen.steps), at, side="right") - 1, 0, len(seen.steps) - 1)
        pixels = np.ascontiguousarray(table[index[::-1]][:, column])
        return QImage(pixels.data, wide, len(seen.names), 3 * wide, QImage.Format.Format_RGB888).copy()

    def _draw_names(self, painter: QPainter, t: Tokens) -> None:
        seen, area = self.seen, self._area()
        assert seen is not None
        painter.setFont(fonts.sans(looks.TYPE_AXIS))
        painter.setPen(QColor(t.dim))
        measure = QFontMetricsF(painter.font())
        last = math.inf
        for place, name in enumerate(seen.names):
            middle = area.bottom() - (place + 0.5) / len(seen.names) * area.height()
            if last - middle >= 13:
                painter.drawText(QRectF(0, middle - 8, area.left() - 6, 16), int(_RIGHT), name)
                last = middle
        end = -math.inf
        for step in ticks(*self._span(), max(3, min(6, int(area.width() / 60)))):
            text, x = tick_text(step), self._across(step)
            half = measure.horizontalAdvance(text) / 2
            x = min(x, area.right() + BESIDE - half - 1)
            if step >= 0 and x - half > end + 7:
                painter.drawText(QRectF(x - 2 * half, area.bottom() + 3, 4 * half, 15), int(_CENTRE), text)
                end = x + half
        painter.drawText(QRectF(area.left(), area.bottom() + 17, area.width(), 15), int(_RIGHT), "step")
        painter.drawText(QRectF(8, 1, area.right(), 15), int(_LEFT), seen.y_name)

    def _draw_scale(self, painter: QPainter, t: Tokens) -> None:
        """What the grounds stand for, in the line above: `recall 0 ▭ 1`."""
        seen, area = self.seen, self._area()
        assert seen is not None
        measure = QFontMetricsF(painter.font())
        low, high = tick_text(float(f"{seen.low:.3g}")), tick_text(float(f"{seen.high:.3g}"))
        high_left = area.right() - measure.horizontalAdvance(high)
        bar = QRectF(high_left - 5 - BAR, 5, BAR, 7)
        row = np.ascontiguousarray(_colours(t)[None, :LEVELS])
        painter.drawImage(bar, QImage(row.data, LEVELS, 1, 3 * LEVELS, QImage.Format.Format_RGB888).copy())
        painter.setPen(QPen(QColor(t.line), 1))
        painter.drawRect(bar)
        painter.setPen(QColor(t.dim))
        painter.drawText(QRectF(high_left, 1, area.right() - high_left + 2, 15), int(_LEFT), high)
        what = f"{seen.what}  {low}"
        room = bar.left() - 5 - 8 - measure.horizontalAdvance(seen.y_name) - 16
        said = next((text for text in (f"{seen.of} · {what}", what, low) if measure.horizontalAdvance(text) <= room), low)
        painter.drawText(QRectF(0, 1, bar.left() - 5, 15), int(_RIGHT), said)

    # ------------------------------------------------------------------------------------------ the pointer

    def cell_at(self, where: QPointF) -> At | None:
        area = self._area()
        if self.seen is None or not self.seen.values.size or not area.contains(where):
            return None
        low, high = self._span()
        step = low + (where.x() - area.left()) / area.width() * (high - low)
        column = min(max(int(np.searchsorted(edges(self.seen.steps), step, side="right")) - 1, 0), len(self.seen.steps) - 1)
        row = min(len(self.seen.names) - 1, int((area.bottom() - where.y()) / area.height() * len(self.seen.names)))
        return row, column

    def cell_rect(self, at: At) -> QRectF | None:
        if self.seen is None or not self.seen.values.size:
            return None
        area, ends, (row, column) = self._area(), edges(self.seen.steps), at
        high = area.height() / len(self.seen.names)
        left, right = self._across(float(ends[column])), self._across(float(ends[column + 1]))
        return QRectF(left, area.bottom() - (row + 1) * high, max(3.0, right - left), high)

    def cell_words(self, at: At) -> str:
        assert self.seen is not None
        (row, column), seen = at, self.seen
        value = float(seen.values[row, column])
        text = number(float(f"{value:.4g}")) if math.isfinite(value) else "not measured"
        return f"step {seen.steps[column]:,.0f}, {seen.y_name.partition(',')[0]} {seen.names[row]}: {seen.what} {text}"

    def next_cell(self, at: At | None, key: Qt.Key) -> At | None:
        if self.seen is None or not self.seen.values.size:
            return None
        if at is None and step_in(self.seen.values.shape, at, key) is not None:
            return 0, len(self.seen.steps) - 1
        # rows are counted from below
        turned = {Qt.Key.Key_Up: Qt.Key.Key_Down, Qt.Key.Key_Down: Qt.Key.Key_Up}.get(key, key)
        return step_in(self.seen.values.shape, at, turned)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and at is not None and self.seen is not None:
            self.picked.emit(float(self.seen.steps[at[1]]))

    def _themed(self, t: Tokens) -> None:
        self.update()


def _colours(t: Tokens) -> np.ndarray:
    """LEVELS colours from the palest to the strongest, then that of what was not measured. (LEVELS + 1, 3)"""
    found = [colour(level / (LEVELS - 1), t) for level in range(LEVELS)] + [QColor(t.panel)]
    return np.array([(c.red(), c.green(), c.blue()) for c in found], dtype=np.uint8)
