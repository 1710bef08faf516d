"""The picture of a memory's state, painted by hand: orange below zero, blue above, with its scale and the memory's figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from memstudio.desktop import fonts, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.live.seen import PictureSeen
from memstudio.desktop.pointed import At, Pointed, kept_inside, step_in
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import number

#: a picture whose sides differ by more than this is stretched: its cells are no squares then
LONGEST = 2.5
#: a picture that leaves so much room has its figures at its side
BESIDE = 104
#: room above and below the picture for the names of its axes and the scale, in pixels; the widest scale
ABOVE, BELOW, SCALE = 20, 32, 132
#: at least so many rows and columns are shown, however close
CLOSEST = 4
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
    """Shows a PictureSeen. The pointer (mouse, or arrow keys) says one value; zoomed(bool): not the whole of it is shown.

    The wheel zooms at the mouse, a drag pushes what is zoomed, a double click shows all again; by keyboard plus, minus and 0.
    """

    zoomed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: PictureSeen | None = None
        self._image = QImage()
        self._view: QRectF | None = None
        self._held: QPointF | None = None
        self.setMinimumSize(150, 110)

    def sizeHint(self) -> QSize:
        return QSize(220, 190)

    def show_seen(self, seen: PictureSeen) -> None:
        """Shows this picture; a zoom stays while it has as many rows and columns."""
        if self.seen is None or (self.seen.chosen, self.seen.values.shape) != (seen.chosen, seen.values.shape):
            self._set_view(None)
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

    # ------------------------------------------------------------------------------------------ the view

    @property
    def view(self) -> QRectF:
        """What is shown, counted in columns and rows from the top left."""
        rows, columns = self.seen.values.shape if self.seen is not None else (1, 1)
        return self._view if self._view is not None else QRectF(0, 0, columns, rows)

    def show_all(self) -> None:
        """Takes the zoom back."""
        self._set_view(None)
        self.point_at(self.at)

    def zoom(self, by: float, around: QPointF | None = None) -> None:
        """Zooms by a factor (below 1: closer) around a point of the widget, or around what is pointed at."""
        if self.seen is None:
            return
        (rows, columns), view, picture = self.seen.values.shape, self.view, self._areas()[0]
        if around is None:
            cell = self.cell_rect(self.at) if self.at is not None else None
            around = (cell if cell is not None else picture).center()
        x = min(max((around.x() - picture.left()) / picture.width(), 0.0), 1.0)
        y = min(max((around.y() - picture.top()) / picture.height(), 0.0), 1.0)
        wide = min(max(view.width() * by, min(CLOSEST, columns)), columns)
        high = min(max(view.height() * by, min(CLOSEST, rows)), rows)
        left, top = view.left() + x * (view.width() - wide), view.top() + y * (view.height() - high)
        self._set_view(QRectF(left, top, wide, high))
        self.point_at(self.at)

    def _set_view(self, view: QRectF | None) -> None:
        if view is not None and self.seen is not None:
            rows, columns = self.seen.values.shape
            view.moveLeft(min(max(view.left(), 0.0), columns - view.width()))
            view.moveTop(min(max(view.top(), 0.0), rows - view.height()))
            view = None if view.width() >= columns and view.height() >= rows else view
        had = self._view is not None
        self._view = view
        if had != (view is not None):
            self.zoomed.emit(view is not None)
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        if turned and self._areas()[0].contains(event.position()):
            self.zoom(0.8 ** (turned / 120), event.position())
            event.accept()
        else:
            super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._held = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None and self._view is not None:
            picture, view = self._areas()[0], self._view
            gone, self._held = event.position() - self._held, event.position()
            across, down = gone.x() / picture.width() * view.width(), gone.y() / picture.height() * view.height()
            self._set_view(view.translated(-across, -down))
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(0.8 if key != Qt.Key.Key_Minus else 1.25)
        elif key == Qt.Key.Key_0:
            self.show_all()
        else:
            super().keyPressEvent(event)
            self._follow()

    def _follow(self) -> None:
        """What is zoomed goes with the cell that is pointed at."""
        if self._view is None or self.at is None:
            return
        row, column = self.at
        view = QRectF(self._view)
        view.moveLeft(min(max(view.left(), column + 1 - view.width()), column))
        view.moveTop(min(max(view.top(), row + 1 - view.height()), row))
        if view != self._view:
            self._set_view(view)
            self.point_at(self.at)

    # ------------------------------------------------------------------------------------------ painting

    def _areas(self) -> tuple[QRectF, QRectF, QRectF]:
        """The picture, its scale above, the room for the figures: beside the picture where that is slim, else below."""
        seen = self.seen
        measure = QFontMetricsF(fonts.sans(looks.TYPE_AXIS))
        rows, columns = seen.values.shape if seen is not None else (1, 1)
        left = max((measure.horizontalAdvance(_short(v)) for v in (seen.rows[0], seen.rows[-1])), default=8.0) + 14 if seen else 8.0
        whole = QRectF(self.rect()).adjusted(left, ABOVE, -12, -BELOW)
        wanted = min(max(columns / rows, 1 / LONGEST), LONGEST)
        high = max(10.0, whole.height())
        beside = whole.width() - high * wanted >= BESIDE
        if seen is not None and seen.figures and not beside:
            high = max(10.0, high - 16)
        width = max(10.0, min(whole.width(), high * wanted))
        picture = QRectF(whole.left(), whole.top(), width, min(high, width / wanted))
        room = min(SCALE, 0.5 * self.width())
        scale = QRectF(whole.right() - room, 2, room, 14)
        if beside:
            return picture, scale, QRectF(picture.right() + 14, picture.top(), whole.right() - picture.right() - 14, picture.height())
        return picture, scale, QRectF(8, picture.bottom() + BELOW, self.width() - 16, 16)

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
        painter.drawImage(picture, drawn, self.view)
        painter.setPen(QPen(QColor(t.line), 1))
        painter.drawRect(picture)
        self._draw_axes(painter, picture, scale, t)
        _draw_scale(painter, scale, self.seen.reach, t)
        _draw_figures(painter, figures, self.seen.figures, t)

    def _draw_axes(self, painter: QPainter, picture: QRectF, scale: QRectF, t: Tokens) -> None:
        """The names of both axes, and where the first and the last row and column that are shown lie."""
        seen, view = self.seen, self.view
        assert seen is not None
        painter.setFont(fonts.sans(looks.TYPE_AXIS))
        painter.setPen(QColor(t.dim))
        measure = QFontMetricsF(painter.font())
        first, last = int(view.top() + 1e-6), math.ceil(view.bottom() - 1e-6) - 1
        for row, y in ((first, picture.top() + 1), (last, picture.bottom() - 15)):
            painter.drawText(QRectF(0, y, picture.left() - 6, 14), int(_RIGHT), _short(seen.rows[row]))
            if last == first or picture.height() < 30:
                break
        left, right = int(view.left() + 1e-6), math.ceil(view.right() - 1e-6) - 1
        below = QRectF(picture.left(), picture.bottom() + 2, picture.width(), 14)
        painter.drawText(below, int(_LEFT), _short(seen.columns[left]))
        if right > left and picture.width() > 40:
            painter.drawText(below, int(_RIGHT), _short(seen.columns[right]))
        room = scale.left() - 8 - 8
        painter.drawText(QRectF(8, 1, room, 15), int(_LEFT), measure.elidedText(f"{seen.row_name} ↓", Qt.TextElideMode.ElideRight, room))
        wide = max(picture.width(), self.width() - picture.left() - 12)
        name = measure.elidedText(f"{seen.column_name} →", Qt.TextElideMode.ElideRight, wide)
        painter.drawText(QRectF(picture.left(), picture.bottom() + 15, wide, 14), int(_LEFT), name)

    def _themed(self, t: Tokens) -> None:
        if self.seen is not None:
            self._image = image(self.seen.values, self.seen.reach, t)
        self.update()

    # ------------------------------------------------------------------------------------------ the pointer

    def cell_at(self, where: QPointF) -> At | None:
        picture = self._areas()[0]
        if self.seen is None or not picture.contains(where):
            return None
        (rows, columns), view = self.seen.values.shape, self.view
        row = int(view.top() + (where.y() - picture.top()) / picture.height() * view.height())
        column = int(view.left() + (where.x() - picture.left()) / picture.width() * view.width())
        return min(rows - 1, row), min(columns - 1, column)

    def cell_rect(self, at: At) -> QRectF | None:
        if self.seen is None:
            return None
        picture, view, (row, column) = self._areas()[0], self.view, at
        wide, high = picture.width() / view.width(), picture.height() / view.height()
        cell = QRectF(picture.left() + (column - view.left()) * wide, picture.top() + (row - view.top()) * high, wide, high)
        return cell.intersected(picture) if self._view is not None else cell

    def cell_words(self, at: At) -> str:
        assert self.seen is not None
        (row, column), seen = at, self.seen
        value = _short(float(seen.values[row, column]))
        return f"{seen.row_name} {_short(seen.rows[row])}, {seen.column_name} {_short(seen.columns[column])}: {value}"

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
