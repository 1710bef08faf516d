"""The legend of all live panels: one entry a cell with its colour and dash; pressing one hides or shows its lines everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QSizePolicy, QToolButton, QWidget

from memstudio.desktop import fonts, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.live.frame import plain
from memstudio.desktop.live.looks import look, pen
from memstudio.desktop.live.seen import Cell
from memstudio.desktop.tokens import Tokens
from memstudio.desktop.words import tr

HIGH, GAP, SAMPLE, WIDEST = 24, 6, 20, 220
#: rows of entries; what does not fit is in a menu behind them
ROWS = 2


class Entry(QAbstractButton):
    """One cell of the legend: a sample of its line and its label. Checked while its lines are shown."""

    def __init__(self, cell: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.cell = cell
        self._count = ""
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
            self.setToolTip(f"{label}: {seeds}. Press to hide or show it.")
            self.setAccessibleName(f"Show {label}")
            self.setAccessibleDescription(seeds)
            self.updateGeometry()
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
        font = fonts.sans(looks.TYPE_SMALL)
        font.setStrikeOut(not shown)
        painter.setFont(font)
        painter.setPen(QColor(t.text if shown else t.dim))
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        text = measure.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(8 + SAMPLE + 6, 0, room + 1, self.height()), left, text)
        if self._count:
            painter.setFont(fonts.sans(looks.TYPE_SMALL))
            painter.setPen(QColor(t.dim))
            at = 8 + SAMPLE + 6 + measure.horizontalAdvance(text) + 6
            painter.drawText(QRectF(at, 0, extra, self.height()), left, self._count)


class Legend(QWidget):
    """The entries in at most two rows. changed(frozenset): the cells that are hidden."""

    changed = Signal(object)

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
        self._behind = []
        left, row = 0, 0
        last = self.entries[-1] if self.entries else None
        for entry in self.entries:
            wide = min(entry.sizeHint().width(), max(80, self.width()))
            room = self.width() - (0 if row < ROWS - 1 or (entry is last and not self._behind) else 76)
            if left and left + wide > room and row < ROWS - 1:
                left, row = 0, row + 1
                room = self.width() - (0 if entry is last else 76)
            fits = not self._behind and (left == 0 or left + wide <= room)
            entry.setVisible(fits)
            if not fits:
                self._behind.append(entry)
                continue
            entry.setGeometry(left, row * HIGH, wide, HIGH)
            left += wide + GAP
        self.more.setVisible(bool(self._behind))
        if self._behind:
            self.more.setText(f"{len(self._behind)} more")
            self.more.setAccessibleName(f"{len(self._behind)} more cells of the legend")
            self.more.setGeometry(left, row * HIGH, 72, HIGH)
        self.setFixedHeight((row + 1) * HIGH)

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
