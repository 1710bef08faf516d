"""The picture of a memory's state, painted by hand: orange below zero, blue above, with its scale and the memory's figures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QWidget

from memstudio.desktop import fonts, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.live.seen import PictureSeen
from memstudio.desktop.pointed import At, Pointed, cell_in, kept_inside, rect_in, step_in
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import number

#: a picture whose sides differ by more than this is stretched: its cells are no squares then
LONGEST = 2.5
#: a picture that leaves so much room has its figures at its side
BESIDE = 104
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@cache
def colours(negative: str, zero: str, positive: str) -> npt.NDArray[np.uint8]:
    """255 colours (255, 3) from negative through zero, in the middle, to positive."""
    ends = [np.array([c.red(), c.green(), c.blue()], dtype=np.float64) for c in map(QColor, (negative, zero, positive))]
    share = np.linspace(-1, 1, 255)[:, None]
    table = np.where(share < 0, ends[1] + (ends[0] - ends[1]) * -share, ends[1] + (ends[2] - ends[1]) * share)
    return np.rint(table).astype(np.uint8)


def theme_colours(t: Tokens) -> npt.NDArray[np.uint8]:
    """The diverging colours of a theme: its second curve's below zero, its first one's above."""
    return colours(t.curves[1].colour, "#F7F8FA" if not t.dark else "#1E232B", t.curves[0].colour)


def image(values: npt.NDArray[np.float32], reach: float, t: Tokens) -> QImage:
    """The picture of values (rows, columns) from −reach to reach, one pixel a value; zero is the middle colour, always."""
    scaled = np.zeros(values.shape) if reach <= 0 else np.clip(values.astype(np.float64) / reach, -1, 1)
    index = np.rint(scaled * 127).astype(np.int64) + 127
    pixels = np.ascontiguousarray(theme_colours(t)[index])
    rows, columns = values.shape
    # copied, because the array's memory goes when this returns
    return QImage(pixels.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()


class StatePicture(Pointed):
    """Shows a PictureSeen. The pointer (mouse, or arrow keys) says one value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: PictureSeen | None = None
        self._image = QImage()
        self.setMinimumSize(150, 110)

    def sizeHint(self) -> QSize:
        return QSize(220, 190)

    def show_seen(self, seen: PictureSeen) -> None:
        """Shows this picture."""
        self.seen = seen
        self._image = image(seen.values, seen.reach, theme.current())
        self.setAccessibleDescription(self.words)
        self.point_at(kept_inside(seen.values.shape, self.at))

    @property
    def words(self) -> str:
        """The picture in words: its size, its scale, the memory's figures."""
        if self.seen is None:
            return ""
        rows, columns = self.seen.values.shape
        figures = "".join(f", {name} {_short(value)}" for name, value in self.seen.figures)
        return f"{rows} rows, {columns} columns, from {_short(-self.seen.reach)} to {_short(self.seen.reach)}{figures}"

    # ------------------------------------------------------------------------------------------ painting

    def _areas(self) -> tuple[QRectF, QRectF, QRectF]:
        """The picture, its scale, the room for the figures: beside the picture where that is slim, else below."""
        whole = QRectF(self.rect()).adjusted(8, 8, -8, -4)
        rows, columns = self.seen.values.shape if self.seen is not None else (1, 1)
        wanted = min(max(columns / rows, 1 / LONGEST), LONGEST)
        below = 38 if self.seen is not None and self.seen.figures else 20
        high = max(10.0, whole.height() - 20)
        beside = whole.width() - high * wanted >= BESIDE
        if not beside:
            high = max(10.0, whole.height() - below)
        width = min(whole.width(), high * wanted)
        picture = QRectF(whole.left(), whole.top(), width, width / wanted)
        scale = QRectF(whole.left(), picture.bottom() + 5, min(whole.width(), max(width, 120.0)), 14)
        if beside:
            return picture, scale, QRectF(picture.right() + 14, picture.top(), whole.right() - picture.right() - 14, picture.height())
        return picture, scale, QRectF(whole.left(), scale.bottom() + 2, whole.width(), 16)

    def draw_live(self, painter: QPainter, t: Tokens) -> None:
        self._draw(painter, t, self._image)

    def draw_figure(self, painter: QPainter, t: Tokens) -> None:
        if self.seen is not None:
            self._draw(painter, t, image(self.seen.values, self.seen.reach, t))

    def _draw(self, painter: QPainter, t: Tokens, drawn: QImage) -> None:
        if self.seen is None:
            return
        picture, scale, figures = self._areas()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(picture, drawn)
        painter.setPen(QPen(QColor(t.line), 1))
        painter.drawRect(picture)
        _draw_scale(painter, scale, self.seen.reach, t)
        _draw_figures(painter, figures, self.seen.figures, t)

    def _themed(self, t: Tokens) -> None:
        if self.seen is not None:
            self._image = image(self.seen.values, self.seen.reach, t)
        self.update()

    # ------------------------------------------------------------------------------------------ the pointer

    def cell_at(self, where: QPointF) -> At | None:
        return None if self.seen is None else cell_in(self._areas()[0], self.seen.values.shape, where)

    def cell_rect(self, at: At) -> QRectF | None:
        if self.seen is None:
            return None
        return rect_in(self._areas()[0], self.seen.values.shape, *at)

    def cell_words(self, at: At) -> str:
        assert self.seen is not None
        (row, column), seen = at, self.seen
        return f"row {_short(seen.rows[row])}, column {_short(seen.columns[column])}: {_short(float(seen.values[row, column]))}"

    def next_cell(self, at: At | None, key: Qt.Key) -> At | None:
        return None if self.seen is None else step_in(self.seen.values.shape, at, key)


def _draw_figures(painter: QPainter, area: QRectF, figures: Sequence[tuple[str, float]], t: Tokens) -> None:
    """The memory's figures: one below the other where there is height, else in one line."""
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    measure = QFontMetricsF(painter.font())
    if area.height() < 40:
        painter.setPen(QColor(t.dim))
        text = " · ".join(f"{name} {_short(value)}" for name, value in figures)
        painter.drawText(area, int(_LEFT), measure.elidedText(text, Qt.TextElideMode.ElideRight, area.width()))
        return
    for place, (name, value) in enumerate(figures[: int(area.height() // 36)]):
        line = QRectF(area.left(), area.top() + 36 * place, area.width(), 15)
        painter.setPen(QColor(t.dim))
        painter.drawText(line, int(_LEFT), measure.elidedText(name, Qt.TextElideMode.ElideRight, area.width()))
        painter.setPen(QColor(t.text))
        painter.drawText(line.translated(0, 15), int(_LEFT), _short(value))


def _draw_scale(painter: QPainter, area: QRectF, reach: float, t: Tokens) -> None:
    """The colours from −reach to reach with the numbers at its ends and zero between."""
    painter.setFont(fonts.sans(looks.TYPE_AXIS))
    measure = QFontMetricsF(painter.font())
    low, high = _short(-reach), _short(reach)
    wide = max(measure.horizontalAdvance(low), measure.horizontalAdvance(high)) + 6
    bar = QRectF(area.left() + wide, area.top() + 4, max(20.0, area.width() - 2 * wide), 6)
    row = np.ascontiguousarray(theme_colours(t)[None])
    painter.drawImage(bar, QImage(row.data, 255, 1, 3 * 255, QImage.Format.Format_RGB888).copy())
    painter.setPen(QColor(t.dim))
    painter.drawText(QRectF(area.left(), area.top(), wide - 6, area.height()), int(_RIGHT), low)
    painter.drawText(QRectF(bar.right() + 6, area.top(), wide, area.height()), int(_LEFT), high)


def _short(value: float) -> str:
    return number(float(f"{value:.3g}"))
