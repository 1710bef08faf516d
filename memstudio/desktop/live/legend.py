"""The legend of all live panels: one entry a cell with its colour and dash; pressing one hides or shows its lines everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QLineF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QToolButton, QWidget

from memstudio.desktop import fonts, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.live.frame import plain
from memstudio.desktop.live.looks import look, pen
from memstudio.desktop.live.seen import Cell, Pointed
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr

HIGH, GAP, SAMPLE, WIDEST = 24, 6, 20, 220
#: rows of entries; the wheel goes to further ones, which are in a menu behind them too
ROWS = 2
_BY_KEYBOARD = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class Entry(QAbstractButton):
    """One cell of the legend: a sample of its line and its label. Checked while its lines are shown.

    wanted_alone(cell): a double click, or Enter; lit(cell or None): the mouse or the keyboard came to it, or left it.
    """

    wanted_alone = Signal(int)
    lit = Signal(object)

    def __init__(self, cell: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.cell = cell
        self._count = ""
        self._value = ""
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def say(self, cell: Cell) -> None:
        """Shows a cell's label and how many of its seeds are done."""
        label = cell.label or "run"
        count = f"{cell.finished} of {cell.total}" if cell.total > 1 and cell.finished < cell.total else ""
        if (label, count) != (self.text(), self._count):
            self._count = count
            self.setText(label)
            seeds = f"{cell.finished} of {cell.total} seeds finished"
            self.setToolTip(f"{label}: {seeds}. Click hides or shows it, a double click (or Enter) shows it alone.")
            self.setAccessibleName(f"Show {label}")
            self.setAccessibleDescription(seeds)
            self.updateGeometry()
            self.update()

    def say_value(self, value: str) -> None:
        """Shows the cell's value at the pointer, in the place of its label's end; "" takes it away."""
        if value != self._value:
            self._value = value
            self.update()

    def sizeHint(self) -> QSize:
        measure = QFontMetricsF(fonts.sans(looks.TYPE_SMALL))
        extra = measure.horizontalAdvance(self._count) + 6 if self._count else 0
        return QSize(math.ceil(min(measure.horizontalAdvance(self.text()), WIDEST) + extra + SAMPLE + 6 + 17), HIGH)

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area, shown = QRectF(self.rect()).adjusted(1, 1, -1, -1), self.isChecked()
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.hover))
            painter.drawRoundedRect(area, 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area, 6, 6)
        middle = self.height() / 2
        painter.setPen(pen(look(t, self.cell), 2.0) if shown else QPen(QColor(t.line), 2))
        painter.drawLine(QLineF(8, middle, 8 + SAMPLE, middle))
        measure = QFontMetricsF(fonts.sans(looks.TYPE_SMALL))
        extra = measure.horizontalAdvance(self._count) + 6 if self._count else 0
        room = self.width() - 8 - SAMPLE - 6 - 8 - extra
        said = measure.horizontalAdvance(self._value) + 6 if self._value and shown else 0
        room -= max(0, said - extra)
        font = fonts.sans(looks.TYPE_SMALL)
        font.setStrikeOut(not shown)
        painter.setFont(font)
        painter.setPen(QColor(t.text if shown else t.dim))
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        # labels that share their beginning are told apart by their end
        elide = Qt.TextElideMode.ElideMiddle if said else Qt.TextElideMode.ElideRight
        text = measure.elidedText(self.text(), elide, room)
        painter.drawText(QRectF(8 + SAMPLE + 6, 0, room + 1, self.height()), left, text)
        if said:
            painter.setFont(fonts.semibold(looks.TYPE_SMALL))
            painter.drawText(
                QRectF(0, 0, self.width() - 8, self.height()), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._value
            )
        elif self._count:
            painter.setFont(fonts.sans(looks.TYPE_SMALL))
            painter.setPen(QColor(t.dim))
            at = 8 + SAMPLE + 6 + measure.horizontalAdvance(text) + 6
            painter.drawText(QRectF(at, 0, extra, self.height()), left, self._count)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.wanted_alone.emit(self.cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.wanted_alone.emit(self.cell)
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.lit.emit(self.cell)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.lit.emit(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in _BY_KEYBOARD:
            self.lit.emit(self.cell)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.lit.emit(None)


class Legend(QWidget):
    """The entries in at most two rows, which the wheel scrolls. changed(frozenset): the cells that are hidden.

    hovered(cell or None): the cell that is to stand out.
    """

    changed = Signal(object)
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hidden: frozenset[int] = frozenset()
        self._cells: tuple[Cell, ...] = ()
        self.entries: list[Entry] = []
        self.more = QToolButton(self)
        self.more.setProperty("kind", "chooser")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.more.setMenu(self._menu)
        self._behind: list[Entry] = []
        self._top, self._rows = 0, 1
        self.setAccessibleName(tr("Legend"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.themed.connect(self._themed)
        self.hide()

    def show_cells(self, cells: Sequence[Cell]) -> None:
        """Shows these cells; hidden where there is only one."""
        if tuple(cells) == self._cells:
            return
        fewer = len(cells) != len(self._cells)
        self._cells = tuple(cells)
        while len(self.entries) < len(cells):
            entry = Entry(len(self.entries), self)
            entry.toggled.connect(self._toggled)
            entry.wanted_alone.connect(self.show_alone)
            entry.lit.connect(self.hovered)
            self.entries.append(entry)
        for entry in self.entries[len(cells) :]:
            entry.deleteLater()
        del self.entries[len(cells) :]
        for entry, cell in zip(self.entries, cells, strict=True):
            entry.say(cell)
        if fewer:
            self.show_everything()
        self.setVisible(len(cells) > 1)
        self._arrange()

    def show_everything(self) -> None:
        """Shows all cells again."""
        for entry in self.entries:
            entry.blockSignals(True)
            entry.setChecked(True)
            entry.blockSignals(False)
        self._toggled()

    def show_alone(self, cell: int) -> None:
        """Shows one cell alone; if it is alone already, all again."""
        # the first press of a double click has turned the entry itself already: the others say how it was
        alone = not any(entry.isChecked() for entry in self.entries if entry.cell != cell)
        for entry in self.entries:
            entry.blockSignals(True)
            entry.setChecked(alone or entry.cell == cell)
            entry.blockSignals(False)
            entry.update()
        self._toggled()

    def show_values(self, pointed: Pointed | None) -> None:
        """The value of each cell where a plot's pointer stands; None takes them away."""
        values = dict(pointed.values) if pointed is not None else {}
        for entry in self.entries:
            entry.say_value(values.get(entry.cell, ""))

    def shown(self) -> list[tuple[int, str]]:
        """Number and label of the cells that are shown, as a figure's legend names them."""
        named = len(self._cells) > 1
        return [(i, cell.label) for i, cell in enumerate(self._cells) if named and i not in self.hidden]

    def _toggled(self, checked: bool = False) -> None:
        hidden = frozenset(entry.cell for entry in self.entries if not entry.isChecked())
        if hidden != self.hidden:
            self.hidden = hidden
            self.changed.emit(hidden)

    def _arrange(self) -> None:
        """Puts the entries into rows; those for which there is no room stand in the menu at the end."""
        places, self._rows = self._places()
        self._top = min(self._top, max(0, self._rows - ROWS))
        self._behind = []
        for entry, (left, row, wide) in zip(self.entries, places, strict=True):
            seen = self._top <= row < self._top + ROWS
            entry.setVisible(seen)
            if seen:
                entry.setGeometry(left, (row - self._top) * HIGH, wide, HIGH)
            else:
                self._behind.append(entry)
        rows = min(self._rows, ROWS)
        self.more.setVisible(bool(self._behind))
        if self._behind:
            self.more.setText(f"{len(self._behind)} more")
            self.more.setAccessibleName(f"{len(self._behind)} more cells of the legend")
            self.more.setToolTip("The wheel over the legend shows them too")
            self.more.setGeometry(max(0, self.width() - 72), (rows - 1) * HIGH, 72, HIGH)
        self.setFixedHeight(rows * HIGH)

    def _places(self) -> tuple[list[tuple[int, int, int]], int]:
        """Left edge, row and width of every entry, and how many rows they fill; more than ROWS leave room for the menu at the right."""
        for right in (0, 76):
            room, left, row = max(80, self.width() - right), 0, 0
            found = []
            for entry in self.entries:
                wide = min(entry.sizeHint().width(), room)
                if left and left + wide > room:
                    left, row = 0, row + 1
                found.append((left, row, wide))
                left += wide + GAP
            if row < ROWS:
                break
        return found, row + 1

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y()
        top = min(max(self._top + (-1 if turned > 0 else 1), 0), max(0, self._rows - ROWS)) if turned else self._top
        if top != self._top:
            self._top = top
            self._arrange()
            event.accept()
        else:
            super().wheelEvent(event)

    def _fill_menu(self) -> None:
        self._menu.clear()
        for entry in self._behind:
            action = self._menu.addAction(plain(entry.text()))
            action.setCheckable(True)
            action.setChecked(entry.isChecked())
            action.toggled.connect(entry.setChecked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _themed(self, t: Tokens) -> None:
        for entry in self.entries:
            entry.update()
