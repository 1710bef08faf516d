"""The table of measures: a row a group, with its interval over seeds and its difference to the baseline; measure below measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QLineF, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from memstudio.desktop import fonts, theme
from memstudio.desktop import tokens as looks
from memstudio.desktop.compare.columns import Column, columns_of, places_of, told
from memstudio.desktop.compare.seen import Row, Section, Seen
from memstudio.desktop.live.looks import look, pen
from memstudio.desktop.words import tr

Index = QModelIndex | QPersistentModelIndex
LINE = Qt.ItemDataRole.UserRole
HIGH, SAMPLE, PAD = 30, 18, 7
#: the group's name keeps at least so many pixels; columns at the right go first
NARROWEST = 128


@dataclass(frozen=True)
class Line:
    """One line of the table: a measure's name above its groups (row is None), or a group; places: the measure's decimals."""

    section: Section
    row: Row | None
    places: int


class MeasuresModel(QAbstractTableModel):
    """The lines as a model, the groups of each measure in the order they are sorted in."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.seen: Seen | None = None
        self.columns: list[Column] = []
        self.lines: list[Line] = []
        self.sorted_by, self.descending = "group", False

    def show_seen(self, seen: Seen) -> None:
        """Shows another answer, sorted as before."""
        columns = columns_of(seen)
        lines = self._lines(seen, columns)
        same = [c.id for c in columns] == [c.id for c in self.columns] and len(lines) == len(self.lines)
        if not same:
            self.beginResetModel()
        self.seen, self.columns, self.lines = seen, columns, lines
        if same:
            self._told_changed()
        else:
            self.endResetModel()

    def sort_by(self, section: int) -> None:
        """Sorts by a column, the largest first; the same column again turns it round."""
        if not 0 <= section < len(self.columns) or self.seen is None:
            return
        id = self.columns[section].id
        self.descending = not self.descending if id == self.sorted_by else id != "group"
        self.sorted_by = id
        self.lines = self._lines(self.seen, self.columns)
        self._told_changed()

    def _told_changed(self) -> None:
        self.dataChanged.emit(self.index(0, 0), self.index(len(self.lines) - 1, len(self.columns) - 1))
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def _lines(self, seen: Seen, columns: Sequence[Column]) -> list[Line]:
        column = next((c for c in columns if c.id == self.sorted_by), columns[0])
        found = []
        for section in seen.sections:
            places = places_of(section.rows)
            found.append(Line(section, None, places))
            found += [Line(section, row, places) for row in self._sorted(section.rows, column)]
        return found

    def _sorted(self, rows: Sequence[Row], column: Column) -> list[Row]:
        there = [(order, row) for row in rows if (order := column.order(row)) is not None]
        there.sort(key=lambda pair: pair[0], reverse=self.descending)
        return [row for _, row in there] + [row for row in rows if column.order(row) is None]

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.lines) or index.column() >= len(self.columns):
            return None
        line, column = self.lines[index.row()], self.columns[index.column()]
        if role == LINE:
            return line
        if line.row is None:
            heads = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return line.section.title if role in heads and index.column() == 0 else None
        if role == Qt.ItemDataRole.DisplayRole:
            return column.say(line.row, line.places)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return told(line.row, line.section.title, line.places)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column.title} {column.say(line.row, line.places)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """A measure's name is passed over by the keyboard."""
        line = index.data(LINE) if index.isValid() else None
        return super().flags(index) if line is not None and line.row is not None else Qt.ItemFlag.NoItemFlags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == 0 else Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return column.tip if role == Qt.ItemDataRole.ToolTipRole else None


class _Delegate(QStyledItemDelegate):
    """Paints a cell: the group with a sample of its line, numbers at the right, the baseline in bold."""

    hidden: frozenset[int] = frozenset()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        line: Line | None = index.data(LINE)
        if line is None or line.row is None:
            return QSize(0, HIGH)
        bold = line.row.is_baseline and index.column() == 0
        measure = QFontMetricsF(fonts.semibold(looks.TYPE_BODY) if bold else fonts.sans(looks.TYPE_BODY))
        return QSize(math.ceil(measure.horizontalAdvance(str(index.data() or ""))) + 2 * PAD + 2, HIGH)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: Line | None = index.data(LINE)
        if line is None:
            return
        t, area = theme.current(), QRectF(option.rect)
        view = option.widget
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inside = area.adjusted(PAD, 0, -PAD, 0)
        if line.row is None:
            self._paint_head(painter, area.adjusted(PAD, 0, 0, 0), line, index.column())
        else:
            if option.state & QStyle.StateFlag.State_MouseOver and line.row.finished and not line.row.is_baseline:
                painter.fillRect(area, QColor(t.hover))
            painter.setPen(QPen(QColor(t.faint), 1))
            painter.drawLine(QLineF(area.left(), area.bottom() + 0.5, area.right(), area.bottom() + 0.5))
            if index.column() == 0:
                self._paint_group(painter, inside, line.row)
            else:
                self._paint_number(painter, inside, str(index.data() or ""))
        if isinstance(view, MeasuresTable) and view.by_keyboard and view.currentIndex().row() == index.row():
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawLine(QLineF(area.left(), area.top() + 1, area.right() + 1, area.top() + 1))
            painter.drawLine(QLineF(area.left(), area.bottom() - 1, area.right() + 1, area.bottom() - 1))
        painter.restore()

    def _paint_head(self, painter: QPainter, area: QRectF, line: Line, column: int) -> None:
        if column == 0:
            painter.setFont(fonts.semibold(looks.TYPE_SMALL))
            painter.setPen(QColor(theme.current().text))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), line.section.title)

    def _paint_group(self, painter: QPainter, area: QRectF, row: Row) -> None:
        t, middle = theme.current(), area.center().y()
        shown = row.number not in self.hidden
        painter.setPen(pen(look(t, row.number), 2.0) if shown else QPen(QColor(t.line), 2))
        painter.drawLine(QLineF(area.left(), middle, area.left() + SAMPLE, middle))
        left = area.left() + SAMPLE + 8
        beside = f"{row.finished:,} of {row.of:,}" if row.finished < row.of else ""
        small = fonts.sans(looks.TYPE_AXIS)
        room = area.right() - left - (QFontMetricsF(small).horizontalAdvance(beside) + 8 if beside else 0)
        font = fonts.semibold(looks.TYPE_BODY) if row.is_baseline else fonts.sans(looks.TYPE_BODY)
        # cells of one study often differ in their last words
        text = QFontMetricsF(font).elidedText(row.label, Qt.TextElideMode.ElideMiddle, max(20.0, room))
        painter.setFont(font)
        painter.setPen(QColor(t.text if row.finished else t.dim))
        upright = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(left, area.top(), room + 1, area.height()), int(Qt.AlignmentFlag.AlignLeft | upright), text)
        if beside:
            painter.setFont(small)
            painter.setPen(QColor(t.careful))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | upright), beside)

    def _paint_number(self, painter: QPainter, area: QRectF, text: str) -> None:
        t = theme.current()
        painter.setFont(fonts.sans(looks.TYPE_BODY))
        painter.setPen(QColor(t.dim if text in ("baseline", "–") else t.text))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)


class MeasuresTable(QTableView):
    """Shows a Seen's rows. baseline_wanted(str): a group's label, by a click on its row or Enter."""

    baseline_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: whether the row the keyboard is at is marked: not where a click brought the focus
        self.by_keyboard = False
        self.measures = MeasuresModel(self)
        self._delegate = _Delegate(self)
        self.setModel(self.measures)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(tr("Measures"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(HIGH)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(True)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setMinimumHeight(30)
        head.setMinimumSectionSize(20)
        head.sectionClicked.connect(self.measures.sort_by)
        self.clicked.connect(self._chosen)
        self.measures.modelReset.connect(self._fit)
        self.measures.dataChanged.connect(self._fit)
        theme.themed.connect(self._themed)

    def show_seen(self, seen: Seen) -> None:
        """Shows another answer."""
        self.measures.show_seen(seen)
        self.clearSpans()
        for at, line in enumerate(self.measures.lines):
            if line.row is None:
                self.setSpan(at, 0, 1, max(2, len(self.measures.columns)))

    def show_hidden(self, hidden: frozenset[int]) -> None:
        """Says which groups the plots leave out."""
        self._delegate.hidden = hidden
        self.viewport().update()

    def _chosen(self, index: Index) -> None:
        line: Line | None = index.data(LINE)
        if line is not None and line.row is not None and line.row.finished and not line.row.is_baseline:
            self.baseline_wanted.emit(line.row.label)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self._chosen(self.currentIndex())
        else:
            super().keyPressEvent(event)
        self._mark(True)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._mark(False)

    def _mark(self, by_keyboard: bool) -> None:
        self.by_keyboard = by_keyboard
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        # the view goes to the first line, which is a measure's name
        if self.measures.flags(self.currentIndex()) == Qt.ItemFlag.NoItemFlags and len(self.measures.lines) > 1:
            self.setCurrentIndex(self.measures.index(1, 0))
        self._mark(event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._mark(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self, *_: object) -> None:
        """Columns as wide as what they say; the group takes the rest, and where that is too little the last columns go."""
        columns = self.measures.columns
        if not columns:
            return
        widths = [self._width(at) for at in range(len(columns))]
        room = self.viewport().width()
        shown = [True] * len(columns)
        optional = [at for at in reversed(range(len(columns))) if columns[at].id in ("parameters", "state", "half", "p")]
        narrowest = min(NARROWEST, widths[0])
        for at in sorted(optional, key=lambda at: ("parameters", "state", "p", "half").index(columns[at].id)):
            if narrowest + sum(w for i, w in enumerate(widths) if i and shown[i]) <= room:
                break
            shown[at] = False
        rest = max(narrowest, room - sum(w for i, w in enumerate(widths) if i and shown[i]))
        for at, wide in enumerate(widths):
            self.setColumnHidden(at, not shown[at])
            self.setColumnWidth(at, wide if at else rest)

    def _width(self, at: int) -> int:
        head = QFontMetricsF(fonts.semibold(looks.TYPE_SMALL)).horizontalAdvance(self.measures.columns[at].title) + 22
        option = QStyleOptionViewItem()
        cells = [self._delegate.sizeHint(option, self.measures.index(row, at)).width() for row in range(len(self.measures.lines))]
        return max([round(head), *cells]) + (SAMPLE + 8 if at == 0 else 0)

    def _themed(self, _: object) -> None:
        self.viewport().update()
