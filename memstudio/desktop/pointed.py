"""A picture painted by hand whose cells can be pointed at, with the mouse or the arrow keys: words beside the cell say what it holds."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from memstudio.desktop import theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.tokens import Tokens

#: a cell: its numbers, as the picture counts them (row and column; matrix, row and column; a number alone)
At = tuple[int, ...]
#: (rows, columns) that an arrow key goes
ARROWS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
#: pixels between a cell and its words
APART = 4


class Pointed(QWidget):
    """Paints a figure, rings the cell that is pointed at and says it in words; Esc hides them. A ring shows the keyboard's focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.at: At | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.said = QLabel(self)
        self.said.setProperty("kind", "pointer")
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.said.hide()
        theme.themed.connect(self._themed)

    # ------------------------------------------------------------------------------------------ what a picture tells of itself

    @abstractmethod
    def draw_figure(self, painter: QPainter, t: Tokens) -> None:
        """Paints the figure as it stands from the painter's origin, in the colours of a theme."""

    @abstractmethod
    def cell_at(self, where: QPointF) -> At | None:
        """The cell at a place of the widget; None where there is none."""

    @abstractmethod
    def cell_rect(self, at: At) -> QRectF | None:
        """Where a cell lies, in pixels; None where there is no such cell (any more)."""

    @abstractmethod
    def cell_words(self, at: At) -> str:
        """A cell in words."""

    @abstractmethod
    def next_cell(self, at: At | None, key: Qt.Key) -> At | None:
        """Where a key leads from a cell (None: nothing is pointed at yet); None where the key means nothing here."""

    def draw_live(self, painter: QPainter, t: Tokens) -> None:
        """Paints the figure on the screen: as `draw_figure`, unless something is kept that is quicker to paint."""
        self.draw_figure(painter, t)

    # ------------------------------------------------------------------------------------------ the pointer

    def point_at(self, at: At | None) -> None:
        """Points at a cell and says it; None, or a cell that is gone, points at nothing."""
        cell = self.cell_rect(at) if at is not None else None
        self.at = at if cell is not None else None
        if at is None or cell is None:
            self.said.hide()
        else:
            words = self.cell_words(at)
            self.said.setText(words)
            self.said.setAccessibleName(words)
            self._fit_words()
            self.said.move(self._beside(cell).toPoint())
            self.said.show()
            self.said.raise_()
        self.update()

    def _fit_words(self) -> None:
        """Words wider than the picture go on in further lines."""
        self.said.setWordWrap(False)
        self.said.setMinimumWidth(0)
        self.said.adjustSize()
        if self.said.width() > self.width() > 0:
            self.said.setWordWrap(True)
            self.said.setFixedWidth(self.width())
            self.said.adjustSize()
            self.said.setMaximumWidth(16_777_215)

    def _beside(self, cell: QRectF) -> QPointF:
        left = min(max(0.0, cell.right() + APART), self.width() - self.said.width())
        above = cell.top() - self.said.height() - APART
        return QPointF(max(0.0, left), above if above >= 0 else cell.bottom() + APART)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, t = QPainter(self), theme.current()
        self.draw_live(painter, t)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.at is not None and (cell := self.cell_rect(self.at)) is not None:
            painter.setPen(QPen(QColor(t.text), 1.5))
            painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), 3, 3)
        if self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), looks.RADIUS_CONTROL, looks.RADIUS_CONTROL)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.point_at(self.cell_at(event.position()))

    def leaveEvent(self, event: object) -> None:
        self.point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if (there := self.next_cell(self.at, key)) is not None:
            self.point_at(there)
        elif key == Qt.Key.Key_Escape and self.at is not None:
            self.point_at(None)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.point_at(None)

    def sizeHint(self) -> QSize:
        return QSize(320, 220)

    def _themed(self, t: Tokens) -> None:
        self.update()


def cell_in(area: QRectF, shape: tuple[int, ...], where: QPointF) -> At | None:
    """(row, column) of the cell at a place, of a table of this shape that fills an area."""
    if not area.contains(where):
        return None
    (rows, columns), inside = shape, where - area.topLeft()
    return min(rows - 1, int(inside.y() / area.height() * rows)), min(columns - 1, int(inside.x() / area.width() * columns))


def rect_in(area: QRectF, shape: tuple[int, ...], row: int, column: int) -> QRectF:
    """Where a cell of such a table lies."""
    wide, high = area.width() / shape[1], area.height() / shape[0]
    return QRectF(area.left() + column * wide, area.top() + row * high, wide, high)


def step_in(shape: tuple[int, ...], at: At | None, key: Qt.Key) -> At | None:
    """The cell of a table that an arrow key leads to: the first one when nothing is pointed at yet; None for another key."""
    if (move := ARROWS.get(key)) is None:
        return None
    row, column = (0, 0) if at is None else (at[0] + move[0], at[1] + move[1])
    return min(max(row, 0), shape[0] - 1), min(max(column, 0), shape[1] - 1)


def kept_inside(shape: tuple[int, ...], at: At | None) -> At | None:
    """The cell that was pointed at, or the nearest one that a table of this shape has."""
    return None if at is None else tuple(min(number, size - 1) for number, size in zip(at, shape, strict=True))
